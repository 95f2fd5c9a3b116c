#include "key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_BYTES    32u
#define KEY_TEXT_MAX 8192

struct evac_key {
    EVP_PKEY *pkey;
    uint8_t bytes[KEY_BYTES]; /* of the public half */
};

/* --- hex -------------------------------------------------------------------------------------- */

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool evac_unhex(struct evac_str hex, uint8_t *ret_bytes, size_t n)
{
    if (hex.n != 2 * n)
        return false;
    for (size_t i = 0; i < n; i++) {
        int high = digit_of(hex.p[2 * i]), low = digit_of(hex.p[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        ret_bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* --- life ------------------------------------------------------------------------------------- */

static enum evac_code adopt(EVP_PKEY *pkey, struct evac_key **ret_key, struct evac_err *err)
{
    struct evac_key *key = calloc(1, sizeof *key);
    size_t n = KEY_BYTES;
    if (!key)
        abort();
    key->pkey = pkey;
    if (!pkey || EVP_PKEY_id(pkey) != EVP_PKEY_ED25519 ||
        EVP_PKEY_get_raw_public_key(pkey, key->bytes, &n) != 1 || n != KEY_BYTES) {
        evac_key_free(key);
        return evac_fail(err, EVAC_E_BADARG, "it is no Ed25519 key");
    }
    *ret_key = key;
    return EVAC_OK;
}

void evac_key_free(struct evac_key *key)
{
    if (!key)
        return;
    EVP_PKEY_free(key->pkey);
    free(key);
}

static enum evac_code write_key(const char *path, int fd, EVP_PKEY *pkey, struct evac_err *err)
{
    FILE *f = fdopen(fd, "w");
    bool good = f && PEM_write_PKCS8PrivateKey(f, pkey, NULL, NULL, 0, NULL, NULL) == 1 &&
                fflush(f) == 0 && fsync(fd) == 0;
    if (f)
        good = fclose(f) == 0 && good;
    else
        close(fd);
    if (good)
        return EVAC_OK;
    unlink(path);
    return evac_fail(err, EVAC_E_IO, "%s: the key could not be written", path);
}

enum evac_code evac_key_make(const char *path, struct evac_key **ret_key, struct evac_err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return evac_fail(err, errno == EEXIST ? EVAC_E_BUSY : EVAC_E_IO,
                         errno == EEXIST
                             ? "%s: there is a file already; a key that signed evidence "
                               "must not be lost (%s)"
                             : "%s: %s",
                         path, strerror(errno));
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    enum evac_code code = pkey ? write_key(path, fd, pkey, err)
                               : (close(fd), evac_fail(err, EVAC_E_IO, "the library made no key"));
    if (code) {
        EVP_PKEY_free(pkey);
        return code;
    }
    return adopt(pkey, ret_key, err);
}

enum evac_code evac_key_read(const char *path, struct evac_key **ret_key, struct evac_err *err)
{
    struct stat st;
    FILE *f = fopen(path, "re");
    if (!f || fstat(fileno(f), &st) != 0) {
        int failure = errno;
        if (f)
            fclose(f);
        return evac_fail(err, failure == ENOENT ? EVAC_E_NOTFOUND : EVAC_E_IO,
                         "%s: %s ('evac evidence keygen' makes one)", path, strerror(failure));
    }
    if (st.st_mode & 077) {
        fclose(f);
        return evac_fail(err, EVAC_E_REFUSED,
                         "%s: others may read it (mode %03o); allowed: 600, as in chmod 600", path,
                         (unsigned)st.st_mode & 0777u);
    }
    EVP_PKEY *pkey = PEM_read_PrivateKey(f, NULL, NULL, NULL);
    fclose(f);
    enum evac_code code = adopt(pkey, ret_key, err);
    if (code)
        evac_err_prefix(err, "%s", path);
    return code;
}

enum evac_code evac_key_public(struct evac_str text, struct evac_key **ret_key,
                               struct evac_err *err)
{
    uint8_t raw[KEY_BYTES];
    struct evac_str trimmed = evac_str_trim(text);
    if (evac_unhex(trimmed, raw, KEY_BYTES))
        return adopt(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw, KEY_BYTES), ret_key,
                     err);
    if (text.n == 0 || text.n > KEY_TEXT_MAX)
        return evac_fail(err, EVAC_E_BADARG, "it is no public key");
    BIO *bio = BIO_new_mem_buf(text.p, (int)text.n);
    EVP_PKEY *pkey = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    return adopt(pkey, ret_key, err);
}

/* --- use -------------------------------------------------------------------------------------- */

void evac_key_sign(const struct evac_key *key, struct evac_str text,
                   uint8_t ret_signature[EVAC_SIGNATURE_BYTES])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t n = EVAC_SIGNATURE_BYTES;
    if (!ctx || EVP_DigestSignInit(ctx, NULL, NULL, NULL, key->pkey) != 1 ||
        EVP_DigestSign(ctx, ret_signature, &n, (const unsigned char *)text.p, text.n) != 1)
        abort(); /* only a key without its private half: our own mistake */
    EVP_MD_CTX_free(ctx);
}

bool evac_key_signed(const struct evac_key *key, struct evac_str text,
                     const uint8_t signature[EVAC_SIGNATURE_BYTES])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!ctx)
        abort();
    bool good = EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key->pkey) == 1 &&
                EVP_DigestVerify(ctx, signature, EVAC_SIGNATURE_BYTES,
                                 (const unsigned char *)(text.n ? text.p : ""), text.n) == 1;
    EVP_MD_CTX_free(ctx);
    return good;
}

void evac_key_pem(const struct evac_key *key, struct evac_buf *out)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    if (!bio || PEM_write_bio_PUBKEY(bio, key->pkey) != 1)
        abort();
    long n = BIO_get_mem_data(bio, &text);
    evac_buf_put(out, text, (size_t)n);
    BIO_free(bio);
}

const uint8_t *evac_key_bytes(const struct evac_key *key)
{
    return key->bytes;
}

void evac_key_fingerprint(const struct evac_key *key, char ret_hex[65])
{
    uint8_t hash[32];
    evac_sha256((struct evac_str){ (const char *)key->bytes, KEY_BYTES }, hash);
    evac_hex(hash, sizeof hash, ret_hex);
}

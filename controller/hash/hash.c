#include "hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define SHA256_BLOCK_BYTES 64u

/* A thread's own, for as long as it lives: OpenSSL's contexts are not shared between threads. */
static _Thread_local EVP_MD_CTX *digest;

static EVP_MD_CTX *digest_of_thread(void)
{
    if (digest)
        return digest;
    EVP_MD *sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    digest = EVP_MD_CTX_new();
    if (!sha256 || !digest || !EVP_DigestInit_ex(digest, sha256, NULL))
        abort();
    EVP_MD_free(sha256); /* the context holds it */
    return digest;
}

void evac_sha256_parts(const struct evac_str *parts, size_t count,
                       unsigned char ret_hash[EVAC_SHA256_BYTES])
{
    EVP_MD_CTX *ctx = digest_of_thread();
    bool good = EVP_DigestInit_ex(ctx, NULL, NULL) == 1;
    for (size_t i = 0; i < count; i++)
        good = good && (parts[i].n == 0 || EVP_DigestUpdate(ctx, parts[i].p, parts[i].n) == 1);
    if (!good || EVP_DigestFinal_ex(ctx, ret_hash, NULL) != 1)
        abort();
}

void evac_sha256(struct evac_str text, unsigned char ret_hash[EVAC_SHA256_BYTES])
{
    evac_sha256_parts(&text, 1, ret_hash);
}

void evac_hex(const uint8_t *bytes, size_t n, char *ret_hex)
{
#define ROW(h)                                                                                     \
    h "0" h "1" h "2" h "3" h "4" h "5" h "6" h "7" h "8" h "9" h "a" h "b" h "c" h "d" h "e" h "f"
    static const char pairs[] = ROW("0") ROW("1") ROW("2") ROW("3") ROW("4") ROW("5") ROW("6")
        ROW("7") ROW("8") ROW("9") ROW("a") ROW("b") ROW("c") ROW("d") ROW("e") ROW("f");
#undef ROW
    for (size_t i = 0; i < n; i++)
        memcpy(ret_hex + 2 * i, pairs + 2 * bytes[i], 2);
    ret_hex[2 * n] = '\0';
}

void evac_sha256_hex(struct evac_str text, char ret_hex[EVAC_SHA256_HEX_BYTES])
{
    unsigned char hash[EVAC_SHA256_BYTES];
    evac_sha256(text, hash);
    evac_hex(hash, sizeof hash, ret_hex);
}

/* --- texts that come again --- */

#define KEPT_TEXTS     8u
#define KEPT_BYTES_MAX (256u << 10)

static _Thread_local struct kept {
    char *text;
    size_t n;
    char hex[EVAC_SHA256_HEX_BYTES];
} kept[KEPT_TEXTS];
static _Thread_local unsigned kept_next;

static const struct kept *find_kept(struct evac_str text)
{
    for (size_t i = 0; i < KEPT_TEXTS; i++)
        if (kept[i].text && kept[i].n == text.n && memcmp(kept[i].text, text.p, text.n) == 0)
            return &kept[i];
    return NULL;
}

static const struct kept *keep(struct evac_str text)
{
    struct kept *k = &kept[kept_next++ % KEPT_TEXTS];
    k->text = realloc(k->text, text.n);
    if (!k->text)
        abort();
    memcpy(k->text, text.p, text.n);
    k->n = text.n;
    evac_sha256_hex(text, k->hex);
    return k;
}

void evac_sha256_hex_again(struct evac_str text, char ret_hex[EVAC_SHA256_HEX_BYTES])
{
    if (text.n == 0 || text.n > KEPT_BYTES_MAX) {
        evac_sha256_hex(text, ret_hex);
        return;
    }
    const struct kept *k = find_kept(text);
    memcpy(ret_hex, (k ? k : keep(text))->hex, EVAC_SHA256_HEX_BYTES);
}

/* --- keyed --- */

static void pad_key(const unsigned char key[SHA256_BLOCK_BYTES], unsigned char with,
                    unsigned char ret_pad[SHA256_BLOCK_BYTES])
{
    for (size_t i = 0; i < SHA256_BLOCK_BYTES; i++)
        ret_pad[i] = key[i] ^ with;
}

/* RFC 2104, over the thread's digest: OpenSSL's own sets up three of its contexts for each text,
 * which costs more than the hashing. */
void evac_hmac_sha256(const void *key, size_t key_bytes, struct evac_str text,
                      unsigned char ret_mac[EVAC_SHA256_BYTES])
{
    unsigned char whole[SHA256_BLOCK_BYTES] = { 0 }, pad[SHA256_BLOCK_BYTES];
    unsigned char inner[EVAC_SHA256_BYTES];
    const struct evac_str padded = { (const char *)pad, sizeof pad };
    if (key_bytes > sizeof whole)
        evac_sha256((struct evac_str){ key, key_bytes }, whole);
    else if (key_bytes)
        memcpy(whole, key, key_bytes);
    pad_key(whole, 0x36, pad);
    evac_sha256_parts((const struct evac_str[]){ padded, text }, 2, inner);
    pad_key(whole, 0x5c, pad);
    evac_sha256_parts((const struct evac_str[]){ padded, { (const char *)inner, sizeof inner } }, 2,
                      ret_mac);
    OPENSSL_cleanse(whole, sizeof whole);
    OPENSSL_cleanse(pad, sizeof pad);
    OPENSSL_cleanse(inner, sizeof inner);
}

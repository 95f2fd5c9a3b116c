#include "hash.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>

/* A thread's own, for as long as it lives: OpenSSL's contexts are not shared between threads. */
static _Thread_local EVP_MD_CTX *digest;
static _Thread_local EVP_MAC_CTX *keyed;

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

static EVP_MAC_CTX *keyed_of_thread(void)
{
    static char name[] = "SHA256";
    const OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                                  OSSL_PARAM_construct_end() };
    if (keyed)
        return keyed;
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    keyed = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
    if (!keyed || !EVP_MAC_CTX_set_params(keyed, params))
        abort();
    EVP_MAC_free(hmac);
    return keyed;
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
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        ret_hex[2 * i] = digits[bytes[i] >> 4];
        ret_hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    ret_hex[2 * n] = '\0';
}

void evac_sha256_hex(struct evac_str text, char ret_hex[EVAC_SHA256_HEX_BYTES])
{
    unsigned char hash[EVAC_SHA256_BYTES];
    evac_sha256(text, hash);
    evac_hex(hash, sizeof hash, ret_hex);
}

void evac_hmac_sha256(const void *key, size_t key_bytes, struct evac_str text,
                      unsigned char ret_mac[EVAC_SHA256_BYTES])
{
    EVP_MAC_CTX *ctx = keyed_of_thread();
    size_t bytes = 0;
    /* an empty key is one, but a NULL would be "the key of before" */
    if (!EVP_MAC_init(ctx, key_bytes ? key : "", key_bytes, NULL) ||
        (text.n && !EVP_MAC_update(ctx, (const unsigned char *)text.p, text.n)) ||
        !EVP_MAC_final(ctx, ret_mac, &bytes, EVAC_SHA256_BYTES) || bytes != EVAC_SHA256_BYTES)
        abort();
}

/*
 * Signature Version 4A: ECDSA over P-256, with a private key that both sides derive from the secret
 * (AWS.md 1.5). The canonical request and the string to sign are Version 4's.
 */
#include "hash.h"
#include "sigv4_internal.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <stdlib.h>
#include <string.h>

#define DER_BYTES ((EVAC_SIGV4_SIGNATURE_BYTES - 1) / 2)

/* The curve's order less two: the greatest number from which a key is made. */
static const unsigned char order_less_2[32] = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x4f,
};

/* --- the key --- */

/* Every byte is looked at, whatever the others are: nothing of a key shows in the time it takes. */
static bool is_in_range(const unsigned char number[32])
{
    int borrow = 0;
    for (size_t i = 32; i-- > 0;)
        borrow = (order_less_2[i] - number[i] - borrow) < 0;
    return !borrow;
}

static void add_1(unsigned char number[32])
{
    unsigned carry = 1;
    for (size_t i = 32; i-- > 0;) {
        carry += number[i];
        number[i] = (unsigned char)carry;
        carry >>= 8;
    }
}

/* The counter mode of NIST SP 800-108, one block of it, begun again with another context until the
 * number is a key. A try in 2^32 fails. */
static void derive(struct evac_str secret, struct evac_str access_key_id, unsigned char ret_key[32])
{
    static const unsigned char block[4] = { 0, 0, 0, 1 }, bits[4] = { 0, 0, 1, 0 };
    unsigned tries = 0;
    struct evac_buf input;
    evac_buf_init(&input, SIGV4_MAX_TEXT);
    do {
        if (++tries > 254)
            abort(); /* it is not this universe's SHA-256 */
        evac_buf_reset(&input);
        evac_buf_put(&input, block, sizeof block);
        evac_buf_puts(&input, EVAC_SIGV4A_ALGORITHM);
        evac_buf_putc(&input, '\0');
        evac_buf_put_str(&input, access_key_id);
        evac_buf_putc(&input, (char)tries);
        evac_buf_put(&input, bits, sizeof bits);
        evac_sigv4_hmac(secret.p, secret.n, evac_buf_str(&input), ret_key);
    } while (!is_in_range(ret_key));
    add_1(ret_key);
    evac_buf_done(&input);
}

/* Another one than any of Version 4's: there a scope stands behind the hash. */
static void key_name(struct evac_str secret, struct evac_str access_key_id,
                     unsigned char ret_name[32])
{
    unsigned char hidden[32];
    struct evac_buf text;
    evac_sigv4_sha256(secret, hidden);
    evac_buf_init(&text, SIGV4_MAX_TEXT);
    evac_buf_put(&text, hidden, sizeof hidden);
    evac_buf_put_str(&text, access_key_id);
    evac_sigv4_sha256(evac_buf_str(&text), ret_name);
    evac_buf_done(&text);
}

void evac_sigv4a_key(struct evac_sigv4_cache *cache, const struct evac_sigv4_identity *identity,
                     unsigned char ret_key[32])
{
    unsigned char name[32];
    struct evac_buf prefixed;
    evac_buf_init(&prefixed, SIGV4_MAX_TEXT);
    evac_buf_puts(&prefixed, "AWS4A");
    evac_buf_put_str(&prefixed, identity->secret);
    key_name(evac_buf_str(&prefixed), identity->access_key_id, name);
    if (!cache || !evac_sigv4_cache_get(cache, name, ret_key)) {
        derive(evac_buf_str(&prefixed), identity->access_key_id, ret_key);
        if (cache)
            evac_sigv4_cache_put(cache, name, ret_key);
    }
    evac_sigv4_wipe(&prefixed);
}

/* --- OpenSSL's view of it; without this curve it can not sign anything here, so it aborts --- */

static void *there(void *made)
{
    if (!made)
        abort();
    return made;
}

static void good(int outcome)
{
    if (outcome != 1)
        abort();
}

static BIGNUM *number_of(const unsigned char key[32])
{
    BIGNUM *number = there(BN_secure_new()); /* so that what is made of it is wiped as well */
    (void)there(BN_bin2bn(key, 32, number));
    return number;
}

/* NULL when the parameters are no key. */
static EVP_PKEY *pkey_of(OSSL_PARAM_BLD *build, int selection)
{
    EVP_PKEY *pkey = NULL;
    good(OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0));
    OSSL_PARAM *params = there(OSSL_PARAM_BLD_to_param(build));
    EVP_PKEY_CTX *context = there(EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL));
    good(EVP_PKEY_fromdata_init(context));
    if (EVP_PKEY_fromdata(context, &pkey, selection, params) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    return pkey;
}

static EVP_PKEY *private_of(const unsigned char key[32])
{
    OSSL_PARAM_BLD *build = there(OSSL_PARAM_BLD_new());
    BIGNUM *number = number_of(key);
    good(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, number));
    EVP_PKEY *pkey = there(pkey_of(build, EVP_PKEY_KEYPAIR));
    BN_clear_free(number);
    return pkey;
}

void evac_sigv4a_public(const unsigned char key[32],
                        unsigned char ret_point[EVAC_SIGV4A_POINT_BYTES])
{
    EC_GROUP *group = there(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
    EC_POINT *point = there(EC_POINT_new(group));
    BIGNUM *number = number_of(key);
    good(EC_POINT_mul(group, point, number, NULL, NULL, NULL));
    size_t n = EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, ret_point,
                                  EVAC_SIGV4A_POINT_BYTES, NULL);
    good(n == EVAC_SIGV4A_POINT_BYTES);
    BN_clear_free(number);
    EC_POINT_free(point);
    EC_GROUP_free(group);
}

/* --- signature --- */

void evac_sigv4a_signature(const unsigned char key[32], struct evac_str to_sign,
                           char ret_hex[EVAC_SIGV4_SIGNATURE_BYTES])
{
    unsigned char der[DER_BYTES];
    size_t n = sizeof der;
    EVP_PKEY *pkey = private_of(key);
    EVP_MD_CTX *context = there(EVP_MD_CTX_new());
    good(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, pkey));
    good(EVP_DigestSign(context, der, &n, (const unsigned char *)to_sign.p, to_sign.n));
    evac_hex(der, n, ret_hex);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(pkey);
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* False: no hexadecimal digits, or too many. */
static bool from_hex(struct evac_str hex, unsigned char ret_bytes[DER_BYTES])
{
    if (hex.n % 2 || hex.n / 2 > DER_BYTES)
        return false;
    for (size_t i = 0; i < hex.n; i += 2) {
        int high = digit(hex.p[i]), low = digit(hex.p[i + 1]);
        if (high < 0 || low < 0)
            return false;
        ret_bytes[i / 2] = (unsigned char)(16 * high + low);
    }
    return true;
}

bool evac_sigv4a_holds(const unsigned char point[EVAC_SIGV4A_POINT_BYTES], struct evac_str to_sign,
                       struct evac_str signature)
{
    unsigned char der[DER_BYTES];
    if (!from_hex(signature, der))
        return false;
    OSSL_PARAM_BLD *build = there(OSSL_PARAM_BLD_new());
    good(OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point,
                                          EVAC_SIGV4A_POINT_BYTES));
    EVP_PKEY *pkey = pkey_of(build, EVP_PKEY_PUBLIC_KEY);
    if (!pkey)
        return false;
    EVP_MD_CTX *context = there(EVP_MD_CTX_new());
    good(EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, pkey));
    bool holds = EVP_DigestVerify(context, der, signature.n / 2, (const unsigned char *)to_sign.p,
                                  to_sign.n) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(pkey);
    return holds;
}

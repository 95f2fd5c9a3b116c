#include "jwks.h"

#include "json_text.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192
#define NUMBER_MAX   1024u /* bytes of one number: 8192 bits */

struct evac_jwk {
    EVP_PKEY *key;
    char kid[256];
    char kind[4];  /* kty */
    char only[16]; /* alg, "" any of its kind */
};

struct evac_jwks {
    struct evac_jwk keys[EVAC_JWKS_KEYS_MAX];
    size_t count;
};

static const struct {
    const char *name, *kind;
} algorithms[] = {
#define X(name, text, kind) { text, kind },
    EVAC_JWS_ALGORITHMS(X)
#undef X
};

bool evac_jws_algorithm_parse(struct evac_str text, enum evac_jws_algorithm *ret)
{
    for (unsigned i = 0; i < EVAC_JWS_ALGORITHM_COUNT; i++)
        if (evac_str_is(text, algorithms[i].name)) {
            *ret = (enum evac_jws_algorithm)i;
            return true;
        }
    return false;
}

/* --- base64url
 * -------------------------------------------------------------------------------- */

static int sextet(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool evac_base64url(struct evac_str text, uint8_t *out, size_t bytes, size_t *ret_n)
{
    uint32_t bits = 0;
    unsigned have = 0;
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        int value = sextet(text.p[i]);
        if (value < 0)
            return false;
        bits = (bits << 6 | (uint32_t)value) & 0xffff;
        have += 6;
        if (have < 8)
            continue;
        if (n == bytes)
            return false;
        have -= 8;
        out[n++] = (uint8_t)(bits >> have);
    }
    *ret_n = n;
    return have < 6 && (bits & ((1u << have) - 1)) == 0;
}

/* --- keys
 * ------------------------------------------------------------------------------------- */

static EVP_PKEY *from_params(const char *kind, OSSL_PARAM *params)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
    EVP_PKEY *key = NULL;
    if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    return key;
}

static BIGNUM *number_of(const cJSON *json, const char *name)
{
    uint8_t bytes[NUMBER_MAX];
    size_t n;
    struct evac_str text = evac_json_text(json, name);
    return text.n && evac_base64url(text, bytes, sizeof bytes, &n) ? BN_bin2bn(bytes, (int)n, NULL)
                                                                   : NULL;
}

static EVP_PKEY *rsa_of(const cJSON *json)
{
    BIGNUM *n = number_of(json, "n"), *e = number_of(json, "e");
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    EVP_PKEY *key = NULL;
    bool good = n && e && build && BN_num_bits(n) >= RSA_BITS_MIN &&
                BN_num_bits(n) <= RSA_BITS_MAX && BN_num_bits(e) <= 64 && BN_is_odd(e) &&
                OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
                OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1;
    if (good)
        params = OSSL_PARAM_BLD_to_param(build);
    if (params)
        key = from_params("RSA", params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_free(n);
    BN_free(e);
    return key;
}

/* 32 bytes each; a point that is not on the curve is no key. */
static EVP_PKEY *p256_of(const cJSON *json)
{
    char group[] = "P-256";
    uint8_t point[65] = { 4 };
    size_t x, y;
    if (!evac_str_is(evac_json_text(json, "crv"), "P-256") ||
        !evac_base64url(evac_json_text(json, "x"), point + 1, 32, &x) || x != 32 ||
        !evac_base64url(evac_json_text(json, "y"), point + 33, 32, &y) || y != 32)
        return NULL;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_end(),
    };
    return from_params("EC", params);
}

static EVP_PKEY *ed25519_of(const cJSON *json)
{
    uint8_t bytes[32];
    size_t n;
    if (!evac_str_is(evac_json_text(json, "crv"), "Ed25519") ||
        !evac_base64url(evac_json_text(json, "x"), bytes, sizeof bytes, &n) || n != 32)
        return NULL;
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes, n);
}

static EVP_PKEY *key_of(const cJSON *json, struct evac_str kind)
{
    static const struct {
        const char *kind;
        EVP_PKEY *(*read)(const cJSON *json);
    } kinds[] = { { "RSA", rsa_of }, { "EC", p256_of }, { "OKP", ed25519_of } };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (evac_str_is(kind, kinds[i].kind))
            return kinds[i].read(json);
    return NULL;
}

static bool is_for_signing(const cJSON *json)
{
    struct evac_str use = evac_json_text(json, "use");
    return use.n == 0 || evac_str_is(use, "sig");
}

static bool take(struct evac_jwks *keys, const cJSON *json)
{
    struct evac_jwk *k = &keys->keys[keys->count];
    struct evac_str kind = evac_json_text(json, "kty");
    if (keys->count == EVAC_JWKS_KEYS_MAX || !cJSON_IsObject(json) || !is_for_signing(json) ||
        !evac_str_copy(k->kid, sizeof k->kid, evac_json_text(json, "kid")) ||
        !evac_str_copy(k->kind, sizeof k->kind, kind) ||
        !evac_str_copy(k->only, sizeof k->only, evac_json_text(json, "alg")))
        return false;
    k->key = key_of(json, kind);
    keys->count += k->key != NULL;
    return k->key != NULL;
}

enum evac_code evac_jwks_parse(struct evac_str text, struct evac_jwks **ret, struct evac_err *err)
{
    cJSON *json =
        text.n <= EVAC_JWKS_BYTES_MAX ? cJSON_ParseWithLength(text.p ? text.p : "", text.n) : NULL;
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(json, "keys"), *item;
    struct evac_jwks *keys = calloc(1, sizeof *keys);
    size_t seen = 0;
    if (!keys)
        abort();
    cJSON_ArrayForEach(item, list)
    {
        seen++;
        (void)take(keys, item);
    }
    bool is_list = cJSON_IsArray(list);
    cJSON_Delete(json);
    if (keys->count) {
        *ret = keys;
        return EVAC_OK;
    }
    evac_jwks_free(keys);
    return is_list ? evac_fail(err, EVAC_E_PARSE,
                               "none of the %zu keys can be used: RSA from 2048 bits, EC on P-256 "
                               "and Ed25519 can",
                               seen)
                   : evac_fail(err, EVAC_E_PARSE, "that is no set of keys: {\"keys\":[...]} is");
}

void evac_jwks_free(struct evac_jwks *keys)
{
    if (!keys)
        return;
    for (size_t i = 0; i < keys->count; i++)
        EVP_PKEY_free(keys->keys[i].key);
    free(keys);
}

size_t evac_jwks_count(const struct evac_jwks *keys)
{
    return keys ? keys->count : 0;
}

static bool fits(const struct evac_jwk *k, enum evac_jws_algorithm algorithm)
{
    return strcmp(k->kind, algorithms[algorithm].kind) == 0 &&
           (k->only[0] == '\0' || strcmp(k->only, algorithms[algorithm].name) == 0);
}

const struct evac_jwk *evac_jwks_find(const struct evac_jwks *keys, struct evac_str kid,
                                      enum evac_jws_algorithm algorithm)
{
    const struct evac_jwk *found = NULL;
    for (size_t i = 0; keys && i < keys->count; i++) {
        const struct evac_jwk *k = &keys->keys[i];
        if (!fits(k, algorithm) || (kid.n && !evac_str_is(kid, k->kid)))
            continue;
        if (found && !kid.n)
            return NULL; /* which of them, nobody says */
        found = found ? found : k;
    }
    return found;
}

/* --- signatures
 * ------------------------------------------------------------------------------- */

/* Two numbers of 32 bytes, to what OpenSSL reads; NULL when it is not that. */
static uint8_t *ecdsa_der(struct evac_str raw, size_t *ret_n)
{
    const uint8_t *p = (const uint8_t *)raw.p;
    uint8_t *der = NULL;
    if (raw.n != 64)
        return NULL;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(p, 32, NULL), *s = BN_bin2bn(p + 32, 32, NULL);
    if (!pair || !r || !s || ECDSA_SIG_set0(pair, r, s) != 1)
        abort();
    int n = i2d_ECDSA_SIG(pair, &der);
    ECDSA_SIG_free(pair);
    *ret_n = n > 0 ? (size_t)n : 0;
    return der;
}

static bool set_padding(EVP_PKEY_CTX *ctx, enum evac_jws_algorithm algorithm)
{
    if (algorithm == EVAC_JWS_RS256)
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
    return algorithm != EVAC_JWS_PS256 ||
           (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1);
}

bool evac_jwk_signed(const struct evac_jwk *k, enum evac_jws_algorithm algorithm,
                     struct evac_str text, struct evac_str signature)
{
    bool ec = algorithm == EVAC_JWS_ES256;
    size_t n = signature.n;
    uint8_t *der = ec ? ecdsa_der(signature, &n) : NULL;
    const uint8_t *p = ec ? der : (const uint8_t *)signature.p;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    EVP_PKEY_CTX *ctx = NULL;
    bool good = md && p &&
                EVP_DigestVerifyInit(md, &ctx, algorithm == EVAC_JWS_EDDSA ? NULL : EVP_sha256(),
                                     NULL, k->key) == 1 &&
                set_padding(ctx, algorithm) &&
                EVP_DigestVerify(md, p, n, (const uint8_t *)text.p, text.n) == 1;
    EVP_MD_CTX_free(md);
    OPENSSL_free(der);
    return good;
}

/* An identity provider's tokens: what is believed, and the known ways to be fooled. */
#include "jwt.h"
#include "suite.h"

#include "evac/buf.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#define NOW_MS INT64_C(1800000000000)
#define NOW_S  1800000000

/* One key of each kind, made once. */
enum { KEY_RSA, KEY_EC, KEY_ED, KEY_OTHER, KEYS };
static EVP_PKEY *keys[KEYS];
static struct evac_jwks *list;
static struct evac_arena *arena;

static void put64(struct evac_buf *out, const void *bytes, size_t n)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const uint8_t *p = bytes;
    for (size_t i = 0; i < n; i += 3) {
        uint32_t v = (uint32_t)p[i] << 16 | (i + 1 < n ? (uint32_t)p[i + 1] << 8 : 0) |
                     (i + 2 < n ? p[i + 2] : 0);
        for (size_t k = 0; k < 4 && (k < 2 || i + k - 1 < n); k++)
            evac_buf_putc(out, letters[v >> (18 - 6 * k) & 63]);
    }
}

static void put_number(struct evac_buf *out, const char *name, const EVP_PKEY *key,
                       const char *param)
{
    uint8_t bytes[512];
    BIGNUM *number = NULL;
    ck_assert(EVP_PKEY_get_bn_param(key, param, &number) == 1);
    int n = BN_bn2bin(number, bytes);
    if (n < 32 && strcmp(name, "e") != 0) { /* a coordinate has its zeros */
        n = BN_bn2binpad(number, bytes, 32);
    }
    BN_free(number);
    evac_buf_putf(out, ",\"%s\":\"", name);
    put64(out, bytes, (size_t)n);
    evac_buf_putc(out, '"');
}

static void put_keys(struct evac_buf *out)
{
    uint8_t raw[32];
    size_t n = sizeof raw;
    evac_buf_puts(out, "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"r\",\"use\":\"sig\"");
    put_number(out, "n", keys[KEY_RSA], OSSL_PKEY_PARAM_RSA_N);
    put_number(out, "e", keys[KEY_RSA], OSSL_PKEY_PARAM_RSA_E);
    evac_buf_puts(out, "},{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"e\"");
    put_number(out, "x", keys[KEY_EC], OSSL_PKEY_PARAM_EC_PUB_X);
    put_number(out, "y", keys[KEY_EC], OSSL_PKEY_PARAM_EC_PUB_Y);
    ck_assert(EVP_PKEY_get_raw_public_key(keys[KEY_ED], raw, &n) == 1);
    evac_buf_puts(out, "},{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"d\",\"x\":\"");
    put64(out, raw, n);
    evac_buf_puts(out, "\"},{\"kty\":\"oct\",\"kid\":\"h\",\"k\":\"c2VjcmV0\"}]}");
}

static void set_up(void)
{
    struct evac_buf json;
    struct evac_err err = { EVAC_OK, "" };
    keys[KEY_RSA] = EVP_RSA_gen(2048);
    keys[KEY_EC] = EVP_EC_gen("P-256");
    keys[KEY_ED] = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    keys[KEY_OTHER] = EVP_EC_gen("P-256");
    evac_buf_init(&json, 65536);
    put_keys(&json);
    ck_assert_msg(evac_jwks_parse(evac_buf_str(&json), &list, &err) == EVAC_OK, "%s", err.text);
    evac_buf_done(&json);
    arena = evac_arena_new();
}

static void tear_down(void)
{
    for (size_t i = 0; i < KEYS; i++)
        EVP_PKEY_free(keys[i]);
    evac_jwks_free(list);
    evac_arena_free(arena);
}

/* --- tokens
 * ----------------------------------------------------------------------------------- */

static void sign(struct evac_buf *out, EVP_PKEY *key, bool pss)
{
    uint8_t raw[1024];
    size_t n = sizeof raw;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    EVP_PKEY_CTX *ctx;
    bool ed = EVP_PKEY_is_a(key, "ED25519"), ec = EVP_PKEY_is_a(key, "EC");
    ck_assert(EVP_DigestSignInit(md, &ctx, ed ? NULL : EVP_sha256(), NULL, key) == 1);
    if (pss) {
        EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST);
    }
    ck_assert(EVP_DigestSign(md, raw, &n, (const uint8_t *)out->p, out->n) == 1);
    EVP_MD_CTX_free(md);
    if (ec) {
        const uint8_t *p = raw;
        ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &p, (long)n);
        BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw, 32);
        BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw + 32, 32);
        ECDSA_SIG_free(pair);
        n = 64;
    }
    evac_buf_putc(out, '.');
    put64(out, raw, n);
}

/* key NULL: not signed, the text ends behind the claims. */
static struct evac_str token(const char *header, const char *claims, EVP_PKEY *key, bool pss)
{
    struct evac_buf out;
    evac_buf_init(&out, 65536);
    put64(&out, header, strlen(header));
    evac_buf_putc(&out, '.');
    put64(&out, claims, strlen(claims));
    if (key)
        sign(&out, key, pss);
    struct evac_str text = evac_arena_str(arena, evac_buf_str(&out));
    evac_buf_done(&out);
    return text;
}

#define GOOD                                                                                       \
    "{\"iss\":\"https://"                                                                          \
    "id.example.com\",\"aud\":[\"other\",\"evac\"],\"sub\":\"ann@example.com\","                   \
    "\"iat\":1799999990,\"nbf\":1799999990,\"exp\":1800000300,\"groups\":[\"oncall\",\"a b\"]}"
#define WITH(iss, aud, times)                                                                      \
    "{\"iss\":\"" iss "\",\"aud\":" aud ",\"sub\":\"ann@example.com\"," times "}"
#define TIMES "\"exp\":1800000300"

static enum evac_jwt_fate check(struct evac_str text, struct evac_jwt_said *said,
                                struct evac_err *err)
{
    static const struct evac_str audience = { "evac", 4 };
    const struct evac_jwt_rules rules = {
        EVAC_STR("https://id.example.com"), &audience, 1, EVAC_STR("sub"), EVAC_STR("groups"), 60000
    };
    return evac_jwt_check(text, list, &rules, NOW_MS, arena, said, err);
}

/* --- believed
 * --------------------------------------------------------------------------------- */

static const struct {
    const char *header;
    int key;
    bool pss;
} good[] = {
    { "{\"alg\":\"RS256\",\"kid\":\"r\",\"typ\":\"JWT\"}", KEY_RSA, false },
    { "{\"alg\":\"PS256\",\"kid\":\"r\",\"typ\":\"at+jwt\"}", KEY_RSA, true },
    { "{\"alg\":\"ES256\",\"kid\":\"e\"}", KEY_EC, false },
    { "{\"alg\":\"EdDSA\",\"kid\":\"d\"}", KEY_ED, false },
    { "{\"alg\":\"EdDSA\"}", KEY_ED, false }, /* the only key of its kind */
};

START_TEST(a_token_that_a_key_of_the_list_signed_names_a_person_and_groups)
{
    struct evac_jwt_said said;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_str text = token(good[_i].header, GOOD, keys[good[_i].key], good[_i].pss);
    ck_assert(evac_jwt_is(text));
    ck_assert_msg(check(text, &said, &err) == EVAC_JWT_GOOD, "%s", err.text);
    ck_assert(evac_str_is(said.principal, "oidc:ann@example.com"));
    ck_assert_uint_eq(said.group_count, 2);
    ck_assert(evac_str_is(said.groups[0], "oidc-group:oncall"));
    ck_assert(evac_str_is(said.groups[1], "oidc-group:a%20b"));
    ck_assert_int_eq(said.ends_ms, (NOW_S + 300 + 60) * INT64_C(1000));
}
END_TEST

START_TEST(one_changed_letter_anywhere_makes_it_nothing)
{
    struct evac_jwt_said said;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_str text = token(good[3].header, GOOD, keys[KEY_ED], false);
    for (size_t i = 0; i < text.n; i++) {
        struct evac_str other = evac_arena_str(arena, text);
        char *p = evac_arena_dup(arena, other.p);
        p[i] = p[i] == 'A' ? 'B' : 'A';
        ck_assert_msg(check(evac_str(p), &said, &err) != EVAC_JWT_GOOD, "at %zu", i);
    }
}
END_TEST

/* --- not believed
 * ----------------------------------------------------------------------------- */

/* clang-format off */
static const struct {
    const char *header, *claims;
    int key;
    enum evac_jwt_fate fate;
    const char *why;
} bad[] = {
    { "{\"alg\":\"RS256\",\"kid\":\"r\"}", WITH("https://id.example.com", "\"evac\"", "\"exp\":1799999900"), KEY_RSA,
      EVAC_JWT_EXPIRED, "expired" },
    { "{\"alg\":\"ES256\",\"kid\":\"e\"}", WITH("https://id.example.com", "\"evil\"", TIMES), KEY_EC,
      EVAC_JWT_BAD, "audience" },
    { "{\"alg\":\"ES256\",\"kid\":\"e\"}", WITH("https://id.example.com", "[\"evacx\",\"eva\"]", TIMES), KEY_EC,
      EVAC_JWT_BAD, "audience" },
    { "{\"alg\":\"ES256\",\"kid\":\"e\"}", WITH("https://id.example.com/", "\"evac\"", TIMES), KEY_EC,
      EVAC_JWT_BAD, "issuer" },
    { "{\"alg\":\"ES256\",\"kid\":\"e\"}", WITH("https://id.example.com", "\"evac\"", "\"iat\":1"), KEY_EC,
      EVAC_JWT_BAD, "when it ends" },
    { "{\"alg\":\"ES256\",\"kid\":\"e\"}", WITH("https://id.example.com", "\"evac\"", "\"exp\":\"1800000300\""),
      KEY_EC, EVAC_JWT_BAD, "when it ends" },
    { "{\"alg\":\"ES256\",\"kid\":\"e\"}", WITH("https://id.example.com", "\"evac\"", TIMES ",\"nbf\":1800000061"),
      KEY_EC, EVAC_JWT_BAD, "nbf" },
    { "{\"alg\":\"ES256\",\"kid\":\"e\"}", WITH("https://id.example.com", "\"evac\"", TIMES ",\"iat\":1800000061"),
      KEY_EC, EVAC_JWT_BAD, "iat" },
    { "{\"alg\":\"ES256\",\"kid\":\"e\"}",
      "{\"iss\":\"https://id.example.com\",\"aud\":\"evac\",\"exp\":1800000300,\"sub\":\"\"}", KEY_EC, EVAC_JWT_BAD,
      "names nobody" },
    { "{\"alg\":\"ES256\",\"kid\":\"e\"}",
      "{\"iss\":\"https://id.example.com\",\"aud\":\"evac\",\"exp\":1800000300,\"sub\":\"ann\",\"sub\":\"root\"}",
      KEY_EC, EVAC_JWT_BAD, "no JSON object" },
    /* another's key, under this one's id; a key that is in no list */
    { "{\"alg\":\"ES256\",\"kid\":\"e\"}", GOOD, KEY_OTHER, EVAC_JWT_BAD, "signature" },
    { "{\"alg\":\"ES256\",\"kid\":\"new\"}", GOOD, KEY_OTHER, EVAC_JWT_NO_KEY, "no key" },
    /* the header says which algorithm; the key says which it is for */
    { "{\"alg\":\"ES256\",\"kid\":\"r\"}", GOOD, KEY_EC, EVAC_JWT_NO_KEY, "no key" },
    { "{\"alg\":\"PS256\",\"kid\":\"r\"}", GOOD, KEY_RSA, EVAC_JWT_BAD, "signature" },
    { "{\"alg\":\"RS512\",\"kid\":\"r\"}", GOOD, KEY_RSA, EVAC_JWT_BAD, "algorithm" },
    { "{\"alg\":\"none\"}", GOOD, KEY_EC, EVAC_JWT_BAD, "algorithm" },
    { "{\"alg\":\"HS256\",\"kid\":\"h\"}", GOOD, KEY_EC, EVAC_JWT_BAD, "algorithm" },
    { "{\"kid\":\"e\"}", GOOD, KEY_EC, EVAC_JWT_BAD, "algorithm" },
    { "{\"alg\":[\"ES256\"],\"kid\":\"e\"}", GOOD, KEY_EC, EVAC_JWT_BAD, "algorithm" },
    { "{\"alg\":\"ES256\",\"alg\":\"none\",\"kid\":\"e\"}", GOOD, KEY_EC, EVAC_JWT_BAD, "no JSON object" },
    /* what it says about itself is not asked */
    { "{\"alg\":\"ES256\",\"kid\":\"e\",\"crit\":[\"exp\"]}", GOOD, KEY_EC, EVAC_JWT_BAD, "critical" },
    { "{\"alg\":\"ES256\",\"kid\":\"e\",\"typ\":\"logout+jwt\"}", GOOD, KEY_EC, EVAC_JWT_BAD, "type" },
    { "{\"alg\":\"ES256\",\"kid\":\"x\",\"jku\":\"https://evil.example.com/keys\",\"jwk\":{\"kty\":\"EC\"}}", GOOD,
      KEY_OTHER, EVAC_JWT_NO_KEY, "no key" },
    { "[]", GOOD, KEY_EC, EVAC_JWT_BAD, "no JSON object" },
    { "{\"alg\":\"ES256\",\"kid\":\"e\"}", "\"ann\"", KEY_EC, EVAC_JWT_BAD, "no JSON object" },
};
/* clang-format on */

START_TEST(what_is_wrong_with_a_token_is_found)
{
    struct evac_jwt_said said;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_str text = token(bad[_i].header, bad[_i].claims, keys[bad[_i].key], false);
    enum evac_jwt_fate fate = check(text, &said, &err);
    ck_assert_msg(fate == bad[_i].fate && strstr(err.text, bad[_i].why), "%d: %s", (int)fate,
                  err.text);
}
END_TEST

START_TEST(without_a_signature_it_is_nothing)
{
    struct evac_jwt_said said;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_str none = token("{\"alg\":\"none\"}", GOOD, NULL, false);
    ck_assert_int_eq(check(none, &said, &err), EVAC_JWT_BAD);
    struct evac_str dot = evac_arena_printf(arena, "%s.", none.p);
    ck_assert_int_eq(check(dot, &said, &err), EVAC_JWT_BAD);
    struct evac_str four =
        evac_arena_printf(arena, "%s.x", token(good[2].header, GOOD, keys[KEY_EC], false).p);
    ck_assert_int_eq(check(four, &said, &err), EVAC_JWT_BAD);
}
END_TEST

/* The classic: the public key, which everybody has, as the secret of an HMAC. */
START_TEST(a_public_key_is_no_secret_to_sign_with)
{
    struct evac_jwt_said said;
    struct evac_err err = { EVAC_OK, "" };
    uint8_t mac[32];
    unsigned n = sizeof mac;
    struct evac_buf out;
    struct evac_str text = token("{\"alg\":\"HS256\",\"kid\":\"r\"}", GOOD, NULL, false);
    uint8_t *der = NULL;
    int length = i2d_PUBKEY(keys[KEY_RSA], &der);
    ck_assert(HMAC(EVP_sha256(), der, length, (const uint8_t *)text.p, text.n, mac, &n) != NULL);
    OPENSSL_free(der);
    evac_buf_init(&out, 65536);
    evac_buf_put_str(&out, text);
    evac_buf_putc(&out, '.');
    put64(&out, mac, n);
    ck_assert_int_eq(check(evac_buf_str(&out), &said, &err), EVAC_JWT_BAD);
    evac_buf_done(&out);
}
END_TEST

/* An ECDSA signature of two zeros passes where nobody looks at the range. */
START_TEST(a_signature_of_zeros_is_none)
{
    static const uint8_t zeros[64];
    struct evac_jwt_said said;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_buf out;
    evac_buf_init(&out, 65536);
    evac_buf_put_str(&out, token(good[2].header, GOOD, NULL, false));
    evac_buf_putc(&out, '.');
    put64(&out, zeros, sizeof zeros);
    ck_assert_int_eq(check(evac_buf_str(&out), &said, &err), EVAC_JWT_BAD);
    evac_buf_done(&out);
}
END_TEST

START_TEST(a_token_of_any_length_is_answered)
{
    struct evac_jwt_said said;
    struct evac_err err = { EVAC_OK, "" };
    char *huge = evac_arena_alloc(arena, 400001);
    memset(huge, 'A', 400000);
    huge[100] = huge[200] = '.';
    ck_assert_int_eq(check(evac_str(huge), &said, &err), EVAC_JWT_BAD);
    ck_assert(strstr(err.text, "16 KiB"));
    huge[EVAC_JWT_BYTES_MAX] = '\0';
    ck_assert_int_eq(check(evac_str(huge), &said, &err), EVAC_JWT_BAD);
    ck_assert_int_eq(check(EVAC_STR(".."), &said, &err), EVAC_JWT_BAD);
    ck_assert_int_eq(check(EVAC_STR_NONE, &said, &err), EVAC_JWT_BAD);
}
END_TEST

/* --- lists of keys
 * ---------------------------------------------------------------------------- */

static const char *const useless[] = {
    "",
    "[]",
    "{\"keys\":{}}",
    "{\"keys\":[]}",
    "{\"keys\":[null,1,\"x\",{}]}",
    "{\"keys\":[{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}]}",
    "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}", /* three bytes of modulus */
    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"
    "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"y\":"
    "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}]}", /* not on the curve */
    "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":"
    "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}]}",
    "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAA\"}]}",
};

START_TEST(a_list_without_a_key_that_can_be_used_is_refused)
{
    struct evac_jwks *none = NULL;
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_int_eq(evac_jwks_parse(evac_str(useless[_i]), &none, &err), EVAC_E_PARSE);
}
END_TEST

START_TEST(symmetric_keys_are_left_out_of_a_list)
{
    ck_assert_uint_eq(evac_jwks_count(list), 3);
    ck_assert(!evac_jwks_find(list, EVAC_STR("h"), EVAC_JWS_RS256));
}
END_TEST

START_TEST(base64url_has_one_text_for_each_value)
{
    uint8_t out[8];
    size_t n;
    ck_assert(evac_base64url(EVAC_STR("AQAB"), out, sizeof out, &n) && n == 3 && out[0] == 1);
    ck_assert(evac_base64url(EVAC_STR("-_8"), out, sizeof out, &n) && n == 2 && out[0] == 0xfb);
    ck_assert(!evac_base64url(EVAC_STR("AQAB="), out, sizeof out, &n));
    ck_assert(!evac_base64url(EVAC_STR("AQ+B"), out, sizeof out, &n));
    ck_assert(!evac_base64url(EVAC_STR("AQB"), out, sizeof out, &n)); /* bits left over */
    ck_assert(!evac_base64url(EVAC_STR("A"), out, sizeof out, &n));
    ck_assert(!evac_base64url(EVAC_STR("AAAAAAAAAAAAAAAA"), out, sizeof out, &n));
}
END_TEST

static void cases(Suite *s)
{
    TCase *tc = tcase_create("jwt");
    tcase_add_unchecked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, a_token_that_a_key_of_the_list_signed_names_a_person_and_groups, 0,
                        sizeof good / sizeof good[0]);
    tcase_add_test(tc, one_changed_letter_anywhere_makes_it_nothing);
    tcase_add_loop_test(tc, what_is_wrong_with_a_token_is_found, 0, sizeof bad / sizeof bad[0]);
    tcase_add_test(tc, without_a_signature_it_is_nothing);
    tcase_add_test(tc, a_public_key_is_no_secret_to_sign_with);
    tcase_add_test(tc, a_signature_of_zeros_is_none);
    tcase_add_test(tc, a_token_of_any_length_is_answered);
    tcase_add_loop_test(tc, a_list_without_a_key_that_can_be_used_is_refused, 0,
                        sizeof useless / sizeof useless[0]);
    tcase_add_test(tc, symmetric_keys_are_left_out_of_a_list);
    tcase_add_test(tc, base64url_has_one_text_for_each_value);
    suite_add_tcase(s, tc);
}

EVAC_TEST_MAIN("identity provider's tokens", cases)

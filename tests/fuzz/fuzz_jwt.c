/*
 * An identity provider's tokens and keys. The first byte chooses: a list of keys as it comes; a
 * token as it comes; or a header and claims that are signed here with a key of the list, or with
 * another one, so that what is signed well is read as well. What nobody of the list signed is
 * never good, and what is good says what the rules ask for.
 */
#include "evac/buf.h"
#include "fuzz.h"
#include "jwt.h"

#include <openssl/evp.h>
#include <string.h>

#define NOW_MS INT64_C(1800000000000)

static EVP_PKEY *listed, *stranger;
static struct evac_jwks *keys;

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

static void make_keys(void)
{
    static const uint8_t secrets[2][32] = { { 1, 2, 3 }, { 4, 5, 6 } };
    uint8_t raw[32];
    size_t n = sizeof raw;
    struct evac_buf json;
    struct evac_err err = { EVAC_OK, "" };
    listed = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secrets[0], 32);
    stranger = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secrets[1], 32);
    MUST(listed && stranger && EVP_PKEY_get_raw_public_key(listed, raw, &n) == 1);
    evac_buf_init(&json, 4096);
    evac_buf_puts(&json, "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"d\",\"x\":\"");
    put64(&json, raw, n);
    evac_buf_puts(&json, "\"}]}");
    MUST(evac_jwks_parse(evac_buf_str(&json), &keys, &err) == EVAC_OK);
    evac_buf_done(&json);
}

static enum evac_jwt_fate check(struct evac_str text, bool signed_well)
{
    static const struct evac_str audiences[] = { { "evac", 4 } };
    const struct evac_jwt_rules rules = { .issuer = EVAC_STR("https://idp"),
                                          .audiences = audiences,
                                          .audience_count = 1,
                                          .subject = EVAC_STR("sub"),
                                          .groups = EVAC_STR("groups"),
                                          .skew_ms = 60000 };
    struct evac_arena *arena = evac_arena_new();
    struct evac_jwt_said said = { EVAC_STR_NONE };
    struct evac_err err = { EVAC_OK, "" };
    enum evac_jwt_fate fate = evac_jwt_check(text, keys, &rules, NOW_MS, arena, &said, &err);
    MUST(fate == EVAC_JWT_GOOD || err.text[0]);
    if (fate == EVAC_JWT_GOOD) {
        MUST(signed_well && evac_jwt_is(text));
        MUST(evac_str_starts(said.principal, "oidc:") && said.principal.n > 5);
        MUST(said.ends_ms > NOW_MS - 60000 && said.group_count <= EVAC_JWT_GROUPS_MAX);
        for (size_t i = 0; i < said.group_count; i++)
            MUST(evac_str_starts(said.groups[i], "oidc-group:"));
    }
    evac_arena_free(arena);
    return fate;
}

/* "header\nclaims" */
static void check_signed(struct fuzz_input in, bool well)
{
    uint8_t signature[64];
    size_t n = sizeof signature;
    struct evac_buf text;
    struct evac_str header = fuzz_line(&in, '\n'), claims = fuzz_rest(&in);
    evac_buf_init(&text, 1u << 20);
    put64(&text, header.p, header.n);
    evac_buf_putc(&text, '.');
    put64(&text, claims.p, claims.n);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    MUST(EVP_DigestSignInit(md, NULL, NULL, NULL, well ? listed : stranger) == 1);
    MUST(EVP_DigestSign(md, signature, &n, (const uint8_t *)text.p, text.n) == 1);
    EVP_MD_CTX_free(md);
    evac_buf_putc(&text, '.');
    put64(&text, signature, n);
    (void)check(evac_buf_str(&text), well);
    if (well && text.n > 3) { /* any other first letter of the signature is another one */
        text.p[text.n - 86] = text.p[text.n - 86] == 'A' ? 'B' : 'A';
        MUST(check(evac_buf_str(&text), false) != EVAC_JWT_GOOD);
    }
    evac_buf_done(&text);
}

static void read_keys(struct evac_str text)
{
    struct evac_jwks *list = NULL;
    struct evac_err err = { EVAC_OK, "" };
    if (evac_jwks_parse(text, &list, &err)) {
        MUST(err.text[0] && !list);
        return;
    }
    MUST(evac_jwks_count(list) > 0 && evac_jwks_count(list) <= EVAC_JWKS_KEYS_MAX);
    for (unsigned a = 0; a < EVAC_JWS_ALGORITHM_COUNT; a++) {
        const struct evac_jwk *key =
            evac_jwks_find(list, EVAC_STR_NONE, (enum evac_jws_algorithm)a);
        MUST(!key || !evac_jwk_signed(key, (enum evac_jws_algorithm)a, EVAC_STR("x"), text));
    }
    evac_jwks_free(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = { data, size };
    if (!keys)
        make_keys();
    unsigned which = fuzz_byte(&in) & 3;
    if (which == 0)
        read_keys(fuzz_rest(&in));
    else if (which == 1)
        MUST(check(fuzz_rest(&in), false) != EVAC_JWT_GOOD);
    else
        check_signed(in, which == 2);
    return 0;
}

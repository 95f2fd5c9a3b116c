#include "sigv4_internal.h"

#include "aws_time.h"

#include <openssl/crypto.h>
#include <string.h>

#define PRESIGN_MAX_S 604800 /* seven days, AWS's own ceiling */

/* A value of the query, decoded; empty when it is not there. */
static struct evac_str query_value(const struct evac_sigv4_request *request,
                                   struct evac_arena *arena, const char *wanted)
{
    struct evac_str rest = request->query, name, value;
    while (evac_sigv4_next_field(&rest, &name, &value))
        if (evac_str_is(name, wanted))
            return evac_sigv4_decode(arena, value);
    return EVAC_STR_NONE;
}

static struct evac_str header_value(const struct evac_sigv4_request *request,
                                    struct evac_arena *arena, const char *name)
{
    const struct evac_http_header *header = evac_sigv4_header(request, name);
    return header ? evac_arena_str(arena, evac_str_trim(header->value)) : EVAC_STR_NONE;
}

/* "AKID/20260102/us-east-1/rds/aws4_request"; Version 4A's has no region. An access key id has no
 * slash. */
static enum evac_code read_credential(struct evac_str text, struct evac_sigv4_claim *claim,
                                      struct evac_str *ret_date, struct evac_err *err)
{
    struct evac_str rest = text;
    claim->access_key_id = evac_str_cut(rest, '/', &rest);
    *ret_date = evac_str_cut(rest, '/', &rest);
    bool regional = claim->scope.region_set.n == 0;
    if (regional)
        claim->scope.region = evac_str_cut(rest, '/', &rest);
    claim->scope.service = evac_str_cut(rest, '/', &rest);
    if (claim->access_key_id.n == 0 || ret_date->n != 8 ||
        (regional && claim->scope.region.n == 0) || claim->scope.service.n == 0 ||
        !evac_str_is(rest, "aws4_request"))
        return evac_fail(err, EVAC_E_PARSE,
                         "Credential is not ACCESS-KEY-ID/YYYYMMDD/%sservice/aws4_request",
                         regional ? "region/" : "");
    return EVAC_OK;
}

/* Which version it is: Version 4A says where it holds. */
static enum evac_code read_algorithm(struct evac_str name, struct evac_str region_set,
                                     struct evac_sigv4_claim *claim, struct evac_err *err)
{
    if (evac_str_is(name, EVAC_SIGV4_ALGORITHM))
        return EVAC_OK;
    if (!evac_str_is(name, EVAC_SIGV4A_ALGORITHM))
        return evac_fail(err, EVAC_E_PARSE,
                         "it is signed neither by " EVAC_SIGV4_ALGORITHM
                         " nor by " EVAC_SIGV4A_ALGORITHM);
    if (region_set.n == 0)
        return evac_fail(err, EVAC_E_PARSE, "X-Amz-Region-Set is missing");
    claim->scope.region_set = region_set;
    return EVAC_OK;
}

static bool is_signature(const struct evac_sigv4_claim *claim)
{
    size_t n = claim->signature.n;
    return claim->scope.region_set.n ? n > 0 && n % 2 == 0 && n < EVAC_SIGV4_SIGNATURE_BYTES
                                     : n == EVAC_SIGV4_HEX_BYTES - 1;
}

static enum evac_code check_claim(struct evac_sigv4_claim *claim, struct evac_str date,
                                  struct evac_err *err)
{
    if (!evac_aws_time_basic(claim->scope.timestamp, &claim->wall_ms))
        return evac_fail(err, EVAC_E_PARSE, "X-Amz-Date is not YYYYMMDDTHHMMSSZ");
    if (memcmp(claim->scope.timestamp.p, date.p, 8) != 0)
        return evac_fail(err, EVAC_E_PARSE,
                         "Date in Credential scope does not match YYYYMMDD "
                         "from ISO-8601 version of date from HTTP");
    if (claim->signed_names.n == 0)
        return evac_fail(err, EVAC_E_PARSE, "SignedHeaders is empty or missing");
    if (!is_signature(claim))
        return evac_fail(err, EVAC_E_PARSE, "Signature is not as long as a signature is");
    return EVAC_OK;
}

/* "Credential=..., SignedHeaders=..., Signature=...": in any order, blanks after commas optional.
 */
static enum evac_code read_header(struct evac_str value, struct evac_str region_set,
                                  struct evac_sigv4_claim *claim, struct evac_str *ret_date,
                                  struct evac_err *err)
{
    struct evac_str credential = EVAC_STR_NONE, rest;
    enum evac_code code = read_algorithm(evac_str_cut(value, ' ', &rest), region_set, claim, err);
    if (code != EVAC_OK)
        return code;
    while (rest.n) {
        struct evac_str text, part = evac_str_trim(evac_str_cut(rest, ',', &rest));
        struct evac_str name = evac_str_cut(part, '=', &text);
        if (evac_str_is(name, "Credential"))
            credential = text;
        else if (evac_str_is(name, "SignedHeaders"))
            claim->signed_names = text;
        else if (evac_str_is(name, "Signature"))
            claim->signature = text;
        else
            return evac_fail(err, EVAC_E_PARSE, "Authorization has the unknown part '%.*s'",
                             (int)(name.n < 40 ? name.n : 40), name.n ? name.p : "");
    }
    return read_credential(credential, claim, ret_date, err);
}

static enum evac_code read_query(const struct evac_sigv4_request *request, struct evac_arena *arena,
                                 struct evac_sigv4_claim *claim, struct evac_str *ret_date,
                                 struct evac_err *err)
{
    int64_t expires_s = 0;
    enum evac_code code =
        read_algorithm(query_value(request, arena, "X-Amz-Algorithm"),
                       query_value(request, arena, "X-Amz-Region-Set"), claim, err);
    if (code != EVAC_OK)
        return code;
    if (!evac_str_i64(query_value(request, arena, "X-Amz-Expires"), &expires_s) || expires_s < 1 ||
        expires_s > PRESIGN_MAX_S)
        return evac_fail(err, EVAC_E_PARSE, "X-Amz-Expires is not 1 to %d", PRESIGN_MAX_S);
    claim->presigned = true;
    claim->expires_s = (uint32_t)expires_s;
    claim->scope.timestamp = query_value(request, arena, "X-Amz-Date");
    claim->signed_names = query_value(request, arena, "X-Amz-SignedHeaders");
    claim->signature = query_value(request, arena, "X-Amz-Signature");
    claim->session_token = query_value(request, arena, "X-Amz-Security-Token");
    return read_credential(query_value(request, arena, "X-Amz-Credential"), claim, ret_date, err);
}

enum evac_code evac_sigv4_claim(const struct evac_sigv4_request *request, struct evac_arena *arena,
                                struct evac_sigv4_claim *ret_claim, struct evac_err *err)
{
    struct evac_sigv4_claim claim = { 0 };
    struct evac_str date = EVAC_STR_NONE;
    struct evac_str authorization = header_value(request, arena, "authorization");
    enum evac_code code;
    if (authorization.n) {
        claim.scope.timestamp = header_value(request, arena, "x-amz-date");
        claim.session_token = header_value(request, arena, "x-amz-security-token");
        code = read_header(authorization, header_value(request, arena, "x-amz-region-set"), &claim,
                           &date, err);
    } else if (query_value(request, arena, "X-Amz-Signature").n) {
        code = read_query(request, arena, &claim, &date, err);
    } else {
        return evac_fail(err, EVAC_E_NOTFOUND, "the request is not signed");
    }
    if (code == EVAC_OK)
        code = check_claim(&claim, date, err);
    if (code == EVAC_OK)
        *ret_claim = claim;
    return code;
}

enum evac_code evac_sigv4_in_time(const struct evac_sigv4_claim *claim, int64_t wall_ms,
                                  int64_t tolerance_ms, struct evac_err *err)
{
    int64_t age_ms = wall_ms - claim->wall_ms;
    int64_t limit_ms = claim->presigned ? (int64_t)claim->expires_s * 1000 : tolerance_ms;
    if (age_ms > limit_ms)
        return evac_fail(err, EVAC_E_STALE,
                         "Signature expired: it is %lld s old, %lld s are allowed",
                         (long long)(age_ms / 1000), (long long)(limit_ms / 1000));
    if (-age_ms > tolerance_ms)
        return evac_fail(err, EVAC_E_STALE, "Signature not yet current: it is %lld s in the future",
                         (long long)(-age_ms / 1000));
    return EVAC_OK;
}

/* What the signer said that the body hashes to. UNSIGNED-PAYLOAD is a word that S3 takes. */
static enum evac_code payload(const struct evac_sigv4_request *request,
                              const struct evac_sigv4_claim *claim, const char *actual,
                              struct evac_str *ret_hash, struct evac_err *err)
{
    const struct evac_http_header *said = evac_sigv4_header(request, "x-amz-content-sha256");
    *ret_hash = evac_str(actual);
    if (!said) {
        if (claim->presigned && request->s3_rules)
            *ret_hash = EVAC_STR(EVAC_SIGV4_UNSIGNED);
        return EVAC_OK;
    }
    struct evac_str value = evac_str_trim(said->value);
    bool unsigned_word = evac_str_is(value, EVAC_SIGV4_UNSIGNED) && request->s3_rules;
    if (!unsigned_word && !evac_str_is(value, actual))
        return evac_fail(err, EVAC_E_AUTH, "x-amz-content-sha256 is not the SHA-256 of the body");
    *ret_hash = value;
    return EVAC_OK;
}

static bool signs(struct evac_str names, const char *wanted)
{
    while (names.n)
        if (evac_str_is(evac_str_cut(names, ';', &names), wanted))
            return true;
    return false;
}

/* False: longer than any header that AWS knows. */
static bool lower_name(struct evac_str name, char ret_name[80])
{
    if (!evac_str_copy(ret_name, 80, name))
        return false;
    for (char *c = ret_name; *c; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
    return true;
}

/* What AWS acts on must be covered: an x-amz-* header that someone added on the way is refused. */
static enum evac_code check_covered(const struct evac_sigv4_request *request,
                                    const struct evac_sigv4_claim *claim, struct evac_err *err)
{
    if (!signs(claim->signed_names, "host"))
        return evac_fail(err, EVAC_E_PARSE, "'host' must be a signed header");
    for (size_t i = 0; i < request->header_count; i++) {
        char name[80];
        if (!lower_name(request->headers[i].name, name) || strncmp(name, "x-amz-", 6) != 0)
            continue;
        if (strcmp(name, "x-amz-security-token") != 0 && !signs(claim->signed_names, name))
            return evac_fail(err, EVAC_E_PARSE,
                             "There were headers present in the request which were not signed: %s",
                             name);
    }
    return EVAC_OK;
}

static bool matches(struct evac_sigv4_cache *cache, const struct evac_sigv4_claim *claim,
                    struct evac_str secret, struct evac_str to_sign)
{
    const struct evac_sigv4_identity identity = { claim->access_key_id, secret, EVAC_STR_NONE };
    unsigned char key[32], point[EVAC_SIGV4A_POINT_BYTES];
    char signature[EVAC_SIGV4_HEX_BYTES];
    bool holds;
    if (claim->scope.region_set.n) {
        evac_sigv4a_key(cache, &identity, key);
        evac_sigv4a_public(key, point);
        holds = evac_sigv4a_holds(point, to_sign, claim->signature);
    } else {
        evac_sigv4_key(cache, secret, &claim->scope, key);
        evac_sigv4_signature(key, to_sign, signature);
        holds = claim->signature.n == 64 && CRYPTO_memcmp(claim->signature.p, signature, 64) == 0;
    }
    OPENSSL_cleanse(key, sizeof key);
    return holds;
}

enum evac_code evac_sigv4_verify(struct evac_sigv4_cache *cache,
                                 const struct evac_sigv4_request *request,
                                 const struct evac_sigv4_claim *claim, struct evac_str secret,
                                 int64_t wall_ms, int64_t tolerance_ms, struct evac_err *err)
{
    char actual[EVAC_SIGV4_HEX_BYTES];
    struct evac_str hash;
    struct evac_buf to_sign;
    enum evac_code code = check_covered(request, claim, err);
    if (code != EVAC_OK)
        return code;
    evac_buf_init(&to_sign, SIGV4_MAX_TEXT);
    evac_sigv4_hash(request->body, actual);
    code = payload(request, claim, actual, &hash, err);
    if (code == EVAC_OK)
        code = evac_sigv4_text(request, &claim->scope, claim->signed_names, hash, &to_sign, err);
    if (code == EVAC_OK && !matches(cache, claim, secret, evac_buf_str(&to_sign)))
        code = evac_fail(err, EVAC_E_AUTH, "the signature does not match this request");
    evac_buf_done(&to_sign);
    return code == EVAC_OK ? evac_sigv4_in_time(claim, wall_ms, tolerance_ms, err) : code;
}

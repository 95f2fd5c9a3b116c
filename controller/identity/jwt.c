#include "jwt.h"

#include "json_text.h"
#include "principal.h"

#include <openssl/evp.h>
#include <string.h>
#include <strings.h>

struct parts {
    struct evac_str header, claims, signature; /* as text */
    struct evac_str signed_text;
};

static enum evac_jwt_fate bad(struct evac_err *err, const char *why)
{
    (void)evac_fail(err, EVAC_E_BADARG, "%s", why);
    return EVAC_JWT_BAD;
}

static bool cut(struct evac_str text, struct parts *ret)
{
    struct evac_str rest, more;
    ret->header = evac_str_cut(text, '.', &rest);
    ret->claims = evac_str_cut(rest, '.', &more);
    ret->signature = more;
    ret->signed_text = (struct evac_str){ text.p, ret->header.n + 1 + ret->claims.n };
    return ret->header.n && ret->claims.n && more.n && !memchr(more.p, '.', more.n);
}

bool evac_jwt_is(struct evac_str text)
{
    struct parts parts;
    return evac_str_starts(text, "ey") && cut(text, &parts);
}

/* The same name twice would be read as one thing here and as another elsewhere. */
static bool has_twins(const cJSON *object)
{
    for (const cJSON *a = object->child; a; a = a->next)
        for (const cJSON *b = a->next; b; b = b->next)
            if (strcmp(a->string, b->string) == 0)
                return true;
    return false;
}

/* NULL: it is not an object. */
static cJSON *object_of(struct evac_str text)
{
    uint8_t bytes[EVAC_JWT_BYTES_MAX];
    size_t n;
    if (!evac_base64url(text, bytes, sizeof bytes, &n) || memchr(bytes, 0, n))
        return NULL;
    cJSON *json = cJSON_ParseWithLength((const char *)bytes, n);
    if (cJSON_IsObject(json) && !has_twins(json))
        return json;
    cJSON_Delete(json);
    return NULL;
}

static const cJSON *member(const cJSON *json, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(json, name);
}

/* --- the header
 * ------------------------------------------------------------------------------- */

static bool is_token_type(const cJSON *header)
{
    struct evac_str typ = evac_json_text(header, "typ");
    if (!member(header, "typ"))
        return true;
    return (typ.n == 3 && strncasecmp(typ.p, "jwt", 3) == 0) ||
           (typ.n == 6 && strncasecmp(typ.p, "at+jwt", 6) == 0);
}

static enum evac_jwt_fate check_signature(const struct parts *parts, const cJSON *header,
                                          const struct evac_jwks *keys, struct evac_err *err)
{
    uint8_t bytes[1024];
    size_t n;
    enum evac_jws_algorithm algorithm;
    if (!evac_jws_algorithm_parse(evac_json_text(header, "alg"), &algorithm))
        return bad(err, "its algorithm is none of RS256, PS256, ES256, EdDSA");
    if (member(header, "crit"))
        return bad(err, "it has critical extensions");
    if (!is_token_type(header))
        return bad(err, "it is a token of another type");
    if (!evac_base64url(parts->signature, bytes, sizeof bytes, &n))
        return bad(err, "its signature is no base64url");
    const struct evac_jwk *key = evac_jwks_find(keys, evac_json_text(header, "kid"), algorithm);
    if (!key) {
        (void)evac_fail(err, EVAC_E_NOTFOUND, "no key of its issuer has its id and algorithm");
        return EVAC_JWT_NO_KEY;
    }
    return evac_jwk_signed(key, algorithm, parts->signed_text,
                           (struct evac_str){ (const char *)bytes, n })
               ? EVAC_JWT_GOOD
               : bad(err, "its signature is not the key's");
}

/* --- the claims
 * ------------------------------------------------------------------------------- */

static bool is_for(const cJSON *aud, const struct evac_jwt_rules *rules)
{
    for (size_t i = 0; cJSON_IsString(aud) && i < rules->audience_count; i++)
        if (evac_str_is(rules->audiences[i], aud->valuestring))
            return true;
    const cJSON *item;
    if (cJSON_IsArray(aud))
        cJSON_ArrayForEach(item, aud) if (cJSON_IsString(item) && is_for(item, rules)) return true;
    return false;
}

/* Seconds since 1970, in ms; what is no such number is never now. */
static bool instant_of(const cJSON *item, int64_t *ret_ms)
{
    if (!cJSON_IsNumber(item) || !(item->valuedouble > 0 && item->valuedouble < 1e11))
        return false;
    *ret_ms = (int64_t)(item->valuedouble * 1000);
    return true;
}

static enum evac_jwt_fate check_time(const cJSON *claims, int64_t skew_ms, int64_t wall_ms,
                                     int64_t *ret_ends_ms, struct evac_err *err)
{
    int64_t nbf, iat;
    const cJSON *not_before = member(claims, "nbf"), *issued = member(claims, "iat");
    if (!instant_of(member(claims, "exp"), ret_ends_ms))
        return bad(err, "it does not say when it ends");
    if (not_before && (!instant_of(not_before, &nbf) || wall_ms < nbf - skew_ms))
        return bad(err, "it is not valid yet (nbf)");
    if (issued && (!instant_of(issued, &iat) || wall_ms < iat - skew_ms))
        return bad(err, "it was issued in the future (iat)");
    *ret_ends_ms += skew_ms;
    if (wall_ms < *ret_ends_ms)
        return EVAC_JWT_GOOD;
    (void)evac_fail(err, EVAC_E_STALE, "it has expired");
    return EVAC_JWT_EXPIRED;
}

static void take_group(const cJSON *item, struct evac_arena *arena, struct evac_str *groups,
                       size_t *count)
{
    if (cJSON_IsString(item) && *count < EVAC_JWT_GROUPS_MAX &&
        evac_principal_make(arena, "oidc-group:", evac_str(item->valuestring), &groups[*count]))
        (*count)++;
}

static void take_groups(const cJSON *claims, struct evac_str name, struct evac_arena *arena,
                        struct evac_jwt_said *said)
{
    struct evac_str *groups = evac_arena_array(arena, EVAC_JWT_GROUPS_MAX, sizeof *groups);
    const cJSON *list = member(claims, name.p), *item;
    take_group(list, arena, groups, &said->group_count);
    if (cJSON_IsArray(list))
        cJSON_ArrayForEach(item, list) take_group(item, arena, groups, &said->group_count);
    said->groups = groups;
}

static struct evac_str mark_of(struct evac_str text, struct evac_arena *arena)
{
    uint8_t d[32];
    if (!EVP_Digest(text.p, text.n, d, NULL, EVP_sha256(), NULL))
        return EVAC_STR("jwt:?");
    return evac_arena_printf(arena, "jwt:%02x%02x%02x%02x%02x%02x", d[0], d[1], d[2], d[3], d[4],
                             d[5]);
}

static enum evac_jwt_fate check_claims(const cJSON *claims, const struct evac_jwt_rules *rules,
                                       int64_t wall_ms, struct evac_arena *arena,
                                       struct evac_jwt_said *said, struct evac_err *err)
{
    char subject[65], groups[65];
    if (!rules->issuer.n || !evac_str_eq(evac_json_text(claims, "iss"), rules->issuer))
        return bad(err, "it is another issuer's");
    if (!is_for(member(claims, "aud"), rules))
        return bad(err, "it is for another audience");
    enum evac_jwt_fate fate = check_time(claims, rules->skew_ms, wall_ms, &said->ends_ms, err);
    if (fate != EVAC_JWT_GOOD)
        return fate;
    if (!evac_str_copy(subject, sizeof subject, rules->subject) ||
        !evac_str_copy(groups, sizeof groups, rules->groups))
        return bad(err, "the names of its claims are too long");
    if (!evac_principal_make(arena, "oidc:", evac_json_text(claims, subject), &said->principal))
        return bad(err, "it names nobody, or too long a name");
    take_groups(claims, evac_str(groups), arena, said);
    return EVAC_JWT_GOOD;
}

enum evac_jwt_fate evac_jwt_check(struct evac_str text, const struct evac_jwks *keys,
                                  const struct evac_jwt_rules *rules, int64_t wall_ms,
                                  struct evac_arena *arena, struct evac_jwt_said *ret,
                                  struct evac_err *err)
{
    struct parts parts;
    *ret = (struct evac_jwt_said){ .ends_ms = 0 };
    if (text.n > EVAC_JWT_BYTES_MAX)
        return bad(err, "it is longer than 16 KiB");
    if (!cut(text, &parts))
        return bad(err, "it has not three parts");
    if (!evac_jwt_is(text))
        return bad(err, "a part of it is no JSON object: its header does not begin as one");
    cJSON *header = object_of(parts.header), *claims = object_of(parts.claims);
    enum evac_jwt_fate fate = header && claims ? check_signature(&parts, header, keys, err)
                                               : bad(err, "a part of it is no JSON object");
    if (fate == EVAC_JWT_GOOD)
        fate = check_claims(claims, rules, wall_ms, arena, ret, err);
    if (fate == EVAC_JWT_GOOD)
        ret->mark = mark_of(text, arena);
    cJSON_Delete(header);
    cJSON_Delete(claims);
    return fate;
}

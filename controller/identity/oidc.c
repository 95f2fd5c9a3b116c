#include "oidc.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AGAIN_MS   30000u /* between two fetches for what may be an attacker's key id */
#define CONNECT_MS 3000u
#define TOTAL_MS   5000u
#define URL_MAX    1024u
#define CA_MAX     (1u << 20)

struct evac_oidc {
    const struct evac_host *host;
    struct evac_jwks *keys;
    char issuer[URL_MAX], jwks[URL_MAX], ca_file[URL_MAX]; /* of what is fetched, or was */
    uint64_t tried_ms, fetched_ms;                         /* 0 never */
    uint32_t refresh_ms, keep_ms;
    bool busy;
    char trouble[240];
};

struct evac_oidc *evac_oidc_new(const struct evac_host *host)
{
    struct evac_oidc *o = calloc(1, sizeof *o);
    if (!o)
        abort();
    o->host = host;
    return o;
}

void evac_oidc_free(struct evac_oidc *o)
{
    if (!o)
        return;
    evac_jwks_free(o->keys);
    free(o);
}

bool evac_oidc_is_busy(const struct evac_oidc *o)
{
    return o->busy;
}

const char *evac_oidc_trouble(const struct evac_oidc *o)
{
    return o->trouble;
}

static uint64_t now_ms(const struct evac_oidc *o)
{
    return o->host->now_ms(o->host->ctx);
}

/* --- one fetch
 * -------------------------------------------------------------------------------- */

static void end(struct evac_oidc *o, const char *trouble)
{
    o->busy = false;
    (void)evac_str_copy(o->trouble, sizeof o->trouble, evac_str(trouble));
}

/* Who vouches for the provider's server; read each time, since such files are replaced. */
static bool read_ca(const struct evac_oidc *o, struct evac_buf *out)
{
    char part[8192];
    size_t n;
    if (!o->ca_file[0])
        return true;
    FILE *f = fopen(o->ca_file, "re");
    while (f && (n = fread(part, 1, sizeof part, f)) > 0)
        evac_buf_put(out, part, n);
    if (f)
        fclose(f);
    return f && out->n && !out->failed;
}

static void get(struct evac_oidc *o, const char *url, evac_http_done_fn *done)
{
    struct evac_err err = { EVAC_OK, "" };
    struct evac_buf ca;
    uint64_t id;
    evac_buf_init(&ca, CA_MAX);
    struct evac_http_request request = { .method = EVAC_STR("GET"),
                                         .url = evac_str(url),
                                         .connect_ms = CONNECT_MS,
                                         .total_ms = TOTAL_MS,
                                         .max_reply_bytes = EVAC_JWKS_BYTES_MAX,
                                         .operation = EVAC_STR("oidc:keys") };
    if (!read_ca(o, &ca)) {
        (void)evac_fail(&err, EVAC_E_IO, "oidc.ca %s can not be read", o->ca_file);
    } else {
        request.ca = evac_buf_str(&ca);
        (void)o->host->http(o->host->ctx, &request, done, o, &id, &err);
    }
    evac_buf_done(&ca);
    if (err.code)
        end(o, err.text);
}

static bool is_good(struct evac_oidc *o, const struct evac_http_reply *reply)
{
    char text[240];
    if (reply->fate == EVAC_HTTP_REPLIED && reply->status == 200)
        return true;
    if (reply->fate == EVAC_HTTP_REPLIED)
        snprintf(text, sizeof text, "it answered with status %d", reply->status);
    else
        snprintf(text, sizeof text, "%s", reply->error);
    end(o, text);
    return false;
}

static void on_keys(void *user, const struct evac_http_reply *reply)
{
    struct evac_oidc *o = user;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_jwks *keys = NULL;
    if (!is_good(o, reply))
        return;
    if (evac_jwks_parse(reply->body, &keys, &err)) {
        end(o, err.text);
        return;
    }
    evac_jwks_free(o->keys);
    o->keys = keys;
    o->fetched_ms = now_ms(o);
    end(o, "");
}

/* OpenID Connect Discovery 1.0, 4.3: what it says its name is must be what it was asked as. */
static bool read_metadata(struct evac_oidc *o, struct evac_str body, char url[URL_MAX])
{
    cJSON *json = cJSON_ParseWithLength(body.p ? body.p : "", body.n);
    const cJSON *issuer = cJSON_GetObjectItemCaseSensitive(json, "issuer");
    const cJSON *keys = cJSON_GetObjectItemCaseSensitive(json, "jwks_uri");
    bool good = cJSON_IsString(issuer) && strcmp(issuer->valuestring, o->issuer) == 0 &&
                cJSON_IsString(keys) && strncmp(keys->valuestring, "https://", 8) == 0 &&
                evac_str_copy(url, URL_MAX, evac_str(keys->valuestring));
    cJSON_Delete(json);
    return good;
}

static void on_metadata(void *user, const struct evac_http_reply *reply)
{
    struct evac_oidc *o = user;
    char url[URL_MAX];
    if (!is_good(o, reply))
        return;
    if (read_metadata(o, reply->body, url))
        get(o, url, on_keys);
    else
        end(o, "its metadata are not those of this issuer, or name no https:// jwks_uri");
}

static void fetch(struct evac_oidc *o)
{
    char url[URL_MAX + 64];
    size_t n = strlen(o->issuer);
    o->busy = true;
    o->tried_ms = now_ms(o);
    if (o->jwks[0]) {
        get(o, o->jwks, on_keys);
        return;
    }
    snprintf(url, sizeof url, "%s%s.well-known/openid-configuration", o->issuer,
             n && o->issuer[n - 1] == '/' ? "" : "/");
    get(o, url, on_metadata);
}

/* --- when
 * ------------------------------------------------------------------------------------- */

/* Another provider's keys are nobody's here. */
static void configure(struct evac_oidc *o, const struct evac_oidc_conf *conf)
{
    bool same = evac_str_is(conf->issuer, o->issuer) && evac_str_is(conf->jwks, o->jwks);
    o->refresh_ms = conf->refresh_ms;
    o->keep_ms = conf->keep_ms;
    (void)evac_str_copy(o->ca_file, sizeof o->ca_file, conf->ca);
    if (same || o->busy)
        return;
    evac_jwks_free(o->keys);
    o->keys = NULL;
    o->tried_ms = o->fetched_ms = 0;
    if (!evac_str_copy(o->issuer, sizeof o->issuer, conf->issuer) ||
        !evac_str_copy(o->jwks, sizeof o->jwks, conf->jwks))
        o->issuer[0] = '\0'; /* longer than any address that is asked: nobody's word */
}

static bool may_ask(const struct evac_oidc *o)
{
    return !o->busy && o->issuer[0] && (!o->tried_ms || now_ms(o) - o->tried_ms >= AGAIN_MS);
}

void evac_oidc_tick(struct evac_oidc *o, const struct evac_oidc_conf *conf)
{
    configure(o, conf);
    if (!conf->place.line)
        return;
    if (o->keys && now_ms(o) - o->fetched_ms >= o->keep_ms) {
        evac_jwks_free(o->keys);
        o->keys = NULL;
    }
    bool due = !o->fetched_ms || now_ms(o) - o->fetched_ms >= o->refresh_ms;
    if (due && may_ask(o))
        fetch(o);
}

enum evac_oidc_answer evac_oidc_check(struct evac_oidc *o, const struct evac_oidc_conf *conf,
                                      struct evac_str text, struct evac_arena *arena,
                                      struct evac_jwt_said *ret, struct evac_err *err)
{
    const struct evac_jwt_rules rules = { .issuer = conf->issuer,
                                          .audiences = conf->audiences,
                                          .audience_count = conf->audience_count,
                                          .subject = conf->subject,
                                          .groups = conf->groups,
                                          .skew_ms = conf->skew_ms };
    int64_t wall = o->host->wall_ms(o->host->ctx);
    evac_oidc_tick(o, conf);
    switch (evac_jwt_check(text, o->keys, &rules, wall, arena, ret, err)) {
    case EVAC_JWT_GOOD:
        return EVAC_OIDC_GOOD;
    case EVAC_JWT_BAD:
        return EVAC_OIDC_BAD;
    case EVAC_JWT_EXPIRED:
        return EVAC_OIDC_EXPIRED;
    case EVAC_JWT_NO_KEY:
        break;
    }
    if (may_ask(o))
        fetch(o);
    return o->busy ? EVAC_OIDC_LATER : o->keys ? EVAC_OIDC_BAD : EVAC_OIDC_UNSURE;
}

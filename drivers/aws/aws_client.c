/* A request's way: credentials -> endpoint -> wire -> host -> verdict -> (once more, signed
 * otherwise) -> done. */
#include "aws.h"

#include "aws_bearer.h"
#include "aws_classify.h"
#include "aws_io.h"
#include "aws_roles.h"
#include "aws_wire.h"
#include "credentials.h"
#include "hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_OPEN 4096u /* requests at a time: what is above is refused, and says so */

enum stage { STAGE_KEYS, STAGE_HTTP, STAGE_ENDING };

struct send {
    struct send *next, **back;
    struct evac_aws *aws;
    uint64_t id;
    struct evac_arena *arena;
    struct evac_aws_request request; /* a copy */
    const struct evac_aws_service *service;
    struct evac_endpoint endpoint;
    struct evac_credentials *credentials; /* the controller's, or the app's role's */
    evac_aws_done_fn *done;
    void *user;

    enum stage stage;
    uint64_t http_id, timer_id;
    bool cancelled;
    bool clock_mended, region_mended;
    struct evac_str region; /* of the bucket, once S3 has told */
    unsigned attempt;
    char invocation_id[37];
    struct evac_err why; /* ENDING: why it was never sent */
};

struct evac_aws {
    const struct evac_host *host;
    struct evac_aws_io *io;
    struct evac_arena *arena;
    struct evac_aws_config config;
    struct evac_credentials *credentials;
    struct evac_aws_roles *roles; /* of apps, on those */
    struct evac_aws_skew skew;
    struct evac_sigv4_cache cache;
    struct send *sends;
    size_t open;
    uint64_t last_id;
};

static enum evac_code attempt(struct send *s, const struct evac_aws_keys *keys,
                              struct evac_err *err);
static void on_keys(void *user, const struct evac_aws_keys *keys, const struct evac_err *err);

/* --- open and close --- */

/* A wrong endpoint is better told at the start than at three in the morning. */
static enum evac_code check_settings(struct evac_aws *aws, struct evac_err *err)
{
    static const char *const regions[] = { "region", "sts_region" };
    struct evac_endpoint endpoint;
    const struct evac_args *s = &aws->config.settings;
    for (size_t i = 0; i < 2; i++)
        if (evac_args_has(s, regions[i]) && !evac_endpoint_is_region(evac_args_get(s, regions[i])))
            return evac_fail(err, EVAC_E_BADCONF, "%s '%.*s' is not an AWS region's name",
                             regions[i], EVAC_STR_ARG(evac_args_get(s, regions[i])));
    if (evac_args_has(s, "ca_bundle"))
        return evac_fail(err, EVAC_E_BADCONF,
                         "ca_bundle is not set here: TLS is the controller's, which takes "
                         "AWS_CA_BUNDLE from its environment");
    const struct evac_endpoint_wish wish = { .service = evac_aws_service("sts"),
                                             .region = EVAC_STR("us-east-1") };
    enum evac_code code = evac_endpoint_find(&aws->config, &wish, aws->arena, &endpoint, err);
    return code ? code : evac_aws_roles_check(s, err);
}

enum evac_code evac_aws_open(const struct evac_host *host, const struct evac_args *settings,
                             struct evac_aws **ret_aws, struct evac_err *err)
{
    struct evac_aws *aws = calloc(1, sizeof *aws);
    if (!aws)
        abort();
    aws->host = host;
    aws->arena = evac_arena_new();
    aws->io = evac_aws_io_new(host);
    aws->credentials = evac_credentials_new(host, aws->io, settings, &aws->skew, &aws->cache);
    enum evac_code code = evac_aws_config_load(host, settings, aws->arena, &aws->config, err);
    if (code == EVAC_OK) {
        evac_aws_config_wipe(&aws->config);
        code = check_settings(aws, err);
        aws->roles = evac_aws_roles_new(host, aws->io, &aws->config.settings, &aws->skew,
                                        &aws->cache, aws->credentials);
    }
    if (code != EVAC_OK) {
        evac_aws_close(aws);
        return code;
    }
    *ret_aws = aws;
    return EVAC_OK;
}

static void send_unlink(struct send *s)
{
    *s->back = s->next;
    if (s->next)
        s->next->back = s->back;
    s->aws->open--;
}

static void send_free(struct send *s)
{
    evac_arena_free(s->arena);
    free(s);
}

void evac_aws_close(struct evac_aws *aws)
{
    if (!aws)
        return;
    while (aws->sends) {
        if (aws->sends->stage == STAGE_ENDING)
            aws->host->timer_stop(aws->host->ctx, aws->sends->timer_id);
        struct send *s = aws->sends;
        send_unlink(s);
        send_free(s);
    }
    evac_aws_roles_free(aws->roles);
    evac_credentials_free(aws->credentials);
    evac_aws_io_free(aws->io);
    evac_sigv4_cache_done(&aws->cache);
    evac_arena_free(aws->arena);
    free(aws);
}

void evac_aws_prepare(struct evac_aws *aws, struct evac_str app, struct evac_str region)
{
    evac_aws_roles_prepare(aws->roles, app, region);
}

struct evac_str evac_aws_signer(const struct evac_aws *aws, struct evac_str app,
                                struct evac_str region, struct evac_arena *arena)
{
    struct evac_aws_role role;
    if (!evac_aws_role_of(&aws->config.settings, app, region, arena, &role))
        return EVAC_STR_NONE;
    return evac_arena_printf(arena, "%.*s %.*s", EVAC_STR_ARG(role.arn),
                             EVAC_STR_ARG(role.external_id));
}

const struct evac_host *evac_aws_host(const struct evac_aws *aws)
{
    return aws->host;
}

/* --- the end --- */

/* done may send anew, or close the client: nothing but s itself is touched after it. */
static void finish(struct send *s, const struct evac_aws_reply *reply)
{
    send_unlink(s);
    s->done(s->user, reply);
    send_free(s);
}

static void finish_unsent(struct send *s)
{
    struct evac_aws_reply reply = { .outcome = EVAC_OUTCOME_NOT_SENT,
                                    .message = evac_str(s->why.text) };
    finish(s, &reply);
}

static void on_ending(void *user)
{
    finish_unsent(user);
}

/* Never sent: told later, from the loop, as everything is. */
static enum evac_code end_unsent(struct send *s, struct evac_err *err)
{
    s->stage = STAGE_ENDING;
    return s->aws->host->timer(s->aws->host->ctx, 0, on_ending, s, &s->timer_id, err);
}

/* --- the reply --- */

static bool learn(struct send *s, const struct evac_aws_verdict *v)
{
    const struct evac_host *host = s->aws->host;
    if (v->cure == EVAC_AWS_CURE_KEYS) {
        evac_credentials_rejected(s->credentials);
    } else if (v->cure == EVAC_AWS_CURE_CLOCK && !s->clock_mended) {
        s->clock_mended = true;
        return evac_aws_skew_learn(&s->aws->skew, s->endpoint.host, host->wall_ms(host->ctx),
                                   v->date_ms);
    } else if (v->cure == EVAC_AWS_CURE_REGION && !s->region_mended &&
               !evac_str_eq(v->region, s->endpoint.region)) {
        s->region_mended = true;
        s->region = evac_arena_str(s->arena, v->region);
        return true;
    }
    return false;
}

/* With keys, or later when there are some. A refusal tells why it can not even be tried. */
static enum evac_code begin(struct send *s, struct evac_err *err)
{
    const struct evac_aws_keys *keys = NULL;
    if (s->request.anonymous || (s->request.server && s->request.server->token_file.n))
        return attempt(s, NULL, err);
    s->stage = STAGE_KEYS;
    enum evac_code code =
        evac_credentials_get(s->credentials, s->request.region, on_keys, s, &keys, &s->why);
    if (code == EVAC_E_BUSY)
        return evac_fail(err, code, "%s", s->why.text);
    if (code != EVAC_OK)
        return end_unsent(s, err);
    return keys ? attempt(s, keys, err) : EVAC_OK;
}

static void on_reply(void *user, const struct evac_http_reply *http)
{
    struct send *s = user;
    struct evac_aws_verdict v;
    evac_aws_classify(s->service, &s->request, http, s->arena, &v);
    /* What can not be tried once more stands as it was refused. */
    bool again = !s->cancelled && learn(s, &v) && begin(s, NULL) == EVAC_OK;
    if (!again)
        finish(s, &v.reply);
    evac_aws_verdict_done(&v);
}

/* --- on the way --- */

static enum evac_code find_endpoint(struct send *s, struct evac_err *err)
{
    const struct evac_endpoint_wish wish = { s->service,
                                             s->region.n ? s->region : s->request.region,
                                             s->request.bucket, s->request.endpoint,
                                             s->request.region_set };
    if (s->request.server)
        return evac_endpoint_server(s->request.server->origin, wish.region, s->arena, &s->endpoint,
                                    err);
    return evac_endpoint_find(&s->aws->config, &wish, s->arena, &s->endpoint, err);
}

/* For a server that takes a token in place of a signature. */
static enum evac_code find_bearer(struct send *s, struct evac_aws_wire *wire, struct evac_err *err)
{
    struct evac_aws *aws = s->aws;
    const struct evac_aws_server *server = s->request.server;
    const struct evac_endpoint_wish wish = { .service = evac_aws_service("sts"),
                                             .region = s->endpoint.region };
    struct evac_endpoint sts;
    if (server && server->token_file.n)
        return evac_aws_file_token(aws->host, server->token_file, s->arena, &wire->bearer, err);
    if (!server || !server->cluster.n)
        return EVAC_OK;
    enum evac_code code = evac_endpoint_own(&aws->config, &wish, s->arena, &sts, err);
    return code ? code
                : evac_aws_cluster_token(&sts, server->cluster, wire->identity, wire->cache,
                                         wire->wall_ms, s->arena, &wire->bearer, err);
}

static enum evac_code attempt(struct send *s, const struct evac_aws_keys *keys,
                              struct evac_err *err)
{
    struct evac_aws *aws = s->aws;
    struct evac_http_request http;
    struct evac_sigv4_identity identity = { 0 };
    if (keys)
        identity = evac_aws_keys_identity(keys);
    enum evac_code code = find_endpoint(s, err);
    if (code != EVAC_OK)
        return code;
    struct evac_aws_wire wire = {
        .service = s->service,
        .endpoint = &s->endpoint,
        .request = &s->request,
        .identity = keys ? &identity : NULL,
        .cache = &aws->cache,
        .wall_ms =
            aws->host->wall_ms(aws->host->ctx) + evac_aws_skew_of(&aws->skew, s->endpoint.host),
        .invocation_id = s->invocation_id,
        .attempt = ++s->attempt,
    };
    code = find_bearer(s, &wire, err);
    if (code == EVAC_OK)
        code = evac_aws_wire_build(&wire, s->arena, &http, err);
    if (code == EVAC_OK)
        code = evac_aws_io_http(aws->io, &http, on_reply, s, &s->http_id, err);
    if (code == EVAC_OK)
        s->stage = STAGE_HTTP;
    return code;
}

static void on_keys(void *user, const struct evac_aws_keys *keys, const struct evac_err *err)
{
    struct send *s = user;
    s->why = *err;
    if (keys && attempt(s, keys, &s->why) == EVAC_OK)
        return;
    finish_unsent(s);
}

/* --- asked --- */

static const char *dup_or_null(struct evac_arena *arena, const char *text)
{
    return text ? evac_arena_dup(arena, text) : NULL;
}

static const struct evac_aws_server *copy_server(struct evac_arena *arena,
                                                 const struct evac_aws_server *from)
{
    struct evac_aws_server *server = evac_arena_alloc(arena, sizeof *server);
    *server = (struct evac_aws_server){ evac_arena_str(arena, from->origin),
                                        evac_arena_str(arena, from->ca),
                                        evac_arena_str(arena, from->cluster),
                                        evac_arena_str(arena, from->token_file) };
    return server;
}

static void copy_request(struct send *s, const struct evac_aws_request *from)
{
    struct evac_arena *a = s->arena;
    struct evac_arg *params = evac_arena_array(a, from->param_count + 1, sizeof *params);
    struct evac_http_header *headers = evac_arena_array(a, from->header_count + 1, sizeof *headers);
    s->request = *from;
    for (size_t i = 0; i < from->param_count; i++)
        params[i] = (struct evac_arg){ evac_arena_str(a, from->params[i].name),
                                       evac_arena_str(a, from->params[i].value) };
    for (size_t i = 0; i < from->header_count; i++)
        headers[i] = (struct evac_http_header){ evac_arena_str(a, from->headers[i].name),
                                                evac_arena_str(a, from->headers[i].value) };
    s->request.service = s->service->name;
    s->request.operation = evac_arena_dup(a, from->operation);
    s->request.region = evac_arena_str(a, from->region);
    s->request.endpoint = evac_arena_str(a, from->endpoint);
    s->request.app = evac_arena_str(a, from->app);
    s->request.run = evac_arena_str(a, from->run);
    s->request.region_set = dup_or_null(a, from->region_set);
    s->request.method = dup_or_null(a, from->method);
    s->request.bucket = evac_arena_str(a, from->bucket);
    s->request.path = evac_arena_str(a, from->path);
    s->request.params = params;
    s->request.headers = headers;
    s->request.body = evac_arena_str(a, from->body);
    s->request.content_type = dup_or_null(a, from->content_type);
    s->request.server = from->server && !s->service->endpoint ? copy_server(a, from->server) : NULL;
}

/* RFC 9562 5.4 */
static void make_uuid(const struct evac_host *host, char ret_text[37])
{
    unsigned char b[16];
    host->random(host->ctx, b, sizeof b);
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    for (size_t i = 0; i < sizeof b; i++) {
        evac_hex(&b[i], 1, ret_text);
        ret_text += 2;
        if (i == 3 || i == 5 || i == 7 || i == 9)
            *ret_text++ = '-';
    }
    *ret_text = '\0';
}

static struct send *send_new(struct evac_aws *aws, const struct evac_aws_service *service,
                             const struct evac_aws_request *request, evac_aws_done_fn *done,
                             void *user)
{
    struct send *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    s->aws = aws;
    s->id = ++aws->last_id;
    s->arena = evac_arena_new();
    s->service = service;
    s->done = done;
    s->user = user;
    copy_request(s, request);
    s->credentials =
        evac_aws_roles_find(aws->roles, request->app, request->run,
                            request->region.n ? request->region : evac_str(service->global_region));
    make_uuid(aws->host, s->invocation_id);
    s->next = aws->sends;
    s->back = &aws->sends;
    if (s->next)
        s->next->back = &s->next;
    aws->sends = s;
    aws->open++;
    return s;
}

static enum evac_code check_request(const struct evac_aws *aws,
                                    const struct evac_aws_request *request,
                                    const struct evac_aws_service *service, struct evac_err *err)
{
    if (!service)
        return evac_fail(err, EVAC_E_BADARG, "no AWS service '%s' is known here",
                         request->service ? request->service : "");
    if (!request->operation)
        return evac_fail(err, EVAC_E_BADARG, "%s: a request without an operation", service->name);
    if (request->region.n == 0 && !service->global_region)
        return evac_fail(err, EVAC_E_BADARG, "%s:%s: no region was given", service->name,
                         request->operation);
    if (request->body.n > EVAC_AWS_MAX_BODY_BYTES)
        return evac_fail(err, EVAC_E_TOOBIG, "%s:%s: a body of %zu bytes, %u are allowed",
                         service->name, request->operation, request->body.n,
                         EVAC_AWS_MAX_BODY_BYTES);
    if (aws->open >= MAX_OPEN)
        return evac_fail(err, EVAC_E_BUSY, "%u AWS requests are open already, no more are taken",
                         MAX_OPEN);
    return EVAC_OK;
}

enum evac_code evac_aws_send(struct evac_aws *aws, const struct evac_aws_request *request,
                             evac_aws_done_fn *done, void *user, uint64_t *ret_id,
                             struct evac_err *err)
{
    const struct evac_aws_service *service = evac_aws_service(request->service);
    enum evac_code code = check_request(aws, request, service, err);
    if (code != EVAC_OK)
        return code;
    struct send *s = send_new(aws, service, request, done, user);
    code = begin(s, err);
    if (code != EVAC_OK) {
        send_unlink(s);
        send_free(s);
        return code;
    }
    if (ret_id)
        *ret_id = s->id;
    return EVAC_OK;
}

void evac_aws_cancel(struct evac_aws *aws, uint64_t id)
{
    struct send *s = aws->sends;
    while (s && s->id != id)
        s = s->next;
    if (!s || s->cancelled)
        return;
    s->cancelled = true;
    if (s->stage == STAGE_HTTP) {
        evac_aws_io_cancel(aws->io, s->http_id);
    } else if (s->stage == STAGE_KEYS) {
        (void)evac_credentials_forget(aws->credentials, s);
        (void)evac_fail(&s->why, EVAC_E_REFUSED, "cancelled before it was sent");
        if (end_unsent(s, NULL) != EVAC_OK)
            aws->host->debug(aws->host->ctx, "aws_cancel_lost id=%llu", (unsigned long long)id);
    }
}

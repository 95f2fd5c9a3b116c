/*
 * HTTP endpoints: looks at an app as its users do, at one region's own address or at the public
 * one, and calls hooks. A live answer is a strong read: nothing is cached on the way that this side
 * asked for.
 */
#include "evac/arena.h"
#include "local_pack.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CONNECT_MS 3000u
#define TOTAL_MS   5000u
#define REPLY_MAX  65536u

static const struct evac_param resource_params[] = {
    { "url", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "public URL" },
    { "regional", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL,
      "URL of one region's own address; {region} is replaced" },
    { "expect", EVAC_PARAM_TEXT, 0, "", NULL, "text that the answer must contain" },
    { "served_by", EVAC_PARAM_TEXT, 0, "", NULL,
      "response header that names the serving region; without it the body's \"region\":\"...\"" },
    { 0 },
};

static const struct evac_param verify_params[] = {
    { "writable", EVAC_PARAM_BOOL, 0, "false", NULL, "the body must say \"writable\":true" },
    { 0 },
};

static const struct evac_param public_params[] = {
    { "by", EVAC_PARAM_CHOICE, 0, "to", "to|rest|any",
      "who must serve it: the region that takes over, any but the one that is left, anybody" },
    { 0 },
};

static const struct evac_param call_params[] = {
    { "method", EVAC_PARAM_CHOICE, 0, "POST", "POST|PUT", "method" },
    { "url", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "URL to call" },
    { "body", EVAC_PARAM_TEXT, 0, "", NULL, "body to send" },
    { 0 },
};

static const struct evac_param still_params[] = {
    { "regional", EVAC_PARAM_TEXT, EVAC_PARAM_OF_RESOURCE, NULL, NULL, "" },
    { 0 },
};

static const struct evac_action actions[] = {
    { "verify", "the region's own endpoint answers as it should", EVAC_ACTION_VERIFIES,
      EVAC_FENCING_NONE, 2000, 300000, verify_params, NULL },
    { "public", "the public endpoint works, served by whom it should be", EVAC_ACTION_PUBLIC,
      EVAC_FENCING_NONE, 10000, 600000, public_params, NULL },
    { EVAC_ACTION_STILL, "the region's own endpoint does not say that it is writable", 0,
      EVAC_FENCING_NONE, 2000, 60000, still_params, NULL },
    { "call", "a web hook is called once, with an idempotency key",
      EVAC_ACTION_MUTATES | EVAC_ACTION_BLIND, EVAC_FENCING_TOKEN, 2000, 60000, call_params, NULL },
    { 0 },
};

/* --- what an answer means
 * ------------------------------------------------------------------------------------ */

static bool body_says(struct evac_str body, const char *key, struct evac_str value, bool quoted)
{
    char plain[160], spaced[160];
    const char *q = quoted ? "\"" : "";
    snprintf(plain, sizeof plain, "\"%s\":%s%.*s%s", key, q, EVAC_STR_ARG(value), q);
    snprintf(spaced, sizeof spaced, "\"%s\": %s%.*s%s", key, q, EVAC_STR_ARG(value), q);
    return evac_str_has(body, plain) || evac_str_has(body, spaced);
}

static struct evac_str printed(struct local_call *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static struct evac_str printed(struct local_call *c, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct evac_str s = evac_arena_vprintf(c->arena, fmt, ap);
    va_end(ap);
    return s;
}

static bool is_served_by(const struct local_call *c, const struct evac_http_reply *http,
                         struct evac_str region)
{
    if (c->served_by.n)
        return evac_str_eq(evac_http_header(http, c->served_by.p), region);
    return body_says(http->body, "region", region, true);
}

static struct evac_str who_serves_wrongly(struct local_call *c, const struct evac_http_reply *http)
{
    if (evac_str_is(c->by, "rest") && is_served_by(c, http, c->from))
        return printed(c, "it is still served by %.*s", EVAC_STR_ARG(c->from));
    if (!evac_str_is(c->by, "rest") && !evac_str_is(c->by, "any") &&
        !is_served_by(c, http, c->region))
        return printed(c, "it is not served by %.*s yet", EVAC_STR_ARG(c->region));
    return EVAC_STR_NONE;
}

/* "" when all is as wanted. */
static struct evac_str what_lacks(struct local_call *c, const struct evac_http_reply *http)
{
    if (http->status < 200 || http->status > 299)
        return printed(c, "it answers with status %d", http->status);
    if (c->expect.n && !evac_str_has(http->body, c->expect.p))
        return printed(c, "the answer lacks '%.*s'", EVAC_STR_ARG(c->expect));
    if (c->want_writable && !body_says(http->body, "writable", EVAC_STR("true"), false))
        return EVAC_STR("it does not accept writes yet");
    if (!c->public_look)
        return EVAC_STR_NONE;
    return who_serves_wrongly(c, http);
}

static struct evac_str snapshot(struct local_call *c, const struct evac_http_reply *http)
{
    struct evac_buf json;
    evac_buf_init(&json, REPLY_MAX);
    evac_buf_putf(&json, "{\"status\":%d,\"body\":", http->status);
    evac_buf_json(&json,
                  (struct evac_str){ http->body.p, http->body.n < 512 ? http->body.n : 512 });
    evac_buf_putc(&json, '}');
    struct evac_str kept = evac_arena_str(c->arena, evac_buf_str(&json));
    evac_buf_done(&json);
    return kept;
}

/* The region was left: silence proves nothing, and only writes are told. */
static void looked_back(void *user, const struct evac_http_reply *http)
{
    static const struct evac_fact writes = { "writes", 1 };
    struct local_call *c = user;
    struct evac_reply reply = { .verb = EVAC_VERB_OBSERVE, .strong = true, .progress = -1 };
    if (http->fate != EVAC_HTTP_REPLIED) {
        reply.seen = EVAC_SEEN_UNSEEN;
        reply.reason = printed(c, "it can not be reached: %s", http->error);
    } else if (body_says(http->body, "writable", EVAC_STR("true"), false)) {
        reply.seen = EVAC_SEEN_UNSATISFIED;
        reply.reason = EVAC_STR("it says that it accepts writes");
        reply.facts = &writes;
        reply.fact_count = 1;
    } else {
        reply.seen = EVAC_SEEN_SATISFIED;
    }
    local_answer(c, &reply);
}

static void looked(void *user, const struct evac_http_reply *http)
{
    struct local_call *c = user;
    struct evac_reply reply = { .verb = EVAC_VERB_OBSERVE, .strong = true, .progress = -1 };
    if (http->fate != EVAC_HTTP_REPLIED) {
        /* an endpoint that can not be reached is just what a recovery waits for */
        reply.seen = EVAC_SEEN_UNSATISFIED;
        reply.reason = printed(c, "it can not be reached: %s", http->error);
    } else {
        reply.reason = what_lacks(c, http);
        reply.seen = reply.reason.n ? EVAC_SEEN_UNSATISFIED : EVAC_SEEN_SATISFIED;
        reply.snapshot = snapshot(c, http);
    }
    local_answer(c, &reply);
}

static void called(void *user, const struct evac_http_reply *http)
{
    struct local_call *c = user;
    struct evac_reply reply = { .verb = EVAC_VERB_APPLY, .progress = -1 };
    if (http->fate != EVAC_HTTP_REPLIED) {
        reply.outcome =
            http->fate == EVAC_HTTP_NOT_SENT ? EVAC_OUTCOME_NOT_SENT : EVAC_OUTCOME_UNKNOWN;
        reply.reason = evac_str(http->error);
    } else if (http->status >= 200 && http->status < 300) {
        reply.outcome = EVAC_OUTCOME_ACCEPTED;
    } else if (http->status == 429 || http->status == 503) {
        reply.outcome = EVAC_OUTCOME_THROTTLED;
        reply.reason = printed(c, "it answers with status %d", http->status);
    } else {
        bool server = http->status >= 500 || http->status == 408;
        reply.outcome = server ? EVAC_OUTCOME_UNKNOWN : EVAC_OUTCOME_REJECTED;
        reply.reason = printed(c, "it answers with status %d", http->status);
    }
    local_answer(c, &reply);
}

/* --- calls
 * -----------------------------------------------------------------------------------------------------
 */

static enum evac_code look(struct local_call *c, const struct evac_call *call, struct evac_err *err)
{
    const struct evac_host *host = c->link->host;
    c->public_look = strcmp(call->action, "public") == 0;
    c->want_writable = evac_args_bool(call->args, "want.writable", false);
    c->by = evac_arena_str(c->arena, evac_args_get(call->args, "want.by"));
    c->from = evac_arena_str(c->arena, evac_args_get(call->args, "from"));
    c->expect = evac_arena_str(c->arena, evac_args_get(call->args, "expect"));
    c->served_by = evac_arena_str(c->arena, evac_args_get(call->args, "served_by"));
    struct evac_str url = c->public_look ? evac_args_get(call->args, "url")
                                         : evac_args_regional(call->args, "regional", c->region);
    if (url.n == 0)
        return evac_fail(err, EVAC_E_BADARG, "there is no 'regional' URL to look at");
    struct evac_http_request request = { .method = EVAC_STR("GET"),
                                         .url = url,
                                         .connect_ms = CONNECT_MS,
                                         .total_ms = TOTAL_MS,
                                         .max_reply_bytes = REPLY_MAX,
                                         .region = c->public_look ? EVAC_STR_NONE : c->region,
                                         .operation = EVAC_STR("http:Get"),
                                         .fresh = c->public_look };
    evac_http_done_fn *then = strcmp(call->action, EVAC_ACTION_STILL) == 0 ? looked_back : looked;
    return host->http(host->ctx, &request, then, c, &c->host_id, err);
}

static enum evac_code hook(struct local_call *c, const struct evac_call *call, struct evac_err *err)
{
    const struct evac_host *host = c->link->host;
    struct evac_http_header headers[] = {
        { EVAC_STR("Idempotency-Key"), evac_str(call->token) },
        { EVAC_STR("Content-Type"), EVAC_STR("application/json") },
    };
    struct evac_http_request request = { .method = evac_args_get(call->args, "want.method"),
                                         .url = evac_args_get(call->args, "want.url"),
                                         .headers = headers,
                                         .header_count = 2,
                                         .body = evac_args_get(call->args, "want.body"),
                                         .connect_ms = CONNECT_MS,
                                         .total_ms = 20000,
                                         .max_reply_bytes = REPLY_MAX,
                                         .operation = EVAC_STR("http:Call"),
                                         .mutates = true };
    return host->http(host->ctx, &request, called, c, &c->host_id, err);
}

static enum evac_code call_http(struct evac_link *link, const struct evac_call *call,
                                evac_done_fn *done, void *user, uint64_t *ret_id,
                                struct evac_err *err)
{
    enum evac_code code = EVAC_E_UNSUPPORTED;
    struct local_call *c = local_begin(link, call, done, user);
    bool is_hook = strcmp(call->action, "call") == 0;
    c->cancellable = true;
    if (call->verb == EVAC_VERB_OBSERVE && !is_hook)
        code = look(c, call, err);
    else if (call->verb == EVAC_VERB_APPLY && is_hook)
        code = hook(c, call, err);
    else
        (void)evac_fail(err, code, "http.%s can not %s", call->action, evac_verb_name(call->verb));
    if (code) {
        local_drop(c);
        return code;
    }
    *ret_id = c->id;
    return EVAC_OK;
}

const struct evac_driver evac_driver_http = {
    "http", "an HTTP endpoint", resource_params, actions, 0, NULL, call_http, local_cancel
};

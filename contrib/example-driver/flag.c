/*
 * flag: a value of a key-value service over HTTP, for instance a feature flag that makes an
 * application read-only before its data moves. The service's whole interface:
 *
 *   GET URL   200, the value, ETag: "version"; 404 when it was never set
 *   PUT URL   If-Match: "version" (or If-None-Match: * for the first value); 412 when another
 *             writer was faster, and nothing was changed
 *
 * What a driver owes is in evac/driver.h; contrib/DRIVERS.md walks through this file.
 */
#include <evac/arena.h>
#include <evac/driver.h>

#include <stdlib.h>
#include <string.h>

#define CONNECT_MS  3000u
#define TOTAL_MS    10000u
#define VALUE_BYTES 4096u

/* --- tables: what a configuration may write, and what each action is ------------------------- */

static const struct evac_param resource_params[] = {
    { "url", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL,
      "where the value is: \"http://flags.{region}.example.com/read-only\"" },
    { 0 },
};

static const struct evac_param set_params[] = {
    { "value", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "what it is to be" },
    { 0 },
};

/* Facts for the lint and for who grants permissions: which call, served from where. */
static const struct evac_op look_ops[] = {
    { "flags", "GetValue", NULL, EVAC_HOME_STEP, NULL, false, false, NULL },
    { 0 },
};

static const struct evac_op set_ops[] = {
    { "flags", "GetValue", NULL, EVAC_HOME_STEP, NULL, false, false, NULL },
    { "flags", "PutValue", NULL, EVAC_HOME_STEP, NULL, false, true, NULL },
    { 0 },
};

static const struct evac_action actions[] = {
    { .name = "set",
      .doc = "the value is what it should be",
      .flags = EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE,
      .fencing = EVAC_FENCING_VERSION, /* If-Match: a late request of an older decision gets 412 */
      .usual_ms = 200,
      .deadline_ms = 60000,
      .params = set_params,
      .ops = set_ops },
    { .name = "ready",
      .doc = "the service answers",
      .fencing = EVAC_FENCING_NONE,
      .usual_ms = 200,
      .deadline_ms = 60000,
      .ops = look_ops },
    { 0 },
};

/* --- one open call ---------------------------------------------------------------------------- */

struct evac_link {
    const struct evac_host *host;
    struct flag_call *calls; /* open ones */
    uint64_t next_id;
};

struct flag_call {
    struct flag_call *next;
    struct evac_link *link;
    struct evac_arena *arena; /* dies with the call */
    uint64_t id, host_id;
    enum evac_verb verb;
    bool only_look; /* "ready" */
    struct evac_str goal;
    evac_done_fn *done;
    void *user;
};

static void forget(struct flag_call *call)
{
    struct flag_call **at = &call->link->calls;
    while (*at != call)
        at = &(*at)->next;
    *at = call->next;
    evac_arena_free(call->arena);
}

/* done runs exactly once; what reply points at lives until it returns. */
static void answer(struct flag_call *call, const struct evac_reply *reply)
{
    call->done(call->user, reply);
    forget(call);
}

/* --- observe: what is it now? ----------------------------------------------------------------- */

/* {"value":"on"}, or {} when it was never set: enough to go back to. */
static struct evac_str snapshot_of(struct evac_arena *arena, const struct evac_http_reply *http)
{
    struct evac_buf json;
    if (http->status == 404)
        return EVAC_STR("{}");
    evac_buf_init(&json, 8 * VALUE_BYTES);
    evac_buf_puts(&json, "{\"value\":");
    evac_buf_json(&json, evac_str_trim(http->body));
    evac_buf_putc(&json, '}');
    struct evac_str text = evac_arena_str(arena, evac_buf_str(&json));
    evac_buf_done(&json);
    return text;
}

/* Not to know is an answer of its own: UNSEEN is never UNSATISFIED. */
static void observed(void *user, const struct evac_http_reply *http)
{
    struct flag_call *call = user;
    struct evac_reply reply = {
        .verb = EVAC_VERB_OBSERVE, .seen = EVAC_SEEN_UNSEEN, .progress = -1, .strong = true
    }; /* versioned: this one look may close a step */
    bool there = http->fate == EVAC_HTTP_REPLIED && http->status == 200;
    if (there || (http->fate == EVAC_HTTP_REPLIED && http->status == 404)) {
        bool is_so = there && evac_str_eq(evac_str_trim(http->body), call->goal);
        reply.seen = is_so || call->only_look ? EVAC_SEEN_SATISFIED : EVAC_SEEN_UNSATISFIED;
        reply.version = evac_http_header(http, "etag");
        reply.snapshot = snapshot_of(call->arena, http);
    } else if (http->fate == EVAC_HTTP_REPLIED) {
        reply.reason = evac_arena_printf(call->arena, "the flag service says %d", http->status);
    } else {
        reply.reason = evac_str(http->error);
    }
    answer(call, &reply);
}

/* --- apply: make it so ------------------------------------------------------------------------ */

/* The four things that may have become of a request; the difference keeps data safe. */
static enum evac_outcome outcome_of(const struct evac_http_reply *http)
{
    if (http->fate == EVAC_HTTP_NOT_SENT)
        return EVAC_OUTCOME_NOT_SENT; /* certain: no byte reached the service */
    if (http->fate == EVAC_HTTP_LOST || http->status >= 500)
        return EVAC_OUTCOME_UNKNOWN; /* it may have been done, or may yet: evac observes */
    if (http->status == 429)
        return EVAC_OUTCOME_THROTTLED;
    return http->status < 300 ? EVAC_OUTCOME_ACCEPTED : EVAC_OUTCOME_REJECTED;
}

static void applied(void *user, const struct evac_http_reply *http)
{
    struct flag_call *call = user;
    struct evac_reply reply = { .verb = EVAC_VERB_APPLY,
                                .outcome = outcome_of(http),
                                .progress = -1 };
    if (http->fate != EVAC_HTTP_REPLIED)
        reply.reason = evac_str(http->error);
    else if (http->status == 412)
        reply.reason = EVAC_STR("another writer was faster; nothing was changed");
    else if (http->status >= 300)
        reply.reason = evac_arena_printf(call->arena, "the flag service says %d", http->status);
    answer(call, &reply);
}

/* --- the two questions, asked ----------------------------------------------------------------- */

/* The value inside of our own snapshot: only what snapshot_of() wrote is read. */
static struct evac_str goal_of(struct flag_call *call, const struct evac_call *asked)
{
    static const char head[] = "{\"value\":\"";
    size_t n = sizeof head - 1;
    if (asked->goal.n == 0)
        return evac_arena_str(call->arena, evac_args_get(asked->args, "want.value"));
    if (asked->goal.n < n + 2 || memcmp(asked->goal.p, head, n) != 0)
        return EVAC_STR_NONE;
    return evac_arena_str(call->arena,
                          (struct evac_str){ asked->goal.p + n, asked->goal.n - n - 2 });
}

static enum evac_code send(struct flag_call *call, const struct evac_call *asked,
                           struct evac_err *err)
{
    const struct evac_host *host = call->link->host;
    struct evac_str region = evac_args_get(asked->args, "region");
    bool apply = asked->verb == EVAC_VERB_APPLY, first = asked->version.n == 0;
    const struct evac_http_header guard = {
        first ? EVAC_STR("If-None-Match") : EVAC_STR("If-Match"),
        first ? EVAC_STR("*") : asked->version,
    };
    const struct evac_http_request request = {
        .method = apply ? EVAC_STR("PUT") : EVAC_STR("GET"),
        .url = evac_args_regional(asked->args, "url", region),
        .headers = &guard,
        .header_count = apply ? 1 : 0,
        .body = apply ? call->goal : EVAC_STR_NONE,
        .connect_ms = CONNECT_MS,
        .total_ms = TOTAL_MS,
        .max_reply_bytes = VALUE_BYTES,
        .region = region, /* an isolated drill must be able to refuse it */
        .operation = apply ? EVAC_STR("flags:PutValue") : EVAC_STR("flags:GetValue"),
        .mutates = apply, /* and a rehearsal, too */
    };
    return host->http(host->ctx, &request, apply ? applied : observed, call, &call->host_id, err);
}

static enum evac_code call_flag(struct evac_link *link, const struct evac_call *asked,
                                evac_done_fn *done, void *user, uint64_t *ret_id,
                                struct evac_err *err)
{
    if (asked->verb != EVAC_VERB_OBSERVE && asked->verb != EVAC_VERB_APPLY)
        return evac_fail(err, EVAC_E_UNSUPPORTED, "flag.%s can not %s", asked->action,
                         evac_verb_name(asked->verb));
    struct evac_arena *arena = evac_arena_new();
    struct flag_call *call = evac_arena_alloc(arena, sizeof *call);
    *call = (struct flag_call){ .next = link->calls,
                                .link = link,
                                .arena = arena,
                                .id = ++link->next_id,
                                .verb = asked->verb,
                                .only_look = strcmp(asked->action, "ready") == 0,
                                .done = done,
                                .user = user };
    call->goal = goal_of(call, asked);
    link->calls = call;
    enum evac_code code = EVAC_OK;
    if (asked->verb == EVAC_VERB_APPLY && asked->goal.n && call->goal.n == 0)
        code =
            evac_fail(err, EVAC_E_UNSUPPORTED, "the flag had no value before: it can not be unset");
    if (!code)
        code = send(call, asked, err);
    if (code) { /* refused: done never runs */
        forget(call);
        return code;
    }
    *ret_id = call->id;
    return EVAC_OK;
}

/* Only asks: done still runs, with whatever turns out to be true. */
static void cancel_flag(struct evac_link *link, uint64_t id)
{
    for (struct flag_call *c = link->calls; c; c = c->next)
        if (c->id == id) {
            link->host->http_cancel(link->host->ctx, c->host_id);
            return;
        }
}

static const struct evac_driver flag = {
    .name = "flag",
    .doc = "a value of a key-value service",
    .params = resource_params,
    .actions = actions,
    .call = call_flag,
    .cancel = cancel_flag,
};

/* --- the pack --------------------------------------------------------------------------------- */

static enum evac_code open_pack(const struct evac_host *host, const struct evac_args *settings,
                                struct evac_link **ret_link, struct evac_err *err)
{
    struct evac_link *link = calloc(1, sizeof *link);
    (void)settings; /* packs = { flags = { ... }; } of evac.cfg */
    if (!link)
        return evac_fail(err, EVAC_E_IO, "no memory");
    link->host = host;
    *ret_link = link;
    return EVAC_OK;
}

static void close_pack(struct evac_link *link)
{
    free(link);
}

static const struct evac_driver *const drivers[] = { &flag, NULL };

__attribute__((visibility("default"))) extern const struct evac_pack evac_pack;
const struct evac_pack evac_pack = {
    .abi = EVAC_DRIVER_ABI,
    .name = "flags",
    .drivers = drivers,
    .open = open_pack,
    .close = close_pack,
};

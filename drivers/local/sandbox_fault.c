/*
 * A fault in evac-sandbox, by its own control: for game days that are played before AWS sees one.
 * The fault is a state with a name and a version: it is put in and taken out by compare and set, so
 * that a request which arrives late changes nothing; and it ends by itself, whatever becomes of the
 * controller.
 */
#include "evac/arena.h"
#include "local_pack.h"

#include <string.h>

#define CONNECT_MS 2000u
#define TOTAL_MS   5000u
#define REPLY_MAX  65536u

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "url", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "where the sandbox listens: \"http://127.0.0.1:8080\"" },
    { "name", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "what the fault is called there, after the app's name: letters, digits, - and _" },
    { "fault", EVAC_PARAM_CHOICE, EVAC_PARAM_REQUIRED, NULL,
      "region-down|region-isolated|app-sick|lag|service-down|service-throttled|service-denied|service-slow|capacity-refused", "what breaks" },
    { "in", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "the region that it breaks in; {from} is the one that users are led to, {to} the other" },
    { "service", EVAC_PARAM_TEXT, 0, NULL, NULL, "whose: as `evac-sandbox operations` prints it; for service-* and capacity-refused" },
    { "delay", EVAC_PARAM_DURATION, 0, NULL, NULL, "how long, up to an hour; for lag and service-slow" },
    { "ends_after", EVAC_PARAM_DURATION, 0, "1h", NULL, "then it ends by itself, 1s to 4h; longer than the drill's patience" },
    { 0 },
};
static const struct evac_action actions[] = {
    { "ready", "the sandbox is there, and knows such a fault", 0, EVAC_FENCING_NONE, 100, 60000, NULL, NULL },
    { "break", "the fault is in", EVAC_ACTION_MUTATES, EVAC_FENCING_VERSION, 500, 60000, NULL, NULL,
      "curl -fsS -d 'fault <app>.<name> out' <url>/_sandbox/control" },
    { "mend", "the fault is out", EVAC_ACTION_MUTATES, EVAC_FENCING_VERSION, 500, 300000, NULL, NULL,
      "curl -fsS -d 'fault <app>.<name> out' <url>/_sandbox/control" },
    { 0 },
};

/* What a fault says beside its region. */
static const struct {
    const char *name;
    bool service, delay;
} faults[] = {
    { "region-down", false, false },    { "region-isolated", false, false },  { "app-sick", false, false },
    { "lag", false, true },             { "service-down", true, false },      { "service-throttled", true, false },
    { "service-denied", true, false },  { "service-slow", true, true },       { "capacity-refused", true, false },
};
/* clang-format on */

static size_t find(struct evac_str name)
{
    size_t i = 0;
    while (i + 1 < sizeof faults / sizeof faults[0] && !evac_str_is(name, faults[i].name))
        i++;
    return i;
}

static bool is_word(struct evac_str text)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    for (size_t i = 0; i < text.n; i++)
        if (!memchr(letters, text.p[i], sizeof letters - 1))
            return false;
    return text.n > 0 && text.n <= 60;
}

static enum evac_code check_pair(const char *fault, const char *param, bool needed, bool given,
                                 struct evac_err *err)
{
    if (needed == given)
        return EVAC_OK;
    return evac_fail(err, EVAC_E_BADCONF,
                     needed ? "fault '%s' needs '%s'" : "fault '%s' takes no '%s'", fault, param);
}

#define END_MIN   1000
#define END_MAX   14400000
#define DELAY_MAX 3600000

static enum evac_code check_time(const struct evac_args *args, const char *param, int64_t min_ms,
                                 int64_t max_ms, struct evac_err *err)
{
    int64_t ms = 0;
    struct evac_str text = evac_args_get(args, param);
    if (text.n == 0 || (evac_duration_ms(text, &ms) && ms >= min_ms && ms <= max_ms))
        return EVAC_OK;
    return evac_fail(err, EVAC_E_BADCONF, "%s is '%.*s'; allowed is %llds to %lldh", param,
                     EVAC_STR_ARG(text), (long long)(min_ms / 1000), (long long)(max_ms / 3600000));
}

static enum evac_code check(const struct evac_args *args, struct evac_err *err)
{
    size_t i = find(evac_args_get(args, "fault"));
    struct evac_str name = evac_args_get(args, "name"), service = evac_args_get(args, "service");
    if (!is_word(name) || (service.n && !is_word(service)))
        return evac_fail(err, EVAC_E_BADCONF,
                         "'%.*s' is no name; allowed are up to 60 letters, digits, - and _",
                         EVAC_STR_ARG(is_word(name) ? service : name));
    enum evac_code code =
        check_pair(faults[i].name, "service", faults[i].service, service.n > 0, err);
    code = code ? code
                : check_pair(faults[i].name, "delay", faults[i].delay,
                             evac_args_get(args, "delay").n > 0, err);
    code = code ? code : check_time(args, "delay", 0, DELAY_MAX, err);
    return code ? code : check_time(args, "ends_after", END_MIN, END_MAX, err);
}

/* --- words ----------------------------------------------------------------------------------- */

/* "region-down us-east-1", "service-slow rds us-east-1 2000": as the sandbox says it. */
static struct evac_str wanted(struct local_call *c, const struct evac_args *args)
{
    size_t i = find(evac_args_get(args, "fault"));
    struct evac_buf text;
    int64_t ms = 0;
    evac_buf_init(&text, 1024);
    evac_buf_puts(&text, faults[i].name);
    if (faults[i].service)
        evac_buf_putf(&text, " %.*s", EVAC_STR_ARG(evac_args_get(args, "service")));
    evac_buf_putf(&text, " %.*s", EVAC_STR_ARG(evac_args_get(args, "in")));
    if (faults[i].delay && evac_duration_ms(evac_args_get(args, "delay"), &ms))
        evac_buf_putf(&text, " %lld", (long long)ms);
    struct evac_str kept = evac_arena_str(c->arena, evac_buf_str(&text));
    evac_buf_done(&text);
    return kept;
}

static struct evac_str name_of(struct local_call *c, const struct evac_args *args)
{
    return evac_arena_printf(c->arena, "%.*s.%.*s", EVAC_STR_ARG(evac_args_get(args, "app")),
                             EVAC_STR_ARG(evac_args_get(args, "name")));
}

static struct evac_str sentence(struct local_call *c, const struct evac_http_reply *http)
{
    struct evac_str rest, line = evac_str_cut(http->body, '\n', &rest);
    if (http->fate != EVAC_HTTP_REPLIED)
        return evac_arena_printf(c->arena, "the sandbox can not be reached: %s", http->error);
    return evac_arena_printf(c->arena, "the sandbox answers %d: %.*s", http->status,
                             EVAC_STR_ARG(line));
}

/* --- looking --------------------------------------------------------------------------------- */

struct sight {
    struct evac_str version, text; /* text: of what is in, "" nothing */
    int64_t left_ms;
};

/* Its line of the sandbox's list: "NAME VERSION in LEFT_MS KIND ..." or "NAME VERSION out". */
static struct sight find_line(struct evac_str list, struct evac_str name)
{
    struct sight s = { EVAC_STR("0"), EVAC_STR_NONE, 0 };
    while (list.n) {
        struct evac_str rest, line = evac_str_cut(list, '\n', &list);
        if (!evac_str_eq(evac_str_cut(line, ' ', &rest), name))
            continue;
        s.version = evac_str_cut(rest, ' ', &rest);
        if (!evac_str_is(evac_str_cut(rest, ' ', &rest), "in"))
            break;
        (void)evac_str_i64(evac_str_cut(rest, ' ', &rest), &s.left_ms);
        s.text = rest;
        break;
    }
    return s;
}

static void unseen(struct local_call *c, const struct evac_http_reply *http)
{
    struct evac_reply reply = { .verb = EVAC_VERB_OBSERVE,
                                .seen = EVAC_SEEN_UNSEEN,
                                .reason = sentence(c, http),
                                .progress = -1 };
    local_answer(c, &reply);
}

static void listed(void *user, const struct evac_http_reply *http)
{
    struct local_call *c = user;
    if (http->fate != EVAC_HTTP_REPLIED || http->status != 200) {
        unseen(c, http);
        return;
    }
    struct sight s = find_line(http->body, c->name);
    bool in = s.text.n > 0, so = c->in ? evac_str_eq(s.text, c->fault) : !in;
    struct evac_reply reply = { .verb = EVAC_VERB_OBSERVE,
                                .seen = so ? EVAC_SEEN_SATISFIED : EVAC_SEEN_UNSATISFIED,
                                .version = s.version,
                                .strong = true,
                                .progress = -1 };
    reply.reason = in ? evac_arena_printf(c->arena, "%.*s is in, for %lld s at most",
                                          EVAC_STR_ARG(s.text), (long long)(s.left_ms / 1000))
                      : EVAC_STR("it is out");
    reply.snapshot = evac_arena_printf(c->arena, "{\"in\":%s}", in ? "true" : "false");
    local_answer(c, &reply);
}

static void checked(void *user, const struct evac_http_reply *http)
{
    struct local_call *c = user;
    bool said_no = http->fate == EVAC_HTTP_REPLIED && http->status == 400;
    struct evac_reply reply = { .verb = EVAC_VERB_OBSERVE, .strong = true, .progress = -1 };
    if (!said_no && (http->fate != EVAC_HTTP_REPLIED || http->status != 200)) {
        unseen(c, http);
        return;
    }
    reply.seen = said_no ? EVAC_SEEN_BLOCKED : EVAC_SEEN_SATISFIED;
    reply.reason = said_no ? sentence(c, http) : EVAC_STR_NONE;
    local_answer(c, &reply);
}

/* --- changing -------------------------------------------------------------------------------- */

/* A conflict says that the version is another by now: certain that nothing was changed. */
static void changed(void *user, const struct evac_http_reply *http)
{
    struct local_call *c = user;
    struct evac_reply reply = { .verb = EVAC_VERB_APPLY, .progress = -1 };
    bool replied = http->fate == EVAC_HTTP_REPLIED;
    bool refused = replied && (http->status == 400 || http->status == 409);
    reply.outcome = http->fate == EVAC_HTTP_NOT_SENT ? EVAC_OUTCOME_NOT_SENT
                    : refused                        ? EVAC_OUTCOME_REJECTED
                    : replied && http->status == 200 ? EVAC_OUTCOME_ACCEPTED
                                                     : EVAC_OUTCOME_UNKNOWN;
    if (reply.outcome != EVAC_OUTCOME_ACCEPTED)
        reply.reason = sentence(c, http);
    local_answer(c, &reply);
}

static enum evac_code ask(struct local_call *c, const struct evac_call *call, const char *page,
                          struct evac_str body, evac_http_done_fn *then, struct evac_err *err)
{
    const struct evac_host *host = c->link->host;
    struct evac_str url = evac_args_get(call->args, "url");
    while (url.n && url.p[url.n - 1] == '/')
        url.n--;
    struct evac_http_request request = { .method = body.n ? EVAC_STR("POST") : EVAC_STR("GET"),
                                         .url = evac_arena_printf(c->arena, "%.*s/_sandbox/%s",
                                                                  EVAC_STR_ARG(url), page),
                                         .body = body,
                                         .connect_ms = CONNECT_MS,
                                         .total_ms = TOTAL_MS,
                                         .max_reply_bytes = REPLY_MAX,
                                         .operation = EVAC_STR("sandbox:Fault"),
                                         .mutates = call->verb == EVAC_VERB_APPLY };
    return host->http(host->ctx, &request, then, c, &c->host_id, err);
}

static enum evac_code change(struct local_call *c, const struct evac_call *call, bool in,
                             struct evac_err *err)
{
    struct evac_str version = call->version.n ? call->version : EVAC_STR("0");
    struct evac_str ends = evac_args_get(call->args, "ends_after");
    struct evac_str body =
        in ? evac_arena_printf(c->arena, "fault %.*s if %.*s for %.*s %.*s", EVAC_STR_ARG(c->name),
                               EVAC_STR_ARG(version), EVAC_STR_ARG(ends), EVAC_STR_ARG(c->fault))
           : evac_arena_printf(c->arena, "fault %.*s if %.*s out", EVAC_STR_ARG(c->name),
                               EVAC_STR_ARG(version));
    return ask(c, call, "control", body, changed, err);
}

static enum evac_code start(struct local_call *c, const struct evac_call *call,
                            struct evac_err *err)
{
    bool ready = strcmp(call->action, "ready") == 0, in = strcmp(call->action, "break") == 0;
    c->name = name_of(c, call->args);
    c->fault = wanted(c, call->args);
    c->in = in;
    if (call->verb == EVAC_VERB_APPLY && !ready)
        return change(c, call, in, err);
    if (call->verb != EVAC_VERB_OBSERVE)
        return evac_fail(err, EVAC_E_UNSUPPORTED, "sandbox-fault.%s can not %s", call->action,
                         evac_verb_name(call->verb));
    if (!ready)
        return ask(c, call, "faults", EVAC_STR_NONE, listed, err);
    struct evac_str body = evac_arena_printf(c->arena, "fault %.*s check %.*s",
                                             EVAC_STR_ARG(c->name), EVAC_STR_ARG(c->fault));
    return ask(c, call, "control", body, checked, err);
}

static enum evac_code call_fault(struct evac_link *link, const struct evac_call *call,
                                 evac_done_fn *done, void *user, uint64_t *ret_id,
                                 struct evac_err *err)
{
    struct local_call *c = local_begin(link, call, done, user);
    c->cancellable = true;
    enum evac_code code = start(c, call, err);
    if (code) {
        local_drop(c);
        return code;
    }
    *ret_id = c->id;
    return EVAC_OK;
}

const struct evac_driver evac_driver_sandbox_fault = { "sandbox-fault",
                                                       "a fault in evac-sandbox",
                                                       resource_params,
                                                       actions,
                                                       0,
                                                       NULL,
                                                       call_fault,
                                                       local_cancel,
                                                       .check = check };

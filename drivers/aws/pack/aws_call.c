/* One open call: how it begins, asks, and is answered. */
#include "aws_allow.h"
#include "aws_gather.h"
#include "aws_lever.h"
#include "aws_pack.h"
#include "aws_parity.h"
#include "aws_time.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* --- life ------------------------------------------------------------------------------------ */

static struct evac_args copy_args(struct evac_arena *arena, const struct evac_args *args)
{
    struct evac_arg *items = evac_arena_array(arena, args->count + 1, sizeof *items);
    for (size_t i = 0; i < args->count; i++)
        items[i] = (struct evac_arg){ evac_arena_str(arena, args->items[i].name),
                                      evac_arena_str(arena, args->items[i].value) };
    return (struct evac_args){ items, args->count };
}

static struct aws_call *begin(struct evac_link *link, const struct evac_call *call,
                              evac_done_fn *done, void *user)
{
    struct evac_arena *arena = evac_arena_new();
    struct aws_call *c = evac_arena_alloc(arena, sizeof *c);
    *c = (struct aws_call){ .next = link->calls,
                            .link = link,
                            .arena = arena,
                            .id = ++link->next_id,
                            .verb = call->verb,
                            .action = evac_arena_dup(arena, call->action ? call->action : ""),
                            .args = copy_args(arena, call->args),
                            .goal = evac_arena_str(arena, call->goal),
                            .version = evac_arena_str(arena, call->version),
                            .token = evac_arena_dup(arena, call->token ? call->token : ""),
                            .deadline_ms = call->deadline_ms,
                            .marker = call->marker,
                            .done = done,
                            .user = user };
    c->app = evac_args_get(&c->args, "app");
    c->region = evac_args_get(&c->args, "region");
    c->from = evac_args_get(&c->args, "from");
    c->to = evac_args_get(&c->args, "to");
    c->mode = evac_args_get(&c->args, "mode");
    link->calls = c;
    return c;
}

static void unlink_call(struct aws_call *c)
{
    struct aws_call **at = &c->link->calls;
    while (*at && *at != c)
        at = &(*at)->next;
    if (*at)
        *at = c->next;
}

static void drop(struct aws_call *c)
{
    unlink_call(c);
    evac_json_free(c->goal_root);
    evac_arena_free(c->arena);
}

static aws_start_fn *start_of(const struct aws_handlers *row, enum evac_verb verb)
{
    aws_start_fn *const by_verb[EVAC_VERB_COUNT] = {
        [EVAC_VERB_OBSERVE] = row->observe, [EVAC_VERB_APPLY] = row->apply,
        [EVAC_VERB_MEASURE] = row->measure, [EVAC_VERB_MARK] = row->mark,
        [EVAC_VERB_SEEK] = row->seek,
    };
    if (!by_verb[verb] && verb == EVAC_VERB_OBSERVE && row->lever)
        return aws_lever_observe;
    if (!by_verb[verb] && verb == EVAC_VERB_OBSERVE && row->parity)
        return aws_parity_observe;
    if (!by_verb[verb] && verb == EVAC_VERB_APPLY && row->lever && row->lever->act.operation)
        return aws_lever_apply;
    if (!by_verb[verb] && verb == EVAC_VERB_APPLY && row->shot)
        return aws_shot_apply;
    return by_verb[verb];
}

enum evac_code aws_run(struct evac_link *link, const struct aws_handlers *table, aws_call_fn *whose,
                       const struct evac_call *call, evac_done_fn *done, void *user,
                       uint64_t *ret_id, struct evac_err *err)
{
    bool acts = call->verb == EVAC_VERB_OBSERVE || call->verb == EVAC_VERB_APPLY;
    const char *action = acts ? call->action : "";
    const struct aws_handlers *row = table;
    while (row->action && strcmp(row->action, action) != 0)
        row++;
    aws_start_fn *start = row->action ? start_of(row, call->verb) : NULL;
    if (!start)
        return evac_fail(err, EVAC_E_UNSUPPORTED, "'%s' can not %s", action,
                         evac_verb_name(call->verb));
    struct aws_call *c = begin(link, call, done, user);
    c->lever = row->lever;
    c->shot = row->shot;
    c->parity = row->parity;
    c->driver = aws_driver_of(whose);
    c->ops = aws_ops_of(c->driver, call->verb, action);
    enum evac_code code = start(c, err);
    if (code) {
        drop(c);
        return code;
    }
    *ret_id = c->id;
    return EVAC_OK;
}

void aws_cancel(struct evac_link *link, uint64_t id)
{
    for (struct aws_call *c = link->calls; c; c = c->next)
        if (c->id == id) {
            c->cancelled = true;
            if (c->sent_id)
                evac_aws_cancel(link->aws, c->sent_id);
            if (c->member)
                aws_member_cancelled(c->member);
            return;
        }
}

/* --- asking ---------------------------------------------------------------------------------- */

void aws_replied(struct aws_call *c, const struct evac_aws_reply *reply)
{
    c->sent_id = 0;
    if (reply->request_id.n)
        c->request_id = evac_arena_str(c->arena, reply->request_id);
    if (aws_is_denied(reply) && !c->denied.n)
        c->denied = aws_say_denied(c, reply);
    c->ahead_ms = aws_server_ms(c, reply) - c->link->host->wall_ms(c->link->host->ctx);
    c->on_reply(c, reply);
}

static void replied(void *user, const struct evac_aws_reply *reply)
{
    aws_replied(user, reply);
}

struct aws_server {
    struct aws_server *next;
    struct evac_str region;
    const struct evac_aws_server *server;
};

void aws_server_add(struct aws_call *c, struct evac_str region,
                    const struct evac_aws_server *server)
{
    struct aws_server *s = evac_arena_alloc(c->arena, sizeof *s);
    *s = (struct aws_server){ c->servers, region, server };
    c->servers = s;
}

static const struct evac_aws_server *server_of(const struct aws_call *c, struct evac_str region)
{
    for (const struct aws_server *s = c->servers; s; s = s->next)
        if (evac_str_eq(s->region, region))
            return s->server;
    return NULL;
}

enum evac_code aws_send_as(struct aws_call *c, const struct evac_aws_request *request,
                           evac_aws_done_fn *done, void *user, uint64_t *ret_id,
                           struct evac_err *err)
{
    struct evac_aws_request full = *request;
    enum evac_code code = aws_allow(c, request, err);
    if (code)
        return code;
    full.server = server_of(c, request->region);
    full.app = c->app;
    full.run = evac_args_get(&c->args, "run");
    return evac_aws_send(c->link->aws, &full, done, user, ret_id, err);
}

enum evac_code aws_send(struct aws_call *c, const struct evac_aws_request *request,
                        aws_reply_fn *on_reply, struct evac_err *err)
{
    c->on_reply = on_reply;
    return aws_send_as(c, request, replied, c, &c->sent_id, err);
}

void aws_start_failed(struct aws_call *c, const struct evac_err *err)
{
    struct evac_reply reply = { .seen = EVAC_SEEN_UNSEEN,
                                .outcome = EVAC_OUTCOME_NOT_SENT,
                                .progress = -1,
                                .reason = evac_str(err->text) };
    aws_answer(c, &reply);
}

void aws_next(struct aws_call *c, const struct evac_aws_request *request, aws_reply_fn *on_reply)
{
    struct evac_err err = { EVAC_OK, "" };
    if (c->cancelled)
        (void)evac_fail(&err, EVAC_E_REFUSED, "cancelled");
    if (err.code || aws_send(c, request, on_reply, &err))
        aws_start_failed(c, &err);
}

void aws_start(struct aws_call *c, aws_start_fn *start)
{
    struct evac_err err = { EVAC_OK, "" };
    if (c->cancelled)
        (void)evac_fail(&err, EVAC_E_REFUSED, "cancelled");
    if (err.code || start(c, &err))
        aws_start_failed(c, &err);
}

#define RESOLVE_MS 3000u

static void resolved(void *user, const struct evac_dns_reply *reply)
{
    struct aws_call *c = user;
    c->dns = reply;
    c->then(c);
}

enum evac_code aws_resolve_first(struct aws_call *c, struct evac_str name, const char *type,
                                 struct evac_str server, aws_then_fn *then, struct evac_err *err)
{
    const struct evac_host *host = c->link->host;
    c->then = then;
    return host->dns(host->ctx, name, type, server, RESOLVE_MS, resolved, c, err);
}

void aws_resolve(struct aws_call *c, struct evac_str name, const char *type, struct evac_str server,
                 aws_then_fn *then)
{
    struct evac_err err = { EVAC_OK, "" };
    if (aws_resolve_first(c, name, type, server, then, &err))
        aws_start_failed(c, &err);
}

/* --- answering ------------------------------------------------------------------------------- */

void aws_answer(struct aws_call *c, const struct evac_reply *reply)
{
    struct evac_reply full = *reply;
    full.verb = c->verb;
    full.reason = aws_with_denied(c, reply);
    if (full.request_id.n == 0)
        full.request_id = c->request_id;
    unlink_call(c);
    c->done(c->user, &full);
    evac_json_free(c->goal_root);
    evac_arena_free(c->arena);
}

static void later(void *user)
{
    struct aws_call *c = user;
    c->then(c);
}

enum evac_code aws_answer_later(struct aws_call *c, aws_then_fn *then, struct evac_err *err)
{
    const struct evac_host *host = c->link->host;
    uint64_t id;
    c->then = then;
    return host->timer(host->ctx, 0, later, c, &id, err);
}

void aws_answer_seen(struct aws_call *c, const struct aws_sight *sight, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct evac_reply reply = { .seen = sight->seen,
                                .strong = sight->strong,
                                .progress = sight->progress,
                                .snapshot = sight->snapshot,
                                .version = sight->version,
                                .code = sight->code,
                                .retry_after_ms = sight->over_in_ms,
                                .facts = sight->facts,
                                .fact_count = sight->fact_count,
                                .reason = evac_arena_vprintf(c->arena, fmt, ap) };
    va_end(ap);
    aws_answer(c, &reply);
}

static struct evac_reply said(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct evac_reply reply = { .progress = -1, .code = r->code };
    reply.reason = r->code.n && r->message.n ? aws_printf(c, "%.*s: %.*s", EVAC_STR_ARG(r->code),
                                                          EVAC_STR_ARG(r->message))
                   : r->message.n            ? r->message
                                             : r->code;
    reply.retry_after_ms = r->retry_after_ms;
    return reply;
}

void aws_answer_lag(struct aws_call *c, bool known, int64_t lag_ms, int64_t as_of_wall_ms,
                    const char *reason)
{
    struct evac_fact facts[] = { { "lag_ms", lag_ms }, { "as_of_wall_ms", as_of_wall_ms } };
    struct aws_sight sight = { .seen = known ? EVAC_SEEN_SATISFIED : EVAC_SEEN_UNSEEN,
                               .progress = -1,
                               .facts = facts,
                               .fact_count = known ? 2 : 0 };
    aws_answer_seen(c, &sight, "%s", reason);
}

void aws_answer_unseen(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct evac_reply reply = said(c, r);
    reply.seen = EVAC_SEEN_UNSEEN;
    aws_answer(c, &reply);
}

void aws_answer_outcome(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct evac_reply reply = said(c, r);
    reply.outcome = r->outcome;
    if (r->outcome == EVAC_OUTCOME_ACCEPTED)
        reply.reason = EVAC_STR_NONE;
    aws_answer(c, &reply);
}

void aws_answer_partly(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct evac_aws_reply partly = *r;
    if (r->outcome != EVAC_OUTCOME_UNKNOWN)
        partly.outcome = EVAC_OUTCOME_ACCEPTED;
    aws_answer_outcome(c, &partly);
}

void aws_answer_not_sent(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct evac_reply reply = said(c, r);
    bool throttled = r->outcome == EVAC_OUTCOME_THROTTLED;
    reply.outcome = throttled ? EVAC_OUTCOME_THROTTLED : EVAC_OUTCOME_NOT_SENT;
    aws_answer(c, &reply);
}

void aws_answer_no_look(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (c->verb == EVAC_VERB_APPLY)
        aws_answer_not_sent(c, r);
    else
        aws_answer_unseen(c, r);
}

bool aws_looked(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (r->outcome == EVAC_OUTCOME_ACCEPTED)
        return true;
    aws_answer_no_look(c, r);
    return false;
}

void aws_answer_already(struct aws_call *c)
{
    struct evac_reply reply = { .outcome = EVAC_OUTCOME_ACCEPTED, .progress = -1 };
    aws_answer(c, &reply);
}

void aws_answer_rejected(struct aws_call *c, const char *code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct evac_reply reply = { .outcome = EVAC_OUTCOME_REJECTED,
                                .progress = -1,
                                .code = evac_str(code),
                                .reason = evac_arena_vprintf(c->arena, fmt, ap) };
    va_end(ap);
    aws_answer(c, &reply);
}

/* --- small things ---------------------------------------------------------------------------- */

struct evac_str aws_printf(struct aws_call *c, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct evac_str s = evac_arena_vprintf(c->arena, fmt, ap);
    va_end(ap);
    return s;
}

void aws_set_arg(struct aws_call *c, const char *name, struct evac_str value)
{
    struct evac_arg *items = evac_arena_array(c->arena, c->args.count + 1, sizeof *items);
    size_t n = 0;
    items[n++] = (struct evac_arg){ evac_str(name), value };
    for (size_t i = 0; i < c->args.count; i++)
        if (!evac_str_is(c->args.items[i].name, name))
            items[n++] = c->args.items[i];
    c->args = (struct evac_args){ items, n };
}

struct evac_str aws_regional(const struct aws_call *c, const char *name)
{
    return evac_args_regional(&c->args, name, c->region);
}

enum evac_code aws_list(struct aws_call *c, struct evac_str text, struct evac_str *ret_items,
                        size_t max, size_t *ret_count, struct evac_err *err)
{
    struct evac_json *list = NULL;
    size_t n = 0;
    if (text.n && text.p[0] != '[') {
        ret_items[0] = text;
        *ret_count = 1;
        return EVAC_OK;
    }
    enum evac_code code = text.n ? evac_json_parse(text, &list, err) : EVAC_OK;
    if (!code && evac_json_count(list) > max)
        code = evac_fail(err, EVAC_E_BADARG, "a list has more than %zu entries", max);
    for (const struct evac_json *e = code ? NULL : evac_json_first(list); e; e = evac_json_next(e))
        ret_items[n++] = evac_arena_str(c->arena, evac_json_text(e));
    evac_json_free(list);
    *ret_count = n;
    return code;
}

bool aws_lists(const struct aws_call *c, const char *name, struct evac_str value)
{
    struct evac_json *list = NULL;
    bool found = false;
    if (evac_json_parse(aws_regional(c, name), &list, NULL))
        return false;
    for (const struct evac_json *e = evac_json_first(list); e; e = evac_json_next(e))
        found |= evac_str_eq(evac_json_text(e), value);
    evac_json_free(list);
    return found;
}

enum evac_code aws_count(const struct aws_call *c, const char *want, const char *group,
                         int64_t *ret_count, struct evac_err *err)
{
    struct evac_str value = evac_args_get(&c->args, want);
    struct evac_str named = evac_args_get(
        &c->args, evac_arena_printf(c->arena, "%s.%.*s", group, EVAC_STR_ARG(value)).p);
    if (evac_str_i64(named.n ? named : value, ret_count) && *ret_count >= 0)
        return EVAC_OK;
    *ret_count = -1;
    return evac_fail(err, EVAC_E_BADARG, "%s is '%.*s': it must be a number, or a name in %s", want,
                     EVAC_STR_ARG(value), group);
}

struct evac_json *aws_goal(const struct aws_call *c)
{
    struct evac_json *root = NULL;
    if (c->goal.n == 0 || evac_json_parse(c->goal, &root, NULL))
        return NULL;
    return root;
}

int64_t aws_goal_i64(const struct aws_call *c, const char *member, int64_t fallback)
{
    struct evac_json *goal = aws_goal(c);
    int64_t value = evac_json_i64(goal, member, fallback);
    evac_json_free(goal);
    return value;
}

struct evac_str aws_tail(struct evac_str path)
{
    for (size_t i = path.n; i > 0; i--)
        if (path.p[i - 1] == '/')
            return (struct evac_str){ path.p + i, path.n - i };
    return path;
}

int64_t aws_server_ms(const struct aws_call *c, const struct evac_aws_reply *reply)
{
    int64_t ms;
    if (reply->http && evac_aws_time_http(evac_http_header(reply->http, "date"), &ms))
        return ms;
    return c->link->host->wall_ms(c->link->host->ctx);
}

/*
 * The way back: what was launched in the other region replicates into the step's region. AWS takes
 * that in the region where the recovery instances are, and makes a new source server in the
 * origin's region for each (AWS.md 2.9).
 */
#include "drs_parts.h"

#include <string.h>

/* clang-format off */
static const struct aws_ask reverse = { "drs", "ReverseReplication", "POST", "/ReverseReplication", .body = "{\"recoveryInstanceID\":\"<instance>\"}" };
static const struct aws_ask start_replication = { "drs", "StartReplication", "POST", "/StartReplication", .body = "{\"sourceServerID\":\"<server>\"}" };
static const struct aws_ask tag_server = { "drs", "TagResource", "POST", "/tags/<server_arn>", .body = "{\"tags\":{\"<tag_key>\":\"<tag_value>\"}}" };
/* clang-format on */

static struct evac_str other(const struct aws_call *c)
{
    return evac_str_eq(c->region, c->to) ? c->from : c->to;
}

/* What is replicated back, as the step's region has it. */
struct back {
    size_t in_step, stuck;
    struct evac_str stopped;  /* id of one */
    struct evac_str untagged; /* ARN of one that the resource would not know */
    struct evac_str state;    /* of one that is not in step */
};

static struct back *back(struct aws_call *c)
{
    return c->helper;
}

/* "arn:aws:drs:us-east-1:1234:source-server/s-0" */
static struct evac_str reversed_id(const struct drs_server *s)
{
    return aws_tail(s->reversed);
}

static void take_back(struct aws_call *c, const struct evac_json *item)
{
    struct drs_server s;
    struct back *b = back(c);
    if (!drs_read_server(c, item, &s))
        return;
    if (!drs_is_tagged(c, item))
        b->untagged = s.arn;
    if (evac_str_is(s.state, "CONTINUOUS")) {
        b->in_step++;
        return;
    }
    b->state = s.state;
    b->stuck += evac_str_is(s.state, "STALLED") || evac_str_is(s.state, "DISCONNECTED");
    if (evac_str_is(s.state, "STOPPED"))
        b->stopped = s.id;
}

/* "" all that was launched there can be, or is, replicated back. */
static const char *unfit(struct aws_call *c, size_t *ret_missing)
{
    const struct drs_work *w = drs_work(c);
    const char *missing = drs_missing(c);
    *ret_missing = 0;
    for (size_t i = 0; i < w->count && !missing[0]; i++) {
        *ret_missing += w->servers[i].reversed.n == 0;
        if (w->servers[i].instance.n == 0)
            missing = aws_printf(c, "source server %.*s is not launched in the other region",
                                 EVAC_STR_ARG(w->servers[i].id))
                          .p;
    }
    return missing;
}

static void ask_back(struct aws_call *c, aws_then_fn *then)
{
    c->helper = evac_arena_alloc(c->arena, sizeof(struct back));
    c->region = other(c); /* back to the step's */
    drs_list(c, &drs_describe_servers, drs_filter(c, "sourceServerIDs", reversed_id), take_back,
             then);
}

static void seen_back(struct aws_call *c)
{
    const struct back *b = back(c);
    size_t all = drs_work(c)->count;
    if (b->untagged.n)
        drs_seen(c, EVAC_SEEN_UNSATISFIED, "%.*s does not carry the tag",
                 EVAC_STR_ARG(b->untagged));
    else if (b->in_step == all)
        drs_seen(c, EVAC_SEEN_SATISFIED, "%zu servers replicate back", all);
    else if (b->stopped.n)
        drs_seen(c, EVAC_SEEN_UNSATISFIED, "replication of %.*s is stopped",
                 EVAC_STR_ARG(b->stopped));
    else if (b->stuck)
        drs_seen(c, EVAC_SEEN_BLOCKED, "a server that replicates back is %.*s",
                 EVAC_STR_ARG(b->state));
    else
        drs_seen(c, EVAC_SEEN_MOVING, "%zu of %zu servers are in step", b->in_step, all);
}

static void seen_there(struct aws_call *c)
{
    size_t missing;
    const char *why = unfit(c, &missing);
    if (why[0])
        drs_seen(c, EVAC_SEEN_BLOCKED, "%s", why);
    else if (missing)
        drs_seen(c, EVAC_SEEN_UNSATISFIED, "%zu of %zu servers are not replicated back", missing,
                 drs_work(c)->count);
    else
        ask_back(c, seen_back);
}

static enum evac_code begin(struct aws_call *c, aws_then_fn *then, struct evac_err *err)
{
    c->region = other(c);
    enum evac_code code = drs_begin(c, err);
    return code ? code : drs_servers_first(c, then, err);
}

enum evac_code drs_observe_protect(struct aws_call *c, struct evac_err *err)
{
    return begin(c, seen_there, err);
}

/* --- reversing
 * ------------------------------------------------------------------------------------
 */

/* The new source server gets the tag by which the resource knows its servers. The call's region is
 * the one that it is in. */
static void tag(struct aws_call *c, struct evac_str arn, aws_reply_fn *then)
{
    struct evac_str value, key = evac_str_cut(evac_args_get(&c->args, "tag"), '=', &value);
    aws_set_arg(c, "tag_key", key);
    aws_set_arg(c, "tag_value", value);
    aws_set_arg(c, "server_arn", evac_arena_str(c->arena, arn));
    aws_ask_next(c, &tag_server, true, then);
}

static void reverse_next(struct aws_call *c);

/* The first that is not reversed yet; NULL none. */
static struct drs_server *next_server(struct drs_work *w)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->servers[i].reversed.n == 0)
            return &w->servers[i];
    return NULL;
}

static void on_tagged(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_partly(c, r);
        return;
    }
    c->region = other(c);
    reverse_next(c);
}

static void on_reversed(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct drs_work *w = drs_work(c);
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        (w->reversed ? aws_answer_partly : aws_answer_outcome)(c, r);
        return;
    }
    w->reversed++;
    struct evac_str arn = evac_json_str(r->json, "reversedDirectionSourceServerArn");
    struct drs_server *s = next_server(w);
    if (!s || arn.n == 0) { /* nothing to go on with: the next look tells */
        aws_answer_outcome(c, r);
        return;
    }
    s->reversed = evac_arena_str(c->arena, arn);
    if (evac_args_get(&c->args, "tag").n == 0) {
        reverse_next(c);
        return;
    }
    c->region = other(c);
    tag(c, arn, on_tagged);
}

static void reverse_next(struct aws_call *c)
{
    const struct drs_server *s = next_server(drs_work(c));
    if (!s) {
        struct evac_reply reply = { .outcome = EVAC_OUTCOME_ACCEPTED, .progress = -1 };
        aws_answer(c, &reply);
        return;
    }
    aws_set_arg(c, "instance", s->instance);
    aws_ask_next(c, &reverse, true, on_reversed);
}

static void mend(struct aws_call *c)
{
    const struct back *b = back(c);
    if (b->untagged.n) {
        tag(c, b->untagged, aws_answer_outcome);
    } else if (b->stopped.n) {
        aws_set_arg(c, "server", b->stopped);
        aws_ask_next(c, &start_replication, true, aws_answer_outcome);
    } else {
        aws_answer_rejected(c, "", "they are replicated back already");
    }
}

static void protect_when_seen(struct aws_call *c)
{
    size_t missing;
    const char *why = unfit(c, &missing);
    if (why[0])
        aws_answer_rejected(c, "", "%s", why);
    else if (missing == 0)
        ask_back(c, mend);
    else
        reverse_next(c);
}

enum evac_code drs_protect(struct aws_call *c, struct evac_err *err)
{
    return begin(c, protect_when_seen, err);
}

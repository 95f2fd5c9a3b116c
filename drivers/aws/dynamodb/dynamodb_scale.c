/*
 * Capacity before the load: provisioned units, or, of a table that is paid by request, what it
 * takes at once (warm throughput). The latter only ever grows. Both are the same in all replicas of
 * a global table.
 */
#include "dynamodb.h"

struct units {
    int64_t read, write; /* -1: as they are */
    bool exact;
    bool on_demand; /* of a goal: what it was then */
};

/* "read.active" of want.count = "active" */
static int64_t named(struct aws_call *c, const char *group, struct evac_str name)
{
    int64_t value;
    struct evac_str text =
        evac_args_get(&c->args, aws_printf(c, "%s.%.*s", group, EVAC_STR_ARG(name)).p);
    return evac_str_i64(text, &value) && value > 0 ? value : -1;
}

static enum evac_code wanted(struct aws_call *c, struct evac_err *err)
{
    struct units *w = evac_arena_alloc(c->arena, sizeof *w);
    struct evac_json *goal = aws_goal(c);
    struct evac_str name = evac_args_get(&c->args, "want.count");
    c->state = w;
    if (goal) {
        *w = (struct units){ evac_json_i64(goal, "read", -1), evac_json_i64(goal, "write", -1),
                             true, evac_json_bool(goal, "on_demand", false) };
        evac_json_free(goal);
        return EVAC_OK;
    }
    *w = (struct units){ named(c, "read", name), named(c, "write", name),
                         evac_str_eq(c->region, c->from), false };
    if (w->read < 0 && w->write < 0)
        return evac_fail(err, EVAC_E_BADARG,
                         "want.count is '%.*s': it must be a name in the table's read or write",
                         EVAC_STR_ARG(name));
    return EVAC_OK;
}

/* What is wanted of a number that is there: at least so much, or exactly. */
static int64_t becomes(int64_t is, int64_t want, bool exact)
{
    return want < 0 || (!exact && want < is) ? is : want;
}

static void next_units(const struct units *w, const struct dynamodb_view *v, int64_t *ret_read,
                       int64_t *ret_write)
{
    bool exact = w->exact && !v->on_demand;
    *ret_read = becomes(v->on_demand ? v->warm_read : v->read, w->read, exact);
    *ret_write = becomes(v->on_demand ? v->warm_write : v->write, w->write, exact);
}

static bool is_there(const struct units *w, const struct dynamodb_view *v)
{
    int64_t read, write;
    next_units(w, v, &read, &write);
    return v->on_demand ? read == v->warm_read && write == v->warm_write
                        : read == v->read && write == v->write;
}

static bool is_moving(const struct dynamodb_view *v)
{
    return v->warming || evac_str_is(v->status, "UPDATING") || evac_str_is(v->status, "CREATING");
}

static bool changed_billing(const struct aws_call *c, const struct dynamodb_view *v)
{
    const struct units *w = c->state;
    return c->goal.n && w->on_demand != v->on_demand;
}

static void on_scale(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct dynamodb_view v;
    struct aws_sight sight = { .progress = -1 };
    if (!dynamodb_look(c, r, &v))
        return;
    int64_t read = v.on_demand ? v.warm_read : v.read;
    int64_t write = v.on_demand ? v.warm_write : v.write;
    const char *why = aws_printf(c, "it takes %lld reads and %lld writes%s", (long long)read,
                                 (long long)write, v.on_demand ? " at once" : "")
                          .p;
    struct evac_fact facts[] = { { "read", read }, { "write", write } };
    if (v.found) {
        sight.facts = facts;
        sight.fact_count = 2;
        sight.snapshot =
            aws_printf(c, "{\"on_demand\":%s,\"read\":%lld,\"write\":%lld}",
                       v.on_demand ? "true" : "false", (long long)read, (long long)write);
    }
    sight.seen = is_there(c->state, &v) ? EVAC_SEEN_SATISFIED : EVAC_SEEN_UNSATISFIED;
    if (!v.found) {
        sight.seen = EVAC_SEEN_BLOCKED;
        why = "the region has no such table";
    } else if (is_moving(&v)) {
        sight.seen = EVAC_SEEN_MOVING;
        why = aws_printf(c, "the table is %.*s", EVAC_STR_ARG(v.status)).p;
    } else if (changed_billing(c, &v)) {
        sight.seen = EVAC_SEEN_BLOCKED;
        why = "how the table is paid has changed meanwhile";
    } else if (c->goal.n && v.on_demand) {
        why = "what a table takes at once is never lowered: it stays";
    }
    aws_answer_seen(c, &sight, "%s", why);
}

static void scale_when_seen(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct dynamodb_view v;
    int64_t read, write;
    if (!dynamodb_look(c, r, &v))
        return;
    if (!v.found || is_moving(&v) || changed_billing(c, &v) || is_there(c->state, &v)) {
        aws_answer_rejected(c, "", "%s",
                            !v.found                 ? "the region has no such table"
                            : is_moving(&v)          ? "the table is being changed"
                            : changed_billing(c, &v) ? "how the table is paid has changed"
                                                     : "it has that capacity already");
        return;
    }
    next_units(c->state, &v, &read, &write);
    const struct aws_hole holes[] = { { "name", v.name },
                                      { "r", aws_printf(c, "%lld", (long long)read) },
                                      { "w", aws_printf(c, "%lld", (long long)write) } };
    dynamodb_ask(c, "UpdateTable", c->region, true,
                 v.on_demand
                     ? "{\"TableName\":\"<name>\",\"WarmThroughput\":{\"ReadUnitsPerSecond\":"
                       "<=r>,\"WriteUnitsPerSecond\":<=w>}}"
                     : "{\"TableName\":\"<name>\",\"ProvisionedThroughput\":{"
                       "\"ReadCapacityUnits\":<=r>,\"WriteCapacityUnits\":<=w>}}",
                 holes, 3, aws_answer_outcome);
}

static enum evac_code begin(struct aws_call *c, aws_reply_fn *then, struct evac_err *err)
{
    enum evac_code code = wanted(c, err);
    return code ? code : dynamodb_describe_first(c, c->region, aws_regional(c, "table"), then, err);
}

enum evac_code dynamodb_observe_scale(struct aws_call *c, struct evac_err *err)
{
    return begin(c, on_scale, err);
}

enum evac_code dynamodb_apply_scale(struct aws_call *c, struct evac_err *err)
{
    return begin(c, scale_when_seen, err);
}

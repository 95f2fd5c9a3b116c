/* Capacity reserved before it is needed: the only certain way to have it when a region is full. */
#include "ec2_parts.h"

struct reserving {
    int64_t count;
    bool exact; /* a rollback restores what was */
};

struct reserved {
    struct evac_str id; /* "" none */
    bool pending;
    int64_t total, available;
    uint64_t view; /* which there are, those that are over too: in no order */
};

static int64_t number(const struct evac_xml *x, const char *name)
{
    int64_t value;
    return evac_str_i64(evac_xml_text(x, name), &value) ? value : 0;
}

/* Of those that are over, nothing can be made any more. */
static struct reserved read_reserved(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct reserved found = { 0 };
    for (const struct evac_xml *x = evac_xml_path(r->xml, "capacityReservationSet/item"); x;
         x = evac_xml_again(x)) {
        struct evac_str state = evac_xml_text(x, "state");
        bool pending = evac_str_is(state, "pending");
        found.view += evac_str_hash(evac_xml_text(x, "capacityReservationId"));
        if (!pending && !evac_str_is(state, "active"))
            continue;
        if (found.id.n == 0)
            found.id = evac_arena_str(c->arena, evac_xml_text(x, "capacityReservationId"));
        found.pending |= pending;
        found.total += number(x, "totalInstanceCount");
        found.available += number(x, "availableInstanceCount");
    }
    return found;
}

static enum evac_code start_reserve(struct aws_call *c, aws_reply_fn *on_reply,
                                    struct evac_err *err)
{
    struct reserving *w = evac_arena_alloc(c->arena, sizeof *w);
    enum evac_code code = aws_count(c, "want.count", "count", &w->count, err);
    static const char *const needed[] = { "instance_type", "zone" };
    if (!code)
        code = ec2_need_fleet(c, err);
    for (size_t i = 0; !code && i < sizeof needed / sizeof needed[0]; i++)
        code = ec2_need(c, needed[i], "reserve capacity", err);
    if (code)
        return code;
    w->count = aws_goal_i64(c, "count", w->count);
    w->exact = c->goal.n > 0;
    c->state = w;
    struct ec2_ask *ask = ec2_ask(c, "DescribeCapacityReservations");
    ec2_filter_own(ask);
    return ec2_send(ask, on_reply, err);
}

static bool is_done(const struct reserving *w, const struct reserved *r)
{
    return w->exact ? r->total == w->count : r->total >= w->count;
}

static void on_reserved(struct aws_call *c, const struct evac_aws_reply *reply)
{
    const struct reserving *w = c->state;
    if (!ec2_look(c, reply))
        return;
    struct reserved r = read_reserved(c, reply);
    struct evac_fact facts[] = { { "reserved", r.total }, { "available", r.available } };
    struct aws_sight sight = { .seen = !is_done(w, &r) ? EVAC_SEEN_UNSATISFIED
                                       : r.pending     ? EVAC_SEEN_MOVING
                                                       : EVAC_SEEN_SATISFIED,
                               .progress = -1,
                               .facts = facts,
                               .fact_count = 2,
                               .snapshot = aws_printf(c, "{\"count\":%lld}", (long long)r.total) };
    aws_answer_seen(c, &sight, "%lld of %lld are reserved", (long long)r.total,
                    (long long)w->count);
}

enum evac_code ec2_observe_reserve(struct aws_call *c, struct evac_err *err)
{
    return start_reserve(c, on_reserved, err);
}

static void changed(struct aws_call *c, const struct evac_aws_reply *r)
{
    aws_answer_outcome(c, r);
}

static void create(struct aws_call *c, const struct reserving *w, uint64_t view)
{
    struct ec2_ask *ask = ec2_ask(c, "CreateCapacityReservation");
    ec2_put(ask, "InstanceType", aws_regional(c, "instance_type"));
    ec2_put(ask, "InstancePlatform", evac_args_get(&c->args, "platform"));
    ec2_put(ask, "AvailabilityZone", aws_regional(c, "zone"));
    ec2_puti(ask, "InstanceCount", w->count);
    ec2_put(ask, "EndDateType", EVAC_STR("unlimited"));
    ec2_put(ask, "InstanceMatchCriteria", EVAC_STR("open"));
    ec2_put(ask, "ClientToken", ec2_token(c, "reserve", view + (uint64_t)w->count));
    ec2_tag_own(ask, "TagSpecifications", "capacity-reservation");
    ec2_next(ask, changed);
}

/* One reservation is changed; those that others made with our tags are counted, and left alone. */
static void on_reserve(struct aws_call *c, const struct evac_aws_reply *reply)
{
    const struct reserving *w = c->state;
    if (!ec2_look_first(c, reply))
        return;
    struct reserved r = read_reserved(c, reply);
    if (is_done(w, &r)) {
        ec2_accepted(c);
        return;
    }
    if (r.id.n == 0) {
        create(c, w, r.view);
        return;
    }
    struct ec2_ask *ask =
        ec2_ask(c, w->count ? "ModifyCapacityReservation" : "CancelCapacityReservation");
    ec2_put(ask, "CapacityReservationId", r.id);
    if (w->count)
        ec2_puti(ask, "InstanceCount", w->count);
    ec2_next(ask, changed);
}

enum evac_code ec2_apply_reserve(struct aws_call *c, struct evac_err *err)
{
    return start_reserve(c, on_reserve, err);
}

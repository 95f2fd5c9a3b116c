/* Instances that exist: started, and stopped. Both say what state each should be in; a rollback's
 * goal says it for each by itself. */
#include "ec2_parts.h"

struct power {
    int wanted; /* EC2_RUNNING or EC2_STOPPED, where the goal does not say */
    struct evac_json *goal;
    int64_t percent; /* enough */
};

/* What is to be done with an instance, on the way to a state. */
enum need { FINE, WAIT, CHANGE, LOST };
static const enum need needs[2][6] = {
    /*           pending running shutting terminated stopping stopped */
    { /* run  */ WAIT, FINE, LOST, LOST, WAIT, CHANGE },
    { /* stop */ WAIT, CHANGE, FINE, FINE, WAIT, FINE },
};

/* One that the goal does not know was not there, and is left alone. */
static enum need need_of(const struct power *p, const struct ec2_box *box)
{
    int wanted = p->wanted;
    if (p->goal) {
        char id[64];
        (void)evac_str_copy(id, sizeof id, box->id);
        struct evac_str was = evac_json_str(evac_json_get(p->goal, "instances"), id);
        if (was.n == 0)
            return FINE;
        wanted = evac_str_is(was, "running") ? EC2_RUNNING : EC2_STOPPED;
    }
    return needs[wanted == EC2_STOPPED][box->state];
}

/* --- which ------------------------------------------------------------------------------------ */

static enum evac_code ask_instances(struct aws_call *c, aws_reply_fn *on_reply,
                                    struct evac_err *err)
{
    struct ec2_ask *ask = ec2_ask(c, "DescribeInstances");
    struct evac_str ids = aws_regional(c, "instances"), tag = aws_regional(c, "tag"), value;
    (void)evac_str_cut(tag, '=', &value);
    if (!ids.n && !tag.n)
        return evac_fail(err, EVAC_E_BADARG,
                         "instances (their ids) or tag (such as \"role=web\") is needed");
    if (tag.n && !value.n)
        return evac_fail(err, EVAC_E_BADARG, "tag is '%.*s': it must be as \"role=web\"",
                         EVAC_STR_ARG(tag));
    if (tag.n)
        ec2_filter_tag(ask, tag);
    enum evac_code code = ids.n ? ec2_put_ids(ask, ids, err) : EVAC_OK;
    return code ? code : ec2_send(ask, on_reply, err);
}

static enum evac_code start_call(struct aws_call *c, int wanted, aws_reply_fn *on_reply,
                                 struct evac_err *err)
{
    struct power *p = evac_arena_alloc(c->arena, sizeof *p);
    p->wanted = wanted;
    p->percent = wanted == EC2_RUNNING ? evac_args_i64(&c->args, "want.minimum_percent", 100) : 100;
    if (p->percent < 1 || p->percent > 100)
        return evac_fail(err, EVAC_E_BADARG, "minimum_percent is %lld: it must be from 1 to 100",
                         (long long)p->percent);
    c->state = p;
    return ask_instances(c, on_reply, err);
}

/* --- observe ---------------------------------------------------------------------------------- */

/* What they will be again after a rollback: one on its way counts as where it is going. */
static struct evac_str snapshot(struct aws_call *c, const struct ec2_boxes *boxes)
{
    struct evac_buf json;
    bool first = true;
    evac_buf_init(&json, 1u << 20);
    evac_buf_puts(&json, "{\"instances\":{");
    for (size_t i = 0; i < boxes->count; i++) {
        const struct ec2_box *box = &boxes->items[i];
        if (ec2_is_gone(box))
            continue;
        evac_buf_puts(&json, first ? "" : ",");
        evac_buf_json(&json, box->id);
        evac_buf_puts(&json, box->state <= EC2_RUNNING ? ":\"running\"" : ":\"stopped\"");
        first = false;
    }
    evac_buf_puts(&json, "}}");
    struct evac_str text = evac_arena_str(c->arena, evac_buf_str(&json));
    evac_buf_done(&json);
    return text;
}

static enum evac_seen judge(const struct power *p, const size_t *n, size_t all)
{
    bool enough = n[FINE] * 100 >= all * (size_t)p->percent;
    if (p->goal || p->percent == 100)
        enough = n[WAIT] + n[CHANGE] + n[LOST] == 0;
    return enough      ? EVAC_SEEN_SATISFIED
           : n[LOST]   ? EVAC_SEEN_BLOCKED
           : n[CHANGE] ? EVAC_SEEN_UNSATISFIED
                       : EVAC_SEEN_MOVING;
}

static void on_instances(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct power *p = c->state;
    if (!ec2_look(c, r))
        return;
    struct ec2_boxes boxes = ec2_read_boxes(c, r);
    /* by tag, one that is ended is simply no more of them; by id, it is missed */
    bool by_id = aws_regional(c, "instances").n > 0;
    size_t n[4] = { 0 }, all = 0;
    p->goal = aws_goal(c);
    for (size_t i = 0; i < boxes.count; i++) {
        enum need need = need_of(p, &boxes.items[i]);
        if (need == LOST && !by_id)
            continue;
        n[need]++;
        all++;
    }
    enum evac_seen seen = judge(p, n, all);
    evac_json_free(p->goal);
    if (all == 0) {
        ec2_blocked(c, "there are no such instances");
        return;
    }
    struct evac_fact facts[] = { { "running", (int64_t)boxes.in[EC2_RUNNING] },
                                 { "stopped", (int64_t)boxes.in[EC2_STOPPED] },
                                 { "instances", (int64_t)all } };
    struct aws_sight sight = { .seen = seen,
                               .progress = (int)(n[FINE] * 100 / all),
                               .facts = facts,
                               .fact_count = 3,
                               .snapshot = snapshot(c, &boxes) };
    aws_answer_seen(c, &sight, "%zu of %zu instances are as they should be%s", n[FINE], all,
                    n[LOST] ? "; some are terminated" : "");
}

enum evac_code ec2_observe_start(struct aws_call *c, struct evac_err *err)
{
    return start_call(c, EC2_RUNNING, on_instances, err);
}

enum evac_code ec2_observe_stop(struct aws_call *c, struct evac_err *err)
{
    return start_call(c, EC2_STOPPED, on_instances, err);
}

/* --- apply ------------------------------------------------------------------------------------ */

/* A goal may want some started and others stopped. */
static void on_power(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct power *p = c->state;
    if (!ec2_look_first(c, r))
        return;
    struct ec2_boxes boxes = ec2_read_boxes(c, r);
    struct ec2_change *stop = evac_arena_alloc(c->arena, sizeof *stop);
    struct ec2_change *start = evac_arena_alloc(c->arena, sizeof *start);
    stop->operation = "StopInstances";
    stop->ids = evac_arena_array(c->arena, boxes.count + 1, sizeof *stop->ids);
    stop->force = evac_args_bool(&c->args, "want.force", false);
    start->operation = "StartInstances";
    start->ids = evac_arena_array(c->arena, boxes.count + 1, sizeof *start->ids);
    start->next = stop;
    p->goal = aws_goal(c);
    for (size_t i = 0; i < boxes.count; i++) {
        if (need_of(p, &boxes.items[i]) != CHANGE)
            continue;
        struct ec2_change *change = boxes.items[i].state == EC2_RUNNING ? stop : start;
        change->ids[change->count++] = boxes.items[i].id;
    }
    evac_json_free(p->goal);
    ec2_change(c, start);
}

enum evac_code ec2_apply_start(struct aws_call *c, struct evac_err *err)
{
    return start_call(c, EC2_RUNNING, on_power, err);
}

enum evac_code ec2_apply_stop(struct aws_call *c, struct evac_err *err)
{
    return start_call(c, EC2_STOPPED, on_power, err);
}

/*
 * Instances out of a launch template, and their end. They are known by their tags, so what is there
 * already counts, whoever's reply was lost; and the request's token is made of the view that it was
 * decided by, so that a view that is behind launches nothing twice.
 */
#include "aws_fence.h"
#include "ec2_parts.h"

struct fleet {
    struct aws_wanted wanted;
    struct ec2_boxes boxes;
    struct ec2_newest image; /* what is launched, where it is not the template's own */
};

static size_t alive(const struct ec2_boxes *b)
{
    return b->in[EC2_PENDING] + b->in[EC2_RUNNING];
}

static enum evac_code ask_own(struct aws_call *c, aws_reply_fn *on_reply, struct evac_err *err)
{
    struct ec2_ask *ask = ec2_ask(c, "DescribeInstances");
    ec2_filter_own(ask);
    return ec2_send(ask, on_reply, err);
}

static enum evac_code start_launch(struct aws_call *c, aws_reply_fn *on_reply, struct evac_err *err)
{
    struct fleet *f = evac_arena_alloc(c->arena, sizeof *f);
    enum evac_code code = aws_wanted(c, &f->wanted, err);
    c->state = f;
    if (!code)
        code = ec2_need_fleet(c, err);
    if (!code)
        code = ec2_need(c, "launch_template", "launch instances", err);
    return code ? code : ask_own(c, on_reply, err);
}

/* --- a rollback's goal: what was there before --------------------------------------------------
 */

static bool is_in_goal(const struct evac_json *goal, struct evac_str id)
{
    for (const struct evac_json *i = evac_json_first(evac_json_get(goal, "instances")); i;
         i = evac_json_next(i))
        if (evac_str_eq(evac_json_text(i), id))
            return true;
    return false;
}

/* What was launched since. A goal that can not be read names nothing, and nothing is ended for it.
 */
static size_t surplus(struct aws_call *c, const struct ec2_boxes *boxes, struct evac_str *ids)
{
    struct evac_json *goal = aws_goal(c);
    size_t n = 0;
    for (size_t i = 0; evac_json_get(goal, "instances") && i < boxes->count; i++)
        if (!ec2_is_gone(&boxes->items[i]) && !is_in_goal(goal, boxes->items[i].id))
            ids[n++] = boxes->items[i].id;
    evac_json_free(goal);
    return n;
}

static struct evac_str snapshot(struct aws_call *c, const struct ec2_boxes *boxes)
{
    struct evac_buf json;
    bool first = true;
    evac_buf_init(&json, 1u << 20);
    evac_buf_puts(&json, "{\"instances\":[");
    for (size_t i = 0; i < boxes->count; i++) {
        if (ec2_is_gone(&boxes->items[i]))
            continue;
        evac_buf_puts(&json, first ? "" : ",");
        evac_buf_json(&json, boxes->items[i].id);
        first = false;
    }
    evac_buf_puts(&json, "]}");
    struct evac_str text = evac_arena_str(c->arena, evac_buf_str(&json));
    evac_buf_done(&json);
    return text;
}

/* --- observe ---------------------------------------------------------------------------------- */

static void seen(struct aws_call *c, enum evac_seen seen, const char *why)
{
    const struct fleet *f = c->state;
    int64_t running = (int64_t)f->boxes.in[EC2_RUNNING], count = f->wanted.count;
    int64_t percent = count > 0 ? running * 100 / count : 100;
    struct evac_fact facts[] = { { "running", running },
                                 { "pending", (int64_t)f->boxes.in[EC2_PENDING] },
                                 { "as_of_wall_ms", aws_point_ms(c, f->image.as_of_ms) } };
    struct aws_sight sight = { .seen = seen,
                               .progress = (int)(percent < 100 ? percent : 100),
                               .facts = facts,
                               .fact_count = f->image.id.n ? 3 : 2,
                               .snapshot = snapshot(c, &f->boxes) };
    aws_answer_seen(c, &sight, "%s", why);
}

static void judge(struct aws_call *c)
{
    const struct fleet *f = c->state;
    int64_t running = (int64_t)f->boxes.in[EC2_RUNNING];
    const char *why =
        aws_printf(c, "%lld of %lld instances run", (long long)running, (long long)f->wanted.count)
            .p;
    seen(c,
         running >= f->wanted.enough                     ? EVAC_SEEN_SATISFIED
         : (int64_t)alive(&f->boxes) >= f->wanted.enough ? EVAC_SEEN_MOVING
                                                         : EVAC_SEEN_UNSATISFIED,
         why);
}

static void judge_goal(struct aws_call *c)
{
    const struct fleet *f = c->state;
    struct evac_str *ids = evac_arena_array(c->arena, f->boxes.count + 1, sizeof *ids);
    size_t n = surplus(c, &f->boxes, ids);
    seen(c,
         n                                    ? EVAC_SEEN_UNSATISFIED
         : f->boxes.in[EC2_SHUTTING_DOWN] > 0 ? EVAC_SEEN_MOVING
                                              : EVAC_SEEN_SATISFIED,
         aws_printf(c, "%zu instances have been launched since", n).p);
}

static void on_image_seen(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct fleet *f = c->state;
    if (!ec2_look(c, r))
        return;
    f->image = ec2_newest_image(c, r);
    if (f->image.id.n || (int64_t)alive(&f->boxes) >= f->wanted.enough)
        judge(c);
    else
        ec2_blocked(c, "no image of ours is called %.*s and can be used",
                    EVAC_STR_ARG(aws_regional(c, "image")));
}

static void on_fleet(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct fleet *f = c->state;
    if (!ec2_look(c, r))
        return;
    f->boxes = ec2_read_boxes(c, r);
    if (c->goal.n)
        judge_goal(c);
    else if (aws_regional(c, "image").n)
        ec2_next(ec2_ask_image(c), on_image_seen);
    else
        judge(c);
}

enum evac_code ec2_observe_launch(struct aws_call *c, struct evac_err *err)
{
    return start_launch(c, on_fleet, err);
}

/* --- apply ------------------------------------------------------------------------------------ */

/* A token that was used for instances that are gone again gives those: nothing new was launched. */
static void on_run(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct evac_xml *first = evac_xml_path(r->xml, "instancesSet/item");
    struct evac_str state = evac_xml_text(first, "instanceState/name");
    if (r->outcome == EVAC_OUTCOME_ACCEPTED && evac_str_is(state, "terminated"))
        aws_answer_rejected(c, "", "EC2 gives back instances that were launched before, and ended");
    else
        aws_answer_outcome(c, r);
}

/* Which instances were there when this was decided: in no order. */
static uint64_t view_of(const struct fleet *f)
{
    uint64_t view = evac_str_hash(f->image.id) + (uint64_t)f->wanted.count;
    for (size_t i = 0; i < f->boxes.count; i++)
        view += evac_str_hash(f->boxes.items[i].id);
    return view;
}

static void run(struct aws_call *c)
{
    const struct fleet *f = c->state;
    int64_t have = (int64_t)alive(&f->boxes), enough = f->wanted.enough - have;
    if (f->wanted.count <= have) {
        ec2_accepted(c);
        return;
    }
    struct ec2_ask *ask = ec2_ask(c, "RunInstances");
    struct evac_str zone = aws_regional(c, "zone");
    ec2_put_template(ask);
    if (f->image.id.n)
        ec2_put(ask, "ImageId", f->image.id);
    if (zone.n)
        ec2_put(ask, "Placement.AvailabilityZone", zone);
    ec2_puti(ask, "MinCount", enough > 0 ? enough : 1);
    ec2_puti(ask, "MaxCount", f->wanted.count - have);
    ec2_put(ask, "ClientToken", ec2_token(c, "launch", view_of(f)));
    ec2_tag_own(ask, "TagSpecification", "instance");
    ec2_next(ask, on_run);
}

static void on_image(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct fleet *f = c->state;
    if (!ec2_look_first(c, r))
        return;
    f->image = ec2_newest_image(c, r);
    if (f->image.id.n)
        run(c);
    else
        aws_answer_rejected(c, "", "there is no such image");
}

static void end(struct aws_call *c, struct evac_str *ids, size_t count)
{
    struct ec2_change *change = evac_arena_alloc(c->arena, sizeof *change);
    *change = (struct ec2_change){ .operation = "TerminateInstances", .ids = ids, .count = count };
    ec2_change(c, change);
}

static void on_own(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct fleet *f = c->state;
    if (!ec2_look_first(c, r))
        return;
    f->boxes = ec2_read_boxes(c, r);
    if (c->goal.n) {
        struct evac_str *ids = evac_arena_array(c->arena, f->boxes.count + 1, sizeof *ids);
        end(c, ids, surplus(c, &f->boxes, ids));
    } else if (aws_regional(c, "image").n) {
        ec2_next(ec2_ask_image(c), on_image);
    } else {
        run(c);
    }
}

enum evac_code ec2_apply_launch(struct aws_call *c, struct evac_err *err)
{
    return start_launch(c, on_own, err);
}

/* --- terminate -------------------------------------------------------------------------------- */

static void on_ended(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (!ec2_look(c, r))
        return;
    struct ec2_boxes b = ec2_read_boxes(c, r);
    size_t left = b.count - b.in[EC2_SHUTTING_DOWN] - b.in[EC2_TERMINATED];
    struct evac_fact facts[] = { { "instances", (int64_t)left } };
    struct aws_sight sight = { .seen = left                      ? EVAC_SEEN_UNSATISFIED
                                       : b.in[EC2_SHUTTING_DOWN] ? EVAC_SEEN_MOVING
                                                                 : EVAC_SEEN_SATISFIED,
                               .progress = -1,
                               .facts = facts,
                               .fact_count = 1,
                               .snapshot = snapshot(c, &b) };
    aws_answer_seen(c, &sight, "%zu instances are left", left);
}

static void on_end(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (!ec2_look_first(c, r))
        return;
    struct ec2_boxes b = ec2_read_boxes(c, r);
    struct evac_str *ids = evac_arena_array(c->arena, b.count + 1, sizeof *ids);
    size_t n = 0;
    for (size_t i = 0; i < b.count; i++)
        if (!ec2_is_gone(&b.items[i]))
            ids[n++] = b.items[i].id;
    end(c, ids, n);
}

enum evac_code ec2_observe_terminate(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = ec2_need_fleet(c, err);
    return code ? code : ask_own(c, on_ended, err);
}

enum evac_code ec2_apply_terminate(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = ec2_need_fleet(c, err);
    return code ? code : ask_own(c, on_end, err);
}

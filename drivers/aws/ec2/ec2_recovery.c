/* What an instance or a volume is made of: images and snapshots, whether they are there, how old
 * the newest is, and a volume out of it. */
#include "aws_fence.h"
#include "aws_time.h"
#include "ec2_parts.h"

/* --- the newest ------------------------------------------------------------------------------- */

static int64_t copy_delay(const struct aws_call *c)
{
    int64_t ms;
    return evac_duration_ms(evac_args_get(&c->args, "copy_delay"), &ms) ? ms : 0;
}

struct kind {
    const char *path, *id, *state, *date, *usable;
};
static const struct kind images = { "imagesSet/item", "imageId", "imageState", "creationDate",
                                    "available" };
static const struct kind snapshots = { "snapshotSet/item", "snapshotId", "status", "startTime",
                                       "completed" };

static struct ec2_newest newest(struct aws_call *c, const struct evac_aws_reply *r,
                                const struct kind *kind)
{
    struct ec2_newest found = { 0 };
    int64_t ms;
    for (const struct evac_xml *x = evac_xml_path(r->xml, kind->path); x; x = evac_xml_again(x)) {
        found.making = found.making || evac_str_is(evac_xml_text(x, kind->state), "pending");
        if (!evac_str_is(evac_xml_text(x, kind->state), kind->usable) ||
            !evac_aws_time_iso(evac_xml_text(x, kind->date), &ms) ||
            (found.id.n && ms <= found.as_of_ms))
            continue;
        found.id = evac_arena_str(c->arena, evac_xml_text(x, kind->id));
        found.as_of_ms = ms;
    }
    found.as_of_ms -= found.id.n ? copy_delay(c) : 0;
    return found;
}

struct ec2_newest ec2_newest_image(struct aws_call *c, const struct evac_aws_reply *r)
{
    return newest(c, r, &images);
}

struct ec2_newest ec2_newest_snapshot(struct aws_call *c, const struct evac_aws_reply *r)
{
    return newest(c, r, &snapshots);
}

/* Only our own: anybody can publish an image of any name. */
struct ec2_ask *ec2_ask_image(struct aws_call *c)
{
    struct ec2_ask *ask = ec2_ask(c, "DescribeImages");
    ec2_put(ask, "Owner.1", EVAC_STR("self"));
    ec2_filter(ask, "name", aws_regional(c, "image"));
    return ask;
}

struct ec2_ask *ec2_ask_snapshot(struct aws_call *c)
{
    struct ec2_ask *ask = ec2_ask(c, "DescribeSnapshots");
    ec2_put(ask, "Owner.1", EVAC_STR("self"));
    ec2_filter_tag(ask, aws_regional(c, "snapshot"));
    return ask;
}

static enum evac_code check_snapshot(const struct aws_call *c, struct evac_err *err)
{
    struct evac_str tag = aws_regional(c, "snapshot"), value;
    (void)evac_str_cut(tag, '=', &value);
    if (value.n)
        return EVAC_OK;
    return evac_fail(err, EVAC_E_BADARG,
                     "snapshot is '%.*s': it must be the snapshots' tag, as \"volume=db\"",
                     EVAC_STR_ARG(tag));
}

/* --- ready ------------------------------------------------------------------------------------ */

/* What is declared is looked for, one thing after the other; the first that lacks answers. */
struct proof {
    size_t next;
    struct evac_str image, type; /* the template's */
    struct evac_str asked;       /* the type that is being looked for */
    int64_t as_of_ms;            /* of the oldest that would be restored; 0 none */
};

static void prove(struct aws_call *c);

static void older(struct aws_call *c, const struct ec2_newest *n)
{
    struct proof *p = c->state;
    if (!p->as_of_ms || n->as_of_ms < p->as_of_ms)
        p->as_of_ms = n->as_of_ms;
}

static void on_template(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct proof *p = c->state;
    if (!ec2_look(c, r))
        return;
    const struct evac_xml *v = evac_xml_path(r->xml, "launchTemplateVersionSet/item");
    p->image = evac_arena_str(c->arena, evac_xml_text(v, "launchTemplateData/imageId"));
    p->type = evac_arena_str(c->arena, evac_xml_text(v, "launchTemplateData/instanceType"));
    if (!v)
        ec2_blocked(c, "the launch template has no such version");
    else
        prove(c);
}

static bool ask_template(struct aws_call *c)
{
    struct evac_str t = aws_regional(c, "launch_template");
    if (!t.n)
        return false;
    struct ec2_ask *ask = ec2_ask(c, "DescribeLaunchTemplateVersions");
    ec2_put(ask, evac_str_starts(t, "lt-") ? "LaunchTemplateId" : "LaunchTemplateName", t);
    ec2_put(ask, "LaunchTemplateVersion.1", aws_regional(c, "template_version"));
    ec2_next(ask, on_template);
    return true;
}

static void on_images(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (!ec2_look(c, r))
        return;
    struct ec2_newest n = ec2_newest_image(c, r);
    if (n.id.n) {
        if (aws_regional(c, "image").n)
            older(c, &n);
        prove(c);
        return;
    }
    struct evac_str state = evac_xml_text(r->xml, "imagesSet/item/imageState");
    ec2_blocked(c, "the image is not available%s%.*s", state.n ? ": " : "", EVAC_STR_ARG(state));
}

/* A template may name its image by a parameter of Systems Manager: that is seen only at launching.
 */
static bool ask_images(struct aws_call *c)
{
    const struct proof *p = c->state;
    if (aws_regional(c, "image").n) {
        ec2_next(ec2_ask_image(c), on_images);
        return true;
    }
    if (!evac_str_starts(p->image, "ami-"))
        return false;
    struct ec2_ask *ask = ec2_ask(c, "DescribeImages");
    ec2_put(ask, "ImageId.1", p->image);
    ec2_next(ask, on_images);
    return true;
}

static void on_snapshots(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (!ec2_look(c, r))
        return;
    struct ec2_newest n = ec2_newest_snapshot(c, r);
    if (n.id.n) {
        older(c, &n);
        prove(c);
    } else {
        ec2_blocked(c, "no snapshot with the tag %.*s is completed",
                    EVAC_STR_ARG(aws_regional(c, "snapshot")));
    }
}

static bool ask_snapshots(struct aws_call *c)
{
    if (!aws_regional(c, "snapshot").n)
        return false;
    ec2_next(ec2_ask_snapshot(c), on_snapshots);
    return true;
}

static void on_instances(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (!ec2_look(c, r))
        return;
    struct ec2_boxes b = ec2_read_boxes(c, r);
    size_t gone = b.in[EC2_SHUTTING_DOWN] + b.in[EC2_TERMINATED];
    if (b.count == gone)
        ec2_blocked(c, "there are no such instances");
    else if (gone && aws_regional(c, "instances").n)
        ec2_blocked(c, "%zu of the instances are terminated", gone);
    else
        prove(c);
}

static bool ask_instances(struct aws_call *c)
{
    struct evac_err err = { EVAC_OK, "" };
    struct evac_str ids = aws_regional(c, "instances"), tag = aws_regional(c, "tag");
    if (!ids.n && !tag.n)
        return false;
    struct ec2_ask *ask = ec2_ask(c, "DescribeInstances");
    if (tag.n)
        ec2_filter_tag(ask, tag);
    if (ids.n && ec2_put_ids(ask, ids, &err))
        ec2_blocked(c, "%s", err.text);
    else
        ec2_next(ask, on_instances);
    return true;
}

/* EC2 says whether we may: a dry run is always refused, and one code means yes. */
static void on_offered(struct aws_call *c, const struct evac_aws_reply *failed, bool offered)
{
    const struct proof *p = c->state;
    struct evac_str zone = aws_regional(c, "zone");
    if (failed)
        aws_answer_unseen(c, failed);
    else if (!offered)
        ec2_blocked(c, "%.*s is not offered in %.*s", EVAC_STR_ARG(p->asked),
                    EVAC_STR_ARG(zone.n ? zone : c->region));
    else
        prove(c);
}

static bool ask_offered(struct aws_call *c, struct evac_str type)
{
    struct proof *p = c->state;
    p->asked = type;
    if (type.n)
        aws_offered_next(c, type, aws_regional(c, "zone"), on_offered);
    return type.n > 0;
}

static bool ask_template_type(struct aws_call *c)
{
    return ask_offered(c, ((const struct proof *)c->state)->type);
}

static bool ask_reserved_type(struct aws_call *c)
{
    return ask_offered(c, aws_regional(c, "instance_type"));
}

static void on_dry_run(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (evac_str_is(r->code, "DryRunOperation"))
        prove(c);
    else if (r->outcome == EVAC_OUTCOME_REJECTED)
        ec2_blocked(c, "it could not be launched: %.*s: %.*s", EVAC_STR_ARG(r->code),
                    EVAC_STR_ARG(r->message));
    else
        aws_answer_unseen(c, r);
}

static bool ask_dry_run(struct aws_call *c)
{
    if (!evac_args_bool(&c->args, "want.dry_run", false) || !aws_regional(c, "launch_template").n)
        return false;
    struct ec2_ask *ask = ec2_ask(c, "RunInstances");
    ask->mutates = false;
    ec2_put_template(ask);
    ec2_puti(ask, "MinCount", 1);
    ec2_puti(ask, "MaxCount", 1);
    ec2_put(ask, "DryRun", EVAC_STR("true"));
    if (aws_regional(c, "fleet").n)
        ec2_tag_own(ask, "TagSpecification", "instance");
    ec2_next(ask, on_dry_run);
    return true;
}

static void prove(struct aws_call *c)
{
    static bool (*const asks[])(
        struct aws_call * c) = { ask_template,  ask_template_type, ask_reserved_type, ask_images,
                                 ask_snapshots, ask_instances,     ask_dry_run };
    struct proof *p = c->state;
    while (p->next < sizeof asks / sizeof asks[0])
        if (asks[p->next++](c))
            return;
    struct evac_fact facts[] = { { "as_of_wall_ms", aws_point_ms(c, p->as_of_ms) } };
    struct aws_sight sight = { .seen = EVAC_SEEN_SATISFIED,
                               .progress = -1,
                               .snapshot = EVAC_STR("{}"),
                               .facts = facts,
                               .fact_count = p->as_of_ms ? 1 : 0 };
    aws_answer_seen(c, &sight, "all that is declared is there");
}

enum evac_code ec2_observe_ready(struct aws_call *c, struct evac_err *err)
{
    static const char *const declared[] = { "launch_template", "image", "snapshot",
                                            "instances",       "tag",   "instance_type" };
    size_t n = 0;
    for (size_t i = 0; i < sizeof declared / sizeof declared[0]; i++)
        n += aws_regional(c, declared[i]).n > 0;
    if (n == 0)
        return evac_fail(err, EVAC_E_BADARG,
                         "there is nothing to be ready: no launch_template, image, snapshot, "
                         "instances, tag or instance_type");
    if (aws_regional(c, "snapshot").n && check_snapshot(c, err))
        return EVAC_E_BADARG;
    c->state = evac_arena_alloc(c->arena, sizeof(struct proof));
    return aws_answer_later(c, prove, err);
}

/* --- restore ---------------------------------------------------------------------------------- */

struct restoring {
    struct ec2_newest point;
};

static enum evac_code start_restore(struct aws_call *c, aws_reply_fn *on_reply,
                                    struct evac_err *err)
{
    enum evac_code code = check_snapshot(c, err);
    if (!code)
        code = ec2_need_fleet(c, err);
    if (!code)
        code = ec2_need(c, "zone", "make a volume", err);
    c->state = evac_arena_alloc(c->arena, sizeof(struct restoring));
    return code ? code : ec2_send(ec2_ask_snapshot(c), on_reply, err);
}

/* Only this run's volume counts: one of an earlier run may have been written to since. And it does
 * count when a newer snapshot has come in between. */
static struct ec2_ask *ask_volumes(struct aws_call *c)
{
    struct ec2_ask *ask = ec2_ask(c, "DescribeVolumes");
    ec2_filter_own(ask);
    ec2_filter(ask, "tag:evac:run", evac_args_get(&c->args, "run"));
    return ask;
}

/* A planned move makes the volume of a snapshot that has all that was written before the fence.
 * Answers the call when there is none yet. */
static bool waits(struct aws_call *c)
{
    const struct ec2_newest *n = &((const struct restoring *)c->state)->point;
    int64_t fenced = aws_fenced_ms(c, evac_str_eq(c->region, c->to) ? c->from : c->to);
    struct aws_sight sight = { .progress = -1, .snapshot = EVAC_STR("{}") };
    if (n->as_of_ms >= fenced)
        return false;
    struct aws_wait wait =
        aws_wait_for_point(c, fenced, n->as_of_ms, n->making ? AWS_NEWER_BEGUN : AWS_NEWER_NONE);
    sight.seen = wait.seen;
    if (c->verb == EVAC_VERB_APPLY)
        aws_answer_rejected(c, "", "%s", wait.why);
    else
        aws_answer_seen(c, &sight, "%s", wait.why);
    return true;
}

static void on_volumes(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct restoring *w = c->state;
    if (!ec2_look(c, r))
        return;
    const struct evac_xml *v = evac_xml_path(r->xml, "volumeSet/item");
    if (!v && waits(c))
        return;
    struct evac_str state = evac_xml_text(v, "status"), id = evac_xml_text(v, "volumeId");
    bool usable = evac_str_is(state, "available") || evac_str_is(state, "in-use");
    struct evac_fact facts[] = { { "as_of_wall_ms", aws_point_ms(c, w->point.as_of_ms) } };
    struct aws_sight sight = {
        .seen = !v                               ? EVAC_SEEN_UNSATISFIED
                : usable                         ? EVAC_SEEN_SATISFIED
                : evac_str_is(state, "creating") ? EVAC_SEEN_MOVING
                                                 : EVAC_SEEN_BLOCKED,
        .progress = -1,
        .facts = facts,
        .fact_count = 1,
        .snapshot = aws_printf(c, "{\"volume\":\"%.*s\",\"snapshot\":\"%.*s\"}", EVAC_STR_ARG(id),
                               EVAC_STR_ARG(w->point.id)),
    };
    aws_answer_seen(
        c, &sight, "%s",
        v ? aws_printf(c, "the volume %.*s is %.*s", EVAC_STR_ARG(id), EVAC_STR_ARG(state)).p
          : "there is no volume yet");
}

static void on_point(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct restoring *w = c->state;
    if (!ec2_look(c, r))
        return;
    w->point = ec2_newest_snapshot(c, r);
    if (w->point.id.n)
        ec2_next(ask_volumes(c), on_volumes);
    else
        ec2_blocked(c, "no snapshot with the tag %.*s is completed",
                    EVAC_STR_ARG(aws_regional(c, "snapshot")));
}

enum evac_code ec2_observe_restore(struct aws_call *c, struct evac_err *err)
{
    return start_restore(c, on_point, err);
}

static void created(struct aws_call *c, const struct evac_aws_reply *r)
{
    aws_answer_outcome(c, r);
}

static void create(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct restoring *w = c->state;
    if (!ec2_look_first(c, r))
        return;
    if (evac_xml_path(r->xml, "volumeSet/item")) {
        ec2_accepted(c);
        return;
    }
    if (waits(c))
        return;
    struct ec2_ask *ask = ec2_ask(c, "CreateVolume");
    ec2_put(ask, "AvailabilityZone", aws_regional(c, "zone"));
    ec2_put(ask, "SnapshotId", w->point.id);
    ec2_put(ask, "VolumeType", EVAC_STR("gp3"));
    ec2_put(ask, "ClientToken", ec2_token(c, "restore", evac_str_hash(w->point.id)));
    ec2_tag_own(ask, "TagSpecification", "volume");
    ec2_next(ask, created);
}

static void on_snapshot(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct restoring *w = c->state;
    if (!ec2_look_first(c, r))
        return;
    w->point = ec2_newest_snapshot(c, r);
    if (w->point.id.n)
        ec2_next(ask_volumes(c), create);
    else
        aws_answer_rejected(c, "", "no such snapshot is completed");
}

enum evac_code ec2_apply_restore(struct aws_call *c, struct evac_err *err)
{
    return start_restore(c, on_snapshot, err);
}

/* --- what a loss of the other side would cost ------------------------------------------------- */

static void answer_lag(struct aws_call *c, int64_t now_ms, int64_t until_ms)
{
    aws_answer_lag(c, true, now_ms > until_ms ? now_ms - until_ms : 0, now_ms, "");
}

static void on_age(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct aws_sight none = { .seen = EVAC_SEEN_UNSEEN, .progress = -1 };
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return;
    }
    struct ec2_newest n = ec2_newest_snapshot(c, r);
    if (n.id.n)
        answer_lag(c, aws_server_ms(c, r), n.as_of_ms);
    else
        aws_answer_seen(c, &none, "no such snapshot is completed");
}

/* Instances without a snapshot hold no data that would be taken over. Not to say so would make the
 * whole app's loss unknown. */
static void nothing_to_lose(struct aws_call *c)
{
    int64_t now_ms = c->link->host->wall_ms(c->link->host->ctx);
    answer_lag(c, now_ms, now_ms);
}

enum evac_code ec2_measure(struct aws_call *c, struct evac_err *err)
{
    c->region = c->to;
    if (aws_regional(c, "snapshot").n == 0)
        return aws_answer_later(c, nothing_to_lose, err);
    enum evac_code code = check_snapshot(c, err);
    return code ? code : ec2_send(ec2_ask_snapshot(c), on_age, err);
}

/*
 * EC2: instances that are started, stopped, launched or ended; capacity reserved for them; and what
 * they are made of, images and snapshots (AWS.md 2.6). What this driver makes carries the tags
 * evac:app and evac:resource, and nothing that lacks them is ever ended. EC2's answers may be
 * behind by seconds: no look closes a step alone, and each creation carries a token that the same
 * decision gives again.
 */
#include "aws_parity.h"
#include "ec2_parts.h"

#include <stdarg.h>
#include <string.h>

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "instances", EVAC_PARAM_LIST, EVAC_PARAM_REGIONAL, NULL, NULL, "ids of the instances that are started and stopped" },
    { "tag", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL, "or: the tag that they carry, as \"role=web\"" },
    { "fleet", EVAC_PARAM_TEXT, 0, NULL, NULL, "name of what launch, reserve and restore make: its tag evac:resource" },
    { "launch_template", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL, "what is launched: the launch template's name" },
    { "template_version", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, "$Default", NULL, "its version: a number, $Default or $Latest" },
    { "image", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL, "name pattern (\"web-*\"): the newest of our own images is launched, not the template's" },
    { "snapshot", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL, "the tag of the volume's snapshots, as \"volume=db\": the newest is restored" },
    { "copy_delay", EVAC_PARAM_DURATION, 0, "0s", NULL, "how much older than its own date a copied image's or snapshot's content may be" },
    { "zone", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL, "availability zone of what reserve and restore make, and of what launch makes" },
    { "instance_type", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL, "what reserve reserves, as \"m6i.large\"" },
    { "platform", EVAC_PARAM_TEXT, 0, "Linux/UNIX", NULL, "and for which operating system" },
    { "count", EVAC_PARAM_INT, EVAC_PARAM_GROUP, NULL, NULL, "named sizes, as count = { active = 6; standby = 1; }" },
    AWS_PARITY_PARAM,
    { 0 },
};

#define NEEDS(names) { names, EVAC_PARAM_TEXT, EVAC_PARAM_OF_RESOURCE, NULL, NULL, "" }
static const struct evac_param ready_params[] = {
    NEEDS("launch_template|image|snapshot|instances|tag|instance_type"),
    { "dry_run", EVAC_PARAM_BOOL, 0, "false", NULL, "let EC2 say that the template could be launched: a RunInstances that it never carries out" },
    { 0 },
};
static const struct evac_param start_params[] = {
    NEEDS("instances|tag"),
    { "minimum_percent", EVAC_PARAM_INT, 0, "100", NULL, "enough when this share of them runs" },
    { 0 },
};
static const struct evac_param stop_params[] = {
    NEEDS("instances|tag"),
    { "force", EVAC_PARAM_BOOL, 0, "false", NULL, "without letting the operating system shut down: what it has not written is lost" },
    { 0 },
};
static const struct evac_param launch_params[] = {
    NEEDS("launch_template"),
    AWS_SCALE_PARAMS,
    { 0 },
};
static const struct evac_param parity_params[] = { NEEDS("launch_template"), { 0 } };
static const struct evac_param restore_params[] = { NEEDS("snapshot"), { 0 } };
static const struct evac_param reserve_params[] = {
    NEEDS("instance_type"),
    { "count", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "how many: a number, or a name in the resource's count" },
    { 0 },
};

#define OP(name, mutates) { "ec2", name, "ec2:" name, EVAC_HOME_STEP, NULL, true, mutates }
static const struct evac_op ready_ops[] = {
    OP("DescribeLaunchTemplateVersions", false), OP("DescribeImages", false), OP("DescribeSnapshots", false),
    OP("DescribeInstances", false), OP("DescribeInstanceTypeOfferings", false), OP("RunInstances", false), { 0 },
};
static const struct evac_op parity_ops[] = {
    AWS_PARITY_OP("ec2", "DescribeLaunchTemplateVersions", "ec2:DescribeLaunchTemplateVersions"),
    AWS_PARITY_OP("ec2", "DescribeImages", "ec2:DescribeImages"),
    { 0 },
};
static const struct evac_op power_ops[] = {
    OP("DescribeInstances", false), OP("StartInstances", true), OP("StopInstances", true), { 0 },
};
static const struct evac_op launch_ops[] = {
    OP("DescribeInstances", false), OP("DescribeImages", false),
    { "ec2", "RunInstances", "ec2:RunInstances ec2:CreateTags", EVAC_HOME_STEP, NULL, true, true },
    OP("TerminateInstances", true), { 0 },
};
static const struct evac_op terminate_ops[] = {
    OP("DescribeInstances", false), OP("TerminateInstances", true), { 0 },
};
static const struct evac_op reserve_ops[] = {
    OP("DescribeCapacityReservations", false),
    { "ec2", "CreateCapacityReservation", "ec2:CreateCapacityReservation ec2:CreateTags", EVAC_HOME_STEP, NULL, true, true },
    OP("ModifyCapacityReservation", true), OP("CancelCapacityReservation", true), { 0 },
};
static const struct evac_op restore_ops[] = {
    OP("DescribeSnapshots", false), OP("DescribeVolumes", false),
    { "ec2", "CreateVolume", "ec2:CreateVolume ec2:CreateTags", EVAC_HOME_STEP, NULL, true, true }, { 0 },
};
static const struct evac_op measure_ops[] = {
    { "ec2", "DescribeSnapshots", "ec2:DescribeSnapshots", EVAC_HOME_TO, NULL, true, false }, { 0 },
};

/* What this run made is known by its tags. */
#define OURS "--filters Name=tag:evac:app,Values=<app> Name=tag:evac:resource,Values=<fleet> "
#define OF_RUN OURS "Name=tag:evac:run,Values=<run> "
#define FOUND(describe) "$(aws ec2 " describe " --region <region> --output text "
static const char clear_power[] =
    "aws ec2 start-instances --region <region> --instance-ids <each.instances:running> && "
    "aws ec2 stop-instances --region <region> --instance-ids <each.instances:stopped>";
static const char clear_launch[] = "aws ec2 terminate-instances --region <region> --instance-ids "
    FOUND("describe-instances") OF_RUN "Name=instance-state-name,Values=pending,running,stopping,stopped "
    "--query \"Reservations[].Instances[].InstanceId\")";
static const char clear_reserve[] =
    "aws ec2 $([ <was.count> = 0 ] && echo cancel-capacity-reservation || echo modify-capacity-reservation --instance-count <was.count>) "
    "--region <region> --capacity-reservation-id " FOUND("describe-capacity-reservations") OURS
    "Name=state,Values=active,pending --query \"CapacityReservations[0].CapacityReservationId\")";
static const char clear_restore[] = "aws ec2 delete-volume --region <region> --volume-id "
    FOUND("describe-volumes") OF_RUN "--query \"Volumes[].VolumeId\")";
static const struct evac_action actions[] = {
    { "ready", "the launch template, the images, the snapshots and the instances are there and can be used, the instance type is offered", 0,
      EVAC_FENCING_NONE, 1000, 120000, ready_params, ready_ops },
    AWS_PARITY_ACTION_OF(parity_params, parity_ops),
    { "start", "the instances run", EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE, EVAC_FENCING_NONE, 60000, 900000,
      start_params, power_ops, clear_power },
    { "stop", "the instances are stopped: on the side that is left, nothing there writes any more",
      EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE | EVAC_ACTION_FENCES, EVAC_FENCING_NONE, 60000, 900000,
      stop_params, power_ops, clear_power },
    { "launch", "so many instances of the launch template run; undone, those that it launched are ended",
      EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE, EVAC_FENCING_TOKEN, 90000, 1200000, launch_params, launch_ops, clear_launch },
    { "terminate", "the instances that launch has launched are ended", EVAC_ACTION_MUTATES,
      EVAC_FENCING_NONE, 60000, 900000, NULL, terminate_ops },
    { "reserve", "capacity for so many instances is reserved", EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE,
      EVAC_FENCING_NONE, 10000, 600000, reserve_params, reserve_ops, clear_reserve },
    { "restore", "a volume out of the newest snapshot; planned, of one at or after the fence, else what is newer is lost",
      EVAC_ACTION_MUTATES | EVAC_ACTION_PROMOTES | EVAC_ACTION_LOSSY | EVAC_ACTION_WAITS, EVAC_FENCING_TOKEN, 30000, 900000, restore_params,
      restore_ops, clear_restore },
    { "recover", "the same, by the name that runbooks know", EVAC_ACTION_MUTATES | EVAC_ACTION_PROMOTES | EVAC_ACTION_LOSSY | EVAC_ACTION_WAITS,
      EVAC_FENCING_TOKEN, 30000, 900000, restore_params, restore_ops, clear_restore },
    { 0 },
};
/* clang-format on */

/* --- asking ---------------------------------------------------------------------------------- */

struct ec2_ask *ec2_ask(struct aws_call *c, const char *operation)
{
    struct ec2_ask *ask = evac_arena_alloc(c->arena, sizeof *ask);
    ask->c = c;
    ask->operation = operation;
    ask->mutates = !evac_str_starts(evac_str(operation), "Describe");
    return ask;
}

void ec2_put(struct ec2_ask *ask, const char *name, struct evac_str value)
{
    if (ask->count < EC2_PARAMS_MAX)
        ask->params[ask->count++] =
            (struct evac_arg){ evac_arena_str(ask->c->arena, evac_str(name)), value };
}

void ec2_puti(struct ec2_ask *ask, const char *name, int64_t value)
{
    ec2_put(ask, name, aws_printf(ask->c, "%lld", (long long)value));
}

void ec2_filter(struct ec2_ask *ask, const char *name, struct evac_str value)
{
    int n = 1;
    for (size_t i = 0; i < ask->count; i++)
        n += evac_str_starts(ask->params[i].name, "Filter.") &&
             evac_str_ends(ask->params[i].name, ".Name");
    ec2_put(ask, aws_printf(ask->c, "Filter.%d.Name", n).p, evac_str(name));
    ec2_put(ask, aws_printf(ask->c, "Filter.%d.Value.1", n).p, value);
}

void ec2_filter_tag(struct ec2_ask *ask, struct evac_str tag)
{
    struct evac_str value, key = evac_str_cut(tag, '=', &value);
    ec2_filter(ask, aws_printf(ask->c, "tag:%.*s", EVAC_STR_ARG(key)).p, value);
}

void ec2_filter_own(struct ec2_ask *ask)
{
    ec2_filter(ask, "tag:evac:app", ask->c->app);
    ec2_filter(ask, "tag:evac:resource", evac_args_get(&ask->c->args, "fleet"));
}

void ec2_put_template(struct ec2_ask *ask)
{
    struct evac_str name = aws_regional(ask->c, "launch_template");
    bool by_id = evac_str_starts(name, "lt-");
    ec2_put(ask, by_id ? "LaunchTemplate.LaunchTemplateId" : "LaunchTemplate.LaunchTemplateName",
            name);
    ec2_put(ask, "LaunchTemplate.Version", aws_regional(ask->c, "template_version"));
}

void ec2_tag_own(struct ec2_ask *ask, const char *list, const char *type)
{
    struct aws_call *c = ask->c;
    const struct evac_arg tags[] = {
        { EVAC_STR("evac:app"), c->app },
        { EVAC_STR("evac:resource"), evac_args_get(&c->args, "fleet") },
        { EVAC_STR("evac:run"), evac_args_get(&c->args, "run") },
    };
    ec2_put(ask, aws_printf(c, "%s.1.ResourceType", list).p, evac_str(type));
    for (int i = 0; i < 3; i++) {
        ec2_put(ask, aws_printf(c, "%s.1.Tag.%d.Key", list, i + 1).p, tags[i].name);
        ec2_put(ask, aws_printf(c, "%s.1.Tag.%d.Value", list, i + 1).p, tags[i].value);
    }
}

static struct evac_aws_request request(const struct ec2_ask *ask)
{
    return (struct evac_aws_request){ .service = "ec2",
                                      .operation = ask->operation,
                                      .region = ask->c->region,
                                      .mutates = ask->mutates,
                                      .params = ask->params,
                                      .param_count = ask->count };
}

enum evac_code ec2_send(struct ec2_ask *ask, aws_reply_fn *on_reply, struct evac_err *err)
{
    struct evac_aws_request r = request(ask);
    return aws_send(ask->c, &r, on_reply, err);
}

void ec2_next(struct ec2_ask *ask, aws_reply_fn *on_reply)
{
    struct evac_aws_request r = request(ask);
    aws_next(ask->c, &r, on_reply);
}

/* --- answering ------------------------------------------------------------------------------- */

void ec2_blocked(struct aws_call *c, const char *fmt, ...)
{
    va_list ap;
    struct aws_sight sight = { .seen = EVAC_SEEN_BLOCKED, .progress = -1 };
    va_start(ap, fmt);
    struct evac_str why = evac_arena_vprintf(c->arena, fmt, ap);
    va_end(ap);
    aws_answer_seen(c, &sight, "%.*s", EVAC_STR_ARG(why));
}

bool ec2_look(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (r->outcome == EVAC_OUTCOME_ACCEPTED)
        return true;
    if (r->outcome == EVAC_OUTCOME_REJECTED && evac_str_starts(r->code, "Invalid"))
        ec2_blocked(c, "%.*s: %.*s", EVAC_STR_ARG(r->code), EVAC_STR_ARG(r->message));
    else
        aws_answer_unseen(c, r);
    return false;
}

bool ec2_look_first(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (r->outcome == EVAC_OUTCOME_ACCEPTED)
        return true;
    aws_answer_not_sent(c, r);
    return false;
}

void ec2_accepted(struct aws_call *c)
{
    struct evac_reply reply = { .outcome = EVAC_OUTCOME_ACCEPTED, .progress = -1 };
    aws_answer(c, &reply);
}

enum evac_code ec2_need(const struct aws_call *c, const char *param, const char *what,
                        struct evac_err *err)
{
    if (aws_regional(c, param).n)
        return EVAC_OK;
    return evac_fail(err, EVAC_E_BADARG, "%s is needed to %s", param, what);
}

/* EC2 reads its filters as patterns: one in the name would mean, and end, what other fleets made.
 */
enum evac_code ec2_need_fleet(const struct aws_call *c, struct evac_err *err)
{
    struct evac_str fleet = evac_args_get(&c->args, "fleet");
    if (fleet.n == 0)
        return evac_fail(err, EVAC_E_BADARG,
                         "fleet is needed: the name of what is made here, its tag evac:resource");
    for (size_t i = 0; i < fleet.n; i++)
        if (strchr("*?\\", fleet.p[i]))
            return evac_fail(err, EVAC_E_BADARG, "fleet is '%.*s': no * ? or \\ in it",
                             EVAC_STR_ARG(fleet));
    return EVAC_OK;
}

/* --- instances ------------------------------------------------------------------------------- */

enum evac_code ec2_put_ids(struct ec2_ask *ask, struct evac_str list, struct evac_err *err)
{
    struct evac_json *root = NULL;
    size_t n = 0;
    enum evac_code code = evac_json_parse(list, &root, err);
    for (const struct evac_json *i = code ? NULL : evac_json_first(root); i; i = evac_json_next(i))
        if (++n <= EC2_BATCH)
            ec2_put(ask, aws_printf(ask->c, "InstanceId.%zu", n).p,
                    evac_arena_str(ask->c->arena, evac_json_text(i)));
    evac_json_free(root);
    if (!code && (n == 0 || n > EC2_BATCH))
        code = evac_fail(err, EVAC_E_BADARG, "instances lists %zu: from 1 to %u, or use a tag", n,
                         EC2_BATCH);
    return code;
}

static size_t count_boxes(const struct evac_xml *root)
{
    size_t n = 0;
    for (const struct evac_xml *b = evac_xml_path(root, "reservationSet/item"); b;
         b = evac_xml_again(b))
        for (const struct evac_xml *i = evac_xml_path(b, "instancesSet/item"); i;
             i = evac_xml_again(i))
            n++;
    return n;
}

static int state_of(const struct evac_xml *instance)
{
    int64_t code;
    bool known = evac_str_i64(evac_xml_text(instance, "instanceState/code"), &code);
    code &= 0xff; /* the high byte is AWS's own */
    return known && code <= 80 && code % 16 == 0 ? (int)(code / 16) : EC2_PENDING;
}

struct ec2_boxes ec2_read_boxes(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct ec2_boxes boxes = { .items = evac_arena_array(c->arena, count_boxes(r->xml) + 1,
                                                         sizeof *boxes.items) };
    for (const struct evac_xml *b = evac_xml_path(r->xml, "reservationSet/item"); b;
         b = evac_xml_again(b))
        for (const struct evac_xml *i = evac_xml_path(b, "instancesSet/item"); i;
             i = evac_xml_again(i)) {
            int state = state_of(i);
            boxes.items[boxes.count++] =
                (struct ec2_box){ evac_arena_str(c->arena, evac_xml_text(i, "instanceId")), state };
            boxes.in[state]++;
        }
    return boxes;
}

bool ec2_is_gone(const struct ec2_box *box)
{
    return box->state == EC2_SHUTTING_DOWN || box->state == EC2_TERMINATED;
}

/* --- changing many --------------------------------------------------------------------------- */

struct changing {
    struct ec2_change *now;
    bool accepted;                 /* a part of it */
    struct evac_str code, message; /* of the last that was refused for lack of capacity */
};

static void send_batch(struct aws_call *c);

static bool is_lacking(struct evac_str code)
{
    return evac_str_starts(code, "Insufficient") || evac_str_is(code, "VcpuLimitExceeded");
}

/* What is left will be seen, and asked for again. */
static void end_change(struct aws_call *c, const struct changing *w, const struct evac_aws_reply *r)
{
    if (r->outcome == EVAC_OUTCOME_UNKNOWN || !w->accepted)
        aws_answer_outcome(c, r);
    else
        ec2_accepted(c);
}

static void on_batch(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct changing *w = c->state;
    struct ec2_change *now = w->now;
    bool refused = r->outcome == EVAC_OUTCOME_REJECTED && is_lacking(r->code);
    if (r->outcome != EVAC_OUTCOME_ACCEPTED && !refused) {
        end_change(c, w, r);
        return;
    }
    if (refused) {
        w->code = evac_arena_str(c->arena, r->code);
        w->message = evac_arena_str(c->arena, r->message);
    }
    w->accepted |= !refused;
    if (refused && now->batch > 1 && now->count - now->at > 1)
        now->batch = 1;
    else
        now->at += now->batch;
    send_batch(c);
}

static void send_batch(struct aws_call *c)
{
    struct changing *w = c->state;
    while (w->now && w->now->at >= w->now->count)
        w->now = w->now->next;
    if (!w->now) {
        if (w->accepted || w->code.n == 0)
            ec2_accepted(c);
        else
            aws_answer_rejected(c, w->code.p, "%.*s", EVAC_STR_ARG(w->message));
        return;
    }
    const struct ec2_change *now = w->now;
    struct ec2_ask *ask = ec2_ask(c, now->operation);
    for (size_t i = 0; i < now->batch && now->at + i < now->count; i++)
        ec2_put(ask, aws_printf(c, "InstanceId.%zu", i + 1).p, now->ids[now->at + i]);
    if (now->force)
        ec2_put(ask, "Force", EVAC_STR("true"));
    ec2_next(ask, on_batch);
}

void ec2_change(struct aws_call *c, struct ec2_change *change)
{
    struct changing *w = evac_arena_alloc(c->arena, sizeof *w);
    w->now = change;
    for (; change; change = change->next)
        change->batch = EC2_BATCH;
    c->state = w;
    send_batch(c);
}

struct evac_str ec2_token(const struct aws_call *c, const char *what, uint64_t view)
{
    struct evac_str run = evac_args_get(&c->args, "run"), fleet = evac_args_get(&c->args, "fleet");
    struct evac_str line =
        evac_arena_printf(c->arena, "%s %.*s %.*s %.*s %.*s", what, EVAC_STR_ARG(c->app),
                          EVAC_STR_ARG(fleet), EVAC_STR_ARG(run), EVAC_STR_ARG(c->region));
    return evac_arena_printf(c->arena, "evac-%.*s-%016llx%016llx", EVAC_STR_ARG(run),
                             (unsigned long long)evac_str_hash(line), (unsigned long long)view);
}

/* --- the driver ------------------------------------------------------------------------------ */

/* clang-format off */
static const struct aws_parity parity = { .rows = {
    AWS_PARITY_TEMPLATE("LaunchTemplateName=<launch_template>&LaunchTemplateVersion.1=<template_version>", .unless = "launch_template=lt-*"),
    AWS_PARITY_TEMPLATE("LaunchTemplateId=<launch_template>&LaunchTemplateVersion.1=<template_version>", .needs = "launch_template=lt-*"),
    AWS_PARITY_IMAGE } };
/* clang-format on */

static const struct aws_handlers handlers[] = {
    { .action = "parity", .parity = &parity },
    { .action = "ready", .observe = ec2_observe_ready },
    { .action = "start", .observe = ec2_observe_start, .apply = ec2_apply_start },
    { .action = "stop", .observe = ec2_observe_stop, .apply = ec2_apply_stop },
    { .action = "launch", .observe = ec2_observe_launch, .apply = ec2_apply_launch },
    { .action = "terminate", .observe = ec2_observe_terminate, .apply = ec2_apply_terminate },
    { .action = "reserve", .observe = ec2_observe_reserve, .apply = ec2_apply_reserve },
    { .action = "restore", .observe = ec2_observe_restore, .apply = ec2_apply_restore },
    { .action = "recover", .observe = ec2_observe_restore, .apply = ec2_apply_restore },
    { .action = "", .measure = ec2_measure },
    { 0 },
};

static enum evac_code call_ec2(struct evac_link *link, const struct evac_call *call,
                               evac_done_fn *done, void *user, uint64_t *ret_id,
                               struct evac_err *err)
{
    return aws_run(link, handlers, call_ec2, call, done, user, ret_id, err);
}

const struct evac_driver evac_driver_ec2 = {
    "ec2",
    "EC2 instances, what they are made of, and capacity for them",
    resource_params,
    actions,
    1u << EVAC_VERB_MEASURE,
    measure_ops,
    call_ec2,
    aws_cancel
};

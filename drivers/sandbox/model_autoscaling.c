/*
 * EC2 Auto Scaling: groups that keep so many instances in service (AWS.md 2.6). Instances take
 * minutes, and fail to launch when there is no capacity. One that goes into service is registered
 * in the group's target groups, and one that ends is taken out of them.
 *
 * Control's `make autoscaling REGION {"group":"web","min":0,"max":10,"desired":2,
 * "target_groups":["web"],"launch_template":"lt-00000001"}`: its instances are in service, and
 * healthy behind those.
 */
#include "sandbox_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS_MAX     64u
#define INSTANCES_MAX  200u
#define ACTIVITIES_MAX 20u
#define NAME_BYTES     64u
#define TARGETS_MAX    4u /* target groups */

/* AWS's durations, in real time (AWS.md 4.8). */
#define LAUNCH_MS      90000u
#define LAUNCH_SPAN_MS 90000u
#define END_MS         20000u
#define RETRY_MS       60000u

#define PROCESSES(X)                                                                               \
    X(Launch)                                                                                      \
    X(Terminate)                                                                                   \
    X(AddToLoadBalancer)                                                                           \
    X(AlarmNotification)                                                                           \
    X(AZRebalance)                                                                                 \
    X(HealthCheck)                                                                                 \
    X(InstanceRefresh)                                                                             \
    X(ReplaceUnhealthy)                                                                            \
    X(ScheduledActions)
#define X(name) PROCESS_##name,
enum process { PROCESSES(X) PROCESS_COUNT };
#undef X
#define X(name) #name,
static const char *const process_names[PROCESS_COUNT] = { PROCESSES(X) };
#undef X

struct instance {
    char id[24];
    bool in_service, ending;
    uint64_t due_ms;
};

struct activity {
    char id[40];
    int64_t began_ms, ended_ms; /* 0: goes on */
    char status[16], what[100], message[240];
};

struct group {
    size_t region;
    char name[NAME_BYTES];
    int min, max, desired;
    bool suspended[PROCESS_COUNT];
    char target_groups[TARGETS_MAX][NAME_BYTES];
    size_t target_group_count;
    char template[NAME_BYTES], template_version[16]; /* a launch template's id; "" none */
    struct instance instances[INSTANCES_MAX];
    size_t count;
    struct activity activities[ACTIVITIES_MAX];
    size_t activity_count;
    int64_t created_ms;
    uint64_t retry_ms; /* launching failed: not before; 0 none */
};

struct asg {
    struct group groups[GROUPS_MAX];
    size_t count;
};

static struct asg *state(const struct evac_sandbox *sb)
{
    return sb->state[SB_AUTOSCALING];
}

static void *create(struct evac_sandbox *sb)
{
    struct asg *asg = sb_table_new(sizeof *asg);
    (void)sb;
    return asg;
}

/* --- instances ------------------------------------------------------------------------------- */

static void note(struct evac_sandbox *sb, struct group *g, const char *status, const char *what,
                 const char *message)
{
    struct activity *a = &g->activities[g->activity_count++ % ACTIVITIES_MAX];
    *a = (struct activity){ .began_ms = sb_wall_ms(sb), .ended_ms = sb_wall_ms(sb) };
    sb_random_id(sb, a->id, 32);
    (void)evac_str_copy(a->status, sizeof a->status, evac_str(status));
    (void)evac_str_copy(a->what, sizeof a->what, evac_str(what));
    (void)evac_str_copy(a->message, sizeof a->message, evac_str(message));
}

static int count_wanted(const struct group *g)
{
    int n = 0;
    for (size_t i = 0; i < g->count; i++)
        n += !g->instances[i].ending;
    return n;
}

static int count_in_service(const struct group *g)
{
    int n = 0;
    for (size_t i = 0; i < g->count; i++)
        n += g->instances[i].in_service && !g->instances[i].ending;
    return n;
}

static void enlist(struct evac_sandbox *sb, const struct group *g, const struct instance *i,
                   bool healthy)
{
    for (size_t t = 0; t < g->target_group_count && !g->suspended[PROCESS_AddToLoadBalancer]; t++)
        sb_elbv2_register(sb, g->region, g->target_groups[t], i->id, healthy);
}

static void delist(struct evac_sandbox *sb, const struct group *g, const struct instance *i)
{
    for (size_t t = 0; t < g->target_group_count; t++)
        sb_elbv2_deregister(sb, g->region, g->target_groups[t], i->id);
}

static void launch(struct evac_sandbox *sb, struct group *g, bool at_once)
{
    struct instance *i = &g->instances[g->count++];
    char id[18];
    sb_random_id(sb, id, 17);
    for (char *p = id; *p; p++) /* ids are hexadecimal */
        *p = "0123456789abcdef"[(unsigned char)*p % 16];
    *i = (struct instance){ .in_service = at_once };
    (void)snprintf(i->id, sizeof i->id, "i-%s", id);
    i->due_ms =
        at_once ? SB_NEVER : sb->now_ms + sb_scaled(sb, LAUNCH_MS + sb_random(sb, LAUNCH_SPAN_MS));
    if (at_once)
        enlist(sb, g, i, true);
}

static void refuse_launch(struct evac_sandbox *sb, struct group *g)
{
    uint64_t wait = sb_scaled(sb, RETRY_MS);
    g->retry_ms = sb->now_ms + (wait ? wait : 1000);
    note(sb, g, "Failed",
         "Launching a new EC2 instance.  Status Reason: InsufficientInstanceCapacity",
         "We currently do not have sufficient m6i.large capacity in the Availability Zone you "
         "requested. Our system will be working on provisioning additional capacity. Launching EC2 "
         "instance failed.");
}

static void grow(struct evac_sandbox *sb, struct group *g)
{
    if (count_wanted(g) >= g->desired || g->suspended[PROCESS_Launch] || g->retry_ms > sb->now_ms)
        return;
    g->retry_ms = 0;
    if (sb_fault(sb, SB_AUTOSCALING, g->region)->capacity_refused) {
        refuse_launch(sb, g);
        return;
    }
    while (count_wanted(g) < g->desired && g->count < INSTANCES_MAX) {
        launch(sb, g, false);
        note(sb, g, "Successful", "Launching a new EC2 instance", "");
    }
}

static void shrink(struct evac_sandbox *sb, struct group *g)
{
    if (g->suspended[PROCESS_Terminate])
        return;
    for (size_t i = g->count; i > 0 && count_wanted(g) > g->desired; i--) {
        struct instance *instance = &g->instances[i - 1];
        if (instance->ending)
            continue;
        instance->ending = true;
        delist(sb, g, instance);
        instance->due_ms = sb->now_ms + sb_scaled(sb, END_MS);
        note(sb, g, "Successful", "Terminating EC2 instance", "");
    }
}

static void move_instances(struct evac_sandbox *sb, struct group *g)
{
    for (size_t i = 0; i < g->count;) {
        struct instance *instance = &g->instances[i];
        if (instance->due_ms > sb->now_ms) {
            i++;
        } else if (instance->ending) {
            g->instances[i] = g->instances[--g->count];
        } else {
            instance->in_service = true;
            instance->due_ms = SB_NEVER;
            enlist(sb, g, instance, false);
            i++;
        }
    }
}

static void lose(struct evac_sandbox *sb, struct group *g)
{
    for (size_t i = 0; i < g->count; i++)
        delist(sb, g, &g->instances[i]);
    g->count = 0;
}

static void advance(struct evac_sandbox *sb)
{
    struct asg *asg = state(sb);
    for (size_t i = 0; i < asg->count; i++) {
        struct group *g = &asg->groups[i];
        if (sb->regions[g->region].down) {
            lose(sb, g);
            continue;
        }
        move_instances(sb, g);
        grow(sb, g);
        shrink(sb, g);
    }
}

static uint64_t wake(const struct evac_sandbox *sb)
{
    const struct asg *asg = state(sb);
    uint64_t next = SB_NEVER;
    for (size_t i = 0; i < asg->count; i++) {
        const struct group *g = &asg->groups[i];
        if (g->retry_ms && g->retry_ms < next && !sb->regions[g->region].down)
            next = g->retry_ms;
        for (size_t k = 0; k < g->count; k++)
            if (g->instances[k].due_ms < next)
                next = g->instances[k].due_ms;
    }
    return next;
}

/* --- what others ask ------------------------------------------------------------------------- */

static struct group *find(const struct evac_sandbox *sb, size_t region, struct evac_str name)
{
    struct asg *asg = state(sb);
    for (size_t i = 0; i < asg->count; i++)
        if (asg->groups[i].region == region && evac_str_is(name, asg->groups[i].name))
            return &asg->groups[i];
    return NULL;
}

static struct group *add(struct evac_sandbox *sb, size_t region, struct evac_str name)
{
    struct asg *asg = state(sb);
    if (asg->count == GROUPS_MAX)
        return NULL;
    struct group *g = &asg->groups[asg->count++];
    *g = (struct group){ .region = region, .created_ms = sb_wall_ms(sb) };
    (void)evac_str_copy(g->name, sizeof g->name, name);
    return g;
}

void sb_asg_group(struct evac_sandbox *sb, const char *region, const char *group, int min, int max,
                  int desired)
{
    struct group *g = add(sb, sb_region_find(sb, evac_str(region)), evac_str(group));
    if (!g)
        return;
    g->min = min;
    g->max = max;
    g->desired = desired;
    for (int i = 0; i < desired; i++)
        launch(sb, g, true);
}

int sb_asg_in_service(const struct evac_sandbox *sb, size_t region, const char *group)
{
    const struct group *g = find(sb, region, evac_str(group));
    return g && !sb->regions[region].down ? count_in_service(g) : 0;
}

bool sb_asg_runs(const struct evac_sandbox *sb, size_t region, struct evac_str id)
{
    const struct asg *asg = state(sb);
    for (size_t i = 0; i < asg->count; i++)
        for (size_t k = 0; asg->groups[i].region == region && k < asg->groups[i].count; k++)
            if (evac_str_is(id, asg->groups[i].instances[k].id))
                return asg->groups[i].instances[k].in_service && !sb->regions[region].down;
    return false;
}

/* make autoscaling us-west-2
 * {"group":"shop-batch","min":0,"max":10,"count":0,"target_groups":["web"]}: as if it had long been
 * so, in the place of one that was there. */
static enum evac_code make(struct evac_sandbox *sb, size_t region, const struct evac_json *json,
                           struct evac_err *err)
{
    struct evac_str name = evac_json_str(json, "group");
    int64_t desired = evac_json_i64(json, "count", evac_json_i64(json, "desired", 0));
    int64_t min = evac_json_i64(json, "min", 0);
    int64_t max = evac_json_i64(json, "max", desired > 10 ? desired : 10);
    if (name.n == 0 || name.n >= NAME_BYTES || min < 0 || desired < min || max < desired ||
        max > (int64_t)INSTANCES_MAX)
        return evac_fail(err, EVAC_E_BADARG,
                         "a group's name is needed, and sizes from 0 to %u in their order",
                         INSTANCES_MAX);
    struct group *g = find(sb, region, name);
    if (!g)
        g = add(sb, region, name);
    if (!g)
        return evac_fail(err, EVAC_E_TOOBIG, "the sandbox keeps %u groups", GROUPS_MAX);
    g->count = g->target_group_count = 0;
    g->min = (int)min;
    g->max = (int)max;
    g->desired = (int)desired;
    for (const struct evac_json *t = evac_json_first(evac_json_get(json, "target_groups"));
         t && g->target_group_count < TARGETS_MAX; t = evac_json_next(t))
        (void)evac_str_copy(g->target_groups[g->target_group_count++], NAME_BYTES,
                            evac_json_text(t));
    (void)evac_str_copy(g->template, sizeof g->template, evac_json_str(json, "launch_template"));
    (void)evac_str_copy(g->template_version, sizeof g->template_version,
                        evac_json_str(json, "template_version"));
    for (int64_t i = 0; i < desired; i++)
        launch(sb, g, true);
    return EVAC_OK;
}

/* --- operations ------------------------------------------------------------------------------ */

static struct group *named(struct sb_call *c)
{
    struct evac_str name = sb_in(c, "AutoScalingGroupName");
    struct group *g = find(c->sb, c->region, name);
    if (!g)
        sb_error(c, 400, "ValidationError", "AutoScalingGroup name not found - %.*s",
                 EVAC_STR_ARG(name));
    return g;
}

static void put_instance(struct sb_call *c, const struct group *g, const struct instance *i,
                         bool with_group)
{
    struct evac_buf *out = &c->out;
    evac_buf_puts(out, "<member>");
    sb_tag(out, "InstanceId", evac_str(i->id));
    if (with_group)
        sb_tag(out, "AutoScalingGroupName", evac_str(g->name));
    sb_tag(out, "InstanceType", EVAC_STR("m6i.large"));
    sb_tagf(out, "AvailabilityZone", "%sa", sb_region_name(c->sb, g->region));
    sb_tag(out, "LifecycleState",
           evac_str(i->ending       ? "Terminating"
                    : i->in_service ? "InService"
                                    : "Pending"));
    sb_tag(out, "HealthStatus", with_group ? EVAC_STR("HEALTHY") : EVAC_STR("Healthy"));
    sb_tag(out, "ProtectedFromScaleIn", EVAC_STR("false"));
    evac_buf_puts(out, "</member>");
}

static struct evac_str group_arn(struct sb_call *c, const struct group *g)
{
    return evac_arena_printf(c->arena, "arn:aws:autoscaling:%s:" SB_ACCOUNT ":" SB_ASG_ARN "%s",
                             sb_region_name(c->sb, g->region), g->name);
}

static void put_group(struct sb_call *c, const struct group *g)
{
    struct evac_buf *out = &c->out;
    evac_buf_puts(out, "<member>");
    sb_tag(out, "AutoScalingGroupName", evac_str(g->name));
    sb_tag(out, "AutoScalingGroupARN", group_arn(c, g));
    if (g->template[0]) {
        evac_buf_puts(out, "<LaunchTemplate>");
        sb_tag(out, "LaunchTemplateId", evac_str(g->template));
        sb_tag(out, "Version", evac_str(g->template_version[0] ? g->template_version : "$Default"));
        evac_buf_puts(out, "</LaunchTemplate>");
    }
    sb_tagf(out, "MinSize", "%d", g->min);
    sb_tagf(out, "MaxSize", "%d", g->max);
    sb_tagf(out, "DesiredCapacity", "%d", g->desired);
    evac_buf_puts(out, "<DefaultCooldown>300</DefaultCooldown><AvailabilityZones>");
    sb_tagf(out, "member", "%sa", sb_region_name(c->sb, g->region));
    evac_buf_puts(out, "</AvailabilityZones><LoadBalancerNames/><TargetGroupARNs>");
    for (size_t i = 0; i < g->target_group_count; i++)
        sb_tag(out, "member", sb_elbv2_group_arn(c, g->target_groups[i]));
    evac_buf_puts(out, "</TargetGroupARNs><HealthCheckType>EC2</HealthCheckType>"
                       "<HealthCheckGracePeriod>300</HealthCheckGracePeriod><Instances>");
    for (size_t i = 0; i < g->count; i++)
        put_instance(c, g, &g->instances[i], false);
    evac_buf_puts(out, "</Instances>");
    sb_tag(out, "CreatedTime", sb_iso(c->arena, g->created_ms));
    evac_buf_puts(out, "<SuspendedProcesses>");
    for (size_t i = 0; i < PROCESS_COUNT; i++)
        if (g->suspended[i]) {
            evac_buf_puts(out, "<member>");
            sb_tag(out, "ProcessName", evac_str(process_names[i]));
            sb_tag(out, "SuspensionReason", EVAC_STR("User suspended"));
            evac_buf_puts(out, "</member>");
        }
    evac_buf_puts(out, "</SuspendedProcesses></member>");
}

/* Of the filters, those by tag: "tag:KEY" with its values. */
static bool is_filtered(struct sb_call *c, const struct group *g)
{
    struct evac_str arn = group_arn(c, g), value;
    for (int f = 1; sb_has(c, "Filters.%d.Name", f); f++) {
        struct evac_str key, head = evac_str_cut(sb_in(c, "Filters.%d.Name", f), ':', &key);
        bool found = false;
        if (!evac_str_is(head, "tag"))
            sb_error(c, 400, "ValidationError", "The sandbox knows the filter tag:KEY.");
        if (!sb_resource_tag(c->sb, g->region, arn, key, &value))
            return false;
        for (int v = 1; sb_has(c, "Filters.%d.Values.%d", f, v) && !found; v++)
            found = evac_str_eq(sb_in(c, "Filters.%d.Values.%d", f, v), value);
        if (!found)
            return false;
    }
    return true;
}

static bool is_listed(struct sb_call *c, const struct group *g)
{
    if (!is_filtered(c, g))
        return false;
    if (!sb_has(c, "AutoScalingGroupNames.1"))
        return true;
    for (int i = 1; sb_has(c, "AutoScalingGroupNames.%d", i); i++)
        if (evac_str_is(sb_in(c, "AutoScalingGroupNames.%d", i), g->name))
            return true;
    return false;
}

/* A token is the number of the first group of the next page. */
static void describe_groups(struct sb_call *c)
{
    const struct asg *asg = state(c->sb);
    int64_t most = sb_in_i64(c, "MaxRecords", 50), from = sb_in_i64(c, "NextToken", 0), n = 0;
    size_t i = from > 0 ? (size_t)from : 0;
    if (most < 1 || most > 100) {
        sb_error(c, 400, "ValidationError", "The number of records to return: from 1 to 100.");
        return;
    }
    evac_buf_puts(&c->out, "<AutoScalingGroups>");
    for (; i < asg->count && n < most; i++)
        if (asg->groups[i].region == c->region && is_listed(c, &asg->groups[i])) {
            put_group(c, &asg->groups[i]);
            n++;
        }
    evac_buf_puts(&c->out, "</AutoScalingGroups>");
    for (size_t k = i; k < asg->count; k++)
        if (asg->groups[k].region == c->region && is_listed(c, &asg->groups[k])) {
            sb_tagf(&c->out, "NextToken", "%zu", k);
            return;
        }
}

/* AWS's own rule and words. */
static bool is_in_order(struct sb_call *c, int64_t min, int64_t max, int64_t desired)
{
    if (min < 0 || max > (int64_t)INSTANCES_MAX)
        sb_error(c, 400, "ValidationError", "Sizes: from 0 to %u in this sandbox.", INSTANCES_MAX);
    else if (max < min)
        sb_error(c, 400, "ValidationError",
                 "Max bound, %lld, must be greater than or equal to min "
                 "bound, %lld",
                 (long long)max, (long long)min);
    else if (desired < min)
        sb_error(c, 400, "ValidationError",
                 "Desired capacity:%lld must be between the specified min size:%lld and max "
                 "size:%lld",
                 (long long)desired, (long long)min, (long long)max);
    else if (desired > max)
        sb_error(c, 400, "ValidationError",
                 "Desired capacity:%lld must be between the specified min size:%lld and max "
                 "size:%lld",
                 (long long)desired, (long long)min, (long long)max);
    return !c->failed;
}

static void resize(struct sb_call *c, struct group *g, int64_t min, int64_t max, int64_t desired)
{
    if (!is_in_order(c, min, max, desired))
        return;
    if (g->min != min || g->max != max || g->desired != desired)
        sb_effect(c);
    g->min = (int)min;
    g->max = (int)max;
    g->desired = (int)desired;
    g->retry_ms = 0;
    grow(c->sb, g);
    shrink(c->sb, g);
}

/* A desired size that is not given follows the bounds, as AWS does it. */
static void update_group(struct sb_call *c)
{
    struct group *g = named(c);
    if (!g)
        return;
    int64_t min = sb_in_i64(c, "MinSize", g->min), max = sb_in_i64(c, "MaxSize", g->max);
    int64_t own = g->desired < min ? min : g->desired > max ? max : g->desired;
    resize(c, g, min, max, sb_in_i64(c, "DesiredCapacity", own));
}

static void set_desired(struct sb_call *c)
{
    struct group *g = named(c);
    if (!g)
        return;
    int64_t desired = sb_in_i64(c, "DesiredCapacity", -1);
    if (desired > g->max)
        sb_error(c, 400, "ValidationError",
                 "New SetDesiredCapacity value %lld is above max value %d for the "
                 "AutoScalingGroup.",
                 (long long)desired, g->max);
    else if (desired < g->min)
        sb_error(c, 400, "ValidationError",
                 "New SetDesiredCapacity value %lld is below min value %d for the "
                 "AutoScalingGroup.",
                 (long long)desired, g->min);
    else
        resize(c, g, g->min, g->max, desired);
}

static void take_target_groups(struct sb_call *c, struct group *g)
{
    for (int i = 1; sb_has(c, "TargetGroupARNs.%d", i) && g->target_group_count < TARGETS_MAX; i++)
        (void)evac_str_copy(g->target_groups[g->target_group_count++], NAME_BYTES,
                            evac_str(sb_elbv2_group_name(c, sb_in(c, "TargetGroupARNs.%d", i))));
}

static void check_target_groups(struct sb_call *c)
{
    for (int i = 1; sb_has(c, "TargetGroupARNs.%d", i); i++)
        if (!sb_elbv2_group_name(c, sb_in(c, "TargetGroupARNs.%d", i)))
            sb_error(c, 400, "ValidationError",
                     "Provided Target Groups may not be valid. Please ensure they exist and try "
                     "again.");
}

static void create_group(struct sb_call *c)
{
    struct evac_str name = sb_in(c, "AutoScalingGroupName");
    int64_t min = sb_in_i64(c, "MinSize", -1), max = sb_in_i64(c, "MaxSize", -1);
    int64_t desired = sb_in_i64(c, "DesiredCapacity", min);
    if (find(c->sb, c->region, name))
        sb_error(c, 400, "AlreadyExists",
                 "AutoScalingGroup by this name already exists - A group with the name %.*s "
                 "already exists",
                 EVAC_STR_ARG(name));
    else if (name.n == 0 || name.n >= NAME_BYTES)
        sb_error(c, 400, "ValidationError", "AutoScalingGroupName: from 1 to 63 characters.");
    check_target_groups(c);
    if (c->failed || !is_in_order(c, min, max, desired))
        return;
    struct group *g = add(c->sb, c->region, name);
    if (!g) {
        sb_error(c, 400, "LimitExceeded", "The sandbox keeps 64 groups.");
        return;
    }
    take_target_groups(c, g);
    resize(c, g, min, max, desired);
    sb_effect(c);
}

static void delete_group(struct sb_call *c)
{
    struct asg *asg = state(c->sb);
    struct group *g = named(c);
    if (!g)
        return;
    if (g->count > 0 && !sb_in_bool(c, "ForceDelete", false)) {
        sb_error(c, 400, "ResourceInUse",
                 "You cannot delete an AutoScalingGroup while there are instances or pending Spot "
                 "instance request(s) still in the group.");
        return;
    }
    size_t at = (size_t)(g - asg->groups);
    memmove(g, g + 1, (asg->count - at - 1) * sizeof *g);
    asg->count--;
    sb_effect(c);
}

/* None named: all of them. */
static void set_processes(struct sb_call *c, bool suspended)
{
    struct group *g = named(c);
    if (!g)
        return;
    bool all = !sb_has(c, "ScalingProcesses.1");
    for (size_t p = 0; p < PROCESS_COUNT; p++) {
        bool meant = all;
        for (int i = 1; sb_has(c, "ScalingProcesses.%d", i); i++)
            meant |= evac_str_is(sb_in(c, "ScalingProcesses.%d", i), process_names[p]);
        if (meant)
            g->suspended[p] = suspended;
    }
    sb_effect(c);
    grow(c->sb, g);
    shrink(c->sb, g);
}

static void suspend(struct sb_call *c)
{
    set_processes(c, true);
}

static void resume(struct sb_call *c)
{
    set_processes(c, false);
}

static void put_activity(struct sb_call *c, const struct group *g, const struct activity *a)
{
    struct evac_buf *out = &c->out;
    evac_buf_puts(out, "<member>");
    sb_tag(out, "ActivityId", evac_str(a->id));
    sb_tag(out, "AutoScalingGroupName", evac_str(g->name));
    sb_tag(out, "Description", evac_str(a->what));
    sb_tag(out, "Cause", EVAC_STR("a user request changed the desired capacity"));
    sb_tag(out, "StartTime", sb_iso(c->arena, a->began_ms));
    sb_tag(out, "EndTime", sb_iso(c->arena, a->ended_ms));
    sb_tag(out, "StatusCode", evac_str(a->status));
    if (a->message[0])
        sb_tag(out, "StatusMessage", evac_str(a->message));
    evac_buf_puts(out, "<Progress>100</Progress></member>");
}

static void describe_activities(struct sb_call *c)
{
    const struct asg *asg = state(c->sb);
    struct evac_str only = sb_in(c, "AutoScalingGroupName");
    int64_t most = sb_in_i64(c, "MaxRecords", 100), n = 0;
    evac_buf_puts(&c->out, "<Activities>");
    for (size_t i = 0; i < asg->count; i++) {
        const struct group *g = &asg->groups[i];
        size_t kept = g->activity_count < ACTIVITIES_MAX ? g->activity_count : ACTIVITIES_MAX;
        if (g->region != c->region || (only.n && !evac_str_is(only, g->name)))
            continue;
        for (size_t k = 0; k < kept && n < most; k++, n++)
            put_activity(c, g, &g->activities[(g->activity_count - 1 - k) % ACTIVITIES_MAX]);
    }
    evac_buf_puts(&c->out, "</Activities>");
}

static void describe_instances(struct sb_call *c)
{
    const struct asg *asg = state(c->sb);
    evac_buf_puts(&c->out, "<AutoScalingInstances>");
    for (size_t i = 0; i < asg->count; i++)
        for (size_t k = 0; asg->groups[i].region == c->region && k < asg->groups[i].count; k++)
            put_instance(c, &asg->groups[i], &asg->groups[i].instances[k], true);
    evac_buf_puts(&c->out, "</AutoScalingInstances>");
}

static void truth(const struct evac_sandbox *sb, struct evac_buf *json)
{
    const struct asg *asg = state(sb);
    evac_buf_puts(json, ",\"asg\":[");
    for (size_t i = 0; i < asg->count; i++) {
        const struct group *g = &asg->groups[i];
        evac_buf_putf(json,
                      "%s{\"region\":\"%s\",\"group\":\"%s\",\"min\":%d,\"max\":%d,\"desired\":%d,"
                      "\"in_service\":%d}",
                      i ? "," : "", sb_region_name(sb, g->region), g->name, g->min, g->max,
                      g->desired, sb_asg_in_service(sb, g->region, g->name));
    }
    evac_buf_putc(json, ']');
}

static const struct sb_operation operations[] = {
    { .name = "DescribeAutoScalingGroups", .handle = describe_groups },
    { .name = "DescribeScalingActivities", .handle = describe_activities },
    { .name = "DescribeAutoScalingInstances", .handle = describe_instances },
    { .name = "UpdateAutoScalingGroup", .handle = update_group, .flags = SB_MUTATES },
    { .name = "SetDesiredCapacity", .handle = set_desired, .flags = SB_MUTATES },
    { .name = "SuspendProcesses", .handle = suspend, .flags = SB_MUTATES },
    { .name = "ResumeProcesses", .handle = resume, .flags = SB_MUTATES },
    { .name = "CreateAutoScalingGroup", .handle = create_group, .flags = SB_MUTATES },
    { .name = "DeleteAutoScalingGroup", .handle = delete_group, .flags = SB_MUTATES },
    { 0 },
};

/* AWS publishes no rates for it: AWS.md 1.11's advice. */
const struct sb_service sb_service_autoscaling = {
    .signing_name = "autoscaling",
    .row = "autoscaling",
    .xmlns = "http://autoscaling.amazonaws.com/doc/2011-01-01/",
    .operations = operations,
    .create = create,
    .destroy = sb_table_free,
    .advance = advance,
    .wake = wake,
    .make = make,
    .truth = truth,
};

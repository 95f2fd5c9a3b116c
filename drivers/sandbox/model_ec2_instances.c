/* EC2's instances and launch templates: what starts, stops and is launched, once for each token. */
#include "ec2_internal.h"

#include <stdio.h>
#include <string.h>

/* AWS's durations, in real time. */
#define START_MS      15000u
#define START_SPAN_MS 30000u
#define STOP_MS       20000u
#define STOP_SPAN_MS  40000u
#define END_MS        20000u
#define FORGET_MS     3600000u /* a terminated instance can still be seen for an hour */

#define INSTANCE(item) ((const struct ec2_instance *)(item))

static void start(struct evac_sandbox *sb, struct ec2_instance *i)
{
    i->item.state = EC2_PENDING;
    ec2_due(sb, &i->item, START_MS + sb_random(sb, START_SPAN_MS));
}

static bool move(struct evac_sandbox *sb, struct ec2_item *item)
{
    struct ec2_instance *i = (struct ec2_instance *)item;
    if (item->state == EC2_TERMINATED)
        return false;
    item->state = item->state == EC2_PENDING         ? EC2_RUNNING
                  : item->state == EC2_STOPPING      ? EC2_STOPPED
                  : item->state == EC2_SHUTTING_DOWN ? EC2_TERMINATED
                                                     : item->state;
    item->due_ms = SB_NEVER;
    if (item->state != EC2_RUNNING)
        i->capacity[0] = '\0';
    if (item->state == EC2_TERMINATED) /* not at once, however fast the sandbox is */
        item->due_ms = sb->now_ms + sb_scaled(sb, FORGET_MS) + 1000;
    return true;
}

bool sb_ec2_runs(const struct evac_sandbox *sb, size_t region, struct evac_str id)
{
    const struct ec2_item *item = ec2_find(sb, EC2_INSTANCE, region, id);
    return item && item->state == EC2_RUNNING && !sb->regions[region].down;
}

/* --- what is written of them ------------------------------------------------------------------ */

static void put_state(struct sb_call *c, const char *name, int state)
{
    evac_buf_putf(&c->out, "<%s><code>%d</code><name>%s</name></%s>", name, 16 * state,
                  ec2_state_name(EC2_INSTANCE, state), name);
}

static void put_instance(struct sb_call *c, const struct ec2_item *item)
{
    const struct ec2_instance *i = INSTANCE(item);
    struct evac_buf *out = &c->out;
    sb_tag(out, "instanceId", evac_str(item->id));
    sb_tag(out, "imageId", evac_str(i->image));
    put_state(c, "instanceState", item->state);
    sb_tagf(out, "amiLaunchIndex", "%u", i->index);
    sb_tag(out, "instanceType", evac_str(i->type));
    sb_tag(out, "launchTime", sb_iso(c->arena, item->made_ms));
    evac_buf_puts(out, "<placement>");
    sb_tag(out, "availabilityZone", evac_str(i->zone));
    evac_buf_puts(out, "<tenancy>default</tenancy></placement>"
                       "<monitoring><state>disabled</state></monitoring>");
    if (item->state == EC2_STOPPED || item->state == EC2_STOPPING)
        evac_buf_puts(out,
                      "<stateReason><code>Client.UserInitiatedShutdown</code><message>Client."
                      "UserInitiatedShutdown: User initiated shutdown</message></stateReason>");
    if (item->token[0])
        sb_tag(out, "clientToken", evac_str(item->token));
    if (i->capacity[0])
        sb_tag(out, "capacityReservationId", evac_str(i->capacity));
    evac_buf_puts(out, "<architecture>x86_64</architecture><rootDeviceType>ebs</rootDeviceType>");
    ec2_put_tags(c, item);
}

static void put_batch(struct sb_call *c, const struct ec2_item *const *items, size_t count)
{
    struct evac_buf *out = &c->out;
    sb_tag(out, "reservationId", evac_str(INSTANCE(items[0])->batch));
    evac_buf_puts(out, "<ownerId>" SB_ACCOUNT "</ownerId><groupSet/><instancesSet>");
    for (size_t i = 0; i < count; i++) {
        evac_buf_puts(out, "<item>");
        put_instance(c, items[i]);
        evac_buf_puts(out, "</item>");
    }
    evac_buf_puts(out, "</instancesSet>");
}

/* Those of one request stand together. */
static void put_batches(struct sb_call *c, const struct ec2_item *const *items, size_t count)
{
    for (size_t i = 0, n; i < count; i += n) {
        n = 1;
        while (i + n < count &&
               strcmp(INSTANCE(items[i])->batch, INSTANCE(items[i + n])->batch) == 0)
            n++;
        evac_buf_puts(&c->out, "<item>");
        put_batch(c, items + i, n);
        evac_buf_puts(&c->out, "</item>");
    }
}

static struct evac_str get_state(struct sb_call *c, const struct ec2_item *item)
{
    (void)c;
    return evac_str(ec2_state_name(EC2_INSTANCE, item->state));
}

static struct evac_str get_code(struct sb_call *c, const struct ec2_item *item)
{
    return evac_arena_printf(c->arena, "%d", 16 * item->state);
}

static struct evac_str get_token(struct sb_call *c, const struct ec2_item *item)
{
    (void)c;
    return evac_str(item->token);
}

#define GET(field)                                                                                 \
    static struct evac_str get_##field(struct sb_call *c, const struct ec2_item *item)             \
    {                                                                                              \
        (void)c;                                                                                   \
        return evac_str(INSTANCE(item)->field);                                                    \
    }
GET(image)
GET(type)
GET(zone)
GET(batch)
GET(capacity)
#undef GET

static const struct ec2_filter filters[] = {
    { "instance-id", ec2_get_id },
    { "instance-state-name", get_state },
    { "instance-state-code", get_code },
    { "image-id", get_image },
    { "instance-type", get_type },
    { "availability-zone", get_zone },
    { "reservation-id", get_batch },
    { "client-token", get_token },
    { "capacity-reservation-id", get_capacity },
    { 0 },
};

const struct ec2_row ec2_instance_row = {
    .prefix = "i",
    .type = "instance",
    .id_param = "InstanceId",
    .not_found = "InvalidInstanceID.NotFound",
    .malformed = "InvalidInstanceID.Malformed",
    .set = "reservationSet",
    .bytes = sizeof(struct ec2_instance),
    .filters = filters,
    .put = put_instance,
    .put_all = put_batches,
    .move = move,
};

/* --- room ------------------------------------------------------------------------------------- */

int64_t ec2_vcpus(struct evac_str type)
{
    struct evac_str size;
    int64_t n;
    (void)evac_str_cut(type, '.', &size);
    if (evac_str_ends(size, "xlarge"))
        return evac_str_i64((struct evac_str){ size.p, size.n - 6 }, &n) ? 4 * n : 4;
    return evac_str_is(size, "medium") ? 1 : 2;
}

/* Instances that run or will, and what is reserved and not used. */
static int64_t vcpus_used(const struct sb_call *c)
{
    const struct ec2_item *item;
    int64_t n = 0;
    for (size_t i = 0; (item = ec2_nth(c->sb, EC2_INSTANCE, i)) != NULL; i++)
        if (item->region == c->region && item->state <= EC2_RUNNING && !INSTANCE(item)->capacity[0])
            n += ec2_vcpus(evac_str(INSTANCE(item)->type));
    for (size_t i = 0; (item = ec2_nth(c->sb, EC2_CAPACITY, i)) != NULL; i++) {
        const struct ec2_capacity *r = (const struct ec2_capacity *)item;
        if (item->region == c->region && item->state != EC2_CAPACITY_CANCELLED)
            n += r->count * ec2_vcpus(evac_str(r->type));
    }
    return n;
}

bool ec2_check_quota(struct sb_call *c, int64_t more_vcpus)
{
    int64_t most = (int64_t)sb_quota(c->sb, c->region, "ec2", "L-1216C47A");
    if (vcpus_used(c) + more_vcpus > most)
        sb_error(c, 400, "VcpuLimitExceeded",
                 "You have requested more vCPU capacity than your current vCPU limit of %lld "
                 "allows for the instance bucket that the specified instance type belongs to.",
                 (long long)most);
    return !c->failed;
}

/* Capacity that is reserved is there whatever else is not. */
static bool has_capacity(struct sb_call *c, struct evac_str type, struct evac_str zone,
                         int64_t count)
{
    const struct ec2_item *item;
    int64_t reserved = 0;
    for (size_t i = 0; (item = ec2_nth(c->sb, EC2_CAPACITY, i)) != NULL; i++) {
        const struct ec2_capacity *r = (const struct ec2_capacity *)item;
        if (item->region == c->region && item->state != EC2_CAPACITY_CANCELLED && !r->targeted &&
            evac_str_is(type, r->type) && evac_str_is(zone, r->zone))
            reserved += r->count - ec2_used(c->sb, r);
    }
    if (reserved < count && sb_fault(c->sb, SB_EC2, c->region)->capacity_refused)
        sb_error(
            c, 500, "InsufficientInstanceCapacity",
            "We currently do not have sufficient %.*s capacity in the Availability Zone you "
            "requested (%.*s). Our system will be working on provisioning additional capacity.",
            EVAC_STR_ARG(type), EVAC_STR_ARG(zone));
    return !c->failed &&
           (reserved >= count || ec2_check_quota(c, (count - reserved) * ec2_vcpus(type)));
}

static void take_room(struct sb_call *c, struct ec2_instance *i)
{
    const struct ec2_capacity *r = ec2_room(c->sb, c->region, evac_str(i->type), evac_str(i->zone));
    (void)evac_str_copy(i->capacity, sizeof i->capacity, evac_str(r ? r->item.id : ""));
}

/* --- launch templates ------------------------------------------------------------------------- */

static struct ec2_template *template_by_name(const struct sb_call *c, struct evac_str name)
{
    struct ec2_item *item;
    for (size_t i = 0; (item = ec2_nth(c->sb, EC2_TEMPLATE, i)) != NULL; i++)
        if (item->region == c->region && evac_str_is(name, ((struct ec2_template *)item)->name))
            return (struct ec2_template *)item;
    return NULL;
}

static struct ec2_template *template_named(struct sb_call *c, struct evac_str name)
{
    struct ec2_template *t = template_by_name(c, name);
    if (!t)
        sb_error(c, 400, "InvalidLaunchTemplateName.NotFoundException",
                 "The specified launch template, with template name %.*s, does not exist.",
                 EVAC_STR_ARG(name));
    return t;
}

static struct ec2_template *template_meant(struct sb_call *c, const char *prefix)
{
    struct evac_str id = sb_in(c, "%sLaunchTemplateId", prefix);
    struct evac_str name = sb_in(c, "%sLaunchTemplateName", prefix);
    if ((id.n == 0) == (name.n == 0)) {
        sb_error(c, 400, id.n ? "InvalidParameterCombination" : "MissingParameter",
                 "Specify either the launch template's id or its name.");
        return NULL;
    }
    return id.n ? ec2_named(c, EC2_TEMPLATE, c->region, id) : template_named(c, name);
}

/* 0 and an error when there is none. */
static size_t version_number(struct sb_call *c, const struct ec2_template *t, struct evac_str text)
{
    int64_t n;
    if (text.n == 0 || evac_str_is(text, "$Default"))
        return t->standard;
    if (evac_str_is(text, "$Latest"))
        return t->count;
    if (evac_str_i64(text, &n) && n >= 1 && n <= (int64_t)t->count)
        return (size_t)n;
    sb_error(c, 400, "InvalidLaunchTemplateId.VersionNotFound",
             "Could not find the specified version %.*s for the launch template with ID %s.",
             EVAC_STR_ARG(text), t->item.id);
    return 0;
}

static void put_template(struct sb_call *c, const struct ec2_item *item)
{
    const struct ec2_template *t = (const struct ec2_template *)item;
    struct evac_buf *out = &c->out;
    sb_tag(out, "launchTemplateId", evac_str(item->id));
    sb_tag(out, "launchTemplateName", evac_str(t->name));
    sb_tag(out, "createTime", sb_iso(c->arena, item->made_ms));
    evac_buf_puts(out, "<createdBy>arn:aws:iam::" SB_ACCOUNT ":root</createdBy>");
    sb_tagf(out, "defaultVersionNumber", "%zu", t->standard);
    sb_tagf(out, "latestVersionNumber", "%zu", t->count);
    ec2_put_tags(c, item);
}

static struct evac_str get_name(struct sb_call *c, const struct ec2_item *item)
{
    (void)c;
    return evac_str(((const struct ec2_template *)item)->name);
}

static bool stay(struct evac_sandbox *sb, struct ec2_item *item)
{
    (void)sb;
    item->due_ms = SB_NEVER;
    return true;
}

static const struct ec2_filter template_filters[] = { { "launch-template-name", get_name }, { 0 } };

const struct ec2_row ec2_template_row = {
    .prefix = "lt",
    .type = "launch-template",
    .id_param = "LaunchTemplateId",
    .not_found = "InvalidLaunchTemplateId.NotFound",
    .malformed = "InvalidLaunchTemplateId.Malformed",
    .set = "launchTemplates",
    .bytes = sizeof(struct ec2_template),
    .filters = template_filters,
    .put = put_template,
    .move = stay,
};

void ec2_describe_templates(struct sb_call *c)
{
    if (!sb_has(c, "LaunchTemplateName")) {
        ec2_describe(c, EC2_TEMPLATE);
        return;
    }
    evac_buf_puts(&c->out, "<launchTemplates>");
    for (int i = 1; !c->failed && sb_has(c, "LaunchTemplateName.%d", i); i++) {
        const struct ec2_template *t = template_named(c, sb_in(c, "LaunchTemplateName.%d", i));
        if (!t)
            return;
        evac_buf_puts(&c->out, "<item>");
        put_template(c, &t->item);
        evac_buf_puts(&c->out, "</item>");
    }
    evac_buf_puts(&c->out, "</launchTemplates>");
}

static void put_version(struct sb_call *c, const struct ec2_template *t, size_t number)
{
    const struct ec2_version *v = &t->versions[number - 1];
    struct evac_buf *out = &c->out;
    evac_buf_puts(out, "<item>");
    sb_tag(out, "launchTemplateId", evac_str(t->item.id));
    sb_tag(out, "launchTemplateName", evac_str(t->name));
    sb_tagf(out, "versionNumber", "%zu", number);
    sb_tag(out, "createTime", sb_iso(c->arena, v->made_ms));
    sb_tag(out, "defaultVersion", evac_str(number == t->standard ? "true" : "false"));
    evac_buf_puts(out, "<launchTemplateData>");
    if (v->image[0])
        sb_tag(out, "imageId", evac_str(v->image));
    sb_tag(out, "instanceType", evac_str(v->type));
    evac_buf_puts(out, "</launchTemplateData></item>");
}

/* None asked for: all, newest first. */
void ec2_describe_versions(struct sb_call *c)
{
    const struct ec2_template *t = template_meant(c, "");
    if (!t || ec2_is_dry(c))
        return;
    evac_buf_puts(&c->out, "<launchTemplateVersionSet>");
    for (int i = 1; !c->failed && sb_has(c, "LaunchTemplateVersion.%d", i); i++) {
        size_t number = version_number(c, t, sb_in(c, "LaunchTemplateVersion.%d", i));
        if (!number)
            return;
        put_version(c, t, number);
    }
    for (size_t n = t->count; n > 0 && !sb_has(c, "LaunchTemplateVersion"); n--)
        put_version(c, t, n);
    evac_buf_puts(&c->out, "</launchTemplateVersionSet>");
}

/* --- launching -------------------------------------------------------------------------------- */

struct launch {
    struct evac_str image, type, zone;
    int64_t least, most;
};

static void read_template(struct sb_call *c, struct launch *l)
{
    const struct ec2_template *t = template_meant(c, "LaunchTemplate.");
    size_t n = t ? version_number(c, t, sb_in(c, "LaunchTemplate.Version")) : 0;
    if (!n)
        return;
    l->image = evac_str(t->versions[n - 1].image);
    l->type = evac_str(t->versions[n - 1].type);
}

static void check_image(struct sb_call *c, struct evac_str id)
{
    if (id.n == 0) {
        sb_error(c, 400, "MissingParameter", "The request must contain the parameter ImageId");
        return;
    }
    const struct ec2_item *image = ec2_named(c, EC2_IMAGE, c->region, id);
    if (image && image->state != EC2_MADE)
        sb_error(c, 400, "InvalidAMIID.Unavailable",
                 "The image ID '%.*s' is not available: it is in the state %s", EVAC_STR_ARG(id),
                 ec2_state_name(EC2_IMAGE, image->state));
}

static bool read_launch(struct sb_call *c, struct launch *l)
{
    static const char *const types[] = { "instance", "volume", "network-interface",
                                         "spot-instances-request", NULL };
    if (!ec2_require(c, (const char *const[]){ "MinCount", "MaxCount", NULL }))
        return false;
    *l = (struct launch){ .type = EVAC_STR("m1.small"),
                          .least = sb_in_i64(c, "MinCount", 0),
                          .most = sb_in_i64(c, "MaxCount", 0) };
    if (sb_has(c, "LaunchTemplate"))
        read_template(c, l);
    if (sb_has(c, "ImageId"))
        l->image = sb_in(c, "ImageId");
    if (sb_has(c, "InstanceType"))
        l->type = sb_in(c, "InstanceType");
    l->zone = ec2_zone(c, "Placement.AvailabilityZone");
    if (l->least < 1 || l->most < l->least)
        sb_error(c, 400, "InvalidParameterValue",
                 "Value ( %lld ) for parameter minCount is invalid: it must be at least 1 and at "
                 "most maxCount.",
                 (long long)l->least);
    if (!c->failed)
        check_image(c, l->image);
    return !c->failed && ec2_check_tags(c, "TagSpecification", types);
}

static struct ec2_instance *launch_one(struct sb_call *c, const struct launch *l, unsigned index,
                                       const char *batch)
{
    struct ec2_instance *i = (struct ec2_instance *)ec2_new(c, EC2_INSTANCE);
    if (!i)
        return NULL;
    (void)evac_str_copy(i->image, sizeof i->image, l->image);
    (void)evac_str_copy(i->type, sizeof i->type, l->type);
    (void)evac_str_copy(i->zone, sizeof i->zone, l->zone);
    (void)evac_str_copy(i->batch, sizeof i->batch, evac_str(batch));
    i->index = index;
    ec2_mark(c, EC2_INSTANCE, &i->item, "TagSpecification");
    take_room(c, i);
    start(c->sb, i);
    return i;
}

static void answer_batch(struct sb_call *c, const char *batch)
{
    const struct ec2_item *found[EC2_ITEMS_MAX], *item;
    size_t n = 0;
    for (size_t i = 0; (item = ec2_nth(c->sb, EC2_INSTANCE, i)) != NULL; i++)
        if (strcmp(INSTANCE(item)->batch, batch) == 0)
            found[n++] = item;
    put_batch(c, found, n);
}

/* As many as there are, between the least and the most: here always the most, or none. */
void ec2_run_instances(struct sb_call *c)
{
    struct launch l;
    char batch[EC2_ID_BYTES];
    if (!read_launch(c, &l))
        return;
    const struct ec2_item *before = ec2_again(c, EC2_INSTANCE);
    if (ec2_is_dry(c))
        return;
    if (before) {
        answer_batch(c, INSTANCE(before)->batch);
        return;
    }
    size_t have = 0;
    while (ec2_nth(c->sb, EC2_INSTANCE, have))
        have++;
    if (l.most > (int64_t)(EC2_ITEMS_MAX - have))
        sb_error(
            c, 400, "InstanceLimitExceeded",
            "You have requested more instances (%lld) than your current instance limit allows.",
            (long long)l.most);
    if (c->failed || !has_capacity(c, l.type, l.zone, l.most))
        return;
    ec2_new_id(c->sb, "r", batch);
    for (int64_t i = 0; i < l.most; i++)
        (void)launch_one(c, &l, (unsigned)i, batch);
    answer_batch(c, batch);
    sb_effect(c);
}

/* --- power ------------------------------------------------------------------------------------ */

/* What a request to change an instance's power does in each state. */
enum effect { REFUSE, NOTHING, CHANGE };
struct power {
    enum effect in[6]; /* by state */
    const char *refusal;
    int next; /* state */
    uint32_t least_ms, span_ms;
};

static const struct power to_start = {
    .in = { NOTHING, NOTHING, REFUSE, REFUSE, REFUSE, CHANGE },
    .refusal = "started",
    .next = EC2_PENDING,
    .least_ms = START_MS,
    .span_ms = START_SPAN_MS,
};
static const struct power to_stop = {
    .in = { REFUSE, CHANGE, REFUSE, REFUSE, NOTHING, NOTHING },
    .refusal = "stopped",
    .next = EC2_STOPPING,
    .least_ms = STOP_MS,
    .span_ms = STOP_SPAN_MS,
};
static const struct power to_end = {
    .in = { CHANGE, CHANGE, NOTHING, NOTHING, CHANGE, CHANGE },
    .refusal = "terminated",
    .next = EC2_SHUTTING_DOWN,
    .least_ms = END_MS,
    .span_ms = END_MS,
};

static void check_power(struct sb_call *c, const struct power *p, const struct ec2_instance *i)
{
    if (p->in[i->item.state] == REFUSE)
        sb_error(c, 400, "IncorrectInstanceState",
                 "The instance '%s' is not in a state from which it can be %s.", i->item.id,
                 p->refusal);
    else if (p == &to_end && i->is_protected)
        sb_error(c, 400, "OperationNotPermitted",
                 "The instance '%s' may not be terminated. Modify its 'disableApiTermination' "
                 "instance attribute and try again.",
                 i->item.id);
    else if (p == &to_start && p->in[i->item.state] == CHANGE)
        (void)has_capacity(c, evac_str(i->type), evac_str(i->zone), 1);
}

static void change_power(struct sb_call *c, const struct power *p, struct ec2_instance *i)
{
    int before = i->item.state;
    if (p->in[before] == CHANGE) {
        i->item.state = p->next;
        ec2_due(c->sb, &i->item, p->least_ms + sb_random(c->sb, p->span_ms));
        if (p == &to_start)
            take_room(c, i);
        sb_effect(c);
    }
    evac_buf_puts(&c->out, "<item>");
    sb_tag(&c->out, "instanceId", evac_str(i->item.id));
    put_state(c, "currentState", i->item.state);
    put_state(c, "previousState", before);
    evac_buf_puts(&c->out, "</item>");
}

/* One that is wrong, and nothing is done to any. */
static void power(struct sb_call *c, const struct power *p)
{
    if (!ec2_require(c, (const char *const[]){ "InstanceId", NULL }))
        return;
    for (int i = 1; !c->failed && sb_has(c, "InstanceId.%d", i); i++) {
        const struct ec2_instance *instance =
            ec2_named(c, EC2_INSTANCE, c->region, sb_in(c, "InstanceId.%d", i));
        if (instance)
            check_power(c, p, instance);
    }
    if (ec2_is_dry(c))
        return;
    evac_buf_puts(&c->out, "<instancesSet>");
    for (int i = 1; sb_has(c, "InstanceId.%d", i); i++)
        change_power(c, p, ec2_named(c, EC2_INSTANCE, c->region, sb_in(c, "InstanceId.%d", i)));
    evac_buf_puts(&c->out, "</instancesSet>");
}

void ec2_start_instances(struct sb_call *c)
{
    power(c, &to_start);
}

void ec2_stop_instances(struct sb_call *c)
{
    power(c, &to_stop);
}

void ec2_terminate_instances(struct sb_call *c)
{
    power(c, &to_end);
}

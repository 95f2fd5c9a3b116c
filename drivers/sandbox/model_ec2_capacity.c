/* EC2's capacity reservations: what is reserved can be launched when nothing else can. */
#include "ec2_internal.h"

#include <string.h>

#define ACTIVE_MS 5000u /* AWS's own, in real time */

#define CAPACITY(item) ((const struct ec2_capacity *)(item))

static bool move(struct evac_sandbox *sb, struct ec2_item *item)
{
    (void)sb;
    item->due_ms = SB_NEVER;
    if (item->state == EC2_CAPACITY_PENDING)
        item->state = EC2_CAPACITY_ACTIVE;
    return true;
}

int64_t ec2_used(const struct evac_sandbox *sb, const struct ec2_capacity *capacity)
{
    const struct ec2_item *item;
    int64_t n = 0;
    for (size_t i = 0; (item = ec2_nth(sb, EC2_INSTANCE, i)) != NULL; i++)
        n += strcmp(((const struct ec2_instance *)item)->capacity, capacity->item.id) == 0;
    return n;
}

struct ec2_capacity *ec2_room(const struct evac_sandbox *sb, size_t region, struct evac_str type,
                              struct evac_str zone)
{
    struct ec2_item *item;
    for (size_t i = 0; (item = ec2_nth(sb, EC2_CAPACITY, i)) != NULL; i++) {
        struct ec2_capacity *r = (struct ec2_capacity *)item;
        if (item->region == region && item->state != EC2_CAPACITY_CANCELLED && !r->targeted &&
            evac_str_is(type, r->type) && evac_str_is(zone, r->zone) && ec2_used(sb, r) < r->count)
            return r;
    }
    return NULL;
}

static void put_capacity(struct sb_call *c, const struct ec2_item *item)
{
    const struct ec2_capacity *r = CAPACITY(item);
    struct evac_buf *out = &c->out;
    bool over = item->state == EC2_CAPACITY_CANCELLED;
    sb_tag(out, "capacityReservationId", evac_str(item->id));
    evac_buf_puts(out, "<ownerId>" SB_ACCOUNT "</ownerId>");
    sb_tagf(out, "capacityReservationArn", "arn:aws:ec2:%s:" SB_ACCOUNT ":capacity-reservation/%s",
            sb_region_name(c->sb, item->region), item->id);
    sb_tag(out, "instanceType", evac_str(r->type));
    sb_tag(out, "instancePlatform", evac_str(r->platform));
    sb_tag(out, "availabilityZone", evac_str(r->zone));
    evac_buf_puts(out, "<tenancy>default</tenancy>");
    sb_tagf(out, "totalInstanceCount", "%lld", (long long)(over ? 0 : r->count));
    sb_tagf(out, "availableInstanceCount", "%lld",
            (long long)(over ? 0 : r->count - ec2_used(c->sb, r)));
    sb_tag(out, "state", evac_str(ec2_state_name(EC2_CAPACITY, item->state)));
    evac_buf_puts(out, "<ebsOptimized>false</ebsOptimized><ephemeralStorage>false"
                       "</ephemeralStorage><endDateType>unlimited</endDateType>");
    sb_tag(out, "instanceMatchCriteria", evac_str(r->targeted ? "targeted" : "open"));
    sb_tag(out, "createDate", sb_iso(c->arena, item->made_ms));
    ec2_put_tags(c, item);
}

static struct evac_str get_state(struct sb_call *c, const struct ec2_item *item)
{
    (void)c;
    return evac_str(ec2_state_name(EC2_CAPACITY, item->state));
}

static struct evac_str get_type(struct sb_call *c, const struct ec2_item *item)
{
    (void)c;
    return evac_str(CAPACITY(item)->type);
}

static struct evac_str get_zone(struct sb_call *c, const struct ec2_item *item)
{
    (void)c;
    return evac_str(CAPACITY(item)->zone);
}

static const struct ec2_filter filters[] = {
    { "state", get_state }, { "instance-type", get_type }, { "availability-zone", get_zone }, { 0 }
};

const struct ec2_row ec2_capacity_row = {
    .prefix = "cr",
    .type = "capacity-reservation",
    .id_param = "CapacityReservationId",
    .not_found = "InvalidCapacityReservationId.NotFound",
    .malformed = "InvalidCapacityReservationId.Malformed",
    .set = "capacityReservationSet",
    .bytes = sizeof(struct ec2_capacity),
    .filters = filters,
    .put = put_capacity,
    .move = move,
};

static bool is_one_of(struct evac_str value, const char *const *values)
{
    while (*values && !evac_str_is(value, *values))
        values++;
    return *values != NULL;
}

static bool check_choice(struct sb_call *c, const char *name, const char *const *choices)
{
    struct evac_str value = sb_in(c, "%s", name);
    if (value.n && !is_one_of(value, choices))
        sb_error(c, 400, "InvalidParameterValue", "Invalid value '%.*s' for %s.",
                 EVAC_STR_ARG(value), name);
    return !c->failed;
}

static bool check_choices(struct sb_call *c)
{
    static const char *const platforms[] = { "Linux/UNIX", "Red Hat Enterprise Linux", "SUSE Linux",
                                             "Windows", NULL };
    static const char *const criteria[] = { "open", "targeted", NULL };
    static const char *const ends[] = { "unlimited", "limited", NULL };
    static const char *const types[] = { "capacity-reservation", NULL };
    return check_choice(c, "InstancePlatform", platforms) &&
           check_choice(c, "InstanceMatchCriteria", criteria) &&
           check_choice(c, "EndDateType", ends) && ec2_check_tags(c, "TagSpecifications", types);
}

/* Room for so many more, of what is reserved; false and an error when there is none. */
static bool has_room(struct sb_call *c, struct evac_str type, int64_t more)
{
    if (more > 0 && sb_fault(c->sb, SB_EC2, c->region)->capacity_refused)
        sb_error(c, 500, "InsufficientInstanceCapacity",
                 "Insufficient capacity: %lld of %.*s are not there at present.", (long long)more,
                 EVAC_STR_ARG(type));
    return !c->failed && (more <= 0 || ec2_check_quota(c, more * ec2_vcpus(type)));
}

static struct ec2_item *create(struct sb_call *c, struct evac_str type, struct evac_str zone,
                               int64_t count)
{
    struct ec2_item *item = ec2_new(c, EC2_CAPACITY);
    if (!item)
        return NULL;
    struct ec2_capacity *r = (struct ec2_capacity *)item;
    (void)evac_str_copy(r->type, sizeof r->type, type);
    (void)evac_str_copy(r->zone, sizeof r->zone, zone);
    (void)evac_str_copy(r->platform, sizeof r->platform, sb_in(c, "InstancePlatform"));
    r->targeted = evac_str_is(sb_in(c, "InstanceMatchCriteria"), "targeted");
    r->count = count;
    ec2_mark(c, EC2_CAPACITY, item, "TagSpecifications");
    ec2_due(c->sb, item, ACTIVE_MS);
    sb_effect(c);
    return item;
}

void ec2_create_capacity(struct sb_call *c)
{
    if (!ec2_require(c, (const char *const[]){ "InstanceType", "InstancePlatform", "InstanceCount",
                                               "AvailabilityZone", NULL }) ||
        !check_choices(c))
        return;
    struct evac_str type = sb_in(c, "InstanceType"), zone = ec2_zone(c, "AvailabilityZone");
    int64_t count = sb_in_i64(c, "InstanceCount", 0);
    if (count < 1 || count > 1000)
        sb_error(c, 400, "InvalidParameterValue", "InstanceCount: from 1 to 1000.");
    struct ec2_item *item = c->failed ? NULL : ec2_again(c, EC2_CAPACITY);
    if (ec2_is_dry(c) || (!item && !has_room(c, type, count)))
        return;
    if (!item)
        item = create(c, type, zone, count);
    if (!item)
        return;
    evac_buf_puts(&c->out, "<capacityReservation>");
    put_capacity(c, item);
    evac_buf_puts(&c->out, "</capacityReservation>");
}

static struct ec2_capacity *live(struct sb_call *c)
{
    if (!ec2_require(c, (const char *const[]){ "CapacityReservationId", NULL }))
        return NULL;
    struct ec2_capacity *r =
        ec2_named(c, EC2_CAPACITY, c->region, sb_in(c, "CapacityReservationId"));
    if (r && r->item.state == EC2_CAPACITY_CANCELLED)
        sb_error(c, 400, "InvalidCapacityReservationState",
                 "The capacity reservation %s is in the state cancelled.", r->item.id);
    return c->failed ? NULL : r;
}

void ec2_modify_capacity(struct sb_call *c)
{
    struct ec2_capacity *r = live(c);
    if (!r)
        return;
    int64_t count = sb_in_i64(c, "InstanceCount", r->count);
    if (count < 1 || count > 1000 || count < ec2_used(c->sb, r))
        sb_error(c, 400, "InvalidParameterValue",
                 "InstanceCount: from 1 to 1000, and not below what runs in it.");
    if (ec2_is_dry(c) || !has_room(c, evac_str(r->type), count - r->count))
        return;
    if (r->count != count)
        sb_effect(c);
    r->count = count;
    evac_buf_puts(&c->out, "<return>true</return>");
}

/* Instances that run in it go on. */
void ec2_cancel_capacity(struct sb_call *c)
{
    struct ec2_capacity *r = live(c);
    struct ec2_item *item;
    if (ec2_is_dry(c) || !r)
        return;
    for (size_t i = 0; (item = ec2_nth(c->sb, EC2_INSTANCE, i)) != NULL; i++) {
        struct ec2_instance *instance = (struct ec2_instance *)item;
        if (strcmp(instance->capacity, r->item.id) == 0)
            instance->capacity[0] = '\0';
    }
    r->item.state = EC2_CAPACITY_CANCELLED;
    r->item.due_ms = SB_NEVER;
    evac_buf_puts(&c->out, "<return>true</return>");
    sb_effect(c);
}

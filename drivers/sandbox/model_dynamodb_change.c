/*
 * DynamoDB: tables are made, deleted and changed: capacity, streams, and replicas in other regions.
 * One change at a time, and a change to one replica keeps all of them busy.
 */
#include "dynamodb_internal.h"
#include "sandbox_docs.h"

#include <stdio.h>
#include <string.h>

/* --- CreateTable ----------------------------------------------------------------------------- */

/* The type that the definitions give an attribute; 0 none. */
static char type_of(struct sb_call *c, struct evac_str attribute)
{
    for (int i = 1; sb_has(c, "AttributeDefinitions.%d.AttributeName", i); i++)
        if (evac_str_eq(attribute, sb_in(c, "AttributeDefinitions.%d.AttributeName", i))) {
            struct evac_str type = sb_in(c, "AttributeDefinitions.%d.AttributeType", i);
            return type.n ? type.p[0] : '\0';
        }
    return '\0';
}

static bool read_key(struct sb_call *c, int at, const char *kind, struct ddb_attribute *a)
{
    struct evac_str name = sb_in(c, "KeySchema.%d.AttributeName", at);
    char type = type_of(c, name);
    if (!evac_str_is(sb_in(c, "KeySchema.%d.KeyType", at), kind) || !type ||
        !evac_str_copy(a->name, sizeof a->name, name)) {
        sb_error(c, 400, "ValidationException",
                 "Invalid KeySchema: The %s KeySchemaElement is not a %s key type, or has no "
                 "AttributeDefinition",
                 at == 1 ? "first" : "second", kind);
        return false;
    }
    a->type[0] = type;
    return true;
}

static bool positive(struct sb_call *c, const char *group, int64_t *ret_read, int64_t *ret_write)
{
    bool warm = strcmp(group, "WarmThroughput") == 0;
    char read[80], write[80];
    (void)snprintf(read, sizeof read, "%s.%s", group,
                   warm ? "ReadUnitsPerSecond" : "ReadCapacityUnits");
    (void)snprintf(write, sizeof write, "%s.%s", group,
                   warm ? "WriteUnitsPerSecond" : "WriteCapacityUnits");
    *ret_read = sb_in_i64(c, read, warm ? *ret_read : 0);
    *ret_write = sb_in_i64(c, write, warm ? *ret_write : 0);
    if (*ret_read >= 1 && *ret_write >= 1)
        return true;
    sb_error(c, 400, "ValidationException", "%s: both units must be at least 1", group);
    return false;
}

static bool read_billing(struct sb_call *c, struct ddb_table *t)
{
    t->on_demand = evac_str_is(sb_in(c, "BillingMode"), "PAY_PER_REQUEST");
    t->warm_read = DDB_WARM_READ;
    t->warm_write = DDB_WARM_WRITE;
    if (t->on_demand && sb_has(c, "ProvisionedThroughput")) {
        sb_error(c, 400, "ValidationException",
                 "One or more parameter values were invalid: Neither ReadCapacityUnits nor "
                 "WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST");
        return false;
    }
    if (t->on_demand)
        return !sb_has(c, "WarmThroughput") ||
               positive(c, "WarmThroughput", &t->warm_read, &t->warm_write);
    if (!positive(c, "ProvisionedThroughput", &t->read, &t->write))
        return false;
    t->warm_read = t->read;
    t->warm_write = t->write;
    return true;
}

static bool read_table(struct sb_call *c, struct ddb_table *t)
{
    if (!read_key(c, 1, "HASH", &t->hash) ||
        (sb_has(c, "KeySchema.2.AttributeName") && !read_key(c, 2, "RANGE", &t->range)) ||
        !read_billing(c, t))
        return false;
    if (sb_in_bool(c, "StreamSpecification.StreamEnabled", false))
        (void)evac_str_copy(t->stream, sizeof t->stream,
                            sb_in(c, "StreamSpecification.StreamViewType"));
    t->guarded = sb_in_bool(c, "DeletionProtectionEnabled", false);
    for (int i = 1; sb_has(c, "Tags.%d.Key", i); i++)
        ddb_tag(&t->tags, sb_in(c, "Tags.%d.Key", i), sb_in(c, "Tags.%d.Value", i));
    return true;
}

static cJSON *taken(const struct sb_call *c, const char *member)
{
    return ddb_copy_json(
        cJSON_GetObjectItemCaseSensitive((const cJSON *)(const void *)c->json, member));
}

void ddb_create_table(struct sb_call *c)
{
    struct evac_str name = ddb_name_in(sb_in(c, "TableName"));
    struct ddb_table read = { .used = false };
    if (!ddb_good_name(c, name))
        return;
    if (ddb_find(c->sb, c->region, name)) {
        sb_error(c, 400, "ResourceInUseException", "Table already exists: %.*s",
                 EVAC_STR_ARG(name));
        return;
    }
    if (!read_table(c, &read))
        return;
    struct ddb_table *t = ddb_add(c->sb, c->region, name);
    if (!t) {
        sb_error(c, 400, "LimitExceededException", "Subscriber limit exceeded: too many tables");
        return;
    }
    ddb_like(t, &read);
    t->definitions = taken(c, "AttributeDefinitions");
    t->lsi = taken(c, "LocalSecondaryIndexes");
    t->gsi = taken(c, "GlobalSecondaryIndexes");
    t->tags = read.tags;
    t->guarded = read.guarded;
    memcpy(t->stream, read.stream, sizeof t->stream);
    t->status = "CREATING";
    t->due_ms = c->sb->now_ms + sb_scaled(c->sb, DDB_CREATE_MS) + 1;
    sb_effect(c);
    ddb_answer_table(c, t);
}

void ddb_delete_table(struct sb_call *c)
{
    struct ddb_table *t = ddb_named(c, "TableName", "ResourceNotFoundException");
    bool deleting = t && t->status && strcmp(t->status, "DELETING") == 0;
    if (!t || (!deleting && ddb_is_busy(c, t)))
        return;
    if (t->guarded || t->source_until_ms > sb_wall_ms(c->sb)) {
        sb_error(c, 400, "ValidationException",
                 t->guarded
                     ? "Resource cannot be deleted as it is currently protected against "
                       "deletion. Disable deletion protection first."
                     : "Replica cannot be deleted because it has acted as a source region for "
                       "new replica(s) being added to the table in the last 24 hours.");
        return;
    }
    if (t->group && ddb_state(c->sb)->groups[t->group].strong) {
        sb_error(c, 400, "ValidationException",
                 "A replica of a table with strong consistency can not be deleted alone.");
        return;
    }
    if (!deleting) {
        t->status = "DELETING";
        t->due_ms = c->sb->now_ms + sb_scaled(c->sb, DDB_DELETE_MS) + 1;
        sb_effect(c);
    }
    ddb_answer_table(c, t);
}

/* --- UpdateTable: capacity, stream ----------------------------------------------------------- */

/* Capacity and billing are the same in all replicas. While one can not be reached, AWS does not
 * change them (so it says of its fault injection); with which code is the model's choice. */
static bool all_reachable(struct sb_call *c, const struct ddb_table *t)
{
    for (size_t r = 0; t->group && r < c->sb->region_count; r++)
        if (ddb_member(c->sb, t->group, r) && !sb_reaches(c->sb, c->region, r)) {
            sb_error(
                c, 400, "ValidationException",
                "The table's settings can not be changed: its replica in %s can not be reached.",
                sb_region_name(c->sb, r));
            return false;
        }
    return true;
}

/* t and, of a global table, its other replicas. */
static void change_all(struct sb_call *c, const struct ddb_table *like, struct ddb_table *t)
{
    for (size_t r = 0; r < c->sb->region_count; r++) {
        struct ddb_table *one = r == t->region ? t : ddb_member(c->sb, t->group, r);
        if (!one)
            continue;
        one->on_demand = like->on_demand;
        one->read = like->read;
        one->write = like->write;
        one->warm_read = like->warm_read;
        one->warm_write = like->warm_write;
        one->warming = like->warming;
        one->status = "UPDATING";
        one->due_ms = c->sb->now_ms + sb_scaled(c->sb, DDB_UPDATE_MS) + 1;
    }
    sb_effect(c);
}

static bool may_decrease(struct sb_call *c, struct ddb_table *t)
{
    int64_t day = sb_wall_ms(c->sb) / DDB_DAY_MS;
    if (t->decrease_day != day)
        t->decreases = 0;
    t->decrease_day = day;
    if (++t->decreases <= 27)
        return true;
    sb_error(
        c, 400, "LimitExceededException",
        "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given "
        "UTC day.");
    return false;
}

static void update_billing(struct sb_call *c, struct ddb_table *t)
{
    struct ddb_table like = *t;
    struct evac_str mode = sb_in(c, "BillingMode");
    if (mode.n)
        like.on_demand = evac_str_is(mode, "PAY_PER_REQUEST");
    if (like.on_demand) {
        like.read = like.write = 0;
        if (sb_has(c, "ProvisionedThroughput")) {
            sb_error(c, 400, "ValidationException",
                     "One or more parameter values were invalid: Neither ReadCapacityUnits nor "
                     "WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST");
            return;
        }
    } else if (!positive(c, "ProvisionedThroughput", &like.read, &like.write)) {
        return;
    }
    if (like.on_demand == t->on_demand && like.read == t->read && like.write == t->write) {
        sb_error(c, 400, "ValidationException",
                 "The provisioned throughput for the table will not change. The requested value "
                 "equals the current value. Current ReadCapacityUnits provisioned for the table: "
                 "%lld. Requested ReadCapacityUnits: %lld.",
                 (long long)t->read, (long long)like.read);
        return;
    }
    bool less = !like.on_demand && !t->on_demand && (like.read < t->read || like.write < t->write);
    if (less && !may_decrease(c, t))
        return;
    like.warm_read = like.read > like.warm_read ? like.read : like.warm_read;
    like.warm_write = like.write > like.warm_write ? like.write : like.warm_write;
    change_all(c, &like, t);
}

static void update_warm(struct sb_call *c, struct ddb_table *t)
{
    struct ddb_table like = *t;
    if (!positive(c, "WarmThroughput", &like.warm_read, &like.warm_write))
        return;
    if (like.warm_read < t->warm_read || like.warm_write < t->warm_write) {
        sb_error(
            c, 400, "ValidationException",
            "One or more parameter values were invalid: the requested warm throughput is lower "
            "than the current one (%lld reads, %lld writes)",
            (long long)t->warm_read, (long long)t->warm_write);
        return;
    }
    like.warming = true;
    change_all(c, &like, t);
}

static void update_stream(struct sb_call *c, struct ddb_table *t)
{
    bool on = sb_in_bool(c, "StreamSpecification.StreamEnabled", false);
    if (on == (t->stream[0] != '\0') || (t->group && !on)) {
        sb_error(c, 400, "ValidationException",
                 on         ? "Table already has an enabled stream: %s"
                 : t->group ? "The stream of a replica can not be disabled: %s"
                            : "Table has no stream: %s",
                 t->name);
        return;
    }
    t->stream[0] = '\0';
    if (on)
        (void)evac_str_copy(t->stream, sizeof t->stream,
                            sb_in(c, "StreamSpecification.StreamViewType"));
    t->status = "UPDATING";
    t->due_ms = c->sb->now_ms + sb_scaled(c->sb, DDB_UPDATE_MS) + 1;
    sb_effect(c);
}

/* --- UpdateTable: replicas ------------------------------------------------------------------- */

static void invalid(struct sb_call *c, const char *why)
{
    sb_error(c, 400, "ValidationException", "One or more parameter values were invalid: %s", why);
}

/* Write capacity that a replica needs can follow: it scales by itself. */
static bool is_scaled(struct sb_call *c, const struct ddb_table *t)
{
    struct evac_str id = evac_arena_printf(c->arena, "table/%s", t->name);
    const struct sb_doc *d = sb_doc_find(c->sb, SB_APPLICATIONAUTOSCALING, c->region, "target", id);
    return d && sb_doc_is(d, "ScalableDimension", "dynamodb:table:WriteCapacityUnits");
}

static bool may_have_replicas(struct sb_call *c, const struct ddb_table *t)
{
    const struct ddb_group *g = &ddb_state(c->sb)->groups[t->group];
    if (t->group && strcmp(g->version, DDB_VERSION) != 0)
        invalid(c, "replicas of a global table of version 2017.11.29 are not changed so");
    else if (t->group && g->strong)
        invalid(c, "replicas can not be added to a table with strong consistency");
    else if (strcmp(t->stream, "NEW_AND_OLD_IMAGES") != 0)
        invalid(c, "the table must have a stream with new and old images");
    else if (!t->on_demand && !is_scaled(c, t))
        invalid(c, "Table write capacity should either be Pay-Per-Request or AutoScaled.");
    return !c->failed;
}

/* A region for a new replica; SB_REGIONS_MAX: answered. */
static size_t free_region(struct sb_call *c, const struct ddb_table *t, struct evac_str name)
{
    size_t region = sb_region_find(c->sb, name);
    if (region == SB_REGIONS_MAX || region == c->region)
        invalid(c, "a replica needs another region of AWS's");
    else if (ddb_member(c->sb, t->group, region))
        invalid(c, "the table has a replica in that region already");
    else if (ddb_find(c->sb, region, evac_str(t->name)))
        invalid(c, "a table of that name is in that region already, and is no replica");
    return c->failed ? SB_REGIONS_MAX : region;
}

static bool add_replica(struct sb_call *c, struct ddb_table *t, size_t region)
{
    struct ddb_table *replica = ddb_replicate(c->sb, t, region);
    if (!replica) {
        sb_error(c, 400, "LimitExceededException", "Subscriber limit exceeded: too many tables");
        return false;
    }
    replica->status = "CREATING";
    replica->made_from = t->region;
    replica->due_ms = c->sb->now_ms + sb_scaled(c->sb, DDB_REPLICA_MS) + 1;
    t->source_until_ms = sb_wall_ms(c->sb) + DDB_DAY_MS;
    return true;
}

static bool found_group(struct sb_call *c, struct ddb_table *t, bool strong)
{
    t->group = ddb_new_group(c->sb, evac_str(t->name), strong);
    if (!t->group)
        sb_error(c, 400, "LimitExceededException", "Subscriber limit exceeded: too many tables");
    return t->group != 0;
}

static void create_replica(struct sb_call *c, struct ddb_table *t)
{
    if (!may_have_replicas(c, t))
        return;
    size_t region = free_region(c, t, sb_in(c, "ReplicaUpdates.1.Create.RegionName"));
    if (region == SB_REGIONS_MAX)
        return;
    bool first = !t->group;
    if (first && !found_group(c, t, false))
        return;
    if (add_replica(c, t, region))
        sb_effect(c);
    else if (first)
        ddb_leave(c->sb, t);
}

/* The region sets in which strong consistency is offered (AWS.md 2.5). */
static int region_set(struct evac_str region)
{
    static const char *const sets[][5] = {
        { "us-east-1", "us-east-2", "us-west-2", NULL },
        { "eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1", NULL },
        { "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", NULL },
    };
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 5 && sets[i][k]; k++)
            if (evac_str_is(region, sets[i][k]))
                return i;
    return -1;
}

static bool may_be_strong(struct sb_call *c, const struct ddb_table *t, struct evac_str first,
                          struct evac_str second)
{
    int set = region_set(evac_str(sb_region_name(c->sb, c->region)));
    if (t->group)
        invalid(c, "a global table's consistency can not be changed");
    else if (ddb_item_count(t) > 0)
        invalid(c, "only an empty table can be given strong consistency");
    else if (t->lsi || t->ttl_status)
        invalid(
            c,
            "a table with local secondary indexes or time to live can not have strong consistency");
    else if (set < 0 || region_set(first) != set || region_set(second) != set ||
             evac_str_eq(first, second))
        invalid(c, "strong consistency needs three regions of one region set");
    return !c->failed;
}

/* Both others at once: two replicas, or a replica and a witness. */
static void create_strong(struct sb_call *c, struct ddb_table *t)
{
    struct evac_str first = sb_in(c, "ReplicaUpdates.1.Create.RegionName");
    struct evac_str second = sb_in(c, "ReplicaUpdates.2.Create.RegionName");
    struct evac_str witness = sb_in(c, "GlobalTableWitnessUpdates.1.Create.RegionName");
    if ((second.n > 0) == (witness.n > 0)) {
        invalid(c, "strong consistency needs two more replicas, or one and a witness");
        return;
    }
    if (!may_be_strong(c, t, first, second.n ? second : witness))
        return;
    size_t one = free_region(c, t, first);
    size_t two = c->failed || !second.n ? SB_REGIONS_MAX : free_region(c, t, second);
    if (c->failed)
        return;
    if (!found_group(c, t, true))
        return;
    if (witness.n)
        ddb_state(c->sb)->groups[t->group].witness = sb_region_find(c->sb, witness);
    if (add_replica(c, t, one) && (!second.n || add_replica(c, t, two)))
        sb_effect(c);
    else
        ddb_leave(c->sb, t);
}

static void delete_replicas(struct sb_call *c, struct ddb_table *t)
{
    struct ddb_group *g = &ddb_state(c->sb)->groups[t->group];
    size_t n = 0;
    while (sb_has(c, "ReplicaUpdates.%zu.Delete.RegionName", n + 1))
        n++;
    bool witness = sb_has(c, "GlobalTableWitnessUpdates.1.Delete.RegionName");
    if (t->group && g->strong && n + witness != 2) {
        invalid(c, "of a table with strong consistency both others must go at once");
        return;
    }
    for (size_t i = 1; i <= n; i++) {
        struct evac_str name = sb_in(c, "ReplicaUpdates.%zu.Delete.RegionName", i);
        struct ddb_table *r = ddb_member(c->sb, t->group, sb_region_find(c->sb, name));
        if (!r || r == t) {
            invalid(c, "the table has no replica there that could be deleted from here");
            return;
        }
        r->status = "DELETING";
        r->made_from = t->region;
        r->due_ms = c->sb->now_ms + sb_scaled(c->sb, DDB_DELETE_MS) + 1;
    }
    sb_effect(c);
}

static void update_replicas(struct sb_call *c, struct ddb_table *t)
{
    bool strong = evac_str_is(sb_in(c, "MultiRegionConsistency"), "STRONG");
    if (sb_has(c, "ReplicaUpdates.1.Delete"))
        delete_replicas(c, t);
    else if (!sb_has(c, "ReplicaUpdates.1.Create.RegionName"))
        invalid(c, "a replica update creates or deletes");
    else if (strong)
        create_strong(c, t);
    else if (sb_has(c, "ReplicaUpdates.2"))
        invalid(c, "only one replica can be changed at a time");
    else
        create_replica(c, t);
}

void ddb_update_table(struct sb_call *c)
{
    struct ddb_table *t = ddb_named(c, "TableName", "ResourceNotFoundException");
    bool capacity = sb_has(c, "BillingMode") || sb_has(c, "ProvisionedThroughput");
    bool warm = sb_has(c, "WarmThroughput"), stream = sb_has(c, "StreamSpecification");
    bool replicas = sb_has(c, "ReplicaUpdates"), guard = sb_has(c, "DeletionProtectionEnabled");
    if (!t || ddb_is_busy(c, t))
        return;
    if (capacity + warm + stream + replicas + guard != 1)
        invalid(c,
                "exactly one of capacity, WarmThroughput, StreamSpecification, ReplicaUpdates and "
                "DeletionProtectionEnabled is changed at a time");
    else if (replicas)
        update_replicas(c, t);
    else if (stream)
        update_stream(c, t);
    else if (guard) {
        t->guarded = sb_in_bool(c, "DeletionProtectionEnabled", false);
        sb_effect(c);
    } else if (all_reachable(c, t))
        (warm ? update_warm : update_billing)(c, t);
    if (!c->failed)
        ddb_answer_table(c, t);
}

/*
 * RDS: DB instances, and their read replicas in other regions (AWS.md 2.3). A status is a rung of a
 * way: what is asked for begins one, and time climbs it. Replication is asynchronous; a promotion
 * takes what has arrived, reboots, and can not be undone.
 */
#include "rds_internal.h"

#include <stdio.h>
#include <string.h>

#define INSUFFICIENT "We are currently unable to provision an instance of that class here"

/* --- ways --------------------------------------------------------------------------------------
 */

/* What the replica has: up to when the link held, less the lag. */
static int64_t has_until(const struct evac_sandbox *sb, const struct rds_instance *i)
{
    uint64_t at = i->cut_off_ms < sb->now_ms ? i->cut_off_ms : sb->now_ms;
    uint64_t lag = sb_lag_ms(sb, i->region, RDS_REPLICA_LAG);
    return sb_wall_ms(sb) - (int64_t)(sb->now_ms - at + lag);
}

static void promoted(struct evac_sandbox *sb, struct rds_instance *i)
{
    i->data_ms = has_until(sb, i);
    i->source[0] = '\0';
    i->cut_off_ms = SB_NEVER;
    rds_event(sb, i->region, "db-instance", i->id, "read replica",
              "Replication for the Read Replica was terminated.");
}

static void modified(struct evac_sandbox *sb, struct rds_instance *i)
{
    if (i->class_pending[0])
        (void)evac_str_copy(i->class, sizeof i->class, evac_str(i->class_pending));
    i->class_pending[0] = '\0';
    i->multi_az = i->multi_az_pending;
    rds_event(sb, i->region, "db-instance", i->id, "configuration change",
              "Finished applying modification to DB instance class or deployment");
}

static void created(struct evac_sandbox *sb, struct rds_instance *i)
{
    rds_event(sb, i->region, "db-instance", i->id, "creation", "DB instance created");
}

static void gone(struct evac_sandbox *sb, struct rds_instance *i)
{
    rds_event(sb, i->region, "db-instance", i->id, "deletion", "DB instance deleted");
    i->used = false;
}

/* clang-format off */
const struct rds_rung rds_creating[] = {
    { "creating",   420000, 240000, false, created },
    { "backing-up",  60000,  60000, true,  NULL },
    { 0 },
};
const struct rds_rung rds_restoring[] = {
    { "creating",   600000, 600000, false, created },
    { "modifying",   30000,      0, false, NULL },
    { "backing-up",  60000,  60000, true,  NULL },
    { 0 },
};
static const struct rds_rung promoting[] = {
    { "modifying",   30000,  30000, false, NULL },
    { "rebooting",   60000,  60000, false, promoted },
    { "backing-up",  60000,  60000, true,  NULL },
    { 0 },
};
const struct rds_rung rds_backing_up[] = {
    { "backing-up",  60000,  60000, false, NULL },
    { 0 },
};
static const struct rds_rung modifying[] = {
    { "modifying",  300000, 120000, false, modified },
    { 0 },
};
static const struct rds_rung deleting[] = {
    { "deleting",   120000,  60000, false, gone },
    { 0 },
};
/* clang-format on */

static void stand_on(struct evac_sandbox *sb, struct rds_instance *i, const struct rds_rung *rung,
                     uint64_t from_ms)
{
    while (rung->status && rung->if_backups && i->retention == 0)
        rung++;
    i->at = rung->status ? rung : NULL;
    i->due_ms =
        i->at ? from_ms + sb_scaled(sb, rung->ms + sb_random(sb, rung->span_ms + 1)) : SB_NEVER;
}

void rds_climb(struct evac_sandbox *sb, struct rds_instance *i, const struct rds_rung *way)
{
    stand_on(sb, i, way, sb->now_ms);
}

static bool replicates(const struct evac_sandbox *sb, const struct rds_instance *i)
{
    const struct rds_instance *source =
        rds_instance_find(sb, i->source_region, evac_str(i->source));
    return source && source->at != deleting && sb_reaches(sb, i->source_region, i->region);
}

static void note_link(struct evac_sandbox *sb, struct rds_instance *i)
{
    if (!i->source[0] || replicates(sb, i))
        i->cut_off_ms = SB_NEVER;
    else if (i->cut_off_ms == SB_NEVER)
        i->cut_off_ms = sb->now_ms;
}

void rds_advance_instances(struct evac_sandbox *sb)
{
    struct rds *rds = rds_state(sb);
    for (size_t n = 0; n < rds->instance_end; n++) {
        struct rds_instance *i = &rds->instances[n];
        if (!i->used)
            continue;
        note_link(sb, i);
        while (i->used && i->at && i->due_ms <= sb->now_ms && !sb->regions[i->region].down) {
            const struct rds_rung *rung = i->at;
            uint64_t then = i->due_ms;
            if (rung->ended)
                rung->ended(sb, i);
            sb->changed++;
            if (i->used)
                stand_on(sb, i, rung + 1, then);
        }
    }
}

/* In seconds; -1 when replication has stopped. */
void rds_publish_instances(struct evac_sandbox *sb)
{
    const struct rds *rds = rds_state(sb);
    for (size_t n = 0; n < rds->instance_end; n++) {
        const struct rds_instance *i = &rds->instances[n];
        char dimensions[100];
        bool up = i->used && i->source[0] && !sb->regions[i->region].down;
        if (!up || (i->at && i->at->ended == created))
            continue;
        (void)snprintf(dimensions, sizeof dimensions, "DBInstanceIdentifier=%s", i->id);
        sb_cloudwatch_put(sb, i->region, "AWS/RDS", "ReplicaLag", dimensions,
                          i->cut_off_ms == SB_NEVER
                              ? (double)sb_lag_ms(sb, i->region, RDS_REPLICA_LAG) / 1000
                              : -1,
                          sb_wall_ms(sb));
    }
}

/* --- looking -----------------------------------------------------------------------------------
 */

struct rds_instance *rds_instance_find(const struct evac_sandbox *sb, size_t region,
                                       struct evac_str id)
{
    struct rds *rds = rds_state(sb);
    for (size_t i = 0; i < rds->instance_end; i++)
        if (rds->instances[i].used && rds->instances[i].region == region &&
            evac_str_is(id, rds->instances[i].id))
            return &rds->instances[i];
    return NULL;
}

struct rds_instance *rds_instance_new(struct evac_sandbox *sb, size_t region, const char *id,
                                      const char *class, const char *engine)
{
    struct rds *rds = rds_state(sb);
    for (size_t n = 0; n < RDS_INSTANCES_MAX; n++) {
        struct rds_instance *i = &rds->instances[n];
        if (i->used)
            continue;
        if (n == rds->instance_end)
            rds->instance_end++;
        *i = (struct rds_instance){ .used = true,
                                    .region = region,
                                    .cut_off_ms = SB_NEVER,
                                    .due_ms = SB_NEVER,
                                    .tier = 1,
                                    .created_ms = sb_wall_ms(sb) };
        (void)evac_str_copy(i->id, sizeof i->id, evac_str(id));
        (void)evac_str_copy(i->class, sizeof i->class, evac_str(class));
        (void)evac_str_copy(i->engine, sizeof i->engine, evac_str(engine));
        (void)evac_str_copy(i->version, sizeof i->version, EVAC_STR("16.4"));
        (void)evac_str_copy(i->storage, sizeof i->storage, EVAC_STR("gp3"));
        (void)evac_str_copy(i->place.subnet_group, sizeof i->place.subnet_group,
                            EVAC_STR("default"));
        (void)evac_str_copy(i->place.parameter_group, sizeof i->place.parameter_group,
                            EVAC_STR("default"));
        (void)evac_str_copy(i->resource_id, sizeof i->resource_id, EVAC_STR("db-"));
        sb_random_id(sb, i->resource_id + 3, 26);
        return i;
    }
    return NULL;
}

/* The region's youngest of a name, or of one that begins with it; no drill's copy. */
static const struct rds_instance *youngest(const struct evac_sandbox *sb, size_t region,
                                           const char *prefix)
{
    const struct rds *rds = rds_state(sb);
    const struct rds_instance *newest = NULL;
    for (size_t k = 0; k < rds->instance_end; k++) {
        const struct rds_instance *i = &rds->instances[k];
        if (!i->used || i->region != region || !evac_str_starts(evac_str(i->id), prefix) ||
            evac_str_ends(evac_str(i->id), "-drill"))
            continue;
        if (!newest || i->created_ms > newest->created_ms)
            newest = i;
    }
    return newest;
}

bool sb_rds_restored(const struct evac_sandbox *sb, size_t region, const char *instance,
                     int64_t *ret_made_ms, uint64_t *ret_cut_ms)
{
    const struct rds_instance *i = youngest(sb, region, instance);
    if (!i || i->data_ms <= 0)
        return false;
    *ret_made_ms = i->created_ms;
    *ret_cut_ms = (uint64_t)(i->data_ms - sb->options.wall_ms);
    return true;
}

bool rds_instance_writes(const struct evac_sandbox *sb, size_t region, struct evac_str name)
{
    const struct rds_instance *newest = youngest(sb, region, name.p);
    return newest && !newest->at && !newest->source[0] && !sb->regions[region].down;
}

int64_t rds_latest_restorable(const struct evac_sandbox *sb, const struct rds_instance *i)
{
    int64_t every = (int64_t)sb_scaled(sb, RDS_LOG_SHIP_MS), now = sb_wall_ms(sb);
    int64_t age = now - i->created_ms;
    return now - (every > 0 ? age % every : 0);
}

static const char *status_of(const struct rds_instance *i)
{
    return i->at ? i->at->status : "available";
}

static void put_replication(struct sb_call *c, const struct rds_instance *i)
{
    struct evac_buf *out = &c->out;
    bool near = i->source_region == i->region, holds = i->cut_off_ms == SB_NEVER;
    sb_tag(out, "ReadReplicaSourceDBInstanceIdentifier",
           near ? evac_str(i->source) : rds_arn(c, i->source_region, "db", i->source));
    evac_buf_puts(out, "<StatusInfos><DBInstanceStatusInfo>");
    sb_tag(out, "StatusType", EVAC_STR("read replication"));
    sb_tag(out, "Normal", holds ? EVAC_STR("true") : EVAC_STR("false"));
    sb_tag(out, "Status", holds ? EVAC_STR("replicating") : EVAC_STR("error"));
    if (!holds)
        sb_tag(out, "Message", EVAC_STR("The replica can't reach its source."));
    evac_buf_puts(out, "</DBInstanceStatusInfo></StatusInfos>");
}

static void put_replicas(struct sb_call *c, const struct rds_instance *source)
{
    const struct rds *rds = rds_state(c->sb);
    evac_buf_puts(&c->out, "<ReadReplicaDBInstanceIdentifiers>");
    for (size_t n = 0; n < rds->instance_end; n++) {
        const struct rds_instance *i = &rds->instances[n];
        if (i->used && i->source_region == source->region && strcmp(i->source, source->id) == 0)
            sb_tag(&c->out, "ReadReplicaDBInstanceIdentifier",
                   i->region == source->region ? evac_str(i->id)
                                               : rds_arn(c, i->region, "db", i->id));
    }
    evac_buf_puts(&c->out, "</ReadReplicaDBInstanceIdentifiers>");
}

static void put_place(struct sb_call *c, const struct rds_place *place)
{
    struct evac_buf *out = &c->out;
    evac_buf_puts(out, "<DBSubnetGroup>");
    sb_tag(out, "DBSubnetGroupName", evac_str(place->subnet_group));
    sb_tag(out, "SubnetGroupStatus", EVAC_STR("Complete"));
    evac_buf_puts(out, "</DBSubnetGroup><DBParameterGroups><DBParameterGroup>");
    sb_tag(out, "DBParameterGroupName", evac_str(place->parameter_group));
    sb_tag(out, "ParameterApplyStatus", EVAC_STR("in-sync"));
    evac_buf_puts(out, "</DBParameterGroup></DBParameterGroups><VpcSecurityGroups>");
    for (size_t i = 0; i < place->security_count; i++) {
        evac_buf_puts(out, "<VpcSecurityGroupMembership>");
        sb_tag(out, "VpcSecurityGroupId", evac_str(place->security[i]));
        sb_tag(out, "Status", EVAC_STR("active"));
        evac_buf_puts(out, "</VpcSecurityGroupMembership>");
    }
    evac_buf_puts(out, "</VpcSecurityGroups>");
}

static const char *yes(bool is)
{
    return is ? "true" : "false";
}

static void put_pending(struct sb_call *c, const struct rds_instance *i)
{
    evac_buf_puts(&c->out, "<PendingModifiedValues>");
    if (i->class_pending[0])
        sb_tag(&c->out, "DBInstanceClass", evac_str(i->class_pending));
    if (i->multi_az_pending != i->multi_az)
        sb_tag(&c->out, "MultiAZ", evac_str(yes(i->multi_az_pending)));
    evac_buf_puts(&c->out, "</PendingModifiedValues>");
}

static void put_instance(struct sb_call *c, const struct rds_instance *i)
{
    struct evac_buf *out = &c->out;
    const char *region = sb_region_name(c->sb, i->region);
    bool made = !(i->at && i->at->ended == created);
    sb_tag(out, "DBInstanceIdentifier", evac_str(i->id));
    sb_tag(out, "DBInstanceClass", evac_str(i->class));
    sb_tag(out, "Engine", evac_str(i->engine));
    sb_tag(out, "EngineVersion", evac_str(i->version));
    sb_tag(out, "DBInstanceStatus", evac_str(status_of(i)));
    sb_tag(out, "DBInstanceArn", rds_arn(c, i->region, "db", i->id));
    sb_tag(out, "DbiResourceId", evac_str(i->resource_id));
    sb_tag(out, "StorageType", evac_str(i->storage));
    sb_tag(out, "AllocatedStorage", EVAC_STR("100"));
    sb_tagf(out, "BackupRetentionPeriod", "%d", i->retention);
    sb_tag(out, "MultiAZ", evac_str(yes(i->multi_az)));
    sb_tag(out, "StorageEncrypted", evac_str(yes(i->encrypted)));
    sb_tag(out, "DeletionProtection", evac_str(yes(i->deletion_protection)));
    sb_tag(out, "PubliclyAccessible", EVAC_STR("false"));
    put_pending(c, i);
    if (i->cluster[0]) {
        sb_tag(out, "DBClusterIdentifier", evac_str(i->cluster));
        sb_tagf(out, "PromotionTier", "%u", i->tier);
    }
    if (made) {
        sb_tag(out, "InstanceCreateTime", sb_iso(c->arena, i->created_ms));
        evac_buf_puts(out, "<Endpoint>");
        sb_tagf(out, "Address", "%s.c1a2b3d4e5f6.%s.rds.amazonaws.com", i->id, region);
        evac_buf_puts(out, "<Port>5432</Port></Endpoint>");
    }
    if (made && i->retention > 0 && !i->source[0])
        sb_tag(out, "LatestRestorableTime", sb_iso_s(c->arena, rds_latest_restorable(c->sb, i)));
    put_place(c, &i->place);
    put_replicas(c, i);
    if (i->source[0])
        put_replication(c, i);
    rds_put_tags(out, &i->tags);
}

static void put_result(struct sb_call *c, const struct rds_instance *i)
{
    evac_buf_puts(&c->out, "<DBInstance>");
    put_instance(c, i);
    evac_buf_puts(&c->out, "</DBInstance>");
}

void rds_describe_instances(struct sb_call *c)
{
    static const char *const filters[] = { "db-cluster-id", "db-instance-id", "dbi-resource-id",
                                           "domain",        "engine",         NULL };
    const struct rds *rds = rds_state(c->sb);
    struct evac_str id = sb_in(c, "DBInstanceIdentifier");
    struct rds_page page;
    bool found = false;
    if (!rds_page_begin(c, &page) || !rds_filters(c, filters))
        return;
    evac_buf_puts(&c->out, "<DBInstances>");
    for (size_t n = 0; n < rds->instance_end; n++) {
        const struct rds_instance *i = &rds->instances[n];
        if (!i->used || i->region != c->region || !rds_is(c, id, i->region, "db", i->id) ||
            !rds_passes(c, "db-cluster-id", i->cluster) ||
            !rds_passes(c, "db-instance-id", i->id) || !rds_passes(c, "engine", i->engine) ||
            !rds_passes(c, "dbi-resource-id", i->resource_id))
            continue;
        found = true;
        if (rds_page_row(&page))
            put_result(c, i);
    }
    evac_buf_puts(&c->out, "</DBInstances>");
    rds_page_end(c, &page);
    if (id.n && !found)
        sb_error(c, 404, "DBInstanceNotFound", "DBInstance %.*s not found.", EVAC_STR_ARG(id));
}

/* --- changing ----------------------------------------------------------------------------------
 */

bool rds_can_start(struct sb_call *c)
{
    if (!sb_fault(c->sb, SB_RDS, c->region)->capacity_refused)
        return true;
    sb_error(c, 400, "InsufficientDBInstanceCapacity", INSUFFICIENT);
    return false;
}

/* The instance that the request names, which must be there; available too when it must not be
 * doing anything else. */
struct rds_instance *rds_instance_named(struct sb_call *c, const char *member, bool idle)
{
    struct evac_str id = sb_in(c, "%s", member);
    if (!rds_needs(c, member))
        return NULL;
    struct rds *rds = rds_state(c->sb);
    for (size_t n = 0; n < rds->instance_end; n++) {
        struct rds_instance *i = &rds->instances[n];
        if (!i->used || i->region != c->region || !rds_is(c, id, i->region, "db", i->id))
            continue;
        if (!idle || !i->at)
            return i;
        sb_error(c, 400, "InvalidDBInstanceState",
                 "Instance %s is not in available state. It is %s.", i->id, status_of(i));
        return NULL;
    }
    sb_error(c, 404, "DBInstanceNotFound", "DBInstance %.*s not found.", EVAC_STR_ARG(id));
    return NULL;
}

/* Settings of the request; false: refused, and what was begun is taken back. */
static bool settle(struct sb_call *c, struct rds_instance *i)
{
    struct evac_str class = sb_in(c, "DBInstanceClass");
    if (class.n)
        (void)evac_str_copy(i->class, sizeof i->class, class);
    i->multi_az = i->multi_az_pending = sb_in_bool(c, "MultiAZ", false);
    i->deletion_protection = sb_in_bool(c, "DeletionProtection", false);
    rds_read_tags(c, &i->tags);
    if (!rds_read_place(c, "DBParameterGroupName", &i->place) || c->failed) {
        i->used = false;
        return false;
    }
    return true;
}

struct rds_instance *rds_instance_asked(struct sb_call *c, const char *member, const char *class,
                                        const char *engine)
{
    char id[64];
    if (!rds_new_id(c, member, id, sizeof id) || !rds_is_class(c, "DBInstanceClass") ||
        !rds_can_start(c))
        return NULL;
    if (rds_instance_find(c->sb, c->region, evac_str(id))) {
        sb_error(c, 400, "DBInstanceAlreadyExists", "DB instance already exists");
        return NULL;
    }
    struct rds_instance *i = rds_instance_new(c->sb, c->region, id, class, engine);
    if (!i)
        sb_error(c, 400, "InstanceQuotaExceeded", "DB instance quota exceeded");
    return i && settle(c, i) ? i : NULL;
}

void rds_instance_begin(struct sb_call *c, struct rds_instance *i, const struct rds_rung *way)
{
    rds_climb(c->sb, i, way);
    sb_effect(c);
    put_result(c, i);
}

static bool in_cluster(struct sb_call *c, struct rds_instance *i)
{
    struct evac_str id = sb_in(c, "DBClusterIdentifier");
    const struct rds_cluster *k = rds_cluster_find(c->sb, c->region, id);
    if (id.n == 0)
        return true;
    if (!k)
        sb_error(c, 404, "DBClusterNotFoundFault", "DBCluster %.*s not found.", EVAC_STR_ARG(id));
    else if (strcmp(k->engine, i->engine) != 0)
        sb_error(c, 400, "InvalidParameterCombination",
                 "The engine name requested for your DB instance (%s) doesn't match the engine "
                 "name of your DB cluster (%s).",
                 i->engine, k->engine);
    else if (strcmp(rds_cluster_status(c->sb, k), "available") != 0)
        sb_error(c, 400, "InvalidDBClusterStateFault", "Cluster %s is in state %s", k->id,
                 rds_cluster_status(c->sb, k));
    else if (strcmp(i->class, "db.serverless") == 0 && k->acu_max <= 0)
        sb_error(c, 400, "InvalidParameterValue",
                 "Set the Serverless v2 scaling configuration on the parent DB cluster before "
                 "creating a Serverless v2 DB instance.");
    else
        (void)evac_str_copy(i->cluster, sizeof i->cluster, id);
    i->retention = 0; /* the cluster's */
    return !c->failed;
}

void rds_create_instance(struct sb_call *c)
{
    char engine[32];
    if (!rds_needs(c, "DBInstanceClass") || !rds_needs(c, "Engine"))
        return;
    (void)evac_str_copy(engine, sizeof engine, sb_in(c, "Engine"));
    bool clustered = sb_in(c, "DBClusterIdentifier").n > 0;
    if (!rds_is_engine(c, engine))
        return;
    if (!clustered && (!rds_needs(c, "MasterUsername") || !rds_needs(c, "AllocatedStorage")))
        return;
    struct rds_instance *i = rds_instance_asked(c, "DBInstanceIdentifier", "", engine);
    if (!i)
        return;
    i->retention = rds_retention(c, 1);
    i->tier = (unsigned)sb_in_i64(c, "PromotionTier", 1);
    i->encrypted = sb_in_bool(c, "StorageEncrypted", false);
    if (i->tier > 15)
        sb_error(c, 400, "InvalidParameterValue", "Invalid promotion tier: %u", i->tier);
    if (c->failed || !in_cluster(c, i)) {
        i->used = false;
        return;
    }
    rds_instance_begin(c, i, rds_creating);
}

/* The source that a replica's request names: an ARN in another region, an id in its own. */
static const struct rds_instance *source_of(struct sb_call *c)
{
    const struct rds *rds = rds_state(c->sb);
    struct evac_str wanted = sb_in(c, "SourceDBInstanceIdentifier");
    if (!rds_needs(c, "SourceDBInstanceIdentifier"))
        return NULL;
    for (size_t n = 0; n < rds->instance_end; n++) {
        const struct rds_instance *i = &rds->instances[n];
        if (!i->used || !evac_str_eq(wanted, i->region == c->region && wanted.n < 64
                                                 ? evac_str(i->id)
                                                 : rds_arn(c, i->region, "db", i->id)))
            continue;
        if (i->region == c->region || sb_reaches(c->sb, i->region, c->region))
            return i;
        break;
    }
    sb_error(c, 404, "DBInstanceNotFound", "DBInstance %.*s not found.", EVAC_STR_ARG(wanted));
    return NULL;
}

static bool may_be_source(struct sb_call *c, const struct rds_instance *source)
{
    bool far = source->region != c->region;
    if (source->cluster[0])
        sb_error(c, 400, "InvalidParameterCombination",
                 "A read replica of a DB instance of a cluster can't be created this way");
    else if (source->at && strcmp(status_of(source), "backing-up") != 0)
        sb_error(c, 400, "InvalidDBInstanceState", "Source instance %s is in state %s", source->id,
                 status_of(source));
    else if (source->retention == 0)
        sb_error(
            c, 400, "InvalidDBInstanceState",
            "Automated backups are not enabled for this database instance. To enable automated "
            "backups, use ModifyDBInstance to set the backup retention period to a non-zero "
            "value.");
    else if (far && source->encrypted && sb_in(c, "KmsKeyId").n == 0)
        sb_error(c, 400, "InvalidParameterCombination",
                 "Cannot create a cross region unencrypted read replica from encrypted source.");
    return !c->failed;
}

void rds_create_replica(struct sb_call *c)
{
    const struct rds_instance *source = source_of(c);
    if (!source || !may_be_source(c, source))
        return;
    struct rds_instance *i =
        rds_instance_asked(c, "DBInstanceIdentifier", source->class, source->engine);
    if (!i)
        return;
    (void)evac_str_copy(i->source, sizeof i->source, evac_str(source->id));
    i->source_region = source->region;
    i->encrypted = source->encrypted;
    rds_instance_begin(c, i, rds_creating);
}

void rds_promote_replica(struct sb_call *c)
{
    struct rds_instance *i = rds_instance_named(c, "DBInstanceIdentifier", true);
    if (!i)
        return;
    int retention = rds_retention(c, 1);
    if (c->failed)
        return;
    if (!i->source[0]) {
        sb_error(c, 400, "InvalidDBInstanceState", "DB Instance is not a read replica");
        return;
    }
    i->retention = retention;
    rds_instance_begin(c, i, promoting);
}

void rds_modify_instance(struct sb_call *c)
{
    struct rds_instance *i = rds_instance_named(c, "DBInstanceIdentifier", true);
    struct evac_str class = sb_in(c, "DBInstanceClass");
    if (!i || !rds_is_class(c, "DBInstanceClass"))
        return;
    int retention = rds_retention(c, i->retention);
    if (c->failed || (class.n && !rds_can_start(c)))
        return;
    i->deletion_protection = sb_in_bool(c, "DeletionProtection", i->deletion_protection);
    i->retention = retention;
    i->multi_az_pending = sb_in_bool(c, "MultiAZ", i->multi_az);
    if (class.n && !evac_str_is(class, i->class))
        (void)evac_str_copy(i->class_pending, sizeof i->class_pending, class);
    sb_effect(c);
    bool moves = i->class_pending[0] || i->multi_az_pending != i->multi_az;
    if (moves && sb_in_bool(c, "ApplyImmediately", false))
        rds_climb(c->sb, i, modifying);
    put_result(c, i);
}

/* A final snapshot is asked for by name, or declined. */
static bool may_delete(struct sb_call *c, const struct rds_instance *i)
{
    bool skip = sb_in_bool(c, "SkipFinalSnapshot", false), single = !i->cluster[0] && !i->source[0];
    struct evac_str final = sb_in(c, "FinalDBSnapshotIdentifier");
    if (i->deletion_protection)
        sb_error(c, 400, "InvalidParameterCombination",
                 "Cannot delete protected DB Instance, please disable deletion protection and try "
                 "again.");
    else if (i->at == deleting)
        sb_error(c, 400, "InvalidDBInstanceState", "Instance %s is already being deleted.", i->id);
    else if (single && !skip && final.n == 0)
        sb_error(c, 400, "InvalidParameterCombination",
                 "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.");
    else if (skip && final.n)
        sb_error(c, 400, "InvalidParameterCombination",
                 "FinalDBSnapshotIdentifier can not be specified when deleting with "
                 "SkipFinalSnapshot.");
    return !c->failed;
}

void rds_delete_instance(struct sb_call *c)
{
    struct rds_instance *i = rds_instance_named(c, "DBInstanceIdentifier", false);
    struct evac_str final = sb_in(c, "FinalDBSnapshotIdentifier");
    if (!i || !may_delete(c, i))
        return;
    if (final.n) {
        char id[256];
        if (!rds_new_id(c, "FinalDBSnapshotIdentifier", id, sizeof id))
            return;
        (void)rds_snapshot_new(c->sb, i->region, false, id, i->id);
    }
    rds_instance_begin(c, i, deleting);
}

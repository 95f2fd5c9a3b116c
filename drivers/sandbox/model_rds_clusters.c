/*
 * RDS: DB clusters, as members of a global database and alone: what a restore makes is a cluster
 * without instances. Its instances are those of model_rds_instances.c.
 */
#include "rds_internal.h"

#include "aws_time.h"

#include <stdio.h>
#include <string.h>

#define RESTORE_MS      600000u
#define RESTORE_SPAN_MS 300000u
#define MODIFY_MS       15000u
#define DELETE_MS       60000u
#define ACU_LARGEST     256.0

struct rds_cluster *rds_cluster_find(const struct evac_sandbox *sb, size_t region,
                                     struct evac_str id)
{
    struct rds *rds = rds_state(sb);
    for (size_t i = 0; i < rds->cluster_end; i++)
        if (rds->clusters[i].used && rds->clusters[i].region == region &&
            evac_str_is(id, rds->clusters[i].id))
            return &rds->clusters[i];
    return NULL;
}

struct rds_cluster *rds_cluster_new(struct evac_sandbox *sb, size_t region, const char *id,
                                    const char *engine)
{
    struct rds *rds = rds_state(sb);
    for (size_t n = 0; n < RDS_CLUSTERS_MAX; n++) {
        struct rds_cluster *k = &rds->clusters[n];
        if (k->used)
            continue;
        if (n == rds->cluster_end)
            rds->cluster_end++;
        *k = (struct rds_cluster){ .used = true,
                                   .region = region,
                                   .due_ms = SB_NEVER,
                                   .retention = 1,
                                   .created_ms = sb_wall_ms(sb) };
        (void)evac_str_copy(k->id, sizeof k->id, evac_str(id));
        (void)evac_str_copy(k->engine, sizeof k->engine, evac_str(engine));
        (void)evac_str_copy(k->version, sizeof k->version, EVAC_STR("16.4"));
        (void)evac_str_copy(k->storage, sizeof k->storage, EVAC_STR("aurora"));
        (void)evac_str_copy(k->place.subnet_group, sizeof k->place.subnet_group,
                            EVAC_STR("default"));
        (void)evac_str_copy(k->place.parameter_group, sizeof k->place.parameter_group,
                            EVAC_STR("default"));
        (void)evac_str_copy(k->resource_id, sizeof k->resource_id, EVAC_STR("cluster-"));
        sb_random_id(sb, k->resource_id + 8, 26);
        return k;
    }
    return NULL;
}

static bool is_of(const struct rds_instance *i, const struct rds_cluster *k)
{
    return i->used && i->region == k->region && strcmp(i->cluster, k->id) == 0;
}

static bool has_instances(const struct rds *rds, const struct rds_cluster *k, bool also_deleting)
{
    for (size_t n = 0; n < rds->instance_end; n++)
        if (is_of(&rds->instances[n], k) && (also_deleting || !rds->instances[n].at ||
                                             strcmp(rds->instances[n].at->status, "deleting") != 0))
            return true;
    return false;
}

/* The instance that writes, or would: the first one that is made, by promotion tier. */
static const struct rds_instance *head_of(const struct rds *rds, const struct rds_cluster *k)
{
    const struct rds_instance *head = NULL;
    for (size_t n = 0; n < rds->instance_end; n++) {
        const struct rds_instance *i = &rds->instances[n];
        bool up = is_of(i, k) && (!i->at || strcmp(i->at->status, "modifying") == 0);
        if (up && (!head || i->tier < head->tier))
            head = i;
    }
    return head;
}

bool rds_cluster_runs(const struct evac_sandbox *sb, const struct rds_cluster *k)
{
    return head_of(rds_state(sb), k) && !sb->regions[k->region].down;
}

void rds_advance_clusters(struct evac_sandbox *sb)
{
    struct rds *rds = rds_state(sb);
    for (size_t n = 0; n < rds->cluster_end; n++) {
        struct rds_cluster *k = &rds->clusters[n];
        if (!k->used || k->due_ms > sb->now_ms || sb->regions[k->region].down)
            continue;
        if (k->deleting && has_instances(rds, k, true))
            continue;
        rds_event(sb, k->region, "db-cluster", k->id, k->deleting ? "deletion" : "creation",
                  k->deleting ? "DB cluster deleted" : "DB cluster is available");
        k->used = !k->deleting;
        k->status = NULL;
        k->due_ms = SB_NEVER;
        sb->changed++;
    }
}

/* --- looking -----------------------------------------------------------------------------------
 */

static const char *yes(bool is)
{
    return is ? "true" : "false";
}

static void put_members(struct sb_call *c, const struct rds_cluster *k)
{
    const struct rds *rds = rds_state(c->sb);
    const struct rds_instance *head = head_of(rds, k);
    struct evac_buf *out = &c->out;
    evac_buf_puts(out, "<DBClusterMembers>");
    for (size_t n = 0; n < rds->instance_end; n++) {
        const struct rds_instance *i = &rds->instances[n];
        if (!is_of(i, k))
            continue;
        evac_buf_puts(out, "<DBClusterMember>");
        sb_tag(out, "DBInstanceIdentifier", evac_str(i->id));
        sb_tag(out, "IsClusterWriter", evac_str(yes(i == head && rds_cluster_writes(c->sb, k))));
        sb_tag(out, "DBClusterParameterGroupStatus", EVAC_STR("in-sync"));
        sb_tagf(out, "PromotionTier", "%u", i->tier);
        evac_buf_puts(out, "</DBClusterMember>");
    }
    evac_buf_puts(out, "</DBClusterMembers>");
}

static void put_settings(struct sb_call *c, const struct rds_cluster *k)
{
    struct evac_buf *out = &c->out;
    sb_tag(out, "DBSubnetGroup", evac_str(k->place.subnet_group));
    sb_tag(out, "DBClusterParameterGroup", evac_str(k->place.parameter_group));
    evac_buf_puts(out, "<VpcSecurityGroups>");
    for (size_t i = 0; i < k->place.security_count; i++) {
        evac_buf_puts(out, "<VpcSecurityGroupMembership>");
        sb_tag(out, "VpcSecurityGroupId", evac_str(k->place.security[i]));
        sb_tag(out, "Status", EVAC_STR("active"));
        evac_buf_puts(out, "</VpcSecurityGroupMembership>");
    }
    evac_buf_puts(out, "</VpcSecurityGroups>");
    if (k->acu_max <= 0)
        return;
    evac_buf_puts(out, "<ServerlessV2ScalingConfiguration>");
    sb_tagf(out, "MinCapacity", "%g", k->acu_min);
    sb_tagf(out, "MaxCapacity", "%g", k->acu_max);
    evac_buf_puts(out, "</ServerlessV2ScalingConfiguration>");
}

static int64_t latest_restorable(const struct evac_sandbox *sb, const struct rds_cluster *k)
{
    int64_t every = (int64_t)sb_scaled(sb, RDS_LOG_SHIP_MS), now = sb_wall_ms(sb);
    return now - (every > 0 ? (now - k->created_ms) % every : 0);
}

static void put_cluster(struct sb_call *c, const struct rds_cluster *k)
{
    struct evac_buf *out = &c->out;
    const char *region = sb_region_name(c->sb, k->region);
    evac_buf_puts(out, "<DBCluster>");
    sb_tag(out, "DBClusterIdentifier", evac_str(k->id));
    sb_tag(out, "DBClusterArn", rds_arn(c, k->region, "cluster", k->id));
    sb_tag(out, "DbClusterResourceId", evac_str(k->resource_id));
    sb_tag(out, "Status", evac_str(rds_cluster_status(c->sb, k)));
    sb_tag(out, "Engine", evac_str(k->engine));
    sb_tag(out, "EngineVersion", evac_str(k->version));
    sb_tag(out, "StorageType", evac_str(k->storage));
    sb_tag(out, "EngineMode", EVAC_STR("provisioned"));
    sb_tagf(out, "Endpoint", "%s.cluster-c1a2b3d4e5f6.%s.rds.amazonaws.com", k->id, region);
    sb_tagf(out, "ReaderEndpoint", "%s.cluster-ro-c1a2b3d4e5f6.%s.rds.amazonaws.com", k->id,
            region);
    sb_tag(out, "Port", EVAC_STR("5432"));
    sb_tag(out, "MultiAZ", EVAC_STR("false"));
    sb_tag(out, "StorageEncrypted", EVAC_STR("true"));
    sb_tag(out, "DeletionProtection", evac_str(yes(k->protected)));
    sb_tagf(out, "BackupRetentionPeriod", "%d", k->retention);
    sb_tag(out, "LatestRestorableTime", sb_iso_s(c->arena, latest_restorable(c->sb, k)));
    put_settings(c, k);
    put_members(c, k);
    rds_put_membership(c, k);
    rds_put_tags(out, &k->tags);
    evac_buf_puts(out, "</DBCluster>");
}

void rds_describe_clusters(struct sb_call *c)
{
    static const char *const filters[] = {
        "clone-group-id", "db-cluster-id", "db-cluster-resource-id", "domain", "engine", NULL
    };
    const struct rds *rds = rds_state(c->sb);
    struct evac_str id = sb_in(c, "DBClusterIdentifier");
    struct rds_page page;
    bool found = false;
    if (!rds_page_begin(c, &page) || !rds_filters(c, filters))
        return;
    evac_buf_puts(&c->out, "<DBClusters>");
    for (size_t n = 0; n < rds->cluster_end; n++) {
        const struct rds_cluster *k = &rds->clusters[n];
        if (!k->used || k->region != c->region || !rds_is(c, id, k->region, "cluster", k->id) ||
            !rds_passes(c, "db-cluster-id", k->id) || !rds_passes(c, "engine", k->engine))
            continue;
        found = true;
        if (rds_page_row(&page))
            put_cluster(c, k);
    }
    evac_buf_puts(&c->out, "</DBClusters>");
    rds_page_end(c, &page);
    if (id.n && !found)
        sb_error(c, 404, "DBClusterNotFoundFault", "DBCluster %.*s not found.", EVAC_STR_ARG(id));
}

/* --- changing ----------------------------------------------------------------------------------
 */

static struct rds_cluster *named(struct sb_call *c, bool idle)
{
    struct evac_str id = sb_in(c, "DBClusterIdentifier");
    if (!rds_needs(c, "DBClusterIdentifier"))
        return NULL;
    struct rds_cluster *k = rds_cluster_find(c->sb, c->region, id);
    const char *status = k ? rds_cluster_status(c->sb, k) : "";
    if (!k)
        sb_error(c, 404, "DBClusterNotFoundFault", "DBCluster %.*s not found.", EVAC_STR_ARG(id));
    else if (idle && strcmp(status, "available") != 0)
        sb_error(c, 400, "InvalidDBClusterStateFault",
                 "DBCluster %s is in state %s and must be available.", k->id, status);
    return c->failed ? NULL : k;
}

/* ACUs go in halves; at least one of the two bounds is said. */
static bool read_acu(struct sb_call *c, struct rds_cluster *k)
{
    static const char *const names[] = { "MinCapacity", "MaxCapacity" };
    double bounds[] = { k->acu_min, k->acu_max };
    if (!sb_has(c, "ServerlessV2ScalingConfiguration"))
        return true;
    for (int i = 0; i < 2; i++) {
        struct evac_str text = sb_in(c, "ServerlessV2ScalingConfiguration.%s", names[i]), half;
        struct evac_str whole = evac_str_cut(text, '.', &half);
        int64_t number = 0;
        if (text.n == 0)
            continue;
        if (!evac_str_i64(whole, &number) ||
            !(half.n == 0 || evac_str_is(half, "0") || evac_str_is(half, "5"))) {
            sb_error(c, 400, "InvalidParameterValue",
                     "Serverless v2 capacity %.*s isn't valid. Specify it in steps of 0.5.",
                     EVAC_STR_ARG(text));
            return false;
        }
        bounds[i] = (double)number + (evac_str_is(half, "5") ? 0.5 : 0);
    }
    if (bounds[1] < 1 || bounds[1] > ACU_LARGEST || bounds[0] < 0 || bounds[0] > bounds[1]) {
        sb_error(c, 400, "InvalidParameterCombination",
                 "Serverless v2 capacity from %g to %g isn't valid: the maximum is from 1 to %g, "
                 "the minimum at most the maximum.",
                 bounds[0], bounds[1], ACU_LARGEST);
        return false;
    }
    k->acu_min = bounds[0];
    k->acu_max = bounds[1];
    return true;
}

static void put_result(struct sb_call *c, const struct rds_cluster *k)
{
    sb_effect(c);
    put_cluster(c, k);
}

void rds_modify_cluster(struct sb_call *c)
{
    struct rds_cluster *k = named(c, true);
    if (!k || !read_acu(c, k))
        return;
    k->protected = sb_in_bool(c, "DeletionProtection", k->protected);
    k->status = "modifying";
    k->due_ms = c->sb->now_ms + sb_scaled(c->sb, MODIFY_MS);
    put_result(c, k);
}

void rds_delete_cluster(struct sb_call *c)
{
    struct rds_cluster *k = named(c, false);
    bool skip = sb_in_bool(c, "SkipFinalSnapshot", false);
    struct evac_str final = sb_in(c, "FinalDBSnapshotIdentifier");
    if (!k)
        return;
    if (k->protected)
        sb_error(c, 400, "InvalidParameterCombination",
                 "Cannot delete protected Cluster, please disable deletion protection and try "
                 "again.");
    else if (k->member)
        sb_error(c, 400, "InvalidDBClusterStateFault",
                 "This cluster is a part of a global cluster, please remove it from globalcluster "
                 "first");
    else if (k->deleting || has_instances(rds_state(c->sb), k, false))
        sb_error(c, 400, "InvalidDBClusterStateFault",
                 k->deleting ? "DBCluster %s is being deleted already"
                             : "Cluster %s cannot be deleted, it still contains DB instances in "
                               "non-deleting state.",
                 k->id);
    else if (skip == (final.n > 0))
        sb_error(c, 400, "InvalidParameterCombination",
                 "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.");
    if (c->failed)
        return;
    k->deleting = true;
    k->status = "deleting";
    k->due_ms = c->sb->now_ms + sb_scaled(c->sb, DELETE_MS);
    if (final.n)
        (void)rds_snapshot_new(c->sb, k->region, true, evac_arena_str(c->arena, final).p, k->id);
    put_result(c, k);
}

/* A new cluster without instances, with the data up to data_ms. */
static void restore(struct sb_call *c, const char *engine, const char *version, int64_t data_ms)
{
    char id[64];
    if (!rds_new_id(c, "DBClusterIdentifier", id, sizeof id))
        return;
    if (rds_cluster_find(c->sb, c->region, evac_str(id))) {
        sb_error(c, 400, "DBClusterAlreadyExistsFault", "DB Cluster already exists");
        return;
    }
    struct rds_cluster *k = rds_cluster_new(c->sb, c->region, id, engine);
    if (!k) {
        sb_error(c, 403, "DBClusterQuotaExceededFault", "DB cluster quota exceeded");
        return;
    }
    rds_read_tags(c, &k->tags);
    if (c->failed || !rds_read_place(c, "DBClusterParameterGroupName", &k->place) ||
        !read_acu(c, k)) {
        k->used = false;
        return;
    }
    (void)evac_str_copy(k->version, sizeof k->version, evac_str(version));
    k->protected = sb_in_bool(c, "DeletionProtection", false);
    k->data_ms = data_ms;
    k->status = "creating";
    k->due_ms = c->sb->now_ms + sb_scaled(c->sb, RESTORE_MS + sb_random(c->sb, RESTORE_SPAN_MS));
    put_result(c, k);
}

void rds_restore_cluster(struct sb_call *c)
{
    struct evac_str wanted = sb_in(c, "SnapshotIdentifier"), engine = sb_in(c, "Engine");
    if (!rds_needs(c, "SnapshotIdentifier") || !rds_needs(c, "Engine"))
        return;
    const struct rds_snapshot *s = rds_snapshot_find(c, wanted, true);
    if (!s || s->region != c->region)
        sb_error(c, 404, "DBClusterSnapshotNotFoundFault", "DBClusterSnapshot %.*s not found.",
                 EVAC_STR_ARG(wanted));
    else if (!rds_snapshot_ready(s))
        sb_error(c, 400, "InvalidDBClusterSnapshotStateFault",
                 "DBClusterSnapshot %s is not available", s->id);
    else if (!evac_str_is(engine, s->engine))
        sb_error(c, 400, "InvalidParameterValue", "The engine %.*s does not fit the snapshot's, %s",
                 EVAC_STR_ARG(engine), s->engine);
    else
        restore(c, s->engine, s->version, s->taken_ms);
}

void rds_restore_cluster_to_time(struct sb_call *c)
{
    struct evac_str wanted = sb_in(c, "SourceDBClusterIdentifier");
    struct evac_str text = sb_in(c, "RestoreToTime");
    bool latest = sb_in_bool(c, "UseLatestRestorableTime", false);
    int64_t ms = 0;
    const struct rds *rds = rds_state(c->sb);
    const struct rds_cluster *source = NULL;
    if (!rds_needs(c, "SourceDBClusterIdentifier"))
        return;
    for (size_t n = 0; n < rds->cluster_end; n++)
        if (rds->clusters[n].used && rds->clusters[n].region == c->region &&
            rds_is(c, wanted, c->region, "cluster", rds->clusters[n].id))
            source = &rds->clusters[n];
    if (!source)
        sb_error(c, 404, "DBClusterNotFoundFault", "DBCluster %.*s not found.",
                 EVAC_STR_ARG(wanted));
    else if (latest == (text.n > 0))
        sb_error(c, 400, "InvalidParameterCombination",
                 "Specify either RestoreToTime or UseLatestRestorableTime.");
    else if (!latest && !evac_aws_time_iso(text, &ms))
        sb_error(c, 400, "InvalidParameterValue", "Invalid RestoreToTime: %.*s",
                 EVAC_STR_ARG(text));
    else if (!latest && (ms < source->created_ms || ms > latest_restorable(c->sb, source)))
        sb_error(c, 400, "InvalidRestoreFault",
                 "The specified time is outside of the restore window");
    else
        restore(c, source->engine, source->version, latest ? latest_restorable(c->sb, source) : ms);
}

/*
 * RDS: snapshots of instances and clusters, and their copies in other regions. A copy's own time is
 * that of its copying; only an instance's snapshot also tells how old its data is.
 */
#include "rds_internal.h"

#include <stdio.h>
#include <string.h>

#define TAKE_MS      60000u
#define TAKE_SPAN_MS 60000u
#define COPY_MS      300000u
#define COPY_SPAN_MS 300000u

/* The same of both kinds. */
static const struct kind {
    const char *element, *list, *id, *db, *arn, *found, *not_found, *exists, *state;
} kinds[] = {
    { "DBSnapshot", "DBSnapshots", "DBSnapshotIdentifier", "DBInstanceIdentifier", "snapshot",
      "DBSnapshotArn", "DBSnapshotNotFound", "DBSnapshotAlreadyExists", "InvalidDBSnapshotState" },
    { "DBClusterSnapshot", "DBClusterSnapshots", "DBClusterSnapshotIdentifier",
      "DBClusterIdentifier", "cluster-snapshot", "DBClusterSnapshotArn",
      "DBClusterSnapshotNotFoundFault", "DBClusterSnapshotAlreadyExistsFault",
      "InvalidDBClusterSnapshotStateFault" },
};

static bool asks_cluster(const struct sb_call *c)
{
    return strstr(c->operation->name, "Cluster") != NULL;
}

static const struct kind *kind_of(const struct sb_call *c)
{
    return &kinds[asks_cluster(c)];
}

struct rds_snapshot *rds_snapshot_new(struct evac_sandbox *sb, size_t region, bool of_cluster,
                                      const char *id, const char *db)
{
    struct rds *rds = rds_state(sb);
    for (size_t n = 0; n < RDS_SNAPSHOTS_MAX; n++) {
        struct rds_snapshot *s = &rds->snapshots[n];
        if (s->used)
            continue;
        if (n == rds->snapshot_end)
            rds->snapshot_end++;
        const struct rds_instance *i = rds_instance_find(sb, region, evac_str(db));
        const struct rds_cluster *k = rds_cluster_find(sb, region, evac_str(db));
        *s = (struct rds_snapshot){ .used = true,
                                    .of_cluster = of_cluster,
                                    .encrypted = of_cluster || (i && i->encrypted),
                                    .region = region,
                                    .source_region = region,
                                    .begun_ms = sb->now_ms,
                                    .due_ms = sb->now_ms +
                                              sb_scaled(sb, TAKE_MS + sb_random(sb, TAKE_SPAN_MS)),
                                    .created_ms = sb_wall_ms(sb),
                                    .taken_ms = sb_wall_ms(sb) };
        (void)evac_str_copy(s->id, sizeof s->id, evac_str(id));
        (void)evac_str_copy(s->db, sizeof s->db, evac_str(db));
        (void)evac_str_copy(s->type, sizeof s->type, EVAC_STR("manual"));
        (void)evac_str_copy(s->engine, sizeof s->engine,
                            evac_str(of_cluster ? k ? k->engine : "aurora-postgresql"
                                     : i        ? i->engine
                                                : "postgres"));
        (void)evac_str_copy(s->version, sizeof s->version, EVAC_STR("16.4"));
        (void)evac_str_copy(s->resource_id, sizeof s->resource_id,
                            evac_str(of_cluster ? k ? k->resource_id : "cluster-GONE"
                                     : i        ? i->resource_id
                                                : "db-GONE"));
        return s;
    }
    return NULL;
}

struct rds_snapshot *rds_snapshot_find(struct sb_call *c, struct evac_str wanted, bool of_cluster)
{
    struct rds *rds = rds_state(c->sb);
    for (size_t n = 0; n < rds->snapshot_end; n++) {
        struct rds_snapshot *s = &rds->snapshots[n];
        if (!s->used || s->of_cluster != of_cluster)
            continue;
        if ((s->region == c->region && evac_str_is(wanted, s->id)) ||
            evac_str_eq(wanted, rds_arn(c, s->region, kinds[of_cluster].arn, s->id)))
            return s;
    }
    return NULL;
}

bool rds_snapshot_ready(const struct rds_snapshot *s)
{
    return s->due_ms == SB_NEVER;
}

static void put_snapshot(struct sb_call *c, const struct rds_snapshot *s)
{
    const struct kind *kind = &kinds[s->of_cluster];
    struct evac_buf *out = &c->out;
    uint64_t now = c->sb->now_ms, span = s->due_ms - s->begun_ms;
    bool ready = rds_snapshot_ready(s);
    evac_buf_putf(out, "<%s>", kind->element);
    sb_tag(out, kind->id, evac_str(s->id));
    sb_tag(out, kind->db, evac_str(s->db));
    sb_tag(out, kind->found, rds_arn(c, s->region, kind->arn, s->id));
    sb_tag(out, "SnapshotCreateTime", sb_iso(c->arena, s->created_ms));
    sb_tag(out, "Engine", evac_str(s->engine));
    sb_tag(out, "EngineVersion", evac_str(s->version));
    sb_tag(out, "AllocatedStorage", EVAC_STR("100"));
    sb_tag(out, "Status", ready ? EVAC_STR("available") : EVAC_STR("creating"));
    sb_tag(out, "SnapshotType", evac_str(s->type));
    sb_tagf(out, "PercentProgress", "%d",
            ready || span == 0 ? 100 : (int)((now - s->begun_ms) * 100 / span) % 100);
    if (s->of_cluster) {
        sb_tag(out, "StorageEncrypted", s->encrypted ? EVAC_STR("true") : EVAC_STR("false"));
        sb_tag(out, "DbClusterResourceId", evac_str(s->resource_id));
        if (s->copied_from[0])
            sb_tag(out, "SourceDBClusterSnapshotArn", evac_str(s->copied_from));
    } else {
        sb_tag(out, "Encrypted", s->encrypted ? EVAC_STR("true") : EVAC_STR("false"));
        sb_tag(out, "DbiResourceId", evac_str(s->resource_id));
        sb_tag(out, "OriginalSnapshotCreateTime", sb_iso(c->arena, s->taken_ms));
        sb_tag(out, "SnapshotDatabaseTime", sb_iso(c->arena, s->taken_ms));
        if (s->copied_from[0]) {
            sb_tag(out, "SourceRegion", evac_str(sb_region_name(c->sb, s->source_region)));
            sb_tag(out, "SourceDBSnapshotIdentifier", evac_str(s->copied_from));
        }
    }
    rds_put_tags(out, &s->tags);
    evac_buf_putf(out, "</%s>", kind->element);
}

static bool check_type(struct sb_call *c, struct evac_str type)
{
    static const char *const types[] = { "automated", "manual",    "shared",
                                         "public",    "awsbackup", NULL };
    const char *const *t = types;
    while (*t && !evac_str_is(type, *t))
        t++;
    if (type.n && (!*t || (asks_cluster(c) && evac_str_is(type, "awsbackup"))))
        sb_error(c, 400, "InvalidParameterValue", "Invalid snapshot type: %.*s",
                 EVAC_STR_ARG(type));
    return !c->failed;
}

/* AWS Backup's own are listed only when they are asked for. */
static bool is_asked(struct sb_call *c, const struct rds_snapshot *s)
{
    const struct kind *kind = kind_of(c);
    struct evac_str type = sb_in(c, "SnapshotType"), db = sb_in(c, "%s", kind->db);
    return s->used && s->of_cluster == asks_cluster(c) && s->region == c->region &&
           rds_is(c, sb_in(c, "%s", kind->id), s->region, kind->arn, s->id) &&
           rds_is(c, db, s->region, s->of_cluster ? "cluster" : "db", s->db) &&
           (type.n ? evac_str_is(type, s->type) : strcmp(s->type, "awsbackup") != 0);
}

void rds_describe_snapshots(struct sb_call *c)
{
    static const char *const filters[] = { "db-cluster-id",   "db-cluster-snapshot-id",
                                           "db-instance-id",  "db-snapshot-id",
                                           "dbi-resource-id", "engine",
                                           "snapshot-type",   NULL };
    const struct rds *rds = rds_state(c->sb);
    const struct kind *kind = kind_of(c);
    struct evac_str id = sb_in(c, "%s", kind->id);
    struct rds_page page;
    bool found = false;
    if (!rds_page_begin(c, &page) || !rds_filters(c, filters) ||
        !check_type(c, sb_in(c, "SnapshotType")))
        return;
    evac_buf_putf(&c->out, "<%s>", kind->list);
    for (size_t n = 0; n < rds->snapshot_end; n++) {
        const struct rds_snapshot *s = &rds->snapshots[n];
        if (!is_asked(c, s) || !rds_passes(c, "snapshot-type", s->type) ||
            !rds_passes(c, s->of_cluster ? "db-cluster-id" : "db-instance-id", s->db) ||
            !rds_passes(c, "engine", s->engine))
            continue;
        found = true;
        if (rds_page_row(&page))
            put_snapshot(c, s);
    }
    evac_buf_putf(&c->out, "</%s>", kind->list);
    rds_page_end(c, &page);
    if (id.n && !found)
        sb_error(c, 404, kind->not_found, "%s not found: %.*s", kind->element, EVAC_STR_ARG(id));
}

/* --- changing ----------------------------------------------------------------------------------
 */

static struct rds_snapshot *begin(struct sb_call *c, const char *member, const char *db)
{
    char id[256];
    if (!rds_new_id(c, member, id, sizeof id))
        return NULL;
    if (rds_snapshot_find(c, evac_str(id), asks_cluster(c))) {
        sb_error(c, 400, kind_of(c)->exists,
                 "Cannot create the snapshot because one with the "
                 "identifier %s already exists.",
                 id);
        return NULL;
    }
    struct rds_snapshot *s = rds_snapshot_new(c->sb, c->region, asks_cluster(c), id, db);
    if (!s)
        sb_error(c, 400, "SnapshotQuotaExceeded", "Cannot create more snapshots");
    return s;
}

static void finish(struct sb_call *c, struct rds_snapshot *s)
{
    rds_read_tags(c, &s->tags);
    if (c->failed) {
        s->used = false;
        return;
    }
    sb_effect(c);
    put_snapshot(c, s);
}

static bool cluster_is_there(struct sb_call *c, struct evac_str id)
{
    const struct rds_cluster *k = rds_cluster_find(c->sb, c->region, id);
    if (!rds_needs(c, "DBClusterIdentifier"))
        return false;
    if (!k)
        sb_error(c, 404, "DBClusterNotFoundFault", "DBCluster %.*s not found.", EVAC_STR_ARG(id));
    else if (strcmp(rds_cluster_status(c->sb, k), "available") != 0)
        sb_error(c, 400, "InvalidDBClusterStateFault", "Cluster %s is not available", k->id);
    return !c->failed;
}

void rds_create_snapshot(struct sb_call *c)
{
    const struct kind *kind = kind_of(c);
    struct evac_str db = sb_in(c, "%s", kind->db);
    struct rds_instance *i = NULL;
    if (asks_cluster(c) ? !cluster_is_there(c, db)
                        : !(i = rds_instance_named(c, "DBInstanceIdentifier", true)))
        return;
    struct rds_snapshot *s = begin(c, kind->id, evac_arena_str(c->arena, db).p);
    if (!s)
        return;
    finish(c, s);
    if (i && !c->failed)
        rds_climb(c->sb, i, rds_backing_up);
}

void rds_copy_snapshot(struct sb_call *c)
{
    bool of_cluster = asks_cluster(c);
    const struct kind *kind = kind_of(c);
    const char *from =
        of_cluster ? "SourceDBClusterSnapshotIdentifier" : "SourceDBSnapshotIdentifier";
    const char *to =
        of_cluster ? "TargetDBClusterSnapshotIdentifier" : "TargetDBSnapshotIdentifier";
    struct evac_str wanted = sb_in(c, "%s", from);
    if (!rds_needs(c, from) || !rds_needs(c, to))
        return;
    const struct rds_snapshot *source = rds_snapshot_find(c, wanted, of_cluster);
    if (!source || (source->region != c->region && !sb_reaches(c->sb, source->region, c->region)))
        sb_error(c, 404, kind->not_found, "%s not found: %.*s", kind->element,
                 EVAC_STR_ARG(wanted));
    else if (!rds_snapshot_ready(source))
        sb_error(c, 400, kind->state, "The source snapshot %s is not available", source->id);
    else if (source->region != c->region && source->encrypted && sb_in(c, "KmsKeyId").n == 0)
        sb_error(c, 400, "InvalidParameterCombination",
                 "A KMS key of this Region must be given to copy an encrypted snapshot across "
                 "Regions.");
    if (c->failed)
        return;
    struct rds_snapshot *s = begin(c, to, source->db);
    if (!s)
        return;
    s->source_region = source->region;
    s->taken_ms = source->taken_ms;
    s->encrypted = source->encrypted;
    memcpy(s->engine, source->engine, sizeof s->engine);
    memcpy(s->version, source->version, sizeof s->version);
    memcpy(s->resource_id, source->resource_id, sizeof s->resource_id);
    (void)evac_str_copy(s->copied_from, sizeof s->copied_from,
                        rds_arn(c, source->region, kind->arn, source->id));
    s->due_ms = c->sb->now_ms + sb_scaled(c->sb, COPY_MS + sb_random(c->sb, COPY_SPAN_MS));
    if (sb_in_bool(c, "CopyTags", false))
        s->tags = source->tags;
    finish(c, s);
}

void rds_delete_snapshot(struct sb_call *c)
{
    const struct kind *kind = kind_of(c);
    struct evac_str id = sb_in(c, "%s", kind->id);
    if (!rds_needs(c, kind->id))
        return;
    struct rds_snapshot *s = rds_snapshot_find(c, id, asks_cluster(c));
    if (!s || s->region != c->region)
        sb_error(c, 404, kind->not_found, "%s not found: %.*s", kind->element, EVAC_STR_ARG(id));
    else if (!rds_snapshot_ready(s) || strcmp(s->type, "manual") != 0)
        sb_error(c, 400, kind->state, "Cannot delete the snapshot %s: it is %s", s->id,
                 rds_snapshot_ready(s) ? "not a manual one" : "being made");
    if (c->failed)
        return;
    sb_effect(c);
    put_snapshot(c, s);
    s->used = false;
}

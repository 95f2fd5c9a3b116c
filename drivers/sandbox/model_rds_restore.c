/*
 * RDS: automated backups, in their own region and replicated into another; and instances that are
 * restored from them or from a snapshot. Logs arrive every five minutes: a restore to the latest
 * time has lost what came after.
 */
#include "rds_internal.h"

#include "aws_time.h"

#include <stdio.h>
#include <string.h>

#define FIRST_COPY_MS 600000u
#define QUOTA         20u /* of a destination region */

struct rds_backup *rds_backup_new(struct evac_sandbox *sb, size_t region,
                                  const struct rds_instance *source, int retention)
{
    struct rds *rds = rds_state(sb);
    for (size_t n = 0; n < RDS_BACKUPS_MAX; n++) {
        struct rds_backup *b = &rds->backups[n];
        if (b->used)
            continue;
        if (n == rds->backup_end)
            rds->backup_end++;
        *b = (struct rds_backup){ .used = true,
                                  .region = region,
                                  .source_region = source->region,
                                  .encrypted = source->encrypted,
                                  .retention = retention,
                                  .ready_ms = sb->now_ms + sb_scaled(sb, FIRST_COPY_MS),
                                  .next_ms = SB_NEVER };
        memcpy(b->db, source->id, sizeof b->db);
        memcpy(b->resource_id, source->resource_id, sizeof b->resource_id);
        memcpy(b->engine, source->engine, sizeof b->engine);
        memcpy(b->version, source->version, sizeof b->version);
        (void)evac_str_copy(b->id, sizeof b->id, EVAC_STR("ab-"));
        sb_random_id(sb, b->id + 3, 26);
        for (char *p = b->id; *p; p++)
            *p = (char)(*p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p);
        return b;
    }
    return NULL;
}

static const struct rds_instance *source_of(const struct evac_sandbox *sb,
                                            const struct rds_backup *b)
{
    const struct rds_instance *i = rds_instance_find(sb, b->source_region, evac_str(b->db));
    return i && strcmp(i->resource_id, b->resource_id) == 0 ? i : NULL;
}

static void ship_logs(struct evac_sandbox *sb, struct rds_backup *b)
{
    int64_t until_ms = sb_wall_ms(sb) - (int64_t)sb_lag_ms(sb, b->region, 0);
    if (until_ms > b->latest_ms) /* what has arrived stays */
        b->latest_ms = until_ms;
    b->next_ms = sb->now_ms + sb_scaled(sb, RDS_LOG_SHIP_MS);
    sb->changed++;
}

void rds_advance_backups(struct evac_sandbox *sb)
{
    struct rds *rds = rds_state(sb);
    for (size_t n = 0; n < rds->snapshot_end; n++) {
        struct rds_snapshot *s = &rds->snapshots[n];
        if (!s->used || s->due_ms > sb->now_ms || sb->regions[s->region].down ||
            !sb_reaches(sb, s->source_region, s->region))
            continue;
        s->due_ms = SB_NEVER;
        sb->changed++;
    }
    for (size_t n = 0; n < rds->backup_end; n++) {
        struct rds_backup *b = &rds->backups[n];
        if (!b->used || b->retained || !sb_reaches(sb, b->source_region, b->region))
            continue;
        if (!source_of(sb, b)) {
            b->retained = true;
        } else if (b->ready_ms <= sb->now_ms) {
            b->ready_ms = SB_NEVER;
            b->earliest_ms = sb_wall_ms(sb);
            ship_logs(sb, b);
        } else if (b->next_ms <= sb->now_ms) {
            ship_logs(sb, b);
        }
    }
}

uint64_t rds_wake_backups(const struct evac_sandbox *sb)
{
    const struct rds *rds = rds_state(sb);
    uint64_t next = SB_NEVER;
    for (size_t n = 0; n < rds->snapshot_end; n++) {
        const struct rds_snapshot *s = &rds->snapshots[n];
        if (s->used && s->due_ms < next && sb_reaches(sb, s->source_region, s->region))
            next = s->due_ms;
    }
    for (size_t n = 0; n < rds->backup_end; n++) {
        const struct rds_backup *b = &rds->backups[n];
        uint64_t due = b->ready_ms < b->next_ms ? b->ready_ms : b->next_ms;
        if (b->used && !b->retained && due < next && sb_reaches(sb, b->source_region, b->region))
            next = due;
    }
    return next;
}

/* --- looking -----------------------------------------------------------------------------------
 */

/* Where a restore can start, in words that both sorts of backups have. */
struct found {
    const char *db, *resource_id, *engine, *version, *status;
    size_t source_region;
    struct evac_str arn;
    bool encrypted, restorable;
    int retention;
    int64_t earliest_ms, latest_ms;
};

static struct found replicated(struct sb_call *c, const struct rds_backup *b)
{
    return (struct found){ .db = b->db,
                           .resource_id = b->resource_id,
                           .engine = b->engine,
                           .version = b->version,
                           .status = b->retained               ? "retained"
                                     : b->ready_ms == SB_NEVER ? "replicating"
                                                               : "pending",
                           .source_region = b->source_region,
                           .arn = rds_arn(c, b->region, "auto-backup", b->id),
                           .encrypted = b->encrypted,
                           .restorable = b->ready_ms == SB_NEVER,
                           .retention = b->retention,
                           .earliest_ms = b->earliest_ms,
                           .latest_ms = b->latest_ms };
}

static struct found own(struct sb_call *c, const struct rds_instance *i)
{
    char *id = evac_arena_alloc(c->arena, sizeof i->resource_id);
    (void)snprintf(id, sizeof i->resource_id, "ab-%s", i->resource_id + 3);
    return (struct found){ .db = i->id,
                           .resource_id = i->resource_id,
                           .engine = i->engine,
                           .version = i->version,
                           .status = i->at && strcmp(i->at->status, "creating") == 0 ? "creating"
                                                                                     : "active",
                           .source_region = i->region,
                           .arn = rds_arn(c, i->region, "auto-backup", id),
                           .encrypted = i->encrypted,
                           .restorable = true,
                           .retention = i->retention,
                           .earliest_ms = i->created_ms,
                           .latest_ms = rds_latest_restorable(c->sb, i) };
}

static void put_found(struct sb_call *c, const struct found *f)
{
    struct evac_buf *out = &c->out;
    evac_buf_puts(out, "<DBInstanceAutomatedBackup>");
    sb_tag(out, "DBInstanceArn", rds_arn(c, f->source_region, "db", f->db));
    sb_tag(out, "DbiResourceId", evac_str(f->resource_id));
    sb_tag(out, "Region", evac_str(sb_region_name(c->sb, f->source_region)));
    sb_tag(out, "DBInstanceIdentifier", evac_str(f->db));
    if (f->restorable) {
        evac_buf_puts(out, "<RestoreWindow>");
        sb_tag(out, "EarliestTime", sb_iso_s(c->arena, f->earliest_ms));
        sb_tag(out, "LatestTime", sb_iso_s(c->arena, f->latest_ms));
        evac_buf_puts(out, "</RestoreWindow>");
    }
    sb_tag(out, "Status", evac_str(f->status));
    sb_tag(out, "Engine", evac_str(f->engine));
    sb_tag(out, "EngineVersion", evac_str(f->version));
    sb_tag(out, "Encrypted", f->encrypted ? EVAC_STR("true") : EVAC_STR("false"));
    sb_tagf(out, "BackupRetentionPeriod", "%d", f->retention);
    sb_tag(out, "DBInstanceAutomatedBackupsArn", f->arn);
    evac_buf_puts(out, "</DBInstanceAutomatedBackup>");
}

static bool has_backups(const struct sb_call *c, const struct rds_instance *i)
{
    return i->used && i->region == c->region && i->retention > 0 && !i->source[0] && !i->cluster[0];
}

typedef bool take_fn(struct sb_call *c, const struct found *f, void *user);

/* Every one of the region, until take says that it was the one. */
static bool each(struct sb_call *c, take_fn *take, void *user)
{
    const struct rds *rds = rds_state(c->sb);
    for (size_t n = 0; n < rds->instance_end; n++)
        if (has_backups(c, &rds->instances[n])) {
            struct found f = own(c, &rds->instances[n]);
            if (take(c, &f, user))
                return true;
        }
    for (size_t n = 0; n < rds->backup_end; n++)
        if (rds->backups[n].used && rds->backups[n].region == c->region) {
            struct found f = replicated(c, &rds->backups[n]);
            if (take(c, &f, user))
                return true;
        }
    return false;
}

static bool describe_one(struct sb_call *c, const struct found *f, void *user)
{
    struct evac_str arn = sb_in(c, "DBInstanceAutomatedBackupsArn");
    struct evac_str resource = sb_in(c, "DbiResourceId");
    bool asked = rds_is(c, sb_in(c, "DBInstanceIdentifier"), f->source_region, "db", f->db) &&
                 (arn.n == 0 || evac_str_eq(arn, f->arn)) &&
                 (resource.n == 0 || evac_str_is(resource, f->resource_id)) &&
                 rds_passes(c, "status", f->status) && rds_passes(c, "db-instance-id", f->db);
    if (asked && rds_page_row(user))
        put_found(c, f);
    return false;
}

void rds_describe_backups(struct sb_call *c)
{
    static const char *const filters[] = { "status", "db-instance-id", "dbi-resource-id", NULL };
    struct rds_page page;
    if (!rds_page_begin(c, &page) || !rds_filters(c, filters))
        return;
    evac_buf_puts(&c->out, "<DBInstanceAutomatedBackups>");
    (void)each(c, describe_one, &page);
    evac_buf_puts(&c->out, "</DBInstanceAutomatedBackups>");
    rds_page_end(c, &page);
    if (page.at == 0 && sb_in(c, "DBInstanceAutomatedBackupsArn").n)
        sb_error(c, 404, "DBInstanceAutomatedBackupNotFound", "no such automated backup");
}

/* --- replicating -------------------------------------------------------------------------------
 */

static struct rds_backup *replication_of(struct sb_call *c, struct evac_str source)
{
    struct rds *rds = rds_state(c->sb);
    for (size_t n = 0; n < rds->backup_end; n++) {
        struct rds_backup *b = &rds->backups[n];
        if (b->used && !b->retained && b->region == c->region &&
            evac_str_eq(source, rds_arn(c, b->source_region, "db", b->db)))
            return b;
    }
    return NULL;
}

static const struct rds_instance *far_instance(struct sb_call *c, struct evac_str arn)
{
    const struct rds *rds = rds_state(c->sb);
    for (size_t n = 0; n < rds->instance_end; n++) {
        const struct rds_instance *i = &rds->instances[n];
        if (i->used && evac_str_eq(arn, rds_arn(c, i->region, "db", i->id)) &&
            sb_reaches(c->sb, i->region, c->region))
            return i;
    }
    sb_error(c, 404, "DBInstanceNotFound", "DBInstance %.*s not found.", EVAC_STR_ARG(arn));
    return NULL;
}

static void put_replication(struct sb_call *c, const struct rds_backup *b)
{
    struct found f = replicated(c, b);
    sb_effect(c);
    put_found(c, &f);
}

static size_t replications(const struct sb_call *c)
{
    const struct rds *rds = rds_state(c->sb);
    size_t count = 0;
    for (size_t n = 0; n < rds->backup_end; n++)
        count += rds->backups[n].used && !rds->backups[n].retained &&
                 rds->backups[n].region == c->region;
    return count;
}

void rds_start_backups(struct sb_call *c)
{
    struct evac_str arn = sb_in(c, "SourceDBInstanceArn");
    const struct rds_instance *i =
        rds_needs(c, "SourceDBInstanceArn") ? far_instance(c, arn) : NULL;
    int retention = i ? rds_retention(c, 7) : 0;
    if (c->failed)
        return;
    if (i->region == c->region)
        sb_error(c, 400, "InvalidParameterValue",
                 "Automated backups can't be replicated into their own Region");
    else if (i->retention == 0 || (i->at && strcmp(i->at->status, "backing-up") != 0))
        sb_error(c, 400, "InvalidDBInstanceState",
                 "Instance %s keeps no automated backups, or is not available", i->id);
    else if (replication_of(c, arn))
        sb_error(c, 400, "InvalidDBInstanceAutomatedBackupState",
                 "Automated backups of %s are replicated here already", i->id);
    else if (i->encrypted && sb_in(c, "KmsKeyId").n == 0)
        sb_error(c, 400, "InvalidParameterCombination",
                 "A KMS key of this Region must be given for an encrypted DB instance");
    else if (replications(c) >= QUOTA)
        sb_error(c, 400, "DBInstanceAutomatedBackupQuotaExceeded",
                 "The quota for replicated automated backups is exceeded");
    struct rds_backup *b = c->failed ? NULL : rds_backup_new(c->sb, c->region, i, retention);
    if (b)
        put_replication(c, b);
}

void rds_stop_backups(struct sb_call *c)
{
    struct evac_str arn = sb_in(c, "SourceDBInstanceArn");
    if (!rds_needs(c, "SourceDBInstanceArn"))
        return;
    struct rds_backup *b = replication_of(c, arn);
    if (!b) {
        sb_error(c, 404, "DBInstanceNotFound", "DBInstance %.*s not found.", EVAC_STR_ARG(arn));
        return;
    }
    b->retained = true;
    put_replication(c, b);
}

/* --- restoring ---------------------------------------------------------------------------------
 */

void rds_restore_instance(struct sb_call *c)
{
    struct evac_str wanted = sb_in(c, "DBSnapshotIdentifier");
    if (!rds_needs(c, "DBSnapshotIdentifier"))
        return;
    const struct rds_snapshot *s = rds_snapshot_find(c, wanted, false);
    if (!s || s->region != c->region)
        sb_error(c, 404, "DBSnapshotNotFound", "DBSnapshot not found: %.*s", EVAC_STR_ARG(wanted));
    else if (!rds_snapshot_ready(s))
        sb_error(c, 400, "InvalidDBSnapshotState", "The snapshot %s is not available", s->id);
    struct rds_instance *i =
        c->failed ? NULL : rds_instance_asked(c, "DBInstanceIdentifier", "db.m6g.large", s->engine);
    if (!i)
        return;
    i->encrypted = s->encrypted;
    i->retention = rds_retention(c, 1);
    i->data_ms = s->taken_ms;
    rds_instance_begin(c, i, rds_restoring);
}

struct wish {
    struct found found;
};

static bool take_source(struct sb_call *c, const struct found *f, void *user)
{
    struct wish *wish = user;
    struct evac_str arn = sb_in(c, "SourceDBInstanceAutomatedBackupsArn");
    struct evac_str resource = sb_in(c, "SourceDbiResourceId");
    struct evac_str id = sb_in(c, "SourceDBInstanceIdentifier");
    bool it = arn.n        ? evac_str_eq(arn, f->arn)
              : resource.n ? evac_str_is(resource, f->resource_id)
                           : f->source_region == c->region && evac_str_is(id, f->db);
    if (it)
        wish->found = *f;
    return it;
}

/* The instant to restore to; -1 and an error. */
static int64_t instant(struct sb_call *c, const struct found *f)
{
    int64_t ms;
    struct evac_str text = sb_in(c, "RestoreTime");
    if (sb_in_bool(c, "UseLatestRestorableTime", false) == (text.n > 0))
        sb_error(c, 400, "InvalidParameterCombination",
                 "Specify either RestoreTime or UseLatestRestorableTime.");
    else if (!f->restorable)
        sb_error(c, 400, "InvalidDBInstanceAutomatedBackupState",
                 "The automated backup of %s is %s", f->db, f->status);
    else if (text.n == 0)
        return f->latest_ms;
    else if (!evac_aws_time_iso(text, &ms))
        sb_error(c, 400, "InvalidParameterValue", "Invalid RestoreTime: %.*s", EVAC_STR_ARG(text));
    else if (ms < f->earliest_ms || ms > f->latest_ms)
        sb_error(c, 400, "InvalidRestoreFault",
                 "The specified time is outside of the restore window");
    else
        return ms;
    return -1;
}

void rds_restore_instance_to_time(struct sb_call *c)
{
    struct wish wish = { 0 };
    int sources = sb_has(c, "SourceDBInstanceIdentifier") + sb_has(c, "SourceDbiResourceId") +
                  sb_has(c, "SourceDBInstanceAutomatedBackupsArn");
    if (sources != 1) {
        sb_error(c, 400, "InvalidParameterCombination",
                 "Specify one of SourceDBInstanceIdentifier, SourceDbiResourceId and "
                 "SourceDBInstanceAutomatedBackupsArn.");
        return;
    }
    if (!each(c, take_source, &wish)) {
        bool by_arn = sb_has(c, "SourceDBInstanceAutomatedBackupsArn");
        sb_error(c, 404, by_arn ? "DBInstanceAutomatedBackupNotFound" : "DBInstanceNotFound",
                 "The source of the restore was not found.");
        return;
    }
    int64_t ms = instant(c, &wish.found);
    struct rds_instance *i = c->failed ? NULL
                                       : rds_instance_asked(c, "TargetDBInstanceIdentifier",
                                                            "db.m6g.large", wish.found.engine);
    if (!i)
        return;
    i->encrypted = wish.found.encrypted;
    i->retention = rds_retention(c, wish.found.retention);
    i->data_ms = ms;
    rds_instance_begin(c, i, rds_restoring);
}

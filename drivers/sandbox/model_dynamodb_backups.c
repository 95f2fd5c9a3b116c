/*
 * DynamoDB's continuous backups, backups on demand and restores; tags and time to live, which a
 * restore does not bring back. A restored table has keys, indexes and capacity of its source, and
 * its items as they were in that region at that instant; it waits while the region that it comes
 * from can not be reached. Expired items are not deleted here.
 */
#include "dynamodb_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 100

/* --- continuous backups ---------------------------------------------------------------------- */

static int64_t earliest_ms(const struct evac_sandbox *sb, const struct ddb_table *t)
{
    int64_t kept = sb_wall_ms(sb) - t->pitr_days * DDB_DAY_MS;
    return kept > t->pitr_since_ms ? kept : t->pitr_since_ms;
}

static int64_t latest_ms(const struct evac_sandbox *sb, const struct ddb_table *t)
{
    int64_t latest = sb_wall_ms(sb) - (int64_t)sb_scaled(sb, DDB_BEHIND_MS);
    return latest > t->pitr_since_ms ? latest : t->pitr_since_ms;
}

static void put_continuous(struct sb_call *c, const struct ddb_table *t)
{
    struct evac_buf *out = &c->out;
    evac_buf_putf(out,
                  "{\"ContinuousBackupsDescription\":{\"ContinuousBackupsStatus\":\"ENABLED\","
                  "\"PointInTimeRecoveryDescription\":{\"PointInTimeRecoveryStatus\":\"%s\"",
                  t->pitr ? "ENABLED" : "DISABLED");
    if (t->pitr) {
        evac_buf_putf(out, ",\"RecoveryPeriodInDays\":%lld,", (long long)t->pitr_days);
        ddb_put_time(out, "EarliestRestorableDateTime", earliest_ms(c->sb, t));
        evac_buf_putc(out, ',');
        ddb_put_time(out, "LatestRestorableDateTime", latest_ms(c->sb, t));
    }
    evac_buf_puts(out, "}}}");
}

void ddb_describe_continuous(struct sb_call *c)
{
    const struct ddb_table *t = ddb_named(c, "TableName", "TableNotFoundException");
    if (t)
        put_continuous(c, t);
}

void ddb_update_continuous(struct sb_call *c)
{
    struct ddb_table *t = ddb_named(c, "TableName", "TableNotFoundException");
    bool on = sb_in_bool(c, "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled", false);
    int64_t days = sb_in_i64(c, "PointInTimeRecoverySpecification.RecoveryPeriodInDays", 35);
    if (!t)
        return;
    if (t->status && strcmp(t->status, "CREATING") == 0) {
        sb_error(c, 400, "ContinuousBackupsUnavailableException",
                 "Backups are being enabled for the table: %s. Please retry later", t->name);
        return;
    }
    if (days < 1 || days > 35) {
        sb_error(c, 400, "ValidationException", "RecoveryPeriodInDays is from 1 to 35");
        return;
    }
    if (on && !t->pitr) /* begun anew: nothing of before can be restored */
        t->pitr_since_ms = sb_wall_ms(c->sb);
    t->pitr = on;
    t->pitr_days = days;
    sb_effect(c);
    put_continuous(c, t);
}

/* --- restores -------------------------------------------------------------------------------- */

static bool may_restore(struct sb_call *c, struct evac_str target)
{
    const struct ddb *ddb = ddb_state(c->sb);
    const struct ddb_table *there = ddb_find(c->sb, c->region, target);
    int running = 0;
    if (!ddb_good_name(c, target))
        return false;
    for (size_t i = 0; i < ddb->table_end; i++) {
        const struct ddb_table *t = &ddb->tables[i];
        running += t->used && t->source_arn[0] && t->status && strcmp(t->status, "CREATING") == 0;
    }
    if (there && there->status && strcmp(there->status, "UPDATING") != 0)
        sb_error(c, 400, "TableInUseException", "Target table is being created or deleted: %s",
                 there->name);
    else if (there)
        sb_error(c, 400, "TableAlreadyExistsException", "Table already exists: %s", there->name);
    else if (running >= DDB_RESTORES_MAX)
        sb_error(c, 400, "LimitExceededException",
                 "Subscriber limit exceeded: there are %d concurrent restores already",
                 DDB_RESTORES_MAX);
    return !c->failed;
}

/* The new table, with what `from` had at that time; answered. */
static struct ddb_table *restore(struct sb_call *c, const struct ddb_table *from, size_t source,
                                 int64_t at_wall_ms)
{
    struct ddb_table *t = ddb_add(c->sb, c->region, sb_in(c, "TargetTableName"));
    if (!t) {
        sb_error(c, 400, "LimitExceededException", "Subscriber limit exceeded: too many tables");
        return NULL;
    }
    ddb_like(t, from);
    if (evac_str_is(sb_in(c, "BillingModeOverride"), "PAY_PER_REQUEST")) {
        t->on_demand = true;
        t->read = t->write = 0;
    }
    ddb_copy_items(c->sb, t, from, at_wall_ms);
    t->status = "CREATING";
    t->due_ms = c->sb->now_ms + sb_scaled(c->sb, DDB_RESTORE_MS) + 1;
    t->made_from = source == c->region ? SB_REGIONS_MAX : source;
    t->restored_to_ms = at_wall_ms;
    (void)evac_str_copy(t->source_arn, sizeof t->source_arn, ddb_arn(c->arena, c->sb, from));
    sb_effect(c);
    return t;
}

/* By name here, or by ARN anywhere. NULL: answered. */
static struct ddb_table *restore_source(struct sb_call *c)
{
    struct evac_str arn = sb_in(c, "SourceTableArn"), name;
    if (!arn.n)
        return ddb_named(c, "SourceTableName", "TableNotFoundException");
    size_t region = sb_region_find(c->sb, evac_aws_arn_region(arn));
    (void)evac_str_cut(arn, '/', &name);
    if (region < SB_REGIONS_MAX && region != c->region && !sb_reaches(c->sb, region, c->region)) {
        sb_error(c, 500, "InternalServerError", "The source table's region can not be reached.");
        return NULL;
    }
    struct ddb_table *t = region < SB_REGIONS_MAX ? ddb_find(c->sb, region, name) : NULL;
    if (!t)
        sb_error(c, 400, "TableNotFoundException", "Table not found: %.*s", EVAC_STR_ARG(name));
    return t;
}

/* Seconds since 1970, as the JSON protocol writes instants; -1: neither, or both. */
static int64_t wanted_ms(struct sb_call *c, const struct ddb_table *t)
{
    bool latest = sb_in_bool(c, "UseLatestRestorableTime", false);
    const cJSON *when =
        cJSON_GetObjectItemCaseSensitive((const cJSON *)(const void *)c->json, "RestoreDateTime");
    if (latest == cJSON_IsNumber(when)) {
        sb_error(c, 400, "ValidationException",
                 "Exactly one of RestoreDateTime and UseLatestRestorableTime must be given");
        return -1;
    }
    return latest ? latest_ms(c->sb, t) : (int64_t)(when->valuedouble * 1000 + 0.5);
}

void ddb_restore_to_time(struct sb_call *c)
{
    const struct ddb_table *from = restore_source(c);
    int64_t at = from ? wanted_ms(c, from) : -1;
    if (c->failed || !may_restore(c, sb_in(c, "TargetTableName")))
        return;
    if (!from->pitr) {
        sb_error(c, 400, "PointInTimeRecoveryUnavailableException",
                 "Point in time recovery is not enabled for table '%s'", from->name);
        return;
    }
    if (at < earliest_ms(c->sb, from) || at > latest_ms(c->sb, from)) {
        sb_error(c, 400, "InvalidRestoreTimeException",
                 "RestoreDateTime is not between the earliest and the latest restorable time");
        return;
    }
    struct ddb_table *t = restore(c, from, from->region, at);
    if (t)
        ddb_answer_table(c, t);
}

/* --- backups on demand ----------------------------------------------------------------------- */

static struct ddb_backup *find_backup(const struct evac_sandbox *sb, struct evac_str arn)
{
    struct ddb *ddb = ddb_state(sb);
    for (size_t i = 0; i < ddb->backup_end; i++)
        if (ddb->backups[i].used && evac_str_is(arn, ddb->backups[i].arn))
            return &ddb->backups[i];
    return NULL;
}

static struct ddb_backup *named_backup(struct sb_call *c)
{
    struct ddb_backup *b = find_backup(c->sb, sb_in(c, "BackupArn"));
    if (b && b->region == c->region)
        return b;
    sb_error(c, 400, "BackupNotFoundException", "Backup not found: %.*s",
             EVAC_STR_ARG(sb_in(c, "BackupArn")));
    return NULL;
}

static void drop_backup(struct ddb_backup *b)
{
    ddb_drop(&b->of);
    *b = (struct ddb_backup){ .used = false };
}

void ddb_free_backups(struct ddb *ddb)
{
    for (size_t i = 0; i < ddb->backup_end; i++)
        if (ddb->backups[i].used)
            drop_backup(&ddb->backups[i]);
}

static struct ddb_backup *add_backup(struct evac_sandbox *sb, const struct ddb_table *t,
                                     struct evac_str name, int64_t at_wall_ms)
{
    struct ddb *ddb = ddb_state(sb);
    char id[9];
    for (size_t i = 0; i < DDB_BACKUPS_MAX; i++) {
        struct ddb_backup *b = &ddb->backups[i];
        if (b->used)
            continue;
        ddb->backup_end = i < ddb->backup_end ? ddb->backup_end : i + 1;
        *b = (struct ddb_backup){
            .used = true, .region = t->region, .created_ms = at_wall_ms, .due_ms = SB_NEVER
        };
        (void)evac_str_copy(b->name, sizeof b->name, name);
        sb_random_id(sb, id, 8);
        (void)snprintf(b->arn, sizeof b->arn,
                       "arn:aws:dynamodb:%s:" SB_ACCOUNT ":table/%s/backup/0%lld-%s",
                       sb_region_name(sb, t->region), t->name, (long long)at_wall_ms, id);
        ddb_like(&b->of, t);
        (void)evac_str_copy(b->of.name, sizeof b->of.name, evac_str(t->name));
        memcpy(b->of.id, t->id, sizeof b->of.id);
        memcpy(b->of.ttl, t->ttl, sizeof b->of.ttl);
        b->of.ttl_status = t->ttl_status;
        b->of.created_ms = t->created_ms;
        b->of.region = t->region;
        ddb_copy_items(sb, &b->of, t, at_wall_ms);
        return b;
    }
    return NULL;
}

/* Of a table that is there. */
enum evac_code ddb_make_backup(struct evac_sandbox *sb, size_t region, const struct evac_json *json,
                               struct evac_err *err)
{
    struct evac_str name = evac_json_str(json, "name");
    const struct ddb_table *t = ddb_find(sb, region, evac_json_str(json, "table"));
    if (!t || !name.n)
        return evac_fail(
            err, EVAC_E_BADARG,
            "a backup needs a \"name\", and the \"table\" of the region that it is of");
    struct ddb_backup *b =
        add_backup(sb, t, name, sb_wall_ms(sb) - evac_json_i64(json, "age_ms", 0));
    if (!b)
        return evac_fail(err, EVAC_E_TOOBIG, "there are %u backups already", DDB_BACKUPS_MAX);
    if (evac_json_bool(json, "creating", false)) {
        b->creating = true;
        b->due_ms = SB_NEVER - 1;
    }
    return EVAC_OK;
}

void ddb_move_backups(struct evac_sandbox *sb)
{
    struct ddb *ddb = ddb_state(sb);
    for (size_t i = 0; i < ddb->backup_end; i++) {
        struct ddb_backup *b = &ddb->backups[i];
        if (b->used && b->creating && b->due_ms <= sb->now_ms && !sb->regions[b->region].down) {
            b->creating = false;
            b->due_ms = SB_NEVER;
            sb->changed++;
        }
    }
}

uint64_t ddb_backups_wake(const struct evac_sandbox *sb)
{
    const struct ddb *ddb = ddb_state(sb);
    uint64_t next = SB_NEVER;
    for (size_t i = 0; i < ddb->backup_end; i++) {
        const struct ddb_backup *b = &ddb->backups[i];
        if (b->used && b->creating && !sb->regions[b->region].down && b->due_ms < next)
            next = b->due_ms;
    }
    return next;
}

static void put_details(struct evac_buf *out, const struct ddb_backup *b)
{
    evac_buf_putf(out,
                  "\"BackupArn\":\"%s\",\"BackupName\":\"%s\",\"BackupStatus\":\"%s\","
                  "\"BackupType\":\"USER\",\"BackupSizeBytes\":%zu,",
                  b->arn, b->name, b->creating ? "CREATING" : "AVAILABLE",
                  ddb_item_count(&b->of) * 100);
    ddb_put_time(out, "BackupCreationDateTime", b->created_ms);
}

void ddb_create_backup(struct sb_call *c)
{
    const struct ddb_table *t = ddb_named(c, "TableName", "TableNotFoundException");
    struct evac_str name = sb_in(c, "BackupName");
    if (!t || !ddb_good_name(c, name))
        return;
    if (t->status && strcmp(t->status, "UPDATING") != 0) {
        sb_error(c, 400, "TableInUseException", "Table is being created or deleted: %s", t->name);
        return;
    }
    struct ddb_backup *b = add_backup(c->sb, t, name, sb_wall_ms(c->sb));
    if (!b) {
        sb_error(c, 400, "LimitExceededException", "Subscriber limit exceeded: too many backups");
        return;
    }
    b->creating = true;
    b->due_ms = c->sb->now_ms + sb_scaled(c->sb, DDB_BACKUP_MS) + 1;
    sb_effect(c);
    evac_buf_puts(&c->out, "{\"BackupDetails\":{");
    put_details(&c->out, b);
    evac_buf_puts(&c->out, "}}");
}

static void put_backup(struct sb_call *c, const struct ddb_backup *b)
{
    struct evac_buf *out = &c->out;
    evac_buf_puts(out, "{\"BackupDescription\":{\"BackupDetails\":{");
    put_details(out, b);
    evac_buf_putf(
        out,
        "},\"SourceTableDetails\":{\"TableName\":\"%s\",\"TableId\":\"%s\",\"TableArn\":\"%.*s\",",
        b->of.name, b->of.id, EVAC_STR_ARG(ddb_arn(c->arena, c->sb, &b->of)));
    ddb_put_keys(out, &b->of);
    ddb_put_time(out, "TableCreationDateTime", b->of.created_ms);
    evac_buf_putf(
        out,
        ",\"ItemCount\":%zu,\"BillingMode\":\"%s\",\"ProvisionedThroughput\":{"
        "\"ReadCapacityUnits\":%lld,\"WriteCapacityUnits\":%lld}},\"SourceTableFeatureDetails\":{",
        ddb_item_count(&b->of), b->of.on_demand ? "PAY_PER_REQUEST" : "PROVISIONED",
        (long long)b->of.read, (long long)b->of.write);
    if (b->of.ttl_status)
        evac_buf_putf(
            out, "\"TimeToLiveDescription\":{\"TimeToLiveStatus\":\"%s\",\"AttributeName\":\"%s\"}",
            b->of.ttl_status, b->of.ttl);
    evac_buf_puts(out, "}}}");
}

void ddb_describe_backup(struct sb_call *c)
{
    const struct ddb_backup *b = named_backup(c);
    if (b)
        put_backup(c, b);
}

void ddb_delete_backup(struct sb_call *c)
{
    struct ddb_backup *b = named_backup(c);
    if (b && b->creating) {
        sb_error(c, 400, "BackupInUseException", "Backup is being created: %s", b->arn);
    } else if (b) {
        put_backup(c, b);
        drop_backup(b);
        sb_effect(c);
    }
}

static bool is_listed(struct sb_call *c, const struct ddb_backup *b)
{
    struct evac_str type = sb_in(c, "BackupType"), name = sb_in(c, "TableName"), of;
    (void)evac_str_cut(name, '/', &of);
    return b->used && b->region == c->region &&
           (name.n == 0 || evac_str_is(of.n ? of : name, b->of.name)) &&
           (type.n == 0 || evac_str_is(type, "USER") || evac_str_is(type, "ALL"));
}

static void put_summary(struct sb_call *c, const struct ddb_backup *b)
{
    evac_buf_putf(&c->out, "{\"TableName\":\"%s\",\"TableId\":\"%s\",\"TableArn\":\"%.*s\",",
                  b->of.name, b->of.id, EVAC_STR_ARG(ddb_arn(c->arena, c->sb, &b->of)));
    put_details(&c->out, b);
    evac_buf_putc(&c->out, '}');
}

void ddb_list_backups(struct sb_call *c)
{
    const struct ddb *ddb = ddb_state(c->sb);
    struct evac_str after = sb_in(c, "ExclusiveStartBackupArn");
    int64_t limit = sb_in_i64(c, "Limit", PAGE), shown = 0;
    const struct ddb_backup *last = NULL;
    bool begun = after.n == 0, more = false;
    evac_buf_puts(&c->out, "{\"BackupSummaries\":[");
    for (size_t i = 0; i < ddb->backup_end && !more; i++) {
        const struct ddb_backup *b = &ddb->backups[i];
        bool listed = is_listed(c, b) && begun;
        begun |= b->used && evac_str_is(after, b->arn);
        more = listed && shown == limit;
        if (!listed || more)
            continue;
        evac_buf_puts(&c->out, shown++ ? "," : "");
        put_summary(c, b);
        last = b;
    }
    evac_buf_putc(&c->out, ']');
    if (more && last)
        evac_buf_putf(&c->out, ",\"LastEvaluatedBackupArn\":\"%s\"", last->arn);
    evac_buf_putc(&c->out, '}');
}

/* Of any region that can be reached. */
static struct ddb_backup *restorable(struct sb_call *c)
{
    struct ddb_backup *b = find_backup(c->sb, sb_in(c, "BackupArn"));
    if (!b || b->region == c->region)
        return named_backup(c);
    if (sb_reaches(c->sb, b->region, c->region))
        return b;
    sb_error(c, 500, "InternalServerError", "The backup's region can not be reached.");
    return NULL;
}

void ddb_restore_backup(struct sb_call *c)
{
    const struct ddb_backup *b = restorable(c);
    if (!b || !may_restore(c, sb_in(c, "TargetTableName")))
        return;
    if (b->creating) {
        sb_error(c, 400, "BackupInUseException", "Backup is being created: %s", b->arn);
        return;
    }
    struct ddb_table *t = restore(c, &b->of, b->region, sb_wall_ms(c->sb));
    if (!t)
        return;
    t->restored_to_ms = b->created_ms;
    (void)evac_str_copy(t->backup_arn, sizeof t->backup_arn, evac_str(b->arn));
    ddb_answer_table(c, t);
}

/* --- tags ------------------------------------------------------------------------------------ */

static size_t tag_at(const struct ddb_tags *tags, struct evac_str key)
{
    size_t i = 0;
    while (i < tags->count && !evac_str_is(key, tags->items[i].key))
        i++;
    return i;
}

void ddb_tag(struct ddb_tags *tags, struct evac_str key, struct evac_str value)
{
    size_t i = tag_at(tags, key);
    if (i == DDB_TAGS_MAX)
        return;
    (void)evac_str_copy(tags->items[i].key, sizeof tags->items[i].key, key);
    (void)evac_str_copy(tags->items[i].value, sizeof tags->items[i].value, value);
    tags->count += i == tags->count;
}

/* Not while the table is made. */
static struct ddb_table *taggable(struct sb_call *c)
{
    struct ddb_table *t = ddb_named(c, "ResourceArn", "ResourceNotFoundException");
    if (!t || !t->status || strcmp(t->status, "UPDATING") == 0)
        return t;
    sb_error(
        c, 400, "ResourceInUseException",
        "Attempt to change a resource which is still in use: Table is being created or deleted: "
        "%s",
        t->name);
    return NULL;
}

void ddb_tag_resource(struct sb_call *c)
{
    struct ddb_table *t = taggable(c);
    if (!t)
        return;
    for (int i = 1; sb_has(c, "Tags.%d.Key", i); i++) {
        struct evac_str key = sb_in(c, "Tags.%d.Key", i), value = sb_in(c, "Tags.%d.Value", i);
        if (key.n == 0 || key.n > 128 || value.n > 256 || evac_str_starts(key, "aws:")) {
            sb_error(c, 400, "ValidationException", "A tag's key or value is not allowed: %.*s",
                     EVAC_STR_ARG(key));
            return;
        }
        if (tag_at(&t->tags, key) == DDB_TAGS_MAX) {
            sb_error(c, 400, "LimitExceededException", "A table has at most %u tags", DDB_TAGS_MAX);
            return;
        }
        ddb_tag(&t->tags, key, value);
    }
    sb_effect(c);
}

void ddb_untag_resource(struct sb_call *c)
{
    struct ddb_table *t = taggable(c);
    if (!t)
        return;
    for (int i = 1; sb_has(c, "TagKeys.%d", i); i++) {
        size_t at = tag_at(&t->tags, sb_in(c, "TagKeys.%d", i));
        if (at < t->tags.count)
            t->tags.items[at] = t->tags.items[--t->tags.count];
    }
    sb_effect(c);
}

void ddb_list_tags(struct sb_call *c)
{
    const struct ddb_table *t = ddb_named(c, "ResourceArn", "ResourceNotFoundException");
    if (!t)
        return;
    evac_buf_puts(&c->out, "{\"Tags\":[");
    for (size_t i = 0; i < t->tags.count; i++) {
        evac_buf_puts(&c->out, i ? ",{\"Key\":" : "{\"Key\":");
        evac_buf_json(&c->out, evac_str(t->tags.items[i].key));
        evac_buf_puts(&c->out, ",\"Value\":");
        evac_buf_json(&c->out, evac_str(t->tags.items[i].value));
        evac_buf_putc(&c->out, '}');
    }
    evac_buf_puts(&c->out, "]}");
}

/* --- time to live ---------------------------------------------------------------------------- */

static void set_ttl(const struct evac_sandbox *sb, struct ddb_table *t, bool on,
                    struct evac_str attribute)
{
    if (on)
        (void)evac_str_copy(t->ttl, sizeof t->ttl, attribute);
    t->ttl_status = on ? "ENABLING" : "DISABLING";
    t->ttl_due_ms = sb->now_ms + sb_scaled(sb, DDB_TTL_MS) + 1;
}

void ddb_update_ttl(struct sb_call *c)
{
    struct ddb_table *t = ddb_named(c, "TableName", "ResourceNotFoundException");
    struct evac_str attribute = sb_in(c, "TimeToLiveSpecification.AttributeName");
    bool on = sb_in_bool(c, "TimeToLiveSpecification.Enabled", false);
    if (!t)
        return;
    if (t->status && strcmp(t->status, "UPDATING") != 0)
        sb_error(c, 400, "ResourceInUseException", "Table is being created or deleted: %s",
                 t->name);
    else if (t->ttl_due_ms != SB_NEVER)
        sb_error(c, 400, "ValidationException",
                 "Time to live has been modified multiple times within a fixed interval");
    else if (on == (t->ttl_status != NULL))
        sb_error(c, 400, "ValidationException", "TimeToLive is already %s",
                 on ? "enabled" : "disabled");
    else if (t->group && ddb_state(c->sb)->groups[t->group].strong)
        sb_error(c, 400, "ValidationException",
                 "Time to live is not offered for tables with strong consistency");
    if (c->failed)
        return;
    set_ttl(c->sb, t, on, attribute);
    for (size_t r = 0; r < c->sb->region_count; r++) /* replicas have it the same */
        if (ddb_member(c->sb, t->group, r))
            set_ttl(c->sb, ddb_member(c->sb, t->group, r), on, attribute);
    sb_effect(c);
    evac_buf_putf(&c->out, "{\"TimeToLiveSpecification\":{\"Enabled\":%s,\"AttributeName\":",
                  on ? "true" : "false");
    evac_buf_json(&c->out, attribute);
    evac_buf_puts(&c->out, "}}");
}

void ddb_describe_ttl(struct sb_call *c)
{
    const struct ddb_table *t = ddb_named(c, "TableName", "ResourceNotFoundException");
    if (!t)
        return;
    evac_buf_putf(&c->out, "{\"TimeToLiveDescription\":{\"TimeToLiveStatus\":\"%s\"",
                  t->ttl_status ? t->ttl_status : "DISABLED");
    if (t->ttl_status) {
        evac_buf_puts(&c->out, ",\"AttributeName\":");
        evac_buf_json(&c->out, evac_str(t->ttl));
    }
    evac_buf_puts(&c->out, "}}");
}

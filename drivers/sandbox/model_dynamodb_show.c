/* DynamoDB's tables as they are described. */
#include "dynamodb_internal.h"

#include <string.h>

/* --- what is written of them ----------------------------------------------------------------- */

static void put_text(struct evac_buf *out, const char *name, struct evac_str value)
{
    evac_buf_putf(out, "\"%s\":", name);
    evac_buf_json(out, value);
    evac_buf_putc(out, ',');
}

void ddb_put_time(struct evac_buf *out, const char *name, int64_t wall_ms)
{
    evac_buf_putf(out, "\"%s\":%lld.%03lld", name, (long long)(wall_ms / 1000),
                  (long long)(wall_ms % 1000));
}

static void put_json(struct evac_buf *out, const char *name, const cJSON *json)
{
    char *text = json ? cJSON_PrintUnformatted(json) : NULL;
    if (text)
        evac_buf_putf(out, "\"%s\":%s,", name, text);
    cJSON_free(text);
}

void ddb_put_keys(struct evac_buf *out, const struct ddb_table *t)
{
    evac_buf_puts(out, "\"KeySchema\":[{\"AttributeName\":");
    evac_buf_json(out, evac_str(t->hash.name));
    evac_buf_puts(out, ",\"KeyType\":\"HASH\"}");
    if (t->range.name[0]) {
        evac_buf_puts(out, ",{\"AttributeName\":");
        evac_buf_json(out, evac_str(t->range.name));
        evac_buf_puts(out, ",\"KeyType\":\"RANGE\"}");
    }
    evac_buf_puts(out, "],");
}

static void put_replica(struct sb_call *c, const struct ddb_table *r)
{
    struct evac_buf *out = &c->out;
    const char *status = r->status ? r->status : "ACTIVE";
    int64_t cut = ddb_state(c->sb)->cut_ms[r->region];
    evac_buf_putf(out, "{\"RegionName\":\"%s\",\"ReplicaStatus\":\"%s\"",
                  sb_region_name(c->sb, r->region), status);
    if (strcmp(status, "CREATING") == 0) {
        uint64_t all = sb_scaled(c->sb, DDB_REPLICA_MS) + 1;
        uint64_t left = r->due_ms > c->sb->now_ms ? r->due_ms - c->sb->now_ms : 0;
        evac_buf_putf(out, ",\"ReplicaStatusPercentProgress\":\"%llu\"",
                      (unsigned long long)(left < all ? (all - left) * 100 / all : 0));
    }
    if (cut) {
        evac_buf_putc(out, ',');
        ddb_put_time(out, "ReplicaInaccessibleDateTime", cut);
    }
    evac_buf_putc(out, '}');
}

static void put_global(struct sb_call *c, const struct ddb_table *t)
{
    const struct ddb_group *g = &ddb_state(c->sb)->groups[t->group];
    struct evac_buf *out = &c->out;
    bool first = true;
    if (!t->group)
        return;
    evac_buf_putf(out, "\"GlobalTableVersion\":\"%s\",\"MultiRegionConsistency\":\"%s\",",
                  g->version, g->strong ? "STRONG" : "EVENTUAL");
    if (g->witness < SB_REGIONS_MAX)
        evac_buf_putf(
            out, "\"GlobalTableWitnesses\":[{\"RegionName\":\"%s\",\"WitnessStatus\":\"%s\"}],",
            sb_region_name(c->sb, g->witness),
            strcmp(ddb_status(c->sb, t), "ACTIVE") == 0 ? "ACTIVE" : "CREATING");
    evac_buf_puts(out, "\"Replicas\":[");
    for (size_t r = 0; r < c->sb->region_count; r++) {
        const struct ddb_table *other = ddb_member(c->sb, t->group, r);
        if (!other || other == t)
            continue;
        evac_buf_puts(out, first ? "" : ",");
        put_replica(c, other);
        first = false;
    }
    evac_buf_puts(out, "],");
}

static void put_capacity(struct evac_buf *out, const struct ddb_table *t)
{
    evac_buf_putf(
        out,
        "\"ProvisionedThroughput\":{\"NumberOfDecreasesToday\":%d,\"ReadCapacityUnits\":%lld,"
        "\"WriteCapacityUnits\":%lld},",
        t->decreases, (long long)t->read, (long long)t->write);
    if (t->on_demand)
        evac_buf_puts(out, "\"BillingModeSummary\":{\"BillingMode\":\"PAY_PER_REQUEST\"},");
    evac_buf_putf(out,
                  "\"WarmThroughput\":{\"ReadUnitsPerSecond\":%lld,\"WriteUnitsPerSecond\":%lld,"
                  "\"Status\":\"%s\"},",
                  (long long)t->warm_read, (long long)t->warm_write,
                  t->warming ? "UPDATING" : "ACTIVE");
}

static void put_restore(struct evac_buf *out, const struct ddb_table *t)
{
    if (!t->source_arn[0])
        return;
    evac_buf_puts(out, "\"RestoreSummary\":{");
    if (t->backup_arn[0])
        put_text(out, "SourceBackupArn", evac_str(t->backup_arn));
    put_text(out, "SourceTableArn", evac_str(t->source_arn));
    ddb_put_time(out, "RestoreDateTime", t->restored_to_ms);
    evac_buf_putf(out, ",\"RestoreInProgress\":%s},",
                  t->status && strcmp(t->status, "CREATING") == 0 ? "true" : "false");
}

void ddb_put_table(struct sb_call *c, const struct ddb_table *t)
{
    struct evac_buf *out = &c->out;
    evac_buf_putc(out, '{');
    put_text(out, "TableName", evac_str(t->name));
    put_text(out, "TableArn", ddb_arn(c->arena, c->sb, t));
    put_text(out, "TableId", evac_str(t->id));
    put_text(out, "TableStatus", evac_str(ddb_status(c->sb, t)));
    put_json(out, "AttributeDefinitions", t->definitions);
    ddb_put_keys(out, t);
    put_capacity(out, t);
    put_json(out, "LocalSecondaryIndexes", t->lsi);
    put_json(out, "GlobalSecondaryIndexes", t->gsi);
    if (t->stream[0])
        evac_buf_putf(out,
                      "\"StreamSpecification\":{\"StreamEnabled\":true,\"StreamViewType\":\"%s\"},",
                      t->stream);
    put_global(c, t);
    put_restore(out, t);
    evac_buf_putf(out, "\"DeletionProtectionEnabled\":%s,\"ItemCount\":%zu,\"TableSizeBytes\":%zu,",
                  t->guarded ? "true" : "false", ddb_item_count(t), ddb_item_count(t) * 100);
    ddb_put_time(out, "CreationDateTime", t->created_ms);
    evac_buf_putc(out, '}');
}

void ddb_answer_table(struct sb_call *c, const struct ddb_table *t)
{
    evac_buf_puts(&c->out, "{\"TableDescription\":");
    ddb_put_table(c, t);
    evac_buf_putc(&c->out, '}');
}

/* --- reading --------------------------------------------------------------------------------- */

void ddb_describe_table(struct sb_call *c)
{
    const struct ddb_table *t = ddb_named(c, "TableName", "ResourceNotFoundException");
    if (!t)
        return;
    evac_buf_puts(&c->out, "{\"Table\":");
    ddb_put_table(c, t);
    evac_buf_putc(&c->out, '}');
}

void ddb_list_tables(struct sb_call *c)
{
    const struct ddb *ddb = ddb_state(c->sb);
    bool first = true;
    evac_buf_puts(&c->out, "{\"TableNames\":[");
    for (size_t i = 0; i < ddb->table_end; i++) {
        if (!ddb->tables[i].used || ddb->tables[i].region != c->region)
            continue;
        evac_buf_puts(&c->out, first ? "" : ",");
        evac_buf_json(&c->out, evac_str(ddb->tables[i].name));
        first = false;
    }
    evac_buf_puts(&c->out, "]}");
}

/*
 * DynamoDB: tables and global tables (AWS.md 2.5); items are model_dynamodb_items.c, expressions
 * model_dynamodb_expr.c, backups and small settings model_dynamodb_backups.c.
 *
 *     make dynamodb us-east-1 {"table":"shop-carts","replicas":["us-east-1","us-west-2"]}
 *
 * and, all with defaults: "consistency" ("eventual", "strong"), "witness" (a region), "pk", "sk"
 * (key attributes, "pk" and none), "pk_type", "sk_type" ("S"), "billing" ("PAY_PER_REQUEST"),
 * "read", "write", "stream" ("NEW_AND_OLD_IMAGES" with replicas), "ttl" (an attribute), "pitr"
 * (true), "pitr_age_ms" (since when), "lsi", "version" ("2017.11.29"), "items" (so many rows).
 * {"kind":"backup"} makes a backup of a region's table: "table", "name", "age_ms".
 */
#include "dynamodb_internal.h"
#include "sandbox_docs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS     86400000
#define VERSION    "2019.11.21"
#define WARM_READ  12000 /* what AWS gives every on-demand table */
#define WARM_WRITE 4000

struct ddb *ddb_state(const struct evac_sandbox *sb)
{
    return sb->state[SB_DYNAMODB];
}

static void *create(struct evac_sandbox *sb)
{
    struct ddb *ddb = calloc(1, sizeof *ddb);
    if (!ddb)
        abort();
    ddb->publish_ms = sb->now_ms + sb_scaled(sb, DDB_METRIC_MS) + 1;
    return ddb;
}

static void destroy(void *p)
{
    struct ddb *ddb = p;
    for (size_t i = 0; i < ddb->table_end; i++)
        if (ddb->tables[i].used)
            ddb_drop(&ddb->tables[i]);
    ddb_free_backups(ddb);
    for (struct ddb_send *s = ddb->sends, *next; s; s = next) {
        next = s->next;
        cJSON_Delete(s->item);
        free(s->key);
        free(s);
    }
    free(ddb);
}

/* --- finding --------------------------------------------------------------------------------- */

struct ddb_table *ddb_find(const struct evac_sandbox *sb, size_t region, struct evac_str name)
{
    struct ddb *ddb = ddb_state(sb);
    for (size_t i = 0; i < ddb->table_end; i++)
        if (ddb->tables[i].used && ddb->tables[i].region == region &&
            evac_str_is(name, ddb->tables[i].name))
            return &ddb->tables[i];
    return NULL;
}

struct ddb_table *ddb_member(const struct evac_sandbox *sb, size_t group, size_t region)
{
    struct ddb *ddb = ddb_state(sb);
    for (size_t i = 0; group && i < ddb->table_end; i++)
        if (ddb->tables[i].used && ddb->tables[i].region == region && ddb->tables[i].group == group)
            return &ddb->tables[i];
    return NULL;
}

static size_t count_members(const struct evac_sandbox *sb, size_t group)
{
    size_t n = 0;
    for (size_t r = 0; r < sb->region_count; r++)
        n += ddb_member(sb, group, r) != NULL;
    return n;
}

/* "orders" of "arn:aws:dynamodb:us-east-1:1234:table/orders" */
static struct evac_str name_in(struct evac_str text)
{
    struct evac_str rest;
    if (!evac_str_starts(text, "arn:"))
        return text;
    (void)evac_str_cut(text, '/', &rest);
    return evac_str_cut(rest, '/', &rest);
}

struct ddb_table *ddb_named(struct sb_call *c, const char *member, const char *code)
{
    struct evac_str text = sb_in(c, "%s", member), name = name_in(text);
    struct evac_str at = evac_aws_arn_region(text);
    bool here = at.n == 0 || evac_str_is(at, sb_region_name(c->sb, c->region));
    struct ddb_table *t = here ? ddb_find(c->sb, c->region, name) : NULL;
    if (!t && strcmp(code, "TableNotFoundException") == 0)
        sb_error(c, 400, code, "Table not found: %.*s", EVAC_STR_ARG(name));
    else if (!t)
        sb_error(c, 400, code, "Requested resource not found: Table: %.*s not found",
                 EVAC_STR_ARG(name));
    return t;
}

struct evac_str ddb_arn(struct evac_arena *arena, const struct evac_sandbox *sb,
                        const struct ddb_table *t)
{
    return evac_arena_printf(arena, "arn:aws:dynamodb:%s:" SB_ACCOUNT ":table/%s",
                             sb_region_name(sb, t->region), t->name);
}

/* A change to one replica keeps all of them busy. */
const char *ddb_status(const struct evac_sandbox *sb, const struct ddb_table *t)
{
    if (t->status)
        return t->status;
    for (size_t r = 0; t->group && r < sb->region_count; r++) {
        const struct ddb_table *other = ddb_member(sb, t->group, r);
        if (other && other->status && strcmp(other->status, "UPDATING") != 0)
            return "UPDATING";
    }
    return "ACTIVE";
}

static bool is_busy(struct sb_call *c, const struct ddb_table *t)
{
    const char *status = ddb_status(c->sb, t);
    if (strcmp(status, "ACTIVE") == 0)
        return false;
    sb_error(c, 400, "ResourceInUseException",
             "Attempt to change a resource which is still in use: Table is being %s: %s",
             strcmp(status, "CREATING") == 0   ? "created"
             : strcmp(status, "DELETING") == 0 ? "deleted"
                                               : "updated",
             t->name);
    return true;
}

bool ddb_good_name(struct sb_call *c, struct evac_str name)
{
    bool good = name.n >= 3 && name.n <= 255;
    for (size_t i = 0; i < name.n; i++) {
        char ch = name.p[i];
        good &= (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
                ch == '_' || ch == '.' || ch == '-';
    }
    if (!good)
        sb_error(c, 400, "ValidationException",
                 "Invalid table/index name. Table/index names must be between 3 and 255 characters "
                 "long, and may contain only the characters a-z, A-Z, 0-9, '_', '-', and '.'");
    return good;
}

/* --- making and dropping --------------------------------------------------------------------- */

struct ddb_table *ddb_add(struct evac_sandbox *sb, size_t region, struct evac_str name)
{
    struct ddb *ddb = ddb_state(sb);
    char hex[33];
    for (size_t i = 0; i < DDB_TABLES_MAX; i++) {
        struct ddb_table *t = &ddb->tables[i];
        if (t->used)
            continue;
        ddb->table_end = i < ddb->table_end ? ddb->table_end : i + 1;
        *t = (struct ddb_table){ .used = true,
                                 .region = region,
                                 .due_ms = SB_NEVER,
                                 .made_from = SB_REGIONS_MAX,
                                 .created_ms = sb_wall_ms(sb),
                                 .ttl_due_ms = SB_NEVER,
                                 .pitr_days = 35 };
        (void)evac_str_copy(t->name, sizeof t->name, name);
        (void)snprintf(hex, sizeof hex, "%016llx%016llx",
                       (unsigned long long)sb_random(sb, 0xffffffffu),
                       (unsigned long long)sb_random(sb, 0xffffffffu));
        (void)snprintf(t->id, sizeof t->id, "%.8s-%.4s-4%.3s-8%.3s-%.12s", hex + 8, hex, hex + 4,
                       hex + 20, hex + 20);
        for (size_t r = 0; r < SB_REGIONS_MAX; r++)
            t->latency_ms[r] = -1;
        return t;
    }
    return NULL;
}

static cJSON *copy(const cJSON *json)
{
    return json ? cJSON_Duplicate(json, true) : NULL;
}

void ddb_like(struct ddb_table *t, const struct ddb_table *other)
{
    t->hash = other->hash;
    t->range = other->range;
    t->definitions = copy(other->definitions);
    t->lsi = copy(other->lsi);
    t->gsi = copy(other->gsi);
    t->on_demand = other->on_demand;
    t->read = other->read;
    t->write = other->write;
    t->warm_read = other->warm_read;
    t->warm_write = other->warm_write;
}

void ddb_drop(struct ddb_table *t)
{
    ddb_free_items(t);
    cJSON_Delete(t->definitions);
    cJSON_Delete(t->lsi);
    cJSON_Delete(t->gsi);
    *t = (struct ddb_table){ .used = false };
}

/* A global table with one replica is none. */
static void leave(struct evac_sandbox *sb, struct ddb_table *t)
{
    struct ddb *ddb = ddb_state(sb);
    size_t group = t->group;
    ddb_forget_sends(sb, group, t->region);
    t->group = 0;
    if (!group || count_members(sb, group) > 1)
        return;
    for (size_t i = 0; i < ddb->table_end; i++)
        if (ddb->tables[i].used && ddb->tables[i].group == group)
            ddb->tables[i].group = 0;
    ddb_forget_sends(sb, group, SB_REGIONS_MAX);
    ddb->groups[group].used = false;
}

static size_t new_group(struct evac_sandbox *sb, struct evac_str name, bool strong)
{
    struct ddb *ddb = ddb_state(sb);
    for (size_t i = 1; i < DDB_GROUPS_MAX; i++)
        if (!ddb->groups[i].used) {
            ddb->groups[i] = (struct ddb_group){
                .used = true, .strong = strong, .version = VERSION, .witness = SB_REGIONS_MAX
            };
            (void)evac_str_copy(ddb->groups[i].name, sizeof ddb->groups[i].name, name);
            return i;
        }
    return 0;
}

/* A new replica of t in another region: it is there when its items have been copied. */
static struct ddb_table *replicate(struct evac_sandbox *sb, struct ddb_table *t, size_t region)
{
    struct ddb_table *replica = ddb_add(sb, region, evac_str(t->name));
    if (!replica)
        return NULL;
    ddb_like(replica, t);
    replica->group = t->group;
    (void)evac_str_copy(replica->stream, sizeof replica->stream, evac_str(t->stream));
    (void)evac_str_copy(replica->ttl, sizeof replica->ttl, evac_str(t->ttl));
    replica->ttl_status = t->ttl_status;
    return replica;
}

/* --- time ------------------------------------------------------------------------------------ */

static void settle(struct evac_sandbox *sb, struct ddb_table *t)
{
    const struct ddb_table *source =
        t->group && t->made_from < SB_REGIONS_MAX ? ddb_member(sb, t->group, t->made_from) : NULL;
    const char *status = t->status;
    t->due_ms = SB_NEVER;
    t->status = NULL;
    t->warming = false;
    t->made_from = SB_REGIONS_MAX;
    sb->changed++;
    if (source)
        ddb_copy_items(sb, t, source, INT64_MAX);
    if (strcmp(status, "DELETING") == 0) {
        leave(sb, t);
        ddb_drop(t);
    }
}

/* Nothing goes on in a region that is down, nor what needs one that can not be reached. */
static bool stands_still(const struct evac_sandbox *sb, const struct ddb_table *t)
{
    return sb->regions[t->region].down ||
           (t->made_from < SB_REGIONS_MAX && !sb_reaches(sb, t->made_from, t->region));
}

static void move_table(struct evac_sandbox *sb, struct ddb_table *t, uint64_t passed)
{
    if (t->status && stands_still(sb, t))
        t->due_ms += passed;
    if (t->ttl_due_ms != SB_NEVER && sb->regions[t->region].down)
        t->ttl_due_ms += passed;
    if (t->ttl_due_ms <= sb->now_ms) {
        bool on = t->ttl_status && strcmp(t->ttl_status, "ENABLING") == 0;
        t->ttl_status = on ? "ENABLED" : NULL;
        t->ttl_due_ms = SB_NEVER;
        if (!on)
            t->ttl[0] = '\0';
    }
    if (t->status && t->due_ms <= sb->now_ms)
        settle(sb, t);
}

static void note_cuts(struct evac_sandbox *sb)
{
    struct ddb *ddb = ddb_state(sb);
    for (size_t r = 0; r < sb->region_count; r++) {
        if (sb_reachable(sb, r))
            ddb->cut_ms[r] = 0;
        else if (!ddb->cut_ms[r])
            ddb->cut_ms[r] = sb_wall_ms(sb);
    }
}

/* In the region that sends, and only when something arrived: AWS has no value otherwise. */
static void publish(struct evac_sandbox *sb, struct ddb_table *t)
{
    char dimensions[400];
    for (size_t r = 0; r < sb->region_count; r++) {
        if (t->latency_ms[r] < 0 || sb->regions[t->region].down)
            continue;
        (void)snprintf(dimensions, sizeof dimensions, "ReceivingRegion=%s,TableName=%s",
                       sb_region_name(sb, r), t->name);
        if (!ddb_state(sb)->groups[t->group].strong)
            sb_cloudwatch_put(sb, t->region, "AWS/DynamoDB", "ReplicationLatency", dimensions,
                              (double)t->latency_ms[r], sb_wall_ms(sb));
        t->latency_ms[r] = -1;
    }
}

static void advance(struct evac_sandbox *sb)
{
    struct ddb *ddb = ddb_state(sb);
    uint64_t passed = sb->now_ms - ddb->moved_ms;
    ddb->moved_ms = sb->now_ms;
    note_cuts(sb);
    for (size_t i = 0; i < ddb->table_end; i++)
        if (ddb->tables[i].used)
            move_table(sb, &ddb->tables[i], passed);
    ddb_deliver(sb);
    ddb_move_backups(sb);
    if (ddb->publish_ms > sb->now_ms)
        return;
    for (size_t i = 0; i < ddb->table_end; i++)
        if (ddb->tables[i].used && ddb->tables[i].group)
            publish(sb, &ddb->tables[i]);
    ddb->publish_ms = sb->now_ms + sb_scaled(sb, DDB_METRIC_MS) + 1;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t wake(const struct evac_sandbox *sb)
{
    const struct ddb *ddb = ddb_state(sb);
    uint64_t next = ddb_backups_wake(sb);
    bool late = false;
    for (size_t i = 0; i < ddb->table_end; i++) {
        const struct ddb_table *t = &ddb->tables[i];
        if (!t->used)
            continue;
        if (t->status && !stands_still(sb, t))
            next = earlier(next, t->due_ms);
        if (!sb->regions[t->region].down)
            next = earlier(next, t->ttl_due_ms);
        for (size_t r = 0; r < sb->region_count; r++)
            late |= t->latency_ms[r] >= 0;
    }
    for (const struct ddb_send *s = ddb->sends; s; s = s->next)
        if (sb_reaches(sb, s->from, s->to))
            next = earlier(next, s->due_ms);
    return late ? earlier(next, ddb->publish_ms) : next;
}

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

static void answer_table(struct sb_call *c, const struct ddb_table *t)
{
    evac_buf_puts(&c->out, "{\"TableDescription\":");
    ddb_put_table(c, t);
    evac_buf_putc(&c->out, '}');
}

/* --- reading --------------------------------------------------------------------------------- */

static void describe_table(struct sb_call *c)
{
    const struct ddb_table *t = ddb_named(c, "TableName", "ResourceNotFoundException");
    if (!t)
        return;
    evac_buf_puts(&c->out, "{\"Table\":");
    ddb_put_table(c, t);
    evac_buf_putc(&c->out, '}');
}

static void list_tables(struct sb_call *c)
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
    t->warm_read = WARM_READ;
    t->warm_write = WARM_WRITE;
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
    return copy(cJSON_GetObjectItemCaseSensitive((const cJSON *)(const void *)c->json, member));
}

static void create_table(struct sb_call *c)
{
    struct evac_str name = name_in(sb_in(c, "TableName"));
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
    answer_table(c, t);
}

static void delete_table(struct sb_call *c)
{
    struct ddb_table *t = ddb_named(c, "TableName", "ResourceNotFoundException");
    bool deleting = t && t->status && strcmp(t->status, "DELETING") == 0;
    if (!t || (!deleting && is_busy(c, t)))
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
    answer_table(c, t);
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
    int64_t day = sb_wall_ms(c->sb) / DAY_MS;
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
    if (t->group && strcmp(g->version, VERSION) != 0)
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
    struct ddb_table *replica = replicate(c->sb, t, region);
    if (!replica) {
        sb_error(c, 400, "LimitExceededException", "Subscriber limit exceeded: too many tables");
        return false;
    }
    replica->status = "CREATING";
    replica->made_from = t->region;
    replica->due_ms = c->sb->now_ms + sb_scaled(c->sb, DDB_REPLICA_MS) + 1;
    t->source_until_ms = sb_wall_ms(c->sb) + DAY_MS;
    return true;
}

static bool found_group(struct sb_call *c, struct ddb_table *t, bool strong)
{
    t->group = new_group(c->sb, evac_str(t->name), strong);
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
        leave(c->sb, t);
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
        leave(c->sb, t);
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

static void update_table(struct sb_call *c)
{
    struct ddb_table *t = ddb_named(c, "TableName", "ResourceNotFoundException");
    bool capacity = sb_has(c, "BillingMode") || sb_has(c, "ProvisionedThroughput");
    bool warm = sb_has(c, "WarmThroughput"), stream = sb_has(c, "StreamSpecification");
    bool replicas = sb_has(c, "ReplicaUpdates"), guard = sb_has(c, "DeletionProtectionEnabled");
    if (!t || is_busy(c, t))
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
        answer_table(c, t);
}

/* --- make, truth, and what others ask -------------------------------------------------------- */

static void set_text(char *to, size_t bytes, const struct evac_json *json, const char *name,
                     const char *fallback)
{
    struct evac_str text = evac_json_str(json, name);
    (void)evac_str_copy(to, bytes, text.n ? text : evac_str(fallback));
}

static cJSON *definitions_of(const struct ddb_table *t)
{
    cJSON *list = cJSON_CreateArray();
    const struct ddb_attribute *keys[] = { &t->hash, &t->range };
    for (size_t i = 0; i < 2; i++) {
        if (!keys[i]->name[0])
            continue;
        cJSON *one = cJSON_CreateObject();
        cJSON_AddStringToObject(one, "AttributeName", keys[i]->name);
        cJSON_AddStringToObject(one, "AttributeType", keys[i]->type);
        cJSON_AddItemToArray(list, one);
    }
    return list;
}

static void fill(struct evac_sandbox *sb, struct ddb_table *t, const struct evac_json *json,
                 bool global)
{
    set_text(t->hash.name, sizeof t->hash.name, json, "pk", "pk");
    set_text(t->hash.type, sizeof t->hash.type, json, "pk_type", "S");
    set_text(t->range.name, sizeof t->range.name, json, "sk", "");
    set_text(t->range.type, sizeof t->range.type, json, "sk_type", "S");
    set_text(t->stream, sizeof t->stream, json, "stream", global ? "NEW_AND_OLD_IMAGES" : "");
    set_text(t->ttl, sizeof t->ttl, json, "ttl", "");
    t->ttl_status = t->ttl[0] ? "ENABLED" : NULL;
    t->definitions = definitions_of(t);
    t->on_demand = !evac_str_is(evac_json_str(json, "billing"), "PROVISIONED");
    t->read = t->on_demand ? 0 : evac_json_i64(json, "read", 5);
    t->write = t->on_demand ? 0 : evac_json_i64(json, "write", 5);
    t->warm_read = t->on_demand ? WARM_READ : t->read;
    t->warm_write = t->on_demand ? WARM_WRITE : t->write;
    t->pitr = evac_json_bool(json, "pitr", true);
    t->created_ms = t->pitr_since_ms = sb_wall_ms(sb) - evac_json_i64(json, "pitr_age_ms", DAY_MS);
    if (evac_json_bool(json, "lsi", false))
        t->lsi = cJSON_CreateArray();
}

static void fill_rows(struct evac_sandbox *sb, struct ddb_table *t, int64_t rows)
{
    char key[32];
    for (int64_t i = 1; i <= rows; i++) {
        (void)snprintf(key, sizeof key, "row-%lld", (long long)i);
        (void)sb_dynamodb_write(sb, t->region, t->name, key, "made");
    }
}

/* The other regions' replicas, as if they had long been there. */
static enum evac_code make_replicas(struct evac_sandbox *sb, struct ddb_table *t,
                                    const struct evac_json *json, struct evac_err *err)
{
    for (const struct evac_json *r = evac_json_first(evac_json_get(json, "replicas")); r;
         r = evac_json_next(r)) {
        size_t region = sb_region_find(sb, evac_json_text(r));
        if (region == SB_REGIONS_MAX ||
            (region != t->region && ddb_find(sb, region, evac_str(t->name))))
            return evac_fail(err, EVAC_E_BADARG,
                             "a replica can not be in %.*s: there is no such region, or a table",
                             EVAC_STR_ARG(evac_json_text(r)));
        struct ddb_table *replica = region == t->region ? NULL : replicate(sb, t, region);
        if (replica) {
            replica->created_ms = t->created_ms;
            replica->pitr = t->pitr;
            replica->pitr_since_ms = t->pitr_since_ms;
        }
    }
    return EVAC_OK;
}

static void drop_group(struct evac_sandbox *sb, size_t group)
{
    struct ddb *ddb = ddb_state(sb);
    for (size_t i = 0; i < ddb->table_end; i++)
        if (ddb->tables[i].used && ddb->tables[i].group == group)
            ddb_drop(&ddb->tables[i]);
    ddb->groups[group].used = false;
}

static enum evac_code make(struct evac_sandbox *sb, size_t region, const struct evac_json *json,
                           struct evac_err *err)
{
    struct evac_str name = evac_json_str(json, "table"), witness = evac_json_str(json, "witness");
    bool global = evac_json_count(evac_json_get(json, "replicas")) > 0;
    if (evac_str_is(evac_json_str(json, "kind"), "backup"))
        return ddb_make_backup(sb, region, json, err);
    if (!name.n || ddb_find(sb, region, name))
        return evac_fail(err, EVAC_E_BADARG, "dynamodb needs a \"table\" that is not there yet");
    struct ddb_table *t = ddb_add(sb, region, name);
    if (!t)
        return evac_fail(err, EVAC_E_TOOBIG, "there are %u tables already", DDB_TABLES_MAX);
    fill(sb, t, json, global);
    if (global) {
        t->group = new_group(sb, name, evac_str_is(evac_json_str(json, "consistency"), "strong"));
        struct ddb_group *g = &ddb_state(sb)->groups[t->group];
        g->witness = witness.n ? sb_region_find(sb, witness) : SB_REGIONS_MAX;
        if (evac_str_is(evac_json_str(json, "version"), "2017.11.29"))
            g->version = "2017.11.29";
        enum evac_code code = make_replicas(sb, t, json, err);
        if (code) {
            drop_group(sb, t->group);
            return code;
        }
    }
    fill_rows(sb, t, evac_json_i64(json, "items", 0));
    return EVAC_OK;
}

static void truth(const struct evac_sandbox *sb, struct evac_buf *json)
{
    const struct ddb *ddb = ddb_state(sb);
    size_t waiting = 0;
    bool first = true;
    evac_buf_puts(json, ",\"dynamodb\":{\"tables\":[");
    for (size_t i = 0; i < ddb->table_end; i++) {
        const struct ddb_table *t = &ddb->tables[i];
        if (!t->used)
            continue;
        evac_buf_putf(
            json,
            "%s{\"table\":\"%s\",\"region\":\"%s\",\"status\":\"%s\",\"global\":%s,\"items\":%zu,"
            "\"read\":%lld,\"write\":%lld,\"warm_read\":%lld,\"pitr\":%s,\"ttl\":\"%s\"}",
            first ? "" : ",", t->name, sb_region_name(sb, t->region), ddb_status(sb, t),
            t->group ? "true" : "false", ddb_item_count(t), (long long)t->read, (long long)t->write,
            (long long)t->warm_read, t->pitr ? "true" : "false", t->ttl);
        first = false;
    }
    for (const struct ddb_send *s = ddb->sends; s; s = s->next)
        waiting++;
    evac_buf_putf(json, "],\"waiting\":%zu}", waiting);
}

bool sb_dynamodb_global(struct evac_sandbox *sb, const char *table, const char *const *regions,
                        size_t count, bool strong)
{
    struct evac_buf text;
    struct evac_json *json = NULL;
    evac_buf_init(&text, 4096);
    evac_buf_putf(&text, "{\"table\":\"%s\",\"consistency\":\"%s\",\"replicas\":[", table,
                  strong ? "strong" : "eventual");
    for (size_t i = 0; i < count; i++)
        evac_buf_putf(&text, "%s\"%s\"", i ? "," : "", regions[i]);
    evac_buf_puts(&text, "]}");
    bool made = count > 0 && evac_json_parse(evac_buf_str(&text), &json, NULL) == EVAC_OK &&
                make(sb, sb_region_find(sb, evac_str(regions[0])), json, NULL) == EVAC_OK;
    evac_json_free(json);
    evac_buf_done(&text);
    return made;
}

bool sb_dynamodb_accepts_writes(const struct evac_sandbox *sb, size_t region, const char *table)
{
    const struct ddb_table *t = ddb_find(sb, region, evac_str(table));
    const struct sb_fault *fault = sb_fault(sb, SB_DYNAMODB, region);
    return t && !(t->status && strcmp(t->status, "CREATING") == 0) && !sb->regions[region].down &&
           !fault->down && !fault->throttled && !fault->denied && ddb_has_quorum(sb, t);
}

/* An app's row: the partition key, and one attribute "value". */
bool sb_dynamodb_write(struct evac_sandbox *sb, size_t region, const char *table, const char *key,
                       const char *value)
{
    struct ddb_table *t = ddb_find(sb, region, evac_str(table));
    char text[512];
    if (!sb_dynamodb_accepts_writes(sb, region, table) || t->range.name[0])
        return false;
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(cJSON_AddObjectToObject(item, t->hash.name), t->hash.type, key);
    cJSON_AddStringToObject(cJSON_AddObjectToObject(item, "value"), "S", value);
    int n = snprintf(text, sizeof text, "%s:%zu:%s", t->hash.type, strlen(key), key);
    bool fits = n > 0 && (size_t)n < sizeof text;
    if (fits)
        ddb_write(sb, t, text, item);
    cJSON_Delete(item);
    return fits;
}

bool sb_dynamodb_read(const struct evac_sandbox *sb, size_t region, const char *table,
                      const char *key, struct evac_str *ret_value)
{
    const struct ddb_table *t = ddb_find(sb, region, evac_str(table));
    char text[512];
    if (!t || sb->regions[region].down || sb_fault(sb, SB_DYNAMODB, region)->down)
        return false;
    (void)snprintf(text, sizeof text, "%s:%zu:%s", t->hash.type, strlen(key), key);
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(ddb_current(t, text), "value");
    const cJSON *s = cJSON_GetObjectItemCaseSensitive(value, "S");
    if (cJSON_IsString(s))
        *ret_value = evac_str(s->valuestring);
    return cJSON_IsString(s);
}

/* clang-format off */
#define CONDITION "ConditionExpression ExpressionAttributeNames ExpressionAttributeValues ReturnValues ReturnValuesOnConditionCheckFailure"
static const struct sb_operation operations[] = {
    { "CreateTable", create_table, SB_MUTATES, .takes = "TableName! AttributeDefinitions! KeySchema! LocalSecondaryIndexes GlobalSecondaryIndexes "
      "BillingMode ProvisionedThroughput StreamSpecification Tags DeletionProtectionEnabled WarmThroughput" },
    { "DescribeTable", describe_table, 0, .takes = "TableName!" },
    { "ListTables", list_tables, 0, .takes = "" },
    { "UpdateTable", update_table, SB_MUTATES, .takes = "TableName! BillingMode ProvisionedThroughput StreamSpecification ReplicaUpdates "
      "DeletionProtectionEnabled MultiRegionConsistency GlobalTableWitnessUpdates WarmThroughput" },
    { "DeleteTable", delete_table, SB_MUTATES, .takes = "TableName!" },
    { "PutItem", ddb_put_item, SB_MUTATES, .takes = "TableName! Item! " CONDITION },
    { "DeleteItem", ddb_delete_item, SB_MUTATES, .takes = "TableName! Key! " CONDITION },
    { "UpdateItem", ddb_update_item, SB_MUTATES, .takes = "TableName! Key! UpdateExpression " CONDITION },
    { "GetItem", ddb_get_item, SB_STRONG, .takes = "TableName! Key! ConsistentRead" },
    { "Query", ddb_query, SB_STRONG, .takes = "TableName! KeyConditionExpression! FilterExpression ExpressionAttributeNames "
      "ExpressionAttributeValues ConsistentRead Limit ScanIndexForward" },
    { "DescribeContinuousBackups", ddb_describe_continuous, 0, .rate_per_s = 10, .burst = 10, .takes = "TableName!" },
    { "UpdateContinuousBackups", ddb_update_continuous, SB_MUTATES, .rate_per_s = 10, .burst = 10, .takes = "TableName! PointInTimeRecoverySpecification!" },
    { "CreateBackup", ddb_create_backup, SB_MUTATES, .rate_per_s = 50, .burst = 50, .takes = "TableName! BackupName!" },
    { "DescribeBackup", ddb_describe_backup, 0, .rate_per_s = 10, .burst = 10, .takes = "BackupArn!" },
    { "ListBackups", ddb_list_backups, 0, .rate_per_s = 5, .burst = 5, .takes = "TableName Limit ExclusiveStartBackupArn BackupType" },
    { "DeleteBackup", ddb_delete_backup, SB_MUTATES, .rate_per_s = 10, .burst = 10, .takes = "BackupArn!" },
    { "RestoreTableToPointInTime", ddb_restore_to_time, SB_MUTATES, .rate_per_s = 10, .burst = 10,
      .takes = "SourceTableArn SourceTableName TargetTableName! UseLatestRestorableTime RestoreDateTime BillingModeOverride SSESpecificationOverride" },
    { "RestoreTableFromBackup", ddb_restore_backup, SB_MUTATES, .rate_per_s = 10, .burst = 10, .takes = "TargetTableName! BackupArn! BillingModeOverride SSESpecificationOverride" },
    { "TagResource", ddb_tag_resource, SB_MUTATES, .rate_per_s = 5, .burst = 5, .takes = "ResourceArn! Tags!" },
    { "UntagResource", ddb_untag_resource, SB_MUTATES, .rate_per_s = 5, .burst = 5, .takes = "ResourceArn! TagKeys!" },
    { "ListTagsOfResource", ddb_list_tags, 0, .rate_per_s = 10, .burst = 10, .takes = "ResourceArn! NextToken" },
    { "UpdateTimeToLive", ddb_update_ttl, SB_MUTATES, .takes = "TableName! TimeToLiveSpecification!" },
    { "DescribeTimeToLive", ddb_describe_ttl, 0, .rate_per_s = 10, .burst = 10, .takes = "TableName!" },
    { 0 },
};
/* clang-format on */

const struct sb_service sb_service_dynamodb = { .signing_name = "dynamodb",
                                                .row = "dynamodb",
                                                .operations = operations,
                                                .create = create,
                                                .destroy = destroy,
                                                .advance = advance,
                                                .wake = wake,
                                                .make = make,
                                                .truth = truth };

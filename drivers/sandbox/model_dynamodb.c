/*
 * DynamoDB: tables and global tables, and what time does to them (AWS.md 2.5). Descriptions,
 * changes, items, expressions and backups are in the files of those names.
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

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ddb *ddb_state(const struct evac_sandbox *sb)
{
    return sb->state[SB_DYNAMODB];
}

static void *create(struct evac_sandbox *sb)
{
    struct ddb *ddb = sb_table_new(sizeof *ddb);
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
    sb_table_free(ddb);
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

struct evac_str ddb_name_in(struct evac_str text)
{
    struct evac_str rest;
    if (!evac_str_starts(text, "arn:"))
        return text;
    (void)evac_str_cut(text, '/', &rest);
    return evac_str_cut(rest, '/', &rest);
}

struct ddb_table *ddb_named(struct sb_call *c, const char *member, const char *code)
{
    struct evac_str text = sb_in(c, "%s", member), name = ddb_name_in(text);
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

bool ddb_is_busy(struct sb_call *c, const struct ddb_table *t)
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

cJSON *ddb_copy_json(const cJSON *json)
{
    return json ? cJSON_Duplicate(json, true) : NULL;
}

void ddb_like(struct ddb_table *t, const struct ddb_table *other)
{
    t->hash = other->hash;
    t->range = other->range;
    t->definitions = ddb_copy_json(other->definitions);
    t->lsi = ddb_copy_json(other->lsi);
    t->gsi = ddb_copy_json(other->gsi);
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

void ddb_leave(struct evac_sandbox *sb, struct ddb_table *t)
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

size_t ddb_new_group(struct evac_sandbox *sb, struct evac_str name, bool strong)
{
    struct ddb *ddb = ddb_state(sb);
    for (size_t i = 1; i < DDB_GROUPS_MAX; i++)
        if (!ddb->groups[i].used) {
            ddb->groups[i] = (struct ddb_group){
                .used = true, .strong = strong, .version = DDB_VERSION, .witness = SB_REGIONS_MAX
            };
            (void)evac_str_copy(ddb->groups[i].name, sizeof ddb->groups[i].name, name);
            return i;
        }
    return 0;
}

struct ddb_table *ddb_replicate(struct evac_sandbox *sb, struct ddb_table *t, size_t region)
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
        ddb_leave(sb, t);
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
    t->warm_read = t->on_demand ? DDB_WARM_READ : t->read;
    t->warm_write = t->on_demand ? DDB_WARM_WRITE : t->write;
    t->pitr = evac_json_bool(json, "pitr", true);
    t->created_ms = t->pitr_since_ms =
        sb_wall_ms(sb) - evac_json_i64(json, "pitr_age_ms", DDB_DAY_MS);
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
        struct ddb_table *replica = region == t->region ? NULL : ddb_replicate(sb, t, region);
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
        t->group =
            ddb_new_group(sb, name, evac_str_is(evac_json_str(json, "consistency"), "strong"));
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
    { "CreateTable", ddb_create_table, SB_MUTATES, .takes = "TableName! AttributeDefinitions! KeySchema! LocalSecondaryIndexes GlobalSecondaryIndexes "
      "BillingMode ProvisionedThroughput StreamSpecification Tags DeletionProtectionEnabled WarmThroughput" },
    { "DescribeTable", ddb_describe_table, 0, .takes = "TableName!" },
    { "ListTables", ddb_list_tables, 0, .takes = "" },
    { "UpdateTable", ddb_update_table, SB_MUTATES, .takes = "TableName! BillingMode ProvisionedThroughput StreamSpecification ReplicaUpdates "
      "DeletionProtectionEnabled MultiRegionConsistency GlobalTableWitnessUpdates WarmThroughput" },
    { "DeleteTable", ddb_delete_table, SB_MUTATES, .takes = "TableName!" },
    { "PutItem", ddb_put_item, SB_MUTATES, .takes = "TableName! Item! " CONDITION },
    { "DeleteItem", ddb_delete_item, SB_MUTATES, .takes = "TableName! Key! " CONDITION },
    { "UpdateItem", ddb_update_item, SB_MUTATES, .takes = "TableName! Key! UpdateExpression " CONDITION },
    { "GetItem", ddb_get_item, SB_STRONG, .takes = "TableName! Key! ConsistentRead" },
    { "Query", ddb_query, SB_STRONG, .takes = "TableName! KeyConditionExpression! FilterExpression ExpressionAttributeNames "
      "ExpressionAttributeValues ConsistentRead Limit ScanIndexForward" },
    { "DescribeContinuousBackups", ddb_describe_continuous, 0, .takes = "TableName!" },
    { "UpdateContinuousBackups", ddb_update_continuous, SB_MUTATES, .takes = "TableName! PointInTimeRecoverySpecification!" },
    { "CreateBackup", ddb_create_backup, SB_MUTATES, .takes = "TableName! BackupName!" },
    { "DescribeBackup", ddb_describe_backup, 0, .takes = "BackupArn!" },
    { "ListBackups", ddb_list_backups, 0, .takes = "TableName Limit ExclusiveStartBackupArn BackupType" },
    { "DeleteBackup", ddb_delete_backup, SB_MUTATES, .takes = "BackupArn!" },
    { "RestoreTableToPointInTime", ddb_restore_to_time, SB_MUTATES,
      .takes = "SourceTableArn SourceTableName TargetTableName! UseLatestRestorableTime RestoreDateTime BillingModeOverride SSESpecificationOverride" },
    { "RestoreTableFromBackup", ddb_restore_backup, SB_MUTATES, .takes = "TargetTableName! BackupArn! BillingModeOverride SSESpecificationOverride" },
    { "TagResource", ddb_tag_resource, SB_MUTATES, .takes = "ResourceArn! Tags!" },
    { "UntagResource", ddb_untag_resource, SB_MUTATES, .takes = "ResourceArn! TagKeys!" },
    { "ListTagsOfResource", ddb_list_tags, 0, .takes = "ResourceArn! NextToken" },
    { "UpdateTimeToLive", ddb_update_ttl, SB_MUTATES, .takes = "TableName! TimeToLiveSpecification!" },
    { "DescribeTimeToLive", ddb_describe_ttl, 0, .takes = "TableName!" },
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
                                                .always = true,
                                                .make = make,
                                                .truth = truth };

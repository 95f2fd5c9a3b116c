/* Inside the model of DynamoDB: tables, the global tables that they are replicas of, items and
 * their history, writes on their way, backups. */
#ifndef EVAC_DYNAMODB_INTERNAL_H
#define EVAC_DYNAMODB_INTERNAL_H

#include "sandbox_internal.h"

#include <cjson/cJSON.h>

#define DDB_TABLES_MAX   64u
#define DDB_GROUPS_MAX   32u
#define DDB_BACKUPS_MAX  64u
#define DDB_VERSIONS_MAX 512u /* of an item; older ones are forgotten */
#define DDB_TAGS_MAX     50u
#define DDB_RESTORES_MAX 50
#define DDB_DAY_MS       86400000
#define DDB_VERSION      "2019.11.21"
#define DDB_WARM_READ    12000 /* what AWS gives every on-demand table */
#define DDB_WARM_WRITE   4000

/* AWS's durations, in real time (AWS.md 2.5 and 4.8). */
#define DDB_CREATE_MS  8000u
#define DDB_UPDATE_MS  30000u
#define DDB_DELETE_MS  8000u
#define DDB_REPLICA_MS 600000u
#define DDB_BACKUP_MS  30000u
#define DDB_RESTORE_MS 1200000u
#define DDB_TTL_MS     600000u
#define DDB_BEHIND_MS  300000u /* the latest restorable time is so long ago */
#define DDB_CATCHUP_MS 1000u
#define DDB_METRIC_MS  60000u
#define DDB_RACE_MS                                                                                \
    60u /* two regions' writes of an item within this race, where they are strong                  \
         */

struct ddb_version { /* of an item, as one region has it */
    struct ddb_version *older;
    int64_t stamp, here_ms; /* stamp: order of all writes; here_ms: wall, when it arrived */
    size_t origin;
    cJSON *item; /* NULL: deleted */
};

struct ddb_item {
    struct ddb_item *next;
    char *key;
    struct ddb_version *versions; /* newest first */
    size_t count;
};

struct ddb_attribute {
    char name[256], type[2];
};

struct ddb_tags {
    struct {
        char key[129], value[257];
    } items[DDB_TAGS_MAX];
    size_t count;
};

/* A table in its region. In a global table, one of the replicas. */
struct ddb_table {
    bool used;
    size_t region;
    char name[256], id[37];
    const char *status; /* NULL: it stands still */
    uint64_t due_ms;    /* its end */
    size_t made_from;   /* a region that it waits for until it is there; SB_REGIONS_MAX none */
    int64_t created_ms;
    struct ddb_attribute hash, range; /* range: "" none */
    cJSON *definitions, *lsi, *gsi;   /* as they were given; NULL none */
    bool on_demand, guarded;          /* guarded: against deletion */
    int64_t read, write, warm_read, warm_write;
    bool warming;
    int decreases;
    int64_t decrease_day;
    char stream[24]; /* view type, "" none */
    char ttl[256];
    const char *ttl_status; /* NULL: disabled */
    uint64_t ttl_due_ms;
    bool pitr;
    int64_t pitr_since_ms, pitr_days;
    char source_arn[512], backup_arn[512]; /* restored from; "" was not */
    int64_t restored_to_ms;
    struct ddb_tags tags;
    size_t group;            /* 0: none */
    int64_t source_until_ms; /* a replica was made from it: it can not go before */
    struct ddb_item *items;
    int64_t
        latency_ms[SB_REGIONS_MAX]; /* the longest of those that arrived there lately; -1 none */
};

struct ddb_group {
    bool used, strong;
    char name[256];
    const char *version;
    size_t witness; /* SB_REGIONS_MAX none */
};

struct ddb_send { /* a write on its way to another region */
    struct ddb_send *next;
    size_t group, from, to;
    char *key;
    int64_t stamp, written_ms;
    cJSON *item;
    uint64_t due_ms; /* SB_NEVER: the two can not reach each other */
};

struct ddb_backup {
    bool used, creating;
    size_t region;
    char arn[512], name[256];
    int64_t created_ms;
    uint64_t due_ms;
    struct ddb_table of; /* as it was: never in the table of tables */
};

struct ddb {
    struct ddb_table tables[DDB_TABLES_MAX];
    size_t table_end, backup_end;            /* one behind the last used one */
    struct ddb_group groups[DDB_GROUPS_MAX]; /* the first is never used */
    struct ddb_backup backups[DDB_BACKUPS_MAX];
    struct ddb_send *sends;
    int64_t stamp;
    uint64_t moved_ms, publish_ms;
    bool was_down[SB_REGIONS_MAX];
    int64_t cut_ms[SB_REGIONS_MAX]; /* wall: not to be reached since; 0 it can be */
};

struct ddb *ddb_state(const struct evac_sandbox *sb);

/* --- model_dynamodb.c ------------------------------------------------------------------------ */

struct ddb_table *ddb_find(const struct evac_sandbox *sb, size_t region, struct evac_str name);
/* The replica of that global table in a region; NULL none. */
struct ddb_table *ddb_member(const struct evac_sandbox *sb, size_t group, size_t region);
/* The one that the request's member names, by name or ARN; NULL: answered with that code. */
struct ddb_table *ddb_named(struct sb_call *c, const char *member, const char *code);
const char *ddb_status(const struct evac_sandbox *sb, const struct ddb_table *t);
struct ddb_table *ddb_add(struct evac_sandbox *sb, size_t region, struct evac_str name);
/* What a replica and a restored table have of the other: keys, indexes and capacity, not data. */
void ddb_like(struct ddb_table *t, const struct ddb_table *other);
void ddb_drop(struct ddb_table *t);
/* 0: there are too many. */
size_t ddb_new_group(struct evac_sandbox *sb, struct evac_str name, bool strong);
/* A replica of t in another region, without its items. NULL: there are too many tables. */
struct ddb_table *ddb_replicate(struct evac_sandbox *sb, struct ddb_table *t, size_t region);
/* A replica leaves; a global table with one replica is none any more. */
void ddb_leave(struct evac_sandbox *sb, struct ddb_table *t);
/* "orders" of "arn:aws:dynamodb:us-east-1:1234:table/orders", and of "orders". */
struct evac_str ddb_name_in(struct evac_str text);
/* True: answered, one change at a time. */
bool ddb_is_busy(struct sb_call *c, const struct ddb_table *t);
bool ddb_good_name(struct sb_call *c, struct evac_str name);
cJSON *ddb_copy_json(const cJSON *json);
struct evac_str ddb_arn(struct evac_arena *arena, const struct evac_sandbox *sb,
                        const struct ddb_table *t);

/* --- model_dynamodb_show.c, model_dynamodb_change.c ------------------------------------------- */

void ddb_put_table(struct sb_call *c, const struct ddb_table *t);
void ddb_answer_table(struct sb_call *c, const struct ddb_table *t); /* as TableDescription */
void ddb_put_keys(struct evac_buf *out, const struct ddb_table *t);
/* "\"name\":1790000000.123" */
void ddb_put_time(struct evac_buf *out, const char *name, int64_t wall_ms);
sb_handler_fn ddb_describe_table, ddb_list_tables, ddb_create_table, ddb_delete_table,
    ddb_update_table;

/* --- model_dynamodb_items.c ------------------------------------------------------------------ */

/* The item's newest version, NULL when there is none or it was deleted. */
const cJSON *ddb_current(const struct ddb_table *t, const char *key);
/* A write by somebody in that table's region: stored, and sent to the other replicas. */
void ddb_write(struct evac_sandbox *sb, struct ddb_table *t, const char *key, const cJSON *item);
/* Everything that `from` had at a wall time is in t. */
void ddb_copy_items(struct evac_sandbox *sb, struct ddb_table *t, const struct ddb_table *from,
                    int64_t at_wall_ms);
size_t ddb_item_count(const struct ddb_table *t);
void ddb_free_items(struct ddb_table *t);
/* Of three regions with strong consistency, two must be heard. */
bool ddb_has_quorum(const struct evac_sandbox *sb, const struct ddb_table *t);
void ddb_deliver(struct evac_sandbox *sb);
void ddb_forget_sends(struct evac_sandbox *sb, size_t group, size_t region);
sb_handler_fn ddb_put_item, ddb_get_item, ddb_update_item, ddb_delete_item, ddb_query;

/* --- model_dynamodb_expr.c ------------------------------------------------------------------- */

/* An expression over an item (NULL: none), with the names and values of the request. */
struct ddb_expr {
    struct sb_call *c;
    const cJSON *item;
    struct evac_str rest;
    const char *equals; /* an attribute: */
    bool equal;         /* it was compared by '=' */
    bool bad;
    unsigned depth;
};
/* False too when it can not be read: then the call is answered with ValidationException. */
bool ddb_holds(struct sb_call *c, const char *member, const cJSON *item);
/* A key condition: it must compare the attribute `hash` by '='. */
bool ddb_key_holds(struct sb_call *c, const cJSON *item, const char *hash);
/* The item as UpdateExpression makes it; the caller's. NULL: the call has been answered. */
cJSON *ddb_updated(struct sb_call *c, const cJSON *item);
/* Names and values that no expression uses are refused, as AWS does. */
bool ddb_all_used(struct sb_call *c, const char *const *members);
/* -1, 0, 1; 2 when they can not be compared. */
int ddb_compare(const cJSON *a, const cJSON *b);

/* --- model_dynamodb_backups.c ---------------------------------------------------------------- */

void ddb_move_backups(struct evac_sandbox *sb);
uint64_t ddb_backups_wake(const struct evac_sandbox *sb);
enum evac_code ddb_make_backup(struct evac_sandbox *sb, size_t region, const struct evac_json *json,
                               struct evac_err *err);
void ddb_free_backups(struct ddb *ddb);
void ddb_tag(struct ddb_tags *tags, struct evac_str key, struct evac_str value);
sb_handler_fn ddb_describe_continuous, ddb_update_continuous, ddb_create_backup,
    ddb_describe_backup, ddb_list_backups, ddb_delete_backup, ddb_restore_to_time,
    ddb_restore_backup, ddb_tag_resource, ddb_untag_resource, ddb_list_tags, ddb_update_ttl,
    ddb_describe_ttl;

#endif

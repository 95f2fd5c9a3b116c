/* Inside the model of RDS: what its global databases, clusters, instances and backups share. */
#ifndef EVAC_RDS_INTERNAL_H
#define EVAC_RDS_INTERNAL_H

#include "sandbox_internal.h"

#define RDS_CLUSTERS_MAX  64u
#define RDS_INSTANCES_MAX 128u
#define RDS_SNAPSHOTS_MAX 256u
#define RDS_BACKUPS_MAX   32u
#define RDS_GROUPS_MAX    32u
#define RDS_EVENTS_MAX    64u
#define RDS_TAGS_MAX      16u
#define RDS_SECURITY_MAX  8u

/* Durations of AWS's, in real time (AWS.md 2.3, 4.8 and 7.3). */
#define RDS_METRIC_MS   60000u
#define RDS_OWN_LAG_MS  180u
#define RDS_REPLICA_LAG 500u    /* a read replica's usual lag */
#define RDS_LOG_SHIP_MS 300000u /* how often transaction logs are put with the backups */
#define RDS_RETAIN_MAX  35

struct rds_tags {
    struct {
        char key[64], value[128];
    } items[RDS_TAGS_MAX];
    size_t count;
};

/* Where an instance or cluster stands, and with which settings. */
struct rds_place {
    char subnet_group[64], parameter_group[64];
    char security[RDS_SECURITY_MAX][32];
    size_t security_count;
};

struct rds_instance;
/* One status of a way that ends at "available". */
struct rds_rung {
    const char *status; /* NULL ends the way */
    uint32_t ms, span_ms;
    bool if_backups; /* only when the instance keeps backups */
    void (*ended)(struct evac_sandbox *sb, struct rds_instance *i);
};

struct rds_cluster {
    bool used;
    size_t region;
    char id[64], resource_id[40], engine[32], version[16], storage[16];
    const char *status;               /* NULL available */
    uint64_t due_ms;                  /* the status ends; SB_NEVER */
    bool deleting, protected, member; /* member: of a global cluster */
    int retention;
    double acu_min, acu_max; /* 0 0: not serverless */
    struct rds_place place;
    struct rds_tags tags;
    int64_t created_ms, data_ms; /* wall; data_ms: restored to; 0 its own */
};

/* A DB instance: alone, a read replica, or one of a cluster. */
struct rds_instance {
    bool used;
    size_t region;
    char id[64], class[32], engine[32], version[16], resource_id[40], storage[16];
    char cluster[64];       /* "" none */
    char class_pending[32]; /* while it is modified */
    char source[64];        /* of a replica; "" none */
    size_t source_region;
    uint64_t cut_off_ms; /* the link from the source broke; SB_NEVER */
    bool multi_az, multi_az_pending, deletion_protection, encrypted;
    int retention;
    const struct rds_rung *at; /* NULL available */
    uint64_t due_ms;
    struct rds_place place;
    struct rds_tags tags;
    int64_t created_ms,
        data_ms; /* wall; data_ms: what was restored or promoted has data up to then; 0 all */
    unsigned tier;
};

struct rds_snapshot {
    bool used, of_cluster, encrypted;
    size_t region, source_region; /* source_region: of a copy; else the own one */
    char id[256], db[64], resource_id[40], engine[32], version[16], type[12];
    char copied_from[300];        /* ARN; "" it is none */
    uint64_t begun_ms, due_ms;    /* SB_NEVER: done */
    int64_t created_ms, taken_ms; /* wall: of this copy; of the data */
    struct rds_tags tags;
};

/* Automated backups of an instance, replicated into another region. */
struct rds_backup {
    bool used, retained, encrypted;
    size_t region, source_region;
    char db[64], resource_id[40], id[40], engine[32], version[16];
    int retention;
    uint64_t ready_ms; /* the first snapshot has arrived; SB_NEVER it has */
    uint64_t next_ms;  /* the next logs arrive */
    int64_t earliest_ms, latest_ms;
};

struct rds_group { /* a subnet group or parameter group that is there */
    size_t region;
    char kind[24], id[64];
};

struct rds_event {
    size_t region;
    int64_t wall_ms;
    char source[64], type[24], category[24], message[200];
};

struct rds_global;
struct rds {
    struct rds_global *globals;
    size_t global_count;
    struct rds_cluster clusters[RDS_CLUSTERS_MAX];
    struct rds_instance instances[RDS_INSTANCES_MAX];
    struct rds_snapshot snapshots[RDS_SNAPSHOTS_MAX];
    struct rds_backup backups[RDS_BACKUPS_MAX];
    /* one past the last that was ever used: whoever walks them stops there */
    size_t cluster_end, instance_end, snapshot_end, backup_end;
    struct rds_group groups[RDS_GROUPS_MAX];
    size_t group_count;
    struct rds_event events[RDS_EVENTS_MAX];
    size_t event_count;
    uint64_t metric_at_ms, moved_ms;
    bool was_down[SB_REGIONS_MAX]; /* since moved_ms */
};

static inline struct rds *rds_state(const struct evac_sandbox *sb)
{
    return sb->state[SB_RDS];
}

/* --- what all of them need (model_rds_common.c) ------------------------------------------------
 */

void rds_event(struct evac_sandbox *sb, size_t region, const char *type, const char *source,
               const char *category, const char *message);
struct evac_str rds_arn(struct sb_call *c, size_t region, const char *kind, const char *id);
/* wanted is "", the id, or its ARN in that region. */
bool rds_is(struct sb_call *c, struct evac_str wanted, size_t region, const char *kind,
            const char *id);
/* The request's filter of that name lets value pass; so does no such filter. Refuses names that
 * the service does not know. */
bool rds_passes(struct sb_call *c, const char *name, const char *value);
bool rds_filters(struct sb_call *c, const char *const *known);
/* The member is there; else an error. */
bool rds_needs(struct sb_call *c, const char *name);
/* A new identifier: letters, digits and hyphens; lower case in ret_id. */
bool rds_new_id(struct sb_call *c, const char *name, char *ret_id, size_t bytes);
bool rds_is_class(struct sb_call *c, const char *name);
bool rds_is_engine(struct sb_call *c, const char *engine);
/* subnet group, parameter group and security groups of a request; false: one of them is not there.
 */
bool rds_read_place(struct sb_call *c, const char *parameter_group, struct rds_place *place);
void rds_read_tags(struct sb_call *c, struct rds_tags *tags);
void rds_put_tags(struct evac_buf *out, const struct rds_tags *tags);
void rds_list_tags(struct sb_call *c);
void rds_add_tags(struct sb_call *c);
void rds_remove_tags(struct sb_call *c);
/* Retention in days, 0 to 35; -1 and an error. */
int rds_retention(struct sb_call *c, int fallback);

/* Pages: rows are put between begin and end; rds_page_row() says whether this one is on the page.
 */
struct rds_page {
    int64_t from, max, at;
    bool more;
};
bool rds_page_begin(struct sb_call *c, struct rds_page *page);
bool rds_page_row(struct rds_page *page);
void rds_page_end(struct sb_call *c, const struct rds_page *page);

/* --- clusters (model_rds_clusters.c) -----------------------------------------------------------
 */

struct rds_cluster *rds_cluster_find(const struct evac_sandbox *sb, size_t region,
                                     struct evac_str id);
struct rds_cluster *rds_cluster_new(struct evac_sandbox *sb, size_t region, const char *id,
                                    const char *engine);
bool rds_cluster_runs(const struct evac_sandbox *sb, const struct rds_cluster *k);
/* model_rds.c: what a global database adds to its member. */
void rds_put_membership(struct sb_call *c, const struct rds_cluster *k);
const char *rds_cluster_status(const struct evac_sandbox *sb, const struct rds_cluster *k);
bool rds_cluster_writes(const struct evac_sandbox *sb, const struct rds_cluster *k);
void rds_describe_clusters(struct sb_call *c);
void rds_modify_cluster(struct sb_call *c);
void rds_delete_cluster(struct sb_call *c);
void rds_restore_cluster(struct sb_call *c);
void rds_restore_cluster_to_time(struct sb_call *c);
void rds_advance_clusters(struct evac_sandbox *sb);

/* --- instances (model_rds_instances.c) ---------------------------------------------------------
 */

struct rds_instance *rds_instance_find(const struct evac_sandbox *sb, size_t region,
                                       struct evac_str id);
struct rds_instance *rds_instance_new(struct evac_sandbox *sb, size_t region, const char *id,
                                      const char *class, const char *engine);
/* Up to when (wall) it can be restored from its own backups. */
/* The newest instance whose identifier begins so, but for drills' copies, is available and no
 * replica: the app, which looks for its database by that name, may write. */
bool rds_instance_writes(const struct evac_sandbox *sb, size_t region, struct evac_str name);
int64_t rds_latest_restorable(const struct evac_sandbox *sb, const struct rds_instance *i);
/* How the ones that are created begin. */
extern const struct rds_rung rds_creating[], rds_restoring[], rds_backing_up[];
void rds_climb(struct evac_sandbox *sb, struct rds_instance *i, const struct rds_rung *way);
/* The one that the request's member names, idle or not; NULL and an error. */
struct rds_instance *rds_instance_named(struct sb_call *c, const char *member, bool idle);
/* A new one, as the request wants it; NULL and an error. Then rds_instance_begin() or unused. */
struct rds_instance *rds_instance_asked(struct sb_call *c, const char *member, const char *class,
                                        const char *engine);
void rds_instance_begin(struct sb_call *c, struct rds_instance *i, const struct rds_rung *way);
bool rds_can_start(struct sb_call *c);
void rds_describe_instances(struct sb_call *c);
void rds_create_instance(struct sb_call *c);
void rds_create_replica(struct sb_call *c);
void rds_promote_replica(struct sb_call *c);
void rds_modify_instance(struct sb_call *c);
void rds_delete_instance(struct sb_call *c);
void rds_advance_instances(struct evac_sandbox *sb);
void rds_publish_instances(struct evac_sandbox *sb);

/* --- backups (model_rds_snapshots.c, model_rds_restore.c) --------------------------------------
 */

struct rds_snapshot *rds_snapshot_new(struct evac_sandbox *sb, size_t region, bool of_cluster,
                                      const char *id, const char *db);
/* The id, or the ARN in any region; NULL: not there. */
struct rds_snapshot *rds_snapshot_find(struct sb_call *c, struct evac_str wanted, bool of_cluster);
bool rds_snapshot_ready(const struct rds_snapshot *s);
void rds_describe_snapshots(struct sb_call *c);
void rds_create_snapshot(struct sb_call *c);
void rds_copy_snapshot(struct sb_call *c);
void rds_delete_snapshot(struct sb_call *c);
void rds_advance_backups(struct evac_sandbox *sb);
uint64_t rds_wake_backups(const struct evac_sandbox *sb);

struct rds_backup *rds_backup_new(struct evac_sandbox *sb, size_t region,
                                  const struct rds_instance *source, int retention);
void rds_describe_backups(struct sb_call *c);
void rds_start_backups(struct sb_call *c);
void rds_stop_backups(struct sb_call *c);
void rds_restore_instance(struct sb_call *c);
void rds_restore_instance_to_time(struct sb_call *c);

/* --- model_rds_make.c --------------------------------------------------------------------------
 */

enum evac_code rds_make(struct evac_sandbox *sb, size_t region, const struct evac_json *json,
                        struct evac_err *err);
void rds_truth(const struct evac_sandbox *sb, struct evac_buf *json);

#endif

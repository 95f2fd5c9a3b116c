/* Inside the model of S3. */
#ifndef EVAC_S3_INTERNAL_H
#define EVAC_S3_INTERNAL_H

#include "sandbox_internal.h"

#define S3_BUCKETS_MAX      64u
#define S3_KEY_BYTES        256u
#define S3_VERSIONS_MAX     50u /* of one key; older ones are forgotten */
#define S3_ALL_VERSIONS_MAX 10000u
#define S3_RULES_MAX        8u

enum s3_status { S3_PLAIN, S3_PENDING, S3_COMPLETED, S3_FAILED, S3_REPLICA };

struct s3_version {
    struct s3_version *older;
    char *body;
    size_t bytes;
    char id[33], etag[35];
    char storage[20]; /* its class; "" STANDARD */
    bool deleted;     /* a delete marker */
    int64_t wall_ms;
    enum s3_status status;
    uint64_t written_ms, due_ms; /* PENDING: SB_NEVER waits for the regions to reach each other */
};

struct s3_object {
    struct s3_object *next;
    char key[S3_KEY_BYTES];
    struct s3_version *versions; /* newest first */
};

struct s3_rule {
    bool enabled, metrics;
    char id[64], to[64], prefix[S3_KEY_BYTES];
    uint64_t latency_ms; /* of the last one that was replicated */
    uint32_t failed;     /* since the metrics were last published */
};

struct s3_bucket {
    char name[64];
    size_t region;
    bool versioned, suspended, public_read;
    int64_t created_ms;
    char *replication; /* the configuration as it was put, NULL none */
    struct s3_rule rules[S3_RULES_MAX];
    size_t rule_count;
    struct s3_object *objects;
};

struct s3 {
    struct s3_bucket buckets[S3_BUCKETS_MAX];
    size_t bucket_count, version_count;
    uint64_t metric_at_ms;
};

struct s3_bucket *s3_bucket_find(const struct evac_sandbox *sb, struct evac_str name);
struct s3_bucket *s3_bucket_new(struct evac_sandbox *sb, struct evac_str name, size_t region);
/* The call's bucket; NULL when it has been answered: there is none, or it is elsewhere. */
struct s3_bucket *s3_bucket_here(struct sb_call *c);
/* Some operations need proof that the document arrived whole (AWS.md 1.4). False: answered. */
bool s3_has_checksum(struct sb_call *c);

/* model_s3.c */
struct s3_object *s3_object_find(const struct s3_bucket *b, struct evac_str key);
/* A version of that date. */
struct s3_version *s3_store_at(struct evac_sandbox *sb, struct s3_bucket *b, struct evac_str key,
                               struct evac_str body, bool deleted, int64_t wall_ms);
/* Under the version's own id and date; nothing when it is there already. */
void s3_store_replica(struct evac_sandbox *sb, struct s3_bucket *to, const char *key,
                      const struct s3_version *v);
void s3_get_object(struct sb_call *c);
void s3_head_object(struct sb_call *c);
void s3_put_object(struct sb_call *c);
void s3_copy_object(struct sb_call *c);
void s3_delete_object(struct sb_call *c);
void s3_delete_objects(struct sb_call *c);

/* model_s3_replication.c */
void s3_send_on(struct evac_sandbox *sb, struct s3_bucket *b, struct evac_str key,
                struct s3_version *v);
void s3_advance(struct evac_sandbox *sb);
uint64_t s3_wake(const struct evac_sandbox *sb);
/* Reads a configuration into the bucket; false: it is not one. */
bool s3_configure(struct s3_bucket *b, struct evac_str text, const struct evac_xml *xml);
void s3_unconfigure(struct s3_bucket *b);
enum evac_code s3_make(struct evac_sandbox *sb, size_t region, const struct evac_json *json,
                       struct evac_err *err);
/* What S3 Batch Replication acts on: the versions that an enabled rule would replicate. */
struct s3_batch {
    const char *bucket;
    unsigned statuses; /* bits 1u << S3_PLAIN ...; 0 all */
    int64_t after_ms, before_ms;
};
/* How many there are; act: replicates them, and says how many could not be. */
uint32_t s3_batch_run(struct evac_sandbox *sb, const struct s3_batch *batch, bool act,
                      uint32_t *ret_failed);

/* model_s3control.c. False: answered, the account is missing or another's. */
bool s3_is_own_account(struct sb_call *c);

/* model_s3control_jobs.c */
void *s3_jobs_create(struct evac_sandbox *sb);
void s3_jobs_destroy(void *p);
void s3_jobs_advance(struct evac_sandbox *sb);
uint64_t s3_jobs_wake(const struct evac_sandbox *sb);
void s3_create_job(struct sb_call *c);
void s3_describe_job(struct sb_call *c);
void s3_list_jobs(struct sb_call *c);
void s3_update_job(struct sb_call *c);

/* model_s3_buckets.c */
void s3_list_buckets(struct sb_call *c);
void s3_create_bucket(struct sb_call *c);
void s3_delete_bucket(struct sb_call *c);
void s3_head_bucket(struct sb_call *c);
void s3_get_location(struct sb_call *c);
void s3_get_versioning(struct sb_call *c);
void s3_put_versioning(struct sb_call *c);
void s3_get_replication(struct sb_call *c);
void s3_put_replication(struct sb_call *c);
void s3_delete_replication(struct sb_call *c);
void s3_list_objects(struct sb_call *c);
void s3_list_versions(struct sb_call *c);

#endif

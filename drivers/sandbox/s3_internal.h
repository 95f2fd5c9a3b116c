/* Inside the model of S3. */
#ifndef EVAC_S3_INTERNAL_H
#define EVAC_S3_INTERNAL_H

#include "sandbox_internal.h"

#define S3_BUCKETS_MAX      64u
#define S3_KEY_BYTES        256u
#define S3_VERSIONS_MAX     50u /* of one key; older ones are forgotten */
#define S3_ALL_VERSIONS_MAX 10000u

enum s3_status { S3_PLAIN, S3_PENDING, S3_COMPLETED, S3_FAILED, S3_REPLICA };

struct s3_version {
    struct s3_version *older;
    char *body;
    size_t bytes;
    char id[33], etag[35];
    bool deleted; /* a delete marker */
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
    bool enabled;
    char id[64], to[64], prefix[S3_KEY_BYTES], role[128];
};

struct s3_bucket {
    char name[64];
    size_t region;
    bool versioned, suspended, public_read;
    int64_t created_ms;
    struct s3_rule rule;
    struct s3_object *objects;
    uint64_t latency_ms; /* of the last one that was replicated */
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
void s3_get_object(struct sb_call *c);
void s3_head_object(struct sb_call *c);
void s3_put_object(struct sb_call *c);
void s3_delete_object(struct sb_call *c);
void s3_delete_objects(struct sb_call *c);

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

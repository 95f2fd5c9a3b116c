/*
 * What the parts of EC2's model share. Every resource is an item of some kind: it has an id, tags,
 * a state, and perhaps an instant at which it moves on by itself. What differs from kind to kind is
 * a row of a table: so describing, filtering, tagging and idempotency are written once.
 */
#ifndef EVAC_SANDBOX_EC2_INTERNAL_H
#define EVAC_SANDBOX_EC2_INTERNAL_H

#include "sandbox_internal.h"

#define EC2_TAGS_MAX     50u /* AWS's own limit */
#define EC2_ITEMS_MAX    256u
#define EC2_VERSIONS_MAX 16u
#define EC2_ID_BYTES     32u
#define EC2_NAME_BYTES   129u

enum ec2_kind {
    EC2_INSTANCE,
    EC2_IMAGE,
    EC2_SNAPSHOT,
    EC2_VOLUME,
    EC2_TEMPLATE,
    EC2_CAPACITY,
    EC2_KIND_COUNT
};

struct ec2_tag {
    char key[129], value[257];
};

struct ec2_item {
    size_t region;
    char id[EC2_ID_BYTES];
    int state;       /* of its kind's states */
    int64_t made_ms; /* wall */
    uint64_t since_ms, due_ms;
    char token[65]; /* ClientToken of the request that made it, and that request's hash */
    uint64_t request;
    struct ec2_tag tags[EC2_TAGS_MAX];
    size_t tag_count;
};

/* An instance's state is its AWS code / 16. */
enum { EC2_PENDING, EC2_RUNNING, EC2_SHUTTING_DOWN, EC2_TERMINATED, EC2_STOPPING, EC2_STOPPED };
struct ec2_instance {
    struct ec2_item item; /* first in each kind */
    char image[EC2_ID_BYTES], type[EC2_ID_BYTES], zone[EC2_ID_BYTES];
    char batch[EC2_ID_BYTES];    /* what AWS calls a reservation: those that one request launched */
    char capacity[EC2_ID_BYTES]; /* reservation that it runs in, "" none */
    unsigned index;
    bool is_protected; /* against termination */
};

/* Images, snapshots and volumes are made, or fail; copies need their source's region to arrive. */
enum { EC2_MAKING, EC2_MADE, EC2_FAILED };
struct ec2_stored {
    struct ec2_item item;
    char name[EC2_NAME_BYTES], zone[EC2_ID_BYTES];
    char snapshot[EC2_ID_BYTES]; /* of an image: its root's; of a volume: what it was made of */
    char volume[EC2_ID_BYTES];   /* of a snapshot: what it was taken of */
    char source[EC2_ID_BYTES];   /* of a copy, and where that is */
    size_t source_region;
    int64_t gib;
};

struct ec2_version {
    char image[EC2_ID_BYTES], type[EC2_ID_BYTES];
    int64_t made_ms;
};
struct ec2_template {
    struct ec2_item item;
    char name[EC2_NAME_BYTES];
    struct ec2_version versions[EC2_VERSIONS_MAX];
    size_t count, standard; /* standard: the default one's number, from 1 */
};

enum { EC2_CAPACITY_PENDING, EC2_CAPACITY_ACTIVE, EC2_CAPACITY_CANCELLED };
struct ec2_capacity {
    struct ec2_item item;
    char type[EC2_ID_BYTES], zone[EC2_ID_BYTES], platform[64];
    bool targeted;
    int64_t count;
};

struct ec2_filter { /* ends with name NULL */
    const char *name;
    struct evac_str (*get)(struct sb_call *c, const struct ec2_item *item);
};

struct ec2_row {
    const char *prefix;   /* "ami" */
    const char *type;     /* a tag specification's resource type */
    const char *id_param; /* "ImageId" */
    const char *not_found, *malformed;
    const char *set; /* a description's list */
    size_t bytes;
    const struct ec2_filter *filters; /* beside tag:KEY and tag-key */
    void (*put)(struct sb_call *c, const struct ec2_item *item);
    void (*put_all)(struct sb_call *c, const struct ec2_item *const *items,
                    size_t count);                                /* or NULL */
    bool (*move)(struct evac_sandbox *sb, struct ec2_item *item); /* it is due; false: it is gone */
};
extern const struct ec2_row ec2_instance_row, ec2_image_row, ec2_snapshot_row, ec2_volume_row,
    ec2_template_row, ec2_capacity_row;

/* --- items (model_ec2.c) ---------------------------------------------------------------------- */

/* In the order in which they were made; NULL after the last. */
struct ec2_item *ec2_nth(const struct evac_sandbox *sb, enum ec2_kind kind, size_t n);
/* NULL when the sandbox keeps no more. id "": a new one. */
struct ec2_item *ec2_add(struct evac_sandbox *sb, enum ec2_kind kind, size_t region,
                         struct evac_str id);
struct ec2_item *ec2_find(const struct evac_sandbox *sb, enum ec2_kind kind, size_t region,
                          struct evac_str id);
/* The one that a request means, or an error is set: malformed or not found. */
void *ec2_named(struct sb_call *c, enum ec2_kind kind, size_t region, struct evac_str id);
/* The item goes on by itself after so much of AWS's time. */
void ec2_due(struct evac_sandbox *sb, struct ec2_item *item, uint64_t real_ms);
/* A new resource's full table: an error is set. */
struct ec2_item *ec2_new(struct sb_call *c, enum ec2_kind kind);
void ec2_new_id(struct evac_sandbox *sb, const char *prefix, char *ret_id);
void ec2_tag(struct ec2_item *item, struct evac_str key, struct evac_str value);

/* --- requests --------------------------------------------------------------------------------- */

/* DryRun: says so and is true; nothing else must happen then. */
bool ec2_is_dry(struct sb_call *c);
/* What the same ClientToken made before, or NULL; other parameters with it are an error. */
struct ec2_item *ec2_again(struct sb_call *c, enum ec2_kind kind);
/* The request's token and tags go to what it made. list: "TagSpecification" */
void ec2_mark(struct sb_call *c, enum ec2_kind kind, struct ec2_item *item, const char *list);
bool ec2_check_tags(struct sb_call *c, const char *list, const char *const *types);
bool ec2_require(struct sb_call *c, const char *const *names); /* ends with NULL */
/* The request's zone, the region's first when it names none; "" and an error when there is none. */
struct evac_str ec2_zone(struct sb_call *c, const char *param);
void ec2_describe(struct sb_call *c, enum ec2_kind kind);
void ec2_put_tags(struct sb_call *c, const struct ec2_item *item);
struct evac_str ec2_get_id(struct sb_call *c, const struct ec2_item *item);

/* --- between the parts ------------------------------------------------------------------------ */

void ec2_run_instances(struct sb_call *c);
void ec2_start_instances(struct sb_call *c);
void ec2_stop_instances(struct sb_call *c);
void ec2_terminate_instances(struct sb_call *c);
void ec2_describe_versions(struct sb_call *c);
void ec2_describe_templates(struct sb_call *c);
void ec2_describe_offerings(struct sb_call *c);
enum evac_code ec2_make_not_offered(struct evac_sandbox *sb, size_t region,
                                    const struct evac_json *json, struct evac_err *err);
void ec2_copy_image(struct sb_call *c);
void ec2_copy_snapshot(struct sb_call *c);
void ec2_create_volume(struct sb_call *c);
void ec2_create_capacity(struct sb_call *c);
void ec2_modify_capacity(struct sb_call *c);
void ec2_cancel_capacity(struct sb_call *c);

/* How many instances run, or are reserved, in what they need; and what may. */
int64_t ec2_vcpus(struct evac_str type);
bool ec2_check_quota(struct sb_call *c, int64_t more_vcpus);
/* A reservation that has room for one more of that type there, NULL none. */
struct ec2_capacity *ec2_room(const struct evac_sandbox *sb, size_t region, struct evac_str type,
                              struct evac_str zone);
int64_t ec2_used(const struct evac_sandbox *sb, const struct ec2_capacity *capacity);
const char *ec2_state_name(enum ec2_kind kind, int state);

#endif

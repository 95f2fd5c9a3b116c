/* Inside the model of Route 53: what its API and its DNS servers share. */
#ifndef EVAC_ROUTE53_INTERNAL_H
#define EVAC_ROUTE53_INTERNAL_H

#include "sandbox_internal.h"

#define R53_ZONES_MAX    16u
#define R53_RECORDS_MAX  4096u /* of a zone */
#define R53_VALUES_MAX   16u
#define R53_VALUE_BYTES  256u
#define R53_NAME_BYTES   256u
#define R53_CHECKS_MAX   160u
#define R53_CHANGES_MAX  64u
#define R53_CHILDREN_MAX 8u
#define R53_DRAWN_MAX    64u
#define R53_ANSWERS_MAX  8u /* of a multivalue set */

/* Names are lower case, without a trailing dot. */
struct r53_record {
    char name[R53_NAME_BYTES], type[8], set_identifier[129], failover[12], region[32];
    char continent[4], country[4], subdivision[8];
    int weight; /* -1 none */
    bool multivalue;
    uint32_t ttl_s;
    char values[R53_VALUES_MAX][R53_VALUE_BYTES];
    size_t value_count;
    char alias[R53_NAME_BYTES], alias_zone[40];
    bool alias_health;
    char health_check[65];
    bool gone; /* deleted by the batch that is being applied */
};

struct r53_records {
    struct r53_record *items;
    size_t count, room;
};

struct r53_zone {
    char id[33], name[R53_NAME_BYTES], caller[129];
    struct r53_records records, served; /* as the API says; as DNS answers */
    uint64_t busy_until_ms;             /* a change is being taken in */
    char accelerated[32], dnssec[32];   /* statuses; "": DISABLED, NOT_SIGNING */
};

struct r53_change {
    char id[33];
    int64_t submitted_ms;
    uint64_t in_sync_ms;
    struct r53_zone *zone;    /* NULL: DNS has it */
    struct r53_records after; /* what the zone's DNS answers from in_sync_ms on */
};

struct r53_check {
    char id[65], caller[129], type[24], host[R53_NAME_BYTES], address[64], path[256], search[256];
    char routing_control[256]; /* ARN */
    uint16_t port;
    uint32_t interval_s, threshold, health_threshold;
    bool inverted, disabled, measure_latency;
    char children[R53_CHILDREN_MAX][65];
    size_t child_count;
    int64_t version;
    bool raw;        /* what the checkers agree on, before inversion */
    uint32_t streak; /* looks in a row that say otherwise */
    uint64_t next_ms;
    int64_t looked_ms;
};

struct r53 {
    size_t zone_count, check_count, gone_count;
    struct r53_change changes[R53_CHANGES_MAX];
    size_t change_count;
    char asker[32]; /* the region that those who ask DNS are near to; "" nowhere */
    struct r53_drawn {
        uint64_t set; /* its name and type, hashed; 0 free */
        uint64_t count;
    } drawn[R53_DRAWN_MAX]; /* answers of weighted sets */
    /* What is not cleared: from here on each is set when it is added. */
    struct r53_zone zones[R53_ZONES_MAX];
    struct r53_check checks[R53_CHECKS_MAX];
    char gone[R53_CHECKS_MAX][129]; /* caller references of deleted checks */
};

struct r53 *r53_state(const struct evac_sandbox *sb);
/* Lower case, "\052" as "*", no trailing dot. False when it is too long or empty. */
bool r53_name(struct evac_str text, char ret_name[R53_NAME_BYTES]);
struct r53_zone *r53_zone_find(const struct evac_sandbox *sb, struct evac_str id);
/* The zone whose name is the longest suffix of it; NULL none. */
const struct r53_zone *r53_zone_of(const struct evac_sandbox *sb, const char *name);
struct r53_check *r53_check_find(const struct evac_sandbox *sb, struct evac_str id);
bool r53_is_healthy(const struct evac_sandbox *sb, const char *check);
/* Appends `,"dns":{name:address}`: what every name with addresses is answered. */
void r53_truth_dns(const struct evac_sandbox *sb, struct evac_buf *json);

/* model_route53_records.c */
/* Refuses elements that are none of the names ("Name Type TTL"). */
void r53_check_elements(struct sb_call *c, const struct evac_xml *x, const char *names);
void r53_copy_records(struct r53_records *to, const struct r53_records *from);
bool r53_add_record(struct r53_records *records, const struct r53_record *record);
/* The same, in the place of one with its name, type and SetIdentifier. */
void r53_remove_name(struct r53_records *records, const char *name);
bool r53_replace_record(struct r53_records *records, const struct r53_record *record);
/* Labels from the last to the first. */
int r53_compare_names(const char *a, const char *b);
void r53_put_name(struct evac_buf *out, const char *tag, const char *name);
void r53_put_record(struct evac_buf *out, const struct r53_record *record);
bool r53_is_geo(const struct r53_record *record);
/* The request's batch on a copy of the zone's records; what AWS would refuse fails the call. */
void r53_apply_batch(struct sb_call *c, struct r53_zone *zone, struct r53_records *records);

/* model_route53_routing.c. Where a region is, roughly; NULL: not known. */
struct r53_place {
    const char *region;
    int latitude, longitude;
    const char *continent, *country, *subdivision;
};
const struct r53_place *r53_place(struct evac_str region);
/* What DNS answers for a name and type: up to max records (several of a multivalue set), after
 * routing policies and health checks. 0: there is no such record; *ret_exists: but the name is
 * there.
 */
size_t r53_select(const struct evac_sandbox *sb, const struct r53_zone *zone, const char *name,
                  const char *type, const struct r53_record **ret_records, size_t max,
                  bool *ret_exists);

/* model_route53_checks.c */
void r53_look(struct evac_sandbox *sb);
uint64_t r53_look_wake(const struct evac_sandbox *sb);
void r53_list_checks(struct sb_call *c);
void r53_create_check(struct sb_call *c);
void r53_get_check(struct sb_call *c);
void r53_update_check(struct sb_call *c);
void r53_delete_check(struct sb_call *c);
void r53_check_status(struct sb_call *c);

#endif

/*
 * Inside the model. The core (sandbox*.c) knows time, regions, faults, signatures, protocols and
 * counting; a service (model_*.c) is a row in the table below: its operations, its state machine
 * and what others may ask of it. Services ask each other only by the functions at the end of this
 * file.
 *
 * A handler reads its input with sb_in...(), changes its state, says so with sb_effect(), and
 * writes the operation's result into c->out (or sb_error()); the core wraps it in the protocol's
 * envelope, and decides about throttling, outages, lost replies and stale reads before and after.
 */
#ifndef EVAC_SANDBOX_INTERNAL_H
#define EVAC_SANDBOX_INTERNAL_H

#include "aws.h"
#include "evac/arena.h"
#include "sandbox.h"
#include "sigv4.h"

#define SB_ACCOUNT      "123456789012"
#define SB_REGIONS_MAX  32u
#define SB_NEVER        UINT64_MAX
#define SB_NAME_BYTES   128u
#define SB_LABELS_MAX   4u
#define SB_PARAMS_MAX   512u
#define SB_HEADERS_MAX  24u
#define SB_DEFAULT_LAG  (-1)
#define SB_ASKED_MAX    400u
#define SB_SESSIONS_MAX 64u

/* clang-format off */
#define SB_SERVICES(X) \
    X(ACM, acm) \
    X(APIGATEWAY, apigateway) \
    X(APPLICATIONAUTOSCALING, applicationautoscaling) \
    X(AUTOSCALING, autoscaling) \
    X(BACKUP, backup) \
    X(CLOUDFRONT, cloudfront) \
    X(CLOUDWATCH, cloudwatch) \
    X(DRS, drs) \
    X(DYNAMODB, dynamodb) \
    X(EC2, ec2) \
    X(ECR, ecr) \
    X(ECS, ecs) \
    X(EFS, efs) \
    X(EKS, eks) \
    X(ELASTICACHE, elasticache) \
    X(ELBV2, elbv2) \
    X(EVENTS, events) \
    X(FIS, fis) \
    X(GLOBALACCELERATOR, globalaccelerator) \
    X(HEALTH, health) \
    X(IAM, iam) \
    X(KEYVALUESTORE, keyvaluestore) \
    X(KINESIS, kinesis) \
    X(KMS, kms) \
    X(KUBERNETES, kubernetes) \
    X(LAMBDA, lambda) \
    X(MEMORYDB, memorydb) \
    X(OPENSEARCH, opensearch) \
    X(RDS, rds) \
    X(RDSDATA, rdsdata) \
    X(RECOVERYCLUSTER, recoverycluster) \
    X(RECOVERYCONTROL, recoverycontrol) \
    X(REGIONSWITCH, regionswitch) \
    X(ROUTE53, route53) \
    X(S3, s3) \
    X(S3CONTROL, s3control) \
    X(SCHEDULER, scheduler) \
    X(SECRETSMANAGER, secretsmanager) \
    X(SERVICEQUOTAS, servicequotas) \
    X(SNS, sns) \
    X(SQS, sqs) \
    X(SSM, ssm) \
    X(STEPFUNCTIONS, stepfunctions) \
    X(STS, sts) \
    X(TAGGING, tagging)

/* clang-format on */
#define X(NAME, name) SB_##NAME,
enum sb_service_id { SB_SERVICES(X) SB_SERVICE_COUNT };
#undef X

struct sb_call;
typedef void sb_handler_fn(struct sb_call *c);

enum {
    SB_MUTATES = 1u << 0,
    SB_STRONG = 1u << 1, /* reads: never stale */
};

/* One API operation. Query and JSON protocols find it by name; REST by method, path and query key.
 */
struct sb_operation {
    const char *name; /* NULL ends the list */
    sb_handler_fn *handle;
    unsigned flags;
    const char *method;     /* REST: "GET" */
    const char *path;       /* REST: "/2013-04-01/hostedzone/{Id}/rrset"; a trailing slash does not
                               matter; "{Key+}" takes the rest, but for what stands behind it */
    const char *query_key;  /* REST: only when the query has this key ("versioning"); NULL: when it
                               has none of the other rows' keys */
    const char *header_key; /* REST: only when the request has this header */
    /* The members of its input: "Name! EventBusName", those with '!' required; what stands in a
     * REST path is not among them. NULL: not checked. AWS passes over members that it does not
     * know; here they are refused, because they are a driver's spelling mistakes. */
    const char *takes;
};

struct sb_service {
    const char *signing_name; /* "rds"; CloudWatch "monitoring" */
    const char *row;          /* its name in evac_aws_service() */
    const char *path_prefix;  /* of two services with one signing name, the one whose paths begin
                                 so; NULL the other */
    const char *xmlns;        /* of query results; NULL none */
    const char *home;         /* NULL: regional; else where its only API lives */
    bool global;              /* a data plane of no one region, signed for all of them: no region's
                                 end is its own. Its faults are those of the first region */
    /* Where a request that is signed for all regions is served by a regional service;
     * SB_REGIONS_MAX: nowhere. NULL: it takes none. */
    size_t (*anywhere)(const struct sb_call *c);
    const struct sb_operation *operations;
    void *(*create)(struct evac_sandbox *sb);
    void (*destroy)(void *state);
    /* Everything that falls due up to the sandbox's present time; also called after each fault and
     * each recovery of a region, so that a service can notice. NULL: nothing moves by itself. */
    void (*advance)(struct evac_sandbox *sb);
    uint64_t (*wake)(const struct evac_sandbox *sb); /* next instant by itself; SB_NEVER none */
    bool always; /* advance counts the time that passed, or looks at other services: it is called
                    whatever is due. So is that of
                    a service whose documents say when they change, which has no wake of its own */
    /* Control's `make SERVICE REGION {...}`: puts a resource there, as if it had long been so.
     * NULL: it has none to make. What the JSON may say stands in the service's file. */
    enum evac_code (*make)(struct evac_sandbox *sb, size_t region, const struct evac_json *json,
                           struct evac_err *err);
    /* Appends `,"name":value` members to the truth; NULL none. */
    void (*truth)(const struct evac_sandbox *sb, struct evac_buf *json);
};

#define X(NAME, name) extern const struct sb_service sb_service_##name;
SB_SERVICES(X)
#undef X

struct sb_fault {
    bool down, throttled, capacity_refused, denied;
    uint32_t slow_ms, lost, lost_mutations;
};

/* One that was put in by name and ends by itself: sandbox_faults.c. */
#define SB_NAMED_FAULTS_MAX 32u
struct sb_named_fault {
    char name[100], text[120]; /* text: "region-down us-east-1" */
    uint32_t version;          /* counts changes, for good */
    bool in;
    uint64_t until_ms;
};

struct sb_bucket { /* a token bucket of a rate limit */
    double tokens;
    uint64_t at_ms;
    bool used;
};

struct sb_region {
    char name[32];
    bool down;      /* nothing runs there and nothing answers */
    bool isolated;  /* everything runs there, and nobody outside can reach it, nor it anybody */
    int64_t lag_ms; /* of replication into it; SB_DEFAULT_LAG each service's own */
    struct sb_fault faults[SB_SERVICE_COUNT];
};

#define SB_COUNTED_MAX 8u /* limits that count the same call */

struct sb_limit;
struct sb_counter { /* an operation's in a region */
    char region[32];
    const struct sb_service *service;
    const struct sb_operation *operation;
    uint64_t received, throttled; /* throttled are not received */
    uint64_t effects, repeated;   /* repeated: the same request with no read between */
    uint64_t last_hash, reads_then;
    const struct sb_limit *limits[SB_COUNTED_MAX];
    struct sb_bucket *buckets[SB_COUNTED_MAX]; /* of those, in its region */
    size_t bucket_count;
};

struct sb_principal;
struct sb_stale; /* answers of reads, kept to be given again */
struct sb_shop;

struct evac_sandbox {
    struct evac_sandbox_options options;
    char access_key_id[64], secret_access_key[128], session_token[1024];
    struct evac_sigv4_cache keys;    /* derived from the secret, to verify with */
    uint64_t signatures;             /* that came */
    struct sb_principal *principals; /* sandbox_rights.h: whose rights are looked at */
    size_t principal_count;
    uint64_t refused;                /* requests, for want of a right */
    const char *asked[SB_ASKED_MAX]; /* rights that were asked about, each once, in order */
    size_t asked_count;
    char sessions[SB_SESSIONS_MAX][160]; /* of roles that were let in, each once: their ARNs */
    size_t session_count;
    uint64_t now_ms, random;
    uint64_t wake_ms; /* when something happens by itself next, while it is known */
    uint64_t wakes_ms[SB_SERVICE_COUNT]; /* in which service */
    bool wake_known;
    struct sb_region regions[SB_REGIONS_MAX];
    size_t region_count;
    struct sb_named_fault named_faults[SB_NAMED_FAULTS_MAX];
    size_t fault_count;
    void *state[SB_SERVICE_COUNT];
    struct sb_shop *shop;                /* NULL: without */
    struct sb_doc *docs;                 /* sandbox_docs.h */
    size_t doc_dues;                     /* of all of them */
    size_t doc_counts[SB_SERVICE_COUNT]; /* most have none, and are asked for them all the time */
    uint32_t stale_ms;
    struct sb_stale *stale;
    struct sb_counter *counters;
    size_t counter_count, counter_cap;
    struct sb_bucket *buckets;        /* sandbox_limits.c */
    uint64_t throttled;               /* requests, by limits and faults */
    uint64_t reads[SB_SERVICE_COUNT]; /* received so far, over all regions */
    uint64_t requests;
    struct evac_arena *reply_arena; /* of the last reply's headers */
    uint64_t changed;               /* counts effects: whoever caches looks here */
};

struct sb_param {
    struct evac_str name, value; /* decoded */
};

/* One AWS request being answered. Everything here dies with the call. */
struct sb_call {
    struct evac_sandbox *sb;
    const struct sb_service *service;
    enum sb_service_id id;
    const struct sb_operation *operation;
    size_t region; /* index: where it is served */
    enum evac_aws_protocol protocol;
    struct evac_arena *arena;
    const struct evac_http_request *request;
    struct evac_str path, query;          /* raw */
    struct evac_str label[SB_LABELS_MAX]; /* what {..} of the path stood for, decoded */
    struct evac_str bucket, key;          /* S3, decoded */
    struct sb_param *params;              /* form fields or query pairs */
    size_t param_count;
    const struct evac_json *json;
    const struct evac_xml *xml;
    bool anonymous, for_all;              /* for_all: signed for all regions */
    const struct sb_principal *principal; /* who asks; NULL: its rights are not looked at */

    struct evac_sandbox_reply *reply;
    struct evac_buf out;      /* the operation's result, without envelope; S3: the body */
    int status;               /* 200 unless the handler says otherwise */
    const char *content_type; /* NULL: the protocol's */
    struct evac_http_header *headers;
    size_t header_count;
    bool failed, raw; /* raw: out is the whole body */
    char request_id[40];
};

/* --- the core, for services ------------------------------------------------------------------ */

int64_t sb_wall_ms(const struct evac_sandbox *sb);
/* A duration of AWS's, as this sandbox's speed makes it. */
uint64_t sb_scaled(const struct evac_sandbox *sb, uint64_t real_ms);
uint64_t sb_random(struct evac_sandbox *sb, uint64_t below);
/* Index, or SB_REGIONS_MAX when there is none of that name. */
size_t sb_region_find(const struct evac_sandbox *sb, struct evac_str name);
const char *sb_region_name(const struct evac_sandbox *sb, size_t region);
/* What runs in `from` can talk to `to` (itself included, when it is up). */
bool sb_reaches(const struct evac_sandbox *sb, size_t from, size_t to);
/* From the internet: users, health checkers, our controller. */
bool sb_reachable(const struct evac_sandbox *sb, size_t region);
/* Replication lag into a region: what control says, else the service's own. */
uint64_t sb_lag_ms(const struct evac_sandbox *sb, size_t region, uint64_t own_ms);
const struct sb_fault *sb_fault(const struct evac_sandbox *sb, enum sb_service_id id,
                                size_t region);
/* "127.0.10.1" of the first region, and so on; what the door listens on. */
void sb_region_address(size_t region, char *ret_text, size_t bytes);
/* "2026-11-21T01:02:03.004Z", and "...03Z" */
struct evac_str sb_iso(struct evac_arena *arena, int64_t wall_ms);
struct evac_str sb_iso_s(struct evac_arena *arena, int64_t wall_ms);
/* "Fri, 02 Jan 2026 03:04:05 GMT" */
struct evac_str sb_http_date(struct evac_arena *arena, int64_t wall_ms);
/* n characters of A-Z0-9, from the sandbox's randomness. */
void sb_random_id(struct evac_sandbox *sb, char *ret_text, size_t n);
/* Zeroed, for what is large and mostly never touched; never NULL. */
void *sb_table_new(size_t bytes);
void sb_table_free(void *table); /* NULL is fine */

/* Input by path: "GlobalClusterIdentifier", "Filters.1.Values.1", "MetricDataQueries.2.Id". Lists
 * count from 1; the wire's own member names ("member", "Filter") are left out. JSON and query
 * alike. JSON numbers and booleans come as text. "" when absent; sb_has() tells. */
struct evac_str sb_in(const struct sb_call *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
bool sb_has(const struct sb_call *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int64_t sb_in_i64(const struct sb_call *c, const char *name, int64_t fallback);
bool sb_in_bool(const struct sb_call *c, const char *name, bool fallback);
/* What follows the last `at`; all of it when there is none. */
struct evac_str sb_last_part(struct evac_str s, char at);
/* Without its percent signs. */
struct evac_str sb_unescape(struct evac_arena *arena, struct evac_str s);
/* '*' in pattern is any text, '?' any one character. */
bool sb_like(struct evac_str pattern, struct evac_str text);
/* A header of the request, "" none. */
struct evac_str sb_request_header(const struct sb_call *c, const char *name);

/* Output. */
void sb_header(struct sb_call *c, const char *name, struct evac_str value); /* copied */
void sb_tag(struct evac_buf *xml, const char *name, struct evac_str value); /* <name>value</name> */
void sb_tagf(struct evac_buf *xml, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void sb_error(struct sb_call *c, int status, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Something has changed by this request: counted, and stale reads know. */
void sb_effect(struct sb_call *c);

/* Every service's advance(), at the present instant. */
void sb_move(struct evac_sandbox *sb);
/* HTTP GET without credentials, as from the internet (health checkers): status, 0 unreachable. */
int sb_look(struct evac_sandbox *sb, struct evac_str host, struct evac_str path,
            struct evac_buf *ret_body);

/* --- core's parts (sandbox_*.c) --------------------------------------------------------------- */

const struct sb_service *sb_service(enum sb_service_id id);
/* sandbox_call.c: an AWS request, from signature to envelope. */
void sb_aws(struct evac_sandbox *sb, const struct evac_http_request *request,
            struct evac_sandbox_reply *reply);
/* sandbox_limits.c: false when the limit is reached. */
bool sb_allowed(struct evac_sandbox *sb, struct sb_counter *counter);
struct sb_counter *sb_counter_of(struct evac_sandbox *sb, size_t region,
                                 const struct sb_service *service,
                                 const struct sb_operation *operation);
/* sandbox_stale.c */
bool sb_stale_again(struct sb_call *c, uint64_t hash);
void sb_stale_keep(struct sb_call *c, uint64_t hash);
void sb_stale_forget(struct evac_sandbox *sb);
/* sandbox_protocol.c: what a request asks, and an answer's envelope. */
void sb_read_input(struct sb_call *c);
void sb_write_answer(struct sb_call *c);
/* An error when the operation does not take what is there. */
void sb_check_members(struct sb_call *c);

/* --- what services and the sample app ask each other ------------------------------------------ */

/* model_rds.c: what SQL meets in a cluster. name: the global cluster's, or its own. until_ms: what
 * it has of the writer's commits. False: there is no such Aurora cluster. */
struct sb_rds_store {
    char name[64];
    bool runs, writes;
    uint64_t until_ms;
};
bool sb_rds_store(const struct evac_sandbox *sb, size_t region, struct evac_str cluster,
                  struct sb_rds_store *ret_store);
/* model_rdsdata.c: a promotion keeps what had arrived by then. */
void sb_rdsdata_cut(struct evac_sandbox *sb, const char *store, uint64_t ms);

/* model_rds.c. A global cluster whose first member is the writer; each with one instance, unless it
 * is headless. engine: "aurora-postgresql", "aurora-mysql", "docdb", "neptune". */
struct sb_rds_member {
    const char *region, *cluster;
    bool headless;
};
void sb_rds_global(struct evac_sandbox *sb, const char *id, const char *engine,
                   const struct sb_rds_member *members, size_t count);
/* The cluster in that region would accept a write from an app there, now: it runs, and believes
 * itself to be the writer. Two may, when a region was cut off. */
bool sb_rds_accepts_writes(const struct evac_sandbox *sb, size_t region, const char *cluster);
/* The last promotion that could lose data: whose writes after cut_ms are gone. False: none yet. */
bool sb_rds_lossy(const struct evac_sandbox *sb, size_t *ret_old_region, uint64_t *ret_cut_ms);
/* The region's youngest DB instance of that name, or of one that begins with it, was restored, and
 * has what was written until then; made_ms: wall, when. */
bool sb_rds_restored(const struct evac_sandbox *sb, size_t region, const char *instance,
                     int64_t *ret_made_ms, uint64_t *ret_cut_ms);
/* It answers reads. */
bool sb_rds_answers(const struct evac_sandbox *sb, size_t region, const char *cluster);

/* model_dynamodb.c. A table with a replica in each of those regions; "pk" is its key. False: it can
 * not be made. */
bool sb_dynamodb_global(struct evac_sandbox *sb, const char *table, const char *const *regions,
                        size_t count, bool strong);
/* A write from an app in that region would be taken, now: of a table with eventual consistency also
 * while the region is cut off. */
bool sb_dynamodb_accepts_writes(const struct evac_sandbox *sb, size_t region, const char *table);
/* An app's row, by its partition key. False: it was not taken. What was taken travels to the other
 * regions as AWS's does. */
bool sb_dynamodb_write(struct evac_sandbox *sb, size_t region, const char *table, const char *key,
                       const char *value);
/* What the region has of it; false: nothing, or it does not answer. Borrowed until the next change.
 */
bool sb_dynamodb_read(const struct evac_sandbox *sb, size_t region, const char *table,
                      const char *key, struct evac_str *ret_value);

/* model_ecs.c */
void sb_ecs_service(struct evac_sandbox *sb, const char *region, const char *cluster,
                    const char *service, int count);
int sb_ecs_running(const struct evac_sandbox *sb, size_t region, const char *cluster,
                   const char *service);

/* model_autoscaling.c. What stands in a group's ARN before its name. */
#define SB_ASG_ARN "autoScalingGroup:00000000-0000-4000-8000-000000000000:autoScalingGroupName/"
void sb_asg_group(struct evac_sandbox *sb, const char *region, const char *group, int min, int max,
                  int desired);
int sb_asg_in_service(const struct evac_sandbox *sb, size_t region, const char *group);
/* The instance is in service in some group. */
bool sb_asg_runs(const struct evac_sandbox *sb, size_t region, struct evac_str id);

/* model_elbv2.c: by the target group's name; what is not there is left out. */
void sb_elbv2_register(struct evac_sandbox *sb, size_t region, const char *group, const char *id,
                       bool healthy);
void sb_elbv2_deregister(struct evac_sandbox *sb, size_t region, const char *group, const char *id);
struct evac_str sb_elbv2_group_arn(struct sb_call *c, const char *group);
/* NULL: there is none of that ARN where the call is served. */
const char *sb_elbv2_group_name(struct sb_call *c, struct evac_str arn);

/* model_ec2_instances.c: the instance is in the state running. */
bool sb_ec2_runs(const struct evac_sandbox *sb, size_t region, struct evac_str id);

/* model_kubernetes.c: a cluster's own API, at http://(this sandbox)/_kubernetes/REGION/CLUSTER. */
#define SB_KUBERNETES_PATH "/_kubernetes/"
/* EKS has such a cluster there. */
bool sb_kubernetes_has(const struct evac_sandbox *sb, size_t region, struct evac_str cluster);
/* An error unless who asks has a token that is good for that cluster, now. */
void sb_kubernetes_admit(struct sb_call *c, struct evac_str cluster);

/* model_opensearch.c: a domain's own API, at http://(this sandbox)/_opensearch/REGION/DOMAIN. */
#define SB_OPENSEARCH_PATH "/_opensearch/"

/* model_servicequotas.c: what an account may have there. */
double sb_quota(const struct evac_sandbox *sb, size_t region, const char *service,
                const char *code);

/* model_iam.c: the ARN of whoever calls. */
const char *sb_iam_caller(const struct evac_sandbox *sb);

/* model_s3.c */
void sb_s3_bucket(struct evac_sandbox *sb, const char *region, const char *bucket, bool versioned,
                  bool public_read);
/* Both directions of a replicated pair are two calls. prefix "" all. */
void sb_s3_replicate(struct evac_sandbox *sb, const char *from_bucket, const char *to_bucket,
                     const char *prefix);
void sb_s3_put(struct evac_sandbox *sb, const char *bucket, const char *key, struct evac_str body);
/* The object's body as it is; false: none. Borrowed until the next change. */
bool sb_s3_peek(const struct evac_sandbox *sb, const char *bucket, const char *key,
                struct evac_str *ret_body);
/* The ETag of what it is now, a digest of its content; NULL when there is none. */
const char *sb_s3_etag(const struct evac_sandbox *sb, const char *bucket, const char *key);
size_t sb_s3_region(const struct evac_sandbox *sb, struct evac_str bucket);
/* An anonymous GET of the object: status. */
int sb_s3_anonymous(struct evac_sandbox *sb, struct evac_str bucket, struct evac_str key,
                    struct evac_buf *ret_body);

/* model_route53.c. Zone ids without prefix. */
struct sb_record {
    const char *name, *type;    /* "shop.example.com", "A" */
    const char *set_identifier; /* NULL simple */
    const char *failover;       /* "PRIMARY", "SECONDARY", NULL */
    int weight;                 /* -1 none */
    uint32_t ttl_s;
    const char *value;
    const char *health_check;                      /* id, NULL none */
    const char *latency;                           /* the Region of a latency set */
    const char *continent, *country, *subdivision; /* of a geolocation set; country "*" default */
    bool multivalue;
};
void sb_route53_zone(struct evac_sandbox *sb, const char *id, const char *name);
void sb_route53_record(struct evac_sandbox *sb, const char *zone, const struct sb_record *record);
/* Whatever has the name is gone; does anything have it, as the API would tell? */
void sb_route53_no_record(struct evac_sandbox *sb, const char *zone, const char *name);
bool sb_route53_has(const struct evac_sandbox *sb, const char *zone, const char *name);
struct sb_health_check {
    const char *id, *type; /* "HTTP_STR_MATCH" */
    const char *host, *path, *search;
    uint16_t port;
    bool inverted;
    uint32_t interval_s, threshold;
    const char *routing_control; /* ARN, of RECOVERY_CONTROL */
};
void sb_route53_health_check(struct evac_sandbox *sb, const struct sb_health_check *check);
/* What the world is told for an A question, as text; false: no such name or no address. */
bool sb_route53_answer(const struct evac_sandbox *sb, const char *name, char *ret_address,
                       size_t bytes);

/* model_recoverycluster.c: the newest state of a routing control; false when there is none. */
bool sb_routing_control_on(const struct evac_sandbox *sb, struct evac_str arn);

/* model_cloudwatch.c. dimensions: "DBClusterIdentifier=shop-db-usw2", several with commas. */
void sb_cloudwatch_put(struct evac_sandbox *sb, size_t region, const char *name_space,
                       const char *metric, const char *dimensions, double value, int64_t wall_ms);

/* model_tagging.c: a resource's tags, by its ARN, kept where they are listed. False: there are too
 * many documents; there is no such tag. */
bool sb_tag_resource(struct evac_sandbox *sb, size_t region, const char *arn, const char *key,
                     const char *value);
bool sb_resource_tag(const struct evac_sandbox *sb, size_t region, struct evac_str arn,
                     struct evac_str key, struct evac_str *ret_value);

/* shop.c */
struct sb_shop *sb_shop_new(struct evac_sandbox *sb, uint16_t port);
void sb_shop_free(struct sb_shop *shop);
void sb_shop_advance(struct evac_sandbox *sb);
uint64_t sb_shop_wake(const struct evac_sandbox *sb);
void sb_shop_truth(const struct evac_sandbox *sb, struct evac_buf *json);
/* Answers when host is one of its own: local is the region that the connection came in on. */
/* "app shop renew 1000": how long its permission to write lasts. */
/* Whether a word of a control is one: what is REGION, SERVICE or MS. */
enum evac_code sb_control_check(struct evac_sandbox *sb, struct evac_str text, struct evac_str what,
                                struct evac_err *err);

/* --- faults with a name and an end (sandbox_faults.c) --- */

/* "NAME [if VERSION] for TIME KIND ...", "NAME [if VERSION] out", "NAME check KIND ..."; STALE when
 * the version is another by now. */
enum evac_code sb_faults_control(struct evac_sandbox *sb, struct evac_str rest,
                                 struct evac_err *err);
uint64_t sb_faults_wake(const struct evac_sandbox *sb);
void sb_faults_advance(struct evac_sandbox *sb);
/* "NAME VERSION in LEFT_MS KIND ..." or "NAME VERSION out", a line each. */
void sb_faults_list(const struct evac_sandbox *sb, struct evac_buf *out);
/* What there is, a line each. */
void sb_faults_kinds(struct evac_buf *out);

enum evac_code sb_shop_control(struct evac_sandbox *sb, struct evac_str command,
                               struct evac_err *err);
bool sb_shop_http(struct evac_sandbox *sb, struct evac_str host, size_t local, struct evac_str path,
                  struct evac_sandbox_reply *reply);

#endif

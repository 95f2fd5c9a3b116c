/*
 * What every AWS driver in these folders shares: the pack's link, one open call, and the ways to
 * answer it. A driver is two tables (its contract in evac/driver.h, its handlers here) and the
 * handlers; it sends requests with aws_send(), and each reply goes on where its handler says.
 *
 * A handler either refuses (returns a code: the call was never accepted) or starts exactly one
 * thing that will go on later: aws_send() or aws_answer_later(). After that, exactly one of the
 * aws_answer...() ends the call and frees it.
 */
#ifndef EVAC_AWS_PACK_H
#define EVAC_AWS_PACK_H

#include "aws.h"
#include "evac/arena.h"
#include "evac/driver.h"

extern const struct evac_pack evac_pack_aws;

/* The drivers of this pack, a line each: evac_driver_<name>. */
/* clang-format off */
#define AWS_DRIVERS(X) \
    X(acm) \
    X(api_gateway) \
    X(app_scaling) \
    X(asg) \
    X(aurora) \
    X(aurora_restore) \
    X(backup) \
    X(cloudfront) \
    X(cloudfront_kvs) \
    X(cloudwatch) \
    X(cloudwatch_alarm) \
    X(docdb) \
    X(drs) \
    X(dynamodb) \
    X(ec2) \
    X(ecr) \
    X(ecs) \
    X(efs) \
    X(eks) \
    X(elasticache) \
    X(elbv2) \
    X(events) \
    X(fis) \
    X(global_accelerator) \
    X(health) \
    X(health_check) \
    X(iam) \
    X(kinesis) \
    X(kms) \
    X(kubernetes) \
    X(lambda) \
    X(memorydb) \
    X(mrap) \
    X(neptune) \
    X(opensearch) \
    X(quota) \
    X(rds) \
    X(region_switch) \
    X(route53) \
    X(routing_control) \
    X(s3) \
    X(s3_batch) \
    X(s3_go) \
    X(s3_metrics) \
    X(scheduler) \
    X(secret) \
    X(sns) \
    X(sqs) \
    X(ssm) \
    X(stepfunctions)

/* clang-format on */
#define X(name) extern const struct evac_driver evac_driver_##name;
AWS_DRIVERS(X)
#undef X

/* drivers/aws/discover: see evac/driver.h. */
enum evac_code aws_discover(struct evac_link *link, const struct evac_query *query,
                            evac_said_fn *said, evac_findings_fn *done, void *user,
                            struct evac_err *err);

/* drivers/aws/cloudwatch/cw_publish.c: see evac/driver.h. */
enum evac_code aws_publish(struct evac_link *link, const struct evac_publication *what,
                           evac_done_fn *done, void *user, struct evac_err *err);

struct aws_call;
struct aws_gathering;
struct aws_lever;
struct aws_member;
struct aws_server;
struct aws_parity;
struct aws_shot;
typedef void aws_reply_fn(struct aws_call *c, const struct evac_aws_reply *reply);
typedef void aws_then_fn(struct aws_call *c);

struct evac_link {
    const struct evac_host *host;
    struct evac_aws *aws;
    struct aws_call *calls; /* open ones */
    uint64_t next_id;
    struct aws_note *notes; /* see aws_note_set() */
    size_t note_count, note_room;
    struct aws_gathering *gatherings; /* aws_gather.h */
};

/* One open call. Everything it points at lives in arena, and dies with it. */
struct aws_call {
    struct aws_call *next;
    struct evac_link *link;
    struct evac_arena *arena;
    uint64_t id, sent_id; /* sent_id: the exchange that is on its way, 0 none */
    enum evac_verb verb;
    const char *action;
    struct evac_args args;
    struct evac_str app, region, from, to, mode, goal, version;
    const char *token;
    uint64_t deadline_ms;
    int64_t marker;
    int64_t ahead_ms; /* how far AWS's clock is ahead of ours, by the last answer's Date */
    struct evac_json *goal_root;   /* a lever's: the goal, read; freed with the call */
    const struct aws_lever *lever; /* of the action, NULL none */
    const struct aws_shot *shot;
    const struct aws_parity *parity;
    const struct evac_driver *driver;
    const struct evac_op *ops;   /* what the action, or measuring, may ask: nothing else is sent */
    const struct evac_op *asked; /* the last of them */
    struct aws_server *servers;  /* see aws_server_add() */
    void *state;                 /* the driver's own, in arena */
    void *helper;                /* a helper's of this header, in arena */
    struct evac_str request_id;  /* of the last exchange */
    struct evac_str denied;      /* the first right that was missing, in a sentence; "" none */
    aws_reply_fn *on_reply;
    struct aws_member *member; /* of a gathering, while its exchange is shared; NULL */
    aws_then_fn *then;         /* of a DNS question or a timer */
    const struct evac_dns_reply *dns;
    bool cancelled;
    evac_done_fn *done;
    void *user;
};

typedef enum evac_code aws_start_fn(struct aws_call *c, struct evac_err *err);

/* What a driver does for an action. action "" is for MEASURE, MARK and SEEK. NULL: it can not. */
struct aws_handlers {
    const char *action; /* NULL ends the table */
    aws_start_fn *observe, *apply;
    aws_start_fn *measure, *mark, *seek;
    const struct aws_lever *lever;   /* aws_lever.h: observe and apply, when those are NULL */
    const struct aws_shot *shot;     /* the same for what is not a state */
    const struct aws_parity *parity; /* aws_parity.h: observe, when that is NULL */
};

/* A driver's call and its table, where there is nothing special about them. */
#define AWS_CALL(name, handlers)                                                                   \
    static enum evac_code name(struct evac_link *link, const struct evac_call *what,               \
                               evac_done_fn *done, void *user, uint64_t *ret_id,                   \
                               struct evac_err *err)                                               \
    {                                                                                              \
        return aws_run(link, handlers, name, what, done, user, ret_id, err);                       \
    }

typedef enum evac_code aws_call_fn(struct evac_link *link, const struct evac_call *call,
                                   evac_done_fn *done, void *user, uint64_t *ret_id,
                                   struct evac_err *err);
/* A driver's whole call(): opens one, finds its handler, runs it. whose: the driver's call itself,
 * which tells whose table allows what is asked (aws_allow.h). */
enum evac_code aws_run(struct evac_link *link, const struct aws_handlers *table, aws_call_fn *whose,
                       const struct evac_call *call, evac_done_fn *done, void *user,
                       uint64_t *ret_id, struct evac_err *err);
void aws_cancel(struct evac_link *link, uint64_t id);

/* --- asking ---------------------------------------------------------------------------------- */

/* The first exchange of a call: its refusal is the handler's refusal. */
enum evac_code aws_send(struct aws_call *c, const struct evac_aws_request *request,
                        aws_reply_fn *on_reply, struct evac_err *err);
/* A further one, from inside a reply: a refusal answers the call (unseen, or not sent). */
void aws_next(struct aws_call *c, const struct evac_aws_request *request, aws_reply_fn *on_reply);
/* The call is told a reply, as if it had asked alone. */
void aws_replied(struct aws_call *c, const struct evac_aws_reply *reply);
/* Sent as for this call, but who is told is the sender's. */
enum evac_code aws_send_as(struct aws_call *c, const struct evac_aws_request *request,
                           evac_aws_done_fn *done, void *user, uint64_t *ret_id,
                           struct evac_err *err);
/* From inside a reply: start, as if it began the call. Its refusal answers the call. */
void aws_start(struct aws_call *c, aws_start_fn *start);
/* That answer: nothing was seen, or sent, and why. */
void aws_start_failed(struct aws_call *c, const struct evac_err *err);
/* From now on the call's requests in region go to that server, when their service has no endpoint.
 * server lives as long as the call. */
void aws_server_add(struct aws_call *c, struct evac_str region,
                    const struct evac_aws_server *server);
/* The records of a name ("A", "AAAA"), asked of "" the system's resolver or "address:port"; then
 * finds them in c->dns. */
void aws_resolve(struct aws_call *c, struct evac_str name, const char *type, struct evac_str server,
                 aws_then_fn *then);
/* Same, as the first thing of a call. */
enum evac_code aws_resolve_first(struct aws_call *c, struct evac_str name, const char *type,
                                 struct evac_str server, aws_then_fn *then, struct evac_err *err);

/* --- answering ------------------------------------------------------------------------------- */

/* Ends the call. verb and request_id are filled in here. */
void aws_answer(struct aws_call *c, const struct evac_reply *reply);
/* then runs on the loop's next turn: for what needs no exchange. */
enum evac_code aws_answer_later(struct aws_call *c, aws_then_fn *then, struct evac_err *err);

/* OBSERVE: what was seen, with a reason in words. snapshot and version may be EVAC_STR_NONE. */
struct aws_sight {
    enum evac_seen seen;
    bool strong;
    int progress;        /* -1: can not be told. Mind that 0 means nothing done yet. */
    uint32_t over_in_ms; /* MOVING: it is not over sooner; 0 not known */
    struct evac_str snapshot, version, code;
    const struct evac_fact *facts;
    size_t fact_count;
};
void aws_answer_seen(struct aws_call *c, const struct aws_sight *sight, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* MEASURE: how far behind it is, as of an instant; or, when that is not known, unseen. */
void aws_answer_lag(struct aws_call *c, bool known, int64_t lag_ms, int64_t as_of_wall_ms,
                    const char *reason);
/* UNSEEN, with what the service or the transport said; for OBSERVE, MEASURE and SEEK. */
void aws_answer_unseen(struct aws_call *c, const struct evac_aws_reply *reply);
/* APPLY and MARK: the reply's outcome as it is. */
void aws_answer_outcome(struct aws_call *c, const struct evac_aws_reply *reply);
/* The same when an earlier change of the same attempt was accepted: never that it had no effect.
 * What is missing is seen by the next look. */
void aws_answer_partly(struct aws_call *c, const struct evac_aws_reply *reply);
/* APPLY: certain that it had no effect: nothing was sent, or a guard refused. */
void aws_answer_rejected(struct aws_call *c, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* APPLY, before anything mutating was sent: the look that it needs did not work. */
void aws_answer_not_sent(struct aws_call *c, const struct evac_aws_reply *reply);
/* The look that a call begins with did not work: unseen; of an APPLY not sent. */
void aws_answer_no_look(struct aws_call *c, const struct evac_aws_reply *reply);
/* Whether that look worked; false: answered so. */
bool aws_looked(struct aws_call *c, const struct evac_aws_reply *reply);
/* APPLY: accepted, and nothing had to be sent. */
void aws_answer_already(struct aws_call *c);

/* --- behind a load balancer ------------------------------------------------------------------ */

/* A target group's targets. What drains is on its way out, and not registered any more. */
struct aws_targets {
    const struct evac_aws_reply *failed; /* could not be looked at; lives until then() returns */
    bool found;                          /* there is such a group */
    size_t registered, healthy, initial, draining;
    const struct evac_str *healthy_ids;
    struct evac_str problem; /* of the first that is neither healthy nor new */
};
typedef void aws_targets_fn(struct aws_call *c, const struct aws_targets *targets);
/* Looks at a target group of the call's region, by name or ARN, and goes on at then. */
enum evac_code aws_targets_first(struct aws_call *c, struct evac_str group, aws_targets_fn *then,
                                 struct evac_err *err);
void aws_targets_next(struct aws_call *c, struct evac_str group, aws_targets_fn *then);
/* What those two call, for a driver's list of operations. */
/* clang-format off */
#define AWS_TARGETS_OPS \
    { "elbv2", "DescribeTargetGroups", "elasticloadbalancing:DescribeTargetGroups", EVAC_HOME_STEP, NULL, true, false }, \
    { "elbv2", "DescribeTargetHealth", "elasticloadbalancing:DescribeTargetHealth", EVAC_HOME_STEP, NULL, true, false }
/* clang-format on */

/* --- instance types --------------------------------------------------------------------------- */

/* failed: it could not be looked at; lives until then() returns. */
typedef void aws_offered_fn(struct aws_call *c, const struct evac_aws_reply *failed, bool offered);
/* Whether EC2 has such instances in a zone of the call's region; "" anywhere in it. */
void aws_offered_next(struct aws_call *c, struct evac_str type, struct evac_str zone,
                      aws_offered_fn *then);

/* --- small things ---------------------------------------------------------------------------- */

/* Text that lives as long as the call. */
struct evac_str aws_printf(struct aws_call *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* An argument of the driver's own, for templates. */
void aws_set_arg(struct aws_call *c, const char *name, struct evac_str value);
/* A regional parameter for the call's region ("clusters.us-west-2", else "clusters"). */
struct evac_str aws_regional(const struct aws_call *c, const char *name);
/* A list's elements (a JSON array of texts), or the one that a plain text is; at most max of them.
 * They live as long as the call. */
enum evac_code aws_list(struct aws_call *c, struct evac_str text, struct evac_str *ret_items,
                        size_t max, size_t *ret_count, struct evac_err *err);
/* A list parameter has that element. */
bool aws_lists(const struct aws_call *c, const char *name, struct evac_str value);
/* A count: a number, or the name of one of the resource's "<group>.<name>" entries. -1 and err when
 * it is neither. */
enum evac_code aws_count(const struct aws_call *c, const char *want, const char *group,
                         int64_t *ret_count, struct evac_err *err);
/* How big something should be: want.count (a number, or a name in the resource's count) and
 * want.minimum_percent; or what the goal says. Exactly so many where the app was left and where a
 * rollback restores what was; at least so many where it is taken over. */
struct aws_wanted {
    int64_t count, enough; /* enough: that share of count */
    bool exact;
};
enum evac_code aws_wanted(struct aws_call *c, struct aws_wanted *ret_wanted, struct evac_err *err);
/* The settings that aws_wanted() reads. */
/* EVAC_HOURLY as a snapshot's further member, with a comma before it; "" where each is. each is
 * JSON's members: "\"ec2/m5.large\":1". */
struct evac_str aws_hourly(struct aws_call *c, int64_t have, struct evac_str each);

#define AWS_SCALE_PARAMS                                                                           \
    { "count",                                                                                     \
      EVAC_PARAM_TEXT,                                                                             \
      EVAC_PARAM_REQUIRED,                                                                         \
      NULL,                                                                                        \
      NULL,                                                                                        \
      "how many: a number, or a name in the resource's count" },                                   \
    {                                                                                              \
        "minimum_percent", EVAC_PARAM_INT, 0, "100", NULL,                                         \
            "enough when this share of them is there"                                              \
    }
extern const struct evac_param aws_scale_params[];

/* A look at a region that was left (EVAC_ACTION_STILL). params: what the resource must declare. */
#define AWS_STILL_ACTION(doc, params, ops)                                                         \
    {                                                                                              \
        EVAC_ACTION_STILL, doc, 0, EVAC_FENCING_NONE, 2000, 60000, params, ops                     \
    }
/* Of what has counts: a standby's. */
extern const struct evac_param aws_still_params[];
/* "" when no more of what run there than a standby's count. */
const char *aws_still_more(struct aws_call *c, int64_t runs, const char *what, int64_t standby);
/* Data: it accepts writes there, or not. why: "" when not. */
void aws_still_answer(struct aws_call *c, struct evac_str snapshot, bool writes, const char *why);

/* The goal as JSON, NULL when there is none. Give it to evac_json_free(). */
struct evac_json *aws_goal(const struct aws_call *c);
/* The member of a JSON goal, fallback when there is no goal or no such member. */
int64_t aws_goal_i64(const struct aws_call *c, const char *member, int64_t fallback);
/* Query parameters: { "Name", value } pairs. */
#define AWS_PARAM(n, v)                                                                            \
    {                                                                                              \
        EVAC_STR(n), (v)                                                                           \
    }
/* "Z123" of "/hostedzone/Z123". */
struct evac_str aws_tail(struct evac_str path);
/* Server's Date header in ms, or the host's wall clock when there is none. */
int64_t aws_server_ms(const struct aws_call *c, const struct evac_aws_reply *reply);

/*
 * What a service gave us to remember, such as a change's id: by key, in this process only, at most
 * 256, oldest forgotten first; a key of at most 159 bytes, a value of at most 8,191. A driver must
 * do without it after a restart.
 */
void aws_note_set(struct evac_link *link, struct evac_str key, struct evac_str value);
struct evac_str aws_note_get(const struct evac_link *link, struct evac_str key);
void aws_notes_done(struct evac_link *link); /* the pack's own, at its end */

#endif

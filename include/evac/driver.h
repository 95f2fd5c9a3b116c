/*
 * The driver contract. A driver knows one kind of resource ("aurora"), and for each action on it
 * answers two questions: what is it now (observe), and move it (apply). It holds no policy: the
 * engine decides when to call, how often to retry, when to give up. It has no sleeps, clocks,
 * sockets or logs of its own: it asks the host it is lent.
 *
 * call() either refuses (done never runs) or accepts, and done runs exactly once, later, on the
 * loop's thread, never from inside call(). cancel() only asks: done still runs, with whatever
 * turned out to be true. What a reply points at lives until done returns. Calls may be open at the
 * same time, also for the same resource.
 */
#ifndef EVAC_DRIVER_H
#define EVAC_DRIVER_H

#include "evac/args.h"
#include "evac/discover.h"
#include "evac/err.h"
#include "evac/host.h"

#define EVAC_DRIVER_ABI 1u

/* What a call asks.
 * MEASURE: replication lag of the resource from `from` to `to` (facts "lag_ms", "as_of_wall_ms").
 * MARK: write canary marker number `marker` through the data store in region.
 * SEEK: the newest canary marker that can be read in region (fact "marker", "as_of_wall_ms"; -1
 * none). */
#define EVAC_VERBS(X)                                                                              \
    X(OBSERVE, "observe")                                                                          \
    X(APPLY, "apply")                                                                              \
    X(MEASURE, "measure")                                                                          \
    X(MARK, "mark")                                                                                \
    X(SEEK, "seek")

/* What an observe saw. */
#define EVAC_SEEN(X)                                                                               \
    X(SATISFIED, "satisfied")                                                                      \
    X(UNSATISFIED, "unsatisfied")                                                                  \
    X(MOVING, "moving")                                                                            \
    X(BLOCKED, "blocked")                                                                          \
    X(UNSEEN, "unseen") /* could not look: nothing is known */

/* What an apply was told. UNKNOWN is not a failure: the change may have happened, or may yet.
 * REJECTED is certain that this attempt had no effect; so are THROTTLED and NOT_SENT. */
#define EVAC_OUTCOMES(X)                                                                           \
    X(ACCEPTED, "accepted")                                                                        \
    X(THROTTLED, "throttled")                                                                      \
    X(NOT_SENT, "not sent")                                                                        \
    X(REJECTED, "rejected")                                                                        \
    X(UNKNOWN, "unknown")

/* What the service does with a request that arrives late, after the world has moved on. */
#define EVAC_FENCINGS(X)                                                                           \
    X(NONE, "none")           /* last writer wins */                                               \
    X(STATE, "state-guarded") /* the wrong state gives a typed refusal */                          \
    X(TOKEN, "token")         /* same token, same effect */                                        \
    X(VERSION, "versioned")   /* the server refuses a stale version */

#define X(name, text) EVAC_VERB_##name,
enum evac_verb { EVAC_VERBS(X) EVAC_VERB_COUNT };
#undef X
#define X(name, text) EVAC_SEEN_##name,
enum evac_seen { EVAC_SEEN(X) EVAC_SEEN_COUNT };
#undef X
#define X(name, text) EVAC_OUTCOME_##name,
enum evac_outcome { EVAC_OUTCOMES(X) EVAC_OUTCOME_COUNT };
#undef X
#define X(name, text) EVAC_FENCING_##name,
enum evac_fencing { EVAC_FENCINGS(X) EVAC_FENCING_COUNT };
#undef X

const char *evac_verb_name(enum evac_verb verb);
const char *evac_seen_name(enum evac_seen seen);
const char *evac_outcome_name(enum evac_outcome outcome);
const char *evac_fencing_name(enum evac_fencing fencing);

/* A number that an observation found, for gates, conditions and reports. */
struct evac_fact {
    const char *name; /* from the driver's tables: static */
    int64_t value;
};

struct evac_call {
    enum evac_verb verb;
    const char *action; /* name within the driver: "promote"; "" for MEASURE, MARK, SEEK */
    const struct evac_args *args; /* resource's own, "want.*" of the step, and app, region, from,
                                     to, mode, run; fenced, see below */
    struct evac_str goal;    /* empty: reach what args want. Otherwise a snapshot that an observe of
                                this action gave: the goal is to be as it was then (rollback) */
    struct evac_str version; /* APPLY: the version that the deciding observation saw, "" if none */
    const char *token;    /* attempt id, [a-z2-7]{25}: the idempotency token where there is one */
    uint64_t deadline_ms; /* host's now_ms by which the engine stops waiting */
    int64_t marker;       /* MARK */
};

struct evac_reply {
    enum evac_verb verb;
    enum evac_seen seen;       /* OBSERVE; MEASURE, SEEK: SATISFIED (facts hold) or UNSEEN */
    enum evac_outcome outcome; /* APPLY, MARK */
    struct evac_str
        reason; /* a sentence for people: why blocked, rejected, unseen; what it waits for */
    struct evac_str code; /* the service's own error code, "" if none */
    struct evac_str
        snapshot; /* OBSERVE: canonical JSON object of what is there now; enough to restore */
    struct evac_str version; /* OBSERVE: the service's version of it, "" if it has none */
    bool strong;  /* OBSERVE: read is strongly consistent or versioned: closes a step alone */
    int progress; /* 0..100, -1 when it can not be told */
    struct evac_str request_id; /* of the last exchange, for the journal */
    uint32_t retry_after_ms;    /* THROTTLED: 0 when the service did not say. OBSERVE, MOVING: it is
                                   not over sooner, and is looked at then; 0 not known */
    const struct evac_fact *facts;
    size_t fact_count;
};

typedef void evac_done_fn(void *user, const struct evac_reply *reply);

enum evac_param_type {
    EVAC_PARAM_TEXT,
    EVAC_PARAM_INT,
    EVAC_PARAM_BOOL,
    EVAC_PARAM_DURATION,
    EVAC_PARAM_LIST, /* of texts */
    EVAC_PARAM_CHOICE,
};

enum {
    EVAC_PARAM_REQUIRED = 1u << 0,
    EVAC_PARAM_REGIONAL = 1u << 1, /* may be a group with one entry a region */
    EVAC_PARAM_GROUP =
        1u << 2, /* is a group of free keys, as count = { active = 6; standby = 1; } */
    /* In an action's params: not something that a step wants, but a parameter of the resource's own
     * without which this action is not for that resource. A runbook's step for all ("*.pause")
     * passes such a resource over; a step that names the type is refused. Its name may be several,
     * with '|' between: one of them is enough. */
    EVAC_PARAM_OF_RESOURCE = 1u << 3,
};

/* A resource's parameter must not be called app, fenced, fenced_now, from, mode, region, run, to,
 * want or witness: those are the controller's own arguments. fenced is the wall ms, by the
 * controller's clock, from which nothing writes in `from` any more: given only while a real move is
 * planned (mode graceful) and its fence stands. It never changes, so it is good for names and
 * tokens. fenced_now is the same instant by that clock as it goes now, which may have been set
 * since: this is what times of now are compared with. It is never too early. */
struct evac_param {
    const char *name; /* NULL ends the list */
    enum evac_param_type type;
    uint32_t flags;
    const char *fallback; /* default as text, NULL if none */
    const char *choices;  /* CHOICE: "a|b|c" */
    const char *doc;
};

/* Where an API operation is served from. */
enum evac_home {
    EVAC_HOME_TO,     /* the region that the step acts on, and it is the one taking over */
    EVAC_HOME_FROM,   /* the region being left */
    EVAC_HOME_STEP,   /* whichever region the step acts on */
    EVAC_HOME_FIXED,  /* a control plane that lives in one region: home_region */
    EVAC_HOME_GLOBAL, /* a global data plane: no one region */
    EVAC_HOME_NONE,   /* not an AWS call */
};

/* One API operation that an action may call: for lint, IAM policies, budgets and the allow-list. */
struct evac_op {
    const char *service;   /* "rds"; NULL ends the list */
    const char *operation; /* "FailoverGlobalCluster" */
    const char *iam;       /* "rds:FailoverGlobalCluster", several separated by spaces */
    enum evac_home home;
    const char *home_region; /* FIXED only */
    bool control_plane;
    bool mutates;
    const char *when; /* "switch=record": called only where the argument has that value, of the
                         region that it is served from where each has its own; "endpoint=" where it
                         has none, "!endpoint=" where it has one. NULL: always. Several, separated
                         by spaces: all of them */
};

enum {
    EVAC_ACTION_MUTATES = 1u << 0,
    EVAC_ACTION_REVERSIBLE = 1u << 1, /* apply can restore a snapshot */
    EVAC_ACTION_PROMOTES = 1u << 2,   /* makes data writable elsewhere: must be fenced before */
    EVAC_ACTION_LOSSY = 1u << 3,      /* may lose data: passes the RPO gate */
    EVAC_ACTION_FENCES = 1u << 4,     /* stops the old side from writing */
    EVAC_ACTION_TRAFFIC = 1u << 5,    /* moves users */
    EVAC_ACTION_VERIFIES = 1u << 6,   /* proves that the new side serves and writes */
    EVAC_ACTION_PUBLIC = 1u << 7,     /* looks as a user does: satisfied means recovered,
                                         once users were moved (phase traffic, or later) */
    EVAC_ACTION_BLIND = 1u << 8, /* not a state: can not be observed, only its own journal knows */
    /* Given `fenced`, a LOSSY one is not UNSATISFIED before all that was written until then is
     * there, so a planned move loses nothing. Its fact as_of_wall_ms says up to when everything is
     * in what is, or would be, taken over. (Bits between are the plan's own.) */
    EVAC_ACTION_WAITS = 1u << 12,
    EVAC_ACTION_UNBILLED = 1u << 13, /* what it changes costs nothing by the hour: requests alone */
};

/* A look at a region that was left, which a driver may have under this name: SATISFIED when its
 * resource takes no writes there, leads no users there, and runs no more than a standby. Otherwise
 * UNSATISFIED with a reason, and the fact "writes", not 0, when it accepts writes: that region's
 * data may have gone its own way. The controller asks now and then until somebody says that the
 * two are reconciled. */
#define EVAC_ACTION_STILL "still"

/* A member that the snapshot of a look may have, of an action that changes nothing: what one more
 * of the resource is billed by. {"in":"us-west-2","have":1,"each":{"fargate/vcpu":0.25}}: how many
 * there are in that region, and for each unit how many of it one more costs an hour. An action that
 * wants a "count" then adds so many times what its want is above that; prices come from a file of
 * facts. Estimates alone are made from it. */
#define EVAC_HOURLY "hourly"

/* A message to people or to systems, which a driver may have under this name: the controller's
 * notifications then go through it, too. BLIND. Wanted are: id (the same at each attempt of a
 * message: it may be the token of a service that knows repeats), key (of the matter), state
 * (trigger, acknowledge, resolve, news), kind, severity, about (an app, or "fleet"), subject (one
 * line of ASCII, at most 99 bytes), text, and all of it as json. */
#define EVAC_ACTION_TELL "tell"
#define EVAC_TELL_PARAMS                                                                           \
    { "id", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "the message's id" },                \
        { "key", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "the matter's key" },           \
        { "state", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "trigger, resolve, ..." },    \
        { "kind", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "what it is about" },          \
        { "severity", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "how much it matters" },   \
        { "about", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "an app, or fleet" },         \
        { "subject", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "one line of ASCII" },      \
        { "text", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "for people" },                \
    {                                                                                              \
        "json", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "all of it"                      \
    }

struct evac_action {
    const char *name; /* "promote"; NULL ends the list */
    const char *doc;
    uint32_t flags;
    enum evac_fencing fencing;
    uint32_t usual_ms;               /* typical duration */
    uint32_t deadline_ms;            /* default deadline */
    const struct evac_param *params; /* what a step may want; NULL if nothing */
    const struct evac_op *ops;       /* NULL if none */
    /* What a person types, without evac, to put back what a run that was given up left of it, or to
     * delete what it made: a shell command with holes. <name> is an argument of the call (the
     * region's own where it has one), <run> the run's number, <was.desired> a member of the
     * snapshot from before (dots lead deeper, numbers into lists). A command with <each.tasks>
     * stands once for each member of the snapshot's "tasks", with its name there (a list's: the
     * element); <its.desired> is a member of that one, <its> itself. <each.tasks:running> only for
     * those that are "running", <each.tasks:state=running> whose state is. Commands are joined by
     * " && ". NULL: nothing is left, or no command puts it back. */
    const char *clear;
};

struct evac_link;

struct evac_driver {
    const char *name; /* the resource type that a configuration writes: "aurora" */
    const char *doc;
    const struct evac_param *params; /* what a resource of this type declares */
    const struct evac_action *actions;
    uint32_t verbs; /* bit (1u << EVAC_VERB_x) for MEASURE, MARK, SEEK if it can; with a parameter
                       "canary" that has no default, MARK and SEEK only where that is given */
    const struct evac_op *measure_ops; /* what those verbs call; NULL if nothing */

    /* link comes from the pack's open(). */
    enum evac_code (*call)(struct evac_link *link, const struct evac_call *call, evac_done_fn *done,
                           void *user, uint64_t *ret_id, struct evac_err *err);
    void (*cancel)(struct evac_link *link, uint64_t id);

    /* What the tables can not say of a resource's parameters, asked when a configuration is loaded,
     * with defaults filled in: EVAC_OK, or a sentence about what does not go together and what is
     * allowed. It sees args alone. NULL: nothing. */
    enum evac_code (*check)(const struct evac_args *args, struct evac_err *err);
};

/* One of evac's own numbers, for a cloud's metrics: name as Prometheus has it, labels sorted by
 * what matters. */
#define EVAC_NUMBERS_MAX 1000u
struct evac_number {
    const char *name;
    const struct evac_arg *labels;
    size_t label_count;
    double value;
};
struct evac_publication {
    struct evac_str region; /* where it is sent to: one that does not fail */
    const struct evac_number *numbers;
    size_t count; /* 1 to EVAC_NUMBERS_MAX */
    int64_t wall_ms;
};

/* What a permission of an operation can be narrowed to. */
struct evac_right_query {
    const struct evac_driver *driver;
    const struct evac_op *op;     /* one of its */
    struct evac_str permission;   /* one of op->iam */
    const struct evac_args *args; /* as of a call: the resource's and the step's */
    struct evac_str region;       /* where it is called; "" of no one region */
    struct evac_str account;      /* "*" when nobody knows */
};
struct evac_right {
    struct evac_str resource;  /* as the cloud's policies name it, wildcards included; "*" all */
    struct evac_str condition; /* "key=value": only so; "" always */
    bool anywhere; /* it is called in a region that the operation's row does not tell, too */
};
/* Both live until it returns. */
typedef void evac_right_fn(void *user, const struct evac_right *right);

/* How a cloud grants rights. All of it is pure. */
struct evac_grantee {
    struct evac_str app;
    const struct evac_str *regions; /* all that calls for it can go to */
    size_t region_count;
};

struct evac_grants {
    /* Calls say for each resource that a permission must be for. */
    void (*rights)(const struct evac_right_query *query, evac_right_fn *say, void *user);
    /* A resource's name, as a right has it, tells the region that it is in. */
    bool (*tells_region)(struct evac_str resource);
    /* The account that a setting's value names, "" none. */
    struct evac_str (*account_of)(struct evac_str value);
    const char *region_key; /* the condition's name for the region that is asked */
    /* The prefix of permissions that are asked beside a request, and not about a region. */
    const char *beside;
    const char *terraform;           /* Terraform's resource type for a policy */
    uint32_t policy_max, inline_max; /* characters of one policy, and of all that stand in a role */
    /* Under which roles the first app is called for, whom they let in, and what the controller
     * itself needs for all of apps: a JSON object. False, and nothing: as the controller itself.
     * settings: the pack's. NULL: always so. */
    bool (*roles)(const struct evac_args *settings, const struct evac_grantee *apps,
                  size_t app_count, struct evac_buf *out);
};

/* Drivers that share one client (credentials, connections). A shared object exports one symbol,
 * `const struct evac_pack evac_pack`. The first two fields never move, so that any ABI can be
 * refused by name. settings are the controller's, under the pack's name. */
struct evac_pack {
    uint32_t abi; /* EVAC_DRIVER_ABI when the pack was built */
    const char *name;
    const struct evac_driver *const *drivers; /* ends with NULL */
    enum evac_code (*open)(const struct evac_host *host, const struct evac_args *settings,
                           struct evac_link **ret_link, struct evac_err *err);
    void (*close)(struct evac_link *link); /* once, with no call open */

    /* Looks for what carries a tag; NULL: it can not. Refuses, or done runs exactly once, later,
     * soon after the query's deadline at the latest; said may run before that, often. */
    enum evac_code (*discover)(struct evac_link *link, const struct evac_query *query,
                               evac_said_fn *said, evac_findings_fn *done, void *user,
                               struct evac_err *err);

    /* Did a service ask to come back later? Of an answer to an exchange of this pack's, for
     * counting. NULL: only status 429 says so. */
    bool (*throttles)(const struct evac_http_reply *reply);

    /* Sends numbers to the cloud's own metrics; NULL: it can not. Refuses, or done runs exactly
     * once, later, with an APPLY's reply. */
    enum evac_code (*publish)(struct evac_link *link, const struct evac_publication *publication,
                              evac_done_fn *done, void *user, struct evac_err *err);

    const struct evac_grants *grants; /* NULL: rights are for all resources */

    /* An app may be called for in that region one day: makes ready, and keeps, what those calls
     * will need of anybody else, such as credentials. Called again it changes nothing. NULL:
     * nothing. */
    void (*prepare)(struct evac_link *link, struct evac_str app, struct evac_str region);
};

/* Refuses a pack that this controller could not use safely, and says why. */
enum evac_code evac_pack_check(const struct evac_pack *pack, struct evac_err *err);

/* NULL when there is none. */
const struct evac_action *evac_driver_action(const struct evac_driver *driver,
                                             struct evac_str name);

#endif

/*
 * The configuration as typed data. conf.h makes it from libconfig files; everything in it lives in
 * the model's arena and is never changed after loading: a reload makes a new model.
 */
#ifndef EVAC_MODEL_H
#define EVAC_MODEL_H

#include "diag.h"
#include "evac/args.h"
#include "json_test.h"
#include "roles.h"
#include "window.h"

#define EVAC_MODES(X)                                                                              \
    X(GRACEFUL, "graceful")                                                                        \
    X(UNGRACEFUL, "ungraceful")
#define EVAC_WORKFLOWS(X)                                                                          \
    X(FAILOVER, "failover")                                                                        \
    X(FAILBACK, "failback")                                                                        \
    X(DRILL, "drill")                                                                              \
    X(FENCE, "fence")
#define EVAC_POLICIES(X)                                                                           \
    X(NEVER, "never")                                                                              \
    X(PROPOSE, "propose")                                                                          \
    X(ACT, "act")
#define EVAC_STRATEGIES(X)                                                                         \
    X(BACKUP_RESTORE, "backup-restore")                                                            \
    X(PILOT_LIGHT, "pilot-light")                                                                  \
    X(WARM_STANDBY, "warm-standby")                                                                \
    X(ACTIVE_ACTIVE, "active-active")                                                              \
    X(GROUP, "group")
#define EVAC_DRILL_KINDS(X)                                                                        \
    X(REHEARSE, "rehearse")                                                                        \
    X(ISOLATED, "isolated")                                                                        \
    X(LIVE, "live")                                                                                \
    X(GAME_DAY, "game-day")
#define EVAC_PROBE_KINDS(X)                                                                        \
    X(HTTP, "http")                                                                                \
    X(TCP, "tcp")                                                                                  \
    X(TLS, "tls")                                                                                  \
    X(DNS, "dns")                                                                                  \
    X(EXEC, "exec")                                                                                \
    X(LOOK, "look")
/* EDGE: as a user sees one region; DEEP: a dependency inside a region: these two vote a region up
 * or down. DATA (the data's state) and CONTROL (what a control plane says) never do: they are
 * shown, and conditions may name them. ENDPOINT: the app's public endpoint, whichever region
 * serves it: it measures and never votes. */
#define EVAC_PROBE_ROLES(X)                                                                        \
    X(EDGE, "edge")                                                                                \
    X(DEEP, "deep")                                                                                \
    X(DATA, "data")                                                                                \
    X(CONTROL, "control")                                                                          \
    X(ENDPOINT, "endpoint")
/* What a step is for: parts of the RTO, and the order in which people read a plan. */
#define EVAC_PHASES(X)                                                                             \
    X(CHECK, "check")                                                                              \
    X(FENCE, "fence")                                                                              \
    X(DATA, "data")                                                                                \
    X(CAPACITY, "capacity")                                                                        \
    X(VERIFY, "verify")                                                                            \
    X(TRAFFIC, "traffic")                                                                          \
    X(CONFIRM, "confirm")                                                                          \
    X(PROTECT, "protect")                                                                          \
    X(CLEANUP, "cleanup")
#define EVAC_ON_FAILURES(X)                                                                        \
    X(ASK, "ask")                                                                                  \
    X(STOP, "stop")                                                                                \
    X(GO_ON, "go-on")

/* What `act` needs, and what a person may waive. */
#define EVAC_CONDITIONS(X)                                                                         \
    X(LINT, "lint")                                                                                \
    X(READINESS, "readiness")                                                                      \
    X(DRILL, "drill")

/* What a criterion measures. X(NAME, "as people write it", is it a time?) */
#define EVAC_MEASURES(X)                                                                           \
    X(RTO, "rto", true)                                                                            \
    X(RPO, "rpo", true)                                                                            \
    X(DETECT, "detect", true)                                                                      \
    X(DECIDE, "decide", true)                                                                      \
    X(FENCE, "fence", true)                                                                        \
    X(CAPACITY, "capacity", true)                                                                  \
    X(DATA, "data", true)                                                                          \
    X(VERIFY, "verify", true)                                                                      \
    X(TRAFFIC, "traffic", true)                                                                    \
    X(CONFIRM, "confirm", true)                                                                    \
    X(DURATION, "duration", true) /* of the whole run */                                           \
    X(STEP, "step", true)         /* of one step */                                                \
    X(FAILED, "failed-steps", false)                                                               \
    X(UNSERVED, "unserved",                                                                        \
      false) /* looks at the public endpoint that the target did not answer */                     \
    X(LEFT, "left-behind", false) /* applied, and neither wanted nor put back */                   \
    X(OVERRIDES, "overrides", false)                                                               \
    X(HANDS, "hands", false)     /* commands that people gave while it went on */                  \
    X(RETRIES, "retries", false) /* applies beyond each step's first */
#define EVAC_GRADES(X)                                                                             \
    X(LOW, "low")                                                                                  \
    X(MEDIUM, "medium")                                                                            \
    X(HIGH, "high")

#define X(name, text, time) EVAC_MEASURE_##name,
enum evac_measure { EVAC_MEASURES(X) EVAC_MEASURE_COUNT };
#undef X
#define X(name, text) EVAC_GRADE_##name,
enum evac_grade { EVAC_GRADES(X) EVAC_GRADE_COUNT };
#undef X

/* How much a message matters to whoever gets it. */
#define EVAC_URGENCIES(X)                                                                          \
    X(INFO, "info")                                                                                \
    X(WARNING, "warning")                                                                          \
    X(ERROR, "error")                                                                              \
    X(CRITICAL, "critical")
/* What a message is about. */
#define EVAC_NOTICE_KINDS(X)                                                                       \
    X(HEALTH, "health")           /* a region of an app is down, or up again */                    \
    X(PROPOSAL, "proposal")       /* a run waits for people's yes, or for their no */              \
    X(ESCALATION, "escalation")   /* nobody has answered */                                        \
    X(RUN, "run")                 /* a run began, or is over */                                    \
    X(STEP, "step")               /* a step failed and a person must say what now */               \
    X(GATE, "gate")               /* a gate is shut */                                             \
    X(INCIDENT, "incident")       /* of a whole region, or of all */                               \
    X(DEPENDENCY, "dependency")   /* what several apps need is down */                             \
    X(OLD_SIDE, "old-side")       /* the region that was left is alive */                          \
    X(DRILL, "drill")             /* how a drill ended */                                          \
    X(ASSURANCE, "assurance")     /* what automation leans on is not good: lint, drill debt */     \
    X(CERTIFICATE, "certificate") /* one that a probe sees ends soon */                            \
    X(CONTROLLER, "controller")   /* evac itself */                                                \
    X(TEST, "test")

#define X(name, text) EVAC_URGENCY_##name,
enum evac_urgency { EVAC_URGENCIES(X) EVAC_URGENCY_COUNT };
#undef X
#define X(name, text) EVAC_ABOUT_##name,
enum evac_notice_kind { EVAC_NOTICE_KINDS(X) EVAC_NOTICE_KIND_COUNT };
#undef X

/* What becomes of a question that nobody answered in time. */
#define EVAC_AT_EXPIRIES(X)                                                                        \
    X(DECLINE, "decline")                                                                          \
    X(HOLD, "hold") /* it stays open, and is told again */                                         \
    X(GO_ON, "go-on")

#define X(name, text) EVAC_AT_EXPIRY_##name,
enum evac_at_expiry { EVAC_AT_EXPIRIES(X) EVAC_AT_EXPIRY_COUNT };
#undef X
#define X(name, text) EVAC_MODE_##name,
enum evac_mode { EVAC_MODES(X) EVAC_MODE_COUNT };
#undef X
#define X(name, text) EVAC_WORKFLOW_##name,
enum evac_workflow { EVAC_WORKFLOWS(X) EVAC_WORKFLOW_COUNT };
#undef X
#define X(name, text) EVAC_POLICY_##name,
enum evac_policy { EVAC_POLICIES(X) EVAC_POLICY_COUNT };
#undef X
#define X(name, text) EVAC_STRATEGY_##name,
enum evac_strategy { EVAC_STRATEGIES(X) EVAC_STRATEGY_COUNT };
#undef X
#define X(name, text) EVAC_DRILL_##name,
enum evac_drill_kind { EVAC_DRILL_KINDS(X) EVAC_DRILL_KIND_COUNT };
#undef X
#define X(name, text) EVAC_PHASE_##name,
enum evac_phase { EVAC_PHASES(X) EVAC_PHASE_COUNT };
#undef X
#define X(name, text) EVAC_ON_FAILURE_##name,
enum evac_on_failure { EVAC_ON_FAILURES(X) EVAC_ON_FAILURE_COUNT };
#undef X
#define X(name, text) EVAC_CONDITION_##name,
enum evac_condition { EVAC_CONDITIONS(X) EVAC_CONDITION_COUNT };
#undef X
#define X(name, text) EVAC_PROBE_KIND_##name,
enum evac_probe_kind { EVAC_PROBE_KINDS(X) EVAC_PROBE_KIND_COUNT };
#undef X
#define X(name, text) EVAC_PROBE_##name,
enum evac_probe_role { EVAC_PROBE_ROLES(X) EVAC_PROBE_ROLE_COUNT };
#undef X

/* Names as people write them, and back. In model_names.c. */
const char *evac_mode_name(enum evac_mode v);
const char *evac_workflow_name(enum evac_workflow v);
const char *evac_policy_name(enum evac_policy v);
const char *evac_strategy_name(enum evac_strategy v);
const char *evac_drill_kind_name(enum evac_drill_kind v);
const char *evac_phase_name(enum evac_phase v);
const char *evac_on_failure_name(enum evac_on_failure v);
const char *evac_at_expiry_name(enum evac_at_expiry v);
const char *evac_probe_kind_name(enum evac_probe_kind v);
const char *evac_probe_role_name(enum evac_probe_role v);
const char *evac_measure_name(enum evac_measure v);
const char *evac_grade_name(enum evac_grade v);
bool evac_measure_parse(struct evac_str s, enum evac_measure *ret);
bool evac_grade_parse(struct evac_str s, enum evac_grade *ret);
bool evac_measure_is_time(enum evac_measure v);
const char *evac_condition_name(enum evac_condition v);
const char *evac_urgency_name(enum evac_urgency v);
const char *evac_notice_kind_name(enum evac_notice_kind v);
bool evac_urgency_parse(struct evac_str s, enum evac_urgency *ret);
bool evac_notice_kind_parse(struct evac_str s, enum evac_notice_kind *ret);
bool evac_mode_parse(struct evac_str s, enum evac_mode *ret);
bool evac_workflow_parse(struct evac_str s, enum evac_workflow *ret);
bool evac_policy_parse(struct evac_str s, enum evac_policy *ret);
bool evac_strategy_parse(struct evac_str s, enum evac_strategy *ret);
bool evac_drill_kind_parse(struct evac_str s, enum evac_drill_kind *ret);
bool evac_phase_parse(struct evac_str s, enum evac_phase *ret);
bool evac_on_failure_parse(struct evac_str s, enum evac_on_failure *ret);
bool evac_at_expiry_parse(struct evac_str s, enum evac_at_expiry *ret);
bool evac_probe_kind_parse(struct evac_str s, enum evac_probe_kind *ret);
bool evac_probe_role_parse(struct evac_str s, enum evac_probe_role *ret);
bool evac_condition_parse(struct evac_str s, enum evac_condition *ret);

/* Ceilings of one app and one workflow: a configuration beyond them is refused. The first three
 * count what the endpoint adds. The engine's and the plan's own tables are as large. */
#define EVAC_APP_REGIONS_MAX    8
#define EVAC_TIERS_MAX          5 /* of apps: 1 is the first to be moved */
#define EVAC_APP_RESOURCES_MAX  64
#define EVAC_APP_PROBES_MAX     16
#define EVAC_AUTO_RUNS_MAX      16
#define EVAC_WORKFLOW_STEPS_MAX 400
#define EVAC_PROBE_ARGS_MAX     16 /* a program and what it is given */
#define EVAC_PROBE_VALUES_MAX   8  /* that DNS must answer */
#define EVAC_PROBE_SERVERS_MAX  7  /* that are asked for them */
#define EVAC_DEPENDENCIES_MAX   64 /* of the controller; bits of a word */
#define EVAC_CONF_VANTAGES_MAX  6  /* besides the controller itself */
#define EVAC_CHANNELS_MAX       32 /* bits of a word */

/* One thing that an app owns. props are the driver's own parameters, flattened; the plan compiler
 * checks them against the driver's table, because conf knows no drivers. */
struct evac_resource {
    struct evac_place place;
    struct evac_str name;
    struct evac_str type;
    struct evac_args props;
    const int *prop_lines; /* line of each prop, same order as props.items */
};

/* Only these say anything about a region's verdict by themselves. */
static inline bool evac_probe_role_votes(enum evac_probe_role role)
{
    return role == EVAC_PROBE_EDGE || role == EVAC_PROBE_DEEP;
}

/* A look at a resource through its driver: an action that only reads, or how far its data is
 * behind. */
struct evac_probe_look {
    struct evac_str resource, action; /* action "": lag */
    struct evac_args want;
    uint32_t lag_ms; /* more is bad; 0: an action */
};

/* One health check. Texts may hold "{region}": then there is one target a region. */
struct evac_probe {
    struct evac_place place;
    struct evac_str name;
    enum evac_probe_kind kind;
    enum evac_probe_role role;
    bool regional;
    bool everywhere;        /* else only the regions that serve users answer it */
    struct evac_str target; /* HTTP: address; TCP, TLS: "host:port"; DNS: name; EXEC: program;
                               LOOK: resource */
    uint32_t every_ms, connect_ms, reply_ms; /* only HTTP has two; others: reply_ms is for all */
    uint32_t latency_ms;                     /* a slower answer is bad; 0 any that comes in time */
    uint16_t fall, rise;
    bool shared;       /* of all regions: where it fails in every one, moving would not help */
    uint32_t grace_ms; /* from its first result on, and from when users are led to a region: it may
                          turn up, and not down */
    const struct evac_str *depends_on; /* probes of this app: when one of them is down too, this
                                          one says nothing of its own */
    size_t depends_count;
    uint32_t parents; /* the same, a bit by index in the app's probes */

    /* HTTP */
    int expect_status;           /* 0: any 2xx or 3xx */
    struct evac_str expect_body; /* must occur in the first 5,120 bytes; "" anything */
    struct evac_str served_by;   /* ENDPOINT: response header that names the serving region; "" body
                                    match "region":"X" */
    struct evac_json_test json;
    int64_t certificate_ms; /* and TLS: a certificate must last so long, 0 only be valid */
    bool keeps_connection;  /* for the next round; else each makes its own, as a new user would */

    /* DNS */
    struct evac_str dns_type;        /* "A", "AAAA", "CNAME", "TXT" */
    const struct evac_str *expected; /* each must be among the answers; none: any answer */
    size_t expected_count;
    const struct evac_str *resolvers; /* "address:port"; none: the controller's own */
    size_t resolver_count;

    const struct evac_str *argv; /* EXEC */
    size_t arg_count;
    struct evac_probe_look look;
};

struct evac_drill_conf {
    struct evac_place place;
    struct evac_str name; /* unique in the app */
    enum evac_drill_kind kind;
    struct evac_str cron;      /* five fields; or */
    struct evac_str every, on; /* the same in words */
    struct evac_str timezone;  /* IANA name, "UTC" by default */
    struct evac_cron schedule; /* of either */
    uint32_t jitter_ms;        /* it begins so much later at most */
    uint32_t grace_ms;         /* ... and waits so long for what is in its way */
    uint32_t duration_ms;      /* how long it is expected to take; 0: as its plan says */
    uint32_t soak_ms;          /* live: time in the other region */
    uint32_t patience_ms;      /* game-day: time for the policy and the app; 0: by its objective */
    int64_t skip_if_moved_ms;  /* not needed if a real run went well so lately; 0 always needed */
    bool approval;             /* a person says yes first */
    struct evac_str to;        /* region; "" the best standby */
    const struct evac_str *unless; /* "resource" or "resource.action": looked at before it begins */
    size_t unless_count;
    const struct evac_str *faults; /* game-day: resources that break something */
    size_t fault_count;
};

/* What a run must keep to count as good; fixed in its plan before it starts. */
struct evac_criterion_conf {
    struct evac_place place;
    struct evac_str name;
    enum evac_measure measure;
    struct evac_str of;          /* STEP: which; RPO: one store, "" the worst */
    int64_t at_most_ms;          /* times */
    int64_t most;                /* counts */
    const struct evac_str *only; /* kinds of runs; none: all in which it can be measured */
    size_t only_count;
    enum evac_grade severity; /* of the deficiency when it is missed */
};

/* Nothing automatic, and nobody's run without a word, in this stretch of the calendar. */
struct evac_freeze_conf {
    struct evac_place place;
    struct evac_window window;
    struct evac_str owner;
};

/* policy.waivers: somebody stands for a condition of `act` that does not hold. */
struct evac_waiver_conf {
    struct evac_place place;
    enum evac_condition condition;
    struct evac_str owner, reason;
    int64_t until_wall_ms;
};

/* Whoever is told when a question has waited for so long. */
struct evac_escalation {
    struct evac_place place;
    uint32_t after_ms;
    struct evac_str to; /* an address: whoever tells people knows what it means */
};

/* Who must say yes before a run begins, or before a step that wants it. */
struct evac_approvals {
    struct evac_place place;   /* line 0: not configured */
    uint16_t need;             /* so many, of different principals */
    const struct evac_str *of; /* roles' names and principals */
    size_t of_count;
    uint32_t expiry_ms; /* 0: the plan's approval_ms */
    enum evac_at_expiry at_expiry;
    const struct evac_escalation *escalate; /* in order of time */
    size_t escalate_count;
    bool requester_may_approve;
};

/* What must hold of the fleet when a run begins, passes its point of no return, or moves traffic.
 */
#define EVAC_SAFETY_KINDS(X)                                                                       \
    X(IN_SERVICE) /* of each app at least so many regions serve, when the move is through */       \
    X(MOVING)     /* of the apps at most so many are moved at one time */                          \
    X(NOT_WHILE)  /* the apps are not moved while one of others is down or moved */                \
    X(NEVER_TO)   /* the apps are never moved to those regions */
#define X(name) EVAC_SAFETY_##name,
enum evac_safety_kind { EVAC_SAFETY_KINDS(X) EVAC_SAFETY_KIND_COUNT };
#undef X

struct evac_safety_rule {
    struct evac_place place;
    struct evac_str name;
    const struct evac_str *apps; /* whose moves it is about; none: every app's */
    size_t app_count;
    enum evac_safety_kind kind; /* which of the following was given */
    uint16_t in_service, moving;
    const struct evac_str *not_while; /* apps */
    size_t not_while_count;
    const struct evac_str *never_to; /* regions */
    size_t never_to_count;
};

struct evac_app {
    struct evac_place place;
    struct evac_str name;
    enum evac_strategy strategy;
    struct evac_str runbook;        /* its own, or "" for the strategy's */
    const struct evac_str *regions; /* two or more; the first is the preferred active one */
    size_t region_count;
    const struct evac_str *waits_for; /* apps that a group moves before this one */
    size_t waits_count;
    const struct evac_str *needs; /* the controller's dependencies that it can not do without */
    size_t needs_count;
    struct evac_str witness; /* region of the GO object's second copy, "" none */
    int64_t rto_ms, rpo_ms;  /* objectives */
    const struct evac_resource *resources;
    size_t resource_count;
    const struct evac_probe *probes; /* endpoint included, with role ENDPOINT */
    size_t probe_count;
    const struct evac_cond *down_when; /* over probes; NULL: any that votes is down */
    size_t down_when_count;
    enum evac_policy automatic;
    uint32_t dwell_ms;    /* a verdict must hold this long before the policy may act or propose */
    uint32_t cooldown_ms; /* after the end of the last run */
    uint16_t auto_per_day, auto_per_week;   /* automatic runs of this app, at most */
    uint16_t flap_changes;                  /* a verdict that changed so often ... */
    uint32_t flap_window_ms, flap_dwell_ms; /* ... within this, must hold for that long */
    const struct evac_freeze_conf *freezes;
    size_t freeze_count;
    const struct evac_waiver_conf *waivers;
    size_t waiver_count;
    uint16_t tier;            /* 1 first, when a region is evacuated */
    uint32_t approval_ms;     /* how long a proposal or an approval stays good */
    uint32_t run_deadline_ms; /* a run that has not ended by then is held */
    bool run_deadline_given;  /* otherwise the steps' own deadlines come first */
    uint32_t canary_ms;       /* canary markers' interval, 0 none */
    uint32_t readiness_ms;    /* a rehearsal towards each standby so often, 0 none */
    uint32_t measure_ms;      /* lag measurement's interval */
    uint32_t old_side_ms;     /* a look at the region that was left so often */
    int64_t drill_debt_max;   /* beyond it nothing is done without a person */
    const struct evac_drill_conf *drills;
    size_t drill_count;
    struct evac_holders roles[EVAC_ROLE_COUNT]; /* instead of the controller's, where named */
    const struct evac_window *blackouts;        /* no drill touches one of these */
    size_t blackout_count;
    const struct evac_window *windows; /* drills lie within one of these; none: at any time */
    size_t window_count;
    const struct evac_criterion_conf *criteria;
    size_t criterion_count;
    struct evac_str owner;                 /* of its deficiencies, "" nobody yet */
    struct evac_approvals approvals;       /* of runs, and of their steps that want it */
    struct evac_approvals drill_approvals; /* of drills that change something */
    const struct evac_safety_rule *safety; /* of its own, besides the controller's */
    size_t safety_count;
    uint32_t veto_ms;          /* the policy's own run waits so long for somebody to say no */
    uint32_t readiness_age_ms; /* what a look found counts for so long */
    uint16_t loss_sources;     /* measures that must agree before the policy acts; 0: as many as
                                  there are, at most two */
};

/* A condition, as data: nodes in an array, children by index. */
enum evac_cond_op {
    EVAC_COND_ALL, /* first_child .. first_child + child_count */
    EVAC_COND_ANY,
    EVAC_COND_NOT,
    EVAC_COND_MODE, /* mode is number (enum evac_mode) */
    EVAC_COND_STEP, /* step `name` ended as `word`: done, skipped, failed */
    EVAC_COND_FACT, /* fact `word` of step `name` compared with number */
    /* conditions of health only */
    EVAC_COND_AT_LEAST, /* number of the children */
    EVAC_COND_PROBE,    /* probe `name` is down; number is its index in the app's */
};
enum evac_cmp { EVAC_CMP_ABOVE, EVAC_CMP_BELOW, EVAC_CMP_IS };

struct evac_cond {
    enum evac_cond_op op;
    uint16_t first_child, child_count; /* children follow each other in the same array */
    enum evac_cmp cmp;
    int64_t number;
    struct evac_str name, word;
};

struct evac_runbook_step {
    struct evac_place place;
    struct evac_str name;
    struct evac_str title;    /* one line for people; "" : the action's doc */
    struct evac_str action;   /* "type.action" */
    struct evac_str resource; /* a resource's name; "" : each of the action's type */
    struct evac_str region;   /* "from", "to", "rest", "witness", or a region's name */
    enum evac_phase phase;
    struct evac_args want;
    const struct evac_str *after;
    size_t after_count;
    const struct evac_str *with; /* only when one of these steps is in the plan */
    size_t with_count;
    const struct evac_cond *when; /* NULL: always; root is when[0] */
    size_t when_count;
    int64_t deadline_ms; /* 0: the action's default */
    int tries;           /* -1: default */
    enum evac_on_failure on_failure;
    bool approval;
    bool pivot;    /* point of no return */
    bool home;     /* only when the region that takes over is the app's first */
    bool optional; /* absent resource type or region: the step vanishes without a word */
};

struct evac_runbook_workflow {
    struct evac_place place;
    bool present;
    const struct evac_runbook_step *steps;
    size_t step_count;
};

struct evac_runbook {
    struct evac_place place;
    struct evac_str name;
    struct evac_str doc;
    struct evac_runbook_workflow workflows[EVAC_WORKFLOW_COUNT];
};

/* Another place that probes are asked from, by an agent that reports here. */
struct evac_vantage_conf {
    struct evac_place place;
    struct evac_str name;
    struct evac_str region; /* where it stands, "" in none that matters */
    uint32_t
        way_ms; /* what it tells may be known to be no older than that: another controller tells
                   once in a shared.poll, is asked as often, and so it has heard this one */
};

/* What several apps need, and none of them has: looked at once for all of them. */
struct evac_dependency {
    struct evac_app as_app; /* as health looks at it: its name, one probe, and the regions that it
                               is asked in; "everywhere" when it has none */
    uint32_t calm_ms;       /* it must be up for so long before its incident is over */
};

/* One of the controllers that share a journal. */
struct evac_peer_conf {
    struct evac_place place;
    struct evac_str name;    /* its node */
    struct evac_str region;  /* where it stands, "" in none that matters */
    struct evac_str address; /* where people reach it, "" not said */
};

#define EVAC_PEERS_MAX          9
#define EVAC_ETCD_ENDPOINTS_MAX 9

/* A journal that several controllers share, on etcd. */
struct evac_shared_conf {
    struct evac_place place;
    struct evac_str cluster;          /* "" : this controller is alone */
    const struct evac_str *endpoints; /* etcd's URLs */
    size_t endpoint_count;
    const struct evac_peer_conf *controllers;
    size_t controller_count;
    struct evac_str user, password; /* etcd's own; the password's file */
    struct evac_str ca, cert, key;  /* files in PEM, "" none */
    uint32_t ttl_ms, request_ms, poll_ms;
    uint32_t election_ms; /* etcd's election timeout, as it is configured there */
    uint32_t within_ms;   /* another controller must have taken over after so long */
    uint32_t keep_rows;
};

#define EVAC_LISTEN_MAX 8

enum evac_client_certificates { EVAC_CLIENTS_OPTIONAL, EVAC_CLIENTS_REQUIRED };

/* A TCP address of the API. */
struct evac_listen_conf {
    struct evac_place place;
    struct evac_str address;          /* "127.0.0.1:8443", "[::1]:8443" */
    struct evac_str certificate, key; /* files, "" : no TLS, and then a loopback address */
    struct evac_str client_ca;        /* "" : clients' certificates say nothing */
    enum evac_client_certificates clients;
};

/* Whose tokens say who somebody is. */
struct evac_oidc_conf {
    struct evac_place place; /* line 0: nobody's */
    struct evac_str issuer;
    const struct evac_str *audiences;
    size_t audience_count;
    struct evac_str jwks;            /* "" : as the issuer's metadata say */
    struct evac_str ca;              /* file, "" the system's */
    struct evac_str subject, groups; /* claims */
    uint32_t skew_ms, refresh_ms, keep_ms;
};

/* Who may say yes over the phone, with a key that this controller has too. */
struct evac_approver_conf {
    struct evac_place place;
    struct evac_str name;   /* "offline:NAME" in roles and approvals */
    struct evac_str key;    /* file */
    struct evac_str person; /* the principal that the same person has elsewhere; "" the user NAME */
};

/* One person, whatever they are called by whoever vouches for them. */
struct evac_person_conf {
    struct evac_place place;
    struct evac_str name;
    const struct evac_str *principals;
    size_t principal_count;
};

/* A way to tell somebody. */
struct evac_channel {
    struct evac_place place;
    struct evac_str name;
    struct evac_str type;   /* "slack", ..., or a driver's that can tell */
    struct evac_str url;    /* "" : the type's own, or it is the secret */
    struct evac_str secret; /* a file's path, or a credential's name; "" none */
    struct evac_str user, from;
    const struct evac_str *to; /* addresses, for mail */
    size_t to_count;
    struct evac_str ca;             /* file with certificates that vouch for its server, "" usual */
    const struct evac_str *regions; /* that it can be sent from, the preferred first; drivers */
    size_t region_count;
    struct evac_args with;  /* the driver's settings */
    struct evac_str backup; /* a channel that takes over what matters while this one fails */
    int64_t give_up_ms;     /* a message that could not be sent for so long is given up */
    uint16_t queue_max;
};

/* Who is told what: all routes that fit a message are followed. */
struct evac_tell_route {
    struct evac_place place;
    const struct evac_str *apps; /* none: all, and what is about no app */
    size_t app_count;
    const struct evac_str *kinds; /* names of evac_notice_kind; none: all */
    size_t kind_count;
    enum evac_urgency severity; /* at least */
    const struct evac_window *during, *except;
    size_t during_count, except_count;
    const struct evac_str *channels;
    size_t channel_count;
};

struct evac_notify_conf {
    struct evac_str public_url; /* where people reach the dashboard, "" nowhere */
    const struct evac_channel *channels;
    size_t channel_count;
    const struct evac_tell_route *routes; /* none: all channels, from warnings on */
    size_t route_count;
    uint32_t gather_ms;     /* a region that is down waits so long for the incident it may be */
    int64_t certificate_ms; /* one that ends so soon is told; 0 none */
};

/* evac.cfg */
struct evac_controller_conf {
    struct evac_str socket;       /* unix socket of the API */
    struct evac_str store;        /* journal file */
    struct evac_str node;         /* this controller's name in the journal */
    struct evac_str region;       /* where it runs, "" unknown */
    struct evac_str runbook_dir;  /* more runbooks than the built-in ones, "" none */
    struct evac_str facts;        /* file for the lint, "" the built-in ones */
    struct evac_str prices;       /* file for estimates of cost, "" the built-in ones */
    struct evac_str limits;       /* file of how many calls services take, "" the built-in ones */
    struct evac_str reports;      /* folder for finished runs' reports, "" none */
    struct evac_str evidence_key; /* file of the key that signs evidence, "" none */
    uint32_t checkpoint_rows;     /* of the journal between two signed checkpoints */
    struct evac_str resolver;     /* "address:port" for probes and drivers, "" the system's */
    struct evac_str log_level;
    struct evac_str log_format;     /* "text" or "json" */
    const struct evac_str *drivers; /* files of drivers that are built elsewhere */
    size_t driver_count;
    uint32_t metrics_series_max;
    struct evac_str traces_url;     /* "" nothing is sent */
    struct evac_str traces_headers; /* file, "" none */
    uint32_t publish_every_ms;      /* to the cloud's own metrics, 0 never */
    const struct evac_str *publish_regions;
    size_t publish_region_count;
    bool metrics_open;         /* from loopback, to anybody */
    bool exec_allowed;         /* exec actions may run ... */
    struct evac_str exec_user; /* ... as this user, "" by default, within these limits */
    uint32_t exec_cpu_ms, exec_memory_mib, exec_file_mib, exec_files, exec_processes;
    const struct evac_str *anchors; /* URLs that tell whether this controller itself is connected */
    size_t anchor_count;
    const struct evac_dependency *dependencies;
    size_t dependency_count;
    const struct evac_vantage_conf *vantages; /* besides this controller, which is vantage 0 */
    size_t vantage_count;
    uint32_t vantage_lease_ms; /* a vantage that is silent for so long has no opinion */
    uint32_t quarantine_ms;    /* Q of rule R7: a signed request's lifetime and a margin; 330 s */
    uint32_t confirm_ms;       /* W of rule R6: second look; 10 s */
    uint32_t poll_ms, poll_max_ms;
    uint16_t auto_runs_max;       /* automatic runs at one time, all apps */
    uint16_t incident_percent;    /* of a region's apps are down ... */
    uint16_t incident_apps_min;   /* ... and at least so many ... */
    uint16_t incident_elsewhere;  /* ... and less than that part elsewhere: one regional incident */
    uint16_t global_percent;      /* of the apps in each of several regions: a global event */
    uint16_t incident_parallel;   /* runs of one evacuation at a time */
    bool incident_overlap;        /* a tier begins before the one before it is away */
    uint16_t incident_saturation; /* % of its runs without capacity: it pauses */
    uint32_t incident_dwell_ms;   /* for so long, before it is one */
    uint32_t incident_calm_ms;    /* the region is up for so long: it is over */
    uint32_t incident_expiry_ms;  /* nobody answers its proposal for so long: then ... */
    enum evac_at_expiry incident_at_expiry;          /* ... DECLINE or HOLD */
    const struct evac_escalation *incident_escalate; /* in order of time */
    size_t incident_escalate_count;
    uint16_t pace_min, pace_percent; /* automatic starts in pace_ms: at least so many, or that */
    uint32_t pace_ms;                /* part of all apps */
    const struct evac_freeze_conf *freezes; /* of all apps */
    size_t freeze_count;
    const struct evac_window *blackouts; /* of all apps */
    size_t blackout_count;
    struct evac_args packs; /* "pack.setting": handed to driver packs */
    const struct evac_listen_conf *listen;
    size_t listen_count;
    uint32_t api_connections, api_peer_connections; /* over all of listen; from one address */
    uint32_t limits_share;    /* hundredths of what services take in calls; 0: all pass */
    uint32_t api_rate;        /* requests a second from one address; four times as many at once */
    uint32_t api_patience_ms; /* with slow clients */
    uint32_t api_session_ms;  /* a dashboard's session */
    struct evac_oidc_conf oidc;
    const struct evac_approver_conf *approvers;
    size_t approver_count;
    const struct evac_person_conf *people; /* no principal is two people's */
    size_t person_count;
    struct evac_holders roles[EVAC_ROLE_COUNT];
    const struct evac_safety_rule *safety;
    size_t safety_count;
    struct evac_notify_conf notify;
    struct evac_shared_conf shared;
};

struct evac_model {
    struct evac_arena *arena;
    struct evac_controller_conf controller;
    const struct evac_app *apps;
    size_t app_count;
    const struct evac_runbook *runbooks;
    size_t runbook_count;
    char hash[65]; /* hex SHA-256 over all files read, in order of their names */
};

/* Which of the controllers that have these files this one is: what is "" or NULL stays as the files
 * say. */
struct evac_oneself {
    const char *node, *socket, *store;
};

/* model as that controller takes it. Of controllers that share a journal it is the one of that
 * name: its region is known, and the others are vantages. EVAC_E_BADCONF: it is none of them, or a
 * name is taken. oneself is copied. */
enum evac_code evac_model_oneself(struct evac_model *model, const struct evac_oneself *oneself,
                                  struct evac_err *err);

/* Where a controller that a person begins on the spot lives, instead of where evac.cfg says. */
struct evac_alone {
    const char *store, *socket, *reports, *node;
};

/* model as such a controller takes it: places of its own, no address of listen, and nothing that
 * begins by itself, neither by policy nor by calendar. alone is copied. */
void evac_model_alone(struct evac_model *model, const struct evac_alone *alone);

const struct evac_app *evac_model_app(const struct evac_model *model, struct evac_str name);
/* What probes are asked for: the apps, then the dependencies as apps. NULL beyond them. */
size_t evac_model_probed_count(const struct evac_model *model);
const struct evac_app *evac_model_probed(const struct evac_model *model, size_t index);
/* Index of a dependency of the controller's, or their count. */
size_t evac_model_dependency(const struct evac_model *model, struct evac_str name);
const struct evac_runbook *evac_model_runbook(const struct evac_model *model, struct evac_str name);
const struct evac_resource *evac_app_resource(const struct evac_app *app, struct evac_str name);
#endif

/*
 * Decision: verdicts, gates and policy to "do nothing", "propose" or "act", with the list of what
 * blocks. Pure. Gates of RELIABILITY 3.6 that this controller can evaluate; each answers pass,
 * block or unknown.
 */
#ifndef EVAC_DECISION_H
#define EVAC_DECISION_H

#include "health.h"

#define EVAC_GATES(X)                                                                              \
    X(POLICY, "policy", "the app's policy allows it")                                              \
    X(KILL_SWITCH, "stop-automation", "automation is not stopped")                                 \
    X(HOLD, "hold", "nobody holds this app")                                                       \
    X(VERDICT, "verdict", "the active region has been down for long enough")                       \
    X(OBSERVER, "observer", "this controller is connected itself")                                 \
    X(DEPENDENCY, "dependency", "what fails is not shared by all regions: moving would help")      \
    X(STANDBY, "standby", "the region to move to is up")                                           \
    X(RUNNING, "running", "no other run of this app is going on")                                  \
    X(COOLDOWN, "cooldown", "the last run ended long enough ago, or was acknowledged")             \
    X(BUDGET, "budget", "not too many automatic runs at one time")                                 \
    X(LEAD, "lead", "this controller holds the lead and can write its journal")

#define X(name, text, doc) EVAC_GATE_##name,
enum evac_gate { EVAC_GATES(X) EVAC_GATE_COUNT };
#undef X
const char *evac_gate_name(enum evac_gate gate);

#define EVAC_GATE_ANSWERS(X)                                                                       \
    X(PASS, "pass")                                                                                \
    X(BLOCK, "block")                                                                              \
    X(UNKNOWN, "unknown")
#define X(name, text) EVAC_GATE_SAYS_##name,
enum evac_gate_answer { EVAC_GATE_ANSWERS(X) EVAC_GATE_ANSWER_COUNT };
#undef X

#define EVAC_DECISIONS(X)                                                                          \
    X(NOTHING, "nothing") /* no outage */                                                          \
    X(WAIT, "wait")       /* an outage, but a gate is closed: reasons say which */                 \
    X(PROPOSE, "propose") /* a person should say yes */                                            \
    X(ACT, "act")
#define X(name, text) EVAC_DECIDE_##name,
enum evac_decide { EVAC_DECISIONS(X) EVAC_DECIDE_COUNT };
#undef X
const char *evac_decide_name(enum evac_decide decide);

/* What is said of an app from outside of the engine, towards each region that it may be moved to.
 */
#define EVAC_ASSURANCES(X)                                                                         \
    X(LINT, "lint")   /* the armed plan does not lean on the region that is gone */                \
    X(DRILL, "drill") /* a drill went well, lately, and little has changed since */
#define X(name, text) EVAC_ASSURANCE_##name,
enum evac_assurance_kind { EVAC_ASSURANCES(X) EVAC_ASSURANCE_COUNT };
#undef X
const char *evac_assurance_name(enum evac_assurance_kind kind);
bool evac_assurance_parse(struct evac_str name, enum evac_assurance_kind *ret_kind);

struct evac_assurance {
    bool known, ok;
    int64_t number;     /* LINT: errors; DRILL: debt */
    int64_t at_wall_ms; /* last said, changed or not */
    char text[160];
};

/* What the last rehearsal or drill towards a region found. */
struct evac_readiness {
    bool known, ready;
    uint64_t run;
    int64_t at_wall_ms; /* its end */
    char short_of[120]; /* what it found to be too small: quotas; "" nothing */
};

struct evac_decision_input {
    const struct evac_app *app;
    const struct evac_health *health;
    const struct evac_readiness *readiness; /* a region each; NULL unknown */
    uint16_t active;       /* the region that is looked at, and would be left; index in the app's */
    uint32_t out;          /* active-active: regions that take no users, a bit each; no targets */
    uint32_t unreconciled; /* regions that may have data of their own, a bit each; no targets */
    uint16_t writer; /* active-active: goes before other targets, its data stays where it is */
    struct evac_str needs; /* dependencies outside that fail, in words; "" none */
    bool needs_doubtful;   /* ... one of which may be about to: it is not known yet */
    bool anchored;       /* this controller has anchors: it knows whether it is connected itself */
    bool run_active;     /* a run of this app is going on (rehearsals do not count) */
    bool run_proposed;   /* a proposal is already out */
    bool last_run_acked; /* or there was none */
    uint64_t last_run_end_boot_ms; /* 0: none since this controller knows */
    bool held;                     /* a person holds this app */
    bool stopped;                  /* global stop-automation */
    bool lead;
    uint16_t auto_runs, auto_runs_max;
    uint64_t now_boot_ms;
    int64_t now_wall_ms;
};

struct evac_decision {
    enum evac_decide decide;
    uint16_t from;       /* region to leave */
    uint16_t target;     /* region to move to: evac_best_standby() */
    enum evac_mode mode; /* UNGRACEFUL when the active region is DOWN or ISOLATED */
    enum evac_gate_answer gates[EVAC_GATE_COUNT];
    char reasons[800];     /* every gate that does not pass, in words, with numbers */
    uint64_t wake_boot_ms; /* when the answer may change by time alone; UINT64_MAX never */
};

/* Of the regions that may be moved to, the best: the writer's, then one that was found ready, else
 * one that nobody looked at, else any; the order of the app's regions decides among equals. May be:
 * not the one that is left, not out, and up; or dormant, where no probe looks, and lately found
 * ready. The app's region count when there is none. Pure. */
uint16_t evac_best_standby(const struct evac_decision_input *input);

void evac_decide(const struct evac_decision_input *input, struct evac_decision *ret_decision);

#endif

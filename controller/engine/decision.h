/*
 * Decision: verdicts, gates and policy to "do nothing", "propose" or "act", with the list of what
 * blocks. Pure. Gates of RELIABILITY 3.6 that this controller can evaluate; each answers pass,
 * block or unknown.
 */
#ifndef EVAC_DECISION_H
#define EVAC_DECISION_H

#include "health.h"

/* What a gate that does not pass stops. A proposal is a person's to answer, so what makes
 * automation unsure never stops one. */
enum evac_gate_binds {
    EVAC_BINDS_ALL,   /* neither a proposal nor a run */
    EVAC_BINDS_ACT,   /* what would act proposes instead */
    EVAC_BINDS_DELAY, /* what would act waits: it may soon */
};

/* X(NAME, "name", what it binds, what it says when it passes) */
#define EVAC_GATES(X)                                                                              \
    X(POLICY, "policy", ALL, "the app's policy allows it")                                         \
    X(KILL_SWITCH, "stop-automation", ALL, "automation is not stopped")                            \
    X(HOLD, "hold", ALL, "nobody holds this app")                                                  \
    X(VERDICT, "verdict", ALL, "the active region has been down for long enough")                  \
    X(OBSERVER, "observer", ALL, "this controller is connected itself")                            \
    X(DEPENDENCY, "dependency", ALL, "what fails is not shared by all regions: moving would help") \
    X(STANDBY, "standby", ALL, "the region to move to is up")                                      \
    X(RUNNING, "running", ALL, "no other run of this app is going on")                             \
    X(COOLDOWN, "cooldown", ALL, "the last run ended long enough ago, or was acknowledged")        \
    X(BUDGET, "budget", DELAY, "not too many automatic runs at one time")                          \
    X(PACE, "pace", DELAY, "not too many automatic starts in a short while, over all apps")        \
    X(LEAD, "lead", ALL, "this controller holds the lead and can write its journal")               \
    X(INCIDENT, "incident", ALL, "no regional incident takes this app along")                      \
    X(ACKNOWLEDGED, "acknowledged", ACT,                                                           \
      "the cooldown is over, and the last automatic run was acknowledged")                         \
    X(FLAP, "anti-flap", ACT, "not too many automatic runs of this app in a day and in a week")    \
    X(FREEZE, "freeze", ACT, "nothing is frozen")                                                  \
    X(LINT, "lint", ACT, "the armed plan does not lean on the region that is gone")                \
    X(READINESS, "readiness", ACT, "the region to move to was lately found ready")                 \
    X(DRILL, "drill", ACT, "a drill went well, and lately")

#define X(name, text, binds, doc) EVAC_GATE_##name,
enum evac_gate { EVAC_GATES(X) EVAC_GATE_COUNT };
#undef X
const char *evac_gate_name(enum evac_gate gate);
enum evac_gate_binds evac_gate_binds(enum evac_gate gate);

#define EVAC_GATE_ANSWERS(X)                                                                       \
    X(PASS, "pass")                                                                                \
    X(BLOCK, "block")                                                                              \
    X(UNKNOWN, "unknown")                                                                          \
    X(WAIVED, "waived") /* it would not pass, and somebody stands for that: it counts as a pass */
#define X(name, text) EVAC_GATE_SAYS_##name,
enum evac_gate_answer { EVAC_GATE_ANSWERS(X) EVAC_GATE_ANSWER_COUNT };
#undef X
const char *evac_gate_answer_name(enum evac_gate_answer answer);

#define EVAC_DECISIONS(X)                                                                          \
    X(NOTHING, "nothing") /* no outage */                                                          \
    X(WAIT, "wait")       /* an outage, but a gate is closed: reasons say which */                 \
    X(PROPOSE, "propose") /* a person should say yes */                                            \
    X(ACT, "act")
#define X(name, text) EVAC_DECIDE_##name,
enum evac_decide { EVAC_DECISIONS(X) EVAC_DECIDE_COUNT };
#undef X
const char *evac_decide_name(enum evac_decide decide);

/* Conditions of `act` that can be waived, each by its gate's name: EVAC_CONDITIONS of the model. */
enum evac_gate evac_condition_gate(enum evac_condition condition);

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

/* A person stands for a condition of `act` that does not hold, for some time. The longest is
 * EVAC_WAIVER_MAX_MS: one that a file gives for longer counts only in its last so many days. */
#define EVAC_WAIVER_MAX_MS ((int64_t)90 * 86400000)

/* As a decision sees it: the one that holds now. */
struct evac_waived {
    int64_t until_wall_ms; /* 0: none */
    struct evac_str owner, reason;
};
bool evac_waiver_holds(int64_t until_wall_ms, int64_t now_wall_ms);

struct evac_frozen {
    int64_t until_wall_ms; /* 0: nothing is frozen; INT64_MAX: no end is known */
    struct evac_str owner, reason;
};

/* Instants, the newest of them; boot clock, negative for what was before the boot. */
#define EVAC_TIMES_MAX 16u
struct evac_times {
    int64_t at_boot_ms[EVAC_TIMES_MAX]; /* ring */
    uint16_t next, count;
};
void evac_times_add(struct evac_times *times, int64_t at_boot_ms);
/* The nth newest, from 1; n <= count. */
int64_t evac_times_newest(const struct evac_times *times, uint16_t n);

struct evac_decision_input {
    const struct evac_app *app;
    const struct evac_health *health;
    const struct evac_readiness *readiness;                       /* a region each; NULL unknown */
    const struct evac_assurance *assurance[EVAC_ASSURANCE_COUNT]; /* the same */
    struct evac_waived waived[EVAC_CONDITION_COUNT];
    struct evac_frozen frozen;
    const struct evac_times *flips; /* when the looked-at region's verdict changed; NULL never */
    const struct evac_times *auto_starts; /* of this app's automatic runs; NULL never */
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
    bool auto_unacked;   /* a run that automation began has ended since the last acknowledgement */
    uint64_t last_run_end_boot_ms; /* 0: none since this controller knows */
    bool held;                     /* a person holds this app */
    bool stopped;                  /* global stop-automation */
    bool lead;
    uint16_t auto_runs, auto_runs_max;
    uint64_t pace_free_boot_ms; /* when one more automatic start fits, over all apps; 0 it does */
    uint16_t pace_max;          /* how many fit */
    bool in_incident;           /* of its region: then waves pace, not budgets */
    const char *incident; /* why a regional incident or a global event takes its place; NULL */
    uint64_t now_boot_ms;
    int64_t now_wall_ms;
};

struct evac_decision {
    enum evac_decide decide;
    enum evac_decide alone; /* what it would be, were there no incident */
    uint16_t from;          /* region to leave */
    uint16_t target;        /* region to move to: evac_best_standby() */
    enum evac_mode mode;    /* UNGRACEFUL when the active region is DOWN or ISOLATED */
    enum evac_gate_answer gates[EVAC_GATE_COUNT];
    char reasons[800];     /* what does not pass and counts, in words, with numbers */
    uint64_t wake_boot_ms; /* when the answer may change by time alone; UINT64_MAX never */
};

/* Of the regions that may be moved to, the best: the writer's, then one that was found ready, else
 * one that nobody looked at, else any; the order of the app's regions decides among equals. May be:
 * not the one that is left, not out, and up; or dormant, where no probe looks, and lately found
 * ready. The app's region count when there is none. Pure. */
uint16_t evac_best_standby(const struct evac_decision_input *input);

void evac_decide(const struct evac_decision_input *input, struct evac_decision *ret_decision);

/* One gate alone, with its reason in words; "" when it passes. Of one that is waived, who stands
 * for it. Asked only where there is trouble: a verdict of the region that is looked at. */
enum evac_gate_answer evac_ask_gate(const struct evac_decision_input *input, enum evac_gate gate,
                                    char *ret_why, size_t bytes);

/* The gates that bind `act` alone, towards the best standby, whatever the verdict: may automation
 * act on its own, should it come to that? Fills in gates, target, wake_boot_ms and, with what does
 * not pass, reasons. False when one of them does not pass. */
bool evac_may_act(const struct evac_decision_input *input, struct evac_decision *ret_decision);

#endif

/*
 * A drill's state machine, from its look to its end: the same form as the run's. One drill is one
 * campaign: each of its parts that calls a driver is a run of its own, and between them it waits.
 *
 *   idle -> checking -> running -> succeeded                           rehearse, isolated
 *                    -> leaving -> soaking -> returning -> succeeded   live
 *                    -> breaking -> watching -> mending -> succeeded   game day
 *
 * Whatever goes wrong leads to where it began (retreating, salvaging), or says loudly that it does
 * not (stranded); a real emergency ends it at once, and belongs to the policy and to people.
 */
#ifndef EVAC_DRILL_FSM_H
#define EVAC_DRILL_FSM_H

#include "evac/str.h"

#define EVAC_DRILL_STATES(X)                                                                       \
    X(NONE, "none") /* refused move */                                                             \
    X(IDLE, "idle")                                                                                \
    X(CHECKING, "checking")     /* is all as it should be, before anything is touched? */          \
    X(RUNNING, "running")       /* a rehearsal, or an isolated drill: one run */                   \
    X(LEAVING, "leaving")       /* live: users are moved */                                        \
    X(SOAKING, "soaking")       /* live: the other region serves */                                \
    X(RETURNING, "returning")   /* live: the way back, after a good soak */                        \
    X(RETREATING, "retreating") /* live: the way back, because the other region is not well */     \
    X(BREAKING, "breaking")     /* game day: faults are put in */                                  \
    X(WATCHING, "watching")     /* game day: the policy's turn */                                  \
    X(MENDING, "mending")       /* game day: it acted well; faults are taken out */                \
    X(SALVAGING, "salvaging")   /* game day: it did not; faults are taken out */                   \
    X(SUCCEEDED, "succeeded")                                                                      \
    X(FAILED, "failed")           /* it went wrong, and all is as it was */                        \
    X(STRANDED, "stranded")       /* it went wrong, and a person must put things back */           \
    X(INTERRUPTED, "interrupted") /* the real thing came between */                                \
    X(SKIPPED, "skipped")         /* nothing was touched */                                        \
    X(MISSED, "missed")

#define EVAC_DRILL_EVENTS(X)                                                                       \
    X(BEGIN, "begin")                                                                              \
    X(CLEAR_RUN, "clear-run") /* nothing is in the way; by its kind */                             \
    X(CLEAR_LIVE, "clear-live")                                                                    \
    X(CLEAR_FAULT, "clear-fault")                                                                  \
    X(BLOCKED, "blocked")       /* the look found something */                                     \
    X(DECLINED, "declined")     /* nobody said yes */                                              \
    X(RUN_GOOD, "run-good")     /* the present part's run went well */                             \
    X(RUN_BACK, "run-back")     /* it did not, and put everything back */                          \
    X(RUN_BAD, "run-bad")       /* it did not, and left something */                               \
    X(SOAKED, "soaked")         /* timer */                                                        \
    X(SICK, "sick")             /* the other region is down, home is up */                         \
    X(PROVEN, "proven")         /* the policy moved the users */                                   \
    X(DISPROVEN, "disproven")   /* it did not, or not in time, or more broke than should; timer */ \
    X(CALLED_OFF, "called-off") /* by a person */                                                  \
    X(EMERGENCY, "emergency")

#define X(name, text) EVAC_DRILL_IS_##name,
enum evac_drill_state { EVAC_DRILL_STATES(X) EVAC_DRILL_STATE_COUNT };
#undef X
#define X(name, text) EVAC_DRILL_ON_##name,
enum evac_drill_on { EVAC_DRILL_EVENTS(X) EVAC_DRILL_ON_COUNT };
#undef X

const char *evac_drill_state_name(enum evac_drill_state state);
const char *evac_drill_on_name(enum evac_drill_on event);
bool evac_drill_state_parse(struct evac_str name, enum evac_drill_state *ret_state);

/* EVAC_DRILL_IS_NONE when the move is refused. */
enum evac_drill_state evac_drill_next(enum evac_drill_state state, enum evac_drill_on event);
bool evac_drill_is_over(enum evac_drill_state state);
/* A run of its own is what the state waits for. */
bool evac_drill_runs(enum evac_drill_state state);
#endif

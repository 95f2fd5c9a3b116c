/*
 * The step's state machine, as a table of (state, event) -> state. Every cell is unique, so order
 * can not matter; an unwritten cell is a refused move. Conditions are not guards: run_classify.c
 * turns them into different events. RELIABILITY 2.3 and 2.4 give the reasons.
 *
 *                     +---------------- COOLING <-----------------+
 *                     v                                           |
 *   WAITING -> (GATED) -> OBSERVING -> INTENDING -> APPLYING -> VERIFYING -> DONE
 *                 |         |   ^         intent is    |  |         ^
 *                 |         v   |         durable      |  +-> UNKNOWN (observe before anything
 * else) |    CONFIRMING, QUARANTINED         +----> REFUSED (observe once, then give up)
 *                 v
 *                HELD, and from nearly everywhere FAILED (deadline), SKIPPED, HALTED (cancelled
 * part-way)
 */
#ifndef EVAC_STEP_FSM_H
#define EVAC_STEP_FSM_H

#include "evac/str.h"

#define EVAC_STEP_STATES(X)                                                                        \
    X(NONE, "none")               /* refused move */                                               \
    X(WAITING, "waiting")         /* for the steps before it */                                    \
    X(GATED, "gated")             /* a gate is closed: approval, data loss */                      \
    X(OBSERVING, "observing")     /* what is it now? */                                            \
    X(CONFIRMING, "confirming")   /* satisfied, but a weak read: look again (R6) */                \
    X(QUARANTINED, "quarantined") /* a rival attempt may still land (R7) */                        \
    X(INTENDING, "intending")     /* the intent is being made durable (R1) */                      \
    X(APPLYING, "applying")       /* a mutating call is open */                                    \
    X(VERIFYING, "verifying")     /* accepted, or moving: until it is as wanted */                 \
    X(UNKNOWN, "unknown")         /* nobody knows whether the call had effect (R4) */              \
    X(REFUSED, "refused")         /* a definite no: look once more */                              \
    X(COOLING, "cooling")         /* before another try */                                         \
    X(DONE, "done")                                                                                \
    X(SKIPPED, "skipped")                                                                          \
    X(FAILED, "failed")                                                                            \
    X(HELD, "held")     /* a gate stayed closed for too long */                                    \
    X(HALTED, "halted") /* cancelled after it may have changed something */                        \
    X(UNDONE, "undone") /* put back as it was before */

/* SAW answers observe, SAID answers apply; the rest is ours, a timer's, or a person's. */
#define EVAC_STEP_EVENTS(X)                                                                        \
    X(READY, "ready") /* what it waits for is over, gates are open */                              \
    X(GATE_SHUT, "gate-shut")                                                                      \
    X(WHEN_FALSE, "when-false")           /* its condition does not hold */                        \
    X(ABANDONED, "abandoned")             /* the run ends without it */                            \
    X(SAW_CONFIRMED, "saw-confirmed")     /* satisfied, and nothing could make it a lie */         \
    X(SAW_SATISFIED, "saw-satisfied")     /* satisfied, by a weak read */                          \
    X(SAW_UNSATISFIED, "saw-unsatisfied") /* and we may change it */                               \
    X(SAW_MOVING, "saw-moving")                                                                    \
    X(SAW_BLOCKED, "saw-blocked")                                                                  \
    X(SAW_NOTHING, "saw-nothing") /* could not look */                                             \
    X(REHEARSED, "rehearsed")     /* a rehearsal looks, and that is all */                         \
    X(BARRED, "barred")           /* a rival attempt is unresolved (R7) */                         \
    X(DURABLE, "durable")         /* the intent is in the journal */                               \
    X(SAID_ACCEPTED, "said-accepted")                                                              \
    X(SAID_THROTTLED, "said-throttled")                                                            \
    X(SAID_NOT_SENT, "said-not-sent")                                                              \
    X(SAID_REJECTED, "said-rejected")                                                              \
    X(SAID_UNKNOWN, "said-unknown")                                                                \
    X(COOLED, "cooled")       /* timer: back-off is over */                                        \
    X(Q_OVER, "q-over")       /* timer: the rival's request is dead */                             \
    X(TIME_UP, "time-up")     /* timer: the deadline */                                            \
    X(SPENT, "spent")         /* no tries left, or a refusal is final */                           \
    X(CANCELLED, "cancelled") /* the run unwinds */                                                \
    X(RESUMED, "resumed")     /* a controller took the run up again (R5) */                        \
    X(RETRY, "retry")         /* a person's word */                                                \
    X(SKIP, "skip")           /* a person's word */                                                \
    X(REVIVED, "revived")     /* the mode changed: its condition may hold now */                   \
    X(UNDID, "undid")         /* its undo step is done */

#define X(name, text) EVAC_STEP_##name,
enum evac_step_state { EVAC_STEP_STATES(X) EVAC_STEP_STATE_COUNT };
#undef X
#define X(name, text) EVAC_ON_##name,
enum evac_step_event { EVAC_STEP_EVENTS(X) EVAC_STEP_EVENT_COUNT };
#undef X

const char *evac_step_state_name(enum evac_step_state state);
const char *evac_step_event_name(enum evac_step_event event);
bool evac_step_state_parse(struct evac_str name, enum evac_step_state *ret_state);

/* EVAC_STEP_NONE when the move is refused. */
enum evac_step_state evac_step_next(enum evac_step_state state, enum evac_step_event event);

/* Nothing more happens to it by itself. */
bool evac_step_is_over(enum evac_step_state state);

/* Only a timer causes it: COOLED, Q_OVER, TIME_UP. */
bool evac_step_event_is_timer(enum evac_step_event event);
#endif

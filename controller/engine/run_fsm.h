/* The run's state machine: the same form as the step's. */
#ifndef EVAC_RUN_FSM_H
#define EVAC_RUN_FSM_H

#include "evac/str.h"

#define EVAC_RUN_STATES(X)                                                                         \
    X(NONE, "none")         /* refused move */                                                     \
    X(PROPOSED, "proposed") /* waits for a person's yes */                                         \
    X(RUNNING, "running")                                                                          \
    X(ASKING, "asking")       /* a step failed; what does not need it goes on */                   \
    X(UNWINDING, "unwinding") /* cancelled before the point of no return: undo */                  \
    X(STOPPING, "stopping")   /* nothing new begins; what is in flight lands */                    \
    X(SETTLING, "settling")   /* no attempt may be unresolved; a last look (R8) */                 \
    X(SUCCEEDED, "succeeded")                                                                      \
    X(EXCEPTIONS, "succeeded_with_exceptions")                                                     \
    X(ROLLED_BACK, "rolled_back")                                                                  \
    X(HELD, "held")                                                                                \
    X(FAILED, "failed")

#define EVAC_RUN_EVENTS(X)                                                                         \
    X(APPROVED, "approved")                                                                        \
    X(STEP_ASKS, "step-asks")   /* a step failed and its policy is to ask */                       \
    X(STEP_STOPS, "step-stops") /* ... to stop, before the point of no return */                   \
    X(ANSWERED, "answered")     /* a person said retry or skip */                                  \
    X(CANCEL, "cancel")         /* before the point of no return only */                           \
    X(HOLD, "hold")             /* stop where it stands */                                         \
    X(STEPS_OVER, "steps-over")                                                                    \
    X(DRILLED, "drilled") /* an isolated drill is through: put everything back */                  \
    X(UNWOUND, "unwound")                                                                          \
    X(STOPPED, "stopped")                                                                          \
    X(SETTLED_CLEAN, "settled-clean")                                                              \
    X(SETTLED_EXCEPTIONS, "settled-exceptions")                                                    \
    X(SETTLED_BACK, "settled-back")                                                                \
    X(SETTLED_HELD, "settled-held")                                                                \
    X(SETTLED_FAILED, "settled-failed")                                                            \
    X(TIME_UP, "time-up") /* timer */

#define X(name, text) EVAC_RUN_##name,
enum evac_run_state { EVAC_RUN_STATES(X) EVAC_RUN_STATE_COUNT };
#undef X
#define X(name, text) EVAC_RUN_ON_##name,
enum evac_run_event { EVAC_RUN_EVENTS(X) EVAC_RUN_EVENT_COUNT };
#undef X

const char *evac_run_state_name(enum evac_run_state state);
const char *evac_run_event_name(enum evac_run_event event);
bool evac_run_state_parse(struct evac_str name, enum evac_run_state *ret_state);

/* EVAC_RUN_NONE when the move is refused. */
enum evac_run_state evac_run_next(enum evac_run_state state, enum evac_run_event event);
bool evac_run_is_over(enum evac_run_state state);
#endif

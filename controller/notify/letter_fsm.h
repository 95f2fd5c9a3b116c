/*
 * A letter is one message on its way to one channel. Its state machine, in the same form as the
 * step's and the run's: an unwritten cell is a refused move.
 *
 *   queued -> trying -> sent
 *               |  ^
 *               v  |            waiting: certain that the last attempt did not arrive
 *      waiting, doubtful        doubtful: nobody knows; the next attempt may be a repeat
 */
#ifndef EVAC_LETTER_FSM_H
#define EVAC_LETTER_FSM_H

#include "evac/str.h"

#define EVAC_LETTER_STATES(X)                                                                      \
    X(NONE, "none") /* refused move; in the journal "": it was not there */                        \
    X(QUEUED, "queued")                                                                            \
    X(TRYING, "trying") /* the row of the attempt is durable before its first byte */              \
    X(WAITING, "waiting")                                                                          \
    X(DOUBTFUL, "doubtful")                                                                        \
    X(SENT, "sent")                                                                                \
    X(GIVEN_UP, "given-up")                                                                        \
    X(DROPPED, "dropped")

#define EVAC_LETTER_EVENTS(X)                                                                      \
    X(TRY, "try")                                                                                  \
    X(ACCEPTED, "accepted")                                                                        \
    X(REFUSED, "refused") /* for sure: it was not taken, this time */                              \
    X(NO, "no")           /* for sure: it was not taken, as it is */                               \
    X(UNKNOWN, "unknown") /* no answer, or one that leaves it open */                              \
    X(CRASHED, "crashed") /* the controller ended while it was being sent */                       \
    X(SPENT, "spent")     /* refused so often as it is that it would be refused again */           \
    X(TOO_OLD, "too-old")                                                                          \
    X(OVERFLOW, "overflow") /* too many wait */                                                    \
    X(GATHERED, "gathered") /* a regional incident stands for it */                                \
    X(OVER, "over")         /* the matter was over before anybody was told */                      \
    X(NO_CHANNEL, "no-channel")

#define X(name, text) EVAC_LETTER_##name,
enum evac_letter_state { EVAC_LETTER_STATES(X) EVAC_LETTER_STATE_COUNT };
#undef X
#define X(name, text) EVAC_LETTER_ON_##name,
enum evac_letter_event { EVAC_LETTER_EVENTS(X) EVAC_LETTER_EVENT_COUNT };
#undef X

const char *evac_letter_state_name(enum evac_letter_state state);
const char *evac_letter_event_name(enum evac_letter_event event);
bool evac_letter_state_parse(struct evac_str name, enum evac_letter_state *ret_state);

/* EVAC_LETTER_NONE when the move is refused. */
enum evac_letter_state evac_letter_next(enum evac_letter_state state, enum evac_letter_event event);
bool evac_letter_is_over(enum evac_letter_state state);
#endif

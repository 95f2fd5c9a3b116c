/*
 * What a data step may cost: loss, how well it is known, and who wants the move, to an answer. A
 * table of RELIABILITY 3.7, and nothing else. Pure.
 */
#ifndef EVAC_LOSS_GATE_H
#define EVAC_LOSS_GATE_H

#include "evac/str.h"

#define EVAC_LOSS_STATES(X)                                                                        \
    X(NONE, "none")         /* nothing can be lost: no data that is measured, or proven */         \
    X(AGREED, "agreed")     /* within the objective; as many measures as wanted say so */          \
    X(SINGLE, "single")     /* within the objective, by the word of one */                         \
    X(BEYOND, "beyond")     /* more than the objective */                                          \
    X(UNKNOWN, "unknown")   /* nobody can tell */                                                  \
    X(DIVERGED, "diverged") /* the two sides may both have been written: no number means anything  \
                             */
#define X(name, text) EVAC_LOSS_IS_##name,
enum evac_loss_state { EVAC_LOSS_STATES(X) EVAC_LOSS_STATE_COUNT };
#undef X

#define EVAC_LOSS_WAYS(X)                                                                          \
    X(GRACEFUL, "graceful")                                                                        \
    X(AUTOMATIC, "ungraceful, automatic")                                                          \
    X(MANUAL, "ungraceful, a person's")
#define X(name, text) EVAC_LOSS_WAY_##name,
enum evac_loss_way { EVAC_LOSS_WAYS(X) EVAC_LOSS_WAY_COUNT };
#undef X

#define EVAC_LOSS_ANSWERS(X)                                                                       \
    X(PASS, "pass")                                                                                \
    X(CONFIRM, "confirm") /* a person who was shown the number began it: it passes, and is noted   \
                           */                                                                      \
    X(BLOCK, "block")     /* until it is better, or somebody who may overrides it */               \
    X(PHRASE, "phrase")   /* the same, and the override must say that it knows what it does */     \
    X(NEVER, "never")     /* no override: something else must be done first */
#define X(name, text) EVAC_LOSS_SAYS_##name,
enum evac_loss_answer { EVAC_LOSS_ANSWERS(X) EVAC_LOSS_ANSWER_COUNT };
#undef X

struct evac_loss_facts {
    int64_t loss_ms, objective_ms; /* loss: INT64_MAX is unknown */
    bool agreed;   /* of every resource as many measures as wanted speak, and agree */
    bool diverged; /* the target may have been written beside the side that is left */
};

enum evac_loss_state evac_loss_state(const struct evac_loss_facts *facts);
enum evac_loss_answer evac_loss_gate(enum evac_loss_state state, enum evac_loss_way way);

const char *evac_loss_state_name(enum evac_loss_state state);
const char *evac_loss_way_name(enum evac_loss_way way);
const char *evac_loss_answer_name(enum evac_loss_answer answer);
#endif

/*
 * The safety rules that one build, for the simulation alone (-DEVAC_WITHOUT=ON), can leave out one
 * at a time while it runs: what the tests do not miss then was not tested. In every other build
 * EVAC_RULE() is a constant, and nothing of this is in the program.
 */
#ifndef EVAC_RULE_H
#define EVAC_RULE_H

/* Docs are what the canaries' table prints. */
#define EVAC_RULES(X)                                                                              \
    X(R1, "intent before effect")                                                                  \
    X(R4, "a lost reply is unknown, not done")                                                     \
    X(R5, "look before it is tried again")                                                         \
    X(R6, "what is seen is seen twice, or versioned")                                              \
    X(R7, "poison or wait")                                                                        \
    X(R8, "settle before the end")                                                                 \
    X(R11, "no way back from the pivot on")                                                        \
    X(FENCE, "fence before promote")                                                               \
    X(CAS, "compare and set: GO object, record sets")                                              \
    X(ABSTAIN, "whoever doubts itself starts nothing")                                             \
    X(COOLDOWN, "a cooldown between automatic runs")                                               \
    X(RPO, "the gate on lost data")                                                                \
    X(APPROVAL, "a yes is for what was shown")

#define X(name, doc) EVAC_RULE_##name,
enum evac_rule { EVAC_RULES(X) EVAC_RULE_COUNT };
#undef X

#ifdef EVAC_WITHOUT
extern unsigned evac_rules_left_out; /* a bit each */
#define EVAC_RULE(name) (!(evac_rules_left_out >> EVAC_RULE_##name & 1u))
#else
#define EVAC_RULE(name) 1
#endif
#endif

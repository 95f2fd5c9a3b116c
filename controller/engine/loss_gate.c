#include "loss_gate.h"

#define X(name, text) text,
static const char *const state_names[] = { EVAC_LOSS_STATES(X) };
static const char *const way_names[] = { EVAC_LOSS_WAYS(X) };
static const char *const answer_names[] = { EVAC_LOSS_ANSWERS(X) };
#undef X

const char *evac_loss_state_name(enum evac_loss_state state)
{
    return (unsigned)state < EVAC_LOSS_STATE_COUNT ? state_names[state] : "?";
}

const char *evac_loss_way_name(enum evac_loss_way way)
{
    return (unsigned)way < EVAC_LOSS_WAY_COUNT ? way_names[way] : "?";
}

const char *evac_loss_answer_name(enum evac_loss_answer answer)
{
    return (unsigned)answer < EVAC_LOSS_ANSWER_COUNT ? answer_names[answer] : "?";
}

enum evac_loss_state evac_loss_state(const struct evac_loss_facts *f)
{
    if (f->diverged)
        return EVAC_LOSS_IS_DIVERGED;
    if (f->loss_ms == INT64_MAX)
        return EVAC_LOSS_IS_UNKNOWN;
    if (f->loss_ms > f->objective_ms)
        return EVAC_LOSS_IS_BEYOND;
    if (f->loss_ms == 0)
        return EVAC_LOSS_IS_NONE;
    return f->agreed ? EVAC_LOSS_IS_AGREED : EVAC_LOSS_IS_SINGLE;
}

#define W(way)    EVAC_LOSS_WAY_##way
#define S(answer) EVAC_LOSS_SAYS_##answer

// clang-format off
static const uint8_t table[EVAC_LOSS_STATE_COUNT][EVAC_LOSS_WAY_COUNT] = {
    /*                          graceful,                  automatic,               a person's        */
    [EVAC_LOSS_IS_NONE]     = { [W(GRACEFUL)] = S(PASS),   [W(AUTOMATIC)] = S(PASS),   [W(MANUAL)] = S(PASS) },
    [EVAC_LOSS_IS_AGREED]   = { [W(GRACEFUL)] = S(PASS),   [W(AUTOMATIC)] = S(PASS),   [W(MANUAL)] = S(PASS) },
    [EVAC_LOSS_IS_SINGLE]   = { [W(GRACEFUL)] = S(PASS),   [W(AUTOMATIC)] = S(BLOCK),  [W(MANUAL)] = S(CONFIRM) },
    [EVAC_LOSS_IS_BEYOND]   = { [W(GRACEFUL)] = S(BLOCK),  [W(AUTOMATIC)] = S(BLOCK),  [W(MANUAL)] = S(BLOCK) },
    [EVAC_LOSS_IS_UNKNOWN]  = { [W(GRACEFUL)] = S(PHRASE), [W(AUTOMATIC)] = S(PHRASE), [W(MANUAL)] = S(PHRASE) },
    [EVAC_LOSS_IS_DIVERGED] = { [W(GRACEFUL)] = S(NEVER),  [W(AUTOMATIC)] = S(NEVER),  [W(MANUAL)] = S(NEVER) },
};
// clang-format on

enum evac_loss_answer evac_loss_gate(enum evac_loss_state state, enum evac_loss_way way)
{
    if ((unsigned)state >= EVAC_LOSS_STATE_COUNT || (unsigned)way >= EVAC_LOSS_WAY_COUNT)
        return EVAC_LOSS_SAYS_NEVER;
    return (enum evac_loss_answer)table[state][way];
}

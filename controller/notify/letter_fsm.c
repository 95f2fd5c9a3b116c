#include "letter_fsm.h"

#define S(name)       EVAC_LETTER_##name
#define ON(event, to) [EVAC_LETTER_ON_##event] = S(to)
#define LEAVES        ON(TOO_OLD, GIVEN_UP), ON(OVERFLOW, DROPPED), ON(NO_CHANNEL, DROPPED)

static const uint8_t table[EVAC_LETTER_STATE_COUNT][EVAC_LETTER_EVENT_COUNT] = {
    /* clang-format off */
    [S(QUEUED)]   = { ON(TRY, TRYING), ON(GATHERED, DROPPED), ON(OVER, DROPPED), LEAVES },
    [S(TRYING)]   = { ON(ACCEPTED, SENT), ON(REFUSED, WAITING), ON(NO, WAITING), ON(UNKNOWN, DOUBTFUL),
                      ON(CRASHED, DOUBTFUL), ON(SPENT, GIVEN_UP) },
    [S(WAITING)]  = { ON(TRY, TRYING), LEAVES },
    [S(DOUBTFUL)] = { ON(TRY, TRYING), LEAVES },
    /* clang-format on */
};

#define X(name, text) text,
static const char *const states[] = { EVAC_LETTER_STATES(X) };
static const char *const events[] = { EVAC_LETTER_EVENTS(X) };
#undef X

const char *evac_letter_state_name(enum evac_letter_state state)
{
    return (unsigned)state < EVAC_LETTER_STATE_COUNT ? states[state] : "?";
}

const char *evac_letter_event_name(enum evac_letter_event event)
{
    return (unsigned)event < EVAC_LETTER_EVENT_COUNT ? events[event] : "?";
}

bool evac_letter_state_parse(struct evac_str name, enum evac_letter_state *ret_state)
{
    for (unsigned i = 0; i < EVAC_LETTER_STATE_COUNT; i++)
        if (evac_str_is(name, states[i])) {
            *ret_state = (enum evac_letter_state)i;
            return true;
        }
    return false;
}

enum evac_letter_state evac_letter_next(enum evac_letter_state state, enum evac_letter_event event)
{
    if ((unsigned)state >= EVAC_LETTER_STATE_COUNT || (unsigned)event >= EVAC_LETTER_EVENT_COUNT)
        return EVAC_LETTER_NONE;
    return (enum evac_letter_state)table[state][event];
}

bool evac_letter_is_over(enum evac_letter_state state)
{
    return state == EVAC_LETTER_SENT || state == EVAC_LETTER_GIVEN_UP ||
           state == EVAC_LETTER_DROPPED;
}

#include "drill_fsm.h"

#define X(name, text) text,
static const char *const state_names[] = { EVAC_DRILL_STATES(X) };
static const char *const event_names[] = { EVAC_DRILL_EVENTS(X) };
#undef X

#define S(name)       EVAC_DRILL_IS_##name
#define ON(event, to) [EVAC_DRILL_ON_##event] = S(to)

// clang-format off
static const uint8_t table[EVAC_DRILL_STATE_COUNT][EVAC_DRILL_ON_COUNT] = {
    [S(IDLE)]       = { ON(BEGIN, CHECKING) },
    [S(CHECKING)]   = { ON(CLEAR_RUN, RUNNING), ON(CLEAR_LIVE, LEAVING), ON(CLEAR_FAULT, BREAKING),
                        ON(BLOCKED, SKIPPED), ON(CALLED_OFF, SKIPPED), ON(EMERGENCY, INTERRUPTED) },
    [S(RUNNING)]    = { ON(RUN_GOOD, SUCCEEDED), ON(RUN_BACK, FAILED), ON(RUN_BAD, STRANDED),
                        ON(DECLINED, SKIPPED), ON(EMERGENCY, INTERRUPTED) },
    [S(LEAVING)]    = { ON(RUN_GOOD, SOAKING), ON(RUN_BACK, FAILED), ON(RUN_BAD, STRANDED),
                        ON(DECLINED, SKIPPED), ON(EMERGENCY, INTERRUPTED) },
    [S(SOAKING)]    = { ON(SOAKED, RETURNING), ON(SICK, RETREATING), ON(CALLED_OFF, RETREATING),
                        ON(EMERGENCY, INTERRUPTED) },
    [S(RETURNING)]  = { ON(RUN_GOOD, SUCCEEDED), ON(RUN_BACK, STRANDED), ON(RUN_BAD, STRANDED),
                        ON(EMERGENCY, INTERRUPTED) },
    [S(RETREATING)] = { ON(RUN_GOOD, FAILED), ON(RUN_BACK, STRANDED), ON(RUN_BAD, STRANDED),
                        ON(EMERGENCY, INTERRUPTED) },
    [S(BREAKING)]   = { ON(RUN_GOOD, WATCHING), ON(RUN_BACK, SALVAGING), ON(RUN_BAD, SALVAGING),
                        ON(DECLINED, SKIPPED) },
    [S(WATCHING)]   = { ON(PROVEN, MENDING), ON(DISPROVEN, SALVAGING), ON(CALLED_OFF, SALVAGING) },
    [S(MENDING)]    = { ON(RUN_GOOD, SUCCEEDED), ON(RUN_BACK, STRANDED), ON(RUN_BAD, STRANDED) },
    [S(SALVAGING)]  = { ON(RUN_GOOD, FAILED), ON(RUN_BACK, STRANDED), ON(RUN_BAD, STRANDED) },
};
// clang-format on

const char *evac_drill_state_name(enum evac_drill_state state)
{
    return (unsigned)state < EVAC_DRILL_STATE_COUNT ? state_names[state] : "?";
}

const char *evac_drill_on_name(enum evac_drill_on event)
{
    return (unsigned)event < EVAC_DRILL_ON_COUNT ? event_names[event] : "?";
}

bool evac_drill_state_parse(struct evac_str name, enum evac_drill_state *ret_state)
{
    for (unsigned i = 1; i < EVAC_DRILL_STATE_COUNT; i++)
        if (evac_str_is(name, state_names[i])) {
            *ret_state = (enum evac_drill_state)i;
            return true;
        }
    return false;
}

enum evac_drill_state evac_drill_next(enum evac_drill_state state, enum evac_drill_on event)
{
    if ((unsigned)state >= EVAC_DRILL_STATE_COUNT || (unsigned)event >= EVAC_DRILL_ON_COUNT)
        return EVAC_DRILL_IS_NONE;
    return (enum evac_drill_state)table[state][event];
}

bool evac_drill_is_over(enum evac_drill_state state)
{
    return state >= EVAC_DRILL_IS_SUCCEEDED;
}

bool evac_drill_runs(enum evac_drill_state state)
{
    return state >= EVAC_DRILL_IS_CHECKING && !evac_drill_is_over(state) &&
           state != EVAC_DRILL_IS_SOAKING && state != EVAC_DRILL_IS_WATCHING;
}

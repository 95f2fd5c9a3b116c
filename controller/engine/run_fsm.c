#include "run_fsm.h"

#define X(name, text) text,
static const char *const state_names[] = { EVAC_RUN_STATES(X) };
static const char *const event_names[] = { EVAC_RUN_EVENTS(X) };
#undef X

#define S(name)       EVAC_RUN_##name
#define ON(event, to) [EVAC_RUN_ON_##event] = S(to)

// clang-format off
static const uint8_t table[EVAC_RUN_STATE_COUNT][EVAC_RUN_EVENT_COUNT] = {
    [S(PROPOSED)]  = { ON(APPROVED, RUNNING), ON(CANCEL, UNWINDING), ON(TIME_UP, UNWINDING) },
    [S(RUNNING)]   = { ON(STEP_ASKS, ASKING), ON(STEP_STOPS, UNWINDING), ON(CANCEL, UNWINDING),
                       ON(HOLD, STOPPING), ON(STEPS_OVER, SETTLING), ON(DRILLED, UNWINDING),
                       ON(TIME_UP, STOPPING) },
    [S(ASKING)]    = { ON(ANSWERED, RUNNING), ON(STEP_STOPS, UNWINDING), ON(CANCEL, UNWINDING),
                       ON(HOLD, STOPPING), ON(TIME_UP, STOPPING) },
    [S(UNWINDING)] = { ON(UNWOUND, SETTLING), ON(HOLD, STOPPING), ON(TIME_UP, STOPPING) },
    [S(STOPPING)]  = { ON(STOPPED, SETTLING), ON(TIME_UP, SETTLING) },
    [S(SETTLING)]  = { ON(SETTLED_CLEAN, SUCCEEDED), ON(SETTLED_EXCEPTIONS, EXCEPTIONS),
                       ON(SETTLED_BACK, ROLLED_BACK), ON(SETTLED_HELD, HELD),
                       ON(SETTLED_FAILED, FAILED), ON(TIME_UP, HELD) },
};
// clang-format on

const char *evac_run_state_name(enum evac_run_state state)
{
    return (unsigned)state < EVAC_RUN_STATE_COUNT ? state_names[state] : "?";
}

const char *evac_run_event_name(enum evac_run_event event)
{
    return (unsigned)event < EVAC_RUN_EVENT_COUNT ? event_names[event] : "?";
}

bool evac_run_state_parse(struct evac_str name, enum evac_run_state *ret_state)
{
    for (unsigned i = 1; i < EVAC_RUN_STATE_COUNT; i++)
        if (evac_str_is(name, state_names[i])) {
            *ret_state = (enum evac_run_state)i;
            return true;
        }
    return false;
}

enum evac_run_state evac_run_next(enum evac_run_state state, enum evac_run_event event)
{
    if ((unsigned)state >= EVAC_RUN_STATE_COUNT || (unsigned)event >= EVAC_RUN_EVENT_COUNT)
        return EVAC_RUN_NONE;
    return (enum evac_run_state)table[state][event];
}

bool evac_run_is_over(enum evac_run_state state)
{
    return state >= EVAC_RUN_SUCCEEDED;
}

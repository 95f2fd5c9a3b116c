#include "step_fsm.h"

#define X(name, text) text,
static const char *const state_names[] = { EVAC_STEP_STATES(X) };
static const char *const event_names[] = { EVAC_STEP_EVENTS(X) };
#undef X

#define S(name)       EVAC_STEP_##name
#define ON(event, to) [EVAC_ON_##event] = S(to)

// clang-format off
static const uint8_t table[EVAC_STEP_STATE_COUNT][EVAC_STEP_EVENT_COUNT] = {
    [S(WAITING)]     = { ON(READY, OBSERVING), ON(GATE_SHUT, GATED), ON(WHEN_FALSE, SKIPPED),
                         ON(ABANDONED, SKIPPED), ON(CANCELLED, SKIPPED), ON(SKIP, SKIPPED),
                         ON(TIME_UP, SKIPPED), ON(SPENT, FAILED) },
    [S(GATED)]       = { ON(READY, OBSERVING), ON(WHEN_FALSE, SKIPPED), ON(ABANDONED, SKIPPED),
                         ON(CANCELLED, SKIPPED), ON(SKIP, SKIPPED), ON(TIME_UP, HELD) },
    [S(OBSERVING)]   = { ON(SAW_CONFIRMED, DONE), ON(SAW_SATISFIED, CONFIRMING),
                         ON(SAW_UNSATISFIED, INTENDING), ON(SAW_MOVING, VERIFYING),
                         ON(SAW_BLOCKED, OBSERVING), ON(SAW_NOTHING, OBSERVING),
                         ON(REHEARSED, DONE), ON(BARRED, QUARANTINED), ON(GATE_SHUT, GATED),
                         ON(WHEN_FALSE, HALTED), ON(SPENT, FAILED), ON(TIME_UP, FAILED),
                         ON(ABANDONED, SKIPPED), ON(CANCELLED, HALTED), ON(SKIP, SKIPPED),
                         ON(RESUMED, OBSERVING) },
    [S(CONFIRMING)]  = { ON(SAW_CONFIRMED, DONE), ON(SAW_SATISFIED, CONFIRMING),
                         ON(SAW_UNSATISFIED, INTENDING), ON(SAW_MOVING, VERIFYING),
                         ON(SAW_BLOCKED, OBSERVING), ON(SAW_NOTHING, CONFIRMING),
                         ON(BARRED, QUARANTINED), ON(GATE_SHUT, GATED), ON(WHEN_FALSE, HALTED),
                         ON(TIME_UP, FAILED), ON(ABANDONED, HALTED), ON(CANCELLED, HALTED),
                         ON(SKIP, SKIPPED), ON(RESUMED, OBSERVING) },
    [S(QUARANTINED)] = { ON(Q_OVER, OBSERVING), ON(TIME_UP, FAILED), ON(WHEN_FALSE, HALTED),
                         ON(ABANDONED, HALTED), ON(CANCELLED, HALTED), ON(SKIP, SKIPPED),
                         ON(RESUMED, OBSERVING) },
    [S(INTENDING)]   = { ON(DURABLE, APPLYING), ON(TIME_UP, FAILED), ON(RESUMED, UNKNOWN) },
    [S(APPLYING)]    = { ON(SAID_ACCEPTED, VERIFYING), ON(SAID_THROTTLED, COOLING),
                         ON(SAID_NOT_SENT, COOLING), ON(SAID_REJECTED, REFUSED),
                         ON(SAID_UNKNOWN, UNKNOWN), ON(TIME_UP, UNKNOWN), ON(RESUMED, UNKNOWN) },
    [S(VERIFYING)]   = { ON(SAW_CONFIRMED, DONE), ON(SAW_SATISFIED, CONFIRMING),
                         ON(SAW_UNSATISFIED, COOLING), ON(SAW_MOVING, VERIFYING),
                         ON(SAW_BLOCKED, VERIFYING), ON(SAW_NOTHING, VERIFYING),
                         ON(REHEARSED, DONE), ON(BARRED, QUARANTINED), ON(SPENT, FAILED),
                         ON(TIME_UP, FAILED), ON(WHEN_FALSE, HALTED), ON(ABANDONED, HALTED),
                         ON(CANCELLED, HALTED), ON(SKIP, SKIPPED), ON(RESUMED, VERIFYING) },
    [S(UNKNOWN)]     = { ON(SAW_CONFIRMED, DONE), ON(SAW_SATISFIED, CONFIRMING),
                         ON(SAW_UNSATISFIED, COOLING), ON(SAW_MOVING, VERIFYING),
                         ON(SAW_BLOCKED, UNKNOWN), ON(SAW_NOTHING, UNKNOWN),
                         ON(BARRED, QUARANTINED), ON(SPENT, FAILED), ON(TIME_UP, FAILED),
                         ON(WHEN_FALSE, HALTED), ON(ABANDONED, HALTED), ON(CANCELLED, HALTED),
                         ON(SKIP, SKIPPED), ON(RESUMED, UNKNOWN) },
    [S(REFUSED)]     = { ON(SAW_CONFIRMED, DONE), ON(SAW_SATISFIED, CONFIRMING),
                         ON(SAW_UNSATISFIED, COOLING), ON(SAW_MOVING, VERIFYING),
                         ON(SAW_BLOCKED, FAILED), ON(SAW_NOTHING, REFUSED),
                         ON(BARRED, QUARANTINED), ON(SPENT, FAILED), ON(TIME_UP, FAILED),
                         ON(WHEN_FALSE, HALTED), ON(ABANDONED, HALTED), ON(CANCELLED, HALTED),
                         ON(SKIP, SKIPPED), ON(RESUMED, REFUSED) },
    [S(COOLING)]     = { ON(COOLED, OBSERVING), ON(SPENT, FAILED), ON(TIME_UP, FAILED),
                         ON(WHEN_FALSE, HALTED), ON(ABANDONED, HALTED), ON(CANCELLED, HALTED),
                         ON(SKIP, SKIPPED), ON(RESUMED, OBSERVING) },
    [S(FAILED)]      = { ON(RETRY, OBSERVING), ON(SKIP, SKIPPED), ON(UNDID, UNDONE) },
    [S(HELD)]        = { ON(RETRY, WAITING), ON(SKIP, SKIPPED), ON(UNDID, UNDONE) },
    [S(DONE)]        = { ON(UNDID, UNDONE) },
    [S(HALTED)]      = { ON(REVIVED, WAITING), ON(UNDID, UNDONE) },
    [S(SKIPPED)]     = { ON(REVIVED, WAITING), ON(UNDID, UNDONE) },
};
// clang-format on

const char *evac_step_state_name(enum evac_step_state state)
{
    return (unsigned)state < EVAC_STEP_STATE_COUNT ? state_names[state] : "?";
}

const char *evac_step_event_name(enum evac_step_event event)
{
    return (unsigned)event < EVAC_STEP_EVENT_COUNT ? event_names[event] : "?";
}

bool evac_step_state_parse(struct evac_str name, enum evac_step_state *ret_state)
{
    for (unsigned i = 1; i < EVAC_STEP_STATE_COUNT; i++)
        if (evac_str_is(name, state_names[i])) {
            *ret_state = (enum evac_step_state)i;
            return true;
        }
    return false;
}

enum evac_step_state evac_step_next(enum evac_step_state state, enum evac_step_event event)
{
    if ((unsigned)state >= EVAC_STEP_STATE_COUNT || (unsigned)event >= EVAC_STEP_EVENT_COUNT)
        return EVAC_STEP_NONE;
    return (enum evac_step_state)table[state][event];
}

bool evac_step_is_over(enum evac_step_state state)
{
    return state >= EVAC_STEP_DONE;
}

bool evac_step_event_is_timer(enum evac_step_event event)
{
    return event == EVAC_ON_COOLED || event == EVAC_ON_Q_OVER || event == EVAC_ON_TIME_UP;
}

/* Names as people write them, and back. */
#include "model.h"

#define NAMED(type, LIST, COUNT)                                                                   \
    static const char *const type##_names[] = { LIST(NAME) };                                      \
    const char *evac_##type##_name(enum evac_##type v)                                             \
    {                                                                                              \
        return (unsigned)v < COUNT ? type##_names[v] : "?";                                        \
    }                                                                                              \
    bool evac_##type##_parse(struct evac_str s, enum evac_##type *ret)                             \
    {                                                                                              \
        for (unsigned i = 0; i < COUNT; i++)                                                       \
            if (evac_str_is(s, type##_names[i])) {                                                 \
                *ret = (enum evac_##type)i;                                                        \
                return true;                                                                       \
            }                                                                                      \
        return false;                                                                              \
    }
#define NAME(name, text) text,

NAMED(mode, EVAC_MODES, EVAC_MODE_COUNT)
NAMED(workflow, EVAC_WORKFLOWS, EVAC_WORKFLOW_COUNT)
NAMED(policy, EVAC_POLICIES, EVAC_POLICY_COUNT)
NAMED(strategy, EVAC_STRATEGIES, EVAC_STRATEGY_COUNT)
NAMED(drill_kind, EVAC_DRILL_KINDS, EVAC_DRILL_KIND_COUNT)
NAMED(phase, EVAC_PHASES, EVAC_PHASE_COUNT)
NAMED(on_failure, EVAC_ON_FAILURES, EVAC_ON_FAILURE_COUNT)
NAMED(at_expiry, EVAC_AT_EXPIRIES, EVAC_AT_EXPIRY_COUNT)
NAMED(condition, EVAC_CONDITIONS, EVAC_CONDITION_COUNT)
NAMED(probe_kind, EVAC_PROBE_KINDS, EVAC_PROBE_KIND_COUNT)
NAMED(probe_role, EVAC_PROBE_ROLES, EVAC_PROBE_ROLE_COUNT)
NAMED(grade, EVAC_GRADES, EVAC_GRADE_COUNT)
NAMED(urgency, EVAC_URGENCIES, EVAC_URGENCY_COUNT)
NAMED(notice_kind, EVAC_NOTICE_KINDS, EVAC_NOTICE_KIND_COUNT)
#undef NAME
#define NAME(name, text, time) text,
NAMED(measure, EVAC_MEASURES, EVAC_MEASURE_COUNT)

bool evac_measure_is_time(enum evac_measure v)
{
#define TIME(name, text, time) time,
    static const bool times[] = { EVAC_MEASURES(TIME) };
#undef TIME
    return times[v];
}

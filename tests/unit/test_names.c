/* Every enum that people see: each value has a name of its own that reads back as it, and a number
 * that is none of them is told as "?" rather than read from behind the table. */
#include "decision.h"
#include "drill_fsm.h"
#include "engine.h"
#include "facts.h"
#include "health.h"
#include "loss_gate.h"
#include "rights.h"
#include "run_fsm.h"
#include "self.h"
#include "step_fsm.h"
#include "suite.h"

#include <string.h>

/* clang-format off */
#define NAMED(X)                                                                                   \
    X(gate, evac_gate_name, enum evac_gate, EVAC_GATE_COUNT)                                       \
    X(answer, evac_gate_answer_name, enum evac_gate_answer, EVAC_GATE_ANSWER_COUNT)                \
    X(assurance, evac_assurance_name, enum evac_assurance_kind, EVAC_ASSURANCE_COUNT)              \
    X(drill, evac_drill_state_name, enum evac_drill_state, EVAC_DRILL_STATE_COUNT)                 \
    X(drill_on, evac_drill_on_name, enum evac_drill_on, EVAC_DRILL_ON_COUNT)                       \
    X(vantage, evac_vantage_state_name, enum evac_vantage_state, EVAC_VANTAGE_STATE_COUNT)         \
    X(loss, evac_loss_state_name, enum evac_loss_state, EVAC_LOSS_STATE_COUNT)                     \
    X(way, evac_loss_way_name, enum evac_loss_way, EVAC_LOSS_WAY_COUNT)                            \
    X(loss_answer, evac_loss_answer_name, enum evac_loss_answer, EVAC_LOSS_ANSWER_COUNT)           \
    X(incident, evac_incident_state_name, enum evac_incident_state, EVAC_INCIDENT_STATE_COUNT)     \
    X(evacuee, evac_evacuee_name, enum evac_evacuee, EVAC_EVACUEE_COUNT)                           \
    X(rights, evac_rights_role_name, enum evac_rights_role, EVAC_RIGHTS_ROLE_COUNT)                \
    X(instant, evac_instant_name, enum evac_instant, EVAC_INSTANT_COUNT)                           \
    X(verb, evac_command_name, enum evac_command_verb, EVAC_CMD_COUNT)                             \
    X(run, evac_run_state_name, enum evac_run_state, EVAC_RUN_STATE_COUNT)                         \
    X(run_on, evac_run_event_name, enum evac_run_event, EVAC_RUN_EVENT_COUNT)                      \
    X(step, evac_step_state_name, enum evac_step_state, EVAC_STEP_STATE_COUNT)                     \
    X(step_on, evac_step_event_name, enum evac_step_event, EVAC_STEP_EVENT_COUNT)
#define PARSED(X)                                                                                  \
    X(assurance, evac_assurance_parse, evac_assurance_name, enum evac_assurance_kind, 0, EVAC_ASSURANCE_COUNT) \
    X(drill, evac_drill_state_parse, evac_drill_state_name, enum evac_drill_state, 1, EVAC_DRILL_STATE_COUNT)  \
    X(verb, evac_command_parse, evac_command_name, enum evac_command_verb, 0, EVAC_CMD_COUNT)      \
    X(run, evac_run_state_parse, evac_run_state_name, enum evac_run_state, 1, EVAC_RUN_STATE_COUNT) \
    X(step, evac_step_state_parse, evac_step_state_name, enum evac_step_state, 1, EVAC_STEP_STATE_COUNT)
/* clang-format on */

#define X(what, name, type, count)                                                                 \
    START_TEST(what##_has_names_that_differ_and_none_beyond)                                       \
    {                                                                                              \
        for (unsigned a = 0; a < count; a++) {                                                     \
            ck_assert_msg(name((type)a)[0] != '\0', "%u has no name", a);                          \
            for (unsigned b = 0; b < a; b++)                                                       \
                ck_assert_msg(strcmp(name((type)a), name((type)b)) != 0, "%s twice",               \
                              name((type)a));                                                      \
        }                                                                                          \
        ck_assert_str_eq(name((type)count), "?");                                                  \
        ck_assert_str_eq(name((type)1000000), "?");                                                \
    }                                                                                              \
    END_TEST
NAMED(X)
#undef X

#define X(what, parse, name, type, first, count)                                                   \
    START_TEST(what##_reads_back)                                                                  \
    {                                                                                              \
        type value;                                                                                \
        for (unsigned a = first; a < count; a++)                                                   \
            ck_assert(parse(evac_str(name((type)a)), &value) && value == (type)a);                 \
        ck_assert(!parse(EVAC_STR("no such name"), &value) && !parse(EVAC_STR_NONE, &value));      \
    }                                                                                              \
    END_TEST
PARSED(X)
#undef X

/* What no table has, moves nothing. */
START_TEST(a_state_or_an_event_that_there_is_not_moves_nothing)
{
    for (unsigned s = 0; s <= EVAC_STEP_STATE_COUNT; s++)
        ck_assert_int_eq(evac_step_next((enum evac_step_state)s, EVAC_STEP_EVENT_COUNT),
                         EVAC_STEP_NONE);
    for (unsigned e = 0; e < EVAC_STEP_EVENT_COUNT; e++)
        ck_assert_int_eq(evac_step_next(EVAC_STEP_STATE_COUNT, (enum evac_step_event)e),
                         EVAC_STEP_NONE);
    for (unsigned s = 0; s <= EVAC_RUN_STATE_COUNT; s++)
        ck_assert_int_eq(evac_run_next((enum evac_run_state)s, EVAC_RUN_EVENT_COUNT),
                         EVAC_RUN_NONE);
    for (unsigned e = 0; e < EVAC_RUN_EVENT_COUNT; e++)
        ck_assert_int_eq(evac_run_next(EVAC_RUN_STATE_COUNT, (enum evac_run_event)e),
                         EVAC_RUN_NONE);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tc = tcase_create("names");
#define X(what, name, type, count) tcase_add_test(tc, what##_has_names_that_differ_and_none_beyond);
    NAMED(X)
#undef X
#define X(what, parse, name, type, first, count) tcase_add_test(tc, what##_reads_back);
    PARSED(X)
#undef X
    tcase_add_test(tc, a_state_or_an_event_that_there_is_not_moves_nothing);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("names", add_cases)

/* A regional incident and drills: none begins, and each that goes on does what its state and the
 * region of the incident ask for; told again after a kill. */
#include "calendar.h"
#include "fleet_world.h"
#include "suite.h"

#include <string.h>

#define SECOND_MS 1000u
#define MINUTE_MS 60000u

/* Apps 0 to 4 serve in the east, 6 to 10 in the west; app 5 has the drill, and the east is its
 * home. */
#define DRILLER 5u
#define EAST    0u
#define WEST    6u
#define APPS    11u

static struct fleet *f;

static void settings(size_t i, struct evac_buf *out)
{
    (void)i;
    evac_buf_puts(
        out, "policy = { automatic = \"never\"; dwell = \"60s\"; };\n"
             "drills = ( { name = \"isolated\"; kind = \"isolated\"; cron = \"0 9 1 1 *\"; },\n"
             "  { name = \"live\"; kind = \"live\"; soak = \"10m\"; cron = \"0 9 1 1 *\"; } );\n");
}

static void setup(void)
{
    f = fleet_new(&(struct fleet_options){ .apps = APPS, .app = settings, .reversed_from = WEST });
    fleet_run(f, 2 * MINUTE_MS);
}

static void teardown(void)
{
    fleet_free(f);
}

static const struct evac_engine_app *driller(void)
{
    return &evac_shell_engine(fleet_shell(f))->apps[DRILLER];
}

static const char *tail(void)
{
    const char *trace = fleet_trace(f);
    size_t n = strlen(trace);
    return n > 3000 ? trace + n - 3000 : trace;
}

static enum evac_code drill_now(enum evac_drill_kind kind, struct evac_err *err)
{
    uint32_t number;
    const struct evac_drill_wish wish = { .kind = kind,
                                          .app = EVAC_STR("app-005"),
                                          .who = EVAC_STR("ann") };
    return evac_shell_drill_now(fleet_shell(f), &wish, &number, err);
}

/* Five apps are down where they serve, so that it is an incident of that region. */
static void strike(size_t first)
{
    fleet_down(f, first, 5, 0, true);
    for (int i = 0; i < 180 && !fleet_traced(f, "declared"); i++)
        fleet_run(f, SECOND_MS);
    ck_assert_msg(fleet_traced(f, "declared") == 1, "%s", tail());
    fleet_run(f, 25 * SECOND_MS); /* the next round of probes */
}

START_TEST(no_drill_begins_in_a_regional_incident)
{
    struct evac_err err = { EVAC_OK, "" };
    strike(_i % 2 ? WEST : EAST);
    if (_i / 2)
        fleet_crash(f);
    fleet_run(f, MINUTE_MS);
    ck_assert_int_eq(drill_now(EVAC_DRILL_ISOLATED, &err), EVAC_E_REFUSED);
    ck_assert_str_eq(err.text, _i % 2 ? "a regional incident goes on in us-west-2"
                                      : "a regional incident goes on in us-east-1");
}
END_TEST

/* Each state of a drill under an incident in its home, and in the other region. */
static const struct {
    enum evac_drill_kind kind;
    enum evac_drill_state at; /* when it strikes */
    size_t where;
    enum evac_drill_state end;
    unsigned active; /* where the users are in the end */
} cells[] = {
    { EVAC_DRILL_ISOLATED, EVAC_DRILL_IS_RUNNING, EAST, EVAC_DRILL_IS_INTERRUPTED, 0 },
    { EVAC_DRILL_ISOLATED, EVAC_DRILL_IS_RUNNING, WEST, EVAC_DRILL_IS_INTERRUPTED, 0 },
    { EVAC_DRILL_LIVE, EVAC_DRILL_IS_LEAVING, EAST, EVAC_DRILL_IS_INTERRUPTED, 1 },
    { EVAC_DRILL_LIVE, EVAC_DRILL_IS_LEAVING, WEST, EVAC_DRILL_IS_INTERRUPTED, 0 },
    { EVAC_DRILL_LIVE, EVAC_DRILL_IS_SOAKING, EAST, EVAC_DRILL_IS_INTERRUPTED, 1 },
    { EVAC_DRILL_LIVE, EVAC_DRILL_IS_SOAKING, WEST, EVAC_DRILL_IS_FAILED, 0 },
    { EVAC_DRILL_LIVE, EVAC_DRILL_IS_RETURNING, EAST, EVAC_DRILL_IS_INTERRUPTED, 1 },
    { EVAC_DRILL_LIVE, EVAC_DRILL_IS_RETURNING, WEST, EVAC_DRILL_IS_SUCCEEDED, 0 },
};

static void run_to(enum evac_drill_state state)
{
    for (int i = 0; i < 1500 && driller()->drill.state != state; i++)
        fleet_run(f, SECOND_MS);
    ck_assert_msg(driller()->drill.state == state, "%s, not %s:\n%s",
                  evac_drill_state_name(driller()->drill.state), evac_drill_state_name(state),
                  tail());
}

START_TEST(an_incident_asks_of_a_drill_what_its_state_and_the_region_say)
{
    size_t i = (size_t)_i / 2;
    struct evac_err err = { EVAC_OK, "" };
    bool waits = cells[i].at != EVAC_DRILL_IS_SOAKING;
    if (cells[i].at == EVAC_DRILL_IS_RETURNING) { /* the way home is slow, not the way there */
        ck_assert_int_eq(drill_now(cells[i].kind, &err), EVAC_OK);
        run_to(EVAC_DRILL_IS_SOAKING);
        fleet_capacity(f, EVAC_OUTCOME_THROTTLED);
        fleet_off(f, DRILLER, 0);
    } else {
        if (waits)
            fleet_capacity(f, EVAC_OUTCOME_THROTTLED);
        ck_assert_msg(drill_now(cells[i].kind, &err) == EVAC_OK, "%s", err.text);
    }
    run_to(cells[i].at);
    strike(cells[i].where);
    if (_i % 2)
        fleet_crash(f);
    fleet_capacity(f, EVAC_OUTCOME_ACCEPTED);
    for (int k = 0; k < 1800 && driller()->drill.state != EVAC_DRILL_IS_IDLE; k++)
        fleet_run(f, SECOND_MS);
    fleet_run(f, 2 * MINUTE_MS);
    ck_assert_msg(driller()->drill.last == cells[i].end, "%s, not %s:\n%s",
                  evac_drill_state_name(driller()->drill.last), evac_drill_state_name(cells[i].end),
                  tail());
    ck_assert_msg(driller()->active == cells[i].active, "%s", tail());
    bool called_off = cells[i].end != EVAC_DRILL_IS_SUCCEEDED;
    ck_assert_msg((fleet_traced(f, "a regional incident in us-") > 0) == called_off, "%s", tail());
}
END_TEST

/* --- what a drill needs to begin: every subset of what may be in its way --------------------- */

#define BARS(X)                                                                                    \
    X(NOT_LEADING, "this controller does not hold the lead")                                       \
    X(DRILL, "drill 7 of this app is going on")                                                    \
    X(RUN, "run 8 of this app is going on")                                                        \
    X(REHEARSAL, "run 9 looks at this app")                                                        \
    X(UNACKNOWLEDGED, "run 6 was not acknowledged yet")                                            \
    X(HELD, "the app is held: a deployment")                                                       \
    X(FROZEN, "frozen: the year ends")                                                             \
    X(ABSTAINS, "this controller's own opinion does not count now: cut off")                       \
    X(GLOBAL, "two regions look down")                                                             \
    X(INCIDENT, "a regional incident goes on in us-west-2")                                        \
    X(AILING, "us-west-2 is not up: unknown")
#define X(name, text) BAR_##name,
enum bar { BARS(X) BAR_COUNT };
#undef X
#define X(name, text) text,
static const char *const bar_says[] = { BARS(X) };
#undef X

/* The engine's own memory, to be put into states that no story reaches all of. */
static struct evac_engine *engine(void)
{
    return (struct evac_engine *)(uintptr_t)evac_shell_engine(fleet_shell(f));
}

static void put_bars(unsigned bars)
{
    static struct evac_run run = { .id = 8 }, rehearsal = { .id = 9 };
    struct evac_engine *e = engine();
    struct evac_engine_app *a = &e->apps[DRILLER];
#define IS(name) ((bars >> BAR_##name & 1) != 0)
    e->lead = !IS(NOT_LEADING);
    a->drill.state = IS(DRILL) ? EVAC_DRILL_IS_SOAKING : EVAC_DRILL_IS_IDLE;
    a->drill.number = 7;
    a->run = IS(RUN) ? &run : NULL;
    a->rehearsal = IS(REHEARSAL) ? &rehearsal : NULL;
    a->ran = IS(UNACKNOWLEDGED);
    a->acked = !IS(UNACKNOWLEDGED);
    a->last_run = 6;
    a->hold_until_wall_ms = IS(HELD) ? INT64_MAX : 0;
    (void)evac_str_copy(a->hold_reason, sizeof a->hold_reason, EVAC_STR("a deployment"));
    a->freezes[EVAC_FREEZE_BY_WORD].until_wall_ms = IS(FROZEN) ? INT64_MAX : 0;
    (void)evac_str_copy(a->freezes[EVAC_FREEZE_BY_WORD].reason,
                        sizeof a->freezes[EVAC_FREEZE_BY_WORD].reason, EVAC_STR("the year ends"));
    a->health.vantages[0].abstains = IS(ABSTAINS);
    (void)evac_str_copy(a->health.vantages[0].why, sizeof a->health.vantages[0].why,
                        EVAC_STR("cut off"));
    e->fleet.global = IS(GLOBAL);
    (void)evac_str_copy(e->fleet.global_says, sizeof e->fleet.global_says,
                        EVAC_STR("two regions look down"));
    e->fleet.regions[a->fleet[1]].incident.state =
        IS(INCIDENT) ? EVAC_INCIDENT_OPEN : EVAC_INCIDENT_NONE;
    a->health.regions[1].verdict = IS(AILING) ? EVAC_VERDICT_UNKNOWN : EVAC_VERDICT_UP;
#undef IS
}

/* The first that stands in its way is said; none of them lets it begin, and without any it does. */
START_TEST(a_drill_begins_when_nothing_is_in_its_way_and_else_says_what)
{
    struct evac_err err;
    for (unsigned bars = 1; bars < 1u << BAR_COUNT; bars++) {
        unsigned first = 0;
        while (!(bars >> first & 1))
            first++;
        put_bars(bars);
        err = (struct evac_err){ EVAC_OK, "" };
        ck_assert_msg(drill_now(EVAC_DRILL_ISOLATED, &err) == EVAC_E_REFUSED, "%x", bars);
        ck_assert_msg(strcmp(err.text, bar_says[first]) == 0, "%x: %s, not %s", bars, err.text,
                      bar_says[first]);
    }
    put_bars(0);
    ck_assert_msg(drill_now(EVAC_DRILL_ISOLATED, &err) == EVAC_OK, "%s", err.text);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("incident");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, no_drill_begins_in_a_regional_incident, 0, 4);
    tcase_add_loop_test(tc, an_incident_asks_of_a_drill_what_its_state_and_the_region_say, 0,
                        2 * (int)(sizeof cells / sizeof cells[0]));
    tcase_add_test(tc, a_drill_begins_when_nothing_is_in_its_way_and_else_says_what);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("drills in an incident", cases)

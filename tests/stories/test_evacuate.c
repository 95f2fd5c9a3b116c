/* A region is left because somebody says so, whatever probes say of it. */
#include "fleet_world.h"
#include "foresee.h"
#include "suite.h"

#include <string.h>

#define SECOND_MS 1000u
#define MINUTE_MS 60000u
#define EAST      "us-east-1"
#define WEST      "us-west-2"
#define TIER(n)   ((uint8_t)(1u << (n)))

#define PROPOSES "policy = { automatic = \"propose\"; dwell = \"60s\"; };\n"
#define NEVER    "policy = { automatic = \"never\"; };\n"

static struct fleet *f;
static const struct evac_order_wish all = { .tiers = 0 };

/* Tiers 1 to 5 in turn; app 7, of tier 3, waits for app 2 of its tier. */
static void in_tiers(size_t i, struct evac_buf *out)
{
    evac_buf_putf(out, "tier = %zu;\n", i % 5 + 1);
    if (i == 7)
        evac_buf_puts(out, "waits_for = ( \"app-002\" );\n");
    evac_buf_puts(out, i % 2 ? NEVER : PROPOSES);
}

/* All of one tier. */
static void alike(size_t i, struct evac_buf *out)
{
    evac_buf_puts(out, i == 3 ? "waits_for = ( \"app-004\" );\n" : "");
    evac_buf_puts(out, NEVER);
}

static void begin(size_t apps, void (*app)(size_t i, struct evac_buf *out), const char *controller)
{
    f = fleet_new(&(struct fleet_options){ .apps = apps, .app = app, .controller = controller });
    fleet_run(f, 2 * MINUTE_MS);
}

static void end(void)
{
    fleet_free(f);
}

static const char *tail(void)
{
    const char *trace = fleet_trace(f);
    size_t n = strlen(trace);
    return n > 3000 ? trace + n - 3000 : trace;
}

static void order(const struct evac_order_wish *wish)
{
    ck_assert_msg(fleet_order(f, EAST, wish, NULL) == EVAC_OK, "%s", fleet_said(f));
}

static void expect_state(enum evac_incident_state state)
{
    ck_assert_msg(fleet_incident(f, EAST)->state == state, "it is %s:\n%s",
                  evac_incident_state_name(fleet_incident(f, EAST)->state), tail());
}

static void expect_moved(size_t apps)
{
    ck_assert_msg(fleet_active_in(f, 1) == apps, "%zu moved:\n%s", fleet_active_in(f, 1), tail());
    ck_assert_uint_eq(fleet_admitted(f), apps);
}

static unsigned count(enum evac_evacuee what)
{
    return fleet_incident(f, EAST)->counts[what];
}

static size_t tier_of(size_t i)
{
    return i % 5 + 1;
}

/* --- what it does
 * ------------------------------------------------------------------------------ */

START_TEST(a_region_that_is_well_is_left_in_tiers)
{
    begin(40, in_tiers, "");
    order(&all);
    ck_assert_str_eq(fleet_said(f), "40 apps leave us-east-1");
    fleet_run(f, 5 * MINUTE_MS);
    expect_moved(40);
    expect_state(EVAC_INCIDENT_CLOSED);
    for (size_t i = 0; i < 40; i++)
        for (size_t k = 0; k < 40; k++)
            if (tier_of(i) < tier_of(k))
                ck_assert_msg(fleet_place(f, i) < fleet_place(f, k), "%zu goes before %zu", k, i);
    ck_assert_uint_lt(fleet_place(f, 2), fleet_place(f, 7));
    ck_assert_uint_le(fleet_most_at_once(f), 8);
    ck_assert_uint_eq(fleet_traced(f, "incident  us-east-1 ordered"), 1);
    ck_assert_uint_eq(fleet_traced(f, "incident  us-east-1 wave"), 5);
    ck_assert_uint_eq(fleet_traced(f, "incident  us-east-1 proposed"), 0);
    ck_assert_msg(fleet_traced(f, "everything was moved: 40 apps in ") == 2, "%s", tail());
    ck_assert_int_gt(fleet_incident(f, EAST)->took_ms, 0);
    ck_assert_uint_eq(fleet_traced(f, "admit app-000 failover graceful us-east-1 -> us-west-2"), 1);
}
END_TEST

START_TEST(asking_twice_is_one_evacuation)
{
    begin(20, in_tiers, "");
    order(&all);
    fleet_run(f, 4 * SECOND_MS);
    order(&all);
    ck_assert_str_eq(fleet_said(f), "20 apps leave us-east-1: that goes on already");
    fleet_run(f, 5 * MINUTE_MS);
    expect_moved(20);
    ck_assert_uint_eq(fleet_traced(f, "incident  us-east-1 ordered"), 1);
}
END_TEST

START_TEST(what_was_foreseen_stands_beside_what_it_took)
{
    const struct evac_order_wish wish = { .bound_ms = 61000, .estimate_ms = 70000 };
    begin(5, in_tiers, "");
    order(&wish);
    fleet_crash(f);
    ck_assert_int_eq(fleet_incident(f, EAST)->order.bound_ms, 61000);
    ck_assert_int_eq(fleet_incident(f, EAST)->order.estimate_ms, 70000);
    fleet_run(f, 5 * MINUTE_MS);
    expect_state(EVAC_INCIDENT_CLOSED);
    ck_assert_msg(fleet_traced(f, "at best, by limits and durations, 1m01s") == 2, "%s", tail());
}
END_TEST

/* One slot: the order is the one in which they are begun. */
START_TEST(the_longest_way_goes_first)
{
    begin(6, alike, "incident = { parallel = 1; };");
    for (size_t i = 0; i < 6; i++)
        evac_shell_expect(fleet_shell(f), i, 1000 * (i + 1));
    evac_shell_expect(fleet_shell(f), 3, 60000); /* and app 4 is what it waits for */
    order(&all);
    fleet_run(f, 5 * MINUTE_MS);
    static const size_t expected[] = { 4, 3, 5, 2, 1, 0 };
    expect_moved(6);
    for (size_t i = 0; i < 6; i++)
        ck_assert_msg(fleet_place(f, expected[i]) == i, "app %zu is number %zu", expected[i],
                      fleet_place(f, expected[i]));
}
END_TEST

/* Eight slots, and only four of each tier. */
START_TEST(tiers_overlap_where_they_may)
{
    begin(20, in_tiers, "incident = { parallel = 8; overlap = true; };");
    order(&all);
    fleet_run(f, 5 * MINUTE_MS);
    expect_moved(20);
    ck_assert_uint_eq(fleet_most_at_once(f), 8);
    expect_state(EVAC_INCIDENT_CLOSED);
}
END_TEST

START_TEST(it_goes_while_automation_is_stopped_as_by_hand)
{
    begin(10, in_tiers, "");
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_STOP_AUTOMATION, ""), EVAC_OK);
    order(&all);
    fleet_run(f, 5 * MINUTE_MS);
    expect_moved(10);
}
END_TEST

/* --- narrowed, widened, paused, stopped
 * ------------------------------------------------------------------------------ */

START_TEST(it_is_narrowed_and_widened_by_saying_it_anew)
{
    const struct evac_order_wish first = { .tiers = TIER(1) };
    begin(20, in_tiers, "incident = { parallel = 2; };");
    order(&all);
    fleet_run(f, 3 * SECOND_MS);
    ck_assert_uint_eq(fleet_admitted(f), 2);
    order(&first);
    ck_assert_str_eq(fleet_said(f), "4 apps leave us-east-1");
    if (_i)
        fleet_crash(f);
    fleet_run(f, 5 * MINUTE_MS);
    expect_moved(4);
    expect_state(EVAC_INCIDENT_CLOSED);
    ck_assert_uint_ge(fleet_traced(f, "all that was ordered away was moved"), 1);
    order(&(struct evac_order_wish){ .tiers = TIER(1) | TIER(2) });
    fleet_run(f, 5 * MINUTE_MS);
    expect_moved(8);
    order(&all);
    fleet_run(f, 5 * MINUTE_MS);
    expect_moved(20);
}
END_TEST

/* What has begun is seen through, though it is not of the order any more. */
START_TEST(narrowing_leaves_alone_what_goes_on)
{
    const struct evac_order_wish second = { .tiers = TIER(2) };
    begin(20, in_tiers, "incident = { parallel = 3; };");
    order(&all);
    fleet_run(f, 3 * SECOND_MS);
    ck_assert_uint_eq(count(EVAC_EVACUEE_RUNNING), 3);
    order(&second);
    fleet_run(f, 5 * MINUTE_MS);
    expect_moved(7);
    ck_assert_uint_eq(count(EVAC_EVACUEE_LEFT_OUT), 13);
    expect_state(EVAC_INCIDENT_CLOSED);
}
END_TEST

START_TEST(apps_are_named_and_a_crash_forgets_none)
{
    const struct evac_str names[] = { EVAC_STR("app-011"), EVAC_STR("app-003"),
                                      EVAC_STR("app-019") };
    const struct evac_order_wish wish = { .apps = names, .app_count = 3 };
    begin(20, in_tiers, "incident = { parallel = 1; };");
    order(&wish);
    fleet_run(f, 2 * SECOND_MS);
    fleet_crash(f);
    fleet_run(f, 5 * MINUTE_MS);
    expect_moved(3);
    ck_assert_uint_eq(fleet_times(f, 11) + fleet_times(f, 3) + fleet_times(f, 19), 3);
    expect_state(EVAC_INCIDENT_CLOSED);
}
END_TEST

START_TEST(it_is_paused_narrowed_and_resumed)
{
    begin(20, in_tiers, "incident = { parallel = 2; };");
    order(&all);
    fleet_run(f, 2 * SECOND_MS);
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_PAUSE, EAST), EVAC_OK);
    fleet_run(f, 3 * MINUTE_MS);
    expect_moved(2);
    order(&(struct evac_order_wish){ .tiers = TIER(5) });
    expect_state(EVAC_INCIDENT_PAUSED); /* a word about whom is none about when */
    fleet_crash(f);
    fleet_run(f, 3 * MINUTE_MS);
    expect_moved(2);
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_RESUME, EAST), EVAC_OK);
    fleet_run(f, 3 * MINUTE_MS);
    expect_moved(2 + 4);
    expect_state(EVAC_INCIDENT_CLOSED);
}
END_TEST

START_TEST(it_is_stopped_and_what_goes_on_is_seen_through)
{
    begin(20, in_tiers, "incident = { parallel = 2; };");
    order(&all);
    fleet_run(f, 2 * SECOND_MS);
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_STOP, EAST), EVAC_OK);
    expect_state(EVAC_INCIDENT_DECLINED);
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_STOP, EAST), EVAC_E_REFUSED);
    fleet_run(f, 3 * MINUTE_MS);
    expect_moved(2);
    expect_state(EVAC_INCIDENT_CLOSED);
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_STOP, EAST), EVAC_E_REFUSED);
    order(&all);
    fleet_run(f, 5 * MINUTE_MS);
    expect_moved(20);
}
END_TEST

START_TEST(a_crash_in_the_middle_moves_nothing_twice)
{
    begin(20, in_tiers, "");
    order(&all);
    fleet_run(f, (uint64_t)_i * 900);
    fleet_crash(f);
    fleet_run(f, (uint64_t)_i * 1300);
    fleet_crash(f);
    fleet_run(f, 8 * MINUTE_MS);
    expect_moved(20);
    for (size_t i = 0; i < 20; i++)
        ck_assert_uint_eq(fleet_times(f, i), 1);
    expect_state(EVAC_INCIDENT_CLOSED);
}
END_TEST

/* --- what can not go
 * ------------------------------------------------------------------------------ */

static const char *why(size_t app)
{
    static struct evac_evacuee_view view;
    const struct evac_engine *engine = evac_shell_engine(fleet_shell(f));
    const struct evac_now now = { .wall_ms = 1790000000000 };
    evac_engine_evacuee(&engine->apps[app], 0, EVAC_ORDER_AS_FOUND, &now, &view);
    return view.why;
}

static void say(enum evac_command_verb verb, const char *app)
{
    struct evac_event event = { .kind = EVAC_EVENT_COMMAND };
    event.u.command = (struct evac_command){ .verb = verb,
                                             .app = evac_str(app),
                                             .reason = EVAC_STR("it is being mended"),
                                             .owner = EVAC_STR("bob"),
                                             .value = 3600000,
                                             .who = EVAC_STR("bob") };
    ck_assert_int_eq(evac_shell_event(fleet_shell(f), &event, NULL), EVAC_OK);
}

/* App 5 is held, app 6 has nowhere to go, app 10 is frozen: its run waits at that gate. */
START_TEST(what_is_blocked_says_why_and_holds_up_nobody)
{
    begin(20, in_tiers, "incident = { parallel = 1; };");
    say(EVAC_CMD_HOLD, "app-005");
    say(EVAC_CMD_FREEZE, "app-010");
    fleet_down(f, 6, 1, 1, true);
    fleet_run(f, 2 * MINUTE_MS);
    order(&all);
    ck_assert_str_eq(fleet_said(f), "20 apps leave us-east-1, 1 of which nobody can take over yet");
    fleet_run(f, 5 * MINUTE_MS);
    ck_assert_msg(fleet_active_in(f, 1) == 17, "%zu:\n%s", fleet_active_in(f, 1), tail());
    ck_assert_uint_eq(count(EVAC_EVACUEE_BLOCKED), 3);
    ck_assert_str_eq(why(5), "bob holds it: it is being mended");
    ck_assert_str_eq(why(6), "no region is up to go to: us-west-2 down");
    ck_assert_msg(strstr(why(10), "freeze: ") == why(10), "%s", why(10));
    expect_state(EVAC_INCIDENT_APPROVED); /* it is not over */
    say(EVAC_CMD_RELEASE, "app-005");
    say(EVAC_CMD_UNFREEZE, "app-010");
    fleet_down(f, 6, 1, 1, false);
    fleet_run(f, 5 * MINUTE_MS);
    expect_moved(20);
    expect_state(EVAC_INCIDENT_CLOSED);
}
END_TEST

START_TEST(what_failed_is_taken_up_by_the_next_order)
{
    begin(5, in_tiers, "");
    fleet_capacity(f, EVAC_OUTCOME_REJECTED);
    order(&(struct evac_order_wish){ .tiers = TIER(1) });
    while (!fleet_traced(f, "-> asking"))
        fleet_run(f, SECOND_MS);
    ck_assert_uint_eq(count(EVAC_EVACUEE_FAILED), 1);
    const struct evac_engine *engine = evac_shell_engine(fleet_shell(f));
    struct evac_event event = { .kind = EVAC_EVENT_COMMAND };
    event.u.command = (struct evac_command){ .verb = EVAC_CMD_CANCEL,
                                             .run = engine->apps[0].run->id,
                                             .reason = EVAC_STR("again, from the start"),
                                             .who = EVAC_STR("ann") };
    ck_assert_int_eq(evac_shell_event(fleet_shell(f), &event, NULL), EVAC_OK);
    fleet_capacity(f, EVAC_OUTCOME_ACCEPTED);
    fleet_run(f, 2 * MINUTE_MS);
    ck_assert_msg(!engine->apps[0].run, "%s", tail());
    ck_assert_uint_eq(count(EVAC_EVACUEE_FAILED), 1);
    expect_state(EVAC_INCIDENT_APPROVED);
    order(&(struct evac_order_wish){ .tiers = TIER(1) });
    fleet_run(f, 2 * MINUTE_MS);
    ck_assert_uint_eq(fleet_active_in(f, 1), 1);
    ck_assert_uint_eq(fleet_times(f, 0), 2);
    expect_state(EVAC_INCIDENT_CLOSED);
}
END_TEST

static void expect_refusal(const char *region, const struct evac_order_wish *wish,
                           enum evac_code code, const char *words)
{
    ck_assert_int_eq(fleet_order(f, region, wish, NULL), code);
    ck_assert_str_eq(fleet_said(f), words);
}

START_TEST(an_order_that_makes_no_sense_is_refused)
{
    const struct evac_str nobody = EVAC_STR("nobody"), there = EVAC_STR("app-003");
    begin(10, in_tiers, "");
    expect_refusal("mars-1", &all, EVAC_E_NOTFOUND, "no app has a region of that name");
    expect_refusal(WEST, &all, EVAC_E_REFUSED, "no app serves in us-west-2");
    expect_refusal(EAST, &(struct evac_order_wish){ .apps = &nobody, .app_count = 1 },
                   EVAC_E_NOTFOUND, "there is no app 'nobody'");
    expect_refusal(WEST, &(struct evac_order_wish){ .apps = &there, .app_count = 1 },
                   EVAC_E_REFUSED, "none of those apps serves in us-west-2");
    expect_refusal(EAST, NULL, EVAC_E_BADARG, "say which apps go, and how");
    fleet_down(f, 0, 10, 1, true);
    fleet_run(f, 3 * MINUTE_MS);
    expect_refusal(EAST, &all, EVAC_E_REFUSED,
                   "app-000, as all others: no region is up to go to: us-west-2 down");
    ck_assert_uint_eq(fleet_admitted(f), 0);
    expect_state(EVAC_INCIDENT_NONE);
}
END_TEST

/* Everybody operates the others; app 4 is bob's. */
static void of_bob(size_t i, struct evac_buf *out)
{
    in_tiers(i, out);
    if (i == 4)
        evac_buf_puts(out, "roles = { operator = ( \"uid:bob\" ); };\n");
}

START_TEST(whoever_may_not_move_one_of_them_is_told_so)
{
    const struct evac_str mine[] = { EVAC_STR("app-000"), EVAC_STR("app-001") };
    const struct evac_caller ann = { .who = EVAC_STR("uid:ann") };
    begin(10, of_bob, "roles = { operator = ( \"uid:ann\" ); };");
    ck_assert_int_eq(fleet_order(f, EAST, &all, &ann), EVAC_E_FORBIDDEN);
    ck_assert_str_eq(fleet_said(f), "to begin a failover of 'app-004' is not for you to say: name "
                                    "those that you may move");
    ck_assert_int_eq(
        fleet_order(f, EAST, &(struct evac_order_wish){ .apps = mine, .app_count = 2 }, &ann),
        EVAC_OK);
    fleet_run(f, 2 * MINUTE_MS);
    expect_moved(2);
}
END_TEST

/* --- beside an incident
 * ------------------------------------------------------------------------------ */

static void proposes(size_t i, struct evac_buf *out)
{
    evac_buf_putf(out, "tier = %zu;\n" PROPOSES, i % 5 + 1);
}

START_TEST(it_is_the_yes_to_an_incident_that_asks)
{
    begin(20, proposes, "");
    fleet_down(f, 0, 20, 0, true);
    fleet_run(f, 3 * MINUTE_MS);
    ck_assert(evac_incident_asks(fleet_incident(f, EAST)));
    order(&all);
    expect_state(EVAC_INCIDENT_APPROVED);
    fleet_run(f, 10 * MINUTE_MS);
    expect_moved(20);
    expect_state(EVAC_INCIDENT_CLOSED);
    ck_assert_uint_eq(fleet_traced(f, "admit app-000 failover ungraceful"), 1);
}
END_TEST

/* Who knows that the region is down, and says tier 1, means tier 1: the others stay until more is
 * said. */
START_TEST(whom_a_person_leaves_out_of_an_incident_stays)
{
    begin(20, proposes, "");
    fleet_down(f, 0, 20, 0, true);
    fleet_run(f, 3 * MINUTE_MS);
    order(&(struct evac_order_wish){ .tiers = TIER(1) });
    fleet_run(f, 10 * MINUTE_MS);
    expect_moved(4);
    ck_assert_uint_eq(count(EVAC_EVACUEE_LEFT_OUT), 16);
    ck_assert(!evac_incident_asks(fleet_incident(f, EAST)));
    ck_assert(evac_incident_is_on(fleet_incident(f, EAST)));
    order(&(struct evac_order_wish){ .tiers = TIER(1) | TIER(2) | TIER(3) });
    fleet_run(f, 10 * MINUTE_MS);
    expect_moved(12);
    order(&all);
    fleet_run(f, 10 * MINUTE_MS);
    expect_moved(20);
    expect_state(EVAC_INCIDENT_CLOSED);
}
END_TEST

/* Nobody knew, when tier 1 was ordered away: the others are a question of their own. */
START_TEST(a_region_that_dies_later_asks_for_the_others)
{
    begin(20, proposes, "");
    order(&(struct evac_order_wish){ .tiers = TIER(1) });
    fleet_run(f, 2 * SECOND_MS);
    fleet_down(f, 0, 20, 0, true);
    fleet_run(f, 5 * MINUTE_MS);
    expect_moved(4);
    /* those that were moved are over; the region is a new incident, or the same one */
    expect_state(EVAC_INCIDENT_OPEN);
    ck_assert(evac_incident_asks(fleet_incident(f, EAST)));
    if (_i)
        fleet_crash(f);
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_APPROVE, EAST), EVAC_OK);
    fleet_run(f, 10 * MINUTE_MS);
    expect_moved(20);
    expect_state(EVAC_INCIDENT_CLOSED);
}
END_TEST

/* The same while the evacuation still goes on. */
START_TEST(an_evacuation_becomes_an_incident_under_way)
{
    begin(20, proposes, "incident = { parallel = 1; };");
    fleet_capacity(f, EVAC_OUTCOME_THROTTLED);
    order(&(struct evac_order_wish){ .tiers = TIER(1) });
    fleet_run(f, 2 * SECOND_MS);
    fleet_down(f, 0, 20, 0, true);
    fleet_run(f, 3 * MINUTE_MS);
    ck_assert_msg(fleet_traced(f, "incident  us-east-1 found") == 1, "%s", tail());
    ck_assert(evac_incident_asks(fleet_incident(f, EAST)));
    fleet_capacity(f, EVAC_OUTCOME_ACCEPTED);
    fleet_run(f, 3 * MINUTE_MS);
    expect_moved(4);
    if (_i)
        fleet_crash(f);
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_APPROVE, EAST), EVAC_OK);
    fleet_run(f, 10 * MINUTE_MS);
    expect_moved(20);
}
END_TEST

START_TEST(an_order_goes_on_though_the_region_is_up_again)
{
    begin(20, proposes, "incident = { calm = \"10s\"; parallel = 1; };");
    fleet_down(f, 0, 20, 0, true);
    fleet_run(f, 3 * MINUTE_MS);
    order(&all);
    fleet_run(f, 5 * SECOND_MS);
    fleet_down(f, 0, 20, 0, false);
    fleet_run(f, 10 * MINUTE_MS);
    expect_moved(20);
    ck_assert_uint_eq(fleet_traced(f, "everything was moved: 20 apps"), 2);
}
END_TEST

START_TEST(a_reload_in_the_middle_changes_nothing)
{
    const struct evac_str names[] = { EVAC_STR("app-000"), EVAC_STR("app-005"),
                                      EVAC_STR("app-010") };
    begin(20, in_tiers, "incident = { parallel = 1; };");
    order(&(struct evac_order_wish){ .apps = names, .app_count = 3 });
    fleet_run(f, 3 * SECOND_MS);
    fleet_reload(f);
    fleet_run(f, 5 * MINUTE_MS);
    expect_moved(3);
    expect_state(EVAC_INCIDENT_CLOSED);
}
END_TEST

/* --- foreseen: the numbers by hand
 * ------------------------------------------------------------------------------ */

#define FACTS(batches)                                                                             \
    "date = \"2026-08-01\"; sources = { page = \"https://example.com/\"; };\n"                     \
    "limits = ( { service = \"db\"; operations = ( \"*\" ); rate = \"2\"; burst = 4; source = "    \
    "\"page\"; } );\n" batches

#define TOGETHER                                                                                   \
    "batches = ( { by = \"to\"; service = \"db\"; operations = ( \"Switch\" ); values = ( "        \
    "\"app\" "                                                                                     \
    "); records = 5; characters = 1000; counts = 2; source = \"page\"; } );\n"

static struct evac_arena *arena;
static struct evac_foreseen foreseen;

static void foresee(const char *text, const struct evac_order_wish *wish)
{
    const struct evac_conf_text file = { "facts.cfg", evac_str(text) };
    struct evac_diag diag = { .arena = arena = evac_arena_new() };
    struct evac_err err = { EVAC_OK, "" };
    const struct evac_facts *facts;
    ck_assert_int_eq(evac_facts_parse(&file, 1, &diag, &facts, &err), EVAC_OK);
    const struct evac_foresee_input in = { .shell = fleet_shell(f),
                                           .model = fleet_model(f),
                                           .catalog = fleet_catalog(),
                                           .facts = facts,
                                           .region = EVAC_STR(EAST),
                                           .wish = *wish,
                                           .now = fleet_now(f) };
    ck_assert_msg(evac_foresee(&in, arena, &foreseen, &err) == EVAC_OK, "%s", err.text);
}

static const struct evac_foreseen_calls *calls_of(const char *operation)
{
    for (size_t i = 0; i < foreseen.call_count; i++)
        if (evac_str_is(foreseen.calls[i].operation, operation))
            return &foreseen.calls[i];
    ck_abort_msg("no calls of %s", operation);
    return NULL;
}

/*
 * Six apps of one step of a second each, polled after a second; app 3 waits for app 4; two at a
 * time. A look before, one while it moves, one at the end: 18, of which 12 must be; and 6 changes.
 * Of two calls a second, four at once, half is used: 24 calls are (24 - 2) / 1 s. At best 18 of
 * them: (18 - 2) / 1 s, with nothing before the first or after the last.
 */
START_TEST(what_is_foreseen_is_what_one_counts_by_hand)
{
    begin(6, alike, "incident = { parallel = 2; }; limits = { share = 50; };");
    foresee(FACTS(""), &all);
    ck_assert_uint_eq(foreseen.going, 6);
    ck_assert_uint_eq(foreseen.waves, 1);
    ck_assert_uint_eq(foreseen.apps[0].p50_ms, 1000);
    ck_assert_uint_eq(foreseen.apps[0].p95_ms, 2276); /* e to the power of 1.645 / 2 */
    ck_assert_uint_eq(foreseen.apps[0].app, 4);       /* the longest way begins with it */
    ck_assert_uint_eq(foreseen.apps[5].begins_ms, 2000);
    ck_assert_uint_eq(calls_of("Look")->expected, 18);
    ck_assert_uint_eq(calls_of("Look")->least, 12);
    ck_assert_uint_eq(calls_of("Switch")->expected, 6);
    ck_assert_str_eq(calls_of("Switch")->region.p, WEST);
    ck_assert_uint_eq(calls_of("Look")->rate_milli, 1000);
    ck_assert_uint_eq(calls_of("Look")->alone_ms, 16000);
    ck_assert_uint_eq(foreseen.expected_calls, 24);
    ck_assert_uint_eq(foreseen.chain_ms, 2000);
    ck_assert_uint_eq(foreseen.bound_ms, 16000);
    ck_assert_str_eq(foreseen.bound_by.p, "18 calls of db in us-west-2 at 1.0 a second");
    ck_assert_uint_eq(foreseen.buckets[0].alone_ms, 22000);
    ck_assert_uint_eq(foreseen.estimate_ms, 16000); /* other looks give way */
    evac_arena_free(arena);
}
END_TEST

/* Without limits: three rounds of two, and at best the chain. */
START_TEST(without_limits_the_longest_way_is_the_bound)
{
    begin(6, alike, "incident = { parallel = 2; };");
    foresee("date = \"2026-08-01\";", &all);
    ck_assert_uint_eq(foreseen.bound_ms, 2000);
    ck_assert_str_eq(foreseen.bound_by.p, "the longest way, which begins with app-004");
    ck_assert_uint_eq(foreseen.estimate_ms, 3000);
    ck_assert_uint_eq(calls_of("Look")->rate_milli, 0);
    evac_arena_free(arena);
}
END_TEST

/* Six records that count twice, five to a call: three calls. */
START_TEST(changes_that_go_together_are_counted_as_calls)
{
    begin(6, alike, "incident = { parallel = 2; }; limits = { share = 50; };");
    foresee(FACTS(TOGETHER), &all);
    ck_assert_uint_eq(foreseen.batch_count, 1);
    ck_assert_str_eq(foreseen.batches[0].by.p, WEST);
    ck_assert_uint_eq(foreseen.batches[0].records, 6);
    ck_assert_uint_eq(foreseen.batches[0].characters, 6 * strlen("app-000"));
    ck_assert_uint_eq(foreseen.batches[0].calls, 3);
    ck_assert_uint_eq(calls_of("Switch")->expected, 3);
    ck_assert_uint_eq(foreseen.bound_ms, 13000);
    evac_arena_free(arena);
}
END_TEST

/* Twelve looks that there must be, four to a call: three calls, and the changes. As many are
 * expected as before: nobody has to wait for company. */
START_TEST(looks_that_go_together_are_fewer_at_least)
{
    begin(6, alike, "incident = { parallel = 2; }; limits = { share = 50; };");
    foresee(
        FACTS("batches = ( { by = \"to\"; service = \"db\"; operations = ( \"Look\" ); records = "
              "4; source = \"page\"; } );\n"),
        &all);
    ck_assert_uint_eq(calls_of("Look")->least, 3);
    ck_assert_uint_eq(calls_of("Look")->expected, 18);
    ck_assert_uint_eq(foreseen.bound_ms, 7000); /* (9 - 2) / 1 s */
    evac_arena_free(arena);
}
END_TEST

/* Six of one a second, two at once; then the last one's step takes its second. */
START_TEST(behind_the_last_change_is_what_it_takes)
{
    begin(6, alike, "incident = { parallel = 2; }; limits = { share = 50; };");
    foresee("date = \"2026-08-01\"; sources = { page = \"https://example.com/\"; };\n"
            "limits = ( { service = \"db\"; operations = ( \"Switch\" ); rate = \"2\"; burst = 4; "
            "source = \"page\"; } );\n",
            &all);
    ck_assert_uint_eq(foreseen.bound_ms, 4000 + 1000);
    evac_arena_free(arena);
}
END_TEST

/* Who can not go, who waits for what, who is left out; and nothing was begun. */
START_TEST(what_keeps_an_app_is_foreseen)
{
    begin(10, in_tiers, "");
    say(EVAC_CMD_HOLD, "app-005");
    say(EVAC_CMD_FREEZE, "app-000");
    foresee(FACTS(""), &(struct evac_order_wish){ .tiers = TIER(1) | TIER(2) });
    ck_assert_uint_eq(foreseen.going, 3);
    ck_assert_uint_eq(foreseen.blocked, 1);
    ck_assert_uint_eq(foreseen.left_out, 6);
    ck_assert_uint_eq(foreseen.waves, 2);
    for (size_t i = 0; i < foreseen.app_count; i++) {
        const struct evac_foreseen_app *x = &foreseen.apps[i];
        const char *says = x->app == 5 ? "bob holds it: " : x->app == 0 ? "freeze: " : "";
        ck_assert_msg(x->goes == (x->app != 5) && x->why.n >= strlen(says) &&
                          (says[0] ? evac_str_starts(x->why, says) : x->why.n == 0),
                      "app %zu: %.*s", x->app, EVAC_STR_ARG(x->why));
    }
    ck_assert_uint_eq(fleet_admitted(f), 0);
    evac_arena_free(arena);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("evacuate");
    tcase_add_checked_fixture(tc, NULL, end);
    tcase_add_test(tc, a_region_that_is_well_is_left_in_tiers);
    tcase_add_test(tc, asking_twice_is_one_evacuation);
    tcase_add_test(tc, what_was_foreseen_stands_beside_what_it_took);
    tcase_add_test(tc, the_longest_way_goes_first);
    tcase_add_test(tc, tiers_overlap_where_they_may);
    tcase_add_test(tc, it_goes_while_automation_is_stopped_as_by_hand);
    tcase_add_loop_test(tc, it_is_narrowed_and_widened_by_saying_it_anew, 0, 2);
    tcase_add_test(tc, narrowing_leaves_alone_what_goes_on);
    tcase_add_test(tc, apps_are_named_and_a_crash_forgets_none);
    tcase_add_test(tc, it_is_paused_narrowed_and_resumed);
    tcase_add_test(tc, it_is_stopped_and_what_goes_on_is_seen_through);
    tcase_add_loop_test(tc, a_crash_in_the_middle_moves_nothing_twice, 0, 6);
    tcase_add_test(tc, what_is_blocked_says_why_and_holds_up_nobody);
    tcase_add_test(tc, what_failed_is_taken_up_by_the_next_order);
    tcase_add_test(tc, an_order_that_makes_no_sense_is_refused);
    tcase_add_test(tc, whoever_may_not_move_one_of_them_is_told_so);
    tcase_add_test(tc, it_is_the_yes_to_an_incident_that_asks);
    tcase_add_test(tc, whom_a_person_leaves_out_of_an_incident_stays);
    tcase_add_loop_test(tc, a_region_that_dies_later_asks_for_the_others, 0, 2);
    tcase_add_loop_test(tc, an_evacuation_becomes_an_incident_under_way, 0, 2);
    tcase_add_test(tc, an_order_goes_on_though_the_region_is_up_again);
    tcase_add_test(tc, a_reload_in_the_middle_changes_nothing);
    tcase_add_test(tc, what_is_foreseen_is_what_one_counts_by_hand);
    tcase_add_test(tc, without_limits_the_longest_way_is_the_bound);
    tcase_add_test(tc, changes_that_go_together_are_counted_as_calls);
    tcase_add_test(tc, looks_that_go_together_are_fewer_at_least);
    tcase_add_test(tc, behind_the_last_change_is_what_it_takes);
    tcase_add_test(tc, what_keeps_an_app_is_foreseen);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("evacuation by order", cases)

/* A controller that dies in the middle of more runs than the effects of one event hold: all of them
 * are taken up, each once. */
#include "fleet_world.h"
#include "suite.h"

#include <stdio.h>

#define APPS      2100u
#define SECOND_MS 1000u
#define WITHIN_MS 2000u /* after the start none waits any more to be taken up */

/* To be taken up is a row and a look, for each. */
_Static_assert(2 * APPS > EVAC_EFFECTS_MAX, "or this test is about nothing");

static struct fleet *f;

static void by_hand(size_t i, struct evac_buf *out)
{
    (void)i;
    evac_buf_puts(out, "policy = { automatic = \"never\"; };\n");
}

static void begin_all(void)
{
    for (size_t i = 0; i < APPS; i++) {
        char name[16];
        uint64_t run;
        struct evac_err err = { EVAC_OK, "" };
        (void)snprintf(name, sizeof name, "app-%03zu", i);
        const struct evac_wish wish = { .app = evac_str(name),
                                        .workflow = EVAC_WORKFLOW_FAILOVER,
                                        .mode = EVAC_MODE_UNGRACEFUL,
                                        .who = EVAC_STR("ann"),
                                        .why = EVAC_STR("a story") };
        ck_assert_msg(!evac_shell_begin(fleet_shell(f), &wish, &run, &err), "%s", err.text);
    }
}

static size_t still_as_replayed(void)
{
    size_t n = 0;
    for (const struct evac_run *r = evac_shell_engine(fleet_shell(f))->runs; r; r = r->next)
        n += r->replayed;
    return n;
}

START_TEST(more_runs_than_one_batch_of_effects_holds_are_all_taken_up)
{
    f = fleet_new(&(struct fleet_options){ .apps = APPS, .app = by_hand, .controller = "" });
    fleet_run(f, 2 * SECOND_MS);
    begin_all();
    fleet_run(f, SECOND_MS); /* its switch moves: each was asked for it */
    ck_assert_uint_eq(evac_shell_engine(fleet_shell(f))->run_count, APPS);
    fleet_crash(f);
    ck_assert_uint_eq(evac_shell_engine(fleet_shell(f))->run_count, APPS);
    fleet_run(f, WITHIN_MS);
    ck_assert_uint_eq(still_as_replayed(), 0);
    for (unsigned s = 0; s < 120 && evac_shell_engine(fleet_shell(f))->run_count; s++)
        fleet_run(f, SECOND_MS);
    ck_assert_uint_eq(fleet_active_in(f, 1), APPS);
    for (size_t i = 0; i < APPS; i++)
        ck_assert_uint_eq(fleet_times(f, i), 1);
    fleet_free(f);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("many runs");
    tcase_set_timeout(tc, 240);
    tcase_add_test(tc, more_runs_than_one_batch_of_effects_holds_are_all_taken_up);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("many runs", cases)

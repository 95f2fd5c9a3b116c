/* Several places look at the shop, and one of them is wrong: the whole product in virtual time. */
#include "suite.h"
#include "world.h"

#include <string.h>

#define SECOND 1000u
#define TWO    "{ name = \"eu\"; region = \"eu-west-1\"; }, { name = \"ap\"; }"

static struct world *w;

static void begin(const char *vantages)
{
    w = world_new(&(struct world_options){ .seed = 7, .speed = 10, .vantages = vantages });
    world_run(w, 30 * SECOND);
}

static void end(void)
{
    ck_assert_str_eq(world_broken(w), "");
    world_free(w);
}

static enum evac_verdict verdict(size_t region)
{
    return world_app(w)->health.regions[region].verdict;
}

static void expect(enum evac_verdict east, enum evac_verdict west)
{
    ck_assert_msg(verdict(0) == east && verdict(1) == west, "%s, %s\n%s",
                  evac_verdict_name(verdict(0)), evac_verdict_name(verdict(1)), world_trace(w));
}

START_TEST(an_observer_that_is_cut_off_from_a_region_is_outvoted)
{
    begin(TWO);
    expect(EVAC_VERDICT_UP, EVAC_VERDICT_UP);
    world_blind(w, _i == 0 ? 0 : (size_t)_i, "us-east-1");
    world_run(w, 120 * SECOND);
    expect(EVAC_VERDICT_UP, EVAC_VERDICT_UP);
    ck_assert(!world_traced(w, "admit"));
    end();
}
END_TEST

START_TEST(a_region_that_two_of_three_see_down_is_left)
{
    begin(TWO);
    world_blind(w, 2, NULL);
    world_control(w, "region us-east-1 down");
    ck_assert(world_run_to_end(w, 600 * SECOND));
    ck_assert_int_eq(world_run_state(w), EVAC_RUN_SUCCEEDED);
    ck_assert(strstr(world_app(w)->health.regions[0].reasons, "3 of 3 vantages"));
    end();
}
END_TEST

START_TEST(the_controller_alone_moves_nothing_when_its_vantages_are_silent)
{
    begin(TWO);
    world_silence(w, 1, true);
    world_silence(w, 2, true);
    world_run(w, 40 * SECOND);
    ck_assert(world_traced(w, "vantage eu speaks -> silent"));
    world_control(w, "region us-east-1 down");
    world_run(w, 300 * SECOND);
    expect(EVAC_VERDICT_UNKNOWN, EVAC_VERDICT_UP);
    ck_assert(!world_traced(w, "admit"));
    world_silence(w, 1, false); /* it starts from nothing, and sees it too */
    ck_assert(world_run_to_end(w, 600 * SECOND));
    ck_assert_int_eq(world_run_state(w), EVAC_RUN_SUCCEEDED);
    end();
}
END_TEST

START_TEST(a_vantage_that_is_cut_off_from_everything_and_knows_it_does_not_count)
{
    begin(TWO);
    world_blind(w, 1, "");
    world_abstain(w, 1, true);
    world_run(w, 60 * SECOND);
    ck_assert(world_traced(w, "vantage eu speaks -> abstains"));
    expect(EVAC_VERDICT_UP, EVAC_VERDICT_UP);
    world_blind(w, 2, "us-east-1"); /* one of the two that are left: no majority of three */
    world_run(w, 60 * SECOND);
    expect(EVAC_VERDICT_UNKNOWN, EVAC_VERDICT_UP);
    ck_assert(!world_traced(w, "admit"));
    end();
}
END_TEST

START_TEST(vantages_are_heard_again_after_a_crash)
{
    begin(TWO);
    world_crash(w, 5 * SECOND);
    world_run(w, 30 * SECOND);
    expect(EVAC_VERDICT_UP, EVAC_VERDICT_UP);
    for (size_t v = 1; v < 3; v++)
        ck_assert_int_eq(evac_shell_engine(world_shell(w))->vantages[v].state, EVAC_VANTAGE_SPEAKS);
    world_control(w, "region us-east-1 down");
    ck_assert(world_run_to_end(w, 600 * SECOND));
    ck_assert_int_eq(world_run_state(w), EVAC_RUN_SUCCEEDED);
    end();
}
END_TEST

/* The same places under a new configuration: what each has said still counts. */
START_TEST(a_reload_does_not_silence_the_vantages)
{
    begin(TWO);
    world_silence(w, 2, true);
    world_run(w, 40 * SECOND);
    ck_assert_int_eq(world_reload(w, "rpo = \"30s\"=>rpo = \"40s\""), EVAC_OK);
    ck_assert_int_eq(evac_shell_engine(world_shell(w))->vantages[1].state, EVAC_VANTAGE_SPEAKS);
    ck_assert_int_eq(evac_shell_engine(world_shell(w))->vantages[2].state, EVAC_VANTAGE_SILENT);
    expect(EVAC_VERDICT_UP, EVAC_VERDICT_UP);
    world_control(w, "region us-east-1 down");
    ck_assert(world_run_to_end(w, 600 * SECOND));
    ck_assert_int_eq(world_run_state(w), EVAC_RUN_SUCCEEDED);
    end();
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tc = tcase_create("vantages");
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, an_observer_that_is_cut_off_from_a_region_is_outvoted, 0, 3);
    tcase_add_test(tc, a_region_that_two_of_three_see_down_is_left);
    tcase_add_test(tc, the_controller_alone_moves_nothing_when_its_vantages_are_silent);
    tcase_add_test(tc, a_vantage_that_is_cut_off_from_everything_and_knows_it_does_not_count);
    tcase_add_test(tc, vantages_are_heard_again_after_a_crash);
    tcase_add_test(tc, a_reload_does_not_silence_the_vantages);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("vantages", add_cases)

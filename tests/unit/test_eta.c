/* How far a run is and when it is likely to be over. */
#include "eta.h"
#include "suite.h"

static struct evac_eta of(const char *json)
{
    static cJSON *run;
    cJSON_Delete(run);
    run = cJSON_Parse(json);
    ck_assert_ptr_nonnull(run);
    return evac_eta_of(run);
}

#define STEP(id, state, usual, elapsed, after)                                                     \
    "{\"id\":\"" id "\",\"state\":\"" state "\",\"usual_ms\":" usual ",\"elapsed_ms\":" elapsed    \
    ",\"after\":[" after "]}"

START_TEST(the_longest_path_of_what_is_left_decides)
{
    struct evac_eta eta = of("{\"steps\":[" STEP("check", "done", "1000", "900", "") "," STEP(
        "fence", "verifying", "8000", "2000",
        "\"check\"") "," STEP("scale", "applying", "60000", "10000",
                              "\"check\"") "," STEP("promote", "waiting", "20000", "null",
                                                    "\"fence\"") "," STEP("route", "waiting",
                                                                          "5000", "null",
                                                                          "\"promote\","
                                                                          "\"scale\"") "]}");
    ck_assert_uint_eq(eta.steps, 5);
    ck_assert_uint_eq(eta.over, 1);
    ck_assert_double_eq(eta.left_ms, 55000);
    ck_assert_str_eq(eta.decisive, "scale");
}
END_TEST

START_TEST(the_order_of_the_list_does_not_matter)
{
    struct evac_eta eta = of("{\"steps\":[" STEP("c", "waiting", "3000", "null", "\"b\"") "," STEP(
        "b", "waiting", "2000", "null", "\"a\"") "," STEP("a", "waiting", "1000", "null", "") "]}");
    ck_assert_double_eq(eta.left_ms, 6000);
    ck_assert_str_eq(eta.decisive, "a");
}
END_TEST

START_TEST(what_takes_longer_than_usual_may_end_at_any_time)
{
    struct evac_eta eta = of("{\"steps\":[" STEP("a", "verifying", "1000", "90000", "") "]}");
    ck_assert_double_eq(eta.left_ms, 0);
    ck_assert_str_eq(eta.decisive, "");
}
END_TEST

START_TEST(what_is_skipped_does_not_count_and_what_is_gated_has_no_end)
{
    struct evac_eta eta = of("{\"steps\":[" STEP("a", "skipped", "1000", "null", "") "," STEP(
        "b", "gated", "1000", "null", "\"a\"") "]}");
    ck_assert_uint_eq(eta.steps, 1);
    ck_assert_double_lt(eta.left_ms, 0);
}
END_TEST

/* What its condition rules out is not shown; what a person skipped is, and so is what may still be
 * run. */
START_TEST(what_the_run_has_no_use_for)
{
    static const struct {
        const char *step;
        bool needless;
    } steps[] = {
        { "{\"state\":\"skipped\",\"reason\":\"\"}", true },
        { "{\"state\":\"skipped\",\"reason\":\"ann: the cache fills by itself\"}", false },
        { "{\"state\":\"waiting\",\"may_run\":false}", true },
        { "{\"state\":\"waiting\",\"may_run\":true}", false },
        { "{\"state\":\"waiting\"}", false },
        { "{\"state\":\"done\",\"may_run\":false}", false },
    };
    cJSON *step = cJSON_Parse(steps[_i].step);
    ck_assert_int_eq(evac_step_is_needless(step), steps[_i].needless);
    cJSON_Delete(step);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("eta");
    tcase_add_test(tc, the_longest_path_of_what_is_left_decides);
    tcase_add_test(tc, the_order_of_the_list_does_not_matter);
    tcase_add_test(tc, what_takes_longer_than_usual_may_end_at_any_time);
    tcase_add_test(tc, what_is_skipped_does_not_count_and_what_is_gated_has_no_end);
    tcase_add_loop_test(tc, what_the_run_has_no_use_for, 0, 6);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("eta", cases)

/* A year of an app's runs and drills, as it is told. */
#include "suite.h"
#include "tale_fixture.h"
#include "trend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY INT64_C(86400000)

static struct evac_trend *trend;
static struct evac_buf out;

static void begin(void)
{
    setup();
    trend = NULL;
    evac_buf_init(&out, 4u << 20);
}

static void finish(void)
{
    evac_trend_free(trend);
    evac_buf_done(&out);
    teardown();
}

static void drill_row(const char *what, const char *why)
{
    put((struct evac_record){ .kind = EVAC_RECORD_DRILL,
                              .name = EVAC_STR("live"),
                              .to = evac_str(what),
                              .text = evac_str(why),
                              .run = evac_str_is(evac_str(what), "planned") ? 0 : run });
}

static void judge(uint64_t n)
{
    struct evac_record rows[EVAC_FINDINGS_MAX];
    struct evac_report *r = NULL;
    size_t count;
    ck_assert_int_eq(evac_report_make(store, n, &r, NULL), EVAC_OK);
    ck_assert_int_eq(evac_deficiency_note(store, r, EVAC_STR("bob"), rows, &count, NULL), EVAC_OK);
    for (size_t i = 0; i < count; i++)
        put(rows[i]);
    evac_report_free(r);
}

static void quarter(int64_t recovered, int64_t lost)
{
    const struct tale live = { .workflow = EVAC_WORKFLOW_FAILOVER,
                               .drill = EVAC_DRILL_LIVE,
                               .recovered = recovered,
                               .promote = 6000,
                               .lost = lost,
                               .who = "schedule" };
    clock_ms += 90 * DAY;
    drill_row("planned", "");
    judge(tell(&live));
    drill_row("succeeded", "");
}

/* A slow first quarter, a skipped second, then better; and an outage in between. */
static void a_year(void)
{
    static const struct tale look = { .rehearse = true, .who = "readiness" };
    static const struct tale outage = { .recovered = 48000, .promote = 9000, .lost = 3900 };
    static const struct tale isolated = { .workflow = EVAC_WORKFLOW_DRILL,
                                          .drill = EVAC_DRILL_ISOLATED,
                                          .recovered = 5000 };
    quarter(84000, 6000);
    for (int i = 0; i < 5; i++)
        tell(&look);
    clock_ms += 88 * DAY;
    drill_row("planned", "");
    drill_row("skipped", "frozen: the sale goes on until 2023-12-01");
    tell(&isolated);
    clock_ms += 40 * DAY;
    judge(tell(&outage));
    quarter(41000, 1200), quarter(33000, 900);
    struct evac_record row;
    struct evac_err err = { EVAC_OK, "" };
    const struct evac_deficiency_word word = { .verb = EVAC_DEFICIENCY_CLOSE,
                                               .app = EVAC_STR("shop"),
                                               .id = EVAC_STR("D-shop-1"),
                                               .who = EVAC_STR("ann"),
                                               .reason = EVAC_STR("warm pools"),
                                               .retest = run };
    enum evac_code code = evac_deficiency_say(store, &word, clock_ms, arena, &row, &err);
    ck_assert_msg(code == EVAC_OK, "%s", err.text);
    put(row);
}

static void make(int64_t since)
{
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_msg(evac_trend_make(store, EVAC_STR("shop"), since, clock_ms + DAY, &trend, &err) ==
                      EVAC_OK,
                  "%s", err.text);
}

START_TEST(a_year_has_its_runs_drills_and_deficiencies)
{
    a_year();
    make(0);
    ck_assert_uint_eq(trend->run_count, 5); /* the looks at readiness are left out */
    ck_assert(evac_str_is(trend->runs[0].kind, "live"));
    ck_assert_int_eq(trend->runs[0].rto_ms, 84000);
    ck_assert_uint_eq(trend->runs[0].judged[EVAC_JUDGED_MISSED], 3);
    ck_assert(!trend->runs[1].moves && evac_str_is(trend->runs[1].kind, "isolated"));
    ck_assert(evac_str_is(trend->runs[2].kind, "failover"));
    ck_assert_uint_eq(evac_trend_count(trend, "planned"), 4);
    ck_assert_uint_eq(evac_trend_count(trend, "skipped"), 1);
    ck_assert_uint_eq(evac_trend_count(trend, "succeeded"), 3);
    ck_assert_uint_gt(trend->point_count, 2);
    unsigned most = 0;
    for (size_t i = 0; i < trend->point_count; i++)
        most = trend->points[i].open > most ? trend->points[i].open : most;
    ck_assert_uint_eq(most, 3);
    ck_assert_uint_eq(trend->points[trend->point_count - 1].open, 2);
}
END_TEST

START_TEST(since_leaves_out_what_was_before)
{
    a_year();
    make(clock_ms - 60 * DAY);
    ck_assert_uint_eq(trend->run_count, 1);
    ck_assert_uint_eq(evac_trend_count(trend, "succeeded"), 1);
    ck_assert_uint_eq(trend->deficiencies->count, 3); /* what is open is open */
}
END_TEST

START_TEST(its_text_and_its_page_say_the_same_numbers)
{
    static const char *const words[] = { "1m24s",    "missed",   "33.0 s",    "the sale goes on",
                                         "D-shop-1", "isolated", "warm pools" };
    const char *keep = getenv("EVAC_KEEP");
    a_year();
    make(0);
    evac_trend_text(trend, &out);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        ck_assert_msg(strstr(out.p, words[i]) != NULL, "%s\n%s", words[i], out.p);
    evac_buf_reset(&out);
    evac_trend_html(trend, &out);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        ck_assert_msg(strstr(out.p, words[i]) != NULL, "%s", words[i]);
    ck_assert_ptr_null(strstr(out.p, "<script"));
    ck_assert_ptr_null(strstr(out.p, "http://"));
    if (keep) {
        char path[300];
        snprintf(path, sizeof path, "%s/year.html", keep);
        FILE *f = fopen(path, "w");
        if (f && fwrite(out.p, 1, out.n, f) == out.n)
            fclose(f);
    }
}
END_TEST

START_TEST(an_app_without_a_run_has_an_empty_trend)
{
    make(0);
    ck_assert_uint_eq(trend->run_count, 0);
    evac_trend_text(trend, &out);
    ck_assert_ptr_nonnull(strstr(out.p, "no run or drill yet"));
    evac_buf_reset(&out);
    evac_trend_html(trend, &out);
    evac_trend_json(trend, &out);
    ck_assert(!out.failed);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("trend");
    tcase_add_checked_fixture(tc, begin, finish);
    tcase_add_test(tc, a_year_has_its_runs_drills_and_deficiencies);
    tcase_add_test(tc, since_leaves_out_what_was_before);
    tcase_add_test(tc, its_text_and_its_page_say_the_same_numbers);
    tcase_add_test(tc, an_app_without_a_run_has_an_empty_trend);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("trend", cases)

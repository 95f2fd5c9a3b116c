/* Health: the truth table over every cell, hysteresis, quorum, freshness, and instants that never
 * flatter. */
#include "health.h"
#include "suite.h"

#include <string.h>

static const struct evac_str regions[] = { { "us-east-1", 9 }, { "us-west-2", 9 } };
static const struct evac_probe probes[] = {
    { .name = { "web", 3 },
      .url = { "http://x", 8 },
      .regional = true,
      .every_ms = 1000,
      .connect_ms = 200,
      .reply_ms = 300,
      .fall = 3,
      .rise = 2 },
    { .name = { "endpoint", 8 },
      .url = { "http://p", 8 },
      .role = EVAC_PROBE_ENDPOINT,
      .every_ms = 1000,
      .connect_ms = 200,
      .reply_ms = 300,
      .fall = 3,
      .rise = 2 },
};
static const struct evac_app app = {
    .regions = regions, .region_count = 2, .probes = probes, .probe_count = 2
};

static struct evac_health *h; /* large: not on the stack */

static void setup(void)
{
    h = malloc(sizeof *h);
    evac_health_init(h, &app, EVAC_STR_NONE);
}

static void teardown(void)
{
    free(h);
}

static struct evac_health_news look(uint16_t region, uint16_t vantage, uint64_t at_ms, bool ok)
{
    struct evac_health_news news;
    struct evac_probe_result r = { .region = region,
                                   .vantage = vantage,
                                   .ok = ok,
                                   .sent_boot_ms = at_ms - 30,
                                   .boot_ms = at_ms,
                                   .wall_ms = (int64_t)at_ms + 1000000,
                                   .reason = EVAC_STR("connection refused") };
    evac_health_probe(h, &r, &news);
    return news;
}

static enum evac_verdict verdict(uint16_t region)
{
    return h->regions[region].verdict;
}

/* RELIABILITY's table, written once more, row by row: outside, inside, all down -> verdict */
static const struct {
    enum evac_probe_state outside, inside;
    bool all;
    enum evac_verdict verdict;
} rows[] = {
    { EVAC_PROBE_UP, EVAC_PROBE_UP, false, EVAC_VERDICT_UP },
    { EVAC_PROBE_UP, EVAC_PROBE_UNKNOWN, false, EVAC_VERDICT_UP },
    { EVAC_PROBE_UP, EVAC_PROBE_DOWN, false, EVAC_VERDICT_GREY },
    { EVAC_PROBE_DOWN, EVAC_PROBE_DOWN, false, EVAC_VERDICT_DOWN },
    { EVAC_PROBE_DOWN, EVAC_PROBE_UNKNOWN, false, EVAC_VERDICT_DOWN },
    { EVAC_PROBE_DOWN, EVAC_PROBE_UP, false, EVAC_VERDICT_ISOLATED },
    { EVAC_PROBE_UNKNOWN, EVAC_PROBE_UP, false, EVAC_VERDICT_UNKNOWN },
    { EVAC_PROBE_UNKNOWN, EVAC_PROBE_DOWN, false, EVAC_VERDICT_UNKNOWN },
    { EVAC_PROBE_UNKNOWN, EVAC_PROBE_UNKNOWN, false, EVAC_VERDICT_UNKNOWN },
    { EVAC_PROBE_DOWN, EVAC_PROBE_UP, true, EVAC_VERDICT_SUSPECT },
    { EVAC_PROBE_DOWN, EVAC_PROBE_DOWN, true, EVAC_VERDICT_SUSPECT },
    { EVAC_PROBE_DOWN, EVAC_PROBE_UNKNOWN, true, EVAC_VERDICT_SUSPECT },
    { EVAC_PROBE_UP, EVAC_PROBE_UP, true, EVAC_VERDICT_UP },
    { EVAC_PROBE_UP, EVAC_PROBE_UNKNOWN, true, EVAC_VERDICT_UP },
    { EVAC_PROBE_UP, EVAC_PROBE_DOWN, true, EVAC_VERDICT_GREY },
    { EVAC_PROBE_UNKNOWN, EVAC_PROBE_UP, true, EVAC_VERDICT_UNKNOWN },
    { EVAC_PROBE_UNKNOWN, EVAC_PROBE_DOWN, true, EVAC_VERDICT_UNKNOWN },
    { EVAC_PROBE_UNKNOWN, EVAC_PROBE_UNKNOWN, true, EVAC_VERDICT_UNKNOWN },
};

START_TEST(every_cell_of_the_truth_table_holds)
{
    ck_assert_int_eq(evac_health_verdict(rows[_i].outside, rows[_i].inside, rows[_i].all),
                     rows[_i].verdict);
}
END_TEST

START_TEST(fewer_failures_than_fall_are_not_down)
{
    look(0, 0, 1000, true), look(0, 0, 2000, true), look(1, 0, 2000, true), look(1, 0, 2001, true);
    ck_assert_int_eq(verdict(0), EVAC_VERDICT_UP);
    look(0, 0, 3000, false), look(0, 0, 4000, false);
    ck_assert_int_eq(verdict(0), EVAC_VERDICT_UP);
    look(0, 0, 5000, true); /* one good one starts the count anew */
    look(0, 0, 6000, false), look(0, 0, 7000, false);
    ck_assert_int_eq(verdict(0), EVAC_VERDICT_UP);
    struct evac_health_news news = look(0, 0, 8000, false);
    ck_assert_int_eq(verdict(0), EVAC_VERDICT_DOWN);
    ck_assert_uint_eq(news.verdict_changed, 1);
    ck_assert_msg(strstr(h->regions[0].reasons, "web: 3 failures in a row") != NULL, "%s",
                  h->regions[0].reasons);
    ck_assert(strstr(h->regions[0].reasons, "connection refused") != NULL);
}
END_TEST

START_TEST(the_impact_interval_holds_the_truth)
{
    look(1, 0, 900, true), look(1, 0, 901, true);
    look(0, 0, 1000, true), look(0, 0, 2000, true);
    look(0, 0, 3000, false), look(0, 0, 4000, false), look(0, 0, 5000, false);
    const struct evac_region_health *r = &h->regions[0];
    ck_assert_uint_eq(r->impact_lo_boot_ms, 1970); /* when the last good one was sent */
    ck_assert_uint_eq(r->impact_hi_boot_ms, 3000); /* when the first bad one was known */
    ck_assert_uint_eq(r->detected_boot_ms, 5000);
    look(0, 0, 6000, false),
        look(0, 0, 7000, true); /* one good one does not end it, nor move its beginning */
    ck_assert_int_eq(verdict(0), EVAC_VERDICT_DOWN);
    ck_assert_uint_eq(r->impact_lo_boot_ms, 1970);
    look(0, 0, 8000, true);
    ck_assert_int_eq(verdict(0), EVAC_VERDICT_UP);
    ck_assert_uint_eq(r->impact_hi_boot_ms, 0);
}
END_TEST

START_TEST(when_all_regions_look_down_none_is)
{
    for (uint64_t t = 1000; t <= 5000; t += 1000)
        look(0, 0, t, false), look(1, 0, t + 1, false);
    ck_assert_int_eq(verdict(0), EVAC_VERDICT_SUSPECT);
    ck_assert_int_eq(verdict(1), EVAC_VERDICT_SUSPECT);
    look(1, 0, 6000, true), look(1, 0, 7000, true);
    look(0, 0, 7001, false);
    ck_assert_int_eq(verdict(0), EVAC_VERDICT_DOWN);
}
END_TEST

START_TEST(old_results_are_unknown_not_down)
{
    struct evac_health_news news = { 0 };
    look(0, 0, 1000, true), look(0, 0, 2000, true);
    uint64_t wake = evac_health_wake_ms(h);
    ck_assert_uint_gt(wake, 4000);
    ck_assert_uint_lt(wake, 6000);
    evac_health_tick(h, wake, 0, &news);
    ck_assert_int_eq(verdict(0), EVAC_VERDICT_UNKNOWN);
    ck_assert(news.verdict_changed & 1);
}
END_TEST

START_TEST(a_late_or_repeated_answer_changes_nothing)
{
    look(0, 0, 5000, true), look(0, 0, 6000, true);
    for (int i = 0; i < 5; i++)
        look(0, 0, 3000, false);
    ck_assert_int_eq(verdict(0), EVAC_VERDICT_UP);
}
END_TEST

/* Three vantages: two make a majority of those configured, whoever is silent. */
START_TEST(two_of_three_vantages_decide)
{
    h->vantages[1].configured = h->vantages[2].configured = true;
    for (uint16_t v = 0; v < 3; v++)
        look(1, v, 900, true), look(1, v, 901, true), look(0, v, 1000, true),
            look(0, v, 1001, true);
    for (uint64_t t = 2000; t <= 4000; t += 1000)
        look(0, 1, t, false);
    ck_assert_int_eq(verdict(0), EVAC_VERDICT_UP);
    for (uint64_t t = 4100; t <= 4300; t += 100)
        look(0, 2, t, false);
    ck_assert_int_eq(verdict(0), EVAC_VERDICT_DOWN);
    struct evac_health_news news;
    evac_health_vantage(h, 2, true, 4400, 0, &news); /* one of the two was cut off itself */
    ck_assert_int_eq(verdict(0), EVAC_VERDICT_UNKNOWN);
}
END_TEST

START_TEST(a_vantage_that_abstains_does_not_vote)
{
    struct evac_health_news news;
    for (uint64_t t = 1000; t <= 5000; t += 1000)
        look(0, 0, t, false), look(1, 0, t, true);
    ck_assert_int_eq(verdict(0), EVAC_VERDICT_DOWN);
    evac_health_vantage(h, 0, true, 6000, 0, &news);
    ck_assert_int_eq(verdict(0), EVAC_VERDICT_UNKNOWN);
}
END_TEST

START_TEST(the_public_endpoint_never_votes)
{
    struct evac_health_news news;
    struct evac_probe_result r = { .probe = 1, .ok = false, .reason = EVAC_STR("refused") };
    look(0, 0, 1000, true), look(0, 0, 2000, true);
    for (uint64_t t = 3000; t < 9000; t += 1000) {
        r.sent_boot_ms = r.boot_ms = t;
        evac_health_probe(h, &r, &news);
    }
    ck_assert_int_eq(h->endpoint.state, EVAC_PROBE_DOWN);
    ck_assert_int_eq(verdict(0), EVAC_VERDICT_UP);
}
END_TEST

START_TEST(a_reload_keeps_what_fits_and_forgets_the_rest)
{
    static const struct evac_str three[] = { { "us-east-1", 9 },
                                             { "us-west-2", 9 },
                                             { "eu-west-1", 9 } };
    struct evac_app same = app, other = app;
    other.regions = three, other.region_count = 3;
    look(0, 0, 1000, true), look(0, 0, 2000, true);
    evac_health_reconfigure(h, &same);
    ck_assert_int_eq(verdict(0), EVAC_VERDICT_UP);
    evac_health_reconfigure(h, &other);
    ck_assert_int_eq(verdict(0), EVAC_VERDICT_UP);
    ck_assert_int_eq(verdict(2), EVAC_VERDICT_UNKNOWN);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("health");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, every_cell_of_the_truth_table_holds, 0,
                        (int)(sizeof rows / sizeof rows[0]));
    tcase_add_test(tc, fewer_failures_than_fall_are_not_down);
    tcase_add_test(tc, the_impact_interval_holds_the_truth);
    tcase_add_test(tc, when_all_regions_look_down_none_is);
    tcase_add_test(tc, old_results_are_unknown_not_down);
    tcase_add_test(tc, a_late_or_repeated_answer_changes_nothing);
    tcase_add_test(tc, two_of_three_vantages_decide);
    tcase_add_test(tc, a_vantage_that_abstains_does_not_vote);
    tcase_add_test(tc, the_public_endpoint_never_votes);
    tcase_add_test(tc, a_reload_keeps_what_fits_and_forgets_the_rest);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("health", cases)

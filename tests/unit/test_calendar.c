/* The calendar: time zones and their summer time, cron's L and #, the same in words, windows. */
#include "suite.h"
#include "window.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOUR_MS INT64_C(3600000)

static int64_t utc(const char *text)
{
    struct evac_civil c;
    bool has_time;
    ck_assert_int_eq(evac_civil_parse(evac_str(text), &c, &has_time, NULL), EVAC_OK);
    return evac_civil_minutes(&c) * 60000;
}

static const char *said(int64_t wall_ms)
{
    static char texts[4][24];
    static unsigned n;
    char *to = texts[n++ % 4];
    struct evac_civil c = evac_civil_from_minutes(wall_ms / 60000);
    snprintf(to, sizeof texts[0], "%04d-%02u-%02u %02u:%02u", c.year, c.month, c.day, c.hour,
             c.minute);
    return to;
}

/* One hour ahead, two between the last Sundays of March and October 2027, 01:00 UTC; a zone of a
 * test, so that it holds on a machine without any. */
static bool summer(void *ctx, struct evac_str zone, int64_t wall_ms, int32_t *ret_s)
{
    (void)ctx;
    if (!evac_str_is(zone, "Test/Summer"))
        return false;
    bool is = wall_ms >= utc("2027-03-28 01:00") && wall_ms < utc("2027-10-31 01:00");
    *ret_s = is ? 7200 : 3600;
    return true;
}
static const struct evac_zones zones = { NULL, summer };
#define ZONE EVAC_STR("Test/Summer")

/* --- zones ----------------------------------------------------------------------------------- */

static const struct {
    const char *local, *utc;
} instants[] = {
    { "2027-01-10 09:00", "2027-01-10 08:00" },
    { "2027-07-10 09:00", "2027-07-10 07:00" },
    { "2027-03-28 01:59", "2027-03-28 00:59" },
    { "2027-03-28 02:30", "2027-03-28 01:30" }, /* left out */
    { "2027-03-28 03:00", "2027-03-28 01:00" },
    { "2027-10-31 02:30", "2027-10-31 00:30" }, /* twice */
    { "2027-10-31 01:59", "2027-10-30 23:59" },
    { "2027-10-31 03:00", "2027-10-31 02:00" },
};

START_TEST(a_civil_minute_has_one_instant)
{
    struct evac_civil c;
    bool has_time;
    ck_assert_int_eq(evac_civil_parse(evac_str(instants[_i].local), &c, &has_time, NULL), EVAC_OK);
    ck_assert(has_time);
    ck_assert_str_eq(said(evac_zone_instant(&zones, ZONE, &c)), instants[_i].utc);
}
END_TEST

START_TEST(there_and_back_is_the_same_minute)
{
    for (int64_t t = utc("2027-03-20"); t < utc("2027-11-10"); t += 7 * 60000) {
        struct evac_civil c = evac_zone_civil(&zones, ZONE, t);
        int64_t back = evac_zone_instant(&zones, ZONE, &c);
        bool twice = t >= utc("2027-10-31 01:00") && t < utc("2027-10-31 02:00");
        ck_assert_int_eq(back, twice ? t - HOUR_MS : t);
    }
}
END_TEST

START_TEST(nine_o_clock_stays_nine_o_clock)
{
    struct evac_cron cron;
    ck_assert_int_eq(evac_cron_parse(EVAC_STR("0 9 1 1,4,7,10 *"), &cron, NULL), EVAC_OK);
    static const char *const times[] = { "2027-01-01 08:00", "2027-04-01 07:00", "2027-07-01 07:00",
                                         "2027-10-01 07:00", "2028-01-01 08:00" };
    int64_t t = utc("2026-12-31");
    for (size_t i = 0; i < 5; i++) {
        t = evac_cron_after(&cron, &zones, ZONE, t);
        ck_assert_str_eq(said(t), times[i]);
        ck_assert_int_eq(evac_cron_before(&cron, &zones, ZONE, t), t);
        ck_assert_int_eq(evac_cron_before(&cron, &zones, ZONE, t + 59999), t);
    }
}
END_TEST

/* Every half hour through both nights: strictly later each time, and none is lost but the hour
 * that comes twice, which comes once. */
START_TEST(time_goes_on_through_both_nights)
{
    struct evac_cron cron;
    ck_assert_int_eq(evac_cron_parse(EVAC_STR("*/30 * * * *"), &cron, NULL), EVAC_OK);
    static const struct {
        const char *from, *to;
        int count;
    } nights[] = { { "2027-03-28 00:00", "2027-03-28 04:00", 8 },
                   { "2027-10-31 00:00", "2027-10-31 04:00", 6 } };
    int64_t t = utc(nights[_i].from) - 1;
    int n = 0;
    while ((t = evac_cron_after(&cron, &zones, ZONE, t)) < utc(nights[_i].to)) {
        ck_assert_int_gt(t, 0);
        n++;
    }
    ck_assert_int_eq(n, nights[_i].count);
}
END_TEST

START_TEST(an_unknown_zone_is_told)
{
    ck_assert(evac_zone_is_known(&zones, ZONE));
    ck_assert(evac_zone_is_known(&zones, EVAC_STR("UTC")));
    ck_assert(!evac_zone_is_known(&zones, EVAC_STR("Europe/Berln")));
    ck_assert(!evac_zone_is_known(&evac_zones_libc, EVAC_STR("Europe/Berln")));
}
END_TEST

START_TEST(the_machine_s_zones_are_asked)
{
    if (!evac_zone_is_known(&evac_zones_libc, EVAC_STR("Europe/Berlin")))
        return; /* a machine without tzdata */
    struct evac_civil noon = { 2027, 7, 10, 12, 0 };
    ck_assert_str_eq(said(evac_zone_instant(&evac_zones_libc, EVAC_STR("Europe/Berlin"), &noon)),
                     "2027-07-10 10:00");
    noon.month = 1;
    ck_assert_str_eq(said(evac_zone_instant(&evac_zones_libc, EVAC_STR("Europe/Berlin"), &noon)),
                     "2027-01-10 11:00");
}
END_TEST

/* A copy of that zone's file takes the name's place, as a package does it. */
static void install(const char *dir, const char *zone)
{
    char from[256], next[256], to[256], bytes[8192];
    (void)snprintf(from, sizeof from, "/usr/share/zoneinfo/%s", zone);
    (void)snprintf(next, sizeof next, "%s/next", dir);
    (void)snprintf(to, sizeof to, "%s/Here", dir);
    FILE *in = fopen(from, "r"), *out = fopen(next, "w");
    ck_assert(in && out);
    size_t n = fread(bytes, 1, sizeof bytes, in);
    ck_assert_uint_eq(fwrite(bytes, 1, n, out), n);
    (void)fclose(in);
    (void)fclose(out);
    ck_assert_int_eq(rename(next, to), 0);
}

START_TEST(a_zone_whose_file_is_replaced_is_read_again)
{
    char dir[] = "/tmp/evac-zones-XXXXXX", file[64];
    int32_t berlin = 0, tokyo = 0;
    if (!evac_zone_is_known(&evac_zones_libc, EVAC_STR("Asia/Tokyo")))
        return; /* a machine without tzdata */
    ck_assert_ptr_nonnull(mkdtemp(dir));
    (void)snprintf(file, sizeof file, "%s/Here", dir);
    ck_assert_int_eq(setenv("TZDIR", dir, 1), 0);
    install(dir, "Europe/Berlin");
    for (int i = 0; i < 2; i++)
        ck_assert(evac_zones_libc.offset(NULL, EVAC_STR("Here"), 0, &berlin));
    install(dir, "Asia/Tokyo");
    ck_assert(evac_zones_libc.offset(NULL, EVAC_STR("Here"), 0, &tokyo));
    ck_assert_int_eq(unlink(file), 0);
    ck_assert(!evac_zones_libc.offset(NULL, EVAC_STR("Here"), 0, &tokyo));
    ck_assert_int_eq(unsetenv("TZDIR"), 0);
    ck_assert_int_eq(rmdir(dir), 0);
    ck_assert_int_eq(berlin, 3600);
    ck_assert_int_eq(tokyo, 9 * 3600);
}
END_TEST

/* --- cron's more, and words ------------------------------------------------------------------ */

static const struct {
    const char *cron, *from;
    const char *next[3];
} more[] = {
    { "0 9 L * *",
      "2027-01-31 10:00",
      { "2027-02-28 09:00", "2027-03-31 09:00", "2027-04-30 09:00" } },
    { "0 9 * * mon#1",
      "2027-01-01",
      { "2027-01-04 09:00", "2027-02-01 09:00", "2027-03-01 09:00" } },
    { "0 9 * 2,5 friL",
      "2027-01-01",
      { "2027-02-26 09:00", "2027-05-28 09:00", "2028-02-25 09:00" } },
    { "0 9 * * 5#5", "2027-01-01", { "2027-01-29 09:00", "2027-04-30 09:00", "2027-07-30 09:00" } },
    { "0 9 * * tue#2,tue#4",
      "2027-01-01",
      { "2027-01-12 09:00", "2027-01-26 09:00", "2027-02-09 09:00" } },
    { "0 9 1,L * *",
      "2027-02-01 10:00",
      { "2027-02-28 09:00", "2027-03-01 09:00", "2027-03-31 09:00" } },
};

START_TEST(the_last_day_and_the_nth_weekday_are_found)
{
    struct evac_cron cron;
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_msg(!evac_cron_parse(evac_str(more[_i].cron), &cron, &err), "%s", err.text);
    int64_t t = utc(more[_i].from);
    for (size_t k = 0; k < 3; k++) {
        t = evac_cron_after(&cron, &zones, EVAC_STR("UTC"), t);
        ck_assert_msg(strcmp(said(t), more[_i].next[k]) == 0, "%s: %s, not %s", more[_i].cron,
                      said(t), more[_i].next[k]);
    }
}
END_TEST

START_TEST(what_is_neither_is_refused)
{
    static const char *const bad[] = { "0 9 * * mon#0", "0 9 * * mon#6", "0 9 * * #1",
                                       "0 9 * * L",     "L 9 * * *",     "0 9 LL * *",
                                       "0 9 * * foo#1" };
    struct evac_cron cron;
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_int_eq(evac_cron_parse(evac_str(bad[_i]), &cron, &err), EVAC_E_BADCONF);
    ck_assert_ptr_nonnull(strstr(err.text, "allowed: "));
}
END_TEST

static const struct {
    const char *every, *on, *cron;
} words[] = {
    { "day", "", "0 9 * * *" },
    { "day", "23:15", "15 23 * * *" },
    { "week", "", "0 9 * * mon" },
    { "week", "thursday 7:30", "30 7 * * thu" },
    { "month", "", "0 9 1 * *" },
    { "month", "last day 18:00", "0 18 L * *" },
    { "month", "second tue", "0 9 * * tue#2" },
    { "quarter", "first monday 09:00", "0 9 * 1,4,7,10 mon#1" },
    { "quarter", "last friday of february 10:00", "0 10 * 2,5,8,11 friL" },
    { "half-year", "first day", "0 9 1 1,7 *" },
    { "year", "third sunday of november", "0 9 * 11 sun#3" },
};

START_TEST(words_say_what_a_cron_says)
{
    struct evac_cron a, b;
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_msg(!evac_cron_words(evac_str(words[_i].every), evac_str(words[_i].on), &a, &err),
                  "%s", err.text);
    ck_assert_int_eq(evac_cron_parse(evac_str(words[_i].cron), &b, NULL), EVAC_OK);
    int64_t t = utc("2026-06-01"), u = t;
    for (int k = 0; k < 20; k++) {
        t = evac_cron_after(&a, &zones, ZONE, t);
        u = evac_cron_after(&b, &zones, ZONE, u);
        ck_assert_msg(t == u, "%s, %s: %s, not %s", words[_i].every, words[_i].on, said(t),
                      said(u));
    }
}
END_TEST

START_TEST(words_that_do_not_fit_are_refused_with_what_does)
{
    static const char *const bad[][3] = {
        { "fortnight", "", "allowed: day, week" },
        { "day", "monday", "a time, such as 09:00" },
        { "week", "first monday", "'monday 09:00'" },
        { "week", "day", "'monday 09:00'" },
        { "month", "first monday of may", "[first|second" },
        { "quarter", "fifth monday", "[first|second" },
        { "quarter", "monday tuesday", "[first|second" },
        { "quarter", "of", "[first|second" },
        { "quarter", "09:00 monday", "[first|second" },
        { "quarter", "first monday 24:00", "[first|second" },
    };
    struct evac_cron cron;
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_int_eq(evac_cron_words(evac_str(bad[_i][0]), evac_str(bad[_i][1]), &cron, &err),
                     EVAC_E_BADCONF);
    ck_assert_msg(strstr(err.text, bad[_i][2]) != NULL, "%s", err.text);
}
END_TEST

/* --- windows --------------------------------------------------------------------------------- */

static struct evac_window window(const char *from, const char *to, const char *cron, int64_t hours)
{
    struct evac_window w;
    struct evac_err err = { EVAC_OK, "" };
    const struct evac_window_text text = { .from = evac_str(from),
                                           .to = evac_str(to),
                                           .cron = evac_str(cron),
                                           .for_ms = hours * HOUR_MS,
                                           .timezone = ZONE };
    ck_assert_msg(!evac_window_parse(&text, &w, &err), "%s", err.text);
    return w;
}

static const struct {
    const char *from, *to, *cron;
    int hours;
    const char *begins, *ends; /* UTC */
} stretches[] = {
    { "2027-12-24", "", "", 0, "2027-12-23 23:00", "2027-12-24 23:00" },
    { "2027-12-24", "2027-12-26", "", 0, "2027-12-23 23:00", "2027-12-26 23:00" },
    { "2027-12-24 18:00", "2027-12-26 06:00", "", 0, "2027-12-24 17:00", "2027-12-26 05:00" },
    { "2027-12-24 18:00", "", "", 5, "2027-12-24 17:00", "2027-12-24 22:00" },
    { "2027-03-28", "", "", 0, "2027-03-27 23:00", "2027-03-28 22:00" }, /* 23 hours */
    { "2027-10-31", "", "", 0, "2027-10-30 22:00", "2027-10-31 23:00" }, /* 25 */
    { "", "", "0 22 * * sat", 6, "2027-07-03 20:00", "2027-07-04 02:00" },
    { "", "", "0 0 1 7 *", 24, "2027-06-30 22:00", "2027-07-01 22:00" },
};

START_TEST(a_window_begins_and_ends_by_its_zone_s_clock)
{
    struct evac_window w =
        window(stretches[_i].from, stretches[_i].to, stretches[_i].cron, stretches[_i].hours);
    int64_t begins = utc(stretches[_i].begins), ends = utc(stretches[_i].ends), until = 0;
    ck_assert(!evac_window_at(&w, &zones, begins - 1, &until));
    ck_assert(!evac_window_at(&w, &zones, ends, &until));
    for (int64_t t = begins; t < ends; t += 17 * 60000) {
        ck_assert(evac_window_at(&w, &zones, t, &until));
        ck_assert_str_eq(said(until), stretches[_i].ends);
    }
    ck_assert_str_eq(said(evac_window_next(&w, &zones, begins - 1)), stretches[_i].begins);
}
END_TEST

START_TEST(a_window_that_follows_without_a_gap_is_the_same_stretch)
{
    struct evac_window w[3] = { window("2027-05-02", "", "", 0), window("2027-05-01", "", "", 0),
                                window("2027-05-04", "", "", 0) };
    int64_t until = 0, begin = 0;
    ck_assert_ptr_eq(evac_windows_at(w, 3, &zones, utc("2027-05-01"), &until), &w[1]);
    ck_assert_str_eq(said(until), "2027-05-02 22:00");
    ck_assert_ptr_null(evac_windows_at(w, 3, &zones, until, &until));
    ck_assert_ptr_eq(
        evac_windows_between(w, 3, &zones, utc("2027-05-03"), utc("2027-05-09"), &begin), &w[2]);
    ck_assert_str_eq(said(begin), "2027-05-03 22:00");
    ck_assert_ptr_null(
        evac_windows_between(w, 3, &zones, utc("2027-05-03"), utc("2027-05-03 12:00"), &begin));
}
END_TEST

START_TEST(one_that_comes_before_it_is_over_has_no_gap)
{
    struct evac_window w = window("", "", "0 */6 * * *", 6);
    int64_t until = 0;
    ck_assert(evac_window_at(&w, &zones, utc("2027-05-01 03:17"), &until));
    ck_assert_int_gt(until, utc("2027-06-01"));
}
END_TEST

START_TEST(a_window_that_makes_no_sense_is_refused)
{
    static const struct {
        const char *from, *to, *cron;
        int hours;
        const char *says;
    } bad[] = {
        { "", "", "", 0, "from is missing" },
        { "2027-02-29", "", "", 0, "a day that there is" },
        { "2027-2-3", "", "", 0, "found '2027-2-3'" },
        { "2027-02-03 25:00", "", "", 0, "perhaps with a time" },
        { "2027-02-03 10:00", "", "", 0, "to is missing" },
        { "2027-02-03", "2027-02-02", "", 0, "later than from" },
        { "2027-02-03 10:00", "2027-02-03 10:00", "", 0, "later than from" },
        { "2027-02-03", "2027-02-04", "", 5, "for beside to" },
        { "2027-02-03", "", "0 9 * * *", 5, "cron beside from" },
        { "", "", "0 9 * * *", 0, "for is missing" },
        { "", "", "0 9 31 2 *", 5, "never comes" },
        { "", "", "0 9 * * mon#7", 5, "day of week" },
    };
    struct evac_window w;
    struct evac_err err = { EVAC_OK, "" };
    const struct evac_window_text text = { .from = evac_str(bad[_i].from),
                                           .to = evac_str(bad[_i].to),
                                           .cron = evac_str(bad[_i].cron),
                                           .for_ms = bad[_i].hours * HOUR_MS };
    ck_assert_int_eq(evac_window_parse(&text, &w, &err), EVAC_E_BADCONF);
    ck_assert_msg(strstr(err.text, bad[_i].says) != NULL, "%s", err.text);
}
END_TEST

#define N(array) ((int)(sizeof array / sizeof array[0]))

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("calendar");
    tcase_add_loop_test(tc, a_civil_minute_has_one_instant, 0, N(instants));
    tcase_add_test(tc, there_and_back_is_the_same_minute);
    tcase_add_test(tc, nine_o_clock_stays_nine_o_clock);
    tcase_add_loop_test(tc, time_goes_on_through_both_nights, 0, 2);
    tcase_add_test(tc, an_unknown_zone_is_told);
    tcase_add_test(tc, the_machine_s_zones_are_asked);
    tcase_add_test(tc, a_zone_whose_file_is_replaced_is_read_again);
    tcase_add_loop_test(tc, the_last_day_and_the_nth_weekday_are_found, 0, N(more));
    tcase_add_loop_test(tc, what_is_neither_is_refused, 0, 7);
    tcase_add_loop_test(tc, words_say_what_a_cron_says, 0, N(words));
    tcase_add_loop_test(tc, words_that_do_not_fit_are_refused_with_what_does, 0, 10);
    tcase_add_loop_test(tc, a_window_begins_and_ends_by_its_zone_s_clock, 0, N(stretches));
    tcase_add_test(tc, a_window_that_follows_without_a_gap_is_the_same_stretch);
    tcase_add_test(tc, one_that_comes_before_it_is_over_has_no_gap);
    tcase_add_loop_test(tc, a_window_that_makes_no_sense_is_refused, 0, 12);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("calendar", cases)

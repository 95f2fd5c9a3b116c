/* Cron and civil time. */
#include "suite.h"
#include "window.h"

#include <string.h>

static struct evac_cron parse(const char *text)
{
    struct evac_cron c;
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_msg(evac_cron_parse(evac_str(text), &c, &err) == EVAC_OK, "%s: %s", text, err.text);
    return c;
}

static const struct {
    const char *text, *says;
} bad[] = {
    { "", "minute" },
    { "* * * *", "day of week" },
    { "* * * * * *", "day of week" },
    { "60 * * * *", "minute" },
    { "* 24 * * *", "hour" },
    { "* * 0 * *", "day of month" },
    { "* * * 13 *", "month" },
    { "* * * * 8", "day of week" },
    { "*/0 * * * *", "minute" },
    { "5-1 * * * *", "minute" },
    { "1,,2 * * * *", "minute" },
    { "1, * * * *", "minute" },
    { "x * * * *", "minute" },
    { "* * * foo *", "month" },
    { "*/61 * * * *", "minute" },
    { "*/ * * * *", "found '*/'; allowed: a step from 1 to 60" },
    { "*-5 * * * *", "minute: found '*-5'; allowed: 0 to 59" },
    { "-5 * * * *", "minute" },
    { "5- * * * *", "minute" },
    { "+5 * * * *", "minute" },
    { "? * * * *", "minute" },
    { ", * * * *", "minute: found ','" },
    { "99999999999999999999 * * * *", "minute" },
    { "* 24 * * *", "cron: hour: found '24'; allowed: 0 to 23, *, lists (1,2), ranges (1-5)" },
    { "* * 32 * *", "found '32'; allowed: 1 to 31" },
    { "* * * 0 *", "month: found '0'; allowed: 1 to 12 or jan to dec" },
    { "* * * nov-feb *", "found 'nov-feb'; allowed: a range that goes forwards" },
    { "* * * * mond", "day of week: found 'mond'; allowed: 0 to 7 or sun to sat" },
    { "jan * * * *", "minute" },
    { "* * * * ", "day of week: nothing found; allowed: 0 to 7" },
    { "* * * * * 2026", "found '2026'; allowed: nothing after the fifth field" },
};

START_TEST(a_wrong_field_is_named)
{
    struct evac_cron c;
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_int_eq(evac_cron_parse(evac_str(bad[_i].text), &c, &err), EVAC_E_BADCONF);
    ck_assert_msg(strstr(err.text, bad[_i].says) != NULL, "'%s': %s", bad[_i].text, err.text);
}
END_TEST

static const struct {
    const char *cron;
    struct evac_civil from, next;
} nexts[] = {
    { "0 9 1 1,4,7,10 *", { 2026, 11, 20, 22, 0 }, { 2027, 1, 1, 9, 0 } },
    { "0 9 1 1,4,7,10 *", { 2027, 1, 1, 9, 0 }, { 2027, 4, 1, 9, 0 } },
    { "*/15 * * * *", { 2026, 12, 31, 23, 50 }, { 2027, 1, 1, 0, 0 } },
    { "30 3 29 2 *", { 2026, 3, 1, 0, 0 }, { 2028, 2, 29, 3, 30 } },
    { "0 0 31 * *", { 2026, 4, 1, 0, 0 }, { 2026, 5, 31, 0, 0 } },
    { "0 12 * * mon-fri", { 2026, 11, 20, 12, 0 }, { 2026, 11, 23, 12, 0 } },
    { "0 12 * * 7", { 2026, 11, 20, 12, 0 }, { 2026, 11, 22, 12, 0 } },
    { "0 12 13 * fri", { 2026, 11, 10, 0, 0 }, { 2026, 11, 13, 12, 0 } },
    { "0 12 14 * fri", { 2026, 11, 10, 0, 0 }, { 2026, 11, 13, 12, 0 } }, /* either day field */
    { "5-10/5 8 * JAN *", { 2026, 1, 1, 8, 5 }, { 2026, 1, 1, 8, 10 } },
};

START_TEST(the_next_time_is_found)
{
    struct evac_cron c = parse(nexts[_i].cron);
    struct evac_civil n;
    ck_assert(evac_cron_next(&c, nexts[_i].from, &n));
    ck_assert_msg(memcmp(&n, &nexts[_i].next, sizeof n) == 0, "%s: %d-%d-%d %d:%d", nexts[_i].cron,
                  n.year, n.month, n.day, n.hour, n.minute);
}
END_TEST

START_TEST(what_never_comes_is_never)
{
    struct evac_cron c = parse("0 0 31 2 *");
    struct evac_civil n;
    ck_assert(!evac_cron_next(&c, (struct evac_civil){ 2026, 1, 1, 0, 0 }, &n));
}
END_TEST

START_TEST(days_go_both_ways_and_weeks_have_seven)
{
    uint8_t weekday = evac_civil_weekday(evac_civil_days(1990, 1, 1));
    ck_assert_uint_eq(weekday, 1); /* a Monday */
    for (int64_t d = evac_civil_days(1990, 1, 1); d < evac_civil_days(2101, 1, 1);
         d++, weekday = (uint8_t)((weekday + 1) % 7)) {
        struct evac_civil c = { 0 };
        evac_civil_from_days(d, &c);
        ck_assert_int_eq(evac_civil_days(c.year, c.month, c.day), d);
        ck_assert_uint_eq(evac_civil_weekday(d), weekday);
    }
}
END_TEST

/* By brute force: nothing between `from` and the answer matches. */
START_TEST(nothing_lies_between)
{
    static const char *const texts[] = { "17 */7 * * *", "0 6 */10 * *", "59 23 28-31 * *",
                                         "1,2,3 4,5 * * tue,sat" };
    struct evac_cron c = parse(texts[_i]);
    struct evac_civil at = { 2027, 2, 20, 0, 0 }, next;
    for (int k = 0; k < 40; k++) {
        ck_assert(evac_cron_next(&c, at, &next));
        int64_t a = evac_civil_days(at.year, at.month, at.day) * 1440 + at.hour * 60 + at.minute;
        int64_t b =
            evac_civil_days(next.year, next.month, next.day) * 1440 + next.hour * 60 + next.minute;
        ck_assert_int_gt(b, a);
        struct evac_civil just_before = { 0 }, again;
        evac_civil_from_days((b - 1) / 1440, &just_before);
        just_before.hour = (uint8_t)((b - 1) % 1440 / 60);
        just_before.minute = (uint8_t)((b - 1) % 60);
        ck_assert(evac_cron_next(&c, just_before, &again));
        ck_assert_int_eq(memcmp(&again, &next, sizeof next), 0);
        at = next;
    }
}
END_TEST

START_TEST(an_error_is_optional_and_a_long_word_is_cut)
{
    struct evac_cron c;
    struct evac_err err = { EVAC_OK, "" };
    char text[1000];
    ck_assert_int_eq(evac_cron_parse(EVAC_STR("x"), &c, NULL), EVAC_E_BADCONF);
    memset(text, 'x', sizeof text);
    ck_assert_int_eq(evac_cron_parse((struct evac_str){ text, sizeof text }, &c, &err),
                     EVAC_E_BADCONF);
    ck_assert_uint_lt(strlen(err.text), 250);
    ck_assert_ptr_nonnull(strstr(err.text, "allowed: 0 to 59"));
}
END_TEST

/* Each written in two ways that mean the same. */
static const struct {
    const char *one, *other;
} same[] = {
    { "*/15 * * * *", "0,15,30,45 * * * *" }, { "10-20/5 * * * *", "10,15,20 * * * *" },
    { "50/5 * * * *", "50,55 * * * *" },      { "0 0 * jan,MAR,Dec *", "0 0 * 1,3,12 *" },
    { "0 0 * * sun", "0 0 * * 7" },           { "0 0 * * 0", "0 0 * * 7" },
    { "0 0 * * fri-sun", "0 0 * * 0,5,6" },   { "0 0 * * 5-7", "0 0 * * 0,5,6" },
    { "0 0 * * sun-tue", "0 0 * * 0-2" },     { "0 0 * * sun-sun", "0 0 * * 0" },
    { "0 0 * * 1/2", "0 0 * * 1,3,5" },       { "0 0 * * 7/2", "0 0 * * 0" },
    { "0\t0   1  1 1", " 0 0 1 1 1 " },
};

START_TEST(two_ways_to_write_the_same)
{
    struct evac_cron a = parse(same[_i].one), b = parse(same[_i].other);
    ck_assert_msg(a.minutes == b.minutes && a.hours == b.hours && a.days == b.days &&
                      a.months == b.months && a.weekdays == b.weekdays && a.any_day == b.any_day &&
                      a.any_weekday == b.any_weekday,
                  "'%s' is not '%s'", same[_i].one, same[_i].other);
}
END_TEST

/* By brute force and with a calendar of its own: every minute of two years is tried, a leap
 * year among them. Lists as plain arrays, -1 ends; NULL means a star. */
struct plain {
    const char *cron;
    const int *minutes, *hours, *days, *months, *weekdays;
};
#define LIST(...) ((const int[]){ __VA_ARGS__, -1 })
static const struct plain plains[] = {
    { "0 9 1 1,4,7,10 *", LIST(0), LIST(9), LIST(1), LIST(1, 4, 7, 10), NULL },
    { "*/20 6-8 * * *", LIST(0, 20, 40), LIST(6, 7, 8), NULL, NULL, NULL },
    { "59 23 31 * *", LIST(59), LIST(23), LIST(31), NULL, NULL },
    { "5 0 29 2 *", LIST(5), LIST(0), LIST(29), LIST(2), NULL },
    { "0 0 13 * fri", LIST(0), LIST(0), LIST(13), NULL, LIST(5) },
    { "0 12 * * mon-fri", LIST(0), LIST(12), NULL, NULL, LIST(1, 2, 3, 4, 5) },
    { "30 4 1,15 * sun", LIST(30), LIST(4), LIST(1, 15), NULL, LIST(0) },
    { "0 0 30 2,4 *", LIST(0), LIST(0), LIST(30), LIST(2, 4), NULL },
};

static bool in_list(const int *list, int n)
{
    for (; list && *list >= 0; list++)
        if (*list == n)
            return true;
    return !list;
}

static bool plain_matches(const struct plain *p, const struct evac_civil *c, int weekday)
{
    bool day = in_list(p->days, c->day), week = in_list(p->weekdays, weekday);
    bool either = p->days && p->weekdays;
    return in_list(p->minutes, c->minute) && in_list(p->hours, c->hour) &&
           in_list(p->months, c->month) && (either ? day || week : day && week);
}

static void one_minute_on(struct evac_civil *c, int *weekday)
{
    static const uint8_t lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    uint8_t length = lengths[c->month - 1];
    if (c->month == 2 && c->year % 4 == 0) /* right from 1901 to 2099 */
        length = 29;
    if (++c->minute < 60)
        return;
    c->minute = 0;
    if (++c->hour < 24)
        return;
    c->hour = 0;
    *weekday = (*weekday + 1) % 7;
    if (++c->day <= length)
        return;
    c->day = 1;
    if (++c->month <= 12)
        return;
    c->month = 1;
    c->year++;
}

START_TEST(next_is_the_first_minute_that_matches)
{
    const struct plain *p = &plains[_i];
    struct evac_cron cron = parse(p->cron);
    struct evac_civil at = { 2027, 12, 1, 0, 0 }, next;
    int weekday = 3; /* a Wednesday */
    unsigned found = 0;
    ck_assert(evac_cron_next(&cron, at, &next));
    while (at.year < 2030) {
        one_minute_on(&at, &weekday);
        bool says = at.year == next.year && at.month == next.month && at.day == next.day &&
                    at.hour == next.hour && at.minute == next.minute;
        if (says != plain_matches(p, &at, weekday)) /* a check a minute would be slow */
            ck_abort_msg("%s: %04d-%02d-%02d %02d:%02d", p->cron, at.year, at.month, at.day,
                         at.hour, at.minute);
        if (says && at.year < 2030) {
            found++;
            ck_assert(evac_cron_next(&cron, at, &next));
        }
    }
    ck_assert_uint_ge(found, 1);
}
END_TEST

START_TEST(a_leap_day_is_found_across_a_century_that_has_none)
{
    struct evac_cron cron = parse("0 0 29 2 *");
    struct evac_civil next;
    ck_assert(evac_cron_next(&cron, (struct evac_civil){ 2096, 3, 1, 0, 0 }, &next));
    ck_assert_int_eq(next.year, 2104);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("cron");
    tcase_add_loop_test(tc, a_wrong_field_is_named, 0, (int)(sizeof bad / sizeof bad[0]));
    tcase_add_loop_test(tc, the_next_time_is_found, 0, (int)(sizeof nexts / sizeof nexts[0]));
    tcase_add_test(tc, what_never_comes_is_never);
    tcase_add_test(tc, days_go_both_ways_and_weeks_have_seven);
    tcase_add_loop_test(tc, nothing_lies_between, 0, 4);
    tcase_add_test(tc, an_error_is_optional_and_a_long_word_is_cut);
    tcase_add_loop_test(tc, two_ways_to_write_the_same, 0, (int)(sizeof same / sizeof same[0]));
    tcase_add_loop_test(tc, next_is_the_first_minute_that_matches, 0,
                        (int)(sizeof plains / sizeof plains[0]));
    tcase_add_test(tc, a_leap_day_is_found_across_a_century_that_has_none);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("cron", cases)

/* Cron and civil time. */
#include "decision.h"
#include "suite.h"

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

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("cron");
    tcase_add_loop_test(tc, a_wrong_field_is_named, 0, (int)(sizeof bad / sizeof bad[0]));
    tcase_add_loop_test(tc, the_next_time_is_found, 0, (int)(sizeof nexts / sizeof nexts[0]));
    tcase_add_test(tc, what_never_comes_is_never);
    tcase_add_test(tc, days_go_both_ways_and_weeks_have_seven);
    tcase_add_loop_test(tc, nothing_lies_between, 0, 4);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("cron", cases)

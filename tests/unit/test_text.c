/* The engine's own way to write: cut, never overrun, always with a zero at the end. */
#include "suite.h"
#include "text.h"

#include <string.h>

static char memory[64];
static struct evac_text out;

static void begin(size_t cap)
{
    memset(memory, '#', sizeof memory);
    evac_text_init(&out, memory, cap);
}

/* Runs once for each capacity, down to none but the zero. */
START_TEST(what_does_not_fit_is_cut)
{
    size_t cap = (size_t)_i;
    begin(cap);
    evac_text_puts(&out, "down for ");
    evac_text_duration(&out, 2100);
    evac_text_put(&out, EVAC_STR(", lag "));
    evac_text_i64(&out, -17);
    const char *whole = "down for 2.1 s, lag -17";
    size_t n = strlen(whole) < cap - 1 ? strlen(whole) : cap - 1;
    ck_assert_uint_eq(strlen(memory), n);
    ck_assert_uint_eq(evac_text_str(&out).n, n);
    ck_assert_mem_eq(memory, whole, n);
    for (size_t i = cap; i < sizeof memory; i++)
        ck_assert_int_eq(memory[i], '#');
}
END_TEST

static const struct {
    uint64_t ms;
    const char *text;
} spans[] = {
    { 0, "0 ms" },          { 999, "999 ms" },
    { 1000, "1.0 s" },      { 12345, "12.3 s" },
    { 59999, "59.9 s" }, /* never rounded up: "60.0 s" is not yet true */
    { 60000, "1m00s" },     { 245000, "4m05s" },
    { 3599999, "59m59s" },  { 3600000, "1h00m" },
    { 7800000, "2h10m" },   { 86399999, "23h59m" },
    { 273600000, "3d04h" }, { UINT64_MAX, "213503982334d14h" },
};

START_TEST(durations_are_said_as_people_say_them)
{
    begin(sizeof memory);
    evac_text_duration(&out, spans[_i].ms);
    ck_assert_str_eq(memory, spans[_i].text);
}
END_TEST

START_TEST(numbers_are_whole_to_their_limits)
{
    begin(sizeof memory);
    evac_text_u64(&out, UINT64_MAX);
    ck_assert_str_eq(memory, "18446744073709551615");
    begin(sizeof memory);
    evac_text_i64(&out, INT64_MIN);
    ck_assert_str_eq(memory, "-9223372036854775808");
    begin(sizeof memory);
    evac_text_u64(&out, 0);
    evac_text_puts(&out, NULL);
    evac_text_put(&out, EVAC_STR_NONE);
    ck_assert_str_eq(memory, "0");
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("text");
    tcase_add_loop_test(tc, what_does_not_fit_is_cut, 1, 40);
    tcase_add_loop_test(tc, durations_are_said_as_people_say_them, 0,
                        (int)(sizeof spans / sizeof spans[0]));
    tcase_add_test(tc, numbers_are_whole_to_their_limits);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("text", cases)

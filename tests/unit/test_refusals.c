/* Attempts that were refused: each is counted, and none makes the journal grow as it likes. */
#include "refusals.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

#define MINUTE EVAC_REFUSALS_MS
#define WALL   INT64_C(1800000000000)

static struct evac_refusals *refusals;
static struct evac_record rows[64];

static void setup(void)
{
    refusals = evac_refusals_new();
}

static void teardown(void)
{
    evac_refusals_free(refusals);
}

static void attempt(enum evac_refusal_kind kind, const char *from, const char *who, uint64_t now_ms)
{
    const struct evac_refusal r = { kind, evac_str(from), evac_str(who),
                                    EVAC_STR("POST /v1/commands"), EVAC_STR("no such token") };
    evac_refusals_add(refusals, &r, WALL + (int64_t)now_ms);
}

static size_t write_due(uint64_t now_ms)
{
    size_t n = evac_refusals_due(refusals, now_ms, rows, 64);
    if (n)
        evac_refusals_written(refusals, now_ms);
    return n;
}

START_TEST(the_first_attempt_is_a_row_at_once_and_says_all)
{
    attempt(EVAC_REFUSAL_FORBIDDEN, "192.0.2.7", "oidc:ann by jwt:1", 5);
    ck_assert_uint_eq(write_due(10), 1);
    ck_assert_int_eq(rows[0].kind, EVAC_RECORD_REFUSAL);
    ck_assert(evac_str_is(rows[0].name, "forbidden"));
    ck_assert(evac_str_is(rows[0].from, "192.0.2.7"));
    ck_assert(evac_str_is(rows[0].who, "oidc:ann by jwt:1"));
    ck_assert(evac_str_is(rows[0].event, "POST /v1/commands"));
    ck_assert(evac_str_is(rows[0].text, "no such token"));
    ck_assert_int_eq(rows[0].number, 1);
    ck_assert(evac_str_is(rows[0].data, "{\"since_ms\":1800000000005,\"until_ms\":1800000000005}"));
    ck_assert_uint_eq(rows[0].step, EVAC_NO_STEP);
    ck_assert_uint_eq(write_due(20), 0);
}
END_TEST

START_TEST(those_that_follow_are_one_row_a_minute_with_their_number)
{
    uint64_t counted = 0, written = 0;
    for (uint64_t now = 0; now < 10 * MINUTE; now += 100) {
        attempt(EVAC_REFUSAL_WRONG, "192.0.2.7", "", now);
        size_t n = write_due(now);
        written += n;
        counted += n ? (uint64_t)rows[0].number : 0;
    }
    ck_assert_uint_eq(written, 10);
    written += write_due(10 * MINUTE + 100);
    counted += (uint64_t)rows[0].number;
    ck_assert_uint_eq(written, 11);
    ck_assert_uint_eq(counted, 6000);
}
END_TEST

START_TEST(an_address_a_person_and_a_kind_are_each_their_own)
{
    attempt(EVAC_REFUSAL_WRONG, "192.0.2.7", "", 1);
    attempt(EVAC_REFUSAL_WRONG, "192.0.2.8", "", 1);
    attempt(EVAC_REFUSAL_BLOCKED, "192.0.2.8", "", 1);
    attempt(EVAC_REFUSAL_FORBIDDEN, "192.0.2.8", "token:ci by 1 for uid:0", 1);
    attempt(EVAC_REFUSAL_FORBIDDEN, "192.0.2.8", "token:cd by 2 for uid:0", 1);
    attempt(EVAC_REFUSAL_FORBIDDEN, "192.0.2.8", "token:cd by 2 for uid:0", 1);
    ck_assert_uint_eq(write_due(1), 5);
}
END_TEST

START_TEST(what_could_not_be_written_is_due_again_and_has_gone_on_counting)
{
    attempt(EVAC_REFUSAL_WRONG, "192.0.2.7", "", 1);
    ck_assert_uint_eq(evac_refusals_due(refusals, 1, rows, 64), 1);
    attempt(EVAC_REFUSAL_WRONG, "192.0.2.7", "", 2);
    ck_assert_uint_eq(write_due(3), 1);
    ck_assert_int_eq(rows[0].number, 2);
}
END_TEST

START_TEST(many_addresses_cost_no_more_than_a_burst_and_a_row_a_minute_and_all_are_counted)
{
    char from[32];
    uint64_t attempts = 0, counted = 0, written = 0;
    const uint64_t day = 24 * 60;
    for (uint64_t minute = 0; minute <= day + 70; minute++) {
        for (unsigned i = 0; minute < day && i < 100; i++) {
            snprintf(from, sizeof from, "2001:db8:%llx::/64",
                     (unsigned long long)(minute * 100 + i));
            attempt(EVAC_REFUSAL_WRONG, from, "", minute * MINUTE);
            attempts++;
        }
        size_t n = write_due(minute * MINUTE + 250);
        for (size_t k = 0; k < n; k++)
            counted += (uint64_t)rows[k].number;
        written += n;
    }
    ck_assert_uint_eq(counted, attempts);
    ck_assert_uint_le(written, EVAC_REFUSALS_BURST + day + 70);
    ck_assert_uint_gt(written, EVAC_REFUSALS_BURST);
}
END_TEST

/* Whoever tries everywhere does not hide one who tries once: all have their turn. */
START_TEST(when_rows_are_short_each_gets_its_turn)
{
    bool seen = false;
    char from[32];
    for (uint64_t minute = 0; minute < 600; minute++) {
        for (unsigned i = 0; i < 30; i++) {
            snprintf(from, sizeof from, "10.0.0.%u", i);
            attempt(EVAC_REFUSAL_WRONG, from, "", minute * MINUTE);
        }
        if (minute == 400)
            attempt(EVAC_REFUSAL_FORBIDDEN, "socket", "uid:7(bob)", minute * MINUTE);
        size_t n = write_due(minute * MINUTE + 1);
        for (size_t k = 0; k < n; k++)
            seen = seen || evac_str_is(rows[k].who, "uid:7(bob)");
        ck_assert_msg(minute < 440 || seen, "it waits for a row still");
    }
}
END_TEST

START_TEST(what_somebody_sends_is_cut_and_says_nothing_to_a_terminal)
{
    char path[400];
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    path[3] = '\033';
    const struct evac_refusal r = { EVAC_REFUSAL_WRONG, EVAC_STR("socket"), EVAC_STR_NONE,
                                    evac_str(path), evac_str(path) };
    evac_refusals_add(refusals, &r, WALL);
    ck_assert_uint_eq(write_due(1), 1);
    ck_assert_uint_lt(rows[0].event.n, 100);
    ck_assert_uint_lt(rows[0].text.n, 200);
    ck_assert(evac_str_starts(rows[0].event, "xxx?x"));
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("refusals");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, the_first_attempt_is_a_row_at_once_and_says_all);
    tcase_add_test(tc, those_that_follow_are_one_row_a_minute_with_their_number);
    tcase_add_test(tc, an_address_a_person_and_a_kind_are_each_their_own);
    tcase_add_test(tc, what_could_not_be_written_is_due_again_and_has_gone_on_counting);
    tcase_add_test(tc,
                   many_addresses_cost_no_more_than_a_burst_and_a_row_a_minute_and_all_are_counted);
    tcase_add_test(tc, when_rows_are_short_each_gets_its_turn);
    tcase_add_test(tc, what_somebody_sends_is_cut_and_says_nothing_to_a_terminal);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("refusals", cases)

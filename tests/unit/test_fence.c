/* The app's half of the dead-man fence: when this side may write, and when no more. T_d is 30 s. */
#include "evac/fence.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

#define T_D   30000u
#define START 1000000u

enum { A, B };

static struct evac_fence *fence;
static struct evac_fence_state state;
static uint64_t now;

static void begin(void)
{
    struct evac_err err = { EVAC_OK, "" };
    const struct evac_fence_options options = {
        .app = EVAC_STR("shop"), .region = EVAC_STR("us-east-1"), .copies = 2, .lease_ms = T_D
    };
    ck_assert_int_eq(evac_fence_new(&options, &fence, &err), EVAC_OK);
    now = START;
}

static void end(void)
{
    evac_fence_free(fence);
}

static struct evac_str body(int epoch, const char *writer)
{
    static char text[256];
    int n = snprintf(text, sizeof text,
                     "{\"app\":\"shop\",\"epoch\":%d,\"writer\":\"%s\",\"route\":\"us-east-1\","
                     "\"renew_ms\":30000,\"run\":\"12\"}",
                     epoch, writer);
    return (struct evac_str){ text, (size_t)n };
}

static void hear(size_t copy, uint64_t sent_ms, int epoch, const char *writer)
{
    evac_fence_heard(fence, copy, sent_ms, now, body(epoch, writer));
}

static void expect(bool may, enum evac_fence_reason reason)
{
    ck_assert_int_eq(evac_fence_may_write(fence, now, &state), may);
    ck_assert_str_eq(evac_fence_reason_word(state.reason), evac_fence_reason_word(reason));
    ck_assert_int_eq(state.until_ms > 0, may);
}

static uint64_t ask(void)
{
    evac_fence_begin(fence, now);
    return now;
}

/* Both copies say so, 20 ms after they were asked. */
static void both_say(int epoch, const char *writer)
{
    uint64_t sent = ask();
    now += 20;
    hear(A, sent, epoch, writer);
    hear(B, sent, epoch, writer);
}

START_TEST(it_begins_without_permission)
{
    expect(false, EVAC_FENCE_UNREAD);
    ck_assert_uint_le(evac_fence_next_ms(fence), now);
    ask();
    expect(false, EVAC_FENCE_UNREAD);
}
END_TEST

START_TEST(permission_counts_from_when_the_read_was_sent)
{
    uint64_t sent = ask();
    now += 4000;
    hear(A, sent, 7, "us-east-1");
    hear(B, sent, 7, "us-east-1");
    expect(true, EVAC_FENCE_GO);
    ck_assert_uint_eq(state.until_ms, sent + T_D);
    ck_assert_uint_eq(state.left_ms, T_D - 4000);
    ck_assert_int_eq(state.epoch, 7);
    ck_assert_uint_eq(evac_fence_next_ms(fence), sent + T_D / 3);
}
END_TEST

START_TEST(it_ends_to_the_millisecond_and_by_itself)
{
    both_say(7, "us-east-1");
    now = START + T_D - 1;
    expect(true, EVAC_FENCE_GO);
    now = START + T_D;
    expect(false, EVAC_FENCE_SILENCE);
}
END_TEST

START_TEST(either_copy_carries_it)
{
    both_say(7, "us-east-1");
    for (int i = 0; i < 10; i++) {
        now = evac_fence_next_ms(fence);
        uint64_t sent = ask();
        evac_fence_lost(fence, A, sent, now + 5);
        now += 30;
        hear(B, sent, 7, "us-east-1");
        expect(true, EVAC_FENCE_GO);
        ck_assert_uint_eq(state.until_ms, sent + T_D);
    }
}
END_TEST

START_TEST(with_both_lost_it_ends)
{
    both_say(7, "us-east-1");
    for (int i = 0; i < 3; i++) {
        now += T_D / 3 - 20;
        uint64_t sent = ask();
        evac_fence_lost(fence, A, sent, now + 10);
        evac_fence_lost(fence, B, sent, now + 20);
        now += 20;
    }
    expect(false, EVAC_FENCE_SILENCE);
    both_say(7, "us-east-1");
    expect(true, EVAC_FENCE_GO);
}
END_TEST

START_TEST(one_word_against_it_ends_it_at_once)
{
    static const struct {
        const char *writer;
        enum evac_fence_reason why;
    } cases[] = { { "us-west-2", EVAC_FENCE_OTHER },
                  { "", EVAC_FENCE_NOBODY },
                  { "us-east-11", EVAC_FENCE_OTHER },
                  { "us-east-", EVAC_FENCE_OTHER } };
    both_say(7, "us-east-1");
    now += 100;
    uint64_t sent = ask();
    hear(A, sent, 7, "us-east-1");
    expect(true, EVAC_FENCE_GO);
    hear(B, sent, 8, cases[_i].writer);
    expect(false, cases[_i].why);
}
END_TEST

START_TEST(of_the_same_epoch_both_must_say_so)
{
    uint64_t sent = ask();
    hear(A, sent, 7, "us-east-1");
    hear(B, sent, 7, "");
    expect(false, EVAC_FENCE_NOBODY);
}
END_TEST

START_TEST(a_copy_that_lags_behind_can_not_speak_alone)
{
    uint64_t sent = ask();
    hear(A, sent, 7, "us-east-1");
    expect(false, EVAC_FENCE_UNREAD); /* the other one may know better */
    hear(B, sent, 8, "");
    expect(false, EVAC_FENCE_NOBODY);
    now += T_D / 3;
    sent = ask();
    evac_fence_lost(fence, B, sent, now); /* and what it knew is not forgotten */
    hear(A, sent, 7, "us-east-1");
    expect(false, EVAC_FENCE_NOBODY);
}
END_TEST

START_TEST(a_copy_that_was_left_behind_does_not_stop_the_newer)
{
    for (int i = 0; i < 2; i++) {
        uint64_t sent = ask();
        now += 5;
        hear(A, sent, 3, "us-west-2"); /* its region was gone when the others changed */
        hear(B, sent, 9, "us-east-1");
        now += T_D / 3;
    }
    expect(true, EVAC_FENCE_GO);
}
END_TEST

START_TEST(what_was_asked_before_a_stop_counts_for_nothing_after_it)
{
    both_say(7, "us-east-1");
    now += 100;
    uint64_t before = ask();
    now += 50;
    hear(A, before, 8, "");
    hear(A, before, 9, "us-east-1");
    hear(B, before, 9, "us-east-1");
    expect(false, EVAC_FENCE_NOBODY);
    now += 50;
    both_say(9, "us-east-1");
    expect(true, EVAC_FENCE_GO);
}
END_TEST

START_TEST(a_late_reply_extends_nothing)
{
    both_say(7, "us-east-1");
    uint64_t late = START + 100;
    now = START + 5000;
    uint64_t sent = ask();
    hear(A, sent, 7, "us-east-1");
    hear(B, sent, 7, "us-east-1");
    now += 1000;
    hear(A, late, 7, "us-east-1");
    expect(true, EVAC_FENCE_GO);
    ck_assert_uint_eq(state.until_ms, sent + T_D);
    now = late + T_D + 10000;
    hear(B, late, 7, "us-east-1");
    expect(false, EVAC_FENCE_SILENCE);
}
END_TEST

START_TEST(a_reply_that_was_overtaken_does_not_count_as_going_back)
{
    both_say(7, "us-east-1");
    now += 1000;
    uint64_t first = ask();
    now += 1000;
    uint64_t second = ask();
    hear(A, second, 8, "us-east-1");
    hear(A, first, 7, "us-east-1");
    hear(B, second, 8, "us-east-1");
    expect(true, EVAC_FENCE_GO);
}
END_TEST

START_TEST(an_epoch_that_goes_back_ends_it)
{
    both_say(7, "us-east-1");
    now += 1000;
    both_say(6, "us-east-1");
    expect(false, EVAC_FENCE_OLDER);
    now += 1000;
    both_say(6, "us-east-1");
    expect(false, EVAC_FENCE_OLDER);
    now += 1000;
    both_say(8, "us-east-1"); /* the first that answers finds the other one still wrong */
    now += 1000;
    both_say(8, "us-east-1");
    expect(true, EVAC_FENCE_GO);
}
END_TEST

START_TEST(another_word_under_the_same_epoch_ends_it)
{
    both_say(7, "");
    now += 1000;
    both_say(7, "us-east-1");
    expect(false, EVAC_FENCE_OLDER);
}
END_TEST

static const char *const garbage[] = {
    "",
    "{",
    "null",
    "[]",
    "<html>captive portal</html>",
    "{\"app\":\"shop\",\"epoch\":8,\"writer\":\"us-east-1\",\"renew_ms\":30000",
    "{\"app\":\"shop\",\"epoch\":8,\"writer\":\"us-east-1\",\"renew_ms\":30000}}",
    "{\"app\":\"shop\",\"epoch\":8,\"writer\":\"us-east-1\",\"renew_ms\":30000} x",
    "{\"app\":\"till\",\"epoch\":8,\"writer\":\"us-east-1\",\"renew_ms\":30000}",
    "{\"app\":7,\"epoch\":8,\"writer\":\"us-east-1\",\"renew_ms\":30000}",
    "{\"epoch\":-1,\"writer\":\"us-east-1\",\"renew_ms\":30000}",
    "{\"epoch\":8.5,\"writer\":\"us-east-1\",\"renew_ms\":30000}",
    "{\"epoch\":1e300,\"writer\":\"us-east-1\",\"renew_ms\":30000}",
    "{\"epoch\":\"8\",\"writer\":\"us-east-1\",\"renew_ms\":30000}",
    "{\"epoch\":8,\"renew_ms\":30000}",
    "{\"epoch\":8,\"writer\":null,\"renew_ms\":30000}",
    "{\"epoch\":8,\"writer\":\"us-east-1\"}",
    "{\"epoch\":8,\"writer\":\"us-east-1\",\"renew_ms\":0}",
    "{\"epoch\":8,\"writer\":\"us-east-1\",\"writer\":\"us-west-2\",\"renew_ms\":30000}",
    "{\"epoch\":8,\"epoch\":9,\"writer\":\"us-east-1\",\"renew_ms\":30000}",
    "{\"epoch\":8,\"Writer\":\"us-east-1\",\"renew_ms\":30000}",
};
#define GARBAGE (int)(sizeof garbage / sizeof garbage[0])

START_TEST(garbage_ends_it_at_once)
{
    both_say(7, "us-east-1");
    now += 1000;
    uint64_t sent = ask();
    hear(A, sent, 8, "us-east-1");
    evac_fence_heard(fence, B, sent, now, evac_str(garbage[_i]));
    expect(false, EVAC_FENCE_GARBAGE);
    now += 1000;
    both_say(8, "us-east-1"); /* A is heard while B is still wrong */
    now += 1000;
    both_say(8, "us-east-1");
    expect(true, EVAC_FENCE_GO);
}
END_TEST

/* Cut anywhere, it never gives a permission. */
START_TEST(a_truncated_body_is_garbage)
{
    struct evac_str whole = body(7, "us-east-1");
    for (size_t n = 0; n < whole.n; n++) {
        uint64_t sent = ask();
        evac_fence_heard(fence, A, sent, now, (struct evac_str){ whole.p, n });
        evac_fence_heard(fence, B, sent, now, (struct evac_str){ whole.p, n });
        expect(false, EVAC_FENCE_GARBAGE);
        now += 10;
    }
}
END_TEST

START_TEST(a_suspended_machine_wakes_without_permission)
{
    both_say(7, "us-east-1");
    now += 3600000;
    expect(false, EVAC_FENCE_SILENCE);
    hear(A, START, 7, "us-east-1"); /* what lay in the socket meanwhile */
    expect(false, EVAC_FENCE_SILENCE);
}
END_TEST

START_TEST(a_clock_that_goes_back_ends_it)
{
    both_say(7, "us-east-1");
    uint64_t sent = ask();
    now -= 500;
    expect(false, EVAC_FENCE_CLOCK);
    hear(A, sent, 7, "us-east-1"); /* sent in the future */
    expect(false, EVAC_FENCE_GARBAGE);
    now += 1000;
    both_say(7, "us-east-1");
    now += 1000;
    both_say(7, "us-east-1");
    expect(true, EVAC_FENCE_GO);
}
END_TEST

START_TEST(the_shorter_lease_counts)
{
    const char *shorter = "{\"epoch\":7,\"writer\":\"us-east-1\",\"renew_ms\":9000}";
    const char *longer = "{\"epoch\":8,\"writer\":\"us-east-1\",\"renew_ms\":90000}";
    uint64_t sent = ask();
    evac_fence_heard(fence, A, sent, now, evac_str(shorter));
    evac_fence_heard(fence, B, sent, now, evac_str(shorter));
    expect(true, EVAC_FENCE_GO);
    ck_assert_uint_eq(state.until_ms, sent + 9000);
    ck_assert_uint_eq(evac_fence_next_ms(fence), sent + 3000);
    now += 3000;
    sent = ask();
    evac_fence_heard(fence, A, sent, now, evac_str(longer));
    evac_fence_heard(fence, B, sent, now, evac_str(longer));
    expect(true, EVAC_FENCE_GO);
    ck_assert_uint_eq(state.until_ms, sent + T_D);
}
END_TEST

START_TEST(an_orderly_end_is_for_good)
{
    both_say(7, "us-east-1");
    evac_fence_end(fence, now);
    expect(false, EVAC_FENCE_ENDED);
    now += 1000;
    both_say(7, "us-east-1");
    expect(false, EVAC_FENCE_ENDED);
}
END_TEST

START_TEST(options_that_make_no_sense_are_refused)
{
    const struct evac_fence_options bad[] = {
        { EVAC_STR_NONE, EVAC_STR_NONE, 2, T_D },
        { EVAC_STR_NONE, { "us-east-1", 9 }, 0, T_D },
        { EVAC_STR_NONE, { "us-east-1", 9 }, EVAC_FENCE_COPIES_MAX + 1, T_D },
        { EVAC_STR_NONE, { "us-east-1", 9 }, 2, EVAC_FENCE_LEASE_MIN_MS - 1 },
        { EVAC_STR_NONE, { "us-east-1", 9 }, 2, EVAC_FENCE_LEASE_MAX_MS + 1 },
    };
    struct evac_fence *none = NULL;
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_int_eq(evac_fence_new(&bad[_i], &none, &err), EVAC_E_BADARG);
    ck_assert_ptr_null(none);
    ck_assert(err.text[0] != '\0');
}
END_TEST

/* --- chance ---------------------------------------------------------------------------------- */

static uint32_t dice(uint32_t *seed, uint32_t sides)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % sides;
}

/* Whatever is lost, late or out of order: once both copies say "nobody", the last permission is
 * over T_d after the later of the two was changed. */
START_TEST(after_both_copies_were_fenced_nobody_writes_longer_than_a_lease)
{
    struct {
        uint64_t sent, due;
        bool go;
    } flights[64];
    uint32_t seed = (uint32_t)_i * 2654435761u + 1;
    uint64_t fenced[2] = { START + 60000 + dice(&seed, 20000), START + 60000 + dice(&seed, 20000) };
    uint64_t last = fenced[A] > fenced[B] ? fenced[A] : fenced[B];
    size_t count = 0;
    unsigned wrote = 0;
    both_say(7, "us-east-1");
    for (; now < last + 3 * T_D; now += 1 + dice(&seed, 400)) {
        for (size_t i = 0; i < count; i++) /* copy i % 2; each comes once, in any order */
            if (flights[i].due && flights[i].due <= now) {
                flights[i].due = 0;
                hear(i % 2, flights[i].sent, flights[i].go ? 7 : 8,
                     flights[i].go ? "us-east-1" : "");
            }
        if (now >= evac_fence_next_ms(fence) && count + 2 <= 64) {
            evac_fence_begin(fence, now);
            for (size_t i = 0; i < 2; i++, count++) {
                flights[count].sent = now;
                flights[count].go = now < fenced[i];
                flights[count].due = dice(&seed, 4) ? now + 1 + dice(&seed, 2 * T_D) : 0;
                if (dice(&seed, 3) == 0)
                    evac_fence_lost(fence, i, now, now);
            }
        }
        bool may = evac_fence_may_write(fence, now, &state);
        wrote += may;
        ck_assert_msg(!may || now < last + T_D, "it writes %llu ms too long",
                      (unsigned long long)(now - last - T_D));
    }
    ck_assert_uint_gt(wrote, 0);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("fence");
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_test(tc, it_begins_without_permission);
    tcase_add_test(tc, permission_counts_from_when_the_read_was_sent);
    tcase_add_test(tc, it_ends_to_the_millisecond_and_by_itself);
    tcase_add_test(tc, either_copy_carries_it);
    tcase_add_test(tc, with_both_lost_it_ends);
    tcase_add_loop_test(tc, one_word_against_it_ends_it_at_once, 0, 4);
    tcase_add_test(tc, of_the_same_epoch_both_must_say_so);
    tcase_add_test(tc, a_copy_that_lags_behind_can_not_speak_alone);
    tcase_add_test(tc, a_copy_that_was_left_behind_does_not_stop_the_newer);
    tcase_add_test(tc, what_was_asked_before_a_stop_counts_for_nothing_after_it);
    tcase_add_test(tc, a_late_reply_extends_nothing);
    tcase_add_test(tc, a_reply_that_was_overtaken_does_not_count_as_going_back);
    tcase_add_test(tc, an_epoch_that_goes_back_ends_it);
    tcase_add_test(tc, another_word_under_the_same_epoch_ends_it);
    tcase_add_loop_test(tc, garbage_ends_it_at_once, 0, GARBAGE);
    tcase_add_test(tc, a_truncated_body_is_garbage);
    tcase_add_test(tc, a_suspended_machine_wakes_without_permission);
    tcase_add_test(tc, a_clock_that_goes_back_ends_it);
    tcase_add_test(tc, the_shorter_lease_counts);
    tcase_add_test(tc, an_orderly_end_is_for_good);
    tcase_add_loop_test(tc, options_that_make_no_sense_are_refused, 0, 5);
    tcase_add_loop_test(tc, after_both_copies_were_fenced_nobody_writes_longer_than_a_lease, 0,
                        200);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("may this side write", cases)

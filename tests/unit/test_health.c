/* Health: from answers to a verdict. The tables here are written from RELIABILITY 3.3, not from the
 * code. */
#include "health_fixture.h"

#include <string.h>

/* --- the truth table --- */

struct cell {
    enum evac_probe_state outside, inside;
    bool all;
    enum evac_verdict verdict;
};
// clang-format off
static const struct cell cells[] = {
    /* outside inside every region down */
    { G, G, false, EVAC_VERDICT_UP },
    { G, U, false, EVAC_VERDICT_UP },
    { G, B, false, EVAC_VERDICT_GREY },
    { B, B, false, EVAC_VERDICT_DOWN },
    { B, U, false, EVAC_VERDICT_DOWN },
    { B, G, false, EVAC_VERDICT_ISOLATED },
    { U, G, false, EVAC_VERDICT_UNKNOWN },
    { U, U, false, EVAC_VERDICT_UNKNOWN },
    { U, B, false, EVAC_VERDICT_UNKNOWN },
    { B, G, true,  EVAC_VERDICT_SUSPECT },
    { B, U, true,  EVAC_VERDICT_SUSPECT },
    { B, B, true,  EVAC_VERDICT_SUSPECT },
    /* can not be, and harms nobody: a region that is not down is not all regions down */
    { G, G, true,  EVAC_VERDICT_UP },
    { G, U, true,  EVAC_VERDICT_UP },
    { G, B, true,  EVAC_VERDICT_GREY },
    { U, G, true,  EVAC_VERDICT_UNKNOWN },
    { U, U, true,  EVAC_VERDICT_UNKNOWN },
    { U, B, true,  EVAC_VERDICT_UNKNOWN },
};
// clang-format on
#define CELLS ((int)(sizeof cells / sizeof cells[0]))

START_TEST(the_truth_table_holds_in_every_cell)
{
    const struct cell *c = &cells[_i];
    enum evac_verdict v = evac_health_verdict(c->outside, c->inside, c->all);
    ck_assert_msg(v == c->verdict, "outside %s, inside %s%s: %s, not %s",
                  evac_probe_state_name(c->outside), evac_probe_state_name(c->inside),
                  c->all ? ", all down" : "", evac_verdict_name(v), evac_verdict_name(c->verdict));
}
END_TEST

START_TEST(the_truth_table_has_no_cell_twice_and_none_missing)
{
    unsigned seen[EVAC_PROBE_STATE_COUNT][EVAC_PROBE_STATE_COUNT][2] = { 0 };
    for (int i = 0; i < CELLS; i++)
        ck_assert_uint_eq(seen[cells[i].outside][cells[i].inside][cells[i].all]++, 0);
    ck_assert_int_eq(CELLS, EVAC_PROBE_STATE_COUNT * EVAC_PROBE_STATE_COUNT * 2);
}
END_TEST

/* Vantage 0 outside, vantage 1 inside east: every pair of opinions, through real answers. West is
 * up, so that east is not doubted. */
START_TEST(answers_reach_the_cell_that_they_should)
{
    const struct cell *c = &cells[_i];
    if (c->all)
        return;
    begin(2, 1, "");
    h.vantages[1] = (struct evac_vantage_health){ .configured = true, .inside = { [EAST] = true } };
    for (unsigned i = 0; i < 3; i++, now += EVERY_MS) {
        answer(WEB, WEST, 0, true);
        answer(WEB, WEST, 1, true);
        if (c->outside != U)
            answer(WEB, EAST, 0, c->outside == G);
        if (c->inside != U)
            answer(WEB, EAST, 1, c->inside == G);
    }
    ck_assert_msg(verdict(EAST) == c->verdict, "%s, not %s (%s)", evac_verdict_name(verdict(EAST)),
                  evac_verdict_name(c->verdict), h.regions[EAST].reasons);
}
END_TEST

/* --- rows of answers --- */

START_TEST(in_the_beginning_everything_is_unknown)
{
    begin(3, 3, "");
    for (unsigned r = 0; r < 3; r++)
        ck_assert_int_eq(verdict(r), EVAC_VERDICT_UNKNOWN);
    ck_assert(evac_health_wake_ms(&h) == UINT64_MAX);
}
END_TEST

/* Runs once for each pair of limits. Every sequence of 10 answers is tried, and an independent
 * count is kept beside. */
START_TEST(a_probe_turns_down_on_fall_failures_in_a_row_and_up_on_rise_successes)
{
    unsigned fall = (unsigned)_i % 4 + 1, rise = (unsigned)_i / 4 + 1;
    struct evac_probe probe = web_probe[WEB];
    probe.fall = (uint16_t)fall;
    probe.rise = (uint16_t)rise;
    for (unsigned bits = 0; bits < 1u << 10; bits++) {
        enum evac_probe_state want = U;
        unsigned good = 0, bad = 0;
        begin(2, 1, "");
        app.probes = &probe;
        for (unsigned i = 0; i < 10; i++) {
            bool ok = (bits >> i) & 1u;
            good = ok ? good + 1 : 0;
            bad = ok ? 0 : bad + 1;
            if (good >= rise)
                want = G;
            if (bad >= fall)
                want = B;
            now += EVERY_MS;
            answer(WEB, EAST, 0, ok);
            ck_assert_msg(state(WEB, EAST) == want, "fall %u rise %u, answers %03x, after %u: %s",
                          fall, rise, bits, i + 1, evac_probe_state_name(state(WEB, EAST)));
        }
    }
}
END_TEST

START_TEST(one_good_answer_breaks_a_row_of_failures)
{
    begin(2, 1, "");
    rounds(2, "++");
    for (unsigned i = 0; i < 20; i++) {
        rounds(2, "-+");
        rounds(1, "++");
        ck_assert_int_eq(verdict(EAST), EVAC_VERDICT_UP);
    }
}
END_TEST

START_TEST(one_good_answer_does_not_end_an_outage)
{
    begin(2, 1, "");
    rounds(2, "++");
    rounds(3, "-+");
    rounds(1, "++");
    ck_assert_int_eq(verdict(EAST), EVAC_VERDICT_DOWN);
    rounds(1, "++");
    ck_assert_int_eq(verdict(EAST), EVAC_VERDICT_UP);
}
END_TEST

/* The counters are 16 bits wide: a week of answers every ten seconds. */
START_TEST(no_row_is_too_long_to_be_counted)
{
    begin(2, 1, "");
    for (unsigned i = 0; i < 65536 + 10; i++) {
        now += EVERY_MS;
        answer(WEB, EAST, 0, true);
        answer(WEB, WEST, 0, false);
    }
    ck_assert_uint_eq(h.tracks[WEB][WEST][0].bad, UINT16_MAX);
    ck_assert_int_eq(verdict(WEST), EVAC_VERDICT_DOWN);
    for (unsigned i = 0; i < 2; i++) {
        now += EVERY_MS;
        answer(WEB, EAST, 0, false);
        ck_assert_int_eq(verdict(EAST), EVAC_VERDICT_UP);
    }
}
END_TEST

/* For each count of good answers around the counter's end: it still takes three failures. */
START_TEST(a_full_counter_does_not_shorten_the_next_row)
{
    begin(2, 1, "");
    now += EVERY_MS;
    answer(WEB, EAST, 0, true);
    answer(WEB, EAST, 0, true);
    h.tracks[WEB][EAST][0].state = G;
    h.tracks[WEB][EAST][0].good = (uint16_t)(UINT16_MAX - 2 + _i);
    for (unsigned i = 0; i < 2; i++) {
        now += EVERY_MS;
        answer(WEB, EAST, 0, false);
        ck_assert_int_eq(state(WEB, EAST), G);
    }
    now += EVERY_MS;
    answer(WEB, EAST, 0, false);
    ck_assert_int_eq(state(WEB, EAST), B);
    ck_assert_uint_eq(h.tracks[WEB][EAST][0].first_bad_boot_ms, now - 2 * EVERY_MS);
}
END_TEST

START_TEST(a_copy_of_an_answer_counts_once)
{
    begin(2, 1, "");
    rounds(2, "++");
    now += EVERY_MS;
    for (unsigned i = 0; i < 10; i++)
        answer(WEB, EAST, 0, false);
    ck_assert_uint_eq(h.tracks[WEB][EAST][0].bad, 1);
    ck_assert_int_eq(verdict(EAST), EVAC_VERDICT_UP);
}
END_TEST

START_TEST(an_answer_that_was_overtaken_is_dropped)
{
    struct evac_probe_result late = { .ok = false };
    begin(2, 1, "");
    rounds(2, "++");
    struct evac_probe_track before = h.tracks[WEB][EAST][0];
    /* asked for before the newest, answered after it */
    late.sent_boot_ms = before.last_sent_boot_ms - 1000;
    late.boot_ms = now + 1000;
    evac_health_probe(&h, &late, &news);
    ck_assert_mem_eq(&before, &h.tracks[WEB][EAST][0], sizeof before);
    /* and one from the past altogether */
    late.sent_boot_ms = late.boot_ms = now - 3 * EVERY_MS;
    evac_health_probe(&h, &late, &news);
    ck_assert_mem_eq(&before, &h.tracks[WEB][EAST][0], sizeof before);
    /* and one that was there before it was asked for */
    late.boot_ms = now + 1000;
    late.sent_boot_ms = now + 2000;
    evac_health_probe(&h, &late, &news);
    ck_assert_mem_eq(&before, &h.tracks[WEB][EAST][0], sizeof before);
}
END_TEST

START_TEST(an_answer_about_nothing_changes_nothing)
{
    static struct evac_health before;
    begin(2, 1, "");
    rounds(2, "++");
    before = h;
    now += EVERY_MS;
    answer(EVAC_PROBES_MAX, EAST, 0, false);
    answer(DEEP, EAST, 0, false); /* the app has one probe */
    answer(WEB, IRELAND, 0, false);
    answer(WEB, EAST, EVAC_VANTAGES_MAX, false);
    answer(WEB, EAST, 3, false); /* not configured */
    ck_assert_mem_eq(&before, &h, sizeof h);
}
END_TEST

/* --- silence --- */

START_TEST(a_result_lives_two_and_a_half_intervals)
{
    begin(2, 1, "");
    rounds(2, "++");
    ck_assert_uint_eq(evac_health_wake_ms(&h), now + 25001);
    now += 25000;
    tick();
    ck_assert_int_eq(verdict(EAST), EVAC_VERDICT_UP);
    now = evac_health_wake_ms(&h);
    tick();
    ck_assert_int_eq(state(WEB, EAST), U);
    ck_assert_int_eq(verdict(EAST), EVAC_VERDICT_UNKNOWN);
    ck_assert_uint_eq(news.verdict_changed, 3);
    ck_assert_str_eq(h.regions[EAST].reasons, "too few fresh results");
    ck_assert(evac_health_wake_ms(&h) == UINT64_MAX);
}
END_TEST

START_TEST(silence_is_not_down)
{
    begin(2, 1, "");
    rounds(2, "++");
    rounds(2, "-+");
    for (unsigned i = 0; i < 100; i++) {
        rounds(1, " +");
        ck_assert_int_ne(verdict(EAST), EVAC_VERDICT_DOWN);
    }
    ck_assert_int_eq(verdict(EAST), EVAC_VERDICT_UNKNOWN);
}
END_TEST

START_TEST(an_outage_that_falls_silent_becomes_unknown)
{
    begin(2, 1, "");
    rounds(2, "++");
    rounds(3, "-+");
    rounds(3, " +");
    ck_assert_int_eq(verdict(EAST), EVAC_VERDICT_UNKNOWN);
}
END_TEST

START_TEST(silence_breaks_a_row)
{
    begin(2, 1, "");
    rounds(2, "-+");
    rounds(3, " +");
    rounds(2, "-+");
    ck_assert_int_ne(state(WEB, EAST), B);
    rounds(1, "-+");
    ck_assert_int_eq(state(WEB, EAST), B);
}
END_TEST

/* No tick between: the answer itself comes after a silence. */
START_TEST(silence_breaks_a_row_also_when_nobody_looked)
{
    begin(2, 1, "");
    for (unsigned i = 0; i < 2; i++, now += EVERY_MS)
        answer(WEB, EAST, 0, false);
    now += 10 * EVERY_MS;
    answer(WEB, EAST, 0, false);
    ck_assert_int_eq(state(WEB, EAST), U);
    ck_assert_uint_eq(h.tracks[WEB][EAST][0].bad, 1);
}
END_TEST

START_TEST(a_clock_that_goes_back_makes_nothing_old)
{
    begin(2, 1, "");
    rounds(2, "++");
    now -= 5000;
    tick();
    ck_assert_int_eq(verdict(EAST), EVAC_VERDICT_UP);
    ck_assert_uint_eq(news.verdict_changed, 0);
}
END_TEST

/* --- probes together --- */

START_TEST(any_voting_probe_can_vote_a_region_down)
{
    begin(2, 2, "");
    for (unsigned i = 0; i < 3; i++, now += EVERY_MS) {
        answer(WEB, EAST, 0, true);
        answer(DEEP, EAST, 0, _i != DEEP);
        answer(WEB, EAST, 0, _i != WEB); /* a copy: dropped */
        answer(WEB, WEST, 0, true);
        answer(DEEP, WEST, 0, true);
    }
    ck_assert_int_eq(verdict(WEST), EVAC_VERDICT_UP);
    ck_assert_int_eq(verdict(EAST), _i == DEEP ? EVAC_VERDICT_DOWN : EVAC_VERDICT_UP);
}
END_TEST

START_TEST(the_public_endpoint_never_votes)
{
    begin(2, 3, "");
    for (unsigned i = 0; i < 5; i++, now += EVERY_MS) {
        answer(WEB, EAST, 0, true);
        answer(WEB, WEST, 0, true);
        answer(PUBLIC, 0, 0, false);
    }
    ck_assert_int_eq(h.endpoint.state, B);
    h.vantages[1].configured = true;
    answer(PUBLIC, 0, 1, true); /* another vantage's: not this controller's measurement */
    ck_assert_uint_eq(h.endpoint.good, 0);
    ck_assert_int_eq(verdict(EAST), EVAC_VERDICT_UP);
    ck_assert_int_eq(verdict(WEST), EVAC_VERDICT_UP);
}
END_TEST

START_TEST(the_endpoint_tells_who_serves_and_when_that_changes)
{
    begin(2, 3, "");
    endpoint_from("us-east-1", true);
    now += EVERY_MS;
    endpoint_from("us-east-1", true);
    ck_assert_int_eq(h.endpoint.state, G);
    now += EVERY_MS;
    endpoint_from("us-east-1", true);
    ck_assert(!news.endpoint_changed);
    now += EVERY_MS;
    endpoint_from("us-west-2", true);
    ck_assert(news.endpoint_changed);
    ck_assert_str_eq(h.endpoint_served_by, "us-west-2");
    endpoint_from("us-east-1", true); /* a copy of that round: dropped */
    ck_assert_str_eq(h.endpoint_served_by, "us-west-2");
    ck_assert_uint_eq(evac_health_wake_ms(&h), now + 25001);
    now += 25001;
    tick();
    ck_assert(news.endpoint_changed);
    ck_assert_int_eq(h.endpoint.state, U);
}
END_TEST

/* --- vantages --- */

/* Each of three vantages outside says up, down, nothing, or is cut off: 64 ballots. */
START_TEST(down_takes_a_majority_of_all_and_up_of_those_with_an_opinion)
{
    unsigned up = 0, down = 0;
    begin(2, 1, "");
    for (unsigned v = 0; v < 3; v++) {
        unsigned says = (unsigned)_i >> (2 * v) & 3u;
        h.vantages[v].configured = true;
        up += says == 0;
        down += says == 1;
    }
    for (unsigned i = 0; i < 3; i++, now += EVERY_MS)
        for (unsigned v = 0; v < 3; v++) {
            unsigned says = (unsigned)_i >> (2 * v) & 3u;
            answer(WEB, WEST, v, true);
            if (says != 2)
                answer(WEB, EAST, v, says == 0);
        }
    for (unsigned v = 0; v < 3; v++)
        if (((unsigned)_i >> (2 * v) & 3u) == 3)
            evac_health_vantage(&h, (uint16_t)v, true, now, 0, &news);
    enum evac_verdict want = down >= 2   ? EVAC_VERDICT_DOWN
                             : up > down ? EVAC_VERDICT_UP
                                         : EVAC_VERDICT_UNKNOWN;
    ck_assert_msg(verdict(EAST) == want, "%u up, %u down of 3: %s (%s)", up, down,
                  evac_verdict_name(verdict(EAST)), h.regions[EAST].reasons);
}
END_TEST

/* Three controllers, one in each region and one in a third; the one in EAST dies with EAST. WEST is
 * seen by the third and from inside: it is up, and may be moved to. Seen from inside alone too. */
START_TEST(a_vantage_that_dies_with_its_region_leaves_the_others_visible)
{
    bool noticed = _i > 0, third = _i < 2; /* that it is silent; or its last words only grew old */
    begin(2, 1, "");
    for (unsigned v = 0; v < 3; v++)
        h.vantages[v].configured = v < 2 || third;
    h.vantages[0].inside[EAST] = true;
    h.vantages[1].inside[WEST] = true;
    for (unsigned i = 0; i < 6; i++, now += EVERY_MS)
        for (unsigned v = i < 3 ? 0 : 1; v < 2u + third; v++) {
            answer(WEB, EAST, v, i < 3);
            answer(WEB, WEST, v, true);
        }
    tick();
    if (noticed)
        evac_health_vantage(&h, 0, true, now, 0, &news);
    ck_assert_int_eq(verdict(EAST), EVAC_VERDICT_DOWN);
    ck_assert_int_eq(verdict(WEST), EVAC_VERDICT_UP);
}
END_TEST

/* Of n configured vantages one alone says down, the others nothing. */
START_TEST(one_vantage_alone_votes_down_only_when_it_is_the_only_one)
{
    unsigned n = (unsigned)_i;
    begin(2, 1, "");
    for (unsigned v = 0; v < n; v++)
        h.vantages[v].configured = true;
    for (unsigned i = 0; i < 3; i++, now += EVERY_MS) {
        answer(WEB, EAST, 0, false);
        for (unsigned v = 0; v < n; v++)
            answer(WEB, WEST, v, true);
    }
    ck_assert_int_eq(verdict(EAST), n == 1 ? EVAC_VERDICT_DOWN : EVAC_VERDICT_UNKNOWN);
}
END_TEST

START_TEST(who_is_cut_off_has_no_opinion)
{
    begin(2, 1, "");
    rounds(2, "++");
    evac_health_vantage(&h, 0, true, now, 0, &news);
    ck_assert_uint_eq(news.verdict_changed, 3);
    rounds(5, "-+");
    ck_assert_int_eq(verdict(EAST), EVAC_VERDICT_UNKNOWN);
    ck_assert_int_eq(verdict(WEST), EVAC_VERDICT_UNKNOWN);
    ck_assert_str_eq(h.regions[EAST].reasons, "1 of 1 vantages silent or cut off, and not counted");
}
END_TEST

START_TEST(who_was_cut_off_starts_from_nothing)
{
    begin(2, 1, "");
    rounds(2, "++");
    evac_health_vantage(&h, 0, true, now, 0, &news);
    rounds(5, "--");
    evac_health_vantage(&h, 0, false, now, 0, &news);
    ck_assert_int_eq(verdict(EAST), EVAC_VERDICT_UNKNOWN);
    rounds(2, "-+"); /* west is seen up: east's old failures must not make it down now */
    ck_assert_int_eq(verdict(WEST), EVAC_VERDICT_UP);
    ck_assert_int_eq(verdict(EAST), EVAC_VERDICT_UNKNOWN);
    rounds(1, "-+");
    ck_assert_int_eq(verdict(EAST), EVAC_VERDICT_DOWN);
}
END_TEST

START_TEST(a_controller_inside_vouches_for_its_region_but_never_condemns_it)
{
    begin(2, 1, "us-west-2");
    ck_assert(h.vantages[0].inside[WEST] && !h.vantages[0].inside[EAST]);
    rounds(3, "++");
    ck_assert_int_eq(verdict(WEST), EVAC_VERDICT_UP);
    ck_assert_str_eq(h.regions[WEST].reasons, "seen from inside only");
    rounds(3, "+-");
    ck_assert_int_eq(verdict(WEST), EVAC_VERDICT_UNKNOWN);
    ck_assert_int_eq(verdict(EAST), EVAC_VERDICT_UP);
}
END_TEST

START_TEST(one_that_sees_life_inside_outweighs_one_that_does_not)
{
    begin(2, 1, "");
    for (unsigned v = 1; v <= 2; v++)
        h.vantages[v] =
            (struct evac_vantage_health){ .configured = true, .inside = { [EAST] = true } };
    for (unsigned i = 0; i < 3; i++, now += EVERY_MS) {
        for (unsigned v = 0; v <= 2; v++)
            answer(WEB, WEST, v, true);
        answer(WEB, EAST, 0, false);
        answer(WEB, EAST, 1, _i == 1);
        answer(WEB, EAST, 2, _i == 2);
    }
    ck_assert_int_eq(verdict(EAST), _i ? EVAC_VERDICT_ISOLATED : EVAC_VERDICT_DOWN);
}
END_TEST

/* --- everything at once --- */

/* For 2 and 3 regions. */
START_TEST(when_every_region_looks_down_the_observer_is_suspected)
{
    begin((size_t)_i, 1, "");
    rounds(2, "+++");
    rounds(3, "---");
    for (int r = 0; r < _i; r++) {
        ck_assert_int_eq(verdict((unsigned)r), EVAC_VERDICT_SUSPECT);
        ck_assert_ptr_nonnull(strstr(h.regions[r].reasons, "every region looks down"));
        ck_assert_uint_eq(h.regions[r].detected_boot_ms, 0);
    }
}
END_TEST

START_TEST(one_region_that_is_not_down_lifts_the_suspicion)
{
    begin(3, 1, "");
    rounds(2, "+++");
    rounds(3, "---");
    rounds(2, "--+");
    ck_assert_int_eq(verdict(EAST), EVAC_VERDICT_DOWN);
    ck_assert_int_eq(verdict(WEST), EVAC_VERDICT_DOWN);
    ck_assert_int_eq(verdict(IRELAND), EVAC_VERDICT_UP);
    ck_assert_uint_eq(h.regions[EAST].since_boot_ms, now); /* the dwell starts now */
}
END_TEST

START_TEST(a_controller_inside_one_of_two_dark_regions_suspects_itself)
{
    begin(2, 1, "us-west-2");
    rounds(3, "--");
    ck_assert_int_eq(verdict(EAST), EVAC_VERDICT_SUSPECT);
    ck_assert_int_eq(verdict(WEST), EVAC_VERDICT_UNKNOWN);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("health");
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, the_truth_table_holds_in_every_cell, 0, CELLS);
    tcase_add_test(tc, the_truth_table_has_no_cell_twice_and_none_missing);
    tcase_add_loop_test(tc, answers_reach_the_cell_that_they_should, 0, CELLS);
    tcase_add_test(tc, in_the_beginning_everything_is_unknown);
    tcase_add_loop_test(tc, a_probe_turns_down_on_fall_failures_in_a_row_and_up_on_rise_successes,
                        0, 16);
    tcase_add_test(tc, one_good_answer_breaks_a_row_of_failures);
    tcase_add_test(tc, one_good_answer_does_not_end_an_outage);
    tcase_add_test(tc, no_row_is_too_long_to_be_counted);
    tcase_add_loop_test(tc, a_full_counter_does_not_shorten_the_next_row, 0, 3);
    tcase_add_test(tc, a_copy_of_an_answer_counts_once);
    tcase_add_test(tc, an_answer_that_was_overtaken_is_dropped);
    tcase_add_test(tc, an_answer_about_nothing_changes_nothing);
    tcase_add_test(tc, a_result_lives_two_and_a_half_intervals);
    tcase_add_test(tc, silence_is_not_down);
    tcase_add_test(tc, an_outage_that_falls_silent_becomes_unknown);
    tcase_add_test(tc, silence_breaks_a_row);
    tcase_add_test(tc, silence_breaks_a_row_also_when_nobody_looked);
    tcase_add_test(tc, a_clock_that_goes_back_makes_nothing_old);
    tcase_add_loop_test(tc, any_voting_probe_can_vote_a_region_down, 0, 2);
    tcase_add_test(tc, the_public_endpoint_never_votes);
    tcase_add_test(tc, the_endpoint_tells_who_serves_and_when_that_changes);
    tcase_add_loop_test(tc, down_takes_a_majority_of_all_and_up_of_those_with_an_opinion, 0, 64);
    tcase_add_loop_test(tc, a_vantage_that_dies_with_its_region_leaves_the_others_visible, 0, 3);
    tcase_add_loop_test(tc, one_vantage_alone_votes_down_only_when_it_is_the_only_one, 1,
                        EVAC_VANTAGES_MAX + 1);
    tcase_add_test(tc, who_is_cut_off_has_no_opinion);
    tcase_add_test(tc, who_was_cut_off_starts_from_nothing);
    tcase_add_test(tc, a_controller_inside_vouches_for_its_region_but_never_condemns_it);
    tcase_add_loop_test(tc, when_every_region_looks_down_the_observer_is_suspected, 2, 4);
    tcase_add_test(tc, one_region_that_is_not_down_lifts_the_suspicion);
    tcase_add_test(tc, a_controller_inside_one_of_two_dark_regions_suspects_itself);
    tcase_add_loop_test(tc, one_that_sees_life_inside_outweighs_one_that_does_not, 0, 3);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("health", cases)

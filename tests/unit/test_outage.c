/* An outage's instants, its words, and what a reload leaves of health. */
#include "health_fixture.h"

#include <string.h>

/* --- instants --- */

START_TEST(the_impact_is_between_the_last_good_question_and_the_first_bad_answer)
{
    begin(2, 1, "");
    rounds(4, "++");
    uint64_t good = now;
    rounds(3, "-+");
    const struct evac_region_health *r = &h.regions[EAST];
    ck_assert_uint_eq(r->impact_lo_boot_ms, good - 5);
    ck_assert_int_eq(r->impact_lo_wall_ms, (int64_t)good - 5 + WALL_AHEAD);
    ck_assert_uint_eq(r->impact_hi_boot_ms, good + EVERY_MS);
    ck_assert_int_eq(r->impact_hi_wall_ms, (int64_t)(good + EVERY_MS) + WALL_AHEAD);
    ck_assert_uint_eq(r->detected_boot_ms, good + 3 * EVERY_MS);
    ck_assert_uint_eq(r->since_boot_ms, good + 3 * EVERY_MS);
    ck_assert_uint_eq(h.regions[WEST].impact_hi_boot_ms, 0);
}
END_TEST

START_TEST(a_failure_that_was_followed_by_a_good_answer_is_not_the_impact)
{
    begin(2, 1, "");
    rounds(2, "++");
    rounds(2, "-+");
    rounds(1, "++");
    uint64_t good = now;
    rounds(3, "-+");
    ck_assert_uint_eq(h.regions[EAST].impact_lo_boot_ms, good - 5);
    ck_assert_uint_eq(h.regions[EAST].impact_hi_boot_ms, good + EVERY_MS);
}
END_TEST

START_TEST(the_impact_stays_through_a_good_answer_and_through_silence)
{
    begin(2, 1, "");
    rounds(2, "++");
    rounds(3, "-+");
    struct evac_region_health first = h.regions[EAST];
    rounds(1, "++");
    rounds(4, "-+");
    rounds(4, " +");
    ck_assert_int_eq(verdict(EAST), EVAC_VERDICT_UNKNOWN);
    rounds(3, "-+");
    ck_assert_int_eq(verdict(EAST), EVAC_VERDICT_DOWN);
    ck_assert_uint_eq(h.regions[EAST].impact_lo_boot_ms, first.impact_lo_boot_ms);
    ck_assert_uint_eq(h.regions[EAST].impact_hi_boot_ms, first.impact_hi_boot_ms);
    ck_assert_uint_eq(h.regions[EAST].detected_boot_ms, first.detected_boot_ms);
}
END_TEST

START_TEST(a_new_outage_has_a_new_impact)
{
    begin(2, 1, "");
    rounds(2, "++");
    rounds(3, "-+");
    rounds(2, "++");
    ck_assert_uint_eq(h.regions[EAST].impact_hi_boot_ms, 0);
    ck_assert_uint_eq(h.regions[EAST].detected_boot_ms, 0);
    uint64_t good = now;
    rounds(3, "-+");
    ck_assert_uint_eq(h.regions[EAST].impact_lo_boot_ms, good - 5);
    ck_assert_uint_eq(h.regions[EAST].impact_hi_boot_ms, good + EVERY_MS);
}
END_TEST

START_TEST(what_was_never_seen_good_has_no_lower_end)
{
    begin(2, 1, "");
    rounds(3, "-+");
    ck_assert_int_eq(verdict(EAST), EVAC_VERDICT_DOWN);
    ck_assert_uint_eq(h.regions[EAST].impact_lo_boot_ms, 0);
    ck_assert_int_eq(h.regions[EAST].impact_lo_wall_ms, 0);
    ck_assert_uint_ne(h.regions[EAST].impact_hi_boot_ms, 0);
}
END_TEST

/* db was never good and is down; much later web, good all the time, fails as well. */
START_TEST(the_impact_does_not_turn_inside_out)
{
    begin(2, 2, "");
    for (unsigned i = 0; i < 20; i++, now += EVERY_MS) {
        answer(WEB, EAST, 0, i < 10);
        answer(DEEP, EAST, 0, false);
        answer(WEB, WEST, 0, true);
    }
    const struct evac_region_health *r = &h.regions[EAST];
    ck_assert_int_eq(r->verdict, EVAC_VERDICT_DOWN);
    ck_assert_uint_eq(r->impact_hi_boot_ms, 1000000);
    ck_assert_uint_eq(r->impact_lo_boot_ms, 0);
}
END_TEST

/* db fails slowly (10 in a row) and first; web is down long before db is. */
START_TEST(a_row_that_is_still_too_short_may_be_how_the_outage_began)
{
    struct evac_probe slow[] = { web_probe[WEB], web_probe[DEEP] };
    slow[DEEP].fall = 10;
    begin(2, 2, "");
    app.probes = slow;
    for (unsigned i = 0; i < 8; i++, now += EVERY_MS) {
        answer(WEB, EAST, 0, i < 5);
        answer(DEEP, EAST, 0, i < 3);
        answer(WEB, WEST, 0, true);
    }
    ck_assert_int_eq(verdict(EAST), EVAC_VERDICT_DOWN);
    ck_assert_uint_eq(h.regions[EAST].impact_lo_boot_ms, 1000000 + 2 * EVERY_MS - 5);
    ck_assert_uint_eq(h.regions[EAST].impact_hi_boot_ms, 1000000 + 3 * EVERY_MS);
}
END_TEST

/* Vantage 1 stands inside and vantage 2 is cut off: both failed long before the outage began. */
START_TEST(who_does_not_count_does_not_date_the_outage)
{
    begin(2, 1, "");
    h.vantages[1] = (struct evac_vantage_health){ .configured = true, .inside = { [EAST] = true } };
    h.vantages[2] = (struct evac_vantage_health){ .configured = true, .abstains = true };
    h.vantages[3] = (struct evac_vantage_health){ .configured = true };
    for (unsigned i = 0; i < 8; i++, now += EVERY_MS)
        for (unsigned v = 0; v <= 3; v++) {
            answer(WEB, WEST, v, true);
            answer(WEB, EAST, v, v == 0 || v == 3 ? i < 5 : i < 1);
        }
    ck_assert_int_eq(verdict(EAST), EVAC_VERDICT_DOWN);
    ck_assert_uint_eq(h.regions[EAST].impact_lo_boot_ms, 1000000 + 4 * EVERY_MS - 5);
    ck_assert_uint_eq(h.regions[EAST].impact_hi_boot_ms, 1000000 + 5 * EVERY_MS);
}
END_TEST

/* The answer of one probe is handed over after time has passed for another. */
START_TEST(a_verdict_never_begins_before_the_one_it_replaces)
{
    begin(2, 2, "");
    for (unsigned i = 0; i < 2; i++, now += EVERY_MS)
        answer(WEB, EAST, 0, true);
    now += 2 * EVERY_MS;
    answer(DEEP, EAST, 0, true);
    now += EVERY_MS;
    tick();
    ck_assert_int_eq(verdict(EAST), EVAC_VERDICT_UNKNOWN);
    uint64_t since = now;
    now -= 100;
    answer(DEEP, EAST, 0, true);
    ck_assert_int_eq(verdict(EAST), EVAC_VERDICT_UP);
    ck_assert_uint_eq(h.regions[EAST].since_boot_ms, since);
}
END_TEST

/* The outage's true instant is at every millisecond of an interval, probes ask at their own phases,
 * and answers take their time: the interval always holds the truth. */
START_TEST(the_truth_is_inside_the_impact_interval)
{
    uint64_t truth = 2000000 + (uint64_t)_i * 97, begun = 1000000;
    begin(2, 2, "");
    for (now = begun; now < truth + 60000; now++)
        for (unsigned p = 0; p < 2; p++) {
            uint64_t phase = p ? 3300 : 0, takes = p ? 900 : 40, at = now - begun;
            if (at < phase + takes || (at - phase - takes) % EVERY_MS != 0)
                continue;
            struct evac_probe_result r = { .probe = (uint16_t)p,
                                           .sent_boot_ms = now - takes,
                                           .boot_ms = now,
                                           .ok = now - takes / 2 < truth };
            evac_health_probe(&h, &r, &news);
            if (now < truth) /* west once more, so that it is fresh */
                r.region = WEST;
        }
    const struct evac_region_health *r = &h.regions[EAST];
    ck_assert_int_eq(r->verdict, EVAC_VERDICT_DOWN);
    ck_assert_uint_le(r->impact_lo_boot_ms, truth);
    ck_assert_uint_ge(r->impact_hi_boot_ms, truth);
    ck_assert_uint_le(r->impact_hi_boot_ms - r->impact_lo_boot_ms, 2 * EVERY_MS);
}
END_TEST

/* --- words --- */

START_TEST(reasons_count_failures_and_vantages)
{
    begin(2, 1, "");
    rounds(2, "++");
    ck_assert_str_eq(h.regions[EAST].reasons, "");
    rounds(3, "-+");
    ck_assert_str_eq(h.regions[EAST].reasons,
                     "web: 3 failures in a row from 1 of 1 vantages (connection refused)");
    rounds(9, "-+");
    ck_assert_str_eq(h.regions[EAST].reasons,
                     "web: 12 failures in a row from 1 of 1 vantages (connection refused)");
}
END_TEST

START_TEST(reasons_tell_the_inside_from_the_outside)
{
    begin(2, 1, "");
    h.vantages[1] = (struct evac_vantage_health){ .configured = true, .inside = { [EAST] = true } };
    for (unsigned i = 0; i < 3; i++, now += EVERY_MS) {
        answer(WEB, EAST, 0, true);
        answer(WEB, EAST, 1, false);
    }
    ck_assert_int_eq(verdict(EAST), EVAC_VERDICT_GREY);
    ck_assert_str_eq(h.regions[EAST].reasons,
                     "web: 3 failures in a row from inside (connection refused)");
}
END_TEST

START_TEST(reasons_are_cut_never_overrun)
{
    static const struct evac_str long_name = { "a-probe-whose-name-goes-on-and-on-and-on-and-on",
                                               47 };
    static struct evac_probe many[EVAC_PROBES_MAX];
    begin(2, 1, "");
    app.probes = many;
    app.probe_count = EVAC_PROBES_MAX;
    for (unsigned p = 0; p < EVAC_PROBES_MAX; p++) {
        many[p] = web_probe[WEB];
        many[p].name = long_name;
    }
    evac_health_init(&h, &app, EVAC_STR_NONE);
    for (unsigned i = 0; i < 3; i++, now += EVERY_MS)
        for (unsigned p = 0; p < EVAC_PROBES_MAX; p++)
            answer(p, EAST, 0, false);
    ck_assert_uint_eq(strlen(h.regions[EAST].reasons), sizeof h.regions[EAST].reasons - 1);
    ck_assert_int_eq(verdict(EAST), EVAC_VERDICT_DOWN);
}
END_TEST

START_TEST(every_state_and_verdict_has_a_name_of_its_own)
{
    for (int i = 0; i < EVAC_VERDICT_COUNT; i++)
        for (int k = 0; k < i; k++)
            ck_assert_str_ne(evac_verdict_name((enum evac_verdict)i),
                             evac_verdict_name((enum evac_verdict)k));
    ck_assert_str_eq(evac_verdict_name(EVAC_VERDICT_SUSPECT), "observer-suspect");
    ck_assert_str_eq(evac_verdict_name(EVAC_VERDICT_COUNT), "?");
    ck_assert_str_eq(evac_probe_state_name(EVAC_PROBE_UNKNOWN), "unknown");
    ck_assert_str_eq(evac_probe_state_name(EVAC_PROBE_STATE_COUNT), "?");
}
END_TEST

/* --- reload --- */

START_TEST(a_reload_keeps_what_still_fits)
{
    static const struct evac_str moved[] = { { "eu-west-1", 9 },
                                             { "us-west-2", 9 },
                                             { "us-east-1", 9 } };
    struct evac_probe probes[] = { web_probe[PUBLIC], web_probe[DEEP], web_probe[WEB] };
    struct evac_app next = shop(3, 3);
    begin(2, 3, "us-west-2");
    rounds(2, "++");
    rounds(3, "-+");
    endpoint_from("us-east-1", true);
    struct evac_region_health east = h.regions[EAST];
    struct evac_probe_track web_east = h.tracks[WEB][EAST][0];
    next.regions = moved;
    next.probes = probes;
    evac_health_reconfigure(&h, &next);
    ck_assert_ptr_eq(h.app, &next);
    ck_assert_mem_eq(&h.regions[2], &east, sizeof east);
    ck_assert_mem_eq(&h.tracks[2][2][0], &web_east, sizeof web_east);
    ck_assert_int_eq(h.tracks[2][1][0].state, G);
    ck_assert_int_eq(h.tracks[1][2][0].state, U);
    ck_assert_int_eq(h.regions[0].verdict, EVAC_VERDICT_UNKNOWN);
    ck_assert_str_eq(h.endpoint_served_by, "us-east-1");
    ck_assert(h.vantages[0].inside[1] && !h.vantages[0].inside[0] && !h.vantages[0].inside[2]);
    ck_assert_uint_eq(evac_health_wake_ms(&h), 0);
    tick();
    ck_assert_uint_eq(news.verdict_changed, 0);
    ck_assert_int_eq(h.regions[2].verdict, EVAC_VERDICT_DOWN);
}
END_TEST

START_TEST(a_probe_that_asks_elsewhere_now_starts_from_nothing)
{
    struct evac_probe other = web_probe[WEB];
    struct evac_app next = shop(2, 1);
    begin(2, 1, "");
    rounds(2, "++");
    rounds(3, "-+");
    other.target = EVAC_STR("https://{region}.elsewhere");
    next.probes = &other;
    evac_health_reconfigure(&h, &next);
    tick();
    ck_assert_int_eq(state(WEB, EAST), U);
    ck_assert_int_eq(verdict(EAST), EVAC_VERDICT_UNKNOWN);
    ck_assert_uint_eq(news.verdict_changed, 3);
}
END_TEST

START_TEST(a_region_that_joins_with_the_controller_in_it_is_seen_from_inside)
{
    struct evac_app next = shop(3, 1);
    begin(2, 1, "eu-west-1");
    for (unsigned r = 0; r < 2; r++)
        ck_assert(!h.vantages[0].inside[r]);
    h.vantages[2].configured = h.vantages[2].abstains = true;
    evac_health_reconfigure(&h, &next);
    ck_assert(h.vantages[0].inside[IRELAND]);
    ck_assert(h.vantages[2].configured && h.vantages[2].abstains);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("outage");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, the_impact_is_between_the_last_good_question_and_the_first_bad_answer);
    tcase_add_test(tc, a_failure_that_was_followed_by_a_good_answer_is_not_the_impact);
    tcase_add_test(tc, the_impact_stays_through_a_good_answer_and_through_silence);
    tcase_add_test(tc, a_new_outage_has_a_new_impact);
    tcase_add_test(tc, what_was_never_seen_good_has_no_lower_end);
    tcase_add_test(tc, the_impact_does_not_turn_inside_out);
    tcase_add_test(tc, a_row_that_is_still_too_short_may_be_how_the_outage_began);
    tcase_add_test(tc, who_does_not_count_does_not_date_the_outage);
    tcase_add_test(tc, a_verdict_never_begins_before_the_one_it_replaces);
    tcase_add_loop_test(tc, the_truth_is_inside_the_impact_interval, 0, 100);
    tcase_add_test(tc, reasons_count_failures_and_vantages);
    tcase_add_test(tc, reasons_tell_the_inside_from_the_outside);
    tcase_add_test(tc, reasons_are_cut_never_overrun);
    tcase_add_test(tc, every_state_and_verdict_has_a_name_of_its_own);
    tcase_add_test(tc, a_reload_keeps_what_still_fits);
    tcase_add_test(tc, a_probe_that_asks_elsewhere_now_starts_from_nothing);
    tcase_add_test(tc, a_region_that_joins_with_the_controller_in_it_is_seen_from_inside);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("outage", cases)

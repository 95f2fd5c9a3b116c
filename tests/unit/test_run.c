/* One run, in virtual time: each story checks the trace and what was done to the world. */
#include "run_world.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

#define HOUR_MS 3600000u

/* fence, then promote (the point of no return), with capacity beside; then traffic, then a look as
 * users do */
static const struct world_step failover[] = {
    { .id = "check", .looks_only = true, .phase = EVAC_PHASE_CHECK },
    { .id = "fence",
      .after = "check",
      .flags = EVAC_STEP_FENCES,
      .fencing = EVAC_FENCING_VERSION,
      .phase = EVAC_PHASE_FENCE },
    { .id = "scale", .after = "check", .phase = EVAC_PHASE_CAPACITY },
    { .id = "promote",
      .after = "fence",
      .flags = EVAC_STEP_PROMOTES | EVAC_STEP_PIVOT,
      .fencing = EVAC_FENCING_STATE,
      .phase = EVAC_PHASE_DATA },
    { .id = "traffic",
      .after = "promote,scale",
      .flags = EVAC_STEP_TRAFFIC,
      .fencing = EVAC_FENCING_VERSION,
      .phase = EVAC_PHASE_TRAFFIC },
    { .id = "public",
      .after = "traffic",
      .flags = EVAC_STEP_PUBLIC,
      .looks_only = true,
      .phase = EVAC_PHASE_CONFIRM },
};
#define FAILOVER failover, sizeof failover / sizeof failover[0]

static struct run_world *begin(void)
{
    struct run_world *w = run_world_new(FAILOVER);
    run_world_switch(w, "check")->on = true;
    run_world_switch(w, "public")->on = true;
    run_world_begin(w);
    return w;
}

static void script(struct run_world *w, const char *id, enum evac_outcome outcome, bool lands,
                   uint64_t lands_ms)
{
    struct world_switch *s = run_world_switch(w, id);
    s->script[s->scripted++] = (struct world_script){ outcome, lands, lands_ms, 0 };
}

static void expect_end(struct run_world *w, enum evac_run_state state)
{
    run_world_until(w, 3 * HOUR_MS);
    ck_assert_msg(w->ended && w->run->state == state, "ended as %s:\n%s",
                  evac_run_state_name(w->run->state), w->trace);
    ck_assert_uint_eq(w->unjournalled_applies, 0);
    run_world_free(w);
}

START_TEST(a_run_applies_each_step_once_and_succeeds)
{
    struct run_world *w = begin();
    run_world_until(w, HOUR_MS);
    ck_assert_uint_eq(run_world_switch(w, "fence")->applies, 1);
    ck_assert_uint_eq(run_world_switch(w, "promote")->applies, 1);
    ck_assert_uint_eq(run_world_switch(w, "check")->applies, 0);
    expect_end(w, EVAC_RUN_SUCCEEDED);
}
END_TEST

START_TEST(what_is_already_so_is_not_applied)
{
    struct run_world *w = begin();
    run_world_switch(w, "scale")->on = true;
    run_world_until(w, HOUR_MS);
    ck_assert_uint_eq(run_world_switch(w, "scale")->applies, 0);
    expect_end(w, EVAC_RUN_SUCCEEDED);
}
END_TEST

START_TEST(promotion_waits_for_the_fence)
{
    struct run_world *w = begin();
    run_world_switch(w, "fence")->moves_ms = 30000;
    run_world_until(w, 29000);
    ck_assert_uint_eq(run_world_switch(w, "promote")->applies, 0);
    ck_assert_uint_eq(run_world_switch(w, "scale")->applies, 1);
    expect_end(w, EVAC_RUN_SUCCEEDED);
}
END_TEST

START_TEST(a_lost_reply_that_landed_is_not_applied_again)
{
    struct run_world *w = begin();
    script(w, "promote", EVAC_OUTCOME_UNKNOWN, true, 0);
    run_world_until(w, HOUR_MS);
    ck_assert_uint_eq(run_world_switch(w, "promote")->applies, 1);
    ck_assert_uint_ge(run_world_count(w, "promote applying -> unknown"), 1);
    expect_end(w, EVAC_RUN_SUCCEEDED);
}
END_TEST

START_TEST(a_lost_request_is_observed_and_then_applied_again)
{
    struct run_world *w = begin();
    script(w, "promote", EVAC_OUTCOME_UNKNOWN, false, 0);
    run_world_until(w, HOUR_MS);
    ck_assert_uint_eq(run_world_switch(w, "promote")->applies, 2);
    ck_assert_uint_eq(run_world_count(w, "promote unknown -> cooling on saw-unsatisfied"), 1);
    expect_end(w, EVAC_RUN_SUCCEEDED);
}
END_TEST

START_TEST(a_run_with_an_unresolved_attempt_ends_only_when_its_request_is_dead)
{
    struct run_world *w = begin();
    script(w, "scale", EVAC_OUTCOME_UNKNOWN, false, 0);
    run_world_until(w, 300000);
    ck_assert_int_eq(w->run->state, EVAC_RUN_SETTLING);
    run_world_until(w, 345000);
    ck_assert(w->ended);
    expect_end(w, EVAC_RUN_SUCCEEDED);
}
END_TEST

START_TEST(throttling_is_waited_out_and_costs_no_try)
{
    struct run_world *w = begin();
    for (int i = 0; i < 6; i++)
        script(w, "scale", EVAC_OUTCOME_THROTTLED, false, 0);
    run_world_until(w, HOUR_MS);
    ck_assert_uint_eq(run_world_switch(w, "scale")->applies, 7);
    expect_end(w, EVAC_RUN_SUCCEEDED);
}
END_TEST

/* Six times in line for fifteen seconds: a doubling wait behind each would be another minute. */
START_TEST(what_was_not_sent_after_a_long_wait_asks_again_at_once)
{
    struct run_world *w = begin();
    struct world_switch *scale = run_world_switch(w, "scale");
    for (int i = 0; i < 6; i++)
        scale->script[scale->scripted++] =
            (struct world_script){ EVAC_OUTCOME_NOT_SENT, false, 0, 15000 };
    run_world_until(w, 6 * 15000 + 10000);
    ck_assert_uint_eq(scale->applies, 7);
    expect_end(w, EVAC_RUN_SUCCEEDED);
}
END_TEST

/* What cannot even be sent is asked for ever more seldom. */
START_TEST(what_was_not_sent_at_once_waits_longer_each_time)
{
    struct run_world *w = begin();
    for (int i = 0; i < 8; i++)
        script(w, "scale", EVAC_OUTCOME_NOT_SENT, false, 0);
    run_world_until(w, 15000);
    ck_assert_uint_lt(run_world_switch(w, "scale")->applies, 8);
    expect_end(w, EVAC_RUN_SUCCEEDED);
}
END_TEST

/* Late by a sixteenth and a fifth of that, the look's own time beside; or by the interval. */
START_TEST(a_step_that_moves_is_found_done_soon)
{
    static const uint64_t takes_ms[] = { 3000, 30000, 60000, 110000 };
    struct run_world *w = begin();
    run_world_switch(w, "scale")->moves_ms = takes_ms[_i];
    while (!w->ended && run_world_state(w, "scale") != EVAC_STEP_DONE)
        run_world_until(w, w->now.boot_ms + 100);
    uint64_t late_ms = takes_ms[_i] / 16 > w->plan.poll_ms ? takes_ms[_i] / 16 : w->plan.poll_ms;
    late_ms = late_ms < w->plan.poll_max_ms ? late_ms : w->plan.poll_max_ms;
    uint64_t most_ms = takes_ms[_i] + late_ms + late_ms / 5;
    ck_assert_uint_le(w->now.boot_ms - w->run->steps[2].acked_ms, most_ms + 1000);
    expect_end(w, EVAC_RUN_SUCCEEDED);
}
END_TEST

/* At once, by few looks, and now and then in between. */
START_TEST(what_says_when_it_is_over_is_looked_at_then)
{
    struct run_world *w = begin();
    run_world_switch(w, "scale")->moves_ms = 33000;
    run_world_switch(w, "scale")->tells = true;
    while (!w->ended && run_world_state(w, "scale") != EVAC_STEP_DONE)
        run_world_until(w, w->now.boot_ms + 10);
    ck_assert_uint_le(w->now.boot_ms - w->run->steps[2].acked_ms,
                      33000 + 500); /* calls take their time */
    ck_assert_uint_ge(run_world_switch(w, "scale")->observes, 7);
    ck_assert_uint_le(run_world_switch(w, "scale")->observes, 10);
    expect_end(w, EVAC_RUN_SUCCEEDED);
}
END_TEST

START_TEST(what_is_always_over_in_no_time_is_not_looked_at_all_the_time)
{
    struct run_world *w = begin();
    struct world_switch *scale = run_world_switch(w, "scale");
    scale->moves_ms = 10000;
    scale->tells = true;
    scale->tells_ms = 1;
    while (!w->ended && run_world_state(w, "scale") != EVAC_STEP_DONE)
        run_world_until(w, w->now.boot_ms + 10);
    ck_assert_uint_le(scale->observes, 10000 / 250 + 5);
    expect_end(w, EVAC_RUN_SUCCEEDED);
}
END_TEST

START_TEST(a_refusal_asks_a_person_who_may_retry)
{
    struct run_world *w = begin();
    script(w, "scale", EVAC_OUTCOME_REJECTED, false, 0);
    run_world_until(w, 60000);
    ck_assert_int_eq(w->run->state, EVAC_RUN_ASKING);
    ck_assert_int_eq(run_world_state(w, "promote"),
                     EVAC_STEP_DONE); /* what does not need it went on */
    ck_assert_int_eq(run_world_say(w, EVAC_CMD_RETRY, "scale", "", 0), EVAC_OK);
    expect_end(w, EVAC_RUN_SUCCEEDED);
}
END_TEST

START_TEST(a_skip_needs_a_reason_and_ends_with_an_exception)
{
    struct run_world *w = begin();
    script(w, "scale", EVAC_OUTCOME_REJECTED, false, 0);
    run_world_until(w, 60000);
    ck_assert_int_eq(run_world_say(w, EVAC_CMD_SKIP, "scale", "", 0), EVAC_E_REFUSED);
    ck_assert_int_eq(run_world_say(w, EVAC_CMD_SKIP, "scale", "enough as it is", 0), EVAC_OK);
    run_world_until(w, 120000);
    ck_assert_int_eq(run_world_state(w, "traffic"), EVAC_STEP_GATED); /* users need it, though */
    ck_assert_uint_eq(run_world_count(w, "gate_block traffic  on capacity"), 1);
    ck_assert_int_eq(run_world_say(w, EVAC_CMD_OVERRIDE, "traffic", "half is enough", 0), EVAC_OK);
    expect_end(w, EVAC_RUN_EXCEPTIONS);
}
END_TEST

START_TEST(a_fence_is_skipped_only_by_accepting_divergence)
{
    struct run_world *w = begin();
    run_world_switch(w, "fence")->unseen = true;
    run_world_until(w, 130000);
    ck_assert_int_eq(run_world_state(w, "fence"), EVAC_STEP_FAILED);
    ck_assert_int_eq(run_world_say(w, EVAC_CMD_SKIP, "fence", "hurry", 0), EVAC_E_REFUSED);
    ck_assert_int_eq(run_world_say(w, EVAC_CMD_SKIP, "fence", "I accept divergence", 0), EVAC_OK);
    expect_end(w, EVAC_RUN_EXCEPTIONS);
}
END_TEST

START_TEST(cancel_before_the_point_of_no_return_puts_everything_back)
{
    struct run_world *w = begin();
    run_world_switch(w, "fence")->moves_ms = 60000;
    run_world_until(w, 30000);
    ck_assert_int_eq(run_world_say(w, EVAC_CMD_CANCEL, "", "", 0), EVAC_OK);
    run_world_until(w, HOUR_MS);
    ck_assert(!run_world_switch(w, "fence")->on);
    ck_assert(!run_world_switch(w, "scale")->on);
    ck_assert_int_eq(run_world_state(w, "scale"), EVAC_STEP_UNDONE);
    expect_end(w, EVAC_RUN_ROLLED_BACK);
}
END_TEST

START_TEST(cancel_after_the_point_of_no_return_is_refused)
{
    struct run_world *w = begin();
    run_world_switch(w, "promote")->moves_ms = 60000;
    run_world_until(w, 30000);
    ck_assert_int_eq(run_world_say(w, EVAC_CMD_CANCEL, "", "", 0), EVAC_E_REFUSED);
    expect_end(w, EVAC_RUN_SUCCEEDED);
}
END_TEST

/* The story that no peer's manual has: the fence's request is in flight when the run is cancelled,
 * the undo looks and sees nothing to undo, and then the fence lands. R7: a versioned resource is
 * written anyway. */
START_TEST(a_request_in_flight_is_poisoned_before_an_undo_is_done)
{
    struct run_world *w = begin();
    script(w, "fence", EVAC_OUTCOME_UNKNOWN, true, 25000);
    run_world_until(w, 100);
    ck_assert_int_eq(run_world_say(w, EVAC_CMD_CANCEL, "", "", 0), EVAC_OK);
    run_world_until(w, 2000);
    ck_assert_uint_ge(run_world_switch(w, "fence")->undos, 1);
    run_world_free(w);
}
END_TEST

START_TEST(where_nothing_can_be_poisoned_the_undo_waits_until_the_request_is_dead)
{
    struct run_world *w = begin();
    run_world_switch(w, "fence")->moves_ms = 60000;
    script(w, "scale", EVAC_OUTCOME_UNKNOWN, true, 60000);
    run_world_until(w, 100);
    ck_assert_int_eq(run_world_say(w, EVAC_CMD_CANCEL, "", "", 0), EVAC_OK);
    run_world_until(w, 320000);
    ck_assert_uint_eq(run_world_switch(w, "scale")->undos, 0);
    ck_assert_uint_ge(run_world_count(w, "quarantined"), 1);
    run_world_until(w, HOUR_MS);
    ck_assert(!run_world_switch(w, "scale")->on);
    expect_end(w, EVAC_RUN_ROLLED_BACK);
}
END_TEST

START_TEST(a_weak_read_that_nothing_explains_is_confirmed_by_a_second_look)
{
    struct run_world *w = begin();
    struct world_switch *s = run_world_switch(w, "scale");
    s->weak = true;
    s->lie_until_ms = 4000; /* a stale read says: on */
    run_world_until(w, HOUR_MS);
    ck_assert(s->on);
    ck_assert_uint_eq(s->applies, 1);
    expect_end(w, EVAC_RUN_SUCCEEDED);
}
END_TEST

START_TEST(a_pause_starts_nothing_new)
{
    struct run_world *w = begin();
    run_world_switch(w, "fence")->moves_ms = 10000;
    run_world_until(w, 5000);
    ck_assert_int_eq(run_world_say(w, EVAC_CMD_PAUSE, "", "", 0), EVAC_OK);
    run_world_until(w, 100000);
    ck_assert_int_eq(run_world_state(w, "fence"), EVAC_STEP_DONE);
    ck_assert_uint_eq(run_world_switch(w, "promote")->applies, 0);
    ck_assert_int_eq(run_world_say(w, EVAC_CMD_RESUME, "", "", 0), EVAC_OK);
    expect_end(w, EVAC_RUN_SUCCEEDED);
}
END_TEST

#define MINUTE_MS 60000u

/* promote moves for so long that its deadline would pass if the pause counted. */
static struct run_world *paused_in_promotion(uint64_t moves_ms)
{
    struct run_world *w = begin();
    run_world_switch(w, "promote")->moves_ms = moves_ms;
    run_world_until(w, 5000);
    ck_assert_int_eq(run_world_state(w, "promote"), EVAC_STEP_VERIFYING);
    return w;
}

static uint64_t deadline_of_promote(const struct run_world *w)
{
    for (uint16_t i = 0; i < w->plan.step_count; i++)
        if (evac_str_is(w->plan.steps[i].id, "promote"))
            return w->plan.steps[i].deadline_ms;
    ck_abort_msg("there is no promote");
    return 0;
}

START_TEST(a_step_s_deadline_stands_still_while_its_run_is_paused)
{
    struct run_world *w = paused_in_promotion(20 * MINUTE_MS);
    ck_assert_uint_lt(deadline_of_promote(w), 20 * MINUTE_MS);
    ck_assert_int_eq(run_world_say(w, EVAC_CMD_PAUSE, "", "", 0), EVAC_OK);
    run_world_until(w, 10 * MINUTE_MS);
    ck_assert_int_eq(run_world_state(w, "promote"), EVAC_STEP_VERIFYING);
    run_world_switch(w, "promote")->on_at_ms = 10 * MINUTE_MS + 1000;
    ck_assert_int_eq(run_world_say(w, EVAC_CMD_RESUME, "", "", 0), EVAC_OK);
    expect_end(w, EVAC_RUN_SUCCEEDED);
}
END_TEST

START_TEST(after_a_pause_a_deadline_has_as_much_left_as_before)
{
    struct run_world *w = paused_in_promotion(200 * MINUTE_MS);
    uint64_t left = deadline_of_promote(w) - 5000;
    ck_assert_int_eq(run_world_say(w, EVAC_CMD_PAUSE, "", "", 0), EVAC_OK);
    run_world_until(w, 10 * MINUTE_MS);
    ck_assert_int_eq(run_world_say(w, EVAC_CMD_RESUME, "", "", 0), EVAC_OK);
    run_world_until(w, 10 * MINUTE_MS + left - 5000);
    ck_assert_int_eq(run_world_state(w, "promote"), EVAC_STEP_VERIFYING);
    run_world_until(w, 10 * MINUTE_MS + left + 10000);
    ck_assert_int_ne(run_world_state(w, "promote"), EVAC_STEP_VERIFYING);
    run_world_free(w);
}
END_TEST

START_TEST(a_pause_that_nobody_ends_is_told_and_ended_by_the_run_s_own_deadline)
{
    struct run_world *w = paused_in_promotion(2000 * MINUTE_MS);
    ck_assert_int_eq(run_world_say(w, EVAC_CMD_PAUSE, "", "", 0), EVAC_OK);
    run_world_until(w, 14 * MINUTE_MS);
    ck_assert_ptr_null(strstr(w->notice, "it is paused"));
    run_world_until(w, 16 * MINUTE_MS);
    ck_assert_msg(strstr(w->notice, "it is paused for 15m00s") != NULL, "%s", w->notice);
    ck_assert(!w->ended);
    run_world_until(w, 60 * MINUTE_MS);
    ck_assert(w->ended);
    run_world_free(w);
}
END_TEST

START_TEST(nobody_answers_and_the_run_unwinds_by_itself)
{
    struct run_world *w = begin();
    run_world_switch(w, "fence")->unseen = true;
    run_world_until(w, 200000);
    ck_assert_int_eq(w->run->state, EVAC_RUN_ASKING);
    expect_end(w, EVAC_RUN_ROLLED_BACK);
}
END_TEST

START_TEST(after_the_point_of_no_return_an_unanswered_failure_is_held)
{
    struct run_world *w = begin();
    run_world_switch(w, "traffic")->blocked = true;
    run_world_until(w, 300000);
    ck_assert_int_eq(w->run->state, EVAC_RUN_ASKING);
    expect_end(w, EVAC_RUN_HELD);
}
END_TEST

/* --- the data-loss gate
 * ------------------------------------------------------------------------------------------ */

static const struct world_step lossy[] = {
    { .id = "fence",
      .flags = EVAC_STEP_FENCES,
      .fencing = EVAC_FENCING_VERSION,
      .phase = EVAC_PHASE_FENCE },
    { .id = "switch",
      .after = "fence",
      .flags = EVAC_STEP_PROMOTES | EVAC_STEP_PIVOT,
      .only = "graceful",
      .target = "db",
      .fencing = EVAC_FENCING_STATE,
      .phase = EVAC_PHASE_DATA },
    { .id = "fail",
      .after = "fence",
      .flags = EVAC_STEP_PROMOTES | EVAC_STEP_LOSSY | EVAC_STEP_PIVOT,
      .only = "ungraceful",
      .target = "db",
      .fencing = EVAC_FENCING_STATE,
      .phase = EVAC_PHASE_DATA },
    { .id = "after", .after = "switch,fail" },
};
#define LOSSY lossy, sizeof lossy / sizeof lossy[0]

START_TEST(unknown_loss_shuts_the_gate_until_a_person_overrides)
{
    struct run_world *w = run_world_new(LOSSY);
    w->run->mode = EVAC_MODE_UNGRACEFUL;
    run_world_begin(w);
    run_world_until(w, 60000);
    ck_assert_int_eq(run_world_state(w, "fail"), EVAC_STEP_GATED);
    ck_assert_int_eq(run_world_say(w, EVAC_CMD_OVERRIDE, "fail", "", 0), EVAC_E_REFUSED);
    ck_assert_int_eq(
        run_world_say(w, EVAC_CMD_OVERRIDE, "fail", "the region is gone: unknown loss", 0),
        EVAC_OK);
    expect_end(w, EVAC_RUN_EXCEPTIONS);
}
END_TEST

START_TEST(a_known_small_loss_opens_the_gate)
{
    struct run_world *w = run_world_new(LOSSY);
    w->run->mode = EVAC_MODE_UNGRACEFUL;
    w->run->loss_ms = 900;
    run_world_begin(w);
    run_world_until(w, 60000);
    ck_assert_uint_eq(run_world_switch(w, "switch")->applies, 0);
    ck_assert_uint_eq(run_world_switch(w, "fail")->applies, 1);
    expect_end(w, EVAC_RUN_SUCCEEDED);
}
END_TEST

START_TEST(an_override_is_void_when_the_loss_has_doubled)
{
    struct run_world *w = run_world_new(LOSSY);
    w->run->mode = EVAC_MODE_UNGRACEFUL;
    w->run->loss_ms = 20000;
    run_world_switch(w, "fail")->unseen = true; /* it is not applied at once */
    run_world_begin(w);
    run_world_until(w, 5000);
    ck_assert_int_eq(run_world_say(w, EVAC_CMD_OVERRIDE, "fail", "twenty seconds", 0), EVAC_OK);
    run_world_until(w, 10000);
    w->run->loss_ms = 90000;
    run_world_switch(w, "fail")->unseen = false;
    run_world_until(w, 60000);
    ck_assert_int_eq(run_world_state(w, "fail"), EVAC_STEP_GATED);
    ck_assert_uint_eq(run_world_switch(w, "fail")->applies, 0);
    run_world_free(w);
}
END_TEST

START_TEST(a_mode_switch_in_mid_run_takes_the_other_way)
{
    struct run_world *w = run_world_new(LOSSY);
    w->run->loss_ms = 900;
    run_world_switch(w, "switch")->unseen = true; /* the old side died: switchover can not go on */
    run_world_begin(w);
    run_world_until(w, 20000);
    ck_assert_int_eq(run_world_say(w, EVAC_CMD_MODE, "", "it died", EVAC_MODE_UNGRACEFUL), EVAC_OK);
    run_world_until(w, 60000);
    ck_assert_uint_eq(run_world_switch(w, "fail")->applies, 1);
    ck_assert_uint_eq(run_world_switch(w, "switch")->applies, 0);
    run_world_free(w);
}
END_TEST

/* --- crashes
 * ----------------------------------------------------------------------------------------------------------
 */

START_TEST(killed_after_any_row_a_run_ends_the_same)
{
    struct run_world *w = begin();
    run_world_switch(w, "fence")->moves_ms = 3000;
    run_world_switch(w, "promote")->moves_ms = 5000;
    /* crash when row _i is durable; what was in flight lands all the same */
    for (uint64_t t = 0; w->committed < (uint64_t)_i && !w->ended && t < 600000; t += 10)
        run_world_until(w, t);
    if (!w->ended)
        run_world_crash(w);
    run_world_until(w, 2 * HOUR_MS);
    ck_assert_uint_eq(run_world_switch(w, "promote")->applies, 1);
    ck_assert_uint_eq(run_world_switch(w, "fence")->applies, 1);
    expect_end(w, EVAC_RUN_SUCCEEDED);
}
END_TEST

/* Found by simulation: killed between a fence's intent and its landing, then cancelled. What the
 * attempt was based on must survive, or the next look seems to supersede it, nothing is undone, and
 * the fence lands when all is over. */
START_TEST(a_crash_does_not_forget_what_an_attempt_was_based_on)
{
    struct run_world *w = begin();
    script(w, "fence", EVAC_OUTCOME_UNKNOWN, true, 20000);
    for (uint64_t t = 0; run_world_count(w, "intent fence") == 0 && t < 60000; t++)
        run_world_until(w, t);
    run_world_crash(w);
    ck_assert(w->run->steps[1].doubt);
    ck_assert_str_eq(w->run->steps[1].base, "v0");
    ck_assert_int_eq(run_world_say(w, EVAC_CMD_CANCEL, "", "", 0), EVAC_OK);
    run_world_until(w, 10000);
    ck_assert_uint_ge(run_world_switch(w, "fence")->undos,
                      1); /* poisoned: written although it looked undone */
    run_world_free(w);
}
END_TEST

/* Found by simulation: a person is asked what now, and nobody said why any more. */
START_TEST(a_crash_does_not_forget_why_a_step_failed)
{
    struct run_world *w = begin();
    char why[sizeof w->run->steps[1].reason];
    run_world_switch(w, "fence")->unseen = true;
    run_world_until(w, 130000);
    ck_assert_int_eq(run_world_state(w, "fence"), EVAC_STEP_FAILED);
    (void)evac_str_copy(why, sizeof why, evac_str(w->run->steps[1].reason));
    ck_assert_str_ne(why, "");
    run_world_crash(w);
    ck_assert_int_eq(w->run->state, EVAC_RUN_ASKING);
    ck_assert_str_eq(w->run->steps[1].reason, why);
    run_world_free(w);
}
END_TEST

/* Between an attempt in doubt and the look that would resolve it, a replica showed an older
 * version, and another attempt was based on that: its failed compare says nothing of the first. */
START_TEST(an_older_version_in_between_does_not_resolve_a_doubt)
{
    struct run_world *w = begin();
    struct world_switch *fence = run_world_switch(w, "fence");
    fence->version = 5;
    script(w, "fence", EVAC_OUTCOME_UNKNOWN, true, 200000);
    script(w, "fence", EVAC_OUTCOME_REJECTED, false, 0);
    for (uint64_t t = 0; fence->applies < 1 && t < 60000; t++)
        run_world_until(w, t);
    fence->weak = true;
    fence->version = 4;
    for (uint64_t t = 0; fence->applies < 2 && t < 60000; t++)
        run_world_until(w, t);
    ck_assert_str_eq(w->run->steps[1].base, "v4");
    fence->weak = false;
    fence->version = 5;
    for (uint64_t t = w->now.boot_ms; run_world_count(w, "superseded") == 0 && t < 60000; t++)
        run_world_until(w, t);
    ck_assert_uint_eq(run_world_count(w, "superseded"), 0);
    ck_assert(w->run->steps[1].apart);
    run_world_free(w);
}
END_TEST

START_TEST(the_fold_of_the_journal_is_the_live_run)
{
    struct run_world *w = begin();
    script(w, "scale", EVAC_OUTCOME_UNKNOWN, false, 0);
    run_world_switch(w, "promote")->moves_ms = 9000;
    run_world_until(w, (uint64_t)_i * 500);
    struct evac_run *copy = evac_run_init(calloc(1, evac_run_bytes(&w->plan)), &w->plan);
    for (size_t i = 0; i < w->row_count; i++)
        ck_assert_int_eq(evac_run_fold(copy, &w->rows[i], NULL), EVAC_OK);
    ck_assert_int_eq(copy->state, w->run->state);
    ck_assert_int_eq(copy->pivoted, w->run->pivoted);
    ck_assert_uint_eq(copy->instants, w->run->instants);
    for (uint16_t i = 0; i < w->plan.step_count; i++) {
        enum evac_step_state live = w->run->steps[i].state;
        if (live == EVAC_STEP_APPLYING) /* its intent's row says so */
            live = EVAC_STEP_INTENDING;
        ck_assert_int_eq(copy->steps[i].state, live);
        ck_assert_int_eq(copy->steps[i].doubt, w->run->steps[i].doubt);
        ck_assert_int_eq(copy->steps[i].apart, w->run->steps[i].apart);
        ck_assert_uint_eq(copy->steps[i].attempts, w->run->steps[i].attempts);
    }
    free(copy);
    run_world_free(w);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("run");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, a_run_applies_each_step_once_and_succeeds);
    tcase_add_test(tc, what_is_already_so_is_not_applied);
    tcase_add_test(tc, promotion_waits_for_the_fence);
    tcase_add_test(tc, a_lost_reply_that_landed_is_not_applied_again);
    tcase_add_test(tc, a_lost_request_is_observed_and_then_applied_again);
    tcase_add_test(tc, a_run_with_an_unresolved_attempt_ends_only_when_its_request_is_dead);
    tcase_add_test(tc, throttling_is_waited_out_and_costs_no_try);
    tcase_add_test(tc, what_was_not_sent_after_a_long_wait_asks_again_at_once);
    tcase_add_test(tc, what_was_not_sent_at_once_waits_longer_each_time);
    tcase_add_loop_test(tc, a_step_that_moves_is_found_done_soon, 0, 4);
    tcase_add_test(tc, what_says_when_it_is_over_is_looked_at_then);
    tcase_add_test(tc, what_is_always_over_in_no_time_is_not_looked_at_all_the_time);
    tcase_add_test(tc, a_refusal_asks_a_person_who_may_retry);
    tcase_add_test(tc, a_skip_needs_a_reason_and_ends_with_an_exception);
    tcase_add_test(tc, a_fence_is_skipped_only_by_accepting_divergence);
    tcase_add_test(tc, cancel_before_the_point_of_no_return_puts_everything_back);
    tcase_add_test(tc, cancel_after_the_point_of_no_return_is_refused);
    tcase_add_test(tc, a_request_in_flight_is_poisoned_before_an_undo_is_done);
    tcase_add_test(tc, where_nothing_can_be_poisoned_the_undo_waits_until_the_request_is_dead);
    tcase_add_test(tc, a_weak_read_that_nothing_explains_is_confirmed_by_a_second_look);
    tcase_add_test(tc, a_pause_starts_nothing_new);
    tcase_add_test(tc, a_step_s_deadline_stands_still_while_its_run_is_paused);
    tcase_add_test(tc, after_a_pause_a_deadline_has_as_much_left_as_before);
    tcase_add_test(tc, a_pause_that_nobody_ends_is_told_and_ended_by_the_run_s_own_deadline);
    tcase_add_test(tc, nobody_answers_and_the_run_unwinds_by_itself);
    tcase_add_test(tc, after_the_point_of_no_return_an_unanswered_failure_is_held);
    tcase_add_test(tc, unknown_loss_shuts_the_gate_until_a_person_overrides);
    tcase_add_test(tc, a_known_small_loss_opens_the_gate);
    tcase_add_test(tc, an_override_is_void_when_the_loss_has_doubled);
    tcase_add_test(tc, a_mode_switch_in_mid_run_takes_the_other_way);
    tcase_add_loop_test(tc, killed_after_any_row_a_run_ends_the_same, 1, 45);
    tcase_add_test(tc, a_crash_does_not_forget_what_an_attempt_was_based_on);
    tcase_add_test(tc, a_crash_does_not_forget_why_a_step_failed);
    tcase_add_test(tc, an_older_version_in_between_does_not_resolve_a_doubt);
    tcase_add_loop_test(tc, the_fold_of_the_journal_is_the_live_run, 0, 40);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("run", cases)

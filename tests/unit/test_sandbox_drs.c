/* The driver drs before the model: servers that are launched from what has arrived of them. */
#include "aws_pack.h"
#include "sandbox_bench.h"
#include "suite.h"

#define A                "s-0000000000000000a"
#define B                "s-0000000000000000b"
#define C                "s-0000000000000000c"
#define AWAY(mode)       "from=us-east-1\nto=us-west-2\nmode=" mode "\n"
#define TO_OF(run, mode) "app=shop\nrun=" run "\ntag=app=shop\nregion=us-west-2\n" AWAY(mode)
#define TO               TO_OF("7", "ungraceful")
#define PLANNED          TO_OF("7", "graceful")
#define HOME             "app=shop\nrun=7\ntag=app=shop\nregion=us-east-1\n" AWAY("ungraceful")
#define BY_ID                                                                                      \
    "app=shop\nrun=7\nservers.us-west-2=[\"" A "\",\"" B "\"]\nregion=us-west-2\n" AWAY("gracefu"  \
                                                                                        "l")

BENCH_DRIVER("drs")

static const struct evac_reply *settle(struct bench *b, const char *action, const char *args)
{
    return bench_settle(b, "drs", action, args, 600000);
}

static const struct evac_reply *measure(struct bench *b, const char *args)
{
    return bench_call(b, "drs", EVAC_VERB_MEASURE, "", args);
}

static void server(struct bench *b, const char *id, const char *app, const char *more)
{
    bench_control(b,
                  "make drs us-west-2 {\"kind\":\"server\",\"name\":\"%s\",\"origin\":"
                  "\"us-east-1\",\"tags\":{\"app\":\"%s\"}%s}",
                  id, app, more);
}

/* Three of the app's, on two pages, and one of somebody else. */
static struct bench *with_servers(void)
{
    struct bench *b = bench_new(10);
    server(b, A, "shop", "");
    server(b, "s-0000000000000000f", "bank", "");
    server(b, B, "shop", "");
    server(b, C, "shop", "");
    bench_control(b, "lag us-west-2 4000");
    bench_run(b, 20000);
    return b;
}

/* --- planned ------------------------------------------------------------------------------------
 */

START_TEST(a_planned_launch_waits_for_what_was_written_before_the_fence)
{
    struct bench *b = with_servers();
    char text[400];
    const char *args = bench_fenced(b, PLANNED, text, sizeof text);
    expect_words(look(b, "recover", args), EVAC_SEEN_MOVING, "at or after the fence");
    expect_outcome(act(b, "recover", args), EVAC_OUTCOME_REJECTED);
    expect_words(look(b, "recover", TO), EVAC_SEEN_UNSATISFIED, ""); /* in an emergency */
    bench_run(b, 2000);
    expect_words(look(b, "recover", args), EVAC_SEEN_MOVING, "at or after the fence");
    bench_run(b, 4000);
    const struct evac_reply *r = look(b, "recover", args);
    expect_words(r, EVAC_SEEN_UNSATISFIED, "0 of 3");
    expect_outcome(act(b, "recover", args), EVAC_OUTCOME_ACCEPTED);
    expect_words(settle(b, "recover", args), EVAC_SEEN_SATISFIED, "3 source servers");
    bench_free(b);
}
END_TEST

/* What was cut off before it could send all of it never will. */
START_TEST(a_server_that_is_not_heard_any_more_is_not_waited_for)
{
    struct bench *b = with_servers();
    char text[400];
    bench_control(b, "region us-east-1 isolated");
    bench_run(b, 60000);
    const char *args = bench_fenced(b, PLANNED, text, sizeof text);
    bench_run(b, 10000);
    expect_words(look(b, "recover", args), EVAC_SEEN_BLOCKED, "no newer one is on its way");
    bench_free(b);
}
END_TEST

/* --- looking ------------------------------------------------------------------------------------
 */

START_TEST(servers_are_ready_when_they_are_in_step_and_could_be_launched)
{
    struct bench *b = with_servers();
    const struct evac_reply *r = look(b, "ready", PLANNED);
    expect_words(r, EVAC_SEEN_SATISFIED, "3 source servers");
    ck_assert_int_ge(bench_fact(r, "age_ms"), 3000);
    ck_assert_int_le(bench_fact(r, "age_ms"), 6000);
    expect_words(look(b, "ready", BY_ID), EVAC_SEEN_SATISFIED, "2 source servers");
    expect_words(look(b, "ready", PLANNED "want.max_lag=1s\n"), EVAC_SEEN_BLOCKED, "max_lag");
    server(b, B, "shop", ",\"launch\":false");
    expect_words(look(b, "ready", PLANNED), EVAC_SEEN_BLOCKED, "no launch configuration");
    server(b, B, "shop", ",\"lastLaunchResult\":\"FAILED\"");
    expect_words(look(b, "ready", PLANNED), EVAC_SEEN_BLOCKED, "last launch");
    expect_words(look(b, "ready", TO), EVAC_SEEN_SATISFIED, "");
    server(b, B, "shop", ",\"dataReplicationInfo\":{\"dataReplicationState\":\"INITIAL_SYNC\"}");
    expect_words(look(b, "ready", TO), EVAC_SEEN_BLOCKED, "INITIAL_SYNC");
    bench_control(b, "service drs us-west-2 denied");
    expect_words(look(b, "ready", TO), EVAC_SEEN_UNSEEN, "");
    expect_outcome(act(b, "recover", TO), EVAC_OUTCOME_NOT_SENT);
    bench_free(b);
    b = bench_new(10);
    expect_words(look(b, "ready", TO), EVAC_SEEN_BLOCKED, "no such source server");
    expect_words(look(b, "recover", TO), EVAC_SEEN_BLOCKED, "no such source server");
    expect_outcome(act(b, "recover", TO), EVAC_OUTCOME_REJECTED);
    server(b, A, "shop", "");
    expect_words(look(b, "ready", BY_ID), EVAC_SEEN_BLOCKED, "1 of 2");
    bench_free(b);
}
END_TEST

START_TEST(the_lag_of_what_is_cut_off_is_that_of_when_it_was_heard_of_last)
{
    struct bench *b = with_servers();
    const struct evac_reply *r = measure(b, TO);
    expect_words(r, EVAC_SEEN_SATISFIED, "");
    ck_assert_int_eq(bench_fact(r, "lag_ms"), 4000);
    bench_control(b, "region us-east-1 isolated");
    int64_t cut = bench_wall(b);
    bench_run(b, 60000);
    r = measure(b, TO);
    expect_words(r, EVAC_SEEN_SATISFIED, "");
    ck_assert_int_eq(bench_fact(r, "lag_ms"), 4000);
    ck_assert_int_le(bench_fact(r, "as_of_wall_ms"), cut);
    expect_words(look(b, "ready", PLANNED), EVAC_SEEN_BLOCKED, "DISCONNECTED");
    r = look(b, "ready", TO);
    expect_words(r, EVAC_SEEN_SATISFIED, "");
    ck_assert_int_ge(bench_fact(r, "age_ms"), 63000);
    server(b, C, "shop", ",\"dataReplicationInfo\":{\"dataReplicationState\":\"STALLED\"}");
    expect_words(measure(b, TO), EVAC_SEEN_UNSEEN, "how far behind");
    expect_words(look(b, "ready", TO "want.max_lag=1h\n"), EVAC_SEEN_BLOCKED, "may be");
    bench_free(b);
}
END_TEST

/* --- launching ----------------------------------------------------------------------------------
 */

START_TEST(servers_are_launched_once_although_the_answer_is_lost)
{
    struct bench *b = with_servers();
    bench_control(b, "region us-east-1 down");
    int64_t lost = bench_wall(b);
    const struct evac_reply *r = look(b, "recover", TO);
    expect_words(r, EVAC_SEEN_UNSATISFIED, "0 of 3");
    bench_control(b, "service drs us-west-2 throttled");
    expect_outcome(act(b, "recover", TO), EVAC_OUTCOME_THROTTLED);
    bench_control(b, "service drs us-west-2 up");
    bench_control(b, "service drs us-west-2 lost-mutation 1");
    expect_outcome(act(b, "recover", TO), EVAC_OUTCOME_UNKNOWN);
    expect_words(look(b, "recover", TO), EVAC_SEEN_MOVING, "0 of 3");
    expect_outcome(act(b, "recover", TO), EVAC_OUTCOME_REJECTED);
    bench_control(b, "region us-west-2 down");
    expect_words(look(b, "recover", TO), EVAC_SEEN_UNSEEN, "");
    bench_run(b, 100000);
    bench_control(b, "region us-west-2 up");
    r = settle(b, "recover", TO);
    expect_words(r, EVAC_SEEN_SATISFIED, "3 source servers are launched");
    ck_assert_int_le(bench_fact(r, "as_of_wall_ms"), lost - 3000);
    ck_assert(bench_counted(b, "StartRecovery", "us-west-2", 1, 1));
    expect_outcome(act(b, "recover", TO), EVAC_OUTCOME_REJECTED);
    /* another run's are not this run's */
    expect_words(look(b, "recover", TO_OF("8", "ungraceful")), EVAC_SEEN_UNSATISFIED, "0 of 3");
    bench_free(b);
}
END_TEST

/* A list of jobs that shows the past: a server with a running job is not launched once more. */
START_TEST(an_old_view_launches_nothing_twice)
{
    struct bench *b = with_servers();
    bench_control(b, "stale 60000");
    expect_words(look(b, "recover", TO), EVAC_SEEN_UNSATISFIED, "");
    expect_outcome(act(b, "recover", TO), EVAC_OUTCOME_ACCEPTED);
    for (int i = 0; i < 5; i++) {
        const struct evac_reply *r = act(b, "recover", TO);
        expect_outcome(r, EVAC_OUTCOME_REJECTED);
        ck_assert(evac_str_is(r->code, "ConflictException") || evac_str_has(r->reason, "already"));
    }
    bench_control(b, "stale 0");
    expect_words(settle(b, "recover", TO), EVAC_SEEN_SATISFIED, "");
    ck_assert(bench_effects(b, "StartRecovery", "us-west-2", 1));
    bench_free(b);
}
END_TEST

START_TEST(only_what_could_not_be_launched_is_tried_again)
{
    struct bench *b = with_servers();
    expect_outcome(act(b, "recover", BY_ID), EVAC_OUTCOME_ACCEPTED);
    expect_words(settle(b, "recover", BY_ID), EVAC_SEEN_SATISFIED, "2 source servers");
    bench_control(b, "service drs us-west-2 capacity-refused");
    expect_outcome(act(b, "recover", TO), EVAC_OUTCOME_ACCEPTED);
    expect_words(settle(b, "recover", TO), EVAC_SEEN_UNSATISFIED,
                 "0 of 3 source servers are launched, 3");
    bench_control(b, "service drs us-west-2 up");
    expect_outcome(act(b, "recover", TO), EVAC_OUTCOME_ACCEPTED);
    expect_words(look(b, "recover", TO), EVAC_SEEN_MOVING, "");
    expect_words(settle(b, "recover", TO), EVAC_SEEN_SATISFIED, "3 source servers");
    server(b, "s-0000000000000000d", "shop", "");
    expect_words(look(b, "recover", TO), EVAC_SEEN_UNSATISFIED, "3 of 4");
    expect_outcome(act(b, "recover", TO), EVAC_OUTCOME_ACCEPTED);
    expect_words(settle(b, "recover", TO), EVAC_SEEN_SATISFIED, "4 source servers");
    ck_assert(bench_counted(b, "StartRecovery", "us-west-2", 4, 4));
    bench_free(b);
}
END_TEST

START_TEST(a_drill_is_ended_and_nothing_else_ever)
{
    struct bench *b = with_servers();
    char before[512];
    expect_words(look(b, "discard", TO), EVAC_SEEN_SATISFIED, "no recovery instance");
    expect_outcome(act(b, "discard", TO), EVAC_OUTCOME_REJECTED);
    expect_outcome(act(b, "recover", TO), EVAC_OUTCOME_ACCEPTED);
    expect_words(settle(b, "recover", TO), EVAC_SEEN_SATISFIED, "");
    expect_words(look(b, "discard", TO), EVAC_SEEN_SATISFIED, "no recovery instance");
    const struct evac_reply *r = look(b, "rehearse", PLANNED);
    expect_words(r, EVAC_SEEN_UNSATISFIED, "0 of 3");
    ck_assert(evac_str_copy(before, sizeof before, r->snapshot));
    bench_control(b, "service drs us-west-2 lost-mutation 1");
    expect_outcome(act(b, "rehearse", PLANNED), EVAC_OUTCOME_UNKNOWN);
    expect_words(look(b, "discard", PLANNED), EVAC_SEEN_MOVING, "launching");
    expect_outcome(act(b, "discard", PLANNED), EVAC_OUTCOME_REJECTED);
    expect_words(settle(b, "rehearse", PLANNED), EVAC_SEEN_SATISFIED, "3 source servers");
    bench_goal(b, before); /* rolled back */
    expect_words(look(b, "rehearse", PLANNED), EVAC_SEEN_UNSATISFIED, "still there");
    expect_words(look(b, "rehearse", TO_OF("8", "graceful")), EVAC_SEEN_SATISFIED, "");
    bench_control(b, "service drs us-west-2 lost-mutation 1");
    expect_outcome(act(b, "rehearse", PLANNED), EVAC_OUTCOME_UNKNOWN);
    expect_words(settle(b, "rehearse", PLANNED), EVAC_SEEN_SATISFIED, "no recovery instance");
    bench_goal(b, "");
    ck_assert(bench_counted(b, "TerminateRecoveryInstances", "us-west-2", 1, 1));
    expect_words(look(b, "recover", TO), EVAC_SEEN_SATISFIED, "3 source servers");
    /* what an earlier drill has left, a later run discards */
    expect_outcome(act(b, "rehearse", TO_OF("8", "graceful")), EVAC_OUTCOME_ACCEPTED);
    expect_words(settle(b, "rehearse", TO_OF("8", "graceful")), EVAC_SEEN_SATISFIED, "");
    expect_words(look(b, "discard", TO_OF("9", "graceful")), EVAC_SEEN_UNSATISFIED, "");
    expect_outcome(act(b, "discard", TO_OF("9", "graceful")), EVAC_OUTCOME_ACCEPTED);
    expect_words(settle(b, "discard", TO_OF("9", "graceful")), EVAC_SEEN_SATISFIED, "");
    expect_words(look(b, "recover", TO), EVAC_SEEN_SATISFIED, "3 source servers");
    bench_free(b);
}
END_TEST

/* --- the way back -------------------------------------------------------------------------------
 */

START_TEST(what_was_launched_replicates_back)
{
    struct bench *b = with_servers();
    expect_words(look(b, "protect", HOME), EVAC_SEEN_BLOCKED, "not launched");
    expect_outcome(act(b, "protect", HOME), EVAC_OUTCOME_REJECTED);
    bench_control(b, "region us-east-1 down");
    expect_outcome(act(b, "recover", TO), EVAC_OUTCOME_ACCEPTED);
    expect_words(settle(b, "recover", TO), EVAC_SEEN_SATISFIED, "");
    expect_words(look(b, "protect", HOME), EVAC_SEEN_UNSATISFIED, "3 of 3");
    expect_outcome(act(b, "protect", HOME), EVAC_OUTCOME_UNKNOWN); /* the origin does not answer */
    bench_control(b, "region us-east-1 up");
    bench_control(b, "service drs us-east-1 lost-mutation 1"); /* the first one's tag's */
    expect_outcome(act(b, "protect", HOME), EVAC_OUTCOME_UNKNOWN);
    expect_words(look(b, "protect", HOME), EVAC_SEEN_UNSATISFIED, "2 of 3");
    bench_control(
        b, "service drs us-east-1 denied"); /* half of it: no refusal, because it has an effect */
    expect_outcome(act(b, "protect", HOME), EVAC_OUTCOME_ACCEPTED);
    bench_control(b, "service drs us-east-1 up");
    expect_words(look(b, "protect", HOME), EVAC_SEEN_UNSATISFIED, "1 of 3");
    expect_outcome(act(b, "protect", HOME), EVAC_OUTCOME_ACCEPTED);
    expect_words(look(b, "protect", HOME), EVAC_SEEN_UNSATISFIED, "does not carry the tag");
    expect_outcome(act(b, "protect", HOME), EVAC_OUTCOME_ACCEPTED);
    expect_words(look(b, "protect", HOME), EVAC_SEEN_MOVING, "in step");
    expect_outcome(act(b, "protect", HOME), EVAC_OUTCOME_REJECTED);
    expect_words(settle(b, "protect", HOME), EVAC_SEEN_SATISFIED, "3 servers replicate back");
    const char *back = "app=shop\nrun=9\ntag=app=shop\nregion=us-east-1\nfrom=us-west-2\n"
                       "to=us-east-1\nmode=graceful\n";
    expect_words(look(b, "ready", back), EVAC_SEEN_SATISFIED, "3 source servers");
    expect_outcome(act(b, "recover", back), EVAC_OUTCOME_ACCEPTED);
    expect_words(settle(b, "recover", back), EVAC_SEEN_SATISFIED, "3 source servers");
    bench_free(b);
}
END_TEST

START_TEST(replication_that_was_stopped_is_begun_again)
{
    struct bench *b = bench_new(10);
    server(b, A, "shop",
           ",\"recoveryInstanceId\":\"i-1\",\"reversedDirectionSourceServerArn\":"
           "\"arn:aws:drs:us-east-1:123456789012:source-server/s-0000000000000000b\"");
    bench_control(b, "make drs us-east-1 {\"kind\":\"server\",\"name\":\"" B
                     "\",\"origin\":\"us-west-2\",\"dataReplicationInfo\":"
                     "{\"dataReplicationState\":\"STOPPED\"}}");
    /* a server that the resource would not know when it goes home gets its tag first */
    expect_words(look(b, "protect", HOME), EVAC_SEEN_UNSATISFIED, "does not carry the tag");
    expect_outcome(act(b, "protect", HOME), EVAC_OUTCOME_ACCEPTED);
    expect_words(look(b, "protect", HOME), EVAC_SEEN_UNSATISFIED, "stopped");
    bench_control(b, "service drs us-east-1 lost-mutation 1");
    expect_outcome(act(b, "protect", HOME), EVAC_OUTCOME_UNKNOWN);
    expect_words(look(b, "protect", HOME), EVAC_SEEN_MOVING, "");
    expect_words(settle(b, "protect", HOME), EVAC_SEEN_SATISFIED, "");
    bench_control(b, "region us-west-2 isolated");
    expect_words(look(b, "protect", HOME), EVAC_SEEN_UNSEEN, "");
    bench_free(b);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("looking");
    tcase_add_test(tc, a_planned_launch_waits_for_what_was_written_before_the_fence);
    tcase_add_test(tc, a_server_that_is_not_heard_any_more_is_not_waited_for);
    tcase_add_test(tc, servers_are_ready_when_they_are_in_step_and_could_be_launched);
    tcase_add_test(tc, the_lag_of_what_is_cut_off_is_that_of_when_it_was_heard_of_last);
    suite_add_tcase(suite, tc);
    tc = tcase_create("launching");
    tcase_add_test(tc, servers_are_launched_once_although_the_answer_is_lost);
    tcase_add_test(tc, an_old_view_launches_nothing_twice);
    tcase_add_test(tc, only_what_could_not_be_launched_is_tried_again);
    tcase_add_test(tc, a_drill_is_ended_and_nothing_else_ever);
    suite_add_tcase(suite, tc);
    tc = tcase_create("the way back");
    tcase_add_test(tc, what_was_launched_replicates_back);
    tcase_add_test(tc, replication_that_was_stopped_is_begun_again);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("the driver drs", cases)

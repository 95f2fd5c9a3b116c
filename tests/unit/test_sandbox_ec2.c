/* The EC2 driver before the model: power, launching once, capacity, and what is restored. */
#include "aws.h"
#include "sandbox_bench.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

#define SIDES(to, from)                                                                            \
    "region=" to "\nfrom=" from "\nto=us-west-2\nmode=ungraceful\napp=shop\nrun=7\n"
#define TO        SIDES("us-west-2", "us-east-1")
#define AT_FROM   SIDES("us-east-1", "us-east-1")
#define A         "i-0000000000000000a"
#define B         "i-0000000000000000b"
#define BOXES     "instances=[\"" A "\",\"" B "\"]\n"
#define BY_TAG    "tag=role=db\n"
#define WEB       "fleet=web\nlaunch_template=web\ntemplate_version=$Default\ncount.active=3\n"
#define WANT      "want.count=active\nwant.minimum_percent=100\n"
#define RESERVED  "fleet=web\ninstance_type=m6i.large\nplatform=Linux/UNIX\nzone=us-west-2a\n"
#define FROM_SNAP "fleet=db\nsnapshot=volume=db\nzone=us-west-2b\ncopy_delay=0s\n"
#define PLANNED   "app=shop\nrun=7\nregion=us-west-2\nfrom=us-east-1\nto=us-west-2\nmode=graceful\n"

BENCH_DRIVER("ec2")

static struct bench *with_boxes(const char *state)
{
    struct bench *b = bench_new(10);
    for (int i = 0; i < 2; i++)
        for (int side = 0; side < 2; side++)
            bench_control(
                b, "make ec2 %s {\"instance\":\"%s\",\"state\":\"%s\",\"tags\":{\"role\":\"db\"}}",
                side ? "us-west-2" : "us-east-1", i ? B : A, state);
    return b;
}

static struct bench *with_template(void)
{
    struct bench *b = bench_new(10);
    bench_control(
        b, "make ec2 us-west-2 {\"image\":\"ami-00000001\",\"name\":\"web-1\",\"age_s\":900}");
    bench_control(
        b, "make ec2 us-west-2 {\"image\":\"ami-00000002\",\"name\":\"web-2\",\"age_s\":600}");
    bench_control(b, "make ec2 us-west-2 "
                     "{\"launch_template\":\"\",\"name\":\"web\",\"image\":\"ami-00000001\"}");
    return b;
}

/* How often an operation of EC2 had an effect in us-west-2. */
static void expect_effects(struct bench *b, const char *operation, int received, int effects)
{
    char text[256];
    (void)snprintf(text, sizeof text,
                   "\"service\":\"ec2\",\"operation\":\"%s\",\"region\":\"us-west-2\",\"received\":"
                   "%d,\"effects\":%d",
                   operation, received, effects);
    ck_assert_msg(bench_true(b, text), "not so: %s", text);
}

/* --- power ----------------------------------------------------------------------------------- */

START_TEST(stopped_instances_are_started_and_a_rollback_stops_them)
{
    struct bench *b = with_boxes("stopped");
    const struct evac_reply *r = look(b, "start", BOXES TO);
    expect(r, EVAC_SEEN_UNSATISFIED);
    ck_assert(!r->strong);
    ck_assert_int_eq(bench_fact(r, "stopped"), 2);
    char before[256];
    ck_assert(evac_str_copy(before, sizeof before, r->snapshot));
    expect_outcome(act(b, "start", BOXES TO), EVAC_OUTCOME_ACCEPTED);
    expect(look(b, "start", BOXES TO), EVAC_SEEN_MOVING);
    expect(bench_settle(b, "ec2", "start", BOXES TO, 30000), EVAC_SEEN_SATISFIED);
    expect_outcome(act(b, "start", BOXES TO), EVAC_OUTCOME_ACCEPTED);
    expect_effects(b, "StartInstances", 1, 2);
    bench_goal(b, before);
    expect(look(b, "start", BOXES TO), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "start", BOXES TO), EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "ec2", "start", BOXES TO, 30000), EVAC_SEEN_SATISFIED);
    ck_assert(bench_true(b, "\"id\":\"" A "\",\"state\":\"stopped\""));
    bench_free(b);
}
END_TEST

START_TEST(the_side_that_is_left_is_stopped_by_tag)
{
    struct bench *b = with_boxes("running");
    expect(look(b, "stop", BY_TAG AT_FROM), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "stop", BY_TAG AT_FROM "want.force=true\n"), EVAC_OUTCOME_ACCEPTED);
    expect(look(b, "stop", BY_TAG AT_FROM), EVAC_SEEN_MOVING);
    expect(bench_settle(b, "ec2", "stop", BY_TAG AT_FROM, 30000), EVAC_SEEN_SATISFIED);
    ck_assert(bench_true(b, "\"region\":\"us-west-2\",\"kind\":\"instance\",\"id\":\"" A
                            "\",\"state\":\"running\""));
    bench_free(b);
}
END_TEST

START_TEST(a_rollback_leaves_what_ran_before_running)
{
    struct bench *b = with_boxes("stopped");
    bench_control(b, "make ec2 us-west-2 {\"instance\":\"" A "\",\"state\":\"running\"}");
    char before[256];
    ck_assert(evac_str_copy(before, sizeof before, look(b, "start", BOXES TO)->snapshot));
    expect_outcome(act(b, "start", BOXES TO), EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "ec2", "start", BOXES TO, 30000), EVAC_SEEN_SATISFIED);
    bench_goal(b, before);
    expect_outcome(act(b, "start", BOXES TO), EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "ec2", "start", BOXES TO, 30000), EVAC_SEEN_SATISFIED);
    ck_assert(bench_true(b, "\"region\":\"us-west-2\",\"kind\":\"instance\",\"id\":\"" A
                            "\",\"state\":\"running\""));
    ck_assert(bench_true(b, "\"region\":\"us-west-2\",\"kind\":\"instance\",\"id\":\"" B
                            "\",\"state\":\"stopped\""));
    bench_free(b);
}
END_TEST

START_TEST(where_capacity_lacks_each_instance_is_tried_by_itself)
{
    struct bench *b = with_boxes("stopped");
    bench_control(
        b, "make ec2 us-west-2 {\"capacity_reservation\":\"\",\"type\":\"m6i.large\",\"count\":1}");
    bench_control(b, "service ec2 us-west-2 capacity-refused");
    /* both together there is room for one only: the request is refused, the first alone is not */
    bench_control(b, "make ec2 us-west-2 {\"instance\":\"" B
                     "\",\"state\":\"stopped\",\"zone\":\"b\"}");
    expect_outcome(act(b, "start", BOXES TO), EVAC_OUTCOME_ACCEPTED);
    const struct evac_reply *r = bench_settle(b, "ec2", "start", BOXES TO, 10000);
    expect(r, EVAC_SEEN_UNSATISFIED);
    expect_outcome(r = act(b, "start", BOXES TO), EVAC_OUTCOME_REJECTED);
    ck_assert(evac_str_is(r->code, "InsufficientInstanceCapacity"));
    bench_run(b, 20000);
    r = look(b, "start", BOXES TO "want.minimum_percent=50\n");
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "running"), 1);
    bench_free(b);
}
END_TEST

START_TEST(instances_that_are_not_there_block)
{
    struct bench *b = with_boxes("terminated");
    expect(look(b, "start", BOXES TO), EVAC_SEEN_BLOCKED);
    expect(look(b, "start", BY_TAG TO), EVAC_SEEN_BLOCKED);
    expect(look(b, "start", "tag=role=nobody\n" TO), EVAC_SEEN_BLOCKED);
    expect(look(b, "stop", "tag=role=nobody\n" TO), EVAC_SEEN_BLOCKED);
    expect(look(b, "start", "instances=[\"i-0000000000000beef\"]\n" TO), EVAC_SEEN_BLOCKED);
    /* what is ended writes no more */
    expect(look(b, "stop", BOXES TO), EVAC_SEEN_SATISFIED);
    /* by tag, it is no more of them; by id, it is missed */
    bench_control(b, "make ec2 us-west-2 {\"instance\":\"" A "\",\"state\":\"running\"}");
    expect(look(b, "start", BY_TAG TO), EVAC_SEEN_SATISFIED);
    expect(look(b, "start", BOXES TO), EVAC_SEEN_BLOCKED);
    bench_free(b);
}
END_TEST

START_TEST(what_goes_wrong_on_the_way_is_told_apart)
{
    struct bench *b = with_boxes("stopped");
    bench_control(b, "service ec2 us-west-2 throttled");
    expect(look(b, "start", BOXES TO), EVAC_SEEN_UNSEEN);
    expect_outcome(act(b, "start", BOXES TO), EVAC_OUTCOME_THROTTLED);
    bench_control(b, "service ec2 us-west-2 up");
    bench_control(b, "service ec2 us-west-2 denied");
    const struct evac_reply *r = look(b, "start", BOXES TO);
    expect(r, EVAC_SEEN_UNSEEN);
    ck_assert(evac_str_is(r->code, "UnauthorizedOperation"));
    bench_control(b, "service ec2 us-west-2 up");
    bench_control(b, "service ec2 us-west-2 lost-mutation 1");
    expect_outcome(act(b, "start", BOXES TO), EVAC_OUTCOME_UNKNOWN);
    expect_outcome(act(b, "start", BOXES TO), EVAC_OUTCOME_ACCEPTED);
    expect_effects(b, "StartInstances", 1, 2);
    bench_control(b, "region us-west-2 down");
    expect(look(b, "start", BOXES TO), EVAC_SEEN_UNSEEN);
    expect_outcome(act(b, "start", BOXES TO), EVAC_OUTCOME_NOT_SENT);
    bench_free(b);
}
END_TEST

START_TEST(a_resource_that_says_too_little_is_refused)
{
    struct bench *b = bench_new(10);
    expect_refused(b, "ec2", EVAC_VERB_OBSERVE, "start", "", "instances");
    expect_refused(b, "ec2", EVAC_VERB_OBSERVE, "start", "tag=role\n", "role=web");
    expect_refused(b, "ec2", EVAC_VERB_OBSERVE, "start", "instances=[]\n", "lists 0");
    expect_refused(b, "ec2", EVAC_VERB_OBSERVE, "start", "tag=a=b\nwant.minimum_percent=0\n",
                   "from 1 to 100");
    expect_refused(b, "ec2", EVAC_VERB_OBSERVE, "launch", "want.count=3\n", "fleet is needed");
    expect_refused(b, "ec2", EVAC_VERB_OBSERVE, "terminate", "", "fleet is needed");
    expect_refused(b, "ec2", EVAC_VERB_OBSERVE, "terminate", "fleet=w*b\n", "w*b");
    expect_refused(b, "ec2", EVAC_VERB_OBSERVE, "reserve", "", "want.count");
    expect_refused(b, "ec2", EVAC_VERB_OBSERVE, "reserve", "want.count=3\n", "fleet is needed");
    expect_refused(b, "ec2", EVAC_VERB_OBSERVE, "restore", "", "volume=db");
    expect_refused(b, "ec2", EVAC_VERB_OBSERVE, "ready", "", "nothing to be ready");
    bench_free(b);
}
END_TEST

/* --- launch ---------------------------------------------------------------------------------- */

START_TEST(so_many_are_launched_and_a_rollback_ends_them)
{
    struct bench *b = with_template();
    const struct evac_reply *r = look(b, "launch", WEB TO WANT);
    expect(r, EVAC_SEEN_UNSATISFIED);
    char before[256];
    ck_assert(evac_str_copy(before, sizeof before, r->snapshot));
    expect_outcome(act(b, "launch", WEB TO WANT), EVAC_OUTCOME_ACCEPTED);
    r = look(b, "launch", WEB TO WANT);
    expect(r, EVAC_SEEN_MOVING);
    ck_assert_int_eq(bench_fact(r, "pending"), 3);
    r = bench_settle(b, "ec2", "launch", WEB TO WANT, 30000);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "running"), 3);
    expect_outcome(act(b, "launch", WEB TO WANT), EVAC_OUTCOME_ACCEPTED);
    expect_effects(b, "RunInstances", 1, 1);
    bench_goal(b, before);
    expect(look(b, "launch", WEB TO WANT), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "launch", WEB TO WANT), EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "ec2", "launch", WEB TO WANT, 30000), EVAC_SEEN_SATISFIED);
    ck_assert(!bench_true(b, "\"state\":\"running\""));
    bench_free(b);
}
END_TEST

START_TEST(a_rollback_without_a_list_ends_nothing)
{
    struct bench *b = with_template();
    expect_outcome(act(b, "launch", WEB TO WANT), EVAC_OUTCOME_ACCEPTED);
    bench_goal(b, "{\"something\":1}");
    expect_outcome(act(b, "launch", WEB TO WANT), EVAC_OUTCOME_ACCEPTED);
    ck_assert(!bench_true(b, "\"state\":\"shutting-down\""));
    bench_free(b);
}
END_TEST

START_TEST(a_reply_that_was_lost_launches_nothing_twice)
{
    struct bench *b = with_template();
    bench_control(b, "service ec2 us-west-2 lost-mutation 1");
    expect_outcome(act(b, "launch", WEB TO WANT), EVAC_OUTCOME_UNKNOWN);
    expect(look(b, "launch", WEB TO WANT), EVAC_SEEN_SATISFIED);
    expect_outcome(act(b, "launch", WEB TO WANT), EVAC_OUTCOME_ACCEPTED);
    expect_effects(b, "RunInstances", 1, 1);
    bench_free(b);
}
END_TEST

START_TEST(views_that_are_behind_launch_nothing_twice)
{
    struct bench *b = with_template();
    bench_control(b, "stale 600000");
    expect(look(b, "launch", WEB TO WANT), EVAC_SEEN_UNSATISFIED);
    for (int i = 0; i < 12; i++) {
        char token[32];
        (void)snprintf(token, sizeof token, "attempt%c", 'a' + i);
        bench_token(b, token);
        expect_outcome(act(b, "launch", WEB TO WANT), EVAC_OUTCOME_ACCEPTED);
    }
    /* some of them were decided by the old view, and reached the service again */
    ck_assert(
        !bench_true(b, "\"operation\":\"RunInstances\",\"region\":\"us-west-2\",\"received\":1,"));
    bench_control(b, "stale 0");
    ck_assert_int_eq(bench_fact(look(b, "launch", WEB TO WANT), "pending"), 3);
    bench_free(b);
}
END_TEST

START_TEST(views_that_are_behind_reserve_nothing_twice)
{
    struct bench *b = bench_new(10);
    bench_control(b, "stale 600000");
    expect(look(b, "reserve", RESERVED TO "want.count=2\n"), EVAC_SEEN_UNSATISFIED);
    for (int i = 0; i < 12; i++) {
        char token[32];
        (void)snprintf(token, sizeof token, "attempt%c", 'a' + i);
        bench_token(b, token);
        expect_outcome(act(b, "reserve", RESERVED TO "want.count=2\n"), EVAC_OUTCOME_ACCEPTED);
    }
    bench_control(b, "stale 0");
    ck_assert_int_eq(bench_fact(look(b, "reserve", RESERVED TO "want.count=2\n"), "reserved"), 2);
    bench_free(b);
}
END_TEST

START_TEST(what_was_ended_is_replaced)
{
    struct bench *b = with_template();
    expect_outcome(act(b, "launch", WEB TO WANT), EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "ec2", "launch", WEB TO WANT, 30000), EVAC_SEEN_SATISFIED);
    expect(look(b, "terminate", WEB TO), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "terminate", WEB TO), EVAC_OUTCOME_ACCEPTED);
    expect(look(b, "terminate", WEB TO), EVAC_SEEN_MOVING);
    expect(bench_settle(b, "ec2", "terminate", WEB TO, 30000), EVAC_SEEN_SATISFIED);
    expect(look(b, "launch", WEB TO WANT), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "launch", WEB TO WANT), EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "ec2", "launch", WEB TO WANT, 30000), EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

START_TEST(only_what_carries_our_tags_is_ended)
{
    struct bench *b = with_boxes("running");
    bench_control(b, "make ec2 us-west-2 {\"instance\":\"" A
                     "\",\"tags\":{\"evac:app\":\"shop\",\"evac:resource\":\"other\"}}");
    expect(look(b, "terminate", WEB TO), EVAC_SEEN_SATISFIED);
    expect_outcome(act(b, "terminate", WEB TO), EVAC_OUTCOME_ACCEPTED);
    ck_assert(!bench_true(b, "shutting-down"));
    bench_free(b);
}
END_TEST

START_TEST(the_newest_image_of_a_name_is_launched_and_its_age_is_said)
{
    struct bench *b = with_template();
    const char *args = WEB "image=web-*\ncopy_delay=1m\n" TO WANT;
    const struct evac_reply *r = look(b, "launch", args);
    expect(r, EVAC_SEEN_UNSATISFIED);
    int64_t now = bench_wall(b);
    int64_t age_s = (now - bench_fact(r, "as_of_wall_ms")) / 1000;
    ck_assert_int_ge(age_s, 660);
    ck_assert_int_le(age_s, 661);
    expect_outcome(act(b, "launch", args), EVAC_OUTCOME_ACCEPTED);
    bench_control(b, "make ec2 us-west-2 {\"image\":\"ami-00000002\",\"name\":\"old-2\"}");
    bench_control(b, "make ec2 us-west-2 {\"image\":\"ami-00000001\",\"name\":\"old-1\"}");
    expect(bench_settle(b, "ec2", "launch", args, 30000), EVAC_SEEN_SATISFIED);
    expect(look(b, "launch", WEB "image=web-*\n" TO "want.count=9\n"), EVAC_SEEN_BLOCKED);
    bench_free(b);
}
END_TEST

START_TEST(capacity_that_lacks_is_a_refusal_and_what_is_reserved_is_there)
{
    struct bench *b = with_template();
    bench_control(b, "service ec2 us-west-2 capacity-refused");
    const struct evac_reply *r = act(b, "launch", WEB TO WANT);
    expect_outcome(r, EVAC_OUTCOME_REJECTED);
    ck_assert(evac_str_is(r->code, "InsufficientInstanceCapacity"));
    expect_outcome(act(b, "reserve", RESERVED TO "want.count=3\n"), EVAC_OUTCOME_REJECTED);
    bench_control(b, "service ec2 us-west-2 up");
    expect(look(b, "reserve", RESERVED TO "want.count=3\n"), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "reserve", RESERVED TO "want.count=3\n"), EVAC_OUTCOME_ACCEPTED);
    bench_control(b, "service ec2 us-west-2 capacity-refused");
    expect_outcome(act(b, "launch", WEB TO WANT), EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "ec2", "launch", WEB TO WANT, 30000), EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(look(b, "reserve", RESERVED TO "want.count=3\n"), "available"), 0);
    bench_free(b);
}
END_TEST

START_TEST(a_quota_stops_a_launch)
{
    struct bench *b = with_template();
    bench_control(b, "make service-quotas us-west-2 "
                     "{\"service\":\"ec2\",\"code\":\"L-1216C47A\",\"value\":4}");
    const struct evac_reply *r = act(b, "launch", WEB TO WANT);
    expect_outcome(r, EVAC_OUTCOME_REJECTED);
    ck_assert(evac_str_is(r->code, "VcpuLimitExceeded"));
    bench_free(b);
}
END_TEST

/* --- reserve --------------------------------------------------------------------------------- */

START_TEST(a_reservation_is_made_grown_and_cancelled_again)
{
    struct bench *b = bench_new(10);
    const struct evac_reply *r = look(b, "reserve", RESERVED TO "want.count=2\n");
    char before[64];
    ck_assert(evac_str_copy(before, sizeof before, r->snapshot));
    bench_control(b, "service ec2 us-west-2 lost-mutation 1");
    expect_outcome(act(b, "reserve", RESERVED TO "want.count=2\n"), EVAC_OUTCOME_UNKNOWN);
    expect_outcome(act(b, "reserve", RESERVED TO "want.count=2\n"), EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "ec2", "reserve", RESERVED TO "want.count=2\n", 5000),
           EVAC_SEEN_SATISFIED);
    expect(look(b, "reserve", RESERVED TO "want.count=1\n"), EVAC_SEEN_SATISFIED);
    expect(look(b, "reserve", RESERVED TO "want.count=5\n"), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "reserve", RESERVED TO "want.count=5\n"), EVAC_OUTCOME_ACCEPTED);
    r = look(b, "reserve", RESERVED TO "want.count=5\n");
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "reserved"), 5);
    expect_effects(b, "CreateCapacityReservation", 1, 1);
    bench_goal(b, before);
    expect(look(b, "reserve", RESERVED TO "want.count=5\n"), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "reserve", RESERVED TO "want.count=5\n"), EVAC_OUTCOME_ACCEPTED);
    expect(look(b, "reserve", RESERVED TO "want.count=5\n"), EVAC_SEEN_SATISFIED);
    ck_assert(bench_true(b, "\"kind\":\"capacity-reservation\""));
    ck_assert(bench_true(b, "\"state\":\"cancelled\""));
    bench_free(b);
}
END_TEST

/* --- restore, ready -------------------------------------------------------------------------- */

static struct bench *with_snapshots(void)
{
    struct bench *b = bench_new(10);
    for (int i = 1; i <= 3; i++)
        bench_control(b,
                      "make ec2 us-west-2 {\"snapshot\":\"snap-0000000%d\",\"age_s\":%d,\"state\":"
                      "\"%s\",\"tags\":{\"volume\":\"db\"}}",
                      i, i * 300, i == 1 ? "pending" : "completed");
    return b;
}

START_TEST(the_newest_completed_snapshot_becomes_a_volume_once)
{
    struct bench *b = with_snapshots();
    const struct evac_reply *r = look(b, "restore", FROM_SNAP TO);
    expect(r, EVAC_SEEN_UNSATISFIED);
    int64_t now = bench_wall(b);
    ck_assert_int_eq((now - bench_fact(r, "as_of_wall_ms")) / 1000, 600);
    bench_control(b, "service ec2 us-west-2 lost-mutation 1");
    expect_outcome(act(b, "restore", FROM_SNAP TO), EVAC_OUTCOME_UNKNOWN);
    expect_outcome(act(b, "restore", FROM_SNAP TO), EVAC_OUTCOME_ACCEPTED);
    expect_effects(b, "CreateVolume", 1, 1);
    r = bench_settle(b, "ec2", "restore", FROM_SNAP TO, 10000);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert(evac_str_has(r->snapshot, "snap-00000002"));
    /* a newer one comes: this run has its volume */
    bench_control(b, "make ec2 us-west-2 {\"snapshot\":\"\",\"tags\":{\"volume\":\"db\"}}");
    expect(look(b, "restore", FROM_SNAP TO), EVAC_SEEN_SATISFIED);
    /* the next run makes its own */
    expect(look(b, "restore",
                FROM_SNAP "region=us-west-2\nfrom=us-east-1\nto=us-west-2\napp=shop\nrun=8\n"),
           EVAC_SEEN_UNSATISFIED);
    bench_free(b);
}
END_TEST

START_TEST(a_planned_restore_waits_for_a_snapshot_of_what_was_written_before_the_fence)
{
    struct bench *b = with_snapshots();
    char text[500];
    const char *args = bench_fenced(b, FROM_SNAP PLANNED, text, sizeof text);
    expect(look(b, "restore", args), EVAC_SEEN_MOVING); /* one is pending */
    expect_outcome(act(b, "restore", args), EVAC_OUTCOME_REJECTED);
    bench_run(b, 5000);
    bench_control(
        b, "make ec2 us-west-2 {\"snapshot\":\"snap-00000009\",\"tags\":{\"volume\":\"db\"}}");
    expect(look(b, "restore", args), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "restore", args), EVAC_OUTCOME_ACCEPTED);
    const struct evac_reply *r = bench_settle(b, "ec2", "restore", args, 10000);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert(evac_str_has(r->snapshot, "snap-00000009"));
    bench_free(b);
}
END_TEST

START_TEST(without_a_completed_snapshot_nothing_can_be_restored)
{
    struct bench *b = bench_new(10);
    expect(look(b, "restore", FROM_SNAP TO), EVAC_SEEN_BLOCKED);
    expect_outcome(act(b, "restore", FROM_SNAP TO), EVAC_OUTCOME_REJECTED);
    expect(bench_call(b, "ec2", EVAC_VERB_MEASURE, "", FROM_SNAP TO), EVAC_SEEN_UNSEEN);
    bench_free(b);
}
END_TEST

START_TEST(the_newest_snapshots_age_is_what_a_loss_would_cost)
{
    struct bench *b = with_snapshots();
    const struct evac_reply *r =
        bench_call(b, "ec2", EVAC_VERB_MEASURE, "", "snapshot=volume=db\ncopy_delay=2m\n" AT_FROM);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "lag_ms") / 1000, 720);
    /* what has no snapshots has no data: its loss is known */
    bench_control(b, "region us-west-2 down");
    r = bench_call(b, "ec2", EVAC_VERB_MEASURE, "", BOXES AT_FROM);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "lag_ms"), 0);
    ck_assert_int_gt(bench_fact(r, "as_of_wall_ms"), 0);
    expect(bench_call(b, "ec2", EVAC_VERB_MEASURE, "", "snapshot=volume=db\n" AT_FROM),
           EVAC_SEEN_UNSEEN);
    bench_free(b);
}
END_TEST

START_TEST(a_pilot_light_is_ready_when_all_that_it_is_made_of_is_there)
{
    struct bench *b = with_template();
    const char *all = WEB "snapshot=volume=db\n" BY_TAG TO;
    expect(look(b, "ready", all), EVAC_SEEN_BLOCKED);
    bench_control(
        b, "make ec2 us-west-2 {\"snapshot\":\"snap-00000001\",\"tags\":{\"volume\":\"db\"}}");
    expect(look(b, "ready", all), EVAC_SEEN_BLOCKED);
    bench_control(b, "make ec2 us-west-2 {\"instance\":\"" A "\",\"tags\":{\"role\":\"db\"}}");
    expect(look(b, "ready", all), EVAC_SEEN_SATISFIED);
    bench_control(b, "make ec2 us-west-2 {\"image\":\"ami-00000001\",\"state\":\"failed\"}");
    expect(look(b, "ready", all), EVAC_SEEN_BLOCKED);
    expect(look(b, "ready", WEB "image=web-2\n" TO), EVAC_SEEN_SATISFIED);
    expect(look(b, "ready", "launch_template=none\ntemplate_version=$Latest\n" TO),
           EVAC_SEEN_BLOCKED);
    expect(look(b, "ready", "launch_template=web\ntemplate_version=9\n" TO), EVAC_SEEN_BLOCKED);
    expect(look(b, "ready", WEB AT_FROM), EVAC_SEEN_BLOCKED);
    bench_control(b, "make ec2 us-west-2 {\"instance\":\"" A "\",\"state\":\"terminated\"}");
    expect(look(b, "ready", "instances=[\"" A "\"]\n" TO), EVAC_SEEN_BLOCKED);
    bench_free(b);
}
END_TEST

START_TEST(a_dry_run_says_that_we_may_and_launches_nothing)
{
    struct bench *b = with_template();
    expect(look(b, "ready", WEB "want.dry_run=true\n" TO), EVAC_SEEN_SATISFIED);
    expect_effects(b, "RunInstances", 1, 0);
    /* a template that names no image passes all looks, and could not be launched */
    bench_control(b, "make ec2 us-west-2 {\"launch_template\":\"\",\"name\":\"none\"}");
    const char *none = "launch_template=none\ntemplate_version=1\n";
    char args[256];
    (void)snprintf(args, sizeof args, "%s%s", none, TO);
    expect(look(b, "ready", args), EVAC_SEEN_SATISFIED);
    (void)snprintf(args, sizeof args, "%s%swant.dry_run=true\n", none, TO);
    expect(look(b, "ready", args), EVAC_SEEN_BLOCKED);
    bench_free(b);
}
END_TEST

/* --- the model itself ------------------------------------------------------------------------- */

START_TEST(nothing_moves_in_a_region_that_is_down)
{
    struct bench *b = with_boxes("stopped");
    expect_outcome(act(b, "start", BOXES TO), EVAC_OUTCOME_ACCEPTED);
    bench_control(b, "region us-west-2 down");
    bench_run(b, 60000);
    ck_assert(bench_true(b, "\"region\":\"us-west-2\",\"kind\":\"instance\",\"id\":\"" A
                            "\",\"state\":\"pending\""));
    bench_control(b, "region us-west-2 up");
    expect(bench_settle(b, "ec2", "start", BOXES TO, 30000), EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

struct sent {
    bool answered;
    enum evac_outcome outcome;
    char code[64];
};

static void keep(void *user, const struct evac_aws_reply *reply)
{
    struct sent *sent = user;
    *sent = (struct sent){ .answered = true, .outcome = reply->outcome };
    (void)evac_str_copy(sent->code, sizeof sent->code, reply->code);
}

/* A request to EC2 in us-west-2 that no driver sends. */
static struct sent send(struct bench *b, struct evac_aws *aws, const char *operation,
                        const struct evac_arg *params, size_t count)
{
    struct evac_aws_request request = { .service = "ec2",
                                        .operation = operation,
                                        .region = EVAC_STR("us-west-2"),
                                        .mutates = true,
                                        .params = params,
                                        .param_count = count };
    struct evac_err err = { EVAC_OK, "" };
    struct sent sent = { 0 };
    uint64_t id;
    ck_assert_int_eq(evac_aws_send(aws, &request, keep, &sent, &id, &err), EVAC_OK);
    bench_run(b, 1000);
    ck_assert(sent.answered);
    return sent;
}

START_TEST(a_copy_waits_for_the_region_that_it_comes_from)
{
    struct bench *b = bench_new(10);
    static const struct evac_args none;
    const struct evac_arg params[] = {
        { EVAC_STR("SourceRegion"), EVAC_STR("us-east-1") },
        { EVAC_STR("SourceSnapshotId"), EVAC_STR("snap-00000001") },
        { EVAC_STR("TagSpecification.1.ResourceType"), EVAC_STR("snapshot") },
        { EVAC_STR("TagSpecification.1.Tag.1.Key"), EVAC_STR("volume") },
        { EVAC_STR("TagSpecification.1.Tag.1.Value"), EVAC_STR("db") }
    };
    struct evac_err err = { EVAC_OK, "" };
    struct evac_aws *aws;
    ck_assert_int_eq(evac_aws_open(bench_host(b), &none, &aws, &err), EVAC_OK);
    bench_control(b, "make ec2 us-east-1 {\"snapshot\":\"snap-00000001\",\"size\":8}");
    bench_control(b, "region us-east-1 isolated");
    struct sent sent = send(b, aws, "CopySnapshot", params, 5);
    ck_assert_int_eq(sent.outcome, EVAC_OUTCOME_UNKNOWN); /* a server's error: nobody knows */
    bench_control(b, "region us-east-1 up");
    ck_assert_int_eq(send(b, aws, "CopySnapshot", params, 5).outcome, EVAC_OUTCOME_ACCEPTED);
    bench_control(b, "region us-east-1 isolated");
    bench_run(b, 120000);
    expect(look(b, "restore", FROM_SNAP TO), EVAC_SEEN_BLOCKED);
    bench_control(b, "region us-east-1 up");
    bench_run(b, 2000);
    expect(look(b, "restore", FROM_SNAP TO), EVAC_SEEN_UNSATISFIED);
    evac_aws_close(aws);
    bench_free(b);
}
END_TEST

START_TEST(copies_into_a_region_are_twenty_at_a_time)
{
    struct bench *b = bench_new(10);
    static const struct evac_args none;
    const struct evac_arg params[] = { { EVAC_STR("SourceRegion"), EVAC_STR("us-east-1") },
                                       { EVAC_STR("SourceSnapshotId"),
                                         EVAC_STR("snap-00000001") } };
    struct evac_err err = { EVAC_OK, "" };
    struct evac_aws *aws;
    ck_assert_int_eq(evac_aws_open(bench_host(b), &none, &aws, &err), EVAC_OK);
    bench_control(b, "make ec2 us-east-1 {\"snapshot\":\"snap-00000001\",\"size\":100}");
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(send(b, aws, "CopySnapshot", params, 2).outcome, EVAC_OUTCOME_ACCEPTED);
    struct sent sent = send(b, aws, "CopySnapshot", params, 2);
    ck_assert_int_eq(sent.outcome, EVAC_OUTCOME_REJECTED);
    ck_assert_str_eq(sent.code, "ResourceLimitExceeded");
    evac_aws_close(aws);
    bench_free(b);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("ec2");
    tcase_add_test(tc, stopped_instances_are_started_and_a_rollback_stops_them);
    tcase_add_test(tc, the_side_that_is_left_is_stopped_by_tag);
    tcase_add_test(tc, a_rollback_leaves_what_ran_before_running);
    tcase_add_test(tc, where_capacity_lacks_each_instance_is_tried_by_itself);
    tcase_add_test(tc, instances_that_are_not_there_block);
    tcase_add_test(tc, what_goes_wrong_on_the_way_is_told_apart);
    tcase_add_test(tc, a_resource_that_says_too_little_is_refused);
    tcase_add_test(tc, so_many_are_launched_and_a_rollback_ends_them);
    tcase_add_test(tc, a_rollback_without_a_list_ends_nothing);
    tcase_add_test(tc, a_reply_that_was_lost_launches_nothing_twice);
    tcase_add_test(tc, views_that_are_behind_launch_nothing_twice);
    tcase_add_test(tc, views_that_are_behind_reserve_nothing_twice);
    tcase_add_test(tc, what_was_ended_is_replaced);
    tcase_add_test(tc, only_what_carries_our_tags_is_ended);
    tcase_add_test(tc, the_newest_image_of_a_name_is_launched_and_its_age_is_said);
    tcase_add_test(tc, capacity_that_lacks_is_a_refusal_and_what_is_reserved_is_there);
    tcase_add_test(tc, a_quota_stops_a_launch);
    tcase_add_test(tc, a_reservation_is_made_grown_and_cancelled_again);
    tcase_add_test(tc, the_newest_completed_snapshot_becomes_a_volume_once);
    tcase_add_test(tc, a_planned_restore_waits_for_a_snapshot_of_what_was_written_before_the_fence);
    tcase_add_test(tc, without_a_completed_snapshot_nothing_can_be_restored);
    tcase_add_test(tc, the_newest_snapshots_age_is_what_a_loss_would_cost);
    tcase_add_test(tc, a_pilot_light_is_ready_when_all_that_it_is_made_of_is_there);
    tcase_add_test(tc, a_dry_run_says_that_we_may_and_launches_nothing);
    tcase_add_test(tc, a_copy_waits_for_the_region_that_it_comes_from);
    tcase_add_test(tc, copies_into_a_region_are_twenty_at_a_time);
    tcase_add_test(tc, nothing_moves_in_a_region_that_is_down);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("EC2", cases)

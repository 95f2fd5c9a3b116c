/* What stands behind a load balancer, and what an account may have, before the model: the drivers
 * elbv2, quota, and asg with a target group. */
#include "sandbox_bench.h"
#include "suite.h"

#include <stdio.h>

#define TO    "region=us-west-2\nfrom=us-east-1\nto=us-west-2\nmode=ungraceful\napp=shop\nrun=7\n"
#define GROUP "target_group=web\n"
#define HALF  "want.minimum=1\nwant.minimum_percent=50\n"
#define ASG   "group=web\ntarget_group=web\ncount.active=4\nwant.minimum_percent=100\n"

static const struct evac_reply *look(struct bench *b, const char *driver, const char *action,
                                     const char *args)
{
    return bench_call(b, driver, EVAC_VERB_OBSERVE, action, args);
}

static struct bench *with_targets(void)
{
    struct bench *b = bench_new(10);
    bench_control(b, "make elbv2 us-west-2 {\"load_balancer\":\"front\"}");
    bench_control(b, "make elbv2 us-west-2 {\"target_group\":\"web\",\"load_balancer\":\"front\","
                     "\"type\":\"ip\",\"targets\":[\"10.0.0.1\",\"10.0.0.2\",\"10.0.0.3\"]}");
    return b;
}

static void answers(struct bench *b, int target, bool yes)
{
    bench_control(
        b,
        "make elbv2 us-west-2 {\"target\":\"10.0.0.%d\",\"target_group\":\"web\",\"answers\":%s}",
        target, yes ? "true" : "false");
}

START_TEST(enough_targets_must_be_healthy)
{
    struct bench *b = with_targets();
    const struct evac_reply *r = look(b, "elbv2", "healthy", GROUP HALF TO);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "healthy"), 3);
    answers(b, 1, false);
    answers(b, 2, false);
    expect(look(b, "elbv2", "healthy", GROUP HALF TO), EVAC_SEEN_SATISFIED); /* not noticed yet */
    bench_run(b, 7000);
    r = look(b, "elbv2", "healthy", GROUP HALF TO);
    expect(r, EVAC_SEEN_UNSATISFIED);
    ck_assert_int_eq(bench_fact(r, "healthy"), 1);
    ck_assert_msg(evac_str_has(r->reason, "503"), "%.*s", EVAC_STR_ARG(r->reason));
    expect(look(b, "elbv2", "healthy", GROUP "want.minimum=1\n" TO), EVAC_SEEN_SATISFIED);
    answers(b, 1, true);
    bench_run(b, 14000);
    expect(look(b, "elbv2", "healthy", GROUP HALF TO), EVAC_SEEN_UNSATISFIED);
    bench_run(b, 2000); /* five checks, at ten times the speed */
    expect(look(b, "elbv2", "healthy", GROUP HALF TO), EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

START_TEST(no_target_is_not_healthy)
{
    struct bench *b = bench_new(10);
    bench_control(b, "make elbv2 us-west-2 {\"target_group\":\"web\",\"type\":\"ip\"}");
    expect(look(b, "elbv2", "healthy", GROUP "want.minimum_percent=100\n" TO),
           EVAC_SEEN_UNSATISFIED);
    expect(look(b, "elbv2", "healthy", "target_group=none\n" TO), EVAC_SEEN_BLOCKED);
    bench_free(b);
}
END_TEST

START_TEST(a_target_group_is_ready_when_its_balancer_is_active)
{
    struct bench *b = with_targets();
    expect(look(b, "elbv2", "ready", GROUP TO), EVAC_SEEN_SATISFIED);
    bench_control(b,
                  "make elbv2 us-west-2 {\"load_balancer\":\"front\",\"state\":\"provisioning\"}");
    expect(look(b, "elbv2", "ready", GROUP TO), EVAC_SEEN_MOVING);
    bench_control(b, "make elbv2 us-west-2 {\"load_balancer\":\"front\",\"state\":\"failed\"}");
    expect(look(b, "elbv2", "ready", GROUP TO), EVAC_SEEN_BLOCKED);
    bench_control(b, "make elbv2 us-west-2 "
                     "{\"target_group\":\"idle\",\"type\":\"ip\",\"targets\":[\"10.0.0.9\"]}");
    expect(look(b, "elbv2", "ready", "target_group=idle\n" TO), EVAC_SEEN_BLOCKED);
    const struct evac_reply *r = look(b, "elbv2", "healthy", "target_group=idle\n" TO);
    expect(r, EVAC_SEEN_UNSATISFIED);
    expect(look(b, "elbv2", "ready", "target_group=none\n" TO), EVAC_SEEN_BLOCKED);
    bench_free(b);
}
END_TEST

START_TEST(what_can_not_be_seen_is_not_healthy)
{
    struct bench *b = with_targets();
    bench_control(b, "service elbv2 us-west-2 denied");
    expect(look(b, "elbv2", "healthy", GROUP TO), EVAC_SEEN_UNSEEN);
    bench_control(b, "service elbv2 us-west-2 up");
    bench_control(b, "service elbv2 us-west-2 throttled");
    expect(look(b, "elbv2", "ready", GROUP TO), EVAC_SEEN_UNSEEN);
    bench_control(b, "service elbv2 us-west-2 up");
    bench_control(b, "region us-west-2 down");
    expect(look(b, "elbv2", "healthy", GROUP TO), EVAC_SEEN_UNSEEN);
    bench_free(b);
}
END_TEST

START_TEST(an_instance_that_stops_is_used_no_more)
{
    struct bench *b = bench_new(10);
    const char *boxes = "instances=[\"i-0000000000000000a\"]\n" TO;
    bench_control(b, "make ec2 us-west-2 {\"instance\":\"i-0000000000000000a\"}");
    bench_control(b, "make elbv2 us-west-2 {\"load_balancer\":\"front\"}");
    bench_control(b, "make elbv2 us-west-2 {\"target_group\":\"web\",\"load_balancer\":\"front\","
                     "\"targets\":[\"i-0000000000000000a\"]}");
    expect(look(b, "elbv2", "healthy", GROUP TO), EVAC_SEEN_SATISFIED);
    (void)bench_call(b, "ec2", EVAC_VERB_APPLY, "stop", boxes);
    expect(look(b, "elbv2", "healthy", GROUP TO), EVAC_SEEN_UNSATISFIED);
    expect(bench_settle(b, "ec2", "stop", boxes, 30000), EVAC_SEEN_SATISFIED);
    (void)bench_call(b, "ec2", EVAC_VERB_APPLY, "start", boxes);
    expect(bench_settle(b, "ec2", "start", boxes, 30000), EVAC_SEEN_SATISFIED);
    expect(look(b, "elbv2", "healthy", GROUP TO), EVAC_SEEN_MOVING);
    expect(bench_settle(b, "elbv2", "healthy", GROUP TO, 30000), EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

/* --- asg with a target group ------------------------------------------------------------------ */

static struct bench *with_group(void)
{
    struct bench *b = bench_new(10);
    bench_control(b, "make elbv2 us-west-2 {\"load_balancer\":\"front\"}");
    bench_control(b, "make elbv2 us-west-2 {\"target_group\":\"web\",\"load_balancer\":\"front\"}");
    bench_control(b, "make autoscaling us-west-2 {\"group\":\"web\",\"min\":0,\"max\":9,"
                     "\"desired\":1,\"target_groups\":[\"web\"]}");
    return b;
}

START_TEST(a_group_is_scaled_when_its_instances_are_healthy_behind_the_balancer)
{
    struct bench *b = with_group();
    expect(look(b, "asg", "ready", ASG TO), EVAC_SEEN_SATISFIED);
    expect(look(b, "asg", "scale", ASG "want.count=active\n" TO), EVAC_SEEN_UNSATISFIED);
    const struct evac_reply *r =
        bench_call(b, "asg", EVAC_VERB_APPLY, "scale", ASG "want.count=active\n" TO);
    ck_assert_int_eq(r->outcome, EVAC_OUTCOME_ACCEPTED);
    bool waited = false; /* in service, and not healthy yet */
    for (int i = 0; i < 120; i++) {
        r = look(b, "asg", "scale", ASG "want.count=active\n" TO);
        if (r->seen == EVAC_SEEN_SATISFIED)
            break;
        expect(r, EVAC_SEEN_MOVING);
        waited |= bench_fact(r, "in_service") == 4;
        ck_assert_int_lt(bench_fact(r, "healthy"), 4);
        bench_run(b, 500);
    }
    ck_assert(waited);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "healthy"), 4);
    ck_assert(bench_true(b, "\"target_group\":\"web\",\"healthy\":4"));
    bench_free(b);
}
END_TEST

START_TEST(instances_of_others_in_the_target_group_do_not_count)
{
    struct bench *b = with_group();
    bench_control(b, "make elbv2 us-west-2 {\"target_group\":\"other\",\"type\":\"ip\","
                     "\"load_balancer\":\"front\",\"targets\":[\"10.0.0.1\",\"10.0.0.2\"]}");
    const struct evac_reply *r =
        look(b, "asg", "ready", "group=web\ntarget_group=other\ncount.active=1\n" TO);
    expect(r, EVAC_SEEN_MOVING);
    ck_assert_int_eq(bench_fact(r, "healthy"), 0);
    expect(look(b, "asg", "ready", "group=web\ntarget_group=none\ncount.active=1\n" TO),
           EVAC_SEEN_BLOCKED);
    bench_control(b, "service elbv2 us-west-2 denied");
    expect(look(b, "asg", "ready", ASG TO), EVAC_SEEN_UNSEEN);
    expect(look(b, "asg", "ready", "group=web\ncount.active=1\n" TO), EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

START_TEST(what_a_group_ends_drains)
{
    struct bench *b = with_group();
    const char *none =
        ASG "want.count=0\nregion=us-west-2\nfrom=us-west-2\nto=us-east-1\napp=shop\n";
    (void)bench_call(b, "asg", EVAC_VERB_APPLY, "scale", none);
    ck_assert(bench_true(b, "\"target_group\":\"web\",\"healthy\":0,\"initial\":0,\"unhealthy\":0,"
                            "\"draining\":1"));
    expect(bench_settle(b, "asg", "scale", none, 30000), EVAC_SEEN_SATISFIED);
    bench_run(b, 3000);
    ck_assert(bench_true(b, "\"unhealthy\":0,\"draining\":0,\"unused\":0"));
    bench_free(b);
}
END_TEST

/* --- quotas ----------------------------------------------------------------------------------- */

START_TEST(a_quota_is_enough_or_not)
{
    struct bench *b = bench_new(10);
    const char *vcpus = "service=ec2\ncode=L-1216C47A\n" TO,
               *ips = "service=ec2\ncode=L-0263D0A3\n" TO;
    char args[256];
    (void)snprintf(args, sizeof args, "%swant.minimum=640\n", vcpus);
    const struct evac_reply *r = look(b, "quota", "enough", args);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "quota"), 640);
    (void)snprintf(args, sizeof args, "%swant.minimum=641\n", vcpus);
    expect(look(b, "quota", "enough", args), EVAC_SEEN_UNSATISFIED);
    /* by default as the resource says */
    (void)snprintf(args, sizeof args, "%sminimum=641\n", vcpus);
    expect(look(b, "quota", "enough", args), EVAC_SEEN_UNSATISFIED);
    (void)snprintf(args, sizeof args, "%sminimum=641\nwant.minimum=640\n", vcpus);
    expect(look(b, "quota", "enough", args), EVAC_SEEN_SATISFIED);
    /* one that was never raised stands at its default */
    (void)snprintf(args, sizeof args, "%swant.minimum=5\n", ips);
    expect(look(b, "quota", "enough", args), EVAC_SEEN_SATISFIED);
    (void)snprintf(args, sizeof args, "%swant.minimum=6\n", ips);
    expect(look(b, "quota", "enough", args), EVAC_SEEN_UNSATISFIED);
    bench_control(
        b,
        "make service-quotas us-west-2 {\"service\":\"ec2\",\"code\":\"L-0263D0A3\",\"value\":9}");
    expect(look(b, "quota", "enough", args), EVAC_SEEN_SATISFIED);
    expect(look(b, "quota", "enough", "service=ec2\ncode=L-NONE\nwant.minimum=1\n" TO),
           EVAC_SEEN_BLOCKED);
    bench_control(b, "service service-quotas us-west-2 throttled");
    expect(look(b, "quota", "enough", args), EVAC_SEEN_UNSEEN);
    bench_free(b);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("elbv2");
    tcase_add_test(tc, enough_targets_must_be_healthy);
    tcase_add_test(tc, no_target_is_not_healthy);
    tcase_add_test(tc, a_target_group_is_ready_when_its_balancer_is_active);
    tcase_add_test(tc, what_can_not_be_seen_is_not_healthy);
    tcase_add_test(tc, an_instance_that_stops_is_used_no_more);
    tcase_add_test(tc, a_group_is_scaled_when_its_instances_are_healthy_behind_the_balancer);
    tcase_add_test(tc, instances_of_others_in_the_target_group_do_not_count);
    tcase_add_test(tc, what_a_group_ends_drains);
    tcase_add_test(tc, a_quota_is_enough_or_not);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("ELBv2 and quotas", cases)

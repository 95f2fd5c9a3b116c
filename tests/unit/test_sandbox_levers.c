/* Drivers that are rows of a table (aws_lever.h), before the model: what each sees, moves, and puts
 * back; and what all of them do when a service refuses, loses a reply or is away. */
#include "sandbox_bench.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

#define TO      "app=shop\nregion=us-west-2\nfrom=us-east-1\nto=us-west-2\nmode=ungraceful\nrun=7\n"
#define AT_FROM "app=shop\nregion=us-east-1\nfrom=us-east-1\nto=us-west-2\nmode=graceful\nrun=7\n"

#define GA_ARN   "arn:aws:globalaccelerator::123456789012:accelerator/a1"
#define GA_GROUP GA_ARN "/listener/l1/endpoint-group/g1"
#define MACHINE  "arn:aws:states:us-west-2:123456789012:stateMachine:rebuild"
#define PLAN_ARN "arn:aws:arc-region-switch::123456789012:plan/shop:1"
#define ELC_GROUP                                                                                  \
    "make elasticache us-east-1 {\"kind\":\"global\",\"name\":\"g-shop\",\"Members\":["            \
    "{\"ReplicationGroupId\":\"shop-use1\",\"ReplicationGroupRegion\":\"us-east-1\","              \
    "\"Role\":\"PRIMARY\",\"Status\":\"associated\"},"                                             \
    "{\"ReplicationGroupId\":\"shop-usw2\",\"ReplicationGroupRegion\":\"us-west-2\","              \
    "\"Role\":\"SECONDARY\",\"Status\":\"associated\"}]}"
#define ELC_ARGS "global_group=g-shop\ngroups.us-east-1=shop-use1\ngroups.us-west-2=shop-usw2\n"
#define KEY(region)                                                                                \
    "make kms " region " {\"kind\":\"key\",\"name\":\"mrk-1\",\"primary\":\"us-east-1\","          \
    "\"regions\":[\"us-east-1\",\"us-west-2\"]}"

/* One action's whole life: seen before, moved, seen after, put back, seen again. */
static const struct life {
    const char *driver, *action, *make[2], *args;
    enum evac_seen before;
    const char *truth; /* in the truth when it is done; NULL: the action only looks */
    bool back;         /* a rollback puts it back */
} lives[] = {
    { "lambda",
      "ready",
      { "make lambda us-west-2 {\"kind\":\"function\",\"name\":\"worker\"}" },
      "function=worker\n" TO,
      EVAC_SEEN_SATISFIED,
      NULL,
      false },
    { "lambda",
      "fence",
      { "make lambda us-east-1 {\"kind\":\"function\",\"name\":\"worker\"}" },
      "function=worker\n" AT_FROM,
      EVAC_SEEN_UNSATISFIED,
      "\"is\":{\"ReservedConcurrentExecutions\":0}",
      true },
    { "lambda",
      "reserve",
      { "make lambda us-west-2 {\"kind\":\"function\",\"name\":\"worker\"}" },
      "function=worker\nwant.reserved=50\n" TO,
      EVAC_SEEN_UNSATISFIED,
      "\"is\":{\"ReservedConcurrentExecutions\":50}",
      true },
    { "lambda",
      "scale",
      { "make lambda us-west-2 {\"kind\":\"function\",\"name\":\"worker\"}" },
      "function=worker\nqualifier=live\ncount.active=20\nwant.count=active\n" TO,
      EVAC_SEEN_UNSATISFIED,
      "\"AvailableProvisionedConcurrentExecutions\":20,",
      true },
    { "lambda",
      "resume",
      { "make lambda us-west-2 {\"kind\":\"mapping\",\"name\":\"m1\",\"State\":\"Disabled\"}",
        "make lambda us-west-2 {\"kind\":\"mapping\",\"name\":\"m2\"}" },
      "function=worker\nmappings=[\"m1\",\"m2\"]\n" TO,
      EVAC_SEEN_UNSATISFIED,
      "\"name\":\"m1\",\"is\":{\"UUID\":\"m1\",\"BatchSize\":10,\"StateTransitionReason\":"
      "\"USER_INITIATED\",\"EventSourceArn\":\"arn:aws:sqs:us-west-2:123456789012:orders\","
      "\"FunctionArn\":\"arn:aws:lambda:us-west-2:123456789012:function:worker\","
      "\"State\":\"Enabled\"",
      true },
    { "lambda",
      "pause",
      { "make lambda us-east-1 {\"kind\":\"mapping\",\"name\":\"m1\"}" },
      "function=worker\nmappings=m1\n" AT_FROM,
      EVAC_SEEN_UNSATISFIED,
      "\"State\":\"Disabled\"",
      true },
    { "events",
      "pause",
      { "make events us-east-1 {\"kind\":\"rule\",\"name\":\"nightly\"}" },
      "rules=[\"nightly\"]\nbus=default\n" AT_FROM,
      EVAC_SEEN_UNSATISFIED,
      "\"State\":\"DISABLED\"",
      true },
    { "events",
      "resume",
      { "make events us-west-2 {\"kind\":\"rule\",\"name\":\"nightly\",\"State\":\"DISABLED\"}",
        "make events us-west-2 {\"kind\":\"rule\",\"name\":\"hourly\"}" },
      "rules=[\"nightly\",\"hourly\"]\nbus=default\n" TO,
      EVAC_SEEN_UNSATISFIED,
      "\"State\":\"ENABLED\"",
      true },
    { "scheduler",
      "pause",
      { "make scheduler us-east-1 {\"kind\":\"schedule\",\"name\":\"n\",\"Description\":\"it "
        "\\\"is\\\"\"}" },
      "schedules=[\"n\"]\ngroup=default\n" AT_FROM,
      EVAC_SEEN_UNSATISFIED,
      "\"Arn\":\"arn:aws:lambda:us-east-1:123456789012:function:worker\",\"RoleArn\"",
      true },
    { "scheduler",
      "resume",
      { "make scheduler us-west-2 {\"kind\":\"schedule\",\"name\":\"n\",\"State\":\"DISABLED\"}" },
      "schedules=[\"n\"]\ngroup=default\n" TO,
      EVAC_SEEN_UNSATISFIED,
      "\"State\":\"ENABLED\"",
      true },
    { "app-scaling",
      "scale",
      { "make application-autoscaling us-west-2 {\"kind\":\"target\",\"name\":\"service/shop/web\","
        "\"MaxCapacity\":4}" },
      "resource_id=service/shop/web\nnamespace=ecs\ndimension=ecs:service:DesiredCount\n"
      "count.active=6\nwant.count=active\n" TO,
      EVAC_SEEN_UNSATISFIED,
      "\"MinCapacity\":6,\"MaxCapacity\":6",
      true },
    { "app-scaling",
      "hold",
      { "make application-autoscaling us-west-2 "
        "{\"kind\":\"target\",\"name\":\"service/shop/web\"}" },
      "resource_id=service/shop/web\nnamespace=ecs\ndimension=ecs:service:DesiredCount\n" TO,
      EVAC_SEEN_UNSATISFIED,
      "{\"DynamicScalingInSuspended\":true,\"DynamicScalingOutSuspended\":false,",
      true },
    { "elasticache", "ready", { ELC_GROUP }, ELC_ARGS TO, EVAC_SEEN_SATISFIED, NULL, false },
    { "elasticache",
      "failover",
      { ELC_GROUP },
      ELC_ARGS TO,
      EVAC_SEEN_UNSATISFIED,
      "\"ReplicationGroupRegion\":\"us-west-2\",\"Role\":\"PRIMARY\"",
      false },
    { "memorydb",
      "ready",
      { "make memorydb us-east-1 {\"kind\":\"multi-region\",\"name\":\"v-shop\",\"Clusters\":["
        "{\"ClusterName\":\"a\",\"Region\":\"us-west-2\",\"Status\":\"available\"}]}" },
      "cluster=v-shop\n" TO,
      EVAC_SEEN_SATISFIED,
      NULL,
      false },
    { "kms", "ready", { KEY("us-west-2") }, "key=mrk-1\n" TO, EVAC_SEEN_SATISFIED, NULL, false },
    { "kms",
      "primary",
      { KEY("us-east-1"), KEY("us-west-2") },
      "key=mrk-1\n" TO,
      EVAC_SEEN_UNSATISFIED,
      "\"primary\":\"us-west-2\"",
      true },
    { "secret",
      "ready",
      { "make secretsmanager us-west-2 "
        "{\"kind\":\"secret\",\"name\":\"db\",\"PrimaryRegion\":\"us-east-1\"}" },
      "secret=db\n" TO,
      EVAC_SEEN_SATISFIED,
      NULL,
      false },
    { "secret",
      "promote",
      { "make secretsmanager us-west-2 "
        "{\"kind\":\"secret\",\"name\":\"db\",\"PrimaryRegion\":\"us-east-1\"}" },
      "secret=db\n" TO,
      EVAC_SEEN_UNSATISFIED,
      "\"Name\":\"db\",\"RotationEnabled\":false}",
      false },
    { "secret",
      "replicate",
      { "make secretsmanager us-west-2 {\"kind\":\"secret\",\"name\":\"db\"}" },
      "secret=db\n" TO,
      EVAC_SEEN_UNSATISFIED,
      "{\"Region\":\"us-east-1\",\"Status\":\"InSync\"}",
      false },
    { "sqs",
      "drained",
      { "make sqs us-east-1 {\"kind\":\"queue\",\"name\":\"orders\"}" },
      "url=https://sqs.us-east-1.amazonaws.com/123456789012/orders\nwant.most=0\n" AT_FROM,
      EVAC_SEEN_SATISFIED,
      NULL,
      false },
    { "sqs",
      "ready",
      { "make sqs us-west-2 {\"kind\":\"queue\",\"name\":\"orders\"}" },
      "url=https://sqs.us-west-2.amazonaws.com/123456789012/orders\n" TO,
      EVAC_SEEN_SATISFIED,
      NULL,
      false },
    { "kinesis",
      "ready",
      { "make kinesis us-west-2 {\"kind\":\"stream\",\"name\":\"clicks\"}" },
      "stream=clicks\nshards=4\n" TO,
      EVAC_SEEN_SATISFIED,
      NULL,
      false },
    { "ssm",
      "ready",
      { "make ssm us-west-2 {\"kind\":\"parameter\",\"name\":\"/shop/mode\"}" },
      "label=l\nparameter=/shop/mode\n" TO,
      EVAC_SEEN_SATISFIED,
      NULL,
      false },
    { "ssm",
      "set",
      { "make ssm us-west-2 {\"kind\":\"parameter\",\"name\":\"/shop/mode\",\"Value\":\"a|b\"}" },
      "label=l\nparameter=/shop/mode\nwant.value=active\n" TO,
      EVAC_SEEN_UNSATISFIED,
      "\"Value\":\"active\"",
      true },
    { "ssm",
      "automate",
      { "make ssm us-west-2 {\"kind\":\"document\",\"name\":\"Warm\"}" },
      "label=l\nwant.document=Warm\nwant.parameters={\"A\":[\"b\"]}\n" TO,
      EVAC_SEEN_UNSATISFIED,
      "\"AutomationExecutionStatus\":\"Success\"",
      false },
    { "ssm",
      "command",
      { "make ssm us-west-2 {\"kind\":\"document\",\"name\":\"AWS-RunShellScript\"}" },
      "label=l\ninstances=[\"i-1\"]\nwant.document=AWS-RunShellScript\n"
      "want.parameters={\"commands\":[\"true\"]}\n" TO,
      EVAC_SEEN_UNSATISFIED,
      "\"Comment\":\"evac:l:shop:7\"",
      false },
    { "stepfunctions",
      "execute",
      { "make stepfunctions us-west-2 {\"kind\":\"machine\",\"name\":\"rebuild\"}" },
      "machine=" MACHINE "\nwant.name=evac\nwant.input={\"a\":1}\n" TO,
      EVAC_SEEN_UNSATISFIED,
      "execution:rebuild:evac-shop-7",
      false },
    { "global-accelerator",
      "dial",
      { "make globalaccelerator us-west-2 {\"kind\":\"accelerator\",\"name\":\"" GA_ARN "\"}",
        "make globalaccelerator us-west-2 {\"kind\":\"endpoint-group\",\"name\":\"" GA_GROUP
        "\"}" },
      "endpoint_group=" GA_GROUP "\nwant.percent=0\n" AT_FROM,
      EVAC_SEEN_UNSATISFIED,
      "\"TrafficDialPercentage\":0",
      true },
    { "global-accelerator",
      "healthy",
      { "make globalaccelerator us-west-2 {\"kind\":\"endpoint-group\",\"name\":\"" GA_GROUP "\","
        "\"EndpointDescriptions\":[{\"EndpointId\":\"a\",\"HealthState\":\"HEALTHY\"},"
        "{\"EndpointId\":\"b\",\"HealthState\":\"UNHEALTHY\"}]}" },
      "endpoint_group=" GA_GROUP "\nwant.minimum=1\n" TO,
      EVAC_SEEN_SATISFIED,
      NULL,
      false },
    { "health", "quiet", { NULL }, "services=[]\n" TO, EVAC_SEEN_SATISFIED, NULL, false },
    { "region-switch",
      "ready",
      { "make arc-region-switch us-west-2 {\"kind\":\"plan\",\"name\":\"" PLAN_ARN "\"}" },
      "plan=" PLAN_ARN "\n" TO,
      EVAC_SEEN_SATISFIED,
      NULL,
      false },
    { "region-switch",
      "execute",
      { "make arc-region-switch us-west-2 {\"kind\":\"plan\",\"name\":\"" PLAN_ARN "\"}" },
      "plan=" PLAN_ARN "\nwant.action=activate\n" TO,
      EVAC_SEEN_UNSATISFIED,
      "\"executionState\":\"completed\"",
      false },
    { "api-gateway",
      "ready",
      { "make apigateway us-west-2 {\"kind\":\"domain\",\"name\":\"api.example.com\"}" },
      "domain=api.example.com\n" TO,
      EVAC_SEEN_SATISFIED,
      NULL,
      false },
    { "api-gateway",
      "map",
      { "make apigateway us-west-2 "
        "{\"kind\":\"base-path\",\"name\":\"api.example.com/v1\",\"restApiId\":\"old\"}" },
      "domain=api.example.com\npath=v1\nwant.api=new\n" TO,
      EVAC_SEEN_UNSATISFIED,
      "\"restApiId\":\"new\"",
      true },
    { "api-gateway",
      "map-http",
      { "make apigateway us-west-2 "
        "{\"kind\":\"mapping\",\"name\":\"api.example.com/m1\",\"apiId\":\"old\"}" },
      "domain=api.example.com\nmapping=m1\nwant.api=new\n" TO,
      EVAC_SEEN_UNSATISFIED,
      "\"apiId\":\"new\"",
      true },
    { "cloudfront",
      "ready",
      { "make cloudfront us-east-1 {\"kind\":\"distribution\",\"name\":\"E1\",\"origins\":\"use1 "
        "usw2\",\"target\":\"use1\"}" },
      "distribution=E1\norigins.us-west-2=usw2\n" TO,
      EVAC_SEEN_SATISFIED,
      NULL,
      false },
    { "cloudfront",
      "route",
      { "make cloudfront us-east-1 {\"kind\":\"distribution\",\"name\":\"E1\",\"origins\":\"use1 "
        "usw2\",\"target\":\"use1\"}" },
      "distribution=E1\norigins.us-west-2=usw2\n" TO,
      EVAC_SEEN_UNSATISFIED,
      "\"target\":\"usw2\"",
      true },
    { "eks",
      "ready",
      { "make eks us-west-2 {\"kind\":\"nodegroup\",\"name\":\"shop/workers\"}" },
      "cluster=shop\nnodegroup=workers\n" TO,
      EVAC_SEEN_SATISFIED,
      NULL,
      false },
    { "eks",
      "scale",
      { "make eks us-west-2 {\"kind\":\"nodegroup\",\"name\":\"shop/workers\"}" },
      "cluster=shop\nnodegroup=workers\ncount.active=6\nwant.count=active\n" TO,
      EVAC_SEEN_UNSATISFIED,
      "\"minSize\":1,\"maxSize\":6,\"desiredSize\":6",
      true },
};
#define LIVES     ((int)(sizeof lives / sizeof lives[0]))
#define SETTLE_MS 60000u

static struct bench *begin(const struct life *l)
{
    struct bench *b = bench_new(60);
    for (size_t i = 0; i < 2 && l->make[i]; i++)
        bench_control(b, "%s", l->make[i]);
    return b;
}

static void agrees(const struct life *l, const struct evac_reply *r, enum evac_seen seen)
{
    ck_assert_msg(r->seen == seen, "%s.%s is %s: %.*s", l->driver, l->action,
                  evac_seen_name(r->seen), EVAC_STR_ARG(r->reason));
}

static void apply(struct bench *b, const struct life *l, enum evac_outcome outcome)
{
    const struct evac_reply *r = bench_call(b, l->driver, EVAC_VERB_APPLY, l->action, l->args);
    ck_assert_msg(r->outcome == outcome, "%s.%s: %s: %.*s", l->driver, l->action,
                  evac_outcome_name(r->outcome), EVAC_STR_ARG(r->reason));
}

static const struct evac_reply *look(struct bench *b, const struct life *l)
{
    return bench_call(b, l->driver, EVAC_VERB_OBSERVE, l->action, l->args);
}

static const struct evac_reply *settle(struct bench *b, const struct life *l)
{
    return bench_settle(b, l->driver, l->action, l->args, SETTLE_MS);
}

START_TEST(each_action_is_seen_moved_and_put_back)
{
    const struct life *l = &lives[_i];
    struct bench *b = begin(l);
    char before[8192];
    const struct evac_reply *r = look(b, l);
    agrees(l, r, l->before);
    ck_assert(evac_str_copy(before, sizeof before, r->snapshot));
    if (l->truth) {
        apply(b, l, EVAC_OUTCOME_ACCEPTED);
        agrees(l, settle(b, l), EVAC_SEEN_SATISFIED);
        ck_assert_msg(bench_true(b, l->truth), "%s.%s: the truth has no %s", l->driver, l->action,
                      l->truth);
        apply(b, l, EVAC_OUTCOME_ACCEPTED); /* again: nothing to do */
        agrees(l, settle(b, l), EVAC_SEEN_SATISFIED);
    }
    if (l->back) {
        bench_run(b, 1000); /* Global Accelerator deploys one change before it takes the next */
        bench_goal(b, before);
        agrees(l, look(b, l), EVAC_SEEN_UNSATISFIED);
        apply(b, l, EVAC_OUTCOME_ACCEPTED);
        agrees(l, settle(b, l), EVAC_SEEN_SATISFIED);
        bench_goal(b, "");
        agrees(l, settle(b, l), EVAC_SEEN_UNSATISFIED);
    }
    bench_free(b);
}
END_TEST

static const char *service_of(const struct life *l)
{
    static const char *const services[][2] = {
        { "app-scaling", "application-autoscaling" },
        { "secret", "secretsmanager" },
        { "global-accelerator", "globalaccelerator" },
        { "region-switch", "arc-region-switch" },
        { "api-gateway", "apigateway" },
    };
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
        if (strcmp(services[i][0], l->driver) == 0)
            return services[i][1];
    return l->driver;
}

static const char *place_of(const struct life *l)
{
    if (strcmp(l->driver, "health") == 0 || strcmp(l->driver, "cloudfront") == 0)
        return "us-east-1";
    return strstr(l->args, "region=us-east-1") && strcmp(l->driver, "global-accelerator") != 0
               ? "us-east-1"
               : "us-west-2";
}

/* The change happened, the reply did not come: seen, and not done twice. */
START_TEST(a_lost_reply_is_unknown_and_the_change_is_found)
{
    const struct life *l = &lives[_i];
    if (!l->truth || strcmp(l->action, "primary") == 0)
        return;
    struct bench *b = begin(l);
    bench_control(b, "service %s %s lost-mutation 1", service_of(l), place_of(l));
    apply(b, l, EVAC_OUTCOME_UNKNOWN);
    agrees(l, settle(b, l), EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

START_TEST(what_can_not_be_asked_is_not_seen_and_nothing_is_sent)
{
    static const struct {
        const char *fault;
        enum evac_outcome outcome;
    } faults[] = { { "denied", EVAC_OUTCOME_NOT_SENT },
                   { "throttled", EVAC_OUTCOME_THROTTLED },
                   { "down", EVAC_OUTCOME_NOT_SENT } };
    const struct life *l = &lives[_i];
    struct bench *b = begin(l);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        bench_control(b, "service %s %s %s", service_of(l), place_of(l), faults[i].fault);
        bool elsewhere = strcmp(l->driver, "health") == 0 && strcmp(faults[i].fault, "down") == 0;
        agrees(l, look(b, l), elsewhere ? EVAC_SEEN_SATISFIED : EVAC_SEEN_UNSEEN);
        if (l->truth)
            apply(b, l, faults[i].outcome);
        bench_control(b, "service %s %s up", service_of(l), place_of(l));
    }
    agrees(l, look(b, l), l->before); /* nothing has moved */
    bench_free(b);
}
END_TEST

START_TEST(what_is_not_there_blocks_and_says_so)
{
    const struct life *l = &lives[_i];
    struct life nothing = *l;
    nothing.make[0] = nothing.make[1] = NULL;
    if (!l->make[0] || strcmp(l->action, "execute") == 0 || strcmp(l->action, "automate") == 0 ||
        strcmp(l->action, "command") == 0)
        return;
    struct bench *b = begin(&nothing);
    const struct evac_reply *r = look(b, l);
    agrees(l, r, EVAC_SEEN_BLOCKED);
    ck_assert(evac_str_has(r->reason, "there is no"));
    if (l->truth)
        apply(b, l, EVAC_OUTCOME_REJECTED);
    bench_free(b);
}
END_TEST

static struct evac_str text(const struct evac_reply *r)
{
    return r->reason;
}

START_TEST(an_execution_that_failed_blocks)
{
    static const struct life failing[] = {
        { "ssm",
          "automate",
          { "make ssm us-west-2 {\"kind\":\"document\",\"name\":\"Warm\",\"result\":\"Failed\"}" },
          "label=l\nwant.document=Warm\nwant.parameters={}\n" TO,
          EVAC_SEEN_UNSATISFIED,
          "",
          false },
        { "stepfunctions",
          "execute",
          { "make stepfunctions us-west-2 "
            "{\"kind\":\"machine\",\"name\":\"rebuild\",\"result\":\"FAILED\"}" },
          "machine=" MACHINE "\nwant.name=evac\nwant.input={}\n" TO,
          EVAC_SEEN_UNSATISFIED,
          "",
          false },
        { "region-switch",
          "execute",
          { "make arc-region-switch us-west-2 {\"kind\":\"plan\",\"name\":\"" PLAN_ARN
            "\",\"result\":\"pausedByFailedStep\"}" },
          "plan=" PLAN_ARN "\nwant.action=activate\n" TO,
          EVAC_SEEN_UNSATISFIED,
          "",
          false },
    };
    for (size_t i = 0; i < 3; i++) {
        struct bench *b = begin(&failing[i]);
        apply(b, &failing[i], EVAC_OUTCOME_ACCEPTED);
        const struct evac_reply *r = settle(b, &failing[i]);
        agrees(&failing[i], r, EVAC_SEEN_BLOCKED);
        ck_assert(text(r).n > 0);
        bench_free(b);
    }
}
END_TEST

START_TEST(capacity_that_does_not_come_blocks)
{
    struct bench *b = bench_new(60);
    const char *args = "function=worker\nqualifier=live\ncount.active=20\nwant.count=active\n" TO;
    bench_control(b, "make lambda us-west-2 {\"kind\":\"function\",\"name\":\"worker\"}");
    bench_control(b, "service lambda us-west-2 capacity-refused");
    (void)bench_call(b, "lambda", EVAC_VERB_APPLY, "scale", args);
    const struct evac_reply *r = bench_settle(b, "lambda", "scale", args, SETTLE_MS);
    ck_assert_int_eq(r->seen, EVAC_SEEN_BLOCKED);
    ck_assert(evac_str_has(r->reason, "FAILED"));
    bench_free(b);
}
END_TEST

START_TEST(an_invocation_says_what_the_function_said)
{
    struct bench *b = bench_new(60);
    const char *args = "function=worker\nwant.payload={\"step\":1}\n" TO;
    bench_control(b, "make lambda us-west-2 {\"kind\":\"function\",\"name\":\"worker\"}");
    const struct evac_reply *r = bench_call(b, "lambda", EVAC_VERB_APPLY, "invoke", args);
    ck_assert_int_eq(r->outcome, EVAC_OUTCOME_ACCEPTED);
    ck_assert(bench_true(b, "\\\"input\\\":{\\\"step\\\":1}"));
    bench_control(
        b, "make lambda us-west-2 {\"kind\":\"function\",\"name\":\"worker\",\"fails\":true}");
    r = bench_call(b, "lambda", EVAC_VERB_APPLY, "invoke", args);
    ck_assert_int_eq(r->outcome, EVAC_OUTCOME_UNKNOWN); /* it ran, and who knows how far */
    ck_assert(evac_str_has(r->reason, "it broke"));
    (void)bench_call(b, "lambda", EVAC_VERB_APPLY, "fence", "function=worker\n" TO);
    r = bench_call(b, "lambda", EVAC_VERB_APPLY, "invoke", args);
    ck_assert_int_eq(r->outcome, EVAC_OUTCOME_THROTTLED); /* fenced: nobody gets in */
    bench_free(b);
}
END_TEST

START_TEST(messages_go_out_and_refusals_inside_a_200_are_seen)
{
    struct bench *b = bench_new(60);
    bench_control(b, "make sns us-west-2 {\"kind\":\"topic\",\"name\":\"oncall\"}");
    const char *topic = "topic=arn:aws:sns:us-west-2:123456789012:oncall\nwant.message=we move & "
                        "act\nwant.subject=evac\n" TO;
    const struct evac_reply *r = bench_call(b, "sns", EVAC_VERB_APPLY, "publish", topic);
    ck_assert_int_eq(r->outcome, EVAC_OUTCOME_ACCEPTED);
    ck_assert(bench_true(b, "we move & act (shop: us-east-1 to us-west-2, ungraceful, run 7)"));
    r = bench_call(b, "events", EVAC_VERB_APPLY, "publish",
                   "bus=default\nwant.detail_type=evac failover\nwant.source=evac\n" TO);
    ck_assert_int_eq(r->outcome, EVAC_OUTCOME_ACCEPTED);
    r = bench_call(b, "events", EVAC_VERB_APPLY, "publish", "bus=default\nwant.source=evac\n" TO);
    ck_assert_int_eq(r->outcome, EVAC_OUTCOME_REJECTED); /* no detail type */
    ck_assert(evac_str_has(r->reason, "required"));
    bench_free(b);
}
END_TEST

/* A message of the controller's own: no run, no direction, perhaps no app. */
#define TELL                                                                                       \
    "want.id=abcdefghijklmnopqrstuvwxyz\nwant.key=incident/us-east-1\nwant.state=trigger\n"        \
    "want.kind=incident\nwant.severity=critical\nwant.about=fleet\nwant.subject=us-east-1: one "   \
    "incident\nwant.text=200 apps\nwant.json={\"a\":\"b\"}\nregion=us-west-2\n"

START_TEST(the_controllers_own_messages_go_to_topics_and_buses)
{
    struct bench *b = bench_new(61);
    bench_control(b, "make sns us-west-2 {\"kind\":\"topic\",\"name\":\"oncall\"}");
    const struct evac_reply *r =
        bench_call(b, "sns", EVAC_VERB_APPLY, "tell",
                   "topic=arn:aws:sns:us-west-2:123456789012:oncall\n" TELL);
    ck_assert_int_eq(r->outcome, EVAC_OUTCOME_ACCEPTED);
    ck_assert(bench_true(b, "200 apps"));
    r = bench_call(b, "sns", EVAC_VERB_APPLY, "tell",
                   "topic=arn:aws:sns:us-west-2:123456789012:nobody\n" TELL);
    ck_assert_int_eq(r->outcome, EVAC_OUTCOME_REJECTED);
    r = bench_call(b, "events", EVAC_VERB_APPLY, "tell", "bus=default\n" TELL);
    ck_assert_int_eq(r->outcome, EVAC_OUTCOME_ACCEPTED);
    ck_assert(bench_true(b, "evac incident"));
    ck_assert(bench_true(b, "{\\\"a\\\":\\\"b\\\"}"));
    bench_free(b);
}
END_TEST

START_TEST(a_stream_is_drained_when_its_readers_have_caught_up)
{
    struct bench *b = bench_new(10);
    const char *args = "stream=clicks\nconsumers=shared\nwant.most=0s\n" AT_FROM;
    bench_control(b, "make kinesis us-east-1 {\"kind\":\"stream\",\"name\":\"clicks\"}");
    bench_run(b, 30000);
    const struct evac_reply *r = bench_call(b, "kinesis", EVAC_VERB_OBSERVE, "drained", args);
    ck_assert_msg(r->seen == EVAC_SEEN_UNSEEN, "nobody reads: nothing is known");
    bench_control(
        b, "make kinesis us-east-1 {\"kind\":\"reader\",\"name\":\"clicks\",\"behind_ms\":1500}");
    bench_run(b, 90000);
    r = bench_call(b, "kinesis", EVAC_VERB_OBSERVE, "drained", args);
    ck_assert_int_eq(r->seen, EVAC_SEEN_UNSATISFIED);
    ck_assert_int_eq(bench_fact(r, "behind_ms"), 1500);
    r = bench_call(b, "kinesis", EVAC_VERB_OBSERVE, "drained",
                   "stream=clicks\nconsumers=shared\nwant.most=2s\n" AT_FROM);
    ck_assert_int_eq(r->seen, EVAC_SEEN_SATISFIED);
    bench_control(b, "make kinesis us-east-1 {\"kind\":\"reader\",\"name\":\"clicks\"}");
    bench_run(b, 120000);
    r = bench_call(b, "kinesis", EVAC_VERB_OBSERVE, "drained", args);
    ck_assert_int_eq(r->seen, EVAC_SEEN_SATISFIED);
    ck_assert(!r->strong);
    bench_control(b, "region us-east-1 down");
    r = bench_call(b, "kinesis", EVAC_VERB_OBSERVE, "drained", args);
    ck_assert_int_eq(r->seen, EVAC_SEEN_UNSEEN);
    bench_run(b, 300000);
    bench_control(b, "region us-east-1 up");
    r = bench_call(b, "kinesis", EVAC_VERB_OBSERVE, "drained", args);
    ck_assert_msg(r->seen == EVAC_SEEN_UNSEEN,
                  "what was so before the region was away says nothing");
    bench_free(b);
}
END_TEST

START_TEST(an_event_at_a_global_endpoint_reaches_whichever_region_is_there)
{
    struct bench *b = bench_new(10);
    bench_control(b, "make events us-east-1 "
                     "{\"kind\":\"endpoint\",\"name\":\"abcde.veo\",\"secondary\":\"us-west-2\"}");
    const char *args = "endpoint=abcde.veo\nbus=default\nwant.detail_type=evac failover\n"
                       "want.source=evac\n" TO;
    const struct evac_reply *r = bench_call(b, "events", EVAC_VERB_APPLY, "publish-global", args);
    ck_assert_int_eq(r->outcome, EVAC_OUTCOME_ACCEPTED);
    ck_assert(bench_true(b, "{\"region\":\"us-east-1\",\"kind\":\"event\""));
    bench_control(b, "region us-east-1 down");
    r = bench_call(b, "events", EVAC_VERB_APPLY, "publish-global", args);
    ck_assert_int_eq(r->outcome, EVAC_OUTCOME_ACCEPTED);
    ck_assert(bench_true(b, "{\"region\":\"us-west-2\",\"kind\":\"event\""));
    r = bench_call(b, "events", EVAC_VERB_APPLY, "publish-global",
                   "endpoint=nobody.veo\nbus=default\nwant.detail_type=x\nwant.source=evac\n" TO);
    ck_assert_int_eq(r->outcome, EVAC_OUTCOME_REJECTED);
    bench_free(b);
}
END_TEST

START_TEST(a_key_can_not_be_taken_from_a_region_that_is_down)
{
    struct bench *b = bench_new(60);
    bench_control(b, "%s", KEY("us-east-1"));
    bench_control(b, "%s", KEY("us-west-2"));
    bench_control(b, "region us-east-1 down");
    ck_assert_int_eq(bench_call(b, "kms", EVAC_VERB_OBSERVE, "ready", "key=mrk-1\n" TO)->seen,
                     EVAC_SEEN_SATISFIED);
    const struct evac_reply *r = bench_call(b, "kms", EVAC_VERB_APPLY, "primary", "key=mrk-1\n" TO);
    ck_assert_int_ne(r->outcome, EVAC_OUTCOME_ACCEPTED);
    bench_free(b);
}
END_TEST

START_TEST(an_issue_is_reported_wherever_health_answers)
{
    struct bench *b = bench_new(60);
    const char *args = "services=[\"EC2\"]\n" TO;
    bench_control(
        b, "make health us-east-1 {\"kind\":\"event\",\"name\":\"e1\",\"region\":\"us-west-2\"}");
    const struct evac_reply *r = bench_call(b, "health", EVAC_VERB_OBSERVE, "quiet", args);
    ck_assert_int_eq(r->seen, EVAC_SEEN_UNSATISFIED);
    ck_assert_int_eq(bench_fact(r, "value"), 1);
    bench_control(b, "region us-east-1 down");
    r = bench_call(b, "health", EVAC_VERB_OBSERVE, "quiet", args);
    ck_assert_int_eq(r->seen, EVAC_SEEN_UNSATISFIED);
    bench_free(b);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *t = tcase_create("levers");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, each_action_is_seen_moved_and_put_back, 0, LIVES);
    tcase_add_loop_test(t, a_lost_reply_is_unknown_and_the_change_is_found, 0, LIVES);
    tcase_add_loop_test(t, what_can_not_be_asked_is_not_seen_and_nothing_is_sent, 0, LIVES);
    tcase_add_loop_test(t, what_is_not_there_blocks_and_says_so, 0, LIVES);
    tcase_add_test(t, an_execution_that_failed_blocks);
    tcase_add_test(t, capacity_that_does_not_come_blocks);
    tcase_add_test(t, an_invocation_says_what_the_function_said);
    tcase_add_test(t, messages_go_out_and_refusals_inside_a_200_are_seen);
    tcase_add_test(t, the_controllers_own_messages_go_to_topics_and_buses);
    tcase_add_test(t, a_stream_is_drained_when_its_readers_have_caught_up);
    tcase_add_test(t, an_event_at_a_global_endpoint_reaches_whichever_region_is_there);
    tcase_add_test(t, a_key_can_not_be_taken_from_a_region_that_is_down);
    tcase_add_test(t, an_issue_is_reported_wherever_health_answers);
    suite_add_tcase(suite, t);
}

EVAC_TEST_MAIN("drivers on levers", cases)

/* What would fail on the day, told before it: each thing is broken in the sandbox, and the driver
 * says so in one sentence. */
#include "sandbox_bench.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

#define TO      "app=shop\nregion=us-west-2\nfrom=us-east-1\nto=us-west-2\nmode=ungraceful\nrun=7\n"
#define AT_FROM "app=shop\nregion=us-east-1\nfrom=us-east-1\nto=us-west-2\nmode=graceful\nrun=7\n"

static const struct evac_reply *look(struct bench *b, const char *driver, const char *action,
                                     const char *args)
{
    return bench_call(b, driver, EVAC_VERB_OBSERVE, action, args);
}

static void agrees(const struct evac_reply *r, enum evac_seen seen, const char *reason)
{
    ck_assert_msg(r->seen == seen, "%s: %.*s", evac_seen_name(r->seen), EVAC_STR_ARG(r->reason));
    ck_assert_msg(evac_str_is(r->reason, reason), "said: %.*s\nnot:  %s", EVAC_STR_ARG(r->reason),
                  reason);
}

/* --- permissions ------------------------------------------------------------------------------ */

#define SOME "want.permissions=ecs:UpdateService rds:FailoverGlobalCluster sns:Publish\n"
#define USER "arn:aws:iam::123456789012:user/evac"

START_TEST(every_permission_that_is_refused_is_named_with_its_reason)
{
    struct bench *b = bench_new(10);
    agrees(look(b, "iam", "allowed", SOME TO), EVAC_SEEN_SATISFIED,
           USER " may do all of it: 3 permissions");
    bench_control(b, "make iam us-east-1 {\"kind\":\"user\",\"name\":\"evac\",\"denied\":["
                     "\"rds:FailoverGlobalCluster\"],\"unlisted\":[\"ecs:*\"]}");
    const struct evac_reply *r = look(b, "iam", "allowed", SOME TO);
    agrees(r, EVAC_SEEN_BLOCKED,
           USER " may not: ecs:UpdateService (no policy allows it), rds:FailoverGlobalCluster (a "
                "policy denies it)");
    ck_assert_int_eq(bench_fact(r, "asked"), 3);
    ck_assert_int_eq(bench_fact(r, "refused"), 2);
    agrees(look(b, "iam", "allowed", "except=[\"ecs:UpdateService\"]\n" SOME TO), EVAC_SEEN_BLOCKED,
           USER " may not: rds:FailoverGlobalCluster (a policy denies it)");
    bench_control(b, "make iam us-east-1 {\"kind\":\"user\",\"name\":\"evac\",\"boundary\":["
                     "\"sns:Publish\"],\"organization\":[\"rds:*\"],\"needs\":{"
                     "\"ecs:UpdateService\":\"aws:SourceVpc\"}}");
    agrees(look(b, "iam", "allowed", SOME TO), EVAC_SEEN_BLOCKED,
           USER " may not: ecs:UpdateService (no policy allows it without aws:SourceVpc), "
                "rds:FailoverGlobalCluster (the organization does not allow it), sns:Publish (the "
                "permissions boundary does not allow it)");
    bench_free(b);
}
END_TEST

START_TEST(a_policy_for_the_usual_region_only_is_found)
{
    struct bench *b = bench_new(10);
    const char *args = "want.permissions=route53:ChangeResourceRecordSets sns:Publish\n";
    char to[300], from[300];
    snprintf(to, sizeof to, "%s" TO, args);
    snprintf(from, sizeof from, "%s" AT_FROM, args);
    bench_control(b, "make iam us-east-1 {\"kind\":\"user\",\"name\":\"evac\",\"regions\":["
                     "\"us-east-1\"]}");
    agrees(look(b, "iam", "allowed", from), EVAC_SEEN_SATISFIED,
           USER " may do all of it: 2 permissions");
    agrees(look(b, "iam", "allowed", to), EVAC_SEEN_BLOCKED,
           USER " may not: sns:Publish (no policy allows it)");
    bench_free(b);
}
END_TEST

START_TEST(a_policy_that_names_its_resources_is_asked_for_those)
{
    struct bench *b = bench_new(10);
#define WEB  "arn:aws:ecs:us-west-2:123456789012:service/shop/web"
#define MORE "arn:aws:ecs:us-west-2:123456789012:service/shop/more"
    bench_control(b, "make iam us-east-1 {\"kind\":\"user\",\"name\":\"evac\",\"only_for\":{"
                     "\"ecs:*\":[\"" WEB "\"]}}");
    agrees(look(b, "iam", "allowed", SOME TO), EVAC_SEEN_BLOCKED,
           USER " may not: ecs:UpdateService (no policy allows it)");
    agrees(look(b, "iam", "allowed", "resources.ecs=[\"" WEB "\"]\n" SOME TO), EVAC_SEEN_SATISFIED,
           USER " may do all of it: 3 permissions");
    agrees(look(b, "iam", "allowed", "resources.ecs=[\"" MORE "\",\"" WEB "\"]\n" SOME TO),
           EVAC_SEEN_SATISFIED, USER " may do all of it: 3 permissions");
    agrees(look(b, "iam", "allowed", "resources.ecs=[\"" MORE "\"]\n" SOME TO), EVAC_SEEN_BLOCKED,
           USER " may not: ecs:UpdateService (no policy allows it)");
    bench_free(b);
}
END_TEST

START_TEST(many_permissions_come_in_pages_and_batches)
{
    struct bench *b = bench_new(10);
    char args[8192] = "want.permissions=";
    size_t n = strlen(args);
    for (int i = 0; i < 123; i++)
        n += (size_t)snprintf(args + n, sizeof args - n, "svc%d:Do ", i);
    snprintf(args + n, sizeof args - n, "\n" TO);
    bench_control(b, "make iam us-east-1 {\"kind\":\"user\",\"name\":\"evac\",\"page\":7,"
                     "\"denied\":[\"svc6:Do\",\"svc122:Do\"]}");
    const struct evac_reply *r = look(b, "iam", "allowed", args);
    agrees(r, EVAC_SEEN_BLOCKED,
           USER " may not: svc6:Do (a policy denies it), svc122:Do (a policy denies it)");
    ck_assert_int_eq(bench_fact(r, "asked"), 123);
    bench_free(b);
}
END_TEST

START_TEST(whoever_assumed_a_role_is_asked_about_as_that_role)
{
    struct bench *b = bench_new(10);
    bench_control(b, "make iam us-east-1 {\"kind\":\"caller\",\"name\":"
                     "\"arn:aws:sts::123456789012:assumed-role/evac/i-1\"}");
    agrees(look(b, "iam", "allowed", SOME TO), EVAC_SEEN_BLOCKED, "there is no such role: evac");
    bench_control(b, "make iam us-east-1 {\"kind\":\"role\",\"name\":\"evac\",\"path\":\"/ops/\","
                     "\"denied\":[\"sns:*\"]}");
    const char *words =
        "arn:aws:iam::123456789012:role/ops/evac may not: sns:Publish (a policy denies it)";
    agrees(look(b, "iam", "allowed", SOME TO), EVAC_SEEN_BLOCKED, words);
    agrees(look(b, "iam", "allowed", "role=evac\n" SOME TO), EVAC_SEEN_BLOCKED, words);
    agrees(look(b, "iam", "allowed", "role=arn:aws:iam::123456789012:role/ops/evac\n" SOME TO),
           EVAC_SEEN_BLOCKED, words);
    agrees(look(b, "iam", "allowed", "role=arn:aws:iam::123456789012:role/evac\n" SOME TO),
           EVAC_SEEN_BLOCKED, "there is no such role or user: arn:aws:iam::123456789012:role/evac");
    bench_free(b);
}
END_TEST

START_TEST(who_is_nobody_or_away_is_not_called_allowed)
{
    struct bench *b = bench_new(10);
    bench_control(b, "service iam us-east-1 down");
    ck_assert_int_eq(look(b, "iam", "allowed", SOME TO)->seen, EVAC_SEEN_UNSEEN);
    bench_control(b, "service iam us-east-1 up");
    bench_control(b, "service iam us-east-1 denied");
    ck_assert_int_eq(look(b, "iam", "allowed", SOME TO)->seen, EVAC_SEEN_UNSEEN);
    bench_control(b, "service iam us-east-1 up");
    bench_control(b, "make iam us-east-1 {\"kind\":\"caller\",\"name\":"
                     "\"arn:aws:iam::123456789012:root\"}");
    agrees(look(b, "iam", "allowed", SOME TO), EVAC_SEEN_UNSEEN,
           "arn:aws:iam::123456789012:root is no role and no user: nobody can say what it may");
    bench_free(b);
}
END_TEST

/* --- both regions the same -------------------------------------------------------------------- */

#define WEB_SERVICE "cluster=shop\nservice=web\n"
#define DEFINITION  "make ecs %s {\"kind\":\"task-definition\",\"name\":\"web:1\","
#define CONTAINER(region, tag, more)                                                               \
    "\"containerDefinitions\":[{\"name\":\"app\","                                                 \
    "\"image\":\"123456789012.dkr.ecr." region ".amazonaws.com/web:" tag "\"" more "}]}"

START_TEST(a_service_whose_image_and_size_differ_is_not_the_same)
{
    struct bench *b = bench_new(10);
    agrees(look(b, "ecs", "parity", WEB_SERVICE TO), EVAC_SEEN_SATISFIED,
           "the same in us-east-1 and us-west-2: 12 values");
    bench_control(b, DEFINITION "\"cpu\":\"1024\"," CONTAINER("us-east-1", "41", ""), "us-east-1");
    bench_control(b, DEFINITION CONTAINER("us-west-2", "40", ""), "us-west-2");
    const struct evac_reply *r = look(b, "ecs", "parity", WEB_SERVICE TO);
    agrees(r, EVAC_SEEN_BLOCKED, "image: web:41 in us-east-1, web:40 in us-west-2; cpu: 1024, 512");
    ck_assert_int_eq(bench_fact(r, "compared"), 12);
    ck_assert_int_eq(bench_fact(r, "differences"), 2);
    ck_assert(evac_str_has(r->snapshot, "\"us-west-2\":{\"platform version\":[\"1.4.0\"]"));
    ck_assert(evac_str_has(r->snapshot, ".us-east-1.amazonaws.com/web:41\"]"));
    agrees(look(b, "ecs", "parity", "parity_ignore=[\"image\"]\n" WEB_SERVICE TO),
           EVAC_SEEN_BLOCKED, "cpu: 1024 in us-east-1, 512 in us-west-2");
    bench_free(b);
}
END_TEST

START_TEST(names_that_only_one_region_has_are_told)
{
    struct bench *b = bench_new(10);
    bench_control(b,
                  DEFINITION CONTAINER(
                      "us-east-1", "1",
                      ",\"environment\":[{\"name\":\"A\"},{\"name\":\"B\"},{\"name\":\"C\"}]"),
                  "us-east-1");
    bench_control(b,
                  DEFINITION CONTAINER("us-west-2", "1",
                                       ",\"environment\":[{\"name\":\"C\"},{\"name\":\"A\"}]"),
                  "us-west-2");
    agrees(look(b, "ecs", "parity", WEB_SERVICE TO), EVAC_SEEN_BLOCKED,
           "environment: B only in us-east-1");
    bench_control(b,
                  DEFINITION CONTAINER("us-west-2", "1",
                                       ",\"environment\":[{\"name\":\"C\"},{\"name\":\"D\"}]"),
                  "us-west-2");
    agrees(look(b, "ecs", "parity", WEB_SERVICE TO), EVAC_SEEN_BLOCKED,
           "environment: A, B in us-east-1, D in us-west-2");
    bench_control(b, "make ecs us-west-2 "
                     "{\"kind\":\"service\",\"name\":\"shop/web\",\"platformVersion\":\"1.3.0\"}");
    bench_control(b, DEFINITION "\"memory\":null," CONTAINER("us-west-2", "1", ""), "us-west-2");
    agrees(look(b, "ecs", "parity", WEB_SERVICE TO), EVAC_SEEN_BLOCKED,
           "platform version: 1.4.0 in us-east-1, 1.3.0 in us-west-2; memory: 1024, none; "
           "environment: A, B, C only in us-east-1");
    bench_free(b);
}
END_TEST

START_TEST(what_is_in_one_region_only_or_can_not_be_asked_is_not_the_same)
{
    struct bench *b = bench_new(10);
    const char *args = "cluster=shop\nservice=extra\n" TO;
    agrees(look(b, "ecs", "parity", args), EVAC_SEEN_BLOCKED,
           "the service: none in us-east-1, and none in us-west-2");
    bench_control(b, "make ecs us-east-1 {\"cluster\":\"shop\",\"service\":\"extra\",\"count\":1}");
    agrees(look(b, "ecs", "parity", args), EVAC_SEEN_BLOCKED, "the service: none in us-west-2");
    bench_control(b, "service ecs us-east-1 denied");
    const struct evac_reply *r = look(b, "ecs", "parity", args);
    ck_assert_int_eq(r->seen, EVAC_SEEN_UNSEEN);
    ck_assert(evac_str_has(r->reason, "AccessDenied"));
    bench_control(b, "service ecs us-east-1 up");
    bench_control(b, "region us-east-1 down");
    r = look(b, "ecs", "parity", args);
    ck_assert_int_eq(r->seen, EVAC_SEEN_UNSEEN);
    ck_assert(evac_str_starts(r->reason, "us-east-1: "));
    bench_free(b);
}
END_TEST

/* What is made in both regions is the same; then the standby's is made anew. */
#define QUEUES                                                                                     \
    "url.us-east-1=https://sqs.us-east-1.amazonaws.com/123456789012/orders\n"                      \
    "url.us-west-2=https://sqs.us-west-2.amazonaws.com/123456789012/orders\n"
#define TOPICS                                                                                     \
    "topic.us-east-1=arn:aws:sns:us-east-1:123456789012:oncall\n"                                  \
    "topic.us-west-2=arn:aws:sns:us-west-2:123456789012:oncall\n"
/* clang-format off */
static const struct pair {
    const char *driver, *args;
    const char *service, *members; /* of both */
    const char *changed;           /* of the standby's, after those */
    const char *says;
} pairs[] = {
    { "lambda", "function=worker\n", "lambda", "\"kind\":\"function\",\"name\":\"worker\"",
      ",\"MemorySize\":512,\"CodeSha256\":\"other\",\"Environment\":{\"Variables\":{\"DEBUG\":\"1\"}}",
      "code: b8E4vV0gQ1cUuV0cC5n5nq1sTqK3uPcYb8E4vV0gQ1c= in us-east-1, other in us-west-2; memory: 256, 512; "
      "environment: DEBUG only in us-west-2" },
    { "lambda", "function=worker\n", "lambda", "\"kind\":\"function\",\"name\":\"worker\"",
      ",\"Layers\":[{\"Arn\":\"arn:aws:lambda:us-west-2:1:layer:x:4\"}]", "layers: layer:x:4 only in us-west-2" },
    { "sqs", QUEUES, "sqs", "\"kind\":\"queue\",\"name\":\"orders\"",
      ",\"attributes\":{\"VisibilityTimeout\":\"60\",\"FifoQueue\":\"true\"}",
      "visibility timeout: 30 in us-east-1, 60 in us-west-2; fifo: none, true" },
    { "sns", TOPICS, "sns", "\"kind\":\"topic\",\"name\":\"oncall\"", ",\"attributes\":{\"SubscriptionsConfirmed\":\"0\"}",
      "subscriptions: 1 in us-east-1, 0 in us-west-2" },
    { "ssm", "label=x\nparameter=/shop/table\n", "ssm", "\"kind\":\"parameter\",\"name\":\"/shop/table\"",
      ",\"Value\":\"b\"", "value: none in us-east-1, b in us-west-2" },
    { "ssm", "label=x\nparameter=/shop/key\n", "ssm", "\"kind\":\"parameter\",\"name\":\"/shop/key\"",
      ",\"Value\":\"b\",\"Type\":\"SecureString\"", "type: String in us-east-1, SecureString in us-west-2" },
    { "secret", "secret=db\n", "secretsmanager", "\"kind\":\"secret\",\"name\":\"db\"",
      ",\"VersionIdsToStages\":{\"a1b2c3d4-0002\":[\"AWSCURRENT\"]}", "versions: a1b2c3d4-0002 only in us-west-2" },
    { "eks", "cluster=shop\nnodegroup=workers\n", "eks", "\"kind\":\"nodegroup\",\"name\":\"shop/workers\"",
      ",\"version\":\"1.30\",\"instanceTypes\":[\"m6i.large\",\"m5.large\"]",
      "version: 1.31 in us-east-1, 1.30 in us-west-2; instance types: m5.large only in us-west-2" },
    { "kinesis", "stream=clicks\n", "kinesis", "\"kind\":\"stream\",\"name\":\"clicks\"", ",\"OpenShardCount\":1,\"RetentionPeriodHours\":168",
      "open shards: 4 in us-east-1, 1 in us-west-2; retention: 24, 168" },
    { "events", "rules=[\"nightly\"]\nbus=default\n", "events", "\"kind\":\"rule\",\"name\":\"nightly\"",
      ",\"ScheduleExpression\":\"rate(1 day)\"", "nightly: schedule: rate(5 minutes) in us-east-1, rate(1 day) in us-west-2" },
    { "scheduler", "schedules=[\"nightly\"]\ngroup=default\n", "scheduler", "\"kind\":\"schedule\",\"name\":\"nightly\"",
      ",\"ScheduleExpressionTimezone\":\"Europe/Berlin\",\"Target\":{\"Arn\":\"arn:aws:lambda:us-east-1:123456789012:function:other\"}",
      "nightly: timezone: UTC in us-east-1, Europe/Berlin in us-west-2; nightly: target: function:worker, function:other" },
    { "elbv2", "target_group=api\n", "elbv2", "\"target_group\":\"api\"", ",\"type\":\"ip\"",
      "target type: instance in us-east-1, ip in us-west-2" },
    { "elasticache", "global_group=g\ngroups=shop\n", "elasticache", "\"kind\":\"group\",\"name\":\"shop\"",
      ",\"MemberClusters\":[\"one\"],\"AutomaticFailover\":\"disabled\"",
      "nodes: 2 in us-east-1, 1 in us-west-2; automatic failover: enabled, disabled" },
};
/* clang-format on */
#define PAIRS ((int)(sizeof pairs / sizeof pairs[0]))

START_TEST(a_standby_that_was_changed_alone_is_not_the_same)
{
    const struct pair *p = &pairs[_i];
    struct bench *b = bench_new(10);
    char args[600];
    snprintf(args, sizeof args, "%s" TO, p->args);
    bench_control(b, "make eks us-east-1 {\"kind\":\"cluster\",\"name\":\"shop\"}");
    bench_control(b, "make eks us-west-2 {\"kind\":\"cluster\",\"name\":\"shop\"}");
    bench_control(b, "make %s us-east-1 {%s}", p->service, p->members);
    bench_control(b, "make %s us-west-2 {%s}", p->service, p->members);
    const struct evac_reply *r = look(b, p->driver, "parity", args);
    ck_assert_msg(r->seen == EVAC_SEEN_SATISFIED, "%s: %.*s", p->driver, EVAC_STR_ARG(r->reason));
    bench_control(b, "make %s us-west-2 {%s%s}", p->service, p->members, p->changed);
    agrees(look(b, p->driver, "parity", args), EVAC_SEEN_BLOCKED, p->says);
    bench_free(b);
}
END_TEST

START_TEST(databases_are_compared_by_what_they_run_on)
{
    struct bench *b = bench_new(10);
    const char *args = "instances.us-east-1=orders-use1\ninstances.us-west-2=orders-usw2\n"
                       "protected_by=replica\n" TO;
    bench_control(b, "make rds us-east-1 {\"kind\":\"instance\",\"id\":\"orders-use1\","
                     "\"parameters\":\"orders-use1\",\"deletion_protection\":true}");
    bench_control(b,
                  "make rds us-west-2 {\"kind\":\"replica\",\"id\":\"orders-usw2\",\"source\":"
                  "\"orders-use1\",\"source_region\":\"us-east-1\",\"class\":\"db.t4g.medium\","
                  "\"version\":\"16.3\",\"storage_type\":\"gp2\",\"parameters\":\"orders-usw2\"}");
    agrees(look(b, "rds", "parity", args), EVAC_SEEN_BLOCKED,
           "engine version: 16.4 in us-east-1, 16.3 in us-west-2; class: db.m6g.large, "
           "db.t4g.medium; storage type: gp3, gp2; deletion protection: true, false");
    agrees(look(b, "rds", "parity", "instances=orders\nprotected_by=backups\n" TO),
           EVAC_SEEN_SATISFIED, "there is nothing to compare");
    bench_free(b);
}
END_TEST

#define SHOP_DB                                                                                    \
    "global_cluster=shop-db\nclusters.us-east-1=shop-db-use1\nclusters.us-west-2=shop-db-usw2\n"

START_TEST(global_clusters_are_compared_with_their_instances)
{
    struct bench *b = bench_new(10);
    agrees(look(b, "aurora", "parity", SHOP_DB TO), EVAC_SEEN_SATISFIED,
           "the same in us-east-1 and us-west-2: 9 values");
    bench_control(b, "make rds us-west-2 {\"kind\":\"cluster\",\"id\":\"shop-db-usw2\","
                     "\"version\":\"15.8\",\"parameters\":\"plain\",\"acu_max\":8}");
    agrees(look(b, "aurora", "parity", SHOP_DB TO), EVAC_SEEN_BLOCKED,
           "engine version: 16.4 in us-east-1, 15.8 in us-west-2; parameter group: "
           "default, plain; least capacity: none, 0; largest capacity: none, 8");
    bench_control(b, "make rds us-east-1 {\"kind\":\"global\",\"id\":\"docs\",\"engine\":\"docdb\","
                     "\"members\":[{\"region\":\"us-east-1\",\"cluster\":\"docs\"},{\"region\":"
                     "\"us-west-2\",\"cluster\":\"docs\",\"headless\":true}]}");
    const struct evac_reply *r =
        look(b, "docdb", "parity", "global_cluster=docs\nclusters=docs\nheadless=false\n" TO);
    ck_assert_int_eq(r->seen, EVAC_SEEN_BLOCKED);
    ck_assert(evac_str_starts(r->reason, "instance class: "));
    ck_assert(evac_str_has(r->reason, " only in us-east-1"));
    agrees(look(b, "docdb", "parity", "global_cluster=docs\nclusters=docs\nheadless=true\n" TO),
           EVAC_SEEN_SATISFIED, "the same in us-east-1 and us-west-2: 7 values");
    bench_free(b);
}
END_TEST

#define MAKE_TEMPLATE(region, lt, ami, name, type)                                                 \
    bench_control(b, "make ec2 " region " {\"image\":\"" ami "\",\"name\":\"" name "\"}");         \
    bench_control(b, "make ec2 " region " {\"launch_template\":\"" lt "\",\"name\":\"web\","       \
                     "\"image\":\"" ami "\",\"type\":\"" type "\"}")
#define FLEET "group=fleet\n"

START_TEST(groups_are_compared_by_their_templates_and_the_images_in_those)
{
    struct bench *b = bench_new(10);
    MAKE_TEMPLATE("us-east-1", "lt-00000001", "ami-00000011", "web-41", "m6i.large");
    MAKE_TEMPLATE("us-west-2", "lt-00000002", "ami-00000022", "web-41", "m6i.large");
    bench_control(b, "make autoscaling us-east-1 {\"group\":\"fleet\",\"max\":20,"
                     "\"launch_template\":\"lt-00000001\"}");
    bench_control(b, "make autoscaling us-west-2 {\"group\":\"fleet\",\"max\":20,"
                     "\"launch_template\":\"lt-00000002\"}");
    agrees(look(b, "asg", "parity", FLEET TO), EVAC_SEEN_SATISFIED,
           "the same in us-east-1 and us-west-2: 6 values");
    agrees(look(b, "ec2", "parity", "launch_template=web\ntemplate_version=$Default\n" TO),
           EVAC_SEEN_SATISFIED, "the same in us-east-1 and us-west-2: 3 values");
    MAKE_TEMPLATE("us-west-2", "lt-00000002", "ami-00000033", "web-40", "m5.large");
    bench_control(b, "make autoscaling us-west-2 {\"group\":\"fleet\",\"max\":4,"
                     "\"launch_template\":\"lt-00000002\"}");
    agrees(look(b, "asg", "parity", FLEET TO), EVAC_SEEN_BLOCKED,
           "largest size: 20 in us-east-1, 4 in us-west-2; instance type: m6i.large, m5.large; "
           "image: web-41, web-40");
    const char *by_id = "launch_template.us-east-1=lt-00000001\nlaunch_template.us-west-2="
                        "lt-00000002\ntemplate_version=$Default\n" TO;
    agrees(look(b, "ec2", "parity", by_id), EVAC_SEEN_BLOCKED,
           "instance type: m6i.large in us-east-1, m5.large in us-west-2; image: web-41, web-40");
    bench_free(b);
}
END_TEST

START_TEST(a_group_whose_template_or_image_is_gone_is_not_ready)
{
    struct bench *b = bench_new(10);
    const char *group = "make autoscaling us-west-2 {\"group\":\"fleet\",\"count\":0,"
                        "\"launch_template\":\"lt-00000002\"}";
    bench_control(b, "%s", group);
    agrees(look(b, "asg", "ready", FLEET TO), EVAC_SEEN_BLOCKED,
           "launch template lt-00000002 has no version $Default in us-west-2");
    bench_control(b, "make ec2 us-west-2 {\"launch_template\":\"lt-00000002\",\"image\":"
                     "\"ami-00000022\"}");
    agrees(look(b, "asg", "ready", FLEET TO), EVAC_SEEN_BLOCKED,
           "image ami-00000022 of the launch template is not in us-west-2");
    bench_control(b, "make ec2 us-west-2 {\"image\":\"ami-00000022\",\"state\":\"pending\"}");
    agrees(look(b, "asg", "ready", FLEET TO), EVAC_SEEN_BLOCKED,
           "image ami-00000022 of the launch template is pending");
    bench_control(b, "make ec2 us-west-2 {\"image\":\"ami-00000022\"}");
    agrees(look(b, "asg", "ready", FLEET TO), EVAC_SEEN_SATISFIED,
           "0 of 0 instances are in service");
    bench_free(b);
}
END_TEST

START_TEST(an_instance_type_that_the_standby_does_not_have_is_named)
{
    struct bench *b = bench_new(10);
    const char *zoned =
        "instance_type=m6i.large\nzone=us-west-2b\nfleet=f\nwant.dry_run=false\n" TO;
    const char *web = "launch_template=web\ntemplate_version=$Default\nwant.dry_run=false\n" TO;
    MAKE_TEMPLATE("us-west-2", "lt-00000002", "ami-00000022", "web-41", "m6i.large");
    bench_control(b, "make autoscaling us-west-2 {\"group\":\"fleet\",\"launch_template\":"
                     "\"lt-00000002\"}");
    agrees(look(b, "ec2", "ready", zoned), EVAC_SEEN_SATISFIED, "all that is declared is there");
    agrees(look(b, "ec2", "ready", web), EVAC_SEEN_SATISFIED, "all that is declared is there");
    bench_control(b, "make ec2 us-west-2 {\"not_offered\":\"m6i.large\",\"zone\":\"b\"}");
    agrees(look(b, "ec2", "ready", zoned), EVAC_SEEN_BLOCKED,
           "m6i.large is not offered in us-west-2b");
    agrees(look(b, "ec2", "ready", web), EVAC_SEEN_SATISFIED, "all that is declared is there");
    bench_control(b, "make ec2 us-west-2 {\"not_offered\":\"m6i.large\"}");
    agrees(look(b, "ec2", "ready", web), EVAC_SEEN_BLOCKED,
           "m6i.large is not offered in us-west-2");
    agrees(look(b, "asg", "ready", FLEET TO), EVAC_SEEN_BLOCKED,
           "m6i.large is not offered in us-west-2");
    bench_free(b);
}
END_TEST

/* --- nothing out of the region that is left ------------------------------------------------------
 */

START_TEST(a_task_that_needs_the_region_that_is_left_is_not_ready)
{
    struct bench *b = bench_new(10);
    agrees(look(b, "ecs", "ready", WEB_SERVICE TO), EVAC_SEEN_SATISFIED, "1 of 1 tasks run");
    bench_control(b, DEFINITION CONTAINER("us-east-1", "41", ""), "us-west-2");
    agrees(look(b, "ecs", "ready", WEB_SERVICE TO), EVAC_SEEN_BLOCKED,
           "image web:41 is pulled from us-east-1");
    bench_control(
        b,
        DEFINITION CONTAINER("us-west-2", "41",
                             ",\"secrets\":[{\"name\":\"DB\",\"valueFrom\":\"arn:aws:"
                             "secretsmanager:us-east-1:123456789012:secret:db\"},"
                             "{\"name\":\"KEY\",\"valueFrom\":\"arn:aws:ssm:eu-west-1:123456789012:"
                             "parameter/key\"},{\"name\":\"HERE\",\"valueFrom\":\"here\"}],"
                             "\"logConfiguration\":{\"logDriver\":\"awslogs\",\"options\":{"
                             "\"awslogs-region\":\"us-east-1\"}}"),
        "us-west-2");
    agrees(look(b, "ecs", "ready", WEB_SERVICE TO), EVAC_SEEN_BLOCKED,
           "secret DB of app is read in us-east-1; logs of app go to us-east-1");
    bench_control(b, DEFINITION "\"status\":\"INACTIVE\"," CONTAINER("us-west-2", "41", ""),
                  "us-west-2");
    agrees(look(b, "ecs", "ready", WEB_SERVICE TO), EVAC_SEEN_BLOCKED,
           "the task definition is INACTIVE");
    bench_control(b, DEFINITION CONTAINER("eu-west-1", "41", ""), "us-west-2");
    agrees(look(b, "ecs", "ready", WEB_SERVICE TO), EVAC_SEEN_SATISFIED, "1 of 1 tasks run");
    bench_free(b);
}
END_TEST

START_TEST(an_environment_that_names_the_region_that_is_left_is_not_ready)
{
    struct bench *b = bench_new(10);
    bench_control(b,
                  DEFINITION CONTAINER("us-west-2", "1",
                                       ",\"environment\":[{\"name\":\"DB\",\"value\":"
                                       "\"db.us-east-1.rds.amazonaws.com\"},{\"name\":\"ZONE\","
                                       "\"value\":\"us-east-1a\"},{\"name\":\"HERE\",\"value\":"
                                       "\"us-west-2\"},{\"name\":\"NO\",\"value\":\"xus-east-1 "
                                       "us-east-10\"}]"),
                  "us-west-2");
    agrees(look(b, "ecs", "ready", WEB_SERVICE TO), EVAC_SEEN_BLOCKED,
           "environment DB of app names us-east-1; environment ZONE of app names us-east-1");
    agrees(look(b, "ecs", "ready", "names_other_region=[\"DB\",\"ZONE\"]\n" WEB_SERVICE TO),
           EVAC_SEEN_SATISFIED, "1 of 1 tasks run");
    bench_control(b, "make lambda us-west-2 {\"kind\":\"function\",\"name\":\"worker\","
                     "\"Environment\":{\"Variables\":{\"QUEUE\":\"https://sqs.us-east-1."
                     "amazonaws.com/1/q\",\"PEER\":\"us-east-1\"}}}");
    agrees(look(b, "lambda", "ready", "function=worker\n" TO), EVAC_SEEN_BLOCKED,
           "environment QUEUE names us-east-1; environment PEER names us-east-1");
    agrees(look(b, "lambda", "ready", "names_other_region=[\"PEER\"]\nfunction=worker\n" TO),
           EVAC_SEEN_BLOCKED, "environment QUEUE names us-east-1");
    bench_free(b);
}
END_TEST

/* --- images ----------------------------------------------------------------------------------- */

#define REPOSITORY                                                                                 \
    "make ecr us-west-2 {\"kind\":\"repository\",\"name\":\"web\",\"images\":[{\"tag\":\"41\","    \
    "\"digest\":\"sha256:aa\"}]}"

START_TEST(images_that_the_standby_lacks_are_named)
{
    struct bench *b = bench_new(10);
    const char *args = "repository=web\ntags=[\"41\",\"42\",\"sha256:aa\",\"sha256:bb\"]\n" TO;
    agrees(look(b, "ecr", "ready", "repository=web\ntags=[\"41\"]\n" TO), EVAC_SEEN_BLOCKED,
           "repository web is not in us-west-2");
    bench_control(b, REPOSITORY);
    agrees(look(b, "ecr", "ready", "repository=web\ntags=[\"41\"]\n" TO), EVAC_SEEN_SATISFIED,
           "1 of 1 images are in us-west-2");
    const struct evac_reply *r = look(b, "ecr", "ready", args);
    agrees(r, EVAC_SEEN_BLOCKED,
           "image web:42 is not in us-west-2; image web@sha256:bb is not in us-west-2");
    ck_assert_int_eq(bench_fact(r, "images"), 4);
    ck_assert_int_eq(bench_fact(r, "missing"), 2);
    bench_control(b, "service ecr us-west-2 denied");
    ck_assert_int_eq(look(b, "ecr", "ready", args)->seen, EVAC_SEEN_UNSEEN);
    bench_free(b);
}
END_TEST

START_TEST(the_images_of_a_service_are_looked_for_where_it_is)
{
    struct bench *b = bench_new(10);
    bench_control(b, REPOSITORY);
    agrees(look(b, "ecr", "ready", "cluster=shop\nservice=nobody\n" TO), EVAC_SEEN_BLOCKED,
           "there is no such service");
    agrees(look(b, "ecr", "ready", WEB_SERVICE TO), EVAC_SEEN_BLOCKED,
           "image web:1 is not in us-west-2");
    bench_control(b, DEFINITION CONTAINER("us-west-2", "41", ""), "us-west-2");
    agrees(look(b, "ecr", "ready", WEB_SERVICE TO), EVAC_SEEN_SATISFIED,
           "1 of 1 images are in us-west-2");
    bench_control(b, DEFINITION CONTAINER("us-west-2", "41@sha256:cc", ""), "us-west-2");
    agrees(look(b, "ecr", "ready", WEB_SERVICE TO), EVAC_SEEN_BLOCKED,
           "image web@sha256:cc is not in us-west-2");
    bench_control(b, DEFINITION CONTAINER("us-east-1", "41", ""), "us-west-2");
    agrees(look(b, "ecr", "ready", WEB_SERVICE TO), EVAC_SEEN_BLOCKED,
           "image web:41 is pulled from another region: "
           "123456789012.dkr.ecr.us-east-1.amazonaws.com");
    bench_control(b,
                  DEFINITION "\"containerDefinitions\":[{\"name\":\"app\",\"image\":"
                             "\"public.ecr.aws/nginx:1\"}]}",
                  "us-west-2");
    agrees(look(b, "ecr", "ready", WEB_SERVICE TO), EVAC_SEEN_SATISFIED,
           "0 of 0 images are in us-west-2");
    bench_free(b);
}
END_TEST

#define ORIGIN                                                                                     \
    "make ecr us-east-1 {\"kind\":\"repository\",\"name\":\"web\",\"images\":[{\"tag\":\"41\","    \
    "\"digest\":\"sha256:bb\"}],\"replication\":[%s]}"

START_TEST(how_far_the_replication_of_an_image_is_only_its_origin_knows)
{
    struct bench *b = bench_new(10);
    const char *args = "repository=web\ntags=[\"41\"]\n" TO;
    bench_control(b, ORIGIN, "");
    agrees(look(b, "ecr", "replicated", args), EVAC_SEEN_UNSATISFIED,
           "replication of image 41: none: no rule replicates it; it should be COMPLETE");
    bench_control(b, ORIGIN, "{\"region\":\"us-west-2\",\"status\":\"IN_PROGRESS\"}");
    ck_assert_int_eq(look(b, "ecr", "replicated", args)->seen, EVAC_SEEN_MOVING);
    bench_control(b, ORIGIN,
                  "{\"region\":\"us-west-2\",\"status\":\"FAILED\",\"failureCode\":"
                  "\"AccessDenied\"}");
    agrees(look(b, "ecr", "replicated", args), EVAC_SEEN_BLOCKED,
           "replication of image 41: FAILED (AccessDenied); it should be COMPLETE");
    bench_control(b, ORIGIN, "{\"region\":\"us-west-2\",\"status\":\"COMPLETE\"}");
    ck_assert_int_eq(look(b, "ecr", "replicated", args)->seen, EVAC_SEEN_SATISFIED);
    bench_control(b, REPOSITORY);
    agrees(look(b, "ecr", "parity", args), EVAC_SEEN_BLOCKED,
           "41: digest: sha256:bb in us-east-1, sha256:aa in us-west-2");
    agrees(look(b, "ecr", "parity", "repository=web\ntags=[\"41\",\"42\"]\n" TO), EVAC_SEEN_BLOCKED,
           "42: the image: none in us-east-1, and none in us-west-2; 41: digest: sha256:bb, "
           "sha256:aa");
    bench_free(b);
}
END_TEST

/* --- certificates ----------------------------------------------------------------------------- */

#define CERTIFICATE(name, more)                                                                    \
    "make acm us-west-2 {\"kind\":\"certificate\",\"name\":\"" name "\"," more "}"
#define DOMAIN "domain=shop.example.com\nwant.days=30\nwant.in_use=false\n"

START_TEST(a_certificate_that_ends_soon_or_never_began_is_no_certificate)
{
    struct bench *b = bench_new(10);
    agrees(look(b, "acm", "ready", DOMAIN TO), EVAC_SEEN_BLOCKED,
           "there is no certificate for shop.example.com in us-west-2");
    bench_control(b, CERTIFICATE("c0", "\"DomainName\":\"example.com\",\"days\":300"));
    bench_control(b, CERTIFICATE("c1", "\"Status\":\"PENDING_VALIDATION\""));
    agrees(look(b, "acm", "ready", DOMAIN TO), EVAC_SEEN_BLOCKED,
           "the certificate for shop.example.com is PENDING_VALIDATION");
    bench_control(b, CERTIFICATE("c2", "\"days\":12,\"RenewalSummary\":{\"RenewalStatus\":"
                                       "\"PENDING_VALIDATION\"}"));
    const struct evac_reply *r = look(b, "acm", "ready", DOMAIN TO);
    agrees(r, EVAC_SEEN_BLOCKED,
           "the certificate for shop.example.com expires in 12 days, 30 are wanted; its renewal "
           "is PENDING_VALIDATION");
    ck_assert_int_eq(bench_fact(r, "days_left"), 12);
    bench_control(b, CERTIFICATE("c3", "\"DomainName\":\"*.example.com\",\"KeyAlgorithm\":"
                                       "\"EC_prime256v1\",\"days\":91"));
    agrees(look(b, "acm", "ready", DOMAIN TO), EVAC_SEEN_SATISFIED,
           "the certificate for shop.example.com is good for 91 days");
    agrees(look(b, "acm", "ready", "domain=shop.example.com\nwant.days=30\nwant.in_use=true\n" TO),
           EVAC_SEEN_BLOCKED, "nothing in us-west-2 uses the certificate for shop.example.com");
    bench_control(b, CERTIFICATE("c3", "\"DomainName\":\"a.example.com\","
                                       "\"SubjectAlternativeNames\":[\"shop.example.com\"],"
                                       "\"days\":91,\"InUseBy\":[\"arn:lb\"]"));
    agrees(look(b, "acm", "ready", "domain=shop.example.com\nwant.days=30\nwant.in_use=true\n" TO),
           EVAC_SEEN_SATISFIED, "the certificate for shop.example.com is good for 91 days");
    bench_free(b);
}
END_TEST

START_TEST(a_certificate_is_found_on_any_page_and_by_its_arn)
{
    struct bench *b = bench_new(10);
#define ARN "arn:aws:acm:us-west-2:123456789012:certificate/gone"
    for (int i = 0; i < 120; i++)
        bench_control(b,
                      "make acm us-west-2 {\"kind\":\"certificate\",\"name\":\"c%d\","
                      "\"DomainName\":\"d%d.example.com\",\"days\":40}",
                      i, i);
    agrees(look(b, "acm", "ready", "domain=d119.example.com\nwant.days=30\n" TO),
           EVAC_SEEN_SATISFIED, "the certificate for d119.example.com is good for 40 days");
    agrees(look(b, "acm", "ready", "certificate=" ARN "\nwant.days=30\n" TO), EVAC_SEEN_BLOCKED,
           "there is no certificate for " ARN " in us-west-2");
    bench_control(b, CERTIFICATE("gone", "\"days\":-3,\"Type\":\"IMPORTED\""));
    agrees(look(b, "acm", "ready", "certificate=" ARN "\nwant.days=30\n" TO), EVAC_SEEN_BLOCKED,
           "the certificate for " ARN " is EXPIRED");
    bench_control(b, CERTIFICATE("gone", "\"days\":3,\"Type\":\"IMPORTED\""));
    agrees(look(b, "acm", "ready", "certificate=" ARN "\nwant.days=30\n" TO), EVAC_SEEN_BLOCKED,
           "the certificate for " ARN " expires in 3 days, 30 are wanted; it was imported, and is "
           "not renewed by ACM");
    bench_free(b);
}
END_TEST

/* --- alarms ----------------------------------------------------------------------------------- */

#define ALARMS(more) "alarms=[\"web-5xx\",\"web\"" more "]\n"

START_TEST(an_alarm_that_is_not_ok_is_named)
{
    struct bench *b = bench_new(10);
    const char *strict = ALARMS("") "no_data=alarm\n" TO;
    bench_control(b, "make cloudwatch us-west-2 {\"kind\":\"MetricAlarm\",\"name\":\"web-5xx\"}");
    agrees(look(b, "cloudwatch-alarm", "quiet", strict), EVAC_SEEN_BLOCKED,
           "1 of 2 alarms are not OK: web (not there)");
    bench_control(b, "make cloudwatch us-west-2 {\"kind\":\"CompositeAlarm\",\"name\":\"web\"}");
    agrees(look(b, "cloudwatch-alarm", "quiet", strict), EVAC_SEEN_SATISFIED,
           "2 of 2 alarms are quiet");
    bench_control(b, "make cloudwatch us-west-2 {\"kind\":\"CompositeAlarm\",\"name\":\"web\","
                     "\"StateValue\":\"ALARM\"}");
    bench_control(b, "make cloudwatch us-west-2 {\"kind\":\"MetricAlarm\",\"name\":\"web-5xx\","
                     "\"StateValue\":\"INSUFFICIENT_DATA\"}");
    agrees(look(b, "cloudwatch-alarm", "quiet", strict), EVAC_SEEN_UNSATISFIED,
           "2 of 2 alarms are not OK: web-5xx (INSUFFICIENT_DATA), web (ALARM)");
    agrees(look(b, "cloudwatch-alarm", "quiet", ALARMS("") "no_data=ok\n" TO),
           EVAC_SEEN_UNSATISFIED, "1 of 2 alarms are not OK: web (ALARM)");
    bench_free(b);
}
END_TEST

START_TEST(alarms_come_in_pages)
{
    struct bench *b = bench_new(10);
    char args[4096] = "no_data=alarm\nalarms=[\"a0\"";
    for (int i = 0; i < 70; i++)
        bench_control(b, "make cloudwatch us-west-2 {\"kind\":\"MetricAlarm\",\"name\":\"a%d\"}",
                      i);
    for (int i = 1; i < 70; i++)
        snprintf(args + strlen(args), sizeof args - strlen(args), ",\"a%d\"", i);
    snprintf(args + strlen(args), sizeof args - strlen(args), "]\n" TO);
    agrees(look(b, "cloudwatch-alarm", "quiet", args), EVAC_SEEN_SATISFIED,
           "70 of 70 alarms are quiet");
    bench_free(b);
}
END_TEST

/* --- secrets ---------------------------------------------------------------------------------- */

#define SECRET(region, more)                                                                       \
    "make secretsmanager " region " {\"kind\":\"secret\",\"name\":\"db\"" more "}"
#define KEY "arn:aws:kms:us-west-2:123456789012:key/mrk-1"

START_TEST(a_secret_that_could_not_be_opened_is_not_ready)
{
    struct bench *b = bench_new(10);
    agrees(look(b, "secret", "ready", "secret=db\n" TO), EVAC_SEEN_BLOCKED,
           "there is no such secret");
    bench_control(b, SECRET("us-west-2", ""));
    agrees(look(b, "secret", "ready", "secret=db\n" TO), EVAC_SEEN_SATISFIED,
           "the secret is there, under AWS's own key");
    bench_control(b, SECRET("us-west-2", ",\"KmsKeyId\":\"" KEY "\""));
    agrees(look(b, "secret", "ready", "secret=db\n" TO), EVAC_SEEN_BLOCKED,
           "key " KEY " of the secret is not in us-west-2");
    bench_control(b, "make kms us-west-2 {\"kind\":\"key\",\"name\":\"mrk-1\",\"state\":"
                     "\"PendingDeletion\"}");
    agrees(look(b, "secret", "ready", "secret=db\n" TO), EVAC_SEEN_BLOCKED,
           "key " KEY " of the secret is PendingDeletion");
    bench_control(b, "make kms us-west-2 {\"kind\":\"key\",\"name\":\"mrk-1\"}");
    agrees(look(b, "secret", "ready", "secret=db\n" TO), EVAC_SEEN_SATISFIED,
           "key " KEY " of the secret is Enabled");
    bench_control(b, "service kms us-west-2 denied");
    ck_assert_int_eq(look(b, "secret", "ready", "secret=db\n" TO)->seen, EVAC_SEEN_UNSEEN);
    bench_control(b, SECRET("us-west-2", ",\"DeletedDate\":1767225600"));
    agrees(look(b, "secret", "ready", "secret=db\n" TO), EVAC_SEEN_BLOCKED,
           "the secret is being deleted");
    bench_control(b, SECRET("us-west-2", ",\"VersionIdsToStages\":{\"a1b2c3d4-0001\":["
                                         "\"AWSPREVIOUS\"]}"));
    agrees(look(b, "secret", "ready", "secret=db\n" TO), EVAC_SEEN_BLOCKED,
           "the secret has no current version");
    bench_free(b);
}
END_TEST

START_TEST(whether_a_replica_is_in_step_its_primary_knows)
{
    struct bench *b = bench_new(10);
    bench_control(b, SECRET("us-east-1", ""));
    agrees(look(b, "secret", "replicated", "secret=db\n" TO), EVAC_SEEN_UNSATISFIED,
           "the replica of the secret: none; it should be InSync");
    bench_control(b, SECRET("us-east-1", ",\"ReplicationStatus\":[{\"Region\":\"us-west-2\","
                                         "\"Status\":\"Failed\",\"StatusMessage\":\"no key\"}]"));
    agrees(look(b, "secret", "replicated", "secret=db\n" TO), EVAC_SEEN_BLOCKED,
           "the replica of the secret: Failed (no key); it should be InSync");
    bench_control(b, SECRET("us-east-1", ",\"ReplicationStatus\":[{\"Region\":\"us-west-2\","
                                         "\"Status\":\"InSync\"}]"));
    agrees(look(b, "secret", "replicated", "secret=db\n" TO), EVAC_SEEN_SATISFIED,
           "the replica of the secret: InSync");
    bench_free(b);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *t = tcase_create("readiness");
    tcase_set_timeout(t, 120);
    tcase_add_test(t, every_permission_that_is_refused_is_named_with_its_reason);
    tcase_add_test(t, a_policy_for_the_usual_region_only_is_found);
    tcase_add_test(t, a_policy_that_names_its_resources_is_asked_for_those);
    tcase_add_test(t, many_permissions_come_in_pages_and_batches);
    tcase_add_test(t, whoever_assumed_a_role_is_asked_about_as_that_role);
    tcase_add_test(t, who_is_nobody_or_away_is_not_called_allowed);
    tcase_add_test(t, a_service_whose_image_and_size_differ_is_not_the_same);
    tcase_add_test(t, names_that_only_one_region_has_are_told);
    tcase_add_loop_test(t, a_standby_that_was_changed_alone_is_not_the_same, 0, PAIRS);
    tcase_add_test(t, databases_are_compared_by_what_they_run_on);
    tcase_add_test(t, global_clusters_are_compared_with_their_instances);
    tcase_add_test(t, groups_are_compared_by_their_templates_and_the_images_in_those);
    tcase_add_test(t, a_group_whose_template_or_image_is_gone_is_not_ready);
    tcase_add_test(t, an_instance_type_that_the_standby_does_not_have_is_named);
    tcase_add_test(t, what_is_in_one_region_only_or_can_not_be_asked_is_not_the_same);
    tcase_add_test(t, a_task_that_needs_the_region_that_is_left_is_not_ready);
    tcase_add_test(t, an_environment_that_names_the_region_that_is_left_is_not_ready);
    tcase_add_test(t, images_that_the_standby_lacks_are_named);
    tcase_add_test(t, the_images_of_a_service_are_looked_for_where_it_is);
    tcase_add_test(t, how_far_the_replication_of_an_image_is_only_its_origin_knows);
    tcase_add_test(t, a_certificate_that_ends_soon_or_never_began_is_no_certificate);
    tcase_add_test(t, a_certificate_is_found_on_any_page_and_by_its_arn);
    tcase_add_test(t, an_alarm_that_is_not_ok_is_named);
    tcase_add_test(t, alarms_come_in_pages);
    tcase_add_test(t, a_secret_that_could_not_be_opened_is_not_ready);
    tcase_add_test(t, whether_a_replica_is_in_step_its_primary_knows);
    suite_add_tcase(suite, t);
}

EVAC_TEST_MAIN("readiness", cases)

/* The model's IAM: how policies are evaluated, what requests need, and how they are refused. */
#include "aws_pack.h"
#include "iam_facts.h"
#include "sandbox_bench.h"
#include "sandbox_rights.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

#define TO  "region=us-west-2\nfrom=us-east-1\nto=us-west-2\nmode=ungraceful\napp=shop\n"
#define WEB TO "cluster=shop\nservice=web\ncount.active=6\nwant.count=active\n"

/* --- evaluating ------------------------------------------------------------------------------- */

static struct sb_policy *policy(const char *statements)
{
    char text[2000];
    struct sb_policy *p = NULL;
    struct evac_err err = { EVAC_OK, "" };
    snprintf(text, sizeof text, "{\"Version\":\"2012-10-17\",\"Statement\":[%s]}", statements);
    ck_assert_msg(!sb_policy_parse(evac_str(text), &p, &err), "%s: %s", text, err.text);
    return p;
}

#define ALLOW(action, resource)                                                                    \
    "{\"Effect\":\"Allow\",\"Action\":" action ",\"Resource\":" resource "}"
#define DENY(action, resource)                                                                     \
    "{\"Effect\":\"Deny\",\"Action\":" action ",\"Resource\":" resource "}"
#define IF(condition)                                                                              \
    "{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\",\"Condition\":" condition "}"

#define KEY "arn:aws:rds:us-west-2:123456789012:cluster:shop"

static const struct {
    const char *statements, *action, *resource, *context;
    enum sb_decision decision;
} cases_of_policies[] = {
    { "", "rds:Describe", "*", "", SB_IMPLICIT_DENY },
    { ALLOW("\"rds:Describe\"", "\"*\""), "rds:Describe", KEY, "", SB_ALLOWED },
    { ALLOW("\"RDS:describe\"", "\"*\""), "rds:Describe", KEY, "", SB_ALLOWED },
    { ALLOW("\"rds:Describe\"", "\"*\""), "rds:DescribeMore", KEY, "", SB_IMPLICIT_DENY },
    { ALLOW("[\"ecs:*\",\"rds:Desc*\"]", "\"*\""), "rds:DescribeMore", KEY, "", SB_ALLOWED },
    { ALLOW("\"*\"", "\"arn:aws:rds:*:*:cluster:shop\""), "rds:X", KEY, "", SB_ALLOWED },
    { ALLOW("\"*\"", "\"arn:aws:rds:*:*:cluster:sh?p\""), "rds:X", KEY, "", SB_ALLOWED },
    { ALLOW("\"*\"", "\"arn:aws:rds:*:*:cluster:SHOP\""), "rds:X", KEY, "", SB_IMPLICIT_DENY },
    { ALLOW("\"*\"", "[\"arn:aws:s3:::a\",\"arn:aws:s3:::a/*\"]"), "s3:X", "arn:aws:s3:::a/b/c", "",
      SB_ALLOWED },
    { ALLOW("\"*\"", "\"*\"") "," DENY("\"rds:X\"", "\"*\""), "rds:X", KEY, "", SB_EXPLICIT_DENY },
    { DENY("\"rds:X\"", "\"*\"") "," ALLOW("\"*\"", "\"*\""), "rds:X", KEY, "", SB_EXPLICIT_DENY },
    { ALLOW("\"*\"", "\"*\"") "," DENY("\"rds:Y\"", "\"*\""), "rds:X", KEY, "", SB_ALLOWED },
    { "{\"Effect\":\"Allow\",\"NotAction\":\"iam:*\",\"Resource\":\"*\"}", "rds:X", KEY, "",
      SB_ALLOWED },
    { "{\"Effect\":\"Allow\",\"NotAction\":\"iam:*\",\"Resource\":\"*\"}", "iam:X", KEY, "",
      SB_IMPLICIT_DENY },
    { "{\"Effect\":\"Allow\",\"Action\":\"*\",\"NotResource\":\"arn:aws:rds:*\"}", "rds:X", KEY, "",
      SB_IMPLICIT_DENY },
    { IF("{\"StringEquals\":{\"aws:RequestedRegion\":[\"a\",\"b\"]}}"), "x:Y", "*",
      "aws:RequestedRegion=b", SB_ALLOWED },
    { IF("{\"StringEquals\":{\"AWS:requestedregion\":\"a\"}}"), "x:Y", "*", "aws:RequestedRegion=b",
      SB_IMPLICIT_DENY },
    { IF("{\"StringEquals\":{\"aws:RequestedRegion\":\"a\"}}"), "x:Y", "*", "", SB_IMPLICIT_DENY },
    { IF("{\"StringEqualsIfExists\":{\"aws:RequestedRegion\":\"a\"}}"), "x:Y", "*", "",
      SB_ALLOWED },
    { IF("{\"StringNotEquals\":{\"aws:RequestedRegion\":\"a\"}}"), "x:Y", "*", "", SB_ALLOWED },
    { IF("{\"StringNotEquals\":{\"aws:RequestedRegion\":[\"a\",\"b\"]}}"), "x:Y", "*",
      "aws:RequestedRegion=b", SB_IMPLICIT_DENY },
    { IF("{\"StringLike\":{\"k\":\"us-*\"}}"), "x:Y", "*", "k=us-east-1", SB_ALLOWED },
    { IF("{\"StringEquals\":{\"k\":\"us-*\"}}"), "x:Y", "*", "k=us-east-1", SB_IMPLICIT_DENY },
    { IF("{\"ArnLike\":{\"k\":\"arn:aws:iam::*:role/e*\"}}"), "x:Y", "*",
      "k=arn:aws:iam::123456789012:role/evac", SB_ALLOWED },
    { IF("{\"ArnLike\":{\"k\":\"arn:*:role/e*\"}}"), "x:Y", "*",
      "k=arn:aws:iam::123456789012:role/evac", SB_IMPLICIT_DENY },
    { IF("{\"Bool\":{\"k\":\"true\"}}"), "x:Y", "*", "k=true", SB_ALLOWED },
    { IF("{\"ForAnyValue:StringEquals\":{\"k\":\"a\"}}"), "x:Y", "*", "", SB_IMPLICIT_DENY },
    { IF("{\"ForAllValues:StringEquals\":{\"k\":\"a\"}}"), "x:Y", "*", "", SB_ALLOWED },
    { IF("{\"StringEquals\":{\"k\":\"a\"},\"StringLike\":{\"l\":\"b*\"}}"), "x:Y", "*", "k=a",
      SB_IMPLICIT_DENY },
};

START_TEST(a_policy_is_evaluated_as_iam_does)
{
    struct sb_policy *p = policy(cases_of_policies[_i].statements);
    struct sb_ask ask = { .action = evac_str(cases_of_policies[_i].action),
                          .resource = evac_str(cases_of_policies[_i].resource) };
    struct evac_str value, key = evac_str_cut(evac_str(cases_of_policies[_i].context), '=', &value);
    if (key.n)
        ask.context[ask.context_count++] = (struct sb_context){ key, value };
    ck_assert_msg(sb_policies_decide(&p, 1, &ask) == cases_of_policies[_i].decision, "%s",
                  cases_of_policies[_i].statements);
    sb_policy_free(p);
}
END_TEST

static const struct {
    const char *text, *words;
} refused[] = {
    { "{", "not JSON" },
    { "[]", "an object with a Statement" },
    { "{\"Statement\":[1]}", "must be an object" },
    { "{\"Statement\":[{\"Action\":\"*\",\"Resource\":\"*\"}]}", "Effect must be Allow or Deny" },
    { "{\"Statement\":[{\"Effect\":\"Allow\",\"Resource\":\"*\"}]}", "Action or NotAction" },
    { "{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\"}]}", "Resource or NotResource" },
    { "{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[],\"Resource\":\"*\"}]}", "empty list" },
    { "{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[1],\"Resource\":\"*\"}]}", "texts" },
    { "{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"a${x}\"}]}",
      "variables" },
    { "{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\","
      "\"Principal\":\"*\"}]}",
      "no 'Principal'" },
    { "{\"Statement\":[" IF("{\"DateLessThan\":{\"k\":\"x\"}}") "]}", "'DateLessThan'" },
};

START_TEST(what_can_not_be_evaluated_is_refused_by_name)
{
    struct sb_policy *p = NULL;
    struct evac_err err = { EVAC_OK, "" };
    ck_assert(sb_policy_parse(evac_str(refused[_i].text), &p, &err));
    ck_assert_msg(strstr(err.text, refused[_i].words), "%s", err.text);
}
END_TEST

/* --- the tables ------------------------------------------------------------------------------- */

static void check_types(const struct sb_right *r)
{
    const struct evac_iam_action *action = evac_iam_action(evac_str(r->action));
    struct evac_arena *arena = evac_arena_new();
    struct evac_str on = evac_str(r->on), tail;
    ck_assert_msg(action, "%s: the facts have no %s", r->operation, r->action);
    ck_assert_msg((on.n == 0) == (action->types[0] == '\0'), "%s: %s is for %s", r->operation,
                  r->action, action->types[0] ? action->types : "all resources alone");
    while (on.n) {
        struct evac_str type = evac_str_cut(evac_str_cut(on, ' ', &on), '=', &tail);
        struct evac_str rest = evac_str(action->types);
        bool known = false;
        while (rest.n)
            known = evac_str_eq(evac_str_cut(rest, ' ', &rest), type) || known;
        ck_assert_msg(known && tail.n, "%s: %s can not be for %.*s", r->operation, r->action,
                      EVAC_STR_ARG(type));
        ck_assert_msg(evac_iam_type(evac_iam_type_name(arena, action, type)), "no type %.*s",
                      EVAC_STR_ARG(type));
    }
    evac_arena_free(arena);
}

START_TEST(every_operation_has_its_rights)
{
    for (unsigned s = 0; s < SB_SERVICE_COUNT; s++)
        for (const struct sb_operation *op = sb_service((enum sb_service_id)s)->operations;
             op && op->name; op++) {
            const struct sb_right *r = sb_right_next((enum sb_service_id)s, op->name, NULL);
            ck_assert_msg(r, "%s %s has no row", sb_service((enum sb_service_id)s)->row, op->name);
            for (; r; r = sb_right_next((enum sb_service_id)s, op->name, r))
                if (r->action[0])
                    check_types(r);
        }
}
END_TEST

/* --- what drivers ask, and say that they need ---------------------------------------------------
 */

static bool lists(struct evac_str names, struct evac_str name)
{
    while (names.n)
        if (evac_str_eq(evac_str_cut(names, ' ', &names), name))
            return true;
    return false;
}

/* What AWS asks for, though no request shows it: by the state of the resource or of the account. */
static const char *const by_state[] = {
    "drs StartRecovery drs:TagResource",                   /* a launch that tags */
    "dynamodb UpdateTable iam:CreateServiceLinkedRole",    /* the account's first replica */
    "rds RestoreDBInstanceFromDBSnapshot kms:CreateGrant", /* an encrypted snapshot */
    "rds RestoreDBInstanceFromDBSnapshot kms:DescribeKey", /* the same */
    "rds RestoreDBInstanceToPointInTime kms:CreateGrant",  /* an encrypted instance */
    "rds RestoreDBInstanceToPointInTime kms:DescribeKey",  /* the same */
    "s3 CopyObject s3:GetObjectVersionTagging",            /* an object with tags */
    "s3 CopyObject s3:PutObjectTagging",                   /* the same */
    "ec2 DeleteVolume ec2:DeleteVolume",                   /* the model restores no volumes */
    NULL,
};

static bool is_by_state(const struct evac_op *op, struct evac_str name)
{
    char text[160];
    size_t i = 0;
    (void)snprintf(text, sizeof text, "%s %s %.*s", op->service, op->operation, EVAC_STR_ARG(name));
    while (by_state[i] && strcmp(by_state[i], text) != 0)
        i++;
    return by_state[i] != NULL;
}

static bool is_same(const struct evac_op *a, const struct evac_op *b)
{
    return strcmp(a->service, b->service) == 0 && strcmp(a->operation, b->operation) == 0;
}

/* An operation may have a row for each region that it concerns: they count together. */
static bool any_lists(const struct evac_op *ops, const struct evac_op *like, const char *action)
{
    for (; ops && ops->service; ops++)
        if (is_same(ops, like) && (!ops->iam[0] || lists(evac_str(ops->iam), evac_str(action))))
            return true; /* without any it is not ours: a service does it */
    return false;
}

/* Both ways: what the request is asked for, the table names; what the table names, it is asked for.
 * What depends on the request (when) may be missing, for a driver that never sends it so. */
static void compare(const struct evac_driver *driver, const struct evac_op *ops,
                    const struct evac_op *op, enum sb_service_id id, struct evac_buf *found)
{
    struct evac_str rest = evac_str(op->iam);
    const struct sb_right *r;
    for (r = NULL; (r = sb_right_next(id, op->operation, r)) != NULL;)
        if (r->action[0] && !r->when && !any_lists(ops, op, r->action))
            evac_buf_putf(found, "%s: %s %s needs %s too\n", driver->name, op->service,
                          op->operation, r->action);
    while (rest.n) {
        struct evac_str name = evac_str_cut(rest, ' ', &rest);
        bool asked = is_by_state(op, name);
        for (r = NULL; (r = sb_right_next(id, op->operation, r)) != NULL;)
            asked = asked || evac_str_is(name, r->action);
        if (!asked || !evac_iam_action(name))
            evac_buf_putf(found, "%s: %s %s %s %.*s\n", driver->name, op->service, op->operation,
                          asked ? "names what AWS does not have:" : "is never asked about",
                          EVAC_STR_ARG(name));
    }
}

/* By the client's name of it, or, where one model serves two APIs, by what it signs as. */
static bool find_service(const struct evac_op *op, enum sb_service_id *ret_id)
{
    const struct evac_aws_service *service = evac_aws_service(op->service);
    for (unsigned by_name = 1; service && by_name < 2; by_name--)
        for (unsigned s = 0; s < SB_SERVICE_COUNT; s++) {
            const struct sb_service *model = sb_service((enum sb_service_id)s);
            *ret_id = (enum sb_service_id)s;
            if (sb_right_next(*ret_id, op->operation, NULL) &&
                (by_name ? strcmp(model->row, op->service) == 0
                         : strcmp(model->signing_name, service->signing_name) == 0))
                return true;
        }
    return false;
}

static size_t compare_all(const struct evac_driver *driver, const struct evac_op *ops,
                          struct evac_buf *found)
{
    size_t count = 0;
    for (const struct evac_op *op = ops; op && op->service; op++, count++) {
        enum sb_service_id id;
        if (find_service(op, &id))
            compare(driver, ops, op, id, found);
        else if (!is_by_state(op, evac_str(op->iam)))
            evac_buf_putf(found, "%s: nothing serves %s %s\n", driver->name, op->service,
                          op->operation);
    }
    return count;
}

START_TEST(what_a_driver_calls_needs_what_its_table_says_and_nothing_else)
{
    size_t count = 0;
    struct evac_buf found;
    evac_buf_init(&found, 1u << 20);
    for (const struct evac_driver *const *d = evac_pack_aws.drivers; *d; d++) {
        count += compare_all(*d, (*d)->measure_ops, &found);
        for (const struct evac_action *a = (*d)->actions; a && a->name; a++)
            count += compare_all(*d, a->ops, &found);
    }
    ck_assert_msg(found.n == 0, "%s", found.p);
    ck_assert_uint_gt(count, 300);
    evac_buf_done(&found);
}
END_TEST

/* --- requests --------------------------------------------------------------------------------- */

static void allow(struct bench *b, const char *action, const char *resource)
{
    bench_control(b,
                  "iam self policy {\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"%s\","
                  "\"Resource\":\"%s\"}}",
                  action, resource);
}

START_TEST(who_was_not_named_may_all_and_who_was_may_what_it_was_given)
{
    struct bench *b = bench_new(10);
    expect(bench_call(b, "ecs", EVAC_VERB_OBSERVE, "ready", WEB), EVAC_SEEN_SATISFIED);
    bench_control(b, "iam self none");
    const struct evac_reply *r = bench_call(b, "ecs", EVAC_VERB_OBSERVE, "ready", WEB);
    expect(r, EVAC_SEEN_UNSEEN);
    expect_reason(r, "ecs:DescribeServices on ");
    expect_reason(r, "arn:aws:ecs:us-west-2:123456789012:service/shop/web");
    allow(b, "ecs:Describe*", "arn:aws:ecs:*:*:service/shop/worker");
    expect(bench_call(b, "ecs", EVAC_VERB_OBSERVE, "ready", WEB), EVAC_SEEN_UNSEEN);
    allow(b, "ecs:Describe*", "arn:aws:ecs:us-west-2:123456789012:service/shop/*");
    expect_reason(bench_call(b, "ecs", EVAC_VERB_OBSERVE, "ready", WEB),
                  "ecs:DescribeTaskDefinition");
    allow(b, "ecs:DescribeTaskDefinition", "*");
    expect(bench_call(b, "ecs", EVAC_VERB_OBSERVE, "ready", WEB), EVAC_SEEN_SATISFIED);
    bench_control(b, "iam self none");
    bench_control(b, "iam self off");
    expect(bench_call(b, "ecs", EVAC_VERB_OBSERVE, "ready", WEB), EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

START_TEST(what_is_no_control_of_rights_is_refused)
{
    struct bench *b = bench_new(10);
    struct evac_err err = { EVAC_OK, "" };
    ck_assert(evac_sandbox_control(bench_sandbox(b), EVAC_STR("iam self may all"), &err));
    ck_assert_ptr_nonnull(strstr(err.text, "iam KEY policy"));
    ck_assert(evac_sandbox_control(bench_sandbox(b), EVAC_STR("iam self policy {}"), &err));
    ck_assert_ptr_nonnull(strstr(err.text, "Statement"));
    bench_free(b);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("rights");
    tcase_add_loop_test(tc, a_policy_is_evaluated_as_iam_does, 0,
                        (int)(sizeof cases_of_policies / sizeof cases_of_policies[0]));
    tcase_add_loop_test(tc, what_can_not_be_evaluated_is_refused_by_name, 0,
                        (int)(sizeof refused / sizeof refused[0]));
    tcase_add_test(tc, every_operation_has_its_rights);
    tcase_add_test(tc, what_a_driver_calls_needs_what_its_table_says_and_nothing_else);
    tcase_add_test(tc, who_was_not_named_may_all_and_who_was_may_what_it_was_given);
    tcase_add_test(tc, what_is_no_control_of_rights_is_refused);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("the model's IAM", cases)

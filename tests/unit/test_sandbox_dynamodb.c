/* The model of DynamoDB, by requests of its own: states, what is refused, and how writes travel
 * between regions that lag, are cut off, and come back. */
#include "aws_pack.h"
#include "sandbox_bench.h"
#include "sandbox_internal.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EAST "us-east-1"
#define WEST "us-west-2"
#define OHIO "us-east-2"

struct said {
    bool answered;
    int status;
    enum evac_outcome outcome;
    char code[96], body[32768];
};

static void keep(void *user, const struct evac_aws_reply *r)
{
    struct said *s = user;
    s->answered = true;
    s->status = r->status;
    s->outcome = r->outcome;
    (void)evac_str_copy(s->code, sizeof s->code, r->code);
    if (r->http)
        (void)evac_str_copy(s->body, sizeof s->body, r->http->body);
}

static const struct said *ask(struct bench *b, const char *region, const char *operation,
                              const char *body)
{
    static struct said s;
    struct evac_err err = { EVAC_OK, "" };
    uint64_t id;
    bool looks = strncmp(operation, "Describe", 8) == 0 || strncmp(operation, "List", 4) == 0 ||
                 strcmp(operation, "GetItem") == 0 || strcmp(operation, "Query") == 0;
    struct evac_aws_request request = { .service = "dynamodb",
                                        .operation = operation,
                                        .region = evac_str(region),
                                        .mutates = !looks,
                                        .body = evac_str(body) };
    memset(&s, 0, sizeof s);
    ck_assert_msg(evac_aws_send(bench_link(b)->aws, &request, keep, &s, &id, &err) == EVAC_OK, "%s",
                  err.text);
    for (int i = 0; i < 30000 && !s.answered; i++)
        bench_run(b, 1);
    ck_assert(s.answered);
    return &s;
}

static const struct said *done(struct bench *b, const char *region, const char *operation,
                               const char *body)
{
    const struct said *s = ask(b, region, operation, body);
    ck_assert_msg(s->status == 200, "%s: %d %s %s", operation, s->status, s->code, s->body);
    return s;
}

static void refused(struct bench *b, const char *region, const char *operation, const char *body,
                    const char *code, const char *words)
{
    const struct said *s = ask(b, region, operation, body);
    ck_assert_msg(strcmp(s->code, code) == 0, "%s: %s, not %s: %s", operation, s->code, code,
                  s->body);
    ck_assert_msg(strstr(s->body, words), "%s", s->body);
}

static bool has(const struct said *s, const char *part)
{
    return strstr(s->body, part) != NULL;
}

/* The table "carts", as a region shows it. */
static const struct said *table(struct bench *b, const char *region)
{
    return done(b, region, "DescribeTable", "{\"TableName\":\"carts\"}");
}

#define CARTS(rest) "{\"TableName\":\"carts\"," rest "}"

static void put(struct bench *b, const char *region, const char *key, int value)
{
    char body[256];
    (void)snprintf(body, sizeof body,
                   CARTS("\"Item\":{\"pk\":{\"S\":\"%s\"},\"n\":{\"N\":\"%d\"}}"), key, value);
    (void)done(b, region, "PutItem", body);
}

/* What a region has of an item; -1: nothing. */
static int get(struct bench *b, const char *region, const char *key, bool strong)
{
    char body[256];
    (void)snprintf(body, sizeof body,
                   CARTS("\"Key\":{\"pk\":{\"S\":\"%s\"}},\"ConsistentRead\":%s"), key,
                   strong ? "true" : "false");
    const char *n = strstr(done(b, region, "GetItem", body)->body, "\"n\":{\"N\":\"");
    return n ? (int)strtol(n + 10, NULL, 10) : -1;
}

static struct bench *with(const char *more)
{
    struct bench *b = bench_new(10);
    bench_control(b, "make dynamodb " EAST " {\"table\":\"carts\"%s}", more);
    return b;
}

#define BOTH   ",\"replicas\":[\"" EAST "\",\"" WEST "\"]"
#define STRONG ",\"consistency\":\"strong\",\"replicas\":[\"" EAST "\",\"" WEST "\",\"" OHIO "\"]"

/* --- eventual consistency --------------------------------------------------------------------
 */

START_TEST(a_write_arrives_when_the_lag_has_passed)
{
    struct bench *b = with(BOTH);
    bench_control(b, "lag " WEST " 3000");
    put(b, EAST, "a", 1);
    ck_assert_int_eq(get(b, EAST, "a", true), 1);
    bench_run(b, 2500);
    ck_assert_int_eq(get(b, WEST, "a", true), -1); /* a strong read is of the region's own */
    bench_run(b, 600);
    ck_assert_int_eq(get(b, WEST, "a", true), 1);
    ck_assert(bench_true(b, "\"waiting\":0"));
    bench_free(b);
}
END_TEST

START_TEST(the_later_write_wins_in_every_region)
{
    struct bench *b = with(BOTH);
    bench_control(b, "lag " WEST " 2000");
    bench_control(b, "lag " EAST " 500");
    put(b, EAST, "a", 1);
    put(b, WEST, "a", 2);
    bench_run(b, 3000);
    ck_assert_int_eq(get(b, EAST, "a", false), 2);
    ck_assert_int_eq(get(b, WEST, "a", false), 2);
    bench_free(b);
}
END_TEST

/* So a condition is no lock across regions. */
START_TEST(a_condition_sees_its_own_region_only)
{
    struct bench *b = with(BOTH);
    const char *lock = CARTS("\"Item\":{\"pk\":{\"S\":\"lock\"}},\"ConditionExpression\":"
                             "\"attribute_not_exists(pk)\"");
    bench_control(b, "lag " WEST " 2000");
    (void)done(b, EAST, "PutItem", lock);
    (void)done(b, WEST, "PutItem", lock);
    refused(b, EAST, "PutItem", lock, "ConditionalCheckFailedException", "conditional request");
    bench_free(b);
}
END_TEST

START_TEST(what_did_not_arrive_before_the_region_was_lost_arrives_when_it_is_back)
{
    struct bench *b = with(BOTH);
    bench_control(b, "lag " WEST " 2000");
    put(b, EAST, "lost", 1);
    put(b, EAST, "both", 1);
    bench_control(b, "region " EAST " down");
    bench_run(b, 10000);
    ck_assert_int_eq(get(b, WEST, "lost", true), -1);
    put(b, WEST, "both", 2);
    bench_run(b, 1000);
    ck_assert(bench_true(b, "\"waiting\":3"));
    bench_control(b, "region " EAST " up");
    bench_run(b, 3000);
    ck_assert_int_eq(get(b, WEST, "lost", true), 1); /* late, and yet the newer write stays */
    ck_assert_int_eq(get(b, WEST, "both", true), 2);
    ck_assert_int_eq(get(b, EAST, "both", true), 2);
    bench_free(b);
}
END_TEST

START_TEST(a_region_that_is_cut_off_still_takes_its_apps_writes)
{
    struct bench *b = with(BOTH);
    struct evac_sandbox *sb = bench_sandbox(b);
    struct evac_str value;
    bench_control(b, "region " EAST " isolated");
    ck_assert(sb_dynamodb_accepts_writes(sb, 0, "carts"));
    ck_assert(sb_dynamodb_write(sb, 0, "carts", "a", "one"));
    bench_run(b, 5000);
    ck_assert(!sb_dynamodb_read(sb, 1, "carts", "a", &value));
    ck_assert(has(table(b, WEST), "\"ReplicaInaccessibleDateTime\":"));
    bench_control(b, "region " EAST " up");
    bench_run(b, 5000);
    ck_assert(sb_dynamodb_read(sb, 1, "carts", "a", &value) && evac_str_is(value, "one"));
    ck_assert(!has(table(b, WEST), "\"ReplicaInaccessibleDateTime\":"));
    bench_control(b, "region " EAST " down");
    ck_assert(!sb_dynamodb_accepts_writes(sb, 0, "carts"));
    ck_assert(!sb_dynamodb_write(sb, 0, "carts", "a", "two"));
    ck_assert(!sb_dynamodb_read(sb, 0, "carts", "a", &value));
    bench_control(b, "service dynamodb " WEST " denied");
    ck_assert(!sb_dynamodb_accepts_writes(sb, 1, "carts"));
    ck_assert(!sb_dynamodb_accepts_writes(sb, 1, "nothing"));
    bench_free(b);
}
END_TEST

START_TEST(what_waits_for_a_lost_region_is_the_newest_of_each_item)
{
    struct bench *b = with(BOTH);
    bench_control(b, "region " EAST " down");
    for (int i = 1; i <= 20; i++) {
        put(b, WEST, "a", i);
        bench_run(b, 1000);
    }
    ck_assert(bench_true(b, "\"waiting\":1"));
    bench_control(b, "region " EAST " up");
    bench_run(b, 2000);
    ck_assert_int_eq(get(b, EAST, "a", true), 20);
    bench_free(b);
}
END_TEST

START_TEST(a_global_table_can_not_be_made_where_a_table_is)
{
    static const char *const taken[] = { EAST, WEST };
    struct bench *b = bench_new(10);
    struct evac_sandbox *sb = bench_sandbox(b);
    bench_control(b, "make dynamodb " WEST " {\"table\":\"carts\"}");
    ck_assert(!sb_dynamodb_global(sb, "carts", taken, 2, false));
    ck_assert(!sb_dynamodb_accepts_writes(sb, 0, "carts")); /* not half of one either */
    ck_assert(sb_dynamodb_accepts_writes(sb, 1, "carts"));
    ck_assert(sb_dynamodb_global(sb, "others", taken, 2, false));
    ck_assert(bench_true(b, "\"table\":\"others\",\"region\":\"us-west-2\",\"status\":\"ACTIVE\","
                            "\"global\":true"));
    bench_free(b);
}
END_TEST

START_TEST(time_to_live_is_the_same_in_all_replicas)
{
    struct bench *b = with(BOTH);
    (void)done(b, EAST, "UpdateTimeToLive",
               CARTS("\"TimeToLiveSpecification\":{\"Enabled\":true,\"AttributeName\":\"ends\"}"));
    ck_assert(
        has(done(b, WEST, "DescribeTimeToLive", "{\"TableName\":\"carts\"}"), "\"ENABLING\""));
    bench_run(b, 61000);
    ck_assert(has(done(b, WEST, "DescribeTimeToLive", "{\"TableName\":\"carts\"}"), "\"ENABLED\""));
    bench_free(b);
}
END_TEST

/* --- strong consistency ----------------------------------------------------------------------
 */

START_TEST(a_strong_write_is_everywhere_at_once_and_a_condition_is_a_lock)
{
    struct bench *b = with(STRONG);
    const char *lock = CARTS("\"Item\":{\"pk\":{\"S\":\"lock\"}},\"ConditionExpression\":"
                             "\"attribute_not_exists(pk)\",\"ReturnValuesOnConditionCheckFailure\":"
                             "\"ALL_OLD\"");
    put(b, EAST, "a", 1);
    ck_assert_int_eq(get(b, OHIO, "a", false), 1);
    (void)done(b, EAST, "PutItem", lock);
    bench_run(b, 100);
    refused(b, WEST, "PutItem", lock, "ConditionalCheckFailedException",
            "\"Item\":{\"pk\":{\"S\":\"lock\"}}");
    ck_assert(has(table(b, WEST), "\"MultiRegionConsistency\":\"STRONG\""));
    bench_free(b);
}
END_TEST

START_TEST(a_strong_write_needs_two_of_three_regions)
{
    struct bench *b = with(STRONG);
    struct evac_sandbox *sb = bench_sandbox(b);
    put(b, EAST, "a", 1);
    bench_control(b, "region " EAST " isolated");
    ck_assert(!sb_dynamodb_accepts_writes(sb, 0, "carts")); /* it is alone, and knows it */
    put(b, WEST, "a", 2);
    ck_assert_int_eq(get(b, OHIO, "a", true), 2);
    bench_control(b, "region " OHIO " down");
    const struct said *s =
        ask(b, WEST, "PutItem", CARTS("\"Item\":{\"pk\":{\"S\":\"a\"},\"n\":{\"N\":\"3\"}}"));
    ck_assert(s->outcome == EVAC_OUTCOME_UNKNOWN && s->status == 500);
    ck_assert_int_eq(get(b, WEST, "a", false), 2); /* eventual reads go on */
    bench_control(b, "region " EAST " up");
    ck_assert_int_eq(get(b, EAST, "a", true), 2); /* behind, but it asks the others */
    bench_run(b, 3000);
    ck_assert_int_eq(get(b, EAST, "a", false), 2);
    bench_free(b);
}
END_TEST

START_TEST(a_witness_counts_and_holds_nothing)
{
    struct bench *b = with(",\"consistency\":\"strong\",\"witness\":\"" OHIO "\"" BOTH);
    ck_assert(has(table(b, EAST), "\"GlobalTableWitnesses\":[{\"RegionName\":\"" OHIO "\""));
    bench_control(b, "region " EAST " down");
    put(b, WEST, "a", 1);
    refused(b, OHIO, "DescribeTable", "{\"TableName\":\"carts\"}", "ResourceNotFoundException",
            "not found");
    bench_control(b, "region " OHIO " down");
    ck_assert(!sb_dynamodb_accepts_writes(bench_sandbox(b), 1, "carts"));
    bench_free(b);
}
END_TEST

START_TEST(two_regions_that_write_one_item_at_once_conflict)
{
    struct bench *b = bench_new(1);
    bench_control(b, "make dynamodb " EAST " {\"table\":\"carts\"" STRONG "}");
    struct evac_sandbox *sb = bench_sandbox(b);
    evac_sandbox_advance(sb, bench_now(b));
    ck_assert(sb_dynamodb_write(sb, 0, "carts", "a", "x"));
    refused(b, WEST, "PutItem", CARTS("\"Item\":{\"pk\":{\"S\":\"a\"}}"),
            "ReplicatedWriteConflictException", "another Region");
    bench_run(b, 200);
    put(b, WEST, "a", 2);
    bench_free(b);
}
END_TEST

/* --- expressions -----------------------------------------------------------------------------
 */

static const struct {
    const char *condition;
    bool holds;
} conditions[] = {
    { "pk = :a", true },
    { "pk <> :a", false },
    { "#n >= :one AND #n < :ten", true },
    { "#n > :ten OR attribute_exists(#n)", true },
    { "NOT (#n > :ten OR attribute_exists(#n))", false },
    { "#n BETWEEN :one AND :ten", true },
    { "#n IN (:one, :ten)", false },
    { "#n IN (:one, :ten, #n)", true },
    { "begins_with(pk, :a)", true },
    { "contains(pk, :one)", false },
    { "attribute_not_exists(gone) and not gone = :one", true },
    { "gone < :ten", false },
    { "gone <> :ten", true },
    { "#n = :a", false }, /* of another type */
};

START_TEST(conditions_are_read_as_they_are_written)
{
    struct bench *b = with("");
    put(b, EAST, "ab", 5);
    char body[1024];
    (void)snprintf(
        body, sizeof body,
        CARTS("\"Key\":{\"pk\":{\"S\":\"ab\"}},\"UpdateExpression\":\"SET seen = "
              "if_not_exists(seen, :one), x = #n + :ten ADD c :a0\",\"ConditionExpression\":"
              "\"(%s) AND :one = :one AND :a = :a AND :ten = :ten AND attribute_exists(#n)\","
              "\"ExpressionAttributeNames\":{\"#n\":\"n\"},\"ExpressionAttributeValues\":{"
              "\":a\":{\"S\":\"ab\"},\":one\":{\"N\":\"1\"},\":ten\":{\"N\":\"10\"},\":a0\":{\"N\":"
              "\"2\"}},\"ReturnValues\":\"ALL_NEW\""),
        conditions[_i].condition);
    const struct said *s = ask(b, EAST, "UpdateItem", body);
    ck_assert_msg(conditions[_i].holds == (s->status == 200), "%s: %s", conditions[_i].condition,
                  s->body);
    if (conditions[_i].holds)
        ck_assert_msg(has(s, "\"x\":{\"N\":\"15\"}") && has(s, "\"c\":{\"N\":\"2\"}") &&
                          has(s, "\"seen\":{\"N\":\"1\"}"),
                      "%s", s->body);
    else
        ck_assert_str_eq(s->code, "ConditionalCheckFailedException");
    bench_free(b);
}
END_TEST

static const struct {
    const char *operation, *body, *code, *words;
} mistakes[] = {
    { "PutItem", CARTS("\"Item\":{\"n\":{\"N\":\"1\"}}"), "ValidationException",
      "Missing the key pk" },
    { "PutItem", CARTS("\"Item\":{\"pk\":{\"N\":\"1\"}}"), "ValidationException", "Type mismatch" },
    { "PutItem", CARTS("\"Item\":{\"pk\":{\"S\":\"\"}}"), "ValidationException", "Type mismatch" },
    { "PutItem", CARTS("\"Item\":{\"pk\":{\"S\":\"a\"}},\"ConditionExpression\":\"pk =\""),
      "ValidationException", "Invalid expression" },
    { "PutItem", CARTS("\"Item\":{\"pk\":{\"S\":\"a\"}},\"ConditionExpression\":\"pk = :x\""),
      "ValidationException", "Invalid expression" },
    { "PutItem",
      CARTS("\"Item\":{\"pk\":{\"S\":\"a\"}},\"ExpressionAttributeNames\":{\"#u\":\"u\"}"),
      "ValidationException", "unused in expressions: keys: {#u}" },
    { "PutItem", CARTS("\"Item\":{\"pk\":{\"S\":\"a\"}},\"ReturnValues\":\"ALL_NEW\""),
      "ValidationException", "Return values" },
    { "PutItem", "{\"TableName\":\"nobody\",\"Item\":{\"pk\":{\"S\":\"a\"}}}",
      "ResourceNotFoundException", "not found" },
    { "GetItem", CARTS("\"Key\":{\"pk\":{\"S\":\"a\"},\"n\":{\"N\":\"1\"}}"), "ValidationException",
      "does not match the schema" },
    { "UpdateItem",
      CARTS("\"Key\":{\"pk\":{\"S\":\"a\"}},\"UpdateExpression\":\"SET pk = :x\","
            "\"ExpressionAttributeValues\":{\":x\":{\"S\":\"b\"}}"),
      "ValidationException", "Cannot update a key" },
    { "UpdateItem",
      CARTS("\"Key\":{\"pk\":{\"S\":\"a\"}},\"UpdateExpression\":\"SET n = m + :x\","
            "\"ExpressionAttributeValues\":{\":x\":{\"N\":\"1\"}}"),
      "ValidationException", "Invalid expression" },
    { "UpdateTable", CARTS("\"BillingMode\":\"PAY_PER_REQUEST\",\"StreamSpecification\":{}"),
      "ValidationException", "exactly one" },
    { "UpdateTable", CARTS("\"WarmThroughput\":{\"ReadUnitsPerSecond\":1}"), "ValidationException",
      "lower than the current" },
    { "UpdateTable",
      CARTS("\"ProvisionedThroughput\":{\"ReadCapacityUnits\":1,\"WriteCapacityUnits\":1}"),
      "ValidationException", "PAY_PER_REQUEST" },
    { "UpdateTable", CARTS("\"ReplicaUpdates\":[{\"Create\":{\"RegionName\":\"us-west-2\"}}]"),
      "ValidationException", "stream with new and old images" },
    { "UpdateTable",
      CARTS("\"ReplicaUpdates\":[{\"Create\":{\"RegionName\":\"us-west-2\"}},{\"Create\":{"
            "\"RegionName\":\"us-east-2\"}}]"),
      "ValidationException", "one replica" },
    { "UpdateTable",
      CARTS("\"MultiRegionConsistency\":\"STRONG\",\"ReplicaUpdates\":[{\"Create\":{"
            "\"RegionName\":\"us-west-2\"}}]"),
      "ValidationException", "two more replicas" },
    { "UpdateTable",
      CARTS("\"MultiRegionConsistency\":\"STRONG\",\"ReplicaUpdates\":[{\"Create\":{"
            "\"RegionName\":\"us-west-2\"}},{\"Create\":{\"RegionName\":\"eu-west-1\"}}]"),
      "ValidationException", "one region set" },
    { "UpdateContinuousBackups",
      CARTS("\"PointInTimeRecoverySpecification\":{\"PointInTimeRecoveryEnabled\":true,"
            "\"RecoveryPeriodInDays\":36}"),
      "ValidationException", "1 to 35" },
    { "DescribeContinuousBackups", "{\"TableName\":\"nobody\"}", "TableNotFoundException",
      "nobody" },
    { "RestoreTableToPointInTime",
      "{\"SourceTableName\":\"carts\",\"TargetTableName\":\"back\",\"UseLatestRestorableTime\":"
      "true,"
      "\"RestoreDateTime\":1790000000}",
      "ValidationException", "Exactly one" },
    { "RestoreTableToPointInTime",
      "{\"SourceTableName\":\"carts\",\"TargetTableName\":\"carts\",\"UseLatestRestorableTime\":"
      "true}",
      "TableAlreadyExistsException", "carts" },
};

START_TEST(what_aws_refuses_is_refused)
{
    struct bench *b = with("");
    refused(b, EAST, mistakes[_i].operation, mistakes[_i].body, mistakes[_i].code,
            mistakes[_i].words);
    bench_free(b);
}
END_TEST

/* --- tables ----------------------------------------------------------------------------------
 */

#define MAKE_STRONG                                                                                \
    CARTS("\"MultiRegionConsistency\":\"STRONG\",\"ReplicaUpdates\":[{\"Create\":{\"RegionName\":" \
          "\"us-west-2\"}}],\"GlobalTableWitnessUpdates\":[{\"Create\":{\"RegionName\":\"us-east-" \
          "2\"}}]")

START_TEST(only_an_empty_plain_table_becomes_strong)
{
    static const char *const wrong[][2] = { { ",\"items\":1", "empty" },
                                            { ",\"lsi\":true", "local secondary" },
                                            { ",\"ttl\":\"ends\"", "time to live" },
                                            { BOTH, "can not be changed" } };
    for (int i = 0; i < 4; i++) {
        struct bench *b = with(wrong[i][0]);
        refused(b, EAST, "UpdateTable", MAKE_STRONG, "ValidationException", wrong[i][1]);
        bench_free(b);
    }
    struct bench *b = with("");
    (void)done(b, EAST, "UpdateTable", MAKE_STRONG);
    ck_assert(has(table(b, EAST), "\"WitnessStatus\":\"CREATING\""));
    bench_run(b, 61000);
    ck_assert(has(table(b, WEST), "\"MultiRegionConsistency\":\"STRONG\""));
    refused(b, EAST, "UpdateTable",
            CARTS("\"ReplicaUpdates\":[{\"Delete\":{\"RegionName\":\"us-west-2\"}}]"),
            "ValidationException", "both others");
    refused(b, WEST, "DeleteTable", "{\"TableName\":\"carts\"}", "ValidationException", "alone");
    (void)done(
        b, EAST, "UpdateTable",
        CARTS("\"ReplicaUpdates\":[{\"Delete\":{\"RegionName\":\"us-west-2\"}}],"
              "\"GlobalTableWitnessUpdates\":[{\"Delete\":{\"RegionName\":\"us-east-2\"}}]"));
    bench_run(b, 2000);
    ck_assert(!has(table(b, EAST), "MultiRegionConsistency"));
    bench_free(b);
}
END_TEST

#define ADD_WEST CARTS("\"ReplicaUpdates\":[{\"Create\":{\"RegionName\":\"us-west-2\"}}]")

START_TEST(a_new_replica_waits_for_a_region_that_is_lost_meanwhile)
{
    struct bench *b = with(",\"items\":3,\"stream\":\"NEW_AND_OLD_IMAGES\"");
    (void)done(b, EAST, "UpdateTable", ADD_WEST);
    ck_assert(has(table(b, EAST), "\"ReplicaStatus\":\"CREATING\""));
    refused(b, WEST, "GetItem", CARTS("\"Key\":{\"pk\":{\"S\":\"row-1\"}}"),
            "ResourceNotFoundException", "not found");
    bench_run(b, 30000);
    put(b, EAST, "new", 9);
    bench_control(b, "region " WEST " down");
    bench_run(b, 120000);
    ck_assert(has(table(b, EAST), "\"ReplicaStatus\":\"CREATING\""));
    bench_control(b, "region " WEST " up");
    bench_run(b, 31000);
    ck_assert(has(table(b, EAST), "\"ReplicaStatus\":\"ACTIVE\""));
    ck_assert_int_eq(get(b, WEST, "new", true), 9);
    ck_assert(has(table(b, WEST), "\"ItemCount\":4"));
    bench_free(b);
}
END_TEST

START_TEST(a_replica_needs_write_capacity_that_follows)
{
    struct bench *b = with(",\"billing\":\"PROVISIONED\",\"stream\":\"NEW_AND_OLD_IMAGES\"");
    refused(b, EAST, "UpdateTable", ADD_WEST, "ValidationException", "AutoScaled");
    bench_control(b,
                  "make application-autoscaling " EAST " {\"kind\":\"target\",\"name\":"
                  "\"table/carts\",\"ScalableDimension\":\"dynamodb:table:WriteCapacityUnits\"}");
    (void)done(b, EAST, "UpdateTable", ADD_WEST);
    bench_free(b);
}
END_TEST

START_TEST(settings_of_all_replicas_do_not_change_while_one_is_out_of_reach)
{
    struct bench *b = with(",\"billing\":\"PROVISIONED\"" BOTH);
    const char *more =
        CARTS("\"ProvisionedThroughput\":{\"ReadCapacityUnits\":70,\"WriteCapacityUnits\":5}");
    bench_control(b, "region " EAST " down");
    refused(b, WEST, "UpdateTable", more, "ValidationException", "can not be reached");
    bench_control(b, "region " EAST " up");
    (void)done(b, WEST, "UpdateTable", more);
    bench_run(b, 4000);
    ck_assert(has(table(b, EAST), "\"ReadCapacityUnits\":70"));
    bench_free(b);
}
END_TEST

START_TEST(capacity_may_be_lowered_only_so_often_a_day)
{
    struct bench *b = with(",\"billing\":\"PROVISIONED\",\"read\":100");
    char body[256];
    const struct said *s = NULL;
    for (int i = 0; i < 28; i++) {
        (void)snprintf(body, sizeof body,
                       CARTS("\"ProvisionedThroughput\":{\"ReadCapacityUnits\":%d,"
                             "\"WriteCapacityUnits\":5}"),
                       99 - i);
        s = ask(b, EAST, "UpdateTable", body);
        bench_run(b, 4000);
    }
    ck_assert_str_eq(s->code, "LimitExceededException");
    bench_free(b);
}
END_TEST

/* --- backups ---------------------------------------------------------------------------------
 */

START_TEST(a_restore_gives_what_was_there_at_that_time)
{
    struct bench *b = with("");
    char body[256];
    put(b, EAST, "a", 1);
    bench_run(b, 40000);
    int64_t before_s = bench_wall(b) / 1000;
    bench_run(b, 5000);
    put(b, EAST, "a", 2);
    put(b, EAST, "b", 2);
    bench_run(b, 40000);
    (void)snprintf(
        body, sizeof body,
        "{\"SourceTableName\":\"carts\",\"TargetTableName\":\"back\",\"RestoreDateTime\":%lld}",
        (long long)before_s);
    (void)done(b, EAST, "RestoreTableToPointInTime", body);
    refused(b, EAST, "TagResource",
            "{\"ResourceArn\":\"arn:aws:dynamodb:us-east-1:123456789012:table/back\",\"Tags\":[{"
            "\"Key\":\"a\",\"Value\":\"b\"}]}",
            "ResourceInUseException", "being created");
    refused(b, EAST, "UpdateContinuousBackups",
            "{\"TableName\":\"back\",\"PointInTimeRecoverySpecification\":{"
            "\"PointInTimeRecoveryEnabled\":true}}",
            "ContinuousBackupsUnavailableException", "retry later");
    bench_run(b, 121000);
    const struct said *s =
        done(b, EAST, "GetItem", "{\"TableName\":\"back\",\"Key\":{\"pk\":{\"S\":\"a\"}}}");
    ck_assert_msg(has(s, "\"n\":{\"N\":\"1\"}"), "%s", s->body);
    s = done(b, EAST, "DescribeTable", "{\"TableName\":\"back\"}");
    ck_assert(has(s, "\"ItemCount\":1,") && has(s, "\"RestoreInProgress\":false"));
    bench_free(b);
}
END_TEST

START_TEST(a_restore_from_another_region_waits_for_it)
{
    struct bench *b = with(",\"items\":2");
    const char *restore =
        "{\"SourceTableArn\":\"arn:aws:dynamodb:us-east-1:123456789012:table/carts\","
        "\"TargetTableName\":\"back\",\"UseLatestRestorableTime\":true}";
    bench_run(b, 31000);
    bench_control(b, "region " EAST " isolated");
    ck_assert_int_eq(ask(b, WEST, "RestoreTableToPointInTime", restore)->status, 500);
    bench_control(b, "region " EAST " up");
    (void)done(b, WEST, "RestoreTableToPointInTime", restore);
    bench_run(b, 60000);
    bench_control(b, "region " EAST " down");
    bench_run(b, 120000);
    ck_assert(has(done(b, WEST, "DescribeTable", "{\"TableName\":\"back\"}"),
                  "\"TableStatus\":\"CREATING\""));
    bench_control(b, "region " EAST " up");
    bench_run(b, 61000);
    ck_assert(has(done(b, WEST, "DescribeTable", "{\"TableName\":\"back\"}"), "\"ItemCount\":2"));
    bench_free(b);
}
END_TEST

START_TEST(backups_are_listed_page_by_page)
{
    struct bench *b = with("");
    char body[700];
    for (int i = 0; i < 5; i++)
        bench_control(
            b, "make dynamodb " EAST " {\"kind\":\"backup\",\"table\":\"carts\",\"name\":\"b%d\"}",
            i);
    const struct said *s = done(b, EAST, "ListBackups", "{\"TableName\":\"carts\",\"Limit\":3}");
    const char *last = strstr(s->body, "\"LastEvaluatedBackupArn\":\"");
    ck_assert(last && has(s, "\"b2\"") && !has(s, "\"b3\""));
    (void)snprintf(body, sizeof body,
                   "{\"TableName\":\"carts\",\"Limit\":3,\"ExclusiveStartBackupArn\":\"%.*s\"}",
                   (int)strcspn(last + 26, "\""), last + 26);
    s = done(b, EAST, "ListBackups", body);
    ck_assert(has(s, "\"b3\"") && has(s, "\"b4\"") && !has(s, "LastEvaluatedBackupArn"));
    refused(b, WEST, "DescribeBackup", "{\"BackupArn\":\"arn:x\"}", "BackupNotFoundException",
            "arn:x");
    bench_free(b);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("consistency");
    tcase_add_test(tc, a_write_arrives_when_the_lag_has_passed);
    tcase_add_test(tc, the_later_write_wins_in_every_region);
    tcase_add_test(tc, a_condition_sees_its_own_region_only);
    tcase_add_test(tc, what_did_not_arrive_before_the_region_was_lost_arrives_when_it_is_back);
    tcase_add_test(tc, a_region_that_is_cut_off_still_takes_its_apps_writes);
    tcase_add_test(tc, what_waits_for_a_lost_region_is_the_newest_of_each_item);
    tcase_add_test(tc, a_global_table_can_not_be_made_where_a_table_is);
    tcase_add_test(tc, time_to_live_is_the_same_in_all_replicas);
    tcase_add_test(tc, a_strong_write_is_everywhere_at_once_and_a_condition_is_a_lock);
    tcase_add_test(tc, a_strong_write_needs_two_of_three_regions);
    tcase_add_test(tc, a_witness_counts_and_holds_nothing);
    tcase_add_test(tc, two_regions_that_write_one_item_at_once_conflict);
    suite_add_tcase(suite, tc);
    tc = tcase_create("requests");
    tcase_add_loop_test(tc, conditions_are_read_as_they_are_written, 0,
                        sizeof conditions / sizeof conditions[0]);
    tcase_add_loop_test(tc, what_aws_refuses_is_refused, 0, sizeof mistakes / sizeof mistakes[0]);
    tcase_add_test(tc, only_an_empty_plain_table_becomes_strong);
    tcase_add_test(tc, a_new_replica_waits_for_a_region_that_is_lost_meanwhile);
    tcase_add_test(tc, a_replica_needs_write_capacity_that_follows);
    tcase_add_test(tc, settings_of_all_replicas_do_not_change_while_one_is_out_of_reach);
    tcase_add_test(tc, capacity_may_be_lowered_only_so_often_a_day);
    suite_add_tcase(suite, tc);
    tc = tcase_create("backups");
    tcase_add_test(tc, a_restore_gives_what_was_there_at_that_time);
    tcase_add_test(tc, a_restore_from_another_region_waits_for_it);
    tcase_add_test(tc, backups_are_listed_page_by_page);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("the model of DynamoDB", cases)

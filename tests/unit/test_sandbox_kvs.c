/* A key of a CloudFront KeyValueStore, before the model: versions, and signatures for all regions
 * at once (Version 4A), which nothing else is served by. */
#include "sandbox_bench.h"
#include "sandbox_internal.h"
#include "sigv4.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

#define STORE   "arn:aws:cloudfront::123456789012:key-value-store/5c6d"
#define ENCODED "arn%3Aaws%3Acloudfront%3A%3A123456789012%3Akey-value-store%2F5c6d"
#define SHOP    "store=" STORE "\nkey=active region\n"
#define WEST    "region=us-west-2\nfrom=us-east-1\nto=us-west-2\nmode=ungraceful\n"

static struct bench *with_store(const char *keys)
{
    struct bench *b = bench_new(10);
    bench_control(b,
                  "make cloudfront-keyvaluestore us-east-1 "
                  "{\"kind\":\"store\",\"name\":\"5c6d\",\"keys\":%s}",
                  keys);
    return b;
}

#define EAST_ACTIVE "{\"active region\":\"us-east-1\"}"

static const struct evac_reply *look(struct bench *b, const char *action, const char *args)
{
    return bench_call(b, "cloudfront-kvs", EVAC_VERB_OBSERVE, action, args);
}

static const struct evac_reply *move(struct bench *b, const char *args)
{
    return bench_call(b, "cloudfront-kvs", EVAC_VERB_APPLY, "route", args);
}

/* --- the driver ------------------------------------------------------------------------------ */

START_TEST(a_key_is_set_by_its_stores_version_and_put_back)
{
    char before[256], version[64];
    struct bench *b = with_store(EAST_ACTIVE);
    expect(look(b, "ready", SHOP WEST), EVAC_SEEN_SATISFIED);
    const struct evac_reply *r = look(b, "route", SHOP WEST);
    expect(r, EVAC_SEEN_UNSATISFIED);
    ck_assert(evac_str_copy(before, sizeof before, r->snapshot));
    ck_assert(evac_str_copy(version, sizeof version, r->version));
    ck_assert_str_eq(before, "{\"value\":\"us-east-1\"}");
    bench_version(b, evac_str(version));
    expect_outcome(move(b, SHOP WEST), EVAC_OUTCOME_ACCEPTED);
    ck_assert(bench_true(b, "\"keys\":{\"active region\":\"us-west-2\"}"));
    expect(look(b, "route", SHOP WEST), EVAC_SEEN_SATISFIED);

    expect_outcome(move(b, SHOP WEST), EVAC_OUTCOME_REJECTED); /* the same again, late */
    bench_goal(b, before);
    bench_version(b, EVAC_STR_NONE);
    expect(look(b, "route", SHOP WEST), EVAC_SEEN_UNSATISFIED);
    expect_outcome(move(b, SHOP WEST), EVAC_OUTCOME_ACCEPTED);
    ck_assert(bench_true(b, "\"keys\":" EAST_ACTIVE));
    expect(look(b, "route", SHOP WEST), EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

START_TEST(a_key_that_was_not_there_is_made_and_taken_away_again)
{
    struct bench *b = with_store("{\"other\":\"x\"}");
    const char *args = SHOP "values.us-west-2=say \"west\"\n" WEST;
    expect(look(b, "ready", args), EVAC_SEEN_BLOCKED);
    const struct evac_reply *r = look(b, "route", args);
    expect(r, EVAC_SEEN_UNSATISFIED);
    ck_assert(evac_str_is(r->snapshot, "{}"));
    expect_outcome(move(b, args), EVAC_OUTCOME_ACCEPTED);
    ck_assert(bench_true(b, "{\"other\":\"x\",\"active region\":\"say \\\"west\\\"\"}"));
    bench_goal(b, "{}");
    expect(look(b, "route", args), EVAC_SEEN_UNSATISFIED);
    expect_outcome(move(b, args), EVAC_OUTCOME_ACCEPTED);
    expect(look(b, "route", args), EVAC_SEEN_SATISFIED);
    ck_assert(bench_true(b, "\"keys\":{\"other\":\"x\"}"));
    bench_free(b);
}
END_TEST

START_TEST(a_change_by_anyone_else_in_between_is_noticed)
{
    struct bench *b = with_store(EAST_ACTIVE);
    bench_version(b, EVAC_STR("KV0"));
    const struct evac_reply *r = move(b, SHOP WEST);
    expect_outcome(r, EVAC_OUTCOME_REJECTED);
    ck_assert(evac_str_is(r->code, "ConflictException"));
    ck_assert(bench_true(b, "\"keys\":" EAST_ACTIVE));
    bench_free(b);
}
END_TEST

START_TEST(a_lost_reply_is_looked_for)
{
    struct bench *b = with_store(EAST_ACTIVE);
    bench_control(b, "service cloudfront-keyvaluestore us-east-1 lost-mutation 1");
    expect_outcome(move(b, SHOP WEST), EVAC_OUTCOME_UNKNOWN);
    expect(look(b, "route", SHOP WEST), EVAC_SEEN_SATISFIED);
    bench_control(b, "service cloudfront-keyvaluestore us-east-1 down");
    expect(look(b, "route", SHOP WEST), EVAC_SEEN_UNSEEN);
    expect_outcome(move(b, SHOP WEST), EVAC_OUTCOME_NOT_SENT); /* the version could not be read */
    bench_free(b);
}
END_TEST

START_TEST(it_is_of_no_region_and_needs_none)
{
    struct bench *b = with_store(EAST_ACTIVE);
    bench_control(b, "region us-east-1 down");
    bench_control(b, "region us-west-2 down");
    expect(look(b, "route", SHOP WEST), EVAC_SEEN_UNSATISFIED);
    expect_outcome(move(b, SHOP WEST), EVAC_OUTCOME_ACCEPTED);
    expect(look(b, "route", SHOP WEST), EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

START_TEST(a_store_that_is_not_there_or_not_ready_blocks)
{
    struct bench *b = with_store(EAST_ACTIVE);
    const char *nobody = "store=" STORE "x\nkey=k\n" WEST;
    expect(look(b, "ready", nobody), EVAC_SEEN_BLOCKED);
    expect(look(b, "route", nobody), EVAC_SEEN_BLOCKED);
    expect_outcome(move(b, nobody), EVAC_OUTCOME_REJECTED);
    bench_control(b, "make cloudfront-keyvaluestore us-east-1 "
                     "{\"kind\":\"store\",\"name\":\"5c6d\",\"Status\":\"PROVISIONING\"}");
    expect(look(b, "ready", SHOP WEST), EVAC_SEEN_BLOCKED);
    expect_outcome(move(b, SHOP WEST), EVAC_OUTCOME_REJECTED);
    bench_free(b);
}
END_TEST

/* --- the model and its door ------------------------------------------------------------------ */

struct ask {
    const char *method, *path, *body, *match;
    const char *service, *region, *region_set, *secret;
};

static int status_of(struct bench *b, const struct ask *ask, char *ret_body, size_t bytes)
{
    struct evac_sandbox *sb = bench_sandbox(b);
    struct evac_http_header headers[6];
    struct evac_buf authorization;
    struct evac_sandbox_reply reply = { .fate = EVAC_SANDBOX_REPLY };
    char date[EVAC_SIGV4_DATE_BYTES];
    size_t n = 0;
    evac_sigv4_timestamp(sb_wall_ms(sb), date);
    headers[n++] = (struct evac_http_header){ EVAC_STR("Host"), EVAC_STR("kvs.example.com") };
    headers[n++] = (struct evac_http_header){ EVAC_STR("X-Amz-Date"), evac_str(date) };
    if (ask->region_set)
        headers[n++] =
            (struct evac_http_header){ EVAC_STR("X-Amz-Region-Set"), evac_str(ask->region_set) };
    if (ask->match)
        headers[n++] = (struct evac_http_header){ EVAC_STR("If-Match"), evac_str(ask->match) };
    struct evac_sigv4_request request = { .method = evac_str(ask->method),
                                          .path = evac_str(ask->path),
                                          .headers = headers,
                                          .header_count = n,
                                          .body = evac_str(ask->body) };
    const struct evac_sigv4_scope scope = { evac_str(date), evac_str(ask->region),
                                            evac_str(ask->service ? ask->service
                                                                  : "cloudfront-keyvaluestore"),
                                            evac_str(ask->region_set) };
    const struct evac_sigv4_identity identity = {
        evac_str(sb->access_key_id), evac_str(ask->secret ? ask->secret : sb->secret_access_key),
        EVAC_STR_NONE
    };
    evac_buf_init(&authorization, 4096);
    evac_buf_init(&reply.body, 1u << 20);
    ck_assert_int_eq(
        evac_sigv4_sign(NULL, &request, &scope, &identity, EVAC_STR_NONE, &authorization, NULL),
        EVAC_OK);
    headers[n++] =
        (struct evac_http_header){ EVAC_STR("Authorization"), evac_buf_str(&authorization) };
    const struct evac_http_request http = { .method = request.method,
                                            .url = request.path,
                                            .headers = headers,
                                            .header_count = n,
                                            .body = request.body };
    evac_sandbox_http(sb, &http, &reply);
    ck_assert_int_eq(reply.fate, EVAC_SANDBOX_REPLY);
    (void)evac_str_copy(ret_body, bytes, evac_buf_str(&reply.body));
    evac_buf_done(&authorization);
    evac_buf_done(&reply.body);
    return reply.status;
}

#define KVS  "/key-value-stores/" ENCODED
#define ROOT "AWS4-ECDSA-P256-SHA256"

static const struct {
    struct ask ask;
    int status;
    const char *says;
} doors[] = {
    { { "GET", KVS, "", .region_set = "*" }, 200, "\"Status\":\"READY\"" },
    { { "GET", KVS, "", .region = "us-east-1" }, 403, "must be signed by " ROOT },
    { { "GET", KVS, "", .region_set = "us-east-1" }, 403, "region set '*'" },
    { { "GET", KVS, "", .region_set = "*", .secret = "another" }, 403, "SignatureDoesNotMatch" },
    { { "POST", "/", "Action=DescribeGlobalClusters", .service = "rds", .region_set = "*" },
      403,
      "scoped to a valid region" },
    { { "GET", KVS, "", .region_set = "*", .region = "us-east-1" }, 200, "READY" }, /* not told */
};

START_TEST(it_must_be_signed_for_all_regions)
{
    char body[4096];
    struct bench *b = with_store(EAST_ACTIVE);
    int status = status_of(b, &doors[_i].ask, body, sizeof body);
    ck_assert_msg(status == doors[_i].status, "%d: %s", status, body);
    ck_assert_msg(strstr(body, doors[_i].says) != NULL, "%s", body);
    bench_free(b);
}
END_TEST

static const struct {
    const char *method, *path, *body, *match;
    int status;
    const char *says;
} serves[] = {
    { "GET", "", "", NULL, 200, "\"ItemCount\":1,\"TotalSizeInBytes\":22" },
    { "GET", "/keys", "", NULL, 200, "{\"Items\":[{\"Key\":\"active region\",\"Value\":" },
    { "GET", "/keys/active%20region", "", NULL, 200, "\"Value\":\"us-east-1\"" },
    { "GET", "/keys/nobody", "", NULL, 404, "ResourceNotFoundException" },
    { "PUT", "/keys/k%2F1", "{\"Value\":\"v\"}", "KV1", 200, "\"ItemCount\":2" },
    { "PUT", "/keys/k%2F1", "{\"Value\":\"v\"}", "KV1", 409, "ConflictException" },
    { "PUT", "/keys/k", "{\"Value\":\"v\"}", NULL, 400, "If-Match is missing" },
    { "PUT", "/keys/k", "{}", "KV2", 400, "Value is missing" },
    { "DELETE", "/keys/nobody", "", "KV2", 404, "does not exist" },
    { "DELETE", "/keys/k%2F1", "", "KV2", 200, "\"ItemCount\":1" },
    { "POST", "/keys",
      "{\"Puts\":[{\"Key\":\"a\",\"Value\":\"1\"}],\"Deletes\":[{\"Key\":\"nobody\"}]}", "KV3", 404,
      "does not exist" },
    { "GET", "/keys/a", "", NULL, 404, "does not exist" }, /* all of it or nothing */
    { "POST", "/keys",
      "{\"Puts\":[{\"Key\":\"a\",\"Value\":\"1\"}],\"Deletes\":[{\"Key\":\"active region\"}]}",
      "KV3", 200, "\"ItemCount\":1,\"TotalSizeInBytes\":2" },
    { "POST", "/keys", "{}", "KV4", 400, "from 1 to 50" },
    { "GET", "/keys", "", NULL, 200, "{\"Items\":[{\"Key\":\"a\",\"Value\":\"1\"}]}" },
};

START_TEST(keys_are_served_as_the_model_of_the_service_says)
{
    char body[4096], path[256];
    struct bench *b = with_store(EAST_ACTIVE);
    for (size_t i = 0; i < sizeof serves / sizeof serves[0]; i++) {
        (void)snprintf(path, sizeof path, "%s%s", KVS, serves[i].path);
        const struct ask ask = { serves[i].method, path, serves[i].body, serves[i].match,
                                 .region_set = "*" };
        int status = status_of(b, &ask, body, sizeof body);
        ck_assert_msg(status == serves[i].status, "%zu: %d %s", i, status, body);
        ck_assert_msg(strstr(body, serves[i].says) != NULL, "%zu: %s", i, body);
    }
    bench_free(b);
}
END_TEST

static void make_cases(Suite *suite)
{
    TCase *tc = tcase_create("key value store");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, a_key_is_set_by_its_stores_version_and_put_back);
    tcase_add_test(tc, a_key_that_was_not_there_is_made_and_taken_away_again);
    tcase_add_test(tc, a_change_by_anyone_else_in_between_is_noticed);
    tcase_add_test(tc, a_lost_reply_is_looked_for);
    tcase_add_test(tc, it_is_of_no_region_and_needs_none);
    tcase_add_test(tc, a_store_that_is_not_there_or_not_ready_blocks);
    tcase_add_loop_test(tc, it_must_be_signed_for_all_regions, 0,
                        (int)(sizeof doors / sizeof doors[0]));
    tcase_add_test(tc, keys_are_served_as_the_model_of_the_service_says);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("CloudFront KeyValueStore", make_cases)

/* The kubernetes driver before the model's clusters: deployments, autoscalers, cron jobs; and who
 * may ask a cluster. */
#include "aws_bearer.h"
#include "aws_pack.h"
#include "sandbox_bench.h"
#include "suite.h"

#include <stdio.h>

#define TO      "app=shop\nregion=us-west-2\nfrom=us-east-1\nto=us-west-2\nmode=ungraceful\nrun=7\n"
#define AT_FROM "app=shop\nregion=us-east-1\nfrom=us-east-1\nto=us-west-2\nmode=graceful\nrun=7\n"
#define WEB     "cluster=shop\ndeployments=[\"web\"]\ncount.active=4\ncount.standby=1\n"
#define BOTH    "cluster=shop\ndeployments=[\"web\",\"api\"]\ncount.active=4\ncount.standby=1\n"
#define SCALED  WEB "hpa=[\"web\"]\n"
#define ACTIVE  "want.count=active\n"
#define STANDBY "want.count=standby\n"
#define NIGHTLY "cluster=shop\ncronjobs=[\"nightly\",\"hourly\"]\n"

static struct bench *with_cluster(void)
{
    struct bench *b = bench_new(10);
    static const char *const regions[] = { "us-east-1", "us-west-2" };
    for (size_t i = 0; i < 2; i++) {
        bench_control(b, "make eks %s {\"kind\":\"cluster\",\"name\":\"shop\"}", regions[i]);
        bench_control(b,
                      "make kubernetes %s {\"kind\":\"deployment\",\"name\":\"shop/default/web\"}",
                      regions[i]);
        bench_control(b,
                      "make kubernetes %s {\"kind\":\"deployment\",\"name\":\"shop/default/api\"}",
                      regions[i]);
    }
    return b;
}

static struct bench *with_hpa(void)
{
    struct bench *b = with_cluster();
    bench_control(b, "make kubernetes us-west-2 {\"kind\":\"hpa\",\"name\":\"shop/default/web\","
                     "\"spec\":{\"minReplicas\":1,\"maxReplicas\":3}}");
    return b;
}

BENCH_DRIVER("kubernetes")

static void accepted(const struct evac_reply *r)
{
    expect_outcome(r, EVAC_OUTCOME_ACCEPTED);
}

static void settled(struct bench *b, const char *action, const char *args)
{
    expect(bench_settle(b, "kubernetes", action, args, 60000), EVAC_SEEN_SATISFIED);
}

/* --- scale ----------------------------------------------------------------------------------- */

START_TEST(pods_are_there_when_they_are_ready_not_when_they_were_asked_for)
{
    struct bench *b = with_cluster();
    expect(look(b, "ready", BOTH TO), EVAC_SEEN_SATISFIED);
    const struct evac_reply *r = look(b, "scale", BOTH ACTIVE TO);
    expect(r, EVAC_SEEN_UNSATISFIED);
    ck_assert(r->strong);
    ck_assert_int_eq(bench_fact(r, "desired"), 2);
    accepted(act(b, "scale", BOTH ACTIVE TO));
    r = look(b, "scale", BOTH ACTIVE TO);
    expect(r, EVAC_SEEN_MOVING);
    ck_assert_int_eq(bench_fact(r, "desired"), 8);
    ck_assert_int_eq(bench_fact(r, "ready"), 2);
    ck_assert_int_eq(r->progress, 25);
    expect_reason(r, "web: 1 of 4 pods are ready");
    settled(b, "scale", BOTH ACTIVE TO);
    ck_assert(bench_true(b, "\"operation\":\"PatchDeploymentScale\",\"region\":\"us-west-2\","
                            "\"received\":2,\"effects\":2,\"repeated_without_observe\":0"));
    accepted(act(b, "scale", BOTH ACTIVE TO)); /* what is so already is not asked for again */
    ck_assert(bench_true(b, "\"received\":2,\"effects\":2,"));
    bench_free(b);
}
END_TEST

START_TEST(more_is_left_where_the_app_is_taken_over_and_taken_away_where_it_was_left)
{
    struct bench *b = with_cluster();
    accepted(act(b, "scale", WEB "want.count=6\n" TO));
    settled(b, "scale", WEB ACTIVE TO);
    ck_assert(bench_true(b, "\"replicas\":6"));
    accepted(act(b, "scale", WEB "want.count=3\n" AT_FROM));
    settled(b, "scale", WEB "want.count=3\n" AT_FROM);
    expect(look(b, "scale", WEB "want.count=0\n" AT_FROM), EVAC_SEEN_UNSATISFIED);
    accepted(act(b, "scale", WEB "want.count=0\n" AT_FROM));
    expect(look(b, "scale", WEB "want.count=0\n" AT_FROM), EVAC_SEEN_MOVING);
    settled(b, "scale", WEB "want.count=0\n" AT_FROM);
    bench_free(b);
}
END_TEST

START_TEST(a_rollback_puts_every_deployment_back)
{
    struct bench *b = with_cluster();
    char before[512];
    bench_control(
        b, "make kubernetes us-west-2 {\"kind\":\"deployment\",\"name\":\"shop/default/api\","
           "\"spec\":{\"replicas\":2}}");
    ck_assert(evac_str_copy(before, sizeof before, look(b, "scale", BOTH ACTIVE TO)->snapshot));
    ck_assert_str_eq(before, "{\"deployments\":{\"web\":1,\"api\":2},\"hpa\":{}}");
    accepted(act(b, "scale", BOTH ACTIVE TO));
    settled(b, "scale", BOTH ACTIVE TO);
    bench_goal(b, before);
    expect(look(b, "scale", BOTH ACTIVE TO), EVAC_SEEN_UNSATISFIED);
    accepted(act(b, "scale", BOTH ACTIVE TO));
    settled(b, "scale", BOTH ACTIVE TO);
    bench_goal(b, "");
    ck_assert_int_eq(bench_fact(look(b, "ready", BOTH TO), "desired"), 3);
    bench_free(b);
}
END_TEST

START_TEST(what_was_changed_since_the_look_is_not_overwritten)
{
    struct bench *b = with_cluster();
    char seen[64];
    ck_assert(evac_str_copy(seen, sizeof seen, look(b, "scale", BOTH ACTIVE TO)->version));
    accepted(act(b, "scale", BOTH "want.count=2\n" TO)); /* somebody else's */
    settled(b, "scale", BOTH "want.count=2\n" TO);
    bench_version(b, evac_str(seen));
    const struct evac_reply *r = act(b, "scale", BOTH ACTIVE TO);
    ck_assert_int_eq(r->outcome, EVAC_OUTCOME_REJECTED);
    ck_assert(evac_str_is(r->code, "Conflict"));
    bench_version(b, EVAC_STR_NONE);
    settled(b, "scale", BOTH "want.count=2\n" TO);
    /* pods that come and go are no change of what is wanted */
    ck_assert(evac_str_copy(seen, sizeof seen, look(b, "scale", BOTH ACTIVE TO)->version));
    bench_version(b, evac_str(seen));
    accepted(act(b, "scale", BOTH ACTIVE TO));
    bench_free(b);
}
END_TEST

static void meddle_with(struct bench *b, const char *deployment)
{
    bench_control(b,
                  "make kubernetes us-west-2 {\"kind\":\"deployment\",\"name\":\"shop/default/%s\","
                  "\"metadata\":{\"resourceVersion\":\"77\"},\"spec\":{\"replicas\":2}}",
                  deployment);
}

static void meddle_with_web(void *user)
{
    meddle_with(user, "web");
}

static void meddle_with_api(void *user)
{
    meddle_with(user, "api");
}

static void in_a_moment(struct bench *b, uint64_t ms, evac_timer_fn *fn)
{
    const struct evac_host *host = bench_host(b);
    uint64_t id;
    ck_assert(!host->timer(host->ctx, ms, fn, b, &id, NULL));
}

/* Between the look that an apply begins with and its patch. */
START_TEST(who_was_faster_is_not_overwritten_by_a_patch_on_its_way)
{
    struct bench *b = with_cluster();
    expect(look(b, "ready", WEB TO), EVAC_SEEN_SATISFIED); /* where the cluster is, is known */
    in_a_moment(b, 1, meddle_with_web);
    const struct evac_reply *r = act(b, "scale", WEB ACTIVE TO);
    ck_assert_int_eq(r->outcome, EVAC_OUTCOME_REJECTED);
    ck_assert(evac_str_is(r->code, "Conflict"));
    ck_assert_int_eq(bench_fact(look(b, "ready", WEB TO), "desired"), 2);
    bench_free(b);
}
END_TEST

/* Rejected would say that nothing was changed. An answer takes 8 to 12 ms here, and there are two
 * looks and two patches. */
START_TEST(half_a_change_is_no_refusal)
{
    struct bench *b = with_cluster();
    expect(look(b, "ready", BOTH TO), EVAC_SEEN_SATISFIED);
    in_a_moment(b, 17, meddle_with_api);
    const struct evac_reply *r = act(b, "scale", BOTH ACTIVE TO);
    accepted(r);
    expect_reason(r, "the object has been modified");
    r = look(b, "scale", BOTH ACTIVE TO);
    expect(r, EVAC_SEEN_UNSATISFIED);
    expect_reason(r, "api has 2 pods, 4 are wanted");
    accepted(act(b, "scale", BOTH ACTIVE TO));
    settled(b, "scale", BOTH ACTIVE TO);
    bench_free(b);
}
END_TEST

START_TEST(a_lost_reply_is_unknown_and_the_look_tells)
{
    struct bench *b = with_cluster();
    bench_control(b, "service kubernetes us-west-2 lost-mutation 1");
    ck_assert_int_eq(act(b, "scale", WEB ACTIVE TO)->outcome, EVAC_OUTCOME_UNKNOWN);
    settled(b, "scale", WEB ACTIVE TO);
    ck_assert(bench_true(b, "\"received\":1,\"effects\":1,"));
    bench_free(b);
}
END_TEST

START_TEST(pods_that_find_no_node_say_so_and_come_when_there_is_one)
{
    struct bench *b = with_cluster();
    bench_control(b, "service kubernetes us-west-2 capacity-refused");
    accepted(act(b, "scale", WEB ACTIVE TO));
    const struct evac_reply *r = bench_settle(b, "kubernetes", "scale", WEB ACTIVE TO, 20000);
    expect(r, EVAC_SEEN_MOVING);
    expect_reason(r, "Insufficient cpu");
    expect(look(b, "scale", WEB ACTIVE "want.minimum_percent=25\n" TO), EVAC_SEEN_SATISFIED);
    bench_control(b, "service kubernetes us-west-2 up");
    settled(b, "scale", WEB ACTIVE TO);
    bench_free(b);
}
END_TEST

START_TEST(an_image_that_is_not_there_blocks)
{
    struct bench *b = with_cluster();
    bench_control(
        b, "make kubernetes us-west-2 {\"kind\":\"deployment\",\"name\":\"shop/default/api\","
           "\"missing_image\":true}");
    const struct evac_reply *r = look(b, "ready", BOTH TO);
    expect(r, EVAC_SEEN_BLOCKED);
    expect_reason(r, "api: 0 of 1 pods are ready: ImagePullBackOff");
    bench_free(b);
}
END_TEST

START_TEST(what_is_not_there_blocks_and_is_not_made)
{
    struct bench *b = with_cluster();
    const char *none =
        "cluster=shop\ndeployments=[\"web\",\"gone\"]\n" ACTIVE "count.active=4\n" TO;
    expect_reason(look(b, "ready", none), "there is no deployment gone");
    expect(look(b, "scale", none), EVAC_SEEN_BLOCKED);
    ck_assert_int_eq(act(b, "scale", none)->outcome, EVAC_OUTCOME_REJECTED);
    ck_assert_int_eq(bench_fact(look(b, "ready", WEB TO), "desired"), 1);
    expect(look(b, "ready", "cluster=none\ndeployments=web\n" TO), EVAC_SEEN_UNSEEN);
    bench_free(b);
}
END_TEST

START_TEST(refusals_and_silence_are_told_apart)
{
    static const struct {
        const char *fault;
        enum evac_outcome outcome;
        const char *words;
    } cases[] = {
        { "service kubernetes us-west-2 denied", EVAC_OUTCOME_NOT_SENT, "Forbidden" },
        { "service kubernetes us-west-2 throttled", EVAC_OUTCOME_THROTTLED, "TooManyRequests" },
        { "service kubernetes us-west-2 down", EVAC_OUTCOME_NOT_SENT, "ServiceUnavailable" },
        { "region us-west-2 down", EVAC_OUTCOME_NOT_SENT, "" },
        { "region us-west-2 isolated", EVAC_OUTCOME_NOT_SENT, "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench *b = with_cluster();
        expect(look(b, "ready", WEB TO), EVAC_SEEN_SATISFIED);
        bench_control(b, "%s", cases[i].fault);
        const struct evac_reply *r = look(b, "scale", WEB ACTIVE TO);
        expect(r, EVAC_SEEN_UNSEEN);
        expect_reason(r, cases[i].words);
        ck_assert_int_eq(act(b, "scale", WEB ACTIVE TO)->outcome, cases[i].outcome);
        bench_control(b, "region us-west-2 up");
        bench_control(b, "service kubernetes us-west-2 up");
        ck_assert_int_eq(bench_fact(look(b, "ready", WEB TO), "desired"), 1);
        bench_free(b);
    }
}
END_TEST

/* --- autoscalers ----------------------------------------------------------------------------- */

START_TEST(an_autoscalers_bounds_are_moved_with_the_pods)
{
    struct bench *b = with_hpa();
    char before[512];
    const struct evac_reply *r = look(b, "scale", SCALED ACTIVE TO);
    expect(r, EVAC_SEEN_UNSATISFIED);
    ck_assert(evac_str_copy(before, sizeof before, r->snapshot));
    accepted(act(b, "scale", SCALED ACTIVE TO));
    ck_assert(bench_true(b, "\"minReplicas\":4,\"maxReplicas\":4"));
    settled(b, "scale", SCALED ACTIVE TO);
    bench_run(b, 30000); /* nobody takes them away again */
    expect(look(b, "scale", SCALED ACTIVE TO), EVAC_SEEN_SATISFIED);
    bench_goal(b, before);
    expect(look(b, "scale", SCALED ACTIVE TO), EVAC_SEEN_UNSATISFIED);
    accepted(act(b, "scale", SCALED ACTIVE TO));
    settled(b, "scale", SCALED ACTIVE TO);
    ck_assert(bench_true(b, "\"minReplicas\":1,\"maxReplicas\":3"));
    bench_goal(b, "");
    ck_assert_int_eq(bench_fact(look(b, "ready", WEB TO), "desired"), 1);
    bench_free(b);
}
END_TEST

/* Without its bounds the autoscaler would take the pods away again: the model does. */
START_TEST(pods_alone_do_not_stay_where_an_autoscaler_rules)
{
    struct bench *b = with_hpa();
    accepted(act(b, "scale", WEB ACTIVE TO));
    bench_run(b, 10000);
    ck_assert_int_eq(bench_fact(look(b, "ready", WEB TO), "desired"), 3);
    bench_free(b);
}
END_TEST

START_TEST(zero_pods_switch_an_autoscaler_off_and_its_bounds_stay)
{
    struct bench *b = with_hpa();
    const char *none = SCALED "want.count=0\nregion=us-west-2\nfrom=us-west-2\nto=us-east-1\n"
                              "app=shop\nmode=graceful\n";
    expect(look(b, "scale", none), EVAC_SEEN_UNSATISFIED);
    accepted(act(b, "scale", none));
    settled(b, "scale", none);
    ck_assert(bench_true(b, "\"minReplicas\":1,\"maxReplicas\":3"));
    bench_run(b, 30000);
    ck_assert_int_eq(bench_fact(look(b, "ready", WEB TO), "desired"), 0);
    accepted(act(b, "scale", SCALED ACTIVE TO)); /* and on again: at zero it would sleep on */
    settled(b, "scale", SCALED ACTIVE TO);
    bench_free(b);
}
END_TEST

START_TEST(an_autoscaler_of_something_else_is_a_mistake)
{
    struct bench *b = with_hpa();
    const struct evac_reply *r =
        look(b, "scale", "cluster=shop\ndeployments=api\nhpa=web\ncount.active=4\n" ACTIVE TO);
    expect(r, EVAC_SEEN_BLOCKED);
    expect_reason(r, "deployment among ours that autoscaler web scales");
    bench_free(b);
}
END_TEST

/* --- cron jobs, parity ----------------------------------------------------------------------- */

START_TEST(cron_jobs_pause_and_go_on)
{
    struct bench *b = with_cluster();
    char before[256];
    bench_control(
        b, "make kubernetes us-east-1 {\"kind\":\"cronjob\",\"name\":\"shop/default/nightly\"}");
    bench_control(
        b, "make kubernetes us-east-1 {\"kind\":\"cronjob\",\"name\":\"shop/default/hourly\","
           "\"spec\":{\"suspend\":true}}");
    const struct evac_reply *r = look(b, "pause", NIGHTLY AT_FROM);
    expect(r, EVAC_SEEN_UNSATISFIED);
    ck_assert(evac_str_copy(before, sizeof before, r->snapshot));
    accepted(act(b, "pause", NIGHTLY AT_FROM));
    expect(look(b, "pause", NIGHTLY AT_FROM), EVAC_SEEN_SATISFIED);
    bench_goal(b, before);
    accepted(act(b, "pause", NIGHTLY AT_FROM));
    expect(look(b, "pause", NIGHTLY AT_FROM), EVAC_SEEN_SATISFIED);
    bench_goal(b, "");
    ck_assert(bench_true(b, "\"suspend\":false"));
    accepted(act(b, "resume", NIGHTLY AT_FROM));
    expect(look(b, "resume", NIGHTLY AT_FROM), EVAC_SEEN_SATISFIED);
    ck_assert(!bench_true(b, "\"suspend\":true"));
    expect(look(b, "pause", NIGHTLY TO), EVAC_SEEN_BLOCKED);
    bench_free(b);
}
END_TEST

START_TEST(parity_compares_images_but_not_the_registrys_region)
{
    struct bench *b = with_cluster();
    expect(look(b, "parity", BOTH TO), EVAC_SEEN_SATISFIED);
    bench_control(
        b, "make kubernetes us-west-2 {\"kind\":\"deployment\",\"name\":\"shop/default/api\","
           "\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"app\",\"image\":"
           "\"123456789012.dkr.ecr.us-west-2.amazonaws.com/app:0\"}]}}}}");
    const struct evac_reply *r = look(b, "parity", BOTH TO);
    expect(r, EVAC_SEEN_BLOCKED);
    expect_reason(r, "api: image: app:1 in us-east-1, app:0 in us-west-2");
    ck_assert_int_eq(bench_fact(r, "differences"), 1);
    expect(look(b, "parity", BOTH "parity_ignore=[\"image\"]\n" TO), EVAC_SEEN_SATISFIED);
    r = look(b, "parity", "cluster=shop\ndeployments=[\"web\",\"gone\"]\n" TO);
    expect_reason(r, "gone: the deployment: none in us-east-1");
    bench_control(b, "region us-east-1 down");
    expect(look(b, "parity", BOTH TO), EVAC_SEEN_UNSEEN);
    bench_free(b);
}
END_TEST

static void deny(void *user)
{
    bench_control(user, "service kubernetes us-east-1 denied");
}

/* Two looks and two patches, a tenth of a second each: what is refused is the last. */
START_TEST(one_of_two_cron_jobs_is_no_refusal)
{
    struct bench *b = with_cluster();
    bench_control(
        b, "make kubernetes us-east-1 {\"kind\":\"cronjob\",\"name\":\"shop/default/nightly\"}");
    bench_control(
        b, "make kubernetes us-east-1 {\"kind\":\"cronjob\",\"name\":\"shop/default/hourly\"}");
    expect(look(b, "pause", NIGHTLY AT_FROM), EVAC_SEEN_UNSATISFIED);
    bench_control(b, "service kubernetes us-east-1 slow 100");
    in_a_moment(b, 275, deny);
    const struct evac_reply *r = act(b, "pause", NIGHTLY AT_FROM);
    accepted(r);
    expect_reason(r, "not authorized");
    bench_control(b, "service kubernetes us-east-1 up");
    r = look(b, "pause", NIGHTLY AT_FROM);
    expect(r, EVAC_SEEN_UNSATISFIED);
    expect_reason(r, "hourly");
    bench_free(b);
}
END_TEST

/* --- who asks -------------------------------------------------------------------------------- */

#define ENDPOINT "endpoint.us-west-2=http://127.0.0.1:8080/_kubernetes/us-west-2/shop\n"

START_TEST(with_an_endpoint_of_its_own_eks_is_not_asked)
{
    struct bench *b = with_cluster();
    bench_control(b, "service eks us-west-2 down");
    expect(look(b, "ready", WEB TO), EVAC_SEEN_UNSEEN);
    expect(look(b, "ready", WEB ENDPOINT TO), EVAC_SEEN_SATISFIED);
    accepted(act(b, "scale", WEB ENDPOINT ACTIVE TO));
    bench_free(b);
}
END_TEST

START_TEST(what_eks_said_is_remembered)
{
    struct bench *b = with_cluster();
    expect(look(b, "ready", WEB TO), EVAC_SEEN_SATISFIED);
    bench_control(b, "service eks us-west-2 down");
    expect(look(b, "ready", WEB TO), EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

START_TEST(a_token_is_for_one_cluster)
{
    struct bench *b = with_cluster();
    bench_control(b, "make eks us-west-2 {\"kind\":\"cluster\",\"name\":\"other\"}");
    const char *other = "cluster=other\ndeployments=web\ncount.active=4\n" ENDPOINT ACTIVE TO;
    const struct evac_reply *r = look(b, "ready", other);
    expect(r, EVAC_SEEN_UNSEEN);
    expect_reason(r, "Unauthorized");
    ck_assert_int_eq(act(b, "scale", other)->outcome, EVAC_OUTCOME_NOT_SENT);
    bench_free(b);
}
END_TEST

/* The cluster says that the token is not good, and by its Date header what time it is. */
START_TEST(a_token_that_is_expired_by_our_own_clock_is_mended)
{
    static const int64_t off_ms[] = { -1200000, 1200000 };
    struct bench *b = with_cluster();
    bench_clock(b, off_ms[_i]);
    expect(look(b, "ready", WEB ENDPOINT TO), EVAC_SEEN_SATISFIED);
    accepted(act(b, "scale", WEB ENDPOINT ACTIVE TO));
    ck_assert(bench_true(b, "\"received\":1,\"effects\":1,"));
    bench_free(b);
}
END_TEST

static void never(void *user, const struct evac_reply *reply)
{
    (void)user;
    (void)reply;
    ck_abort_msg("a refused call is not answered");
}

#define OWN "endpoint.us-west-2"

/* What can not work is refused before anything is sent. */
static void refused(struct bench *b, const char *name, const char *endpoint, const char *ca,
                    const char *words)
{
    const struct evac_arg items[] = {
        { EVAC_STR("ca"), evac_str(ca) },
        { EVAC_STR("cluster"), EVAC_STR("shop") },
        { EVAC_STR("deployments"), EVAC_STR("web") },
        { evac_str(name), evac_str(endpoint) },
        { EVAC_STR("region"), EVAC_STR("us-west-2") },
    };
    struct evac_args args = { items, 5 };
    struct evac_call call = { .verb = EVAC_VERB_OBSERVE, .action = "ready", .args = &args };
    struct evac_err err = { EVAC_OK, "" };
    uint64_t id;
    ck_assert(evac_driver_kubernetes.call(bench_link(b), &call, never, NULL, &id, &err));
    ck_assert_msg(evac_str_has(evac_str(err.text), words), "%s", err.text);
}

START_TEST(an_endpoint_without_tls_or_with_a_broken_ca_is_refused)
{
    struct bench *b = with_cluster();
    refused(b, OWN, "http://10.0.0.1", "", "without TLS only on this machine");
    refused(b, OWN, "shop", "", "is not http");
    refused(b, OWN, "https://x", "bm90aGluZw==", "no PEM");
    refused(b, "endpoint", "https://x", "", "one address for all regions");
    refused(b, OWN, "https://x", "/no/such/file", "no files here");
    bench_free(b);
}
END_TEST

/* --- the model's door, by hand --------------------------------------------------------------- */

#define KEY_ID "AKIAEVACSANDBOX00001"
#define SECRET "evacsandboxsecret/evacsandboxsecret0000"

struct asking {
    const char *sts, *cluster, *key, *secret, *region;
    int64_t age_ms;
    int status;
};

static int ask(struct bench *b, const struct asking *a)
{
    struct evac_arena *arena = evac_arena_new();
    const struct evac_host *host = bench_host(b);
    char origin[96];
    (void)snprintf(origin, sizeof origin, "https://%s", a->sts);
    struct evac_endpoint sts = { .origin = evac_str(origin),
                                 .host = evac_str(a->sts),
                                 .signing_region = evac_str(a->region) };
    struct evac_sigv4_identity identity = { evac_str(a->key), evac_str(a->secret), EVAC_STR_NONE };
    struct evac_str token;
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_msg(!evac_aws_cluster_token(&sts, evac_str(a->cluster), &identity, NULL,
                                          host->wall_ms(host->ctx) - a->age_ms, arena, &token,
                                          &err),
                  "%s", err.text);
    struct evac_http_header headers[] = {
        { EVAC_STR("Host"), EVAC_STR("127.0.0.1:8080") },
        { EVAC_STR("Authorization"), evac_arena_printf(arena, "Bearer %.*s", EVAC_STR_ARG(token)) }
    };
    struct evac_http_request request = {
        .method = EVAC_STR("GET"),
        .url = EVAC_STR("http://127.0.0.1:8080/_kubernetes/us-west-2/shop/apis/apps/v1/namespaces/"
                        "default/deployments/web"),
        .headers = headers,
        .header_count = 2
    };
    struct evac_sandbox_reply reply = { .fate = EVAC_SANDBOX_REPLY };
    evac_buf_init(&reply.body, 1u << 20);
    evac_sandbox_http(bench_sandbox(b), &request, &reply);
    bool status =
        reply.status == 200 || evac_str_has(evac_buf_str(&reply.body), "\"Unauthorized\"");
    ck_assert_msg(status, "%s", reply.body.p);
    evac_buf_done(&reply.body);
    evac_arena_free(arena);
    return reply.status;
}

static const struct asking askings[] = {
    { "sts.us-west-2.amazonaws.com", "shop", KEY_ID, SECRET, "us-west-2", 0, 200 },
    { "sts.us-west-2.amazonaws.com", "shop", KEY_ID, SECRET, "us-west-2", 899000, 200 },
    { "sts.us-west-2.amazonaws.com", "shop", KEY_ID, SECRET, "us-west-2", 901000, 401 }, /* old */
    { "sts.us-west-2.amazonaws.com", "shop", KEY_ID, SECRET, "us-west-2", -400000, 401 },
    { "sts.us-west-2.amazonaws.com", "other", KEY_ID, SECRET, "us-west-2", 0, 401 },
    { "sts.us-west-2.amazonaws.com", "shop", KEY_ID, "wrong", "us-west-2", 0, 401 },
    { "sts.us-west-2.amazonaws.com", "shop", "AKIAOTHER", SECRET, "us-west-2", 0, 401 },
    { "sts.us-east-1.amazonaws.com", "shop", KEY_ID, SECRET, "us-east-1", 0, 401 },
    { "sts.example.com", "shop", KEY_ID, SECRET, "us-west-2", 0, 401 },
};

START_TEST(a_cluster_takes_a_quarter_of_an_hour_of_its_own_token)
{
    struct bench *b = with_cluster();
    ck_assert_int_eq(ask(b, &askings[_i]), askings[_i].status);
    bench_free(b);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tc = tcase_create("kubernetes");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, pods_are_there_when_they_are_ready_not_when_they_were_asked_for);
    tcase_add_test(tc, more_is_left_where_the_app_is_taken_over_and_taken_away_where_it_was_left);
    tcase_add_test(tc, a_rollback_puts_every_deployment_back);
    tcase_add_test(tc, what_was_changed_since_the_look_is_not_overwritten);
    tcase_add_test(tc, who_was_faster_is_not_overwritten_by_a_patch_on_its_way);
    tcase_add_test(tc, a_lost_reply_is_unknown_and_the_look_tells);
    tcase_add_test(tc, half_a_change_is_no_refusal);
    tcase_add_test(tc, pods_that_find_no_node_say_so_and_come_when_there_is_one);
    tcase_add_test(tc, an_image_that_is_not_there_blocks);
    tcase_add_test(tc, what_is_not_there_blocks_and_is_not_made);
    tcase_add_test(tc, refusals_and_silence_are_told_apart);
    tcase_add_test(tc, an_autoscalers_bounds_are_moved_with_the_pods);
    tcase_add_test(tc, pods_alone_do_not_stay_where_an_autoscaler_rules);
    tcase_add_test(tc, zero_pods_switch_an_autoscaler_off_and_its_bounds_stay);
    tcase_add_test(tc, an_autoscaler_of_something_else_is_a_mistake);
    tcase_add_test(tc, cron_jobs_pause_and_go_on);
    tcase_add_test(tc, one_of_two_cron_jobs_is_no_refusal);
    tcase_add_test(tc, parity_compares_images_but_not_the_registrys_region);
    tcase_add_test(tc, with_an_endpoint_of_its_own_eks_is_not_asked);
    tcase_add_test(tc, what_eks_said_is_remembered);
    tcase_add_test(tc, a_token_is_for_one_cluster);
    tcase_add_loop_test(tc, a_token_that_is_expired_by_our_own_clock_is_mended, 0, 2);
    tcase_add_test(tc, an_endpoint_without_tls_or_with_a_broken_ca_is_refused);
    tcase_add_loop_test(tc, a_cluster_takes_a_quarter_of_an_hour_of_its_own_token, 0,
                        sizeof askings / sizeof askings[0]);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("kubernetes", add_cases)

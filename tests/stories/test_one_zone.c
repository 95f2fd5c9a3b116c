/* Many apps whose names are in one zone move together: few batches, and none pays for another. */
#include "sandbox.h"
#include "suite.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_MS 60000u
#define APPS      WORLD_MORE_MAX
#define BAD       7u

/* A stateless app behind one load balancer: its targets are looked at, then its record is changed.
 */
#define RUNBOOK                                                                                    \
    "runbook = { name = \"pointer\"; failover = { steps = ( { name = \"look\"; action = "          \
    "\"elbv2.healthy\"; region = \"to\"; phase = \"verify\"; want = { minimum = 1; }; }, "         \
    "{ name = \"point\"; action = \"route53.point\"; region = \"to\"; phase = \"traffic\"; after " \
    "= "                                                                                           \
    "( \"look\" ); } ); }; failback = { same_as = \"failover\"; }; };"

static char texts[APPS][1024];

static const char *write_app(size_t i, const char *west)
{
    snprintf(
        texts[i], sizeof texts[i],
        "app = { name = \"a%zu\"; strategy = \"warm-standby\"; runbook = \"pointer\"; "
        "regions = ( \"us-east-1\", \"us-west-2\" ); objectives = { rto = \"5m\"; rpo = "
        "\"1m\"; }; policy = { automatic = \"never\"; }; resources = { front = { type = \"elbv2\"; "
        "target_group = \"all\"; }; dns = { type = "
        "\"route53\"; zone = \"Z0SHOP\"; name = \"a%zu.example.com\"; target = { us-east-1 = "
        "\"192.0.2.1\"; us-west-2 = \"%s\"; }; }; }; };%s",
        i, i, west, i == 0 ? RUNBOOK : "");
    return texts[i];
}

static struct world *begin(const char *west_of_bad)
{
    struct world_options options = { .seed = 11,
                                     .speed = 10,
                                     .app_extra = "automatic = \"act\"=>automatic = \"never\"" };
    for (size_t i = 0; i < APPS; i++)
        options.more[i] = write_app(i, i == BAD ? west_of_bad : "192.0.2.2");
    struct world *w = world_new(&options);
    for (size_t i = 0; i < APPS; i++)
        world_control(w,
                      "make route53 us-east-1 {\"kind\":\"record\",\"zone\":\"Z0SHOP\",\"name\":"
                      "\"a%zu.example.com\",\"type\":\"A\",\"ttl\":60,\"value\":\"192.0.2.1\"}",
                      i);
    world_control(w, "make elbv2 us-west-2 {\"load_balancer\":\"front\"}");
    world_control(w, "make elbv2 us-west-2 {\"target_group\":\"all\",\"load_balancer\":\"front\","
                     "\"type\":\"ip\",\"targets\":[\"10.0.0.1\"]}");
    world_run(w, 20000);
    for (size_t i = 0; i < APPS; i++) {
        char name[8];
        snprintf(name, sizeof name, "a%zu", i);
        ck_assert_msg(world_begin_app(w, name, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_UNGRACEFUL) ==
                          EVAC_OK,
                      "%zu %s", i, world_said(w));
    }
    return w;
}

static unsigned moved(struct world *w)
{
    const struct evac_engine *engine = evac_shell_engine(world_shell(w));
    unsigned n = 0;
    for (size_t i = 0; i < engine->app_count; i++)
        n += engine->apps[i].app->name.p[0] == 'a' &&
             evac_str_is(engine->apps[i].app->regions[engine->apps[i].active], "us-west-2");
    return n;
}

static long counted(struct world *w, const char *operation)
{
    char part[120];
    struct evac_buf truth;
    evac_buf_init(&truth, 16u << 20);
    evac_sandbox_truth(world_sandbox(w), &truth);
    snprintf(part, sizeof part,
             "\"operation\":\"%s\",\"region\":\"us-east-1\",\"received\":", operation);
    const char *at = strstr(truth.p, part);
    long n = at ? strtol(at + strlen(part), NULL, 10) : 0;
    evac_buf_done(&truth);
    return n;
}

static unsigned traced(struct world *w, const char *part)
{
    unsigned n = 0;
    for (const char *at = world_trace(w); (at = strstr(at, part)) != NULL; at++)
        n++;
    return n;
}

START_TEST(apps_of_a_zone_move_by_few_batches)
{
    struct world *w = begin("192.0.2.2");
    world_run(w, 5 * MINUTE_MS);
    ck_assert_uint_eq(moved(w), APPS);
    ck_assert_int_ge(counted(w, "ChangeResourceRecordSets"), 1);
    ck_assert_int_le(counted(w, "ChangeResourceRecordSets"), 5);
    ck_assert_int_le(counted(w, "GetChange"), APPS); /* alone each would ask several times */
    /* and each has its own evidence of it */
    ck_assert_uint_eq(traced(w, "step point applying -> verifying on said-accepted: change C"),
                      APPS);
    ck_assert_str_eq(world_broken(w), "");
    world_free(w);
}
END_TEST

START_TEST(one_bad_record_fails_one_app)
{
    struct world *w = begin("no-address");
    world_run(w, 5 * MINUTE_MS);
    ck_assert_uint_eq(moved(w), APPS - 1);
    ck_assert_uint_eq(traced(w, "step point applying -> verifying on said-accepted: change C"),
                      APPS - 1);
    ck_assert_uint_eq(traced(w, "step point refused -> failed on spent"), 1);
    /* three tries of its own, and the batch that it came in taken apart */
    ck_assert_int_le(counted(w, "ChangeResourceRecordSets"), 40);
    ck_assert_str_eq(world_broken(w), "");
    world_free(w);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("zone");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, apps_of_a_zone_move_by_few_batches);
    tcase_add_test(tc, one_bad_record_fails_one_app);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("apps of one zone", cases)

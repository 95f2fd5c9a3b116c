/* Discovery before the model: what is found, what is put together, what is said instead. */
#include "aws_pack.h"
#include "sandbox_bench.h"
#include "suite.h"

#include "../../drivers/aws/discover/walk.h"

#include <stdio.h>
#include <string.h>

#define ACCOUNT "123456789012"

/* What was told, kept: findings live only as long as the call that tells them. */
struct told {
    struct bench *bench;
    bool done;
    size_t answered, count;
    struct {
        char name[64], type[32], settings[1024], sides[200], doubts[1024];
        bool whole;
    } found[64];
    char doubts[4096], silent[4096], public_name[128], regional_name[128];
};

__attribute__((format(printf, 3, 4))) static void add(char *text, size_t bytes, const char *fmt,
                                                      ...)
{
    va_list ap;
    size_t n = strlen(text);
    va_start(ap, fmt);
    (void)vsnprintf(text + n, bytes - n, fmt, ap);
    va_end(ap);
}

static void keep(void *user, const struct evac_findings *f)
{
    struct told *t = user;
    t->done = true;
    t->answered = f->regions_answered;
    ck_assert_uint_le(f->found_count, 64);
    for (size_t i = 0; i < f->found_count; i++) {
        const struct evac_found *x = &f->found[i];
        (void)evac_str_copy(t->found[i].name, sizeof t->found[i].name, x->name);
        (void)evac_str_copy(t->found[i].type, sizeof t->found[i].type, x->type);
        t->found[i].whole = x->whole;
        for (size_t k = 0; k < x->setting_count; k++)
            add(t->found[i].settings, sizeof t->found[i].settings, "%.*s=%.*s;",
                EVAC_STR_ARG(x->settings[k].name), EVAC_STR_ARG(x->settings[k].value));
        for (size_t k = 0; k < x->side_count; k++)
            add(t->found[i].sides, sizeof t->found[i].sides, "%.*s:%lld%s;",
                EVAC_STR_ARG(x->sides[k].region), (long long)x->sides[k].runs,
                x->sides[k].writes ? "w" : "");
        for (size_t k = 0; k < x->doubt_count; k++)
            add(t->found[i].doubts, sizeof t->found[i].doubts, "%.*s;", EVAC_STR_ARG(x->doubts[k]));
    }
    t->count = f->found_count;
    for (size_t i = 0; i < f->doubt_count; i++)
        add(t->doubts, sizeof t->doubts, "%.*s;", EVAC_STR_ARG(f->doubts[i]));
    for (size_t i = 0; i < f->silent_count; i++)
        add(t->silent, sizeof t->silent, "%.*s;", EVAC_STR_ARG(f->silent[i]));
    (void)evac_str_copy(t->public_name, sizeof t->public_name, f->public_name);
    (void)evac_str_copy(t->regional_name, sizeof t->regional_name, f->regional_name);
}

static struct told told; /* large, and one at a time */

static struct told *discover_within(struct bench *b, const char *app, uint64_t ms)
{
    static const struct evac_str regions[] = { { "us-east-1", 9 }, { "us-west-2", 9 } };
    struct evac_err err = { EVAC_OK, "" };
    const struct evac_query query = { .app = evac_str(app),
                                      .tag = EVAC_STR("app"),
                                      .value = evac_str(app),
                                      .regions = regions,
                                      .region_count = 2,
                                      .deadline_ms = bench_now(b) + ms };
    memset(&told, 0, sizeof told);
    ck_assert_int_eq(evac_pack_aws.discover(bench_link(b), &query, NULL, keep, &told, &err),
                     EVAC_OK);
    ck_assert(!told.done); /* never from inside */
    for (int i = 0; i < 100 && !told.done; i++)
        bench_run(b, 1000);
    ck_assert(told.done);
    return &told;
}

static struct told *discover(struct bench *b, const char *app)
{
    return discover_within(b, app, 60000);
}

/* The index of what has that type, and that name. */
static size_t found(const struct told *t, const char *type, const char *name)
{
    for (size_t i = 0; i < t->count; i++)
        if (strcmp(t->found[i].type, type) == 0 && strcmp(t->found[i].name, name) == 0)
            return i;
    ck_abort_msg("no %s %s among %zu", type, name, t->count);
    return 0;
}

static void tag(struct bench *b, const char *region, const char *arn)
{
    bench_control(b, "make tagging %s {\"arn\":\"arn:aws:%s\",\"tags\":{\"app\":\"x\"}}", region,
                  arn);
}

static void tag_both(struct bench *b, const char *service, const char *east, const char *west)
{
    char arn[200];
    (void)snprintf(arn, sizeof arn, "%s:us-east-1:" ACCOUNT ":%s", service, east);
    tag(b, "us-east-1", arn);
    (void)snprintf(arn, sizeof arn, "%s:us-west-2:" ACCOUNT ":%s", service, west);
    tag(b, "us-west-2", arn);
}

START_TEST(the_shop_is_found_whole)
{
    struct bench *b = bench_new(10);
    const struct told *t = discover(b, "shop");
    ck_assert_uint_eq(t->count, 7);
    ck_assert_str_eq(t->silent, "");
    ck_assert_str_eq(t->doubts, "");
    size_t db = found(t, "aurora", "shop-db");
    ck_assert_str_eq(t->found[db].settings, "clusters.us-east-1=shop-db-use1;"
                                            "clusters.us-west-2=shop-db-usw2;"
                                            "global_cluster=shop-db;");
    ck_assert_str_eq(t->found[db].sides, "us-east-1:-1w;us-west-2:-1;");
    size_t web = found(t, "ecs", "shop/web"), batch = found(t, "asg", "shop-batch");
    ck_assert_str_eq(t->found[web].settings, "cluster=shop;service=web;");
    ck_assert_str_eq(t->found[web].sides, "us-east-1:6;us-west-2:1;");
    ck_assert_str_eq(t->found[batch].sides, "us-east-1:3;us-west-2:1;");
    size_t go = found(t, "s3-go", "shop-go");
    ck_assert_str_eq(t->found[go].settings, "buckets.us-east-1=shop-go-use1;"
                                            "buckets.us-west-2=shop-go-usw2;"
                                            "key=go/shop.json;renew=5s;");
    size_t dns = found(t, "route53", "shop.example.com");
    ck_assert_str_eq(t->found[dns].settings,
                     "name=shop.example.com;switch=health-check;zone=Z0SHOP;");
    ck_assert_str_eq(t->public_name, "shop.example.com");
    ck_assert_str_eq(t->regional_name, "{region}.shop.example.com");
    for (size_t i = 0; i < t->count; i++)
        ck_assert_msg(t->found[i].whole, "%s", t->found[i].name);
    bench_free(b);
}
END_TEST

/* A page holds 100: the queues of 250 stand on three. */
START_TEST(pages_are_walked_to_their_end)
{
    struct bench *b = bench_new(10);
    char arn[100];
    for (int i = 0; i < 249; i++) {
        (void)snprintf(arn, sizeof arn, "glue:us-west-2:" ACCOUNT ":job/j%03d", i);
        tag(b, "us-west-2", arn);
    }
    tag(b, "us-west-2", "kinesis:us-west-2:" ACCOUNT ":stream/last");
    const struct told *t = discover(b, "x");
    ck_assert_uint_eq(t->count, 1);
    size_t last = found(t, "kinesis", "last");
    ck_assert(!t->found[last].whole);
    ck_assert_ptr_nonnull(strstr(t->found[last].doubts, "Found in us-west-2 only."));
    ck_assert_ptr_nonnull(strstr(t->doubts, "No driver serves glue job (249, such as"));
    bench_free(b);
}
END_TEST

START_TEST(a_replica_is_one_with_its_source_whatever_their_names)
{
    struct bench *b = bench_new(10);
    bench_control(b, "make rds us-east-1 {\"kind\":\"instance\",\"id\":\"orders\"}");
    bench_control(b, "make rds us-west-2 {\"kind\":\"replica\",\"id\":\"copy\","
                     "\"source\":\"orders\",\"source_region\":\"us-east-1\"}");
    tag(b, "us-east-1", "rds:us-east-1:" ACCOUNT ":db:orders");
    const struct told *t = discover(b, "x");
    size_t db = found(t, "rds", "orders");
    ck_assert_str_eq(t->found[db].settings, "instances.us-east-1=orders;instances.us-west-2=copy;");
    ck_assert_str_eq(t->found[db].sides, "us-east-1:-1w;us-west-2:-1;");
    ck_assert(t->found[db].whole);
    /* only the source carries the tag */
    ck_assert_ptr_nonnull(strstr(t->found[db].doubts, "does not carry the tag there"));
    bench_free(b);
}
END_TEST

/* The same name is not enough for data: nothing replicates between them. */
START_TEST(data_of_one_name_that_does_not_replicate_is_not_whole)
{
    struct bench *b = bench_new(10);
    bench_control(b, "make rds us-east-1 {\"kind\":\"instance\",\"id\":\"orders\"}");
    bench_control(b, "make rds us-west-2 {\"kind\":\"instance\",\"id\":\"orders\"}");
    tag_both(b, "rds", "db:orders", "db:orders");
    const struct told *t = discover(b, "x");
    size_t db = found(t, "rds", "orders");
    ck_assert(!t->found[db].whole);
    ck_assert_ptr_nonnull(strstr(t->found[db].doubts, "Nothing replicates"));
    bench_free(b);
}
END_TEST

START_TEST(names_pair_whole_without_the_regions_code_and_by_their_end)
{
    struct bench *b = bench_new(10);
    tag_both(b, "kinesis", "stream/same", "stream/same");
    tag_both(b, "kinesis", "stream/use1-clicks", "stream/usw2-clicks");
    tag_both(b, "kinesis", "stream/a.us-east-1.views", "stream/a.us-west-2.views");
    tag_both(b, "kinesis", "stream/only-use1", "stream/other-usw2");
    const struct told *t = discover(b, "x");
    ck_assert_uint_eq(t->count, 5);
    ck_assert_str_eq(t->found[found(t, "kinesis", "same")].settings, "stream=same;");
    ck_assert_str_eq(t->found[found(t, "kinesis", "clicks")].settings,
                     "stream.us-east-1=use1-clicks;stream.us-west-2=usw2-clicks;");
    ck_assert(t->found[found(t, "kinesis", "a.views")].whole);
    ck_assert(!t->found[found(t, "kinesis", "only")].whole);
    ck_assert(!t->found[found(t, "kinesis", "other")].whole);
    bench_free(b);
}
END_TEST

/* Two of one region fit one of the other: none is taken. */
START_TEST(what_fits_twice_is_said_and_put_together_with_none)
{
    struct bench *b = bench_new(10);
    tag_both(b, "kinesis", "stream/clicks-use1", "stream/clicks-usw2");
    tag(b, "us-east-1", "kinesis:us-east-1:" ACCOUNT ":stream/us-east-1-clicks");
    const struct told *t = discover(b, "x");
    ck_assert_uint_eq(t->count, 3);
    for (size_t i = 0; i < t->count; i++) {
        ck_assert(!t->found[i].whole);
        ck_assert_ptr_nonnull(
            strstr(t->found[i].doubts, "can not be told: clicks-use1 in us-east-1"));
    }
    bench_free(b);
}
END_TEST

START_TEST(a_datastore_brings_its_members_and_its_primary)
{
    struct bench *b = bench_new(10);
    bench_control(b, "make elasticache us-east-1 {\"kind\":\"global\",\"name\":\"ldgnf-cache\","
                     "\"Members\":[{\"ReplicationGroupId\":\"cache-a\","
                     "\"ReplicationGroupRegion\":\"us-east-1\",\"Role\":\"PRIMARY\"},"
                     "{\"ReplicationGroupId\":\"cache-b\","
                     "\"ReplicationGroupRegion\":\"us-west-2\",\"Role\":\"SECONDARY\"}]}");
    tag(b, "us-east-1", "elasticache:us-east-1:" ACCOUNT ":replicationgroup:cache-a");
    const struct told *t = discover(b, "x");
    size_t cache = found(t, "elasticache", "ldgnf-cache");
    ck_assert_str_eq(t->found[cache].settings,
                     "global_group=ldgnf-cache;groups.us-east-1=cache-a;groups.us-west-2=cache-b;");
    ck_assert_str_eq(t->found[cache].sides, "us-east-1:-1w;us-west-2:-1;");
    bench_free(b);
}
END_TEST

START_TEST(a_functions_mappings_are_listed_region_by_region)
{
    struct bench *b = bench_new(10);
    bench_control(b, "make lambda us-east-1 {\"kind\":\"function\",\"name\":\"worker\"}");
    bench_control(b, "make lambda us-west-2 {\"kind\":\"function\",\"name\":\"worker\"}");
    bench_control(b, "make lambda us-east-1 {\"kind\":\"mapping\",\"name\":\"m-1\"}");
    bench_control(b, "make lambda us-west-2 {\"kind\":\"mapping\",\"name\":\"m-2\"}");
    tag_both(b, "lambda", "function:worker", "function:worker");
    const struct told *t = discover(b, "x");
    ck_assert_str_eq(t->found[found(t, "lambda", "worker")].settings,
                     "function=worker;mappings.us-east-1=[\"m-1\"];mappings.us-west-2=[\"m-2\"];");
    bench_free(b);
}
END_TEST

START_TEST(a_global_table_brings_its_replicas)
{
    struct bench *b = bench_new(10);
    bench_control(b, "make dynamodb us-east-1 {\"table\":\"carts\","
                     "\"replicas\":[\"us-east-1\",\"us-west-2\"]}");
    bench_control(b, "make dynamodb us-east-1 {\"table\":\"lonely\"}");
    tag(b, "us-west-2", "dynamodb:us-west-2:" ACCOUNT ":table/carts");
    tag(b, "us-east-1", "dynamodb:us-east-1:" ACCOUNT ":table/lonely");
    const struct told *t = discover(b, "x");
    size_t carts = found(t, "dynamodb", "carts");
    ck_assert_str_eq(t->found[carts].settings, "table=carts;");
    ck_assert_str_eq(t->found[carts].sides, "us-east-1:-1;us-west-2:-1;");
    ck_assert(t->found[carts].whole);
    ck_assert(!t->found[found(t, "dynamodb", "lonely")].whole);
    bench_free(b);
}
END_TEST

START_TEST(a_file_system_is_one_with_what_it_replicates_to)
{
    struct bench *b = bench_new(10);
    bench_control(b, "make efs us-east-1 {\"kind\":\"file-system\",\"name\":\"fs-0a\"}");
    bench_control(b, "make efs us-west-2 {\"kind\":\"file-system\",\"name\":\"fs-0b\"}");
    bench_control(b, "make efs us-east-1 {\"kind\":\"replication\",\"name\":\"fs-0a\","
                     "\"destination\":\"fs-0b\",\"region\":\"us-west-2\"}");
    tag_both(b, "elasticfilesystem", "file-system/fs-0a", "file-system/fs-0b");
    const struct told *t = discover(b, "x");
    size_t files = found(t, "efs", "fs-0a");
    ck_assert_str_eq(t->found[files].settings,
                     "file_systems.us-east-1=fs-0a;file_systems.us-west-2=fs-0b;");
    ck_assert_str_eq(t->found[files].sides, "us-east-1:-1w;us-west-2:-1;");
    bench_free(b);
}
END_TEST

START_TEST(an_accelerator_tells_each_regions_endpoint_group)
{
    struct bench *b = bench_new(10);
    const char *arn = "arn:aws:globalaccelerator::" ACCOUNT ":accelerator/a1";
    bench_control(b, "make globalaccelerator us-west-2 {\"kind\":\"accelerator\",\"name\":\"%s\"}",
                  arn);
    for (int i = 0; i < 2; i++)
        bench_control(b,
                      "make globalaccelerator us-west-2 {\"kind\":\"endpoint-group\","
                      "\"name\":\"%s/listener/1/endpoint-group/%d\","
                      "\"EndpointGroupRegion\":\"%s\"}",
                      arn, i, i ? "us-west-2" : "us-east-1");
    tag(b, "us-west-2", "globalaccelerator::" ACCOUNT ":accelerator/a1");
    const struct told *t = discover(b, "x");
    size_t a = found(t, "global-accelerator", "a1");
    ck_assert(t->found[a].whole);
    ck_assert_str_eq(t->found[a].sides, ""); /* it belongs to no one region */
    ck_assert_ptr_nonnull(strstr(t->found[a].settings, "endpoint_group.us-east-1=arn:aws:"));
    ck_assert_ptr_nonnull(strstr(t->found[a].settings, "/listener/1/endpoint-group/1;"));
    bench_free(b);
}
END_TEST

START_TEST(a_groups_schedules_are_listed)
{
    struct bench *b = bench_new(10);
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 2; k++)
            bench_control(b,
                          "make scheduler %s {\"kind\":\"schedule\",\"name\":\"s-%d\","
                          "\"GroupName\":\"x\"}",
                          i ? "us-west-2" : "us-east-1", k);
    tag_both(b, "scheduler", "schedule-group/x", "schedule-group/x");
    const struct told *t = discover(b, "x");
    ck_assert_str_eq(t->found[found(t, "scheduler", "x")].settings,
                     "group=x;schedules=[\"s-0\",\"s-1\"];");
    bench_free(b);
}
END_TEST

/* What only a person knows is asked for, not guessed. */
START_TEST(what_its_driver_wants_and_nothing_tells_is_asked_for)
{
    struct bench *b = bench_new(10);
    tag_both(b, "es", "domain/search", "domain/search");
    tag(b, "us-east-1", "ec2:us-east-1:" ACCOUNT ":instance/i-1");
    tag(b, "us-east-1", "ec2:us-east-1:" ACCOUNT ":subnet/subnet-1");
    const struct told *t = discover(b, "x");
    size_t search = found(t, "opensearch", "search");
    ck_assert(!t->found[search].whole);
    ck_assert_ptr_nonnull(strstr(t->found[search].doubts, "(indices)"));
    ck_assert_ptr_nonnull(strstr(t->doubts, "ec2 instance (1): "));
    ck_assert_ptr_null(strstr(t->doubts, "subnet")); /* it stays where it is */
    bench_free(b);
}
END_TEST

/* --- records --------------------------------------------------------------------------------- */

/* A load balancer of a region, tagged, and its name in DNS. */
static void balancer(struct bench *b, int region)
{
    static const char *const regions[] = { "us-east-1", "us-west-2" };
    char key[64], arn[200];
    (void)snprintf(key, sizeof key, "loadbalancer/app %d front", region);
    (void)snprintf(arn, sizeof arn,
                   "elasticloadbalancing:%s:" ACCOUNT ":loadbalancer/app/front/%016llx",
                   regions[region], (unsigned long long)evac_str_hash(evac_str(key)));
    bench_control(b, "make elbv2 %s {\"load_balancer\":\"front\"}", regions[region]);
    tag(b, regions[region], arn);
}

static struct bench *with_zone(void)
{
    struct bench *b = bench_new(10);
    bench_control(b, "make route53 us-east-1 {\"kind\":\"zone\",\"id\":\"Z1\",\"name\":\"x.org\"}");
    tag(b, "us-east-1", "route53:::hostedzone/Z1");
    balancer(b, 0);
    balancer(b, 1);
    return b;
}

START_TEST(a_weighted_set_tells_each_regions_share)
{
    struct bench *b = with_zone();
    for (int i = 0; i < 2; i++)
        bench_control(b,
                      "make route53 us-east-1 {\"kind\":\"record\",\"zone\":\"Z1\","
                      "\"name\":\"www.x.org\",\"type\":\"CNAME\",\"id\":\"%s\",\"weight\":%d,"
                      "\"value\":\"front-1234567890.%s.elb.amazonaws.com\"}",
                      i ? "second" : "us-east-1", i ? 0 : 60, i ? "us-west-2" : "us-east-1");
    const struct told *t = discover(b, "x");
    size_t www = found(t, "route53", "www.x.org");
    ck_assert(t->found[www].whole);
    ck_assert_str_eq(t->found[www].settings,
                     "name=www.x.org;record.us-west-2=second;record_type=CNAME;"
                     "weights.us-east-1=60;weights.us-west-2=1;withdraw=weight;zone=Z1;");
    /* the one that gets nothing has no share that could be read */
    ck_assert_ptr_nonnull(strstr(t->found[www].doubts, "us-west-2 gets no users now"));
    ck_assert_str_eq(t->public_name, "www.x.org");
    bench_free(b);
}
END_TEST

/* One record that points at one region's load balancer does not say what the other's is. */
START_TEST(a_simple_record_is_found_by_its_load_balancer_and_not_completed)
{
    struct bench *b = with_zone();
    bench_control(b, "make route53 us-east-1 {\"kind\":\"record\",\"zone\":\"Z1\","
                     "\"name\":\"www.x.org\",\"type\":\"CNAME\","
                     "\"value\":\"front-1234567890.us-east-1.elb.amazonaws.com\"}");
    bench_control(b, "make route53 us-east-1 {\"kind\":\"record\",\"zone\":\"Z1\","
                     "\"name\":\"mail.x.org\",\"type\":\"A\",\"value\":\"192.0.2.1\"}");
    const struct told *t = discover(b, "x");
    ck_assert_uint_eq(t->count, 1);
    size_t www = found(t, "route53", "www.x.org");
    ck_assert(!t->found[www].whole);
    ck_assert_ptr_nonnull(strstr(t->found[www].settings, "target.us-east-1=front-"));
    bench_free(b);
}
END_TEST

/* Route 53, Global Accelerator and their like are listed where their API is. Another region's own
 * things, and its buckets, are not asked for. */
START_TEST(what_is_global_is_found_in_regions_that_nobody_asked_for)
{
    static const struct evac_str regions[] = { { "us-west-2", 9 }, { "eu-west-1", 9 } };
    struct bench *b = bench_new(10);
    struct evac_err err = { EVAC_OK, "" };
    const struct evac_query query = { .app = EVAC_STR("shop"),
                                      .tag = EVAC_STR("app"),
                                      .value = EVAC_STR("shop"),
                                      .regions = regions,
                                      .region_count = 2,
                                      .deadline_ms = bench_now(b) + 60000 };
    memset(&told, 0, sizeof told);
    ck_assert_int_eq(evac_pack_aws.discover(bench_link(b), &query, NULL, keep, &told, &err),
                     EVAC_OK);
    for (int i = 0; i < 100 && !told.done; i++)
        bench_run(b, 1000);
    ck_assert_str_eq(told.public_name, "shop.example.com");
    for (size_t i = 0; i < told.count; i++)
        ck_assert_ptr_null(strstr(told.found[i].sides, "us-east-1"));
    /* the global database has its writer elsewhere, and that is said */
    ck_assert_ptr_nonnull(strstr(told.doubts, "shop-db is also in us-east-1, which is none of"));
    bench_free(b);
}
END_TEST

START_TEST(without_a_tagged_zone_the_record_is_asked_for)
{
    struct bench *b = bench_new(10);
    tag_both(b, "kinesis", "stream/same", "stream/same");
    ck_assert_ptr_nonnull(strstr(discover(b, "x")->doubts, "No hosted zone carries the tag"));
    bench_free(b);
}
END_TEST

START_TEST(a_key_of_one_region_stays_and_one_of_several_is_one)
{
    struct bench *b = bench_new(10);
    for (int i = 0; i < 2; i++)
        bench_control(b,
                      "make kms %s {\"kind\":\"key\",\"name\":\"mrk-1\",\"primary\":\"us-east-1\","
                      "\"regions\":[\"us-east-1\",\"us-west-2\"]}",
                      i ? "us-west-2" : "us-east-1");
    bench_control(b, "make kms us-east-1 {\"kind\":\"key\",\"name\":\"own\"}");
    tag(b, "us-west-2", "kms:us-west-2:" ACCOUNT ":key/mrk-1"); /* its primary has no tag */
    tag(b, "us-east-1", "kms:us-east-1:" ACCOUNT ":key/own");
    const struct told *t = discover(b, "x");
    ck_assert_uint_eq(t->count, 1);
    size_t key = found(t, "kms", "mrk-1");
    ck_assert_str_eq(t->found[key].settings, "key=mrk-1;");
    ck_assert_str_eq(t->found[key].sides, "us-east-1:-1;us-west-2:-1;");
    bench_free(b);
}
END_TEST

START_TEST(a_silent_region_is_said_and_the_other_told)
{
    struct bench *b = bench_new(10);
    bench_control(b, "region us-west-2 down");
    const struct told *t = discover(b, "shop");
    ck_assert_uint_eq(t->answered, 1);
    ck_assert_ptr_nonnull(strstr(t->silent, "us-west-2: tagging GetResources"));
    ck_assert_ptr_nonnull(strstr(t->silent, "us-west-2: autoscaling DescribeAutoScalingGroups"));
    size_t db = found(t, "aurora", "shop-db");
    ck_assert_str_eq(t->found[db].sides, "us-east-1:-1w;us-west-2:-1;");
    ck_assert(!t->found[found(t, "ecs", "shop/web")].whole);
    bench_free(b);
}
END_TEST

START_TEST(a_throttled_service_is_asked_again_and_then_said)
{
    struct bench *b = bench_new(10);
    bench_control(b, "service ecs us-west-2 lost 1");
    ck_assert_str_eq(discover(b, "shop")->silent, "");
    bench_control(b, "service ecs us-west-2 throttled");
    const struct told *t = discover(b, "shop");
    ck_assert_ptr_nonnull(strstr(t->silent, "shop/web in us-west-2: ecs DescribeServices: "
                                            "ThrottlingException"));
    size_t web = found(t, "ecs", "shop/web");
    ck_assert_str_eq(t->found[web].sides, "us-east-1:6;us-west-2:-1;");
    ck_assert(t->found[web].whole);
    bench_free(b);
}
END_TEST

/* It ends all the same, and says what was not asked. */
START_TEST(the_deadline_ends_it)
{
    struct bench *b = bench_new(10);
    bench_control(b, "service tagging us-east-1 slow 9000");
    const struct told *t = discover_within(b, "shop", 5000);
    ck_assert_uint_eq(t->answered, 2);
    ck_assert_ptr_nonnull(strstr(t->silent,
                                 "shop-db-use1 in us-east-1: rds DescribeDBClusters: not "
                                 "asked: the time was up"));
    ck_assert_ptr_null(strstr(t->silent, "us-west-2: "));
    bench_free(b);
}
END_TEST

START_TEST(stems_are_names_without_their_region)
{
    static const struct {
        const char *name, *region, *stem;
    } rows[] = {
        { "shop-db-use1", "us-east-1", "shop-db" },
        { "shop-db-us-east-1", "us-east-1", "shop-db" },
        { "us-east-1.assets", "us-east-1", "assets" },
        { "usw2_queue", "us-west-2", "queue" },
        { "apse2-web", "ap-southeast-2", "web" },
        { "usgw1-web", "us-gov-west-1", "web" },
        { "core-use1/web", "us-east-1", "core/web" },
        { "use1-core/web-use1", "us-east-1", "core/web" },
        { "house12", "us-east-1", "house12" },
        { "muse1-web", "us-east-1", "muse1-web" },
        { "use1", "us-east-1", "use1" },
        { "web-usw2", "us-east-1", "web-usw2" },
    };
    struct evac_arena *arena = evac_arena_new();
    struct evac_str stem = walk_stem(arena, evac_str(rows[_i].name), evac_str(rows[_i].region));
    ck_assert_msg(evac_str_is(stem, rows[_i].stem), "%s: %.*s", rows[_i].name, EVAC_STR_ARG(stem));
    evac_arena_free(arena);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("discover");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, the_shop_is_found_whole);
    tcase_add_test(tc, pages_are_walked_to_their_end);
    tcase_add_test(tc, a_replica_is_one_with_its_source_whatever_their_names);
    tcase_add_test(tc, data_of_one_name_that_does_not_replicate_is_not_whole);
    tcase_add_test(tc, names_pair_whole_without_the_regions_code_and_by_their_end);
    tcase_add_test(tc, what_fits_twice_is_said_and_put_together_with_none);
    tcase_add_test(tc, a_datastore_brings_its_members_and_its_primary);
    tcase_add_test(tc, a_functions_mappings_are_listed_region_by_region);
    tcase_add_test(tc, a_global_table_brings_its_replicas);
    tcase_add_test(tc, a_file_system_is_one_with_what_it_replicates_to);
    tcase_add_test(tc, an_accelerator_tells_each_regions_endpoint_group);
    tcase_add_test(tc, a_groups_schedules_are_listed);
    tcase_add_test(tc, what_its_driver_wants_and_nothing_tells_is_asked_for);
    tcase_add_test(tc, a_weighted_set_tells_each_regions_share);
    tcase_add_test(tc, a_simple_record_is_found_by_its_load_balancer_and_not_completed);
    tcase_add_test(tc, what_is_global_is_found_in_regions_that_nobody_asked_for);
    tcase_add_test(tc, without_a_tagged_zone_the_record_is_asked_for);
    tcase_add_test(tc, a_key_of_one_region_stays_and_one_of_several_is_one);
    tcase_add_test(tc, a_silent_region_is_said_and_the_other_told);
    tcase_add_test(tc, a_throttled_service_is_asked_again_and_then_said);
    tcase_add_test(tc, the_deadline_ends_it);
    tcase_add_loop_test(tc, stems_are_names_without_their_region, 0, 12);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("discovery", cases)

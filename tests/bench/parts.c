#include "bench_parts.h"

#include "aws_json.h"
#include "aws_xml.h"
#include "sigv4.h"
#include "still_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STEPS 20u
#define APPS  10u /* of the journal that a start reads */

static void give_up(const char *why)
{
    fprintf(stderr, "bench_parts: %s\n", why);
    exit(1);
}

/* --- signing --------------------------------------------------------------------------------- */

static void *sign_begin(unsigned size)
{
    char *body = malloc(size);
    if (!body)
        abort();
    memset(body, 'a', size);
    return body;
}

/* As the client does it, with the derived keys cached. */
static void sign(void *with, unsigned times)
{
    static struct evac_sigv4_cache cache;
    const struct evac_http_header headers[] = {
        { EVAC_STR("host"), EVAC_STR("rds.us-west-2.amazonaws.com") },
        { EVAC_STR("content-type"), EVAC_STR("application/x-www-form-urlencoded; charset=utf-8") },
        { EVAC_STR("x-amz-date"), EVAC_STR("20260102T030405Z") },
        { EVAC_STR("user-agent"), EVAC_STR("evac") },
    };
    const struct evac_sigv4_request request = { .method = EVAC_STR("POST"),
                                                .path = EVAC_STR("/"),
                                                .headers = headers,
                                                .header_count = 4,
                                                .body = { with, 1024 } };
    const struct evac_sigv4_scope scope = { .timestamp = EVAC_STR("20260102T030405Z"),
                                            .region = EVAC_STR("us-west-2"),
                                            .service = EVAC_STR("rds") };
    const struct evac_sigv4_identity identity = {
        .access_key_id = EVAC_STR("AKIDEXAMPLE"),
        .secret = EVAC_STR("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
    };
    for (unsigned i = 0; i < times; i++) {
        struct evac_buf authorization;
        struct evac_err err;
        evac_buf_init(&authorization, 4096);
        if (evac_sigv4_sign(&cache, &request, &scope, &identity, EVAC_STR_NONE, &authorization,
                            &err))
            give_up(err.text);
        evac_buf_done(&authorization);
    }
}

/* --- answers of AWS -------------------------------------------------------------------------- */

static struct evac_buf *new_text(void)
{
    struct evac_buf *text = malloc(sizeof *text);
    if (!text)
        abort();
    evac_buf_init(text, 8u << 20);
    return text;
}

static void end_text(void *with)
{
    evac_buf_done(with);
    free(with);
}

static size_t text_bytes(const void *with)
{
    return ((const struct evac_buf *)with)->n;
}

static void put_cluster(struct evac_buf *out, unsigned i)
{
    evac_buf_putf(
        out,
        "<DBCluster><AllocatedStorage>1</AllocatedStorage><AvailabilityZones>"
        "<AvailabilityZone>us-west-2a</AvailabilityZone><AvailabilityZone>us-west-2b</"
        "AvailabilityZone></AvailabilityZones><BackupRetentionPeriod>7</BackupRetentionPeriod>"
        "<DBClusterIdentifier>cluster-%05u</DBClusterIdentifier><DBClusterParameterGroup>"
        "default.aurora-postgresql15</DBClusterParameterGroup><Status>available</Status>"
        "<Endpoint>cluster-%05u.cluster-abcdefghijkl.us-west-2.rds.amazonaws.com</Endpoint>"
        "<MultiAZ>true</MultiAZ><Engine>aurora-postgresql</Engine><EngineVersion>15.4</"
        "EngineVersion><Port>5432</Port><MasterUsername>postgres</MasterUsername>"
        "<DBClusterMembers><DBClusterMember><DBInstanceIdentifier>cluster-%05u-1</"
        "DBInstanceIdentifier><IsClusterWriter>true</IsClusterWriter><PromotionTier>1</"
        "PromotionTier></DBClusterMember></DBClusterMembers><VpcSecurityGroups>"
        "<VpcSecurityGroupMembership><VpcSecurityGroupId>sg-0a1b2c3d</VpcSecurityGroupId>"
        "<Status>active</Status></VpcSecurityGroupMembership></VpcSecurityGroups>"
        "<StorageEncrypted>true</StorageEncrypted><DBClusterArn>arn:aws:rds:us-west-2:"
        "123456789012:cluster:cluster-%05u</DBClusterArn><DeletionProtection>true</"
        "DeletionProtection><TagList/></DBCluster>\n",
        i, i, i, i);
}

static void *xml_begin(unsigned size)
{
    struct evac_buf *text = new_text();
    evac_buf_puts(text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DescribeDBClustersResponse "
                        "xmlns=\"http://rds.amazonaws.com/doc/2014-10-31/\">"
                        "<DescribeDBClustersResult><DBClusters>");
    for (unsigned i = 0; i < size; i++)
        put_cluster(text, i);
    evac_buf_puts(text, "</DBClusters></DescribeDBClustersResult></DescribeDBClustersResponse>");
    return text;
}

static void xml(void *with, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        struct evac_arena *arena = evac_arena_new();
        const struct evac_xml *root;
        struct evac_err err;
        if (evac_xml_parse(evac_buf_str(with), arena, &root, &err))
            give_up(err.text);
        if (!evac_xml_text(root, "DescribeDBClustersResult/DBClusters/DBCluster/Status").n)
            give_up("there is no cluster in the answer");
        evac_arena_free(arena);
    }
}

static void put_service(struct evac_buf *out, unsigned i)
{
    evac_buf_putf(
        out,
        "%s{\"serviceArn\":\"arn:aws:ecs:us-west-2:123456789012:service/shop/web-%05u\","
        "\"serviceName\":\"web-%05u\",\"clusterArn\":\"arn:aws:ecs:us-west-2:123456789012:"
        "cluster/shop\",\"status\":\"ACTIVE\",\"desiredCount\":6,\"runningCount\":6,"
        "\"pendingCount\":0,\"launchType\":\"FARGATE\",\"platformVersion\":\"1.4.0\","
        "\"taskDefinition\":\"arn:aws:ecs:us-west-2:123456789012:task-definition/web:12\","
        "\"deployments\":[{\"id\":\"ecs-svc/1234567890123456789\",\"status\":\"PRIMARY\","
        "\"desiredCount\":6,\"runningCount\":6,\"createdAt\":1790000000.123,\"rolloutState\":"
        "\"COMPLETED\"}],\"events\":[{\"id\":\"0a1b2c3d-0000-4000-8000-000000000000\","
        "\"createdAt\":1790000000.5,\"message\":\"(service web) has reached a steady "
        "state.\"}],\"loadBalancers\":[],\"tags\":[]}",
        i ? "," : "", i, i);
}

static void *json_begin(unsigned size)
{
    struct evac_buf *text = new_text();
    evac_buf_puts(text, "{\"services\":[");
    for (unsigned i = 0; i < size; i++)
        put_service(text, i);
    evac_buf_puts(text, "],\"failures\":[]}");
    return text;
}

static void json(void *with, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        struct evac_json *root;
        struct evac_err err;
        if (evac_json_parse(evac_buf_str(with), &root, &err))
            give_up(err.text);
        if (!evac_json_count(evac_json_get(root, "services")))
            give_up("there is no service in the answer");
        evac_json_free(root);
    }
}

/* --- a configuration, a plan, steps, a start ------------------------------------------------- */

static struct still_options still(unsigned apps)
{
    return (struct still_options){ .apps = apps, .resources = 4, .layers = STEPS / 4 };
}

static void *conf_begin(unsigned size)
{
    struct still_options o = still(size);
    return still_conf_new(&o);
}

static void conf(void *with, unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        evac_model_free(still_conf_parse(with));
}

static void conf_end(void *with)
{
    still_conf_free(with);
}

static size_t conf_bytes(const void *with)
{
    return still_conf_bytes(with);
}

static void *world_begin(unsigned size)
{
    struct still_options o = still(size);
    return still_new(&o);
}

static void world_end(void *with)
{
    still_free(with);
}

static void plan(void *with, unsigned times)
{
    const struct evac_wish wish = { .app = EVAC_STR("app0000"),
                                    .workflow = EVAC_WORKFLOW_FAILOVER,
                                    .mode = EVAC_MODE_GRACEFUL,
                                    .who = EVAC_STR("bench") };
    for (unsigned i = 0; i < times; i++) {
        struct evac_diag diag = { .arena = evac_arena_new() };
        struct evac_err err = { EVAC_OK, "" };
        struct evac_plan *made = NULL;
        if (evac_shell_plan(still_shell(with), &wish, &diag, &made, &err))
            give_up(err.text);
        evac_plan_free(made);
        evac_arena_free(diag.arena);
    }
}

static void run(void *with, unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        still_run_all(with);
}

static char journal_dir[32], journal[64];

static struct still_options on_journal(unsigned apps)
{
    struct still_options o = still(apps);
    o.path = journal;
    o.grouped = true;
    return o;
}

static void *start_begin(unsigned size)
{
    (void)snprintf(journal_dir, sizeof journal_dir, "/tmp/evac-bench-XXXXXX");
    if (!mkdtemp(journal_dir))
        give_up("no folder for the journal");
    (void)snprintf(journal, sizeof journal, "%s/journal.db", journal_dir);
    struct still_options o = on_journal(APPS);
    struct still_world *w = still_new(&o);
    while (still_rows(w) < size)
        still_run_all(w);
    still_free(w);
    return journal;
}

/* Open, verify each row, replay: with the configuration, which is the same for any journal. */
static void start(void *with, unsigned times)
{
    struct still_options o = on_journal(APPS);
    (void)with;
    for (unsigned i = 0; i < times; i++)
        still_free(still_new(&o));
}

static void start_end(void *with)
{
    still_unlink(with);
    (void)rmdir(journal_dir);
}

const struct part parts[] = {
    { "sign", "sign one request of 1 KiB", 1024, 0, sign_begin, sign, free, NULL },
    { "xml", "parse a DescribeDBClusters answer", 1, 10, xml_begin, xml, end_text, text_bytes },
    { "xml-big", "parse one of 100 clusters, a page", 100, 1000, xml_begin, xml, end_text,
      text_bytes },
    { "json-big", "parse a DescribeServices answer of 100 services", 100, 1000, json_begin, json,
      end_text, text_bytes },
    { "conf", "read a configuration of 100 apps", 100, 1000, conf_begin, conf, conf_end,
      conf_bytes },
    { "plan", "compile one plan of 20 steps", 1, 0, world_begin, plan, world_end, NULL },
    { "run", "a run of 20 steps, journal in memory", 1, 10, world_begin, run, world_end, NULL },
    { "start", "start with a journal of 20,000 rows", 20000, 200000, start_begin, start, start_end,
      NULL },
};
const size_t part_count = sizeof parts / sizeof parts[0];

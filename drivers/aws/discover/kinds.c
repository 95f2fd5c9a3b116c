/* The table of ARNs that mean something, and things made of them. */
#include "walk.h"

#include <stdarg.h>
#include <string.h>

#define THINGS_MAX 2000u
#define HOLES_MAX  8u

#define PICKS(name, ...) static const struct kind_pick name[] = { __VA_ARGS__, { 0 } }
PICKS(ecs_picks, { "*runs", "services[]/desiredCount" });
PICKS(nodegroup_picks, { "*runs", "nodegroup/scalingConfig/desiredSize" });
PICKS(queue_picks, { "url", "QueueUrl" });
PICKS(secret_picks, { "*name", "Name" }, { "secret", "Name" });
PICKS(balancer_picks, { "dns", "DescribeLoadBalancersResult/LoadBalancers/member/DNSName" });

#define LATER "which of them are the app's own, and not a group's or a plan's, is yours to say"

/* The first row that fits counts. What no row names is said, once a type. */
/* clang-format off */
static const struct kind kinds[] = {
    { "rds", "cluster:<id>", "aurora", "<id>", "clusters=<id>",
      { "rds", "DescribeDBClusters", .params = "DBClusterIdentifier=<id>" }, .read = look_cluster },
    { "rds", "db:<id>", "rds", "<id>", "instances=<id>",
      { "rds", "DescribeDBInstances", .params = "DBInstanceIdentifier=<id>" }, .read = look_instance },
    { "rds", "global-cluster:<id>" }, /* found by its members */
    { "dynamodb", "table/<table>", "dynamodb", "<table>", "table=<table>",
      { "dynamodb", "DescribeTable", .body = "{\"TableName\":\"<table>\"}" }, .read = look_table },
    { "elasticfilesystem", "file-system/<id>", "efs", "<id>", "file_systems=<id>",
      { "efs", "DescribeReplicationConfigurations", "GET", "/2015-02-01/file-systems/replication-configurations", "FileSystemId=<id>" },
      .read = look_file_system },
    { "es", "domain/<domain>", "opensearch", "<domain>", "domain=<domain>", .lacks = "which indices follow the other region's (indices)" },
    { "ecs", "service/<cluster>/<service>", "ecs", "<cluster>/<service>", "cluster=<cluster>&service=<service>",
      { "ecs", "DescribeServices", .body = "{\"cluster\":\"<cluster>\",\"services\":[\"<service>\"]}" }, ecs_picks },
    { "ecs", "cluster/<cluster>" },
    { "ecs", "task-definition/<family>" },
    { "ecs", "task/<id>" },
    { "autoscaling", "autoScalingGroup:<id>:autoScalingGroupName/<group>", "asg", "<group>", "group=<group>" },
    { "s3", "accesspoint/<alias>", "mrap", "<alias>", "mrap=<arn>" },
    { "s3", "<bucket>", "s3", "<bucket>", "buckets=<bucket>", .more = look_bucket },
    { "lambda", "function:<function>", "lambda", "<function>", "function=<function>",
      { "lambda", "ListEventSourceMappings", "GET", "/2015-03-31/event-source-mappings", "FunctionName=<function>" },
      .read = look_mappings },
    { "lambda", "event-source-mapping:<id>" },
    { "sqs", "<queue>", "sqs", "<queue>", NULL, { "sqs", "GetQueueUrl", .body = "{\"QueueName\":\"<queue>\"}" }, queue_picks },
    { "sns", "<topic>", "sns", "<topic>", "topic=<arn>" },
    { "kms", "key/<key>", "kms", "<key>", "key=<key>", { "kms", "DescribeKey", .body = "{\"KeyId\":\"<key>\"}" }, .read = look_key },
    { "secretsmanager", "secret:<secret>", "secret", "<secret>", NULL,
      { "secretsmanager", "DescribeSecret", .body = "{\"SecretId\":\"<arn>\"}" }, secret_picks },
    { "kinesis", "stream/<stream>", "kinesis", "<stream>", "stream=<stream>" },
    { "eks", "nodegroup/<cluster>/<nodegroup>/<id>", "eks", "<cluster>/<nodegroup>", "cluster=<cluster>&nodegroup=<nodegroup>",
      { "eks", "DescribeNodegroup", "GET", "/clusters/<cluster>/node-groups/<nodegroup>" }, nodegroup_picks },
    { "eks", "cluster/<cluster>", "kubernetes", "<cluster>", "cluster=<cluster>",
      .lacks = "which namespace and deployments are the app's" },
    { "elasticache", "replicationgroup:<id>", "elasticache", "<id>", "groups=<id>", .more = look_datastore },
    { "elasticache", "globalreplicationgroup:<id>" },
    { "elasticache", "cluster:<id>" },
    { "memorydb", "multiregioncluster/<cluster>", "memorydb", "<cluster>", "cluster=<cluster>" },
    { "memorydb", "cluster/<cluster>" },
    { "elasticloadbalancing", "targetgroup/<group>/<id>", "elbv2", "<group>", "target_group=<arn>" },
    { "elasticloadbalancing", "loadbalancer/<kind>/<balancer>/<id>", "", "<balancer>", NULL,
      { "elbv2", "DescribeLoadBalancers", .params = "LoadBalancerArns.member.1=<arn>" }, balancer_picks },
    { "events", "rule/<bus>/<rule>", "events", "<bus>/<rule>", "bus=<bus>&rules=[\"<rule>\"]" },
    { "events", "rule/<rule>", "events", "<rule>", "rules=[\"<rule>\"]" },
    { "events", "event-bus/<bus>" },
    { "scheduler", "schedule-group/<group>", "scheduler", "<group>", "group=<group>",
      { "scheduler", "ListSchedules", "GET", "/schedules", "ScheduleGroup=<group>&MaxResults=100" }, .read = look_schedules },
    { "states", "stateMachine:<machine>", "stepfunctions", "<machine>", "machine=<arn>" },
    { "ssm", "parameter/<id>", .hint = "the driver ssm sets parameters: which of them a move changes is yours to say" },
    { "apigateway", "/domainnames/<domain>", "api-gateway", "<domain>", "domain=<domain>" },
    { "apigateway", "/restapis/<id>" },
    { "apigateway", "/apis/<id>" },
    { "cloudfront", "distribution/<distribution>", "cloudfront", "<distribution>", "distribution=<distribution>",
      { "cloudfront", "GetDistribution", "GET", "/2020-05-31/distribution/<distribution>" }, .read = look_origins },
    { "globalaccelerator", "accelerator/<id>", "global-accelerator", "<id>", NULL,
      { "globalaccelerator", "ListListeners", .body = "{\"AcceleratorArn\":\"<arn>\"}" }, .read = look_listeners },
    { "arc-region-switch", "plan/<plan>", "region-switch", "<plan>", "plan=<arn>" },
    { "route53", "hostedzone/<zone>", "", "<zone>", NULL,
      { "route53", "ListResourceRecordSets", "GET", "/2013-04-01/hostedzone/<zone>/rrset", "maxitems=300" }, .read = look_records },
    { "route53", "healthcheck/<id>" },
    { "cloudfront", "key-value-store/<id>", "cloudfront-kvs", "<id>", "store=<arn>", .lacks = "which key leads users (key)" },
    { "route53-recovery-control", "<what>/<id>", .hint = "the driver routing-control wants each region's control, and the cluster's five endpoints" },
    { "backup", "<what>:<id>", .hint = "the driver backup restores from vaults: of what, and with which role, is yours to say" },
    { "drs", "<what>/<id>", .hint = "the driver drs launches them: by their tag, or by their ids" },
    { "ec2", "instance/<id>", .hint = "the driver ec2 starts and stops them: " LATER },
    { "ec2", "launch-template/<id>", .hint = "the driver ec2 launches from them: " LATER },
    { "ec2", "<what>/<id>" }, /* networks, volumes, addresses: they stay where they are */
    { "elasticloadbalancing", "<what>/<id>" },
    { "iam", "<what>/<id>" },
    { "logs", "<what>:<id>" },
    { "cloudwatch", "<what>:<id>" },
    { "acm", "<what>/<id>", .hint = "the driver acm looks whether each region has one for a domain" },
    { "cloudformation", "<what>/<id>" },
    { "ecr", "<what>/<id>", .hint = "the driver ecr looks whether each region has the images of a service" },
    { "rds", "<what>:<id>" }, /* snapshots, subnet and parameter groups */
    { 0 },
};
/* clang-format on */

/* --- ARNs ------------------------------------------------------------------------------------ */

struct evac_str arn_part(struct evac_str arn, size_t part)
{
    struct evac_str rest = arn, piece;
    for (size_t i = 0; i < part; i++) {
        piece = evac_str_cut(rest, ':', &rest);
        (void)piece;
    }
    return part == 5 ? rest : evac_str_cut(rest, ':', &rest);
}

/* A bucket's ARN does not say where it is, nor whose. */
bool arn_is_global(struct evac_str arn)
{
    bool bucket = evac_str_is(arn_part(arn, 2), "s3") && arn_part(arn, 4).n == 0;
    return arn_part(arn, 3).n == 0 && !bucket;
}

/* Takes text as "service/<cluster>/<service>" says; the last hole takes all that is left. */
static bool fits(const char *shape, struct evac_str text, struct evac_arg *holes, size_t *count)
{
    *count = 0;
    while (*shape) {
        if (*shape != '<') {
            if (!text.n || text.p[0] != *shape++)
                return false;
            text = (struct evac_str){ text.p + 1, text.n - 1 };
            continue;
        }
        const char *end = strchr(shape, '>');
        size_t n = 0;
        while (n < text.n && (!end[1] || text.p[n] != end[1]))
            n++;
        if (n == 0 || *count == HOLES_MAX)
            return false;
        holes[(*count)++] =
            (struct evac_arg){ { shape + 1, (size_t)(end - shape) - 1 }, { text.p, n } };
        text = (struct evac_str){ text.p + n, text.n - n };
        shape = end + 1;
    }
    return text.n == 0;
}

/* --- things ---------------------------------------------------------------------------------- */

void thing_set(struct thing *t, const char *name, struct evac_str value)
{
    struct evac_arg arg = { walk_keep(t->walk, evac_str(name)), walk_keep(t->walk, value) };
    for (size_t i = 0; i < t->setting_count; i++)
        if (evac_str_eq(t->settings[i].name, arg.name)) {
            t->settings[i] = arg;
            return;
        }
    if (t->setting_count < THING_SETTINGS)
        t->settings[t->setting_count++] = arg;
}

struct evac_str thing_get(const struct thing *t, const char *name)
{
    for (size_t i = 0; i < t->setting_count; i++)
        if (evac_str_is(t->settings[i].name, name))
            return t->settings[i].value;
    return EVAC_STR_NONE;
}

static void doubt(struct thing *t, const char *fmt, va_list ap)
{
    if (t->doubt_count < THING_DOUBTS)
        t->doubts[t->doubt_count++] = evac_arena_vprintf(t->walk->arena, fmt, ap);
}

void thing_doubt(struct thing *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    doubt(t, fmt, ap);
    va_end(ap);
}

void thing_tear(struct thing *t, const char *fmt, ...)
{
    va_list ap;
    t->torn = true;
    va_start(ap, fmt);
    doubt(t, fmt, ap);
    va_end(ap);
}

static void pick(struct job *job, const struct evac_aws_reply *r)
{
    struct thing *t = job->thing;
    struct evac_str value;
    if (!walk_answered(job, r)) {
        thing_doubt(t, "It was not told how it is in %.*s.", EVAC_STR_ARG(t->region));
        return;
    }
    for (const struct kind_pick *p = t->kind->picks; p && p->set; p++) {
        if (!aws_pick(&job->call, r, evac_str(p->at), &value))
            continue;
        if (strcmp(p->set, "*runs") == 0)
            (void)evac_str_i64(value, &t->runs);
        else if (strcmp(p->set, "*name") == 0)
            t->name = walk_keep(t->walk, value);
        else
            thing_set(t, p->set, value);
    }
}

static struct evac_str fill(struct thing *t, const char *template)
{
    struct aws_call c = { .link = t->walk->link,
                          .arena = t->walk->arena,
                          .token = "",
                          .args = t->holes,
                          .region = t->region };
    return aws_fill(&c, template, AWS_PLAIN, NULL, 0);
}

static void fill_settings(struct thing *t)
{
    struct evac_str rest = evac_str(t->kind->settings ? t->kind->settings : "");
    while (rest.n) {
        struct evac_str value, name = evac_str_cut(evac_str_cut(rest, '&', &rest), '=', &value);
        thing_set(t, walk_keep(t->walk, name).p, fill(t, walk_keep(t->walk, value).p));
    }
}

static struct evac_args holes_of(struct walk *w, struct evac_str arn, const struct evac_arg *holes,
                                 size_t count)
{
    struct evac_arg *args = evac_arena_array(w->arena, count + 1, sizeof *args);
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        args[n++] = (struct evac_arg){ walk_keep(w, holes[i].name), walk_keep(w, holes[i].value) };
    args[n++] = (struct evac_arg){ EVAC_STR("arn"), arn };
    return (struct evac_args){ args, n };
}

struct thing *walk_thing(const struct walk *w, struct evac_str arn)
{
    for (struct thing *t = w->things; t; t = t->next)
        if (evac_str_eq(t->arn, arn))
            return t;
    return NULL;
}

static struct thing *add(struct walk *w, const struct kind *kind, struct evac_str arn,
                         struct evac_str region, const struct evac_arg *holes, size_t hole_count)
{
    struct thing *t = evac_arena_alloc(w->arena, sizeof *t);
    *t = (struct thing){ .walk = w, .kind = kind, .runs = -1 };
    t->arn = walk_keep(w, arn);
    t->listed = walk_keep(w, region);
    t->region = arn_is_global(arn) ? EVAC_STR_NONE : t->listed;
    t->type = evac_str(kind->type);
    t->aside = kind->type[0] == '\0';
    t->holes = holes_of(w, t->arn, holes, hole_count);
    t->name = fill(t, kind->name);
    fill_settings(t);
    if (kind->lacks)
        thing_tear(t, "Nothing here tells %s.", kind->lacks);
    *w->last_thing = t;
    w->last_thing = &t->next;
    w->thing_count++;
    if (kind->look.operation)
        walk_ask(w, t, NULL, &kind->look, EVAC_STR_NONE, kind->read ? kind->read : pick);
    if (kind->more)
        kind->more(t);
    return t;
}

struct thing *walk_made(struct walk *w, const char *type, struct evac_str name)
{
    static const struct kind none = { "", "", "", "" };
    struct thing *t = evac_arena_alloc(w->arena, sizeof *t);
    *t = (struct thing){ .walk = w, .kind = &none, .runs = -1, .type = evac_str(type) };
    t->name = walk_keep(w, name);
    *w->last_thing = t;
    w->last_thing = &t->next;
    return t;
}

static void unserved(struct walk *w, struct evac_str what, struct evac_str arn, const char *hint)
{
    struct unserved **at = &w->unserved;
    while (*at && !evac_str_eq((*at)->what, what))
        at = &(*at)->next;
    if (!*at) {
        *at = evac_arena_alloc(w->arena, sizeof **at);
        **at = (struct unserved){ .what = what, .example = walk_keep(w, arn), .hint = hint };
    }
    (*at)->count++;
}

/* "ecs service" of "service/shop/web"; of "orders" the service alone. */
static struct evac_str what_is(struct walk *w, struct evac_str arn)
{
    struct evac_str rest = arn_part(arn, 5);
    size_t n = 0;
    while (n < rest.n && rest.p[n] != '/' && rest.p[n] != ':')
        n++;
    return walk_printf(w, "%.*s%s%.*s", EVAC_STR_ARG(arn_part(arn, 2)), n < rest.n ? " " : "",
                       n < rest.n ? (int)n : 0, rest.n ? rest.p : "");
}

struct thing *walk_found(struct walk *w, struct evac_str arn, struct evac_str region)
{
    struct evac_str service = arn_part(arn, 2), rest = arn_part(arn, 5);
    struct evac_arg holes[HOLES_MAX];
    size_t count = 0;
    const struct kind *k = kinds;
    struct thing *known = walk_thing(w, arn);
    if (known)
        return known;
    while (k->service &&
           (!evac_str_is(service, k->service) || !fits(k->shape, rest, holes, &count)))
        k++;
    if (!k->service || (!k->type && k->hint)) {
        unserved(w, what_is(w, arn), arn, k->hint);
        return NULL;
    }
    if (!k->type)
        return NULL;
    if (w->thing_count == THINGS_MAX) {
        walk_silent(w, "more than %u resources: %.*s and what came after it was not looked at",
                    THINGS_MAX, EVAC_STR_ARG(arn));
        return NULL;
    }
    return add(w, k, arn, region, holes, count);
}

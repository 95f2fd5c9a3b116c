/*
 * What a permission can be narrowed to: the resources that a configuration names, as ARNs. Which
 * types an action knows stands in ../iam_facts.c; what a driver's resources of a type are called,
 * here. A type without a row, or whose rows name nothing that is configured, is every resource of
 * that type in the account and region.
 *
 * A tail's holes are the resource's arguments: {cluster} of the region that is called, {clusters*}
 * of every region, {alarms[]} each of a list, {url/} what follows its last slash, {parameter-}
 * without its first slash. A tail with a hole that nothing fills is passed over; one that is an ARN
 * is the whole.
 */
#include "aws_rights.h"

#include "aws.h"
#include "iam_facts.h"

#include <string.h>

#define TAILS_MAX  64u /* of one row */
#define TAIL_BYTES 2048u

/* clang-format off */
#define GLOBAL_CLUSTER(driver) \
    { driver, "rds:global-cluster", "{global_cluster}" }, { driver, "rds:cluster", "{clusters}" }, \
    { driver, "rds:db", "*" }, /* they are looked for by their cluster */ \
    NONE(driver, "rds:secgrp")
/* Nothing but a drill's copy is ever deleted. */
#define DRILLS(driver, type, own, operation) \
    { driver, type, "{rehearse_as}", "=" operation }, { driver, type, "{restore_as}-drill", "=" operation }, \
    { driver, type, own "-drill", "=" operation }
#define NONE(driver, type) { driver, type, NULL }
#define GROUPS(driver) \
    { driver, "rds:subgrp", "{subnet_group}" }, { driver, "rds:pg", "{parameter_group}" }, { driver, "rds:cluster-pg", "{parameter_group}" }

static const struct row {
    const char *driver, *type, *tail; /* tail NULL: what the driver asks is never of that type */
    const char *only; /* for that operation alone, "=" no other row for it; NULL: for all */
} rows[] = {
    { "acm", "acm:certificate", "{certificate}" },
    { "api-gateway", "apigateway:DomainName", "{domain}" },
    { "api-gateway", "apigateway:BasePathMapping", "{domain}/basepathmappings/{path}" },
    { "api-gateway", "apigateway:BasePathMapping", "{domain}/basepathmappings/*" },
    { "api-gateway", "apigateway:ApiMapping", "{domain}/apimappings/{mapping}" },
    { "asg", "autoscaling:autoScalingGroup", "*:autoScalingGroupName/{group}" },
    GLOBAL_CLUSTER("aurora"), GROUPS("aurora"),
    { "aurora", "rds-data:cluster", "{clusters}" },
    { "aurora", "secretsmanager:Secret", "{canary}" },
    { "aurora-restore", "rds:cluster", "{clusters}" }, { "aurora-restore", "rds:cluster", "{restore_as}" },
    { "aurora-restore", "rds:cluster", "{rehearse_as}" }, { "aurora-restore", "rds:cluster", "{clusters}-drill" },
    { "aurora-restore", "rds:cluster", "{restore_as}-drill" },
    { "aurora-restore", "rds:cluster", "{clusters*}", "DescribeDBClusterSnapshots" }, /* a copy keeps the name of what it is of */
    { "aurora-restore", "rds:db", "{clusters}-1" }, { "aurora-restore", "rds:db", "{restore_as}-1" }, { "aurora-restore", "rds:db", "{rehearse_as}-1" },
    { "aurora-restore", "rds:db", "{clusters}-drill-1" }, { "aurora-restore", "rds:db", "{restore_as}-drill-1" },
    { "aurora-restore", "rds:db", "*", "=DescribeDBInstances" }, /* they are looked for by their cluster */
    { "aurora-restore", "rds:db", "{rehearse_as}-1", "=DeleteDBInstance" }, { "aurora-restore", "rds:db", "{restore_as}-drill-1", "=DeleteDBInstance" },
    { "aurora-restore", "rds:db", "{clusters}-drill-1", "=DeleteDBInstance" },
    DRILLS("aurora-restore", "rds:cluster", "{clusters}", "DeleteDBCluster"),
    NONE("aurora-restore", "rds:snapshot"), NONE("aurora-restore", "rds:auto-backup"), NONE("aurora-restore", "rds:secgrp"),
    GROUPS("aurora-restore"), { "aurora-restore", "kms:key", "{kms_key}" },
    { "backup", "backup:backupVault", "{vaults}" }, { "backup", "backup:backupVault", "{vaults*}", "StartCopyJob" },
    { "backup", "iam:role", "{role}" },
    { "backup", "rds:db", "{restore_as}" }, { "backup", "rds:db", "{rehearse_as}" }, { "backup", "rds:db", "{restore_as}-drill" },
    { "backup", "rds:cluster", "{restore_as}" }, { "backup", "rds:cluster", "{rehearse_as}" }, { "backup", "rds:cluster", "{restore_as}-drill" },
    { "backup", "dynamodb:table", "{restore_as}" }, { "backup", "dynamodb:table", "{rehearse_as}" }, { "backup", "dynamodb:table", "{restore_as}-drill" },
    DRILLS("backup", "rds:db", "{restore_as}", "DeleteDBInstance"), DRILLS("backup", "rds:cluster", "{restore_as}", "DeleteDBCluster"),
    DRILLS("backup", "dynamodb:table", "{restore_as}", "DeleteTable"),
    { "cloudfront", "cloudfront:distribution", "{distribution}" },
    { "cloudfront-kvs", "cloudfront-keyvaluestore:key-value-store", "{store}" },
    { "cloudwatch-alarm", "cloudwatch:alarm", "{alarms[]}" },
    GLOBAL_CLUSTER("docdb"),
    { "drs", "drs:SourceServerResource", "{servers[]}" },
    { "dynamodb", "dynamodb:table", "{table}" }, { "dynamodb", "dynamodb:table", "{restore_as}" },
    { "dynamodb", "dynamodb:table", "{rehearse_as}" }, { "dynamodb", "dynamodb:table", "{table}-drill" },
    { "dynamodb", "dynamodb:table", "{restore_as}-drill" },
    DRILLS("dynamodb", "dynamodb:table", "{table}", "DeleteTable"),
    NONE("dynamodb", "dynamodb:index"), /* a copy reads the table itself */
    { "dynamodb", "dynamodb:backup", "{table}/backup/*" },
    { "dynamodb", "iam:role", "aws-service-role/replication.dynamodb.amazonaws.com/AWSServiceRoleForDynamoDBReplication" },
    { "ec2", "ec2:instance", "{instances[]}" },
    { "ec2", "ec2:image", "{image}" },
    { "ecr", "ecr:repository", "{repository}" },
    { "ecr", "ecs:service", "{cluster}/{service}" },
    { "ecs", "ecs:service", "{cluster}/{service}" },
    { "efs", "elasticfilesystem:file-system", "{file_systems}" },
    { "eks", "eks:cluster", "{cluster}" },
    { "eks", "eks:nodegroup", "{cluster}/{nodegroup}/*" },
    { "elasticache", "elasticache:globalreplicationgroup", "{global_group}" },
    { "elasticache", "elasticache:replicationgroup", "{groups}" },
    { "events", "events:rule-on-default-event-bus", "{rules[]}" },
    { "events", "events:rule-on-custom-event-bus", "{bus/}/{rules[]}" },
    { "events", "events:event-bus", "{bus/}" },
    { "fis", "fis:experiment-template", "{template}" },
    { "global-accelerator", "globalaccelerator:endpointgroup", "{endpoint_group}" },
    { "health-check", "route53:healthcheck", "{id}" },
    { "iam", "iam:role", "{role}" },
    { "kinesis", "kinesis:stream", "{stream}" },
    { "kms", "kms:key", "{key}" },
    { "kubernetes", "eks:cluster", "{cluster}" },
    { "lambda", "lambda:function", "{function/}" },
    { "lambda", "lambda:function-alias", "{function/}:{qualifier}" },
    { "lambda", "lambda:eventSourceMapping", "{mappings[]}" },
    { "memorydb", "memorydb:multiregioncluster", "{cluster}" },
    { "mrap", "s3:multiregionaccesspoint", "{mrap}" },
    GLOBAL_CLUSTER("neptune"),
    { "opensearch", "es:domain", "{domain}" },
    { "quota", "servicequotas:quota", "{service}/{code}" },
    { "rds", "rds:db", "{instances}" }, { "rds", "rds:db", "{restore_as}" }, { "rds", "rds:db", "{rehearse_as}" },
    { "rds", "rds:db", "{instances}-drill" }, { "rds", "rds:db", "{restore_as}-drill" },
    { "rds", "rds:db", "{instances*}", "DescribeDBSnapshots" }, { "rds", "rds:db", "{instances*}", "DescribeDBInstanceAutomatedBackups" },
    NONE("rds", "rds:cluster"), NONE("rds", "rds:cluster-snapshot"),
    DRILLS("rds", "rds:db", "{instances}", "DeleteDBInstance"),
    GROUPS("rds"), { "rds", "kms:key", "{kms_key}" },
    { "region-switch", "arc-region-switch:plan", "{plan}" },
    { "route53", "route53:hostedzone", "{zone}" },
    { "routing-control", "route53-recovery-cluster:routingcontrol", "{controls*}" },
    { "routing-control", "route53-recovery-control-config:cluster", "{cluster}" },
    { "s3", "s3:bucket", "{buckets*}" },
    { "s3", "s3:object", "{buckets*}/{canary}/*" }, { "s3", "s3:object", "{buckets*}/{recover_prefix}*" },
    { "s3", "iam:role", "{role}" },
    { "s3-batch", "iam:role", "{role}" },
    { "s3-go", "s3:object", "{buckets*}/{key}" },
    { "scheduler", "scheduler:schedule", "{group}/{schedules[]}" },
    { "secret", "secretsmanager:Secret", "{secret}-??????" }, /* AWS adds six characters to each name */
    { "sns", "sns:topic", "{topic}" },
    { "sqs", "sqs:queue", "{url/}" },
    { "ssm", "ssm:parameter", "{parameter-}" },
    { "ssm", "ssm:document", "{want.document/}" },
    { "ssm", "ssm:automation-definition", "{want.document/}:*" },
    { "ssm", "ssm:instance", "{instances[]}" },
    { "ssm", "ssm:managed-instance", "{instances[]}" },
    { "stepfunctions", "states:statemachine", "{machine}" },
};

/* What a right is for, where its condition keys can say so. "*" is the operation's own name. */
static const struct {
    const char *service, *permission, *condition;
} conditions[] = {
    { "backup", "iam:PassRole", "iam:PassedToService=backup.amazonaws.com" },
    { "s3", "iam:PassRole", "iam:PassedToService=s3.amazonaws.com" },
    { "s3control", "iam:PassRole", "iam:PassedToService=batchoperations.s3.amazonaws.com" },
    { "scheduler", "iam:PassRole", "iam:PassedToService=scheduler.amazonaws.com" },
    { "dynamodb", "iam:CreateServiceLinkedRole", "iam:AWSServiceName=replication.dynamodb.amazonaws.com" },
    { "ec2", "ec2:CreateTags", "ec2:CreateAction=*" },
    { "rds", "kms:CreateGrant", "kms:GrantIsForAWSResource=true" },
};
/* clang-format on */

#define COUNT(table) (sizeof table / sizeof table[0])

struct naming {
    const struct evac_right_query *q;
    struct evac_arena *arena;
    struct evac_str condition;
    evac_right_fn *say;
    void *user;
};

/* --- a row's tails ---------------------------------------------------------------------------- */

struct tails {
    struct evac_str list[TAILS_MAX];
    size_t count;
};

static void add(struct tails *t, struct evac_str value)
{
    for (size_t i = 0; i < t->count; i++)
        if (evac_str_eq(t->list[i], value))
            return;
    if (value.n && t->count < TAILS_MAX)
        t->list[t->count++] = value;
}

/* "clusters" and every "clusters.REGION". */
static void add_regions(const struct naming *n, struct evac_str name, struct tails *ret)
{
    const struct evac_args *args = n->q->args;
    for (size_t i = 0; i < args->count; i++) {
        struct evac_str rest, head = evac_str_cut(args->items[i].name, '.', &rest);
        if (evac_str_eq(head, name))
            add(ret, args->items[i].value);
    }
}

static void add_list(const struct naming *n, struct evac_str text, struct tails *ret)
{
    struct evac_json *list = NULL;
    if (text.n && text.p[0] != '[') {
        add(ret, text);
    } else if (!evac_json_parse(text, &list, NULL)) {
        for (const struct evac_json *e = evac_json_first(list); e; e = evac_json_next(e))
            add(ret, evac_arena_str(n->arena, evac_json_text(e)));
        evac_json_free(list);
    }
}

static struct evac_str after_slash(struct evac_str s)
{
    for (size_t i = s.n; i > 0 && !evac_str_starts(s, "arn:"); i--)
        if (s.p[i - 1] == '/')
            return (struct evac_str){ s.p + i, s.n - i };
    return s;
}

/* All that a hole may stand for. */
static void values_of(const struct naming *n, struct evac_str hole, struct tails *ret)
{
    char how = hole.n ? hole.p[hole.n - 1] : '\0';
    if (how == '*' || how == '/' || how == '-' || how == ']')
        hole.n -= how == ']' ? 2 : 1;
    struct evac_str name = evac_arena_str(n->arena, hole);
    struct evac_str value = evac_args_regional(n->q->args, name.p, n->q->region);
    if (how == '*')
        add_regions(n, name, ret);
    else if (how == ']')
        add_list(n, value, ret);
    else if (how == '/')
        add(ret, after_slash(value));
    else if (how == '-' && evac_str_starts(value, "/"))
        add(ret, (struct evac_str){ value.p + 1, value.n - 1 });
    else
        add(ret, value);
}

/* before, and whatever the rest may become. */
static void fill(const struct naming *n, struct evac_str before, struct evac_str rest,
                 struct tails *ret)
{
    struct tails values = { .count = 0 };
    struct evac_str plain = evac_str_cut(rest, '{', &rest);
    struct evac_str so_far =
        evac_arena_printf(n->arena, "%.*s%.*s", EVAC_STR_ARG(before), EVAC_STR_ARG(plain));
    if (rest.n == 0) {
        add(ret, so_far);
        return;
    }
    values_of(n, evac_str_cut(rest, '}', &rest), &values);
    for (size_t i = 0; i < values.count; i++)
        if (evac_str_starts(values.list[i], "arn:"))
            add(ret, values.list[i]);
        else
            fill(n,
                 evac_arena_printf(n->arena, "%.*s%.*s", EVAC_STR_ARG(so_far),
                                   EVAC_STR_ARG(values.list[i])),
                 rest, ret);
}

/* --- resources -------------------------------------------------------------------------------- */

/* A GO object's check reads the copy of a region that "reads" names. */
static bool reads_elsewhere(const struct naming *n)
{
    struct tails reads = { .count = 0 };
    if (strcmp(n->q->driver->name, "s3-go") == 0)
        add_regions(n, EVAC_STR("reads"), &reads);
    return reads.count > 0;
}

static void say(const struct naming *n, struct evac_str resource)
{
    const struct evac_right right = { resource, n->condition, reads_elsewhere(n) };
    n->say(n->user, &right);
}

static bool is_of(const struct naming *n, const struct row *row, struct evac_str type)
{
    return strcmp(row->driver, n->q->driver->name) == 0 && evac_str_is(type, row->type);
}

static bool is_for(const struct naming *n, const struct row *row, bool alone)
{
    const char *only = row->only;
    bool equals = only && only[0] == '=';
    return equals == alone && (!only || strcmp(only + equals, n->q->op->operation) == 0);
}

/* A row that is for the operation alone, and no other beside it. */
static bool stands_alone(const struct naming *n, struct evac_str type)
{
    for (size_t i = 0; i < COUNT(rows); i++)
        if (is_of(n, &rows[i], type) && is_for(n, &rows[i], true))
            return true;
    return false;
}

static void say_type(const struct naming *n, struct evac_str name)
{
    const struct evac_iam_type *type = evac_iam_type(name);
    struct tails tails = { .count = 0 };
    bool never = false, alone = stands_alone(n, name);
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (!is_of(n, &rows[i], name) || !is_for(n, &rows[i], alone))
            continue;
        never = never || !rows[i].tail;
        if (rows[i].tail)
            fill(n, EVAC_STR_NONE, evac_str(rows[i].tail), &tails);
    }
    if (never)
        return;
    if (tails.count == 0)
        add(&tails, EVAC_STR("*"));
    struct evac_str region = n->q->region.n ? n->q->region : EVAC_STR("*");
    const struct evac_iam_place place = { evac_str(evac_aws_partition(n->q->region)), region,
                                          n->q->account };
    for (size_t i = 0; i < tails.count; i++)
        say(n, evac_iam_arn(n->arena, type, &place, tails.list[i]));
}

static struct evac_str condition_of(const struct naming *n)
{
    const struct evac_op *op = n->q->op;
    for (size_t i = 0; i < COUNT(conditions); i++) {
        struct evac_str condition = evac_str(conditions[i].condition);
        if (strcmp(conditions[i].service, op->service) != 0 ||
            !evac_str_is(n->q->permission, conditions[i].permission))
            continue;
        if (evac_str_ends(condition, "=*"))
            return evac_arena_printf(n->arena, "%.*s%s", (int)condition.n - 1, condition.p,
                                     op->operation);
        return condition;
    }
    return EVAC_STR_NONE;
}

static void rights(const struct evac_right_query *query, evac_right_fn *fn, void *user)
{
    struct naming n = { .q = query, .arena = evac_arena_new(), .say = fn, .user = user };
    const struct evac_iam_action *action = evac_iam_action(query->permission);
    struct evac_str rest = evac_str(action ? action->types : "");
    n.condition = condition_of(&n);
    if (!rest.n)
        say(&n, EVAC_STR("*"));
    while (rest.n)
        say_type(&n, evac_iam_type_name(n.arena, action, evac_str_cut(rest, ' ', &rest)));
    evac_arena_free(n.arena);
}

/* --- ARNs ------------------------------------------------------------------------------------- */

/* "arn:aws:rds:us-east-1:123456789012:db:x": part 3 is the region, part 4 the account. */
static struct evac_str part_of(struct evac_str arn, int index)
{
    struct evac_str part = EVAC_STR_NONE, rest = arn;
    if (!evac_str_starts(arn, "arn:"))
        return part;
    for (int i = 0; i <= index; i++)
        part = evac_str_cut(rest, ':', &rest);
    return part;
}

static bool tells_region(struct evac_str resource)
{
    struct evac_str region = part_of(resource, 3);
    return region.n && !evac_str_is(region, "*");
}

static struct evac_str account_of(struct evac_str value)
{
    int64_t number;
    struct evac_str account = part_of(value, 4);
    return account.n == 12 && evac_str_i64(account, &number) ? account : EVAC_STR_NONE;
}

/* IAM's quotas: a managed policy, and all that a role has of its own. */
const struct evac_grants aws_grants = {
    .rights = rights,
    .tells_region = tells_region,
    .account_of = account_of,
    .region_key = "aws:RequestedRegion",
    .beside = "iam:",
    .terraform = "aws_iam_policy",
    .policy_max = 6144,
    .inline_max = 10240,
    .roles = aws_put_roles,
};

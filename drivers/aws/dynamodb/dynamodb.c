/*
 * A DynamoDB table: replicas of a global table, which all take writes, so that nothing is promoted;
 * or backups that are restored (dynamodb_restore.c). What may be lost is what a region had not sent
 * yet. With eventual consistency a canary tells, or the sending region's own metric, which goes
 * with that region; with strong consistency there is no metric, and nothing is taken for granted
 * either (AWS.md 2.5).
 */
#include "dynamodb.h"

#include "aws_parity.h"

#include <string.h>

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "table", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL, "the table's name; replicas have the same in all regions" },
    { "protected_by", EVAC_PARAM_CHOICE, 0, "replica", "replica|backups",
      "what the standby region has: tells what ready looks at, and from what the loss is computed" },
    { "consistency", EVAC_PARAM_CHOICE, 0, "eventual", "eventual|strong", "of the global table: AWS's MREC or MRSC" },
    { "replicas", EVAC_PARAM_LIST, 0, NULL, NULL, "regions that have a replica, and are given one by replicate; without it, the two that the app moves between are looked at" },
    { "witness_in", EVAC_PARAM_TEXT, 0, NULL, NULL, "strong: the region that has a witness instead of a third replica" },
    { "kms_key", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL, "each region's KMS key, of what is created" },
    { "canary", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL,
      "partition key of the markers, followed by /REGION; of a number key each region's own number. Without it, no markers are written" },
    { "partition_key", EVAC_PARAM_TEXT, 0, "pk", NULL, "name of the table's partition key, for the markers" },
    { "partition_key_type", EVAC_PARAM_CHOICE, 0, "S", "S|N", "its type" },
    { "sort_key", EVAC_PARAM_TEXT, 0, NULL, NULL, "name of the table's sort key, if it has one" },
    { "sort_key_type", EVAC_PARAM_CHOICE, 0, "S", "S|N", "its type" },
    { "metric_period", EVAC_PARAM_DURATION, 0, "60s", NULL, "how often ReplicationLatency has a value; AWS's is one a minute" },
    { "read", EVAC_PARAM_INT, EVAC_PARAM_GROUP, NULL, NULL, "named sizes for scale, as read = { active = 4000; standby = 500; }" },
    { "write", EVAC_PARAM_INT, EVAC_PARAM_GROUP, NULL, NULL, "the same for writes" },
    { "recover_from", EVAC_PARAM_CHOICE, 0, NULL, "point-in-time|backups", "what recover restores, and ready wants to be there" },
    { "source", EVAC_PARAM_CHOICE, 0, "own", "own|other",
      "whose table or backup is restored: the region's own; or the other region's, which needs that region" },
    { "restore_as", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL, "name that a restore gets; without it, the region's own" },
    { "rehearse_as", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL, "name of a drill's copy; without it, the restored one's with \"-drill\"" },
    { "ttl", EVAC_PARAM_TEXT, 0, NULL, NULL, "time-to-live attribute that recover gives the restored table" },
    AWS_PARITY_PARAM,
    { 0 },
};
static const struct evac_param scale_params[] = {
    { "read|write", EVAC_PARAM_INT, EVAC_PARAM_OF_RESOURCE, NULL, NULL, "" },
    { "count", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "a name in the table's read and write" },
    { 0 },
};
#define RESTORABLE { "recover_from", EVAC_PARAM_CHOICE, EVAC_PARAM_OF_RESOURCE, NULL, NULL, "" }
static const struct evac_param recover_params[] = {
    RESTORABLE,
    { "time", EVAC_PARAM_TEXT, 0, NULL, NULL, "of a point in time: that instant, as 2026-01-02T03:04:05Z; without it, the latest" },
    { 0 },
};

static const struct evac_param discard_params[] = { RESTORABLE, { 0 } };
static const struct evac_param replicate_params[] = {
    { "replicas", EVAC_PARAM_LIST, EVAC_PARAM_OF_RESOURCE, NULL, NULL, "" },
    { 0 },
};

#define READ(op)  { "dynamodb", op, "dynamodb:" op, EVAC_HOME_STEP, NULL, true, false }
#define WRITE(op, iam) { "dynamodb", op, iam, EVAC_HOME_STEP, NULL, true, true }
#define IN(home, op, iam, mutates, when) { "dynamodb", op, iam, home, NULL, true, mutates, when }
#define OWN_TIME    "source=own recover_from=point-in-time"
#define OTHER_TIME  "source=other recover_from=point-in-time"
#define OWN_BACKUP  "source=own recover_from=backups"
#define OTHER_BACKUP "source=other recover_from=backups"
#define DELETE WRITE("DeleteTable", "dynamodb:DeleteTable")
/* What a look at the recovery point asks: of the region's own table, or of the other region. */
#define POINT(here) \
    IN(here, "DescribeTable", "dynamodb:DescribeTable", false, NULL), \
    IN(here, "DescribeContinuousBackups", "dynamodb:DescribeContinuousBackups", false, OWN_TIME), \
    IN(here, "ListBackups", "dynamodb:ListBackups", false, OWN_BACKUP), \
    IN(EVAC_HOME_FROM, "DescribeTable", "dynamodb:DescribeTable", false, "source=other"), \
    IN(EVAC_HOME_FROM, "DescribeContinuousBackups", "dynamodb:DescribeContinuousBackups", false, OTHER_TIME), \
    IN(EVAC_HOME_FROM, "ListBackups", "dynamodb:ListBackups", false, OTHER_BACKUP)
#define TAGS \
    READ("ListTagsOfResource"), \
    IN(EVAC_HOME_FROM, "ListTagsOfResource", "dynamodb:ListTagsOfResource", false, "source=other")
/* A table that is filled: a restored one, or a replica, which is made too. */
#define FILLED " dynamodb:BatchWriteItem dynamodb:PutItem dynamodb:UpdateItem dynamodb:GetItem dynamodb:DeleteItem dynamodb:Query dynamodb:Scan"
/* A restore from the other region reads that region's backups, though it is asked for here. */
#define RESTORE \
    POINT(EVAC_HOME_STEP), TAGS, WRITE("TagResource", "dynamodb:TagResource"), \
    IN(EVAC_HOME_FROM, "TagResource", "dynamodb:TagResource", true, "source=other"), \
    IN(EVAC_HOME_STEP, "RestoreTableToPointInTime", "dynamodb:RestoreTableToPointInTime" FILLED, true, "recover_from=point-in-time"), \
    IN(EVAC_HOME_FROM, "RestoreTableToPointInTime", "dynamodb:RestoreTableToPointInTime", true, OTHER_TIME), \
    IN(EVAC_HOME_STEP, "RestoreTableFromBackup", "dynamodb:RestoreTableFromBackup" FILLED, true, "recover_from=backups"), \
    IN(EVAC_HOME_FROM, "RestoreTableFromBackup", "dynamodb:RestoreTableFromBackup", true, OTHER_BACKUP)
static const struct evac_op ready_ops[] = { POINT(EVAC_HOME_STEP), TAGS, { 0 } };
static const struct evac_op replicating_ops[] = { READ("DescribeTable"), { 0 } };
static const struct evac_op replicate_ops[] = {
    IN(EVAC_HOME_TO, "DescribeTable", "dynamodb:DescribeTable", false, NULL),
    IN(EVAC_HOME_TO, "UpdateTable", "dynamodb:UpdateTable dynamodb:CreateTableReplica iam:CreateServiceLinkedRole dynamodb:CreateTable" FILLED, true, NULL),
    { 0 },
};
static const struct evac_op scale_ops[] = { READ("DescribeTable"), WRITE("UpdateTable", "dynamodb:UpdateTable"), { 0 } };
static const struct evac_op recover_ops[] = {
    RESTORE,
    IN(EVAC_HOME_STEP, "DescribeContinuousBackups", "dynamodb:DescribeContinuousBackups", false, OTHER_TIME),
    IN(EVAC_HOME_STEP, "UpdateContinuousBackups", "dynamodb:UpdateContinuousBackups", true, "recover_from=point-in-time"),
    READ("DescribeTimeToLive"), WRITE("UpdateTimeToLive", "dynamodb:UpdateTimeToLive"),
    { 0 },
};
static const struct evac_op capture_ops[] = {
    IN(EVAC_HOME_FROM, "DescribeTable", "dynamodb:DescribeTable", false, OTHER_BACKUP),
    IN(EVAC_HOME_FROM, "ListBackups", "dynamodb:ListBackups", false, OTHER_BACKUP),
    IN(EVAC_HOME_FROM, "CreateBackup", "dynamodb:CreateBackup", true, OTHER_BACKUP),
    { 0 },
};
static const struct evac_op rehearse_ops[] = { RESTORE, DELETE, { 0 } };
static const struct evac_op discard_ops[] = { POINT(EVAC_HOME_STEP), TAGS, DELETE, { 0 } };
static const struct evac_op parity_ops[] = {
    AWS_PARITY_OP("dynamodb", "DescribeTable", "dynamodb:DescribeTable"),
    AWS_PARITY_OP("dynamodb", "DescribeContinuousBackups", "dynamodb:DescribeContinuousBackups"),
    AWS_PARITY_OP("dynamodb", "DescribeTimeToLive", "dynamodb:DescribeTimeToLive"),
    { 0 },
};
/* The metric is the sending region's; the canary's item is read where it should arrive. */
static const struct evac_op measure_ops[] = {
    { "cloudwatch", "GetMetricData", "cloudwatch:GetMetricData", EVAC_HOME_FROM, NULL, false, false, "protected_by=replica consistency=eventual" },
    { "dynamodb", "PutItem", "dynamodb:PutItem", EVAC_HOME_FROM, NULL, false, true },
    { "dynamodb", "GetItem", "dynamodb:GetItem", EVAC_HOME_TO, NULL, false, false },
    IN(EVAC_HOME_TO, "DescribeTable", "dynamodb:DescribeTable", false, "protected_by=backups"),
    IN(EVAC_HOME_TO, "DescribeContinuousBackups", "dynamodb:DescribeContinuousBackups", false, "protected_by=backups " OWN_TIME),
    IN(EVAC_HOME_TO, "ListBackups", "dynamodb:ListBackups", false, "protected_by=backups " OWN_BACKUP),
    IN(EVAC_HOME_FROM, "DescribeTable", "dynamodb:DescribeTable", false, "protected_by=backups source=other"),
    IN(EVAC_HOME_FROM, "DescribeContinuousBackups", "dynamodb:DescribeContinuousBackups", false, "protected_by=backups " OTHER_TIME),
    IN(EVAC_HOME_FROM, "ListBackups", "dynamodb:ListBackups", false, "protected_by=backups " OTHER_BACKUP),
    { 0 },
};

/* Only one that a restore made: the name may be somebody else's. */
#define DELETE_IT \
    "aws dynamodb delete-table --region <region> --table-name $(aws dynamodb describe-table --region <region> --table-name <was.id> " \
    "--output text --query \"[Table][?RestoreSummary].TableName\")"
static const struct evac_action actions[] = {
    { "ready", "the region's replica is there and takes writes, or there is a recovery point", 0,
      EVAC_FENCING_STATE, 1000, 120000, NULL, ready_ops },
    { "replicating", "the other regions' replicas are there and can be reached", 0,
      EVAC_FENCING_STATE, 1000, 900000, NULL, replicating_ops },
    { "replicate", "every region has its replica again, one after the other; asked of the region that took over",
      EVAC_ACTION_MUTATES, EVAC_FENCING_STATE, 1200000, 28800000, replicate_params, replicate_ops,
      "aws dynamodb update-table --region <to> --table-name <table> --replica-updates '[{\"Delete\":{\"RegionName\":\"<was.missing>\"}}]'" },
    { "scale", "the table takes so many reads and writes; more are left where the app is taken over",
      EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE, EVAC_FENCING_NONE, 60000, 900000, scale_params, scale_ops,
      "aws dynamodb update-table --region <region> --table-name <table> --provisioned-throughput ReadCapacityUnits=<was.read>,WriteCapacityUnits=<was.write>" },
    { "recover", "a copy of the data runs here, from a point in time or the newest backup; planned, from one at or after the fence, else what is newer is lost",
      EVAC_ACTION_MUTATES | EVAC_ACTION_PROMOTES | EVAC_ACTION_LOSSY | EVAC_ACTION_WAITS, EVAC_FENCING_STATE, 1800000, 14400000, recover_params, recover_ops, DELETE_IT },
    { "rehearse", "a drill's copy of it is here; nothing else is touched",
      EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE, EVAC_FENCING_STATE, 1800000, 14400000, recover_params, rehearse_ops, DELETE_IT },
    { "discard", "the drill's copy is gone; only one that rehearse has made is ever deleted",
      EVAC_ACTION_MUTATES, EVAC_FENCING_STATE, 60000, 3600000, discard_params, discard_ops },
    { "capture", "planned: there is a backup that has all from before the fence; continuous backups need none",
      EVAC_ACTION_MUTATES, EVAC_FENCING_NONE, 90000, 3600000, discard_params, capture_ops,
      "aws dynamodb delete-backup --region <from> --backup-arn $(aws dynamodb list-backups --region <from> --output text "
      "--query \"BackupSummaries[?BackupName=='<was.name>'].BackupArn\")" },
    AWS_PARITY_ACTION(parity_ops),
    { 0 },
};

static const struct aws_compared table_values[] = {
    { "keys", "KeySchema" },
    { "capacity", "BillingModeSummary/BillingMode" },
    { "reads", "ProvisionedThroughput/ReadCapacityUnits" },
    { "writes", "ProvisionedThroughput/WriteCapacityUnits" },
    { "indexes", "GlobalSecondaryIndexes" },
    { "stream", "StreamSpecification/StreamViewType" },
    { "deletion protection", "DeletionProtectionEnabled" },
    { 0 },
};
static const struct aws_compared backup_values[] = {
    { "point-in-time recovery", "ContinuousBackupsDescription/PointInTimeRecoveryDescription/PointInTimeRecoveryStatus" }, { 0 } };
static const struct aws_compared ttl_values[] = { { "time to live", "TimeToLiveDescription/AttributeName" }, { 0 } };
#define ASK(op) { "dynamodb", op, .body = "{\"TableName\":\"<table>\"}" }
static const struct aws_parity parity = { .rows = {
    { "the table", ASK("DescribeTable"), "ResourceNotFoundException", .compared = table_values },
    { "its backups", ASK("DescribeContinuousBackups"), "TableNotFoundException", .compared = backup_values },
    { "its time to live", ASK("DescribeTimeToLive"), "ResourceNotFoundException", .compared = ttl_values },
} };
/* clang-format on */

/* --- replicas -------------------------------------------------------------------------------- */

/* The regions that should have one. */
static size_t wanted_regions(struct aws_call *c, struct evac_str *ret_regions)
{
    struct evac_str list = evac_args_get(&c->args, "replicas");
    struct evac_json *json = NULL;
    size_t n = 0;
    if (list.n && evac_json_parse(list, &json, NULL) == EVAC_OK)
        for (const struct evac_json *r = evac_json_first(json); r && n < DYNAMODB_REGIONS_MAX;
             r = evac_json_next(r))
            ret_regions[n++] = dynamodb_keep(c, evac_json_text(r));
    evac_json_free(json);
    if (n == 0) {
        ret_regions[n++] = c->from;
        ret_regions[n++] = c->to;
    }
    return n;
}

static const struct evac_json *replica_in(const struct dynamodb_view *v, struct evac_str region)
{
    const struct evac_json *r = evac_json_first(evac_json_get(v->table, "Replicas"));
    while (r && !evac_str_eq(evac_json_str(r, "RegionName"), region))
        r = evac_json_next(r);
    return r;
}

/* How the others stand, seen from `at`: the first of each kind. */
struct standing {
    struct evac_str missing, moving, broken, cut;
    struct evac_str status; /* of the broken one */
    int progress;           /* of the moving one */
    size_t count;           /* replicas and witnesses, that of `at` too */
    size_t reached;         /* replicas that can be reached, that of `at` too */
};

static void judge(struct aws_call *c, struct standing *s, struct evac_str region,
                  const struct evac_json *r)
{
    struct evac_str status = evac_json_str(r, "ReplicaStatus");
    int64_t percent;
    if (!r) {
        s->missing = s->missing.n ? s->missing : region;
    } else if (evac_str_is(status, "CREATING") || evac_str_is(status, "UPDATING") ||
               evac_str_is(status, "DELETING")) {
        s->moving = s->moving.n ? s->moving : region;
        if (evac_str_i64(evac_json_str(r, "ReplicaStatusPercentProgress"), &percent))
            s->progress = (int)percent;
    } else if (!evac_str_is(status, "ACTIVE")) {
        s->broken = region;
        s->status = dynamodb_keep(c, status);
    } else if (evac_json_get(r, "ReplicaInaccessibleDateTime")) {
        s->cut = s->cut.n ? s->cut : region;
    }
}

static struct standing stand(struct aws_call *c, const struct dynamodb_view *v, struct evac_str at)
{
    struct evac_str regions[DYNAMODB_REGIONS_MAX];
    size_t n = wanted_regions(c, regions);
    struct standing s = { .progress = -1, .count = 1, .reached = 1 };
    for (size_t i = 0; i < n; i++)
        if (!evac_str_eq(regions[i], at))
            judge(c, &s, regions[i], replica_in(v, regions[i]));
    for (const struct evac_json *r = evac_json_first(evac_json_get(v->table, "Replicas")); r;
         r = evac_json_next(r)) {
        bool other = !evac_str_eq(evac_json_str(r, "RegionName"), at);
        s.count += other;
        s.reached += other && !evac_json_get(r, "ReplicaInaccessibleDateTime");
    }
    s.count += evac_json_count(evac_json_get(v->table, "GlobalTableWitnesses"));
    return s;
}

/* missing: the region for which a replica would be made, "" none. */
static void seen_missing(struct aws_call *c, const struct dynamodb_view *v, enum evac_seen seen,
                         int progress, struct evac_str missing, struct evac_str why)
{
    struct aws_sight sight = { .seen = seen, .progress = progress };
    sight.snapshot =
        aws_printf(c, "{\"found\":%s,\"status\":\"%.*s\",\"missing\":\"%.*s\"}",
                   v->found ? "true" : "false", EVAC_STR_ARG(v->status), EVAC_STR_ARG(missing));
    aws_answer_seen(c, &sight, "%.*s", EVAC_STR_ARG(why));
}

static void seen(struct aws_call *c, const struct dynamodb_view *v, enum evac_seen seen,
                 int progress, struct evac_str why)
{
    seen_missing(c, v, seen, progress, EVAC_STR_NONE, why);
}

#define SAY(c, ...) aws_printf(c, __VA_ARGS__)

/* Why the region's table is no replica of the right kind; "" it is one. */
static struct evac_str unfit(struct aws_call *c, const struct dynamodb_view *v,
                             const struct standing *s)
{
    if (!v->global)
        return EVAC_STR("the table has no replicas: nothing that is written elsewhere arrives");
    if (v->strong != dynamodb_is_strong(c))
        return SAY(c, "the table's consistency is %s, not as declared: it never changes",
                   v->strong ? "strong" : "eventual");
    if (v->strong && s->count != 3)
        return SAY(c, "the table has %zu of the three regions that strong consistency needs",
                   s->count);
    if (s->broken.n)
        return SAY(c, "the replica in %.*s is %.*s", EVAC_STR_ARG(s->broken),
                   EVAC_STR_ARG(s->status));
    if (s->missing.n)
        return SAY(c, "there is no replica in %.*s", EVAC_STR_ARG(s->missing));
    return EVAC_STR_NONE;
}

/* --- ready ----------------------------------------------------------------------------------- */

static bool takes_writes(const struct dynamodb_view *v)
{
    return evac_str_is(v->status, "ACTIVE") || evac_str_is(v->status, "UPDATING");
}

/* Witnesses do not say whether they can be reached: three replicas can be judged, two can not. */
static bool lacks_quorum(const struct dynamodb_view *v, const struct standing *s)
{
    return v->strong && s->reached < 2 && evac_json_get(v->table, "GlobalTableWitnesses") == NULL;
}

static void on_ready(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct dynamodb_view v;
    if (!dynamodb_look(c, r, &v))
        return;
    struct standing s = stand(c, &v, c->region);
    struct evac_str why = unfit(c, &v, &s);
    bool planned = evac_str_is(c->mode, "graceful");
    if (!v.found)
        seen(c, &v, EVAC_SEEN_BLOCKED, -1, EVAC_STR("the region has no such table"));
    else if (evac_str_is(v.status, "CREATING"))
        seen(c, &v, EVAC_SEEN_MOVING, -1, EVAC_STR("the region's replica is being made"));
    else if (!takes_writes(&v))
        seen(c, &v, EVAC_SEEN_BLOCKED, -1, SAY(c, "the table is %.*s", EVAC_STR_ARG(v.status)));
    else if (why.n)
        seen(c, &v, EVAC_SEEN_BLOCKED, -1, why);
    else if (lacks_quorum(&v, &s))
        seen(c, &v, EVAC_SEEN_BLOCKED, -1,
             EVAC_STR("writes need two of the three regions, and no other can be reached"));
    else if (planned && s.cut.n)
        seen(c, &v, EVAC_SEEN_BLOCKED, -1,
             SAY(c, "the replica in %.*s can not be reached: what it has may not have arrived",
                 EVAC_STR_ARG(s.cut)));
    else if (evac_args_has(&c->args, "recover_from"))
        dynamodb_look_at_point(c);
    else
        seen(c, &v, EVAC_SEEN_SATISFIED, -1, EVAC_STR_NONE);
}

static enum evac_code observe_ready(struct aws_call *c, struct evac_err *err)
{
    if (dynamodb_by_backups(c))
        return dynamodb_observe_point(c, err);
    return dynamodb_describe_first(c, c->region, aws_regional(c, "table"), on_ready, err);
}

/* --- replicating, and replicate -------------------------------------------------------------- */

/* None is missing or broken. What waits for a region that is lost goes on by itself when that is
 * back: nothing that an unplanned run should wait for. */
static void seen_others(struct aws_call *c, const struct dynamodb_view *v, const struct standing *s)
{
    if (s->moving.n)
        seen(c, v, EVAC_SEEN_MOVING, s->progress,
             SAY(c, "the replica in %.*s is on its way", EVAC_STR_ARG(s->moving)));
    else if (s->cut.n)
        seen(c, v, evac_str_is(c->mode, "graceful") ? EVAC_SEEN_MOVING : EVAC_SEEN_BLOCKED, -1,
             SAY(c, "the replica in %.*s can not be reached: what is written waits until it can",
                 EVAC_STR_ARG(s->cut)));
    else
        seen(c, v, EVAC_SEEN_SATISFIED, -1, EVAC_STR_NONE);
}

static void on_replicating(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct dynamodb_view v;
    if (!dynamodb_look(c, r, &v))
        return;
    struct standing s = stand(c, &v, c->region);
    struct evac_str why = v.found ? unfit(c, &v, &s) : EVAC_STR("the region has no such table");
    if (why.n)
        seen(c, &v, EVAC_SEEN_BLOCKED, -1, why);
    else
        seen_others(c, &v, &s);
}

static void no_replication(struct aws_call *c)
{
    struct aws_sight sight = { .seen = EVAC_SEEN_SATISFIED, .progress = -1 };
    aws_answer_seen(c, &sight, "it is protected by backups: nothing is to be replicated");
}

static enum evac_code observe_replicating(struct aws_call *c, struct evac_err *err)
{
    if (dynamodb_by_backups(c))
        return aws_answer_later(c, no_replication, err);
    return dynamodb_describe_first(c, c->region, aws_regional(c, "table"), on_replicating, err);
}

/* Why AWS would refuse a new replica; "" it would not. */
static struct evac_str inconvertible(struct aws_call *c, const struct dynamodb_view *v)
{
    bool wanted = dynamodb_is_strong(c);
    if (v->legacy)
        return EVAC_STR("the global table is of version 2017.11.29: it has to be updated before "
                        "replicas can be added so");
    if (v->global && (v->strong || wanted))
        return EVAC_STR("AWS adds no replica to a table with strong consistency, nor changes a "
                        "global table's consistency");
    if (wanted && v->lsi)
        return EVAC_STR("AWS gives no strong consistency to a table with local secondary indexes");
    if (wanted && v->items > 0)
        return EVAC_STR("AWS gives strong consistency only to a table that is empty");
    if (!wanted && v->stream.n && !evac_str_is(v->stream, "NEW_AND_OLD_IMAGES"))
        return EVAC_STR("AWS adds a replica only to a table whose stream has new and old images");
    return EVAC_STR_NONE;
}

static void on_replicas(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct dynamodb_view v;
    if (!dynamodb_look(c, r, &v))
        return;
    struct standing s = stand(c, &v, c->to);
    struct evac_str never = v.found && s.missing.n ? inconvertible(c, &v) : EVAC_STR_NONE;
    bool waits = !evac_str_is(v.status, "ACTIVE");
    if (!v.found)
        seen(c, &v, EVAC_SEEN_BLOCKED, -1, EVAC_STR("the region that took over has no such table"));
    else if (s.broken.n)
        seen(c, &v, EVAC_SEEN_BLOCKED, -1, unfit(c, &v, &s));
    else if (s.moving.n || !s.missing.n)
        seen_others(c, &v, &s);
    else if (never.n)
        seen(c, &v, EVAC_SEEN_BLOCKED, -1, never);
    else
        seen_missing(c, &v, waits ? EVAC_SEEN_MOVING : EVAC_SEEN_UNSATISFIED, -1, s.missing,
                     SAY(c, "there is no replica in %.*s%s", EVAC_STR_ARG(s.missing),
                         waits ? ", and the table is still being changed" : ""));
}

static enum evac_code describe_there(struct aws_call *c, aws_reply_fn *then, struct evac_err *err)
{
    return dynamodb_describe_first(c, c->to, evac_args_regional(&c->args, "table", c->to), then,
                                   err);
}

static enum evac_code observe_replicate(struct aws_call *c, struct evac_err *err)
{
    return describe_there(c, on_replicas, err);
}

static void put_replica(struct aws_call *c, struct evac_buf *body, struct evac_str region)
{
    struct evac_str key = evac_args_regional(&c->args, "kms_key", region);
    evac_buf_puts(body, "{\"Create\":{\"RegionName\":");
    evac_buf_json(body, region);
    if (key.n) {
        evac_buf_puts(body, ",\"KMSMasterKeyId\":");
        evac_buf_json(body, key);
    }
    evac_buf_puts(body, "}}");
}

/* With eventual consistency the first one that is missing; with strong, all of them at once. */
static struct evac_str replica_request(struct aws_call *c, const struct dynamodb_view *v,
                                       struct evac_str missing)
{
    struct evac_str regions[DYNAMODB_REGIONS_MAX], witness = evac_args_get(&c->args, "witness_in");
    size_t n = dynamodb_is_strong(c) ? wanted_regions(c, regions) : 0;
    bool first = true;
    struct evac_buf body;
    evac_buf_init(&body, 8192);
    evac_buf_puts(&body, "{\"TableName\":");
    evac_buf_json(&body, v->name);
    if (n)
        evac_buf_puts(&body, ",\"MultiRegionConsistency\":\"STRONG\"");
    evac_buf_puts(&body, ",\"ReplicaUpdates\":[");
    if (n == 0)
        put_replica(c, &body, missing);
    for (size_t i = 0; i < n; i++) {
        if (evac_str_eq(regions[i], c->to))
            continue;
        evac_buf_puts(&body, first ? "" : ",");
        put_replica(c, &body, regions[i]);
        first = false;
    }
    evac_buf_putc(&body, ']');
    if (n && witness.n) {
        evac_buf_puts(&body, ",\"GlobalTableWitnessUpdates\":[{\"Create\":{\"RegionName\":");
        evac_buf_json(&body, witness);
        evac_buf_puts(&body, "}}]");
    }
    evac_buf_putc(&body, '}');
    struct evac_str text = dynamodb_keep(c, evac_buf_str(&body));
    evac_buf_done(&body);
    return text;
}

static void replicate_when_seen(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct dynamodb_view v;
    if (!dynamodb_look(c, r, &v))
        return;
    struct standing s = stand(c, &v, c->to);
    struct evac_str never = inconvertible(c, &v);
    if (!v.found || !s.missing.n || never.n || s.moving.n) {
        aws_answer_rejected(c, "", "%.*s",
                            EVAC_STR_ARG(!v.found     ? EVAC_STR("there is no such table")
                                         : s.moving.n ? EVAC_STR("a replica is on its way already")
                                         : !s.missing.n ? EVAC_STR("no replica is missing")
                                                        : never));
        return;
    }
    /* a restored table has no stream, and each change waits for the one before */
    const struct aws_hole holes[] = { { "name", v.name } };
    bool stream = !dynamodb_is_strong(c) && !v.stream.n;
    struct evac_aws_request request = {
        .service = "dynamodb", .operation = "UpdateTable", .region = c->to, .mutates = true
    };
    request.body =
        stream ? aws_fill(c,
                          "{\"TableName\":\"<name>\",\"StreamSpecification\":{"
                          "\"StreamEnabled\":true,\"StreamViewType\":\"NEW_AND_OLD_IMAGES\"}}",
                          AWS_JSON, holes, 1)
               : replica_request(c, &v, s.missing);
    aws_next(c, &request, aws_answer_outcome);
}

static enum evac_code apply_replicate(struct aws_call *c, struct evac_err *err)
{
    return describe_there(c, replicate_when_seen, err);
}

static const struct aws_handlers handlers[] = {
    { .action = "ready", .observe = observe_ready },
    { .action = "replicating", .observe = observe_replicating },
    { .action = "replicate", .observe = observe_replicate, .apply = apply_replicate },
    { .action = "scale", .observe = dynamodb_observe_scale, .apply = dynamodb_apply_scale },
    { .action = "recover", .observe = dynamodb_observe_restore, .apply = dynamodb_apply_restore },
    { .action = "rehearse", .observe = dynamodb_observe_restore, .apply = dynamodb_apply_restore },
    { .action = "discard", .observe = dynamodb_observe_discard, .apply = dynamodb_apply_discard },
    { .action = "capture", .observe = dynamodb_capture, .apply = dynamodb_capture },
    { .action = "parity", .parity = &parity },
    { .action = "", .measure = dynamodb_measure, .mark = dynamodb_mark, .seek = dynamodb_seek },
    { 0 },
};

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_dynamodb = {
    "dynamodb",
    "a DynamoDB table: a global table's replicas, or its backups",
    resource_params,
    actions,
    1u << EVAC_VERB_MEASURE | 1u << EVAC_VERB_MARK | 1u << EVAC_VERB_SEEK,
    measure_ops,
    call,
    aws_cancel
};

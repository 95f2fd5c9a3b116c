/*
 * RDS DB instances that are not Aurora's: a read replica in the other region that is promoted, or
 * backups there that are restored. A promotion can not be taken back: the way home is a new replica
 * in the other direction (AWS.md 2.3). What was promoted carries the run's tag: an instance of that
 * name that stands alone may as well be the old primary, with old data.
 */
#include "aws_parity.h"
#include "cw_lag.h"
#include "rds_restore.h"

#include <string.h>

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "instances", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL,
      "identifier of each region's DB instance" },
    { "protected_by", EVAC_PARAM_CHOICE, 0, "replica", "replica|backups",
      "what the standby region has: tells what ready looks at, and from what the loss is computed" },
    { "metric_period", EVAC_PARAM_DURATION, 0, "60s", NULL,
      "how often ReplicaLag has a value; AWS's is one a minute" },
    { "multi_az", EVAC_PARAM_BOOL, 0, NULL, NULL, "whether what is created has a standby in another zone" },
    { "kms_key", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL,
      "each region's KMS key: for a replica or backups of an encrypted instance" },
    RDS_RESTORE_PARAMS(0),
    AWS_PARITY_PARAM,
    { 0 },
};
static const struct evac_param promote_params[] = {
    { "backup_retention", EVAC_PARAM_INT, 0, "1", NULL, "days that its automated backups are kept" },
    { "backup_window", EVAC_PARAM_TEXT, 0, NULL, NULL, "when they are made, as 03:00-03:30" },
    { 0 },
};
static const struct evac_param size_params[] = {
    { "class", EVAC_PARAM_TEXT, 0, NULL, NULL, "the instance's class, as db.r6g.2xlarge" },
    { "multi_az", EVAC_PARAM_BOOL, 0, NULL, NULL, "whether it has a standby in another zone" },
    { 0 },
};
static const struct evac_param protect_params[] = {
    { "by", EVAC_PARAM_CHOICE, 0, NULL, "replica|backups", "what is made; without it, as protected_by" },
    { "backup_retention", EVAC_PARAM_INT, 0, "7", NULL, "days that replicated backups are kept" },
    { 0 },
};

#define LOOK { "rds", "DescribeDBInstances", "rds:DescribeDBInstances", EVAC_HOME_STEP, NULL, true, false }
#define LOOK_BACKUPS \
    { "rds", "DescribeDBSnapshots", "rds:DescribeDBSnapshots", EVAC_HOME_STEP, NULL, true, false }, \
    { "rds", "DescribeDBInstanceAutomatedBackups", "rds:DescribeDBInstanceAutomatedBackups", EVAC_HOME_STEP, NULL, true, false }
#define CHANGE(operation, iam) { "rds", operation, iam, EVAC_HOME_STEP, NULL, true, true }
static const struct evac_op ready_ops[] = { LOOK, LOOK_BACKUPS, { 0 } };
static const struct evac_op parity_ops[] = { AWS_PARITY_OP("rds", "DescribeDBInstances", "rds:DescribeDBInstances"), { 0 } };
static const struct evac_op still_ops[] = { LOOK, { 0 } };
static const struct evac_op promote_ops[] = {
    LOOK,
    { "rds", "AddTagsToResource", "rds:AddTagsToResource", EVAC_HOME_TO, NULL, true, true },
    { "rds", "PromoteReadReplica", "rds:PromoteReadReplica", EVAC_HOME_TO, NULL, true, true },
    { 0 },
};
static const struct evac_op size_ops[] = { LOOK, CHANGE("ModifyDBInstance", "rds:ModifyDBInstance"), { 0 } };
#define RESTORE \
    LOOK, LOOK_BACKUPS, \
    CHANGE("RestoreDBInstanceFromDBSnapshot", "rds:RestoreDBInstanceFromDBSnapshot rds:AddTagsToResource kms:CreateGrant kms:DescribeKey"), \
    CHANGE("RestoreDBInstanceToPointInTime", "rds:RestoreDBInstanceToPointInTime rds:AddTagsToResource kms:CreateGrant kms:DescribeKey")
#define REMOVE CHANGE("DeleteDBInstance", "rds:DeleteDBInstance")
static const struct evac_op recover_ops[] = { RESTORE, { 0 } };
static const struct evac_op rehearse_ops[] = { RESTORE, REMOVE, { 0 } };
static const struct evac_op discard_ops[] = { LOOK, REMOVE, { 0 } };
static const struct evac_op protect_ops[] = {
    LOOK,
    { "rds", "DescribeDBInstances", "rds:DescribeDBInstances", EVAC_HOME_TO, NULL, true, false },
    { "rds", "DescribeDBInstanceAutomatedBackups", "rds:DescribeDBInstanceAutomatedBackups", EVAC_HOME_STEP, NULL, true, false },
    CHANGE("CreateDBInstanceReadReplica", "rds:CreateDBInstanceReadReplica rds:AddTagsToResource kms:CreateGrant kms:DescribeKey"),
    CHANGE("StartDBInstanceAutomatedBackupsReplication", "rds:StartDBInstanceAutomatedBackupsReplication kms:CreateGrant kms:DescribeKey"),
    { 0 },
};
#define SNAPSHOT(home, operation, iam, mutates) { "rds", operation, iam, home, NULL, true, mutates, "recover_from=copies" }
static const struct evac_op capture_ops[] = {
    SNAPSHOT(EVAC_HOME_FROM, "DescribeDBInstances", "rds:DescribeDBInstances", false),
    SNAPSHOT(EVAC_HOME_TO, "DescribeDBInstanceAutomatedBackups", "rds:DescribeDBInstanceAutomatedBackups", false),
    SNAPSHOT(EVAC_HOME_TO, "DescribeDBSnapshots", "rds:DescribeDBSnapshots", false),
    SNAPSHOT(EVAC_HOME_FROM, "DescribeDBSnapshots", "rds:DescribeDBSnapshots", false),
    SNAPSHOT(EVAC_HOME_FROM, "CreateDBSnapshot", "rds:CreateDBSnapshot rds:AddTagsToResource", true),
    SNAPSHOT(EVAC_HOME_TO, "CopyDBSnapshot", "rds:CopyDBSnapshot rds:AddTagsToResource kms:CreateGrant kms:DescribeKey", true),
    { 0 },
};
static const struct evac_op measure_ops[] = {
    { "cloudwatch", "GetMetricData", "cloudwatch:GetMetricData", EVAC_HOME_TO, NULL, false, false },
    { "rds", "DescribeDBInstances", "rds:DescribeDBInstances", EVAC_HOME_TO, NULL, true, false },
    { "rds", "DescribeDBSnapshots", "rds:DescribeDBSnapshots", EVAC_HOME_TO, NULL, true, false },
    { "rds", "DescribeDBInstanceAutomatedBackups", "rds:DescribeDBInstanceAutomatedBackups", EVAC_HOME_TO, NULL, true, false },
    { 0 },
};

static const char clear_size[] =
    "aws rds modify-db-instance --region <region> --db-instance-identifier <instances> --apply-immediately "
    "--db-instance-class <was.class> $([ <was.multi_az> = true ] && echo --multi-az || echo --no-multi-az)";
static const char clear_restored[] =
    "aws rds delete-db-instance --region <region> --skip-final-snapshot --delete-automated-backups --db-instance-identifier "
    "$(aws rds describe-db-instances --region <region> --db-instance-identifier <was.id> --output text "
    "--query \"" RDS_OF_RUN("DBInstances") ".DBInstanceIdentifier\")";
static const struct evac_action actions[] = {
    { "ready", "the region could take over: its replica replicates, or there is a recovery point", 0,
      EVAC_FENCING_STATE, 2000, 120000, NULL, ready_ops },
    AWS_PARITY_ACTION(parity_ops),
    AWS_STILL_ACTION("the region's instance is a replica, or is gone: it takes no writes", NULL, still_ops),
    { "promote", "the region's replica stands alone and takes writes; what was not replicated is lost",
      EVAC_ACTION_MUTATES | EVAC_ACTION_PROMOTES | EVAC_ACTION_LOSSY, EVAC_FENCING_STATE, 420000, 1800000,
      promote_params, promote_ops },
    { "switchover", "the same, wanted when nothing writes any more, so that nothing is lost",
      EVAC_ACTION_MUTATES | EVAC_ACTION_PROMOTES | EVAC_ACTION_LOSSY, EVAC_FENCING_STATE, 420000, 1800000,
      promote_params, promote_ops },
    { "failover", "the same, by the name that runbooks know",
      EVAC_ACTION_MUTATES | EVAC_ACTION_PROMOTES | EVAC_ACTION_LOSSY, EVAC_FENCING_STATE, 420000, 1800000,
      promote_params, promote_ops },
    { "size", "the region's instance has that class, and a standby in another zone or none",
      EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE, EVAC_FENCING_NONE, 600000, 3600000, size_params, size_ops, clear_size },
    RDS_RESTORE_ACTIONS(recover_ops, discard_ops, rehearse_ops, clear_restored),
    RDS_CAPTURE_ACTION(capture_ops, "delete-db-snapshot", "--db-snapshot-identifier"),
    { "protect", "the region has a copy of the other region's instance again: a replica, or its backups",
      EVAC_ACTION_MUTATES, EVAC_FENCING_STATE, 1200000, 14400000, protect_params, protect_ops },
    { 0 },
};
/* clang-format on */

static bool by_backups(const struct aws_call *c, const char *name)
{
    struct evac_str by = evac_args_get(&c->args, name);
    if (by.n == 0)
        by = evac_args_get(&c->args, "protected_by");
    return evac_str_is(by, "backups");
}

/* --- answering ---------------------------------------------------------------------------------
 */

static void seen(struct aws_call *c, const struct db_view *v, enum evac_seen seen, const char *why)
{
    struct aws_sight sight = { .seen = seen, .progress = -1 };
    sight.snapshot =
        aws_printf(c,
                   "{\"found\":%s,\"status\":\"%.*s\",\"source\":\"%.*s\",\"class\":\"%.*s\","
                   "\"multi_az\":%s}",
                   v->found ? "true" : "false", EVAC_STR_ARG(v->status), EVAC_STR_ARG(v->source),
                   EVAC_STR_ARG(v->class), v->multi_az ? "true" : "false");
    aws_answer_seen(c, &sight, "%s", why);
}

static const char *is_status(struct aws_call *c, const struct db_view *v)
{
    return aws_printf(c, "%.*s is %.*s", EVAC_STR_ARG(v->id), EVAC_STR_ARG(v->status)).p;
}

/* On its way, or where it stays. */
static void seen_status(struct aws_call *c, const struct db_view *v)
{
    seen(c, v, db_is_stuck(v->status) ? EVAC_SEEN_BLOCKED : EVAC_SEEN_MOVING, is_status(c, v));
}

static enum evac_code describe(struct aws_call *c, aws_reply_fn *then, struct evac_err *err)
{
    struct db_fields fields = { .count = 0 };
    db_field(&fields, "DBInstanceIdentifier", aws_regional(c, "instances"));
    return db_ask_first(c, "DescribeDBInstances", c->region, &fields, then, err);
}

/* --- ready -------------------------------------------------------------------------------------
 */

static void on_ready(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct db_view v;
    if (!db_look(c, r, &v))
        return;
    if (!v.found)
        seen(c, &v, EVAC_SEEN_BLOCKED, "the region has no such instance");
    else if (v.source.n == 0)
        seen(c, &v, EVAC_SEEN_BLOCKED, "the region's instance is no read replica");
    else if (!evac_str_is(v.status, "available"))
        seen_status(c, &v); /* not even backing-up: a promotion would be refused */
    else if (evac_str_is(c->mode, "graceful") && !v.replicating)
        seen(c, &v, EVAC_SEEN_BLOCKED, "the replica does not replicate");
    else
        seen(c, &v, EVAC_SEEN_SATISFIED, "");
}

static enum evac_code observe_ready(struct aws_call *c, struct evac_err *err)
{
    return by_backups(c, "protected_by") ? db_ready_instance(c, err) : describe(c, on_ready, err);
}

/* --- promote -----------------------------------------------------------------------------------
 */

static void on_promote(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct db_view v;
    if (!db_look(c, r, &v))
        return;
    bool ours = evac_str_eq(v.run, evac_args_get(&c->args, "run"));
    if (!v.found)
        seen(c, &v, EVAC_SEEN_BLOCKED, "the region has no such instance");
    else if (v.source.n && evac_str_is(v.status, "available"))
        seen(c, &v, EVAC_SEEN_UNSATISFIED, "it is still a read replica");
    else if (v.source.n)
        seen_status(c, &v);
    else if (!ours)
        seen(c, &v, EVAC_SEEN_BLOCKED,
             "it is no read replica, and this run has not promoted it: it may be an old primary");
    else if (db_serves(v.status))
        seen(c, &v, EVAC_SEEN_SATISFIED, "");
    else
        seen_status(c, &v);
}

static enum evac_code needs_run(const struct aws_call *c, struct evac_err *err)
{
    if (evac_args_get(&c->args, "run").n)
        return EVAC_OK;
    return evac_fail(err, EVAC_E_BADARG, "promoting needs a run: the instance is tagged with it");
}

static enum evac_code observe_promote(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = needs_run(c, err);
    return code ? code : describe(c, on_promote, err);
}

static void tagged(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct db_fields fields = { .count = 0 };
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_outcome(c, r);
        return;
    }
    db_field(&fields, "DBInstanceIdentifier", aws_regional(c, "instances"));
    db_field(&fields, "BackupRetentionPeriod", evac_args_get(&c->args, "want.backup_retention"));
    db_field(&fields, "PreferredBackupWindow", evac_args_get(&c->args, "want.backup_window"));
    db_change(c, "PromoteReadReplica", &fields, aws_answer_outcome);
}

static void promote_when_seen(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct db_fields fields = { .count = 0 };
    struct db_view v;
    if (!db_look(c, r, &v))
        return;
    if (v.source.n == 0) {
        aws_answer_rejected(c, "", "%s",
                            v.found ? "it is no read replica" : "there is no such instance");
        return;
    }
    db_field(&fields, "ResourceName", v.arn);
    db_field_tag(c, &fields, DB_TAG_RUN, evac_args_get(&c->args, "run"));
    db_change(c, "AddTagsToResource", &fields, tagged);
}

static enum evac_code check_retention(const struct aws_call *c, int64_t fallback,
                                      struct evac_err *err)
{
    int64_t days = evac_args_i64(&c->args, "want.backup_retention", fallback);
    if (days >= 0 && days <= 35)
        return EVAC_OK;
    return evac_fail(err, EVAC_E_BADARG, "want.backup_retention is %lld days: it is from 0 to 35",
                     (long long)days);
}

static enum evac_code apply_promote(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = needs_run(c, err);
    if (!code)
        code = check_retention(c, 1, err);
    return code ? code : describe(c, promote_when_seen, err);
}

/* --- size --------------------------------------------------------------------------------------
 */

struct size {
    struct evac_str class;
    int multi_az; /* -1: as it is */
};

static enum evac_code wanted_size(struct aws_call *c, struct evac_err *err)
{
    struct size *size = evac_arena_alloc(c->arena, sizeof *size);
    struct evac_json *goal = aws_goal(c);
    struct evac_str zones = evac_args_get(&c->args, "want.multi_az");
    *size = (struct size){ evac_args_get(&c->args, "want.class"),
                           zones.n ? evac_str_is(zones, "true") : -1 };
    if (goal) {
        size->class = db_keep(c, evac_json_str(goal, "class"));
        size->multi_az = evac_json_bool(goal, "multi_az", false);
        evac_json_free(goal);
    }
    c->state = size;
    if (size->class.n == 0 && size->multi_az < 0)
        return evac_fail(err, EVAC_E_BADARG, "size wants a class or multi_az");
    if (size->class.n && !evac_str_starts(size->class, "db."))
        return evac_fail(err, EVAC_E_BADARG, "want.class is '%.*s': classes begin with db.",
                         EVAC_STR_ARG(size->class));
    return EVAC_OK;
}

static bool is_size(const struct size *size, const struct db_view *v)
{
    return (size->class.n == 0 || evac_str_eq(size->class, v->class)) &&
           (size->multi_az < 0 || (size->multi_az == 1) == v->multi_az);
}

static void on_size(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct db_view v;
    if (!db_look(c, r, &v))
        return;
    const char *why = aws_printf(c, "it is %.*s in %s", EVAC_STR_ARG(v.class),
                                 v.multi_az ? "two zones" : "one zone")
                          .p;
    if (!v.found)
        seen(c, &v, EVAC_SEEN_BLOCKED, "the region has no such instance");
    else if (!db_serves(v.status))
        seen_status(c, &v);
    else
        seen(c, &v, is_size(c->state, &v) ? EVAC_SEEN_SATISFIED : EVAC_SEEN_UNSATISFIED, why);
}

static enum evac_code observe_size(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = wanted_size(c, err);
    return code ? code : describe(c, on_size, err);
}

static void modify_when_seen(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct size *size = c->state;
    struct db_fields fields = { .count = 0 };
    struct db_view v;
    if (!db_look(c, r, &v))
        return;
    if (!v.found || is_size(size, &v)) {
        aws_answer_rejected(c, "", "%s",
                            v.found ? "it is that size already" : "there is no such instance");
        return;
    }
    db_field(&fields, "DBInstanceIdentifier", aws_regional(c, "instances"));
    db_field(&fields, "DBInstanceClass", size->class);
    if (size->multi_az >= 0)
        db_field(&fields, "MultiAZ", size->multi_az ? EVAC_STR("true") : EVAC_STR("false"));
    db_field(&fields, "ApplyImmediately", EVAC_STR("true"));
    db_change(c, "ModifyDBInstance", &fields, aws_answer_outcome);
}

static enum evac_code apply_size(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = wanted_size(c, err);
    return code ? code : describe(c, modify_when_seen, err);
}

/* --- protect -----------------------------------------------------------------------------------
 */

/* "arn:aws:rds:us-west-2:1234:db:orders" is that region's instance. */
static bool is_source(struct aws_call *c, struct evac_str arn)
{
    struct evac_str id = evac_args_regional(&c->args, "instances", db_other(c));
    return evac_str_eq(evac_aws_arn_region(arn), db_other(c)) &&
           evac_str_ends(arn, aws_printf(c, ":db:%.*s", EVAC_STR_ARG(id)).p);
}

static void on_replica(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct db_view v;
    if (!db_look(c, r, &v))
        return;
    if (!v.found)
        seen(c, &v, EVAC_SEEN_UNSATISFIED, "the region has no replica");
    else if (!is_source(c, v.source))
        seen(c, &v, EVAC_SEEN_BLOCKED,
             aws_printf(c,
                        "%.*s is there, and is no replica of the other region's: what it never "
                        "replicated is only there; rename it or delete it first",
                        EVAC_STR_ARG(v.id))
                 .p);
    else if (!db_serves(v.status))
        seen_status(c, &v);
    else if (!v.replicating)
        seen(c, &v, EVAC_SEEN_MOVING, "the replica does not replicate yet");
    else
        seen(c, &v, EVAC_SEEN_SATISFIED, "");
}

static const struct evac_xml *replicated_backups(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct evac_xml *b = evac_xml_path(r->xml, "DescribeDBInstanceAutomatedBackupsResult/"
                                                     "DBInstanceAutomatedBackups/"
                                                     "DBInstanceAutomatedBackup");
    while (b && (!is_source(c, evac_xml_text(b, "DBInstanceArn")) ||
                 evac_str_is(evac_xml_text(b, "Status"), "retained")))
        b = evac_xml_again(b);
    return b;
}

static void on_backups(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct aws_sight sight = { .progress = -1 };
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return;
    }
    const struct evac_xml *b = replicated_backups(c, r);
    struct evac_str latest = evac_xml_text(b, "RestoreWindow/LatestTime");
    sight.seen = latest.n ? EVAC_SEEN_SATISFIED : b ? EVAC_SEEN_MOVING : EVAC_SEEN_UNSATISFIED;
    sight.snapshot = aws_printf(c, "{\"replicated\":%s,\"latest\":\"%.*s\"}", b ? "true" : "false",
                                EVAC_STR_ARG(latest));
    aws_answer_seen(c, &sight, "%s",
                    latest.n ? ""
                    : b      ? "the first backup has not arrived yet"
                             : "no backups are replicated into the region");
}

static enum evac_code observe_protect(struct aws_call *c, struct evac_err *err)
{
    struct db_fields fields = { .count = 0 };
    if (!by_backups(c, "want.by"))
        return describe(c, on_replica, err);
    db_field(&fields, "DBInstanceIdentifier",
             evac_args_regional(&c->args, "instances", db_other(c)));
    return db_ask_first(c, "DescribeDBInstanceAutomatedBackups", c->region, &fields, on_backups,
                        err);
}

/* The source's ARN has the account in it, which only the service knows. */
static void protect_when_seen(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct db_fields fields = { .count = 0 };
    struct db_view v;
    if (!db_look(c, r, &v))
        return;
    if (!v.found || v.source.n) {
        aws_answer_rejected(c, "", "the other region's instance %s",
                            v.found ? "is a replica itself" : "is not there");
        return;
    }
    db_field(&fields, "KmsKeyId", aws_regional(c, "kms_key"));
    if (by_backups(c, "want.by")) {
        db_field(&fields, "SourceDBInstanceArn", v.arn);
        db_field(&fields, "BackupRetentionPeriod",
                 evac_args_get(&c->args, "want.backup_retention"));
        db_change(c, "StartDBInstanceAutomatedBackupsReplication", &fields, aws_answer_outcome);
        return;
    }
    db_field(&fields, "DBInstanceIdentifier", aws_regional(c, "instances"));
    db_field(&fields, "SourceDBInstanceIdentifier", v.arn);
    db_field(&fields, "DBInstanceClass", aws_regional(c, "class"));
    db_field(&fields, "DBSubnetGroupName", aws_regional(c, "subnet_group"));
    db_field(&fields, "DBParameterGroupName", aws_regional(c, "parameter_group"));
    db_field_list(c, &fields, "VpcSecurityGroupIds", "VpcSecurityGroupId",
                  aws_regional(c, "security_groups"));
    db_field(&fields, "MultiAZ", evac_args_get(&c->args, "multi_az"));
    db_change(c, "CreateDBInstanceReadReplica", &fields, aws_answer_outcome);
}

static enum evac_code apply_protect(struct aws_call *c, struct evac_err *err)
{
    struct db_fields fields = { .count = 0 };
    enum evac_code code = check_retention(c, 7, err);
    if (code)
        return code;
    db_field(&fields, "DBInstanceIdentifier",
             evac_args_regional(&c->args, "instances", db_other(c)));
    return db_ask_first(c, "DescribeDBInstances", db_other(c), &fields, protect_when_seen, err);
}

/* --- lag ---------------------------------------------------------------------------------------
 */

static enum evac_code measure(struct aws_call *c, struct evac_err *err)
{
    int64_t period_ms = 60000;
    if (by_backups(c, "protected_by"))
        return db_measure_instance(c, err);
    (void)evac_duration_ms(evac_args_get(&c->args, "metric_period"), &period_ms);
    struct cw_dimension dimensions[] = {
        { EVAC_STR("DBInstanceIdentifier"), evac_args_regional(&c->args, "instances", c->to) },
    };
    struct cw_metric metric = { .region = c->to,
                                .name_space = EVAC_STR("AWS/RDS"),
                                .metric = EVAC_STR("ReplicaLag"),
                                .dimensions = dimensions,
                                .dimension_count = 1,
                                .stat = EVAC_STR("Maximum"),
                                .period_s = (uint32_t)(period_ms / 1000),
                                .unit_ms = 1000 };
    return cw_lag_send(c, &metric, cw_lag_answer, err);
}

/* --- parity ---------------------------------------------------------------------------------- */

/* How long backups are kept is not compared: a replica's are made when it is promoted. */
/* clang-format off */
#define INSTANCE "DescribeDBInstancesResult/DBInstances/DBInstance"
static const struct aws_compared of_instance[] = {
    { "engine", INSTANCE "/Engine" },
    { "engine version", INSTANCE "/EngineVersion" },
    { "class", INSTANCE "/DBInstanceClass" },
    { "storage type", INSTANCE "/StorageType" },
    { "parameter group", INSTANCE "/DBParameterGroups/DBParameterGroup/DBParameterGroupName" },
    { "deletion protection", INSTANCE "/DeletionProtection" },
    { "encryption", INSTANCE "/StorageEncrypted" },
    { 0 },
};
static const struct aws_parity parity = { .rows = {
    { "the DB instance", { "rds", "DescribeDBInstances", .params = "DBInstanceIdentifier=<instances>" },
      .missing_codes = "DBInstanceNotFound", .unless = "protected_by=backups", .compared = of_instance } } };
/* clang-format on */

/* --- still -------------------------------------------------------------------------------------
 */

static void on_still(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct db_view v;
    if (!db_look(c, r, &v))
        return;
    bool writes = v.found && v.source.n == 0 && db_serves(v.status);
    aws_still_answer(
        c, EVAC_STR_NONE, writes,
        writes ? aws_printf(c, "%.*s stands alone and accepts writes", EVAC_STR_ARG(v.id)).p : "");
}

static enum evac_code observe_still(struct aws_call *c, struct evac_err *err)
{
    return describe(c, on_still, err);
}

static const struct aws_handlers handlers[] = {
    { .action = "parity", .parity = &parity },
    { .action = "ready", .observe = observe_ready },
    { .action = "promote", .observe = observe_promote, .apply = apply_promote },
    { .action = "switchover", .observe = observe_promote, .apply = apply_promote },
    { .action = "failover", .observe = observe_promote, .apply = apply_promote },
    { .action = "size", .observe = observe_size, .apply = apply_size },
    { .action = "recover", .observe = db_observe_instance, .apply = db_restore_instance },
    { .action = "rehearse", .observe = db_observe_instance, .apply = db_restore_instance },
    { .action = "discard", .observe = db_observe_discard_instance, .apply = db_discard_instance },
    { .action = "protect", .observe = observe_protect, .apply = apply_protect },
    { .action = EVAC_ACTION_STILL, .observe = observe_still },
    { .action = "capture", .observe = db_capture_instance, .apply = db_capture_instance },
    { .action = "", .measure = measure },
    { 0 },
};

static enum evac_code call_rds(struct evac_link *link, const struct evac_call *call,
                               evac_done_fn *done, void *user, uint64_t *ret_id,
                               struct evac_err *err)
{
    return aws_run(link, handlers, call_rds, call, done, user, ret_id, err);
}

const struct evac_driver evac_driver_rds = { "rds",
                                             "an RDS DB instance and its copy in another region",
                                             resource_params,
                                             actions,
                                             1u << EVAC_VERB_MEASURE,
                                             measure_ops,
                                             call_rds,
                                             aws_cancel };

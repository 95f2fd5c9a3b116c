/*
 * A restore is asked for with a token that is the run's, so asking twice starts one job, and the
 * answer names it whoever lost it in between. Only then is the job written down, as a tag of the
 * vault: what carries no such tag was made by somebody else, and is neither taken for ours nor ever
 * deleted.
 */
#include "aws_pick.h"
#include "backup_parts.h"

#include <string.h>

/* clang-format off */
static const struct aws_ask describe_vault = { "backup", "DescribeBackupVault", "GET", "/backup-vaults/<vault>" };
static const struct aws_ask list_tags = { "backup", "ListTags", "GET", "/tags/<vault_arn>/" };
static const struct aws_ask tag_vault = { "backup", "TagResource", "POST", "/tags/<vault_arn>", .body = "{\"Tags\":{\"<tag>\":\"<tagged>\"}}" };
static const struct aws_ask describe_job = { "backup", "DescribeRestoreJob", "GET", "/restore-jobs/<job>" };
static const struct aws_ask list_jobs = { "backup", "ListRestoreJobs", "GET", "/restore-jobs/", "resourceType=<resource_type>&maxResults=1000&nextToken=<next>" };
static const struct aws_ask describe_point = { "backup", "DescribeRecoveryPoint", "GET", "/backup-vaults/<vault>/recovery-points/<point>" };
static const struct aws_ask get_metadata = { "backup", "GetRecoveryPointRestoreMetadata", "GET", "/backup-vaults/<vault>/recovery-points/<point>/restore-metadata" };
static const struct aws_ask start_job = { "backup", "StartRestoreJob", "PUT", "/restore-jobs",
    .body = "{\"RecoveryPointArn\":\"<point>\",\"Metadata\":<=metadata_json>,\"IamRoleArn\":\"<role>\",\"ResourceType\":\"<resource_type>\",\"IdempotencyToken\":\"<start_token>\"}" };

#define RDS_LOOK(operation, id) { "rds", operation, .params = id "=<copy>" }
#define CLUSTER(type) \
    { type, "DBClusterIdentifier", RDS_LOOK("DescribeDBClusters", "DBClusterIdentifier"), \
      "DescribeDBClustersResult/DBClusters/DBCluster/Status", "DBClusterNotFoundFault", "deleting", \
      { "rds", "DeleteDBCluster", .params = "DBClusterIdentifier=<copy>&SkipFinalSnapshot=true" } }
static const struct backup_kind kinds[] = {
    { "RDS", "DBInstanceIdentifier", RDS_LOOK("DescribeDBInstances", "DBInstanceIdentifier"),
      "DescribeDBInstancesResult/DBInstances/DBInstance/DBInstanceStatus", "DBInstanceNotFound", "deleting",
      { "rds", "DeleteDBInstance", .params = "DBInstanceIdentifier=<copy>&SkipFinalSnapshot=true&DeleteAutomatedBackups=true" } },
    CLUSTER("Aurora"), CLUSTER("DocumentDB"), CLUSTER("Neptune"),
    { "DynamoDB", "targetTableName", { "dynamodb", "DescribeTable", .body = "{\"TableName\":\"<copy>\"}" },
      "Table/TableStatus", "ResourceNotFoundException", "DELETING",
      { "dynamodb", "DeleteTable", .body = "{\"TableName\":\"<copy>\"}" } },
    { "EFS", NULL, { "efs", "DescribeFileSystems", "GET", "/2015-02-01/file-systems", "FileSystemId=<copy>" },
      "FileSystems[]/LifeCycleState", "FileSystemNotFound|deleted", "deleting",
      { "efs", "DeleteFileSystem", "DELETE", "/2015-02-01/file-systems/<copy>" } },
    { "EBS", NULL, { "ec2", "DescribeVolumes", .params = "VolumeId.1=<copy>" },
      "volumeSet/item/status", "InvalidVolume.NotFound|deleted", "deleting",
      { "ec2", "DeleteVolume", .params = "VolumeId=<copy>" } },
    { "EC2", NULL, { "ec2", "DescribeInstances", .params = "InstanceId.1=<copy>" },
      "reservationSet/item/instancesSet/item/instanceState/name", "InvalidInstanceID.NotFound|terminated", "shutting-down",
      { "ec2", "TerminateInstances", .params = "InstanceId.1=<copy>" } },
    { 0 },
};
/* clang-format on */

const struct backup_kind *backup_kind(struct evac_str type)
{
    const struct backup_kind *k = kinds;
    while (k->type && !evac_str_is(type, k->type))
        k++;
    return k;
}

/* --- the job that the vault's tag names ---------------------------------------------------------
 */

/* One for each resource: its recovery, its drill's copy. */
static struct evac_str tag_key(struct aws_call *c, bool drill)
{
    return aws_printf(c, "evac:%s:%016llx", drill ? "rehearse" : "recover",
                      (unsigned long long)evac_str_hash(backup_work(c)->source));
}

static struct evac_str note_key(struct aws_call *c)
{
    return aws_printf(c, "%.*s %.*s", EVAC_STR_ARG(evac_args_get(&c->args, "vault_arn")),
                      EVAC_STR_ARG(tag_key(c, backup_work(c)->drill)));
}

static void on_job(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct backup_work *w = backup_work(c);
    if (!aws_looked(c, r))
        return;
    struct evac_str percent, rest;
    int64_t n;
    percent = evac_str_cut(evac_json_str(r->json, "PercentDone"), '.', &rest);
    w->job_progress = evac_str_i64(percent, &n) && n >= 0 && n <= 100 ? (int)n : -1;
    w->job_status = evac_arena_str(c->arena, evac_json_str(r->json, "Status"));
    w->job_message = evac_arena_str(c->arena, evac_json_str(r->json, "StatusMessage"));
    w->created = evac_arena_str(c->arena, evac_json_str(r->json, "CreatedResourceArn"));
    w->job_point = evac_arena_str(c->arena, evac_json_str(r->json, "RecoveryPointArn"));
    w->then(c);
}

/* "7/JOB": run and job. */
static void take_tag(struct aws_call *c, struct evac_str value)
{
    struct backup_work *w = backup_work(c);
    w->job_run = evac_str_cut(evac_arena_str(c->arena, value), '/', &w->job);
    if (w->job.n == 0) {
        w->then(c);
        return;
    }
    aws_set_arg(c, "job", w->job);
    aws_ask_next(c, &describe_job, false, on_job);
}

/* What we know ourselves counts when the tag can not be read yet. */
static void on_tags(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct evac_json *tags = evac_json_get(r->json, "Tags");
    struct evac_str note = aws_note_get(c->link, note_key(c));
    if (!aws_looked(c, r))
        return;
    struct evac_str tag = evac_json_str(tags, tag_key(c, backup_work(c)->drill).p);
    take_tag(c, note.n ? note : tag);
}

static enum evac_code find_job(struct aws_call *c, aws_then_fn *then, struct evac_err *err)
{
    backup_work(c)->then = then;
    return aws_ask_first(c, &list_tags, false, on_tags, err);
}

static bool is_this_runs(struct aws_call *c)
{
    const struct backup_work *w = backup_work(c);
    return w->job.n && evac_str_eq(w->job_run, evac_args_get(&c->args, "run"));
}

static bool has_failed(const struct backup_work *w)
{
    return backup_is_one_of(w->job_status, "FAILED|ABORTED");
}

/* --- what it is called --------------------------------------------------------------------------
 */

static struct evac_str restored_name(struct aws_call *c, bool drill)
{
    struct evac_str name = aws_regional(c, "restore_as"), copy = aws_regional(c, "rehearse_as");
    if (!drill)
        return name;
    return copy.n || name.n == 0 ? copy : aws_printf(c, "%.*s-drill", EVAC_STR_ARG(name));
}

static enum evac_code begin(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = backup_begin(c, c->region, backup_other(c), err);
    if (code)
        return code;
    const struct backup_work *w = backup_work(c);
    struct evac_str name = restored_name(c, w->drill);
    bool makes = strcmp(c->action, "ready") != 0 && strcmp(c->action, "discard") != 0;
    if (makes && evac_args_get(&c->args, "run").n == 0)
        return evac_fail(err, EVAC_E_BADARG, "restoring needs a run: its job is told by it");
    if (name.n && !w->kind->name_key)
        return evac_fail(err, EVAC_E_BADARG,
                         "a restored %.*s gets its name from AWS: restore_as and rehearse_as say "
                         "nothing, or belong into metadata",
                         EVAC_STR_ARG(evac_args_get(&c->args, "resource_type")));
    if (!name.n && w->kind->name_key)
        return evac_fail(err, EVAC_E_BADARG, "restore_as is missing: it becomes %s",
                         w->kind->name_key);
    if (w->drill && name.n && evac_str_eq(name, restored_name(c, false)))
        return evac_fail(err, EVAC_E_BADARG,
                         "rehearse_as is '%.*s', as restore_as: a drill's copy needs its own name",
                         EVAC_STR_ARG(name));
    if (w->drill && !w->kind->discard.operation)
        return evac_fail(err, EVAC_E_BADARG,
                         "a restored %.*s is not deleted here, so it is not rehearsed here either",
                         EVAC_STR_ARG(evac_args_get(&c->args, "resource_type")));
    return EVAC_OK;
}

/* --- ready --------------------------------------------------------------------------------------
 */

static bool is_too_old(struct aws_call *c, const struct backup_point *p)
{
    int64_t max_ms;
    if (!evac_duration_ms(evac_args_get(&c->args, "want.max_age"), &max_ms))
        return false;
    return !p->dated || c->link->host->wall_ms(c->link->host->ctx) - p->at_ms > max_ms;
}

static void on_name(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct backup_work *w = backup_work(c);
    if (backup_is_one_of(r->code, w->kind->gone))
        backup_seen(c, EVAC_SEEN_SATISFIED, "the newest recovery point is %.*s",
                    EVAC_STR_ARG(w->newest.arn));
    else if (aws_looked(c, r))
        backup_seen(c, EVAC_SEEN_BLOCKED,
                    "%.*s is there already: a restore could not take that name",
                    EVAC_STR_ARG(evac_args_get(&c->args, "copy")));
}

static void ready_point(struct aws_call *c)
{
    const struct backup_work *w = backup_work(c);
    if (!w->newest.found) {
        backup_seen(c, EVAC_SEEN_BLOCKED, "%s", backup_no_point(c));
    } else if (is_too_old(c, &w->newest)) {
        backup_seen(c, EVAC_SEEN_BLOCKED,
                    "the newest recovery point is older than want.max_age, or may be");
    } else if (!w->kind->name_key) {
        backup_seen(c, EVAC_SEEN_SATISFIED, "the newest recovery point is %.*s",
                    EVAC_STR_ARG(w->newest.arn));
    } else {
        aws_set_arg(c, "copy", restored_name(c, false));
        aws_ask_next(c, &w->kind->look, false, on_name);
    }
}

static void ready_job(struct aws_call *c)
{
    if (is_this_runs(c) && !has_failed(backup_work(c)))
        backup_seen(c, EVAC_SEEN_SATISFIED, "this run restores it already");
    else
        backup_search(c, ready_point);
}

static void on_vault(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct evac_str state = evac_json_str(r->json, "VaultState");
    if (evac_str_is(r->code, "ResourceNotFoundException")) {
        backup_seen(c, EVAC_SEEN_BLOCKED, "the region has no vault %.*s",
                    EVAC_STR_ARG(evac_args_get(&c->args, "vault")));
    } else if (!aws_looked(c, r)) {
        return;
    } else if (state.n && !evac_str_is(state, "AVAILABLE")) {
        backup_seen(c, EVAC_SEEN_BLOCKED, "the vault is %.*s", EVAC_STR_ARG(state));
    } else {
        backup_work(c)->then = ready_job;
        aws_ask_next(c, &list_tags, false, on_tags);
    }
}

enum evac_code backup_ready(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = begin(c, err);
    return code ? code : aws_ask_first(c, &describe_vault, false, on_vault, err);
}

/* --- recover and rehearse -----------------------------------------------------------------------
 */

static void seen_status(struct aws_call *c)
{
    const struct backup_work *w = backup_work(c);
    enum evac_seen seen = evac_str_is(w->job_status, "COMPLETED") ? EVAC_SEEN_SATISFIED
                          : has_failed(w)                         ? EVAC_SEEN_UNSATISFIED
                                                                  : EVAC_SEEN_MOVING;
    backup_seen(c, seen, "restore job %.*s is %.*s%s%.*s", EVAC_STR_ARG(w->job),
                EVAC_STR_ARG(w->job_status), w->job_message.n ? ": " : "",
                EVAC_STR_ARG(w->job_message));
}

/* The job's recovery point, for its date; one that has expired since has none any more. */
static void on_its_point(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct backup_work *w = backup_work(c);
    if (r->outcome == EVAC_OUTCOME_ACCEPTED) {
        w->newest = backup_read_point(c, r->json);
        w->newest.found = w->newest.created_ms > 0;
    } else if (!evac_str_is(r->code, "ResourceNotFoundException")) {
        aws_answer_unseen(c, r);
        return;
    }
    seen_status(c);
}

/* Of the data that is left, a planned move restores only what has all of it. Answers the call when
 * that is not there yet. */
static bool waits(struct aws_call *c)
{
    const struct backup_work *w = backup_work(c);
    int64_t fenced = w->drill ? 0 : aws_fenced_ms(c, backup_other(c));
    if (!fenced || !w->newest.found || backup_has_all(&w->newest, fenced))
        return false;
    bool begun = evac_str_is(w->unusable, "CREATING");
    struct aws_wait wait = aws_wait_for_point(c, fenced, w->newest.dated ? w->newest.at_ms : -1,
                                              begun ? AWS_NEWER_BEGUN : AWS_NEWER_NONE);
    if (c->verb == EVAC_VERB_APPLY)
        aws_answer_rejected(c, "", "%s", wait.why);
    else
        backup_seen(c, wait.seen, "%s", wait.why);
    return true;
}

static void seen_newest(struct aws_call *c)
{
    const struct backup_work *w = backup_work(c);
    if (waits(c))
        return;
    if (w->newest.found)
        backup_seen(c, EVAC_SEEN_UNSATISFIED, "the newest recovery point is %.*s",
                    EVAC_STR_ARG(w->newest.arn));
    else
        backup_seen(c, EVAC_SEEN_BLOCKED, "%s", backup_no_point(c));
}

static void observe_job(struct aws_call *c)
{
    struct backup_work *w = backup_work(c);
    if (!is_this_runs(c)) {
        w->job = w->job_status = w->created = EVAC_STR_NONE;
        w->job_progress = -1;
        backup_search(c, seen_newest);
        return;
    }
    aws_set_arg(c, "point", w->job_point);
    aws_ask_next(c, &describe_point, false, on_its_point);
}

static void observe_discard(struct aws_call *c);
static void discard_job(struct aws_call *c);

/* A rehearsal's way back: to where there was no copy. */
static bool goes_back(struct aws_call *c)
{
    struct evac_json *goal = backup_work(c)->drill ? aws_goal(c) : NULL;
    bool back = goal && !evac_json_bool(goal, "found", true);
    evac_json_free(goal);
    return back;
}

enum evac_code backup_observe(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = begin(c, err);
    return code ? code : find_job(c, goes_back(c) ? observe_discard : observe_job, err);
}

static void accepted(struct aws_call *c)
{
    struct evac_reply reply = { .outcome = EVAC_OUTCOME_ACCEPTED, .progress = -1 };
    aws_answer(c, &reply);
}

/* A job that is not written down may run all the same: the next try finds it by its token. */
static void on_tagged(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (r->outcome == EVAC_OUTCOME_ACCEPTED) {
        aws_note_set(c->link, note_key(c), evac_args_get(&c->args, "tagged"));
        accepted(c);
        return;
    }
    aws_answer_partly(c, r);
}

static void on_started(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct backup_work *w = backup_work(c);
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_outcome(c, r);
        return;
    }
    aws_set_arg(c, "job", evac_arena_str(c->arena, evac_json_str(r->json, "RestoreJobId")));
    aws_set_arg(c, "tag", tag_key(c, w->drill));
    aws_set_arg(c, "tagged",
                aws_printf(c, "%.*s/%.*s", EVAC_STR_ARG(evac_args_get(&c->args, "run")),
                           EVAC_STR_ARG(evac_args_get(&c->args, "job"))));
    aws_ask_next(c, &tag_vault, true, on_tagged);
}

static void put_pair(struct evac_buf *out, struct evac_str key, struct evac_str value)
{
    if (value.n == 0)
        return;
    evac_buf_puts(out, out->n > 1 ? "," : "");
    evac_buf_json(out, key);
    evac_buf_putc(out, ':');
    evac_buf_json(out, value);
}

/* The entry "key=value" of the configured list, with an empty value too: that leaves a member out.
 */
static bool configured(const struct evac_json *list, struct evac_str key)
{
    struct evac_str value;
    for (const struct evac_json *e = evac_json_first(list); e; e = evac_json_next(e))
        if (evac_str_eq(evac_str_cut(evac_json_text(e), '=', &value), key))
            return true;
    return false;
}

/* What AWS Backup knows of the resource as it was, what is configured over it, and its name. */
static struct evac_str metadata(struct aws_call *c, const struct evac_json *base)
{
    const struct backup_work *w = backup_work(c);
    struct evac_str list = aws_regional(c, "metadata"), value;
    const char *name_key = w->kind->name_key ? w->kind->name_key : "";
    struct evac_json *own = NULL;
    struct evac_buf out;
    evac_buf_init(&out, 65536);
    evac_buf_putc(&out, '{');
    if (list.n)
        (void)evac_json_parse(list, &own, NULL);
    for (const struct evac_json *e = evac_json_first(base); e; e = evac_json_next(e))
        if (!configured(own, evac_json_key(e)) && !evac_str_is(evac_json_key(e), name_key))
            put_pair(&out, evac_json_key(e), evac_json_text(e));
    for (const struct evac_json *e = evac_json_first(own); e; e = evac_json_next(e)) {
        struct evac_str key = evac_str_cut(evac_json_text(e), '=', &value);
        if (!evac_str_is(key, name_key))
            put_pair(&out, key, value);
    }
    put_pair(&out, evac_str(name_key), restored_name(c, w->drill));
    evac_buf_putc(&out, '}');
    struct evac_str text = evac_arena_str(c->arena, evac_buf_str(&out));
    evac_json_free(own);
    evac_buf_done(&out);
    return text;
}

/* A job that has failed is not started again by its token: the next one's is made of it. */
static void on_metadata(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct backup_work *w = backup_work(c);
    if (!aws_looked(c, r))
        return;
    struct evac_str failed = is_this_runs(c) ? w->job : EVAC_STR_NONE;
    aws_set_arg(c, "metadata_json", metadata(c, evac_json_get(r->json, "RestoreMetadata")));
    aws_set_arg(c, "start_token", backup_token(c, c->action, failed));
    aws_ask_next(c, &start_job, true, on_started);
}

static void restore_newest(struct aws_call *c)
{
    const struct backup_work *w = backup_work(c);
    if (!w->newest.found) {
        aws_answer_rejected(c, "", "%s", backup_no_point(c));
        return;
    }
    if (waits(c))
        return;
    aws_set_arg(c, "point", w->newest.arn);
    aws_ask_next(c, &get_metadata, false, on_metadata);
}

static void restore_when_seen(struct aws_call *c)
{
    if (is_this_runs(c) && !has_failed(backup_work(c)))
        accepted(c);
    else
        backup_search(c, restore_newest);
}

enum evac_code backup_restore(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = begin(c, err);
    return code ? code : find_job(c, goes_back(c) ? discard_job : restore_when_seen, err);
}

/* --- discard ------------------------------------------------------------------------------------
 */

/* "arn:aws:rds:us-west-2:1234:db:orders-drill", ".../orders-drill" */
static struct evac_str last_part(struct evac_str arn)
{
    for (size_t i = arn.n; i > 0; i--)
        if (arn.p[i - 1] == '/' || arn.p[i - 1] == ':')
            return (struct evac_str){ arn.p + i, arn.n - i };
    return arn;
}

/* 0: there is nothing to delete; -1: answered. */
static int find_copy(struct aws_call *c)
{
    const struct backup_work *w = backup_work(c);
    bool mine = strcmp(c->action, "discard") == 0 || is_this_runs(c);
    if (!mine || w->job.n == 0 || (w->created.n == 0 && has_failed(w)))
        return 0;
    if (!has_failed(w) && !evac_str_is(w->job_status, "COMPLETED")) {
        if (c->verb == EVAC_VERB_APPLY)
            aws_answer_rejected(c, "", "restore job %.*s is %.*s, and can not be stopped",
                                EVAC_STR_ARG(w->job), EVAC_STR_ARG(w->job_status));
        else
            backup_seen(c, EVAC_SEEN_MOVING, "restore job %.*s is %.*s, and can not be stopped",
                        EVAC_STR_ARG(w->job), EVAC_STR_ARG(w->job_status));
        return -1;
    }
    aws_set_arg(c, "copy", last_part(w->created));
    return 1;
}

static void on_copy(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct backup_work *w = backup_work(c);
    struct evac_str status = EVAC_STR_NONE;
    if (backup_is_one_of(r->code, w->kind->gone)) {
        backup_seen(c, EVAC_SEEN_SATISFIED, "the drill's copy is gone");
        return;
    }
    if (!aws_looked(c, r))
        return;
    bool there = aws_pick(c, r, evac_str(w->kind->status_at), &status);
    if (!there || backup_is_one_of(status, w->kind->gone))
        backup_seen(c, EVAC_SEEN_SATISFIED, "the drill's copy is gone");
    else if (backup_is_one_of(status, w->kind->leaving))
        backup_seen(c, EVAC_SEEN_MOVING, "the drill's copy is %.*s", EVAC_STR_ARG(status));
    else
        backup_seen(c, EVAC_SEEN_UNSATISFIED, "the drill's copy %.*s is still there",
                    EVAC_STR_ARG(w->created));
}

static void look_at_copy(struct aws_call *c)
{
    int found = find_copy(c);
    if (found == 0)
        backup_seen(c, EVAC_SEEN_SATISFIED, "there is no drill's copy");
    else if (found > 0)
        aws_ask_next(c, &backup_work(c)->kind->look, false, on_copy);
}

/* A drill that lost the answer to its start knows of no job. What runs may be its own: then nobody
 * can say that nothing is left. */
static void on_jobs(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct backup_work *w = backup_work(c);
    struct evac_str next = evac_arena_str(c->arena, evac_json_str(r->json, "NextToken"));
    if (!aws_looked(c, r))
        return;
    for (const struct evac_json *j = evac_json_first(evac_json_get(r->json, "RestoreJobs")); j;
         j = evac_json_next(j)) {
        bool runs = backup_is_one_of(evac_json_str(j, "Status"), "PENDING|RUNNING");
        bool tests = evac_json_get(j, "CreatedBy") != NULL;
        if (runs && !tests && evac_str_eq(evac_json_str(j, "SourceResourceArn"), w->source)) {
            struct evac_str id = evac_json_str(j, "RestoreJobId");
            backup_seen(c, EVAC_SEEN_BLOCKED,
                        "restore job %.*s runs, and nothing tells whether it is this drill's",
                        EVAC_STR_ARG(id));
            return;
        }
    }
    aws_set_arg(c, "next", next);
    if (next.n)
        aws_ask_next(c, &list_jobs, false, on_jobs);
    else
        look_at_copy(c);
}

static void observe_discard(struct aws_call *c)
{
    if (strcmp(c->action, "discard") == 0 || is_this_runs(c))
        look_at_copy(c);
    else
        aws_ask_next(c, &list_jobs, false, on_jobs);
}

enum evac_code backup_observe_discard(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = begin(c, err);
    return code ? code : find_job(c, look_at_copy, err);
}

static void discard_job(struct aws_call *c)
{
    int found = find_copy(c);
    if (found == 0)
        aws_answer_rejected(c, "", "there is no drill's copy");
    else if (found > 0)
        aws_ask_next(c, &backup_work(c)->kind->discard, true, aws_answer_outcome);
}

enum evac_code backup_discard(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = begin(c, err);
    return code ? code : find_job(c, discard_job, err);
}

#include "rds_restore.h"
#include "aws_fence.h"

#include "aws_time.h"
#include "rds_points.h"

#include <string.h>

const struct db_kind db_kind_instance = {
    .members = "instances",
    .describe = "DescribeDBInstances",
    .path = "DescribeDBInstancesResult/DBInstances/DBInstance",
    .id = "DBInstanceIdentifier",
    .status = "DBInstanceStatus",
    .not_found = "DBInstanceNotFound",
    .exists = "DBInstanceAlreadyExists",
    .snapshots = "DescribeDBSnapshots",
    .snapshot_path = "DescribeDBSnapshotsResult/DBSnapshots/DBSnapshot",
    .snapshots_marker = "DescribeDBSnapshotsResult/Marker",
    .snapshot_id = "DBSnapshotIdentifier",
    .restore = "RestoreDBInstanceFromDBSnapshot",
    .restore_from = "DBSnapshotIdentifier",
    .take = "CreateDBSnapshot",
    .copy = "CopyDBSnapshot",
    .copy_from = "SourceDBSnapshotIdentifier",
    .copy_to = "TargetDBSnapshotIdentifier",
    .snapshot_arn = "DBSnapshotArn",
    .no_snapshot = "DBSnapshotNotFound",
    .parameter_group = "DBParameterGroupName",
    .remove = "DeleteDBInstance",
    .to_time = "RestoreDBInstanceToPointInTime",
    .to_time_id = "TargetDBInstanceIdentifier",
    .to_time_source = "SourceDBInstanceIdentifier",
    .to_time_when = "RestoreTime",
};

const struct db_kind db_kind_cluster = {
    .members = "clusters",
    .describe = "DescribeDBClusters",
    .path = "DescribeDBClustersResult/DBClusters/DBCluster",
    .id = "DBClusterIdentifier",
    .status = "Status",
    .not_found = "DBClusterNotFoundFault",
    .exists = "DBClusterAlreadyExistsFault",
    .snapshots = "DescribeDBClusterSnapshots",
    .snapshot_path = "DescribeDBClusterSnapshotsResult/DBClusterSnapshots/DBClusterSnapshot",
    .snapshots_marker = "DescribeDBClusterSnapshotsResult/Marker",
    .snapshot_id = "DBClusterSnapshotIdentifier",
    .restore = "RestoreDBClusterFromSnapshot",
    .restore_from = "SnapshotIdentifier",
    .take = "CreateDBClusterSnapshot",
    .copy = "CopyDBClusterSnapshot",
    .copy_from = "SourceDBClusterSnapshotIdentifier",
    .copy_to = "TargetDBClusterSnapshotIdentifier",
    .snapshot_arn = "DBClusterSnapshotArn",
    .no_snapshot = "DBClusterSnapshotNotFoundFault",
    .parameter_group = "DBClusterParameterGroupName",
    .remove = "DeleteDBCluster",
    .to_time = "RestoreDBClusterToPointInTime",
    .to_time_id = "DBClusterIdentifier",
    .to_time_source = "SourceDBClusterIdentifier",
    .to_time_when = "RestoreToTime",
    .cluster = true,
};

const struct evac_param db_recover_params[] = {
    { "time", EVAC_PARAM_TEXT, 0, NULL, NULL,
      "of a point in time: that instant, as 2026-01-02T03:04:05Z; without it, the latest" },
    { 0 },
};

/* What a call works on. The search comes first: rds_points.c finds it there. */
struct work {
    struct db_search *search;
    const struct db_kind *kind;
    struct evac_str id, run; /* id: of what is restored */
    bool drill;
    /* what is there */
    bool found;
    struct evac_str status, arn, engine, its_run, its_drill;
    struct evac_str instance; /* of a cluster: its first one; "" none */
    int64_t as_of_ms;         /* -1 not known */
};

/* --- which one ---------------------------------------------------------------------------------
 */

static struct evac_str restored_id(struct aws_call *c, const struct db_kind *kind, bool drill)
{
    struct evac_str here = db_here(c), id = evac_args_regional(&c->args, "restore_as", here);
    struct evac_str copy = evac_args_regional(&c->args, "rehearse_as", here);
    if (id.n == 0)
        id = evac_args_regional(&c->args, kind->members, here);
    if (!drill)
        return id;
    return copy.n ? copy : aws_printf(c, "%.*s-drill", EVAC_STR_ARG(id));
}

/* want.time, as the service reads it and as we do. */
static enum evac_code wanted_time(struct aws_call *c, struct db_search *search,
                                  struct evac_err *err)
{
    struct evac_str time = evac_args_get(&c->args, "want.time");
    if (time.n == 0)
        return EVAC_OK;
    if (!search->own)
        return evac_fail(err, EVAC_E_BADARG, "want.time needs recover_from = \"point-in-time\"");
    if (!evac_aws_time_iso(time, &search->wanted_ms) || search->wanted_ms <= 0)
        return evac_fail(err, EVAC_E_BADARG,
                         "want.time is '%.*s': it is written as 2026-01-02T03:04:05Z",
                         EVAC_STR_ARG(time));
    return EVAC_OK;
}

static enum evac_code begin(struct aws_call *c, const struct db_kind *kind, struct evac_err *err)
{
    struct work *w = evac_arena_alloc(c->arena, sizeof *w);
    bool drill = strcmp(c->action, "rehearse") == 0 || strcmp(c->action, "discard") == 0;
    *w = (struct work){ .search = evac_arena_alloc(c->arena, sizeof *w->search),
                        .kind = kind,
                        .id = restored_id(c, kind, drill),
                        .run = evac_args_get(&c->args, "run"),
                        .drill = drill,
                        .as_of_ms = -1 };
    *w->search = (struct db_search){ .kind = kind };
    w->search->own = evac_str_is(evac_args_get(&c->args, "recover_from"), "point-in-time");
    c->state = w;
    if (w->search->own &&
        evac_str_eq(w->id, evac_args_regional(&c->args, kind->members, db_here(c))))
        return evac_fail(err, EVAC_E_BADARG,
                         "restoring '%.*s' to a point in time needs another name: set restore_as",
                         EVAC_STR_ARG(w->id));
    if (drill && evac_str_eq(w->id, restored_id(c, kind, false)))
        return evac_fail(err, EVAC_E_BADARG,
                         "rehearse_as is '%.*s', as restore_as: a drill's copy needs its own name",
                         EVAC_STR_ARG(w->id));
    if (w->run.n == 0 && strcmp(c->action, "ready") != 0 && c->verb != EVAC_VERB_MEASURE)
        return evac_fail(err, EVAC_E_BADARG,
                         "restoring needs a run: what it makes is tagged with it");
    return wanted_time(c, w->search, err);
}

/* --- looking -----------------------------------------------------------------------------------
 */

static enum evac_code describe(struct aws_call *c, aws_reply_fn *then, struct evac_err *err)
{
    const struct work *w = c->state;
    struct db_fields fields = { .count = 0 };
    db_field(&fields, w->kind->id, w->id);
    return db_ask_first(c, w->kind->describe, db_here(c), &fields, then, err);
}

/* False: answered, it could not be looked at. */
static bool look(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    if (evac_str_eq(r->code, evac_str(w->kind->not_found)))
        return true;
    if (!aws_looked(c, r))
        return false;
    const struct evac_xml *x = evac_xml_path(r->xml, w->kind->path);
    int64_t as_of;
    w->found = x != NULL;
    w->status = db_keep(c, evac_xml_text(x, w->kind->status));
    w->engine = db_keep(c, evac_xml_text(x, "Engine"));
    w->its_run = db_keep(c, db_tag_of(x, DB_TAG_RUN));
    w->its_drill = db_keep(c, db_tag_of(x, DB_TAG_DRILL));
    w->instance =
        db_keep(c, evac_xml_text(x, "DBClusterMembers/DBClusterMember/DBInstanceIdentifier"));
    w->as_of_ms = evac_str_i64(db_tag_of(x, DB_TAG_AS_OF), &as_of) ? as_of : -1;
    return true;
}

static int64_t age_ms(const struct aws_call *c, int64_t at_ms)
{
    const struct evac_host *host = c->link->host;
    int64_t age = host->wall_ms(host->ctx) - at_ms;
    return age > 0 ? age : 0;
}

static void seen(struct aws_call *c, enum evac_seen seen, const char *why)
{
    const struct work *w = c->state;
    struct evac_fact facts[] = { { "as_of_wall_ms", aws_point_ms(c, w->as_of_ms) },
                                 { "age_ms", age_ms(c, w->as_of_ms) } };
    struct aws_sight sight = {
        .seen = seen, .progress = -1, .facts = facts, .fact_count = w->as_of_ms >= 0 ? 2 : 0
    };
    sight.snapshot = aws_printf(
        c, "{\"id\":\"%.*s\",\"found\":%s,\"status\":\"%.*s\",\"run\":\"%.*s\",\"as_of\":%lld}",
        EVAC_STR_ARG(w->id), w->found ? "true" : "false", EVAC_STR_ARG(w->status),
        EVAC_STR_ARG(w->its_run), (long long)w->as_of_ms);
    aws_answer_seen(c, &sight, "%s", why);
}

static void seen_status(struct aws_call *c, struct evac_str what, struct evac_str status)
{
    const char *why = aws_printf(c, "%.*s is %.*s", EVAC_STR_ARG(what), EVAC_STR_ARG(status)).p;
    seen(c,
         db_serves(status)     ? EVAC_SEEN_SATISFIED
         : db_is_stuck(status) ? EVAC_SEEN_BLOCKED
                               : EVAC_SEEN_MOVING,
         why);
}

/* --- the newest recovery point -----------------------------------------------------------------
 */

static const char *name_of(struct aws_call *c, const struct db_point *p)
{
    return aws_printf(c, "the newest recovery point is %.*s%s", EVAC_STR_ARG(p->id),
                      p->dated ? "" : ", and nothing tells how old its data is")
        .p;
}

/* Of the data that is left, a planned move restores only what has all of it. An instant that was
 * asked for is what is wanted. */
static int64_t waits_until(struct aws_call *c)
{
    const struct db_search *s = ((const struct work *)c->state)->search;
    if (strcmp(c->action, "recover") != 0 || s->wanted_ms > 0)
        return 0;
    return aws_fenced_ms(c, s->own ? db_here(c) : db_other(c));
}

static bool has_all(struct aws_call *c, const struct db_point *p)
{
    return p->dated && p->at_ms >= waits_until(c);
}

static void seen_point(struct aws_call *c, const struct db_point *p)
{
    struct work *w = c->state;
    bool ready = strcmp(c->action, "ready") == 0;
    if (!p->found) {
        seen(c, EVAC_SEEN_BLOCKED, "the region has no recovery point that could be restored");
        return;
    }
    w->as_of_ms = p->dated ? p->at_ms : -1;
    if (waits_until(c) && !has_all(c, p)) {
        struct aws_wait wait = aws_wait_for_point(c, waits_until(c), w->as_of_ms, w->search->newer);
        seen(c, wait.seen, wait.why);
        return;
    }
    seen(c, ready ? EVAC_SEEN_SATISFIED : EVAC_SEEN_UNSATISFIED, name_of(c, p));
}

/* --- ready -------------------------------------------------------------------------------------
 */

static bool is_ours(const struct work *w)
{
    return w->run.n && evac_str_eq(w->its_run, w->run) && (w->its_drill.n > 0) == w->drill;
}

static void on_ready(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    if (!look(c, r))
        return;
    if (w->found && is_ours(w)) { /* the same run, in its other mode, has restored it */
        seen(c, EVAC_SEEN_SATISFIED, "this run has restored it already");
        return;
    }
    if (w->found) {
        seen(c, EVAC_SEEN_BLOCKED,
             aws_printf(c, "%.*s is there already: a restore could not take that name",
                        EVAC_STR_ARG(w->id))
                 .p);
        return;
    }
    w->search->then = seen_point;
    db_points(c, w->search);
}

static enum evac_code ready(struct aws_call *c, const struct db_kind *kind, struct evac_err *err)
{
    enum evac_code code = begin(c, kind, err);
    return code ? code : describe(c, on_ready, err);
}

/* --- recover and rehearse ----------------------------------------------------------------------
 */

/* Made by another run, its data may be years old. */
static const char *whose(struct aws_call *c)
{
    const struct work *w = c->state;
    if (w->its_run.n == 0)
        return aws_printf(c, "%.*s is there already, and no restore has made it",
                          EVAC_STR_ARG(w->id))
            .p;
    return aws_printf(c, "%.*s is there already: run %.*s has made it", EVAC_STR_ARG(w->id),
                      EVAC_STR_ARG(w->its_run))
        .p;
}

static void on_instance(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct work *w = c->state;
    struct db_view v;
    if (!db_look(c, r, &v))
        return;
    if (!v.found)
        seen(c, EVAC_SEEN_MOVING, "the cluster's instance is not shown yet");
    else
        seen_status(c, w->instance, v.status);
}

/* It takes connections when its instance does. */
static void look_at_instance(struct aws_call *c)
{
    const struct work *w = c->state;
    struct db_fields fields = { .count = 0 };
    db_field(&fields, "DBInstanceIdentifier", w->instance);
    db_ask(c, "DescribeDBInstances", c->region, &fields, on_instance);
}

static void on_restored(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    if (!look(c, r))
        return;
    if (!w->found) {
        w->search->then = seen_point;
        db_points(c, w->search);
    } else if (!is_ours(w)) {
        w->as_of_ms = -1;
        seen(c, EVAC_SEEN_BLOCKED, whose(c));
    } else if (!w->kind->cluster || !db_serves(w->status)) {
        seen_status(c, w->id, w->status);
    } else if (w->instance.n == 0) {
        seen(c, EVAC_SEEN_UNSATISFIED, "the restored cluster has no instance yet");
    } else {
        look_at_instance(c);
    }
}

static void on_discard(struct aws_call *c, const struct evac_aws_reply *r);
static void discard_when_seen(struct aws_call *c, const struct evac_aws_reply *r);

/* A rehearsal's way back: to where there was no copy. */
static bool goes_back(struct aws_call *c)
{
    const struct work *w = c->state;
    struct evac_json *goal = w->drill ? aws_goal(c) : NULL;
    bool back = goal && !evac_json_bool(goal, "found", true);
    evac_json_free(goal);
    return back;
}

static enum evac_code observe(struct aws_call *c, const struct db_kind *kind, struct evac_err *err)
{
    enum evac_code code = begin(c, kind, err);
    return code ? code : describe(c, goes_back(c) ? on_discard : on_restored, err);
}

/* Settings that a created instance and a created cluster both have. */
static void place(struct aws_call *c, struct db_fields *fields, const char *parameter_group)
{
    db_field(fields, "DBSubnetGroupName", aws_regional(c, "subnet_group"));
    db_field_list(c, fields, "VpcSecurityGroupIds", "VpcSecurityGroupId",
                  aws_regional(c, "security_groups"));
    db_field(fields, parameter_group, aws_regional(c, "parameter_group"));
}

static void tag(struct aws_call *c, struct db_fields *fields, int64_t as_of_ms)
{
    const struct work *w = c->state;
    db_field_tag(c, fields, DB_TAG_RUN, w->run);
    if (w->drill)
        db_field_tag(c, fields, DB_TAG_DRILL, w->run);
    if (as_of_ms >= 0)
        db_field_tag(c, fields, DB_TAG_AS_OF, aws_printf(c, "%lld", (long long)as_of_ms));
}

static void restore_to_time(struct aws_call *c, const struct db_point *p, struct db_fields *fields)
{
    const struct work *w = c->state;
    struct evac_str time = evac_args_get(&c->args, "want.time");
    db_field(fields, w->kind->to_time_id, w->id);
    db_field(fields, p->own ? w->kind->to_time_source : "SourceDBInstanceAutomatedBackupsArn",
             p->id);
    if (time.n)
        db_field(fields, w->kind->to_time_when, time);
    else
        db_field(fields, "UseLatestRestorableTime", EVAC_STR("true"));
    db_change(c, w->kind->to_time, fields, aws_answer_outcome);
}

static void restore_point(struct aws_call *c, const struct db_point *p)
{
    const struct work *w = c->state;
    struct db_fields fields = { .count = 0 };
    if (!p->found || (waits_until(c) && !has_all(c, p))) {
        aws_answer_rejected(c, "", "the region has no recovery point that could be restored");
        return;
    }
    place(c, &fields, w->kind->parameter_group);
    tag(c, &fields, p->dated ? p->at_ms : -1);
    if (w->kind->cluster) {
        struct evac_str min = evac_args_get(&c->args, "acu_min");
        struct evac_str max = evac_args_get(&c->args, "acu_max");
        db_field(&fields, "Engine", p->own ? EVAC_STR_NONE : p->engine);
        db_field(&fields, "ServerlessV2ScalingConfiguration.MinCapacity", min);
        db_field(&fields, "ServerlessV2ScalingConfiguration.MaxCapacity", max);
        db_field(&fields, "KmsKeyId", aws_regional(c, "kms_key"));
    } else {
        db_field(&fields, "DBInstanceClass", aws_regional(c, "class"));
        db_field(&fields, "MultiAZ", evac_args_get(&c->args, "multi_az"));
    }
    if (p->automated) {
        restore_to_time(c, p, &fields);
        return;
    }
    db_field(&fields, w->kind->id, w->id);
    db_field(&fields, w->kind->restore_from, p->id);
    db_change(c, w->kind->restore, &fields, aws_answer_outcome);
}

static void create_instance(struct aws_call *c)
{
    const struct work *w = c->state;
    struct db_fields fields = { .count = 0 };
    db_field(&fields, "DBInstanceIdentifier", aws_printf(c, "%.*s-1", EVAC_STR_ARG(w->id)));
    db_field(&fields, "DBInstanceClass", aws_regional(c, "class"));
    db_field(&fields, "Engine", w->engine);
    db_field(&fields, "DBClusterIdentifier", w->id);
    tag(c, &fields, -1);
    db_change(c, "CreateDBInstance", &fields, aws_answer_outcome);
}

static void restore_when_seen(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    if (!look(c, r))
        return;
    if (!w->found) {
        w->search->then = restore_point;
        db_points(c, w->search);
    } else if (is_ours(w) && w->kind->cluster && w->instance.n == 0) {
        create_instance(c);
    } else {
        aws_answer_rejected(c, w->kind->exists, "%s", whose(c));
    }
}

static enum evac_code restore(struct aws_call *c, const struct db_kind *kind, struct evac_err *err)
{
    enum evac_code code = begin(c, kind, err);
    return code ? code : describe(c, goes_back(c) ? discard_when_seen : restore_when_seen, err);
}

/* --- discard -----------------------------------------------------------------------------------
 */

static bool may_discard(const struct work *w)
{
    return w->its_run.n > 0 && w->its_drill.n > 0;
}

static void on_discard(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    if (!look(c, r))
        return;
    w->as_of_ms = -1;
    if (!w->found)
        seen(c, EVAC_SEEN_SATISFIED, "");
    else if (!may_discard(w))
        seen(c, EVAC_SEEN_BLOCKED,
             aws_printf(c, "%.*s is no drill's copy: it does not carry the tags of one",
                        EVAC_STR_ARG(w->id))
                 .p);
    else if (evac_str_is(w->status, "deleting"))
        seen(c, EVAC_SEEN_MOVING, "the copy is being deleted");
    else
        seen(c, EVAC_SEEN_UNSATISFIED, "the drill's copy is still there");
}

static enum evac_code observe_discard(struct aws_call *c, const struct db_kind *kind,
                                      struct evac_err *err)
{
    enum evac_code code = begin(c, kind, err);
    return code ? code : describe(c, on_discard, err);
}

static void delete_it(struct aws_call *c, aws_reply_fn *then)
{
    const struct work *w = c->state;
    struct db_fields fields = { .count = 0 };
    db_field(&fields, w->kind->id, w->id);
    db_field(&fields, "SkipFinalSnapshot", EVAC_STR("true"));
    db_field(&fields, "DeleteAutomatedBackups", EVAC_STR("true"));
    db_change(c, w->kind->remove, &fields, then);
}

static void instance_deleted(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (r->outcome == EVAC_OUTCOME_ACCEPTED)
        delete_it(c, aws_answer_partly);
    else
        aws_answer_outcome(c, r);
}

/* A cluster can be deleted when its instance is on its way out, and the instance only when it is
 * the copy's too. */
static void delete_instance(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct work *w = c->state;
    struct db_fields fields = { .count = 0 };
    struct db_view v;
    if (!db_look(c, r, &v))
        return;
    if (!v.found || evac_str_is(v.status, "deleting")) {
        delete_it(c, aws_answer_outcome);
        return;
    }
    if (!evac_str_eq(v.run, w->its_run)) {
        aws_answer_rejected(c, "", "%.*s is in the copy, and is none of the drill's",
                            EVAC_STR_ARG(w->instance));
        return;
    }
    db_field(&fields, "DBInstanceIdentifier", w->instance);
    db_change(c, "DeleteDBInstance", &fields, instance_deleted);
}

static void discard_when_seen(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct work *w = c->state;
    struct db_fields fields = { .count = 0 };
    if (!look(c, r))
        return;
    if (!w->found || !may_discard(w)) {
        aws_answer_rejected(c, "", "%s",
                            w->found ? "it does not carry the tags of a drill's copy"
                                     : "there is no such copy");
        return;
    }
    if (w->instance.n == 0) {
        delete_it(c, aws_answer_outcome);
        return;
    }
    db_field(&fields, "DBInstanceIdentifier", w->instance);
    db_ask(c, "DescribeDBInstances", c->region, &fields, delete_instance);
}

static enum evac_code discard(struct aws_call *c, const struct db_kind *kind, struct evac_err *err)
{
    enum evac_code code = begin(c, kind, err);
    return code ? code : describe(c, discard_when_seen, err);
}

/* --- measure -----------------------------------------------------------------------------------
 */

/* As of now, everything is there up to the recovery point's time. */
static void measured(struct aws_call *c, const struct db_point *p)
{
    const struct evac_host *host = c->link->host;
    int64_t now = host->wall_ms(host->ctx);
    bool known = p->found && p->dated;
    aws_answer_lag(c, known, known && p->at_ms < now ? now - p->at_ms : 0, now,
                   p->found ? name_of(c, p)
                            : "the region has no recovery point that could be restored");
}

static enum evac_code measure(struct aws_call *c, const struct db_kind *kind, struct evac_err *err)
{
    enum evac_code code = begin(c, kind, err);
    if (code)
        return code;
    struct work *w = c->state;
    w->search->then = measured;
    return db_points_first(c, w->search, err);
}

/* --- for the tables ----------------------------------------------------------------------------
 */

#define X(name, fn)                                                                                \
    enum evac_code name##_instance(struct aws_call *c, struct evac_err *err)                       \
    {                                                                                              \
        return fn(c, &db_kind_instance, err);                                                      \
    }                                                                                              \
    enum evac_code name##_cluster(struct aws_call *c, struct evac_err *err)                        \
    {                                                                                              \
        return fn(c, &db_kind_cluster, err);                                                       \
    }
DB_HANDLERS(X)
#undef X

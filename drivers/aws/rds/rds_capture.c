/*
 * Before a planned move: a snapshot of the database that is left, taken after its fence, and copied
 * to the region that takes over. Its name is the run's, so nothing is taken or copied twice; the
 * fence's instant is in it, because a controller that was set up anew counts its runs from 1 again.
 * The tag evac:taken says how old its data is, and goes along with the copy.
 */
#include "rds_points.h"

#include <string.h>

struct capture {
    const struct db_kind *kind;
    struct evac_str source, id; /* the database's identifier; both snapshots' */
    bool found;                 /* the snapshot of the region being left */
    struct evac_str status, arn;
};

static struct capture *capture(struct aws_call *c)
{
    return c->state;
}

/* --- answering ---------------------------------------------------------------------------------
 */

static void seen(struct aws_call *c, enum evac_seen seen, const char *why)
{
    const struct capture *s = capture(c);
    struct aws_sight sight = { .seen = seen, .progress = -1 };
    if (c->verb == EVAC_VERB_APPLY) {
        aws_answer_rejected(c, "", "%s", why);
        return;
    }
    sight.snapshot =
        aws_printf(c, "{\"id\":\"%.*s\",\"found\":%s,\"status\":\"%.*s\"}", EVAC_STR_ARG(s->id),
                   s->found ? "true" : "false", EVAC_STR_ARG(s->status));
    aws_answer_seen(c, &sight, "%s", why);
}

static void nothing_to_take(struct aws_call *c)
{
    seen(c, EVAC_SEEN_SATISFIED,
         aws_fenced_ms(c, c->from) ? "a point in time is restored, no snapshot"
                                   : "no fence is known after which to take one");
}

static enum evac_seen on_its_way(struct evac_str status)
{
    return db_is_stuck(status) ? EVAC_SEEN_BLOCKED : EVAC_SEEN_MOVING;
}

/* --- taking and copying ------------------------------------------------------------------------
 */

/* What was written before this instant is in it; the region being left is asked. */
static void take(struct aws_call *c)
{
    const struct capture *s = capture(c);
    struct db_fields fields = { .count = 0 };
    db_field(&fields, s->kind->id, s->source);
    db_field(&fields, s->kind->snapshot_id, s->id);
    db_field_tag(c, &fields, DB_TAG_RUN, evac_args_get(&c->args, "run"));
    db_field_tag(c, &fields, DB_TAG_TAKEN, aws_printf(c, "%lld", (long long)aws_now_ms(c)));
    c->region = c->from;
    db_change(c, s->kind->take, &fields, aws_answer_outcome);
}

/* Asked of the region that it goes to. Its key of its own is wanted for what is encrypted. */
static void copy(struct aws_call *c)
{
    const struct capture *s = capture(c);
    struct db_fields fields = { .count = 0 };
    db_field(&fields, s->kind->copy_from, s->arn);
    db_field(&fields, s->kind->copy_to, s->id);
    db_field(&fields, "KmsKeyId", evac_args_regional(&c->args, "kms_key", c->to));
    db_field(&fields, "CopyTags", EVAC_STR("true"));
    c->region = c->to;
    db_change(c, s->kind->copy, &fields, aws_answer_outcome);
}

static void act(struct aws_call *c, const char *why, aws_then_fn *then)
{
    if (c->verb == EVAC_VERB_APPLY)
        then(c);
    else
        seen(c, EVAC_SEEN_UNSATISFIED, why);
}

/* --- looking -----------------------------------------------------------------------------------
 */

/* False: answered, it could not be looked at. */
static bool look(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct capture *s = capture(c);
    if (evac_str_eq(r->code, evac_str(s->kind->no_snapshot)))
        return true;
    if (!aws_looked(c, r))
        return false;
    const struct evac_xml *x = evac_xml_path(r->xml, s->kind->snapshot_path);
    s->found = x != NULL;
    s->status = db_keep(c, evac_xml_text(x, "Status"));
    s->arn = db_keep(c, evac_xml_text(x, s->kind->snapshot_arn));
    return true;
}

static void ask_snapshot(struct aws_call *c, struct evac_str region, aws_reply_fn *then)
{
    const struct capture *s = capture(c);
    struct db_fields fields = { .count = 0 };
    db_field(&fields, s->kind->snapshot_id, s->id);
    db_ask(c, s->kind->snapshots, region, &fields, then);
}

static const char *is_status(struct aws_call *c, const char *where)
{
    const struct capture *s = capture(c);
    return aws_printf(c, "%s %.*s is %.*s", where, EVAC_STR_ARG(s->id), EVAC_STR_ARG(s->status)).p;
}

/* One that is backing up, or changed, takes no snapshot: it is a moment's matter. */
static void on_database(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct capture *s = capture(c);
    if (evac_str_eq(r->code, evac_str(s->kind->not_found))) {
        seen(c, EVAC_SEEN_BLOCKED, "the region that is left has no such database");
        return;
    }
    if (!aws_looked(c, r))
        return;
    struct evac_str status = evac_xml_text(evac_xml_path(r->xml, s->kind->path), s->kind->status);
    if (evac_str_is(status, "available"))
        act(c, "there is no snapshot since the fence yet", take);
    else
        seen(c, on_its_way(status),
             aws_printf(c, "%.*s is %.*s", EVAC_STR_ARG(s->source), EVAC_STR_ARG(status)).p);
}

static void ask_database(struct aws_call *c)
{
    const struct capture *s = capture(c);
    struct db_fields fields = { .count = 0 };
    db_field(&fields, s->kind->id, s->source);
    db_ask(c, s->kind->describe, c->from, &fields, on_database);
}

static void on_taken(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct capture *s = capture(c);
    if (!look(c, r))
        return;
    if (!s->found && !aws_is_after_fence(c, c->from, 0))
        seen(c, EVAC_SEEN_MOVING, "what was taken now could be dated before the fence");
    else if (!s->found)
        ask_database(c);
    else if (evac_str_is(s->status, "available"))
        act(c, "the snapshot is not copied yet", copy);
    else
        seen(c, on_its_way(s->status), is_status(c, "the snapshot"));
}

static void on_copied(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct capture *s = capture(c);
    if (!look(c, r))
        return;
    if (!s->found)
        ask_snapshot(c, c->from, on_taken);
    else if (evac_str_is(s->status, "available"))
        seen(c, EVAC_SEEN_SATISFIED, is_status(c, "the copy"));
    else
        seen(c, on_its_way(s->status), is_status(c, "the copy"));
}

/* Where they are replicated, all of it arrives in minutes: recover waits for that. */
static void on_backups(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (!aws_looked(c, r))
        return;
    const struct evac_xml *x = evac_xml_path(r->xml, "DescribeDBInstanceAutomatedBackupsResult/"
                                                     "DBInstanceAutomatedBackups/"
                                                     "DBInstanceAutomatedBackup");
    while (x && (!evac_str_eq(evac_xml_text(x, "Region"), c->from) ||
                 evac_str_is(evac_xml_text(x, "Status"), "retained") ||
                 evac_xml_text(x, "RestoreWindow/LatestTime").n == 0))
        x = evac_xml_again(x);
    if (x)
        seen(c, EVAC_SEEN_SATISFIED, "its backups are replicated: none has to be taken");
    else
        ask_snapshot(c, c->to, on_copied);
}

static enum evac_code start(struct aws_call *c, const struct db_kind *kind, struct evac_err *err)
{
    struct capture *s = evac_arena_alloc(c->arena, sizeof *s);
    struct evac_str run = evac_args_get(&c->args, "run");
    struct evac_str fenced = evac_args_get(&c->args, "fenced");
    struct db_fields fields = { .count = 0 };
    *s = (struct capture){ .kind = kind,
                           .source = evac_args_regional(&c->args, kind->members, c->from) };
    s->id = aws_printf(c, "evac-%.*s-%.*s-%.*s", EVAC_STR_ARG(run), EVAC_STR_ARG(fenced),
                       EVAC_STR_ARG(s->source));
    c->state = s;
    if (run.n == 0)
        return evac_fail(err, EVAC_E_BADARG, "a snapshot is named by its run: there is none");
    if (!aws_fenced_ms(c, c->from) ||
        evac_str_is(evac_args_get(&c->args, "recover_from"), "point-in-time"))
        return aws_answer_later(c, nothing_to_take, err);
    db_field(&fields, kind->cluster ? kind->snapshot_id : kind->id,
             kind->cluster ? s->id : s->source);
    return db_ask_first(c, kind->cluster ? kind->snapshots : "DescribeDBInstanceAutomatedBackups",
                        c->to, &fields, kind->cluster ? on_copied : on_backups, err);
}

enum evac_code db_capture_instance(struct aws_call *c, struct evac_err *err)
{
    return start(c, &db_kind_instance, err);
}

enum evac_code db_capture_cluster(struct aws_call *c, struct evac_err *err)
{
    return start(c, &db_kind_cluster, err);
}

#include "dynamodb_restore.h"

#include "aws_time.h"

#include <string.h>

/* --- which one ------------------------------------------------------------------------------- */

static struct evac_str restored_id(struct aws_call *c, bool drill)
{
    struct evac_str here = dynamodb_here(c), id = evac_args_regional(&c->args, "restore_as", here);
    struct evac_str copy = evac_args_regional(&c->args, "rehearse_as", here);
    if (id.n == 0)
        id = evac_args_regional(&c->args, "table", here);
    if (!drill)
        return id;
    return copy.n ? copy : aws_printf(c, "%.*s-drill", EVAC_STR_ARG(id));
}

static enum evac_code wanted_time(const struct aws_call *c, struct dynamodb_work *w,
                                  struct evac_err *err)
{
    struct evac_str time = evac_args_get(&c->args, "want.time");
    if (time.n == 0)
        return EVAC_OK;
    if (w->backups)
        return evac_fail(err, EVAC_E_BADARG, "want.time needs recover_from = \"point-in-time\"");
    if (!evac_aws_time_iso(time, &w->wanted_ms) || w->wanted_ms <= 0)
        return evac_fail(err, EVAC_E_BADARG,
                         "want.time is '%.*s': it is written as 2026-01-02T03:04:05Z",
                         EVAC_STR_ARG(time));
    return EVAC_OK;
}

static enum evac_code check_names(struct aws_call *c, const struct dynamodb_work *w,
                                  struct evac_err *err)
{
    bool own = evac_str_eq(w->source_region, dynamodb_here(c));
    if (w->in_ready && !dynamodb_by_backups(c))
        return EVAC_OK; /* nothing is restored: it only must be possible */
    if (own && !w->backups && evac_str_eq(w->id, w->source_name))
        return evac_fail(err, EVAC_E_BADARG,
                         "restoring '%.*s' to a point in time needs another name: set restore_as",
                         EVAC_STR_ARG(w->id));
    if (w->drill && evac_str_eq(w->id, restored_id(c, false)))
        return evac_fail(err, EVAC_E_BADARG,
                         "rehearse_as is '%.*s', as restore_as: a drill's copy needs its own name",
                         EVAC_STR_ARG(w->id));
    return EVAC_OK;
}

enum evac_code dynamodb_begin(struct aws_call *c, aws_then_fn *then, struct evac_err *err)
{
    struct dynamodb_work *w = evac_arena_alloc(c->arena, sizeof *w);
    struct evac_str from = evac_args_get(&c->args, "recover_from");
    bool other = evac_str_is(evac_args_get(&c->args, "source"), "other");
    bool looks = strcmp(c->action, "ready") == 0 || strcmp(c->action, "capture") == 0 ||
                 c->verb == EVAC_VERB_MEASURE;
    *w = (struct dynamodb_work){ .then = then,
                                 .run = evac_args_get(&c->args, "run"),
                                 .source_region = other ? dynamodb_other(c) : dynamodb_here(c),
                                 .drill = strcmp(c->action, "rehearse") == 0 ||
                                          strcmp(c->action, "discard") == 0,
                                 .backups = evac_str_is(from, "backups"),
                                 .in_ready = looks,
                                 .at_ms = -1 };
    w->id = restored_id(c, w->drill);
    w->source_name = evac_args_regional(&c->args, "table", w->source_region);
    c->state = w;
    if (from.n == 0)
        return evac_fail(err, EVAC_E_BADARG, "set recover_from: \"point-in-time\" or \"backups\"");
    if (w->run.n == 0 && !looks)
        return evac_fail(err, EVAC_E_BADARG,
                         "restoring needs a run: what it makes is tagged with it");
    enum evac_code code = check_names(c, w, err);
    return code ? code : wanted_time(c, w, err);
}

/* --- the recovery point ---------------------------------------------------------------------- */

static void on_window(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct dynamodb_work *w = c->state;
    bool none = evac_str_is(r->code, "TableNotFoundException");
    if (!none && r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_no_look(c, r);
        return;
    }
    const struct evac_json *window = evac_json_get(
        evac_json_get(r->json, "ContinuousBackupsDescription"), "PointInTimeRecoveryDescription");
    int64_t earliest = dynamodb_ms(window, "EarliestRestorableDateTime");
    int64_t latest = dynamodb_ms(window, "LatestRestorableDateTime");
    w->pitr_on = evac_str_is(evac_json_str(window, "PointInTimeRecoveryStatus"), "ENABLED");
    if (w->pitr_on && latest >= 0)
        w->at_ms = w->wanted_ms == 0                                    ? latest
                   : w->wanted_ms >= earliest && w->wanted_ms <= latest ? w->wanted_ms
                                                                        : -1;
    w->then(c);
}

static void list_backups(struct aws_call *c, struct evac_str after);

/* Those of AWS Backup are its own to restore. */
static void offer(struct aws_call *c, const struct evac_json *b)
{
    struct dynamodb_work *w = c->state;
    int64_t at = dynamodb_ms(b, "BackupCreationDateTime") - DYNAMODB_BACKUP_MARGIN_MS;
    w->making = w->making || evac_str_is(evac_json_str(b, "BackupStatus"), "CREATING");
    if (!evac_str_is(evac_json_str(b, "BackupStatus"), "AVAILABLE") ||
        evac_str_is(evac_json_str(b, "BackupType"), "AWS_BACKUP") || at <= w->at_ms)
        return;
    w->at_ms = at;
    w->backup = dynamodb_keep(c, evac_json_str(b, "BackupArn"));
}

static void on_backups(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct dynamodb_work *w = c->state;
    if (!aws_looked(c, r))
        return;
    for (const struct evac_json *b = evac_json_first(evac_json_get(r->json, "BackupSummaries")); b;
         b = evac_json_next(b))
        offer(c, b);
    struct evac_str last = evac_json_str(r->json, "LastEvaluatedBackupArn");
    if (last.n)
        list_backups(c, dynamodb_keep(c, last));
    else
        w->then(c);
}

static void list_backups(struct aws_call *c, struct evac_str after)
{
    const struct dynamodb_work *w = c->state;
    const struct aws_hole holes[] = { { "name", w->source_name }, { "after", after } };
    dynamodb_ask(
        c, "ListBackups", w->source_region, false,
        "{\"TableName\":\"<name>\",\"BackupType\":\"ALL\",\"ExclusiveStartBackupArn\":<\"after>}",
        holes, 2, on_backups);
}

static void find_point(struct aws_call *c)
{
    const struct dynamodb_work *w = c->state;
    const struct aws_hole holes[] = { { "name", w->source_name } };
    if (w->backups)
        list_backups(c, EVAC_STR_NONE);
    else
        dynamodb_ask(c, "DescribeContinuousBackups", w->source_region, false,
                     "{\"TableName\":\"<name>\"}", holes, 1, on_window);
}

const char *dynamodb_no_point(struct aws_call *c)
{
    const struct dynamodb_work *w = c->state;
    if (w->backups)
        return aws_printf(c, "%.*s has no backup of %.*s that could be restored",
                          EVAC_STR_ARG(w->source_region), EVAC_STR_ARG(w->source_name))
            .p;
    return aws_printf(c, "point-in-time recovery of %.*s in %.*s %s", EVAC_STR_ARG(w->source_name),
                      EVAC_STR_ARG(w->source_region),
                      w->pitr_on ? "does not reach that time" : "is off")
        .p;
}

/* --- looking --------------------------------------------------------------------------------- */

static struct evac_str tag_in(struct aws_call *c, const struct evac_aws_reply *r, const char *key)
{
    for (const struct evac_json *t = evac_json_first(evac_json_get(r->json, "Tags")); t;
         t = evac_json_next(t))
        if (evac_str_is(evac_json_str(t, "Key"), key))
            return dynamodb_keep(c, evac_json_str(t, "Value"));
    return EVAC_STR_NONE;
}

static void ask_tags(struct aws_call *c, struct evac_str region, struct evac_str arn,
                     aws_reply_fn *then)
{
    const struct aws_hole holes[] = { { "arn", arn } };
    dynamodb_ask(c, "ListTagsOfResource", region, false, "{\"ResourceArn\":\"<arn>\"}", holes, 1,
                 then);
}

static void on_claim(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct dynamodb_work *w = c->state;
    if (!aws_looked(c, r))
        return;
    w->claim = tag_in(c, r, DYNAMODB_TAG_CLAIM);
    find_point(c);
}

static void on_source(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct dynamodb_work *w = c->state;
    if (!dynamodb_look(c, r, &w->source))
        return;
    /* restored under the name of a table that was deleted: there is no other one */
    w->source.found &= !evac_str_eq(w->source.arn, w->target.arn);
    if (w->source.found && !w->in_ready)
        ask_tags(c, w->source_region, w->source.arn, on_claim);
    else
        find_point(c);
}

void dynamodb_look_at_source(struct aws_call *c)
{
    const struct dynamodb_work *w = c->state;
    dynamodb_describe(c, w->source_region, w->source_name, on_source);
}

static void on_tags(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct dynamodb_work *w = c->state;
    if (!aws_looked(c, r))
        return;
    w->its_run = tag_in(c, r, DYNAMODB_TAG_RUN);
    w->its_drill = tag_in(c, r, DYNAMODB_TAG_DRILL);
    if (w->its_run.n || w->target.restored_to_ms < 0)
        w->then(c);
    else
        dynamodb_look_at_source(c);
}

static void on_target(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct dynamodb_work *w = c->state;
    if (!dynamodb_look(c, r, &w->target))
        return;
    if (w->target.found)
        ask_tags(c, dynamodb_here(c), w->target.arn, on_tags);
    else
        dynamodb_look_at_source(c);
}

enum evac_code dynamodb_look_around(struct aws_call *c, aws_then_fn *then, struct evac_err *err)
{
    enum evac_code code = dynamodb_begin(c, then, err);
    const struct dynamodb_work *w = c->state;
    return code ? code : dynamodb_describe_first(c, dynamodb_here(c), w->id, on_target, err);
}

enum evac_code dynamodb_look_at_source_first(struct aws_call *c, struct evac_err *err)
{
    const struct dynamodb_work *w = c->state;
    return dynamodb_describe_first(c, w->source_region, w->source_name, on_source, err);
}

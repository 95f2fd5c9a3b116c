/*
 * Before a planned move: a backup of the table that is left, made after its fence. Where it is
 * restored from continuous backups, or from its own region's, there is nothing to take.
 */
#include "dynamodb_restore.h"

#include "aws_fence.h"

static void seen(struct aws_call *c, enum evac_seen seen, const char *why)
{
    struct aws_sight sight = { .seen = seen, .progress = -1 };
    if (c->verb == EVAC_VERB_APPLY) {
        aws_answer_rejected(c, "", "%s", why);
        return;
    }
    sight.snapshot =
        aws_printf(c, "{\"name\":\"%.*s\"}", EVAC_STR_ARG(evac_args_get(&c->args, "backup_name")));
    aws_answer_seen(c, &sight, "%s", why);
}

static void nothing_to_take(struct aws_call *c)
{
    seen(c, EVAC_SEEN_SATISFIED,
         aws_fenced_ms(c, c->from) ? "what is restored needs no backup of the table that is left"
                                   : "no fence is known after which to take one");
}

static void take(struct aws_call *c)
{
    const struct dynamodb_work *w = c->state;
    const struct aws_hole holes[] = { { "name", w->source_name },
                                      { "backup", evac_args_get(&c->args, "backup_name") } };
    dynamodb_ask(c, "CreateBackup", w->source_region, true,
                 "{\"TableName\":\"<name>\",\"BackupName\":\"<backup>\"}", holes, 2,
                 aws_answer_outcome);
}

static void on_backups(struct aws_call *c)
{
    const struct dynamodb_work *w = c->state;
    if (w->at_ms >= aws_fenced_ms(c, c->from))
        seen(c, EVAC_SEEN_SATISFIED, "there is a backup that has all from before the fence");
    else if (w->making)
        seen(c, EVAC_SEEN_MOVING, "a backup is being made");
    else if (!w->source.found)
        seen(c, EVAC_SEEN_BLOCKED, "the table that is left is not there");
    else if (!aws_is_after_fence(c, c->from, DYNAMODB_BACKUP_MARGIN_MS))
        seen(c, EVAC_SEEN_MOVING,
             "a backup has all up to a minute before it: the fence is younger");
    else if (c->verb == EVAC_VERB_APPLY)
        take(c);
    else
        seen(c, EVAC_SEEN_UNSATISFIED, "there is no backup since the fence yet");
}

enum evac_code dynamodb_capture(struct aws_call *c, struct evac_err *err)
{
    bool other = evac_str_is(evac_args_get(&c->args, "source"), "other");
    bool backups = evac_str_is(evac_args_get(&c->args, "recover_from"), "backups");
    struct evac_str run = evac_args_get(&c->args, "run");
    struct evac_str fenced = evac_args_get(&c->args, "fenced");
    if (run.n == 0)
        return evac_fail(err, EVAC_E_BADARG, "a backup is named by its run: there is none");
    aws_set_arg(c, "backup_name",
                aws_printf(c, "evac-%.*s-%.*s", EVAC_STR_ARG(run), EVAC_STR_ARG(fenced)));
    if (!other || !backups || !aws_fenced_ms(c, c->from))
        return aws_answer_later(c, nothing_to_take, err);
    c->region = c->to; /* the backup is the other region's, as recover sees it */
    enum evac_code code = dynamodb_begin(c, on_backups, err);
    return code ? code : dynamodb_look_at_source_first(c, err);
}

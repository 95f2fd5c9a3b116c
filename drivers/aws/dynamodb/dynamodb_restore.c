/*
 * Restoring a table from its continuous backups or from a backup, under a name of its own.
 *
 * A restore takes no tags, and a table that is being made can not be tagged. So that a lost reply
 * leaves no doubt, the run's claim is written first, as a tag on the table that is restored from;
 * the restored table's own tags come last, after its settings: a table that carries them is
 * finished. One without is this run's only when it comes from that very source and the claim names
 * this run and this table.
 *
 * A restore brings back neither point-in-time recovery nor time to live: both are set here.
 * Streams, other tags, auto scaling, alarms and policies are not.
 */
#include "dynamodb_restore.h"

#include "aws_fence.h"

#include <string.h>

/* --- whose it is ----------------------------------------------------------------------------- */

static struct evac_str claim_of(struct aws_call *c, struct evac_str run)
{
    const struct dynamodb_work *w = c->state;
    size_t n = w->id.n < 200 ? w->id.n : 200; /* a tag's value has room for 256 */
    return aws_printf(c, "%.*s:%.*s", EVAC_STR_ARG(run), (int)n, w->id.p);
}

/* It comes from where this step restores from. Without the source table, from its newest backup. */
static bool is_from_source(const struct dynamodb_work *w)
{
    if (w->source.found)
        return evac_str_eq(w->target.source_table, w->source.arn);
    return w->backups && w->backup.n && evac_str_eq(w->target.source_backup, w->backup);
}

/* Not tagged yet, and begun by that run; run "": by any run. */
static bool is_claimed(struct aws_call *c, struct evac_str run)
{
    const struct dynamodb_work *w = c->state;
    if (w->its_run.n || !is_from_source(w))
        return false;
    if (!w->source.found)
        return true;
    return run.n ? evac_str_eq(w->claim, claim_of(c, run))
                 : evac_str_ends(w->claim, claim_of(c, EVAC_STR_NONE).p);
}

static bool is_ours(const struct dynamodb_work *w)
{
    return w->run.n && evac_str_eq(w->its_run, w->run) && (w->its_drill.n > 0) == w->drill;
}

/* Tags take seconds until they are shown: a claim that is not seen yet may be there. */
static bool is_too_young(const struct dynamodb_work *w)
{
    return !w->its_run.n && w->target.young && w->target.restored_to_ms >= 0;
}

static const char *whose(struct aws_call *c)
{
    const struct dynamodb_work *w = c->state;
    if (w->its_run.n)
        return aws_printf(c, "%.*s is there already: run %.*s has made it", EVAC_STR_ARG(w->id),
                          EVAC_STR_ARG(w->its_run))
            .p;
    return aws_printf(c, "%.*s is there already, and this run has not begun it",
                      EVAC_STR_ARG(w->id))
        .p;
}

/* --- answering ------------------------------------------------------------------------------- */

static int64_t age_ms(const struct aws_call *c, int64_t at_ms)
{
    const struct evac_host *host = c->link->host;
    int64_t age = host->wall_ms(host->ctx) - at_ms;
    return age > 0 ? age : 0;
}

/* Up to when everything is in what is there, or would be. */
static int64_t as_of(const struct dynamodb_work *w)
{
    if (!w->target.found)
        return w->at_ms;
    if (w->target.restored_to_ms < 0)
        return -1;
    return w->target.restored_to_ms - (w->target.source_backup.n ? DYNAMODB_BACKUP_MARGIN_MS : 0);
}

static void seen(struct aws_call *c, enum evac_seen seen, int64_t as_of_ms, const char *why)
{
    const struct dynamodb_work *w = c->state;
    struct evac_fact facts[] = { { "as_of_wall_ms", aws_point_ms(c, as_of_ms) },
                                 { "age_ms", age_ms(c, as_of_ms) } };
    struct aws_sight sight = {
        .seen = seen, .progress = -1, .facts = facts, .fact_count = as_of_ms >= 0 ? 2 : 0
    };
    sight.snapshot = aws_printf(
        c, "{\"id\":\"%.*s\",\"found\":%s,\"status\":\"%.*s\",\"run\":\"%.*s\",\"as_of\":%lld}",
        EVAC_STR_ARG(w->id), w->target.found ? "true" : "false", EVAC_STR_ARG(w->target.status),
        EVAC_STR_ARG(w->its_run), (long long)as_of_ms);
    aws_answer_seen(c, &sight, "%s", why);
}

/* --- ready, and the loss beforehand ---------------------------------------------------------- */

static void on_point(struct aws_call *c)
{
    const struct dynamodb_work *w = c->state;
    bool done = w->target.found && w->run.n && evac_str_eq(w->its_run, w->run);
    if (done)
        seen(c, EVAC_SEEN_SATISFIED, as_of(w), "this run has restored it already");
    else if (w->target.found)
        seen(c, EVAC_SEEN_BLOCKED, -1,
             aws_printf(c, "%.*s is there already: a restore could not take that name",
                        EVAC_STR_ARG(w->id))
                 .p);
    else if (w->at_ms < 0)
        seen(c, EVAC_SEEN_BLOCKED, -1, dynamodb_no_point(c));
    else /* of a replica, what would be lost is what has not arrived */
        seen(c, EVAC_SEEN_SATISFIED, dynamodb_by_backups(c) ? w->at_ms : -1, "");
}

enum evac_code dynamodb_observe_point(struct aws_call *c, struct evac_err *err)
{
    return dynamodb_look_around(c, on_point, err);
}

void dynamodb_look_at_point(struct aws_call *c)
{
    struct evac_err err = { EVAC_OK, "" };
    if (dynamodb_begin(c, on_point, &err)) {
        struct aws_sight sight = { .seen = EVAC_SEEN_BLOCKED, .progress = -1 };
        aws_answer_seen(c, &sight, "%s", err.text);
        return;
    }
    dynamodb_look_at_source(c);
}

/* As of now, everything is there up to the recovery point's time. */
static void on_measure(struct aws_call *c)
{
    const struct dynamodb_work *w = c->state;
    int64_t lag = age_ms(c, w->at_ms);
    bool known = w->at_ms >= 0;
    aws_answer_lag(c, known, lag, w->at_ms + lag, known ? "" : dynamodb_no_point(c));
}

enum evac_code dynamodb_measure_point(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = dynamodb_begin(c, on_measure, err);
    return code ? code : dynamodb_look_at_source_first(c, err);
}

/* --- recover and rehearse -------------------------------------------------------------------- */

/* Of the data that is left, a planned move restores only what has all of it: continuous backups
 * have it in minutes. An instant that was asked for is what is wanted. */
static int64_t waits_until(struct aws_call *c)
{
    const struct dynamodb_work *w = c->state;
    int64_t fenced = strcmp(c->action, "recover") == 0 && w->wanted_ms == 0
                         ? aws_fenced_ms(c, w->source_region)
                         : 0;
    return fenced > w->at_ms ? fenced : 0;
}

static struct aws_wait wait_for_point(struct aws_call *c)
{
    const struct dynamodb_work *w = c->state;
    enum aws_newer newer = w->making ? AWS_NEWER_BEGUN : AWS_NEWER_NONE;
    return aws_wait_for_point(c, waits_until(c), w->at_ms, w->backups ? newer : AWS_NEWER_SOON);
}

static void on_restored(struct aws_call *c)
{
    const struct dynamodb_work *w = c->state;
    bool active = evac_str_is(w->target.status, "ACTIVE");
    if (!w->target.found && w->at_ms < 0)
        seen(c, EVAC_SEEN_BLOCKED, -1, dynamodb_no_point(c));
    else if (!w->target.found && waits_until(c))
        seen(c, wait_for_point(c).seen, w->at_ms, wait_for_point(c).why);
    else if (!w->target.found)
        seen(c, EVAC_SEEN_UNSATISFIED, w->at_ms, "");
    else if (!is_ours(w) && !is_claimed(c, w->run) && is_too_young(w))
        seen(c, EVAC_SEEN_MOVING, -1, "it has just been begun, and AWS does not show by whom yet");
    else if (!is_ours(w) && !is_claimed(c, w->run))
        seen(c, EVAC_SEEN_BLOCKED, -1, whose(c));
    else if (!active)
        seen(c, EVAC_SEEN_MOVING, as_of(w),
             aws_printf(c, "%.*s is %.*s", EVAC_STR_ARG(w->id), EVAC_STR_ARG(w->target.status)).p);
    else if (!is_ours(w))
        seen(c, EVAC_SEEN_UNSATISFIED, as_of(w),
             "it is restored, and has neither its settings nor its tags yet");
    else
        seen(c, EVAC_SEEN_SATISFIED, as_of(w),
             w->drill ? ""
                      : "what a restore does not bring back: streams, other tags, auto scaling, "
                        "alarms, policies");
}

static void on_discard(struct aws_call *c);
static void discard_when_seen(struct aws_call *c);

/* A rehearsal's way back: to where there was no copy. */
static bool goes_back(struct aws_call *c)
{
    struct evac_json *goal = strcmp(c->action, "rehearse") == 0 ? aws_goal(c) : NULL;
    bool back = goal && !evac_json_bool(goal, "found", true);
    evac_json_free(goal);
    return back;
}

enum evac_code dynamodb_observe_restore(struct aws_call *c, struct evac_err *err)
{
    return dynamodb_look_around(c, goes_back(c) ? on_discard : on_restored, err);
}

static void restore_point(struct aws_call *c)
{
    const struct dynamodb_work *w = c->state;
    struct evac_str time = w->wanted_ms
                               ? aws_printf(c, "%lld.%03lld", (long long)w->wanted_ms / 1000,
                                            (long long)w->wanted_ms % 1000)
                               : EVAC_STR_NONE;
    const struct aws_hole holes[] = {
        { "id", w->id },
        { "source", w->source.arn },
        { "backup", w->backup },
        { "time", time },
        { "latest", w->wanted_ms ? EVAC_STR("false") : EVAC_STR("true") },
        { "sse",
          evac_str(
              aws_regional(c, "kms_key").n
                  ? aws_fill(
                        c,
                        "{\"Enabled\":true,\"SSEType\":\"KMS\",\"KMSMasterKeyId\":\"<kms_key>\"}",
                        AWS_JSON, NULL, 0)
                        .p
                  : "null") },
    };
    if (w->backups)
        dynamodb_ask(c, "RestoreTableFromBackup", c->region, true,
                     "{\"TargetTableName\":\"<id>\",\"BackupArn\":\"<backup>\","
                     "\"SSESpecificationOverride\":<=sse>}",
                     holes, 6, aws_answer_outcome);
    else
        dynamodb_ask(c, "RestoreTableToPointInTime", c->region, true,
                     "{\"TargetTableName\":\"<id>\",\"SourceTableArn\":\"<source>\","
                     "\"UseLatestRestorableTime\":<=latest>,\"RestoreDateTime\":<=time>,"
                     "\"SSESpecificationOverride\":<=sse>}",
                     holes, 6, aws_answer_outcome);
}

/* A claim without a restore is none: nothing of that name would be there. */
static void claimed(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (r->outcome == EVAC_OUTCOME_ACCEPTED)
        restore_point(c);
    else
        aws_answer_outcome(c, r);
}

static void claim_and_restore(struct aws_call *c)
{
    const struct dynamodb_work *w = c->state;
    const struct aws_hole holes[] = { { "arn", w->source.arn }, { "claim", claim_of(c, w->run) } };
    if (!w->source.found || evac_str_eq(w->claim, claim_of(c, w->run)))
        restore_point(c); /* nothing to claim, or claimed by an earlier attempt */
    else
        dynamodb_ask(c, "TagResource", w->source_region, true,
                     "{\"ResourceArn\":\"<arn>\",\"Tags\":[{\"Key\":\"" DYNAMODB_TAG_CLAIM
                     "\",\"Value\":\"<claim>\"}]}",
                     holes, 2, claimed);
}

static void restore_when_seen(struct aws_call *c)
{
    const struct dynamodb_work *w = c->state;
    if (!w->target.found && w->at_ms < 0)
        aws_answer_rejected(c, "", "%s", dynamodb_no_point(c));
    else if (!w->target.found && waits_until(c))
        aws_answer_rejected(c, "", "%s", wait_for_point(c).why);
    else if (!w->target.found)
        claim_and_restore(c);
    else if (is_claimed(c, w->run) && evac_str_is(w->target.status, "ACTIVE"))
        dynamodb_finish(c);
    else
        aws_answer_rejected(c, "", "%s",
                            is_ours(w) || is_claimed(c, w->run) ? "it is there, or on its way"
                                                                : whose(c));
}

enum evac_code dynamodb_apply_restore(struct aws_call *c, struct evac_err *err)
{
    return dynamodb_look_around(c, goes_back(c) ? discard_when_seen : restore_when_seen, err);
}

/* --- discard --------------------------------------------------------------------------------- */

static bool may_discard(struct aws_call *c)
{
    const struct dynamodb_work *w = c->state;
    return (w->its_run.n && w->its_drill.n) || is_claimed(c, EVAC_STR_NONE);
}

static void on_discard(struct aws_call *c)
{
    const struct dynamodb_work *w = c->state;
    if (!w->target.found)
        seen(c, EVAC_SEEN_SATISFIED, -1, "");
    else if (!may_discard(c) && is_too_young(w))
        seen(c, EVAC_SEEN_MOVING, -1, "it has just been begun, and AWS does not show by whom yet");
    else if (!may_discard(c))
        seen(c, EVAC_SEEN_BLOCKED, -1,
             aws_printf(c, "%.*s is no drill's copy: no drill has made it", EVAC_STR_ARG(w->id)).p);
    else if (evac_str_is(w->target.status, "DELETING"))
        seen(c, EVAC_SEEN_MOVING, -1, "the copy is being deleted");
    else if (evac_str_is(w->target.status, "CREATING"))
        seen(c, EVAC_SEEN_MOVING, -1, "the copy can be deleted when it has been restored");
    else
        seen(c, EVAC_SEEN_UNSATISFIED, -1, "the drill's copy is still there");
}

enum evac_code dynamodb_observe_discard(struct aws_call *c, struct evac_err *err)
{
    return dynamodb_look_around(c, on_discard, err);
}

static void discard_when_seen(struct aws_call *c)
{
    const struct dynamodb_work *w = c->state;
    const struct aws_hole holes[] = { { "name", w->id } };
    if (!w->target.found || !may_discard(c))
        aws_answer_rejected(c, "", "%s",
                            w->target.found ? "no drill has made it" : "there is no such copy");
    else
        dynamodb_ask(c, "DeleteTable", c->region, true, "{\"TableName\":\"<name>\"}", holes, 1,
                     aws_answer_outcome);
}

enum evac_code dynamodb_apply_discard(struct aws_call *c, struct evac_err *err)
{
    return dynamodb_look_around(c, discard_when_seen, err);
}

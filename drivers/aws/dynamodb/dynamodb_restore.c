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
#include "dynamodb.h"

#include "aws_pick.h"
#include "aws_time.h"

#include <stdio.h>
#include <string.h>

#define BACKUP_MARGIN_MS 60000 /* a backup has everything up to a minute before its time */

/* What is known so far; filled by the looks below, one after the other. */
struct work {
    aws_then_fn *then;
    struct evac_str id, run; /* id: the restored table's name */
    struct evac_str source_region, source_name;
    bool drill, backups, in_ready;
    int64_t wanted_ms; /* 0: the latest */
    struct dynamodb_view target, source;
    struct evac_str its_run, its_drill, claim;
    bool pitr_on;
    int64_t at_ms; /* wall: the recovery point has everything up to then; -1: there is none */
    struct evac_str backup;
    /* finishing it: */
    size_t setting; /* the one that is looked at */
    bool changed;   /* this attempt has changed something already */
    bool in_doubt;  /* the last change was not answered */
};

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

static enum evac_code wanted_time(const struct aws_call *c, struct work *w, struct evac_err *err)
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

static enum evac_code check_names(struct aws_call *c, const struct work *w, struct evac_err *err)
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

static enum evac_code begin(struct aws_call *c, aws_then_fn *then, struct evac_err *err)
{
    struct work *w = evac_arena_alloc(c->arena, sizeof *w);
    struct evac_str from = evac_args_get(&c->args, "recover_from");
    bool other = evac_str_is(evac_args_get(&c->args, "source"), "other");
    bool looks = strcmp(c->action, "ready") == 0 || c->verb == EVAC_VERB_MEASURE;
    *w = (struct work){ .then = then,
                        .run = evac_args_get(&c->args, "run"),
                        .source_region = other ? dynamodb_other(c) : dynamodb_here(c),
                        .drill =
                            strcmp(c->action, "rehearse") == 0 || strcmp(c->action, "discard") == 0,
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
    struct work *w = c->state;
    bool none = evac_str_is(r->code, "TableNotFoundException");
    if (!none && r->outcome != EVAC_OUTCOME_ACCEPTED) {
        dynamodb_unanswered(c, r);
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
    struct work *w = c->state;
    int64_t at = dynamodb_ms(b, "BackupCreationDateTime") - BACKUP_MARGIN_MS;
    if (!evac_str_is(evac_json_str(b, "BackupStatus"), "AVAILABLE") ||
        evac_str_is(evac_json_str(b, "BackupType"), "AWS_BACKUP") || at <= w->at_ms)
        return;
    w->at_ms = at;
    w->backup = dynamodb_keep(c, evac_json_str(b, "BackupArn"));
}

static void on_backups(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        dynamodb_unanswered(c, r);
        return;
    }
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
    const struct work *w = c->state;
    const struct aws_hole holes[] = { { "name", w->source_name }, { "after", after } };
    dynamodb_ask(
        c, "ListBackups", w->source_region, false,
        "{\"TableName\":\"<name>\",\"BackupType\":\"ALL\",\"ExclusiveStartBackupArn\":<\"after>}",
        holes, 2, on_backups);
}

static void find_point(struct aws_call *c)
{
    const struct work *w = c->state;
    const struct aws_hole holes[] = { { "name", w->source_name } };
    if (w->backups)
        list_backups(c, EVAC_STR_NONE);
    else
        dynamodb_ask(c, "DescribeContinuousBackups", w->source_region, false,
                     "{\"TableName\":\"<name>\"}", holes, 1, on_window);
}

static const char *no_point(struct aws_call *c)
{
    const struct work *w = c->state;
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
    struct work *w = c->state;
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        dynamodb_unanswered(c, r);
        return;
    }
    w->claim = tag_in(c, r, DYNAMODB_TAG_CLAIM);
    find_point(c);
}

static void on_source(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    if (!dynamodb_look(c, r, &w->source))
        return;
    /* restored under the name of a table that was deleted: there is no other one */
    w->source.found &= !evac_str_eq(w->source.arn, w->target.arn);
    if (w->source.found && !w->in_ready)
        ask_tags(c, w->source_region, w->source.arn, on_claim);
    else
        find_point(c);
}

static void look_at_source(struct aws_call *c)
{
    const struct work *w = c->state;
    dynamodb_describe(c, w->source_region, w->source_name, on_source);
}

/* A finished table says itself whose it is: where it came from need not be there any more. */
static void on_tags(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        dynamodb_unanswered(c, r);
        return;
    }
    w->its_run = tag_in(c, r, DYNAMODB_TAG_RUN);
    w->its_drill = tag_in(c, r, DYNAMODB_TAG_DRILL);
    if (w->its_run.n || w->target.restored_to_ms < 0)
        w->then(c);
    else
        look_at_source(c);
}

static void on_target(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    if (!dynamodb_look(c, r, &w->target))
        return;
    if (w->target.found)
        ask_tags(c, dynamodb_here(c), w->target.arn, on_tags);
    else
        look_at_source(c);
}

static enum evac_code look(struct aws_call *c, aws_then_fn *then, struct evac_err *err)
{
    enum evac_code code = begin(c, then, err);
    const struct work *w = c->state;
    return code ? code : dynamodb_describe_first(c, dynamodb_here(c), w->id, on_target, err);
}

/* --- whose it is ----------------------------------------------------------------------------- */

static struct evac_str claim_of(struct aws_call *c, struct evac_str run)
{
    const struct work *w = c->state;
    size_t n = w->id.n < 200 ? w->id.n : 200; /* a tag's value has room for 256 */
    return aws_printf(c, "%.*s:%.*s", EVAC_STR_ARG(run), (int)n, w->id.p);
}

/* It comes from where this step restores from. Without the source table, from its newest backup. */
static bool is_from_source(const struct work *w)
{
    if (w->source.found)
        return evac_str_eq(w->target.source_table, w->source.arn);
    return w->backups && w->backup.n && evac_str_eq(w->target.source_backup, w->backup);
}

/* Not tagged yet, and begun by that run; run "": by any run. */
static bool is_claimed(struct aws_call *c, struct evac_str run)
{
    const struct work *w = c->state;
    if (w->its_run.n || !is_from_source(w))
        return false;
    if (!w->source.found)
        return true;
    return run.n ? evac_str_eq(w->claim, claim_of(c, run))
                 : evac_str_ends(w->claim, claim_of(c, EVAC_STR_NONE).p);
}

static bool is_ours(const struct work *w)
{
    return w->run.n && evac_str_eq(w->its_run, w->run) && (w->its_drill.n > 0) == w->drill;
}

/* Tags take seconds until they are shown: a claim that is not seen yet may be there. */
static bool is_too_young(const struct work *w)
{
    return !w->its_run.n && w->target.young && w->target.restored_to_ms >= 0;
}

static const char *whose(struct aws_call *c)
{
    const struct work *w = c->state;
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
static int64_t as_of(const struct work *w)
{
    if (!w->target.found)
        return w->at_ms;
    if (w->target.restored_to_ms < 0)
        return -1;
    return w->target.restored_to_ms - (w->target.source_backup.n ? BACKUP_MARGIN_MS : 0);
}

static void seen(struct aws_call *c, enum evac_seen seen, int64_t as_of_ms, const char *why)
{
    const struct work *w = c->state;
    struct evac_fact facts[] = { { "as_of_wall_ms", as_of_ms }, { "age_ms", age_ms(c, as_of_ms) } };
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
    const struct work *w = c->state;
    bool done = w->target.found && w->run.n && evac_str_eq(w->its_run, w->run);
    if (done)
        seen(c, EVAC_SEEN_SATISFIED, as_of(w), "this run has restored it already");
    else if (w->target.found)
        seen(c, EVAC_SEEN_BLOCKED, -1,
             aws_printf(c, "%.*s is there already: a restore could not take that name",
                        EVAC_STR_ARG(w->id))
                 .p);
    else if (w->at_ms < 0)
        seen(c, EVAC_SEEN_BLOCKED, -1, no_point(c));
    else /* of a replica, what would be lost is what has not arrived */
        seen(c, EVAC_SEEN_SATISFIED, dynamodb_by_backups(c) ? w->at_ms : -1, "");
}

enum evac_code dynamodb_observe_point(struct aws_call *c, struct evac_err *err)
{
    return look(c, on_point, err);
}

void dynamodb_look_at_point(struct aws_call *c)
{
    struct evac_err err = { EVAC_OK, "" };
    if (begin(c, on_point, &err)) {
        struct aws_sight sight = { .seen = EVAC_SEEN_BLOCKED, .progress = -1 };
        aws_answer_seen(c, &sight, "%s", err.text);
        return;
    }
    look_at_source(c);
}

/* As of now, everything is there up to the recovery point's time. */
static void on_measure(struct aws_call *c)
{
    const struct work *w = c->state;
    int64_t lag = age_ms(c, w->at_ms);
    struct evac_fact facts[] = { { "lag_ms", lag }, { "as_of_wall_ms", w->at_ms + lag } };
    struct aws_sight sight = { .seen = w->at_ms >= 0 ? EVAC_SEEN_SATISFIED : EVAC_SEEN_UNSEEN,
                               .progress = -1,
                               .facts = facts,
                               .fact_count = w->at_ms >= 0 ? 2 : 0 };
    aws_answer_seen(c, &sight, "%s", w->at_ms >= 0 ? "" : no_point(c));
}

enum evac_code dynamodb_measure_point(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = begin(c, on_measure, err);
    const struct work *w = c->state;
    return code ? code
                : dynamodb_describe_first(c, w->source_region, w->source_name, on_source, err);
}

/* --- recover and rehearse -------------------------------------------------------------------- */

static void on_restored(struct aws_call *c)
{
    const struct work *w = c->state;
    bool active = evac_str_is(w->target.status, "ACTIVE");
    if (!w->target.found && w->at_ms < 0)
        seen(c, EVAC_SEEN_BLOCKED, -1, no_point(c));
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
    return look(c, goes_back(c) ? on_discard : on_restored, err);
}

/* The answer of a change that can be asked for again. After an earlier one of the same attempt was
 * accepted never that it had no effect: what is missing is seen by the next look. */
static void answer_change(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct work *w = c->state;
    struct evac_aws_reply reply = *r;
    if (w->changed && r->outcome != EVAC_OUTCOME_UNKNOWN)
        reply.outcome = EVAC_OUTCOME_ACCEPTED;
    aws_answer_outcome(c, &reply);
}

static void tag_it(struct aws_call *c)
{
    const struct work *w = c->state;
    const struct aws_hole holes[] = { { "arn", w->target.arn }, { "run", w->run } };
    dynamodb_ask(c, "TagResource", c->region, true,
                 w->drill ? "{\"ResourceArn\":\"<arn>\",\"Tags\":[{\"Key\":\"" DYNAMODB_TAG_RUN
                            "\",\"Value\":\"<run>\"},{\"Key\":\"" DYNAMODB_TAG_DRILL
                            "\",\"Value\":\"<run>\"}]}"
                          : "{\"ResourceArn\":\"<arn>\",\"Tags\":[{\"Key\":\"" DYNAMODB_TAG_RUN
                            "\",\"Value\":\"<run>\"}]}",
                 holes, 2, answer_change);
}

/* What a restore does not bring back, and this driver sets again. */
static const struct setting {
    const char *look, *at, *good; /* good: "A|B", values that it has, or will have by itself */
    const char *change, *body;
} settings[] = {
    { "DescribeContinuousBackups",
      "ContinuousBackupsDescription/PointInTimeRecoveryDescription/PointInTimeRecoveryStatus",
      "ENABLED", "UpdateContinuousBackups",
      "{\"TableName\":\"<name>\",\"PointInTimeRecoverySpecification\":{"
      "\"PointInTimeRecoveryEnabled\":true}}" },
    { "DescribeTimeToLive", "TimeToLiveDescription/TimeToLiveStatus", "ENABLED|ENABLING",
      "UpdateTimeToLive",
      "{\"TableName\":\"<name>\",\"TimeToLiveSpecification\":{\"Enabled\":true,"
      "\"AttributeName\":\"<ttl>\"}}" },
};
#define SETTINGS (sizeof settings / sizeof settings[0])

static bool is_wanted(const struct aws_call *c, const struct work *w)
{
    bool wanted[SETTINGS] = { !w->backups, evac_args_get(&c->args, "ttl").n > 0 };
    return !w->drill && wanted[w->setting];
}

static bool is_one_of(struct evac_str value, const char *list)
{
    struct evac_str rest = evac_str(list);
    while (rest.n)
        if (evac_str_eq(evac_str_cut(rest, '|', &rest), value))
            return true;
    return false;
}

static void next_setting(struct aws_call *c);

static void ask_setting(struct aws_call *c, bool change, aws_reply_fn *then)
{
    const struct work *w = c->state;
    const struct setting *s = &settings[w->setting];
    const struct aws_hole holes[] = { { "name", w->id } };
    dynamodb_ask(c, change ? s->change : s->look, c->region, change,
                 change ? s->body : "{\"TableName\":\"<name>\"}", holes, 1, then);
}

static void on_changed(struct aws_call *c, const struct evac_aws_reply *r);

/* After a lost reply as before the change: what is so is not asked for again. */
static void on_setting(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    struct evac_str value = EVAC_STR_NONE;
    bool looked = r->outcome == EVAC_OUTCOME_ACCEPTED;
    (void)aws_pick(c, r, evac_str(settings[w->setting].at), &value);
    if (looked && is_one_of(value, settings[w->setting].good)) {
        w->setting++;
        w->in_doubt = false;
        next_setting(c);
    } else if (w->in_doubt) {
        const struct evac_aws_reply lost = { .outcome = EVAC_OUTCOME_UNKNOWN,
                                             .message = EVAC_STR("a change was not answered") };
        aws_answer_outcome(c, &lost);
    } else if (looked) {
        ask_setting(c, true, on_changed);
    } else if (w->changed) {
        answer_change(c, r);
    } else {
        aws_answer_not_sent(c, r);
    }
}

static void on_changed(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    w->changed |= r->outcome == EVAC_OUTCOME_ACCEPTED;
    w->in_doubt = r->outcome == EVAC_OUTCOME_UNKNOWN;
    if (w->in_doubt) {
        ask_setting(c, false, on_setting);
    } else if (r->outcome == EVAC_OUTCOME_ACCEPTED) {
        w->setting++;
        next_setting(c);
    } else {
        answer_change(c, r);
    }
}

/* The tags come last and say that it is finished. */
static void next_setting(struct aws_call *c)
{
    struct work *w = c->state;
    while (w->setting < SETTINGS && !is_wanted(c, w))
        w->setting++;
    if (w->setting < SETTINGS)
        ask_setting(c, false, on_setting);
    else
        tag_it(c);
}

static void restore_point(struct aws_call *c)
{
    const struct work *w = c->state;
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
    const struct work *w = c->state;
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
    const struct work *w = c->state;
    if (!w->target.found && w->at_ms < 0)
        aws_answer_rejected(c, "", "%s", no_point(c));
    else if (!w->target.found)
        claim_and_restore(c);
    else if (is_claimed(c, w->run) && evac_str_is(w->target.status, "ACTIVE"))
        next_setting(c);
    else
        aws_answer_rejected(c, "", "%s",
                            is_ours(w) || is_claimed(c, w->run) ? "it is there, or on its way"
                                                                : whose(c));
}

enum evac_code dynamodb_apply_restore(struct aws_call *c, struct evac_err *err)
{
    return look(c, goes_back(c) ? discard_when_seen : restore_when_seen, err);
}

/* --- discard --------------------------------------------------------------------------------- */

static bool may_discard(struct aws_call *c)
{
    const struct work *w = c->state;
    return (w->its_run.n && w->its_drill.n) || is_claimed(c, EVAC_STR_NONE);
}

static void on_discard(struct aws_call *c)
{
    const struct work *w = c->state;
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
    return look(c, on_discard, err);
}

static void discard_when_seen(struct aws_call *c)
{
    const struct work *w = c->state;
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
    return look(c, discard_when_seen, err);
}

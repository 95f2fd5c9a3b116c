/*
 * A region gets a copy of what the other one has now. The way back: the step's region, of the one
 * that was taken over. Before a planned move: the one that takes over, of what is fenced. A copy
 * job is told to the region that has the recovery point.
 */
#include "backup_parts.h"

#include <string.h>

/* clang-format off */
static const struct aws_ask list_copies = { "backup", "ListCopyJobs", "GET", "/copy-jobs/",
    "resourceArn=<source>&destinationVaultArn=<to_arn>&maxResults=1000&nextToken=<next>" };
static const struct aws_ask start_copy = { "backup", "StartCopyJob", "PUT", "/copy-jobs",
    .body = "{\"RecoveryPointArn\":\"<point>\",\"SourceBackupVaultName\":\"<vault>\",\"DestinationBackupVaultArn\":\"<to_arn>\",\"IamRoleArn\":\"<role>\",\"IdempotencyToken\":\"<start_token>\"}" };
static const struct aws_ask start_backup = { "backup", "StartBackupJob", "PUT", "/backup-jobs",
    .body = "{\"BackupVaultName\":\"<vault>\",\"ResourceArn\":\"<source>\",\"IamRoleArn\":\"<role>\",\"IdempotencyToken\":\"<start_token>\"}" };
/* clang-format on */

static bool captures(const struct aws_call *c)
{
    return strcmp(c->action, "capture") == 0;
}

/* Recent enough to be one of the data as it is since the move, or the fence. */
static bool is_fresh(struct aws_call *c, const struct backup_point *p)
{
    int64_t max_ms = 0;
    if (captures(c))
        return backup_has_all(p, aws_fenced_ms(c, c->from));
    (void)evac_duration_ms(evac_args_get(&c->args, "want.max_age"), &max_ms);
    return p->found && c->link->host->wall_ms(c->link->host->ctx) - p->created_ms <= max_ms;
}

static enum evac_code begin(struct aws_call *c, struct evac_err *err)
{
    int64_t max_ms;
    if (captures(c))
        c->region = c->to;
    enum evac_code code = backup_begin(c, c->region, backup_other(c), err);
    if (!code && evac_args_get(&c->args, "run").n == 0)
        return evac_fail(err, EVAC_E_BADARG, "protecting needs a run: its jobs are told by it");
    if (!code && !captures(c) &&
        !evac_duration_ms(evac_args_get(&c->args, "want.max_age"), &max_ms))
        return evac_fail(err, EVAC_E_BADARG, "want.max_age must be a duration, as 24h");
    return code;
}

/* From here on, everything is asked in the other region. */
static void go_there(struct aws_call *c)
{
    struct evac_err err = { EVAC_OK, "" };
    aws_set_arg(c, "to_arn", evac_args_get(&c->args, "vault_arn"));
    c->region = backup_other(c);
    (void)backup_begin(c, c->region, c->region, &err); /* it was good for the other one */
    aws_set_arg(c, "next", EVAC_STR_NONE);
}

/* --- looking -----------------------------------------------------------------------------------
 */

static const char early[] = "what was begun now could be dated before the fence";

static bool is_early(const struct aws_call *c)
{
    return captures(c) && !aws_is_after_fence(c, c->from, 0);
}

static void seen_there(struct aws_call *c)
{
    const struct backup_work *w = backup_work(c);
    if (is_fresh(c, &w->newest))
        backup_seen(c, EVAC_SEEN_UNSATISFIED, "%.*s is not copied yet",
                    EVAC_STR_ARG(w->newest.arn));
    else if (evac_str_is(w->unusable, "CREATING"))
        backup_seen(c, EVAC_SEEN_MOVING, "a backup is being made");
    else if (is_early(c))
        backup_seen(c, EVAC_SEEN_MOVING, "%s", early);
    else
        backup_seen(c, EVAC_SEEN_UNSATISFIED, "there is no backup since the %s yet",
                    captures(c) ? "fence" : "move");
}

/* The first copy job that still runs; the newest that failed. */
struct copies {
    struct evac_str active, failed;
    aws_then_fn *then;
};

static void take_copy(struct aws_call *c, struct copies *found, const struct evac_json *job)
{
    struct evac_str id = evac_arena_str(c->arena, evac_json_str(job, "CopyJobId"));
    struct evac_str state = evac_json_str(job, "State");
    if (backup_is_one_of(state, "CREATED|RUNNING"))
        found->active = id;
    else if (backup_is_one_of(state, "FAILED|PARTIAL"))
        found->failed = id;
}

static struct copies *copies(struct aws_call *c)
{
    return c->helper;
}

static void on_copies(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct evac_str next = evac_arena_str(c->arena, evac_json_str(r->json, "NextToken"));
    if (!aws_looked(c, r))
        return;
    for (const struct evac_json *j = evac_json_first(evac_json_get(r->json, "CopyJobs")); j;
         j = evac_json_next(j))
        take_copy(c, copies(c), j);
    if (next.n) {
        aws_set_arg(c, "next", next);
        aws_ask_next(c, &list_copies, false, on_copies);
    } else {
        copies(c)->then(c);
    }
}

static void ask_copies(struct aws_call *c, aws_then_fn *then)
{
    go_there(c);
    c->helper = evac_arena_alloc(c->arena, sizeof(struct copies));
    copies(c)->then = then;
    aws_ask_next(c, &list_copies, false, on_copies);
}

static void seen_copies(struct aws_call *c)
{
    struct evac_str job = copies(c)->active;
    if (job.n)
        backup_seen(c, EVAC_SEEN_MOVING, "copy job %.*s is on its way", EVAC_STR_ARG(job));
    else
        backup_search(c, seen_there);
}

static void seen_here(struct aws_call *c)
{
    const struct backup_work *w = backup_work(c);
    if (captures(c) && !aws_fenced_ms(c, c->from))
        backup_seen(c, EVAC_SEEN_SATISFIED, "no fence is known after which to take one");
    else if (is_fresh(c, &w->newest))
        backup_seen(c, EVAC_SEEN_SATISFIED, "%.*s has %.*s", EVAC_STR_ARG(c->region),
                    EVAC_STR_ARG(w->newest.arn));
    else
        ask_copies(c, seen_copies);
}

static enum evac_code search_first(struct aws_call *c, aws_then_fn *then, struct evac_err *err)
{
    enum evac_code code = begin(c, err);
    if (!code) {
        backup_work(c)->then = then;
        code = backup_search_first(c, err);
    }
    return code;
}

enum evac_code backup_observe_protect(struct aws_call *c, struct evac_err *err)
{
    return search_first(c, seen_here, err);
}

/* --- copying -----------------------------------------------------------------------------------
 */

static void copy_newest(struct aws_call *c)
{
    const struct backup_work *w = backup_work(c);
    if (evac_str_is(w->unusable, "CREATING")) {
        aws_answer_rejected(c, "", "a backup is being made already");
    } else if (is_fresh(c, &w->newest)) {
        struct evac_str which = aws_printf(c, "%.*s %.*s", EVAC_STR_ARG(w->newest.arn),
                                           EVAC_STR_ARG(copies(c)->failed));
        aws_set_arg(c, "point", w->newest.arn);
        aws_set_arg(c, "start_token", backup_token(c, "copy", which));
        aws_ask_next(c, &start_copy, true, aws_answer_outcome);
    } else if (is_early(c)) {
        aws_answer_rejected(c, "", "%s", early);
    } else {
        struct evac_str fence = captures(c) ? evac_args_get(&c->args, "fenced") : EVAC_STR_NONE;
        aws_set_arg(c, "start_token", backup_token(c, "backup", fence));
        aws_ask_next(c, &start_backup, true, aws_answer_outcome);
    }
}

static void copy_when_seen(struct aws_call *c)
{
    struct evac_str job = copies(c)->active;
    if (job.n)
        aws_answer_rejected(c, "", "copy job %.*s is on its way already", EVAC_STR_ARG(job));
    else
        backup_search(c, copy_newest);
}

static void protect_when_seen(struct aws_call *c)
{
    if (is_fresh(c, &backup_work(c)->newest))
        aws_answer_rejected(c, "", "there is a fresh recovery point already");
    else
        ask_copies(c, copy_when_seen);
}

enum evac_code backup_protect(struct aws_call *c, struct evac_err *err)
{
    return search_first(c, protect_when_seen, err);
}

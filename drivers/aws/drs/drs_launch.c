/*
 * Launching source servers, for good or for a drill, and ending a drill's. What one job could not
 * launch, the next tries; what it has launched is left alone.
 */
#include "aws_fence.h"
#include "aws_time.h"
#include "drs_parts.h"

#include <string.h>

/* clang-format off */
static const struct aws_ask start_recovery = { "drs", "StartRecovery", "POST", "/StartRecovery",
    .body = "{\"sourceServers\":<=launches>,\"isDrill\":<=drill>,\"tags\":{\"" DRS_TAG_RUN "\":\"<run>\",\"" DRS_TAG_ACTION "\":\"<word>\",\"" DRS_TAG_OF "\":\"<of>\"}}" };
static const struct aws_ask terminate = { "drs", "TerminateRecoveryInstances", "POST", "/TerminateRecoveryInstances",
    .body = "{\"recoveryInstanceIDs\":[<=copies>]}" };
/* clang-format on */

/* --- jobs ---------------------------------------------------------------------------------------
 */

static bool is_discard(const struct aws_call *c)
{
    return strcmp(c->action, "discard") == 0;
}

/* This resource's and action's; of this run, but that discard ends what any drill has left. */
static bool counts(struct aws_call *c, const struct evac_json *job)
{
    const struct evac_json *tags = evac_json_get(job, "tags");
    const char *action = is_discard(c) ? "rehearse" : c->action;
    return evac_str_is(evac_json_str(tags, DRS_TAG_ACTION), action) &&
           evac_str_eq(evac_json_str(tags, DRS_TAG_OF), drs_work(c)->of) &&
           (is_discard(c) ||
            evac_str_eq(evac_json_str(tags, DRS_TAG_RUN), evac_args_get(&c->args, "run")));
}

static struct drs_server *server_of(struct drs_work *w, struct evac_str id)
{
    for (size_t i = 0; i < w->count; i++)
        if (evac_str_eq(w->servers[i].id, id))
            return &w->servers[i];
    return NULL;
}

static void take_participant(struct aws_call *c, const struct evac_json *p)
{
    struct drs_server *s = server_of(drs_work(c), evac_json_str(p, "sourceServerID"));
    struct evac_str status = evac_json_str(p, "launchStatus");
    if (!s)
        return;
    s->failed |= evac_str_is(status, "FAILED");
    if (!evac_str_is(status, "LAUNCHED"))
        return;
    s->launched = true;
    s->launched_as = evac_arena_str(c->arena, evac_json_str(p, "recoveryInstanceID"));
}

static void take_job(struct aws_call *c, const struct evac_json *job)
{
    struct drs_work *w = drs_work(c);
    struct evac_str id = evac_json_str(job, "jobID");
    if (!counts(c, job))
        return;
    w->jobs =
        aws_printf(c, "%.*s%s%.*s|", EVAC_STR_ARG(w->jobs), w->jobs.n ? "" : "|", EVAC_STR_ARG(id));
    if (!evac_str_is(evac_json_str(job, "status"), "COMPLETED"))
        w->job = evac_arena_str(c->arena, id);
    for (const struct evac_json *p = evac_json_first(evac_json_get(job, "participatingServers")); p;
         p = evac_json_next(p))
        take_participant(c, p);
}

static size_t launched(const struct drs_work *w)
{
    size_t n = 0;
    for (size_t i = 0; i < w->count; i++)
        n += w->servers[i].launched;
    return n;
}

/* --- looking at what was launched ----------------------------------------------------------------
 */

static struct evac_str launched_id(const struct drs_server *s)
{
    return s->launched_as;
}

static void take_instance(struct aws_call *c, const struct evac_json *item)
{
    struct drs_work *w = drs_work(c);
    struct evac_str state = evac_json_str(item, "ec2InstanceState");
    int64_t at;
    bool starts = evac_str_is(state, "PENDING");
    bool there = starts || evac_str_is(state, "RUNNING") || evac_str_is(state, "STOPPED");
    w->lacking -= there && w->lacking > 0;
    w->starting += starts;
    if (evac_aws_time_iso(evac_json_str(item, "pointInTimeSnapshotDateTime"), &at) &&
        (w->point_ms < 0 || at < w->point_ms))
        w->point_ms = at;
}

static void seen_instances(struct aws_call *c)
{
    const struct drs_work *w = drs_work(c);
    if (w->lacking)
        drs_seen(c, EVAC_SEEN_BLOCKED, "%zu of %zu recovery instances are gone again", w->lacking,
                 w->count);
    else if (w->starting)
        drs_seen(c, EVAC_SEEN_MOVING, "%zu recovery instances are starting", w->starting);
    else
        drs_seen(c, EVAC_SEEN_SATISFIED, "%zu source servers are launched", w->count);
}

/* Planned, what was written before the fence has to arrive first: in seconds, as long as the agents
 * are heard. Answers the call when it has not. Only before anything was launched. */
static bool waits(struct aws_call *c)
{
    const struct drs_work *w = drs_work(c);
    struct evac_str source = evac_str_eq(c->region, c->to) ? c->from : c->to;
    int64_t fenced = strcmp(c->action, "recover") == 0 ? aws_fenced_ms(c, source) : 0;
    int64_t lag_ms = 0, as_of_ms = 0;
    bool known = drs_lag(w, &lag_ms, &as_of_ms), in_step = true;
    if (!fenced || w->job.n || launched(w) || (known && as_of_ms - lag_ms >= fenced))
        return false;
    for (size_t i = 0; i < w->count; i++)
        in_step = in_step && evac_str_is(w->servers[i].state, "CONTINUOUS");
    struct aws_wait wait = aws_wait_for_point(c, fenced, known ? as_of_ms - lag_ms : -1,
                                              in_step ? AWS_NEWER_SOON : AWS_NEWER_NONE);
    if (c->verb == EVAC_VERB_APPLY)
        aws_answer_rejected(c, "", "%s", wait.why);
    else
        drs_seen(c, wait.seen, "%s", wait.why);
    return true;
}

static void seen_jobs(struct aws_call *c)
{
    struct drs_work *w = drs_work(c);
    size_t n = launched(w), failed = 0;
    for (size_t i = 0; i < w->count; i++)
        failed += w->servers[i].failed && !w->servers[i].launched;
    if (w->job.n) {
        drs_seen(c, EVAC_SEEN_MOVING, "job %.*s: %zu of %zu source servers are launched",
                 EVAC_STR_ARG(w->job), n, w->count);
    } else if (waits(c)) {
        return;
    } else if (n < w->count) {
        drs_seen(c, EVAC_SEEN_UNSATISFIED, "%zu of %zu source servers are launched%s", n, w->count,
                 failed ? aws_printf(c, ", %zu could not be", failed).p : "");
    } else {
        w->lacking = w->count;
        drs_list(c, &drs_describe_instances, drs_filter(c, "recoveryInstanceIDs", launched_id),
                 take_instance, seen_instances);
    }
}

static void look_at_jobs(struct aws_call *c)
{
    const char *missing = drs_missing(c);
    if (missing[0])
        drs_seen(c, EVAC_SEEN_BLOCKED, "%s", missing);
    else
        drs_list(c, &drs_describe_jobs, EVAC_STR("{}"), take_job, seen_jobs);
}

/* A rehearsal's way back: to where nothing was launched. */
static bool goes_back(const struct aws_call *c)
{
    struct evac_json *goal = strcmp(c->action, "rehearse") == 0 ? aws_goal(c) : NULL;
    bool back = goal && !evac_json_bool(goal, "found", true);
    evac_json_free(goal);
    return back;
}

static enum evac_code begin(struct aws_call *c, aws_then_fn *then, struct evac_err *err)
{
    enum evac_code code = drs_begin(c, err);
    if (!code && !is_discard(c) && evac_args_get(&c->args, "run").n == 0)
        return evac_fail(err, EVAC_E_BADARG, "launching needs a run: its job is tagged with it");
    return code ? code : drs_servers_first(c, then, err);
}

static void look_at_copies(struct aws_call *c);
static void find_copies(struct aws_call *c);

enum evac_code drs_observe(struct aws_call *c, struct evac_err *err)
{
    return begin(c, goes_back(c) ? look_at_copies : look_at_jobs, err);
}

/* --- launching
 * ------------------------------------------------------------------------------------
 */

/* Without a snapshot's id, AWS takes one of what has arrived up to now. */
static void launch_missing(struct aws_call *c)
{
    struct drs_work *w = drs_work(c);
    struct evac_str list = EVAC_STR_NONE;
    if (w->job.n || launched(w) == w->count) {
        aws_answer_rejected(c, "", "%s",
                            w->job.n ? "they are being launched already" : "they are launched");
        return;
    }
    if (waits(c))
        return;
    for (size_t i = 0; i < w->count; i++)
        if (!w->servers[i].launched)
            list = aws_printf(c, "%.*s%s{\"sourceServerID\":\"%.*s\"}", EVAC_STR_ARG(list),
                              list.n ? "," : "", EVAC_STR_ARG(w->servers[i].id));
    aws_set_arg(c, "launches", aws_printf(c, "[%.*s]", EVAC_STR_ARG(list)));
    aws_set_arg(c, "drill",
                strcmp(c->action, "rehearse") == 0 ? EVAC_STR("true") : EVAC_STR("false"));
    aws_set_arg(c, "word", evac_str(c->action));
    aws_set_arg(c, "of", w->of);
    aws_ask_next(c, &start_recovery, true, aws_answer_outcome);
}

static void launch_when_seen(struct aws_call *c)
{
    const char *missing = drs_missing(c);
    if (missing[0])
        aws_answer_rejected(c, "", "%s", missing);
    else
        drs_list(c, &drs_describe_jobs, EVAC_STR("{}"), take_job, launch_missing);
}

enum evac_code drs_launch(struct aws_call *c, struct evac_err *err)
{
    return begin(c, goes_back(c) ? find_copies : launch_when_seen, err);
}

/* --- a drill's end
 * -------------------------------------------------------------------------------- */

static struct evac_str server_id(const struct drs_server *s)
{
    return s->id;
}

/* Only what a drill's own job has launched. */
static void take_copy(struct aws_call *c, const struct evac_json *item)
{
    struct drs_work *w = drs_work(c);
    struct evac_str state = evac_json_str(item, "ec2InstanceState");
    struct evac_str job = aws_printf(c, "|%.*s|", EVAC_STR_ARG(evac_json_str(item, "jobID")));
    if (job.n < 3 || !evac_str_has(w->jobs, job.p) || !evac_json_bool(item, "isDrill", false) ||
        evac_str_is(state, "TERMINATED"))
        return;
    if (evac_str_is(state, "SHUTTING-DOWN"))
        w->leaving++;
    else
        w->copies = aws_printf(c, "%.*s%s\"%.*s\"", EVAC_STR_ARG(w->copies), w->copies.n ? "," : "",
                               EVAC_STR_ARG(evac_json_str(item, "recoveryInstanceID")));
}

static void seen_copies(struct aws_call *c)
{
    const struct drs_work *w = drs_work(c);
    if (w->copies.n)
        drs_seen(c, EVAC_SEEN_UNSATISFIED, "recovery instances of the drill are still there");
    else if (w->leaving)
        drs_seen(c, EVAC_SEEN_MOVING, "%zu recovery instances are being terminated", w->leaving);
    else
        drs_seen(c, EVAC_SEEN_SATISFIED, "no recovery instance of a drill is left");
}

static void terminate_copies(struct aws_call *c)
{
    const struct drs_work *w = drs_work(c);
    if (w->copies.n == 0) {
        aws_answer_rejected(c, "", "no recovery instance of a drill is left");
        return;
    }
    aws_set_arg(c, "copies", w->copies);
    aws_ask_next(c, &terminate, true, aws_answer_outcome);
}

static void on_drill_jobs(struct aws_call *c)
{
    const struct drs_work *w = drs_work(c);
    bool apply = c->verb == EVAC_VERB_APPLY;
    if (w->job.n && apply)
        aws_answer_rejected(c, "", "job %.*s is launching them still", EVAC_STR_ARG(w->job));
    else if (w->job.n)
        drs_seen(c, EVAC_SEEN_MOVING, "job %.*s is launching them still", EVAC_STR_ARG(w->job));
    else
        drs_list(c, &drs_describe_instances, drs_filter(c, "sourceServerIDs", server_id), take_copy,
                 apply ? terminate_copies : seen_copies);
}

static void look_at_copies(struct aws_call *c)
{
    if (drs_work(c)->count)
        drs_list(c, &drs_describe_jobs, EVAC_STR("{}"), take_job, on_drill_jobs);
    else
        drs_seen(c, EVAC_SEEN_BLOCKED, "%s", drs_missing(c));
}

static void find_copies(struct aws_call *c)
{
    if (drs_work(c)->count)
        drs_list(c, &drs_describe_jobs, EVAC_STR("{}"), take_job, on_drill_jobs);
    else
        aws_answer_rejected(c, "", "%s", drs_missing(c));
}

enum evac_code drs_observe_discard(struct aws_call *c, struct evac_err *err)
{
    return begin(c, look_at_copies, err);
}

enum evac_code drs_discard(struct aws_call *c, struct evac_err *err)
{
    return begin(c, find_copies, err);
}

/*
 * EFS replication. Deleting a replication makes its destination writable: that is the failover,
 * told to the region that takes over, where the destination is. It can not be taken back; the way
 * home is a replication in the other direction, which overwrites what the old region still has
 * (AWS.md 2.9).
 *
 * What was promoted carries the run's tag: a file system that stands alone may as well be the old
 * primary, with old data.
 */
#include "aws_fence.h"
#include "aws_parity.h"

#include <string.h>

#define TAG_RUN    "evac:run"
#define TAG_AS_OF  "evac:as-of"
#define TAG_FENCED "evac:fenced"

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "file_systems", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL, "id of each region's file system" },
    { "overwrite", EVAC_PARAM_BOOL, 0, "false", NULL,
      "protect may overwrite what the old region's file system still has" },
    AWS_PARITY_PARAM,
    { 0 },
};
static const struct evac_param ready_params[] = {
    { "max_lag", EVAC_PARAM_DURATION, 0, NULL, NULL, "how far the replica may be behind" },
    { 0 },
};
static const struct evac_param failover_params[] = {
    { "deletion", EVAC_PARAM_CHOICE, 0, "auto", "auto|all|here",
      "of the replication's configuration: in both regions, or only in this one; auto: in both, and in an unplanned run only here when that is not possible" },
    { 0 },
};

#define LOOK_FS(home) { "efs", "DescribeFileSystems", "elasticfilesystem:DescribeFileSystems", home, NULL, true, false }
#define LOOK_REPLICATION(home) { "efs", "DescribeReplicationConfigurations", "elasticfilesystem:DescribeReplicationConfigurations", home, NULL, true, false }
#define LOOK LOOK_FS(EVAC_HOME_STEP), LOOK_REPLICATION(EVAC_HOME_STEP)
#define CHANGE(operation, home) { "efs", operation, "elasticfilesystem:" operation, home, NULL, true, true }
static const struct evac_op look_ops[] = { LOOK, { 0 } };
static const struct evac_op protected_ops[] = { LOOK_REPLICATION(EVAC_HOME_STEP), { 0 } };
static const struct evac_op promote_ops[] = {
    LOOK, CHANGE("TagResource", EVAC_HOME_TO), CHANGE("DeleteReplicationConfiguration", EVAC_HOME_TO), { 0 },
};
static const struct evac_op protect_ops[] = {
    LOOK, LOOK_REPLICATION(EVAC_HOME_TO), CHANGE("DeleteReplicationConfiguration", EVAC_HOME_STEP),
    CHANGE("UpdateFileSystemProtection", EVAC_HOME_STEP), CHANGE("CreateReplicationConfiguration", EVAC_HOME_TO), { 0 },
};
static const struct evac_op parity_ops[] = { AWS_PARITY_OP("efs", "DescribeFileSystems", "elasticfilesystem:DescribeFileSystems"), { 0 } };
static const struct evac_op measure_ops[] = { LOOK_REPLICATION(EVAC_HOME_TO), { 0 } };

static const struct evac_param protect_params[] = {
    { "overwrite", EVAC_PARAM_BOOL, EVAC_PARAM_OF_RESOURCE, NULL, NULL, "" },
    { 0 },
};
static const struct evac_action actions[] = {
    { "ready", "the region's file system is a replica, can be mounted, and is not further behind than allowed", 0,
      EVAC_FENCING_STATE, 1000, 60000, ready_params, look_ops },
    AWS_PARITY_ACTION(parity_ops),
    { "switchover", "planned: everything that was written before the fence is in the region's file system, and it takes writes",
      EVAC_ACTION_MUTATES | EVAC_ACTION_PROMOTES, EVAC_FENCING_STATE, 900000, 7200000, failover_params, promote_ops },
    { "failover", "the region's file system stands alone and takes writes; planned, when all from before the fence is there, else what was not replicated is lost",
      EVAC_ACTION_MUTATES | EVAC_ACTION_PROMOTES | EVAC_ACTION_LOSSY | EVAC_ACTION_WAITS, EVAC_FENCING_STATE, 300000, 1800000, failover_params, promote_ops },
    { "protected", "the region's file system is replicated to the other one", 0,
      EVAC_FENCING_STATE, 1000, 300000, NULL, protected_ops },
    { "protect", "the region's file system is a replica of the other one's; what it had is overwritten",
      EVAC_ACTION_MUTATES, EVAC_FENCING_STATE, 1800000, 28800000, protect_params, protect_ops,
      "aws efs delete-replication-configuration --region <region> --source-file-system-id $(aws efs describe-replication-configurations "
      "--region <region> --file-system-id <file_systems> --query 'Replications[0].SourceFileSystemId' --output text)" },
    { 0 },
};

static const struct aws_compared of_fs[] = {
    { "encryption", "FileSystems[]/Encrypted" },
    { "performance mode", "FileSystems[]/PerformanceMode" },
    { "throughput mode", "FileSystems[]/ThroughputMode" },
    { "provisioned throughput", "FileSystems[]/ProvisionedThroughputInMibps" },
    { "mount targets", "FileSystems[]/NumberOfMountTargets" },
    { 0 },
};
static const struct aws_parity parity = { .rows = { { "the file system",
    { "efs", "DescribeFileSystems", "GET", "/2015-02-01/file-systems", "FileSystemId=<file_systems>" }, .missing_codes = "FileSystemNotFound", .compared = of_fs } } };
static const struct aws_ask describe_fs = { "efs", "DescribeFileSystems", "GET", "/2015-02-01/file-systems", "FileSystemId=<fs>" };
static const struct aws_ask describe_replication = { "efs", "DescribeReplicationConfigurations", "GET",
    "/2015-02-01/file-systems/replication-configurations", "FileSystemId=<fs>" };
static const struct aws_ask tag_promoted = { "efs", "TagResource", "POST", "/2015-02-01/resource-tags/<fs>",
    .body = "{\"Tags\":[{\"Key\":\"" TAG_RUN "\",\"Value\":\"<run>\"},{\"Key\":\"" TAG_AS_OF "\",\"Value\":\"<as_of>\"}]}" };
static const struct aws_ask tag_fenced = { "efs", "TagResource", "POST", "/2015-02-01/resource-tags/<fs>",
    .body = "{\"Tags\":[{\"Key\":\"" TAG_FENCED "\",\"Value\":\"<run>/<fenced>\"}]}" };
static const struct aws_ask delete_both = { "efs", "DeleteReplicationConfiguration", "DELETE",
    "/2015-02-01/file-systems/<source>/replication-configuration" };
static const struct aws_ask delete_here = { "efs", "DeleteReplicationConfiguration", "DELETE",
    "/2015-02-01/file-systems/<source>/replication-configuration", "deletionMode=LOCAL_CONFIGURATION_ONLY" };
static const struct aws_ask unprotect = { "efs", "UpdateFileSystemProtection", "PUT", "/2015-02-01/file-systems/<fs>/protection",
    .body = "{\"ReplicationOverwriteProtection\":\"DISABLED\"}" };
static const struct aws_ask replicate = { "efs", "CreateReplicationConfiguration", "POST",
    "/2015-02-01/file-systems/<source>/replication-configuration",
    .body = "{\"Destinations\":[{\"Region\":\"<to_region>\",\"FileSystemId\":\"<fs>\"}]}" };
/* clang-format on */

/* --- what is there ------------------------------------------------------------------------------
 */

struct work {
    struct evac_str own, other_region, other; /* file systems' ids */
    aws_then_fn *then;
    /* the region's file system */
    bool found, mountable;
    struct evac_str state, protection, run, fenced_run;
    int64_t as_of_ms, fenced_ms; /* -1 not known */
    /* its replication */
    bool replicated;
    struct evac_str source, source_region, destination, destination_region, status;
    int64_t last_ms; /* wall: everything up to then has arrived; -1 nothing did yet */
    int64_t now_ms;  /* by the service's clock, when it was looked at */
};

static struct work *work(struct aws_call *c)
{
    return c->state;
}

static enum evac_code begin(struct aws_call *c, struct evac_err *err)
{
    struct work *w = evac_arena_alloc(c->arena, sizeof *w);
    w->other_region = evac_str_eq(c->region, c->to) ? c->from : c->to;
    w->own = aws_regional(c, "file_systems");
    w->other = evac_args_regional(&c->args, "file_systems", w->other_region);
    w->as_of_ms = w->fenced_ms = w->last_ms = -1;
    c->state = w;
    aws_set_arg(c, "fs", w->own);
    if (!evac_str_starts(w->own, "fs-") || !evac_str_starts(w->other, "fs-"))
        return evac_fail(err, EVAC_E_BADARG,
                         "file_systems are '%.*s' and '%.*s': both must be ids that begin with fs-",
                         EVAC_STR_ARG(w->own), EVAC_STR_ARG(w->other));
    return EVAC_OK;
}

static enum evac_code needs_run(const struct aws_call *c, struct evac_err *err)
{
    if (evac_args_get(&c->args, "run").n)
        return EVAC_OK;
    return evac_fail(err, EVAC_E_BADARG,
                     "promoting needs a run: the file system is tagged with it");
}

static struct evac_str keep(struct aws_call *c, struct evac_str s)
{
    return evac_arena_str(c->arena, s);
}

static int64_t number(struct evac_str text)
{
    int64_t n;
    return evac_str_i64(text, &n) ? n : -1;
}

static void read_tag(struct aws_call *c, struct evac_str key, struct evac_str value)
{
    struct work *w = work(c);
    struct evac_str at;
    if (evac_str_is(key, TAG_RUN))
        w->run = keep(c, value);
    if (evac_str_is(key, TAG_AS_OF))
        w->as_of_ms = number(value);
    if (evac_str_is(key, TAG_FENCED)) {
        w->fenced_run = keep(c, evac_str_cut(value, '/', &at));
        w->fenced_ms = number(at);
    }
}

static void read_file_system(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = work(c);
    const struct evac_json *fs = evac_json_first(evac_json_get(r->json, "FileSystems"));
    const struct evac_json *tag = evac_json_first(evac_json_get(fs, "Tags"));
    w->found = fs != NULL;
    w->mountable = evac_json_i64(fs, "NumberOfMountTargets", 0) > 0;
    w->state = keep(c, evac_json_str(fs, "LifeCycleState"));
    w->protection = keep(c, evac_json_str(evac_json_get(fs, "FileSystemProtection"),
                                          "ReplicationOverwriteProtection"));
    for (; tag; tag = evac_json_next(tag))
        read_tag(c, evac_json_str(tag, "Key"), evac_json_str(tag, "Value"));
}

static void read_replication(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = work(c);
    const struct evac_json *x = evac_json_first(evac_json_get(r->json, "Replications"));
    const struct evac_json *to = evac_json_first(evac_json_get(x, "Destinations"));
    double last = evac_json_num(to, "LastReplicatedTimestamp", -1);
    w->replicated = x != NULL && to != NULL;
    w->source = keep(c, evac_json_str(x, "SourceFileSystemId"));
    w->source_region = keep(c, evac_json_str(x, "SourceFileSystemRegion"));
    w->destination = keep(c, evac_json_str(to, "FileSystemId"));
    w->destination_region = keep(c, evac_json_str(to, "Region"));
    w->status = keep(c, evac_json_str(to, "Status"));
    w->last_ms = last > 0 ? (int64_t)(last * 1000) : -1;
    w->now_ms = aws_server_ms(c, r);
    aws_set_arg(c, "source", w->source);
}

static void on_replication(struct aws_call *c, const struct evac_aws_reply *r)
{
    bool none = evac_str_is(r->code, "ReplicationNotFound");
    if (!none && !aws_looked(c, r))
        return;
    if (!none)
        read_replication(c, r);
    work(c)->then(c);
}

static void on_file_system(struct aws_call *c, const struct evac_aws_reply *r)
{
    bool none = evac_str_is(r->code, "FileSystemNotFound");
    if (!none && !aws_looked(c, r))
        return;
    if (!none)
        read_file_system(c, r);
    if (work(c)->found)
        aws_ask_next(c, &describe_replication, false, on_replication);
    else
        work(c)->then(c);
}

static enum evac_code look(struct aws_call *c, aws_then_fn *then, struct evac_err *err)
{
    work(c)->then = then;
    return aws_ask_first(c, &describe_fs, false, on_file_system, err);
}

/* The region's file system is the replica, and the other's the original. */
static bool is_replica(struct aws_call *c)
{
    const struct work *w = work(c);
    return w->replicated && evac_str_eq(w->destination, w->own) &&
           evac_str_eq(w->destination_region, c->region) && evac_str_eq(w->source, w->other) &&
           evac_str_eq(w->source_region, w->other_region);
}

/* --- answering ----------------------------------------------------------------------------------
 */

static int64_t age_ms(const struct aws_call *c, int64_t at_ms)
{
    int64_t age = c->link->host->wall_ms(c->link->host->ctx) - at_ms;
    return age > 0 ? age : 0;
}

static void seen(struct aws_call *c, enum evac_seen seen, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void seen(struct aws_call *c, enum evac_seen seen, const char *fmt, ...)
{
    const struct work *w = work(c);
    int64_t at = w->replicated ? w->last_ms : w->as_of_ms;
    struct evac_fact facts[] = { { "as_of_wall_ms", aws_point_ms(c, at) },
                                 { "age_ms", age_ms(c, at) } };
    va_list ap;
    va_start(ap, fmt);
    struct evac_str why = evac_arena_vprintf(c->arena, fmt, ap);
    va_end(ap);
    struct aws_sight sight = {
        .seen = seen, .progress = -1, .facts = facts, .fact_count = at >= 0 ? 2 : 0
    };
    sight.snapshot =
        aws_printf(c,
                   "{\"found\":%s,\"state\":\"%.*s\",\"protection\":\"%.*s\",\"source\":\"%.*s\","
                   "\"status\":\"%.*s\"}",
                   w->found ? "true" : "false", EVAC_STR_ARG(w->state), EVAC_STR_ARG(w->protection),
                   EVAC_STR_ARG(w->source), EVAC_STR_ARG(w->status));
    aws_answer_seen(c, &sight, "%.*s", EVAC_STR_ARG(why));
}

static void seen_status(struct aws_call *c, enum evac_seen how)
{
    seen(c, how, "the replication is %.*s", EVAC_STR_ARG(work(c)->status));
}

/* --- ready --------------------------------------------------------------------------------------
 */

static void ready(struct aws_call *c)
{
    const struct work *w = work(c);
    bool graceful = evac_str_is(c->mode, "graceful");
    int64_t max_ms;
    bool limited = evac_duration_ms(evac_args_get(&c->args, "want.max_lag"), &max_ms);
    if (!w->found)
        seen(c, EVAC_SEEN_BLOCKED, "the region has no such file system");
    else if (!is_replica(c))
        seen(c, EVAC_SEEN_BLOCKED, "the region's file system is no replica of the other one");
    else if (evac_str_is(w->status, "DELETING") || (graceful && !evac_str_is(w->status, "ENABLED")))
        seen_status(c, EVAC_SEEN_BLOCKED);
    else if (w->last_ms < 0)
        seen(c, EVAC_SEEN_BLOCKED, "nothing was replicated completely yet");
    else if (!w->mountable)
        seen(c, EVAC_SEEN_BLOCKED, "the file system has no mount target: nobody could use it");
    else if (limited && w->now_ms - w->last_ms > max_ms)
        seen(c, EVAC_SEEN_BLOCKED, "the replica is %lld s behind, which is more than want.max_lag",
             (long long)(w->now_ms - w->last_ms) / 1000);
    else
        seen_status(c, EVAC_SEEN_SATISFIED);
}

static enum evac_code observe_ready(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = begin(c, err);
    return code ? code : look(c, ready, err);
}

/* --- failover and switchover --------------------------------------------------------------------
 */

static bool is_planned(const struct aws_call *c)
{
    return strcmp(c->action, "switchover") == 0;
}

static bool is_ours(const struct aws_call *c, struct evac_str run)
{
    return run.n && evac_str_eq(run, evac_args_get(&c->args, "run"));
}

/* What was written before the fence has arrived. */
static bool has_all(const struct aws_call *c, const struct work *w)
{
    return is_ours(c, w->fenced_run) && w->fenced_ms >= 0 && w->last_ms > w->fenced_ms;
}

/* A failover that is planned waits for that too, as long as it replicates. */
static bool waits(const struct aws_call *c, const struct work *w)
{
    return !is_planned(c) && w->last_ms < aws_fenced_ms(c, w->other_region);
}

static void seen_alone(struct aws_call *c)
{
    const struct work *w = work(c);
    bool writable = evac_str_is(w->state, "available") && evac_str_is(w->protection, "ENABLED");
    if (!is_ours(c, w->run))
        seen(c, EVAC_SEEN_BLOCKED,
             "it is no replica, and this run has not promoted it: it may be an old primary");
    else if (writable)
        seen(c, EVAC_SEEN_SATISFIED, "%s", "");
    else
        seen(c, EVAC_SEEN_MOVING, "it is %.*s, its overwrite protection %.*s",
             EVAC_STR_ARG(w->state), EVAC_STR_ARG(w->protection));
}

static void seen_wait(struct aws_call *c)
{
    const struct work *w = work(c);
    bool flows = evac_str_is(w->status, "ENABLED") || evac_str_is(w->status, "ENABLING");
    struct aws_wait wait = aws_wait_for_point(c, aws_fenced_ms(c, w->other_region), w->last_ms,
                                              flows ? AWS_NEWER_SOON : AWS_NEWER_NONE);
    seen(c, wait.seen, "%s", wait.why);
}

static void seen_replica(struct aws_call *c)
{
    const struct work *w = work(c);
    if (evac_str_is(w->status, "DELETING"))
        seen_status(c, EVAC_SEEN_MOVING);
    else if (w->last_ms < 0)
        seen(c, EVAC_SEEN_BLOCKED, "nothing was replicated completely yet");
    else if (waits(c, w))
        seen_wait(c);
    else if (!is_planned(c) || has_all(c, w))
        seen(c, EVAC_SEEN_UNSATISFIED, "it is still a replica");
    else if (!is_ours(c, w->fenced_run))
        seen(c, EVAC_SEEN_UNSATISFIED, "it is not written down yet when the fence stood");
    else if (evac_str_is(w->status, "ENABLED") || evac_str_is(w->status, "ENABLING"))
        seen(c, EVAC_SEEN_MOVING, "what was written before the fence has not arrived yet");
    else
        seen_status(c, EVAC_SEEN_BLOCKED);
}

static void observe_writer(struct aws_call *c)
{
    const struct work *w = work(c);
    if (!w->found)
        seen(c, EVAC_SEEN_BLOCKED, "the region has no such file system");
    else if (is_replica(c))
        seen_replica(c);
    else if (w->replicated && evac_str_eq(w->source, w->own) && is_ours(c, w->run))
        seen(c, EVAC_SEEN_SATISFIED, "%s", ""); /* and is protected again already */
    else if (w->replicated)
        seen(c, EVAC_SEEN_BLOCKED, "it is in another replication, of %.*s",
             EVAC_STR_ARG(w->source));
    else
        seen_alone(c);
}

static enum evac_code observe(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = needs_run(c, err);
    if (!code)
        code = begin(c, err);
    return code ? code : look(c, observe_writer, err);
}

/* Deleting both sides needs the other region. In an ungraceful run, when that is refused, or was of
 * no effect in an earlier try of the run, only our own side is deleted; protect deletes the other
 * one, when that region is back. */
static bool may_be_local(struct aws_call *c)
{
    return !evac_str_is(evac_args_get(&c->args, "want.deletion"), "all") &&
           evac_str_is(c->mode, "ungraceful");
}

static void deleted(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (r->outcome == EVAC_OUTCOME_REJECTED && may_be_local(c))
        aws_ask_next(c, &delete_here, true, aws_answer_outcome);
    else
        aws_answer_outcome(c, r);
}

static void promoted(struct aws_call *c, const struct evac_aws_reply *r)
{
    bool here = evac_str_is(evac_args_get(&c->args, "want.deletion"), "here") ||
                (may_be_local(c) && is_ours(c, work(c)->run));
    if (r->outcome != EVAC_OUTCOME_ACCEPTED)
        aws_answer_outcome(c, r);
    else if (here)
        aws_ask_next(c, &delete_here, true, aws_answer_outcome);
    else
        aws_ask_next(c, &delete_both, true, deleted);
}

static void apply_writer(struct aws_call *c)
{
    const struct work *w = work(c);
    if (!w->found || !is_replica(c)) {
        aws_answer_rejected(c, "", "%s",
                            w->found ? "it is no replica of the other region's file system"
                                     : "there is no such file system");
    } else if (evac_str_is(w->status, "DELETING") || w->last_ms < 0) {
        aws_answer_rejected(c, "", "the replication is %.*s", EVAC_STR_ARG(w->status));
    } else if (waits(c, w)) {
        aws_answer_rejected(c, "", "what was written before the fence has not arrived yet");
    } else if (is_planned(c) && !is_ours(c, w->fenced_run)) {
        /* the server's date is cut to seconds */
        aws_set_arg(c, "fenced", aws_printf(c, "%lld", (long long)w->now_ms + 1000));
        aws_ask_next(c, &tag_fenced, true, aws_answer_outcome);
    } else if (is_planned(c) && !has_all(c, w)) {
        aws_answer_rejected(c, "", "what was written before the fence has not arrived yet");
    } else {
        aws_set_arg(c, "as_of", aws_printf(c, "%lld", (long long)w->last_ms));
        aws_ask_next(c, &tag_promoted, true, promoted);
    }
}

static enum evac_code apply(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = needs_run(c, err);
    if (!code)
        code = begin(c, err);
    return code ? code : look(c, apply_writer, err);
}

/* --- protected ----------------------------------------------------------------------------------
 */

static void seen_protection(struct aws_call *c)
{
    const struct work *w = work(c);
    bool right = w->replicated && evac_str_eq(w->source, w->own) &&
                 evac_str_eq(w->destination_region, w->other_region);
    if (!right)
        seen(c, EVAC_SEEN_UNSATISFIED,
             "the region's file system is not replicated to the other region");
    else if (evac_str_is(w->status, "ENABLED") && w->last_ms >= 0)
        seen_status(c, EVAC_SEEN_SATISFIED);
    else
        seen_status(c, evac_str_is(w->status, "ERROR") ? EVAC_SEEN_BLOCKED : EVAC_SEEN_MOVING);
}

static enum evac_code observe_protected(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = begin(c, err);
    if (code)
        return code;
    work(c)->then = seen_protection;
    return aws_ask_first(c, &describe_replication, false, on_replication, err);
}

/* --- protect ------------------------------------------------------------------------------------
 */

/* Of what the region itself knows: an old replication that only the other side has deleted. */
static bool is_leftover(const struct work *w)
{
    return w->replicated && evac_str_eq(w->source, w->own) && evac_str_eq(w->destination, w->other);
}

/* "" when it can go on; else why not. */
static const char *forbidden(const struct aws_call *c, const struct work *w)
{
    if (!w->found)
        return "the region has no such file system";
    if (!evac_args_bool(&c->args, "overwrite", false))
        return "it would overwrite the region's file system, and the resource does not say "
               "overwrite = true";
    return "";
}

static void observe_unprotected(struct aws_call *c)
{
    const struct work *w = work(c);
    const char *why = forbidden(c, w);
    if (is_replica(c) && evac_str_is(w->status, "ENABLED"))
        seen_status(c, EVAC_SEEN_SATISFIED);
    else if (is_replica(c) && evac_str_is(w->status, "ENABLING"))
        seen_status(c, EVAC_SEEN_MOVING);
    else if (w->replicated && evac_str_is(w->status, "DELETING"))
        seen_status(c, EVAC_SEEN_MOVING);
    else if (is_replica(c))
        seen_status(c, EVAC_SEEN_BLOCKED);
    else if (why[0])
        seen(c, EVAC_SEEN_BLOCKED, "%s", why);
    else if (w->replicated && !is_leftover(w))
        seen(c, EVAC_SEEN_BLOCKED, "it is in another replication, of %.*s",
             EVAC_STR_ARG(w->source));
    else
        seen(c, EVAC_SEEN_UNSATISFIED, "it is no replica of the other region's file system yet");
}

static enum evac_code observe_protect(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = begin(c, err);
    return code ? code : look(c, observe_unprotected, err);
}

static void replicate_back(struct aws_call *c, aws_reply_fn *then)
{
    const struct work *w = work(c);
    aws_set_arg(c, "source", w->other);
    aws_set_arg(c, "to_region", c->region);
    c->region = w->other_region;
    aws_ask_next(c, &replicate, true, then);
}

static void on_unprotected(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (r->outcome == EVAC_OUTCOME_ACCEPTED)
        replicate_back(c, aws_answer_partly);
    else
        aws_answer_outcome(c, r);
}

/* The other region's file system is the source now, and in no replication but that leftover's. */
static void on_other(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct work *w = work(c);
    bool none = evac_str_is(r->code, "ReplicationNotFound");
    if (!none && !aws_looked(c, r))
        return;
    if (!none) {
        aws_answer_rejected(c, "", "the other region's file system is in a replication still");
        return;
    }
    c->region = evac_str_eq(c->region, c->to) ? c->from : c->to; /* back to the step's */
    aws_set_arg(c, "fs", w->own);
    if (is_leftover(w))
        aws_ask_next(c, &delete_here, true, aws_answer_outcome);
    else if (!evac_str_is(w->protection, "DISABLED"))
        aws_ask_next(c, &unprotect, true, on_unprotected);
    else
        replicate_back(c, aws_answer_outcome);
}

/* A leftover takes minutes to go, and the next try does the rest. */
static void protect_when_seen(struct aws_call *c)
{
    const struct work *w = work(c);
    const char *why = forbidden(c, w);
    if (why[0] || is_replica(c) || (w->replicated && !is_leftover(w))) {
        aws_answer_rejected(c, "", "%s", why[0] ? why : "it is in a replication already");
        return;
    }
    aws_set_arg(c, "fs", w->other);
    c->region = w->other_region;
    aws_ask_next(c, &describe_replication, false, on_other);
}

static enum evac_code apply_protect(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = begin(c, err);
    return code ? code : look(c, protect_when_seen, err);
}

/* --- measure ------------------------------------------------------------------------------------
 */

static void measured(struct aws_call *c)
{
    const struct work *w = work(c);
    bool known = is_replica(c) && w->last_ms >= 0;
    int64_t lag = w->now_ms > w->last_ms ? w->now_ms - w->last_ms : 0;
    aws_answer_lag(c, known, lag, w->now_ms,
                   known            ? ""
                   : !w->replicated ? "the file system is in no replication"
                   : !is_replica(c) ? "the file system is no replica of the other one"
                                    : "nothing was replicated completely yet");
}

static enum evac_code measure(struct aws_call *c, struct evac_err *err)
{
    c->region = c->to;
    enum evac_code code = begin(c, err);
    if (code)
        return code;
    work(c)->then = measured;
    return aws_ask_first(c, &describe_replication, false, on_replication, err);
}

static const struct aws_handlers handlers[] = {
    { .action = "ready", .observe = observe_ready },
    { .action = "parity", .parity = &parity },
    { .action = "switchover", .observe = observe, .apply = apply },
    { .action = "failover", .observe = observe, .apply = apply },
    { .action = "protected", .observe = observe_protected },
    { .action = "protect", .observe = observe_protect, .apply = apply_protect },
    { .action = "", .measure = measure },
    { 0 },
};

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_efs = { "efs",
                                             "an EFS file system and its replica",
                                             resource_params,
                                             actions,
                                             1u << EVAC_VERB_MEASURE,
                                             measure_ops,
                                             call,
                                             aws_cancel };

/*
 * S3 Batch Replication: what live replication left behind, namely objects from before the rule and
 * those that failed (AWS.md 2.4). One job a run, of the step's region's bucket, by the rules that
 * are on it; the job is found again by its description, and made at most once for an attempt.
 */
#include "aws_template.h"
#include "aws_time.h"

#include <string.h>

#define XMLNS     "http://awss3control.amazonaws.com/doc/2018-08-20/"
#define PAGES_MAX 10u
#define OLD_MS    (28 * 86400000ll) /* a run never takes longer: an older job is another journal's */

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "buckets", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL,
      "each region's bucket; with a replication rule to the other one" },
    { "role", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL,
      "ARN of the role that S3 Batch Operations replicates with" },
    { "priority", EVAC_PARAM_INT, 0, "10", NULL, "of the job among the account's" },
    { "report", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL,
      "each region's bucket for a report of the tasks that failed; none without it" },
    { 0 },
};

#define CONTROL(operation, mutates) { "s3control", operation, "s3:" operation, EVAC_HOME_STEP, NULL, true, mutates }
#define LOOK CONTROL("ListJobs", false), CONTROL("DescribeJob", false)
static const struct evac_op ready_ops[] = { CONTROL("ListJobs", false), { 0 } };
static const struct evac_op replicate_ops[] = {
    LOOK, { "s3control", "CreateJob", "s3:CreateJob iam:PassRole", EVAC_HOME_STEP, NULL, true, true }, { 0 } };

#define JOBS "aws s3control "
#define OF   " --region <region> --account-id <was.account> "
#define DESCRIPTION "evac <app> run <run> of <buckets>"
static const struct evac_action actions[] = {
    { "ready", "batch jobs of the region can be seen", 0, EVAC_FENCING_NONE, 500, 60000, NULL, ready_ops },
    { "replicate", "a batch job replicated what live replication had not: older objects, and those that failed",
      EVAC_ACTION_MUTATES, EVAC_FENCING_TOKEN, 600000, 86400000, NULL, replicate_ops,
      JOBS "update-job-status" OF "--requested-job-status Cancelled --job-id $(" JOBS "list-jobs" OF
      "--output text --query \"Jobs[?Description=='" DESCRIPTION "'].JobId\")" },
    { 0 },
};
/* clang-format on */

struct job {
    struct evac_str id, status, failure;
    int64_t created_ms, total, succeeded, failed;
};

struct work {
    struct evac_str account, description;
    struct job job; /* id "": there is none */
    unsigned pages;
};

static void decide(struct aws_call *c);

/* --- asking ---------------------------------------------------------------------------------- */

static enum evac_code begin(struct aws_call *c, struct evac_err *err)
{
    struct work *w = evac_arena_alloc(c->arena, sizeof *w);
    struct evac_str role = evac_args_get(&c->args, "role");
    w->account = evac_aws_arn_account(role);
    w->description = aws_fill(c, DESCRIPTION, AWS_PLAIN, NULL, 0);
    c->state = w;
    if (w->account.n == 12)
        return EVAC_OK;
    return evac_fail(err, EVAC_E_BADARG,
                     "role is '%.*s': it is an ARN, as arn:aws:iam::123456789012:role/batch",
                     EVAC_STR_ARG(role));
}

static struct evac_aws_request request(struct aws_call *c, const char *operation,
                                       const char *method, struct evac_str path)
{
    const struct work *w = c->state;
    return (struct evac_aws_request){ .service = "s3control",
                                      .operation = operation,
                                      .region = c->region,
                                      .method = method,
                                      .bucket = w->account,
                                      .path = path };
}

static struct evac_str note_key(struct aws_call *c)
{
    const struct work *w = c->state;
    return aws_printf(c, "s3-batch %.*s", EVAC_STR_ARG(w->description));
}

/* --- finding the job ------------------------------------------------------------------------- */

static int64_t number(const struct evac_xml *x, const char *path)
{
    int64_t n = 0;
    (void)evac_str_i64(evac_xml_text(x, path), &n);
    return n;
}

static struct job read_job(struct aws_call *c, const struct evac_xml *x)
{
    struct job job = {
        .id = evac_arena_str(c->arena, evac_xml_text(x, "JobId")),
        .status = evac_arena_str(c->arena, evac_xml_text(x, "Status")),
        .failure =
            evac_arena_str(c->arena, evac_xml_text(x, "FailureReasons/member/FailureReason")),
        .total = number(x, "ProgressSummary/TotalNumberOfTasks"),
        .succeeded = number(x, "ProgressSummary/NumberOfTasksSucceeded"),
        .failed = number(x, "ProgressSummary/NumberOfTasksFailed"),
    };
    (void)evac_aws_time_iso(evac_xml_text(x, "CreationTime"), &job.created_ms);
    return job;
}

static void list(struct aws_call *c, struct evac_str token);

static void on_described(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    if (r->status == 404) { /* what we remember is gone */
        w->job = (struct job){ .created_ms = 0 };
        list(c, EVAC_STR_NONE);
    } else if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_no_look(c, r);
    } else {
        w->job = read_job(c, evac_xml_child(r->xml, "Job"));
        decide(c);
    }
}

static struct evac_aws_request describe(struct aws_call *c, struct evac_str id)
{
    return request(c, "DescribeJob", "GET",
                   aws_printf(c, "/v20180820/jobs/%.*s", EVAC_STR_ARG(id)));
}

static bool is_ours(struct aws_call *c, const struct evac_xml *x, const struct job *job)
{
    const struct work *w = c->state;
    const struct evac_host *host = c->link->host;
    return evac_str_eq(evac_xml_text(x, "Description"), w->description) &&
           host->wall_ms(host->ctx) - job->created_ms < OLD_MS &&
           job->created_ms >= w->job.created_ms;
}

static void on_list(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    if (!aws_looked(c, r))
        return;
    for (const struct evac_xml *x = evac_xml_path(r->xml, "Jobs/member"); x;
         x = evac_xml_again(x)) {
        struct job job = read_job(c, x);
        if (is_ours(c, x, &job))
            w->job = job;
    }
    struct evac_str next = evac_xml_text(r->xml, "NextToken");
    if (next.n && ++w->pages < PAGES_MAX) {
        list(c, evac_arena_str(c->arena, next));
    } else if (w->job.id.n) {
        struct evac_aws_request ask = describe(c, w->job.id);
        aws_next(c, &ask, on_described);
    } else {
        decide(c);
    }
}

static struct evac_aws_request list_request(struct aws_call *c, struct evac_str token)
{
    struct evac_aws_request r = request(c, "ListJobs", "GET", EVAC_STR("/v20180820/jobs"));
    struct evac_arg *params = evac_arena_array(c->arena, 2, sizeof *params);
    params[0] = (struct evac_arg)AWS_PARAM("maxResults", EVAC_STR("1000"));
    params[1] = (struct evac_arg)AWS_PARAM("nextToken", token);
    r.params = params;
    r.param_count = token.n ? 2 : 1;
    return r;
}

static void list(struct aws_call *c, struct evac_str token)
{
    struct evac_aws_request r = list_request(c, token);
    aws_next(c, &r, on_list);
}

static enum evac_code start(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = begin(c, err);
    if (code)
        return code;
    struct evac_str id = aws_note_get(c->link, note_key(c));
    struct evac_aws_request r = id.n ? describe(c, id) : list_request(c, EVAC_STR_NONE);
    return aws_send(c, &r, id.n ? on_described : on_list, err);
}

/* --- ready ----------------------------------------------------------------------------------- */

static void on_ready(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct aws_sight sight = { .seen = EVAC_SEEN_SATISFIED, .progress = -1 };
    if (r->outcome == EVAC_OUTCOME_ACCEPTED)
        aws_answer_seen(c, &sight, "%s", "");
    else
        aws_answer_unseen(c, r);
}

static enum evac_code observe_ready(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = begin(c, err);
    if (code)
        return code;
    struct evac_aws_request r = list_request(c, EVAC_STR_NONE);
    return aws_send(c, &r, on_ready, err);
}

/* --- what it came to ------------------------------------------------------------------------- */

static bool is(const struct job *job, const char *status)
{
    return evac_str_is(job->status, status);
}

/* A job with an empty list fails; which is what one hopes for. Its words are not documented. */
static bool found_nothing(const struct job *job)
{
    return is(job, "Failed") && job->total == 0 &&
           (evac_str_has(job->failure, "No keys") || evac_str_has(job->failure, "No objects") ||
            evac_str_has(job->failure, "no objects"));
}

static enum evac_seen seen_of(const struct job *job)
{
    if (job->id.n == 0)
        return EVAC_SEEN_UNSATISFIED;
    if (is(job, "Complete"))
        return job->failed == 0 ? EVAC_SEEN_SATISFIED : EVAC_SEEN_BLOCKED;
    if (is(job, "Failed"))
        return found_nothing(job) ? EVAC_SEEN_SATISFIED : EVAC_SEEN_UNSATISFIED;
    if (is(job, "Cancelled") || is(job, "Cancelling") || is(job, "Suspended") ||
        is(job, "Paused") || is(job, "Pausing"))
        return EVAC_SEEN_BLOCKED;
    return EVAC_SEEN_MOVING;
}

static const char *in_words(struct aws_call *c, const struct job *job)
{
    if (job->id.n == 0)
        return "no batch job of this run yet";
    if (found_nothing(job))
        return "there was nothing to replicate";
    if (is(job, "Complete") && job->failed > 0)
        return aws_printf(c, "job %.*s replicated %lld of %lld, and %lld failed",
                          EVAC_STR_ARG(job->id), (long long)job->succeeded, (long long)job->total,
                          (long long)job->failed)
            .p;
    return aws_printf(c, "job %.*s is %.*s%s%.*s", EVAC_STR_ARG(job->id), EVAC_STR_ARG(job->status),
                      job->failure.n ? ": " : "", EVAC_STR_ARG(job->failure))
        .p;
}

static void answer_seen(struct aws_call *c)
{
    const struct work *w = c->state;
    const struct job *job = &w->job;
    struct evac_fact facts[] = { { "total", job->total },
                                 { "succeeded", job->succeeded },
                                 { "failed", job->failed } };
    struct aws_sight sight = {
        .seen = seen_of(job),
        .progress = job->total > 0 ? (int)((job->succeeded + job->failed) * 100 / job->total) : -1,
        .snapshot =
            aws_printf(c, "{\"account\":\"%.*s\",\"job\":\"%.*s\",\"status\":\"%.*s\"}",
                       EVAC_STR_ARG(w->account), EVAC_STR_ARG(job->id), EVAC_STR_ARG(job->status)),
        .facts = facts,
        .fact_count = job->total > 0 ? 3 : 0,
    };
    aws_answer_seen(c, &sight, "%s", in_words(c, job));
}

/* --- making it ------------------------------------------------------------------------------- */

static void on_created(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (r->outcome == EVAC_OUTCOME_ACCEPTED)
        aws_note_set(c->link, note_key(c), evac_xml_text(r->xml, "JobId"));
    aws_answer_outcome(c, r);
}

static void put_report(struct evac_buf *xml, struct evac_str bucket)
{
    if (bucket.n == 0) {
        evac_buf_puts(xml, "<Report><Enabled>false</Enabled></Report>");
        return;
    }
    evac_buf_puts(xml, "<Report><Bucket>arn:aws:s3:::");
    evac_buf_xml(xml, bucket);
    evac_buf_puts(xml, "</Bucket><Format>Report_CSV_20180820</Format><Enabled>true</Enabled>"
                       "<Prefix>evac</Prefix><ReportScope>FailedTasksOnly</ReportScope></Report>");
}

static struct evac_str body(struct aws_call *c)
{
    const struct work *w = c->state;
    struct evac_buf xml;
    evac_buf_init(&xml, 65536);
    evac_buf_puts(&xml, "<CreateJobRequest xmlns=\"" XMLNS "\">"
                        "<ConfirmationRequired>false</ConfirmationRequired>"
                        "<Operation><S3ReplicateObject/></Operation>");
    put_report(&xml, aws_regional(c, "report"));
    evac_buf_putf(&xml, "<ClientRequestToken>evac-%s</ClientRequestToken><Description>", c->token);
    evac_buf_xml(&xml, w->description);
    evac_buf_puts(&xml, "</Description><Priority>");
    evac_buf_xml(&xml, evac_args_get(&c->args, "priority"));
    evac_buf_puts(&xml, "</Priority><RoleArn>");
    evac_buf_xml(&xml, evac_args_get(&c->args, "role"));
    evac_buf_puts(&xml, "</RoleArn><ManifestGenerator><S3JobManifestGenerator>"
                        "<SourceBucket>arn:aws:s3:::");
    evac_buf_xml(&xml, aws_regional(c, "buckets"));
    evac_buf_puts(&xml, "</SourceBucket><Filter><EligibleForReplication>true"
                        "</EligibleForReplication><ObjectReplicationStatuses><member>NONE</member>"
                        "<member>FAILED</member></ObjectReplicationStatuses></Filter>"
                        "<EnableManifestOutput>false</EnableManifestOutput>"
                        "</S3JobManifestGenerator></ManifestGenerator></CreateJobRequest>");
    struct evac_str kept = evac_arena_str(c->arena, evac_buf_str(&xml));
    evac_buf_done(&xml);
    return kept;
}

static void create(struct aws_call *c)
{
    struct evac_aws_request r = request(c, "CreateJob", "POST", EVAC_STR("/v20180820/jobs"));
    r.body = body(c);
    r.mutates = true;
    aws_next(c, &r, on_created);
}

static void decide(struct aws_call *c)
{
    const struct work *w = c->state;
    if (c->verb == EVAC_VERB_OBSERVE)
        answer_seen(c);
    else if (seen_of(&w->job) == EVAC_SEEN_UNSATISFIED)
        create(c);
    else if (seen_of(&w->job) == EVAC_SEEN_BLOCKED)
        aws_answer_rejected(c, "", "%s", in_words(c, &w->job));
    else
        aws_answer_already(c); /* there is one, that a lost reply did not tell of */
}

static const struct aws_handlers handlers[] = {
    { .action = "ready", .observe = observe_ready },
    { .action = "replicate", .observe = start, .apply = start },
    { 0 },
};

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_s3_batch = {
    "s3-batch",
    "S3 Batch Replication: what live replication left behind",
    resource_params,
    actions,
    0,
    NULL,
    call,
    aws_cancel
};

/*
 * S3 Batch Operations: jobs that replicate what live replication did not (AWS.md 2.4). New,
 * Preparing (the list is made), Active, Completing, Complete; one that finds nothing to do is
 * Failed, and says so: what AWS does then is not documented. Other operations than
 * S3ReplicateObject are not modelled.
 */
#include "aws_time.h"
#include "s3_internal.h"

#include <stdlib.h>
#include <string.h>

#define NS       "http://awss3control.amazonaws.com/doc/2018-08-20/"
#define JOBS_MAX 200u

struct job {
    char id[37], token[65], description[257], role[256], bucket[64];
    char status_reason[257];
    size_t region;
    uint64_t hash, due_ms; /* hash: of the request; due_ms: SB_NEVER stands still */
    int64_t priority, created_ms, ended_ms;
    const char *status, *failure;
    struct s3_batch batch;
    uint32_t total, failed;
    bool confirm;
};

struct jobs {
    struct job all[JOBS_MAX];
    size_t count;
};

static struct jobs *state(const struct evac_sandbox *sb)
{
    return sb->state[SB_S3CONTROL];
}

void *s3_jobs_create(struct evac_sandbox *sb)
{
    struct jobs *jobs = malloc(sizeof *jobs); /* a job is set when it is added */
    (void)sb;
    if (!jobs)
        abort();
    jobs->count = 0;
    return jobs;
}

void s3_jobs_destroy(void *p)
{
    free(p);
}

/* --- time ------------------------------------------------------------------------------------ */

static void become(struct evac_sandbox *sb, struct job *job, const char *status, uint64_t real_ms)
{
    job->status = status;
    job->due_ms = real_ms ? sb->now_ms + sb_scaled(sb, real_ms) : SB_NEVER;
    if (!real_ms)
        job->ended_ms = sb_wall_ms(sb);
}

static void finish_list(struct evac_sandbox *sb, struct job *job)
{
    const struct s3_bucket *b = s3_bucket_find(sb, evac_str(job->bucket));
    job->batch.bucket = job->bucket;
    job->total = s3_batch_run(sb, &job->batch, false, &job->failed);
    if (!b || !b->replication)
        job->failure = "The source bucket has no replication configuration";
    else if (job->total == 0)
        job->failure = "No keys found that match the filter of the manifest generator";
    if (job->failure)
        become(sb, job, "Failed", 0);
    else if (job->confirm)
        become(sb, job, "Suspended", 0);
    else
        become(sb, job, "Active", 30000);
}

static void go_on(struct evac_sandbox *sb, struct job *job)
{
    if (strcmp(job->status, "New") == 0) {
        become(sb, job, "Preparing", 60000);
    } else if (strcmp(job->status, "Preparing") == 0) {
        finish_list(sb, job);
    } else if (strcmp(job->status, "Ready") == 0) {
        become(sb, job, "Active", 30000);
    } else if (strcmp(job->status, "Active") == 0) {
        job->total = s3_batch_run(sb, &job->batch, true, &job->failed);
        become(sb, job, "Completing", 5000);
    } else if (strcmp(job->status, "Completing") == 0) {
        become(sb, job, "Complete", 0);
    } else if (strcmp(job->status, "Cancelling") == 0) {
        become(sb, job, "Cancelled", 0);
    }
}

void s3_jobs_advance(struct evac_sandbox *sb)
{
    struct jobs *jobs = state(sb);
    for (size_t i = 0; i < jobs->count; i++)
        if (jobs->all[i].due_ms <= sb->now_ms && !sb->regions[jobs->all[i].region].down)
            go_on(sb, &jobs->all[i]);
}

uint64_t s3_jobs_wake(const struct evac_sandbox *sb)
{
    const struct jobs *jobs = state(sb);
    uint64_t next = SB_NEVER;
    for (size_t i = 0; i < jobs->count; i++)
        if (jobs->all[i].due_ms < next && !sb->regions[jobs->all[i].region].down)
            next = jobs->all[i].due_ms;
    return next;
}

/* --- asked ----------------------------------------------------------------------------------- */

static struct evac_str bucket_of(struct evac_str arn)
{
    static const char prefix[] = "arn:aws:s3:::";
    size_t n = sizeof prefix - 1;
    return evac_str_starts(arn, prefix) ? (struct evac_str){ arn.p + n, arn.n - n } : EVAC_STR_NONE;
}

#define GENERATOR "ManifestGenerator/S3JobManifestGenerator/"

static unsigned read_statuses(const struct sb_call *c)
{
    static const char *const names[] = { "NONE", "", "COMPLETED", "FAILED", "REPLICA" };
    unsigned bits = 0;
    for (const struct evac_xml *x =
             evac_xml_path(c->xml, GENERATOR "Filter/ObjectReplicationStatuses/member");
         x; x = evac_xml_again(x))
        for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
            if (names[i][0] && evac_str_is(x->text, names[i]))
                bits |= 1u << i;
    return bits;
}

static bool read_job(struct sb_call *c, struct job *job)
{
    struct evac_str bucket = bucket_of(evac_xml_text(c->xml, GENERATOR "SourceBucket"));
    struct evac_str confirm = evac_xml_text(c->xml, "ConfirmationRequired");
    struct evac_str token = evac_xml_text(c->xml, "ClientRequestToken");
    *job = (struct job){ .region = c->region,
                         .hash = evac_str_hash(c->request->body),
                         .created_ms = sb_wall_ms(c->sb),
                         .confirm = !evac_str_is(confirm, "false"),
                         .batch = { .statuses = read_statuses(c) } };
    (void)evac_aws_time_iso(evac_xml_text(c->xml, GENERATOR "Filter/CreatedAfter"),
                            &job->batch.after_ms);
    (void)evac_aws_time_iso(evac_xml_text(c->xml, GENERATOR "Filter/CreatedBefore"),
                            &job->batch.before_ms);
    return token.n > 0 && evac_str_copy(job->token, sizeof job->token, token) &&
           evac_str_copy(job->bucket, sizeof job->bucket, bucket) && bucket.n &&
           evac_str_copy(job->description, sizeof job->description,
                         evac_xml_text(c->xml, "Description")) &&
           evac_str_copy(job->role, sizeof job->role, evac_xml_text(c->xml, "RoleArn")) &&
           job->role[0] && evac_str_i64(evac_xml_text(c->xml, "Priority"), &job->priority) &&
           evac_xml_path(c->xml, "Report/Enabled") &&
           evac_xml_path(c->xml, GENERATOR "EnableManifestOutput");
}

static const struct job *same_token(struct sb_call *c, const struct job *job)
{
    const struct jobs *jobs = state(c->sb);
    for (size_t i = 0; i < jobs->count; i++)
        if (jobs->all[i].region == c->region && strcmp(jobs->all[i].token, job->token) == 0)
            return &jobs->all[i];
    return NULL;
}

static void put_id(struct sb_call *c, const char *root, const struct job *job)
{
    evac_buf_putf(&c->out, "<%s xmlns=\"" NS "\">", root);
    sb_tag(&c->out, "JobId", evac_str(job->id));
}

static void add_job(struct sb_call *c, const struct job *job)
{
    struct jobs *jobs = state(c->sb);
    struct job *kept = &jobs->all[jobs->count++];
    char digits[33];
    *kept = *job;
    sb_random_id(c->sb, digits, 32);
    for (char *p = digits; *p; p++)
        *p = "0123456789abcdef"[(unsigned char)*p & 15];
    struct evac_str id = evac_arena_printf(c->arena, "%.8s-%.4s-%.4s-%.4s-%.12s", digits,
                                           digits + 8, digits + 12, digits + 16, digits + 20);
    (void)evac_str_copy(kept->id, sizeof kept->id, id);
    become(c->sb, kept, "New", 5000);
    sb_effect(c);
}

void s3_create_job(struct sb_call *c)
{
    struct jobs *jobs = state(c->sb);
    struct job job;
    if (!s3_is_own_account(c))
        return;
    const struct job *before = read_job(c, &job) ? same_token(c, &job) : NULL;
    const struct s3_bucket *b = s3_bucket_find(c->sb, evac_str(job.bucket));
    if (!job.bucket[0] || !job.role[0] || !job.token[0])
        sb_error(c, 400, "BadRequestException", "Request invalid");
    else if (!evac_xml_path(c->xml, "Operation/S3ReplicateObject"))
        sb_error(c, 501, "NotImplemented", "The sandbox has S3ReplicateObject only.");
    else if (before && before->hash != job.hash)
        sb_error(c, 400, "IdempotencyException", "The token was used for another request.");
    else if (!before && (!b || b->region != c->region))
        sb_error(c, 400, "BadRequestException", "The source bucket is not in this Region.");
    else if (!before && jobs->count == JOBS_MAX)
        sb_error(c, 429, "TooManyRequestsException", "Too many jobs");
    if (c->failed)
        return;
    if (!before) {
        add_job(c, &job);
        before = &jobs->all[jobs->count - 1];
    }
    put_id(c, "CreateJobResult", before);
    evac_buf_puts(&c->out, "</CreateJobResult>");
}

/* NULL: answered. */
static struct job *job_here(struct sb_call *c)
{
    struct jobs *jobs = state(c->sb);
    if (!s3_is_own_account(c))
        return NULL;
    for (size_t i = 0; i < jobs->count; i++)
        if (jobs->all[i].region == c->region && evac_str_is(c->label[0], jobs->all[i].id))
            return &jobs->all[i];
    sb_error(c, 404, "NoSuchJob", "The specified job does not exist");
    return NULL;
}

static void put_progress(struct sb_call *c, const struct job *job)
{
    bool ran = strcmp(job->status, "Completing") == 0 || strcmp(job->status, "Complete") == 0;
    evac_buf_puts(&c->out, "<ProgressSummary>");
    sb_tagf(&c->out, "TotalNumberOfTasks", "%u", job->total);
    sb_tagf(&c->out, "NumberOfTasksSucceeded", "%u", ran ? job->total - job->failed : 0);
    sb_tagf(&c->out, "NumberOfTasksFailed", "%u", job->failed);
    evac_buf_puts(&c->out, "</ProgressSummary>");
}

static void put_common(struct sb_call *c, const struct job *job)
{
    sb_tag(&c->out, "JobId", evac_str(job->id));
    if (job->description[0])
        sb_tag(&c->out, "Description", evac_str(job->description));
    sb_tagf(&c->out, "Priority", "%lld", (long long)job->priority);
    sb_tag(&c->out, "Status", evac_str(job->status));
    sb_tag(&c->out, "CreationTime", sb_iso(c->arena, job->created_ms));
    if (job->ended_ms)
        sb_tag(&c->out, "TerminationDate", sb_iso(c->arena, job->ended_ms));
    put_progress(c, job);
}

void s3_describe_job(struct sb_call *c)
{
    const struct job *job = job_here(c);
    if (!job)
        return;
    evac_buf_puts(&c->out, "<DescribeJobResult xmlns=\"" NS "\"><Job>");
    put_common(c, job);
    sb_tagf(&c->out, "JobArn", "arn:aws:s3:%s:" SB_ACCOUNT ":job/%s",
            sb_region_name(c->sb, job->region), job->id);
    sb_tag(&c->out, "RoleArn", evac_str(job->role));
    evac_buf_puts(&c->out, "<Operation><S3ReplicateObject/></Operation>");
    if (job->status_reason[0])
        sb_tag(&c->out, "StatusUpdateReason", evac_str(job->status_reason));
    if (job->failure) {
        evac_buf_puts(&c->out, "<FailureReasons><member>");
        sb_tag(&c->out, "FailureCode", EVAC_STR("ManifestGenerationError"));
        sb_tag(&c->out, "FailureReason", evac_str(job->failure));
        evac_buf_puts(&c->out, "</member></FailureReasons>");
    }
    evac_buf_puts(&c->out, "</Job></DescribeJobResult>");
}

static bool is_asked_for(const struct sb_call *c, const struct job *job)
{
    bool any = false;
    for (size_t i = 0; i < c->param_count; i++) {
        if (!evac_str_is(c->params[i].name, "jobStatuses"))
            continue;
        any = true;
        if (evac_str_is(c->params[i].value, job->status))
            return true;
    }
    return !any;
}

/* The newest first, in pages: a token is the number of those that were given. */
void s3_list_jobs(struct sb_call *c)
{
    const struct jobs *jobs = state(c->sb);
    int64_t most = sb_in_i64(c, "maxResults", 1000), skip = sb_in_i64(c, "nextToken", 0);
    int64_t seen = 0;
    if (!s3_is_own_account(c))
        return;
    evac_buf_puts(&c->out, "<ListJobsResult xmlns=\"" NS "\"><Jobs>");
    for (size_t i = jobs->count; i > 0 && seen <= skip + most; i--) {
        const struct job *job = &jobs->all[i - 1];
        if (job->region != c->region || !is_asked_for(c, job))
            continue;
        if (seen >= skip && seen < skip + most) {
            evac_buf_puts(&c->out, "<member>");
            put_common(c, job);
            sb_tag(&c->out, "Operation", EVAC_STR("S3ReplicateObject"));
            evac_buf_puts(&c->out, "</member>");
        }
        seen++;
    }
    evac_buf_puts(&c->out, "</Jobs>");
    if (seen > skip + most)
        sb_tagf(&c->out, "NextToken", "%lld", (long long)(skip + most));
    evac_buf_puts(&c->out, "</ListJobsResult>");
}

static bool is_over(const struct job *job)
{
    return strcmp(job->status, "Complete") == 0 || strcmp(job->status, "Failed") == 0 ||
           strcmp(job->status, "Cancelled") == 0;
}

void s3_update_job(struct sb_call *c)
{
    struct job *job = job_here(c);
    struct evac_str wanted = sb_in(c, "requestedJobStatus");
    bool cancel = evac_str_is(wanted, "Cancelled"), ready = evac_str_is(wanted, "Ready");
    if (!job)
        return;
    if (!cancel && !ready)
        sb_error(c, 400, "BadRequestException", "requestedJobStatus is Cancelled or Ready");
    else if (is_over(job) || (ready && strcmp(job->status, "Suspended") != 0))
        sb_error(c, 409, "JobStatusException", "A job that is %s can not become %.*s", job->status,
                 EVAC_STR_ARG(wanted));
    if (c->failed)
        return;
    become(c->sb, job, cancel ? "Cancelling" : "Ready", 5000);
    job->ended_ms = 0;
    (void)evac_str_copy(job->status_reason, sizeof job->status_reason,
                        sb_in(c, "statusUpdateReason"));
    sb_effect(c);
    put_id(c, "UpdateJobStatusResult", job);
    sb_tag(&c->out, "Status", evac_str(job->status));
    evac_buf_puts(&c->out, "</UpdateJobStatusResult>");
}

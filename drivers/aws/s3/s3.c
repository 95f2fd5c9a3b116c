/*
 * Buckets that replicate each other. Objects travel by themselves; what is here is the proof: the
 * replication's configuration, the state of our own newest canary object, and markers whose arrival
 * on the other side says what would be lost. The configuration is never written: that needs
 * us-east-1 (AWS.md 7.2.2), and both directions should stand before the day.
 */
#include "aws_pack.h"

#include <string.h>

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "buckets", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL,
      "each region's bucket; versioned, with replication in both directions" },
    { "canary", EVAC_PARAM_TEXT, 0, "evac-canary", NULL,
      "key prefix of the markers; one object a region" },
    { 0 },
};

static const struct evac_op ready_ops[] = {
    { "s3", "GetBucketVersioning", "s3:GetBucketVersioning", EVAC_HOME_STEP, NULL, true, false },
    { 0 },
};
static const struct evac_op replicating_ops[] = {
    { "s3", "GetBucketReplication", "s3:GetReplicationConfiguration", EVAC_HOME_STEP, NULL, true, false },
    { "s3", "HeadObject", "s3:GetObject", EVAC_HOME_STEP, NULL, false, false },
    { 0 },
};
static const struct evac_op measure_ops[] = {
    { "s3", "PutObject", "s3:PutObject", EVAC_HOME_FROM, NULL, false, true },
    { "s3", "GetObject", "s3:GetObject", EVAC_HOME_TO, NULL, false, false },
    { 0 },
};

static const struct evac_action actions[] = {
    { "ready", "the region's bucket is there and keeps versions", 0, EVAC_FENCING_NONE, 1000, 60000,
      NULL, ready_ops },
    { "replicating", "the region's bucket replicates to the other side, and its newest marker arrived",
      0, EVAC_FENCING_NONE, 5000, 900000, NULL, replicating_ops },
    { 0 },
};
/* clang-format on */

static struct evac_str other_region(const struct aws_call *c)
{
    return evac_str_eq(c->region, c->to) ? c->from : c->to;
}

static struct evac_str marker_path(struct aws_call *c, struct evac_str source)
{
    struct evac_buf path;
    evac_buf_init(&path, 4096);
    evac_buf_putc(&path, '/');
    evac_buf_uri(&path, evac_args_get(&c->args, "canary"), true);
    evac_buf_putc(&path, '/');
    evac_buf_uri(&path, source, false);
    struct evac_str kept = evac_arena_str(c->arena, evac_buf_str(&path));
    evac_buf_done(&path);
    return kept;
}

static struct evac_aws_request ask(struct aws_call *c, const char *operation, const char *method,
                                   struct evac_str path)
{
    return (struct evac_aws_request){ .service = "s3",
                                      .operation = operation,
                                      .region = c->region,
                                      .method = method,
                                      .bucket = aws_regional(c, "buckets"),
                                      .path = path };
}

static void seen(struct aws_call *c, enum evac_seen seen, const char *why)
{
    struct aws_sight sight = { .seen = seen, .progress = -1, .snapshot = EVAC_STR("{}") };
    aws_answer_seen(c, &sight, "%s", why);
}

/* --- ready ----------------------------------------------------------------------------------- */

static void on_versioning(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (r->outcome != EVAC_OUTCOME_ACCEPTED)
        aws_answer_unseen(c, r);
    else if (!evac_str_is(evac_xml_text(r->xml, "Status"), "Enabled"))
        seen(c, EVAC_SEEN_BLOCKED, "the bucket does not keep versions: nothing is replicated");
    else
        seen(c, EVAC_SEEN_SATISFIED, "");
}

static enum evac_code observe_ready(struct aws_call *c, struct evac_err *err)
{
    struct evac_arg params[] = { AWS_PARAM("versioning", EVAC_STR_NONE) };
    struct evac_aws_request request = ask(c, "GetBucketVersioning", "GET", EVAC_STR("/"));
    request.params = params;
    request.param_count = 1;
    return aws_send(c, &request, on_versioning, err);
}

/* --- replicating ----------------------------------------------------------------------------- */

static void on_marker_status(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct evac_str status =
        r->http ? evac_http_header(r->http, "x-amz-replication-status") : EVAC_STR_NONE;
    if (r->status == 404)
        seen(c, EVAC_SEEN_SATISFIED, "there is no marker of this region yet");
    else if (r->outcome != EVAC_OUTCOME_ACCEPTED)
        aws_answer_unseen(c, r);
    else if (evac_str_is(status, "PENDING"))
        seen(c, EVAC_SEEN_MOVING, "the newest marker has not arrived on the other side yet");
    else if (evac_str_is(status, "FAILED"))
        seen(c, EVAC_SEEN_BLOCKED, "the newest marker failed to replicate");
    else
        seen(c, EVAC_SEEN_SATISFIED, "");
}

/* An enabled rule whose destination is the other side's bucket. */
static bool replicates_to(const struct evac_xml *root, struct evac_str bucket)
{
    for (const struct evac_xml *rule = evac_xml_child(root, "Rule"); rule;
         rule = evac_xml_again(rule)) {
        struct evac_str arn = evac_xml_text(rule, "Destination/Bucket");
        bool enabled = evac_str_is(evac_xml_text(rule, "Status"), "Enabled");
        if (enabled && arn.n > bucket.n && arn.p[arn.n - bucket.n - 1] == ':' &&
            memcmp(arn.p + arn.n - bucket.n, bucket.p, bucket.n) == 0)
            return true;
    }
    return false;
}

static void on_replication(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct evac_str other = evac_args_regional(&c->args, "buckets", other_region(c));
    bool none = evac_str_is(r->code, "ReplicationConfigurationNotFoundError");
    if (!none && r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
    } else if (none || !replicates_to(r->xml, other)) {
        seen(c, EVAC_SEEN_BLOCKED,
             aws_printf(c, "no enabled rule replicates to %.*s", EVAC_STR_ARG(other)).p);
    } else {
        struct evac_aws_request request = ask(c, "HeadObject", "HEAD", marker_path(c, c->region));
        aws_next(c, &request, on_marker_status);
    }
}

static enum evac_code observe_replicating(struct aws_call *c, struct evac_err *err)
{
    struct evac_arg params[] = { AWS_PARAM("replication", EVAC_STR_NONE) };
    struct evac_aws_request request = ask(c, "GetBucketReplication", "GET", EVAC_STR("/"));
    request.params = params;
    request.param_count = 1;
    return aws_send(c, &request, on_replication, err);
}

/* --- markers --------------------------------------------------------------------------------- */

static void marked(struct aws_call *c, const struct evac_aws_reply *r)
{
    aws_answer_outcome(c, r);
}

static enum evac_code mark(struct aws_call *c, struct evac_err *err)
{
    const struct evac_host *host = c->link->host;
    struct evac_aws_request request = ask(c, "PutObject", "PUT", marker_path(c, c->region));
    request.mutates = true;
    request.checksum = true;
    request.content_type = "application/json";
    request.body = aws_printf(c, "{\"marker\":%lld,\"wall_ms\":%lld}", (long long)c->marker,
                              (long long)host->wall_ms(host->ctx));
    return aws_send(c, &request, marked, err);
}

/* False: it has been answered. marker -1: none has arrived. */
static bool read_marker(struct aws_call *c, const struct evac_aws_reply *r, int64_t *ret_marker,
                        int64_t *ret_wall_ms)
{
    struct evac_json *json = NULL;
    *ret_marker = *ret_wall_ms = -1;
    if (r->status == 404 && evac_str_is(r->code, "NoSuchKey"))
        return true;
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return false;
    }
    if (evac_json_parse(r->http->body, &json, NULL) == EVAC_OK) {
        *ret_marker = evac_json_i64(json, "marker", -1);
        *ret_wall_ms = evac_json_i64(json, "wall_ms", -1);
        evac_json_free(json);
    }
    return true;
}

static void answer_facts(struct aws_call *c, bool known, const struct evac_fact *facts,
                         const char *why)
{
    struct aws_sight sight = { .seen = known ? EVAC_SEEN_SATISFIED : EVAC_SEEN_UNSEEN,
                               .progress = -1,
                               .facts = facts,
                               .fact_count = known ? 2 : 0 };
    aws_answer_seen(c, &sight, "%s", known ? "" : why);
}

static void sought(struct aws_call *c, const struct evac_aws_reply *r)
{
    int64_t marker, wall_ms;
    if (!read_marker(c, r, &marker, &wall_ms))
        return;
    struct evac_fact facts[] = { { "marker", marker }, { "as_of_wall_ms", aws_server_ms(c, r) } };
    answer_facts(c, true, facts, "");
}

/* The active side's markers, as the other side has them. */
static enum evac_code find(struct aws_call *c, aws_reply_fn *then, struct evac_err *err)
{
    struct evac_aws_request request = ask(c, "GetObject", "GET", marker_path(c, c->from));
    return aws_send(c, &request, then, err);
}

static enum evac_code seek(struct aws_call *c, struct evac_err *err)
{
    return find(c, sought, err);
}

static const struct aws_handlers handlers[] = {
    { .action = "ready", .observe = observe_ready },
    { .action = "replicating", .observe = observe_replicating },
    { .action = "", .mark = mark, .seek = seek },
    { 0 },
};

static enum evac_code call_s3(struct evac_link *link, const struct evac_call *call,
                              evac_done_fn *done, void *user, uint64_t *ret_id,
                              struct evac_err *err)
{
    return aws_run(link, handlers, call, done, user, ret_id, err);
}

const struct evac_driver evac_driver_s3 = { "s3",
                                            "buckets that replicate each other",
                                            resource_params,
                                            actions,
                                            1u << EVAC_VERB_MARK | 1u << EVAC_VERB_SEEK,
                                            measure_ops,
                                            call_s3,
                                            aws_cancel };

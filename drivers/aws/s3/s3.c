/*
 * Buckets that replicate each other. Objects travel by themselves; what is here is the proof: the
 * replication's configuration and metrics, the state of our own newest canary object, and markers
 * whose arrival on the other side says what would be lost. Replication is configured only by
 * protect, after the move: that needs us-east-1 (AWS.md 7.2.2), and both directions should stand
 * before the day.
 */
#include "s3_parts.h"

#include <string.h>

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "buckets", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL,
      "each region's bucket; versioned, with replication in both directions" },
    { "canary", EVAC_PARAM_TEXT, 0, "evac-canary", NULL,
      "key prefix of the markers; one object a region" },
    { "rules", EVAC_PARAM_LIST, EVAC_PARAM_REGIONAL, NULL, NULL,
      "each region's rules to the other one, by ID: each must be enabled" },
    { "metrics", EVAC_PARAM_BOOL, 0, "false", NULL, "rules must publish metrics, as those with Replication Time Control do: what waits is asked" },
    { "rtc", EVAC_PARAM_BOOL, 0, "false", NULL, "rules must have Replication Time Control; protect gives it" },
    { "metric_period", EVAC_PARAM_DURATION, 0, "60s", NULL, "how often the metrics have a value" },
    { "role", EVAC_PARAM_TEXT, 0, NULL, NULL, "ARN of the role that replicates; with it, protect makes the rule back" },
    { "rule_id", EVAC_PARAM_TEXT, 0, "evac", NULL, "ID of that rule" },
    { "prefix", EVAC_PARAM_TEXT, 0, "", NULL, "key prefix that it replicates" },
    { "recover_prefix", EVAC_PARAM_TEXT, 0, NULL, NULL,
      "with it, recover brings keys that begin so back to a time, by their versions; \"*\" all" },
    { "recover_most", EVAC_PARAM_INT, 0, "1000", NULL, "and changes at most so many" },
    { 0 },
};
#define NEEDS(name) { name, EVAC_PARAM_TEXT, EVAC_PARAM_OF_RESOURCE, NULL, NULL, "" }
static const struct evac_param drained_params[] = { NEEDS("rules"), { 0 } };
static const struct evac_param protect_params[] = { NEEDS("role"), { 0 } };
static const struct evac_param recover_params[] = {
    NEEDS("recover_prefix"),
    { "time", EVAC_PARAM_TEXT, 0, NULL, NULL,
      "what was current then, as 2026-01-02T03:04:05Z; without it nothing is changed, and a rehearsal takes an hour ago" },
    { "newer", EVAC_PARAM_CHOICE, 0, "keep", "keep|hide", "keys that were made later: left alone, or behind a delete marker" },
    { 0 },
};

#define LOOK(operation, iam) { "s3", operation, iam, EVAC_HOME_STEP, NULL, true, false }
#define HEAD { "s3", "HeadObject", "s3:GetObject", EVAC_HOME_STEP, NULL, false, false }
static const struct evac_op ready_ops[] = { LOOK("GetBucketVersioning", "s3:GetBucketVersioning"), { 0 } };
static const struct evac_op replicating_ops[] = {
    LOOK("GetBucketVersioning", "s3:GetBucketVersioning"),
    LOOK("GetBucketReplication", "s3:GetReplicationConfiguration"), HEAD,
    { "cloudwatch", "GetMetricData", "cloudwatch:GetMetricData", EVAC_HOME_FROM, NULL, false, false, "metrics=true" }, { 0 },
};
static const struct evac_op drained_ops[] = { HEAD, S3_FLOW_OP(EVAC_HOME_TO), { 0 } };
#define BACK(operation, iam, mutates) { "s3", operation, iam, EVAC_HOME_TO, NULL, true, mutates }
static const struct evac_op protect_ops[] = {
    BACK("GetBucketReplication", "s3:GetReplicationConfiguration", false),
    BACK("PutBucketReplication", "s3:PutReplicationConfiguration iam:PassRole", true),
    BACK("DeleteBucketReplication", "s3:PutReplicationConfiguration", true), { 0 },
};
#define VERSIONS { "s3", "ListObjectVersions", "s3:ListBucketVersions", EVAC_HOME_STEP, NULL, false, false }
#define OBJECT(operation, iam, mutates) { "s3", operation, iam, EVAC_HOME_STEP, NULL, false, mutates }
static const struct evac_op recover_ops[] = {
    VERSIONS, OBJECT("GetObject", "s3:GetObject", false), OBJECT("PutObject", "s3:PutObject", true),
    OBJECT("CopyObject", "s3:GetObjectVersion s3:GetObjectVersionTagging s3:PutObject s3:PutObjectTagging", true),
    OBJECT("DeleteObject", "s3:DeleteObject s3:DeleteObjectVersion", true), { 0 },
};
static const struct evac_op rehearse_ops[] = { VERSIONS, { 0 } };
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
    { "drained", "nothing of the region's bucket waits to be replicated any more", 0, EVAC_FENCING_NONE,
      180000, 1800000, drained_params, drained_ops },
    { "protect", "the bucket that is active now replicates to the one that was left",
      EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE, EVAC_FENCING_NONE, 2000, 300000, protect_params,
      protect_ops },
    { "recover", "keys are what they were at a time, by their versions; what is newer is hidden, not gone",
      EVAC_ACTION_MUTATES | EVAC_ACTION_PROMOTES | EVAC_ACTION_LOSSY, EVAC_FENCING_NONE, 120000, 3600000, recover_params,
      recover_ops },
    { "rehearse", "what that would take is known, and can be done from here: counted, nothing is changed", 0,
      EVAC_FENCING_NONE, 10000, 600000, recover_params, rehearse_ops },
    { 0 },
};
/* clang-format on */

/* --- asking ---------------------------------------------------------------------------------- */

struct evac_str s3_other(const struct aws_call *c, struct evac_str region)
{
    return evac_str_eq(region, c->to) ? c->from : c->to;
}

struct evac_str s3_bucket_in(const struct aws_call *c, struct evac_str region)
{
    return evac_args_regional(&c->args, "buckets", region);
}

struct evac_aws_request s3_ask(struct aws_call *c, struct evac_str region, const char *operation,
                               const char *method, struct evac_str path)
{
    return (struct evac_aws_request){ .service = "s3",
                                      .operation = operation,
                                      .region = region,
                                      .method = method,
                                      .bucket = s3_bucket_in(c, region),
                                      .path = path };
}

struct evac_aws_request s3_ask_bucket(struct aws_call *c, struct evac_str region,
                                      const char *operation, const char *method, const char *name)
{
    struct evac_arg *param = evac_arena_alloc(c->arena, sizeof *param);
    *param = (struct evac_arg){ evac_str(name), EVAC_STR_NONE };
    struct evac_aws_request request = s3_ask(c, region, operation, method, EVAC_STR("/"));
    request.params = param;
    request.param_count = 1;
    return request;
}

struct evac_str s3_key_path(struct aws_call *c, struct evac_str key)
{
    struct evac_buf path;
    evac_buf_init(&path, 8192);
    evac_buf_putc(&path, '/');
    evac_buf_uri(&path, key, true);
    struct evac_str kept = evac_arena_str(c->arena, evac_buf_str(&path));
    evac_buf_done(&path);
    return kept;
}

static struct evac_str marker_path(struct aws_call *c, struct evac_str source)
{
    return s3_key_path(c,
                       aws_printf(c, "%.*s/%.*s", EVAC_STR_ARG(evac_args_get(&c->args, "canary")),
                                  EVAC_STR_ARG(source)));
}

struct evac_aws_request s3_head_marker(struct aws_call *c, struct evac_str region)
{
    return s3_ask(c, region, "HeadObject", "HEAD", marker_path(c, region));
}

bool s3_rules_named(struct aws_call *c, struct evac_str region, struct s3_rules *ret_rules)
{
    struct evac_str text = evac_args_regional(&c->args, "rules", region);
    struct evac_json *list = NULL;
    ret_rules->count = 0;
    if (text.n && text.p[0] != '[') {
        ret_rules->ids[ret_rules->count++] = text;
    } else if (text.n && evac_json_parse(text, &list, NULL) == EVAC_OK) {
        for (const struct evac_json *e = evac_json_first(list);
             e && ret_rules->count < S3_RULES_MAX; e = evac_json_next(e))
            ret_rules->ids[ret_rules->count++] = evac_arena_str(c->arena, evac_json_text(e));
    }
    evac_json_free(list);
    return ret_rules->count > 0;
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
    struct evac_aws_request request =
        s3_ask_bucket(c, c->region, "GetBucketVersioning", "GET", "versioning");
    return aws_send(c, &request, on_versioning, err);
}

/* --- markers --------------------------------------------------------------------------------- */

static void marked(struct aws_call *c, const struct evac_aws_reply *r)
{
    aws_answer_outcome(c, r);
}

static enum evac_code mark(struct aws_call *c, struct evac_err *err)
{
    const struct evac_host *host = c->link->host;
    struct evac_aws_request request =
        s3_ask(c, c->region, "PutObject", "PUT", marker_path(c, c->region));
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
    struct evac_aws_request request =
        s3_ask(c, c->region, "GetObject", "GET", marker_path(c, c->from));
    return aws_send(c, &request, then, err);
}

static enum evac_code seek(struct aws_call *c, struct evac_err *err)
{
    return find(c, sought, err);
}

static const struct aws_handlers handlers[] = {
    { .action = "ready", .observe = observe_ready },
    { .action = "replicating", .observe = s3_observe_replicating },
    { .action = "drained", .observe = s3_observe_drained },
    { .action = "protect", .observe = s3_observe_protect, .apply = s3_apply_protect },
    { .action = "recover", .observe = s3_observe_recover, .apply = s3_apply_recover },
    { .action = "rehearse", .observe = s3_observe_recover },
    { .action = "", .mark = mark, .seek = seek },
    { 0 },
};

static enum evac_code call_s3(struct evac_link *link, const struct evac_call *call,
                              evac_done_fn *done, void *user, uint64_t *ret_id,
                              struct evac_err *err)
{
    return aws_run(link, handlers, call_s3, call, done, user, ret_id, err);
}

const struct evac_driver evac_driver_s3 = { "s3",
                                            "buckets that replicate each other",
                                            resource_params,
                                            actions,
                                            1u << EVAC_VERB_MARK | 1u << EVAC_VERB_SEEK,
                                            measure_ops,
                                            call_s3,
                                            aws_cancel };

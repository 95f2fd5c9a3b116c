/* Whether a bucket replicates to the other one, and whether all of it has arrived. */
#include "aws_time.h"
#include "s3_parts.h"

#include <string.h>

struct looking {
    struct s3_rules rules; /* whose metrics are asked */
    const char *off;       /* of rules to the other side that are disabled, in words; "" none */
    int64_t marker_ms;     /* when the newest marker was written; 0 there is none */
};

static void seen(struct aws_call *c, enum evac_seen seen, const char *why)
{
    struct aws_sight sight = { .seen = seen, .progress = -1, .snapshot = EVAC_STR("{}") };
    aws_answer_seen(c, &sight, "%s", why);
}

static void seen_flow(struct aws_call *c, enum evac_seen seen, const struct s3_flow *flow,
                      const char *why)
{
    const struct evac_fact facts[] = { { "pending", flow->pending },
                                       { "pending_bytes", flow->bytes },
                                       { "failed", flow->failed },
                                       { "latency_ms", flow->latency_ms } };
    struct aws_sight sight = { .seen = seen,
                               .progress = -1,
                               .snapshot = EVAC_STR("{}"),
                               .facts = facts,
                               .fact_count = flow->known ? 4 : 0 };
    aws_answer_seen(c, &sight, "%s", why);
}

/* --- rules ----------------------------------------------------------------------------------- */

static bool is_enabled(const struct evac_xml *rule, const char *path)
{
    return evac_str_is(evac_xml_text(rule, path), "Enabled");
}

static bool goes_to(const struct evac_xml *rule, struct evac_str bucket)
{
    struct evac_str arn = evac_xml_text(rule, "Destination/Bucket");
    return arn.n > bucket.n && arn.p[arn.n - bucket.n - 1] == ':' &&
           memcmp(arn.p + arn.n - bucket.n, bucket.p, bucket.n) == 0;
}

static const struct evac_xml *rule_of(const struct evac_xml *root, struct evac_str id)
{
    const struct evac_xml *rule = evac_xml_child(root, "Rule");
    while (rule && !evac_str_eq(evac_xml_text(rule, "ID"), id))
        rule = evac_xml_again(rule);
    return rule;
}

static bool wants(const struct aws_call *c, const char *name)
{
    return evac_str_is(evac_args_get(&c->args, name), "true");
}

/* NULL: it is as it should be. */
static const char *why_not(struct aws_call *c, const struct evac_xml *rule, struct evac_str id)
{
    struct evac_str other = s3_bucket_in(c, s3_other(c, c->region));
    if (!rule)
        return aws_printf(c, "there is no rule %.*s", EVAC_STR_ARG(id)).p;
    if (!goes_to(rule, other))
        return aws_printf(c, "rule %.*s does not replicate to %.*s", EVAC_STR_ARG(id),
                          EVAC_STR_ARG(other))
            .p;
    if (!is_enabled(rule, "Status"))
        return aws_printf(c, "rule %.*s is disabled", EVAC_STR_ARG(id)).p;
    if (wants(c, "rtc") && !is_enabled(rule, "Destination/ReplicationTime/Status"))
        return aws_printf(c, "rule %.*s has no Replication Time Control", EVAC_STR_ARG(id)).p;
    if (wants(c, "metrics") && !is_enabled(rule, "Destination/Metrics/Status"))
        return aws_printf(c, "rule %.*s publishes no metrics", EVAC_STR_ARG(id)).p;
    return NULL;
}

static void take(struct aws_call *c, struct looking *l, const struct evac_xml *rule)
{
    if (wants(c, "metrics") && l->rules.count < S3_RULES_MAX)
        l->rules.ids[l->rules.count++] = evac_arena_str(c->arena, evac_xml_text(rule, "ID"));
}

/* Those that the resource names: each of them. */
static const char *check_named(struct aws_call *c, const struct evac_xml *root,
                               const struct s3_rules *named)
{
    for (size_t i = 0; i < named->count; i++) {
        const struct evac_xml *rule = rule_of(root, named->ids[i]);
        const char *why = why_not(c, rule, named->ids[i]);
        if (why)
            return why;
        take(c, c->state, rule);
    }
    return NULL;
}

/* Without names one enabled rule is enough; what is disabled beside it is told. */
static const char *check_any(struct aws_call *c, const struct evac_xml *root)
{
    struct looking *l = c->state;
    struct evac_str other = s3_bucket_in(c, s3_other(c, c->region));
    const char *first = NULL;
    size_t good = 0;
    for (const struct evac_xml *rule = evac_xml_child(root, "Rule"); rule;
         rule = evac_xml_again(rule)) {
        const char *why = why_not(c, rule, evac_xml_text(rule, "ID"));
        if (!goes_to(rule, other))
            continue;
        first = why && !first ? why : first;
        good += !why;
        if (!why)
            take(c, l, rule);
    }
    l->off = good && first ? first : "";
    if (good)
        return NULL;
    return first ? first
                 : aws_printf(c, "no enabled rule replicates to %.*s", EVAC_STR_ARG(other)).p;
}

/* --- the marker ------------------------------------------------------------------------------ */

/* False: answered. */
static bool marker_arrived(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct looking *l = c->state;
    struct evac_str status =
        r->http ? evac_http_header(r->http, "x-amz-replication-status") : EVAC_STR_NONE;
    if (r->outcome != EVAC_OUTCOME_ACCEPTED && r->status != 404) {
        aws_answer_unseen(c, r);
    } else if (evac_str_is(status, "PENDING")) {
        seen(c, EVAC_SEEN_MOVING, "the newest marker has not arrived on the other side yet");
    } else if (evac_str_is(status, "FAILED")) {
        seen(c, EVAC_SEEN_BLOCKED, "the newest marker failed to replicate");
    } else {
        l->marker_ms = 0;
        if (r->status != 404)
            (void)evac_aws_time_http(evac_http_header(r->http, "last-modified"), &l->marker_ms);
        return true;
    }
    return false;
}

/* --- replicating ----------------------------------------------------------------------------- */

static void on_flow(struct aws_call *c, const struct s3_flow *flow)
{
    const struct looking *l = c->state;
    const char *gap = l->off[0] ? "; " : "";
    seen_flow(c, flow->stuck ? EVAC_SEEN_BLOCKED : EVAC_SEEN_SATISFIED, flow,
              aws_printf(c, "%.*s%s%s", EVAC_STR_ARG(flow->why), gap, l->off).p);
}

static void on_marker(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct looking *l = c->state;
    if (!marker_arrived(c, r))
        return;
    if (l->rules.count)
        s3_flow_next(c, c->region, &l->rules, on_flow);
    else
        seen(c, EVAC_SEEN_SATISFIED,
             l->off[0]           ? l->off
             : l->marker_ms == 0 ? "there is no marker of this region yet"
                                 : "");
}

static void on_replication(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct s3_rules named;
    bool none = evac_str_is(r->code, "ReplicationConfigurationNotFoundError");
    if (!none && r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return;
    }
    const struct evac_xml *root = none ? NULL : r->xml;
    const char *why =
        s3_rules_named(c, c->region, &named) ? check_named(c, root, &named) : check_any(c, root);
    if (why) {
        seen(c, EVAC_SEEN_BLOCKED, why);
        return;
    }
    struct evac_aws_request request = s3_head_marker(c, c->region);
    aws_next(c, &request, on_marker);
}

static void on_versioning(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
    } else if (!is_enabled(r->xml, "Status")) {
        seen(c, EVAC_SEEN_BLOCKED, "the bucket does not keep versions: nothing is replicated");
    } else {
        struct evac_aws_request request =
            s3_ask_bucket(c, c->region, "GetBucketReplication", "GET", "replication");
        aws_next(c, &request, on_replication);
    }
}

enum evac_code s3_observe_replicating(struct aws_call *c, struct evac_err *err)
{
    struct looking *l = evac_arena_alloc(c->arena, sizeof *l);
    l->off = "";
    c->state = l;
    struct evac_aws_request request =
        s3_ask_bucket(c, c->region, "GetBucketVersioning", "GET", "versioning");
    return aws_send(c, &request, on_versioning, err);
}

/* --- drained --------------------------------------------------------------------------------- */

/* Metrics come minutes late: what they said before the newest marker was written is no proof. A
 * bucket of which they say nothing at all has had nothing to send for a quarter of an hour. */
static void on_drained(struct aws_call *c, const struct s3_flow *flow)
{
    const struct looking *l = c->state;
    bool asked = evac_str_has(flow->why, "no value");
    if (flow->stuck)
        seen_flow(c, EVAC_SEEN_BLOCKED, flow, flow->why.p);
    else if (flow->known && flow->pending > 0)
        seen_flow(c, EVAC_SEEN_MOVING, flow, flow->why.p);
    else if (flow->known && flow->wall_ms <= l->marker_ms)
        seen_flow(c, EVAC_SEEN_MOVING, flow,
                  "nothing waited when the metrics were last published, before the newest marker");
    else if (flow->known || asked)
        seen_flow(c, EVAC_SEEN_SATISFIED, flow,
                  asked ? "the newest marker has arrived; the metrics have had no value lately"
                        : "nothing waits, and the newest marker has arrived");
    else
        seen_flow(c, EVAC_SEEN_UNSEEN, flow, flow->why.p);
}

static void on_drain_marker(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct looking *l = c->state;
    if (marker_arrived(c, r))
        s3_flow_next(c, c->region, &l->rules, on_drained);
}

enum evac_code s3_observe_drained(struct aws_call *c, struct evac_err *err)
{
    struct looking *l = evac_arena_alloc(c->arena, sizeof *l);
    l->off = "";
    c->state = l;
    if (!s3_rules_named(c, c->region, &l->rules))
        return evac_fail(err, EVAC_E_BADARG, "rules names none of %.*s: whose metrics are asked?",
                         EVAC_STR_ARG(c->region));
    struct evac_aws_request request = s3_head_marker(c, c->region);
    return aws_send(c, &request, on_drain_marker, err);
}

/*
 * S3's replication metrics as a measure of loss, beside the markers of s3: those are exact and
 * small, these know of large objects too, and come minutes late. Published where things arrive, so
 * they can be read when the other region is gone.
 */
#include "s3_parts.h"

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "buckets", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL, "each region's bucket" },
    { "rules", EVAC_PARAM_LIST, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL,
      "each region's rules to the other one, by ID; with metrics or Replication Time Control" },
    { "metric_period", EVAC_PARAM_DURATION, 0, "60s", NULL, "how often the metrics have a value" },
    { 0 },
};
static const struct evac_op ops[] = { S3_FLOW_OP(EVAC_HOME_TO), { 0 } };
static const struct evac_action actions[] = {
    { "ready", "what waits to be replicated into the region is known, and gets fewer", 0, EVAC_FENCING_NONE, 1000, 60000, NULL, ops },
    { 0 },
};
/* clang-format on */

static void put_facts(struct aws_call *c, enum evac_seen seen, const struct s3_flow *flow)
{
    const struct evac_fact facts[] = {
        { "lag_ms", flow->latency_ms }, { "as_of_wall_ms", flow->wall_ms },
        { "pending", flow->pending },   { "pending_bytes", flow->bytes },
        { "failed", flow->failed },
    };
    struct aws_sight sight = { .seen = seen,
                               .progress = -1,
                               .snapshot = EVAC_STR("{}"),
                               .facts = facts,
                               .fact_count = flow->known ? sizeof facts / sizeof facts[0] : 0 };
    aws_answer_seen(c, &sight, "%.*s", EVAC_STR_ARG(flow->why));
}

static void measured(struct aws_call *c, const struct s3_flow *flow)
{
    put_facts(c, flow->known ? EVAC_SEEN_SATISFIED : EVAC_SEEN_UNSEEN, flow);
}

static void on_ready(struct aws_call *c, const struct s3_flow *flow)
{
    put_facts(c,
              !flow->known  ? EVAC_SEEN_UNSEEN
              : flow->stuck ? EVAC_SEEN_BLOCKED
                            : EVAC_SEEN_SATISFIED,
              flow);
}

static enum evac_code ask(struct aws_call *c, struct evac_str to, s3_flow_fn *then,
                          struct evac_err *err)
{
    struct s3_rules rules;
    struct evac_str from = s3_other(c, to);
    if (!s3_rules_named(c, from, &rules))
        return evac_fail(err, EVAC_E_BADARG, "rules names none of %.*s", EVAC_STR_ARG(from));
    return s3_flow_first(c, from, &rules, then, err);
}

static enum evac_code measure(struct aws_call *c, struct evac_err *err)
{
    return ask(c, c->to, measured, err);
}

static enum evac_code observe_ready(struct aws_call *c, struct evac_err *err)
{
    return ask(c, c->region, on_ready, err);
}

static const struct aws_handlers handlers[] = {
    { .action = "ready", .observe = observe_ready },
    { .action = "", .measure = measure },
    { 0 },
};

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_s3_metrics = { "s3-metrics",
                                                    "S3's replication metrics as a measure of loss",
                                                    resource_params,
                                                    actions,
                                                    1u << EVAC_VERB_MEASURE,
                                                    ops,
                                                    call,
                                                    aws_cancel };

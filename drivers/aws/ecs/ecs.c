/*
 * ECS services: how many tasks run. Changing only the count starts no deployment, so what counts is
 * that enough tasks run in a steady state (AWS.md 2.6). UpdateService is last-writer-wins, and
 * DescribeServices may be behind: a step is closed by two equal looks, not by one.
 */
#include "aws_foreign.h"
#include "aws_parity.h"
#include "ecs_parts.h"

#include <string.h>

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "cluster", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL,
      "the cluster's name" },
    { "service", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL,
      "the service's name" },
    { "count", EVAC_PARAM_INT, EVAC_PARAM_GROUP, NULL, NULL,
      "named sizes, as count = { active = 6; standby = 1; }" },
    AWS_PARITY_PARAM,
    AWS_FOREIGN_PARAM,
    { 0 },
};

#define LOOK { "ecs", "DescribeServices", "ecs:DescribeServices", EVAC_HOME_STEP, NULL, true, false }
static const struct evac_op ready_ops[] = {
    LOOK,
    { "ecs", "DescribeTaskDefinition", "ecs:DescribeTaskDefinition", EVAC_HOME_STEP, NULL, true, false },
    { 0 },
};
static const struct evac_op still_ops[] = { LOOK, { 0 } };
static const struct evac_op parity_ops[] = {
    AWS_PARITY_OP("ecs", "DescribeServices", "ecs:DescribeServices"),
    AWS_PARITY_OP("ecs", "DescribeTaskDefinition", "ecs:DescribeTaskDefinition"),
    { 0 },
};
static const struct evac_op scale_ops[] = {
    LOOK,
    { "ecs", "UpdateService", "ecs:UpdateService", EVAC_HOME_STEP, NULL, true, true },
    { 0 },
};

static const struct evac_action actions[] = {
    { "ready", "the service is active and runs what it should, of a task definition that needs nothing of the other region",
      0, EVAC_FENCING_NONE, 1000, 120000, NULL, ready_ops },
    AWS_PARITY_ACTION(parity_ops),
    { "scale", "so many tasks run; where the app is taken over, more are left as they are",
      EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE, EVAC_FENCING_NONE, 120000, 900000, aws_scale_params,
      scale_ops, "aws ecs update-service --region <region> --cluster <cluster> --service <service> --desired-count <was.desired>" },
    AWS_STILL_ACTION("no more tasks run than a standby's", aws_still_params, still_ops),
    { 0 },
};
/* clang-format on */

/* --- what DescribeServices says -------------------------------------------------------------- */

struct view {
    bool found, active, deploying;
    int64_t desired, running;
    struct evac_str definition; /* the task definition's ARN */
    struct evac_str trouble;    /* the newest event that says why tasks do not start */
    bool fargate;               /* tasks are billed, not instances below them */
    struct evac_str hourly;     /* of the snapshot, "" not known */
};

static size_t deployments(const struct evac_json *service)
{
    return evac_json_count(evac_json_get(service, "deployments"));
}

/* Events are newest first. A steady state after the trouble ends it. */
static struct evac_str find_trouble(const struct evac_json *service)
{
    for (const struct evac_json *e = evac_json_first(evac_json_get(service, "events")); e;
         e = evac_json_next(e)) {
        struct evac_str text = evac_json_str(e, "message");
        if (evac_str_has(text, "unable to"))
            return text;
        if (evac_str_has(text, "steady state"))
            break;
    }
    return EVAC_STR_NONE;
}

static bool is_fargate(const struct evac_json *service)
{
    const struct evac_json *first =
        evac_json_first(evac_json_get(service, "capacityProviderStrategy"));
    return evac_str_is(evac_json_str(service, "launchType"), "FARGATE") ||
           evac_str_is(evac_json_str(first, "capacityProvider"), "FARGATE");
}

static struct view read_view(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct evac_json *s = ecs_service(c, r);
    return (struct view){ .found = s != NULL,
                          .active = evac_str_is(evac_json_str(s, "status"), "ACTIVE"),
                          .deploying = deployments(s) > 1,
                          .desired = evac_json_i64(s, "desiredCount", 0),
                          .running = evac_json_i64(s, "runningCount", 0),
                          .definition = evac_json_str(s, "taskDefinition"),
                          .trouble = find_trouble(s),
                          .fargate = is_fargate(s) };
}

static void seen(struct aws_call *c, const struct view *v, enum evac_seen seen, int progress,
                 const char *why)
{
    struct evac_fact facts[] = { { "desired", v->desired }, { "running", v->running } };
    struct aws_sight sight = {
        .seen = seen, .progress = progress, .facts = facts, .fact_count = v->found ? 2 : 0
    };
    if (v->found)
        sight.snapshot =
            aws_printf(c, "{\"desired\":%lld%.*s}", (long long)v->desired, EVAC_STR_ARG(v->hourly));
    aws_answer_seen(c, &sight, "%s", why);
}

/* An answer when there is no service to speak of: false. */
static bool look(struct aws_call *c, const struct evac_aws_reply *r, struct view *v)
{
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return false;
    }
    *v = read_view(c, r);
    if (v->found && v->active)
        return true;
    seen(c, v, EVAC_SEEN_BLOCKED, -1,
         v->found ? "the service is not active" : "there is no such service");
    return false;
}

/* --- ready ----------------------------------------------------------------------------------- */

static const char *how_many(struct aws_call *c, const struct view *v, int64_t wanted)
{
    return aws_printf(c, "%lld of %lld tasks run%s%.*s", (long long)v->running, (long long)wanted,
                      v->trouble.n ? ": " : "", EVAC_STR_ARG(v->trouble))
        .p;
}

static void checked(struct aws_call *c, struct evac_str findings, struct evac_str each)
{
    struct view *v = c->state;
    if (v->fargate)
        v->hourly = aws_hourly(c, v->desired, each);
    bool steady = v->running >= v->desired && !v->deploying;
    if (findings.n)
        seen(c, v, EVAC_SEEN_BLOCKED, -1, findings.p);
    else
        seen(c, v, steady ? EVAC_SEEN_SATISFIED : EVAC_SEEN_MOVING, -1, how_many(c, v, v->desired));
}

static void on_ready(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct view *v = evac_arena_alloc(c->arena, sizeof *v);
    if (!look(c, r, v))
        return;
    v->trouble = evac_arena_str(c->arena, v->trouble);
    c->state = v;
    ecs_check_definition(c, v->definition, checked);
}

static enum evac_code observe_ready(struct aws_call *c, struct evac_err *err)
{
    return ecs_look(c, on_ready, err);
}

/* --- scale ----------------------------------------------------------------------------------- */

static void on_scale(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct aws_wanted *w = c->state;
    struct view v;
    if (!look(c, r, &v))
        return;
    bool asked = w->exact ? v.desired == w->count : v.desired >= w->count;
    bool shrunk = !w->exact || v.running <= w->count;
    bool done = asked && v.running >= w->enough && shrunk && !v.deploying;
    int64_t percent = w->count > 0 ? v.running * 100 / w->count : 100;
    seen(c, &v,
         !asked ? EVAC_SEEN_UNSATISFIED
         : done ? EVAC_SEEN_SATISFIED
                : EVAC_SEEN_MOVING,
         (int)(percent < 100 ? percent : 100), how_many(c, &v, w->count));
}

static enum evac_code observe_scale(struct aws_call *c, struct evac_err *err)
{
    struct aws_wanted *w = evac_arena_alloc(c->arena, sizeof *w);
    enum evac_code code = aws_wanted(c, w, err);
    c->state = w;
    return code ? code : ecs_look(c, on_scale, err);
}

static void updated(struct aws_call *c, const struct evac_aws_reply *r)
{
    aws_answer_outcome(c, r);
}

static enum evac_code apply_scale(struct aws_call *c, struct evac_err *err)
{
    struct aws_wanted w;
    struct evac_buf body;
    enum evac_code code = aws_wanted(c, &w, err);
    if (code)
        return code;
    evac_buf_init(&body, 4096);
    evac_buf_puts(&body, "{\"cluster\":");
    evac_buf_json(&body, aws_regional(c, "cluster"));
    evac_buf_puts(&body, ",\"service\":");
    evac_buf_json(&body, aws_regional(c, "service"));
    evac_buf_putf(&body, ",\"desiredCount\":%lld}", (long long)w.count);
    struct evac_aws_request request = { .service = "ecs",
                                        .operation = "UpdateService",
                                        .region = c->region,
                                        .mutates = true,
                                        .body = evac_buf_str(&body) };
    code = evac_buf_check(&body, "the service's name", err);
    if (!code)
        code = aws_send(c, &request, updated, err);
    evac_buf_done(&body);
    return code;
}

/* --- still ----------------------------------------------------------------------------------- */

static void on_still(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct view v;
    int64_t standby = evac_args_i64(&c->args, "count.standby", 0);
    if (!look(c, r, &v))
        return;
    int64_t runs = v.running > v.desired ? v.running : v.desired;
    seen(c, &v, runs <= standby ? EVAC_SEEN_SATISFIED : EVAC_SEEN_UNSATISFIED, -1,
         aws_still_more(c, runs, "tasks", standby));
}

static enum evac_code observe_still(struct aws_call *c, struct evac_err *err)
{
    return ecs_look(c, on_still, err);
}

/* --- parity ---------------------------------------------------------------------------------- */

/* clang-format off */
static const struct aws_kept definition[] = { { "definition", "services[]/taskDefinition" }, { 0 } };
static const struct aws_compared of_service[] = {
    { "platform version", "services[]/platformVersion" },
    { "launch type", "services[]/launchType" },
    { "capacity provider", "services[]/capacityProviderStrategy[*]/capacityProvider" },
    { "minimum healthy percent", "services[]/deploymentConfiguration/minimumHealthyPercent" },
    { "maximum percent", "services[]/deploymentConfiguration/maximumPercent" },
    { "circuit breaker", "services[]/deploymentConfiguration/deploymentCircuitBreaker/enable" },
    { 0 },
};
static const struct aws_compared of_definition[] = {
    { "image", "taskDefinition/containerDefinitions[*]/image" },
    { "cpu", "taskDefinition/cpu" },
    { "memory", "taskDefinition/memory" },
    { "architecture", "taskDefinition/runtimePlatform/cpuArchitecture" },
    { "environment", "taskDefinition/containerDefinitions[*]/environment[*]/name" },
    { "secrets", "taskDefinition/containerDefinitions[*]/secrets[*]/name" },
    { 0 },
};
static const struct aws_parity parity = { .rows = {
    { "the service", { "ecs", "DescribeServices", .body = "{\"cluster\":\"<cluster>\",\"services\":[\"<service>\"]}" },
      .missing_codes = "ClusterNotFoundException", .there_at = "services[]/serviceArn", .kept = definition, .compared = of_service },
    { "the task definition", { "ecs", "DescribeTaskDefinition", .body = "{\"taskDefinition\":\"<definition>\"}" },
      .missing_codes = "ClientException", .needs = "definition", .compared = of_definition },
} };
/* clang-format on */

static const struct aws_handlers handlers[] = {
    { .action = "ready", .observe = observe_ready },
    { .action = "parity", .parity = &parity },
    { .action = "scale", .observe = observe_scale, .apply = apply_scale },
    { .action = EVAC_ACTION_STILL, .observe = observe_still },
    { 0 },
};

static enum evac_code call_ecs(struct evac_link *link, const struct evac_call *call,
                               evac_done_fn *done, void *user, uint64_t *ret_id,
                               struct evac_err *err)
{
    return aws_run(link, handlers, call_ecs, call, done, user, ret_id, err);
}

const struct evac_driver evac_driver_ecs = { "ecs", "an ECS service", resource_params, actions, 0,
                                             NULL,  call_ecs,         aws_cancel };

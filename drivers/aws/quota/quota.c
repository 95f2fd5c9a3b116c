/*
 * Service Quotas: whether an account may have enough of something where the app would go (AWS.md
 * 2.6). Raising one takes people and days: it is proven beforehand, and never changed on the day.
 */
#include "aws_pack.h"

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "service", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "the service's code, as \"ec2\"" },
    { "code", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "the quota's code, as \"L-1216C47A\"" },
    { "minimum", EVAC_PARAM_INT, EVAC_PARAM_REGIONAL, NULL, NULL, "the least that it must allow, where a step does not say it" },
    { 0 },
};
static const struct evac_param enough_params[] = {
    { "minimum", EVAC_PARAM_INT, 0, NULL, NULL, "the least that the quota must allow; by default as the resource says" },
    { 0 },
};

#define OP(name) { "service-quotas", name, "servicequotas:" name, EVAC_HOME_STEP, NULL, true, false }
static const struct evac_op enough_ops[] = { OP("GetServiceQuota"), OP("GetAWSDefaultServiceQuota"), { 0 } };

static const struct evac_action actions[] = {
    { "enough", "the quota allows at least so much", 0, EVAC_FENCING_NONE, 1000, 120000, enough_params, enough_ops },
    { 0 },
};
/* clang-format on */

static struct evac_str names(struct aws_call *c)
{
    struct evac_buf body;
    evac_buf_init(&body, 4096);
    evac_buf_puts(&body, "{\"ServiceCode\":");
    evac_buf_json(&body, evac_args_get(&c->args, "service"));
    evac_buf_puts(&body, ",\"QuotaCode\":");
    evac_buf_json(&body, evac_args_get(&c->args, "code"));
    evac_buf_putc(&body, '}');
    struct evac_str text = evac_arena_str(c->arena, evac_buf_str(&body));
    evac_buf_done(&body);
    return text;
}

static struct evac_aws_request request(struct aws_call *c, const char *operation)
{
    return (struct evac_aws_request){
        .service = "service-quotas", .operation = operation, .region = c->region, .body = names(c)
    };
}

static void judge(struct aws_call *c, const struct evac_aws_reply *r)
{
    int64_t minimum = *(const int64_t *)c->state;
    double value = evac_json_num(evac_json_get(r->json, "Quota"), "Value", -1);
    struct evac_fact facts[] = { { "quota", (int64_t)value }, { "minimum", minimum } };
    struct aws_sight sight = { .seen = value >= (double)minimum ? EVAC_SEEN_SATISFIED
                                                                : EVAC_SEEN_UNSATISFIED,
                               .progress = -1,
                               .snapshot = EVAC_STR("{}"),
                               .facts = facts,
                               .fact_count = 2 };
    aws_answer_seen(c, &sight, "the quota is %.17g, %lld are needed", value, (long long)minimum);
}

static void on_default(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct aws_sight blocked = { .seen = EVAC_SEEN_BLOCKED, .progress = -1 };
    if (r->outcome == EVAC_OUTCOME_ACCEPTED)
        judge(c, r);
    else if (evac_str_is(r->code, "NoSuchResourceException"))
        aws_answer_seen(c, &blocked, "there is no such quota");
    else
        aws_answer_unseen(c, r);
}

/* One that was never changed has no value of its own: the default counts. */
static void on_quota(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (r->outcome == EVAC_OUTCOME_ACCEPTED) {
        judge(c, r);
    } else if (evac_str_is(r->code, "NoSuchResourceException")) {
        struct evac_aws_request standard = request(c, "GetAWSDefaultServiceQuota");
        aws_next(c, &standard, on_default);
    } else {
        aws_answer_unseen(c, r);
    }
}

static enum evac_code observe_enough(struct aws_call *c, struct evac_err *err)
{
    int64_t *minimum = evac_arena_alloc(c->arena, sizeof *minimum);
    *minimum = evac_args_i64(&c->args, "want.minimum", evac_args_i64(&c->args, "minimum", -1));
    if (*minimum < 0)
        return evac_fail(err, EVAC_E_BADARG,
                         "neither the step nor the resource says a minimum, a number from 0");
    c->state = minimum;
    struct evac_aws_request own = request(c, "GetServiceQuota");
    return aws_send(c, &own, on_quota, err);
}

static const struct aws_handlers handlers[] = {
    { .action = "enough", .observe = observe_enough },
    { 0 },
};

static enum evac_code call_quota(struct evac_link *link, const struct evac_call *call,
                                 evac_done_fn *done, void *user, uint64_t *ret_id,
                                 struct evac_err *err)
{
    return aws_run(link, handlers, call_quota, call, done, user, ret_id, err);
}

const struct evac_driver evac_driver_quota = {
    "quota", "an AWS service's quota", resource_params, actions, 0, NULL, call_quota, aws_cancel
};

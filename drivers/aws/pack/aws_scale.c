/* How big something should be: the same words for tasks and instances. */
#include "aws_pack.h"

const struct evac_param aws_scale_params[] = { AWS_SCALE_PARAMS, { 0 } };

const struct evac_param aws_still_params[] = {
    { "count", EVAC_PARAM_INT, EVAC_PARAM_OF_RESOURCE, NULL, NULL, "" },
    { 0 },
};

const char *aws_still_more(struct aws_call *c, int64_t runs, const char *what, int64_t standby)
{
    if (runs <= standby)
        return "";
    return aws_printf(c, "%lld %s run there, a standby's count is %lld", (long long)runs, what,
                      (long long)standby)
        .p;
}

struct evac_str aws_hourly(struct aws_call *c, int64_t have, struct evac_str each)
{
    if (each.n == 0)
        return EVAC_STR_NONE;
    return aws_printf(c, ",\"" EVAC_HOURLY "\":{\"in\":\"%.*s\",\"have\":%lld,\"each\":{%.*s}}",
                      EVAC_STR_ARG(c->region), (long long)have, EVAC_STR_ARG(each));
}

void aws_still_answer(struct aws_call *c, struct evac_str snapshot, bool writes, const char *why)
{
    static const struct evac_fact accepts = { "writes", 1 };
    struct aws_sight sight = { .seen = writes ? EVAC_SEEN_UNSATISFIED : EVAC_SEEN_SATISFIED,
                               .progress = -1,
                               .snapshot = snapshot,
                               .facts = &accepts,
                               .fact_count = writes };
    aws_answer_seen(c, &sight, "%s", why);
}

enum evac_code aws_wanted(struct aws_call *c, struct aws_wanted *ret_wanted, struct evac_err *err)
{
    struct aws_wanted *w = ret_wanted;
    enum evac_code code = aws_count(c, "want.count", "count", &w->count, err);
    if (code)
        return code;
    w->count = aws_goal_i64(c, "desired", w->count);
    w->exact = c->goal.n > 0 || evac_str_eq(c->region, c->from);
    int64_t percent = evac_args_i64(&c->args, "want.minimum_percent", 100);
    if (percent < 1 || percent > 100)
        return evac_fail(err, EVAC_E_BADARG, "minimum_percent is %lld: it must be from 1 to 100",
                         (long long)percent);
    w->enough = (w->count * percent + 99) / 100;
    return EVAC_OK;
}

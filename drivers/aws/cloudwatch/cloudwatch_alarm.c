/*
 * CloudWatch alarms, metric and composite: people have already said there what is wrong when. An
 * alarm that has no data says nothing; whether that counts as quiet is for the configuration.
 */
#include "aws_template.h"

#include <string.h>

#define ALARMS_MAX 100u /* of one request, CloudWatch's own limit */

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "alarms", EVAC_PARAM_LIST, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL, "the alarms' names, metric and composite, at most 100" },
    { "no_data", EVAC_PARAM_CHOICE, 0, "alarm", "alarm|ok", "what INSUFFICIENT_DATA counts as; an idle standby may have none" },
    { 0 },
};
static const struct evac_op ops[] = {
    { "cloudwatch", "DescribeAlarms", "cloudwatch:DescribeAlarms", EVAC_HOME_STEP, NULL, true, false }, { 0 } };
static const struct evac_action actions[] = {
    { "quiet", "all of the region's alarms are OK", 0, EVAC_FENCING_NONE, 1000, 60000, NULL, ops },
    { 0 },
};
/* clang-format on */

struct work {
    struct evac_str names[ALARMS_MAX], state[ALARMS_MAX]; /* state "": not seen yet */
    size_t count;
    struct evac_str page;
};

/* Without the types, metric alarms alone are told. */
static struct evac_aws_request request(struct aws_call *c)
{
    static const struct aws_ask ask = {
        "cloudwatch", "DescribeAlarms",
        .body = "{\"AlarmTypes\":[\"MetricAlarm\",\"CompositeAlarm\"],\"AlarmNames\":<=alarms>,"
                "\"NextToken\":<\"page>}"
    };
    struct aws_hole hole = { "page", ((const struct work *)c->state)->page };
    return aws_ask(c, &ask, false, &hole, 1);
}

static void take(struct aws_call *c, const struct evac_json *list)
{
    struct work *w = c->state;
    for (const struct evac_json *a = evac_json_first(list); a; a = evac_json_next(a))
        for (size_t i = 0; i < w->count; i++)
            if (evac_str_eq(evac_json_str(a, "AlarmName"), w->names[i]))
                w->state[i] = evac_arena_str(c->arena, evac_json_str(a, "StateValue"));
}

static bool is_quiet(const struct aws_call *c, struct evac_str state)
{
    bool without = evac_str_is(evac_args_get(&c->args, "no_data"), "ok");
    return evac_str_is(state, "OK") || (without && evac_str_is(state, "INSUFFICIENT_DATA"));
}

static void answer(struct aws_call *c)
{
    const struct work *w = c->state;
    struct evac_buf words, json;
    size_t loud = 0, missing = 0;
    evac_buf_init(&words, 65536);
    evac_buf_init(&json, 65536);
    for (size_t i = 0; i < w->count; i++) {
        struct evac_str state = w->state[i].n ? w->state[i] : EVAC_STR("not there");
        evac_buf_puts(&json, i ? "," : "{");
        evac_buf_json(&json, w->names[i]);
        evac_buf_putc(&json, ':');
        evac_buf_json(&json, state);
        if (is_quiet(c, state))
            continue;
        missing += w->state[i].n == 0;
        evac_buf_putf(&words, "%s%.*s (%.*s)", loud++ ? ", " : "", EVAC_STR_ARG(w->names[i]),
                      EVAC_STR_ARG(state));
    }
    evac_buf_putc(&json, '}');
    struct evac_fact fact = { "loud", (int64_t)loud };
    struct aws_sight sight = { .seen = missing ? EVAC_SEEN_BLOCKED
                                       : loud  ? EVAC_SEEN_UNSATISFIED
                                               : EVAC_SEEN_SATISFIED,
                               .progress = -1,
                               .snapshot = evac_arena_str(c->arena, evac_buf_str(&json)),
                               .facts = &fact,
                               .fact_count = 1 };
    struct evac_str which = evac_arena_str(c->arena, evac_buf_str(&words));
    evac_buf_done(&words);
    evac_buf_done(&json);
    if (loud)
        aws_answer_seen(c, &sight, "%zu of %zu alarms are not OK: %.*s", loud, w->count,
                        EVAC_STR_ARG(which));
    else
        aws_answer_seen(c, &sight, "%zu of %zu alarms are quiet", w->count, w->count);
}

static void on_page(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return;
    }
    take(c, evac_json_get(r->json, "MetricAlarms"));
    take(c, evac_json_get(r->json, "CompositeAlarms"));
    w->page = evac_arena_str(c->arena, evac_json_str(r->json, "NextToken"));
    if (w->page.n) {
        struct evac_aws_request next = request(c);
        aws_next(c, &next, on_page);
    } else {
        answer(c);
    }
}

static enum evac_code observe_quiet(struct aws_call *c, struct evac_err *err)
{
    struct work *w = evac_arena_alloc(c->arena, sizeof *w);
    struct evac_json *list = NULL;
    enum evac_code code = evac_json_parse(aws_regional(c, "alarms"), &list, err);
    size_t given = evac_json_count(list);
    c->state = w;
    for (const struct evac_json *e = evac_json_first(list); e && w->count < ALARMS_MAX;
         e = evac_json_next(e))
        w->names[w->count++] = evac_arena_str(c->arena, evac_json_text(e));
    evac_json_free(list);
    if (!code && (given == 0 || given > ALARMS_MAX))
        code = evac_fail(err, EVAC_E_BADARG, "alarms: from 1 to %u names", ALARMS_MAX);
    if (code)
        return code;
    struct evac_aws_request first = request(c);
    return aws_send(c, &first, on_page, err);
}

static const struct aws_handlers handlers[] = {
    { .action = "quiet", .observe = observe_quiet },
    { 0 },
};

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_cloudwatch_alarm = {
    "cloudwatch-alarm", "CloudWatch alarms", resource_params, actions, 0, NULL, call, aws_cancel
};

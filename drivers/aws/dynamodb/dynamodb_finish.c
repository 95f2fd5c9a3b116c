/*
 * A table that has been restored gets what a restore does not bring back, and last its tags. Each
 * setting is looked at before it is asked for, so that an attempt goes on where the last one ended.
 */
#include "aws_pick.h"
#include "dynamodb_restore.h"

/* The answer of a change that can be asked for again. After an earlier one of the same attempt was
 * accepted never that it had no effect: what is missing is seen by the next look. */
static void answer_change(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct dynamodb_work *w = c->state;
    struct evac_aws_reply reply = *r;
    if (w->changed && r->outcome != EVAC_OUTCOME_UNKNOWN)
        reply.outcome = EVAC_OUTCOME_ACCEPTED;
    aws_answer_outcome(c, &reply);
}

static void tag_it(struct aws_call *c)
{
    const struct dynamodb_work *w = c->state;
    const struct aws_hole holes[] = { { "arn", w->target.arn }, { "run", w->run } };
    dynamodb_ask(c, "TagResource", c->region, true,
                 w->drill ? "{\"ResourceArn\":\"<arn>\",\"Tags\":[{\"Key\":\"" DYNAMODB_TAG_RUN
                            "\",\"Value\":\"<run>\"},{\"Key\":\"" DYNAMODB_TAG_DRILL
                            "\",\"Value\":\"<run>\"}]}"
                          : "{\"ResourceArn\":\"<arn>\",\"Tags\":[{\"Key\":\"" DYNAMODB_TAG_RUN
                            "\",\"Value\":\"<run>\"}]}",
                 holes, 2, answer_change);
}

/* What a restore does not bring back, and this driver sets again. */
static const struct setting {
    const char *look, *at, *good; /* good: "A|B", values that it has, or will have by itself */
    const char *change, *body;
} settings[] = {
    { "DescribeContinuousBackups",
      "ContinuousBackupsDescription/PointInTimeRecoveryDescription/PointInTimeRecoveryStatus",
      "ENABLED", "UpdateContinuousBackups",
      "{\"TableName\":\"<name>\",\"PointInTimeRecoverySpecification\":{"
      "\"PointInTimeRecoveryEnabled\":true}}" },
    { "DescribeTimeToLive", "TimeToLiveDescription/TimeToLiveStatus", "ENABLED|ENABLING",
      "UpdateTimeToLive",
      "{\"TableName\":\"<name>\",\"TimeToLiveSpecification\":{\"Enabled\":true,"
      "\"AttributeName\":\"<ttl>\"}}" },
};
#define SETTINGS (sizeof settings / sizeof settings[0])

static bool is_wanted(const struct aws_call *c, const struct dynamodb_work *w)
{
    bool wanted[SETTINGS] = { !w->backups, evac_args_get(&c->args, "ttl").n > 0 };
    return !w->drill && wanted[w->setting];
}

static bool is_one_of(struct evac_str value, const char *list)
{
    struct evac_str rest = evac_str(list);
    while (rest.n)
        if (evac_str_eq(evac_str_cut(rest, '|', &rest), value))
            return true;
    return false;
}

static void ask_setting(struct aws_call *c, bool change, aws_reply_fn *then)
{
    const struct dynamodb_work *w = c->state;
    const struct setting *s = &settings[w->setting];
    const struct aws_hole holes[] = { { "name", w->id } };
    dynamodb_ask(c, change ? s->change : s->look, c->region, change,
                 change ? s->body : "{\"TableName\":\"<name>\"}", holes, 1, then);
}

static void on_changed(struct aws_call *c, const struct evac_aws_reply *r);

/* After a lost reply as before the change: what is so is not asked for again. */
static void on_setting(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct dynamodb_work *w = c->state;
    struct evac_str value = EVAC_STR_NONE;
    bool looked = r->outcome == EVAC_OUTCOME_ACCEPTED;
    (void)aws_pick(c, r, evac_str(settings[w->setting].at), &value);
    if (looked && is_one_of(value, settings[w->setting].good)) {
        w->setting++;
        w->in_doubt = false;
        dynamodb_finish(c);
    } else if (w->in_doubt) {
        const struct evac_aws_reply lost = { .outcome = EVAC_OUTCOME_UNKNOWN,
                                             .message = EVAC_STR("a change was not answered") };
        aws_answer_outcome(c, &lost);
    } else if (looked) {
        ask_setting(c, true, on_changed);
    } else if (w->changed) {
        answer_change(c, r);
    } else {
        aws_answer_not_sent(c, r);
    }
}

static void on_changed(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct dynamodb_work *w = c->state;
    w->changed |= r->outcome == EVAC_OUTCOME_ACCEPTED;
    w->in_doubt = r->outcome == EVAC_OUTCOME_UNKNOWN;
    if (w->in_doubt) {
        ask_setting(c, false, on_setting);
    } else if (r->outcome == EVAC_OUTCOME_ACCEPTED) {
        w->setting++;
        dynamodb_finish(c);
    } else {
        answer_change(c, r);
    }
}

/* The tags come last and say that it is finished. */
void dynamodb_finish(struct aws_call *c)
{
    struct dynamodb_work *w = c->state;
    while (w->setting < SETTINGS && !is_wanted(c, w))
        w->setting++;
    if (w->setting < SETTINGS)
        ask_setting(c, false, on_setting);
    else
        tag_it(c);
}

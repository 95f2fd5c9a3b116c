/*
 * EventBridge Scheduler: a schedule is changed by sending all of it again (AWS.md 2.11).
 *
 *     make scheduler us-west-2 {"kind":"schedule","name":"nightly","State":"DISABLED"}
 */
#include "sandbox_docs.h"

static const struct sb_kind kinds[] = {
    { "schedule",
      "{\"Name\":\"{name}\",\"Arn\":\"arn:aws:scheduler:{region}:{account}:schedule/default/"
      "{name}\","
      "\"GroupName\":\"default\",\"State\":\"ENABLED\",\"ScheduleExpression\":\"rate(1 hour)\","
      "\"ScheduleExpressionTimezone\":\"UTC\",\"FlexibleTimeWindow\":{\"Mode\":\"OFF\"},"
      "\"ActionAfterCompletion\":\"NONE\",\"Target\":{\"Arn\":\"arn:aws:lambda:{region}:{account}:"
      "function:worker\","
      "\"RoleArn\":\"arn:aws:iam::{account}:role/scheduler\",\"Input\":\"{}\"}}",
      false, NULL },
    { 0 },
};

static struct sb_doc *schedule(struct sb_call *c)
{
    return sb_doc_named(c, c->region, "schedule", c->label[0], 404, "ResourceNotFoundException");
}

static void get_schedule(struct sb_call *c)
{
    const struct sb_doc *s = schedule(c);
    if (s)
        sb_doc_put(&c->out, s, "");
}

static bool is_listed(const struct sb_call *c, const struct sb_doc *s)
{
    struct evac_str group = sb_in(c, "ScheduleGroup"), state = sb_in(c, "State");
    return (!group.n || evac_str_eq(sb_doc_text(s, "GroupName"), group)) &&
           (!state.n || evac_str_eq(sb_doc_text(s, "State"), state)) &&
           evac_str_starts(evac_str(s->name), evac_arena_str(c->arena, sb_in(c, "NamePrefix")).p);
}

static void put_summary(struct evac_buf *out, const struct sb_doc *s)
{
    static const char *const members[] = { "Name", "Arn", "GroupName", "State" };
    evac_buf_puts(out, "{\"Target\":{\"Arn\":");
    sb_doc_put(out, s, "Target.Arn");
    evac_buf_putc(out, '}');
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        evac_buf_putf(out, ",\"%s\":", members[i]);
        sb_doc_put(out, s, members[i]);
    }
    evac_buf_putc(out, '}');
}

/* A token is how many stood before the page. */
static void list_schedules(struct sb_call *c)
{
    int64_t most = sb_in_i64(c, "MaxResults", 100), begin = sb_in_i64(c, "NextToken", 0), n = 0;
    struct sb_doc *s = NULL;
    if (most < 1 || most > 100) {
        sb_error(c, 400, "ValidationException", "MaxResults: from 1 to 100.");
        return;
    }
    evac_buf_puts(&c->out, "{\"Schedules\":[");
    while ((s = sb_doc_next(c->sb, c->id, c->region, "schedule", s))) {
        if (!is_listed(c, s) || n++ < begin)
            continue;
        if (n > begin + most)
            break;
        evac_buf_puts(&c->out, n > begin + 1 ? "," : "");
        put_summary(&c->out, s);
    }
    evac_buf_putc(&c->out, ']');
    if (s)
        evac_buf_putf(&c->out, ",\"NextToken\":\"%lld\"", (long long)(begin + most));
    evac_buf_putc(&c->out, '}');
}

/* What is not sent goes back to its default. */
static void update_schedule(struct sb_call *c)
{
    static const char *const members[] = {
        "State",   "ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow",
        "Target",  "Description",        "ActionAfterCompletion",      "StartDate",
        "EndDate", "KmsKeyArn"
    };
    struct sb_doc *s = schedule(c);
    struct evac_str state = sb_in(c, "State");
    if (!s)
        return;
    if (state.n && !evac_str_is(state, "ENABLED") && !evac_str_is(state, "DISABLED")) {
        sb_error(c, 400, "ValidationException", "State: ENABLED or DISABLED.");
        return;
    }
    if (!sb_has(c, "FlexibleTimeWindow.Mode") || !sb_has(c, "Target.Arn") ||
        !sb_has(c, "Target.RoleArn")) {
        sb_error(c, 400, "ValidationException",
                 "FlexibleTimeWindow.Mode, Target.Arn and Target.RoleArn are required.");
        return;
    }
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        sb_doc_unset(s, members[i]);
        sb_doc_take(c, s, members[i], members[i]);
    }
    if (!sb_doc_has(s, "State"))
        sb_doc_set(s, "State", "\"ENABLED\"");
    sb_effect(c);
    evac_buf_puts(&c->out, "{\"ScheduleArn\":");
    sb_doc_put(&c->out, s, "Arn");
    evac_buf_putc(&c->out, '}');
}

/* clang-format off */
static const struct sb_operation operations[] = {
    { "ListSchedules", list_schedules, 0, "GET", "/schedules", .takes = "ScheduleGroup NamePrefix State MaxResults NextToken" },
    { "GetSchedule", get_schedule, 0, "GET", "/schedules/{Name}", .takes = "groupName" },
    { "UpdateSchedule", update_schedule, SB_MUTATES, "PUT", "/schedules/{Name}",
      .takes = "ActionAfterCompletion ClientToken Description EndDate FlexibleTimeWindow! GroupName KmsKeyArn "
               "ScheduleExpression! ScheduleExpressionTimezone StartDate State Target!" },
    { 0 },
};
/* clang-format on */

SB_DOCS(SCHEDULER, kinds)

const struct sb_service sb_service_scheduler = { .signing_name = "scheduler",
                                                 .row = "scheduler",
                                                 .operations = operations,
                                                 .make = make,
                                                 .truth = truth };

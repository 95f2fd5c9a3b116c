/*
 * ARC Region switch: AWS's own plans, started and followed in the region that is activated (AWS.md
 * 2.2). A plan runs once at a time.
 *
 *     make arc-region-switch us-west-2 {"kind":"plan","name":"<arn>"}   "result":"failed";
 * "evaluation":"actionRequired"
 */
#include "sandbox_docs.h"

#define RUN_MS 120000u

static const struct sb_kind kinds[] = {
    { "plan", "{\"result\":\"completed\",\"evaluation\":\"passed\"}", false, NULL },
    { "execution", "{}", false, NULL },
    { 0 },
};

static struct sb_doc *plan(struct sb_call *c, const char *member)
{
    return sb_doc_named(c, c->region, "plan", sb_in(c, "%s", member), 404,
                        "ResourceNotFoundException");
}

static bool is_open(const struct sb_doc *e)
{
    return sb_doc_is(e, "executionState", "inProgress");
}

static void start(struct sb_call *c)
{
    const struct sb_doc *p = plan(c, "planArn");
    struct sb_doc *e = NULL;
    char id[9];
    if (!p)
        return;
    if (sb_region_find(c->sb, sb_in(c, "targetRegion")) >= SB_REGIONS_MAX) {
        sb_error(c, 400, "IllegalArgumentException", "targetRegion is no region of the plan.");
        return;
    }
    while ((e = sb_doc_next(c->sb, c->id, c->region, "execution", e)))
        if (evac_str_eq(sb_doc_text(e, "planArn"), evac_str(p->name)) && is_open(e)) {
            sb_error(c, 409, "IllegalStateException", "An execution of the plan is in progress.");
            return;
        }
    sb_random_id(c->sb, id, 8);
    e = sb_doc_new(c->sb, c->id, c->region, "execution", evac_str(id));
    sb_doc_set_text(e, "planArn", evac_str(p->name));
    sb_doc_set_text(e, "executionId", evac_str(id));
    sb_doc_take(c, e, "comment", "comment");
    sb_doc_take(c, e, "mode", "mode");
    if (!sb_doc_has(e, "mode"))
        sb_doc_set(e, "mode", "\"graceful\"");
    sb_doc_take(c, e, "executionAction", "action");
    sb_doc_take(c, e, "executionRegion", "targetRegion");
    sb_doc_set_num(e, "startTime", (double)(sb_wall_ms(c->sb) / 1000));
    sb_doc_set(e, "executionState", "\"inProgress\"");
    sb_doc_later(c->sb, e, RUN_MS, "executionState",
                 evac_arena_printf(c->arena, "\"%.*s\"", EVAC_STR_ARG(sb_doc_text(p, "result"))).p);
    sb_effect(c);
    evac_buf_putf(&c->out, "{\"executionId\":\"%s\",\"planVersion\":\"1\"}", id);
}

static void get(struct sb_call *c)
{
    const struct sb_doc *e = sb_doc_named(c, c->region, "execution", sb_in(c, "executionId"), 404,
                                          "ResourceNotFoundException");
    if (e)
        sb_doc_put(&c->out, e, "");
}

static void list(struct sb_call *c)
{
    const struct sb_doc *p = plan(c, "planArn");
    struct sb_doc *e = NULL;
    bool first = true;
    if (!p)
        return;
    evac_buf_puts(&c->out, "{\"items\":[");
    while ((e = sb_doc_next(c->sb, c->id, c->region, "execution", e))) {
        if (!evac_str_eq(sb_doc_text(e, "planArn"), evac_str(p->name)))
            continue;
        evac_buf_puts(&c->out, first ? "" : ",");
        sb_doc_put(&c->out, e, "");
        first = false;
    }
    evac_buf_puts(&c->out, "]}");
}

static void evaluation(struct sb_call *c)
{
    const struct sb_doc *p = plan(c, "planArn");
    if (!p)
        return;
    evac_buf_puts(&c->out, "{\"planArn\":");
    evac_buf_json(&c->out, evac_str(p->name));
    evac_buf_puts(&c->out, ",\"evaluationState\":");
    sb_doc_put(&c->out, p, "evaluation");
    evac_buf_puts(&c->out, ",\"warnings\":[]}");
}

static void cancel(struct sb_call *c)
{
    struct sb_doc *e = sb_doc_named(c, c->region, "execution", sb_in(c, "executionId"), 404,
                                    "ResourceNotFoundException");
    if (!e)
        return;
    if (is_open(e)) {
        sb_doc_set(e, "executionState", "\"canceled\"");
        sb_doc_later(c->sb, e, 0, "executionState", "\"canceled\"");
    }
    sb_effect(c);
    evac_buf_puts(&c->out, "{}");
}

/* clang-format off */
static const struct sb_operation operations[] = {
    { "StartPlanExecution", start, SB_MUTATES, .takes = "planArn! targetRegion! action! mode comment latestVersion recoveryExecutionId" },
    { "GetPlanExecution", get, .takes = "planArn! executionId! maxResults nextToken" },
    { "ListPlanExecutions", list, .takes = "planArn! maxResults nextToken state" },
    { "GetPlanEvaluationStatus", evaluation, .takes = "planArn! maxResults nextToken" },
    { "CancelPlanExecution", cancel, SB_MUTATES, .takes = "planArn! executionId! comment" },
    { 0 },
};
/* clang-format on */

SB_DOCS(REGIONSWITCH, kinds)

const struct sb_service sb_service_regionswitch = { .signing_name = "arc-region-switch",
                                                    .row = "arc-region-switch",
                                                    .operations = operations,
                                                    .make = make,
                                                    .truth = truth };

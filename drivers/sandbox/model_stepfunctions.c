/*
 * Step Functions: executions that are started by name, once (AWS.md 2.11).
 *
 *     make stepfunctions us-west-2 {"kind":"machine","name":"rebuild"}     "result":"FAILED": its
 * executions end so
 */
#include "sandbox_docs.h"

#define RUN_MS 30000u

static const struct sb_kind kinds[] = {
    { "machine",
      "{\"stateMachineArn\":\"arn:aws:states:{region}:{account}:stateMachine:{name}\",\"result\":"
      "\"SUCCEEDED\"}",
      false, NULL },
    { "execution", "{}", false, NULL },
    { 0 },
};

static void put_started(struct sb_call *c, const struct sb_doc *e)
{
    evac_buf_puts(&c->out, "{\"executionArn\":");
    sb_doc_put(&c->out, e, "executionArn");
    evac_buf_puts(&c->out, ",\"startDate\":");
    sb_doc_put(&c->out, e, "startDate");
    evac_buf_putc(&c->out, '}');
}

static void start(struct sb_call *c)
{
    struct evac_str name = sb_in(c, "name");
    const struct sb_doc *m =
        sb_doc_named(c, c->region, "machine", sb_short_name(sb_in(c, "stateMachineArn")), 400,
                     "StateMachineDoesNotExist");
    if (!m)
        return;
    struct evac_str arn =
        evac_arena_printf(c->arena, "arn:aws:states:%s:" SB_ACCOUNT ":execution:%s:%.*s",
                          sb_region_name(c->sb, c->region), m->name, EVAC_STR_ARG(name));
    struct sb_doc *e = sb_doc_find(c->sb, c->id, c->region, "execution", arn);
    if (e && (!sb_doc_is(e, "status", "RUNNING") ||
              !evac_str_eq(sb_doc_text(e, "input"), sb_in(c, "input")))) {
        sb_error(c, 400, "ExecutionAlreadyExists", "Execution Already Exists: '%.*s'",
                 EVAC_STR_ARG(arn));
        return;
    }
    if (!e) {
        e = sb_doc_new(c->sb, c->id, c->region, "execution", arn);
        sb_doc_set_text(e, "executionArn", arn);
        sb_doc_set_text(e, "stateMachineArn", sb_doc_text(m, "stateMachineArn"));
        sb_doc_set_text(e, "name", name);
        sb_doc_set_text(e, "input", sb_in(c, "input"));
        sb_doc_set(e, "status", "\"RUNNING\"");
        sb_doc_set_num(e, "startDate", (double)sb_wall_ms(c->sb) / 1000);
        sb_doc_later(
            c->sb, e, RUN_MS, "status",
            evac_arena_printf(c->arena, "\"%.*s\"", EVAC_STR_ARG(sb_doc_text(m, "result"))).p);
        sb_effect(c);
    }
    put_started(c, e);
}

static void describe(struct sb_call *c)
{
    const struct sb_doc *e = sb_doc_named(c, c->region, "execution", sb_in(c, "executionArn"), 400,
                                          "ExecutionDoesNotExist");
    if (e)
        sb_doc_put(&c->out, e, "");
}

static void stop(struct sb_call *c)
{
    struct sb_doc *e = sb_doc_named(c, c->region, "execution", sb_in(c, "executionArn"), 400,
                                    "ExecutionDoesNotExist");
    if (!e)
        return;
    sb_doc_set(e, "status", "\"ABORTED\"");
    sb_doc_later(c->sb, e, 0, "status", "\"ABORTED\"");
    sb_effect(c);
    evac_buf_putf(&c->out, "{\"stopDate\":%lld}", (long long)(sb_wall_ms(c->sb) / 1000));
}

static const struct sb_operation operations[] = {
    { "StartExecution", start, SB_MUTATES, .takes = "stateMachineArn! name input traceHeader" },
    { "DescribeExecution", describe, .takes = "executionArn! includedData" },
    { "StopExecution", stop, SB_MUTATES, .takes = "executionArn! error cause" },
    { 0 },
};

SB_DOCS(STEPFUNCTIONS, kinds)

const struct sb_service sb_service_stepfunctions = { .signing_name = "states",
                                                     .row = "stepfunctions",
                                                     .operations = operations,
                                                     .make = make,
                                                     .truth = truth };

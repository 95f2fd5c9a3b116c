/*
 * FIS: an experiment does what its template says, as words to this sandbox's own control, and takes
 * it back when it is stopped.
 *
 *     make fis eu-west-1 {"kind":"template","name":"EXT1","break":"region us-east-1 down",
 *                         "mend":"region us-east-1 up"}
 */
#include "sandbox_docs.h"

#include <cjson/cJSON.h>

#define STARTING_MS 2000u
#define STOPPING_MS 2000u

static const struct sb_kind kinds[] = {
    { "template",
      "{\"id\":\"{name}\",\"arn\":\"arn:aws:fis:{region}:{account}:experiment-template/{name}\","
      "\"description\":\"a fault\",\"roleArn\":\"arn:aws:iam::{account}:role/fis\",\"break\":\"\","
      "\"mend\":\"\"}",
      false, NULL },
    { "experiment", "{\"id\":\"{name}\",\"state\":{\"status\":\"initiating\"}}", false, NULL },
    { 0 },
};

static struct sb_doc *template_of(struct sb_call *c, struct evac_str id)
{
    return sb_doc_named(c, c->region, "template", id, 404, "ResourceNotFoundException");
}

static void put_experiment(struct sb_call *c, const struct sb_doc *e)
{
    evac_buf_putf(&c->out,
                  "{\"id\":\"%s\",\"arn\":\"arn:aws:fis:%s:" SB_ACCOUNT ":experiment/%s\","
                  "\"experimentTemplateId\":\"%.*s\",\"state\":{\"status\":\"%.*s\"}}",
                  e->name, sb_region_name(c->sb, c->region), e->name,
                  EVAC_STR_ARG(sb_doc_text(e, "template")),
                  EVAC_STR_ARG(sb_doc_text(e, "state.status")));
}

static void get_template(struct sb_call *c)
{
    const struct sb_doc *t = template_of(c, c->label[0]);
    if (!t)
        return;
    evac_buf_putf(
        &c->out,
        "{\"experimentTemplate\":{\"id\":\"%s\",\"arn\":\"%.*s\",\"description\":\"%.*s\","
        "\"roleArn\":\"%.*s\"}}",
        t->name, EVAC_STR_ARG(sb_doc_text(t, "arn")), EVAC_STR_ARG(sb_doc_text(t, "description")),
        EVAC_STR_ARG(sb_doc_text(t, "roleArn")));
}

static struct sb_doc *by_token(struct sb_call *c, struct evac_str token)
{
    struct sb_doc *e = NULL;
    while ((e = sb_doc_next(c->sb, c->id, c->region, "experiment", e)))
        if (evac_str_eq(sb_doc_text(e, "token"), token))
            return e;
    return NULL;
}

static unsigned count(struct sb_call *c)
{
    unsigned n = 0;
    for (struct sb_doc *e = NULL; (e = sb_doc_next(c->sb, c->id, c->region, "experiment", e));)
        n++;
    return n;
}

/* The fault is in from here on, and out when it is stopped: what happens between is FIS's. */
static void put_to_work(struct sb_call *c, const struct sb_doc *t, const char *which)
{
    struct evac_str command = evac_arena_str(c->arena, sb_doc_text(t, which));
    struct evac_err err = { EVAC_OK, "" };
    if (command.n && evac_sandbox_control(c->sb, command, &err))
        sb_error(c, 400, "ValidationException", "%s", err.text);
}

static void start(struct sb_call *c)
{
    struct evac_str token = evac_arena_str(c->arena, sb_in(c, "clientToken"));
    struct sb_doc *t = template_of(c, sb_in(c, "experimentTemplateId"));
    struct sb_doc *e = t ? by_token(c, token) : NULL;
    if (!t)
        return;
    if (!e) {
        struct evac_str id = evac_arena_printf(c->arena, "EXP%06u", count(c) + 1);
        put_to_work(c, t, "break");
        e = c->failed ? NULL : sb_doc_of_kind(c->sb, c->id, kinds, "experiment", c->region, id);
        if (!e)
            return;
        sb_effect(c);
        sb_doc_set_text(e, "template", evac_str(t->name));
        sb_doc_set_text(e, "token", token);
        sb_doc_later(c->sb, e, STARTING_MS, "state.status", "\"running\"");
    }
    evac_buf_puts(&c->out, "{\"experiment\":");
    put_experiment(c, e);
    evac_buf_puts(&c->out, "}");
}

static struct sb_doc *experiment(struct sb_call *c)
{
    return sb_doc_named(c, c->region, "experiment", c->label[0], 404, "ResourceNotFoundException");
}

static void get_experiment(struct sb_call *c)
{
    const struct sb_doc *e = experiment(c);
    if (!e)
        return;
    evac_buf_puts(&c->out, "{\"experiment\":");
    put_experiment(c, e);
    evac_buf_puts(&c->out, "}");
}

static bool is_live(const struct sb_doc *e)
{
    return sb_doc_is(e, "state.status", "running") || sb_doc_is(e, "state.status", "initiating");
}

static void stop(struct sb_call *c)
{
    struct sb_doc *e = experiment(c);
    struct sb_doc *t = e ? template_of(c, sb_doc_text(e, "template")) : NULL;
    if (!t)
        return;
    if (is_live(e)) {
        sb_effect(c);
        put_to_work(c, t, "mend");
        sb_doc_set(e, "state.status", "\"stopping\"");
        sb_doc_later(c->sb, e, STOPPING_MS, "state.status", "\"stopped\"");
    }
    evac_buf_puts(&c->out, "{\"experiment\":");
    put_experiment(c, e);
    evac_buf_puts(&c->out, "}");
}

static void list(struct sb_call *c)
{
    struct evac_str wanted = sb_in(c, "experimentTemplateId");
    bool first = true;
    evac_buf_puts(&c->out, "{\"experiments\":[");
    for (struct sb_doc *e = NULL; (e = sb_doc_next(c->sb, c->id, c->region, "experiment", e));) {
        if (wanted.n && !evac_str_eq(sb_doc_text(e, "template"), wanted))
            continue;
        evac_buf_puts(&c->out, first ? "" : ",");
        put_experiment(c, e);
        first = false;
    }
    evac_buf_puts(&c->out, "]}");
}

/* clang-format off */
static const struct sb_operation operations[] = {
    { "GetExperimentTemplate", get_template, 0, "GET", "/experimentTemplates/{id}", .takes = "" },
    { "StartExperiment", start, SB_MUTATES, "POST", "/experiments", .takes = "clientToken! experimentTemplateId! experimentOptions tags" },
    { "GetExperiment", get_experiment, 0, "GET", "/experiments/{id}", .takes = "" },
    { "StopExperiment", stop, SB_MUTATES, "DELETE", "/experiments/{id}", .takes = "" },
    { "ListExperiments", list, 0, "GET", "/experiments", .takes = "maxResults nextToken experimentTemplateId" },
    { 0 },
};
/* clang-format on */

SB_DOCS(FIS, kinds)

const struct sb_service sb_service_fis = {
    .signing_name = "fis", .row = "fis", .operations = operations, .make = make, .truth = truth
};

/* What a runbook's settings mean together: names that steps give each other, and borrowed
 * workflows. */
#include "conf_read.h"

#define TRIES_OF_ACTION (-1)

void conf_finish_step(struct conf_reader *r, const config_setting_t *group, void *at,
                      const struct conf_given *given)
{
    struct evac_runbook_step *step = at;
    (void)r;
    (void)group;
    if (!conf_is_given(given, "tries"))
        step->tries = TRIES_OF_ACTION;
}

/* --- one workflow
 * ------------------------------------------------------------------------------------ */

struct workflow_in {
    struct conf_reader *r;
    const struct evac_runbook_workflow *flow;
    const config_setting_t *steps;
};

static bool has_step(const struct evac_runbook_workflow *flow, struct evac_str name)
{
    for (size_t i = 0; i < flow->step_count; i++)
        if (evac_str_eq(flow->steps[i].name, name))
            return true;
    return false;
}

static void check_name(const struct workflow_in *in, const struct evac_runbook_step *step,
                       struct evac_str name, const char *where, int line)
{
    const struct evac_runbook_workflow *flow = in->flow;
    if (evac_str_eq(name, step->name))
        CONF_ERROR(in->r, line, "step \"%.*s\": %s names the step itself", EVAC_STR_ARG(step->name),
                   where);
    else if (name.n && !has_step(flow, name))
        CONF_ERROR(in->r, line, "step \"%.*s\": %s names \"%.*s\", no step of this workflow%.*s",
                   EVAC_STR_ARG(step->name), where, EVAC_STR_ARG(name),
                   EVAC_STR_ARG(conf_hint(in->r, name,
                                          conf_names(in->r, &flow->steps[0].name,
                                                     sizeof flow->steps[0], flow->step_count))));
}

static int member_line(const config_setting_t *steps, size_t i, const char *name)
{
    const config_setting_t *step = config_setting_get_elem(steps, (unsigned)i);
    const config_setting_t *member = step ? config_setting_get_member(step, name) : NULL;
    return member ? conf_line(member) : 0;
}

static void check_step(const struct workflow_in *in, size_t i)
{
    const struct evac_runbook_step *step = &in->flow->steps[i];
    for (size_t k = 0; k < step->after_count; k++)
        check_name(in, step, step->after[k], "after", member_line(in->steps, i, "after"));
    for (size_t k = 0; k < step->with_count; k++)
        check_name(in, step, step->with[k], "with", member_line(in->steps, i, "with"));
    for (size_t k = 0; k < step->when_count; k++)
        if (step->when[k].op == EVAC_COND_STEP || step->when[k].op == EVAC_COND_FACT)
            check_name(in, step, step->when[k].name, "when", member_line(in->steps, i, "when"));
}

void conf_finish_workflow(struct conf_reader *r, const config_setting_t *group, void *at,
                          const struct conf_given *given)
{
    struct conf_workflow *w = at;
    bool steps = conf_is_given(given, "steps");
    w->copies = conf_is_given(given, "same_as");
    w->flow.present = true;
    if (steps == w->copies)
        CONF_ERROR(r, w->flow.place.line, "workflow: found %s; allowed: steps, or same_as",
                   steps ? "both steps and same_as" : "neither steps nor same_as");
    struct workflow_in in = { r, &w->flow, config_setting_get_member(group, "steps") };
    for (size_t i = 0; i < w->flow.step_count; i++)
        check_step(&in, i);
}

/* --- the runbook
 * --------------------------------------------------------------------------------------- */

/* Follow same_as to a workflow with steps of its own; NULL when there is none. */
static const struct conf_workflow *lender(const struct conf_runbook *book, size_t i)
{
    const struct conf_workflow *w = &book->workflows[i];
    for (int hops = 0; w->copies && hops < EVAC_WORKFLOW_COUNT; hops++)
        w = &book->workflows[w->same_as];
    return w->copies || !w->flow.present ? NULL : w;
}

static void borrow(struct conf_reader *r, struct conf_runbook *book, size_t i)
{
    struct conf_workflow *w = &book->workflows[i];
    const struct conf_workflow *from = lender(book, i);
    if (!from) {
        CONF_ERROR(r, w->flow.place.line,
                   "runbook.%s: same_as leads to \"%s\", which has no steps of its own",
                   evac_workflow_name((enum evac_workflow)i), evac_workflow_name(w->same_as));
        return;
    }
    w->flow.steps = from->flow.steps;
    w->flow.step_count = from->flow.step_count;
}

void conf_finish_runbook(struct conf_reader *r, const config_setting_t *group, void *at,
                         const struct conf_given *given)
{
    struct conf_runbook *book = at;
    bool any = false;
    (void)group;
    (void)given;
    for (size_t i = 0; i < EVAC_WORKFLOW_COUNT; i++) {
        any = any || book->workflows[i].flow.present;
        if (book->workflows[i].copies)
            borrow(r, book, i);
        book->runbook.workflows[i] = book->workflows[i].flow;
    }
    if (!any)
        CONF_ERROR(r, book->runbook.place.line,
                   "runbook: found no workflow; allowed: failover, failback, drill");
}

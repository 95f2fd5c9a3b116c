#include "give_back.h"
#include "hash.h"
#include "never.h"
#include "plan_internal.h"

#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSON_MAX (8u << 20)

void plan_error(struct compiler *c, struct evac_place place, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    for (const struct evac_diag_item *i = c->diag->first; i;
         i = i->next) /* once a defect, not once a mode */
        if (i->place.line == place.line &&
            strcmp(i->place.file, place.file ? place.file : "") == 0 && evac_str_is(i->text, text))
            return;
    evac_diag_add(c->diag, EVAC_DIAG_ERROR, place, "%s", text);
}

const struct evac_driver *evac_catalog_driver(const struct evac_catalog *catalog,
                                              struct evac_str type)
{
    for (size_t i = 0; i < catalog->pack_count; i++)
        for (const struct evac_driver *const *d = catalog->packs[i]->drivers; *d; d++)
            if (evac_str_is(type, (*d)->name))
                return *d;
    return NULL;
}

/* --- edges
 * ------------------------------------------------------------------------------------------------------------
 */

static void add_edge(struct compiler *c, struct draft *d, uint16_t before)
{
    for (uint16_t k = 0; k < d->after_count; k++)
        if (d->after[k] == before)
            return;
    if (d->after_count == d->after_cap) {
        uint16_t cap = d->after_cap ? (uint16_t)(2 * d->after_cap) : 8;
        uint16_t *list = evac_arena_array(c->arena, cap, sizeof *list);
        if (d->after_count)
            memcpy(list, d->after, d->after_count * sizeof *list);
        d->after = list;
        d->after_cap = cap;
    }
    d->after[d->after_count++] = before;
}

size_t plan_source(const struct compiler *c, struct evac_str name)
{
    for (size_t i = 0; i < c->workflow->step_count; i++)
        if (evac_str_eq(c->workflow->steps[i].name, name))
            return i;
    return c->workflow->step_count;
}

/* After a step that vanished means after what that one came after. depth stops at cycles: those are
 * refused later. */
static void link_source(struct compiler *c, struct draft *d, size_t source, size_t depth)
{
    if (source == c->workflow->step_count || depth > c->workflow->step_count)
        return;
    for (uint16_t k = 0; k < c->instances[source]; k++)
        add_edge(c, d, (uint16_t)(c->first[source] + k));
    if (c->instances[source])
        return;
    const struct evac_runbook_step *s = &c->workflow->steps[source];
    for (size_t k = 0; k < s->after_count; k++)
        link_source(c, d, plan_source(c, s->after[k]), depth + 1);
}

/* The instance of the same runbook step that is for that resource. */
static void link_resource(struct compiler *c, struct draft *d, struct evac_str name)
{
    size_t source = (size_t)(d->source - c->workflow->steps);
    if (!evac_app_resource(c->request->app, name))
        plan_error(c, d->resource->place,
                   "resource '%.*s' waits for '%.*s', which app '%.*s' does "
                   "not have",
                   EVAC_STR_ARG(d->resource->name), EVAC_STR_ARG(name),
                   EVAC_STR_ARG(c->request->app->name));
    for (uint16_t k = 0; k < c->instances[source]; k++) {
        struct draft *other = &c->drafts[c->first[source] + k];
        if (evac_str_eq(other->resource->name, name) &&
            evac_str_eq(other->step.region, d->step.region))
            add_edge(c, d, (uint16_t)(c->first[source] + k));
    }
}

/* waits_for = ( "db", "cache" ): among the steps that a runbook's one step became, in that order.
 */
static void link_waits(struct compiler *c, struct draft *d)
{
    struct evac_str list = evac_args_get(&d->resource->props, "waits_for");
    cJSON *json = list.n ? cJSON_ParseWithLength(list.p, list.n) : NULL;
    const cJSON *e;
    if (list.n && !cJSON_IsArray(json))
        plan_error(c, d->resource->place, "resource '%.*s': waits_for must be a list of resources",
                   EVAC_STR_ARG(d->resource->name));
    cJSON_ArrayForEach(e, json)
    {
        if (cJSON_IsString(e))
            link_resource(c, d, evac_str(e->valuestring));
    }
    cJSON_Delete(json);
}

/* A group's members: what their apps wait for, when it is a member too. */
static void link_members(struct compiler *c, struct draft *d)
{
    if (!evac_str_is(d->resource->type, "app"))
        return;
    const struct evac_app *member =
        evac_model_app(c->request->model, evac_args_get(&d->resource->props, "member"));
    const struct evac_app *group = c->request->app;
    for (size_t w = 0; member && w < member->waits_count; w++)
        for (size_t i = 0; i < group->resource_count; i++) {
            const struct evac_resource *r = &group->resources[i];
            if (evac_str_is(r->type, "app") &&
                evac_str_eq(evac_args_get(&r->props, "member"), member->waits_for[w]))
                link_resource(c, d, r->name);
        }
}

static void link_all(struct compiler *c)
{
    for (uint16_t i = 0; i < c->count; i++) {
        const struct evac_runbook_step *s = c->drafts[i].source;
        for (size_t k = 0; k < s->after_count; k++)
            link_source(c, &c->drafts[i], plan_source(c, s->after[k]), 0);
        link_waits(c, &c->drafts[i]);
        link_members(c, &c->drafts[i]);
    }
}

/* --- conditions
 * ----------------------------------------------------------------------------------------------------------
 */

/* The fact's place among those that the engine keeps for that step. */
static bool take_fact(struct compiler *c, struct draft *d, struct evac_str fact,
                      uint16_t *ret_index)
{
    for (uint16_t k = 0; k < EVAC_STEP_FACTS; k++) {
        if (d->step.facts[k].n == 0)
            d->step.facts[k] = evac_arena_str(c->arena, fact);
        if (evac_str_eq(d->step.facts[k], fact)) {
            *ret_index = k;
            return true;
        }
    }
    return false;
}

static void convert_cond(struct compiler *c, const struct evac_runbook_step *s,
                         const struct evac_cond *from, struct evac_plan_cond *to)
{
    *to = (struct evac_plan_cond){ .op = from->op,
                                   .first_child = from->first_child,
                                   .child_count = from->child_count,
                                   .cmp = from->cmp,
                                   .number = from->number,
                                   .word = evac_arena_str(c->arena, from->word) };
    if (from->op != EVAC_COND_STEP && from->op != EVAC_COND_FACT)
        return;
    size_t source = plan_source(c, from->name);
    if (source == c->workflow->step_count || c->instances[source] == 0) {
        /* a step that vanished was skipped */
        to->op = from->op == EVAC_COND_STEP && evac_str_is(from->word, "skipped") ? EVAC_COND_ALL
                                                                                  : EVAC_COND_ANY;
        to->child_count = 0;
        return;
    }
    to->step = c->first[source];
    if (from->op == EVAC_COND_FACT && !take_fact(c, &c->drafts[to->step], from->word, &to->fact))
        plan_error(c, s->place, "conditions ask for more than %d facts of step '%.*s'",
                   EVAC_STEP_FACTS, EVAC_STR_ARG(from->name));
}

static void convert_when(struct compiler *c, struct draft *d)
{
    const struct evac_runbook_step *s = d->source;
    struct evac_plan_cond *list;
    if (!s->when)
        return;
    list = evac_arena_array(c->arena, s->when_count, sizeof *list);
    for (size_t i = 0; i < s->when_count; i++)
        convert_cond(c, s, &s->when[i], &list[i]);
    d->step.when = list;
    d->step.when_count = (uint16_t)s->when_count;
}

enum plan_tri plan_when(const struct evac_plan_cond *when, uint16_t at, enum evac_mode mode)
{
    if (!when)
        return PLAN_YES;
    const struct evac_plan_cond *c = &when[at];
    bool any = c->op == EVAC_COND_ANY;
    enum plan_tri sum = any ? PLAN_NO : PLAN_YES;
    switch (c->op) {
    case EVAC_COND_MODE:
        return c->number == (int64_t)mode ? PLAN_YES : PLAN_NO;
    case EVAC_COND_STEP:
    case EVAC_COND_FACT:
        return PLAN_MAYBE;
    case EVAC_COND_NOT:
        sum = plan_when(when, c->first_child, mode);
        return sum == PLAN_MAYBE ? sum : sum == PLAN_YES ? PLAN_NO : PLAN_YES;
    case EVAC_COND_ALL:
    case EVAC_COND_ANY:
    case EVAC_COND_AT_LEAST: /* the last two are of health, never of a step */
    case EVAC_COND_PROBE:
        break;
    }
    for (uint16_t k = 0; k < c->child_count; k++) {
        enum plan_tri one = plan_when(when, (uint16_t)(c->first_child + k), mode);
        if (any ? one > sum : one < sum)
            sum = one;
    }
    return sum;
}

/* --- the plan
 * --------------------------------------------------------------------------------------------------------------
 */

static void link_undo(const struct compiler *c, struct evac_plan_step *steps)
{
    uint16_t n = c->count;
    uint16_t *counts = evac_arena_array(c->arena, n + 1u, sizeof *counts);
    for (uint16_t i = 0; i < n; i++)
        for (uint16_t k = 0; k < steps[i].after_count; k++)
            counts[steps[i].after[k]]++;
    for (uint16_t i = 0; i < n; i++) {
        uint16_t *after = evac_arena_array(c->arena, counts[i] + 1u, sizeof *after);
        uint16_t at = 0;
        for (uint16_t k = 0; k < n; k++)
            for (uint16_t e = 0; e < steps[k].after_count; e++)
                if (steps[k].after[e] == i)
                    after[at++] = (uint16_t)(n + k);
        steps[n + i] = steps[i];
        steps[n + i].id = evac_arena_printf(c->arena, "undo:%.*s", EVAC_STR_ARG(steps[i].id));
        steps[n + i].flags = (steps[i].flags & ~(uint32_t)(EVAC_STEP_PIVOT | EVAC_STEP_APPROVAL |
                                                           EVAC_STEP_LOSSY | EVAC_STEP_WAITS)) |
                             EVAC_STEP_UNDO;
        steps[n + i].on_failure = EVAC_ON_FAILURE_GO_ON;
        steps[n + i].clear = EVAC_STR_NONE;
        steps[n + i].when = NULL;
        steps[n + i].when_count = 0;
        steps[n + i].after = after;
        steps[n + i].after_count = at;
        memset(steps[n + i].facts, 0, sizeof steps[n + i].facts);
    }
}

static void link_rivals(const struct compiler *c, struct evac_plan_step *steps, uint16_t n)
{
    for (uint16_t i = 0; i < n; i++) {
        uint16_t *list, count = 0;
        for (uint16_t k = 0; k < n; k++)
            count = (uint16_t)(count + (k != i && evac_str_eq(steps[i].target, steps[k].target)));
        list = evac_arena_array(c->arena, count + 1u, sizeof *list);
        steps[i].rivals = list;
        for (uint16_t k = 0; k < n; k++)
            if (k != i && evac_str_eq(steps[i].target, steps[k].target))
                list[steps[i].rival_count++] = k;
    }
}

/* The longest chain of steps, each taking all of its deadline: a step that does not get there asks
 * a person by itself, before the run as a whole is stopped. Relaxation: the graph has no cycle. */
static uint32_t deadlines_in_a_row(struct evac_arena *arena, const struct evac_plan_step *steps,
                                   uint16_t count)
{
    uint64_t *finish = evac_arena_array(arena, count + 1u, sizeof *finish), longest = 0;
    for (uint16_t round = 0; round < count; round++)
        for (uint16_t i = 0; i < count; i++) {
            uint64_t begin = 0;
            for (uint16_t k = 0; k < steps[i].after_count; k++)
                if (finish[steps[i].after[k]] > begin)
                    begin = finish[steps[i].after[k]];
            finish[i] = begin + steps[i].deadline_ms;
            longest = finish[i] > longest ? finish[i] : longest;
        }
    return longest < UINT32_MAX ? (uint32_t)longest : UINT32_MAX;
}

static uint32_t run_deadline(const struct compiler *c, const struct evac_plan_step *steps)
{
    const struct evac_app *app = c->request->app;
    uint32_t steps_ms = deadlines_in_a_row(c->arena, steps, c->count);
    return app->run_deadline_given || steps_ms < app->run_deadline_ms ? app->run_deadline_ms
                                                                      : steps_ms;
}

static struct evac_plan *assemble(struct compiler *c)
{
    const struct evac_plan_request *q = c->request;
    const struct evac_controller_conf *conf = &q->model->controller;
    struct evac_plan *plan = evac_arena_alloc(c->arena, sizeof *plan);
    struct evac_plan_step *steps = evac_arena_array(c->arena, 2u * c->count + 1u, sizeof *steps);
    for (uint16_t i = 0; i < c->count; i++) {
        steps[i] = c->drafts[i].step;
        steps[i].after = c->drafts[i].after;
        steps[i].after_count = c->drafts[i].after_count;
    }
    link_undo(c, steps);
    link_rivals(c, steps, (uint16_t)(2 * c->count));
    *plan = (struct evac_plan){
        .arena = c->arena,
        .app = evac_arena_str(c->arena, q->app->name),
        .runbook = evac_arena_str(c->arena, c->book->name),
        .from = evac_arena_str(c->arena, q->from),
        .to = evac_arena_str(c->arena, q->to),
        .witness = evac_arena_str(c->arena, q->app->witness),
        .workflow = q->workflow,
        .drill = q->drill,
        .mode = q->mode,
        .rehearse = q->rehearse,
        .must_hold = q->part == EVAC_PART_LOOK,
        .isolate = evac_arena_str(c->arena, q->isolate),
        .rto_ms = q->app->rto_ms,
        .rpo_ms = q->app->rpo_ms,
        .run_deadline_ms = run_deadline(c, steps),
        .approval_ms = q->app->approval_ms,
        .quarantine_ms = conf->quarantine_ms,
        .confirm_ms = conf->confirm_ms,
        .poll_ms = conf->poll_ms,
        .poll_max_ms = conf->poll_max_ms,
        .steps = steps,
        .forward_count = c->count,
        .step_count = (uint16_t)(2 * c->count),
    };
    plan_set_criteria(q, plan);
    return plan;
}

static void set_text(struct evac_plan *plan)
{
    struct evac_buf json;
    evac_buf_init(&json, JSON_MAX);
    evac_plan_to_json(plan, &json);
    plan->text = evac_arena_str(plan->arena, evac_buf_str(&json));
    evac_sha256_hex_again(plan->text, plan->hash);
    evac_buf_done(&json);
}

static enum evac_code check_request(struct compiler *c, struct evac_err *err)
{
    const struct evac_plan_request *q = c->request;
    struct evac_str name =
        q->app->runbook.n ? q->app->runbook : evac_str(evac_strategy_name(q->app->strategy));
    c->book = evac_model_runbook(q->model, name);
    if (!c->book) {
        plan_error(c, q->app->place, "app '%.*s': there is no runbook '%.*s'",
                   EVAC_STR_ARG(q->app->name), EVAC_STR_ARG(name));
        return evac_fail(err, EVAC_E_BADCONF, "there is no runbook '%.*s'", EVAC_STR_ARG(name));
    }
    bool rehearsal = q->workflow == EVAC_WORKFLOW_DRILL && q->drill == EVAC_DRILL_REHEARSE;
    c->workflow = &c->book->workflows[rehearsal ? EVAC_WORKFLOW_FAILOVER : q->workflow];
    if (q->part == EVAC_PART_NONE && !c->workflow->present)
        return evac_fail(err, EVAC_E_UNSUPPORTED, "runbook '%.*s' has no %s", EVAC_STR_ARG(name),
                         evac_workflow_name(q->workflow));
    if (q->isolate.n && !plan_is_region_of(q->app, q->isolate))
        return evac_fail(err, EVAC_E_BADARG, "isolate: '%.*s' is no region of app '%.*s'",
                         EVAC_STR_ARG(q->isolate), EVAC_STR_ARG(q->app->name));
    if (q->isolate.n && q->workflow != EVAC_WORKFLOW_DRILL && !q->rehearse)
        return evac_fail(err, EVAC_E_BADARG, "isolate is for drills and rehearsals");
    if (evac_str_eq(q->from, q->to))
        return evac_fail(err, EVAC_E_BADARG, "from and to are both %.*s", EVAC_STR_ARG(q->to));
    if (!plan_is_region_of(q->app, q->from) || !plan_is_region_of(q->app, q->to) ||
        evac_str_eq(q->to, q->app->witness))
        return evac_fail(err, EVAC_E_BADARG, "%.*s -> %.*s: not both are regions of app '%.*s'",
                         EVAC_STR_ARG(q->from), EVAC_STR_ARG(q->to), EVAC_STR_ARG(q->app->name));
    return EVAC_OK;
}

enum evac_code evac_plan_compile(const struct evac_plan_request *request, struct evac_diag *diag,
                                 struct evac_plan **ret_plan, struct evac_err *err)
{
    struct compiler c = { .request = request, .diag = diag };
    size_t errors = diag->errors;
    enum evac_code code = check_request(&c, err);
    *ret_plan = NULL;
    if (code)
        return code;
    c.arena = evac_arena_new();
    if (request->part != EVAC_PART_NONE)
        c.workflow = plan_part_workflow(&c);
    c.drafts = malloc(EVAC_PLAN_STEPS_MAX * sizeof *c.drafts); /* each is set when it is added */
    c.first = evac_arena_array(c.arena, c.workflow->step_count + 1, sizeof *c.first);
    c.instances = evac_arena_array(c.arena, c.workflow->step_count + 1, sizeof *c.instances);
    if (EVAC_IF_NEVER(!c.drafts))
        abort();
    plan_expand(&c);
    plan_fill_permissions(&c);
    link_all(&c);
    for (uint16_t i = 0; i < c.count; i++)
        convert_when(&c, &c.drafts[i]);
    plan_check(&c);
    bool empty_fence = c.count == 0 && request->workflow == EVAC_WORKFLOW_FENCE;
    if (diag->errors == errors && c.count == 0 && !empty_fence)
        plan_error(&c, c.workflow->place, "nothing is left of this workflow for app '%.*s'",
                   EVAC_STR_ARG(request->app->name));
    if (diag->errors > errors) {
        code = evac_fail(err, EVAC_E_BADCONF, "the plan for '%.*s' has %zu error%s",
                         EVAC_STR_ARG(request->app->name), diag->errors - errors,
                         diag->errors - errors == 1 ? "" : "s");
        evac_arena_free(c.arena);
    } else if (empty_fence) {
        code = evac_fail(err, EVAC_E_UNSUPPORTED,
                         "app '%.*s' has nothing that could fence a region that was left",
                         EVAC_STR_ARG(request->app->name));
        evac_arena_free(c.arena);
    } else {
        *ret_plan = assemble(&c);
        if (!request->unnamed)
            set_text(*ret_plan);
    }
    evac_give_back(c.drafts, c.drafted * sizeof *c.drafts);
    return code;
}

void evac_plan_free(struct evac_plan *plan)
{
    if (plan)
        evac_arena_free(plan->arena); /* the plan lives in it */
}

const struct evac_plan_step *evac_plan_step(const struct evac_plan *plan, struct evac_str id)
{
    for (uint16_t i = 0; i < plan->step_count; i++)
        if (evac_str_eq(plan->steps[i].id, id))
            return &plan->steps[i];
    return NULL;
}

/* --- everything that a model may ask for
 * ------------------------------------------------------------------------------- */

static void check_one(const struct evac_model *model, const struct evac_catalog *catalog,
                      const struct evac_app *app, enum evac_workflow workflow, size_t from,
                      size_t to, struct evac_diag *diag)
{
    for (unsigned mode = 0; mode < EVAC_MODE_COUNT; mode++) {
        struct evac_plan_request q = { .model = model,
                                       .app = app,
                                       .catalog = catalog,
                                       .workflow = workflow,
                                       .unnamed = true,
                                       .mode = (enum evac_mode)mode,
                                       .from = app->regions[from],
                                       .to = app->regions[to] };
        struct evac_plan *plan = NULL;
        struct evac_err err = { EVAC_OK, "" };
        enum evac_code code = evac_plan_compile(&q, diag, &plan, &err);
        if (code && code != EVAC_E_BADCONF &&
            !(code == EVAC_E_UNSUPPORTED && workflow != EVAC_WORKFLOW_FAILOVER))
            evac_diag_add(diag, EVAC_DIAG_ERROR, app->place, "%s", err.text);
        evac_plan_free(plan);
    }
}

/* --- apps that wait for apps, and groups of groups ----------------------------------------------
 */

/* Marks the apps that this one needs directly; true when one is new. */
static bool mark_needs(const struct evac_model *model, const struct evac_app *app, bool *needed)
{
    bool found = false;
    for (size_t k = 0; k < model->app_count; k++) {
        struct evac_str name = model->apps[k].name;
        bool needs = false;
        for (size_t i = 0; i < app->waits_count; i++)
            needs |= evac_str_eq(app->waits_for[i], name);
        for (size_t i = 0; i < app->resource_count; i++)
            needs |= evac_str_is(app->resources[i].type, "app") &&
                     evac_str_eq(evac_args_get(&app->resources[i].props, "member"), name);
        found |= needs && !needed[k];
        needed[k] |= needs;
    }
    return found;
}

static bool needs_itself(const struct evac_model *model, const struct evac_app *app)
{
    bool *needed = calloc(model->app_count + 1, sizeof *needed);
    if (EVAC_IF_NEVER(!needed))
        abort();
    bool more = mark_needs(model, app, needed), itself = false;
    while (more) {
        more = false;
        for (size_t k = 0; k < model->app_count; k++)
            more |= needed[k] && mark_needs(model, &model->apps[k], needed);
    }
    for (size_t k = 0; k < model->app_count; k++)
        itself |= needed[k] && &model->apps[k] == app;
    free(needed);
    return itself;
}

static bool has_region(const struct evac_app *app, struct evac_str region)
{
    for (size_t i = 0; i < app->region_count; i++)
        if (evac_str_eq(app->regions[i], region))
            return true;
    return false;
}

static void check_member(const struct evac_model *model, const struct evac_app *group,
                         const struct evac_resource *r, struct evac_diag *diag)
{
    struct evac_str name = evac_args_get(&r->props, "member");
    const struct evac_app *member = evac_model_app(model, name);
    if (!member) {
        evac_diag_add(diag, EVAC_DIAG_ERROR, r->place, "resource '%.*s': there is no app '%.*s'",
                      EVAC_STR_ARG(r->name), EVAC_STR_ARG(name));
        return;
    }
    for (size_t i = 0; i < group->region_count; i++)
        if (!has_region(member, group->regions[i]))
            evac_diag_add(diag, EVAC_DIAG_ERROR, r->place,
                          "resource '%.*s': app '%.*s' has no region %.*s, which the group has",
                          EVAC_STR_ARG(r->name), EVAC_STR_ARG(name),
                          EVAC_STR_ARG(group->regions[i]));
}

static void check_dependencies(const struct evac_model *model, const struct evac_app *app,
                               struct evac_diag *diag)
{
    for (size_t i = 0; i < app->waits_count; i++)
        if (!evac_model_app(model, app->waits_for[i]))
            evac_diag_add(diag, EVAC_DIAG_ERROR, app->place,
                          "app '%.*s' waits for '%.*s', which there is not",
                          EVAC_STR_ARG(app->name), EVAC_STR_ARG(app->waits_for[i]));
    for (size_t i = 0; i < app->resource_count; i++)
        if (evac_str_is(app->resources[i].type, "app"))
            check_member(model, app, &app->resources[i], diag);
    if (needs_itself(model, app))
        evac_diag_add(diag, EVAC_DIAG_ERROR, app->place,
                      "app '%.*s' waits for itself, by way of others or of a group",
                      EVAC_STR_ARG(app->name));
}

static void check_part(const struct evac_model *model, const struct evac_catalog *catalog,
                       const struct evac_app *app, enum evac_plan_part part,
                       const struct evac_str *things, size_t count, struct evac_diag *diag)
{
    struct evac_plan_request q = { .model = model,
                                   .app = app,
                                   .catalog = catalog,
                                   .workflow = EVAC_WORKFLOW_DRILL,
                                   .unnamed = true,
                                   .drill = part == EVAC_PART_LOOK ? EVAC_DRILL_REHEARSE
                                                                   : EVAC_DRILL_GAME_DAY,
                                   .rehearse = part == EVAC_PART_LOOK,
                                   .from = app->regions[0],
                                   .to = app->regions[1],
                                   .part = part,
                                   .things = things,
                                   .thing_count = count };
    struct evac_plan *plan = NULL;
    struct evac_err err = { EVAC_OK, "" };
    if (count)
        (void)evac_plan_compile(&q, diag, &plan, &err); /* what is wrong is in diag */
    evac_plan_free(plan);
}

/* What a drill names must be there, before the day. */
static void check_drills(const struct evac_model *model, const struct evac_catalog *catalog,
                         const struct evac_app *app, struct evac_diag *diag)
{
    for (size_t i = 0; i < app->drill_count; i++) {
        const struct evac_drill_conf *d = &app->drills[i];
        check_part(model, catalog, app, EVAC_PART_LOOK, d->unless, d->unless_count, diag);
        check_part(model, catalog, app, EVAC_PART_BREAK, d->faults, d->fault_count, diag);
        check_part(model, catalog, app, EVAC_PART_MEND, d->faults, d->fault_count, diag);
    }
}

enum evac_code evac_plan_check_model(const struct evac_model *model,
                                     const struct evac_catalog *catalog, struct evac_diag *diag,
                                     struct evac_err *err)
{
    size_t before = diag->errors;
    for (size_t a = 0; a < model->app_count; a++) {
        const struct evac_app *app = &model->apps[a];
        check_dependencies(model, app, diag);
        check_drills(model, catalog, app, diag);
        for (unsigned w = 0; w < EVAC_WORKFLOW_COUNT; w++)
            for (size_t from = 0; from < app->region_count; from++)
                for (size_t to = 0; to < app->region_count; to++)
                    if (from != to)
                        check_one(model, catalog, app, (enum evac_workflow)w, from, to, diag);
    }
    if (diag->errors == before)
        return EVAC_OK;
    return evac_fail(err, EVAC_E_BADCONF, "%zu error%s in plans", diag->errors - before,
                     diag->errors - before == 1 ? "" : "s");
}

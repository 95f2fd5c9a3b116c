/* What a drill will touch, before it does. */
#include "calendar_internal.h"
#include "shell_cost.h"

#include <stdlib.h>
#include <string.h>

#define TOUCHES_MAX 120u

enum evac_code calendar_compile(const struct evac_shell *shell, const struct evac_app *app,
                                const struct evac_plan_request *what, struct evac_plan **ret_plan,
                                struct evac_err *err)
{
    struct evac_diag diag = { .arena = evac_arena_new() };
    struct evac_plan_request q = *what;
    size_t i = evac_engine_app(&shell->engine, app->name);
    q.model = shell->model;
    q.app = app;
    q.catalog = shell->o.catalog;
    q.out = i < shell->engine.app_count ? ~evac_engine_serving(&shell->engine.apps[i]) : 0;
    enum evac_code code = evac_plan_compile(&q, &diag, ret_plan, err);
    evac_arena_free(diag.arena);
    return code;
}

/* The plans that a drill goes through, in order. */
struct part {
    enum evac_workflow workflow;
    enum evac_mode mode;
    enum evac_plan_part part;
    bool back;   /* from the drill's target home */
    bool twice;  /* carried out, and undone */
    bool policy; /* the policy's, not the drill's own */
};

static const struct part isolated[] = { { EVAC_WORKFLOW_DRILL, .twice = true } };
static const struct part rehearse[] = { { EVAC_WORKFLOW_DRILL, EVAC_MODE_GRACEFUL } };
static const struct part live[] = { { EVAC_WORKFLOW_FAILOVER, EVAC_MODE_GRACEFUL },
                                    { EVAC_WORKFLOW_FAILBACK, EVAC_MODE_GRACEFUL, .back = true } };
static const struct part game_day[] = {
    { EVAC_WORKFLOW_DRILL, .part = EVAC_PART_BREAK },
    { EVAC_WORKFLOW_FAILOVER, EVAC_MODE_UNGRACEFUL, .policy = true },
    { EVAC_WORKFLOW_DRILL, .part = EVAC_PART_MEND },
};

static const struct {
    const struct part *parts;
    size_t count;
} parts_of[EVAC_DRILL_KIND_COUNT] = {
    [EVAC_DRILL_REHEARSE] = { rehearse, 1 },
    [EVAC_DRILL_ISOLATED] = { isolated, 1 },
    [EVAC_DRILL_LIVE] = { live, 2 },
    [EVAC_DRILL_GAME_DAY] = { game_day, 3 },
};

static enum evac_code compile_part(const struct evac_shell *shell, const struct calendar_drill *d,
                                   const struct part *part, struct evac_plan **ret_plan,
                                   struct evac_err *err)
{
    const struct evac_app *app = shell->engine.apps[d->app].app;
    struct evac_plan_request q = { .workflow = part->workflow,
                                   .drill = d->kind,
                                   .mode = part->mode,
                                   .rehearse = d->kind == EVAC_DRILL_REHEARSE,
                                   .from = app->regions[part->back ? d->to : d->from],
                                   .to = app->regions[part->back ? d->from : d->to],
                                   .part = part->part };
    if (part->part && d->conf) {
        q.things = d->conf->faults;
        q.thing_count = d->conf->fault_count;
    }
    return calendar_compile(shell, app, &q, ret_plan, err);
}

void calendar_measure(const struct evac_shell *shell, struct calendar_drill *d)
{
    uint64_t total = 0;
    for (size_t i = 0; i < parts_of[d->kind].count; i++) {
        const struct part *part = &parts_of[d->kind].parts[i];
        struct evac_err err = { EVAC_OK, "" };
        struct evac_plan *plan;
        if (compile_part(shell, d, part, &plan, &err))
            continue;
        uint64_t path = evac_plan_critical_path(plan, NULL, NULL);
        total += part->twice ? 2 * path : path;
        evac_plan_free(plan);
    }
    total += d->kind == EVAC_DRILL_LIVE ? (uint64_t)d->soak_ms : 0;
    d->takes_ms = d->conf && d->conf->duration_ms ? (int64_t)d->conf->duration_ms : (int64_t)total;
}

/* --- in words -------------------------------------------------------------------------------- */

struct touches {
    struct evac_jw *w;
    size_t count, more;
};

static void put_touch(struct touches *t, const struct evac_plan_step *s, const struct part *part)
{
    if (t->count == TOUCHES_MAX) {
        t->more++;
        return;
    }
    t->count++;
    evac_jw_open(t->w, NULL, '{');
    evac_jw_str(t->w, "step", s->id);
    evac_jw_str(t->w, "resource", s->resource);
    evac_jw_str(t->w, "region", s->region);
    evac_buf_putf(t->w->out, ",\"action\":\"%.*s.%.*s\"", EVAC_STR_ARG(s->type),
                  EVAC_STR_ARG(s->action));
    evac_jw_bool(t->w, "put_back", part->twice || part->part == EVAC_PART_BREAK);
    evac_jw_bool(t->w, "by_policy", part->policy);
    evac_jw_close(t->w, '}');
}

/* Each step is touched, and may cost something; the way home of a live drill takes up again what
 * the way there let go. */
static void touch_part(const struct evac_shell *shell, const struct calendar_drill *d,
                       const struct part *part, struct touches *t, struct cost *cost)
{
    struct evac_err err = { EVAC_OK, "" };
    struct evac_plan *plan;
    if (compile_part(shell, d, part, &plan, &err))
        return;
    for (uint16_t i = 0; !plan->rehearse && i < plan->forward_count; i++)
        if ((plan->steps[i].flags & EVAC_STEP_MUTATES) && evac_plan_may_run(plan, i)) {
            put_touch(t, &plan->steps[i], part);
            if (!part->back)
                cost_add(shell, plan, &plan->steps[i], cost);
        }
    evac_plan_free(plan);
}

/* What is so while it goes on. */
static const char *const meanwhile[EVAC_DRILL_KIND_COUNT][3] = {
    [EVAC_DRILL_REHEARSE] = { "nothing is changed: objectives are as they are" },
    [EVAC_DRILL_ISOLATED] = { "users stay where they are, and so does the data's writer",
                              "a real failover goes first: it waits only until what the drill has "
                              "sent has landed, which adds to its RTO" },
    [EVAC_DRILL_LIVE] = { "users are moved twice: each move is a short interruption, as a planned "
                          "one is",
                          "replication is reversed while the other region serves: until the old "
                          "one follows again, its loss would be a loss of data",
                          "a failure there leads home at once, or to the policy" },
    [EVAC_DRILL_GAME_DAY] = { "users of the region that is broken are hurt until the policy has "
                              "moved them: that time is the RTO that is measured",
                              "the move is ungraceful: what was not replicated may be lost, within "
                              "the RPO objective",
                              "afterwards the app stays where the policy moved it: failing back is "
                              "a person's" },
};

static const char *const not_tested[EVAC_DRILL_KIND_COUNT][4] = {
    [EVAC_DRILL_REHEARSE] = { "whether anything that it looked at also works when it is used",
                              "the data's promotion", "users' traffic", "people, and the policy" },
    [EVAC_DRILL_ISOLATED] = { "the data's promotion, and the fence",
                              "users' traffic in the "
                              "standby",
                              "a region that does not answer (add --isolate)",
                              "people, and the policy" },
    [EVAC_DRILL_LIVE] = { "a region that does not answer: the move is planned",
                          "detection, and the policy's decision", "loss of data" },
    [EVAC_DRILL_GAME_DAY] = { "faults that are not in its list", "the way home" },
};

static void put_sentences(struct evac_jw *w, const char *key, const char *const *texts, size_t max)
{
    evac_jw_open(w, key, '[');
    for (size_t i = 0; i < max && texts[i]; i++)
        evac_jw_cstr(w, NULL, texts[i]);
    evac_jw_close(w, ']');
}

/* Of the failover that the drill proves: compared with that day's, later. */
static void put_plan_hash(const struct evac_shell *shell, const struct calendar_drill *d,
                          struct evac_jw *w)
{
    const struct evac_app *app = shell->engine.apps[d->app].app;
    const struct evac_plan_request armed = { .workflow = EVAC_WORKFLOW_FAILOVER,
                                             .mode = EVAC_MODE_UNGRACEFUL,
                                             .from = app->regions[d->from],
                                             .to = app->regions[d->to] };
    struct evac_err err = { EVAC_OK, "" };
    struct evac_plan *plan;
    if (calendar_compile(shell, app, &armed, &plan, &err))
        return;
    evac_jw_cstr(w, "plan", plan->hash);
    evac_plan_free(plan);
}

static void put_head(const struct evac_shell *shell, const struct calendar_drill *d,
                     struct evac_jw *w)
{
    const struct evac_app *app = shell->engine.apps[d->app].app;
    evac_jw_str(w, "app", app->name);
    evac_jw_cstr(w, "kind", evac_drill_kind_name(d->kind));
    evac_jw_str(w, "from", app->regions[d->from]);
    evac_jw_str(w, "to", app->regions[d->to]);
}

void calendar_receipt(const struct evac_shell *shell, const struct calendar_drill *d, bool whole,
                      struct evac_buf *out)
{
    struct evac_jw w = { out, false };
    struct touches t = { &w, 0, 0 };
    struct cost *cost = calloc(1, sizeof *cost);
    if (!cost)
        abort();
    cost->takes_ms = d->takes_ms;
    evac_jw_open(&w, NULL, '{');
    if (whole)
        put_head(shell, d, &w);
    put_plan_hash(shell, d, &w);
    evac_jw_i64(&w, "takes_ms", d->takes_ms);
    evac_jw_known(&w, "soak_ms", d->kind == EVAC_DRILL_LIVE, d->soak_ms);
    evac_jw_known(&w, "patience_ms", d->kind == EVAC_DRILL_GAME_DAY, d->patience_ms);
    evac_jw_open(&w, "touches", '[');
    for (size_t i = 0; i < parts_of[d->kind].count; i++)
        touch_part(shell, d, &parts_of[d->kind].parts[i], &t, cost);
    evac_jw_close(&w, ']');
    evac_jw_i64(&w, "touches_more", (int64_t)t.more);
    cost_to_json(cost, &w);
    free(cost);
    put_sentences(&w, "meanwhile", meanwhile[d->kind], 3);
    put_sentences(&w, "not_tested", not_tested[d->kind], 4);
    evac_jw_close(&w, '}');
}

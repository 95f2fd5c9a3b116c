/*
 * What automation would do, linted before the day: after a start, a reload and the end of each run,
 * and when what was said grows old. The engine is told what the lint says, towards each region that
 * an app could be moved to. One app at a time and with a pause between: a thousand apps must not
 * hold up anybody.
 */
#include "lints.h"
#include "plan_lint.h"
#include "shell_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINT_AGAIN_MS 3600000u
#define LINT_PAUSE_MS 20u
#define DAY_MS        86400000

/* --- when
 * ---------------------------------------------------------------------------------------------- */

void shell_assure_all(struct evac_shell *shell)
{
    free(shell->lint_due_ms);
    free(shell->linted);
    shell->lint_due_ms = calloc(shell->model->app_count + 1, sizeof *shell->lint_due_ms);
    shell->linted = calloc(shell->model->app_count + 1, sizeof *shell->linted);
    if (!shell->lint_due_ms || !shell->linted)
        abort();
    shell->lint_ms = 0;
}

void shell_assure_soon(struct evac_shell *shell, struct evac_str app)
{
    size_t i = evac_engine_app(&shell->engine, app);
    if (i == shell->engine.app_count)
        return;
    shell->lint_due_ms[i] = 0;
    shell->linted[i] = (struct shell_linted){ 0 };
    shell->lint_ms = 0;
}

/* Asked of the clock alone: shell_now() draws, and what is remembered must not change the draws. */
static int64_t today(const struct evac_shell *shell)
{
    return shell->o.host->wall_ms(shell->o.host->ctx) / DAY_MS;
}

/* A lint is a function of the configuration, the facts and their age in days, and of who serves: as
 * long as these are the same it says what it said, and nothing is compiled again to hear it. */
static bool says_the_same(struct evac_shell *shell, size_t app)
{
    const struct shell_linted now = { today(shell), evac_engine_serving(&shell->engine.apps[app]) };
    bool same = shell->linted[app].day == now.day && shell->linted[app].serving == now.serving;
    shell->linted[app] = now;
    return same;
}

/* The app that is due first; the count of apps when there is none. */
static size_t first_due(const struct evac_shell *shell)
{
    size_t first = shell->engine.app_count;
    for (size_t i = 0; i < shell->engine.app_count; i++)
        if (first == shell->engine.app_count || shell->lint_due_ms[i] < shell->lint_due_ms[first])
            first = i;
    return first;
}

/* --- what
 * ---------------------------------------------------------------------------------------------- */

static const struct evac_lint_row *first_error(const struct evac_lint *lint)
{
    for (size_t i = 0; i < lint->row_count; i++)
        if (lint->rows[i].verdict == EVAC_LINT_ERROR)
            return &lint->rows[i];
    return NULL;
}

/* "dns: it leans on us-east-1 (and 2 more errors)" */
static void say_errors(const struct evac_lint *lint, char *out, size_t bytes)
{
    const struct evac_lint_row *row = first_error(lint);
    if (!row)
        return; /* nothing to say */
    size_t more = lint->counts[EVAC_LINT_ERROR] - 1;
    struct evac_str step = row->step.n ? row->step : EVAC_STR("the controller");
    char rest[48] = "";
    if (more)
        snprintf(rest, sizeof rest, " (and %zu more error%s)", more, more == 1 ? "" : "s");
    int room = (int)(bytes - strlen(rest) - 60);
    int n = row->problem.n < (size_t)room ? (int)row->problem.n : room;
    snprintf(out, bytes, "%.*s: %.*s%s", step.n < 56 ? (int)step.n : 56, step.p, n,
             row->problem.n ? row->problem.p : "", rest);
}

static void lint_plan(const struct evac_shell *shell, const struct evac_plan *plan,
                      struct evac_arena *arena, struct evac_lint_said *said)
{
    struct evac_lint lint;
    struct evac_lint_request request = { .plan = plan,
                                         .catalog = shell->o.catalog,
                                         .facts = shell->o.facts,
                                         .model = shell->model,
                                         .down = evac_lint_down(plan),
                                         .today = today(shell) };
    evac_lint_plan(&request, arena, &lint);
    said->errors = (int64_t)lint.counts[EVAC_LINT_ERROR];
    say_errors(&lint, said->text, sizeof said->text);
}

void evac_shell_expect(struct evac_shell *shell, size_t app, uint64_t ms)
{
    if (app < shell->engine.app_count)
        evac_engine_expect(&shell->engine, (uint16_t)app,
                           ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX);
}

/* Until somebody who knows the history says better. */
static void expect_usual(struct evac_shell *shell, size_t app, uint64_t usual_ms)
{
    if (usual_ms && shell->engine.apps[app].expected_ms == 0)
        evac_shell_expect(shell, app, usual_ms);
}

/* Of the ungraceful failover from one region to another. */
static struct evac_lint_said lint_move(const struct evac_shell *shell, const struct evac_app *app,
                                       uint16_t from, uint16_t to)
{
    struct evac_diag diag = { .arena = evac_arena_new() };
    struct evac_err err = { EVAC_OK, "" };
    struct evac_plan *plan = NULL;
    struct evac_lint_said said = { .known = true };
    struct evac_wish wish = { .app = app->name,
                              .workflow = EVAC_WORKFLOW_FAILOVER,
                              .mode = EVAC_MODE_UNGRACEFUL,
                              .from = app->regions[from],
                              .to = app->regions[to],
                              .unnamed = true };
    enum evac_code code = evac_shell_plan(shell, &wish, &diag, &plan, &err);
    if (code == EVAC_OK) {
        lint_plan(shell, plan, diag.arena, &said);
        said.usual_ms = evac_plan_critical_path(plan, NULL, NULL);
        evac_plan_free(plan);
    } else if (code == EVAC_E_REFUSED) { /* not a way that anything would go */
        said.known = false;
    } else {
        said.errors = 1;
        snprintf(said.text, sizeof said.text, "the plan does not compile: %.100s", err.text);
    }
    evac_arena_free(diag.arena);
    return said;
}

/* Added to what is known of the region to which it moves. */
static void add_move(struct evac_shell *shell, size_t app, uint16_t from,
                     struct evac_assure_event *e, char *text, size_t bytes)
{
    const struct evac_engine_app *a = &shell->engine.apps[app];
    struct evac_lint_key key = { .app = (uint16_t)app,
                                 .from = from,
                                 .to = e->region,
                                 .serving = evac_engine_serving(a),
                                 .day = today(shell) };
    (void)evac_str_copy(key.model, sizeof key.model, evac_str(shell->model->hash));
    const struct evac_lint_said *kept = evac_lints_find(shell->o.lints, &key);
    struct evac_lint_said said = kept ? *kept : lint_move(shell, a->app, from, e->region);
    if (!kept)
        evac_lints_keep(shell->o.lints, &key, &said);
    expect_usual(shell, app, said.usual_ms);
    if (said.errors && e->ok)
        (void)evac_str_copy(text, bytes, evac_str(said.text));
    e->known = e->known || said.known;
    e->ok = e->ok && said.errors == 0;
    e->number += said.errors;
}

static enum evac_code assure_target(struct evac_shell *shell, size_t app, uint16_t to, bool same,
                                    struct evac_err *err)
{
    const struct evac_engine_app *a = &shell->engine.apps[app];
    struct evac_event event = { .kind = EVAC_EVENT_ASSURE };
    struct evac_assure_event *e = &event.u.assure;
    uint32_t serving = evac_engine_serving(a);
    char text[160] = "";

    *e = (struct evac_assure_event){
        .app = (uint16_t)app, .region = to, .kind = EVAC_ASSURANCE_LINT, .ok = true
    };
    const struct evac_assurance *said = &a->assurance[EVAC_ASSURANCE_LINT][to];
    if (same) {
        e->known = said->known;
        e->ok = said->ok;
        e->number = said->number;
        (void)evac_str_copy(text, sizeof text, evac_str(said->text));
    }
    for (uint16_t from = 0; !same && from < a->app->region_count; from++)
        if (from != to && (serving & (1u << from)))
            add_move(shell, app, from, e, text, sizeof text);
    e->ok = e->ok && e->known;
    e->text = evac_str(text);
    return evac_shell_event(shell, &event, err);
}

enum evac_code shell_assure(struct evac_shell *shell, struct evac_err *err)
{
    uint64_t now = shell_now(shell).boot_ms;
    size_t i = first_due(shell);
    enum evac_code code = EVAC_OK;
    if (now < shell->lint_ms)
        return EVAC_OK;
    if (i < shell->engine.app_count && now >= shell->lint_due_ms[i]) {
        bool same = says_the_same(shell, i);
        shell->lint_due_ms[i] = now + LINT_AGAIN_MS;
        for (uint16_t to = 0; !code && to < shell->engine.apps[i].app->region_count; to++)
            code = assure_target(shell, i, to, same, err);
        i = first_due(shell);
    }
    uint64_t due = i < shell->engine.app_count ? shell->lint_due_ms[i] : UINT64_MAX;
    shell->lint_ms = due > now + LINT_PAUSE_MS ? due : now + LINT_PAUSE_MS;
    return code;
}

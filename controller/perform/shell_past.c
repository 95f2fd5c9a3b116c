/* What the journal says of drills and moves that were. The same for rows that are read at a start
 * and for those that are just written. */
#include "calendar_internal.h"
#include "hash.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *grown(void *items, size_t count, size_t *cap, size_t bytes)
{
    if (count < *cap)
        return items;
    *cap = *cap ? 2 * *cap : 16;
    items = realloc(items, *cap * bytes);
    if (!items)
        abort();
    return items;
}

struct calendar_plan *calendar_plan(struct shell_calendar *c, struct evac_str app,
                                    struct evac_str drill)
{
    for (size_t i = 0; i < c->plan_count; i++)
        if (evac_str_is(app, c->plans[i].app) && evac_str_is(drill, c->plans[i].drill))
            return &c->plans[i];
    c->plans = grown(c->plans, c->plan_count, &c->plan_cap, sizeof *c->plans);
    struct calendar_plan *plan = &c->plans[c->plan_count++];
    memset(plan, 0, sizeof *plan);
    (void)evac_str_copy(plan->app, sizeof plan->app, app);
    (void)evac_str_copy(plan->drill, sizeof plan->drill, drill);
    return plan;
}

struct calendar_past *calendar_past(struct shell_calendar *c, struct evac_str app)
{
    for (size_t i = 0; i < c->past_count; i++)
        if (evac_str_is(app, c->pasts[i].app))
            return &c->pasts[i];
    c->pasts = grown(c->pasts, c->past_count, &c->past_cap, sizeof *c->pasts);
    struct calendar_past *past = &c->pasts[c->past_count++];
    memset(past, 0, sizeof *past);
    (void)evac_str_copy(past->app, sizeof past->app, app);
    return past;
}

/* --- proofs ---------------------------------------------------------------------------------- */

static void prove(struct shell_calendar *c, struct calendar_past *past, const char *from,
                  const char *to, const struct evac_proof *proof)
{
    size_t i = 0;
    while (i < past->proof_count && strcmp(past->proofs[i].to, to) != 0)
        i++;
    if (i == EVAC_REGIONS_MAX)
        return;
    if (i == past->proof_count)
        past->proof_count++;
    (void)evac_str_copy(past->proofs[i].to, sizeof past->proofs[i].to, evac_str(to));
    (void)evac_str_copy(past->proofs[i].from, sizeof past->proofs[i].from, evac_str(from));
    past->proofs[i].proof = *proof;
    c->debt_ms = c->debt_app = 0;
}

static bool is_isolated(struct evac_str plan)
{
    return evac_str_has(plan, "\"drill\":\"isolated\"") && evac_str_has(plan, "\"rehearse\":false");
}

static void see_admission(struct calendar_past *past, const struct evac_record *r)
{
    enum evac_workflow workflow;
    bool drill = evac_workflow_parse(r->name, &workflow) && workflow == EVAC_WORKFLOW_DRILL;
    past->isolated_run = r->number != 0 && drill && is_isolated(r->data);
    if (r->number != 0 && !past->isolated_run)
        return;
    past->run = r->run;
    past->drills = evac_str_is(r->who, EVAC_DRILL_WHO);
    past->mode = EVAC_MODE_GRACEFUL;
    (void)evac_mode_parse(r->event, &past->mode);
    (void)evac_str_copy(past->from, sizeof past->from, r->from);
    (void)evac_str_copy(past->to, sizeof past->to, r->to);
    past->hash[0] = '\0';
    if (!past->isolated_run)
        evac_sha256_hex_again(r->data, past->hash);
}

/* A drill's own runs count with the drill. */
static void see_end(struct shell_calendar *c, struct calendar_past *past,
                    const struct evac_record *r)
{
    enum evac_run_state end;
    if (r->run != past->run || past->drills || !evac_run_state_parse(r->to, &end) ||
        (end != EVAC_RUN_SUCCEEDED && end != EVAC_RUN_EXCEPTIONS))
        return;
    struct evac_proof proof = { .at_wall_ms = r->t_wall_ms,
                                .real = !past->isolated_run,
                                .kind = EVAC_DRILL_ISOLATED,
                                .run = r->run,
                                .mode = past->mode };
    memcpy(proof.hash, past->hash, sizeof proof.hash);
    prove(c, past, past->from, past->to, &proof);
    if (past->isolated_run)
        return;
    past->moved_ms = r->t_wall_ms;
    past->moved_run = r->run;
}

/* --- drills ---------------------------------------------------------------------------------- */

static void copy_member(char *to, size_t bytes, const cJSON *json, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    (void)evac_str_copy(to, bytes, evac_str(cJSON_IsString(item) ? item->valuestring : ""));
}

static void see_begin(struct shell_calendar *c, const struct evac_record *r)
{
    struct calendar_past *past = calendar_past(c, r->app);
    cJSON *json = cJSON_ParseWithLength(r->data.n ? r->data.p : "", r->data.n);
    char name[65];
    past->drill = r->attempt;
    copy_member(past->drill_from, sizeof past->drill_from, json, "from");
    copy_member(past->drill_to, sizeof past->drill_to, json, "to");
    copy_member(past->drill_hash, sizeof past->drill_hash, json, "plan");
    copy_member(name, sizeof name, json, "drill");
    cJSON_Delete(json);
    if (name[0] && evac_str_is(r->who, "schedule"))
        calendar_plan(c, r->app, evac_str(name))->planned_ms = 0;
}

static void see_word(struct shell_calendar *c, const struct evac_record *r)
{
    cJSON *json = cJSON_ParseWithLength(r->data.n ? r->data.p : "", r->data.n);
    char name[65];
    copy_member(name, sizeof name, json, "drill");
    cJSON_Delete(json);
    calendar_plan(c, r->app, evac_str(name))->planned_ms =
        evac_str_is(r->to, "planned") ? r->number : 0;
}

static void see_drill(struct shell_calendar *c, const struct evac_record *r)
{
    struct calendar_past *past = calendar_past(c, r->app);
    struct evac_proof proof = {
        .at_wall_ms = r->t_wall_ms, .drill = r->attempt, .run = r->run, .mode = EVAC_MODE_UNGRACEFUL
    };
    if (r->event.n == 0) {
        see_word(c, r);
        return;
    }
    if (evac_str_is(r->event, evac_drill_on_name(EVAC_DRILL_ON_BEGIN)))
        see_begin(c, r);
    if (!evac_str_is(r->to, evac_drill_state_name(EVAC_DRILL_IS_SUCCEEDED)) ||
        !evac_drill_kind_parse(r->name, &proof.kind) || proof.kind == EVAC_DRILL_REHEARSE ||
        r->attempt != past->drill)
        return;
    memcpy(proof.hash, past->drill_hash, sizeof proof.hash);
    prove(c, past, past->drill_from, past->drill_to, &proof);
    if (proof.kind != EVAC_DRILL_LIVE)
        return;
    proof.hash[0] = '\0'; /* the way home was gone too, by a plan of its own */
    prove(c, past, past->drill_to, past->drill_from, &proof);
}

void shell_calendar_see(struct evac_shell *shell, const struct evac_record *r)
{
    struct shell_calendar *c = shell->calendar;
    if (r->app.n == 0)
        return;
    if (r->kind == EVAC_RECORD_DRILL)
        see_drill(c, r);
    else if (r->kind == EVAC_RECORD_ADMIT)
        see_admission(calendar_past(c, r->app), r);
    else if (r->kind == EVAC_RECORD_TERMINAL)
        see_end(c, calendar_past(c, r->app), r);
}

const struct evac_proof *evac_shell_proof(const struct evac_shell *shell, size_t app,
                                          uint16_t region)
{
    const struct evac_app *a = shell->engine.apps[app].app;
    struct calendar_past *past = calendar_past(shell->calendar, a->name);
    for (size_t i = 0; i < past->proof_count; i++)
        if (evac_str_is(a->regions[region], past->proofs[i].to)) {
            past->proofs[i].proof.from = evac_str(past->proofs[i].from);
            return &past->proofs[i].proof;
        }
    return NULL;
}

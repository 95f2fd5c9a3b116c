#include "rule.h"
#include "shell_internal.h"

#include <stdlib.h>
#include <string.h>

struct evac_now shell_now(const struct evac_shell *shell)
{
    const struct evac_host *host = shell->o.host;
    struct evac_now now = { .boot_ms = host->now_ms(host->ctx),
                            .wall_ms = host->wall_ms(host->ctx) };
    host->random(host->ctx, &now.random, sizeof now.random);
    return now;
}

/* --- runs' memory
 * ------------------------------------------------------------------------------------- */

/* By what is usual: whoever has the longest way before the end asks first. */
static uint32_t *ways_of(const struct evac_plan *plan)
{
    size_t n = plan->forward_count + 1u;
    uint32_t *ways = calloc(n, sizeof *ways);
    uint64_t *begins = calloc(2 * n, sizeof *begins), *behind = begins + n;
    if (!ways || !begins)
        abort();
    evac_plan_times(plan, NULL, begins, behind);
    for (uint16_t i = 0; i < plan->forward_count; i++) {
        uint64_t ms = plan->steps[i].usual_ms + behind[i];
        ways[i] = ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
    }
    free(begins);
    return ways;
}

struct shell_run *shell_new_run(struct evac_shell *shell, struct evac_plan *plan)
{
    struct shell_run *run = calloc(1, sizeof *run);
    void *memory = calloc(1, evac_run_bytes(plan));
    if (!run || !memory)
        abort();
    *run = (struct shell_run){
        .plan = plan, .memory = memory, .next = shell->runs, .to_come_ms = ways_of(plan)
    };
    evac_run_init(memory, plan)->owner = run;
    shell->runs = run;
    return run;
}

void shell_release_run(struct evac_shell *shell, struct shell_run *run)
{
    if (!run->ended || run->open_calls > 0)
        return;
    for (struct shell_run **at = &shell->runs; *at; at = &(*at)->next)
        if (*at == run) {
            *at = run->next;
            break;
        }
    evac_plan_free(run->plan);
    free(run->memory);
    free(run->to_come_ms);
    free(run);
}

/* --- effects
 * -------------------------------------------------------------------------------------------- */

static void keep_start(struct evac_shell *shell, const struct evac_start_effect *start)
{
    if (shell->start_count == shell->model->app_count)
        return; /* one an app at most: the engine waits for the answer */
    shell->starts[shell->start_count] = *start;
    shell->start_whys[shell->start_count].n = strlen(start->why);
    shell->start_whys[shell->start_count].p = strdup(start->why);
    shell->start_count++;
}

static void perform_one(struct evac_shell *shell, const struct evac_effect *effect)
{
    switch (effect->kind) {
    case EVAC_FX_CALL:
        shell_make_call(shell, &effect->u.call);
        break;
    case EVAC_FX_CANCEL:
        shell_cancel_call(shell, effect->u.cancel);
        break;
    case EVAC_FX_START:
        keep_start(shell, &effect->u.start);
        break;
    case EVAC_FX_NOTICE:
        if (shell->o.notice)
            shell->o.notice(shell->o.user, &effect->u.notice);
        break;
    case EVAC_FX_JOURNAL:
    case EVAC_FX_ENDED: /* after the rest: calls of the batch may point at the run */
    case EVAC_EFFECT_KIND_COUNT:
        break;
    }
}

enum evac_code shell_perform(struct evac_shell *shell, struct evac_err *err)
{
    struct evac_effects *fx = shell->fx;
    for (size_t i = 0; !EVAC_RULE(R1) && i < fx->count; i++)
        perform_one(shell, &fx->items[i]);
    enum evac_code code = shell_commit(shell, err);
    if (code)
        return code;
    for (size_t i = 0; EVAC_RULE(R1) && i < fx->count; i++)
        perform_one(shell, &fx->items[i]);
    for (size_t i = 0; i < fx->count; i++)
        if (fx->items[i].kind == EVAC_FX_ENDED)
            shell_end_run(shell, fx->items[i].u.ended);
    return EVAC_OK;
}

enum evac_code shell_step(struct evac_shell *shell, const struct evac_event *event,
                          struct evac_err *err)
{
    evac_engine_step(&shell->engine, event, shell->fx);
    return shell_perform(shell, err);
}

/* --- what the shell owes the engine
 * ------------------------------------------------------------------- */

static enum evac_code tell_commit(struct evac_shell *shell, struct evac_err *err)
{
    struct evac_event event = { .kind = EVAC_EVENT_COMMITTED, .now = shell_now(shell) };
    event.u.seq = shell->commit_to_tell;
    shell->commit_to_tell = 0;
    return shell_step(shell, &event, err);
}

static enum evac_code tell_refusal(struct evac_shell *shell, struct evac_err *err)
{
    struct shell_refusal refusal = shell->refusals[shell->refusal_at];
    struct evac_reply reply = { .seen = EVAC_SEEN_UNSEEN,
                                .outcome = EVAC_OUTCOME_NOT_SENT,
                                .reason = evac_str(refusal.why),
                                .progress = -1 };
    struct evac_event event = { .kind = EVAC_EVENT_REPLY, .now = shell_now(shell) };
    event.u.reply = refusal.event;
    event.u.reply.reply = &reply;
    shell->refusal_at = (shell->refusal_at + 1) % SHELL_QUEUE_MAX;
    shell->refusal_count--;
    return shell_step(shell, &event, err);
}

static enum evac_code answer_start(struct evac_shell *shell, struct evac_err *err)
{
    struct evac_start_effect start = shell->starts[--shell->start_count];
    struct evac_str why = shell->start_whys[shell->start_count];
    enum evac_code code = shell_start(shell, &start, why, err);
    char *text = NULL;
    memcpy(&text, &why.p, sizeof text); /* ours, made by keep_start */
    free(text);
    return code;
}

/* Commits first: an intent that is durable is the one that somebody waits for. */
enum evac_code shell_settle_debts(struct evac_shell *shell, struct evac_err *err)
{
    enum evac_code code = EVAC_OK;
    while (!code && (shell->commit_to_tell || shell->refusal_count || shell->start_count)) {
        if (shell->commit_to_tell)
            code = tell_commit(shell, err);
        else if (shell->refusal_count)
            code = tell_refusal(shell, err);
        else
            code = answer_start(shell, err);
    }
    return code;
}

static bool is_question(enum evac_event_kind kind)
{
    return kind == EVAC_EVENT_COMMAND || kind == EVAC_EVENT_ADMIT || kind == EVAC_EVENT_NOTE ||
           kind == EVAC_EVENT_DRILL;
}

enum evac_code evac_shell_event(struct evac_shell *shell, struct evac_event *event,
                                struct evac_err *err)
{
    struct evac_err failure = { EVAC_OK, "" };
    if (shell->failed)
        return evac_fail(err, EVAC_E_STORE, "the journal can not be written: nothing is started");
    if (shell->follows && is_question(event->kind))
        return evac_fail(err, EVAC_E_NOLEAD, "this controller does not hold the lead");
    event->now = shell_now(shell);
    if (shell->follows) {
        evac_engine_hear(&shell->engine, event, shell->fx);
        return EVAC_OK;
    }

    shell->busy = true;
    event->asked = is_question(event->kind) ? shell->asked : NULL;
    enum evac_code code = shell_step(shell, event, &failure);
    enum evac_code answer = code ? EVAC_OK : shell->fx->answer;
    if (event->asked && !code && !answer)
        shell->asked = NULL; /* it is used up */
    char text[sizeof shell->fx->answer_text];
    memcpy(text, shell->fx->answer_text, sizeof text);
    if (!code)
        code = shell_settle_debts(shell, &failure);
    shell->busy = false;

    if (code) {
        shell->failed = true;
        return evac_fail(err, EVAC_E_STORE, "%s", failure.text);
    }
    if (!is_question(event->kind))
        return EVAC_OK;
    if (err)
        (void)evac_fail(err, answer, "%s", text);
    return answer;
}

enum evac_code evac_shell_tick(struct evac_shell *shell, struct evac_err *err)
{
    struct evac_event event = { .kind = EVAC_EVENT_TICK };
    enum evac_code code = evac_shell_event(shell, &event, err);
    if (shell->follows)
        return code;
    code = code ? code : shell_freeze(shell, err);
    code = code ? code : shell_assure(shell, err);
    code = code ? code : shell_calendar_tick(shell, err);
    return code ? code : shell_notify_tick(shell, err);
}

uint64_t evac_shell_wake_ms(const struct evac_shell *shell)
{
    uint64_t engine = evac_engine_wake_ms(&shell->engine);
    if (shell->failed || shell->follows)
        return UINT64_MAX;
    uint64_t own = shell->lint_ms < shell->freeze_ms ? shell->lint_ms : shell->freeze_ms;
    uint64_t calendar = shell_calendar_wake_ms(shell);
    uint64_t notify = shell_notify_wake_ms(shell);
    own = own < calendar ? own : calendar;
    own = own < notify ? own : notify;
    return engine < own ? engine : own;
}

const struct evac_engine *evac_shell_engine(const struct evac_shell *shell)
{
    return &shell->engine;
}

bool evac_shell_failed(const struct evac_shell *shell)
{
    return shell->failed;
}

size_t evac_shell_open_calls(const struct evac_shell *shell)
{
    return shell->open_calls;
}

/* --- life
 * ---------------------------------------------------------------------------------------------- */

/* A driver that is told in a setting `canary` where its markers go writes none without it. */
static bool lacks_canary(const struct evac_driver *driver, const struct evac_resource *resource)
{
    const struct evac_param *p = driver->params;
    while (p && p->name && strcmp(p->name, "canary") != 0)
        p++;
    if (!p || !p->name || p->fallback)
        return false;
    for (size_t i = 0; i < resource->props.count; i++) {
        struct evac_str rest, head = evac_str_cut(resource->props.items[i].name, '.', &rest);
        if (evac_str_is(head, "canary"))
            return false;
    }
    return true;
}

static uint32_t verbs_of(const struct evac_driver *driver, const struct evac_resource *resource)
{
    const struct evac_action *still =
        driver ? evac_driver_action(driver, EVAC_STR(EVAC_ACTION_STILL)) : NULL;
    bool tells = still && evac_action_serves(still, resource);
    uint32_t verbs = driver ? driver->verbs : 0;
    if (driver && lacks_canary(driver, resource))
        verbs &= ~(1u << EVAC_VERB_MARK | 1u << EVAC_VERB_SEEK);
    return verbs | (tells ? 1u << EVAC_VERB_OBSERVE : 0);
}

void shell_tell_verbs(struct evac_shell *shell)
{
    for (size_t a = 0; a < shell->model->app_count; a++)
        for (size_t r = 0; r < shell->model->apps[a].resource_count; r++) {
            const struct evac_resource *resource = &shell->model->apps[a].resources[r];
            const struct evac_driver *driver =
                evac_catalog_driver(shell->o.catalog, resource->type);
            evac_engine_watch(&shell->engine, (uint16_t)a, (uint16_t)r, verbs_of(driver, resource));
        }
}

static void *apps_memory(const struct evac_model *model)
{
    void *memory = calloc(1, evac_engine_apps_bytes(model) + 1);
    if (!memory)
        abort();
    return memory;
}

static void size_starts(struct evac_shell *shell)
{
    size_t n = shell->model->app_count + 1;
    free(shell->starts);
    free(shell->start_whys);
    shell->starts = calloc(n, sizeof *shell->starts);
    shell->start_whys = calloc(n, sizeof *shell->start_whys);
    if (!shell->starts || !shell->start_whys)
        abort();
}

/* What the packs are told: their own settings, and the controller's word on programs. */
struct evac_args shell_pack_settings(struct evac_arena *arena,
                                     const struct evac_controller_conf *conf)
{
    struct evac_arg *items = evac_arena_array(arena, conf->packs.count + 1, sizeof *items);
    if (conf->packs.count)
        memcpy(items, conf->packs.items, conf->packs.count * sizeof *items);
    items[conf->packs.count] =
        (struct evac_arg){ EVAC_STR("local.exec_allowed"),
                           conf->exec_allowed ? EVAC_STR("true") : EVAC_STR("false") };
    return (struct evac_args){ items, conf->packs.count + 1 };
}

/* A step's call may ask and look before it changes something, and this process may stand still in
 * between. Who shares a journal changes nothing any more when its lead may be another's (R9): that
 * one waits for what was on its way, not for what leaves later. */
static bool still_leads(void *user)
{
    const struct evac_shell *shell = user;
    uint64_t epoch;
    return shell->o.store->vt->lead(shell->o.store, &epoch) && epoch == shell->engine.epoch;
}

static struct evac_host act_host(struct evac_shell *shell)
{
    if (!shell->o.store->vt->listen)
        return *shell->o.host; /* its file is locked: nobody else writes */
    shell->leading = (struct evac_host_while){ *shell->o.host, still_leads, shell };
    return evac_host_only_while(&shell->leading);
}

static enum evac_code open_books(struct evac_shell *shell, struct evac_err *err)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_args settings = shell_pack_settings(arena, &shell->model->controller);
    shell->apps = shell_apps(shell);
    shell->act_host = act_host(shell);
    shell->look_host = *shell->o.look_host;
    shell->act_host.apps = shell->look_host.apps = &shell->apps;
    enum evac_code code =
        evac_book_open(shell->o.catalog, &shell->act_host, &settings, &shell->act, err);
    if (!code)
        code = evac_book_open(shell->o.catalog, &shell->look_host, &settings, &shell->look, err);
    evac_arena_free(arena);
    return code;
}

/* On both books: what acts is not asked until the day that it must. */
static void prepare_apps(struct evac_shell *shell)
{
    for (size_t i = 0; i < shell->model->app_count; i++) {
        evac_book_prepare(shell->act, &shell->model->apps[i]);
        evac_book_prepare(shell->look, &shell->model->apps[i]);
    }
}

enum evac_code evac_shell_new(const struct evac_shell_options *options,
                              const struct evac_model *model, struct evac_shell **ret_shell,
                              struct evac_err *err)
{
    struct evac_shell *shell = calloc(1, sizeof *shell);
    if (!shell)
        abort();
    shell->o = *options;
    shell->model = model;
    /* megabytes, not cleared: each effect and each refusal is set when it is added */
    shell->fx = malloc(sizeof *shell->fx);
    shell->refusals = malloc(SHELL_QUEUE_MAX * sizeof *shell->refusals);
    if (!shell->fx || !shell->refusals)
        abort();
    evac_effects_reset(shell->fx);
    size_starts(shell);
    shell->apps_memory = apps_memory(model);
    evac_engine_init(&shell->engine, model, shell->apps_memory);
    shell_tell_verbs(shell);
    shell_assure_all(shell);
    shell->requests = shell_requests_new();
    shell->calendar = shell_calendar_new(options->zones);
    shell_calendar_load(shell);
    shell->notify = shell_notify_new();
    shell_notify_load(shell);

    enum evac_code code = open_books(shell, err);
    shell->follows = true;
    if (!code)
        prepare_apps(shell);
    if (!code)
        code = shell_replay(shell, err);
    if (!code && !options->follows)
        code = shell_resume(shell, err);
    if (code) {
        evac_shell_free(shell);
        return code;
    }
    *ret_shell = shell;
    return EVAC_OK;
}

void shell_destroy(struct evac_shell *shell)
{
    while (shell->runs) {
        shell->runs->ended = true;
        shell->runs->open_calls = 0;
        shell_release_run(shell, shell->runs);
    }
    shell_apart_free(shell->apart);
    evac_book_close(shell->act);
    evac_book_close(shell->look);
    free(shell->apps_memory);
    free(shell->starts);
    free(shell->start_whys);
    free(shell->lint_due_ms);
    free(shell->linted);
    shell_calendar_free(shell->calendar);
    shell_requests_free(shell->requests);
    shell_notify_free(shell->notify);
    free(shell->refusals);
    free(shell->fx);
    free(shell);
}

/* Also of one that only looks, which has no lead of its own: its start is in the journal, and would
 * count as one more crash. */
void evac_shell_stop(struct evac_shell *shell)
{
    struct evac_event event = { .kind = EVAC_EVENT_STOP };
    uint64_t epoch;
    if (shell && !shell->failed && !shell->follows &&
        shell->o.store->vt->lead(shell->o.store, &epoch))
        (void)evac_shell_event(shell, &event, NULL);
}

void evac_shell_free(struct evac_shell *shell)
{
    if (!shell)
        return;
    shell->dying = true;
    shell_listen(shell, false);
    shell_notify_ground(shell);
    shell_drop_calls(shell);
    if (shell->open_calls == 0)
        shell_destroy(shell); /* otherwise the last answer does it */
}

void evac_shell_set_facts(struct evac_shell *shell, const struct evac_facts *facts)
{
    shell->o.facts = facts;
}

enum evac_code evac_shell_reload(struct evac_shell *shell, const struct evac_model *model,
                                 struct evac_err *err)
{
    void *memory = apps_memory(model);
    if (shell->failed) {
        free(memory);
        return evac_fail(err, EVAC_E_STORE, "the journal can not be written");
    }
    enum evac_code refused = shell_drills_keep(shell, model, err);
    if (refused) {
        free(memory);
        return refused;
    }
    evac_engine_reconfigure(&shell->engine, model, memory);
    shell_clear_seats(shell);
    free(shell->apps_memory);
    shell->apps_memory = memory;
    shell->model = model;
    size_starts(shell);
    shell_tell_verbs(shell);
    shell_assure_all(shell);
    shell->freeze_ms = 0;
    shell_calendar_load(shell);
    shell_notify_load(shell);
    prepare_apps(shell);
    return evac_shell_tick(shell, err);
}

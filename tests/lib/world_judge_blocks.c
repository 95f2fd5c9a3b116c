/* L4: whatever stands still is visible within 5 s of when it begins: in what the controller that
 * leads shows, and as a message to people. */
#include "world_internal.h"
#include "world_many.h"

#include "routing.h"

#include <stdio.h>
#include <string.h>

#define LOOK_MS    1000u
#define VISIBLE_MS 5000u

/* What one look finds, beside the gates. */
enum {
    STANDS = EVAC_RUN_GATE_COUNT,
    ASKS,
    UNSERVED,
};

struct looking {
    struct world *w;
    const struct seat *seat;
    const struct evac_engine *engine;
    struct evac_now now;
};

/* --- since when ---------------------------------------------------------------------------------
 */

static struct block *block_of(struct blocks *b, uint64_t what)
{
    for (unsigned i = 0; i < b->count; i++)
        if (b->blocks[i].what == what)
            return &b->blocks[i];
    if (b->count == BLOCKS_MAX)
        return NULL;
    b->blocks[b->count] = (struct block){ .what = what };
    return &b->blocks[b->count++];
}

/* It is so, at each look for more than so long; it began when the row that led to it was durable,
 * since before that it may never have been. */
static bool lasts(const struct looking *l, uint64_t run, uint32_t step, unsigned kind,
                  uint64_t for_ms)
{
    struct block *b = block_of(&l->w->blocks, run << 24 | (step & 0xffff) << 8 | kind);
    const struct evac_shell *shell = shell_of(l->seat);
    if (!b)
        return false;
    b->still = true;
    if (!b->since_ms && !b->row)
        b->row = evac_shell_accepted(shell);
    if (!b->since_ms && evac_shell_durable(shell) >= b->row)
        b->since_ms = l->w->v.now_ms;
    return b->since_ms && l->w->v.now_ms > b->since_ms + for_ms;
}

static void forget_what_is_over(struct blocks *b)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < b->count; i++)
        if (b->blocks[i].still)
            b->blocks[kept++] = b->blocks[i];
    b->count = kept;
    for (unsigned i = 0; i < kept; i++)
        b->blocks[i].still = false;
}

/* --- what people were told ---------------------------------------------------------------------
 */

/* Who is told when a configuration has one channel, and says no more about it. */
static bool is_paged(const struct evac_message *m)
{
    const struct evac_channel channel = { .name = EVAC_STR("on-call") };
    const struct evac_notify_conf conf = { .channels = &channel, .channel_count = 1 };
    return evac_routing(&conf, m, NULL, m->wall_ms) != 0;
}

static bool is_told(const struct blocks *b, const char *key)
{
    for (unsigned i = 0; i < b->told_count; i++)
        if (strcmp(b->told[i], key) == 0)
            return true;
    return false;
}

static void take_message(struct blocks *b, const struct evac_message *m)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < b->told_count; i++)
        if (m->state != EVAC_NOTICE_RESOLVE || !evac_notice_covers(m->key, b->told[i]))
            memmove(b->told[kept++], b->told[i], sizeof b->told[0]);
    b->told_count = kept;
    if (m->state == EVAC_NOTICE_TRIGGER && is_paged(m) && !is_told(b, m->key) && kept < TOLD_MAX)
        (void)evac_str_copy(b->told[b->told_count++], sizeof b->told[0], evac_str(m->key));
}

/* A run that ended otherwise than well leaves something to a person. */
static void check_end(struct world *w, const struct evac_record *r)
{
    char key[sizeof w->blocks.told[0]];
    bool aside = w->last_drills || w->last_rehearses;
    bool bad = evac_str_is(r->to, "held") || evac_str_is(r->to, "failed") ||
               evac_str_is(r->to, "rolled_back");
    (void)snprintf(key, sizeof key, "%.*s/over", EVAC_STR_ARG(r->app));
    if (r->run == w->last_run && bad && !aside && !evac_str_is(r->from, "proposed") &&
        !is_told(&w->blocks, key))
        broke(w, "L4: run %llu ended %.*s, and nobody is told", (unsigned long long)r->run,
              EVAC_STR_ARG(r->to));
}

void judge_blocks_row(struct world *w, const struct evac_record *r)
{
    struct evac_message out[EVAC_TELL_MAX];
    if (!w->o.judged)
        return;
    size_t count = evac_tell(&w->blocks.teller, r, NULL, out);
    for (size_t i = 0; i < count; i++)
        take_message(&w->blocks, &out[i]);
    if (r->kind == EVAC_RECORD_TERMINAL)
        check_end(w, r);
    if (r->kind == EVAC_RECORD_GATE_BLOCK && r->text.n == 0)
        broke(w, "L4: run %llu stops at the %.*s gate, whose row does not say why",
              (unsigned long long)r->run, EVAC_STR_ARG(r->event));
    if (r->kind == EVAC_RECORD_DECISION && r->text.n == 0 &&
        evac_str_is(r->to, evac_decide_name(EVAC_DECIDE_WAIT)))
        broke(w, "L4: it is decided to wait, and the row does not say what for");
}

/* --- a run --------------------------------------------------------------------------------------
 */

/* Something is on its way, or will be looked at again: not later than it should be. */
static bool step_moves(const struct looking *l, const struct evac_step_run *s)
{
    uint64_t next = s->call && s->call_deadline_ms < s->wake_ms ? s->call_deadline_ms : s->wake_ms;
    if (s->state == EVAC_STEP_INTENDING)
        next = s->call_deadline_ms;
    return next != UINT64_MAX && next + VISIBLE_MS > l->now.boot_ms;
}

static bool moves(const struct looking *l, const struct evac_run *run)
{
    bool any = run->measuring > 0;
    for (uint16_t i = 0; !any && i < run->plan->step_count; i++)
        any = step_moves(l, &run->steps[i]);
    return any;
}

static bool any_gate_says(const struct looking *l, const struct evac_run *run, uint32_t step)
{
    struct evac_gate_word word;
    for (unsigned g = 0; g < EVAC_RUN_GATE_COUNT; g++)
        if (evac_run_gate_shut(run, &l->now, step, (enum evac_run_gate)g, &word) && word.why[0])
            return true;
    return false;
}

/* Does what /v1/runs prints of it (evac_view_run) say what it waits for? */
static bool is_shown(const struct looking *l, const struct evac_run *run)
{
    size_t app = evac_engine_app(l->engine, run->plan->app);
    bool waits_for_drill =
        run->behind && app < l->engine->app_count && l->engine->apps[app].rehearsal != NULL;
    bool goes = run->state == EVAC_RUN_RUNNING || run->state == EVAC_RUN_ASKING;
    bool shown = waits_for_drill || (run->paused && (goes || run->state == EVAC_RUN_PROPOSED)) ||
                 (run->state == EVAC_RUN_PROPOSED && any_gate_says(l, run, EVAC_NO_STEP));
    for (uint16_t i = 0; !shown && i < run->plan->forward_count; i++) {
        const struct evac_step_run *s = &run->steps[i];
        bool failed = s->state == EVAC_STEP_FAILED || s->state == EVAC_STEP_HELD;
        shown = (s->state == EVAC_STEP_GATED && any_gate_says(l, run, i)) ||
                (run->state == EVAC_RUN_ASKING && failed && s->reason[0]);
    }
    return shown;
}

static void name_gate(const struct evac_run *run, uint32_t step, enum evac_run_gate gate, char *key,
                      size_t bytes)
{
    const char *name = evac_run_gate_row(gate)->name;
    struct evac_str app = run->plan->app;
    unsigned long long id = run->id;
    bool start = step == EVAC_NO_STEP, yes = gate == EVAC_RUN_GATE_APPROVAL;
    if (yes && start)
        (void)snprintf(key, bytes, "%.*s/run/%llu/ask", EVAC_STR_ARG(app), id);
    else if (yes)
        (void)snprintf(key, bytes, "%.*s/run/%llu/ask/step-%u", EVAC_STR_ARG(app), id, step);
    else if (gate == EVAC_RUN_GATE_VETO)
        (void)snprintf(key, bytes, "%.*s/run/%llu/ask/veto", EVAC_STR_ARG(app), id);
    else
        (void)snprintf(key, bytes, "%.*s/run/%llu/gate/%s-%.*s/%s", EVAC_STR_ARG(app), id,
                       start ? "start" : "step",
                       EVAC_STR_ARG(start ? EVAC_STR("start") : run->plan->steps[step].id), name);
}

/* Of a drill aside only questions are told. */
static void look_at_gates(const struct looking *l, const struct evac_run *run, uint32_t step)
{
    struct world *w = l->w;
    char key[sizeof w->blocks.told[0]];
    for (unsigned g = 0; g < EVAC_RUN_GATE_COUNT; g++) {
        bool asks = g == EVAC_RUN_GATE_APPROVAL || g == EVAC_RUN_GATE_VETO;
        if ((evac_plan_is_aside(run->plan) && !asks) ||
            !evac_run_gate_shut(run, &l->now, step, (enum evac_run_gate)g, NULL))
            continue;
        name_gate(run, step, (enum evac_run_gate)g, key, sizeof key);
        if (lasts(l, run->id, step, g, VISIBLE_MS) && !is_told(&w->blocks, key))
            broke(w, "L4: nobody is told of %s", key);
    }
}

static void look_at_question(const struct looking *l, const struct evac_run *run)
{
    char key[sizeof l->w->blocks.told[0]];
    (void)snprintf(key, sizeof key, "%.*s/run/%llu/step", EVAC_STR_ARG(run->plan->app),
                   (unsigned long long)run->id);
    if (lasts(l, run->id, 0, ASKS, VISIBLE_MS) && !is_told(&l->w->blocks, key))
        broke(l->w, "L4: nobody is told of %s", key);
}

/* A pause is somebody's own word: nobody else is told, and gates are not asked meanwhile. */
static void look_at_run(const struct looking *l, const struct evac_run *run)
{
    if (evac_run_is_over(run->state))
        return;
    if (!moves(l, run) && !is_shown(l, run) && lasts(l, run->id, 0, STANDS, VISIBLE_MS))
        broke(l->w, "L4: run %llu is %s and stands still, and nothing says what it waits for",
              (unsigned long long)run->id, evac_run_state_name(run->state));
    if (run->state == EVAC_RUN_ASKING)
        look_at_question(l, run);
    if (run->paused)
        return;
    if (run->state == EVAC_RUN_PROPOSED)
        look_at_gates(l, run, EVAC_NO_STEP);
    for (uint16_t i = 0; i < run->plan->forward_count; i++)
        if (run->steps[i].state == EVAC_STEP_GATED)
            look_at_gates(l, run, i);
}

/* --- users --------------------------------------------------------------------------------------
 */

static const struct evac_probe *regional_probe(const struct evac_app *app)
{
    size_t p = 0;
    while (p + 1 < app->probe_count && !app->probes[p].regional)
        p++;
    return &app->probes[p];
}

/* Users are led to a region that does not answer them, and not for the first time. */
static bool are_unserved(const struct looking *l, const struct evac_engine_app *a)
{
    bool everywhere = a->app->strategy == EVAC_STRATEGY_ACTIVE_ACTIVE, any = false;
    uint32_t serving = evac_engine_serving(a);
    for (uint16_t r = 0; !any && r < a->app->region_count && r < EVAC_REGIONS_MAX; r++)
        any = (serving & 1u << r) && l->seat->truly[r].row >= regional_probe(a->app)->fall &&
              (everywhere || evac_str_is(a->app->regions[r], l->w->route));
    return any;
}

/* A verdict that nothing follows from says itself what is missing: other places that look. */
static bool is_uncertain(const struct evac_region_health *h)
{
    return (h->verdict == EVAC_VERDICT_UNKNOWN || h->verdict == EVAC_VERDICT_GREY) && h->reasons[0];
}

/* What blocks is said; that it is not down for long enough yet only as long as that can be so. */
static bool says_what_blocks(const struct looking *l, const struct evac_engine_app *a)
{
    const struct evac_decision *d = &a->decision;
    uint32_t dwell_ms =
        a->app->dwell_ms > a->app->flap_dwell_ms ? a->app->dwell_ms : a->app->flap_dwell_ms;
    bool blocks = l->now.boot_ms < a->health.regions[d->from].since_boot_ms + dwell_ms + VISIBLE_MS;
    for (unsigned g = 0; !blocks && g < EVAC_GATE_COUNT; g++)
        blocks = g != EVAC_GATE_VERDICT && d->gates[g] != EVAC_GATE_SAYS_PASS &&
                 evac_gate_binds((enum evac_gate)g) != EVAC_BINDS_ACT;
    return blocks && d->reasons[0];
}

/* Does what /v1/status prints of the controller and of the app say why it is not moved? */
static bool says_why_not(const struct looking *l, const struct evac_engine_app *a)
{
    const struct evac_decision *d = &a->decision;
    if (l->engine->parked || l->engine->opinion.abstains)
        return true;
    switch (d->decide) {
    case EVAC_DECIDE_NOTHING:
        return is_uncertain(&a->health.regions[d->from]);
    case EVAC_DECIDE_WAIT:
        return says_what_blocks(l, a);
    case EVAC_DECIDE_PROPOSE:
    case EVAC_DECIDE_ACT:
        return a->no_plan;
    case EVAC_DECIDE_COUNT:
        break;
    }
    return false;
}

/* Until it is found out, decided about, and shown. What was not looked at before has its grace. */
static void look_at_users(const struct looking *l)
{
    struct world *w = l->w;
    const struct evac_engine_app *a = &l->engine->apps[0];
    const struct evac_probe *probe = regional_probe(a->app);
    const struct evac_controller_conf *conf = &w->model->controller;
    uint32_t way_ms = conf->vantage_count ? conf->vantages[0].way_ms : 0;
    uint64_t decided_ms = (uint64_t)probe->every_ms * probe->fall +
                          evac_health_fresh_ms(probe, way_ms) + a->app->dwell_ms;
    if (a->run || a->starting || !are_unserved(l, a) || says_why_not(l, a) ||
        w->v.now_ms < w->blocks.life_ms + probe->grace_ms)
        return;
    if (lasts(l, 0, 0, UNSERVED, decided_ms + VISIBLE_MS))
        broke(w, "L4: users are not served, nothing is done (%s), and nothing says why not",
              evac_decide_name(a->decision.decide));
}

/* --- a look -------------------------------------------------------------------------------------
 */

static bool can_be_asked(const struct world *w, const struct seat *s)
{
    const struct evac_shell *shell = shell_of(s);
    return w->v.now_ms >= s->paused_until_ms && w->v.now_ms >= w->full_until_ms && w->shell &&
           shell == w->shell && evac_shell_engine(shell)->lead;
}

/* Another process, another lead, or other regions that users are led to: it begins anew. */
static void note_life(const struct looking *l)
{
    struct blocks *b = &l->w->blocks;
    uint64_t life = (l->w->many ? l->seat->newest_epoch : l->w->started_ms) << 8 |
                    evac_engine_serving(&l->engine->apps[0]);
    if (life == b->life && b->life_ms)
        return;
    b->life = life;
    b->life_ms = l->w->v.now_ms;
    b->count = 0;
}

void judge_blocks(struct world *w)
{
    struct blocks *b = &w->blocks;
    const struct seat *s = world_front(w);
    b->next_ms = w->v.now_ms + LOOK_MS;
    if (!w->o.judged || !can_be_asked(w, s)) {
        b->count = 0;
        b->life_ms = 0;
        return;
    }
    const struct looking l = { .w = w,
                               .seat = s,
                               .engine = evac_shell_engine(w->shell),
                               .now = { world_own_ms(s, w->v.now_ms), world_wall_ms(s), 0 } };
    note_life(&l);
    for (const struct evac_run *r = l.engine->runs; r; r = r->next)
        look_at_run(&l, r);
    look_at_users(&l);
    forget_what_is_over(b);
}

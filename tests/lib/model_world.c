#include "model_world.h"

#include "builtin.h"
#include "builtin_runbooks.h"
#include "keeper.h"
#include "store_memory.h"
#include "virtual.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BOOT_MS    1000000u
#define STEPS_MAX  400u
#define TIMEOUT_MS 3000u
#define OWNER      "ann"

/* The controller's own file: nobody is asked whether it is connected, and nothing is listened to.
 */
#define CONTROLLER                                                                                 \
    "socket = \"/nowhere/evac.sock\"; store = \"/nowhere/journal.db\"; node = \"year\";\n"         \
    "packs = { aws = { endpoint_url = \"http://127.0.0.1:1\"; }; };\n"

enum pace { QUIETLY, CLOSELY, PACES };

static const char *const paces[PACES][2][2] = {
    [QUIETLY] = { { "@EVERY@", "10m" }, { "@MEASURE@", "1h" } },
    [CLOSELY] = { { "@EVERY@", "5s" }, { "@MEASURE@", "10s" } },
};

struct pending {
    struct pending *next;
    struct model_world *w;
    evac_done_fn *done;
    void *user;
    struct evac_reply reply;
    struct evac_fact facts[2];
};

struct model_step {
    uint64_t landed_ms; /* boot; 0 not yet */
};

struct model_world {
    struct evac_virtual v;
    struct evac_host host;
    struct evac_arena *arena;
    struct evac_model *models[PACES];
    enum pace pace;
    struct evac_store *store;
    struct evac_shell *shell;
    struct evac_keeper *keeper;
    struct pending *pendings;

    uint64_t run; /* whose steps these are */
    struct model_step steps[STEPS_MAX];
    uint64_t last_run;
    double factors[EVAC_PHASE_COUNT];
    const char *refused, *refused_reason, *down;
    uint32_t lag_ms;
    int64_t down_wall_ms;
    char users[40];
};

static void must(enum evac_code code, const struct evac_err *err)
{
    if (!code)
        return;
    fprintf(stderr, "%s\n", err->text);
    abort();
}

/* --- answers on their way --------------------------------------------------------------------- */

static void reply_due(void *owner, void *what)
{
    struct pending *p = what;
    struct pending **at = &p->w->pendings;
    (void)owner;
    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    p->done(p->user, &p->reply);
    free(p);
}

static struct pending *pend(struct model_world *w, enum evac_verb verb, evac_done_fn *done,
                            void *user)
{
    struct pending *p = calloc(1, sizeof *p);
    if (!p)
        abort();
    *p = (struct pending){ .next = w->pendings, .w = w, .done = done, .user = user };
    p->reply = (struct evac_reply){ .verb = verb, .progress = -1, .facts = p->facts };
    w->pendings = p;
    return p;
}

static void answer_at(struct pending *p, uint64_t at_ms)
{
    uint64_t now = p->w->v.now_ms;
    evac_virtual_later(&p->w->v, at_ms > now ? at_ms - now : 0, reply_due, p);
}

/* --- services --------------------------------------------------------------------------------- */

static bool is_down(const struct model_world *w, struct evac_str region)
{
    return w->down && evac_str_is(region, w->down);
}

static struct model_step *step_of(struct model_world *w, const struct evac_call_effect *effect)
{
    if (w->run != effect->run->id) {
        memset(w->steps, 0, sizeof w->steps);
        w->run = effect->run->id;
    }
    if (effect->step >= STEPS_MAX)
        abort();
    return &w->steps[effect->step];
}

static uint64_t ready_ms(const struct model_world *w, const struct evac_plan_step *plan,
                         const struct model_step *s)
{
    return s->landed_ms + (uint64_t)(w->factors[plan->phase] * (double)plan->usual_ms);
}

/* Answered when it is there, so that a duration is what the model says, and polling adds nothing.
 */
static void observe(struct model_world *w, struct pending *p, const struct evac_plan *of,
                    const struct evac_plan_step *plan, const struct model_step *s,
                    const struct evac_call *call)
{
    bool changes = (plan->flags & EVAC_STEP_MUTATES) != 0;
    uint64_t ready = ready_ms(w, plan, s);
    p->reply.strong = true;
    p->reply.snapshot = EVAC_STR("{}");
    if (is_down(w, plan->region)) {
        p->reply.seen = EVAC_SEEN_UNSEEN;
        p->reply.reason = EVAC_STR("no answer in time");
        answer_at(p, w->v.now_ms + TIMEOUT_MS);
    } else if (!changes || of->rehearse || (s->landed_ms && ready < call->deadline_ms)) {
        p->reply.seen = changes && of->rehearse ? EVAC_SEEN_UNSATISFIED : EVAC_SEEN_SATISFIED;
        answer_at(p, changes && !of->rehearse ? ready : w->v.now_ms);
    } else {
        p->reply.seen = s->landed_ms ? EVAC_SEEN_MOVING : EVAC_SEEN_UNSATISFIED;
        answer_at(p, w->v.now_ms);
    }
}

static void lead_users(struct model_world *w, const struct evac_plan *of,
                       const struct evac_plan_step *plan)
{
    if (plan->flags & EVAC_STEP_TRAFFIC)
        (void)evac_str_copy(w->users, sizeof w->users,
                            plan->flags & EVAC_STEP_UNDO ? of->from : of->to);
}

static void apply(struct model_world *w, struct pending *p, const struct evac_plan *of,
                  const struct evac_plan_step *plan, struct model_step *s)
{
    bool refused = w->refused && evac_str_is(plan->id, w->refused);
    p->reply.outcome = EVAC_OUTCOME_ACCEPTED;
    if (is_down(w, plan->region)) {
        p->reply.outcome = EVAC_OUTCOME_NOT_SENT;
        p->reply.reason = EVAC_STR("no connection");
    } else if (refused) {
        p->reply.outcome = EVAC_OUTCOME_REJECTED;
        p->reply.reason = evac_str(w->refused_reason);
    } else if (s->landed_ms == 0) {
        s->landed_ms = w->v.now_ms;
        lead_users(w, of, plan);
    }
    answer_at(p, w->v.now_ms + 40);
}

static void measure(struct model_world *w, struct pending *p, enum evac_verb verb)
{
    int64_t now = evac_virtual_wall_ms(&w->v), as_of = w->down ? w->down_wall_ms : now;
    p->reply.seen = EVAC_SEEN_SATISFIED;
    p->reply.outcome = EVAC_OUTCOME_ACCEPTED;
    p->facts[0] = verb == EVAC_VERB_MEASURE ? (struct evac_fact){ "lag_ms", w->lag_ms }
                                            : (struct evac_fact){ "marker", as_of - w->lag_ms };
    p->facts[1] = (struct evac_fact){ "as_of_wall_ms", as_of };
    p->reply.fact_count = 2;
    answer_at(p, w->v.now_ms);
}

static enum evac_code answer(void *user, const struct evac_call_effect *effect,
                             const struct evac_driver *driver, const struct evac_call *call,
                             evac_done_fn *done, void *done_user, struct evac_err *err)
{
    struct model_world *w = user;
    struct pending *p = pend(w, call->verb, done, done_user);
    (void)driver, (void)err;
    if (!effect->run) {
        measure(w, p, call->verb);
        return EVAC_OK;
    }
    const struct evac_plan_step *plan = &effect->run->plan->steps[effect->step];
    struct model_step *s = step_of(w, effect);
    if (call->verb == EVAC_VERB_APPLY)
        apply(w, p, effect->run->plan, plan, s);
    else
        observe(w, p, effect->run->plan, plan, s, call);
    return EVAC_OK;
}

/* --- probes ----------------------------------------------------------------------------------- */

struct probe_loop {
    struct model_world *w;
    uint16_t probe, region;
    enum pace pace;
};

static const struct evac_app *conf(const struct model_world *w)
{
    return &w->models[w->pace]->apps[0];
}

static void probe_due(void *owner, void *what)
{
    struct model_world *w = owner;
    struct probe_loop *loop = what;
    const struct evac_probe *probe = &conf(w)->probes[loop->probe];
    bool users = probe->role == EVAC_PROBE_ENDPOINT;
    struct evac_str where = users ? evac_str(w->users) : conf(w)->regions[loop->region];
    struct evac_event event = { .kind = EVAC_EVENT_PROBE };
    if (loop->pace != w->pace)
        return; /* the other configuration's loops go on */
    event.u.probe.result = (struct evac_probe_result){
        .probe = loop->probe,
        .region = loop->region,
        .ok = !is_down(w, where),
        .latency_ms = 20,
        .sent_boot_ms = w->v.now_ms - 20,
        .boot_ms = w->v.now_ms,
        .wall_ms = evac_virtual_wall_ms(&w->v),
        .served_by = is_down(w, where) ? EVAC_STR_NONE : where,
        .reason = is_down(w, where) ? EVAC_STR("no answer in time") : EVAC_STR_NONE,
    };
    (void)evac_shell_event(w->shell, &event, NULL);
    evac_virtual_later(&w->v, probe->every_ms, probe_due, loop);
}

static void begin_probes(struct model_world *w)
{
    const struct evac_app *app = conf(w);
    for (uint16_t p = 0; p < app->probe_count; p++)
        for (uint16_t r = 0; r < (app->probes[p].regional ? app->region_count : 1); r++) {
            struct probe_loop *loop = evac_arena_alloc(w->arena, sizeof *loop);
            *loop = (struct probe_loop){ w, p, r, w->pace };
            evac_virtual_later(&w->v, 100u * p + 30u * r, probe_due, loop);
        }
}

/* --- the keeper, as the daemon has it: deficiencies follow from a run's end ------------------- */

static enum evac_code note_rows(void *user, const struct evac_record *rows, size_t count,
                                struct evac_err *err)
{
    struct model_world *w = user;
    struct evac_event event = { .kind = EVAC_EVENT_NOTE };
    event.u.note.rows = rows;
    event.u.note.count = count;
    return evac_shell_event(w->shell, &event, err);
}

static struct evac_str owner_of(void *user, struct evac_str app)
{
    (void)user, (void)app;
    return EVAC_STR(OWNER);
}

static void on_row(void *user, const struct evac_record *r)
{
    struct model_world *w = user;
    if (r->kind == EVAC_RECORD_ADMIT)
        w->last_run = r->run;
}

static void on_ended(void *user, const struct evac_run *run)
{
    struct model_world *w = user;
    (void)run;
    if (w->keeper)
        evac_keeper_wake(w->keeper);
}

/* --- life ------------------------------------------------------------------------------------- */

static struct evac_str paced(struct model_world *w, const char *text, enum pace pace)
{
    struct evac_buf out;
    evac_buf_init(&out, 1u << 20);
    while (*text) {
        size_t i = 0;
        while (i < 2 && strncmp(text, paces[pace][i][0], strlen(paces[pace][i][0])) != 0)
            i++;
        if (i < 2)
            evac_buf_puts(&out, paces[pace][i][1]);
        else
            evac_buf_putc(&out, *text);
        text += i < 2 ? strlen(paces[pace][i][0]) : 1;
    }
    struct evac_str kept = evac_arena_str(w->arena, evac_buf_str(&out));
    evac_buf_done(&out);
    return kept;
}

static void load(struct model_world *w, const char *app, enum pace pace)
{
    struct evac_conf_text files[64] = { { "evac.cfg", EVAC_STR(CONTROLLER) },
                                        { "apps/shop.cfg", paced(w, app, pace) } };
    struct evac_diag diag = { .arena = evac_arena_new() };
    struct evac_err err = { EVAC_OK, "" };
    size_t n = 2;
    for (size_t i = 0; i < evac_builtin_runbook_count && n < 64; i++)
        files[n++] = evac_builtin_runbooks[i];
    enum evac_code code = evac_conf_parse(files, n, &diag, &w->models[pace], &err);
    if (code) {
        struct evac_buf text;
        evac_buf_init(&text, 1u << 20);
        evac_diag_print(&diag, &text);
        fputs(text.p ? text.p : "", stderr);
    }
    must(code, &err);
    evac_arena_free(diag.arena);
}

struct model_world *model_world_new(const struct model_world_options *o)
{
    struct model_world *w = calloc(1, sizeof *w);
    struct evac_err err = { EVAC_OK, "" };
    if (!w)
        abort();
    w->arena = evac_arena_new();
    evac_virtual_init(&w->v, w, BOOT_MS, o->wall_ms, 1);
    w->host = evac_virtual_host(&w->v);
    w->store = evac_store_new_memory("year", "virtual");
    for (size_t i = 0; i < EVAC_PHASE_COUNT; i++)
        w->factors[i] = 1;
    load(w, o->app, QUIETLY);
    load(w, o->app, CLOSELY);
    (void)evac_str_copy(w->users, sizeof w->users, conf(w)->regions[0]);
    struct evac_shell_options options = { .host = &w->host,
                                          .look_host = &w->host,
                                          .catalog = evac_builtin_catalog(),
                                          .store = w->store,
                                          .user = w,
                                          .row = on_row,
                                          .ended = on_ended,
                                          .answer = answer };
    must(evac_shell_new(&options, w->models[w->pace], &w->shell, &err), &err);
    w->keeper = evac_keeper_new(&(struct evac_keeper_options){ .store = w->store,
                                                               .node = EVAC_STR("year"),
                                                               .user = w,
                                                               .note = note_rows,
                                                               .owner = owner_of });
    begin_probes(w);
    return w;
}

void model_world_free(struct model_world *w)
{
    if (!w)
        return;
    evac_keeper_free(w->keeper);
    evac_shell_free(w->shell);
    while (w->pendings)
        reply_due(w, w->pendings);
    evac_virtual_done(&w->v);
    evac_store_close(w->store);
    for (size_t i = 0; i < PACES; i++)
        evac_model_free(w->models[i]);
    evac_arena_free(w->arena);
    free(w);
}

/* --- time ------------------------------------------------------------------------------------- */

void model_world_watch(struct model_world *w, bool closely)
{
    struct evac_err err = { EVAC_OK, "" };
    enum pace pace = closely ? CLOSELY : QUIETLY;
    if (pace == w->pace)
        return;
    must(evac_shell_reload(w->shell, w->models[pace], &err), &err);
    w->pace = pace;
    begin_probes(w);
}

void model_world_until(struct model_world *w, int64_t wall_ms)
{
    struct evac_err err = { EVAC_OK, "" };
    uint64_t until = w->v.now_ms + (uint64_t)(wall_ms - evac_virtual_wall_ms(&w->v));
    for (;;) {
        uint64_t wake = evac_shell_wake_ms(w->shell), due = evac_virtual_next_ms(&w->v);
        uint64_t next = wake < due ? wake : due;
        if (next > until)
            break;
        if (next > w->v.now_ms)
            w->v.now_ms = next;
        if (due <= w->v.now_ms && due <= wake)
            evac_virtual_run_next(&w->v);
        else
            must(evac_shell_tick(w->shell, &err), &err);
        must(evac_keeper_tick(w->keeper, &err), &err);
    }
    w->v.now_ms = until;
}

void model_world_run(struct model_world *w, int64_t ms)
{
    model_world_until(w, evac_virtual_wall_ms(&w->v) + ms);
}

int64_t model_world_wall(const struct model_world *w)
{
    return evac_virtual_wall_ms(&w->v);
}

/* --- what happens to it ----------------------------------------------------------------------- */

void model_world_pace(struct model_world *w, enum evac_phase phase, double factor)
{
    w->factors[phase] = factor;
}

void model_world_refuse(struct model_world *w, const char *step, const char *reason)
{
    w->refused = step;
    w->refused_reason = reason;
}

void model_world_down(struct model_world *w, const char *region)
{
    w->down = region;
    w->down_wall_ms = evac_virtual_wall_ms(&w->v);
}

void model_world_lag(struct model_world *w, uint32_t ms)
{
    w->lag_ms = ms;
}

enum evac_code model_world_say(struct model_world *w, enum evac_command_verb verb, const char *who,
                               const char *reason)
{
    struct evac_event event = { .kind = EVAC_EVENT_COMMAND };
    event.u.command = (struct evac_command){ .verb = verb,
                                             .app = EVAC_STR("shop"),
                                             .run = verb < EVAC_CMD_ACK ? w->last_run : 0,
                                             .who = evac_str(who),
                                             .reason = evac_str(reason) };
    return evac_shell_event(w->shell, &event, NULL);
}

enum evac_code model_world_home(struct model_world *w, const char *who, const char *reason)
{
    uint64_t run;
    struct evac_wish wish = { .app = EVAC_STR("shop"),
                              .workflow = EVAC_WORKFLOW_FAILBACK,
                              .mode = EVAC_MODE_GRACEFUL,
                              .who = evac_str(who),
                              .why = evac_str(reason) };
    return evac_shell_begin(w->shell, &wish, &run, NULL);
}

enum evac_code model_world_note(struct model_world *w, const struct evac_record *row)
{
    return note_rows(w, row, 1, NULL);
}

/* --- looking ---------------------------------------------------------------------------------- */

struct evac_shell *model_world_shell(struct model_world *w)
{
    return w->shell;
}

struct evac_store *model_world_store(struct model_world *w)
{
    return w->store;
}

const struct evac_engine_app *model_world_app(const struct model_world *w)
{
    return &evac_shell_engine(w->shell)->apps[0];
}

uint64_t model_world_last_run(const struct model_world *w)
{
    return w->last_run;
}

struct evac_str model_world_users(const struct model_world *w)
{
    return evac_str(w->users);
}

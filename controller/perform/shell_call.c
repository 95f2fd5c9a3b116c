#include "shell_internal.h"

#include "host_paced.h"
#include "redact.h"

#include <stdlib.h>
#include <string.h>

static void link_call(struct shell_call *call)
{
    struct evac_shell *shell = call->shell;
    call->next = shell->calls;
    if (call->next)
        call->next->previous = call;
    shell->calls = call;
    shell->open_calls++;
}

static void unlink_call(struct shell_call *call)
{
    struct evac_shell *shell = call->shell;
    if (call->previous)
        call->previous->next = call->next;
    else
        shell->calls = call->next;
    if (call->next)
        call->next->previous = call->previous;
    shell->open_calls--;
}

static void free_call(struct shell_call *call)
{
    struct evac_shell *shell = call->shell;
    unlink_call(call);
    if (call->run) {
        call->run->open_calls--;
        shell_release_run(shell, call->run);
    }
    evac_arena_free(call->arena);
    if (shell->dying && shell->open_calls == 0)
        shell_destroy(shell);
}

/* What a service or a program said goes to the journal and to people: a secret in it does not. */
static struct evac_str clean(struct evac_arena *arena, struct evac_str reason)
{
    struct evac_buf text;
    if (reason.n == 0)
        return reason;
    evac_buf_init(&text, reason.n * 11 + 1);
    evac_redact(reason, &text);
    struct evac_str kept = evac_arena_str(arena, evac_buf_str(&text));
    evac_buf_done(&text);
    return kept;
}

static void done(void *user, const struct evac_reply *told)
{
    struct shell_call *call = user;
    struct evac_shell *shell = call->shell;
    struct evac_event event = { .kind = EVAC_EVENT_REPLY, .u.reply = call->event };
    struct evac_reply reply = *told;

    reply.reason = clean(call->arena, told->reason);
    event.u.reply.reply = &reply;
    if (call->look)
        call->look(call->look_user, shell->dying ? NULL : &reply);
    else if (!shell->dying && !shell->failed)
        (void)evac_shell_event(shell, &event, NULL); /* a failure is kept in shell->failed */
    free_call(call);
}

static void refuse(struct evac_shell *shell, const struct shell_call *call, const char *why,
                   bool apply)
{
    /* never more than the calls of one batch, and the ring is larger than a batch */
    size_t at = (shell->refusal_at + shell->refusal_count++) % SHELL_QUEUE_MAX;
    shell->refusals[at].event = call->event;
    shell->refusals[at].apply = apply;
    (void)evac_str_copy(shell->refusals[at].why, sizeof shell->refusals[at].why, evac_str(why));
}

/* The row's snapshot is what the undo goes back to: the journal remembers, not the engine. */
static enum evac_code load_goal(struct evac_shell *shell, struct shell_call *call, uint64_t seq,
                                struct evac_str *ret_goal, struct evac_err *err)
{
    struct evac_row row;
    *ret_goal = EVAC_STR_NONE;
    if (seq == 0)
        return EVAC_OK;
    enum evac_code code = evac_store_row(shell->o.store, seq, call->arena, &row, err);
    if (!code)
        *ret_goal = evac_arena_str(call->arena, row.record.data);
    return code;
}

static struct evac_arg named(const char *name, struct evac_str value)
{
    return (struct evac_arg){ evac_str(name), value };
}

static bool is_behind(struct evac_str a, struct evac_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order > 0 : a.n > b.n;
}

/* Sorted by name, in its place: a step's are in order when they come, and what is added is little.
 */
static void insert_arg(struct evac_arg *items, size_t count, struct evac_arg arg)
{
    for (; count > 0 && is_behind(items[count - 1].name, arg.name); count--)
        items[count] = items[count - 1];
    items[count] = arg;
}

struct evac_args *shell_with_more(struct evac_arena *arena, const struct evac_args *args,
                                  const struct evac_arg *more, size_t more_count)
{
    struct evac_args *all = evac_arena_alloc(arena, sizeof *all);
    struct evac_arg *items = evac_arena_array(arena, args->count + more_count, sizeof *items);
    size_t count = 0;
    for (size_t i = 0; i < args->count; i++) {
        bool replaced = false;
        for (size_t k = 0; k < more_count; k++)
            replaced = replaced || evac_str_eq(args->items[i].name, more[k].name);
        if (!replaced)
            insert_arg(items, count++, args->items[i]);
    }
    for (size_t k = 0; k < more_count; k++)
        insert_arg(items, count++,
                   (struct evac_arg){ more[k].name, evac_arena_str(arena, more[k].value) });
    *all = (struct evac_args){ items, count };
    return all;
}

/* {run} in a setting: names that are new with each run. Only the run knows it, the plan does not.
 */
static void fill_run(struct evac_arena *arena, struct evac_args *args, struct evac_str run)
{
    struct evac_arg *items = evac_arena_array(arena, args->count + 1, sizeof *items);
    const struct evac_plan_place place = { .run = run };
    for (size_t i = 0; i < args->count; i++) {
        items[i] = args->items[i];
        if (evac_str_has(items[i].value, "{run}"))
            items[i].value = evac_plan_substitute(arena, &place, items[i].value);
    }
    args->items = items;
}

static const struct evac_args *step_args(struct shell_call *call, const struct evac_run *run,
                                         const struct evac_plan_step *step)
{
    struct evac_str id = evac_arena_printf(call->arena, "%llu", (unsigned long long)run->id);
    int64_t fenced_ms = evac_run_fenced_ms(run);
    struct evac_arg more[4] = {
        named("run", id),
        named("mode", evac_str(evac_mode_name(run->mode))),
    };
    size_t count = 2;
    if (fenced_ms) {
        more[count++] =
            named("fenced", evac_arena_printf(call->arena, "%lld", (long long)fenced_ms));
        more[count++] =
            named("fenced_now",
                  evac_arena_printf(call->arena, "%lld", (long long)evac_run_fenced_now_ms(run)));
    }
    struct evac_args *args = shell_with_more(call->arena, &step->args, more, count);
    fill_run(call->arena, args, id);
    return args;
}

static const struct evac_args *measure_args(struct shell_call *call,
                                            const struct evac_call_effect *effect)
{
    const struct evac_plan_place place = {
        .app = effect->app->name, .region = effect->region, .from = effect->from, .to = effect->to
    };
    struct evac_arg more[] = {
        named("app", effect->app->name),
        named("from", effect->from),
        named("to", effect->to),
        named("region", effect->region),
    };
    struct evac_args props =
        evac_plan_whole_props(call->arena, &effect->app->resources[effect->step].props,
                              call->driver ? call->driver->params : NULL, &place);
    return shell_with_more(call->arena, &props, more, sizeof more / sizeof more[0]);
}

static struct evac_call describe(struct evac_shell *shell, struct shell_call *call,
                                 const struct evac_call_effect *effect)
{
    struct evac_call ask = { .verb = effect->verb,
                             .action = "",
                             .deadline_ms = effect->deadline_ms,
                             .marker = effect->marker };
    char *token = evac_arena_alloc(call->arena, 26);
    ask.token = token;
    if (!effect->run) {
        ask.action = effect->verb == EVAC_VERB_OBSERVE ? EVAC_ACTION_STILL : "";
        ask.args = measure_args(call, effect);
        evac_attempt_token(0, effect->app->name, effect->step, effect->call, token);
        return ask;
    }
    const struct evac_plan_step *step = &effect->run->plan->steps[effect->step];
    bool same_token = step->fencing == EVAC_FENCING_TOKEN;
    ask.action = step->action.p;
    ask.args = step_args(call, effect->run, step);
    ask.version = evac_arena_str(call->arena, evac_str(effect->version));
    evac_attempt_token(effect->run->id, step->id, same_token ? 0 : effect->attempt,
                       same_token ? 0 : shell->engine.epoch, token);
    return ask;
}

static struct shell_run *memory_of(struct evac_shell *shell, const struct evac_run *run)
{
    for (struct shell_run *m = shell->runs; m; m = m->next)
        if (run && m->memory == (const void *)run)
            return m;
    return NULL;
}

static struct shell_call *new_call(struct evac_shell *shell, const struct evac_call_effect *effect)
{
    struct evac_arena *arena = evac_arena_new();
    struct shell_call *call = evac_arena_alloc(arena, sizeof *call);
    *call =
        (struct shell_call){ .shell = shell, .arena = arena, .run = memory_of(shell, effect->run) };
    call->event = (struct evac_reply_event){
        .run = effect->run ? effect->run->id : 0,
        .app = effect->run ? 0 : (uint16_t)(effect->app - shell->model->apps),
        .step = effect->step,
        .call = effect->call,
        .marker = effect->marker,
    };
    link_call(call);
    if (call->run)
        call->run->open_calls++;
    return call;
}

struct shell_call *shell_new_look(struct evac_shell *shell, evac_look_fn *fn, void *user)
{
    struct evac_arena *arena = evac_arena_new();
    struct shell_call *call = evac_arena_alloc(arena, sizeof *call);
    *call = (struct shell_call){ .shell = shell, .arena = arena, .look = fn, .look_user = user };
    link_call(call);
    return call;
}

enum evac_code shell_send_look(struct shell_call *call, const struct evac_driver *driver,
                               struct evac_link *link, const struct evac_call *ask,
                               struct evac_err *err)
{
    call->driver = driver;
    call->link = link;
    enum evac_code code = driver->call(link, ask, done, call, &call->id, err);
    if (code)
        free_call(call);
    else
        call->accepted = true;
    return code;
}

enum evac_code evac_shell_observe(struct evac_shell *shell, struct evac_run *run, uint16_t step,
                                  uint32_t within_ms, evac_look_fn *fn, void *user,
                                  struct evac_err *err)
{
    const struct evac_plan_step *s = step < run->plan->step_count ? &run->plan->steps[step] : NULL;
    struct evac_link *link = NULL;
    const struct evac_driver *driver = s ? evac_book_driver(shell->look, s->type, &link) : NULL;
    const struct evac_action *action = driver ? evac_driver_action(driver, s->action) : NULL;
    if (shell->dying || !action || action->flags & EVAC_ACTION_BLIND)
        return evac_fail(err, EVAC_E_NOTFOUND, "nothing can look at step %u", step);
    struct shell_call *call = shell_new_look(shell, fn, user);
    const struct evac_call_effect effect = { .run = run,
                                             .step = step,
                                             .verb = EVAC_VERB_OBSERVE,
                                             .call = shell->look_count++,
                                             .version = run->steps[step].version,
                                             .deadline_ms = shell_now(shell).boot_ms + within_ms };
    call->driver = driver;
    const struct evac_call ask = describe(shell, call, &effect);
    return shell_send_look(call, driver, link, &ask, err);
}

/* As a look: nothing that the engine knows of, and an open call until it is answered. */
enum evac_code evac_shell_publish(struct evac_shell *shell,
                                  const struct evac_publication *publication, evac_look_fn *fn,
                                  void *user, struct evac_err *err)
{
    static const struct evac_driver publisher = { .name = "publisher" };
    struct evac_link *link = NULL;
    const struct evac_pack *pack = shell->dying ? NULL : evac_book_publisher(shell->act, &link);
    if (!pack)
        return evac_fail(err, EVAC_E_UNSUPPORTED, "no driver pack can publish metrics");
    struct shell_call *call = shell_new_look(shell, fn, user);
    call->driver = &publisher;
    enum evac_code code = pack->publish(link, publication, done, call, err);
    if (code)
        free_call(call);
    else
        call->accepted = true;
    return code;
}

static enum evac_code ask_driver(struct evac_shell *shell, struct shell_call *call,
                                 const struct evac_call_effect *effect, const struct evac_call *ask,
                                 struct evac_err *err)
{
    if (shell->o.answer)
        return shell->o.answer(shell->o.user, effect, call->driver, ask, done, call, err);
    return call->driver->call(call->link, ask, done, call, &call->id, err);
}

/* Until a step's change was taken it has waited since it began, however often its calls came back
 * unsent; what looks at it afterwards waits since it asks. */
static uint64_t waited_ms(const struct evac_shell *shell, const struct evac_step_run *s)
{
    uint64_t now = shell_now(shell).boot_ms;
    return !s->acked && now > s->began_ms ? now - s->began_ms : 0;
}

/* Of a run: its app's tier, and the way that is still before it and those who wait for it. What is
 * only measured comes last. */
static struct evac_turn turn_of(const struct evac_shell *shell, const struct shell_call *call,
                                const struct evac_call_effect *effect)
{
    const struct evac_engine *engine = &shell->engine;
    struct evac_turn turn = { .tier = EVAC_TIERS_MAX + 1 };
    size_t app = call->run ? evac_engine_app(engine, call->run->plan->app) : engine->app_count;
    if (app < engine->app_count) {
        const struct evac_engine_app *a = &engine->apps[app];
        turn.tier = (uint8_t)a->tier;
        turn.behind_ms = a->rank_ms > a->expected_ms ? a->rank_ms - a->expected_ms : 0;
    }
    if (call->run && effect->step < call->run->plan->forward_count) {
        turn.to_come_ms = call->run->to_come_ms[effect->step];
        turn.waited_ms = waited_ms(shell, &effect->run->steps[effect->step]);
    }
    return turn;
}

static enum evac_code ask_in_turn(struct evac_shell *shell, struct shell_call *call,
                                  const struct evac_call_effect *effect,
                                  const struct evac_call *ask, struct evac_err *err)
{
    if (!shell->o.paced)
        return ask_driver(shell, call, effect, ask, err);
    struct evac_turn was = evac_host_paced_turn(shell->o.paced, turn_of(shell, call, effect));
    enum evac_code code = ask_driver(shell, call, effect, ask, err);
    (void)evac_host_paced_turn(shell->o.paced, was);
    return code;
}

void shell_make_call(struct evac_shell *shell, const struct evac_call_effect *effect)
{
    struct shell_call *call = new_call(shell, effect);
    struct evac_err err = { EVAC_OK, "" };
    bool apply = effect->verb == EVAC_VERB_APPLY || effect->verb == EVAC_VERB_MARK;
    struct evac_str type = effect->run ? effect->run->plan->steps[effect->step].type
                                       : effect->app->resources[effect->step].type;

    const struct evac_book *book = shell_book(shell, effect->run ? effect->run->plan : NULL);
    call->driver = evac_book_driver(book, type, &call->link);
    struct evac_call ask = describe(shell, call, effect);
    enum evac_code code = EVAC_OK;
    if (!call->driver)
        code = evac_fail(&err, EVAC_E_NOTFOUND, "no driver for '%.*s'", EVAC_STR_ARG(type));
    if (!code)
        code = load_goal(shell, call, effect->goal_seq, &ask.goal, &err);
    if (!code)
        code = ask_in_turn(shell, call, effect, &ask, &err);
    if (code) {
        refuse(shell, call, err.text, apply);
        free_call(call);
        return;
    }
    call->accepted = true;
}

void shell_cancel_call(struct evac_shell *shell, uint64_t number)
{
    for (struct shell_call *c = shell->calls; c; c = c->next)
        if (!c->look && c->event.call == number) {
            if (c->driver->cancel)
                c->driver->cancel(c->link, c->id);
            return;
        }
}

void shell_drop_calls(struct evac_shell *shell)
{
    for (struct shell_call *c = shell->calls, *next; c; c = next) {
        next = c->next;
        if (c->driver->cancel)
            c->driver->cancel(c->link, c->id);
    }
}

/*
 * Another app of this controller, as a resource of a group: moved by its own runbook, under its own
 * gates and rules. The order among a group's apps is what waits_for says.
 */
#include "evac/arena.h"
#include "local_pack.h"

#include <stdarg.h>
#include <string.h>

static const struct evac_param resource_params[] = {
    { "member", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "the app's name" },
    { 0 },
};

static const struct evac_action actions[] = {
    { "ready", "the app may be moved: no run of it goes on, and nobody holds it", 0,
      EVAC_FENCING_NONE, 100, 60000, NULL, NULL },
    { "move", "the app is active in the region; its own run takes it there", EVAC_ACTION_MUTATES,
      EVAC_FENCING_STATE, 300000, 14400000, NULL, NULL },
    { 0 },
};

struct member {
    struct local_call *c;
    struct evac_str name, mode, group, run;
    bool ready, apply;
};

static void say(struct member *m, struct evac_reply *reply, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void say(struct member *m, struct evac_reply *reply, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    reply->reason = evac_arena_vprintf(m->c->arena, fmt, ap);
    va_end(ap);
    local_answer(m->c, reply);
}

static void look(struct member *m, const struct evac_app_view *v)
{
    struct local_call *c = m->c;
    struct evac_reply r = { .verb = EVAC_VERB_OBSERVE, .progress = -1, .strong = true };
    bool there = evac_str_eq(v->active, c->region);
    r.snapshot = evac_arena_printf(c->arena, "{\"active\":\"%.*s\"}", EVAC_STR_ARG(v->active));
    r.seen = EVAC_SEEN_BLOCKED;
    if (v->moving_to.n && (m->ready || !evac_str_eq(v->moving_to, c->region))) {
        say(m, &r, "a run takes %.*s to %.*s", EVAC_STR_ARG(m->name), EVAC_STR_ARG(v->moving_to));
    } else if (v->moving_to.n) {
        r.seen = EVAC_SEEN_MOVING;
        say(m, &r, "its run %llu goes on", (unsigned long long)v->last_run);
    } else if (m->ready) {
        r.seen = v->held ? EVAC_SEEN_BLOCKED : EVAC_SEEN_SATISFIED;
        say(m, &r, v->held ? "somebody holds it" : "it is active in %.*s", EVAC_STR_ARG(v->active));
    } else {
        r.seen = there ? EVAC_SEEN_SATISFIED : v->held ? EVAC_SEEN_BLOCKED : EVAC_SEEN_UNSATISFIED;
        say(m, &r, "it is active in %.*s%s", EVAC_STR_ARG(v->active),
            v->held && !there ? ", and somebody holds it" : "");
    }
}

static void move(struct member *m, const struct evac_app_view *v)
{
    struct local_call *c = m->c;
    const struct evac_apps *apps = c->link->host->apps;
    struct evac_reply r = { .verb = EVAC_VERB_APPLY, .progress = -1 };
    struct evac_err err = { EVAC_OK, "" };
    bool on_its_way = evac_str_eq(v->moving_to, c->region);
    if (!on_its_way && !evac_str_eq(v->active, c->region)) {
        struct evac_str why = evac_arena_printf(c->arena, "with group %.*s, run %.*s",
                                                EVAC_STR_ARG(m->group), EVAC_STR_ARG(m->run));
        if (apps->move(apps->ctx, m->name, c->region, evac_str_is(m->mode, "graceful"), why,
                       &err)) {
            r.outcome = EVAC_OUTCOME_REJECTED;
            say(m, &r, "%s", err.text);
            return;
        }
    }
    r.outcome = EVAC_OUTCOME_ACCEPTED;
    local_answer(c, &r);
}

static void later(void *user)
{
    struct member *m = user;
    struct evac_app_view view;
    const struct evac_apps *apps = m->c->link->host->apps;
    if (!apps || !apps->look(apps->ctx, m->name, &view)) {
        struct evac_reply r = { .verb = m->c->verb,
                                .seen = EVAC_SEEN_BLOCKED,
                                .outcome = EVAC_OUTCOME_REJECTED,
                                .progress = -1 };
        say(m, &r, "there is no app '%.*s'", EVAC_STR_ARG(m->name));
    } else if (m->apply) {
        move(m, &view);
    } else {
        look(m, &view);
    }
}

static enum evac_code call_app(struct evac_link *link, const struct evac_call *call,
                               evac_done_fn *done, void *user, uint64_t *ret_id,
                               struct evac_err *err)
{
    bool apply = call->verb == EVAC_VERB_APPLY, ready = strcmp(call->action, "ready") == 0;
    if ((!apply && call->verb != EVAC_VERB_OBSERVE) || (apply && ready))
        return evac_fail(err, EVAC_E_UNSUPPORTED, "app.%s can not %s", call->action,
                         evac_verb_name(call->verb));
    struct local_call *c = local_begin(link, call, done, user);
    struct member *m = evac_arena_alloc(c->arena, sizeof *m);
    *m = (struct member){ .c = c,
                          .name = evac_arena_str(c->arena, evac_args_get(call->args, "member")),
                          .mode = evac_arena_str(c->arena, evac_args_get(call->args, "mode")),
                          .group = evac_arena_str(c->arena, evac_args_get(call->args, "app")),
                          .run = evac_arena_str(c->arena, evac_args_get(call->args, "run")),
                          .ready = ready,
                          .apply = apply };
    enum evac_code code = link->host->timer(link->host->ctx, 0, later, m, &c->host_id, err);
    if (code) {
        local_drop(c);
        return code;
    }
    *ret_id = c->id;
    return EVAC_OK;
}

const struct evac_driver evac_driver_app = {
    "app",       "another app of this controller", resource_params, actions, 0, NULL, call_app,
    local_cancel
};

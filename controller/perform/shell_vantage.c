/*
 * The desk that vantages report at: who has a lease, which batch was the last, what is refused. A
 * batch that is taken becomes engine events: that the vantage spoke, then what it saw.
 *
 * Times: an agent's clock is not ours, so it says how long ago it asked, and a result counts as
 * known when it is taken here. Both ends of an outage are so no better than the truth.
 */
#include "batch.h"
#include "shell_internal.h"
#include "voice.h"

#include <string.h>

static enum evac_code find_vantage(const struct evac_shell *shell, struct evac_str name,
                                   size_t *ret_vantage, struct evac_err *err)
{
    const struct evac_engine *engine = &shell->engine;
    struct evac_buf known;
    *ret_vantage = evac_engine_vantage(engine, name);
    if (*ret_vantage < evac_engine_vantage_count(engine))
        return EVAC_OK;
    evac_buf_init(&known, 600);
    for (size_t v = 1; v < evac_engine_vantage_count(engine); v++)
        evac_buf_putf(&known, "%s%.*s", v > 1 ? ", " : "",
                      EVAC_STR_ARG(evac_engine_vantage_name(engine, v)));
    enum evac_code code =
        evac_fail(err, EVAC_E_NOTFOUND, "evac.cfg has no vantage '%.*s'; it has %s",
                  EVAC_STR_ARG(name), known.n ? known.p : "none");
    evac_buf_done(&known);
    return code;
}

static bool is_controller(const struct evac_shell *shell, struct evac_str name)
{
    const struct evac_shared_conf *s = &shell->model->controller.shared;
    size_t i = 0;
    while (i < s->controller_count && !evac_str_eq(s->controllers[i].name, name))
        i++;
    return i < s->controller_count;
}

/* A copy, an overtaken one, another agent's, one by another configuration. A controller's name is
 * its own by its lease in etcd, so one that begins anew need not wait for its place. */
static enum evac_code check(const struct evac_shell *shell, size_t v, const struct evac_batch *b,
                            struct evac_err *err)
{
    const struct shell_seat *seat = &shell->seats[v];
    const struct evac_vantage *vantage = &shell->engine.vantages[v];
    struct evac_str name = evac_engine_vantage_name(&shell->engine, v);
    bool controller = is_controller(shell, name);
    bool live = vantage->state != EVAC_VANTAGE_SILENT && seat->lease[0] && !controller;
    if (controller != b->compact)
        return evac_fail(err, EVAC_E_BADARG,
                         controller ? "%.*s is a controller, which tells what it sees by the "
                                      "shared journal's etcd"
                                    : "vantage %.*s is no controller: an agent tells what it sees "
                                      "by name",
                         EVAC_STR_ARG(name));
    if (!evac_str_is(b->config, shell->model->hash))
        return evac_fail(err, EVAC_E_STALE,
                         "vantage %.*s looks by another configuration than the controller's "
                         "(%.8s, and %.8s here): give both the same files, and load them again",
                         EVAC_STR_ARG(name), b->config.p, shell->model->hash);
    if (live && !evac_str_is(b->lease, seat->lease))
        return evac_fail(err, EVAC_E_BUSY,
                         "another agent speaks for vantage %.*s, and was heard %llu ms ago; after "
                         "%u ms of silence its place is free",
                         EVAC_STR_ARG(name),
                         (unsigned long long)(shell_now(shell).boot_ms - vantage->heard_boot_ms),
                         shell->model->controller.vantage_lease_ms);
    if (evac_str_is(b->lease, seat->lease) && b->seq <= seat->seq)
        return evac_fail(err, EVAC_E_STALE,
                         "batch %llu of vantage %.*s is a copy, or was overtaken: %llu was taken "
                         "before it",
                         (unsigned long long)b->seq, EVAC_STR_ARG(name),
                         (unsigned long long)seat->seq);
    return EVAC_OK;
}

static size_t find_probe(const struct evac_app *app, const struct evac_batch_result *from)
{
    size_t p = 0;
    while (p < app->probe_count && !evac_str_eq(app->probes[p].name, from->probe))
        p++;
    return p;
}

/* An app, or what several share; a dependency may have an app's name, and the probe tells them
 * apart. */
static const struct evac_app *find_probed(const struct evac_shell *shell,
                                          const struct evac_batch_result *from, size_t *ret_index)
{
    for (size_t i = 0; i < evac_model_probed_count(shell->model); i++) {
        const struct evac_app *app = evac_model_probed(shell->model, i);
        *ret_index = i;
        if (evac_str_eq(app->name, from->app) && find_probe(app, from) < app->probe_count)
            return app;
    }
    return NULL;
}

/* Whose configuration is the same told by place: it must be one that is there. */
static const struct evac_app *placed(const struct evac_shell *shell,
                                     const struct evac_batch_result *from,
                                     struct evac_probe_result *to)
{
    if (from->at_app >= evac_model_probed_count(shell->model))
        return NULL;
    const struct evac_app *app = evac_model_probed(shell->model, from->at_app);
    to->probe = from->at_probe;
    to->region = from->at_region;
    return to->probe < app->probe_count && to->region < app->region_count ? app : NULL;
}

static const struct evac_app *named(const struct evac_shell *shell,
                                    const struct evac_batch_result *from, size_t *ret_index,
                                    struct evac_probe_result *to)
{
    const struct evac_app *app = find_probed(shell, from, ret_index);
    if (!app)
        return NULL;
    to->probe = (uint16_t)find_probe(app, from);
    to->region = 0;
    while (app->probes[to->probe].regional && to->region < app->region_count &&
           !evac_str_eq(app->regions[to->region], from->region))
        to->region++;
    return to->region < app->region_count ? app : NULL;
}

/* A batch, and how old it can be. */
struct heard {
    uint16_t vantage;
    const struct evac_batch *batch;
    bool proven;       /* by what its writer had read; else it was handed over at once */
    uint64_t after_ms; /* proven: it was surely written after that */
};

/* At the earliest. */
static uint64_t sent_ms(const struct heard *h, uint64_t now_ms, uint32_t ago_ms)
{
    uint64_t from = h->proven ? h->after_ms : now_ms;
    return from > ago_ms ? from - ago_ms : 0;
}

/* Where that result belongs; false: nowhere, or it is too old to say anything about now. */
static bool place(const struct evac_shell *shell, const struct heard *h,
                  const struct evac_batch_result *from, uint16_t *ret_app,
                  struct evac_probe_result *to)
{
    size_t a = from->at_app;
    const struct evac_app *app =
        from->placed ? placed(shell, from, to) : named(shell, from, &a, to);
    *ret_app = (uint16_t)a;
    if (!app || app->probes[to->probe].role == EVAC_PROBE_ENDPOINT)
        return false;
    uint64_t now_ms = shell_now(shell).boot_ms;
    uint32_t way_ms = shell->model->controller.vantages[h->vantage - 1].way_ms;
    return now_ms - sent_ms(h, now_ms, from->asked_ago_ms) <=
           evac_health_fresh_ms(&app->probes[to->probe], way_ms);
}

static enum evac_code take_result(struct evac_shell *shell, const struct heard *h,
                                  const struct evac_batch_result *from, struct evac_err *err)
{
    struct evac_now now = shell_now(shell);
    struct evac_event event = { .kind = EVAC_EVENT_PROBE };
    struct evac_probe_result *to = &event.u.probe.result;
    if (!place(shell, h, from, &event.u.probe.app, to)) {
        shell->seats[h->vantage].stale++;
        return EVAC_OK;
    }
    to->vantage = h->vantage;
    to->surely_boot_ms = sent_ms(h, now.boot_ms, from->asked_ago_ms);
    to->ok = from->ok;
    to->latency_ms = from->latency_ms;
    to->sent_boot_ms = now.boot_ms > from->asked_ago_ms ? now.boot_ms - from->asked_ago_ms : 0;
    to->boot_ms = now.boot_ms;
    to->wall_ms = now.wall_ms;
    to->certificate_until_ms = from->certificate_until_ms;
    to->reason = from->reason;
    to->asking_ms = h->batch->asking_ms;
    return evac_shell_event(shell, &event, err);
}

/* How many of its results were in an earlier batch. */
static size_t already(const struct shell_seat *seat, const struct evac_batch *b)
{
    if (!b->first || seat->taken < b->first)
        return 0;
    uint64_t known = seat->taken - b->first + 1;
    return known < b->count ? (size_t)known : b->count;
}

static enum evac_code take(struct evac_shell *shell, const struct heard *h, struct evac_err *err)
{
    const struct evac_batch *b = h->batch;
    struct shell_seat *seat = &shell->seats[h->vantage];
    struct evac_event event = { .kind = EVAC_EVENT_VANTAGE };
    event.u.vantage = (struct evac_vantage_event){ h->vantage, b->abstains, b->leaves };
    enum evac_code code = evac_shell_event(shell, &event, err);
    for (size_t i = already(seat, b); !code && i < b->count; i++)
        code = take_result(shell, h, &b->results[i], err);
    if (b->first && b->count)
        seat->taken = b->first + b->count - 1;
    if (b->leaves)
        *seat = (struct shell_seat){ .seq = 0 };
    return code;
}

/* It was read, whatever it is worth: what this one tells next says so, and so whoever wrote it can
 * be believed next time. */
static void note(struct shell_seat *seat, const struct evac_batch *b)
{
    if (!evac_str_is(b->lease, seat->lease))
        seat->taken = 0;
    (void)evac_str_copy(seat->lease, sizeof seat->lease, b->lease);
    seat->seq = b->seq;
    seat->dropped = b->dropped;
}

enum evac_code evac_shell_vantage(struct evac_shell *shell, struct evac_str name,
                                  struct evac_str batch, const struct evac_voice *voice,
                                  struct evac_err *err)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_batch b = { .seq = 0 };
    size_t v;
    enum evac_code code = find_vantage(shell, name, &v, err);
    if (!code)
        code = evac_batch_from_json(batch, arena, &b, err);
    if (!code) {
        code = check(shell, v, &b, err);
        (void)evac_str_copy(shell->seats[v].refusal, sizeof shell->seats[v].refusal,
                            evac_str(code && err ? err->text : ""));
    }
    if (!code) {
        const struct heard h = { (uint16_t)v, &b, voice != NULL,
                                 voice ? evac_voice_after_ms(voice, &b) : 0 };
        note(&shell->seats[v], &b);
        if (!h.proven || h.after_ms || b.leaves)
            code = take(shell, &h, err);
    }
    evac_arena_free(arena);
    return code;
}

size_t evac_shell_heard(const struct evac_shell *shell, struct evac_batch_heard *ret)
{
    size_t n = 0;
    for (size_t v = 1; v < evac_engine_vantage_count(&shell->engine); v++)
        if (shell->seats[v].lease[0] && n < EVAC_BATCH_HEARD_MAX &&
            is_controller(shell, evac_engine_vantage_name(&shell->engine, v)))
            ret[n++] =
                (struct evac_batch_heard){ evac_str(shell->seats[v].lease), shell->seats[v].seq };
    return n;
}

struct evac_vantage_view evac_shell_vantage_view(const struct evac_shell *shell, size_t vantage)
{
    const struct shell_seat *seat = &shell->seats[vantage];
    return (struct evac_vantage_view){ seat->dropped, seat->stale, seat->refusal };
}

/* Seats go by place: a vantage that is another one now has none. */
void shell_clear_seats(struct evac_shell *shell)
{
    for (size_t v = 1; v < EVAC_VANTAGES_MAX; v++)
        if (shell->engine.vantages[v].state == EVAC_VANTAGE_SILENT)
            shell->seats[v] = (struct shell_seat){ .seq = 0 };
}

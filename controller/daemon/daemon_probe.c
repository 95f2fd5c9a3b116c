/* The model's probes and the controller's own anchors, given to the prober; their results, given to
 * the engine. */
#include "daemon_internal.h"

#include "log.h"

#include <stdlib.h>

#define ANCHOR_EVERY_MS 5000u
#define ANCHOR_WAIT_MS  3000u

/* What a target is: an app's probe in a region, or an anchor. */
struct daemon_target {
    struct evac_daemon *daemon;
    uint16_t app, probe, region;
    bool anchor;
    uint16_t number;
};

static void probe_result(struct evac_daemon *daemon, const struct daemon_target *t,
                         const struct evac_prober_result *r)
{
    struct evac_event event = { .kind = EVAC_EVENT_PROBE };
    event.u.probe.app = t->app;
    event.u.probe.result = (struct evac_probe_result){
        .probe = t->probe,
        .region = t->region,
        .ok = r->ok,
        .latency_ms = r->latency_us / 1000,
        .sent_boot_ms = r->sent_boot_ms,
        .boot_ms = r->boot_ms,
        .wall_ms = evac_daemon_wall_ms(daemon),
        .served_by = r->served_by,
        .reason = evac_str(r->reason),
    };
    daemon_event(daemon, &event);
}

/* Cut off is who reaches none of its anchors; without anchors it can not know, and trusts itself.
 */
static void anchor_result(struct evac_daemon *daemon, const struct daemon_target *t, bool ok)
{
    size_t count = daemon->model->controller.anchor_count, up = 0;
    if (t->number >= count || daemon->anchor_up[t->number] == ok)
        return;
    daemon->anchor_up[t->number] = ok;
    for (size_t i = 0; i < count; i++)
        up += daemon->anchor_up[i];
    if (daemon->abstains == (up == 0))
        return;
    daemon->abstains = up == 0;
    struct evac_event event = { .kind = EVAC_EVENT_VANTAGE, .u.abstains = daemon->abstains };
    daemon_event(daemon, &event);
}

static void on_result(void *user, void *target, const struct evac_prober_result *r)
{
    const struct daemon_target *t = target;
    struct evac_daemon *daemon = user;
    if (t->anchor)
        anchor_result(daemon, t, r->status != 0); /* any answer: only the way there counts */
    else
        probe_result(daemon, t, r);
}

static struct evac_str with_region(struct evac_arena *arena, struct evac_str url,
                                   struct evac_str region)
{
    struct evac_buf out;
    evac_buf_init(&out, 8192);
    for (size_t i = 0; i < url.n;) {
        struct evac_str rest = { url.p + i, url.n - i };
        if (evac_str_starts(rest, "{region}")) {
            evac_buf_put_str(&out, region);
            i += 8;
        } else {
            evac_buf_putc(&out, url.p[i++]);
        }
    }
    struct evac_str kept = evac_arena_str(arena, evac_buf_str(&out));
    evac_buf_done(&out);
    return kept;
}

static enum evac_code add(struct evac_daemon *daemon, const struct daemon_target *what,
                          struct evac_prober_target *target, struct evac_err *err)
{
    uint64_t id;
    struct daemon_target *own = evac_arena_alloc(daemon->probe_arena, sizeof *own);
    *own = *what;
    target->user = own;
    target->resolver = daemon->model->controller.resolver;
    return evac_prober_add(daemon->prober, target, &id, err);
}

static enum evac_code add_probe(struct evac_daemon *daemon, uint16_t a, uint16_t p, uint16_t r,
                                struct evac_err *err)
{
    const struct evac_app *app = evac_model_probed(daemon->model, a);
    const struct evac_probe *probe = &app->probes[p];
    struct daemon_target what = { .daemon = daemon, .app = a, .probe = p, .region = r };
    struct evac_prober_target target = {
        .url = with_region(daemon->probe_arena, probe->target, app->regions[r]),
        .every_ms = probe->every_ms,
        .connect_ms = probe->connect_ms,
        .reply_ms = probe->reply_ms,
        .expect_status = probe->expect_status,
        .expect_body = probe->expect_body,
        .wants_served_by = probe->role == EVAC_PROBE_ENDPOINT,
        .served_by = probe->served_by,
    };
    enum evac_code code = add(daemon, &what, &target, err);
    return code ? evac_err_prefix(err, "app %.*s, probe %.*s", EVAC_STR_ARG(app->name),
                                  EVAC_STR_ARG(probe->name))
                : EVAC_OK;
}

static enum evac_code add_probes(struct evac_daemon *daemon, struct evac_err *err)
{
    enum evac_code code = EVAC_OK;
    for (uint16_t a = 0; !code && a < evac_model_probed_count(daemon->model); a++) {
        const struct evac_app *app = evac_model_probed(daemon->model, a);
        for (uint16_t p = 0; !code && p < app->probe_count; p++) {
            size_t regions = app->probes[p].regional ? app->region_count : 1;
            if (app->probes[p].kind != EVAC_PROBE_KIND_HTTP)
                continue;
            for (uint16_t r = 0; !code && r < regions; r++)
                code = add_probe(daemon, a, p, r, err);
        }
    }
    return code;
}

static enum evac_code add_anchors(struct evac_daemon *daemon, struct evac_err *err)
{
    const struct evac_controller_conf *conf = &daemon->model->controller;
    enum evac_code code = EVAC_OK;
    free(daemon->anchor_up);
    daemon->anchor_up = calloc(conf->anchor_count + 1, sizeof *daemon->anchor_up);
    if (!daemon->anchor_up)
        abort();
    for (uint16_t i = 0; !code && i < conf->anchor_count; i++) {
        struct daemon_target what = { .daemon = daemon, .anchor = true, .number = i };
        struct evac_prober_target target = { .url = conf->anchors[i],
                                             .every_ms = ANCHOR_EVERY_MS,
                                             .connect_ms = ANCHOR_WAIT_MS,
                                             .reply_ms = ANCHOR_WAIT_MS };
        daemon->anchor_up[i] = true; /* until it is seen to be otherwise */
        code = add(daemon, &what, &target, err);
    }
    return code;
}

/* Anew from the model: a reload's probes begin with a fresh prober, health keeps what it knew. */
enum evac_code daemon_probe_all(struct evac_daemon *daemon, struct evac_err *err)
{
    struct evac_prober_options options = { .ca_file = evac_host_uv_ca_file(&daemon->host),
                                           .fn = on_result,
                                           .user = daemon };
    daemon->host.random(daemon->host.ctx, &options.seed, sizeof options.seed);
    daemon_probe_stop(daemon);
    daemon->probe_arena = evac_arena_new();
    daemon_self_configured(daemon);
    enum evac_code code = evac_prober_new(daemon->loop, evac_host_uv_dns(&daemon->host), &options,
                                          &daemon->prober, err);
    if (!code)
        code = add_anchors(daemon, err);
    if (!code)
        code = add_probes(daemon, err);
    if (code)
        evac_log(EVAC_LOG_ERROR, "probes_not_started", "reason=\"%s\"", err ? err->text : "");
    return code;
}

void daemon_probe_stop(struct evac_daemon *daemon)
{
    evac_prober_free(daemon->prober);
    daemon->prober = NULL;
    evac_arena_free(daemon->probe_arena);
    daemon->probe_arena = NULL;
}

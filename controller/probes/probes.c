#include "probes.h"

#include "host_uv.h"
#include "prober.h"

#include <stdlib.h>

#define ANCHOR_EVERY_MS 5000u
#define ANCHOR_WAIT_MS  3000u
#define TEXT_BYTES_MAX  8192u

/* What a target is: an app's probe in a region, or an anchor. */
struct target {
    struct evac_probes *probes;
    uint16_t app, probe, region;
    bool anchor;
    uint16_t number;
    uint64_t id;
};

struct evac_probes {
    const struct evac_model *model;
    struct evac_probes_options o;
    struct evac_prober *prober;
    struct evac_arena *arena;
    bool *anchor_up;
    bool cut_off;
    size_t open;
};

/* --- what comes back ------------------------------------------------------------------------- */

/* Cut off is who reaches none of its anchors; without anchors it can not know, and trusts itself.
 */
static void anchor_seen(struct evac_probes *probes, const struct target *t, bool up)
{
    size_t count = probes->model->controller.anchor_count, reached = 0;
    if (probes->anchor_up[t->number] == up)
        return;
    probes->anchor_up[t->number] = up;
    for (size_t i = 0; i < count; i++)
        reached += probes->anchor_up[i];
    if (probes->cut_off == (reached == 0))
        return;
    probes->cut_off = reached == 0;
    probes->o.cut_off(probes->o.user, probes->cut_off);
}

static void tell(struct target *t, struct evac_seen_probe *seen)
{
    struct evac_probes *probes = t->probes;
    seen->app = t->app;
    seen->probe = t->probe;
    seen->region = t->region;
    if (probes->o.once) {
        evac_prober_remove(probes->prober, t->id);
        probes->open--;
    }
    probes->o.seen(probes->o.user, seen);
}

static void on_result(void *user, void *target, const struct evac_prober_result *r)
{
    struct target *t = target;
    if (t->anchor) {
        anchor_seen(user, t, r->status != 0); /* any answer: only the way there counts */
        return;
    }
    tell(t, &(struct evac_seen_probe){
                .known = true,
                .ok = r->ok,
                .latency_ms = r->latency_us / 1000,
                .sent_boot_ms = r->sent_boot_ms,
                .boot_ms = r->boot_ms,
                .certificate_until_ms = r->certificate_until_ms,
                .served_by = r->served_by,
                .reason = evac_str(r->ok ? r->warning : r->reason),
            });
}

static void on_untold(void *user, void *target, const char *why)
{
    struct target *t = target;
    (void)user;
    if (!t->anchor)
        tell(t, &(struct evac_seen_probe){ .reason = evac_str(why) });
}

static const char *on_ask(void *user, void *target, uint64_t id, uint32_t round)
{
    struct evac_probes *probes = user;
    const struct target *t = target;
    return probes->o.look(probes->o.user,
                          &(struct evac_probes_look){ t->app, t->probe, t->region, id, round });
}

void evac_probes_answer(struct evac_probes *probes, uint64_t id, uint32_t round,
                        enum evac_probes_answer answer, const char *reason)
{
    static const enum evac_prober_answer answers[] = {
        [EVAC_PROBES_GOOD] = EVAC_PROBER_GOOD,
        [EVAC_PROBES_BAD] = EVAC_PROBER_BAD,
        [EVAC_PROBES_UNKNOWN] = EVAC_PROBER_UNKNOWN,
    };
    evac_prober_answer(probes->prober, id, round, answers[answer], reason);
}

struct evac_probes_load evac_probes_load(const struct evac_probes *probes)
{
    struct evac_prober_stats stats = evac_prober_stats(probes->prober);
    return (struct evac_probes_load){ stats.targets, stats.queued };
}

size_t evac_probes_open(const struct evac_probes *probes)
{
    return probes->open;
}

/* --- what is asked --------------------------------------------------------------------------- */

struct evac_str evac_probes_text(struct evac_arena *arena, struct evac_str text,
                                 struct evac_str region)
{
    struct evac_buf out;
    evac_buf_init(&out, TEXT_BYTES_MAX);
    for (size_t i = 0; i < text.n;) {
        struct evac_str rest = { text.p + i, text.n - i };
        if (evac_str_starts(rest, "{region}")) {
            evac_buf_put_str(&out, region);
            i += 8;
        } else {
            evac_buf_putc(&out, text.p[i++]);
        }
    }
    struct evac_str kept = evac_arena_str(arena, evac_buf_str(&out));
    evac_buf_done(&out);
    return kept;
}

static const struct evac_str *texts_of(struct evac_arena *arena, const struct evac_str *texts,
                                       size_t count, struct evac_str region)
{
    struct evac_str *out = evac_arena_array(arena, count + 1, sizeof *out);
    for (size_t i = 0; i < count; i++)
        out[i] = evac_probes_text(arena, texts[i], region);
    return out;
}

static const enum evac_prober_kind kinds[EVAC_PROBE_KIND_COUNT] = {
    [EVAC_PROBE_KIND_HTTP] = EVAC_PROBER_HTTP, [EVAC_PROBE_KIND_TCP] = EVAC_PROBER_TCP,
    [EVAC_PROBE_KIND_TLS] = EVAC_PROBER_TLS,   [EVAC_PROBE_KIND_DNS] = EVAC_PROBER_DNS,
    [EVAC_PROBE_KIND_EXEC] = EVAC_PROBER_EXEC, [EVAC_PROBE_KIND_LOOK] = EVAC_PROBER_ASKED,
};

static struct evac_prober_target describe(const struct evac_probes *probes,
                                          const struct evac_probe *p, struct evac_str region)
{
    struct evac_arena *arena = probes->arena;
    struct evac_json_test json = p->json;
    json.is = evac_probes_text(arena, json.is, region);
    return (struct evac_prober_target){
        .kind = kinds[p->kind],
        .at_once = probes->o.once,
        .url = evac_probes_text(arena, p->target, region),
        .every_ms = p->every_ms,
        .connect_ms = p->connect_ms,
        .reply_ms = p->reply_ms,
        .latency_ms = p->latency_ms,
        .certificate_ms = p->certificate_ms,
        .certificate_fails = !evac_probe_role_votes(p->role),
        .expect_status = p->expect_status,
        .keep_alive = p->keeps_connection,
        .expect_body = evac_probes_text(arena, p->expect_body, region),
        .wants_served_by = p->role == EVAC_PROBE_ENDPOINT,
        .served_by = p->served_by,
        .json = json,
        .dns_type = p->dns_type,
        .expected = texts_of(arena, p->expected, p->expected_count, region),
        .expected_count = p->expected_count,
        .resolvers = p->resolvers,
        .resolver_count = p->resolver_count,
        .argv = texts_of(arena, p->argv, p->arg_count, region),
        .arg_count = p->arg_count,
    };
}

static enum evac_code add(struct evac_probes *probes, const struct target *what,
                          struct evac_prober_target *target, struct evac_err *err)
{
    struct target *own = evac_arena_alloc(probes->arena, sizeof *own);
    *own = *what;
    own->probes = probes;
    target->user = own;
    target->resolver = probes->model->controller.resolver;
    return evac_prober_add(probes->prober, target, &own->id, err);
}

static bool is_wanted(const struct evac_probes *probes, uint16_t a, const struct evac_probe *probe)
{
    if (probe->kind == EVAC_PROBE_KIND_LOOK && !probes->o.look)
        return false;
    return !probes->o.wanted || probes->o.wanted(probes->o.user, a, probe);
}

static enum evac_code add_probe(struct evac_probes *probes, uint16_t a, uint16_t p,
                                struct evac_err *err)
{
    const struct evac_app *app = evac_model_probed(probes->model, a);
    const struct evac_probe *probe = &app->probes[p];
    size_t regions = probe->regional ? app->region_count : 1;
    for (uint16_t r = 0; r < regions; r++) {
        const struct target what = { .app = a, .probe = p, .region = r };
        struct evac_prober_target target = describe(probes, probe, app->regions[r]);
        enum evac_code code = add(probes, &what, &target, err);
        if (code)
            return evac_err_prefix(err, "app %.*s, probe %.*s", EVAC_STR_ARG(app->name),
                                   EVAC_STR_ARG(probe->name)),
                   code;
        probes->open++;
    }
    return EVAC_OK;
}

static enum evac_code add_probes(struct evac_probes *probes, struct evac_err *err)
{
    enum evac_code code = EVAC_OK;
    for (uint16_t a = 0; !code && a < evac_model_probed_count(probes->model); a++) {
        const struct evac_app *app = evac_model_probed(probes->model, a);
        for (uint16_t p = 0; !code && p < app->probe_count; p++)
            if (is_wanted(probes, a, &app->probes[p]))
                code = add_probe(probes, a, p, err);
    }
    return code;
}

static enum evac_code add_anchors(struct evac_probes *probes, struct evac_err *err)
{
    const struct evac_controller_conf *conf = &probes->model->controller;
    enum evac_code code = EVAC_OK;
    probes->anchor_up = evac_arena_array(probes->arena, conf->anchor_count + 1, sizeof(bool));
    for (uint16_t i = 0; !code && i < conf->anchor_count; i++) {
        const struct target what = { .anchor = true, .number = i };
        struct evac_prober_target target = { .url = conf->anchors[i],
                                             .every_ms = ANCHOR_EVERY_MS,
                                             .connect_ms = ANCHOR_WAIT_MS,
                                             .reply_ms = ANCHOR_WAIT_MS };
        probes->anchor_up[i] = true; /* until it is seen to be otherwise */
        code = add(probes, &what, &target, err);
    }
    return code;
}

/* --- life ------------------------------------------------------------------------------------ */

enum evac_code evac_probes_new(uv_loop_t *loop, const struct evac_model *model,
                               const struct evac_probes_options *options,
                               struct evac_probes **ret_probes, struct evac_err *err)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_probes *probes = evac_arena_alloc(arena, sizeof *probes);
    *probes = (struct evac_probes){ .model = model, .o = *options, .arena = arena };
    struct evac_prober_options prober = { .ca_file = evac_host_uv_ca_file(options->host),
                                          .fn = on_result,
                                          .untold = on_untold,
                                          .ask = on_ask,
                                          .host = options->host,
                                          .user = probes };
    options->host->random(options->host->ctx, &prober.seed, sizeof prober.seed);
    enum evac_code code =
        evac_prober_new(loop, evac_host_uv_dns(options->host), &prober, &probes->prober, err);
    if (!code && options->cut_off)
        code = add_anchors(probes, err);
    if (!code)
        code = add_probes(probes, err);
    if (code)
        evac_probes_free(probes);
    else
        *ret_probes = probes;
    return code;
}

void evac_probes_free(struct evac_probes *probes)
{
    if (!probes)
        return;
    evac_prober_free(probes->prober);
    evac_arena_free(probes->arena);
}

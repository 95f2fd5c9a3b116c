/* What controllers and other vantages see: one probe at a time, asked of the sandbox as a user
 * would; and what is so, whether they can see it or not. */
#include "world_internal.h"

#include "format.h"

#include <stdio.h>
#include <string.h>

struct probe_loop {
    struct seat *seat; /* of the controllers whose it is; an agent's: the first's */
    uint16_t probe, region, vantage;
    uint32_t nth;
};

/* Where in its period a place looks: of its own, where draws are apart. */
static uint64_t phase(struct world *w, struct probe_loop *p, uint64_t n)
{
    struct fate of = { .operation = "probe", .nth = ++p->nth };
    if (!w->o.apart)
        return below(w, n);
    return fate_draw(w->o.seed, &of,
                     16u + p->probe * 64u + p->region * 8u + p->vantage + p->seat->number, n);
}

void probes_substitute(struct evac_str text, struct evac_str region, char *out, size_t bytes)
{
    const struct evac_str place = EVAC_STR("{region}");
    size_t n = 0;
    while (text.n) {
        const char *at = memchr(text.p + 1, '{', text.n - 1);
        bool is_place = evac_str_starts(text, place.p);
        size_t taken = is_place ? place.n : at ? (size_t)(at - text.p) : text.n;
        struct evac_str part = is_place ? region : (struct evac_str){ text.p, taken };
        size_t room = n + 1 < bytes ? bytes - n - 1 : 0;
        part.n = part.n < room ? part.n : room;
        memcpy(out + n, part.p, part.n);
        n += part.n;
        text = (struct evac_str){ text.p + taken, text.n - taken };
    }
    out[n] = '\0';
}

bool probes_ask(struct world *w, const char *url, struct evac_sandbox_reply *reply)
{
    struct evac_str port, name = evac_str_cut(names_host_of(evac_str(url)), ':', &port);
    char local[32] = "";
    if (names_is_one(name) && !names_resolve(w, name, local, sizeof local))
        return false;
    struct evac_http_header headers[] = {
        { EVAC_STR("Host"), names_host_of(evac_str(url)) },
        { EVAC_STR("x-evac-sandbox-local"), evac_str(local) },
    };
    struct evac_http_request request = { .method = EVAC_STR("GET"),
                                         .url = evac_str(url),
                                         .headers = headers,
                                         .header_count = 2,
                                         .total_ms = 2000 };
    evac_sandbox_advance(w->sandbox, w->v.now_ms);
    evac_sandbox_http(w->sandbox, &request, reply);
    return reply->fate == EVAC_SANDBOX_REPLY;
}

/* Can the place reach that region? */
static bool sees(struct world *w, const struct probe_loop *p)
{
    const struct evac_app *app = &w->model->apps[0];
    const char *blind = w->places[p->vantage + p->seat->number].blind;
    if (p->seat->alone)
        return false;
    return !blind || (blind[0] && (!app->probes[p->probe].regional ||
                                   !evac_str_is(app->regions[p->region], blind)));
}

static void remember(struct world *w, const struct probe_loop *p, const struct evac_probe_result *r)
{
    const struct evac_app *app = &w->model->apps[0];
    struct place *place = &w->places[p->vantage];
    if (place->silent || place->count == SEEN_MAX)
        return;
    place->asked_ms[place->count] = r->sent_boot_ms;
    place->seen[place->count++] = (struct evac_batch_result){
        .app = app->name,
        .probe = app->probes[p->probe].name,
        .region = app->probes[p->probe].regional ? app->regions[p->region] : EVAC_STR(""),
        .ok = r->ok,
        .latency_ms = r->latency_ms,
        .reason = evac_arena_str(w->arena, r->reason),
    };
}

/* As the agent does it, once a second. */
static void report_due(void *owner, void *what)
{
    struct world *w = owner;
    struct place *place = what;
    size_t vantage = (size_t)(place - w->places);
    struct evac_buf json;
    char lease[32];
    later(w, 1000, report_due, place);
    if (place->silent || !w->shell)
        return;
    for (size_t i = 0; i < place->count; i++)
        place->seen[i].asked_ago_ms = (uint32_t)(w->v.now_ms - place->asked_ms[i]);
    (void)snprintf(lease, sizeof lease, "lease-%zu", vantage);
    const struct evac_batch batch = { .lease = evac_str(lease),
                                      .seq = ++place->seq,
                                      .config = evac_str(w->model->hash),
                                      .abstains = place->abstains,
                                      .results = place->seen,
                                      .count = place->count };
    evac_buf_init(&json, EVAC_BATCH_BYTES_MAX);
    evac_batch_to_json(&batch, &json);
    (void)evac_shell_vantage(w->shell, w->model->controller.vantages[vantage - 1].name,
                             evac_buf_str(&json), NULL, NULL);
    evac_buf_done(&json);
    place->count = 0;
}

void world_blind(struct world *w, size_t vantage, const char *region)
{
    w->places[vantage].blind = region;
}

void world_silence(struct world *w, size_t vantage, bool silent)
{
    w->places[vantage].silent = silent;
    w->places[vantage].count = 0;
}

void world_abstain(struct world *w, size_t vantage, bool cut_off)
{
    struct evac_event event = { .kind = EVAC_EVENT_ANCHORS, .u.abstains = cut_off };
    struct evac_shell *shell = vantage < w->seat_count ? shell_of(&w->seats[vantage]) : NULL;
    w->places[vantage].abstains = cut_off;
    if (shell)
        (void)evac_shell_event(shell, &event, NULL);
}

#define RISE 2u /* as the demonstration's probe has it */

static void note_truth(struct world *w, const struct probe_loop *p, bool good)
{
    struct health *h = &p->seat->truly[p->region];
    if (!w->model->apps[0].probes[p->probe].regional || p->vantage > 0)
        return;
    h->good = good ? h->good + 1 : 0;
    h->bad = good ? h->bad : h->bad + 1;
    h->row = good ? 0 : h->row + 1;
    h->longest = h->row > h->longest ? h->row : h->longest;
    if (!good && h->bad_since_ms == 0)
        h->bad_since_ms = w->v.now_ms;
    if (!good)
        h->last_bad_ms = w->v.now_ms;
    if (h->good >= RISE && h->bad_since_ms) {
        h->was_bad_since_ms = h->bad_since_ms;
        h->was_longest = h->longest;
        h->mended_ms = w->v.now_ms;
        h->bad_since_ms = h->bad = h->longest = 0;
    }
}

static void probe_due(void *owner, void *what)
{
    struct world *w = owner;
    struct probe_loop *p = what;
    const struct evac_app *app = &w->model->apps[0];
    const struct evac_probe *probe = &app->probes[p->probe];
    struct evac_sandbox_reply reply = { 0 };
    struct evac_event event = { .kind = EVAC_EVENT_PROBE };
    struct evac_probe_result *r = &event.u.probe.result;
    char url[512], served[32] = "";

    probes_substitute(probe->target, app->regions[p->region], url, sizeof url);
    evac_buf_init(&reply.body, 8u << 20);
    bool answered = probes_ask(w, url, &reply);
    r->ok =
        answered && reply.status >= 200 && reply.status < 400 &&
        evac_str_has(evac_buf_str(&reply.body), probe->expect_body.n ? probe->expect_body.p : "");
    for (size_t i = 0; answered && i < reply.header_count; i++) {
        struct evac_http_reply one = { .headers = &reply.headers[i], .header_count = 1 };
        if (probe->served_by.n && evac_http_header(&one, probe->served_by.p).n)
            (void)evac_str_copy(served, sizeof served, reply.headers[i].value);
    }
    note_truth(w, p, r->ok);
    if (!sees(w, p))
        answered = r->ok = false;
    r->probe = p->probe;
    r->region = p->region;
    r->latency_ms = 3;
    r->boot_ms = world_own_ms(p->seat, w->v.now_ms);
    r->sent_boot_ms = r->boot_ms - 3;
    r->wall_ms = world_wall_ms(p->seat);
    r->served_by = evac_str(served);
    r->reason = r->ok      ? EVAC_STR_NONE
                : answered ? EVAC_STR("not what was expected")
                           : EVAC_STR("connection refused");
    if (p->vantage > 0)
        remember(w, p, r);
    else if (w->many)
        many_saw(p->seat, r);
    if (p->vantage == 0 && shell_of(p->seat))
        (void)evac_shell_event(shell_of(p->seat), &event, NULL);
    evac_buf_done(&reply.body);
    later(w, probe->every_ms - probe->every_ms / 10 + phase(w, p, probe->every_ms / 5 + 1),
          probe_due, p);
}

static void begin_place(struct world *w, struct seat *seat, uint16_t vantage)
{
    const struct evac_app *app = &w->model->apps[0];
    for (uint16_t p = 0; p < app->probe_count; p++)
        for (uint16_t r = 0; r < (app->probes[p].regional ? app->region_count : 1); r++) {
            bool own = app->probes[p].role == EVAC_PROBE_ENDPOINT; /* the controller's to look at */
            if (app->probes[p].kind != EVAC_PROBE_KIND_HTTP || (own && vantage > 0))
                continue;
            struct probe_loop *loop = evac_arena_alloc(w->arena, sizeof *loop);
            *loop = (struct probe_loop){ seat, p, r, vantage, 0 };
            later(w, phase(w, loop, app->probes[p].every_ms), probe_due, loop);
        }
}

void probes_begin(struct world *w)
{
    for (unsigned i = 1; i < w->seat_count; i++)
        begin_place(w, &w->seats[i], 0);
    for (uint16_t v = 0; v <= (w->many ? 0 : w->model->controller.vantage_count); v++) {
        begin_place(w, &w->seats[0], v);
        if (v > 0)
            later(w, below(w, 1000), report_due, &w->places[v]);
    }
}

bool probes_is_look(const struct evac_due *due)
{
    return due->fn == probe_due;
}

struct seat *probes_whose(struct world *w, const struct evac_due *due)
{
    if (due->fn == probe_due)
        return ((struct probe_loop *)due->what)->seat;
    return due->fn == report_due ? &w->seats[0] : NULL;
}

#include "evacuation.h"

#include "builtin.h"
#include "builtin_runbooks.h"
#include "conf.h"
#include "foresee.h"
#include "host_paced.h"
#include "host_wrap.h"
#include "sandbox_bench.h"
#include "shell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ZONES      10u
#define REGIONS    2u
#define FROM       "us-west-2"
#define TO         "us-east-2"
#define STEP_MS    10u
#define EVERY_MS   10000u /* of the probes */
#define ANSWER_MS  20u    /* of the apps' endpoints */
#define CALM_MS    120000u
#define GIVE_UP_MS 1800000u /* beyond that not all will have moved */
#define FILE_BYTES 65536u
#define OTHERS     80u /* of each kind of app at least two */

static const char *const region_names[REGIONS] = { FROM, TO };
/* What a region's records say. */
static const char *const addresses[REGIONS] = { "192.0.2.1", "192.0.2.2" };

static struct scene {
    const struct evacuation_options *o;
    struct evacuation *told;
    struct bench *bench;
    const struct evac_host *inner;
    struct evac_host host;
    const struct evac_facts *facts;
    struct evac_arena *facts_arena;
    struct evac_pace *pace;
    struct evac_host_paced *paced; /* before host: asked no faster than AWS takes it */
    struct evac_host look;         /* the same, read only */
    struct evac_model *model;
    struct evac_store *store;
    struct evac_shell *shell;
    uint64_t ordered_ms; /* 0: not yet */
    unsigned going;
    bool down;
} s;

static void give_up(const char *why)
{
    fprintf(stderr, "bench_evacuate: %s\n", why);
    exit(1);
}

/* --- what there is --------------------------------------------------------------------------- */

static bool has_table(unsigned i)
{
    return i % 40 == 3; /* as many as the model of AWS keeps */
}

static bool has_group(unsigned i)
{
    return i % 40 == 7;
}

static void make_compute(unsigned i)
{
    for (size_t r = 0; r < REGIONS; r++) {
        bench_control(s.bench,
                      "make ecs %s {\"cluster\":\"apps\",\"service\":\"app-%04u\",\"count\":%u}",
                      region_names[r], i, r ? 1u : 3u);
        if (has_group(i))
            bench_control(
                s.bench,
                "make autoscaling %s {\"group\":\"app-%04u\",\"min\":0,\"max\":10,\"desired\":%u}",
                region_names[r], i, r ? 1u : 2u);
    }
    if (has_table(i))
        bench_control(s.bench,
                      "make dynamodb " FROM " {\"table\":\"app-%04u\",\"replicas\":[\"" FROM
                      "\",\"" TO "\"]}",
                      i);
}

static void make_world(void)
{
    for (unsigned z = 0; z < ZONES; z++)
        bench_control(s.bench,
                      "make route53 us-east-1"
                      " {\"kind\":\"zone\",\"id\":\"Z%02u\",\"name\":\"z%02u.example.net\"}",
                      z, z);
    for (unsigned i = s.o->first; i < s.o->first + s.o->apps; i++) {
        make_compute(i);
        bench_control(s.bench,
                      "make route53 us-east-1"
                      " {\"kind\":\"record\",\"zone\":\"Z%02u\",\"name\":"
                      "\"app-%04u.z%02u.example.net\",\"value\":\"%s\"}",
                      i % ZONES, i, i % ZONES, addresses[0]);
    }
    bench_control(s.bench, s.o->unlimited ? "limits off" : "limits on");
}

static void put_app(unsigned i, struct evac_buf *out)
{
    evac_buf_putf(
        out,
        "app = { name = \"app-%04u\"; strategy = \"warm-standby\"; regions = ( \"" FROM "\", \"" TO
        "\" );\n"
        "tier = %u; objectives = { rto = \"30m\"; rpo = \"5m\"; };\n"
        "endpoint = { url = \"http://app-%04u.z%02u.example.net/\"; expect = \"ok\"; served_by = "
        "\"x-region\"; regional = \"http://{region}.app-%04u.z%02u.example.net/\"; every = "
        "\"10s\"; };\n"
        "probes = ( { name = \"web\"; http = \"http://{region}.app-%04u.z%02u.example.net/\"; "
        "every = "
        "\"10s\"; fall = 3; rise = 2; } );\n"
        "policy = { automatic = \"never\"; };\n",
        i, i % 2 ? 1u : i % 5 + 1, i, i % ZONES, i, i % ZONES, i, i % ZONES);
    /* Some wait for the one before them, which is of the first tier. */
    if (i % 10 == 2 && i > s.o->first)
        evac_buf_putf(out, "waits_for = ( \"app-%04u\" );\n", i - 1);
    evac_buf_putf(
        out,
        "resources = { web = { type = \"ecs\"; cluster = \"apps\"; service = \"app-%04u\"; "
        "count = { active = 3; standby = 1; }; };\n"
        "dns = { type = \"route53\"; zone = \"Z%02u\"; name = \"app-%04u.z%02u.example.net\"; "
        "switch = \"record\"; ttl = 60; target = { us-west-2 = \"%s\"; us-east-2 = \"%s\"; }; };\n",
        i, i % ZONES, i, i % ZONES, addresses[0], addresses[1]);
    if (has_table(i))
        evac_buf_putf(out, "data = { type = \"dynamodb\"; table = \"app-%04u\"; };\n", i);
    if (has_group(i))
        evac_buf_putf(out,
                      "batch = { type = \"asg\"; group = \"app-%04u\"; count = { active = 2; "
                      "standby = 1; }; };\n",
                      i);
    evac_buf_puts(out, "}; };\n");
}

static void put_controller(struct evac_buf *out)
{
    evac_buf_putf(out,
                  "node = \"bench\";\n"
                  "incident = { parallel = %u; overlap = true; };\nlimits = { share = %u; };\n",
                  s.o->parallel ? s.o->parallel : 1000u, s.o->unlimited ? 0u : 100u);
    if (s.o->unlimited) /* what services take, not when it is looked at */
        evac_buf_puts(out, "engine = { poll = \"500ms\"; poll_max = \"500ms\"; };\n");
}

static void load(void)
{
    struct evac_arena *arena = evac_arena_new();
    size_t most = s.o->apps + evac_builtin_runbook_count + 1, n = 0;
    struct evac_conf_text *files = evac_arena_array(arena, most, sizeof *files);
    struct evac_diag diag = { .arena = arena };
    struct evac_err err = { EVAC_OK, "" };
    for (size_t i = 0; i < evac_builtin_runbook_count; i++)
        files[n++] = evac_builtin_runbooks[i];
    for (unsigned i = 0; i <= s.o->apps; i++) {
        struct evac_buf text;
        evac_buf_init(&text, FILE_BYTES);
        if (i == 0)
            put_controller(&text);
        else
            put_app(s.o->first + i - 1, &text);
        files[n++] =
            (struct evac_conf_text){ i == 0 ? "evac.cfg"
                                            : evac_arena_printf(arena, "apps/%u.cfg", i - 1).p,
                                     evac_arena_str(arena, evac_buf_str(&text)) };
        evac_buf_done(&text);
    }
    if (evac_conf_parse(files, n, &diag, &s.model, &err)) {
        struct evac_buf told;
        evac_buf_init(&told, 1u << 20);
        evac_diag_print(&diag, &told);
        give_up(told.p ? told.p : err.text);
    }
    evac_arena_free(arena);
}

/* --- requests: AWS's are the model's, the apps' are answered here ----------------------------- */

static struct evacuation_operation *operation_of(const struct evac_http_request *r)
{
    struct evacuation *e = s.told;
    for (size_t i = 0; i < e->operation_count; i++)
        if (evac_str_is(r->operation, e->operations[i].name) &&
            evac_str_is(r->region, e->operations[i].region))
            return &e->operations[i];
    if (e->operation_count == EVACUATION_OPERATIONS_MAX)
        give_up("more operations than are counted");
    struct evacuation_operation *o = &e->operations[e->operation_count++];
    *o = (struct evacuation_operation){ .mutates = r->mutates };
    (void)evac_str_copy(o->name, sizeof o->name, r->operation);
    (void)evac_str_copy(o->region, sizeof o->region, r->region);
    return o;
}

static void count_service(const struct evac_http_request *r)
{
    struct evacuation *e = s.told;
    struct evac_str rest, name = evac_str_cut(r->operation, ':', &rest);
    size_t i = 0;
    while (i < e->service_count && !evac_str_is(name, e->services[i].name))
        i++;
    if (i == EVACUATION_SERVICES_MAX)
        give_up("more services than are counted");
    if (i == e->service_count)
        (void)evac_str_copy(e->services[e->service_count++].name, sizeof e->services[i].name, name);
    e->services[i].asked++;
}

static unsigned times(struct evac_str text, const char *part)
{
    unsigned n = 0;
    for (size_t i = 0, length = strlen(part); i + length <= text.n; i++)
        n += memcmp(text.p + i, part, length) == 0;
    return n;
}

/* A request to AWS that is on its way, so that its answer is seen. */
struct asked {
    struct evacuation_operation *operation;
    unsigned changes;
    evac_http_done_fn *done;
    void *user;
};

static void note_refusal(struct evacuation_operation *o)
{
    o->refused++;
    s.told->refused++;
    if (!s.pace)
        return;
    struct evac_pace_key key =
        evac_pace_find(s.pace, evac_str(o->name), evac_str(o->region), bench_now(s.bench));
    evac_pace_refused(s.pace, &key, bench_now(s.bench));
}

static void on_answer(void *user, const struct evac_http_reply *reply)
{
    struct asked a = *(struct asked *)user;
    free(user);
    bool throttled = reply->fate == EVAC_HTTP_REPLIED && reply->status >= 400 &&
                     (reply->status == 429 || evac_str_has(reply->body, "hrottl") ||
                      evac_str_has(reply->body, "PriorRequestNotComplete"));
    if (a.operation && throttled)
        note_refusal(a.operation);
    if (a.changes && reply->fate == EVAC_HTTP_REPLIED && reply->status == 200) {
        s.told->dns_batches++;
        s.told->dns_changes += a.changes;
    }
    a.done(a.user, reply);
}

/* --- the apps' own endpoints ------------------------------------------------------------------ */

struct visit {
    size_t region; /* who answers; REGIONS: nobody */
    evac_http_done_fn *done;
    void *user;
};

static void on_visited(void *user)
{
    struct visit v = *(struct visit *)user;
    bool answered = v.region < REGIONS && !(s.down && v.region == 0);
    const struct evac_http_header header = { EVAC_STR("x-region"),
                                             evac_str(answered ? region_names[v.region] : "") };
    const struct evac_http_reply reply = { .fate =
                                               answered ? EVAC_HTTP_REPLIED : EVAC_HTTP_NOT_SENT,
                                           .status = answered ? 200 : 0,
                                           .headers = &header,
                                           .header_count = 1,
                                           .body =
                                               EVAC_STR("{\"status\":\"ok\",\"writable\":true}"),
                                           .error = answered ? "" : "connection refused" };
    free(user);
    v.done(v.user, &reply);
}

static void arrive(struct visit *v)
{
    uint64_t id;
    if (s.inner->timer(s.inner->ctx, ANSWER_MS, on_visited, v, &id, NULL))
        give_up("no timer");
}

static void on_resolved(void *user, const struct evac_dns_reply *reply)
{
    struct visit *v = user;
    v->region = REGIONS;
    for (size_t r = 0; r < REGIONS && reply->value_count; r++)
        if (evac_str_is(reply->values[0], addresses[r]))
            v->region = r;
    arrive(v);
}

static enum evac_code visit(struct evac_str name, evac_http_done_fn *done, void *user)
{
    struct visit *v = calloc(1, sizeof *v);
    struct evac_str rest;
    if (!v)
        abort();
    *v = (struct visit){ REGIONS, done, user };
    struct evac_str first = evac_str_cut(name, '.', &rest);
    for (size_t r = 0; r < REGIONS; r++)
        if (evac_str_is(first, region_names[r])) {
            v->region = r;
            arrive(v);
            return EVAC_OK;
        }
    return s.inner->dns(s.inner->ctx, name, "A", EVAC_STR_NONE, 2000, on_resolved, v, NULL);
}

static enum evac_code http(void *ctx, const struct evac_http_request *request,
                           evac_http_done_fn *done, void *user, uint64_t *ret_id,
                           struct evac_err *err)
{
    struct evac_str rest = request->url;
    evac_str_cut(rest, '/', &rest);
    evac_str_cut(rest, '/', &rest);
    struct evac_str name = evac_str_cut(rest, '/', &rest);
    if (evac_str_ends(name, ".example.net")) {
        *ret_id = 0;
        return visit(name, done, user);
    }
    struct asked *a = calloc(1, sizeof *a);
    if (!a)
        abort();
    *a = (struct asked){ .done = done, .user = user };
    if (s.ordered_ms) {
        a->operation = operation_of(request);
        a->operation->asked++;
        s.told->requests++;
        count_service(request);
        if (evac_str_is(request->operation, "route53:ChangeResourceRecordSets"))
            a->changes = times(request->body, "<Action>");
    }
    return s.inner->http(ctx, request, on_answer, a, ret_id, err);
}

/* --- the controller --------------------------------------------------------------------------- */

static void on_row(void *user, const struct evac_record *r)
{
    struct evacuation *e = s.told;
    uint64_t since = bench_now(s.bench) - s.ordered_ms;
    (void)user;
    if (s.o->unlimited && s.o->history)
        evac_history_row(s.o->history, r);
    if (!s.ordered_ms)
        return;
    e->rows++;
    if (s.o->verbose)
        fprintf(stderr, "%8.2f %s %.*s %.*s %.*s -> %.*s %.*s\n", (double)since / 1000,
                evac_record_kind_name(r->kind), EVAC_STR_ARG(r->app), EVAC_STR_ARG(r->name),
                EVAC_STR_ARG(r->from), EVAC_STR_ARG(r->to),
                (int)(r->text.n < 120 ? r->text.n : 120), r->text.n ? r->text.p : "");
    if (r->kind == EVAC_RECORD_RUN && evac_str_is(r->to, "running") && ++s.going > e->most_at_once)
        e->most_at_once = s.going;
    if (r->kind == EVAC_RECORD_TERMINAL && s.going)
        s.going--;
    if (r->kind != EVAC_RECORD_INSTANT || !evac_str_is(r->name, "traffic_moved"))
        return;
    e->took_ms = since;
    e->moved++;
}

static void read_facts(void)
{
    struct evac_err err = { EVAC_OK, "" };
    s.facts_arena = evac_arena_new();
    struct evac_diag diag = { .arena = s.facts_arena };
    const struct evac_controller_conf *c = &s.model->controller;
    if (evac_builtin_load_facts(c->facts, c->prices, c->limits, &diag, &s.facts, &err))
        give_up(err.text);
}

static void start(void)
{
    struct evac_err err = { EVAC_OK, "" };
    read_facts();
    s.inner = bench_host(s.bench);
    s.host = *s.inner;
    s.host.http = http;
    s.pace = s.o->unlimited ? NULL : evac_pace_new(s.facts, s.model->controller.limits_share);
    s.paced = evac_host_paced_new(&s.host, s.pace);
    s.look = evac_host_readonly(evac_host_paced_host(s.paced));
    s.store = evac_store_new_memory("bench", "boot");
    struct evac_shell_options options = { .host = evac_host_paced_host(s.paced),
                                          .paced = s.paced,
                                          .look_host = &s.look,
                                          .facts = s.facts,
                                          .catalog = evac_builtin_catalog(),
                                          .store = s.store,
                                          .row = on_row };
    if (evac_shell_new(&options, s.model, &s.shell, &err))
        give_up(err.text);
}

static void probe(uint16_t app, uint16_t number, uint16_t region, bool ok)
{
    const struct evac_probe *p = &s.model->apps[app].probes[number];
    struct evac_event event = { .kind = EVAC_EVENT_PROBE };
    uint64_t now = bench_now(s.bench);
    event.u.probe.app = app;
    event.u.probe.result = (struct evac_probe_result){
        .probe = number,
        .region = region,
        .ok = ok,
        .latency_ms = 5,
        .sent_boot_ms = now - 5,
        .boot_ms = now,
        .wall_ms = bench_wall(s.bench),
        .served_by = p->role == EVAC_PROBE_ENDPOINT && ok ? EVAC_STR(FROM) : EVAC_STR_NONE,
        .reason = ok ? EVAC_STR_NONE : EVAC_STR("connection refused"),
    };
    (void)evac_shell_event(s.shell, &event, NULL);
}

/* The public name leads where its record says; it is only looked at while it leads there. */
static void look_at(uint16_t app)
{
    const struct evac_app *a = &s.model->apps[app];
    for (uint16_t p = 0; p < a->probe_count; p++)
        for (uint16_t r = 0; r < (a->probes[p].regional ? a->region_count : 1u); r++)
            probe(app, p, r, !s.down || (a->probes[p].regional && r > 0));
}

static void pass(uint64_t ms)
{
    const unsigned slots = EVERY_MS / STEP_MS;
    for (uint64_t until = bench_now(s.bench) + ms; bench_now(s.bench) < until;) {
        bench_run(s.bench, STEP_MS);
        for (unsigned i = (unsigned)(bench_now(s.bench) / STEP_MS) % slots; i < s.o->apps;
             i += slots)
            look_at((uint16_t)i);
        for (int k = 0; k < 100 && evac_shell_wake_ms(s.shell) <= bench_now(s.bench); k++)
            (void)evac_shell_tick(s.shell, NULL);
    }
}

static const struct evac_order_wish all = { .mode = EVAC_ORDER_UNGRACEFUL };

/* What evacd does before it takes an order: the longest ways are told, and go first. */
static void foresee(void)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_foreseen foreseen;
    struct evac_err err = { EVAC_OK, "" };
    const struct evac_foresee_input in = {
        .shell = s.shell,
        .model = s.model,
        .catalog = evac_builtin_catalog(),
        .facts = s.facts,
        .pace = s.pace,
        .history = s.o->history,
        .region = EVAC_STR(FROM),
        .wish = all,
        .now = { .boot_ms = bench_now(s.bench), .wall_ms = bench_wall(s.bench) },
    };
    if (evac_foresee(&in, arena, &foreseen, &err))
        give_up(err.text);
    evac_foresee_tell(&foreseen, s.shell);
    s.told->bound_ms = foreseen.bound_ms;
    s.told->estimate_ms = foreseen.estimate_ms;
    (void)evac_str_copy(s.told->bound_by, sizeof s.told->bound_by, foreseen.bound_by);
    evac_arena_free(arena);
}

static void order(void)
{
    struct evac_event event = { .kind = EVAC_EVENT_COMMAND };
    struct evac_err err = { EVAC_OK, "" };
    foresee();
    s.ordered_ms = bench_now(s.bench);
    event.u.command = (struct evac_command){ .verb = EVAC_CMD_EVACUATE,
                                             .incident = EVAC_STR(FROM),
                                             .who = EVAC_STR("ann"),
                                             .reason = EVAC_STR("the region is down"),
                                             .order = &all };
    if (evac_shell_event(s.shell, &event, &err))
        give_up(err.text);
}

static void end(void)
{
    evac_shell_free(s.shell);
    bench_free(s.bench); /* answers come to nothing */
    evac_host_paced_free(s.paced);
    evac_pace_free(s.pace);
    evac_store_close(s.store);
    evac_model_free(s.model);
    evac_arena_free(s.facts_arena);
}

void evacuate(const struct evacuation_options *options, struct evacuation *ret)
{
    *ret = (struct evacuation){ .apps = options->apps };
    s = (struct scene){ .o = options, .told = ret, .bench = bench_new_seeded(1, options->seed) };
    make_world();
    load();
    start();
    pass(CALM_MS);
    s.down = true;
    bench_control(s.bench, "region " FROM " down");
    pass(CALM_MS); /* all of it is seen; what is measured begins with the order */
    order();
    while (ret->moved < options->apps && bench_now(s.bench) - s.ordered_ms < GIVE_UP_MS)
        pass(STEP_MS);
    end();
}

void evacuate_others(struct evac_history *history)
{
    struct evacuation one;
    for (unsigned i = 0; i < OTHERS; i++)
        evacuate(
            &(struct evacuation_options){ .first = EVACUATION_APPS_MAX + i,
                                          .apps = 1,
                                          .seed =
                                              1 + 1009 * i, /* draws that have nothing in common */
                                          .unlimited = true,
                                          .history = history },
            &one);
}

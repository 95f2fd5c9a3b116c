#include "fleet_world.h"

#include "conf.h"
#include "store_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BOOT_MS   1000000u
#define WALL_MS   1790000000000 /* 2026-09-21 */
#define STEP_MS   100u
#define PROBE_MS  20000u
#define ANSWER_MS 200u
#define MOVES_MS  3000u /* how long a switch moves */
#define CALLS_MAX 4096u
#define REGIONS   2u

struct pending {
    evac_done_fn *done;
    void *user;
    struct evac_reply reply;
    uint64_t at_ms, id;
};

struct fleet {
    struct fleet_options o;
    uint64_t now_ms, numbers;
    struct evac_arena *arena;
    struct evac_model *model, *old_model; /* replaced; open calls may point into it */
    struct evac_store *store;
    struct evac_shell *shell;
    struct evac_host host;
    bool down[FLEET_APPS_MAX][REGIONS];
    uint64_t on_ms[FLEET_APPS_MAX][REGIONS]; /* the switch is on from then; 0 off */
    enum evac_outcome outcome;
    struct pending calls[CALLS_MAX];
    size_t call_count;
    size_t order[4 * FLEET_APPS_MAX], admitted;
    size_t going, most;
    unsigned alarms;
    struct evac_buf trace;
    struct evac_err said;
};

/* --- the driver: one switch an app and region
 * -------------------------------------------------------------- */

static struct fleet *the_fleet; /* the pack's open() has no other way to it */

static size_t index_of(struct evac_str app)
{
    int64_t n = 0;
    struct evac_str digits = { app.p + strlen("app-"), app.n - strlen("app-") };
    if (!evac_str_i64(digits, &n) || n < 0 || n >= (int64_t)FLEET_APPS_MAX)
        abort();
    return (size_t)n;
}

static enum evac_code call(struct evac_link *link, const struct evac_call *c, evac_done_fn *done,
                           void *user, uint64_t *ret_id, struct evac_err *err)
{
    struct fleet *f = (void *)link;
    size_t app = index_of(evac_args_get(c->args, "app"));
    unsigned region = evac_str_is(evac_args_get(c->args, "region"), "us-east-1") ? 0 : 1;
    if (f->call_count == CALLS_MAX)
        return evac_fail(err, EVAC_E_TOOBIG, "too many calls");
    struct pending *p = &f->calls[f->call_count++];
    *p = (struct pending){
        done, user, { .verb = c->verb, .progress = -1 }, f->now_ms + ANSWER_MS, ++f->numbers
    };
    uint64_t on = f->on_ms[app][region];
    p->reply.outcome = f->outcome;
    p->reply.strong = true;
    p->reply.snapshot = EVAC_STR("{}");
    p->reply.seen = on == 0           ? EVAC_SEEN_UNSATISFIED
                    : f->now_ms >= on ? EVAC_SEEN_SATISFIED
                                      : EVAC_SEEN_MOVING;
    if (c->goal.n) /* as it was before: off */
        p->reply.seen = on ? EVAC_SEEN_UNSATISFIED : EVAC_SEEN_SATISFIED;
    if (c->verb == EVAC_VERB_APPLY && f->outcome == EVAC_OUTCOME_ACCEPTED)
        f->on_ms[app][region] = c->goal.n ? 0 : f->now_ms + MOVES_MS;
    *ret_id = p->id;
    return EVAC_OK;
}

static void cancel(struct evac_link *link, uint64_t id)
{
    struct fleet *f = (void *)link;
    for (size_t i = 0; i < f->call_count; i++)
        if (f->calls[i].id == id)
            f->calls[i].at_ms = f->now_ms;
}

static enum evac_code open_pack(const struct evac_host *host, const struct evac_args *settings,
                                struct evac_link **ret_link, struct evac_err *err)
{
    (void)host;
    (void)settings;
    (void)err;
    *ret_link = (void *)the_fleet;
    return EVAC_OK;
}

static void close_pack(struct evac_link *link)
{
    (void)link;
}

static const struct evac_param no_params[] = { { .name = NULL } };
static const struct evac_op scale_ops[] = {
    { .service = "db", .operation = "Look", .iam = "db:Look", .home = EVAC_HOME_TO },
    { .service = "db",
      .operation = "Switch",
      .iam = "db:Switch",
      .home = EVAC_HOME_TO,
      .mutates = true },
    { 0 },
};
static const struct evac_action actions[] = {
    { .name = "scale",
      .ops = scale_ops,
      .doc = "the switch is on",
      .flags = EVAC_ACTION_MUTATES,
      .usual_ms = 1000,
      .deadline_ms = 600000 },
    { .name = "try",
      .doc = "the switch is on, and off again when it was tried",
      .flags = EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE,
      .usual_ms = 1000,
      .deadline_ms = 600000 },
    { .name = NULL },
};
static const struct evac_driver unit = { .name = "unit",
                                         .doc = "a switch",
                                         .params = no_params,
                                         .actions = actions,
                                         .call = call,
                                         .cancel = cancel };
static const struct evac_driver *const drivers[] = { &unit, NULL };
static const struct evac_pack pack = { .abi = EVAC_DRIVER_ABI,
                                       .name = "fake",
                                       .drivers = drivers,
                                       .open = open_pack,
                                       .close = close_pack };
static const struct evac_pack *const packs[] = { &pack };
static const struct evac_catalog catalog = { packs, 1 };

/* --- the host
 * -------------------------------------------------------------------------------------------- */

static uint64_t host_now(void *ctx)
{
    return ((struct fleet *)ctx)->now_ms;
}

static int64_t host_wall(void *ctx)
{
    return WALL_MS + (int64_t)(((struct fleet *)ctx)->now_ms - BOOT_MS);
}

static void host_random(void *ctx, void *p, size_t bytes)
{
    (void)ctx;
    memset(p, 7, bytes);
}

/* --- configuration
 * --------------------------------------------------------------------------------------- */

static const char runbook[] = "runbook = { name = \"small\"; failover = { steps = (\n"
                              "  { name = \"scale\"; action = \"unit.scale\"; region = \"to\"; "
                              "phase = \"capacity\"; } ); };\n"
                              "  failback = { same_as = \"failover\"; }; drill = { steps = ( {\n"
                              "  name = \"try\"; action = \"unit.try\"; region = \"to\"; phase = "
                              "\"capacity\"; } ); }; };\n";

static struct evac_str app_text(struct fleet *f, size_t i)
{
    struct evac_buf text;
    evac_buf_init(&text, 1u << 16);
    evac_buf_putf(
        &text,
        "app = { name = \"app-%03zu\"; strategy = \"warm-standby\"; runbook = \"small\";\n"
        "regions = ( %s ); objectives = { rto = \"15m\"; rpo = "
        "\"1m\"; };\n"
        "resources = { unit = { type = \"unit\"; }; };\n"
        "health = { grace = \"0\"; };\n"
        "probes = ( { name = \"web\"; http = \"http://{region}.example.com/\"; every = "
        "\"20s\"; fall = 2; rise = 2; } );\n",
        i,
        f->o.reversed_from && i >= f->o.reversed_from ? "\"us-west-2\", \"us-east-1\""
                                                      : "\"us-east-1\", \"us-west-2\"");
    f->o.app(i, &text);
    evac_buf_puts(&text, "};\n");
    struct evac_str kept = evac_arena_str(f->arena, evac_buf_str(&text));
    evac_buf_done(&text);
    return kept;
}

static void load(struct fleet *f)
{
    struct evac_conf_text *files = evac_arena_array(f->arena, FLEET_APPS_MAX + 2, sizeof *files);
    struct evac_diag diag = { .arena = evac_arena_new() };
    struct evac_err err = { EVAC_OK, "" };
    size_t n = 0;
    files[n++] = (struct evac_conf_text){
        "evac.cfg",
        evac_arena_printf(f->arena,
                          "node = \"fleet\"; anchors = ( \"http://anchor.example.com/\" );\n"
                          "engine = { quarantine = \"1s\"; confirm = 0; poll = \"1s\"; poll_max = "
                          "\"2s\"; };\n%s",
                          f->o.controller ? f->o.controller : "")
    };
    files[n++] = (struct evac_conf_text){ "runbooks/small.cfg", evac_str(runbook) };
    for (size_t i = 0; i < f->o.apps; i++)
        files[n++] = (struct evac_conf_text){ evac_arena_printf(f->arena, "apps/%03zu.cfg", i).p,
                                              app_text(f, i) };
    if (evac_conf_parse(files, n, &diag, &f->model, &err)) {
        struct evac_buf text;
        evac_buf_init(&text, 1u << 20);
        evac_diag_print(&diag, &text);
        fprintf(stderr, "%s\n%.3000s", err.text, text.p ? text.p : "");
        abort();
    }
    evac_arena_free(diag.arena);
}

/* --- what the shell tells
 * --------------------------------------------------------------------------------- */

static void on_row(void *user, const struct evac_record *r)
{
    struct fleet *f = user;
    evac_buf_putf(&f->trace, "%9.1f %s %.*s %.*s %.*s %.*s -> %.*s %lld: %.*s\n",
                  (double)(f->now_ms - BOOT_MS) / 1000, evac_record_kind_name(r->kind),
                  EVAC_STR_ARG(r->app), EVAC_STR_ARG(r->name), EVAC_STR_ARG(r->event),
                  EVAC_STR_ARG(r->from), EVAC_STR_ARG(r->to), (long long)r->number,
                  (int)(r->text.n < 150 ? r->text.n : 150), r->text.n ? r->text.p : "");
    if (r->kind == EVAC_RECORD_ADMIT && f->admitted < 4 * FLEET_APPS_MAX)
        f->order[f->admitted++] = index_of(r->app);
    if (r->kind == EVAC_RECORD_RUN && evac_str_is(r->to, "running") && ++f->going > f->most)
        f->most = f->going;
    if (r->kind == EVAC_RECORD_TERMINAL && f->going)
        f->going--;
}

static void on_notice(void *user, const struct evac_notice_effect *notice)
{
    struct fleet *f = user;
    f->alarms += notice->alarm;
    evac_buf_putf(&f->trace, "%9.1f NOTICE %s\n", (double)(f->now_ms - BOOT_MS) / 1000,
                  notice->text);
}

static void start(struct fleet *f)
{
    struct evac_err err = { EVAC_OK, "" };
    struct evac_shell_options options = { .host = &f->host,
                                          .look_host = &f->host,
                                          .catalog = &catalog,
                                          .store = f->store,
                                          .user = f,
                                          .row = on_row,
                                          .notice = on_notice };
    the_fleet = f;
    if (evac_shell_new(&options, f->model, &f->shell, &err)) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
}

struct fleet *fleet_new(const struct fleet_options *options)
{
    struct fleet *f = calloc(1, sizeof *f);
    if (!f)
        abort();
    f->o = *options;
    f->now_ms = BOOT_MS;
    f->outcome = EVAC_OUTCOME_ACCEPTED;
    f->arena = evac_arena_new();
    evac_buf_init(&f->trace, 64u << 20);
    f->host = (struct evac_host){ .abi = EVAC_HOST_ABI,
                                  .ctx = f,
                                  .now_ms = host_now,
                                  .wall_ms = host_wall,
                                  .random = host_random };
    load(f);
    f->store = evac_store_new_memory("fleet", "boot");
    start(f);
    return f;
}

static void answer(struct fleet *f, size_t i)
{
    struct pending p = f->calls[i];
    f->calls[i] = f->calls[--f->call_count];
    p.done(p.user, &p.reply);
}

void fleet_free(struct fleet *f)
{
    evac_shell_free(f->shell);
    while (f->call_count)
        answer(f, 0);
    evac_store_close(f->store);
    evac_model_free(f->model);
    evac_model_free(f->old_model);
    evac_arena_free(f->arena);
    evac_buf_done(&f->trace);
    free(f);
}

void fleet_off(struct fleet *f, size_t app, unsigned region)
{
    f->on_ms[app][region] = 0;
}

void fleet_crash(struct fleet *f)
{
    struct evac_store *copy = evac_store_memory_clone(f->store);
    evac_shell_free(f->shell);
    while (f->call_count) /* nobody hears them any more */
        answer(f, 0);
    evac_store_close(f->store);
    f->store = copy;
    start(f);
}

void fleet_reload(struct fleet *f)
{
    struct evac_err err = { EVAC_OK, "" };
    evac_model_free(f->old_model);
    f->old_model = f->model;
    load(f);
    if (evac_shell_reload(f->shell, f->model, &err)) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
}

/* --- time
 * ---------------------------------------------------------------------------------------------- */

static void probe(struct fleet *f, size_t app, unsigned region)
{
    struct evac_event event = { .kind = EVAC_EVENT_PROBE };
    event.u.probe.app = (uint16_t)app;
    event.u.probe.result = (struct evac_probe_result){ .region = (uint16_t)region,
                                                       .ok = !f->down[app][region],
                                                       .latency_ms = 5,
                                                       .sent_boot_ms = f->now_ms - 5,
                                                       .boot_ms = f->now_ms,
                                                       .wall_ms = host_wall(f),
                                                       .reason = EVAC_STR("refused") };
    (void)evac_shell_event(f->shell, &event, NULL);
}

static void step(struct fleet *f)
{
    size_t slots = PROBE_MS / STEP_MS;
    f->now_ms += STEP_MS;
    for (size_t i = (f->now_ms / STEP_MS) % slots; i < f->o.apps; i += slots)
        for (unsigned r = 0; r < REGIONS; r++)
            probe(f, i, r);
    for (size_t i = 0; i < f->call_count;) {
        if (f->calls[i].at_ms <= f->now_ms)
            answer(f, i);
        else
            i++;
    }
    for (int k = 0; k < 1000 && evac_shell_wake_ms(f->shell) <= f->now_ms; k++)
        (void)evac_shell_tick(f->shell, NULL);
}

void fleet_run(struct fleet *f, uint64_t ms)
{
    for (uint64_t until = f->now_ms + ms; f->now_ms < until;)
        step(f);
}

/* --- what befalls it, what people say
 * --------------------------------------------------------------------- */

void fleet_down(struct fleet *f, size_t first, size_t count, unsigned region, bool down)
{
    for (size_t i = first; i < first + count && i < f->o.apps; i++)
        f->down[i][region] = down;
}

void fleet_cut_off(struct fleet *f, bool cut_off)
{
    struct evac_event event = { .kind = EVAC_EVENT_VANTAGE };
    event.u.abstains = cut_off;
    (void)evac_shell_event(f->shell, &event, NULL);
}

void fleet_capacity(struct fleet *f, enum evac_outcome outcome)
{
    f->outcome = outcome;
}

enum evac_code fleet_say(struct fleet *f, enum evac_command_verb verb, const char *region)
{
    struct evac_event event = { .kind = EVAC_EVENT_COMMAND };
    event.u.command =
        (struct evac_command){ .verb = verb, .incident = evac_str(region), .who = EVAC_STR("ann") };
    return evac_shell_event(f->shell, &event, NULL);
}

enum evac_code fleet_order(struct fleet *f, const char *region, const struct evac_order_wish *wish,
                           const struct evac_caller *caller)
{
    struct evac_event event = { .kind = EVAC_EVENT_COMMAND };
    event.u.command = (struct evac_command){ .verb = EVAC_CMD_EVACUATE,
                                             .incident = evac_str(region),
                                             .who = caller ? caller->who : EVAC_STR("ann"),
                                             .caller = caller,
                                             .reason = EVAC_STR("a warning of the provider"),
                                             .order = wish };
    f->said = (struct evac_err){ EVAC_OK, "" };
    return evac_shell_event(f->shell, &event, &f->said);
}

const char *fleet_said(const struct fleet *f)
{
    return f->said.text;
}

const struct evac_model *fleet_model(const struct fleet *f)
{
    return f->model;
}

const struct evac_catalog *fleet_catalog(void)
{
    return &catalog;
}

struct evac_now fleet_now(struct fleet *f)
{
    return (struct evac_now){ .boot_ms = f->now_ms, .wall_ms = host_wall(f) };
}

struct evac_shell *fleet_shell(struct fleet *f)
{
    return f->shell;
}

const struct evac_incident *fleet_incident(struct fleet *f, const char *region)
{
    const struct evac_fleet *fleet = &evac_shell_engine(f->shell)->fleet;
    for (size_t i = 0; i < fleet->region_count; i++)
        if (strcmp(fleet->regions[i].name, region) == 0)
            return &fleet->regions[i].incident;
    return NULL;
}

/* --- what came of it
 * -------------------------------------------------------------------------------------- */

size_t fleet_admitted(const struct fleet *f)
{
    return f->admitted;
}

size_t fleet_place(const struct fleet *f, size_t app)
{
    for (size_t i = 0; i < f->admitted; i++)
        if (f->order[i] == app)
            return i;
    return SIZE_MAX;
}

size_t fleet_times(const struct fleet *f, size_t app)
{
    size_t n = 0;
    for (size_t i = 0; i < f->admitted; i++)
        n += f->order[i] == app;
    return n;
}

size_t fleet_most_at_once(const struct fleet *f)
{
    return f->most;
}

size_t fleet_active_in(struct fleet *f, unsigned region)
{
    const struct evac_engine *engine = evac_shell_engine(f->shell);
    size_t n = 0;
    for (size_t i = 0; i < engine->app_count; i++)
        n += engine->apps[i].active == region;
    return n;
}

unsigned fleet_alarms(const struct fleet *f)
{
    return f->alarms;
}

const char *fleet_trace(const struct fleet *f)
{
    return f->trace.p ? f->trace.p : "";
}

unsigned fleet_traced(const struct fleet *f, const char *part)
{
    unsigned n = 0;
    for (const char *at = fleet_trace(f); (at = strstr(at, part)); at++)
        n++;
    return n;
}

#include "still_world.h"

#include "conf.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct due {
    struct due *next;
    uint64_t at_ms;
    evac_done_fn *done;
    void *user;
    struct evac_reply reply;
};

struct still_world {
    struct still_options o;
    struct evac_host host;
    struct evac_model *model;
    struct evac_store *store;
    struct evac_group *group;
    struct evac_shell *shell;
    struct due *first, **last; /* in the order of their times: each takes as long */
    uint64_t now_ms, rows, commits;
    bool *on; /* the switches */
    unsigned round, ended;
};

static void give_up(const char *why)
{
    fprintf(stderr, "%s\n", why);
    exit(1);
}

/* --- host and driver ------------------------------------------------------------------------- */

struct evac_link {
    struct still_world *world;
};
static struct evac_link link_to;

static uint64_t now(void *ctx)
{
    return ((struct still_world *)ctx)->now_ms;
}

static int64_t wall(void *ctx)
{
    return 1790000000000 + (int64_t)((struct still_world *)ctx)->now_ms;
}

static void chance(void *ctx, void *p, size_t bytes)
{
    (void)ctx;
    memset(p, 7, bytes);
}

static void quiet(void *ctx, const char *fmt, ...)
{
    (void)ctx;
    (void)fmt;
}

static const struct evac_param params[] = {
    { "number", EVAC_PARAM_INT, EVAC_PARAM_REQUIRED, NULL, NULL, "which" },
    { 0 },
};
static const struct evac_param want[] = {
    { "layer", EVAC_PARAM_INT, EVAC_PARAM_REQUIRED, NULL, NULL, "which switch of it" },
    { 0 },
};
static const struct evac_action actions[] = {
    { "set", "it is on", EVAC_ACTION_MUTATES, EVAC_FENCING_VERSION, 1, 60000, want, NULL },
    { 0 },
};

static enum evac_code call_switch(struct evac_link *link, const struct evac_call *call,
                                  evac_done_fn *done, void *user, uint64_t *ret_id,
                                  struct evac_err *err)
{
    struct still_world *w = link->world;
    struct due *d = calloc(1, sizeof *d);
    size_t i = (size_t)(evac_args_i64(call->args, "number", 0) * w->o.layers +
                        evac_args_i64(call->args, "want.layer", 0));
    (void)err;
    if (!d || i >= (size_t)w->o.apps * w->o.resources * w->o.layers)
        abort();
    *d = (struct due){ .at_ms = w->now_ms + w->o.answer_ms, .done = done, .user = user };
    d->reply = (struct evac_reply){ .verb = call->verb,
                                    .seen = w->on[i] ? EVAC_SEEN_SATISFIED : EVAC_SEEN_UNSATISFIED,
                                    .outcome = EVAC_OUTCOME_ACCEPTED,
                                    .strong = true,
                                    .progress = -1,
                                    .version = EVAC_STR("1"),
                                    .snapshot = EVAC_STR("{\"on\":false}") };
    if (call->verb == EVAC_VERB_APPLY)
        w->on[i] = true;
    *w->last = d;
    w->last = &d->next;
    *ret_id = 1;
    return EVAC_OK;
}

static void cancel_switch(struct evac_link *link, uint64_t id)
{
    (void)link;
    (void)id;
}

static enum evac_code open_pack(const struct evac_host *host, const struct evac_args *settings,
                                struct evac_link **ret_link, struct evac_err *err)
{
    (void)settings;
    (void)err;
    link_to.world = host->ctx;
    *ret_link = &link_to;
    return EVAC_OK;
}

static void close_pack(struct evac_link *link)
{
    (void)link;
}

static const struct evac_driver fake = { "fake", "a switch", params,      actions,
                                         0,      NULL,       call_switch, cancel_switch };
static const struct evac_driver *const drivers[] = { &fake, NULL };
static const struct evac_pack pack = { EVAC_DRIVER_ABI, "bench", drivers, open_pack, close_pack };
static const struct evac_pack *const packs[] = { &pack };
static const struct evac_catalog catalog = { packs, 1 };

/* --- the configuration ----------------------------------------------------------------------- */

static void put_app(const struct still_options *o, unsigned app, struct evac_buf *out)
{
    evac_buf_putf(out,
                  "app = { name = \"app%04u\"; strategy = \"warm-standby\"; runbook = \"bench\";\n"
                  "regions = ( \"us-east-1\", \"us-west-2\" );\n"
                  "objectives = { rto = \"1h\"; rpo = \"1h\"; };\n"
                  "policy = { automatic = \"never\"; };\nresources = {\n",
                  app);
    for (unsigned r = 0; r < o->resources; r++)
        evac_buf_putf(out, "r%02u = { type = \"fake\"; number = %u; };\n", r,
                      app * o->resources + r);
    evac_buf_puts(out, "}; };\n");
}

static void put_runbook(const struct still_options *o, struct evac_buf *out)
{
    evac_buf_puts(out, "runbook = { name = \"bench\"; failover = { steps = (\n");
    for (unsigned layer = 0; layer < o->layers; layer++) {
        evac_buf_putf(
            out,
            "%s{ name = \"l%u\"; action = \"fake.set\"; region = \"to\"; phase = \"data\"; "
            "want = { layer = %u; };",
            layer ? ",\n" : "", layer, layer);
        if (layer)
            evac_buf_putf(out, " after = ( \"l%u\" );", layer - 1);
        evac_buf_puts(out, " }");
    }
    evac_buf_puts(out, "\n); }; failback = { same_as = \"failover\"; }; };\n");
}

struct still_conf {
    size_t count;
    struct evac_conf_text *files;
    struct evac_buf *texts;
    char (*names)[40];
};

struct still_conf *still_conf_new(const struct still_options *o)
{
    struct still_conf *c = calloc(1, sizeof *c);
    size_t count = o->apps + 2u;
    if (!c)
        abort();
    *c = (struct still_conf){ count, calloc(count, sizeof *c->files),
                              calloc(count, sizeof *c->texts), calloc(count, sizeof *c->names) };
    if (!c->files || !c->texts || !c->names)
        abort();
    for (unsigned i = 0; i < count; i++) {
        evac_buf_init(&c->texts[i], 1u << 20);
        (void)snprintf(c->names[i], sizeof c->names[i], i > 1 ? "apps/app%04u.cfg" : "%u", i);
        if (i > 1)
            put_app(o, i - 2, &c->texts[i]);
    }
    evac_buf_puts(&c->texts[0], "engine = { confirm = \"0\"; };");
    put_runbook(o, &c->texts[1]);
    for (unsigned i = 0; i < count; i++)
        c->files[i] = (struct evac_conf_text){ c->names[i], evac_buf_str(&c->texts[i]) };
    c->files[0].name = "evac.cfg";
    c->files[1].name = "runbooks/bench.cfg";
    return c;
}

struct evac_model *still_conf_parse(const struct still_conf *c)
{
    struct evac_model *model = NULL;
    struct evac_diag diag = { .arena = evac_arena_new() };
    struct evac_err err = { EVAC_OK, "" };
    if (evac_conf_parse(c->files, c->count, &diag, &model, &err)) {
        struct evac_buf told;
        evac_buf_init(&told, 1u << 20);
        evac_diag_print(&diag, &told);
        give_up(told.p ? told.p : err.text);
    }
    evac_arena_free(diag.arena);
    return model;
}

size_t still_conf_bytes(const struct still_conf *c)
{
    size_t bytes = 0;
    for (size_t i = 0; i < c->count; i++)
        bytes += c->texts[i].n;
    return bytes;
}

void still_conf_free(struct still_conf *c)
{
    for (size_t i = 0; i < c->count; i++)
        evac_buf_done(&c->texts[i]);
    free(c->files);
    free(c->texts);
    free(c->names);
    free(c);
}

static struct evac_model *load(const struct still_options *o)
{
    struct still_conf *c = still_conf_new(o);
    struct evac_model *model = still_conf_parse(c);
    still_conf_free(c);
    return model;
}

/* --- life ------------------------------------------------------------------------------------ */

static void on_row(void *user, const struct evac_record *record)
{
    (void)record;
    ((struct still_world *)user)->rows++;
}

static void on_commit(void *user, uint64_t seq)
{
    (void)seq;
    ((struct still_world *)user)->commits++;
}

static void on_end(void *user, const struct evac_run *run)
{
    if (run->state != EVAC_RUN_SUCCEEDED)
        give_up(evac_run_state_name(run->state));
    ((struct still_world *)user)->ended++;
}

static struct evac_store *open_store(const char *path)
{
    struct evac_store_options options = { .path = path, .node = "bench", .boot_id = "boot" };
    struct evac_store *store = NULL;
    struct evac_err err = { EVAC_OK, "" };
    if (!path)
        return evac_store_new_memory("bench", "boot");
    if (evac_store_open_sqlite(&options, &store, &err))
        give_up(err.text);
    return store;
}

struct still_world *still_new(const struct still_options *o)
{
    struct still_world *w = calloc(1, sizeof *w);
    struct evac_err err = { EVAC_OK, "" };
    if (!w)
        abort();
    *w = (struct still_world){ .o = *o, .now_ms = 1000000 };
    w->last = &w->first;
    w->host = (struct evac_host){ .abi = EVAC_HOST_ABI,
                                  .ctx = w,
                                  .now_ms = now,
                                  .wall_ms = wall,
                                  .random = chance,
                                  .debug = quiet };
    w->on = calloc((size_t)o->apps * o->resources * o->layers + 1, sizeof *w->on);
    w->model = load(o);
    w->store = open_store(o->path);
    if (o->grouped) {
        w->group = evac_group_new(w->store);
        w->store = evac_group_store(w->group);
    }
    struct evac_shell_options options = { .host = &w->host,
                                          .look_host = &w->host,
                                          .catalog = &catalog,
                                          .store = w->store,
                                          .user = w,
                                          .row = on_row,
                                          .ended = on_end,
                                          .committed = on_commit };
    if (evac_shell_new(&options, w->model, &w->shell, &err))
        give_up(err.text);
    return w;
}

void still_free(struct still_world *w)
{
    evac_shell_free(w->shell);
    evac_store_close(w->store);
    evac_model_free(w->model);
    free(w->on);
    free(w);
}

struct evac_shell *still_shell(const struct still_world *w)
{
    return w->shell;
}

uint64_t still_rows(const struct still_world *w)
{
    return w->rows;
}

uint64_t still_commits(const struct still_world *w)
{
    return w->commits;
}

/* --- running --------------------------------------------------------------------------------- */

/* What is there to be heard at this moment; that of what follows from it is the next turn's. */
static bool hear(struct still_world *w)
{
    struct due **end = w->last, *d = w->first;
    if (!d || d->at_ms > w->now_ms)
        return false;
    while (d && d->at_ms <= w->now_ms) {
        bool at_end = &d->next == end;
        w->first = d->next;
        if (!w->first)
            w->last = &w->first;
        d->done(d->user, &d->reply);
        free(d);
        d = at_end ? NULL : w->first;
    }
    return true;
}

static void wait(struct still_world *w)
{
    uint64_t wake = evac_shell_wake_ms(w->shell);
    uint64_t heard = w->first ? w->first->at_ms : UINT64_MAX;
    uint64_t at = wake < heard ? wake : heard;
    w->now_ms = at > w->now_ms && at != UINT64_MAX ? at : w->now_ms + (wake <= heard);
    if (wake <= w->now_ms && evac_shell_tick(w->shell, NULL))
        give_up("a tick failed");
}

/* As evacd's loop: events, then what waits for the journal is made durable, then sleep. What
 * nothing waits for rides with the next that something does, or goes when time passes. */
static void turn(struct still_world *w)
{
    struct evac_err err = { EVAC_OK, "" };
    bool heard = hear(w);
    bool due = w->group && (evac_group_is_awaited(w->group) || (!heard && !w->first));
    if (due && evac_group_waiting(w->group)) {
        if (evac_group_commit(w->group, &err))
            give_up(err.text);
        return;
    }
    if (!heard)
        wait(w);
}

static void begin(struct still_world *w, unsigned app)
{
    char name[16];
    struct evac_err err = { EVAC_OK, "" };
    uint64_t run;
    (void)snprintf(name, sizeof name, "app%04u", app);
    struct evac_wish wish = { .app = evac_str(name),
                              .workflow = EVAC_WORKFLOW_FAILOVER,
                              .mode = EVAC_MODE_GRACEFUL,
                              .to = w->round % 2 ? EVAC_STR("us-east-1") : EVAC_STR("us-west-2"),
                              .who = EVAC_STR("bench") };
    if (evac_shell_begin(w->shell, &wish, &run, &err))
        give_up(err.text);
}

void still_run_all(struct still_world *w)
{
    memset(w->on, 0, (size_t)w->o.apps * w->o.resources * w->o.layers * sizeof *w->on);
    w->ended = 0;
    for (unsigned app = 0; app < w->o.apps; app++)
        begin(w, app);
    while (w->ended < w->o.apps)
        turn(w);
    w->round++;
}

/* --- measures -------------------------------------------------------------------------------- */

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double still_cpu_s(void)
{
    return seconds(CLOCK_PROCESS_CPUTIME_ID);
}

double still_wall_s(void)
{
    return seconds(CLOCK_MONOTONIC);
}

size_t still_heap_bytes(void)
{
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

void still_unlink(const char *path)
{
    static const char *const tails[] = { "",         "-wal",  "-shm", ".ballast",
                                         "-journal", ".lock", ".head" };
    char name[300];
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, tails[i]);
        (void)unlink(name);
    }
}

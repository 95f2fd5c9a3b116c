/*
 * Steps a second through the real conductor: plan, engine, shell, journal, with a driver that
 * answers at once. So what is measured is evac's own work: an observe, an intent, its durable
 * commit, an apply, an observe, and every row of that, a step.
 *
 *   bench_engine [RUNS]   a JSON line for each journal and shape of the plan
 */
#include "conf.h"
#include "shell.h"
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define RESOURCES 60
#define LAYERS    4 /* of steps: each for every resource, one layer after the other */

/* --- a world that takes no time -------------------------------------------------------------- */

struct due {
    struct due *next;
    evac_done_fn *done;
    void *user;
    struct evac_reply reply;
};

struct world {
    struct due *first, **last;
    uint64_t now_ms, rows, commits;
    bool on[RESOURCES * LAYERS]; /* the switches that the driver moves */
    struct evac_shell *shell;
    bool ended;
};

struct evac_link {
    struct world *world;
};

static struct world world;

static uint64_t now(void *ctx)
{
    return ((struct world *)ctx)->now_ms;
}

static int64_t wall(void *ctx)
{
    return 1790000000000 + (int64_t)((struct world *)ctx)->now_ms;
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

/* --- the driver ------------------------------------------------------------------------------ */

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

static enum evac_code call_fake(struct evac_link *link, const struct evac_call *call,
                                evac_done_fn *done, void *user, uint64_t *ret_id,
                                struct evac_err *err)
{
    struct world *w = link->world;
    struct due *d = calloc(1, sizeof *d);
    size_t i = (size_t)(evac_args_i64(call->args, "number", 0) * LAYERS +
                        evac_args_i64(call->args, "want.layer", 0));
    (void)err;
    if (!d || i >= RESOURCES * LAYERS)
        abort();
    *d = (struct due){ .done = done, .user = user };
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

static void cancel_fake(struct evac_link *link, uint64_t id)
{
    (void)link;
    (void)id;
}

static enum evac_code open_pack(const struct evac_host *host, const struct evac_args *settings,
                                struct evac_link **ret_link, struct evac_err *err)
{
    static struct evac_link link = { &world };
    (void)host;
    (void)settings;
    (void)err;
    *ret_link = &link;
    return EVAC_OK;
}

static void close_pack(struct evac_link *link)
{
    (void)link;
}

static const struct evac_driver fake = { "fake", "a switch", params,    actions,
                                         0,      NULL,       call_fake, cancel_fake };
static const struct evac_driver *const drivers[] = { &fake, NULL };
static const struct evac_pack pack = { EVAC_DRIVER_ABI, "bench", drivers, open_pack, close_pack };
static const struct evac_pack *const packs[] = { &pack };
static const struct evac_catalog catalog = { packs, 1 };

/* --- the configuration ----------------------------------------------------------------------- */

/* wide: all resources of a layer side by side; otherwise one after the other by resource lists. */
static void write_conf(struct evac_buf *app, bool wide)
{
    evac_buf_puts(app,
                  "app = { name = \"bench\"; strategy = \"warm-standby\"; runbook = \"bench\";\n"
                  "regions = ( \"us-east-1\", \"us-west-2\" );\n"
                  "objectives = { rto = \"1h\"; rpo = \"1h\"; };\n"
                  "policy = { automatic = \"never\"; };\nresources = {\n");
    for (int i = 0; i < RESOURCES; i++)
        evac_buf_putf(app, "r%02d = { type = \"fake\"; number = %d; };\n", i, i);
    evac_buf_puts(app, "}; };\nrunbook = { name = \"bench\"; failover = { steps = (\n");
    for (int layer = 0; layer < (wide ? LAYERS : 1); layer++) {
        evac_buf_putf(
            app,
            "%s{ name = \"l%d\"; action = \"fake.set\"; region = \"to\"; phase = \"data\"; "
            "want = { layer = %d; };",
            layer ? ",\n" : "", layer, layer);
        if (layer)
            evac_buf_putf(app, " after = ( \"l%d\" );", layer - 1);
        evac_buf_puts(app, " }");
    }
    for (int i = 0; !wide && i < RESOURCES;
         i++) { /* a chain: every step waits for the one before */
        evac_buf_putf(app,
                      ",\n{ name = \"c%d\"; action = \"fake.set\"; resource = \"r%02d\"; region = "
                      "\"to\"; phase = \"data\"; want = { layer = 1; }; after = ( \"%s%d\" ); }",
                      i, i, i ? "c" : "l", i ? i - 1 : 0);
    }
    evac_buf_puts(app, "\n); }; failback = { same_as = \"failover\"; }; };\n");
}

static struct evac_model *load(bool wide)
{
    struct evac_buf app, told;
    struct evac_model *model = NULL;
    struct evac_diag diag = { .arena = evac_arena_new() };
    struct evac_err err = { EVAC_OK, "" };
    evac_buf_init(&app, 1u << 20);
    evac_buf_init(&told, 1u << 20);
    write_conf(&app, wide);
    struct evac_conf_text files[] = {
        { "evac.cfg", EVAC_STR("engine = { confirm = \"0\"; };") },
        { "apps/bench.cfg", evac_buf_str(&app) },
    };
    if (evac_conf_parse(files, 2, &diag, &model, &err)) {
        evac_diag_print(&diag, &told);
        fprintf(stderr, "%s\n%s", err.text, told.p ? told.p : "");
        exit(1);
    }
    evac_buf_done(&app);
    evac_buf_done(&told);
    evac_arena_free(diag.arena);
    return model;
}

/* --- running --------------------------------------------------------------------------------- */

static void on_row(void *user, const struct evac_record *record)
{
    struct world *w = user;
    (void)record;
    w->rows++;
}

static void on_commit(void *user, uint64_t seq)
{
    (void)seq;
    ((struct world *)user)->commits++;
}

static void on_end(void *user, const struct evac_run *run)
{
    struct world *w = user;
    w->ended = true;
    if (run->state != EVAC_RUN_SUCCEEDED) {
        fprintf(stderr, "the run ended as %s\n", evac_run_state_name(run->state));
        exit(1);
    }
}

static void pump(struct world *w)
{
    while (!w->ended) {
        struct due *d = w->first;
        if (d) {
            w->first = d->next;
            if (!w->first)
                w->last = &w->first;
            d->done(d->user, &d->reply);
            free(d);
            continue;
        }
        uint64_t wake = evac_shell_wake_ms(w->shell);
        w->now_ms = wake > w->now_ms && wake != UINT64_MAX ? wake : w->now_ms + 1;
        if (evac_shell_tick(w->shell, NULL))
            exit(1);
    }
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct evac_store *open_store(const char *path)
{
    struct evac_store_options options = { .path = path, .node = "bench", .boot_id = "boot" };
    struct evac_store *store = NULL;
    struct evac_err err = { EVAC_OK, "" };
    if (!path)
        return evac_store_new_memory("bench", "boot");
    if (evac_store_open_sqlite(&options, &store, &err)) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    return store;
}

static void measure(const char *path, bool wide, unsigned runs)
{
    struct evac_host host = {
        .abi = EVAC_HOST_ABI,
        .ctx = &world,
        .now_ms = now,
        .wall_ms = wall,
        .random = chance,
        .debug = quiet,
    };
    struct evac_model *model = load(wide);
    struct evac_store *store = open_store(path);
    struct evac_shell_options options = { .host = &host,
                                          .look_host = &host,
                                          .catalog = &catalog,
                                          .store = store,
                                          .user = &world,
                                          .row = on_row,
                                          .ended = on_end,
                                          .committed = on_commit };
    struct evac_err err = { EVAC_OK, "" };
    world = (struct world){ .now_ms = 1000000 };
    world.last = &world.first;
    if (evac_shell_new(&options, model, &world.shell, &err)) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    double begin = seconds();
    for (unsigned i = 0; i < runs; i++) {
        struct evac_wish wish = { .app = EVAC_STR("bench"),
                                  .workflow = EVAC_WORKFLOW_FAILOVER,
                                  .mode = EVAC_MODE_GRACEFUL,
                                  .to = i % 2 ? EVAC_STR("us-east-1") : EVAC_STR("us-west-2"),
                                  .who = EVAC_STR("bench") };
        uint64_t run;
        memset(world.on, 0, sizeof world.on);
        world.ended = false;
        if (evac_shell_begin(world.shell, &wish, &run, &err)) {
            fprintf(stderr, "%s\n", err.text);
            exit(1);
        }
        pump(&world);
    }
    double took = seconds() - begin;
    double steps = (double)runs * (wide ? RESOURCES * LAYERS : 2 * RESOURCES);
    printf("{\"journal\":\"%s\",\"plan\":\"%s\",\"runs\":%u,\"steps\":%.0f,\"rows\":%llu,"
           "\"commits\":%llu,\"seconds\":%.3f,\"steps_per_s\":%.0f,\"rows_per_commit\":%.1f}\n",
           path ? "sqlite" : "memory", wide ? "4 layers of 60" : "60 and a chain of 60", runs,
           steps, (unsigned long long)world.rows, (unsigned long long)world.commits, took,
           steps / took, (double)world.rows / (double)world.commits);
    evac_shell_free(world.shell);
    evac_store_close(store);
    evac_model_free(model);
}

int main(int argc, char **argv)
{
    char dir[] = "/tmp/evac-bench-XXXXXX", path[64], command[80];
    int64_t runs = 20;
    if (argc > 1 && (!evac_str_i64(evac_str(argv[1]), &runs) || runs < 1 || runs > 100000)) {
        fputs("bench_engine [RUNS]\n", stderr);
        return 2;
    }
    if (!mkdtemp(dir))
        return 1;
    for (int i = 0; i < 4; i++) {
        (void)snprintf(path, sizeof path, "%s/%d.db", dir, i);
        measure(i < 2 ? NULL : path, i % 2 == 0, (unsigned)runs);
    }
    static const char *const tails[] = { "", "-wal", "-shm", ".ballast", "-journal", ".lock" };
    for (int i = 2; i < 4; i++)
        for (size_t k = 0; k < sizeof tails / sizeof tails[0]; k++) {
            (void)snprintf(command, sizeof command, "%s/%d.db%s", dir, i, tails[k]);
            (void)unlink(command);
        }
    if (rmdir(dir))
        fprintf(stderr, "%s is not empty\n", dir);
    return 0;
}

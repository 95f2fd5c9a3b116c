/*
 * How cost grows: runs at the same time, rows that a start reads, bytes that a run and an app take,
 * and twelve durable steps of one run.
 *
 *   bench_scale runs [APPS [ANSWER_MS [memory|sqlite|each]]]   runs of 20 steps, one an app
 *   bench_scale start [ROWS [APPS]]              a journal of real runs, and the start on it
 *   bench_scale twelve [RUNS]                    a chain of 12 steps that take no time
 *   bench_scale memory                           heap bytes of an app and of a run
 *   bench_scale                                  all of it, at 10, 100 and 1,000
 */
#include "still_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RESOURCES 4u
#define LAYERS    5u
#define STEPS     (RESOURCES * LAYERS)

static char path[64];

static struct still_options options(unsigned apps, const char *journal)
{
    bool memory = strcmp(journal, "memory") == 0;
    return (struct still_options){ .apps = apps,
                                   .resources = RESOURCES,
                                   .layers = LAYERS,
                                   .path = memory ? NULL : path,
                                   .grouped = strcmp(journal, "each") != 0 && !memory };
}

static void done(struct still_world *w)
{
    still_free(w);
    still_unlink(path);
}

/* each: every event's rows are a commit of their own. */
static void runs(unsigned apps, uint64_t answer_ms, const char *journal)
{
    struct still_options o = options(apps, journal);
    o.answer_ms = answer_ms;
    struct still_world *w = still_new(&o);
    uint64_t rows = still_rows(w), commits = still_commits(w);
    double wall = still_wall_s(), cpu = still_cpu_s();
    still_run_all(w);
    wall = still_wall_s() - wall;
    cpu = still_cpu_s() - cpu;
    rows = still_rows(w) - rows;
    commits = still_commits(w) - commits;
    printf("{\"runs\":%u,\"steps\":%u,\"answer_ms\":%llu,\"journal\":\"%s\",\"seconds\":%.3f,"
           "\"cpu_s\":%.3f,\"steps_per_s\":%.0f,\"cpu_us_per_step\":%.1f,\"rows\":%llu,"
           "\"commits\":%llu,\"rows_per_commit\":%.1f}\n",
           apps, apps * STEPS, (unsigned long long)answer_ms, journal, wall, cpu,
           apps * STEPS / wall, cpu * 1e6 / (apps * STEPS), (unsigned long long)rows,
           (unsigned long long)commits, (double)rows / (double)commits);
    done(w);
}

static void start(uint64_t rows, unsigned apps)
{
    struct still_options o = options(apps, "sqlite");
    struct still_world *w = still_new(&o);
    unsigned rounds = 0;
    for (; still_rows(w) < rows; rounds++)
        still_run_all(w);
    uint64_t has = evac_shell_durable(still_shell(w));
    still_free(w);
    double wall = still_wall_s(), cpu = still_cpu_s();
    w = still_new(&o);
    wall = still_wall_s() - wall;
    cpu = still_cpu_s() - cpu;
    printf("{\"start_rows\":%llu,\"runs\":%u,\"apps\":%u,\"seconds\":%.3f,\"cpu_s\":%.3f}\n",
           (unsigned long long)has, rounds * apps, apps, wall, cpu);
    done(w);
}

/* The same without a row: what the configuration alone takes is no replay. */
static void twelve(unsigned count)
{
    struct still_options o = {
        .apps = 1, .resources = 1, .layers = 12, .path = path, .grouped = true
    };
    struct still_world *w = still_new(&o);
    uint64_t commits = still_commits(w);
    double wall = still_wall_s(), cpu = still_cpu_s(), best = 1e9;
    for (unsigned i = 0; i < count; i++) {
        double from = still_wall_s();
        still_run_all(w);
        double took = still_wall_s() - from;
        best = took < best ? took : best;
    }
    wall = still_wall_s() - wall;
    cpu = still_cpu_s() - cpu;
    printf("{\"twelve_steps\":%u,\"mean_ms\":%.2f,\"best_ms\":%.2f,\"cpu_ms\":%.2f,"
           "\"commits_a_run\":%.1f}\n",
           count, wall * 1e3 / count, best * 1e3, cpu * 1e3 / count,
           (double)(still_commits(w) - commits) / count);
    done(w);
}

static size_t heap_of_apps(unsigned apps)
{
    struct still_options o = options(apps, "memory");
    size_t before = still_heap_bytes();
    struct still_world *w = still_new(&o);
    size_t bytes = still_heap_bytes() - before;
    still_free(w);
    return bytes;
}

static void memory(void)
{
    size_t one = heap_of_apps(100), ten = heap_of_apps(1000);
    struct still_options o = options(1, "memory");
    struct still_world *w = still_new(&o);
    const struct evac_wish wish = { .app = EVAC_STR("app0000"),
                                    .workflow = EVAC_WORKFLOW_FAILOVER,
                                    .mode = EVAC_MODE_GRACEFUL,
                                    .who = EVAC_STR("bench") };
    struct evac_plan *plan = NULL;
    struct evac_diag diag = { .arena = evac_arena_new() };
    struct evac_err err = { EVAC_OK, "" };
    size_t before = still_heap_bytes();
    if (evac_shell_plan(still_shell(w), &wish, &diag, &plan, &err))
        fprintf(stderr, "%s\n", err.text);
    size_t planned = still_heap_bytes() - before;
    printf("{\"bytes_per_app\":%zu,\"bytes_per_run_of_20_steps\":%zu,\"of_that_plan\":%zu}\n",
           (ten - one) / 900, planned + evac_run_bytes(plan), planned);
    evac_plan_free(plan);
    evac_arena_free(diag.arena);
    still_free(w);
}

static unsigned number(int argc, char **argv, int at, unsigned otherwise)
{
    return argc > at ? (unsigned)strtoul(argv[at], NULL, 10) : otherwise;
}

static void all(void)
{
    static const char *const journals[] = { "memory", "sqlite" };
    for (size_t j = 0; j < 2; j++)
        for (unsigned ms = 0; ms <= 50; ms += 50)
            for (unsigned apps = 10; apps <= 1000; apps *= 10)
                runs(apps, ms, journals[j]);
    for (uint64_t rows = 10000; rows <= 1000000; rows *= 10)
        start(rows, 100);
    twelve(50);
    memory();
}

int main(int argc, char **argv)
{
    char dir[] = "/tmp/evac-bench-XXXXXX";
    const char *what = argc > 1 ? argv[1] : "all";
    if (!mkdtemp(dir))
        return 1;
    (void)snprintf(path, sizeof path, "%s/journal.db", dir);
    if (strcmp(what, "runs") == 0)
        runs(number(argc, argv, 2, 1000), number(argc, argv, 3, 0), argc > 4 ? argv[4] : "sqlite");
    else if (strcmp(what, "start") == 0)
        start(number(argc, argv, 2, 1000000), number(argc, argv, 3, 100));
    else if (strcmp(what, "twelve") == 0)
        twelve(number(argc, argv, 2, 50));
    else if (strcmp(what, "memory") == 0)
        memory();
    else
        all();
    return rmdir(dir) != 0;
}

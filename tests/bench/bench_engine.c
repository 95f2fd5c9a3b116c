/*
 * Steps a second through the real conductor: plan, engine, shell, journal, with a driver that
 * answers at once. So what is measured is evac's own work: an observe, an intent, its durable
 * commit, an apply, an observe, and every row of that, a step.
 *
 *   bench_engine [RUNS]   a JSON line for each journal and shape of the plan
 */
#include "still_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct shape {
    const char *name;
    unsigned resources, layers;
} shapes[] = { { "4 layers of 60", 60, 4 }, { "a chain of 120", 1, 120 } };

static void measure(const char *path, const struct shape *shape, unsigned runs)
{
    struct still_options o = { .apps = 1,
                               .resources = shape->resources,
                               .layers = shape->layers,
                               .path = path,
                               .grouped = path != NULL };
    struct still_world *w = still_new(&o);
    uint64_t rows = still_rows(w), commits = still_commits(w);
    double wall = still_wall_s(), cpu = still_cpu_s();
    for (unsigned i = 0; i < runs; i++)
        still_run_all(w);
    wall = still_wall_s() - wall;
    cpu = still_cpu_s() - cpu;
    rows = still_rows(w) - rows;
    commits = still_commits(w) - commits;
    double steps = (double)runs * shape->resources * shape->layers;
    printf("{\"journal\":\"%s\",\"plan\":\"%s\",\"runs\":%u,\"steps\":%.0f,\"rows\":%llu,"
           "\"commits\":%llu,\"seconds\":%.3f,\"cpu_s\":%.3f,\"steps_per_s\":%.0f,"
           "\"rows_per_commit\":%.1f}\n",
           path ? "sqlite" : "memory", shape->name, runs, steps, (unsigned long long)rows,
           (unsigned long long)commits, wall, cpu, steps / wall, (double)rows / (double)commits);
    still_free(w);
    if (path)
        still_unlink(path);
}

int main(int argc, char **argv)
{
    char dir[] = "/tmp/evac-bench-XXXXXX", path[64];
    int64_t runs = 20;
    if (argc > 1 && (!evac_str_i64(evac_str(argv[1]), &runs) || runs < 1 || runs > 100000)) {
        fputs("bench_engine [RUNS]\n", stderr);
        return 2;
    }
    if (!mkdtemp(dir))
        return 1;
    (void)snprintf(path, sizeof path, "%s/journal.db", dir);
    for (int i = 0; i < 4; i++)
        measure(i < 2 ? NULL : path, &shapes[i % 2], (unsigned)runs);
    if (rmdir(dir))
        fprintf(stderr, "%s is not empty\n", dir);
    return 0;
}

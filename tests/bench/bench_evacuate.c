/*
 * A region dies, and all of its apps move: how long that takes beside what AWS's limits and its
 * durations allow at best. In virtual time, with everything that is evac's own: configuration,
 * plans, engine, shell, drivers, signing and parsing, before the model of AWS with AWS's request
 * rates in force.
 *
 *   bench_evacuate [APPS [PARALLEL [SEED]]]   a JSON line: 1 to 1,000 apps (100), at most so many
 * at a time (all), with the durations that services draw from that seed (1)
 */
#include "evacuation.h"

#include "evac/str.h"
#include "still_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print(const struct evacuation *e, double cpu_s)
{
    printf("{\"apps\":%u,\"moved\":%u,\"took_s\":%.1f,\"bound_s\":%.1f,\"bound_by\":\"%s\","
           "\"estimate_s\":%.1f,\"requests\":%u,\"refused\":%u,\"by_service\":{",
           e->apps, e->moved, (double)e->took_ms / 1000, (double)e->bound_ms / 1000, e->bound_by,
           (double)e->estimate_ms / 1000, e->requests, e->refused);
    for (size_t i = 0; i < e->service_count; i++)
        printf("%s\"%s\":%u", i ? "," : "", e->services[i].name, e->services[i].asked);
    printf("},\"by_operation\":{");
    for (size_t i = 0; i < e->operation_count; i++)
        printf("%s\"%s %s\":[%u,%u]", i ? "," : "", e->operations[i].name, e->operations[i].region,
               e->operations[i].asked, e->operations[i].refused);
    printf("},\"dns_batches\":%u,\"dns_changes\":%u,\"most_at_once\":%u,\"rows\":%llu,"
           "\"cpu_s\":%.2f}\n",
           e->dns_batches, e->dns_changes, e->most_at_once, (unsigned long long)e->rows, cpu_s);
}

/* False: it is no number from 1 to most. */
static bool read(const char *text, int64_t most, int64_t *ret)
{
    return evac_str_i64(evac_str(text), ret) && *ret >= 1 && *ret <= most;
}

int main(int argc, char **argv)
{
    int64_t apps = 100, parallel = 0, seed = 1;
    if ((argc > 1 && !read(argv[1], EVACUATION_APPS_MAX, &apps)) ||
        (argc > 2 && !read(argv[2], 1000, &parallel)) ||
        (argc > 3 && !read(argv[3], 1000000, &seed))) {
        fputs("bench_evacuate [APPS [PARALLEL [SEED]]]: 1 to 1000 each, a seed more\n", stderr);
        return 2;
    }
    struct evacuation all;
    struct evac_history *history = evac_history_new();
    evacuate_others(history);
    double cpu = still_cpu_s();
    evacuate(&(struct evacuation_options){ .apps = (unsigned)apps,
                                           .parallel = (unsigned)parallel,
                                           .seed = (uint64_t)seed,
                                           .history = history,
                                           .verbose = getenv("EVAC_VERBOSE") != NULL },
             &all);
    cpu = still_cpu_s() - cpu;
    print(&all, cpu);
    evac_history_free(history);
    return 0;
}

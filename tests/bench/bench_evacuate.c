/*
 * A region dies, and all of its apps move: how long that takes beside what AWS's limits and its
 * durations allow at best. In virtual time, with everything that is evac's own: configuration,
 * plans, engine, shell, drivers, signing and parsing, before the model of AWS with AWS's request
 * rates in force.
 *
 *   bench_evacuate [APPS [PARALLEL]]   a JSON line: 1 to 1,000 apps (100), at most so many at a
 * time (all)
 */
#include "evacuation.h"

#include "evac/str.h"
#include "still_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print(const struct evacuation *e, const struct evacuation_bound *bound, double cpu_s)
{
    printf("{\"apps\":%u,\"moved\":%u,\"took_s\":%.1f,\"bound_s\":%.1f,\"bound_by\":\"%s\","
           "\"requests\":%u,\"refused\":%u,\"by_service\":{",
           e->apps, e->moved, (double)e->took_ms / 1000, (double)bound->ms / 1000, bound->by,
           e->requests, e->refused);
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

int main(int argc, char **argv)
{
    int64_t apps = 100, parallel = 0;
    if ((argc > 1 &&
         (!evac_str_i64(evac_str(argv[1]), &apps) || apps < 1 || apps > EVACUATION_APPS_MAX)) ||
        (argc > 2 &&
         (!evac_str_i64(evac_str(argv[2]), &parallel) || parallel < 1 || parallel > 1000))) {
        fputs("bench_evacuate [APPS [PARALLEL]]: 1 to 1000 each\n", stderr);
        return 2;
    }
    struct evacuation all;
    struct evacuation_bound bound;
    double cpu = still_cpu_s();
    evacuate(&(struct evacuation_options){ .apps = (unsigned)apps,
                                           .parallel = (unsigned)parallel,
                                           .verbose = getenv("EVAC_VERBOSE") != NULL },
             &all);
    cpu = still_cpu_s() - cpu;
    evacuation_bound((unsigned)apps, &bound);
    print(&all, &bound, cpu);
    return 0;
}

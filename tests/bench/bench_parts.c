/*
 * What parts of evac's work cost, one at a time.
 *
 *   bench_parts                          a JSON line each: CPU time, and that of ten times as much
 *   bench_parts time PART                the same of one
 *   bench_parts count PART TIMES [SIZE]  the work so often, within bench_measured(): for callgrind
 *   bench_parts list
 */
#include "bench_parts.h"

#include "evac/str.h"
#include "still_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENOUGH_S 0.3

/* callgrind counts what happens in here (--toggle-collect). */
void bench_measured(const struct part *part, void *with, unsigned times);

__attribute__((noinline)) void bench_measured(const struct part *part, void *with, unsigned times)
{
    part->work(with, times);
}

/* CPU microseconds, the best of some rounds that are long enough to be seen. */
static double best_us(const struct part *part, unsigned size, size_t *ret_bytes)
{
    void *with = part->begin(size);
    double best = 0, all = 0;
    for (unsigned times = 1, round = 0; round < 3 || all < ENOUGH_S; round++) {
        double from = still_cpu_s();
        bench_measured(part, with, times);
        double took = still_cpu_s() - from, each = took / times;
        all += took;
        best = best == 0 || each < best ? each : best;
        if (took < ENOUGH_S / 10)
            times *= 4;
    }
    *ret_bytes = part->bytes ? part->bytes(with) : 0;
    part->end(with);
    return best * 1e6;
}

static void time_part(const struct part *part)
{
    size_t bytes, bigger_bytes = 0;
    double us = best_us(part, part->size, &bytes);
    double bigger = part->bigger ? best_us(part, part->bigger, &bigger_bytes) : 0;
    printf("{\"part\":\"%s\",\"what\":\"%s\",\"size\":%u,\"bytes\":%zu,\"cpu_us\":%.2f,"
           "\"bigger\":%u,\"bigger_bytes\":%zu,\"bigger_cpu_us\":%.2f}\n",
           part->name, part->what, part->size, bytes, us, part->bigger, bigger_bytes, bigger);
    fflush(stdout);
}

static const struct part *find(const char *name)
{
    for (size_t i = 0; i < part_count; i++)
        if (strcmp(parts[i].name, name) == 0)
            return &parts[i];
    fprintf(stderr, "bench_parts: there is no part '%s'; bench_parts list says which there are\n",
            name);
    exit(2);
}

static int count(int argc, char **argv)
{
    const struct part *part = find(argv[2]);
    int64_t times = 0, size = part->size;
    if (argc < 4 || !evac_str_i64(evac_str(argv[3]), &times) || times < 1 || times > 1000000 ||
        (argc > 4 && (!evac_str_i64(evac_str(argv[4]), &size) || size < 1 || size > 1000000))) {
        fputs("bench_parts count PART TIMES [SIZE]: 1 to 1000000 each\n", stderr);
        return 2;
    }
    void *with = part->begin((unsigned)size);
    bench_measured(part, with, (unsigned)times);
    part->end(with);
    return 0;
}

int main(int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "all";
    if (strcmp(verb, "count") == 0 && argc > 2)
        return count(argc, argv);
    if (strcmp(verb, "time") == 0 && argc > 2)
        time_part(find(argv[2]));
    else if (strcmp(verb, "list") == 0)
        for (size_t i = 0; i < part_count; i++)
            printf("%s\n", parts[i].name);
    else if (strcmp(verb, "all") == 0)
        for (size_t i = 0; i < part_count; i++)
            time_part(&parts[i]);
    else
        return fputs("bench_parts [list | time PART | count PART TIMES [SIZE]]\n", stderr), 2;
    return 0;
}

/*
 * One part of evac's work at a time, over inputs that are made here: what is timed by bench_parts
 * and counted by counts.sh.
 */
#ifndef EVAC_BENCH_PARTS_H
#define EVAC_BENCH_PARTS_H

#include <stddef.h>

struct part {
    const char *name, *what;
    unsigned size, bigger; /* of the input; ten times that, to see how cost grows. 0: it has none */
    void *(*begin)(unsigned size); /* what need not be measured */
    void (*work)(void *with, unsigned times);
    void (*end)(void *with);
    size_t (*bytes)(const void *with); /* of its input; NULL: it has none to speak of */
};

extern const struct part parts[];
extern const size_t part_count;

#endif

/*
 * A region with many apps, in virtual time: the real configuration, plan compiler, engine, shell,
 * AWS drivers and client over the sandbox's model; only sockets, clock and the apps' own endpoints
 * are made here. Tiers are mixed, one app in ten waits for another, one in twenty has a global
 * table and one in forty an Auto Scaling group beside its service; ten hosted zones are shared by
 * all.
 */
#ifndef EVAC_BENCH_EVACUATION_H
#define EVAC_BENCH_EVACUATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVACUATION_APPS_MAX       1000u
#define EVACUATION_OPERATIONS_MAX 64u
#define EVACUATION_SERVICES_MAX   24u

struct evacuation_options {
    unsigned first, apps; /* their numbers; who waits for whom is of one ten */
    unsigned parallel;    /* runs at a time; 0 all */
    bool unlimited;       /* AWS takes any number of calls, and so evac sends them */
    bool verbose;         /* rows on standard error */
};

struct evacuation_operation {
    char name[64], region[16]; /* "ecs:UpdateService" */
    bool mutates;
    unsigned asked, refused; /* refused: too many calls */
};

struct evacuation {
    unsigned apps, moved, most_at_once;
    uint64_t took_ms;     /* from the order to the last app that is moved */
    uint64_t shortest_ms; /* to the first one */
    uint64_t rows;
    unsigned requests, refused;
    struct evacuation_operation operations[EVACUATION_OPERATIONS_MAX];
    size_t operation_count;
    struct evacuation_service {
        char name[32];
        unsigned asked;
    } services[EVACUATION_SERVICES_MAX];
    size_t service_count;
    unsigned dns_batches, dns_changes;
};

/* Exits with a word when it can not. */
void evacuate(const struct evacuation_options *options, struct evacuation *ret);

struct evacuation_bound {
    uint64_t ms;
    char by[160];
};

/*
 * No evacuation of so many apps is faster: the longest way among ten of them (with those that they
 * wait for; durations are drawn, so that of the tens the one in the middle) where nothing limits
 * it, and, for each of AWS's limits, until the last of the calls that there must be is taken, and
 * then the shortest way. Must be: each change once, and one look at what came of it; of DNS a batch
 * a zone.
 */
void evacuation_bound(unsigned apps, struct evacuation_bound *ret);

#endif

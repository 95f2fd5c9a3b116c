/*
 * A region with many apps, in virtual time: the real configuration, plan compiler, engine, shell,
 * AWS drivers and client over the sandbox's model; only sockets, clock and the apps' own endpoints
 * are made here. Tiers are mixed, one app in ten waits for another, one in twenty has a global
 * table and one in forty an Auto Scaling group beside its service; ten hosted zones are shared by
 * all.
 */
#ifndef EVAC_BENCH_EVACUATION_H
#define EVAC_BENCH_EVACUATION_H

#include "history.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVACUATION_APPS_MAX       1000u
#define EVACUATION_OPERATIONS_MAX 64u
#define EVACUATION_SERVICES_MAX   24u

struct evacuation_options {
    unsigned first, apps; /* their numbers; who waits for whom is of one ten */
    unsigned parallel;    /* runs at a time; 0 all */
    uint64_t seed;        /* of the durations that services draw */
    bool unlimited;       /* AWS takes any number of calls, and so evac sends them */
    /* How long things take: written where nothing is limited, else read; NULL nothing is known. */
    struct evac_history *history;
    bool verbose; /* rows on standard error */
};

struct evacuation_operation {
    char name[64], region[16]; /* "ecs:UpdateService" */
    bool mutates;
    unsigned asked, refused; /* refused: too many calls */
};

struct evacuation {
    unsigned apps, moved, most_at_once;
    uint64_t took_ms; /* from the order to the last app that is moved */
    /* As the plan says before the order: the fastest that limits and durations allow, why, and what
     * it expects. */
    uint64_t bound_ms, estimate_ms;
    char bound_by[160];
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

/*
 * Other apps of the same kinds, one at a time, where nothing limits them and each is looked at
 * every half a second: so the account's history says how long each kind of step takes by itself.
 */
void evacuate_others(struct evac_history *history);

#endif

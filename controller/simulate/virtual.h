/*
 * Virtual time: a clock that jumps from one due thing to the next, timers, and chance from one
 * seed. The host that it lends has time, chance and timers; everything else refuses, until its
 * owner puts something in its place. Same seed, same calls, same order.
 */
#ifndef EVAC_VIRTUAL_H
#define EVAC_VIRTUAL_H

#include "evac/host.h"

struct evac_virtual;
/* owner: what evac_virtual_init was given. */
typedef void evac_due_fn(void *owner, void *what);

struct evac_due {
    uint64_t at_ms, number; /* among things due at one time the first asked goes first */
    evac_due_fn *fn;
    void *what;
};

struct evac_virtual {
    void *owner;
    uint64_t now_ms; /* boot clock */
    int64_t wall_0_ms;
    uint64_t boot_0_ms;
    uint64_t random, numbers;
    struct evac_due *heap;
    size_t count, cap;
    struct evac_virtual_timer *timers; /* running */
};

void evac_virtual_init(struct evac_virtual *v, void *owner, uint64_t boot_ms, int64_t wall_ms,
                       uint64_t seed);
/* What is still due is dropped: whoever owns memory behind `what` takes it first. Timers are freed.
 */
void evac_virtual_done(struct evac_virtual *v);

uint64_t evac_virtual_draw(struct evac_virtual *v);
/* 0 .. n - 1; 0 for 0. */
uint64_t evac_virtual_below(struct evac_virtual *v, uint64_t n);
int64_t evac_virtual_wall_ms(const struct evac_virtual *v);
/* A number that has not been used. */
uint64_t evac_virtual_number(struct evac_virtual *v);

void evac_virtual_later(struct evac_virtual *v, uint64_t delay_ms, evac_due_fn *fn, void *what);
/* When the next is due, UINT64_MAX never. */
uint64_t evac_virtual_next_ms(const struct evac_virtual *v);
/* Time goes to it, and it happens; there must be one. */
void evac_virtual_run_next(struct evac_virtual *v);
/* Takes the next without letting it happen, at the end; false when nothing is due. A timer of the
 * host must still happen: its owner's memory may hang on it. */
bool evac_virtual_take(struct evac_virtual *v, struct evac_due *ret_due);
bool evac_virtual_is_timer(const struct evac_due *due);

/* ctx of its functions is v. */
struct evac_host evac_virtual_host(struct evac_virtual *v);

/* One step of splitmix64: state to a number that looks random. */
uint64_t evac_virtual_mix(uint64_t x);
#endif

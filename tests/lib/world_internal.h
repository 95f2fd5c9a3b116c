/* What the world's files have in common: its struct, its controllers, and who may say that
 * something broke. */
#ifndef EVAC_WORLD_INTERNAL_H
#define EVAC_WORLD_INTERNAL_H

#include "batch.h"
#include "virtual.h"
#include "world.h"

#define BOOT_MS 1000000u

/* A place that looks, and what its agent has not told yet. */
#define SEEN_MAX 64u
struct place {
    const char *blind; /* a region, "" all, NULL it sees */
    bool silent, abstains;
    uint64_t seq;
    struct evac_batch_result seen[SEEN_MAX];
    uint64_t asked_ms[SEEN_MAX];
    size_t count;
};

/* A controller's process and machine: its clock shows own_0_ms when the world's shows world_0_ms.
 */
struct seat {
    struct world *w;
    struct evac_host host, look; /* their ctx is the seat */
    uint64_t own_0_ms, world_0_ms;
    uint32_t millionths;
    int64_t wall_0_ms;
    uint64_t paused_until_ms, down_ms;
    uint32_t requests_to_live; /* 0: nobody counts */
    bool dead;                 /* killed in the middle: nothing that it still does is done */
    /* R5: a mutation of a service was lost, and nothing was read since */
    char lost_operation[64];
};

struct world {
    struct evac_virtual v; /* first */
    struct evac_err said;  /* the last answer to a person */
    struct world_options o;
    struct evac_sandbox *sandbox;
    struct evac_arena *arena;
    struct evac_model *model, *old_models[8]; /* old: calls and probes may point into them */
    size_t old_count;
    struct evac_store *store;
    struct evac_shell *shell;
    struct evac_store *copy;     /* what the follower has */
    struct evac_shell *follower; /* NULL nobody follows */
    struct seat seats[1];
    struct exchange *exchanges; /* not yet answered */
    struct world_letter *letters;
    size_t letter_count, letter_cap;
    bool *probe_alive;
    struct place places[EVAC_VANTAGES_MAX];
    char *trace;
    size_t trace_n, trace_cap;
    struct evac_buf truth;
    char broken[400];
    uint64_t events, requests, last_run;
    const char *isolate;
    bool wish_drills, last_drills; /* a rehearsal or a drill: it moves nothing */
    enum evac_run_state last_state;
    struct fate_counts asked;
    uint64_t full_until_ms;
    /* of virtual time */
    enum evac_code (*timer)(void *ctx, uint64_t delay_ms, evac_timer_fn *fn, void *user,
                            uint64_t *ret_id, struct evac_err *err);
    void (*timer_stop)(void *ctx, uint64_t id);
    void (*random)(void *ctx, void *p, size_t bytes);
    /* what is so in each region, whoever can see it */
    struct health {
        unsigned good, bad;    /* answers in a row; bad ones since it was last well */
        unsigned row, longest; /* bad ones in a row, and the most of them since then */
        uint64_t bad_since_ms, last_bad_ms;
    } truly[EVAC_REGIONS_MAX];
    char route[32];
    char last_from[32], last_to[32];
    bool last_back;
    bool wish_rehearses, last_rehearses, person_begins, acked;
    uint64_t ended_ms; /* the last run, 0 none */
    uint64_t seen_seq; /* the last row that the world has seen */
    uint64_t started_ms;
    bool catches_up;
    bool overridden; /* somebody opened a gate of the newest run */
    /* what binds automation, by the controller's wall clock; and of the newest run by itself */
    bool stopped, unacked, approved, by_policy, started;
    int64_t held_until_ms, frozen_until_ms;
    bool stood; /* an earlier run was stopped where it stood, and none was finished since */
};

/* The first counts. */
void broke(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#endif

/*
 * What the evacuation of a region would take, before anybody begins it: who goes, when, how long
 * each takes, what keeps it; how many calls that is and how long the services' limits alone would
 * take for them; the fastest that limits and durations allow, and what the configured waves make of
 * it. Calls nothing and changes nothing.
 */
#ifndef EVAC_FORESEE_H
#define EVAC_FORESEE_H

#include "engine.h"
#include "history.h"
#include "jw.h"
#include "pace.h"
#include "shell.h"

struct evac_foresee_input {
    const struct evac_shell *shell;
    const struct evac_model *model;
    const struct evac_catalog *catalog;
    const struct evac_facts *facts;     /* limits and batches; NULL none are known */
    const struct evac_pace *pace;       /* what was learned of the limits; NULL nothing */
    const struct evac_history *history; /* NULL: what is usual */
    struct evac_str region;
    struct evac_order_wish wish;
    struct evac_now now;
};

struct evac_foreseen_app {
    size_t app;         /* index in the engine's */
    uint16_t from, to;  /* its regions; to: their count when there is nowhere to go */
    uint8_t tier, wave; /* wave: from 1, as tiers go; 0 it does not go now */
    enum evac_mode mode;
    bool goes, begun;    /* goes: nothing keeps it; begun: it is on its way already */
    struct evac_str why; /* what keeps it, or what its run will wait for; "" nothing */
    uint64_t p50_ms, p95_ms;
    uint64_t way_ms;        /* with the longest of those that wait for it */
    size_t without_history; /* steps that have none */
    int64_t loss_ms;        /* now; -1 no data, EVAC_LOSS_UNKNOWN */
    uint64_t begins_ms;     /* in the estimate, from the beginning */
};

/* Calls of one operation, of one account and region ("" of no one region). */
struct evac_foreseen_calls {
    struct evac_str account, region, service, operation;
    bool changes;
    uint64_t expected; /* changes once each; looks by how long what they look at takes */
    uint64_t least;    /* without which it can not be done */
    uint64_t alone_ms; /* what the slowest limit that counts them takes for the expected ones */
    uint64_t rate_milli, burst; /* of that limit, as it is used; 0 none is known */
    bool learned;               /* it is slower than the facts say */
};

/* A limit, and all that it counts. */
struct evac_foreseen_bucket {
    const struct evac_fact_limit *limit;
    struct evac_str account, region;
    uint64_t expected, least;
    uint64_t needed; /* least, and the looks that go between changes: others give way */
    uint64_t rate_milli, burst;
    uint64_t first_ms, behind_ms; /* nobody asks sooner; the least that follows */
    uint64_t changes;             /* of the expected ones */
    uint64_t alone_ms, bound_ms; /* for the expected ones; from the beginning to the end, at best */
};

struct evac_foreseen_batch {
    const struct evac_fact_batch *fact;
    bool changes; /* false: looks, the fewest that there must be */
    struct evac_str account, region, service, operation;
    struct evac_str by;           /* the zone, or what else goes together */
    uint64_t records, characters; /* of their values */
    uint64_t calls;
    struct evac_foreseen_calls *follows; /* looks at what became of a call; NULL none */
    uint64_t looks;                      /* of those, a call */
};

struct evac_foreseen {
    struct evac_arena *arena; /* owns what follows */
    struct evac_str region;
    struct evac_foreseen_app *apps; /* in the order in which they go */
    size_t app_count;
    size_t going, blocked, begun, left_out, away; /* left_out, away: beside apps */
    struct evac_foreseen_calls *calls;
    size_t call_count;
    struct evac_foreseen_bucket *buckets;
    size_t bucket_count;
    struct evac_foreseen_batch *batches;
    size_t batch_count;
    uint64_t expected_calls;
    uint64_t chain_ms; /* the longest way: an app's, with those that it waits for before it */
    uint64_t bound_ms;
    struct evac_str bound_by; /* what it is that makes it so long, in words */
    uint64_t estimate_ms;     /* with waves and limits */
    unsigned waves;
    unsigned share; /* % of the limits that are used */
};

/* NOTFOUND: no app has that region, or one that is named is none. Everything lives in arena. */
enum evac_code evac_foresee(const struct evac_foresee_input *input, struct evac_arena *arena,
                            struct evac_foreseen *ret_foreseen, struct evac_err *err);
/* Tells the engine what each app is expected to take, so that the longest goes first. */
void evac_foresee_tell(const struct evac_foreseen *foreseen, struct evac_shell *shell);
/* Its members into the object that is open. */
void evac_foreseen_to_json(const struct evac_foreseen *foreseen, const struct evac_engine *engine,
                           struct evac_jw *w);
#endif

/* What a vantage's agent tells the controller at one time, as JSON: small, bounded, numbered. */
#ifndef EVAC_BATCH_H
#define EVAC_BATCH_H

#include "evac/arena.h"
#include "evac/buf.h"
#include "evac/err.h"

#define EVAC_BATCH_RESULTS_MAX 256u
#define EVAC_BATCH_CELLS_MAX   4096u /* of a compact batch */
#define EVAC_BATCH_BYTES_MAX   (512u << 10)
#define EVAC_BATCH_HEARD_MAX   8u
#define EVAC_LEASE_BYTES       33u /* of a lease's name, with its end */

struct evac_batch_result {
    struct evac_str app, probe, region; /* by name; region "" for what is not regional */
    bool placed;                        /* by place instead, as evac_model_probed() has them */
    uint16_t at_app, at_probe, at_region;
    bool ok;
    uint32_t latency_ms;
    uint32_t asked_ago_ms; /* counted from when the batch was written; of an agent, whose batch is
                              handed over at once, and a way there and back */
    int64_t certificate_until_ms;
    struct evac_str reason;
};

/* Another's batch that had been read when this one was written: so this one is not older than
 * that. */
struct evac_batch_heard {
    struct evac_str lease;
    uint64_t seq;
};

struct evac_batch {
    struct evac_str lease;  /* drawn anew by each start of an agent */
    uint64_t seq;           /* 1.. within the lease */
    struct evac_str config; /* hash of the configuration that was asked by */
    bool abstains;          /* none of the anchors is reached from there */
    bool leaves;            /* an orderly end: the lease is given back */
    uint64_t dropped;       /* results that this agent could not deliver, ever */
    uint64_t asking_ms;     /* for so long the agent has asked by this configuration; 0 not known */
    uint64_t first; /* number of the first result within the lease, where batches overlap: what was
                       taken once is not taken again; 0 they do not */
    bool compact;   /* its results are told by place, in a tenth of the room: only between those
                       whose configuration is the same, which its hash says */
    struct evac_batch_result *results;
    size_t count;
    struct evac_batch_heard heard[EVAC_BATCH_HEARD_MAX]; /* between controllers, of each other */
    size_t heard_count;
};

void evac_batch_to_json(const struct evac_batch *batch, struct evac_buf *out);
/* Everything in arena. Refuses what is not whole, or more than a batch holds. */
enum evac_code evac_batch_from_json(struct evac_str text, struct evac_arena *arena,
                                    struct evac_batch *ret_batch, struct evac_err *err);
#endif

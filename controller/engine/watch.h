/*
 * Replication, watched all the time: canary markers written in the active region and looked for in
 * the standby, and the services' own lag metrics. From them come the data-loss gate before an
 * ungraceful promotion, and a run's measured RPO. Pure. What is not known is unknown, never zero,
 * and every number is an upper bound: never better than the truth.
 */
#ifndef EVAC_WATCH_H
#define EVAC_WATCH_H

#include "effects.h"

#define EVAC_MARKS 128u /* acknowledged markers remembered, for the list of lost ones */

/* What would have been lost, a minute apart: for the trend, and for the journal's LAG rows. */
#define EVAC_LAGS         60u
#define EVAC_LAG_EVERY_MS 60000u
struct evac_lag_sample {
    int64_t wall_ms;
    int64_t loss_ms; /* -1 unknown */
};

struct evac_watch {
    uint32_t verbs; /* what the driver can do: bit (1u << EVAC_VERB_x) */

    /* by lag: everything committed up to this wall time is in the standby; 0 unknown */
    int64_t replicated_until_ms;
    int64_t lag_ms, lag_as_of_ms; /* the newest sample as the service gave it; -1, 0 none */

    /* by canary: a marker's number is the wall time at which it was sent */
    int64_t acked[EVAC_MARKS]; /* ring, newest at acked_at - 1 */
    uint32_t acked_at, acked_count;
    int64_t last_mark; /* newest number used */
    int64_t found;     /* newest marker seen in the standby; 0 none */

    /* The wall clock jumped back from here: what is before can not be told from what was before the
     * jump. 0 it did not. */
    int64_t clock_from_ms;

    uint64_t mark_call, seek_call, measure_call; /* open calls */
    uint64_t still_call;                         /* the same, of the region that was left */
    uint64_t mark_due_ms, measure_due_ms;

    struct evac_lag_sample lags[EVAC_LAGS]; /* ring, newest at lag_at - 1 */
    uint32_t lag_at, lag_count;
    uint64_t lag_due_ms;
    struct evac_lag_sample lag_told; /* the newest that is in the journal */
};

/* It tells how far the other side is behind. */
bool evac_watch_measures(const struct evac_watch *watch);

/* The wall clock showed that, and now shows less: until it is there again nothing is known. */
void evac_watch_clock_went_back(struct evac_watch *watch, int64_t from_ms);

/* Forget what was learnt in the other direction. */
void evac_watch_turn(struct evac_watch *watch);

void evac_watch_marked(struct evac_watch *watch, int64_t marker, const struct evac_reply *reply);
void evac_watch_found(struct evac_watch *watch, const struct evac_reply *reply);
/* A sample that is beyond until_ms says nothing: what was promoted then is all there is. */
void evac_watch_measured(struct evac_watch *watch, const struct evac_reply *reply,
                         int64_t until_ms);

/* Upper bound of what would be lost, had the active side ended at reference_ms; EVAC_LOSS_UNKNOWN.
 */
int64_t evac_watch_loss_by_lag(const struct evac_watch *watch, int64_t reference_ms);
int64_t evac_watch_loss_by_canary(const struct evac_watch *watch, int64_t reference_ms);
/* The worse of those that this resource has; a resource that measures nothing gives -1: no opinion.
 */
int64_t evac_watch_loss(const struct evac_watch *watch, int64_t reference_ms);

/* Keep a sample for the trend. */
void evac_watch_note_lag(struct evac_watch *watch, int64_t wall_ms, int64_t loss_ms);
/* Is it news for the journal? What stays about the same is told every ten minutes. */
bool evac_watch_lag_is_news(const struct evac_watch *watch, int64_t wall_ms, int64_t loss_ms);
/* The i-th sample, the oldest first. */
const struct evac_lag_sample *evac_watch_lag(const struct evac_watch *watch, uint32_t i);

/* Do as many measures speak as wanted (0: as many as this resource has), and agree? Two agree when
 * they say the same within 5 s and what the older sample could not know. A resource that measures
 * nothing has nothing to disagree about. */
bool evac_watch_agrees(const struct evac_watch *watch, int64_t reference_ms, uint16_t wanted);

/* Acknowledged markers newer than the newest found: how many, and the first max of them. */
uint32_t evac_watch_lost(const struct evac_watch *watch, int64_t *ret_markers, uint32_t max);
#endif

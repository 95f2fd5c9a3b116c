/*
 * What is worth telling: the journal's rows as messages. A fold of a little context and a table by
 * the rows' kinds; no clock, no I/O. The same rows give the same messages, live and at replay.
 */
#ifndef EVAC_TELL_H
#define EVAC_TELL_H

#include "notice.h"
#include "record.h"
#include "steady.h"

#define EVAC_TELL_MAX     4u  /* messages of one row */
#define EVAC_TELL_RUNS    64u /* the newest: of older ones the direction is not told */
#define EVAC_TELL_REGIONS 16u /* incidents at one time */

struct evac_told_run {
    uint64_t id;
    char what[96]; /* "failover us-east-1 -> us-west-2" */
    char who[64], why[200];
    bool aside;                      /* a rehearsal or an isolated drill */
    struct evac_steady clock;        /* of its instants */
    int64_t impact_ms, recovered_ms; /* by that; 0 not known */
};

struct evac_teller {
    struct evac_told_run runs[EVAC_TELL_RUNS]; /* ring, by number */
    char incidents[EVAC_TELL_REGIONS][48];     /* regions of open ones, "" free */
    bool started, stopped;
};

/* What the rows do not say. May be NULL, or a member of it. */
struct evac_tell_view {
    void *ctx;
    /* Do users of the app go to that region? */
    bool (*serves)(void *ctx, struct evac_str app, struct evac_str region);
    /* May automation act for the app? What keeps it from that matters to nobody else. */
    bool (*acts)(void *ctx, struct evac_str app);
    /* Whom the so-manieth escalation of an incident tells, 1.. */
    struct evac_str (*escalates)(void *ctx, int64_t number);
};

/* Folds the row, and writes what it is worth telling; returns how many messages. id and link are
 * left to whoever queues them. */
size_t evac_tell(struct evac_teller *teller, const struct evac_record *row,
                 const struct evac_tell_view *view, struct evac_message ret[EVAC_TELL_MAX]);

/* A regional incident is open there: it stands for what its apps would say one by one. */
bool evac_tell_has_incident(const struct evac_teller *teller, struct evac_str region);
#endif

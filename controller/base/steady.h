/*
 * A run's instants by one clock. The wall clock may be set while a run goes on (a machine that was
 * cut off finds its time server again), and what lies between two readings of it is then no
 * duration. The boot clock is not set, but says nothing across a boot or another machine. So: by
 * the boot clock while it is the same one, shown as the wall clock would have if nobody had touched
 * it. Another machine goes on no earlier than where the one before it was: when its clock says so,
 * one of the two was wrong, and what lay between is counted as nothing.
 */
#ifndef EVAC_STEADY_H
#define EVAC_STEADY_H

#include "record.h"

/* Zeroed: nothing was read. */
struct evac_steady {
    bool known;
    uint64_t boot;                /* whose boot clock the newest row goes by */
    int64_t first_gap_ms, gap_ms; /* wall minus boot: of its first row, of the newest */
    int64_t moved_ms;             /* by how much the wall clock was set under those before it */
    int64_t newest_ms;            /* of rows that say when they were written */
    int64_t most_ms;              /* the furthest that the clock was from where it began */
};

/* Rows of one run, in the journal's order; returns the row's instant, wall ms by the clock as it
 * went at the first one. Of a row that says when something was (EVAC_RECORD_INSTANT), that. boot
 * tells boot clocks apart (a hash of the row's node and boot id); 0 not known: then whoever takes
 * the run up, or leads anew, is taken for another machine. */
int64_t evac_steady_ms(struct evac_steady *steady, const struct evac_record *record, uint64_t boot);

/* By how much the wall clock was set while it went on, at most, below 0 back; 0 when that is less
 * than a second, which time servers do all the time. */
int64_t evac_steady_set_ms(const struct evac_steady *steady);

#endif

/*
 * The runs that go on, closely packed in the order of their numbers: which run a number is, and
 * which of them an event concerns, is found without touching the others.
 */
#ifndef EVAC_RUN_INDEX_H
#define EVAC_RUN_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evac_run;

#define EVAC_RUNS_MAX 4096u /* at the same time */

enum evac_run_mark {
    EVAC_RUN_WATCHES = 1, /* more than time may move it: it is looked at with every tick */
    EVAC_RUN_INTENDS = 2, /* a step waits until its intent is durable */
    EVAC_RUN_DRILLS = 4,  /* a drill's own */
};

struct evac_run_index {
    size_t count;
    uint64_t ids[EVAC_RUNS_MAX]; /* ascending */
    uint64_t wakes[EVAC_RUNS_MAX];
    uint64_t seen[EVAC_RUNS_MAX]; /* when what its gates look at was looked at, boot ms */
    uint8_t marks[EVAC_RUNS_MAX]; /* enum evac_run_mark, or-ed */
    struct evac_run *at[EVAC_RUNS_MAX];
};

/* False when there is no room. Its number, who began it, and where it is kept do not change. */
bool evac_run_index_add(struct evac_run_index *index, struct evac_run *run);
void evac_run_index_remove(struct evac_run_index *index, const struct evac_run *run);
/* count when it is not there */
size_t evac_run_index_find(const struct evac_run_index *index, uint64_t id);
/* The run has set its wake-up: what the index has of it is as the run has it. */
void evac_run_index_note(struct evac_run_index *index, const struct evac_run *run);
#endif

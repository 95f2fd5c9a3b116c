/* What the files of the foresight share: foresee.c goes through the apps, foresee_calls.c counts
 * calls, foresee_time.c places all of it in time. */
#ifndef EVAC_FORESEE_INTERNAL_H
#define EVAC_FORESEE_INTERNAL_H

#include "foresee.h"

#define FORESEE_CALLS_MAX   2000u /* different ones; what would be more is not counted */
#define FORESEE_BATCHES_MAX 1000u

struct foreseeing {
    const struct evac_foresee_input *in;
    const struct evac_engine *engine;
    struct evac_foreseen *out;
    size_t region;     /* in the fleet */
    uint64_t *rank_ms; /* an app of the engine each: its way and the longest behind it */
    uint64_t *begins_ms, *ends_ms; /* the same: in the estimate */
};

/* A plan's step, in time. */
struct foreseen_step {
    const struct evac_plan *plan;
    uint16_t step;
    struct evac_str account;
    uint64_t ms, begins_ms, behind_ms;
};

/* foresee_calls.c */
void foresee_count(struct foreseeing *f, const struct foreseen_step *s);
void foresee_limits(struct foreseeing *f); /* once all steps were counted */
uint64_t foresee_time_for(uint64_t calls, uint64_t burst, uint64_t rate_milli);
/* foresee_time.c */
void foresee_schedule(struct foreseeing *f);
void foresee_bound(struct foreseeing *f);
#endif

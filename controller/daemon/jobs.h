/*
 * What takes longer than anybody may hold up the loop: done in slices of some milliseconds with a
 * longer pause after each, so that probing, deciding and runs go on beside it, on the same thread
 * and without a lock. One job at a time; the newest results are kept until others take their place.
 */
#ifndef EVAC_JOBS_H
#define EVAC_JOBS_H

#include "evac/err.h"
#include "jw.h"

#include <uv.h>

#define EVAC_JOB_SLICE_MS 3u
#define EVAC_JOB_REST_MS  7u /* so that a third of a core is all that it takes */
#define EVAC_JOBS_KEPT    8u
#define EVAC_JOB_MAX      (16u << 20) /* of a result */

struct evac_job {
    const char *what; /* "a simulation of shop": static or as long as the job */
    void *ctx;
    bool (*step)(void *ctx); /* a slice or less; false when all is done */
    void (*progress)(const void *ctx, uint64_t *ret_done, uint64_t *ret_all);
    enum evac_code (*failed)(const void *ctx, struct evac_err *err); /* NULL: it can not */
    void (*to_json)(const void *ctx, struct evac_jw *w);
    void (*free)(void *ctx);
};

struct evac_jobs;

struct evac_jobs *evac_jobs_new(uv_loop_t *loop);
/* Ends what goes on; the loop must run until nothing is left, and frees it. NULL is fine. */
void evac_jobs_close(struct evac_jobs *jobs);

/* Takes ctx when it returns EVAC_OK. EVAC_E_BUSY: another one goes on. */
enum evac_code evac_jobs_begin(struct evac_jobs *jobs, const struct evac_job *job,
                               uint64_t *ret_number, struct evac_err *err);
/* Number of the one that was begun last; 0 none. */
uint64_t evac_jobs_newest(const struct evac_jobs *jobs);
/* What it works on goes away: the job ends with that reason. */
void evac_jobs_cancel(struct evac_jobs *jobs, const char *why);
/* {"job","state":"running|done|failed","done","of","problem","result"}; false: there is none such,
 * or it is too long ago. */
bool evac_jobs_view(const struct evac_jobs *jobs, uint64_t number, struct evac_jw *w);
#endif

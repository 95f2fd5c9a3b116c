/*
 * How long things took in this account: durations of steps, of the parts of runs and of people's
 * answers, and what would have been lost, as the journal has them. Fed row by row, so that whoever
 * follows the journal never has to read it again. Bounded: the newest samples of a bounded number
 * of things. Where there is no history it says so, and falls back to what is usual.
 */
#ifndef EVAC_HISTORY_H
#define EVAC_HISTORY_H

#include "plan.h"
#include "store.h"

#define EVAC_SAMPLES_MAX 64u

/* Where a duration comes from, the best first. */
#define EVAC_ORIGINS(X)                                                                            \
    X(OWN, "own history")              /* this action on this resource, this way */                \
    X(ACTION, "this action elsewhere") /* the same action on other resources, in this account */   \
    X(USUAL, "no history: the driver's usual")                                                     \
    X(NONE, "no history")
#define X(name, text) EVAC_ORIGIN_##name,
enum evac_origin { EVAC_ORIGINS(X) EVAC_ORIGIN_COUNT };
#undef X
const char *evac_origin_name(enum evac_origin origin);

/* A distribution: samples, or a middle with the spread that is assumed where there are none. */
struct evac_spread {
    enum evac_origin origin;
    bool found_so;  /* of a change: it was always found as it should be, and took only a look */
    uint64_t count; /* ever seen; the newest EVAC_SAMPLES_MAX are kept */
    size_t kept;
    uint32_t samples_ms[EVAC_SAMPLES_MAX]; /* sorted */
    uint32_t max_ms;                       /* ever seen */
    uint32_t usual_ms;                     /* USUAL: the median */
};

/* What is assumed of a duration that was never measured: log-normal around the usual, so that one
 * in twenty takes 2.3 times as long, and one in a thousand 4.7 times. */
#define EVAC_USUAL_SIGMA 0.5

/* Value below which a share q (0..1) of it lies: interpolated between the samples (Hyndman and
 * Fan's type 7). Also the way to draw: q uniform. 0 for NONE. */
double evac_spread_quantile(const struct evac_spread *spread, double q);
/* The same of any sorted numbers. */
double evac_quantile(const uint32_t *sorted, size_t count, double q);

struct evac_history;

struct evac_history *evac_history_new(void);
void evac_history_free(struct evac_history *history);

/* One row of the journal, in its order. */
void evac_history_row(struct evac_history *history, const struct evac_record *record);
/* Every row of a store. */
enum evac_code evac_history_read(struct evac_history *history, struct evac_store *store,
                                 struct evac_err *err);

/* A forward step of a plan: its own, else its action's, else the usual. A step that found all as it
 * should be already does not count as a change: where it never found anything else it is found_so;
 * time that a step spent at a gate or waiting for a person is not its own. */
void evac_history_step(const struct evac_history *history, const struct evac_plan *plan,
                       uint16_t step, struct evac_spread *ret_spread);
/* A part of runs, by its name in evac_report_parts, or "approve": how long people took to answer.
 * The app's own, else that of all apps, else NONE. */
void evac_history_part(const struct evac_history *history, struct evac_str app, const char *part,
                       struct evac_spread *ret_spread);
/* What a data store was behind, by LAG rows; NONE when there are none. */
void evac_history_lag(const struct evac_history *history, struct evac_str app,
                      struct evac_str resource, struct evac_spread *ret_spread);

/* Things that it has samples of. */
size_t evac_history_series(const struct evac_history *history);
#endif

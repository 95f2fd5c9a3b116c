/*
 * How the newest run and the newest drill of each app came out, and what is wanting since: read
 * from the journal's reports, a little at a time, and kept up as runs end. What a report calls
 * unknown is unknown here.
 */
#ifndef EVAC_RESULTS_H
#define EVAC_RESULTS_H

#include "report.h"

enum evac_result_kind { EVAC_RESULT_RUN, EVAC_RESULT_DRILL, EVAC_RESULT_KIND_COUNT };

struct evac_result {
    uint64_t run; /* 0: there was none */
    bool good;    /* succeeded, with or without exceptions */
    bool rto_known, rpo_known;
    int64_t rto_ms, rpo_ms;
    int64_t rto_objective_ms, rpo_objective_ms; /* as they were then */
    int64_t ended_ms;
};

/* Open deficiencies of an app. */
struct evac_wanting {
    unsigned open[EVAC_GRADE_COUNT], overdue;
};

struct evac_results;

/* The model is borrowed until the next evac_results_reload. */
struct evac_results *evac_results_new(const struct evac_model *model);
void evac_results_free(struct evac_results *results); /* NULL is fine */
void evac_results_reload(struct evac_results *results, const struct evac_model *model);

/* A row that became durable: what it changes is read again later. */
void evac_results_row(struct evac_results *results, const struct evac_record *record);
/* Reads what is due, of at most so many apps. False: nothing was due. */
bool evac_results_tick(struct evac_results *results, struct evac_store *store, int64_t now_wall_ms,
                       size_t apps);

const struct evac_result *evac_results_of(const struct evac_results *results, size_t app,
                                          enum evac_result_kind kind);
const struct evac_wanting *evac_results_wanting(const struct evac_results *results, size_t app);
#endif

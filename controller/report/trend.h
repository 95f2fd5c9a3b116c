/*
 * All runs and drills of an app over time: times and losses against the objectives, drills that
 * were planned and what became of them, deficiencies that are open. Read from the journal, as
 * everything. The controller's own looks at readiness, many a day, are left out.
 */
#ifndef EVAC_TREND_H
#define EVAC_TREND_H

#include "deficiency.h"

#define EVAC_TREND_PARTS_MAX 8u

struct evac_trend_run {
    uint64_t run;
    struct evac_str kind, who, result, to; /* to: a region */
    bool over, moves;                      /* users, or it only looked or exercised the standby */
    int64_t began_ms, ended_ms;
    bool rto_known, rpo_known;
    int64_t rto_ms, rpo_ms, rto_objective_ms, rpo_objective_ms;
    int64_t parts_ms[EVAC_TREND_PARTS_MAX]; /* as evac_report_parts; -1 unknown */
    unsigned judged[3];                     /* criteria, by enum evac_judged */
};

/* What became of a drill of the calendar. */
struct evac_trend_drill {
    int64_t at_ms;
    struct evac_str kind, what, why; /* what: "planned", "begun", "skipped", "missed", ... */
    uint64_t run;
};

/* From then on so many were open. */
struct evac_trend_point {
    int64_t at_ms;
    unsigned open;
};

struct evac_trend {
    struct evac_arena *arena;
    struct evac_str app;
    int64_t since_ms, as_of_ms;  /* since 0: from the first run on */
    struct evac_trend_run *runs; /* in the order in which they began */
    size_t run_count;
    struct evac_trend_drill *drills;
    size_t drill_count;
    struct evac_trend_point *points;
    size_t point_count;
    struct evac_deficiencies *deficiencies;
};

/* *ret_trend is the caller's. An app without any run gives an empty one. */
enum evac_code evac_trend_make(struct evac_store *store, struct evac_str app, int64_t since_ms,
                               int64_t as_of_ms, struct evac_trend **ret_trend,
                               struct evac_err *err);
void evac_trend_free(struct evac_trend *trend); /* NULL is fine */

void evac_trend_text(const struct evac_trend *trend, struct evac_buf *out);
void evac_trend_json(const struct evac_trend *trend, struct evac_buf *out);
/* One self-contained page: no script, no request. */
void evac_trend_html(const struct evac_trend *trend, struct evac_buf *out);

/* Is this row among those that it was made from? */
bool evac_trend_needs(const struct evac_trend *trend, const struct evac_record *record);

/* What can become of one; ends with NULL. */
extern const char *const evac_trend_drill_words[];
/* How many of the calendar's drills came to this. */
size_t evac_trend_count(const struct evac_trend *trend, const char *what);
#endif

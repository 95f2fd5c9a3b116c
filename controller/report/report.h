/*
 * What a run did, how long it took, what it cost in data: read from the journal, nothing else.
 * Numbers are never better than the truth, and what could not be measured is said to be unknown,
 * never zero.
 */
#ifndef EVAC_REPORT_H
#define EVAC_REPORT_H

#include "plan.h"
#include "store.h"

/* An instant: known, and when, by the wall clock as it went when the run began (steady.h). */
struct evac_when {
    bool known;
    int64_t wall_ms;
};

#define EVAC_REPORT_INSTANTS(X)                                                                    \
    X(IMPACT_LO, "impact_lo")                                                                      \
    X(IMPACT_HI, "impact_hi")                                                                      \
    X(DETECTED, "detected")                                                                        \
    X(DECIDED, "decided")                                                                          \
    X(STARTED, "started")                                                                          \
    X(FENCED, "fenced")                                                                            \
    X(DATA_READY, "data_ready")                                                                    \
    X(CAPACITY_READY, "capacity_ready")                                                            \
    X(VERIFIED, "verified")                                                                        \
    X(TRAFFIC_MOVED, "traffic_moved")                                                              \
    X(RECOVERED, "recovered")                                                                      \
    X(ENDED, "ended")
#define X(name, text) EVAC_REPORT_##name,
enum evac_report_instant { EVAC_REPORT_INSTANTS(X) EVAC_REPORT_INSTANT_COUNT };
#undef X

struct evac_report_step {
    const struct evac_plan_step *plan;
    struct evac_str state; /* as it ended */
    struct evac_when began, ended;
    uint32_t attempts;
    bool failed;   /* or held, and nobody got it done afterwards; it may have been put back since */
    bool critical; /* on the chain that decided when the run was over */
    struct evac_str reason;
    struct evac_str request_id;    /* of the last exchange that the journal has */
    struct evac_str before, after; /* snapshots, "" none */
};

struct evac_report_loss {
    struct evac_str store, method;
    bool known;
    int64_t loss_ms;
    struct evac_str data; /* JSON: interval, lost markers */
};

/* Something that a person, the policy or a gate said. */
struct evac_report_word {
    int64_t wall_ms;
    struct evac_str kind, who, what, text;
    struct evac_str step; /* which it was about, "" the run */
    struct evac_str gate; /* of a gate's rows, and overrides: which */
    int64_t number;       /* of an override, the value; of a waiver, when it ends */
};

/* How a criterion that the plan fixed came out. */
enum evac_judged { EVAC_JUDGED_MET, EVAC_JUDGED_MISSED, EVAC_JUDGED_UNMEASURED };
struct evac_report_criterion {
    const struct evac_plan_criterion *plan;
    enum evac_judged verdict;
    int64_t value;       /* unless unmeasured */
    struct evac_str why; /* what was not measured, or which steps and so on */
};

/* An earlier run of the same kind. */
struct evac_report_past {
    uint64_t run;
    int64_t began_ms;
    struct evac_str result;
    bool rto_known, rpo_known;
    int64_t rto_ms, rpo_ms;
};

/* What an earlier deficiency of the app is, when the report is made. */
struct evac_deficiencies;

/* A step that was applied and stays as it is, after a run that was given up. */
struct evac_report_residue {
    const struct evac_report_step *step; /* with what was there before */
    struct evac_str
        command; /* what a person types to clear it; a <hole> is theirs to fill; "" none */
};

struct evac_report {
    struct evac_arena *arena;
    const struct evac_plan *plan;
    uint64_t run;
    struct evac_str who, why, result, left;
    enum evac_mode mode; /* as it ended */
    bool over;
    struct evac_when instants[EVAC_REPORT_INSTANT_COUNT];
    bool planned; /* no outage came before it: measured from its start */
    bool rto_known;
    int64_t rto_ms;     /* from the last good answer before the outage: an upper bound */
    int64_t rto_min_ms; /* from the first bad one */
    bool rpo_known;
    int64_t rpo_ms; /* the worst of all stores */
    /* If the region being left went on writing unseen until it was fenced: the most that can be
     * lost. rpo_ms in planned moves. */
    int64_t rpo_max_ms;
    struct evac_report_step *steps; /* forward, and undo if it unwound */
    size_t step_count;
    struct evac_report_loss *losses;
    size_t loss_count;
    struct evac_report_residue *residue;
    size_t residue_count;
    struct evac_report_word *words;
    size_t word_count;
    struct evac_report_criterion *criteria;
    size_t criterion_count;
    struct evac_str *limits; /* what this run did not show, each a sentence */
    size_t limit_count;
    struct evac_report_past *past; /* of the same kind, the newest first */
    size_t past_count;
    const struct evac_deficiencies *deficiencies; /* of the app; NULL when made alone */
    int64_t as_of_ms;                             /* ages count to here */
    uint64_t first_seq, last_seq;
    int64_t began_ms, ended_ms; /* first and last row, as instants are told */
    int64_t clock_set_ms;       /* by how much the wall clock was set in between; 0 it was not */
    char last_hash[65];
};

/* *ret_report is the caller's. EVAC_E_NOTFOUND when the journal knows no such run. Ages count to
 * as_of_ms; 0: to the run's last row. The same rows and the same as_of_ms give the same report. */
enum evac_code evac_report_make_at(struct evac_store *store, uint64_t run, int64_t as_of_ms,
                                   struct evac_report **ret_report, struct evac_err *err);
enum evac_code evac_report_make(struct evac_store *store, uint64_t run,
                                struct evac_report **ret_report, struct evac_err *err);
/* From the run's own rows alone: no earlier runs, no deficiencies, no waivers. */
enum evac_code evac_report_make_alone(struct evac_store *store, uint64_t run,
                                      struct evac_report **ret_report, struct evac_err *err);
/* Is this row among those that the report was made from? A store with only these gives the same
 * report. */
bool evac_report_needs(const struct evac_report *report, const struct evac_record *record);

const char *evac_judged_name(enum evac_judged verdict); /* "met", "missed", "not measured" */
void evac_report_free(struct evac_report *report);

void evac_report_json(const struct evac_report *report, struct evac_buf *out);
/* A step's members, for an object that is open. */
struct evac_jw;
void evac_report_step_json(const struct evac_report_step *step, struct evac_jw *w);
void evac_report_text(const struct evac_report *report, struct evac_buf *out);
/* One self-contained page: no script, no request. */
void evac_report_html(const struct evac_report *report, struct evac_buf *out);

/* report.txt, report.json and report.html in dir, which is made with its parents; each appears
 * whole or not at all. */
enum evac_code evac_report_write_dir(const struct evac_report *report, const char *dir,
                                     struct evac_err *err);

/* The parts of the RTO: from which instant to which. */
struct evac_report_part {
    const char *name;
    enum evac_report_instant from, to;
};
extern const struct evac_report_part evac_report_parts[];
extern const size_t evac_report_part_count;
const char *evac_report_instant_name(enum evac_report_instant instant);
#endif

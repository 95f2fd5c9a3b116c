/*
 * What a run did, how long it took, what it cost in data: read from the journal, nothing else.
 * Numbers are never better than the truth, and what could not be measured is said to be unknown,
 * never zero.
 */
#ifndef EVAC_REPORT_H
#define EVAC_REPORT_H

#include "plan.h"
#include "store.h"

/* An instant: known, when on the wall clock, when on the boot clock of its time. */
struct evac_when {
    bool known;
    int64_t wall_ms;
    uint64_t boot_ms;
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
};

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
    uint64_t first_seq, last_seq;
    char last_hash[65];
};

/* *ret_report is the caller's. EVAC_E_NOTFOUND when the journal knows no such run. */
enum evac_code evac_report_make(struct evac_store *store, uint64_t run,
                                struct evac_report **ret_report, struct evac_err *err);
void evac_report_free(struct evac_report *report);

void evac_report_json(const struct evac_report *report, struct evac_buf *out);
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

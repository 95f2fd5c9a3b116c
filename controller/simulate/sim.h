/*
 * What has not happened, simulated: an app's own configuration, its compiled plan, the real engine
 * and shell, in virtual time, with people and probes that are modelled and services whose durations
 * are drawn from this account's history. Each run is one outage of one region, from a healthy day
 * to the moment that users are served again. Same request, same seed, same answer.
 *
 * Services are models made from the drivers' own tables (names, actions, flags, operations): a step
 * is unsatisfied until it was applied, then on its way for a drawn duration, then satisfied. What a
 * step needs of which region comes from its driver's operations and the lint's facts.
 */
#ifndef EVAC_SIM_H
#define EVAC_SIM_H

#include "facts.h"
#include "history.h"
#include "jw.h"
#include "plan.h"

/* X(NAME, "as people write it", "what it is", its value: "" none, else an example). */
#define EVAC_SIM_FAULTS(X)                                                                         \
    X(LOST_REPLY, "lost-reply", "a change lands, and its reply is lost", "")                       \
    X(THROTTLED, "throttled", "a change is refused for now, three times", "")                      \
    X(REFUSED, "refused", "a change is refused for good, once", "")                                \
    X(SLOW, "slow", "steps take so many times as long", "3x")                                      \
    X(STUCK, "stuck", "a change is accepted and never ends", "")                                   \
    X(LAGGING, "lagging", "data stores are further behind than the objective allows", "")          \
    X(LOST_MIDWAY, "region-lost-midway", "the region dies in the middle of a planned move", "")    \
    X(CAPACITY_SHORT, "capacity-short", "the region taking over has no capacity left", "")         \
    X(CONTROL_PLANE, "control-plane", "no control plane of that region answers", "us-east-1")      \
    X(APPROVER_ASLEEP, "approver-asleep", "nobody answers for so long", "20m")
#define X(name, text, doc, value) EVAC_SIM_##name,
enum evac_sim_fault_kind { EVAC_SIM_FAULTS(X) EVAC_SIM_FAULT_COUNT, EVAC_SIM_NO_FAULT };
#undef X

struct evac_sim_fault {
    enum evac_sim_fault_kind kind;
    char step[64];   /* "": each in turn, or all */
    char region[64]; /* CONTROL_PLANE */
    double factor;   /* SLOW */
    uint32_t ms;     /* APPROVER_ASLEEP */
    char text[96];   /* as it was asked for */
};

#define EVAC_SIM_FAULTS_MAX 32u

const char *evac_sim_fault_doc(enum evac_sim_fault_kind kind);

/* "slow:3x", "stuck:promote", "control-plane:us-east-1", "approver-asleep:20m", or "all": each in
 * turn. Appends to faults; EVAC_E_BADARG says what is allowed. */
enum evac_code evac_sim_fault_parse(struct evac_str text, struct evac_sim_fault *faults,
                                    size_t *count, struct evac_err *err);

#define EVAC_SIM_RUNS_MAX     100000u
#define EVAC_SIM_RUNS_DEFAULT 500u
#define EVAC_SIM_REACTION_MS  300000u /* what people take to answer where nothing is known of it */

struct evac_sim_request {
    const struct evac_model *model; /* outlives the simulation */
    const struct evac_app *app;
    const struct evac_catalog *catalog;
    const struct evac_facts *facts;     /* NULL: none */
    const struct evac_history *history; /* NULL: none; only read by evac_sim_new */
    struct evac_str down;               /* a region of the app that serves */
    struct evac_str to;                 /* "": as the controller would choose */
    const struct evac_sim_fault *faults;
    size_t fault_count;
    uint32_t runs; /* without a fault; each fault gets a fifth, at least 50 */
    uint64_t seed;
    int64_t wall_ms;      /* when it is: waivers and freezes end by it; 0: some day */
    uint32_t reaction_ms; /* 0: as people took before, else EVAC_SIM_REACTION_MS */
};

struct evac_sim;

/* Compiles the plan once, to see that it can be; EVAC_E_BADARG when the request does not fit. */
enum evac_code evac_sim_new(const struct evac_sim_request *request, struct evac_sim **ret_sim,
                            struct evac_err *err);
void evac_sim_free(struct evac_sim *sim);
/* Some events of a virtual run, a millisecond or so of real time; false when all were made. */
bool evac_sim_step(struct evac_sim *sim);
void evac_sim_progress(const struct evac_sim *sim, uint32_t *ret_done, uint32_t *ret_all);
/* Of what was run so far. */
void evac_sim_to_json(const struct evac_sim *sim, struct evac_jw *w);

/* Share k of n with 95 % confidence (Wilson): never 0 wide, also for 0 of n. */
void evac_sim_interval(uint32_t k, uint32_t n, double *ret_lo, double *ret_hi);
#endif

/* What the simulation's files share: sim.c makes batches of runs and sums them up, sim_world.c is
 * one run, sim_model.c answers for services, sim_people.c for people, sim_faults.c reads faults,
 * sim_json.c shows. */
#ifndef EVAC_SIM_INTERNAL_H
#define EVAC_SIM_INTERNAL_H

#include "shell.h"
#include "sim.h"
#include "virtual.h"

#define SIM_BOOT_MS 1000000u
#define SIM_WALL_MS 1790000000000
#define SIM_NEVER   UINT32_MAX

/* What is the same in all runs. */
struct sim_plan {
    struct evac_plan *plan;     /* ungraceful; a run compiles its own, which has the same steps */
    struct evac_spread *spread; /* a forward step each */
    bool *unseen, *unsent;   /* a forward step each: with the region down it can not look, change */
    bool *changes;           /* the same: it runs, and there is something to change */
    struct evac_spread *lag; /* a resource of the app each */
    struct evac_spread reaction;
    size_t step_count, without_history; /* of the steps that run */
    size_t lag_unknown;                 /* data stores of which nothing is recorded */
};

/* One batch: runs with the same fault. */
struct sim_batch {
    struct evac_sim_fault fault;
    uint32_t runs, done;
    uint32_t half_step;          /* this step takes half as long; SIM_NEVER: none */
    bool *unseen, *unsent;       /* CONTROL_PLANE: instead of the plan's; NULL */
    uint32_t *rto_ms;            /* a run each; SIM_NEVER: users were not served again */
    uint32_t *rpo_ms;            /* SIM_NEVER: unknown */
    uint32_t *critical;          /* a forward step each: in how many runs it was on the path */
    uint32_t *broke;             /* the same: in how many the run broke there */
    uint32_t recovered, excused; /* excused: the fault had no room to happen */
    uint32_t asked, broken_elsewhere;
    struct sim_words { /* what people were asked: the first of each kind */
        char text[64];
        uint32_t runs;
    } words[12];
    size_t word_count;
    uint64_t detect_ms, decide_ms, move_ms; /* sums over those that recovered */
};

struct sim_world;

struct evac_sim {
    struct evac_arena *arena;
    struct evac_sim_request q;   /* faults copied */
    struct evac_model model;     /* q.model with this one app */
    struct evac_catalog catalog; /* models of the drivers */
    struct sim_plan plan;
    struct sim_batch *batches; /* the first has no fault */
    size_t batch_count, batch_at;
    bool halves_planned;
    struct sim_world *world; /* the run that goes on; NULL between two */
};

/* --- one run */

enum sim_question { SIM_ASKS_NOTHING, SIM_ASKS_START, SIM_ASKS_GATE, SIM_ASKS_STEP, SIM_ASKS_MODE };

struct sim_pending; /* an answer on its way */

struct sim_step {      /* a forward step, or its undo */
    uint64_t first_ms; /* boot; first look; 0 not yet */
    uint64_t landed_ms;
    uint32_t takes_ms; /* SIM_NEVER: it never ends */
    uint32_t throttles;
    bool drawn, refused;
    uint64_t began_ms, ended_ms; /* by the journal, for the path */
    bool done;
    uint32_t asks; /* how often it waited for a person */
};

struct sim_world {
    const struct evac_sim *sim;
    const struct sim_batch *batch;
    uint32_t number; /* of the run in its batch */
    uint64_t seed;
    struct evac_arena *arena;
    struct evac_virtual v;
    struct evac_host host;
    struct evac_store *store;
    struct evac_shell *shell;
    struct sim_pending *pendings;
    struct sim_step *steps; /* as the plan's, forward and undo */
    size_t step_count;
    uint32_t *lag_ms;   /* a resource each */
    uint16_t down;      /* region that dies, index in the app's */
    uint64_t impact_ms; /* boot; UINT64_MAX: not decided yet */
    enum { SIM_DAY, SIM_PLANNED, SIM_OUTAGE } phase;
    uint64_t phase_end_ms;
    uint32_t fault_step; /* the one that the fault is about; SIM_NEVER: all, or none */

    uint64_t run; /* the one that counts, 0 none yet */
    bool over;
    uint64_t detected_ms, started_ms, recovered_ms, ended_ms; /* boot, 0 not yet */
    int64_t rpo_ms; /* -1 unknown, worst of what was measured */
    bool rpo_known, losses_noted;

    enum sim_question question;
    uint64_t question_key; /* which one: a step, a run */
    uint64_t question_number;
    uint32_t asked;
    uint64_t first_asked_ms; /* APPROVER_ASLEEP */
    bool expired;            /* a proposal found nobody */
    bool gave_up;
    uint32_t broke_at;       /* step; SIM_NEVER */
    char asked_texts[4][64]; /* the first of those that differ */
    size_t asked_count;
    bool mode_was_asked;
};

/* The next run of a batch. sim_go_on: some of its events; false when it was over, and was added to
 * the batch. */
struct sim_world *sim_begin(const struct evac_sim *sim, const struct sim_batch *batch);
bool sim_go_on(struct sim_world *world, struct sim_batch *batch);
void sim_end(struct sim_world *world); /* NULL is fine */

/* sim_model.c */
enum evac_code sim_answer(void *ctx, const struct evac_call_effect *effect,
                          const struct evac_driver *driver, const struct evac_call *call,
                          evac_done_fn *done, void *user, struct evac_err *err);
void sim_answer_all(struct sim_world *w); /* at the end: nobody's memory is forgotten */
bool sim_region_is_dead(const struct sim_world *w, struct evac_str region);
/* A uniform number of this run: the same whatever else happens in it. */
double sim_uniform(const struct sim_world *w, const char *what, uint64_t which);

/* sim_people.c: looks whether somebody is asked something now, and lets them answer in time. */
void sim_attend(struct sim_world *w);
struct evac_engine_app const *sim_app(const struct sim_world *w);

/* sim_reach.c: which forward steps can not look, or not change, with a region gone. */
void sim_reach(const struct evac_sim *sim, const struct evac_plan *plan, struct evac_str down,
               bool *unseen, bool *unsent);
#endif

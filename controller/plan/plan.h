/*
 * A runbook compiled for one app, one direction: a DAG of steps, ready to run. A plan is data: it
 * is journalled whole when its run begins, and a run is resumed from that text, not from today's
 * files.
 */
#ifndef EVAC_PLAN_H
#define EVAC_PLAN_H

#include "evac/driver.h"
#include "model.h"

enum {
    EVAC_STEP_MUTATES = 1u << 0,
    EVAC_STEP_REVERSIBLE = 1u << 1,
    EVAC_STEP_PROMOTES = 1u << 2,
    EVAC_STEP_LOSSY = 1u << 3,
    EVAC_STEP_FENCES = 1u << 4,
    EVAC_STEP_TRAFFIC = 1u << 5,
    EVAC_STEP_VERIFIES = 1u << 6,
    EVAC_STEP_PUBLIC = 1u << 7,
    EVAC_STEP_BLIND = 1u << 8, /* the first nine as EVAC_ACTION_* */
    EVAC_STEP_PIVOT = 1u << 9,
    EVAC_STEP_APPROVAL = 1u << 10,
    EVAC_STEP_UNDO = 1u << 11,  /* second half of the plan: restores what its forward step found */
    EVAC_STEP_WAITS = 1u << 12, /* as EVAC_ACTION_WAITS */
};

#define EVAC_PLAN_STEPS_MAX 400u /* forward steps */

struct evac_plan_cond { /* as evac_cond, with names resolved */
    enum evac_cond_op op;
    uint16_t first_child, child_count;
    enum evac_cmp cmp;
    int64_t number;
    uint16_t step; /* COND_STEP, COND_FACT */
    uint16_t fact; /* COND_FACT: index in that step's facts */
    struct evac_str word;
};

#define EVAC_STEP_FACTS 4
struct evac_plan_step {
    struct evac_str id; /* unique in the plan: "promote", or "scale-web:web" where one runbook step
                           became several; an undo step's is "undo:" and its forward step's */
    struct evac_str title;
    struct evac_str type;   /* the driver that knows it */
    struct evac_str action; /* "failover" */
    struct evac_str resource;
    struct evac_str region; /* resolved name */
    struct evac_str target; /* "resource@region" or, for a thing that is one over all regions,
                               "resource": steps with the same target are rivals (rule R7) */
    enum evac_phase phase;
    enum evac_fencing fencing;
    enum evac_on_failure on_failure;
    uint32_t flags;
    uint32_t deadline_ms; /* from its first observation; mandatory */
    uint32_t usual_ms;
    uint16_t tries;        /* applies allowed */
    struct evac_str clear; /* the command that clears what it leaves, with the holes that only a run
                              can fill; "" none */
    struct evac_args args; /* the resource's props, "want.*", app, region, from, to, mode */
    const uint16_t *after; /* predecessors, by index */
    uint16_t after_count;
    const uint16_t *rivals; /* other steps on the same target, by index */
    uint16_t rival_count;
    const struct evac_plan_cond *when; /* NULL: always */
    uint16_t when_count;
    struct evac_str facts[EVAC_STEP_FACTS]; /* facts that conditions need, "" unused */
};

/* What the run must keep, fixed before it starts. */
struct evac_plan_criterion {
    struct evac_str name; /* "rto" and so on for the built-in ones */
    enum evac_measure measure;
    struct evac_str of;
    int64_t at_most; /* ms of times */
    enum evac_grade severity;
};

struct evac_plan {
    struct evac_arena *arena; /* owns everything here */
    struct evac_str app, runbook, from, to, witness;
    enum evac_workflow workflow;
    enum evac_drill_kind drill; /* meaningful for DRILL */
    enum evac_mode mode;        /* to begin with */
    bool rehearse;              /* observe only */
    bool must_hold;             /* ... and what is looked at has to be so already */
    struct evac_str isolate;    /* a region that no call of this run may touch, "" none */
    struct evac_str stand_in;   /* what answers instead of the cloud itself, "" nothing does */
    const struct evac_plan_criterion *criteria;
    uint16_t criterion_count;
    int64_t rto_ms, rpo_ms;
    uint32_t run_deadline_ms, approval_ms;
    uint32_t quarantine_ms, confirm_ms, poll_ms, poll_max_ms;
    const struct evac_plan_step *steps; /* forward_count forward, then as many undo steps */
    uint16_t forward_count;
    uint16_t step_count;
    struct evac_str text; /* the canonical JSON, as it was compiled; "" of other plans */
    char hash[65];        /* hex SHA-256 of the canonical JSON */
};

/* The driver packs that this controller has. */
struct evac_catalog {
    const struct evac_pack *const *packs;
    size_t pack_count;
};
const struct evac_driver *evac_catalog_driver(const struct evac_catalog *catalog,
                                              struct evac_str type);

/* Parts of a drill that no runbook writes: their steps come from what the drill names. */
enum evac_plan_part {
    EVAC_PART_NONE,  /* a runbook's workflow */
    EVAC_PART_LOOK,  /* "resource" or "resource.action": is all as it should be? Changes nothing */
    EVAC_PART_BREAK, /* resources whose driver can break something: the faults are put in */
    EVAC_PART_MEND,  /* and taken out */
};

struct evac_plan_request {
    const struct evac_model *model;
    const struct evac_app *app;
    const struct evac_catalog *catalog;
    enum evac_workflow workflow;
    enum evac_drill_kind drill;
    enum evac_mode mode;
    bool rehearse;
    struct evac_str from; /* active region now */
    struct evac_str to;
    uint32_t out;            /* regions that serve no users, a bit each: not among the rest */
    struct evac_str isolate; /* rehearsals and drills: no call may touch that region; "" none */
    enum evac_plan_part part;
    const struct evac_str *things; /* of the part */
    size_t thing_count;
    bool unnamed; /* only looked at: its hash stays "" */
};

/*
 * Compile. Pure: same request, same plan, same hash. Every error goes to diag with the runbook's or
 * app's file and line. Refused are: unknown actions, resources, regions, facts and parameters
 * (nearest name given), missing parameters, cycles, unreachable steps, more than one pivot that
 * could be taken in the same mode, a step that promotes data without a fence before it, one that
 * moves traffic without a verification of the data before it, a lossy step that is not the pivot.
 * *ret_plan is the caller's. What is wrong with the request alone is in err: regions that are not
 * the app's (EVAC_E_BADARG), a workflow that the runbook does not have (EVAC_E_UNSUPPORTED).
 */
enum evac_code evac_plan_compile(const struct evac_plan_request *request, struct evac_diag *diag,
                                 struct evac_plan **ret_plan, struct evac_err *err);
void evac_plan_free(struct evac_plan *plan);

/* Check what can be checked of an app and its runbook without running: compiles every workflow,
 * mode and direction. Used by `evac validate` and by every load. Returns EVAC_OK when diag got no
 * error. */
enum evac_code evac_plan_check_model(const struct evac_model *model,
                                     const struct evac_catalog *catalog, struct evac_diag *diag,
                                     struct evac_err *err);

/* Probes that look through a driver: resource, action and what it wants must be in its tables, and
 * the action must only look. */
void evac_plan_check_looks(const struct evac_app *app, const struct evac_catalog *catalog,
                           struct evac_diag *diag);

/* Canonical JSON, and back. from_json accepts only what to_json made (CORRUPT otherwise). */
void evac_plan_to_json(const struct evac_plan *plan, struct evac_buf *out);
enum evac_code evac_plan_from_json(struct evac_str json, struct evac_plan **ret_plan,
                                   struct evac_err *err);

/* For people: phases, steps, what waits for what, points of no return, usual durations and the
 * critical path. */
void evac_plan_explain(const struct evac_plan *plan, struct evac_buf *out);

/* Longest chain of durations, in ms, up to the last to end of the steps with one of these flags (of
 * all, when until is 0 or none has one): step_ms is one a forward step, NULL the usual ones. What
 * does not run in the plan's mode takes no time. Results as evac_plan_critical_path(). Pure. */
uint64_t evac_plan_path(const struct evac_plan *plan, const uint64_t *step_ms, uint32_t until,
                        uint16_t *ret_steps, uint16_t *ret_count);

/* Longest chain of usual durations, in ms; ret_steps (may be NULL, room for forward_count) gets the
 * steps on it in order, *ret_count how many. */
uint64_t evac_plan_critical_path(const struct evac_plan *plan, uint16_t *ret_steps,
                                 uint16_t *ret_count);

/* Of each forward step: when it can begin at the earliest, and the longest way behind its end, in
 * ms. step_ms as above; both arrays have room for forward_count. Pure. */
void evac_plan_times(const struct evac_plan *plan, const uint64_t *step_ms, uint64_t *ret_begins,
                     uint64_t *ret_behind);

/* What has been moving for so long: how long until the next look at it, give or take a fifth. A
 * sixteenth of that, so that a step which takes a minute is found done some four seconds late at
 * most; no less than the configured interval, no more than the longest. */
uint64_t evac_plan_poll_ms(const struct evac_plan *plan, uint64_t moving_ms);

/* "failover", "failback", or what kind of drill or look: "rehearse", "isolated", "live",
 * "game-day". */
const char *evac_plan_kind_name(const struct evac_plan *plan);
/* A drill that changes the standby, with no users on it, and puts everything back. */
bool evac_plan_is_isolated_drill(const struct evac_plan *plan);
/* A game day's: it puts faults in or takes them out, and stands beside whatever goes on. */
bool evac_plan_is_fault(const struct evac_plan *plan);
/* It moves no users: a rehearsal, an isolated drill, a fault, or a fence of the region that was
 * left. But for the fault it gives way to what does. */
bool evac_plan_is_aside(const struct evac_plan *plan);

/* A person who begins it is asked by nobody else: the app has no approvals for such a plan. To stop
 * the old side, and whatever moves no users, is one person's word anyway. */
bool evac_plan_asks_nobody(const struct evac_plan *plan, const struct evac_app *app);

/* The resource declares what the action needs of it. */
bool evac_action_serves(const struct evac_action *action, const struct evac_resource *resource);

/* May that step be done in the mode that the plan begins with? */
bool evac_plan_may_run(const struct evac_plan *plan, uint16_t step);

/* NULL when there is none. */
const struct evac_plan_step *evac_plan_step(const struct evac_plan *plan, struct evac_str id);
/* May the step call it, with the arguments that it has? */
bool evac_plan_calls(const struct evac_plan_step *step, const struct evac_op *op);

/* text with its <holes> filled: fill appends what stands for name, or answers false and the hole
 * stays as it is. */
typedef bool evac_plan_hole_fn(const void *ctx, struct evac_str name, struct evac_buf *out);
void evac_plan_fill(struct evac_str text, evac_plan_hole_fn *fill, const void *ctx,
                    struct evac_buf *out);
/* Of those of a driver's command: what only the run knows ("run", "was.count", "each.tasks"). */
bool evac_plan_is_runs_hole(struct evac_str name);
/* As one word of a shell's command line, quoted where it must be. */
void evac_plan_put_word(struct evac_buf *out, struct evac_str text);

/* What {app}, {region}, {from}, {to}, {mode} and {run} stand for in a resource's settings; what is
 * not known yet (NULL) stays as it is. */
struct evac_plan_place {
    struct evac_str app, region, from, to, mode, run;
};
struct evac_str evac_plan_substitute(struct evac_arena *arena, const struct evac_plan_place *place,
                                     struct evac_str text);
/* A resource's settings as a step would get them: defaults filled in, placeholders replaced. */
struct evac_args evac_plan_whole_props(struct evac_arena *arena, const struct evac_args *props,
                                       const struct evac_param *params,
                                       const struct evac_plan_place *place);

#endif

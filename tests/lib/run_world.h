/*
 * A run in a world of switches, in virtual time: each step is one switch that is off, moving or on.
 * The test says what becomes of calls, pushes time forward, and reads the trace. It drives evac_run
 * directly: no store, no drivers.
 */
#ifndef EVAC_RUN_WORLD_H
#define EVAC_RUN_WORLD_H

#include "run.h"

#define WORLD_STEPS 8

struct world_step {
    const char *id;
    const char *after; /* ids, comma separated */
    uint32_t flags;    /* EVAC_STEP_*; MUTATES|REVERSIBLE are added unless looks_only */
    enum evac_fencing fencing;
    enum evac_on_failure on_failure;
    enum evac_phase phase;
    const char *only; /* "graceful", "ungraceful" or NULL */
    bool looks_only;
    const char *target; /* NULL: its id */
};

/* What becomes of the next apply of a step; ACCEPTED when nothing is scripted. */
struct world_script {
    enum evac_outcome outcome;
    bool lands;        /* it had its effect, whatever was answered */
    uint64_t lands_ms; /* ... that much later */
    uint64_t takes_ms; /* until it is answered; 0 as any call */
};

struct world_switch {
    bool on;
    uint64_t moves_ms;            /* how long it moves once it was accepted */
    uint64_t on_at_ms, off_at_ms; /* effects under way, UINT64_MAX none */
    struct world_script script[8];
    size_t scripted, used;
    bool unseen; /* observes fail */
    bool blocked;
    bool weak;            /* reads are not strong */
    bool tells;           /* while it moves, looks say when it will be over */
    uint32_t tells_ms;    /* ... and that is what they say, always; 0 the truth */
    int64_t lie_until_ms; /* reads say "on" until then (a stale read) */
    unsigned applies, undos, observes;
    unsigned version;
};

struct run_world {
    struct evac_plan plan;
    struct evac_plan_step steps[2 * WORLD_STEPS];
    struct evac_plan_cond conds[2 * WORLD_STEPS];
    uint16_t lists[2 * WORLD_STEPS][4 * WORLD_STEPS];
    char ids[2 * WORLD_STEPS][40];
    struct world_switch switches[WORLD_STEPS];
    struct evac_run *run;
    struct evac_effects fx;
    struct evac_now now;
    uint64_t next_seq, next_call, committed;
    struct evac_record *rows; /* the journal; texts duplicated */
    size_t row_count, row_cap;
    struct {
        struct evac_call_effect call;
        uint64_t at_ms;
        bool used;
    } calls[64];
    struct evac_run_facts facts; /* what the engine would say to the run, with every event */
    char who[64];                /* began it */
    unsigned told;               /* notices to an address */
    char notice[320];            /* the newest of all */
    char trace[65536];
    size_t trace_n;
    bool ended;
    unsigned unjournalled_applies; /* calls that were made before their intent was durable */
};

struct run_world *run_world_new(const struct world_step *steps, size_t count);
void run_world_free(struct run_world *w);
struct world_switch *run_world_switch(struct run_world *w, const char *id);
enum evac_step_state run_world_state(const struct run_world *w, const char *id);

void run_world_begin(struct run_world *w);
/* As the engine does when it was admitted: evac_run_start(). */
void run_world_start(struct run_world *w, const char *who, bool asks, uint32_t veto_ms);
/* Let time pass until at_ms, or until the run ends. */
void run_world_until(struct run_world *w, uint64_t at_ms);
/* As kill -9: everything but the journal is gone; open calls still land. */
void run_world_crash(struct run_world *w);
enum evac_code run_world_say(struct run_world *w, enum evac_command_verb verb, const char *step,
                             const char *reason, int64_t value);
/* The same of somebody who holds these roles; gate may be NULL. The answer's text is in w->fx. */
enum evac_code run_world_hear(struct run_world *w, const struct evac_command *word);
/* How often the trace has the line part. */
unsigned run_world_count(const struct run_world *w, const char *part);
#endif

/*
 * The decision clock: what a person who has to decide needs to see at once. Time since impact and
 * how much of the objective that has burnt, how long a failover takes by this account's history,
 * the latest moment to start one, what would be lost, what blocks, what the policy will do, and
 * what to do now, in words. Reads the engine, changes nothing.
 */
#ifndef EVAC_CLOCK_H
#define EVAC_CLOCK_H

#include "engine.h"
#include "history.h"
#include "jw.h"

/* X(NAME, "name"). What a person should do now. */
#define EVAC_ADVICES(X)                                                                            \
    X(NOTHING, "nothing") /* nothing is wrong */                                                   \
    X(LOOK, "look")       /* it is not clear that the region is down */                            \
    X(WAIT, "wait")                                                                                \
    X(START, "start")                                                                              \
    X(ANSWER, "answer") /* a proposal, or a run, waits for a person */                             \
    X(FOLLOW, "follow") /* a run goes on */                                                        \
    X(FIX, "fix")       /* it can not be started as things are */
#define X(name, text) EVAC_ADVICE_##name,
enum evac_advice { EVAC_ADVICES(X) EVAC_ADVICE_COUNT };
#undef X
const char *evac_advice_name(enum evac_advice advice);

#define EVAC_TRENDS(X)                                                                             \
    X(UNKNOWN, "unknown") /* too few samples */                                                    \
    X(STEADY, "steady")                                                                            \
    X(RISING, "rising")                                                                            \
    X(FALLING, "falling")
#define X(name, text) EVAC_TREND_##name,
enum evac_trend { EVAC_TRENDS(X) EVAC_TREND_COUNT };
#undef X
const char *evac_trend_name(enum evac_trend trend);

/* p50 and p95 of something that takes time. */
struct evac_clock_range {
    bool known;
    enum evac_origin origin;
    int64_t p50_ms, p95_ms;
};

struct evac_clock_step {
    const struct evac_plan_step *plan;
    struct evac_spread spread;
    struct evac_clock_range left; /* of a run that goes on: what is left of it */
    bool on_path;                 /* at p50 */
};

struct evac_clock_store {
    struct evac_str resource;
    int64_t loss_ms; /* EVAC_LOSS_UNKNOWN */
    enum evac_trend trend;
    int64_t by_ms; /* RISING, FALLING: a minute */
    const struct evac_watch *watch;
};

struct evac_clock_block {
    const char *gate;
    /* What it stops: "everything", "act" (it would only propose), "delay" (it would act later),
     * "run" (one that goes on), "start" (one that a person would begin now). */
    const char *binds;
    enum evac_gate_answer answer;
    struct evac_str reason;
};

#define EVAC_CLOCK_BLOCKS_MAX (EVAC_GATE_COUNT + 16u)

struct evac_clock {
    struct evac_arena *arena; /* owns what follows */
    const struct evac_engine_app *app;
    const struct evac_plan *plan; /* today's, or that of the run that goes on; NULL: none */
    struct evac_str no_plan;      /* why */
    struct evac_now now;
    uint16_t from, to;
    enum evac_verdict verdict; /* of the region that would be left */
    bool trouble;              /* it is down, isolated, or all are suspect */

    /* Of the outage; wall ms, 0 unknown. Both ends of the interval that holds the impact. */
    int64_t impact_lo_ms, impact_hi_ms, detected_ms;
    int64_t burnt_ms;  /* since the earliest impact; -1 none */
    int64_t detect_ms; /* impact to detected; -1 unknown */
    int64_t decide_ms; /* detected until now, or until the run's start; -1 unknown */
    int64_t asked_ms;  /* a proposal has waited so long; -1 none */

    /* What it takes: until users are served again. By step durations at p50 and p95; the second is
     * careful, as not all steps are slow at one time. */
    struct evac_clock_range failover, detect, decide;
    struct evac_clock_step *steps;            /* forward steps of plan */
    size_t without_history;                   /* of the steps that run: how many have none */
    int64_t start_by_p50_ms, start_by_p95_ms; /* wall; 0: no outage, or no plan */
    struct evac_clock_range total;            /* RTO: if it were started now, or as the run goes */

    struct evac_clock_store *stores;
    size_t store_count;
    int64_t loss_ms; /* the worst; -1 no data, EVAC_LOSS_UNKNOWN */

    struct evac_clock_block blocks[EVAC_CLOCK_BLOCKS_MAX];
    size_t block_count;
    uint32_t waits_for;       /* gates of the run that are shut, a bit each */
    struct evac_str waits_at; /* where it waits for a person, "" nowhere */
    bool may_act;             /* nothing keeps a policy of acting from it */
    int64_t policy_at_ms;     /* wall: when it decides again by time alone; 0 never */
    char policy[200];         /* what it will do, in words */
    enum evac_advice advice;
    char words[400];
};

struct evac_clock_input {
    const struct evac_engine *engine;
    size_t app;
    const struct evac_plan *plan; /* today's failover out of the region that is looked at; NULL */
    struct evac_str no_plan;
    const struct evac_history *history; /* NULL: none */
    struct evac_now now;
};

/* Pure. Everything lives in arena, or is the input's. */
void evac_clock_read(const struct evac_clock_input *input, struct evac_arena *arena,
                     struct evac_clock *ret_clock);
void evac_clock_to_json(const struct evac_clock *clock, struct evac_jw *w);

/* Least squares over what is known; exposed for its test. */
enum evac_trend evac_clock_trend(const struct evac_watch *watch, int64_t *ret_by_ms);
#endif

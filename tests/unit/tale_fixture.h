/* A journal with whole runs of a shop, told in a line each. For tests of what is read from it. */
#ifndef EVAC_TALE_FIXTURE_H
#define EVAC_TALE_FIXTURE_H

#include "evac/arena.h"
#include "plan.h"
#include "store_memory.h"

#include <check.h>

#define T0 INT64_C(1700000000000)

static struct evac_store *store;
static struct evac_arena *arena;
static uint64_t seq, run;
static int64_t clock_ms;

static void setup(void)
{
    store = evac_store_new_memory("n", "b");
    arena = evac_arena_new();
    seq = run = 0;
    clock_ms = T0;
}

static void teardown(void)
{
    evac_store_close(store);
    evac_arena_free(arena);
}

static void put(struct evac_record r)
{
    r.seq = ++seq;
    r.app = EVAC_STR("shop");
    r.t_wall_ms = ++clock_ms;
    r.t_boot_ms = (uint64_t)(clock_ms - T0);
    ck_assert_int_eq(store->vt->append(store, &r, 1, NULL), EVAC_OK);
}

static void put_of_run(struct evac_record r)
{
    r.run = run;
    put(r);
}

static struct evac_str plan_text(enum evac_workflow workflow, enum evac_drill_kind drill,
                                 bool rehearse)
{
    const struct evac_plan_criterion criteria[] = {
        { EVAC_STR("rto"), EVAC_MEASURE_RTO, EVAC_STR_NONE, 60000, EVAC_GRADE_HIGH },
        { EVAC_STR("rpo"), EVAC_MEASURE_RPO, EVAC_STR_NONE, 5000, EVAC_GRADE_HIGH },
        { EVAC_STR("steps"), EVAC_MEASURE_FAILED, EVAC_STR_NONE, 0, EVAC_GRADE_HIGH },
        { EVAC_STR("served"), EVAC_MEASURE_UNSERVED, EVAC_STR_NONE, 0, EVAC_GRADE_HIGH },
        { EVAC_STR("overrides"), EVAC_MEASURE_OVERRIDES, EVAC_STR_NONE, 0, EVAC_GRADE_MEDIUM },
        { EVAC_STR("quick-promote"), EVAC_MEASURE_STEP, EVAC_STR("promote"), 10000,
          EVAC_GRADE_LOW },
        { EVAC_STR("db-loss"), EVAC_MEASURE_RPO, EVAC_STR("db"), 1000, EVAC_GRADE_MEDIUM },
    };
    struct evac_plan_step steps[4];
    static const uint16_t before[] = { 0 };
    struct evac_plan plan = { .app = EVAC_STR("shop"),
                              .runbook = EVAC_STR("r"),
                              .from = EVAC_STR("us-east-1"),
                              .to = EVAC_STR("us-west-2"),
                              .workflow = workflow,
                              .drill = drill,
                              .rehearse = rehearse,
                              .mode = EVAC_MODE_UNGRACEFUL,
                              .rto_ms = 60000,
                              .rpo_ms = 5000,
                              .criteria = criteria,
                              .criterion_count = sizeof criteria / sizeof criteria[0],
                              .steps = steps,
                              .forward_count = 2,
                              .step_count = 4 };
    struct evac_buf json;
    for (int i = 0; i < 4; i++) {
        static const char *const ids[] = { "promote", "look", "undo:promote", "undo:look" };
        steps[i] = (struct evac_plan_step){ .id = evac_str(ids[i]),
                                            .type = EVAC_STR("db"),
                                            .action = EVAC_STR("x"),
                                            .region = EVAC_STR("us-west-2"),
                                            .phase = i % 2 ? EVAC_PHASE_CONFIRM : EVAC_PHASE_DATA,
                                            .deadline_ms = 1 };
    }
    steps[0].flags = EVAC_STEP_MUTATES | EVAC_STEP_PROMOTES;
    steps[1].flags = EVAC_STEP_PUBLIC;
    steps[1].after = before, steps[1].after_count = 1;
    evac_buf_init(&json, 1u << 20);
    evac_plan_to_json(&plan, &json);
    struct evac_str text = evac_arena_str(arena, evac_buf_str(&json));
    evac_buf_done(&json);
    return text;
}

/* One whole run. Times in ms after its start. */
struct tale {
    enum evac_workflow workflow;
    enum evac_drill_kind drill;
    bool rehearse, fails, overrides;
    int64_t recovered, promote, lost; /* lost < 0: not known; recovered 0: never */
    const char *result, *who;
};

static void step(uint32_t i, const char *to, int64_t at_ms)
{
    clock_ms = at_ms;
    put_of_run((struct evac_record){ .kind = EVAC_RECORD_STEP, .step = i, .to = evac_str(to) });
}

static void instant(const char *name, int64_t at_ms)
{
    put_of_run((struct evac_record){ .kind = EVAC_RECORD_INSTANT,
                                     .step = EVAC_NO_STEP,
                                     .name = evac_str(name),
                                     .number = at_ms });
}

static uint64_t tell(const struct tale *t)
{
    int64_t start = clock_ms += 86400000;
    run++;
    put_of_run((struct evac_record){ .kind = EVAC_RECORD_ADMIT,
                                     .step = EVAC_NO_STEP,
                                     .name = evac_str(evac_workflow_name(t->workflow)),
                                     .who = evac_str(t->who ? t->who : "ann"),
                                     .number = t->rehearse || t->drill == EVAC_DRILL_ISOLATED,
                                     .data = plan_text(t->workflow, t->drill, t->rehearse) });
    instant("impact_lo", start), instant("impact_hi", start + 1);
    step(0, "observing", start + 10);
    put_of_run((struct evac_record){ .kind = EVAC_RECORD_INTENT, .step = 0, .attempt = 1 });
    if (t->overrides)
        put_of_run((struct evac_record){ .kind = EVAC_RECORD_OVERRIDE,
                                         .step = 0,
                                         .name = EVAC_STR("promote"),
                                         .who = EVAC_STR("bob"),
                                         .text = EVAC_STR("we must") });
    step(0, t->fails ? "failed" : "done", start + 10 + t->promote);
    step(1, "observing", start + 20 + t->promote);
    put_of_run((struct evac_record){ .kind = EVAC_RECORD_LOSS,
                                     .step = EVAC_NO_STEP,
                                     .name = EVAC_STR("db"),
                                     .event = EVAC_STR("by lag"),
                                     .number = t->lost });
    if (t->recovered) {
        step(1, "done", start + t->recovered);
        instant("recovered", start + t->recovered);
    }
    put_of_run((struct evac_record){ .kind = EVAC_RECORD_TERMINAL,
                                     .step = EVAC_NO_STEP,
                                     .to = evac_str(t->result ? t->result : "succeeded") });
    return run;
}

static const struct tale good = { .recovered = 50000, .promote = 5000, .lost = 500 };
static const struct tale slow = { .recovered = 90000, .promote = 5000, .lost = 500 };
#endif

/*
 * The lint of a plan: would it still work with that region gone? Every API operation that the plan
 * would call is a row: where it is called, which plane it is of, where that plane lives, and what
 * is wrong with that, with an alternative. Pure: plan, drivers' tables, facts, settings and a
 * region assumed down in, rows out.
 */
#ifndef EVAC_PLAN_LINT_H
#define EVAC_PLAN_LINT_H

#include "facts.h"
#include "jw.h"
#include "plan.h"

struct evac_lint_request {
    const struct evac_plan *plan;
    const struct evac_catalog *catalog;
    const struct evac_facts *facts; /* NULL: none */
    const struct evac_model *model; /* whose controller runs it; NULL: not looked at */
    struct evac_str down;           /* region assumed down; "" none */
    int64_t today;                  /* days since 1970-01-01, for the facts' age; 0 unknown */
};

struct evac_lint_row {
    struct evac_str step; /* "" when it is about the controller or the facts */
    struct evac_str resource;
    const char *service, *operation; /* "" when it is about a setting */
    struct evac_str setting;         /* "" when it is about an operation */
    struct evac_str region;          /* where it is called: "" nowhere, "global" */
    const char *plane;               /* "control", "data", "" */
    struct evac_str home;            /* region of the control plane, "" for other planes */
    bool mutates;
    enum evac_lint_verdict verdict;
    const char *rule; /* id, "" when all is well */
    struct evac_str problem, alternative, works, source;
};

struct evac_lint {
    const struct evac_plan *plan;
    struct evac_str down, facts_date;
    struct evac_lint_row *rows; /* by step, then what is not about a step */
    size_t row_count;
    size_t operations; /* rows that are one */
    size_t counts[EVAC_LINT_VERDICT_COUNT];
    enum evac_lint_verdict worst;
};

/* The plan's `from` when it is ungraceful; "" when it is graceful. */
struct evac_str evac_lint_down(const struct evac_plan *plan);

/* Rows live in arena, and point into plan, catalog, facts and model. */
void evac_lint_plan(const struct evac_lint_request *request, struct evac_arena *arena,
                    struct evac_lint *ret_lint);

/* As an object. from: rows of lesser verdicts are left out. */
void evac_lint_to_json(const struct evac_lint *lint, enum evac_lint_verdict from, struct evac_jw *w,
                       const char *key);

/*
 * Every region that the app has, its witness, and every home of a control plane, assumed down in
 * turn: {"app","facts_date","errors","warnings","infos","verdict","regions":[...]}. A region of the
 * app is moved out of; for another one the move is out of the app's first region. Each entry is an
 * evac_lint_to_json() object, or {"assume_down","problem"} where no plan can be made.
 */
struct evac_lint_all {
    const struct evac_model *model;
    const struct evac_app *app;
    const struct evac_catalog *catalog;
    const struct evac_facts *facts;
    enum evac_mode mode;
    int64_t today;
};
void evac_lint_all_to_json(const struct evac_lint_all *request, struct evac_jw *w);
#endif

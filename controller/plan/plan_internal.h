/* What the compiler's files share: plan_compile.c goes the way, plan_args.c checks parameters,
 * plan_check.c refuses what is unsafe. */
#ifndef EVAC_PLAN_INTERNAL_H
#define EVAC_PLAN_INTERNAL_H

#include "plan.h"

/* One forward step while it is being put together. */
struct draft {
    const struct evac_runbook_step *source;
    const struct evac_driver *driver;
    const struct evac_action *action;
    const struct evac_resource *resource;
    struct evac_plan_step step;
    uint16_t *after;
    uint16_t after_count, after_cap;
};

struct compiler {
    const struct evac_plan_request *request;
    const struct evac_runbook *book;
    const struct evac_runbook_workflow *workflow;
    struct evac_diag *diag;
    struct evac_arena *arena;
    struct draft *drafts;
    uint16_t count, drafted; /* drafted: some of them may be left out again */
    /* runbook step i became drafts [first[i], first[i] + instances[i]) */
    uint16_t *first, *instances;
};

void plan_error(struct compiler *c, struct evac_place place, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The steps that the runbook's steps become: drafts. */
void plan_expand(struct compiler *c);
size_t plan_source(const struct compiler *c, struct evac_str name);
bool plan_is_region_of(const struct evac_app *app, struct evac_str name);

/* The step's arguments: the resource's properties, what the step wants, and the standard ones;
 * checked. */
void plan_args(struct compiler *c, struct draft *d);
/* The parameter that a (dotted) name belongs to; NULL none. */
const struct evac_param *plan_param(const struct evac_param *params, struct evac_str name);
/* What is allowed, when the value is not; NULL when it is. */
const char *plan_param_wants(const struct evac_param *p, struct evac_str value);
bool plan_is_given(const struct evac_args *given, const struct evac_param *p);
/* The action's command for people, with the step's arguments in it. After plan_args. */
struct evac_str plan_clear(struct compiler *c, const struct draft *d);
/* {region} {from} {to} {app} {mode} in a value. */
struct evac_str plan_substitute(const struct compiler *c, struct evac_str text,
                                struct evac_str region);

/* A value "{iam}" becomes the permissions that this workflow's steps need, in either mode, and what
 * is measured and looked at between runs: words with blanks between. Where a pack can narrow them
 * (struct evac_grants) a word is "action,action|region|condition|resource", as the policy of
 * `evac iam` has it, else a permission's name, sorted. */
void plan_fill_permissions(struct compiler *c);

/* The workflow of a part of a drill; in the compiler's arena. */
const struct evac_runbook_workflow *plan_part_workflow(struct compiler *c);

/* Refusals of the whole graph. */
void plan_check(struct compiler *c);

/* May this condition hold in that mode? Conditions on steps and facts may or may not. */
enum plan_tri { PLAN_NO, PLAN_MAYBE, PLAN_YES };
enum plan_tri plan_when(const struct evac_plan_cond *when, uint16_t at, enum evac_mode mode);
/* plan_criteria.c: what the run must keep, from the app's settings and the built-in list; and what
 * stands in for the cloud. After the steps. */
void plan_set_criteria(const struct evac_plan_request *request, struct evac_plan *plan);
#endif

/* The permissions that calls need, each once: what `evac drivers --iam` prints, and what a step
 * that asks for them is told. */
#ifndef EVAC_PERMISSIONS_H
#define EVAC_PERMISSIONS_H

#include "plan.h"

#define PLAN_PERMISSIONS_MAX 1024

struct plan_permissions {
    struct plan_permission {
        struct evac_str name; /* "service:Operation" */
        bool changes;
    } list[PLAN_PERMISSIONS_MAX];
    size_t count;
};

/* Of a list of operations (NULL none); step NULL: whatever arguments it might have. */
void plan_permissions_take(struct plan_permissions *p, const struct evac_op *ops,
                           const struct evac_plan_step *step);
void plan_permissions_of_step(struct plan_permissions *p, const struct evac_catalog *catalog,
                              const struct evac_plan_step *step);
/* What measuring an app's replication calls, in a run or not. */
void plan_permissions_of_measures(struct plan_permissions *p, const struct evac_catalog *catalog,
                                  const struct evac_app *app);
/* By name. */
void plan_permissions_sort(struct plan_permissions *p);

#endif

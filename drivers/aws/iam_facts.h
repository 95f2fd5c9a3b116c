/* What rights are called in AWS: actions, and the resources that they can be narrowed to. A dated
 * table, see iam_facts.c; for the policies that `evac iam` prints and for the sandbox that enforces
 * them. Pure. */
#ifndef EVAC_IAM_FACTS_H
#define EVAC_IAM_FACTS_H

#include "evac/arena.h"
#include "evac/str.h"

struct evac_iam_type {
    const char *name;   /* "rds:cluster" */
    const char *format; /* "arn:P:rds:R:A:cluster:%": see evac_iam_arn() */
};
struct evac_iam_action {
    const char *name; /* "rds:FailoverGlobalCluster" */
    const char
        *types; /* "cluster global-cluster", without their service; "": no resource but "*" */
};

/* NULL when the table has none of that name. */
const struct evac_iam_type *evac_iam_type(struct evac_str name);
const struct evac_iam_action *evac_iam_action(struct evac_str name);
/* "rds:cluster" of an action's "cluster". */
struct evac_str evac_iam_type_name(struct evac_arena *arena, const struct evac_iam_action *action,
                                   struct evac_str type);

struct evac_iam_place {
    struct evac_str partition, region, account;
};
/* A resource's ARN. tail is what stands for the format's '%'; one that is an ARN already is the
 * answer. */
struct evac_str evac_iam_arn(struct evac_arena *arena, const struct evac_iam_type *type,
                             const struct evac_iam_place *place, struct evac_str tail);

#endif

/*
 * Is the standby what the active region is? A driver's table says which requests show a thing and
 * which of its values must be the same; asked in both regions, every difference is told in one
 * sentence ("image: web:41 in us-east-1, web:40 in us-west-2; cpu: 1024, 512"):
 *
 *     static const struct aws_compared values[] = {
 *         { "runtime", "Runtime" }, { "environment", "Environment/Variables[@]" }, { 0 } };
 *     static const struct aws_parity parity = { .rows = { { "the function", LOOK,
 * "ResourceNotFoundException", .compared = values } } }; { .action = "parity", .parity = &parity },
 *
 * Of an ARN its resource counts, of an image in ECR what follows the registry, and a region's name
 * (also as "usw2") in a value stands for the region it is in. What may differ nevertheless stands
 * in the resource's parity_ignore.
 */
#ifndef EVAC_AWS_PARITY_H
#define EVAC_AWS_PARITY_H

#include "aws_lever.h"

struct aws_compared {
    const char *what; /* for people, and for parity_ignore: "image"; NULL ends the list */
    const char *at;   /* as in aws_pick.h; of several values only the set counts */
};

/* Holes: those of aws_template.h, <item>, and what an earlier row of the same region kept. */
struct aws_parity_row {
    const char *what; /* "the service" */
    struct aws_ask ask;
    const char *missing_codes; /* "A|B": refusals that mean that there is none */
    const char *there_at;      /* it is there when this is; NULL: when it could be asked for */
    const char *needs;         /* a kept name or a parameter: without a value, passed over */
    const char
        *unless; /* "headless=true", "image": passed over where it is so, where it is given */
    const struct aws_kept *kept;
    const struct aws_compared *compared;
};

#define AWS_PARITY_ROWS_MAX 6u
struct aws_parity {
    const char *each; /* a list parameter: its first element in one region is compared with the
                         first in the other, and so on */
    struct aws_parity_row rows[AWS_PARITY_ROWS_MAX]; /* what NULL ends them */
};

enum evac_code aws_parity_observe(struct aws_call *c, struct evac_err *err);

/* For a driver's tables. */
/* clang-format off */
#define AWS_PARITY_PARAM { "parity_ignore", EVAC_PARAM_LIST, 0, "[]", NULL, "what parity lets differ between the regions, by the names that it uses" }
#define AWS_PARITY_OP(service, operation, iam) \
    { service, operation, iam, EVAC_HOME_FROM, NULL, true, false }, { service, operation, iam, EVAC_HOME_TO, NULL, true, false }
#define AWS_PARITY_ACTION(ops) AWS_PARITY_ACTION_OF(NULL, ops)
/* Of a resource that needs a parameter for it: params names that. */
#define AWS_PARITY_ACTION_OF(params, ops) \
    { "parity", "both regions have the same of it, or the differences are named; both are asked", 0, EVAC_FENCING_NONE, 2000, 120000, params, ops }
/* clang-format on */

#endif

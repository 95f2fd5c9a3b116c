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
    /* Conditions on what was kept, or else on a parameter: "image" it is given, "headless=true",
     * "template=lt-*" it begins so. The row is passed over when the first does not hold, or the
     * second does: then it is compared in neither region. */
    const char *needs;
    const char *unless;
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

/* A launch template's version, asked for by params, and its image: for an Auto Scaling group and
 * for EC2. An image that a parameter of Systems Manager names is seen only at launching. */
extern const struct aws_kept aws_parity_template_kept[];
extern const struct aws_compared aws_parity_of_template[], aws_parity_of_image[];
#define AWS_PARITY_TEMPLATE(ask_params, ...)                                                       \
    {                                                                                              \
        "the launch template", { "ec2", "DescribeLaunchTemplateVersions", .params = ask_params },  \
            .missing_codes = "InvalidLaunchTemplateId.NotFound|"                                   \
                             "InvalidLaunchTemplateName.NotFoundException|"                        \
                             "InvalidLaunchTemplateId.VersionNotFound",                            \
            .kept = aws_parity_template_kept, .compared = aws_parity_of_template, __VA_ARGS__      \
    }
#define AWS_PARITY_IMAGE                                                                           \
    {                                                                                              \
        "the image", { "ec2", "DescribeImages", .params = "ImageId.1=<ami>" },                     \
            .missing_codes = "InvalidAMIID.NotFound|InvalidAMIID.Unavailable",                     \
            .there_at = "imagesSet/item/imageId", .needs = "ami", .unless = "ami=resolve:*",       \
            .compared = aws_parity_of_image                                                        \
    }

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

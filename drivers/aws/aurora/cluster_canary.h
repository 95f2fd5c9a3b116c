/* A canary in an Aurora cluster, over the RDS Data API. */
#ifndef EVAC_CLUSTER_CANARY_H
#define EVAC_CLUSTER_CANARY_H

#include "aws_pack.h"
#include "aws_template.h"

aws_start_fn cluster_mark, cluster_seek;

/* clang-format off */
#define CLUSTER_CANARY_PARAMS \
    { "canary", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL, \
      "ARN of each region's secret of a user that may write the markers, over the RDS Data API. Without it, none are written" }, \
    { "canary_database", EVAC_PARAM_TEXT, 0, NULL, NULL, "the database that their table is in" }, \
    { "canary_table", EVAC_PARAM_TEXT, 0, "evac_canary", NULL, \
      "their table: source varchar(64) primary key, marker bigint not null" }

#define CLUSTER_CANARY_CALL(home, mutates) \
    { "rds-data", "ExecuteStatement", "rds-data:ExecuteStatement secretsmanager:GetSecretValue", home, NULL, false, mutates, "!canary=" }
/* clang-format on */

#endif

/*
 * Inside the model of ARC's routing controls: what the five regional endpoints and the control
 * plane share. Clusters, control panels, controls and safety rules are documents of the control
 * plane's, of no one region:
 *
 *     cluster  "shop"          {"regions":["us-east-1",...]}
 *     panel    "p1"            {"cluster":"shop"}
 *     control  "p1/use1"       {"state":"On","version":3,"copies":{"us-east-1":{"state":"On",...}}}
 *     rule     "p1/one-on"     {"type":"ASSERTION","controls":["p1/use1",...],"gates":[...],...}
 */
#ifndef EVAC_RECOVERY_INTERNAL_H
#define EVAC_RECOVERY_INTERNAL_H

#include "sandbox_docs.h"

#define ARC_ARN "arn:aws:route53-recovery-control::" SB_ACCOUNT ":"

/* ".../controlpanel/p1/routingcontrol/use1", as AWS writes what the document stands for. */
struct evac_str arc_arn(struct evac_arena *arena, const struct sb_doc *doc);
/* NULL: there is none of that kind and ARN. */
struct sb_doc *arc_find(const struct evac_sandbox *sb, const char *kind, struct evac_str arn);
struct sb_doc *arc_next(const struct evac_sandbox *sb, const char *kind,
                        const struct sb_doc *after);
/* The panel of a control or rule, the cluster of a panel; NULL none. */
struct sb_doc *arc_above(const struct evac_sandbox *sb, const struct sb_doc *doc);
/* The regions of a cluster's endpoints, as indices; up to SB_REGIONS_MAX. */
size_t arc_regions(const struct evac_sandbox *sb, const struct sb_doc *cluster,
                   size_t *ret_regions);

#endif

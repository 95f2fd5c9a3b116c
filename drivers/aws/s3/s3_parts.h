/* What the files of the S3 drivers share: a pair of buckets that replicate each other. */
#ifndef EVAC_S3_PARTS_H
#define EVAC_S3_PARTS_H

#include "aws_pack.h"

#define S3_RULES_MAX 16u

/* Of the bucket of a region; path "/" the bucket itself. */
struct evac_aws_request s3_ask(struct aws_call *c, struct evac_str region, const char *operation,
                               const char *method, struct evac_str path);
/* The same with "?name". */
struct evac_aws_request s3_ask_bucket(struct aws_call *c, struct evac_str region,
                                      const char *operation, const char *method, const char *name);
struct evac_str s3_key_path(struct aws_call *c, struct evac_str key);
/* Of from and to, the one that region is not. */
struct evac_str s3_other(const struct aws_call *c, struct evac_str region);
struct evac_str s3_bucket_in(const struct aws_call *c, struct evac_str region);
/* HeadObject of the newest marker that was written in the region. */
struct evac_aws_request s3_head_marker(struct aws_call *c, struct evac_str region);

/* IDs of replication rules. */
struct s3_rules {
    struct evac_str ids[S3_RULES_MAX];
    size_t count;
};
/* The resource's own for a region; false: none are named. */
bool s3_rules_named(struct aws_call *c, struct evac_str region, struct s3_rules *ret_rules);

/*
 * What the metrics of rules say, all rules together. They are published in the region where things
 * should arrive, once a minute, minutes late, and for rules with metrics only (AWS.md 2.4).
 */
struct s3_flow {
    bool known;                     /* each rule has had a value lately */
    bool stuck;                     /* one has waited through the window without getting fewer */
    int64_t pending, bytes, failed; /* failed: in the last quarter of an hour */
    int64_t latency_ms;
    int64_t wall_ms;     /* until when it holds: the end of the oldest newest value's period */
    struct evac_str why; /* not known: why; what it says, in words */
};
typedef void s3_flow_fn(struct aws_call *c, const struct s3_flow *flow);
/* From the region's bucket to the other one; asked in the other region. Uses c->helper. */
void s3_flow_next(struct aws_call *c, struct evac_str region, const struct s3_rules *rules,
                  s3_flow_fn *then);
enum evac_code s3_flow_first(struct aws_call *c, struct evac_str region,
                             const struct s3_rules *rules, s3_flow_fn *then, struct evac_err *err);
#define S3_FLOW_OP(home)                                                                           \
    {                                                                                              \
        "cloudwatch", "GetMetricData", "cloudwatch:GetMetricData", home, NULL, false, false        \
    }

aws_start_fn s3_observe_replicating, s3_observe_drained;
aws_start_fn s3_observe_protect, s3_apply_protect;
aws_start_fn s3_observe_recover, s3_apply_recover; /* and rehearse: observe */

#endif

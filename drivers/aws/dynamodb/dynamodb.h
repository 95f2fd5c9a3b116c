/* What the files of the DynamoDB driver share: asking for a table and reading what is said of it.
 */
#ifndef EVAC_DYNAMODB_H
#define EVAC_DYNAMODB_H

#include "aws_template.h"

#define DYNAMODB_REGIONS_MAX 16u
#define DYNAMODB_TAG_RUN                                                                           \
    "evac:run" /* the run that restored it; the last thing that a restore does */
#define DYNAMODB_TAG_DRILL "evac:drill" /* only on copies that may be deleted again */
/* On the table that is restored from: "RUN:TARGET", which run restores it under which name. A
 * restore takes no tags, and a table that is being made can not be tagged: until it is, this says
 * whose it is. */
#define DYNAMODB_TAG_CLAIM "evac:restore"

/* A table as DescribeTable says. Texts live as long as the call; table until the reply is handled.
 */
struct dynamodb_view {
    bool found, strong, global, legacy, warming, on_demand, lsi;
    struct evac_str name, arn, status, stream, source_table, source_backup;
    int64_t read, write, warm_read, warm_write, items;
    int64_t restored_to_ms; /* -1: it was not restored */
    bool young;             /* just created: AWS may not show tags that were set before that */
    const struct evac_json *table;
};

/* In a region, by name; the reply goes to then. */
enum evac_code dynamodb_describe_first(struct aws_call *c, struct evac_str region,
                                       struct evac_str name, aws_reply_fn *then,
                                       struct evac_err *err);
void dynamodb_describe(struct aws_call *c, struct evac_str region, struct evac_str name,
                       aws_reply_fn *then);
/* An operation with a body of holes, in a region. */
void dynamodb_ask(struct aws_call *c, const char *operation, struct evac_str region, bool mutates,
                  const char *body, const struct aws_hole *holes, size_t hole_count,
                  aws_reply_fn *then);
/* False: it could not be looked at, and the call has been answered. What is not there is a view
 * that is not found. */
bool dynamodb_look(struct aws_call *c, const struct evac_aws_reply *r, struct dynamodb_view *v);
struct evac_str dynamodb_keep(struct aws_call *c, struct evac_str text);
/* A JSON instant, in seconds since 1970; -1 when there is none. */
int64_t dynamodb_ms(const struct evac_json *object, const char *member);
/* The region that the call is about, and the other one of the two. */
struct evac_str dynamodb_here(const struct aws_call *c);
struct evac_str dynamodb_other(const struct aws_call *c);
bool dynamodb_by_backups(const struct aws_call *c);
bool dynamodb_is_strong(const struct aws_call *c); /* as it is declared */

/* dynamodb_markers.c */
aws_start_fn dynamodb_mark, dynamodb_seek, dynamodb_measure;
/* dynamodb_scale.c */
aws_start_fn dynamodb_observe_scale, dynamodb_apply_scale;
/* dynamodb_restore.c */
aws_start_fn dynamodb_observe_restore, dynamodb_apply_restore, dynamodb_observe_discard,
    dynamodb_apply_discard, dynamodb_observe_point, dynamodb_measure_point;
/* dynamodb_capture.c: observe and apply */
aws_start_fn dynamodb_capture;
/* From inside a reply, for a replica that is to have a recovery point as well: the call is answered
 * with whether there is one. */
void dynamodb_look_at_point(struct aws_call *c);

#endif

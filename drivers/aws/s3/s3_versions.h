/*
 * What it takes to bring keys back to what they were at a time: all versions under a prefix are
 * listed, and each key that differs is one deed. Nothing is changed here.
 */
#ifndef EVAC_S3_VERSIONS_H
#define EVAC_S3_VERSIONS_H

#include "s3_parts.h"

#define S3_VERSIONS_MAX 30000u /* under one prefix; more is work for S3 Batch Operations */

enum s3_deed {
    S3_SAME,
    S3_COPY,     /* an older version over the current one */
    S3_UNMARK,   /* a delete marker is taken off */
    S3_HIDE,     /* a key that is newer gets a delete marker */
    S3_NEWER,    /* a key that is newer, left alone */
    S3_SINCE,    /* was written since the recovery began: by it, or by whoever writes now */
    S3_TOO_BIG,  /* more than a copy may be: 5 GiB */
    S3_ARCHIVED, /* has to be taken out of an archive first */
    S3_DEED_COUNT
};

struct s3_item {
    enum s3_deed deed;
    struct evac_str key;
    struct evac_str version; /* COPY: from it; UNMARK: the marker's */
    struct evac_str storage; /* COPY: the class, "" the standard one */
    int64_t bytes;
};

struct s3_aim {
    struct evac_str prefix, skip; /* keys under skip are evac's own */
    int64_t time_ms;              /* what was current then is wanted */
    int64_t since_ms;             /* when the recovery began; 0 not yet */
    bool hide;                    /* newer keys too */
};

struct s3_plan {
    const struct evac_aws_reply *failed; /* could not be listed; lives until then() returns */
    bool cut;                            /* there are more versions than S3_VERSIONS_MAX */
    struct s3_item *items;               /* one a key */
    size_t count, counts[S3_DEED_COUNT];
    int64_t bytes; /* to be copied */
};
/* COPY, UNMARK and HIDE together. */
size_t s3_plan_todo(const struct s3_plan *plan);

typedef void s3_plan_fn(struct aws_call *c, struct s3_plan *plan);
/* Of the bucket of the call's region. Uses c->helper; aim lives as long as the call. */
enum evac_code s3_versions_first(struct aws_call *c, const struct s3_aim *aim, s3_plan_fn *then,
                                 struct evac_err *err);
void s3_versions_next(struct aws_call *c, const struct s3_aim *aim, s3_plan_fn *then);

#endif

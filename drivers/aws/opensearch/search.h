/* What the opensearch driver's files share: what a region's domain says of the resource's indices.
 */
#ifndef EVAC_SEARCH_H
#define EVAC_SEARCH_H

#include "aws_server.h"

#define SEARCH_MAX 32u /* indices of one resource */

struct search_shard {
    int64_t leader, follower; /* checkpoints: every operation up to there is done */
};

struct search_index {
    struct evac_str name;
    bool exists, open, follows; /* known by its own domain alone, even when the leader is gone */
    /* What needs the leader's answer: */
    bool told;
    struct evac_str status; /* "SYNCING", "BOOTSTRAPPING", "PAUSED", "FAILED" */
    struct evac_str why;    /* its reason, or why it was not told */
    bool silent;            /* not told since the leader, or the domain, did not answer */
    int64_t asked_ms;       /* wall clock */
    const struct search_shard *shards;
    size_t shard_count;
    int64_t behind; /* operations, -1 not known */
};

struct search_view {
    struct evac_str region;
    struct search_index indices[SEARCH_MAX];
    size_t count, at;
    bool with_status; /* ask for what needs the leader, too */
    aws_then_fn *then;
};

enum evac_code search_with_server(struct aws_call *c, struct evac_str region, aws_start_fn *then,
                                  struct evac_err *err);

/* The resource's indices; then what region's domain says of them, from a domain that is reached,
 * and goes on at then. What can not be read answers the call; that an index's status could not be
 * is for then to judge. */
enum evac_code search_names(struct aws_call *c, struct evac_str region, struct search_view *view,
                            struct evac_err *err);
enum evac_code search_read(struct aws_call *c, struct search_view *view, aws_then_fn *then,
                           struct evac_err *err);
/* A request to region's domain; item is the index. */
struct evac_aws_request search_ask(struct aws_call *c, const struct aws_ask *ask, bool mutates,
                                   struct evac_str region, struct evac_str item);

/* Nothing that the leader has is missing. */
bool search_is_level(const struct search_index *x);

/* MEASURE (search_lag.c). */
enum evac_code search_measure(struct aws_call *c, struct evac_err *err);

#endif

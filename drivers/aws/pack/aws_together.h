/*
 * Looks at things by name, of which one question takes several: what is asked at the same instant
 * shares a question, and a thing that two ask about is named once. One right that lacks for one of
 * them is refused to all, so those are asked again one by one.
 */
#ifndef EVAC_AWS_TOGETHER_H
#define EVAC_AWS_TOGETHER_H

#include "aws_gather.h"

#define AWS_TOGETHER_MAX 10u /* names of a question */

/* A kind of look. */
struct aws_together {
    struct aws_gather gather; /* AWS_TOGETHER(its name) */
    /* The question, in arena; c: one of those that ask it. */
    struct evac_aws_request (*ask)(struct aws_call *c, struct evac_arena *arena,
                                   const struct evac_str *names, size_t count);
};

/* So many questions of one what are on their way at a time; beyond them the next ones gather. */
#define AWS_TOGETHER(name)                                                                         \
    {                                                                                              \
        name, 4, aws_together_load, aws_together_landed                                            \
    }

/* The gatherer's two, for AWS_TOGETHER alone: who flies and what is asked; who is told, or asks
 * again. */
bool aws_together_load(struct aws_flight *f, struct evac_aws_request *ret_request);
void aws_together_landed(struct aws_flight *f, const struct evac_aws_reply *r);

/* From a handler's start. what: whom the names belong to, beside the signer: region and cluster.
 * The reply may speak of others too. */
enum evac_code aws_look_together(struct aws_call *c, const struct aws_together *how,
                                 struct evac_str what, struct evac_str name, aws_reply_fn *then,
                                 struct evac_err *err);

#endif

/*
 * The same asked of several places in turn, for APIs that live in several regions any of which will
 * do: the routes of a multi-region access point, the routing controls of a cluster.
 *
 *     static const struct aws_turn turn = { .places = five, .count = 5, .ask = request_at,
 *                                           .looked = looked };
 *     static enum evac_code start(struct aws_call *c, struct evac_err *err)
 *     {
 *         return aws_turn_first(c, &turn, err);
 *     }
 *
 * Observe and apply both begin with a look, which goes to the next place until one has answered it;
 * looked() then answers the call, or (APPLY) goes on with aws_turn_act(). The region that is being
 * left is asked last, the one that takes over first.
 *
 * A change that certainly had no effect (not sent, throttled, denied) is asked for at the next
 * place at once. After one whose reply was lost the next place is looked at first: what has
 * happened is not asked for again. Until a place says that it is so, the call stays UNKNOWN
 * whatever another one answers. Because the lost one may still arrive, only for changes that say
 * how it should be ("on", "100"), not how it should change.
 */
#ifndef EVAC_AWS_TURN_H
#define EVAC_AWS_TURN_H

#include "aws_pack.h"

#define AWS_PLACES_MAX 8u

struct aws_place {
    struct evac_str region;   /* whose signature it wants */
    struct evac_str endpoint; /* the driver's to use; "" where the region says it all */
};

struct aws_turn {
    const struct aws_place *places; /* live as long as the call */
    size_t count;                   /* at most AWS_PLACES_MAX */
    /* The look, or the change, as this place is asked. */
    struct evac_aws_request (*ask)(struct aws_call *c, const struct aws_place *place, bool change);
    /* A look that was answered: accepted, or refused for a reason that is the same everywhere. Ends
     * with aws_answer_seen() or aws_answer_unseen() for OBSERVE; with one of the three below for
     * APPLY. */
    aws_reply_fn *looked;
    /* Sees each reply to a change, before it is acted upon; NULL. */
    aws_reply_fn *changed;
};

enum evac_code aws_turn_first(struct aws_call *c, const struct aws_turn *turn,
                              struct evac_err *err);
/* It is not so yet: asks for the change, where the look was answered. */
void aws_turn_act(struct aws_call *c);
/* It is so: accepted. */
void aws_turn_done(struct aws_call *c);
/* It must not be asked for: REJECTED, or UNKNOWN when an earlier reply of this call was lost. */
void aws_turn_refuse(struct aws_call *c, struct evac_str code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif

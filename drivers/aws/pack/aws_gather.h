/*
 * Calls that want the same of a service at the same time, and share its exchanges: changes of one
 * zone go as one batch, one listing answers many. A call that would send becomes a member of a
 * gathering and is told a reply as if it had asked alone.
 *
 * Who joins at an instant leaves together, from the loop (a timer of 0 ms); while as many exchanges
 * are on their way as the kind allows, members gather for the next one. So nobody waits for company
 * that may not come, unless the kind holds them (aws_hold), and the more there are the fewer
 * requests each costs.
 *
 * A gathering has one signer (evac_aws_signer): calls under different roles never share. A member
 * that is cancelled leaves before the next exchange; one that is on its way stays, with whatever
 * turns out to be true; the others do not notice. The exchange itself is cancelled when nobody
 * wants it any more.
 */
#ifndef EVAC_AWS_GATHER_H
#define EVAC_AWS_GATHER_H

#include "aws_pack.h"

#define AWS_MEMBERS_MAX 8192u /* of a gathering; one more is refused */

struct aws_gather;
struct aws_flight;

/* One call in a gathering. In the call's arena, the first of the kind's own struct. */
struct aws_member {
    struct aws_call *c;
    struct aws_gathering *of;
    struct aws_member *next, *before; /* in the order in which they joined */
    struct aws_flight *flight;        /* the exchange that it is part of; NULL: it waits */
    uint64_t number;                  /* when it joined: counts up */
};

/* One exchange. */
struct aws_flight {
    struct aws_flight *next;
    struct aws_gathering *of;
    struct evac_arena *arena; /* the kind's own things, and the request's */
    uint64_t id;              /* of the request */
    uint64_t number;          /* of the last member that had joined when it was sent */
    size_t count;             /* members that are part of it */
    void *own;                /* the kind's, in arena; NULL */
};

struct aws_gathering {
    struct aws_gathering *next;
    struct evac_link *link; /* NULL: closed while it answers */
    const struct aws_gather *how;
    char *key;
    struct aws_member *first, *last;
    struct aws_flight *flying;
    size_t count, flights;
    uint64_t joined; /* the last member's number */
    uint64_t timer_id;
    uint64_t held_until_ms; /* nothing is sent before */
    unsigned holds;         /* the kind's: how often it was held in succession */
    char mark[256];         /* the kind's: where it was */
    bool timing, answering;
};

/* A kind of gathering. */
struct aws_gather {
    const char *name;
    unsigned flights_max;
    /* One more exchange: for those that it aws_board()s; in the flight's arena. False: none now. */
    bool (*load)(struct aws_flight *f, struct evac_aws_request *ret_request);
    /* Its reply: each member that was part of it is told one (aws_tell) or waits again
     * (aws_wait_again); others may be told too. */
    void (*landed)(struct aws_flight *f, const struct evac_aws_reply *reply);
};

/* From a handler's start or a reply. request: a sample of what will be sent, which the action's
 * table must allow. what: whom the members have in common beside the signer: "Z123". The reply goes
 * to then. */
enum evac_code aws_gather(struct aws_call *c, const struct aws_gather *how, struct evac_str what,
                          const struct evac_aws_request *request, struct aws_member *member,
                          aws_reply_fn *then, struct evac_err *err);
/* For load(): the member is part of it. */
void aws_board(struct aws_flight *f, struct aws_member *member);
/* For landed(). The call may be gone afterwards, and the member with it; no other member is. */
void aws_tell(struct aws_member *member, const struct evac_aws_reply *reply);
void aws_wait_again(struct aws_member *member);
/* Nothing of the gathering is sent for so long, while it has members: it ends with the last of
 * them, and what holds the next one has to be known elsewhere. */
void aws_hold(struct aws_gathering *g, uint64_t ms);

/* Its call was cancelled. */
void aws_member_cancelled(struct aws_member *member);
void aws_gatherings_done(struct evac_link *link);
#endif

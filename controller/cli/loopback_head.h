/*
 * Who may come through the loopback door of `evac dashboard`, told by a request's head alone. The
 * door passes requests on as the user who runs it, so it must not open for another user of this
 * machine, for a page of another site, or for a name that was made to point here. Pure.
 */
#ifndef EVAC_LOOPBACK_HEAD_H
#define EVAC_LOOPBACK_HEAD_H

#include "evac/buf.h"

#define EVAC_LOOPBACK_HEAD_MAX 16384u
#define EVAC_LOOPBACK_BODY_MAX (1u << 20)
#define EVAC_LOOPBACK_SECRET   33u /* 128 bits in hex, and the end */

struct evac_loopback_door {
    unsigned port;
    char secret[EVAC_LOOPBACK_SECRET]; /* in the link; "": it was used */
    char cookie[EVAC_LOOPBACK_SECRET]; /* what the link is exchanged for */
};

enum evac_loopback_verdict {
    EVAC_LOOPBACK_MORE,   /* the head is not complete yet */
    EVAC_LOOPBACK_PASS,   /* on to the controller */
    EVAC_LOOPBACK_ENTER,  /* the link: give the cookie */
    EVAC_LOOPBACK_REFUSE, /* why, with this status */
};

struct evac_loopback_head {
    size_t bytes;      /* of the head, with its empty line */
    size_t body_bytes; /* that follow */
    int status;
    const char *why;
};

/* text: what came so far. PASS: *out gets the head that is passed on, without what is the door's
 * own (cookie) and with one request a connection. */
enum evac_loopback_verdict evac_loopback_judge(const struct evac_loopback_door *door,
                                               struct evac_str text, struct evac_buf *out,
                                               struct evac_loopback_head *ret_head);
#endif

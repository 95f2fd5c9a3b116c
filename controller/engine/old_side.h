/*
 * The region that was left, watched until it serves again or somebody says that it is reconciled:
 * does it take writes, does it lead users, does it run more than a standby? It comes back when
 * nobody expects it, with what it last knew, and then two regions may write. Pure.
 */
#ifndef EVAC_OLD_SIDE_H
#define EVAC_OLD_SIDE_H

#include "effects.h"

#define EVAC_OLD_SIDES(X)                                                                          \
    X(UNSEEN, "unseen") /* nothing there answers: nothing is known */                              \
    X(STILL, "still")                                                                              \
    X(ALIVE, "alive")
#define X(name, text) EVAC_OLD_SIDE_##name,
enum evac_old_side_state { EVAC_OLD_SIDES(X) EVAC_OLD_SIDE_COUNT };
#undef X
const char *evac_old_side_name(enum evac_old_side_state state);

struct evac_old_side {
    bool watched;
    uint16_t region;
    uint64_t run; /* that left it */
    enum evac_old_side_state state;
    bool writes;           /* ALIVE: something accepts writes there */
    int64_t since_wall_ms; /* state unchanged since */
    char reason[160];      /* of one resource that is not still, of one that writes if any; "" */

    /* the round of looks that goes on, a bit each of the app's resources: what they said */
    uint64_t still, alive, writing;
    char said[160];
    uint64_t due_ms;
};

/* What the looks add up to: anything alive is ALIVE, else all that can look found it STILL. looks:
 * the resources that can tell, a bit each. */
enum evac_old_side_state evac_old_side_sum(const struct evac_old_side *side, uint64_t looks);

#endif

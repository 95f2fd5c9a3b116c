/*
 * A host that asks services no faster than they take it (pace.h): an exchange that names its
 * operation waits for its turn. Changes go before looks, but of what both take no more than three
 * in a row while looks wait: who is moved must be seen, too. Among changes, and among looks, a
 * lower tier goes first, in it a longer way that is still to go (an app's own, and then that of
 * whoever waits for it), then who has waited longest. Each second of waiting counts, also of what
 * came back unsent, so that a tier below waits at most EVAC_PACED_TIER_MS longer than the one above
 * it, and the shortest way as much longer than the longest. Everything else passes at once.
 * It stands before another host, which must outlive it.
 */
#ifndef EVAC_HOST_PACED_H
#define EVAC_HOST_PACED_H

#include "evac/host.h"
#include "pace.h"

/* Then it was not sent, which costs no try: well below what the engine waits for a call, which may
 * have two exchanges that wait (a look, then the change). Longer, and whoever waited for a turn
 * would count as somebody of whom nobody knows whether they were heard. */
#define EVAC_PACED_WAIT_MS 15000u
#define EVAC_PACED_TIER_MS 2000u /* that a call of one tier goes before one of the next */
#define EVAC_PACED_CHANGES 3u    /* that go past a look which waits for the same limit */
#define EVAC_PACED_MAX     8192u /* waiting; one more is refused, EVAC_E_BUSY */

struct evac_host_paced;

/* pace: lent; NULL lets everything pass. */
struct evac_host_paced *evac_host_paced_new(const struct evac_host *inner, struct evac_pace *pace);
const struct evac_host *evac_host_paced_host(const struct evac_host_paced *paced);
/* For whom exchanges are asked from now on. Those that are asked while one of them is answered go
 * by the same turn: a driver's call may take several. */
struct evac_turn {
    uint8_t tier;        /* 1 is the first; 0: nobody said, as the last */
    uint32_t to_come_ms; /* the longest way that is still to go */
    uint64_t behind_ms;  /* the longest way of those who wait for its end */
    uint64_t waited_ms;  /* it has wanted this so long already, in calls that were not sent */
};
/* Returns what it was. */
struct evac_turn evac_host_paced_turn(struct evac_host_paced *paced, struct evac_turn turn);
/* Another one from now on; what waits goes on waiting by it. */
void evac_host_paced_set(struct evac_host_paced *paced, struct evac_pace *pace);
/* How many wait now, and how many have had to, ever. */
size_t evac_host_paced_waiting(const struct evac_host_paced *paced);
uint64_t evac_host_paced_waited(const struct evac_host_paced *paced);
/* Once the inner host calls nobody any more. What still waits is not answered. NULL is fine. */
void evac_host_paced_free(struct evac_host_paced *paced);
#endif

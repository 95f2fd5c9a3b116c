/*
 * A host that asks services no faster than they take it (pace.h): an exchange that names its
 * operation waits for its turn, changes before looks, otherwise in order. Everything else passes at
 * once. It stands before another host, which must outlive it.
 */
#ifndef EVAC_HOST_PACED_H
#define EVAC_HOST_PACED_H

#include "evac/host.h"
#include "pace.h"

#define EVAC_PACED_WAIT_MS                                                                         \
    60000u                   /* then it was not sent: well below a signature's five minutes        \
                              */
#define EVAC_PACED_MAX 8192u /* waiting; one more is refused, EVAC_E_BUSY */

struct evac_host_paced;

/* pace: lent; NULL lets everything pass. */
struct evac_host_paced *evac_host_paced_new(const struct evac_host *inner, struct evac_pace *pace);
const struct evac_host *evac_host_paced_host(const struct evac_host_paced *paced);
/* Another one from now on; what waits goes on waiting by it. */
void evac_host_paced_set(struct evac_host_paced *paced, struct evac_pace *pace);
/* How many wait now, and how many have had to, ever. */
size_t evac_host_paced_waiting(const struct evac_host_paced *paced);
uint64_t evac_host_paced_waited(const struct evac_host_paced *paced);
/* Once the inner host calls nobody any more. What still waits is not answered. NULL is fine. */
void evac_host_paced_free(struct evac_host_paced *paced);
#endif

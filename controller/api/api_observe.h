/* What machines ask: is it alive, is it ready, its numbers. */
#ifndef EVAC_API_OBSERVE_H
#define EVAC_API_OBSERVE_H

#include "api.h"

/* GET /healthz and /readyz, answered to anybody: a load balancer and a kubelet have no credentials,
 * and learn nothing but yes or no and why not. 200 or 503. False: the request is another one. */
bool api_probe(struct evac_daemon *daemon, const struct evac_api_request *q,
               struct evac_api_response *r);
#endif

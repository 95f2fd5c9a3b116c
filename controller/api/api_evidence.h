/* The API's routes about what is proven: deficiencies, trend, bundles, checkpoints. */
#ifndef EVAC_API_EVIDENCE_H
#define EVAC_API_EVIDENCE_H

#include "api.h"

#include <cjson/cJSON.h>

typedef void api_route_fn(struct evac_daemon *daemon, const struct evac_api_request *q,
                          struct evac_api_response *r);
api_route_fn api_verify, api_checkpoint, api_deficiencies, api_deficiency, api_evidence,
    api_evidence_key;
void api_trend(struct evac_daemon *daemon, const struct evac_api_request *q, struct evac_str app,
               struct evac_api_response *r);

/* api.c's ways to answer. api_body: the caller's to delete; NULL when the problem was answered:
 * no object, or a field that is not known (known ends with NULL). */
void api_problem(struct evac_api_response *r, int status, const char *title, const char *detail);
void api_fail(struct evac_api_response *r, const struct evac_err *err);
cJSON *api_body(const struct evac_api_request *q, const char *const *known,
                struct evac_api_response *r);
#endif

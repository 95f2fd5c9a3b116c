/* What the API answers later, as jobs of the daemon: simulations and replays. */
#ifndef EVAC_API_JOBS_H
#define EVAC_API_JOBS_H

#include "daemon.h"

#include <cjson/cJSON.h>

/* The fields that each reads; ends with NULL. */
extern const char *const api_simulation_fields[];
extern const char *const api_replay_fields[];

/* json is an object with those fields only. *ret_number is the job's. */
enum evac_code api_begin_simulation(struct evac_daemon *daemon, struct evac_str app,
                                    const cJSON *json, uint64_t *ret_number, struct evac_err *err);
/* app "": the field's, or all. */
enum evac_code api_begin_replay(struct evac_daemon *daemon, struct evac_str app, const cJSON *json,
                                uint64_t *ret_number, struct evac_err *err);
#endif

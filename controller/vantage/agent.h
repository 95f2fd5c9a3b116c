/*
 * A vantage's agent: asks the configuration's probes from where it stands and tells the controller
 * what it saw, in small numbered batches under a lease. What can not be told is dropped, oldest
 * first, and counted: the next answers are worth more. Nothing is told twice, because a copy would
 * count as one more answer in a row.
 */
#ifndef EVAC_AGENT_H
#define EVAC_AGENT_H

#include "evac/host.h"
#include "model.h"

#include <uv.h>

struct evac_agent;

enum evac_post { EVAC_POST_TAKEN, EVAC_POST_REFUSED, EVAC_POST_LOST };

struct evac_agent_options {
    const struct evac_host *host; /* of host_uv, on the same loop; outlives the agent */
    struct evac_str name;         /* of the vantage; copied */
    void *user;
    /* Blocks, on a thread of its own, one at a time: posts to that path. why: the sentence of a
     * refusal or a failure. */
    enum evac_post (*post)(void *user, const char *path, struct evac_str body, char *why,
                           size_t why_bytes);
    /* The controller looks by another configuration: load it again, if it is another one by now. */
    void (*other_configuration)(void *user);
};

/* The model outlives the agent, or what evac_agent_reload() gives it. */
enum evac_code evac_agent_new(uv_loop_t *loop, const struct evac_model *model,
                              const struct evac_agent_options *options,
                              struct evac_agent **ret_agent, struct evac_err *err);
enum evac_code evac_agent_reload(struct evac_agent *agent, const struct evac_model *model,
                                 struct evac_err *err);

/* Gives the lease back, then calls done; the loop must run. Once. */
void evac_agent_stop(struct evac_agent *agent, void (*done)(void *user));
/* After done, or an agent that was never started; NULL is fine. */
void evac_agent_free(struct evac_agent *agent);
#endif

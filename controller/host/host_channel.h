/* One c-ares channel driven by a uv loop. Inner piece of host_dns. */
#ifndef EVAC_HOST_CHANNEL_H
#define EVAC_HOST_CHANNEL_H

#include "evac/err.h"

#include <ares.h>
#include <uv.h>

struct evac_channel;
typedef void evac_channel_gone_fn(void *user);

/* server: "address:port", or "" for the system's. */
enum evac_code evac_channel_new(uv_loop_t *loop, const char *server,
                                struct evac_channel **ret_channel, struct evac_err *err);

/* Answers what is open (ARES_EDESTRUCTION); gone runs when the last handle is closed and the memory
 * is freed. */
void evac_channel_close(struct evac_channel *channel, evac_channel_gone_fn *gone, void *user);

ares_channel evac_channel_ares(struct evac_channel *channel);

/* After each question: the channel's timeouts need the loop. */
void evac_channel_rearm(struct evac_channel *channel);

#endif

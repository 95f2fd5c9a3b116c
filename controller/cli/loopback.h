/*
 * A door on 127.0.0.1 to the controller's unix socket, for one user's browser (loopback_head.h says
 * who is let in). Each connection carries one request; the controller sees the user who runs the
 * door. Everything on one loop.
 */
#ifndef EVAC_LOOPBACK_H
#define EVAC_LOOPBACK_H

#include "evac/err.h"
#include "loopback_head.h"

#include <uv.h>

struct evac_loopback;

/* port 0: a free one. door's secrets must be set; its port is filled in. Both must outlive it. */
enum evac_code evac_loopback_new(uv_loop_t *loop, const char *socket,
                                 struct evac_loopback_door *door,
                                 struct evac_loopback **ret_loopback, struct evac_err *err);
/* Ends all connections; the loop must run until nothing is left, and frees it. */
void evac_loopback_close(struct evac_loopback *loopback);
#endif

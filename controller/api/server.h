/* Carries the API over a unix socket, on the daemon's own loop, with libwebsockets. */
#ifndef EVAC_API_SERVER_H
#define EVAC_API_SERVER_H

#include "daemon.h"

struct evac_api_server;

/* socket: path; a stale file of a dead controller is replaced. Mode 0660. Refuses when something
 * listens there. */
enum evac_code evac_api_server_new(uv_loop_t *loop, struct evac_daemon *daemon, const char *socket,
                                   struct evac_api_server **ret_server, struct evac_err *err);
/* Stops listening and closes; the loop must then run until nothing is left, and only then the
 * memory may go. */
void evac_api_server_stop(struct evac_api_server *server);
void evac_api_server_free(struct evac_api_server *server); /* NULL is fine */
#endif

/*
 * Carries the API over the unix socket and the addresses of listen, on the daemon's own loop, with
 * libwebsockets; what is not the API's is the dashboard's. Who asks is known before a request's
 * body is read (auth.h). Nobody can hold it: every wait has a limit, and what others take over TCP
 * is never taken from the unix socket.
 */
#ifndef EVAC_API_SERVER_H
#define EVAC_API_SERVER_H

#include "daemon.h"

struct evac_api_server;

/* socket: path; a stale file of a dead controller is replaced. Mode 0660. Refuses when something
 * listens there. */
enum evac_code evac_api_server_new(uv_loop_t *loop, struct evac_daemon *daemon, const char *socket,
                                   struct evac_api_server **ret_server, struct evac_err *err);
/* Certificates are read again where their files changed; otherwise that takes up to 10 s. */
void evac_api_server_reload(struct evac_api_server *server);
/* How long nobody has asked anything; 0 while a stream is open. */
uint64_t evac_api_server_idle_ms(const struct evac_api_server *server);
/* Stops listening and closes; the loop must then run until nothing is left, and only then the
 * memory may go. */
void evac_api_server_stop(struct evac_api_server *server);
void evac_api_server_free(struct evac_api_server *server); /* NULL is fine */
#endif

/*
 * The real world: the host table on libuv, libcurl, c-ares and child processes. Everything happens
 * on the loop's thread and nothing blocks it: names are resolved by c-ares, never by getaddrinfo().
 *
 * SIGPIPE must be ignored by the process that uses it.
 */
#ifndef EVAC_HOST_UV_H
#define EVAC_HOST_UV_H

#include "evac/host.h"

#include <uv.h>

struct evac_dns;
struct evac_jail_conf;

struct evac_host_uv_options {
    const char *resolver; /* "address:port"; NULL or "" the system's */
    const char *ca_file;  /* NULL: AWS_CA_BUNDLE, then Debian's and other systems' usual bundle */
};

/* Fills *ret_host; its ctx is freed by the loop after evac_host_uv_close(). */
enum evac_code evac_host_uv_new(uv_loop_t *loop, const struct evac_host_uv_options *options,
                                struct evac_host *ret_host, struct evac_err *err);

/* What programs may do from now on (jail.h); those that give the controller its credentials are not
 * confined. Until it is called, with NULL, and when walls can not be made, no other is run. Reads
 * the user database. */
void evac_host_uv_jail(struct evac_host *host, const struct evac_jail_conf *conf);
/* How programs run, in words; why none is. */
const char *evac_host_uv_jailed(const struct evac_host *host, char *out, size_t bytes);

/* Everything in flight gets its done from inside this call: NOT_SENT or LOST, "the host is
 * closing"; timers that were set run now, for whoever waits for one must end what is open; children
 * are killed, and host refuses all later calls for as long as its owner keeps the struct. The loop
 * must then run until nothing is left. Safe on a host that was never made (all zero), and twice. */
void evac_host_uv_close(struct evac_host *host);

/* The host's DNS client, for probers on the same loop. */
struct evac_dns *evac_host_uv_dns(const struct evac_host *host);
/* The CA bundle in use; "" when none was found. */
const char *evac_host_uv_ca_file(const struct evac_host *host);

#endif

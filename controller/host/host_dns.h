/*
 * DNS that never blocks the loop: c-ares on uv_poll, one channel a server. A question either
 * refuses or is answered exactly once, later, within total_ms.
 */
#ifndef EVAC_HOST_DNS_H
#define EVAC_HOST_DNS_H

#include "evac/host.h"

#include <netinet/in.h>
#include <uv.h>

struct evac_dns;

union evac_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

#define EVAC_ADDRESSES_MAX 8u

/* In the order of preference of RFC 6724. */
struct evac_addresses {
    union evac_address list[EVAC_ADDRESSES_MAX]; /* port 0 */
    size_t count;                                /* 0: see error */
    uint32_t ttl_ms;
    uint32_t stale_ms; /* how long it has been out of date; only host_names hands out such */
    bool no_such_name; /* a server said so: not a matter of reachability */
    char error[96];
};
typedef void evac_dns_addresses_fn(void *user, const struct evac_addresses *addresses);

/* default_server: "address:port", or "" for those of /etc/resolv.conf (re-read when it changes). */
enum evac_code evac_dns_new(uv_loop_t *loop, const char *default_server, struct evac_dns **ret_dns,
                            struct evac_err *err);

/* Answers every open question ("closing") from inside the call; memory goes when the loop has run.
 */
void evac_dns_close(struct evac_dns *dns);

/* The host table's dns(). */
enum evac_code evac_dns_ask(struct evac_dns *dns, struct evac_str name, const char *type,
                            struct evac_str server, uint32_t total_ms, evac_dns_done_fn *done,
                            void *user, struct evac_err *err);

/* A and AAAA; with the system's servers also /etc/hosts. */
enum evac_code evac_dns_addresses(struct evac_dns *dns, struct evac_str name,
                                  struct evac_str server, uint32_t total_ms,
                                  evac_dns_addresses_fn *done, void *user, struct evac_err *err);

/* An address written as text: false if it is none. */
bool evac_address_parse(struct evac_str text, union evac_address *ret_address);
/* Without the port. to_bytes at least INET6_ADDRSTRLEN. */
void evac_address_print(const union evac_address *address, char *to, size_t to_bytes);
void evac_address_port(union evac_address *address, uint16_t port);
bool evac_address_same(const union evac_address *a, const union evac_address *b); /* port aside */
size_t evac_address_bytes(const union evac_address *address);

#endif

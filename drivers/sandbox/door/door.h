/*
 * The sandbox's second door: the pure model of AWS behind real sockets on loopback. HTTP/1.1 on
 * 127.0.0.1 and on one address a region (127.0.10.1, 127.0.10.2, ...), all on one port; DNS over
 * UDP and TCP on 127.0.0.1. Nothing but loopback is ever listened on.
 */
#ifndef EVAC_DOOR_H
#define EVAC_DOOR_H

#include "sandbox.h"

#include <uv.h>

#define EVAC_DOOR_REGIONS_MAX 32u

struct evac_door;

struct evac_door_options {
    uint16_t http_port, dns_port;      /* 0: a free one */
    struct evac_sandbox_options model; /* wall_ms is filled in here */
    bool shop;                         /* the sample app */
    const char *iam;                   /* policies: its requests need these rights; NULL none */
};

/* Listens at once. */
enum evac_code evac_door_new(uv_loop_t *loop, const struct evac_door_options *options,
                             struct evac_door **ret_door, struct evac_err *err);

/* Connections are closed as they stand; memory goes when the loop has run. NULL is fine. */
void evac_door_close(struct evac_door *door);

uint16_t evac_door_http_port(const struct evac_door *door);
uint16_t evac_door_dns_port(const struct evac_door *door);

/* 127.0.10.1 is the first region's. to_bytes at least 16. */
void evac_door_region_address(size_t region, char *to, size_t to_bytes);

#endif

/* What the door's files share. */
#ifndef EVAC_DOOR_INTERNAL_H
#define EVAC_DOOR_INTERNAL_H

#include "door.h"

#define DOOR_BACKLOG 1024

struct door_http;
struct door_dns;

struct evac_door {
    uv_loop_t *loop;
    struct evac_sandbox *sandbox;
    size_t region_count;
    uint64_t start_ms; /* of the loop's clock: the model's 0 */
    uv_timer_t wake;
    struct door_http *http;
    struct door_dns *dns;
    size_t held; /* handles not yet closed, and the owner */
};

void door_hold(struct evac_door *door);
void door_let_go(struct evac_door *door);

/* Let the model's time catch up. Before each call into the model. */
void door_advance(struct evac_door *door);
/* The model's next own event. After each call into the model. */
void door_rearm(struct evac_door *door);

enum evac_code door_http_open(struct evac_door *door, uint16_t port, struct evac_err *err);
void door_http_close(struct evac_door *door);
uint16_t door_http_port(const struct evac_door *door);

enum evac_code door_dns_open(struct evac_door *door, uint16_t port, struct evac_err *err);
void door_dns_close(struct evac_door *door);
uint16_t door_dns_port(const struct evac_door *door);

#endif

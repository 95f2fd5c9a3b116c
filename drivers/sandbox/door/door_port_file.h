/* What a sandbox tells the world about itself: ports, credentials, how to use it. */
#ifndef EVAC_DOOR_PORT_FILE_H
#define EVAC_DOOR_PORT_FILE_H

#include "evac/buf.h"

struct evac_door_facts {
    uint16_t http_port, dns_port;
    const char *access_key_id, *secret_access_key;
    const char *const *regions; /* ends with NULL */
    double speed;
};

/* Shell lines for a person. */
void evac_door_facts_print(const struct evac_door_facts *facts, struct evac_buf *to);

/* JSON, whole or not at all (a temporary file renamed), readable by its owner only. */
enum evac_code evac_door_facts_write(const struct evac_door_facts *facts, const char *path,
                                     struct evac_err *err);

/* Only the ports are wanted back: what the program's other commands need. */
enum evac_code evac_door_facts_read_ports(const char *path, uint16_t *ret_http_port,
                                          uint16_t *ret_dns_port, struct evac_err *err);

#endif

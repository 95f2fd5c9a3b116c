/* Who is at the other end of a unix socket: the kernel's word. */
#ifndef EVAC_PEER_H
#define EVAC_PEER_H

#include "evac/arena.h"
#include "roles.h"

struct evac_peer {
    struct evac_arena *arena; /* owns the caller's texts */
    struct evac_caller caller;
};

/* fd: of the connection; socket: the path that it came through, whose group lets people in. When
 * the kernel does not tell, the caller is "unknown" and holds what everybody holds. */
void evac_peer_of(int fd, const char *socket, struct evac_peer *ret_peer);
void evac_peer_done(struct evac_peer *peer);
#endif

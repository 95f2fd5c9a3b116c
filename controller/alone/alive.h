/*
 * Is a controller alive? Whatever answers is: one that has no lead now may take it. Looked at: the
 * configured socket and that of --socket or EVAC_SOCKET, the addresses of listen, EVAC_SERVER (URLs
 * with commas between), the controllers that share the journal and who leads them as etcd has it,
 * and who holds the journal's file. Nothing is sent but GET /readyz, nobody's certificate is
 * believed: to answer is enough.
 */
#ifndef EVAC_ALIVE_H
#define EVAC_ALIVE_H

#include "evac/buf.h"
#include "model.h"

struct evac_alive {
    bool found;
    char what[400];       /* it, since when, and what to do */
    struct evac_buf seen; /* JSON: [{"where","found"},...], all that was looked at */
};

/* socket: of the command line, besides the configured one; journal: the file that would be gone on
 * with. At most 2 s for each address. */
void evac_alive_look(const struct evac_model *model, const char *socket, const char *journal,
                     struct evac_alive *ret_alive);
void evac_alive_done(struct evac_alive *alive);
#endif

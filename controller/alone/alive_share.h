/* Who leads, as etcd has it: for who would act alone. */
#ifndef EVAC_ALIVE_SHARE_H
#define EVAC_ALIVE_SHARE_H

#include "model.h"

struct evac_lead_seen {
    bool known;        /* etcd answered, with a quorum */
    char node[65];     /* "" nobody leads */
    char address[200]; /* "" not said */
    char why[300];     /* not known: why */
};

/* Asks for at most within_ms, on a loop of its own. */
void evac_lead_look(const struct evac_controller_conf *conf, unsigned within_ms,
                    struct evac_lead_seen *ret);
#endif

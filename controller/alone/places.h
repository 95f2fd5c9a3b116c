/*
 * Where a controller of one's own lives: its journal (by default
 * $XDG_STATE_HOME/evac/standalone.db), and, a journal each, its socket in $XDG_RUNTIME_DIR/evac
 * (where there is none: beside the journal). The folders are 0700; whoever may read them has a
 * controller's rights.
 */
#ifndef EVAC_PLACES_H
#define EVAC_PLACES_H

#include "evac/err.h"

struct evac_places {
    char journal[3000], socket[108], log[3100], reports[3100];
    char node[200]; /* "standalone:ann@bastion" */
    char who[200];  /* the principal, as the API will know them: "uid:1000(ann)" */
};

/* journal: NULL the default. Makes the folders; refuses one that others may write to. */
enum evac_code evac_places_find(const char *journal, struct evac_places *ret_places,
                                struct evac_err *err);
#endif

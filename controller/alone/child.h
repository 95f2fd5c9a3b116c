/* The controller itself: the production daemon, in a child of the command that began it. */
#ifndef EVAC_ALONE_CHILD_H
#define EVAC_ALONE_CHILD_H

#include "evac/str.h"
#include "places.h"

struct evac_child {
    const struct evac_places *places;
    const char *conf_dir;
    const char *reason;   /* of whoever began it; "" they only look */
    struct evac_str seen; /* JSON: what was looked at before */
};

/* Forks; returns when it answers on its socket. Else what it said is in err, and none runs. Call it
 * before there are threads. */
enum evac_code evac_child_begin(const struct evac_child *child, struct evac_err *err);
#endif

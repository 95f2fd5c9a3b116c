/* What jail.c, jail_filter.c and jail_paths.c share. */
#ifndef EVAC_JAIL_INTERNAL_H
#define EVAC_JAIL_INTERNAL_H

#include "jail.h"

#include <linux/filter.h>
#include <sys/types.h>

#define JAIL_LIMITS 6u

struct jail_limit {
    int what; /* RLIMIT_ */
    uint64_t most;
};

struct evac_jail {
    uid_t uid;
    gid_t gid;
    bool switches; /* to them */
    struct jail_limit limits[JAIL_LIMITS];
    int paths; /* a Landlock ruleset, -1 none */
    struct sock_filter *filter;
    unsigned short filter_n;
};

enum evac_code jail_make_filter(struct evac_jail *jail, struct evac_err *err);
/* -1: nothing is to be hidden, or this kernel can not. */
int jail_hide_paths(const char *const *hidden);
#endif

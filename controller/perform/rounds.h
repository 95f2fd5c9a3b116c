/*
 * Readiness: every standby is looked at now and then, which is a rehearsal like any other. One app
 * a second at most, and none soon after the start: a fleet does not look all at once.
 */
#ifndef EVAC_ROUNDS_H
#define EVAC_ROUNDS_H

#include "shell.h"

#define EVAC_ROUNDS_WHO "readiness" /* who begins these rehearsals, in the journal */

/* All zero: the process has just begun. */
struct evac_rounds {
    uint64_t next_ms; /* not before */
    size_t last;      /* the app whose turn was last */
};

/* Of a look that could not begin; both live as long as the shell's configuration. */
struct evac_rounds_trouble {
    struct evac_str app, region;
};

/* To be asked about once a second. Not OK: a look was due and could not begin; it is tried again
 * later. */
enum evac_code evac_rounds_go(struct evac_rounds *rounds, struct evac_shell *shell,
                              uint64_t now_boot_ms, int64_t now_wall_ms,
                              struct evac_rounds_trouble *ret_trouble, struct evac_err *err);
#endif

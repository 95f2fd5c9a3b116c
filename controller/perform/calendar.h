/*
 * The calendar of drills: when each is due, what is in its way, what became of it. It lives beside
 * the engine, in wall time, and knows the past from the journal alone: what was planned before a
 * crash is begun late, or said to be missed.
 */
#ifndef EVAC_CALENDAR_H
#define EVAC_CALENDAR_H

#include "shell.h"

/* The newest thing that proved an app's way to a region: a drill, or a real run. */
struct evac_proof {
    int64_t at_wall_ms; /* 0: there is none */
    bool real;          /* a real run, not a drill */
    enum evac_drill_kind kind;
    uint64_t run;   /* real, or a drill that is one run */
    uint32_t drill; /* its number, 0 none */
    struct evac_str from;
    enum evac_mode mode; /* of the failover's plan whose hash this is */
    char hash[65];       /* "": not known */
};

/* One drill of the configuration, as the calendar has it. */
struct evac_due {
    const struct evac_app *app;
    const struct evac_drill_conf *drill;
    int64_t due_wall_ms; /* with its jitter; 0: never */
    const char *waits;   /* for what, "" nothing: it is due and something is in its way */
};

/* The wall clock jumped: the calendar is looked at anew. */
void evac_shell_rouse(struct evac_shell *shell);

size_t evac_shell_drill_count(const struct evac_shell *shell);
struct evac_due evac_shell_drill(const struct evac_shell *shell, size_t i);

/* When a drill of the configuration comes next after that instant, with its jitter; 0 never. Pure
 * but for the zones. */
int64_t evac_drill_after(const struct evac_shell *shell, const struct evac_app *app,
                         const struct evac_drill_conf *drill, int64_t wall_ms);

/* What the calendar alone says against that instant: a blackout, a window. false: nothing. */
bool evac_drill_barred(const struct evac_shell *shell, const struct evac_app *app, int64_t wall_ms,
                       int64_t takes_ms, char *why, size_t bytes);

/* A drill that a person asks for now. */
struct evac_drill_wish {
    enum evac_drill_kind kind;
    struct evac_str app, name; /* name: of the configuration's drills; "" the first of the kind */
    struct evac_str to;        /* "" the best standby */
    int64_t soak_ms;           /* 0: as configured, or half an hour */
    struct evac_str who, why;
};

/* What it will touch, as JSON (see controller/perform/README.md); nothing is begun. */
enum evac_code evac_shell_receipt(struct evac_shell *shell, const struct evac_drill_wish *wish,
                                  struct evac_buf *out, struct evac_err *err);

/* Begins it, unless something is in its way (EVAC_E_REFUSED, with a sentence). */
enum evac_code evac_shell_drill_now(struct evac_shell *shell, const struct evac_drill_wish *wish,
                                    uint32_t *ret_number, struct evac_err *err);

/* How little is known of the way to a region: see shell_debt.c for the formula. */
#define EVAC_DEBT_NEVER 1000
struct evac_debt {
    int64_t points; /* the sum; EVAC_DEBT_NEVER: nothing has proven it */
    int64_t age_points, change_points, look_points;
    char words[200];
};
struct evac_debt evac_shell_debt(const struct evac_shell *shell, size_t app, uint16_t to);

/* The proof of the way to a region; NULL when there is none. */
const struct evac_proof *evac_shell_proof(const struct evac_shell *shell, size_t app,
                                          uint16_t region);
#endif

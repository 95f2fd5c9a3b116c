/*
 * Stretches of the calendar: blackouts, freezes, maintenance windows. A window is one stretch
 * between two civil times, or comes back by cron and lasts a while. Pure but for the zones.
 */
#ifndef EVAC_WINDOW_H
#define EVAC_WINDOW_H

#include "zone.h"

/* As a configuration writes it: from and perhaps to or for_ms, or cron and for_ms. Texts are
 * borrowed by the window that is made of them. */
struct evac_window_text {
    struct evac_str from,
        to;               /* "2026-12-24" or "2026-12-24 18:00"; a day alone is the whole of it */
    struct evac_str cron; /* begins at */
    int64_t for_ms;       /* and lasts; 0 not said */
    struct evac_str timezone; /* "" UTC */
    struct evac_str reason;   /* for people */
};

struct evac_window {
    struct evac_str timezone, reason;
    bool recurs;
    struct evac_cron cron; /* recurs */
    int64_t for_ms;
    struct evac_civil from, to; /* else; to is no longer inside */
};

enum evac_code evac_window_parse(const struct evac_window_text *text,
                                 struct evac_window *ret_window, struct evac_err *err);

/* Is that instant inside? *ret_until: when it ends, in wall ms (what follows without a gap
 * counts). */
bool evac_window_at(const struct evac_window *window, const struct evac_zones *zones,
                    int64_t wall_ms, int64_t *ret_until_ms);

/* When it next begins, strictly after that instant; 0 never. */
int64_t evac_window_next(const struct evac_window *window, const struct evac_zones *zones,
                         int64_t wall_ms);

/* The first of several that is on at that instant, NULL none; *ret_until: when all of those that
 * are on or follow without a gap are over. */
const struct evac_window *evac_windows_at(const struct evac_window *windows, size_t count,
                                          const struct evac_zones *zones, int64_t wall_ms,
                                          int64_t *ret_until_ms);

/* The first of several that begins after that instant and before `until`, NULL none. */
const struct evac_window *evac_windows_between(const struct evac_window *windows, size_t count,
                                               const struct evac_zones *zones, int64_t wall_ms,
                                               int64_t until_ms, int64_t *ret_begin_ms);
#endif

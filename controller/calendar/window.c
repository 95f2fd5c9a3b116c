#include "window.h"

#include <string.h>

#define DAY_MINUTES 1440

/* --- from text ------------------------------------------------------------------------------- */

static enum evac_code parse_recurring(const struct evac_window_text *text, struct evac_window *w,
                                      struct evac_err *err)
{
    struct evac_civil first, any = { 2026, 1, 1, 0, 0 };
    if (text->from.n || text->to.n)
        return evac_fail(err, EVAC_E_BADCONF,
                         "found cron beside from or to; allowed: cron and for, or from and to");
    if (text->for_ms <= 0)
        return evac_fail(err, EVAC_E_BADCONF,
                         "for is missing; allowed: how long it lasts, beside cron");
    enum evac_code code = evac_cron_parse(text->cron, &w->cron, err);
    if (!code && !evac_cron_next(&w->cron, any, &first))
        code = evac_fail(err, EVAC_E_BADCONF, "cron: '%.*s' never comes", EVAC_STR_ARG(text->cron));
    w->recurs = true;
    w->for_ms = text->for_ms;
    return code;
}

/* A day alone means all of it. */
static enum evac_code parse_end(const struct evac_window_text *text, bool from_has_time,
                                struct evac_window *w, struct evac_err *err)
{
    bool has_time = from_has_time;
    enum evac_code code = EVAC_OK;
    w->to = w->from;
    if (text->to.n) {
        code = evac_civil_parse(text->to, &w->to, &has_time, err);
        if (code)
            evac_err_prefix(err, "to");
    } else if (from_has_time) {
        code = evac_fail(err, EVAC_E_BADCONF, "to is missing; allowed: when it ends, or for");
    }
    if (!code && !has_time)
        w->to = evac_civil_from_minutes(evac_civil_minutes(&w->to) + DAY_MINUTES);
    if (!code && evac_civil_minutes(&w->to) <= evac_civil_minutes(&w->from))
        code = evac_fail(err, EVAC_E_BADCONF, "to: found '%.*s'; allowed: later than from",
                         EVAC_STR_ARG(text->to));
    return code;
}

static enum evac_code parse_once(const struct evac_window_text *text, struct evac_window *w,
                                 struct evac_err *err)
{
    bool has_time;
    if (text->from.n == 0)
        return evac_fail(err, EVAC_E_BADCONF,
                         "from is missing; allowed: from and to, or cron and for");
    enum evac_code code = evac_civil_parse(text->from, &w->from, &has_time, err);
    if (code)
        return evac_err_prefix(err, "from"), code;
    if (text->for_ms <= 0)
        return parse_end(text, has_time, w, err);
    if (text->to.n)
        return evac_fail(err, EVAC_E_BADCONF, "found for beside to; allowed: one of them");
    w->to = evac_civil_from_minutes(evac_civil_minutes(&w->from) + (text->for_ms + 59999) / 60000);
    return EVAC_OK;
}

enum evac_code evac_window_parse(const struct evac_window_text *text,
                                 struct evac_window *ret_window, struct evac_err *err)
{
    struct evac_window w = { .timezone = text->timezone, .reason = text->reason };
    enum evac_code code = text->cron.n ? parse_recurring(text, &w, err) : parse_once(text, &w, err);
    if (!code)
        *ret_window = w;
    return code;
}

/* --- at an instant --------------------------------------------------------------------------- */

struct stretch {
    int64_t from_ms, to_ms;
};

static struct stretch once(const struct evac_window *w, const struct evac_zones *zones)
{
    return (struct stretch){ evac_zone_instant(zones, w->timezone, &w->from),
                             evac_zone_instant(zones, w->timezone, &w->to) };
}

/* One that comes before it is over is one long stretch; nobody needs its end beyond this. */
#define JOINED_MAX 400

static int64_t end_of(const struct evac_window *w, const struct evac_zones *zones, int64_t begin_ms)
{
    int64_t end = begin_ms + w->for_ms;
    for (int i = 0; i < JOINED_MAX; i++) {
        int64_t next = evac_cron_after(&w->cron, zones, w->timezone, begin_ms);
        if (next == 0 || next > end)
            break;
        begin_ms = next;
        end = next + w->for_ms;
    }
    return end;
}

bool evac_window_at(const struct evac_window *w, const struct evac_zones *zones, int64_t wall_ms,
                    int64_t *ret_until_ms)
{
    struct stretch s;
    if (w->recurs) {
        s.from_ms = evac_cron_before(&w->cron, zones, w->timezone, wall_ms);
        s.to_ms = s.from_ms + w->for_ms;
    } else {
        s = once(w, zones);
    }
    if (s.from_ms == 0 || wall_ms < s.from_ms || wall_ms >= s.to_ms)
        return false;
    *ret_until_ms = w->recurs ? end_of(w, zones, s.from_ms) : s.to_ms;
    return true;
}

int64_t evac_window_next(const struct evac_window *w, const struct evac_zones *zones,
                         int64_t wall_ms)
{
    if (w->recurs)
        return evac_cron_after(&w->cron, zones, w->timezone, wall_ms);
    int64_t from = once(w, zones).from_ms;
    return from > wall_ms ? from : 0;
}

const struct evac_window *evac_windows_at(const struct evac_window *windows, size_t count,
                                          const struct evac_zones *zones, int64_t wall_ms,
                                          int64_t *ret_until_ms)
{
    const struct evac_window *first = NULL;
    int64_t until = wall_ms, one;
    for (size_t round = 0; round <= count; round++) { /* each can extend the others once */
        int64_t before = until;
        for (size_t i = 0; i < count; i++) {
            if (!evac_window_at(&windows[i], zones, until, &one))
                continue;
            if (!first)
                first = &windows[i];
            until = one > until ? one : until;
        }
        if (until == before)
            break;
    }
    if (first)
        *ret_until_ms = until;
    return first;
}

const struct evac_window *evac_windows_between(const struct evac_window *windows, size_t count,
                                               const struct evac_zones *zones, int64_t wall_ms,
                                               int64_t until_ms, int64_t *ret_begin_ms)
{
    const struct evac_window *first = NULL;
    int64_t earliest = until_ms;
    for (size_t i = 0; i < count; i++) {
        int64_t begin = evac_window_next(&windows[i], zones, wall_ms);
        if (begin == 0 || begin >= earliest)
            continue;
        earliest = begin;
        first = &windows[i];
    }
    if (first)
        *ret_begin_ms = earliest;
    return first;
}

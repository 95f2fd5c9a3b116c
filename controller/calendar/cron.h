/*
 * When something comes back: cron's five fields, and the same in words. Pure; times are civil
 * minutes of the schedule's own zone (zone.h makes instants of them).
 */
#ifndef EVAC_CRON_H
#define EVAC_CRON_H

#include "civil.h"

/* Lists, ranges, steps, names of months and weekdays; both day fields given means either, as in
 * Vixie cron. Beyond that: L as the day of month is the last one; "mon#1" is the month's first
 * Monday, "friL" its last Friday. */
struct evac_cron {
    uint64_t minutes; /* bits 0..59 */
    uint32_t hours;   /* bits 0..23 */
    uint32_t days;    /* bits 1..31; bit 0: the month's last */
    uint16_t months;  /* bits 1..12 */
    uint8_t weekdays; /* bits 0..6, 0 is Sunday */
    uint8_t nth[7];   /* of each weekday: bits 1..5, the first to fifth of its month; bit 0 last */
    bool any_day, any_weekday;
};

enum evac_code evac_cron_parse(struct evac_str text, struct evac_cron *ret_cron,
                               struct evac_err *err);

/* every: day, week, month, quarter, half-year or year. on: "[first|second|third|fourth|last]
 * [monday...|day] [of february] [09:00]", or "monday 09:00" for a week, or "" : the first day, at
 * 09:00. "of" names the month that the count of quarters begins with. */
enum evac_code evac_cron_words(struct evac_str every, struct evac_str on,
                               struct evac_cron *ret_cron, struct evac_err *err);

/* The first matching minute strictly after `from`, the last one at or before it; within 10 years;
 * false if there is none. */
bool evac_cron_next(const struct evac_cron *cron, struct evac_civil from,
                    struct evac_civil *ret_next);
bool evac_cron_last(const struct evac_cron *cron, struct evac_civil from,
                    struct evac_civil *ret_last);
#endif

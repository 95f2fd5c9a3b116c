/* Civil time: a minute of the calendar, without a zone. Proleptic Gregorian. Pure. */
#ifndef EVAC_CIVIL_H
#define EVAC_CIVIL_H

#include "evac/err.h"
#include "evac/str.h"

struct evac_civil {
    int32_t year;
    uint8_t month, day, hour, minute; /* month, day from 1 */
};

/* Days since 1970-01-01 to date and back, and weekday (0 Sunday). */
int64_t evac_civil_days(int32_t year, uint8_t month, uint8_t day);
void evac_civil_from_days(int64_t days, struct evac_civil *ret_date);
uint8_t evac_civil_weekday(int64_t days);
uint8_t evac_civil_month_days(int32_t year, uint8_t month);

/* Minutes since 1970-01-01 00:00, and back. */
int64_t evac_civil_minutes(const struct evac_civil *civil);
struct evac_civil evac_civil_from_minutes(int64_t minutes);

/* "2026-12-24" or "2026-12-24 18:00". *ret_has_time says which it was. */
enum evac_code evac_civil_parse(struct evac_str text, struct evac_civil *ret_civil,
                                bool *ret_has_time, struct evac_err *err);
#endif

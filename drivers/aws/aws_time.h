/* The three ways in which AWS writes an instant, without libc's time zones and locale. */
#ifndef EVAC_AWS_TIME_H
#define EVAC_AWS_TIME_H

#include "evac/str.h"

/* UTC, proleptic Gregorian. */
struct evac_aws_date {
    int64_t year;
    unsigned month, day, hour, minute, second, ms;
};

/* Milliseconds since 1970. False when a field is out of its range. */
bool evac_aws_date_ms(const struct evac_aws_date *date, int64_t *ret_ms);
struct evac_aws_date evac_aws_date_of(int64_t wall_ms);

/* "20260102T030405Z" */
bool evac_aws_time_basic(struct evac_str text, int64_t *ret_ms);
/* "2026-01-02T03:04:05Z", fractions and an offset ("+00:00") allowed */
bool evac_aws_time_iso(struct evac_str text, int64_t *ret_ms);
/* "Fri, 02 Jan 2026 03:04:05 GMT" (RFC 9110 5.6.7, the preferred form) */
bool evac_aws_time_http(struct evac_str text, int64_t *ret_ms);
#endif

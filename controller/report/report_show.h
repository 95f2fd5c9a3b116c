/* What the text and the page share: how numbers and instants are said. */
#ifndef EVAC_REPORT_SHOW_H
#define EVAC_REPORT_SHOW_H

#include "report.h"

/* "12.3 s", "4m05s"; "unknown" when it is not known. */
void show_duration(bool known, int64_t ms, char *text, size_t bytes);
/* "2026-11-20 22:05:31.120 UTC" */
void show_instant(const struct evac_when *when, char *text, size_t bytes);
/* "met", "missed", "unknown" */
const char *show_met(bool known, int64_t value, int64_t objective);
/* A criterion's value or limit: a duration, or a number. */
/* As show_measure, and of what is counted what that is: "0 failed steps". */
void show_measured(enum evac_measure measure, int64_t value, char *text, size_t bytes);
/* "at most 2m00s", "none allowed", "at most 3 allowed". */
void show_allowed(enum evac_measure measure, int64_t at_most, char *text, size_t bytes);
void show_measure(enum evac_measure measure, int64_t value, char *text, size_t bytes);
/* "2026-11-20" */
void show_date(int64_t wall_ms, char *text, size_t bytes);
const char *show_instant_title(enum evac_report_instant instant);

/* The span that a timeline shows. */
struct show_span {
    int64_t from_ms, to_ms;
};
struct show_span show_span(const struct evac_report *report);
/* Where an instant stands in it: 0 at its beginning, 1 at its end. */
double show_part(const struct show_span *span, int64_t wall_ms);
#endif

/* The parts of the page that prove something: report_html.c puts them where they belong. */
#ifndef EVAC_REPORT_PROOF_H
#define EVAC_REPORT_PROOF_H

#include "report.h"

void proof_criteria(const struct evac_report *report, struct evac_buf *out);
void proof_past(const struct evac_report *report, struct evac_buf *out);
void proof_parts(const struct evac_report *report, struct evac_buf *out);
void proof_states(const struct evac_report *report, struct evac_buf *out);
void proof_limits(const struct evac_report *report, struct evac_buf *out);
/* Open ones, with their age. */
struct evac_deficiencies;
void proof_deficiencies(const struct evac_deficiencies *list, int64_t as_of_ms, bool all,
                        struct evac_buf *out);
#endif

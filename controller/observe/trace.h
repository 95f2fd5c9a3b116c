/*
 * A run as a trace, a step as a span: its report in OTLP's JSON (opentelemetry-proto 1.x,
 * ExportTraceServiceRequest; ids in hex, instants in nanoseconds as text). Ids follow from the
 * controller's name, the run's number and the instant at which it began, so a trace that is sent
 * twice is the same trace. Pure.
 */
#ifndef EVAC_TRACE_H
#define EVAC_TRACE_H

#include "report.h"

struct evac_trace_source {
    const char *version;
    struct evac_str node;   /* this controller's name */
    struct evac_str region; /* where it stands, "" not known */
};

/* The report of a run that is over. Steps that were never begun are no spans. */
void evac_trace_json(const struct evac_report *report, const struct evac_trace_source *source,
                     struct evac_buf *out);
#endif

/*
 * Sends runs that ended to a collector, over OTLP/HTTP (POST, JSON). One at a time; what the
 * collector does not take is tried again, later and later, for ten minutes. A run that ended within
 * ten minutes before a restart is sent again: the same trace, by its ids. Bounded: of more than 64
 * runs that wait the oldest are lost, and counted. It never holds up a run.
 */
#ifndef EVAC_TRACER_H
#define EVAC_TRACER_H

#include "store.h"
#include "trace.h"

#include "evac/host.h"

struct evac_tracer;

struct evac_tracer_options {
    const struct evac_host *host; /* outlives the tracer */
    struct evac_str url;          /* "https://collector:4318/v1/traces"; "" nothing is sent */
    struct evac_str headers_file; /* lines of "Name: value", for a token; "" none. Read each time */
    struct evac_trace_source source;
};

/* Texts are borrowed until evac_tracer_setup or _close. */
struct evac_tracer *evac_tracer_new(const struct evac_tracer_options *options);
void evac_tracer_setup(struct evac_tracer *tracer, const struct evac_tracer_options *options);
/* What is on its way is dropped; memory goes when it was answered. NULL is fine. */
void evac_tracer_close(struct evac_tracer *tracer);

/* A run ended then: just now, or as a replayed row says. The controller's own looks at readiness,
 * many a day, are left out. */
void evac_tracer_ended(struct evac_tracer *tracer, uint64_t run, int64_t ended_wall_ms);
/* About once a second. */
void evac_tracer_tick(struct evac_tracer *tracer, struct evac_store *store);

struct evac_tracer_counts {
    size_t waiting;
    uint64_t sent, lost; /* lost: too many, too long, or refused */
    const char *problem; /* the newest, "" none since the last that was sent */
};
struct evac_tracer_counts evac_tracer_counts(const struct evac_tracer *tracer);
#endif

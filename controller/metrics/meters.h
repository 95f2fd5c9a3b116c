/*
 * What is counted as it happens, because no state can tell it afterwards: answers to probes, calls
 * to services, commits, turns of the loop, ends of runs. All of it lives as long as the process,
 * begins at zero with it, and is bounded by the configuration. A reload keeps what still has its
 * name.
 */
#ifndef EVAC_METERS_H
#define EVAC_METERS_H

#include "engine.h"
#include "exposition.h"

/* Pairs of a service and a region that calls are counted for; calls of any more are counted
 * together as "other". */
#define EVAC_SERVICES_MAX 256u

#define EVAC_CALL_FATES(X)                                                                         \
    X(OK, "ok")               /* answered, 1xx to 3xx */                                           \
    X(REFUSED, "refused")     /* answered, 4xx */                                                  \
    X(THROTTLED, "throttled") /* asked to come back later */                                       \
    X(BROKEN, "broken")       /* answered, 5xx */                                                  \
    X(LOST, "lost")           /* no answer: it may have been done */                               \
    X(NOT_SENT, "not_sent")
#define X(name, text) EVAC_CALL_##name,
enum evac_call_fate { EVAC_CALL_FATES(X) EVAC_CALL_FATE_COUNT };
#undef X
const char *evac_call_fate_name(enum evac_call_fate fate);

struct evac_service_meter {
    char service[40], region[40];
    uint64_t fates[EVAC_CALL_FATE_COUNT];
};

#define EVAC_PROBE_ANSWERS(X)                                                                      \
    X(GOOD, "good")                                                                                \
    X(BAD, "bad")                                                                                  \
    X(UNTOLD, "untold") /* nothing was learned */
#define X(name, text) EVAC_PROBE_ANSWER_##name,
enum evac_probe_answer { EVAC_PROBE_ANSWERS(X) EVAC_PROBE_ANSWER_COUNT };
#undef X
const char *evac_probe_answer_name(enum evac_probe_answer answer);

/* Of an app: as its probes and regions stand in the model. */
struct evac_app_meter {
    uint64_t answers[EVAC_PROBES_MAX][EVAC_REGIONS_MAX][EVAC_PROBE_ANSWER_COUNT];
    struct evac_histogram latency[EVAC_REGIONS_MAX]; /* of all its probes' good answers */
};

struct evac_meters;

/* The model is borrowed until the next evac_meters_reload. */
struct evac_meters *evac_meters_new(const struct evac_model *model);
void evac_meters_free(struct evac_meters *meters); /* NULL is fine */
void evac_meters_reload(struct evac_meters *meters, const struct evac_model *model);

/* app as evac_model_probed() has them; what is beyond the apps is passed over. */
void evac_meters_probe(struct evac_meters *meters, size_t app, size_t probe, size_t region,
                       enum evac_probe_answer answer, uint32_t latency_ms);
/* operation: "service:Operation"; what has none is not a call to a service, and is passed over. */
void evac_meters_call(struct evac_meters *meters, struct evac_str operation, struct evac_str region,
                      enum evac_call_fate fate);
void evac_meters_commit(struct evac_meters *meters, double seconds);
void evac_meters_turn(struct evac_meters *meters, double seconds);
void evac_meters_run_ended(struct evac_meters *meters, const struct evac_run *run);

const struct evac_app_meter *evac_meters_app(const struct evac_meters *meters, size_t app);
size_t evac_meters_services(const struct evac_meters *meters);
const struct evac_service_meter *evac_meters_service(const struct evac_meters *meters, size_t i);
const struct evac_histogram *evac_meters_commits(const struct evac_meters *meters);
const struct evac_histogram *evac_meters_turns(const struct evac_meters *meters);

/* Runs that ended, by kind and result; NULL beyond them. */
#define EVAC_ENDED_MAX 64u
struct evac_ended_meter {
    const char *kind, *result; /* static */
    uint64_t count;
};
const struct evac_ended_meter *evac_meters_ended(const struct evac_meters *meters, size_t i);
#endif

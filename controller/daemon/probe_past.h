/*
 * The newest answers of each probe, for people who look at it: a ring for each probe and region, in
 * memory only. Decisions never read it.
 */
#ifndef EVAC_PROBE_PAST_H
#define EVAC_PROBE_PAST_H

#include "model.h"

#define EVAC_PROBE_PAST_KEPT 60u

struct evac_probe_sample {
    int64_t wall_ms;
    uint32_t latency_ms;
    bool good;
};

struct evac_probe_past;

/* As the model numbers apps, probes and regions; the model must outlive it. */
struct evac_probe_past *evac_probe_past_new(const struct evac_model *model);
void evac_probe_past_free(struct evac_probe_past *past);

/* What the model does not have is dropped. */
void evac_probe_past_add(struct evac_probe_past *past, size_t app, size_t probe, size_t region,
                         const struct evac_probe_sample *sample);

/* How many are kept; at: 0 is the oldest of them. */
size_t evac_probe_past_count(const struct evac_probe_past *past, size_t app, size_t probe,
                             size_t region);
struct evac_probe_sample evac_probe_past_at(const struct evac_probe_past *past, size_t app,
                                            size_t probe, size_t region, size_t at);
#endif

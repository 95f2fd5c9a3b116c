/* What a place that looks has seen and not told yet, the newest few thousand answers. */
#ifndef EVAC_SIGHTINGS_H
#define EVAC_SIGHTINGS_H

#include "batch.h"
#include "model.h"

#define EVAC_SIGHTINGS_MAX 4096u

struct evac_sighting {
    uint16_t app, probe, region; /* as evac_model_probed() has them */
    bool ok;
    uint32_t latency_ms;
    uint64_t sent_boot_ms;
    int64_t certificate_until_ms;
    char reason[160];
};

struct evac_sightings {
    struct evac_sighting *ring;
    size_t first, count;
    uint64_t number;  /* of the first, from 1 on */
    uint64_t dropped; /* for want of room */
};

void evac_sightings_init(struct evac_sightings *s);
void evac_sightings_done(struct evac_sightings *s);
/* The oldest makes room, and is counted. */
void evac_sightings_add(struct evac_sightings *s, const struct evac_sighting *seen);
/* The first n are gone: told, or worth nothing any more. */
void evac_sightings_pop(struct evac_sightings *s, size_t n);
/* So many of them, from the skip-th on, as a batch has them; names are the model's. way_ms: how
 * long a batch is on its way. */
void evac_sightings_fill(const struct evac_sightings *s, const struct evac_model *model,
                         uint64_t now_ms, uint64_t way_ms, size_t skip,
                         struct evac_batch_result *results, size_t n);
#endif

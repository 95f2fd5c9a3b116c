#include "sightings.h"

#include <stdlib.h>

void evac_sightings_init(struct evac_sightings *s)
{
    *s = (struct evac_sightings){ .number = 1 };
    s->ring = calloc(EVAC_SIGHTINGS_MAX, sizeof *s->ring);
    if (!s->ring)
        abort();
}

void evac_sightings_done(struct evac_sightings *s)
{
    free(s->ring);
    s->ring = NULL;
}

void evac_sightings_pop(struct evac_sightings *s, size_t n)
{
    n = n < s->count ? n : s->count;
    s->first = (s->first + n) % EVAC_SIGHTINGS_MAX;
    s->count -= n;
    s->number += n;
}

void evac_sightings_add(struct evac_sightings *s, const struct evac_sighting *seen)
{
    if (s->count == EVAC_SIGHTINGS_MAX) {
        evac_sightings_pop(s, 1);
        s->dropped++;
    }
    s->ring[(s->first + s->count++) % EVAC_SIGHTINGS_MAX] = *seen;
}

static struct evac_batch_result told(const struct evac_sighting *seen,
                                     const struct evac_model *model, uint64_t ago_ms)
{
    const struct evac_app *app = evac_model_probed(model, seen->app);
    const struct evac_probe *probe = &app->probes[seen->probe];
    return (struct evac_batch_result){
        .app = app->name,
        .probe = probe->name,
        .region = probe->regional ? app->regions[seen->region] : EVAC_STR(""),
        .at_app = seen->app,
        .at_probe = seen->probe,
        .at_region = seen->region,
        .ok = seen->ok,
        .latency_ms = seen->latency_ms,
        .asked_ago_ms = (uint32_t)ago_ms,
        .certificate_until_ms = seen->certificate_until_ms,
        .reason = evac_str(seen->reason),
    };
}

void evac_sightings_fill(const struct evac_sightings *s, const struct evac_model *model,
                         uint64_t now_ms, uint64_t way_ms, size_t skip,
                         struct evac_batch_result *results, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct evac_sighting *seen = &s->ring[(s->first + skip + i) % EVAC_SIGHTINGS_MAX];
        results[i] = told(seen, model, now_ms - seen->sent_boot_ms + way_ms);
    }
}

#include "probe_past.h"

#include <stdlib.h>

struct ring {
    struct evac_probe_sample samples[EVAC_PROBE_PAST_KEPT];
    size_t next, count;
};

/* One array of rings for all: those of an app stand together, from `first` on. */
struct evac_probe_past {
    const struct evac_model *model;
    size_t *first; /* by app, and the count of all behind the last */
    struct ring *rings;
};

static void *zeroed(size_t count, size_t bytes)
{
    void *p = calloc(count ? count : 1, bytes);
    if (!p)
        abort();
    return p;
}

struct evac_probe_past *evac_probe_past_new(const struct evac_model *model)
{
    struct evac_probe_past *past = zeroed(1, sizeof *past);
    size_t apps = evac_model_probed_count(model), all = 0;
    past->model = model;
    past->first = zeroed(apps + 1, sizeof *past->first);
    for (size_t i = 0; i < apps; i++) {
        const struct evac_app *app = evac_model_probed(model, i);
        past->first[i] = all;
        all += app->probe_count * app->region_count;
    }
    past->first[apps] = all;
    past->rings = zeroed(all, sizeof *past->rings);
    return past;
}

void evac_probe_past_free(struct evac_probe_past *past)
{
    if (!past)
        return;
    free(past->first);
    free(past->rings);
    free(past);
}

/* NULL: the model has no such thing. */
static struct ring *ring_of(const struct evac_probe_past *past, size_t app, size_t probe,
                            size_t region)
{
    const struct evac_app *a = evac_model_probed(past->model, app);
    if (!a || probe >= a->probe_count || region >= a->region_count)
        return NULL;
    return &past->rings[past->first[app] + probe * a->region_count + region];
}

void evac_probe_past_add(struct evac_probe_past *past, size_t app, size_t probe, size_t region,
                         const struct evac_probe_sample *sample)
{
    struct ring *ring = ring_of(past, app, probe, region);
    if (!ring)
        return;
    ring->samples[ring->next] = *sample;
    ring->next = (ring->next + 1) % EVAC_PROBE_PAST_KEPT;
    ring->count += ring->count < EVAC_PROBE_PAST_KEPT;
}

size_t evac_probe_past_count(const struct evac_probe_past *past, size_t app, size_t probe,
                             size_t region)
{
    const struct ring *ring = ring_of(past, app, probe, region);
    return ring ? ring->count : 0;
}

struct evac_probe_sample evac_probe_past_at(const struct evac_probe_past *past, size_t app,
                                            size_t probe, size_t region, size_t at)
{
    const struct ring *ring = ring_of(past, app, probe, region);
    if (!ring || at >= ring->count)
        return (struct evac_probe_sample){ 0 };
    return ring
        ->samples[(ring->next + EVAC_PROBE_PAST_KEPT - ring->count + at) % EVAC_PROBE_PAST_KEPT];
}

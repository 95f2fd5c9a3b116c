#include "voice.h"

#include <stdio.h>
#include <stdlib.h>

#define WINDOW_MS    10000u /* results that may not have been heard are told again for so long */
#define REASON_BYTES 64u    /* with its end: of as many results as are told at one time */

/* 40 bytes of numbers, and a reason that may have to be escaped once. */
_Static_assert(EVAC_SIGHTINGS_MAX <= EVAC_BATCH_CELLS_MAX, "all of the ring are told at one time");
_Static_assert(EVAC_BATCH_CELLS_MAX *(64u + REASON_BYTES) <= EVAC_BATCH_BYTES_MAX, "so do reasons");

void evac_voice_init(struct evac_voice *voice, const struct evac_host *host)
{
    unsigned char bytes[(EVAC_LEASE_BYTES - 1) / 2];
    *voice = (struct evac_voice){ .told = 0 };
    evac_sightings_init(&voice->seen);
    host->random(host->ctx, bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        (void)snprintf(voice->lease + 2 * i, 3, "%02x", bytes[i]);
}

void evac_voice_done(struct evac_voice *voice)
{
    evac_sightings_done(&voice->seen);
}

void evac_voice_see(struct evac_voice *voice, const struct evac_model *model,
                    const struct evac_sighting *seen)
{
    const struct evac_probe *p = &evac_model_probed(model, seen->app)->probes[seen->probe];
    struct evac_sighting one = *seen;
    if (p->role == EVAC_PROBE_ENDPOINT || p->kind == EVAC_PROBE_KIND_LOOK)
        return;
    (void)evac_str_copy(one.reason, REASON_BYTES, evac_str(seen->reason));
    evac_sightings_add(&voice->seen, &one);
}

void evac_voice_forget(struct evac_voice *voice)
{
    evac_sightings_pop(&voice->seen, voice->seen.count);
}

uint64_t evac_voice_after_ms(const struct evac_voice *voice, const struct evac_batch *b)
{
    for (size_t i = 0; i < b->heard_count; i++) {
        uint64_t seq = b->heard[i].seq;
        if (evac_str_is(b->heard[i].lease, voice->lease) && seq > 0 && seq <= voice->told &&
            voice->told - seq < EVAC_VOICE_TEXTS)
            return voice->said_ms[seq % EVAC_VOICE_TEXTS];
    }
    return 0;
}

static void forget_old(struct evac_sightings *seen, uint64_t now_ms)
{
    size_t n = 0;
    while (n < seen->count) {
        const struct evac_sighting *s = &seen->ring[(seen->first + n) % EVAC_SIGHTINGS_MAX];
        if (now_ms - s->sent_boot_ms <= WINDOW_MS)
            break;
        n++;
    }
    evac_sightings_pop(seen, n);
}

/* All that the ring holds fit into one (evac_model_check sees to it that the ring holds enough). */
void evac_voice_say(struct evac_voice *voice, const struct evac_model *model,
                    const struct evac_voice_state *state, struct evac_buf *out)
{
    forget_old(&voice->seen, state->now_ms);
    size_t n = voice->seen.count;
    struct evac_batch_result *results = calloc(n + 1, sizeof *results);
    if (!results)
        abort();
    evac_sightings_fill(&voice->seen, model, state->now_ms, 0, 0, results, n);
    struct evac_batch batch = { .lease = evac_str(voice->lease),
                                .seq = ++voice->told,
                                .config = evac_str(model->hash),
                                .abstains = state->abstains,
                                .dropped = voice->seen.dropped,
                                .asking_ms = state->asking_ms,
                                .first = voice->seen.number,
                                .compact = true,
                                .results = results,
                                .count = n };
    for (size_t i = 0; i < state->heard_count; i++)
        batch.heard[batch.heard_count++] = state->heard[i];
    voice->said_ms[voice->told % EVAC_VOICE_TEXTS] = state->now_ms;
    evac_batch_to_json(&batch, out);
    free(results);
}

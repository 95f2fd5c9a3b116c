/*
 * What one of several controllers tells all others about what it sees, whether it leads or not, so
 * that each has the same view of health. Of such texts the newest alone is kept (etcd holds one a
 * controller), so each has the results of the last seconds again, numbered: what was taken once is
 * not taken again (batch.h). One thread.
 *
 * How old is a text that is found in etcd? It may have lain there while its writer, or the one that
 * reads it, stood still or was cut off; and clocks of two machines say nothing about each other. So
 * each text names the newest that its writer had read of the others: it was written after those,
 * and who wrote one of them knows when that was. What can not be shown to be fresh in this way is
 * not believed: a vote of half a minute ago would move an app out of a region that has long
 * recovered.
 */
#ifndef EVAC_VOICE_H
#define EVAC_VOICE_H

#include "evac/host.h"
#include "sightings.h"

#define EVAC_VOICE_TEXTS 64u /* so many are remembered; who has heard none of them is too late */

struct evac_voice {
    struct evac_sightings seen;
    uint64_t said_ms[EVAC_VOICE_TEXTS]; /* when each was written, by its number */
    char lease[EVAC_LEASE_BYTES];       /* of this life */
    uint64_t told;                      /* texts */
};

/* The lease is drawn from the host. */
void evac_voice_init(struct evac_voice *voice, const struct evac_host *host);
void evac_voice_done(struct evac_voice *voice);
/* What is the leader's own to judge (the public endpoint, drivers' looks) is left out. Copied. */
void evac_voice_see(struct evac_voice *voice, const struct evac_model *model,
                    const struct evac_sighting *seen);
/* Nobody is to hear of it. */
void evac_voice_forget(struct evac_voice *voice);
/* Since when that batch was surely written, on this one's clock; 0: nothing shows it. */
uint64_t evac_voice_after_ms(const struct evac_voice *voice, const struct evac_batch *batch);
/* What it says beside what was seen. */
struct evac_voice_state {
    uint64_t now_ms;
    uint64_t asking_ms; /* for so long probes have been asked by this model */
    bool abstains;      /* none of the anchors is reached */
    struct evac_batch_heard heard[EVAC_BATCH_HEARD_MAX]; /* of the others (evac_shell_heard) */
    size_t heard_count;
};
/* The next text. out->failed: it is too large, which evac_model_check() should have refused. */
void evac_voice_say(struct evac_voice *voice, const struct evac_model *model,
                    const struct evac_voice_state *state, struct evac_buf *out);
#endif

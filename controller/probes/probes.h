/*
 * A model's probes, asked of the real world: one target a probe and region on a prober, and what
 * comes back in the model's terms. With them the anchors, which tell whether this place itself is
 * connected. The daemon, a vantage's agent and `evac probe` all stand on it.
 */
#ifndef EVAC_PROBES_H
#define EVAC_PROBES_H

#include "evac/host.h"
#include "model.h"

#include <uv.h>

struct evac_probes;

/* One round's end. Texts live until the function that is told returns. */
struct evac_seen_probe {
    uint16_t app;           /* as evac_model_probed() has them: apps, then dependencies */
    uint16_t probe, region; /* of that; region 0 for what is not regional */
    bool known;             /* false: nothing was learned, reason says why */
    bool ok;
    uint32_t latency_ms;
    uint64_t sent_boot_ms, boot_ms;
    int64_t certificate_until_ms; /* wall ms, 0 there was none */
    struct evac_str served_by;    /* "" unknown */
    struct evac_str reason;       /* why not ok; when ok: what is worth a warning, "" nothing */
};

/* A look that a driver must answer: evac_probes_answer() with the same numbers. */
struct evac_probes_look {
    uint16_t app, probe, region;
    uint64_t id;
    uint32_t round;
};

struct evac_probes_options {
    const struct evac_host *host; /* of host_uv, on the same loop; outlives the probes */
    bool once; /* each is asked now, and no more; otherwise again and again, spread and jittered */
    void *user;
    /* False: not this one. NULL: all. */
    bool (*wanted)(void *user, uint16_t app, const struct evac_probe *probe);
    void (*seen)(void *user, const struct evac_seen_probe *seen);
    void (*cut_off)(void *user, bool cut_off); /* it changed; NULL: anchors are not asked */
    /* NULL: looks are not made. Not from inside it, later, the answer comes; returns why nobody can
     * be asked, or NULL. */
    const char *(*look)(void *user, const struct evac_probes_look *look);
};

/* The model outlives the probes. */
enum evac_code evac_probes_new(uv_loop_t *loop, const struct evac_model *model,
                               const struct evac_probes_options *options,
                               struct evac_probes **ret_probes, struct evac_err *err);
/* Before the host is closed, and not from inside what it calls back. NULL is fine. */
void evac_probes_free(struct evac_probes *probes);

enum evac_probes_answer { EVAC_PROBES_GOOD, EVAC_PROBES_BAD, EVAC_PROBES_UNKNOWN };
void evac_probes_answer(struct evac_probes *probes, uint64_t id, uint32_t round,
                        enum evac_probes_answer answer, const char *reason);

/* Targets, and rounds of them that are due and wait for room. */
struct evac_probes_load {
    uint32_t targets, queued;
};
struct evac_probes_load evac_probes_load(const struct evac_probes *probes);

/* Targets that have not ended yet; 0 after all of a `once`. */
size_t evac_probes_open(const struct evac_probes *probes);

/* "{region}" in a text, replaced; in arena. */
struct evac_str evac_probes_text(struct evac_arena *arena, struct evac_str text,
                                 struct evac_str region);
#endif

/*
 * What has happened, decided again: the journal's verdicts, holds, acknowledgements and moves
 * through today's configuration and policy. Would it have acted, when, what would have blocked it,
 * and what was really done. Reads the journal, a slice at a time, and changes nothing.
 *
 * It knows what the journal knows: verdicts, not the single answers of probes below them. So
 * policy, dwell and cooldown can be asked about, but not how many failures make a probe DOWN.
 */
#ifndef EVAC_REPLAY_H
#define EVAC_REPLAY_H

#include "decision.h"
#include "jw.h"
#include "store.h"

struct evac_replay_request {
    const struct evac_model *model; /* today's; outlives the replay */
    struct evac_store *store;       /* open; outlives the replay */
    struct evac_str app;            /* "": all */
    uint64_t run;                   /* the incident that this run was for; 0: by time */
    int64_t from_ms, to_ms;         /* wall; to_ms 0: until the journal's end */
    /* What if: of every app that is looked at. */
    bool policy_given, dwell_given, cooldown_given;
    enum evac_policy policy;
    uint32_t dwell_ms, cooldown_ms;
};

#define EVAC_REPLAY_OUTAGES_MAX 512u

/* For people, with every answer: what it could not ask about. */
#define EVAC_REPLAY_LIMITS                                                                         \
    "The journal keeps verdicts, not the single answers of probes: another fall, rise, interval "  \
    "or quorum can not be asked about, and what was too short for a verdict is not here."

struct evac_replay;

/* EVAC_E_NOTFOUND: no such run, or app. */
enum evac_code evac_replay_new(const struct evac_replay_request *request,
                               struct evac_replay **ret_replay, struct evac_err *err);
void evac_replay_free(struct evac_replay *replay);
/* Some thousand rows; false when all were read, or it failed. */
bool evac_replay_step(struct evac_replay *replay);
/* EVAC_OK, or why it failed. */
enum evac_code evac_replay_failed(const struct evac_replay *replay, struct evac_err *err);
void evac_replay_progress(const struct evac_replay *replay, uint64_t *ret_rows, uint64_t *ret_all);
void evac_replay_to_json(const struct evac_replay *replay, struct evac_jw *w);
#endif

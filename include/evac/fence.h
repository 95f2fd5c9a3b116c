/*
 * May this side write now? The app's half of the dead-man fence: evac says who may write in a small
 * GO object, of which there is a copy in every region's bucket (drivers/aws/s3_go/README.md); the
 * app's side reads the copies of the other regions again and again, and stops by itself when it
 * can't. This is the judgement alone: it reads no clock and opens nothing. The program evac-fence
 * is built on it; an app that would rather ask in its own process brings its own reads.
 *
 * The promise, in numbers. T_d is the lease: the shorter of lease_ms and the object's renew_ms.
 *   - Permission ends T_d after the last good read was SENT (not: answered), whatever comes of the
 *     network, and at once when a copy says something else.
 *   - Time is CLOCK_BOOTTIME in milliseconds, which counts suspended time. A clock that goes back
 *     ends the permission.
 *   - Read every T_d / 3 (evac_fence_next_ms) and either copy will do: two reads in a row may be
 *     lost, or one of the copies for good.
 *   - It begins without permission, also after a restart. The first one waits until every copy
 *     was heard or given up in one round: one that lags behind can't speak alone.
 * evac lets the other side write T_d, a margin and a second after it fenced, so that there is a gap
 * and never an overlap.
 *
 * What it does not promise: that a write which began before the end has ended by then. Ask before
 * each write (or transaction), and bound how long one takes by the margin of the configuration; a
 * process that is stopped between the question and the write is fenced by nothing here.
 *
 * Threads: none of this locks. Calls on one fence must not overlap.
 */
#ifndef EVAC_FENCE_H
#define EVAC_FENCE_H

#include "evac/err.h"
#include "evac/str.h"

#define EVAC_FENCE_COPIES_MAX   8u
#define EVAC_FENCE_LEASE_MIN_MS 100u
#define EVAC_FENCE_LEASE_MAX_MS 3600000u
#define EVAC_FENCE_BODY_MAX     65536u /* a longer object is no GO object */

/* Why it is as it is. */
#define EVAC_FENCE_REASONS(X)                                                                      \
    X(UNREAD, "unread", "no copy has been read yet")                                               \
    X(GO, "go", "this region may write")                                                           \
    X(NOBODY, "nobody", "nobody may write")                                                        \
    X(OTHER, "other", "another region may write")                                                  \
    X(SILENCE, "silence", "no copy could be read for too long")                                    \
    X(OLDER, "older", "a copy says something older than it has said before")                       \
    X(GARBAGE, "garbage", "a copy is no GO object of this app")                                    \
    X(CLOCK, "clock", "the clock went back")                                                       \
    X(ENDED, "ended", "it was told to end")
#define X(name, word, text) EVAC_FENCE_##name,
enum evac_fence_reason { EVAC_FENCE_REASONS(X) EVAC_FENCE_REASON_COUNT };
#undef X
const char *evac_fence_reason_word(enum evac_fence_reason reason);
const char *evac_fence_reason_text(enum evac_fence_reason reason);

struct evac_fence_options {
    struct evac_str app;    /* an object that names another one is garbage; "" any */
    struct evac_str region; /* this side */
    size_t copies;          /* how many are read: 1 to EVAC_FENCE_COPIES_MAX, of other regions */
    uint64_t lease_ms;      /* T_d at the most: the configuration's "renew" */
};

struct evac_fence;

/* Copies the options. */
enum evac_code evac_fence_new(const struct evac_fence_options *options,
                              struct evac_fence **ret_fence, struct evac_err *err);
void evac_fence_free(struct evac_fence *fence);

/* When the next round of reads is due: T_d / 3 after the last began. */
uint64_t evac_fence_next_ms(const struct evac_fence *fence);
/* A round begins: all copies are asked now, and sent_ms below is this now_ms. Give each read up
 * before the next round; heard or lost tells what came of it. */
void evac_fence_begin(struct evac_fence *fence, uint64_t now_ms);
/* A copy's whole body, as a read brought it that was sent at sent_ms. */
void evac_fence_heard(struct evac_fence *fence, size_t copy, uint64_t sent_ms, uint64_t now_ms,
                      struct evac_str body);
/* That read brought nothing: no answer, a refusal, no such object. */
void evac_fence_lost(struct evac_fence *fence, size_t copy, uint64_t sent_ms, uint64_t now_ms);
/* For good: an orderly end gives the permission back before anything else. */
void evac_fence_end(struct evac_fence *fence, uint64_t now_ms);

struct evac_fence_state {
    bool may_write;
    uint64_t until_ms; /* boot clock; 0 unless it may */
    uint64_t left_ms;
    uint64_t lease_ms; /* T_d in force */
    int64_t epoch;     /* the highest that any copy has said; -1 none */
    enum evac_fence_reason reason;
};

/* May this side write, at now_ms? Read the clock for each question: an answer kept is worthless
 * after until_ms. */
bool evac_fence_may_write(struct evac_fence *fence, uint64_t now_ms,
                          struct evac_fence_state *ret_state);

#endif

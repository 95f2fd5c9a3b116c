#include "evac/fence.h"

#include "fence_word.h"

#include <stdlib.h>

#define REGION_BYTES 64u

/* A copy, as the newest read of it has it. */
struct copy {
    bool known;   /* it was read once */
    bool pending; /* asked in this round, and neither heard nor given up */
    uint64_t asked_ms;
    uint64_t sent_ms;             /* when the newest good read was sent */
    enum evac_fence_reason wrong; /* GARBAGE or OLDER until it is right again; else GO */
    struct evac_fence_word word;  /* with the highest epoch that it has said */
};

struct evac_fence {
    char app[128], region[REGION_BYTES];
    uint64_t lease_ms, round_ms, now_ms;
    uint64_t until_ms;   /* 0: no permission */
    uint64_t stopped_ms; /* what was sent up to then counts for nothing */
    bool begun, stopped, ended;
    enum evac_fence_reason reason;
    size_t count;
    struct copy copies[EVAC_FENCE_COPIES_MAX];
};

#define X(name, word, text) word,
static const char *const words[] = { EVAC_FENCE_REASONS(X) };
#undef X
#define X(name, word, text) text,
static const char *const texts[] = { EVAC_FENCE_REASONS(X) };
#undef X

const char *evac_fence_reason_word(enum evac_fence_reason reason)
{
    return reason < EVAC_FENCE_REASON_COUNT ? words[reason] : "?";
}

const char *evac_fence_reason_text(enum evac_fence_reason reason)
{
    return reason < EVAC_FENCE_REASON_COUNT ? texts[reason] : "?";
}

enum evac_code evac_fence_new(const struct evac_fence_options *options,
                              struct evac_fence **ret_fence, struct evac_err *err)
{
    if (options->region.n == 0 || options->region.n >= REGION_BYTES)
        return evac_fail(err, EVAC_E_BADARG, "a fence needs its region, a name of 1 to 63 bytes");
    if (options->copies == 0 || options->copies > EVAC_FENCE_COPIES_MAX)
        return evac_fail(err, EVAC_E_BADARG, "a fence reads 1 to %u copies, not %zu",
                         EVAC_FENCE_COPIES_MAX, options->copies);
    if (options->lease_ms < EVAC_FENCE_LEASE_MIN_MS || options->lease_ms > EVAC_FENCE_LEASE_MAX_MS)
        return evac_fail(err, EVAC_E_BADARG, "a lease is 100 ms to 1 h, not %llu ms",
                         (unsigned long long)options->lease_ms);
    struct evac_fence *fence = calloc(1, sizeof *fence);
    if (!fence)
        abort();
    if (!evac_str_copy(fence->app, sizeof fence->app, options->app)) {
        free(fence);
        return evac_fail(err, EVAC_E_TOOBIG, "the app's name is longer than 127 bytes");
    }
    (void)evac_str_copy(fence->region, sizeof fence->region, options->region);
    fence->count = options->copies;
    fence->lease_ms = options->lease_ms;
    for (size_t i = 0; i < fence->count; i++)
        fence->copies[i].wrong = EVAC_FENCE_GO;
    *ret_fence = fence;
    return EVAC_OK;
}

void evac_fence_free(struct evac_fence *fence)
{
    free(fence);
}

/* --- permission ------------------------------------------------------------------------------ */

static void stop(struct evac_fence *fence, enum evac_fence_reason why, uint64_t now_ms)
{
    fence->until_ms = 0;
    fence->stopped = true;
    fence->stopped_ms = now_ms;
    fence->reason = fence->ended ? EVAC_FENCE_ENDED : why;
}

/* A clock that goes back has measured nothing: what was sent is later than now, perhaps. */
static void note_time(struct evac_fence *fence, uint64_t now_ms)
{
    if (now_ms < fence->now_ms) {
        for (size_t i = 0; i < fence->count; i++)
            fence->copies[i].sent_ms = 0;
        fence->round_ms = now_ms;
        stop(fence, EVAC_FENCE_CLOCK, now_ms);
    }
    fence->now_ms = now_ms;
}

static uint64_t lease_of(const struct evac_fence *fence, const struct copy *copy)
{
    return copy->word.renew_ms < fence->lease_ms ? copy->word.renew_ms : fence->lease_ms;
}

/* T_d in force: the shortest that a copy names. */
static uint64_t lease_now(const struct evac_fence *fence)
{
    uint64_t lease = fence->lease_ms;
    for (size_t i = 0; i < fence->count; i++)
        if (fence->copies[i].known && lease_of(fence, &fence->copies[i]) < lease)
            lease = lease_of(fence, &fence->copies[i]);
    return lease;
}

static bool is_ours(const struct evac_fence *fence, const struct copy *copy)
{
    return copy->known && evac_str_is(evac_str(copy->word.writer), fence->region);
}

static int64_t newest_epoch(const struct evac_fence *fence)
{
    int64_t newest = -1;
    for (size_t i = 0; i < fence->count; i++)
        if (fence->copies[i].known && fence->copies[i].word.epoch > newest)
            newest = fence->copies[i].word.epoch;
    return newest;
}

/* Of all that was ever read the highest epoch counts; where two have it, both must say so. */
static enum evac_fence_reason judge(const struct evac_fence *fence)
{
    int64_t newest = newest_epoch(fence);
    for (size_t i = 0; i < fence->count; i++)
        if (fence->copies[i].wrong != EVAC_FENCE_GO)
            return fence->copies[i].wrong;
    if (newest < 0)
        return EVAC_FENCE_UNREAD;
    for (size_t i = 0; i < fence->count; i++) {
        const struct copy *copy = &fence->copies[i];
        if (copy->known && copy->word.epoch == newest && !is_ours(fence, copy))
            return copy->word.writer[0] ? EVAC_FENCE_OTHER : EVAC_FENCE_NOBODY;
    }
    return EVAC_FENCE_GO;
}

static bool is_pending(const struct evac_fence *fence)
{
    for (size_t i = 0; i < fence->count; i++)
        if (fence->copies[i].pending)
            return true;
    return false;
}

/* Any copy that says so carries the permission: evac counts from the last that it has fenced. */
static uint64_t reach(const struct evac_fence *fence)
{
    uint64_t until_ms = 0;
    for (size_t i = 0; i < fence->count; i++) {
        const struct copy *copy = &fence->copies[i];
        bool counts = is_ours(fence, copy) &&
                      (!fence->stopped || copy->sent_ms > fence->stopped_ms) && copy->sent_ms > 0;
        if (counts && copy->sent_ms + lease_of(fence, copy) > until_ms)
            until_ms = copy->sent_ms + lease_of(fence, copy);
    }
    return until_ms;
}

/* A word against it counts at once; one for it renews what is held, and gives what is not held
 * once the round is over. */
static void weigh(struct evac_fence *fence, uint64_t now_ms)
{
    enum evac_fence_reason verdict = fence->ended ? EVAC_FENCE_ENDED : judge(fence);
    if (verdict == EVAC_FENCE_UNREAD)
        return;
    if (verdict != EVAC_FENCE_GO) {
        stop(fence, verdict, now_ms);
        return;
    }
    bool held = fence->until_ms > now_ms;
    uint64_t until_ms = reach(fence);
    if (until_ms <= now_ms || (!held && is_pending(fence)))
        return;
    fence->until_ms = until_ms;
    fence->reason = EVAC_FENCE_GO;
}

/* --- reads ----------------------------------------------------------------------------------- */

uint64_t evac_fence_next_ms(const struct evac_fence *fence)
{
    return fence->begun ? fence->round_ms + lease_now(fence) / 3 : 0;
}

void evac_fence_begin(struct evac_fence *fence, uint64_t now_ms)
{
    note_time(fence, now_ms);
    fence->begun = true;
    fence->round_ms = now_ms;
    for (size_t i = 0; i < fence->count; i++) {
        fence->copies[i].pending = true;
        fence->copies[i].asked_ms = now_ms;
    }
}

static struct copy *answered(struct evac_fence *fence, size_t copy, uint64_t sent_ms)
{
    struct copy *c = &fence->copies[copy < fence->count ? copy : 0];
    if (sent_ms == c->asked_ms)
        c->pending = false;
    return c;
}

/* The same copy with a smaller number, or with another word under the same: somebody put back what
 * was. */
static bool goes_back(const struct copy *copy, const struct evac_fence_word *word)
{
    if (!copy->known || word->epoch > copy->word.epoch)
        return false;
    return word->epoch < copy->word.epoch ||
           !evac_str_eq(evac_str(word->writer), evac_str(copy->word.writer));
}

static void take(struct copy *copy, const struct evac_fence_word *word, uint64_t sent_ms)
{
    copy->known = true;
    copy->word = *word;
    copy->wrong = EVAC_FENCE_GO;
    if (sent_ms > copy->sent_ms)
        copy->sent_ms = sent_ms;
}

void evac_fence_heard(struct evac_fence *fence, size_t copy, uint64_t sent_ms, uint64_t now_ms,
                      struct evac_str body)
{
    struct evac_fence_word word;
    note_time(fence, now_ms);
    struct copy *c = answered(fence, copy, sent_ms);
    bool good = copy < fence->count && sent_ms <= now_ms &&
                evac_fence_word_read(body, evac_str(fence->app), &word);
    if (!good)
        c->wrong = EVAC_FENCE_GARBAGE;
    else if (!goes_back(c, &word))
        take(c, &word, sent_ms);
    else if (sent_ms >= c->sent_ms) /* otherwise a later read has overtaken this one */
        c->wrong = EVAC_FENCE_OLDER;
    weigh(fence, now_ms);
}

void evac_fence_lost(struct evac_fence *fence, size_t copy, uint64_t sent_ms, uint64_t now_ms)
{
    note_time(fence, now_ms);
    (void)answered(fence, copy, sent_ms);
    weigh(fence, now_ms);
}

void evac_fence_end(struct evac_fence *fence, uint64_t now_ms)
{
    note_time(fence, now_ms);
    fence->ended = true;
    stop(fence, EVAC_FENCE_ENDED, now_ms);
}

bool evac_fence_may_write(struct evac_fence *fence, uint64_t now_ms,
                          struct evac_fence_state *ret_state)
{
    note_time(fence, now_ms);
    bool may = fence->until_ms > now_ms;
    if (!may && fence->reason == EVAC_FENCE_GO)
        fence->reason = EVAC_FENCE_SILENCE;
    if (ret_state)
        *ret_state = (struct evac_fence_state){ .may_write = may,
                                                .until_ms = may ? fence->until_ms : 0,
                                                .left_ms = may ? fence->until_ms - now_ms : 0,
                                                .lease_ms = lease_now(fence),
                                                .epoch = newest_epoch(fence),
                                                .reason = fence->reason };
    return may;
}

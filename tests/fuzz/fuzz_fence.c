/*
 * The app's half of the fence: what a copy of the GO object says, whatever its bytes, and the
 * judgement over rounds of reads that are heard, lost, late or doubled. It never allows a write
 * later than the lease after the newest read that was sent; nor one that no copy ever allowed.
 */
#include "evac/fence.h"
#include "fence_word.h"
#include "fuzz.h"

#include <string.h>

#define COPIES   2u
#define LEASE_MS 1000u
#define STEPS    400u

struct reads {
    uint64_t now_ms, round_ms, newest_ms; /* newest: of those that said that we may */
};

static struct evac_str body_of(struct fuzz_input *in)
{
    size_t n = fuzz_byte(in);
    struct evac_str body = { (const char *)in->p, n < in->n ? n : in->n };
    in->p += body.n;
    in->n -= body.n;
    return body;
}

static void hear(struct evac_fence *fence, struct fuzz_input *in, struct reads *r)
{
    struct evac_fence_word word;
    struct evac_str body = body_of(in);
    if (evac_fence_word_read(body, EVAC_STR("shop"), &word)) {
        MUST(word.epoch >= 0);
        MUST(memchr(word.writer, '\0', sizeof word.writer));
        if (evac_str_is(evac_str(word.writer), "us-east-1") && r->round_ms > r->newest_ms)
            r->newest_ms = r->round_ms;
    }
    evac_fence_heard(fence, fuzz_byte(in) % COPIES, r->round_ms, r->now_ms, body);
}

static void step(struct evac_fence *fence, struct fuzz_input *in, struct reads *r)
{
    unsigned what = fuzz_byte(in);
    r->now_ms += what >> 2; /* up to 63 ms */
    if (what % 4 == 0) {
        r->round_ms = r->now_ms;
        evac_fence_begin(fence, r->now_ms);
    } else if (what % 4 == 1) {
        hear(fence, in, r);
    } else if (what % 4 == 2) {
        evac_fence_lost(fence, fuzz_byte(in) % COPIES, r->round_ms, r->now_ms);
    } else {
        r->now_ms += 8u * fuzz_byte(in);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = { data, size };
    struct reads r = { .now_ms = 1000000 };
    struct evac_fence *fence = NULL;
    struct evac_fence_state state;
    const struct evac_fence_options options = { .app = EVAC_STR("shop"),
                                                .region = EVAC_STR("us-east-1"),
                                                .copies = COPIES,
                                                .lease_ms = LEASE_MS };
    MUST(!evac_fence_new(&options, &fence, NULL));
    for (unsigned i = 0; in.n && i < STEPS; i++) {
        step(fence, &in, &r);
        bool may = evac_fence_may_write(fence, r.now_ms, &state);
        MUST(may == state.may_write);
        MUST(!may || (r.newest_ms && r.now_ms < r.newest_ms + LEASE_MS));
        MUST(!may || (state.until_ms > r.now_ms && state.until_ms <= r.newest_ms + LEASE_MS));
    }
    evac_fence_free(fence);
    return 0;
}

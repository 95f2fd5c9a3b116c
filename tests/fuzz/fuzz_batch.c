/* What strangers send as JSON: a vantage's batch, and an answer that a probe looks into. The first
 * byte chooses which. */
#include "batch.h"
#include "fuzz.h"
#include "json_meets.h"

#include <string.h>

/* What was accepted is within its bounds, and says the same when it is written and read again. */
static void read_batch(struct evac_str text)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_batch batch, again;
    struct evac_buf out;
    struct evac_err err = { EVAC_OK, "" };
    if (evac_batch_from_json(text, arena, &batch, &err) == EVAC_OK) {
        MUST(batch.seq > 0 && batch.lease.n > 0 && batch.lease.n < EVAC_LEASE_BYTES);
        MUST(batch.count <= (batch.compact ? EVAC_BATCH_CELLS_MAX : EVAC_BATCH_RESULTS_MAX));
        evac_buf_init(&out, 4 * EVAC_BATCH_BYTES_MAX);
        evac_batch_to_json(&batch, &out);
        MUST(out.n > EVAC_BATCH_BYTES_MAX ||
             evac_batch_from_json(evac_buf_str(&out), arena, &again, &err) == EVAC_OK);
        MUST(out.n > EVAC_BATCH_BYTES_MAX ||
             (again.count == batch.count && again.seq == batch.seq));
        evac_buf_done(&out);
    } else {
        MUST(err.text[0] != '\0');
    }
    evac_arena_free(arena);
}

static void meet(struct evac_str text)
{
    static const struct evac_json_test tests[] = {
        { .path = { "a.b.0.c", 7 } },
        { .path = { "a", 1 }, .has_is = true, .is_text = true, .is = { "ok", 2 } },
        { .path = { "a", 1 }, .has_above = true, .above = -1, .has_below = true, .below = 1e9 },
        { .path = { "1", 1 }, .has_is = true, .is = { "7", 1 } },
    };
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        char why[200] = "";
        bool good = evac_json_meets(text, &tests[i], why, sizeof why);
        MUST(good == (why[0] == '\0'));
        for (const char *p = why; *p; p++)
            MUST((unsigned char)*p >= 0x20 && (unsigned char)*p < 0x7f);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct evac_str text = { (const char *)data + 1, size - 1 };
    if (data[0] & 1)
        read_batch(text);
    else
        meet(text);
    return 0;
}

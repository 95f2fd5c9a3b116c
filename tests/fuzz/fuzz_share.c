/* What comes from etcd: rows as they lie there, and answers of its gateway. The first byte chooses.
 */
#include "etcd_json.h"
#include "fuzz.h"
#include "row_batch.h"

#include <string.h>

/* Only what is written is read: what was accepted gives the same bytes again. */
static void read_rows(struct evac_str value)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_row *rows;
    size_t count;
    struct evac_err err = { EVAC_OK, "" };
    if (evac_row_batch_read(value, arena, &rows, &count, &err) == EVAC_OK) {
        struct evac_buf again;
        evac_buf_init(&again, value.n);
        for (size_t i = 0; i < count; i++)
            MUST(evac_row_batch_put(&again, &rows[i]));
        MUST(count == evac_row_batch_count(&again));
        MUST(again.n == value.n && memcmp(again.p, value.p, value.n) == 0);
        evac_buf_done(&again);
    } else {
        MUST(err.text[0] != '\0');
    }
    evac_arena_free(arena);
}

static void read_range(const struct evac_etcd_result *result, size_t nth, struct evac_arena *arena)
{
    struct evac_etcd_range range;
    if (!evac_etcd_read_range(result, nth, arena, &range))
        return;
    for (size_t i = 0; i < range.count; i++) {
        MUST(range.kvs[i].key.n > 0 && range.kvs[i].create_revision > 0);
        MUST(range.kvs[i].mod_revision >= range.kvs[i].create_revision);
    }
}

static void read_answer(struct evac_str text)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_etcd_result result;
    cJSON *json = text.n ? cJSON_ParseWithLength(text.p, text.n) : NULL;
    if (json && evac_etcd_read_txn(json, &result))
        for (size_t i = 0; i < result.count && i < 16; i++)
            read_range(&result, i, arena);
    cJSON_Delete(json);
    evac_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct evac_str text = { (const char *)data + 1, size - 1 };
    if (data[0] & 1)
        read_rows(text);
    else
        read_answer(text);
    return 0;
}

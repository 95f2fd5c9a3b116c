/*
 * What etcd answers, or somebody in its place, and what lies in it. The first byte chooses: a
 * transaction's answer; a value that holds rows; rows of a journal (rows_text.h), written and read
 * again. What is taken is within bounds, and the same when it is written.
 */
#include "etcd_json.h"
#include "evac/err.h"
#include "row_batch.h"
#include "rows_text.h"

#include <string.h>

static void read_answer(struct evac_str text)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_etcd_result result;
    struct evac_etcd_range range;
    cJSON *json = cJSON_ParseWithLength(text.p, text.n);
    if (evac_etcd_read_txn(json, &result)) {
        for (size_t i = 0; i < result.count; i++)
            if (evac_etcd_read_range(&result, i, arena, &range))
                for (size_t k = 0; k < range.count; k++) {
                    struct evac_str again;
                    struct evac_buf base64;
                    evac_buf_init(&base64, 1u << 22);
                    evac_base64_put(&base64, range.kvs[k].value);
                    MUST(evac_base64_read(evac_buf_str(&base64), arena, &again));
                    MUST(evac_str_eq(again, range.kvs[k].value));
                    evac_buf_done(&base64);
                }
        MUST(!evac_etcd_read_range(&result, result.count, arena, &range));
    }
    cJSON_Delete(json);
    evac_arena_free(arena);
}

/* Rows that are taken make the same value again, byte for byte. */
static void read_value(struct evac_str value)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_row *rows = NULL;
    struct evac_buf again;
    struct evac_err err = { EVAC_OK, "" };
    size_t n = 0;
    evac_buf_init(&again, EVAC_ROW_BATCH_BYTES_MAX);
    if (evac_row_batch_read(value, arena, &rows, &n, &err)) {
        MUST(err.text[0]);
    } else {
        MUST(n > 0 && n <= EVAC_ROW_BATCH_ROWS_MAX);
        for (size_t i = 0; i < n; i++)
            MUST(evac_row_batch_put(&again, &rows[i]));
        MUST(evac_row_batch_count(&again) == n && evac_str_eq(evac_buf_str(&again), value));
    }
    evac_buf_done(&again);
    evac_arena_free(arena);
}

static void write_rows(struct evac_str text)
{
    static struct evac_record records[ROWS_TEXT_MAX];
    struct evac_arena *arena = evac_arena_new();
    struct evac_row *rows = NULL;
    struct evac_buf value;
    struct evac_err err = { EVAC_OK, "" };
    size_t n = rows_text_read(text, EVAC_STR_NONE, records), read = 0;
    evac_buf_init(&value, EVAC_ROW_BATCH_BYTES_MAX);
    for (size_t i = 0; i < n; i++) {
        const struct evac_row row = { .record = records[i],
                                      .node = EVAC_STR("n"),
                                      .boot_id = EVAC_STR("b"),
                                      .hash = { (uint8_t)i } };
        MUST(evac_row_batch_put(&value, &row));
    }
    if (n) {
        MUST(evac_row_batch_read(evac_buf_str(&value), arena, &rows, &read, &err) == EVAC_OK);
        MUST(read == n && rows[n - 1].record.seq == n &&
             evac_str_eq(rows[0].record.text, records[0].text));
        value.n--; /* cut off by a byte it is none */
        MUST(evac_row_batch_read(evac_buf_str(&value), arena, &rows, &read, &err) ==
             EVAC_E_CORRUPT);
    }
    evac_buf_done(&value);
    evac_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = { data, size };
    unsigned which = fuzz_byte(&in) % 3;
    if (which == 0)
        read_answer(fuzz_rest(&in));
    else if (which == 1)
        read_value(fuzz_rest(&in));
    else
        write_rows(fuzz_rest(&in));
    return 0;
}

#include "batch.h"

#include "jw.h"

#include <cJSON.h>

static void put_result(const struct evac_batch_result *r, struct evac_jw *w)
{
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "app", r->app);
    evac_jw_str(w, "probe", r->probe);
    evac_jw_str(w, "region", r->region);
    evac_jw_bool(w, "ok", r->ok);
    evac_jw_i64(w, "latency_ms", r->latency_ms);
    evac_jw_i64(w, "asked_ago_ms", r->asked_ago_ms);
    evac_jw_i64(w, "certificate_until_ms", r->certificate_until_ms);
    evac_jw_str(w, "reason", r->reason);
    evac_jw_close(w, '}');
}

/* [app, probe, region, ok, latency_ms, asked_ago_ms] and, if there is any, what was wrong and the
 * certificate's end. */
static void put_cell(const struct evac_batch_result *r, struct evac_jw *w)
{
    bool more = r->reason.n || r->certificate_until_ms;
    evac_jw_open(w, NULL, '[');
    evac_jw_i64(w, NULL, r->at_app);
    evac_jw_i64(w, NULL, r->at_probe);
    evac_jw_i64(w, NULL, r->at_region);
    evac_jw_i64(w, NULL, r->ok);
    evac_jw_i64(w, NULL, r->latency_ms);
    evac_jw_i64(w, NULL, r->asked_ago_ms);
    if (more)
        evac_jw_str(w, NULL, r->reason);
    if (r->certificate_until_ms)
        evac_jw_i64(w, NULL, r->certificate_until_ms);
    evac_jw_close(w, ']');
}

static void put_list(const char *name, const struct evac_batch *batch, size_t count,
                     void (*put)(const struct evac_batch_result *r, struct evac_jw *w),
                     struct evac_jw *w)
{
    evac_jw_open(w, name, '[');
    for (size_t i = 0; i < count; i++)
        put(&batch->results[i], w);
    evac_jw_close(w, ']');
}

static void put_heard(const struct evac_batch *batch, struct evac_jw *w)
{
    evac_jw_open(w, "heard", '[');
    for (size_t i = 0; i < batch->heard_count; i++) {
        evac_jw_open(w, NULL, '{');
        evac_jw_str(w, "lease", batch->heard[i].lease);
        evac_jw_i64(w, "seq", (int64_t)batch->heard[i].seq);
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
}

void evac_batch_to_json(const struct evac_batch *batch, struct evac_buf *out)
{
    struct evac_jw w = { out, false };
    evac_jw_open(&w, NULL, '{');
    evac_jw_str(&w, "lease", batch->lease);
    evac_jw_i64(&w, "seq", (int64_t)batch->seq);
    evac_jw_str(&w, "config", batch->config);
    evac_jw_bool(&w, "abstains", batch->abstains);
    evac_jw_bool(&w, "leaves", batch->leaves);
    evac_jw_i64(&w, "dropped", (int64_t)batch->dropped);
    if (batch->asking_ms)
        evac_jw_i64(&w, "asking_ms", (int64_t)batch->asking_ms);
    if (batch->first)
        evac_jw_i64(&w, "first", (int64_t)batch->first);
    if (batch->heard_count)
        put_heard(batch, &w);
    put_list("results", batch, batch->compact ? 0 : batch->count, put_result, &w);
    if (batch->compact)
        put_list("cells", batch, batch->count, put_cell, &w);
    evac_jw_close(&w, '}');
}

/* --- and back: nothing of it is believed before it was looked at -------------------------------
 */

struct reading {
    struct evac_arena *arena;
    struct evac_err *err;
    enum evac_code code;
};

static struct evac_str text_of(struct reading *r, const cJSON *object, const char *key, size_t most)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    struct evac_str text = evac_str(cJSON_IsString(item) ? item->valuestring : NULL);
    if (!r->code && (!cJSON_IsString(item) || text.n > most || !evac_utf8_is_good(text)))
        r->code = evac_fail(r->err, EVAC_E_BADARG,
                            "a batch needs '%s', a text in UTF-8 of at most %zu bytes", key, most);
    return r->code ? EVAC_STR("") : evac_arena_str(r->arena, text);
}

static int64_t number_of(struct reading *r, const cJSON *object, const char *key, double most)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    bool good = cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble <= most;
    if (!r->code && !good)
        r->code =
            evac_fail(r->err, EVAC_E_BADARG, "a batch needs '%s', a number up to %.0f", key, most);
    return good ? (int64_t)item->valuedouble : 0;
}

static bool bool_of(struct reading *r, const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!r->code && !cJSON_IsBool(item))
        r->code = evac_fail(r->err, EVAC_E_BADARG, "a batch needs '%s', true or false", key);
    return cJSON_IsTrue(item);
}

#define EXACT 9007199254740992.0 /* 2^53: above it a number of JSON is no longer itself */

static uint64_t optional(struct reading *r, const cJSON *object, const char *key)
{
    bool given = cJSON_GetObjectItemCaseSensitive(object, key) != NULL;
    return given ? (uint64_t)number_of(r, object, key, EXACT) : 0;
}

static void read_results(struct reading *r, const cJSON *list, struct evac_batch *batch)
{
    const cJSON *item;
    size_t n = (size_t)cJSON_GetArraySize(list);
    if (!cJSON_IsArray(list) || n > EVAC_BATCH_RESULTS_MAX) {
        r->code = evac_fail(r->err, EVAC_E_BADARG, "a batch needs 'results', a list of at most %u",
                            EVAC_BATCH_RESULTS_MAX);
        return;
    }
    batch->results = evac_arena_array(r->arena, n, sizeof *batch->results);
    cJSON_ArrayForEach(item, list)
    {
        batch->results[batch->count++] = (struct evac_batch_result){
            .app = text_of(r, item, "app", 64),
            .probe = text_of(r, item, "probe", 64),
            .region = text_of(r, item, "region", 64),
            .ok = bool_of(r, item, "ok"),
            .latency_ms = (uint32_t)number_of(r, item, "latency_ms", 86400000),
            .asked_ago_ms = (uint32_t)number_of(r, item, "asked_ago_ms", 86400000),
            .certificate_until_ms = number_of(r, item, "certificate_until_ms", EXACT),
            .reason = text_of(r, item, "reason", 400),
        };
        if (r->code)
            return;
    }
}

static void read_heard(struct reading *r, const cJSON *list, struct evac_batch *batch)
{
    const cJSON *item;
    if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) > (int)EVAC_BATCH_HEARD_MAX) {
        r->code = evac_fail(r->err, EVAC_E_BADARG, "'heard' of a batch is a list of at most %u",
                            EVAC_BATCH_HEARD_MAX);
        return;
    }
    cJSON_ArrayForEach(item, list)
    {
        batch->heard[batch->heard_count++] = (struct evac_batch_heard){
            .lease = text_of(r, item, "lease", EVAC_LEASE_BYTES - 1),
            .seq = (uint64_t)number_of(r, item, "seq", EXACT),
        };
        if (r->code)
            return;
    }
}

#define CELL_NUMBERS 6

/* Its first six are numbers, each within what it may be; -1: it is none. */
static int read_cell_numbers(const cJSON *cell, uint32_t numbers[CELL_NUMBERS])
{
    static const double most[CELL_NUMBERS] = { UINT16_MAX, UINT16_MAX, UINT16_MAX,
                                               1,          86400000,   86400000 };
    const cJSON *item = cJSON_IsArray(cell) ? cell->child : NULL;
    for (size_t i = 0; i < CELL_NUMBERS; i++, item = item->next) {
        if (!cJSON_IsNumber(item) || item->valuedouble < 0 || item->valuedouble > most[i])
            return -1;
        numbers[i] = (uint32_t)item->valuedouble;
    }
    return 0;
}

static bool read_cell(struct reading *r, const cJSON *cell, struct evac_batch_result *to)
{
    uint32_t n[CELL_NUMBERS];
    if (read_cell_numbers(cell, n))
        return false;
    const cJSON *reason = cJSON_GetArrayItem(cell, CELL_NUMBERS);
    const cJSON *until = cJSON_GetArrayItem(cell, CELL_NUMBERS + 1);
    struct evac_str text = evac_str(cJSON_IsString(reason) ? reason->valuestring : NULL);
    if ((reason && !cJSON_IsString(reason)) || text.n > 400 || !evac_utf8_is_good(text) ||
        (until && (!cJSON_IsNumber(until) || until->valuedouble < 0 || until->valuedouble > EXACT)))
        return false;
    *to =
        (struct evac_batch_result){ .placed = true,
                                    .at_app = (uint16_t)n[0],
                                    .at_probe = (uint16_t)n[1],
                                    .at_region = (uint16_t)n[2],
                                    .ok = n[3] != 0,
                                    .latency_ms = n[4],
                                    .asked_ago_ms = n[5],
                                    .certificate_until_ms = until ? (int64_t)until->valuedouble : 0,
                                    .reason = evac_arena_str(r->arena, text) };
    return true;
}

static void read_cells(struct reading *r, const cJSON *list, struct evac_batch *batch)
{
    const cJSON *item;
    size_t n = (size_t)cJSON_GetArraySize(list);
    if (!cJSON_IsArray(list) || n > EVAC_BATCH_CELLS_MAX || batch->count) {
        r->code = evac_fail(r->err, EVAC_E_BADARG,
                            "'cells' of a batch are a list of at most %u, instead of results",
                            EVAC_BATCH_CELLS_MAX);
        return;
    }
    batch->compact = true;
    batch->results = evac_arena_array(r->arena, n + 1, sizeof *batch->results);
    cJSON_ArrayForEach(item, list)
    {
        if (!read_cell(r, item, &batch->results[batch->count])) {
            r->code = evac_fail(r->err, EVAC_E_BADARG,
                                "cell %zu of a batch is none: six numbers, then what was wrong "
                                "and the certificate's end",
                                batch->count + 1);
            return;
        }
        batch->count++;
    }
}

enum evac_code evac_batch_from_json(struct evac_str text, struct evac_arena *arena,
                                    struct evac_batch *ret_batch, struct evac_err *err)
{
    struct reading r = { arena, err, EVAC_OK };
    if (text.n > EVAC_BATCH_BYTES_MAX)
        return evac_fail(err, EVAC_E_TOOBIG, "a batch of %zu bytes; %u are allowed", text.n,
                         EVAC_BATCH_BYTES_MAX);
    cJSON *root = text.n ? cJSON_ParseWithLength(text.p, text.n) : NULL;
    if (!cJSON_IsObject(root)) {
        cJSON_Delete(root);
        return evac_fail(err, EVAC_E_PARSE, "a batch is a JSON object");
    }
    struct evac_batch batch = {
        .lease = text_of(&r, root, "lease", EVAC_LEASE_BYTES - 1),
        .seq = (uint64_t)number_of(&r, root, "seq", EXACT),
        .config = text_of(&r, root, "config", 64),
        .abstains = bool_of(&r, root, "abstains"),
        .leaves = bool_of(&r, root, "leaves"),
        .dropped = (uint64_t)number_of(&r, root, "dropped", EXACT),
    };
    batch.first = optional(&r, root, "first");
    batch.asking_ms = optional(&r, root, "asking_ms");
    if (!r.code)
        read_results(&r, cJSON_GetObjectItemCaseSensitive(root, "results"), &batch);
    const cJSON *cells = cJSON_GetObjectItemCaseSensitive(root, "cells");
    if (!r.code && cells)
        read_cells(&r, cells, &batch);
    const cJSON *heard = cJSON_GetObjectItemCaseSensitive(root, "heard");
    if (!r.code && heard)
        read_heard(&r, heard, &batch);
    if (!r.code && (batch.lease.n == 0 || batch.seq == 0))
        r.code = evac_fail(err, EVAC_E_BADARG, "a batch has a lease, and a number from 1 on");
    cJSON_Delete(root);
    if (!r.code)
        *ret_batch = batch;
    return r.code;
}

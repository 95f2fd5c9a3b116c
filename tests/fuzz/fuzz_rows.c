/*
 * A journal's rows, as others may have written them. The first byte chooses: a line of a bundle's
 * journal; or rows of a journal (rows_text.h), whose bytes must have one reading only, and which
 * everything that reads a journal must bear: reports, trend, deficiencies, history, passes,
 * challenges, letters.
 */
#include "chain.h"
#include "challenges.h"
#include "deficiency.h"
#include "history.h"
#include "jw.h"
#include "ledger.h"
#include "passes.h"
#include "report.h"
#include "rows.h"
#include "rows_text.h"
#include "store_memory.h"
#include "trend.h"

#include <string.h>

static void read_line(struct evac_str line)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_rows_line read;
    struct evac_buf again;
    struct evac_err err = { EVAC_OK, "" };
    evac_buf_init(&again, 1u << 22);
    if (evac_rows_parse(line, arena, &read, &err)) {
        MUST(err.text[0]);
    } else {
        if (read.kind == EVAC_ROWS_ROW)
            evac_rows_put(&read.row, &again);
        else if (read.kind == EVAC_ROWS_LEAF)
            evac_rows_put_leaf(read.from, read.hash, &again);
        else
            evac_rows_put_tree(read.from, read.level, read.hash, &again);
        MUST(again.n == line.n + 1 && memcmp(again.p, line.p, line.n) == 0);
    }
    evac_buf_done(&again);
    evac_arena_free(arena);
}

/* --- canonical bytes have one reading ----------------------------------------------------------
 */

static uint64_t take(const struct evac_buf *buf, size_t *at, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)(unsigned char)buf->p[(*at)++] << (8 * i);
    return value;
}

static void check_canonical(const struct evac_record *r)
{
    struct evac_buf bytes;
    size_t at = 0;
    evac_buf_init(&bytes, 1u << 24);
    evac_record_canonical(r, &bytes);
    MUST(take(&bytes, &at, 1) == 1 && take(&bytes, &at, 8) == r->seq);
    MUST(take(&bytes, &at, 2) == (uint64_t)r->kind && take(&bytes, &at, 8) == r->run);
    MUST(take(&bytes, &at, 4) == r->step && take(&bytes, &at, 4) == r->attempt);
    MUST(take(&bytes, &at, 8) == r->epoch && take(&bytes, &at, 8) == r->t_boot_ms);
    MUST(take(&bytes, &at, 8) == (uint64_t)r->t_wall_ms);
    MUST(take(&bytes, &at, 8) == (uint64_t)r->number);
    const struct evac_str texts[] = { r->app, r->name, r->from,       r->event, r->to,
                                      r->who, r->text, r->request_id, r->data };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        size_t n = take(&bytes, &at, 4);
        MUST(n == texts[i].n && at + n <= bytes.n &&
             (n == 0 || memcmp(bytes.p + at, texts[i].p, n) == 0));
        at += n;
    }
    MUST(at == bytes.n);
    evac_buf_done(&bytes);
}

/* --- who reads a journal -----------------------------------------------------------------------
 */

static bool check_row(void *user, const struct evac_row *row)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_rows_line read;
    struct evac_buf line;
    (void)user;
    check_canonical(&row->record);
    evac_buf_init(&line, 1u << 22);
    evac_rows_put(row, &line);
    MUST(evac_rows_parse((struct evac_str){ line.p, line.n - 1 }, arena, &read, NULL) == EVAC_OK);
    MUST(memcmp(read.row.hash, row->hash, 32) == 0 &&
         evac_str_eq(read.row.record.text, row->record.text));
    evac_chain_hash(&read.row, read.hash);
    MUST(memcmp(read.hash, row->hash, 32) == 0); /* nothing that is hashed was lost on the way */
    evac_buf_reset(&line);
    evac_row_json(row, &line);
    MUST(!line.failed);
    evac_buf_done(&line);
    evac_arena_free(arena);
    return true;
}

static void report(struct evac_store *store, uint64_t run, int64_t now_ms)
{
    struct evac_report *report = NULL;
    struct evac_buf out;
    struct evac_err err = { EVAC_OK, "" };
    if (evac_report_make_at(store, run, now_ms, &report, &err)) {
        MUST(err.text[0]);
        return;
    }
    evac_buf_init(&out, 8u << 20);
    evac_report_text(report, &out);
    evac_report_json(report, &out);
    evac_report_html(report, &out);
    MUST(!out.failed);
    evac_buf_done(&out);
    evac_report_free(report);
}

static void tell_all(struct evac_store *store, struct evac_str app, int64_t now_ms)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_deficiencies *list = NULL;
    struct evac_trend *trend = NULL;
    struct evac_buf out;
    struct evac_err err = { EVAC_OK, "" };
    evac_buf_init(&out, 8u << 20);
    struct evac_jw w = { &out, false };
    if (evac_deficiencies_read(store, app, arena, &list, &err) == EVAC_OK)
        evac_deficiencies_json(list, now_ms, true, NULL, &w);
    if (evac_trend_make(store, app, 0, now_ms, &trend, &err) == EVAC_OK) {
        evac_trend_text(trend, &out);
        evac_trend_json(trend, &out);
        evac_trend_html(trend, &out);
    }
    MUST(!out.failed);
    evac_trend_free(trend);
    evac_buf_done(&out);
    evac_arena_free(arena);
}

static void fold(const struct evac_record *rows, size_t n)
{
    struct evac_history *history = evac_history_new();
    struct evac_passes *passes = evac_passes_new();
    struct evac_challenges *challenges = evac_challenges_new();
    for (size_t i = 0; i < n; i++) {
        evac_history_row(history, &rows[i]);
        evac_passes_row(passes, &rows[i]);
        evac_challenges_row(challenges, &rows[i]);
        const struct evac_challenge_kept *kept =
            evac_challenges_find(challenges, rows[i].run, rows[i].name);
        MUST(!kept || (kept->run == rows[i].run && kept->code.run < EVAC_CHALLENGE_RUNS));
    }
    MUST(evac_passes_live(passes, EVAC_PASS_TOKEN, ROWS_TEXT_WALL) <= EVAC_TOKENS_MAX);
    MUST(evac_passes_live(passes, EVAC_PASS_SESSION, ROWS_TEXT_WALL) <= EVAC_SESSIONS_MAX);
    evac_challenges_free(challenges);
    evac_passes_free(passes);
    evac_history_free(history);
}

static void read_rows(struct evac_str text)
{
    static struct evac_record rows[ROWS_TEXT_MAX];
    struct evac_ledger_verdict verdict;
    struct evac_err err = { EVAC_OK, "" };
    uint64_t good = 0;
    size_t n = rows_text_read(text, EVAC_STR_NONE, rows);
    if (n == 0)
        return;
    struct evac_store *store = evac_store_new_memory("n", "b");
    MUST(store->vt->append(store, rows, n, &err) == EVAC_OK);
    MUST(evac_store_verify(store, &good, &err) == EVAC_OK && good == n);
    const struct evac_store_filter filter = { 0 };
    MUST(store->vt->read(store, &filter, check_row, NULL, &err) == EVAC_OK);
    (void)evac_ledger_verify(store, NULL, EVAC_STR_NONE, &verdict, &err);
    fold(rows, n);
    int64_t now_ms = rows[n - 1].t_wall_ms + 1;
    for (size_t i = 0; i < n; i++)
        if (rows[i].kind == EVAC_RECORD_ADMIT)
            report(store, rows[i].run, now_ms);
    tell_all(store, rows[0].app, now_ms);
    evac_store_close(store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = { data, size };
    if (fuzz_byte(&in) & 1)
        read_line(fuzz_rest(&in));
    else
        read_rows(fuzz_rest(&in));
    return 0;
}

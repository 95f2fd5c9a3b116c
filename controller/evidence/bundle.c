#include "bundle.h"

#include "bundle_rows.h"
#include "evac/arena.h"
#include "jw.h"
#include "keeper.h"
#include "ledger.h"
#include "mapping.h"
#include "tar.h"
#include "trend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUNS_MAX  500u
#define FILES_MAX (4u * RUNS_MAX + 32u)
#define FILE_MAX  (32u << 20)

/* --- files that follow from the rows ---------------------------------------------------------- */

static enum evac_code make_of_run(const struct evac_bundle_subject *s, uint64_t run,
                                  struct evac_str file, struct evac_buf *out, struct evac_err *err)
{
    struct evac_report *report = NULL;
    enum evac_code code = evac_report_make_at(s->store, run, s->made_ms, &report, err);
    if (code)
        return code;
    if (evac_str_is(file, "report.json"))
        evac_report_json(report, out);
    else if (evac_str_is(file, "report.html"))
        evac_report_html(report, out);
    else if (evac_str_is(file, "report.txt"))
        evac_report_text(report, out);
    else if (evac_str_is(file, "plan.json"))
        evac_plan_to_json(report->plan, out);
    evac_report_free(report);
    return evac_buf_check(out, "a report", err);
}

static enum evac_code make_deficiencies(const struct evac_bundle_subject *s, struct evac_buf *out,
                                        struct evac_err *err)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_deficiencies *list;
    struct evac_jw w = { out, false };
    enum evac_code code = evac_deficiencies_read(s->store, s->app, arena, &list, err);
    if (!code)
        evac_deficiencies_json(list, s->made_ms, true, NULL, &w);
    evac_arena_free(arena);
    return code;
}

static enum evac_code make_trend(const struct evac_bundle_subject *s, struct evac_str name,
                                 struct evac_buf *out, struct evac_err *err)
{
    struct evac_trend *trend = NULL;
    enum evac_code code = evac_trend_make(s->store, s->app, s->since_ms, s->made_ms, &trend, err);
    if (code)
        return code;
    if (evac_str_is(name, "trend.json"))
        evac_trend_json(trend, out);
    else if (evac_str_is(name, "trend.html"))
        evac_trend_html(trend, out);
    else
        evac_trend_text(trend, out);
    evac_trend_free(trend);
    return evac_buf_check(out, "the trend", err);
}

static const char *const of_app[] = { "trend.json", "trend.html", "trend.txt" };
#define DEFICIENCIES "deficiencies.json"
static const char *const of_run[] = { "report.json", "report.html", "report.txt", "plan.json" };
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static bool is_one_of(struct evac_str name, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (evac_str_is(name, list[i]))
            return true;
    return false;
}

/* "runs/12/report.json" */
static bool split_run(struct evac_str name, uint64_t *ret_run, struct evac_str *ret_file)
{
    struct evac_str rest, number;
    int64_t run;
    if (!evac_str_is(evac_str_cut(name, '/', &rest), "runs"))
        return false;
    number = evac_str_cut(rest, '/', ret_file);
    if (!evac_str_i64(number, &run) || run <= 0)
        return false;
    *ret_run = (uint64_t)run;
    return is_one_of(*ret_file, of_run, COUNT(of_run));
}

bool evac_bundle_is_made(struct evac_str name)
{
    struct evac_str file;
    uint64_t run;
    return evac_str_is(name, DEFICIENCIES) || is_one_of(name, of_app, COUNT(of_app)) ||
           split_run(name, &run, &file);
}

enum evac_code evac_bundle_file(const struct evac_bundle_subject *subject, struct evac_str name,
                                struct evac_buf *out, struct evac_err *err)
{
    struct evac_str file;
    uint64_t run;
    if (split_run(name, &run, &file))
        return make_of_run(subject, run, file, out, err);
    if (evac_str_is(name, DEFICIENCIES))
        return make_deficiencies(subject, out, err);
    return make_trend(subject, name, out, err);
}

void evac_bundle_manifest_text(struct evac_str manifest, struct evac_buf *out)
{
    uint8_t hash[32];
    char hex[65];
    evac_sha256(manifest, hash);
    evac_hex(hash, 32, hex);
    evac_buf_putf(out, "evac-evidence-manifest/1\n%s\n", hex);
}

/* --- gathering -------------------------------------------------------------------------------- */

struct bundler {
    const struct evac_bundle_request *q;
    struct evac_bundle_subject subject;
    struct evac_arena *arena;
    char origin[128];
    uint64_t runs[RUNS_MAX];
    size_t run_count;
    struct evac_tar_file files[FILES_MAX];
    size_t file_count;
    struct evac_trend *trend;
    struct evac_report *reports[RUNS_MAX];
    struct evac_ledger ledger;
    uint64_t rows;
    struct evac_err *err;
};

static void add(struct bundler *b, struct evac_str name, struct evac_str content)
{
    b->files[b->file_count++] = (struct evac_tar_file){ name, evac_arena_str(b->arena, content) };
}

static enum evac_code add_made(struct bundler *b, struct evac_str name)
{
    struct evac_buf text;
    evac_buf_init(&text, FILE_MAX);
    enum evac_code code = evac_bundle_file(&b->subject, name, &text, b->err);
    if (!code)
        add(b, name, evac_buf_str(&text));
    evac_buf_done(&text);
    return code;
}

/* The runs, each over; and their reports, which know which rows they need. */
static enum evac_code take_run(struct bundler *b, uint64_t run)
{
    struct evac_report *r = NULL;
    enum evac_code code = evac_report_make_at(b->q->store, run, b->q->now_ms, &r, b->err);
    if (code)
        return code;
    b->reports[b->run_count] = r;
    b->runs[b->run_count++] = run;
    if (b->subject.app.n == 0)
        b->subject.app = evac_arena_str(b->arena, r->plan->app);
    if (!r->over)
        return evac_fail(b->err, EVAC_E_REFUSED, "run %llu goes on: its evidence is not whole yet",
                         (unsigned long long)run);
    return EVAC_OK;
}

/* All of the app since then. */
static enum evac_code take_app(struct bundler *b)
{
    enum evac_code code = evac_trend_make(b->q->store, b->subject.app, b->subject.since_ms,
                                          b->q->now_ms, &b->trend, b->err);
    for (size_t i = 0; !code && i < b->trend->run_count; i++) {
        if (b->run_count == RUNS_MAX)
            return evac_fail(b->err, EVAC_E_TOOBIG, "there are more than %u runs: say since when",
                             RUNS_MAX);
        if (b->trend->runs[i].over)
            code = take_run(b, b->trend->runs[i].run);
    }
    if (!code && b->run_count == 0)
        code = evac_fail(b->err, EVAC_E_NOTFOUND, "no run of '%.*s' is in the journal since then",
                         EVAC_STR_ARG(b->subject.app));
    return code;
}

/* The configuration that was in force when the first of the runs began is the last one before it.
 */
static bool is_needed(void *user, const struct evac_record *r)
{
    struct bundler *b = user;
    if (r->kind == EVAC_RECORD_CONFIG)
        return true;
    if (b->trend && evac_trend_needs(b->trend, r))
        return true;
    for (size_t i = 0; i < b->run_count; i++)
        if (evac_report_needs(b->reports[i], r))
            return true;
    return false;
}

static enum evac_code add_journal(struct bundler *b)
{
    struct evac_buf text;
    evac_buf_init(&text, FILE_MAX);
    enum evac_code code =
        evac_bundle_rows(b->q->store, is_needed, b, &b->ledger.tree, &text, &b->rows, b->err);
    if (!code)
        code = evac_buf_check(&text, "the bundle's rows (say since when)", b->err);
    if (!code)
        add(b, EVAC_STR("journal.jsonl"), evac_buf_str(&text));
    evac_buf_reset(&text);
    evac_ledger_note(&b->ledger, b->q->key, b->origin, &text);
    add(b, EVAC_STR("checkpoint.note"), evac_buf_str(&text));
    evac_buf_reset(&text);
    evac_key_pem(b->q->key, &text);
    add(b, EVAC_STR("key.pub"), evac_buf_str(&text));
    evac_buf_done(&text);
    return code;
}

static enum evac_code add_views(struct bundler *b)
{
    enum evac_code code = EVAC_OK;
    for (size_t i = 0; !code && i < b->run_count; i++)
        for (size_t k = 0; !code && k < COUNT(of_run); k++)
            code = add_made(b, evac_arena_printf(b->arena, "runs/%llu/%s",
                                                 (unsigned long long)b->runs[i], of_run[k]));
    if (!code)
        code = add_made(b, EVAC_STR(DEFICIENCIES));
    for (size_t k = 0; !code && b->trend && k < COUNT(of_app); k++)
        code = add_made(b, evac_str(of_app[k]));
    return code;
}

static enum evac_code add_mapping(struct bundler *b)
{
    struct evac_mapping mapping;
    struct evac_buf text;
    enum evac_code code = evac_mapping_load(b->arena, &mapping, b->err);
    if (code)
        return code;
    evac_buf_init(&text, FILE_MAX);
    evac_mapping_json(&mapping, &text);
    add(b, EVAC_STR("mapping.json"), evac_buf_str(&text));
    evac_buf_reset(&text);
    evac_mapping_html(&mapping, &text);
    add(b, EVAC_STR("mapping.html"), evac_buf_str(&text));
    evac_buf_done(&text);
    return EVAC_OK;
}

static const char readme[] =
    "Evidence of disaster recovery runs and drills, made by evac.\n\n"
    "    evac evidence verify FILE --key FINGERPRINT      checks all of it, without a "
    "controller\n\n"
    "The fingerprint of the key must come from another way than this file: from whoever runs the\n"
    "controller ('evac evidence key').\n\n"
    "runs/N/report.html    what a run did; printed, it is A4\n"
    "trend.html            all runs and drills over time\n"
    "deficiencies.json     what was found wanting, and what became of it\n"
    "mapping.html          which requirement of whom each part supports, and what it leaves open\n"
    "journal.jsonl         the rows that all of this follows from\n\n"
    "By hand, without evac: manifest.json has the SHA-256 of every file. manifest.note is two "
    "lines\n"
    "(the second is the SHA-256 of manifest.json), an empty line, and a signature's line: base64 "
    "of\n"
    "4 bytes that name the key and 64 bytes of Ed25519 (RFC 8032) over those two lines with their\n"
    "newlines, under key.pub. checkpoint.note is signed in the same way: origin, number of rows,\n"
    "base64 of the Merkle tree's root (RFC 6962, 2.1) over the rows' hashes. A row's hash is "
    "SHA-256\n"
    "of a zero byte, the row's canonical bytes, node, zero, boot_id, zero, and the hash of the "
    "row\n"
    "before it. Canonical bytes: 0x01; seq (8 bytes), kind's number (2), run (8), step (4), "
    "attempt\n"
    "(4), epoch, t_boot_ms, t_wall_ms, number (8 each), little-endian; then app, name, from, "
    "event,\n"
    "to, who, text, request_id, data, each as 4 bytes of length and its bytes. Lines with \"tree\" "
    "are\n"
    "the roots of subtrees of rows that are not shown; a line with only seq and hash is the row "
    "just\n"
    "before one that is. In texts, \\udc80 to \\udcff stand for bytes that are no UTF-8.\n";

/* --- the manifest ----------------------------------------------------------------------------- */

static void put_file(const struct evac_tar_file *f, struct evac_jw *w)
{
    uint8_t hash[32];
    char hex[65];
    evac_sha256(f->content, hash);
    evac_hex(hash, 32, hex);
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "name", f->name);
    evac_jw_i64(w, "bytes", (int64_t)f->content.n);
    evac_jw_cstr(w, "sha256", hex);
    evac_jw_close(w, '}');
}

static void put_manifest(const struct bundler *b, struct evac_buf *out)
{
    struct evac_jw w = { out, false };
    char fingerprint[65];
    evac_key_fingerprint(b->q->key, fingerprint);
    evac_jw_open(&w, NULL, '{');
    evac_jw_cstr(&w, "format", "evac-evidence/1");
    evac_jw_cstr(&w, "evac", b->q->version);
    evac_jw_cstr(&w, "origin", b->origin);
    evac_jw_i64(&w, "made_ms", b->q->now_ms);
    evac_jw_str(&w, "made_by", b->q->who);
    evac_jw_str(&w, "app", b->subject.app);
    evac_jw_i64(&w, "since_ms", b->subject.since_ms);
    evac_jw_open(&w, "runs", '[');
    for (size_t i = 0; i < b->run_count; i++)
        evac_jw_i64(&w, NULL, (int64_t)b->runs[i]);
    evac_jw_close(&w, ']');
    evac_jw_i64(&w, "journal_rows", (int64_t)b->ledger.tree.size);
    evac_jw_i64(&w, "rows_shown", (int64_t)b->rows);
    evac_jw_cstr(&w, "key", fingerprint);
    evac_jw_open(&w, "files", '[');
    for (size_t i = 0; i < b->file_count; i++)
        put_file(&b->files[i], &w);
    evac_jw_close(&w, ']');
    evac_jw_close(&w, '}');
}

static void write_archive(struct bundler *b, struct evac_buf *out)
{
    struct evac_buf manifest, text, note;
    evac_buf_init(&manifest, FILE_MAX);
    evac_buf_init(&text, EVAC_NOTE_MAX);
    evac_buf_init(&note, EVAC_NOTE_MAX);
    put_manifest(b, &manifest);
    evac_bundle_manifest_text(evac_buf_str(&manifest), &text);
    evac_note_sign(b->q->key, evac_str(b->origin), evac_buf_str(&text), &note);
    evac_tar_put(out, "manifest.json", evac_buf_str(&manifest), b->q->now_ms);
    evac_tar_put(out, "manifest.note", evac_buf_str(&note), b->q->now_ms);
    for (size_t i = 0; i < b->file_count; i++)
        evac_tar_put(out, b->files[i].name.p, b->files[i].content, b->q->now_ms);
    evac_tar_end(out);
    evac_buf_done(&manifest);
    evac_buf_done(&text);
    evac_buf_done(&note);
}

static void tell_made(const struct bundler *b, struct evac_str archive,
                      struct evac_bundle_made *ret)
{
    uint8_t hash[32];
    evac_sha256(archive, hash);
    evac_hex(hash, 32, ret->sha256);
    ret->rows = b->rows;
    ret->runs = b->run_count;
    if (b->q->run)
        snprintf(ret->name, sizeof ret->name, "%.*s-run-%llu" EVAC_BUNDLE_FILE,
                 EVAC_STR_ARG(b->subject.app), (unsigned long long)b->q->run);
    else
        snprintf(ret->name, sizeof ret->name, "%.*s" EVAC_BUNDLE_FILE,
                 EVAC_STR_ARG(b->subject.app));
}

enum evac_code evac_bundle_make(const struct evac_bundle_request *q, struct evac_buf *out,
                                struct evac_bundle_made *ret_made, struct evac_err *err)
{
    struct bundler *b = calloc(1, sizeof *b);
    size_t before = out->n;
    if (!b)
        abort();
    b->q = q;
    b->err = err;
    b->arena = evac_arena_new();
    b->subject = (struct evac_bundle_subject){ q->store, q->app, q->since_ms, q->now_ms };
    evac_journal_origin(q->node, b->origin, sizeof b->origin);

    add(b, EVAC_STR("README.txt"), EVAC_STR(readme));
    enum evac_code code = q->run ? take_run(b, q->run) : take_app(b);
    if (!code)
        code = add_journal(b);
    if (!code)
        code = add_views(b);
    if (!code)
        code = add_mapping(b);
    if (!code) {
        write_archive(b, out);
        code = evac_buf_check(out, "the bundle (say since when)", err);
    }
    if (!code)
        tell_made(b, (struct evac_str){ out->p + before, out->n - before }, ret_made);
    for (size_t i = 0; i < b->run_count; i++)
        evac_report_free(b->reports[i]);
    evac_trend_free(b->trend);
    evac_arena_free(b->arena);
    free(b);
    return code;
}

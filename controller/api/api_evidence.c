/* What is proven: deficiencies, trend, bundles, checkpoints. */
#include "api_request.h"
#include "api_routes.h"

#include "bundle.h"
#include "evac/arena.h"
#include "json_text.h"
#include "keeper.h"
#include "ledger.h"
#include "log.h"
#include "trend.h"
#include "version.h"

#include <string.h>

/* --- the journal ------------------------------------------------------------------------------ */

static bool put_merged(void *user, const struct evac_row *row)
{
    struct evac_jw *w = user;
    if (evac_str_is(row->record.to, "end"))
        evac_jw_str(w, NULL, row->record.text);
    return true;
}

/* Which parts another controller wrote first. */
static void put_all_merged(struct api_call *c, struct evac_jw *w)
{
    const struct evac_store_filter merges = { .kinds = EVAC_KIND(MERGE), .light = true };
    struct evac_store *store = evac_daemon_store(c->daemon);
    evac_jw_open(w, "merged", '[');
    (void)store->vt->read(store, &merges, put_merged, w, NULL);
    evac_jw_close(w, ']');
}

void api_verify(struct api_call *c)
{
    struct evac_ledger_verdict verdict;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_jw w = api_writer(c);
    enum evac_code code =
        evac_ledger_verify(evac_daemon_store(c->daemon), evac_daemon_key(c->daemon),
                           api_text(c, "checkpoint"), &verdict, &err);
    evac_jw_open(&w, NULL, '{');
    evac_jw_bool(&w, "good", code == EVAC_OK);
    evac_jw_i64(&w, "rows", (int64_t)verdict.rows);
    evac_jw_i64(&w, "checkpoints", (int64_t)verdict.checkpoints);
    evac_jw_i64(&w, "signatures_not_checked", (int64_t)verdict.unchecked);
    evac_jw_known(&w, "last_checkpoint_rows", verdict.checkpoints != 0, (int64_t)verdict.last_size);
    evac_jw_bool(&w, "outside_checkpoint_fits", verdict.outside);
    evac_jw_cstr(&w, "problem", code ? err.text : NULL);
    put_all_merged(c, &w);
    evac_jw_close(&w, '}');
}

static void put_note(struct api_call *c, uint64_t size, struct evac_str note)
{
    struct evac_jw w = api_writer(c);
    evac_jw_open(&w, NULL, '{');
    evac_jw_i64(&w, "size", (int64_t)size);
    evac_jw_str(&w, "note", note);
    evac_jw_close(&w, '}');
}

/* The number of a note's first row: the signature stands in the row after those that it covers. */
void api_tell_note(struct api_call *c, const struct evac_record *request)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_row row;
    struct evac_err err;
    if (evac_store_row(evac_daemon_store(c->daemon), (uint64_t)request->number, arena, &row,
                       &err)) {
        api_fail(c, &err);
    } else {
        cJSON *data = cJSON_ParseWithLength(row.record.data.p, row.record.data.n);
        put_note(c, (uint64_t)request->number - 1, evac_json_text(data, "note"));
        cJSON_Delete(data);
    }
    evac_arena_free(arena);
}

/* Its row may be on its way still: what it says is known all the same. */
void api_checkpoint(struct api_call *c)
{
    uint64_t size = 0;
    struct evac_buf note;
    struct evac_err err = { EVAC_OK, "" };
    evac_buf_init(&note, EVAC_NOTE_MAX);
    evac_daemon_commit(c->daemon);
    if (evac_keeper_sign(evac_daemon_keeper(c->daemon), &size, &note, &err))
        api_fail(c, &err);
    else
        put_note(c, size, evac_buf_str(&note));
    evac_buf_done(&note);
}

/* Its path is of the controller's machine. */
void api_merge(struct api_call *c)
{
    char path[4096];
    struct evac_err err = { EVAC_OK, "" };
    struct evac_buf words;
    struct evac_jw w = api_writer(c);
    if (!evac_str_copy(path, sizeof path, api_text(c, "file"))) {
        (void)evac_fail(&err, EVAC_E_TOOBIG, "the path is too long");
        api_fail(c, &err);
        return;
    }
    evac_buf_init(&words, 4096);
    if (evac_daemon_merge(c->daemon, path, c->q->caller.who, &words, &err)) {
        api_fail(c, &err);
    } else {
        evac_jw_open(&w, NULL, '{');
        evac_jw_str(&w, "answer", evac_buf_str(&words));
        evac_jw_close(&w, '}');
    }
    evac_buf_done(&words);
}

/* --- deficiencies ----------------------------------------------------------------------------- */

static void put_page(struct api_call *c, const struct evac_deficiencies *list, int64_t now_ms,
                     bool all)
{
    struct api_pager pager = api_pager_of(c, 1000, 1000);
    struct evac_jw w = api_writer(c);
    evac_jw_open(&w, NULL, '[');
    for (size_t i = 0; i < list->count; i++)
        if ((all || list->items[i].state == EVAC_DEFICIENCY_IS_OPEN) && api_pager_takes(&pager))
            evac_deficiency_json(&list->items[i], now_ms, &w);
    evac_jw_close(&w, ']');
    api_pager_end(c, &pager);
}

void api_list_deficiencies(struct api_call *c)
{
    char app[128];
    struct evac_deficiencies *list;
    struct evac_err err = { EVAC_OK, "" };
    bool all = api_query_number(c, "all", 0) != 0;
    int64_t now = evac_daemon_wall_ms(c->daemon);
    const char *format = api_format(c);
    if (!format)
        return;
    struct evac_arena *arena = evac_arena_new();
    if (evac_deficiencies_read(evac_daemon_store(c->daemon), api_query(c, "app", app, sizeof app),
                               arena, &list, &err))
        api_fail(c, &err);
    else if (format[0] == 't')
        evac_deficiencies_text(list, now, all, &c->r->body);
    else
        put_page(c, list, now, all);
    evac_arena_free(arena);
}

static void put_said(const struct evac_record *row, struct evac_buf *out)
{
    struct evac_jw w = { out, false };
    evac_jw_open(&w, NULL, '{');
    evac_jw_str(&w, "id", row->name);
    evac_jw_str(&w, "state", row->to);
    evac_jw_close(&w, '}');
}

static void say_word(struct api_call *c, const struct evac_deficiency_word *word)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_record row;
    struct evac_err err = { EVAC_OK, "" };
    enum evac_code code = evac_deficiency_say(evac_daemon_store(c->daemon), word,
                                              evac_daemon_wall_ms(c->daemon), arena, &row, &err);
    if (!code) {
        put_said(&row, &c->r->body);
        api_request_answers(c, evac_buf_str(&c->r->body));
        code = evac_daemon_note(c->daemon, &row, 1, &err);
    }
    if (code)
        api_fail(c, &err);
    evac_arena_free(arena);
}

void api_say_deficiency(struct api_call *c)
{
    struct evac_str severity = api_text(c, "severity");
    enum evac_grade grade = EVAC_GRADE_MEDIUM;
    struct evac_deficiency_word word = { .app = api_text(c, "app"),
                                         .id = api_text(c, "id"),
                                         .title = api_text(c, "title"),
                                         .criterion = api_text(c, "criterion"),
                                         .owner = api_text(c, "owner"),
                                         .reason = api_text(c, "reason"),
                                         .due_ms = api_number(c, "due_ms"),
                                         .retest = (uint64_t)api_number(c, "retest"),
                                         .who = c->q->caller.who };
    /* the schema has looked at both */
    (void)evac_deficiency_verb_parse(api_text(c, "verb"), &word.verb);
    if (severity.n && evac_grade_parse(severity, &grade))
        word.severity = &grade;
    if (word.verb == EVAC_DEFICIENCY_OPEN &&
        !evac_model_app(evac_daemon_model(c->daemon), word.app))
        api_no_app(c, word.app);
    else
        say_word(c, &word);
}

/* --- trend ------------------------------------------------------------------------------------ */

void api_trend(struct api_call *c)
{
    size_t app;
    struct evac_trend *trend = NULL;
    struct evac_err err = { EVAC_OK, "" };
    const char *format = api_app(c, &app) ? api_format(c) : NULL;
    if (!format)
        return;
    if (evac_trend_make(evac_daemon_store(c->daemon), c->vars[0], api_query_number(c, "since", 0),
                        evac_daemon_wall_ms(c->daemon), &trend, &err))
        api_fail(c, &err);
    else if (format[0] == 't')
        evac_trend_text(trend, &c->r->body);
    else if (format[0] == 'h')
        evac_trend_html(trend, &c->r->body);
    else
        evac_trend_json(trend, &c->r->body);
    evac_trend_free(trend);
}

/* --- bundles ---------------------------------------------------------------------------------- */

/* That it was made, and what: in the journal. */
static void note_bundle(struct evac_daemon *daemon, const struct evac_bundle_request *request,
                        const struct evac_bundle_made *made)
{
    struct evac_buf data;
    struct evac_jw w = { &data, false };
    struct evac_err err = { EVAC_OK, "" };
    evac_buf_init(&data, 4096);
    evac_jw_open(&w, NULL, '{');
    evac_jw_cstr(&w, "sha256", made->sha256);
    evac_jw_i64(&w, "rows", (int64_t)made->rows);
    evac_jw_i64(&w, "runs", (int64_t)made->runs);
    evac_jw_close(&w, '}');
    struct evac_record row = { .kind = EVAC_RECORD_EVIDENCE,
                               .step = EVAC_NO_STEP,
                               .app = request->app,
                               .name = evac_str(made->name),
                               .who = request->who,
                               .data = evac_buf_str(&data) };
    if (evac_daemon_note(daemon, &row, 1, &err))
        evac_log(EVAC_LOG_WARN, "evidence_not_noted", "name=%s reason=\"%s\"", made->name,
                 err.text);
    evac_buf_done(&data);
}

void api_make_evidence(struct api_call *c)
{
    struct evac_bundle_made made;
    struct evac_err err = { EVAC_OK, "" };
    const struct evac_bundle_request request = {
        .store = evac_daemon_store(c->daemon),
        .key = evac_daemon_key(c->daemon),
        .node = evac_daemon_model(c->daemon)->controller.node,
        .run = (uint64_t)api_number(c, "run"),
        .app = api_text(c, "app"),
        .since_ms = api_number(c, "since_ms"),
        .now_ms = evac_daemon_wall_ms(c->daemon),
        .who = c->q->caller.who,
        .version = EVAC_VERSION,
    };
    if (request.run == 0 && request.app.n == 0)
        evac_problem(c->r, EVAC_PROBLEM_BAD_REQUEST, "of what? Say run, or app and since_ms");
    else if (!request.key)
        evac_problem(c->r, EVAC_PROBLEM_REFUSED,
                     "nothing is signed here: evidence.key in evac.cfg is not set, or the key can "
                     "not be read: 'evac evidence keygen' makes one");
    else if (evac_bundle_make(&request, &c->r->body, &made, &err))
        api_fail(c, &err);
    else if (!c->again)
        note_bundle(c->daemon, &request, &made);
}

/* The same runs, proven by the journal as it is now; that it was made is in it once. */
void api_tell_bundle(struct api_call *c, const struct evac_record *request)
{
    (void)request;
    api_make_evidence(c);
}

void api_evidence_key(struct api_call *c)
{
    const struct evac_key *key = evac_daemon_key(c->daemon);
    char fingerprint[65], origin[128];
    struct evac_buf pem;
    struct evac_jw w = api_writer(c);
    if (!key) {
        evac_problem(c->r, EVAC_PROBLEM_NOT_FOUND,
                     "nothing is signed here: evidence.key in evac.cfg is not set, or the key can "
                     "not be read");
        return;
    }
    evac_buf_init(&pem, 4096);
    evac_key_pem(key, &pem);
    evac_key_fingerprint(key, fingerprint);
    evac_journal_origin(evac_daemon_model(c->daemon)->controller.node, origin, sizeof origin);
    evac_jw_open(&w, NULL, '{');
    evac_jw_cstr(&w, "fingerprint", fingerprint);
    evac_jw_str(&w, "pem", evac_buf_str(&pem));
    evac_jw_cstr(&w, "origin", origin);
    evac_jw_close(&w, '}');
    evac_buf_done(&pem);
}

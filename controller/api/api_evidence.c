#include "api_evidence.h"

#include "bundle.h"
#include "evac/arena.h"
#include "keeper.h"
#include "ledger.h"
#include "log.h"
#include "trend.h"
#include "version.h"

#include <string.h>

static struct evac_str text_of(const cJSON *json, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    return cJSON_IsString(item) ? evac_str(item->valuestring) : EVAC_STR_NONE;
}

static int64_t number_of(const cJSON *json, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    return cJSON_IsNumber(item) && item->valuedouble > 0 && item->valuedouble < 9e15
               ? (int64_t)item->valuedouble
               : 0;
}

static int64_t query_ms(const struct evac_api_request *q, const char *name)
{
    char buf[32];
    int64_t value;
    return evac_str_i64(evac_api_query(q->query, name, buf, sizeof buf), &value) ? value : 0;
}

/* --- the journal ------------------------------------------------------------------------------ */

void api_verify(struct evac_daemon *daemon, const struct evac_api_request *q,
                struct evac_api_response *r)
{
    static const char *const known[] = { "checkpoint", NULL };
    struct evac_ledger_verdict verdict;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_jw w = { &r->body, false };
    cJSON *json = api_body(q, known, r);
    if (!json)
        return;
    enum evac_code code = evac_ledger_verify(evac_daemon_store(daemon), evac_daemon_key(daemon),
                                             text_of(json, "checkpoint"), &verdict, &err);
    evac_jw_open(&w, NULL, '{');
    evac_jw_bool(&w, "good", code == EVAC_OK);
    evac_jw_i64(&w, "rows", (int64_t)verdict.rows);
    evac_jw_i64(&w, "checkpoints", (int64_t)verdict.checkpoints);
    evac_jw_i64(&w, "signatures_not_checked", (int64_t)verdict.unchecked);
    evac_jw_known(&w, "last_checkpoint_rows", verdict.checkpoints != 0, (int64_t)verdict.last_size);
    evac_jw_bool(&w, "outside_checkpoint_fits", verdict.outside);
    evac_jw_cstr(&w, "problem", code ? err.text : NULL);
    evac_jw_close(&w, '}');
    cJSON_Delete(json);
}

static void put_note(struct evac_daemon *daemon, uint64_t size, struct evac_api_response *r)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_row row;
    struct evac_err err;
    /* the row after those that it covers */
    if (evac_store_row(evac_daemon_store(daemon), size + 1, arena, &row, &err)) {
        api_fail(r, &err);
    } else {
        cJSON *data = cJSON_ParseWithLength(row.record.data.p, row.record.data.n);
        struct evac_jw w = { &r->body, false };
        evac_jw_open(&w, NULL, '{');
        evac_jw_i64(&w, "size", (int64_t)size);
        evac_jw_str(&w, "note", text_of(data, "note"));
        evac_jw_close(&w, '}');
        cJSON_Delete(data);
    }
    evac_arena_free(arena);
}

void api_checkpoint(struct evac_daemon *daemon, const struct evac_api_request *q,
                    struct evac_api_response *r)
{
    static const char *const known[] = { NULL };
    uint64_t size = 0;
    struct evac_err err = { EVAC_OK, "" };
    cJSON *json = api_body(q, known, r);
    if (json && evac_keeper_sign(evac_daemon_keeper(daemon), &size, &err))
        api_fail(r, &err);
    else if (json)
        put_note(daemon, size, r);
    cJSON_Delete(json);
}

/* --- deficiencies ----------------------------------------------------------------------------- */

void api_deficiencies(struct evac_daemon *daemon, const struct evac_api_request *q,
                      struct evac_api_response *r)
{
    char app[128], all[8], format[16];
    struct evac_arena *arena = evac_arena_new();
    struct evac_deficiencies *list;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_jw w = { &r->body, false };
    bool shown_all = evac_api_query(q->query, "all", all, sizeof all).n != 0;
    bool text = evac_str_is(evac_api_query(q->query, "format", format, sizeof format), "text");
    int64_t now = evac_daemon_wall_ms(daemon);
    if (evac_deficiencies_read(evac_daemon_store(daemon),
                               evac_api_query(q->query, "app", app, sizeof app), arena, &list,
                               &err)) {
        api_fail(r, &err);
    } else if (text) {
        r->content_type = "text/plain; charset=utf-8";
        evac_deficiencies_text(list, now, shown_all, &r->body);
    } else {
        evac_deficiencies_json(list, now, shown_all, NULL, &w);
    }
    evac_arena_free(arena);
}

/* False: the problem was answered. */
static bool read_word(const cJSON *json, struct evac_deficiency_word *word, enum evac_grade *grade,
                      struct evac_api_response *r)
{
    struct evac_str severity = text_of(json, "severity");
    if (!evac_deficiency_verb_parse(text_of(json, "verb"), &word->verb)) {
        api_problem(r, 400, "unknown verb", "allowed: open, assign, close, accept");
        return false;
    }
    if (severity.n && !evac_grade_parse(severity, grade)) {
        api_problem(r, 400, "unknown severity", "severity: allowed are low, medium, high");
        return false;
    }
    word->severity = severity.n ? grade : NULL;
    word->app = text_of(json, "app");
    word->id = text_of(json, "id");
    word->title = text_of(json, "title");
    word->criterion = text_of(json, "criterion");
    word->owner = text_of(json, "owner");
    word->reason = text_of(json, "reason");
    word->due_ms = number_of(json, "due_ms");
    word->retest = (uint64_t)number_of(json, "retest");
    return true;
}

static void say_word(struct evac_daemon *daemon, const struct evac_deficiency_word *word,
                     struct evac_api_response *r)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_record row;
    struct evac_err err = { EVAC_OK, "" };
    enum evac_code code = evac_deficiency_say(evac_daemon_store(daemon), word,
                                              evac_daemon_wall_ms(daemon), arena, &row, &err);
    if (!code)
        code = evac_daemon_note(daemon, &row, 1, &err);
    if (code) {
        api_fail(r, &err);
    } else {
        struct evac_jw w = { &r->body, false };
        r->status = word->verb == EVAC_DEFICIENCY_OPEN ? 201 : 200;
        evac_jw_open(&w, NULL, '{');
        evac_jw_str(&w, "id", row.name);
        evac_jw_str(&w, "state", row.to);
        evac_jw_close(&w, '}');
    }
    evac_arena_free(arena);
}

void api_deficiency(struct evac_daemon *daemon, const struct evac_api_request *q,
                    struct evac_api_response *r)
{
    static const char *const known[] = { "verb",     "app",    "id",     "title",
                                         "severity", "owner",  "due_ms", "criterion",
                                         "reason",   "retest", NULL };
    struct evac_deficiency_word word = { .who = q->caller.who };
    enum evac_grade grade = EVAC_GRADE_MEDIUM;
    cJSON *json = api_body(q, known, r);
    if (json && read_word(json, &word, &grade, r)) {
        if (word.verb == EVAC_DEFICIENCY_OPEN &&
            !evac_model_app(evac_daemon_model(daemon), word.app))
            api_problem(r, 404, "there is no such app", "GET /v1/status lists them");
        else
            say_word(daemon, &word, r);
    }
    cJSON_Delete(json);
}

/* --- trend ------------------------------------------------------------------------------------ */

void api_trend(struct evac_daemon *daemon, const struct evac_api_request *q, struct evac_str app,
               struct evac_api_response *r)
{
    char buf[16];
    struct evac_str format = evac_api_query(q->query, "format", buf, sizeof buf);
    struct evac_trend *trend = NULL;
    struct evac_err err = { EVAC_OK, "" };
    if (evac_trend_make(evac_daemon_store(daemon), app, query_ms(q, "since"),
                        evac_daemon_wall_ms(daemon), &trend, &err)) {
        api_fail(r, &err);
        return;
    }
    if (evac_str_is(format, "text")) {
        r->content_type = "text/plain; charset=utf-8";
        evac_trend_text(trend, &r->body);
    } else if (evac_str_is(format, "html")) {
        r->content_type = "text/html; charset=utf-8";
        evac_trend_html(trend, &r->body);
    } else {
        evac_trend_json(trend, &r->body);
    }
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

static void make_bundle(struct evac_daemon *daemon, const struct evac_bundle_request *request,
                        struct evac_api_response *r)
{
    struct evac_bundle_made made;
    struct evac_err err = { EVAC_OK, "" };
    if (!request->key)
        api_problem(
            r, 409, "nothing is signed here",
            "evidence.key in evac.cfg is not set, or the key can not be read: 'evac evidence "
            "keygen' makes one");
    else if (evac_bundle_make(request, &r->body, &made, &err))
        api_fail(r, &err);
    else
        note_bundle(daemon, request, &made);
    if (r->status == 200)
        r->content_type = "application/x-tar";
}

void api_evidence(struct evac_daemon *daemon, const struct evac_api_request *q,
                  struct evac_api_response *r)
{
    static const char *const known[] = { "run", "app", "since_ms", NULL };
    cJSON *json = api_body(q, known, r);
    if (!json)
        return;
    struct evac_bundle_request request = {
        .store = evac_daemon_store(daemon),
        .key = evac_daemon_key(daemon),
        .node = evac_daemon_model(daemon)->controller.node,
        .run = (uint64_t)number_of(json, "run"),
        .app = text_of(json, "app"),
        .since_ms = number_of(json, "since_ms"),
        .now_ms = evac_daemon_wall_ms(daemon),
        .who = q->caller.who,
        .version = EVAC_VERSION,
    };
    if (request.run == 0 && request.app.n == 0)
        api_problem(r, 400, "of what?", "say run, or app and since_ms");
    else
        make_bundle(daemon, &request, r);
    cJSON_Delete(json);
}

void api_evidence_key(struct evac_daemon *daemon, const struct evac_api_request *q,
                      struct evac_api_response *r)
{
    const struct evac_key *key = evac_daemon_key(daemon);
    char fingerprint[65], origin[128];
    struct evac_buf pem;
    struct evac_jw w = { &r->body, false };
    (void)q;
    if (!key) {
        api_problem(r, 404, "nothing is signed here",
                    "evidence.key in evac.cfg is not set, or the key can not be read");
        return;
    }
    evac_buf_init(&pem, 4096);
    evac_key_pem(key, &pem);
    evac_key_fingerprint(key, fingerprint);
    evac_journal_origin(evac_daemon_model(daemon)->controller.node, origin, sizeof origin);
    evac_jw_open(&w, NULL, '{');
    evac_jw_cstr(&w, "fingerprint", fingerprint);
    evac_jw_str(&w, "pem", evac_buf_str(&pem));
    evac_jw_cstr(&w, "origin", origin);
    evac_jw_close(&w, '}');
    evac_buf_done(&pem);
}

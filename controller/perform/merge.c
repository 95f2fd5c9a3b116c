#include "merge.h"

#include "evac/arena.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUNS_MAX 4096u

struct pair {
    uint64_t was, is;
    struct evac_str app;
    bool over;
};

/* What is known of an app from the rows that are merged. */
struct moved {
    struct evac_str app;
    struct evac_str first; /* where the first of them says that it served */
};

struct merge {
    const struct evac_merge_wish *w;
    struct evac_merge *out;
    struct evac_err *err;
    enum evac_code code;
    size_t cap;
    struct pair *pairs;
    size_t pair_count;
    struct moved *moved;
    size_t moved_count;
    char identity[65], head[65], node[200];
    uint64_t fork, after; /* the newest row that both have; that is here, in whatever form */
    int64_t parted_ms;    /* wall, of the first row that only the other one has */
    bool checkpoint;
    bool inside; /* while this journal is read: rows of an earlier merge */
};

static void hex(const uint8_t hash[32], char text[65])
{
    for (size_t i = 0; i < 32; i++)
        snprintf(text + 2 * i, 3, "%02x", hash[i]);
}

static bool hash_at(struct evac_store *store, uint64_t seq, char text[65])
{
    struct evac_row row;
    struct evac_arena *arena = evac_arena_new();
    bool there = seq && evac_store_row(store, seq, arena, &row, NULL) == EVAC_OK;
    text[0] = '\0';
    if (there)
        hex(row.hash, text);
    evac_arena_free(arena);
    return there;
}

/* --- where they parted ------------------------------------------------------------------------ */

static bool both_have(const struct merge *m, uint64_t seq)
{
    char a[65], b[65];
    return hash_at(m->w->from, seq, a) && hash_at(m->w->into, seq, b) && strcmp(a, b) == 0;
}

/* A hash stands for all rows before it: halving finds the last that both have. */
static uint64_t find_fork(const struct merge *m)
{
    uint64_t low = 0, high = m->w->from->vt->last_seq(m->w->from);
    while (low < high) {
        uint64_t middle = low + (high - low + 1) / 2;
        if (both_have(m, middle))
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

/* --- what was merged before ------------------------------------------------------------------- */

static bool see_merged(void *user, const struct evac_row *row)
{
    struct merge *m = user;
    cJSON *data = cJSON_ParseWithLength(row->record.data.p, row->record.data.n);
    const cJSON *identity = cJSON_GetObjectItemCaseSensitive(data, "identity"),
                *head = cJSON_GetObjectItemCaseSensitive(data, "head");
    char here[65];
    if (cJSON_IsString(identity) && strcmp(identity->valuestring, m->identity) == 0) {
        uint64_t to = (uint64_t)row->record.number;
        if (!hash_at(m->w->from, to, here) || !cJSON_IsString(head) ||
            strcmp(head->valuestring, here) != 0)
            m->code = evac_fail(m->err, EVAC_E_CORRUPT,
                                "row %" PRIu64 " of it was merged before, and was another one "
                                "then: it is not the same journal any more",
                                to);
        else if (to > m->after)
            m->after = to;
    }
    cJSON_Delete(data);
    return m->code == EVAC_OK;
}

static enum evac_code find_parts(struct merge *m)
{
    const struct evac_store_filter merges = { .kinds = EVAC_KIND(MERGE) };
    m->fork = m->after = find_fork(m);
    (void)hash_at(m->w->from, m->fork + 1, m->identity);
    if (!m->identity[0])
        return EVAC_OK;
    enum evac_code code = m->w->into->vt->read(m->w->into, &merges, see_merged, m, m->err);
    return code ? code : m->code;
}

/* --- rows ------------------------------------------------------------------------------------- */

static struct evac_str keep_text(struct merge *m, struct evac_str s)
{
    return s.n ? evac_arena_str(m->out->arena, s) : EVAC_STR_NONE;
}

static struct evac_record *add(struct merge *m, const struct evac_record *r)
{
    struct evac_merge *out = m->out;
    if (out->count == m->cap) {
        m->cap = m->cap ? m->cap * 2 : 1024;
        out->rows = realloc(out->rows, m->cap * sizeof *out->rows);
        if (!out->rows)
            abort();
    }
    struct evac_record *mine = &out->rows[out->count];
    *mine = *r;
    mine->seq = m->w->engine->next_seq + out->count++;
    mine->app = keep_text(m, r->app);
    mine->name = keep_text(m, r->name);
    mine->from = keep_text(m, r->from);
    mine->event = keep_text(m, r->event);
    mine->to = keep_text(m, r->to);
    mine->who = keep_text(m, r->who);
    mine->text = keep_text(m, r->text);
    mine->request_id = keep_text(m, r->request_id);
    mine->data = keep_text(m, r->data);
    return mine;
}

/* What this controller says about the merge. */
static struct evac_record *say(struct merge *m, const char *to)
{
    struct evac_record r = { .kind = EVAC_RECORD_MERGE,
                             .step = EVAC_NO_STEP,
                             .epoch = m->w->engine->epoch,
                             .t_boot_ms = m->w->boot_ms,
                             .t_wall_ms = m->w->wall_ms,
                             .who = m->w->who,
                             .name = evac_str(m->node),
                             .to = evac_str(to) };
    return add(m, &r);
}

static struct pair *pair_of(struct merge *m, uint64_t run)
{
    for (size_t i = m->pair_count; i-- > 0;)
        if (m->pairs[i].was == run)
            return &m->pairs[i];
    return NULL;
}

static void see_moved(struct merge *m, const struct evac_record *r)
{
    for (size_t i = 0; i < m->moved_count; i++)
        if (evac_str_eq(m->moved[i].app, r->app))
            return;
    if (m->moved_count == RUNS_MAX)
        return;
    m->moved[m->moved_count++] =
        (struct moved){ keep_text(m, r->app),
                        keep_text(m, r->kind == EVAC_RECORD_PLACE ? r->to : r->from) };
}

static void number_run(struct merge *m, const struct evac_record *r)
{
    uint64_t is = m->w->engine->next_run + m->pair_count;
    if (m->pair_count == RUNS_MAX)
        m->code = evac_fail(m->err, EVAC_E_TOOBIG, "it has more than %u runs", RUNS_MAX);
    else
        m->pairs[m->pair_count++] = (struct pair){ r->run, is, keep_text(m, r->app), false };
}

/* Where it was done: in its own rows, so that reports and evidence have it. */
static void say_origin(struct merge *m, const struct pair *pair)
{
    struct evac_record *mine = say(m, "run");
    mine->run = pair->is;
    mine->app = pair->app;
    mine->number = (int64_t)pair->was;
    mine->text = evac_arena_printf(m->out->arena,
                                   "done by %s as run %" PRIu64 " of its journal, and merged later",
                                   m->node, pair->was);
}

/* Not taken: what is about the other controller itself, its callers, its messages and its proofs;
 * the calendar's; what was measured for no run. */
static bool is_of_run(enum evac_record_kind kind)
{
    return kind != EVAC_RECORD_REQUEST && kind != EVAC_RECORD_NOTICE &&
           kind != EVAC_RECORD_EVIDENCE && kind != EVAC_RECORD_DEFICIENCY;
}

static bool is_of_app(const struct evac_record *r)
{
    static const enum evac_record_kind kinds[] = { EVAC_RECORD_PLACE,    EVAC_RECORD_ACK,
                                                   EVAC_RECORD_OLD_SIDE, EVAC_RECORD_DECISION,
                                                   EVAC_RECORD_VERDICT,  EVAC_RECORD_ALARM };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (r->kind == kinds[i])
            return r->app.n != 0;
    return r->kind == EVAC_RECORD_ALONE;
}

static bool moves(const struct evac_record *r)
{
    return r->kind == EVAC_RECORD_PLACE || (r->kind == EVAC_RECORD_ADMIT && r->number == 0);
}

static void take_row_of_run(struct merge *m, const struct evac_record *r)
{
    if (r->kind == EVAC_RECORD_ADMIT)
        number_run(m, r);
    struct pair *pair = m->code ? NULL : pair_of(m, r->run);
    if (!pair || !is_of_run(r->kind))
        return; /* of a run that began before they parted, it is this journal's */
    pair->over = pair->over || r->kind == EVAC_RECORD_TERMINAL;
    add(m, r)->run = pair->is;
    if (r->kind == EVAC_RECORD_ADMIT)
        say_origin(m, pair);
}

static void take_row_of_app(struct merge *m, const struct evac_record *r)
{
    struct evac_record *mine = add(m, r);
    const struct pair *pair =
        r->kind == EVAC_RECORD_OLD_SIDE ? pair_of(m, (uint64_t)r->number) : NULL;
    if (pair)
        mine->number = (int64_t)pair->is;
}

static bool take_row(void *user, const struct evac_row *row)
{
    struct merge *m = user;
    const struct evac_record *r = &row->record;
    m->out->to_seq = r->seq;
    if (m->out->count >= EVAC_MERGE_ROWS_MAX)
        m->code = evac_fail(m->err, EVAC_E_TOOBIG, "it has more than %u rows", EVAC_MERGE_ROWS_MAX);
    if (moves(r))
        see_moved(m, r);
    if (r->run && !m->code)
        take_row_of_run(m, r);
    else if (is_of_app(r) && !m->code)
        take_row_of_app(m, r);
    return m->code == EVAC_OK;
}

/* --- what forbids it -------------------------------------------------------------------------- */

static bool see_own_move(void *user, const struct evac_row *row)
{
    struct merge *m = user;
    if (row->record.kind == EVAC_RECORD_MERGE)
        m->inside = evac_str_is(row->record.to, "begin") ||
                    (m->inside && !evac_str_is(row->record.to, "end"));
    if (m->inside || row->record.t_wall_ms < m->parted_ms || !moves(&row->record))
        return true;
    for (size_t i = 0; i < m->moved_count; i++)
        if (evac_str_eq(m->moved[i].app, row->record.app))
            m->code = evac_fail(m->err, EVAC_E_REFUSED,
                                "both journals have moved '%.*s' since they parted: here it is row "
                                "%" PRIu64 ". Find out where it serves, and say so: 'evac place'",
                                EVAC_STR_ARG(row->record.app), row->record.seq);
    return m->code == EVAC_OK;
}

static void check_places(struct merge *m)
{
    for (size_t i = 0; i < m->moved_count && !m->code; i++) {
        size_t app = evac_engine_app(m->w->engine, m->moved[i].app);
        if (app == m->w->engine->app_count)
            continue; /* not configured here (any more): history */
        const struct evac_engine_app *a = &m->w->engine->apps[app];
        struct evac_str serves = a->app->regions[a->active];
        if (a->app->strategy != EVAC_STRATEGY_ACTIVE_ACTIVE &&
            !evac_str_eq(serves, m->moved[i].first))
            m->code = evac_fail(m->err, EVAC_E_REFUSED,
                                "'%.*s' serves from %.*s here, and that journal found it in %.*s: "
                                "they contradict each other. If that one is right, say it first: "
                                "'evac place'",
                                EVAC_STR_ARG(a->app->name), EVAC_STR_ARG(serves),
                                EVAC_STR_ARG(m->moved[i].first));
    }
}

static enum evac_code check(struct merge *m)
{
    const struct evac_store_filter filter = {
        .kinds = EVAC_KIND(ADMIT) | EVAC_KIND(PLACE) | EVAC_KIND(MERGE), .light = true
    };
    for (size_t i = 0; i < m->pair_count; i++)
        if (!m->pairs[i].over)
            return evac_fail(m->err, EVAC_E_REFUSED,
                             "run %" PRIu64 " of '%.*s' has not ended there: see it through first "
                             "('evac --standalone watch'), or stop it",
                             m->pairs[i].was, EVAC_STR_ARG(m->pairs[i].app));
    check_places(m);
    if (m->code)
        return m->code;
    enum evac_code code = m->w->into->vt->read(m->w->into, &filter, see_own_move, m, m->err);
    return code ? code : m->code;
}

/* --- the whole -------------------------------------------------------------------------------- */

static struct evac_str describe(const struct merge *m)
{
    return evac_arena_printf(m->out->arena,
                             "{\"identity\":\"%s\",\"node\":\"%s\",\"from_seq\":%" PRIu64
                             ",\"to_seq\":%" PRIu64 ",\"head\":\"%s\",\"checkpoint\":%s}",
                             m->identity, m->node, m->out->from_seq, m->out->to_seq, m->head,
                             m->checkpoint ? "true" : "false");
}

static void frame(struct merge *m, struct evac_record *r)
{
    r->number = (int64_t)m->out->to_seq;
    r->data = describe(m);
    r->text =
        evac_arena_printf(m->out->arena, "rows %" PRIu64 " to %" PRIu64 " of the journal of %s",
                          m->out->from_seq, m->out->to_seq, m->node);
}

static bool see_checkpoint(void *user, const struct evac_row *row)
{
    struct merge *m = user;
    m->checkpoint = evac_str_is(row->record.name, "checkpoint");
    return !m->checkpoint;
}

static enum evac_code see_origin(struct merge *m)
{
    struct evac_row row;
    const struct evac_store_filter proofs = { .after_seq = m->after,
                                              .kinds = EVAC_KIND(EVIDENCE),
                                              .light = true };
    enum evac_code code = evac_store_row(m->w->from, m->after + 1, m->out->arena, &row, m->err);
    if (code)
        return code;
    snprintf(m->node, sizeof m->node, "%.*s", (int)(row.node.n < 180 ? row.node.n : 180),
             row.node.p);
    for (char *p = m->node; *p; p++)
        if (*p == '"' || *p == '\\' || (unsigned char)*p < ' ')
            *p = '?';
    m->parted_ms = row.record.t_wall_ms;
    return m->w->from->vt->read(m->w->from, &proofs, see_checkpoint, m, m->err);
}

static enum evac_code take(struct merge *m)
{
    const struct evac_store_filter rest = { .after_seq = m->after };
    struct evac_merge *out = m->out;
    out->from_seq = m->after + 1;
    enum evac_code code = see_origin(m);
    if (code)
        return code;
    (void)say(m, "begin");
    code = m->w->from->vt->read(m->w->from, &rest, take_row, m, m->err);
    if (!code && !(code = m->code))
        code = check(m);
    if (code)
        return code;
    (void)hash_at(m->w->from, out->to_seq, m->head);
    frame(m, &out->rows[0]);
    for (size_t i = 0; i < m->moved_count; i++) {
        struct evac_record *r = say(m, "review");
        r->app = m->moved[i].app;
        r->text = EVAC_STR("it was moved elsewhere: somebody looks at it, and says 'evac ack'");
    }
    frame(m, say(m, "end"));
    out->runs = m->pair_count;
    return EVAC_OK;
}

static enum evac_code check_here(const struct evac_merge_wish *w, struct evac_err *err)
{
    const struct evac_run *run = w->engine->runs;
    if (!run)
        return EVAC_OK;
    return evac_fail(err, EVAC_E_REFUSED,
                     "run %" PRIu64 " of '%.*s' goes on here: merge when it is over", run->id,
                     EVAC_STR_ARG(run->plan->app));
}

enum evac_code evac_merge_make(const struct evac_merge_wish *w, struct evac_merge *out,
                               struct evac_err *err)
{
    uint64_t good;
    struct merge m = { .w = w, .out = out, .err = err };
    *out = (struct evac_merge){ .arena = evac_arena_new() };
    m.pairs = evac_arena_array(out->arena, RUNS_MAX, sizeof *m.pairs);
    m.moved = evac_arena_array(out->arena, RUNS_MAX, sizeof *m.moved);
    enum evac_code code = check_here(w, err);
    if (!code && (code = evac_store_verify(w->from, &good, err)))
        evac_err_prefix(err, "its chain is broken, nothing is merged");
    if (!code)
        code = find_parts(&m);
    if (!code && m.after < w->from->vt->last_seq(w->from))
        code = take(&m);
    if (code)
        out->count = 0;
    return code;
}

void evac_merge_done(struct evac_merge *merge)
{
    evac_arena_free(merge->arena);
    free(merge->rows);
    *merge = (struct evac_merge){ .arena = NULL };
}

#include "rows.h"

#include "chain.h"
#include "evac/arena.h"
#include "key.h"

#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES (16u << 20)

/* --- writing ---------------------------------------------------------------------------------- */

/* The fields in their order: one table serves writing and reading. */
#define NUMBERS(X)                                                                                 \
    X(run, uint64_t)                                                                               \
    X(step, uint32_t)                                                                              \
    X(attempt, uint32_t)                                                                           \
    X(epoch, uint64_t) X(t_boot_ms, uint64_t) X(t_wall_ms, int64_t) X(number, int64_t)
#define TEXTS(X) X(app) X(name) X(from) X(event) X(to) X(who) X(text) X(request_id) X(data)

static void put_hash(const char *key, const uint8_t hash[32], struct evac_buf *out)
{
    char hex[65];
    evac_hex(hash, 32, hex);
    evac_buf_putf(out, ",\"%s\":\"%s\"", key, hex);
}

static void put_text(const char *key, struct evac_str text, struct evac_buf *out)
{
    evac_buf_putf(out, ",\"%s\":", key);
    evac_buf_json_exact(out, text);
}

void evac_rows_put(const struct evac_row *row, struct evac_buf *out)
{
    const struct evac_record *r = &row->record;
    evac_buf_putf(out, "{\"seq\":%llu", (unsigned long long)r->seq);
    put_text("kind", evac_str(evac_record_kind_name(r->kind)), out);
#define X(name, type) evac_buf_putf(out, ",\"" #name "\":%lld", (long long)r->name);
    NUMBERS(X)
#undef X
#define X(name) put_text(#name, r->name, out);
    TEXTS(X)
#undef X
    put_text("node", row->node, out);
    put_text("boot_id", row->boot_id, out);
    put_hash("prev_hash", row->prev_hash, out);
    put_hash("hash", row->hash, out);
    evac_buf_puts(out, "}\n");
}

void evac_rows_put_leaf(uint64_t seq, const uint8_t hash[32], struct evac_buf *out)
{
    evac_buf_putf(out, "{\"seq\":%llu", (unsigned long long)seq);
    put_hash("hash", hash, out);
    evac_buf_puts(out, "}\n");
}

void evac_rows_put_tree(uint64_t from, unsigned level, const uint8_t root[32], struct evac_buf *out)
{
    evac_buf_putf(out, "{\"from\":%llu,\"rows\":%llu", (unsigned long long)from, 1ULL << level);
    put_hash("tree", root, out);
    evac_buf_puts(out, "}\n");
}

/* --- reading ---------------------------------------------------------------------------------- */

struct cursor {
    struct evac_str rest;
    struct evac_arena *arena;
    bool failed;
};

static bool take(struct cursor *c, const char *text)
{
    size_t n = strlen(text);
    if (c->failed || !evac_str_starts(c->rest, text)) {
        c->failed = true;
        return false;
    }
    c->rest.p += n;
    c->rest.n -= n;
    return true;
}

static void take_key(struct cursor *c, const char *key)
{
    (void)(take(c, ",\"") && take(c, key) && take(c, "\":"));
}

static int64_t take_number(struct cursor *c)
{
    size_t n = 0;
    int64_t value = 0;
    while (n < c->rest.n && ((c->rest.p[n] >= '0' && c->rest.p[n] <= '9') || c->rest.p[n] == '-'))
        n++;
    if (c->failed || !evac_str_i64((struct evac_str){ c->rest.p, n }, &value))
        c->failed = true;
    c->rest.p += n;
    c->rest.n -= n;
    return value;
}

/* What a backslash begins; only what is ever written. */
static char unescape(struct cursor *c)
{
    static const char plain[] = "\"\"\\\\b\bf\fn\nr\rt\t";
    char first = c->rest.n ? c->rest.p[0] : '\0';
    uint8_t code[2];
    for (size_t i = 0; plain[i]; i += 2)
        if (plain[i] == first) {
            c->rest.p++, c->rest.n--;
            return plain[i + 1];
        }
    if (first != 'u' || c->rest.n < 5 ||
        !evac_unhex((struct evac_str){ c->rest.p + 1, 4 }, code, 2) ||
        (code[0] != 0 && code[0] != 0xdc)) {
        c->failed = true;
        return '\0';
    }
    c->rest.p += 5, c->rest.n -= 5;
    return (char)code[1];
}

static struct evac_str take_text(struct cursor *c)
{
    struct evac_str out = EVAC_STR_NONE;
    if (!take(c, "\""))
        return out;
    char *p = evac_arena_alloc(c->arena, c->rest.n + 1);
    size_t n = 0;
    while (!c->failed && c->rest.n && c->rest.p[0] != '"') {
        char next = c->rest.p[0];
        c->rest.p++, c->rest.n--;
        p[n++] = next == '\\' ? unescape(c) : next;
    }
    (void)take(c, "\"");
    return (struct evac_str){ p, n };
}

static void take_hash(struct cursor *c, const char *key, uint8_t ret_hash[32])
{
    take_key(c, key);
    if (!evac_unhex(take_text(c), ret_hash, 32))
        c->failed = true;
}

static void take_row(struct cursor *c, struct evac_rows_line *line)
{
    struct evac_record *r = &line->row.record;
    r->seq = line->from;
    take_key(c, "kind");
    if (!evac_record_kind_parse(take_text(c), &r->kind))
        c->failed = true;
#define X(name, type) (take_key(c, #name), r->name = (type)take_number(c));
    NUMBERS(X)
#undef X
#define X(name) (take_key(c, #name), r->name = take_text(c));
    TEXTS(X)
#undef X
    take_key(c, "node");
    line->row.node = take_text(c);
    take_key(c, "boot_id");
    line->row.boot_id = take_text(c);
    take_hash(c, "prev_hash", line->row.prev_hash);
    take_hash(c, "hash", line->row.hash);
    memcpy(line->hash, line->row.hash, 32);
}

static void take_tree(struct cursor *c, struct evac_rows_line *line)
{
    line->from = (uint64_t)take_number(c);
    take_key(c, "rows");
    int64_t rows = take_number(c);
    while (line->level < EVAC_TREE_LEVELS && INT64_C(1) << line->level < rows)
        line->level++;
    take_hash(c, "tree", line->hash);
}

/* Whoever reads a line as we would not have written it does not know what else it says. */
static bool is_as_written(const struct evac_rows_line *line, struct evac_str text)
{
    struct evac_buf again;
    evac_buf_init(&again, LINE_MAX_BYTES);
    if (line->kind == EVAC_ROWS_ROW)
        evac_rows_put(&line->row, &again);
    else if (line->kind == EVAC_ROWS_LEAF)
        evac_rows_put_leaf(line->from, line->hash, &again);
    else
        evac_rows_put_tree(line->from, line->level, line->hash, &again);
    bool same = again.n == text.n + 1 && memcmp(again.p, text.p, text.n) == 0;
    evac_buf_done(&again);
    return same;
}

enum evac_code evac_rows_parse(struct evac_str text, struct evac_arena *arena,
                               struct evac_rows_line *ret_line, struct evac_err *err)
{
    struct cursor c = { text, arena, false };
    struct evac_rows_line line = { .kind = EVAC_ROWS_TREE };
    if (evac_str_starts(text, "{\"seq\":")) {
        (void)take(&c, "{\"seq\":");
        line.from = (uint64_t)take_number(&c);
        line.kind = evac_str_starts(c.rest, ",\"kind\"") ? EVAC_ROWS_ROW : EVAC_ROWS_LEAF;
        if (line.kind == EVAC_ROWS_ROW)
            take_row(&c, &line);
        else
            take_hash(&c, "hash", line.hash);
    } else {
        (void)take(&c, "{\"from\":");
        take_tree(&c, &line);
    }
    (void)take(&c, "}");
    if (c.failed || c.rest.n || !is_as_written(&line, text))
        return evac_fail(err, EVAC_E_PARSE, "it is no row as the journal writes it");
    *ret_line = line;
    return EVAC_OK;
}

/* --- all lines -------------------------------------------------------------------------------- */

struct walk {
    struct evac_arena *arena;
    struct evac_rows_reading *r;
    size_t cap, line;
    uint8_t last_hash[32];
    bool linked; /* the row before this one is known by its hash */
};

static void fault(struct walk *w, uint64_t row, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void fault(struct walk *w, uint64_t row, const char *fmt, ...)
{
    struct evac_rows_reading *r = w->r;
    va_list ap;
    if (r->fault_count == EVAC_ROWS_FAULTS_MAX)
        return;
    struct evac_rows_fault *f = &r->faults[r->fault_count++];
    f->line = w->line;
    f->row = row;
    va_start(ap, fmt);
    struct evac_str text = evac_arena_vprintf(w->arena, fmt, ap);
    va_end(ap);
    (void)evac_str_copy(f->text, sizeof f->text, text);
}

static void keep(struct walk *w, const struct evac_row *row)
{
    struct evac_rows_reading *r = w->r;
    if (r->count == w->cap) {
        w->cap = w->cap ? 2 * w->cap : 256;
        struct evac_row *more = evac_arena_array(w->arena, w->cap, sizeof *more);
        if (r->count)
            memcpy(more, r->rows, r->count * sizeof *more);
        r->rows = more;
    }
    r->rows[r->count++] = *row;
}

static void check_row(struct walk *w, const struct evac_rows_line *line)
{
    static const uint8_t none[32];
    const struct evac_row *row = &line->row;
    unsigned long long seq = row->record.seq;
    uint8_t hash[32];
    evac_chain_hash(row, hash);
    if (memcmp(hash, row->hash, 32) != 0)
        fault(w, seq, "row %llu was altered: its hash does not fit its content", seq);
    if (seq == 1 ? memcmp(row->prev_hash, none, 32) != 0
                 : w->linked && memcmp(row->prev_hash, w->last_hash, 32) != 0)
        fault(w, seq,
              "row %llu does not follow row %llu: its link was altered, or the row before it", seq,
              seq - 1);
    keep(w, row);
}

static void check_line(struct walk *w, const struct evac_rows_line *line)
{
    unsigned long long next = w->r->tree.size + 1, from = line->from;
    if (from > next)
        fault(w, next, "row %llu is missing: %llu follows %llu", next, from, next - 1);
    else if (from < next)
        fault(w, from, "row %llu is out of order, or there twice: it follows %llu", from, next - 1);
    if (from != next && w->r->fault_count)
        w->r->faults[w->r->fault_count - 1].missing = true;
    if (line->kind == EVAC_ROWS_ROW)
        check_row(w, line);
    if (!evac_tree_push(&w->r->tree, line->level, line->hash))
        fault(w, from, "rows from %llu on are no whole part of the tree", from);
    w->linked = line->level == 0;
    memcpy(w->last_hash, line->hash, 32);
}

void evac_rows_read(struct evac_str text, struct evac_arena *arena, struct evac_rows_reading *ret)
{
    struct walk w = { .arena = arena, .r = ret };
    memset(ret, 0, sizeof *ret);
    if (text.n && text.p[text.n - 1] != '\n')
        fault(&w, 0, "its last line was cut");
    while (text.n) {
        struct evac_rows_line line;
        struct evac_str one = evac_str_cut(text, '\n', &text);
        w.line++;
        if (evac_rows_parse(one, arena, &line, NULL)) {
            fault(&w, w.r->tree.size + 1,
                  "line %zu (row %llu is expected there) is no row as the "
                  "journal writes it",
                  w.line, (unsigned long long)w.r->tree.size + 1);
            w.linked = false;
            continue;
        }
        check_line(&w, &line);
    }
}

/* --- a journal of them ------------------------------------------------------------------------ */

struct rows_store {
    struct evac_store base;
    const struct evac_row *rows;
    size_t count;
};

static bool passes(const struct evac_store_filter *f, const struct evac_record *r)
{
    return r->seq > f->after_seq && (f->run == 0 || r->run == f->run) &&
           (f->app.n == 0 || evac_str_eq(r->app, f->app)) &&
           (f->kinds == 0 || (f->kinds >> r->kind & 1));
}

static enum evac_code read_rows(struct evac_store *store, const struct evac_store_filter *f,
                                evac_row_fn *fn, void *user, struct evac_err *err)
{
    const struct rows_store *s = (const struct rows_store *)store;
    uint64_t left = f->limit ? f->limit : UINT64_MAX;
    (void)err;
    for (size_t k = 0; k < s->count && left; k++) {
        struct evac_row row = s->rows[f->newest_first ? s->count - 1 - k : k];
        if (!passes(f, &row.record))
            continue;
        if (f->light)
            row.record.data = EVAC_STR_NONE;
        left--;
        if (!fn(user, &row))
            break;
    }
    return EVAC_OK;
}

static enum evac_code append(struct evac_store *store, const struct evac_record *rows, size_t count,
                             struct evac_err *err)
{
    (void)store, (void)rows, (void)count;
    return evac_fail(err, EVAC_E_REFUSED, "a bundle's rows are only read");
}

static uint64_t last_seq(struct evac_store *store)
{
    const struct rows_store *s = (const struct rows_store *)store;
    return s->count ? s->rows[s->count - 1].record.seq : 0;
}

static bool lead(struct evac_store *store, uint64_t *ret_epoch)
{
    (void)store;
    *ret_epoch = 0;
    return false;
}

static void close_rows(struct evac_store *store)
{
    free(store);
}

struct evac_store *evac_rows_store(const struct evac_row *rows, size_t count)
{
    static const struct evac_store_vtable vtable = { append, read_rows, last_seq, lead,
                                                     close_rows };
    struct rows_store *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    *s = (struct rows_store){ { &vtable }, rows, count };
    return &s->base;
}

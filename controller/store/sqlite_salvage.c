#include "sqlite_salvage.h"

#include "chain.h"
#include "never.h"
#include "sqlite_head.h"
#include "sqlite_image.h"
#include "sqlite_rows.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define LEAF      13u /* a page of a table's rows: fileformat2.html, section 1.6 */
#define ROOT      2u  /* the journal's table begins there, as it is the first that is made */
#define NOTES_MAX (256u << 10)
#define ROWS_MAX  (UINT64_C(1) << 28)

/* A row that was found, and on which page. */
struct found {
    uint64_t seq;
    uint32_t page;
    bool good; /* its hash fits its content */
};

struct salvage {
    struct evac_sqlite_image image;
    unsigned char *root; /* the page that ROOT really is */
    sqlite3 *db;         /* sees one page's rows as the whole table */
    sqlite3_stmt *one;
    uint32_t page; /* which */
    struct found *found;
    size_t count, cap;
};

static void *must(void *p)
{
    if (EVAC_IF_NEVER(!p))
        abort();
    return p;
}

/* --- SQLite, shown one page --- */

/* One of nothing but memory, whose lack is all that it can fail by. */
static sqlite3 *open_memory(void)
{
    sqlite3 *db = NULL;
    int code = sqlite3_open(":memory:", &db);
    if (EVAC_IF_NEVER(code != SQLITE_OK))
        abort();
    return db;
}

/* The first page of a journal is always the same but for counts: a new one's is as good. */
static void lay_first_page(struct evac_sqlite_image *image)
{
    sqlite3 *db = open_memory();
    sqlite3_int64 size = 0;
    (void)sqlite3_exec(db, evac_sqlite_first, NULL, NULL, NULL);
    unsigned char *fresh = must(sqlite3_serialize(db, "main", &size, 0));
    memcpy(image->bytes, fresh, image->page_bytes);
    for (int i = 0; i < 4; i++) /* so many pages; the count is as new as the last change */
        image->bytes[28 + i] = (unsigned char)(image->pages >> (24 - 8 * i));
    memcpy(image->bytes + 92, image->bytes + 24, 4);
    sqlite3_free(fresh);
    sqlite3_close(db);
}

static unsigned char *page_at(const struct salvage *s, uint32_t page)
{
    return page == ROOT ? s->root : s->image.bytes + (size_t)(page - 1) * s->image.page_bytes;
}

static void leave_page(struct salvage *s)
{
    sqlite3_finalize(s->one);
    sqlite3_close_v2(s->db);
    s->one = NULL;
    s->db = NULL;
    s->page = 0;
}

/* A leaf laid where the table begins is the table. */
static bool show_page(struct salvage *s, uint32_t page)
{
    if (s->page == page)
        return true;
    leave_page(s);
    memcpy(s->image.bytes + (size_t)(ROOT - 1) * s->image.page_bytes, page_at(s, page),
           s->image.page_bytes);
    s->db = open_memory();
    bool good = sqlite3_deserialize(s->db, "main", s->image.bytes, (sqlite3_int64)s->image.size,
                                    (sqlite3_int64)s->image.size,
                                    SQLITE_DESERIALIZE_READONLY) == SQLITE_OK &&
                sqlite3_prepare_v2(s->db, "SELECT " COLUMNS " FROM journal WHERE seq = ?", -1,
                                   &s->one, NULL) == SQLITE_OK;
    s->page = good ? page : 0;
    return good;
}

/* --- finding --- */

/* False for what is no row of a journal: another table's, or nothing. */
static bool take(sqlite3_stmt *stmt, struct evac_row *row, bool *ret_good)
{
    uint8_t hash[32];
    bool whole = evac_sqlite_take_row(stmt, row);
    if (!whole && sqlite3_column_bytes(stmt, 21) == 0)
        return false;
    if (whole)
        evac_chain_hash(row, hash);
    *ret_good = whole && memcmp(hash, row->hash, 32) == 0;
    return true;
}

static void note_found(struct salvage *s, uint64_t seq, bool good)
{
    if (s->count == s->cap && s->cap < ROWS_MAX) {
        s->cap = s->cap ? 2 * s->cap : 1024;
        s->found = must(realloc(s->found, s->cap * sizeof *s->found));
    }
    if (s->count < s->cap)
        s->found[s->count++] = (struct found){ seq, s->page, good };
}

/* Until a row that can not be read, or `until`. Returns the last number seen. */
static uint64_t scan(struct salvage *s, const char *sql, uint64_t until, bool *ret_broken)
{
    sqlite3_stmt *stmt = NULL;
    struct evac_row row;
    uint64_t last = 0;
    bool good;
    int step = sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL);
    if (step == SQLITE_OK)
        while ((step = sqlite3_step(stmt)) == SQLITE_ROW) {
            uint64_t seq = (uint64_t)sqlite3_column_int64(stmt, 0);
            if (until && seq <= until)
                break;
            if (take(stmt, &row, &good))
                note_found(s, seq, good);
            last = seq;
        }
    *ret_broken = step != SQLITE_DONE && step != SQLITE_ROW;
    sqlite3_finalize(stmt);
    return last;
}

#define BETWEEN_MAX 512u /* rows of a page: it has not room for more */

/* Between two bad places of a page each number is asked for by itself. */
static void ask_between(struct salvage *s, uint64_t after, uint64_t before)
{
    struct evac_row row;
    bool good;
    for (uint64_t seq = after + 1; seq < before && seq - after < BETWEEN_MAX; seq++) {
        sqlite3_bind_int64(s->one, 1, (sqlite3_int64)seq);
        if (sqlite3_step(s->one) == SQLITE_ROW && take(s->one, &row, &good))
            note_found(s, seq, good);
        sqlite3_reset(s->one);
    }
}

#define FRONT "SELECT " COLUMNS " FROM journal ORDER BY seq"
#define BACK  FRONT " DESC"

static bool find_on_page(struct salvage *s, uint32_t page)
{
    bool broken, also = false;
    if (!show_page(s, page))
        return false;
    uint64_t front = scan(s, FRONT, 0, &broken);
    if (!broken)
        return true;
    uint64_t back = scan(s, BACK, front, &also);
    if (also)
        ask_between(s, front, back);
    return false;
}

static int by_seq(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    if (x->seq != y->seq)
        return x->seq < y->seq ? -1 : 1;
    return x->good != y->good ? (x->good ? -1 : 1) : 0;
}

static void find_all(struct salvage *s, struct evac_buf *notes)
{
    unsigned told = 0;
    for (uint32_t page = ROOT; page <= s->image.pages; page++) {
        if (page_at(s, page)[0] != LEAF || find_on_page(s, page) || told++ >= 20)
            continue;
        size_t at = (size_t)(page - 1) * s->image.page_bytes;
        evac_buf_putf(notes, "page %u of the file (its bytes %zu to %zu) can not be read whole\n",
                      page, at, at + s->image.page_bytes - 1);
    }
    if (s->count)
        qsort(s->found, s->count, sizeof *s->found, by_seq);
}

/* --- telling --- */

struct telling {
    evac_salvage_fn *fn;
    void *user;
    struct evac_salvage *ret;
    struct evac_chain chain; /* behind the last row that was told */
    bool linked;             /* that row was good: the next one's link can be judged */
};

static void tell_gap(struct telling *t, uint64_t from, uint64_t to)
{
    if (from > to)
        return;
    const struct evac_salvaged gap = { .from = from, .to = to, .problem = "gone" };
    t->ret->gone += to - from + 1;
    t->linked = false;
    t->fn(t->user, &gap);
}

static const char *problem_of(const struct telling *t, const struct evac_row *row, bool good)
{
    static const uint8_t none[32];
    if (!good)
        return "altered: its hash does not fit its content";
    if (row->record.seq == t->chain.last_seq && t->chain.last_seq)
        return "there twice";
    if (row->record.seq == 1 ? memcmp(row->prev_hash, none, 32) != 0
                             : t->linked && memcmp(row->prev_hash, t->chain.last_hash, 32) != 0)
        return "does not follow the row before it: one of the two was replaced";
    return "";
}

static bool tell_from(sqlite3_stmt *stmt, struct telling *t, const struct found *f)
{
    struct evac_row row;
    bool good;
    while (sqlite3_step(stmt) == SQLITE_ROW)
        if ((uint64_t)sqlite3_column_int64(stmt, 0) == f->seq && take(stmt, &row, &good)) {
            const struct evac_salvaged told = {
                .row = &row, .from = f->seq, .to = f->seq, .problem = problem_of(t, &row, good)
            };
            t->ret->rows++;
            t->ret->damaged += told.problem[0] != '\0';
            t->fn(t->user, &told);
            (void)evac_chain_take(&t->chain, &row);
            t->linked = good;
            return true;
        }
    return false;
}

/* The search for a number may come upon a damaged place on its way; then as it was found. */
static bool tell_row(struct salvage *s, struct telling *t, const struct found *f)
{
    static const char *const walks[] = { FRONT, BACK };
    if (!show_page(s, f->page))
        return false;
    sqlite3_bind_int64(s->one, 1, (sqlite3_int64)f->seq);
    bool told = tell_from(s->one, t, f);
    sqlite3_reset(s->one);
    for (size_t i = 0; !told && i < 2; i++) {
        sqlite3_stmt *stmt = NULL;
        if (sqlite3_prepare_v2(s->db, walks[i], -1, &stmt, NULL) == SQLITE_OK)
            told = tell_from(stmt, t, f);
        sqlite3_finalize(stmt);
    }
    return told;
}

/* Whatever number a damaged row bears: only good ones, and the head, say how far the journal went.
 */
static uint64_t last_number(const struct salvage *s, const char *path, struct evac_buf *notes)
{
    struct evac_chain head = { 0 };
    uint64_t last = 0;
    for (size_t i = 0; i < s->count; i++)
        if (s->found[i].good && s->found[i].seq > last)
            last = s->found[i].seq;
    if (evac_sqlite_head_read(path, &head) && head.last_seq > last) {
        evac_buf_putf(notes,
                      "row %llu was acknowledged (%s.head); the last that can be read is %llu\n",
                      (unsigned long long)head.last_seq, path, (unsigned long long)last);
        last = head.last_seq;
    }
    return last;
}

static void tell_all(struct salvage *s, struct telling *t)
{
    uint64_t next = 1;
    for (size_t i = 0; i < s->count; i++) {
        const struct found *f = &s->found[i];
        if (f->seq <= t->ret->last)
            tell_gap(t, next, f->seq - 1);
        if (tell_row(s, t, f) && f->seq <= t->ret->last && f->seq >= next)
            next = f->seq + 1;
    }
    tell_gap(t, next, t->ret->last);
}

/* --- the rest of the file: indexes, counts, free pages --- */

static int note_finding(void *user, int columns, char **values, char **names)
{
    struct evac_buf *notes = user;
    (void)names;
    if (columns == 1 && values[0] && strcmp(values[0], "ok") != 0)
        evac_buf_putf(notes, "SQLite: %s\n", values[0]);
    return 0;
}

/* An index that does not fit its table hides rows from whoever reads by run or app. */
static void check_structure(const struct evac_sqlite_image *image, struct evac_buf *notes)
{
    sqlite3 *db = open_memory();
    image->bytes[18] = image->bytes[19] = 1; /* the log is laid in: a file without one */
    int code = sqlite3_deserialize(db, "main", image->bytes, (sqlite3_int64)image->size,
                                   (sqlite3_int64)image->size, SQLITE_DESERIALIZE_READONLY);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, "PRAGMA integrity_check(20)", note_finding, notes, NULL);
    if (code != SQLITE_OK)
        evac_buf_putf(notes, "SQLite can not open it: %s\n", sqlite3_errmsg(db));
    sqlite3_close(db);
}

/* --- all of it --- */

static void run(struct salvage *s, const char *path, struct telling *t)
{
    struct evac_buf *notes = &t->ret->notes;
    check_structure(&s->image, notes);
    s->root = must(malloc(s->image.page_bytes));
    memcpy(s->root, s->image.bytes + (size_t)(ROOT - 1) * s->image.page_bytes, s->image.page_bytes);
    lay_first_page(&s->image);
    find_all(s, notes);
    t->ret->last = last_number(s, path, notes);
    tell_all(s, t);
    leave_page(s);
}

enum evac_code evac_store_salvage(const char *path, evac_salvage_fn *fn, void *user,
                                  struct evac_salvage *ret, struct evac_err *err)
{
    struct salvage s = { 0 };
    struct telling t = { .fn = fn, .user = user, .ret = ret };
    long pid = 0;
    int64_t since;
    memset(ret, 0, sizeof *ret);
    evac_buf_init(&ret->notes, NOTES_MAX);
    if (evac_store_sqlite_held(path, &pid, &since))
        return evac_fail(err, EVAC_E_BUSY, "%s is held by a controller (process %ld): ask that one",
                         path, pid);
    enum evac_code code = evac_sqlite_image_read(path, &s.image, &ret->notes, err);
    if (code)
        return code;
    if (s.image.pages >= ROOT)
        run(&s, path, &t);
    else
        evac_buf_puts(&ret->notes, "it is too short to be a journal\n");
    free(s.found);
    free(s.root);
    evac_sqlite_image_done(&s.image);
    return EVAC_OK;
}

bool evac_salvage_is_whole(const struct evac_salvage *salvage)
{
    return salvage->damaged == 0 && salvage->gone == 0 && salvage->notes.n == 0;
}

void evac_salvage_done(struct evac_salvage *salvage)
{
    evac_buf_done(&salvage->notes);
}

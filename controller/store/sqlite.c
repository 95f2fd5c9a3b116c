/*
 * The journal in SQLite. One connection, locking_mode=EXCLUSIVE before the first access (so the
 * wal-index lives in heap and nobody else can write), WAL, synchronous=FULL: a commit that returned
 * is on the disk. A failed write is never retried on the same connection: after a failed fsync
 * nobody knows what the disk holds (RELIABILITY 2.6).
 */
#include "chain.h"
#include "evac/arena.h"
#include "sqlite_lock.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What a run writes row by row, and machines write all the time. All other kinds are few, and asked
 * for by their kind: which runs ended, what the calendar did, who holds a token. Only those are in
 * the indices of kinds, so that the many cost nothing there. A new kind is indexed by itself;
 * another list takes a migration.
 */
#define BULK_KINDS(X)                                                                              \
    X(STEP, "step")                                                                                \
    X(RUN, "run")                                                                                  \
    X(SNAPSHOT, "snapshot")                                                                        \
    X(INTENT, "intent")                                                                            \
    X(OUTCOME, "outcome")                                                                          \
    X(OBSERVE, "observe")                                                                          \
    X(FACT, "fact")                                                                                \
    X(INSTANT, "instant")                                                                          \
    X(GATE_BLOCK, "gate_block")                                                                    \
    X(GATE_PASS, "gate_pass")                                                                      \
    X(SETTLE, "settle")                                                                            \
    X(VERDICT, "verdict")                                                                          \
    X(DECISION, "decision")                                                                        \
    X(LAG, "lag")                                                                                  \
    X(REQUEST, "request")                                                                          \
    X(NOTICE, "notice")
#define X(name, text) EVAC_KIND(name) |
static const uint64_t bulk_kinds = BULK_KINDS(X) 0;
#undef X
/* Not "kind NOT IN (...)", which SQLite would build a table for at every row that is written. */
#define X(name, text) "kind <> '" text "' AND "
#define IS_FEW        BULK_KINDS(X) "1" /* X stays: it is needed where this is used */

/* One row a version of the schema: what leads there from the version before. Append only. */
static const char *const migrations[] = {
    "CREATE TABLE journal ("
    "  seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, run INTEGER NOT NULL, step INTEGER NOT NULL,"
    "  attempt INTEGER NOT NULL, epoch INTEGER NOT NULL, t_boot_ms INTEGER NOT NULL,"
    "  t_wall_ms INTEGER NOT NULL, number INTEGER NOT NULL, app TEXT NOT NULL, name TEXT NOT NULL,"
    "  from_ TEXT NOT NULL, event TEXT NOT NULL, to_ TEXT NOT NULL, who TEXT NOT NULL,"
    "  text TEXT NOT NULL, request_id TEXT NOT NULL, data TEXT NOT NULL, node TEXT NOT NULL,"
    "  boot_id TEXT NOT NULL, prev_hash BLOB NOT NULL, hash BLOB NOT NULL) STRICT;"
    "CREATE INDEX journal_run ON journal (run, seq);"
    "CREATE INDEX journal_app ON journal (app, seq);"
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;"
    "INSERT INTO meta VALUES ('epoch', 0);",
    "CREATE INDEX journal_kind ON journal (kind) WHERE " IS_FEW ";"
    "CREATE INDEX journal_app_kind ON journal (app, kind) WHERE " IS_FEW ";",
};
#define READABLE_VERSION 1 /* from here on a version adds only what makes reading faster */
#define SCHEMA_VERSION   (int)(sizeof migrations / sizeof migrations[0])

#define COLUMNS_OF(data)                                                                           \
    "seq, kind, run, step, attempt, epoch, t_boot_ms, t_wall_ms, number, app, name, from_, event," \
    " to_, who, text, request_id, " data ", node, boot_id, prev_hash, hash"
#define COLUMNS COLUMNS_OF("data")

struct sqlite_store {
    struct evac_store base;
    sqlite3 *db;
    sqlite3_stmt *insert;
    struct evac_sqlite_lock *lock;
    char *path, *node, *boot_id;
    struct evac_chain chain;
    uint64_t epoch, ballast_bytes;
    uint64_t read_work; /* of the newest read */
    bool failed, read_only, ballast_used;
};

static enum evac_code sql_fail(struct sqlite_store *s, const char *what, struct evac_err *err)
{
    int code = s->db ? sqlite3_errcode(s->db) & 0xff : SQLITE_CANTOPEN;
    bool corrupt = code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
        return evac_fail(err, EVAC_E_BUSY, "%s: %s is held by a controller: ask that one", what,
                         s->path);
    return evac_fail(err, corrupt ? EVAC_E_CORRUPT : EVAC_E_STORE, "%s: %s: %s", what, s->path,
                     s->db ? sqlite3_errmsg(s->db) : "out of memory");
}

static enum evac_code run_sql(struct sqlite_store *s, const char *sql, struct evac_err *err)
{
    if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK)
        return EVAC_OK;
    return sql_fail(s, "journal", err);
}

static enum evac_code read_number(struct sqlite_store *s, const char *sql, int64_t *ret,
                                  struct evac_err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool good = sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL) == SQLITE_OK &&
                sqlite3_step(stmt) == SQLITE_ROW;
    if (good)
        *ret = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return good ? EVAC_OK : sql_fail(s, "journal", err);
}

/* --- rows
 * --------------------------------------------------------------------------------------------------
 */

static void bind_text(sqlite3_stmt *stmt, int at, struct evac_str s)
{
    sqlite3_bind_text(stmt, at, s.n ? s.p : "", (int)s.n, SQLITE_STATIC);
}

static void bind_row(sqlite3_stmt *stmt, const struct evac_row *row)
{
    const struct evac_record *r = &row->record;
    const int64_t numbers[] = { (int64_t)r->run,       r->step,      r->attempt, (int64_t)r->epoch,
                                (int64_t)r->t_boot_ms, r->t_wall_ms, r->number };
    const struct evac_str texts[] = { r->app,  r->name,   r->from,     r->event,
                                      r->to,   r->who,    r->text,     r->request_id,
                                      r->data, row->node, row->boot_id };
    int at = 1;
    sqlite3_bind_int64(stmt, at++, (int64_t)r->seq);
    bind_text(stmt, at++, evac_str(evac_record_kind_name(r->kind)));
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sqlite3_bind_int64(stmt, at++, numbers[i]);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        bind_text(stmt, at++, texts[i]);
    sqlite3_bind_blob(stmt, at++, row->prev_hash, 32, SQLITE_STATIC);
    sqlite3_bind_blob(stmt, at++, row->hash, 32, SQLITE_STATIC);
}

static struct evac_str column_text(sqlite3_stmt *stmt, int at)
{
    const unsigned char *p = sqlite3_column_text(stmt, at);
    return (struct evac_str){ (const char *)p, (size_t)sqlite3_column_bytes(stmt, at) };
}

static bool column_hash(sqlite3_stmt *stmt, int at, uint8_t ret_hash[32])
{
    if (sqlite3_column_bytes(stmt, at) != 32)
        return false;
    memcpy(ret_hash, sqlite3_column_blob(stmt, at), 32);
    return true;
}

/* False when a column can not be what we wrote. */
static bool take_row(sqlite3_stmt *stmt, struct evac_row *row)
{
    struct evac_record *r = &row->record;
    struct evac_str *texts[] = { &r->app,  &r->name,   &r->from,     &r->event,
                                 &r->to,   &r->who,    &r->text,     &r->request_id,
                                 &r->data, &row->node, &row->boot_id };
    memset(row, 0, sizeof *row);
    r->seq = (uint64_t)sqlite3_column_int64(stmt, 0);
    bool good = evac_record_kind_parse(column_text(stmt, 1), &r->kind);
    r->run = (uint64_t)sqlite3_column_int64(stmt, 2);
    r->step = (uint32_t)sqlite3_column_int64(stmt, 3);
    r->attempt = (uint32_t)sqlite3_column_int64(stmt, 4);
    r->epoch = (uint64_t)sqlite3_column_int64(stmt, 5);
    r->t_boot_ms = (uint64_t)sqlite3_column_int64(stmt, 6);
    r->t_wall_ms = sqlite3_column_int64(stmt, 7);
    r->number = sqlite3_column_int64(stmt, 8);
    for (int i = 0; i < (int)(sizeof texts / sizeof texts[0]); i++)
        *texts[i] = column_text(stmt, 9 + i);
    return column_hash(stmt, 20, row->prev_hash) && column_hash(stmt, 21, row->hash) && good;
}

/* --- append
 * ------------------------------------------------------------------------------------------------
 */

/* What is written together: records of ours, or rows of another store as they are. */
struct batch {
    const struct evac_record *records;
    const struct evac_row *rows;
    size_t count;
};

static enum evac_code make_row(const struct sqlite_store *s, const struct evac_record *record,
                               struct evac_chain *chain, struct evac_row *row)
{
    *row = (struct evac_row){ .record = *record,
                              .node = evac_str(s->node),
                              .boot_id = evac_str(s->boot_id) };
    memcpy(row->prev_hash, chain->last_hash, 32);
    evac_chain_hash(row, row->hash);
    chain->last_seq = record->seq;
    memcpy(chain->last_hash, row->hash, 32);
    return EVAC_OK;
}

static enum evac_code insert_one(struct sqlite_store *s, struct evac_chain *chain,
                                 const struct batch *batch, size_t i, struct evac_err *err)
{
    struct evac_row made;
    const struct evac_row *row = batch->rows ? &batch->rows[i] : &made;
    enum evac_code code = batch->rows ? evac_chain_check(chain, row, err)
                                      : make_row(s, &batch->records[i], chain, &made);
    if (code)
        return code;
    bind_row(s->insert, row);
    int step = sqlite3_step(s->insert);
    sqlite3_reset(s->insert);
    sqlite3_clear_bindings(s->insert);
    return step == SQLITE_DONE ? EVAC_OK : sql_fail(s, "journal append", err);
}

static enum evac_code write_batch(struct sqlite_store *s, const struct batch *batch,
                                  struct evac_err *err)
{
    struct evac_chain chain = s->chain;
    enum evac_code code = run_sql(s, "BEGIN IMMEDIATE", err);
    for (size_t i = 0; !code && i < batch->count; i++)
        code = insert_one(s, &chain, batch, i, err);
    if (!code)
        code = run_sql(s, "COMMIT", err);
    if (!code)
        s->chain = chain;
    return code;
}

static enum evac_code open_db(struct sqlite_store *s, struct evac_err *err);
static void close_db(struct sqlite_store *s);

/* A full disk: give up the ballast, take a new connection, and write the batch once more, whole.
 * The old connection rolled it back, and the reopened journal says how far it really got. */
static enum evac_code with_ballast(struct sqlite_store *s, const struct batch *batch,
                                   struct evac_err *err)
{
    uint64_t last = s->chain.last_seq;
    if (!evac_sqlite_ballast_drop(s->path))
        return EVAC_E_STORE;
    s->ballast_used = true;
    close_db(s);
    enum evac_code code = open_db(s, err);
    if (code || s->chain.last_seq != last)
        return code ? code
                    : evac_fail(err, EVAC_E_STORE, "the journal moved while the disk was full");
    return write_batch(s, batch, err);
}

/* Another store's rows that do not fit are its fault, not this one's: nothing has failed here. */
static enum evac_code write_all(struct sqlite_store *s, const struct batch *batch,
                                struct evac_err *err)
{
    enum evac_code code = write_batch(s, batch, err);
    bool full = code && (sqlite3_errcode(s->db) & 0xff) == SQLITE_FULL;
    if (code && sqlite3_get_autocommit(s->db) == 0)
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    if (full)
        code = with_ballast(s, batch, err);
    s->failed = code && code != EVAC_E_CORRUPT;
    return code;
}

static enum evac_code writable(const struct sqlite_store *s, struct evac_err *err)
{
    if (s->read_only)
        return evac_fail(err, EVAC_E_REFUSED, "the journal is open for reading only");
    if (s->failed)
        return evac_fail(err, EVAC_E_STORE, "the journal failed before: it must be opened again");
    return EVAC_OK;
}

static enum evac_code append(struct evac_store *store, const struct evac_record *rows, size_t count,
                             struct evac_err *err)
{
    struct sqlite_store *s = (struct sqlite_store *)store;
    enum evac_code code = writable(s, err);
    for (size_t i = 0; !code && i < count; i++)
        if (rows[i].seq != s->chain.last_seq + i + 1)
            code = evac_fail(
                err, EVAC_E_STALE, "row %llu does not continue the journal, which ends at %llu",
                (unsigned long long)rows[i].seq, (unsigned long long)s->chain.last_seq);
    const struct batch batch = { .records = rows, .count = count };
    return code ? code : write_all(s, &batch, err);
}

static enum evac_code take(struct evac_store *store, const struct evac_row *rows, size_t count,
                           struct evac_err *err)
{
    struct sqlite_store *s = (struct sqlite_store *)store;
    enum evac_code code = writable(s, err);
    const struct batch batch = { .rows = rows, .count = count };
    return code ? code : write_all(s, &batch, err);
}

/* --- read
 * ---------------------------------------------------------------------------------------------------
 */

/* Their names are ours: nothing in them needs quoting. */
static void put_kinds(uint64_t kinds, struct evac_buf *sql)
{
    const char *before = " AND kind IN ('";
    for (unsigned k = 0; k < EVAC_RECORD_KIND_COUNT; k++)
        if (kinds >> k & 1) {
            evac_buf_putf(sql, "%s%s", before, evac_record_kind_name((enum evac_record_kind)k));
            before = "','";
        }
    evac_buf_puts(sql, kinds ? "')" : "");
}

/* Asked for by kinds that the indices of kinds have; a run's rows are few, and have their own. */
static bool is_by_kind(const struct evac_store_filter *f)
{
    return f->kinds && !(f->kinds & bulk_kinds) && !f->run;
}

/* SQLite uses a partial index only where the question says the index's own condition, word for
 * word. */
static void put_conditions(const struct evac_store_filter *f, struct evac_buf *sql)
{
    evac_buf_puts(sql, " WHERE seq > ?1");
    if (f->run)
        evac_buf_puts(sql, " AND run = ?2");
    if (f->app.n)
        evac_buf_puts(sql, " AND app = ?3");
    if (f->before_seq)
        evac_buf_puts(sql, " AND seq < ?5");
    put_kinds(f->kinds, sql);
    if (is_by_kind(f))
        evac_buf_puts(sql, " AND " IS_FEW);
}

/* Of several kinds the numbers are found first, kind by kind, and then put in order: otherwise the
 * order would be had by looking at every row. */
static void put_question(const struct evac_store_filter *f, struct evac_buf *sql)
{
    bool several = is_by_kind(f) && (f->kinds & (f->kinds - 1));
    evac_buf_putf(sql, "SELECT %s FROM journal", f->light ? COLUMNS_OF("''") : COLUMNS);
    if (several)
        evac_buf_puts(sql, " WHERE seq IN (SELECT seq FROM journal");
    put_conditions(f, sql);
    evac_buf_puts(sql, several ? ")" : "");
    evac_buf_puts(sql, f->newest_first ? " ORDER BY seq DESC" : " ORDER BY seq");
    if (f->limit)
        evac_buf_puts(sql, " LIMIT ?4");
}

static enum evac_code prepare_read(struct sqlite_store *s, const struct evac_store_filter *f,
                                   sqlite3_stmt **ret_stmt, struct evac_err *err)
{
    struct evac_buf sql;
    evac_buf_init(&sql, 8192);
    put_question(f, &sql);
    int code = sqlite3_prepare_v2(s->db, sql.p, -1, ret_stmt, NULL);
    evac_buf_done(&sql);
    if (code != SQLITE_OK)
        return sql_fail(s, "journal read", err);
    sqlite3_bind_int64(*ret_stmt, 1, (int64_t)f->after_seq);
    if (f->run)
        sqlite3_bind_int64(*ret_stmt, 2, (int64_t)f->run);
    if (f->app.n)
        bind_text(*ret_stmt, 3, f->app);
    if (f->limit)
        sqlite3_bind_int64(*ret_stmt, 4, (int64_t)f->limit);
    if (f->before_seq)
        sqlite3_bind_int64(*ret_stmt, 5, (int64_t)f->before_seq);
    return EVAC_OK;
}

static enum evac_code read_rows(struct evac_store *store, const struct evac_store_filter *f,
                                evac_row_fn *fn, void *user, struct evac_err *err)
{
    struct sqlite_store *s = (struct sqlite_store *)store;
    sqlite3_stmt *stmt = NULL;
    struct evac_row row;
    enum evac_code code = prepare_read(s, f, &stmt, err);
    int step = SQLITE_DONE;
    while (!code && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
        if (!take_row(stmt, &row))
            code = evac_fail(err, EVAC_E_CORRUPT,
                             "row %llu was altered: a column is not what a journal holds",
                             (unsigned long long)row.record.seq);
        else if (!fn(user, &row))
            break;
    }
    if (!code && step != SQLITE_DONE && step != SQLITE_ROW)
        code = sql_fail(s, "journal read", err);
    s->read_work = stmt ? (uint64_t)sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_VM_STEP, 0) : 0;
    sqlite3_finalize(stmt);
    return code;
}

static uint64_t last_seq(struct evac_store *store)
{
    return ((struct sqlite_store *)store)->chain.last_seq;
}

static bool lead(struct evac_store *store, uint64_t *ret_epoch)
{
    struct sqlite_store *s = (struct sqlite_store *)store;
    *ret_epoch = s->epoch;
    return !s->failed && !s->read_only;
}

/* --- opening
 * --------------------------------------------------------------------------------------------------
 */

static enum evac_code migrate(struct sqlite_store *s, struct evac_err *err)
{
    int64_t version;
    char pragma[64];
    enum evac_code code = read_number(s, "PRAGMA user_version", &version, err);
    if (code)
        return code;
    if (version > SCHEMA_VERSION)
        return evac_fail(err, EVAC_E_VERSION,
                         "%s has schema %lld, this evacd knows up to %d: use a newer one", s->path,
                         (long long)version, SCHEMA_VERSION);
    if (s->read_only && version >= READABLE_VERSION)
        return EVAC_OK;
    if (version < SCHEMA_VERSION && s->read_only)
        return evac_fail(err, EVAC_E_VERSION,
                         "%s has the old schema %lld: start a controller on it once", s->path,
                         (long long)version);
    for (; !code && version < SCHEMA_VERSION; version++) {
        code = run_sql(s, "BEGIN IMMEDIATE", err);
        if (!code)
            code = run_sql(s, migrations[version], err);
        snprintf(pragma, sizeof pragma, "PRAGMA user_version = %lld; COMMIT",
                 (long long)version + 1);
        if (!code)
            code = run_sql(s, pragma, err);
    }
    return code;
}

static enum evac_code set_pragmas(struct sqlite_store *s, struct evac_err *err)
{
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (s->read_only)
        return run_sql(s, "PRAGMA cell_size_check = ON; PRAGMA query_only = ON", err);
    return run_sql(
        s,
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
        "PRAGMA synchronous = FULL; PRAGMA cell_size_check = ON; PRAGMA foreign_keys = ON",
        err);
}

#define TAIL_ROWS                                                                                  \
    64 /* of the chain's end are verified at every opening; all of it by evac_store_verify() */

static bool check_tail(void *user, const struct evac_row *row)
{
    struct sqlite_store *s = user;
    if (s->chain.last_seq == 0 && row->record.seq > 1) { /* where the tail begins */
        s->chain.last_seq = row->record.seq - 1;
        memcpy(s->chain.last_hash, row->prev_hash, 32);
    }
    struct evac_err err;
    return evac_chain_check(&s->chain, row, &err) == EVAC_OK;
}

static enum evac_code load_tail(struct sqlite_store *s, struct evac_err *err)
{
    int64_t last = 0;
    enum evac_code code = read_number(s, "SELECT coalesce(max(seq), 0) FROM journal", &last, err);
    memset(&s->chain, 0, sizeof s->chain);
    struct evac_store_filter tail = { .after_seq =
                                          last > TAIL_ROWS ? (uint64_t)last - TAIL_ROWS : 0 };
    if (!code)
        code = read_rows(&s->base, &tail, check_tail, s, err);
    if (!code && s->chain.last_seq != (uint64_t)last)
        code = evac_fail(err, EVAC_E_CORRUPT,
                         "%s: the chain breaks at row %llu: 'evac journal verify' says more",
                         s->path, (unsigned long long)s->chain.last_seq + 1);
    return code;
}

static enum evac_code open_db(struct sqlite_store *s, struct evac_err *err)
{
    int flags = s->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    if (sqlite3_open_v2(s->path, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return sql_fail(s, "journal", err);
    sqlite3_extended_result_codes(s->db, 1);
    enum evac_code code = set_pragmas(s, err);
    if (!code)
        code = migrate(s, err);
    if (!code)
        code = load_tail(s, err);
    if (!code && !s->read_only &&
        sqlite3_prepare_v3(s->db,
                           "INSERT INTO journal (" COLUMNS ") VALUES "
                           "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                           -1, SQLITE_PREPARE_PERSISTENT, &s->insert, NULL) != SQLITE_OK)
        code = sql_fail(s, "journal", err);
    return code;
}

static void close_db(struct sqlite_store *s)
{
    sqlite3_finalize(s->insert);
    sqlite3_close_v2(s->db);
    s->insert = NULL;
    s->db = NULL;
}

static enum evac_code take_epoch(struct sqlite_store *s, struct evac_err *err)
{
    int64_t epoch = 0;
    enum evac_code code = run_sql(s, "UPDATE meta SET value = value + 1 WHERE key = 'epoch'", err);
    if (!code)
        code = read_number(s, "SELECT value FROM meta WHERE key = 'epoch'", &epoch, err);
    s->epoch = (uint64_t)epoch;
    return code;
}

static void close_store(struct evac_store *store)
{
    struct sqlite_store *s = (struct sqlite_store *)store;
    close_db(s);
    evac_sqlite_unlock(s->lock);
    free(s->path);
    free(s->node);
    free(s->boot_id);
    free(s);
}

static const struct evac_store_vtable vtable = { append,      read_rows, last_seq, lead,
                                                 close_store, take,      NULL };

enum evac_code evac_store_open_sqlite(const struct evac_store_options *options,
                                      struct evac_store **ret_store, struct evac_err *err)
{
    struct sqlite_store *s = calloc(1, sizeof *s);
    if (!s || !(s->path = strdup(options->path)) ||
        !(s->node = strdup(options->node ? options->node : "")) ||
        !(s->boot_id = strdup(options->boot_id ? options->boot_id : "")))
        abort();
    s->base.vt = &vtable;
    s->read_only = options->read_only;
    s->ballast_bytes = options->ballast_bytes;

    enum evac_code code = EVAC_OK;
    if (!s->read_only)
        code = evac_sqlite_lock(s->path, &s->lock, err);
    if (!code && !s->read_only)
        code = evac_sqlite_make_file(s->path, err);
    if (!code)
        code = open_db(s, err);
    if (!code && !s->read_only)
        code = take_epoch(s, err);
    if (!code && !s->read_only && s->ballast_bytes)
        evac_sqlite_ballast_make(s->path, s->ballast_bytes);
    if (code) {
        close_store(&s->base);
        return code;
    }
    *ret_store = &s->base;
    return EVAC_OK;
}

bool evac_store_sqlite_ballast_used(const struct evac_store *store)
{
    return store->vt == &vtable && ((const struct sqlite_store *)store)->ballast_used;
}

uint64_t evac_store_sqlite_work(const struct evac_store *store)
{
    return store->vt == &vtable ? ((const struct sqlite_store *)store)->read_work : 0;
}

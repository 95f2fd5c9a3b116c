/*
 * The journal in SQLite. One connection, locking_mode=EXCLUSIVE before the first access (so the
 * wal-index lives in heap and nobody else can write), WAL, synchronous=FULL: a commit that returned
 * is on the disk. A failed write is never retried on the same connection: after a failed fsync
 * nobody knows what the disk holds (RELIABILITY 2.6). So the connection is then given up without
 * SQLite's last checkpoint, which would sync the same file again and be told that all is well; and
 * checkpoints are this file's own, since SQLite's automatic one keeps its failure to itself.
 */
#include "chain.h"
#include "evac/arena.h"
#include "never.h"
#include "sqlite_head.h"
#include "sqlite_lock.h"
#include "sqlite_rows.h"
#include "sqlite_wal.h"

#include <errno.h>
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
    evac_sqlite_first,
    "CREATE INDEX journal_kind ON journal (kind) WHERE " IS_FEW ";"
    "CREATE INDEX journal_app_kind ON journal (app, kind) WHERE " IS_FEW ";",
};
#define WIDER_PAGES      256 /* a megabyte: a failover's rows are a quarter of it */
#define READABLE_VERSION 1   /* from here on a version adds only what makes reading faster */
#define SCHEMA_VERSION   (int)(sizeof migrations / sizeof migrations[0])

struct sqlite_store {
    struct evac_store base;
    sqlite3 *db;
    sqlite3_stmt *insert;
    struct evac_sqlite_lock *lock;
    struct evac_sqlite_head *head;
    char *path, *node, *boot_id;
    struct evac_chain chain;
    uint64_t epoch, ballast_bytes;
    uint64_t read_work;                              /* of the newest read */
    int wal_pages, checkpoint_pages, checkpoint_due; /* pages of the write-ahead log */
    int wide_pages;                                  /* its file has room for */
    int settled;                                     /* SQLite's code of evac_sqlite_wal_settle() */
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
    evac_sqlite_bind_row(s->insert, row);
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

/* A disk that finds out only when it syncs says so by the system's number alone. */
static bool is_full(const struct sqlite_store *s)
{
    int code = (s->db ? sqlite3_errcode(s->db) : s->settled) & 0xff;
    int system = s->db ? sqlite3_system_errno(s->db) : 0;
    return code == SQLITE_FULL || (code == SQLITE_IOERR && (system == ENOSPC || system == EDQUOT));
}

/* No last checkpoint: whatever the disk holds stays as it is for the next connection to read. */
static void give_up_connection(struct sqlite_store *s)
{
    if (s->db)
        sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    close_db(s);
}

/* A full disk: give up the ballast, once. True when there was one. */
static bool give_up_ballast(struct sqlite_store *s)
{
    if (!evac_sqlite_ballast_drop(s->path))
        return false;
    s->ballast_used = true;
    return true;
}

/* Take a new connection, and write the batch once more, whole. The old connection rolled it back,
 * and the reopened journal says how far it really got. */
static enum evac_code with_ballast(struct sqlite_store *s, const struct batch *batch,
                                   struct evac_err *err)
{
    uint64_t last = s->chain.last_seq;
    if (!give_up_ballast(s))
        return EVAC_E_STORE;
    give_up_connection(s);
    enum evac_code code = open_db(s, err);
    if (code || s->chain.last_seq != last)
        return code ? code
                    : evac_fail(err, EVAC_E_STORE, "the journal moved while the disk was full");
    return write_batch(s, batch, err);
}

static int note_wal(void *user, sqlite3 *db, const char *schema, int pages)
{
    struct sqlite_store *s = user;
    (void)db;
    (void)schema;
    s->wal_pages = pages;
    return SQLITE_OK;
}

/* Before the log gets there. False: a sync may have been lost. */
static bool widen(struct sqlite_store *s)
{
    if (s->wide_pages >= s->checkpoint_pages || s->wal_pages + WIDER_PAGES / 4 < s->wide_pages)
        return true;
    int left = s->checkpoint_pages - s->wide_pages;
    s->wide_pages += left < WIDER_PAGES ? left : WIDER_PAGES;
    return evac_sqlite_wal_widen(s->db, s->wide_pages);
}

/* What was appended is durable, whatever becomes of this. A full disk is not the end of it: the log
 * can grow on, and the next checkpoint begins anew. After any other failure a sync may have been
 * lost: the next append refuses, and the journal is opened again. */
static void checkpoint(struct sqlite_store *s)
{
    if (s->wal_pages < s->checkpoint_due)
        return;
    int code = sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    s->checkpoint_due = s->checkpoint_pages;
    if (code == SQLITE_OK)
        return;
    if (is_full(s))
        (void)give_up_ballast(s);
    s->failed = (code & 0xff) != SQLITE_FULL;
    s->checkpoint_due += s->wal_pages;
}

static enum evac_code write_all(struct sqlite_store *s, const struct batch *batch,
                                struct evac_err *err)
{
    enum evac_code code = write_batch(s, batch, err);
    bool full = code && is_full(s);
    if (code && sqlite3_get_autocommit(s->db) == 0)
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    if (full)
        code = with_ballast(s, batch, err);
    s->failed = code && code != EVAC_E_CORRUPT;
    if (code)
        return code;
    evac_sqlite_head_set(s->head, &s->chain);
    checkpoint(s);
    s->failed = s->failed || !widen(s);
    return EVAC_OK;
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
        evac_sqlite_bind_text(*ret_stmt, 3, f->app);
    if (f->limit)
        sqlite3_bind_int64(*ret_stmt, 4, (int64_t)f->limit);
    if (f->before_seq)
        sqlite3_bind_int64(*ret_stmt, 5, (int64_t)f->before_seq);
    return EVAC_OK;
}

static enum evac_code row_of(struct sqlite_store *s, sqlite3_stmt *stmt, struct evac_row *row,
                             struct evac_err *err)
{
    if (evac_sqlite_take_row(stmt, row))
        return EVAC_OK;
    if (sqlite3_errcode(s->db) == SQLITE_NOMEM)
        return sql_fail(s, "journal read", err);
    return evac_fail(err, EVAC_E_CORRUPT,
                     "row %llu was altered: a column is not what a journal holds",
                     (unsigned long long)row->record.seq);
}

/* All rows, whole and in their order: then each is checked as it goes by, so that a replay stops
 * before what was altered instead of believing it. */
static bool reads_all(const struct evac_store_filter *f)
{
    return !f->after_seq && !f->before_seq && !f->run && !f->app.n && !f->limit && !f->kinds &&
           !f->newest_first && !f->light;
}

static enum evac_code read_rows(struct evac_store *store, const struct evac_store_filter *f,
                                evac_row_fn *fn, void *user, struct evac_err *err)
{
    struct sqlite_store *s = (struct sqlite_store *)store;
    struct evac_chain chain = { 0 };
    sqlite3_stmt *stmt = NULL;
    struct evac_row row;
    bool all = reads_all(f);
    enum evac_code code = prepare_read(s, f, &stmt, err);
    int step = SQLITE_DONE;
    while (!code && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
        code = row_of(s, stmt, &row, err);
        if (!code && all)
            code = evac_chain_check(&chain, &row, err);
        if (!code && !fn(user, &row))
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
        "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA cell_size_check = ON;"
        "PRAGMA foreign_keys = ON",
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

/* The row that was acknowledged last, as the file beside the journal has it, must be there. */
static enum evac_code check_head(struct sqlite_store *s, struct evac_err *err)
{
    struct evac_chain head, found = { 0 };
    if (!evac_sqlite_head_read(s->path, &head) || head.last_seq == 0)
        return EVAC_OK;
    if (head.last_seq > s->chain.last_seq)
        return evac_fail(err, EVAC_E_CORRUPT,
                         "%s: rows %llu to %llu are gone: they were durable (%s.head)", s->path,
                         (unsigned long long)s->chain.last_seq + 1,
                         (unsigned long long)head.last_seq, s->path);
    const struct evac_store_filter one = { .after_seq = head.last_seq - 1, .limit = 1 };
    enum evac_code code = read_rows(&s->base, &one, evac_chain_take, &found, err);
    if (!code && (found.last_seq != head.last_seq || memcmp(found.last_hash, head.last_hash, 32)))
        code =
            evac_fail(err, EVAC_E_CORRUPT, "%s: row %llu is not the one that was written (%s.head)",
                      s->path, (unsigned long long)head.last_seq, s->path);
    return code;
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
        code = evac_fail(err, EVAC_E_CORRUPT, "%s: the chain breaks at row %llu", s->path,
                         (unsigned long long)s->chain.last_seq + 1);
    return code ? code : check_head(s, err);
}

static enum evac_code ready_to_write(struct sqlite_store *s, struct evac_err *err)
{
    s->wal_pages = 0;
    s->checkpoint_due = s->checkpoint_pages;
    sqlite3_wal_hook(s->db, note_wal, s);
    s->wide_pages = 0;
    if (!widen(s))
        return evac_fail(err, EVAC_E_STORE, "journal: %s-wal could not be synced", s->path);
    if (sqlite3_prepare_v3(s->db,
                           "INSERT INTO journal (" COLUMNS ") VALUES "
                           "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                           -1, SQLITE_PREPARE_PERSISTENT, &s->insert, NULL) != SQLITE_OK)
        return sql_fail(s, "journal", err);
    return EVAC_OK;
}

static enum evac_code open_db(struct sqlite_store *s, struct evac_err *err)
{
    int flags = s->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    s->settled = s->read_only ? SQLITE_OK : evac_sqlite_wal_settle(s->path, err);
    enum evac_code code = s->settled == SQLITE_OK ? EVAC_OK : EVAC_E_STORE;
    if (!code && sqlite3_open_v2(s->path, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        code = sql_fail(s, "journal", err);
    if (!code)
        sqlite3_extended_result_codes(s->db, 1);
    if (!code)
        code = set_pragmas(s, err);
    if (!code)
        code = migrate(s, err);
    if (!code)
        code = load_tail(s, err);
    if (!code && !s->read_only)
        code = ready_to_write(s, err);
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

/* It takes a little room to begin: on a full disk that is what the ballast is for as well. */
static enum evac_code open_to_write(struct sqlite_store *s, struct evac_err *err)
{
    enum evac_code code = open_db(s, err);
    if (!code)
        code = take_epoch(s, err);
    if (!code || !is_full(s) || !give_up_ballast(s))
        return code;
    give_up_connection(s);
    code = open_db(s, err);
    return code ? code : take_epoch(s, err);
}

static void close_store(struct evac_store *store)
{
    struct sqlite_store *s = (struct sqlite_store *)store;
    if (s->failed)
        give_up_connection(s);
    close_db(s);
    evac_sqlite_head_close(s->head);
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
    if (EVAC_IF_NEVER(!s))
        abort();
    s->path = strdup(options->path);
    s->node = strdup(options->node ? options->node : "");
    s->boot_id = strdup(options->boot_id ? options->boot_id : "");
    if (EVAC_IF_NEVER(!s->path || !s->node || !s->boot_id))
        abort();
    s->base.vt = &vtable;
    s->read_only = options->read_only;
    s->ballast_bytes = options->ballast_bytes;
    s->checkpoint_pages = options->checkpoint_pages ? (int)options->checkpoint_pages : 1000;

    enum evac_code code = EVAC_OK;
    if (!s->read_only)
        code = evac_sqlite_lock(s->path, &s->lock, err);
    if (!code && !s->read_only)
        code = evac_sqlite_make_file(s->path, err);
    if (!code)
        code = s->read_only ? open_db(s, err) : open_to_write(s, err);
    if (!code && !s->read_only)
        s->head = evac_sqlite_head_open(s->path);
    if (!code && !s->read_only && s->ballast_bytes)
        s->ballast_used |= !evac_sqlite_ballast_make(s->path, s->ballast_bytes);
    s->failed = code != EVAC_OK; /* what is damaged stays as it is found */
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

bool evac_store_sqlite_ballast_again(struct evac_store *store)
{
    struct sqlite_store *s = (struct sqlite_store *)store;
    if (store->vt != &vtable || s->read_only || !s->ballast_bytes)
        return false;
    s->ballast_used = !evac_sqlite_ballast_make(s->path, s->ballast_bytes);
    return !s->ballast_used;
}

/*
 * The journal: append, read, lead. Append-only and hash-chained: each row's hash covers its
 * canonical bytes and the hash of the row before it. One store, one writer.
 */
#ifndef EVAC_STORE_H
#define EVAC_STORE_H

#include "evac/buf.h"
#include "evac/err.h"
#include "record.h"

struct evac_store;

/* A row as it lies in the store. */
struct evac_row {
    struct evac_record record;
    struct evac_str node, boot_id;
    uint8_t prev_hash[32];
    uint8_t
        hash[32]; /* SHA-256(0x00 || canonical(record) || node || 0 || boot_id || 0 || prev_hash) */
};

/* Of a store whose appends take time. Both are called later, never from inside an append, and
 * what they point at lives through the call. */
struct evac_store_listener {
    void *user;
    /* These rows, the next that were accepted, are durable now, and can be read. */
    void (*durable)(void *user, const struct evac_record *rows, size_t count);
    /* Nothing more becomes durable here: whether rows that were accepted did is not known. */
    void (*lost)(void *user, const char *why);
};

/* Return false to stop. The row's texts are valid only inside the call. */
typedef bool evac_row_fn(void *user, const struct evac_row *row);

#define EVAC_KIND(name) (UINT64_C(1) << EVAC_RECORD_##name)

struct evac_store_filter {
    uint64_t after_seq;  /* rows with seq > this */
    uint64_t before_seq; /* ... and < this; 0: any */
    uint64_t run;        /* 0: any */
    struct evac_str app; /* "": any */
    uint64_t limit;      /* 0: none */
    uint64_t kinds;      /* EVAC_KIND() of those wanted, or-ed; 0: any */
    bool newest_first;
    bool light; /* without data, which is most of a row: what is read so has no hash that fits */
};

struct evac_store_vtable {
    /* All rows or none, durable when it returns EVAC_OK (group commit: one durable write a batch).
     * seq must continue without a gap (EVAC_E_STALE otherwise: another writer). After a failed
     * write the store refuses everything with EVAC_E_STORE until it is reopened: a failed fsync is
     * never retried. */
    enum evac_code (*append)(struct evac_store *store, const struct evac_record *rows, size_t count,
                             struct evac_err *err);
    enum evac_code (*read)(struct evac_store *store, const struct evac_store_filter *filter,
                           evac_row_fn *fn, void *user, struct evac_err *err);
    uint64_t (*last_seq)(struct evac_store *store);
    /* The lead: true while this process may write. epoch grows with each taking of it. */
    bool (*lead)(struct evac_store *store, uint64_t *ret_epoch);
    void (*close)(struct evac_store *store);

    /* Rows of another store, as they are: their node, boot id and hashes stay. Durable as append's.
     * EVAC_E_CORRUPT, and none is taken, if they do not continue this chain. NULL: it can not. */
    enum evac_code (*take)(struct evac_store *store, const struct evac_row *rows, size_t count,
                           struct evac_err *err);
    /* NULL: what append returned EVAC_OK for is durable. Otherwise EVAC_OK says that the rows are
     * accepted, in order, and the listener hears what becomes of them; last_seq and read know only
     * what is durable. NULL takes the listener away. */
    void (*listen)(struct evac_store *store, const struct evac_store_listener *listener);
};

/* Embedded in every implementation, first member. */
struct evac_store {
    const struct evac_store_vtable *vt;
};

struct evac_store_options {
    const char *path;          /* sqlite: the file; its folder must exist */
    const char *node;          /* written to each row */
    const char *boot_id;       /* written to each row */
    bool read_only;            /* append refused, nothing is changed */
    uint64_t ballast_bytes;    /* sqlite: 0 no ballast */
    uint32_t checkpoint_pages; /* sqlite: the log is written back after so many; 0: 1000 */
};

/*
 * SQLite, WAL, synchronous=FULL, one connection, locking_mode=EXCLUSIVE, STRICT tables, defensive.
 * Takes the lock file path + ".lock" (flock): a second opener gets EVAC_E_BUSY with the holder's
 * process id. Makes or migrates the schema (PRAGMA user_version; a newer one is EVAC_E_VERSION).
 * Verifies the chain's last rows on opening, and that the row that was acknowledged last is there
 * (path + ".head" has its number and hash); whoever reads all rows has each verified as it goes by.
 * Damage is EVAC_E_CORRUPT, and the file stays as it was found. Keeps a ballast file (path +
 * ".ballast", fallocate) that is given up on a full disk so that a run can end; says so by
 * evac_store_sqlite_ballast_used(). While a writer is open nobody else can read the file: ask the
 * controller.
 */
enum evac_code evac_store_open_sqlite(const struct evac_store_options *options,
                                      struct evac_store **ret_store, struct evac_err *err);

/* Does a process that is alive hold that journal? Says which, and since when (wall ms); nothing is
 * changed, and there may be no such file. For an instant whoever opens it may be refused. */
bool evac_store_sqlite_held(const char *path, long *ret_pid, int64_t *ret_since_ms);

/* There is no ballast: the disk was full and it was given up, or has no room for one. It is made
 * anew at the next opening that finds room. */
bool evac_store_sqlite_ballast_used(const struct evac_store *store);
/* Make it anew, if there is room now. True when it is there. */
bool evac_store_sqlite_ballast_again(struct evac_store *store);

/* What the newest read took, in SQLite's own steps: some tens a row that was looked at, whatever
 * else the machine does. For tests of what must not look at every row. */
uint64_t evac_store_sqlite_work(const struct evac_store *store);

/* In memory, for tests and virtual time; same chain, no durability. */
struct evac_store *evac_store_new_memory(const char *node, const char *boot_id);

void evac_store_close(struct evac_store *store); /* NULL is fine */

/* Walk the whole chain. *ret_rows is how many are good. EVAC_E_CORRUPT names the first bad row and
 * what is wrong with it: altered, missing, out of order. */
enum evac_code evac_store_verify(struct evac_store *store, uint64_t *ret_rows,
                                 struct evac_err *err);

/* One row by its number; the row's texts live in *arena. EVAC_E_NOTFOUND if there is none. */
struct evac_arena;
enum evac_code evac_store_row(struct evac_store *store, uint64_t seq, struct evac_arena *arena,
                              struct evac_row *ret_row, struct evac_err *err);

/* A row as one JSON object (one line, no newline), hashes in hex. */
void evac_row_json(const struct evac_row *row, struct evac_buf *out);
#endif

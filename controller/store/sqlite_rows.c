#include "sqlite_rows.h"

#include <string.h>

const char evac_sqlite_first[] =
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
    "INSERT INTO meta VALUES ('epoch', 0);";

void evac_sqlite_bind_text(sqlite3_stmt *stmt, int at, struct evac_str s)
{
    sqlite3_bind_text(stmt, at, s.n ? s.p : "", (int)s.n, SQLITE_STATIC);
}

void evac_sqlite_bind_row(sqlite3_stmt *stmt, const struct evac_row *row)
{
    const struct evac_record *r = &row->record;
    const int64_t numbers[] = { (int64_t)r->run,       r->step,      r->attempt, (int64_t)r->epoch,
                                (int64_t)r->t_boot_ms, r->t_wall_ms, r->number };
    const struct evac_str texts[] = { r->app,  r->name,   r->from,     r->event,
                                      r->to,   r->who,    r->text,     r->request_id,
                                      r->data, row->node, row->boot_id };
    int at = 1;
    sqlite3_bind_int64(stmt, at++, (int64_t)r->seq);
    evac_sqlite_bind_text(stmt, at++, evac_str(evac_record_kind_name(r->kind)));
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sqlite3_bind_int64(stmt, at++, numbers[i]);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        evac_sqlite_bind_text(stmt, at++, texts[i]);
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

bool evac_sqlite_take_row(sqlite3_stmt *stmt, struct evac_row *row)
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
    for (int i = 0; i < (int)(sizeof texts / sizeof texts[0]); i++) {
        *texts[i] = column_text(stmt, 9 + i);
        good = good && texts[i]->p; /* none has NULL: without memory SQLite gives one */
    }
    return column_hash(stmt, 20, row->prev_hash) && column_hash(stmt, 21, row->hash) && good;
}

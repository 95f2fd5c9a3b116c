/* A row of the journal as SQLite's columns, both ways. */
#ifndef EVAC_SQLITE_ROWS_H
#define EVAC_SQLITE_ROWS_H

#include "store.h"

#include <sqlite3.h>

/* The first version of the schema: its tables, which none after it may alter. */
extern const char evac_sqlite_first[];

#define COLUMNS_OF(data)                                                                           \
    "seq, kind, run, step, attempt, epoch, t_boot_ms, t_wall_ms, number, app, name, from_, event," \
    " to_, who, text, request_id, " data ", node, boot_id, prev_hash, hash"
#define COLUMNS COLUMNS_OF("data")

void evac_sqlite_bind_text(sqlite3_stmt *stmt, int at, struct evac_str s);
/* All of COLUMNS, from parameter 1 on. The row must live until the statement is reset. */
void evac_sqlite_bind_row(sqlite3_stmt *stmt, const struct evac_row *row);
/* COLUMNS of the current result row; texts are SQLite's, valid until the next step. False when a
 * column can not be what we wrote: row->record.seq is good all the same. */
bool evac_sqlite_take_row(sqlite3_stmt *stmt, struct evac_row *row);
#endif

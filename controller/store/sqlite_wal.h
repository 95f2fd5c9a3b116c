/* SQLite's write-ahead log as a file: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
 */
#ifndef EVAC_SQLITE_WAL_H
#define EVAC_SQLITE_WAL_H

#include "evac/err.h"

#include <stdbool.h>

struct sqlite3;

/*
 * Before a journal is opened to write. A connection before, in this process or in one that died,
 * may have had a sync that failed: Linux then calls the pages clean that never reached the disk,
 * and a later sync says that all is well. What can be read now is what SQLite will build on, so it
 * is written once more, in place, byte for byte, and synced: then it is on the disk, or this fails.
 * Returns SQLite's code.
 */
int evac_sqlite_wal_settle(const char *path, struct evac_err *err);

/*
 * Of an open journal: makes the log's file long enough for so many pages. A sync that finds the
 * file's size as it was has the pages to write alone, and not the file system's journal as well: it
 * takes two thirds of the time. What it is filled with is no frame. Without room on the disk the
 * log stays as it is. False: a sync failed, and what was written before may be lost.
 */
bool evac_sqlite_wal_widen(struct sqlite3 *db, int pages);
#endif

#include "sqlite_wal.h"

#include "never.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK      (64 * 1024)
#define PAGE_BYTES 4096 /* SQLite's own choice */

static int write_again(sqlite3_file *file)
{
    static unsigned char chunk[CHUNK]; /* one thread opens journals */
    sqlite3_int64 size = 0;
    int code = file->pMethods->xFileSize(file, &size);
    for (sqlite3_int64 at = 0; code == SQLITE_OK && at < size; at += CHUNK) {
        int n = size - at < CHUNK ? (int)(size - at) : CHUNK;
        code = file->pMethods->xRead(file, chunk, n, at);
        if (code == SQLITE_OK)
            code = file->pMethods->xWrite(file, chunk, n, at);
    }
    if (code == SQLITE_OK && size > 0)
        code = file->pMethods->xSync(file, SQLITE_SYNC_FULL);
    return code;
}

/* By SQLite's own door to the system, so that what stands in for it in tests is asked as well. */
static int settle(sqlite3_vfs *vfs, const char *name)
{
    int there = 0, code = vfs->xAccess(vfs, name, SQLITE_ACCESS_EXISTS, &there);
    if (code != SQLITE_OK || !there)
        return code;
    sqlite3_file *file = calloc(1, (size_t)vfs->szOsFile);
    if (EVAC_IF_NEVER(!file))
        return SQLITE_NOMEM;
    code = vfs->xOpen(vfs, name, file, SQLITE_OPEN_WAL | SQLITE_OPEN_READWRITE, NULL);
    if (code == SQLITE_OK)
        code = write_again(file);
    if (file->pMethods)
        file->pMethods->xClose(file);
    free(file);
    return code;
}

int evac_sqlite_wal_settle(const char *path, struct evac_err *err)
{
    char name[4096];
    int n = snprintf(name, sizeof name, "%s-wal", path), code = SQLITE_TOOBIG;
    if (n > 0 && (size_t)n < sizeof name)
        code = sqlite3_initialize();
    if (code == SQLITE_OK)
        code = settle(sqlite3_vfs_find(NULL), name);
    if (code != SQLITE_OK)
        (void)evac_fail(err, EVAC_E_STORE, "journal: %s-wal: %s", path, sqlite3_errstr(code));
    return code;
}

#define LOG_HEADER   32
#define FRAME_HEADER 24

/* False: there is no room. */
static bool fill(sqlite3_file *file, sqlite3_int64 from, sqlite3_int64 to)
{
    static const unsigned char nothing[CHUNK];
    int code = SQLITE_OK;
    for (sqlite3_int64 at = from; code == SQLITE_OK && at < to; at += CHUNK)
        code = file->pMethods->xWrite(file, nothing, to - at < CHUNK ? (int)(to - at) : CHUNK, at);
    return code == SQLITE_OK;
}

bool evac_sqlite_wal_widen(sqlite3 *db, int pages)
{
    sqlite3_file *file = NULL;
    sqlite3_int64 has = 0, wants = LOG_HEADER + (sqlite3_int64)pages * (FRAME_HEADER + PAGE_BYTES);
    if (sqlite3_file_control(db, NULL, SQLITE_FCNTL_JOURNAL_POINTER, &file) || !file->pMethods ||
        file->pMethods->xFileSize(file, &has) || has >= wants || !fill(file, has, wants))
        return true;
    return file->pMethods->xSync(file, SQLITE_SYNC_FULL) == SQLITE_OK;
}

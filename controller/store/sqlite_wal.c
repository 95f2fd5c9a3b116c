#include "sqlite_wal.h"

#include "never.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK (64 * 1024)

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

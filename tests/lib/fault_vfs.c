#include "fault_vfs.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECTOR    512
#define FILES_MAX 8
#define BYTES_MAX (8u << 20) /* of a file */

/* A write, or with no bytes the setting of the size. */
struct change {
    size_t at, n;
    uint8_t *bytes;
};

struct file {
    char name[256]; /* "": free */
    uint8_t *now, *disk;
    size_t now_size, disk_size;
    struct change *changes; /* since the last sync */
    size_t count, cap;
    bool exists;
    bool entry_on_disk; /* the folder was synced since it was made */
    uint8_t *ghost;     /* what was deleted under that name, and may be there again after a cut */
    size_t ghost_size;
};

struct handle {
    sqlite3_file base;
    struct file *file;
    unsigned opening;
};

static struct file files[FILES_MAX];
static struct fault armed;
static unsigned calls[FAULT_CALL_COUNT], resynced, open_files, cut_at;
static unsigned opening,
    failed_opening; /* which opening of the main file; that of the last bad sync */
static bool hit, dark;
static int last_errno;
static sqlite3_vfs *real;

/* --- files --- */

static void *grown(void *p, size_t bytes)
{
    p = realloc(p, bytes);
    if (!p)
        abort();
    return p;
}

static void forget_changes(struct file *f)
{
    for (size_t i = 0; i < f->count; i++)
        free(f->changes[i].bytes);
    f->count = 0;
}

static void note_change(struct file *f, size_t at, const void *bytes, size_t n)
{
    if (f->count == f->cap) {
        f->cap = f->cap ? 2 * f->cap : 64;
        f->changes = grown(f->changes, f->cap * sizeof *f->changes);
    }
    struct change *c = &f->changes[f->count++];
    *c = (struct change){ at, n, n ? grown(NULL, n) : NULL };
    if (n)
        memcpy(c->bytes, bytes, n);
}

static void resize(uint8_t **bytes, size_t *size, size_t to)
{
    if (to > BYTES_MAX)
        abort();
    if (to > *size) {
        *bytes = grown(*bytes, to);
        memset(*bytes + *size, 0, to - *size);
    }
    *size = to;
}

static void put(uint8_t **bytes, size_t *size, const struct change *c)
{
    if (c->n == 0 || c->at + c->n > *size)
        resize(bytes, size, c->n ? c->at + c->n : c->at);
    if (c->n)
        memcpy(*bytes + c->at, c->bytes, c->n);
}

static void change(struct file *f, size_t at, const void *bytes, size_t n)
{
    note_change(f, at, bytes, n);
    put(&f->now, &f->now_size, &f->changes[f->count - 1]);
}

static void wipe(struct file *f)
{
    forget_changes(f);
    free(f->changes);
    free(f->now);
    free(f->disk);
    free(f->ghost);
    memset(f, 0, sizeof *f);
}

static void sync_folder(void)
{
    for (size_t i = 0; i < FILES_MAX; i++) {
        struct file *f = &files[i];
        free(f->ghost);
        f->ghost = NULL;
        f->ghost_size = 0;
        f->entry_on_disk = f->exists;
        if (!f->exists)
            wipe(f);
    }
}

/* SQLite syncs the folder with the first sync of a file that it made. */
static void settle(struct file *f)
{
    for (size_t i = 0; i < f->count; i++)
        put(&f->disk, &f->disk_size, &f->changes[i]);
    forget_changes(f);
    if (!f->entry_on_disk)
        sync_folder();
}

/* Deleted, but the folder is not synced. */
static void bury(struct file *f)
{
    if (f->entry_on_disk) {
        free(f->ghost);
        f->ghost = f->disk;
        f->ghost_size = f->disk_size;
    } else {
        free(f->disk);
    }
    free(f->now);
    f->now = f->disk = NULL;
    f->now_size = f->disk_size = 0;
    forget_changes(f);
    f->exists = f->entry_on_disk = false;
}

static struct file *find(const char *name)
{
    for (size_t i = 0; i < FILES_MAX; i++)
        if (strcmp(files[i].name, name) == 0)
            return &files[i];
    return NULL;
}

static struct file *make(const char *name)
{
    struct file *f = find(name);
    if (!f)
        f = find("");
    if (!f || strlen(name) >= sizeof f->name)
        abort();
    snprintf(f->name, sizeof f->name, "%s", name);
    f->exists = true;
    return f;
}

/* Before there is a log the journal is being made, by SQLite's older way: what failed there is
 * written anew, whole, before it is synced again. */
static bool has_log(void)
{
    for (size_t i = 0; i < FILES_MAX; i++)
        if (files[i].exists && strstr(files[i].name, "-wal"))
            return true;
    return false;
}

/* --- faults --- */

static bool strikes(enum fault_call call)
{
    calls[call]++;
    if (armed.at == 0 || armed.call != call || calls[call] < armed.at ||
        (!armed.forever && calls[call] > armed.at))
        return false;
    if (armed.relieved_by && access(armed.relieved_by, F_OK) != 0)
        return false;
    hit = true;
    if (armed.kind == FAULT_SLOW)
        usleep(200);
    return armed.kind != FAULT_SLOW;
}

/* The code of SQLite that this fault has in such a call. */
static int code_of(int io_error)
{
    return armed.kind == FAULT_FULL ? SQLITE_FULL : io_error;
}

/* --- what SQLite calls --- */

static int x_close(sqlite3_file *file)
{
    (void)file;
    open_files--;
    return SQLITE_OK;
}

static int x_read(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
    const struct file *f = ((struct handle *)file)->file;
    size_t from = (size_t)at, want = (size_t)n;
    if (dark)
        return SQLITE_IOERR_READ;
    bool bad = strikes(FAULT_READ);
    if (bad && armed.kind != FAULT_SHORT)
        return SQLITE_IOERR_READ;
    size_t there = from < f->now_size ? f->now_size - from : 0;
    size_t take = there < want ? there : want;
    if (bad)
        take /= 2;
    memset(to, 0, want);
    if (take)
        memcpy(to, f->now + from, take);
    return take == want ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int x_write(sqlite3_file *file, const void *from, int n, sqlite3_int64 at)
{
    struct file *f = ((struct handle *)file)->file;
    if (dark)
        return SQLITE_IOERR_WRITE;
    bool bad = strikes(FAULT_WRITE);
    if (bad && armed.kind == FAULT_SHORT)
        change(f, (size_t)at, from, (size_t)n / 2 ? (size_t)n / 2 : 1);
    if (bad)
        return code_of(SQLITE_IOERR_WRITE);
    change(f, (size_t)at, from, (size_t)n);
    return SQLITE_OK;
}

static int x_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct file *f = ((struct handle *)file)->file;
    if (dark)
        return SQLITE_IOERR_TRUNCATE;
    if (strikes(FAULT_TRUNCATE))
        return SQLITE_IOERR_TRUNCATE;
    change(f, (size_t)size, NULL, 0);
    return SQLITE_OK;
}

static int x_sync(sqlite3_file *file, int flags)
{
    struct handle *h = (struct handle *)file;
    (void)flags;
    if (cut_at && calls[FAULT_SYNC] + 1 == cut_at)
        dark = true;
    if (dark)
        return SQLITE_IOERR_FSYNC;
    resynced += failed_opening && h->opening == failed_opening && has_log();
    if (strikes(FAULT_SYNC)) {
        forget_changes(h->file); /* lost, and clean: no later sync will write them */
        failed_opening = h->opening;
        last_errno = armed.kind == FAULT_FULL ? ENOSPC : EIO; /* SQLite has one code for both */
        return SQLITE_IOERR_FSYNC;
    }
    settle(h->file);
    return SQLITE_OK;
}

static int x_size(sqlite3_file *file, sqlite3_int64 *size)
{
    if (dark || strikes(FAULT_SIZE))
        return SQLITE_IOERR_FSTAT;
    *size = (sqlite3_int64)((struct handle *)file)->file->now_size;
    return SQLITE_OK;
}

static int x_lock(sqlite3_file *file, int level)
{
    (void)file;
    (void)level;
    return dark || strikes(FAULT_LOCK) ? SQLITE_IOERR_LOCK : SQLITE_OK;
}

static int x_unlock(sqlite3_file *file, int level)
{
    (void)file;
    (void)level;
    return SQLITE_OK;
}

static int x_reserved(sqlite3_file *file, int *ret)
{
    (void)file;
    *ret = 0;
    return SQLITE_OK;
}

static int x_control(sqlite3_file *file, int op, void *arg)
{
    (void)file;
    (void)op;
    (void)arg;
    return SQLITE_NOTFOUND;
}

static int x_sector(sqlite3_file *file)
{
    (void)file;
    return SECTOR;
}

static int x_device(sqlite3_file *file) /* as SQLite takes a disk of Unix to be */
{
    (void)file;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods methods = {
    .iVersion = 1, /* no shared memory: none is needed */
    .xClose = x_close,
    .xRead = x_read,
    .xWrite = x_write,
    .xTruncate = x_truncate,
    .xSync = x_sync,
    .xFileSize = x_size,
    .xLock = x_lock,
    .xUnlock = x_unlock,
    .xCheckReservedLock = x_reserved,
    .xFileControl = x_control,
    .xSectorSize = x_sector,
    .xDeviceCharacteristics = x_device,
};

static int x_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
    static unsigned temporary;
    char made[32];
    (void)vfs;
    file->pMethods = NULL;
    if (dark || strikes(FAULT_OPEN))
        return armed.kind == FAULT_FULL && !dark ? SQLITE_FULL : SQLITE_CANTOPEN;
    if (!name) {
        snprintf(made, sizeof made, "temporary %u", temporary++);
        name = made;
    }
    const struct file *old = find(name);
    if (!(old && old->exists) && !(flags & SQLITE_OPEN_CREATE))
        return SQLITE_CANTOPEN;
    opening += (flags & SQLITE_OPEN_MAIN_DB) != 0;
    struct handle *h = (struct handle *)file;
    *h = (struct handle){ { &methods }, make(name), opening };
    if (flags & SQLITE_OPEN_WAL && !(flags & SQLITE_OPEN_CREATE)) /* who settles it, before */
        h->opening = ++opening;
    open_files++;
    if (ret_flags)
        *ret_flags = flags;
    return SQLITE_OK;
}

static int x_delete(sqlite3_vfs *vfs, const char *name, int synced)
{
    struct file *f = find(name);
    (void)vfs;
    if (dark || strikes(FAULT_DELETE))
        return SQLITE_IOERR_DELETE;
    if (!f || !f->exists)
        return SQLITE_IOERR_DELETE_NOENT;
    bury(f);
    if (synced)
        sync_folder();
    return SQLITE_OK;
}

static int x_access(sqlite3_vfs *vfs, const char *name, int flags, int *ret)
{
    const struct file *f = find(name);
    (void)vfs;
    (void)flags;
    *ret = f && f->exists;
    return dark ? SQLITE_IOERR_ACCESS : SQLITE_OK;
}

static int x_full_name(sqlite3_vfs *vfs, const char *name, int n, char *out)
{
    (void)vfs;
    snprintf(out, (size_t)n, "%s", name);
    return SQLITE_OK;
}

static int x_random(sqlite3_vfs *vfs, int n, char *out)
{
    (void)vfs;
    memset(out, 7, (size_t)n); /* the same each time */
    return n;
}

static int x_sleep(sqlite3_vfs *vfs, int us)
{
    (void)vfs;
    return us;
}

static int x_time(sqlite3_vfs *vfs, sqlite3_int64 *ret)
{
    return real->xCurrentTimeInt64(vfs, ret);
}

static int x_last_error(sqlite3_vfs *vfs, int n, char *out)
{
    (void)vfs;
    (void)n;
    (void)out;
    return last_errno;
}

static sqlite3_vfs faulty = {
    .iVersion = 2,
    .szOsFile = sizeof(struct handle),
    .mxPathname = 255,
    .zName = "evac-fault",
    .xOpen = x_open,
    .xDelete = x_delete,
    .xAccess = x_access,
    .xFullPathname = x_full_name,
    .xRandomness = x_random,
    .xSleep = x_sleep,
    .xGetLastError = x_last_error,
    .xCurrentTimeInt64 = x_time,
};

/* --- the power --- */

static uint64_t draw(uint64_t *state) /* xorshift64* */
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

/* How many of the changes since the sync reached a sector, in their order: any number of them. */
static size_t kept(enum fault_cut cut, size_t of, uint64_t *state)
{
    return cut == FAULT_CUT_LOSES_ALL   ? 0
           : cut == FAULT_CUT_KEEPS_ALL ? of
                                        : draw(state) % (of + 1);
}

static void lay_sector(struct file *f, size_t sector, size_t changes, uint8_t *image, size_t size)
{
    size_t begin = sector * SECTOR, end = begin + SECTOR < size ? begin + SECTOR : size;
    for (size_t i = 0; i < changes; i++) {
        const struct change *c = &f->changes[i];
        size_t from = c->at > begin ? c->at : begin;
        size_t to = c->at + c->n < end ? c->at + c->n : end;
        if (from < to)
            memcpy(image + from, c->bytes + (from - c->at), to - from);
    }
}

static void lose(struct file *f, enum fault_cut cut, uint64_t *state)
{
    size_t size = f->disk_size, until = kept(cut, f->count, state);
    for (size_t i = 0; i < until; i++)
        size = f->changes[i].n == 0                        ? f->changes[i].at
               : f->changes[i].at + f->changes[i].n > size ? f->changes[i].at + f->changes[i].n
                                                           : size;
    uint8_t *image = calloc(1, size + 1);
    if (!image)
        abort();
    if (f->disk_size)
        memcpy(image, f->disk, f->disk_size < size ? f->disk_size : size);
    for (size_t s = 0; s * SECTOR < size; s++)
        lay_sector(f, s, kept(cut, f->count, state), image, size);
    free(f->now);
    free(f->disk);
    forget_changes(f);
    f->now = image;
    f->now_size = f->disk_size = size;
    f->disk = grown(NULL, size + 1);
    memcpy(f->disk, image, size);
    f->exists = f->entry_on_disk = true;
}

/* What the folder shows: the file that was deleted or replaced, the new one, or neither. */
static void lose_entry(struct file *f, enum fault_cut cut, uint64_t *state)
{
    bool lost = !f->entry_on_disk && cut != FAULT_CUT_KEEPS_ALL && draw(state) % 2;
    if (f->exists && !lost) {
        lose(f, cut, state);
        return;
    }
    uint8_t *ghost = f->ghost;
    size_t size = f->ghost_size;
    char name[sizeof f->name];
    memcpy(name, f->name, sizeof name);
    f->ghost = NULL;
    wipe(f);
    if (!ghost || !lost) {
        free(ghost);
        return;
    }
    memcpy(f->name, name, sizeof name);
    f->now = ghost;
    f->now_size = f->disk_size = size;
    f->disk = grown(NULL, size + 1);
    memcpy(f->disk, ghost, size);
    f->exists = f->entry_on_disk = true;
}

void fault_vfs_power_on(enum fault_cut cut, uint64_t seed)
{
    uint64_t state = seed * 2 + 1;
    for (size_t i = 0; i < FILES_MAX; i++)
        if (files[i].name[0])
            lose_entry(&files[i], cut, &state);
    dark = false;
    cut_at = 0;
    failed_opening = 0;
    fault_vfs_arm(NULL);
}

/* --- the test's side --- */

void fault_vfs_install(void)
{
    sqlite3_initialize();
    real = sqlite3_vfs_find(NULL);
    sqlite3_vfs_register(&faulty, 1);
}

void fault_vfs_remove(void)
{
    fault_vfs_format();
    sqlite3_vfs_unregister(&faulty);
    sqlite3_vfs_register(real, 1);
}

void fault_vfs_format(void)
{
    for (size_t i = 0; i < FILES_MAX; i++)
        wipe(&files[i]);
    dark = false;
    cut_at = resynced = failed_opening = 0;
    fault_vfs_arm(NULL);
}

void fault_vfs_arm(const struct fault *fault)
{
    memset(calls, 0, sizeof calls);
    armed = fault ? *fault : (struct fault){ 0 };
    hit = false;
}

bool fault_vfs_hit(void)
{
    return hit;
}

unsigned fault_vfs_calls(enum fault_call call)
{
    return calls[call];
}

unsigned fault_vfs_resynced(void)
{
    return resynced;
}

unsigned fault_vfs_open_files(void)
{
    return open_files;
}

void fault_vfs_cut_power_at(unsigned sync)
{
    cut_at = sync;
}

bool fault_vfs_is_dark(void)
{
    return dark;
}

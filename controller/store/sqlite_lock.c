#include "sqlite_lock.h"

#include "never.h"
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

struct evac_sqlite_lock {
    int fd;
};

static bool beside(const char *path, const char *ending, char *out, size_t bytes)
{
    int n = snprintf(out, bytes, "%s%s", path, ending);
    return n > 0 && (size_t)n < bytes;
}

/* A disk in trouble is the journal's trouble, which may pass; a folder that is not there is not. */
static enum evac_code system_fail(const char *name, struct evac_err *err)
{
    bool disk = errno == ENOSPC || errno == EDQUOT || errno == EIO || errno == EROFS;
    return evac_fail(err, disk ? EVAC_E_STORE : EVAC_E_IO, "%s: %s", name, strerror(errno));
}

static enum evac_code busy(int fd, const char *path, struct evac_err *err)
{
    char holder[32] = "";
    ssize_t n = pread(fd, holder, sizeof holder - 1, 0);
    if (n > 0)
        holder[strcspn(holder, "\n")] = '\0';
    return evac_fail(err, EVAC_E_BUSY, "%s is held by another controller (process %s)", path,
                     n > 0 ? holder : "unknown");
}

enum evac_code evac_sqlite_lock(const char *path, struct evac_sqlite_lock **ret_lock,
                                struct evac_err *err)
{
    char name[4096], pid[32];
    if (!beside(path, ".lock", name, sizeof name))
        return evac_fail(err, EVAC_E_TOOBIG, "the journal's path is too long");
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return system_fail(name, err);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        enum evac_code code = busy(fd, path, err);
        close(fd);
        return code;
    }
    int n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, (size_t)n, 0) != n)
        (void)fsync(fd); /* the lock holds without the number: a full disk must not keep us out */
    struct evac_sqlite_lock *lock = malloc(sizeof *lock);
    if (EVAC_IF_NEVER(!lock))
        abort();
    lock->fd = fd;
    *ret_lock = lock;
    return EVAC_OK;
}

/* Since it was written into the file, which is when the lock was taken. */
static void read_holder(int fd, long *ret_pid, int64_t *ret_since_ms)
{
    char text[32] = "";
    struct stat st;
    int64_t pid = 0;
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    text[n > 0 ? strcspn(text, "\n") : 0] = '\0';
    (void)evac_str_i64(evac_str(text), &pid);
    *ret_pid = (long)pid;
    *ret_since_ms = fstat(fd, &st) == 0 ? (int64_t)st.st_mtime * 1000 : 0;
}

bool evac_store_sqlite_held(const char *path, long *ret_pid, int64_t *ret_since_ms)
{
    char name[4096];
    if (!beside(path, ".lock", name, sizeof name))
        return false;
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return false;
    bool held = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (held)
        read_holder(fd, ret_pid, ret_since_ms);
    close(fd);
    return held;
}

void evac_sqlite_unlock(struct evac_sqlite_lock *lock)
{
    if (!lock)
        return;
    close(lock->fd);
    free(lock);
}

enum evac_code evac_sqlite_make_file(const char *path, struct evac_err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return system_fail(path, err);
    close(fd);
    return EVAC_OK;
}

static bool has_room(const char *path, uint64_t bytes)
{
    struct statvfs fs;
    return statvfs(path, &fs) != 0 || (uint64_t)fs.f_bavail * fs.f_frsize >= bytes;
}

bool evac_sqlite_ballast_make(const char *path, uint64_t bytes)
{
    char name[4096];
    struct stat st;
    if (!beside(path, ".ballast", name, sizeof name))
        return false;
    if (stat(name, &st) == 0 && (uint64_t)st.st_size == bytes)
        return true;
    if (!has_room(path, 2 * bytes))
        return false;
    int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return false;
    bool made = posix_fallocate(fd, 0, (off_t)bytes) == 0;
    if (!made)
        unlink(name);
    close(fd);
    return made;
}

bool evac_sqlite_ballast_drop(const char *path)
{
    char name[4096];
    return beside(path, ".ballast", name, sizeof name) && unlink(name) == 0;
}

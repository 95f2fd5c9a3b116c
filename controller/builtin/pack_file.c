#include "pack_file.h"

#include "evac/buf.h"
#include "object_check.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 1024u

/* Who may have changed what lies here? Only root must be able to. */
static enum evac_code check_place(int fd, const char *path, size_t shown, bool last,
                                  struct evac_err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return evac_fail(err, EVAC_E_IO, "%.*s: %s", (int)shown, path, strerror(errno));
    if (last && !S_ISREG(st.st_mode))
        return evac_fail(err, EVAC_E_REFUSED, "%s is no regular file", path);
    if (st.st_uid != 0)
        return evac_fail(err, EVAC_E_REFUSED,
                         "%.*s belongs to user %u: drivers are loaded only from where everything "
                         "is root's",
                         (int)shown, path, (unsigned)st.st_uid);
    if (st.st_mode & (S_IWGRP | S_IWOTH))
        return evac_fail(err, EVAC_E_REFUSED,
                         "%.*s may be written by others than its owner (mode %03o): drivers are "
                         "loaded only from where root alone writes",
                         (int)shown, path, (unsigned)(st.st_mode & 0777));
    return EVAC_OK;
}

/* One component, from the folder that is open; it takes that. -1: refused. */
static int step(int dir, const char *path, size_t begin, size_t end, struct evac_err *err)
{
    char name[256];
    bool last = path[end] == '\0';
    int fd = -1;
    if (end - begin >= sizeof name) {
        (void)evac_fail(err, EVAC_E_TOOBIG, "%s: a name in it is longer than 255 bytes", path);
    } else {
        memcpy(name, path + begin, end - begin);
        name[end - begin] = '\0';
        fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0)
            (void)evac_fail(err, errno == ELOOP ? EVAC_E_REFUSED : EVAC_E_IO, "%.*s: %s", (int)end,
                            path,
                            errno == ELOOP ? "a symbolic link: give the path that it leads to"
                                           : strerror(errno));
    }
    close(dir);
    if (fd >= 0 && check_place(fd, path, end, last, err)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Component by component, so that what is checked is what is opened. */
static enum evac_code open_file(const char *path, int *ret_fd, struct evac_err *err)
{
    size_t at = 1;
    if (path[0] != '/')
        return evac_fail(err, EVAC_E_REFUSED, "driver '%s': its path must be absolute", path);
    if (!path[1])
        return evac_fail(err, EVAC_E_REFUSED, "/ is no regular file");
    int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd >= 0 && path[at]) {
        size_t end = at + strcspn(path + at, "/");
        if (end == at || (path[at] == '.' && strspn(path + at, ".") == end - at)) {
            close(fd);
            return evac_fail(err, EVAC_E_REFUSED,
                             "driver '%s': '.', '..' and '//' have no place in its path", path);
        }
        fd = step(fd, path, at, end, err);
        at = end + (path[end] == '/');
    }
    *ret_fd = fd;
    return fd >= 0 ? EVAC_OK : (err && err->code ? err->code : EVAC_E_IO);
}

/* Its bytes, before the loader runs any of them. */
static enum evac_code check_object(int fd, const char *path, struct evac_err *err)
{
    char piece[65536];
    struct evac_buf file;
    ssize_t n = 1;
    enum evac_code code;
    evac_buf_init(&file, EVAC_OBJECT_BYTES_MAX);
    while (!file.failed && (n = pread(fd, piece, sizeof piece, (off_t)file.n)) > 0)
        evac_buf_put(&file, piece, (size_t)n);
    if (n < 0)
        code = evac_fail(err, EVAC_E_IO, "%s", strerror(errno));
    else if ((code = evac_buf_check(&file, "a driver's file", err)) == EVAC_OK)
        code = evac_object_check(evac_buf_str(&file), "evac_pack", err);
    evac_buf_done(&file);
    return code ? evac_err_prefix(err, "%s can not be loaded", path), code : EVAC_OK;
}

/* Every field but the first two may stand elsewhere in another ABI. */
static enum evac_code check_pack(const char *path, const struct evac_pack *pack,
                                 struct evac_err *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    if (pack->abi != EVAC_DRIVER_ABI)
        return evac_fail(err, EVAC_E_BADDRIVER,
                         "%s was built for driver ABI %u, this controller has %u: build it anew "
                         "with these headers",
                         path, (unsigned)pack->abi, EVAC_DRIVER_ABI);
    if (!pack->name || !pack->name[0] || pack->name[strspn(pack->name, allowed)])
        return evac_fail(err, EVAC_E_BADDRIVER, "%s: a pack's name is of a-z, 0-9 and '-'", path);
    if (!pack->drivers || !pack->open || !pack->close)
        return evac_fail(err, EVAC_E_BADDRIVER, "%s: the pack '%s' has no drivers, open or close",
                         path, pack->name);
    enum evac_code code = evac_pack_check(pack, err);
    return code ? evac_err_prefix(err, "%s", path), code : EVAC_OK;
}

enum evac_code evac_pack_file_load(const char *path, const struct evac_pack **ret_pack,
                                   struct evac_err *err)
{
    char opened[64];
    struct evac_err own = { EVAC_OK, "" };
    int fd = -1;
    err = err ? err : &own;
    err->code = EVAC_OK;
    enum evac_code code = open_file(path, &fd, err);
    if (code)
        return code;
    /* What was checked, not what may stand at the path by now. */
    snprintf(opened, sizeof opened, "/proc/self/fd/%d", fd);
    code = check_object(fd, path, err);
    void *object = code ? NULL : dlopen(opened, RTLD_NOW | RTLD_LOCAL);
    const char *why = object || code ? NULL : dlerror();
    if (!object && !code)
        code =
            evac_fail(err, EVAC_E_BADDRIVER, "%s can not be loaded: %.120s", path, why ? why : "?");
    const struct evac_pack *pack = object ? dlsym(object, "evac_pack") : NULL;
    if (object && !pack)
        code = evac_fail(err, EVAC_E_BADDRIVER, "%s: the loader finds no symbol evac_pack", path);
    if (!code)
        code = check_pack(path, pack, err);
    close(fd);
    if (code && object)
        dlclose(object);
    if (!code)
        *ret_pack = pack;
    return code;
}

/* Who could put another program where a step's is? */
#include "jail.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 40 /* as the kernel's */

static bool is_ours(uid_t owner)
{
    return owner == 0 || owner == geteuid();
}

/* In a folder with the sticky bit only its owner, and a name's own, may move that name. */
static enum evac_code check_place(const char *path, const struct stat *st, struct evac_err *err)
{
    bool shared = S_ISDIR(st->st_mode) && st->st_mode & S_ISVTX;
    if (!is_ours(st->st_uid))
        return evac_fail(err, EVAC_E_REFUSED,
                         "%s belongs to user %u: a program is run only from where nobody but root "
                         "and the controller's user could have put it",
                         path, (unsigned)st->st_uid);
    if (!S_ISLNK(st->st_mode) && st->st_mode & (S_IWGRP | S_IWOTH) && !shared)
        return evac_fail(err, EVAC_E_REFUSED,
                         "%s may be written by others than its owner (mode %03o): a program is run "
                         "only from where nobody but root and the controller's user could have put "
                         "it",
                         path, (unsigned)(st->st_mode & 0777));
    return EVAC_OK;
}

/* The link at path[0..end) gives way to what it leads to; what follows stays. False: too long. */
static bool follow(char path[PATH_MAX], size_t begin, size_t end)
{
    char target[PATH_MAX], whole[PATH_MAX], rest[PATH_MAX];
    (void)snprintf(rest, sizeof rest, "%s", path + end);
    path[end] = '\0';
    ssize_t n = readlink(path, target, sizeof target - 1);
    if (n <= 0)
        return false;
    target[n] = '\0';
    int all = target[0] == '/'
                  ? snprintf(whole, sizeof whole, "%s%s", target, rest)
                  : snprintf(whole, sizeof whole, "%.*s%s%s", (int)begin, path, target, rest);
    if (all < 0 || (size_t)all >= sizeof whole)
        return false;
    memcpy(path, whole, (size_t)all + 1);
    return true;
}

/* From the root on. EVAC_OK and *ret_link: a link was taken, begin again. */
static enum evac_code walk(char path[PATH_MAX], bool *ret_link, struct evac_err *err)
{
    struct stat st;
    *ret_link = false;
    for (size_t begin = 1; path[begin];) {
        size_t end = begin + strcspn(path + begin, "/");
        char kept = path[end];
        path[end] = '\0';
        int rc = lstat(path, &st);
        enum evac_code code = rc == 0 ? check_place(path, &st, err) : EVAC_OK;
        path[end] = kept;
        if (code || rc != 0) /* what is not there does not start */
            return code;
        if (S_ISLNK(st.st_mode)) {
            *ret_link = true;
            return follow(path, begin, end)
                       ? EVAC_OK
                       : evac_fail(err, EVAC_E_REFUSED, "%s: a link in it leads too far", path);
        }
        begin = end + (kept == '/');
    }
    return EVAC_OK;
}

enum evac_code evac_program_check(const char *path, struct evac_err *err)
{
    char whole[PATH_MAX];
    bool link = true;
    enum evac_code code = EVAC_OK;
    if (path[0] != '/' || strlen(path) >= sizeof whole)
        return evac_fail(err, EVAC_E_BADARG,
                         "a program is named by its absolute path, not '%.200s'", path);
    memcpy(whole, path, strlen(path) + 1);
    for (int links = 0; !code && link; links++) {
        if (links == LINKS_MAX)
            return evac_fail(err, EVAC_E_REFUSED, "%s: more than %d links", path, LINKS_MAX);
        code = walk(whole, &link, err);
    }
    return code;
}

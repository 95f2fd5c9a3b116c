/*
 * Landlock lets a program at what is listed and nothing else. What should be hidden is little, and
 * scripts need who knows what: so the list is made of all that stands beside the hidden, folder by
 * folder from the root down to it. What is made beside it later is hidden too, until the list is
 * made anew; what is made below what is listed is not.
 */
#include "jail_internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HIDDEN_MAX 64u
#define DEPTH_MAX  32u

#define OF_FILES                                                                                   \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE)
/* All of the first version: later ones are refused nothing that this does not list. */
#define OF_FOLDERS                                                                                 \
    (OF_FILES | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR |                      \
     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | \
     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |   \
     LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

struct hiding {
    int ruleset;
    size_t count;
    char *paths[HIDDEN_MAX]; /* without links in them */
};

/* Is one of the hidden at the path (itself, or a file that continues its name: a journal's -wal),
 * or below it? */
enum place { BESIDE, ABOVE, HIDDEN };

static enum place place_of(const struct hiding *h, const char *path)
{
    size_t n = strlen(path);
    enum place place = BESIDE;
    for (size_t i = 0; i < h->count; i++) {
        size_t own = strlen(h->paths[i]);
        if (strncmp(path, h->paths[i], own) == 0 && !strchr(path + own, '/'))
            return HIDDEN;
        if (n < own && strncmp(path, h->paths[i], n) == 0 && h->paths[i][n] == '/')
            place = ABOVE;
    }
    return place;
}

static void let(const struct hiding *h, const char *path)
{
    struct stat st;
    int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && !S_ISLNK(st.st_mode)) { /* what a link leads to counts */
        struct landlock_path_beneath_attr rule = { .allowed_access =
                                                       S_ISDIR(st.st_mode) ? OF_FOLDERS : OF_FILES,
                                                   .parent_fd = fd };
        (void)syscall(SYS_landlock_add_rule, h->ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    }
    close(fd);
}

/* path "" is the root. A folder that can not be read lets nothing through. */
static void walk(const struct hiding *h, const char *path, unsigned depth)
{
    char below[PATH_MAX];
    const struct dirent *entry;
    DIR *dir = depth < DEPTH_MAX ? opendir(path[0] ? path : "/") : NULL;
    while (dir && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        int n = snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
        if (n < 0 || (size_t)n >= sizeof below)
            continue;
        enum place place = place_of(h, below);
        if (place == BESIDE)
            let(h, below);
        else if (place == ABOVE)
            walk(h, below, depth + 1);
    }
    if (dir)
        closedir(dir);
}

/* What is not there yet can not be resolved: its folder can. */
static char *resolve(const char *path)
{
    char folder[PATH_MAX];
    char *whole = realpath(path, NULL), *parent;
    const char *slash = strrchr(path, '/');
    if (whole || !slash || slash == path || (size_t)(slash - path) >= sizeof folder)
        return whole;
    memcpy(folder, path, (size_t)(slash - path));
    folder[slash - path] = '\0';
    parent = realpath(folder, NULL);
    if (!parent || asprintf(&whole, "%s%s", parent, slash) < 0)
        whole = NULL;
    free(parent);
    return whole;
}

int jail_hide_paths(const char *const *hidden)
{
    struct landlock_ruleset_attr attr = { .handled_access_fs = OF_FOLDERS };
    struct hiding h = { .ruleset = -1 };
    for (size_t i = 0; hidden && hidden[i] && h.count < HIDDEN_MAX; i++) {
        h.paths[h.count] = resolve(hidden[i]);
        h.count += h.paths[h.count] != NULL && h.paths[h.count][1] != '\0';
    }
    if (h.count)
        h.ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    if (h.ruleset >= 0) {
        (void)fcntl(h.ruleset, F_SETFD, FD_CLOEXEC);
        walk(&h, "", 0);
    }
    for (size_t i = 0; i < h.count; i++)
        free(h.paths[i]);
    return h.ruleset;
}

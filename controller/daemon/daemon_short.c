/* What runs short: the reserve on the journal's disk, descriptors. Said as trouble of this
 * controller as long as it is so; the reserve is made anew as soon as there is room. */
#include "daemon_internal.h"

#include "store.h"

#include <stdio.h>
#include <sys/statvfs.h>

#define AGAIN_MS 10000u
#define RELIEF   8u /* more descriptors than at the limit: then it is over */

/* --- the disk --- */

static uint64_t free_mib(const char *path)
{
    struct statvfs fs;
    return statvfs(path, &fs) == 0 ? (uint64_t)fs.f_bavail * fs.f_frsize >> 20 : 0;
}

static bool disk_is_short(struct evac_daemon *daemon, uint64_t now_ms)
{
    struct daemon_self *self = &daemon->self;
    struct evac_store *store = daemon_disk(daemon);
    if (!store) /* why it is not there is said already, and more urgent */
        return false;
    if (now_ms < self->reserve_due_ms)
        return self->shortage == DAEMON_SHORT_DISK;
    self->reserve_due_ms = now_ms + AGAIN_MS;
    bool low = evac_store_sqlite_ballast_used(store) && !evac_store_sqlite_ballast_again(store);
    if (!low)
        self->reserve_due_ms = 0;
    return low;
}

static void say_disk(const struct evac_daemon *daemon, char *text, size_t bytes)
{
    char path[4096];
    (void)evac_str_copy(path, sizeof path, daemon->model->controller.store);
    snprintf(text, bytes,
             "the disk of the journal is full or nearly so, and the reserve that lets a run end is "
             "not there (%.200s: %llu MiB free): make room",
             path, (unsigned long long)free_mib(path));
}

/* --- descriptors --- */

/* From where on the API turns clients of TCP away. */
static bool files_are_short(const struct daemon_self *self)
{
    uint32_t kept = EVAC_FILES_KEPT + EVAC_FILES_KEPT_SOCKET;
    if (self->shortage == DAEMON_SHORT_FILES)
        kept += RELIEF;
    return self->files_max && self->files + kept >= self->files_max;
}

static void say_files(const struct daemon_self *self, char *text, size_t bytes)
{
    snprintf(
        text, bytes,
        "%u of %u descriptors are taken: clients over TCP are turned away, what is left is for "
        "calls, probes and the unix socket. See who connects, or raise LimitNOFILE",
        self->files, self->files_max);
}

/* --- both --- */

void daemon_feel_shortage(struct evac_daemon *daemon)
{
    struct daemon_self *self = &daemon->self;
    char text[400] = "";
    enum daemon_shortage is = disk_is_short(daemon, evac_daemon_now_ms(daemon)) ? DAEMON_SHORT_DISK
                              : files_are_short(self)                           ? DAEMON_SHORT_FILES
                                                      : DAEMON_SHORT_NOTHING;
    if (is == self->shortage)
        return;
    if (is == DAEMON_SHORT_DISK)
        say_disk(daemon, text, sizeof text);
    if (is == DAEMON_SHORT_FILES)
        say_files(self, text, sizeof text);
    self->shortage = is;
    daemon_set_trouble(daemon, DAEMON_TROUBLE_SHORTAGE, text);
}

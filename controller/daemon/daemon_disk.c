/* The journal's disk: the reserve that a full one is given is there or it is not. Said as trouble
 * of this controller as long as it is not; made anew as soon as there is room. */
#include "daemon_internal.h"

#include "store.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#define AGAIN_MS 10000u

static uint64_t free_mib(const char *path)
{
    struct statvfs fs;
    return statvfs(path, &fs) == 0 ? (uint64_t)fs.f_bavail * fs.f_frsize >> 20 : 0;
}

static void say(struct evac_daemon *daemon)
{
    char path[4096], text[400];
    (void)evac_str_copy(path, sizeof path, daemon->model->controller.store);
    snprintf(text, sizeof text,
             "the disk of the journal is full or nearly so, and the reserve that lets a run end is "
             "not there (%.200s: %llu MiB free): make room",
             path, (unsigned long long)free_mib(path));
    daemon_set_trouble(daemon, text);
}

void daemon_feel_disk(struct evac_daemon *daemon)
{
    struct daemon_self *self = &daemon->self;
    uint64_t now = evac_daemon_now_ms(daemon);
    if (!daemon->shell || now < self->ballast_due_ms)
        return;
    bool low = evac_store_sqlite_ballast_used(daemon->store) &&
               !evac_store_sqlite_ballast_again(daemon->store);
    if (low && !(self->disk_low && daemon->trouble[0]))
        say(daemon);
    if (!low && self->disk_low)
        daemon_set_trouble(daemon, "");
    self->disk_low = low;
    self->ballast_due_ms = low ? now + AGAIN_MS : 0;
}

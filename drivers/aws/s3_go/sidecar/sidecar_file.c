/* The file that is there while writing is allowed. It is replaced as a whole, and says until when
 * it counts: that, and not that it is there, is what holds when this process is stopped or killed.
 */
#include "sidecar_internal.h"

#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A time of the boot clock means nothing without the boot. */
static void read_boot_id(struct sidecar *s)
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, s->boot_id, sizeof s->boot_id - 1);
    s->boot_id[n > 0 ? n : 0] = '\0';
    s->boot_id[strcspn(s->boot_id, "\n")] = '\0';
    if (fd >= 0)
        close(fd);
}

enum evac_code sidecar_file_begin(struct sidecar *s, struct evac_err *err)
{
    read_boot_id(s);
    if (s->o->file && unlink(s->o->file) && errno != ENOENT)
        return evac_fail(err, EVAC_E_IO, "--file '%s': can not remove what an earlier one left: %s",
                         s->o->file, strerror(errno));
    return EVAC_OK;
}

static bool put(int fd, struct evac_str text)
{
    return fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n;
}

/* 0 or errno. */
static int replace(const char *path, struct evac_str text)
{
    char beside[4096];
    if (snprintf(beside, sizeof beside, "%s.new", path) >= (int)sizeof beside)
        return ENAMETOOLONG;
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    bool good = put(fd, text);
    int failed = good ? 0 : errno;
    if (fd >= 0 && close(fd) && good)
        failed = errno;
    if (!failed && rename(beside, path))
        failed = errno;
    if (failed)
        (void)unlink(beside);
    return failed;
}

static void complain(struct sidecar *s, const char *what, int failed)
{
    if (s->file_failures++ == 0)
        evac_log(EVAC_LOG_ERROR, "file_failed", "app=%s file=%s text=\"can not %s it: %s\"",
                 s->o->app, s->o->file, what, strerror(failed));
}

static void write_file(struct sidecar *s, const struct evac_fence_state *state)
{
    struct evac_buf text;
    evac_buf_init(&text, 4096);
    evac_buf_puts(&text, "{\"app\":");
    evac_buf_json(&text, evac_str(s->o->app));
    evac_buf_putf(
        &text, ",\"region\":\"%s\",\"until_boot_ms\":%llu,\"boot_id\":\"%s\",\"epoch\":%lld}\n",
        s->o->region, (unsigned long long)state->until_ms, s->boot_id, (long long)state->epoch);
    int failed = replace(s->o->file, evac_buf_str(&text));
    evac_buf_done(&text);
    if (failed) {
        complain(s, "write", failed);
        return;
    }
    s->file_until_ms = state->until_ms;
    s->file_failures = 0;
}

static void remove_file(struct sidecar *s)
{
    if (unlink(s->o->file) && errno != ENOENT)
        complain(s, "remove", errno);
    else
        s->file_until_ms = 0;
}

void sidecar_file_follow(struct sidecar *s, const struct evac_fence_state *state)
{
    if (!s->o->file || state->until_ms == s->file_until_ms)
        return;
    if (state->may_write)
        write_file(s, state);
    else
        remove_file(s);
}

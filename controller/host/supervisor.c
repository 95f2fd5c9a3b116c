#include "supervisor.h"

#include "evac/str.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static uint64_t watchdog_ms(void)
{
    const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    int64_t us, whose;
    if (!usec || !evac_str_i64(evac_str(usec), &us) || us <= 0)
        return 0;
    if (pid && (!evac_str_i64(evac_str(pid), &whose) || whose != getpid()))
        return 0;
    return (uint64_t)us / 1000 / 2;
}

void evac_supervisor_init(struct evac_supervisor *supervisor)
{
    const char *path = getenv("NOTIFY_SOCKET");
    *supervisor = (struct evac_supervisor){ .feed_ms = watchdog_ms() };
    if (!path || (path[0] != '/' && path[0] != '@') ||
        !evac_str_copy(supervisor->socket, sizeof supervisor->socket, evac_str(path)))
        supervisor->socket[0] = '\0';
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

bool evac_supervisor_say(const struct evac_supervisor *supervisor, const char *lines)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    size_t n = strlen(supervisor->socket), bytes = strlen(lines);
    if (n == 0)
        return false;
    memcpy(to.sun_path, supervisor->socket, n);
    if (to.sun_path[0] == '@')
        to.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    ssize_t sent = sendto(fd, lines, bytes, MSG_NOSIGNAL, (const struct sockaddr *)&to,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
    close(fd);
    return sent == (ssize_t)bytes;
}

void evac_supervisor_status(struct evac_supervisor *supervisor, const char *status)
{
    char line[240];
    if (supervisor->socket[0] == '\0' || strcmp(supervisor->status, status) == 0)
        return;
    snprintf(line, sizeof line, "STATUS=%s", status);
    if (evac_supervisor_say(supervisor, line))
        (void)evac_str_copy(supervisor->status, sizeof supervisor->status, evac_str(status));
}

void evac_supervisor_feed(struct evac_supervisor *supervisor, uint64_t boot_ms)
{
    if (supervisor->feed_ms == 0)
        return;
    if (supervisor->fed_boot_ms && boot_ms - supervisor->fed_boot_ms + 1000 < supervisor->feed_ms)
        return;
    if (evac_supervisor_say(supervisor, "WATCHDOG=1"))
        supervisor->fed_boot_ms = boot_ms;
}

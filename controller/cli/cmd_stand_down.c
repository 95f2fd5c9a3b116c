/* The end of a controller of one's own, by whoever owns its socket. */
#include "cli.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define END_MS  10000
#define LOOK_MS 50

/* Who listens there, as the kernel says; 0 nobody. */
static pid_t listener_of(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct ucred cred = { 0, 0, 0 };
    socklen_t bytes = sizeof cred;
    if (!evac_str_copy(address.sun_path, sizeof address.sun_path, evac_str(path)))
        return 0;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool known = fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
                 getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &bytes) == 0;
    if (fd >= 0)
        close(fd);
    return known ? cred.pid : 0;
}

static int runs_going_on(struct evac_cli *cli)
{
    cJSON *status = NULL;
    if (evac_client_json(cli->client, "/v1/status", NULL, &status, NULL) != EVAC_EXIT_DONE)
        return 0;
    int count = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(status, "runs"));
    cJSON_Delete(status);
    return count;
}

static bool has_ended(pid_t pid)
{
    const struct timespec t = { 0, LOOK_MS * 1000000L };
    for (int waited = 0; waited < END_MS; waited += LOOK_MS) {
        if (kill(pid, 0) != 0 && errno == ESRCH)
            return true;
        nanosleep(&t, NULL);
    }
    return false;
}

enum evac_exit evac_cmd_stand_down(struct evac_cli *cli)
{
    if (!cli->standalone)
        return evac_cli_fail(EVAC_EXIT_USAGE,
                             "stand-down is for --standalone: a service is ended by its manager");
    int runs = runs_going_on(cli);
    if (runs)
        return evac_cli_fail(EVAC_EXIT_REFUSED,
                             "%d run%s: 'evac --standalone watch' follows it, and 'evac "
                             "--standalone stop' ends it",
                             runs, runs == 1 ? " goes on" : "s go on");
    pid_t pid = listener_of(cli->socket);
    if (pid <= 1 || kill(pid, SIGTERM) != 0)
        return evac_cli_fail(EVAC_EXIT_FAILED, "process %ld: %s", (long)pid, strerror(errno));
    if (!has_ended(pid))
        return evac_cli_fail(EVAC_EXIT_FAILED, "process %ld has not ended after %d s", (long)pid,
                             END_MS / 1000);
    puts(cli->json ? "{}" : "ended; its journal stays");
    return EVAC_EXIT_DONE;
}

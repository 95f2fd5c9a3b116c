/* evac dashboard: lets a browser of this user in to the controller's dashboard, until it is ended.
 */
#include "cli.h"
#include "loopback.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

extern char **environ;

struct session {
    uv_loop_t loop;
    uv_signal_t signals[2];
    struct evac_loopback_door door;
    struct evac_loopback *loopback;
};

static bool make_secret(char secret[EVAC_LOOPBACK_SECRET])
{
    unsigned char bytes[(EVAC_LOOPBACK_SECRET - 1) / 2];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return false;
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(secret + 2 * i, 3, "%02x", bytes[i]);
    return true;
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct session *session = handle->data;
    (void)number;
    evac_loopback_close(session->loopback);
    for (size_t i = 0; i < 2; i++)
        uv_close((uv_handle_t *)&session->signals[i], NULL);
}

static void listen_to_signals(struct session *session)
{
    static const int numbers[] = { SIGINT, SIGTERM };
    for (size_t i = 0; i < 2; i++) {
        uv_signal_init(&session->loop, &session->signals[i]);
        session->signals[i].data = session;
        uv_signal_start(&session->signals[i], on_signal, numbers[i]);
    }
    signal(SIGPIPE, SIG_IGN);
}

/* Where somebody sits before a screen: the desktop's own way. Whether it worked does not matter,
 * the link is printed. */
static void show(char *url)
{
    char *const words[] = { (char[]){ "xdg-open" }, url, NULL };
    bool screen = getenv("DISPLAY") || getenv("WAYLAND_DISPLAY");
    pid_t child;
    if (!screen || !isatty(STDOUT_FILENO))
        return;
    signal(SIGCHLD, SIG_IGN);
    (void)posix_spawnp(&child, words[0], NULL, NULL, words, environ);
}

static void tell(const struct evac_cli *cli, const struct evac_loopback_door *door, char *url,
                 size_t bytes)
{
    char host[256] = "THIS-HOST";
    snprintf(url, bytes, "http://127.0.0.1:%u/enter/%s", door->port, door->secret);
    if (cli->json) {
        printf("{\"url\":\"%s\",\"port\":%u}\n", url, door->port);
    } else {
        (void)gethostname(host, sizeof host - 1);
        printf("Dashboard: %s\n\n"
               "The link works once, for one browser, and lasts until this command ends (Ctrl-C).\n"
               "From another machine:  ssh -L %u:127.0.0.1:%u %s   and open the link there.\n",
               url, door->port, door->port, host);
    }
    fflush(stdout);
}

static enum evac_exit serve(struct evac_cli *cli, struct session *session)
{
    char url[128];
    struct evac_err err = { EVAC_OK, "" };
    enum evac_code code =
        evac_loopback_new(&session->loop, cli->socket, &session->door, &session->loopback, &err);
    if (!code) {
        listen_to_signals(session);
        tell(cli, &session->door, url, sizeof url);
        show(url);
    }
    (void)uv_run(&session->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&session->loop);
    return code ? evac_cli_fail(EVAC_EXIT_FAILED, "%s", err.text) : EVAC_EXIT_DONE;
}

enum evac_exit evac_cmd_dashboard(struct evac_cli *cli)
{
    struct session session = { .door = { .port = (unsigned)cli->port } };
    struct evac_err err = { EVAC_OK, "" };
    struct evac_buf raw;
    evac_buf_init(&raw, 65536);
    enum evac_exit code = evac_client_raw(cli->client, "/v1/version", NULL, &raw, &err);
    evac_buf_done(&raw);
    if (code)
        return evac_cli_fail(code, "%s", err.text);
    if (!make_secret(session.door.secret) || !make_secret(session.door.cookie))
        return evac_cli_fail(EVAC_EXIT_FAILED, "no random numbers: %s", strerror(errno));
    if (uv_loop_init(&session.loop))
        return evac_cli_fail(EVAC_EXIT_FAILED, "no event loop");
    return serve(cli, &session);
}

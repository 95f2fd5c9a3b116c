#include "child.h"

#include "log.h"
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define BEGIN_MS 30000 /* a long journal is read whole */
#define LOOK_MS  1000u
/* Nothing goes on and nobody asks: what it knows of health is soon learnt again. */
#define IDLE_MS 300000u

struct process {
    uv_loop_t loop;
    uv_signal_t signals[2];
    uv_timer_t look;
    struct evac_daemon *daemon;
    struct evac_api_server *server;
};

static void end(struct process *p)
{
    for (size_t i = 0; i < sizeof p->signals / sizeof p->signals[0]; i++)
        if (!uv_is_closing((uv_handle_t *)&p->signals[i]))
            uv_close((uv_handle_t *)&p->signals[i], NULL);
    if (!uv_is_closing((uv_handle_t *)&p->look))
        uv_close((uv_handle_t *)&p->look, NULL);
    evac_api_server_stop(p->server);
    evac_daemon_stop(p->daemon);
}

static void on_signal(uv_signal_t *handle, int number)
{
    evac_log(EVAC_LOG_INFO, "stopping", "signal=%d", number);
    end(handle->data);
}

/* A journal that can not be written now may hold a run: that is waited for. */
static void on_look(uv_timer_t *timer)
{
    struct process *p = timer->data;
    struct evac_shell *shell = evac_daemon_shell(p->daemon);
    if (!shell || evac_shell_engine(shell)->run_count ||
        evac_api_server_idle_ms(p->server) < IDLE_MS)
        return;
    evac_log(EVAC_LOG_INFO, "stopping", "reason=\"no run goes on, and nobody asks\"");
    end(p);
}

static void open_handles(struct process *p)
{
    static const int numbers[] = { SIGTERM, SIGINT };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        uv_signal_init(&p->loop, &p->signals[i]);
        p->signals[i].data = p;
        uv_signal_start(&p->signals[i], on_signal, numbers[i]);
    }
    uv_timer_init(&p->loop, &p->look);
    p->look.data = p;
    uv_timer_start(&p->look, on_look, LOOK_MS, LOOK_MS);
}

/* Who broke the glass, why, and what was looked at before. */
static enum evac_code note_beginning(struct process *p, const struct evac_child *child,
                                     struct evac_err *err)
{
    struct evac_record row = { .kind = EVAC_RECORD_ALONE,
                               .step = EVAC_NO_STEP,
                               .name = evac_str(child->places->node),
                               .who = evac_str(child->places->who),
                               .text = evac_str(child->reason),
                               .data = child->seen };
    return evac_daemon_note(p->daemon, &row, 1, err);
}

static enum evac_code begin(struct process *p, const struct evac_child *child, struct evac_err *err)
{
    const struct evac_places *places = child->places;
    const struct evac_alone alone = { places->journal, places->socket, places->reports,
                                      places->node };
    const struct evac_daemon_options options = { .conf_dir = child->conf_dir, .alone = &alone };
    enum evac_code code = evac_daemon_new(&p->loop, &options, &p->daemon, err);
    if (!code)
        code = evac_api_server_new(&p->loop, p->daemon, places->socket, &p->server, err);
    return code ? code : note_beginning(p, child, err);
}

/* What the command that began it waits for: one line, then the end of the pipe. */
static void answer(int fd, const char *text)
{
    size_t n = strlen(text);
    if (write(fd, text, n) != (ssize_t)n)
        evac_log(EVAC_LOG_WARN, "not_heard", "text=\"%s\"", text);
    close(fd);
}

static int run(const struct evac_child *child, int told)
{
    struct process p;
    struct evac_err err = { EVAC_OK, "" };
    memset(&p, 0, sizeof p);
    uv_loop_init(&p.loop);
    enum evac_code code = begin(&p, child, &err);
    open_handles(&p);
    if (code)
        end(&p);
    answer(told, code ? err.text : "+");
    uv_run(&p.loop, UV_RUN_DEFAULT);
    evac_api_server_free(p.server);
    uv_run(&p.loop, UV_RUN_DEFAULT);
    evac_daemon_free(p.daemon);
    uv_loop_close(&p.loop);
    return code ? 1 : 0;
}

/* A session of its own, its words to a file: the terminal may go. */
static void leave_terminal(const struct evac_places *places)
{
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    int log = open(places->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    (void)setsid();
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    if (nothing >= 0) {
        (void)dup2(nothing, STDIN_FILENO);
        (void)dup2(log >= 0 ? log : nothing, STDOUT_FILENO);
        (void)dup2(log >= 0 ? log : nothing, STDERR_FILENO);
    }
    unsetenv("NOTIFY_SOCKET");        /* that is somebody else's watchdog */
    struct rlimit no_core = { 0, 0 }; /* a core file would hold credentials */
    setrlimit(RLIMIT_CORE, &no_core);
    prctl(PR_SET_DUMPABLE, 0);
    prctl(PR_SET_NAME, "evac-standalone");
}

/* "+": it answers on its socket. */
static enum evac_code hear(int fd, struct evac_err *err)
{
    char text[600];
    size_t n = 0;
    struct pollfd p = { .fd = fd, .events = POLLIN };
    while (n + 1 < sizeof text) {
        if (poll(&p, 1, BEGIN_MS) <= 0)
            return evac_fail(err, EVAC_E_TIMEOUT, "it did not begin within %d s", BEGIN_MS / 1000);
        ssize_t got = read(fd, text + n, sizeof text - 1 - n);
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    text[n] = '\0';
    if (strcmp(text, "+") == 0)
        return EVAC_OK;
    return evac_fail(err, EVAC_E_REFUSED, "%s", n ? text : "it ended at once");
}

enum evac_code evac_child_begin(const struct evac_child *child, struct evac_err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return evac_fail(err, EVAC_E_IO, "a pipe: %s", strerror(errno));
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        leave_terminal(child->places);
        _exit(run(child, ends[1]));
    }
    close(ends[1]);
    enum evac_code code =
        pid < 0 ? evac_fail(err, EVAC_E_IO, "a process: %s", strerror(errno)) : hear(ends[0], err);
    close(ends[0]);
    return code;
}

/* Child processes: their own session and process group, an environment that is given whole, output
 * with a ceiling, a deadline, and a jail (jail.h). Whatever of the group is left when the program
 * has ended, or at the deadline, is killed. */
#include "evac/arena.h"
#include "host_internal.h"
#include "host_spawn.h"
#include "jail.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILDREN_MAX    256u
#define ARGUMENTS_MAX   1024u
#define INPUT_MAX_BYTES 16777216u
#define READ_BYTES      16384u
/* Once the child has ended and its group was killed, output may still be on its way for so long. */
#define LEFTOVER_MS 1000u

enum pipe { IN, OUT, ERR, PIPES };

struct child {
    struct evac_host_uv *host;
    struct evac_host_exec *exec;
    struct child *next, **at;
    pid_t pid;
    int pidfd;
    uv_poll_t ended;
    uv_pipe_t pipes[PIPES];
    uv_timer_t timer;
    uv_write_t write;
    struct evac_arena *arena;
    char **argv, **env;
    uv_buf_t input;
    struct evac_buf output[PIPES]; /* OUT and ERR */
    bool cut[PIPES];
    bool running, watching, told;
    size_t open_streams; /* OUT and ERR not yet at their end */
    size_t open_handles;
    struct evac_exec_reply reply;
    char error[200];
    evac_exec_done_fn *done;
    void *user;
};

/* Groups that were killed: what a program leaves behind becomes our child (prctl(2), child
 * subreaper), and must be buried: a zombie still counts against its user's limit of processes. */
#define GRAVES 64u

#define NOT_ALLOWED "programs are not allowed: exec = { allowed = true; }; in evac.cfg"

struct evac_host_exec {
    struct child *children;
    size_t count;
    pid_t graves[GRAVES]; /* 0 free */
    struct evac_jail *jail;
    char closed[200]; /* why nothing is run; "" it is, in the jail */
};

/* --- the end --------------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
    struct child *c = handle->data;
    if (--c->open_handles > 0)
        return;
    struct evac_host_uv *host = c->host;
    if (c->pidfd >= 0)
        close(c->pidfd);
    evac_buf_done(&c->output[OUT]);
    evac_buf_done(&c->output[ERR]);
    evac_arena_free(c->arena);
    free(c);
    evac_host_uv_let_go(host);
}

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, on_closed);
}

static void tell(struct child *c)
{
    c->told = true;
    if (c->next)
        c->next->at = c->at;
    *c->at = c->next;
    c->exec->count--;

    if ((c->cut[OUT] || c->cut[ERR]) && !c->error[0])
        (void)snprintf(c->error, sizeof c->error, "its output was cut at %zu bytes",
                       c->output[OUT].max_bytes);
    c->reply.output = evac_buf_str(&c->output[OUT]);
    c->reply.errors = evac_buf_str(&c->output[ERR]);
    c->reply.error = c->error;
    c->done(c->user, &c->reply);

    for (int i = 0; i < PIPES; i++)
        close_handle((uv_handle_t *)&c->pipes[i]);
    close_handle((uv_handle_t *)&c->timer);
    /* A killed child is still waited for, so that it leaves no zombie: see on_ended(). */
    if (c->watching && !c->running)
        close_handle((uv_handle_t *)&c->ended);
}

/* While the child is not buried its number, and so its group's, is nobody else's. */
static void kill_group(struct child *c)
{
    if (c->running && c->pid > 1) /* 0 would be our own group, 1 the world */
        (void)kill(-c->pid, SIGKILL);
}

static void on_leftover(uv_timer_t *timer)
{
    struct child *c = timer->data;
    (void)snprintf(c->error, sizeof c->error, "somebody else holds its output open");
    tell(c);
}

static void tell_when_complete(struct child *c)
{
    if (!c->told && !c->running && c->open_streams == 0)
        tell(c);
}

/* Whoever has died by now; what has not is looked for the next time. */
static void visit_graves(struct evac_host_exec *exec)
{
    for (size_t i = 0; i < GRAVES; i++) {
        pid_t got = exec->graves[i] ? 1 : 0;
        while (got > 0)
            got = waitpid(-exec->graves[i], NULL, WNOHANG);
        if (got < 0)
            exec->graves[i] = 0;
    }
}

static void dig(struct evac_host_exec *exec, pid_t group)
{
    for (size_t i = 0; i < GRAVES; i++)
        if (!exec->graves[i]) {
            exec->graves[i] = group;
            return;
        }
}

/* It has ended and is not buried yet: what it left behind goes first. */
static void bury(struct child *c)
{
    int status = 0;
    kill_group(c);
    while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
        ;
    c->running = false;
    if (evac_host_uv_is_closing(c->host)) /* nobody will run anything any more */
        return;
    dig(c->exec, c->pid);
    visit_graves(c->exec);
    c->reply.exit_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void on_ended(uv_poll_t *poll, int status, int events)
{
    struct child *c = poll->data;
    (void)status, (void)events;
    uv_poll_stop(poll);
    bury(c);
    if (c->told) {
        close_handle((uv_handle_t *)poll);
        return;
    }
    if (c->open_streams)
        uv_timer_start(&c->timer, on_leftover, LEFTOVER_MS, 0);
    tell_when_complete(c);
}

static void on_deadline(uv_timer_t *timer)
{
    struct child *c = timer->data;
    if (c->running) {
        kill_group(c);
        c->reply.timed_out = true;
        c->reply.exit_status = 128 + SIGKILL;
        (void)snprintf(c->error, sizeof c->error, "killed: it took longer than allowed");
    }
    tell(c);
}

/* --- input and output ------------------------------------------------------------------------ */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
    static char shared[READ_BYTES]; /* used only within one read callback */
    (void)handle;
    (void)suggested;
    *ret_buf = uv_buf_init(shared, sizeof shared);
}

static void on_output(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct child *c = stream->data;
    enum pipe i = stream == (uv_stream_t *)&c->pipes[OUT] ? OUT : ERR;
    if (n < 0) {
        uv_read_stop(stream);
        c->open_streams--;
        tell_when_complete(c);
        return;
    }
    /* What does not fit is read and dropped, so that the child does not stand still. */
    size_t room = c->output[i].max_bytes - c->output[i].n;
    size_t kept = (size_t)n < room ? (size_t)n : room;
    c->cut[i] |= kept < (size_t)n;
    evac_buf_put(&c->output[i], buf->base, kept);
    explicit_bzero(buf->base, (size_t)n); /* it may be a credential */
}

static void on_written(uv_write_t *write, int status)
{
    struct child *c = write->data;
    (void)status; /* a child need not read its input */
    close_handle((uv_handle_t *)&c->pipes[IN]);
}

static void give_input(struct child *c)
{
    c->write.data = c;
    if (c->input.len == 0 ||
        uv_write(&c->write, (uv_stream_t *)&c->pipes[IN], &c->input, 1, on_written))
        close_handle((uv_handle_t *)&c->pipes[IN]);
}

static void follow(struct child *c)
{
    for (int i = OUT; i <= ERR; i++)
        if (uv_read_start((uv_stream_t *)&c->pipes[i], on_alloc, on_output) == 0)
            c->open_streams++;
    give_input(c);
}

/* --- the beginning --------------------------------------------------------------------------- */

static char **copy_list(struct evac_arena *arena, const char *const *list)
{
    size_t n = 0;
    while (list && list[n])
        n++;
    char **copy = evac_arena_array(arena, n + 1, sizeof *copy);
    for (size_t i = 0; i < n; i++)
        copy[i] = evac_arena_dup(arena, list[i]);
    return copy;
}

static void init_handles(struct child *c)
{
    uv_loop_t *loop = c->host->loop;
    for (int i = 0; i < PIPES; i++) {
        uv_pipe_init(loop, &c->pipes[i], 0);
        c->pipes[i].data = c;
    }
    uv_timer_init(loop, &c->timer);
    c->timer.data = c;
    c->ended.data = c;
    c->pidfd = -1;
    c->open_handles = PIPES + 1;
}

static struct child *new_child(struct evac_host_uv *host, const struct evac_exec_request *request)
{
    struct child *c = calloc(1, sizeof *c);
    if (!c)
        abort();
    c->host = host;
    c->exec = host->exec;
    c->arena = evac_arena_new();
    c->argv = copy_list(c->arena, request->argv);
    c->env = copy_list(c->arena, request->env);
    c->input =
        uv_buf_init(evac_arena_alloc(c->arena, request->input.n + 1), (unsigned)request->input.n);
    if (request->input.n)
        memcpy(c->input.base, request->input.p, request->input.n);
    evac_buf_init(&c->output[OUT], request->max_output_bytes);
    evac_buf_init(&c->output[ERR], request->max_output_bytes);
    c->at = &host->exec->children;
    c->next = host->exec->children;
    if (c->next)
        c->next->at = &c->next;
    host->exec->children = c;
    host->exec->count++;
    evac_host_uv_hold(host);
    init_handles(c);
    return c;
}

static bool open_pipe(struct child *c, enum pipe i, struct host_spawn *spawn)
{
    uv_file ends[2];
    bool ours_reads = i != IN;
    if (uv_pipe(ends, ours_reads ? UV_NONBLOCK_PIPE : 0, ours_reads ? 0 : UV_NONBLOCK_PIPE))
        return false;
    spawn->stdio[i] = ends[ours_reads ? 1 : 0];
    if (uv_pipe_open(&c->pipes[i], ends[ours_reads ? 0 : 1]) == 0)
        return true;
    close(ends[ours_reads ? 0 : 1]);
    return false;
}

static bool open_pipes(struct child *c, struct host_spawn *spawn)
{
    bool good = true;
    for (int i = 0; good && i < PIPES; i++)
        good = open_pipe(c, (enum pipe)i, spawn);
    return good;
}

/* False: it did not start, and c->error says why. */
static bool begin(struct child *c, const struct evac_jail *jail)
{
    struct host_spawn spawn = {
        .argv = c->argv, .env = c->env, .jail = jail, .stdio = { -1, -1, -1 }
    };
    const char *what = "a pipe";
    int error = open_pipes(c, &spawn) ? host_spawn(&spawn, &c->pid, &c->pidfd, &what) : errno;
    for (int i = 0; i < PIPES; i++)
        if (spawn.stdio[i] >= 0)
            close(spawn.stdio[i]);
    if (error == 0) {
        c->running = true;
        if (uv_poll_init(c->host->loop, &c->ended, c->pidfd) == 0) {
            c->watching = true;
            c->open_handles++;
            return true;
        }
        what = "its end can not be watched";
        error = EIO;
        bury(c);
    }
    (void)snprintf(c->error, sizeof c->error, "%s did not start: %s%s%s", c->argv[0], what,
                   what[0] ? ": " : "", uv_strerror(uv_translate_sys_error(error)));
    return false;
}

static enum evac_code check(const struct evac_host_uv *host,
                            const struct evac_exec_request *request, struct evac_err *err)
{
    size_t n = 0;
    if (evac_host_uv_is_closing(host))
        return evac_fail(err, EVAC_E_REFUSED, "the host is closing");
    if (!request->argv || !request->argv[0])
        return evac_fail(err, EVAC_E_BADARG, "no program is named");
    enum evac_code code = evac_program_check(request->argv[0], err);
    if (code)
        return code;
    if (host->exec->closed[0] && !request->as_controller)
        return evac_fail(err, EVAC_E_REFUSED, "%s", host->exec->closed);
    while (request->argv[n])
        n++;
    if (request->input.n > INPUT_MAX_BYTES)
        return evac_fail(err, EVAC_E_TOOBIG, "%zu bytes of input; %u are allowed", request->input.n,
                         INPUT_MAX_BYTES);
    if (n > ARGUMENTS_MAX)
        return evac_fail(err, EVAC_E_TOOBIG, "%zu arguments; %u are allowed", n, ARGUMENTS_MAX);
    if (request->total_ms == 0 || request->max_output_bytes == 0)
        return evac_fail(err, EVAC_E_BADARG,
                         "a program needs total_ms and max_output_bytes above 0");
    if (host->exec->count >= CHILDREN_MAX)
        return evac_fail(err, EVAC_E_BUSY, "%u programs are running", CHILDREN_MAX);
    return EVAC_OK;
}

enum evac_code evac_host_exec_run(void *ctx, const struct evac_exec_request *request,
                                  evac_exec_done_fn *done, void *user, struct evac_err *err)
{
    struct evac_host_uv *host = ctx;
    enum evac_code code = check(host, request, err);
    if (code)
        return code;

    struct child *c = new_child(host, request);
    c->done = done;
    c->user = user;
    visit_graves(host->exec);
    bool begun = begin(c, request->as_controller ? NULL : host->exec->jail);
    uv_update_time(host->loop);
    if (!begun) {
        uv_timer_start(&c->timer, on_deadline, 0, 0);
        return EVAC_OK;
    }
    c->reply.started = true;
    uv_poll_start(&c->ended, UV_READABLE, on_ended);
    uv_timer_start(&c->timer, on_deadline, request->total_ms, 0);
    follow(c);
    return EVAC_OK;
}

/* Nobody is run without walls because they could not be made. */
void evac_host_uv_jail(struct evac_host *host, const struct evac_jail_conf *conf)
{
    struct evac_host_exec *exec = ((struct evac_host_uv *)host->ctx)->exec;
    struct evac_jail *jail = NULL;
    struct evac_err err = { EVAC_OK, "" };
    if (!conf)
        (void)snprintf(exec->closed, sizeof exec->closed, NOT_ALLOWED);
    else if (evac_jail_new(conf, &jail, &err))
        (void)snprintf(exec->closed, sizeof exec->closed, "no program is run: %.150s", err.text);
    else
        exec->closed[0] = '\0';
    evac_jail_free(exec->jail);
    exec->jail = jail;
}

const char *evac_host_uv_jailed(const struct evac_host *host, char *out, size_t bytes)
{
    const struct evac_host_exec *exec = ((const struct evac_host_uv *)host->ctx)->exec;
    if (exec->jail)
        evac_jail_say(exec->jail, out, bytes);
    else
        (void)snprintf(out, bytes, "%s", exec->closed);
    return out;
}

struct evac_host_exec *evac_host_exec_new(struct evac_host_uv *host)
{
    struct evac_host_exec *exec = calloc(1, sizeof *exec);
    (void)host;
    if (!exec)
        abort();
    (void)snprintf(exec->closed, sizeof exec->closed, NOT_ALLOWED); /* until walls stand */
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    return exec;
}

void evac_host_exec_close(struct evac_host_exec *exec)
{
    while (exec->children) {
        struct child *c = exec->children;
        if (c->running) {
            kill_group(c);
            (void)snprintf(c->error, sizeof c->error, "killed: the host is closing");
            c->reply.exit_status = 128 + SIGKILL;
        }
        tell(c);
    }
    evac_jail_free(exec->jail);
    free(exec);
}

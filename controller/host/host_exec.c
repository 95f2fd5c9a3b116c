/* Child processes: their own session and process group, an environment that is given whole, output
 * with a ceiling, and a deadline at which the whole group is killed. */
#include "evac/arena.h"
#include "host_internal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHILDREN_MAX    256u
#define ARGUMENTS_MAX   1024u
#define INPUT_MAX_BYTES 16777216u
#define READ_BYTES      16384u
/* Once the child has ended, what it left behind may hold its output open for so long. */
#define LEFTOVER_MS 1000u

enum pipe { IN, OUT, ERR, PIPES };

struct child {
    struct evac_host_uv *host;
    struct evac_host_exec *exec;
    struct child *next, **at;
    uv_process_t process;
    uv_pipe_t pipes[PIPES];
    uv_timer_t timer;
    uv_write_t write;
    struct evac_arena *arena;
    char **argv, **env;
    uv_buf_t input;
    struct evac_buf output[PIPES]; /* OUT and ERR */
    bool cut[PIPES];
    bool running, process_open, told;
    size_t open_streams; /* OUT and ERR not yet at their end */
    size_t open_handles;
    struct evac_exec_reply reply;
    char error[200];
    evac_exec_done_fn *done;
    void *user;
};

struct evac_host_exec {
    struct child *children;
    size_t count;
};

/* --- the end --------------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
    struct child *c = handle->data;
    if (--c->open_handles > 0)
        return;
    struct evac_host_uv *host = c->host;
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
    /* A killed child is still waited for, so that it leaves no zombie: see on_exit_status(). */
    if (c->process_open && !c->running)
        close_handle((uv_handle_t *)&c->process);
}

static void kill_group(struct child *c)
{
    if (c->process_open && c->process.pid > 1) /* 0 would be our own group, -1 the world */
        (void)kill(-c->process.pid, SIGKILL);
}

static void on_leftover(uv_timer_t *timer)
{
    struct child *c = timer->data;
    kill_group(c); /* within a second of the child's end: its number can not have come round */
    (void)snprintf(c->error, sizeof c->error, "it left processes behind; they were killed");
    tell(c);
}

static void tell_when_complete(struct child *c)
{
    if (!c->told && !c->running && c->open_streams == 0)
        tell(c);
}

static void on_exit_status(uv_process_t *process, int64_t status, int signal)
{
    struct child *c = process->data;
    c->running = false;
    if (c->told) {
        close_handle((uv_handle_t *)process);
        return;
    }
    c->reply.exit_status = signal ? 128 + signal : (int)(status & 0xff);
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
    c->process.data = c;
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

static int spawn(struct child *c)
{
    uv_stdio_container_t stdio[PIPES];
    for (int i = 0; i < PIPES; i++) {
        stdio[i].flags = UV_CREATE_PIPE | (i == IN ? UV_READABLE_PIPE : UV_WRITABLE_PIPE);
        stdio[i].data.stream = (uv_stream_t *)&c->pipes[i];
    }
    uv_process_options_t options = {
        .exit_cb = on_exit_status,
        .file = c->argv[0],
        .args = c->argv,
        .env = c->env,
        .cwd = "/",
        .flags = UV_PROCESS_DETACHED, /* setsid(): a group of its own */
        .stdio_count = PIPES,
        .stdio = stdio,
    };
    return uv_spawn(c->host->loop, &c->process, &options);
}

static enum evac_code check(const struct evac_host_uv *host,
                            const struct evac_exec_request *request, struct evac_err *err)
{
    size_t n = 0;
    if (evac_host_uv_is_closing(host))
        return evac_fail(err, EVAC_E_REFUSED, "the host is closing");
    if (!request->argv || !request->argv[0] || request->argv[0][0] != '/')
        return evac_fail(err, EVAC_E_BADARG, "a program is named by its absolute path, not '%s'",
                         request->argv && request->argv[0] ? request->argv[0] : "");
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
    int failed = spawn(c);
    /* libuv initialises the handle even when it fails, and then it must be closed too. */
    c->process_open = true;
    c->open_handles++;
    uv_update_time(host->loop);
    if (failed) {
        (void)snprintf(c->error, sizeof c->error, "%s did not start: %s", c->argv[0],
                       uv_strerror(failed));
        uv_timer_start(&c->timer, on_deadline, 0, 0);
        return EVAC_OK;
    }
    c->running = c->reply.started = true;
    uv_timer_start(&c->timer, on_deadline, request->total_ms, 0);
    follow(c);
    return EVAC_OK;
}

struct evac_host_exec *evac_host_exec_new(struct evac_host_uv *host)
{
    struct evac_host_exec *exec = calloc(1, sizeof *exec);
    (void)host;
    if (!exec)
        abort();
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
    free(exec);
}

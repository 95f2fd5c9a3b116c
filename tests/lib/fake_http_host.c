#include "fake_http_host.h"

#include "evac/arena.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FAKE_MAX         4096u
#define FAKE_MAX_BYTES   (16u << 20)
#define FAKE_WALL_MS     1767323045000
#define FAKE_MAX_STEPS   100000u
#define FAKE_MAX_HEADERS 32u

struct script {
    const char *match;
    struct fake_reply reply;
    bool used;
};

struct exec_script {
    const char *match, *output, *errors;
    int exit_status;
    bool used;
};

struct pair {
    const char *name, *value;
};

enum job_kind { JOB_TIMER, JOB_HTTP, JOB_EXEC };

/* What waits for its instant. */
struct job {
    enum job_kind kind;
    uint64_t id, at_ms;
    bool done;
    void *user;
    evac_timer_fn *timer;
    evac_http_done_fn *http;
    evac_exec_done_fn *exec;
    struct fake_reply reply;
    const struct exec_script *program;
};

struct fake_host {
    struct evac_host table;
    struct evac_arena *arena;
    uint64_t now_ms, next_id, random;
    int64_t wall_offset_ms;
    enum evac_code refuse;
    struct script scripts[FAKE_MAX];
    struct exec_script programs[FAKE_MAX];
    struct pair env[64], files[64];
    struct job *jobs;
    struct fake_request requests[FAKE_MAX];
    const char *argvs[FAKE_MAX];
    size_t script_count, program_count, env_count, file_count, job_count, job_cap;
    size_t request_count, argv_count;
    struct evac_buf debug;
};

static uint64_t host_now(void *ctx)
{
    return ((struct fake_host *)ctx)->now_ms;
}

static int64_t host_wall(void *ctx)
{
    struct fake_host *f = ctx;
    return FAKE_WALL_MS + f->wall_offset_ms + (int64_t)f->now_ms;
}

static void host_random(void *ctx, void *p, size_t bytes)
{
    struct fake_host *f = ctx;
    unsigned char *to = p;
    for (size_t i = 0; i < bytes; i++) {
        f->random = f->random * 6364136223846793005u + 1442695040888963407u;
        to[i] = (unsigned char)(f->random >> 56);
    }
}

static struct job *job_new(struct fake_host *f, enum job_kind kind, uint64_t delay_ms, void *user)
{
    if (f->job_count == f->job_cap) {
        f->job_cap = f->job_cap ? f->job_cap * 2 : 64;
        f->jobs = realloc(f->jobs, f->job_cap * sizeof *f->jobs);
        if (!f->jobs)
            abort();
    }
    struct job *job = &f->jobs[f->job_count++];
    *job = (struct job){
        .kind = kind, .id = ++f->next_id, .at_ms = f->now_ms + delay_ms, .user = user
    };
    return job;
}

static struct job *job_find(struct fake_host *f, enum job_kind kind, uint64_t id)
{
    for (size_t i = 0; i < f->job_count; i++)
        if (f->jobs[i].id == id && f->jobs[i].kind == kind && !f->jobs[i].done)
            return &f->jobs[i];
    return NULL;
}

static const char *keep(struct fake_host *f, struct evac_str s)
{
    return evac_arena_str(f->arena, s).p;
}

static const char *keep_text(struct fake_host *f, const char *text)
{
    return text ? evac_arena_dup(f->arena, text) : NULL;
}

static struct fake_request *record(struct fake_host *f, const struct evac_http_request *request)
{
    struct evac_buf headers;
    ck_assert_uint_lt(f->request_count, FAKE_MAX);
    struct fake_request *r = &f->requests[f->request_count++];
    evac_buf_init(&headers, FAKE_MAX_BYTES);
    for (size_t i = 0; i < request->header_count; i++)
        evac_buf_putf(&headers, "%.*s: %.*s\n", EVAC_STR_ARG(request->headers[i].name),
                      EVAC_STR_ARG(request->headers[i].value));
    *r = (struct fake_request){
        .method = keep(f, request->method),
        .url = keep(f, request->url),
        .body = keep(f, request->body),
        .region = keep(f, request->region),
        .operation = keep(f, request->operation),
        .ca = keep(f, request->ca),
        .body_bytes = request->body.n,
        .headers = keep(f, evac_buf_str(&headers)),
        .connect_ms = request->connect_ms,
        .total_ms = request->total_ms,
        .mutates = request->mutates,
        .at_ms = f->now_ms,
    };
    evac_buf_done(&headers);
    return r;
}

static struct fake_reply find_reply(struct fake_host *f, const struct fake_request *r)
{
    struct evac_buf text;
    struct fake_reply reply = { .fate = EVAC_HTTP_NOT_SENT,
                                .error = "the test has no reply for this request" };
    evac_buf_init(&text, FAKE_MAX_BYTES);
    evac_buf_putf(&text, "%s %s\n%s\n%s", r->method, r->url, r->headers, r->body);
    for (size_t i = 0; i < f->script_count; i++) {
        struct script *s = &f->scripts[i];
        if (s->used || !evac_str_has(evac_buf_str(&text), s->match))
            continue;
        s->used = !s->reply.always;
        reply = s->reply;
        break;
    }
    evac_buf_done(&text);
    return reply;
}

static enum evac_code host_http(void *ctx, const struct evac_http_request *request,
                                evac_http_done_fn *done, void *user, uint64_t *ret_id,
                                struct evac_err *err)
{
    struct fake_host *f = ctx;
    if (f->refuse)
        return evac_fail(err, f->refuse, "the test's host refuses");
    struct fake_reply reply = find_reply(f, record(f, request));
    bool in_time = reply.delay_ms <= request->total_ms;
    struct job *job = job_new(f, JOB_HTTP, in_time ? reply.delay_ms : request->total_ms, user);
    job->http = done;
    job->reply = reply;
    if (!in_time) {
        job->reply.fate = EVAC_HTTP_LOST;
        job->reply.error = "no reply in time";
    }
    if (ret_id)
        *ret_id = job->id;
    return EVAC_OK;
}

static void host_http_cancel(void *ctx, uint64_t id)
{
    struct job *job = job_find(ctx, JOB_HTTP, id);
    if (!job)
        return;
    job->at_ms = ((struct fake_host *)ctx)->now_ms;
    job->reply = (struct fake_reply){ .fate = EVAC_HTTP_LOST, .error = "cancelled" };
}

static enum evac_code host_timer(void *ctx, uint64_t delay_ms, evac_timer_fn *fn, void *user,
                                 uint64_t *ret_id, struct evac_err *err)
{
    struct job *job = job_new(ctx, JOB_TIMER, delay_ms, user);
    (void)err;
    job->timer = fn;
    if (ret_id)
        *ret_id = job->id;
    return EVAC_OK;
}

static void host_timer_stop(void *ctx, uint64_t id)
{
    struct job *job = job_find(ctx, JOB_TIMER, id);
    if (job)
        job->done = true;
}

static enum evac_code host_dns(void *ctx, struct evac_str name, const char *type,
                               struct evac_str server, uint32_t total_ms, evac_dns_done_fn *done,
                               void *user, struct evac_err *err)
{
    (void)ctx, (void)name, (void)type, (void)server, (void)total_ms, (void)done, (void)user;
    return evac_fail(err, EVAC_E_UNSUPPORTED, "the test's host knows no DNS");
}

static const char *join_argv(struct fake_host *f, const char *const *argv)
{
    struct evac_buf text;
    evac_buf_init(&text, FAKE_MAX_BYTES);
    for (size_t i = 0; argv[i]; i++)
        evac_buf_putf(&text, "%s%s", i ? "|" : "", argv[i]);
    const char *kept = keep(f, evac_buf_str(&text));
    evac_buf_done(&text);
    return kept;
}

static enum evac_code host_exec(void *ctx, const struct evac_exec_request *request,
                                evac_exec_done_fn *done, void *user, struct evac_err *err)
{
    struct fake_host *f = ctx;
    if (f->refuse)
        return evac_fail(err, f->refuse, "the test's host refuses");
    ck_assert_uint_lt(f->argv_count, FAKE_MAX);
    const char *argv = f->argvs[f->argv_count++] = join_argv(f, request->argv);
    struct job *job = job_new(f, JOB_EXEC, 0, user);
    job->exec = done;
    for (size_t i = 0; i < f->program_count && !job->program; i++) {
        if (f->programs[i].used || !strstr(argv, f->programs[i].match))
            continue;
        f->programs[i].used = true;
        job->program = &f->programs[i];
    }
    return EVAC_OK;
}

static const char *find_pair(const struct pair *pairs, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(pairs[i].name, name) == 0)
            return pairs[i].value;
    return NULL;
}

static void set_pair(struct fake_host *f, struct pair *pairs, size_t *count, const char *name,
                     const char *value)
{
    size_t i = 0;
    while (i < *count && strcmp(pairs[i].name, name) != 0)
        i++;
    ck_assert_uint_lt(i, 64);
    if (i == *count)
        pairs[(*count)++].name = evac_arena_dup(f->arena, name);
    pairs[i].value = keep_text(f, value);
}

static enum evac_code host_read_file(void *ctx, const char *path, struct evac_buf *buf,
                                     struct evac_err *err)
{
    struct fake_host *f = ctx;
    const char *text = find_pair(f->files, f->file_count, path);
    if (!text)
        return evac_fail(err, EVAC_E_NOTFOUND, "%s: no such file", path);
    evac_buf_puts(buf, text);
    return evac_buf_check(buf, path, err);
}

static const char *host_getenv(void *ctx, const char *name)
{
    struct fake_host *f = ctx;
    return find_pair(f->env, f->env_count, name);
}

__attribute__((format(printf, 2, 3))) static void host_debug(void *ctx, const char *fmt, ...)
{
    struct fake_host *f = ctx;
    va_list ap;
    va_start(ap, fmt);
    evac_buf_putv(&f->debug, fmt, ap);
    va_end(ap);
    evac_buf_putc(&f->debug, '\n');
}

struct fake_host *fake_host_new(void)
{
    struct fake_host *f = calloc(1, sizeof *f);
    if (!f)
        abort();
    f->arena = evac_arena_new();
    f->random = 42;
    evac_buf_init(&f->debug, FAKE_MAX_BYTES);
    f->table = (struct evac_host){
        .abi = EVAC_HOST_ABI,
        .ctx = f,
        .now_ms = host_now,
        .wall_ms = host_wall,
        .random = host_random,
        .http = host_http,
        .http_cancel = host_http_cancel,
        .timer = host_timer,
        .timer_stop = host_timer_stop,
        .dns = host_dns,
        .exec = host_exec,
        .read_file = host_read_file,
        .getenv = host_getenv,
        .debug = host_debug,
    };
    return f;
}

void fake_host_free(struct fake_host *f)
{
    if (!f)
        return;
    evac_buf_done(&f->debug);
    evac_arena_free(f->arena);
    free(f->jobs);
    free(f);
}

const struct evac_host *fake_host_table(struct fake_host *f)
{
    return &f->table;
}

void fake_host_reply(struct fake_host *f, const char *match, struct fake_reply reply)
{
    ck_assert_uint_lt(f->script_count, FAKE_MAX);
    if (reply.body && !reply.body_bytes)
        reply.body_bytes = strlen(reply.body);
    reply.body = keep(f, (struct evac_str){ reply.body, reply.body_bytes });
    reply.headers = keep_text(f, reply.headers);
    reply.error = keep_text(f, reply.error);
    f->scripts[f->script_count++] =
        (struct script){ .match = evac_arena_dup(f->arena, match), .reply = reply };
}

void fake_host_exec(struct fake_host *f, const char *match, int exit_status, const char *output,
                    const char *errors)
{
    ck_assert_uint_lt(f->program_count, FAKE_MAX);
    f->programs[f->program_count++] = (struct exec_script){
        .match = evac_arena_dup(f->arena, match),
        .output = keep_text(f, output),
        .errors = keep_text(f, errors),
        .exit_status = exit_status,
    };
}

void fake_host_env(struct fake_host *f, const char *name, const char *value)
{
    set_pair(f, f->env, &f->env_count, name, value);
}

void fake_host_file(struct fake_host *f, const char *path, const char *text)
{
    set_pair(f, f->files, &f->file_count, path, text);
}

void fake_host_wall(struct fake_host *f, int64_t wall_ms)
{
    f->wall_offset_ms = wall_ms - FAKE_WALL_MS - (int64_t)f->now_ms;
}

void fake_host_refuse(struct fake_host *f, enum evac_code code)
{
    f->refuse = code;
}

static size_t split_headers(struct fake_host *f, const char *text, struct evac_http_header *to)
{
    struct evac_str rest = evac_arena_str(f->arena, evac_str(text));
    size_t count = 0;
    while (rest.n && count < FAKE_MAX_HEADERS) {
        struct evac_str value, line = evac_str_cut(rest, '\n', &rest);
        to[count].name = evac_str_trim(evac_str_cut(line, ':', &value));
        to[count++].value = evac_str_trim(value);
    }
    return count;
}

static void finish_http(struct fake_host *f, const struct job *job)
{
    struct evac_http_header headers[FAKE_MAX_HEADERS];
    const struct fake_reply *r = &job->reply;
    struct evac_http_reply reply = { .fate = r->fate, .error = "", .sent_boot_ms = f->now_ms };
    if (r->fate == EVAC_HTTP_REPLIED) {
        reply.status = r->status ? r->status : 200;
        reply.headers = headers;
        reply.header_count = split_headers(f, r->headers, headers);
        reply.body = (struct evac_str){ r->body, r->body_bytes };
    } else {
        reply.error = r->error ? r->error : "the test says so";
    }
    job->http(job->user, &reply);
}

static void finish_exec(const struct job *job)
{
    const struct exec_script *p = job->program;
    struct evac_exec_reply reply = { .error = "" };
    if (!p || p->exit_status < 0) {
        reply.error = "the test has no such program";
    } else {
        reply.started = true;
        reply.exit_status = p->exit_status;
        reply.output = evac_str(p->output);
        reply.errors = evac_str(p->errors);
    }
    job->exec(job->user, &reply);
}

/* The jobs array may move while a callback runs: work on a copy. */
static void finish(struct fake_host *f, size_t index)
{
    f->jobs[index].done = true;
    struct job job = f->jobs[index];
    if (job.kind == JOB_TIMER)
        job.timer(job.user);
    else if (job.kind == JOB_HTTP)
        finish_http(f, &job);
    else
        finish_exec(&job);
}

static bool next_job(const struct fake_host *f, uint64_t until_ms, size_t *ret_index)
{
    bool found = false;
    for (size_t i = 0; i < f->job_count; i++) {
        if (f->jobs[i].done || f->jobs[i].at_ms > until_ms)
            continue;
        if (!found || f->jobs[i].at_ms < f->jobs[*ret_index].at_ms)
            *ret_index = i;
        found = true;
    }
    return found;
}

static void sweep(struct fake_host *f)
{
    size_t kept = 0;
    for (size_t i = 0; i < f->job_count; i++)
        if (!f->jobs[i].done)
            f->jobs[kept++] = f->jobs[i];
    f->job_count = kept;
}

void fake_host_run(struct fake_host *f, uint64_t ms)
{
    uint64_t until_ms = f->now_ms + ms;
    size_t index = 0;
    for (size_t steps = 0; next_job(f, until_ms, &index); steps++) {
        ck_assert_msg(steps < FAKE_MAX_STEPS, "the code under test never comes to rest");
        if (f->jobs[index].at_ms > f->now_ms)
            f->now_ms = f->jobs[index].at_ms;
        finish(f, index);
        sweep(f);
    }
    f->now_ms = until_ms;
}

static size_t count_jobs(const struct fake_host *f, bool timers)
{
    size_t count = 0;
    for (size_t i = 0; i < f->job_count; i++)
        count += !f->jobs[i].done && (f->jobs[i].kind == JOB_TIMER) == timers;
    return count;
}

size_t fake_host_timers(const struct fake_host *f)
{
    return count_jobs(f, true);
}

size_t fake_host_open(const struct fake_host *f)
{
    return count_jobs(f, false) + count_jobs(f, true);
}

size_t fake_host_requests(const struct fake_host *f)
{
    return f->request_count;
}

const struct fake_request *fake_host_request(const struct fake_host *f, size_t nth)
{
    ck_assert_msg(nth < f->request_count, "request %zu was never made, only %zu", nth,
                  f->request_count);
    return &f->requests[nth];
}

const char *fake_request_header(const struct fake_request *request, const char *name)
{
    static char value[8192];
    struct evac_str rest = evac_str(request->headers);
    value[0] = '\0';
    while (rest.n) {
        struct evac_str text, line = evac_str_cut(rest, '\n', &rest);
        struct evac_str have = evac_str_cut(line, ':', &text);
        if (have.n != strlen(name) || strncasecmp(have.p, name, have.n) != 0)
            continue;
        ck_assert(evac_str_copy(value, sizeof value, evac_str_trim(text)));
        break;
    }
    return value;
}

size_t fake_host_execs(const struct fake_host *f)
{
    return f->argv_count;
}

const char *fake_host_exec_argv(const struct fake_host *f, size_t nth)
{
    ck_assert_uint_lt(nth, f->argv_count);
    return f->argvs[nth];
}

const char *fake_host_debug(const struct fake_host *f)
{
    return f->debug.p ? f->debug.p : "";
}

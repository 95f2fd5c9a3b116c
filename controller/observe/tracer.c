#include "tracer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAITING_MAX   64u
#define PATIENCE_MS   600000u
#define FIRST_WAIT_MS 2000u
#define LAST_WAIT_MS  60000u
#define CONNECT_MS    5000u
#define TOTAL_MS      15000u
#define BODY_MAX      (4u << 20)
#define REPLY_MAX     65536u
#define HEADERS_MAX   16u
#define HEADERS_BYTES 8192u

struct waiting {
    uint64_t run;
    uint64_t since_ms; /* boot; 0: not tried yet */
};

struct evac_tracer {
    struct evac_tracer_options o;
    struct waiting waiting[WAITING_MAX]; /* the oldest first; the first is the one on its way */
    size_t count;
    bool busy, closed;
    uint64_t due_ms; /* boot; not before */
    uint32_t wait_ms;
    uint64_t sent, lost;
    char problem[200];
};

static uint64_t now_ms(const struct evac_tracer *t)
{
    return t->o.host->now_ms(t->o.host->ctx);
}

/* --- the queue -------------------------------------------------------------------------------- */

static void drop_first(struct evac_tracer *t)
{
    memmove(t->waiting, t->waiting + 1, --t->count * sizeof *t->waiting);
    t->wait_ms = 0;
    t->due_ms = 0;
}

/* The first may be on its way: it stays. */
static void drop_oldest(struct evac_tracer *t)
{
    size_t at = t->busy ? 1 : 0;
    t->count--;
    memmove(t->waiting + at, t->waiting + at + 1, (t->count - at) * sizeof *t->waiting);
    t->lost++;
}

void evac_tracer_ended(struct evac_tracer *t, uint64_t run, int64_t ended_wall_ms)
{
    int64_t now = t->o.host->wall_ms(t->o.host->ctx);
    if (t->o.url.n == 0 || now - ended_wall_ms > (int64_t)PATIENCE_MS)
        return;
    if (t->count == WAITING_MAX)
        drop_oldest(t);
    t->waiting[t->count++] = (struct waiting){ .run = run };
}

/* --- one on its way --------------------------------------------------------------------------- */

static void say(struct evac_tracer *t, const char *text, int status)
{
    if (status)
        snprintf(t->problem, sizeof t->problem, "the collector says %d", status);
    else
        (void)evac_str_copy(t->problem, sizeof t->problem, evac_str(text));
}

static void later(struct evac_tracer *t)
{
    struct waiting *first = &t->waiting[0];
    uint64_t now = now_ms(t);
    if (now - first->since_ms > PATIENCE_MS) {
        t->lost++;
        drop_first(t);
        return;
    }
    t->wait_ms = t->wait_ms ? 2 * t->wait_ms : FIRST_WAIT_MS;
    t->wait_ms = t->wait_ms > LAST_WAIT_MS ? LAST_WAIT_MS : t->wait_ms;
    t->due_ms = now + t->wait_ms;
}

/* What OTLP/HTTP says may be sent again; all else will not be taken as it is. */
static bool is_passing(const struct evac_http_reply *http)
{
    return http->fate != EVAC_HTTP_REPLIED || http->status == 429 || http->status == 502 ||
           http->status == 503 || http->status == 504;
}

static void on_reply(void *user, const struct evac_http_reply *http)
{
    struct evac_tracer *t = user;
    bool taken = http->fate == EVAC_HTTP_REPLIED && http->status >= 200 && http->status < 300;
    t->busy = false;
    if (t->closed) {
        free(t);
        return;
    }
    if (taken) {
        t->sent++;
        t->problem[0] = '\0';
        drop_first(t);
        return;
    }
    say(t, http->error, http->fate == EVAC_HTTP_REPLIED ? http->status : 0);
    if (is_passing(http)) {
        later(t);
        return;
    }
    t->lost++;
    drop_first(t);
}

/* Of the file: a token that was renewed counts from the next time on. */
static enum evac_code read_headers(struct evac_tracer *t, struct evac_buf *text,
                                   struct evac_http_header *headers, size_t *count,
                                   struct evac_err *err)
{
    char path[1024];
    if (t->o.headers_file.n == 0)
        return EVAC_OK;
    (void)evac_str_copy(path, sizeof path, t->o.headers_file);
    enum evac_code code = t->o.host->read_file(t->o.host->ctx, path, text, err);
    struct evac_str rest = evac_buf_str(text);
    while (!code && rest.n && *count < HEADERS_MAX) {
        struct evac_str value, line = evac_str_trim(evac_str_cut(rest, '\n', &rest));
        struct evac_str name = evac_str_trim(evac_str_cut(line, ':', &value));
        if (name.n && evac_str_trim(value).n)
            headers[(*count)++] = (struct evac_http_header){ name, evac_str_trim(value) };
    }
    return code;
}

static enum evac_code post(struct evac_tracer *t, struct evac_str body, struct evac_err *err)
{
    struct evac_http_header headers[HEADERS_MAX + 1] = { { EVAC_STR("Content-Type"),
                                                           EVAC_STR("application/json") } };
    size_t count = 1;
    uint64_t id;
    struct evac_buf text;
    evac_buf_init(&text, HEADERS_BYTES);
    enum evac_code code = read_headers(t, &text, headers, &count, err);
    const struct evac_http_request request = { .method = EVAC_STR("POST"),
                                               .url = t->o.url,
                                               .headers = headers,
                                               .header_count = count,
                                               .body = body,
                                               .connect_ms = CONNECT_MS,
                                               .total_ms = TOTAL_MS,
                                               .max_reply_bytes = REPLY_MAX,
                                               .mutates = true };
    if (!code)
        code = t->o.host->http(t->o.host->ctx, &request, on_reply, t, &id, err);
    evac_buf_done(&text);
    return code;
}

static enum evac_code send_first(struct evac_tracer *t, struct evac_store *store,
                                 struct evac_err *err)
{
    struct evac_report *report = NULL;
    struct evac_buf body;
    enum evac_code code = evac_report_make_alone(store, t->waiting[0].run, &report, err);
    if (code)
        return code;
    if (evac_str_is(report->who, "readiness")) {
        evac_report_free(report);
        t->busy = false;
        drop_first(t);
        return EVAC_OK;
    }
    evac_buf_init(&body, BODY_MAX);
    evac_trace_json(report, &t->o.source, &body);
    evac_report_free(report);
    code = evac_buf_check(&body, "the trace", err);
    if (!code)
        code = post(t, evac_buf_str(&body), err);
    evac_buf_done(&body);
    return code;
}

void evac_tracer_tick(struct evac_tracer *t, struct evac_store *store)
{
    struct evac_err err = { EVAC_OK, "" };
    uint64_t now = now_ms(t);
    if (t->busy || t->count == 0 || now < t->due_ms || t->o.url.n == 0)
        return;
    if (t->waiting[0].since_ms == 0)
        t->waiting[0].since_ms = now;
    t->busy = true;
    if (send_first(t, store, &err) == EVAC_OK)
        return;
    t->busy = false;
    say(t, err.text, 0);
    later(t);
}

/* --- life ------------------------------------------------------------------------------------- */

struct evac_tracer *evac_tracer_new(const struct evac_tracer_options *options)
{
    struct evac_tracer *t = calloc(1, sizeof *t);
    if (!t)
        abort();
    t->o = *options;
    return t;
}

void evac_tracer_setup(struct evac_tracer *t, const struct evac_tracer_options *options)
{
    t->o = *options;
    t->due_ms = 0; /* another address may be a better one */
}

void evac_tracer_close(struct evac_tracer *t)
{
    if (!t)
        return;
    t->closed = true;
    if (!t->busy)
        free(t);
}

struct evac_tracer_counts evac_tracer_counts(const struct evac_tracer *t)
{
    return (struct evac_tracer_counts){ t->count, t->sent, t->lost, t->problem };
}

/*
 * evac-share-probe: one controller's share of a journal on a real etcd, and nothing else, for
 * test_share_etcd.py. It leads when it can, then adds a row now and then; what it hears is a line
 * of JSON on standard output, what it is to do a line on standard input: "tell TEXT", "drop",
 * "leave", "view", "many N".
 *
 *   evac-share-probe --node N --cluster C --endpoint URL ... --replica FILE [--user U --password P]
 *     [--ca FILE --cert FILE --key FILE] [--ttl MS --request MS --poll MS --every MS --follow]
 */
#include "evac/arena.h"
#include "host_uv.h"
#include "jw.h"
#include "share.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

struct probe {
    uv_loop_t loop;
    uv_timer_t writer;
    uv_pipe_t input;
    struct evac_host host;
    struct evac_store *replica;
    struct evac_share *share;
    struct evac_share_options o;
    const char *endpoints[EVAC_SHARE_ENDPOINTS_MAX];
    struct evac_arena *arena;
    const char *path;
    uint64_t every_ms, appended;
    bool writes;
    char line[4096];
    size_t line_n;
};

static void begin(const struct probe *p, struct evac_jw *w, struct evac_buf *out, const char *event)
{
    evac_buf_init(out, 65536);
    *w = (struct evac_jw){ out, false };
    evac_jw_open(w, NULL, '{');
    evac_jw_i64(w, "t", (int64_t)p->host.now_ms(p->host.ctx));
    evac_jw_cstr(w, "event", event);
}

static void end(struct evac_jw *w, struct evac_buf *out)
{
    evac_jw_close(w, '}');
    puts(out->p);
    fflush(stdout);
    evac_buf_done(out);
}

static void show(const struct probe *p, const char *event)
{
    struct evac_share_view view = evac_share_view(p->share);
    struct evac_jw w;
    struct evac_buf out;
    begin(p, &w, &out, event);
    evac_jw_cstr(&w, "role", evac_share_role_name(view.role));
    evac_jw_i64(&w, "epoch", (int64_t)view.epoch);
    evac_jw_cstr(&w, "leader", view.leader);
    evac_jw_i64(&w, "until", (int64_t)view.lead_until_ms);
    evac_jw_i64(&w, "rows", (int64_t)p->replica->vt->last_seq(p->replica));
    evac_jw_i64(&w, "etcd_rows", (int64_t)view.etcd_rows);
    evac_jw_i64(&w, "round_trip_ms", (int64_t)view.round_trip_ms);
    evac_jw_cstr(&w, "trouble", view.trouble);
    end(&w, &out);
}

static void show_number(const struct probe *p, const char *event, uint64_t number)
{
    struct evac_jw w;
    struct evac_buf out;
    begin(p, &w, &out, event);
    evac_jw_i64(&w, "seq", (int64_t)number);
    end(&w, &out);
}

static void show_text(const struct probe *p, const char *event, struct evac_str by,
                      struct evac_str text)
{
    struct evac_jw w;
    struct evac_buf out;
    begin(p, &w, &out, event);
    evac_jw_str(&w, "by", by);
    evac_jw_str(&w, "text", text);
    end(&w, &out);
}

/* --- what the share says ------------------------------------------------------------------------
 */

static void on_durable(void *user, const struct evac_record *rows, size_t count)
{
    show_number(user, "durable", rows[count - 1].seq);
}

static void on_lost(void *user, const char *why)
{
    struct probe *p = user;
    p->writes = false;
    show_text(p, "lost", EVAC_STR_NONE, evac_str(why));
    evac_share_drop(p->share);
}

static void on_changed(void *user)
{
    struct probe *p = user;
    struct evac_store *store = evac_share_store(p->share);
    struct evac_store_listener listener = { p, on_durable, on_lost };
    bool caught = evac_share_view(p->share).role == EVAC_SHARE_CAUGHT;
    show(p, "changed");
    if (!caught)
        return;
    store->vt->listen(store, &listener);
    p->appended = store->vt->last_seq(store);
    p->writes = true;
}

static void on_rows(void *user, const struct evac_record *rows, size_t count)
{
    show_number(user, "rows", rows[count - 1].seq);
}

static void on_told(void *user, struct evac_str node, struct evac_str text)
{
    show_text(user, "told", node, text);
}

static void stop(void *user)
{
    struct probe *p = user;
    show(p, "left");
    uv_stop(&p->loop);
}

/* --- what it does -------------------------------------------------------------------------------
 */

static void append(struct probe *p, size_t count)
{
    struct evac_store *store = evac_share_store(p->share);
    struct evac_err err = { EVAC_OK, "" };
    uint64_t epoch = 0;
    for (size_t i = 0; p->writes && i < count; i++) {
        (void)store->vt->lead(store, &epoch);
        struct evac_record row = { .seq = p->appended + 1,
                                   .kind = EVAC_RECORD_STEP,
                                   .epoch = epoch,
                                   .t_boot_ms = p->host.now_ms(p->host.ctx),
                                   .app = EVAC_STR("shop"),
                                   .text = EVAC_STR("a row of the probe's") };
        if (store->vt->append(store, &row, 1, &err) == EVAC_OK)
            p->appended++;
        else
            p->writes = false;
    }
}

static void on_writer(uv_timer_t *timer)
{
    append(timer->data, 1);
}

static void obey(struct probe *p, const char *line)
{
    struct evac_err err;
    if (strncmp(line, "tell ", 5) == 0) {
        (void)evac_share_tell(p->share, evac_str(line + 5), &err);
    } else if (strncmp(line, "many ", 5) == 0) {
        append(p, strtoul(line + 5, NULL, 10));
    } else if (strcmp(line, "drop") == 0) {
        p->writes = false;
        evac_share_drop(p->share);
    } else if (strcmp(line, "leave") == 0) {
        p->writes = false;
        evac_share_leave(p->share, stop, p);
    } else {
        show(p, "view");
    }
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct probe *p = handle->data;
    (void)suggested;
    *buf = uv_buf_init(p->line + p->line_n, (unsigned)(sizeof p->line - p->line_n - 1));
}

static void on_input(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct probe *p = stream->data;
    char *newline;
    (void)buf;
    if (n < 0) {
        uv_stop(&p->loop);
        return;
    }
    p->line_n += (size_t)n;
    p->line[p->line_n] = '\0';
    while ((newline = strchr(p->line, '\n')) != NULL) {
        *newline = '\0';
        obey(p, p->line);
        size_t used = (size_t)(newline + 1 - p->line);
        memmove(p->line, newline + 1, p->line_n - used + 1);
        p->line_n -= used;
    }
}

/* --- life --------------------------------------------------------------------------------------
 */

static const char *file(struct probe *p, const char *path)
{
    struct evac_buf text;
    struct evac_err err;
    evac_buf_init(&text, 65536);
    if (p->host.read_file(p->host.ctx, path, &text, &err)) {
        fprintf(stderr, "%s\n", err.text);
        exit(2);
    }
    const char *copy = evac_arena_str(p->arena, evac_buf_str(&text)).p;
    evac_buf_done(&text);
    return copy;
}

enum {
    NODE,
    CLUSTER,
    ENDPOINT,
    REPLICA,
    USER,
    PASSWORD,
    CA,
    CERT,
    KEY,
    TTL,
    REQUEST,
    POLL,
    EVERY,
    FOLLOW
};

static void take(struct probe *p, int which, const char *text)
{
    uint32_t number = text ? (uint32_t)strtoul(text, NULL, 10) : 0;
    struct evac_share_options *o = &p->o;
    const char **texts[] = { &o->node, &o->cluster, NULL, &p->path, &o->user, &o->password };
    const char **files[] = { &o->ca, &o->cert, &o->key };
    uint32_t *numbers[] = { &o->ttl_ms, &o->request_ms, &o->poll_ms };
    if (which == ENDPOINT && o->endpoint_count < EVAC_SHARE_ENDPOINTS_MAX)
        p->endpoints[o->endpoint_count++] = text;
    else if (which <= PASSWORD && texts[which])
        *texts[which] = text;
    else if (which >= CA && which <= KEY)
        *files[which - CA] = file(p, text);
    else if (which >= TTL && which <= POLL)
        *numbers[which - TTL] = number;
    else if (which == EVERY)
        p->every_ms = number;
    else if (which == FOLLOW)
        o->may_lead = false;
}

static void read_options(struct probe *p, int argc, char **argv)
{
    static const struct option options[] = {
        { "node", 1, NULL, NODE },
        { "cluster", 1, NULL, CLUSTER },
        { "endpoint", 1, NULL, ENDPOINT },
        { "replica", 1, NULL, REPLICA },
        { "user", 1, NULL, USER },
        { "password", 1, NULL, PASSWORD },
        { "ca", 1, NULL, CA },
        { "cert", 1, NULL, CERT },
        { "key", 1, NULL, KEY },
        { "ttl", 1, NULL, TTL },
        { "request", 1, NULL, REQUEST },
        { "poll", 1, NULL, POLL },
        { "every", 1, NULL, EVERY },
        { "follow", 0, NULL, FOLLOW },
        { NULL, 0, NULL, 0 },
    };
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == '?')
            exit(2);
        take(p, c, optarg);
    }
}

static void open_all(struct probe *p)
{
    struct evac_err err = { EVAC_OK, "" };
    struct evac_store_options store = { .path = p->path, .node = p->o.node, .boot_id = "probe" };
    enum evac_code code = evac_store_open_sqlite(&store, &p->replica, &err);
    p->o.host = &p->host;
    p->o.replica = p->replica;
    if (!code)
        code = evac_share_new(&p->o, &p->share, &err);
    if (code) {
        fprintf(stderr, "%s\n", err.text);
        exit(3);
    }
}

int main(int argc, char **argv)
{
    static struct probe p;
    struct evac_err err;
    (void)signal(SIGPIPE, SIG_IGN);
    p.arena = evac_arena_new();
    p.every_ms = 100;
    p.o = (struct evac_share_options){
        .boot_id = "probe",
        .address = "",
        .endpoints = p.endpoints,
        .user = "",
        .password = "",
        .ca = "",
        .cert = "",
        .key = "",
        .may_lead = true,
        .ttl_ms = 4000,
        .request_ms = 1000,
        .poll_ms = 500,
        .user_data = &p,
        .changed = on_changed,
        .rows = on_rows,
        .told = on_told,
    };
    uv_loop_init(&p.loop);
    if (evac_host_uv_new(&p.loop, &(struct evac_host_uv_options){ .resolver = "" }, &p.host,
                         &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 3;
    }
    read_options(&p, argc, argv);
    open_all(&p);
    p.writer.data = p.input.data = &p;
    uv_timer_init(&p.loop, &p.writer);
    uv_timer_start(&p.writer, on_writer, p.every_ms, p.every_ms);
    uv_pipe_init(&p.loop, &p.input, 0);
    uv_pipe_open(&p.input, 0);
    uv_read_start((uv_stream_t *)&p.input, give_buffer, on_input);
    uv_run(&p.loop, UV_RUN_DEFAULT);
    evac_share_free(p.share);
    uv_close((uv_handle_t *)&p.writer, NULL);
    uv_close((uv_handle_t *)&p.input, NULL);
    evac_host_uv_close(&p.host);
    uv_run(&p.loop, UV_RUN_DEFAULT);
    uv_loop_close(&p.loop);
    evac_store_close(p.replica);
    evac_arena_free(p.arena);
    return 0;
}

#include "evac/arena.h"
#include "host_answer.h"
#include "host_names.h"
#include "host_url.h"
#include "host_uv.h"
#include "host_wrap.h"
#include "jail.h"
#include "loopback.h"
#include "suite.h"
#include "tls_server.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define OK_REPLY                                                                                   \
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Region: us-east-1\r\nX-Empty:\r\n\r\nhello"

static uv_loop_t loop;
static struct evac_host host;
static struct loop_server *server;
static struct loop_dns *dns;

/* What the newest done was told, copied: a reply lives only until done returns. */
static struct {
    unsigned count;
    enum evac_http_fate fate;
    int status;
    char body[256], region[64], error[400];
    bool inside_call;
} told;

static bool inside_call;

static void on_reply(void *user, const struct evac_http_reply *reply)
{
    (void)user;
    told.count++;
    told.fate = reply->fate;
    told.status = reply->status;
    told.inside_call |= inside_call;
    (void)evac_str_copy(told.body, sizeof told.body, reply->body);
    (void)evac_str_copy(told.region, sizeof told.region, evac_http_header(reply, "x-region"));
    (void)evac_str_copy(told.error, sizeof told.error, evac_str(reply->error));
}

/* For programs of these tests. */
static const struct evac_jail_conf walls = { .user = "",
                                             .cpu_s = 60,
                                             .memory_bytes = 1u << 30,
                                             .file_bytes = 1u << 20,
                                             .files = 64,
                                             .processes = 64 };

static void set_up(void)
{
    char resolver[32];
    struct evac_err err = { EVAC_OK, "" };
    signal(SIGPIPE, SIG_IGN);
    uv_loop_init(&loop);
    server = loop_server_new(&loop, OK_REPLY);
    dns = loop_dns_new(&loop);
    (void)snprintf(resolver, sizeof resolver, "127.0.0.1:%u", dns->port);
    struct evac_host_uv_options options = { .resolver = resolver };
    ck_assert_msg(evac_host_uv_new(&loop, &options, &host, &err) == EVAC_OK, "%s", err.text);
    evac_host_uv_jail(&host, &walls);
    memset(&told, 0, sizeof told);
}

static void tear_down(void)
{
    evac_host_uv_close(&host);
    loop_server_close(server);
    loop_dns_close(dns);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&loop), 0); /* no handle is left */
    free(server);
    free(dns);
}

static struct evac_http_request request_to(char *url, size_t room, const char *name, uint16_t port,
                                           const char *path)
{
    (void)snprintf(url, room, "http://%s:%u%s", name, port, path);
    return (struct evac_http_request){
        .method = EVAC_STR("GET"),
        .url = evac_str(url),
        .connect_ms = test_patience(2000),
        .total_ms = test_patience(4000),
        .max_reply_bytes = 65536,
        .operation = EVAC_STR("test:Get"),
    };
}

static uint64_t begin(const struct evac_http_request *request)
{
    uint64_t id = 0;
    struct evac_err err = { EVAC_OK, "" };
    inside_call = true;
    enum evac_code code = host.http(host.ctx, request, on_reply, NULL, &id, &err);
    inside_call = false;
    ck_assert_msg(code == EVAC_OK, "%s", err.text);
    return id;
}

static void send_and_wait(const struct evac_http_request *request)
{
    unsigned before = told.count;
    begin(request);
    loop_until(&loop, &told.count, before + 1);
    ck_assert_uint_eq(told.count, before + 1);
    ck_assert(!told.inside_call);
}

/* --- HTTP ------------------------------------------------------------------------------------ */

START_TEST(a_request_is_sent_byte_for_byte_and_nothing_is_added)
{
    char url[128];
    const struct evac_http_header headers[] = { { EVAC_STR("X-Amz-Target"), EVAC_STR("T.Do") },
                                                { EVAC_STR("X-Empty"), EVAC_STR_NONE } };
    struct evac_http_request r =
        request_to(url, sizeof url, "127.0.0.1", server->port, "/a/../b%2Fc//d%20e?x=%7E&y");
    char expected[512];
    r.method = EVAC_STR("POST");
    r.body = EVAC_STR("payload");
    r.headers = headers;
    r.header_count = 2;
    send_and_wait(&r);
    ck_assert_int_eq(told.fate, EVAC_HTTP_REPLIED);
    (void)snprintf(expected, sizeof expected,
                   "POST /a/../b%%2Fc//d%%20e?x=%%7E&y HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
                   "X-Amz-Target: T.Do\r\nX-Empty:\r\nContent-Length: 7\r\n\r\npayload",
                   server->port);
    ck_assert_str_eq(server->last, expected);
}
END_TEST

START_TEST(every_method_keeps_its_name_and_body)
{
    static const struct {
        const char *method, *body, *line;
    } cases[] = {
        { "GET", "", "GET /x HTTP/1.1\r\n" },       { "GET", "b", "GET /x HTTP/1.1\r\n" },
        { "PUT", "", "PUT /x HTTP/1.1\r\n" },       { "PUT", "b", "PUT /x HTTP/1.1\r\n" },
        { "DELETE", "", "DELETE /x HTTP/1.1\r\n" }, { "POST", "", "POST /x HTTP/1.1\r\n" },
        { "PATCH", "b", "PATCH /x HTTP/1.1\r\n" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char url[128];
        struct evac_http_request r = request_to(url, sizeof url, "127.0.0.1", server->port, "/x");
        r.method = evac_str(cases[i].method);
        r.body = evac_str(cases[i].body);
        send_and_wait(&r);
        ck_assert_int_eq(told.status, 200);
        ck_assert_ptr_eq(strstr(server->last, cases[i].line), server->last);
        ck_assert(evac_str_ends(evac_str(server->last), cases[i].body));
        ck_assert_ptr_null(strcasestr(server->last, "expect:"));
        ck_assert_ptr_null(strcasestr(server->last, "accept"));
        ck_assert_ptr_null(strcasestr(server->last, "content-type"));
    }
}
END_TEST

START_TEST(a_reply_has_status_headers_and_body)
{
    char url[128];
    struct evac_http_request r = request_to(url, sizeof url, "127.0.0.1", server->port, "/");
    send_and_wait(&r);
    ck_assert_int_eq(told.fate, EVAC_HTTP_REPLIED);
    ck_assert_int_eq(told.status, 200);
    ck_assert_str_eq(told.body, "hello");
    ck_assert_str_eq(told.region, "us-east-1");
    ck_assert_str_eq(told.error, "");
}
END_TEST

START_TEST(an_interim_reply_and_a_redirect_are_not_the_hosts_business)
{
    char url[128];
    struct evac_http_request r = request_to(url, sizeof url, "127.0.0.1", server->port, "/");
    server->reply = "HTTP/1.1 100 Continue\r\nX-Region: wrong\r\n\r\n"
                    "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n";
    send_and_wait(&r);
    ck_assert_int_eq(told.status, 302);
    ck_assert_str_eq(told.region, "");
    ck_assert_uint_eq(server->requests, 1);
}
END_TEST

START_TEST(nothing_listens_means_certainly_not_sent)
{
    char url[128];
    struct loop_server *gone = loop_server_new(&loop, OK_REPLY);
    uint16_t port = gone->port;
    loop_server_close(gone);
    uv_run(&loop, UV_RUN_NOWAIT);
    free(gone);
    struct evac_http_request r = request_to(url, sizeof url, "127.0.0.1", port, "/");
    r.mutates = true;
    send_and_wait(&r);
    ck_assert_int_eq(told.fate, EVAC_HTTP_NOT_SENT);
    ck_assert(evac_str_has(evac_str(told.error), "nothing was sent"));
}
END_TEST

/* After the request went out, each of these may have acted. */
START_TEST(silence_after_the_request_means_lost)
{
    static const enum loop_manner manners[] = { LOOP_CLOSE, LOOP_RESET, LOOP_MUTE };
    char url[128];
    struct evac_http_request r = request_to(url, sizeof url, "127.0.0.1", server->port, "/");
    server->manner = manners[_i];
    r.mutates = true;
    r.total_ms = 300;
    send_and_wait(&r);
    ck_assert_int_eq(told.fate, EVAC_HTTP_LOST);
    ck_assert_uint_eq(server->requests, 1);
    ck_assert(evac_str_has(evac_str(told.error), "after the request was sent"));
}
END_TEST

START_TEST(a_tls_handshake_that_does_not_end_means_not_sent)
{
    char url[128];
    struct evac_http_request r = request_to(url, sizeof url, "127.0.0.1", server->port, "/");
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%u/", server->port);
    r.url = evac_str(url);
    r.connect_ms = 300;
    server->manner = LOOP_MUTE;
    send_and_wait(&r);
    ck_assert_int_eq(told.fate, EVAC_HTTP_NOT_SENT);
}
END_TEST

START_TEST(a_read_may_be_repeated_on_a_new_connection_when_a_kept_one_died)
{
    char url[128];
    struct evac_http_request r = request_to(url, sizeof url, "127.0.0.1", server->port, "/");
    server->manner = LOOP_CLOSE_WHEN_REUSED;
    send_and_wait(&r);
    send_and_wait(&r);
    ck_assert_int_eq(told.fate, EVAC_HTTP_REPLIED);
    ck_assert_uint_eq(server->connections, 2);
    ck_assert_uint_eq(server->requests, 3); /* libcurl asked again by itself */
}
END_TEST

static struct evac_http_request change_to(char *url, size_t room)
{
    struct evac_http_request r = request_to(url, room, "127.0.0.1", server->port, "/");
    r.mutates = true;
    r.method = EVAC_STR("POST");
    r.body = EVAC_STR("change");
    return r;
}

START_TEST(a_mutating_request_is_never_sent_twice)
{
    static const char *const methods[] = { "POST", "PUT", "DELETE" };
    char url[128];
    struct evac_http_request r = request_to(url, sizeof url, "127.0.0.1", server->port, "/");
    server->manner = LOOP_CLOSE_WHEN_REUSED;
    send_and_wait(&r); /* whoever has just answered is asked over the same connection */
    r = change_to(url, sizeof url);
    r.method = evac_str(methods[_i]);
    if (_i == 2)
        r.body = EVAC_STR_NONE;
    send_and_wait(&r);
    ck_assert_int_eq(told.fate, EVAC_HTTP_LOST);
    ck_assert(evac_str_has(evac_str(told.error), "after the request was sent"));
    ck_assert_uint_eq(server->requests, 2);
    send_and_wait(&r); /* it is not asked again over what may be dead */
    ck_assert_int_eq(told.fate, EVAC_HTTP_REPLIED);
    server->manner = LOOP_CLOSE;
    send_and_wait(&r);
    ck_assert_int_eq(told.fate, EVAC_HTTP_LOST);
    ck_assert_uint_eq(server->requests, 4);
}
END_TEST

START_TEST(a_change_that_follows_an_answer_takes_its_connection)
{
    char url[128];
    struct evac_http_request r = change_to(url, sizeof url);
    for (unsigned i = 0; i < 3; i++)
        send_and_wait(&r);
    ck_assert_int_eq(told.fate, EVAC_HTTP_REPLIED);
    ck_assert_uint_eq(server->connections, 1);
    ck_assert_uint_eq(server->requests, 3);
}
END_TEST

/* What has been quiet for a while may be gone, and a change that is lost is looked for. */
START_TEST(a_change_after_a_silence_has_its_own_connection)
{
    char url[128];
    struct evac_http_request r = change_to(url, sizeof url);
    send_and_wait(&r);
    usleep(2100000);
    server->manner = LOOP_CLOSE_WHEN_REUSED;
    send_and_wait(&r);
    ck_assert_int_eq(told.fate, EVAC_HTTP_REPLIED);
    ck_assert_uint_eq(server->connections, 2);
    ck_assert_uint_eq(server->requests, 2);
}
END_TEST

START_TEST(connections_are_kept_for_reads)
{
    char url[128];
    struct evac_http_request r = request_to(url, sizeof url, "127.0.0.1", server->port, "/");
    for (int i = 0; i < 5; i++)
        send_and_wait(&r);
    ck_assert_uint_eq(server->connections, 1);
    ck_assert_uint_eq(server->requests, 5);
}
END_TEST

START_TEST(who_looks_as_a_new_user_comes_anew)
{
    char url[128];
    struct evac_http_request r = request_to(url, sizeof url, "127.0.0.1", server->port, "/");
    send_and_wait(&r);
    r.fresh = true;
    for (int i = 0; i < 3; i++)
        send_and_wait(&r);
    ck_assert_uint_eq(server->connections, 4);
    r.fresh = false; /* nor is its connection left for others */
    send_and_wait(&r);
    ck_assert_uint_eq(server->connections, 4);
}
END_TEST

START_TEST(a_reply_over_its_ceiling_counts_as_lost)
{
    char url[128];
    struct evac_http_request r = request_to(url, sizeof url, "127.0.0.1", server->port, "/");
    r.max_reply_bytes = 4;
    send_and_wait(&r);
    ck_assert_int_eq(told.fate, EVAC_HTTP_LOST);
    ck_assert(evac_str_has(evac_str(told.error), "larger than the 4 bytes"));
}
END_TEST

START_TEST(what_can_not_be_sent_is_refused_by_name)
{
    static const struct {
        const char *url, *header, *value, *method, *says;
    } cases[] = {
        { "ftp://x/", "A", "b", "GET", "must begin with http" },
        { "http://u@x/", "A", "b", "GET", "user name" },
        { "http://x:0/", "A", "b", "GET", "port '0'" },
        { "http://x:70000/", "A", "b", "GET", "port '70000'" },
        { "http:///x", "A", "b", "GET", "host name" },
        { "http://x/a b", "A", "b", "GET", "space" },
        { "http://x/", "A", "b\r\nEvil: 1", "GET", "header 0" },
        { "http://x/", "A:", "b", "GET", "header 0" },
        { "http://x/", "A", "b", "GET /evil", "HTTP method" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct evac_err err = { EVAC_OK, "" };
        struct evac_http_header h = { evac_str(cases[i].header), evac_str(cases[i].value) };
        struct evac_http_request r = { .method = evac_str(cases[i].method),
                                       .url = evac_str(cases[i].url),
                                       .headers = &h,
                                       .header_count = 1,
                                       .connect_ms = 1,
                                       .total_ms = 1,
                                       .max_reply_bytes = 1 };
        ck_assert_int_eq(host.http(host.ctx, &r, on_reply, NULL, NULL, &err), EVAC_E_BADARG);
        ck_assert_msg(evac_str_has(evac_str(err.text), cases[i].says), "%s", err.text);
    }
    ck_assert_uint_eq(told.count, 0);
}
END_TEST

START_TEST(a_cancelled_request_is_still_told_of_once)
{
    char url[128];
    struct evac_http_request r = request_to(url, sizeof url, "127.0.0.1", server->port, "/");
    uint64_t id = begin(&r);
    host.http_cancel(host.ctx, id);
    host.http_cancel(host.ctx, id);
    ck_assert_uint_eq(told.count, 0);
    loop_until(&loop, &told.count, 1);
    ck_assert_int_eq(told.fate, EVAC_HTTP_NOT_SENT); /* the loop had not run: no connection yet */
    ck_assert_uint_eq(server->requests, 0);

    server->manner = LOOP_MUTE;
    id = begin(&r);
    loop_until(&loop, &server->requests, 1);
    host.http_cancel(host.ctx, id);
    loop_until(&loop, &told.count, 2);
    ck_assert_int_eq(told.fate, EVAC_HTTP_LOST);
    host.http_cancel(host.ctx, id); /* an old number finds nothing */
    uv_run(&loop, UV_RUN_NOWAIT);
    ck_assert_uint_eq(told.count, 2);
}
END_TEST

static void cancel_another(void *user, const struct evac_http_reply *reply)
{
    host.http_cancel(host.ctx, *(uint64_t *)user);
    on_reply(NULL, reply);
}

START_TEST(a_done_may_cancel_another_request_and_send_a_new_one)
{
    char url[128];
    uint64_t second = 0;
    struct evac_http_request r = request_to(url, sizeof url, "127.0.0.1", server->port, "/");
    ck_assert_int_eq(host.http(host.ctx, &r, cancel_another, &second, NULL, NULL), EVAC_OK);
    second = begin(&r);
    loop_until(&loop, &told.count, 2);
    ck_assert_uint_eq(told.count, 2);
}
END_TEST

/* --- names ----------------------------------------------------------------------------------- */

START_TEST(names_come_from_the_configured_resolver_and_live_as_long_as_it_says)
{
    char url[128];
    struct evac_http_request r =
        request_to(url, sizeof url, "shop.example.com", server->port, "/health");
    send_and_wait(&r);
    ck_assert_int_eq(told.fate, EVAC_HTTP_REPLIED);
    ck_assert_ptr_nonnull(strstr(server->last, "Host: shop.example.com:"));
    send_and_wait(&r);
    ck_assert_uint_eq(dns->questions, 1);

    dns->ttl_s = 0;
    (void)snprintf(url, sizeof url, "http://other.example.com:%u/", server->port);
    r.url = evac_str(url);
    send_and_wait(&r);
    ck_assert_int_eq(told.fate, EVAC_HTTP_REPLIED);
    send_and_wait(&r);
    ck_assert_uint_eq(dns->questions, 3);
}
END_TEST

START_TEST(a_name_asked_for_many_times_at_once_is_one_question)
{
    char url[128];
    struct evac_http_request r = request_to(url, sizeof url, "x.example.com", server->port, "/");
    for (int i = 0; i < 20; i++)
        begin(&r);
    loop_until(&loop, &told.count, 20);
    ck_assert_int_eq(told.fate, EVAC_HTTP_REPLIED);
    ck_assert_uint_eq(dns->questions, 1);
}
END_TEST

START_TEST(a_name_without_an_answer_means_not_sent)
{
    char url[128];
    struct evac_http_request r = request_to(url, sizeof url, "x.example.com", server->port, "/");
    r.mutates = true;
    dns->rcode = 3;
    send_and_wait(&r);
    ck_assert_int_eq(told.fate, EVAC_HTTP_NOT_SENT);
    dns->rcode = 0;
    dns->mute = true;
    r.connect_ms = 200;
    send_and_wait(&r);
    ck_assert_int_eq(told.fate, EVAC_HTTP_NOT_SENT);
    ck_assert(evac_str_has(evac_str(told.error), "DNS"));
}
END_TEST

static struct {
    unsigned count;
    bool answered;
    int rcode;
    char value[128];
    size_t values;
} dns_told;

static void on_dns(void *user, const struct evac_dns_reply *reply)
{
    (void)user;
    ck_assert(!inside_call);
    dns_told.count++;
    dns_told.answered = reply->answered;
    dns_told.rcode = reply->rcode;
    dns_told.values = reply->value_count;
    (void)evac_str_copy(dns_told.value, sizeof dns_told.value,
                        reply->value_count ? reply->values[0] : EVAC_STR_NONE);
}

static void ask(const char *type)
{
    struct evac_err err = { EVAC_OK, "" };
    memset(&dns_told, 0, sizeof dns_told);
    inside_call = true;
    enum evac_code code = host.dns(host.ctx, EVAC_STR("shop.example.com"), type, EVAC_STR_NONE, 300,
                                   on_dns, NULL, &err);
    inside_call = false;
    ck_assert_msg(code == EVAC_OK, "%s", err.text);
    loop_until(&loop, &dns_told.count, 1);
}

START_TEST(dns_answers_are_values_of_the_type_asked_for)
{
    static const char *const cases[][2] = {
        { "A", "127.0.0.1" }, { "TXT", "hello world" }, { "CNAME", "other.example" }, { "AAAA", "" }
    };
    ask(cases[_i][0]);
    ck_assert(dns_told.answered);
    ck_assert_int_eq(dns_told.rcode, 0);
    ck_assert_uint_eq(dns_told.values, cases[_i][1][0] ? 1 : 0);
    ck_assert_str_eq(dns_told.value, cases[_i][1]);
}
END_TEST

START_TEST(no_such_name_is_an_answer_and_silence_is_none)
{
    dns->rcode = 3;
    ask("A");
    ck_assert(dns_told.answered);
    ck_assert_int_eq(dns_told.rcode, 3);
    dns->mute = true;
    ask("A");
    ck_assert(!dns_told.answered);
    ck_assert_int_eq(
        host.dns(host.ctx, EVAC_STR("x"), "MX", EVAC_STR_NONE, 300, on_dns, NULL, NULL),
        EVAC_E_BADARG);
}
END_TEST

START_TEST(no_cut_of_an_answer_is_read_beyond_its_end)
{
    static const uint8_t whole[] = { 0, 1,   0x85, 0x80, 0,  1, 0, 1,    0,  0, 0, 0,
                                     1, 'x', 0,    0,    1,  0, 1, 0xc0, 12, 0, 1, 0,
                                     1, 0,   0,    0,    60, 0, 4, 9,    8,  7, 6 };
    struct evac_arena *arena = evac_arena_new();
    struct evac_dns_reply reply;
    for (size_t n = 0; n < sizeof whole; n++) {
        uint8_t *cut = malloc(n + 1); /* so that the sanitizer sees a step too far */
        cut = realloc(cut, n ? n : 1);
        memcpy(cut, whole, n);
        ck_assert_int_eq(evac_answer_read(arena, cut, n, 1, &reply, NULL), EVAC_E_PARSE);
        free(cut);
    }
    ck_assert_int_eq(evac_answer_read(arena, whole, sizeof whole, 1, &reply, NULL), EVAC_OK);
    ck_assert(evac_str_is(reply.values[0], "9.8.7.6"));
    evac_arena_free(arena);
}
END_TEST

/* --- programs -------------------------------------------------------------------------------- */

static struct {
    unsigned count;
    bool started, timed_out;
    int status;
    char output[4096], errors[256], error[256];
} ran;

static void on_exec(void *user, const struct evac_exec_reply *reply)
{
    (void)user;
    ck_assert(!inside_call);
    ran.count++;
    ran.started = reply->started;
    ran.timed_out = reply->timed_out;
    ran.status = reply->exit_status;
    (void)evac_str_copy(ran.output, sizeof ran.output, reply->output);
    (void)evac_str_copy(ran.errors, sizeof ran.errors, reply->errors);
    (void)evac_str_copy(ran.error, sizeof ran.error, evac_str(reply->error));
}

static void run(const char *program, const char *script, const char *input, uint32_t total_ms,
                uint32_t max_output_bytes)
{
    const char *const argv[] = { program, "-c", script, NULL };
    const char *const env[] = { "ONLY=this", NULL };
    struct evac_err err = { EVAC_OK, "" };
    struct evac_exec_request r = { .argv = argv,
                                   .env = env,
                                   .input = evac_str(input),
                                   .total_ms = total_ms,
                                   .max_output_bytes = max_output_bytes };
    memset(&ran, 0, sizeof ran);
    inside_call = true;
    enum evac_code code = host.exec(host.ctx, &r, on_exec, NULL, &err);
    inside_call = false;
    ck_assert_msg(code == EVAC_OK, "%s", err.text);
    loop_until(&loop, &ran.count, 1);
}

START_TEST(a_program_gets_its_input_and_only_its_environment)
{
    run("/bin/sh",
        "cat; env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD=; echo oops >&2; exit 7",
        "given\n", 5000, 4096);
    ck_assert(ran.started);
    ck_assert_int_eq(ran.status, 7);
    ck_assert_str_eq(ran.output, "given\nONLY=this\n");
    ck_assert_str_eq(ran.errors, "oops\n");
}
END_TEST

START_TEST(a_program_that_is_not_there_certainly_did_not_run)
{
    run("/no/such/program", "", "", 5000, 4096);
    ck_assert(!ran.started);
    ck_assert(evac_str_has(evac_str(ran.error), "did not start"));
    const char *const argv[] = { "sh", NULL };
    struct evac_exec_request r = { .argv = argv, .total_ms = 1, .max_output_bytes = 1 };
    ck_assert_int_eq(host.exec(host.ctx, &r, on_exec, NULL, NULL), EVAC_E_BADARG);
}
END_TEST

START_TEST(at_its_deadline_the_whole_group_is_killed)
{
    run("/bin/sh", "sleep 300 & echo $!; sleep 300", "", 300, 4096);
    ck_assert(ran.timed_out);
    ck_assert_int_eq(ran.status, 128 + SIGKILL);
    pid_t grandchild = (pid_t)atol(ran.output);
    ck_assert_int_gt(grandchild, 1);
    for (int i = 0; i < 200 && kill(grandchild, 0) == 0; i++)
        usleep(10000); /* its new parent may need a moment to bury it */
    char path[64], state[8] = "";
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)grandchild);
    FILE *stat = fopen(path, "re");
    if (stat) { /* a zombie is dead enough: nobody may be there to bury it in a container */
        ck_assert_int_eq(fscanf(stat, "%*d %*s %7s", state), 1);
        fclose(stat);
        ck_assert_str_eq(state, "Z");
    }
}
END_TEST

START_TEST(output_beyond_its_ceiling_is_cut_and_the_program_goes_on)
{
    run("/bin/sh", "head -c 1000000 /dev/zero | tr '\\0' x; exit 3", "", 5000, 10);
    ck_assert_str_eq(ran.output, "xxxxxxxxxx");
    ck_assert_int_eq(ran.status, 3);
    ck_assert(evac_str_has(evac_str(ran.error), "cut at 10 bytes"));
}
END_TEST

START_TEST(what_a_program_leaves_behind_does_not_hold_us)
{
    uint64_t before = evac_boot_ms();
    run("/bin/sh", "sleep 300 & echo done", "", 60000, 4096);
    ck_assert_str_eq(ran.output, "done\n");
    ck_assert_int_eq(ran.status, 0);
    ck_assert_uint_lt(evac_boot_ms() - before, 5000);
}
END_TEST

/* --- files, timers, guards, the end ---------------------------------------------------------- */

START_TEST(a_file_is_read_up_to_its_ceiling)
{
    struct evac_buf buf;
    struct evac_err err;
    evac_buf_init(&buf, 64);
    ck_assert_int_eq(host.read_file(host.ctx, "/no/such/file", &buf, &err), EVAC_E_NOTFOUND);
    ck_assert_int_eq(host.read_file(host.ctx, "/proc", &buf, &err), EVAC_E_IO);
    ck_assert_int_eq(host.read_file(host.ctx, EVAC_SOURCE_DIR "/LICENSE", &buf, &err),
                     EVAC_E_TOOBIG);
    evac_buf_done(&buf);
    evac_buf_init(&buf, 65536);
    ck_assert_int_eq(host.read_file(host.ctx, EVAC_SOURCE_DIR "/LICENSE", &buf, &err), EVAC_OK);
    ck_assert_uint_gt(buf.n, 64);
    evac_buf_done(&buf);
}
END_TEST

static char order[8];
static unsigned fired;

static void on_fire(void *user)
{
    order[fired++] = *(const char *)user;
}

START_TEST(timers_fire_in_order_and_a_stopped_one_does_not)
{
    static char a[] = "a", b[] = "b", c[] = "c";
    uint64_t id, stopped;
    memset(order, 0, sizeof order);
    fired = 0;
    ck_assert_int_eq(host.timer(host.ctx, 20, on_fire, b, &id, NULL), EVAC_OK);
    ck_assert_int_eq(host.timer(host.ctx, 10, on_fire, c, &stopped, NULL), EVAC_OK);
    ck_assert_int_eq(host.timer(host.ctx, 0, on_fire, a, &id, NULL), EVAC_OK);
    host.timer_stop(host.ctx, stopped);
    host.timer_stop(host.ctx, stopped);
    loop_until(&loop, &fired, 2);
    ck_assert_str_eq(order, "ab");
    host.timer_stop(host.ctx, id);
}
END_TEST

START_TEST(a_rehearsals_host_lets_nothing_through_that_mutates)
{
    char url[128];
    struct evac_err err;
    struct evac_host look = evac_host_readonly(&host);
    struct evac_http_request r = request_to(url, sizeof url, "127.0.0.1", server->port, "/");
    r.mutates = true;
    ck_assert_int_eq(look.http(look.ctx, &r, on_reply, NULL, NULL, &err), EVAC_E_REFUSED);
    ck_assert(evac_str_has(evac_str(err.text), "test:Get"));
    const char *const argv[] = { "/bin/true", NULL };
    struct evac_exec_request x = {
        .argv = argv, .total_ms = 100, .max_output_bytes = 1, .mutates = true
    };
    ck_assert_int_eq(look.exec(look.ctx, &x, on_exec, NULL, &err), EVAC_E_REFUSED);
    r.mutates = false;
    ck_assert_int_eq(look.http(look.ctx, &r, on_reply, NULL, NULL, &err), EVAC_OK);
    loop_until(&loop, &told.count, 1);
    ck_assert_int_eq(told.fate, EVAC_HTTP_REPLIED);
    ck_assert_uint_eq(server->requests, 1);
}
END_TEST

static char tried[64];

static void on_tried(void *user, struct evac_str operation, struct evac_str region)
{
    (void)user;
    (void)snprintf(tried, sizeof tried, "%.*s %.*s", EVAC_STR_ARG(operation), EVAC_STR_ARG(region));
}

START_TEST(an_isolated_host_reaches_no_forbidden_region_and_says_who_tried)
{
    char url[128];
    struct evac_err err;
    const struct evac_str regions[] = { EVAC_STR("us-east-1"), EVAC_STR("eu-west-1") };
    struct evac_host_guard *guard = evac_host_isolated(&host, regions, 2, on_tried, NULL);
    const struct evac_host *apart = evac_host_guard_host(guard);
    struct evac_http_request r = request_to(url, sizeof url, "127.0.0.1", server->port, "/");
    r.region = EVAC_STR("us-east-1");
    ck_assert_int_eq(apart->http(apart->ctx, &r, on_reply, NULL, NULL, &err), EVAC_E_REFUSED);
    ck_assert_str_eq(tried, "test:Get us-east-1");
    r.region = EVAC_STR("us-west-2"); /* the URL tells otherwise */
    (void)snprintf(url, sizeof url, "http://rds.eu-west-1.amazonaws.com/");
    r.url = evac_str(url);
    ck_assert_int_eq(apart->http(apart->ctx, &r, on_reply, NULL, NULL, &err), EVAC_E_REFUSED);
    ck_assert_str_eq(tried, "test:Get eu-west-1");
    r = request_to(url, sizeof url, "127.0.0.1", server->port, "/");
    r.region = EVAC_STR("us-west-2");
    ck_assert_int_eq(apart->http(apart->ctx, &r, on_reply, NULL, NULL, &err), EVAC_OK);
    loop_until(&loop, &told.count, 1);
    ck_assert_uint_eq(server->requests, 1);
    evac_host_guard_free(guard);
}
END_TEST

/* Whoever waited for it ends what is open: nothing new is begun. */
static void on_early(void *user)
{
    unsigned *count = user;
    uint64_t id;
    (*count)++;
    ck_assert_int_eq(host.timer(host.ctx, 1, on_early, user, &id, NULL), EVAC_E_REFUSED);
}

START_TEST(closing_tells_everyone_in_flight_once)
{
    char url[128], other[128];
    uint64_t id;
    unsigned early = 0;
    struct evac_http_request sent = request_to(url, sizeof url, "127.0.0.1", server->port, "/");
    struct evac_http_request waits =
        request_to(other, sizeof other, "slow.example.com", server->port, "/");
    const char *const argv[] = { "/bin/sleep", "300", NULL };
    struct evac_exec_request x = { .argv = argv, .total_ms = 60000, .max_output_bytes = 1 };
    memset(&ran, 0, sizeof ran);
    memset(&dns_told, 0, sizeof dns_told);
    server->manner = LOOP_MUTE;
    begin(&sent);
    loop_until(&loop, &server->requests, 1);
    dns->mute = true;
    begin(&waits);
    ck_assert_int_eq(host.timer(host.ctx, 60000, on_early, &early, &id, NULL), EVAC_OK);
    ck_assert_int_eq(host.exec(host.ctx, &x, on_exec, NULL, NULL), EVAC_OK);
    ck_assert_int_eq(
        host.dns(host.ctx, EVAC_STR("y"), "A", EVAC_STR_NONE, 60000, on_dns, NULL, NULL), EVAC_OK);
    evac_host_uv_close(&host);
    ck_assert_uint_eq(told.count, 2);
    ck_assert_uint_eq(ran.count, 1);
    ck_assert_uint_eq(dns_told.count, 1);
    ck_assert_uint_eq(early, 1);
    ck_assert_int_eq(host.http(host.ctx, &sent, on_reply, NULL, NULL, NULL), EVAC_E_REFUSED);
}
END_TEST

static void close_host(void *user, const struct evac_http_reply *reply)
{
    on_reply(user, reply);
    evac_host_uv_close(&host);
}

START_TEST(a_done_may_close_the_host)
{
    char url[128];
    struct evac_http_request r = request_to(url, sizeof url, "127.0.0.1", server->port, "/");
    ck_assert_int_eq(host.http(host.ctx, &r, close_host, NULL, NULL, NULL), EVAC_OK);
    begin(&r);
    loop_until(&loop, &told.count, 2);
}
END_TEST

START_TEST(a_resolver_that_is_no_address_is_refused_at_once)
{
    struct evac_host none;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_host_uv_options options = { .resolver = "dns.example.com:53" };
    ck_assert_int_eq(evac_host_uv_new(&loop, &options, &none, &err), EVAC_E_BADARG);
    ck_assert(evac_str_has(evac_str(err.text), "dns.example.com"));
}
END_TEST

START_TEST(a_url_is_split_without_changing_a_byte)
{
    struct evac_url url;
    ck_assert_int_eq(evac_url_split(EVAC_STR("https://[::1]:8443/a%2F?b#c"), &url, NULL), EVAC_OK);
    ck_assert(url.tls && url.literal_v6 && url.port == 8443);
    ck_assert(evac_str_is(url.host, "::1"));
    ck_assert(evac_str_is(url.authority, "[::1]:8443"));
    ck_assert(evac_str_is(url.target, "/a%2F?b"));
    ck_assert_int_eq(evac_url_split(EVAC_STR("http://x?q"), &url, NULL), EVAC_OK);
    ck_assert(!url.tls && url.port == 80 && evac_str_is(url.target, "?q"));
}
END_TEST

/* --- a server with a CA of its own -------------------------------------------------------------
 */

static struct tls_server tls;

static void set_up_tls(void)
{
    tls_server_start(&tls);
    set_up();
}

static void tear_down_tls(void)
{
    tear_down();
    tls_server_stop(&tls);
}

static struct evac_http_request request_by_tls(char *url, size_t room, const char *name)
{
    struct evac_http_request r = request_to(url, room, name, tls.port, "/");
    (void)snprintf(url, room, "https://%s:%u/", name, tls.port);
    r.url = evac_str(url);
    return r;
}

START_TEST(a_ca_of_its_own_vouches_for_one_server)
{
    char url[128];
    struct evac_http_request r = request_by_tls(url, sizeof url, "127.0.0.1");
    r.ca = evac_str(tls.pem);
    send_and_wait(&r);
    ck_assert_msg(told.fate == EVAC_HTTP_REPLIED, "%s", told.error);
    ck_assert_str_eq(told.body, "ok");
    r.mutates = true; /* over a new connection */
    send_and_wait(&r);
    ck_assert_msg(told.fate == EVAC_HTTP_REPLIED, "%s", told.error);
}
END_TEST

/* Neither the kept connection nor the TLS session of the one before may be used. */
START_TEST(what_a_ca_of_its_own_vouched_for_is_not_trusted_by_the_next)
{
    char url[128];
    struct evac_http_request r = request_by_tls(url, sizeof url, "127.0.0.1");
    r.ca = evac_str(tls.pem);
    send_and_wait(&r);
    ck_assert_int_eq(told.fate, EVAC_HTTP_REPLIED);
    r.ca = EVAC_STR_NONE;
    send_and_wait(&r);
    ck_assert_int_eq(told.fate, EVAC_HTTP_NOT_SENT);
    ck_assert_msg(evac_str_has(evac_str(told.error), "certificate"), "%s", told.error);
}
END_TEST

/* What the server saw of the newest handshake; 0: there was none. */
static char handshake(void)
{
    struct pollfd news = { .fd = tls.told[0], .events = POLLIN };
    char kind = 0;
    if (poll(&news, 1, 300) == 1)
        ck_assert_int_eq(read(tls.told[0], &kind, 1), 1);
    return kind;
}

START_TEST(a_certificate_of_ones_own_is_shown_on_connections_that_are_for_nothing_else)
{
    char url[128];
    struct evac_http_request r = request_by_tls(url, sizeof url, "127.0.0.1");
    const struct evac_str none = EVAC_STR_NONE;
    r.ca = evac_str(tls.pem);
    for (unsigned i = 0; i < 4; i++) {
        bool own = i % 2 == 0;
        r.cert = own ? evac_str(tls.pem) : none;
        r.key = own ? evac_str(tls.key_pem) : none;
        send_and_wait(&r);
        ck_assert_msg(told.fate == EVAC_HTTP_REPLIED, "%s", told.error);
        char kind = handshake();
        if (i < 2) /* later the connections are there already */
            ck_assert_int_eq(kind, own ? 'F' : 'f');
        ck_assert_msg(kind == 0 || (kind == 'F' || kind == 'R') == own, "%c", kind);
    }
}
END_TEST

START_TEST(a_certificate_without_its_key_is_refused)
{
    char url[128];
    struct evac_err err = { EVAC_OK, "" };
    struct evac_http_request r = request_by_tls(url, sizeof url, "127.0.0.1");
    r.cert = evac_str(tls.pem);
    ck_assert_int_eq(host.http(host.ctx, &r, on_reply, NULL, NULL, &err), EVAC_E_BADARG);
    ck_assert_str_eq(err.text, "a client's certificate goes with its key: one of them is missing");
    r.key = evac_str("-----BEGIN PRIVATE KEY-----");
    send_and_wait(&r);
    ck_assert_int_eq(told.fate, EVAC_HTTP_NOT_SENT);
}
END_TEST

START_TEST(another_ca_a_broken_one_and_another_name_do_not_vouch)
{
    char url[128];
    struct tls_server other = { 0 };
    tls_make_cert(&other);
    const char *const wrong[] = { other.pem, "-----BEGIN CERTIFICATE-----", "x" };
    struct evac_http_request r = request_by_tls(url, sizeof url, "127.0.0.1");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        r.ca = evac_str(wrong[i]);
        send_and_wait(&r);
        ck_assert_msg(told.fate == EVAC_HTTP_NOT_SENT, "%s", wrong[i]);
    }
    r = request_by_tls(url, sizeof url, "bad.example.com");
    r.ca = evac_str(tls.pem);
    send_and_wait(&r);
    ck_assert_int_eq(told.fate, EVAC_HTTP_NOT_SENT);
    X509_free(other.cert);
    EVP_PKEY_free(other.key);
}
END_TEST

static void add_programs(Suite *suite)
{
    TCase *tc = tcase_create("programs");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, a_program_gets_its_input_and_only_its_environment);
    tcase_add_test(tc, at_its_deadline_the_whole_group_is_killed);
    tcase_add_test(tc, output_beyond_its_ceiling_is_cut_and_the_program_goes_on);
    tcase_add_test(tc, what_a_program_leaves_behind_does_not_hold_us);
    suite_add_tcase(suite, tc);
}

static void add_cases(Suite *suite)
{
    TCase *tc = tcase_create("host");
    if (!test_is_traced())
        add_programs(suite);
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, a_request_is_sent_byte_for_byte_and_nothing_is_added);
    tcase_add_test(tc, every_method_keeps_its_name_and_body);
    tcase_add_test(tc, a_reply_has_status_headers_and_body);
    tcase_add_test(tc, an_interim_reply_and_a_redirect_are_not_the_hosts_business);
    tcase_add_test(tc, nothing_listens_means_certainly_not_sent);
    tcase_add_loop_test(tc, silence_after_the_request_means_lost, 0, 3);
    tcase_add_test(tc, a_tls_handshake_that_does_not_end_means_not_sent);
    tcase_add_test(tc, a_read_may_be_repeated_on_a_new_connection_when_a_kept_one_died);
    tcase_add_loop_test(tc, a_mutating_request_is_never_sent_twice, 0, 3);
    tcase_add_test(tc, a_change_that_follows_an_answer_takes_its_connection);
    tcase_add_test(tc, a_change_after_a_silence_has_its_own_connection);
    tcase_add_test(tc, connections_are_kept_for_reads);
    tcase_add_test(tc, who_looks_as_a_new_user_comes_anew);
    tcase_add_test(tc, a_reply_over_its_ceiling_counts_as_lost);
    tcase_add_test(tc, what_can_not_be_sent_is_refused_by_name);
    tcase_add_test(tc, a_cancelled_request_is_still_told_of_once);
    tcase_add_test(tc, a_done_may_cancel_another_request_and_send_a_new_one);
    tcase_add_test(tc, names_come_from_the_configured_resolver_and_live_as_long_as_it_says);
    tcase_add_test(tc, a_name_asked_for_many_times_at_once_is_one_question);
    tcase_add_test(tc, a_name_without_an_answer_means_not_sent);
    tcase_add_loop_test(tc, dns_answers_are_values_of_the_type_asked_for, 0, 4);
    tcase_add_test(tc, no_such_name_is_an_answer_and_silence_is_none);
    tcase_add_test(tc, no_cut_of_an_answer_is_read_beyond_its_end);
    tcase_add_test(tc, a_program_that_is_not_there_certainly_did_not_run);
    tcase_add_test(tc, a_file_is_read_up_to_its_ceiling);
    tcase_add_test(tc, timers_fire_in_order_and_a_stopped_one_does_not);
    tcase_add_test(tc, a_rehearsals_host_lets_nothing_through_that_mutates);
    tcase_add_test(tc, an_isolated_host_reaches_no_forbidden_region_and_says_who_tried);
    tcase_add_test(tc, closing_tells_everyone_in_flight_once);
    tcase_add_test(tc, a_done_may_close_the_host);
    tcase_add_test(tc, a_resolver_that_is_no_address_is_refused_at_once);
    tcase_add_test(tc, a_url_is_split_without_changing_a_byte);
    suite_add_tcase(suite, tc);

    tc = tcase_create("tls");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, set_up_tls, tear_down_tls);
    tcase_add_test(tc, a_ca_of_its_own_vouches_for_one_server);
    tcase_add_test(tc, what_a_ca_of_its_own_vouched_for_is_not_trusted_by_the_next);
    tcase_add_test(tc, another_ca_a_broken_one_and_another_name_do_not_vouch);
    tcase_add_test(tc, a_certificate_of_ones_own_is_shown_on_connections_that_are_for_nothing_else);
    tcase_add_test(tc, a_certificate_without_its_key_is_refused);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("host", add_cases)

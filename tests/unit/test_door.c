/* The sandbox's door over real sockets. The model behind it is one of this file's own, which does
 * as the request's path says. */
#include "door.h"
#include "door_port_file.h"
#include "suite.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- a model that tells what it was given --------------------------------------------------------
 */

struct evac_sandbox {
    uint64_t now_ms;
    unsigned requests, advances_back;
};

static struct evac_sandbox *model;

struct evac_sandbox *evac_sandbox_new(const struct evac_sandbox_options *options)
{
    ck_assert_int_gt(options->wall_ms, 1600000000000);
    return model = calloc(1, sizeof *model);
}

void evac_sandbox_free(struct evac_sandbox *sandbox)
{
    free(sandbox);
}

void evac_sandbox_advance(struct evac_sandbox *sandbox, uint64_t now_ms)
{
    sandbox->advances_back += now_ms < sandbox->now_ms;
    sandbox->now_ms = now_ms;
}

uint64_t evac_sandbox_wake_ms(struct evac_sandbox *sandbox)
{
    return sandbox->now_ms + 20;
}

void evac_sandbox_http(struct evac_sandbox *sandbox, const struct evac_http_request *request,
                       struct evac_sandbox_reply *reply)
{
    sandbox->requests++;
    reply->status = evac_str_has(request->url, "none") ? 204 : 200;
    reply->content_type = EVAC_STR("text/plain");
    reply->delay_ms = evac_str_has(request->url, "slow") ? 100 : 0;
    if (evac_str_has(request->url, "refuse"))
        reply->fate = EVAC_SANDBOX_REFUSE;
    if (evac_str_has(request->url, "mute"))
        reply->fate = EVAC_SANDBOX_BLACKHOLE;
    if (evac_str_has(request->url, "lose"))
        reply->fate = EVAC_SANDBOX_LOSE;
    evac_buf_putf(&reply->body, "<%.*s %.*s", EVAC_STR_ARG(request->method),
                  EVAC_STR_ARG(request->url));
    for (size_t i = 0; i < request->header_count; i++)
        evac_buf_putf(&reply->body, "|%.*s=%.*s", EVAC_STR_ARG(request->headers[i].name),
                      EVAC_STR_ARG(request->headers[i].value));
    evac_buf_putf(&reply->body, "|%zu:%.16s>", request->body.n,
                  request->body.n ? request->body.p : "");
}

bool evac_sandbox_dns(struct evac_sandbox *sandbox, const uint8_t *question, size_t question_bytes,
                      bool tcp, struct evac_buf *ret_answer)
{
    (void)sandbox;
    evac_buf_putf(ret_answer, "%s %zu ", tcp ? "tcp" : "udp", question_bytes);
    evac_buf_put(ret_answer, question, question_bytes);
    return question[0] != '!';
}

enum evac_code evac_sandbox_control(struct evac_sandbox *sandbox, struct evac_str command,
                                    struct evac_err *err)
{
    (void)sandbox;
    (void)command;
    (void)err;
    return EVAC_OK;
}

void evac_sandbox_shop(struct evac_sandbox *sandbox, uint16_t base_port)
{
    (void)sandbox;
    ck_assert_uint_gt(base_port, 0);
}

void evac_sandbox_truth(const struct evac_sandbox *sandbox, struct evac_buf *ret_json)
{
    (void)sandbox;
    (void)ret_json;
}

/* --- a client on the same loop -------------------------------------------------------------------
 */

static uv_loop_t loop;
static struct evac_door *door;

static struct {
    uv_tcp_t tcp;
    uv_connect_t connect;
    uv_write_t write;
    uv_timer_t limit;
    const char *send;
    size_t send_bytes, bytes;
    int end; /* how it ended: UV_EOF, UV_ECONNRESET, or 0 when we stopped waiting */
    const char *until;
    char text[65536];
} client;

static void hang_up(int end)
{
    if (uv_is_closing((uv_handle_t *)&client.tcp))
        return;
    client.end = end;
    uv_close((uv_handle_t *)&client.tcp, NULL);
    uv_close((uv_handle_t *)&client.limit, NULL);
}

static void on_limit(uv_timer_t *timer)
{
    (void)timer;
    hang_up(UV_ETIMEDOUT);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
    (void)handle;
    (void)suggested;
    *ret_buf =
        uv_buf_init(client.text + client.bytes, (unsigned)(sizeof client.text - 1 - client.bytes));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    (void)stream;
    (void)buf;
    if (n < 0) {
        hang_up((int)n);
        return;
    }
    client.bytes += (size_t)n;
    client.text[client.bytes] = '\0';
    if (client.until && strstr(client.text, client.until))
        hang_up(0);
}

static void on_connected(uv_connect_t *connect, int status)
{
    uv_buf_t out = uv_buf_init(calloc(1, client.send_bytes + 1), (unsigned)client.send_bytes);
    ck_assert_int_eq(status, 0);
    memcpy(out.base, client.send, client.send_bytes);
    client.write.data = out.base;
    uv_write(&client.write, connect->handle, &out, 1, NULL);
    uv_read_start(connect->handle, on_alloc, on_read);
}

static unsigned open_handles(void)
{
    return uv_is_closing((uv_handle_t *)&client.tcp) ? 0 : 1;
}

/* Sends, and reads until `until` occurs, the connection ends, or limit_ms is over. */
static int talk_bytes(const char *ip, uint16_t port, const char *send, size_t send_bytes,
                      const char *until, uint64_t limit_ms)
{
    struct sockaddr_in address;
    memset(&client, 0, sizeof client);
    client.send = send;
    client.send_bytes = send_bytes;
    client.until = until;
    uv_ip4_addr(ip, port, &address);
    uv_tcp_init(&loop, &client.tcp);
    uv_timer_init(&loop, &client.limit);
    uv_timer_start(&client.limit, on_limit, limit_ms, 0);
    uv_tcp_connect(&client.connect, &client.tcp, (struct sockaddr *)&address, on_connected);
    while (open_handles())
        uv_run(&loop, UV_RUN_ONCE);
    uv_run(&loop, UV_RUN_NOWAIT);
    free(client.write.data);
    return client.end;
}

static int talk(const char *send, const char *until)
{
    return talk_bytes("127.0.0.1", evac_door_http_port(door), send, strlen(send), until, 5000);
}

static unsigned count(const char *needle)
{
    unsigned n = 0;
    for (const char *at = client.text; (at = strstr(at, needle)) != NULL; at++)
        n++;
    return n;
}

static void set_up(void)
{
    static const char *const regions[] = { "us-east-1", "us-west-2", NULL };
    struct evac_err err = { EVAC_OK, "" };
    struct evac_door_options options = { .model = { .regions = regions, .speed = 1 },
                                         .shop = true };
    signal(SIGPIPE, SIG_IGN);
    uv_loop_init(&loop);
    ck_assert_msg(evac_door_new(&loop, &options, &door, &err) == EVAC_OK, "%s", err.text);
}

static void tear_down(void)
{
    ck_assert_uint_eq(model->advances_back, 0);
    evac_door_close(door);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&loop), 0); /* no handle is left */
}

START_TEST(a_request_reaches_the_model_byte_for_byte_with_the_address_it_came_in_on)
{
    static const char request[] =
        "POST /a/../b%2F//c?x=%7E HTTP/1.1\r\nHost: s3\r\nX-Evac-Sandbox-Local: lie\r\n"
        "X-Empty:\r\nContent-Length: 4\r\n\r\nbody";
    talk_bytes("127.0.10.2", evac_door_http_port(door), request, sizeof request - 1, ">", 5000);
    ck_assert_ptr_nonnull(strstr(client.text, "HTTP/1.1 200 OK\r\n"));
    ck_assert_ptr_nonnull(
        strstr(client.text, "<POST /a/../b%2F//c?x=%7E|x-evac-sandbox-local=127.0.10.2|Host=s3|"
                            "X-Empty=|Content-Length=4|4:body>"));
}
END_TEST

START_TEST(only_loopback_addresses_answer_and_all_on_one_port)
{
    static const char *const addresses[] = { "127.0.0.1", "127.0.10.1", "127.0.10.2" };
    static const char request[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    for (size_t i = 0; i < 3; i++) {
        talk_bytes(addresses[i], evac_door_http_port(door), request, sizeof request - 1, ">", 5000);
        ck_assert_ptr_nonnull(strstr(client.text, addresses[i]));
    }
}
END_TEST

START_TEST(pipelined_requests_are_answered_in_order_one_at_a_time)
{
    talk("GET /1slow HTTP/1.1\r\nHost: x\r\n\r\nPOST /2 HTTP/1.1\r\nContent-Length: 2\r\n\r\nab"
         "POST /3 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n"
         "HEAD /4 HTTP/1.1\r\n\r\nGET /5none HTTP/1.1\r\n\r\nGET /6 HTTP/1.1\r\nConnection: "
         "close\r\n\r\n",
         NULL);
    ck_assert_int_eq(client.end, UV_EOF);
    ck_assert_uint_eq(count("HTTP/1.1 20"), 6);
    ck_assert_uint_eq(model->requests, 6);
    const char *at = client.text;
    static const char *const order[] = { "<GET /1slow", "|2:ab>", "|4:abcd>", "HTTP/1.1 204",
                                         "<GET /6" };
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        ck_assert_ptr_nonnull(at = strstr(at, order[i]));
    ck_assert_uint_eq(count("<HEAD"), 0); /* a HEAD's reply has no body */
}
END_TEST

START_TEST(a_request_in_single_bytes_is_one_request)
{
    char request[] = "PUT /x HTTP/1.1\r\nX-Long-Name: some value\r\nContent-Length: 3\r\n\r\nabc";
    struct sockaddr_in address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    uv_ip4_addr("127.0.0.1", evac_door_http_port(door), &address);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    for (size_t i = 0; i < sizeof request - 1; i++) {
        ck_assert_int_eq(write(fd, request + i, 1), 1);
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    for (int i = 0; i < 100 && model->requests == 0; i++)
        uv_run(&loop, UV_RUN_ONCE);
    uv_run(&loop, UV_RUN_NOWAIT);
    char reply[4096] = "";
    ck_assert_int_gt(read(fd, reply, sizeof reply - 1), 0);
    close(fd);
    ck_assert_ptr_nonnull(strstr(reply, "|X-Long-Name=some value|Content-Length=3|3:abc>"));
}
END_TEST

START_TEST(who_expects_100_continue_gets_it_first)
{
    talk("PUT /x HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nz", ">");
    ck_assert_ptr_eq(strstr(client.text, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK"),
                     client.text);
}
END_TEST

START_TEST(each_fate_looks_as_it_would_on_the_wire)
{
    ck_assert_int_eq(talk("GET /refuse HTTP/1.1\r\n\r\n", NULL), UV_ECONNRESET);
    ck_assert_int_eq(talk("GET /lose HTTP/1.1\r\n\r\n", NULL), UV_EOF);
    ck_assert_uint_eq(client.bytes, 0);
    static const char mute[] = "GET /mute HTTP/1.1\r\n\r\nGET /after HTTP/1.1\r\n\r\n";
    ck_assert_int_eq(
        talk_bytes("127.0.0.1", evac_door_http_port(door), mute, sizeof mute - 1, NULL, 300),
        UV_ETIMEDOUT);
    ck_assert_uint_eq(client.bytes, 0);
    ck_assert_uint_eq(model->requests, 3); /* what came after the mute one was swallowed */
}
END_TEST

START_TEST(what_is_no_request_never_reaches_the_model)
{
    static const struct {
        const char *request, *status;
    } cases[] = {
        { "garbage\r\n\r\n", "HTTP/1.1 400 " },
        { "CONNECT x:1 HTTP/1.1\r\n\r\n", "HTTP/1.1 405 " },
        { "POST / HTTP/1.1\r\nContent-Length: 8388609\r\n\r\n", "HTTP/1.1 413 " },
        { "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "HTTP/1.1 400 " },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        talk(cases[i].request, NULL);
        ck_assert_msg(strstr(client.text, cases[i].status) == client.text, "%s", client.text);
        ck_assert_int_eq(client.end, UV_EOF);
    }
    ck_assert_uint_eq(model->requests, 0);
}
END_TEST

START_TEST(too_large_a_head_is_refused)
{
    char *request = malloc(200000);
    size_t n = (size_t)snprintf(request, 64, "GET / HTTP/1.1\r\nX: ");
    memset(request + n, 'a', 70000);
    (void)snprintf(request + n + 70000, 8, "\r\n\r\n");
    talk(request, NULL);
    ck_assert_ptr_eq(strstr(client.text, "HTTP/1.1 431 "), client.text);

    n = (size_t)snprintf(request, 64, "GET / HTTP/1.1\r\n"); /* and too many lines */
    for (int i = 0; i < 300; i++)
        n += (size_t)snprintf(request + n, 16, "X%d: y\r\n", i);
    (void)snprintf(request + n, 8, "\r\n");
    talk(request, NULL);
    ck_assert_ptr_eq(strstr(client.text, "HTTP/1.1 431 "), client.text);
    ck_assert_uint_eq(model->requests, 0);
    free(request);
}
END_TEST

START_TEST(dns_over_tcp_takes_several_questions_in_any_pieces)
{
    static const char two[] = "\0\5hello\0\3you\0\4!bad";
    talk_bytes("127.0.0.1", evac_door_dns_port(door), two, sizeof two - 1, NULL, 5000);
    ck_assert_int_eq(client.end, UV_EOF); /* the third can not be answered */
    ck_assert_uint_eq(client.bytes, 2 + 11 + 2 + 9);
    ck_assert_int_eq(memcmp(client.text, "\0\x0btcp 5 hello\0\x09tcp 3 you", 24), 0);
}
END_TEST

START_TEST(dns_over_udp_answers_each_datagram)
{
    struct sockaddr_in address;
    struct timeval limit = { .tv_usec = 20000 };
    char reply[64] = "";
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    uv_ip4_addr("127.0.0.1", evac_door_dns_port(door), &address);
    ck_assert_int_eq(sendto(fd, "hello", 5, 0, (struct sockaddr *)&address, sizeof address), 5);
    for (int i = 0; i < 100 && recv(fd, reply, sizeof reply, 0) <= 0; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
    close(fd);
    ck_assert_str_eq(reply, "udp 5 hello");
}
END_TEST

START_TEST(the_models_time_runs_by_itself)
{
    uint64_t before = model->now_ms;
    for (int i = 0; i < 50 && model->now_ms < before + 60; i++)
        uv_run(&loop, UV_RUN_ONCE);
    ck_assert_uint_ge(model->now_ms, before + 60);
}
END_TEST

START_TEST(a_port_that_is_taken_is_an_error_with_its_number)
{
    static const char *const regions[] = { "us-east-1", NULL };
    struct evac_door *second;
    struct evac_sandbox *first = model;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_door_options options = { .model = { .regions = regions, .speed = 1 },
                                         .http_port = evac_door_http_port(door) };
    char number[16];
    ck_assert_int_eq(evac_door_new(&loop, &options, &second, &err), EVAC_E_IO);
    (void)snprintf(number, sizeof number, "%u", evac_door_http_port(door));
    ck_assert_msg(evac_str_has(evac_str(err.text), number), "%s", err.text);
    model = first;
}
END_TEST

START_TEST(the_port_file_tells_the_port_and_is_its_owners_alone)
{
    static const char *const regions[] = { "us-east-1", NULL };
    struct evac_door_facts facts = { .http_port = 12345,
                                     .dns_port = 53,
                                     .access_key_id = "id",
                                     .secret_access_key = "key",
                                     .regions = regions,
                                     .speed = 2 };
    char path[] = "/tmp/evac-test-door-XXXXXX";
    uint16_t port = 0, dns_port = 0;
    struct evac_err err = { EVAC_OK, "" };
    close(mkstemp(path));
    ck_assert_int_eq(evac_door_facts_read_ports(path, &port, &dns_port, &err), EVAC_E_PARSE);
    ck_assert_int_eq(evac_door_facts_write(&facts, path, &err), EVAC_OK);
    ck_assert_int_eq(evac_door_facts_read_ports(path, &port, &dns_port, &err), EVAC_OK);
    ck_assert_uint_eq(port, 12345);
    uv_fs_t info;
    uv_fs_stat(NULL, &info, path, NULL);
    ck_assert_uint_eq(info.statbuf.st_mode & 0777, 0600);
    uv_fs_req_cleanup(&info);
    unlink(path);
    ck_assert_int_eq(evac_door_facts_write(&facts, "/no/such/folder/file", &err), EVAC_E_IO);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tc = tcase_create("door");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, a_request_reaches_the_model_byte_for_byte_with_the_address_it_came_in_on);
    tcase_add_test(tc, only_loopback_addresses_answer_and_all_on_one_port);
    tcase_add_test(tc, pipelined_requests_are_answered_in_order_one_at_a_time);
    tcase_add_test(tc, a_request_in_single_bytes_is_one_request);
    tcase_add_test(tc, who_expects_100_continue_gets_it_first);
    tcase_add_test(tc, each_fate_looks_as_it_would_on_the_wire);
    tcase_add_test(tc, what_is_no_request_never_reaches_the_model);
    tcase_add_test(tc, too_large_a_head_is_refused);
    tcase_add_test(tc, dns_over_tcp_takes_several_questions_in_any_pieces);
    tcase_add_test(tc, dns_over_udp_answers_each_datagram);
    tcase_add_test(tc, the_models_time_runs_by_itself);
    tcase_add_test(tc, a_port_that_is_taken_is_an_error_with_its_number);
    tcase_add_test(tc, the_port_file_tells_the_port_and_is_its_owners_alone);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("door", add_cases)

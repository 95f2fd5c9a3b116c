#include "host_dns.h"
#include "host_names.h"
#include "loopback.h"
#include "prober.h"
#include "suite.h"
#include "tls_server.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define OK_REPLY "HTTP/1.1 200 OK\r\nContent-Length: 13\r\nX-Region: us-east-1\r\n\r\nall is ok now"

static uv_loop_t loop;
static struct evac_dns *dns;
static struct evac_prober *prober;
static struct loop_server *server;
static struct loop_dns *name_server;
static char resolver[32], url[256];

static struct {
    unsigned count;
    bool ok;
    int status;
    char served_by[64], reason[400], warning[400];
    uint64_t sent[64], due[64], ended[64]; /* boot ms of the first rounds */
    uint32_t latency_us;
} told;

static void on_result(void *prober_user, void *target_user, const struct evac_prober_result *result)
{
    (void)prober_user;
    (void)target_user;
    if (told.count < 64) {
        told.sent[told.count] = result->sent_boot_ms;
        told.due[told.count] = result->sent_boot_ms - evac_prober_stats(prober).late_ms;
        told.ended[told.count] = result->boot_ms;
    }
    told.latency_us = result->latency_us;
    told.count++;
    told.ok = result->ok;
    told.status = result->status;
    ck_assert_uint_le(result->sent_boot_ms, result->boot_ms);
    ck_assert(result->ok == (result->reason[0] == '\0'));
    (void)evac_str_copy(told.served_by, sizeof told.served_by, result->served_by);
    (void)evac_str_copy(told.reason, sizeof told.reason, evac_str(result->reason));
    (void)evac_str_copy(told.warning, sizeof told.warning, evac_str(result->warning));
}

static int64_t ahead_ms; /* the wall clock goes wrong by so much */

static int64_t wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + ahead_ms;
}

static void open_prober(evac_prober_fn *fn, uint32_t max_open, const char *ca_file)
{
    struct evac_err err = { EVAC_OK, "" };
    struct evac_prober_options options = {
        .fn = fn, .max_open = max_open, .seed = 7, .ca_file = ca_file, .wall_ms = wall_ms
    };
    ck_assert_msg(evac_prober_new(&loop, dns, &options, &prober, &err) == EVAC_OK, "%s", err.text);
}

static void set_up(void)
{
    signal(SIGPIPE, SIG_IGN);
    uv_loop_init(&loop);
    server = loop_server_new(&loop, OK_REPLY);
    name_server = loop_dns_new(&loop);
    (void)snprintf(resolver, sizeof resolver, "127.0.0.1:%u", name_server->port);
    ck_assert_int_eq(evac_dns_new(&loop, "", &dns, NULL), EVAC_OK);
    open_prober(on_result, 0, NULL);
    memset(&told, 0, sizeof told);
    ahead_ms = 0;
}

static void tear_down(void)
{
    evac_prober_free(prober);
    prober = NULL;
    evac_dns_close(dns);
    loop_server_close(server);
    loop_dns_close(name_server);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&loop), 0); /* no handle is left */
    free(server);
    free(name_server);
}

static struct evac_prober_target target_at(const char *scheme, const char *name, uint16_t port)
{
    (void)snprintf(url, sizeof url, "%s://%s:%u/health?deep=1", scheme, name, port);
    return (struct evac_prober_target){
        .url = evac_str(url),
        .resolver = evac_str(resolver),
        .every_ms = 100,
        .connect_ms = test_patience(1000),
        .reply_ms = test_patience(1000),
        .wants_served_by = true,
        .served_by = EVAC_STR("x-region"),
    };
}

static uint64_t add(const struct evac_prober_target *target)
{
    uint64_t id = 0;
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_msg(evac_prober_add(prober, target, &id, &err) == EVAC_OK, "%s", err.text);
    return id;
}

static void wait_for_rounds(unsigned n)
{
    loop_until(&loop, &told.count, told.count + n);
}

START_TEST(a_good_reply_is_ok_and_says_who_served_it)
{
    struct evac_prober_target t = target_at("http", "127.0.0.1", server->port);
    char expected[512];
    t.expect_body = EVAC_STR("ok now");
    add(&t);
    wait_for_rounds(1);
    ck_assert_msg(told.ok, "%s", told.reason);
    ck_assert_int_eq(told.status, 200);
    ck_assert_str_eq(told.served_by, "us-east-1");
    (void)snprintf(expected, sizeof expected,
                   "GET /health?deep=1 HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUser-Agent: evac\r\n"
                   "Accept: */*\r\nConnection: close\r\n\r\n",
                   server->port);
    ck_assert_str_eq(server->last, expected);
}
END_TEST

static const struct {
    const char *reply, *expect_body;
    int expect_status;
    bool ok;
    const char *reason, *served_by;
} replies[] = {
    { "HTTP/1.1 204 No Content\r\n\r\n", "", 0, true, "", "" },
    { "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", "", 0, true, "", "" },
    { "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", "", 200, false, "status 302", "" },
    { "HTTP/1.1 503 Down\r\nContent-Length: 2\r\n\r\nok", "ok", 0, false, "status 503", "" },
    { "HTTP/1.1 503 Down\r\nContent-Length: 2\r\n\r\nok", "ok", 503, true, "", "" },
    { "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad", "ok", 0, false, "'ok' is not in", "" },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n", "ok", 0,
      true, "", "" },
    { "HTTP/1.1 103 Early\r\nX-Region: no\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "",
      0, true, "", "no" },
    { "HTTP/1.1 200 OK\r\nx-REGION: eu-west-1\r\nX-Region-Old: x\r\nX: y\r\nContent-Length: "
      "0\r\n\r\n",
      "", 0, true, "", "eu-west-1" },
    { "SSH-2.0-OpenSSH_9.2\r\n\r\n", "", 0, false, "not HTTP", "" },
};

START_TEST(a_reply_is_judged_by_status_and_body)
{
    struct evac_prober_target t = target_at("http", "127.0.0.1", server->port);
    server->reply = replies[_i].reply;
    t.expect_body = evac_str(replies[_i].expect_body);
    t.expect_status = replies[_i].expect_status;
    add(&t);
    wait_for_rounds(1);
    ck_assert_msg(told.ok == replies[_i].ok, "%s", told.reason);
    ck_assert_msg(evac_str_has(evac_str(told.reason), replies[_i].reason), "%s", told.reason);
    ck_assert_str_eq(told.served_by, replies[_i].served_by);
}
END_TEST

START_TEST(a_reply_without_a_length_ends_with_the_connection)
{
    struct evac_prober_target t = target_at("http", "127.0.0.1", server->port);
    server->manner = LOOP_REPLY_CLOSE;
    server->reply = "HTTP/1.1 200 OK\r\n\r\n{ \"region\" : \"us-west-2\" }";
    t.expect_body = EVAC_STR("region");
    t.served_by = EVAC_STR_NONE;
    add(&t);
    wait_for_rounds(1);
    ck_assert_msg(told.ok, "%s", told.reason);
    ck_assert_str_eq(told.served_by, "us-west-2");
}
END_TEST

START_TEST(only_the_first_5120_bytes_of_a_body_count)
{
    struct evac_prober_target t = target_at("http", "127.0.0.1", server->port);
    char *reply = malloc(20000);
    int head = snprintf(reply, 20000, "HTTP/1.1 200 OK\r\nContent-Length: 6000\r\n\r\n");
    memset(reply + head, '.', 6000);
    reply[head + 6000] = '\0';
    server->reply = reply;
    t.expect_body = EVAC_STR("needle");
    add(&t);
    memcpy(reply + head + 5120 - 6, "needle", 6);
    wait_for_rounds(1);
    ck_assert_msg(told.ok, "%s", told.reason);
    memcpy(reply + head + 5120 - 6, ".needle", 7);
    wait_for_rounds(1);
    ck_assert(!told.ok);
    server->reply = OK_REPLY;
    free(reply);
}
END_TEST

START_TEST(each_silence_has_its_own_words)
{
    static const struct {
        enum loop_manner manner;
        const char *says;
    } cases[] = { { LOOP_CLOSE, "closed without a reply" },
                  { LOOP_RESET, "connection lost before a reply" },
                  { LOOP_MUTE, "no reply within 200 ms" } };
    struct evac_prober_target t = target_at("http", "127.0.0.1", server->port);
    server->manner = cases[_i].manner;
    t.reply_ms = 200;
    add(&t);
    wait_for_rounds(1);
    ck_assert(!told.ok);
    ck_assert_int_eq(told.status, 0);
    ck_assert_msg(evac_str_has(evac_str(told.reason), cases[_i].says), "%s", told.reason);
}
END_TEST

START_TEST(nothing_listening_is_told_at_once)
{
    struct loop_server *gone = loop_server_new(&loop, OK_REPLY);
    struct evac_prober_target t = target_at("http", "127.0.0.1", gone->port);
    loop_server_close(gone);
    uv_run(&loop, UV_RUN_NOWAIT);
    free(gone);
    add(&t);
    wait_for_rounds(1);
    ck_assert_msg(evac_str_has(evac_str(told.reason), "refused"), "%s", told.reason);
}
END_TEST

START_TEST(dns_is_asked_when_its_time_to_live_is_over_and_followed)
{
    struct evac_prober_target t = target_at("http", "shop.example.com", server->port);
    name_server->ttl_s = 1;
    t.keep_alive = true;
    add(&t);
    wait_for_rounds(5);
    ck_assert_msg(told.ok, "%s", told.reason);
    ck_assert_uint_eq(name_server->questions, 1);
    ck_assert_uint_eq(server->connections, 1);

    /* The name moves to where nobody listens: the kept connection must not hide it. */
    memcpy(name_server->address, (uint8_t[]){ 127, 0, 0, 2 }, 4);
    for (int i = 0; i < 30 && told.ok; i++)
        wait_for_rounds(1);
    ck_assert(!told.ok);
    ck_assert_msg(evac_str_has(evac_str(told.reason), "refused"), "%s", told.reason);
}
END_TEST

START_TEST(a_name_that_does_not_resolve_is_told_in_words)
{
    struct evac_prober_target t = target_at("http", "shop.example.com", server->port);
    t.connect_ms = 200;
    name_server->rcode = 3;
    add(&t);
    wait_for_rounds(1);
    ck_assert_msg(evac_str_has(evac_str(told.reason), "DNS"), "%s", told.reason);
    name_server->mute = true;
    wait_for_rounds(1);
    ck_assert_str_eq(told.reason, "no answer from DNS within 200 ms");
}
END_TEST

START_TEST(while_dns_is_silent_its_last_address_is_asked_and_the_result_says_so)
{
    struct evac_prober_target t = target_at("http", "shop.example.com", server->port);
    name_server->ttl_s = 0;
    t.keep_alive = _i;
    add(&t);
    wait_for_rounds(2);
    ck_assert_msg(told.ok, "%s", told.reason);
    ck_assert_str_eq(told.warning, "");
    name_server->mute = true;
    wait_for_rounds(3);
    ck_assert_msg(told.ok, "%s", told.reason);
    ck_assert_msg(evac_str_has(evac_str(told.warning), "DNS does not answer"), "%s", told.warning);

    /* The verdict is about the target all the same. */
    server->manner = LOOP_CLOSE;
    wait_for_rounds(2);
    ck_assert(!told.ok);
    ck_assert_msg(evac_str_has(evac_str(told.reason), "closed without a reply; DNS does not"), "%s",
                  told.reason);

    /* It answers again: that there is no such name. */
    name_server->rcode = 3;
    name_server->mute = false;
    for (int i = 0; i < 150 && _i == 0 && !evac_str_starts(evac_str(told.reason), "DNS:"); i++)
        wait_for_rounds(1);
    ck_assert_msg(_i > 0 || evac_str_starts(evac_str(told.reason), "DNS:"), "%s", told.reason);
}
END_TEST

/* While this process did something else, the answer came in time and the deadline passed. */
START_TEST(an_answer_that_lies_there_is_taken_before_anybody_is_late)
{
    struct evac_prober_target t = target_at("http", "127.0.0.1", server->port);
    t.connect_ms = 5000;
    t.reply_ms = 300;
    add(&t);
    loop_until(&loop, &server->requests, 1);
    nanosleep(&(struct timespec){ .tv_nsec = 400000000 }, NULL);
    if (told.count == 0)
        wait_for_rounds(1);
    ck_assert_msg(told.ok, "%s", told.reason);
}
END_TEST

START_TEST(a_kept_connection_is_used_again_and_replaced_when_it_died)
{
    struct evac_prober_target t = target_at("http", "127.0.0.1", server->port);
    t.keep_alive = true;
    add(&t);
    wait_for_rounds(4);
    ck_assert_uint_eq(server->connections, 1);
    server->manner = LOOP_CLOSE_WHEN_REUSED;
    wait_for_rounds(1);
    ck_assert_msg(told.ok, "%s", told.reason);
    ck_assert_uint_eq(server->connections, 2);
}
END_TEST

START_TEST(a_fresh_connection_is_made_for_each_round_otherwise)
{
    struct evac_prober_target t = target_at("http", "127.0.0.1", server->port);
    add(&t);
    wait_for_rounds(4);
    ck_assert_uint_eq(server->connections, 4);
}
END_TEST

/* Of rounds from..to, the one that was least late for a pace of 100 ms: a busy machine makes rounds
 * late, never early. */
static uint64_t least_late(int from, int to)
{
    uint64_t least = UINT64_MAX;
    for (int i = from; i < to; i++)
        if (told.sent[i] - 100u * (unsigned)i < least)
            least = told.sent[i] - 100u * (unsigned)i;
    return least;
}

START_TEST(rounds_keep_their_pace_and_do_not_march_in_step)
{
    struct evac_prober_target t = target_at("http", "127.0.0.1", server->port);
    bool differ = false;
    add(&t);
    wait_for_rounds(20);
    for (int i = 2; i < 20; i++)
        differ |= told.sent[i] - told.sent[i - 1] != told.sent[1] - told.sent[0];
    ck_assert(differ);
    int64_t drift = (int64_t)least_late(10, 20) - (int64_t)least_late(0, 10);
    ck_assert_int_ge(drift, -40); /* each round is moved by up to 10 ms, and none adds up */
    ck_assert_int_le(drift, 40);
}
END_TEST

#define TENTH_MS  10 /* of a pace of 100 ms: by so much a round is moved, at most */
#define RASTER_MS 10 /* and what is due at about the same time begins together */

/* Of rounds that kept the pace, when each was due, less where it stood without jitter: between
 * -TENTH - RASTER and TENTH. A round that ended after the next one's place began a new raster. */
static int check_raster(int from, int to)
{
    int64_t least = INT64_MAX, most = INT64_MIN;
    for (int i = from; i < to; i++) {
        int64_t moved = (int64_t)told.due[i] - (int64_t)told.due[from] - 100 * (i - from);
        least = moved < least ? moved : least;
        most = moved > most ? moved : most;
    }
    ck_assert_int_le(most - least, 2 * TENTH_MS + RASTER_MS);
    return (int)(most - least);
}

START_TEST(a_round_is_moved_by_a_tenth_at_most_and_begins_when_it_is_due)
{
    struct evac_prober_target t = target_at("http", "127.0.0.1", server->port);
    int begun = 0, widest = 0, longest = 0;
    add(&t);
    wait_for_rounds(40);
    for (int i = 1; i <= 40; i++) {
        bool fell_behind = i < 40 && told.ended[i - 1] + TENTH_MS >= told.due[i - 1] + 100;
        if (i < 40 && !fell_behind)
            continue;
        int wide = check_raster(begun, i);
        widest = wide > widest ? wide : widest;
        longest = i - begun > longest ? i - begun : longest;
        begun = i;
    }
    ck_assert(longest < 20 || widest > 0); /* on a machine that has the time, they differ */
    for (int i = 0; i < 40; i++)
        ck_assert_uint_ge(told.sent[i], told.due[i]);
}
END_TEST

/* Not before the time is up, and measured from when the round began. */
START_TEST(a_limit_is_not_over_before_its_time)
{
    struct evac_prober_target t = target_at("http", "127.0.0.1", server->port);
    server->manner = LOOP_MUTE;
    t.reply_ms = 150;
    add(&t);
    wait_for_rounds(1);
    ck_assert(!told.ok);
    ck_assert_str_eq(told.reason, "no reply within 150 ms");
    ck_assert_uint_ge(told.latency_us, 150000);
    ck_assert_uint_ge(told.ended[0] - told.sent[0] + 1, told.latency_us / 1000);
    ck_assert_uint_le(told.ended[0] - told.sent[0], told.latency_us / 1000 + 1);
}
END_TEST

static void answer_late(uv_timer_t *timer)
{
    loop_answer(server->conns);
    uv_close((uv_handle_t *)timer, NULL);
}

START_TEST(latency_is_what_the_server_took)
{
    struct evac_prober_target t = target_at("http", "127.0.0.1", server->port);
    uv_timer_t timer;
    server->manner = LOOP_MUTE;
    t.reply_ms = test_patience(5000);
    add(&t);
    loop_until(&loop, &server->requests, 1);
    uv_timer_init(&loop, &timer);
    uv_update_time(&loop);
    uv_timer_start(&timer, answer_late, 120, 0);
    wait_for_rounds(1);
    ck_assert_msg(told.ok, "%s", told.reason);
    ck_assert_uint_ge(told.latency_us, 119000);
    ck_assert_uint_le(told.ended[0] - told.sent[0], told.latency_us / 1000 + 1);
}
END_TEST

static unsigned most_in_flight;

static void on_crowd(void *prober_user, void *target_user, const struct evac_prober_result *result)
{
    struct evac_prober_stats stats = evac_prober_stats(prober);
    if (stats.in_flight + 1 > most_in_flight)
        most_in_flight = stats.in_flight + 1;
    on_result(prober_user, target_user, result);
}

START_TEST(no_more_rounds_are_open_than_allowed_and_all_have_their_turn)
{
    struct evac_prober_target t = target_at("http", "127.0.0.1", server->port);
    evac_prober_free(prober);
    open_prober(on_crowd, 4, NULL);
    most_in_flight = 0;
    for (int i = 0; i < 100; i++)
        add(&t);
    loop_until(&loop, &told.count, 300);
    ck_assert(told.ok);
    ck_assert_uint_le(most_in_flight, 4);
    ck_assert_uint_eq(evac_prober_stats(prober).targets, 100);
    ck_assert_uint_eq(evac_prober_stats(prober).ended, told.count);
}
END_TEST

/* The queue moves on even when every round in it fails at once: the stack does not grow with it. */
START_TEST(a_long_queue_of_instant_failures_is_worked_off)
{
    struct evac_prober_target t = target_at("http", "127.0.0.1", server->port);
    evac_prober_free(prober);
    open_prober(on_result, 1, NULL);
    t.url = EVAC_STR("http://[::ffff:0:0]:1/");
    for (int i = 0; i < 3000; i++)
        add(&t);
    loop_until(&loop, &told.count, 6000);
    ck_assert(!told.ok);
}
END_TEST

static uint64_t ids[8];

static void remove_all(void *prober_user, void *target_user,
                       const struct evac_prober_result *result)
{
    on_result(prober_user, target_user, result);
    for (int i = 0; i < 8; i++)
        evac_prober_remove(prober, ids[i]);
}

START_TEST(a_result_may_remove_every_target)
{
    struct evac_prober_target t = target_at("http", "127.0.0.1", server->port);
    evac_prober_free(prober);
    open_prober(remove_all, 2, NULL);
    for (int i = 0; i < 8; i++)
        ids[i] = add(&t);
    wait_for_rounds(1);
    ck_assert_uint_eq(evac_prober_stats(prober).targets, 0);
    ck_assert_uint_eq(evac_prober_stats(prober).in_flight, 0);
    ck_assert_uint_eq(evac_prober_stats(prober).queued, 0);
    evac_prober_remove(prober, ids[0]);
}
END_TEST

START_TEST(closing_in_the_middle_of_rounds_leaves_nothing)
{
    struct evac_prober_target t = target_at("http", "127.0.0.1", server->port);
    server->manner = LOOP_MUTE;
    for (int i = 0; i < 20; i++)
        add(&t);
    t = target_at("http", "never.example.com", server->port);
    name_server->mute = true;
    for (int i = 0; i < 20; i++)
        add(&t);
    loop_until(&loop, &server->requests, 20);
    loop_until(&loop, &name_server->questions, 1);
} /* tear_down closes */
END_TEST

START_TEST(what_can_not_be_probed_is_refused_by_name)
{
    struct evac_err err;
    struct evac_prober_target t = target_at("http", "127.0.0.1", server->port);
    t.every_ms = 10;
    ck_assert_int_eq(evac_prober_add(prober, &t, NULL, &err), EVAC_E_BADARG);
    ck_assert(evac_str_has(evac_str(err.text), "every_ms"));
    t = target_at("gopher", "127.0.0.1", server->port);
    ck_assert_int_eq(evac_prober_add(prober, &t, NULL, &err), EVAC_E_BADARG);
    ck_assert(evac_str_has(evac_str(err.text), "gopher"));
}
END_TEST

/* --- TLS ------------------------------------------------------------------------------------- */

static struct tls_server tls;
static char ca_path[] = "/tmp/evac-test-prober-XXXXXX";

static void set_up_tls(void)
{
    tls_server_start(&tls);
    int fd = mkstemp(ca_path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, tls.pem, strlen(tls.pem)), (int)strlen(tls.pem));
    close(fd);
    set_up();
    evac_prober_free(prober);
    open_prober(on_result, 0, ca_path);
}

static void tear_down_tls(void)
{
    tear_down();
    tls_server_stop(&tls);
    unlink(ca_path);
    (void)evac_str_copy(ca_path + sizeof ca_path - 7, 7, EVAC_STR("XXXXXX"));
}

START_TEST(a_verified_certificate_is_ok_and_its_session_is_resumed)
{
    struct evac_prober_target t = target_at("https", "good.example.com", tls.port);
    char kinds[4] = "";
    add(&t);
    wait_for_rounds(3);
    ck_assert_msg(told.ok, "%s", told.reason);
    ck_assert_str_eq(told.served_by, "r1");
    ck_assert_int_eq(read(tls.told[0], kinds, 3), 3);
    ck_assert_str_eq(kinds, "frr");
}
END_TEST

/* Neither a session nor a kept connection hides that the certificate has ended: it is shown again,
 * and judged by the clock. */
START_TEST(a_certificate_that_ended_is_noticed_behind_a_session_and_a_kept_connection)
{
    struct evac_prober_target t = target_at("https", "good.example.com", tls.port);
    char kinds[8] = "";
    t.keep_alive = _i;
    add(&t);
    wait_for_rounds(3);
    ck_assert_msg(told.ok, "%s", told.reason);
    ahead_ms = 7200 * 1000;
    wait_for_rounds(2); /* one may have been on its way */
    ck_assert(!told.ok);
    ck_assert_str_eq(told.reason, "certificate of good.example.com: certificate has expired");
    ahead_ms = 0;
    wait_for_rounds(2);
    ck_assert_msg(told.ok, "%s", told.reason);
    ck_assert_int_ge(read(tls.told[0], kinds, 7), 2);
    ck_assert_int_eq(kinds[0], 'f');
}
END_TEST

START_TEST(an_address_is_verified_too)
{
    struct evac_prober_target t = target_at("https", "127.0.0.1", tls.port);
    t.keep_alive = true;
    add(&t);
    wait_for_rounds(3);
    ck_assert_msg(told.ok, "%s", told.reason);
    char kinds[4] = "";
    ck_assert_int_eq(read(tls.told[0], kinds, 3), 1); /* one handshake for all rounds */
}
END_TEST

START_TEST(a_certificate_for_another_name_is_refused)
{
    struct evac_prober_target t = target_at("https", "bad.example.com", tls.port);
    uint64_t id = add(&t);
    wait_for_rounds(1);
    ck_assert(!told.ok);
    ck_assert_msg(evac_str_has(evac_str(told.reason), "ostname mismatch"), "%s", told.reason);
    evac_prober_remove(prober, id);
    t.insecure = true;
    add(&t);
    wait_for_rounds(1);
    ck_assert_msg(told.ok, "%s", told.reason);
}
END_TEST

START_TEST(a_certificate_of_an_unknown_issuer_is_refused)
{
    struct evac_prober_target t = target_at("https", "good.example.com", tls.port);
    evac_prober_free(prober);
    open_prober(on_result, 0, NULL);
    add(&t);
    wait_for_rounds(1);
    ck_assert(!told.ok);
    ck_assert_msg(evac_str_has(evac_str(told.reason), "self-signed"), "%s", told.reason);
}
END_TEST

START_TEST(a_server_without_tls_is_told_in_words)
{
    struct evac_prober_target t = target_at("https", "127.0.0.1", server->port);
    t.connect_ms = 200;
    server->manner = LOOP_MUTE;
    add(&t);
    wait_for_rounds(1);
    ck_assert_str_eq(told.reason, "no TLS within 200 ms");
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tc = tcase_create("http");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, a_good_reply_is_ok_and_says_who_served_it);
    tcase_add_loop_test(tc, a_reply_is_judged_by_status_and_body, 0,
                        sizeof replies / sizeof replies[0]);
    tcase_add_test(tc, a_reply_without_a_length_ends_with_the_connection);
    tcase_add_test(tc, only_the_first_5120_bytes_of_a_body_count);
    tcase_add_loop_test(tc, each_silence_has_its_own_words, 0, 3);
    tcase_add_test(tc, nothing_listening_is_told_at_once);
    tcase_add_test(tc, dns_is_asked_when_its_time_to_live_is_over_and_followed);
    tcase_add_test(tc, a_name_that_does_not_resolve_is_told_in_words);
    tcase_add_loop_test(tc, while_dns_is_silent_its_last_address_is_asked_and_the_result_says_so, 0,
                        2);
    tcase_add_test(tc, an_answer_that_lies_there_is_taken_before_anybody_is_late);
    tcase_add_test(tc, a_kept_connection_is_used_again_and_replaced_when_it_died);
    tcase_add_test(tc, a_fresh_connection_is_made_for_each_round_otherwise);
    tcase_add_test(tc, rounds_keep_their_pace_and_do_not_march_in_step);
    tcase_add_test(tc, a_round_is_moved_by_a_tenth_at_most_and_begins_when_it_is_due);
    tcase_add_test(tc, a_limit_is_not_over_before_its_time);
    tcase_add_test(tc, latency_is_what_the_server_took);
    tcase_add_test(tc, no_more_rounds_are_open_than_allowed_and_all_have_their_turn);
    tcase_add_test(tc, a_long_queue_of_instant_failures_is_worked_off);
    tcase_add_test(tc, a_result_may_remove_every_target);
    tcase_add_test(tc, closing_in_the_middle_of_rounds_leaves_nothing);
    tcase_add_test(tc, what_can_not_be_probed_is_refused_by_name);
    suite_add_tcase(suite, tc);

    tc = tcase_create("tls");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, set_up_tls, tear_down_tls);
    tcase_add_test(tc, a_verified_certificate_is_ok_and_its_session_is_resumed);
    tcase_add_loop_test(
        tc, a_certificate_that_ended_is_noticed_behind_a_session_and_a_kept_connection, 0, 2);
    tcase_add_test(tc, an_address_is_verified_too);
    tcase_add_test(tc, a_certificate_for_another_name_is_refused);
    tcase_add_test(tc, a_certificate_of_an_unknown_issuer_is_refused);
    tcase_add_test(tc, a_server_without_tls_is_told_in_words);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("prober", add_cases)

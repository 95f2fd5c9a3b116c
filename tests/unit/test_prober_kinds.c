/* Each kind of probe against real servers on loopback. */
#include "host_uv.h"
#include "jail.h"
#include "json_meets.h"
#include "loopback.h"
#include "prober.h"
#include "suite.h"
#include "tls_server.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define RESOLVERS 3

static uv_loop_t loop;
static struct evac_host host;
static struct evac_prober *prober;
static struct loop_server *server;
static struct loop_dns *dns[RESOLVERS];
static char resolvers[RESOLVERS][32], where[256];
static struct tls_server tls;
static char ca_path[40];

static struct {
    unsigned count, untold;
    bool ok;
    char reason[200], warning[200];
    int64_t until_ms;
    uint64_t id; /* of the asked round */
    uint32_t round;
} told;

static void on_result(void *prober_user, void *user, const struct evac_prober_result *r)
{
    (void)prober_user;
    (void)user;
    told.count++;
    told.ok = r->ok;
    told.until_ms = r->certificate_until_ms;
    ck_assert(r->ok == (r->reason[0] == '\0'));
    (void)evac_str_copy(told.reason, sizeof told.reason, evac_str(r->reason));
    (void)evac_str_copy(told.warning, sizeof told.warning, evac_str(r->warning));
}

static void on_untold(void *prober_user, void *user, const char *why)
{
    (void)prober_user;
    (void)user;
    told.untold++;
    told.count++;
    (void)evac_str_copy(told.reason, sizeof told.reason, evac_str(why));
}

static const char *on_ask(void *prober_user, void *user, uint64_t id, uint32_t round)
{
    (void)prober_user;
    (void)user;
    told.id = id;
    told.round = round;
    return told.count > 100 ? "nobody is there" : NULL;
}

static void open_prober(void)
{
    struct evac_err err = { EVAC_OK, "" };
    struct evac_prober_options options = { .fn = on_result,
                                           .untold = on_untold,
                                           .ask = on_ask,
                                           .host = &host,
                                           .seed = 7,
                                           .ca_file = ca_path };
    ck_assert_msg(evac_prober_new(&loop, evac_host_uv_dns(&host), &options, &prober, &err) ==
                      EVAC_OK,
                  "%s", err.text);
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
    struct evac_host_uv_options options = { .resolver = "" };
    signal(SIGPIPE, SIG_IGN);
    uv_loop_init(&loop);
    memset(&told, 0, sizeof told);
    for (size_t i = 0; i < RESOLVERS; i++) {
        dns[i] = loop_dns_new(&loop);
        (void)snprintf(resolvers[i], sizeof resolvers[i], "127.0.0.1:%u", dns[i]->port);
    }
    server = loop_server_new(&loop, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    ck_assert_int_eq(evac_host_uv_new(&loop, &options, &host, NULL), EVAC_OK);
    evac_host_uv_jail(&host, &walls);
    open_prober();
}

static void tear_down(void)
{
    evac_prober_free(prober);
    evac_host_uv_close(&host);
    loop_server_close(server);
    for (size_t i = 0; i < RESOLVERS; i++)
        loop_dns_close(dns[i]);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
    free(server);
    for (size_t i = 0; i < RESOLVERS; i++)
        free(dns[i]);
}

static struct evac_prober_target target(enum evac_prober_kind kind, const char *url)
{
    (void)evac_str_copy(where, sizeof where, evac_str(url));
    return (struct evac_prober_target){ .kind = kind,
                                        .url = evac_str(where),
                                        .resolver = evac_str(resolvers[0]),
                                        .at_once = true,
                                        .every_ms = 60000,
                                        .connect_ms = 1000,
                                        .reply_ms = 1000 };
}

static struct evac_prober_target target_at(enum evac_prober_kind kind, const char *host_name,
                                           uint16_t port)
{
    char url[200];
    (void)snprintf(url, sizeof url, "%s:%u", host_name, port);
    return target(kind, url);
}

static void ask(const struct evac_prober_target *t)
{
    struct evac_err err = { EVAC_OK, "" };
    uint64_t id = 0;
    unsigned untold = told.untold;
    ck_assert_msg(evac_prober_add(prober, t, &id, &err) == EVAC_OK, "%s", err.text);
    loop_until(&loop, &told.count, told.count + 1);
    evac_prober_remove(prober, id);
    if (told.untold > untold)
        told.ok = false;
}

static void expect_good(void)
{
    ck_assert_msg(told.ok, "%s", told.reason);
}

static void expect_bad(const char *reason)
{
    ck_assert_msg(!told.ok && told.untold == 0, "%s", told.reason);
    ck_assert_msg(evac_str_has(evac_str(told.reason), reason), "%s", told.reason);
}

static void expect_untold(const char *reason)
{
    ck_assert_uint_ge(told.untold, 1);
    ck_assert_msg(evac_str_has(evac_str(told.reason), reason), "%s", told.reason);
}

/* --- TCP, latency ---------------------------------------------------------------------------- */

START_TEST(tcp_is_good_when_somebody_listens)
{
    struct evac_prober_target t = target_at(EVAC_PROBER_TCP, "db.example.com", server->port);
    ask(&t);
    expect_good();
    ck_assert_uint_eq(server->requests, 0);
    t = target(EVAC_PROBER_TCP, "127.0.0.1:1");
    ask(&t);
    expect_bad("can not connect: Connection refused");
}
END_TEST

START_TEST(an_answer_that_takes_too_long_is_bad_even_when_it_is_right)
{
    struct evac_prober_target t = target(EVAC_PROBER_EXEC, "");
    const struct evac_str argv[] = { EVAC_STR("/bin/sleep"), EVAC_STR("0.08") };
    t.argv = argv;
    t.arg_count = 2;
    t.latency_ms = 900;
    ask(&t);
    expect_good();
    t.latency_ms = 20;
    ask(&t);
    expect_bad(" ms, more than 20 ms");
}
END_TEST

/* --- JSON ------------------------------------------------------------------------------------ */

#define DOC                                                                                        \
    "{\"checks\":{\"db\":{\"status\":\"down\",\"lag\":2.5,\"up\":true,\"x\":null}},\"l\":[1,{"     \
    "\"a\":7}]}"

#define S(text)                                                                                    \
    {                                                                                              \
        text, sizeof text - 1                                                                      \
    }

static const struct {
    const char *text, *why; /* "" : it holds */
    struct evac_json_test test;
} json_cases[] = {
    { DOC,
      "",
      { .path = S("checks.db.status"), .has_is = true, .is_text = true, .is = S("down") } },
    { DOC,
      "checks.db.status is \"down\", expected \"ok\"",
      { .path = S("checks.db.status"), .has_is = true, .is_text = true, .is = S("ok") } },
    { DOC, "", { .path = S("checks.db.status") } },
    { DOC, "checks.db.x is null, expected a value", { .path = S("checks.db.x") } },
    { DOC, "checks.web is missing in the answer", { .path = S("checks.web") } },
    { DOC, "checks.db.status.deep is missing", { .path = S("checks.db.status.deep") } },
    { DOC, "", { .path = S("checks.db.lag"), .has_below = true, .below = 3 } },
    { DOC,
      "checks.db.lag is 2.5, expected below 2.5",
      { .path = S("checks.db.lag"), .has_below = true, .below = 2.5 } },
    { DOC,
      "checks.db.lag is 2.5, expected above 2.5",
      { .path = S("checks.db.lag"), .has_above = true, .above = 2.5 } },
    { DOC, "", { .path = S("checks.db.lag"), .has_is = true, .is = S("2.50") } },
    { DOC,
      "checks.db.status is \"down\", expected above 1",
      { .path = S("checks.db.status"), .has_above = true, .above = 1 } },
    { DOC, "", { .path = S("checks.db.up"), .has_is = true, .is = S("true") } },
    { DOC,
      "checks.db.up is true, expected \"true\"",
      { .path = S("checks.db.up"), .has_is = true, .is_text = true, .is = S("true") } },
    { DOC, "", { .path = S("l.1.a"), .has_is = true, .is = S("7") } },
    { DOC, "l.2 is missing", { .path = S("l.2") } },
    { DOC, "l.-1 is missing", { .path = S("l.-1") } },
    { DOC, "l is a list, expected 1", { .path = S("l"), .has_is = true, .is = S("1") } },
    { "{\"a\":1", "not JSON", { .path = S("a") } },
    { "", "not JSON", { .path = S("a") } },
    { "<html>", "not JSON", { .path = S("a") } },
    { "{\"a\":\"\\u001b[2Jx\"}",
      "a is \"?[2Jx\", expected 1",
      { .path = S("a"), .has_is = true, .is = S("1") } },
};

START_TEST(a_value_of_the_answer_is_held_against_what_is_expected)
{
    char why[200] = "";
    bool good =
        evac_json_meets(evac_str(json_cases[_i].text), &json_cases[_i].test, why, sizeof why);
    ck_assert_msg(good == (json_cases[_i].why[0] == '\0'), "%s", why);
    ck_assert_msg(evac_str_has(evac_str(why), json_cases[_i].why), "%s", why);
}
END_TEST

START_TEST(json_nested_without_an_end_is_refused)
{
    char *text = malloc(EVAC_PROBER_JSON_BYTES), why[200];
    memset(text, '[', EVAC_PROBER_JSON_BYTES);
    struct evac_json_test test = { .path = EVAC_STR("0") };
    ck_assert(!evac_json_meets((struct evac_str){ text, EVAC_PROBER_JSON_BYTES }, &test, why,
                               sizeof why));
    free(text);
}
END_TEST

/* A reply with a JSON of that size. */
static char *padded(size_t body_bytes)
{
    char *reply = malloc(body_bytes + 100);
    int head = snprintf(reply, 100, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", body_bytes);
    memset(reply + head, ' ', body_bytes);
    memcpy(reply + head, "{\"a\":1}", 7);
    reply[(size_t)head + body_bytes] = '\0';
    return reply;
}

START_TEST(json_is_looked_for_in_an_answer_up_to_its_ceiling)
{
    struct evac_prober_target t = target_at(EVAC_PROBER_HTTP, "http://127.0.0.1", server->port);
    char *largest = padded(EVAC_PROBER_JSON_BYTES), *larger = padded(EVAC_PROBER_JSON_BYTES + 1);
    t.json = (struct evac_json_test){ .path = EVAC_STR("a"), .has_is = true, .is = EVAC_STR("1") };
    server->reply = largest;
    ask(&t);
    expect_good();
    t.expect_body = EVAC_STR("{\"a\""); /* both must hold */
    ask(&t);
    expect_good();
    t.expect_body = EVAC_STR("}x");
    ask(&t);
    expect_bad("'}x' is not in the first 5120 bytes");
    t.expect_body = EVAC_STR("");
    server->reply = larger;
    ask(&t);
    expect_bad("more than 65536 bytes");
    server->reply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    ask(&t);
    expect_bad("the answer is not JSON");
    free(largest);
    free(larger);
}
END_TEST

/* --- TLS and certificates -------------------------------------------------------------------- */

static void set_up_tls(void)
{
    tls_server_start(&tls);
    (void)snprintf(ca_path, sizeof ca_path, "/tmp/evac-test-kinds-XXXXXX");
    int fd = mkstemp(ca_path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, tls.pem, strlen(tls.pem)), (int)strlen(tls.pem));
    close(fd);
    set_up();
}

static void tear_down_tls(void)
{
    tear_down();
    tls_server_stop(&tls);
    unlink(ca_path);
    ca_path[0] = '\0';
}

START_TEST(tls_shakes_hands_and_sees_when_the_certificate_ends)
{
    struct evac_prober_target t = target_at(EVAC_PROBER_TLS, "good.example.com", tls.port);
    ask(&t);
    expect_good();
    ck_assert_str_eq(told.warning, "");
    int64_t left = told.until_ms / 1000 - (int64_t)time(NULL);
    ck_assert_int_ge(left, 3500);
    ck_assert_int_le(left, 3600);
    t = target_at(EVAC_PROBER_TLS, "127.0.0.1", server->port);
    ask(&t);
    expect_bad("TLS");
}
END_TEST

START_TEST(a_certificate_for_another_name_says_whose_it_is)
{
    struct evac_prober_target t = target_at(EVAC_PROBER_TLS, "bad.example.com", tls.port);
    ask(&t);
    expect_bad("certificate of bad.example.com: hostname mismatch");
}
END_TEST

START_TEST(a_certificate_that_ends_soon_is_a_warning_or_a_failure_as_it_was_asked)
{
    struct evac_prober_target t = target_at(EVAC_PROBER_HTTP, "https://good.example.com", tls.port);
    t.certificate_ms = 3000 * 1000;
    ask(&t);
    expect_good();
    ck_assert_str_eq(told.warning, "");
    t.certificate_ms = 14 * 86400000LL;
    ask(&t);
    expect_good();
    ck_assert_msg(evac_str_has(evac_str(told.warning),
                               "certificate of good.example.com expires in 59 minutes"),
                  "%s", told.warning);
    t.certificate_fails = true;
    ask(&t);
    expect_bad("certificate of good.example.com expires in 59 minutes");
}
END_TEST

/* --- DNS ------------------------------------------------------------------------------------- */

static struct evac_prober_target dns_target(const struct evac_str *expected, size_t count)
{
    static struct evac_str servers[RESOLVERS];
    struct evac_prober_target t = target(EVAC_PROBER_DNS, "shop.example.com");
    for (size_t i = 0; i < RESOLVERS; i++)
        servers[i] = evac_str(resolvers[i]);
    t.resolvers = servers;
    t.resolver_count = RESOLVERS;
    t.expected = expected;
    t.expected_count = count;
    t.reply_ms = 300;
    return t;
}

START_TEST(most_of_the_resolvers_decide)
{
    const struct evac_str expected[] = { EVAC_STR("127.0.0.1") };
    struct evac_prober_target t = dns_target(expected, 1);
    ask(&t);
    expect_good();
    dns[0]->address[3] = 9;
    ask(&t);
    expect_good();
    dns[1]->address[3] = 9;
    ask(&t);
    expect_bad("2 of 3 resolvers: 127.0.0.1:");
    expect_bad("says 127.0.0.9, expected 127.0.0.1");
    dns[0]->rcode = dns[1]->rcode = 3;
    ask(&t);
    expect_bad("says that there is no such name");
    t.resolver_count = 0; /* the target's own */
    ask(&t);
    expect_bad("the resolver says that there is no such name");
}
END_TEST

START_TEST(resolvers_that_are_silent_say_nothing)
{
    struct evac_prober_target t = dns_target(NULL, 0);
    dns[0]->mute = true;
    ask(&t);
    expect_good();
    dns[1]->mute = true;
    ask(&t);
    expect_untold("of 3 resolvers 1 agree, 0 do not, 2 are silent");
}
END_TEST

START_TEST(a_name_is_the_same_with_a_dot_and_in_any_case)
{
    const struct evac_str expected[] = { EVAC_STR("OTHER.example.") };
    struct evac_prober_target t = dns_target(expected, 1);
    t.dns_type = EVAC_STR("CNAME");
    ask(&t);
    expect_good();
    t.dns_type = EVAC_STR("AAAA");
    t.expected_count = 0;
    ask(&t);
    expect_bad("has no AAAA record");
}
END_TEST

/* --- programs -------------------------------------------------------------------------------- */

static const struct {
    const char *script;
    bool good;
    const char *reason;
} programs[] = {
    { "exit 0", true, "" },
    { "echo all is fine; exit 0", true, "" },
    { "echo queue has 900 jobs; echo more; exit 1", false, "queue has 900 jobs (exit code 1)" },
    { "echo only to stderr >&2; exit 2", false, "only to stderr (exit code 2)" },
    { "exit 7", false, "exit code 7" },
    { "kill -9 $$", false, "exit code 137" },
    { "printf '\\033[2Jboo'; exit 1", false, "[2Jboo" },
};

START_TEST(a_program_s_exit_code_is_the_verdict_and_its_first_line_the_reason)
{
    struct evac_prober_target t = target(EVAC_PROBER_EXEC, "");
    const struct evac_str argv[] = { EVAC_STR("/bin/sh"), EVAC_STR("-c"),
                                     evac_str(programs[_i].script) };
    t.argv = argv;
    t.arg_count = 3;
    ask(&t);
    ck_assert_int_eq(told.ok, programs[_i].good);
    ck_assert_msg(evac_str_has(evac_str(told.reason), programs[_i].reason), "%s", told.reason);
    ck_assert_ptr_null(strchr(told.reason, '\033'));
}
END_TEST

START_TEST(a_program_that_does_not_end_is_killed_with_its_children)
{
    struct evac_prober_target t = target(EVAC_PROBER_EXEC, "");
    char script[100];
    (void)snprintf(script, sizeof script, "/tmp/evac-test-kinds-%d", (int)getpid());
    const struct evac_str argv[] = { EVAC_STR("/bin/sh"), EVAC_STR("-c"),
                                     EVAC_STR("(sleep 2; echo alive > $0) & sleep 60"),
                                     evac_str(script) };
    t.argv = argv;
    t.arg_count = 4;
    t.reply_ms = 200;
    ask(&t);
    expect_bad("did not end within 200 ms and was killed");
    ck_assert_int_ne(access(script, F_OK), 0);
    usleep(100000);
}
END_TEST

START_TEST(a_program_that_is_not_there_is_no_result)
{
    struct evac_prober_target t = target(EVAC_PROBER_EXEC, "");
    const struct evac_str argv[] = { EVAC_STR("/no/such/program") };
    t.argv = argv;
    t.arg_count = 1;
    ask(&t);
    expect_untold("no such file");
}
END_TEST

START_TEST(no_more_programs_run_at_once_than_allowed_and_all_have_their_turn)
{
    struct evac_prober_target t = target(EVAC_PROBER_EXEC, "");
    const struct evac_str argv[] = { EVAC_STR("/bin/sleep"), EVAC_STR("0.4") };
    t.argv = argv;
    t.arg_count = 2;
    for (unsigned i = 0; i < 2 * EVAC_PROBER_EXECS_MAX + 1; i++)
        ck_assert_int_eq(evac_prober_add(prober, &t, NULL, NULL), EVAC_OK);
    uv_run(&loop, UV_RUN_ONCE);
    uv_run(&loop, UV_RUN_NOWAIT);
    ck_assert_uint_eq(evac_prober_stats(prober).in_flight, EVAC_PROBER_EXECS_MAX);
    loop_until(&loop, &told.count, 2 * EVAC_PROBER_EXECS_MAX + 1);
    ck_assert_uint_eq(told.untold, 0);
}
END_TEST

START_TEST(questions_that_outlive_the_prober_are_nobody_s)
{
    struct evac_prober_target t = dns_target(NULL, 0);
    const struct evac_str argv[] = { EVAC_STR("/bin/sleep"), EVAC_STR("0.3") };
    for (size_t i = 0; i < RESOLVERS; i++)
        dns[i]->mute = true;
    ck_assert_int_eq(evac_prober_add(prober, &t, NULL, NULL), EVAC_OK);
    t = target(EVAC_PROBER_EXEC, "");
    t.argv = argv;
    t.arg_count = 2;
    ck_assert_int_eq(evac_prober_add(prober, &t, NULL, NULL), EVAC_OK);
    while (evac_prober_stats(prober).in_flight < 2)
        uv_run(&loop, UV_RUN_ONCE);
    evac_prober_free(prober);
    prober = NULL;
} /* tear_down runs the loop to its end */
END_TEST

/* --- asked ----------------------------------------------------------------------------------- */

START_TEST(who_is_asked_answers_once_and_for_the_round_that_is_open)
{
    struct evac_prober_target t = target(EVAC_PROBER_ASKED, "");
    uint64_t id;
    ck_assert_int_eq(evac_prober_add(prober, &t, &id, NULL), EVAC_OK);
    while (told.id == 0)
        uv_run(&loop, UV_RUN_NOWAIT);
    ck_assert_uint_eq(told.id, id);
    evac_prober_answer(prober, id, told.round + 1, EVAC_PROBER_BAD, "of another round");
    ck_assert_msg(told.count == 0, "%s %u", told.reason, told.untold);
    evac_prober_answer(prober, id, told.round, EVAC_PROBER_BAD, "the alarm rings");
    ck_assert_uint_eq(told.count, 1);
    expect_bad("the alarm rings");
    evac_prober_answer(prober, id, told.round, EVAC_PROBER_GOOD, "");
    ck_assert_uint_eq(told.count, 1);
    evac_prober_remove(prober, id);
}
END_TEST

START_TEST(who_is_asked_and_does_not_answer_says_nothing)
{
    struct evac_prober_target t = target(EVAC_PROBER_ASKED, "");
    t.reply_ms = 100;
    ask(&t);
    expect_untold("no answer in time");
}
END_TEST

START_TEST(when_nobody_can_be_asked_it_says_nothing_at_once)
{
    struct evac_prober_target t = target(EVAC_PROBER_ASKED, "");
    told.count = 101;
    t.every_ms = 100;
    ask(&t);
    expect_untold("nobody is there");
}
END_TEST

START_TEST(what_a_prober_has_no_means_for_is_refused)
{
    struct evac_err err;
    struct evac_prober_target t = target(EVAC_PROBER_EXEC, "");
    ck_assert_int_eq(evac_prober_add(prober, &t, NULL, &err), EVAC_E_BADARG);
    t = target(EVAC_PROBER_DNS, "");
    ck_assert_int_eq(evac_prober_add(prober, &t, NULL, &err), EVAC_E_BADARG);
    t = target(EVAC_PROBER_TCP, "db.example.com:70000");
    ck_assert_int_eq(evac_prober_add(prober, &t, NULL, &err), EVAC_E_BADARG);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tc = tcase_create("kinds");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, tcp_is_good_when_somebody_listens);
    tcase_add_test(tc, an_answer_that_takes_too_long_is_bad_even_when_it_is_right);
    tcase_add_loop_test(tc, a_value_of_the_answer_is_held_against_what_is_expected, 0,
                        sizeof json_cases / sizeof json_cases[0]);
    tcase_add_test(tc, json_nested_without_an_end_is_refused);
    tcase_add_test(tc, json_is_looked_for_in_an_answer_up_to_its_ceiling);
    tcase_add_test(tc, most_of_the_resolvers_decide);
    tcase_add_test(tc, resolvers_that_are_silent_say_nothing);
    tcase_add_test(tc, a_name_is_the_same_with_a_dot_and_in_any_case);
    tcase_add_loop_test(tc, a_program_s_exit_code_is_the_verdict_and_its_first_line_the_reason, 0,
                        sizeof programs / sizeof programs[0]);
    tcase_add_test(tc, a_program_that_does_not_end_is_killed_with_its_children);
    tcase_add_test(tc, a_program_that_is_not_there_is_no_result);
    tcase_add_test(tc, no_more_programs_run_at_once_than_allowed_and_all_have_their_turn);
    tcase_add_test(tc, questions_that_outlive_the_prober_are_nobody_s);
    tcase_add_test(tc, who_is_asked_answers_once_and_for_the_round_that_is_open);
    tcase_add_test(tc, who_is_asked_and_does_not_answer_says_nothing);
    tcase_add_test(tc, when_nobody_can_be_asked_it_says_nothing_at_once);
    tcase_add_test(tc, what_a_prober_has_no_means_for_is_refused);
    suite_add_tcase(suite, tc);

    tc = tcase_create("tls");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, set_up_tls, tear_down_tls);
    tcase_add_test(tc, tls_shakes_hands_and_sees_when_the_certificate_ends);
    tcase_add_test(tc, a_certificate_for_another_name_says_whose_it_is);
    tcase_add_test(tc, a_certificate_that_ends_soon_is_a_warning_or_a_failure_as_it_was_asked);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("prober kinds", add_cases)

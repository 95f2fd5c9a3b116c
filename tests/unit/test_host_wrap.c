/* A host for who may change something only for so long: looks pass always, changes while they may,
 * each asked for anew. */
#include "fake_http_host.h"
#include "host_wrap.h"
#include "suite.h"

#include <string.h>

static struct fake_host *fake;
static struct evac_host_while guard;
static struct evac_host host;
static bool leads;
static unsigned asked, told;
static enum evac_http_fate fate;

static bool may(void *user)
{
    ck_assert_ptr_eq(user, &leads);
    asked++;
    return leads;
}

static void setup(void)
{
    fake = fake_host_new();
    fake_host_reply(fake, "/", (struct fake_reply){ .status = 200, .always = true });
    guard = (struct evac_host_while){ *fake_host_table(fake), may, &leads };
    host = evac_host_only_while(&guard);
    leads = true;
    asked = told = 0;
}

static void teardown(void)
{
    fake_host_free(fake);
}

static void on_reply(void *user, const struct evac_http_reply *reply)
{
    (void)user;
    told++;
    fate = reply->fate;
}

static enum evac_code send(bool mutates, struct evac_err *err)
{
    uint64_t id;
    const struct evac_http_request request = { .method = EVAC_STR("POST"),
                                               .url = EVAC_STR("https://rds.example.com/"),
                                               .operation = EVAC_STR("rds:FailoverGlobalCluster"),
                                               .total_ms = 1000,
                                               .max_reply_bytes = 100,
                                               .mutates = mutates };
    return host.http(host.ctx, &request, on_reply, NULL, &id, err);
}

static void on_ran(void *user, const struct evac_exec_reply *reply)
{
    (void)user, (void)reply;
    told++;
}

static enum evac_code run(bool mutates, struct evac_err *err)
{
    static const char *const argv[] = { "/usr/local/bin/move", "now", NULL };
    const struct evac_exec_request request = {
        .argv = argv, .total_ms = 1000, .max_output_bytes = 10, .mutates = mutates
    };
    return host.exec(host.ctx, &request, on_ran, NULL, err);
}

START_TEST(looks_pass_and_nobody_asks_who_leads)
{
    struct evac_err err;
    leads = false;
    ck_assert_int_eq(send(false, &err), EVAC_OK);
    fake_host_exec(fake, "move", 0, "", "");
    ck_assert_int_eq(run(false, &err), EVAC_OK);
    fake_host_run(fake, 1000);
    ck_assert_uint_eq(told, 2);
    ck_assert_uint_eq(asked, 0);
    ck_assert_int_eq(fate, EVAC_HTTP_REPLIED);
}
END_TEST

START_TEST(a_change_is_refused_by_name_and_nothing_is_sent)
{
    struct evac_err err;
    leads = false;
    ck_assert_int_eq(send(true, &err), EVAC_E_REFUSED);
    ck_assert_str_eq(err.text, "rds:FailoverGlobalCluster would change something, and this "
                               "controller may not any more");
    ck_assert_int_eq(run(true, &err), EVAC_E_REFUSED);
    ck_assert_str_eq(err.text, "/usr/local/bin/move would change something, and this controller "
                               "may not any more");
    fake_host_run(fake, 1000);
    ck_assert_uint_eq(told, 0);
    ck_assert_uint_eq(fake_host_requests(fake), 0);
    ck_assert_uint_eq(fake_host_execs(fake), 0);
}
END_TEST

/* A call of a driver's may be several exchanges, and the process may stand still between them. */
START_TEST(each_change_is_asked_for_anew)
{
    struct evac_err err;
    ck_assert_int_eq(send(true, &err), EVAC_OK);
    leads = false;
    ck_assert_int_eq(send(true, &err), EVAC_E_REFUSED);
    fake_host_run(fake, 1000); /* the first was sent, and is heard of all the same */
    ck_assert_uint_eq(told, 1);
    leads = true;
    ck_assert_int_eq(send(true, &err), EVAC_OK);
    fake_host_run(fake, 1000);
    ck_assert_uint_eq(told, 2);
    ck_assert_uint_eq(asked, 3);
    ck_assert_uint_eq(fake_host_requests(fake), 2);
}
END_TEST

static void on_time(void *user)
{
    (*(unsigned *)user)++;
}

START_TEST(all_else_is_the_inner_host_s)
{
    uint64_t id;
    unsigned fired = 0;
    struct evac_buf text;
    leads = false;
    evac_buf_init(&text, 100);
    fake_host_env(fake, "EVAC_X", "y");
    fake_host_file(fake, "/etc/x", "text");
    ck_assert_uint_eq(host.now_ms(host.ctx), 0);
    ck_assert_int_eq(host.wall_ms(host.ctx), 1767323045000);
    ck_assert_str_eq(host.getenv(host.ctx, "EVAC_X"), "y");
    ck_assert_int_eq(host.read_file(host.ctx, "/etc/x", &text, NULL), EVAC_OK);
    ck_assert_str_eq(text.p, "text");
    ck_assert_int_eq(host.timer(host.ctx, 10, on_time, &fired, &id, NULL), EVAC_OK);
    ck_assert_int_eq(host.timer(host.ctx, 20, on_time, &fired, &id, NULL), EVAC_OK);
    host.timer_stop(host.ctx, id);
    fake_host_run(fake, 1000);
    ck_assert_uint_eq(fired, 1);
    ck_assert_uint_eq(asked, 0);
    evac_buf_done(&text);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("only while");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, looks_pass_and_nobody_asks_who_leads);
    tcase_add_test(tc, a_change_is_refused_by_name_and_nothing_is_sent);
    tcase_add_test(tc, each_change_is_asked_for_anew);
    tcase_add_test(tc, all_else_is_the_inner_host_s);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("host wrap", cases)

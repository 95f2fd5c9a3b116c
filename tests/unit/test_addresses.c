/* Names to addresses: for how long an answer serves, by clocks that the test chooses. */
#include "host_names.h"
#include "loopback.h"
#include "suite.h"

#include <stdio.h>

#define STALE_MS 300000u
#define TTL_MS   60000u

static uv_loop_t loop;
static struct evac_dns *dns;
static struct evac_names *names;
static struct loop_dns *name_server;
static char server[32];

static struct {
    unsigned count;
    size_t addresses;
    bool no_such_name;
} told;

static void set_up(void)
{
    uv_loop_init(&loop);
    name_server = loop_dns_new(&loop);
    (void)snprintf(server, sizeof server, "127.0.0.1:%u", name_server->port);
    ck_assert_int_eq(evac_dns_new(&loop, "", &dns, NULL), EVAC_OK);
    names = evac_names_new(dns, 2, STALE_MS);
    memset(&told, 0, sizeof told);
}

static void tear_down(void)
{
    evac_names_free(names);
    evac_dns_close(dns);
    loop_dns_close(name_server);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
    free(name_server);
}

static void on_addresses(void *user, const struct evac_addresses *addresses)
{
    (void)user;
    told.count++;
    told.addresses = addresses->count;
    told.no_such_name = addresses->no_such_name;
}

static enum evac_code ask(const char *name, struct evac_names_waiter *waiter)
{
    *waiter = (struct evac_names_waiter){ .fn = on_addresses };
    return evac_names_ask(names, evac_str(name), evac_str(server), waiter, NULL);
}

static void look_up(const char *name)
{
    struct evac_names_waiter waiter;
    ck_assert_int_eq(ask(name, &waiter), EVAC_OK);
    loop_until(&loop, &told.count, told.count + 1);
}

static const struct evac_addresses *find(uint64_t boot_ms)
{
    return evac_names_find(names, EVAC_STR("a.example"), evac_str(server), boot_ms);
}

static const struct evac_addresses *last(uint64_t boot_ms)
{
    return evac_names_last(names, EVAC_STR("a.example"), evac_str(server), boot_ms);
}

START_TEST(an_answer_serves_for_its_time_to_live)
{
    ck_assert_ptr_null(find(evac_boot_ms()));
    look_up("a.example");
    uint64_t after = evac_boot_ms();
    ck_assert_uint_eq(told.addresses, 1);
    ck_assert_ptr_nonnull(find(after));
    ck_assert_uint_eq(find(after)->stale_ms, 0);
    ck_assert_ptr_null(find(after + TTL_MS));
}
END_TEST

START_TEST(an_old_answer_serves_only_while_dns_fails_and_only_so_long)
{
    uint64_t before = evac_boot_ms();
    look_up("a.example");
    uint64_t over = evac_boot_ms() + TTL_MS;
    ck_assert_ptr_null(find(over));
    ck_assert_ptr_nonnull(last(over)); /* for who has waited */

    name_server->rcode = 2;
    look_up("a.example");
    ck_assert_uint_eq(told.addresses, 1); /* who waits gets it as well */
    ck_assert_ptr_nonnull(find(over + 9000));
    ck_assert_uint_ge(find(over + 9000)->stale_ms, 9000);
    ck_assert_ptr_nonnull(find(before + TTL_MS + STALE_MS - 1));
    ck_assert_ptr_null(find(over + STALE_MS));
    ck_assert_ptr_null(last(over + STALE_MS));

    name_server->rcode = 0;
    look_up("a.example");
    ck_assert_ptr_null(find(evac_boot_ms() + TTL_MS)); /* it answers: it is to be asked again */
}
END_TEST

START_TEST(a_question_that_stays_open_is_silence_too)
{
    struct evac_names_waiter waiter;
    look_up("a.example");
    name_server->mute = true;
    ck_assert_int_eq(ask("a.example", &waiter), EVAC_OK);
    uint64_t over = evac_boot_ms() + TTL_MS;
    ck_assert_ptr_nonnull(find(over));
    evac_names_drop(&waiter);
}
END_TEST

START_TEST(that_there_is_no_such_name_is_an_answer)
{
    look_up("a.example");
    name_server->rcode = 3;
    look_up("a.example");
    ck_assert(told.addresses == 0 && told.no_such_name);
    ck_assert_ptr_null(find(evac_boot_ms()));
    ck_assert_ptr_null(last(evac_boot_ms()));
}
END_TEST

START_TEST(no_more_names_are_held_than_allowed)
{
    struct evac_names_waiter waiters[3];
    look_up("a.example");
    look_up("b.example");
    look_up("c.example");
    ck_assert_uint_eq(evac_names_count(names), 2);
    name_server->mute = true;
    ck_assert_int_eq(ask("d.example", &waiters[0]), EVAC_OK);
    ck_assert_int_eq(ask("e.example", &waiters[1]), EVAC_OK);
    ck_assert_int_eq(ask("f.example", &waiters[2]), EVAC_E_BUSY);
    evac_names_drop(&waiters[0]);
    evac_names_drop(&waiters[1]);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tc = tcase_create("addresses");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, an_answer_serves_for_its_time_to_live);
    tcase_add_test(tc, an_old_answer_serves_only_while_dns_fails_and_only_so_long);
    tcase_add_test(tc, a_question_that_stays_open_is_silence_too);
    tcase_add_test(tc, that_there_is_no_such_name_is_an_answer);
    tcase_add_test(tc, no_more_names_are_held_than_allowed);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("addresses", add_cases)

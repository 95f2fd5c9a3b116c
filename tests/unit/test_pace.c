/* How many calls services take: buckets, waiting, learning; and the host that keeps to it. */
#include "aws.h"
#include "builtin.h"
#include "fake_http_host.h"
#include "host_paced.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

static struct evac_diag diag;
static const struct evac_facts *facts;
static struct evac_pace *pace;

static const char one[] = "date = \"2026-08-01\"; sources = { page = \"https://example.com/\"; };\n"
                          "limits = (\n"
                          "{ service = \"dns\"; operations = ( \"*\" ); everywhere = true; rate = "
                          "\"10\"; burst = 5; source = \"page\"; },\n"
                          "{ service = \"dns\"; operations = ( \"Create*\" ); everywhere = true; "
                          "rate = \"0.5\"; burst = 1; source = \"page\"; },\n"
                          "{ service = \"db\"; operations = ( \"*\" ); rate = \"2\"; burst = 2; "
                          "source = \"page\"; } );\n";

static enum evac_code parse(const char *first, const char *second)
{
    const struct evac_conf_text texts[] = { { "first.cfg", evac_str(first) },
                                            { "second.cfg", evac_str(second) } };
    struct evac_err err = { EVAC_OK, "" };
    return evac_facts_parse(texts, second ? 2 : 1, &diag, &facts, &err);
}

static void setup(void)
{
    diag = (struct evac_diag){ .arena = evac_arena_new() };
    ck_assert_int_eq(parse(one, NULL), EVAC_OK);
    pace = evac_pace_new(facts, 100);
}

static void teardown(void)
{
    evac_pace_free(pace);
    evac_arena_free(diag.arena);
}

static uint64_t ask(const char *operation, const char *region, uint64_t now_ms)
{
    struct evac_pace_key key = evac_pace_find(pace, evac_str(operation), evac_str(region), now_ms);
    return evac_pace_ask(pace, &key, now_ms);
}

START_TEST(a_burst_goes_at_once_and_then_as_fast_as_the_rate)
{
    for (int i = 0; i < 5; i++)
        ck_assert_uint_eq(ask("dns:Get", "", 1000), 0);
    ck_assert_uint_eq(ask("dns:Get", "", 1000), 100);
    ck_assert_uint_eq(ask("dns:Get", "", 1099), 1);
    ck_assert_uint_eq(ask("dns:Get", "", 1100), 0);
    ck_assert_uint_eq(ask("dns:Get", "", 1100), 100);
    for (int i = 0; i < 5; i++) /* no more than it holds, however long nobody asked */
        ck_assert_uint_eq(ask("dns:Get", "", 1000000), 0);
    ck_assert_uint_eq(ask("dns:Get", "", 1000000), 100);
    ck_assert_uint_eq(ask("other:Get", "", 1000000), 0);
}
END_TEST

START_TEST(regions_have_their_own_where_the_limit_does)
{
    ck_assert_uint_eq(ask("db:X", "us-east-1", 0) + ask("db:X", "us-east-1", 0), 0);
    ck_assert_uint_eq(ask("db:X", "us-east-1", 0), 500);
    ck_assert_uint_eq(ask("db:X", "us-west-2", 0), 0);
    for (int i = 0; i < 5; i++)
        ck_assert_uint_eq(ask("dns:Get", i % 2 ? "us-east-1" : "us-west-2", 0), 0);
    ck_assert_uint_eq(ask("dns:Get", "eu-west-1", 0), 100);
}
END_TEST

/* A call that two rows count takes of both or of none. */
START_TEST(a_call_that_waits_for_one_takes_nothing_of_the_other)
{
    ck_assert_uint_eq(ask("dns:CreateX", "", 0), 0);
    for (int i = 0; i < 20; i++)
        ck_assert_uint_eq(ask("dns:CreateX", "", 0), 2000);
    for (int i = 0; i < 4; i++)
        ck_assert_uint_eq(ask("dns:Get", "", 0), 0);
    ck_assert_uint_ne(ask("dns:Get", "", 0), 0);
}
END_TEST

START_TEST(refusals_make_it_slower_once_a_second_and_it_comes_back)
{
    struct evac_pace_key key = evac_pace_find(pace, EVAC_STR("dns:Get"), EVAC_STR_NONE, 5000);
    for (int i = 0; i < 10; i++) /* all of them were sent at the same rate */
        evac_pace_refused(pace, &key, 5000);
    ck_assert_uint_eq(evac_pace_rate_milli(pace, &key), 7000);
    ck_assert_uint_eq(evac_pace_ask(pace, &key, 5000), 143);
    evac_pace_refused(pace, &key, 6000);
    ck_assert_uint_eq(evac_pace_rate_milli(pace, &key),
                      5250); /* 7 and half a call back, less 3 of 10 */
    for (uint64_t s = 6; s < 30; s++)
        (void)evac_pace_ask(pace, &key, s * 1000);
    ck_assert_uint_eq(evac_pace_rate_milli(pace, &key), 10000);
    for (uint64_t s = 30; s < 200; s++)
        evac_pace_refused(pace, &key, s * 1000);
    ck_assert_uint_ge(evac_pace_rate_milli(pace, &key), 100);
    ck_assert_uint_le(evac_pace_rate_milli(pace, &key), 2000);
}
END_TEST

START_TEST(a_share_is_left_to_others_and_a_later_file_counts)
{
    evac_pace_free(pace);
    pace = evac_pace_new(facts, 40);
    ck_assert_uint_eq(ask("dns:Get", "", 0) + ask("dns:Get", "", 0), 0);
    ck_assert_uint_eq(ask("dns:Get", "", 0), 250);
    ck_assert_uint_eq(ask("dns:CreateX", "", 60000),
                      0); /* one call fits, however small the share */
    ck_assert_int_eq(
        parse(one,
              "date = \"2026-08-01\"; sources = { page = \"x\"; }; limits = ( { service = \"dns\";"
              " operations = ( \"Get\" ); rate = \"1000\"; burst = 1000; source = \"page\"; } );"),
        EVAC_OK);
    evac_pace_free(pace);
    pace = evac_pace_new(facts, 100);
    for (int i = 0; i < 1000; i++)
        ck_assert_uint_eq(ask("dns:Get", "", 0), 0);
    ck_assert_uint_eq(ask("dns:CreateX", "", 0) + ask("dns:CreateX", "", 0), 0);
    ck_assert_uint_eq(ask("db:X", "r", 0) + ask("db:X", "r", 0), 0);
    ck_assert_uint_ne(ask("db:X", "r", 0), 0);
}
END_TEST

static const struct {
    const char *row, *said;
} slips[] = {
    { "service = \"a\"; operations = ( \"*\" ); rate = \"0\"; burst = 1; source = \"page\";",
      "found \"0\"" },
    { "service = \"a\"; operations = ( \"*\" ); rate = \"many\"; burst = 1; source = \"page\";",
      "found \"many\"" },
    { "service = \"a\"; operations = ( \"*\" ); rate = \"1\"; burst = 0; source = \"page\";",
      "burst" },
    { "service = \"a\"; operations = ( \"*\" ); rate = \"1\"; burst = 1; source = \"lost\";",
      "no source \"lost\"" },
};

START_TEST(a_slip_is_told_with_what_is_allowed)
{
    char text[400];
    snprintf(text, sizeof text,
             "date = \"2026-08-01\"; sources = { page = \"x\"; }; limits = ( { %s } );",
             slips[_i].row);
    ck_assert_int_eq(parse(text, NULL), EVAC_E_BADCONF);
    struct evac_buf out;
    evac_buf_init(&out, 65536);
    evac_diag_print(&diag, &out);
    ck_assert_msg(strstr(out.p, slips[_i].said) != NULL, "%s", out.p);
    evac_buf_done(&out);
}
END_TEST

START_TEST(the_built_in_limits_are_read)
{
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_int_eq(
        evac_builtin_load_facts(EVAC_STR_NONE, EVAC_STR_NONE, EVAC_STR_NONE, &diag, &facts, &err),
        EVAC_OK);
    evac_pace_free(pace);
    pace = evac_pace_new(facts, 100);
    unsigned at_once = 0;
    while (ask("route53:ChangeResourceRecordSets", "us-east-1", 0) == 0)
        at_once++;
    ck_assert_uint_eq(at_once, 50);
    for (const struct evac_facts *f = facts; f; f = f->next) /* names that requests carry */
        for (size_t i = 0; i < f->limit_count; i++)
            ck_assert_msg(evac_aws_service(f->limits[i].service.p) != NULL, "%s",
                          f->limits[i].service.p);
    ck_assert_uint_eq(ask("route53:ChangeResourceRecordSets", "us-west-2", 0), 100);
    ck_assert_uint_eq(ask("ecs:UpdateService", "us-west-2", 0), 0);
}
END_TEST

START_TEST(asking_for_a_change_takes_little_of_what_changes_need)
{
    struct evac_err err = { EVAC_OK, "" };
    unsigned polls = 0, changes = 0;
    ck_assert_int_eq(
        evac_builtin_load_facts(EVAC_STR_NONE, EVAC_STR_NONE, EVAC_STR_NONE, &diag, &facts, &err),
        EVAC_OK);
    evac_pace_free(pace);
    pace = evac_pace_new(facts, 100);
    for (uint64_t s = 0; s < 60; s++) /* both as often as they may, the polls first */
        for (unsigned i = 0; i < 10; i++) {
            polls += ask("route53:GetChange", "", s * 1000) == 0;
            changes += ask("route53:ChangeResourceRecordSets", "", s * 1000) == 0;
        }
    ck_assert_uint_le(polls, 60 * 2 + 10);
    ck_assert_uint_ge(changes, 60 * 8 - 1);
}
END_TEST

/* --- the host --------------------------------------------------------------------------------- */

static struct fake_host *fake;
static struct evac_host_paced *paced;
static unsigned answered, unsent;
static char order[128];

static void begin(void)
{
    setup();
    fake = fake_host_new();
    fake_host_reply(fake, "http", (struct fake_reply){ .status = 200, .always = true });
    paced = evac_host_paced_new(fake_host_table(fake), pace);
    answered = unsent = 0;
    order[0] = 0;
}

static void end(void)
{
    fake_host_free(fake);
    evac_host_paced_free(paced);
    teardown();
}

static void on_reply(void *user, const struct evac_http_reply *reply)
{
    answered++;
    unsent += reply->fate == EVAC_HTTP_NOT_SENT;
    if (user)
        strncat(order, user, sizeof order - strlen(order) - 1);
}

static uint64_t send(const char *operation, bool mutates, const char *name)
{
    union {
        const char *name;
        void *user;
    } as = { .name = name };
    struct evac_err err = { EVAC_OK, "" };
    uint64_t id = 0;
    char url[] = "http://example.com/x"; /* what is asked for does not outlive the call */
    const struct evac_host *host = evac_host_paced_host(paced);
    const struct evac_http_request request = { .method = EVAC_STR("POST"),
                                               .url = evac_str(url),
                                               .operation = evac_str(operation),
                                               .region = EVAC_STR("us-east-1"),
                                               .max_reply_bytes = 1000,
                                               .total_ms = 1000,
                                               .mutates = mutates };
    ck_assert_int_eq(host->http(host->ctx, &request, on_reply, as.user, &id, &err), EVAC_OK);
    memset(url, 'x', sizeof url - 1);
    return id;
}

START_TEST(what_does_not_fit_waits_changes_first)
{
    send("db:Get", false, "a");
    send("db:Get", false, "b");
    send("db:Get", false, "c");
    send("db:Get", false, "d");
    send("db:Put", true, "E");
    send("", false, "-"); /* nobody's operation */
    ck_assert_uint_eq(evac_host_paced_waiting(paced), 3);
    fake_host_run(fake, 10);
    ck_assert_str_eq(order, "ab-");
    fake_host_run(fake, 1600);
    ck_assert_str_eq(order, "ab-Ecd");
    ck_assert_str_eq(fake_host_request(fake, 4)->url, "http://example.com/x");
    ck_assert_uint_eq(fake_host_request(fake, 4)->at_ms, 1000);
    ck_assert_uint_eq(evac_host_paced_waiting(paced), 0);
    ck_assert_uint_eq(evac_host_paced_waited(paced), 3);
    ck_assert_uint_eq(fake_host_timers(fake), 0);
}
END_TEST

START_TEST(who_waits_can_be_called_off_and_is_answered)
{
    for (int i = 0; i < 4; i++)
        send("db:Get", false, NULL);
    uint64_t last = send("db:Get", false, "x");
    evac_host_paced_host(paced)->http_cancel(evac_host_paced_host(paced)->ctx, last);
    ck_assert_str_eq(order, "");
    fake_host_run(fake, 1);
    ck_assert_str_eq(order, "x");
    ck_assert_uint_eq(unsent, 1);
    fake_host_run(fake, 5000);
    ck_assert_uint_eq(answered, 5);
    ck_assert_uint_eq(fake_host_requests(fake), 4);
}
END_TEST

START_TEST(nobody_waits_longer_than_a_call_may_take)
{
    for (int i = 0; i < 200; i++)
        send("db:Get", false, NULL);
    fake_host_run(fake, EVAC_PACED_WAIT_MS - 1000);
    ck_assert_uint_eq(answered, 2 + 28);
    fake_host_run(fake, 2000);
    ck_assert_uint_eq(answered, 200);
    ck_assert_uint_eq(unsent, 200 - 2 - 29);
    ck_assert_uint_eq(fake_host_timers(fake), 0);
}
END_TEST

START_TEST(without_limits_all_that_wait_go)
{
    for (int i = 0; i < 10; i++)
        send("db:Get", false, NULL);
    evac_host_paced_set(paced, NULL);
    fake_host_run(fake, 10);
    ck_assert_uint_eq(answered, 10);
    ck_assert_uint_eq(unsent, 0);
}
END_TEST

START_TEST(what_the_host_refuses_after_a_wait_was_not_sent)
{
    for (int i = 0; i < 3; i++)
        send("db:Get", false, NULL);
    fake_host_run(fake, 10);
    fake_host_refuse(fake, EVAC_E_BUSY);
    fake_host_run(fake, 1000);
    ck_assert_uint_eq(answered, 3);
    ck_assert_uint_eq(unsent, 1);
}
END_TEST

/* Two go, the third and all behind it wait: the bucket holds two, and is filled with two a second.
 */
static void fill_bucket(void)
{
    send("db:Put", true, "");
    send("db:Put", true, "");
}

static void send_as(struct evac_turn turn, bool mutates, const char *name)
{
    struct evac_turn was = evac_host_paced_turn(paced, turn);
    send(mutates ? "db:Put" : "db:Get", mutates, name);
    (void)evac_host_paced_turn(paced, was);
}

static void send_in_turn(uint8_t tier, uint32_t to_come_ms, bool mutates, const char *name)
{
    send_as((struct evac_turn){ .tier = tier, .to_come_ms = to_come_ms }, mutates, name);
}

START_TEST(a_lower_tier_goes_first_and_in_it_who_has_the_longest_way)
{
    fill_bucket();
    send_in_turn(3, 1000, true, "c");
    send_in_turn(1, 1000, true, "b");
    send_in_turn(0, 500000, true, "e"); /* nobody's */
    send_in_turn(1, 60000, true, "a");
    send_in_turn(3, 1000, true, "d");
    fake_host_run(fake, 10000);
    ck_assert_str_eq(order, "abcde");
}
END_TEST

START_TEST(whoever_others_wait_for_goes_before_who_has_as_long_a_way)
{
    fill_bucket();
    send_in_turn(2, 60000, true, "d");
    send_as((struct evac_turn){ .tier = 2, .to_come_ms = 50000, .behind_ms = 90000 }, true, "b");
    send_as((struct evac_turn){ .tier = 2, .to_come_ms = 90000 }, true, "c");
    send_in_turn(1, 1000, true, "a"); /* of a lower tier, though nobody waits for it */
    fake_host_run(fake, 10000);
    ck_assert_str_eq(order, "abcd");
}
END_TEST

/* As when it came back unsent: its place is by when it asked first. */
START_TEST(who_asks_again_has_not_lost_the_time_that_it_waited_before)
{
    fake_host_run(fake, 60000);
    fill_bucket();
    send_in_turn(1, 600000, true, "b");
    send_as((struct evac_turn){ .tier = 1, .waited_ms = EVAC_PACED_WAIT_MS }, true, "a");
    send_as((struct evac_turn){ .tier = 1, .waited_ms = UINT64_MAX }, true, "0");
    fake_host_run(fake, 10000);
    ck_assert_str_eq(order, "0ab");
}
END_TEST

/* One of the last tier, and one of the first every half second, which is all that there is. */
START_TEST(nobody_is_passed_for_ever)
{
    fill_bucket();
    send_in_turn(1, 0, true, "1");
    send_in_turn(5, 0, true, "5");
    for (unsigned ms = 0; ms < 6 * EVAC_PACED_TIER_MS && !strchr(order, '5'); ms += 500) {
        send_in_turn(1, 600000, true, "1");
        fake_host_run(fake, 500);
        if (ms < 4 * EVAC_PACED_TIER_MS)
            ck_assert_ptr_null(strchr(order, '5'));
    }
    ck_assert_ptr_nonnull(strchr(order, '5'));
}
END_TEST

START_TEST(looks_and_changes_do_not_starve_each_other)
{
    fill_bucket();
    for (int i = 0; i < 8; i++)
        send_in_turn(1, 0, true, "C");
    for (int i = 0; i < 4; i++)
        send_in_turn(5, 0, false, "l");
    fake_host_run(fake, 10000);
    ck_assert_str_eq(order, "CCClCCClCCll");
}
END_TEST

static char second_of[8];

static void ask_more(void *user, const struct evac_http_reply *reply)
{
    (void)reply;
    second_of[0] = *(const char *)user;
    send("db:Put", true, second_of);
}

/* A driver's call of several exchanges: the second has the turn of the first, though nobody says
 * so, and whether or not that had to wait. */
START_TEST(what_is_asked_while_one_is_answered_has_its_turn)
{
    const struct evac_host *host = evac_host_paced_host(paced);
    char name[] = "n";
    const struct evac_http_request request = { .method = EVAC_STR("POST"),
                                               .url = EVAC_STR("http://example.com/"),
                                               .operation = EVAC_STR("db:Put"),
                                               .region = EVAC_STR("us-east-1"),
                                               .max_reply_bytes = 1000,
                                               .total_ms = 1000,
                                               .mutates = true };
    struct evac_err err = { EVAC_OK, "" };
    uint64_t id = 0;
    struct evac_turn was = evac_host_paced_turn(paced, (struct evac_turn){ .tier = 1 });
    ck_assert_int_eq(host->http(host->ctx, &request, ask_more, name, &id, &err), EVAC_OK);
    (void)evac_host_paced_turn(paced, was);
    ck_assert_uint_ne(id, 0);
    send("db:Put", true, "");
    for (int i = 0; i < 3; i++)
        send("db:Put", true, "x");
    fake_host_run(fake, 5000);
    ck_assert_str_eq(order, "nxxx");
    ck_assert_uint_eq(evac_host_paced_turn(paced, (struct evac_turn){ 0 }).tier, 0);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *buckets = tcase_create("buckets"), *host = tcase_create("host");
    tcase_add_checked_fixture(buckets, setup, teardown);
    tcase_add_test(buckets, a_burst_goes_at_once_and_then_as_fast_as_the_rate);
    tcase_add_test(buckets, regions_have_their_own_where_the_limit_does);
    tcase_add_test(buckets, a_call_that_waits_for_one_takes_nothing_of_the_other);
    tcase_add_test(buckets, refusals_make_it_slower_once_a_second_and_it_comes_back);
    tcase_add_test(buckets, a_share_is_left_to_others_and_a_later_file_counts);
    tcase_add_loop_test(buckets, a_slip_is_told_with_what_is_allowed, 0,
                        sizeof slips / sizeof slips[0]);
    tcase_add_test(buckets, the_built_in_limits_are_read);
    tcase_add_test(buckets, asking_for_a_change_takes_little_of_what_changes_need);
    suite_add_tcase(suite, buckets);
    tcase_add_checked_fixture(host, begin, end);
    tcase_add_test(host, what_does_not_fit_waits_changes_first);
    tcase_add_test(host, who_waits_can_be_called_off_and_is_answered);
    tcase_add_test(host, nobody_waits_longer_than_a_call_may_take);
    tcase_add_test(host, without_limits_all_that_wait_go);
    tcase_add_test(host, what_the_host_refuses_after_a_wait_was_not_sent);
    tcase_add_test(host, a_lower_tier_goes_first_and_in_it_who_has_the_longest_way);
    tcase_add_test(host, whoever_others_wait_for_goes_before_who_has_as_long_a_way);
    tcase_add_test(host, who_asks_again_has_not_lost_the_time_that_it_waited_before);
    tcase_add_test(host, nobody_is_passed_for_ever);
    tcase_add_test(host, looks_and_changes_do_not_starve_each_other);
    tcase_add_test(host, what_is_asked_while_one_is_answered_has_its_turn);
    suite_add_tcase(suite, host);
}

EVAC_TEST_MAIN("pace", cases)

#include "loopback_head.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

#define SECRET "00112233445566778899aabbccddeeff"
#define COOKIE "ffeeddccbbaa99887766554433221100"
#define MINE   "Host: 127.0.0.1:8123\r\nCookie: other=1; evac_dashboard_8123=" COOKIE "\r\n"

static const struct evac_loopback_door door = { 8123, SECRET, COOKIE };
static struct evac_buf out;
static struct evac_loopback_head head;

static void begin(void)
{
    evac_buf_init(&out, 2 * EVAC_LOOPBACK_HEAD_MAX);
}

static void finish(void)
{
    evac_buf_done(&out);
}

static enum evac_loopback_verdict judge(const char *text)
{
    evac_buf_reset(&out);
    return evac_loopback_judge(&door, evac_str(text), &out, &head);
}

/* It is refused, with that status. */
static void refused(const char *text, int status)
{
    ck_assert_msg(judge(text) == EVAC_LOOPBACK_REFUSE, "let in: %s", text);
    ck_assert_msg(head.status == status, "%d, not %d: %s", head.status, status, text);
    ck_assert_ptr_nonnull(head.why);
}

START_TEST(the_link_lets_in_once_and_only_whole)
{
    struct evac_loopback_door used = door;
    const char *link = "GET /enter/" SECRET " HTTP/1.1\r\nHost: localhost:8123\r\n\r\n";
    ck_assert_int_eq(judge(link), EVAC_LOOPBACK_ENTER);
    refused("GET /enter/ HTTP/1.1\r\nHost: localhost:8123\r\n\r\n", 403);
    refused("GET /enter/00112233445566778899aabbccddee HTTP/1.1\r\nHost: localhost:8123\r\n\r\n",
            403);
    refused("POST /enter/" SECRET " HTTP/1.1\r\nHost: localhost:8123\r\n\r\n", 403);
    used.secret[0] = '\0';
    evac_buf_reset(&out);
    ck_assert_int_eq(evac_loopback_judge(&used, evac_str(link), &out, &head), EVAC_LOOPBACK_REFUSE);
    evac_buf_reset(&out);
    ck_assert_int_eq(
        evac_loopback_judge(&used, EVAC_STR("GET /enter/ HTTP/1.1\r\nHost: localhost:8123\r\n\r\n"),
                            &out, &head),
        EVAC_LOOPBACK_REFUSE);
}
END_TEST

START_TEST(the_cookie_lets_through_and_stays_here)
{
    ck_assert_int_eq(judge("GET /v1/status HTTP/1.1\r\n" MINE "Last-Event-ID: 7\r\nConnection: "
                           "keep-alive\r\nAuthorization: Bearer x\r\n\r\n"),
                     EVAC_LOOPBACK_PASS);
    ck_assert_str_eq(out.p, "GET /v1/status HTTP/1.1\r\nHost: 127.0.0.1:8123\r\nLast-Event-ID: "
                            "7\r\nConnection: close\r\n\r\n");
    ck_assert_uint_eq(head.body_bytes, 0);
}
END_TEST

START_TEST(without_the_cookie_nobody_gets_through)
{
    refused("GET / HTTP/1.1\r\nHost: 127.0.0.1:8123\r\n\r\n", 403);
    refused("GET / HTTP/1.1\r\nHost: 127.0.0.1:8123\r\nCookie: evac_dashboard_8123=\r\n\r\n", 403);
    refused("GET / HTTP/1.1\r\nHost: 127.0.0.1:8123\r\nCookie: evac_dashboard_8124=" COOKIE
            "\r\n\r\n",
            403);
    refused("GET / HTTP/1.1\r\nHost: 127.0.0.1:8123\r\nCookie: evac_dashboard_8123=" SECRET
            "\r\n\r\n",
            403);
}
END_TEST

START_TEST(a_name_that_was_made_to_point_here_is_refused)
{
    refused("GET / HTTP/1.1\r\nHost: evil.example:8123\r\nCookie: evac_dashboard_8123=" COOKIE
            "\r\n\r\n",
            421);
    refused("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: evac_dashboard_8123=" COOKIE "\r\n\r\n",
            421);
    refused("GET / HTTP/1.1\r\nCookie: evac_dashboard_8123=" COOKIE "\r\n\r\n", 421);
}
END_TEST

START_TEST(another_sites_page_changes_nothing)
{
    const char *ours =
        "POST /v1/commands HTTP/1.1\r\n" MINE "X-Evac-CSRF: 1\r\nOrigin: "
        "http://127.0.0.1:8123\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 2\r\n\r\n{}";
    ck_assert_int_eq(judge(ours), EVAC_LOOPBACK_PASS);
    ck_assert_uint_eq(head.body_bytes, 2);
    ck_assert_uint_eq(head.bytes, strlen(ours) - 2);
    refused("POST /v1/commands HTTP/1.1\r\n" MINE "Content-Length: 2\r\n\r\n{}", 403);
    refused("POST /v1/commands HTTP/1.1\r\n" MINE
            "X-Evac-CSRF: 1\r\nOrigin: https://evil.example\r\n\r\n",
            403);
    refused("POST /v1/commands HTTP/1.1\r\n" MINE "X-Evac-CSRF: 1\r\nOrigin: null\r\n\r\n", 403);
    refused("POST /v1/commands HTTP/1.1\r\n" MINE
            "X-Evac-CSRF: 1\r\nSec-Fetch-Site: cross-site\r\n\r\n",
            403);
    refused("DELETE /v1/session HTTP/1.1\r\n" MINE "\r\n", 403);
}
END_TEST

START_TEST(what_is_no_plain_request_is_refused)
{
    ck_assert_int_eq(judge("GET / HTTP/1.1\r\nHost: 127"), EVAC_LOOPBACK_MORE);
    ck_assert_int_eq(judge(""), EVAC_LOOPBACK_MORE);
    refused("GET / HTTP/1.0\r\n" MINE "\r\n", 400);
    refused("GET http://127.0.0.1:8123/ HTTP/1.1\r\n" MINE "\r\n", 400);
    refused("GET / HTTP/1.1\r\n" MINE "X: 1\r\n folded: 2\r\n\r\n", 400);
    refused("GET / HTTP/1.1\r\n" MINE "no colon\r\n\r\n", 400);
    refused("POST / HTTP/1.1\r\n" MINE "Transfer-Encoding: chunked\r\n\r\n", 413);
    refused("POST / HTTP/1.1\r\n" MINE "Content-Length: -1\r\n\r\n", 413);
    refused("POST / HTTP/1.1\r\n" MINE "Content-Length: 2x\r\n\r\n", 413);
    refused("POST / HTTP/1.1\r\n" MINE "Content-Length: 1048577\r\n\r\n", 413);
}
END_TEST

START_TEST(a_head_has_an_end)
{
    char text[EVAC_LOOPBACK_HEAD_MAX + 1];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    refused(text, 431);
    text[sizeof text - 2] = '\0';
    ck_assert_int_eq(judge(text), EVAC_LOOPBACK_MORE);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("loopback");
    tcase_add_checked_fixture(tc, begin, finish);
    tcase_add_test(tc, the_link_lets_in_once_and_only_whole);
    tcase_add_test(tc, the_cookie_lets_through_and_stays_here);
    tcase_add_test(tc, without_the_cookie_nobody_gets_through);
    tcase_add_test(tc, a_name_that_was_made_to_point_here_is_refused);
    tcase_add_test(tc, another_sites_page_changes_nothing);
    tcase_add_test(tc, what_is_no_plain_request_is_refused);
    tcase_add_test(tc, a_head_has_an_end);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("loopback", cases)

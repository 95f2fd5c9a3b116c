/* What the service manager hears, at a socket of the test's own. */
#include "suite.h"
#include "supervisor.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int manager;
static char path[108], heard[512];

static void begin(bool abstract)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    snprintf(path, sizeof path, "%sevac-notify-%d", abstract ? "@" : "/tmp/", (int)getpid());
    memcpy(at.sun_path, path, strlen(path));
    if (abstract)
        at.sun_path[0] = '\0';
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    ck_assert_int_eq(bind(manager, (struct sockaddr *)&at,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path))),
                     0);
    setenv("NOTIFY_SOCKET", path, 1);
}

static void end(void)
{
    close(manager);
    if (path[0] == '/')
        unlink(path);
}

/* The next thing that was said, "" nothing. */
static const char *hear(void)
{
    ssize_t n = recv(manager, heard, sizeof heard - 1, 0);
    heard[n > 0 ? n : 0] = '\0';
    return heard;
}

START_TEST(it_is_heard_at_a_path_and_at_an_abstract_name)
{
    struct evac_supervisor s;
    begin(_i == 1);
    evac_supervisor_init(&s);
    ck_assert(evac_supervisor_say(&s, "READY=1\nSTATUS=x"));
    ck_assert_str_eq(hear(), "READY=1\nSTATUS=x");
    ck_assert_ptr_null(getenv("NOTIFY_SOCKET"));
    end();
    ck_assert(_i == 1 || !evac_supervisor_say(&s, "READY=1")); /* gone, and nothing waits */
}
END_TEST

START_TEST(nobody_is_told_when_nobody_listens)
{
    struct evac_supervisor s;
    unsetenv("NOTIFY_SOCKET");
    setenv("WATCHDOG_USEC", "30000000", 1);
    evac_supervisor_init(&s);
    ck_assert(!evac_supervisor_say(&s, "READY=1"));
    setenv("NOTIFY_SOCKET", "relative", 1);
    evac_supervisor_init(&s);
    ck_assert(!evac_supervisor_say(&s, "READY=1"));
}
END_TEST

START_TEST(a_status_is_told_when_it_is_news)
{
    struct evac_supervisor s;
    begin(false);
    evac_supervisor_init(&s);
    evac_supervisor_status(&s, "1 app");
    evac_supervisor_status(&s, "1 app");
    evac_supervisor_status(&s, "2 apps");
    ck_assert_str_eq(hear(), "STATUS=1 app");
    ck_assert_str_eq(hear(), "STATUS=2 apps");
    ck_assert_str_eq(hear(), "");
    end();
}
END_TEST

START_TEST(the_watchdog_is_fed_within_half_its_time)
{
    struct evac_supervisor s;
    unsigned fed = 0;
    begin(false);
    setenv("WATCHDOG_USEC", "30000000", 1);
    setenv("WATCHDOG_PID", "1", 1); /* another process's */
    evac_supervisor_init(&s);
    evac_supervisor_feed(&s, 1000);
    ck_assert_str_eq(hear(), "");

    setenv("NOTIFY_SOCKET", path, 1);
    setenv("WATCHDOG_USEC", "30000000", 1);
    evac_supervisor_init(&s);
    for (uint64_t at = 1000, last = 0; at <= 121000; at += 1000) {
        evac_supervisor_feed(&s, at);
        if (hear()[0] == '\0')
            continue;
        ck_assert_str_eq(heard, "WATCHDOG=1");
        ck_assert(last == 0 || at - last <= 15000);
        last = at;
        fed++;
    }
    ck_assert_uint_ge(fed, 8);
    ck_assert_uint_le(fed, 12);
    end();
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("supervisor");
    tcase_add_loop_test(tc, it_is_heard_at_a_path_and_at_an_abstract_name, 0, 2);
    tcase_add_test(tc, nobody_is_told_when_nobody_listens);
    tcase_add_test(tc, a_status_is_told_when_it_is_news);
    tcase_add_test(tc, the_watchdog_is_fed_within_half_its_time);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("supervisor", cases)

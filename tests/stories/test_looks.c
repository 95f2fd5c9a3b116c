/* Drivers' own observations as probes: who writes, how far data is behind, and what AWS's checkers
 * see. */
#include "story.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

static struct world *w;

struct seen {
    bool answered;
    enum evac_looked looked;
    const struct evac_probe_look *what;
    char reason[200];
};

static void on_looked(void *user, const struct evac_reply *reply)
{
    struct seen *seen = user;
    ck_assert_ptr_nonnull(reply);
    seen->answered = true;
    seen->looked = evac_looked(seen->what, reply, seen->reason, sizeof seen->reason);
}

static struct seen look(const struct evac_probe_look *what, uint16_t region)
{
    struct seen seen = { .what = what };
    struct evac_err err = { EVAC_OK, "" };
    const struct evac_look look = { 0, region, what, 5000 };
    ck_assert_msg(evac_shell_look(world_shell(w), &look, on_looked, &seen, &err) == EVAC_OK, "%s",
                  err.text);
    for (int i = 0; i < 100 && !seen.answered; i++)
        world_run(w, 100);
    ck_assert(seen.answered);
    return seen;
}

static void begin(const char *extra)
{
    struct world_options options = { .seed = 3, .speed = 1, .app_extra = extra };
    w = world_new(&options);
    world_run(w, 10000);
}

static void teardown(void)
{
    world_free(w);
    w = NULL;
}

/* The standby's copy of the database is behind by what the sandbox says, to the threshold and
 * beyond it; where users are led nothing is behind. */
START_TEST(a_look_at_lag_is_good_up_to_its_threshold_and_bad_beyond_it)
{
    static const struct evac_probe_look at = { .resource = { "db", 2 }, .lag_ms = 20000 };
    struct evac_err err = { EVAC_OK, "" };
    begin("");
    struct seen seen = look(&at, 1);
    ck_assert_msg(seen.looked == EVAC_LOOKED_GOOD, "%s", seen.reason);
    world_control(w, "lag us-west-2 60000");
    world_run(w, 120000);
    seen = look(&at, 1);
    ck_assert_msg(seen.looked == EVAC_LOOKED_BAD, "%s", seen.reason);
    ck_assert_msg(strstr(seen.reason, " ms behind, and 20000 ms are allowed") != NULL, "%s",
                  seen.reason);
    const struct evac_look home = { 0, 0, &at, 5000 };
    ck_assert_int_eq(evac_shell_look(world_shell(w), &home, on_looked, &seen, &err),
                     EVAC_E_REFUSED);
}
END_TEST

/* Nothing is known of a region that can not be reached: that is not a lag, and not bad. */
START_TEST(a_lag_that_can_not_be_measured_is_not_known)
{
    static const struct evac_probe_look at = { .resource = { "db", 2 }, .lag_ms = 20000 };
    begin("");
    world_control(w, "region us-west-2 down");
    world_control(w, "region us-east-1 down");
    world_run(w, 1000);
    ck_assert_int_eq(look(&at, 1).looked, EVAC_LOOKED_NOTHING);
}
END_TEST

#define CHECKS                                                                                     \
    "resources = {=>resources = { checks = { type = \"health-check\"; id = { us-east-1 = "         \
    "\"HC-use1\"; us-west-2 = \"HC-usw2\"; }; };\n"

START_TEST(a_look_sees_what_aws_s_own_checkers_see)
{
    static const struct evac_probe_look at = { .resource = { "checks", 6 },
                                               .action = { "ready", 5 } };
    static const char *const names[] = { "us-east-1", "us-west-2" };
    begin(CHECKS);
    for (int r = 0; r < 2; r++)
        world_control(
            w,
            "make route53 us-east-1 {\"kind\":\"health-check\",\"id\":\"HC-%s\",\"host\":"
            "\"%s.shop.example.com\",\"port\":8080,\"path\":\"/health\",\"type\":\"HTTP\"}",
            r ? "usw2" : "use1", names[r]);
    world_run(w, 60000);
    for (uint16_t r = 0; r < 2; r++) {
        struct seen seen = look(&at, r);
        ck_assert_msg(seen.looked == EVAC_LOOKED_GOOD, "%s: %s", names[r], seen.reason);
    }
    world_control(w, "app shop sick us-west-2");
    world_run(w, 120000);
    struct seen seen = look(&at, 1);
    ck_assert_msg(seen.looked == EVAC_LOOKED_BAD, "%s", seen.reason);
    ck_assert_int_eq(look(&at, 0).looked, EVAC_LOOKED_GOOD);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("looks");
    tcase_add_checked_fixture(tc, NULL, teardown);
    tcase_add_test(tc, a_look_at_lag_is_good_up_to_its_threshold_and_bad_beyond_it);
    tcase_add_test(tc, a_lag_that_can_not_be_measured_is_not_known);
    tcase_add_test(tc, a_look_sees_what_aws_s_own_checkers_see);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("looks", cases)

/* Faults with a name and an end: in, out, by compare and set; which settings go together. */
#include "local_pack.h"
#include "sandbox.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

static struct evac_sandbox *sb;

static void setup(void)
{
    static const char *const regions[] = { "us-east-1", "us-west-2", NULL };
    const struct evac_sandbox_options options = { .seed = 1, .regions = regions, .speed = 1 };
    sb = evac_sandbox_new(&options);
    evac_sandbox_shop(sb, 8080);
}

static void teardown(void)
{
    evac_sandbox_free(sb);
}

static const char *page(const char *path)
{
    static char text[8000];
    char url[100];
    struct evac_sandbox_reply reply = { .status = 0 };
    snprintf(url, sizeof url, "/_sandbox/%s", path);
    const struct evac_http_request request = { .method = EVAC_STR("GET"), .url = evac_str(url) };
    evac_buf_init(&reply.body, 1u << 20);
    evac_sandbox_http(sb, &request, &reply);
    (void)evac_str_copy(text, sizeof text, evac_buf_str(&reply.body));
    evac_buf_done(&reply.body);
    return text;
}

static bool is_so(const char *part)
{
    struct evac_buf json;
    evac_buf_init(&json, 8u << 20);
    evac_sandbox_truth(sb, &json);
    bool so = evac_str_has(evac_buf_str(&json), part);
    evac_buf_done(&json);
    return so;
}

static enum evac_code say(const char *command, struct evac_err *err)
{
    *err = (struct evac_err){ EVAC_OK, "" };
    return evac_sandbox_control(sb, evac_str(command), err);
}

static void said(const char *command)
{
    struct evac_err err;
    ck_assert_msg(say(command, &err) == EVAC_OK, "%s: %s", command, err.text);
}

#define EAST_DOWN     "{\"name\":\"us-east-1\",\"state\":\"down\""
#define EAST_ISOLATED "{\"name\":\"us-east-1\",\"state\":\"isolated\""
#define EAST_UP       "{\"name\":\"us-east-1\",\"state\":\"up\""

START_TEST(a_fault_is_in_until_it_is_taken_out)
{
    said("fault a for 10m region-down us-east-1");
    ck_assert(is_so(EAST_DOWN));
    ck_assert_str_eq(page("faults"), "a 1 in 600000 region-down us-east-1\n");
    said("fault a out");
    ck_assert(is_so(EAST_UP));
    ck_assert_str_eq(page("faults"), "a 2 out\n");
    said("fault a out"); /* again: nothing more happens, and the version moves */
    ck_assert_str_eq(page("faults"), "a 3 out\n");
}
END_TEST

START_TEST(a_fault_ends_by_itself)
{
    said("fault a for 30s region-isolated us-east-1");
    evac_sandbox_advance(sb, 29999);
    ck_assert(is_so(EAST_ISOLATED));
    ck_assert_uint_le(evac_sandbox_wake_ms(sb), 30000);
    evac_sandbox_advance(sb, 30000);
    ck_assert(is_so(EAST_UP));
    ck_assert_str_eq(page("faults"), "a 2 out\n");
}
END_TEST

START_TEST(a_request_on_an_older_version_changes_nothing)
{
    struct evac_err err;
    said("fault a if 0 for 1m region-down us-east-1");
    said("fault a if 1 out");
    ck_assert_int_eq(say("fault a if 0 for 1m region-down us-east-1", &err), EVAC_E_STALE);
    ck_assert_str_eq(err.text, "fault 'a' has version 2 by now, not 0");
    ck_assert(is_so(EAST_UP));
    ck_assert_int_eq(say("fault b if 1 out", &err), EVAC_E_STALE); /* never was */
    ck_assert_str_eq(page("faults"), "a 2 out\n");
}
END_TEST

START_TEST(what_is_taken_out_leaves_the_others_in)
{
    said("fault a for 10m region-down us-east-1");
    said("fault b for 5m region-isolated us-east-1");
    said("fault a out");
    ck_assert(is_so(EAST_ISOLATED));
    said("fault c for 5m service-down rds us-east-1");
    said("fault d for 5m service-slow rds us-east-1 700");
    said("fault c out");
    said("fault b for 5m app-sick us-east-1"); /* another under the same name takes its place */
    ck_assert(is_so(EAST_UP));
    ck_assert_msg(strstr(page("faults"), "b 2 in 300000 app-sick us-east-1\n") != NULL, "%s",
                  page("faults"));
}
END_TEST

static const struct {
    const char *command, *says;
} wrong[] = {
    { "fault", "a fault's name has 1 to 99 letters" },
    { "fault a", "a fault is put in (for TIME KIND ...) or taken out (out), not ''" },
    { "fault a sideways", "not 'sideways'" },
    { "fault a if x out", "a version is a whole number, not 'x'" },
    { "fault a for ever region-down us-east-1", "a fault is in for 1s to 4h, not 'ever'" },
    { "fault a for 5h region-down us-east-1", "not '5h'" },
    { "fault a for 1m", "there is no fault ''; there are region-down REGION, " },
    { "fault a for 1m flood us-east-1", "there is no fault 'flood'" },
    { "fault a for 1m lag us-east-1", "lag needs REGION MS, in that order" },
    { "fault a for 1m region-down us-east-1 now", "region-down needs REGION" },
    { "fault a for 1m region-down mars-1", "there is no region 'mars-1'; there are us-east-1" },
    { "fault a for 1m service-down rdz us-east-1", "there is no service 'rdz'" },
    { "fault a check flood us-east-1", "there is no fault 'flood'" },
    { "fault a check service-down rdz us-east-1", "there is no service 'rdz'" },
    { "fault a check region-down mars-1", "there is no region 'mars-1'" },
};

START_TEST(what_is_wrong_is_said_with_what_is_allowed_and_changes_nothing)
{
    struct evac_err err;
    ck_assert_int_ne(say(wrong[_i].command, &err), EVAC_OK);
    ck_assert_msg(strstr(err.text, wrong[_i].says) != NULL, "%s: %s", wrong[_i].command, err.text);
    ck_assert_str_eq(page("faults"), "");
    ck_assert(is_so(EAST_UP));
}
END_TEST

START_TEST(a_name_keeps_its_version_and_there_are_so_many_names)
{
    struct evac_err err;
    char text[60];
    for (int i = 0; i < 32; i++) {
        snprintf(text, sizeof text, "fault f%d for 1m app-sick us-east-1", i);
        said(text);
        snprintf(text, sizeof text, "fault f%d out", i);
        said(text);
    }
    ck_assert_int_eq(say("fault more for 1m app-sick us-east-1", &err), EVAC_E_TOOBIG);
    said("fault f7 if 2 for 1m app-sick us-east-1");
}
END_TEST

/* --- the driver's settings: every fault with and without each -------------------------------- */

static const struct {
    const char *name;
    bool service, delay;
} cells[] = {
    { "region-down", false, false },     { "region-isolated", false, false },
    { "app-sick", false, false },        { "lag", false, true },
    { "service-down", true, false },     { "service-throttled", true, false },
    { "service-denied", true, false },   { "service-slow", true, true },
    { "capacity-refused", true, false },
};
#define FAULTS (sizeof cells / sizeof cells[0])

static enum evac_code settings(const char *fault, const char *name, const char *service,
                               const char *delay, const char *ends, struct evac_err *err)
{
    const struct evac_arg items[] = {
        { EVAC_STR("delay"), evac_str(delay) },     { EVAC_STR("ends_after"), evac_str(ends) },
        { EVAC_STR("fault"), evac_str(fault) },     { EVAC_STR("in"), EVAC_STR("us-east-1") },
        { EVAC_STR("name"), evac_str(name) },       { EVAC_STR("service"), evac_str(service) },
        { EVAC_STR("url"), EVAC_STR("http://x/") },
    };
    const struct evac_args args = { items, sizeof items / sizeof items[0] };
    return evac_driver_sandbox_fault.check(&args, err);
}

START_TEST(a_fault_is_given_what_it_takes_and_nothing_else)
{
    size_t i = (size_t)_i / 4;
    bool service = _i & 1, delay = _i & 2;
    struct evac_err err = { EVAC_OK, "" };
    bool good = service == cells[i].service && delay == cells[i].delay;
    enum evac_code code =
        settings(cells[i].name, "x", service ? "rds" : "", delay ? "2s" : "", "1h", &err);
    ck_assert_msg((code == EVAC_OK) == good, "%s %d %d: %s", cells[i].name, service, delay,
                  err.text);
    ck_assert_msg(good || strstr(err.text, cells[i].name) != NULL, "%s", err.text);
}
END_TEST

/* The driver's list and the sandbox's are the same one, and each takes the same words. */
START_TEST(the_driver_and_the_sandbox_know_the_same_faults)
{
    char text[100];
    const char *kinds = page("fault-kinds");
    size_t lines = 0;
    for (const char *p = kinds; (p = strchr(p, '\n')) != NULL; p++)
        lines++;
    ck_assert_uint_eq(lines, FAULTS);
    for (size_t i = 0; i < FAULTS; i++) {
        snprintf(text, sizeof text, "%s %sREGION%s:", cells[i].name,
                 cells[i].service ? "SERVICE " : "", cells[i].delay ? " MS" : "");
        ck_assert_msg(strstr(kinds, text) != NULL, "%s is not in\n%s", text, kinds);
    }
}
END_TEST

START_TEST(names_and_times_have_their_limits)
{
    struct evac_err err;
    static const struct {
        const char *name, *delay, *ends, *says;
    } rows[] = {
        { "a b", "1s", "1h", "'a b' is no name" },
        { "", "1s", "1h", "'' is no name" },
        { "x", "2h", "1h", "delay is '2h'; allowed is 0s to 1h" },
        { "x", "1s", "500ms", "ends_after is '500ms'; allowed is 1s to 4h" },
        { "x", "1s", "5h", "ends_after is '5h'" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert_int_eq(settings("lag", rows[i].name, "", rows[i].delay, rows[i].ends, &err),
                         EVAC_E_BADCONF);
        ck_assert_msg(strstr(err.text, rows[i].says) != NULL, "%s", err.text);
    }
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("faults");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_fault_is_in_until_it_is_taken_out);
    tcase_add_test(tc, a_fault_ends_by_itself);
    tcase_add_test(tc, a_request_on_an_older_version_changes_nothing);
    tcase_add_test(tc, what_is_taken_out_leaves_the_others_in);
    tcase_add_loop_test(tc, what_is_wrong_is_said_with_what_is_allowed_and_changes_nothing, 0,
                        (int)(sizeof wrong / sizeof wrong[0]));
    tcase_add_test(tc, a_name_keeps_its_version_and_there_are_so_many_names);
    tcase_add_loop_test(tc, a_fault_is_given_what_it_takes_and_nothing_else, 0, 4 * (int)FAULTS);
    tcase_add_test(tc, the_driver_and_the_sandbox_know_the_same_faults);
    tcase_add_test(tc, names_and_times_have_their_limits);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("sandbox faults", cases)

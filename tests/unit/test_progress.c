/* A line about what takes long. */
#include "progress.h"
#include "suite.h"

#include <string.h>

static const struct {
    uint64_t done, all, elapsed_ms;
    const char *text;
} lines[] = {
    { 0, 1500, 60000, "[........................] 0 of 1500" }, /* nobody can tell yet */
    { 1, 1500, 100, "[........................] 1 of 1500" },
    { 750, 1500, 10000, "[############............] 750 of 1500, 10 s left" },
    { 1499, 1500, 149900, "[#######################.] 1499 of 1500, 1 s left" },
    { 10, 1000, 60000, "[........................] 10 of 1000, 99 min left" },
};

START_TEST(a_bar_how_much_of_how_much_and_how_long_still)
{
    struct evac_buf text;
    evac_buf_init(&text, 200);
    evac_progress_text(lines[_i].done, lines[_i].all, lines[_i].elapsed_ms, &text);
    evac_buf_putc(&text, '\0');
    ck_assert_str_eq(text.p, lines[_i].text);
    evac_buf_done(&text);
}
END_TEST

START_TEST(an_answer_that_is_waited_for_says_since_when_and_how_much_has_come)
{
    struct evac_buf text;
    evac_buf_init(&text, 200);
    evac_waiting_text(0, 12345, &text);
    evac_buf_puts(&text, "; ");
    evac_waiting_text(3140000, 200000, &text);
    evac_buf_putc(&text, '\0');
    ck_assert_str_eq(text.p, "waiting for the controller, 13 s; 3.1 MB have come, 4 min");
    evac_buf_done(&text);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("progress");
    tcase_add_loop_test(tc, a_bar_how_much_of_how_much_and_how_long_still, 0,
                        sizeof lines / sizeof lines[0]);
    tcase_add_test(tc, an_answer_that_is_waited_for_says_since_when_and_how_much_has_come);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("progress", cases)

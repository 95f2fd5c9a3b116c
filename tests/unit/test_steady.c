/* A run's instants by one clock: set in the middle, taken up by another lead, by another machine.
 */
#include "steady.h"

#include "suite.h"

#define WALL 1700000000000
#define RUN(kind, epoch, boot, wall)                                                               \
    {                                                                                              \
        EVAC_RECORD_##kind, epoch, boot, WALL + (wall)                                             \
    }

struct at {
    enum evac_record_kind kind;
    uint64_t epoch, boot_ms;
    int64_t wall_ms;
};

/* Since the first row, each. */
static void expect(const struct at *rows, const int64_t *told, size_t n, uint64_t boot,
                   int64_t set_ms)
{
    struct evac_steady s = { 0 };
    for (size_t i = 0; i < n; i++) {
        struct evac_record r = { .kind = rows[i].kind,
                                 .epoch = rows[i].epoch,
                                 .t_boot_ms = rows[i].boot_ms,
                                 .t_wall_ms = rows[i].wall_ms };
        ck_assert_int_eq(evac_steady_ms(&s, &r, boot) - WALL, told[i]);
    }
    ck_assert_int_eq(evac_steady_set_ms(&s), set_ms);
}
#define EXPECT(rows, told, set_ms) expect(rows, told, sizeof(rows) / sizeof *(rows), 0, set_ms)
#define EXPECT_OF_ONE_BOOT(rows, told, set_ms)                                                     \
    expect(rows, told, sizeof(rows) / sizeof *(rows), 77, set_ms)

START_TEST(nobody_touched_it)
{
    static const struct at rows[] = { RUN(ADMIT, 1, 100, 0), RUN(STEP, 1, 5100, 5000),
                                      RUN(TERMINAL, 1, 9100, 9600) };
    static const int64_t told[] = { 0, 5000, 9000 }; /* slewed by half a second */
    EXPECT(rows, told, 0);
}
END_TEST

START_TEST(it_was_set_there_and_back)
{
    static const struct at rows[] = { RUN(ADMIT, 1, 100, 0), RUN(STEP, 1, 5100, -3595000),
                                      RUN(STEP, 1, 6100, 66000), RUN(TERMINAL, 1, 7100, 7000) };
    static const int64_t told[] = { 0, 5000, 6000, 7000 };
    EXPECT(rows, told, -3600000);
}
END_TEST

START_TEST(what_was_before_the_first_row_keeps_its_distance)
{
    static const struct at rows[] = { RUN(ADMIT, 1, 90000, 0), RUN(INSTANT, 1, 60000, 570000) };
    static const int64_t told[] = { 0, -30000 }; /* it was noted before the clock was set back */
    EXPECT(rows, told, 0);
}
END_TEST

START_TEST(another_machine_goes_on)
{
    static const struct at rows[] = { RUN(ADMIT, 1, 100, 0), RUN(RESUME, 2, 77000000, 20000),
                                      RUN(STEP, 2, 77001000, 21000) };
    static const int64_t told[] = { 0, 20000, 21000 };
    EXPECT(rows, told, 0);
}
END_TEST

START_TEST(the_same_number_was_another_machine)
{
    static const struct at rows[] = { RUN(ADMIT, 4, 100, 0), RUN(RESUME, 4, 500, 20000),
                                      RUN(STEP, 4, 1500, 21000) };
    static const int64_t told[] = { 0, 20000, 21000 };
    EXPECT(rows, told, 0);
}
END_TEST

START_TEST(another_lead_after_it_was_set)
{
    static const struct at rows[] = { RUN(ADMIT, 1, 100, 0), RUN(STEP, 1, 1100, 61000),
                                      RUN(RESUME, 2, 300, 81000), RUN(STEP, 2, 1300, 82000) };
    static const int64_t told[] = { 0, 1000, 21000, 22000 };
    EXPECT(rows, told, 60000);
}
END_TEST

/* Its clock was minutes ahead; whoever goes on has the right time, and wrote its first row later.
 */
START_TEST(another_machine_has_another_time)
{
    static const struct at rows[] = { RUN(ADMIT, 1, 100, 170000), RUN(STEP, 1, 4100, 174000),
                                      RUN(RESUME, 2, 77000, 11000), RUN(INSTANT, 2, 227000, 161000),
                                      RUN(TERMINAL, 2, 228000, 162000) };
    static const int64_t told[] = { 170000, 174000, 174000, 324000, 325000 };
    EXPECT(rows, told, -163000);
}
END_TEST

START_TEST(it_was_set_while_nobody_looked)
{
    static const struct at rows[] = { RUN(ADMIT, 1, 100, 0), RUN(RESUME, 2, 30100, -6000),
                                      RUN(TERMINAL, 2, 40100, 4000) };
    static const int64_t told[] = { 0, 30000, 40000 };
    EXPECT_OF_ONE_BOOT(rows, told, -36000);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tc = tcase_create("steady");
    tcase_add_test(tc, nobody_touched_it);
    tcase_add_test(tc, it_was_set_there_and_back);
    tcase_add_test(tc, what_was_before_the_first_row_keeps_its_distance);
    tcase_add_test(tc, another_machine_goes_on);
    tcase_add_test(tc, the_same_number_was_another_machine);
    tcase_add_test(tc, another_lead_after_it_was_set);
    tcase_add_test(tc, another_machine_has_another_time);
    tcase_add_test(tc, it_was_set_while_nobody_looked);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("steady", add_cases)

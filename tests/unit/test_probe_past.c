#include "probe_past.h"
#include "suite.h"

static struct evac_app apps[] = {
    { .probe_count = 2, .region_count = 2 },
    { .probe_count = 1, .region_count = 3 },
};
static const struct evac_model model = { .apps = apps, .app_count = 2 };
static struct evac_probe_past *past;

static void begin(void)
{
    past = evac_probe_past_new(&model);
}

static void finish(void)
{
    evac_probe_past_free(past);
}

static void add(size_t app, size_t probe, size_t region, int64_t wall_ms)
{
    const struct evac_probe_sample sample = { wall_ms, (uint32_t)wall_ms, wall_ms % 2 == 0 };
    evac_probe_past_add(past, app, probe, region, &sample);
}

START_TEST(the_newest_are_kept_the_oldest_first)
{
    for (int64_t i = 1; i <= 3 * (int64_t)EVAC_PROBE_PAST_KEPT + 7; i++) {
        add(0, 1, 1, i);
        size_t count = evac_probe_past_count(past, 0, 1, 1);
        ck_assert_uint_eq(count, i < EVAC_PROBE_PAST_KEPT ? (size_t)i : EVAC_PROBE_PAST_KEPT);
        for (size_t k = 0; k < count; k++)
            ck_assert_int_eq(evac_probe_past_at(past, 0, 1, 1, k).wall_ms,
                             i - (int64_t)count + 1 + (int64_t)k);
    }
}
END_TEST

START_TEST(each_probe_and_region_has_its_own)
{
    int64_t wall_ms = 0;
    for (size_t a = 0; a < 2; a++)
        for (size_t p = 0; p < apps[a].probe_count; p++)
            for (size_t r = 0; r < apps[a].region_count; r++)
                add(a, p, r, ++wall_ms);
    wall_ms = 0;
    for (size_t a = 0; a < 2; a++)
        for (size_t p = 0; p < apps[a].probe_count; p++)
            for (size_t r = 0; r < apps[a].region_count; r++) {
                ck_assert_uint_eq(evac_probe_past_count(past, a, p, r), 1);
                ck_assert_int_eq(evac_probe_past_at(past, a, p, r, 0).wall_ms, ++wall_ms);
            }
}
END_TEST

START_TEST(what_the_model_does_not_have_is_dropped)
{
    add(2, 0, 0, 1);
    add(0, 2, 0, 1);
    add(0, 0, 2, 1);
    ck_assert_uint_eq(evac_probe_past_count(past, 2, 0, 0), 0);
    ck_assert_uint_eq(evac_probe_past_count(past, 0, 2, 0), 0);
    ck_assert_uint_eq(evac_probe_past_count(past, 0, 0, 2), 0);
    ck_assert_int_eq(evac_probe_past_at(past, 0, 0, 0, 0).wall_ms, 0);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("probe_past");
    tcase_add_checked_fixture(tc, begin, finish);
    tcase_add_test(tc, the_newest_are_kept_the_oldest_first);
    tcase_add_test(tc, each_probe_and_region_has_its_own);
    tcase_add_test(tc, what_the_model_does_not_have_is_dropped);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("probe_past", cases)

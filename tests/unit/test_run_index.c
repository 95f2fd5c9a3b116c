/* The runs that go on, by their numbers. */
#include "run.h"
#include "suite.h"

static struct evac_run_index *fill(struct evac_run *runs, size_t count)
{
    static const struct evac_plan plan;
    struct evac_run_index *index = calloc(1, sizeof *index);
    ck_assert_ptr_nonnull(index);
    for (size_t i = 0; i < count; i++) {
        runs[i] = (struct evac_run){ .id = 7 + 3 * i, .plan = &plan, .wake_ms = 1000 + i };
        ck_assert(evac_run_index_add(index, &runs[i]));
    }
    return index;
}

START_TEST(each_run_is_found_by_its_number_and_no_other_is)
{
    static struct evac_run runs[100];
    struct evac_run_index *index = fill(runs, 100);
    for (uint64_t id = 0; id < 310; id++) {
        size_t i = evac_run_index_find(index, id);
        bool is_one = id >= 7 && id < 307 && (id - 7) % 3 == 0;
        ck_assert_int_eq(i < index->count, is_one);
        ck_assert(!is_one || index->at[i] == &runs[(id - 7) / 3]);
        ck_assert(!is_one || index->wakes[i] == 1000 + (id - 7) / 3);
    }
    free(index);
}
END_TEST

START_TEST(what_is_removed_leaves_the_others_as_they_are)
{
    static struct evac_run runs[50];
    struct evac_run_index *index = fill(runs, 50);
    for (size_t i = 0; i < 50; i += 2)
        evac_run_index_remove(index, &runs[i]);
    evac_run_index_remove(index, &runs[0]); /* once more: it is not there */
    ck_assert_uint_eq(index->count, 25);
    for (size_t i = 0; i < 50; i++) {
        size_t at = evac_run_index_find(index, runs[i].id);
        ck_assert_int_eq(at < index->count, i % 2 == 1);
        ck_assert(i % 2 == 0 || (index->at[at] == &runs[i] && index->wakes[at] == 1000 + i));
    }
    free(index);
}
END_TEST

START_TEST(one_that_comes_late_stands_in_its_place)
{
    static const struct evac_plan plan;
    static struct evac_run runs[3], late;
    struct evac_run_index *index = fill(runs, 3);
    late = (struct evac_run){ .id = 8, .plan = &plan };
    ck_assert(evac_run_index_add(index, &late));
    ck_assert_ptr_eq(index->at[1], &late);
    ck_assert_ptr_eq(index->at[2], &runs[1]);
    free(index);
}
END_TEST

START_TEST(a_full_index_takes_no_more)
{
    static struct evac_run runs[EVAC_RUNS_MAX], more;
    struct evac_run_index *index = fill(runs, EVAC_RUNS_MAX);
    more = runs[0];
    more.id = 1;
    ck_assert(!evac_run_index_add(index, &more));
    ck_assert_uint_eq(index->count, EVAC_RUNS_MAX);
    evac_run_index_remove(index, &runs[5]);
    ck_assert(evac_run_index_add(index, &more));
    free(index);
}
END_TEST

START_TEST(a_run_that_waits_for_more_than_time_is_marked)
{
    static struct evac_run runs[1];
    struct evac_run_index *index = fill(runs, 1);
    ck_assert_int_eq(index->marks[0], 0);
    runs[0].state = EVAC_RUN_PROPOSED;
    evac_run_index_note(index, &runs[0]);
    ck_assert_int_eq(index->marks[0], EVAC_RUN_WATCHES);
    runs[0].state = EVAC_RUN_RUNNING;
    runs[0].mode = EVAC_MODE_UNGRACEFUL; /* no outage was seen yet */
    evac_run_index_note(index, &runs[0]);
    ck_assert_int_eq(index->marks[0], EVAC_RUN_WATCHES);
    runs[0].instants = 1u << EVAC_INSTANT_IMPACT_HI;
    evac_run_index_note(index, &runs[0]);
    ck_assert_int_eq(index->marks[0], 0);
    (void)evac_str_copy(runs[0].who, sizeof runs[0].who, EVAC_STR("drill"));
    evac_run_index_note(index, &runs[0]);
    ck_assert_int_eq(index->marks[0], EVAC_RUN_DRILLS);
    free(index);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tc = tcase_create("index");
    tcase_add_test(tc, each_run_is_found_by_its_number_and_no_other_is);
    tcase_add_test(tc, what_is_removed_leaves_the_others_as_they_are);
    tcase_add_test(tc, one_that_comes_late_stands_in_its_place);
    tcase_add_test(tc, a_full_index_takes_no_more);
    tcase_add_test(tc, a_run_that_waits_for_more_than_time_is_marked);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("run index", add_cases)

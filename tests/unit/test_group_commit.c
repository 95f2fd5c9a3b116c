/* Rows that are accepted together become durable together, in their order, or not at all. */
#include "evac/arena.h"
#include "group.h"
#include "store_memory.h"
#include "suite.h"

#include <string.h>

static struct evac_store *disk, *store;
static struct evac_group *group;

static struct heard {
    uint64_t durable, calls, lost;
    char text[40];
} heard;

static struct evac_record row(uint64_t seq, enum evac_record_kind kind)
{
    return (struct evac_record){ .seq = seq, .kind = kind, .text = EVAC_STR("what happened") };
}

static enum evac_code add(uint64_t seq, enum evac_record_kind kind)
{
    char text[] = "what happened";
    struct evac_record r = row(seq, kind);
    struct evac_err err;
    r.text = evac_str(text);
    enum evac_code code = store->vt->append(store, &r, 1, &err);
    memset(text, 'x', sizeof text - 1); /* the caller's, and gone */
    return code;
}

/* What becomes durable brings a row of its own, as an intent's call that is refused does. */
static void on_durable(void *user, const struct evac_record *rows, size_t count)
{
    (void)user;
    ck_assert_uint_eq(rows[0].seq, heard.durable + 1);
    heard.durable = rows[count - 1].seq;
    heard.calls++;
    (void)evac_str_copy(heard.text, sizeof heard.text, rows[0].text);
    ck_assert_uint_eq(store->vt->last_seq(store), heard.durable);
    if (rows[0].kind == EVAC_RECORD_INTENT)
        ck_assert_int_eq(add(heard.durable + 1, EVAC_RECORD_OUTCOME), EVAC_OK);
}

static void on_lost(void *user, const char *why)
{
    (void)user;
    ck_assert_ptr_nonnull(strstr(why, "can not be written"));
    heard.lost++;
}

static void setup(void)
{
    static const struct evac_store_listener listener = { NULL, on_durable, on_lost };
    heard = (struct heard){ 0 };
    disk = evac_store_new_memory("n", "b");
    group = evac_group_new(disk);
    store = evac_group_store(group);
    store->vt->listen(store, &listener);
}

static void teardown(void)
{
    evac_store_close(store);
}

START_TEST(rows_of_many_events_are_one_commit)
{
    for (uint64_t seq = 1; seq <= 5; seq++)
        ck_assert_int_eq(add(seq, EVAC_RECORD_STEP), EVAC_OK);
    ck_assert_uint_eq(evac_group_waiting(group), 5);
    ck_assert_uint_eq(store->vt->last_seq(store), 0);
    ck_assert_int_eq(evac_group_commit(group, NULL), EVAC_OK);
    ck_assert_uint_eq(heard.calls, 1);
    ck_assert_uint_eq(heard.durable, 5);
    ck_assert_str_eq(heard.text, "what happened");
    ck_assert_int_eq(evac_group_commit(group, NULL), EVAC_OK);
    ck_assert_uint_eq(heard.calls, 1);
}
END_TEST

START_TEST(what_the_listener_adds_is_the_next_commits)
{
    ck_assert_int_eq(add(1, EVAC_RECORD_INTENT), EVAC_OK);
    ck_assert_int_eq(evac_group_commit(group, NULL), EVAC_OK);
    ck_assert_uint_eq(heard.durable, 1);
    ck_assert_uint_eq(evac_group_waiting(group), 1);
    ck_assert_int_eq(evac_group_commit(group, NULL), EVAC_OK);
    ck_assert_uint_eq(heard.durable, 2);
}
END_TEST

START_TEST(only_what_something_waits_for_is_awaited)
{
    ck_assert(!evac_group_is_awaited(group));
    ck_assert_int_eq(add(1, EVAC_RECORD_OBSERVE), EVAC_OK);
    ck_assert_int_eq(add(2, EVAC_RECORD_LAG), EVAC_OK);
    ck_assert(!evac_group_is_awaited(group));
    ck_assert_int_eq(add(3, EVAC_RECORD_INTENT), EVAC_OK);
    ck_assert_int_eq(add(4, EVAC_RECORD_STEP), EVAC_OK);
    ck_assert(evac_group_is_awaited(group));
    ck_assert_int_eq(evac_group_commit(group, NULL), EVAC_OK);
    ck_assert(!evac_group_is_awaited(group));
}
END_TEST

START_TEST(a_row_that_does_not_continue_is_refused)
{
    ck_assert_int_eq(add(1, EVAC_RECORD_STEP), EVAC_OK);
    ck_assert_int_eq(add(3, EVAC_RECORD_STEP), EVAC_E_STALE);
    ck_assert_uint_eq(evac_group_waiting(group), 1);
}
END_TEST

START_TEST(after_a_failed_commit_nothing_is_accepted)
{
    uint64_t epoch;
    evac_store_memory_fail_after(disk, 1);
    ck_assert_int_eq(add(1, EVAC_RECORD_ADMIT), EVAC_OK);
    ck_assert(store->vt->lead(store, &epoch));
    ck_assert_int_eq(evac_group_commit(group, NULL), EVAC_E_STORE);
    ck_assert_uint_eq(heard.lost, 1);
    ck_assert_uint_eq(heard.calls, 0);
    ck_assert_int_eq(add(1, EVAC_RECORD_ADMIT), EVAC_E_STORE);
    ck_assert(!store->vt->lead(store, &epoch));
}
END_TEST

static bool count_row(void *user, const struct evac_row *r)
{
    (void)r;
    ++*(size_t *)user;
    return true;
}

START_TEST(reading_and_taking_are_the_inner_stores)
{
    struct evac_store *other = evac_store_new_memory("o", "b");
    struct evac_record r = row(1, EVAC_RECORD_STEP);
    struct evac_arena *arena = evac_arena_new();
    struct evac_row whole;
    size_t rows = 0;
    ck_assert_int_eq(other->vt->append(other, &r, 1, NULL), EVAC_OK);
    ck_assert_int_eq(evac_store_row(other, 1, arena, &whole, NULL), EVAC_OK);
    ck_assert_int_eq(add(1, EVAC_RECORD_STEP), EVAC_OK);
    ck_assert_int_eq(store->vt->take(store, &whole, 1, NULL), EVAC_E_BUSY);
    ck_assert_int_eq(
        store->vt->read(store, &(struct evac_store_filter){ 0 }, count_row, &rows, NULL), EVAC_OK);
    ck_assert_uint_eq(rows, 0);
    ck_assert_int_eq(evac_group_commit(group, NULL), EVAC_OK);
    ck_assert_int_eq(store->vt->take(store, &whole, 1, NULL), EVAC_E_CORRUPT);
    ck_assert_int_eq(
        store->vt->read(store, &(struct evac_store_filter){ 0 }, count_row, &rows, NULL), EVAC_OK);
    ck_assert_uint_eq(rows, 1);
    ck_assert_ptr_eq(evac_group_inner(group), disk);
    ck_assert_ptr_null(evac_group_inner(NULL));
    evac_arena_free(arena);
    evac_store_close(other);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tc = tcase_create("group");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, rows_of_many_events_are_one_commit);
    tcase_add_test(tc, what_the_listener_adds_is_the_next_commits);
    tcase_add_test(tc, only_what_something_waits_for_is_awaited);
    tcase_add_test(tc, a_row_that_does_not_continue_is_refused);
    tcase_add_test(tc, after_a_failed_commit_nothing_is_accepted);
    tcase_add_test(tc, reading_and_taking_are_the_inner_stores);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("group commit", add_cases)

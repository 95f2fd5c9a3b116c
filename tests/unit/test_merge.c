/* Another controller's journal, merged: where they parted, what is new, what contradicts. */
#include "evac/arena.h"
#include "merge.h"
#include "store_memory.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

static const struct evac_str regions[] = { { "east", 4 }, { "west", 4 } };
static struct evac_app app;
static struct evac_model model;
static void *memory;
static struct evac_engine engine;
static struct evac_store *from, *into;

static void setup(void)
{
    app = (struct evac_app){ .name = EVAC_STR("shop"), .regions = regions, .region_count = 2 };
    model = (struct evac_model){ .apps = &app, .app_count = 1 };
    memory = calloc(1, evac_engine_apps_bytes(&model));
    evac_engine_init(&engine, &model, memory);
    engine.lead = true;
    from = evac_store_new_memory("standalone:ann@bastion", "b1");
    into = evac_store_new_memory("home", "b0");
}

static void teardown(void)
{
    evac_store_close(from);
    evac_store_close(into);
    free(memory);
}

static void put(struct evac_store *store, struct evac_record r)
{
    struct evac_err err = { EVAC_OK, "" };
    r.seq = store->vt->last_seq(store) + 1;
    r.step = EVAC_NO_STEP;
    r.app = EVAC_STR("shop");
    r.t_wall_ms = r.t_wall_ms ? r.t_wall_ms : 1000 + (int64_t)r.seq;
    ck_assert_msg(store->vt->append(store, &r, 1, &err) == EVAC_OK, "%s", err.text);
    if (store == into)
        engine.next_seq = r.seq + 1;
}

static void run_of(struct evac_store *store, uint64_t run, const char *a, const char *b, bool ends)
{
    put(store, (struct evac_record){ .kind = EVAC_RECORD_ADMIT,
                                     .run = run,
                                     .name = EVAC_STR("failover"),
                                     .from = evac_str(a),
                                     .to = evac_str(b) });
    put(store,
        (struct evac_record){ .kind = EVAC_RECORD_STEP, .run = run, .to = EVAC_STR("done") });
    if (ends)
        put(store, (struct evac_record){
                       .kind = EVAC_RECORD_TERMINAL, .run = run, .to = EVAC_STR("succeeded") });
}

static enum evac_code make(struct evac_merge *merge, struct evac_err *err)
{
    const struct evac_merge_wish wish = { from, into, &engine, EVAC_STR("ann"), 5, 9000 };
    *err = (struct evac_err){ EVAC_OK, "" };
    return evac_merge_make(&wish, merge, err);
}

/* As the daemon does: append, then everything is replayed. */
static size_t merge_now(void)
{
    struct evac_merge merge;
    struct evac_err err;
    ck_assert_msg(make(&merge, &err) == EVAC_OK, "%s", err.text);
    size_t count = merge.count;
    if (count)
        ck_assert_msg(into->vt->append(into, merge.rows, count, &err) == EVAC_OK, "%s", err.text);
    engine.next_seq += count;
    engine.next_run += merge.runs;
    engine.apps[0].active = merge.runs % 2 ? !engine.apps[0].active : engine.apps[0].active;
    evac_merge_done(&merge);
    return count;
}

static void refused(enum evac_code code, const char *part)
{
    struct evac_merge merge;
    struct evac_err err;
    uint64_t before = into->vt->last_seq(into);
    enum evac_code is = make(&merge, &err);
    ck_assert_msg(is == code && strstr(err.text, part), "%d %s", (int)is, err.text);
    ck_assert_uint_eq(merge.count, 0);
    ck_assert_uint_eq(into->vt->last_seq(into), before);
    evac_merge_done(&merge);
}

struct seen {
    char text[4096];
};

static bool see(void *user, const struct evac_row *row)
{
    struct seen *seen = user;
    size_t n = strlen(seen->text);
    snprintf(seen->text + n, sizeof seen->text - n, "%s/%llu/%.*s ",
             evac_record_kind_name(row->record.kind), (unsigned long long)row->record.run,
             EVAC_STR_ARG(row->record.to));
    return true;
}

START_TEST(runs_get_new_numbers_between_rows_that_say_where_they_come_from)
{
    struct seen seen = { "" };
    struct evac_store_filter all = { 0 };
    uint64_t good;
    engine.next_run = 7;
    put(from, (struct evac_record){ .kind = EVAC_RECORD_START });
    run_of(from, 1, "east", "west", true);
    put(from, (struct evac_record){
                  .kind = EVAC_RECORD_OLD_SIDE, .number = 1, .to = EVAC_STR("watched") });
    put(from, (struct evac_record){ .kind = EVAC_RECORD_TOKEN });
    ck_assert(merge_now() > 0);
    ck_assert_int_eq(into->vt->read(into, &all, see, &seen, NULL), EVAC_OK);
    ck_assert_str_eq(seen.text, "merge/0/begin admit/7/west merge/7/run step/7/done "
                                "terminal/7/succeeded old_side/0/watched merge/0/review "
                                "merge/0/end ");
    ck_assert_int_eq(evac_store_verify(into, &good, NULL), EVAC_OK);
    struct evac_arena *arena = evac_arena_new();
    struct evac_row row;
    ck_assert_int_eq(evac_store_row(into, 6, arena, &row, NULL), EVAC_OK);
    ck_assert_int_eq(row.record.number, 7); /* the run that left it, by its number here */
    evac_arena_free(arena);
}
END_TEST

START_TEST(what_is_here_is_not_taken_again_and_what_has_grown_is)
{
    run_of(from, 1, "east", "west", true);
    ck_assert(merge_now() > 0);
    ck_assert_uint_eq(merge_now(), 0);
    run_of(from, 2, "west", "east", true);
    ck_assert_uint_eq(merge_now(), 7); /* begin, run, its three rows, review, end */
    ck_assert_uint_eq(merge_now(), 0);
}
END_TEST

START_TEST(of_a_copy_only_what_came_after_it_is_taken)
{
    run_of(into, 1, "east", "west", true);
    run_of(into, 2, "west", "east", true);
    evac_store_close(from);
    from = evac_store_memory_clone(into);
    engine.next_run = 3;
    ck_assert_uint_eq(merge_now(), 0);
    for (int i = 0; i < 3; i++) /* both go on */
        put(into, (struct evac_record){ .kind = EVAC_RECORD_LAG });
    run_of(from, 3, "east", "west", true);
    ck_assert_uint_eq(merge_now(), 7);
    ck_assert_uint_eq(merge_now(), 0);
}
END_TEST

START_TEST(what_has_not_ended_there_or_goes_on_here_waits)
{
    struct evac_plan plan = { .app = EVAC_STR("shop") };
    struct evac_run run = { .id = 4, .plan = &plan };
    run_of(from, 1, "east", "west", false);
    refused(EVAC_E_REFUSED, "run 1 of 'shop' has not ended there");
    put(from, (struct evac_record){ .kind = EVAC_RECORD_TERMINAL, .run = 1 });
    engine.runs = &run;
    refused(EVAC_E_REFUSED, "run 4 of 'shop' goes on here");
    engine.runs = NULL;
    ck_assert(merge_now() > 0);
}
END_TEST

START_TEST(two_truths_about_where_it_serves_are_refused)
{
    run_of(from, 1, "west", "east", true);
    refused(EVAC_E_REFUSED, "they contradict each other");
    engine.apps[0].active = 1;
    run_of(into, 1, "east", "west", true); /* later than they parted */
    refused(EVAC_E_REFUSED, "both journals have moved 'shop'");
}
END_TEST

START_TEST(a_journal_that_was_changed_is_refused)
{
    run_of(from, 1, "east", "west", true);
    ck_assert(evac_store_memory_damage(from, 2));
    refused(EVAC_E_CORRUPT, "its chain is broken");
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("merge");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, runs_get_new_numbers_between_rows_that_say_where_they_come_from);
    tcase_add_test(tc, what_is_here_is_not_taken_again_and_what_has_grown_is);
    tcase_add_test(tc, of_a_copy_only_what_came_after_it_is_taken);
    tcase_add_test(tc, what_has_not_ended_there_or_goes_on_here_waits);
    tcase_add_test(tc, two_truths_about_where_it_serves_are_refused);
    tcase_add_test(tc, a_journal_that_was_changed_is_refused);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("merge", cases)

/* The journal: durable, in order, chained, one writer. Real SQLite files in a temporary folder. */
#include "evac/arena.h"
#include "store.h"
#include "store_memory.h"
#include "suite.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64], path[128];

static void setup(void)
{
    snprintf(dir, sizeof dir, "/tmp/evac-store-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/journal.db", dir);
}

static void teardown(void)
{
    static const char *const endings[] = { "", "-wal", "-shm", ".lock", ".ballast", "-journal" };
    char name[160];
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        snprintf(name, sizeof name, "%s%s", path, endings[i]);
        unlink(name);
    }
    rmdir(dir);
}

static enum evac_code try_open(struct evac_store **store, bool read_only, struct evac_err *err)
{
    struct evac_store_options o = {
        .path = path, .node = "n", .boot_id = "b", .read_only = read_only
    };
    return evac_store_open_sqlite(&o, store, err);
}

static struct evac_store *open_store(void)
{
    struct evac_store *store = NULL;
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_msg(try_open(&store, false, &err) == EVAC_OK, "%s", err.text);
    return store;
}

static struct evac_record row(uint64_t seq)
{
    return (struct evac_record){ .seq = seq,
                                 .kind = EVAC_RECORD_STEP,
                                 .run = 1 + seq % 3,
                                 .step = (uint32_t)seq,
                                 .t_boot_ms = seq * 10,
                                 .t_wall_ms = 1700000000000 + (int64_t)seq,
                                 .number = -5,
                                 .app = seq % 2 ? EVAC_STR("odd") : EVAC_STR("even"),
                                 .name = EVAC_STR("fence"),
                                 .from = EVAC_STR("waiting"),
                                 .event = EVAC_STR("ready"),
                                 .to = EVAC_STR("observing"),
                                 .text = EVAC_STR("why \xc3\xa9"),
                                 .data = EVAC_STR("{\"a\":1}") };
}

static enum evac_code add(struct evac_store *store, uint64_t first, size_t n, struct evac_err *err)
{
    struct evac_record rows[64];
    for (size_t i = 0; i < n; i++)
        rows[i] = row(first + i);
    return store->vt->append(store, rows, n, err);
}

struct seen {
    uint64_t count, first, last;
};

static bool see(void *user, const struct evac_row *r)
{
    struct seen *s = user;
    if (s->count++ == 0)
        s->first = r->record.seq;
    s->last = r->record.seq;
    return true;
}

static struct seen read_all(struct evac_store *store, struct evac_store_filter filter)
{
    struct seen s = { 0, 0, 0 };
    ck_assert_int_eq(store->vt->read(store, &filter, see, &s, NULL), EVAC_OK);
    return s;
}

static void verify_good(struct evac_store *store, uint64_t expected)
{
    uint64_t rows = 0;
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_msg(evac_store_verify(store, &rows, &err) == EVAC_OK, "%s", err.text);
    ck_assert_uint_eq(rows, expected);
}

START_TEST(rows_come_back_as_they_went_in)
{
    struct evac_store *store = open_store();
    struct evac_arena *arena = evac_arena_new();
    struct evac_row r;
    ck_assert_int_eq(add(store, 1, 5, NULL), EVAC_OK);
    evac_store_close(store);
    store = open_store();
    ck_assert_int_eq(evac_store_row(store, 3, arena, &r, NULL), EVAC_OK);
    ck_assert_uint_eq(r.record.step, 3);
    ck_assert_int_eq(r.record.number, -5);
    ck_assert(evac_str_is(r.record.text, "why \xc3\xa9"));
    ck_assert(evac_str_is(r.record.data, "{\"a\":1}"));
    ck_assert(evac_str_is(r.node, "n"));
    ck_assert_int_eq(evac_store_row(store, 6, arena, &r, NULL), EVAC_E_NOTFOUND);
    verify_good(store, 5);
    evac_arena_free(arena);
    evac_store_close(store);
}
END_TEST

START_TEST(filters_choose_and_order)
{
    struct evac_store *stores[] = { open_store(), evac_store_new_memory("n", "b") };
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(add(stores[i], 1, 30, NULL), EVAC_OK);
        ck_assert_uint_eq(read_all(stores[i], (struct evac_store_filter){ .run = 1 }).count, 10);
        ck_assert_uint_eq(
            read_all(stores[i], (struct evac_store_filter){ .app = EVAC_STR("odd") }).count, 15);
        ck_assert_uint_eq(read_all(stores[i], (struct evac_store_filter){ .after_seq = 25 }).first,
                          26);
        ck_assert_uint_eq(
            read_all(stores[i], (struct evac_store_filter){ .limit = 4, .newest_first = true })
                .last,
            27);
        evac_store_close(stores[i]);
    }
}
END_TEST

static void sql(const char *text)
{
    sqlite3 *db;
    char *problem = NULL;
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_exec(db, text, NULL, NULL, &problem);
    ck_assert_msg(!problem, "%s", problem);
    sqlite3_close(db);
}

/* --- by kind
 * ---------------------------------------------------------------------------------- */

#define KINDS_ROWS (3 * EVAC_RECORD_KIND_COUNT)

static struct evac_record kind_row(uint64_t seq)
{
    struct evac_record r = row(seq);
    r.kind = (enum evac_record_kind)(seq * 7 % EVAC_RECORD_KIND_COUNT);
    return r;
}

static void add_kinds(struct evac_store *store)
{
    struct evac_record rows[KINDS_ROWS];
    for (size_t i = 0; i < KINDS_ROWS; i++)
        rows[i] = kind_row(i + 1);
    ck_assert_int_eq(store->vt->append(store, rows, KINDS_ROWS, NULL), EVAC_OK);
}

struct numbers {
    uint64_t seq[KINDS_ROWS];
    size_t count;
};

static bool note_number(void *user, const struct evac_row *r)
{
    struct numbers *n = user;
    n->seq[n->count++] = r->record.seq;
    return true;
}

static void both_say_the_same(struct evac_store *const stores[2], const struct evac_store_filter *f)
{
    static struct numbers n[2];
    for (size_t i = 0; i < 2; i++) {
        n[i].count = 0;
        ck_assert_int_eq(stores[i]->vt->read(stores[i], f, note_number, &n[i], NULL), EVAC_OK);
    }
    ck_assert_uint_eq(n[0].count, n[1].count);
    ck_assert_mem_eq(n[0].seq, n[1].seq, n[0].count * sizeof n[0].seq[0]);
}

START_TEST(each_kind_and_any_two_are_found_in_order_whether_they_are_indexed_or_not)
{
    struct evac_store *stores[] = { open_store(), evac_store_new_memory("n", "b") };
    add_kinds(stores[0]);
    add_kinds(stores[1]);
    for (unsigned a = 0; a < EVAC_RECORD_KIND_COUNT; a++)
        for (unsigned b = 0; b <= a; b++)
            for (unsigned way = 0; way < 8; way++) {
                const struct evac_store_filter f = {
                    .kinds = UINT64_C(1) << a | UINT64_C(1) << b,
                    .newest_first = way & 1,
                    .app = way & 2 ? EVAC_STR("odd") : EVAC_STR_NONE,
                    .limit = way & 4 ? 2 : 0,
                    .after_seq = way & 4 ? 5 : 0,
                    .before_seq = way & 2 ? KINDS_ROWS - 4 : 0,
                    .run = way == 7 ? 2 : 0,
                };
                both_say_the_same(stores, &f);
            }
    evac_store_close(stores[0]);
    evac_store_close(stores[1]);
}
END_TEST

/* Runs long ago, and rows of machines since. */
static void add_past(struct evac_store *store, uint64_t runs, uint64_t since)
{
    static struct evac_record rows[5000];
    for (uint64_t i = 0; i < runs + since; i++) {
        rows[i] = row(i + 1);
        rows[i].kind = i < runs ? EVAC_RECORD_TERMINAL : EVAC_RECORD_LAG;
        rows[i].app = i % 2 ? EVAC_STR("odd") : EVAC_STR("even");
    }
    ck_assert_int_eq(store->vt->append(store, rows, runs + since, NULL), EVAC_OK);
}

#define LITTLE 3000u /* steps of SQLite: some tens a row that is found, whatever else there is */

static void look_at_the_past(struct evac_store *store, bool indexed)
{
    const struct evac_store_filter asked[] = {
        { .kinds = EVAC_KIND(TERMINAL), .newest_first = true, .limit = 20, .light = true },
        { .kinds = EVAC_KIND(TERMINAL), .app = EVAC_STR("odd"), .newest_first = true, .limit = 20 },
        { .kinds = EVAC_KIND(EVIDENCE) | EVAC_KIND(DRILL), .app = EVAC_STR("odd") },
        { .kinds = EVAC_KIND(EVIDENCE) | EVAC_KIND(DRILL), .newest_first = true },
    };
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        struct seen seen = read_all(store, asked[i]);
        ck_assert_uint_eq(seen.count, asked[i].limit);
        if (indexed)
            ck_assert_uint_lt(evac_store_sqlite_work(store), LITTLE);
        else
            ck_assert_uint_gt(evac_store_sqlite_work(store), 2 * LITTLE);
    }
}

START_TEST(what_is_asked_by_its_kind_is_found_without_looking_at_every_row)
{
    struct evac_store *store = open_store();
    add_past(store, 100, 4000);
    look_at_the_past(store, true);
    evac_store_close(store);
}
END_TEST

START_TEST(a_journal_of_before_the_indices_can_be_read_and_has_them_once_it_is_written)
{
    struct evac_store *store = open_store();
    add_past(store, 100, 4000);
    evac_store_close(store);
    sql("DROP INDEX journal_kind; DROP INDEX journal_app_kind; PRAGMA user_version = 1");
    ck_assert_int_eq(try_open(&store, true, NULL), EVAC_OK);
    look_at_the_past(store, false);
    verify_good(store, 4100);
    evac_store_close(store);
    store = open_store();
    look_at_the_past(store, true);
    verify_good(store, 4100);
    evac_store_close(store);
}
END_TEST

START_TEST(a_gap_is_refused_and_nothing_of_the_batch_is_kept)
{
    struct evac_store *store = open_store();
    struct evac_record rows[2] = { row(1), row(3) };
    struct evac_err err;
    ck_assert_int_eq(store->vt->append(store, rows, 2, &err), EVAC_E_STALE);
    ck_assert_uint_eq(store->vt->last_seq(store), 0);
    ck_assert_int_eq(add(store, 1, 2, NULL), EVAC_OK);
    evac_store_close(store);
}
END_TEST

START_TEST(a_second_writer_is_told_who_holds_it)
{
    struct evac_store *store = open_store(), *other = NULL;
    struct evac_err err = { EVAC_OK, "" };
    char pid[32];
    snprintf(pid, sizeof pid, "process %ld", (long)getpid());
    ck_assert_int_eq(try_open(&other, false, &err), EVAC_E_BUSY);
    ck_assert_msg(strstr(err.text, pid) != NULL, "%s", err.text);
    evac_store_close(store);
    evac_store_close(open_store()); /* and it is free again */
}
END_TEST

START_TEST(each_opening_takes_the_next_epoch)
{
    uint64_t first, second;
    struct evac_store *store = open_store();
    ck_assert(store->vt->lead(store, &first));
    evac_store_close(store);
    store = open_store();
    ck_assert(store->vt->lead(store, &second));
    ck_assert_uint_eq(second, first + 1);
    evac_store_close(store);
}
END_TEST

static const struct {
    const char *sql, *says;
} tampering[] = {
    { "UPDATE journal SET text = 'x' WHERE seq = 50", "row 50 was altered" },
    { "UPDATE journal SET number = number + 1 WHERE seq = 50", "row 50 was altered" },
    { "UPDATE journal SET app = 'other' WHERE seq = 50", "row 50 was altered" },
    { "UPDATE journal SET node = 'other' WHERE seq = 50", "row 50 was altered" },
    { "UPDATE journal SET hash = zeroblob(32) WHERE seq = 50", "row 50 was altered" },
    { "UPDATE journal SET prev_hash = zeroblob(32) WHERE seq = 50", "row 50 was altered" },
    { "UPDATE journal SET hash = x'00' WHERE seq = 50", "row 50 was altered" },
    { "UPDATE journal SET kind = 'nonsense' WHERE seq = 50", "row 50 was altered" },
    { "DELETE FROM journal WHERE seq = 50", "row 50 is missing" },
    { "UPDATE journal SET seq = 1000 WHERE seq = 50", "the chain breaks at row" },
    { "UPDATE journal SET seq = 5000 WHERE seq = 50; UPDATE journal SET seq = 50 WHERE seq = 51;"
      "UPDATE journal SET seq = 51 WHERE seq = 5000",
      "row 50 was altered" },
};

START_TEST(tampering_is_found_and_placed)
{
    struct evac_store *store = open_store();
    uint64_t rows;
    struct evac_err err = { EVAC_OK, "" };
    for (uint64_t s = 1; s <= 200; s += 40)
        ck_assert_int_eq(add(store, s, 40, NULL), EVAC_OK);
    evac_store_close(store);
    sql(tampering[_i].sql);
    if (try_open(&store, true, &err) == EVAC_OK) {
        ck_assert_int_eq(evac_store_verify(store, &rows, &err), EVAC_E_CORRUPT);
        ck_assert_uint_eq(rows, 49);
        evac_store_close(store);
    }
    ck_assert_msg(strstr(err.text, tampering[_i].says) != NULL, "%s", err.text);
}
END_TEST

START_TEST(what_is_no_journal_is_said)
{
    struct evac_store *store;
    struct evac_err err = { EVAC_OK, "" };
    FILE *f = fopen(path, "w");
    for (int i = 0; i < 5000; i++)
        fputs("this is not a database", f);
    fclose(f);
    ck_assert_int_eq(try_open(&store, false, &err), EVAC_E_CORRUPT);
    ck_assert_msg(strstr(err.text, path) != NULL, "%s", err.text);
}
END_TEST

START_TEST(a_newer_schema_is_left_alone)
{
    struct evac_store *store;
    struct evac_err err = { EVAC_OK, "" };
    evac_store_close(open_store());
    sql("PRAGMA user_version = 99");
    ck_assert_int_eq(try_open(&store, false, &err), EVAC_E_VERSION);
}
END_TEST

START_TEST(an_empty_file_is_migrated)
{
    sql("PRAGMA user_version = 0");
    struct evac_store *store = open_store();
    ck_assert_int_eq(add(store, 1, 1, NULL), EVAC_OK);
    evac_store_close(store);
}
END_TEST

/* A child appends and tells each acknowledged row through a pipe; it is killed in the middle. */
START_TEST(what_was_acknowledged_survives_kill_9)
{
    int fds[2];
    uint64_t acknowledged = 0, seq;
    ck_assert_int_eq(pipe(fds), 0);
    pid_t child = fork();
    if (child == 0) {
        struct evac_store *store = open_store();
        for (uint64_t s = 1;; s += 3) {
            if (add(store, s, 3, NULL))
                _exit(1);
            seq = s + 2;
            if (write(fds[1], &seq, sizeof seq) != sizeof seq)
                _exit(2);
        }
    }
    close(fds[1]);
    while (acknowledged < 60 + 30 * (uint64_t)_i && read(fds[0], &seq, sizeof seq) == sizeof seq)
        acknowledged = seq;
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    while (read(fds[0], &seq, sizeof seq) == sizeof seq)
        acknowledged = seq;
    close(fds[0]);
    struct evac_store *store = open_store();
    uint64_t last = store->vt->last_seq(store);
    ck_assert_uint_ge(last, acknowledged);
    ck_assert_uint_eq(last % 3, 0); /* whole batches only */
    verify_good(store, last);
    evac_store_close(store);
}
END_TEST

/* The disk refuses to grow: the append fails, the store refuses from then on, and reopened it is
 * whole. */
START_TEST(a_write_that_fails_is_not_retried_on_the_same_handle)
{
    struct rlimit small = { 200000, RLIM_INFINITY }, before;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_store *store = open_store();
    uint64_t s = 1;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    setrlimit(RLIMIT_FSIZE, &small);
    while (s < 100000 && add(store, s, 60, &err) == EVAC_OK)
        s += 60;
    ck_assert_uint_lt(s, 100000);
    ck_assert_int_eq(add(store, s, 1, &err), EVAC_E_STORE);
    setrlimit(RLIMIT_FSIZE, &before);
    ck_assert_int_eq(add(store, s, 1, &err), EVAC_E_STORE); /* room or not: it must be reopened */
    evac_store_close(store);
    store = open_store();
    verify_good(store, s - 1);
    ck_assert_int_eq(add(store, s, 1, &err), EVAC_OK);
    evac_store_close(store);
}
END_TEST

/* How a controller keeps its copy of a journal that another one writes. */
START_TEST(another_stores_rows_are_taken_as_they_are_or_not_at_all)
{
    struct evac_store *from = evac_store_new_memory("other", "its-boot");
    struct evac_store *into[] = { open_store(), evac_store_new_memory("n", "b") };
    struct evac_arena *arena = evac_arena_new();
    struct evac_row rows[4], taken;
    struct evac_err err;
    ck_assert_int_eq(add(from, 1, 4, NULL), EVAC_OK);
    for (uint64_t i = 0; i < 4; i++)
        ck_assert_int_eq(evac_store_row(from, i + 1, arena, &rows[i], NULL), EVAC_OK);
    for (size_t i = 0; i < 2; i++) {
        const struct evac_store_vtable *vt = into[i]->vt;
        ck_assert_int_eq(vt->take(into[i], rows, 2, NULL), EVAC_OK);
        ck_assert_int_eq(vt->take(into[i], &rows[3], 1, &err), EVAC_E_CORRUPT);
        ck_assert_str_eq(err.text, "row 3 is missing: 4 follows 2");
        rows[3].record.number++;
        ck_assert_int_eq(vt->take(into[i], &rows[2], 2, NULL), EVAC_E_CORRUPT);
        rows[3].record.number--;
        verify_good(into[i], 2); /* none of a batch that has a bad row */
        ck_assert_int_eq(vt->take(into[i], &rows[2], 2, NULL), EVAC_OK);
        verify_good(into[i], 4);
        ck_assert_int_eq(evac_store_row(into[i], 4, arena, &taken, NULL), EVAC_OK);
        ck_assert(evac_str_is(taken.node, "other") && evac_str_is(taken.boot_id, "its-boot"));
        ck_assert_int_eq(memcmp(taken.hash, rows[3].hash, 32), 0);
        ck_assert_int_eq(add(into[i], 5, 1, NULL), EVAC_OK); /* and its own go on from there */
        verify_good(into[i], 5);
        evac_store_close(into[i]);
    }
    evac_arena_free(arena);
    evac_store_close(from);
}
END_TEST

START_TEST(memory_fails_and_clones_like_a_disk)
{
    struct evac_store *store = evac_store_new_memory("n", "b"), *copy;
    uint64_t first, second;
    ck_assert_int_eq(add(store, 1, 3, NULL), EVAC_OK);
    copy = evac_store_memory_clone(store);
    verify_good(copy, 3);
    store->vt->lead(store, &first);
    copy->vt->lead(copy, &second);
    ck_assert_uint_eq(second, first + 1);
    evac_store_memory_fail_after(store, 1);
    ck_assert_int_eq(add(store, 4, 1, NULL), EVAC_E_STORE);
    ck_assert(evac_store_memory_damage(copy, 2));
    ck_assert_int_eq(evac_store_verify(copy, &first, NULL), EVAC_E_CORRUPT);
    evac_store_close(store);
    evac_store_close(copy);
}
END_TEST

START_TEST(whether_a_journal_is_held_can_be_seen_without_touching_it)
{
    long pid = 0;
    int64_t since = 0;
    ck_assert(!evac_store_sqlite_held(path, &pid, &since)); /* there is none */
    ck_assert_int_ne(access(path, F_OK), 0);
    struct evac_store *store = open_store();
    ck_assert(evac_store_sqlite_held(path, &pid, &since));
    ck_assert_int_eq(pid, getpid());
    ck_assert(since > 1700000000000);
    evac_store_close(store);
    ck_assert(!evac_store_sqlite_held(path, &pid, &since)); /* the file is there, the lock is not */
    store = open_store();                                   /* and looking has not kept it */
    evac_store_close(store);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("store");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, rows_come_back_as_they_went_in);
    tcase_add_test(tc, filters_choose_and_order);
    tcase_add_test(tc, each_kind_and_any_two_are_found_in_order_whether_they_are_indexed_or_not);
    tcase_add_test(tc, what_is_asked_by_its_kind_is_found_without_looking_at_every_row);
    tcase_add_test(tc, a_journal_of_before_the_indices_can_be_read_and_has_them_once_it_is_written);
    tcase_add_test(tc, a_gap_is_refused_and_nothing_of_the_batch_is_kept);
    tcase_add_test(tc, a_second_writer_is_told_who_holds_it);
    tcase_add_test(tc, whether_a_journal_is_held_can_be_seen_without_touching_it);
    tcase_add_test(tc, each_opening_takes_the_next_epoch);
    tcase_add_loop_test(tc, tampering_is_found_and_placed, 0,
                        (int)(sizeof tampering / sizeof tampering[0]));
    tcase_add_test(tc, what_is_no_journal_is_said);
    tcase_add_test(tc, a_newer_schema_is_left_alone);
    tcase_add_test(tc, an_empty_file_is_migrated);
    tcase_add_loop_test(tc, what_was_acknowledged_survives_kill_9, 0, 5);
    tcase_add_test(tc, a_write_that_fails_is_not_retried_on_the_same_handle);
    tcase_add_test(tc, another_stores_rows_are_taken_as_they_are_or_not_at_all);
    tcase_add_test(tc, memory_fails_and_clones_like_a_disk);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("store", cases)

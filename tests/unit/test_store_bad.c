/* A journal's file that somebody or something changed, or that can not be had at all: what is said,
 * and that nothing is made worse. */
#include "evac/arena.h"
#include "sqlite_head.h"
#include "sqlite_lock.h"
#include "store_memory.h"
#include "suite.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64], path[128];
static struct evac_err err;

static void setup(void)
{
    snprintf(dir, sizeof dir, "/tmp/evac-store-bad-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/journal.db", dir);
    err = (struct evac_err){ EVAC_OK, "" };
}

static void teardown(void)
{
    static const char *const endings[] = { "",         "-wal",  "-shm",    ".lock",
                                           ".ballast", ".head", "-journal" };
    char name[160];
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        snprintf(name, sizeof name, "%s%s", path, endings[i]);
        if (unlink(name) != 0)
            rmdir(name);
    }
    rmdir(dir);
}

static enum evac_code open_with(const char *at, bool read_only, uint64_t ballast,
                                struct evac_store **ret)
{
    const struct evac_store_options o = {
        .path = at, .node = "n", .boot_id = "b", .read_only = read_only, .ballast_bytes = ballast
    };
    *ret = NULL;
    return evac_store_open_sqlite(&o, ret, &err);
}

static void fill(unsigned rows)
{
    struct evac_store *store;
    ck_assert_msg(open_with(path, false, 0, &store) == EVAC_OK, "%s", err.text);
    for (uint64_t seq = 1; seq <= rows; seq++) {
        const struct evac_record r = { .seq = seq,
                                       .kind = EVAC_RECORD_LAG,
                                       .app = EVAC_STR("shop") };
        ck_assert_int_eq(store->vt->append(store, &r, 1, &err), EVAC_OK);
    }
    evac_store_close(store);
}

static void sql(const char *text)
{
    sqlite3 *db;
    char *why = NULL;
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(db, text, NULL, NULL, &why) == SQLITE_OK, "%s: %s", text, why);
    sqlite3_close(db);
}

/* --- what stands in it ---------------------------------------------------------------------------
 */

/* tail: among the last rows, which every opening verifies. */
static const struct {
    const char *change, *says;
    bool tail;
} changes[] = {
    { "UPDATE journal SET kind = 'nonsense' WHERE seq = 100",
      "a column is not what a journal holds", true },
    { "UPDATE journal SET hash = x'00' WHERE seq = 100", "a column is not what a journal holds",
      true },
    { "UPDATE journal SET prev_hash = x'' WHERE seq = 100", "a column is not what a journal holds",
      true },
    { "UPDATE journal SET number = 7 WHERE seq = 100", "the chain breaks at row 100", true },
    { "UPDATE journal SET text = 'x' WHERE seq = 99", "the chain breaks at row 99", true },
    { "UPDATE journal SET prev_hash = zeroblob(32) WHERE seq = 98", "the chain breaks at row 98",
      true },
    { "DELETE FROM journal WHERE seq = 97", "the chain breaks at row 97", true },
    { "UPDATE journal SET seq = 200 WHERE seq = 100", "the chain breaks at row 200", true },
    { "DROP TABLE meta", "no such table: meta", true },
    { "DROP TABLE journal", "no such table: journal", true },
    { "ALTER TABLE journal RENAME COLUMN who TO whom", "who", true },
    { "UPDATE journal SET kind = 'nonsense' WHERE seq = 3", "row 3", false },
    { "UPDATE journal SET hash = zeroblob(32) WHERE seq = 3", "row 3", false },
    { "UPDATE journal SET data = 'x' WHERE seq = 4", "row 4", false },
    { "UPDATE journal SET node = 'other' WHERE seq = 5", "row 5", false },
    { "DELETE FROM journal WHERE seq = 6", "row", false },
    { "DELETE FROM journal WHERE seq = 1", "row", false },
};

START_TEST(what_was_changed_is_found_and_said)
{
    struct evac_store *store;
    uint64_t good = 0;
    fill(100);
    sql(changes[_i].change);
    enum evac_code code = open_with(path, false, 0, &store);
    ck_assert_msg((code != EVAC_OK) == changes[_i].tail, "%s: %s", changes[_i].change, err.text);
    if (!code)
        code = evac_store_verify(store, &good, &err);
    ck_assert_msg(code != EVAC_OK && strstr(err.text, changes[_i].says), "%s: %s",
                  changes[_i].change, err.text);
    ck_assert_uint_lt(good, 100);
    evac_store_close(store);
    ck_assert_msg(open_with(path, true, 0, &store) != EVAC_OK || !changes[_i].tail ||
                      strcmp(changes[_i].change, "DROP TABLE meta") == 0,
                  "read only: %s", changes[_i].change);
    evac_store_close(store);
}
END_TEST

/* --- where it stands -----------------------------------------------------------------------------
 */

START_TEST(a_path_that_can_not_be_is_said_and_nothing_is_made)
{
    struct evac_store *store;
    static char longest[5000];
    char below[160];
    memset(longest, 'x', sizeof longest - 1);
    longest[0] = '/';
    ck_assert_int_eq(open_with(longest, false, 0, &store), EVAC_E_TOOBIG);
    ck_assert_ptr_null(store);
    long pid = 7;
    int64_t since = 7;
    ck_assert(!evac_store_sqlite_held(longest, &pid, &since) && pid == 7);
    struct evac_chain chain;
    ck_assert(!evac_sqlite_head_read(longest, &chain));
    evac_sqlite_ballast_make(longest, 4096);
    ck_assert(!evac_sqlite_ballast_drop(longest));
    snprintf(below, sizeof below, "%s/none/journal.db", dir);
    ck_assert_int_eq(open_with(below, false, 0, &store), EVAC_E_IO);
    ck_assert_msg(strstr(err.text, "No such file"), "%s", err.text);
    ck_assert_int_ne(open_with(below, true, 0, &store), EVAC_OK);
    ck_assert_int_eq(open_with(dir, false, 0, &store), EVAC_E_IO); /* a folder */
    snprintf(below, sizeof below, "%s.lock", dir);
    unlink(below);
    ck_assert_int_eq(symlink("/etc/passwd", path), 0);
    ck_assert_int_eq(open_with(path, false, 0, &store), EVAC_E_IO); /* nobody is led elsewhere */
}
END_TEST

START_TEST(a_lock_that_is_no_file_keeps_everybody_out)
{
    struct evac_store *store;
    char lock[160];
    snprintf(lock, sizeof lock, "%s.lock", path);
    ck_assert_int_eq(mkdir(lock, 0700), 0);
    ck_assert_int_eq(open_with(path, false, 0, &store), EVAC_E_IO);
    ck_assert_msg(strstr(err.text, ".lock"), "%s", err.text);
    ck_assert_ptr_null(store);
}
END_TEST

START_TEST(whoever_holds_the_lock_without_a_number_is_unknown)
{
    struct evac_store *store;
    char lock[160];
    long pid = 7;
    int64_t since = 0;
    snprintf(lock, sizeof lock, "%s.lock", path);
    int fd = open(lock, O_RDWR | O_CREAT, 0600);
    ck_assert(fd >= 0 && flock(fd, LOCK_EX) == 0);
    ck_assert_int_eq(open_with(path, false, 0, &store), EVAC_E_BUSY);
    ck_assert_msg(strstr(err.text, "process unknown"), "%s", err.text);
    ck_assert(evac_store_sqlite_held(path, &pid, &since));
    ck_assert_int_eq(pid, 0);
    ck_assert_int_gt(since, 0);
    close(fd);
    ck_assert(!evac_store_sqlite_held(path, &pid, &since));
    fill(1);
}
END_TEST

START_TEST(the_ballast_is_made_once_kept_and_given_up)
{
    struct evac_store *store;
    char ballast[160];
    struct stat st, again;
    snprintf(ballast, sizeof ballast, "%s.ballast", path);
    ck_assert_int_eq(open_with(path, false, 65536, &store), EVAC_OK);
    ck_assert(stat(ballast, &st) == 0 && st.st_size == 65536 && (st.st_mode & 0777) == 0600);
    ck_assert(!evac_store_sqlite_ballast_used(store));
    evac_store_close(store);
    ck_assert_int_eq(open_with(path, false, 65536, &store), EVAC_OK);
    ck_assert(stat(ballast, &again) == 0 && again.st_ino == st.st_ino);
    evac_store_close(store);
    ck_assert(evac_sqlite_ballast_drop(path) && !evac_sqlite_ballast_drop(path));
    ck_assert_int_eq(mkdir(ballast, 0700), 0); /* no room for one is no reason not to work */
    ck_assert_int_eq(open_with(path, false, 65536, &store), EVAC_OK);
    evac_store_close(store);
}
END_TEST

/* A disk that was full has room again: the reserve is made anew, where there was to be one. */
START_TEST(the_ballast_is_made_again_once_there_is_room)
{
    struct evac_store *store;
    char ballast[160];
    struct stat st;
    snprintf(ballast, sizeof ballast, "%s.ballast", path);
    ck_assert_int_eq(mkdir(ballast, 0700), 0); /* it can not be made */
    ck_assert_int_eq(open_with(path, false, 65536, &store), EVAC_OK);
    ck_assert(evac_store_sqlite_ballast_used(store));
    ck_assert(!evac_store_sqlite_ballast_again(store) && evac_store_sqlite_ballast_used(store));
    ck_assert_int_eq(rmdir(ballast), 0);
    ck_assert(evac_store_sqlite_ballast_again(store) && !evac_store_sqlite_ballast_used(store));
    ck_assert(stat(ballast, &st) == 0 && st.st_size == 65536);
    evac_store_close(store);
    ck_assert_int_eq(open_with(path, true, 65536, &store), EVAC_OK); /* reading alone needs none */
    ck_assert(!evac_store_sqlite_ballast_again(store));
    evac_store_close(store);
    ck_assert_int_eq(open_with(path, false, 0, &store), EVAC_OK);
    ck_assert(!evac_store_sqlite_ballast_again(store));
    evac_store_close(store);
    store = evac_store_new_memory("n", "b");
    ck_assert(!evac_store_sqlite_ballast_again(store));
    evac_store_close(store);
}
END_TEST

/* A reserve that would itself fill the disk is none. */
START_TEST(a_ballast_larger_than_the_disk_is_not_begun)
{
    struct evac_store *store;
    char ballast[160];
    struct stat st;
    snprintf(ballast, sizeof ballast, "%s.ballast", path);
    ck_assert_int_eq(open_with(path, false, UINT64_C(1) << 60, &store), EVAC_OK);
    ck_assert(evac_store_sqlite_ballast_used(store));
    ck_assert_int_ne(stat(ballast, &st), 0);
    evac_store_close(store);
}
END_TEST

static void limit_files(rlim_t bytes)
{
    static struct rlimit before;
    struct rlimit limit;
    if (before.rlim_max == 0)
        ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    if (bytes)
        limit.rlim_cur = bytes;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* As on a full disk: whoever can not begin says so, holds nothing, and leaves no half of a
 * reserve. */
START_TEST(where_nothing_can_be_written_nothing_is_begun_and_nothing_held)
{
    struct evac_store *store;
    char ballast[160];
    struct stat st;
    long pid;
    int64_t since;
    signal(SIGXFSZ, SIG_IGN);
    limit_files(1);
    enum evac_code code = open_with(path, false, 0, &store);
    limit_files(0);
    ck_assert_msg(code == EVAC_E_STORE && !store, "%s", err.text);
    ck_assert(!evac_store_sqlite_held(path, &pid, &since));
    limit_files(1u << 20);
    code = open_with(path, false, 8u << 20, &store);
    limit_files(0);
    ck_assert_msg(code == EVAC_OK, "%s", err.text);
    ck_assert(evac_store_sqlite_ballast_used(store));
    snprintf(ballast, sizeof ballast, "%s.ballast", path);
    ck_assert_int_ne(stat(ballast, &st), 0);
    evac_store_close(store);
}
END_TEST

START_TEST(without_its_head_a_journal_works)
{
    char head[160];
    snprintf(head, sizeof head, "%s.head", path);
    ck_assert_int_eq(mkdir(head, 0700), 0);
    fill(3);
    fill(0); /* opened again */
    ck_assert_int_eq(rmdir(head), 0);
}
END_TEST

START_TEST(who_only_reads_changes_nothing)
{
    struct evac_store *store;
    const struct evac_record r = { .seq = 4, .kind = EVAC_RECORD_LAG };
    uint64_t epoch = 0;
    fill(3);
    ck_assert_int_eq(open_with(path, true, 65536, &store), EVAC_OK);
    ck_assert_int_eq(store->vt->append(store, &r, 1, &err), EVAC_E_REFUSED);
    ck_assert(!store->vt->lead(store, &epoch));
    ck_assert_uint_eq(store->vt->last_seq(store), 3);
    evac_store_close(store);
    evac_store_close(NULL);
    evac_sqlite_unlock(NULL);
}
END_TEST

START_TEST(a_row_that_is_not_there_is_said_not_to_be)
{
    struct evac_store *store;
    struct evac_arena *arena = evac_arena_new();
    struct evac_row row;
    fill(3);
    ck_assert_int_eq(open_with(path, false, 0, &store), EVAC_OK);
    for (uint64_t seq = 1; seq <= 3; seq++) {
        ck_assert_int_eq(evac_store_row(store, seq, arena, &row, &err), EVAC_OK);
        ck_assert(row.record.seq == seq && evac_str_is(row.record.app, "shop"));
    }
    ck_assert_int_eq(evac_store_row(store, 4, arena, &row, &err), EVAC_E_NOTFOUND);
    ck_assert_int_eq(evac_store_row(store, 0, arena, &row, &err), EVAC_E_NOTFOUND);
    evac_store_close(store);
    sql("DELETE FROM journal WHERE seq = 2");
    ck_assert_int_eq(open_with(path, true, 0, &store), EVAC_E_CORRUPT);
    store = evac_store_new_memory("n", "b");
    ck_assert(!evac_store_sqlite_ballast_used(store)); /* it has none */
    ck_assert_uint_eq(evac_store_sqlite_work(store), 0);
    evac_store_close(store);
    evac_arena_free(arena);
}
END_TEST

/* One whose schema is of before: who only reads it can not make it newer. */
START_TEST(an_old_schema_is_read_or_it_is_said_what_to_do)
{
    struct evac_store *store;
    ck_assert_int_eq(open_with(path, false, 0, &store), EVAC_OK);
    evac_store_close(store);
    sql("PRAGMA user_version = 0");
    ck_assert_int_eq(open_with(path, true, 0, &store), EVAC_E_VERSION);
    ck_assert_msg(strstr(err.text, "start a controller on it once"), "%s", err.text);
    ck_assert_int_ne(open_with(path, false, 0, &store), EVAC_OK); /* its tables are there already */
    ck_assert_ptr_null(store);
    sql("PRAGMA user_version = 99");
    ck_assert_int_eq(open_with(path, false, 0, &store), EVAC_E_VERSION);
    ck_assert_msg(strstr(err.text, "use a newer one"), "%s", err.text);
}
END_TEST

/* --- memory's ------------------------------------------------------------------------------------
 */

static bool stop_at_two(void *user, const struct evac_row *row)
{
    *(uint64_t *)user = row->record.seq;
    return row->record.seq != 2;
}

START_TEST(a_journal_in_memory_answers_as_one_on_a_disk)
{
    struct evac_store *store = evac_store_new_memory("n", "b");
    struct evac_record rows[4];
    uint64_t seen = 0;
    for (uint64_t i = 0; i < 4; i++)
        rows[i] = (struct evac_record){ .seq = i + 1,
                                        .kind = i % 2 ? EVAC_RECORD_LAG : EVAC_RECORD_STEP,
                                        .run = i / 2,
                                        .app = i ? EVAC_STR("a") : EVAC_STR("b") };
    ck_assert_int_eq(store->vt->append(store, rows + 1, 1, &err), EVAC_E_STALE);
    ck_assert_int_eq(store->vt->append(store, rows, 4, &err), EVAC_OK);
    const struct {
        struct evac_store_filter filter;
        uint64_t last;
    } asked[] = {
        { { 0 }, 2 },
        { { .after_seq = 2 }, 4 },
        { { .before_seq = 2 }, 1 },
        { { .before_seq = 4, .after_seq = 2 }, 3 },
        { { .run = 1 }, 4 },
        { { .app = { "b", 1 } }, 1 },
        { { .kinds = EVAC_KIND(STEP) }, 3 },
        { { .newest_first = true }, 2 },
        { { .newest_first = true, .limit = 1 }, 4 },
        { { .limit = 1 }, 1 },
    };
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        seen = 0;
        ck_assert_int_eq(store->vt->read(store, &asked[i].filter, stop_at_two, &seen, &err),
                         EVAC_OK);
        ck_assert_msg(seen == asked[i].last, "%zu: %llu", i, (unsigned long long)seen);
    }
    ck_assert(!evac_store_memory_damage(store, 0) && !evac_store_memory_damage(store, 5));
    ck_assert(evac_store_memory_damage(store, 3));
    ck_assert_int_eq(evac_store_verify(store, &seen, &err), EVAC_E_CORRUPT);
    ck_assert_uint_eq(seen, 2);
    evac_store_close(store);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tc = tcase_create("store bad");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, what_was_changed_is_found_and_said, 0,
                        sizeof changes / sizeof changes[0]);
    tcase_add_test(tc, a_path_that_can_not_be_is_said_and_nothing_is_made);
    tcase_add_test(tc, a_lock_that_is_no_file_keeps_everybody_out);
    tcase_add_test(tc, whoever_holds_the_lock_without_a_number_is_unknown);
    tcase_add_test(tc, the_ballast_is_made_once_kept_and_given_up);
    tcase_add_test(tc, the_ballast_is_made_again_once_there_is_room);
    tcase_add_test(tc, a_ballast_larger_than_the_disk_is_not_begun);
    tcase_add_test(tc, where_nothing_can_be_written_nothing_is_begun_and_nothing_held);
    tcase_add_test(tc, without_its_head_a_journal_works);
    tcase_add_test(tc, who_only_reads_changes_nothing);
    tcase_add_test(tc, a_row_that_is_not_there_is_said_not_to_be);
    tcase_add_test(tc, an_old_schema_is_read_or_it_is_said_what_to_do);
    tcase_add_test(tc, a_journal_in_memory_answers_as_one_on_a_disk);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("store bad", add_cases)

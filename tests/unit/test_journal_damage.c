/*
 * A journal that was damaged: all of it is found and placed, nothing altered is believed, and what
 * can be read is read. Real files: one that was written back in part, and its log.
 *
 * Without EVAC_TORTURE=all some of the places are left out.
 */
#include "chain.h"
#include "evac/arena.h"
#include "sqlite_salvage.h"
#include "store.h"
#include "store_memory.h"
#include "suite.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OLD  40u /* rows that were written back to the file */
#define ROWS 80u /* ... and with those that only the log has */

struct bytes {
    unsigned char *p;
    size_t n;
};

static char dir[64], path[128];
static struct bytes main_file, log_file, head_file; /* as a crash leaves them */

static bool everything(void)
{
    const char *want = getenv("EVAC_TORTURE");
    return want && strcmp(want, "all") == 0;
}

static uint64_t draw(void)
{
    static uint64_t state = 88172645463325252;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* --- files --- */

static void name_of(const char *ending, char *name, size_t bytes)
{
    snprintf(name, bytes, "%s%s", path, ending);
}

static struct bytes load(const char *ending)
{
    char name[160];
    struct stat st;
    name_of(ending, name, sizeof name);
    int fd = open(name, O_RDONLY);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fstat(fd, &st), 0);
    struct bytes b = { malloc((size_t)st.st_size + 1), (size_t)st.st_size };
    ck_assert_int_eq(read(fd, b.p, b.n), (ssize_t)b.n);
    close(fd);
    return b;
}

static void save(const char *ending, struct bytes b)
{
    char name[160];
    name_of(ending, name, sizeof name);
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_eq(write(fd, b.p, b.n), (ssize_t)b.n);
    close(fd);
}

static void remove_all(void)
{
    static const char *const endings[] = { "", "-wal", "-shm", ".lock", ".head" };
    char name[160];
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        name_of(endings[i], name, sizeof name);
        unlink(name);
    }
}

static void lay_out(struct bytes file, struct bytes log)
{
    remove_all();
    save("", file);
    save("-wal", log);
    save(".head", head_file);
}

/* --- a journal --- */

static struct evac_record row(uint64_t seq)
{
    static char data[3000];
    memset(data, 'x', sizeof data);
    return (struct evac_record){ .seq = seq,
                                 .kind = EVAC_RECORD_STEP,
                                 .run = 1 + seq / 10,
                                 .step = (uint32_t)seq,
                                 .attempt = 1,
                                 .epoch = 3,
                                 .t_boot_ms = seq * 10,
                                 .t_wall_ms = 1700000000000 + (int64_t)seq,
                                 .app = seq % 2 ? EVAC_STR("shop") : EVAC_STR("desk"),
                                 .name = EVAC_STR("promote"),
                                 .from = EVAC_STR("waiting"),
                                 .event = EVAC_STR("ready"),
                                 .to = EVAC_STR("observing"),
                                 .who = EVAC_STR("policy"),
                                 .text = EVAC_STR("why"),
                                 .request_id = EVAC_STR("r-1"),
                                 /* one in twenty is longer than a page */
                                 .data = { data, seq % 20 ? 30 : 3000 + seq % 20 } };
}

static void write_rows(struct evac_store *store, uint64_t from, uint64_t to)
{
    for (uint64_t seq = from; seq <= to; seq++) {
        struct evac_record r = row(seq);
        ck_assert_int_eq(store->vt->append(store, &r, 1, NULL), EVAC_OK);
    }
}

static struct evac_store *open_store(bool read_only, struct evac_err *err)
{
    struct evac_store *store = NULL;
    const struct evac_store_options o = {
        .path = path, .node = "n", .boot_id = "b", .read_only = read_only
    };
    return evac_store_open_sqlite(&o, &store, err) ? NULL : store;
}

/* Behind the last frame there is room for more, which holds nothing that could be lost. */
static size_t without_room(struct bytes log)
{
    size_t n = log.n, frame = 24 + 4096;
    while (n > 32 && log.p[n - 1] == 0)
        n--;
    return 32 + (n - 32 + frame - 1) / frame * frame;
}

static void setup(void)
{
    struct evac_err err = { EVAC_OK, "" };
    snprintf(dir, sizeof dir, "%s/evac-damage-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/journal.db", dir);
    struct evac_store *store = open_store(false, &err);
    write_rows(store, 1, OLD);
    evac_store_close(store);
    store = open_store(false, &err);
    write_rows(store, OLD + 1, ROWS);
    main_file = load("");
    log_file = load("-wal");
    log_file.n = without_room(log_file);
    head_file = load(".head");
    evac_store_close(store);
}

static void teardown(void)
{
    remove_all();
    rmdir(dir);
    free(main_file.p);
    free(log_file.p);
    free(head_file.p);
}

/* --- looking --- */

struct look {
    bool good[ROWS + 1], told[ROWS + 1];
    uint64_t good_rows;
};

static bool as_written(const struct evac_row *r)
{
    struct evac_record want = row(r->record.seq);
    return r->record.seq <= ROWS && evac_str_eq(r->record.app, want.app) &&
           r->record.run == want.run && r->record.t_wall_ms == want.t_wall_ms &&
           evac_str_eq(r->record.name, want.name) && evac_str_eq(r->record.data, want.data);
}

static void look(void *user, const struct evac_salvaged *what)
{
    struct look *l = user;
    for (uint64_t seq = what->from; seq <= what->to && seq <= ROWS; seq++)
        l->told[seq] = true;
    if (!what->row || what->problem[0])
        return;
    ck_assert_msg(as_written(what->row), "row %llu is called good and is not",
                  (unsigned long long)what->from);
    l->good[what->from] = true;
    l->good_rows++;
}

static bool salvaged_whole(struct look *l)
{
    struct evac_salvage s;
    struct evac_err err = { EVAC_OK, "" };
    memset(l, 0, sizeof *l);
    ck_assert_msg(evac_store_salvage(path, look, l, &s, &err) == EVAC_OK, "%s", err.text);
    bool whole = evac_salvage_is_whole(&s);
    for (uint64_t seq = 1; seq <= ROWS; seq++)
        ck_assert_msg(l->told[seq], "nothing is said about row %llu", (unsigned long long)seq);
    evac_salvage_done(&s);
    return whole;
}

static bool count_as_written(void *user, const struct evac_row *r)
{
    uint64_t *count = user;
    ck_assert_msg(as_written(r), "row %llu was read altered", (unsigned long long)r->record.seq);
    ++*count;
    return true;
}

/* As a controller begins: it is opened to write, and replayed. All rows as they were, or refused
 * with words that name the place. */
static bool begins(const char *when)
{
    struct evac_err err = { EVAC_OK, "" };
    struct evac_store *store = open_store(false, &err);
    uint64_t count = 0;
    enum evac_code code = store ? EVAC_OK : err.code;
    if (store) {
        struct evac_store_filter all = { 0 };
        code = store->vt->read(store, &all, count_as_written, &count, &err);
    }
    evac_store_close(store);
    ck_assert_msg(code || count == ROWS, "%s: only %llu rows were read, and nothing was said", when,
                  (unsigned long long)count);
    ck_assert_msg(!code || code == EVAC_E_CORRUPT || code == EVAC_E_STORE || code == EVAC_E_VERSION,
                  "%s: %s", when, err.text);
    ck_assert_msg(!code || strstr(err.text, "journal") || strstr(err.text, "row"), "%s: %s", when,
                  err.text);
    return !code;
}

static struct bytes copy(struct bytes b)
{
    struct bytes c = { malloc(b.n + 1), b.n };
    memcpy(c.p, b.p, b.n);
    return c;
}

/* --- the tests --- */

START_TEST(an_undamaged_one_is_whole)
{
    struct look l;
    lay_out(main_file, log_file);
    ck_assert(salvaged_whole(&l));
    ck_assert_uint_eq(l.good_rows, ROWS);
    ck_assert(begins("undamaged"));
}
END_TEST

/* One byte of the file or of the log, each bit or all of them. */
static void flip(bool in_log, size_t at, unsigned char bits)
{
    char when[64];
    struct look l;
    struct bytes damaged = copy(in_log ? log_file : main_file);
    damaged.p[at] ^= bits;
    snprintf(when, sizeof when, "byte %zu of the %s, bits %02x", at, in_log ? "log" : "file", bits);
    lay_out(in_log ? main_file : damaged, in_log ? damaged : log_file);
    bool whole = salvaged_whole(&l); /* or it said something: look() has compared what is good */
    ck_assert_msg(!whole || l.good_rows == ROWS, "%s: not found", when);
    lay_out(in_log ? main_file : damaged, in_log ? damaged : log_file);
    (void)begins(when);
    free(damaged.p);
}

START_TEST(a_byte_that_was_flipped_is_found_or_is_none_of_a_rows)
{
    struct bytes of = _i ? log_file : main_file;
    if (everything())
        for (size_t at = 0; at < of.n; at++)
            flip(_i != 0, at, 0xff);
    for (unsigned n = 0; n < (everything() ? 10000u : 120u); n++)
        flip(_i != 0, draw() % of.n, (unsigned char)(1u << draw() % 8));
}
END_TEST

/* Every byte of a record's cell: none of these is free space. */
START_TEST(every_byte_of_a_record_counts)
{
    static const char words[] = "waitingreadyobservingpolicywhyr-1"; /* as its columns lie there */
    const unsigned char *cell = memmem(main_file.p, main_file.n, words, sizeof words - 1);
    ck_assert_ptr_nonnull(cell);
    size_t from = (size_t)(cell - main_file.p) - 50, to = from + 220;
    unsigned found = 0;
    for (size_t at = from; at < to; at += everything() ? 1 : 3) {
        struct look l;
        struct bytes damaged = copy(main_file);
        damaged.p[at] ^= 0x10;
        lay_out(damaged, log_file);
        found += !salvaged_whole(&l) && l.good_rows >= ROWS - 2;
        free(damaged.p);
    }
    ck_assert_uint_ge(found, everything() ? 200 : 66); /* all but padding at the ends, if any */
}
END_TEST

static size_t frames(void)
{
    return (log_file.n - 32) / (24 + 4096);
}

/* SQLite alone would go on from before the damage, without a word. */
START_TEST(a_damaged_log_loses_only_what_was_on_the_damaged_page)
{
    for (size_t f = 0; f < frames(); f += everything() ? 1 : 5) {
        struct look l;
        struct bytes damaged = copy(log_file);
        size_t at = 32 + f * (24 + 4096) + 24 + 4000;
        damaged.p[at] ^= 1;
        lay_out(main_file, damaged);
        ck_assert(!salvaged_whole(&l));
        ck_assert_uint_ge(l.good_rows, ROWS - 15);
        lay_out(main_file, damaged);
        ck_assert_msg(!begins("damaged log"), "frame %zu: nobody saw it", f);
        free(damaged.p);
    }
}
END_TEST

START_TEST(a_cut_is_found_and_what_is_left_is_read)
{
    struct look l;
    struct bytes none = { log_file.p, 0 };
    for (size_t n = log_file.n; n > 40; n -= n > 9000 ? 9000 : 40) {
        struct bytes cut = { log_file.p, n - 40 };
        lay_out(main_file, cut);
        ck_assert(!salvaged_whole(&l));
        ck_assert_uint_ge(l.good_rows, OLD);
        lay_out(main_file, cut);
        ck_assert(!begins("cut log"));
    }
    for (size_t n = main_file.n; n > 4096 * 8; n -= 2500) {
        struct bytes cut = { main_file.p, n - 100 };
        lay_out(cut, none);
        ck_assert(!salvaged_whole(&l));
        lay_out(cut, none);
        ck_assert(!begins("cut file"));
    }
}
END_TEST

/* The pages on which SQLite's own reading begins. */
START_TEST(without_its_first_pages_the_rows_are_read_all_the_same)
{
    struct bytes none = { log_file.p, 0 };
    for (size_t page = 0; page < 4; page++) {
        struct look l;
        struct bytes damaged = copy(main_file);
        memset(damaged.p + page * 4096, 0xa5, 4096);
        lay_out(damaged, none);
        ck_assert(!salvaged_whole(&l));
        ck_assert_msg(l.good_rows == OLD, "page %zu: %llu rows", page + 1,
                      (unsigned long long)l.good_rows);
        lay_out(damaged, none);
        ck_assert(!begins("first pages"));
        free(damaged.p);
    }
}
END_TEST

START_TEST(an_older_copy_put_back_is_said)
{
    struct evac_err err = { EVAC_OK, "" };
    struct bytes none = { log_file.p, 0 };
    lay_out(main_file, none); /* as it was after row OLD; the head knows of ROWS */
    ck_assert_ptr_null(open_store(false, &err));
    ck_assert_msg(strstr(err.text, "rows 41 to 80 are gone") && strstr(err.text, path), "%s",
                  err.text);
    ck_assert_ptr_null(open_store(true, &err));
    remove_all();
    save("", main_file); /* without the head nobody can know, and it begins */
    struct evac_store *store = open_store(false, &err);
    ck_assert_ptr_nonnull(store);
    ck_assert_uint_eq(store->vt->last_seq(store), OLD);
    evac_store_close(store);
}
END_TEST

START_TEST(refusing_changes_nothing)
{
    struct bytes damaged = copy(main_file), after;
    damaged.p[main_file.n - 2000] ^= 4;
    struct evac_err err;
    for (size_t at = main_file.n - 1; at > 8192; at -= 37) /* until one row is hit */
        damaged.p[at] ^= 1;
    lay_out(damaged, log_file);
    ck_assert_ptr_null(open_store(false, &err));
    after = load("");
    ck_assert(after.n == damaged.n && memcmp(after.p, damaged.p, after.n) == 0);
    free(after.p);
    after = load("-wal");
    ck_assert(after.n == log_file.n && memcmp(after.p, log_file.p, after.n) == 0);
    free(after.p);
    free(damaged.p);
}
END_TEST

/* Every frame says itself which log it is of, and how its sum is made is found by trying. */
START_TEST(a_log_whose_header_is_damaged_costs_no_row)
{
    for (size_t at = 0; at < 32; at++) {
        struct look l;
        struct bytes damaged = copy(log_file);
        damaged.p[at] ^= 1;
        lay_out(main_file, damaged);
        ck_assert_msg(!salvaged_whole(&l), "byte %zu: nothing is said", at);
        ck_assert_msg(l.good_rows == ROWS, "byte %zu: %llu rows", at,
                      (unsigned long long)l.good_rows);
        free(damaged.p);
    }
}
END_TEST

/* SQLite begins its log anew over the old one: what lies behind the newest is of before. */
START_TEST(what_an_earlier_log_left_behind_is_none_of_the_journals)
{
    struct look l;
    size_t one = 24 + 4096;
    struct bytes longer = { malloc(log_file.n + one), log_file.n + one };
    memcpy(longer.p, log_file.p, log_file.n);
    memcpy(longer.p + log_file.n, log_file.p + 32, one);
    longer.p[log_file.n + 8] ^= 1; /* the earlier one's salt */
    lay_out(main_file, longer);
    ck_assert(salvaged_whole(&l));
    ck_assert_uint_eq(l.good_rows, ROWS);
    free(longer.p);
}
END_TEST

/* Two rows of a page that point nowhere: SQLite's walk ends at the first of them from the front,
 * and at the second from the back. */
START_TEST(between_two_damaged_places_of_a_page_rows_are_found_one_by_one)
{
    struct look l;
    struct bytes none = { log_file.p, 0 }, damaged = copy(main_file);
    size_t page = 0, most = 0;
    for (size_t at = 4096; at + 4096 <= damaged.n; at += 4096)
        if (damaged.p[at] == 13 && damaged.p[at + 4] > most) {
            most = damaged.p[at + 4];
            page = at;
        }
    ck_assert_uint_ge(most, 9);
    for (size_t cell = 0; cell < most; cell++)
        if (cell == 1 || cell == most - 2)
            memset(damaged.p + page + 8 + 2 * cell, 0xff, 2);
    lay_out(damaged, none);
    ck_assert(!salvaged_whole(&l));
    ck_assert_uint_ge(l.good_rows, OLD - 4);
    free(damaged.p);
}
END_TEST

static void note_problem(void *user, const struct evac_salvaged *what)
{
    if (what->problem[0])
        snprintf(user, 128, "%llu %s", (unsigned long long)what->from, what->problem);
}

/* A write that went to the wrong place: one page's rows are there twice, the other's are gone. Of
 * two rows with one number the good one comes first. */
START_TEST(a_page_in_another_s_place_is_told_from_its_own)
{
    struct look l;
    struct evac_salvage s;
    struct evac_err err = { EVAC_OK, "" };
    struct bytes none = { log_file.p, 0 }, damaged = copy(main_file);
    size_t leaves[2], n = 0;
    for (size_t at = 4096; n < 2 && at + 4096 <= damaged.n; at += 4096)
        if (damaged.p[at] == 13 && damaged.p[at + 4] >= 4)
            leaves[n++] = at;
    ck_assert_uint_eq(n, 2);
    memcpy(damaged.p + leaves[_i], damaged.p + leaves[!_i], 4096);
    unsigned char *text = memmem(damaged.p + leaves[0], 4096, "waitingready", 12);
    ck_assert_ptr_nonnull(text);
    text[0] ^= 1; /* one of the two copies is altered as well */
    lay_out(damaged, none);
    memset(&l, 0, sizeof l);
    ck_assert_int_eq(evac_store_salvage(path, look, &l, &s, &err), EVAC_OK);
    ck_assert_uint_ge(s.damaged, 4);
    ck_assert_uint_ge(s.gone, ROWS - OLD + 4);
    ck_assert_uint_le(l.good_rows, OLD - 4);
    evac_salvage_done(&s);
    free(damaged.p);
}
END_TEST

/* However much is damaged: what is said of it has an end. */
START_TEST(of_many_damaged_places_the_first_are_named)
{
    struct look l;
    struct evac_salvage s;
    struct evac_err err = { EVAC_OK, "" };
    unsigned lines = 0;
    struct bytes damaged = copy(log_file);
    ck_assert_uint_gt(frames(), 20);
    for (size_t f = 0; f < frames(); f++)
        damaged.p[32 + f * (24 + 4096) + 24 + 4000] ^= 1;
    lay_out(main_file, damaged);
    memset(&l, 0, sizeof l);
    ck_assert_int_eq(evac_store_salvage(path, look, &l, &s, &err), EVAC_OK);
    for (size_t i = 0; i < s.notes.n; i++)
        lines += s.notes.p[i] == '\n';
    ck_assert_uint_ge(lines, 20);
    ck_assert_uint_le(lines, 24);
    ck_assert_uint_eq(l.good_rows, OLD);
    evac_salvage_done(&s);
    free(damaged.p);
}
END_TEST

/* A header that fits none of the frames behind it: there is nothing to lay in. */
START_TEST(a_log_of_which_nothing_is_its_own_is_none)
{
    struct look l;
    size_t one = 24 + 4096;
    struct bytes damaged = copy(log_file);
    damaged.n = 32 + (1 + (size_t)_i) * one;
    damaged.p[16] ^= 1; /* the header's salt */
    if (_i)
        damaged.p[32 + one + 8] ^= 2; /* and the second frame's */
    lay_out(main_file, damaged);
    ck_assert(!salvaged_whole(&l));
    ck_assert_uint_eq(l.good_rows, OLD);
    free(damaged.p);
}
END_TEST

/* More rows than fit where they are first noted down. */
START_TEST(a_long_journal_is_told_from_end_to_end)
{
    static struct evac_record rows[1500];
    struct evac_salvage s;
    struct evac_err err = { EVAC_OK, "" };
    struct look l;
    remove_all();
    struct evac_store *store = open_store(false, &err);
    ck_assert_ptr_nonnull(store);
    for (uint64_t i = 0; i < 1500; i++)
        rows[i] = (struct evac_record){ .seq = i + 1, .kind = EVAC_RECORD_LAG };
    ck_assert_int_eq(store->vt->append(store, rows, 1500, &err), EVAC_OK);
    evac_store_close(store);
    memset(&l, 0, sizeof l);
    ck_assert_int_eq(evac_store_salvage(path, note_problem, (char[128]){ "" }, &s, &err), EVAC_OK);
    ck_assert(evac_salvage_is_whole(&s) && s.rows == 1500 && s.last == 1500);
    evac_salvage_done(&s);
}
END_TEST

/* With a hash that is its own: only the row behind it, and the head, can tell. */
static void replace_row(uint64_t seq)
{
    struct evac_err err = { EVAC_OK, "" };
    struct evac_arena *arena = evac_arena_new();
    struct evac_row r;
    sqlite3 *db;
    sqlite3_stmt *stmt;
    struct evac_store *store = open_store(true, &err);
    ck_assert_msg(store && evac_store_row(store, seq, arena, &r, &err) == EVAC_OK, "%s", err.text);
    evac_store_close(store);
    r.record.text = EVAC_STR("another reason");
    evac_chain_hash(&r, r.hash);
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(db, "UPDATE journal SET text = ?, hash = ? WHERE seq = ?",
                                        -1, &stmt, NULL),
                     SQLITE_OK);
    sqlite3_bind_text(stmt, 1, r.record.text.p, (int)r.record.text.n, SQLITE_STATIC);
    sqlite3_bind_blob(stmt, 2, r.hash, 32, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 3, (sqlite3_int64)seq);
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_DONE);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    evac_arena_free(arena);
}

START_TEST(a_row_that_was_replaced_is_told_by_the_one_behind_it)
{
    struct evac_salvage s;
    struct evac_err err = { EVAC_OK, "" };
    char problem[128] = "";
    lay_out(main_file, log_file);
    replace_row(_i ? 1 : 50);
    ck_assert_int_eq(evac_store_salvage(path, note_problem, problem, &s, &err), EVAC_OK);
    ck_assert(s.damaged == 1 && s.rows == ROWS && s.gone == 0 && !evac_salvage_is_whole(&s));
    ck_assert_ptr_eq(strstr(problem, _i ? "2 does not follow" : "51 does not follow"), problem);
    evac_salvage_done(&s);
    if (_i == 0)
        ck_assert(!begins("a replaced row"));
}
END_TEST

START_TEST(the_last_row_replaced_is_told_by_the_head)
{
    struct evac_err err = { EVAC_OK, "" };
    lay_out(main_file, log_file);
    replace_row(ROWS);
    ck_assert_ptr_null(open_store(false, &err));
    ck_assert_msg(strstr(err.text, "row 80 is not the one that was written"), "%s", err.text);
}
END_TEST

static enum evac_code salvaged(const char *at, struct evac_salvage *ret, struct evac_err *err)
{
    struct look l;
    return evac_store_salvage(at, look, &l, ret, err);
}

START_TEST(what_is_no_journal_that_can_be_read_is_said)
{
    struct evac_salvage s;
    struct evac_err err = { EVAC_OK, "" };
    static char longest[5000];
    char link[160];
    struct bytes page = { main_file.p, 4096 }, none = { main_file.p, 0 };
    memset(longest, 'x', sizeof longest - 1);
    remove_all();
    ck_assert_int_eq(salvaged(path, &s, &err), EVAC_E_NOTFOUND);
    ck_assert_int_eq(salvaged(longest, &s, &err), EVAC_E_TOOBIG);
    ck_assert_int_eq(salvaged(dir, &s, &err), EVAC_E_IO);
    ck_assert_ptr_nonnull(strstr(err.text, "no plain file"));
    name_of(".lock", link, sizeof link);
    ck_assert_int_eq(symlink("/etc/passwd", link), 0); /* nobody is led elsewhere */
    ck_assert_int_eq(salvaged(link, &s, &err), EVAC_E_IO);
    unlink(link);
    save("", none);
    ck_assert_int_eq(truncate(path, (off_t)(UINT64_C(2) << 30) + 1), 0);
    ck_assert_int_eq(salvaged(path, &s, &err), EVAC_E_TOOBIG);
    for (int i = 0; i < 2; i++) {
        lay_out(i ? page : none, none);
        ck_assert_int_eq(salvaged(path, &s, &err), EVAC_OK);
        ck_assert(!evac_salvage_is_whole(&s) && s.rows == 0);
        ck_assert_ptr_nonnull(memmem(s.notes.p, s.notes.n, "too short", 9));
        evac_salvage_done(&s);
    }
}
END_TEST

START_TEST(a_log_that_can_not_be_read_is_said_and_the_file_is_read_without)
{
    struct look l;
    struct evac_salvage s;
    struct evac_err err = { EVAC_OK, "" };
    char log[160];
    remove_all();
    save("", main_file);
    name_of("-wal", log, sizeof log);
    ck_assert_int_eq(mkdir(log, 0700), 0);
    memset(&l, 0, sizeof l);
    ck_assert_int_eq(evac_store_salvage(path, look, &l, &s, &err), EVAC_OK);
    ck_assert_uint_eq(l.good_rows, OLD);
    ck_assert_ptr_nonnull(memmem(s.notes.p, s.notes.n, "log can not be read", 19));
    evac_salvage_done(&s);
    rmdir(log);
}
END_TEST

/* Its pages change under whoever reads them. */
START_TEST(a_journal_that_a_controller_holds_is_not_looked_at)
{
    struct evac_salvage s;
    struct evac_err err = { EVAC_OK, "" };
    lay_out(main_file, log_file);
    struct evac_store *store = open_store(false, &err);
    ck_assert_ptr_nonnull(store);
    ck_assert_int_eq(salvaged(path, &s, &err), EVAC_E_BUSY);
    ck_assert_ptr_nonnull(strstr(err.text, "held by a controller"));
    evac_store_close(store);
}
END_TEST

/* It is a help, not the truth: none that can be read is none. */
START_TEST(a_head_that_is_nonsense_stops_nobody)
{
    char *text = (char *)head_file.p, *digit = memchr(text, ':', head_file.n);
    struct bytes heads[] = { copy(head_file),
                             copy(head_file),
                             copy(head_file),
                             { head_file.p, 9 },
                             { head_file.p, head_file.n - 10 } };
    ck_assert_ptr_nonnull(digit);
    heads[0].p[0] = 'T';               /* other words */
    heads[1].p[head_file.n - 5] = 'g'; /* no digit of a hash */
    heads[2].p[head_file.n - 6] = '!';
    for (size_t i = 0; i < 5; i++) {
        lay_out(main_file, log_file);
        save(".head", heads[i]);
        ck_assert(begins("a nonsensical head"));
        if (i < 3)
            free(heads[i].p);
    }
}
END_TEST

/* --- the chain, row by row --- */

#define CHAIN 10000u

static struct evac_row *chain_rows;
static size_t chain_count;
static struct evac_store *memory;

static bool keep(void *user, const struct evac_row *r)
{
    (void)user;
    chain_rows[chain_count++] = *r; /* the store keeps the texts */
    return true;
}

static void make_chain(void)
{
    struct evac_store_filter all = { 0 };
    memory = evac_store_new_memory("n", "b");
    write_rows(memory, 1, CHAIN);
    chain_rows = calloc(CHAIN + 1, sizeof *chain_rows);
    chain_count = 0;
    memory->vt->read(memory, &all, keep, NULL, NULL);
}

static void drop_chain(void)
{
    evac_store_close(memory);
    free(chain_rows);
}

/* The chain up to row i (from 0) stands; what is said of those rows that follow. */
static const char *said_of(size_t i, const struct evac_row *rows, size_t count)
{
    static struct evac_err err;
    struct evac_chain chain = { 0 };
    if (i)
        (void)evac_chain_take(&chain, &chain_rows[i - 1]);
    for (size_t k = 0; k < count; k++)
        if (evac_chain_check(&chain, &rows[k], &err))
            return err.text;
    return "";
}

static void expect(size_t i, const struct evac_row *rows, size_t count, const char *word)
{
    char place[32];
    const char *text = said_of(i, rows, count);
    snprintf(place, sizeof place, "row %zu ", i + 1);
    ck_assert_msg(strstr(text, place) && strstr(text, word), "row %zu: said '%s', not '%s%s'",
                  i + 1, text, place, word);
}

static void alter_text(size_t i, struct evac_str *text, struct evac_row *altered)
{
    struct evac_str was = *text;
    char *bytes = malloc(was.n + 1);
    for (size_t at = 0; at < was.n; at++) {
        memcpy(bytes, was.p, was.n);
        bytes[at] = (char)(bytes[at] ^ (1 << draw() % 8));
        *text = (struct evac_str){ bytes, was.n };
        expect(i, altered, 1, "was altered");
    }
    *text = was;
    free(bytes);
}

static void alter_every_byte(size_t i)
{
    struct evac_row altered = chain_rows[i];
    struct evac_record *r = &altered.record;
    struct evac_str *texts[] = { &r->app, &r->name, &r->from,       &r->event,    &r->to,
                                 &r->who, &r->text, &r->request_id, &altered.node };
    for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++)
        alter_text(i, texts[t], &altered);
    uint64_t *numbers[] = { &r->run, &r->epoch, &r->t_boot_ms };
    for (size_t n = 0; n < sizeof numbers / sizeof numbers[0]; n++)
        for (unsigned bit = 0; bit < 64; bit += 5) {
            *numbers[n] ^= UINT64_C(1) << bit;
            expect(i, &altered, 1, "was altered");
            *numbers[n] ^= UINT64_C(1) << bit;
        }
    for (unsigned b = 0; b < 32; b += 3) {
        altered.hash[b] ^= 1;
        expect(i, &altered, 1, "was altered");
        altered.hash[b] ^= 1;
        altered.prev_hash[b] ^= 1;
        expect(i, &altered, 1, "was altered");
        altered.prev_hash[b] ^= 1;
    }
}

START_TEST(every_byte_of_a_row_is_bound)
{
    make_chain();
    for (size_t i = 0; i < CHAIN; i += everything() ? 10 : 500)
        alter_every_byte(i);
    drop_chain();
}
END_TEST

START_TEST(rows_dropped_inserted_or_reordered_are_placed)
{
    make_chain();
    for (unsigned n = 0; n < (everything() ? 10000u : 1500u); n++) {
        size_t i = 1 + draw() % (CHAIN - 4);
        struct evac_row some[3] = { chain_rows[i + 1], chain_rows[i], chain_rows[i + 2] };
        expect(i, &some[0], 1, "is missing"); /* row i was dropped */
        expect(i, some, 3, "is missing");     /* two changed places */
        some[0] = some[1] = chain_rows[i];    /* one is there twice */
        ck_assert_ptr_nonnull(strstr(said_of(i, some, 2), "out of order"));
        some[1] = chain_rows[i]; /* one was made up in its place */
        some[1].record.text = EVAC_STR("made up");
        evac_chain_hash(&some[1], some[1].hash);
        some[2] = chain_rows[i + 1];
        ck_assert_ptr_nonnull(strstr(said_of(i, &some[1], 2), "does not follow"));
    }
    drop_chain();
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("journal_damage");
    tcase_set_timeout(tc, 3600);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, an_undamaged_one_is_whole);
    tcase_add_loop_test(tc, a_byte_that_was_flipped_is_found_or_is_none_of_a_rows, 0, 2);
    tcase_add_test(tc, every_byte_of_a_record_counts);
    tcase_add_test(tc, a_damaged_log_loses_only_what_was_on_the_damaged_page);
    tcase_add_test(tc, a_cut_is_found_and_what_is_left_is_read);
    tcase_add_test(tc, without_its_first_pages_the_rows_are_read_all_the_same);
    tcase_add_test(tc, an_older_copy_put_back_is_said);
    tcase_add_test(tc, refusing_changes_nothing);
    tcase_add_test(tc, a_log_whose_header_is_damaged_costs_no_row);
    tcase_add_test(tc, what_an_earlier_log_left_behind_is_none_of_the_journals);
    tcase_add_test(tc, between_two_damaged_places_of_a_page_rows_are_found_one_by_one);
    tcase_add_loop_test(tc, a_row_that_was_replaced_is_told_by_the_one_behind_it, 0, 2);
    tcase_add_loop_test(tc, a_page_in_another_s_place_is_told_from_its_own, 0, 2);
    tcase_add_test(tc, of_many_damaged_places_the_first_are_named);
    tcase_add_loop_test(tc, a_log_of_which_nothing_is_its_own_is_none, 0, 2);
    tcase_add_test(tc, a_long_journal_is_told_from_end_to_end);
    tcase_add_test(tc, the_last_row_replaced_is_told_by_the_head);
    tcase_add_test(tc, what_is_no_journal_that_can_be_read_is_said);
    tcase_add_test(tc, a_log_that_can_not_be_read_is_said_and_the_file_is_read_without);
    tcase_add_test(tc, a_journal_that_a_controller_holds_is_not_looked_at);
    tcase_add_test(tc, a_head_that_is_nonsense_stops_nobody);
    tcase_add_test(tc, every_byte_of_a_row_is_bound);
    tcase_add_test(tc, rows_dropped_inserted_or_reordered_are_placed);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("journal_damage", cases)

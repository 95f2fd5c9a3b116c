/*
 * The journal on a disk that fails: each class of call at its n-th time, once or for ever; and the
 * power going at every sync, with what was not synced lost, torn or reordered. What was
 * acknowledged is there; the chain is whole, or what is wrong is said; no connection syncs again
 * after a sync that failed; the ballast is spent once.
 *
 * Without EVAC_TORTURE=all some of the n are left out.
 */
#include "fault_vfs.h"
#include "store.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROWS    36 /* of the first sitting; as many again after it was closed and opened */
#define BATCH   3
#define BALLAST 8192

static char dir[64], path[128], ballast[160];
static uint64_t acknowledged;
static unsigned openings;

static void setup(void)
{
    snprintf(dir, sizeof dir, "%s/evac-faults-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm"
                                           : "/tmp"); /* the lock, the ballast, the head */
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/journal.db", dir);
    snprintf(ballast, sizeof ballast, "%s.ballast", path);
    fault_vfs_install();
}

static void begin_anew(void)
{
    static const char *const endings[] = { "", ".lock", ".ballast", ".head" };
    char name[160];
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        snprintf(name, sizeof name, "%s%s", path, endings[i]);
        unlink(name);
    }
    fault_vfs_format();
    acknowledged = 0;
    openings = 0;
}

static void teardown(void)
{
    begin_anew();
    fault_vfs_remove();
    rmdir(dir);
}

static bool everything(void)
{
    const char *want = getenv("EVAC_TORTURE");
    return want && strcmp(want, "all") == 0;
}

/* --- a life of a journal --- */

static char long_text[5000];

static struct evac_record row(uint64_t seq)
{
    static const char *const apps[] = { "shop", "desk", "stock", "mail", "bank" };
    memset(long_text, 'x', sizeof long_text);
    return (struct evac_record){ .seq = seq,
                                 .kind = EVAC_RECORD_STEP,
                                 .run = 1 + seq / 10,
                                 .step = (uint32_t)seq,
                                 .t_boot_ms = seq * 10,
                                 .t_wall_ms = 1700000000000 + (int64_t)seq,
                                 .app = evac_str(apps[seq % 5]),
                                 .name = EVAC_STR("promote"),
                                 .data = { long_text, seq % 4 ? 40 : sizeof long_text } };
}

static enum evac_code open_store(struct evac_store **ret, struct evac_err *err)
{
    const struct evac_store_options o = {
        .path = path, .node = "n", .boot_id = "b", .ballast_bytes = BALLAST, .checkpoint_pages = 24
    };
    openings++;
    return evac_store_open_sqlite(&o, ret, err);
}

static enum evac_code append_until(struct evac_store *store, uint64_t last, struct evac_err *err)
{
    enum evac_code code = EVAC_OK;
    uint64_t seq = store->vt->last_seq(store);
    while (!code && seq < last) {
        struct evac_record rows[BATCH];
        size_t n = 0;
        for (; n < 1 + seq % BATCH && seq < last; n++)
            rows[n] = row(++seq);
        code = store->vt->append(store, rows, n, err);
        if (!code)
            acknowledged = seq;
    }
    return code;
}

/* One sitting, as a controller has it: opened, verified, written, closed. */
static enum evac_code sitting(uint64_t last, struct evac_err *err)
{
    struct evac_store *store = NULL;
    uint64_t rows = 0;
    enum evac_code code = open_store(&store, err);
    if (!code)
        code = evac_store_verify(store, &rows, err);
    if (!code && rows > acknowledged) /* an answer that was lost; what is replayed is durable */
        acknowledged = rows;
    if (!code)
        code = append_until(store, last, err);
    if (!code)
        code = evac_store_verify(store, &rows, err);
    evac_store_close(store);
    return code;
}

/* Trouble is met as the controller meets it: closed, opened again, gone on. How it ended. */
static enum evac_code life(unsigned tries, struct evac_err *err)
{
    enum evac_code code = EVAC_OK;
    for (uint64_t last = ROWS; last <= 2 * ROWS; last += ROWS)
        for (unsigned i = 0; i < tries && (i == 0 || code); i++)
            code = sitting(last, err);
    return code;
}

/* --- what must hold afterwards --- */

static bool is_as_written(void *user, const struct evac_row *r)
{
    uint64_t *count = user;
    struct evac_record want = row(r->record.seq);
    ck_assert_uint_eq(r->record.seq, ++*count);
    ck_assert(evac_str_eq(r->record.app, want.app));
    ck_assert_uint_eq(r->record.data.n, want.data.n);
    return true;
}

static void check_all_is_there(const char *when)
{
    struct evac_store *store = NULL;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_store_filter all = { 0 };
    uint64_t rows = 0, count = 0;
    ck_assert_msg(open_store(&store, &err) == EVAC_OK, "%s: %s", when, err.text);
    ck_assert_msg(evac_store_verify(store, &rows, &err) == EVAC_OK, "%s: %s", when, err.text);
    ck_assert_msg(rows >= acknowledged, "%s: %llu rows, %llu were acknowledged", when,
                  (unsigned long long)rows, (unsigned long long)acknowledged);
    ck_assert_int_eq(store->vt->read(store, &all, is_as_written, &count, NULL), EVAC_OK);
    ck_assert_msg(append_until(store, rows + 1, &err) == EVAC_OK, "%s: %s", when, err.text);
    evac_store_close(store);
    ck_assert_msg(fault_vfs_open_files() == 0, "%s: a file was left open", when);
}

static void said(enum evac_code code, const struct fault *f, const struct evac_err *err,
                 const char *when)
{
    bool half_read = f->call == FAULT_READ && f->kind == FAULT_SHORT;
    ck_assert_msg(code == EVAC_OK || code == EVAC_E_STORE || code == EVAC_E_BUSY ||
                      (half_read && code == EVAC_E_CORRUPT),
                  "%s: code %s: %s", when, evac_code_name(code), err->text);
    ck_assert_msg(code == EVAC_OK || strstr(err->text, "journal"), "%s: '%s'", when, err->text);
}

static const char *name_of(const struct fault *f, char *text, size_t bytes)
{
    static const char *const call[] = {
#define X(name) #name,
        FAULT_CALLS(X)
    };
    static const char *const kind[] = { FAULT_KINDS(X) };
#undef X
    snprintf(text, bytes, "%s %u fails %s with %s", call[f->call], f->at,
             f->forever ? "for ever" : "once", kind[f->kind]);
    return text;
}

/* The n-th call fails. False when the life ended without it. */
static bool one_fault(const struct fault *f)
{
    char when[96];
    struct evac_err err = { EVAC_OK, "" };
    name_of(f, when, sizeof when);
    begin_anew();
    fault_vfs_arm(f);
    enum evac_code code = life(2, &err);
    bool hit = fault_vfs_hit();
    said(code, f, &err, when);
    if (!f->forever) /* one failure is over when the journal was opened again */
        ck_assert_msg(code == EVAC_OK && acknowledged == 2 * ROWS, "%s: %s", when, err.text);
    if (f->kind == FAULT_SLOW)
        ck_assert_msg(openings == 2, "%s: a slow disk is not a bad one", when);
    ck_assert_msg(fault_vfs_resynced() == 0, "%s: a failed sync was tried again", when);
    ck_assert_msg(fault_vfs_open_files() == 0, "%s: a file was left open", when);
    fault_vfs_arm(NULL);
    check_all_is_there(when);
    return hit || fault_vfs_calls(f->call) > f->at;
}

static const struct {
    enum fault_call call;
    enum fault_kind kind;
} faults[] = {
    { FAULT_OPEN, FAULT_IOERR },     { FAULT_OPEN, FAULT_FULL },   { FAULT_READ, FAULT_IOERR },
    { FAULT_READ, FAULT_SHORT },     { FAULT_READ, FAULT_SLOW },   { FAULT_WRITE, FAULT_IOERR },
    { FAULT_WRITE, FAULT_FULL },     { FAULT_WRITE, FAULT_SHORT }, { FAULT_WRITE, FAULT_SLOW },
    { FAULT_SYNC, FAULT_IOERR },     { FAULT_SYNC, FAULT_SLOW },   { FAULT_SYNC, FAULT_FULL },
    { FAULT_TRUNCATE, FAULT_IOERR }, { FAULT_LOCK, FAULT_IOERR },  { FAULT_DELETE, FAULT_IOERR },
    { FAULT_SIZE, FAULT_IOERR },
};
#define FAULTS (int)(sizeof faults / sizeof faults[0])

#define POINTS 14 /* of a class of calls, without EVAC_TORTURE=all */

static unsigned calls_of_a_life(enum fault_call call)
{
    struct evac_err err;
    begin_anew();
    ck_assert_int_eq(life(1, &err), EVAC_OK);
    return fault_vfs_calls(call);
}

/* _i: the fault, once; and the same for ever. */
START_TEST(whatever_fails_no_row_is_lost_and_the_journal_goes_on)
{
    struct fault f = { faults[_i / 2].call, faults[_i / 2].kind, 1, _i % 2, NULL };
    unsigned calls = calls_of_a_life(f.call), points = 0;
    unsigned step = everything() || calls < POINTS ? 1 : calls / POINTS;
    for (; f.at <= calls; f.at += step, points++)
        if (!one_fault(&f))
            break;
    ck_assert_uint_gt(points, 0);
}
END_TEST

/* Full until the ballast is given up: nobody but the ballast notices, wherever it happens. */
START_TEST(a_full_disk_is_given_the_ballast_once)
{
    unsigned calls = calls_of_a_life(FAULT_WRITE), spent = 0;
    for (unsigned at = 1; at <= calls; at += everything() ? 1 : 7) {
        const struct fault f = { FAULT_WRITE, FAULT_FULL, at, true, ballast };
        struct evac_err err = { EVAC_OK, "" };
        begin_anew();
        fault_vfs_arm(&f);
        ck_assert_msg(life(1, &err) == EVAC_OK, "write %u: %s", at, err.text);
        ck_assert_uint_eq(acknowledged, 2 * ROWS);
        spent += fault_vfs_hit() && access(ballast, F_OK) != 0;
        ck_assert_uint_eq(fault_vfs_resynced(), 0);
        fault_vfs_arm(NULL);
        check_all_is_there("ballast");
    }
    ck_assert_uint_gt(spent, 0);
}
END_TEST

/* The room that was given up brings back a disk that has lost rows: an older one, an empty one.
 * Where its head beside the journal could not be written either, what this process remembers is all
 * that tells: a row behind the gap would be refused as damage for ever after. */
START_TEST(rows_that_a_full_disk_has_lost_are_not_written_over)
{
    const struct fault full = { FAULT_WRITE, FAULT_FULL, 1, true, ballast };
    struct evac_err err = { EVAC_OK, "" };
    struct evac_store *store = NULL;
    uint64_t rows = 0;
    char head[160];
    snprintf(head, sizeof head, "%s.head", path);
    begin_anew();
    ck_assert_int_eq(mkdir(head, 0700), 0);
    ck_assert_int_eq(open_store(&store, &err), EVAC_OK);
    ck_assert_int_eq(append_until(store, 6, &err), EVAC_OK);
    fault_vfs_format(); /* as if another disk were there */
    fault_vfs_arm(&full);
    ck_assert_int_eq(append_until(store, 7, &err), EVAC_E_STORE);
    ck_assert_msg(strstr(err.text, "moved while the disk was full"), "%s", err.text);
    fault_vfs_arm(NULL);
    ck_assert_int_eq(append_until(store, 7, &err), EVAC_E_STORE); /* until it is opened again */
    evac_store_close(store);
    ck_assert_int_eq(open_store(&store, &err), EVAC_OK);
    ck_assert_int_eq(evac_store_verify(store, &rows, &err), EVAC_OK);
    ck_assert_uint_eq(rows, 0);
    evac_store_close(store);
    ck_assert_int_eq(rmdir(head), 0);
}
END_TEST

/* --- the power --- */

static bool one_cut(unsigned sync, enum fault_cut cut, uint64_t seed)
{
    char when[96];
    struct evac_err err = { EVAC_OK, "" };
    snprintf(when, sizeof when, "power cut at sync %u, kind %d, seed %llu", sync, (int)cut,
             (unsigned long long)seed);
    begin_anew();
    fault_vfs_cut_power_at(sync);
    (void)life(1, &err);
    bool dark = fault_vfs_is_dark();
    fault_vfs_power_on(dark ? cut : FAULT_CUT_KEEPS_ALL, seed);
    check_all_is_there(when);
    return dark;
}

START_TEST(a_power_cut_loses_nothing_that_was_acknowledged)
{
    unsigned sync = 1;
    uint64_t seeds = everything() ? 200 : 3;
    for (bool dark = true; dark; sync++) {
        dark = one_cut(sync, FAULT_CUT_LOSES_ALL, 0) && one_cut(sync, FAULT_CUT_KEEPS_ALL, 0);
        for (uint64_t seed = 1; dark && seed <= seeds; seed++)
            (void)one_cut(sync, FAULT_CUT_TEARS, sync * 1000 + seed);
    }
    ck_assert_uint_gt(sync, ROWS); /* each batch is synced */
}
END_TEST

/* A sync fails, the journal is opened again and goes on, and then the power goes. */
START_TEST(a_power_cut_after_a_failed_sync_loses_nothing_either)
{
    unsigned syncs = calls_of_a_life(FAULT_SYNC);
    for (unsigned at = 3; at < syncs; at += everything() ? 1 : 5)
        for (unsigned cut = at + 1; cut < at + 5; cut++) {
            const struct fault f = { FAULT_SYNC, FAULT_IOERR, at, false, NULL };
            char when[96];
            struct evac_err err = { EVAC_OK, "" };
            snprintf(when, sizeof when, "sync %u failed, power cut at sync %u", at, cut);
            begin_anew();
            fault_vfs_arm(&f);
            fault_vfs_cut_power_at(cut);
            (void)life(2, &err);
            fault_vfs_power_on(cut % 2 ? FAULT_CUT_TEARS : FAULT_CUT_LOSES_ALL, at * 100 + cut);
            check_all_is_there(when);
        }
}
END_TEST

/* What fails while the journal comes back from a power cut costs nothing either. */
START_TEST(trouble_during_recovery_costs_nothing)
{
    static const enum fault_call during[] = { FAULT_READ,     FAULT_WRITE, FAULT_SYNC,
                                              FAULT_TRUNCATE, FAULT_SIZE,  FAULT_DELETE };
    for (unsigned sync = 4; sync < 60; sync += everything() ? 1 : 9)
        for (unsigned at = 1; at <= 6; at++) {
            struct fault f = { during[(sync + at) % 6], FAULT_IOERR, at, at % 2, NULL };
            char when[96];
            struct evac_err err = { EVAC_OK, "" };
            begin_anew();
            fault_vfs_cut_power_at(sync);
            (void)life(1, &err);
            fault_vfs_power_on(FAULT_CUT_TEARS, sync * 10 + at);
            fault_vfs_arm(&f);
            (void)sitting(ROWS, &err);
            fault_vfs_arm(NULL);
            check_all_is_there(name_of(&f, when, sizeof when));
        }
}
END_TEST

/* The test of the test: without the sync each of these would have been seen. */
START_TEST(rows_that_were_not_synced_are_lost_by_a_cut)
{
    struct evac_err err = { EVAC_OK, "" };
    struct evac_store *store = NULL;
    begin_anew();
    ck_assert_int_eq(life(1, &err), EVAC_OK);
    ck_assert_int_eq(open_store(&store, &err), EVAC_OK);
    const struct fault f = { FAULT_SYNC, FAULT_IOERR, 1, true, NULL };
    fault_vfs_arm(&f);
    ck_assert_int_eq(append_until(store, 2 * ROWS + 3, &err), EVAC_E_STORE);
    evac_store_close(store);
    fault_vfs_power_on(FAULT_CUT_LOSES_ALL, 0);
    ck_assert_int_eq(open_store(&store, &err), EVAC_OK);
    ck_assert_uint_eq(store->vt->last_seq(store), 2 * ROWS);
    evac_store_close(store);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("store_faults");
    tcase_set_timeout(tc, 3600);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, whatever_fails_no_row_is_lost_and_the_journal_goes_on, 0, 2 * FAULTS);
    tcase_add_test(tc, a_full_disk_is_given_the_ballast_once);
    tcase_add_test(tc, rows_that_a_full_disk_has_lost_are_not_written_over);
    tcase_add_test(tc, a_power_cut_loses_nothing_that_was_acknowledged);
    tcase_add_test(tc, a_power_cut_after_a_failed_sync_loses_nothing_either);
    tcase_add_test(tc, trouble_during_recovery_costs_nothing);
    tcase_add_test(tc, rows_that_were_not_synced_are_lost_by_a_cut);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("store_faults", cases)

/* Bundles: what was made is found good on a machine without a controller, and whatever is changed
 * in it is found, and found where it is. */
#include "bundle.h"
#include "deficiency.h"
#include "keeper.h"
#include "ledger.h"
#include "mapping.h"
#include "rows.h"
#include "suite.h"
#include "tale_fixture.h"
#include "tar.h"
#include "verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION "1.2.3"

static char dir[64];
static struct evac_key *key, *other;
static struct evac_buf bundle;
static struct evac_verify v;

static struct evac_key *new_key(const char *name)
{
    char path[128];
    struct evac_key *made = NULL;
    struct evac_err err;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    ck_assert_msg(evac_key_make(path, &made, &err) == EVAC_OK, "%s", err.text);
    return made;
}

static void begin(void)
{
    setup();
    snprintf(dir, sizeof dir, "/tmp/evac-evidence-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    key = new_key("key");
    other = new_key("other");
    evac_buf_init(&bundle, EVAC_BUNDLE_MAX);
}

static void finish(void)
{
    char path[128];
    static const char *const names[] = { "key", "other" };
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        unlink(path);
    }
    rmdir(dir);
    evac_key_free(key);
    evac_key_free(other);
    evac_buf_done(&bundle);
    teardown();
}

/* Rows of another app, that no evidence of the shop shows. */
static void noise(int n)
{
    for (int i = 0; i < n; i++) {
        struct evac_record r = {
            .seq = ++seq, .kind = EVAC_RECORD_LAG, .app = EVAC_STR("bank"), .t_wall_ms = ++clock_ms
        };
        ck_assert_int_eq(store->vt->append(store, &r, 1, NULL), EVAC_OK);
    }
}

static struct evac_bundle_made make_bundle(uint64_t of_run)
{
    struct evac_bundle_request q = { .store = store,
                                     .key = key,
                                     .node = EVAC_STR("n"),
                                     .run = of_run,
                                     .app = of_run ? EVAC_STR_NONE : EVAC_STR("shop"),
                                     .now_ms = clock_ms,
                                     .who = EVAC_STR("ann"),
                                     .version = VERSION };
    struct evac_bundle_made made;
    struct evac_err err;
    evac_buf_reset(&bundle);
    ck_assert_msg(evac_bundle_make(&q, &bundle, &made, &err) == EVAC_OK, "%s", err.text);
    return made;
}

static int verify(struct evac_str archive, const struct evac_key *trusted)
{
    evac_verify_bundle(archive, trusted, VERSION, &v);
    return evac_verify_exit(&v);
}

static void a_small_history(void)
{
    noise(3), tell(&slow), noise(37), tell(&good), noise(5), tell(&slow), noise(2);
}

/* --- changing a bundle ------------------------------------------------------------------------ */

struct unpacked {
    struct evac_tar_file *files;
    size_t count;
};

static struct unpacked unpack(void)
{
    struct unpacked u;
    struct evac_err err;
    ck_assert_msg(evac_tar_read(evac_buf_str(&bundle), arena, &u.files, &u.count, &err) == EVAC_OK,
                  "%s", err.text);
    return u;
}

static struct evac_str *file(struct unpacked *u, const char *name)
{
    for (size_t i = 0; i < u->count; i++)
        if (evac_str_is(u->files[i].name, name))
            return &u->files[i].content;
    ck_abort_msg("no %s", name);
}

static struct evac_str pack(const struct unpacked *u)
{
    struct evac_buf out;
    evac_buf_init(&out, EVAC_BUNDLE_MAX);
    for (size_t i = 0; i < u->count; i++)
        if (u->files[i].name.n)
            evac_tar_put(&out, u->files[i].name.p, u->files[i].content, clock_ms);
    evac_tar_end(&out);
    struct evac_str text = evac_arena_str(arena, evac_buf_str(&out));
    evac_buf_done(&out);
    return text;
}

static struct evac_str flipped(struct evac_str s, size_t at)
{
    char *p = evac_arena_alloc(arena, s.n + 1);
    memcpy(p, s.p, s.n);
    p[at] ^= 1;
    return (struct evac_str){ p, s.n };
}

/* The first place of `old` in s becomes `new`. */
static struct evac_str replaced(struct evac_str s, const char *old, const char *new)
{
    const char *at = memmem(s.p, s.n, old, strlen(old));
    ck_assert_msg(at != NULL, "no %s", old);
    size_t before = (size_t)(at - s.p), after = before + strlen(old);
    return evac_arena_printf(arena, "%.*s%s%.*s", (int)before, s.p, new, (int)(s.n - after),
                             s.p + after);
}

static bool found_in(const char *name)
{
    for (size_t i = 0; i < v.finding_count; i++)
        if (strcmp(v.findings[i].file, name) == 0)
            return true;
    return false;
}

static bool found_row(uint64_t row)
{
    for (size_t i = 0; i < v.finding_count; i++)
        if (v.findings[i].check == EVAC_CHECK_ROWS && v.findings[i].row == row)
            return true;
    return false;
}

/* As somebody would who has a key of his own: a new manifest, signed, and the key beside it. */
static void sign_anew(struct unpacked *u, const struct evac_key *with)
{
    struct evac_buf manifest, text, note, pem, checkpoint;
    struct evac_rows_reading rows;
    evac_buf_init(&manifest, 1u << 20), evac_buf_init(&text, 4096), evac_buf_init(&note, 4096);
    evac_buf_init(&pem, 4096), evac_buf_init(&checkpoint, 4096);
    evac_rows_read(*file(u, "journal.jsonl"), arena, &rows);
    struct evac_ledger ledger = { .tree = rows.tree };
    evac_ledger_note(&ledger, with, "evac/n", &checkpoint);
    *file(u, "checkpoint.note") = evac_arena_str(arena, evac_buf_str(&checkpoint));
    evac_key_pem(with, &pem);
    *file(u, "key.pub") = evac_arena_str(arena, evac_buf_str(&pem));
    evac_buf_putf(&manifest,
                  "{\"evac\":\"" VERSION "\",\"origin\":\"evac/n\",\"made_ms\":%lld,\"app\":"
                  "\"shop\",\"files\":[",
                  (long long)clock_ms);
    for (size_t i = 0, n = 0; i < u->count; i++) {
        uint8_t hash[32];
        char hex[65];
        if (evac_str_starts(u->files[i].name, "manifest."))
            continue;
        evac_sha256(u->files[i].content, hash);
        evac_hex(hash, 32, hex);
        evac_buf_putf(&manifest, "%s{\"name\":\"%s\",\"sha256\":\"%s\"}", n++ ? "," : "",
                      u->files[i].name.p, hex);
    }
    evac_buf_puts(&manifest, "]}");
    *file(u, "manifest.json") = evac_arena_str(arena, evac_buf_str(&manifest));
    evac_bundle_manifest_text(evac_buf_str(&manifest), &text);
    evac_note_sign(with, EVAC_STR("evac/n"), evac_buf_str(&text), &note);
    *file(u, "manifest.note") = evac_arena_str(arena, evac_buf_str(&note));
    evac_buf_done(&manifest), evac_buf_done(&text), evac_buf_done(&note), evac_buf_done(&pem);
    evac_buf_done(&checkpoint);
}

/* --- good ones -------------------------------------------------------------------------------- */

START_TEST(what_was_made_is_found_good)
{
    a_small_history();
    struct evac_bundle_made made = make_bundle(2);
    ck_assert_str_eq(made.name, "shop-run-2.evac-evidence");
    ck_assert_int_eq(verify(evac_buf_str(&bundle), key), 0);
    ck_assert_uint_eq(v.finding_count, 0);
    ck_assert_uint_eq(v.journal_rows, seq);
    ck_assert_uint_lt(v.rows, seq - 30); /* the bank's are not shown */
    ck_assert_uint_eq(v.runs, 1);
    make_bundle(0);
    ck_assert_int_eq(verify(evac_buf_str(&bundle), key), 0);
    ck_assert_uint_eq(v.runs, 3);
}
END_TEST

START_TEST(a_key_that_nobody_vouches_for_is_said)
{
    a_small_history();
    make_bundle(1);
    ck_assert_int_eq(verify(evac_buf_str(&bundle), NULL), 6);
    ck_assert_int_eq(verify(evac_buf_str(&bundle), other), 5);
    char hex[65];
    struct evac_key *public = NULL;
    evac_hex(evac_key_bytes(key), 32, hex);
    ck_assert_int_eq(evac_key_public(evac_str(hex), &public, NULL), EVAC_OK);
    ck_assert_int_eq(verify(evac_buf_str(&bundle), public), 0);
    evac_key_free(public);
}
END_TEST

START_TEST(a_run_that_is_unknown_or_goes_on_has_no_bundle)
{
    struct evac_bundle_request q = {
        .store = store, .key = key, .run = 9, .now_ms = 1, .version = VERSION
    };
    struct evac_bundle_made made;
    a_small_history();
    ck_assert_int_eq(evac_bundle_make(&q, &bundle, &made, NULL), EVAC_E_NOTFOUND);
    q.run = ++run;
    put_of_run((struct evac_record){ .kind = EVAC_RECORD_ADMIT,
                                     .step = EVAC_NO_STEP,
                                     .data = plan_text(EVAC_WORKFLOW_FAILOVER, 0, false) });
    ck_assert_int_eq(evac_bundle_make(&q, &bundle, &made, NULL), EVAC_E_REFUSED);
    q.run = 0;
    q.app = EVAC_STR("bank");
    ck_assert_int_eq(evac_bundle_make(&q, &bundle, &made, NULL), EVAC_E_NOTFOUND);
}
END_TEST

/* --- whatever is changed ---------------------------------------------------------------------- */

START_TEST(every_file_that_is_altered_is_named)
{
    a_small_history();
    make_bundle(0);
    struct unpacked u = unpack();
    for (size_t i = 0; i < u.count; i++) {
        struct evac_str was = u.files[i].content;
        for (size_t k = 0; k < 4; k++) {
            u.files[i].content = flipped(was, (was.n - 1) * k / 3);
            int code = verify(pack(&u), key);
            ck_assert_msg(code == 3 || code == 4 || code == 5, "%s: %d", u.files[i].name.p, code);
            ck_assert_msg(found_in(u.files[i].name.p), "%s at %zu", u.files[i].name.p, k);
        }
        u.files[i].content = was;
    }
}
END_TEST

START_TEST(every_file_that_is_taken_out_or_put_in_is_named)
{
    a_small_history();
    make_bundle(2);
    struct unpacked u = unpack();
    for (size_t i = 0; i < u.count; i++) {
        struct evac_str was = u.files[i].name;
        u.files[i].name = EVAC_STR_NONE;
        int code = verify(pack(&u), key);
        ck_assert_msg(code == 3 || code == 5, "%s: %d", was.p, code);
        ck_assert_msg(found_in(was.p), "%s", was.p);
        u.files[i].name = was;
    }
    u.files[u.count++] = (struct evac_tar_file){ EVAC_STR("more.txt"), EVAC_STR("hello") };
    ck_assert_int_eq(verify(pack(&u), key), 4);
    ck_assert(found_in("more.txt"));
    u.files[u.count - 1].name = EVAC_STR("README.txt"); /* twice */
    ck_assert_int_eq(verify(pack(&u), key), 3);
}
END_TEST

START_TEST(an_archive_that_is_cut_or_grows_is_not_good)
{
    a_small_history();
    make_bundle(1);
    struct evac_str whole = evac_buf_str(&bundle);
    for (size_t i = 1; i < 60; i++)
        ck_assert_int_ne(verify((struct evac_str){ whole.p, whole.n * i / 60 }, key), 0);
    ck_assert_int_eq(verify((struct evac_str){ whole.p, whole.n - 512 }, key), 3);
    ck_assert_int_eq(verify(evac_arena_printf(arena, "%.*s", 0, ""), key), 5);
    evac_buf_put(&bundle, "\0\0\0\0", 4); /* as other programs fill up */
    ck_assert_int_eq(verify(evac_buf_str(&bundle), key), 0);
    evac_buf_putc(&bundle, 'x');
    ck_assert_int_eq(verify(evac_buf_str(&bundle), key), 3);
    struct unpacked u = { NULL, 0 };
    ck_assert_int_ne(verify(pack(&u), key), 0);
}
END_TEST

START_TEST(every_byte_of_a_head_counts)
{
    a_small_history();
    make_bundle(1);
    for (size_t at = 0; at < 512; at += 3) {
        struct evac_str changed = flipped(evac_buf_str(&bundle), at);
        ck_assert_msg(verify(changed, key) != 0, "byte %zu", at);
    }
}
END_TEST

START_TEST(every_field_of_a_row_that_is_altered_names_the_row)
{
    static const struct {
        const char *old, *new;
    } changes[] = {
        { "\"kind\":\"override\"", "\"kind\":\"approve\"" },
        { "\"who\":\"bob\"", "\"who\":\"eve\"" },
        { "\"text\":\"we must\"", "\"text\":\"we may!\"" },
        { "\"step\":0,\"attempt\":0,\"epoch\":0", "\"step\":1,\"attempt\":0,\"epoch\":0" },
        { "\"name\":\"promote\"", "\"name\":\"demote!\"" },
    };
    static const struct tale pushed = { .recovered = 50000, .promote = 5, .overrides = true };
    noise(2);
    tell(&pushed);
    make_bundle(1);
    struct unpacked u = unpack();
    struct evac_str was = *file(&u, "journal.jsonl");
    const char *line = memmem(was.p, was.n, "\"kind\":\"override\"", 17);
    while (line > was.p && line[-1] != '\n')
        line--;
    uint64_t row = strtoull(line + strlen("{\"seq\":"), NULL, 10);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct evac_str tail = { line, (size_t)(was.p + was.n - line) };
        struct evac_str changed = replaced(tail, changes[i].old, changes[i].new);
        *file(&u, "journal.jsonl") =
            evac_arena_printf(arena, "%.*s%.*s", (int)(line - was.p), was.p, EVAC_STR_ARG(changed));
        ck_assert_int_eq(verify(pack(&u), key), 4);
        ck_assert_msg(found_row(row), "%s", changes[i].new);
    }
}
END_TEST

/* Lines of the journal's file, one taken out or two changed places; the manifest is made to fit. */
static struct evac_str with_lines(struct evac_str text, size_t drop, size_t swap)
{
    struct evac_buf out;
    struct evac_str lines[4000];
    size_t n = 0;
    while (text.n && n < 4000)
        lines[n++] = evac_str_cut(text, '\n', &text);
    ck_assert_uint_lt(n, 4000);
    if (swap) {
        struct evac_str first = lines[swap];
        lines[swap] = lines[swap + 1];
        lines[swap + 1] = first;
    }
    evac_buf_init(&out, 16u << 20);
    for (size_t i = 0; i < n; i++)
        if (!drop || i != drop)
            evac_buf_putf(&out, "%.*s\n", EVAC_STR_ARG(lines[i]));
    struct evac_str all = evac_arena_str(arena, evac_buf_str(&out));
    evac_buf_done(&out);
    return all;
}

START_TEST(a_row_that_is_missing_or_out_of_order_is_named)
{
    tell(&good), tell(&slow);
    make_bundle(0); /* no noise: line n is row n */
    struct unpacked u = unpack();
    struct evac_str was = *file(&u, "journal.jsonl");
    for (size_t at = 1; at + 2 < seq; at += 3) {
        *file(&u, "journal.jsonl") = with_lines(was, at, 0);
        ck_assert_int_eq(verify(pack(&u), key), 3);
        ck_assert_msg(found_row(at + 1), "without %zu", at + 1);
        *file(&u, "journal.jsonl") = with_lines(was, 0, at);
        ck_assert_int_eq(verify(pack(&u), key), 3);
        ck_assert_msg(found_row(at + 1) || found_row(at + 2), "swapped %zu", at + 1);
    }
}
END_TEST

START_TEST(a_report_that_says_more_than_its_rows_is_found_even_if_it_is_signed)
{
    a_small_history();
    make_bundle(3);
    struct unpacked u = unpack();
    struct evac_str *report = file(&u, "runs/3/report.json");
    *report = replaced(*report, "\"rto_ms\":90000", "\"rto_ms\":30000");
    sign_anew(&u, key);
    ck_assert_int_eq(verify(pack(&u), key), 4);
    ck_assert(found_in("runs/3/report.json"));
    ck_assert_int_eq(v.checks[EVAC_CHECK_FILES], EVAC_CHECKED_GOOD);
    ck_assert_int_eq(v.checks[EVAC_CHECK_VIEWS], EVAC_CHECKED_BAD);
}
END_TEST

START_TEST(who_signs_with_a_key_of_his_own_is_found_by_whoever_knows_the_right_one)
{
    a_small_history();
    make_bundle(2);
    struct unpacked u = unpack();
    sign_anew(&u, other);
    struct evac_str forged = pack(&u);
    ck_assert_int_eq(verify(forged, key), 5);
    ck_assert_int_eq(v.checks[EVAC_CHECK_TRUST], EVAC_CHECKED_BAD);
    ck_assert_int_eq(verify(forged, NULL), 6); /* nobody vouches: that is said, not good */
    struct evac_buf pem;                       /* only the key is another */
    u = unpack();
    evac_buf_init(&pem, 4096);
    evac_key_pem(other, &pem);
    *file(&u, "key.pub") = evac_buf_str(&pem);
    ck_assert_int_eq(verify(pack(&u), NULL), 5);
    evac_buf_done(&pem);
}
END_TEST

START_TEST(another_bundle_s_manifest_or_journal_does_not_fit)
{
    a_small_history();
    make_bundle(1);
    struct unpacked one = unpack();
    for (size_t i = 0; i < one.count; i++)
        one.files[i].content = evac_arena_str(arena, one.files[i].content);
    make_bundle(2);
    struct unpacked two = unpack();
    struct evac_str manifest = *file(&two, "manifest.json"), note = *file(&two, "manifest.note");
    *file(&two, "manifest.json") = *file(&one, "manifest.json");
    *file(&two, "manifest.note") = *file(&one, "manifest.note");
    ck_assert_int_ne(verify(pack(&two), key), 0);
    *file(&two, "manifest.json") = manifest, *file(&two, "manifest.note") = note;
    ck_assert_int_eq(verify(pack(&two), key), 0);
    *file(&two, "journal.jsonl") = *file(&one, "journal.jsonl");
    ck_assert_int_eq(verify(pack(&two), key), 4);
    ck_assert(found_in("journal.jsonl") && found_in("runs/2/report.json"));
}
END_TEST

/* --- its parts -------------------------------------------------------------------------------- */

static void naive(const uint8_t leaves[][32], size_t n, uint8_t ret[32])
{
    uint8_t left[32], right[32];
    size_t k = 1;
    if (n == 1) {
        memcpy(ret, leaves[0], 32);
        return;
    }
    while (2 * k < n)
        k *= 2;
    naive(leaves, k, left);
    naive(leaves + k, n - k, right);
    evac_tree_join(left, right, ret);
}

START_TEST(the_tree_that_grows_has_the_root_of_rfc_6962)
{
    static uint8_t leaves[130][32];
    struct evac_tree tree = { 0 }, wide = { 0 };
    uint8_t root[32], want[32], two[32];
    for (size_t n = 1; n <= 130; n++) {
        evac_sha256(evac_arena_printf(arena, "leaf %zu", n), leaves[n - 1]);
        ck_assert(evac_tree_push(&tree, 0, leaves[n - 1]));
        evac_tree_root(&tree, root);
        naive((const uint8_t(*)[32])leaves, n, want);
        ck_assert_mem_eq(root, want, 32);
    }
    for (size_t n = 0; n + 1 < 130; n += 2) {
        evac_tree_join(leaves[n], leaves[n + 1], two);
        ck_assert(evac_tree_push(&wide, 1, two));
    }
    evac_tree_root(&wide, root);
    ck_assert_mem_eq(root, want, 32);
    ck_assert(evac_tree_push(&wide, 0, two));
    ck_assert(!evac_tree_push(&wide, 1, two)); /* two rows do not begin at an odd place */
}
END_TEST

START_TEST(a_row_s_text_loses_nothing)
{
    char bytes[256];
    for (int i = 0; i < 256; i++)
        bytes[i] = (char)i;
    struct evac_row row = { .record = { .seq = 7,
                                        .kind = EVAC_RECORD_HOLD,
                                        .step = EVAC_NO_STEP,
                                        .number = INT64_MAX,
                                        .t_wall_ms = -5,
                                        .text = { bytes, 256 },
                                        .data = EVAC_STR("{\"a\":\"\xc3\xa9\xed\xb2\x80\"}") },
                            .node = EVAC_STR("n\"\\") };
    struct evac_rows_line line;
    struct evac_buf text;
    evac_buf_init(&text, 65536);
    evac_rows_put(&row, &text);
    struct evac_str one = { text.p, text.n - 1 };
    ck_assert_int_eq(evac_rows_parse(one, arena, &line, NULL), EVAC_OK);
    ck_assert_int_eq(line.kind, EVAC_ROWS_ROW);
    ck_assert_uint_eq(line.row.record.text.n, 256);
    ck_assert_mem_eq(line.row.record.text.p, bytes, 256);
    ck_assert_int_eq(line.row.record.number, INT64_MAX);
    ck_assert_uint_eq(line.row.record.step, EVAC_NO_STEP);
    ck_assert(evac_str_eq(line.row.record.data, row.record.data));
    for (size_t i = 0; i < one.n; i++) /* any other text for it is refused, or is another row */
        if (evac_rows_parse(flipped(one, i), arena, &line, NULL) == EVAC_OK) {
            struct evac_buf again;
            evac_buf_init(&again, 65536);
            evac_rows_put(&line.row, &again);
            ck_assert(line.kind != EVAC_ROWS_ROW ||
                      !evac_str_eq(evac_buf_str(&again), evac_buf_str(&text)));
            evac_buf_done(&again);
        }
    evac_buf_done(&text);
}
END_TEST

START_TEST(a_note_is_opened_by_its_key_alone)
{
    struct evac_buf note;
    struct evac_checkpoint c = { .origin = "evac/n", .size = 5, .root = { 1, 2, 3 } }, got;
    evac_buf_init(&note, EVAC_NOTE_MAX);
    evac_checkpoint_sign(key, &c, &note);
    ck_assert_int_eq(evac_checkpoint_open(key, evac_buf_str(&note), &got, NULL), EVAC_OK);
    ck_assert_str_eq(got.origin, "evac/n");
    ck_assert_uint_eq(got.size, 5);
    ck_assert_mem_eq(got.root, c.root, 32);
    ck_assert_int_eq(evac_checkpoint_open(other, evac_buf_str(&note), &got, NULL), EVAC_E_CORRUPT);
    for (size_t i = 0; i < note.n; i++)
        ck_assert_msg(evac_checkpoint_open(key, flipped(evac_buf_str(&note), i), &got, NULL) !=
                          EVAC_OK,
                      "byte %zu", i);
    evac_buf_done(&note);
}
END_TEST

START_TEST(a_key_is_kept_and_not_shown_to_others)
{
    char path[128];
    struct evac_key *again = NULL;
    struct evac_err err;
    struct stat st;
    snprintf(path, sizeof path, "%s/key", dir);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    ck_assert_int_eq(evac_key_make(path, &again, &err), EVAC_E_BUSY);
    ck_assert_int_eq(evac_key_read(path, &again, &err), EVAC_OK);
    ck_assert_mem_eq(evac_key_bytes(again), evac_key_bytes(key), 32);
    evac_key_free(again);
    chmod(path, 0640);
    ck_assert_int_eq(evac_key_read(path, &again, &err), EVAC_E_REFUSED);
    ck_assert_ptr_nonnull(strstr(err.text, "chmod 600"));
    ck_assert_int_eq(evac_key_read("/nowhere/key", &again, &err), EVAC_E_NOTFOUND);
    ck_assert_int_eq(evac_key_public(EVAC_STR("abc"), &again, &err), EVAC_E_BADARG);
}
END_TEST

/* --- checkpoints ------------------------------------------------------------------------------ */

static enum evac_code note_rows(void *user, const struct evac_record *rows, size_t count,
                                struct evac_err *err)
{
    (void)user, (void)err;
    for (size_t i = 0; i < count; i++) {
        struct evac_record r = rows[i];
        r.seq = ++seq;
        r.t_wall_ms = ++clock_ms;
        ck_assert_int_eq(store->vt->append(store, &r, 1, NULL), EVAC_OK);
    }
    return EVAC_OK;
}

static struct evac_str owner_of(void *user, struct evac_str app)
{
    (void)user;
    return evac_str_is(app, "shop") ? EVAC_STR("bob") : EVAC_STR_NONE;
}

static bool rows_settled;
static bool are_settled(void *user)
{
    (void)user;
    return rows_settled;
}

static struct evac_keeper *new_keeper(void)
{
    rows_settled = true;
    return evac_keeper_new(&(struct evac_keeper_options){ .store = store,
                                                          .key = key,
                                                          .node = EVAC_STR("n"),
                                                          .checkpoint_rows = 16,
                                                          .note = note_rows,
                                                          .settled = are_settled,
                                                          .owner = owner_of });
}

static void tick(struct evac_keeper *k)
{
    struct evac_err err;
    ck_assert_msg(evac_keeper_tick(k, &err) == EVAC_OK, "%s", err.text);
}

static struct evac_ledger_verdict whole(const struct evac_key *with, struct evac_str outside,
                                        enum evac_code want)
{
    struct evac_ledger_verdict got;
    struct evac_err err = { EVAC_OK, "" };
    enum evac_code code = evac_ledger_verify(store, with, outside, &got, &err);
    ck_assert_msg(code == want, "%s", err.text);
    return got;
}

struct counted {
    const char *name;
    size_t n;
};
static bool count_one(void *user, const struct evac_row *row)
{
    struct counted *c = user;
    c->n += evac_str_is(row->record.name, c->name);
    return true;
}
static size_t count_rows(enum evac_record_kind kind, const char *name)
{
    struct counted c = { name, 0 };
    struct evac_store_filter f = { .kinds = UINT64_C(1) << kind };
    ck_assert_int_eq(store->vt->read(store, &f, count_one, &c, NULL), EVAC_OK);
    return c.n;
}

START_TEST(a_run_s_end_is_judged_once_even_if_the_controller_dies_in_between)
{
    struct evac_keeper *k = new_keeper();
    tell(&slow);
    evac_keeper_wake(k);
    tick(k), tick(k);
    ck_assert_uint_eq(count_rows(EVAC_RECORD_DEFICIENCY, "D-shop-1"), 1);
    ck_assert_uint_eq(count_rows(EVAC_RECORD_EVIDENCE, "report"), 1);
    ck_assert_uint_eq(count_rows(EVAC_RECORD_EVIDENCE, "checkpoint"), 1);
    evac_keeper_free(k);
    for (int i = 0; i < 7; i++)
        tell(&slow); /* and nobody judged them */
    k = new_keeper();
    for (int i = 0; i < 4; i++)
        tick(k);
    ck_assert_uint_eq(count_rows(EVAC_RECORD_EVIDENCE, "report"), 8);
    ck_assert_uint_eq(count_rows(EVAC_RECORD_DEFICIENCY, "D-shop-1"), 8);
    ck_assert_uint_eq(count_rows(EVAC_RECORD_DEFICIENCY, "D-shop-2"), 0);
    evac_keeper_free(k);
}
END_TEST

START_TEST(the_journal_is_signed_as_it_grows_and_its_checkpoints_fit)
{
    struct evac_keeper *k = new_keeper();
    for (int i = 0; i < 10; i++) {
        noise(10), tick(k);
        if (i == 4) { /* a start takes up where the last checkpoint stands */
            evac_keeper_free(k);
            k = new_keeper();
        }
    }
    struct evac_ledger_verdict got = whole(key, EVAC_STR_NONE, EVAC_OK);
    ck_assert_uint_ge(got.checkpoints, 4);
    ck_assert_uint_eq(got.unchecked, 0);
    ck_assert_uint_eq(got.rows, seq);
    ck_assert_uint_eq(whole(other, EVAC_STR_NONE, EVAC_OK).unchecked, got.checkpoints);
    ck_assert_uint_eq(whole(NULL, EVAC_STR_NONE, EVAC_OK).unchecked, got.checkpoints);
    evac_keeper_free(k);
}
END_TEST

/* A checkpoint stands right behind what it covers: behind rows that are not there yet it would be
 * of fewer than stand before it, and the journal would look as if it had been written anew. */
START_TEST(while_rows_are_on_their_way_nothing_is_judged_or_signed)
{
    uint64_t size;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_keeper *k = new_keeper();
    tell(&slow), noise(20);
    uint64_t before = seq;
    rows_settled = false;
    evac_keeper_wake(k);
    tick(k), tick(k);
    ck_assert_uint_eq(seq, before);
    ck_assert_int_eq(evac_keeper_sign(k, &size, NULL, &err), EVAC_E_BUSY);
    ck_assert_str_eq(err.text, "rows are on their way into the journal: ask again in a moment");
    rows_settled = true;
    tick(k);
    ck_assert_uint_eq(count_rows(EVAC_RECORD_EVIDENCE, "report"), 1);
    ck_assert_uint_eq(count_rows(EVAC_RECORD_EVIDENCE, "checkpoint"), 1);
    whole(key, EVAC_STR_NONE, EVAC_OK);
    evac_keeper_free(k);
}
END_TEST

/* The same journal, written anew by somebody who can hash but not sign. */
static void rewrite(uint64_t changed, uint64_t keep)
{
    struct evac_store *was = store;
    store = evac_store_new_memory("n", "b");
    for (uint64_t i = 1; i <= keep; i++) {
        struct evac_row row;
        ck_assert_int_eq(evac_store_row(was, i, arena, &row, NULL), EVAC_OK);
        if (i == changed)
            row.record.number++;
        ck_assert_int_eq(store->vt->append(store, &row.record, 1, NULL), EVAC_OK);
    }
    evac_store_close(was);
    seq = keep;
}

START_TEST(a_journal_that_was_written_anew_does_not_fit_its_checkpoints)
{
    struct evac_keeper *k = new_keeper();
    noise(20), tick(k), noise(20), tick(k);
    evac_keeper_free(k);
    rewrite(0, seq);
    whole(key, EVAC_STR_NONE, EVAC_OK);
    rewrite(3, seq);
    uint64_t rows;
    ck_assert_int_eq(evac_store_verify(store, &rows, NULL), EVAC_OK); /* its chain is whole */
    whole(key, EVAC_STR_NONE, EVAC_E_CORRUPT);
}
END_TEST

START_TEST(a_journal_that_was_cut_does_not_fit_a_checkpoint_kept_elsewhere)
{
    struct evac_ledger ledger = { 0 };
    struct evac_buf note;
    evac_buf_init(&note, EVAC_NOTE_MAX);
    noise(30);
    ck_assert_int_eq(evac_ledger_read(&ledger, store, key, NULL), EVAC_OK);
    evac_ledger_note(&ledger, key, "evac/n", &note);
    noise(5);
    ck_assert(whole(key, evac_buf_str(&note), EVAC_OK).outside);
    rewrite(0, 29);
    whole(key, EVAC_STR_NONE, EVAC_OK); /* by itself it looks whole: hence the copy elsewhere */
    whole(key, evac_buf_str(&note), EVAC_E_CORRUPT);
    whole(other, evac_buf_str(&note), EVAC_E_CORRUPT);
    evac_buf_done(&note);
}
END_TEST

START_TEST(the_mapping_reads_and_names_every_framework)
{
    static const char *const names[] = { "DORA", "SOC 2", "ISO 22301", "FFIEC", "PCI DSS" };
    struct evac_mapping m;
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_msg(evac_mapping_load(arena, &m, &err) == EVAC_OK, "%s", err.text);
    ck_assert_uint_eq(m.framework_count, 5);
    for (size_t i = 0; i < 5; i++) {
        ck_assert(evac_str_is(m.frameworks[i].name, names[i]));
        ck_assert_uint_gt(m.frameworks[i].requirement_count, 1);
    }
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("evidence");
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, begin, finish);
    tcase_add_test(tc, what_was_made_is_found_good);
    tcase_add_test(tc, a_key_that_nobody_vouches_for_is_said);
    tcase_add_test(tc, a_run_that_is_unknown_or_goes_on_has_no_bundle);
    tcase_add_test(tc, every_file_that_is_altered_is_named);
    tcase_add_test(tc, every_file_that_is_taken_out_or_put_in_is_named);
    tcase_add_test(tc, an_archive_that_is_cut_or_grows_is_not_good);
    tcase_add_test(tc, every_byte_of_a_head_counts);
    tcase_add_test(tc, every_field_of_a_row_that_is_altered_names_the_row);
    tcase_add_test(tc, a_row_that_is_missing_or_out_of_order_is_named);
    tcase_add_test(tc, a_report_that_says_more_than_its_rows_is_found_even_if_it_is_signed);
    tcase_add_test(tc, who_signs_with_a_key_of_his_own_is_found_by_whoever_knows_the_right_one);
    tcase_add_test(tc, another_bundle_s_manifest_or_journal_does_not_fit);
    tcase_add_test(tc, the_tree_that_grows_has_the_root_of_rfc_6962);
    tcase_add_test(tc, a_row_s_text_loses_nothing);
    tcase_add_test(tc, a_note_is_opened_by_its_key_alone);
    tcase_add_test(tc, a_key_is_kept_and_not_shown_to_others);
    tcase_add_test(tc, a_run_s_end_is_judged_once_even_if_the_controller_dies_in_between);
    tcase_add_test(tc, the_journal_is_signed_as_it_grows_and_its_checkpoints_fit);
    tcase_add_test(tc, while_rows_are_on_their_way_nothing_is_judged_or_signed);
    tcase_add_test(tc, a_journal_that_was_written_anew_does_not_fit_its_checkpoints);
    tcase_add_test(tc, a_journal_that_was_cut_does_not_fit_a_checkpoint_kept_elsewhere);
    tcase_add_test(tc, the_mapping_reads_and_names_every_framework);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("evidence", cases)

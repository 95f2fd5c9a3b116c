#include "verify.h"

#include "bundle.h"
#include "evac/arena.h"
#include "note.h"
#include "rows.h"
#include "tar.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (32u << 20)

#define X(name, text, doc) text,
static const char *const names[] = { EVAC_CHECKS(X) };
#undef X
#define X(name, text, doc) doc,
static const char *const docs[] = { EVAC_CHECKS(X) };
#undef X

const char *evac_check_name(enum evac_check check)
{
    return names[check];
}

struct verifier {
    struct evac_verify *v;
    struct evac_arena *arena;
    struct evac_tar_file *files;
    size_t file_count;
    bool *listed; /* by the manifest, a file each */
    struct evac_key *key;
    cJSON *manifest;
    const char *version;
    struct evac_rows_reading rows;
};

static void find(struct verifier *x, enum evac_check check, struct evac_str file, uint64_t row,
                 const char *fmt, ...) __attribute__((format(printf, 5, 6)));
static void find(struct verifier *x, enum evac_check check, struct evac_str file, uint64_t row,
                 const char *fmt, ...)
{
    va_list ap;
    struct evac_verify *v = x->v;
    v->checks[check] = EVAC_CHECKED_BAD;
    if (v->finding_count == EVAC_VERIFY_FINDINGS_MAX)
        return;
    struct evac_verify_finding *f = &v->findings[v->finding_count++];
    f->check = check;
    f->row = row;
    (void)evac_str_copy(f->file, sizeof f->file, file);
    va_start(ap, fmt);
    (void)evac_str_copy(f->text, sizeof f->text, evac_arena_vprintf(x->arena, fmt, ap));
    va_end(ap);
}

/* What was found last is that something is not there. */
static void is_missing(struct verifier *x)
{
    if (x->v->finding_count)
        x->v->findings[x->v->finding_count - 1].missing = true;
}

/* Good unless something was found. */
static void done(struct verifier *x, enum evac_check check)
{
    if (x->v->checks[check] == EVAC_CHECKED_NOT)
        x->v->checks[check] = EVAC_CHECKED_GOOD;
}

static struct evac_str content(const struct verifier *x, const char *name)
{
    for (size_t i = 0; i < x->file_count; i++)
        if (evac_str_is(x->files[i].name, name))
            return x->files[i].content;
    return EVAC_STR_NONE;
}

/* --- the archive and its signature ------------------------------------------------------------ */

static void check_archive(struct verifier *x, struct evac_str archive)
{
    struct evac_err err;
    if (evac_tar_read(archive, x->arena, &x->files, &x->file_count, &err))
        find(x, EVAC_CHECK_ARCHIVE, EVAC_STR_NONE, 0, "%s", err.text), is_missing(x);
    x->listed = evac_arena_array(x->arena, x->file_count + 1, sizeof *x->listed);
    done(x, EVAC_CHECK_ARCHIVE);
}

static void copy_text(const cJSON *json, const char *key, char *to, size_t bytes)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    (void)evac_str_copy(to, bytes, evac_str(cJSON_IsString(item) ? item->valuestring : ""));
}

static int64_t number_of(const cJSON *json, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    return cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble < 9e15
               ? (int64_t)item->valuedouble
               : 0;
}

static void read_manifest(struct verifier *x)
{
    struct evac_verify *v = x->v;
    struct evac_str text = content(x, "manifest.json");
    x->manifest = text.n ? cJSON_ParseWithLength(text.p, text.n) : NULL;
    if (!cJSON_IsObject(x->manifest)) {
        find(x, EVAC_CHECK_FILES, EVAC_STR("manifest.json"), 0,
             text.n ? "the manifest can not be read" : "the manifest is missing");
        return;
    }
    copy_text(x->manifest, "app", v->app, sizeof v->app);
    copy_text(x->manifest, "origin", v->origin, sizeof v->origin);
    copy_text(x->manifest, "made_by", v->made_by, sizeof v->made_by);
    copy_text(x->manifest, "evac", v->version, sizeof v->version);
    v->made_ms = number_of(x->manifest, "made_ms");
    v->runs = (uint64_t)cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(x->manifest, "runs"));
}

static void check_key(struct verifier *x, const struct evac_key *trusted)
{
    struct evac_err err;
    char wanted[65];
    if (evac_key_public(content(x, "key.pub"), &x->key, &err)) {
        find(x, EVAC_CHECK_SIGNATURE, EVAC_STR("key.pub"), 0, "the public key can not be read: %s",
             err.text);
        return;
    }
    evac_key_fingerprint(x->key, x->v->fingerprint);
    if (!trusted)
        return; /* nobody vouches: the check stays undone */
    evac_key_fingerprint(trusted, wanted);
    if (strcmp(wanted, x->v->fingerprint) != 0)
        find(x, EVAC_CHECK_TRUST, EVAC_STR("key.pub"), 0,
             "it is signed with the key %s; you trust %s", x->v->fingerprint, wanted);
    done(x, EVAC_CHECK_TRUST);
}

static void check_signature(struct verifier *x)
{
    struct evac_err err;
    struct evac_str signed_text;
    struct evac_buf expected;
    const struct evac_str note = EVAC_STR("manifest.note");
    if (!x->key)
        return;
    if (evac_note_open(x->key, content(x, "manifest.note"), &signed_text, &err)) {
        find(x, EVAC_CHECK_SIGNATURE, note, 0, "the manifest's signature: %s", err.text);
        return;
    }
    evac_buf_init(&expected, EVAC_NOTE_MAX);
    evac_bundle_manifest_text(content(x, "manifest.json"), &expected);
    if (!evac_str_eq(signed_text, evac_buf_str(&expected)))
        find(x, EVAC_CHECK_SIGNATURE, EVAC_STR("manifest.json"), 0,
             "the manifest was altered: it is not the one that was signed");
    evac_buf_done(&expected);
    done(x, EVAC_CHECK_SIGNATURE);
}

/* --- files ------------------------------------------------------------------------------------ */

static void check_file(struct verifier *x, const cJSON *entry)
{
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(entry, "name");
    const cJSON *hash = cJSON_GetObjectItemCaseSensitive(entry, "sha256");
    uint8_t is[32];
    char hex[65];
    if (!cJSON_IsString(name) || !cJSON_IsString(hash)) {
        find(x, EVAC_CHECK_FILES, EVAC_STR("manifest.json"), 0, "it has an entry that is no file");
        return;
    }
    for (size_t i = 0; i < x->file_count; i++) {
        if (!evac_str_is(x->files[i].name, name->valuestring))
            continue;
        x->listed[i] = true;
        evac_sha256(x->files[i].content, is);
        evac_hex(is, 32, hex);
        if (strcmp(hex, hash->valuestring) != 0)
            find(x, EVAC_CHECK_FILES, x->files[i].name, 0,
                 "%s was altered: its SHA-256 is not the manifest's", name->valuestring);
        return;
    }
    find(x, EVAC_CHECK_FILES, evac_str(name->valuestring), 0, "%s is missing", name->valuestring);
    is_missing(x);
}

static void check_files(struct verifier *x)
{
    const cJSON *entry;
    cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(x->manifest, "files"))
    {
        check_file(x, entry);
    }
    for (size_t i = 0; i < x->file_count; i++) {
        struct evac_str name = x->files[i].name;
        bool own = evac_str_is(name, "manifest.json") || evac_str_is(name, "manifest.note");
        if (!own && !x->listed[i])
            find(x, EVAC_CHECK_FILES, name, 0, "%.*s is not in the manifest: somebody added it",
                 EVAC_STR_ARG(name));
    }
    static const char *const needed[] = { "manifest.json", "manifest.note", "key.pub",
                                          "checkpoint.note", "journal.jsonl" };
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (content(x, needed[i]).n == 0)
            find(x, EVAC_CHECK_FILES, evac_str(needed[i]), 0, "%s is missing", needed[i]),
                is_missing(x);
    done(x, EVAC_CHECK_FILES);
}

/* --- the journal ------------------------------------------------------------------------------ */

static void check_rows(struct verifier *x)
{
    struct evac_rows_reading *r = &x->rows;
    const struct evac_str file = EVAC_STR("journal.jsonl");
    evac_rows_read(content(x, "journal.jsonl"), x->arena, r);
    for (size_t i = 0; i < r->fault_count; i++) {
        find(x, EVAC_CHECK_ROWS, file, r->faults[i].row, "line %zu: %s", r->faults[i].line,
             r->faults[i].text);
        if (r->faults[i].missing)
            is_missing(x);
    }
    x->v->rows = r->count;
    x->v->journal_rows = r->tree.size;
    done(x, EVAC_CHECK_ROWS);
}

static void check_tree(struct verifier *x)
{
    struct evac_checkpoint c;
    struct evac_err err;
    uint8_t root[32];
    unsigned long long has = x->rows.tree.size;
    const struct evac_str file = EVAC_STR("checkpoint.note");
    if (!x->key)
        return;
    if (evac_checkpoint_open(x->key, content(x, "checkpoint.note"), &c, &err)) {
        find(x, EVAC_CHECK_TREE, file, 0, "the checkpoint: %s", err.text);
        return;
    }
    evac_tree_root(&x->rows.tree, root);
    if (c.size != has)
        find(x, EVAC_CHECK_TREE, EVAC_STR("journal.jsonl"), 0,
             "the rows end at %llu, the checkpoint is of %llu: rows are missing, or too many are "
             "there",
             has, (unsigned long long)c.size),
            is_missing(x);
    else if (memcmp(root, c.root, 32) != 0)
        find(x, EVAC_CHECK_TREE, EVAC_STR("journal.jsonl"), 0,
             "the rows do not have the root that was signed: one of them, or of those that are not "
             "shown, is another");
    if (strcmp(c.origin, x->v->origin) != 0)
        find(x, EVAC_CHECK_TREE, file, 0, "it is of the journal %s, the bundle is of %s", c.origin,
             x->v->origin);
    done(x, EVAC_CHECK_TREE);
}

/* --- what follows from the rows --------------------------------------------------------------- */

/* Where two texts part. */
static size_t first_difference(struct evac_str a, struct evac_str b)
{
    size_t n = a.n < b.n ? a.n : b.n, i = 0;
    while (i < n && a.p[i] == b.p[i])
        i++;
    return i;
}

static void check_view(struct verifier *x, const struct evac_bundle_subject *subject,
                       const struct evac_tar_file *file)
{
    struct evac_buf again;
    struct evac_err err = { EVAC_OK, "" };
    evac_buf_init(&again, FILE_MAX);
    if (evac_bundle_file(subject, file->name, &again, &err))
        find(x, EVAC_CHECK_VIEWS, file->name, 0, "%.*s can not be made from the rows: %s",
             EVAC_STR_ARG(file->name), err.text);
    else if (!evac_str_eq(evac_buf_str(&again), file->content))
        find(x, EVAC_CHECK_VIEWS, file->name, 0,
             "%.*s does not follow from the rows: from byte %zu on it says something else",
             EVAC_STR_ARG(file->name), first_difference(evac_buf_str(&again), file->content));
    evac_buf_done(&again);
}

static void check_views(struct verifier *x)
{
    if (strcmp(x->version, x->v->version) != 0)
        return; /* another evac may write the same facts in another way */
    struct evac_bundle_subject subject = {
        .store = evac_rows_store(x->rows.rows, x->rows.count),
        .app = evac_str(x->v->app),
        .since_ms = number_of(x->manifest, "since_ms"),
        .made_ms = x->v->made_ms,
    };
    for (size_t i = 0; i < x->file_count; i++)
        if (evac_bundle_is_made(x->files[i].name))
            check_view(x, &subject, &x->files[i]);
    evac_store_close(subject.store);
    done(x, EVAC_CHECK_VIEWS);
}

void evac_verify_bundle(struct evac_str archive, const struct evac_key *trusted,
                        const char *version, struct evac_verify *ret)
{
    struct verifier x = { .v = ret, .arena = evac_arena_new(), .version = version };
    memset(ret, 0, sizeof *ret);
    for (unsigned i = 0; i < EVAC_CHECK_COUNT; i++)
        ret->checks[i] = EVAC_CHECKED_NOT;
    check_archive(&x, archive);
    read_manifest(&x);
    check_key(&x, trusted);
    check_signature(&x);
    check_files(&x);
    check_rows(&x);
    check_tree(&x);
    check_views(&x);
    cJSON_Delete(x.manifest);
    evac_key_free(x.key);
    evac_arena_free(x.arena);
}

/* --- telling ---------------------------------------------------------------------------------- */

int evac_verify_exit(const struct evac_verify *v)
{
    const enum evac_checked *c = v->checks;
    if (c[EVAC_CHECK_SIGNATURE] != EVAC_CHECKED_GOOD || c[EVAC_CHECK_TRUST] == EVAC_CHECKED_BAD)
        return 5;
    bool missing = false;
    for (size_t i = 0; i < v->finding_count; i++)
        missing = missing || v->findings[i].missing;
    for (unsigned i = 0; i < EVAC_CHECK_TRUST; i++)
        if (c[i] == EVAC_CHECKED_BAD)
            return missing ? 3 : 4;
    return c[EVAC_CHECK_TRUST] == EVAC_CHECKED_GOOD ? 0 : 6;
}

static const char *verdict(const struct evac_verify *v)
{
    switch (evac_verify_exit(v)) {
    case 0:
        return "GOOD: it is what was signed, and all of it holds together";
    case 6:
        return "HOLDS TOGETHER, but nobody vouches for its key: say --key with the fingerprint "
               "that "
               "the controller's people gave you";
    case 5:
        return "BAD: its signature or its key is wrong";
    case 3:
        return "BAD: something is missing";
    default:
        return "BAD: something was altered";
    }
}

void evac_verify_text(const struct evac_verify *v, struct evac_buf *out)
{
    static const char *const words[] = { "good", "BAD", "not checked" };
    evac_buf_putf(out, "%s: %llu run%s of %s, %llu of its %llu journal rows, made by %s\n",
                  v->origin, (unsigned long long)v->runs, v->runs == 1 ? "" : "s", v->app,
                  (unsigned long long)v->rows, (unsigned long long)v->journal_rows, v->made_by);
    for (unsigned i = 0; i < EVAC_CHECK_COUNT; i++) {
        evac_buf_putf(out, "  %-10s %-12s %s\n", names[i], words[v->checks[i]], docs[i]);
        for (size_t k = 0; k < v->finding_count; k++)
            if (v->findings[k].check == (enum evac_check)i)
                evac_buf_putf(out, "             %s%s%s\n", v->findings[k].file,
                              v->findings[k].file[0] ? ": " : "", v->findings[k].text);
    }
    evac_buf_putf(out, "key %s\n%s\n", v->fingerprint, verdict(v));
}

void evac_verify_json(const struct evac_verify *v, struct evac_jw *w)
{
    static const char *const words[] = { "good", "bad", "not checked" };
    evac_jw_open(w, NULL, '{');
    evac_jw_cstr(w, "verdict", verdict(v));
    evac_jw_i64(w, "exit", evac_verify_exit(v));
    evac_jw_cstr(w, "origin", v->origin);
    evac_jw_cstr(w, "app", v->app);
    evac_jw_cstr(w, "made_by", v->made_by);
    evac_jw_i64(w, "made_ms", v->made_ms);
    evac_jw_cstr(w, "evac", v->version);
    evac_jw_cstr(w, "key", v->fingerprint);
    evac_jw_i64(w, "runs", (int64_t)v->runs);
    evac_jw_i64(w, "rows", (int64_t)v->rows);
    evac_jw_i64(w, "journal_rows", (int64_t)v->journal_rows);
    evac_jw_open(w, "checks", '{');
    for (unsigned i = 0; i < EVAC_CHECK_COUNT; i++)
        evac_jw_cstr(w, names[i], words[v->checks[i]]);
    evac_jw_close(w, '}');
    evac_jw_open(w, "findings", '[');
    for (size_t i = 0; i < v->finding_count; i++) {
        const struct evac_verify_finding *f = &v->findings[i];
        evac_jw_open(w, NULL, '{');
        evac_jw_cstr(w, "check", names[f->check]);
        evac_jw_cstr(w, "file", f->file);
        evac_jw_known(w, "row", f->row != 0, (int64_t)f->row);
        evac_jw_cstr(w, "text", f->text);
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
    evac_jw_close(w, '}');
}

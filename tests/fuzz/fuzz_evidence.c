/*
 * A bundle of evidence, as somebody changed it. The first byte says who: 0 whoever finds the file
 * and has no key; 1 whoever packs it anew with a key of his own; 2 whoever has the right key. Then
 * edits follow: of the archive's bytes (even), or of its files, which are packed again (odd).
 * Nothing that is not exactly what was signed is ever good.
 */
#include "bundle.h"
#include "fuzz.h"
#include "jw.h"
#include "note.h"
#include "rows_text.h"
#include "store_memory.h"
#include "tar.h"
#include "verify.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION   "1"
#define FILES_MAX 64u
#define EDITS_MAX 32u

static struct evac_key *right, *other;
static struct evac_buf bundle;
static struct evac_tar_file files[FILES_MAX];
static size_t file_count;
static int64_t made_ms;

static struct evac_key *make_key(uint8_t secret)
{
    char path[] = "/tmp/evac-fuzz-key-XXXXXX";
    uint8_t raw[32] = { secret };
    struct evac_key *key = NULL;
    struct evac_err err = { EVAC_OK, "" };
    EVP_PKEY *made = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, raw, sizeof raw);
    int fd = mkstemp(path);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
    MUST(made && f && PEM_write_PKCS8PrivateKey(f, made, NULL, NULL, 0, NULL, NULL) == 1);
    (void)fclose(f);
    MUST(evac_key_read(path, &key, &err) == EVAC_OK);
    (void)unlink(path);
    EVP_PKEY_free(made);
    return key;
}

static size_t read_file(const char *path, char *to, size_t bytes)
{
    FILE *f = fopen(path, "rb");
    MUST(f);
    size_t n = fread(to, 1, bytes, f);
    (void)fclose(f);
    return n;
}

/* Of a run that really was. */
static void make_bundle(void)
{
    static char text[65536], plan[65536];
    static struct evac_record rows[ROWS_TEXT_MAX];
    struct evac_arena *arena = evac_arena_new();
    struct evac_tar_file *read;
    struct evac_bundle_made made;
    struct evac_err err = { EVAC_OK, "" };
    size_t n = read_file(EVAC_SOURCE_DIR "/tests/fuzz/corpus/rows/run", text, sizeof text);
    size_t plan_n = read_file(EVAC_SOURCE_DIR "/tests/fuzz/corpus/plan/local", plan, sizeof plan);
    n = rows_text_read((struct evac_str){ text + 1, n - 1 }, (struct evac_str){ plan, plan_n },
                       rows);
    struct evac_store *store = evac_store_new_memory("n", "b");
    MUST(n > 0 && store->vt->append(store, rows, n, &err) == EVAC_OK);
    made_ms = rows[n - 1].t_wall_ms + 1;
    right = make_key(1);
    other = make_key(2);
    const struct evac_bundle_request q = { .store = store,
                                           .key = right,
                                           .node = EVAC_STR("n"),
                                           .run = 1,
                                           .now_ms = made_ms,
                                           .who = EVAC_STR("ann"),
                                           .version = VERSION };
    evac_buf_init(&bundle, EVAC_BUNDLE_MAX);
    MUST(evac_bundle_make(&q, &bundle, &made, &err) == EVAC_OK);
    MUST(evac_tar_read(evac_buf_str(&bundle), arena, &read, &file_count, &err) == EVAC_OK);
    MUST(file_count <= FILES_MAX);
    memcpy(files, read, file_count * sizeof files[0]);
    for (size_t i = 0; i < file_count; i++) { /* names live in the arena, contents in the bundle */
        char *name = strndup(files[i].name.p, files[i].name.n);
        MUST(name);
        files[i].name = evac_str(name);
    }
    evac_store_close(store);
    evac_arena_free(arena);
}

/* --- what is changed ---------------------------------------------------------------------------
 */

/* Some bytes are taken out, and others put in. */
static struct evac_str edit(struct evac_arena *arena, struct evac_str text, struct fuzz_input *in)
{
    unsigned where = fuzz_number(in, 65536), out = fuzz_byte(in) & 63, put = fuzz_byte(in) & 63;
    size_t at = text.n ? ((size_t)where << 2 | (out & 3)) % (text.n + 1) : 0;
    put = put < in->n ? put : (unsigned)in->n;
    out >>= 2;
    out = out < text.n - at ? out : (unsigned)(text.n - at);
    char *made = evac_arena_alloc(arena, text.n + put + 1);
    memcpy(made, text.p, at);
    memcpy(made + at, in->p, put);
    memcpy(made + at + put, text.p + at + out, text.n - at - out);
    text = (struct evac_str){ made, text.n - out + put };
    in->p += put;
    in->n -= put;
    return text;
}

/* The files' list as it ought to be now. */
static struct evac_str manifest_of(struct evac_arena *arena, const struct evac_tar_file *list,
                                   size_t n, const struct evac_key *key)
{
    struct evac_str head = list[0].content;
    struct evac_buf out;
    char hex[65];
    uint8_t hash[32];
    for (size_t i = 0; i + 6 < head.n; i++) /* up to the key's fingerprint, as it is */
        if (memcmp(head.p + i, ",\"key\"", 6) == 0)
            head.n = i;
    evac_buf_init(&out, 1u << 20);
    evac_buf_put_str(&out, head);
    evac_key_fingerprint(key, hex);
    evac_buf_putf(&out, ",\"key\":\"%s\",\"files\":[", hex);
    for (size_t i = 2; i < n; i++) {
        evac_sha256(list[i].content, hash);
        evac_hex(hash, sizeof hash, hex);
        evac_buf_puts(&out, i > 2 ? ",{\"name\":" : "{\"name\":");
        evac_buf_json(&out, list[i].name);
        evac_buf_putf(&out, ",\"bytes\":%zu,\"sha256\":\"%s\"}", list[i].content.n, hex);
    }
    evac_buf_puts(&out, "]}");
    struct evac_str made = evac_arena_str(arena, evac_buf_str(&out));
    evac_buf_done(&out);
    return made;
}

static void sign(struct evac_arena *arena, struct evac_tar_file *list, size_t n,
                 const struct evac_key *key)
{
    struct evac_buf text, note;
    evac_buf_init(&text, EVAC_NOTE_MAX);
    evac_buf_init(&note, EVAC_NOTE_MAX);
    list[0].content = manifest_of(arena, list, n, key);
    evac_bundle_manifest_text(list[0].content, &text);
    evac_note_sign(key, EVAC_STR("evac/n"), evac_buf_str(&text), &note);
    list[1].content = evac_arena_str(arena, evac_buf_str(&note));
    evac_buf_done(&text);
    evac_buf_done(&note);
}

static void change_files(struct fuzz_input *in, unsigned who, struct evac_buf *out)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_tar_file list[FILES_MAX];
    size_t n = file_count;
    memcpy(list, files, sizeof list);
    for (unsigned i = 0; in->n && i < EDITS_MAX; i++) {
        size_t which = fuzz_byte(in) % (n + 1);
        if (which < n)
            list[which].content = edit(arena, list[which].content, in);
        else if (n > 3) /* one less */
            memmove(&list[n - 2], &list[n - 1], sizeof list[0]), n--;
    }
    if (who)
        sign(arena, list, n, who == 1 ? other : right);
    for (size_t i = 0; i < n; i++)
        evac_tar_put(out, list[i].name.p, list[i].content, made_ms);
    evac_tar_end(out);
    evac_arena_free(arena);
}

static void change_bytes(struct fuzz_input *in, struct evac_buf *out)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_str text = evac_buf_str(&bundle);
    for (unsigned i = 0; in->n && i < EDITS_MAX; i++)
        text = edit(arena, text, in);
    evac_buf_put_str(out, text);
    evac_arena_free(arena);
}

static int verify(struct evac_str archive, const struct evac_key *trusted)
{
    static struct evac_verify v;
    struct evac_buf out;
    memset(&v, 0, sizeof v);
    evac_verify_bundle(archive, trusted, VERSION, &v);
    evac_buf_init(&out, 1u << 20);
    struct evac_jw w = { &out, false };
    evac_verify_text(&v, &out);
    evac_verify_json(&v, &w);
    MUST(!out.failed && v.finding_count <= EVAC_VERIFY_FINDINGS_MAX);
    evac_buf_done(&out);
    int code = evac_verify_exit(&v);
    MUST(code == 0 || v.finding_count > 0 || code == 6);
    return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = { data, size };
    struct evac_buf changed;
    if (!right)
        make_bundle();
    unsigned how = fuzz_byte(&in), who = how % 3;
    evac_buf_init(&changed, 2 * EVAC_BUNDLE_MAX);
    if (how & 64) {
        evac_buf_put(&changed, in.p, in.n); /* an archive of nobody's */
        who = 0;
    } else if (how & 128) {
        change_bytes(&in, &changed);
        who = 0;
    } else {
        change_files(&in, who, &changed);
    }
    bool same = evac_str_eq(evac_buf_str(&changed), evac_buf_str(&bundle));
    int code = verify(evac_buf_str(&changed), right);
    MUST(!same || code == 0);
    /* README.txt and the manifest's own words are whatever the key's owner says */
    MUST(same || who == 2 || code != 0);
    (void)verify(evac_buf_str(&changed), NULL);
    evac_buf_done(&changed);
    return 0;
}

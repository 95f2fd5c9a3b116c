#include "note.h"

#include <openssl/evp.h>
#include <string.h>

#define DASH      "\xe2\x80\x94 " /* U+2014 and a blank begin a signature's line */
#define SIG_BYTES (4u + EVAC_SIGNATURE_BYTES)
#define SIG_TEXT  92u /* of base64 */
#define ROOT_TEXT 44u

static void put_base64(struct evac_buf *out, const uint8_t *bytes, size_t n)
{
    unsigned char text[2 * SIG_BYTES];
    int length = EVP_EncodeBlock(text, bytes, (int)n);
    evac_buf_put(out, text, (size_t)length);
}

/* Exactly n bytes, written in the one way in which they can be. */
static bool read_base64(struct evac_str text, uint8_t *ret_bytes, size_t n)
{
    unsigned char bytes[2 * SIG_BYTES];
    unsigned char again[2 * SIG_BYTES];
    if (text.n != (n + 2) / 3 * 4 || text.n > sizeof again - 1 ||
        EVP_DecodeBlock(bytes, (const unsigned char *)text.p, (int)text.n) < (int)n)
        return false;
    EVP_EncodeBlock(again, bytes, (int)n);
    memcpy(ret_bytes, bytes, n);
    return memcmp(again, text.p, text.n) == 0;
}

/* C2SP signed-note: SHA-256(name || newline || 0x01 || public key), its first four bytes. */
static void key_id(const struct evac_key *key, struct evac_str name, uint8_t ret_id[4])
{
    struct evac_buf text;
    uint8_t hash[32];
    evac_buf_init(&text, EVAC_NOTE_MAX);
    evac_buf_put_str(&text, name);
    evac_buf_puts(&text, "\n\x01");
    evac_buf_put(&text, evac_key_bytes(key), 32);
    evac_sha256(evac_buf_str(&text), hash);
    memcpy(ret_id, hash, 4);
    evac_buf_done(&text);
}

void evac_note_sign(const struct evac_key *key, struct evac_str name, struct evac_str text,
                    struct evac_buf *out)
{
    uint8_t signature[SIG_BYTES];
    key_id(key, name, signature);
    evac_key_sign(key, text, signature + 4);
    evac_buf_put_str(out, text);
    evac_buf_puts(out, "\n" DASH);
    evac_buf_put_str(out, name);
    evac_buf_putc(out, ' ');
    put_base64(out, signature, sizeof signature);
    evac_buf_putc(out, '\n');
}

/* The one signature's line, after the empty one. */
static bool split(struct evac_str note, struct evac_str *ret_text, struct evac_str *ret_name,
                  uint8_t ret_signature[SIG_BYTES])
{
    static const char mark[] = "\n\n" DASH;
    for (size_t i = 0; i + sizeof mark < note.n; i++) {
        struct evac_str rest = { note.p + i, note.n - i }, line, signature;
        if (!evac_str_starts(rest, mark))
            continue;
        *ret_text = (struct evac_str){ note.p, i + 1 };
        rest.p += sizeof mark - 1;
        rest.n -= sizeof mark - 1;
        line = evac_str_cut(rest, '\n', &rest);
        *ret_name = evac_str_cut(line, ' ', &signature);
        return rest.n == 0 && note.p[note.n - 1] == '\n' && ret_name->n > 0 &&
               read_base64(signature, ret_signature, SIG_BYTES);
    }
    return false;
}

enum evac_code evac_note_open(const struct evac_key *key, struct evac_str note,
                              struct evac_str *ret_text, struct evac_err *err)
{
    struct evac_str text = EVAC_STR_NONE, name = EVAC_STR_NONE;
    uint8_t signature[SIG_BYTES], id[4];
    if (note.n > EVAC_NOTE_MAX || !split(note, &text, &name, signature))
        return evac_fail(err, EVAC_E_CORRUPT, "it is not a signed note");
    if (key)
        key_id(key, name, id);
    if (key && memcmp(id, signature, 4) != 0)
        return evac_fail(err, EVAC_E_CORRUPT, "it was signed with another key");
    if (key && !evac_key_signed(key, text, signature + 4))
        return evac_fail(err, EVAC_E_CORRUPT, "its signature does not fit its text");
    *ret_text = text;
    return EVAC_OK;
}

/* --- checkpoints ------------------------------------------------------------------------------ */

void evac_checkpoint_sign(const struct evac_key *key, const struct evac_checkpoint *c,
                          struct evac_buf *out)
{
    struct evac_buf text;
    evac_buf_init(&text, EVAC_NOTE_MAX);
    evac_buf_putf(&text, "%s\n%llu\n", c->origin, (unsigned long long)c->size);
    put_base64(&text, c->root, sizeof c->root);
    evac_buf_putc(&text, '\n');
    evac_note_sign(key, evac_str(c->origin), evac_buf_str(&text), out);
    evac_buf_done(&text);
}

enum evac_code evac_checkpoint_open(const struct evac_key *key, struct evac_str note,
                                    struct evac_checkpoint *ret, struct evac_err *err)
{
    struct evac_str text, origin, size, root;
    struct evac_checkpoint c;
    int64_t n;
    enum evac_code code = evac_note_open(key, note, &text, err);
    if (code)
        return code;
    origin = evac_str_cut(text, '\n', &text);
    size = evac_str_cut(text, '\n', &text);
    root = evac_str_cut(text, '\n', &text);
    if (origin.n == 0 || !evac_str_copy(c.origin, sizeof c.origin, origin) ||
        !evac_str_i64(size, &n) || n < 0 || !read_base64(root, c.root, sizeof c.root))
        return evac_fail(err, EVAC_E_CORRUPT, "it is not a checkpoint: origin, size, root");
    c.size = (uint64_t)n;
    *ret = c;
    return EVAC_OK;
}

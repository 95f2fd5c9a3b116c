#include "jr.h"

#include "evac/buf.h"
#include "plain.h"

void evac_jr_bad(struct evac_jr *r, const char *what)
{
    if (!r->bad)
        r->bad = what;
    r->left.n = 0;
}

static void skip(struct evac_jr *r, size_t n)
{
    r->left.p += n;
    r->left.n -= n;
}

static bool take(struct evac_jr *r, char c)
{
    if (r->left.n == 0 || r->left.p[0] != c)
        return false;
    skip(r, 1);
    return true;
}

static void want(struct evac_jr *r, char c, const char *where)
{
    if (!take(r, c))
        evac_jr_bad(r, where ? where : "a value in a list");
}

/* Bytes of `"key":` at the begin of text, 0 when it begins otherwise. */
static size_t key_bytes(struct evac_str text, const char *key)
{
    size_t n = 0;
    while (key[n] && n + 1 < text.n && text.p[n + 1] == key[n])
        n++;
    bool is = !key[n] && text.n >= n + 3 && text.p[0] == '"' && text.p[n + 1] == '"' &&
              text.p[n + 2] == ':';
    return is ? n + 3 : 0;
}

static void begin(struct evac_jr *r, const char *key)
{
    if (r->comma)
        want(r, ',', key);
    r->comma = true;
    size_t n = key ? key_bytes(r->left, key) : 0;
    if (key && n == 0)
        evac_jr_bad(r, key);
    skip(r, n);
}

void evac_jr_open(struct evac_jr *r, const char *key, char bracket)
{
    begin(r, key);
    want(r, bracket, key);
    r->comma = false;
}

void evac_jr_close(struct evac_jr *r, char bracket)
{
    want(r, bracket, "the end of a list");
    r->comma = true;
}

bool evac_jr_more(const struct evac_jr *r)
{
    return r->left.n > 0 && r->left.p[0] != ']' && r->left.p[0] != '}';
}

bool evac_jr_has(const struct evac_jr *r, const char *key)
{
    size_t comma = r->comma && r->left.n ? 1 : 0;
    return key_bytes((struct evac_str){ r->left.p + comma, r->left.n - comma }, key) > 0;
}

size_t evac_jr_count(const struct evac_jr *r)
{
    size_t depth = 1, n = evac_jr_more(r) ? 1 : 0;
    bool text = false;
    for (size_t i = 0; i < r->left.n && depth; i++) {
        char c = r->left.p[i];
        if (c == '"')
            text = !text;
        else if (text)
            i += c == '\\';
        else if (c == '[' || c == '{')
            depth++;
        else if (c == ']' || c == '}')
            depth--;
        else
            n += c == ',' && depth == 1;
    }
    return n;
}

/* --- texts --- */

static unsigned hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? (unsigned)(c - '0')
           : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                                  : 16;
}

/* What evac_buf_json() writes as \u0001 ... \u007f; 0: it does not write this so. */
static char short_code(struct evac_str s)
{
    if (s.n < 5 || s.p[1] != '0' || s.p[2] != '0' || hex_digit(s.p[3]) > 7 ||
        hex_digit(s.p[4]) > 15)
        return '\0';
    char c = (char)(hex_digit(s.p[3]) * 16 + hex_digit(s.p[4]));
    bool other = c >= 0x20 && c != 0x7f;
    return other || strchr("\b\f\n\r\t", c) ? '\0' : c;
}

/* What stands behind a backslash; *ret_bytes of it. */
static char escaped(struct evac_str s, size_t *ret_bytes)
{
    static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    *ret_bytes = s.n && s.p[0] == 'u' ? 5 : 1;
    if (*ret_bytes == 5)
        return short_code(s);
    for (size_t i = 0; s.n && letters[i]; i += 2)
        if (letters[i + 1] == s.p[0])
            return letters[i];
    return '\0';
}

static size_t plain_bytes(struct evac_str s)
{
    size_t n = evac_plain_bytes(s.p, s.n);
    while (n < s.n && (unsigned char)s.p[n] >= 0x80) {
        n++;
        n += evac_plain_bytes(s.p + n, s.n - n);
    }
    return n;
}

/* The rest of a text that has a backslash. */
static struct evac_str unescape(struct evac_jr *r, const char *where)
{
    struct evac_buf out;
    evac_buf_init(&out, r->left.n);
    for (;;) {
        size_t n = plain_bytes(r->left);
        evac_buf_put(&out, r->left.p, n);
        skip(r, n);
        if (!take(r, '\\'))
            break;
        char c = escaped(r->left, &n);
        if (c == '\0') {
            evac_jr_bad(r, where);
            break;
        }
        evac_buf_putc(&out, c);
        skip(r, n);
    }
    struct evac_str text = evac_arena_str(r->arena, evac_buf_str(&out));
    evac_buf_done(&out);
    return text;
}

static struct evac_str text_here(struct evac_jr *r, const char *where)
{
    want(r, '"', where);
    struct evac_str plain = { r->left.p, plain_bytes(r->left) };
    bool all = plain.n < r->left.n && r->left.p[plain.n] == '"';
    struct evac_str text = all ? evac_arena_str(r->arena, plain) : unescape(r, where);
    skip(r, all ? plain.n : 0);
    want(r, '"', where);
    if (!evac_utf8_is_good(text))
        evac_jr_bad(r, where ? where : "a text in a list");
    return r->bad ? EVAC_STR_NONE : text;
}

struct evac_str evac_jr_str(struct evac_jr *r, const char *key)
{
    begin(r, key);
    return text_here(r, key);
}

struct evac_str evac_jr_name(struct evac_jr *r)
{
    struct evac_str name = evac_jr_str(r, NULL);
    want(r, ':', NULL);
    r->comma = false;
    return name;
}

/* --- numbers --- */

int64_t evac_jr_i64(struct evac_jr *r, const char *key, int64_t least, int64_t most)
{
    int64_t value = 0;
    size_t n = 0;
    begin(r, key);
    while (n < r->left.n && ((r->left.p[n] >= '0' && r->left.p[n] <= '9') || r->left.p[n] == '-'))
        n++;
    bool minus = n && r->left.p[0] == '-';
    bool zero = n > minus && r->left.p[minus] == '0'; /* it stands alone, or the text is not ours */
    bool good = evac_str_i64((struct evac_str){ r->left.p, n }, &value) && !(zero && n > 1);
    if (!good || value < least || value > most) {
        evac_jr_bad(r, key ? key : "a number in a list");
        return 0;
    }
    skip(r, n);
    return value;
}

bool evac_jr_bool(struct evac_jr *r, const char *key)
{
    begin(r, key);
    bool yes = evac_str_starts(r->left, "true");
    if (!yes && !evac_str_starts(r->left, "false"))
        evac_jr_bad(r, key);
    else
        skip(r, yes ? 4 : 5);
    return yes;
}

void evac_jr_end(struct evac_jr *r)
{
    if (r->left.n)
        evac_jr_bad(r, "something follows it");
}

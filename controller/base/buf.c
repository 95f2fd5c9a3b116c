#include "evac/buf.h"

#include "format.h"
#include "plain.h"

#include <stdlib.h>
#include <string.h>

/* What is larger the system may well refuse: that is a ceiling as well. What is smaller it gives.
 */
#define REFUSED_BYTES (1u << 20)

extern inline void evac_buf_puts(struct evac_buf *buf, const char *c_string);

void evac_buf_init(struct evac_buf *buf, size_t max_bytes)
{
    *buf = (struct evac_buf){ .max_bytes = max_bytes };
}

void evac_buf_done(struct evac_buf *buf)
{
    free(buf->p);
    *buf = (struct evac_buf){ .max_bytes = buf->max_bytes };
}

void evac_buf_reset(struct evac_buf *buf)
{
    buf->n = 0;
    buf->failed = false;
    if (buf->p)
        buf->p[0] = '\0';
}

#define FIRST_BYTES 512u /* most of what is written fits */

static bool has_room(const struct evac_buf *buf, size_t more)
{
    return more < buf->cap - buf->n && !buf->failed;
}

/* Room for `more` bytes and a zero. False, and failed, when the ceiling forbids it. */
static bool reserve(struct evac_buf *buf, size_t more)
{
    if (buf->failed)
        return false;
    if (more > buf->max_bytes || buf->n > buf->max_bytes - more) {
        buf->failed = true;
        return false;
    }
    size_t need = buf->n + more + 1;
    if (need <= buf->cap)
        return true;

    size_t cap = buf->cap ? buf->cap : FIRST_BYTES;
    while (cap < need)
        cap *= 2;
    if (cap > buf->max_bytes)
        cap = buf->max_bytes + 1; /* so what has room in it is below the ceiling, too */
    char *p = realloc(buf->p, cap);
    if (!p && cap > REFUSED_BYTES) {
        buf->failed = true;
        return false;
    }
    if (!p)
        abort();
    buf->p = p;
    buf->cap = cap;
    return true;
}

void evac_buf_put(struct evac_buf *buf, const void *p, size_t n)
{
    if (!has_room(buf, n) && !reserve(buf, n))
        return;
    if (n)
        memcpy(buf->p + buf->n, p, n);
    buf->n += n;
    buf->p[buf->n] = '\0';
}

void evac_buf_put_str(struct evac_buf *buf, struct evac_str s)
{
    evac_buf_put(buf, s.p, s.n);
}

void evac_buf_putc(struct evac_buf *buf, char c)
{
    if (!has_room(buf, 1) && !reserve(buf, 1))
        return;
    buf->p[buf->n++] = c;
    buf->p[buf->n] = '\0';
}

void evac_buf_putv(struct evac_buf *buf, const char *fmt, va_list ap)
{
    va_list again;
    if (!buf->p && !reserve(buf, 0))
        return;
    size_t room = buf->cap - buf->n; /* most texts fit: they are set once */
    va_copy(again, ap);
    int n = evac_vformat(buf->p + buf->n, room, fmt, again);
    va_end(again);
    if (n < 0) {
        buf->failed = true;
        return;
    }
    if (!reserve(buf, (size_t)n)) {
        buf->p[buf->n] = '\0';
        return;
    }
    if ((size_t)n >= room)
        (void)evac_vformat(buf->p + buf->n, (size_t)n + 1, fmt, ap);
    buf->n += (size_t)n;
}

void evac_buf_putf(struct evac_buf *buf, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    evac_buf_putv(buf, fmt, ap);
    va_end(ap);
}

enum evac_code evac_buf_check(const struct evac_buf *buf, const char *what, struct evac_err *err)
{
    if (!buf->failed)
        return EVAC_OK;
    return evac_fail(err, EVAC_E_TOOBIG, "%s is larger than the %zu bytes allowed", what,
                     buf->max_bytes);
}

struct evac_str evac_buf_str(const struct evac_buf *buf)
{
    return (struct evac_str){ buf->p ? buf->p : "", buf->n };
}

/* Bytes of the well-formed UTF-8 sequence at p (RFC 3629), 0 if it is none. */
static size_t utf8_bytes(const unsigned char *p, size_t n)
{
    static const struct {
        unsigned char lo, hi, second_lo, second_hi;
        size_t bytes;
    } forms[] = {
        { 0x00, 0x7f, 0x00, 0x00, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
        { 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
        { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (p[0] < forms[i].lo || p[0] > forms[i].hi)
            continue;
        if (forms[i].bytes > n)
            return 0;
        if (forms[i].bytes > 1 && (p[1] < forms[i].second_lo || p[1] > forms[i].second_hi))
            return 0;
        for (size_t k = 2; k < forms[i].bytes; k++)
            if (p[k] < 0x80 || p[k] > 0xbf)
                return 0;
        return forms[i].bytes;
    }
    return 0;
}

bool evac_utf8_is_good(struct evac_str s)
{
    size_t i = 0, n = 1;
    for (; i < s.n && n; i += n) {
        const unsigned char *p = (const unsigned char *)s.p + i;
        n = *p < 0x80 ? 1 : utf8_bytes(p, s.n - i);
    }
    return n != 0;
}

static void json_char(struct evac_buf *buf, unsigned char c)
{
    static const char plain[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (size_t i = 0; plain[i]; i += 2)
        if ((unsigned char)plain[i] == c) {
            evac_buf_putc(buf, '\\');
            evac_buf_putc(buf, plain[i + 1]);
            return;
        }
    if (c < 0x20 || c == 0x7f)
        evac_buf_putf(buf, "\\u%04x", c);
    else
        evac_buf_putc(buf, (char)c);
}

/* Nearly every text is plain to its end. */
static bool put_plain_json(struct evac_buf *buf, struct evac_str s)
{
    if (evac_plain_bytes(s.p, s.n) < s.n || !reserve(buf, s.n + 2))
        return false;
    char *at = buf->p + buf->n;
    at[0] = '"';
    if (s.n)
        memcpy(at + 1, s.p, s.n);
    at[s.n + 1] = '"';
    at[s.n + 2] = '\0';
    buf->n += s.n + 2;
    return true;
}

static void put_json(struct evac_buf *buf, struct evac_str s, bool exact)
{
    if (put_plain_json(buf, s))
        return;
    evac_buf_putc(buf, '"');
    for (size_t i = 0; i < s.n;) {
        size_t n = evac_plain_bytes(s.p + i, s.n - i);
        if (n) {
            evac_buf_put(buf, s.p + i, n);
            i += n;
            continue;
        }
        n = utf8_bytes((const unsigned char *)s.p + i, s.n - i);
        if (n == 0) {
            evac_buf_putf(buf, "\\u%04x", exact ? 0xdc00u + (unsigned char)s.p[i] : 0xfffdu);
            n = 1;
        } else if (n == 1) {
            json_char(buf, (unsigned char)s.p[i]);
        } else {
            evac_buf_put(buf, s.p + i, n);
        }
        i += n;
    }
    evac_buf_putc(buf, '"');
}

void evac_buf_json(struct evac_buf *buf, struct evac_str s)
{
    put_json(buf, s, false);
}

void evac_buf_json_exact(struct evac_buf *buf, struct evac_str s)
{
    put_json(buf, s, true);
}

static const char *entity_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void evac_buf_xml(struct evac_buf *buf, struct evac_str s)
{
    size_t plain = 0; /* from here on nothing was put yet */
    for (size_t i = 0; i < s.n; i++) {
        const char *entity = entity_of(s.p[i]);
        if (!entity)
            continue;
        evac_buf_put(buf, s.p + plain, i - plain);
        evac_buf_puts(buf, entity);
        plain = i + 1;
    }
    if (plain < s.n)
        evac_buf_put(buf, s.p + plain, s.n - plain);
}

static bool is_unreserved(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void evac_buf_uri(struct evac_buf *buf, struct evac_str s, bool keep_slash)
{
    size_t plain = 0; /* from here on nothing was put yet */
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (is_unreserved(c) || (keep_slash && c == '/'))
            continue;
        evac_buf_put(buf, s.p + plain, i - plain);
        evac_buf_putf(buf, "%%%02X", c);
        plain = i + 1;
    }
    if (plain < s.n)
        evac_buf_put(buf, s.p + plain, s.n - plain);
}

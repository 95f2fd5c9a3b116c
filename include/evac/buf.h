/* A growing byte buffer that is born with a ceiling. */
#ifndef EVAC_BUF_H
#define EVAC_BUF_H

#include "evac/err.h"
#include "evac/str.h"

#include <stdarg.h>
#include <string.h>

/* p is zero-terminated whenever it is not NULL. Once a put did not fit, failed stays set, later
 * puts do nothing, and evac_buf_check() tells: so a writer checks once, at the end. */
struct evac_buf {
    char *p;
    size_t n;
    size_t cap;
    size_t max_bytes;
    bool failed;
};

void evac_buf_init(struct evac_buf *buf, size_t max_bytes);
void evac_buf_done(struct evac_buf *buf);
void evac_buf_reset(struct evac_buf *buf);
void evac_buf_put(struct evac_buf *buf, const void *p, size_t n);
void evac_buf_put_str(struct evac_buf *buf, struct evac_str s);
/* Inline, so that the length of what stands in the program is known to the compiler. */
inline void evac_buf_puts(struct evac_buf *buf, const char *c_string)
{
    evac_buf_put(buf, c_string, strlen(c_string));
}
void evac_buf_putc(struct evac_buf *buf, char c);
void evac_buf_putf(struct evac_buf *buf, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void evac_buf_putv(struct evac_buf *buf, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

/* EVAC_OK, or EVAC_E_TOOBIG with a sentence that names what and the ceiling. */
enum evac_code evac_buf_check(const struct evac_buf *buf, const char *what, struct evac_err *err);

/* Borrow the content: valid until the next put. */
struct evac_str evac_buf_str(const struct evac_buf *buf);

/* JSON text: a quoted, escaped string (valid UTF-8 is kept, other bytes become U+FFFD). */
void evac_buf_json(struct evac_buf *buf, struct evac_str s);

/* The same, but nothing is lost: other bytes become \udc80 to \udcff (as Python's surrogateescape
 * has it). */
void evac_buf_json_exact(struct evac_buf *buf, struct evac_str s);

/* XML text with the five entities escaped. */
void evac_buf_xml(struct evac_buf *buf, struct evac_str s);

/* Percent-encode all but A-Z a-z 0-9 - . _ ~ (RFC 3986 2.3); keep_slash leaves '/' as it is. */
void evac_buf_uri(struct evac_buf *buf, struct evac_str s, bool keep_slash);

/* Is all of it well-formed UTF-8 (RFC 3629)? */
bool evac_utf8_is_good(struct evac_str s);

#endif

/* Writes text into a fixed buffer, for the engine, which allocates nothing and knows no printf.
 * What does not fit is cut; the text is always zero-terminated. */
#ifndef EVAC_TEXT_H
#define EVAC_TEXT_H

#include "evac/str.h"

struct evac_text {
    char *p;
    size_t n;   /* without the zero */
    size_t cap; /* with it */
};

/* cap is 1 or more. */
void evac_text_init(struct evac_text *text, char *p, size_t cap);
void evac_text_puts(struct evac_text *text, const char *c_string);
void evac_text_put(struct evac_text *text, struct evac_str s);
void evac_text_u64(struct evac_text *text, uint64_t value);
void evac_text_i64(struct evac_text *text, int64_t value);
/* As people say it: "250 ms", "12.3 s", "4m05s", "2h10m", "3d04h". */
void evac_text_duration(struct evac_text *text, uint64_t ms);
struct evac_str evac_text_str(const struct evac_text *text);
#endif

/* Writes JSON into a buffer: commas and quotes are its business, nesting is the caller's. */
#ifndef EVAC_JW_H
#define EVAC_JW_H

#include "evac/buf.h"

struct evac_jw {
    struct evac_buf *out;
    bool comma; /* the next value in this container follows another */
};

/* key NULL: in an array, or the root. */
void evac_jw_open(struct evac_jw *w, const char *key, char bracket); /* '{' or '[' */
void evac_jw_close(struct evac_jw *w, char bracket);                 /* '}' or ']' */
void evac_jw_str(struct evac_jw *w, const char *key, struct evac_str value);
void evac_jw_cstr(struct evac_jw *w, const char *key, const char *value); /* NULL gives null */
void evac_jw_i64(struct evac_jw *w, const char *key, int64_t value);
void evac_jw_bool(struct evac_jw *w, const char *key, bool value);
void evac_jw_null(struct evac_jw *w, const char *key);
/* text that is JSON already; "" gives null */
void evac_jw_raw(struct evac_jw *w, const char *key, struct evac_str json);
/* value, or null when it is not known */
void evac_jw_known(struct evac_jw *w, const char *key, bool known, int64_t value);
#endif

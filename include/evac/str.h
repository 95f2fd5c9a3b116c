/* Borrowed text with a length: valid until the called function returns, unless a header says more.
 */
#ifndef EVAC_STR_H
#define EVAC_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* p may be NULL only when n is 0. Text made by evac_arena_str() and by evac_str() of a C string is
 * also followed by a zero byte; other borrowed text need not be. */
struct evac_str {
    const char *p;
    size_t n;
};

#define EVAC_STR(literal) ((struct evac_str){ (literal), sizeof(literal) - 1 })
#define EVAC_STR_NONE     ((struct evac_str){ 0, 0 })

/* For printf: "%.*s", EVAC_STR_ARG(s). */
#define EVAC_STR_ARG(s) (int)(s).n, (s).n ? (s).p : ""

/* Borrow a C string; NULL gives the empty text. Compared and borrowed is everywhere: these are
 * inline, and functions of the library as well. */
inline struct evac_str evac_str(const char *c_string)
{
    struct evac_str s = { c_string, c_string ? strlen(c_string) : 0 };
    return s;
}

inline bool evac_str_eq(struct evac_str a, struct evac_str b)
{
    if (a.n != b.n || a.n == 0)
        return a.n == b.n;
    /* regions and ids differ in their last letter first */
    return a.p[a.n - 1] == b.p[a.n - 1] && memcmp(a.p, b.p, a.n) == 0;
}

inline bool evac_str_is(struct evac_str a, const char *c_string)
{
    if (a.n && c_string && a.p[0] != c_string[0])
        return false; /* most are told by their first letter */
    return evac_str_eq(a, evac_str(c_string));
}

inline bool evac_str_starts(struct evac_str a, const char *prefix)
{
    if (a.n && prefix[0] && a.p[0] != prefix[0])
        return false;
    size_t n = strlen(prefix);
    return a.n >= n && (n == 0 || memcmp(a.p, prefix, n) == 0);
}

bool evac_str_ends(struct evac_str a, const char *suffix);
bool evac_str_has(struct evac_str a, const char *needle);

/* Cut at the first c: *ret_rest is what follows it. When c does not occur the whole text is
 * returned and the rest is empty. */
struct evac_str evac_str_cut(struct evac_str a, char c, struct evac_str *ret_rest);
struct evac_str evac_str_trim(struct evac_str a);

/* Whole text as a decimal number; false (and nothing written) for anything else or an overflow. */
bool evac_str_i64(struct evac_str a, int64_t *ret_value);

/* Copy, cut to fit, always zero-terminated. Returns false when it had to cut. */
bool evac_str_copy(char *to, size_t to_bytes, struct evac_str from);

/* 64-bit FNV-1a: for tables and for derived jitter, never for security. */
uint64_t evac_str_hash(struct evac_str a);

/* The known name nearest to found (by edit distance), or NULL when none is near enough to be a
 * typing mistake. names ends with NULL. For "did you mean" texts. */
const char *evac_str_nearest(struct evac_str found, const char *const *names);

#endif

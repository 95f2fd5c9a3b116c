#include "evac/str.h"

#include <string.h>

extern inline struct evac_str evac_str(const char *c_string);
extern inline bool evac_str_eq(struct evac_str a, struct evac_str b);
extern inline bool evac_str_is(struct evac_str a, const char *c_string);
extern inline bool evac_str_starts(struct evac_str a, const char *prefix);

bool evac_str_ends(struct evac_str a, const char *suffix)
{
    size_t n = strlen(suffix);
    return a.n >= n && (n == 0 || memcmp(a.p + a.n - n, suffix, n) == 0);
}

bool evac_str_has(struct evac_str a, const char *needle)
{
    size_t n = strlen(needle);
    const char *at = n && a.n ? memchr(a.p, needle[0], a.n) : NULL; /* most have not even that */
    return n == 0 || (at && memmem(at, a.n - (size_t)(at - a.p), needle, n));
}

struct evac_str evac_str_cut(struct evac_str a, char c, struct evac_str *ret_rest)
{
    const char *at = a.n ? memchr(a.p, c, a.n) : NULL;
    if (!at) {
        *ret_rest = EVAC_STR_NONE;
        return a;
    }
    size_t n = (size_t)(at - a.p);
    *ret_rest = (struct evac_str){ at + 1, a.n - n - 1 };
    return (struct evac_str){ a.p, n };
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct evac_str evac_str_trim(struct evac_str a)
{
    while (a.n && is_space(a.p[0]))
        a.p++, a.n--;
    while (a.n && is_space(a.p[a.n - 1]))
        a.n--;
    return a;
}

bool evac_str_i64(struct evac_str a, int64_t *ret_value)
{
    bool negative = a.n && a.p[0] == '-';
    size_t i = negative ? 1 : 0;
    if (i == a.n)
        return false;

    uint64_t value = 0;
    uint64_t limit = (uint64_t)INT64_MAX + (negative ? 1u : 0u);
    for (; i < a.n; i++) {
        if (a.p[i] < '0' || a.p[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(a.p[i] - '0');
        if (value > (limit - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *ret_value = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

bool evac_str_copy(char *to, size_t to_bytes, struct evac_str from)
{
    if (to_bytes == 0)
        return false;
    size_t n = from.n < to_bytes ? from.n : to_bytes - 1;
    if (n)
        memcpy(to, from.p, n);
    to[n] = '\0';
    return n == from.n;
}

uint64_t evac_str_hash(struct evac_str a)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < a.n; i++)
        hash = (hash ^ (unsigned char)a.p[i]) * 0x100000001b3u;
    return hash;
}

#define NEAREST_MAX 64

/* Levenshtein, one row; texts longer than NEAREST_MAX are never near. */
static size_t distance(struct evac_str a, struct evac_str b)
{
    size_t row[NEAREST_MAX + 1];
    if (a.n > NEAREST_MAX || b.n > NEAREST_MAX)
        return NEAREST_MAX;

    for (size_t j = 0; j <= b.n; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            size_t change = diagonal + (a.p[i - 1] == b.p[j - 1] ? 0 : 1);
            size_t best = row[j] + 1 < row[j - 1] + 1 ? row[j] + 1 : row[j - 1] + 1;
            diagonal = row[j];
            row[j] = change < best ? change : best;
        }
    }
    return row[b.n];
}

const char *evac_str_nearest(struct evac_str found, const char *const *names)
{
    const char *best = NULL;
    size_t best_distance = found.n / 3 + 2; /* further away is another word, not a slip */
    for (; *names; names++) {
        size_t d = distance(found, evac_str(*names));
        if (d < best_distance) {
            best = *names;
            best_distance = d;
        }
    }
    return best;
}

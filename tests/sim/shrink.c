#include "shrink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct shrinker {
    struct script *best;
    const char *kind;
    double until_s;
    unsigned plays;
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void kind_of(const char *broken, char ret_kind[8])
{
    (void)snprintf(ret_kind, 8, "?");
    for (const char *at = broken; *at; at++) {
        size_t digits = strspn(at + 1, "0123456789");
        bool starts = at == broken || at[-1] == ' ';
        if (starts && strchr("SLR", *at) && digits > 0 && digits < 4 && at[1 + digits] == ':') {
            (void)snprintf(ret_kind, 8, "%.*s", (int)(1 + digits), at);
            return;
        }
    }
}

/* It still breaks the same: kept. */
static bool try(struct shrinker *s, const struct script *smaller)
{
    const struct play_options quiet = { .verbose = false };
    struct played played;
    char kind[8];
    if (now_s() > s->until_s)
        return false;
    s->plays++;
    play(smaller, &quiet, &played);
    kind_of(played.broken, kind);
    if (!played.broken[0] || strcmp(kind, s->kind) != 0)
        return false;
    *s->best = *smaller;
    return true;
}

/* --- from chance to names --- */

static void name_faults(struct shrinker *s)
{
    struct script *named = malloc(sizeof *named);
    struct played played;
    if (!named)
        abort();
    *named = *s->best;
    const struct play_options options = { .keep = named };
    play(s->best, &options, &played);
    named->rates = (struct world_faults){ 0 };
    (void)try(s, named);
    free(named);
}

/* --- fewer lines: requests and happenings are one list of cuts --- */

static size_t count(const struct script *s)
{
    return s->request_count + s->line_count;
}

static void without(const struct script *from, size_t first, size_t n, struct script *ret)
{
    *ret = *from;
    ret->request_count = ret->line_count = 0;
    for (size_t i = 0; i < count(from); i++) {
        if (i >= first && i < first + n)
            continue;
        if (i < from->request_count)
            ret->requests[ret->request_count++] = from->requests[i];
        else
            ret->lines[ret->line_count++] = from->lines[i - from->request_count];
    }
}

static void drop_lines(struct shrinker *s)
{
    struct script *smaller = malloc(sizeof *smaller);
    if (!smaller)
        abort();
    for (size_t chunk = (count(s->best) + 1) / 2; chunk > 0;
         chunk = chunk == 1 ? 0 : (chunk + 1) / 2)
        for (size_t at = 0; at < count(s->best);) {
            without(s->best, at, chunk, smaller);
            if (!try(s, smaller))
                at += chunk;
        }
    free(smaller);
}

/* --- smaller numbers --- */

static void simplify(struct shrinker *s)
{
    struct script *other = malloc(sizeof *other);
    if (!other)
        abort();
    for (unsigned i = 0; i < 3; i++) { /* the plainest settings; an earlier calm */
        *other = *s->best;
        if (i == 0)
            other->settings = 0;
        else
            other->calm_ms = other->line_count
                                 ? other->lines[other->line_count - 1].at_ms + (i == 1 ? 500 : 5000)
                                 : other->calm_ms;
        if (other->calm_ms <= s->best->calm_ms)
            (void)try(s, other);
    }
    for (size_t i = 0; i < s->best->line_count; i++) { /* whole seconds */
        *other = *s->best;
        other->lines[i].at_ms -= other->lines[i].at_ms % 1000;
        if (i == 0 || other->lines[i - 1].at_ms <= other->lines[i].at_ms)
            (void)try(s, other);
    }
    free(other);
}

void shrink(struct script *script, const char *kind, double seconds, unsigned *ret_plays)
{
    struct shrinker s = { script, kind, now_s() + seconds, 0 };
    size_t before;
    name_faults(&s);
    do {
        before = count(script);
        drop_lines(&s);
    } while (count(script) < before && now_s() < s.until_s);
    simplify(&s);
    (void)snprintf(script->expect, sizeof script->expect, "%s", kind);
    *ret_plays = s.plays;
}

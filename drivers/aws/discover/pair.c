/* What belongs together: by relation first, then by name, by name without the region's code, by the
 * name's last part. What could belong to more than one is said, and put together with none. */
#include "walk.h"

#include <stdlib.h>
#include <string.h>

/* --- names ----------------------------------------------------------------------------------- */

/* "us-east-1" is also "use1", "ap-southeast-2" "apse2", "us-gov-west-1" "usgw1". */
static size_t short_code(struct evac_str region, char *code, size_t bytes)
{
    static const char *const two[] = { "northeast", "northwest", "southeast", "southwest" };
    size_t n = 0, part = 0;
    while (region.n && n + 3 < bytes) {
        struct evac_str word = evac_str_cut(region, '-', &region);
        bool whole = part++ == 0 || !region.n;
        for (size_t i = 0; whole && i < word.n && n + 2 < bytes; i++)
            code[n++] = word.p[i];
        if (whole || !word.n)
            continue;
        code[n++] = word.p[0];
        for (size_t i = 0; i < sizeof two / sizeof two[0]; i++)
            if (evac_str_is(word, two[i]))
                code[n++] = word.p[5];
    }
    code[n] = '\0';
    return n;
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Where code stands as a word of its own; SIZE_MAX nowhere. */
static size_t find_word(struct evac_str name, const char *code, size_t n)
{
    for (size_t at = 0; n && at + n <= name.n; at++)
        if (memcmp(name.p + at, code, n) == 0 && (at == 0 || !is_word(name.p[at - 1])) &&
            (at + n == name.n || !is_word(name.p[at + n])))
            return at;
    return SIZE_MAX;
}

/* Without the word, and one of the marks beside it. */
static struct evac_str cut_word(struct evac_arena *arena, struct evac_str name, size_t at, size_t n)
{
    size_t end = at + n;
    if (at > 0 && name.p[at - 1] != '/')
        at--;
    else if (end < name.n && name.p[end] != '/')
        end++;
    return evac_arena_printf(arena, "%.*s%.*s", (int)at, name.p, (int)(name.n - end), name.p + end);
}

struct evac_str walk_stem(struct evac_arena *arena, struct evac_str name, struct evac_str region)
{
    char code[32];
    for (unsigned form = 0; form < 2; form++) {
        size_t n = form ? short_code(region, code, sizeof code) : region.n, at;
        while ((at = find_word(name, form ? code : region.p, n)) != SIZE_MAX && name.n > n)
            name = cut_word(arena, name, at, n);
    }
    return name;
}

/* --- keys ------------------------------------------------------------------------------------ */

enum level { BY_RELATION, BY_NAME, BY_STEM, BY_LAST_PART, LEVELS };

static struct evac_str key_of(const struct thing *t, enum level level)
{
    struct evac_str stem = walk_stem(t->walk->arena, t->name, t->region);
    if (level == BY_RELATION)
        return t->relation;
    if (level == BY_NAME)
        return t->name;
    return level == BY_STEM ? stem : aws_tail(stem);
}

/* Between these, no name is enough: what replicates must have been found. */
static bool needs_relation(const struct thing *t)
{
    static const char *const types[] = {
        "aurora", "docdb", "neptune", "rds", "elasticache", "kms"
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (evac_str_is(t->type, types[i]))
            return true;
    return false;
}

/* --- groups ---------------------------------------------------------------------------------- */

#define GROUP_MAX 64u

struct group {
    struct thing *things[GROUP_MAX];
    size_t count;
    bool twice; /* some region has more than one */
};

static bool is_free(const struct thing *t)
{
    return !t->aside && !t->placed && t->region.n;
}

static struct group gather(struct thing *first, enum level level)
{
    struct group g = { { first }, 1, false };
    struct evac_str key = key_of(first, level);
    for (struct thing *t = first->next; t && key.n && g.count < GROUP_MAX; t = t->next) {
        if (!is_free(t) || !evac_str_eq(t->type, first->type) ||
            !evac_str_eq(key_of(t, level), key) || (level != BY_RELATION && t->relation.n))
            continue;
        for (size_t i = 0; i < g.count; i++)
            g.twice |= evac_str_eq(g.things[i]->region, t->region);
        g.things[g.count++] = t;
    }
    return g;
}

static bool spans_regions(const struct group *g)
{
    for (size_t i = 1; i < g->count; i++)
        if (!evac_str_eq(g->things[i]->region, g->things[0]->region))
            return true;
    return false;
}

/* --- telling --------------------------------------------------------------------------------- */

struct telling {
    struct walk *w;
    struct evac_found *found;
    size_t count;
};

static int by_name(const void *a, const void *b)
{
    const struct evac_arg *x = a, *y = b;
    return strcmp(x->name.p, y->name.p);
}

static bool is_said(const struct evac_found *f, struct evac_str text)
{
    for (size_t i = 0; i < f->doubt_count; i++)
        if (evac_str_eq(f->doubts[i], text))
            return true;
    return false;
}

static void take_doubts(struct evac_found *f, const struct group *g, struct evac_arena *arena)
{
    struct evac_str *doubts = evac_arena_array(arena, g->count * THING_DOUBTS, sizeof *doubts);
    f->doubts = doubts;
    for (size_t i = 0; i < g->count; i++)
        for (size_t k = 0; k < g->things[i]->doubt_count; k++)
            if (!is_said(f, g->things[i]->doubts[k]))
                doubts[f->doubt_count++] = g->things[i]->doubts[k];
}

static const struct evac_param *param_of(struct evac_str type, const char *name)
{
    for (const struct evac_driver *const *d = evac_pack_aws.drivers; *d; d++)
        for (const struct evac_param *p = (*d)->params; evac_str_is(type, (*d)->name) && p->name;
             p++)
            if (strcmp(p->name, name) == 0)
                return p;
    return NULL;
}

static bool is_equal(const struct group *g, const char *name, struct evac_str value)
{
    for (size_t i = 0; i < g->count; i++)
        if (!evac_str_eq(thing_get(g->things[i], name), value))
            return false;
    return true;
}

/* The same everywhere is said once; of what is in one region only, the others are to be filled in.
 */
static bool is_regions_own(const struct group *g, const struct thing *t, const struct evac_arg *arg)
{
    const struct evac_param *p = param_of(t->type, arg->name.p);
    return t->region.n && p && (p->flags & EVAC_PARAM_REGIONAL) &&
           (g->count == 1 || !is_equal(g, arg->name.p, arg->value));
}

static bool is_set(const struct evac_found *f, struct evac_str name)
{
    for (size_t i = 0; i < f->setting_count; i++)
        if (evac_str_eq(f->settings[i].name, name))
            return true;
    return false;
}

static void take_settings(struct evac_found *f, const struct group *g, struct evac_arena *arena)
{
    struct evac_arg *items = evac_arena_array(arena, g->count * THING_SETTINGS + 1, sizeof *items);
    f->settings = items;
    for (size_t i = 0; i < g->count; i++) {
        const struct thing *t = g->things[i];
        for (size_t k = 0; k < t->setting_count; k++) {
            struct evac_arg arg = t->settings[k];
            if (is_regions_own(g, t, &arg))
                arg.name = evac_arena_printf(arena, "%s.%.*s", arg.name.p, EVAC_STR_ARG(t->region));
            if (!is_set(f, arg.name))
                items[f->setting_count++] = arg;
        }
    }
    qsort(items, f->setting_count, sizeof *items, by_name);
}

static size_t rank(const struct thing *t)
{
    size_t i = 0;
    while (i < t->walk->query.region_count && !evac_str_eq(t->walk->query.regions[i], t->region))
        i++;
    return i;
}

static int by_region(const void *a, const void *b)
{
    size_t x = rank(*(struct thing *const *)a), y = rank(*(struct thing *const *)b);
    return x < y ? -1 : x > y;
}

/* Called as it is where it takes writes, else in the region that was named first. */
static const struct thing *godparent(const struct group *g)
{
    for (size_t i = 0; i < g->count; i++)
        if (g->things[i]->writes)
            return g->things[i];
    return g->things[0];
}

static void tell(struct telling *out, struct group *g)
{
    struct evac_arena *arena = out->w->arena;
    struct evac_found *f = &out->found[out->count++];
    struct evac_found_side *sides = evac_arena_array(arena, g->count, sizeof *sides);
    qsort(g->things, g->count, sizeof *g->things, by_region);
    const struct thing *first = godparent(g);
    bool global = !first->region.n;
    *f = (struct evac_found){ .name = global ? first->name
                                             : walk_stem(arena, first->name, first->region),
                              .type = first->type,
                              .sides = sides,
                              .side_count = global ? 0 : g->count,
                              .whole = global || spans_regions(g) };
    for (size_t i = 0; i < g->count; i++) {
        const struct thing *t = g->things[i];
        sides[i] = (struct evac_found_side){ t->region, t->runs, t->writes };
        f->whole = f->whole && !t->torn;
    }
    take_doubts(f, g, arena);
    take_settings(f, g, arena);
    for (size_t i = 0; i < g->count; i++)
        g->things[i]->placed = true;
}

/* --- placing --------------------------------------------------------------------------------- */

static size_t answered(const struct walk *w)
{
    size_t n = 0;
    for (size_t i = 0; i < w->area_count; i++)
        n += w->areas[i].wanted && w->areas[i].answered;
    return n;
}

static void say_ambiguous(const struct group *g)
{
    struct evac_arena *arena = g->things[0]->walk->arena;
    struct evac_str names = EVAC_STR_NONE;
    for (size_t i = 0; i < g->count; i++)
        names =
            evac_arena_printf(arena, "%.*s%s%.*s in %.*s", EVAC_STR_ARG(names), i ? ", " : "",
                              EVAC_STR_ARG(g->things[i]->name), EVAC_STR_ARG(g->things[i]->region));
    for (size_t i = 0; i < g->count; i++)
        thing_tear(g->things[i], "Which of these belong together can not be told: %.*s.",
                   EVAC_STR_ARG(names));
}

static void say_one_way(const struct group *g)
{
    if (!evac_str_is(g->things[0]->type, "s3"))
        return;
    for (size_t i = 0; i < g->count; i++)
        if (!g->things[i]->sends)
            thing_doubt(g->things[i],
                        "%.*s replicates to no other bucket: the way back is not open.",
                        EVAC_STR_ARG(g->things[i]->name));
}

static void place_level(struct telling *out, enum level level)
{
    for (struct thing *t = out->w->things; t; t = t->next) {
        if (!is_free(t) || (level == BY_RELATION) != (t->relation.n > 0))
            continue;
        struct group g = gather(t, level);
        if (!spans_regions(&g))
            continue;
        if (!g.twice) {
            if (needs_relation(t) && level != BY_RELATION)
                thing_tear(t, "Nothing replicates between the regions: what could restore it from "
                              "backups must be said.");
            say_one_way(&g);
            tell(out, &g);
            continue;
        }
        say_ambiguous(&g);
        for (size_t i = 0; i < g.count; i++)
            tell(out, &(struct group){ { g.things[i] }, 1, false });
    }
}

static void place_rest(struct telling *out)
{
    for (struct thing *t = out->w->things; t; t = t->next) {
        if (t->aside || t->placed)
            continue;
        if (t->region.n)
            thing_tear(t, "Found in %.*s only%s.", EVAC_STR_ARG(t->region),
                       answered(out->w) < out->w->query.region_count
                           ? ": not every region told what it has"
                           : "");
        tell(out, &(struct group){ { t }, 1, false });
    }
}

/* --- the end --------------------------------------------------------------------------------- */

static bool has_driver(struct evac_str type)
{
    for (const struct evac_driver *const *d = evac_pack_aws.drivers; *d; d++)
        if (evac_str_is(type, (*d)->name))
            return true;
    return false;
}

static void say_unserved(struct walk *w)
{
    for (const struct unserved *u = w->unserved; u; u = u->next) {
        if (u->hint)
            walk_doubt(w, "%.*s (%zu): %s.", EVAC_STR_ARG(u->what), u->count, u->hint);
        else
            walk_doubt(w, "No driver serves %.*s (%zu, such as %.*s).", EVAC_STR_ARG(u->what),
                       u->count, EVAC_STR_ARG(u->example));
    }
}

static int by_kind(const void *a, const void *b)
{
    const struct thing *x = *(struct thing *const *)a, *y = *(struct thing *const *)b;
    int order = strcmp(x->name.p, y->name.p);
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return order ? order : strcmp(x->arn.p, y->arn.p);
}

static int by_text(const void *a, const void *b)
{
    const struct evac_str *x = a, *y = b;
    return strcmp(x->p, y->p);
}

/* Answers come in any order; what is told has one. */
static void put_in_order(struct walk *w)
{
    struct thing **list = evac_arena_array(w->arena, w->thing_count + 1, sizeof *list);
    size_t n = 0;
    for (struct thing *t = w->things; t; t = t->next)
        list[n++] = t;
    qsort(list, n, sizeof *list, by_kind);
    w->last_thing = &w->things;
    for (size_t i = 0; i < n; i++) {
        *w->last_thing = list[i];
        w->last_thing = &list[i]->next;
    }
    *w->last_thing = NULL;
    if (w->silent_count)
        qsort(w->silent, w->silent_count, sizeof *w->silent, by_text);
}

void walk_tell(struct walk *w)
{
    put_in_order(w);
    walk_dns(w);
    size_t count = 0;
    for (struct thing *t = w->things; t; t = t->next) {
        if (!t->aside && !has_driver(t->type)) {
            t->aside = true;
            walk_doubt(w, "No driver serves %.*s.", EVAC_STR_ARG(t->arn));
        }
        count += !t->aside;
    }
    struct telling out = { w, evac_arena_array(w->arena, count + 1, sizeof *out.found), 0 };
    for (enum level level = BY_RELATION; level < LEVELS; level++)
        place_level(&out, level);
    place_rest(&out);
    say_unserved(w);
    const struct evac_findings findings = { .found = out.found,
                                            .found_count = out.count,
                                            .doubts = w->doubts,
                                            .doubt_count = w->doubt_count,
                                            .silent = w->silent,
                                            .silent_count = w->silent_count,
                                            .regions_answered = answered(w),
                                            .public_name = w->public_name,
                                            .regional_name = w->regional_name };
    w->done(w->user, &findings);
}

/*
 * Rights as policies. What may be done to the same resources, in the same regions, under the same
 * condition, is one statement; statements fill parts that are as long as a policy may be.
 */
#include "rights_internal.h"

#include <stdlib.h>
#include <string.h>

/* What is left of a part for its frame: {"Version":"2012-10-17","Statement":[]}. */
#define FRAME_CHARS     60u
#define RESOURCES_MAX   40u /* of one statement: more are in another, so that a part can hold it */
#define STATEMENT_CHARS (1u << 20)

static const char *const kind_names[] = {
    [RIGHT_LOOK] = "Look", [RIGHT_MARK] = "Mark", [RIGHT_CHANGE] = "Change"
};

/* One action with all that it may be done to. */
struct entry {
    struct evac_str action, condition;
    enum right_kind kind;
    struct evac_str resources, regions; /* sorted, with blanks between */
    bool taken;
};

static int by_text(const void *a, const void *b)
{
    const struct evac_str *x = a, *y = b;
    size_t n = x->n < y->n ? x->n : y->n;
    int order = n ? memcmp(x->p, y->p, n) : 0;
    return order ? order : (x->n > y->n) - (x->n < y->n);
}

static int by_action(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = (int)x->kind - (int)y->kind;
    return order ? order : by_text(&x->action, &y->action);
}

/* "a" is said by "*" too. */
static bool covers(struct evac_str wide, struct evac_str narrow)
{
    return evac_str_is(wide, "*") && !evac_str_is(narrow, "*");
}

static struct evac_str joined(struct evac_arena *arena, struct evac_str *list, size_t count)
{
    struct evac_buf out;
    evac_buf_init(&out, STATEMENT_CHARS);
    qsort(list, count, sizeof *list, by_text);
    for (size_t i = 0; i < count; i++) {
        bool covered = i > 0 && (evac_str_eq(list[i], list[i - 1]) || covers(list[0], list[i]));
        if (!covered)
            evac_buf_putf(&out, "%s%.*s", out.n ? " " : "", EVAC_STR_ARG(list[i]));
    }
    struct evac_str text = evac_arena_str(arena, evac_buf_str(&out));
    evac_buf_done(&out);
    return text;
}

static bool of_entry(const struct right *right, const struct right *like)
{
    return right->kind == like->kind && evac_str_eq(right->action, like->action) &&
           evac_str_eq(right->condition, like->condition);
}

/* Each tells the region that it is in: then a condition adds nothing. */
static bool tell_regions(const struct evac_grants *grants, struct evac_str resources)
{
    while (resources.n)
        if (!grants->tells_region(evac_str_cut(resources, ' ', &resources)))
            return false;
    return true;
}

static void fill_entry(const struct rights *r, const struct right *like, struct entry *e)
{
    struct evac_str *resources = evac_arena_array(r->arena, r->count, sizeof *resources);
    struct evac_str *regions = evac_arena_array(r->arena, r->count, sizeof *regions);
    size_t n = 0;
    bool anywhere = false;
    for (size_t i = 0; i < r->count; i++) {
        if (!of_entry(&r->list[i], like))
            continue;
        anywhere = anywhere || r->list[i].region.n == 0;
        regions[n] = r->list[i].region;
        resources[n++] = r->list[i].resource;
    }
    *e = (struct entry){ .action = like->action, .condition = like->condition, .kind = like->kind };
    e->resources = joined(r->arena, resources, n);
    bool beside = r->grants->beside && evac_str_starts(like->action, r->grants->beside);
    if (!anywhere && !beside && !tell_regions(r->grants, e->resources))
        e->regions = joined(r->arena, regions, n);
}

static bool wanted(enum evac_rights_role role, enum right_kind kind)
{
    return role == EVAC_RIGHTS_ACT || kind != RIGHT_CHANGE;
}

static bool is_first(const struct rights *r, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (of_entry(&r->list[k], &r->list[i]))
            return false;
    return true;
}

static size_t make_entries(const struct rights *r, enum evac_rights_role role, struct entry *list)
{
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++)
        if (wanted(role, r->list[i].kind) && is_first(r, i))
            fill_entry(r, &r->list[i], &list[n++]);
    if (n)
        qsort(list, n, sizeof *list, by_action);
    return n;
}

/* --- a statement ------------------------------------------------------------------------------ */

struct parts {
    struct evac_arena *arena;
    const struct evac_grants *grants;
    struct evac_str *statements; /* JSON each */
    size_t count, cap;
    size_t *part;        /* of each statement */
    unsigned numbers[3]; /* of each kind's statements so far */
};

static void put_words(struct evac_jw *w, const char *key, struct evac_str words)
{
    evac_jw_open(w, key, '[');
    while (words.n)
        evac_jw_str(w, NULL, evac_str_cut(words, ' ', &words));
    evac_jw_close(w, ']');
}

/* "key=value"; "...=true" is a truth value. */
static void put_condition(const struct parts *p, struct evac_jw *w, const struct entry *e)
{
    struct evac_str value, key = evac_str_cut(e->condition, '=', &value);
    bool truth = evac_str_is(value, "true"), text = key.n && !truth;
    if (!key.n && !e->regions.n)
        return;
    evac_jw_open(w, "Condition", '{');
    if (text || e->regions.n)
        evac_jw_open(w, "StringEquals", '{');
    if (text)
        evac_jw_str(w, evac_arena_str(p->arena, key).p, value);
    if (e->regions.n)
        put_words(w, p->grants->region_key, e->regions);
    if (text || e->regions.n)
        evac_jw_close(w, '}');
    if (truth) {
        evac_jw_open(w, "Bool", '{');
        evac_jw_str(w, evac_arena_str(p->arena, key).p, value);
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, '}');
}

static bool goes_with(const struct entry *a, const struct entry *b)
{
    return a->kind == b->kind && evac_str_eq(a->condition, b->condition) &&
           evac_str_eq(a->resources, b->resources) && evac_str_eq(a->regions, b->regions);
}

static struct evac_str first_words(struct evac_str *words, size_t most)
{
    struct evac_str rest = *words;
    size_t n = 0;
    while (rest.n && n++ < most)
        (void)evac_str_cut(rest, ' ', &rest);
    struct evac_str head = { words->p, words->n - rest.n - (rest.n ? 1 : 0) };
    *words = rest;
    return head;
}

/* --- parts ------------------------------------------------------------------------------------ */

static void keep(struct parts *p, const struct evac_buf *text)
{
    if (p->count < p->cap)
        p->statements[p->count++] = evac_arena_str(p->arena, evac_buf_str(text));
}

static void make_statement(struct parts *p, const struct entry *e, struct evac_str actions,
                           struct evac_str resources)
{
    struct evac_buf text;
    evac_buf_init(&text, STATEMENT_CHARS);
    struct evac_jw w = { &text, false };
    evac_jw_open(&w, NULL, '{');
    evac_jw_str(&w, "Sid",
                evac_arena_printf(p->arena, "%s%u", kind_names[e->kind], ++p->numbers[e->kind]));
    evac_jw_cstr(&w, "Effect", "Allow");
    put_words(&w, "Action", actions);
    put_words(&w, "Resource", resources);
    put_condition(p, &w, e);
    evac_jw_close(&w, '}');
    keep(p, &text);
    evac_buf_done(&text);
}

static void make_statements(struct parts *p, struct entry *entries, size_t n)
{
    struct evac_str *actions = evac_arena_array(p->arena, n + 1, sizeof *actions);
    for (size_t i = 0; i < n; i++) {
        size_t count = 0;
        if (entries[i].taken)
            continue;
        for (size_t k = i; k < n; k++)
            if (!entries[k].taken && goes_with(&entries[i], &entries[k])) {
                entries[k].taken = true;
                actions[count++] = entries[k].action;
            }
        struct evac_str resources = entries[i].resources, all = joined(p->arena, actions, count);
        while (resources.n)
            make_statement(p, &entries[i], all, first_words(&resources, RESOURCES_MAX));
    }
}

/* Each statement into the first part that has room for it: how many parts there are. */
static size_t fill_parts(struct parts *p)
{
    size_t *room = evac_arena_array(p->arena, p->count + 1, sizeof *room), parts = 0;
    p->part = evac_arena_array(p->arena, p->count + 1, sizeof *p->part);
    for (size_t i = 0; i < p->count; i++) {
        size_t at = 0, chars = p->statements[i].n + 1;
        while (at < parts && room[at] < chars)
            at++;
        if (at == parts)
            room[parts++] = p->grants->policy_max - FRAME_CHARS;
        room[at] -= chars < room[at] ? chars : room[at];
        p->part[i] = at;
    }
    return parts;
}

static void put_document(const struct parts *p, size_t part, struct evac_buf *document)
{
    struct evac_jw w = { document, false };
    evac_jw_open(&w, NULL, '{');
    evac_jw_cstr(&w, "Version", "2012-10-17");
    evac_jw_open(&w, "Statement", '[');
    for (size_t i = 0; i < p->count; i++)
        if (p->part[i] == part)
            evac_jw_raw(&w, NULL, p->statements[i]);
    evac_jw_close(&w, ']');
    evac_jw_close(&w, '}');
}

static void put_part(const struct parts *p, size_t part, size_t parts, const char *name,
                     enum evac_rights_role role, struct evac_jw *w)
{
    struct evac_buf document;
    evac_buf_init(&document, STATEMENT_CHARS);
    put_document(p, part, &document);
    evac_jw_open(w, NULL, '{');
    if (parts > 1)
        evac_jw_str(w, "name", evac_arena_printf(p->arena, "%s-%zu", name, part + 1));
    else
        evac_jw_cstr(w, "name", name);
    evac_jw_cstr(w, "role", evac_rights_role_name(role));
    evac_jw_i64(w, "part", (int64_t)part + 1);
    evac_jw_i64(w, "parts", (int64_t)parts);
    evac_jw_i64(w, "characters", (int64_t)document.n);
    evac_jw_raw(w, "document", evac_buf_str(&document));
    evac_jw_close(w, '}');
    evac_buf_done(&document);
}

void rights_put_policy(const struct rights *r, const char *name, enum evac_rights_role role,
                       struct evac_jw *w, size_t *ret_parts)
{
    struct entry *entries = evac_arena_array(r->arena, r->count + 1, sizeof *entries);
    struct parts p = { .arena = r->arena, .grants = r->grants, .cap = r->count + 1 };
    p.statements = evac_arena_array(r->arena, p.cap, sizeof *p.statements);
    make_statements(&p, entries, make_entries(r, role, entries));
    *ret_parts = fill_parts(&p);
    for (size_t part = 0; part < *ret_parts; part++)
        put_part(&p, part, *ret_parts, name, role, w);
}

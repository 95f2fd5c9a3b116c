#include "aws_ini.h"

#include "evac/buf.h"

#include <string.h>

#define INI_MAX_BYTES (1u << 20)
#define INI_MAX_ITEMS 10000u
#define INI_MAX_LINES 64u /* that go on with a value: each copies it */

struct item {
    struct evac_str section, key, value; /* key "" : the section's own line */
    struct evac_str raw;                 /* of a value over several lines: all that it stands on */
    unsigned lines;                      /* more of them */
    struct item *next;
};

struct evac_ini {
    struct item *first, *last;
};

struct reader {
    struct evac_ini *ini;
    struct evac_arena *arena;
    const char *name;
    struct evac_str section;
    struct item *parent; /* the setting that an indented line belongs to */
    size_t line, items;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* A comment begins a line, or follows a blank. */
static struct evac_str without_comment(struct evac_str line)
{
    for (size_t i = 0; i < line.n; i++)
        if ((line.p[i] == '#' || line.p[i] == ';') && (i == 0 || is_blank(line.p[i - 1])))
            line.n = i;
    return line;
}

static enum evac_code add(struct reader *r, struct evac_str key, struct evac_str value,
                          struct evac_err *err)
{
    if (++r->items > INI_MAX_ITEMS)
        return evac_fail(err, EVAC_E_TOOBIG, "%s: more than the %u settings allowed", r->name,
                         INI_MAX_ITEMS);
    struct item *item = evac_arena_alloc(r->arena, sizeof *item);
    *item = (struct item){ .section = r->section, .key = key, .value = value };
    if (r->ini->last)
        r->ini->last->next = item;
    else
        r->ini->first = item;
    r->ini->last = item;
    return EVAC_OK;
}

/* "profile   'a b'" and "profile a b" are the same section. */
static struct evac_str section_name(struct evac_arena *arena, struct evac_str text)
{
    struct evac_buf buf;
    text = evac_str_trim(text);
    evac_buf_init(&buf, INI_MAX_BYTES);
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"' || text.p[i] == '\'')
            continue;
        if (!is_blank(text.p[i]))
            evac_buf_putc(&buf, text.p[i]);
        else if (buf.n && buf.p[buf.n - 1] != ' ')
            evac_buf_putc(&buf, ' ');
    }
    struct evac_str name = evac_arena_str(arena, evac_buf_str(&buf));
    evac_buf_done(&buf);
    return name;
}

static enum evac_code read_section(struct reader *r, struct evac_str line, struct evac_err *err)
{
    const char *end = memchr(line.p, ']', line.n);
    if (!end)
        return evac_fail(err, EVAC_E_PARSE, "%s, line %zu: this section has no ']'", r->name,
                         r->line);
    r->section =
        section_name(r->arena, (struct evac_str){ line.p + 1, (size_t)(end - line.p) - 1 });
    r->parent = NULL;
    return add(r, EVAC_STR_NONE, EVAC_STR_NONE, err);
}

static enum evac_code read_setting(struct reader *r, struct evac_str line, struct evac_err *err)
{
    struct evac_str value;
    if (!memchr(line.p, '=', line.n))
        return evac_fail(err, EVAC_E_PARSE,
                         "%s, line %zu: neither '[section]' nor 'key = value' nor a comment",
                         r->name, r->line);
    struct evac_str key = evac_str_trim(evac_str_cut(line, '=', &value));
    if (key.n == 0 || !r->ini->last)
        return evac_fail(err, EVAC_E_PARSE, "%s, line %zu: %s", r->name, r->line,
                         key.n ? "a setting before the first '[section]'" : "no key before '='");
    enum evac_code code = add(r, key, evac_str_trim(value), err);
    r->parent = r->ini->last;
    return code;
}

static void wipe(struct evac_str text)
{
    if (text.n)
        memset((void *)(uintptr_t)text.p, 'x', text.n);
}

/* More of a value. What it was before may be a secret: no copy of it stays behind. */
static enum evac_code extend(struct reader *r, struct item *item, struct evac_str line,
                             struct evac_err *err)
{
    if (++item->lines > INI_MAX_LINES)
        return evac_fail(err, EVAC_E_TOOBIG, "%s, line %zu: a value of more than %u lines", r->name,
                         r->line, INI_MAX_LINES);
    struct evac_str before = item->value;
    bool copied = item->raw.n > 0;
    const char *begin = copied ? item->raw.p : before.p;
    item->value =
        evac_arena_printf(r->arena, "%.*s\n%.*s", EVAC_STR_ARG(before), EVAC_STR_ARG(line));
    item->raw = (struct evac_str){ begin, (size_t)(line.p + line.n - begin) };
    if (copied)
        wipe(before);
    return EVAC_OK;
}

/* An indented line: below an empty value a nested setting, otherwise more of that value. */
static enum evac_code read_indented(struct reader *r, struct evac_str line, struct evac_err *err)
{
    struct evac_str value;
    if (!r->parent)
        return read_setting(r, line, err);
    if (r->parent->value.n)
        return extend(r, r->parent, line, err);
    if (!memchr(line.p, '=', line.n))
        return evac_fail(err, EVAC_E_PARSE, "%s, line %zu: a nested setting is 'key = value'",
                         r->name, r->line);
    struct evac_str key = evac_str_trim(evac_str_cut(line, '=', &value));
    return add(
        r,
        evac_arena_printf(r->arena, "%.*s.%.*s", EVAC_STR_ARG(r->parent->key), EVAC_STR_ARG(key)),
        evac_str_trim(value), err);
}

static enum evac_code read_line(struct reader *r, struct evac_str line, struct evac_err *err)
{
    bool indented = line.n && is_blank(line.p[0]);
    line = evac_str_trim(without_comment(line));
    if (line.n == 0)
        return EVAC_OK;
    if (indented)
        return read_indented(r, line, err);
    return line.p[0] == '[' ? read_section(r, line, err) : read_setting(r, line, err);
}

enum evac_code evac_ini_parse(struct evac_str text, const char *name, struct evac_arena *arena,
                              const struct evac_ini **ret_ini, struct evac_err *err)
{
    struct reader r = { .arena = arena, .name = name };
    enum evac_code code = EVAC_OK;
    if (text.n > INI_MAX_BYTES)
        return evac_fail(err, EVAC_E_TOOBIG, "%s is larger than the %u bytes allowed", name,
                         INI_MAX_BYTES);
    if (text.n && memchr(text.p, '\0', text.n))
        return evac_fail(err, EVAC_E_PARSE, "%s is not a text: it has a zero byte", name);
    r.ini = evac_arena_alloc(arena, sizeof *r.ini);
    while (code == EVAC_OK && text.n) {
        r.line++;
        code = read_line(&r, evac_str_cut(text, '\n', &text), err);
    }
    if (code == EVAC_OK)
        *ret_ini = r.ini;
    return code;
}

struct evac_str evac_ini_get(const struct evac_ini *ini, struct evac_str section, const char *key)
{
    struct evac_str value = EVAC_STR_NONE;
    for (const struct item *i = ini ? ini->first : NULL; i; i = i->next)
        if (evac_str_eq(i->section, section) && evac_str_is(i->key, key))
            value = i->value;
    return value;
}

void evac_ini_wipe(const struct evac_ini *ini, const char *key)
{
    for (const struct item *i = ini ? ini->first : NULL; i; i = i->next)
        if (evac_str_is(i->key, key)) {
            wipe(i->value);
            wipe(i->raw);
        }
}

bool evac_ini_has(const struct evac_ini *ini, struct evac_str section)
{
    for (const struct item *i = ini ? ini->first : NULL; i; i = i->next)
        if (evac_str_eq(i->section, section))
            return true;
    return false;
}

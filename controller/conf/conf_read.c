#include "conf_read.h"

#include <string.h>

#define ROWS_MAX CONF_ROWS_MAX

int conf_line(const config_setting_t *setting)
{
    return (int)config_setting_source_line(setting);
}

static bool is_given(const struct conf_given *given, const struct conf_row *row)
{
    size_t i = (size_t)(row - given->section->rows);
    return given->rows[i / 64] >> (i % 64) & 1;
}

static void note_given(struct conf_given *given, const struct conf_row *row)
{
    size_t i = (size_t)(row - given->section->rows);
    given->rows[i / 64] |= (uint64_t)1 << (i % 64);
}

bool conf_is_given(const struct conf_given *given, const char *path)
{
    const struct conf_row *row = conf_row(given->section, evac_str(path));
    return row && is_given(given, row);
}

/* --- what messages say -------------------------------------------------------------------------
 */

#define FOUND_BYTES_MAX 80

static struct evac_str quoted(struct conf_reader *r, struct evac_str text)
{
    char shown[FOUND_BYTES_MAX + 1];
    bool whole = evac_str_copy(shown, sizeof shown, text);
    for (char *p = shown; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
    return evac_arena_printf(r->arena, "\"%s\"%s", shown, whole ? "" : "...");
}

struct evac_str conf_found(struct conf_reader *r, const config_setting_t *setting)
{
    struct conf_value value = conf_value(setting);
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_BOOL:
        return value.number ? EVAC_STR("true") : EVAC_STR("false");
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        return evac_arena_printf(r->arena, "%lld", (long long)value.number);
    case CONFIG_TYPE_FLOAT:
        return evac_arena_printf(r->arena, "%g", config_setting_get_float(setting));
    case CONFIG_TYPE_STRING:
        return quoted(r, value.text);
    case CONFIG_TYPE_GROUP:
        return EVAC_STR("a group");
    default:
        return EVAC_STR("a list");
    }
}

static struct evac_str row_allows(struct conf_reader *r, const struct conf_row *row)
{
    struct evac_buf words;
    evac_buf_init(&words, 4096);
    conf_allowed(row, &words);
    struct evac_str text = evac_arena_str(r->arena, evac_buf_str(&words));
    evac_buf_done(&words);
    return text;
}

struct evac_str conf_hint(struct conf_reader *r, struct evac_str found, const char *const *names)
{
    struct evac_buf all;
    const char *near = evac_str_nearest(found, names);
    if (near)
        return evac_arena_printf(r->arena, ": did you mean \"%s\"?", near);
    evac_buf_init(&all, 1024); /* a longer list would help nobody */
    for (size_t i = 0; names[i]; i++)
        evac_buf_putf(&all, "%s%s", i ? ", " : "", names[i]);
    struct evac_str text =
        all.n ? evac_arena_printf(r->arena, "; known: %.*s", EVAC_STR_ARG(evac_buf_str(&all)))
              : EVAC_STR("; there are none");
    evac_buf_done(&all);
    return text;
}

const char *const *conf_names(struct conf_reader *r, const struct evac_str *first,
                              size_t item_bytes, size_t count)
{
    const char **names = evac_arena_array(r->arena, count + 1, sizeof *names);
    for (size_t i = 0; i < count; i++)
        names[i] =
            ((const struct evac_str *)(const void *)((const char *)first + i * item_bytes))->p;
    return names;
}

static void refuse(struct conf_reader *r, const struct conf_section *section,
                   const struct conf_row *row, const config_setting_t *setting, int line)
{
    struct evac_str found = conf_found(r, setting);
    struct conf_value value = conf_value(setting);
    const char *near = row->choices && value.kind == CONF_IS_TEXT
                           ? evac_str_nearest(value.text, row->choices)
                           : NULL;
    CONF_ERROR(r, line, "%s.%s: found %.*s; allowed: %.*s%s%s%s", section->what, row->path,
               EVAC_STR_ARG(found), EVAC_STR_ARG(row_allows(r, row)),
               near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

/* --- lists -------------------------------------------------------------------------------------
 */

struct place_in {
    struct conf_reader *r;
    const struct conf_section *section;
    const struct conf_row *row;
    char *at; /* the section's struct */
};

static bool is_list(const config_setting_t *s)
{
    return config_setting_type(s) == CONFIG_TYPE_LIST ||
           config_setting_type(s) == CONFIG_TYPE_ARRAY;
}

/* Has the list as many entries as the row allows? */
static bool counts(const struct place_in *in, const config_setting_t *s)
{
    int64_t n = config_setting_length(s);
    if (n >= in->row->min && n <= in->row->max)
        return true;
    CONF_ERROR(in->r, conf_line(s), "%s.%s: found %lld entries; allowed: %.*s", in->section->what,
               in->row->path, (long long)n, EVAC_STR_ARG(row_allows(in->r, in->row)));
    return false;
}

static void store_items(const struct place_in *in, void *items, size_t count)
{
    memcpy(in->at + in->row->offset, &items, sizeof items);
    memcpy(in->at + in->row->count_offset, &count, sizeof count);
}

static void tell_twice(const struct place_in *in, const struct evac_str *texts, size_t i, int line)
{
    for (size_t k = 0; k < i; k++)
        if (texts[i].n && evac_str_eq(texts[k], texts[i])) {
            CONF_ERROR(in->r, line, "%s.%s: \"%.*s\" is there twice; allowed: once",
                       in->section->what, in->row->path, EVAC_STR_ARG(texts[i]));
            return;
        }
}

/* Lines are the list's: libconfig counts an entry's line only after it has seen what follows. */
static void read_texts(const struct place_in *in, const config_setting_t *s)
{
    if (!is_list(s)) {
        refuse(in->r, in->section, in->row, s, conf_line(s));
        return;
    }
    if (!counts(in, s))
        return;
    size_t n = (size_t)config_setting_length(s);
    struct evac_str *texts = evac_arena_array(in->r->arena, n, sizeof *texts);
    for (size_t i = 0; i < n; i++) {
        const config_setting_t *entry = config_setting_get_elem(s, (unsigned)i);
        struct conf_value value = conf_value(entry);
        texts[i] = EVAC_STR("");
        if (!conf_put(in->r, in->row, &value, &texts[i]))
            refuse(in->r, in->section, in->row, entry, conf_line(s));
        if (!(in->row->flags & CONF_AGAIN))
            tell_twice(in, texts, i, conf_line(s));
    }
    store_items(in, texts, n);
}

static struct evac_str *name_of(const struct conf_section *section, char *item)
{
    return (struct evac_str *)(void *)(item + section->name_offset);
}

/* "probes", "dependencies" */
static struct evac_str plural(struct conf_reader *r, const char *what)
{
    size_t n = strlen(what);
    return what[n - 1] == 'y' ? evac_arena_printf(r->arena, "%.*sies", (int)n - 1, what)
                              : evac_arena_printf(r->arena, "%ss", what);
}

static void tell_namesake(struct conf_reader *r, const struct conf_section *section, char *items,
                          size_t i)
{
    struct evac_str name = *name_of(section, items + i * section->bytes);
    const struct evac_place *here = (const void *)(items + i * section->bytes);
    for (size_t k = 0; k < i && name.n; k++) {
        const struct evac_place *there = (const void *)(items + k * section->bytes);
        if (!evac_str_eq(*name_of(section, items + k * section->bytes), name))
            continue;
        CONF_ERROR(r, here->line, "two %.*s are named \"%.*s\"; the first is in line %d",
                   EVAC_STR_ARG(plural(r, section->what)), EVAC_STR_ARG(name), there->line);
        return;
    }
}

static bool is_group(const struct place_in *in, const config_setting_t *s)
{
    if (config_setting_type(s) == CONFIG_TYPE_GROUP)
        return true;
    CONF_ERROR(in->r, conf_line(s), "%s.%s: found %.*s; allowed: a group { ... }",
               in->section->what, in->row->path, EVAC_STR_ARG(conf_found(in->r, s)));
    return false;
}

static void put_defaults(struct conf_reader *r, const struct conf_section *section, char *at);

/* A text alone, for the one setting that matters most. */
static void read_bare(struct conf_reader *r, const struct conf_section *section,
                      const config_setting_t *entry, int line, char *at)
{
    const struct conf_row *row = conf_row(section, evac_str(section->bare));
    struct conf_given given = { .section = section };
    note_given(&given, row);
    struct conf_value value = conf_value(entry);
    *(struct evac_place *)(void *)at = (struct evac_place){ r->file, line };
    put_defaults(r, section, at);
    if (!conf_put(r, row, &value, at + row->offset))
        refuse(r, section, row, entry, line);
    if (section->finish)
        section->finish(r, entry, at, &given);
}

/* Entries of a list, or members of a group that names them. */
static void read_sections(const struct place_in *in, const config_setting_t *s)
{
    const struct conf_section *section = in->row->section;
    bool named = in->row->flags & CONF_NAMED;
    if (named ? !is_group(in, s) : !is_list(s)) {
        if (!named)
            refuse(in->r, in->section, in->row, s, conf_line(s));
        return;
    }
    if (!counts(in, s))
        return;
    size_t n = (size_t)config_setting_length(s);
    char *items = evac_arena_array(in->r->arena, n, section->bytes);
    for (size_t i = 0; i < n; i++) {
        const config_setting_t *entry = config_setting_get_elem(s, (unsigned)i);
        char *item = items + i * section->bytes;
        if (section->bare && config_setting_type(entry) == CONFIG_TYPE_STRING) {
            read_bare(in->r, section, entry, conf_line(s), item);
            continue;
        }
        if (!is_group(in, entry))
            continue;
        if (named)
            *name_of(section, item) =
                evac_arena_str(in->r->arena, evac_str(config_setting_name(entry)));
        conf_read_section(in->r, section, entry, item);
        if (section->name_offset != CONF_NOWHERE)
            tell_namesake(in->r, section, items, i);
    }
    store_items(in, items, n);
}

/* --- one row ------------------------------------------------------------------------------------
 */

static void read_when(const struct place_in *in, const config_setting_t *s)
{
    const struct evac_cond *nodes = NULL;
    size_t count = 0;
    if (is_group(in, s))
        conf_compile_when(in->r, in->row->section, s, &nodes, &count);
    memcpy(in->at + in->row->offset, &nodes, sizeof nodes);
    memcpy(in->at + in->row->count_offset, &count, sizeof count);
}

static void read_section_row(const struct place_in *in, const config_setting_t *s)
{
    if (in->row->flags & (CONF_LIST | CONF_NAMED))
        read_sections(in, s);
    else if (in->row->flags & CONF_WHEN)
        read_when(in, s);
    else if (is_group(in, s))
        conf_read_section(in->r, in->row->section, s, in->at + in->row->offset);
}

static void read_args(const struct place_in *in, const config_setting_t *s)
{
    if (is_group(in, s))
        conf_flatten(in->r, s, NULL, (struct evac_args *)(void *)(in->at + in->row->offset), NULL);
}

static void read_scalar(const struct place_in *in, const config_setting_t *s)
{
    struct conf_value value = conf_value(s);
    if (!conf_put(in->r, in->row, &value, in->at + in->row->offset))
        refuse(in->r, in->section, in->row, s, conf_line(s));
}

static void read_row(const struct place_in *in, const config_setting_t *s)
{
    if (in->row->type == CONF_SECTION)
        read_section_row(in, s);
    else if (in->row->type == CONF_ARGS)
        read_args(in, s);
    else if (in->row->type == CONF_RAW)
        memcpy(in->at + in->row->offset, &s, sizeof s);
    else if (in->row->flags & CONF_LIST)
        read_texts(in, s);
    else
        read_scalar(in, s);
}

/* --- a group -------------------------------------------------------------------------------------
 */

/* The rows' next words after prefix ("", or "policy."), each once. */
static const char *const *known_names(struct conf_reader *r, const struct conf_section *section,
                                      struct evac_str prefix)
{
    struct evac_str words[ROWS_MAX], rest;
    size_t n = 0;
    for (const struct conf_row *row = section->rows; row->path; row++) {
        struct evac_str path = evac_str(row->path);
        if (!evac_str_starts(path, prefix.p))
            continue;
        path = (struct evac_str){ path.p + prefix.n, path.n - prefix.n };
        struct evac_str word = evac_str_cut(path, '.', &rest);
        if (n == 0 || !evac_str_eq(words[n - 1], word)) /* a group's rows stand together */
            words[n++] = evac_arena_str(r->arena, word);
    }
    return conf_names(r, words, sizeof words[0], n);
}

static bool begins_rows(const struct conf_section *section, struct evac_str path)
{
    for (const struct conf_row *row = section->rows; row->path; row++)
        if (strlen(row->path) > path.n && evac_str_starts(evac_str(row->path), path.p) &&
            row->path[path.n] == '.')
            return true;
    return false;
}

struct group_in {
    struct conf_reader *r;
    struct conf_given *given;
    char *at;
};

static void tell_unknown(struct conf_reader *r, const struct conf_section *section,
                         struct evac_str prefix, const config_setting_t *s)
{
    struct evac_str name = evac_str(config_setting_name(s));
    struct evac_str hint = conf_hint(r, name, known_names(r, section, prefix));
    CONF_ERROR(r, conf_line(s), "unknown setting \"%.*s\" in %s%s%.*s%.*s", EVAC_STR_ARG(name),
               section->what, prefix.n ? "." : "", (int)(prefix.n ? prefix.n - 1 : 0), prefix.p,
               EVAC_STR_ARG(hint));
}

static void read_members(const struct group_in *in, const config_setting_t *group,
                         struct evac_str prefix);

static void read_subgroup(const struct group_in *in, const config_setting_t *s,
                          struct evac_str path)
{
    if (config_setting_type(s) == CONFIG_TYPE_GROUP)
        read_members(in, s, evac_arena_printf(in->r->arena, "%s.", path.p));
    else
        CONF_ERROR(in->r, conf_line(s), "%s.%s: found %.*s; allowed: a group { ... }",
                   in->given->section->what, path.p, EVAC_STR_ARG(conf_found(in->r, s)));
}

static void read_member(const struct group_in *in, const config_setting_t *s,
                        struct evac_str prefix)
{
    const struct conf_section *section = in->given->section;
    struct evac_str path =
        evac_arena_printf(in->r->arena, "%s%s", prefix.p, config_setting_name(s));
    const struct conf_row *row = conf_row(section, path);
    if (row) {
        note_given(in->given, row);
        read_row(&(struct place_in){ in->r, section, row, in->at }, s);
    } else if (begins_rows(section, path)) {
        read_subgroup(in, s, path);
    } else if (!section->open) {
        tell_unknown(in->r, section, prefix, s);
    }
}

static void read_members(const struct group_in *in, const config_setting_t *group,
                         struct evac_str prefix)
{
    for (int i = 0; i < config_setting_length(group); i++)
        read_member(in, config_setting_get_elem(group, (unsigned)i), prefix);
}

/* Texts without a default are "", never NULL: they are also used as C strings. */
static void put_default(struct conf_reader *r, const struct conf_row *row, char *at)
{
    if (row->fallback) {
        struct conf_value value = conf_value_of(row, row->fallback);
        (void)conf_put(r, row, &value, at + row->offset); /* a test proves each of them allowed */
    } else if (row->bytes == sizeof(struct evac_str) && !(row->flags & CONF_LIST) &&
               row->type >= CONF_TEXT && row->type <= CONF_ZONE) {
        *(struct evac_str *)(void *)(at + row->offset) = EVAC_STR("");
    }
}

static void put_defaults(struct conf_reader *r, const struct conf_section *section, char *at)
{
    for (const struct conf_row *row = section->rows; row->path; row++)
        put_default(r, row, at);
}

static void tell_missing(struct conf_reader *r, const struct conf_given *given, int line)
{
    const struct conf_section *section = given->section;
    for (const struct conf_row *row = section->rows; row->path; row++)
        if ((row->flags & CONF_REQUIRED) && !is_given(given, row))
            CONF_ERROR(r, line, "%s.%s is missing; allowed: %.*s", section->what, row->path,
                       EVAC_STR_ARG(row_allows(r, row)));
}

void conf_read_given(struct conf_reader *r, const struct conf_section *section,
                     const config_setting_t *group, void *at, struct conf_given *ret_given)
{
    struct evac_place *place = at;
    *place = (struct evac_place){ r->file, conf_line(group) };
    *ret_given = (struct conf_given){ .section = section };
    put_defaults(r, section, at);
    read_members(&(struct group_in){ r, ret_given, at }, group, EVAC_STR(""));
    tell_missing(r, ret_given, place->line);
    if (section->finish)
        section->finish(r, group, at, ret_given);
}

void conf_read_section(struct conf_reader *r, const struct conf_section *section,
                       const config_setting_t *group, void *at)
{
    struct conf_given given;
    conf_read_given(r, section, group, at, &given);
}

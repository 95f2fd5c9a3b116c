/*
 * A file's text to libconfig's tree. What libconfig does badly is refused before it sees the text:
 * @include (it would read any file), a text that is not closed (it is dropped without a word), a
 * text where none may stand (it leaks), numbers that do not fit (they wrap), a zero byte (the rest
 * is not seen), deep nesting (it recurses), huge groups (it searches them at each setting), and
 * names given twice (it stops at the first and does not name it). The lexical rules are libconfig
 * 1.5's, lib/scanner.l.
 */
#include "conf_read.h"

#include <stdlib.h>
#include <string.h>

/* What stood last, as far as it decides whether a text may follow. */
enum last { LAST_OTHER, LAST_OPENS_VALUE, LAST_TEXT };

struct bracket {
    char c;
    int line;
    size_t entries;
    size_t first_name; /* in names: a group's own begin here */
};

struct name {
    struct evac_str text;
    int line;
};

struct scan {
    struct conf_reader *r;
    struct evac_str text;
    size_t i;
    int line;
    enum last last;
    bool bad;
    size_t depth; /* open[0] is the file itself */
    struct bracket open[CONF_NESTING_MAX + 1];
    struct name *names; /* of the groups that are open, innermost last */
    size_t name_count, name_cap;
};

static void refuse_at(struct scan *s, int line, const char *why)
{
    CONF_ERROR(s->r, line, "%s", why);
    s->bad = true;
}

static char look(const struct scan *s, size_t ahead)
{
    return s->i + ahead < s->text.n ? s->text.p[s->i + ahead] : '\n';
}

static bool starts(const struct scan *s, const char *word)
{
    return evac_str_starts((struct evac_str){ s->text.p + s->i, s->text.n - s->i }, word);
}

static void pass(struct scan *s, size_t bytes)
{
    for (; bytes && s->i < s->text.n; bytes--)
        s->line += s->text.p[s->i++] == '\n';
}

/* --- comments and texts --------------------------------------------------------------------------
 */

static void pass_line(struct scan *s)
{
    while (s->i < s->text.n && s->text.p[s->i] != '\n')
        s->i++;
}

static void pass_comment(struct scan *s)
{
    int line = s->line;
    pass(s, 2);
    while (s->i < s->text.n && !starts(s, "*/"))
        pass(s, 1);
    if (s->i == s->text.n)
        refuse_at(s, line, "this comment is never closed; allowed: /* ... */");
    pass(s, 2);
}

static void pass_text(struct scan *s)
{
    int line = s->line;
    if (s->last == LAST_OTHER)
        refuse_at(s, line,
                  "found a text where a name or an end is expected; allowed: name = value;");
    pass(s, 1);
    while (s->i < s->text.n && s->text.p[s->i] != '"') {
        bool escape = s->text.p[s->i] == '\\' && (look(s, 1) == '"' || look(s, 1) == '\\');
        pass(s, escape ? 2 : 1);
    }
    if (s->i == s->text.n)
        refuse_at(s, line, "this text is never closed; allowed: \"...\"");
    pass(s, 1);
    s->last = LAST_TEXT;
}

/* --- names and numbers ---------------------------------------------------------------------------
 */

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ*"
#define DIGITS  "0123456789"

static struct evac_str pass_word(struct scan *s, const char *chars)
{
    struct evac_str word = { s->text.p + s->i, 0 };
    while (s->i < s->text.n && s->text.p[s->i] && strchr(chars, s->text.p[s->i]))
        s->i++, word.n++;
    return word;
}

static void remember(struct scan *s, struct evac_str name)
{
    if (s->name_count == s->name_cap) {
        s->name_cap = s->name_cap ? 2 * s->name_cap : 64;
        s->names = realloc(s->names, s->name_cap * sizeof *s->names);
        if (!s->names)
            abort();
    }
    s->names[s->name_count++] = (struct name){ name, s->line };
}

/* A word that begins a setting, or true or false. */
static void pass_name(struct scan *s)
{
    struct evac_str name = pass_word(s, LETTERS DIGITS "-_");
    const struct bracket *in = &s->open[s->depth];
    bool begins = s->last != LAST_OPENS_VALUE;
    s->last = LAST_OTHER;
    if (!begins || in->c != '{')
        return;
    for (size_t i = in->first_name; i < s->name_count; i++)
        if (evac_str_eq(s->names[i].text, name)) {
            CONF_ERROR(s->r, s->line, "\"%.*s\" is given twice in this group, first in line %d",
                       EVAC_STR_ARG(name), s->names[i].line);
            s->bad = true;
            return;
        }
    remember(s, name);
}

/* Would libconfig read the number that is written there? It wraps whole numbers beyond 32 bits that
 * have no L behind them, and all hexadecimal ones. */
static bool is_kept(struct evac_str number)
{
    int64_t value;
    struct evac_str digits = number;
    bool is_long = evac_str_ends(number, "L");
    while (evac_str_ends(digits, "L"))
        digits.n--;
    if (evac_str_starts(digits, "+"))
        digits = (struct evac_str){ digits.p + 1, digits.n - 1 };
    if (number.n > 24 || evac_str_has(number, "x") || evac_str_has(number, "X"))
        return false;
    if (memchr(number.p, '.', number.n) || evac_str_has(number, "e") || evac_str_has(number, "E"))
        return true;
    return evac_str_i64(digits, &value) && (is_long || (value >= INT32_MIN && value <= INT32_MAX));
}

static void pass_number(struct scan *s)
{
    struct evac_str number = pass_word(s, LETTERS DIGITS "+-.");
    s->last = LAST_OTHER;
    if (is_kept(number))
        return;
    CONF_ERROR(s->r, s->line,
               "found %.*s; allowed: decimal numbers, with an L behind those beyond 2147483647",
               (int)(number.n < 40 ? number.n : 40), number.p);
    s->bad = true;
}

/* --- brackets
 * -------------------------------------------------------------------------------------- */

static void open_bracket(struct scan *s, char c)
{
    if (s->depth == CONF_NESTING_MAX) {
        CONF_ERROR(s->r, s->line, "found groups and lists nested deeper than %u levels",
                   CONF_NESTING_MAX);
        s->bad = true;
        s->i = s->text.n;
        return;
    }
    s->open[++s->depth] = (struct bracket){ c, s->line, 0, s->name_count };
    s->last = c == '{' ? LAST_OTHER : LAST_OPENS_VALUE;
}

static char closing(char c)
{
    return c == '{' ? '}' : c == '(' ? ')' : ']';
}

static void close_bracket(struct scan *s, char c)
{
    const struct bracket *in = &s->open[s->depth];
    s->last = LAST_OTHER;
    if (s->depth && closing(in->c) == c) {
        s->name_count = in->first_name;
        s->depth--;
        return;
    }
    if (s->depth)
        CONF_ERROR(s->r, s->line, "found %c; allowed: %c, for the %c of line %d", c, closing(in->c),
                   in->c, in->line);
    else
        CONF_ERROR(s->r, s->line, "found %c, but nothing is open here", c);
    s->bad = true;
    s->i = s->text.n; /* from here on one could only guess */
}

static void count_entry(struct scan *s, char c)
{
    struct bracket *in = &s->open[s->depth];
    bool list = in->c != '{';
    s->last = c != ',' || list ? LAST_OPENS_VALUE : LAST_OTHER;
    if ((c == ',') != list || ++in->entries != CONF_GROUP_ENTRIES_MAX + 1)
        return;
    CONF_ERROR(s->r, in->line, "found more than %u entries in one group or list",
               CONF_GROUP_ENTRIES_MAX);
    s->bad = true;
}

/* --- all of it
 * -------------------------------------------------------------------------------------- */

static void pass_mark(struct scan *s, char c)
{
    if (strchr("{([", c))
        open_bracket(s, c);
    else if (strchr("})]", c))
        close_bracket(s, c);
    else if (strchr("=:,", c))
        count_entry(s, c);
    else if (c == '@')
        refuse_at(s, s->line, "@include is not supported: each file stands for itself");
    else
        s->last = LAST_OTHER;
    pass(s, 1);
}

static void pass_token(struct scan *s)
{
    char c = s->text.p[s->i];
    if (c == '\0')
        refuse_at(s, s->line, "found a zero byte; allowed: text"), pass(s, 1);
    else if (strchr(" \t\r\n\f", c))
        pass(s, 1);
    else if (c == '#' || starts(s, "//"))
        pass_line(s);
    else if (starts(s, "/*"))
        pass_comment(s);
    else if (c == '"')
        pass_text(s);
    else if (strchr(LETTERS, c))
        pass_name(s);
    else if (strchr(DIGITS "+-.", c))
        pass_number(s);
    else
        pass_mark(s, c);
}

static bool scan_text(struct conf_reader *r, struct evac_str text)
{
    struct scan s = { .r = r, .text = text, .line = 1, .open = { { .c = '{', .line = 1 } } };
    size_t errors = r->diag->errors;
    while (s.i < text.n && r->diag->errors - errors < EVAC_DIAG_MAX)
        pass_token(&s);
    if (!s.bad && s.depth)
        CONF_ERROR(r, s.open[s.depth].line, "this %c is never closed", s.open[s.depth].c);
    free(s.names);
    return !s.bad && s.depth == 0;
}

/* --- libconfig's word
 * -------------------------------------------------------------------------------- */

static struct evac_str line_of(struct evac_str text, int line)
{
    struct evac_str rest = text, found = EVAC_STR_NONE;
    for (int i = 0; i < line; i++)
        found = evac_str_cut(rest, '\n', &rest);
    return evac_str_trim(found);
}

static void tell_syntax(struct conf_reader *r, struct evac_str text, const config_t *config)
{
    char near[61];
    int line = config_error_line(config);
    const char *why = config_error_text(config);
    bool whole = evac_str_copy(near, sizeof near, line_of(text, line));
    CONF_ERROR(r, line,
               "%s, in or before: %s%s; allowed: name = value; where a value is a text in "
               "quotes, a number, true, false, { settings } or ( values )",
               why ? why : "syntax error", near, whole ? "" : "...");
}

bool conf_parse_text(struct conf_reader *r, struct evac_str text, config_t *config)
{
    config_init(config);
    if (text.n > CONF_FILE_BYTES_MAX) {
        CONF_ERROR(r, 0, "found %zu bytes; allowed: at most %u", text.n, CONF_FILE_BYTES_MAX);
        return false;
    }
    if (!scan_text(r, text))
        return false;
    char *copy = malloc(text.n + 2);
    if (!copy)
        abort();
    if (text.n)
        memcpy(copy, text.p, text.n);
    memcpy(copy + text.n, "\n", 2); /* libconfig sees no comment that ends with the file */
    bool ok = config_read_string(config, copy) == CONFIG_TRUE;
    free(copy);
    if (!ok)
        tell_syntax(r, text, config);
    return ok;
}

/*
 * DynamoDB's expressions, as far as conditions, key conditions and updates go: comparisons,
 * BETWEEN, IN, AND, OR, NOT, parentheses, attribute_exists, attribute_not_exists, begins_with,
 * contains; SET with +, - and if_not_exists, ADD, REMOVE. Names are attributes of the item itself:
 * no paths into them.
 */
#include "dynamodb_internal.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32u

static const cJSON *input(const struct sb_call *c)
{
    return (const cJSON *)(const void *)c->json;
}

/* --- words ----------------------------------------------------------------------------------- */

static bool is_word(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
           ch == '_' || ch == '#' || ch == ':';
}

static size_t word_bytes(struct evac_str s)
{
    size_t n = 0;
    if (s.n == 0)
        return 0;
    if (is_word(s.p[0])) {
        while (n < s.n && is_word(s.p[n]))
            n++;
        return n;
    }
    bool pair = s.n > 1 && (s.p[0] == '<' || s.p[0] == '>') && (s.p[1] == '=' || s.p[1] == '>');
    return pair ? 2 : 1;
}

static struct evac_str peek(struct ddb_expr *e)
{
    while (e->rest.n && (e->rest.p[0] == ' ' || e->rest.p[0] == '\n' || e->rest.p[0] == '\t')) {
        e->rest.p++;
        e->rest.n--;
    }
    return (struct evac_str){ e->rest.p, word_bytes(e->rest) };
}

static struct evac_str take(struct ddb_expr *e)
{
    struct evac_str word = peek(e);
    e->rest.p += word.n;
    e->rest.n -= word.n;
    return word;
}

/* Keywords are written in any case. */
static bool is_keyword(struct evac_str word, const char *keyword)
{
    size_t n = strlen(keyword);
    if (word.n != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if ((word.p[i] & ~0x20) != keyword[i])
            return false;
    return true;
}

static void refuse(struct ddb_expr *e, struct evac_str near)
{
    if (!e->bad)
        sb_error(e->c, 400, "ValidationException",
                 "Invalid expression: syntax error, or a name that is not known, near \"%.*s\"",
                 EVAC_STR_ARG(near));
    e->bad = true;
}

static void expect(struct ddb_expr *e, const char *text)
{
    struct evac_str word = take(e);
    if (!evac_str_is(word, text))
        refuse(e, word);
}

/* --- operands -------------------------------------------------------------------------------- */

/* An attribute's name: itself, or what "#x" stands for; "" and refused when it is none. */
static const char *name_of(struct ddb_expr *e)
{
    struct evac_str word = take(e);
    const cJSON *names = cJSON_GetObjectItemCaseSensitive(input(e->c), "ExpressionAttributeNames");
    char text[256];
    if (word.n == 0 || !is_word(word.p[0]) || word.p[0] == ':' ||
        !evac_str_copy(text, sizeof text, word)) {
        refuse(e, word);
        return "";
    }
    if (text[0] != '#')
        return evac_arena_dup(e->c->arena, text);
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(names, text);
    if (!cJSON_IsString(name)) {
        refuse(e, word);
        return "";
    }
    return name->valuestring;
}

static const cJSON *value_of(struct ddb_expr *e)
{
    struct evac_str word = take(e);
    const cJSON *values =
        cJSON_GetObjectItemCaseSensitive(input(e->c), "ExpressionAttributeValues");
    char text[256];
    const cJSON *value = evac_str_copy(text, sizeof text, word)
                             ? cJSON_GetObjectItemCaseSensitive(values, text)
                             : NULL;
    if (!value)
        refuse(e, word);
    return value;
}

static bool is_value(struct evac_str word)
{
    return word.n > 1 && word.p[0] == ':';
}

/* NULL: the item has no such attribute. */
static const cJSON *operand(struct ddb_expr *e, const char **ret_name)
{
    *ret_name = NULL;
    if (is_value(peek(e)))
        return value_of(e);
    *ret_name = name_of(e);
    return cJSON_GetObjectItemCaseSensitive(e->item, *ret_name);
}

static int order(int n)
{
    return n < 0 ? -1 : n > 0;
}

int ddb_compare(const cJSON *a, const cJSON *b)
{
    const cJSON *x = a ? a->child : NULL, *y = b ? b->child : NULL;
    if (!x || !y || strcmp(x->string, y->string) != 0)
        return 2;
    if (strcmp(x->string, "N") == 0 && cJSON_IsString(x) && cJSON_IsString(y)) {
        double m = strtod(x->valuestring, NULL), n = strtod(y->valuestring, NULL);
        return m < n ? -1 : m > n;
    }
    if (cJSON_IsString(x) && cJSON_IsString(y))
        return order(strcmp(x->valuestring, y->valuestring));
    return cJSON_Compare(x, y, true) ? 0 : 2;
}

static bool compares(struct evac_str op, int how)
{
    if (evac_str_is(op, "="))
        return how == 0;
    if (evac_str_is(op, "<>"))
        return how != 0;
    if (how == 2)
        return false;
    if (evac_str_is(op, "<"))
        return how < 0;
    if (evac_str_is(op, "<="))
        return how <= 0;
    return evac_str_is(op, ">") ? how > 0 : how >= 0;
}

/* --- conditions ------------------------------------------------------------------------------ */

static bool any_of(struct ddb_expr *e);

static const char *text_of(const cJSON *value)
{
    const cJSON *s = cJSON_GetObjectItemCaseSensitive(value, "S");
    return cJSON_IsString(s) ? s->valuestring : NULL;
}

static bool function(struct ddb_expr *e, struct evac_str name)
{
    const char *ignored;
    expect(e, "(");
    const cJSON *subject = operand(e, &ignored);
    if (evac_str_is(name, "attribute_exists") || evac_str_is(name, "attribute_not_exists")) {
        expect(e, ")");
        return (subject != NULL) == evac_str_is(name, "attribute_exists");
    }
    expect(e, ",");
    const char *part = text_of(operand(e, &ignored)), *whole = text_of(subject);
    expect(e, ")");
    if (!part || !whole)
        return false;
    return evac_str_is(name, "contains") ? strstr(whole, part) != NULL
                                         : strncmp(whole, part, strlen(part)) == 0;
}

static bool is_function(struct evac_str word)
{
    static const char *const names[] = { "attribute_exists", "attribute_not_exists", "begins_with",
                                         "contains" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (evac_str_is(word, names[i]))
            return true;
    return false;
}

static bool between(struct ddb_expr *e, const cJSON *value)
{
    const char *ignored;
    int low = ddb_compare(value, operand(e, &ignored));
    struct evac_str word = take(e);
    if (!is_keyword(word, "AND"))
        refuse(e, word);
    int high = ddb_compare(value, operand(e, &ignored));
    return low != 2 && high != 2 && low >= 0 && high <= 0;
}

static bool one_of(struct ddb_expr *e, const cJSON *value)
{
    const char *ignored;
    bool found = false;
    expect(e, "(");
    do {
        found |= ddb_compare(value, operand(e, &ignored)) == 0;
    } while (!e->bad && evac_str_is(peek(e), ",") && take(e).n);
    expect(e, ")");
    return found;
}

static bool comparison(struct ddb_expr *e)
{
    const char *name, *ignored;
    const cJSON *left = operand(e, &name);
    struct evac_str op = take(e);
    if (is_keyword(op, "BETWEEN"))
        return between(e, left);
    if (is_keyword(op, "IN"))
        return one_of(e, left);
    bool known = op.n && (op.p[0] == '=' || op.p[0] == '<' || op.p[0] == '>');
    if (!known) {
        refuse(e, op);
        return false;
    }
    if (name && e->equals && strcmp(name, e->equals) == 0 && evac_str_is(op, "="))
        e->equal = true;
    return compares(op, ddb_compare(left, operand(e, &ignored)));
}

static bool factor(struct ddb_expr *e)
{
    bool holds = false;
    struct evac_str word = peek(e);
    if (++e->depth > DEPTH_MAX)
        refuse(e, word);
    if (e->bad)
        return false;
    if (is_keyword(word, "NOT")) {
        (void)take(e);
        holds = !factor(e);
    } else if (evac_str_is(word, "(")) {
        (void)take(e);
        holds = any_of(e);
        expect(e, ")");
    } else if (is_function(word)) {
        holds = function(e, take(e));
    } else {
        holds = comparison(e);
    }
    e->depth--;
    return holds;
}

static bool all_of(struct ddb_expr *e)
{
    bool holds = factor(e);
    while (!e->bad && is_keyword(peek(e), "AND")) {
        (void)take(e);
        holds &= factor(e);
    }
    return holds;
}

static bool any_of(struct ddb_expr *e)
{
    bool holds = all_of(e);
    while (!e->bad && is_keyword(peek(e), "OR")) {
        (void)take(e);
        holds |= all_of(e);
    }
    return holds;
}

static bool whole(struct ddb_expr *e)
{
    bool holds = any_of(e);
    if (!e->bad && peek(e).n)
        refuse(e, peek(e));
    return holds && !e->bad;
}

bool ddb_holds(struct sb_call *c, const char *member, const cJSON *item)
{
    struct ddb_expr e = { .c = c, .item = item, .rest = sb_in(c, "%s", member) };
    return !sb_has(c, "%s", member) || whole(&e);
}

bool ddb_key_holds(struct sb_call *c, const cJSON *item, const char *hash)
{
    struct ddb_expr e = {
        .c = c, .item = item, .rest = sb_in(c, "KeyConditionExpression"), .equals = hash
    };
    bool holds = whole(&e);
    if (!e.bad && !e.equal)
        sb_error(c, 400, "ValidationException", "Query condition missed key schema element: %s",
                 hash);
    return holds && e.equal;
}

/* --- updates --------------------------------------------------------------------------------- */

static cJSON *number(struct ddb_expr *e, double value)
{
    cJSON *n = cJSON_CreateObject();
    bool is_whole = value >= -9e15 && value <= 9e15 && value == (double)(int64_t)value;
    struct evac_str text = is_whole ? evac_arena_printf(e->c->arena, "%lld", (long long)value)
                                    : evac_arena_printf(e->c->arena, "%.17g", value);
    cJSON_AddStringToObject(n, "N", text.p);
    return n;
}

static double number_of(struct ddb_expr *e, const cJSON *value)
{
    const cJSON *n = cJSON_GetObjectItemCaseSensitive(value, "N");
    if (cJSON_IsString(n))
        return strtod(n->valuestring, NULL);
    refuse(e, EVAC_STR("a value that is no number"));
    return 0;
}

static const cJSON *set_operand(struct ddb_expr *e)
{
    const char *ignored;
    if (!evac_str_is(peek(e), "if_not_exists"))
        return operand(e, &ignored);
    (void)take(e);
    expect(e, "(");
    const cJSON *old = operand(e, &ignored);
    expect(e, ",");
    const cJSON *fallback = operand(e, &ignored);
    expect(e, ")");
    return old ? old : fallback;
}

static void put(cJSON *item, const char *name, cJSON *value)
{
    cJSON_DeleteItemFromObjectCaseSensitive(item, name);
    cJSON_AddItemToObject(item, name, value);
}

static void set_one(struct ddb_expr *e, cJSON *to)
{
    const char *name = name_of(e);
    expect(e, "=");
    const cJSON *value = set_operand(e);
    struct evac_str op = peek(e);
    if (evac_str_is(op, "+") || evac_str_is(op, "-")) {
        (void)take(e);
        double more = number_of(e, set_operand(e));
        double was = number_of(e, value);
        put(to, name, number(e, evac_str_is(op, "+") ? was + more : was - more));
    } else if (value) {
        put(to, name, cJSON_Duplicate(value, true));
    } else {
        refuse(e, EVAC_STR("an attribute that the item does not have"));
    }
}

static void add_one(struct ddb_expr *e, cJSON *to)
{
    const char *name = name_of(e);
    const cJSON *old = cJSON_GetObjectItemCaseSensitive(e->item, name);
    double more = number_of(e, value_of(e));
    put(to, name, number(e, old ? number_of(e, old) + more : more));
}

static void change(struct ddb_expr *e, struct evac_str clause, cJSON *to)
{
    do {
        if (is_keyword(clause, "SET"))
            set_one(e, to);
        else if (is_keyword(clause, "ADD"))
            add_one(e, to);
        else if (is_keyword(clause, "REMOVE"))
            cJSON_DeleteItemFromObjectCaseSensitive(to, name_of(e));
        else
            refuse(e, clause);
    } while (!e->bad && evac_str_is(peek(e), ",") && take(e).n);
}

cJSON *ddb_updated(struct sb_call *c, const cJSON *item)
{
    struct ddb_expr e = { .c = c, .item = item, .rest = sb_in(c, "UpdateExpression") };
    cJSON *to = cJSON_Duplicate(item, true);
    while (!e.bad && peek(&e).n)
        change(&e, take(&e), to);
    if (!e.bad)
        return to;
    cJSON_Delete(to);
    return NULL;
}

bool ddb_all_used(struct sb_call *c, const char *const *members)
{
    static const char *const lists[] = { "ExpressionAttributeNames", "ExpressionAttributeValues" };
    for (size_t i = 0; i < 2; i++) {
        const cJSON *entry, *list = cJSON_GetObjectItemCaseSensitive(input(c), lists[i]);
        cJSON_ArrayForEach(entry, list)
        {
            bool used = false;
            for (const char *const *m = members; *m; m++)
                used |= evac_str_has(sb_in(c, "%s", *m), entry->string);
            if (!used) {
                sb_error(c, 400, "ValidationException",
                         "Value provided in %s unused in expressions: keys: {%s}", lists[i],
                         entry->string);
                return false;
            }
        }
    }
    return true;
}

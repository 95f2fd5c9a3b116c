#include "aws_json.h"

#include "plain.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#define JSON_MAX_BYTES  (4u << 20)
#define JSON_MAX_DEPTH  64u
#define JSON_MAX_VALUES 500000u
#define FEW_KEYS        12u

/* cJSON is laxer than RFC 8259 in ways that could hide something: it cuts a string at \u0000 and
 * takes raw control characters. One pass before it settles those, and depth and number of values.
 */
struct scan {
    struct evac_str text;
    size_t at;
    size_t depth;
    size_t values;
};

static enum evac_code scan_string(struct scan *s, struct evac_err *err)
{
    size_t begin = s->at;
    for (s->at++; s->at < s->text.n; s->at++) {
        s->at += evac_plain_bytes(s->text.p + s->at, s->text.n - s->at);
        const char *p = s->text.p + s->at;
        if (s->at == s->text.n || *p == '"')
            break;
        if ((unsigned char)*p < 0x20)
            return evac_fail(err, EVAC_E_PARSE,
                             "JSON, byte %zu: a control character in a string is not allowed",
                             s->at);
        if (*p != '\\')
            continue;
        if (s->text.n - s->at >= 6 && memcmp(p, "\\u0000", 6) == 0)
            return evac_fail(err, EVAC_E_PARSE, "JSON, byte %zu: \\u0000 is not allowed", s->at);
        s->at++;
    }
    if (s->at >= s->text.n)
        return evac_fail(err, EVAC_E_PARSE, "JSON, byte %zu: this string does not end", begin);
    return EVAC_OK;
}

static enum evac_code scan_char(struct scan *s, struct evac_err *err)
{
    switch (s->text.p[s->at]) {
    case '"':
        return scan_string(s, err);
    case '{':
    case '[':
        s->values++;
        if (++s->depth > JSON_MAX_DEPTH)
            return evac_fail(err, EVAC_E_TOOBIG,
                             "JSON, byte %zu: values nest deeper than the %u allowed", s->at,
                             JSON_MAX_DEPTH);
        return EVAC_OK;
    case '}':
    case ']':
        s->depth -= s->depth > 0;
        return EVAC_OK;
    case ',':
        s->values++;
        return EVAC_OK;
    case '\0':
        return evac_fail(err, EVAC_E_PARSE, "JSON, byte %zu: a zero byte is not allowed", s->at);
    default:
        return EVAC_OK;
    }
}

static enum evac_code scan(struct evac_str text, struct evac_err *err)
{
    struct scan s = { .text = text };
    enum evac_code code = EVAC_OK;
    if (text.n > JSON_MAX_BYTES)
        return evac_fail(err, EVAC_E_TOOBIG, "JSON of %zu bytes is larger than the %u allowed",
                         text.n, JSON_MAX_BYTES);
    for (; s.at < text.n && code == EVAC_OK; s.at++)
        code = scan_char(&s, err);
    if (code == EVAC_OK && s.values > JSON_MAX_VALUES)
        return evac_fail(err, EVAC_E_TOOBIG, "JSON of %zu values is more than the %u allowed",
                         s.values, JSON_MAX_VALUES);
    return code;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_there_again(const cJSON *child)
{
    for (const cJSON *other = child->next; other; other = other->next)
        if (other->string[0] == child->string[0] && strcmp(other->string, child->string) == 0)
            return true;
    return false;
}

/* Of a few keys each is held against each; they are sorted where one of them is there twice, or
 * where they are many, so that an object of many thousand keys costs n log n. */
static enum evac_code check_object(const cJSON *object, struct evac_err *err)
{
    enum evac_code code = EVAC_OK;
    size_t count = 0;
    bool again = false;
    for (const cJSON *child = object->child; child; child = child->next)
        count++;
    for (const cJSON *child = object->child; child && count <= FEW_KEYS; child = child->next)
        again = again || is_there_again(child);
    if (count <= FEW_KEYS && !again)
        return EVAC_OK;

    const char **names = calloc(count, sizeof *names);
    if (!names)
        abort();
    count = 0;
    for (const cJSON *child = object->child; child; child = child->next)
        names[count++] = child->string;
    qsort(names, count, sizeof *names, by_name);
    for (size_t i = 1; i < count && code == EVAC_OK; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            code = evac_fail(err, EVAC_E_PARSE, "JSON: the key '%.80s' is there twice", names[i]);
    free(names);
    return code;
}

/* Recursion is bounded by JSON_MAX_DEPTH, which scan() has checked. */
static enum evac_code check_keys(const cJSON *value, struct evac_err *err)
{
    enum evac_code code = cJSON_IsObject(value) ? check_object(value, err) : EVAC_OK;
    for (const cJSON *child = value->child; child && code == EVAC_OK; child = child->next)
        code = check_keys(child, err);
    return code;
}

static enum evac_code check_rest(struct evac_str text, const char *end, struct evac_err *err)
{
    size_t at = (size_t)(end - text.p);
    struct evac_str rest = evac_str_trim((struct evac_str){ end, text.n - at });
    if (rest.n == 0)
        return EVAC_OK;
    return evac_fail(err, EVAC_E_PARSE, "JSON, byte %zu: text after the value is not allowed", at);
}

enum evac_code evac_json_parse(struct evac_str text, struct evac_json **ret_root,
                               struct evac_err *err)
{
    enum evac_code code = scan(text, err);
    if (code != EVAC_OK)
        return code;

    const char *end = NULL;
    cJSON *root = text.n ? cJSON_ParseWithLengthOpts(text.p, text.n, &end, false) : NULL;
    if (!root)
        return evac_fail(err, EVAC_E_PARSE, "JSON, byte %zu: this is not a JSON value",
                         end ? (size_t)(end - text.p) : 0);
    code = check_rest(text, end, err);
    if (code == EVAC_OK)
        code = check_keys(root, err);
    if (code != EVAC_OK) {
        cJSON_Delete(root);
        return code;
    }
    *ret_root = (struct evac_json *)root;
    return EVAC_OK;
}

void evac_json_free(struct evac_json *root)
{
    cJSON_Delete((cJSON *)root);
}

static const cJSON *cjson(const struct evac_json *value)
{
    return (const cJSON *)value;
}

static const struct evac_json *view(const cJSON *value)
{
    return (const struct evac_json *)value;
}

const struct evac_json *evac_json_get(const struct evac_json *object, const char *key)
{
    if (!cJSON_IsObject(cjson(object)))
        return NULL;
    return view(cJSON_GetObjectItemCaseSensitive(cjson(object), key));
}

const struct evac_json *evac_json_first(const struct evac_json *array_or_object)
{
    return array_or_object ? view(cjson(array_or_object)->child) : NULL;
}

const struct evac_json *evac_json_next(const struct evac_json *value)
{
    return value ? view(cjson(value)->next) : NULL;
}

size_t evac_json_count(const struct evac_json *array)
{
    size_t count = 0;
    for (const struct evac_json *v = evac_json_first(array); v; v = evac_json_next(v))
        count++;
    return count;
}

struct evac_str evac_json_text(const struct evac_json *value)
{
    return cJSON_IsString(cjson(value)) ? evac_str(cjson(value)->valuestring) : EVAC_STR_NONE;
}

struct evac_str evac_json_str(const struct evac_json *object, const char *key)
{
    return evac_json_text(evac_json_get(object, key));
}

struct evac_str evac_json_key(const struct evac_json *value)
{
    return value ? evac_str(cjson(value)->string) : EVAC_STR_NONE;
}

double evac_json_num(const struct evac_json *object, const char *key, double fallback)
{
    const cJSON *value = cjson(evac_json_get(object, key));
    return cJSON_IsNumber(value) ? value->valuedouble : fallback;
}

/* A double holds whole numbers exactly up to 2^53: what is beyond, or no number, is the fallback.
 */
int64_t evac_json_i64(const struct evac_json *object, const char *key, int64_t fallback)
{
    const cJSON *value = cjson(evac_json_get(object, key));
    if (!cJSON_IsNumber(value) || !(value->valuedouble >= -9007199254740992.0) ||
        !(value->valuedouble <= 9007199254740992.0))
        return fallback;
    return (int64_t)value->valuedouble;
}

double evac_json_as_num(const struct evac_json *value, double fallback)
{
    const cJSON *v = cjson(value);
    return cJSON_IsNumber(v) ? v->valuedouble : fallback;
}

bool evac_json_bool(const struct evac_json *object, const char *key, bool fallback)
{
    const cJSON *value = cjson(evac_json_get(object, key));
    return cJSON_IsBool(value) ? cJSON_IsTrue(value) != 0 : fallback;
}

#include "body_schema.h"

#include "evac/buf.h"

#include <string.h>

#define FIELDS_MAX 32u

/* One value, where it stands and what it must be. */
struct check {
    const cJSON *schema, *value;
    const char *where;
    struct evac_err *err;
};

static const cJSON *keyword(const struct check *c, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(c->schema, name);
}

/* --- one value -----------------------------------------------------------------------------------
 */

static bool is_whole(const cJSON *value)
{
    return cJSON_IsNumber(value) && value->valuedouble > -9e15 && value->valuedouble < 9e15 &&
           (double)(int64_t)value->valuedouble == value->valuedouble;
}

static const struct {
    const char *name, *words;
} types[] = { { "object", "an object" },
              { "array", "a list" },
              { "string", "a text" },
              { "integer", "a whole number" },
              { "boolean", "true or false" } };

static bool is_of_type(const cJSON *value, const char *type)
{
    return strcmp(type, "object") == 0    ? cJSON_IsObject(value)
           : strcmp(type, "array") == 0   ? cJSON_IsArray(value)
           : strcmp(type, "string") == 0  ? cJSON_IsString(value)
           : strcmp(type, "integer") == 0 ? is_whole(value)
                                          : cJSON_IsBool(value);
}

static enum evac_code check_type(const struct check *c)
{
    const cJSON *type = keyword(c, "type");
    const char *words = "";
    if (!cJSON_IsString(type) || is_of_type(c->value, type->valuestring))
        return EVAC_OK;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i].name, type->valuestring) == 0)
            words = types[i].words;
    return evac_fail(c->err, EVAC_E_BADARG, "%s must be %s", c->where, words);
}

static enum evac_code check_enum(const struct check *c)
{
    const cJSON *item, *allowed = keyword(c, "enum");
    struct evac_buf text;
    if (!allowed || !cJSON_IsString(c->value))
        return EVAC_OK;
    evac_buf_init(&text, 1024);
    bool found = false;
    cJSON_ArrayForEach(item, allowed)
    {
        found = found || strcmp(item->valuestring, c->value->valuestring) == 0;
        evac_buf_putf(&text, "%s%s", text.n ? ", " : "", item->valuestring);
    }
    enum evac_code code =
        found ? EVAC_OK
              : evac_fail(c->err, EVAC_E_BADARG, "%s: '%.60s' is not allowed; allowed are %s",
                          c->where, c->value->valuestring, text.p);
    evac_buf_done(&text);
    return code;
}

static enum evac_code check_range(const struct check *c)
{
    const cJSON *least = keyword(c, "minimum"), *most = keyword(c, "maximum");
    if (!cJSON_IsNumber(c->value) || !least || !most ||
        (c->value->valuedouble >= least->valuedouble && c->value->valuedouble <= most->valuedouble))
        return EVAC_OK;
    return evac_fail(c->err, EVAC_E_BADARG, "%s must be from %.0f to %.0f", c->where,
                     least->valuedouble, most->valuedouble);
}

static enum evac_code check_size(const struct check *c)
{
    const cJSON *bytes = keyword(c, "maxLength"), *items = keyword(c, "maxItems");
    if (bytes && cJSON_IsString(c->value) && strlen(c->value->valuestring) > bytes->valuedouble)
        return evac_fail(c->err, EVAC_E_BADARG, "%s may have %.0f characters", c->where,
                         bytes->valuedouble);
    if (items && cJSON_IsArray(c->value) && cJSON_GetArraySize(c->value) > items->valuedouble)
        return evac_fail(c->err, EVAC_E_BADARG, "%s may have %.0f items", c->where,
                         items->valuedouble);
    return EVAC_OK;
}

static enum evac_code check_value(const struct check *c)
{
    enum evac_code code = check_type(c);
    code = code ? code : check_enum(c);
    code = code ? code : check_range(c);
    return code ? code : check_size(c);
}

/* --- objects and lists of values -----------------------------------------------------------------
 */

static enum evac_code unknown_field(const struct check *c, const cJSON *properties,
                                    const char *name)
{
    const char *known[FIELDS_MAX + 1] = { NULL };
    size_t count = 0;
    for (const cJSON *p = properties ? properties->child : NULL; p && count < FIELDS_MAX;
         p = p->next)
        known[count++] = p->string;
    const char *near = evac_str_nearest(evac_str(name), known);
    return evac_fail(c->err, EVAC_E_BADARG, "unknown field '%.60s'%s%s%s", name,
                     near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static enum evac_code check_items(const struct check *c)
{
    const cJSON *item, *items = keyword(c, "items");
    enum evac_code code = EVAC_OK;
    if (!items || !cJSON_IsArray(c->value))
        return EVAC_OK;
    cJSON_ArrayForEach(item, c->value)
    {
        const struct check one = { items, item, c->where, c->err };
        code = code ? code : check_value(&one);
    }
    return code;
}

static enum evac_code check_required(const struct check *c)
{
    const cJSON *name;
    cJSON_ArrayForEach(name, keyword(c, "required"))
    {
        if (!cJSON_GetObjectItemCaseSensitive(c->value, name->valuestring))
            return evac_fail(c->err, EVAC_E_BADARG, "the field '%s' is missing", name->valuestring);
    }
    return EVAC_OK;
}

static enum evac_code check_fields(const struct check *c)
{
    const cJSON *properties = keyword(c, "properties");
    for (const cJSON *item = c->value->child; item; item = item->next) {
        const struct check one = { cJSON_GetObjectItemCaseSensitive(properties, item->string), item,
                                   item->string, c->err };
        if (!one.schema)
            return unknown_field(c, properties, item->string);
        enum evac_code code = check_value(&one);
        code = code ? code : check_items(&one);
        if (code)
            return code;
    }
    return check_required(c);
}

static struct evac_str bodies(void)
{
    for (size_t i = 0; i < evac_api_schema_count; i++)
        if (evac_str_ends(evac_str(evac_api_schemas[i].name), "bodies.json"))
            return evac_api_schemas[i].text;
    return EVAC_STR_NONE;
}

/* From where that one begins, which stands at the beginning of a line, as nothing else does: to
 * read all of them for one body took longer than all the rest of a question. */
static struct evac_str schema_of(const char *name)
{
    struct evac_str all = bodies();
    size_t n = strlen(name);
    while (all.n) {
        struct evac_str from = all, line = evac_str_cut(all, '\n', &all);
        if (line.n > n + 3 && line.p[0] == '"' && memcmp(line.p + 1, name, n) == 0 &&
            memcmp(line.p + 1 + n, "\":", 2) == 0)
            return (struct evac_str){ from.p + n + 3, from.n - n - 3 };
    }
    return EVAC_STR_NONE;
}

enum evac_code evac_body_fits(const char *name, const cJSON *body, struct evac_err *err)
{
    if (!cJSON_IsObject(body))
        return evac_fail(err, EVAC_E_BADARG,
                         "send {} or an object with the fields that the operation's schema names");
    struct evac_str text = schema_of(name);
    cJSON *schema = cJSON_ParseWithLength(text.p, text.n); /* up to where it ends */
    const struct check c = { schema, body, "the body", err };
    enum evac_code code = check_fields(&c);
    cJSON_Delete(schema);
    return code;
}

#include "json_meets.h"

#include <cJSON.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define SHOWN_BYTES 60u /* of a stranger's text, and of a path */

static const cJSON *child(const cJSON *at, struct evac_str name)
{
    char key[256];
    int64_t index;
    if (cJSON_IsArray(at))
        return evac_str_i64(name, &index) && index >= 0 && index < 1000000
                   ? cJSON_GetArrayItem(at, (int)index)
                   : NULL;
    return evac_str_copy(key, sizeof key, name) ? cJSON_GetObjectItemCaseSensitive(at, key) : NULL;
}

static const cJSON *find(const cJSON *root, struct evac_str path)
{
    const cJSON *at = root;
    while (at && path.n)
        at = child(at, evac_str_cut(path, '.', &path));
    return at;
}

/* As a person would write it; a stranger's control characters do not reach a terminal. */
static void show(const cJSON *value, char *to, size_t bytes)
{
    if (cJSON_IsString(value)) {
        char text[SHOWN_BYTES + 1];
        bool whole = evac_str_copy(text, sizeof text, evac_str(value->valuestring));
        for (char *p = text; *p; p++)
            if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f)
                *p = '?';
        (void)snprintf(to, bytes, "\"%s\"%s", text, whole ? "" : "...");
    } else if (cJSON_IsNumber(value)) {
        (void)snprintf(to, bytes, "%.15g", value->valuedouble);
    } else {
        (void)snprintf(to, bytes, "%s",
                       cJSON_IsBool(value)    ? cJSON_IsTrue(value) ? "true" : "false"
                       : cJSON_IsNull(value)  ? "null"
                       : cJSON_IsArray(value) ? "a list"
                                              : "an object");
    }
}

static bool is_equal(const cJSON *value, const struct evac_json_test *test)
{
    double number;
    char end, text[64];
    if (test->is_text)
        return cJSON_IsString(value) && evac_str_is(test->is, value->valuestring);
    if (cJSON_IsBool(value))
        return evac_str_is(test->is, cJSON_IsTrue(value) ? "true" : "false");
    return cJSON_IsNumber(value) && evac_str_copy(text, sizeof text, test->is) &&
           sscanf(text, "%lf%c", &number, &end) == 1 &&
           fabs(value->valuedouble - number) <= 1e-9 * fabs(number);
}

/* What is wrong with the value, in words; false: nothing. */
static bool misses(const cJSON *value, const struct evac_json_test *test, char *expected,
                   size_t bytes)
{
    const char *quote = test->is_text ? "\"" : "";
    bool number = cJSON_IsNumber(value);
    if (test->has_is && !is_equal(value, test))
        (void)snprintf(expected, bytes, "%s%.*s%s", quote,
                       test->is.n < SHOWN_BYTES ? (int)test->is.n : (int)SHOWN_BYTES, test->is.p,
                       quote);
    else if (test->has_above && !(number && value->valuedouble > test->above))
        (void)snprintf(expected, bytes, "above %.15g", test->above);
    else if (test->has_below && !(number && value->valuedouble < test->below))
        (void)snprintf(expected, bytes, "below %.15g", test->below);
    else if (cJSON_IsNull(value))
        (void)snprintf(expected, bytes, "a value");
    else
        return false;
    return true;
}

static bool judge(const cJSON *root, const struct evac_json_test *test, char *why, size_t bytes)
{
    char found[2 * SHOWN_BYTES], expected[2 * SHOWN_BYTES], path[SHOWN_BYTES + 1];
    const cJSON *value = find(root, test->path);
    (void)evac_str_copy(path, sizeof path, test->path);
    if (!value) {
        (void)snprintf(why, bytes, "%s is missing in the answer", path);
        return false;
    }
    if (!misses(value, test, expected, sizeof expected))
        return true;
    show(value, found, sizeof found);
    (void)snprintf(why, bytes, "%s is %s, expected %s", path, found, expected);
    return false;
}

bool evac_json_meets(struct evac_str text, const struct evac_json_test *test, char *why,
                     size_t why_bytes)
{
    const char *end = NULL;
    cJSON *root = text.n ? cJSON_ParseWithLengthOpts(text.p, text.n, &end, false) : NULL;
    if (!root) {
        (void)snprintf(why, why_bytes, "the answer is not JSON");
        return false;
    }
    bool good = judge(root, test, why, why_bytes);
    cJSON_Delete(root);
    return good;
}

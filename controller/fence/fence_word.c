#include "fence_word.h"

#include "evac/fence.h"

#include <cjson/cJSON.h>
#include <string.h>

#define WHOLE_MAX 9007199254740991.0 /* 2^53 - 1: beyond it a double skips whole numbers */

/* Twice the same name has two meanings, one for each reader: then it has none. */
static const cJSON *member(const cJSON *object, const char *name)
{
    const cJSON *found = NULL;
    for (const cJSON *x = object->child; x; x = x->next)
        if (strcmp(x->string, name) == 0) {
            if (found)
                return NULL;
            found = x;
        }
    return found;
}

static bool read_whole(const cJSON *object, const char *name, double min, double *ret_value)
{
    const cJSON *x = member(object, name);
    if (!cJSON_IsNumber(x) || !(x->valuedouble >= min && x->valuedouble <= WHOLE_MAX) ||
        (double)(int64_t)x->valuedouble < x->valuedouble)
        return false;
    *ret_value = x->valuedouble;
    return true;
}

static bool read_object(const cJSON *object, struct evac_str app, struct evac_fence_word *word)
{
    double epoch, renew;
    const cJSON *writer, *of;
    if (!cJSON_IsObject(object) || !read_whole(object, "epoch", 0, &epoch) ||
        !read_whole(object, "renew_ms", 1, &renew))
        return false;
    writer = member(object, "writer");
    if (!cJSON_IsString(writer) ||
        !evac_str_copy(word->writer, sizeof word->writer, evac_str(writer->valuestring)))
        return false;
    of = cJSON_GetObjectItemCaseSensitive(object, "app");
    if (of && (member(object, "app") != of || !cJSON_IsString(of) ||
               (app.n && !evac_str_is(app, of->valuestring))))
        return false;
    word->epoch = (int64_t)epoch;
    word->renew_ms = (uint64_t)renew;
    return true;
}

static bool only_blanks(const char *p, const char *end)
{
    while (p < end && strchr(" \t\r\n", *p) && *p)
        p++;
    return p == end;
}

bool evac_fence_word_read(struct evac_str body, struct evac_str app,
                          struct evac_fence_word *ret_word)
{
    const char *end = NULL;
    if (body.n == 0 || body.n > EVAC_FENCE_BODY_MAX || memchr(body.p, '\0', body.n))
        return false;
    cJSON *json = cJSON_ParseWithLengthOpts(body.p, body.n, &end, false);
    bool good = json && only_blanks(end, body.p + body.n) && read_object(json, app, ret_word);
    cJSON_Delete(json);
    return good;
}

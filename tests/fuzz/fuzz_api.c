/* What strangers send to the API: a path, a query, a body. The first byte chooses which. */
#include "api.h"
#include "body_schema.h"
#include "fuzz.h"
#include "route.h"

#include <string.h>

static void find(struct evac_str path)
{
    struct evac_str vars[API_VARS_MAX] = { EVAC_STR_NONE };
    char allow[48];
    bool there;
    const struct evac_route *route = evac_route_find("GET", path, vars, &there);
    MUST(!route || there);
    for (size_t i = 0; route && i < API_VARS_MAX; i++)
        for (size_t k = 0; k < vars[i].n; k++)
            MUST(vars[i].p[k] != '/');
    evac_route_allow(path, allow, sizeof allow);
    MUST(strstr(allow, "OPTIONS") != NULL);
}

/* Whatever stands there, a value is zero-terminated and no longer than its place. */
static void query(struct evac_str text)
{
    static const char *const names[] = { "app", "limit", "after", "" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char buf[16];
        struct evac_str value = evac_api_query(text, names[i], buf, sizeof buf);
        MUST(value.n < sizeof buf);
        MUST(value.n == 0 || value.p[value.n] == '\0');
    }
}

/* A body of every route: it fits, or the refusal has words. */
static void body(struct evac_str text)
{
    cJSON *json = cJSON_ParseWithLength(text.p, text.n);
    for (size_t i = 0; i < evac_route_count; i++) {
        struct evac_err err = { EVAC_OK, "" };
        if (evac_routes[i].body && evac_body_fits(evac_routes[i].body, json, &err))
            MUST(err.text[0] != '\0');
    }
    cJSON_Delete(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct evac_str text = { (const char *)data + 1, size - 1 };
    if (data[0] % 3 == 0)
        find(text);
    else if (data[0] % 3 == 1)
        query(text);
    else
        body(text);
    return 0;
}

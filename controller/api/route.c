#include "route.h"

#include <string.h>

bool evac_words_have(const char *words, struct evac_str word)
{
    struct evac_str rest = evac_str(words);
    while (rest.n)
        if (evac_str_eq(evac_str_cut(rest, ' ', &rest), word))
            return true;
    return false;
}

const struct evac_api_param *evac_api_param(struct evac_str name)
{
    const struct evac_api_param *p = evac_api_params;
    while (p->name && !evac_str_is(name, p->name))
        p++;
    return p->name ? p : NULL;
}

static bool is_variable(struct evac_str part)
{
    return part.n > 2 && part.p[0] == '{' && part.p[part.n - 1] == '}';
}

/* An empty part fits no variable: "/v1/apps//plan" is nothing. */
bool evac_route_fits(const char *path_template, struct evac_str path,
                     struct evac_str vars[API_VARS_MAX])
{
    struct evac_str want = evac_str(path_template);
    size_t count = 0;
    while (want.n && path.n) {
        struct evac_str part = evac_str_cut(want, '/', &want), got = evac_str_cut(path, '/', &path);
        if (is_variable(part) && got.n && count < API_VARS_MAX)
            vars[count++] = got;
        else if (!evac_str_eq(part, got))
            return false;
    }
    return want.n == 0 && path.n == 0;
}

const struct evac_route *evac_route_find(const char *method, struct evac_str path,
                                         struct evac_str vars[API_VARS_MAX], bool *ret_path)
{
    *ret_path = false;
    if (evac_str_ends(path, "/"))
        return NULL;
    for (size_t i = 0; i < evac_route_count; i++) {
        if (!evac_route_fits(evac_routes[i].path, path, vars))
            continue;
        *ret_path = true;
        if (strcmp(evac_routes[i].method, method) == 0)
            return &evac_routes[i];
    }
    return NULL;
}

bool evac_route_is_open(const struct evac_route *route, const struct evac_model *model,
                        bool loopback)
{
    return route->flags & EVAC_ROUTE_OPEN ||
           (route->flags & EVAC_ROUTE_LOCAL && loopback && model->controller.metrics_open);
}

void evac_route_allow(struct evac_str path, char *ret_allow, size_t bytes)
{
    static const struct {
        const char *method, *says;
    } methods[] = { { "GET", "GET, HEAD, " }, { "POST", "POST, " }, { "DELETE", "DELETE, " } };
    struct evac_str vars[API_VARS_MAX];
    struct evac_buf text;
    bool there;
    evac_buf_init(&text, bytes);
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (evac_route_find(methods[i].method, path, vars, &there))
            evac_buf_puts(&text, methods[i].says);
    evac_buf_puts(&text, "OPTIONS");
    (void)evac_str_copy(ret_allow, bytes, evac_buf_str(&text));
    evac_buf_done(&text);
}

#include "openapi.h"

#include "body_schema.h"
#include "jw.h"
#include "problem.h"
#include "route.h"
#include "version.h"

#include <stdio.h>
#include <string.h>

static void put_ref(struct evac_jw *w, const char *key, const char *kind, struct evac_str name)
{
    char ref[160];
    snprintf(ref, sizeof ref, "#/components/%s/%.*s", kind, EVAC_STR_ARG(name));
    evac_jw_open(w, key, '{');
    evac_jw_cstr(w, "$ref", ref);
    evac_jw_close(w, '}');
}

/* --- parameters ----------------------------------------------------------------------------------
 */

static void put_param(struct evac_jw *w, struct evac_str name, const char *in)
{
    const struct evac_api_param *param = evac_api_param(name);
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "name", name);
    evac_jw_cstr(w, "in", in);
    evac_jw_bool(w, "required", strcmp(in, "path") == 0);
    evac_jw_cstr(w, "description", param ? param->doc : "");
    evac_jw_open(w, "schema", '{');
    evac_jw_cstr(w, "type", param && param->number ? "integer" : "string");
    if (param && param->number)
        evac_jw_i64(w, "minimum", 0);
    evac_jw_close(w, '}');
    evac_jw_close(w, '}');
}

static void put_path_params(struct evac_jw *w, const char *path)
{
    struct evac_str rest = evac_str(path);
    while (rest.n) {
        struct evac_str part = evac_str_cut(rest, '/', &rest);
        if (part.n > 2 && part.p[0] == '{')
            put_param(w, (struct evac_str){ part.p + 1, part.n - 2 }, "path");
    }
}

static const struct {
    const char *name;
    unsigned flags; /* any of these */
    bool get;
} request_headers[] = {
    { "IdempotencyKey", EVAC_ROUTE_MUTATES | EVAC_ROUTE_JOB, false },
    { "IfMatch", EVAC_ROUTE_GUARDED, false },
    { "IfNoneMatch", 0, true },
};

static bool is_cached(const struct evac_route *route)
{
    return strcmp(route->method, "GET") == 0 && !(route->flags & EVAC_ROUTE_STREAM);
}

static void put_params(struct evac_jw *w, const struct evac_route *route)
{
    struct evac_str rest = evac_str(route->query);
    evac_jw_open(w, "parameters", '[');
    put_path_params(w, route->path);
    while (rest.n)
        put_param(w, evac_str_cut(rest, ' ', &rest), "query");
    for (size_t i = 0; i < sizeof request_headers / sizeof request_headers[0]; i++)
        if (route->flags & request_headers[i].flags || (request_headers[i].get && is_cached(route)))
            put_ref(w, NULL, "parameters", evac_str(request_headers[i].name));
    evac_jw_close(w, ']');
}

/* --- answers -------------------------------------------------------------------------------------
 */

static void put_headers(struct evac_jw *w, const struct evac_route *route)
{
    const struct {
        const char *header, *name;
        bool has;
    } headers[] = {
        { "ETag", "ETag", is_cached(route) },
        { "Link", "Link", (route->flags & EVAC_ROUTE_PAGED) != 0 },
        { "Idempotency-Replayed", "Replayed",
          (route->flags & (EVAC_ROUTE_MUTATES | EVAC_ROUTE_JOB)) != 0 },
        { "Location", "Location", route->status == 201 || route->status == 202 },
    };
    evac_jw_open(w, "headers", '{');
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        if (headers[i].has)
            put_ref(w, headers[i].header, "headers", evac_str(headers[i].name));
    evac_jw_close(w, '}');
}

/* The schema is that of the first form; others are texts. */
static void put_media(struct evac_jw *w, const char *media, const char *schema)
{
    struct evac_str rest = evac_str(media);
    char name[80];
    evac_jw_open(w, "content", '{');
    while (rest.n) {
        struct evac_str one = evac_str_cut(rest, ' ', &rest);
        bool first = one.p == media;
        (void)evac_str_copy(name, sizeof name, one);
        evac_jw_open(w, name, '{');
        put_ref(w, "schema", "schemas", first ? evac_str(schema) : EVAC_STR("Text"));
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, '}');
}

static void put_answer(struct evac_jw *w, const struct evac_route *route, int status)
{
    char code[8];
    snprintf(code, sizeof code, "%d", status);
    evac_jw_open(w, code, '{');
    evac_jw_cstr(w, "description", route->doc);
    put_headers(w, route);
    put_media(w, route->media, route->answer);
    evac_jw_close(w, '}');
}

static void put_answers(struct evac_jw *w, const struct evac_route *route)
{
    evac_jw_open(w, "responses", '{');
    put_answer(w, route, route->status);
    if (route->flags & EVAC_ROUTE_OPEN)
        put_answer(w, route, 503);
    if (is_cached(route))
        put_ref(w, "304", "responses", EVAC_STR("NotModified"));
    put_ref(w, "default", "responses", EVAC_STR("Problem"));
    evac_jw_close(w, '}');
}

/* --- operations ----------------------------------------------------------------------------------
 */

static void put_operation(struct evac_jw *w, const struct evac_route *route)
{
    char method[8];
    size_t n = strlen(route->method);
    for (size_t i = 0; i <= n && i < sizeof method; i++)
        method[i] =
            (char)(route->method[i] >= 'A' ? route->method[i] + ('a' - 'A') : route->method[i]);
    evac_jw_open(w, method, '{');
    evac_jw_cstr(w, "operationId", route->id);
    evac_jw_cstr(w, "summary", route->doc);
    evac_jw_open(w, "tags", '[');
    evac_jw_cstr(w, NULL, route->group);
    evac_jw_close(w, ']');
    put_params(w, route);
    if (route->body) {
        evac_jw_open(w, "requestBody", '{');
        put_media(w, "application/json", route->body);
        evac_jw_close(w, '}');
    }
    put_answers(w, route);
    evac_jw_close(w, '}');
}

static bool is_first_of_path(size_t i)
{
    size_t k = 0;
    while (strcmp(evac_routes[k].path, evac_routes[i].path) != 0)
        k++;
    return k == i;
}

static void put_paths(struct evac_jw *w)
{
    evac_jw_open(w, "paths", '{');
    for (size_t i = 0; i < evac_route_count; i++) {
        if (!is_first_of_path(i))
            continue;
        evac_jw_open(w, evac_routes[i].path, '{');
        for (size_t k = i; k < evac_route_count; k++)
            if (strcmp(evac_routes[k].path, evac_routes[i].path) == 0)
                put_operation(w, &evac_routes[k]);
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, '}');
}

/* --- what they refer to --------------------------------------------------------------------------
 */

/* Each file is an object of named schemas: what stands between its braces. */
static void put_schemas(struct evac_jw *w)
{
    evac_jw_open(w, "schemas", '{');
    for (size_t i = 0; i < evac_api_schema_count; i++) {
        struct evac_str text = evac_str_trim(evac_api_schemas[i].text);
        evac_buf_puts(w->out, w->comma ? "," : "");
        evac_buf_put(w->out, text.p + 1, text.n - 2);
        w->comma = true;
    }
    evac_jw_close(w, '}');
}

static const char components[] =
    "\"parameters\":{"
    "\"IdempotencyKey\":{\"name\":\"Idempotency-Key\",\"in\":\"header\",\"required\":false,"
    "\"description\":\"1 to 128 visible characters, another for each change. The same key with the "
    "same words gives the first answer again, for 24 hours, and changes nothing again.\","
    "\"schema\":{\"type\":\"string\",\"maxLength\":128}},"
    "\"IfMatch\":{\"name\":\"If-Match\",\"in\":\"header\",\"required\":false,\"description\":"
    "\"An ETag of the app or run, as it was looked at: 412 when the journal says something newer "
    "about it.\",\"schema\":{\"type\":\"string\"}},"
    "\"IfNoneMatch\":{\"name\":\"If-None-Match\",\"in\":\"header\",\"required\":false,"
    "\"description\":\"An ETag that one has: 304 when it is still the same.\","
    "\"schema\":{\"type\":\"string\"}}},"
    "\"headers\":{"
    "\"ETag\":{\"description\":\"Strong; REVISION.HASH in quotes.\",\"schema\":{\"type\":"
    "\"string\"}},"
    "\"Link\":{\"description\":\"RFC 8288: rel=next where the list goes on; absent on its last "
    "page.\",\"schema\":{\"type\":\"string\"}},"
    "\"Location\":{\"description\":\"Where to look at what was begun.\",\"schema\":{\"type\":"
    "\"string\"}},"
    "\"Replayed\":{\"description\":\"true: the first answer again, nothing was changed now.\","
    "\"schema\":{\"type\":\"string\",\"enum\":[\"true\"]}}},"
    "\"responses\":{"
    "\"NotModified\":{\"description\":\"It is as If-None-Match has it.\"},"
    "\"Problem\":{\"description\":\"What is wrong; GET /v1/problems lists the kinds.\",\"content\":"
    "{\"application/problem+json\":{\"schema\":{\"$ref\":\"#/components/schemas/Problem\"}}}}}";

void evac_openapi_json(struct evac_buf *out)
{
    struct evac_jw w = { out, false };
    evac_jw_open(&w, NULL, '{');
    evac_jw_cstr(&w, "openapi", "3.1.0");
    evac_jw_open(&w, "info", '{');
    evac_jw_cstr(&w, "title", "evac");
    evac_jw_cstr(&w, "version", EVAC_VERSION);
    evac_jw_cstr(&w, "summary", "Moves apps out of failing regions, and rehearses it.");
    evac_jw_cstr(&w, "description",
                 "All instants are milliseconds since 1970 (UTC), all durations milliseconds, "
                 "unless a name says otherwise. Fields may be added; none is renamed or removed "
                 "within /v1.");
    evac_jw_close(&w, '}');
    evac_jw_open(&w, "servers", '[');
    evac_jw_open(&w, NULL, '{');
    evac_jw_cstr(&w, "url", "/");
    evac_jw_cstr(&w, "description", "The controller's unix socket, or its TLS listener.");
    evac_jw_close(&w, '}');
    evac_jw_close(&w, ']');
    put_paths(&w);
    evac_jw_open(&w, "components", '{');
    put_schemas(&w);
    evac_buf_putc(out, ',');
    evac_buf_puts(out, components);
    evac_jw_close(&w, '}');
    evac_jw_close(&w, '}');
}

/* --- for people ----------------------------------------------------------------------------------
 */

static const struct {
    unsigned flag;
    const char *word;
} marks[] = {
    { EVAC_ROUTE_MUTATES, "key" },      { EVAC_ROUTE_JOB, "key" },
    { EVAC_ROUTE_GUARDED, "If-Match" }, { EVAC_ROUTE_PAGED, "pages" },
    { EVAC_ROUTE_STREAM, "stream" },    { EVAC_ROUTE_OPEN, "open to anybody" },
};

static const char *asks(const struct evac_route *route)
{
    static const char *const words[] = { [EVAC_ASK_WISH] = "workflow, or kind of drill",
                                         [EVAC_ASK_KIND] = "the kind",
                                         [EVAC_ASK_VERB] = "the verb" };
    return route->ask == EVAC_ASK_ROW ? route->what : words[route->ask];
}

static void page_routes(struct evac_buf *out)
{
    evac_buf_puts(out, "| request | operation | asks for | takes | |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < evac_route_count; i++) {
        const struct evac_route *r = &evac_routes[i];
        const char *before = "";
        evac_buf_putf(out, "| `%s %s` | `%s` | %s | ", r->method, r->path, r->id, asks(r));
        if (r->body || r->query[0])
            evac_buf_putf(out, "%s%s%s", r->body ? r->body : "", r->body && r->query[0] ? ", " : "",
                          r->query);
        evac_buf_putf(out, " | %s", r->doc);
        for (size_t k = 0; k < sizeof marks / sizeof marks[0]; k++)
            if (r->flags & marks[k].flag) {
                evac_buf_putf(out, "%s%s", before[0] ? before : " (", marks[k].word);
                before = ", ";
            }
        evac_buf_puts(out, before[0] ? ") |\n" : " |\n");
    }
}

static void page_problems(struct evac_buf *out)
{
    evac_buf_puts(out, "| type | status | title | |\n|---|---|---|---|\n");
    for (unsigned i = 0; i < EVAC_PROBLEM_COUNT; i++) {
        const struct evac_problem_row *row = evac_problem_row((enum evac_problem)i);
        evac_buf_putf(out, "| `/v1/problems/%s` | %d | %s | %s |\n", row->name, row->status,
                      row->title, row->doc);
    }
}

void evac_openapi_page(struct evac_buf *out)
{
    evac_buf_puts(out, "## What can be asked\n\n");
    page_routes(out);
    evac_buf_puts(out, "\n## What goes wrong\n\n");
    page_problems(out);
}

#include "api.h"

#include "api_request.h"
#include "body_schema.h"
#include "door.h"
#include "etag.h"

#include <stdio.h>
#include <string.h>

/* --- one request, step by step: each answers and returns false, or lets it pass
 * ---------------------
 */

static bool find_route(struct api_call *c)
{
    bool there;
    c->route = evac_route_find(c->q->method, c->q->path, c->vars, &there);
    if (!c->route && !there) {
        evac_problem(
            c->r, EVAC_PROBLEM_NOT_FOUND,
            "nothing is answered at that path: GET /v1/openapi.json describes all that is");
    } else if (!c->route && strcmp(c->q->method, "OPTIONS") == 0) {
        c->r->status = 200;
        evac_route_allow(c->q->path, c->r->allow, sizeof c->r->allow);
    } else if (!c->route) {
        evac_route_allow(c->q->path, c->r->allow, sizeof c->r->allow);
        evac_problemf(c->r, EVAC_PROBLEM_METHOD_NOT_ALLOWED, "%s is not answered here; %s are",
                      c->q->method, c->r->allow);
    }
    return c->route != NULL;
}

static bool check_pair(struct api_call *c, struct evac_str name, struct evac_str value)
{
    const struct evac_api_param *param = evac_api_param(name);
    int64_t number;
    bool known = param && evac_words_have(c->route->query, name);
    if (!known)
        evac_problemf(c->r, EVAC_PROBLEM_BAD_REQUEST, "unknown parameter '%.*s'; %s%s",
                      EVAC_STR_ARG(name), c->route->query[0] ? "allowed are: " : "none is allowed",
                      c->route->query);
    else if (param->number && value.n && (!evac_str_i64(value, &number) || number < 0))
        evac_problemf(c->r, EVAC_PROBLEM_BAD_REQUEST, "%s: a whole number, not '%.*s'", param->name,
                      EVAC_STR_ARG(value));
    return c->r->status < 400;
}

static bool check_query(struct api_call *c)
{
    struct evac_str query = c->q->query;
    while (query.n) {
        struct evac_str value, pair = evac_str_cut(query, '&', &query);
        struct evac_str name = evac_str_cut(pair, '=', &value);
        if (pair.n && !check_pair(c, name, value))
            return false;
    }
    return true;
}

/* An empty body is an empty object. */
static bool read_body(struct api_call *c)
{
    if (!c->route->body)
        return true;
    c->body =
        c->q->body.n ? cJSON_ParseWithLength(c->q->body.p, c->q->body.n) : cJSON_CreateObject();
    if (c->route->flags & EVAC_ROUTE_RAW)
        return true;
    struct evac_err err = { EVAC_OK, "" };
    if (evac_body_fits(c->route->body, c->body, &err) == EVAC_OK)
        return true;
    evac_problem(c->r, EVAC_PROBLEM_BAD_BODY, err.text);
    return false;
}

static bool has_journal(struct api_call *c)
{
    if (!(c->route->flags & EVAC_ROUTE_SHELL) || evac_daemon_shell(c->daemon))
        return true;
    evac_problem(c->r, EVAC_PROBLEM_IN_TROUBLE, evac_daemon_trouble(c->daemon));
    return false;
}

static bool may(struct api_call *c)
{
    struct evac_err err = { EVAC_OK, "" };
    if (evac_route_is_open(c->route, evac_daemon_model(c->daemon), c->q->loopback) ||
        evac_door(c, &err) == EVAC_OK)
        return true;
    evac_problem(c->r, EVAC_PROBLEM_FORBIDDEN, err.text);
    return false;
}

/* Words that change something are for whoever leads. */
static bool leads(struct api_call *c)
{
    const struct evac_shell *shell = evac_daemon_shell(c->daemon);
    bool changes = c->route->flags & EVAC_ROUTE_MUTATES && !(c->route->flags & EVAC_ROUTE_OWN);
    if (!changes || !shell || !evac_shell_follows(shell))
        return true;
    struct evac_daemon_leader leader = evac_daemon_leader(c->daemon);
    evac_problemf(c->r, EVAC_PROBLEM_NOT_LEADING, "this controller (%.*s) follows; %s%s%s%s",
                  EVAC_STR_ARG(evac_daemon_model(c->daemon)->controller.node),
                  leader.node[0] ? leader.node : "nobody is known to lead",
                  leader.node[0] ? " leads: ask there" : ": ask again in a while",
                  leader.address[0] ? ", at " : "", leader.address);
    return false;
}

static bool matches(struct api_call *c)
{
    struct evac_err err = { EVAC_OK, "" };
    bool guarded = c->route->flags & EVAC_ROUTE_GUARDED;
    if (!guarded || c->q->if_match.n == 0 || evac_etag_matches(c, &err))
        return true;
    evac_problem(c->r, EVAC_PROBLEM_PRECONDITION_FAILED, err.text);
    return false;
}

/* As the route says, until the handler says otherwise. */
static void answer(struct api_call *c)
{
    c->r->status = c->route->status;
    c->r->content_type = c->route->media; /* one, or api_format() chooses */
    c->route->handler(c);
    if (strcmp(c->route->method, "GET") == 0)
        evac_etag_put(c);
}

bool evac_api_handle(struct evac_daemon *daemon, const struct evac_api_request *request,
                     struct evac_api_response *response)
{
    struct api_call call = { .daemon = daemon, .q = request, .r = response };
    struct api_request_room room;
    response->status = 200;
    response->instance = request->path;
    response->content_type = "application/json";
    bool lets = find_route(&call) && check_query(&call) && read_body(&call) && may(&call) &&
                has_journal(&call) && leads(&call) && api_request_begin(&call, &room) &&
                matches(&call);
    bool stream = lets && call.route->flags & EVAC_ROUTE_STREAM;
    if (lets && !stream)
        answer(&call);
    api_request_end(&call);
    cJSON_Delete(call.body);
    if (response->body.failed)
        evac_problem(response, EVAC_PROBLEM_ANSWER_TOO_LARGE, "ask for less: limit, after, app");
    return !stream;
}

/* A challenge's response is a member of a word's body; one that is spelt otherwise is refused as
 * busy. */
bool evac_api_comes_behind(const struct evac_api_request *q)
{
    struct evac_str vars[API_VARS_MAX];
    bool there;
    const struct evac_route *route = evac_route_find(q->method, q->path, vars, &there);
    return route && (route->flags & EVAC_ROUTE_BEHIND ||
                     (route->flags & EVAC_ROUTE_MUTATES && evac_str_has(q->body, "\"response\"")));
}

bool evac_api_headers(const struct evac_api_response *r, evac_api_header_fn *fn, void *user)
{
    char seconds[16] = "";
    if (r->retry_after_s)
        snprintf(seconds, sizeof seconds, "%u", r->retry_after_s);
    const struct {
        const char *name, *value;
    } headers[] = {
        { "etag:", r->etag },         { "link:", r->link },
        { "location:", r->location }, { "allow:", r->allow },
        { "retry-after:", seconds },  { "idempotency-replayed:", r->replayed ? "true" : "" }
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        if (headers[i].value[0] && !fn(user, headers[i].name, headers[i].value))
            return false;
    return true;
}

void evac_api_event(const struct evac_record *r, struct evac_buf *out)
{
    struct evac_jw w = { out, false };
    evac_buf_putf(out, "id: %llu\nevent: %s\ndata: ", (unsigned long long)r->seq,
                  evac_record_kind_name(r->kind));
    evac_jw_open(&w, NULL, '{');
    evac_jw_i64(&w, "seq", (int64_t)r->seq);
    evac_jw_cstr(&w, "kind", evac_record_kind_name(r->kind));
    evac_jw_known(&w, "run", r->run != 0, (int64_t)r->run);
    evac_jw_str(&w, "app", r->app);
    evac_jw_str(&w, "name", r->name);
    evac_jw_str(&w, "from", r->from);
    evac_jw_str(&w, "event", r->event);
    evac_jw_str(&w, "to", r->to);
    evac_jw_str(&w, "who", r->who);
    evac_jw_str(&w, "text", r->text);
    evac_jw_i64(&w, "number", r->number);
    evac_jw_i64(&w, "wall_ms", r->t_wall_ms);
    evac_jw_close(&w, '}');
    evac_buf_puts(out, "\n\n");
}

#include "door.h"

#include "access.h"

#include <cjson/cJSON.h>
#include <string.h>

#define APPS     "/v1/apps/"
#define RUNS     "/v1/runs/"
#define VANTAGES "/v1/vantages/"

/* What is asked, and of which app; texts point into the request and the parsed body. */
struct asked {
    struct evac_str what, app, gate;
};

static struct evac_str text_of(const cJSON *json, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    return cJSON_IsString(item) ? evac_str(item->valuestring) : EVAC_STR_NONE;
}

static struct evac_str after(struct evac_str path, const char *prefix)
{
    size_t n = strlen(prefix);
    return (struct evac_str){ path.p + n, path.n - n };
}

/* A wish: a workflow, or a drill's kind; whatever only looks is a rehearsal. */
static struct evac_str wished(const cJSON *body)
{
    struct evac_str workflow = text_of(body, "workflow"), kind = text_of(body, "kind");
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(body, "rehearse")))
        return EVAC_STR("rehearse");
    if (evac_str_is(workflow, "drill"))
        return kind.n ? kind : EVAC_STR("rehearse");
    return workflow.n ? workflow : EVAC_STR("failover");
}

static struct evac_str app_of_run(struct evac_daemon *daemon, struct evac_str number)
{
    struct evac_shell *shell = evac_daemon_shell(daemon);
    int64_t id;
    if (!shell || !evac_str_i64(number, &id) || id <= 0)
        return EVAC_STR_NONE;
    const struct evac_run *run = evac_engine_run(evac_shell_engine(shell), (uint64_t)id);
    return run ? run->plan->app : EVAC_STR_NONE;
}

/* The word after the last slash: "/v1/reload" asks for "reload". */
static struct evac_str last_word(struct evac_str path)
{
    struct evac_str rest = path, word = path;
    while (rest.n)
        word = evac_str_cut(rest, '/', &rest);
    return word;
}

static struct asked what_is_asked(struct evac_daemon *daemon, const struct evac_api_request *q,
                                  const cJSON *body)
{
    struct evac_str rest, last = last_word(q->path);
    struct asked asked = { last, text_of(body, "app"), text_of(body, "gate") };
    if (evac_str_starts(q->path, APPS))
        asked.app = evac_str_cut(after(q->path, APPS), '/', &rest);
    else if (evac_str_starts(q->path, RUNS))
        asked.app = app_of_run(daemon, evac_str_cut(after(q->path, RUNS), '/', &rest));
    if (strcmp(q->method, "GET") == 0)
        asked.what = EVAC_STR("look");
    else if (evac_str_starts(q->path, VANTAGES))
        asked.what = EVAC_STR("vantage");
    else if (evac_str_is(last, "commands"))
        asked.what = text_of(body, "verb");
    else if (evac_str_is(last, "drills"))
        asked.what = text_of(body, "kind");
    else if (evac_str_is(last, "runs"))
        asked.what = wished(body);
    return asked;
}

/* Whom an app's approvals name may say yes without being an approver: the engine looks at it. */
static bool is_for_the_engine(struct evac_str what)
{
    return evac_str_is(what, "approve");
}

enum evac_code evac_door(struct evac_daemon *daemon, const struct evac_api_request *q,
                         struct evac_err *err)
{
    const struct evac_model *model = evac_daemon_model(daemon);
    cJSON *body = q->body.n ? cJSON_ParseWithLength(q->body.p, q->body.n) : NULL;
    struct asked asked = what_is_asked(daemon, q, body);
    struct evac_access access = { model, evac_model_app(model, asked.app), &q->caller,
                                  is_for_the_engine(asked.what) ? EVAC_STR("look") : asked.what };
    enum evac_run_gate gate;
    enum evac_code code = evac_access_check(&access, err);
    if (!code && evac_str_is(asked.what, "override") && evac_run_gate_parse(asked.gate, &gate))
        code = evac_access_need(&access, evac_run_gate_row(gate)->roles, err);
    cJSON_Delete(body);
    return code;
}

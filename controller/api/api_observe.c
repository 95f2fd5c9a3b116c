#include "api_observe.h"

#include "jw.h"

#include <string.h>

static void healthz(const struct evac_daemon_state *state, struct evac_api_response *r)
{
    r->status = state->alive ? 200 : 503;
    r->content_type = "text/plain; charset=utf-8";
    evac_buf_puts(&r->body, state->alive ? "ok\n" : "the loop stands still\n");
}

static void readyz(const struct evac_daemon_state *state, struct evac_api_response *r)
{
    bool ready = evac_daemon_is_ready(state);
    struct evac_jw w = { &r->body, false };
    r->status = ready ? 200 : 503;
    r->content_type = "application/json";
    evac_jw_open(&w, NULL, '{');
    evac_jw_bool(&w, "ready", ready);
    evac_jw_bool(&w, "alive", state->alive);
    evac_jw_bool(&w, "journal", state->journal);
    evac_jw_bool(&w, "configured", state->configured);
    evac_jw_bool(&w, "probing", state->probing);
    evac_jw_cstr(&w, "role", evac_daemon_role(state));
    evac_jw_close(&w, '}');
}

bool api_probe(struct evac_daemon *daemon, const struct evac_api_request *q,
               struct evac_api_response *r)
{
    bool health = evac_str_is(q->path, "/healthz"), ready = evac_str_is(q->path, "/readyz");
    if (strcmp(q->method, "GET") != 0 || (!health && !ready))
        return false;
    struct evac_daemon_state state = evac_daemon_state(daemon);
    (health ? healthz : readyz)(&state, r);
    return true;
}

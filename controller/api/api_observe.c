/* What machines ask: is it alive, is it ready, its numbers. */
#include "api_routes.h"
#include "auth.h"
#include "metrics.h"

void api_healthz(struct api_call *c)
{
    struct evac_daemon_state state = evac_daemon_state(c->daemon);
    c->r->status = state.alive ? 200 : 503;
    c->r->content_type = "text/plain; charset=utf-8";
    evac_buf_puts(&c->r->body, state.alive ? "ok\n" : "the loop stands still\n");
}

void api_readyz(struct api_call *c)
{
    struct evac_daemon_state state = evac_daemon_state(c->daemon);
    bool ready = evac_daemon_is_ready(&state);
    struct evac_jw w = api_writer(c);
    c->r->status = ready ? 200 : 503;
    evac_jw_open(&w, NULL, '{');
    evac_jw_bool(&w, "ready", ready);
    evac_jw_bool(&w, "alive", state.alive);
    evac_jw_bool(&w, "journal", state.journal);
    evac_jw_bool(&w, "configured", state.configured);
    evac_jw_bool(&w, "probing", state.probing);
    evac_jw_cstr(&w, "role", evac_daemon_role(&state));
    evac_jw_close(&w, '}');
}

/* OpenMetrics is only for whoever asks for it by name: every Prometheus reads the older format. */
void api_metrics(struct api_call *c)
{
    bool open_metrics = evac_exposition_wants_open(c->q->accept);
    c->r->content_type = open_metrics ? evac_exposition_open : evac_exposition_text;
    const struct evac_auth_counts *seen = c->q->callers;
    struct evac_metrics_callers callers = { { 0 } };
    if (seen)
        callers = (struct evac_metrics_callers){ { [EVAC_CALLERS_KNOWN] = seen->known,
                                                   [EVAC_CALLERS_WRONG] = seen->wrong,
                                                   [EVAC_CALLERS_BLOCKED] = seen->blocked,
                                                   [EVAC_CALLERS_FORGED] = seen->forged,
                                                   [EVAC_CALLERS_LIMITED] = seen->limited } };
    evac_daemon_metrics(c->daemon, open_metrics, seen ? &callers : NULL, &c->r->body);
}

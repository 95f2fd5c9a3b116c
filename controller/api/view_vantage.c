/* The places that probes are asked from: how each stands, and what it says of each region. */
#include "view.h"

static void view_seat(const struct evac_shell *shell, size_t v, uint64_t now_ms, struct evac_jw *w)
{
    const struct evac_engine *engine = evac_shell_engine(shell);
    const struct evac_vantage *vantage = &engine->vantages[v];
    struct evac_vantage_view seat = evac_shell_vantage_view(shell, v);
    evac_jw_str(w, "region", engine->model->controller.vantages[v - 1].region);
    evac_jw_cstr(w, "state", evac_vantage_state_name(vantage->state));
    evac_jw_known(w, "heard_ms", vantage->heard_boot_ms != 0,
                  (int64_t)(now_ms - vantage->heard_boot_ms));
    evac_jw_i64(w, "dropped", (int64_t)seat.dropped);
    evac_jw_i64(w, "stale", (int64_t)seat.stale);
    evac_jw_cstr(w, "refusal", seat.refusal);
}

void evac_view_vantages(struct evac_daemon *daemon, struct evac_jw *w)
{
    const struct evac_shell *shell = evac_daemon_shell(daemon);
    const struct evac_engine *engine = shell ? evac_shell_engine(shell) : NULL;
    evac_jw_open(w, "vantages", '[');
    for (size_t v = 0; engine && v < evac_engine_vantage_count(engine); v++) {
        evac_jw_open(w, NULL, '{');
        evac_jw_str(w, "name", evac_engine_vantage_name(engine, v));
        evac_jw_bool(w, "self", v == 0);
        if (v > 0) {
            view_seat(shell, v, evac_daemon_now_ms(daemon), w);
        } else {
            evac_jw_str(w, "region", engine->model->controller.region);
            evac_jw_cstr(w, "state",
                         evac_vantage_state_name(engine->opinion.abstains ? EVAC_VANTAGE_ABSTAINS
                                                                          : EVAC_VANTAGE_SPEAKS));
        }
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
}

void evac_view_opinions(const struct evac_engine *engine, const struct evac_engine_app *a,
                        size_t region, struct evac_jw *w)
{
    evac_jw_open(w, "opinions", '[');
    for (size_t v = 0; v < evac_engine_vantage_count(engine); v++) {
        evac_jw_open(w, NULL, '{');
        evac_jw_str(w, "vantage", evac_engine_vantage_name(engine, v));
        evac_jw_bool(w, "inside", a->health.vantages[v].inside[region]);
        evac_jw_cstr(w, "says", evac_probe_state_name(evac_health_opinion(&a->health, region, v)));
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
}

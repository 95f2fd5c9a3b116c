/* The newest answers of an app's probes, as this controller got them. */
#include "probe_past.h"
#include "view.h"

static void view_samples(const struct evac_probe_past *past, size_t app, size_t probe,
                         size_t region, struct evac_jw *w)
{
    size_t count = evac_probe_past_count(past, app, probe, region);
    evac_jw_open(w, "samples", '[');
    for (size_t i = 0; i < count; i++) {
        struct evac_probe_sample sample = evac_probe_past_at(past, app, probe, region, i);
        evac_jw_open(w, NULL, '{');
        evac_jw_i64(w, "at_ms", sample.wall_ms);
        evac_jw_bool(w, "good", sample.good);
        evac_jw_known(w, "latency_ms", sample.good, sample.latency_ms);
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
}

void evac_view_probes(struct evac_daemon *daemon, size_t app, struct evac_jw *w)
{
    const struct evac_probe_past *past = evac_daemon_probe_past(daemon);
    const struct evac_app *a = evac_model_probed(evac_daemon_model(daemon), app);
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "app", a->name);
    evac_jw_i64(w, "now_ms", evac_daemon_wall_ms(daemon));
    evac_jw_i64(w, "kept", EVAC_PROBE_PAST_KEPT);
    evac_jw_open(w, "probes", '[');
    for (size_t p = 0; past && p < a->probe_count; p++)
        for (size_t r = 0; r < (a->probes[p].regional ? a->region_count : 1u); r++) {
            evac_jw_open(w, NULL, '{');
            evac_jw_str(w, "name", a->probes[p].name);
            evac_jw_cstr(w, "role", evac_probe_role_name(a->probes[p].role));
            evac_jw_cstr(w, "kind", evac_probe_kind_name(a->probes[p].kind));
            if (a->probes[p].regional)
                evac_jw_str(w, "region", a->regions[r]);
            else
                evac_jw_null(w, "region");
            evac_jw_i64(w, "every_ms", a->probes[p].every_ms);
            view_samples(past, app, p, r, w);
            evac_jw_close(w, '}');
        }
    evac_jw_close(w, ']');
    evac_jw_close(w, '}');
}

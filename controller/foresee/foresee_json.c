#include "foresee.h"

static void put_app(const struct evac_foreseen_app *x, const struct evac_engine *engine,
                    struct evac_jw *w)
{
    const struct evac_app *app = engine->apps[x->app].app;
    bool knows = x->loss_ms >= 0 && x->loss_ms != EVAC_LOSS_UNKNOWN;
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "app", app->name);
    evac_jw_i64(w, "tier", x->tier);
    evac_jw_known(w, "wave", x->wave > 0, x->wave);
    evac_jw_str(w, "from", app->regions[x->from]);
    if (x->to < app->region_count)
        evac_jw_str(w, "to", app->regions[x->to]);
    else
        evac_jw_null(w, "to");
    evac_jw_cstr(w, "strategy", evac_strategy_name(app->strategy));
    evac_jw_cstr(w, "mode", evac_mode_name(x->mode));
    evac_jw_bool(w, "goes", x->goes);
    evac_jw_bool(w, "begun", x->begun);
    evac_jw_str(w, "why", x->why);
    evac_jw_known(w, "p50_ms", x->p50_ms > 0, (int64_t)x->p50_ms);
    evac_jw_known(w, "p95_ms", x->p95_ms > 0, (int64_t)x->p95_ms);
    evac_jw_i64(w, "without_history", (int64_t)x->without_history);
    evac_jw_bool(w, "has_data", x->loss_ms >= 0);
    evac_jw_known(w, "loss_now_ms", knows, x->loss_ms);
    evac_jw_known(w, "begins_ms", x->goes, (int64_t)x->begins_ms);
    evac_jw_close(w, '}');
}

static void put_calls(const struct evac_foreseen_calls *c, struct evac_jw *w)
{
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "account", c->account);
    evac_jw_str(w, "region", c->region);
    evac_jw_str(w, "service", c->service);
    evac_jw_str(w, "operation", c->operation);
    evac_jw_bool(w, "changes", c->changes);
    evac_jw_i64(w, "expected", (int64_t)c->expected);
    evac_jw_i64(w, "least", (int64_t)c->least);
    evac_jw_known(w, "rate_milli", c->rate_milli > 0, (int64_t)c->rate_milli);
    evac_jw_known(w, "burst", c->rate_milli > 0, (int64_t)c->burst);
    evac_jw_bool(w, "learned", c->learned);
    evac_jw_known(w, "alone_ms", c->rate_milli > 0, (int64_t)c->alone_ms);
    evac_jw_close(w, '}');
}

static void put_batch(const struct evac_foreseen_batch *b, struct evac_jw *w)
{
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "account", b->account);
    evac_jw_str(w, "service", b->service);
    evac_jw_str(w, "operation", b->operation);
    evac_jw_str(w, "by", b->fact->by);
    evac_jw_str(w, "of", b->by);
    evac_jw_i64(w, "records", (int64_t)b->records);
    evac_jw_i64(w, "characters", (int64_t)b->characters);
    evac_jw_i64(w, "counts", b->fact->counts);
    evac_jw_i64(w, "calls", (int64_t)b->calls);
    evac_jw_close(w, '}');
}

static void put_limit(const struct evac_foreseen_bucket *b, struct evac_jw *w)
{
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "account", b->account);
    evac_jw_str(w, "region", b->region);
    evac_jw_str(w, "service", b->limit->service);
    evac_jw_open(w, "operations", '[');
    for (size_t i = 0; i < b->limit->operation_count; i++)
        evac_jw_str(w, NULL, b->limit->operations[i]);
    evac_jw_close(w, ']');
    evac_jw_bool(w, "budget", b->limit->budget);
    evac_jw_i64(w, "rate_milli", (int64_t)b->rate_milli);
    evac_jw_i64(w, "burst", (int64_t)b->burst);
    evac_jw_i64(w, "expected", (int64_t)b->expected);
    evac_jw_i64(w, "least", (int64_t)b->least);
    evac_jw_i64(w, "alone_ms", (int64_t)b->alone_ms);
    evac_jw_i64(w, "bound_ms", (int64_t)b->bound_ms);
    evac_jw_close(w, '}');
}

void evac_foreseen_to_json(const struct evac_foreseen *f, const struct evac_engine *engine,
                           struct evac_jw *w)
{
    evac_jw_str(w, "region", f->region);
    evac_jw_i64(w, "going", (int64_t)f->going);
    evac_jw_i64(w, "begun", (int64_t)f->begun);
    evac_jw_i64(w, "blocked", (int64_t)f->blocked);
    evac_jw_i64(w, "left_out", (int64_t)f->left_out);
    evac_jw_i64(w, "away", (int64_t)f->away);
    evac_jw_i64(w, "waves", f->waves);
    evac_jw_i64(w, "expected_calls", (int64_t)f->expected_calls);
    evac_jw_i64(w, "limits_share", f->share);
    evac_jw_i64(w, "chain_ms", (int64_t)f->chain_ms);
    evac_jw_i64(w, "bound_ms", (int64_t)f->bound_ms);
    evac_jw_str(w, "bound_by", f->bound_by);
    evac_jw_i64(w, "estimate_ms", (int64_t)f->estimate_ms);
    evac_jw_open(w, "apps", '[');
    for (size_t i = 0; i < f->app_count; i++)
        put_app(&f->apps[i], engine, w);
    evac_jw_close(w, ']');
    evac_jw_open(w, "calls", '[');
    for (size_t i = 0; i < f->call_count; i++)
        put_calls(&f->calls[i], w);
    evac_jw_close(w, ']');
    evac_jw_open(w, "limits", '[');
    for (size_t i = 0; i < f->bucket_count; i++)
        put_limit(&f->buckets[i], w);
    evac_jw_close(w, ']');
    evac_jw_open(w, "batches", '[');
    for (size_t i = 0; i < f->batch_count; i++)
        if (f->batches[i].changes)
            put_batch(&f->batches[i], w);
    evac_jw_close(w, ']');
}

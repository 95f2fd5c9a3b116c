#include "sidecar_internal.h"

static int tell_may_write(struct sidecar *s, struct evac_buf *body)
{
    struct evac_fence_state state;
    bool may = evac_fence_may_write(s->fence, sidecar_now(s), &state);
    evac_buf_putf(body, "{\"may_write\":%s,\"app\":", may ? "true" : "false");
    evac_buf_json(body, evac_str(s->o->app));
    evac_buf_putf(body, ",\"region\":\"%s\",\"epoch\":%lld,\"lease_ms\":%llu,", s->o->region,
                  (long long)state.epoch, (unsigned long long)state.lease_ms);
    if (may)
        evac_buf_putf(body, "\"seconds_left\":%llu.%03u,\"until_boot_ms\":%llu}\n",
                      (unsigned long long)state.left_ms / 1000, (unsigned)(state.left_ms % 1000),
                      (unsigned long long)state.until_ms);
    else
        evac_buf_putf(body, "\"reason\":\"%s\",\"text\":\"%s\"}\n",
                      evac_fence_reason_word(state.reason), evac_fence_reason_text(state.reason));
    return may ? 200 : 503;
}

static void put_metric(struct evac_buf *body, const char *name, const char *type, const char *help)
{
    evac_buf_putf(body, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static int tell_metrics(struct sidecar *s, struct evac_buf *body)
{
    struct evac_fence_state state;
    bool may = evac_fence_may_write(s->fence, sidecar_now(s), &state);
    put_metric(body, "evac_fence_may_write", "gauge", "1 while this side may write.");
    evac_buf_putf(body, "evac_fence_may_write{app=\"%s\",region=\"%s\"} %d\n", s->o->app,
                  s->o->region, may);
    put_metric(body, "evac_fence_left_seconds", "gauge", "Until the permission ends.");
    evac_buf_putf(body, "evac_fence_left_seconds %llu.%03u\n",
                  (unsigned long long)state.left_ms / 1000, (unsigned)(state.left_ms % 1000));
    put_metric(body, "evac_fence_epoch", "gauge", "The highest that any copy has said.");
    evac_buf_putf(body, "evac_fence_epoch %lld\n", (long long)state.epoch);
    put_metric(body, "evac_fence_changes_total", "counter", "Permissions that began or ended.");
    evac_buf_putf(body, "evac_fence_changes_total %llu\n", (unsigned long long)s->changes);
    put_metric(body, "evac_fence_reads_total", "counter", "Reads of a copy, by what they brought.");
    for (size_t i = 0; i < s->o->copy_count; i++)
        evac_buf_putf(body,
                      "evac_fence_reads_total{copy=\"%s\",brought=\"object\"} %llu\n"
                      "evac_fence_reads_total{copy=\"%s\",brought=\"nothing\"} %llu\n",
                      s->o->copies[i].region, (unsigned long long)s->reads[i].good,
                      s->o->copies[i].region, (unsigned long long)s->reads[i].lost);
    return 200;
}

int sidecar_tell(struct sidecar *s, struct evac_str path, struct evac_buf *body,
                 const char **ret_type)
{
    *ret_type = "application/json";
    if (evac_str_is(path, "/may-write"))
        return tell_may_write(s, body);
    *ret_type = "text/plain; version=0.0.4";
    if (evac_str_is(path, "/metrics"))
        return tell_metrics(s, body);
    bool known = evac_str_is(path, "/healthz");
    evac_buf_puts(body, known ? "ok\n" : "there is /may-write, /metrics and /healthz\n");
    return known ? 200 : 404;
}

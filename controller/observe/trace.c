#include "trace.h"

#include "jw.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define TRACE_ID_BYTES 16u
#define SPAN_ID_BYTES  8u
#define KIND_INTERNAL  1 /* opentelemetry.proto.trace.v1.Span.SpanKind */
#define STATUS_OK      1 /* opentelemetry.proto.trace.v1.Status.StatusCode */
#define STATUS_ERROR   2

struct writing {
    const struct evac_report *report;
    const struct evac_trace_source *source;
    struct evac_jw w;
    char trace_id[2 * TRACE_ID_BYTES + 1], root_id[2 * SPAN_ID_BYTES + 1];
};

/* --- ids: the first bytes of a hash, in hex --------------------------------------------------- */

static void put_id(const struct evac_trace_source *source, const struct evac_report *r,
                   struct evac_str what, size_t bytes, char *ret_hex)
{
    unsigned char hash[EVP_MAX_MD_SIZE] = { 0 };
    struct evac_buf text;
    evac_buf_init(&text, 4096);
    evac_buf_putf(&text, "evac trace\n%.*s\n%llu\n%lld\n%.*s", EVAC_STR_ARG(source->node),
                  (unsigned long long)r->run, (long long)r->began_ms, EVAC_STR_ARG(what));
    (void)EVP_Digest(text.p, text.n, hash, NULL, EVP_sha256(), NULL);
    evac_buf_done(&text);
    for (size_t i = 0; i < bytes; i++)
        (void)snprintf(ret_hex + 2 * i, 3, "%02x", hash[i]);
}

/* --- attributes ------------------------------------------------------------------------------- */

static void open_attribute(struct evac_jw *w, const char *key)
{
    evac_jw_open(w, NULL, '{');
    evac_jw_cstr(w, "key", key);
    evac_jw_open(w, "value", '{');
}

static void close_attribute(struct evac_jw *w)
{
    evac_jw_close(w, '}');
    evac_jw_close(w, '}');
}

static void put_text(struct evac_jw *w, const char *key, struct evac_str value)
{
    if (value.n == 0)
        return;
    open_attribute(w, key);
    evac_jw_str(w, "stringValue", value);
    close_attribute(w);
}

/* int64 is text in proto3's JSON. */
static void put_number(struct evac_jw *w, const char *key, bool known, int64_t value)
{
    char text[24];
    if (!known)
        return;
    (void)snprintf(text, sizeof text, "%lld", (long long)value);
    open_attribute(w, key);
    evac_jw_cstr(w, "intValue", text);
    close_attribute(w);
}

static void put_flag(struct evac_jw *w, const char *key, bool value)
{
    open_attribute(w, key);
    evac_jw_bool(w, "boolValue", value);
    close_attribute(w);
}

static void put_instant(struct evac_jw *w, const char *key, int64_t wall_ms)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%lld000000", (long long)wall_ms);
    evac_jw_cstr(w, key, text);
}

static void put_status(struct evac_jw *w, bool good, struct evac_str why)
{
    evac_jw_open(w, "status", '{');
    evac_jw_i64(w, "code", good ? STATUS_OK : STATUS_ERROR);
    if (!good)
        evac_jw_str(w, "message", why);
    evac_jw_close(w, '}');
}

/* --- spans ------------------------------------------------------------------------------------ */

static void put_run_attributes(struct writing *t)
{
    const struct evac_report *r = t->report;
    struct evac_jw *w = &t->w;
    evac_jw_open(w, "attributes", '[');
    put_text(w, "evac.app", r->plan->app);
    put_number(w, "evac.run", true, (int64_t)r->run);
    put_text(w, "evac.kind", evac_str(evac_plan_kind_name(r->plan)));
    put_text(w, "evac.mode", evac_str(evac_mode_name(r->mode)));
    put_text(w, "evac.from", r->plan->from);
    put_text(w, "evac.to", r->plan->to);
    put_text(w, "evac.who", r->who);
    put_text(w, "evac.why", r->why);
    put_text(w, "evac.result", r->result);
    put_text(w, "evac.left", r->left);
    put_number(w, "evac.rto_ms", r->rto_known, r->rto_ms);
    put_number(w, "evac.rpo_ms", r->rpo_known, r->rpo_ms);
    put_number(w, "evac.rto_objective_ms", true, r->plan->rto_ms);
    put_number(w, "evac.rpo_objective_ms", true, r->plan->rpo_ms);
    evac_jw_close(w, ']');
}

/* The instants that the RTO is made of. */
static void put_events(struct writing *t)
{
    struct evac_jw *w = &t->w;
    evac_jw_open(w, "events", '[');
    for (unsigned i = 0; i < EVAC_REPORT_INSTANT_COUNT; i++) {
        const struct evac_when *when = &t->report->instants[i];
        if (!when->known)
            continue;
        evac_jw_open(w, NULL, '{');
        put_instant(w, "timeUnixNano", when->wall_ms);
        evac_jw_cstr(w, "name", evac_report_instant_name((enum evac_report_instant)i));
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
}

static void open_span(struct writing *t, const char *id, const char *parent, struct evac_str name,
                      int64_t began_ms, int64_t ended_ms)
{
    struct evac_jw *w = &t->w;
    evac_jw_open(w, NULL, '{');
    evac_jw_cstr(w, "traceId", t->trace_id);
    evac_jw_cstr(w, "spanId", id);
    if (parent)
        evac_jw_cstr(w, "parentSpanId", parent);
    evac_jw_str(w, "name", name);
    evac_jw_i64(w, "kind", KIND_INTERNAL);
    put_instant(w, "startTimeUnixNano", began_ms);
    put_instant(w, "endTimeUnixNano", ended_ms < began_ms ? began_ms : ended_ms);
}

static void put_run(struct writing *t)
{
    const struct evac_report *r = t->report;
    char name[160];
    (void)snprintf(name, sizeof name, "%s %.*s", evac_plan_kind_name(r->plan),
                   EVAC_STR_ARG(r->plan->app));
    open_span(t, t->root_id, NULL, evac_str(name), r->began_ms, r->ended_ms);
    put_run_attributes(t);
    put_events(t);
    put_status(&t->w, evac_str_starts(r->result, "succeeded"), r->result);
    evac_jw_close(&t->w, '}');
}

static void put_step(struct writing *t, const struct evac_report_step *s)
{
    struct evac_jw *w = &t->w;
    char id[2 * SPAN_ID_BYTES + 1], action[160];
    put_id(t->source, t->report, s->plan->id, SPAN_ID_BYTES, id);
    (void)snprintf(action, sizeof action, "%.*s.%.*s", EVAC_STR_ARG(s->plan->type),
                   EVAC_STR_ARG(s->plan->action));
    open_span(t, id, t->root_id, s->plan->id, s->began.wall_ms,
              s->ended.known ? s->ended.wall_ms : t->report->ended_ms);
    evac_jw_open(w, "attributes", '[');
    put_text(w, "evac.step", s->plan->id);
    put_text(w, "evac.action", evac_str(action));
    put_text(w, "evac.resource", s->plan->resource);
    put_text(w, "cloud.region", s->plan->region);
    put_text(w, "evac.phase", evac_str(evac_phase_name(s->plan->phase)));
    put_text(w, "evac.state", s->state);
    put_number(w, "evac.attempts", true, s->attempts);
    put_flag(w, "evac.critical", s->critical);
    put_text(w, "evac.request_id", s->request_id);
    evac_jw_close(w, ']');
    put_status(w, !s->failed, s->reason);
    evac_jw_close(w, '}');
}

static void put_resource(struct writing *t)
{
    struct evac_jw *w = &t->w;
    evac_jw_open(w, "resource", '{');
    evac_jw_open(w, "attributes", '[');
    put_text(w, "service.name", EVAC_STR("evac"));
    put_text(w, "service.version", evac_str(t->source->version));
    put_text(w, "service.instance.id", t->source->node);
    put_text(w, "cloud.region", t->source->region);
    evac_jw_close(w, ']');
    evac_jw_close(w, '}');
}

void evac_trace_json(const struct evac_report *report, const struct evac_trace_source *source,
                     struct evac_buf *out)
{
    struct writing t = { .report = report, .source = source, .w = { out, false } };
    struct evac_jw *w = &t.w;
    put_id(source, report, EVAC_STR_NONE, TRACE_ID_BYTES, t.trace_id);
    put_id(source, report, EVAC_STR("the run"), SPAN_ID_BYTES, t.root_id);
    evac_jw_open(w, NULL, '{');
    evac_jw_open(w, "resourceSpans", '[');
    evac_jw_open(w, NULL, '{');
    put_resource(&t);
    evac_jw_open(w, "scopeSpans", '[');
    evac_jw_open(w, NULL, '{');
    evac_jw_open(w, "scope", '{');
    evac_jw_cstr(w, "name", "evac");
    evac_jw_cstr(w, "version", source->version);
    evac_jw_close(w, '}');
    evac_jw_open(w, "spans", '[');
    put_run(&t);
    for (size_t i = 0; i < report->step_count; i++)
        if (report->steps[i].began.known)
            put_step(&t, &report->steps[i]);
    evac_jw_close(w, ']');
    evac_jw_close(w, '}');
    evac_jw_close(w, ']');
    evac_jw_close(w, '}');
    evac_jw_close(w, ']');
    evac_jw_close(w, '}');
}

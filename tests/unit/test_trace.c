/* A run's report as a trace, and its way to a collector. */
#include "fake_http_host.h"
#include "suite.h"
#include "tracer.h"
#include "world.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

static const struct evac_trace_source source = { "1.2.3", { "node-1", 6 }, { "eu-west-1", 9 } };
static struct world *world;

/* One failover, for all of these tests. */
static void begin(void)
{
    world = world_new(&(struct world_options){ .seed = 7, .speed = 10 });
    world_run(world, 30000);
    ck_assert_int_eq(world_begin(world, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_GRACEFUL), EVAC_OK);
    ck_assert(world_run_to_end(world, 600000));
}

static void end(void)
{
    world_free(world);
}

static const cJSON *at(const cJSON *json, const char *path)
{
    struct evac_str rest = evac_str(path);
    while (json && rest.n) {
        char name[64];
        struct evac_str part = evac_str_cut(rest, '/', &rest);
        ck_assert(evac_str_copy(name, sizeof name, part));
        int64_t i;
        json = evac_str_i64(part, &i) ? cJSON_GetArrayItem(json, (int)i)
                                      : cJSON_GetObjectItemCaseSensitive(json, name);
    }
    return json;
}

static const char *text(const cJSON *json, const char *path)
{
    const cJSON *item = at(json, path);
    return cJSON_IsString(item) ? item->valuestring : "(none)";
}

/* Of a span's or resource's attributes, whatever its type. */
static const char *attribute(const cJSON *json, const char *key)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, at(json, "attributes")) if (strcmp(text(item, "key"), key) ==
                                                         0) return at(item, "value/stringValue")
        ? text(item, "value/stringValue")
        : text(item, "value/intValue");
    return "(none)";
}

static cJSON *trace_of(const struct evac_report *report, const struct evac_trace_source *from)
{
    struct evac_buf out;
    evac_buf_init(&out, 4u << 20);
    evac_trace_json(report, from, &out);
    ck_assert(!out.failed);
    cJSON *json = cJSON_ParseWithLength(out.p, out.n);
    ck_assert_ptr_nonnull(json);
    evac_buf_done(&out);
    return json;
}

static void check_step(const cJSON *spans, const struct evac_report *r,
                       const struct evac_report_step *s)
{
    char number[32], name[128];
    const cJSON *span, *found = NULL;
    snprintf(name, sizeof name, "%.*s", EVAC_STR_ARG(s->plan->id));
    cJSON_ArrayForEach(span, spans) if (strcmp(text(span, "name"), name) == 0) found = span;
    ck_assert_msg((found != NULL) == s->began.known, "%s", name);
    if (!found)
        return;
    ck_assert_str_eq(text(found, "parentSpanId"), text(spans, "0/spanId"));
    ck_assert_str_eq(text(found, "traceId"), text(spans, "0/traceId"));
    snprintf(number, sizeof number, "%lld000000", (long long)s->began.wall_ms);
    ck_assert_str_eq(text(found, "startTimeUnixNano"), number);
    snprintf(number, sizeof number, "%lld000000",
             (long long)(s->ended.known ? s->ended.wall_ms : r->ended_ms));
    ck_assert_str_eq(text(found, "endTimeUnixNano"), number);
    ck_assert(evac_str_is(s->state, attribute(found, "evac.state")));
    ck_assert(evac_str_is(s->plan->region, attribute(found, "cloud.region")));
}

START_TEST(a_run_is_a_trace_and_each_step_that_was_begun_a_span)
{
    struct evac_report *report = NULL;
    char number[32];
    begin();
    ck_assert_int_eq(evac_report_make(world_store(world), 1, &report, NULL), EVAC_OK);
    cJSON *json = trace_of(report, &source);
    const cJSON *resource = at(json, "resourceSpans/0/resource"),
                *spans = at(json, "resourceSpans/0/scopeSpans/0/spans"), *root = at(spans, "0");
    ck_assert_str_eq(attribute(resource, "service.name"), "evac");
    ck_assert_str_eq(attribute(resource, "service.instance.id"), "node-1");
    ck_assert_str_eq(text(root, "name"), "failover shop");
    ck_assert_uint_eq(strlen(text(root, "traceId")), 32);
    ck_assert_uint_eq(strlen(text(root, "spanId")), 16);
    ck_assert_ptr_null(at(root, "parentSpanId"));
    ck_assert_str_eq(attribute(root, "evac.run"), "1");
    snprintf(number, sizeof number, "%lld", (long long)report->rto_ms);
    ck_assert_str_eq(attribute(root, "evac.rto_ms"), number);
    ck_assert_int_eq(at(root, "status/code")->valueint, 1);
    size_t instants = 0, begun = 0;
    for (unsigned i = 0; i < EVAC_REPORT_INSTANT_COUNT; i++)
        instants += report->instants[i].known;
    ck_assert_int_eq(cJSON_GetArraySize(at(root, "events")), (int)instants);
    for (size_t i = 0; i < report->step_count; i++) {
        begun += report->steps[i].began.known;
        check_step(spans, report, &report->steps[i]);
    }
    ck_assert_uint_ge(begun, 5);
    ck_assert_int_eq(cJSON_GetArraySize(spans), (int)begun + 1);

    /* The same run from the same controller is the same trace; from another one it is not. */
    const struct evac_trace_source other = { "1.2.3", { "node-2", 6 }, { "", 0 } };
    cJSON *again = trace_of(report, &source), *elsewhere = trace_of(report, &other);
    ck_assert(cJSON_Compare(json, again, true));
    ck_assert_str_ne(text(elsewhere, "resourceSpans/0/scopeSpans/0/spans/0/traceId"),
                     text(root, "traceId"));
    cJSON_Delete(elsewhere);
    cJSON_Delete(again);
    cJSON_Delete(json);
    evac_report_free(report);
    end();
}
END_TEST

/* --- the way to a collector ------------------------------------------------------------------- */

static struct fake_host *fake;
static struct evac_tracer *tracer;

static void begin_sending(void)
{
    begin();
    fake = fake_host_new();
    fake_host_file(fake, "/etc/otlp", "Authorization: Bearer t\n\nx-team:  a\nbad line\n");
    const struct evac_tracer_options options = { fake_host_table(fake),
                                                 EVAC_STR("http://127.0.0.1:4318/v1/traces"),
                                                 EVAC_STR("/etc/otlp"), source };
    tracer = evac_tracer_new(&options);
}

static void end_sending(void)
{
    evac_tracer_close(tracer);
    fake_host_free(fake);
    end();
}

static int64_t wall(void)
{
    const struct evac_host *host = fake_host_table(fake);
    return host->wall_ms(host->ctx);
}

static void seconds(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        evac_tracer_tick(tracer, world_store(world));
        fake_host_run(fake, 1000);
    }
}

START_TEST(what_a_collector_does_not_take_now_is_sent_again_later)
{
    begin_sending();
    fake_host_reply(fake, "/v1/traces", (struct fake_reply){ .status = 503 });
    fake_host_reply(fake, "/v1/traces",
                    (struct fake_reply){ .fate = EVAC_HTTP_LOST, .error = "x" });
    fake_host_reply(fake, "/v1/traces", (struct fake_reply){ .status = 200, .body = "{}" });
    evac_tracer_ended(tracer, 1, wall());
    seconds(2);
    ck_assert_uint_eq(fake_host_requests(fake), 1);
    ck_assert_str_eq(evac_tracer_counts(tracer).problem, "the collector says 503");
    seconds(20);
    ck_assert_uint_eq(fake_host_requests(fake), 3);
    struct evac_tracer_counts counts = evac_tracer_counts(tracer);
    ck_assert(counts.waiting == 0 && counts.sent == 1 && counts.lost == 0);
    const struct fake_request *r = fake_host_request(fake, 2);
    ck_assert_str_eq(r->method, "POST");
    ck_assert_str_eq(fake_request_header(r, "authorization"), "Bearer t");
    ck_assert_str_eq(fake_request_header(r, "x-team"), "a");
    ck_assert_str_eq(fake_request_header(r, "content-type"), "application/json");
    ck_assert_str_eq(r->body, fake_host_request(fake, 0)->body);
    end_sending();
}
END_TEST

START_TEST(what_will_never_be_taken_is_lost_and_counted)
{
    begin_sending();
    fake_host_reply(fake, "/v1/traces", (struct fake_reply){ .status = 400, .always = true });
    evac_tracer_ended(tracer, 1, wall());
    evac_tracer_ended(tracer, 1, wall() - 3600000); /* too long ago */
    seconds(3);
    struct evac_tracer_counts counts = evac_tracer_counts(tracer);
    ck_assert(counts.waiting == 0 && counts.sent == 0 && counts.lost == 1);
    ck_assert_uint_eq(fake_host_requests(fake), 1);

    for (unsigned i = 0; i < 70; i++)
        evac_tracer_ended(tracer, 1, wall());
    counts = evac_tracer_counts(tracer);
    ck_assert(counts.waiting == 64 && counts.lost == 7);
    end_sending();
}
END_TEST

START_TEST(a_collector_that_is_gone_is_given_up_after_ten_minutes)
{
    begin_sending();
    evac_tracer_ended(tracer, 1, wall()); /* nothing answers: NOT_SENT */
    seconds(599);
    ck_assert_uint_eq(evac_tracer_counts(tracer).waiting, 1);
    seconds(120);
    struct evac_tracer_counts counts = evac_tracer_counts(tracer);
    ck_assert(counts.waiting == 0 && counts.lost == 1);
    ck_assert_uint_le(fake_host_requests(fake), 20); /* later and later */
    end_sending();
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("trace");
    tcase_add_test(tc, a_run_is_a_trace_and_each_step_that_was_begun_a_span);
    tcase_add_test(tc, what_a_collector_does_not_take_now_is_sent_again_later);
    tcase_add_test(tc, what_will_never_be_taken_is_lost_and_counted);
    tcase_add_test(tc, a_collector_that_is_gone_is_given_up_after_ten_minutes);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("trace", cases)

/* The table of metrics, its two formats, its ceiling, and what it says of a world whose truth is
 * known. */
#include "aws_classify.h"
#include "deficiency.h"
#include "metrics.h"
#include "suite.h"
#include "world.h"

#include <stdio.h>
#include <string.h>

/* --- the formats ------------------------------------------------------------------------------ */

static struct evac_buf text;

static struct evac_exposition begin(bool open_metrics, size_t series_max)
{
    evac_buf_init(&text, 8u << 20);
    return (struct evac_exposition){ .out = &text,
                                     .open_metrics = open_metrics,
                                     .series_max = series_max };
}

static void ends_as(const char *expected)
{
    ck_assert_str_eq(evac_buf_str(&text).p, expected);
    evac_buf_done(&text);
}

START_TEST(a_label_and_a_help_hold_anything)
{
    const struct evac_label labels[] = { { "app", EVAC_STR("a\"b\\c\nd") } };
    struct evac_exposition e = begin(_i == 1, 10);
    evac_exposition_metric(&e, "evac_x_total", EVAC_METRIC_COUNTER, "a\\b\n\"c\"");
    evac_exposition_sample(&e, labels, 1, 1234567890123.0);
    evac_exposition_sample(&e, NULL, 0, 0.25);
    evac_exposition_end(&e);
    ends_as(_i == 0 ? "# HELP evac_x_total a\\\\b\\n\"c\"\n"
                      "# TYPE evac_x_total counter\n"
                      "evac_x_total{app=\"a\\\"b\\\\c\\nd\"} 1234567890123\n"
                      "evac_x_total 0.25\n"
                    : "# HELP evac_x a\\\\b\\n\\\"c\\\"\n"
                      "# TYPE evac_x counter\n"
                      "evac_x_total{app=\"a\\\"b\\\\c\\nd\"} 1234567890123\n"
                      "evac_x_total 0.25\n"
                      "# EOF\n");
}
END_TEST

START_TEST(a_histogram_is_summed_up_and_never_cut)
{
    static const double bounds[] = { 0.5, 1 };
    struct evac_histogram h = { bounds, 2, { 0 }, 0 };
    const double values[] = { 0.5, 0.75, 3 };
    for (size_t i = 0; i < 3; i++)
        evac_histogram_add(&h, values[i]);
    ck_assert_uint_eq(evac_histogram_count(&h), 3);
    struct evac_exposition e = begin(false, 9); /* five lines each: the second does not fit */
    evac_exposition_metric(&e, "evac_x_seconds", EVAC_METRIC_HISTOGRAM, "x");
    evac_exposition_histogram(&e, NULL, 0, &h);
    evac_exposition_histogram(&e, NULL, 0, &h);
    evac_exposition_sample(&e, NULL, 0, 1);
    ck_assert_uint_eq(e.dropped, 5);
    ends_as("# HELP evac_x_seconds x\n"
            "# TYPE evac_x_seconds histogram\n"
            "evac_x_seconds_bucket{le=\"0.5\"} 1\n"
            "evac_x_seconds_bucket{le=\"1.0\"} 2\n"
            "evac_x_seconds_bucket{le=\"+Inf\"} 3\n"
            "evac_x_seconds_sum 4.25\n"
            "evac_x_seconds_count 3\n"
            "evac_x_seconds 1\n");
}
END_TEST

START_TEST(open_metrics_is_for_whoever_asks_for_it)
{
    ck_assert(evac_exposition_wants_open(EVAC_STR("application/openmetrics-text;version=1.0.0")));
    ck_assert(!evac_exposition_wants_open(EVAC_STR("text/plain;version=0.0.4, */*")));
    ck_assert(!evac_exposition_wants_open(EVAC_STR_NONE));
}
END_TEST

/* --- the table -------------------------------------------------------------------------------- */

static bool ends(const char *name, const char *with)
{
    return evac_str_ends(evac_str(name), with);
}

START_TEST(names_follow_the_conventions)
{
    struct evac_buf page;
    evac_buf_init(&page, 1u << 20);
    FILE *f = fopen(EVAC_SOURCE_DIR "/controller/metrics/README.md", "r");
    char line[4096];
    ck_assert_ptr_nonnull(f);
    while (fgets(line, sizeof line, f))
        evac_buf_puts(&page, line);
    fclose(f);
    for (const struct evac_metric *m = evac_metrics; m->name; m++) {
        char row[128];
        snprintf(row, sizeof row, "| `%s` |", m->name);
        ck_assert_msg(evac_str_has(evac_buf_str(&page), row), "the page has no row of %s", m->name);
        ck_assert_msg(ends(m->name, "_total") == (m->type == EVAC_METRIC_COUNTER), "%s", m->name);
        ck_assert_msg(m->type != EVAC_METRIC_HISTOGRAM || ends(m->name, "_seconds"), "%s", m->name);
        ck_assert_msg(!ends(m->name, "_ms") && !ends(m->name, "_percent"), "%s", m->name);
        ck_assert_msg((m->value != NULL) != (m->histogram != NULL), "%s", m->name);
        ck_assert_msg(m->help[0] && !ends(m->help, "."), "%s", m->name);
        for (const struct evac_metric *o = evac_metrics; o != m; o++)
            ck_assert_str_ne(o->name, m->name);
    }
    evac_buf_done(&page);
}
END_TEST

/* --- what is counted -------------------------------------------------------------------------- */

START_TEST(calls_are_counted_by_service_and_region_and_bounded)
{
    struct world *w = world_new(&(struct world_options){ .seed = 1, .speed = 10 });
    const struct evac_model *model = evac_shell_engine(world_shell(w))->model;
    struct evac_meters *m = evac_meters_new(model);
    evac_meters_call(m, EVAC_STR("rds:Describe"), EVAC_STR("us-east-1"), EVAC_CALL_OK);
    evac_meters_call(m, EVAC_STR("rds:Failover"), EVAC_STR("us-east-1"), EVAC_CALL_THROTTLED);
    evac_meters_call(m, EVAC_STR(""), EVAC_STR("us-east-1"), EVAC_CALL_OK);
    ck_assert_uint_eq(evac_meters_services(m), 1);
    ck_assert_uint_eq(evac_meters_service(m, 0)->fates[EVAC_CALL_OK], 1);
    ck_assert_uint_eq(evac_meters_service(m, 0)->fates[EVAC_CALL_THROTTLED], 1);
    for (unsigned i = 0; i < EVAC_SERVICES_MAX + 50; i++) {
        char name[40];
        snprintf(name, sizeof name, "service-%u:Get", i);
        evac_meters_call(m, evac_str(name), EVAC_STR("us-east-1"), EVAC_CALL_OK);
    }
    ck_assert_uint_eq(evac_meters_services(m), EVAC_SERVICES_MAX + 1);
    const struct evac_service_meter *other = evac_meters_service(m, EVAC_SERVICES_MAX);
    ck_assert_str_eq(other->service, "other");
    ck_assert_uint_eq(other->fates[EVAC_CALL_OK], 51);

    /* a reload keeps what is still there */
    evac_meters_probe(m, 0, 1, 1, EVAC_PROBE_ANSWER_GOOD, 120);
    evac_meters_probe(m, 0, 1, 1, EVAC_PROBE_ANSWER_BAD, 0);
    evac_meters_probe(m, 99, 0, 0, EVAC_PROBE_ANSWER_BAD, 0); /* no app of ours */
    evac_meters_reload(m, model);
    ck_assert_uint_eq(evac_meters_app(m, 0)->answers[1][1][EVAC_PROBE_ANSWER_GOOD], 1);
    ck_assert_uint_eq(evac_meters_app(m, 0)->answers[1][1][EVAC_PROBE_ANSWER_BAD], 1);
    ck_assert_uint_eq(evac_histogram_count(&evac_meters_app(m, 0)->latency[1]), 1);
    evac_meters_free(m);
    world_free(w);
}
END_TEST

/* clang-format off */
static const struct {
    int status;
    const char *type, *body;
    bool throttle;
} answers[] = {
    { 400, "", "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>", true },
    { 400, "com.amazonaws#ThrottlingException:http://x", "{}", true },
    { 400, "", "{\"__type\":\"com.amazon.coral#TooManyRequestsException\"}", true },
    { 503, "", "<Error><Code>SlowDown</Code></Error>", true },
    { 429, "", "", true },
    { 503, "", "<Error><Code>ServiceUnavailable</Code></Error>", false },
    { 400, "", "<Error><Code>ThrottlingOfSomethingElse</Code></Error>", false },
    { 200, "", "<Name>SlowDown</Name>", false },
};
/* clang-format on */

START_TEST(a_service_that_asks_to_come_back_later_is_known_by_its_answer)
{
    struct evac_http_header header = { EVAC_STR("x-amzn-ErrorType"), evac_str(answers[_i].type) };
    struct evac_http_reply reply = { .fate = EVAC_HTTP_REPLIED,
                                     .status = answers[_i].status,
                                     .headers = &header,
                                     .header_count = 1,
                                     .body = evac_str(answers[_i].body) };
    ck_assert(evac_aws_is_throttle(&reply) == answers[_i].throttle);
}
END_TEST

/* --- what is said of a world ------------------------------------------------------------------ */

static struct evac_results *results;
static struct evac_meters *meters;

static const char *scrape(struct world *w, size_t series_max)
{
    struct evac_metrics_source source = {
        .model = evac_shell_engine(world_shell(w))->model,
        .engine = evac_shell_engine(world_shell(w)),
        .meters = meters,
        .results = results,
        .self = { .version = "1", .node = EVAC_STR("n"), .config = EVAC_STR("c") },
        .now = { world_now(w), world_wall(w), 0 },
    };
    evac_buf_done(&text);
    evac_buf_init(&text, 8u << 20);
    evac_metrics_write(&source, false, series_max, &text);
    return evac_buf_str(&text).p;
}

/* The value behind "name{labels} "; -1 there is no such sample. */
static double value(const char *page, const char *sample)
{
    char line[256];
    snprintf(line, sizeof line, "\n%s ", sample);
    const char *at = strstr(page, line);
    return at ? strtod(at + strlen(line), NULL) : -1;
}

START_TEST(a_failover_is_seen_in_the_numbers_as_it_was)
{
    struct world *w = world_new(&(struct world_options){ .seed = 7, .speed = 10 });
    const struct evac_model *model = evac_shell_engine(world_shell(w))->model;
    meters = evac_meters_new(model);
    results = evac_results_new(model);
    world_run(w, 30000);
    const char *page = scrape(w, 100000);
    int64_t loss =
        evac_engine_loss(world_app(w), &(struct evac_now){ world_now(w), world_wall(w), 0 });
    ck_assert_int_ge(loss, 0);
    ck_assert_double_eq_tol(value(page, "evac_app_loss_seconds{app=\"shop\"}"), (double)loss / 1000,
                            1e-9);
    ck_assert_double_eq(value(page, "evac_app_loss_known{app=\"shop\"}"), 1);
    ck_assert_double_ge(value(page, "evac_store_lag_seconds{app=\"shop\",store=\"db\"}"), 0);
    ck_assert_double_eq(
        value(page, "evac_app_verdict{app=\"shop\",region=\"us-east-1\",verdict=\"up\"}"), 1);
    ck_assert_double_eq(value(page, "evac_app_region_active{app=\"shop\",region=\"us-east-1\"}"),
                        1);
    ck_assert_double_eq(value(page, "evac_app_last_rto_seconds{app=\"shop\",kind=\"run\"}"), -1);

    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_GRACEFUL), EVAC_OK);
    world_run(w, 500);
    ck_assert_double_eq(value(scrape(w, 100000), "evac_app_run_active{app=\"shop\"}"), 1);
    ck_assert_double_eq(value(scrape(w, 100000), "evac_runs{state=\"running\"}"), 1);
    ck_assert(world_run_to_end(w, 600000));
    ck_assert(evac_results_tick(results, world_store(w), world_wall(w), 5));
    ck_assert(!evac_results_tick(results, world_store(w), world_wall(w), 5));

    struct evac_report *report = NULL;
    ck_assert_int_eq(evac_report_make(world_store(w), 1, &report, NULL), EVAC_OK);
    page = scrape(w, 100000);
    ck_assert(report->rto_known && report->rpo_known);
    ck_assert_double_eq_tol(value(page, "evac_app_last_rto_seconds{app=\"shop\",kind=\"run\"}"),
                            (double)report->rto_ms / 1000, 1e-9);
    ck_assert_double_eq_tol(value(page, "evac_app_last_rpo_seconds{app=\"shop\",kind=\"run\"}"),
                            (double)report->rpo_ms / 1000, 1e-9);
    ck_assert_double_eq(value(page, "evac_app_last_good{app=\"shop\",kind=\"run\"}"), 1);
    ck_assert_double_eq(value(page, "evac_app_last_good{app=\"shop\",kind=\"drill\"}"), -1);
    ck_assert_double_eq(value(page, "evac_app_region_active{app=\"shop\",region=\"us-west-2\"}"),
                        1);
    ck_assert_double_eq(value(page, "evac_app_old_side_alive{app=\"shop\",region=\"us-west-2\"}"),
                        -1);
    evac_report_free(report);

    /* A deficiency, by its row. */
    struct evac_arena *arena = evac_arena_new();
    struct evac_deficiencies *list = NULL;
    ck_assert_int_eq(evac_deficiencies_read(world_store(w), EVAC_STR("shop"), arena, &list, NULL),
                     EVAC_OK);
    double open = value(page, "evac_app_deficiencies_open{app=\"shop\",severity=\"low\"}") +
                  value(page, "evac_app_deficiencies_open{app=\"shop\",severity=\"medium\"}") +
                  value(page, "evac_app_deficiencies_open{app=\"shop\",severity=\"high\"}");
    ck_assert_double_eq(open, (double)evac_deficiencies_open(list));
    evac_arena_free(arena);

    /* Beyond the ceiling: what matters most is there, what is missing is counted. */
    double all = value(page, "evac_metrics_series");
    page = scrape(w, 60);
    ck_assert_double_le(value(page, "evac_metrics_series"), 60);
    ck_assert_double_eq(
        value(page, "evac_metrics_series") + value(page, "evac_metrics_dropped_series"), all);
    ck_assert_double_ne(value(page, "evac_lead"), -1);
    ck_assert_ptr_null(strstr(page, "evac_probe_results_total{"));

    evac_buf_done(&text);
    evac_results_free(results);
    evac_meters_free(meters);
    world_free(w);
}
END_TEST

static void count_sample(void *user, const struct evac_metric *metric,
                         const struct evac_metric_at *at, const struct evac_label *labels,
                         size_t label_count, double value_of)
{
    size_t *count = user;
    (void)at, (void)labels, (void)value_of;
    ck_assert(metric->published && label_count <= EVAC_LABELS_MAX);
    ++*count;
}

START_TEST(only_what_is_for_publishing_is_published)
{
    struct world *w = world_new(&(struct world_options){ .seed = 3, .speed = 10 });
    struct evac_metrics_source source = { .model = evac_shell_engine(world_shell(w))->model,
                                          .engine = evac_shell_engine(world_shell(w)) };
    size_t count = 0;
    source.meters = meters = evac_meters_new(source.model);
    source.results = results = evac_results_new(source.model);
    evac_metrics_publish(&source, count_sample, &count);
    ck_assert_uint_ge(count, 8);
    ck_assert_uint_le(count, 40); /* of one app */
    evac_results_free(results);
    evac_meters_free(meters);
    world_free(w);
}
END_TEST

/* --- sent to the cloud's own metrics ---------------------------------------------------------- */

static enum evac_outcome told;
static unsigned times_told;

static void on_told(void *user, const struct evac_reply *reply)
{
    (void)user;
    told = reply->outcome;
    times_told++;
}

static enum evac_outcome publish(struct world *w, const char *region, double value_of)
{
    const struct evac_arg labels[] = { { EVAC_STR("app"), EVAC_STR("shop") } };
    const struct evac_number number = { "evac_x_seconds", labels, 1, value_of };
    const struct evac_publication what = { evac_str(region), &number, 1, world_wall(w) };
    struct evac_err err = { EVAC_OK, "" };
    unsigned before = times_told;
    ck_assert_msg(evac_shell_publish(world_shell(w), &what, on_told, NULL, &err) == EVAC_OK, "%s",
                  err.text);
    world_run(w, 30000);
    ck_assert_uint_eq(times_told, before + 1);
    return told;
}

/* The model of the cloud has it then: a resource whose lag is that very metric says so. */
START_TEST(what_is_published_is_there_for_others_to_read)
{
    static const char extra[] =
        "    dns    = {=>self = { type = \"cloudwatch\"; namespace = \"evac\"; metric = "
        "\"evac_x_seconds\"; dimensions = { app = \"shop\"; }; unit = \"s\"; period = \"1s\"; }; "
        "dns = {";
    struct world *w =
        world_new(&(struct world_options){ .seed = 5, .speed = 10, .app_extra = extra });
    world_run(w, 5000);
    const struct evac_engine_app *a = world_app(w);
    size_t i = 0;
    while (!evac_str_is(a->app->resources[i].name, "self"))
        i++;
    ck_assert_int_eq(evac_engine_watch_of(a, i, a->active)->lag_ms, -1);
    ck_assert_int_eq(publish(w, "us-west-2", 7.5), EVAC_OUTCOME_ACCEPTED);
    ck_assert_int_eq(evac_engine_watch_of(a, i, a->active)->lag_ms, 7500);

    world_control(w, "region us-east-1 down");
    ck_assert_int_ne(publish(w, "us-east-1", 8), EVAC_OUTCOME_ACCEPTED);
    ck_assert_int_eq(publish(w, "us-west-2", 9), EVAC_OUTCOME_ACCEPTED);
    world_free(w);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("metrics");
    tcase_add_loop_test(tc, a_label_and_a_help_hold_anything, 0, 2);
    tcase_add_test(tc, a_histogram_is_summed_up_and_never_cut);
    tcase_add_test(tc, open_metrics_is_for_whoever_asks_for_it);
    tcase_add_test(tc, names_follow_the_conventions);
    tcase_add_test(tc, calls_are_counted_by_service_and_region_and_bounded);
    tcase_add_loop_test(tc, a_service_that_asks_to_come_back_later_is_known_by_its_answer, 0,
                        (int)(sizeof answers / sizeof answers[0]));
    tcase_add_test(tc, a_failover_is_seen_in_the_numbers_as_it_was);
    tcase_add_test(tc, only_what_is_for_publishing_is_published);
    tcase_add_test(tc, what_is_published_is_there_for_others_to_read);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("metrics", cases)

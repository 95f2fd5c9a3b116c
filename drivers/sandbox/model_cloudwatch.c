/*
 * CloudWatch: metrics and what they were, a region each; alarms on them. It speaks JSON 1.0, as
 * evac's client does, and the query protocol of older tools; the newest SDKs' CBOR is not served
 * (AWS.md 1.1). Alarms that stay as they are, and composite ones, are made:
 *
 *     make cloudwatch us-west-2 {"kind":"MetricAlarm","name":"web-5xx","StateValue":"ALARM"}
 *     make cloudwatch us-west-2 {"kind":"CompositeAlarm","name":"web","StateValue":"OK"}
 */
#include "aws_time.h"
#include "sandbox_docs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define METRICS_MAX    500u
#define POINTS_MAX     2000u
#define POINTS_FIRST   32u
#define DIMENSIONS_MAX 10u
#define ALARMS_MAX     64u
#define NAME_BYTES     128u
#define RESULTS_MAX    5000u /* datapoints of an answer */

struct point {
    int64_t wall_ms;
    double value;
};

struct metric {
    size_t region;
    char name_space[NAME_BYTES], name[NAME_BYTES], dimensions[512]; /* "A=1,B=2", sorted */
    struct point *points; /* a ring, once there are POINTS_MAX of them */
    size_t room, count;   /* count: ever added */
    bool unordered;       /* one of them is older than the one before it */
};

struct alarm {
    size_t region;
    char name[NAME_BYTES], state[24], reason[200], comparison[48], statistic[16];
    char name_space[NAME_BYTES], metric[NAME_BYTES], dimensions[512];
    double threshold;
    int64_t period_s, evaluation, updated_ms;
    bool forced; /* by SetAlarmState, until it is evaluated anew */
};

struct cloudwatch {
    struct metric metrics[METRICS_MAX];
    size_t metric_count;
    struct alarm alarms[ALARMS_MAX];
    size_t alarm_count;
};

static struct cloudwatch *state(const struct evac_sandbox *sb)
{
    return sb->state[SB_CLOUDWATCH];
}

static void *create(struct evac_sandbox *sb)
{
    struct cloudwatch *cw = malloc(sizeof *cw); /* each metric and alarm is set when it is added */
    (void)sb;
    if (!cw)
        abort();
    cw->metric_count = cw->alarm_count = 0;
    return cw;
}

static void destroy(void *p)
{
    struct cloudwatch *cw = p;
    for (size_t i = 0; i < cw->metric_count; i++)
        free(cw->metrics[i].points);
    free(cw);
}

/* --- metrics --------------------------------------------------------------------------------- */

static struct metric *find(const struct evac_sandbox *sb, size_t region, struct evac_str name_space,
                           struct evac_str name, struct evac_str dimensions)
{
    struct cloudwatch *cw = state(sb);
    for (size_t i = 0; i < cw->metric_count; i++) {
        struct metric *m = &cw->metrics[i];
        if (m->region == region && evac_str_is(name, m->name) &&
            evac_str_is(name_space, m->name_space) && evac_str_is(dimensions, m->dimensions))
            return m;
    }
    return NULL;
}

static struct metric *find_or_add(struct evac_sandbox *sb, size_t region,
                                  struct evac_str name_space, struct evac_str name,
                                  struct evac_str dimensions)
{
    struct cloudwatch *cw = state(sb);
    struct metric *m = find(sb, region, name_space, name, dimensions);
    if (m || cw->metric_count == METRICS_MAX)
        return m;
    m = &cw->metrics[cw->metric_count];
    *m = (struct metric){ .region = region };
    if (!evac_str_copy(m->name_space, sizeof m->name_space, name_space) ||
        !evac_str_copy(m->name, sizeof m->name, name) ||
        !evac_str_copy(m->dimensions, sizeof m->dimensions, dimensions))
        return NULL;
    cw->metric_count++;
    return m;
}

static void add_point(struct metric *m, struct point point)
{
    if (m->count == m->room && m->room < POINTS_MAX) {
        size_t room = m->room ? 4 * m->room : POINTS_FIRST;
        m->room = room < POINTS_MAX ? room : POINTS_MAX;
        m->points = realloc(m->points, m->room * sizeof *m->points);
        if (!m->points)
            abort();
    }
    m->unordered = m->unordered ||
                   (m->count && point.wall_ms < m->points[(m->count - 1) % POINTS_MAX].wall_ms);
    m->points[m->count++ % POINTS_MAX] = point;
}

void sb_cloudwatch_put(struct evac_sandbox *sb, size_t region, const char *name_space,
                       const char *metric, const char *dimensions, double value, int64_t wall_ms)
{
    struct metric *m =
        find_or_add(sb, region, evac_str(name_space), evac_str(metric), evac_str(dimensions));
    if (m)
        add_point(m, (struct point){ wall_ms, value });
}

struct statistic {
    double sum, min, max;
    uint64_t n;
};

/* All points of [from, to), the first so many newest ones left out: who goes back in time, period
 * by period, finds in *passed how many are behind it. */
static struct statistic summarise_older(const struct metric *m, size_t *passed, int64_t from_ms,
                                        int64_t to_ms)
{
    struct statistic s = { 0 };
    size_t n = m->count < POINTS_MAX ? m->count : POINTS_MAX;
    for (size_t i = *passed; i < n; i++) {
        const struct point *p = &m->points[(m->count - 1 - i) % POINTS_MAX];
        if (p->wall_ms < from_ms && !m->unordered)
            break;
        if (p->wall_ms >= to_ms && !m->unordered)
            *passed = i + 1;
        if (p->wall_ms < from_ms || p->wall_ms >= to_ms)
            continue;
        s.min = s.n == 0 || p->value < s.min ? p->value : s.min;
        s.max = s.n == 0 || p->value > s.max ? p->value : s.max;
        s.sum += p->value;
        s.n++;
    }
    return s;
}

static struct statistic summarise(const struct metric *m, int64_t from_ms, int64_t to_ms)
{
    size_t none = 0;
    return summarise_older(m, &none, from_ms, to_ms);
}

static const char *const statistics[] = { "Average", "Minimum", "Maximum", "Sum", "SampleCount" };

static bool is_statistic(struct evac_str name)
{
    for (size_t i = 0; i < sizeof statistics / sizeof statistics[0]; i++)
        if (evac_str_is(name, statistics[i]))
            return true;
    return false;
}

static double value_of(const struct statistic *s, struct evac_str name)
{
    return evac_str_is(name, "Minimum")   ? s->min
           : evac_str_is(name, "Maximum") ? s->max
           : evac_str_is(name, "Sum")     ? s->sum
           : evac_str_is(name, "Average") ? s->sum / (double)s->n
                                          : (double)s->n;
}

/* --- input and output in two protocols ------------------------------------------------------- */

static bool speaks_json(const struct sb_call *c)
{
    return c->protocol == EVAC_AWS_JSON_1_0;
}

/* JSON: seconds since 1970; query: ISO 8601. */
static bool read_time(const struct sb_call *c, const char *name, int64_t *ret_ms)
{
    struct evac_str text = sb_in(c, "%s", name);
    char copy[64], *end;
    if (evac_aws_time_iso(text, ret_ms))
        return true;
    if (!evac_str_copy(copy, sizeof copy, text) || copy[0] == '\0')
        return false;
    double seconds = strtod(copy, &end);
    *ret_ms = (int64_t)(seconds * 1000);
    return *end == '\0' && seconds >= 0 && seconds < 1e11;
}

static double read_number(const struct sb_call *c, const char *name, double fallback)
{
    char copy[64], *end;
    struct evac_str text = sb_in(c, "%s", name);
    if (!evac_str_copy(copy, sizeof copy, text) || copy[0] == '\0')
        return fallback;
    double value = strtod(copy, &end);
    return *end == '\0' ? value : fallback;
}

static void put_time(struct sb_call *c, int64_t wall_ms)
{
    if (speaks_json(c))
        evac_buf_putf(&c->out, "%lld", (long long)(wall_ms / 1000));
    else
        evac_buf_put_str(&c->out, sb_iso_s(c->arena, wall_ms));
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "A=1,B=2" of Dimensions below a path. */
static struct evac_str read_dimensions(struct sb_call *c, const char *path)
{
    const char *pairs[DIMENSIONS_MAX];
    size_t n = 0;
    struct evac_buf text;
    for (int i = 1; n < DIMENSIONS_MAX && sb_has(c, "%sDimensions.%d.Name", path, i); i++) {
        struct evac_str name = sb_in(c, "%sDimensions.%d.Name", path, i);
        struct evac_str value = sb_in(c, "%sDimensions.%d.Value", path, i);
        pairs[n++] =
            evac_arena_printf(c->arena, "%.*s=%.*s", EVAC_STR_ARG(name), EVAC_STR_ARG(value)).p;
    }
    qsort(pairs, n, sizeof *pairs, by_text);
    evac_buf_init(&text, 8192);
    for (size_t i = 0; i < n; i++)
        evac_buf_putf(&text, "%s%s", i ? "," : "", pairs[i]);
    struct evac_str kept = evac_arena_str(c->arena, evac_buf_str(&text));
    evac_buf_done(&text);
    return kept;
}

static void invalid(struct sb_call *c, const char *what)
{
    sb_error(c, 400, "InvalidParameterValue", "%s", what);
}

/* --- reading metrics ------------------------------------------------------------------------- */

struct span {
    int64_t from_ms, to_ms, period_ms;
};

static bool is_period(int64_t s)
{
    return s == 1 || s == 5 || s == 10 || s == 20 || s == 30 || (s > 0 && s % 60 == 0);
}

static bool read_span(struct sb_call *c, int64_t period_s, struct span *span)
{
    if (!read_time(c, "StartTime", &span->from_ms) || !read_time(c, "EndTime", &span->to_ms))
        invalid(c, "The parameters StartTime and EndTime must be times.");
    else if (span->from_ms >= span->to_ms)
        sb_error(c, 400, "ValidationError",
                 "The parameter StartTime must be less than the parameter EndTime.");
    else if (!is_period(period_s))
        sb_error(c, 400, "ValidationError",
                 "Period must be 1, 5, 10, 20, 30, or a multiple of 60.");
    span->period_ms = 1000 * period_s;
    span->from_ms -= span->from_ms % 1000;
    return !c->failed;
}

/* The k-th period of a span, from its end or from its beginning. */
static int64_t period_at(const struct span *span, size_t k, bool newest_first)
{
    int64_t first = span->from_ms / span->period_ms * span->period_ms;
    int64_t last = (span->to_ms - 1) / span->period_ms * span->period_ms;
    return newest_first ? last - (int64_t)k * span->period_ms
                        : first + (int64_t)k * span->period_ms;
}

static size_t count_periods(const struct span *span)
{
    int64_t first = span->from_ms / span->period_ms * span->period_ms;
    int64_t n = (span->to_ms - 1 - first) / span->period_ms + 1;
    return n > 0 && n < 1000000 ? (size_t)n : 1000000;
}

struct series {
    struct span span;
    const struct metric *metric;
    struct evac_str statistic;
    int64_t *times;
    double *values;
    size_t count;
};

static void collect(struct sb_call *c, struct series *s, bool newest_first, size_t most)
{
    size_t n = count_periods(&s->span), room = n < RESULTS_MAX ? n : RESULTS_MAX, passed = 0;
    s->times = evac_arena_array(c->arena, room, sizeof *s->times);
    s->values = evac_arena_array(c->arena, room, sizeof *s->values);
    for (size_t k = 0; s->metric && k < n && s->count < most && s->count < room; k++) {
        int64_t at = period_at(&s->span, k, newest_first);
        passed = newest_first ? passed : 0;
        struct statistic x = summarise_older(s->metric, &passed, at, at + s->span.period_ms);
        if (x.n == 0)
            continue;
        s->times[s->count] = at;
        s->values[s->count++] = value_of(&x, s->statistic);
    }
}

static void put_result_json(struct sb_call *c, struct evac_str id, struct evac_str label,
                            const struct series *s)
{
    struct evac_buf *out = &c->out;
    evac_buf_puts(out, "{\"Id\":");
    evac_buf_json(out, id);
    evac_buf_puts(out, ",\"Label\":");
    evac_buf_json(out, label);
    evac_buf_puts(out, ",\"Timestamps\":[");
    for (size_t i = 0; i < s->count; i++) {
        evac_buf_puts(out, i ? "," : "");
        put_time(c, s->times[i]);
    }
    evac_buf_puts(out, "],\"Values\":[");
    for (size_t i = 0; i < s->count; i++)
        evac_buf_putf(out, "%s%.15g", i ? "," : "", s->values[i]);
    evac_buf_puts(out, "],\"StatusCode\":\"Complete\"}");
}

static void put_result_xml(struct sb_call *c, struct evac_str id, struct evac_str label,
                           const struct series *s)
{
    struct evac_buf *out = &c->out;
    evac_buf_puts(out, "<member>");
    sb_tag(out, "Id", id);
    sb_tag(out, "Label", label);
    evac_buf_puts(out, "<Timestamps>");
    for (size_t i = 0; i < s->count; i++)
        sb_tag(out, "member", sb_iso_s(c->arena, s->times[i]));
    evac_buf_puts(out, "</Timestamps><Values>");
    for (size_t i = 0; i < s->count; i++)
        sb_tagf(out, "member", "%.15g", s->values[i]);
    evac_buf_puts(out, "</Values><StatusCode>Complete</StatusCode></member>");
}

static bool read_query(struct sb_call *c, int i, struct series *s)
{
    char path[80];
    int64_t period = 0;
    (void)snprintf(path, sizeof path, "MetricDataQueries.%d.MetricStat.Metric.", i);
    (void)evac_str_i64(sb_in(c, "MetricDataQueries.%d.MetricStat.Period", i), &period);
    s->statistic = sb_in(c, "MetricDataQueries.%d.MetricStat.Stat", i);
    if (sb_has(c, "MetricDataQueries.%d.Expression", i))
        sb_error(c, 400, "ValidationError", "The sandbox has no metric math.");
    else if (!is_statistic(s->statistic))
        sb_error(c, 400, "ValidationError", "The Stat '%.*s' is not served.",
                 EVAC_STR_ARG(s->statistic));
    if (c->failed || !read_span(c, period, &s->span))
        return false;
    s->metric = find(c->sb, c->region, sb_in(c, "%sNamespace", path),
                     sb_in(c, "%sMetricName", path), read_dimensions(c, path));
    return true;
}

static void get_data(struct sb_call *c)
{
    bool json = speaks_json(c);
    bool newest = !evac_str_is(sb_in(c, "ScanBy"), "TimestampAscending");
    int64_t most = sb_in_i64(c, "MaxDatapoints", RESULTS_MAX);
    if (!sb_has(c, "MetricDataQueries.1.Id"))
        sb_error(c, 400, "MissingParameter", "The parameter MetricDataQueries is required.");
    evac_buf_puts(&c->out, json ? "{\"MetricDataResults\":[" : "<MetricDataResults>");
    for (int i = 1; !c->failed && i <= 500 && sb_has(c, "MetricDataQueries.%d.Id", i); i++) {
        struct series s = { .count = 0 };
        if (!read_query(c, i, &s))
            return;
        collect(c, &s, newest, most > 0 ? (size_t)most : RESULTS_MAX);
        struct evac_str id = sb_in(c, "MetricDataQueries.%d.Id", i);
        struct evac_str label = sb_in(c, "MetricDataQueries.%d.MetricStat.Metric.MetricName", i);
        if (json)
            evac_buf_puts(&c->out, i > 1 ? "," : "");
        (json ? put_result_json : put_result_xml)(c, id, label, &s);
    }
    if (!c->failed)
        evac_buf_puts(&c->out, json ? "],\"Messages\":[]}" : "</MetricDataResults>");
}

static void put_datapoint(struct sb_call *c, const struct statistic *s, int64_t at, bool first)
{
    bool json = speaks_json(c);
    evac_buf_puts(&c->out,
                  json ? (first ? "{\"Timestamp\":" : ",{\"Timestamp\":") : "<member><Timestamp>");
    put_time(c, at);
    evac_buf_puts(&c->out, json ? "" : "</Timestamp>");
    for (int i = 1; sb_has(c, "Statistics.%d", i) && i <= 5; i++) {
        struct evac_str name = sb_in(c, "Statistics.%d", i);
        if (!is_statistic(name))
            continue;
        evac_buf_putf(&c->out, json ? ",\"%.*s\":" : "<%.*s>", EVAC_STR_ARG(name));
        evac_buf_putf(&c->out, "%.15g", value_of(s, name));
        if (!json)
            evac_buf_putf(&c->out, "</%.*s>", EVAC_STR_ARG(name));
    }
    evac_buf_puts(&c->out, json ? ",\"Unit\":\"None\"}" : "<Unit>None</Unit></member>");
}

static void get_statistics(struct sb_call *c)
{
    struct span span;
    bool json = speaks_json(c), first = true;
    if (!sb_has(c, "Statistics.1") || !sb_in(c, "MetricName").n)
        sb_error(c, 400, "MissingParameter", "MetricName and Statistics are required.");
    if (c->failed || !read_span(c, sb_in_i64(c, "Period", 0), &span))
        return;
    const struct metric *m = find(c->sb, c->region, sb_in(c, "Namespace"), sb_in(c, "MetricName"),
                                  read_dimensions(c, ""));
    evac_buf_puts(&c->out, json ? "{\"Datapoints\":[" : "<Datapoints>");
    size_t n = count_periods(&span);
    for (size_t k = 0; m && k < n && k < RESULTS_MAX; k++) {
        int64_t at = period_at(&span, k, false);
        struct statistic s = summarise(m, at, at + span.period_ms);
        if (s.n == 0)
            continue;
        put_datapoint(c, &s, at, first);
        first = false;
    }
    evac_buf_puts(&c->out, json ? "],\"Label\":" : "</Datapoints>");
    if (json) {
        evac_buf_json(&c->out, sb_in(c, "MetricName"));
        evac_buf_putc(&c->out, '}');
    } else {
        sb_tag(&c->out, "Label", sb_in(c, "MetricName"));
    }
}

static void put_dimensions(struct sb_call *c, const char *dimensions)
{
    struct evac_str rest = evac_str(dimensions), value;
    bool json = speaks_json(c), first = true;
    evac_buf_puts(&c->out, json ? "\"Dimensions\":[" : "<Dimensions>");
    while (rest.n) {
        struct evac_str pair = evac_str_cut(rest, ',', &rest);
        struct evac_str name = evac_str_cut(pair, '=', &value);
        if (json) {
            evac_buf_puts(&c->out, first ? "{\"Name\":" : ",{\"Name\":");
            evac_buf_json(&c->out, name);
            evac_buf_puts(&c->out, ",\"Value\":");
            evac_buf_json(&c->out, value);
            evac_buf_putc(&c->out, '}');
        } else {
            evac_buf_puts(&c->out, "<member>");
            sb_tag(&c->out, "Name", name);
            sb_tag(&c->out, "Value", value);
            evac_buf_puts(&c->out, "</member>");
        }
        first = false;
    }
    evac_buf_puts(&c->out, json ? "]" : "</Dimensions>");
}

static void list_metrics(struct sb_call *c)
{
    const struct cloudwatch *cw = state(c->sb);
    struct evac_str space = sb_in(c, "Namespace"), name = sb_in(c, "MetricName");
    bool json = speaks_json(c), first = true;
    evac_buf_puts(&c->out, json ? "{\"Metrics\":[" : "<Metrics>");
    for (size_t i = 0; i < cw->metric_count; i++) {
        const struct metric *m = &cw->metrics[i];
        if (m->region != c->region || (space.n && !evac_str_is(space, m->name_space)) ||
            (name.n && !evac_str_is(name, m->name)))
            continue;
        evac_buf_puts(&c->out, json ? (first ? "{" : ",{") : "<member>");
        if (json) {
            evac_buf_puts(&c->out, "\"Namespace\":");
            evac_buf_json(&c->out, evac_str(m->name_space));
            evac_buf_puts(&c->out, ",\"MetricName\":");
            evac_buf_json(&c->out, evac_str(m->name));
            evac_buf_putc(&c->out, ',');
        } else {
            sb_tag(&c->out, "Namespace", evac_str(m->name_space));
            sb_tag(&c->out, "MetricName", evac_str(m->name));
        }
        put_dimensions(c, m->dimensions);
        evac_buf_puts(&c->out, json ? "}" : "</member>");
        first = false;
    }
    evac_buf_puts(&c->out, json ? "]}" : "</Metrics>");
}

static void put_data(struct sb_call *c)
{
    struct evac_str space = sb_in(c, "Namespace");
    char path[64];
    if (space.n == 0 || !sb_has(c, "MetricData.1.MetricName"))
        sb_error(c, 400, "MissingParameter", "Namespace and MetricData are required.");
    for (int i = 1; !c->failed && i <= 1000 && sb_has(c, "MetricData.%d.MetricName", i); i++) {
        int64_t at = sb_wall_ms(c->sb);
        (void)snprintf(path, sizeof path, "MetricData.%d.Timestamp", i);
        (void)read_time(c, path, &at);
        (void)snprintf(path, sizeof path, "MetricData.%d.", i);
        struct evac_str dimensions = read_dimensions(c, path);
        (void)snprintf(path, sizeof path, "MetricData.%d.Value", i);
        sb_cloudwatch_put(c->sb, c->region, evac_arena_str(c->arena, space).p,
                          evac_arena_str(c->arena, sb_in(c, "MetricData.%d.MetricName", i)).p,
                          dimensions.p, read_number(c, path, 0), at);
    }
    if (c->failed)
        return;
    if (speaks_json(c))
        evac_buf_puts(&c->out, "{}");
    sb_effect(c);
}

/* --- alarms ---------------------------------------------------------------------------------- */

static struct alarm *find_alarm(const struct sb_call *c, struct evac_str name)
{
    struct cloudwatch *cw = state(c->sb);
    for (size_t i = 0; i < cw->alarm_count; i++)
        if (cw->alarms[i].region == c->region && evac_str_is(name, cw->alarms[i].name))
            return &cw->alarms[i];
    return NULL;
}

static bool compare(const struct alarm *a, double value)
{
    if (strcmp(a->comparison, "GreaterThanThreshold") == 0)
        return value > a->threshold;
    if (strcmp(a->comparison, "LessThanThreshold") == 0)
        return value < a->threshold;
    if (strcmp(a->comparison, "LessThanOrEqualToThreshold") == 0)
        return value <= a->threshold;
    return value >= a->threshold;
}

/* The newest whole periods decide: an alarm needs all of them, and some data. */
static void evaluate(struct sb_call *c, struct alarm *a)
{
    const struct metric *m = find(c->sb, a->region, evac_str(a->name_space), evac_str(a->metric),
                                  evac_str(a->dimensions));
    int64_t period = 1000 * a->period_s, now = sb_wall_ms(c->sb) / period * period;
    int64_t breaching = 0, known = 0;
    if (a->forced) {
        a->forced = false;
        return;
    }
    for (int64_t k = 1; m && k <= a->evaluation; k++) {
        struct statistic s = summarise(m, now - k * period, now - (k - 1) * period);
        known += s.n > 0;
        breaching += s.n > 0 && compare(a, value_of(&s, evac_str(a->statistic)));
    }
    const char *verdict = known == 0                   ? "INSUFFICIENT_DATA"
                          : breaching == a->evaluation ? "ALARM"
                                                       : "OK";
    if (strcmp(verdict, a->state) == 0)
        return;
    (void)evac_str_copy(a->state, sizeof a->state, evac_str(verdict));
    (void)evac_str_copy(a->reason, sizeof a->reason, EVAC_STR("Threshold evaluated"));
    a->updated_ms = sb_wall_ms(c->sb);
}

static void put_alarm_request(struct sb_call *c)
{
    struct cloudwatch *cw = state(c->sb);
    struct evac_str name = sb_in(c, "AlarmName");
    struct alarm *a = find_alarm(c, name);
    if (name.n == 0 || name.n >= NAME_BYTES || sb_in(c, "MetricName").n == 0 ||
        !is_statistic(sb_in(c, "Statistic")) || !is_period(sb_in_i64(c, "Period", 0)))
        sb_error(c, 400, "ValidationError",
                 "AlarmName, MetricName, Statistic and Period are needed, as in AWS's reference.");
    else if (!a && cw->alarm_count == ALARMS_MAX)
        sb_error(c, 400, "LimitExceeded", "The sandbox keeps %u alarms.", ALARMS_MAX);
    if (c->failed)
        return;
    if (!a)
        a = &cw->alarms[cw->alarm_count++];
    *a = (struct alarm){ .region = c->region,
                         .state = "INSUFFICIENT_DATA",
                         .reason = "Unchecked: Initial alarm creation",
                         .threshold = read_number(c, "Threshold", 0),
                         .period_s = sb_in_i64(c, "Period", 60),
                         .evaluation = sb_in_i64(c, "EvaluationPeriods", 1),
                         .updated_ms = sb_wall_ms(c->sb) };
    (void)evac_str_copy(a->name, sizeof a->name, name);
    (void)evac_str_copy(a->metric, sizeof a->metric, sb_in(c, "MetricName"));
    (void)evac_str_copy(a->name_space, sizeof a->name_space, sb_in(c, "Namespace"));
    (void)evac_str_copy(a->statistic, sizeof a->statistic, sb_in(c, "Statistic"));
    (void)evac_str_copy(a->comparison, sizeof a->comparison, sb_in(c, "ComparisonOperator"));
    (void)evac_str_copy(a->dimensions, sizeof a->dimensions, read_dimensions(c, ""));
    if (a->evaluation < 1 || a->evaluation > 100)
        a->evaluation = 1;
    if (speaks_json(c))
        evac_buf_puts(&c->out, "{}");
    sb_effect(c);
}

static struct evac_str alarm_arn(struct sb_call *c, const struct alarm *a)
{
    return evac_arena_printf(c->arena, "arn:aws:cloudwatch:%s:" SB_ACCOUNT ":alarm:%s",
                             sb_region_name(c->sb, a->region), a->name);
}

static void put_member(struct sb_call *c, const char *name, struct evac_str value)
{
    if (!speaks_json(c)) {
        sb_tag(&c->out, name, value);
        return;
    }
    evac_buf_putf(&c->out, "\"%s\":", name);
    evac_buf_json(&c->out, value);
    evac_buf_putc(&c->out, ',');
}

static void put_value(struct sb_call *c, const char *name, double value)
{
    if (speaks_json(c))
        evac_buf_putf(&c->out, "\"%s\":%.15g,", name, value);
    else
        sb_tagf(&c->out, name, "%.15g", value);
}

static void put_alarm(struct sb_call *c, const struct alarm *a, bool first)
{
    bool json = speaks_json(c);
    evac_buf_puts(&c->out, json ? (first ? "{" : ",{") : "<member>");
    put_member(c, "AlarmName", evac_str(a->name));
    put_member(c, "AlarmArn", alarm_arn(c, a));
    put_member(c, "StateValue", evac_str(a->state));
    put_member(c, "StateReason", evac_str(a->reason));
    put_member(c, "MetricName", evac_str(a->metric));
    put_member(c, "Namespace", evac_str(a->name_space));
    put_member(c, "Statistic", evac_str(a->statistic));
    put_member(c, "ComparisonOperator", evac_str(a->comparison));
    put_value(c, "Period", (double)a->period_s);
    put_value(c, "EvaluationPeriods", (double)a->evaluation);
    put_value(c, "Threshold", a->threshold);
    evac_buf_puts(&c->out, json ? "\"StateUpdatedTimestamp\":" : "<StateUpdatedTimestamp>");
    put_time(c, a->updated_ms);
    evac_buf_puts(&c->out, json ? "," : "</StateUpdatedTimestamp>");
    put_dimensions(c, a->dimensions);
    evac_buf_puts(&c->out, json ? "}" : "</member>");
}

/* A page of an answer: which alarm is next, and which are put. */
struct alarm_page {
    int64_t at, from, end;
};

static bool is_asked(const struct sb_call *c, const char *name)
{
    if (!sb_has(c, "AlarmNames.1"))
        return true;
    for (int i = 1; sb_has(c, "AlarmNames.%d", i); i++)
        if (evac_str_is(sb_in(c, "AlarmNames.%d", i), name))
            return true;
    return false;
}

static bool is_on_page(const struct sb_call *c, const char *name, struct alarm_page *page)
{
    if (!is_asked(c, name))
        return false;
    page->at++;
    return page->at > page->from && page->at <= page->end;
}

/* Whoever names no type is told of metric alarms alone. */
static bool is_type_asked(const struct sb_call *c, const char *type)
{
    if (!sb_has(c, "AlarmTypes.1"))
        return strcmp(type, "MetricAlarm") == 0;
    for (int i = 1; sb_has(c, "AlarmTypes.%d", i); i++)
        if (evac_str_is(sb_in(c, "AlarmTypes.%d", i), type))
            return true;
    return false;
}

static void put_made_alarms(struct sb_call *c, const char *kind, bool first,
                            struct alarm_page *page)
{
    bool json = speaks_json(c);
    struct sb_doc *d = NULL;
    while ((d = sb_doc_next(c->sb, c->id, c->region, kind, d))) {
        if (!is_type_asked(c, kind) || !is_on_page(c, d->name, page))
            continue;
        evac_buf_puts(&c->out, json ? (first ? "" : ",") : "<member>");
        if (json)
            sb_doc_put(&c->out, d, "");
        else
            sb_doc_xml(&c->out, d, NULL);
        evac_buf_puts(&c->out, json ? "" : "</member>");
        first = false;
    }
}

static void put_metric_alarms(struct sb_call *c, struct alarm_page *page)
{
    struct cloudwatch *cw = state(c->sb);
    bool first = true;
    for (size_t i = 0; i < cw->alarm_count; i++) {
        struct alarm *a = &cw->alarms[i];
        if (a->region != c->region || !is_type_asked(c, "MetricAlarm") ||
            !is_on_page(c, a->name, page))
            continue;
        evaluate(c, a);
        put_alarm(c, a, first);
        first = false;
    }
    put_made_alarms(c, "MetricAlarm", first, page);
}

/* A token is the number of alarms before its page. */
static void describe_alarms(struct sb_call *c)
{
    bool json = speaks_json(c);
    int64_t most = sb_in_i64(c, "MaxRecords", 50), from = sb_in_i64(c, "NextToken", 0);
    struct alarm_page page = { 0, from, from + most };
    if (most < 1 || most > 100 || from < 0) {
        sb_error(c, 400, "ValidationError", "MaxRecords: from 1 to 100.");
        return;
    }
    evac_buf_puts(&c->out, json ? "{\"CompositeAlarms\":[" : "<CompositeAlarms>");
    put_made_alarms(c, "CompositeAlarm", true, &page);
    evac_buf_puts(&c->out, json ? "],\"MetricAlarms\":[" : "</CompositeAlarms><MetricAlarms>");
    put_metric_alarms(c, &page);
    evac_buf_puts(&c->out, json ? "]" : "</MetricAlarms>");
    if (page.at > page.end && json)
        evac_buf_putf(&c->out, ",\"NextToken\":\"%lld\"", (long long)page.end);
    else if (page.at > page.end)
        sb_tagf(&c->out, "NextToken", "%lld", (long long)page.end);
    evac_buf_puts(&c->out, json ? "}" : "");
}

static void set_state(struct sb_call *c)
{
    struct alarm *a = find_alarm(c, sb_in(c, "AlarmName"));
    struct evac_str value = sb_in(c, "StateValue");
    if (!a)
        sb_error(c, 404, "ResourceNotFound", "Unknown alarm");
    else if (!evac_str_is(value, "OK") && !evac_str_is(value, "ALARM") &&
             !evac_str_is(value, "INSUFFICIENT_DATA"))
        sb_error(c, 400, "ValidationError", "StateValue: OK, ALARM or INSUFFICIENT_DATA");
    if (c->failed)
        return;
    (void)evac_str_copy(a->state, sizeof a->state, value);
    (void)evac_str_copy(a->reason, sizeof a->reason, sb_in(c, "StateReason"));
    a->updated_ms = sb_wall_ms(c->sb);
    a->forced = true;
    if (speaks_json(c))
        evac_buf_puts(&c->out, "{}");
    sb_effect(c);
}

static void delete_alarms(struct sb_call *c)
{
    struct cloudwatch *cw = state(c->sb);
    for (int i = 1; sb_has(c, "AlarmNames.%d", i); i++) {
        struct alarm *a = find_alarm(c, sb_in(c, "AlarmNames.%d", i));
        if (!a) {
            sb_error(c, 404, "ResourceNotFound", "Unknown alarm");
            return;
        }
        size_t at = (size_t)(a - cw->alarms);
        memmove(a, a + 1, (cw->alarm_count - at - 1) * sizeof *a);
        cw->alarm_count--;
        sb_effect(c);
    }
    if (speaks_json(c))
        evac_buf_puts(&c->out, "{}");
}

/* Rates: AWS.md 1.11. */
/* clang-format off */
static const struct sb_operation operations[] = {
    { .name = "GetMetricData",       .handle = get_data },
    { .name = "GetMetricStatistics", .handle = get_statistics },
    { .name = "ListMetrics",         .handle = list_metrics },
    { .name = "PutMetricData",       .handle = put_data,          .flags = SB_MUTATES },
    { .name = "PutMetricAlarm",      .handle = put_alarm_request, .flags = SB_MUTATES },
    { .name = "DescribeAlarms",      .handle = describe_alarms,   .flags = SB_STRONG },
    { .name = "SetAlarmState",       .handle = set_state,         .flags = SB_MUTATES },
    { .name = "DeleteAlarms",        .handle = delete_alarms,     .flags = SB_MUTATES },
    { 0 },
};
/* clang-format on */

static const struct sb_kind kinds[] = {
#define ALARM                                                                                      \
    "{\"AlarmName\":\"{name}\",\"AlarmArn\":\"arn:aws:cloudwatch:{region}:{account}:alarm:{name}"  \
    "\","                                                                                          \
    "\"StateValue\":\"OK\",\"StateReason\":\"made so\",\"ActionsEnabled\":true}"
    { "MetricAlarm", ALARM, false, NULL },
    { "CompositeAlarm", ALARM, false, NULL },
#undef ALARM
    { 0 },
};

static enum evac_code make(struct evac_sandbox *sb, size_t region, const struct evac_json *json,
                           struct evac_err *err)
{
    return sb_docs_make(sb, SB_CLOUDWATCH, kinds, region, json, err);
}

const struct sb_service sb_service_cloudwatch = {
    .signing_name = "monitoring",
    .row = "cloudwatch",
    .xmlns = "http://monitoring.amazonaws.com/doc/2010-08-01/",
    .operations = operations,
    .create = create,
    .destroy = destroy,
    .make = make,
};

#include "exposition.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char evac_exposition_text[] = "text/plain; version=0.0.4; charset=utf-8";
const char evac_exposition_open[] = "application/openmetrics-text; version=1.0.0; charset=utf-8";

static const char *const type_names[] = { [EVAC_METRIC_GAUGE] = "gauge",
                                          [EVAC_METRIC_COUNTER] = "counter",
                                          [EVAC_METRIC_HISTOGRAM] = "histogram" };

bool evac_exposition_wants_open(struct evac_str accept)
{
    return evac_str_has(accept, "application/openmetrics-text");
}

void evac_histogram_add(struct evac_histogram *h, double value)
{
    size_t i = 0;
    while (i < h->bound_count && value > h->bounds[i])
        i++;
    h->counts[i]++;
    h->sum += value;
}

uint64_t evac_histogram_count(const struct evac_histogram *h)
{
    uint64_t n = 0;
    for (size_t i = 0; i <= h->bound_count; i++)
        n += h->counts[i];
    return n;
}

/* Both formats: backslash and newline; in a label's value the quote, too. OpenMetrics wants it in a
 * help text as well, where the older format takes it as it is. */
static void put_escaped(struct evac_buf *out, struct evac_str text, bool quote)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '\n')
            evac_buf_puts(out, "\\n");
        else if (c == '\\' || (c == '"' && quote))
            evac_buf_put(out, (char[]){ '\\', c }, 2);
        else
            evac_buf_putc(out, c);
    }
}

/* Numbers are whole more often than not. A bound of a bucket is always a float: "1.0". */
static void put_number(struct evac_buf *out, double value, bool bound)
{
    if (value == floor(value) && fabs(value) < 1e15)
        evac_buf_putf(out, bound ? "%.1f" : "%.0f", value);
    else
        evac_buf_putf(out, "%.15g", value);
}

void evac_exposition_metric(struct evac_exposition *e, const char *name, enum evac_metric_type type,
                            const char *help)
{
    size_t n = strlen(name);
    e->name = name;
    e->type = type;
    if (e->open_metrics && type == EVAC_METRIC_COUNTER)
        n -= strlen("_total");
    evac_buf_putf(e->out, "# HELP %.*s ", (int)n, name);
    put_escaped(e->out, evac_str(help), e->open_metrics);
    evac_buf_putf(e->out, "\n# TYPE %.*s %s\n", (int)n, name, type_names[type]);
}

static bool take_room(struct evac_exposition *e, size_t series)
{
    if (!e->unlimited && e->series + series > e->series_max) {
        e->dropped += series;
        return false;
    }
    e->series += series;
    return true;
}

static void put_labels(struct evac_buf *out, const struct evac_label *labels, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        evac_buf_putc(out, i ? ',' : '{');
        evac_buf_puts(out, labels[i].name);
        evac_buf_puts(out, "=\"");
        put_escaped(out, labels[i].value, true);
        evac_buf_putc(out, '"');
    }
}

static void put_line(struct evac_exposition *e, const char *suffix, const struct evac_label *labels,
                     size_t count, double value)
{
    evac_buf_puts(e->out, e->name);
    evac_buf_puts(e->out, suffix);
    put_labels(e->out, labels, count);
    evac_buf_puts(e->out, count ? "} " : " ");
    put_number(e->out, value, false);
    evac_buf_putc(e->out, '\n');
}

void evac_exposition_sample(struct evac_exposition *e, const struct evac_label *labels,
                            size_t label_count, double value)
{
    if (take_room(e, 1))
        put_line(e, "", labels, label_count, value);
}

static void put_bucket(struct evac_exposition *e, const struct evac_label *labels, size_t count,
                       const double *bound, uint64_t below)
{
    evac_buf_puts(e->out, e->name);
    evac_buf_puts(e->out, "_bucket");
    put_labels(e->out, labels, count);
    evac_buf_puts(e->out, count ? ",le=\"" : "{le=\"");
    if (bound)
        put_number(e->out, *bound, true);
    else
        evac_buf_puts(e->out, "+Inf");
    evac_buf_putf(e->out, "\"} %llu\n", (unsigned long long)below);
}

void evac_exposition_histogram(struct evac_exposition *e, const struct evac_label *labels,
                               size_t label_count, const struct evac_histogram *h)
{
    uint64_t below = 0;
    if (!take_room(e, h->bound_count + 3))
        return;
    for (size_t i = 0; i <= h->bound_count; i++) {
        below += h->counts[i];
        put_bucket(e, labels, label_count, i < h->bound_count ? &h->bounds[i] : NULL, below);
    }
    put_line(e, "_sum", labels, label_count, h->sum);
    put_line(e, "_count", labels, label_count, (double)below);
}

void evac_exposition_end(struct evac_exposition *e)
{
    if (e->open_metrics)
        evac_buf_puts(e->out, "# EOF\n");
}

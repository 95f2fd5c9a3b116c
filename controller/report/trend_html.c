/* The trend as one page: charts over time with their numbers beside them. */
#include "report_page.h"
#include "report_proof.h"
#include "report_show.h"
#include "trend.h"

#include <stdio.h>

#define W      1040
#define LEFT   70
#define RIGHT  20
#define H      230
#define TOP    24
#define BOTTOM 190
#define DAY_MS ((int64_t)86400000)

struct span {
    int64_t from, to;
};

static struct span span_of(const struct evac_trend *t)
{
    struct span s = { t->since_ms, t->as_of_ms };
    if (s.from == 0 && t->run_count)
        s.from = t->runs[0].began_ms;
    if (t->since_ms == 0 && t->drill_count && (s.from == 0 || t->drills[0].at_ms < s.from))
        s.from = t->drills[0].at_ms;
    if (s.from == 0 || s.to - s.from < DAY_MS)
        s.from = s.to - DAY_MS;
    return s;
}

static double x_of(const struct span *s, int64_t at_ms)
{
    double part = (double)(at_ms - s->from) / (double)(s->to - s->from);
    return LEFT + (part < 0 ? 0 : part > 1 ? 1 : part) * (W - LEFT - RIGHT);
}

/* Six dates along the foot. */
static void put_dates(const struct span *s, int bottom, struct evac_buf *out)
{
    for (int i = 0; i <= 5; i++) {
        char date[32];
        int64_t at = s->from + (s->to - s->from) / 5 * i;
        show_date(at, date, sizeof date);
        evac_buf_putf(out, "<text class=dim x=%.1f y=%d text-anchor=%s>%s</text>", x_of(s, at),
                      bottom + 20,
                      i == 0   ? "start"
                      : i == 5 ? "end"
                               : "middle",
                      date);
    }
    evac_buf_putf(out, "<line x1=%d x2=%d y1=%d y2=%d />", LEFT, W - RIGHT, bottom, bottom);
}

/* --- times and losses ------------------------------------------------------------------------- */

struct measure {
    const char *title;
    bool rto;
};

static bool known(const struct evac_trend_run *r, bool rto)
{
    return r->moves && (rto ? r->rto_known : r->rpo_known);
}

static int64_t value(const struct evac_trend_run *r, bool rto)
{
    return rto ? r->rto_ms : r->rpo_ms;
}

static int64_t goal(const struct evac_trend_run *r, bool rto)
{
    return rto ? r->rto_objective_ms : r->rpo_objective_ms;
}

static int64_t top_of(const struct evac_trend *t, bool rto)
{
    int64_t top = 1;
    for (size_t i = 0; i < t->run_count; i++) {
        const struct evac_trend_run *r = &t->runs[i];
        if (r->moves && goal(r, rto) > top)
            top = goal(r, rto);
        if (known(r, rto) && value(r, rto) > top)
            top = value(r, rto);
    }
    return top + top / 12;
}

static double y_of(int64_t v, int64_t top)
{
    return BOTTOM - (double)v / (double)top * (BOTTOM - TOP);
}

/* The objective may change: each run has its own, a line from run to run. */
static void put_goal(const struct evac_trend *t, const struct span *s, bool rto, int64_t top,
                     struct evac_buf *out)
{
    double x = LEFT;
    const struct evac_trend_run *last = NULL;
    for (size_t i = 0; i < t->run_count; i++) {
        const struct evac_trend_run *r = &t->runs[i];
        if (!r->moves)
            continue;
        double to = x_of(s, r->began_ms);
        int64_t g = goal(last ? last : r, rto);
        evac_buf_putf(out, "<line class=goal x1=%.1f x2=%.1f y1=%.1f y2=%.1f />", x, to,
                      y_of(g, top), y_of(g, top));
        x = to;
        last = r;
    }
    if (!last)
        return;
    char text[32];
    double y = y_of(goal(last, rto), top);
    show_duration(true, goal(last, rto), text, sizeof text);
    evac_buf_putf(out,
                  "<line class=goal x1=%.1f x2=%d y1=%.1f y2=%.1f /><text x=0 y=%.1f>%s</text>", x,
                  W - RIGHT, y, y, y + 4, text);
}

/* A real run is a square, a drill a circle; what is missed is red and says so. */
static void put_mark(const struct evac_trend_run *r, const struct span *s, bool rto, int64_t top,
                     struct evac_buf *out)
{
    char text[32], date[32];
    bool is_known = known(r, rto), good = is_known && value(r, rto) <= goal(r, rto);
    bool real = evac_str_is(r->kind, "failover") || evac_str_is(r->kind, "failback");
    double x = x_of(s, r->began_ms), y = is_known ? y_of(value(r, rto), top) : BOTTOM - 8;
    const char *class = !is_known ? "none" : good ? "bar" : "fail";
    show_duration(is_known, value(r, rto), text, sizeof text);
    show_date(r->began_ms, date, sizeof date);
    if (real)
        evac_buf_putf(out, "<rect class=%s x=%.1f y=%.1f width=11 height=11>", class, x - 5.5,
                      y - 5.5);
    else
        evac_buf_putf(out, "<circle class=%s cx=%.1f cy=%.1f r=6>", class, x, y);
    evac_buf_putf(out, "<title>run %llu, %.*s, %s: %s</title></%s>", (unsigned long long)r->run,
                  EVAC_STR_ARG(r->kind), date, text, real ? "rect" : "circle");
    evac_buf_putf(out, "<text x=%.1f y=%.1f text-anchor=%s>%s%s</text>", x, y - 10,
                  x > W - 80      ? "end"
                  : x < LEFT + 30 ? "start"
                                  : "middle",
                  text, is_known && !good ? " missed" : "");
}

static void put_chart(const struct evac_trend *t, const struct measure *m, struct evac_buf *out)
{
    struct span s = span_of(t);
    int64_t top = top_of(t, m->rto);
    double before = 0, before_y = 0;
    evac_buf_putf(out,
                  "<h2>%s</h2><div class=wide tabindex=0><svg viewBox='0 0 %d %d' role=img "
                  "style='min-width:720px' aria-label='%s over time; the table below has the same "
                  "numbers'>",
                  m->title, W, H, m->title);
    put_dates(&s, BOTTOM, out);
    put_goal(t, &s, m->rto, top, out);
    for (size_t i = 0; i < t->run_count; i++) {
        const struct evac_trend_run *r = &t->runs[i];
        if (!known(r, m->rto))
            continue;
        double x = x_of(&s, r->began_ms), y = y_of(value(r, m->rto), top);
        if (before > 0)
            evac_buf_putf(out, "<line class=path x1=%.1f x2=%.1f y1=%.1f y2=%.1f />", before, x,
                          before_y, y);
        before = x;
        before_y = y;
    }
    for (size_t i = 0; i < t->run_count; i++)
        if (t->runs[i].moves && t->runs[i].over)
            put_mark(&t->runs[i], &s, m->rto, top, out);
    evac_buf_puts(out, "</svg></div>");
}

/* --- deficiencies ----------------------------------------------------------------------------- */

#define LOW_H 96

static void put_open(const struct evac_trend *t, struct evac_buf *out)
{
    struct span s = span_of(t);
    unsigned most = 1, open = 0;
    for (size_t i = 0; i < t->point_count; i++)
        most = t->points[i].open > most ? t->points[i].open : most;
    evac_buf_putf(
        out,
        "<h2>Open deficiencies</h2><div class=wide tabindex=0><svg viewBox='0 0 %d %d' role=img "
        "style='min-width:720px' aria-label='how many deficiencies were open over time'>",
        W, LOW_H + 24);
    put_dates(&s, LOW_H, out);
    evac_buf_putf(out, "<path class=path d='M%d %d", LEFT, LOW_H);
    for (size_t i = 0; i < t->point_count; i++) {
        const struct evac_trend_point *p = &t->points[i];
        double y = LOW_H - 70.0 * p->open / most;
        evac_buf_putf(out, " H%.1f V%.1f", x_of(&s, p->at_ms), y);
        open = p->open;
    }
    evac_buf_putf(out,
                  " H%d'/><text x=%d y=%.1f text-anchor=end>%u</text><text x=0 y=30>%u</text>"
                  "<text x=0 y=%d>0</text></svg></div>",
                  W - RIGHT, W - RIGHT - 8, LOW_H - 70.0 * open / most - 6, open, most, LOW_H);
}

/* --- tables ----------------------------------------------------------------------------------- */

static void put_measure(const struct evac_trend_run *r, bool rto, struct evac_buf *out)
{
    char text[32];
    bool is_known = known(r, rto), good = is_known && value(r, rto) <= goal(r, rto);
    show_duration(is_known, value(r, rto), text, sizeof text);
    if (!r->moves)
        evac_buf_puts(out, "<td class=n>–");
    else
        evac_buf_putf(out, "<td class='n %s'>%s%s",
                      !is_known ? "warn"
                      : good    ? "good"
                                : "bad",
                      text, is_known ? good ? ", met" : ", missed" : "");
}

static void put_runs(const struct evac_trend *t, struct evac_buf *out)
{
    evac_buf_puts(
        out, "<h2>Runs and drills</h2><div class=wide tabindex=0><table><thead><tr><th scope=col>"
             "date<th scope=col>run<th scope=col>kind<th scope=col>RTO<th scope=col>RPO"
             "<th scope=col>criteria met<th scope=col>result<th scope=col>started by"
             "</thead><tbody>");
    for (size_t i = 0; i < t->run_count; i++) {
        const struct evac_trend_run *r = &t->runs[i];
        char date[32];
        show_date(r->began_ms, date, sizeof date);
        evac_buf_putf(out, "<tr><td class=n>%s<td class=n>%llu", date, (unsigned long long)r->run);
        page_cell(out, r->kind);
        put_measure(r, true, out);
        put_measure(r, false, out);
        evac_buf_putf(out, "<td class=n>%u of %u", r->judged[EVAC_JUDGED_MET],
                      r->judged[0] + r->judged[1] + r->judged[2]);
        page_cell(out, r->result);
        page_cell(out, r->who);
    }
    evac_buf_puts(out, "</tbody></table></div>");
}

static void put_parts(const struct evac_trend *t, struct evac_buf *out)
{
    evac_buf_puts(
        out,
        "<h2>Where the time went</h2><div class=wide tabindex=0><table><thead><tr><th scope=col>"
        "run");
    for (size_t k = 0; k < evac_report_part_count; k++)
        evac_buf_putf(out, "<th scope=col>%s", evac_report_parts[k].name);
    evac_buf_puts(out, "</thead><tbody>");
    for (size_t i = 0; i < t->run_count; i++) {
        const struct evac_trend_run *r = &t->runs[i];
        if (!r->moves)
            continue;
        evac_buf_putf(out, "<tr><th scope=row>%llu", (unsigned long long)r->run);
        for (size_t k = 0; k < evac_report_part_count && k < EVAC_TREND_PARTS_MAX; k++) {
            char text[32];
            show_duration(true, r->parts_ms[k], text, sizeof text);
            evac_buf_putf(out, "<td class=n>%s", r->parts_ms[k] < 0 ? "–" : text);
        }
    }
    evac_buf_puts(out, "</tbody></table></div>");
}

static void put_calendar(const struct evac_trend *t, struct evac_buf *out)
{
    if (t->drill_count == 0)
        return;
    evac_buf_puts(out, "<h2>Drills of the calendar</h2><p>");
    for (size_t i = 0; evac_trend_drill_words[i]; i++)
        evac_buf_putf(out, "%s%zu %s", i ? ", " : "",
                      evac_trend_count(t, evac_trend_drill_words[i]), evac_trend_drill_words[i]);
    evac_buf_puts(
        out,
        "</p><div class=wide tabindex=0><table><thead><tr><th scope=col>date<th scope=col>kind<th "
        "scope=col>what became of it<th scope=col>run<th scope=col>why</thead><tbody>");
    for (size_t i = 0; i < t->drill_count; i++) {
        const struct evac_trend_drill *d = &t->drills[i];
        char date[32], run[32] = "";
        show_date(d->at_ms, date, sizeof date);
        if (d->run)
            snprintf(run, sizeof run, "%llu", (unsigned long long)d->run);
        evac_buf_putf(out, "<tr><td class=n>%s", date);
        page_cell(out, d->kind);
        page_cell(out, d->what);
        evac_buf_putf(out, "<td class=n>%s", run);
        page_cell(out, d->why);
    }
    evac_buf_puts(out, "</tbody></table></div>");
}

/* --- the page --------------------------------------------------------------------------------- */

static void put_head(const struct evac_trend *t, struct evac_buf *out)
{
    char title[180], header[260], from[32], to[32];
    struct span s = span_of(t);
    show_date(s.from, from, sizeof from);
    show_date(s.to, to, sizeof to);
    snprintf(title, sizeof title, "Trend of %.*s", EVAC_STR_ARG(t->app));
    snprintf(header, sizeof header, "%s, %s to %s", title, from, to);
    page_begin(out, evac_str(title), evac_str(header));
    evac_buf_puts(out, "<h1>");
    page_text(out, evac_str(title));
    evac_buf_putf(out, "</h1><p class=sub>%s to %s: %zu runs and drills</p>", from, to,
                  t->run_count);
}

void evac_trend_html(const struct evac_trend *t, struct evac_buf *out)
{
    static const struct measure rto = { "RTO", true }, rpo = { "RPO, the worst store", false };
    put_head(t, out);
    evac_buf_puts(out, "<p class=key><i style='background:var(--bar);margin-left:0'></i>met<i "
                       "style='background:var(--bad)'></i>missed; square: a real run, circle: a "
                       "drill; dashed: the objective</p>");
    put_chart(t, &rto, out);
    put_chart(t, &rpo, out);
    put_open(t, out);
    put_runs(t, out);
    put_parts(t, out);
    put_calendar(t, out);
    evac_buf_puts(out, "<h2>Deficiencies</h2>");
    proof_deficiencies(t->deficiencies, t->as_of_ms, true, out);
    evac_buf_puts(out, "<footer>Read from the journal; 'evac evidence export' makes it a signed "
                       "bundle.</footer>");
    page_end(out);
}

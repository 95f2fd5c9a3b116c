#include "trend_chart.h"

#include "report_page.h"
#include "report_show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define W         1040
#define LEFT      86
#define RIGHT     24
#define TOP       34
#define FOOT      30 /* below an axis, for its dates */
#define DAY_MS    INT64_C(86400000)
#define DAYS_MAX  4000 /* of an axis with months */
#define TICKS_MAX 8
#define LABEL_PX  6.6 /* an average letter's width */

/* --- over time -------------------------------------------------------------------------------- */

struct trend_span trend_span(const struct evac_trend *t)
{
    struct trend_span s = { t->since_ms, t->as_of_ms };
    if (s.from == 0 && t->run_count)
        s.from = t->runs[0].began_ms;
    if (t->since_ms == 0 && t->drill_count && (s.from == 0 || t->drills[0].at_ms < s.from))
        s.from = t->drills[0].at_ms;
    if (s.from == 0 || s.to - s.from < DAY_MS)
        s.from = s.to - DAY_MS;
    return s;
}

static double x_of(const struct trend_span *s, int64_t at_ms)
{
    double part = (double)(at_ms - s->from) / (double)(s->to - s->from);
    return LEFT + (part < 0 ? 0 : part > 1 ? 1 : part) * (W - LEFT - RIGHT);
}

static const char *anchor(double x)
{
    return x > W - RIGHT - 40 ? "end" : x < LEFT + 30 ? "start" : "middle";
}

static void put_tick(double x, int bottom, const char *text, struct evac_buf *out)
{
    evac_buf_putf(out,
                  "<line x1=%.1f x2=%.1f y1=%d y2=%d /><text class=dim x=%.1f y=%d "
                  "text-anchor=middle>%s</text>",
                  x, x, TOP - 16, bottom, x, bottom + 18, text);
}

/* "Jan 2027" on the first of a month, "Feb" on the others. */
static void put_months(const struct trend_span *s, int bottom, int every, struct evac_buf *out)
{
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    bool first = true;
    for (int64_t at = s->from - s->from % DAY_MS + DAY_MS; at < s->to; at += DAY_MS) {
        char date[32], text[32];
        show_date(at, date, sizeof date);
        int month = (date[5] - '0') * 10 + date[6] - '0' - 1;
        double x = x_of(s, at);
        if (strcmp(date + 8, "01") != 0 || month % every != 0 || x > W - RIGHT - 20)
            continue;
        snprintf(text, sizeof text, "%s%s%.4s", months[month % 12], first || month == 0 ? " " : "",
                 first || month == 0 ? date : "");
        put_tick(x, bottom, text, out);
        first = false;
    }
}

static void put_axis(const struct trend_span *s, int bottom, struct evac_buf *out)
{
    static const int steps[] = { 1, 2, 3, 6, 12 };
    int64_t days = (s->to - s->from) / DAY_MS;
    size_t i = 0;
    evac_buf_putf(out, "<line x1=%d x2=%d y1=%d y2=%d />", LEFT, W - RIGHT, bottom, bottom);
    while (i < 4 && days / 30 / steps[i] > TICKS_MAX)
        i++;
    if (days > 62 && days <= DAYS_MAX) {
        put_months(s, bottom, steps[i], out);
        return;
    }
    for (int k = 0; k < 5; k++) {
        char date[32];
        int64_t at = s->from + (s->to - s->from) / 5 * k + (s->to - s->from) / 10;
        show_date(at, date, sizeof date);
        put_tick(x_of(s, at), bottom, date, out);
    }
}

static void begin_chart(const char *title, const char *about, int height, struct evac_buf *out)
{
    evac_buf_putf(out,
                  "<h2>%s</h2><div class=wide tabindex=0><svg viewBox='0 0 %d %d' role=img "
                  "style='min-width:720px' aria-label='%s over time; the tables below have the "
                  "same'>",
                  title, W, height, about);
}

/* --- labels that do not lie upon each other --------------------------------------------------- */

struct labels {
    int bottom; /* of the chart: nothing lies below it */
    struct {
        double from, to, y;
    } taken[200];
    size_t count;
};

static bool is_free(const struct labels *l, double from, double to, double y)
{
    for (size_t i = 0; i < l->count; i++)
        if (from < l->taken[i].to && to > l->taken[i].from && y < l->taken[i].y + 13 &&
            y > l->taken[i].y - 13)
            return false;
    return true;
}

/* Above its mark, else below, else higher up; nowhere when all that is taken: the table has it. */
static void put_label(struct labels *l, double x, double y, const char *class, const char *text,
                      struct evac_buf *out)
{
    static const double places[] = { -11, 21, -25, 35 };
    double wide = LABEL_PX * (double)strlen(text);
    double from = strcmp(anchor(x), "end") == 0     ? x - wide
                  : strcmp(anchor(x), "start") == 0 ? x
                                                    : x - wide / 2;
    for (size_t i = 0; i < 4 && l->count < 200; i++) {
        if (!is_free(l, from, from + wide, y + places[i]) || y + places[i] < 10 ||
            y + places[i] > l->bottom)
            continue;
        l->taken[l->count].from = from;
        l->taken[l->count].to = from + wide;
        l->taken[l->count++].y = y + places[i];
        evac_buf_putf(out, "<text class='%s' x=%.1f y=%.1f text-anchor=%s>%s</text>", class, x,
                      y + places[i], anchor(x), text);
        return;
    }
}

/* --- times and losses ------------------------------------------------------------------------- */

bool trend_known(const struct evac_trend_run *r, bool rto)
{
    return r->moves && (rto ? r->rto_known : r->rpo_known);
}

int64_t trend_value(const struct evac_trend_run *r, bool rto)
{
    return rto ? r->rto_ms : r->rpo_ms;
}

int64_t trend_goal(const struct evac_trend_run *r, bool rto)
{
    return rto ? r->rto_objective_ms : r->rpo_objective_ms;
}

struct times {
    const struct evac_trend *t;
    bool rto;
    struct trend_span span;
    int64_t top;
    int bottom;
    struct labels labels;
};

static int64_t top_of(const struct evac_trend *t, bool rto)
{
    int64_t top = 1;
    for (size_t i = 0; i < t->run_count; i++) {
        const struct evac_trend_run *r = &t->runs[i];
        if (r->moves && trend_goal(r, rto) > top)
            top = trend_goal(r, rto);
        if (trend_known(r, rto) && trend_value(r, rto) > top)
            top = trend_value(r, rto);
    }
    return top + top / 10;
}

static double y_of(const struct times *c, int64_t v)
{
    return c->bottom - (double)v / (double)c->top * (c->bottom - TOP);
}

static void put_goal_part(const struct times *c, double from, double to, int64_t goal,
                          struct evac_buf *out)
{
    double y = y_of(c, goal);
    evac_buf_putf(out,
                  "<rect class=over x=%.1f y=%d width=%.1f height=%.1f />"
                  "<line class=goal x1=%.1f x2=%.1f y1=%.1f y2=%.1f />",
                  from, TOP - 16, to - from, y - TOP + 16, from, to, y, y);
}

/* The objective may change: each run has its own, a line from run to run; what is above misses. */
static void put_goal(const struct times *c, struct evac_buf *out)
{
    double x = LEFT;
    char text[32];
    const struct evac_trend_run *last = NULL;
    for (size_t i = 0; i < c->t->run_count; i++) {
        const struct evac_trend_run *r = &c->t->runs[i];
        if (!r->moves || (last && trend_goal(r, c->rto) == trend_goal(last, c->rto)))
            continue;
        if (last) {
            put_goal_part(c, x, x_of(&c->span, r->began_ms), trend_goal(last, c->rto), out);
            x = x_of(&c->span, r->began_ms);
        }
        last = r;
    }
    if (!last)
        return;
    int64_t goal = trend_goal(last, c->rto);
    put_goal_part(c, x, W - RIGHT, goal, out);
    show_duration(true, goal, text, sizeof text);
    evac_buf_putf(out,
                  "<text x=%d y=%.1f text-anchor=end>%s</text><text class=dim x=%d y=%.1f "
                  "text-anchor=end>objective</text><text class=dim x=%d y=%d "
                  "text-anchor=end>0</text>",
                  LEFT - 10, y_of(c, goal) + 4, text, LEFT - 10, y_of(c, goal) + 19, LEFT - 10,
                  c->bottom + 4);
}

static void put_path(const struct times *c, struct evac_buf *out)
{
    const char *verb = "M";
    evac_buf_puts(out, "<path class=path d='");
    for (size_t i = 0; i < c->t->run_count; i++) {
        const struct evac_trend_run *r = &c->t->runs[i];
        if (!trend_known(r, c->rto))
            continue;
        evac_buf_putf(out, "%s%.1f %.1f", verb, x_of(&c->span, r->began_ms),
                      y_of(c, trend_value(r, c->rto)));
        verb = " L";
    }
    evac_buf_puts(out, "'/>");
}

/* A real run is a square, a drill a circle; what is missed is red and says so. */
static void put_mark(struct times *c, const struct evac_trend_run *r, struct evac_buf *out)
{
    char text[32], date[32], label[48];
    bool is_known = trend_known(r, c->rto);
    bool good = is_known && trend_value(r, c->rto) <= trend_goal(r, c->rto);
    bool real = evac_str_is(r->kind, "failover") || evac_str_is(r->kind, "failback");
    double x = x_of(&c->span, r->began_ms);
    double y = is_known ? y_of(c, trend_value(r, c->rto)) : c->bottom - 8;
    const char *class = !is_known ? "none" : good ? "bar" : "fail";
    show_duration(is_known, trend_value(r, c->rto), text, sizeof text);
    show_date(r->began_ms, date, sizeof date);
    if (real)
        evac_buf_putf(out, "<rect class=%s x=%.1f y=%.1f width=12 height=12>", class, x - 6, y - 6);
    else
        evac_buf_putf(out, "<circle class=%s cx=%.1f cy=%.1f r=6>", class, x, y);
    evac_buf_putf(out, "<title>run %llu, %.*s, %s: %s</title></%s>", (unsigned long long)r->run,
                  EVAC_STR_ARG(r->kind), date, text, real ? "rect" : "circle");
    snprintf(label, sizeof label, "%s%s", text, is_known && !good ? " missed" : "");
    put_label(&c->labels, x, y, !is_known ? "dim" : good ? "" : "fail", label, out);
}

/* Both legs of one day that took the same are one mark. */
static bool is_again(const struct evac_trend *t, size_t i, bool rto)
{
    const struct evac_trend_run *a = i ? &t->runs[i - 1] : NULL, *b = &t->runs[i];
    return a && a->began_ms / DAY_MS == b->began_ms / DAY_MS && a->over &&
           evac_str_eq(a->kind, b->kind) && trend_known(a, rto) && trend_known(b, rto) &&
           trend_value(a, rto) / 1000 == trend_value(b, rto) / 1000;
}

void trend_chart_times(const struct evac_trend *t, bool rto, struct evac_buf *out)
{
    struct times c = {
        .t = t, .rto = rto, .span = trend_span(t), .top = top_of(t, rto), .bottom = rto ? 216 : 140
    };
    c.labels.bottom = c.bottom;
    begin_chart(rto ? "RTO" : "RPO, the worst store", rto ? "RTO" : "RPO", c.bottom + FOOT, out);
    put_axis(&c.span, c.bottom, out);
    put_goal(&c, out);
    put_path(&c, out);
    for (size_t i = 0; i < t->run_count; i++)
        if (t->runs[i].moves && t->runs[i].over && !is_again(t, i, rto))
            put_mark(&c, &t->runs[i], out);
    evac_buf_puts(out, "</svg></div>");
}

/* --- drills of the calendar ------------------------------------------------------------------- */

#define LANE     30
#define LANES    6
#define LANE_TOP 20

static const struct {
    const char *what, *class, *sign;
} ends[] = {
    { "succeeded", "ok", "" },        { "failed", "fail", "×" },  { "stranded", "fail", "!" },
    { "interrupted", "halted", "!" }, { "skipped", "none", "–" }, { "missed", "none", "?" },
};

static size_t lane_of(struct evac_str kind, struct evac_str kinds[LANES], size_t *count)
{
    size_t i = 0;
    while (i < *count && !evac_str_eq(kinds[i], kind))
        i++;
    if (i == *count && i < LANES)
        kinds[(*count)++] = kind;
    return i;
}

static void put_drill(const struct trend_span *s, const struct evac_trend_drill *d, size_t lane,
                      size_t end, struct evac_buf *out)
{
    char date[32];
    double x = x_of(s, d->at_ms), y = LANE_TOP + LANE * (double)lane + LANE / 2.0;
    show_date(d->at_ms, date, sizeof date);
    evac_buf_putf(out, "<circle class=%s cx=%.1f cy=%.1f r=8><title>%s, ", ends[end].class, x, y,
                  date);
    page_text(out, d->what);
    if (d->why.n) {
        evac_buf_puts(out, ": ");
        page_text(out, d->why);
    }
    evac_buf_putf(out,
                  "</title></circle><text x=%.1f y=%.1f class=sign text-anchor=middle>%s</text>", x,
                  y + 4, ends[end].sign);
    if (ends[end].sign[0])
        evac_buf_putf(out, "<text class=dim x=%.1f y=%.1f text-anchor=%s>%s</text>",
                      x > W - 120 ? x - 13 : x + 13, y + 4, x > W - 120 ? "end" : "start",
                      ends[end].what);
}

void trend_chart_drills(const struct evac_trend *t, struct evac_buf *out)
{
    struct trend_span s = trend_span(t);
    struct evac_str kinds[LANES];
    size_t lanes = 0;
    for (size_t i = 0; i < t->drill_count; i++)
        (void)lane_of(t->drills[i].kind, kinds, &lanes);
    if (lanes == 0)
        return;
    int bottom = LANE_TOP + LANE * (int)lanes + 4;
    begin_chart("Drills of the calendar", "drills", bottom + FOOT, out);
    put_axis(&s, bottom, out);
    for (size_t i = 0; i < lanes; i++) {
        evac_buf_putf(out, "<text x=%d y=%zu text-anchor=end>", LEFT - 10,
                      LANE_TOP + LANE * i + LANE / 2 + 4);
        page_text(out, kinds[i]);
        evac_buf_puts(out, "</text>");
    }
    for (size_t i = 0; i < t->drill_count; i++) {
        size_t lane = lane_of(t->drills[i].kind, kinds, &lanes);
        for (size_t e = 0; lane < lanes && e < sizeof ends / sizeof ends[0]; e++)
            if (evac_str_is(t->drills[i].what, ends[e].what))
                put_drill(&s, &t->drills[i], lane, e, out);
    }
    evac_buf_puts(out, "</svg></div>");
}

/* --- deficiencies ----------------------------------------------------------------------------- */

#define LOW_BOTTOM 96
#define LOW_HIGH   60.0

void trend_chart_open(const struct evac_trend *t, struct evac_buf *out)
{
    struct trend_span s = trend_span(t);
    unsigned most = 1, open = 0;
    double y = LOW_BOTTOM;
    for (size_t i = 0; i < t->point_count; i++)
        most = t->points[i].open > most ? t->points[i].open : most;
    begin_chart("Open deficiencies", "how many deficiencies were open", LOW_BOTTOM + FOOT, out);
    put_axis(&s, LOW_BOTTOM, out);
    evac_buf_putf(out, "<path class='path area' d='M%d %d", LEFT, LOW_BOTTOM);
    for (size_t i = 0; i < t->point_count; i++) {
        y = LOW_BOTTOM - LOW_HIGH * t->points[i].open / most;
        evac_buf_putf(out, " H%.1f V%.1f", x_of(&s, t->points[i].at_ms), y);
        open = t->points[i].open;
    }
    evac_buf_putf(out,
                  " H%d V%d'/><text x=%d y=%.1f text-anchor=end>%u open</text>"
                  "<text class=dim x=%d y=%.1f text-anchor=end>%u</text>"
                  "<text class=dim x=%d y=%d text-anchor=end>0</text></svg></div>",
                  W - RIGHT, LOW_BOTTOM, W - RIGHT - 4, y - 6, open, LEFT - 10,
                  LOW_BOTTOM - LOW_HIGH + 4, most, LEFT - 10, LOW_BOTTOM + 4);
}

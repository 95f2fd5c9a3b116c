/* The trend as one page: charts over time with their numbers beside them. */
#include "report_page.h"
#include "report_proof.h"
#include "report_show.h"
#include "trend_chart.h"

#include <stdio.h>
#include <string.h>

/* --- cards ------------------------------------------------------------------------------------ */

static void put_card(struct evac_buf *out, const char *title, const char *class, const char *value,
                     const char *below)
{
    evac_buf_putf(out, "<div class=card><span>%s</span><b class=%s>%s</b><span>%s</span></div>",
                  title, class, value, below);
}

/* The newest of real runs and drills that moved users, and how many of all kept the objective. */
static void put_time_card(const struct evac_trend *t, bool rto, struct evac_buf *out)
{
    const struct evac_trend_run *last = NULL;
    char value[32] = "none yet", goal[32], below[100] = "";
    size_t kept = 0, count = 0;
    for (size_t i = 0; i < t->run_count; i++) {
        const struct evac_trend_run *r = &t->runs[i];
        if (!trend_known(r, rto))
            continue;
        last = r;
        count++;
        kept += trend_value(r, rto) <= trend_goal(r, rto);
    }
    if (last) {
        show_duration(true, trend_value(last, rto), value, sizeof value);
        show_duration(true, trend_goal(last, rto), goal, sizeof goal);
        snprintf(below, sizeof below, "of %s; kept %zu of %zu", goal, kept, count);
    }
    put_card(out, rto ? "RTO, the newest" : "RPO, the newest",
             !last                                            ? "dim"
             : trend_value(last, rto) > trend_goal(last, rto) ? "bad"
                                                              : "good",
             value, below);
}

static void put_drill_card(const struct evac_trend *t, struct evac_buf *out)
{
    char value[48], below[160] = "";
    size_t all = 0, good = evac_trend_count(t, "succeeded"), n = 0;
    for (size_t i = 0; evac_trend_drill_words[i]; i++) {
        const char *what = evac_trend_drill_words[i];
        size_t count = evac_trend_count(t, what);
        if (strcmp(what, "planned") == 0)
            continue;
        all += count;
        if (count && strcmp(what, "succeeded") != 0)
            n += (size_t)snprintf(below + n, sizeof below - n, "%s%zu %s", n ? ", " : "", count,
                                  what);
    }
    snprintf(value, sizeof value, "%zu of %zu went well", good, all);
    if (t->drill_count)
        put_card(out, "Drills of the calendar", good == all ? "good" : "warn", value, below);
}

static void put_cards(const struct evac_trend *t, struct evac_buf *out)
{
    char value[32], below[64];
    size_t open = evac_deficiencies_open(t->deficiencies);
    evac_buf_puts(out, "<div class=cards>");
    put_time_card(t, true, out);
    put_time_card(t, false, out);
    put_drill_card(t, out);
    snprintf(value, sizeof value, "%zu open", open);
    snprintf(below, sizeof below, "of %zu that were found", t->deficiencies->count);
    put_card(out, "Deficiencies", open ? "bad" : "good", value, below);
    evac_buf_puts(out, "</div>");
}

/* --- tables ----------------------------------------------------------------------------------- */

static void put_measure(const struct evac_trend_run *r, bool rto, struct evac_buf *out)
{
    char text[32];
    bool is_known = trend_known(r, rto);
    bool good = is_known && trend_value(r, rto) <= trend_goal(r, rto);
    show_duration(is_known, trend_value(r, rto), text, sizeof text);
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
        out,
        "<h2>Runs and drills</h2><div class=wide tabindex=0><table><thead><tr><th scope=col>"
        "date<th scope=col>run<th scope=col>kind<th scope=col>to<th scope=col>RTO<th scope=col>RPO"
        "<th scope=col>criteria met<th scope=col>result<th scope=col>started by"
        "</thead><tbody>");
    for (size_t i = 0; i < t->run_count; i++) {
        const struct evac_trend_run *r = &t->runs[i];
        char date[32];
        show_date(r->began_ms, date, sizeof date);
        evac_buf_putf(out, "<tr><td class=n>%s<td class=n>%llu", date, (unsigned long long)r->run);
        page_cell(out, r->kind);
        page_cell(out, r->to);
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
    evac_buf_puts(out,
                  "<h2>What became of drills</h2><div class=wide tabindex=0><table><thead><tr><th "
                  "scope=col>date<th scope=col>kind<th "
                  "scope=col>what became of it<th scope=col>run<th scope=col>why</thead><tbody>");
    for (size_t i = 0; i < t->drill_count; i++) {
        const struct evac_trend_drill *d = &t->drills[i];
        char date[32], run[32] = "";
        if (evac_str_is(d->what, "planned"))
            continue;
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
    struct trend_span s = trend_span(t);
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
    put_head(t, out);
    put_cards(t, out);
    evac_buf_puts(out,
                  "<p class=key><i class=dot style='background:var(--bar);margin-left:0'></i>a "
                  "drill<i style='background:var(--bar)'></i>a real run<i "
                  "style='background:var(--bad)'></i>the objective, dashed, was missed</p>");
    trend_chart_times(t, true, out);
    trend_chart_times(t, false, out);
    trend_chart_drills(t, out);
    trend_chart_open(t, out);
    put_runs(t, out);
    put_parts(t, out);
    put_calendar(t, out);
    evac_buf_puts(out, "<h2>Deficiencies</h2>");
    proof_deficiencies(t->deficiencies, t->as_of_ms, true, out);
    evac_buf_puts(out, "<footer>Read from the journal; 'evac evidence export' makes it a signed "
                       "bundle.</footer>");
    page_end(out);
}

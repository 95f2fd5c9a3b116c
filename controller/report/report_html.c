/* The report as one self-contained page: no script, no request, readable in light and dark, on
 * paper, and by a screen reader. */
#include "report_show.h"

#include <string.h>

static const char style[] =
    ":root{color-scheme:light "
    "dark;--bg:#fff;--fg:#1c2430;--dim:#5b6675;--line:#d9dee5;--card:#f6f8fa;--good:#14713d;"
    "--bad:#b3261e;--warn:#8a5a00;--bar:#8aa4c8;--crit:#c2410c;--skip:#c9d0d9}"
    "@media(prefers-color-scheme:dark){:root{--bg:#12161c;--fg:#e6eaf0;--dim:#9aa6b5;--line:#"
    "2c3542;--card:#1a2029;"
    "--good:#5fd08c;--bad:#ff8a80;--warn:#f0c36d;--bar:#4f6f9f;--crit:#f08a4b;--skip:#38424f}}"
    "*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--fg);font:15px/1.5 "
    "system-ui,-apple-system,"
    "'Segoe UI',Roboto,sans-serif}main{max-width:1080px;margin:0 auto;padding:28px 20px "
    "60px}h1{font-size:26px;margin:0 0 2px}"
    "h2{font-size:18px;margin:34px 0 10px}.sub{color:var(--dim);margin:0 0 "
    "20px}.cards{display:grid;gap:12px;"
    "grid-template-columns:repeat(auto-fit,minmax(200px,1fr))}.card{background:var(--card);border:"
    "1px solid var(--line);"
    "border-radius:10px;padding:14px 16px}.card b{display:block;font-size:24px;margin:2px 0}.card "
    "span{color:var(--dim)}"
    ".good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}table{border-collapse:"
    "collapse;width:100%}"
    "th,td{text-align:left;padding:6px 10px 6px 0;border-bottom:1px solid "
    "var(--line);vertical-align:top}th{color:var(--dim);"
    "font-weight:600;font-size:13px}td.n{white-space:nowrap;font-variant-numeric:tabular-nums}."
    "wide{overflow-x:auto}"
    "code{font:13px "
    "ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere}svg{width:100%;height:auto;"
    "display:block}"
    "svg text{fill:var(--fg);font:12px system-ui,sans-serif}svg .dim{fill:var(--dim)}svg "
    ".phase{fill:var(--dim);font-weight:600}"
    "svg .bar{fill:var(--bar)}svg .crit{fill:var(--crit)}svg .fail{fill:var(--bad)}svg "
    "line{stroke:var(--line)}"
    "svg .mark{stroke:var(--dim);stroke-dasharray:3 3}svg .rec{stroke:var(--good)}svg "
    ".imp{stroke:var(--bad)}"
    ".key i{display:inline-block;width:12px;height:12px;border-radius:3px;margin:0 6px 0 "
    "14px;vertical-align:-1px}"
    "footer{margin-top:36px;color:var(--dim);font-size:13px}@media "
    "print{main{max-width:none;padding:0}.card,tr,svg"
    "{break-inside:avoid}}";

static void put_text(struct evac_buf *out, struct evac_str s)
{
    evac_buf_xml(out, s);
}

static const char *class_of_result(struct evac_str result)
{
    if (evac_str_is(result, "succeeded") || evac_str_is(result, "rolled_back"))
        return "good";
    if (evac_str_is(result, "held") || evac_str_is(result, "failed"))
        return "bad";
    return "warn";
}

/* --- cards
 * --------------------------------------------------------------------------------------------------------
 */

static void put_card(struct evac_buf *out, const char *title, const char *class, const char *value,
                     const char *below)
{
    evac_buf_putf(out, "<div class=card><span>%s</span><b class=%s>%s</b><span>%s</span></div>",
                  title, class, value, below);
}

static void put_measure(struct evac_buf *out, const char *title, bool known, int64_t value,
                        int64_t objective)
{
    char text[32], goal[32], below[96];
    struct evac_buf line;
    const char *met = show_met(known, value, objective);
    const char *class = !known ? "warn" : value <= objective ? "good" : "bad";
    show_duration(known, value, text, sizeof text);
    show_duration(true, objective, goal, sizeof goal);
    evac_buf_init(&line, 96);
    evac_buf_putf(&line, "objective %s: %s", goal, met);
    (void)evac_str_copy(below, sizeof below, evac_buf_str(&line));
    evac_buf_done(&line);
    put_card(out, title, class, text, below);
}

static void put_cards(const struct evac_report *r, struct evac_buf *out)
{
    char value[64];
    (void)evac_str_copy(value, sizeof value, r->result);
    for (char *c = value; *c; c++)
        if (*c == '_')
            *c = ' ';
    evac_buf_puts(out, "<div class=cards>");
    put_card(out, "Result", class_of_result(r->result), value, evac_mode_name(r->mode));
    if (!r->plan->rehearse) {
        put_measure(out,
                    r->planned                                 ? "RTO, from the start"
                    : r->instants[EVAC_REPORT_IMPACT_LO].known ? "RTO, from the last good answer"
                                                               : "RTO, from the first bad answer",
                    r->rto_known, r->rto_ms, r->plan->rto_ms);
        put_measure(out, "RPO, the worst store", r->rpo_known, r->rpo_ms, r->plan->rpo_ms);
    }
    evac_buf_puts(out, "</div>");
}

/* --- the timeline
 * ---------------------------------------------------------------------------------------------------
 */

#define LEFT  210
#define WIDTH 1040
#define ROW   22
#define TOP   64

static double x_of(const struct show_span *span, int64_t wall_ms)
{
    double part = (double)(wall_ms - span->from_ms) / (double)(span->to_ms - span->from_ms);
    return LEFT + part * (WIDTH - LEFT - 90);
}

static void put_marks(const struct evac_report *r, const struct show_span *span, int bottom,
                      struct evac_buf *out)
{
    static const struct {
        enum evac_report_instant instant;
        const char *name, *class;
    } marks[] = { { EVAC_REPORT_IMPACT_HI, "impact", "mark imp" },
                  { EVAC_REPORT_DETECTED, "detected", "mark" },
                  { EVAC_REPORT_STARTED, "started", "mark" },
                  { EVAC_REPORT_DATA_READY, "data ready", "mark" },
                  { EVAC_REPORT_RECOVERED, "recovered", "mark rec" } };
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        const struct evac_when *when = &r->instants[marks[i].instant];
        if (!when->known)
            continue;
        double x = x_of(span, when->wall_ms);
        int y = 16 + 16 * (int)(i % 3);
        evac_buf_putf(out,
                      "<line class='%s' x1=%.1f x2=%.1f y1=%d y2=%d /><text x=%.1f y=%d>%s</text>",
                      marks[i].class, x, x, y + 3, bottom, x + 4, y, marks[i].name);
    }
}

static void put_bar(const struct evac_report_step *s, const struct show_span *span, int y,
                    struct evac_buf *out)
{
    char took[32];
    bool failed = evac_str_is(s->state, "failed") || evac_str_is(s->state, "held");
    int64_t end = s->ended.known ? s->ended.wall_ms : span->to_ms;
    double from = x_of(span, s->began.wall_ms), to = x_of(span, end);
    if (to - from < 3)
        to = from + 3;
    show_duration(true, end - s->began.wall_ms, took, sizeof took);
    evac_buf_putf(out, "<rect class=%s x=%.1f y=%d width=%.1f height=14 rx=3><title>",
                  failed        ? "fail"
                  : s->critical ? "crit"
                                : "bar",
                  from, y - 11, to - from);
    put_text(out, s->plan->title);
    evac_buf_putf(out, " (%s)</title></rect><text class=dim x=%.1f y=%d>%s</text>", took, to + 5, y,
                  took);
}

static int count_rows(const struct evac_report *r)
{
    int rows = 0;
    for (unsigned p = 0; p < EVAC_PHASE_COUNT; p++) {
        bool any = false;
        for (size_t i = 0; i < r->step_count; i++)
            if (r->steps[i].plan->phase == (enum evac_phase)p && r->steps[i].began.known) {
                rows++;
                any = true;
            }
        rows += any;
    }
    return rows;
}

static void put_timeline(const struct evac_report *r, struct evac_buf *out)
{
    struct show_span span = show_span(r);
    int y = TOP, bottom = TOP + ROW * count_rows(r) + 6;
    char total[32];
    show_duration(true, span.to_ms - span.from_ms, total, sizeof total);
    evac_buf_putf(out,
                  "<h2>Timeline</h2><p class=key><i "
                  "style='background:var(--crit);margin-left:0'></i>critical path"
                  "<i style='background:var(--bar)'></i>beside it<i "
                  "style='background:var(--bad)'></i>failed</p>"
                  "<div class=wide><svg viewBox='0 0 %d %d' role=img aria-labelledby='tt td' "
                  "style='min-width:720px'>"
                  "<title id=tt>Steps over time</title><desc id=td>%s in all; each bar is a step; "
                  "the table below has the same"
                  " numbers</desc>",
                  WIDTH, bottom + 8, total);
    put_marks(r, &span, bottom, out);
    for (unsigned p = 0; p < EVAC_PHASE_COUNT; p++) {
        bool titled = false;
        for (size_t i = 0; i < r->step_count; i++) {
            const struct evac_report_step *s = &r->steps[i];
            if (s->plan->phase != (enum evac_phase)p || !s->began.known)
                continue;
            if (!titled) {
                evac_buf_putf(out,
                              "<text class=phase x=0 y=%d>%s</text><line x1=0 x2=%d y1=%d y2=%d />",
                              y + 10, evac_phase_name((enum evac_phase)p), WIDTH, y - 5, y - 5);
                y += ROW;
                titled = true;
            }
            evac_buf_putf(out, "<text x=12 y=%d>", y + 10);
            put_text(out, s->plan->id);
            evac_buf_puts(out, "</text>");
            put_bar(s, &span, y + 10, out);
            y += ROW;
        }
    }
    evac_buf_puts(out, "</svg></div>");
}

/* --- tables
 * ----------------------------------------------------------------------------------------------------------
 */

static void put_instants(const struct evac_report *r, struct evac_buf *out)
{
    struct show_span span = show_span(r);
    evac_buf_puts(out, "<h2>When</h2><table><thead><tr><th scope=col>what<th scope=col>time<th "
                       "scope=col>after</thead><tbody>");
    for (unsigned i = 0; i < EVAC_REPORT_INSTANT_COUNT; i++) {
        char at[48], after[32];
        if (!r->instants[i].known)
            continue;
        show_instant(&r->instants[i], at, sizeof at);
        show_duration(true, r->instants[i].wall_ms - span.from_ms, after, sizeof after);
        evac_buf_putf(out, "<tr><th scope=row>%s<td class=n>%s<td class=n>+%s",
                      show_instant_title((enum evac_report_instant)i), at, after);
    }
    evac_buf_puts(out, "</tbody></table>");
}

static void put_losses(const struct evac_report *r, struct evac_buf *out)
{
    if (r->loss_count == 0)
        return;
    evac_buf_puts(out, "<h2>Data loss, store by store</h2><table><thead><tr><th scope=col>store<th "
                       "scope=col>measured by"
                       "<th scope=col>at most<th scope=col>details</thead><tbody>");
    for (size_t i = 0; i < r->loss_count; i++) {
        char text[32];
        show_duration(r->losses[i].known, r->losses[i].loss_ms, text, sizeof text);
        evac_buf_puts(out, "<tr><th scope=row>");
        put_text(out, r->losses[i].store);
        evac_buf_puts(out, "<td>");
        put_text(out, r->losses[i].method);
        evac_buf_putf(out, "<td class=n>%s<td><code>", text);
        put_text(out, r->losses[i].data);
        evac_buf_puts(out, "</code>");
    }
    evac_buf_puts(out, "</tbody></table>");
}

static void put_steps(const struct evac_report *r, struct evac_buf *out)
{
    evac_buf_puts(out, "<h2>Steps</h2><div class=wide><table><thead><tr><th scope=col>step<th "
                       "scope=col>what<th scope=col>region"
                       "<th scope=col>ended as<th scope=col>took<th scope=col>applies<th "
                       "scope=col>request</thead><tbody>");
    for (size_t i = 0; i < r->step_count; i++) {
        const struct evac_report_step *s = &r->steps[i];
        char took[32] = "";
        if (s->began.known && s->ended.known)
            show_duration(true, s->ended.wall_ms - s->began.wall_ms, took, sizeof took);
        evac_buf_puts(out, "<tr><th scope=row>");
        put_text(out, s->plan->id);
        evac_buf_puts(out, "<td>");
        put_text(out, s->plan->title);
        evac_buf_puts(out, "<td class=n>");
        put_text(out, s->plan->region);
        evac_buf_puts(out, "<td>");
        put_text(out, s->state);
        if (s->reason.n && !evac_str_is(s->state, "done")) {
            evac_buf_puts(out, ": ");
            put_text(out, s->reason);
        }
        evac_buf_putf(out, "<td class=n>%s<td class=n>%u<td><code>", took, (unsigned)s->attempts);
        put_text(out, s->request_id);
        evac_buf_puts(out, "</code>");
    }
    evac_buf_puts(out, "</tbody></table></div>");
}

static void put_words(const struct evac_report *r, struct evac_buf *out)
{
    if (r->word_count == 0)
        return;
    evac_buf_puts(out, "<h2>Who said what</h2><table><thead><tr><th scope=col>time<th "
                       "scope=col>what<th scope=col>who"
                       "<th scope=col>reason</thead><tbody>");
    for (size_t i = 0; i < r->word_count; i++) {
        char at[48];
        struct evac_when when = { true, r->words[i].wall_ms, 0 };
        show_instant(&when, at, sizeof at);
        evac_buf_putf(out, "<tr><td class=n>%s<td>", at);
        put_text(out, r->words[i].kind);
        evac_buf_putc(out, ' ');
        put_text(out, r->words[i].what);
        evac_buf_puts(out, "<td>");
        put_text(out, r->words[i].who);
        evac_buf_puts(out, "<td>");
        put_text(out, r->words[i].text);
    }
    evac_buf_puts(out, "</tbody></table>");
}

static void put_left(const struct evac_report *r, struct evac_buf *out)
{
    if (!r->left.n && !r->residue_count)
        return;
    evac_buf_puts(out, "<h2>Left behind</h2><p>");
    put_text(out, r->left);
    evac_buf_puts(out, "</p><dl>");
    for (size_t i = 0; i < r->residue_count; i++) {
        const struct evac_report_step *s = r->residue[i].step;
        evac_buf_puts(out, "<dt>");
        put_text(out, s->plan->id);
        evac_buf_puts(out, " in ");
        put_text(out, s->plan->region);
        evac_buf_puts(out, "</dt><dd>");
        put_text(out, s->plan->title);
        if (s->before.n) {
            evac_buf_puts(out, "<br>before: <code>");
            put_text(out, s->before);
            evac_buf_puts(out, "</code>");
        }
        if (r->residue[i].command.n) {
            evac_buf_puts(out, "<br><code>");
            put_text(out, r->residue[i].command);
            evac_buf_puts(out, "</code>");
        }
        evac_buf_puts(out, "</dd>");
    }
    evac_buf_puts(out, "</dl>");
}

void evac_report_html(const struct evac_report *r, struct evac_buf *out)
{
    evac_buf_putf(
        out,
        "<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport "
        "content='width=device-width,"
        "initial-scale=1'><meta http-equiv=Content-Security-Policy content=\"default-src 'none'; "
        "style-src "
        "'unsafe-inline'\"><title>Run %llu</title><style>%s</style></head><body><main><h1>",
        (unsigned long long)r->run, style);
    evac_buf_putf(out, "%s of ", evac_workflow_name(r->plan->workflow));
    put_text(out, r->plan->app);
    evac_buf_puts(out, ": ");
    put_text(out, r->plan->from);
    evac_buf_puts(out, " → ");
    put_text(out, r->plan->to);
    evac_buf_putf(out, "</h1><p class=sub>Run %llu, started by ", (unsigned long long)r->run);
    put_text(out, r->who);
    if (r->why.n) {
        evac_buf_puts(out, ": ");
        put_text(out, r->why);
    }
    evac_buf_puts(out, "</p>");
    put_cards(r, out);
    put_timeline(r, out);
    put_instants(r, out);
    put_losses(r, out);
    put_steps(r, out);
    put_words(r, out);
    put_left(r, out);
    evac_buf_putf(out,
                  "<footer>Evidence: plan <code>%s</code>; journal rows %llu to %llu, the last "
                  "row's hash <code>%s</code>. "
                  "'evac journal verify' checks the chain.</footer></main></body></html>\n",
                  r->plan->hash, (unsigned long long)r->first_seq, (unsigned long long)r->last_seq,
                  r->last_hash);
}

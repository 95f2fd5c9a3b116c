/* The report as one self-contained page: no script, no request, readable in light and dark, on
 * paper, and by a screen reader. */
#include "deficiency.h"
#include "report_page.h"
#include "report_proof.h"
#include "report_show.h"

#include <stdio.h>
#include <string.h>

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

static void put_count(const struct evac_report *r, struct evac_buf *out)
{
    size_t n[3] = { 0 };
    char text[64], below[96];
    for (size_t i = 0; i < r->criterion_count; i++)
        n[r->criteria[i].verdict]++;
    if (r->criterion_count == 0)
        return;
    snprintf(text, sizeof text, "%zu of %zu met", n[EVAC_JUDGED_MET], r->criterion_count);
    snprintf(below, sizeof below, "%zu missed, %zu not measured", n[EVAC_JUDGED_MISSED],
             n[EVAC_JUDGED_UNMEASURED]);
    put_card(out, "Success criteria",
             n[EVAC_JUDGED_MISSED]       ? "bad"
             : n[EVAC_JUDGED_UNMEASURED] ? "warn"
                                         : "good",
             text, below);
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
    put_count(r, out);
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
    return LEFT + show_part(span, wall_ms) * (WIDTH - LEFT - 90);
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
    page_text(out, s->plan->title);
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
    evac_buf_putf(
        out,
        "<h2>Timeline</h2><p class=key><i "
        "style='background:var(--crit);margin-left:0'></i>critical path"
        "<i style='background:var(--bar)'></i>beside it<i "
        "style='background:var(--bad)'></i>failed</p>"
        "<div class=wide tabindex=0><svg viewBox='0 0 %d %d' role=img aria-labelledby='tt td' "
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
            page_text(out, s->plan->id);
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
    evac_buf_puts(
        out, "<h2>Data loss, store by store</h2><div class=wide tabindex=0><table><thead><tr><th "
             "scope=col>store<th "
             "scope=col>measured by"
             "<th scope=col>at most<th scope=col>details</thead><tbody>");
    for (size_t i = 0; i < r->loss_count; i++) {
        char text[32];
        show_duration(r->losses[i].known, r->losses[i].loss_ms, text, sizeof text);
        evac_buf_puts(out, "<tr><th scope=row>");
        page_text(out, r->losses[i].store);
        evac_buf_puts(out, "<td>");
        page_text(out, r->losses[i].method);
        evac_buf_putf(out, "<td class=n>%s<td><code>", text);
        page_text(out, r->losses[i].data);
        evac_buf_puts(out, "</code>");
    }
    evac_buf_puts(out, "</tbody></table></div>");
}

static void put_steps(const struct evac_report *r, struct evac_buf *out)
{
    evac_buf_puts(
        out, "<h2>Steps</h2><div class=wide tabindex=0><table><thead><tr><th scope=col>step<th "
             "scope=col>what<th scope=col>region"
             "<th scope=col>ended as<th scope=col>took<th scope=col>applies<th "
             "scope=col>request</thead><tbody>");
    for (size_t i = 0; i < r->step_count; i++) {
        const struct evac_report_step *s = &r->steps[i];
        char took[32] = "";
        if (s->began.known && s->ended.known)
            show_duration(true, s->ended.wall_ms - s->began.wall_ms, took, sizeof took);
        evac_buf_puts(out, "<tr><th scope=row>");
        page_text(out, s->plan->id);
        evac_buf_puts(out, "<td>");
        page_text(out, s->plan->title);
        evac_buf_puts(out, "<td class=n>");
        page_text(out, s->plan->region);
        evac_buf_puts(out, "<td>");
        page_text(out, s->state);
        if (s->reason.n && !evac_str_is(s->state, "done")) {
            evac_buf_puts(out, ": ");
            page_text(out, s->reason);
        }
        evac_buf_putf(out, "<td class=n>%s<td class=n>%u<td><code>", took, (unsigned)s->attempts);
        page_text(out, s->request_id);
        evac_buf_puts(out, "</code>");
    }
    evac_buf_puts(out, "</tbody></table></div>");
}

static void put_words(const struct evac_report *r, struct evac_buf *out)
{
    if (r->word_count == 0)
        return;
    evac_buf_puts(
        out,
        "<h2>Who said what</h2><div class=wide tabindex=0><table><thead><tr><th scope=col>time<th "
        "scope=col>what<th scope=col>who"
        "<th scope=col>reason</thead><tbody>");
    for (size_t i = 0; i < r->word_count; i++) {
        char at[48];
        struct evac_when when = { true, r->words[i].wall_ms };
        show_instant(&when, at, sizeof at);
        evac_buf_putf(out, "<tr><td class=n>%s<td>", at);
        page_text(out, r->words[i].kind);
        evac_buf_putc(out, ' ');
        page_text(out, r->words[i].what);
        if (r->words[i].step.n && !evac_str_eq(r->words[i].step, r->words[i].what)) {
            evac_buf_putc(out, ' ');
            page_text(out, r->words[i].step);
        }
        page_cell(out, r->words[i].who);
        page_cell(out, r->words[i].text);
    }
    evac_buf_puts(out, "</tbody></table></div>");
}

static void put_left(const struct evac_report *r, struct evac_buf *out)
{
    if (!r->left.n && !r->residue_count)
        return;
    evac_buf_puts(out, "<h2>Left behind</h2><p>");
    page_text(out, r->left);
    evac_buf_puts(out, "</p><dl>");
    for (size_t i = 0; i < r->residue_count; i++) {
        const struct evac_report_step *s = r->residue[i].step;
        evac_buf_puts(out, "<dt>");
        page_text(out, s->plan->id);
        evac_buf_puts(out, " in ");
        page_text(out, s->plan->region);
        evac_buf_puts(out, "</dt><dd>");
        page_text(out, s->plan->title);
        if (s->before.n) {
            evac_buf_puts(out, "<br>before: <code>");
            page_text(out, s->before);
            evac_buf_puts(out, "</code>");
        }
        if (r->residue[i].command.n) {
            evac_buf_puts(out, "<br><code>");
            page_text(out, r->residue[i].command);
            evac_buf_puts(out, "</code>");
        }
        evac_buf_puts(out, "</dd>");
    }
    evac_buf_puts(out, "</dl>");
}

static void put_title(const struct evac_report *r, struct evac_buf *out)
{
    evac_buf_putf(out, "%s%s of ", r->plan->workflow == EVAC_WORKFLOW_DRILL ? "drill, " : "",
                  r->plan->rehearse ? "rehearsal" : evac_plan_kind_name(r->plan));
    page_text(out, r->plan->app);
    evac_buf_puts(out, ": ");
    page_text(out, r->plan->from);
    evac_buf_puts(out, " → ");
    page_text(out, r->plan->to);
}

static void put_head(const struct evac_report *r, struct evac_buf *out)
{
    char title[160], header[260], at[48];
    struct evac_when began = { true, r->began_ms };
    show_instant(&began, at, sizeof at);
    snprintf(title, sizeof title, "Run %llu of %.*s", (unsigned long long)r->run,
             EVAC_STR_ARG(r->plan->app));
    snprintf(header, sizeof header, "%s, %s", title, at);
    page_begin(out, evac_str(title), evac_str(header));
    evac_buf_puts(out, "<h1>");
    put_title(r, out);
    evac_buf_putf(out, "</h1><p class=sub>Run %llu, %s, started by ", (unsigned long long)r->run,
                  at);
    page_text(out, r->who);
    if (r->why.n) {
        evac_buf_puts(out, ": ");
        page_text(out, r->why);
    }
    evac_buf_puts(out, "</p>");
}

void evac_report_html(const struct evac_report *r, struct evac_buf *out)
{
    put_head(r, out);
    put_cards(r, out);
    proof_criteria(r, out);
    put_timeline(r, out);
    put_instants(r, out);
    proof_parts(r, out);
    put_losses(r, out);
    proof_past(r, out);
    put_steps(r, out);
    proof_states(r, out);
    put_words(r, out);
    put_left(r, out);
    proof_limits(r, out);
    if (r->deficiencies) {
        evac_buf_puts(out, "<h2>Open deficiencies of ");
        page_text(out, r->plan->app);
        evac_buf_puts(out, "</h2>");
        proof_deficiencies(r->deficiencies, r->as_of_ms, false, out);
    }
    evac_buf_putf(out,
                  "<footer>Evidence: plan <code>%s</code>; journal rows %llu to %llu, the last "
                  "row's hash <code>%s</code>. "
                  "'evac journal verify' checks the chain.</footer>",
                  r->plan->hash, (unsigned long long)r->first_seq, (unsigned long long)r->last_seq,
                  r->last_hash);
    page_end(out);
}

#include "report_proof.h"

#include "deficiency.h"
#include "report_page.h"
#include "report_show.h"

#include <stdio.h>

#define DAY_MS ((int64_t)86400000)

/* --- criteria --------------------------------------------------------------------------------- */

static void put_criterion(const struct evac_report_criterion *c, struct evac_buf *out)
{
    static const char *const classes[] = { "good", "bad", "warn" }, *const signs[] = { "✓", "✗",
                                                                                       "–" };
    char value[64] = "not known", limit[64];
    if (c->verdict != EVAC_JUDGED_UNMEASURED)
        show_measured(c->plan->measure, c->value, value, sizeof value);
    show_allowed(c->plan->measure, c->plan->at_most, limit, sizeof limit);
    evac_buf_puts(out, "<tr><th scope=row>");
    page_text(out, c->plan->name);
    evac_buf_putf(out, "<td>%s ", evac_measure_name(c->plan->measure));
    page_text(out, c->plan->of);
    evac_buf_putf(out, "<td class=n>%s<td class=n>%s<td class='v %s'>%s %s", limit, value,
                  classes[c->verdict], signs[c->verdict], evac_judged_name(c->verdict));
    page_cell(out, c->why);
}

void proof_criteria(const struct evac_report *r, struct evac_buf *out)
{
    if (r->criterion_count == 0)
        return;
    char at[48];
    struct evac_when fixed = { true, r->began_ms };
    show_instant(&fixed, at, sizeof at);
    evac_buf_putf(
        out,
        "<h2>Success criteria</h2><p class=sub>Fixed in journal row %llu at %s, before the "
        "first step began.</p><div class=wide tabindex=0><table><thead><tr><th scope=col>criterion"
        "<th scope=col>measure<th scope=col>allowed<th scope=col>was<th scope=col>verdict"
        "<th scope=col>about</thead><tbody>",
        (unsigned long long)r->first_seq, at);
    for (size_t i = 0; i < r->criterion_count; i++)
        put_criterion(&r->criteria[i], out);
    evac_buf_puts(out, "</tbody></table></div>");
}

/* --- the runs before -------------------------------------------------------------------------- */

#define BARS_MAX 8u

static struct page_bar bar(uint64_t run, bool known, int64_t value, int64_t objective)
{
    struct page_bar b = { .known = known, .height = value, .good = known && value <= objective };
    snprintf(b.label, sizeof b.label, "run %llu", (unsigned long long)run);
    show_duration(known, value, b.value, sizeof b.value);
    return b;
}

static void put_chart(const struct evac_report *r, bool rto, struct evac_buf *out)
{
    struct page_bar bars[BARS_MAX];
    char goal[32];
    size_t n = 0;
    int64_t objective = rto ? r->plan->rto_ms : r->plan->rpo_ms;
    for (size_t i = r->past_count; i > 0 && n + 1 < BARS_MAX; i--) {
        const struct evac_report_past *p = &r->past[i - 1];
        bars[n++] = rto ? bar(p->run, p->rto_known, p->rto_ms, objective)
                        : bar(p->run, p->rpo_known, p->rpo_ms, objective);
    }
    bars[n++] = rto ? bar(r->run, r->rto_known, r->rto_ms, objective)
                    : bar(r->run, r->rpo_known, r->rpo_ms, objective);
    show_duration(true, objective, goal, sizeof goal);
    page_bars(out, rto ? "RTO" : "RPO, the worst store", bars, n, objective, goal);
}

void proof_past(const struct evac_report *r, struct evac_buf *out)
{
    if (r->plan->rehearse || evac_plan_is_isolated_drill(r->plan) || !r->deficiencies)
        return;
    evac_buf_putf(out, "<h2>Beside the last runs of this kind (%s)</h2>",
                  evac_plan_kind_name(r->plan));
    if (r->past_count == 0) {
        evac_buf_puts(out, "<p>It is the first one.</p>");
        return;
    }
    evac_buf_puts(out, "<div class=pair>");
    put_chart(r, true, out);
    put_chart(r, false, out);
    evac_buf_puts(out, "</div>");
}

/* --- the RTO's parts -------------------------------------------------------------------------- */

static int64_t part_ms(const struct evac_report *r, size_t i)
{
    const struct evac_when *from = &r->instants[evac_report_parts[i].from],
                           *to = &r->instants[evac_report_parts[i].to];
    return from->known && to->known ? to->wall_ms - from->wall_ms : -1;
}

void proof_parts(const struct evac_report *r, struct evac_buf *out)
{
    int64_t longest = 1;
    bool any = false;
    for (size_t i = 0; i < evac_report_part_count; i++) {
        any = any || part_ms(r, i) >= 0;
        longest = part_ms(r, i) > longest ? part_ms(r, i) : longest;
    }
    if (!any)
        return;
    evac_buf_puts(out, "<h2>Where the time went</h2><table><thead><tr><th scope=col>part<th "
                       "scope=col>took<th scope=col style='width:60%'>beside the longest</thead>"
                       "<tbody>");
    for (size_t i = 0; i < evac_report_part_count; i++) {
        char took[32];
        int64_t ms = part_ms(r, i);
        if (ms < 0)
            continue;
        show_duration(true, ms, took, sizeof took);
        evac_buf_putf(out,
                      "<tr><th scope=row>%s<td class=n>%s<td><svg viewBox='0 0 400 14' "
                      "aria-hidden=true preserveAspectRatio=none height=14 style='height:14px'>"
                      "<rect class=bar x=0 y=2 width=%.1f height=10 /></svg>",
                      evac_report_parts[i].name, took,
                      ms * 400 / longest > 2 ? (double)(ms * 400 / longest) : 2.0);
    }
    evac_buf_puts(out, "</tbody></table><p class=sub>Capacity and data are made ready beside each "
                       "other: the parts do not add up to the RTO.</p>");
}

/* --- before and after ------------------------------------------------------------------------- */

void proof_states(const struct evac_report *r, struct evac_buf *out)
{
    bool any = false;
    for (size_t i = 0; i < r->step_count; i++) {
        const struct evac_report_step *s = &r->steps[i];
        if (!s->before.n && !s->after.n)
            continue;
        if (!any)
            evac_buf_puts(
                out, "<h2>Before and after</h2><div class=wide tabindex=0><table><thead><tr><th "
                     "scope=col>step<th scope=col>before it changed anything<th "
                     "scope=col>last seen</thead><tbody>");
        any = true;
        evac_buf_puts(out, "<tr><th scope=row>");
        page_text(out, s->plan->id);
        page_code(out, s->before);
        page_code(out, s->after);
    }
    if (any)
        evac_buf_puts(out, "</tbody></table></div>");
}

void proof_limits(const struct evac_report *r, struct evac_buf *out)
{
    if (r->limit_count == 0)
        return;
    evac_buf_puts(out, "<h2>What this run did not show</h2><ul>");
    for (size_t i = 0; i < r->limit_count; i++) {
        evac_buf_puts(out, "<li>");
        page_text(out, r->limits[i]);
    }
    evac_buf_puts(out, "</ul>");
}

/* --- deficiencies ----------------------------------------------------------------------------- */

static void put_deficiency(const struct evac_deficiency *d, int64_t as_of_ms, struct evac_buf *out)
{
    char due[32] = "", opened[32];
    bool over = d->state != EVAC_DEFICIENCY_IS_OPEN, late = evac_deficiency_is_overdue(d, as_of_ms);
    if (d->due_ms)
        show_date(d->due_ms, due, sizeof due);
    show_date(d->opened_ms, opened, sizeof opened);
    evac_buf_puts(out, "<tr><th scope=row>");
    page_text(out, d->id);
    evac_buf_putf(out, "<td class='v %s'>%s",
                  over                             ? "good"
                  : d->severity == EVAC_GRADE_HIGH ? "bad"
                                                   : "warn",
                  over ? evac_deficiency_state_name(d->state) : evac_grade_name(d->severity));
    page_cell(out, d->title);
    if (over) {
        evac_buf_puts(out, "<br>");
        page_text(out, d->reason);
        if (d->retest_run)
            evac_buf_putf(out, " (run %llu)", (unsigned long long)d->retest_run);
    }
    page_cell(out, d->owner.n ? d->owner : EVAC_STR("nobody"));
    evac_buf_putf(out, "<td class='n%s'>%s%s<td class=n>%s, %lld days<td class=n>%u time%s",
                  late ? " bad" : "", due, late ? " overdue" : "", opened,
                  (long long)((as_of_ms - d->opened_ms) / DAY_MS), d->seen,
                  d->seen == 1 ? "" : "s");
}

void proof_deficiencies(const struct evac_deficiencies *list, int64_t as_of_ms, bool all,
                        struct evac_buf *out)
{
    size_t shown = 0;
    for (size_t i = 0; list && i < list->count; i++) {
        if (!all && list->items[i].state != EVAC_DEFICIENCY_IS_OPEN)
            continue;
        if (shown++ == 0)
            evac_buf_puts(
                out, "<div class=wide tabindex=0><table><thead><tr><th scope=col>id<th scope=col>"
                     "severity<th scope=col>what<th scope=col>owner<th scope=col>due<th "
                     "scope=col>opened<th scope=col>seen</thead><tbody>");
        put_deficiency(&list->items[i], as_of_ms, out);
    }
    evac_buf_puts(out, shown ? "</tbody></table></div>" : "<p>None is open.</p>");
}

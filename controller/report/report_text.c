#include "deficiency.h"
#include "report_show.h"

#include <stdio.h>
#include <string.h>

#define BAR 40

static void put_head(const struct evac_report *r, struct evac_buf *out)
{
    char rto[32], rto_min[32], rpo[32], rto_goal[32], rpo_goal[32];
    show_duration(r->rto_known, r->rto_ms, rto, sizeof rto);
    show_duration(r->rto_known, r->rto_min_ms, rto_min, sizeof rto_min);
    show_duration(r->rpo_known, r->rpo_ms, rpo, sizeof rpo);
    show_duration(true, r->plan->rto_ms, rto_goal, sizeof rto_goal);
    show_duration(true, r->plan->rpo_ms, rpo_goal, sizeof rpo_goal);
    evac_buf_putf(out, "Run %llu: %s of %.*s, %.*s -> %.*s, %s%s\n", (unsigned long long)r->run,
                  evac_workflow_name(r->plan->workflow), EVAC_STR_ARG(r->plan->app),
                  EVAC_STR_ARG(r->plan->from), EVAC_STR_ARG(r->plan->to), evac_mode_name(r->mode),
                  r->plan->rehearse ? ", only looked" : "");
    if (r->plan->stand_in.n)
        evac_buf_putf(out, "Not the cloud itself: %.*s\n", EVAC_STR_ARG(r->plan->stand_in));
    evac_buf_putf(out, "Result: %.*s\n", EVAC_STR_ARG(r->result));
    evac_buf_putf(out, "Started by %.*s%s%.*s\n\n", EVAC_STR_ARG(r->who), r->why.n ? ": " : "",
                  EVAC_STR_ARG(r->why));
    if (r->plan->rehearse)
        return;
    evac_buf_putf(out, "  RTO  %-10s objective %-8s %s\n", rto, rto_goal,
                  show_met(r->rto_known, r->rto_ms, r->plan->rto_ms));
    if (r->rto_known && r->rto_min_ms != r->rto_ms)
        evac_buf_putf(
            out, "       measured from the last good answer; from the first bad one it is %s\n",
            rto_min);
    if (!r->planned && !r->instants[EVAC_REPORT_IMPACT_LO].known)
        evac_buf_puts(
            out, "       no good answer is known from before: the outage may have begun earlier\n");
    if (r->planned && r->rto_known)
        evac_buf_puts(out, "       planned: measured from the start of the run\n");
    evac_buf_putf(out, "  RPO  %-10s objective %-8s %s\n", rpo, rpo_goal,
                  show_met(r->rpo_known, r->rpo_ms, r->plan->rpo_ms));
    if (r->rpo_known && r->rpo_max_ms > r->rpo_ms) {
        show_duration(true, r->rpo_max_ms, rpo, sizeof rpo);
        evac_buf_putf(
            out, "       at most %s, if the old region went on writing unseen until its fence\n",
            rpo);
    }
    for (size_t i = 0; i < r->loss_count; i++) {
        show_duration(r->losses[i].known, r->losses[i].loss_ms, rpo, sizeof rpo);
        evac_buf_putf(out, "       %-10.*s %-10s by %.*s\n", EVAC_STR_ARG(r->losses[i].store), rpo,
                      EVAC_STR_ARG(r->losses[i].method));
    }
}

static void put_instants(const struct evac_report *r, struct evac_buf *out)
{
    struct show_span span = show_span(r);
    evac_buf_puts(out, "\nWhen\n");
    for (unsigned i = 0; i < EVAC_REPORT_INSTANT_COUNT; i++) {
        char at[48], after[32];
        if (!r->instants[i].known)
            continue;
        show_instant(&r->instants[i], at, sizeof at);
        show_duration(true, r->instants[i].wall_ms - span.from_ms, after, sizeof after);
        evac_buf_putf(out, "  %-20s %s  +%s\n", show_instant_title((enum evac_report_instant)i), at,
                      after);
    }
}

static void put_parts(const struct evac_report *r, struct evac_buf *out)
{
    bool any = false;
    for (size_t i = 0; i < evac_report_part_count; i++) {
        const struct evac_when *from = &r->instants[evac_report_parts[i].from],
                               *to = &r->instants[evac_report_parts[i].to];
        char text[32];
        if (!from->known || !to->known)
            continue;
        show_duration(true, to->wall_ms - from->wall_ms, text, sizeof text);
        evac_buf_putf(out, "%s%s %s", any ? ", " : "\nParts: ", evac_report_parts[i].name, text);
        any = true;
    }
    evac_buf_puts(out, any ? "\n" : "");
}

/* Of 0 to BAR - 1, whatever the clock did meanwhile. */
static int column(const struct show_span *span, int64_t wall_ms)
{
    int at = (int)(show_part(span, wall_ms) * (BAR - 1));
    return at < 0 ? 0 : at > BAR - 1 ? BAR - 1 : at;
}

/* Nothing was to be done, and nobody said so: not worth a line. */
static bool is_passed_over(const struct evac_report_step *s)
{
    return evac_str_is(s->state, "skipped") && !s->began.known && s->reason.n == 0;
}

static int name_width(const struct evac_report *r)
{
    size_t width = 20;
    for (size_t i = 0; i < r->step_count; i++)
        if (!is_passed_over(&r->steps[i]) && r->steps[i].plan->id.n > width)
            width = r->steps[i].plan->id.n;
    return width < 40 ? (int)width : 40;
}

static void put_step(const struct evac_report *r, const struct evac_report_step *s,
                     struct evac_buf *out)
{
    struct show_span span = show_span(r);
    char bar[BAR + 1], took[32] = "";
    memset(bar, '.', BAR);
    bar[BAR] = '\0';
    if (s->began.known) {
        int from = column(&span, s->began.wall_ms),
            to = s->ended.known ? column(&span, s->ended.wall_ms) : BAR - 1;
        to = to < from ? from : to; /* the wall clock went back while it went on */
        memset(bar + from, s->critical ? '#' : '=', (size_t)(to - from + 1));
        show_duration(s->ended.known, s->ended.wall_ms - s->began.wall_ms, took, sizeof took);
    }
    evac_buf_putf(out, "  %-*.*s %-11.*s %-8.*s %-8s %s\n", name_width(r),
                  EVAC_STR_ARG(s->plan->id), EVAC_STR_ARG(s->plan->region), EVAC_STR_ARG(s->state),
                  took, s->began.known ? bar : "");
    if (s->reason.n && !evac_str_is(s->state, "done"))
        evac_buf_putf(out, "      %.*s\n", EVAC_STR_ARG(s->reason));
}

static void put_steps(const struct evac_report *r, struct evac_buf *out)
{
    size_t line = 0;
    evac_buf_puts(out, "\nSteps (# on the critical path)\n");
    for (size_t i = 0; i < r->step_count; i++)
        if (!is_passed_over(&r->steps[i]))
            put_step(r, &r->steps[i], out);
    for (size_t i = 0; i < r->step_count; i++) {
        struct evac_str id = r->steps[i].plan->id;
        if (!is_passed_over(&r->steps[i]))
            continue;
        evac_buf_puts(out, line == 0 ? "  not needed: " : line > 90 ? ",\n              " : ", ");
        line = line == 0 || line > 90 ? 14 : line;
        evac_buf_put_str(out, id);
        line += id.n + 2;
    }
    evac_buf_puts(out, line ? "\n" : "");
}

static void put_words(const struct evac_report *r, struct evac_buf *out)
{
    if (r->word_count)
        evac_buf_puts(out, "\nWho said what\n");
    for (size_t i = 0; i < r->word_count; i++) {
        char at[48];
        struct evac_when when = { true, r->words[i].wall_ms };
        show_instant(&when, at, sizeof at);
        evac_buf_putf(out, "  %s %.*s %.*s%s%.*s%s%.*s%s%.*s\n", at, EVAC_STR_ARG(r->words[i].kind),
                      EVAC_STR_ARG(r->words[i].what), r->words[i].gate.n ? " " : "",
                      EVAC_STR_ARG(r->words[i].gate), r->words[i].who.n ? " by " : "",
                      EVAC_STR_ARG(r->words[i].who), r->words[i].text.n ? ": " : "",
                      EVAC_STR_ARG(r->words[i].text));
    }
}

/* What was not put back, and what to type. */
static void put_left(const struct evac_report *r, struct evac_buf *out)
{
    if (r->left.n || r->residue_count)
        evac_buf_putf(out, "\nLeft behind%s%.*s\n", r->left.n ? ": " : "", EVAC_STR_ARG(r->left));
    for (size_t i = 0; i < r->residue_count; i++) {
        const struct evac_report_step *s = r->residue[i].step;
        evac_buf_putf(out, "  %.*s in %.*s: %.*s\n", EVAC_STR_ARG(s->plan->id),
                      EVAC_STR_ARG(s->plan->region), EVAC_STR_ARG(s->plan->title));
        if (s->before.n)
            evac_buf_putf(out, "      before: %.*s\n", EVAC_STR_ARG(s->before));
        if (r->residue[i].command.n)
            evac_buf_putf(out, "      $ %.*s\n", EVAC_STR_ARG(r->residue[i].command));
    }
}

static void show_criterion(const struct evac_report_criterion *c, char value[64], char limit[64])
{
    (void)evac_str_copy(value, 64, EVAC_STR("unknown"));
    if (c->verdict != EVAC_JUDGED_UNMEASURED)
        show_measured(c->plan->measure, c->value, value, 64);
    show_allowed(c->plan->measure, c->plan->at_most, limit, 64);
}

static void put_criteria(const struct evac_report *r, struct evac_buf *out)
{
    char value[64], limit[64];
    int wide_value = 0, wide_limit = 0;
    if (r->criterion_count)
        evac_buf_puts(out, "\nCriteria, fixed before the first step\n");
    for (size_t i = 0; i < r->criterion_count; i++) {
        show_criterion(&r->criteria[i], value, limit);
        wide_value = (int)strlen(value) > wide_value ? (int)strlen(value) : wide_value;
        wide_limit = (int)strlen(limit) > wide_limit ? (int)strlen(limit) : wide_limit;
    }
    for (size_t i = 0; i < r->criterion_count; i++) {
        const struct evac_report_criterion *c = &r->criteria[i];
        show_criterion(c, value, limit);
        evac_buf_putf(out, "  %-16.*s %-*s  %-*s  %s%s%.*s\n", EVAC_STR_ARG(c->plan->name),
                      wide_value, value, wide_limit, limit, evac_judged_name(c->verdict),
                      c->why.n ? ": " : "", EVAC_STR_ARG(c->why));
    }
}

static void put_past(const struct evac_report *r, struct evac_buf *out)
{
    if (r->past_count && !evac_plan_is_aside(r->plan))
        evac_buf_putf(out, "\nThe last of this kind (%s)\n", evac_plan_kind_name(r->plan));
    for (size_t i = 0; i < r->past_count && !evac_plan_is_aside(r->plan); i++) {
        const struct evac_report_past *p = &r->past[i];
        char date[32], rto[32], rpo[32];
        show_date(p->began_ms, date, sizeof date);
        show_duration(p->rto_known, p->rto_ms, rto, sizeof rto);
        show_duration(p->rpo_known, p->rpo_ms, rpo, sizeof rpo);
        evac_buf_putf(out, "  run %-4llu %s  RTO %-10s RPO %-10s %.*s\n",
                      (unsigned long long)p->run, date, rto, rpo, EVAC_STR_ARG(p->result));
    }
}

static void put_limits(const struct evac_report *r, struct evac_buf *out)
{
    if (r->limit_count)
        evac_buf_puts(out, "\nWhat this run did not show\n");
    for (size_t i = 0; i < r->limit_count; i++)
        evac_buf_putf(out, "  - %.*s\n", EVAC_STR_ARG(r->limits[i]));
}

static void put_deficiencies(const struct evac_report *r, struct evac_buf *out)
{
    if (!r->deficiencies || evac_deficiencies_open(r->deficiencies) == 0)
        return;
    evac_buf_puts(out, "\nOpen deficiencies\n");
    evac_deficiencies_text(r->deficiencies, r->as_of_ms, false, out);
}

void evac_report_text(const struct evac_report *r, struct evac_buf *out)
{
    put_head(r, out);
    put_criteria(r, out);
    put_instants(r, out);
    put_parts(r, out);
    put_past(r, out);
    put_steps(r, out);
    put_words(r, out);
    put_left(r, out);
    put_limits(r, out);
    put_deficiencies(r, out);
    evac_buf_putf(out, "\nEvidence: plan %s\n          journal rows %llu to %llu, last hash %s\n",
                  r->plan->hash, (unsigned long long)r->first_seq, (unsigned long long)r->last_seq,
                  r->last_hash);
}

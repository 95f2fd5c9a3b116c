/* What a report finds wanting. */
#include "deficiency.h"
#include "report_parts.h"
#include "report_show.h"

#include "evac/arena.h"

struct finder {
    struct evac_report *report;
    struct evac_finding *out;
    size_t count, max;
};

static void found(struct finder *f, struct evac_str key, struct evac_str criterion,
                  enum evac_grade severity, struct evac_str title)
{
    for (size_t i = 0; i < f->count; i++)
        if (evac_str_eq(f->out[i].key, key))
            return;
    if (f->count < f->max)
        f->out[f->count++] = (struct evac_finding){ key, criterion, title, severity };
}

#define TEXT(f, ...) evac_arena_printf((f)->report->arena, __VA_ARGS__)

static const struct evac_plan_criterion *criterion_of(const struct evac_report *r,
                                                      enum evac_measure measure)
{
    for (size_t i = 0; i < r->criterion_count; i++)
        if (r->criteria[i].plan->measure == measure)
            return r->criteria[i].plan;
    return NULL;
}

/* What a criterion only counts is found one by one, so that each can be mended by itself. */
static bool is_found_in_detail(enum evac_measure measure)
{
    return measure == EVAC_MEASURE_FAILED || measure == EVAC_MEASURE_LEFT ||
           measure == EVAC_MEASURE_OVERRIDES;
}

static void find_missed(struct finder *f, const struct evac_report_criterion *c)
{
    char value[64], limit[64];
    struct evac_str name = c->plan->name;
    show_measured(c->plan->measure, c->value, value, sizeof value);
    show_allowed(c->plan->measure, c->plan->at_most, limit, sizeof limit);
    found(f, TEXT(f, "criterion:%.*s", EVAC_STR_ARG(name)), name, c->plan->severity,
          TEXT(f, "%.*s: %s (%s)%s%.*s", EVAC_STR_ARG(name), value, limit, c->why.n ? ": " : "",
               EVAC_STR_ARG(c->why)));
}

/* Recovery that nobody saw, data whose loss nobody knows. */
static void find_unmeasured(struct finder *f, const struct evac_report_criterion *c)
{
    const struct evac_report *r = f->report;
    if (c->plan->measure == EVAC_MEASURE_RTO && evac_str_starts(r->result, "succeeded"))
        found(f, EVAC_STR("unmeasured:rto"), c->plan->name, c->plan->severity,
              TEXT(f, "the RTO could not be measured: %.*s", EVAC_STR_ARG(c->why)));
    if (c->plan->measure != EVAC_MEASURE_RPO)
        return;
    for (size_t i = 0; i < r->loss_count; i++) {
        const struct evac_report_loss *l = &r->losses[i];
        bool known = false;
        for (size_t k = 0; k < r->loss_count; k++)
            known = known || (r->losses[k].known && evac_str_eq(r->losses[k].store, l->store));
        if (!known)
            found(f, TEXT(f, "unmeasured:rpo:%.*s", EVAC_STR_ARG(l->store)), c->plan->name,
                  c->plan->severity,
                  TEXT(f, "what %.*s lost is not known", EVAC_STR_ARG(l->store)));
    }
}

static void find_in_criteria(struct finder *f)
{
    const struct evac_report *r = f->report;
    for (size_t i = 0; i < r->criterion_count; i++) {
        const struct evac_report_criterion *c = &r->criteria[i];
        if (c->verdict == EVAC_JUDGED_UNMEASURED)
            find_unmeasured(f, c);
        else if (c->verdict == EVAC_JUDGED_MISSED && !is_found_in_detail(c->plan->measure))
            find_missed(f, c);
    }
}

static void find_in_steps(struct finder *f)
{
    const struct evac_report *r = f->report;
    const struct evac_plan_criterion *c = criterion_of(r, EVAC_MEASURE_FAILED);
    struct evac_str name = c ? c->name : EVAC_STR_NONE;
    for (size_t i = 0; i < r->step_count; i++) {
        const struct evac_report_step *s = &r->steps[i];
        bool back = evac_str_is(s->state, "undone");
        if (s->failed)
            found(f, TEXT(f, "step:%.*s", EVAC_STR_ARG(s->plan->id)), name,
                  c ? c->severity : EVAC_GRADE_HIGH,
                  TEXT(f, "step %.*s in %.*s %.*s%s%.*s", EVAC_STR_ARG(s->plan->id),
                       EVAC_STR_ARG(s->plan->region),
                       EVAC_STR_ARG(back ? EVAC_STR("failed, and was put back") : s->state),
                       s->reason.n ? ": " : "", EVAC_STR_ARG(s->reason)));
        else if (evac_str_is(s->state, "skipped") && s->reason.n)
            found(f, TEXT(f, "skipped:%.*s", EVAC_STR_ARG(s->plan->id)), EVAC_STR_NONE,
                  EVAC_GRADE_MEDIUM,
                  TEXT(f, "step %.*s in %.*s was skipped: %.*s", EVAC_STR_ARG(s->plan->id),
                       EVAC_STR_ARG(s->plan->region), EVAC_STR_ARG(s->reason)));
    }
}

/* Of a rehearsal nothing is left, and nothing of a run that never began. */
static void find_left(struct finder *f)
{
    const struct evac_report *r = f->report;
    const struct evac_plan_criterion *c = criterion_of(r, EVAC_MEASURE_LEFT);
    for (size_t i = 0; c && i < r->residue_count; i++) {
        const struct evac_plan_step *s = r->residue[i].step->plan;
        found(f, TEXT(f, "left:%.*s", EVAC_STR_ARG(s->id)), c->name, c->severity,
              TEXT(f, "step %.*s was left behind in %.*s", EVAC_STR_ARG(s->id),
                   EVAC_STR_ARG(s->region)));
    }
}

static void find_overrides(struct finder *f)
{
    const struct evac_report *r = f->report;
    const struct evac_plan_criterion *c = criterion_of(r, EVAC_MEASURE_OVERRIDES);
    for (size_t i = 0; c && i < r->word_count; i++) {
        const struct evac_report_word *w = &r->words[i];
        struct evac_str what = w->what.n ? w->what : w->step;
        if (evac_str_is(w->kind, "override"))
            found(f, TEXT(f, "override:%.*s", EVAC_STR_ARG(what)), c->name, c->severity,
                  TEXT(f, "%.*s overrode the gate before %.*s%s%.*s", EVAC_STR_ARG(w->who),
                       EVAC_STR_ARG(what), w->text.n ? ": " : "", EVAC_STR_ARG(w->text)));
    }
}

static bool began(const struct evac_report *r)
{
    for (size_t i = 0; i < r->step_count; i++)
        if (r->steps[i].began.known)
            return true;
    return false;
}

size_t evac_report_findings(struct evac_report *report, struct evac_finding *ret, size_t max)
{
    struct finder f = { report, ret, 0, max };
    if (!report->over || !began(report))
        return 0;
    find_in_criteria(&f);
    find_in_steps(&f);
    find_left(&f);
    find_overrides(&f);
    bool cancelled = evac_str_is(report->result, "rolled_back");
    if (f.count == 0 && !cancelled && !evac_str_starts(report->result, "succeeded"))
        found(&f, EVAC_STR("result"), EVAC_STR_NONE, EVAC_GRADE_HIGH,
              TEXT(&f, "the run ended as %.*s", EVAC_STR_ARG(report->result)));
    return f.count;
}

/* How the criteria that the plan fixed came out: met, missed, or not measured, with the number. */
#include "report_parts.h"
#include "report_show.h"

#include "evac/arena.h"

const char *evac_judged_name(enum evac_judged verdict)
{
    static const char *const names[] = { "met", "missed", "not measured" };
    return names[verdict];
}

bool report_moves(const struct evac_report *r)
{
    return !evac_plan_is_aside(r->plan);
}

/* What a measure found; unknown with the reason. */
struct found {
    bool known;
    int64_t value;
    struct evac_str why;
};

static struct found unknown(const char *why)
{
    return (struct found){ false, 0, evac_str(why) };
}

static struct found between(const struct evac_when *from, const struct evac_when *to,
                            const char *why)
{
    return from->known && to->known
               ? (struct found){ true, to->wall_ms - from->wall_ms, EVAC_STR_NONE }
               : unknown(why);
}

static struct found part(const struct evac_report *r, enum evac_measure measure)
{
    const struct evac_report_part *p = &evac_report_parts[measure - EVAC_MEASURE_DETECT];
    return between(&r->instants[p->from], &r->instants[p->to],
                   "one of the instants that it lies between was not reached");
}

static struct found rto(const struct evac_report *r)
{
    return r->rto_known ? (struct found){ true, r->rto_ms, EVAC_STR_NONE }
                        : unknown("the public endpoint was not seen to work again");
}

/* Of one store the worst that a method said, or of all. */
static struct found rpo(const struct evac_report *r, struct evac_str store)
{
    struct found f = unknown("nothing measured it");
    if (store.n == 0) {
        bool some = r->loss_count > 0;
        return r->rpo_known
                   ? (struct found){ true, r->rpo_ms, EVAC_STR_NONE }
                   : unknown(some ? "a store could not be measured" : "no store was measured");
    }
    for (size_t i = 0; i < r->loss_count; i++)
        if (evac_str_eq(r->losses[i].store, store) && r->losses[i].known &&
            (!f.known || r->losses[i].loss_ms > f.value))
            f = (struct found){ true, r->losses[i].loss_ms, EVAC_STR_NONE };
    return f;
}

/* A runbook's step that became several, one a resource, takes as long as the slowest. */
static bool is_named(const struct evac_report_step *s, struct evac_str name)
{
    struct evac_str rest;
    return evac_str_eq(s->plan->id, name) ||
           evac_str_eq(evac_str_cut(s->plan->id, ':', &rest), name);
}

static struct found slowest(const struct evac_report *r, struct evac_str name)
{
    struct found f = unknown("the step did not begin and end in this run");
    for (size_t i = 0; i < r->step_count && i < r->plan->forward_count; i++) {
        const struct evac_report_step *s = &r->steps[i];
        if (!is_named(s, name) || !s->began.known)
            continue;
        if (!s->ended.known)
            return unknown("the step did not end");
        if (!f.known || s->ended.wall_ms - s->began.wall_ms > f.value)
            f = (struct found){ true, s->ended.wall_ms - s->began.wall_ms, s->plan->id };
    }
    return f;
}

/* --- counts ----------------------------------------------------------------------------------- */

struct naming {
    struct evac_buf names;
    int64_t count;
};

static void name_one(struct naming *n, struct evac_str name)
{
    n->count++;
    evac_buf_puts(&n->names, n->names.n ? ", " : "");
    evac_buf_put_str(&n->names, name);
}

static void count_steps(const struct evac_report *r, enum evac_measure measure, struct naming *n)
{
    for (size_t i = 0; i < r->step_count; i++) {
        const struct evac_report_step *s = &r->steps[i];
        if (measure == EVAC_MEASURE_FAILED ? s->failed : s->attempts > 1)
            name_one(n, s->plan->id);
        if (measure == EVAC_MEASURE_RETRIES && s->attempts > 1)
            n->count += s->attempts - 2;
    }
}

static void count_words(const struct evac_report *r, const char *kind, struct naming *n)
{
    for (size_t i = 0; i < r->word_count; i++)
        if (evac_str_is(r->words[i].kind, kind))
            name_one(n, r->words[i].what.n ? r->words[i].what : r->words[i].kind);
}

static struct found counted(const struct evac_report *r, enum evac_measure measure)
{
    struct naming n = { .count = 0 };
    evac_buf_init(&n.names, 4000);
    if (measure == EVAC_MEASURE_OVERRIDES)
        count_words(r, "override", &n);
    else if (measure == EVAC_MEASURE_HANDS)
        count_words(r, "command", &n);
    else if (measure == EVAC_MEASURE_LEFT)
        for (size_t i = 0; i < r->residue_count; i++)
            name_one(&n, r->residue[i].step->plan->id);
    else
        count_steps(r, measure, &n);
    struct found f = { true, n.count, evac_arena_str(r->arena, evac_buf_str(&n.names)) };
    evac_buf_done(&n.names);
    return r->over ? f : unknown("the run goes on");
}

/* Looks at the public endpoint that the target did not answer. None made: not measured. */
static struct found unserved(const struct evac_report *r)
{
    struct found f = unknown("the run did not come to look at the public endpoint");
    for (size_t i = 0; i < r->step_count && i < r->plan->forward_count; i++) {
        const struct evac_report_step *s = &r->steps[i];
        if (!(s->plan->flags & EVAC_STEP_PUBLIC) || !s->began.known || !s->ended.known)
            continue;
        bool served = evac_str_is(s->state, "done");
        if (!served || !f.known)
            f = (struct found){ true, served ? 0 : f.known ? f.value + 1 : 1, s->plan->id };
    }
    return f;
}

static struct found measure(const struct evac_report *r, const struct evac_plan_criterion *c)
{
    static const struct evac_when none = { false, 0 };
    const struct evac_when began = { true, r->began_ms }, ended = { true, r->ended_ms };
    switch (c->measure) {
    case EVAC_MEASURE_RTO:
        return rto(r);
    case EVAC_MEASURE_RPO:
        return rpo(r, c->of);
    case EVAC_MEASURE_DETECT:
    case EVAC_MEASURE_DECIDE:
    case EVAC_MEASURE_FENCE:
    case EVAC_MEASURE_CAPACITY:
    case EVAC_MEASURE_DATA:
    case EVAC_MEASURE_VERIFY:
    case EVAC_MEASURE_TRAFFIC:
    case EVAC_MEASURE_CONFIRM:
        return part(r, c->measure);
    case EVAC_MEASURE_DURATION:
        return between(&began, r->over ? &ended : &none, "the run goes on");
    case EVAC_MEASURE_STEP:
        return slowest(r, c->of);
    case EVAC_MEASURE_UNSERVED:
        return unserved(r);
    case EVAC_MEASURE_FAILED:
    case EVAC_MEASURE_LEFT:
    case EVAC_MEASURE_OVERRIDES:
    case EVAC_MEASURE_HANDS:
    case EVAC_MEASURE_RETRIES:
    case EVAC_MEASURE_COUNT:
        break;
    }
    return counted(r, c->measure);
}

/* Unknown loss is not a small one: the worst case counts, if it is known. */
void report_judge(struct evac_report *r)
{
    r->criterion_count = r->plan->criterion_count;
    r->criteria = evac_arena_array(r->arena, r->criterion_count + 1, sizeof *r->criteria);
    for (size_t i = 0; i < r->criterion_count; i++) {
        const struct evac_plan_criterion *c = &r->plan->criteria[i];
        struct found f = measure(r, c);
        r->criteria[i] = (struct evac_report_criterion){ c,
                                                         !f.known ? EVAC_JUDGED_UNMEASURED
                                                         : f.value > c->at_most ? EVAC_JUDGED_MISSED
                                                                                : EVAC_JUDGED_MET,
                                                         f.value, f.why };
    }
}

/* A plan as canonical JSON, and back. What is read was written by us, but a journal may be damaged:
 * everything is checked, and what is taken is, written again, the same bytes (fuzz_plan.c). */
#include "hash.h"
#include "jr.h"
#include "jw.h"
#include "plan_internal.h"

#define FORMAT       1
#define CONDS_MAX    1000
#define CRITERIA_MAX 1000

/* --- writing
 * --------------------------------------------------------------------------------------------------------
 */

static void put_indices(struct evac_jw *w, const char *key, const uint16_t *list, uint16_t n)
{
    evac_jw_open(w, key, '[');
    for (uint16_t i = 0; i < n; i++)
        evac_jw_i64(w, NULL, list[i]);
    evac_jw_close(w, ']');
}

static void put_when(struct evac_jw *w, const struct evac_plan_step *s)
{
    evac_jw_open(w, "when", '[');
    for (uint16_t i = 0; i < s->when_count; i++) {
        const struct evac_plan_cond *c = &s->when[i];
        evac_jw_open(w, NULL, '[');
        evac_jw_i64(w, NULL, c->op);
        evac_jw_i64(w, NULL, c->first_child);
        evac_jw_i64(w, NULL, c->child_count);
        evac_jw_i64(w, NULL, c->cmp);
        evac_jw_i64(w, NULL, c->number);
        evac_jw_i64(w, NULL, c->step);
        evac_jw_i64(w, NULL, c->fact);
        evac_jw_str(w, NULL, c->word);
        evac_jw_close(w, ']');
    }
    evac_jw_close(w, ']');
}

static void put_step(struct evac_jw *w, const struct evac_plan_step *s)
{
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "id", s->id);
    evac_jw_str(w, "title", s->title);
    evac_jw_str(w, "type", s->type);
    evac_jw_str(w, "action", s->action);
    evac_jw_str(w, "resource", s->resource);
    evac_jw_str(w, "region", s->region);
    evac_jw_str(w, "target", s->target);
    evac_jw_cstr(w, "phase", evac_phase_name(s->phase));
    evac_jw_cstr(w, "fencing", evac_fencing_name(s->fencing));
    evac_jw_cstr(w, "on_failure", evac_on_failure_name(s->on_failure));
    evac_jw_i64(w, "flags", s->flags);
    evac_jw_i64(w, "deadline_ms", s->deadline_ms);
    evac_jw_i64(w, "usual_ms", s->usual_ms);
    evac_jw_i64(w, "tries", s->tries);
    evac_jw_str(w, "clear", s->clear);
    evac_jw_open(w, "args", '{');
    for (size_t i = 0; i < s->args.count; i++)
        evac_jw_str(w, s->args.items[i].name.p, s->args.items[i].value);
    evac_jw_close(w, '}');
    put_indices(w, "after", s->after, s->after_count);
    put_indices(w, "rivals", s->rivals, s->rival_count);
    put_when(w, s);
    evac_jw_open(w, "facts", '[');
    for (size_t i = 0; i < EVAC_STEP_FACTS; i++)
        evac_jw_str(w, NULL, s->facts[i]);
    evac_jw_close(w, ']');
    evac_jw_close(w, '}');
}

static void put_criteria(struct evac_jw *w, const struct evac_plan *plan)
{
    evac_jw_open(w, "criteria", '[');
    for (uint16_t i = 0; i < plan->criterion_count; i++) {
        const struct evac_plan_criterion *c = &plan->criteria[i];
        evac_jw_open(w, NULL, '{');
        evac_jw_str(w, "name", c->name);
        evac_jw_cstr(w, "measure", evac_measure_name(c->measure));
        evac_jw_str(w, "of", c->of);
        evac_jw_i64(w, "at_most", c->at_most);
        evac_jw_cstr(w, "severity", evac_grade_name(c->severity));
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
}

/* The numbers, in order: one table serves writing and reading. */
#define NUMBERS(X)                                                                                 \
    X(rto_ms, int64_t, INT64_MAX)                                                                  \
    X(rpo_ms, int64_t, INT64_MAX)                                                                  \
    X(run_deadline_ms, uint32_t, UINT32_MAX)                                                       \
    X(approval_ms, uint32_t, UINT32_MAX)                                                           \
    X(quarantine_ms, uint32_t, UINT32_MAX)                                                         \
    X(confirm_ms, uint32_t, UINT32_MAX)                                                            \
    X(poll_ms, uint32_t, UINT32_MAX)                                                               \
    X(poll_max_ms, uint32_t, UINT32_MAX)                                                           \
    X(forward_count, uint16_t, EVAC_PLAN_STEPS_MAX)
#define TEXTS(X) X(app) X(runbook) X(from) X(to) X(witness)

void evac_plan_to_json(const struct evac_plan *plan, struct evac_buf *out)
{
    struct evac_jw w = { out, false };
    evac_jw_open(&w, NULL, '{');
    evac_jw_i64(&w, "format", FORMAT);
#define X(name) evac_jw_str(&w, #name, plan->name);
    TEXTS(X)
#undef X
    evac_jw_cstr(&w, "workflow", evac_workflow_name(plan->workflow));
    evac_jw_cstr(&w, "drill", evac_drill_kind_name(plan->drill));
    evac_jw_cstr(&w, "mode", evac_mode_name(plan->mode));
    evac_jw_bool(&w, "rehearse", plan->rehearse);
    if (plan->must_hold)
        evac_jw_bool(&w, "must_hold", true);
    if (plan->isolate.n)
        evac_jw_str(&w, "isolate", plan->isolate);
    if (plan->stand_in.n)
        evac_jw_str(&w, "stand_in", plan->stand_in);
    if (plan->criterion_count)
        put_criteria(&w, plan);
#define X(name, type, max) evac_jw_i64(&w, #name, (int64_t)plan->name);
    NUMBERS(X)
#undef X
    evac_jw_open(&w, "steps", '[');
    for (uint16_t i = 0; i < plan->step_count; i++)
        put_step(&w, &plan->steps[i]);
    evac_jw_close(&w, ']');
    evac_jw_close(&w, '}');
}

/* --- reading
 * ----------------------------------------------------------------------------------------------------------
 */

static const uint16_t *indices(struct evac_jr *r, const char *key, uint16_t steps,
                               uint16_t *ret_count)
{
    evac_jr_open(r, key, '[');
    size_t n = evac_jr_count(r), at = 0;
    if (n > steps)
        evac_jr_bad(r, key);
    uint16_t *out = evac_arena_array(r->arena, n + 1, sizeof *out);
    while (at < n && evac_jr_more(r))
        out[at++] = (uint16_t)evac_jr_i64(r, NULL, 0, steps - 1);
    evac_jr_close(r, ']');
    *ret_count = (uint16_t)at;
    return out;
}

static void read_args(struct evac_jr *r, struct evac_args *ret)
{
    evac_jr_open(r, "args", '{');
    size_t n = evac_jr_count(r), at = 0;
    struct evac_arg *args = evac_arena_array(r->arena, n + 1, sizeof *args);
    while (at < n && evac_jr_more(r)) {
        args[at].name = evac_jr_name(r);
        args[at++].value = evac_jr_str(r, NULL);
    }
    evac_jr_close(r, '}');
    *ret = (struct evac_args){ args, at };
}

static void read_cond(struct evac_jr *r, size_t nodes, size_t at, uint16_t steps,
                      struct evac_plan_cond *c)
{
    evac_jr_open(r, NULL, '[');
    c->op = (enum evac_cond_op)evac_jr_i64(r, NULL, 0, EVAC_COND_FACT);
    c->first_child = (uint16_t)evac_jr_i64(r, NULL, 0, UINT16_MAX);
    c->child_count = (uint16_t)evac_jr_i64(r, NULL, 0, UINT16_MAX);
    c->cmp = (enum evac_cmp)evac_jr_i64(r, NULL, 0, EVAC_CMP_IS);
    c->number = evac_jr_i64(r, NULL, INT64_MIN, INT64_MAX);
    c->step = (uint16_t)evac_jr_i64(r, NULL, 0, steps - 1);
    c->fact = (uint16_t)evac_jr_i64(r, NULL, 0, EVAC_STEP_FACTS - 1);
    c->word = evac_jr_str(r, NULL);
    evac_jr_close(r, ']');
    /* children come after their parent, or a damaged text could make us run in circles */
    if (c->child_count > 0 && (c->first_child <= at || c->first_child + c->child_count > nodes))
        evac_jr_bad(r, "when");
}

static void read_when(struct evac_jr *r, uint16_t steps, struct evac_plan_step *s)
{
    evac_jr_open(r, "when", '[');
    size_t n = evac_jr_count(r), at = 0;
    if (n > CONDS_MAX)
        evac_jr_bad(r, "when");
    struct evac_plan_cond *conds = evac_arena_array(r->arena, n + 1, sizeof *conds);
    for (; at < n && evac_jr_more(r); at++)
        read_cond(r, n, at, steps, &conds[at]);
    evac_jr_close(r, ']');
    s->when = at ? conds : NULL;
    s->when_count = (uint16_t)at;
}

static bool parse_fencing(struct evac_str name, enum evac_fencing *ret)
{
    for (unsigned i = 0; i < EVAC_FENCING_COUNT; i++)
        if (evac_str_is(name, evac_fencing_name((enum evac_fencing)i))) {
            *ret = (enum evac_fencing)i;
            return true;
        }
    return false;
}

static void read_step(struct evac_jr *r, uint16_t steps, struct evac_plan_step *s)
{
    evac_jr_open(r, NULL, '{');
    s->id = evac_jr_str(r, "id");
    s->title = evac_jr_str(r, "title");
    s->type = evac_jr_str(r, "type");
    s->action = evac_jr_str(r, "action");
    s->resource = evac_jr_str(r, "resource");
    s->region = evac_jr_str(r, "region");
    s->target = evac_jr_str(r, "target");
    if (!evac_phase_parse(evac_jr_str(r, "phase"), &s->phase) ||
        !parse_fencing(evac_jr_str(r, "fencing"), &s->fencing) ||
        !evac_on_failure_parse(evac_jr_str(r, "on_failure"), &s->on_failure))
        evac_jr_bad(r, "a step's phase, fencing or on_failure");
    s->flags = (uint32_t)evac_jr_i64(r, "flags", 0, UINT32_MAX);
    s->deadline_ms = (uint32_t)evac_jr_i64(r, "deadline_ms", 0, UINT32_MAX);
    s->usual_ms = (uint32_t)evac_jr_i64(r, "usual_ms", 0, UINT32_MAX);
    s->tries = (uint16_t)evac_jr_i64(r, "tries", 0, UINT16_MAX);
    s->clear = evac_jr_str(r, "clear");
    read_args(r, &s->args);
    s->after = indices(r, "after", steps, &s->after_count);
    s->rivals = indices(r, "rivals", steps, &s->rival_count);
    read_when(r, steps, s);
    evac_jr_open(r, "facts", '[');
    for (int i = 0; i < EVAC_STEP_FACTS; i++)
        s->facts[i] = evac_jr_str(r, NULL);
    evac_jr_close(r, ']');
    evac_jr_close(r, '}');
}

static void read_criteria(struct evac_jr *r, struct evac_plan *plan)
{
    evac_jr_open(r, "criteria", '[');
    size_t n = evac_jr_count(r), at = 0;
    if (n == 0 || n > CRITERIA_MAX)
        evac_jr_bad(r, "criteria");
    struct evac_plan_criterion *all = evac_arena_array(r->arena, n + 1, sizeof *all);
    for (; at < n && evac_jr_more(r); at++) {
        struct evac_plan_criterion *c = &all[at];
        evac_jr_open(r, NULL, '{');
        c->name = evac_jr_str(r, "name");
        bool known = evac_measure_parse(evac_jr_str(r, "measure"), &c->measure);
        c->of = evac_jr_str(r, "of");
        c->at_most = evac_jr_i64(r, "at_most", 0, INT64_MAX);
        if (!known || !evac_grade_parse(evac_jr_str(r, "severity"), &c->severity))
            evac_jr_bad(r, "a criterion's measure or severity");
        evac_jr_close(r, '}');
    }
    evac_jr_close(r, ']');
    plan->criteria = all;
    plan->criterion_count = (uint16_t)at;
}

static void read_steps(struct evac_jr *r, struct evac_plan *plan)
{
    uint16_t n = (uint16_t)(2 * plan->forward_count), at = 0;
    evac_jr_open(r, "steps", '[');
    if (n == 0)
        evac_jr_bad(r, "steps");
    struct evac_plan_step *steps = evac_arena_array(r->arena, n + 1u, sizeof *steps);
    while (at < n && evac_jr_more(r))
        read_step(r, n, &steps[at++]);
    evac_jr_close(r, ']');
    if (at != n)
        evac_jr_bad(r, "steps");
    plan->steps = steps;
    plan->step_count = n;
}

/* Written only when there is one. */
static struct evac_str text_if_any(struct evac_jr *r, const char *key)
{
    struct evac_str text = evac_jr_has(r, key) ? evac_jr_str(r, key) : EVAC_STR_NONE;
    if (text.p && text.n == 0)
        evac_jr_bad(r, key);
    return text;
}

static void read_plan(struct evac_jr *r, struct evac_plan *plan)
{
    evac_jr_open(r, NULL, '{');
    (void)evac_jr_i64(r, "format", FORMAT, FORMAT);
#define X(name) plan->name = evac_jr_str(r, #name);
    TEXTS(X)
#undef X
    if (!evac_workflow_parse(evac_jr_str(r, "workflow"), &plan->workflow) ||
        !evac_drill_kind_parse(evac_jr_str(r, "drill"), &plan->drill) ||
        !evac_mode_parse(evac_jr_str(r, "mode"), &plan->mode))
        evac_jr_bad(r, "workflow, drill or mode");
    plan->rehearse = evac_jr_bool(r, "rehearse");
    plan->must_hold = evac_jr_has(r, "must_hold");
    if (plan->must_hold && !evac_jr_bool(r, "must_hold"))
        evac_jr_bad(r, "must_hold");
    plan->isolate = text_if_any(r, "isolate");
    plan->stand_in = text_if_any(r, "stand_in");
    if (evac_jr_has(r, "criteria"))
        read_criteria(r, plan);
#define X(name, type, max) plan->name = (type)evac_jr_i64(r, #name, 0, max);
    NUMBERS(X)
#undef X
    read_steps(r, plan);
    evac_jr_close(r, '}');
    evac_jr_end(r);
}

enum evac_code evac_plan_from_json(struct evac_str json, struct evac_plan **ret_plan,
                                   struct evac_err *err)
{
    struct evac_jr r = { .left = json.n ? json : EVAC_STR(""), .arena = evac_arena_new() };
    struct evac_plan *plan = evac_arena_alloc(r.arena, sizeof *plan);
    plan->arena = r.arena;
    read_plan(&r, plan);
    if (r.bad) {
        (void)evac_fail(err, EVAC_E_CORRUPT, "the plan's text is damaged: %s", r.bad);
        evac_arena_free(r.arena);
        return EVAC_E_CORRUPT;
    }
    evac_sha256_hex_again(json, plan->hash);
    *ret_plan = plan;
    return EVAC_OK;
}

/* A plan for people. */
#include "never.h"
#include "plan_internal.h"

#include <stdlib.h>
#include <string.h>

bool evac_plan_may_run(const struct evac_plan *plan, uint16_t i)
{
    return plan_when(plan->steps[i].when, 0, plan->mode) != PLAN_NO;
}

/* What the walk along the plan knows of each step. */
struct path {
    const struct evac_plan *plan;
    const uint64_t *step_ms;
    uint64_t *finish;
    uint16_t *previous; /* forward_count: none */
};

static uint64_t length_of(const struct path *path, uint16_t i)
{
    if (!evac_plan_may_run(path->plan, i))
        return 0;
    return path->step_ms ? path->step_ms[i] : path->plan->steps[i].usual_ms;
}

/* One step after all that stand before it; true when that moved its end. */
static bool relax(struct path *path, uint16_t i)
{
    const struct evac_plan_step *s = &path->plan->steps[i];
    uint16_t n = path->plan->forward_count;
    bool changed = false;
    for (uint16_t k = 0; k < s->after_count; k++) {
        uint16_t before = s->after[k];
        if (before >= n)
            continue;
        uint64_t at = path->finish[before] + length_of(path, i);
        if (at < path->finish[i] || (at == path->finish[i] && path->previous[i] != n))
            continue;
        changed = changed || at > path->finish[i];
        path->finish[i] = at;
        path->previous[i] = before;
    }
    return changed;
}

static void walk_all(struct path *path)
{
    uint16_t n = path->plan->forward_count;
    bool changed = true;
    for (uint16_t i = 0; i < n; i++) {
        path->finish[i] = length_of(path, i);
        path->previous[i] = n;
    }
    for (uint16_t round = 0; changed && round < n; round++) { /* the graph has no cycle */
        changed = false;
        for (uint16_t i = 0; i < n; i++)
            changed = relax(path, i) || changed;
    }
}

/* The last to end of those with one of the flags; of all when there is none such. */
static uint16_t last_of(const struct path *path, uint32_t flags)
{
    uint16_t n = path->plan->forward_count, best = n;
    for (uint16_t i = 0; i < n; i++)
        if ((!flags || (path->plan->steps[i].flags & flags)) && evac_plan_may_run(path->plan, i) &&
            (best == n || path->finish[i] > path->finish[best]))
            best = i;
    return best == n && flags ? last_of(path, 0) : best;
}

/* Back from the end, then the other way round. */
static uint16_t trace(const struct path *path, uint16_t end, uint16_t *ret_steps)
{
    uint16_t n = path->plan->forward_count, count = 0;
    for (uint16_t i = end; i < n && count < n; i = path->previous[i])
        if (evac_plan_may_run(path->plan, i))
            ret_steps[count++] = i;
    for (uint16_t i = 0; i < count / 2; i++) {
        uint16_t swap = ret_steps[i];
        ret_steps[i] = ret_steps[count - 1 - i];
        ret_steps[count - 1 - i] = swap;
    }
    return count;
}

uint64_t evac_plan_path(const struct evac_plan *plan, const uint64_t *step_ms, uint32_t until,
                        uint16_t *ret_steps, uint16_t *ret_count)
{
    uint16_t n = plan->forward_count, count = 0;
    struct path path = { plan, step_ms, calloc(n + 1u, sizeof *path.finish),
                         calloc(n + 1u, sizeof *path.previous) };
    uint16_t *steps = calloc(n + 1u, sizeof *steps);
    if (EVAC_IF_NEVER(!path.finish || !path.previous || !steps))
        abort();
    walk_all(&path);
    uint16_t end = last_of(&path, until);
    uint64_t length = end < n ? path.finish[end] : 0;
    count = trace(&path, end, steps);
    if (ret_steps)
        memcpy(ret_steps, steps, count * sizeof *steps);
    if (ret_count)
        *ret_count = count;
    free(steps);
    free(path.finish);
    free(path.previous);
    return length;
}

/* behind[k] of each that stands before i is at least i's own way. */
static bool relax_back(const struct path *path, uint16_t i, uint64_t *behind)
{
    const struct evac_plan_step *s = &path->plan->steps[i];
    uint64_t way = length_of(path, i) + behind[i];
    bool changed = false;
    for (uint16_t k = 0; k < s->after_count; k++) {
        if (s->after[k] >= path->plan->forward_count || behind[s->after[k]] >= way)
            continue;
        behind[s->after[k]] = way;
        changed = true;
    }
    return changed;
}

void evac_plan_times(const struct evac_plan *plan, const uint64_t *step_ms, uint64_t *ret_begins,
                     uint64_t *ret_behind)
{
    uint16_t n = plan->forward_count;
    struct path path = { plan, step_ms, ret_begins, calloc(n + 1u, sizeof *path.previous) };
    bool changed = true;
    if (EVAC_IF_NEVER(!path.previous))
        abort();
    walk_all(&path);
    for (uint16_t i = 0; i < n; i++) {
        ret_begins[i] -= length_of(&path, i);
        ret_behind[i] = 0;
    }
    for (uint16_t round = 0; changed && round < n; round++) {
        changed = false;
        for (uint16_t i = n; i-- > 0;)
            changed = relax_back(&path, i, ret_behind) || changed;
    }
    free(path.previous);
}

uint64_t evac_plan_critical_path(const struct evac_plan *plan, uint16_t *ret_steps,
                                 uint16_t *ret_count)
{
    return evac_plan_path(plan, NULL, 0, ret_steps, ret_count);
}

static void put_duration(struct evac_buf *out, uint64_t ms)
{
    if (ms < 1000)
        evac_buf_putf(out, "%llu ms", (unsigned long long)ms);
    else if (ms < 120000)
        evac_buf_putf(out, "%llu s", (unsigned long long)ms / 1000);
    else
        evac_buf_putf(out, "%llu min", (unsigned long long)(ms + 30000) / 60000);
}

static const struct {
    uint32_t flag;
    const char *text;
} marks[] = {
    { EVAC_STEP_PIVOT, "POINT OF NO RETURN" },
    { EVAC_STEP_LOSSY, "may lose data" },
    { EVAC_STEP_APPROVAL, "waits for approval" },
};

static void put_marks(const struct evac_plan_step *s, enum evac_mode mode, struct evac_buf *out)
{
    bool waits = mode == EVAC_MODE_GRACEFUL && (s->flags & EVAC_STEP_WAITS);
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if ((s->flags & marks[i].flag) && !(waits && marks[i].flag == EVAC_STEP_LOSSY))
            evac_buf_putf(out, "  [%s]", marks[i].text);
    if (waits)
        evac_buf_puts(out, "  [waits for all that was written before the fence]");
    if ((s->flags & EVAC_STEP_MUTATES) && !(s->flags & EVAC_STEP_REVERSIBLE))
        evac_buf_puts(out, "  [can not be undone]");
    if (s->on_failure == EVAC_ON_FAILURE_GO_ON)
        evac_buf_puts(out, "  [best effort]");
}

static void put_after(const struct evac_plan *plan, const struct evac_plan_step *s,
                      struct evac_buf *out)
{
    bool first = true;
    for (uint16_t k = 0; k < s->after_count; k++) {
        if (!evac_plan_may_run(plan, s->after[k]))
            continue;
        evac_buf_putf(out, "%s%.*s", first ? "after " : ", ",
                      EVAC_STR_ARG(plan->steps[s->after[k]].id));
        first = false;
    }
}

static void put_line(const struct evac_plan *plan, const struct evac_plan_step *s,
                     struct evac_buf *out)
{
    bool mutates = (s->flags & EVAC_STEP_MUTATES) != 0;
    evac_buf_putf(out, "  %s %-22.*s %-11.*s %.*s.%.*s%s", mutates ? "*" : " ", EVAC_STR_ARG(s->id),
                  EVAC_STR_ARG(s->region), EVAC_STR_ARG(s->type), EVAC_STR_ARG(s->action),
                  s->resource.n ? " " : "");
    evac_buf_put_str(out, s->resource);
    evac_buf_puts(out, ", ~");
    put_duration(out, s->usual_ms);
    put_marks(s, plan->mode, out);
    evac_buf_putf(out, "\n      %.*s", EVAC_STR_ARG(s->title));
    if (mutates)
        evac_buf_putf(out, " (%s)", evac_fencing_name(s->fencing));
    evac_buf_puts(out, s->after_count ? "; " : "");
    put_after(plan, s, out);
    evac_buf_putc(out, '\n');
}

static void put_phase(const struct evac_plan *plan, enum evac_phase phase, struct evac_buf *out)
{
    bool titled = false;
    for (uint16_t i = 0; i < plan->forward_count; i++) {
        if (plan->steps[i].phase != phase || !evac_plan_may_run(plan, i))
            continue;
        if (!titled)
            evac_buf_putf(out, "\n%s\n", evac_phase_name(phase));
        titled = true;
        put_line(plan, &plan->steps[i], out);
    }
}

static void put_left_out(const struct evac_plan *plan, struct evac_buf *out)
{
    bool first = true;
    for (uint16_t i = 0; i < plan->forward_count; i++) {
        if (evac_plan_may_run(plan, i))
            continue;
        evac_buf_putf(out, "%s%.*s", first ? "\nnot in this mode: " : ", ",
                      EVAC_STR_ARG(plan->steps[i].id));
        first = false;
    }
    if (!first)
        evac_buf_putc(out, '\n');
}

static void put_path(const struct evac_plan *plan, struct evac_buf *out)
{
    uint16_t *path = calloc(plan->forward_count + 1u, sizeof *path), n = 0;
    if (EVAC_IF_NEVER(!path))
        abort();
    uint64_t ms = evac_plan_critical_path(plan, path, &n);
    evac_buf_puts(out, "\ncritical path, usually ");
    put_duration(out, ms);
    evac_buf_puts(out, ": ");
    for (uint16_t i = 0; i < n; i++)
        evac_buf_putf(out, "%s%.*s", i ? " > " : "", EVAC_STR_ARG(plan->steps[path[i]].id));
    evac_buf_putc(out, '\n');
    free(path);
}

void evac_plan_explain(const struct evac_plan *plan, struct evac_buf *out)
{
    evac_buf_putf(out, "%s of %.*s, %.*s -> %.*s, %s%s   (runbook %.*s, plan %.12s)\n",
                  evac_workflow_name(plan->workflow), EVAC_STR_ARG(plan->app),
                  EVAC_STR_ARG(plan->from), EVAC_STR_ARG(plan->to), evac_mode_name(plan->mode),
                  plan->rehearse ? ", only looking" : "", EVAC_STR_ARG(plan->runbook), plan->hash);
    evac_buf_puts(out, "steps with * change something\n");
    for (unsigned p = 0; p < EVAC_PHASE_COUNT; p++)
        put_phase(plan, (enum evac_phase)p, out);
    put_left_out(plan, out);
    put_path(plan, out);
}

/* A plan for people. */
#include "plan_internal.h"

#include <stdlib.h>
#include <string.h>

static bool runs(const struct evac_plan *plan, uint16_t i)
{
    return plan_when(plan->steps[i].when, 0, plan->mode) != PLAN_NO;
}

uint64_t evac_plan_critical_path(const struct evac_plan *plan, uint16_t *ret_steps,
                                 uint16_t *ret_count)
{
    uint16_t n = plan->forward_count, best = 0, count = 0;
    uint64_t *finish = calloc(n + 1u, sizeof *finish);
    uint16_t *previous = calloc(n + 1u, sizeof *previous);
    bool changed = true;
    if (!finish || !previous)
        abort();
    for (uint16_t i = 0; i < n; i++) {
        finish[i] = runs(plan, i) ? plan->steps[i].usual_ms : 0;
        previous[i] = n;
    }
    for (uint16_t round = 0; changed && round < n;
         round++) { /* relaxation: the graph has no cycle */
        changed = false;
        for (uint16_t i = 0; i < n; i++)
            for (uint16_t k = 0; k < plan->steps[i].after_count; k++) {
                uint16_t before = plan->steps[i].after[k];
                uint64_t at = finish[before] + (runs(plan, i) ? plan->steps[i].usual_ms : 0);
                if (before < n && (at > finish[i] || (previous[i] == n && at >= finish[i]))) {
                    changed = changed || at > finish[i];
                    finish[i] = at;
                    previous[i] = before;
                }
            }
    }
    for (uint16_t i = 0; i < n; i++)
        if (finish[i] > finish[best])
            best = i;
    uint64_t length = n ? finish[best] : 0;
    for (uint16_t i = best; i < n && count < n; i = previous[i])
        if (runs(plan, i)) {
            if (ret_steps)
                ret_steps[count] = i;
            count++;
        }
    for (uint16_t i = 0; ret_steps && i < count / 2; i++) {
        uint16_t swap = ret_steps[i];
        ret_steps[i] = ret_steps[count - 1 - i];
        ret_steps[count - 1 - i] = swap;
    }
    if (ret_count)
        *ret_count = count;
    free(finish);
    free(previous);
    return length;
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

static void put_marks(const struct evac_plan_step *s, struct evac_buf *out)
{
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (s->flags & marks[i].flag)
            evac_buf_putf(out, "  [%s]", marks[i].text);
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
        if (!runs(plan, s->after[k]))
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
    put_marks(s, out);
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
        if (plan->steps[i].phase != phase || !runs(plan, i))
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
        if (runs(plan, i))
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
    if (!path)
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

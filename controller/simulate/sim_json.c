#include "sim_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BINS      12u
#define MISS_MOST 0.05 /* one run in twenty may miss the objective, and it still meets it */

void evac_sim_interval(uint32_t k, uint32_t n, double *ret_lo, double *ret_hi)
{
    const double z = 1.959964;
    if (n == 0) {
        *ret_lo = 0;
        *ret_hi = 1;
        return;
    }
    double p = (double)k / n, zz = z * z / n, middle = (p + zz / 2) / (1 + zz);
    double half = z * sqrt(p * (1 - p) / n + zz / (4.0 * n)) / (1 + zz);
    *ret_lo = k == 0 ? 0 : middle - half;
    *ret_hi = k == n ? 1 : middle + half;
}

/* --- numbers
 * ---------------------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* Those that are known, sorted; the caller frees. */
static uint32_t *sorted(const uint32_t *values, uint32_t n, size_t *ret_count)
{
    uint32_t *copy = calloc(n + 1u, sizeof *copy);
    size_t count = 0;
    if (!copy)
        abort();
    for (uint32_t i = 0; i < n; i++)
        if (values[i] != SIM_NEVER)
            copy[count++] = values[i];
    qsort(copy, count, sizeof *copy, by_size);
    *ret_count = count;
    return copy;
}

static void put_share(struct evac_jw *w, const char *key, double share)
{
    char text[32];
    snprintf(text, sizeof text, "%.4f", share);
    evac_jw_raw(w, key, evac_str(text));
}

static void put_of(struct evac_jw *w, const char *key, uint32_t k, uint32_t n)
{
    double lo, hi;
    evac_sim_interval(k, n, &lo, &hi);
    evac_jw_open(w, key, '{');
    evac_jw_i64(w, "runs", k);
    evac_jw_i64(w, "of", n);
    put_share(w, "share", n ? (double)k / n : 0);
    put_share(w, "from", lo);
    put_share(w, "to", hi);
    evac_jw_close(w, '}');
}

static void put_quantile(struct evac_jw *w, const char *key, const uint32_t *values, size_t n,
                         double q)
{
    evac_jw_known(w, key, n > 0, (int64_t)(evac_quantile(values, n, q) + 0.5));
}

/* Bins as wide as the middle of it needs: a long tail goes into the last. */
static void put_histogram(struct evac_jw *w, const uint32_t *values, size_t n)
{
    evac_jw_open(w, "histogram", '[');
    double lo = evac_quantile(values, n, 0), hi = evac_quantile(values, n, 0.99);
    double width = (hi - lo) / BINS;
    size_t at = 0;
    for (unsigned b = 0; n && b < BINS; b++) {
        size_t count = 0;
        double end = lo + width * (b + 1);
        for (; at < n && (values[at] <= end || b == BINS - 1); at++)
            count++;
        evac_jw_open(w, NULL, '{');
        evac_jw_i64(w, "from_ms", (int64_t)(lo + width * b));
        evac_jw_i64(w, "to_ms", b == BINS - 1 ? values[n - 1] : (int64_t)end);
        evac_jw_i64(w, "runs", (int64_t)count);
        evac_jw_close(w, '}');
        if (width <= 0)
            break;
    }
    evac_jw_close(w, ']');
}

static void put_distribution(struct evac_jw *w, const char *key, const uint32_t *values,
                             uint32_t runs, bool histogram)
{
    size_t n;
    uint32_t *known = sorted(values, runs, &n);
    evac_jw_open(w, key, '{');
    evac_jw_i64(w, "known", (int64_t)n);
    put_quantile(w, "p5_ms", known, n, 0.05);
    put_quantile(w, "p50_ms", known, n, 0.5);
    put_quantile(w, "p95_ms", known, n, 0.95);
    put_quantile(w, "max_ms", known, n, 1);
    if (histogram)
        put_histogram(w, known, n);
    evac_jw_close(w, '}');
    free(known);
}

/* A run in which users were not served again has missed it; so has one of which nobody knows. */
static uint32_t missed(const uint32_t *values, const struct sim_batch *b, int64_t objective_ms)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < b->done; i++)
        n += values[i] == SIM_NEVER || values[i] > objective_ms;
    return n > b->excused ? n - b->excused : 0;
}

static double p95_of_first(const struct sim_batch *b, uint32_t runs)
{
    size_t n;
    uint32_t *known = sorted(b->rto_ms, runs < b->done ? runs : b->done, &n);
    double p95 = evac_quantile(known, n, 0.95);
    free(known);
    return p95;
}

/* --- parts
 * ------------------------------------------------------------------------------------------------
 */

static void put_history(struct evac_jw *w, const struct evac_sim *sim)
{
    const struct evac_spread *reaction = &sim->plan.reaction;
    double usual = evac_spread_quantile(reaction, 0.5);
    evac_jw_open(w, "history", '{');
    evac_jw_i64(w, "steps", (int64_t)sim->plan.step_count);
    evac_jw_i64(w, "steps_without", (int64_t)sim->plan.without_history);
    evac_jw_i64(w, "stores_without_lag", (int64_t)sim->plan.lag_unknown);
    evac_jw_i64(w, "reaction_ms", sim->q.reaction_ms ? sim->q.reaction_ms : (int64_t)usual);
    evac_jw_cstr(w, "reaction_from",
                 sim->q.reaction_ms                      ? "as asked"
                 : reaction->origin == EVAC_ORIGIN_USUAL ? "no history"
                                                         : evac_origin_name(reaction->origin));
    put_share(w, "assumed_sigma", EVAC_USUAL_SIGMA);
    evac_jw_close(w, '}');
}

static const struct sim_batch *half_of(const struct evac_sim *sim, uint32_t step)
{
    for (size_t i = 1; i < sim->batch_count; i++)
        if (sim->batches[i].half_step == step && sim->batches[i].done)
            return &sim->batches[i];
    return NULL;
}

static void put_step(struct evac_jw *w, const struct evac_sim *sim, uint32_t i)
{
    const struct sim_batch *base = &sim->batches[0], *half = half_of(sim, i);
    const struct evac_spread *s = &sim->plan.spread[i];
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "step", sim->plan.plan->steps[i].id);
    put_of(w, "decides", base->critical[i], base->recovered);
    evac_jw_i64(w, "p50_ms", (int64_t)(evac_spread_quantile(s, 0.5) + 0.5));
    evac_jw_i64(w, "p95_ms", (int64_t)(evac_spread_quantile(s, 0.95) + 0.5));
    evac_jw_cstr(w, "from", evac_origin_name(s->origin));
    evac_jw_i64(w, "count", (int64_t)s->count);
    if (half) {
        double now = p95_of_first(base, half->done), then = p95_of_first(half, half->done);
        evac_jw_open(w, "twice_as_fast", '{');
        evac_jw_i64(w, "p95_ms", (int64_t)(then + 0.5));
        evac_jw_i64(w, "saves_ms", (int64_t)(now - then + 0.5));
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, '}');
}

static void put_steps(struct evac_jw *w, const struct evac_sim *sim)
{
    const struct sim_batch *base = &sim->batches[0];
    uint16_t n = sim->plan.plan->forward_count;
    bool *shown = calloc(n + 1u, sizeof *shown);
    if (!shown)
        abort();
    evac_jw_open(w, "steps", '[');
    for (uint16_t k = 0; k < n; k++) {
        uint32_t best = SIM_NEVER;
        for (uint32_t i = 0; i < n; i++)
            if (base->critical[i] && !shown[i] &&
                (best == SIM_NEVER ||
                 base->critical[i] * evac_spread_quantile(&sim->plan.spread[i], 0.5) >
                     base->critical[best] * evac_spread_quantile(&sim->plan.spread[best], 0.5)))
                best = i;
        if (best == SIM_NEVER)
            break;
        shown[best] = true;
        put_step(w, sim, best);
    }
    evac_jw_close(w, ']');
    free(shown);
}

static void put_asked(struct evac_jw *w, const struct sim_batch *b)
{
    evac_jw_open(w, "asked", '[');
    for (size_t i = 0; i < b->word_count; i++) {
        evac_jw_open(w, NULL, '{');
        evac_jw_cstr(w, "what", b->words[i].text);
        evac_jw_i64(w, "runs", b->words[i].runs);
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
}

static void put_broke(struct evac_jw *w, const struct evac_sim *sim, const struct sim_batch *b)
{
    evac_jw_open(w, "broke", '[');
    for (uint16_t i = 0; i < sim->plan.plan->forward_count; i++)
        if (b->broke[i]) {
            evac_jw_open(w, NULL, '{');
            evac_jw_str(w, "step", sim->plan.plan->steps[i].id);
            evac_jw_i64(w, "runs", b->broke[i]);
            evac_jw_close(w, '}');
        }
    if (b->broken_elsewhere) {
        evac_jw_open(w, NULL, '{');
        evac_jw_cstr(w, "step", NULL);
        evac_jw_i64(w, "runs", b->broken_elsewhere);
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
}

/* What people would have done without the fault as well is not the fault's. */
static bool asks_more(const struct sim_batch *b, const struct sim_batch *base)
{
    for (size_t i = 0; i < b->word_count; i++) {
        bool usual = false;
        for (size_t k = 0; k < base->word_count; k++)
            usual = usual || strcmp(base->words[k].text, b->words[i].text) == 0;
        if (!usual)
            return true;
    }
    return false;
}

static const char *verdict_of(const struct evac_sim *sim, const struct sim_batch *b)
{
    const struct evac_app *app = sim->q.app;
    uint32_t counted = b->done - b->excused;
    double most = MISS_MOST * counted;
    if (counted == 0)
        return "not tried";
    if (b->recovered < counted)
        return "breaks";
    if (b != &sim->batches[0] && asks_more(b, &sim->batches[0]))
        return "needs a person";
    if (missed(b->rto_ms, b, app->rto_ms) > most)
        return "misses";
    return "meets";
}

static void put_batch(struct evac_jw *w, const struct evac_sim *sim, const struct sim_batch *b)
{
    uint32_t counted = b->done - b->excused;
    evac_jw_cstr(w, "verdict", verdict_of(sim, b));
    evac_jw_i64(w, "runs", counted);
    put_of(w, "served_again", b->recovered, counted);
    put_of(w, "misses_rto", missed(b->rto_ms, b, sim->q.app->rto_ms), counted);
    put_of(w, "misses_rpo", missed(b->rpo_ms, b, sim->q.app->rpo_ms), counted);
    put_of(w, "needs_a_person", b->asked, counted);
    put_distribution(w, "rto", b->rto_ms, b->done, b == &sim->batches[0]);
    put_distribution(w, "rpo", b->rpo_ms, b->done, b == &sim->batches[0]);
    put_asked(w, b);
    put_broke(w, sim, b);
}

static void put_faults(struct evac_jw *w, const struct evac_sim *sim)
{
    evac_jw_open(w, "faults", '[');
    for (size_t i = 1; i < sim->batch_count; i++) {
        const struct sim_batch *b = &sim->batches[i];
        if (b->half_step != SIM_NEVER)
            continue;
        evac_jw_open(w, NULL, '{');
        evac_jw_cstr(w, "fault", b->fault.text);
        evac_jw_cstr(w, "what", evac_sim_fault_doc(b->fault.kind));
        put_batch(w, sim, b);
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
}

static void put_parts(struct evac_jw *w, const struct sim_batch *b)
{
    uint32_t n = b->recovered ? b->recovered : 1;
    evac_jw_open(w, "mean", '{');
    evac_jw_i64(w, "detect_ms", (int64_t)(b->detect_ms / n));
    evac_jw_i64(w, "decide_ms", (int64_t)(b->decide_ms / n));
    evac_jw_i64(w, "move_ms", (int64_t)(b->move_ms / n));
    evac_jw_close(w, '}');
}

void evac_sim_to_json(const struct evac_sim *sim, struct evac_jw *w)
{
    const struct evac_app *app = sim->q.app;
    uint32_t done, all;
    evac_sim_progress(sim, &done, &all);
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "app", app->name);
    evac_jw_str(w, "down", sim->q.down);
    evac_jw_str(w, "to", sim->plan.plan->to);
    evac_jw_cstr(w, "plan", sim->plan.plan->hash);
    evac_jw_cstr(w, "policy", evac_policy_name(app->automatic));
    evac_jw_i64(w, "seed", (int64_t)sim->q.seed);
    evac_jw_i64(w, "done", done);
    evac_jw_i64(w, "of", all);
    evac_jw_i64(w, "rto_objective_ms", app->rto_ms);
    evac_jw_i64(w, "rpo_objective_ms", app->rpo_ms);
    put_history(w, sim);
    put_batch(w, sim, &sim->batches[0]);
    put_parts(w, &sim->batches[0]);
    put_steps(w, sim);
    put_faults(w, sim);
    evac_jw_close(w, '}');
}

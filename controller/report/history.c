#include "history.h"

#include "report.h"
#include "steady.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SERIES_MAX 8192u /* beyond it what is new is not kept: 2.5 MB */
#define TABLE_SIZE 16384u
#define RUNS_MAX   64u /* going on at one time; beyond it a run is not followed */

#define X(name, text) text,
static const char *const origin_names[] = { EVAC_ORIGINS(X) };
#undef X

const char *evac_origin_name(enum evac_origin origin)
{
    return origin_names[origin];
}

/* --- samples of one thing
 * ------------------------------------------------------------------------------- */

struct series {
    uint64_t key; /* hash of its names: a collision in 8,192 of 2^64 does not happen */
    uint64_t count;
    uint32_t max_ms;
    uint32_t ring[EVAC_SAMPLES_MAX];
};

/* A step that is under way. */
struct moving_step {
    uint64_t own, action; /* keys */
    uint64_t began_ms;    /* 0: not yet */
    uint64_t paused_ms;   /* since when it waits for somebody; 0 it does not */
    uint64_t waited_ms;
    bool changes, changed;
};

struct moving_run {
    struct moving_run *next;
    uint64_t id;
    uint64_t app;      /* hash */
    uint64_t asked_ms; /* a proposal was made; 0 none */
    struct evac_steady clock;
    struct evac_when instants[EVAC_REPORT_INSTANT_COUNT];
    uint16_t count;
    struct moving_step steps[];
};

struct evac_history {
    struct series *series[TABLE_SIZE]; /* open addressing */
    size_t count;
    struct moving_run *runs;
    size_t run_count;
};

static uint64_t mix(uint64_t key, struct evac_str part)
{
    return (key ^ evac_str_hash(part)) * 0x9e3779b97f4a7c15u + 1;
}

static uint64_t key_of(const char *kind, struct evac_str a, struct evac_str b)
{
    return mix(mix(mix(0, evac_str(kind)), a), b);
}

static uint64_t action_key(const struct evac_plan_step *s)
{
    return key_of("action", s->type, s->action);
}

static uint64_t own_key(const struct evac_plan *plan, const struct evac_plan_step *s)
{
    uint64_t key = mix(mix(action_key(s), plan->app), s->resource);
    return mix(mix(mix(key, s->region), plan->from), plan->to);
}

static size_t slot_of(const struct evac_history *h, uint64_t key)
{
    size_t at = (size_t)(key % TABLE_SIZE);
    while (h->series[at] && h->series[at]->key != key)
        at = (at + 1) % TABLE_SIZE;
    return at;
}

/* The same step, when there was nothing to change. */
static uint64_t so_key(uint64_t own)
{
    return mix(own, EVAC_STR("found so"));
}

/* app 0: of all apps. */
static uint64_t part_key(const char *part, uint64_t app)
{
    return key_of("part", evac_str(part), EVAC_STR_NONE) ^ app;
}

static void sample(struct evac_history *h, uint64_t key, uint64_t ms)
{
    size_t at = slot_of(h, key);
    uint32_t value = ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
    if (!h->series[at]) {
        if (h->count == SERIES_MAX)
            return;
        h->series[at] = calloc(1, sizeof **h->series);
        if (!h->series[at])
            abort();
        h->series[at]->key = key;
        h->count++;
    }
    struct series *s = h->series[at];
    s->ring[s->count++ % EVAC_SAMPLES_MAX] = value;
    if (value > s->max_ms)
        s->max_ms = value;
}

/* --- rows
 * -----------------------------------------------------------------------------------------------
 */

static struct moving_run *run_of(struct evac_history *h, uint64_t id)
{
    struct moving_run *run = h->runs;
    while (run && run->id != id)
        run = run->next;
    return run;
}

static void forget_run(struct evac_history *h, uint64_t id)
{
    for (struct moving_run **at = &h->runs; *at; at = &(*at)->next)
        if ((*at)->id == id) {
            struct moving_run *gone = *at;
            *at = gone->next;
            h->run_count--;
            free(gone);
            return;
        }
}

/* Rehearsals only look: how long a change takes they do not know. */
static void take_admission(struct evac_history *h, const struct evac_record *r)
{
    struct evac_plan *plan = NULL;
    if (h->run_count == RUNS_MAX || evac_plan_from_json(r->data, &plan, NULL))
        return;
    struct moving_run *run = calloc(1, sizeof *run + plan->forward_count * sizeof *run->steps);
    if (!run)
        abort();
    run->id = r->run;
    run->app = evac_str_hash(r->app);
    run->asked_ms = r->t_boot_ms;
    run->count = plan->rehearse ? 0 : plan->forward_count;
    for (uint16_t i = 0; i < run->count; i++) {
        const struct evac_plan_step *s = &plan->steps[i];
        run->steps[i] = (struct moving_step){ .own = own_key(plan, s),
                                              .action = action_key(s),
                                              .changes = (s->flags & EVAC_STEP_MUTATES) != 0 };
    }
    run->next = h->runs;
    h->runs = run;
    h->run_count++;
    evac_plan_free(plan);
}

static void finish_step(struct evac_history *h, const struct moving_step *s, uint64_t now_ms)
{
    uint64_t spent = now_ms - s->began_ms;
    if (s->began_ms == 0 || now_ms < s->began_ms || spent < s->waited_ms)
        return;
    if (s->changes && !s->changed) {
        sample(h, so_key(s->own), spent - s->waited_ms);
        return;
    }
    sample(h, s->own, spent - s->waited_ms);
    sample(h, s->action, spent - s->waited_ms);
}

static bool waits_for_somebody(struct evac_str state)
{
    return evac_str_is(state, "gated") || evac_str_is(state, "held") ||
           evac_str_is(state, "failed");
}

static void take_step(struct evac_history *h, struct moving_step *s, const struct evac_record *r)
{
    if (s->paused_ms && r->t_boot_ms >= s->paused_ms)
        s->waited_ms += r->t_boot_ms - s->paused_ms;
    s->paused_ms = 0;
    if (evac_str_is(r->to, "observing") && s->began_ms == 0) {
        s->began_ms = r->t_boot_ms;
        s->waited_ms = 0;
    } else if (waits_for_somebody(r->to)) {
        s->paused_ms = r->t_boot_ms;
    } else if (evac_str_is(r->to, "done")) {
        finish_step(h, s, r->t_boot_ms);
    }
}

static void take_instant(struct moving_run *run, const struct evac_record *r, int64_t at_ms)
{
    for (unsigned i = 0; i < EVAC_REPORT_INSTANT_COUNT; i++)
        if (evac_str_is(r->name, evac_report_instant_name((enum evac_report_instant)i)))
            run->instants[i] = (struct evac_when){ true, at_ms };
}

/* How long a person took: to say yes to a proposal, or to a step that waits at its gate. */
static void take_answer(struct evac_history *h, const struct moving_run *run,
                        const struct evac_record *r)
{
    uint64_t asked = run->asked_ms;
    if (r->step < run->count)
        asked = run->steps[r->step].paused_ms;
    if (asked == 0 || r->t_boot_ms < asked)
        return;
    sample(h, part_key("approve", run->app), r->t_boot_ms - asked);
    sample(h, part_key("approve", 0), r->t_boot_ms - asked);
}

static void take_parts(struct evac_history *h, const struct moving_run *run)
{
    for (size_t i = 0; i < evac_report_part_count; i++) {
        const struct evac_report_part *p = &evac_report_parts[i];
        const struct evac_when *from = &run->instants[p->from], *to = &run->instants[p->to];
        if (!from->known || !to->known || to->wall_ms < from->wall_ms)
            continue;
        sample(h, part_key(p->name, run->app), (uint64_t)(to->wall_ms - from->wall_ms));
        sample(h, part_key(p->name, 0), (uint64_t)(to->wall_ms - from->wall_ms));
    }
}

/* A controller was away in the middle: what it did not see says nothing. */
static void take_resumption(struct moving_run *run)
{
    for (uint16_t i = 0; i < run->count; i++)
        if (run->steps[i].began_ms)
            run->steps[i].began_ms = UINT64_MAX;
}

static void take_of_run(struct evac_history *h, struct moving_run *run, const struct evac_record *r)
{
    int64_t at_ms = evac_steady_ms(&run->clock, r, 0);
    if (r->kind == EVAC_RECORD_STEP && r->step < run->count)
        take_step(h, &run->steps[r->step], r);
    else if (r->kind == EVAC_RECORD_INTENT && r->step < run->count)
        run->steps[r->step].changed = true;
    else if (r->kind == EVAC_RECORD_INSTANT)
        take_instant(run, r, at_ms);
    else if (r->kind == EVAC_RECORD_APPROVE || r->kind == EVAC_RECORD_OVERRIDE)
        take_answer(h, run, r);
    else if (r->kind == EVAC_RECORD_RESUME)
        take_resumption(run);
}

void evac_history_row(struct evac_history *h, const struct evac_record *r)
{
    if (r->kind == EVAC_RECORD_LAG && r->number >= 0)
        sample(h, key_of("lag", r->app, r->name), (uint64_t)r->number);
    if (r->kind == EVAC_RECORD_ADMIT)
        take_admission(h, r);
    struct moving_run *run = r->run ? run_of(h, r->run) : NULL;
    if (!run)
        return;
    take_of_run(h, run, r);
    if (r->kind == EVAC_RECORD_TERMINAL) {
        if (run->count)
            take_parts(h, run);
        forget_run(h, r->run);
    }
}

static bool read_row(void *user, const struct evac_row *row)
{
    evac_history_row(user, &row->record);
    return true;
}

enum evac_code evac_history_read(struct evac_history *h, struct evac_store *store,
                                 struct evac_err *err)
{
    struct evac_store_filter all = { 0 };
    return store->vt->read(store, &all, read_row, h, err);
}

struct evac_history *evac_history_new(void)
{
    struct evac_history *h = calloc(1, sizeof *h);
    if (!h)
        abort();
    return h;
}

void evac_history_free(struct evac_history *h)
{
    if (!h)
        return;
    while (h->runs)
        forget_run(h, h->runs->id);
    for (size_t i = 0; i < TABLE_SIZE; i++)
        free(h->series[i]);
    free(h);
}

size_t evac_history_series(const struct evac_history *h)
{
    return h->count;
}

/* --- distributions
 * -------------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static bool spread_of(const struct evac_history *h, uint64_t key, enum evac_origin origin,
                      struct evac_spread *ret)
{
    const struct series *s = h ? h->series[slot_of(h, key)] : NULL;
    if (!s)
        return false;
    *ret = (struct evac_spread){ .origin = origin, .count = s->count, .max_ms = s->max_ms };
    ret->kept = s->count < EVAC_SAMPLES_MAX ? (size_t)s->count : EVAC_SAMPLES_MAX;
    memcpy(ret->samples_ms, s->ring, ret->kept * sizeof *s->ring);
    qsort(ret->samples_ms, ret->kept, sizeof *ret->samples_ms, by_size);
    return true;
}

void evac_history_step(const struct evac_history *h, const struct evac_plan *plan, uint16_t step,
                       struct evac_spread *ret)
{
    const struct evac_plan_step *s = &plan->steps[step];
    if (spread_of(h, own_key(plan, s), EVAC_ORIGIN_OWN, ret))
        return;
    if (spread_of(h, so_key(own_key(plan, s)), EVAC_ORIGIN_OWN, ret)) {
        ret->found_so = true;
        return;
    }
    if (spread_of(h, action_key(s), EVAC_ORIGIN_ACTION, ret))
        return;
    *ret = (struct evac_spread){ .origin = EVAC_ORIGIN_USUAL, .usual_ms = s->usual_ms };
}

void evac_history_part(const struct evac_history *h, struct evac_str app, const char *part,
                       struct evac_spread *ret)
{
    if (!spread_of(h, part_key(part, evac_str_hash(app)), EVAC_ORIGIN_OWN, ret) &&
        !spread_of(h, part_key(part, 0), EVAC_ORIGIN_ACTION, ret))
        *ret = (struct evac_spread){ .origin = EVAC_ORIGIN_NONE };
}

void evac_history_lag(const struct evac_history *h, struct evac_str app, struct evac_str resource,
                      struct evac_spread *ret)
{
    if (!spread_of(h, key_of("lag", app, resource), EVAC_ORIGIN_OWN, ret))
        *ret = (struct evac_spread){ .origin = EVAC_ORIGIN_NONE };
}

double evac_quantile(const uint32_t *sorted, size_t count, double q)
{
    if (count == 0)
        return 0;
    double at = q <= 0 ? 0 : q >= 1 ? (double)(count - 1) : q * (double)(count - 1);
    size_t low = (size_t)at;
    if (low + 1 >= count)
        return sorted[count - 1];
    double share = at - (double)low;
    return sorted[low] + share * ((double)sorted[low + 1] - sorted[low]);
}

/* Quantile of the standard normal: Acklam's rational approximation in the middle and the tails,
 * relative error below 1.2e-9. */
static double middle(double q)
{
    static const double a[] = { -3.969683028665376e+01, 2.209460984245205e+02,
                                -2.759285104469687e+02, 1.383577518672690e+02,
                                -3.066479806614716e+01, 2.506628277459239e+00 };
    static const double b[] = { -5.447609879822406e+01, 1.615858368580409e+02,
                                -1.556989798598866e+02, 6.680131188771972e+01,
                                -1.328068155288572e+01 };
    double r = (q - 0.5) * (q - 0.5), up = a[0], down = b[0];
    for (int i = 1; i < 6; i++)
        up = up * r + a[i];
    for (int i = 1; i < 5; i++)
        down = down * r + b[i];
    return (q - 0.5) * up / (down * r + 1);
}

static double tail(double q)
{
    static const double c[] = { -7.784894002430293e-03, -3.223964580411365e-01,
                                -2.400758277161838e+00, -2.549732539343734e+00,
                                4.374664141464968e+00,  2.938163982698783e+00 };
    static const double d[] = { 7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                                3.754408661907416e+00 };
    double x = sqrt(-2 * log(q)), up = c[0], down = d[0];
    for (int i = 1; i < 6; i++)
        up = up * x + c[i];
    for (int i = 1; i < 4; i++)
        down = down * x + d[i];
    return up / (down * x + 1);
}

static double normal(double q)
{
    double least = 1e-9;
    q = q < least ? least : q > 1 - least ? 1 - least : q;
    if (q < 0.02425)
        return tail(q);
    return q > 1 - 0.02425 ? -tail(1 - q) : middle(q);
}

double evac_spread_quantile(const struct evac_spread *spread, double q)
{
    if (spread->origin == EVAC_ORIGIN_USUAL)
        return spread->usual_ms * exp(EVAC_USUAL_SIGMA * normal(q));
    return evac_quantile(spread->samples_ms, spread->kept, q);
}

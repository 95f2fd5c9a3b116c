/*
 * How many calls of which operation: those that the drivers' tables name for each step of the
 * plans. A change is asked for once, or together with others of its kind; a look as often as what
 * it looks at is polled.
 */
#include "foresee_internal.h"

#include "host_paced.h"

#include <string.h>

/* --- one call
 * ------------------------------------------------------------------------------------------ */

static bool same_call(const struct evac_foreseen_calls *c, struct evac_str account,
                      struct evac_str region, const struct evac_op *op)
{
    return evac_str_is(c->operation, op->operation) && evac_str_is(c->service, op->service) &&
           c->changes == op->mutates && evac_str_eq(c->region, region) &&
           evac_str_eq(c->account, account);
}

static struct evac_foreseen_calls *calls_of(struct foreseeing *f, struct evac_str account,
                                            struct evac_str region, const struct evac_op *op)
{
    struct evac_foreseen *out = f->out;
    for (size_t i = 0; i < out->call_count; i++)
        if (same_call(&out->calls[i], account, region, op))
            return &out->calls[i];
    if (!out->calls)
        out->calls = evac_arena_array(out->arena, FORESEE_CALLS_MAX, sizeof *out->calls);
    if (out->call_count == FORESEE_CALLS_MAX)
        return NULL;
    struct evac_foreseen_calls *c = &out->calls[out->call_count++];
    *c = (struct evac_foreseen_calls){ .account = evac_arena_str(out->arena, account),
                                       .region = evac_arena_str(out->arena, region),
                                       .service = evac_str(op->service),
                                       .operation = evac_str(op->operation),
                                       .changes = op->mutates };
    return c;
}

/* Where it is called; "" of no one region. */
static struct evac_str region_of(const struct evac_plan_step *step, const struct evac_op *op)
{
    return op->home == EVAC_HOME_TO      ? evac_args_get(&step->args, "to")
           : op->home == EVAC_HOME_FROM  ? evac_args_get(&step->args, "from")
           : op->home == EVAC_HOME_STEP  ? step->region
           : op->home == EVAC_HOME_FIXED ? evac_str(op->home_region)
                                         : EVAC_STR_NONE;
}

/* --- limits
 * -------------------------------------------------------------------------------------------- */

static struct evac_foreseen_bucket *bucket_of(struct foreseeing *f,
                                              const struct evac_fact_limit *limit,
                                              struct evac_str account, struct evac_str region)
{
    struct evac_foreseen *out = f->out;
    struct evac_str where = limit->everywhere ? EVAC_STR_NONE : region;
    for (size_t i = 0; i < out->bucket_count; i++)
        if (out->buckets[i].limit == limit && evac_str_eq(out->buckets[i].region, where) &&
            evac_str_eq(out->buckets[i].account, account))
            return &out->buckets[i];
    if (!out->buckets)
        out->buckets = evac_arena_array(out->arena, FORESEE_CALLS_MAX, sizeof *out->buckets);
    if (out->bucket_count == FORESEE_CALLS_MAX)
        return NULL;
    struct evac_foreseen_bucket *b = &out->buckets[out->bucket_count++];
    uint64_t learned = f->in->pace ? evac_pace_learned_milli(f->in->pace, limit, region) : 0;
    uint64_t share = out->share ? out->share : 100;
    uint64_t burst = (uint64_t)limit->burst * share / 100;
    uint64_t rate = (uint64_t)limit->rate_micros * share / 100000;
    *b = (struct evac_foreseen_bucket){ .limit = limit,
                                        .account = evac_arena_str(out->arena, account),
                                        .region = evac_arena_str(out->arena, where),
                                        .rate_milli = learned && learned < rate ? learned : rate,
                                        .burst = burst ? burst : 1,
                                        .first_ms = UINT64_MAX,
                                        .behind_ms = UINT64_MAX };
    return b;
}

static size_t limits_of(const struct foreseeing *f, struct evac_str service,
                        struct evac_str operation,
                        const struct evac_fact_limit *rows[EVAC_PACE_KEY_MAX])
{
    return evac_facts_limits(f->in->facts, service, operation, rows, EVAC_PACE_KEY_MAX);
}

/* Of every limit that counts it: when it may be asked at the earliest, and what follows at least. A
 * change begins what its step waits for; a look may be the one that ends it. */
static void place(struct foreseeing *f, const struct evac_foreseen_calls *c,
                  const struct foreseen_step *s)
{
    uint64_t behind_ms = s->behind_ms + (c->changes ? s->ms : 0);
    const struct evac_fact_limit *rows[EVAC_PACE_KEY_MAX];
    size_t count = limits_of(f, c->service, c->operation, rows);
    for (size_t i = 0; i < count; i++) {
        struct evac_foreseen_bucket *b = bucket_of(f, rows[i], c->account, c->region);
        if (!b)
            continue;
        b->first_ms = s->begins_ms < b->first_ms ? s->begins_ms : b->first_ms;
        b->behind_ms = behind_ms < b->behind_ms ? behind_ms : b->behind_ms;
    }
}

uint64_t foresee_time_for(uint64_t calls, uint64_t burst, uint64_t rate_milli)
{
    return calls > burst && rate_milli ? (calls - burst) * 1000000 / rate_milli : 0;
}

static void sum_up(struct foreseeing *f, struct evac_foreseen_calls *c)
{
    const struct evac_fact_limit *rows[EVAC_PACE_KEY_MAX];
    size_t count = limits_of(f, c->service, c->operation, rows);
    f->out->expected_calls += c->expected;
    for (size_t i = 0; i < count; i++) {
        struct evac_foreseen_bucket *b = bucket_of(f, rows[i], c->account, c->region);
        if (!b)
            continue;
        b->expected += c->expected;
        b->least += c->least;
        b->changes += c->changes ? c->expected : 0;
        uint64_t alone = foresee_time_for(c->expected, b->burst, b->rate_milli);
        if (c->rate_milli && alone <= c->alone_ms && b->rate_milli >= c->rate_milli)
            continue;
        c->alone_ms = alone;
        c->rate_milli = b->rate_milli;
        c->burst = b->burst;
        c->learned = b->rate_milli < (uint64_t)rows[i]->rate_micros *
                                         (f->out->share ? f->out->share : 100) / 100000;
    }
}

/* --- batches
 * ------------------------------------------------------------------------------------------- */

static bool same_batch(const struct evac_foreseen_batch *b, const struct evac_foreseen_batch *o)
{
    return b->fact == o->fact && b->changes == o->changes && evac_str_eq(b->by, o->by) &&
           evac_str_eq(b->account, o->account) && evac_str_eq(b->region, o->region) &&
           evac_str_eq(b->operation, o->operation);
}

static struct evac_foreseen_batch *batch_of(struct foreseeing *f,
                                            const struct evac_foreseen_batch *wanted)
{
    struct evac_foreseen *out = f->out;
    for (size_t i = 0; i < out->batch_count; i++)
        if (same_batch(&out->batches[i], wanted))
            return &out->batches[i];
    if (!out->batches)
        out->batches = evac_arena_array(out->arena, FORESEE_BATCHES_MAX, sizeof *out->batches);
    if (out->batch_count == FORESEE_BATCHES_MAX)
        return NULL;
    struct evac_foreseen_batch *b = &out->batches[out->batch_count++];
    *b = *wanted;
    b->account = evac_arena_str(out->arena, b->account);
    b->region = evac_arena_str(out->arena, b->region);
    b->by = evac_arena_str(out->arena, b->by);
    return b;
}

/* "target", or the region's own: "target.us-west-2". */
static uint64_t characters_of(const struct evac_fact_batch *fact, const struct evac_plan_step *step)
{
    struct evac_str to = evac_args_get(&step->args, "to");
    uint64_t sum = 0;
    for (size_t i = 0; i < step->args.count; i++) {
        struct evac_str of, name = evac_str_cut(step->args.items[i].name, '.', &of);
        for (size_t v = 0; v < fact->value_count; v++)
            if (evac_str_eq(name, fact->values[v]) && (!of.n || evac_str_eq(of, to)))
                sum += step->args.items[i].value.n;
    }
    return sum;
}

/* times: so many of the step's. */
static struct evac_foreseen_batch *goes_together(struct foreseeing *f,
                                                 const struct foreseen_step *s,
                                                 const struct evac_op *op, uint64_t times)
{
    const struct evac_plan_step *step = &s->plan->steps[s->step];
    const struct evac_fact_batch *fact =
        evac_facts_batch(f->in->facts, evac_str(op->service), evac_str(op->operation));
    char by[96];
    if (!fact || !evac_str_copy(by, sizeof by, fact->by))
        return NULL;
    struct evac_foreseen_batch *b =
        batch_of(f, &(struct evac_foreseen_batch){ .fact = fact,
                                                   .changes = op->mutates,
                                                   .account = s->account,
                                                   .region = region_of(step, op),
                                                   .service = evac_str(op->service),
                                                   .operation = evac_str(op->operation),
                                                   .by = evac_args_get(&step->args, by) });
    if (!b)
        return NULL;
    b->records += times;
    b->characters += times * characters_of(fact, step);
    return b;
}

static uint64_t parts(uint64_t whole, int64_t most)
{
    return most > 0 ? (whole + (uint64_t)most - 1) / (uint64_t)most : whole;
}

static void add_batch(struct foreseeing *f, struct evac_foreseen_batch *b)
{
    uint64_t counts = (uint64_t)b->fact->counts;
    uint64_t by_records = parts(b->records * counts, b->fact->records);
    uint64_t by_characters = parts(b->characters * counts, b->fact->characters);
    b->calls = by_records > by_characters ? by_records : by_characters;
    if (b->follows)
        b->follows->expected += b->calls * b->looks;
    for (size_t i = 0; i < f->out->call_count; i++) {
        struct evac_foreseen_calls *c = &f->out->calls[i];
        if (c->changes != b->changes || !evac_str_eq(c->operation, b->operation) ||
            !evac_str_eq(c->service, b->service) || !evac_str_eq(c->account, b->account) ||
            !evac_str_eq(c->region, b->region))
            continue;
        c->expected += b->changes ? b->calls : 0; /* who looks does not wait for company */
        c->least += b->calls;
        return;
    }
}

/* --- one step
 * ------------------------------------------------------------------------------------------ */

/* Looks at what is moving, while it moves. */
static uint64_t polls_in(const struct evac_plan *plan, uint64_t ms)
{
    uint64_t at = 0;
    uint32_t polls = 0;
    while (at < ms && polls < 10000) {
        uint64_t wait = evac_plan_poll_ms(plan, at);
        at += wait ? wait : 1;
        polls++;
    }
    return polls;
}

/* A change is looked at before it, while it moves, and once more at the end of the run. */
static uint64_t looks_of(const struct foreseen_step *s, bool least)
{
    const struct evac_plan_step *step = &s->plan->steps[s->step];
    bool changes = step->flags & EVAC_STEP_MUTATES;
    if (step->flags & EVAC_STEP_BLIND)
        return 0;
    if (least)
        return changes ? 2 : 1;
    return 1 + polls_in(s->plan, s->ms) + changes;
}

/* The first of an action's changes that goes together with others of its kind. */
static struct evac_foreseen_batch *
batch_of_step(struct foreseeing *f, const struct foreseen_step *s, const struct evac_op *ops)
{
    struct evac_foreseen_batch *b = NULL;
    for (const struct evac_op *op = ops; !b && op && op->service; op++)
        if (op->mutates && evac_plan_calls(&s->plan->steps[s->step], op))
            b = goes_together(f, s, op, 1);
    return b;
}

/* One look's call: the first of an action looks at the thing itself, as often as it is looked at,
 * several at once where the service shows several; others of one whose changes go together look at
 * what became of the call. */
static void count_look(struct foreseeing *f, const struct evac_op *op,
                       struct evac_foreseen_calls *c, const struct foreseen_step *s, bool first,
                       struct evac_foreseen_batch *b)
{
    uint64_t looks = looks_of(s, false), least = first ? looks_of(s, true) : 0;
    if (first || !b) {
        c->expected += looks;
        if (least && !goes_together(f, s, op, least))
            c->least += least;
        return;
    }
    b->follows = c;
    b->looks = looks > b->looks ? looks : b->looks;
}

void foresee_count(struct foreseeing *f, const struct foreseen_step *s)
{
    const struct evac_plan_step *step = &s->plan->steps[s->step];
    const struct evac_driver *driver = evac_catalog_driver(f->in->catalog, step->type);
    const struct evac_action *action = driver ? evac_driver_action(driver, step->action) : NULL;
    const struct evac_op *ops = action ? action->ops : NULL;
    struct evac_foreseen_batch *b = batch_of_step(f, s, ops);
    bool first = true;
    for (const struct evac_op *op = ops; op && op->service; op++) {
        if (op->home == EVAC_HOME_NONE || !evac_plan_calls(step, op))
            continue;
        struct evac_foreseen_calls *c = calls_of(f, s->account, region_of(step, op), op);
        if (!c)
            continue;
        bool together = b && op->mutates && evac_str_is(b->operation, op->operation);
        if (!op->mutates)
            count_look(f, op, c, s, first, b);
        c->expected += op->mutates && !together;
        c->least += op->mutates && !together;
        first = first && op->mutates;
        place(f, c, s);
    }
}

void foresee_limits(struct foreseeing *f)
{
    for (size_t i = 0; i < f->out->batch_count; i++)
        add_batch(f, &f->out->batches[i]);
    for (size_t i = 0; i < f->out->call_count; i++)
        sum_up(f, &f->out->calls[i]);
    for (size_t i = 0; i < f->out->bucket_count; i++) {
        struct evac_foreseen_bucket *b = &f->out->buckets[i];
        uint64_t between = b->changes + b->changes / EVAC_PACED_CHANGES;
        b->needed = between < b->expected ? between : b->expected;
        b->needed = b->needed > b->least ? b->needed : b->least;
        b->alone_ms = foresee_time_for(b->expected, b->burst, b->rate_milli);
        if (b->least)
            b->bound_ms =
                b->first_ms + foresee_time_for(b->least, b->burst, b->rate_milli) + b->behind_ms;
    }
}

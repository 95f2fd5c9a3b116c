/* What a run's gates look at beside the run: the app's health and readiness, its people's rules,
 * and the fleet that the safety rules are about. */
#include "engine_internal.h"

#define BUILTIN_RULE "last-in-service"

/* --- safety rules
 * ------------------------------------------------------------------------------ */

/* What a rule is looked at with; it sets the word when it does not hold. */
struct rule_io {
    const struct evac_engine *engine;
    const struct evac_engine_app *app;
    const struct evac_run *run;
    const struct evac_safety_rule *rule;
    struct evac_gate_word *word;
    struct evac_text why;
};

static void violated(struct rule_io *io, enum evac_gate_answer answer, int64_t number,
                     const char *text)
{
    io->word->answer = answer;
    io->word->number = number;
    (void)evac_str_copy(io->word->rule, sizeof io->word->rule, io->rule->name);
    evac_text_init(&io->why, io->word->why, sizeof io->word->why);
    evac_text_put(&io->why, io->rule->name);
    evac_text_puts(&io->why, ": ");
    evac_text_puts(&io->why, text);
}

static bool is_down(enum evac_verdict verdict)
{
    return verdict == EVAC_VERDICT_DOWN || verdict == EVAC_VERDICT_ISOLATED ||
           verdict == EVAC_VERDICT_SUSPECT;
}

/* Who will lead users where, when the run is through. */
static uint32_t serving_after(const struct evac_engine_app *a, const struct evac_run *run)
{
    uint32_t serving = evac_engine_serving(a);
    uint16_t from = engine_region_index(a->app, run->plan->from);
    uint16_t to = engine_region_index(a->app, run->plan->to);
    bool joins = a->sources > 1 && run->plan->workflow == EVAC_WORKFLOW_FAILBACK;
    return joins ? serving | 1u << to : (serving & ~(1u << from)) | 1u << to;
}

/* Regions of the set that serve for all that is known, and those that may. A cold standby that is
 * moved to answers nobody before the run has made it answer: the run itself looks. */
static void count_serving(const struct evac_engine_app *a, uint32_t set, uint32_t target,
                          int64_t *ret_sure, int64_t *ret_maybe)
{
    *ret_sure = *ret_maybe = 0;
    for (uint16_t r = 0; r < a->app->region_count && r < EVAC_REGIONS_MAX; r++) {
        enum evac_verdict verdict = a->health.regions[r].verdict;
        if (!(set & (1u << r)) || is_down(verdict))
            continue;
        if (verdict == EVAC_VERDICT_UP || (target & (1u << r)))
            ++*ret_sure;
        else
            ++*ret_maybe;
    }
}

static uint32_t target_bit(const struct rule_io *io)
{
    return 1u << engine_region_index(io->app->app, io->run->plan->to);
}

/* Users who are served somewhere are not led to where nobody is served. Where nothing serves, there
 * is nothing to withdraw. */
static void rule_last(struct rule_io *io)
{
    int64_t sure, maybe, before;
    count_serving(io->app, evac_engine_serving(io->app), 0, &sure, &maybe);
    before = sure + maybe;
    count_serving(io->app, serving_after(io->app, io->run), target_bit(io), &sure, &maybe);
    if (before == 0 || sure + maybe > 0)
        return;
    violated(io, EVAC_GATE_SAYS_BLOCK, before, "");
    evac_text_put(&io->why, io->run->plan->to);
    evac_text_puts(&io->why, " is ");
    evac_text_puts(
        &io->why,
        evac_verdict_name(
            io->app->health.regions[engine_region_index(io->app->app, io->run->plan->to)].verdict));
    evac_text_puts(&io->why, ", and would be all that serves: ");
    evac_text_u64(&io->why, (uint64_t)before);
    evac_text_puts(&io->why, " in service now, 0 then");
}

static void rule_in_service(struct rule_io *io)
{
    int64_t sure, maybe, want = io->rule->in_service;
    count_serving(io->app, serving_after(io->app, io->run), target_bit(io), &sure, &maybe);
    if (sure >= want)
        return;
    violated(io, sure + maybe >= want ? EVAC_GATE_SAYS_UNKNOWN : EVAC_GATE_SAYS_BLOCK, want - sure,
             "");
    evac_text_u64(&io->why, (uint64_t)sure);
    evac_text_puts(&io->why,
                   sure == 1 ? " region would be in service" : " regions would be in service");
    if (maybe) {
        evac_text_puts(&io->why, " (of ");
        evac_text_u64(&io->why, (uint64_t)maybe);
        evac_text_puts(&io->why, " more nobody can tell)");
    }
    evac_text_puts(&io->why, ", at least ");
    evac_text_u64(&io->why, (uint64_t)want);
    evac_text_puts(&io->why, " must be");
}

static bool is_listed(const struct evac_str *names, size_t count, struct evac_str name)
{
    for (size_t i = 0; i < count; i++)
        if (evac_str_eq(names[i], name))
            return true;
    return false;
}

static bool is_about(const struct evac_safety_rule *rule, struct evac_str app)
{
    return rule->app_count == 0 || is_listed(rule->apps, rule->app_count, app);
}

static bool is_moving(const struct evac_engine_app *a)
{
    return a->run && a->run->state != EVAC_RUN_PROPOSED;
}

static void rule_moving(struct rule_io *io)
{
    uint64_t others = 0;
    for (size_t i = 0; i < io->engine->app_count; i++) {
        const struct evac_engine_app *a = &io->engine->apps[i];
        others += a != io->app && is_about(io->rule, a->app->name) && is_moving(a);
    }
    if (others < io->rule->moving)
        return;
    violated(io, EVAC_GATE_SAYS_BLOCK, (int64_t)(others + 1 - io->rule->moving), "");
    evac_text_u64(&io->why, others);
    evac_text_puts(&io->why, others == 1 ? " other app is moved now, at most "
                                         : " other apps are moved now, at most ");
    evac_text_u64(&io->why, io->rule->moving);
    evac_text_puts(&io->why, " may be at one time");
}

static void not_while(struct rule_io *io, const struct evac_engine_app *other)
{
    enum evac_verdict verdict = other->health.regions[other->active].verdict;
    bool unknown = verdict == EVAC_VERDICT_UNKNOWN || verdict == EVAC_VERDICT_SUSPECT;
    const char *what = is_moving(other)   ? "is moved now"
                       : unknown          ? "may be down: nobody can tell"
                       : is_down(verdict) ? "is down"
                                          : NULL;
    if (!what)
        return;
    violated(io, unknown && !is_moving(other) ? EVAC_GATE_SAYS_UNKNOWN : EVAC_GATE_SAYS_BLOCK, 1,
             "");
    evac_text_put(&io->why, other->app->name);
    evac_text_puts(&io->why, " ");
    evac_text_puts(&io->why, what);
}

static void rule_not_while(struct rule_io *io)
{
    for (size_t i = 0; i < io->rule->not_while_count; i++) {
        size_t other = evac_engine_app(io->engine, io->rule->not_while[i]);
        if (other < io->engine->app_count && io->word->answer == EVAC_GATE_SAYS_PASS)
            not_while(io, &io->engine->apps[other]);
    }
}

static void rule_never_to(struct rule_io *io)
{
    if (!is_listed(io->rule->never_to, io->rule->never_to_count, io->run->plan->to))
        return;
    violated(io, EVAC_GATE_SAYS_BLOCK, 1, "the app is never moved to ");
    evac_text_put(&io->why, io->run->plan->to);
}

typedef void rule_fn(struct rule_io *io);

static rule_fn *const rules[EVAC_SAFETY_KIND_COUNT] = {
    [EVAC_SAFETY_IN_SERVICE] = rule_in_service,
    [EVAC_SAFETY_MOVING] = rule_moving,
    [EVAC_SAFETY_NOT_WHILE] = rule_not_while,
    [EVAC_SAFETY_NEVER_TO] = rule_never_to,
};

static bool is_overridden(const struct evac_run *run, struct evac_str rule)
{
    for (uint16_t i = 0; i < run->safe_rule_count; i++)
        if (evac_str_is(rule, run->safe_rules[i]))
            return true;
    return false;
}

static void look_at(struct rule_io *io, const struct evac_safety_rule *list, size_t count)
{
    for (size_t i = 0; i < count && io->word->answer == EVAC_GATE_SAYS_PASS; i++) {
        io->rule = &list[i];
        if (is_about(io->rule, io->app->app->name) && !is_overridden(io->run, io->rule->name))
            rules[io->rule->kind](io);
    }
}

/* The first rule that does not hold, and was not overridden. */
void engine_safety(const struct evac_engine *engine, const struct evac_engine_app *a,
                   const struct evac_run *run, struct evac_gate_word *ret_word)
{
    static const struct evac_safety_rule builtin = { .name = { BUILTIN_RULE,
                                                               sizeof BUILTIN_RULE - 1 } };
    struct rule_io io = { engine, a, run, &builtin, ret_word, { NULL, 0, 0 } };
    *ret_word = (struct evac_gate_word){ .answer = EVAC_GATE_SAYS_PASS };
    if (!is_overridden(run, builtin.name))
        rule_last(&io);
    look_at(&io, engine->model->controller.safety, engine->model->controller.safety_count);
    look_at(&io, a->app->safety, a->app->safety_count);
}

/* --- readiness
 * -------------------------------------------------------------------------------- */

static void note_readiness(struct evac_run_facts *f, const struct evac_engine_app *a,
                           const struct evac_run *run, const struct evac_now *now)
{
    const struct evac_readiness *r = &a->readiness[engine_region_index(a->app, run->plan->to)];
    int64_t age = now->wall_ms - r->at_wall_ms;
    f->readiness = EVAC_GATE_SAYS_UNKNOWN;
    if (r->known) /* a quota does not grow because nobody looks at it any more */
        f->short_of = evac_str(r->short_of);
    if (!r->known || age < 0 || age > (int64_t)a->app->readiness_age_ms)
        return;
    f->readiness = r->ready ? EVAC_GATE_SAYS_PASS : EVAC_GATE_SAYS_BLOCK;
    f->readiness_age_ms = age;
    f->readiness_run = r->run;
}

/* Of what a look left behind, the first thing that its steps named "enough" found wanting: quotas.
 * "enough:web failed: ..."; the same words in a journal that is read again. */
struct evac_str engine_short_of(struct evac_str left)
{
    while (left.n) {
        struct evac_str piece = evac_str_trim(evac_str_cut(left, ';', &left));
        if (evac_str_starts(piece, "enough") && evac_str_has(piece, " failed"))
            return piece;
    }
    return EVAC_STR_NONE;
}

/* --- all of it
 * -------------------------------------------------------------------------------- */

static bool is_begun_by(const struct evac_run *run, const char *who)
{
    return evac_str_is(evac_str(run->who), who);
}

static const struct evac_approvals *approvals_of(const struct evac_app *app,
                                                 const struct evac_run *run)
{
    bool drills = run->plan->workflow == EVAC_WORKFLOW_DRILL || is_begun_by(run, EVAC_DRILL_WHO);
    const struct evac_approvals *a = drills ? &app->drill_approvals : &app->approvals;
    bool fences = run->plan->workflow == EVAC_WORKFLOW_FENCE; /* to stop is one person's word */
    return a->need && !fences ? a : NULL;
}

bool engine_asks(const struct evac_app *app, const struct evac_run *run, bool proposed)
{
    bool person = !is_begun_by(run, "policy") && !is_begun_by(run, EVAC_DRILL_WHO);
    return proposed || (person && !run->plan->rehearse && approvals_of(app, run) != NULL);
}

static void note_apart(struct evac_run_facts *f, const struct evac_engine_app *a,
                       const struct evac_run *run)
{
    struct evac_text why;
    if (!engine_is_unreconciled(a, engine_region_index(a->app, run->plan->to)))
        return;
    evac_text_init(&why, f->apart, sizeof f->apart);
    engine_say_unreconciled(a, &why);
}

/* A word of people or of the calendar's; fencing is never held up. */
static void note_frozen(const struct evac_engine *engine, const struct evac_engine_app *a,
                        const struct evac_now *now, struct evac_run *run)
{
    int64_t wall_ms = evac_engine_wall_ms(engine, now);
    struct evac_frozen frozen = evac_engine_frozen(engine, a, wall_ms);
    if (!frozen.until_wall_ms || run->plan->workflow == EVAC_WORKFLOW_FENCE)
        return;
    run->facts.frozen = true;
    run->facts.freeze_why = frozen.reason;
    run->facts.freeze_left_ms =
        frozen.until_wall_ms == INT64_MAX ? INT64_MAX : frozen.until_wall_ms - wall_ms;
}

void engine_gate_facts(const struct evac_engine *engine, const struct evac_engine_app *a,
                       const struct evac_now *now, struct evac_run *run)
{
    struct evac_run_facts *f = &run->facts;
    uint16_t from;
    *f = (struct evac_run_facts){ .readiness = EVAC_GATE_SAYS_UNKNOWN };
    if (!a)
        return;
    from = engine_region_index(a->app, run->plan->from);
    f->approvals = approvals_of(a->app, run);
    f->verdict = a->health.regions[from].verdict;
    f->loss_agreed = evac_engine_loss_agreed(a, now);
    note_apart(f, a, run);
    note_frozen(engine, a, now, run);
    note_readiness(f, a, run, now);
    if (!evac_plan_is_aside(run->plan))
        engine_safety(engine, a, run, &f->safety);
}

void evac_engine_foresee(const struct evac_engine *engine, const struct evac_engine_app *a,
                         const struct evac_now *now, struct evac_run *run)
{
    int64_t loss = evac_engine_loss(a, now);
    (void)evac_str_copy(run->who, sizeof run->who, EVAC_STR("whoever begins it"));
    engine_gate_facts(engine, a, now, run);
    run->asks = engine_asks(a->app, run, false);
    if (!run->plan->rehearse)
        run->loss_ms = loss < 0 ? 0 : loss;
}

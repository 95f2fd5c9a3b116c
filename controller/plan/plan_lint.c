/* The rules. Those of operations are a table, worst first: the first that holds is the row's. */
#include "plan_lint.h"

#include "plan_internal.h"

#include <string.h>

#define FACTS_OLD_DAYS 365
#define TTL_MAX_MS     120000
#define SHOWN_MAX      80 /* bytes of a setting's value in a message */

struct lint {
    const struct evac_lint_request *q;
    struct evac_arena *arena;
    struct evac_lint *out;
    size_t cap;
};

/* One operation of one step. */
struct lint_call {
    const struct lint *l;
    const struct evac_plan_step *step;
    const struct evac_op *op;
    const struct evac_fact_plane *fact; /* NULL: nothing is known */
    struct evac_str region, home, needs;
};

/* --- rows
 * ---------------------------------------------------------------------------------------------------
 */

static struct evac_lint_row *add_row(struct lint *l, const struct evac_plan_step *step)
{
    struct evac_lint *out = l->out;
    if (out->row_count == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 64;
        struct evac_lint_row *rows = evac_arena_array(l->arena, cap, sizeof *rows);
        if (out->row_count)
            memcpy(rows, out->rows, out->row_count * sizeof *rows);
        out->rows = rows;
        l->cap = cap;
    }
    struct evac_lint_row *row = &out->rows[out->row_count++];
    *row = (struct evac_lint_row){ .service = "", .operation = "", .plane = "", .rule = "" };
    if (step) {
        row->step = step->id;
        row->resource = step->resource;
    }
    return row;
}

/* Best effort may fail; what comes after the recovery holds up nobody but the run. */
static enum evac_lint_verdict soften(const struct evac_plan_step *step,
                                     enum evac_lint_verdict verdict)
{
    if (!step)
        return verdict;
    if (step->on_failure == EVAC_ON_FAILURE_GO_ON && verdict > EVAC_LINT_INFO)
        return EVAC_LINT_INFO;
    if (step->phase >= EVAC_PHASE_PROTECT && verdict == EVAC_LINT_ERROR)
        return EVAC_LINT_WARN;
    return verdict;
}

static const char *softened(const struct evac_plan_step *step, enum evac_lint_verdict verdict)
{
    if (soften(step, verdict) == verdict)
        return "";
    return step->on_failure == EVAC_ON_FAILURE_GO_ON ? " (best effort: the run goes on without it)"
                                                     : " (after the recovery)";
}

static bool is_down(const struct lint *l, struct evac_str region)
{
    return region.n && evac_str_eq(region, l->q->down);
}

/* --- operations
 * --------------------------------------------------------------------------------------------- */

static bool called_there(const struct lint_call *c)
{
    return is_down(c->l, c->region);
}
static struct evac_str say_called_there(const struct lint_call *c)
{
    return evac_arena_printf(c->l->arena, "it is called in %.*s, which is assumed down",
                             EVAC_STR_ARG(c->region));
}

static bool home_down(const struct lint_call *c)
{
    return is_down(c->l, c->home);
}
static struct evac_str say_home_down(const struct lint_call *c)
{
    return evac_arena_printf(
        c->l->arena, "its control plane lives in %.*s, assumed down, wherever it is called from",
        EVAC_STR_ARG(c->home));
}

static bool needs_down(const struct lint_call *c)
{
    return is_down(c->l, c->needs);
}
static struct evac_str say_needs(const struct lint_call *c)
{
    struct evac_str because = c->fact->because;
    return evac_arena_printf(c->l->arena, "called in %.*s, it also needs %.*s%s%.*s%s",
                             EVAC_STR_ARG(c->region), EVAC_STR_ARG(c->needs), because.n ? " (" : "",
                             EVAC_STR_ARG(because), because.n ? ")" : "");
}

static bool home_elsewhere(const struct lint_call *c)
{
    return c->op->mutates && c->home.n && !evac_str_eq(c->home, c->step->region) &&
           !evac_str_eq(c->home, c->l->q->plan->to);
}
static bool reads_elsewhere(const struct lint_call *c)
{
    return c->home.n && !evac_str_eq(c->home, c->step->region) &&
           !evac_str_eq(c->home, c->l->q->plan->to);
}
static struct evac_str say_elsewhere(const struct lint_call *c)
{
    return evac_arena_printf(c->l->arena,
                             "its control plane lives in %.*s alone, wherever it is called from",
                             EVAC_STR_ARG(c->home));
}

static bool depends(const struct lint_call *c)
{
    return c->op->mutates && c->needs.n;
}

static bool provisions(const struct lint_call *c)
{
    return c->op->mutates && c->fact && c->fact->provisions;
}
static struct evac_str say_provisions(const struct lint_call *c)
{
    (void)c;
    return EVAC_STR("it makes something new: capacity, quotas and time are not certain when many "
                    "do the same");
}

static bool controls(const struct lint_call *c)
{
    return c->op->control_plane && c->op->mutates;
}
static struct evac_str say_controls(const struct lint_call *c)
{
    return evac_arena_printf(c->l->arena,
                             "control plane: needs a deadline (it has %u s) and a "
                             "fallback",
                             (unsigned)(c->step->deadline_ms / 1000));
}

#define ACT_ELSEWHERE                                                                              \
    "act in the region taking over, let the step run in graceful mode only, or make it best "      \
    "effort: on_failure = \"go-on\""

static const struct {
    const char *id;
    enum evac_lint_verdict verdict;
    bool (*holds)(const struct lint_call *c);
    struct evac_str (*say)(const struct lint_call *c);
    const char *alternative; /* when the facts have none */
} call_rules[] = {
    { "failed-home", EVAC_LINT_ERROR, home_down, say_home_down,
      "do in a data plane, or beforehand, what this step does" },
    { "failed-region", EVAC_LINT_ERROR, called_there, say_called_there, ACT_ELSEWHERE },
    { "hidden-dependency", EVAC_LINT_ERROR, needs_down, say_needs,
      "have it made or configured beforehand" },
    { "remote-home", EVAC_LINT_WARN, home_elsewhere, say_elsewhere,
      "do in a data plane, or beforehand, what this step does" },
    { "remote-home", EVAC_LINT_INFO, reads_elsewhere, say_elsewhere,
      "look at something in the region taking over" },
    { "dependent", EVAC_LINT_WARN, depends, say_needs, "have it made or configured beforehand" },
    { "provisions", EVAC_LINT_WARN, provisions, say_provisions, "have it made beforehand" },
    { "control-plane", EVAC_LINT_INFO, controls, say_controls,
      "what must not fail should be running before the event" },
};

/* The facts know the service; where a step merely acts in the wrong region, they do not help. */
static struct evac_str alternative_of(const struct lint_call *c, size_t rule)
{
    bool misplaced = call_rules[rule].holds == called_there && c->op->home == EVAC_HOME_STEP;
    if (c->fact && !misplaced)
        return c->fact->alternative;
    return evac_str(call_rules[rule].alternative);
}

static void judge_call(const struct lint_call *c, struct evac_lint_row *row)
{
    for (size_t i = 0; i < sizeof call_rules / sizeof call_rules[0]; i++) {
        if (!call_rules[i].holds(c))
            continue;
        row->verdict = soften(c->step, call_rules[i].verdict);
        row->rule = call_rules[i].id;
        row->problem = evac_arena_printf(c->l->arena, "%.*s%s", EVAC_STR_ARG(call_rules[i].say(c)),
                                         softened(c->step, call_rules[i].verdict));
        row->alternative = alternative_of(c, i);
        return;
    }
}

/* Where it is called; "" for what is no call of a region's API. */
static struct evac_str called_in(const struct lint *l, const struct evac_plan_step *step,
                                 const struct evac_op *op)
{
    switch (op->home) {
    case EVAC_HOME_TO:
        return l->q->plan->to;
    case EVAC_HOME_FROM:
        return l->q->plan->from;
    case EVAC_HOME_STEP:
        return step->region;
    case EVAC_HOME_FIXED:
        return evac_str(op->home_region);
    case EVAC_HOME_GLOBAL:
        return EVAC_STR("global");
    case EVAC_HOME_NONE:
        break;
    }
    return EVAC_STR_NONE;
}

/* A control plane with one home a partition is called there. The driver's table knows it for the
 * usual partition, the facts for each. */
static void place_call(struct lint_call *c)
{
    const struct evac_facts *facts = c->l->q->facts;
    c->region = called_in(c->l, c->step, c->op);
    c->fact = evac_facts_find(facts, c->op->service, c->op->operation);
    if (c->fact) {
        c->home = evac_facts_region(facts, &c->fact->home, c->step->region);
        c->needs = evac_facts_region(facts, &c->fact->needs, c->step->region);
    }
    if (!c->op->control_plane)
        c->home = EVAC_STR_NONE;
    else if (c->home.n == 0 && c->op->home == EVAC_HOME_FIXED)
        c->home = c->region;
    if (c->op->home == EVAC_HOME_FIXED && c->home.n)
        c->region = c->home;
}

static void add_call(struct lint *l, const struct evac_plan_step *step, const struct evac_op *op)
{
    struct lint_call c = { .l = l, .step = step, .op = op };
    place_call(&c);
    struct evac_lint_row *row = add_row(l, step);
    row->service = op->service;
    row->operation = op->operation;
    row->region = c.region;
    row->plane = op->control_plane ? "control" : "data";
    row->home = c.home.n ? c.home : op->control_plane ? c.region : EVAC_STR_NONE;
    row->mutates = op->mutates;
    if (c.fact) {
        row->works = c.fact->works;
        row->source = c.fact->source;
    }
    judge_call(&c, row);
    l->out->operations++;
}

/* A step whose driver calls no API: a program, a web address. */
static void add_bare(struct lint *l, const struct evac_plan_step *step)
{
    if (!is_down(l, step->region))
        return;
    struct evac_lint_row *row = add_row(l, step);
    row->region = step->region;
    row->rule = "failed-region";
    row->verdict = soften(step, EVAC_LINT_WARN);
    row->problem = evac_arena_printf(l->arena, "%.*s.%.*s acts in %.*s, which is assumed down%s",
                                     EVAC_STR_ARG(step->type), EVAC_STR_ARG(step->action),
                                     EVAC_STR_ARG(step->region), softened(step, EVAC_LINT_WARN));
    row->alternative = evac_str(ACT_ELSEWHERE);
}

/* --- settings that name a region
 * ------------------------------------------------------------------------------ */

enum named {
    NAMED_NOT,
    NAMED_AFTER, /* part of a name: "shop-us-east-1" */
    NAMED_AS,    /* the region itself, or a place in it: an address, an identifier, a zone */
};

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static char byte_at(struct evac_str s, size_t i)
{
    return i < s.n ? s.p[i] : '\0';
}

static enum named named_at(struct evac_str value, size_t i, size_t n)
{
    char before = i ? value.p[i - 1] : '\0', after = byte_at(value, i + n);
    if (after >= 'a' && after <= 'f' && !is_alnum(byte_at(value, i + n + 1)))
        after = byte_at(value, i + n + 1); /* a zone of it: us-east-1a */
    if (is_alnum(before) || is_alnum(after))
        return NAMED_NOT;
    return strchr("-_", before) && before ? NAMED_AFTER
           : strchr("-_", after) && after ? NAMED_AFTER
                                          : NAMED_AS;
}

static enum named names(struct evac_str value, struct evac_str region)
{
    enum named worst = NAMED_NOT;
    for (size_t i = 0; region.n && i + region.n <= value.n; i++)
        if (memcmp(value.p + i, region.p, region.n) == 0) {
            enum named one = named_at(value, i, region.n);
            worst = one > worst ? one : worst;
        }
    return worst;
}

/* Is the host there, as a host? */
static bool has_host(struct evac_str value, struct evac_str host)
{
    for (size_t i = 0; host.n && i + host.n <= value.n; i++) {
        if (value.p[i] != host.p[0])
            continue;
        char before = i ? value.p[i - 1] : '\0', after = byte_at(value, i + host.n);
        if (memcmp(value.p + i, host.p, host.n) == 0 && !is_alnum(before) &&
            !(before && strchr(".-", before)) && !is_alnum(after) && after != '.' && after != '-')
            return true;
    }
    return false;
}

struct lint_setting {
    const struct evac_plan_step *step; /* NULL: the controller's */
    struct evac_str name, value;
    bool shown; /* its value may be told */
};

/* One resource's setting is used by many steps: told once for each verdict. */
static bool is_told(const struct lint *l, const struct lint_setting *s, const char *rule,
                    enum evac_lint_verdict verdict)
{
    for (size_t i = 0; i < l->out->row_count; i++) {
        const struct evac_lint_row *row = &l->out->rows[i];
        if (strcmp(row->rule, rule) == 0 && evac_str_eq(row->setting, s->name) &&
            evac_str_eq(row->resource, s->step ? s->step->resource : EVAC_STR_NONE) &&
            (row->resource.n || !s->step || evac_str_eq(row->step, s->step->id)) &&
            row->verdict >= verdict)
            return true;
    }
    return false;
}

static struct evac_lint_row *add_setting(struct lint *l, const struct lint_setting *s,
                                         const char *rule, enum evac_lint_verdict verdict)
{
    enum evac_lint_verdict soft = soften(s->step, verdict);
    if (is_told(l, s, rule, soft))
        return NULL;
    struct evac_lint_row *row = add_row(l, s->step);
    row->setting = s->name;
    row->region = s->step ? s->step->region : EVAC_STR_NONE;
    row->rule = rule;
    row->verdict = soft;
    return row;
}

static struct evac_str shown(const struct lint *l, const struct lint_setting *s)
{
    if (!s->shown)
        return s->name;
    return evac_arena_printf(l->arena, "%.*s = \"%.*s\"%s", EVAC_STR_ARG(s->name),
                             (int)(s->value.n > SHOWN_MAX ? SHOWN_MAX : s->value.n), s->value.p,
                             s->value.n > SHOWN_MAX ? "..." : "");
}

static void look_for_hosts(struct lint *l, const struct lint_setting *s)
{
    for (const struct evac_facts *f = l->q->facts; f; f = f->next)
        for (size_t i = 0; i < f->endpoint_count; i++) {
            const struct evac_fact_endpoint *e = &f->endpoints[i];
            if (!has_host(s->value, e->host))
                continue;
            struct evac_str home = evac_facts_region(l->q->facts, &e->home, l->q->plan->to);
            if (home.n == 0)
                continue;
            struct evac_lint_row *row = add_setting(
                l, s, "global-endpoint", is_down(l, home) ? EVAC_LINT_ERROR : EVAC_LINT_WARN);
            if (!row)
                continue;
            row->home = home;
            row->problem = evac_arena_printf(
                l->arena, "%.*s looks global and is served from %.*s%s", EVAC_STR_ARG(e->host),
                EVAC_STR_ARG(home), is_down(l, home) ? ", which is assumed down" : "");
            row->alternative = e->alternative;
            row->source = e->source;
        }
}

/* --- a step's arguments
 * -------------------------------------------------------------------------------------- */

static bool is_own(struct evac_str name)
{
    static const char *const own[] = { "app", "from", "mode", "region", "to", "witness" };
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (evac_str_is(name, own[i]))
            return true;
    return false;
}

/* driver and action: NULL there is none. */
static const struct evac_param *param_of(const struct evac_driver *driver,
                                         const struct evac_action *action, struct evac_str name)
{
    bool wanted = evac_str_starts(name, "want.");
    const struct evac_param *p = !driver  ? NULL
                                 : wanted ? (action ? action->params : NULL)
                                          : driver->params;
    struct evac_str rest, head;
    if (wanted)
        (void)evac_str_cut(name, '.', &name);
    head = evac_str_cut(name, '.', &rest);
    for (; p && p->name; p++)
        if (evac_str_is(head, p->name))
            return p;
    return NULL;
}

/* "buckets.us-west-2" where the step acts elsewhere: not this step's. */
static bool is_other_regions(const struct evac_plan_step *step, const struct evac_param *param,
                             struct evac_str name)
{
    struct evac_str entry;
    (void)evac_str_cut(name, '.', &entry);
    return param && (param->flags & EVAC_PARAM_REGIONAL) && entry.n &&
           !evac_str_eq(entry, step->region);
}

static void look_for_region(struct lint *l, const struct lint_setting *s)
{
    enum named how = names(s->value, l->q->down);
    if (how == NAMED_NOT || is_down(l, s->step->region))
        return; /* a step that acts there is told anyway */
    enum evac_lint_verdict verdict = how == NAMED_AS ? EVAC_LINT_ERROR : EVAC_LINT_WARN;
    struct evac_lint_row *row = add_setting(l, s, "reads-failed-region", verdict);
    if (!row)
        return;
    row->problem = evac_arena_printf(
        l->arena, "acting in %.*s, it %s: %.*s%s", EVAC_STR_ARG(s->step->region),
        how == NAMED_AS ? "depends on the region assumed down"
                        : "uses something that is named after the region assumed down",
        EVAC_STR_ARG(shown(l, s)), softened(s->step, verdict));
    row->alternative = evac_arena_printf(
        l->arena, "a copy in %.*s: replicate it beforehand, or give the setting an entry a region",
        EVAC_STR_ARG(s->step->region));
}

/* read_in = "from": a choice that is a role means that role's region. */
static void look_for_role(struct lint *l, const struct lint_setting *s,
                          const struct evac_param *param)
{
    const struct evac_plan *plan = l->q->plan;
    bool from = evac_str_is(s->value, "from"), witness = evac_str_is(s->value, "witness");
    if (!param || param->type != EVAC_PARAM_CHOICE || !(from || witness) ||
        !is_down(l, from ? plan->from : plan->witness))
        return;
    struct evac_lint_row *row = add_setting(l, s, "reads-failed-region", EVAC_LINT_ERROR);
    if (!row)
        return;
    row->problem = evac_arena_printf(l->arena, "%.*s means %.*s, which is assumed down%s",
                                     EVAC_STR_ARG(shown(l, s)), EVAC_STR_ARG(l->q->down),
                                     softened(s->step, EVAC_LINT_ERROR));
    row->alternative = EVAC_STR("\"to\": look where it will be needed");
}

static void look_for_ttl(struct lint *l, const struct lint_setting *s)
{
    int64_t ms;
    if (!(s->step->flags & EVAC_STEP_TRAFFIC) ||
        !(evac_str_is(s->name, "ttl") || evac_str_is(s->name, "want.ttl")) ||
        !evac_duration_ms(s->value, &ms) || ms <= TTL_MAX_MS)
        return;
    struct evac_lint_row *row = add_setting(l, s, "long-ttl", EVAC_LINT_WARN);
    if (!row)
        return;
    row->problem = evac_arena_printf(
        l->arena, "%lld s: clients go on to the old region for so long after the move",
        (long long)(ms / 1000));
    row->alternative =
        EVAC_STR("at most 60 s, at all times: a TTL can not be shortened afterwards");
}

static void lint_args(struct lint *l, const struct evac_plan_step *step,
                      const struct evac_driver *driver, const struct evac_action *action)
{
    for (size_t i = 0; i < step->args.count; i++) {
        const struct evac_arg *arg = &step->args.items[i];
        const struct lint_setting s = { step, arg->name, arg->value, true };
        const struct evac_param *param = param_of(driver, action, arg->name);
        if (is_own(arg->name) || is_other_regions(step, param, arg->name))
            continue;
        look_for_region(l, &s);
        look_for_role(l, &s, param);
        look_for_ttl(l, &s);
        look_for_hosts(l, &s);
    }
}

static void lint_step(struct lint *l, const struct evac_plan_step *step)
{
    const struct evac_driver *driver = evac_catalog_driver(l->q->catalog, step->type);
    const struct evac_action *action = driver ? evac_driver_action(driver, step->action) : NULL;
    const struct evac_op *op = action ? action->ops : NULL;
    if (!op)
        add_bare(l, step);
    for (; op && op->service; op++)
        if (evac_plan_calls(step, op))
            add_call(l, step, op);
    lint_args(l, step, driver, action);
}

/* --- what is measured all the time
 * ---------------------------------------------------------------------------------------------- */

static bool is_first_of_resource(const struct evac_plan *plan, uint16_t i)
{
    for (uint16_t k = 0; k < i; k++)
        if (evac_str_eq(plan->steps[k].resource, plan->steps[i].resource))
            return false;
    return plan->steps[i].resource.n > 0;
}

static void add_measure(struct lint *l, const struct evac_plan_step *measure,
                        const struct evac_op *op)
{
    add_call(l, measure, op);
    struct evac_lint_row *row = &l->out->rows[l->out->row_count - 1];
    if (row->rule[0])
        row->alternative =
            EVAC_STR("nothing: the last loss that is known grows older until it answers again");
}

/* Lag and markers are best effort: a call that a lost region does not answer makes the loss that is
 * known grow older, and holds nothing up. Shown as a step of its own, with the resource's settings.
 */
static void lint_measures(struct lint *l)
{
    const struct evac_plan *plan = l->q->plan;
    for (uint16_t i = 0; i < plan->forward_count; i++) {
        const struct evac_driver *driver = evac_catalog_driver(l->q->catalog, plan->steps[i].type);
        const struct evac_op *op = driver ? driver->measure_ops : NULL;
        if (!op || !is_first_of_resource(plan, i))
            continue;
        struct evac_plan_step *measure = evac_arena_alloc(l->arena, sizeof *measure);
        *measure = plan->steps[i];
        measure->id = EVAC_STR("(measure)");
        measure->region = plan->to;
        measure->on_failure = EVAC_ON_FAILURE_GO_ON;
        for (; op->service; op++)
            if (evac_plan_calls(measure, op))
                add_measure(l, measure, op);
    }
}

/* --- the controller
 * ----------------------------------------------------------------------------------------- */

static const struct evac_fact_setting *find_setting(const struct lint *l, struct evac_str name)
{
    for (const struct evac_facts *f = l->q->facts; f; f = f->next)
        for (size_t i = 0; i < f->setting_count; i++)
            if (evac_facts_fits(f->settings[i].name, name))
                return &f->settings[i];
    return NULL;
}

/* Its value is not told: it may be a secret. */
static void lint_pack_setting(struct lint *l, const struct evac_arg *arg)
{
    const struct lint_setting s = {
        NULL, evac_arena_printf(l->arena, "packs.%.*s", EVAC_STR_ARG(arg->name)), arg->value, false
    };
    enum named how = names(arg->value, l->q->down);
    const struct evac_fact_setting *fact = find_setting(l, arg->name);
    look_for_hosts(l, &s);
    if (how == NAMED_NOT)
        return;
    enum evac_lint_verdict verdict = fact              ? fact->verdict
                                     : how == NAMED_AS ? EVAC_LINT_ERROR
                                                       : EVAC_LINT_WARN;
    struct evac_lint_row *row = add_setting(l, &s, "setting", verdict);
    if (!row)
        return;
    row->problem = evac_arena_printf(l->arena, "it names %.*s, which is assumed down%s%.*s",
                                     EVAC_STR_ARG(l->q->down), fact ? ": " : "",
                                     EVAC_STR_ARG(fact ? fact->problem : EVAC_STR_NONE));
    row->alternative = fact ? fact->alternative
                            : EVAC_STR("something in a region that is none of the app's, or leave "
                                       "it out");
    row->source = fact ? fact->source : EVAC_STR_NONE;
}

static struct evac_lint_row *add_controller(struct lint *l, const char *setting, const char *rule,
                                            enum evac_lint_verdict verdict, const char *problem,
                                            const char *alternative)
{
    struct evac_lint_row *row = add_row(l, NULL);
    row->setting = evac_str(setting);
    row->rule = rule;
    row->verdict = verdict;
    row->problem = evac_str(problem);
    row->alternative = evac_str(alternative);
    return row;
}

/* Of controllers that share a journal another one, where nothing is down, can take over. */
static bool leads_elsewhere(const struct lint *l, const struct evac_controller_conf *conf)
{
    for (size_t i = 0; i < conf->shared.controller_count; i++)
        if (!evac_str_eq(conf->shared.controllers[i].name, conf->node) &&
            !is_down(l, conf->shared.controllers[i].region))
            return true;
    return false;
}

static void lint_vantage(struct lint *l, const struct evac_controller_conf *conf)
{
    static const char *const elsewhere = "run it in a region that is none of the app's";
    const struct evac_plan *plan = l->q->plan;
    if (conf->region.n == 0)
        add_controller(l, "region", "controller-region", EVAC_LINT_INFO,
                       "it is not known where this controller runs",
                       "set region in evac.cfg, outside of the app's regions");
    else if (is_down(l, conf->region) && leads_elsewhere(l, conf))
        add_controller(l, "region", "controller-region", EVAC_LINT_WARN,
                       "this controller runs in the region assumed down: another one, that shares "
                       "its journal, must take over",
                       "have the lead given to one elsewhere, or run it elsewhere");
    else if (is_down(l, conf->region))
        add_controller(l, "region", "controller-region", EVAC_LINT_ERROR,
                       "this controller runs in the region assumed down", elsewhere);
    else if (evac_str_eq(conf->region, plan->from) || evac_str_eq(conf->region, plan->to))
        add_controller(
            l, "region", "controller-region", EVAC_LINT_WARN,
            "this controller runs in a region of the app: it falls with it, and its view "
            "is none from outside",
            elsewhere);
}

static void lint_anchors(struct lint *l, const struct evac_controller_conf *conf)
{
    size_t there = 0;
    for (size_t i = 0; i < conf->anchor_count; i++)
        there += names(conf->anchors[i], l->q->down) != NAMED_NOT;
    if (conf->anchor_count == 0)
        add_controller(l, "anchors", "one-vantage", EVAC_LINT_INFO,
                       "without anchors a controller that is cut off takes every region for down",
                       "anchors = ( ... ): addresses outside of the app's regions");
    else if (there == conf->anchor_count)
        add_controller(
            l, "anchors", "one-vantage", EVAC_LINT_WARN,
            "all anchors are in the region assumed down: the controller would think that "
            "it is cut off itself",
            "anchors in several regions that are none of the app's");
}

/* One person may be wrong, or not who they seem. */
static void lint_people(struct lint *l, const struct evac_model *model)
{
    const struct evac_plan *plan = l->q->plan;
    if (evac_plan_asks_nobody(plan, evac_model_app(model, plan->app)))
        add_controller(l, "approvals", "asks-nobody", EVAC_LINT_INFO,
                       "one person is enough: whoever begins a run is asked by nobody, and may "
                       "approve what they had proposed themselves",
                       "app.approvals = { need = 1; }: then it takes somebody else's yes");
}

static void lint_controller(struct lint *l, const struct evac_controller_conf *conf)
{
    for (size_t i = 0; i < conf->packs.count; i++)
        lint_pack_setting(l, &conf->packs.items[i]);
    lint_vantage(l, conf);
    lint_anchors(l, conf);
}

/* --- the facts
 * ---------------------------------------------------------------------------------------------- */

static void lint_facts(struct lint *l)
{
    int64_t day;
    if (!l->q->facts)
        add_controller(l, "facts", "no-facts", EVAC_LINT_WARN,
                       "there are no facts: hidden dependencies can not be seen",
                       "--facts FILE, or facts in evac.cfg");
    for (const struct evac_facts *f = l->q->facts; f; f = f->next) {
        if (f->plane_count + f->endpoint_count + f->setting_count == 0)
            continue; /* prices alone: a receipt says of when they are */
        if (l->out->facts_date.n == 0 || strcmp(f->date.p, l->out->facts_date.p) < 0)
            l->out->facts_date = f->date;
        if (!l->q->today || !evac_facts_day(f->date, &day) || l->q->today - day <= FACTS_OLD_DAYS)
            continue;
        struct evac_lint_row *row =
            add_controller(l, "facts", "old-facts", EVAC_LINT_WARN, "",
                           "read the sources again, and set the date; or a newer version of evac");
        row->problem = evac_arena_printf(l->arena, "%s is of %.*s: older than a year",
                                         f->place.file, EVAC_STR_ARG(f->date));
    }
}

/* --- a region that nothing names
 * ---------------------------------------------------------------------------- */

static bool in_facts(const struct lint *l, struct evac_str region)
{
    for (const struct evac_facts *f = l->q->facts; f; f = f->next)
        for (size_t i = 0; i < f->plane_count; i++)
            if (evac_str_eq(region, evac_facts_region(l->q->facts, &f->planes[i].home, region)) ||
                evac_str_eq(region, evac_facts_region(l->q->facts, &f->planes[i].needs, region)))
                return true;
    return false;
}

static bool in_args(const struct evac_args *args, struct evac_str region)
{
    for (size_t i = 0; i < args->count; i++)
        if (names(args->items[i].value, region) != NAMED_NOT ||
            names(args->items[i].name, region) != NAMED_NOT)
            return true;
    return false;
}

/* A slip of the pen would make everything look well. */
static void lint_down(struct lint *l)
{
    const struct evac_plan *plan = l->q->plan;
    struct evac_str down = l->q->down;
    if (down.n == 0 || in_facts(l, down) ||
        (l->q->model && (evac_str_eq(l->q->model->controller.region, down) ||
                         in_args(&l->q->model->controller.packs, down))))
        return;
    for (uint16_t i = 0; i < plan->forward_count; i++)
        if (in_args(&plan->steps[i].args, down))
            return;
    struct evac_lint_row *row =
        add_controller(l, "", "unknown-region", EVAC_LINT_WARN, "",
                       "a region of the app, or the home of a control plane");
    row->problem = evac_arena_printf(l->arena, "nothing here names %.*s, which is assumed down",
                                     EVAC_STR_ARG(down));
}

/* --- all
 * -------------------------------------------------------------------------------------------------------
 */

struct evac_str evac_lint_down(const struct evac_plan *plan)
{
    return plan->mode == EVAC_MODE_UNGRACEFUL ? plan->from : EVAC_STR_NONE;
}

void evac_lint_plan(const struct evac_lint_request *request, struct evac_arena *arena,
                    struct evac_lint *ret_lint)
{
    const struct evac_plan *plan = request->plan;
    struct lint l = { .q = request, .arena = arena, .out = ret_lint };
    *ret_lint = (struct evac_lint){ .plan = plan, .down = request->down };
    for (uint16_t i = 0; i < plan->forward_count; i++)
        if (plan_when(plan->steps[i].when, 0, plan->mode) != PLAN_NO)
            lint_step(&l, &plan->steps[i]);
    lint_measures(&l);
    if (request->model) {
        lint_controller(&l, &request->model->controller);
        lint_people(&l, request->model);
    }
    lint_facts(&l);
    lint_down(&l);
    for (size_t i = 0; i < ret_lint->row_count; i++) {
        enum evac_lint_verdict verdict = ret_lint->rows[i].verdict;
        ret_lint->counts[verdict]++;
        ret_lint->worst = verdict > ret_lint->worst ? verdict : ret_lint->worst;
    }
}

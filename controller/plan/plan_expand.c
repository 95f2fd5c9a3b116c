/* From runbook steps to plan steps: which resources a step is for, in which region. */
#include "plan_internal.h"

#include <stdio.h>
#include <string.h>

#define TRIES_DEFAULT 3

/* --- actions
 * ------------------------------------------------------------------------------------------------------
 */

static const char *nearest_action(const struct evac_catalog *catalog, struct evac_str found,
                                  char *buf, size_t bytes)
{
    const char *best = NULL;
    size_t budget = found.n / 3 + 2;
    (void)budget;
    for (size_t i = 0; i < catalog->pack_count; i++)
        for (const struct evac_driver *const *d = catalog->packs[i]->drivers; *d; d++)
            for (const struct evac_action *a = (*d)->actions; a->name; a++) {
                char name[128];
                snprintf(name, sizeof name, "%s.%s", (*d)->name, a->name);
                const char *one[] = { name, best ? buf : NULL, NULL };
                const char *near = evac_str_nearest(found, one);
                if (near == name) {
                    snprintf(buf, bytes, "%s", name);
                    best = buf;
                }
            }
    return best;
}

static bool find_action(struct compiler *c, const struct evac_runbook_step *s, struct draft *d)
{
    struct evac_str name, type = evac_str_cut(s->action, '.', &name);
    char buf[128];
    d->driver = evac_catalog_driver(c->request->catalog, type);
    d->action = d->driver ? evac_driver_action(d->driver, name) : NULL;
    if (d->action)
        return true;
    const char *near = nearest_action(c->request->catalog, s->action, buf, sizeof buf);
    plan_error(c, s->place,
               "step '%.*s': there is no action '%.*s'%s%s%s; 'evac drivers' lists them",
               EVAC_STR_ARG(s->name), EVAC_STR_ARG(s->action), near ? "; did you mean '" : "",
               near ? near : "", near ? "'?" : "");
    return false;
}

/* Of "*" somebody's action at least, of named types each one's: otherwise a name is misspelt. */
static bool knows_action(struct compiler *c, const struct evac_runbook_step *s,
                         struct evac_str types, struct evac_str name)
{
    const struct evac_catalog *catalog = c->request->catalog;
    bool any = false, all = evac_str_is(types, "*");
    for (size_t i = 0; !any && i < catalog->pack_count; i++)
        for (const struct evac_driver *const *d = catalog->packs[i]->drivers; !any && *d; d++)
            any = evac_driver_action(*d, name) != NULL;
    while (!all && types.n) {
        struct evac_str type = evac_str_cut(types, '|', &types);
        const struct evac_driver *driver = evac_catalog_driver(catalog, type);
        if (driver && evac_driver_action(driver, name))
            continue;
        plan_error(c, s->place,
                   "step '%.*s': there is no action '%.*s.%.*s'; 'evac drivers' lists them",
                   EVAC_STR_ARG(s->name), EVAC_STR_ARG(type), EVAC_STR_ARG(name));
        return false;
    }
    if (!any)
        plan_error(c, s->place,
                   "step '%.*s': no driver has an action '%.*s'; 'evac drivers' lists them",
                   EVAC_STR_ARG(s->name), EVAC_STR_ARG(name));
    return any;
}

/* --- regions
 * -------------------------------------------------------------------------------------------------------
 */

bool plan_is_region_of(const struct evac_app *app, struct evac_str name)
{
    for (size_t i = 0; i < app->region_count; i++)
        if (evac_str_eq(app->regions[i], name))
            return true;
    return app->witness.n && evac_str_eq(app->witness, name);
}

/* "" when the step vanishes, or on an error. Not for "rest". */
static struct evac_str find_region(struct compiler *c, const struct evac_runbook_step *s)
{
    const struct evac_plan_request *q = c->request;
    if (evac_str_is(s->region, "to"))
        return q->to;
    if (evac_str_is(s->region, "from"))
        return q->from;
    if (evac_str_is(s->region, "witness")) {
        if (q->app->witness.n == 0 && !s->optional)
            plan_error(c, s->place, "step '%.*s' acts on the witness, and app '%.*s' has none",
                       EVAC_STR_ARG(s->name), EVAC_STR_ARG(q->app->name));
        return q->app->witness;
    }
    if (plan_is_region_of(q->app, s->region))
        return s->region;
    plan_error(c, s->place,
               "step '%.*s': '%.*s' is no region of app '%.*s'; allowed is from, to, rest, "
               "witness or one of its regions",
               EVAC_STR_ARG(s->name), EVAC_STR_ARG(s->region), EVAC_STR_ARG(q->app->name));
    return EVAC_STR_NONE;
}

/* Those that serve users before and after. Of an active-active app somebody leaves them, or joins
 * them in a failback; of others the one that leaves is the only one. */
static size_t find_rest(const struct evac_plan_request *q, struct evac_str *ret_regions)
{
    bool joins =
        q->app->strategy == EVAC_STRATEGY_ACTIVE_ACTIVE && q->workflow == EVAC_WORKFLOW_FAILBACK;
    size_t n = 0;
    for (size_t r = 0; r < q->app->region_count && r < EVAC_APP_REGIONS_MAX; r++)
        if (!(q->out & (1u << r)) && !evac_str_eq(q->app->regions[r], joins ? q->to : q->from))
            ret_regions[n++] = q->app->regions[r];
    return n;
}

static size_t find_regions(struct compiler *c, const struct evac_runbook_step *s,
                           struct evac_str *ret_regions)
{
    if (evac_str_is(s->region, "rest"))
        return find_rest(c->request, ret_regions);
    ret_regions[0] = find_region(c, s);
    return ret_regions[0].n ? 1 : 0;
}

/* --- from runbook steps to drafts
 * ------------------------------------------------------------------------------------ */

/* The first nine flags of an action and of a step are the same bits, and one more. */
#define ACTION_FLAGS (0x1ffu | (uint32_t)EVAC_ACTION_WAITS)
_Static_assert((int)EVAC_STEP_WAITS == (int)EVAC_ACTION_WAITS,
               "step and action flags must be the same bits");
_Static_assert((int)EVAC_STEP_BLIND == (int)EVAC_ACTION_BLIND,
               "step and action flags must be the same bits");
_Static_assert((int)EVAC_STEP_MUTATES == (int)EVAC_ACTION_MUTATES,
               "step and action flags must be the same bits");

static uint32_t flags_of(const struct evac_runbook_step *s, const struct evac_action *a)
{
    uint32_t flags = a->flags & ACTION_FLAGS;
    /* before users are moved, that they are served is no recovery */
    if (s->phase < EVAC_PHASE_TRAFFIC)
        flags &= ~(uint32_t)EVAC_STEP_PUBLIC;
    if (s->pivot)
        flags |= EVAC_STEP_PIVOT;
    if (s->approval)
        flags |= EVAC_STEP_APPROVAL;
    return flags;
}

static uint16_t tries_of(const struct evac_runbook_step *s, const struct evac_action *a)
{
    if (s->tries >= 0)
        return (uint16_t)s->tries;
    return a->flags & EVAC_ACTION_BLIND ? 1 : TRIES_DEFAULT;
}

/* A global thing is one over its regions; everything else is itself in each region. */
static struct evac_str target_of(struct compiler *c, const struct draft *d, struct evac_str region)
{
    if (d->action->flags & EVAC_ACTION_PROMOTES)
        return d->resource->name;
    return evac_arena_printf(c->arena, "%.*s@%.*s", EVAC_STR_ARG(d->resource->name),
                             EVAC_STR_ARG(region));
}

/* Where one runbook step is put into the plan, and what tells its instances apart. */
struct spot {
    struct evac_str region;
    bool several_regions, several_resources;
};

static struct evac_str id_of(struct compiler *c, const struct draft *d, const struct spot *spot)
{
    struct evac_str name = d->source->name;
    if (spot->several_resources)
        name = evac_arena_printf(c->arena, "%.*s:%.*s", EVAC_STR_ARG(name),
                                 EVAC_STR_ARG(d->resource->name));
    if (spot->several_regions)
        name = evac_arena_printf(c->arena, "%.*s@%.*s", EVAC_STR_ARG(name),
                                 EVAC_STR_ARG(spot->region));
    return evac_arena_str(c->arena, name);
}

static void add_draft(struct compiler *c, size_t source, const struct draft *found,
                      const struct spot *spot)
{
    const struct evac_runbook_step *s = &c->workflow->steps[source];
    if (c->count == EVAC_PLAN_STEPS_MAX) {
        plan_error(c, s->place, "the plan has more than %u steps", EVAC_PLAN_STEPS_MAX);
        return;
    }
    struct draft *d = &c->drafts[c->count];
    *d = *found;
    c->drafted = c->count >= c->drafted ? c->count + 1 : c->drafted;
    struct evac_plan_step *p = &d->step;
    p->id = id_of(c, d, spot);
    p->title = evac_arena_str(
        c->arena, s->title.n ? s->title : evac_str(d->action->doc ? d->action->doc : ""));
    p->type = evac_arena_str(c->arena, evac_str(d->driver->name));
    p->action = evac_arena_str(c->arena, evac_str(d->action->name));
    p->resource = evac_arena_str(c->arena, d->resource->name);
    p->region = evac_arena_str(c->arena, spot->region);
    p->target = target_of(c, d, spot->region);
    p->phase = s->phase;
    p->fencing = d->action->fencing;
    p->on_failure = s->on_failure;
    p->flags = flags_of(s, d->action);
    p->deadline_ms = s->deadline_ms ? (uint32_t)s->deadline_ms : d->action->deadline_ms;
    p->usual_ms = d->action->usual_ms;
    p->tries = tries_of(s, d->action);
    plan_args(c, d);
    p->clear = plan_clear(c, d);
    c->count++;
    c->instances[source]++;
}

static size_t count_of_type(const struct evac_app *app, struct evac_str type)
{
    size_t n = 0;
    for (size_t i = 0; i < app->resource_count; i++)
        n += evac_str_eq(app->resources[i].type, type);
    return n;
}

static const struct evac_resource *
named_resource(struct compiler *c, const struct evac_runbook_step *s, struct evac_str type)
{
    const struct evac_app *app = c->request->app;
    const struct evac_resource *r = evac_app_resource(app, s->resource);
    const char *names[EVAC_PLAN_STEPS_MAX + 1] = { NULL };
    if (r && evac_str_eq(r->type, type))
        return r;
    if (r) {
        plan_error(c, s->place,
                   "step '%.*s': resource '%.*s' is of type '%.*s', the action is for '%.*s'",
                   EVAC_STR_ARG(s->name), EVAC_STR_ARG(s->resource), EVAC_STR_ARG(r->type),
                   EVAC_STR_ARG(type));
        return NULL;
    }
    for (size_t i = 0; i < app->resource_count && i < EVAC_PLAN_STEPS_MAX; i++)
        names[i] = app->resources[i].name.p;
    const char *near = evac_str_nearest(s->resource, names);
    if (!s->optional)
        plan_error(c, s->place, "step '%.*s': app '%.*s' has no resource '%.*s'%s%s%s",
                   EVAC_STR_ARG(s->name), EVAC_STR_ARG(app->name), EVAC_STR_ARG(s->resource),
                   near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    return NULL;
}

static bool is_given(const struct evac_resource *r, struct evac_str name)
{
    for (size_t i = 0; i < r->props.count; i++) {
        struct evac_str rest, head = evac_str_cut(r->props.items[i].name, '.', &rest);
        if (evac_str_eq(head, name))
            return true;
    }
    return false;
}

/* What the action needs of its resource is there: of "instances|tag" one. */
static bool serves(const struct evac_action *action, const struct evac_resource *r,
                   const char **ret_missing)
{
    for (const struct evac_param *p = action->params; p && p->name; p++) {
        struct evac_str names = evac_str(p->name);
        bool given = !(p->flags & EVAC_PARAM_OF_RESOURCE);
        while (!given && names.n)
            given = is_given(r, evac_str_cut(names, '|', &names));
        *ret_missing = p->name;
        if (!given)
            return false;
    }
    return true;
}

bool evac_action_serves(const struct evac_action *action, const struct evac_resource *resource)
{
    const char *missing;
    return serves(action, resource, &missing);
}

/* "*.scale" and "this|that.ready" are for resources of several types. */
static bool is_for_any(struct evac_str action, struct evac_str *ret_types,
                       struct evac_str *ret_name)
{
    *ret_types = evac_str_cut(action, '.', ret_name);
    return evac_str_is(*ret_types, "*") || evac_str_has(*ret_types, "|");
}

static bool is_among(struct evac_str type, struct evac_str types)
{
    if (evac_str_is(types, "*"))
        return true;
    while (types.n)
        if (evac_str_eq(evac_str_cut(types, '|', &types), type))
            return true;
    return false;
}

/* Every resource of those types whose driver has such an action, and which has what that needs. */
static void expand_any(struct compiler *c, size_t source, struct evac_str types,
                       struct evac_str name, struct spot *spot)
{
    const struct evac_runbook_step *s = &c->workflow->steps[source];
    const struct evac_app *app = c->request->app;
    struct draft found[EVAC_APP_RESOURCES_MAX];
    const char *missing;
    size_t n = 0;
    for (size_t i = 0; i < app->resource_count; i++) {
        const struct evac_resource *r = &app->resources[i];
        const struct evac_driver *driver = evac_catalog_driver(c->request->catalog, r->type);
        const struct evac_action *action = driver ? evac_driver_action(driver, name) : NULL;
        if (action && is_among(r->type, types) && serves(action, r, &missing) &&
            n < EVAC_APP_RESOURCES_MAX)
            found[n++] =
                (struct draft){ .source = s, .driver = driver, .action = action, .resource = r };
    }
    spot->several_resources = n > 1;
    for (size_t i = 0; i < n; i++)
        add_draft(c, source, &found[i], spot);
}

static void add_checked(struct compiler *c, size_t source, struct draft *d, const struct spot *spot)
{
    const struct evac_runbook_step *s = &c->workflow->steps[source];
    const char *missing = "";
    if (serves(d->action, d->resource, &missing))
        add_draft(c, source, d, spot);
    else if (!s->optional)
        plan_error(c, d->resource->place,
                   "resource '%.*s' needs '%s': step '%.*s' does %.*s with it",
                   EVAC_STR_ARG(d->resource->name), missing, EVAC_STR_ARG(s->name),
                   EVAC_STR_ARG(s->action));
}

/* The step names one type: for the resource that it names, or for each of that type. */
static void expand_typed(struct compiler *c, size_t source, struct draft *found, struct spot *spot)
{
    const struct evac_runbook_step *s = found->source;
    const struct evac_app *app = c->request->app;
    struct evac_str type = evac_str(found->driver->name);
    if (s->resource.n) {
        found->resource = named_resource(c, s, type);
        if (found->resource)
            add_checked(c, source, found, spot);
        return;
    }
    spot->several_resources = count_of_type(app, type) > 1;
    for (size_t i = 0; i < app->resource_count; i++)
        if (evac_str_eq(app->resources[i].type, type)) {
            found->resource = &app->resources[i];
            add_checked(c, source, found, spot);
        }
}

/* A runbook serves many apps: a step for a type that this app does not have vanishes. */
static void expand(struct compiler *c, size_t source)
{
    const struct evac_runbook_step *s = &c->workflow->steps[source];
    struct draft found = { .source = s };
    struct evac_str types, name, regions[EVAC_APP_REGIONS_MAX];
    bool any = is_for_any(s->action, &types, &name);
    c->first[source] = c->count;
    c->instances[source] = 0;
    if (any ? !knows_action(c, s, types, name) : !find_action(c, s, &found))
        return;
    if (s->home && !evac_str_eq(c->request->to, c->request->app->regions[0]))
        return;
    size_t n = find_regions(c, s, regions);
    for (size_t i = 0; i < n; i++) {
        struct spot spot = { .region = regions[i], .several_regions = n > 1 };
        if (any)
            expand_any(c, source, types, name, &spot);
        else
            expand_typed(c, source, &found, &spot);
    }
}

/* with: something is left of one of them, of what was found before anything went. */
static bool has_company(const struct compiler *c, const struct evac_runbook_step *s,
                        const uint16_t *instances)
{
    bool any = s->with_count == 0;
    for (size_t k = 0; k < s->with_count; k++) {
        size_t source = plan_source(c, s->with[k]);
        any |= source < c->workflow->step_count && instances[source] > 0;
    }
    return any;
}

/* What a step stands with may come after it in the text: what stands alone goes once all are there.
 */
void plan_expand(struct compiler *c)
{
    size_t n = c->workflow->step_count;
    uint16_t *found = evac_arena_array(c->arena, n + 1, sizeof *found), kept = 0;
    for (size_t i = 0; i < n; i++)
        expand(c, i);
    memcpy(found, c->instances, n * sizeof *found);
    for (size_t i = 0; i < n; i++) {
        if (!has_company(c, &c->workflow->steps[i], found))
            c->instances[i] = 0;
        memmove(&c->drafts[kept], &c->drafts[c->first[i]], c->instances[i] * sizeof *c->drafts);
        c->first[i] = kept;
        kept = (uint16_t)(kept + c->instances[i]);
    }
    c->count = kept;
}

/* A step's arguments, checked against the tables of its driver. */
#include "plan_internal.h"

#include <stdlib.h>
#include <string.h>

/* --- substitution
 * ------------------------------------------------------------------------------------------------
 */

struct evac_str evac_plan_substitute(struct evac_arena *arena, const struct evac_plan_place *place,
                                     struct evac_str text)
{
    const struct {
        const char *name;
        struct evac_str value;
    } names[] = {
        { "{region}", place->region }, { "{from}", place->from }, { "{to}", place->to },
        { "{app}", place->app },       { "{mode}", place->mode }, { "{run}", place->run }
    };
    struct evac_buf out;
    if (!text.n || !memchr(text.p, '{', text.n))
        return evac_arena_str(arena, text);
    evac_buf_init(&out, 65536);
    for (size_t i = 0; i < text.n;) {
        struct evac_str rest = { text.p + i, text.n - i };
        size_t k = 0;
        while (k < sizeof names / sizeof names[0] &&
               (!names[k].value.p || !evac_str_starts(rest, names[k].name)))
            k++;
        if (k < sizeof names / sizeof names[0]) {
            evac_buf_put_str(&out, names[k].value);
            i += strlen(names[k].name);
        } else {
            evac_buf_putc(&out, text.p[i++]);
        }
    }
    struct evac_str kept = evac_arena_str(arena, evac_buf_str(&out));
    evac_buf_done(&out);
    return kept;
}

struct evac_str plan_substitute(const struct compiler *c, struct evac_str text,
                                struct evac_str region)
{
    const struct evac_plan_request *q = c->request;
    const struct evac_plan_place place = { .app = q->app->name,
                                           .region = region,
                                           .from = q->from,
                                           .to = q->to,
                                           .mode = evac_str(evac_mode_name(q->mode)) };
    return evac_plan_substitute(c->arena, &place, text);
}

/* --- parameters
 * ----------------------------------------------------------------------------------------------------
 */

/* "count", and of a regional or grouped parameter "count.us-east-1", too. */
static bool belongs_to(struct evac_str name, const struct evac_param *p)
{
    size_t n = strlen(p->name);
    if ((p->flags & EVAC_PARAM_OF_RESOURCE) || name.n < n || memcmp(name.p, p->name, n) != 0)
        return false;
    return name.n == n ||
           (name.p[n] == '.' && (p->flags & (EVAC_PARAM_REGIONAL | EVAC_PARAM_GROUP)));
}

const struct evac_param *plan_param(const struct evac_param *params, struct evac_str name)
{
    for (; params && params->name; params++)
        if (belongs_to(name, params))
            return params;
    return NULL;
}

static bool is_choice(struct evac_str value, const char *choices)
{
    struct evac_str rest = evac_str(choices);
    while (rest.n)
        if (evac_str_eq(evac_str_cut(rest, '|', &rest), value))
            return true;
    return false;
}

const char *plan_param_wants(const struct evac_param *p, struct evac_str value)
{
    int64_t number;
    switch (p->type) {
    case EVAC_PARAM_INT:
        return evac_str_i64(value, &number) ? NULL : "a whole number";
    case EVAC_PARAM_BOOL:
        return evac_str_is(value, "true") || evac_str_is(value, "false") ? NULL : "true or false";
    case EVAC_PARAM_DURATION:
        return evac_duration_ms(value, &number) ? NULL : "a duration, as \"10s\"";
    case EVAC_PARAM_LIST:
        return value.n && value.p[0] == '[' ? NULL : "a list of texts";
    case EVAC_PARAM_CHOICE:
        return is_choice(value, p->choices) ? NULL : p->choices;
    case EVAC_PARAM_TEXT:
        break;
    }
    return NULL;
}

struct args_io {
    struct compiler *c;
    struct draft *d;
    const char *owner; /* for messages: "resource 'db'", "step 'fence'" */
    const struct evac_param *params;
    const struct evac_args *given;
    const int *lines;
    const char *prefix; /* "" or "want." */
    struct evac_place place;
};

static struct evac_place place_of(const struct args_io *io, size_t i)
{
    struct evac_place place = io->place;
    if (io->lines)
        place.line = io->lines[i];
    return place;
}

static void check_given(const struct args_io *io, size_t i)
{
    const struct evac_arg *arg = &io->given->items[i];
    const struct evac_param *p = plan_param(io->params, arg->name);
    const char *names[128] = { NULL };
    size_t n = 0;
    if (p) {
        const char *wanted = plan_param_wants(p, arg->value);
        if (wanted)
            plan_error(io->c, place_of(io, i), "%s: %.*s is '%.*s'; allowed is %s", io->owner,
                       EVAC_STR_ARG(arg->name), EVAC_STR_ARG(arg->value), wanted);
        return;
    }
    for (const struct evac_param *k = io->params; k && k->name && n < 127; k++)
        names[n++] = k->name;
    const char *near = evac_str_nearest(arg->name, names);
    plan_error(io->c, place_of(io, i), "%s: unknown parameter '%.*s'%s%s%s", io->owner,
               EVAC_STR_ARG(arg->name), near ? "; did you mean '" : "", near ? near : "",
               near ? "'?" : "");
}

bool plan_is_given(const struct evac_args *given, const struct evac_param *p)
{
    for (size_t i = 0; i < given->count; i++)
        if (belongs_to(given->items[i].name, p))
            return true;
    return false;
}

/* A regional parameter that is a group must have an entry for the step's region. */
static void check_regional(const struct args_io *io, const struct evac_param *p)
{
    struct evac_str region = io->d->step.region;
    if (!(p->flags & EVAC_PARAM_REGIONAL) || (p->flags & EVAC_PARAM_GROUP))
        return;
    if (evac_args_has(io->given, p->name) || evac_args_regional(io->given, p->name, region).n)
        return;
    plan_error(io->c, io->place, "%s: %s has no entry for %.*s, where step '%.*s' acts", io->owner,
               p->name, EVAC_STR_ARG(region), EVAC_STR_ARG(io->d->source->name));
}

static void add(struct evac_arg *list, size_t *count, struct evac_str name, struct evac_str value)
{
    list[(*count)++] = (struct evac_arg){ name, value };
}

/* Resources wait for others of their app, whatever they are. */
static bool is_universal(const struct args_io *io, struct evac_str name)
{
    return io->prefix[0] == '\0' && evac_str_is(name, "waits_for");
}

/* A step for all kinds of resources says what it wants of those that know it. */
static bool is_not_for_it(const struct args_io *io, struct evac_str name)
{
    struct evac_str rest, types = evac_str_cut(io->d->source->action, '.', &rest);
    bool several = evac_str_is(types, "*") || evac_str_has(types, "|");
    return io->prefix[0] && several && !plan_param(io->params, name);
}

static void take(const struct args_io *io, struct evac_arg *list, size_t *count)
{
    struct evac_arena *arena = io->c->arena;
    struct evac_str region = io->d->step.region;
    for (size_t i = 0; i < io->given->count; i++) {
        struct evac_str given = io->given->items[i].name;
        if (is_universal(io, given) || is_not_for_it(io, given))
            continue;
        check_given(io, i);
        add(list, count,
            evac_arena_printf(arena, "%s%.*s", io->prefix, EVAC_STR_ARG(io->given->items[i].name)),
            plan_substitute(io->c, io->given->items[i].value, region));
    }
    for (const struct evac_param *p = io->params; p && p->name; p++) {
        if (p->flags & EVAC_PARAM_OF_RESOURCE) {
            continue;
        } else if (plan_is_given(io->given, p)) {
            check_regional(io, p);
        } else if (p->flags & EVAC_PARAM_REQUIRED) {
            plan_error(io->c, io->place, "%s needs '%s': %s", io->owner, p->name,
                       p->doc ? p->doc : "");
        } else if (p->fallback) {
            add(list, count, evac_arena_printf(arena, "%s%s", io->prefix, p->name),
                evac_arena_str(arena, evac_str(p->fallback)));
        }
    }
}

static size_t param_count(const struct evac_param *params)
{
    size_t n = 0;
    while (params && params[n].name)
        n++;
    return n;
}

static int by_name(const void *a, const void *b)
{
    const struct evac_arg *x = a, *y = b;
    return strcmp(x->name.p, y->name.p);
}

/* Of what the tables could check already only that is left which goes together or does not. */
static void check_together(const struct args_io *io, const struct evac_driver *driver,
                           const struct evac_args *args, size_t errors_before)
{
    struct evac_err why = { EVAC_OK, "" };
    if (driver->check && io->c->diag->errors == errors_before && driver->check(args, &why))
        plan_error(io->c, io->place, "%s: %s", io->owner, why.text);
}

void plan_args(struct compiler *c, struct draft *d)
{
    const struct evac_plan_request *q = c->request;
    struct args_io resource = { .c = c,
                                .d = d,
                                .params = d->driver->params,
                                .prefix = "",
                                .given = &d->resource->props,
                                .lines = d->resource->prop_lines,
                                .place = d->resource->place };
    struct args_io want = { .c = c,
                            .d = d,
                            .params = d->action->params,
                            .prefix = "want.",
                            .given = &d->source->want,
                            .place = d->source->place };
    resource.owner =
        evac_arena_printf(c->arena, "resource '%.*s'", EVAC_STR_ARG(d->resource->name)).p;
    want.owner = evac_arena_printf(c->arena, "step '%.*s'", EVAC_STR_ARG(d->source->name)).p;
    size_t room = resource.given->count + want.given->count + param_count(resource.params) +
                  param_count(want.params) + 8;
    struct evac_arg *list = evac_arena_array(c->arena, room, sizeof *list);
    size_t count = 0, errors = c->diag->errors;
    take(&resource, list, &count);
    check_together(&resource, d->driver, &(struct evac_args){ list, count }, errors);
    take(&want, list, &count);
    add(list, &count, EVAC_STR("app"), evac_arena_str(c->arena, q->app->name));
    add(list, &count, EVAC_STR("from"), evac_arena_str(c->arena, q->from));
    add(list, &count, EVAC_STR("mode"), evac_str(evac_mode_name(q->mode)));
    add(list, &count, EVAC_STR("region"), d->step.region);
    add(list, &count, EVAC_STR("to"), evac_arena_str(c->arena, q->to));
    add(list, &count, EVAC_STR("witness"), evac_arena_str(c->arena, q->app->witness));
    qsort(list, count, sizeof *list, by_name);
    d->step.args = (struct evac_args){ list, count };
}

/* Whose settings an operation goes by, where each region has its own. */
static struct evac_str region_of(const struct evac_plan_step *step, const struct evac_op *op)
{
    return op->home == EVAC_HOME_FROM ? evac_args_get(&step->args, "from")
           : op->home == EVAC_HOME_TO ? evac_args_get(&step->args, "to")
                                      : step->region;
}

/* op->when is "switch=record type=A": all of them hold. */
bool evac_plan_calls(const struct evac_plan_step *step, const struct evac_op *op)
{
    char name[64];
    struct evac_str rest = evac_str(op->when), value, region = region_of(step, op);
    while (rest.n) {
        struct evac_str key = evac_str_cut(evac_str_cut(rest, ' ', &rest), '=', &value);
        bool other = evac_str_starts(key, "!");
        if (other)
            key = (struct evac_str){ key.p + 1, key.n - 1 };
        if (!evac_str_copy(name, sizeof name, key) ||
            evac_str_eq(evac_args_regional(&step->args, name, region), value) == other)
            return false;
    }
    return true;
}

struct evac_args evac_plan_whole_props(struct evac_arena *arena, const struct evac_args *props,
                                       const struct evac_param *params,
                                       const struct evac_plan_place *place)
{
    size_t count = 0, most = props->count;
    for (const struct evac_param *p = params; p && p->name; p++)
        most++;
    struct evac_arg *items = evac_arena_array(arena, most, sizeof *items);
    for (size_t i = 0; i < props->count; i++)
        items[count++] =
            (struct evac_arg){ props->items[i].name,
                               evac_plan_substitute(arena, place, props->items[i].value) };
    for (const struct evac_param *p = params; p && p->name; p++)
        if (p->fallback && !plan_is_given(props, p))
            items[count++] = (struct evac_arg){ evac_str(p->name), evac_str(p->fallback) };
    return (struct evac_args){ items, count };
}

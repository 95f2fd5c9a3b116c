#include "permissions.h"
#include "plan_internal.h"

#include <stdlib.h>
#include <string.h>

static void take(struct plan_permissions *p, struct evac_str name, bool changes)
{
    for (size_t i = 0; i < p->count; i++)
        if (evac_str_eq(p->list[i].name, name)) {
            p->list[i].changes = p->list[i].changes || changes;
            return;
        }
    if (name.n && p->count < PLAN_PERMISSIONS_MAX)
        p->list[p->count++] = (struct plan_permission){ name, changes };
}

void plan_permissions_take(struct plan_permissions *p, const struct evac_op *ops,
                           const struct evac_plan_step *step)
{
    for (const struct evac_op *op = ops; op && op->service; op++) {
        struct evac_str rest = evac_str(op->iam);
        while (rest.n && (!step || evac_plan_calls(step, op)))
            take(p, evac_str_cut(rest, ' ', &rest), op->mutates);
    }
}

void plan_permissions_of_step(struct plan_permissions *p, const struct evac_catalog *catalog,
                              const struct evac_plan_step *step)
{
    const struct evac_driver *driver = evac_catalog_driver(catalog, step->type);
    const struct evac_action *action = driver ? evac_driver_action(driver, step->action) : NULL;
    plan_permissions_take(p, action ? action->ops : NULL, step);
}

void plan_permissions_of_measures(struct plan_permissions *p, const struct evac_catalog *catalog,
                                  const struct evac_app *app)
{
    for (size_t i = 0; i < app->resource_count; i++) {
        const struct evac_driver *driver = evac_catalog_driver(catalog, app->resources[i].type);
        plan_permissions_take(p, driver ? driver->measure_ops : NULL, NULL);
    }
}

static int by_name(const void *a, const void *b)
{
    const struct plan_permission *x = a, *y = b;
    size_t n = x->name.n < y->name.n ? x->name.n : y->name.n;
    int order = memcmp(x->name.p, y->name.p, n);
    return order ? order : (x->name.n > y->name.n) - (x->name.n < y->name.n);
}

void plan_permissions_sort(struct plan_permissions *p)
{
    qsort(p->list, p->count, sizeof p->list[0], by_name);
}

/* --- steps that ask for them ------------------------------------------------------------------ */

static bool asks(const struct evac_plan_step *step)
{
    for (size_t i = 0; i < step->args.count; i++)
        if (evac_str_is(step->args.items[i].value, "{iam}"))
            return true;
    return false;
}

static struct evac_str names_of_all(struct compiler *c)
{
    struct plan_permissions p = { .count = 0 };
    struct evac_buf text;
    for (uint16_t i = 0; i < c->count; i++)
        plan_permissions_of_step(&p, c->request->catalog, &c->drafts[i].step);
    plan_permissions_of_measures(&p, c->request->catalog, c->request->app);
    plan_permissions_sort(&p);
    evac_buf_init(&text, 65536);
    for (size_t i = 0; i < p.count; i++)
        evac_buf_putf(&text, "%s%.*s", i ? " " : "", EVAC_STR_ARG(p.list[i].name));
    struct evac_str names = evac_arena_str(c->arena, evac_buf_str(&text));
    evac_buf_done(&text);
    return names;
}

static void fill(struct compiler *c, struct evac_plan_step *step, struct evac_str names)
{
    struct evac_arg *items = evac_arena_array(c->arena, step->args.count, sizeof *items);
    for (size_t i = 0; i < step->args.count; i++) {
        items[i] = step->args.items[i];
        if (evac_str_is(items[i].value, "{iam}"))
            items[i].value = names;
    }
    step->args.items = items;
}

void plan_fill_permissions(struct compiler *c)
{
    struct evac_str names = EVAC_STR_NONE;
    for (uint16_t i = 0; i < c->count; i++) {
        if (!asks(&c->drafts[i].step))
            continue;
        if (!names.n)
            names = names_of_all(c);
        fill(c, &c->drafts[i].step, names);
    }
}

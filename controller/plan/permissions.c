#include "permissions.h"
#include "plan_internal.h"
#include "rights_internal.h"

#include <stdlib.h>
#include <string.h>

#define RIGHTS_BYTES_MAX 262144u /* of a step's argument: a plan is a row of the journal */

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

static bool goes_with(const struct right *a, const struct right *b)
{
    return evac_str_eq(a->region, b->region) && evac_str_eq(a->condition, b->condition) &&
           evac_str_eq(a->resource, b->resource);
}

/* "action,action|region|condition|resource": all that is done to one resource, the i-th right's
 * being the first. */
static void put_word(const struct rights *r, size_t i, struct evac_buf *out)
{
    const struct right *first = &r->list[i];
    size_t n = 0;
    for (size_t k = i; k < r->count; k++) {
        bool again = false;
        for (size_t m = i; m < k && !again; m++)
            again =
                goes_with(first, &r->list[m]) && evac_str_eq(r->list[m].action, r->list[k].action);
        if (goes_with(first, &r->list[k]) && !again)
            evac_buf_putf(out, "%s%.*s",
                          n++      ? ","
                          : out->n ? " "
                                   : "",
                          EVAC_STR_ARG(r->list[k].action));
    }
    evac_buf_putf(out, "|%.*s|%.*s|%.*s", EVAC_STR_ARG(first->region),
                  EVAC_STR_ARG(first->condition), EVAC_STR_ARG(first->resource));
}

static void put_words(const struct rights *r, struct evac_buf *out)
{
    for (size_t i = 0; i < r->count; i++) {
        bool first = true;
        for (size_t k = 0; k < i && first; k++)
            first = !goes_with(&r->list[k], &r->list[i]);
        if (first)
            put_word(r, i, out);
    }
}

/* As narrow as `evac iam` grants them; "" when nobody can say, or it would be too much to say. */
static struct evac_str rights_of_all(struct compiler *c)
{
    struct rights r = rights_of_app(c->arena, c->request->catalog, c->request->app, EVAC_STR_NONE);
    struct evac_str words = EVAC_STR_NONE;
    struct evac_buf text;
    if (!rights_are_narrow(&r))
        return words;
    for (uint16_t i = 0; i < c->count; i++)
        rights_of_step(&r, &c->drafts[i].step);
    rights_of_watching(&r, c->request->app);
    evac_buf_init(&text, RIGHTS_BYTES_MAX);
    put_words(&r, &text);
    if (!r.overflow && !text.failed)
        words = evac_arena_str(c->arena, evac_buf_str(&text));
    evac_buf_done(&text);
    return words;
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
            names = rights_of_all(c);
        if (!names.n)
            names = names_of_all(c);
        fill(c, &c->drafts[i].step, names);
    }
}

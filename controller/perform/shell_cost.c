#include "shell_cost.h"

#include <cJSON.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LOOKS_MAX 5000u /* rows that are read for one step */
#define HOUR_MS   3600000.0

/* --- what is not counted ---------------------------------------------------------------------- */

static void miss(struct cost *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void miss(struct cost *c, const char *fmt, ...)
{
    va_list ap;
    char text[200];
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    for (size_t i = 0; i < c->gap_count; i++)
        if (strcmp(c->gaps[i], text) == 0)
            return;
    if (c->gap_count == COST_GAPS_MAX)
        c->gaps_more++;
    else
        memcpy(c->gaps[c->gap_count++], text, sizeof text);
}

/* --- what the last look said ------------------------------------------------------------------ */

struct looking {
    const struct evac_plan *plan;
    const struct evac_plan_step *step;
    cJSON *hourly; /* of its root, which is freed with it */
    cJSON *root;
};

/* Steps of one plan that look at the same thing in the same place. */
static bool is_look_at_it(const struct looking *l, struct evac_str id)
{
    for (uint16_t i = 0; i < l->plan->forward_count; i++) {
        const struct evac_plan_step *s = &l->plan->steps[i];
        if (!(s->flags & EVAC_STEP_MUTATES) && evac_str_eq(s->id, id))
            return evac_str_eq(s->resource, l->step->resource) &&
                   evac_str_eq(s->region, l->step->region);
    }
    return false;
}

static bool take_look(void *user, const struct evac_row *row)
{
    struct looking *l = user;
    const struct evac_record *r = &row->record;
    if (!is_look_at_it(l, r->name) || !evac_str_has(r->data, "\"" EVAC_HOURLY "\""))
        return true;
    cJSON *root = cJSON_ParseWithLength(r->data.p, r->data.n);
    cJSON *hourly = cJSON_GetObjectItemCaseSensitive(root, EVAC_HOURLY);
    const cJSON *in = cJSON_GetObjectItemCaseSensitive(hourly, "in");
    if (cJSON_IsString(in) && evac_str_is(l->step->region, in->valuestring)) {
        l->root = root;
        l->hourly = hourly;
        return false;
    }
    cJSON_Delete(root);
    return true;
}

/* --- how many more ---------------------------------------------------------------------------- */

/* "want.count" is a number, or the name of one in the resource's count. */
static bool wanted(const struct evac_plan_step *s, int64_t *ret_count)
{
    char key[80];
    struct evac_str value = evac_args_get(&s->args, "want.count");
    snprintf(key, sizeof key, "count.%.60s", value.n ? value.p : "");
    struct evac_str named = evac_args_get(&s->args, key);
    return value.n && evac_str_i64(named.n ? named : value, ret_count);
}

/* No more than a standby keeps anyway. */
static bool lets_go(const struct evac_plan_step *s)
{
    int64_t want, standby;
    return wanted(s, &want) && evac_str_i64(evac_args_get(&s->args, "count.standby"), &standby) &&
           want <= standby;
}

static void add_line(const struct evac_shell *shell, const struct evac_plan_step *s,
                     const char *unit, double an_hour, struct cost *c)
{
    const struct evac_facts *of = NULL;
    const struct evac_fact_price *price = evac_facts_price(shell->o.facts, unit, &of);
    if (!price || c->line_count == COST_LINES_MAX) {
        miss(c, "%.*s in %.*s adds %.2f of %s an hour, for which there is no price",
             EVAC_STR_ARG(s->id), EVAC_STR_ARG(s->region), an_hour, unit);
        return;
    }
    if (c->of && c->of != of) { /* two lists: two currencies, perhaps */
        miss(c, "%.*s in %.*s: the price of %s is of another list", EVAC_STR_ARG(s->id),
             EVAC_STR_ARG(s->region), unit);
        return;
    }
    struct cost_line *line = &c->lines[c->line_count++];
    (void)evac_str_copy(line->step, sizeof line->step, s->id);
    (void)evac_str_copy(line->region, sizeof line->region, s->region);
    (void)evac_str_copy(line->unit, sizeof line->unit, evac_str(unit));
    line->an_hour = an_hour;
    line->price = price->micros;
    line->estimate =
        (int64_t)(an_hour * (double)price->micros * (double)c->takes_ms / HOUR_MS + 0.5);
    c->estimate += line->estimate;
    c->of = of;
}

static void add_looked(const struct evac_shell *shell, const struct evac_plan_step *s,
                       const cJSON *hourly, struct cost *c)
{
    const cJSON *have = cJSON_GetObjectItemCaseSensitive(hourly, "have"), *unit;
    int64_t want = 0;
    if (!wanted(s, &want) || !cJSON_IsNumber(have)) {
        miss(c, "%.*s in %.*s: how many it wants is not known before it begins",
             EVAC_STR_ARG(s->id), EVAC_STR_ARG(s->region));
        return;
    }
    double more = (double)want - have->valuedouble;
    cJSON_ArrayForEach(unit, cJSON_GetObjectItemCaseSensitive(hourly, "each"))
    {
        if (more > 0 && cJSON_IsNumber(unit) && unit->valuedouble > 0)
            add_line(shell, s, unit->string, more * unit->valuedouble, c);
    }
}

static bool is_unbilled(const struct evac_shell *shell, const struct evac_plan_step *s)
{
    const struct evac_driver *driver = evac_catalog_driver(shell->o.catalog, s->type);
    const struct evac_action *action = driver ? evac_driver_action(driver, s->action) : NULL;
    return action && (action->flags & EVAC_ACTION_UNBILLED);
}

void cost_add(const struct evac_shell *shell, const struct evac_plan *plan,
              const struct evac_plan_step *step, struct cost *c)
{
    struct looking l = { .plan = plan, .step = step };
    const struct evac_store_filter filter = {
        .app = plan->app, .kinds = EVAC_KIND(OBSERVE), .newest_first = true, .limit = LOOKS_MAX
    };
    if (is_unbilled(shell, step) || lets_go(step))
        return;
    if (evac_args_get(&step->args, "want.count").n == 0) {
        miss(c, "what %.*s in %.*s (%.*s.%.*s) adds is not known", EVAC_STR_ARG(step->id),
             EVAC_STR_ARG(step->region), EVAC_STR_ARG(step->type), EVAC_STR_ARG(step->action));
        return;
    }
    if (shell->o.store->vt->read(shell->o.store, &filter, take_look, &l, NULL) || !l.hourly)
        miss(c, "%.*s in %.*s: no look has said what one of %.*s is billed by ('evac check %.*s')",
             EVAC_STR_ARG(step->id), EVAC_STR_ARG(step->region), EVAC_STR_ARG(step->resource),
             EVAC_STR_ARG(plan->app));
    else
        add_looked(shell, step, l.hourly, c);
    cJSON_Delete(l.root);
}

/* --- as JSON ---------------------------------------------------------------------------------- */

static void put_line(const struct cost_line *line, struct evac_jw *w)
{
    char number[40];
    evac_jw_open(w, NULL, '{');
    evac_jw_cstr(w, "step", line->step);
    evac_jw_cstr(w, "region", line->region);
    evac_jw_cstr(w, "unit", line->unit);
    snprintf(number, sizeof number, "%.4f", line->an_hour);
    evac_jw_raw(w, "an_hour", evac_str(number));
    evac_jw_i64(w, "price_millionths", line->price);
    evac_jw_i64(w, "estimate_millionths", line->estimate);
    evac_jw_close(w, '}');
}

void cost_to_json(const struct cost *c, struct evac_jw *w)
{
    evac_jw_open(w, "cost", '{');
    evac_jw_i64(w, "estimate_millionths", c->estimate);
    evac_jw_str(w, "currency", c->of ? c->of->currency : EVAC_STR_NONE);
    evac_jw_str(w, "priced_in", c->of ? c->of->priced_in : EVAC_STR_NONE);
    evac_jw_str(w, "prices_of", c->of ? c->of->date : EVAC_STR_NONE);
    evac_jw_open(w, "lines", '[');
    for (size_t i = 0; i < c->line_count; i++)
        put_line(&c->lines[i], w);
    evac_jw_close(w, ']');
    evac_jw_open(w, "not_counted", '[');
    for (size_t i = 0; i < c->gap_count; i++)
        evac_jw_cstr(w, NULL, c->gaps[i]);
    evac_jw_close(w, ']');
    evac_jw_i64(w, "not_counted_more", (int64_t)c->gaps_more);
    evac_jw_close(w, '}');
}

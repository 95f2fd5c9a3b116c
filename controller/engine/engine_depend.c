/* Dependencies that several apps need: one incident each, however many apps suffer from it. */
#include "engine_internal.h"

#include <string.h>

#define WORDS_BYTES 400u
#define NAMES_SHOWN 8u
#define DATA_BYTES  32768u /* its apps, as JSON */
#define NAME_ROOM   80u    /* one more of them and the end */

/* --- where it stands --- */

enum evac_probe_state evac_engine_dependency_state(const struct evac_engine_dependency *d)
{
    size_t down = 0, n = d->conf->as_app.region_count;
    for (size_t r = 0; r < n; r++) {
        enum evac_verdict verdict = d->health.regions[r].verdict;
        if (verdict == EVAC_VERDICT_UP || verdict == EVAC_VERDICT_GREY)
            return EVAC_PROBE_UP; /* where it works it can be used */
        down += verdict == EVAC_VERDICT_DOWN || verdict == EVAC_VERDICT_SUSPECT;
    }
    return down == n ? EVAC_PROBE_DOWN : EVAC_PROBE_UNKNOWN;
}

/* Most of all who look find it bad there, this controller and the vantages alike. */
static bool most_find_bad(const struct evac_engine_dependency *d, size_t region)
{
    size_t bad = 0, all = 0;
    for (size_t v = 0; v < EVAC_VANTAGES_MAX; v++) {
        const struct evac_probe_track *t = &d->health.tracks[0][region][v];
        const struct evac_vantage_health *who = &d->health.vantages[v];
        all += who->configured;
        bad += who->configured && !who->abstains && t->bad > 0 && !evac_health_is_excused(t);
    }
    return 2 * bad > all;
}

/* Each of its regions fails, and the rows are still too short to tell. */
static bool may_be_failing(const struct evac_engine_dependency *d)
{
    for (size_t r = 0; r < d->conf->as_app.region_count; r++)
        if (!most_find_bad(d, r))
            return false;
    return true;
}

static enum evac_dependency_level level_of(const struct evac_engine_dependency *d)
{
    if (d->failing)
        return EVAC_DEPENDENCY_DOWN;
    return may_be_failing(d) ? EVAC_DEPENDENCY_DOUBTFUL : EVAC_DEPENDENCY_FINE;
}

uint64_t evac_engine_failing(const struct evac_engine *engine)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < engine->dependency_count; i++)
        if (engine->dependencies[i].failing)
            bits |= (uint64_t)1 << i;
    return bits;
}

enum evac_situation evac_engine_situation(const struct evac_engine *engine,
                                          const struct evac_engine_app *a)
{
    enum evac_situation own = evac_health_situation(&a->health);
    bool needs = (a->needs & evac_engine_failing(engine)) != 0;
    return needs && own != EVAC_SITUATION_OBSERVER ? EVAC_SITUATION_DEPENDENCY : own;
}

bool evac_engine_blames(const struct evac_engine *engine, const struct evac_engine_app *a,
                        uint16_t region)
{
    return !(a->needs & evac_engine_failing(engine)) && evac_health_blames(&a->health, region);
}

/* --- in words --- */

/* "payments is down for 40.0 s" */
static void say_one(const struct evac_engine_dependency *d, const struct evac_now *now,
                    struct evac_text *out)
{
    int64_t for_ms = now->wall_ms - d->since_wall_ms;
    evac_text_put(out, d->conf->as_app.name);
    if (!d->failing) {
        evac_text_puts(out, " may be failing");
        return;
    }
    evac_text_puts(out, " is down for ");
    evac_text_duration(out, for_ms > 0 ? (uint64_t)for_ms : 0);
    if (d->up_boot_ms) {
        evac_text_puts(out, " (back for ");
        evac_text_duration(out, now->boot_ms - d->up_boot_ms);
        evac_text_puts(out, ", is over after ");
        evac_text_duration(out, d->conf->calm_ms);
        evac_text_puts(out, ")");
    }
}

void evac_engine_say_needs(const struct evac_engine *engine, const struct evac_engine_app *a,
                           const struct evac_now *now, struct evac_text *out, bool *ret_doubtful)
{
    *ret_doubtful = true;
    for (size_t i = 0; i < engine->dependency_count; i++) {
        const struct evac_engine_dependency *d = &engine->dependencies[i];
        if (!(a->needs >> i & 1) || level_of(d) == EVAC_DEPENDENCY_FINE)
            continue;
        evac_text_puts(out, out->n ? ", " : "");
        say_one(d, now, out);
        *ret_doubtful = *ret_doubtful && !d->failing;
    }
}

void engine_note_needs(const struct evac_engine *engine, struct evac_engine_app *a,
                       const struct evac_now *now)
{
    struct evac_text out;
    evac_text_init(&out, a->needs_words, sizeof a->needs_words);
    evac_engine_say_needs(engine, a, now, &out, &a->needs_doubtful);
}

static bool is_needed(const struct evac_engine_dependency *d, const struct evac_engine *engine,
                      const struct evac_engine_app *a)
{
    return a->needs >> (d - engine->dependencies) & 1;
}

static size_t count_apps(const struct evac_engine *engine, const struct evac_engine_dependency *d)
{
    size_t n = 0;
    for (size_t i = 0; i < engine->app_count; i++)
        n += is_needed(d, engine, &engine->apps[i]);
    return n;
}

/* "a, b, c and 17 more" */
static void say_apps(const struct evac_engine *engine, const struct evac_engine_dependency *d,
                     struct evac_text *out)
{
    size_t shown = 0, all = count_apps(engine, d);
    for (size_t i = 0; i < engine->app_count && shown < NAMES_SHOWN; i++) {
        if (!is_needed(d, engine, &engine->apps[i]))
            continue;
        evac_text_puts(out, shown++ ? ", " : "");
        evac_text_put(out, engine->apps[i].app->name);
    }
    if (all > shown) {
        evac_text_puts(out, " and ");
        evac_text_u64(out, all - shown);
        evac_text_puts(out, " more");
    }
    if (all == 0)
        evac_text_puts(out, "no app");
}

/* Names are letters, digits, '-' and '_': nothing to escape. */
static struct evac_str apps_json(struct engine_io *io, const struct evac_engine_dependency *d)
{
    struct evac_text json = evac_effects_text(io->fx, DATA_BYTES);
    const char *before = "";
    evac_text_puts(&json, "{\"apps\":[");
    for (size_t i = 0; i < io->engine->app_count && json.n + NAME_ROOM < json.cap; i++) {
        if (!is_needed(d, io->engine, &io->engine->apps[i]))
            continue;
        evac_text_puts(&json, before);
        evac_text_puts(&json, "\"");
        evac_text_put(&json, io->engine->apps[i].app->name);
        evac_text_puts(&json, "\"");
        before = ",";
    }
    evac_text_puts(&json, "]}");
    return evac_effects_text_end(io->fx, &json);
}

/* --- an incident begins and ends --- */

static void record(struct engine_io *io, const struct evac_engine_dependency *d, const char *to,
                   struct evac_str text)
{
    struct evac_record r = { .kind = EVAC_RECORD_DEPENDENCY };
    r.name = d->conf->as_app.name;
    r.to = evac_str(to);
    r.number = (int64_t)count_apps(io->engine, d);
    r.text = text;
    r.data = apps_json(io, d);
    engine_record(io, r);
}

static void open_incident(struct engine_io *io, struct evac_engine_dependency *d)
{
    char words[WORDS_BYTES];
    struct evac_text out;
    d->failing = true;
    d->since_wall_ms = io->now->wall_ms;
    d->up_boot_ms = 0;
    d->relapses = 0;
    record(io, d, "down", evac_str(d->health.regions[0].reasons));

    evac_text_init(&out, words, sizeof words);
    evac_text_put(&out, d->conf->as_app.name);
    evac_text_puts(&out, " is down, needed by ");
    say_apps(io->engine, d, &out);
    evac_text_puts(&out, ": moving would not help, so none of them is moved by itself until it is "
                         "back");
    engine_notice(io, true, EVAC_STR_NONE, words);
}

static void close_incident(struct engine_io *io, struct evac_engine_dependency *d)
{
    char words[WORDS_BYTES];
    struct evac_text out = evac_effects_text(io->fx, 120); /* the record's: it outlives this call */
    int64_t for_ms = io->now->wall_ms - d->since_wall_ms;
    evac_text_puts(&out, "it was down for ");
    evac_text_duration(&out, for_ms > 0 ? (uint64_t)for_ms : 0);
    if (d->relapses) {
        evac_text_puts(&out, ", back for a moment ");
        evac_text_u64(&out, d->relapses);
        evac_text_puts(&out, d->relapses == 1 ? " time" : " times");
    }
    struct evac_str text = evac_effects_text_end(io->fx, &out);
    d->failing = false;
    d->up_boot_ms = 0;
    record(io, d, "up", text);

    evac_text_init(&out, words, sizeof words);
    evac_text_put(&out, d->conf->as_app.name);
    evac_text_puts(&out, " is up again: ");
    evac_text_put(&out, text);
    evac_text_puts(&out, "; needed by ");
    say_apps(io->engine, d, &out);
    engine_notice(io, false, EVAC_STR_NONE, words);
}

/* It must have been up for a while: what flaps is one incident. */
static void see_up(struct engine_io *io, struct evac_engine_dependency *d)
{
    if (d->up_boot_ms == 0)
        d->up_boot_ms = io->now->boot_ms;
    if (io->now->boot_ms - d->up_boot_ms >= d->conf->calm_ms)
        close_incident(io, d);
}

static void see_not_up(struct evac_engine_dependency *d)
{
    if (d->up_boot_ms && d->relapses < UINT16_MAX)
        d->relapses++;
    d->up_boot_ms = 0;
}

/* Those who need it are decided about anew, in this step if there is room. */
static void tell_apps(struct evac_engine *engine, const struct evac_engine_dependency *d)
{
    for (size_t i = 0; i < engine->app_count; i++)
        if (is_needed(d, engine, &engine->apps[i])) {
            engine_fleet_count(engine, &engine->apps[i]); /* it explains them, or no more */
            engine->apps[i].decide_ms = 0;
        }
    engine->wake_ms = 0;
}

static void judge(struct engine_io *io, struct evac_engine_dependency *d)
{
    enum evac_probe_state state = evac_engine_dependency_state(d);
    if (!d->failing && state == EVAC_PROBE_DOWN)
        open_incident(io, d);
    else if (d->failing && state == EVAC_PROBE_UP)
        see_up(io, d);
    else if (d->failing)
        see_not_up(d);
    if (d->level != level_of(d))
        tell_apps(io->engine, d);
    d->level = level_of(d);
}

/* --- events --- */

void engine_depend_probe(struct engine_io *io, size_t index, const struct evac_probe_result *result)
{
    struct evac_health_news news;
    if (index >= io->engine->dependency_count)
        return;
    evac_health_probe(&io->engine->dependencies[index].health, result, &news);
    judge(io, &io->engine->dependencies[index]);
}

void engine_depend_tick(struct engine_io *io)
{
    for (size_t i = 0; i < io->engine->dependency_count && evac_effects_has_room(io->fx); i++) {
        struct evac_engine_dependency *d = &io->engine->dependencies[i];
        struct evac_health_news news;
        (void)engine_self_apply(io, &d->health, &news);
        (void)engine_vantages_apply(io, &d->health, &news);
        if (io->now->boot_ms >= evac_health_wake_ms(&d->health))
            evac_health_tick(&d->health, io->now->boot_ms, io->now->wall_ms, &news);
        judge(io, d);
    }
}

uint64_t engine_depend_wake_ms(const struct evac_engine *engine)
{
    uint64_t wake = EVAC_NEVER;
    for (size_t i = 0; i < engine->dependency_count; i++) {
        const struct evac_engine_dependency *d = &engine->dependencies[i];
        uint64_t old = evac_health_wake_ms(&d->health);
        uint64_t calm = d->up_boot_ms ? d->up_boot_ms + d->conf->calm_ms : EVAC_NEVER;
        wake = old < wake ? old : wake;
        wake = calm < wake ? calm : wake;
    }
    return wake;
}

/* --- life --- */

uint64_t engine_needs(const struct evac_model *model, const struct evac_app *app)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < app->needs_count; i++) {
        size_t d = evac_model_dependency(model, app->needs[i]);
        if (d < EVAC_DEPENDENCIES_MAX && d < model->controller.dependency_count)
            bits |= (uint64_t)1 << d;
    }
    return bits;
}

void engine_depend_init(struct evac_engine_dependency *list, const struct evac_model *model)
{
    for (size_t i = 0; i < model->controller.dependency_count; i++) {
        list[i].conf = &model->controller.dependencies[i];
        evac_health_init(&list[i].health, &list[i].conf->as_app, EVAC_STR_NONE);
    }
}

static struct evac_engine_dependency *find(const struct evac_engine *engine, struct evac_str name)
{
    for (size_t i = 0; i < engine->dependency_count; i++)
        if (evac_str_eq(engine->dependencies[i].conf->as_app.name, name))
            return &engine->dependencies[i];
    return NULL;
}

void engine_depend_carry_over(const struct evac_engine *engine, struct evac_engine_dependency *list,
                              const struct evac_model *model)
{
    for (size_t i = 0; i < model->controller.dependency_count; i++) {
        const struct evac_dependency *conf = list[i].conf;
        const struct evac_engine_dependency *was = find(engine, conf->as_app.name);
        if (!was)
            continue;
        list[i] = *was;
        list[i].conf = conf;
        evac_health_reconfigure(&list[i].health, &conf->as_app);
    }
}

/* An incident that was told lasts until it is seen to be over, through a crash too. */
void engine_see_dependency(struct evac_engine *engine, const struct evac_record *r)
{
    struct evac_engine_dependency *d = find(engine, r->name);
    if (!d)
        return;
    d->failing = evac_str_is(r->to, "down");
    d->since_wall_ms = r->t_wall_ms;
    d->level = level_of(d);
}

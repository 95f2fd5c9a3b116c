/* What automation leans on, and what people say of it: assurances. */
#include "engine_internal.h"

/* How an assurance stands, as its journal row says it in `event`; `number` is 1 only for a good
 * one. */
static const char *const stands[] = { "unknown", "not-good", "good" };
enum { STANDS_UNKNOWN, STANDS_NOT_GOOD, STANDS_GOOD };

static unsigned stand_of(bool known, bool ok)
{
    return !known ? STANDS_UNKNOWN : ok ? STANDS_GOOD : STANDS_NOT_GOOD;
}

static bool is_news(const struct evac_assurance *was, const struct evac_assurance *is)
{
    return was->known != is->known || was->ok != is->ok || was->number != is->number ||
           !evac_str_is(evac_str(was->text), is->text);
}

static void record_assurance(struct engine_io *io, const struct evac_engine_app *a,
                             const struct evac_assure_event *e)
{
    const struct evac_assurance *is = &a->assurance[e->kind][e->region];
    struct evac_record r = { .kind = EVAC_RECORD_ASSURANCE };
    struct evac_text number = evac_effects_text(io->fx, 24);
    evac_text_i64(&number, is->number);
    r.app = a->app->name;
    r.name = evac_str(evac_assurance_name(e->kind));
    r.event = evac_str(stands[stand_of(is->known, is->ok)]);
    r.to = engine_region(a, e->region);
    r.number = is->known && is->ok;
    r.text = evac_str(is->text);
    r.data = evac_effects_text_end(io->fx, &number);
    engine_record(io, r);
}

void engine_assure(struct engine_io *io, const struct evac_assure_event *e)
{
    struct evac_engine_app *a = e->app < io->engine->app_count ? &io->engine->apps[e->app] : NULL;
    struct evac_assurance is = {
        .known = e->known, .ok = e->ok, .number = e->number, .at_wall_ms = io->now->wall_ms
    };
    if (!a || e->region >= a->app->region_count || e->region >= EVAC_REGIONS_MAX ||
        (unsigned)e->kind >= EVAC_ASSURANCE_COUNT)
        return;
    struct evac_assurance *kept = &a->assurance[e->kind][e->region];
    (void)evac_str_copy(is.text, sizeof is.text, e->text);
    bool news = is_news(kept, &is);
    *kept = is;
    if (!news)
        return;
    record_assurance(io, a, e);
    engine_decide(io, a);
}

void engine_see_assurance(struct evac_engine_app *a, const struct evac_record *r)
{
    enum evac_assurance_kind kind;
    uint16_t region = engine_region_index(a->app, r->to);
    if (!evac_assurance_parse(r->name, &kind) || !evac_str_eq(engine_region(a, region), r->to))
        return; /* of another version, or of a region that the app has no more */
    struct evac_assurance *is = &a->assurance[kind][region];
    *is = (struct evac_assurance){ .known = !evac_str_is(r->event, stands[STANDS_UNKNOWN]),
                                   .ok = r->number == 1,
                                   .at_wall_ms = r->t_wall_ms };
    (void)evac_str_i64(r->data, &is->number);
    (void)evac_str_copy(is->text, sizeof is->text, r->text);
}

/* What people and calendars say of an app, until when: waivers of what `act` needs, and freezes. A
 * word without an owner, a reason or an end is refused. */
#include "engine_internal.h"

#define FREEZE_MAX_MS ((int64_t)366 * 86400000)

#define X(name, text) text,
static const char *const sources[] = { EVAC_FREEZES(X) };
#undef X

static void keep(struct evac_word *word, int64_t until_wall_ms, struct evac_str owner,
                 struct evac_str reason)
{
    word->until_wall_ms = until_wall_ms;
    (void)evac_str_copy(word->owner, sizeof word->owner, owner);
    (void)evac_str_copy(word->reason, sizeof word->reason, reason);
}

/* --- the clock that they end by
 * -------------------------------------------------------------------------------------------- */

#define JUMP_MS 1000 /* less is no jump */

void engine_know_clock(struct evac_engine *engine, const struct evac_now *now)
{
    if (engine->gap_known)
        return;
    engine->gap_ms = now->wall_ms - (int64_t)now->boot_ms;
    engine->gap_known = true;
}

int64_t evac_engine_wall_ms(const struct evac_engine *engine, const struct evac_now *now)
{
    int64_t untold_ms = now->wall_ms - (int64_t)now->boot_ms - engine->gap_ms;
    bool jumped = engine->gap_known && (untold_ms >= JUMP_MS || untold_ms <= -JUMP_MS);
    return jumped ? now->wall_ms - untold_ms : now->wall_ms;
}

static void move_end(int64_t *until_wall_ms, int64_t by_ms)
{
    if (*until_wall_ms > 0 && *until_wall_ms != INT64_MAX)
        *until_wall_ms += by_ms;
}

/* The calendar's ends are instants of the wall clock, and stay. */
void engine_words_moved(struct evac_engine *engine, int64_t by_ms)
{
    move_end(&engine->freezes[EVAC_FREEZE_BY_WORD].until_wall_ms, by_ms);
    for (size_t i = 0; i < engine->app_count; i++) {
        struct evac_engine_app *a = &engine->apps[i];
        move_end(&a->hold_until_wall_ms, by_ms);
        move_end(&a->freezes[EVAC_FREEZE_BY_WORD].until_wall_ms, by_ms);
        for (unsigned c = 0; c < EVAC_CONDITION_COUNT; c++)
            move_end(&a->waivers[c].until_wall_ms, by_ms);
    }
}

bool engine_is_held(const struct evac_engine *engine, const struct evac_engine_app *a,
                    const struct evac_now *now)
{
    return a->hold_until_wall_ms > evac_engine_wall_ms(engine, now);
}

/* --- waivers
 * -------------------------------------------------------------------------------------------- */

static struct evac_waived waived_by_file(const struct evac_app *app, enum evac_condition condition,
                                         int64_t now_wall_ms)
{
    struct evac_waived best = { .until_wall_ms = 0 };
    for (size_t i = 0; i < app->waiver_count; i++) {
        const struct evac_waiver_conf *w = &app->waivers[i];
        if (w->condition == condition && w->until_wall_ms > best.until_wall_ms &&
            evac_waiver_holds(w->until_wall_ms, now_wall_ms))
            best = (struct evac_waived){ w->until_wall_ms, w->owner, w->reason };
    }
    return best;
}

struct evac_waived evac_engine_waived(const struct evac_engine_app *a,
                                      enum evac_condition condition, int64_t now_wall_ms)
{
    const struct evac_word *said = &a->waivers[condition];
    struct evac_waived file = waived_by_file(a->app, condition, now_wall_ms);
    if (said->until_wall_ms <= file.until_wall_ms ||
        !evac_waiver_holds(said->until_wall_ms, now_wall_ms))
        return file;
    return (struct evac_waived){ said->until_wall_ms, evac_str(said->owner),
                                 evac_str(said->reason) };
}

static const char *why_no_waiver(const struct evac_command *cmd)
{
    if (cmd->owner.n == 0)
        return "a waiver needs an owner: somebody who stands for it";
    if (cmd->reason.n == 0)
        return "a waiver needs a reason";
    if (cmd->value <= 0 || cmd->value > EVAC_WAIVER_MAX_MS)
        return "a waiver needs an end, at most 90 days from now";
    return NULL;
}

void engine_waive(struct engine_io *io, struct evac_engine_app *a, const struct evac_command *cmd)
{
    bool waives = cmd->verb == EVAC_CMD_WAIVE;
    enum evac_condition condition;
    const char *why = NULL;
    if (!evac_condition_parse(cmd->condition, &condition)) {
        engine_refuse(io, EVAC_E_BADARG,
                      "there is no such condition; allowed: lint, readiness, drill");
        return;
    }
    if (waives)
        why = why_no_waiver(cmd);
    else if (a->waivers[condition].until_wall_ms <= io->now->wall_ms)
        why = "nobody waived that by command (a waiver in the configuration is taken out there)";
    if (why) {
        engine_refuse(io, waives ? EVAC_E_BADARG : EVAC_E_REFUSED, why);
        return;
    }
    struct evac_record r = { .kind = EVAC_RECORD_WAIVER };
    r.app = a->app->name;
    r.name = evac_str(evac_condition_name(condition));
    r.to = cmd->owner;
    r.who = cmd->who;
    r.text = cmd->reason;
    r.number = waives ? io->now->wall_ms + cmd->value : 0;
    engine_record(io, r);
    engine_see_waiver(a, &r);
    engine_decide(io, a);
}

void engine_see_waiver(struct evac_engine_app *a, const struct evac_record *r)
{
    enum evac_condition condition;
    if (evac_condition_parse(r->name, &condition))
        keep(&a->waivers[condition], r->number, r->to, r->text);
}

/* --- freezes
 * -------------------------------------------------------------------------------------------- */

static void longer(struct evac_frozen *best, const struct evac_word *words, int64_t now_wall_ms)
{
    for (unsigned s = 0; s < EVAC_FREEZE_COUNT; s++)
        if (words[s].until_wall_ms > now_wall_ms && words[s].until_wall_ms > best->until_wall_ms)
            *best = (struct evac_frozen){ words[s].until_wall_ms, evac_str(words[s].owner),
                                          evac_str(words[s].reason) };
}

struct evac_frozen evac_engine_frozen(const struct evac_engine *engine,
                                      const struct evac_engine_app *a, int64_t now_wall_ms)
{
    struct evac_frozen best = { .until_wall_ms = 0 };
    longer(&best, engine->freezes, now_wall_ms);
    longer(&best, a->freezes, now_wall_ms);
    return best;
}

static void decide_all_of(struct engine_io *io, struct evac_engine_app *a)
{
    if (a) {
        engine_decide(io, a);
        return;
    }
    for (size_t i = 0; i < io->engine->app_count; i++)
        io->engine->apps[i].decide_ms = 0;
    io->engine->wake_ms = 0; /* by the tick, which stops when effects are full */
}

static struct evac_word *words_of(struct evac_engine *engine, struct evac_engine_app *a)
{
    return a ? a->freezes : engine->freezes;
}

static void freeze(struct engine_io *io, struct evac_engine_app *a, enum evac_freeze_source source,
                   const struct evac_frozen *f, struct evac_str who)
{
    struct evac_record r = { .kind = EVAC_RECORD_FREEZE };
    r.app = a ? a->app->name : EVAC_STR_NONE;
    r.name = evac_str(sources[source]);
    r.to = f->owner;
    r.who = who;
    r.text = f->reason;
    r.number = f->until_wall_ms;
    engine_record(io, r);
    engine_see_freeze(io->engine, a, &r);
    decide_all_of(io, a);
}

static const char *why_no_freeze(const struct evac_command *cmd)
{
    if (cmd->reason.n == 0)
        return "a freeze needs a reason";
    if (cmd->value <= 0 || cmd->value > FREEZE_MAX_MS)
        return "a freeze needs an end, at most a year from now";
    return NULL;
}

void engine_freeze_by_word(struct engine_io *io, struct evac_engine_app *a,
                           const struct evac_command *cmd)
{
    bool freezes = cmd->verb == EVAC_CMD_FREEZE;
    const struct evac_word *was = &words_of(io->engine, a)[EVAC_FREEZE_BY_WORD];
    struct evac_frozen f = { 0, cmd->owner.n ? cmd->owner : cmd->who, cmd->reason };
    const char *why = NULL;
    if (freezes)
        why = why_no_freeze(cmd);
    else if (was->until_wall_ms <= io->now->wall_ms)
        why = "nobody froze it by command (one of the calendar ends there)";
    if (why) {
        engine_refuse(io, freezes ? EVAC_E_BADARG : EVAC_E_REFUSED, why);
        return;
    }
    f.until_wall_ms = freezes ? io->now->wall_ms + cmd->value : 0; /* looked at: no overflow */
    freeze(io, a, EVAC_FREEZE_BY_WORD, &f, cmd->who);
}

void engine_freeze_by_calendar(struct engine_io *io, const struct evac_freeze_event *e)
{
    struct evac_engine *engine = io->engine;
    struct evac_engine_app *a = e->app < engine->app_count ? &engine->apps[e->app] : NULL;
    struct evac_frozen f = { e->until_wall_ms, e->owner, e->reason };
    if (!a && e->app != EVAC_ALL_APPS)
        return;
    const struct evac_word *was = &words_of(engine, a)[EVAC_FREEZE_BY_CALENDAR];
    bool same = was->until_wall_ms == f.until_wall_ms && evac_str_is(f.owner, was->owner) &&
                evac_str_is(f.reason, was->reason);
    bool none = f.until_wall_ms == 0 && was->until_wall_ms == 0;
    if (!same && !none)
        freeze(io, a, EVAC_FREEZE_BY_CALENDAR, &f, EVAC_STR("calendar"));
}

void engine_see_freeze(struct evac_engine *engine, struct evac_engine_app *a,
                       const struct evac_record *r)
{
    if (r->app.n && !a)
        return; /* of an app that is gone */
    for (unsigned s = 0; s < EVAC_FREEZE_COUNT; s++)
        if (evac_str_is(r->name, sources[s]))
            keep(&words_of(engine, a)[s], r->number, r->to, r->text);
}

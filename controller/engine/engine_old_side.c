#include "engine_internal.h"

#include <string.h>

#define LOOK_CALL_MS 15000u

#define X(name, text) text,
static const char *const names[] = { EVAC_OLD_SIDES(X) };
#undef X

const char *evac_old_side_name(enum evac_old_side_state state)
{
    return (unsigned)state < EVAC_OLD_SIDE_COUNT ? names[state] : "?";
}

enum evac_old_side_state evac_old_side_sum(const struct evac_old_side *side, uint64_t looks)
{
    if (side->alive & looks)
        return EVAC_OLD_SIDE_ALIVE;
    return (side->still & looks) == looks ? EVAC_OLD_SIDE_STILL : EVAC_OLD_SIDE_UNSEEN;
}

/* Whoever can look: of an active-active app nobody is asked, all its regions take writes. */
static uint64_t looks_of(const struct evac_engine_app *a)
{
    uint64_t looks = 0;
    for (size_t i = 0; a->sources == 1 && i < a->app->resource_count; i++)
        if (evac_engine_watch_of(a, i, 0)->verbs & (1u << EVAC_VERB_OBSERVE))
            looks |= 1ull << i;
    return looks;
}

static void record(struct engine_io *io, const struct evac_engine_app *a, const char *to,
                   const struct evac_command *cmd)
{
    struct evac_record r = { .kind = EVAC_RECORD_OLD_SIDE };
    r.app = a->app->name;
    r.name = engine_region(a, a->old_side.region);
    r.to = evac_str(to);
    r.number = (int64_t)a->old_side.run;
    r.who = cmd ? cmd->who : EVAC_STR_NONE;
    r.text = cmd ? cmd->reason : evac_str(a->old_side.reason);
    r.event = evac_str(a->old_side.writes ? "writes" : "");
    engine_record(io, r);
}

void engine_leave(struct engine_io *io, struct evac_engine_app *a, uint16_t region, uint64_t run)
{
    a->old_side.watched = false;
    if (looks_of(a) == 0)
        return;
    a->old_side = (struct evac_old_side){
        .watched = true, .region = region, .run = run, .since_wall_ms = io->now->wall_ms
    };
    record(io, a, "watched", NULL);
}

/* --- looking
 * ------------------------------------------------------------------------------------ */

static uint64_t ask(struct engine_io *io, struct evac_engine_app *a, uint16_t resource)
{
    struct evac_effect *effect = evac_effects_add(io->fx, EVAC_FX_CALL);
    struct evac_str old = engine_region(a, a->old_side.region);
    effect->u.call = (struct evac_call_effect){
        .call = ++io->engine->next_call,
        .app = a->app,
        .step = resource,
        .verb = EVAC_VERB_OBSERVE,
        .version = "",
        .deadline_ms = io->now->boot_ms + LOOK_CALL_MS,
        .from = old,
        .to = engine_region(a, a->active),
        .region = old,
    };
    return effect->u.call.call;
}

/* While a run goes on the sides are in motion: what is seen then says nothing. */
static bool is_due(const struct evac_engine_app *a, const struct evac_now *now)
{
    return a->old_side.watched && !a->run && now->boot_ms >= a->old_side.due_ms;
}

void engine_look_back(struct engine_io *io, struct evac_engine_app *a)
{
    uint64_t looks = looks_of(a);
    if (!io->engine->lead || !is_due(a, io->now))
        return;
    a->old_side.due_ms = io->now->boot_ms + a->app->old_side_ms;
    a->old_side.still = a->old_side.alive = a->old_side.writing = 0;
    a->old_side.said[0] = '\0';
    for (uint16_t i = 0; i < a->app->resource_count && evac_effects_has_room(io->fx); i++) {
        struct evac_watch *w = evac_engine_watch_of(a, i, 0);
        if ((looks & (1ull << i)) && !w->still_call)
            w->still_call = ask(io, a, i);
    }
}

uint64_t engine_look_back_wake_ms(const struct evac_engine_app *a)
{
    return a->old_side.watched && !a->run ? a->old_side.due_ms : EVAC_NEVER;
}

/* --- what was seen
 * ------------------------------------------------------------------------------ */

static bool says_writes(const struct evac_reply *reply)
{
    for (size_t i = 0; i < reply->fact_count; i++)
        if (strcmp(reply->facts[i].name, "writes") == 0)
            return reply->facts[i].value != 0;
    return false;
}

/* "db: it is the global cluster's writer" */
static void say(struct evac_engine_app *a, uint16_t resource, const struct evac_reply *reply)
{
    struct evac_text text;
    evac_text_init(&text, a->old_side.said, sizeof a->old_side.said);
    evac_text_put(&text, a->app->resources[resource].name);
    evac_text_puts(&text, ": ");
    evac_text_put(&text, reply->reason);
}

static void note_reply(struct evac_engine_app *a, uint16_t resource, const struct evac_reply *reply)
{
    struct evac_old_side *side = &a->old_side;
    bool alive = reply->seen == EVAC_SEEN_UNSATISFIED || reply->seen == EVAC_SEEN_MOVING;
    bool writes = alive && says_writes(reply);
    uint64_t bit = 1ull << resource;
    if (reply->seen == EVAC_SEEN_SATISFIED) {
        side->still |= bit;
        return;
    }
    if (side->said[0] == '\0' || (alive && !side->alive) || (writes && !side->writing))
        say(a, resource, reply);
    side->alive |= alive ? bit : 0;
    side->writing |= writes ? bit : 0;
}

static void alarm_alive(struct engine_io *io, const struct evac_engine_app *a)
{
    struct evac_text line = evac_effects_text(io->fx, 512);
    evac_text_put(&line, engine_region(a, a->old_side.region));
    evac_text_puts(&line, ", which was left, is alive. ");
    evac_text_puts(&line, a->old_side.reason);
    evac_text_puts(&line, a->old_side.writes ? ". TWO REGIONS MAY BE WRITING. " : ". ");
    evac_text_puts(&line, "'evac fence ");
    evac_text_put(&line, a->app->name);
    evac_text_puts(&line, "' fences it again");
    struct evac_str said = evac_effects_text_end(io->fx, &line);
    evac_effects_add(io->fx, EVAC_FX_NOTICE)->u.notice =
        (struct evac_notice_effect){ true, a->app->name, 0, said.p };
}

static void sum_up(struct engine_io *io, struct evac_engine_app *a)
{
    struct evac_old_side *side = &a->old_side;
    uint64_t looks = looks_of(a);
    enum evac_old_side_state state = evac_old_side_sum(side, looks);
    bool writes = (side->writing & looks) != 0;
    (void)evac_str_copy(side->reason, sizeof side->reason, evac_str(side->said));
    if (state == side->state && writes == side->writes)
        return;
    bool worse = state == EVAC_OLD_SIDE_ALIVE && (side->state != state || writes);
    side->state = state;
    side->writes = writes;
    side->since_wall_ms = io->now->wall_ms;
    record(io, a, evac_old_side_name(state), NULL);
    if (worse)
        alarm_alive(io, a);
}

static bool round_is_over(const struct evac_engine_app *a)
{
    for (size_t i = 0; i < a->app->resource_count; i++)
        if (evac_engine_watch_of(a, i, 0)->still_call)
            return false;
    return true;
}

void engine_looked_back(struct engine_io *io, struct evac_engine_app *a, uint16_t resource,
                        const struct evac_reply *reply)
{
    if (!a->old_side.watched || a->run)
        return;
    note_reply(a, resource, reply);
    if (round_is_over(a))
        sum_up(io, a);
}

/* --- people, and what it forbids
 * ---------------------------------------------------------------- */

void engine_reconcile(struct engine_io *io, struct evac_engine_app *a,
                      const struct evac_command *cmd)
{
    if (!a->old_side.watched) {
        engine_refuse(io, EVAC_E_REFUSED,
                      "no region of it is watched: nothing is to be reconciled");
    } else if (cmd->reason.n == 0) {
        engine_refuse(io, EVAC_E_BADARG,
                      "it needs a reason: what was done with that region's data");
    } else {
        record(io, a, "released", cmd);
        a->old_side.watched = false;
        a->decide_ms = 0;
    }
}

/* Never seen still, or taking writes: its data may have gone its own way. */
bool engine_is_unreconciled(const struct evac_engine_app *a, uint16_t region)
{
    const struct evac_old_side *side = &a->old_side;
    return side->watched && side->region == region && looks_of(a) &&
           (side->writes || side->state == EVAC_OLD_SIDE_UNSEEN);
}

void engine_say_unreconciled(const struct evac_engine_app *a, struct evac_text *why)
{
    const struct evac_old_side *side = &a->old_side;
    evac_text_put(why, engine_region(a, side->region));
    evac_text_puts(why, ", left by run ");
    evac_text_u64(why, side->run);
    evac_text_puts(why, side->writes ? ", accepts writes (" : ", was not seen still since (");
    evac_text_puts(why, side->reason[0] ? side->reason : "nothing there answered yet");
    evac_text_puts(why, "): 'evac fence ");
    evac_text_put(why, a->app->name);
    evac_text_puts(why, "', or 'evac reconcile ");
    evac_text_put(why, a->app->name);
    evac_text_puts(why, " --reason ...' when its data are reconciled or given up");
}

/* --- replay
 * ------------------------------------------------------------------------------------- */

void engine_see_old_side(struct evac_engine_app *a, const struct evac_record *r)
{
    struct evac_old_side *side = &a->old_side;
    if (evac_str_is(r->to, "watched"))
        *side = (struct evac_old_side){ .watched = true,
                                        .region = engine_region_index(a->app, r->name),
                                        .run = (uint64_t)r->number,
                                        .since_wall_ms = r->t_wall_ms };
    else if (evac_str_is(r->to, "released"))
        side->watched = false;
    for (unsigned s = 0; s < EVAC_OLD_SIDE_COUNT; s++)
        if (evac_str_is(r->to, names[s])) {
            side->state = (enum evac_old_side_state)s;
            side->since_wall_ms = r->t_wall_ms;
            side->writes = evac_str_is(r->event, "writes");
            (void)evac_str_copy(side->reason, sizeof side->reason, r->text);
        }
}

/* The door: an event in, effects out. */
#include "engine_internal.h"

struct evac_run_io engine_run_io(struct engine_io *io)
{
    return (struct evac_run_io){ .fx = io->fx,
                                 .now = io->now,
                                 .next_seq = &io->engine->next_seq,
                                 .next_call = &io->engine->next_call,
                                 .epoch = io->engine->epoch };
}

void engine_record(struct engine_io *io, struct evac_record record)
{
    record.seq = io->engine->next_seq++;
    record.step = EVAC_NO_STEP;
    record.epoch = io->engine->epoch;
    record.t_boot_ms = io->now->boot_ms;
    record.t_wall_ms = io->now->wall_ms;
    evac_effects_add(io->fx, EVAC_FX_JOURNAL)->u.record = record;
}

void engine_notice(struct engine_io *io, bool alarm, struct evac_str app, const char *text)
{
    struct evac_text line = evac_effects_text(io->fx, 512);
    evac_text_puts(&line, text);
    struct evac_str said = evac_effects_text_end(io->fx, &line);
    evac_effects_add(io->fx, EVAC_FX_NOTICE)->u.notice =
        (struct evac_notice_effect){ alarm, app, 0, said.p };
}

void engine_refuse(struct engine_io *io, enum evac_code code, const char *why)
{
    io->fx->answer = code;
    (void)evac_str_copy(io->fx->answer_text, sizeof io->fx->answer_text, evac_str(why));
}

static void lead(struct engine_io *io, bool holds, uint64_t epoch)
{
    io->engine->lead = holds;
    io->engine->epoch = epoch;
    for (size_t i = 0; i < io->engine->app_count; i++)
        io->engine->apps[i].decide_ms = 0;
}

static void clock_jump(struct engine_io *io, int64_t by_ms)
{
    struct evac_record r = { .kind = EVAC_RECORD_CLOCK_JUMP, .number = by_ms };
    engine_record(io, r);
    engine_clock_set(io->engine, io->now->wall_ms, by_ms);
    io->engine->gap_ms += by_ms;
    engine_notice(io, true, EVAC_STR_NONE, "the wall clock jumped; decisions do not depend on it");
}

static void stop(struct engine_io *io)
{
    engine_record(io, (struct evac_record){ .kind = EVAC_RECORD_STOP });
}

static bool is_note(enum evac_record_kind kind)
{
    return kind == EVAC_RECORD_CONFIG || kind == EVAC_RECORD_DEFICIENCY ||
           kind == EVAC_RECORD_EVIDENCE || kind == EVAC_RECORD_TOKEN ||
           kind == EVAC_RECORD_SESSION || kind == EVAC_RECORD_NOTICE || kind == EVAC_RECORD_ALONE ||
           kind == EVAC_RECORD_CHALLENGE || kind == EVAC_RECORD_REFUSAL;
}

static void note(struct engine_io *io, const struct evac_record *rows, size_t count)
{
    bool known = count <= EVAC_NOTES_MAX;
    for (size_t i = 0; known && i < count; i++)
        known = is_note(rows[i].kind);
    if (!io->engine->lead)
        engine_refuse(io, EVAC_E_NOLEAD, "this controller does not hold the lead");
    else if (!known)
        engine_refuse(io, EVAC_E_BADARG, "that is not for the engine to keep");
    for (size_t i = 0; io->engine->lead && known && i < count; i++)
        engine_record(io, rows[i]);
}

/* What a question came to, in the record of its key. */
static void answered(struct engine_io *io, const struct evac_event *event,
                     struct evac_record *record)
{
    record->text = evac_str(io->fx->answer_text);
    record->number = (int64_t)io->fx->answer_run;
    if (event->kind == EVAC_EVENT_ADMIT) {
        record->app = event->u.admit.run->plan->app;
        record->to = evac_str(evac_run_state_name(event->u.admit.run->state));
    } else if (event->kind == EVAC_EVENT_DRILL) {
        record->app = io->engine->apps[event->u.drill.app].app->name;
    } else if (event->kind == EVAC_EVENT_COMMAND) {
        record->app = event->u.command.app;
        record->number = (int64_t)event->u.command.run;
    } else if (event->kind == EVAC_EVENT_NOTE) { /* its first row, for who must find it again */
        record->app = event->u.note.count ? event->u.note.rows[0].app : EVAC_STR_NONE;
        record->number = (int64_t)(io->engine->next_seq - event->u.note.count);
        record->data = event->asked->answer;
    }
}

/* In the same batch: what was done is never without the key that it was asked under. */
static void note_asked(struct engine_io *io, const struct evac_event *event)
{
    const struct evac_asked *asked = event->asked;
    if (!asked || io->fx->answer != EVAC_OK)
        return;
    struct evac_record record = { .kind = EVAC_RECORD_REQUEST,
                                  .name = asked->key,
                                  .who = asked->who,
                                  .event = asked->operation,
                                  .from = asked->print,
                                  .attempt = asked->status };
    answered(io, event, &record);
    engine_record(io, record);
}

static void tick_app(struct engine_io *io, size_t i)
{
    struct evac_engine_app *a = &io->engine->apps[i];
    struct evac_health_news news;
    if (engine_self_apply(io, &a->health, &news))
        engine_health_changed(io, a, &news);
    if (engine_vantages_apply(io, &a->health, &news))
        engine_health_changed(io, a, &news);
    news = (struct evac_health_news){ 0 };
    if (io->now->boot_ms >= evac_health_wake_ms(&a->health))
        evac_health_tick(&a->health, io->now->boot_ms, io->now->wall_ms, &news);
    engine_health_changed(io, a, &news);
    engine_measure(io, (uint16_t)i);
    engine_look_back(io, a);
}

/* Those that are due; all of them after what concerns all. */
static void tick_apps(struct engine_io *io)
{
    engine_end_leases(io);
    bool all = io->engine->wake_ms == 0;
    engine_depend_tick(io); /* before those who need them decide */
    for (size_t i = 0; i < io->engine->app_count && evac_effects_has_room(io->fx); i++)
        if (all || io->engine->app_wakes[i] <= io->now->boot_ms) {
            tick_app(io, i);
            engine_touch(io->engine, &io->engine->apps[i]);
        }
}

static uint64_t app_wake(const struct evac_engine *engine, const struct evac_engine_app *a)
{
    uint64_t wake = a->decide_ms;
    uint64_t times[] = { evac_health_wake_ms(&a->health),
                         engine->lead ? engine_measure_wake_ms(a) : EVAC_NEVER,
                         engine->lead ? engine_look_back_wake_ms(a) : EVAC_NEVER,
                         engine_drill_wake_ms(engine, a) };
    for (size_t k = 0; k < sizeof times / sizeof times[0]; k++)
        if (times[k] < wake)
            wake = times[k];
    return wake;
}

/* What is due of apps that the event did not touch is remembered, closely packed; so is what is due
 * of runs. */
static void set_app_wakes(struct evac_engine *engine)
{
    bool all = engine->touched_count == EVAC_TOUCHED_ALL || engine->wake_ms == 0;
    size_t count = all ? engine->app_count : engine->touched_count;
    for (size_t k = 0; k < count; k++) {
        size_t i = all ? k : engine->touched[k];
        engine->app_wakes[i] = app_wake(engine, &engine->apps[i]);
        engine->is_touched[i] = 0;
    }
}

static uint64_t first_of(const uint64_t *times, size_t count, uint64_t first)
{
    for (size_t i = 0; i < count; i++)
        first = times[i] < first ? times[i] : first;
    return first;
}

static void set_wake(struct evac_engine *engine)
{
    uint64_t wake = engine_depend_wake_ms(engine);
    if (engine_fleet_wake_ms(engine) < wake)
        wake = engine_fleet_wake_ms(engine);
    if (engine_leases_wake_ms(engine) < wake)
        wake = engine_leases_wake_ms(engine);
    set_app_wakes(engine);
    wake = first_of(engine->index.wakes, engine->index.count, wake);
    engine->wake_ms = first_of(engine->app_wakes, engine->app_count, wake);
}

/* A process that stood still hears what came in the meantime before its own clock: what it knew
 * has grown old all the same, and nothing is begun on it. */
static void grow_old(struct engine_io *io)
{
    for (size_t i = 0; i < io->engine->app_count && evac_effects_has_room(io->fx); i++) {
        struct evac_engine_app *a = &io->engine->apps[i];
        struct evac_health_news news;
        if (io->now->boot_ms < io->engine->app_wakes[i] ||
            io->now->boot_ms < evac_health_wake_ms(&a->health))
            continue;
        evac_health_tick(&a->health, io->now->boot_ms, io->now->wall_ms, &news);
        engine_health_changed(io, a, &news);
        engine_touch(io->engine, a);
    }
}

/* What an event may touch beside what is due: of the frequent ones that is one app, of the others
 * anything. */
static void begin_touch(struct evac_engine *engine, const struct evac_event *event)
{
    const struct evac_reply_event *reply = &event->u.reply;
    size_t app = SIZE_MAX;
    engine->touched_count = EVAC_TOUCHED_ALL;
    if (event->kind == EVAC_EVENT_PROBE)
        app = event->u.probe.app;
    else if (event->kind == EVAC_EVENT_REPLY && reply->run == 0)
        app = reply->app;
    if (event->kind == EVAC_EVENT_REPLY && reply->run) {
        const struct evac_run *run = evac_engine_run(engine, reply->run);
        app = run ? evac_engine_app(engine, run->plan->app) : SIZE_MAX;
    }
    if (event->kind == EVAC_EVENT_TICK || event->kind == EVAC_EVENT_COMMITTED ||
        app < engine->app_count)
        engine->touched_count = 0;
    if (app < engine->app_count)
        engine_touch(engine, &engine->apps[app]);
}

static void handle(struct engine_io *io, const struct evac_event *event)
{
    switch (event->kind) {
    case EVAC_EVENT_TICK:
        break;
    case EVAC_EVENT_PROBE:
        engine_probe(io, event->u.probe.app, &event->u.probe.result);
        break;
    case EVAC_EVENT_ANCHORS:
        engine_self_anchors(io, !event->u.abstains);
        break;
    case EVAC_EVENT_VANTAGE:
        engine_vantage(io, &event->u.vantage);
        break;
    case EVAC_EVENT_SELF:
        engine_self_feel(io, &event->u.self);
        break;
    case EVAC_EVENT_REPLY:
        engine_replied(io, &event->u.reply);
        break;
    case EVAC_EVENT_COMMITTED:
        engine_committed(io, event->u.seq);
        break;
    case EVAC_EVENT_ADMIT:
        engine_admit(io, &event->u.admit);
        break;
    case EVAC_EVENT_NOT_ADMITTED:
        engine_not_admitted(io, &event->u.not_admitted);
        break;
    case EVAC_EVENT_COMMAND:
        engine_command(io, &event->u.command);
        break;
    case EVAC_EVENT_LEAD:
        lead(io, event->u.lead.lead, event->u.lead.epoch);
        break;
    case EVAC_EVENT_ASSURE:
        engine_assure(io, &event->u.assure);
        break;
    case EVAC_EVENT_FREEZE:
        engine_freeze_by_calendar(io, &event->u.freeze);
        break;
    case EVAC_EVENT_DRILL:
        engine_drill_said(io, &event->u.drill);
        break;
    case EVAC_EVENT_CLOCK_JUMP:
        clock_jump(io, event->u.number);
        break;
    case EVAC_EVENT_STOP:
        stop(io);
        break;
    case EVAC_EVENT_NOTE:
        note(io, event->u.note.rows, event->u.note.count);
        break;
    case EVAC_EVENT_KIND_COUNT:
        break;
    }
}

void evac_engine_step(struct evac_engine *engine, const struct evac_event *event,
                      struct evac_effects *fx)
{
    struct engine_io io = { engine, fx, &event->now };
    evac_effects_reset(fx);
    engine_know_clock(engine, &event->now);
    begin_touch(engine, event);
    if (event->now.boot_ms >= engine->wake_ms && event->kind != EVAC_EVENT_STOP)
        grow_old(&io);

    handle(&io, event);
    if (event->kind == EVAC_EVENT_STOP)
        return;
    note_asked(&io, event);
    if (event->kind == EVAC_EVENT_TICK || event->now.boot_ms >= engine->wake_ms) {
        tick_apps(&io);
        engine_tick_runs(&io);
    } else if (event->kind == EVAC_EVENT_REPLY && event->u.reply.run == 0) {
        engine_tick_runs(&io); /* a gate or an end may have waited for that measurement */
    }
    if (engine_fleet_step(&io)) /* it looked at all apps */
        engine->touched_count = EVAC_TOUCHED_ALL;
    set_wake(engine);
}

uint64_t evac_engine_wake_ms(const struct evac_engine *engine)
{
    return engine->wake_ms;
}

/* People's words: those that are about one run go to it. */
#include "engine_internal.h"

static void hold(struct engine_io *io, struct evac_engine_app *a, const struct evac_command *cmd)
{
    bool holds = cmd->verb == EVAC_CMD_HOLD;
    if (holds && cmd->reason.n == 0) {
        engine_refuse(io, EVAC_E_BADARG, "a hold needs a reason");
        return;
    }
    struct evac_record r = { .kind = EVAC_RECORD_HOLD };
    r.app = a->app->name;
    r.who = cmd->who;
    r.text = cmd->reason;
    bool ends = cmd->value > 0 && cmd->value < INT64_MAX - io->now->wall_ms;
    r.number = !holds ? 0 : ends ? io->now->wall_ms + cmd->value : INT64_MAX;
    engine_record(io, r);
    a->hold_until_wall_ms = r.number;
    (void)evac_str_copy(a->hold_reason, sizeof a->hold_reason, cmd->reason);
    (void)evac_str_copy(a->hold_owner, sizeof a->hold_owner, cmd->who);
    a->decide_ms = 0;
    io->engine->fleet.due = true; /* an evacuation may wait for that */
}

static void ack(struct engine_io *io, struct evac_engine_app *a, const struct evac_command *cmd)
{
    struct evac_record r = { .kind = EVAC_RECORD_ACK };
    r.app = a->app->name;
    r.who = cmd->who;
    r.text = cmd->reason;
    engine_record(io, r);
    a->acked = true;
    a->auto_unacked = false;
    a->decide_ms = 0;
}

static void call_off(struct engine_io *io, struct evac_engine_app *a,
                     const struct evac_command *cmd)
{
    if (a->drill.state == EVAC_DRILL_IS_IDLE)
        engine_refuse(io, EVAC_E_REFUSED, "no drill of this app is going on");
    else if (!engine_drill_call_off(io, a, cmd))
        engine_refuse(io, EVAC_E_REFUSED, "the drill is on its way back already");
}

static void stop_automation(struct engine_io *io, const struct evac_command *cmd)
{
    struct evac_record r = { .kind = EVAC_RECORD_HOLD };
    bool stops = cmd->verb == EVAC_CMD_STOP_AUTOMATION;
    r.who = cmd->who;
    r.text = cmd->reason;
    r.number = stops ? INT64_MAX : 0;
    engine_record(io, r);
    io->engine->stopped = stops;
    (void)evac_str_copy(io->engine->stopped_by, sizeof io->engine->stopped_by, cmd->who);
    (void)evac_str_copy(io->engine->stopped_why, sizeof io->engine->stopped_why, cmd->reason);
    for (size_t i = 0; i < io->engine->app_count; i++)
        io->engine->apps[i].decide_ms = 0;
}

static void command_app(struct engine_io *io, const struct evac_command *cmd)
{
    size_t i = evac_engine_app(io->engine, cmd->app);
    bool freezes = cmd->verb == EVAC_CMD_FREEZE || cmd->verb == EVAC_CMD_UNFREEZE;
    if (cmd->verb == EVAC_CMD_STOP_AUTOMATION || cmd->verb == EVAC_CMD_ALLOW_AUTOMATION)
        stop_automation(io, cmd);
    else if (freezes && cmd->app.n == 0)
        engine_freeze_by_word(io, NULL, cmd);
    else if (i == io->engine->app_count)
        engine_refuse(io, EVAC_E_NOTFOUND, "there is no such app");
    else if (cmd->verb == EVAC_CMD_HOLD || cmd->verb == EVAC_CMD_RELEASE)
        hold(io, &io->engine->apps[i], cmd);
    else if (freezes)
        engine_freeze_by_word(io, &io->engine->apps[i], cmd);
    else if (cmd->verb == EVAC_CMD_WAIVE || cmd->verb == EVAC_CMD_UNWAIVE)
        engine_waive(io, &io->engine->apps[i], cmd);
    else if (cmd->verb == EVAC_CMD_CALL_OFF)
        call_off(io, &io->engine->apps[i], cmd);
    else if (cmd->verb == EVAC_CMD_ACK)
        ack(io, &io->engine->apps[i], cmd);
    else if (cmd->verb == EVAC_CMD_RECONCILE)
        engine_reconcile(io, &io->engine->apps[i], cmd);
    else if (cmd->verb == EVAC_CMD_PLACE)
        engine_place(io, &io->engine->apps[i], cmd);
    else
        engine_refuse(io, EVAC_E_BADARG, "that word is for a run: name one");
}

void engine_command(struct engine_io *io, const struct evac_command *cmd)
{
    struct evac_run *run = cmd->run ? evac_engine_run(io->engine, cmd->run) : NULL;
    if (!io->engine->lead) {
        engine_refuse(io, EVAC_E_NOLEAD, "this controller does not hold the lead");
    } else if (cmd->verb == EVAC_CMD_EVACUATE) {
        engine_order(io, cmd);
    } else if (cmd->incident.n) {
        engine_incident_command(io, cmd);
    } else if (cmd->run == 0) {
        command_app(io, cmd);
    } else if (!run) {
        engine_refuse(io, EVAC_E_NOTFOUND, "no such run is going on");
    } else {
        engine_before_run(io, run);
        engine_tell_run(io, engine_app_of(io->engine, run), run, cmd);
        engine_after_run(io, run);
    }
}

/* Stands in for people: what they ask for and say. */
#include "world_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* People hear the answer when what it says is durable. */
static enum evac_code settled(struct world *w, enum evac_code code)
{
    if (w->many)
        return many_settled(w->many, many_leader(w->many), code);
    while (w->shell && !evac_shell_failed(w->shell) &&
           evac_shell_durable(w->shell) < evac_shell_accepted(w->shell))
        (void)world_step(w, UINT64_MAX);
    return code;
}

static enum evac_code wish(struct world *w, const char *app, enum evac_workflow workflow,
                           enum evac_mode mode, bool rehearse)
{
    struct evac_wish wish = { .app = evac_str(app),
                              .workflow = workflow,
                              .mode = mode,
                              .rehearse = rehearse,
                              .drill = rehearse ? EVAC_DRILL_REHEARSE : EVAC_DRILL_ISOLATED,
                              .isolate = evac_str(w->isolate ? w->isolate : ""),
                              .who = EVAC_STR("ann"),
                              .why = EVAC_STR("a story") };
    struct evac_err err = { EVAC_OK, "" };
    uint64_t run;
    if (!w->shell)
        return EVAC_E_UNREACHABLE;
    enum evac_run_state before = w->last_state;
    w->last_state = EVAC_RUN_NONE;
    enum evac_code code = settled(w, evac_shell_begin(w->shell, &wish, &run, &err));
    if (code)
        w->last_state = before;
    if (code && w->o.verbose)
        fprintf(stderr, "refused: %s\n", err.text);
    return code;
}

enum evac_code world_begin(struct world *w, enum evac_workflow workflow, enum evac_mode mode)
{
    return wish(w, "shop", workflow, mode, false);
}

enum evac_code world_begin_app(struct world *w, const char *app, enum evac_workflow workflow,
                               enum evac_mode mode)
{
    return wish(w, app, workflow, mode, false);
}

void world_isolate(struct world *w, const char *region)
{
    w->isolate = region;
}

enum evac_code world_rehearse(struct world *w)
{
    return wish(w, "shop", EVAC_WORKFLOW_DRILL, EVAC_MODE_GRACEFUL, true);
}

struct evac_event people_word(struct world *w, const struct evac_command *word)
{
    struct evac_event event = { .kind = EVAC_EVENT_COMMAND };
    event.u.command = *word;
    if (!word->run && word->verb < EVAC_CMD_ACK)
        event.u.command.run = w->last_run;
    if (!word->app.n)
        event.u.command.app = EVAC_STR("shop");
    w->said = (struct evac_err){ EVAC_OK, "" };
    return event;
}

enum evac_code world_hear(struct world *w, const struct evac_command *word)
{
    struct evac_event event = people_word(w, word);
    w->acked = w->acked || word->verb == EVAC_CMD_ACK;
    return w->shell ? settled(w, evac_shell_event(w->shell, &event, &w->said)) : EVAC_E_UNREACHABLE;
}

enum evac_code world_begin_as(struct world *w, const struct evac_caller *caller,
                              enum evac_mode mode, const char *reason, uint16_t overrides)
{
    uint64_t run;
    const struct evac_wish wish = { .app = EVAC_STR("shop"),
                                    .workflow = EVAC_WORKFLOW_FAILOVER,
                                    .mode = mode,
                                    .who = caller->who,
                                    .why = evac_str(reason),
                                    .overrides = overrides,
                                    .caller = caller };
    w->last_state = EVAC_RUN_NONE;
    w->said = (struct evac_err){ EVAC_OK, "" };
    enum evac_code code = w->shell ? settled(w, evac_shell_begin(w->shell, &wish, &run, &w->said))
                                   : EVAC_E_UNREACHABLE;
    return code;
}

const char *world_said(const struct world *w)
{
    return w->said.text;
}

enum evac_code world_say(struct world *w, enum evac_command_verb verb, const char *step_id,
                         const char *reason, int64_t value)
{
    struct evac_event event = { .kind = EVAC_EVENT_COMMAND };
    event.u.command = (struct evac_command){ .verb = verb,
                                             .run = w->last_run,
                                             .app = EVAC_STR("shop"),
                                             .step = evac_str(step_id),
                                             .region = evac_str(step_id), /* of PLACE */
                                             .reason = evac_str(reason),
                                             .who = EVAC_STR("ann"),
                                             .value = value };
    if (verb >= EVAC_CMD_ACK)
        event.u.command.run = 0;
    w->acked = w->acked || verb == EVAC_CMD_ACK;
    return w->shell ? settled(w, evac_shell_event(w->shell, &event, NULL)) : EVAC_E_UNREACHABLE;
}

void world_control(struct world *w, const char *fmt, ...)
{
    char command[4096];
    va_list ap;
    struct evac_err err = { EVAC_OK, "" };
    va_start(ap, fmt);
    vsnprintf(command, sizeof command, fmt, ap);
    va_end(ap);
    evac_sandbox_advance(w->sandbox, w->v.now_ms);
    rounds_note_truth(w);
    if (evac_sandbox_control(w->sandbox, evac_str(command), &err)) {
        fprintf(stderr, "control '%s': %s\n", command, err.text);
        abort();
    }
    rounds_note_truth(w);
}

void world_set_faults(struct world *w, const struct world_faults *faults)
{
    w->o.faults = *faults;
}

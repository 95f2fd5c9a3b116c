/* What people say: to a run, to an app, to the controller. */
#include "api_routes.h"

void api_put_answer(struct api_call *c, struct evac_str answer)
{
    struct evac_jw w = api_writer(c);
    evac_jw_open(&w, NULL, '{');
    evac_jw_str(&w, "answer", answer.n ? answer : EVAC_STR("done"));
    evac_jw_close(&w, '}');
}

void api_tell_word(struct api_call *c, const struct evac_record *request)
{
    api_put_answer(c, request->text);
}

/* run 0: it is about an app, or everything. The schema has looked at the verb and the mode. */
static void say(struct api_call *c, uint64_t run)
{
    struct evac_event event = { .kind = EVAC_EVENT_COMMAND };
    struct evac_err err = { EVAC_OK, "" };
    struct api_phone phone;
    enum evac_mode mode;
    struct evac_command *cmd = &event.u.command;
    *cmd = (struct evac_command){ .run = run,
                                  .app = api_text(c, "app"),
                                  .step = api_text(c, "step"),
                                  .reason = api_text(c, "reason"),
                                  .owner = api_text(c, "owner"),
                                  .condition = api_text(c, "condition"),
                                  .region = api_text(c, "region"),
                                  .incident = api_text(c, "incident"),
                                  .gate = api_text(c, "gate"),
                                  .who = c->q->caller.who,
                                  .caller = &c->q->caller };
    cmd->value =
        evac_mode_parse(api_text(c, "mode"), &mode) ? (int64_t)mode : api_number(c, "value");
    (void)evac_command_parse(api_text(c, "verb"), &cmd->verb);
    if ((api_has(c, "response") || api_has(c, "as")) && !api_by_phone(c, cmd, &phone))
        return;
    if (evac_shell_event(evac_daemon_shell(c->daemon), &event, &err))
        api_fail(c, &err);
    else
        api_put_answer(c, evac_str(err.text));
}

void api_say(struct api_call *c)
{
    say(c, 0);
}

void api_say_to_run(struct api_call *c)
{
    uint64_t run;
    if (api_run(c, &run))
        say(c, run);
}

/*
 * Programs as steps. No shell: a list of arguments, an absolute path first, a clean environment, a
 * deadline. `ensure` has a check that tells whether the wanted state is there; `run` has none, so
 * only the journal knows that it ran.
 */
#include "evac/arena.h"
#include "local_pack.h"

#include <string.h>

#define RUN_MS     30000u
#define CHECK_MS   10000u
#define OUTPUT_MAX 65536u

static const struct evac_param resource_params[] = {
    { "command", EVAC_PARAM_LIST, EVAC_PARAM_REQUIRED, NULL, NULL,
      "program and arguments; the program's path is absolute" },
    { "check", EVAC_PARAM_LIST, 0, NULL, NULL,
      "exits with 0 when the wanted state is there, 1 when not, anything else: can not tell" },
    { 0 },
};

static const struct evac_action actions[] = {
    { "run", "a program runs once", EVAC_ACTION_MUTATES | EVAC_ACTION_BLIND, EVAC_FENCING_NONE,
      5000, 120000, NULL, NULL },
    { "ensure", "a program runs until its check is satisfied", EVAC_ACTION_MUTATES,
      EVAC_FENCING_NONE, 5000, 300000, NULL, NULL },
    { 0 },
};

static struct evac_str last_line(struct evac_str text)
{
    text = evac_str_trim(text);
    for (size_t i = text.n; i > 0; i--)
        if (text.p[i - 1] == '\n')
            return (struct evac_str){ text.p + i, text.n - i };
    return text;
}

static struct evac_str why(struct local_call *c, const struct evac_exec_reply *r)
{
    if (!r->started)
        return evac_arena_str(c->arena, evac_str(r->error));
    if (r->timed_out)
        return EVAC_STR("it ran for longer than allowed and was killed");
    struct evac_str said = last_line(r->errors.n ? r->errors : r->output);
    return evac_arena_printf(c->arena, "it ended with %d%s%.*s", r->exit_status, said.n ? ": " : "",
                             (int)(said.n < 200 ? said.n : 200), said.n ? said.p : "");
}

static void checked(void *user, const struct evac_exec_reply *r)
{
    struct local_call *c = user;
    struct evac_reply reply = { .verb = EVAC_VERB_OBSERVE, .progress = -1 };
    bool ran = r->started && !r->timed_out;
    reply.seen = ran && r->exit_status == 0   ? EVAC_SEEN_SATISFIED
                 : ran && r->exit_status == 1 ? EVAC_SEEN_UNSATISFIED
                                              : EVAC_SEEN_UNSEEN;
    if (reply.seen != EVAC_SEEN_SATISFIED)
        reply.reason = why(c, r);
    local_answer(c, &reply);
}

/* A program that failed may have done half of its work: only one that never began is certain. */
static void ran(void *user, const struct evac_exec_reply *r)
{
    struct local_call *c = user;
    struct evac_reply reply = { .verb = EVAC_VERB_APPLY, .progress = -1 };
    reply.outcome = !r->started                            ? EVAC_OUTCOME_NOT_SENT
                    : r->exit_status == 0 && !r->timed_out ? EVAC_OUTCOME_ACCEPTED
                                                           : EVAC_OUTCOME_UNKNOWN;
    if (reply.outcome != EVAC_OUTCOME_ACCEPTED)
        reply.reason = why(c, r);
    local_answer(c, &reply);
}

static const char *variable(struct evac_arena *arena, const char *name, struct evac_str value)
{
    return evac_arena_printf(arena, "%s=%.*s", name, EVAC_STR_ARG(value)).p;
}

static enum evac_code start(struct local_call *c, const struct evac_call *call, const char *what,
                            struct evac_err *err)
{
    const struct evac_host *host = c->link->host;
    bool apply = call->verb == EVAC_VERB_APPLY;
    const char *const *argv = local_list(c->arena, evac_args_get(call->args, what));
    if (!argv || !argv[0] || argv[0][0] != '/')
        return evac_fail(err, EVAC_E_BADARG,
                         "'%s' must be a list that begins with an absolute path", what);
    const char **env = evac_arena_array(c->arena, 8, sizeof *env);
    env[0] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    env[1] = variable(c->arena, "EVAC_APP", evac_args_get(call->args, "app"));
    env[2] = variable(c->arena, "EVAC_FROM", evac_args_get(call->args, "from"));
    env[3] = variable(c->arena, "EVAC_TO", evac_args_get(call->args, "to"));
    env[4] = variable(c->arena, "EVAC_REGION", c->region);
    env[5] = variable(c->arena, "EVAC_MODE", evac_args_get(call->args, "mode"));
    env[6] = variable(c->arena, "EVAC_TOKEN", evac_str(call->token));
    struct evac_exec_request request = { .argv = argv,
                                         .env = env,
                                         .total_ms = apply ? RUN_MS : CHECK_MS,
                                         .max_output_bytes = OUTPUT_MAX,
                                         .mutates = apply };
    return host->exec(host->ctx, &request, apply ? ran : checked, c, err);
}

static enum evac_code call_exec(struct evac_link *link, const struct evac_call *call,
                                evac_done_fn *done, void *user, uint64_t *ret_id,
                                struct evac_err *err)
{
    enum evac_code code;
    bool ensure = strcmp(call->action, "ensure") == 0;
    if (!link->exec_allowed)
        return evac_fail(err, EVAC_E_REFUSED,
                         "programs are not allowed: exec = { allowed = true; }; in evac.cfg");
    struct local_call *c = local_begin(link, call, done, user);
    if (call->verb == EVAC_VERB_APPLY)
        code = start(c, call, "command", err);
    else if (call->verb == EVAC_VERB_OBSERVE && ensure)
        code = start(c, call, "check", err);
    else
        code = evac_fail(err, EVAC_E_UNSUPPORTED, "exec.%s can not %s", call->action,
                         evac_verb_name(call->verb));
    if (code) {
        local_drop(c);
        return code;
    }
    *ret_id = c->id;
    return EVAC_OK;
}

const struct evac_driver evac_driver_exec = { "exec",
                                              "a program on the controller's machine",
                                              resource_params,
                                              actions,
                                              0,
                                              NULL,
                                              call_exec,
                                              local_cancel };

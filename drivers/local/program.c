/*
 * How programs are run. No shell: a list of arguments, an absolute path first, a clean environment,
 * a deadline.
 */
#include "evac/arena.h"
#include "local_pack.h"

#define OUTPUT_MAX 65536u

struct evac_str local_last_line(struct evac_str text)
{
    text = evac_str_trim(text);
    for (size_t i = text.n; i > 0; i--)
        if (text.p[i - 1] == '\n')
            return (struct evac_str){ text.p + i, text.n - i };
    return text;
}

struct evac_str local_program_why(struct local_call *c, const struct evac_exec_reply *r)
{
    if (!r->started)
        return evac_arena_str(c->arena, evac_str(r->error));
    if (r->timed_out)
        return EVAC_STR("it ran for longer than allowed and was killed");
    struct evac_str said = local_last_line(r->errors.n ? r->errors : r->output);
    return evac_arena_printf(c->arena, "it ended with %d%s%.*s", r->exit_status, said.n ? ": " : "",
                             (int)(said.n < 200 ? said.n : 200), said.n ? said.p : "");
}

static const char *variable(struct evac_arena *arena, const char *name, struct evac_str value)
{
    return evac_arena_printf(arena, "%s=%.*s", name, EVAC_STR_ARG(value)).p;
}

static const char *const *environment(struct local_call *c, const struct evac_call *call)
{
    struct evac_str marker = evac_arena_printf(c->arena, "%lld", (long long)call->marker);
    const char **env = evac_arena_array(c->arena, 9, sizeof *env);
    env[0] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    env[1] = variable(c->arena, "EVAC_APP", evac_args_get(call->args, "app"));
    env[2] = variable(c->arena, "EVAC_FROM", evac_args_get(call->args, "from"));
    env[3] = variable(c->arena, "EVAC_TO", evac_args_get(call->args, "to"));
    env[4] = variable(c->arena, "EVAC_REGION", c->region);
    env[5] = variable(c->arena, "EVAC_MODE", evac_args_get(call->args, "mode"));
    env[6] = variable(c->arena, "EVAC_TOKEN", evac_str(call->token));
    env[7] = variable(c->arena, "EVAC_MARKER", marker);
    return env;
}

enum evac_code local_program(struct local_call *c, const struct evac_call *call,
                             const struct local_program *program, struct evac_err *err)
{
    const struct evac_host *host = c->link->host;
    const char *const *argv = local_list(c->arena, evac_args_get(call->args, program->setting));
    if (!c->link->exec_allowed)
        return evac_fail(err, EVAC_E_REFUSED,
                         "programs are not allowed: exec = { allowed = true; }; in evac.cfg");
    if (!argv || !argv[0] || argv[0][0] != '/')
        return evac_fail(err, EVAC_E_BADARG,
                         "'%s' must be a list that begins with an absolute path", program->setting);
    struct evac_exec_request request = { .argv = argv,
                                         .env = environment(c, call),
                                         .total_ms = program->total_ms,
                                         .max_output_bytes = OUTPUT_MAX,
                                         .mutates = program->mutates };
    return host->exec(host->ctx, &request, program->done, c, err);
}

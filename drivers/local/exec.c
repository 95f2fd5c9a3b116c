/*
 * Programs as steps. `ensure` has a check that tells whether the wanted state is there; `run` has
 * none, so only the journal knows that it ran.
 */
#include "evac/arena.h"
#include "local_pack.h"

#include <string.h>

#define RUN_MS   30000u
#define CHECK_MS 10000u

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

static void checked(void *user, const struct evac_exec_reply *r)
{
    struct local_call *c = user;
    struct evac_reply reply = { .verb = EVAC_VERB_OBSERVE, .progress = -1 };
    bool ran = r->started && !r->timed_out;
    reply.seen = ran && r->exit_status == 0   ? EVAC_SEEN_SATISFIED
                 : ran && r->exit_status == 1 ? EVAC_SEEN_UNSATISFIED
                                              : EVAC_SEEN_UNSEEN;
    if (reply.seen != EVAC_SEEN_SATISFIED)
        reply.reason = local_program_why(c, r);
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
        reply.reason = local_program_why(c, r);
    local_answer(c, &reply);
}

static enum evac_code call_exec(struct evac_link *link, const struct evac_call *call,
                                evac_done_fn *done, void *user, uint64_t *ret_id,
                                struct evac_err *err)
{
    enum evac_code code;
    bool ensure = strcmp(call->action, "ensure") == 0;
    struct local_call *c = local_begin(link, call, done, user);
    if (call->verb == EVAC_VERB_APPLY)
        code = local_program(c, call, &(struct local_program){ "command", RUN_MS, true, ran }, err);
    else if (call->verb == EVAC_VERB_OBSERVE && ensure)
        code = local_program(c, call, &(struct local_program){ "check", CHECK_MS, false, checked },
                             err);
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

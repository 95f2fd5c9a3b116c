/*
 * What only a person can know or do. The step waits at its gate for somebody's yes; what they said
 * stands in the journal. A person's word is the weakest fence there is: see runbooks/README.md.
 */
#include "local_pack.h"

static const struct evac_param resource_params[] = {
    { "question", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL,
      "what the person confirms: \"the old data centre is switched off\"" },
    { 0 },
};

static const struct evac_action actions[] = {
    { "fence", "a person confirms that the old side has stopped writing",
      EVAC_ACTION_MUTATES | EVAC_ACTION_BLIND | EVAC_ACTION_FENCES, EVAC_FENCING_NONE, 60000,
      3600000, NULL, NULL },
    { "confirm", "a person confirms", EVAC_ACTION_MUTATES | EVAC_ACTION_BLIND, EVAC_FENCING_NONE,
      60000, 3600000, NULL, NULL },
    { 0 },
};

static void noted(void *user)
{
    struct evac_reply reply = { .verb = EVAC_VERB_APPLY,
                                .outcome = EVAC_OUTCOME_ACCEPTED,
                                .progress = -1 };
    local_answer(user, &reply);
}

static enum evac_code call_manual(struct evac_link *link, const struct evac_call *call,
                                  evac_done_fn *done, void *user, uint64_t *ret_id,
                                  struct evac_err *err)
{
    if (call->verb != EVAC_VERB_APPLY)
        return evac_fail(err, EVAC_E_UNSUPPORTED, "manual.%s can not %s", call->action,
                         evac_verb_name(call->verb));
    struct local_call *c = local_begin(link, call, done, user);
    enum evac_code code = link->host->timer(link->host->ctx, 0, noted, c, &c->host_id, err);
    if (code) {
        local_drop(c);
        return code;
    }
    *ret_id = c->id;
    return EVAC_OK;
}

const struct evac_driver evac_driver_manual = {
    "manual", "what a person confirms", resource_params, actions, 0, NULL, call_manual, local_cancel
};

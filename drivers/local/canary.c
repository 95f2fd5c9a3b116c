/*
 * A data store's markers, written and read by programs: for databases that no API of a cloud
 * reaches. `mark` writes EVAC_MARKER in the region EVAC_REGION, and ends with 0 only when it is
 * committed there; `seek` prints the newest marker that can be read in EVAC_REGION as its last
 * line, or nothing when there is none.
 */
#include "local_pack.h"

#define MARK_MS 8000u

static const struct evac_param resource_params[] = {
    { "mark", EVAC_PARAM_LIST, EVAC_PARAM_REQUIRED, NULL, NULL,
      "program and arguments that write marker $EVAC_MARKER in $EVAC_REGION; an absolute path" },
    { "seek", EVAC_PARAM_LIST, EVAC_PARAM_REQUIRED, NULL, NULL,
      "program and arguments that print the newest marker in $EVAC_REGION, written in $EVAC_FROM" },
    { 0 },
};

static const struct evac_action actions[] = {
    { "ready", "the newest marker can be read", 0, EVAC_FENCING_NONE, 1000, 60000, NULL, NULL },
    { 0 },
};

/* One that failed may have written it: then it counts as written by nobody, and as lost by none. */
static void marked(void *user, const struct evac_exec_reply *r)
{
    struct local_call *c = user;
    struct evac_reply reply = { .verb = EVAC_VERB_MARK, .progress = -1 };
    bool done = r->started && !r->timed_out && r->exit_status == 0;
    reply.outcome = !r->started ? EVAC_OUTCOME_NOT_SENT
                    : done      ? EVAC_OUTCOME_ACCEPTED
                                : EVAC_OUTCOME_UNKNOWN;
    if (!done)
        reply.reason = local_program_why(c, r);
    local_answer(c, &reply);
}

/* The number on the last line; -1 when it said nothing. False: something else was said. */
static bool read_marker(const struct evac_exec_reply *r, int64_t *ret_marker)
{
    struct evac_str line = local_last_line(r->output);
    *ret_marker = -1;
    return line.n == 0 || (evac_str_i64(line, ret_marker) && *ret_marker >= 0);
}

static void sought(void *user, const struct evac_exec_reply *r)
{
    struct local_call *c = user;
    const struct evac_host *host = c->link->host;
    struct evac_reply reply = { .verb = c->verb, .seen = EVAC_SEEN_UNSEEN, .progress = -1 };
    struct evac_fact facts[] = { { "marker", -1 }, { "as_of_wall_ms", host->wall_ms(host->ctx) } };
    if (!r->started || r->timed_out || r->exit_status != 0) {
        reply.reason = local_program_why(c, r);
    } else if (!read_marker(r, &facts[0].value)) {
        reply.reason = EVAC_STR("its last line is not a marker's number");
    } else {
        reply.seen = EVAC_SEEN_SATISFIED;
        reply.facts = facts;
        reply.fact_count = 2;
    }
    local_answer(c, &reply);
}

static enum evac_code call_canary(struct evac_link *link, const struct evac_call *call,
                                  evac_done_fn *done, void *user, uint64_t *ret_id,
                                  struct evac_err *err)
{
    struct local_call *c = local_begin(link, call, done, user);
    const struct local_program mark = { "mark", MARK_MS, true, marked };
    const struct local_program seek = { "seek", MARK_MS, false, sought };
    enum evac_code code = local_program(c, call, call->verb == EVAC_VERB_MARK ? &mark : &seek, err);
    if (code) {
        local_drop(c);
        return code;
    }
    *ret_id = c->id;
    return EVAC_OK;
}

const struct evac_driver evac_driver_canary = { "canary",
                                                "a data store's markers, by programs",
                                                resource_params,
                                                actions,
                                                1u << EVAC_VERB_MARK | 1u << EVAC_VERB_SEEK,
                                                NULL,
                                                call_canary,
                                                local_cancel };

#include "aws_turn.h"

#include <stdarg.h>

/* Shorter than a single place's: a place that hangs must not cost the step its time. */
#define LOOK_MS   5000u
#define CHANGE_MS 10000u

struct turning {
    const struct aws_turn *turn;
    const struct aws_place *order[AWS_PLACES_MAX];
    size_t count, at; /* at: the place that is asked */
    bool doubtful;    /* a change was sent, and its reply was lost */
};

static void put_in_order(struct aws_call *c, struct turning *t)
{
    for (int rank = 0; rank < 3; rank++)
        for (size_t i = 0; i < t->turn->count; i++) {
            const struct aws_place *p = &t->turn->places[i];
            int own = evac_str_eq(p->region, c->to) ? 0 : evac_str_eq(p->region, c->from) ? 2 : 1;
            if (own == rank && t->count < AWS_PLACES_MAX)
                t->order[t->count++] = p;
        }
}

/* --- the end --------------------------------------------------------------------------------- */

static void answer(struct aws_call *c, enum evac_outcome outcome, struct evac_str code,
                   struct evac_str reason)
{
    struct evac_reply reply = {
        .outcome = outcome, .progress = -1, .code = code, .reason = reason
    };
    aws_answer(c, &reply);
}

void aws_turn_done(struct aws_call *c)
{
    aws_answer_already(c);
}

void aws_turn_refuse(struct aws_call *c, struct evac_str code, const char *fmt, ...)
{
    const struct turning *t = c->helper;
    va_list ap;
    va_start(ap, fmt);
    struct evac_str reason = evac_arena_vprintf(c->arena, fmt, ap);
    va_end(ap);
    answer(c, t->doubtful ? EVAC_OUTCOME_UNKNOWN : EVAC_OUTCOME_REJECTED, code, reason);
}

/* Nobody is left to ask. r: the last answer. */
static void give_up(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct turning *t = c->helper;
    struct evac_aws_reply last = *r;
    last.message = aws_printf(c, "none of %zu regions took it; the last: %.*s", t->count,
                              EVAC_STR_ARG(r->message.n ? r->message : r->code));
    if (c->verb == EVAC_VERB_OBSERVE)
        aws_answer_unseen(c, &last);
    else if (t->doubtful || r->outcome == EVAC_OUTCOME_REJECTED)
        aws_turn_refuse(c, r->code, "%.*s", EVAC_STR_ARG(last.message));
    else
        aws_answer_not_sent(c, &last);
}

/* --- asking ---------------------------------------------------------------------------------- */

static void on_look(struct aws_call *c, const struct evac_aws_reply *r);
static void on_change(struct aws_call *c, const struct evac_aws_reply *r);

/* The first from at on that can be sent to. */
static enum evac_code ask_from_here(struct aws_call *c, bool change, struct evac_err *err)
{
    struct turning *t = c->helper;
    const struct evac_host *host = c->link->host;
    enum evac_code code = evac_fail(err, EVAC_E_REFUSED, "there is no other region to ask");
    for (; t->at < t->count; t->at++) {
        if (c->cancelled || (c->deadline_ms && host->now_ms(host->ctx) >= c->deadline_ms))
            return evac_fail(err, EVAC_E_REFUSED, "cancelled, or out of time");
        struct evac_aws_request request = t->turn->ask(c, t->order[t->at], change);
        request.mutates = change;
        if (request.total_ms == 0)
            request.total_ms = change ? CHANGE_MS : LOOK_MS;
        code = aws_send(c, &request, change ? on_change : on_look, err);
        if (code == EVAC_OK)
            return EVAC_OK;
    }
    return code;
}

static void ask_next(struct aws_call *c, bool change, const struct evac_aws_reply *r)
{
    struct turning *t = c->helper;
    struct evac_err err = { EVAC_OK, "" };
    t->at++;
    if (ask_from_here(c, change, &err))
        give_up(c, r);
}

/* A refusal that says nothing about the other places: permissions may be a region's own. */
static bool is_denied(const struct evac_aws_reply *r)
{
    return r->outcome == EVAC_OUTCOME_REJECTED && r->status == 403;
}

static void on_look(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct turning *t = c->helper;
    bool answered = r->outcome == EVAC_OUTCOME_ACCEPTED || r->outcome == EVAC_OUTCOME_REJECTED;
    if (answered && !is_denied(r))
        t->turn->looked(c, r);
    else
        ask_next(c, false, r);
}

static void on_change(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct turning *t = c->helper;
    if (t->turn->changed)
        t->turn->changed(c, r);
    switch (r->outcome) {
    case EVAC_OUTCOME_ACCEPTED:
        aws_turn_done(c);
        break;
    case EVAC_OUTCOME_REJECTED:
        if (is_denied(r))
            ask_next(c, true, r);
        else
            aws_turn_refuse(c, r->code, "%.*s", EVAC_STR_ARG(r->message));
        break;
    case EVAC_OUTCOME_THROTTLED:
    case EVAC_OUTCOME_NOT_SENT:
        ask_next(c, true, r);
        break;
    case EVAC_OUTCOME_UNKNOWN:
    case EVAC_OUTCOME_COUNT:
        t->doubtful = true;
        ask_next(c, false, r);
        break;
    }
}

enum evac_code aws_turn_first(struct aws_call *c, const struct aws_turn *turn, struct evac_err *err)
{
    struct turning *t = evac_arena_alloc(c->arena, sizeof *t);
    *t = (struct turning){ .turn = turn };
    c->helper = t;
    put_in_order(c, t);
    return ask_from_here(c, false, err);
}

void aws_turn_act(struct aws_call *c)
{
    struct evac_err err = { EVAC_OK, "" };
    if (ask_from_here(c, true, &err)) {
        struct evac_aws_reply unsent = { .outcome = EVAC_OUTCOME_NOT_SENT,
                                         .message = evac_str(err.text) };
        give_up(c, &unsent);
    }
}

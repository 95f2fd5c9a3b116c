/*
 * How far a change is (GetChange): asked once for all calls that wait for the same one, when it may
 * have arrived (dns_tempo.c), however many they are. Who looks before that is told after a while
 * that it is on its way, and nobody is asked. Whoever asks while a question is on its way waits for
 * the next one, so that nobody is answered by what was true before they asked. What is everywhere
 * stays so: that is not asked again.
 */
#include "aws_gather.h"
#include "route53.h"

#include <string.h>

static struct evac_str note_key(struct aws_call *c)
{
    return aws_printf(c, "route53 %.*s %.*s", EVAC_STR_ARG(evac_args_get(&c->args, "zone")),
                      EVAC_STR_ARG(evac_args_get(&c->args, "name")));
}

/* The id is kept with what it made: it says nothing about any later change. */
void dns_keep_change(struct aws_call *c, struct evac_str change, struct evac_str made)
{
    aws_note_set(c->link, note_key(c),
                 aws_printf(c, "%.*s %.*s", EVAC_STR_ARG(change), EVAC_STR_ARG(made)));
}

static struct evac_str arrived_key(struct aws_call *c, struct evac_str change)
{
    return aws_printf(c, "route53 in sync %.*s", EVAC_STR_ARG(change));
}

struct poll {
    struct aws_member member;
    struct evac_str change;
    aws_then_fn *arrived; /* NULL: then it is as it should be */
};

static void describe(struct aws_call *c, struct evac_str change,
                     struct evac_aws_request *ret_request)
{
    *ret_request = (struct evac_aws_request){ .service = "route53",
                                              .operation = "GetChange",
                                              .region = c->region,
                                              .method = "GET",
                                              .path = aws_printf(c, "/2013-04-01/change/%.*s",
                                                                 EVAC_STR_ARG(change)) };
}

static struct evac_str asked_key(struct aws_call *c, struct evac_str change)
{
    return aws_printf(c, "route53 asked of %.*s", EVAC_STR_ARG(change));
}

static uint64_t asked_ms(struct aws_call *c, struct evac_str change)
{
    int64_t asked;
    bool known = evac_str_i64(aws_note_get(c->link, asked_key(c, change)), &asked) && asked > 0;
    return known ? (uint64_t)asked : 0;
}

/* It is too soon to ask: it was accepted, and nothing says that it is everywhere. */
static void tell_moving(struct aws_gathering *g)
{
    static const struct evac_aws_reply unasked = { .outcome = EVAC_OUTCOME_ACCEPTED };
    for (struct aws_member *m = g->first, *next; m; m = next) {
        next = m->next;
        aws_tell(m, &unasked);
    }
}

static bool load_poll(struct aws_flight *f, struct evac_aws_request *ret_request)
{
    const struct poll *first = (const struct poll *)(const void *)f->of->first;
    struct aws_call *c = first->member.c;
    uint64_t wait_ms;
    if (!dns_tempo_question(c, first->change, asked_ms(c, first->change), &wait_ms)) {
        tell_moving(f->of);
        return false;
    }
    for (struct aws_member *m = f->of->first; m; m = m->next)
        aws_board(f, m);
    describe(c, first->change, ret_request);
    aws_note_set(c->link, asked_key(c, first->change),
                 aws_printf(c, "%llu", (unsigned long long)dns_now_ms(c)));
    return true;
}

static bool is_everywhere(const struct evac_aws_reply *r)
{
    return evac_str_is(evac_xml_text(r->xml, "ChangeInfo/Status"), "INSYNC");
}

static void poll_landed(struct aws_flight *f, const struct evac_aws_reply *r)
{
    bool told = r->outcome != EVAC_OUTCOME_ACCEPTED;
    for (struct aws_member *m = f->of->first, *next; m; m = next) {
        next = m->next;
        if (m->flight != f)
            continue;
        if (!told)
            dns_tempo_answer(m->c, ((const struct poll *)(const void *)m)->change,
                             is_everywhere(r));
        told = true;
        aws_tell(m, r);
    }
}

static const struct aws_gather polls = { "GetChange", 1, load_poll, poll_landed };

/* A change that Route 53 does not know any more was stranded or is long done: unknown. */
static void on_change_status(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct poll *poll = c->helper;
    if (evac_str_is(r->code, "NoSuchChange")) {
        c->then(c);
    } else if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
    } else if (is_everywhere(r)) {
        aws_note_set(c->link, arrived_key(c, poll->change), EVAC_STR("1"));
        if (poll->arrived)
            poll->arrived(c);
        else
            dns_seen(c, EVAC_SEEN_SATISFIED, "");
    } else {
        dns_seen(c, EVAC_SEEN_MOVING, "the change is not on all of Route 53's servers yet");
    }
}

/* Until it is time, or until it is told that it is not; who came first does not wait longer because
 * others come. */
static void hold(struct aws_call *c, struct poll *poll)
{
    struct aws_gathering *g = poll->member.of;
    uint64_t wait_ms;
    if (g->held_until_ms <= dns_now_ms(c) &&
        !dns_tempo_question(c, poll->change, asked_ms(c, poll->change), &wait_ms))
        aws_hold(g, wait_ms);
}

static enum evac_code ask(struct aws_call *c, struct evac_str change, aws_then_fn *arrived,
                          struct evac_err *err)
{
    struct evac_aws_request request;
    struct poll *poll = evac_arena_alloc(c->arena, sizeof *poll);
    *poll = (struct poll){ .change = evac_arena_str(c->arena, change), .arrived = arrived };
    c->helper = poll;
    describe(c, poll->change, &request);
    if (c->cancelled)
        return evac_fail(err, EVAC_E_REFUSED, "cancelled");
    enum evac_code code =
        aws_gather(c, &polls, poll->change, &request, &poll->member, on_change_status, err);
    if (!code)
        hold(c, poll);
    return code;
}

/* The change that made this version, as far as is known here; "" none. */
static struct evac_str change_of(struct aws_call *c, struct evac_str version)
{
    struct evac_str made, change = evac_str_cut(aws_note_get(c->link, note_key(c)), ' ', &made);
    return evac_str_eq(made, version) ? change : EVAC_STR_NONE;
}

/* The list says so at once; users are told when the change is everywhere. */
void dns_wait(struct aws_call *c, aws_then_fn *unknown)
{
    const struct dns_aim *aim = c->state;
    struct evac_str change = change_of(c, aim->version);
    struct evac_err err = { EVAC_OK, "" };
    c->then = unknown;
    if (change.n == 0)
        unknown(c);
    else if (aws_note_get(c->link, arrived_key(c, change)).n)
        dns_seen(c, EVAC_SEEN_SATISFIED, "");
    else if (ask(c, change, NULL, &err))
        aws_start_failed(c, &err);
}

enum evac_code dns_wait_first(struct aws_call *c, struct evac_str made, aws_then_fn *arrived,
                              bool *ret_waits, struct evac_err *err)
{
    struct evac_str change = change_of(c, made);
    *ret_waits = change.n && !aws_note_get(c->link, arrived_key(c, change)).n;
    c->then = arrived;
    return *ret_waits ? ask(c, change, arrived, err) : EVAC_OK;
}

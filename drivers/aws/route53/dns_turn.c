/*
 * Turns: Route 53 takes ten requests a second of an account, whoever in it asks; and of a health
 * check's status one a second, four at a time (drivers/aws/facts/limits.cfg).
 */
#include "route53.h"

#include <string.h>

#define TURN_MS   250u
#define STATUS_MS 1000u
#define AT_A_TIME 4u

struct turn {
    struct aws_call *c;
    struct evac_aws_request request;
    aws_reply_fn *then;
};

static void due(void *user)
{
    const struct turn *turn = user;
    aws_next(turn->c, &turn->request, turn->then);
}

/* How long until the next turn of a kind, which is taken. ahead: so much may be used at once. */
static uint64_t take_turn(struct aws_call *c, struct evac_str kind, uint64_t every_ms,
                          uint64_t ahead_ms)
{
    const struct evac_host *host = c->link->host;
    uint64_t now = host->now_ms(host->ctx), next = now;
    int64_t noted = 0;
    if (evac_str_i64(aws_note_get(c->link, kind), &noted) && noted > (int64_t)now)
        next = (uint64_t)noted;
    aws_note_set(c->link, kind, aws_printf(c, "%llu", (unsigned long long)(next + every_ms)));
    return next > now + ahead_ms ? next - ahead_ms - now : 0;
}

static uint64_t delay_of(struct aws_call *c, const struct evac_aws_request *request)
{
    uint64_t any = take_turn(c, EVAC_STR("route53 turn"), TURN_MS, 0), own = 0;
    if (strcmp(request->operation, "GetHealthCheckStatus") == 0)
        own = take_turn(c, EVAC_STR("route53 status turn"), STATUS_MS, (AT_A_TIME - 1) * STATUS_MS);
    return any > own ? any : own;
}

enum evac_code dns_send_in_turn(struct aws_call *c, const struct evac_aws_request *request,
                                aws_reply_fn *then, struct evac_err *err)
{
    const struct evac_host *host = c->link->host;
    struct turn *turn = evac_arena_alloc(c->arena, sizeof *turn);
    uint64_t id;
    *turn = (struct turn){ c, *request, then };
    return host->timer(host->ctx, delay_of(c, request), due, turn, &id, err);
}

void dns_next_in_turn(struct aws_call *c, const struct evac_aws_request *request,
                      aws_reply_fn *then)
{
    struct evac_err err = { EVAC_OK, "" };
    struct aws_sight unseen = { .seen = EVAC_SEEN_UNSEEN, .progress = -1 };
    if (dns_send_in_turn(c, request, then, &err) != EVAC_OK)
        aws_answer_seen(c, &unseen, "%s", err.text);
}

/* Turns: Route 53 takes five requests a second of an account, whoever in it asks. */
#include "route53.h"

#define TURN_MS 250u
#define NOTE    EVAC_STR("route53 next turn")

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

/* How long until the next free turn, which is taken. */
static uint64_t take_turn(struct aws_call *c)
{
    const struct evac_host *host = c->link->host;
    uint64_t now = host->now_ms(host->ctx);
    int64_t next = 0;
    (void)evac_str_i64(aws_note_get(c->link, NOTE), &next);
    uint64_t at = next > 0 && (uint64_t)next > now ? (uint64_t)next : now;
    aws_note_set(c->link, NOTE, aws_printf(c, "%llu", (unsigned long long)(at + TURN_MS)));
    return at - now;
}

enum evac_code dns_send_in_turn(struct aws_call *c, const struct evac_aws_request *request,
                                aws_reply_fn *then, struct evac_err *err)
{
    const struct evac_host *host = c->link->host;
    struct turn *turn = evac_arena_alloc(c->arena, sizeof *turn);
    uint64_t id;
    *turn = (struct turn){ c, *request, then };
    return host->timer(host->ctx, take_turn(c), due, turn, &id, err);
}

void dns_next_in_turn(struct aws_call *c, const struct evac_aws_request *request,
                      aws_reply_fn *then)
{
    struct evac_err err = { EVAC_OK, "" };
    struct aws_sight unseen = { .seen = EVAC_SEEN_UNSEEN, .progress = -1 };
    if (dns_send_in_turn(c, request, then, &err) != EVAC_OK)
        aws_answer_seen(c, &unseen, "%s", err.text);
}

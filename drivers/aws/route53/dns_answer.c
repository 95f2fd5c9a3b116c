/* What a name answers, asked of DNS itself: the only thing that works without any AWS API. */
#include "route53.h"

#include <arpa/inet.h>
#include <string.h>

void dns_seen(struct aws_call *c, enum evac_seen seen, const char *why)
{
    static const struct dns_aim none = { .strong = false };
    const struct dns_aim *aim = c->state ? c->state : &none;
    struct aws_sight sight = { .seen = seen,
                               .strong = aim->strong,
                               .progress = -1,
                               .snapshot = aim->snapshot,
                               .version = aim->version };
    aws_answer_seen(c, &sight, "%s", why);
}

void dns_refuse(struct aws_call *c, const char *code, const char *why)
{
    if (c->verb == EVAC_VERB_OBSERVE)
        dns_seen(c, EVAC_SEEN_BLOCKED, why);
    else
        aws_answer_rejected(c, code, "%s", why);
}

bool dns_is_address(struct evac_str text)
{
    char kept[64], address[16];
    return evac_str_copy(kept, sizeof kept, text) &&
           (inet_pton(AF_INET, kept, address) == 1 || inet_pton(AF_INET6, kept, address) == 1);
}

static const char *asked_type(const struct aws_call *c)
{
    return evac_str_is(evac_args_get(&c->args, "record_type"), "AAAA") ? "AAAA" : "A";
}

/* Askers near a region may be told otherwise than we. */
static struct evac_str resolver(const struct aws_call *c)
{
    return aws_regional(c, "resolver");
}

struct evac_str dns_target(struct aws_call *c)
{
    struct evac_str target = aws_regional(c, "target"), alias = aws_regional(c, "alias");
    if (target.n == 0)
        target = alias;
    return target.n ? target
                    : aws_printf(c, "%.*s.%.*s", EVAC_STR_ARG(c->region),
                                 EVAC_STR_ARG(evac_args_get(&c->args, "name")));
}

static bool is_target(const struct dns_aim *aim, struct evac_str address)
{
    for (size_t i = 0; i < aim->target_count; i++)
        if (evac_str_eq(address, aim->targets[i]))
            return true;
    return false;
}

/* As resolvers write it: an IPv6 address may be written in many ways. */
static struct evac_str canonical(struct aws_call *c, struct evac_str address)
{
    char text[INET6_ADDRSTRLEN];
    unsigned char six[16];
    if (!evac_str_copy(text, sizeof text, address) || inet_pton(AF_INET6, text, six) != 1 ||
        !inet_ntop(AF_INET6, six, text, sizeof text))
        return evac_arena_str(c->arena, address);
    return evac_arena_str(c->arena, evac_str(text));
}

static void keep_targets(struct aws_call *c, const struct evac_str *values, size_t count)
{
    struct dns_aim *aim = c->state;
    struct evac_str *targets = evac_arena_array(c->arena, count + 1, sizeof *targets);
    for (size_t i = 0; i < count; i++)
        targets[i] = canonical(c, values[i]);
    aim->targets = targets;
    aim->target_count = count;
}

static void ask_name(struct aws_call *c);

static bool has_target(const struct dns_aim *aim, const struct evac_dns_reply *dns)
{
    for (size_t i = 0; i < dns->value_count; i++)
        if (is_target(aim, dns->values[i]))
            return true;
    return false;
}

/* No target among the answers, and no more are asked for. */
static void answer_missed(struct aws_call *c)
{
    const struct dns_aim *aim = c->state;
    if (aim->away && c->dns->value_count)
        dns_seen(c, EVAC_SEEN_SATISFIED, "");
    else if (aim->away)
        dns_seen(c, EVAC_SEEN_MOVING, "the name answers nothing at all");
    else
        dns_seen(
            c, EVAC_SEEN_MOVING,
            aws_printf(c, "the name still answers %.*s, not %.*s",
                       EVAC_STR_ARG(c->dns->value_count ? c->dns->values[0] : EVAC_STR("nothing")),
                       EVAC_STR_ARG(aim->targets[0]))
                .p);
}

static void compare_answer(struct aws_call *c)
{
    struct dns_aim *aim = c->state;
    bool hit = c->dns->answered && has_target(aim, c->dns);
    if (!c->dns->answered) {
        dns_seen(c, EVAC_SEEN_UNSEEN,
                 aws_printf(c, "DNS does not answer: %s", c->dns->error ? c->dns->error : "").p);
    } else if (hit && aim->away) {
        dns_seen(c, EVAC_SEEN_MOVING, "the name still answers with the region");
    } else if (hit) {
        dns_seen(c, EVAC_SEEN_SATISFIED, "");
    } else if (aim->more) {
        aim->more--;
        ask_name(c);
    } else {
        answer_missed(c);
    }
}

static void ask_name(struct aws_call *c)
{
    aws_resolve(c, evac_args_get(&c->args, "name"), asked_type(c), resolver(c), compare_answer);
}

static void take_targets(struct aws_call *c)
{
    if (!c->dns->answered || c->dns->value_count == 0) {
        dns_seen(c, EVAC_SEEN_UNSEEN, "the name that it is to point at has no address");
        return;
    }
    keep_targets(c, c->dns->values, c->dns->value_count);
    ask_name(c);
}

void dns_ask(struct aws_call *c, const struct evac_str *values, size_t count)
{
    if (count && !dns_is_address(values[0])) {
        aws_resolve(c, values[0], asked_type(c), resolver(c), take_targets);
        return;
    }
    keep_targets(c, values, count);
    ask_name(c);
}

enum evac_code dns_ask_first(struct aws_call *c, struct evac_str value, struct evac_err *err)
{
    if (!dns_is_address(value))
        return aws_resolve_first(c, value, asked_type(c), resolver(c), take_targets, err);
    keep_targets(c, &value, 1);
    return aws_resolve_first(c, evac_args_get(&c->args, "name"), asked_type(c), resolver(c),
                             compare_answer, err);
}

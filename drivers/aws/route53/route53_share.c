/*
 * A region's share of an active-active name: taken away (withdraw), given back (join). By weight,
 * where the set has weights; by the records' own health check, where it has none; or by the GO
 * object, whose health checks the records follow: then nothing is called here, and DNS is only
 * watched. The last region that gets traffic stays: a set whose weights are all zero is answered as
 * if they were all equal, and one whose checks are all unhealthy as if they were all healthy.
 */
#include "route53.h"

#include <string.h>

#define OTHERS_MAX 100u /* one page of a listing */

const struct evac_param dns_share_params[] = {
    { "withdraw", EVAC_PARAM_TEXT, EVAC_PARAM_OF_RESOURCE, NULL, NULL, "" },
    { 0 },
};

bool dns_share_by(const struct aws_call *c, const char *way)
{
    return evac_str_is(evac_args_get(&c->args, "withdraw"), way);
}

static bool is_action(const struct aws_call *c, const char *name)
{
    return strcmp(c->action, name) == 0;
}

/* --- by weight ------------------------------------------------------------------------------- */

/* The region's configured share; -1 when there is none that is one. */
static int64_t share_of(struct aws_call *c)
{
    struct evac_str text =
        evac_args_get(&c->args, aws_printf(c, "weights.%.*s", EVAC_STR_ARG(c->region)).p);
    int64_t weight;
    return evac_str_i64(text, &weight) && weight >= 1 && weight <= 255 ? weight : -1;
}

/* A goal has the weights of those records that the action would change, and only those go back. */
static int64_t wanted_weight(struct aws_call *c, const struct evac_xml *set)
{
    bool ours = dns_is_of(c, set, c->region);
    struct evac_json *goal = aws_goal(c);
    if (goal) {
        struct evac_str id = evac_arena_str(c->arena, evac_xml_text(set, "SetIdentifier"));
        int64_t was = evac_json_i64(evac_json_get(goal, "weights"), id.p, -1);
        evac_json_free(goal);
        return was;
    }
    if (is_action(c, "withdraw"))
        return ours ? 0 : -1;
    return ours ? share_of(c) : is_action(c, "point") ? 0 : -1;
}

static struct evac_str weights_snapshot(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct evac_buf json;
    const char *comma = "";
    evac_buf_init(&json, 65536);
    evac_buf_puts(&json, "{\"weights\":{");
    for (const struct evac_xml *s = dns_set(c, r, NULL); s; s = dns_set(c, r, s)) {
        if (!is_action(c, "point") && !dns_is_of(c, s, c->region))
            continue;
        evac_buf_puts(&json, comma);
        evac_buf_json(&json, evac_xml_text(s, "SetIdentifier"));
        evac_buf_putf(&json, ":%.*s", EVAC_STR_ARG(evac_xml_text(s, "Weight")));
        comma = ",";
    }
    evac_buf_puts(&json, "}}");
    struct evac_str kept = evac_arena_str(c->arena, evac_buf_str(&json));
    evac_buf_done(&json);
    return kept;
}

struct tally {
    size_t sets, ours, weightless;
    int64_t before, after; /* sums of weights */
};

static struct tally count_weights(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct tally t = { .sets = 0 };
    for (const struct evac_xml *s = dns_set(c, r, NULL); s; s = dns_set(c, r, s)) {
        int64_t weight = 0, wanted = wanted_weight(c, s);
        t.sets++;
        t.ours += dns_is_of(c, s, c->region);
        if (!evac_str_i64(evac_xml_text(s, "Weight"), &weight))
            t.weightless++;
        t.before += weight;
        t.after += wanted >= 0 ? wanted : weight;
    }
    return t;
}

/* Why it can not be done, NULL when it can. */
static const char *obstacle(struct aws_call *c, const struct tally *t)
{
    if (t->sets == 0)
        return "there is no such record set";
    if (t->weightless)
        return "it is not a weighted set";
    if (t->ours == 0)
        return aws_printf(c, "none of its records is %.*s's", EVAC_STR_ARG(c->region)).p;
    if (t->after == 0 && t->before == 0)
        return "all weights are 0, which Route 53 takes as all equal";
    if (t->after == 0)
        return "it is the last region that gets traffic: with all weights 0, Route 53 takes them "
               "as equal";
    return NULL;
}

/* Without the change's id DNS can show that a region is still answered, not that it never is: so
 * what the listing says counts, and is looked at twice. */
static void without_id(struct aws_call *c)
{
    struct dns_aim *aim = c->state;
    aim->strong = false;
    if (aim->away && c->goal.n == 0)
        dns_ask(c, aim->values, aim->value_count);
    else
        dns_seen(c, EVAC_SEEN_SATISFIED, "");
}

static void on_weights(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct dns_aim *aim = evac_arena_alloc(c->arena, sizeof *aim);
    struct evac_str sets;
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return;
    }
    struct tally tally = count_weights(c, r);
    const char *why = obstacle(c, &tally);
    bool whole = dns_sets(c, r, &sets);
    *aim = (struct dns_aim){ .away = is_action(c, "withdraw"), .strong = true, .more = DNS_MORE };
    aim->version = dns_version(c, sets);
    aim->values = dns_values(c, r, c->region, &aim->value_count);
    c->state = aim;
    if (!why && !whole)
        why = DNS_TOO_LARGE;
    if (!why)
        aim->snapshot = weights_snapshot(c, r);
    if (why)
        dns_seen(c, EVAC_SEEN_BLOCKED, why);
    else if (evac_str_eq(sets, dns_reweighed(c, r, wanted_weight)))
        dns_wait(c, without_id);
    else
        dns_seen(c, EVAC_SEEN_UNSATISFIED,
                 aim->away ? "the region has its share" : "the weights are others");
}

static void reweigh(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct evac_str sets;
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_not_sent(c, r);
        return;
    }
    struct tally tally = count_weights(c, r);
    const char *why = obstacle(c, &tally);
    if (why)
        aws_answer_rejected(c, "", "%s", why);
    else if (!dns_sets(c, r, &sets))
        aws_answer_rejected(c, "", DNS_TOO_LARGE);
    else
        dns_change(c, sets, dns_reweighed(c, r, wanted_weight));
}

static enum evac_code list_weights(struct aws_call *c, aws_reply_fn *then, struct evac_err *err)
{
    if (!is_action(c, "withdraw") && share_of(c) < 0)
        return evac_fail(err, EVAC_E_BADARG, "weights needs a share from 1 to 255 for %.*s",
                         EVAC_STR_ARG(c->region));
    return dns_list(c, then, err);
}

/* --- by health check ------------------------------------------------------------------------- */

/* The region's check and those of the others. NULL: it can be forced; else why not. */
static const char *find_checks(struct aws_call *c, const struct evac_aws_reply *r,
                               struct dns_forcing *f)
{
    struct evac_str *others = evac_arena_array(c->arena, OTHERS_MAX, sizeof *others);
    size_t ours = 0, sets = 0;
    f->others = others;
    for (const struct evac_xml *s = dns_set(c, r, NULL); s; s = dns_set(c, r, s), sets++) {
        struct evac_str id = evac_arena_str(c->arena, evac_xml_text(s, "HealthCheckId"));
        if (dns_is_of(c, s, c->region)) {
            if (id.n == 0 || (ours++ && !evac_str_eq(id, f->id)))
                return aws_printf(c,
                                  "the records of %.*s do not have one health check of their own",
                                  EVAC_STR_ARG(c->region))
                    .p;
            f->id = id;
        } else if (id.n == 0 || f->other_count == OTHERS_MAX) {
            f->left = true;
        } else {
            others[f->other_count++] = id;
        }
    }
    for (size_t i = 0; i < f->other_count; i++)
        if (ours && evac_str_eq(others[i], f->id))
            return "another region's record has the same health check: both would be out";
    return sets == 0   ? "there is no such record set"
           : ours == 0 ? aws_printf(c, "none of its records is %.*s's", EVAC_STR_ARG(c->region)).p
                       : NULL;
}

struct checked {
    struct dns_forcing forcing;    /* first: c->helper is both */
    const struct evac_str *values; /* of the region's records */
    size_t value_count;
};

/* The check says it at once; DNS follows within seconds, unless nobody else is healthy. What is
 * asked from elsewhere may be answered otherwise, so nobody waits for a join to show. */
static void forced(struct aws_call *c)
{
    const struct checked *k = c->helper;
    const struct dns_aim *aim = c->state;
    if (c->goal.n)
        dns_seen(c, EVAC_SEEN_SATISFIED, "");
    else if (aim->away)
        dns_ask(c, k->values, k->value_count);
    else
        dns_await_health(c);
}

static void on_checks(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct checked *k = evac_arena_alloc(c->arena, sizeof *k);
    *k = (struct checked){ .forcing.reached = forced };
    if (!aws_looked(c, r))
        return;
    const char *why = find_checks(c, r, &k->forcing);
    k->values = dns_values(c, r, c->region, &k->value_count);
    if (why)
        dns_refuse(c, "", why);
    else
        dns_force(c, &k->forcing);
}

/* --- by the GO object ------------------------------------------------------------------------ */

/* Its own withdraw and join moved it; here it is waited until users are told. Each answer may be
 * another one: several are asked for, and the engine looks twice. */
static enum evac_code watch(struct aws_call *c, struct evac_err *err)
{
    struct dns_aim *aim = evac_arena_alloc(c->arena, sizeof *aim);
    *aim = (struct dns_aim){ .away = is_action(c, "withdraw"),
                             .more = DNS_MORE,
                             .snapshot = EVAC_STR("{}") };
    c->state = aim;
    return dns_ask_first(c, dns_target(c), err);
}

/* --- all three
 * ------------------------------------------------------------------------------------ */

enum evac_code dns_observe_share(struct aws_call *c, struct evac_err *err)
{
    if (dns_share_by(c, "go-object"))
        return watch(c, err);
    if (dns_share_by(c, "check"))
        return dns_list(c, on_checks, err);
    return list_weights(c, on_weights, err);
}

enum evac_code dns_apply_share(struct aws_call *c, struct evac_err *err)
{
    if (dns_share_by(c, "check"))
        return dns_list(c, on_checks, err);
    if (dns_share_by(c, "go-object"))
        return evac_fail(err, EVAC_E_UNSUPPORTED,
                         "the GO object's own %s moves it, and its health checks follow",
                         c->action);
    return list_weights(c, reweigh, err);
}

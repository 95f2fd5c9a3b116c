/*
 * Whether a record set could be switched: its shape, its TTLs, its zone, and the health checks of
 * its records, one after the other, and each in its turn. A new check has no data, and is healthy
 * by rule (unhealthy, if it is inverted): it counts only when its checkers have reported.
 */
#include "route53.h"

#include <string.h>

#define CHECKS_MAX 32u
#define FACTS_MAX  5u

struct tested {
    struct evac_str id;
    struct evac_str
        region;   /* whose record has it, if it is to follow the GO object; "" not known */
    bool several; /* records of two regions have it */
    bool follows; /* it is to follow the GO object: inverted, never disabled */
    bool needed;  /* its record is to be answered soon: healthy */
};

struct readiness {
    struct tested checks[CHECKS_MAX];
    size_t check_count, next;
    struct dns_check check; /* the one that is looked at */
    struct evac_fact facts[FACTS_MAX];
    size_t fact_count;
    int64_t unhealthy;
};

static void fact(struct readiness *k, const char *name, int64_t value)
{
    k->facts[k->fact_count++] = (struct evac_fact){ name, value };
}

static void answer(struct aws_call *c, enum evac_seen seen, struct evac_str why)
{
    struct readiness *k = c->state;
    if (seen == EVAC_SEEN_SATISFIED) {
        fact(k, "checks", (int64_t)k->check_count);
        fact(k, "unhealthy", k->unhealthy);
    }
    struct aws_sight sight = {
        .seen = seen, .progress = -1, .facts = k->facts, .fact_count = k->fact_count
    };
    aws_answer_seen(c, &sight, "%.*s", EVAC_STR_ARG(why));
}

static void blocked(struct aws_call *c, struct evac_str why)
{
    answer(c, EVAC_SEEN_BLOCKED, why);
}

/* --- the health checks ----------------------------------------------------------------------- */

static void next_check(struct aws_call *c);

static const struct tested *current(const struct aws_call *c)
{
    const struct readiness *k = c->state;
    return &k->checks[k->next - 1];
}

static void on_status(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct readiness *k = c->state;
    const struct tested *t = current(c);
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return;
    }
    enum dns_health health = dns_health_of(r, &k->check);
    k->unhealthy += health == DNS_UNHEALTHY;
    if (health == DNS_UNTOLD)
        answer(c, EVAC_SEEN_MOVING,
               aws_printf(c,
                          "health check %.*s is new: its checkers have not reported, and it is %s "
                          "by rule",
                          EVAC_STR_ARG(t->id), k->check.inverted ? "unhealthy" : "healthy"));
    else if (health == DNS_UNHEALTHY && t->needed && !k->check.inverted)
        blocked(c, aws_printf(c, "health check %.*s is unhealthy: its record would not be answered",
                              EVAC_STR_ARG(t->id)));
    else
        next_check(c);
}

/* One that looks for another text would take another region out, or none. */
static const char *misled(struct aws_call *c, const struct tested *t, const struct dns_check *check)
{
    struct evac_str wanted = aws_printf(c, "\"%.*s\":\"out\"", EVAC_STR_ARG(t->region));
    if (t->several)
        return "is at the records of two regions: both would be out";
    if (t->region.n == 0 || !dns_has_endpoint(check) || evac_str_eq(check->search, wanted))
        return NULL;
    return aws_printf(c, "of %.*s searches '%.*s', not '%.*s'", EVAC_STR_ARG(t->region),
                      EVAC_STR_ARG(check->search), EVAC_STR_ARG(wanted))
        .p;
}

/* Disabled, it takes nobody out; forced, somebody is out, which is what join is for. */
static const char *fault_of(struct aws_call *c, const struct tested *t,
                            const struct dns_check *check)
{
    if (check->disabled && (t->follows || !check->inverted))
        return "is disabled: it would never switch";
    if (t->follows && !check->inverted)
        return "is not inverted: it does not follow the GO object";
    return misled(c, t, check);
}

static void on_check(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct readiness *k = c->state;
    const struct tested *t = current(c);
    if (evac_str_is(r->code, "NoSuchHealthCheck")) {
        blocked(c, aws_printf(c, "there is no health check %.*s", EVAC_STR_ARG(t->id)));
        return;
    }
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return;
    }
    k->check = dns_check_of(c, evac_xml_path(r->xml, "HealthCheck"));
    const char *fault = fault_of(c, t, &k->check);
    struct evac_aws_request request = dns_check_request(c, t->id, true);
    if (fault)
        blocked(c, aws_printf(c, "health check %.*s %s", EVAC_STR_ARG(t->id), fault));
    else if (dns_has_endpoint(&k->check) && !k->check.disabled)
        dns_next_in_turn(c, &request, on_status);
    else
        next_check(c);
}

static void next_check(struct aws_call *c)
{
    struct readiness *k = c->state;
    if (k->next == k->check_count) {
        answer(c, EVAC_SEEN_SATISFIED, EVAC_STR_NONE);
        return;
    }
    struct evac_aws_request request = dns_check_request(c, k->checks[k->next++].id, false);
    dns_next_in_turn(c, &request, on_check);
}

/* --- the zone -------------------------------------------------------------------------------- */

static void ask_zone(struct aws_call *c, const char *operation, const char *tail,
                     aws_reply_fn *then)
{
    struct evac_aws_request request = {
        .service = "route53",
        .operation = operation,
        .region = c->region,
        .method = "GET",
        .path = aws_printf(c, "/2013-04-01/hostedzone/%.*s%s",
                           EVAC_STR_ARG(evac_args_get(&c->args, "zone")), tail),
    };
    dns_next_in_turn(c, &request, then);
}

/* What may not be read, or is not known of such a zone, stays unknown; the rest is lost or late. */
static bool is_untold(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (r->outcome == EVAC_OUTCOME_ACCEPTED || r->outcome == EVAC_OUTCOME_REJECTED)
        return false;
    aws_answer_unseen(c, r);
    return true;
}

/* A zone that is signed with a key that does not work answers nothing that resolvers believe. */
static void on_dnssec(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct evac_str state = evac_xml_text(r->xml, "Status/ServeSignature");
    if (is_untold(c, r))
        return;
    if (r->outcome == EVAC_OUTCOME_ACCEPTED && state.n)
        fact(c->state, "signed", evac_str_is(state, "SIGNING"));
    if (evac_str_is(state, "ACTION_NEEDED") || evac_str_is(state, "INTERNAL_FAILURE"))
        blocked(c, aws_printf(c, "the zone's DNSSEC signing is at %.*s", EVAC_STR_ARG(state)));
    else
        next_check(c);
}

static void on_zone(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct evac_str state = evac_xml_text(r->xml, "HostedZone/Features/AcceleratedRecoveryStatus");
    if (is_untold(c, r))
        return;
    if (r->outcome == EVAC_OUTCOME_ACCEPTED)
        fact(c->state, "accelerated", evac_str_is(state, "ENABLED"));
    ask_zone(c, "GetDNSSEC", "/dnssec", on_dnssec);
}

/* --- the set --------------------------------------------------------------------------------- */

/* The check's row; NULL when the record has none. */
static struct tested *row_of(struct aws_call *c, const struct evac_xml *set)
{
    struct readiness *k = c->state;
    struct evac_str id = evac_xml_text(set, "HealthCheckId");
    size_t i = 0;
    while (i < k->check_count && !evac_str_eq(id, k->checks[i].id))
        i++;
    if (id.n == 0 || i == CHECKS_MAX)
        return NULL;
    if (i == k->check_count)
        k->checks[k->check_count++].id = evac_arena_str(c->arena, id);
    return &k->checks[i];
}

static void is_at(struct aws_call *c, struct tested *t, const struct evac_xml *set,
                  struct evac_str region)
{
    if (!dns_is_of(c, set, region))
        return;
    t->several |= t->region.n && !evac_str_eq(t->region, region);
    t->region = region;
}

/* Of several records with one check the strictest wish counts. */
static void test(struct aws_call *c, const struct evac_xml *set, bool follows, bool needed)
{
    struct tested *t = row_of(c, set);
    if (!t)
        return;
    t->follows |= follows;
    t->needed |= needed;
    if (dns_share_by(c, "go-object")) {
        is_at(c, t, set, c->from);
        is_at(c, t, set, c->to);
    }
}

struct shape {
    size_t sets, primaries, secondaries, to, unchecked;
    int64_t ttl_s, weights;
};

/* An alias has its target's TTL: of AWS's own mostly 60. */
static int64_t ttl_of(const struct evac_xml *set)
{
    int64_t ttl;
    return evac_str_i64(evac_xml_text(set, "TTL"), &ttl) ? ttl : 60;
}

static struct shape read_shape(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct shape shape = { .sets = 0 };
    bool pair = dns_is_pair(c);
    for (const struct evac_xml *s = dns_set(c, r, NULL); s; s = dns_set(c, r, s)) {
        struct evac_str role = evac_xml_text(s, "Failover");
        bool first = evac_str_is(role, "PRIMARY"), second = evac_str_is(role, "SECONDARY"),
             ours = dns_is_of(c, s, c->region), checked = evac_xml_text(s, "HealthCheckId").n > 0;
        int64_t weight = 0;
        (void)evac_str_i64(evac_xml_text(s, "Weight"), &weight);
        shape.sets++;
        shape.weights += weight;
        shape.ttl_s = ttl_of(s) > shape.ttl_s ? ttl_of(s) : shape.ttl_s;
        shape.primaries += first && checked;
        shape.secondaries += second;
        shape.to += ours;
        shape.unchecked += !checked;
        test(c, s, pair ? first : dns_share_by(c, "go-object"), pair ? second : ours);
    }
    return shape;
}

static struct evac_str misshape(struct aws_call *c, const struct shape *shape)
{
    int64_t most = evac_args_i64(&c->args, "ttl_max", 60);
    bool shared = evac_args_get(&c->args, "withdraw").n > 0, weighted = dns_share_by(c, "weight");
    if (shape->sets == 0)
        return EVAC_STR("there is no such record set");
    if (shape->ttl_s > most)
        return aws_printf(c, "its TTL is %lld s: clients would stay as long; at most %lld",
                          (long long)shape->ttl_s, (long long)most);
    if (dns_is_pair(c) && (!shape->primaries || !shape->secondaries))
        return EVAC_STR("it is not a failover pair whose primary has a health check");
    if (shared && shape->to == 0)
        return aws_printf(c, "none of its records is %.*s's", EVAC_STR_ARG(c->region));
    if (weighted && shape->weights == 0)
        return EVAC_STR("it has no weights above 0, which Route 53 takes as all equal");
    if (shared && !weighted && shape->unchecked)
        return EVAC_STR("a record without a health check can not be taken out");
    return EVAC_STR_NONE;
}

static void on_ready(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct readiness *k = evac_arena_alloc(c->arena, sizeof *k);
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return;
    }
    *k = (struct readiness){ .check_count = 0 };
    c->state = k;
    struct shape shape = read_shape(c, r);
    struct evac_str why = misshape(c, &shape);
    if (shape.sets)
        fact(k, "ttl_s", shape.ttl_s);
    if (why.n)
        blocked(c, why);
    else
        ask_zone(c, "GetHostedZone", "", on_zone);
}

enum evac_code dns_observe_ready(struct aws_call *c, struct evac_err *err)
{
    struct evac_aws_request request = dns_list_request(c);
    return dns_send_in_turn(c, &request, on_ready, err);
}

/*
 * Health checks of Route 53, as the drivers here use them. Forcing one is the dial that latency,
 * geolocation and multivalue sets do not have: disabled it is healthy whatever is seen, and
 * inverted besides it is unhealthy for good (AWS.md 2.1). The set itself stays as it is, so that no
 * location can vanish, and putting it back needs nothing remembered but two flags. Each change
 * carries the version that was seen.
 */
#include "route53.h"

#include <string.h>

#define QUORUM_PERCENT 18 /* healthy when more of the checkers than that say so */
#define LAST_CHECK     "every other region is out already: it is the last one that users are led to"

/* --- reading --------------------------------------------------------------------------------- */

static bool is_true(const struct evac_xml *x, const char *path)
{
    return evac_str_is(evac_xml_text(x, path), "true");
}

struct dns_check dns_check_of(struct aws_call *c, const struct evac_xml *check)
{
    return (struct dns_check){
        .id = evac_arena_str(c->arena, evac_xml_text(check, "Id")),
        .version = evac_arena_str(c->arena, evac_xml_text(check, "HealthCheckVersion")),
        .type = evac_arena_str(c->arena, evac_xml_text(check, "HealthCheckConfig/Type")),
        .search = evac_arena_str(c->arena, evac_xml_text(check, "HealthCheckConfig/SearchString")),
        .inverted = is_true(check, "HealthCheckConfig/Inverted"),
        .disabled = is_true(check, "HealthCheckConfig/Disabled"),
    };
}

bool dns_is_forced(const struct dns_check *check)
{
    return check->disabled && check->inverted;
}

bool dns_has_endpoint(const struct dns_check *check)
{
    return evac_str_starts(check->type, "HTTP") || evac_str_is(check->type, "TCP");
}

struct evac_aws_request dns_check_request(struct aws_call *c, struct evac_str id, bool status)
{
    return (struct evac_aws_request){
        .service = "route53",
        .operation = status ? "GetHealthCheckStatus" : "GetHealthCheck",
        .region = c->region,
        .method = "GET",
        .path = aws_printf(c, "/2013-04-01/healthcheck/%.*s%s", EVAC_STR_ARG(id),
                           status ? "/status" : ""),
    };
}

enum dns_health dns_health_of(const struct evac_aws_reply *status, const struct dns_check *check)
{
    size_t all = 0, good = 0;
    const struct evac_xml *o =
        evac_xml_path(status->xml, "HealthCheckObservations/HealthCheckObservation");
    for (; o; o = evac_xml_again(o), all++)
        good += evac_str_starts(evac_xml_text(o, "StatusReport/Status"), "Success");
    if (all == 0)
        return DNS_UNTOLD;
    return (good * 100 > all * QUORUM_PERCENT) != check->inverted ? DNS_HEALTHY : DNS_UNHEALTHY;
}

/* --- forcing --------------------------------------------------------------------------------- */

static void update(struct aws_call *c)
{
    const struct dns_forcing *f = c->helper;
    struct evac_aws_request request = dns_check_request(c, f->id, false);
    request.operation = "UpdateHealthCheck";
    request.mutates = true;
    request.method = "POST";
    request.body =
        aws_printf(c,
                   "<UpdateHealthCheckRequest xmlns=\"" ROUTE53_NS
                   "\"><HealthCheckVersion>%.*s</HealthCheckVersion><Inverted>%s</Inverted>"
                   "<Disabled>%s</Disabled></UpdateHealthCheckRequest>",
                   EVAC_STR_ARG(f->check.version), f->inverted ? "true" : "false",
                   f->disabled ? "true" : "false");
    aws_next(c, &request, aws_answer_outcome);
}

static void move(struct aws_call *c)
{
    const struct dns_forcing *f = c->helper;
    if (c->verb != EVAC_VERB_OBSERVE)
        update(c);
    else
        dns_seen(c, EVAC_SEEN_UNSATISFIED,
                 aws_printf(c, "its health check is %s, inverted: %s",
                            f->check.disabled ? "disabled" : "enabled",
                            f->check.inverted ? "yes" : "no")
                     .p);
}

static void find_left(struct aws_call *c);

/* One that is not there is healthy, as one that is not forced may be. */
static void on_other(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct dns_check other = dns_check_of(c, evac_xml_path(r->xml, "HealthCheck"));
    bool gone = evac_str_is(r->code, "NoSuchHealthCheck");
    if (!gone && r->outcome != EVAC_OUTCOME_ACCEPTED)
        aws_answer_no_look(c, r);
    else if (gone || !dns_is_forced(&other))
        move(c);
    else
        find_left(c);
}

static void find_left(struct aws_call *c)
{
    struct dns_forcing *f = c->helper;
    if (f->left) {
        move(c);
    } else if (f->next == f->other_count) {
        dns_refuse(c, "", LAST_CHECK);
    } else {
        struct evac_aws_request request = dns_check_request(c, f->others[f->next++], false);
        aws_next(c, &request, on_other);
    }
}

/* A goal has the two flags as they were. */
static void aim(struct aws_call *c, struct dns_forcing *f)
{
    struct evac_json *goal = aws_goal(c);
    bool out = strcmp(c->action, "withdraw") == 0;
    f->disabled = goal ? evac_json_bool(goal, "disabled", false) : out;
    f->inverted = goal  ? evac_json_bool(goal, "inverted", false)
                  : out ? true
                        : evac_args_bool(&c->args, "inverted", false);
    evac_json_free(goal);
}

static void keep_sight(struct aws_call *c, const struct dns_check *check)
{
    struct dns_aim *seen = evac_arena_alloc(c->arena, sizeof *seen);
    *seen = (struct dns_aim){ .strong = true,
                              .more = DNS_MORE,
                              .away = strcmp(c->action, "withdraw") == 0,
                              .version = check->version };
    seen->snapshot =
        aws_printf(c, "{\"id\":\"%.*s\",\"disabled\":%s,\"inverted\":%s}", EVAC_STR_ARG(check->id),
                   check->disabled ? "true" : "false", check->inverted ? "true" : "false");
    c->state = seen;
}

static void on_own(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct dns_forcing *f = c->helper;
    if (evac_str_is(r->code, "NoSuchHealthCheck")) {
        dns_refuse(c, "NoSuchHealthCheck", "there is no such health check");
        return;
    }
    if (!aws_looked(c, r))
        return;
    f->check = dns_check_of(c, evac_xml_path(r->xml, "HealthCheck"));
    aim(c, f);
    keep_sight(c, &f->check);
    bool so = f->check.disabled == f->disabled && f->check.inverted == f->inverted;
    if (so && c->verb == EVAC_VERB_OBSERVE)
        f->reached(c);
    else if (so)
        aws_answer_rejected(c, "", "it is so already");
    else if (c->verb != EVAC_VERB_OBSERVE && c->version.n &&
             !evac_str_eq(c->version, f->check.version))
        aws_answer_rejected(c, "HealthCheckVersionMismatch",
                            "it was changed since it was looked at");
    else if (f->disabled && f->inverted)
        find_left(c);
    else
        move(c);
}

void dns_force(struct aws_call *c, struct dns_forcing *f)
{
    struct evac_aws_request request = dns_check_request(c, f->id, false);
    c->helper = f;
    c->state = NULL; /* nothing is seen yet */
    aws_next(c, &request, on_own);
}

enum evac_code dns_force_first(struct aws_call *c, struct dns_forcing *f, struct evac_err *err)
{
    struct evac_aws_request request = dns_check_request(c, f->id, false);
    c->helper = f;
    c->state = NULL; /* nothing is seen yet */
    return aws_send(c, &request, on_own, err);
}

/* --- back to health -------------------------------------------------------------------------- */

static void on_status(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct dns_forcing *f = c->helper;
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return;
    }
    enum dns_health health = dns_health_of(r, &f->check);
    if (health == DNS_HEALTHY)
        dns_seen(c, EVAC_SEEN_SATISFIED, "");
    else
        dns_seen(c, EVAC_SEEN_MOVING,
                 health == DNS_UNTOLD ? "its checkers have not reported yet"
                                      : "its checkers do not find it healthy");
}

void dns_await_health(struct aws_call *c)
{
    const struct dns_forcing *f = c->helper;
    struct evac_aws_request request = dns_check_request(c, f->id, true);
    if (dns_has_endpoint(&f->check))
        aws_next(c, &request, on_status);
    else
        dns_seen(c, EVAC_SEEN_SATISFIED, "");
}

/*
 * A health check of Route 53 as a resource of its own: made as it is declared, and forced, so that
 * every record that carries it is left out. Its CallerReference is its name: Route 53 makes one
 * check of a reference, ever, so asking again makes no second one.
 */
#include "route53.h"

#include <string.h>

#define PAGES_MAX 50u /* of a hundred checks each */

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "id", EVAC_PARAM_TEXT, EVAC_PARAM_GROUP, NULL, NULL, "the id of each region's check; or its reference" },
    { "reference", EVAC_PARAM_TEXT, EVAC_PARAM_GROUP, NULL, NULL,
      "the CallerReference of each region's check: what it is found by, and made with" },
    { "check", EVAC_PARAM_CHOICE, 0, "HTTPS", "HTTP|HTTPS|HTTP_STR_MATCH|HTTPS_STR_MATCH|TCP", "what the checkers do" },
    { "host", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, "", NULL, "the name that they look at" },
    { "port", EVAC_PARAM_INT, EVAC_PARAM_REGIONAL, "443", NULL, "the port" },
    { "path", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, "/", NULL, "the path" },
    { "search", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, "", NULL,
      "the text that must be in the first 5,120 bytes, for ..._STR_MATCH" },
    { "interval", EVAC_PARAM_INT, 0, "10", NULL, "seconds between two looks of a checker: 10 or 30" },
    { "threshold", EVAC_PARAM_INT, 0, "1", NULL, "so many looks in a row turn it" },
    { "inverted", EVAC_PARAM_BOOL, 0, "false", NULL, "it is healthy when the checkers do not find what they look for" },
    { "withdraw", EVAC_PARAM_CHOICE, 0, NULL, "force",
      "withdraw and join force the check; not for one that follows the GO object" },
    { 0 },
};
static const struct evac_param force_params[] = {
    { "withdraw", EVAC_PARAM_TEXT, EVAC_PARAM_OF_RESOURCE, NULL, NULL, "" },
    { 0 },
};
static const struct evac_param ensure_params[] = {
    { "reference", EVAC_PARAM_TEXT, EVAC_PARAM_OF_RESOURCE, NULL, NULL, "" },
    { 0 },
};

#define CALL(operation, mutates) { "route53", operation, "route53:" operation, EVAC_HOME_FIXED, "us-east-1", true, mutates, NULL }
static const struct evac_op look_ops[] = {
    CALL("ListHealthChecks", false), CALL("GetHealthCheck", false), CALL("GetHealthCheckStatus", false), { 0 } };
static const struct evac_op force_ops[] = {
    CALL("ListHealthChecks", false), CALL("GetHealthCheck", false), CALL("GetHealthCheckStatus", false),
    CALL("UpdateHealthCheck", true), { 0 } };
static const struct evac_op ensure_ops[] = {
    CALL("ListHealthChecks", false), CALL("CreateHealthCheck", true), { 0 } };

#define FORCES EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE | EVAC_ACTION_TRAFFIC
#define PUT_BACK \
    "aws route53 update-health-check --cli-input-json " \
    "'{\"HealthCheckId\":\"<was.id>\",\"Disabled\":<was.disabled>,\"Inverted\":<was.inverted>}'"
static const struct evac_action actions[] = {
    { "ready", "the region's check is there, enabled, reported of and, unless it is inverted, healthy", 0, EVAC_FENCING_VERSION,
      1000, 300000, NULL, look_ops },
    { "ensure", "the region's check is there, as it is declared", EVAC_ACTION_MUTATES, EVAC_FENCING_TOKEN,
      2000, 120000, ensure_params, ensure_ops,
      "aws route53 delete-health-check --health-check-id $(aws route53 list-health-checks --output text "
      "--query \"HealthChecks[?CallerReference=='<reference>'].Id\")" },
    { "withdraw", "the region's check is unhealthy, whatever its checkers see", FORCES, EVAC_FENCING_VERSION,
      5000, 300000, force_params, force_ops, PUT_BACK },
    { "join", "the region's check says what its checkers see, and they find it healthy", FORCES, EVAC_FENCING_VERSION,
      60000, 600000, force_params, force_ops, PUT_BACK },
    { 0 },
};
/* clang-format on */

/* --- finding --------------------------------------------------------------------------------- */

struct finding {
    struct dns_forcing forcing;
    aws_then_fn *then;
    const struct evac_xml *declared; /* the check that has the region's reference, of this reply */
    size_t pages;
};

static struct evac_str of_region(struct aws_call *c, const char *name)
{
    return evac_args_get(&c->args, aws_printf(c, "%s.%.*s", name, EVAC_STR_ARG(c->region)).p);
}

/* Another region's, by the n-th argument; "" when that is none. */
static struct evac_str of_another(const struct aws_call *c, const char *name, size_t n)
{
    struct evac_str region, head = evac_str_cut(c->args.items[n].name, '.', &region);
    bool other = evac_str_is(head, name) && region.n && !evac_str_eq(region, c->region);
    return other ? c->args.items[n].value : EVAC_STR_NONE;
}

static void add_other(struct aws_call *c, struct dns_forcing *f, struct evac_str id)
{
    struct evac_str *others = evac_arena_array(c->arena, f->other_count + 1, sizeof *others);
    for (size_t i = 0; i < f->other_count; i++)
        others[i] = f->others[i];
    others[f->other_count++] = evac_arena_str(c->arena, id);
    f->others = others;
}

static void list_page(struct aws_call *c, struct evac_str marker);

static void take_page(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct finding *k = c->state;
    for (const struct evac_xml *x = evac_xml_path(r->xml, "HealthChecks/HealthCheck"); x;
         x = evac_xml_again(x)) {
        struct evac_str reference = evac_xml_text(x, "CallerReference"), id;
        id = evac_xml_text(x, "Id");
        if (evac_str_eq(reference, of_region(c, "reference"))) {
            k->declared = x;
            k->forcing.id = evac_arena_str(c->arena, id);
        }
        for (size_t n = 0; n < c->args.count; n++)
            if (reference.n && evac_str_eq(reference, of_another(c, "reference", n)))
                add_other(c, &k->forcing, id);
    }
}

/* ensure needs the check itself and stops where it stands; the others need all. */
static void on_page(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct finding *k = c->state;
    if (!aws_looked(c, r))
        return;
    take_page(c, r);
    bool more = evac_str_is(evac_xml_text(r->xml, "IsTruncated"), "true");
    bool found = k->declared && strcmp(c->action, "ensure") == 0;
    if (more && !found && ++k->pages < PAGES_MAX)
        list_page(c, evac_arena_str(c->arena, evac_xml_text(r->xml, "NextMarker")));
    else
        k->then(c);
}

static struct evac_aws_request page_request(struct aws_call *c, struct evac_str marker)
{
    struct evac_arg *param = evac_arena_alloc(c->arena, sizeof *param);
    *param = (struct evac_arg){ EVAC_STR("marker"), marker };
    return (struct evac_aws_request){ .service = "route53",
                                      .operation = "ListHealthChecks",
                                      .region = c->region,
                                      .method = "GET",
                                      .path = EVAC_STR("/2013-04-01/healthcheck"),
                                      .params = param,
                                      .param_count = marker.n ? 1 : 0 };
}

static void list_page(struct aws_call *c, struct evac_str marker)
{
    struct evac_aws_request request = page_request(c, marker);
    aws_next(c, &request, on_page);
}

static struct finding *begin(struct aws_call *c, aws_then_fn *then)
{
    struct finding *k = evac_arena_alloc(c->arena, sizeof *k);
    *k = (struct finding){ .then = then };
    c->state = k;
    return k;
}

static enum evac_code find_by_reference(struct aws_call *c, struct evac_err *err)
{
    struct evac_aws_request request = page_request(c, EVAC_STR_NONE);
    if (of_region(c, "reference").n == 0)
        return evac_fail(err, EVAC_E_BADARG, "there is no 'id' or 'reference' for %.*s",
                         EVAC_STR_ARG(c->region));
    return aws_send(c, &request, on_page, err);
}

static void answer_missing(struct aws_call *c)
{
    c->state = NULL;
    dns_refuse(c, "NoSuchHealthCheck", "there is no such health check");
}

/* --- withdraw and join ----------------------------------------------------------------------- */

static void reached(struct aws_call *c)
{
    const struct dns_aim *seen = c->state;
    if (seen->away || c->goal.n)
        dns_seen(c, EVAC_SEEN_SATISFIED, "");
    else
        dns_await_health(c);
}

static void force(struct aws_call *c)
{
    struct finding *k = c->state;
    if (k->forcing.id.n)
        dns_force(c, &k->forcing);
    else
        answer_missing(c);
}

static enum evac_code move(struct aws_call *c, struct evac_err *err)
{
    struct finding *k = begin(c, force);
    k->forcing.reached = reached;
    k->forcing.id = of_region(c, "id");
    if (k->forcing.id.n == 0)
        return find_by_reference(c, err);
    for (size_t n = 0; n < c->args.count; n++)
        if (of_another(c, "id", n).n)
            add_other(c, &k->forcing, of_another(c, "id", n));
    return dns_force_first(c, &k->forcing, err);
}

/* --- ready ----------------------------------------------------------------------------------- */

static void on_status(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct finding *k = c->state;
    const struct dns_check check = k->forcing.check;
    c->state = NULL;
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return;
    }
    enum dns_health health = dns_health_of(r, &check);
    if (health == DNS_HEALTHY)
        dns_seen(c, EVAC_SEEN_SATISFIED, "");
    else if (health == DNS_UNTOLD)
        dns_seen(c, EVAC_SEEN_MOVING, "it is new: its checkers have not reported yet");
    else if (check.inverted)
        dns_seen(c, EVAC_SEEN_SATISFIED, "it keeps its region out");
    else
        dns_seen(c, EVAC_SEEN_BLOCKED, "its checkers do not find it healthy");
}

static void on_check(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct finding *k = c->state;
    if (evac_str_is(r->code, "NoSuchHealthCheck")) {
        answer_missing(c);
        return;
    }
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return;
    }
    k->forcing.check = dns_check_of(c, evac_xml_path(r->xml, "HealthCheck"));
    struct evac_aws_request request = dns_check_request(c, k->forcing.id, true);
    bool told = dns_has_endpoint(&k->forcing.check) && !k->forcing.check.disabled;
    if (told) {
        dns_next_in_turn(c, &request, on_status);
        return;
    }
    bool stuck = k->forcing.check.disabled && !k->forcing.check.inverted;
    c->state = NULL;
    dns_seen(c, stuck ? EVAC_SEEN_BLOCKED : EVAC_SEEN_SATISFIED,
             stuck ? "it is disabled: it would never switch" : "");
}

static void look(struct aws_call *c)
{
    const struct finding *k = c->state;
    struct evac_aws_request request = dns_check_request(c, k->forcing.id, false);
    if (k->forcing.id.n)
        dns_next_in_turn(c, &request, on_check);
    else
        answer_missing(c);
}

static enum evac_code observe_ready(struct aws_call *c, struct evac_err *err)
{
    struct finding *k = begin(c, look);
    k->forcing.id = of_region(c, "id");
    if (k->forcing.id.n == 0)
        return find_by_reference(c, err);
    struct evac_aws_request request = dns_check_request(c, k->forcing.id, false);
    return dns_send_in_turn(c, &request, on_check, err);
}

/* --- ensure ---------------------------------------------------------------------------------- */

/* What Route 53 keeps, by the name of the setting. Those that are empty are not sent. */
static const struct {
    const char *setting, *element;
} members[] = {
    { "port", "Port" },
    { "check", "Type" },
    { "path", "ResourcePath" },
    { "host", "FullyQualifiedDomainName" },
    { "search", "SearchString" },
    { "interval", "RequestInterval" },
    { "threshold", "FailureThreshold" },
    { "inverted", "Inverted" },
};
#define MEMBERS (sizeof members / sizeof members[0])

static struct evac_str declared(struct aws_call *c, size_t i)
{
    bool plain =
        evac_str_is(evac_args_get(&c->args, "check"), "TCP") &&
        (strcmp(members[i].setting, "path") == 0 || strcmp(members[i].setting, "search") == 0);
    return plain ? EVAC_STR_NONE : aws_regional(c, members[i].setting);
}

/* The first setting that is another one than declared; NULL none. */
static const char *difference(struct aws_call *c, const struct evac_xml *check)
{
    const struct evac_xml *config = evac_xml_child(check, "HealthCheckConfig");
    for (size_t i = 0; i < MEMBERS; i++)
        if (!evac_str_eq(declared(c, i), evac_xml_text(config, members[i].element)))
            return members[i].setting;
    return NULL;
}

static void compare(struct aws_call *c)
{
    const struct finding *k = c->state;
    const char *other = k->declared ? difference(c, k->declared) : NULL;
    bool there = k->declared != NULL;
    c->state = NULL;
    if (!there)
        dns_seen(c, EVAC_SEEN_UNSATISFIED, "there is no health check of that reference");
    else if (other)
        dns_seen(c, EVAC_SEEN_BLOCKED,
                 aws_printf(c, "it is there, with another %s than declared", other).p);
    else
        dns_seen(c, EVAC_SEEN_SATISFIED, "");
}

static void create(struct aws_call *c)
{
    const struct finding *k = c->state;
    struct evac_buf xml;
    struct evac_aws_request request = { .service = "route53",
                                        .operation = "CreateHealthCheck",
                                        .region = c->region,
                                        .mutates = true,
                                        .method = "POST",
                                        .path = EVAC_STR("/2013-04-01/healthcheck") };
    if (k->declared) {
        aws_answer_rejected(c, "HealthCheckAlreadyExists", "it is there already");
        return;
    }
    evac_buf_init(&xml, 16384);
    evac_buf_puts(&xml, "<CreateHealthCheckRequest xmlns=\"" ROUTE53_NS "\">");
    dns_put_tag(&xml, "CallerReference", of_region(c, "reference"));
    evac_buf_puts(&xml, "<HealthCheckConfig>");
    for (size_t i = 0; i < MEMBERS; i++)
        if (declared(c, i).n)
            dns_put_tag(&xml, members[i].element, declared(c, i));
    evac_buf_puts(&xml, "</HealthCheckConfig></CreateHealthCheckRequest>");
    request.body = evac_arena_str(c->arena, evac_buf_str(&xml));
    bool whole = !xml.failed;
    evac_buf_done(&xml);
    if (whole)
        aws_next(c, &request, aws_answer_outcome);
    else
        aws_answer_rejected(c, "", "the declaration is too large");
}

static enum evac_code observe_ensure(struct aws_call *c, struct evac_err *err)
{
    begin(c, compare);
    return find_by_reference(c, err);
}

static enum evac_code apply_ensure(struct aws_call *c, struct evac_err *err)
{
    begin(c, create);
    return find_by_reference(c, err);
}

static const struct aws_handlers handlers[] = {
    { .action = "ready", .observe = observe_ready },
    { .action = "ensure", .observe = observe_ensure, .apply = apply_ensure },
    { .action = "withdraw", .observe = move, .apply = move },
    { .action = "join", .observe = move, .apply = move },
    { 0 },
};

AWS_CALL(call_health_check, handlers)

const struct evac_driver evac_driver_health_check = {
    "health-check", "a Route 53 health check", resource_params, actions, 0,
    NULL,           call_health_check,         aws_cancel
};

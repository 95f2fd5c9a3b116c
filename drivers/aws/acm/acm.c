/*
 * ACM: a region that takes over serves TLS with its own certificate. It must have been issued there
 * before, be good for long enough, and be the one that something uses. A certificate that renews
 * itself says why when it can not.
 */
#include "aws_template.h"

#include <string.h>

#define DAY_S 86400

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "domain", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL, "the domain that it must be good for; of those that are, the one that lasts longest" },
    { "certificate", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL, "or: its ARN" },
    { 0 },
};
static const struct evac_param ready_params[] = {
    { "domain|certificate", EVAC_PARAM_TEXT, EVAC_PARAM_OF_RESOURCE, NULL, NULL, "" },
    { "days", EVAC_PARAM_INT, 0, "30", NULL, "so long it must still be good" },
    { "in_use", EVAC_PARAM_BOOL, 0, "false", NULL, "something in the region, such as a load balancer, must use it" },
    { 0 },
};
static const struct evac_op ops[] = {
    { "acm", "ListCertificates", "acm:ListCertificates", EVAC_HOME_STEP, NULL, true, false, "certificate=" },
    { "acm", "DescribeCertificate", "acm:DescribeCertificate", EVAC_HOME_STEP, NULL, true, false },
    { 0 },
};
static const struct evac_action actions[] = {
    { "ready", "the region's certificate is issued, and good for long enough", 0, EVAC_FENCING_NONE, 1000, 60000, ready_params, ops },
    { 0 },
};
/* clang-format on */

struct work {
    struct evac_str name; /* for people: the domain, else the ARN */
    struct evac_str arn;  /* the best one so far; "" none */
    bool issued;          /* it is */
    double not_after;     /* and so long */
    struct evac_str page;
};

static void blocked(struct aws_call *c, const char *why)
{
    struct aws_sight sight = { .seen = EVAC_SEEN_BLOCKED, .progress = -1 };
    aws_answer_seen(c, &sight, "%s", why);
}

/* --- one certificate ------------------------------------------------------------------------- */

/* "; its renewal is PENDING_VALIDATION", when it does not renew by itself. */
static const char *renewal(struct aws_call *c, const struct evac_json *certificate)
{
    const struct evac_json *summary = evac_json_get(certificate, "RenewalSummary");
    struct evac_str status = evac_json_str(summary, "RenewalStatus");
    struct evac_str reason = evac_json_str(summary, "RenewalStatusReason");
    if (!status.n && evac_str_is(evac_json_str(certificate, "Type"), "IMPORTED"))
        return "; it was imported, and is not renewed by ACM";
    if (!status.n || evac_str_is(status, "SUCCESS"))
        return "";
    return aws_printf(c, "; its renewal is %.*s%s%.*s", EVAC_STR_ARG(status), reason.n ? ": " : "",
                      EVAC_STR_ARG(reason))
        .p;
}

static void judge(struct aws_call *c, const struct evac_json *k, int64_t now_s)
{
    const struct work *w = c->state;
    struct evac_str status = evac_json_str(k, "Status"), arn = evac_json_str(k, "CertificateArn");
    int64_t seconds = (int64_t)evac_json_num(k, "NotAfter", 0) - now_s, days = seconds / DAY_S;
    int64_t wanted = evac_args_i64(&c->args, "want.days", 30);
    bool issued = evac_str_is(status, "ISSUED"), lasts = seconds >= wanted * DAY_S;
    bool used = evac_json_count(evac_json_get(k, "InUseBy")) > 0 ||
                !evac_args_bool(&c->args, "want.in_use", false);
    struct evac_fact fact = { "days_left", days };
    struct aws_sight sight = { .seen = issued && lasts && used ? EVAC_SEEN_SATISFIED
                                                               : EVAC_SEEN_BLOCKED,
                               .progress = -1,
                               .facts = &fact,
                               .fact_count = issued,
                               .snapshot = aws_printf(c, "{\"arn\":\"%.*s\",\"status\":\"%.*s\"}",
                                                      EVAC_STR_ARG(arn), EVAC_STR_ARG(status)) };
    if (!issued)
        aws_answer_seen(c, &sight, "the certificate for %.*s is %.*s", EVAC_STR_ARG(w->name),
                        EVAC_STR_ARG(status));
    else if (seconds < 0)
        aws_answer_seen(c, &sight, "the certificate for %.*s expired%s", EVAC_STR_ARG(w->name),
                        renewal(c, k));
    else if (!lasts)
        aws_answer_seen(c, &sight,
                        "the certificate for %.*s expires in %lld days, %lld are wanted%s",
                        EVAC_STR_ARG(w->name), (long long)days, (long long)wanted, renewal(c, k));
    else if (!used)
        aws_answer_seen(c, &sight, "nothing in %.*s uses the certificate for %.*s",
                        EVAC_STR_ARG(c->region), EVAC_STR_ARG(w->name));
    else
        aws_answer_seen(c, &sight, "the certificate for %.*s is good for %lld days",
                        EVAC_STR_ARG(w->name), (long long)days);
}

static const char *none(struct aws_call *c)
{
    const struct work *w = c->state;
    return aws_printf(c, "there is no certificate for %.*s in %.*s", EVAC_STR_ARG(w->name),
                      EVAC_STR_ARG(c->region))
        .p;
}

static void on_certificate(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (evac_str_is(r->code, "ResourceNotFoundException"))
        blocked(c, none(c));
    else if (r->outcome != EVAC_OUTCOME_ACCEPTED)
        aws_answer_unseen(c, r);
    else
        judge(c, evac_json_get(r->json, "Certificate"), aws_server_ms(c, r) / 1000);
}

static struct evac_aws_request describe(struct aws_call *c, struct evac_str arn)
{
    static const struct aws_ask ask = { "acm", "DescribeCertificate",
                                        .body = "{\"CertificateArn\":\"<arn>\"}" };
    struct aws_hole hole = { "arn", arn };
    return aws_ask(c, &ask, false, &hole, 1);
}

/* --- the best one of a domain ---------------------------------------------------------------- */

/* Without the key types, RSA of 2048 bits and less alone is told. */
static struct evac_aws_request list(struct aws_call *c)
{
    static const struct aws_ask ask = {
        "acm", "ListCertificates",
        .body = "{\"MaxItems\":1000,\"NextToken\":<\"page>,\"Includes\":{\"keyTypes\":["
                "\"RSA_1024\",\"RSA_2048\",\"RSA_3072\",\"RSA_4096\",\"EC_prime256v1\","
                "\"EC_secp384r1\",\"EC_secp521r1\"]}}"
    };
    struct aws_hole hole = { "page", ((const struct work *)c->state)->page };
    return aws_ask(c, &ask, false, &hole, 1);
}

/* "*.example.com" is good for "shop.example.com", and for nothing deeper. */
static bool covers(struct evac_str name, struct evac_str domain)
{
    struct evac_str rest, parent;
    if (evac_str_eq(name, domain))
        return true;
    if (!evac_str_starts(name, "*."))
        return false;
    (void)evac_str_cut(domain, '.', &parent);
    (void)evac_str_cut(name, '.', &rest);
    return parent.n && evac_str_eq(rest, parent);
}

static bool is_for(const struct evac_json *summary, struct evac_str domain)
{
    const struct evac_json *e =
        evac_json_first(evac_json_get(summary, "SubjectAlternativeNameSummaries"));
    bool found = covers(evac_json_str(summary, "DomainName"), domain);
    for (; e && !found; e = evac_json_next(e))
        found = covers(evac_json_text(e), domain);
    return found;
}

/* An issued one before any other, then the one that lasts longest. */
static void consider(struct aws_call *c, const struct evac_json *summary)
{
    struct work *w = c->state;
    bool issued = evac_str_is(evac_json_str(summary, "Status"), "ISSUED");
    double not_after = evac_json_num(summary, "NotAfter", 0);
    if (w->arn.n && (w->issued > issued || (w->issued == issued && w->not_after >= not_after)))
        return;
    w->arn = evac_arena_str(c->arena, evac_json_str(summary, "CertificateArn"));
    w->issued = issued;
    w->not_after = not_after;
}

static void on_list(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    struct evac_aws_request next;
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return;
    }
    const struct evac_json *e = evac_json_first(evac_json_get(r->json, "CertificateSummaryList"));
    for (; e; e = evac_json_next(e))
        if (is_for(e, w->name))
            consider(c, e);
    w->page = evac_arena_str(c->arena, evac_json_str(r->json, "NextToken"));
    if (w->page.n) {
        next = list(c);
        aws_next(c, &next, on_list);
    } else if (w->arn.n) {
        next = describe(c, w->arn);
        aws_next(c, &next, on_certificate);
    } else {
        blocked(c, none(c));
    }
}

static enum evac_code observe_ready(struct aws_call *c, struct evac_err *err)
{
    struct work *w = evac_arena_alloc(c->arena, sizeof *w);
    struct evac_str arn = aws_regional(c, "certificate"), domain = aws_regional(c, "domain");
    w->name = domain.n ? domain : arn;
    c->state = w;
    if (!w->name.n)
        return evac_fail(err, EVAC_E_BADARG, "domain or certificate is needed");
    struct evac_aws_request request = arn.n ? describe(c, arn) : list(c);
    return aws_send(c, &request, arn.n ? on_certificate : on_list, err);
}

static const struct aws_handlers handlers[] = {
    { .action = "ready", .observe = observe_ready },
    { 0 },
};

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_acm = {
    "acm", "a certificate of ACM", resource_params, actions, 0, NULL, call, aws_cancel
};

/*
 * ACM: certificates, a region each.
 *
 *     make acm us-west-2 {"kind":"certificate","name":"c1","DomainName":"shop.example.com",
 *       "days":90,"InUseBy":["arn:..."],"Status":"ISSUED","KeyAlgorithm":"EC_prime256v1"}
 *
 * "days": so long it is good from now on; less than none: it expired.
 */
#include "sandbox_docs.h"

#include <cjson/cJSON.h>

#define PAGE_DEFAULT 100
#define DAY_S        86400

static void made(struct evac_sandbox *sb, struct sb_doc *d)
{
    double now = (double)sb_wall_ms(sb) / 1000, days = (double)sb_doc_num(d, "days", 395);
    sb_doc_set_num(d, "NotBefore", now - DAY_S);
    sb_doc_set_num(d, "NotAfter", now + days * DAY_S);
    if (days < 0)
        sb_doc_set_text(d, "Status", EVAC_STR("EXPIRED"));
    sb_doc_unset(d, "days");
}

static const struct sb_kind kinds[] = {
    { "certificate",
      "{\"CertificateArn\":\"arn:aws:acm:{region}:{account}:certificate/"
      "{name}\",\"DomainName\":\"shop.example.com\",\"SubjectAlternativeNames\":[],"
      "\"Status\":\"ISSUED\",\"Type\":\"AMAZON_ISSUED\",\"KeyAlgorithm\":\"RSA_2048\","
      "\"InUseBy\":[],\"RenewalEligibility\":\"ELIGIBLE\"}",
      false, made },
    { 0 },
};

static void describe_certificate(struct sb_call *c)
{
    const struct sb_doc *d =
        sb_doc_named(c, c->region, "certificate", sb_short_name(sb_in(c, "CertificateArn")), 400,
                     "ResourceNotFoundException");
    if (!d)
        return;
    evac_buf_puts(&c->out, "{\"Certificate\":");
    sb_doc_put(&c->out, d, "");
    evac_buf_putc(&c->out, '}');
}

/* Without the filter, RSA of 1024 and 2048 bits alone. */
static bool has_key_type(const struct sb_call *c, const struct sb_doc *d)
{
    if (!sb_has(c, "Includes.keyTypes.1"))
        return sb_doc_is(d, "KeyAlgorithm", "RSA_1024") || sb_doc_is(d, "KeyAlgorithm", "RSA_2048");
    for (int i = 1; sb_has(c, "Includes.keyTypes.%d", i); i++)
        if (evac_str_eq(sb_in(c, "Includes.keyTypes.%d", i), sb_doc_text(d, "KeyAlgorithm")))
            return true;
    return false;
}

static bool has_status(const struct sb_call *c, const struct sb_doc *d)
{
    bool any = !sb_has(c, "CertificateStatuses.1");
    for (int i = 1; sb_has(c, "CertificateStatuses.%d", i); i++)
        any |= evac_str_eq(sb_in(c, "CertificateStatuses.%d", i), sb_doc_text(d, "Status"));
    return any;
}

static void put_summary(struct sb_call *c, const struct sb_doc *d)
{
    static const char *const members[][2] = {
        { "CertificateArn", "CertificateArn" },
        { "DomainName", "DomainName" },
        { "SubjectAlternativeNameSummaries", "SubjectAlternativeNames" },
        { "Status", "Status" },
        { "KeyAlgorithm", "KeyAlgorithm" },
        { "NotBefore", "NotBefore" },
        { "NotAfter", "NotAfter" },
    };
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        evac_buf_putf(&c->out, "%s\"%s\":", i ? "," : "{", members[i][0]);
        sb_doc_put(&c->out, d, members[i][1]);
    }
    evac_buf_putf(&c->out, ",\"InUse\":%s}",
                  cJSON_GetArraySize(cJSON_GetObjectItem(d->json, "InUseBy")) ? "true" : "false");
}

/* A token is the number of certificates before its page. */
static void list_certificates(struct sb_call *c)
{
    int64_t page = sb_in_i64(c, "MaxItems", PAGE_DEFAULT), from = sb_in_i64(c, "NextToken", 0);
    int64_t at = 0;
    struct sb_doc *d = NULL;
    if (page < 1 || page > 1000 || from < 0) {
        sb_error(c, 400, "ValidationException", "MaxItems: from 1 to 1000.");
        return;
    }
    page = page > PAGE_DEFAULT ? PAGE_DEFAULT : page; /* AWS may give less than was asked for */
    evac_buf_puts(&c->out, "{\"CertificateSummaryList\":[");
    while ((d = sb_doc_next(c->sb, c->id, c->region, "certificate", d))) {
        if (!has_key_type(c, d) || !has_status(c, d))
            continue;
        if (at >= from && at < from + page) {
            evac_buf_puts(&c->out, at > from ? "," : "");
            put_summary(c, d);
        }
        at++;
    }
    evac_buf_putc(&c->out, ']');
    if (at > from + page)
        evac_buf_putf(&c->out, ",\"NextToken\":\"%lld\"", (long long)(from + page));
    evac_buf_putc(&c->out, '}');
}

static const struct sb_operation operations[] = {
    { "DescribeCertificate", describe_certificate, .takes = "CertificateArn!" },
    { "ListCertificates", list_certificates,
      .takes = "CertificateStatuses Includes NextToken MaxItems SortBy SortOrder" },
    { 0 },
};

SB_DOCS(ACM, kinds)

const struct sb_service sb_service_acm = {
    .signing_name = "acm", .row = "acm", .operations = operations, .make = make, .truth = truth
};

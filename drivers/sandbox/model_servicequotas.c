/*
 * Service Quotas: how much of each service an account may have in a region. Some were raised long
 * ago, others stand at their default.
 *
 * Control's `make service-quotas REGION {"service":"ec2","code":"L-1216C47A","value":64}` sets one.
 */
#include "sandbox_internal.h"

#include <stdlib.h>
#include <string.h>

#define RAISED_MAX 64u

static const struct quota {
    const char *service, *code, *name;
    double standard, usual; /* AWS's default; what this account has, 0: that */
    const char *service_name;
} quotas[] = {
    { "ec2", "L-1216C47A", "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 5,
      640, "Amazon Elastic Compute Cloud (Amazon EC2)" },
    { "ec2", "L-0263D0A3", "EC2-VPC Elastic IPs", 5, 0,
      "Amazon Elastic Compute Cloud (Amazon EC2)" },
    { "fargate", "L-3032A538", "Fargate On-Demand vCPU resource count", 6, 400, "AWS Fargate" },
    { "lambda", "L-B99A9384", "Concurrent executions", 1000, 0, "AWS Lambda" },
    { "rds", "L-7B6409FD", "DB instances", 40, 0, "Amazon Relational Database Service" },
    { "rds", "L-952B80B8", "DB clusters", 40, 0, "Amazon Relational Database Service" },
    { "elasticloadbalancing", "L-53DA6B97", "Application Load Balancers per Region", 50, 0,
      "Elastic Load Balancing" },
};
#define QUOTA_COUNT (sizeof quotas / sizeof quotas[0])

struct raised {
    size_t region;
    const struct quota *quota;
    double value;
};

struct servicequotas {
    struct raised raised[RAISED_MAX];
    size_t count;
};

static void *create(struct evac_sandbox *sb)
{
    struct servicequotas *s = calloc(1, sizeof *s);
    (void)sb;
    if (!s)
        abort();
    return s;
}

static const struct quota *find(struct evac_str service, struct evac_str code)
{
    for (size_t i = 0; i < QUOTA_COUNT; i++)
        if (evac_str_is(service, quotas[i].service) && evac_str_is(code, quotas[i].code))
            return &quotas[i];
    return NULL;
}

static const struct raised *find_raised(const struct evac_sandbox *sb, size_t region,
                                        const struct quota *quota)
{
    const struct servicequotas *s = sb->state[SB_SERVICEQUOTAS];
    for (size_t i = 0; i < s->count; i++)
        if (s->raised[i].region == region && s->raised[i].quota == quota)
            return &s->raised[i];
    return NULL;
}

/* False: it was never changed, so it has no value of its own. */
static bool applied(const struct evac_sandbox *sb, size_t region, const struct quota *quota,
                    double *ret_value)
{
    const struct raised *r = find_raised(sb, region, quota);
    *ret_value = r ? r->value : quota->usual > 0 ? quota->usual : quota->standard;
    return r || quota->usual > 0;
}

double sb_quota(const struct evac_sandbox *sb, size_t region, const char *service, const char *code)
{
    const struct quota *quota = find(evac_str(service), evac_str(code));
    double value = 0;
    if (quota)
        (void)applied(sb, region, quota, &value);
    return value;
}

static void put(struct sb_call *c, const struct quota *quota, double value)
{
    evac_buf_putf(&c->out,
                  "{\"ServiceCode\":\"%s\",\"ServiceName\":\"%s\",\"QuotaArn\":\"arn:aws:"
                  "servicequotas:%s:" SB_ACCOUNT ":%s/%s\",\"QuotaCode\":\"%s\",\"QuotaName\":"
                  "\"%s\",\"Value\":%.1f,\"Unit\":\"None\",\"Adjustable\":true,\"GlobalQuota\":"
                  "false,\"QuotaAppliedAtLevel\":\"ACCOUNT\"}",
                  quota->service, quota->service_name, sb_region_name(c->sb, c->region),
                  quota->service, quota->code, quota->code, quota->name, value);
}

static bool is_service(struct sb_call *c)
{
    struct evac_str service = sb_in(c, "ServiceCode");
    for (size_t i = 0; i < QUOTA_COUNT; i++)
        if (evac_str_is(service, quotas[i].service))
            return true;
    sb_error(c, 400, service.n ? "NoSuchResourceException" : "IllegalArgumentException",
             "The request failed because the specified service does not exist.");
    return false;
}

static const struct quota *meant(struct sb_call *c)
{
    if (!is_service(c))
        return NULL;
    const struct quota *quota = find(sb_in(c, "ServiceCode"), sb_in(c, "QuotaCode"));
    if (!quota)
        sb_error(c, 400, "NoSuchResourceException",
                 "The request failed because the specified quota does not exist.");
    return quota;
}

static void get(struct sb_call *c)
{
    const struct quota *quota = meant(c);
    double value;
    if (!quota)
        return;
    if (!applied(c->sb, c->region, quota, &value)) {
        sb_error(c, 400, "NoSuchResourceException",
                 "No applied value was found for this quota; see its default value.");
        return;
    }
    evac_buf_puts(&c->out, "{\"Quota\":");
    put(c, quota, value);
    evac_buf_putc(&c->out, '}');
}

static void get_default(struct sb_call *c)
{
    const struct quota *quota = meant(c);
    if (!quota)
        return;
    evac_buf_puts(&c->out, "{\"Quota\":");
    put(c, quota, quota->standard);
    evac_buf_putc(&c->out, '}');
}

static void list(struct sb_call *c)
{
    double value;
    bool first = true;
    if (!is_service(c))
        return;
    evac_buf_puts(&c->out, "{\"Quotas\":[");
    for (size_t i = 0; i < QUOTA_COUNT; i++) {
        if (!evac_str_is(sb_in(c, "ServiceCode"), quotas[i].service) ||
            !applied(c->sb, c->region, &quotas[i], &value))
            continue;
        evac_buf_puts(&c->out, first ? "" : ",");
        put(c, &quotas[i], value);
        first = false;
    }
    evac_buf_puts(&c->out, "]}");
}

static enum evac_code make(struct evac_sandbox *sb, size_t region, const struct evac_json *json,
                           struct evac_err *err)
{
    struct servicequotas *s = sb->state[SB_SERVICEQUOTAS];
    const struct quota *quota = find(evac_json_str(json, "service"), evac_json_str(json, "code"));
    double value = evac_json_num(json, "value", -1);
    if (!quota || value < 0)
        return evac_fail(err, EVAC_E_BADARG,
                         "service, code (such as ec2, L-1216C47A) and a value from 0 are needed");
    const struct raised *old = find_raised(sb, region, quota);
    if (!old && s->count == RAISED_MAX)
        return evac_fail(err, EVAC_E_TOOBIG, "the sandbox keeps %u of them", RAISED_MAX);
    s->raised[old ? (size_t)(old - s->raised) : s->count++] =
        (struct raised){ region, quota, value };
    return EVAC_OK;
}

static const struct sb_operation operations[] = {
    { .name = "GetServiceQuota", .handle = get },
    { .name = "GetAWSDefaultServiceQuota", .handle = get_default },
    { .name = "ListServiceQuotas", .handle = list },
    { 0 },
};

const struct sb_service sb_service_servicequotas = {
    .signing_name = "servicequotas",
    .row = "service-quotas",
    .operations = operations,
    .create = create,
    .destroy = free,
    .make = make,
};

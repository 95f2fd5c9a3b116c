#include "endpoints.h"

#include <ctype.h>
#include <string.h>

struct partition {
    const char *name;
    const char *prefix; /* of its regions; the last row takes what is left */
    const char *suffix;
    const char *dual_suffix;
    const char *route53; /* where Route 53 is, and what dual-stack adds */
    const char *route53_dual;
    const char *global_region;
};

/* clang-format off */
static const struct partition partitions[] = {
    { "aws-cn",     "cn-",      "amazonaws.com.cn", "api.amazonwebservices.com.cn", "route53.amazonaws.com.cn",     "route53.global.api.amazonwebservices.com.cn", "cn-northwest-1" },
    { "aws-us-gov", "us-gov-",  "amazonaws.com",    "api.aws",                      "route53.us-gov.amazonaws.com", "route53.us-gov.api.aws",                      "us-gov-west-1" },
    { "aws-eusc",   "eusc-de-", "amazonaws.eu",     "api.amazonwebservices.eu",     "route53.amazonaws.eu",         "route53.global.api.amazonwebservices.eu",     "eusc-de-east-1" },
    { "aws-iso",    "us-iso-",  "c2s.ic.gov",       "api.aws.ic.gov",               "route53.c2s.ic.gov",           NULL,                                          "us-iso-east-1" },
    { "aws-iso-b",  "us-isob-", "sc2s.sgov.gov",    "api.aws.scloud",               "route53.sc2s.sgov.gov",        NULL,                                          "us-isob-east-1" },
    { "aws-iso-e",  "eu-isoe-", "cloud.adc-e.uk",   "api.cloud-aws.adc-e.uk",       "route53.cloud.adc-e.uk",       NULL,                                          "eu-isoe-west-1" },
    { "aws-iso-f",  "us-isof-", "csp.hci.ic.gov",   "api.aws.hci.ic.gov",           "route53.csp.hci.ic.gov",       NULL,                                          "us-isof-south-1" },
    { "aws",        "",         "amazonaws.com",    "api.aws",                      "route53.amazonaws.com",        "route53.global.api.aws",                      "us-east-1" },
};

/* Endpoints whose plain host in us-gov is the FIPS one already (botocore's endpoint rules). */
static const char *const gov_is_fips[] = {
    "sts", "rds", "application-autoscaling", "autoscaling", "ec2", "monitoring", "dynamodb", "sns",
    "elasticloadbalancing", "ssm", "eks", NULL,
};
/* clang-format on */

static const struct partition *partition_of(struct evac_str region)
{
    size_t i = 0;
    while (!evac_str_starts(region, partitions[i].prefix))
        i++;
    return &partitions[i];
}

const char *evac_aws_partition(struct evac_str region)
{
    return partition_of(region)->name;
}

static struct evac_str arn_part(struct evac_str arn, int at)
{
    struct evac_str rest = arn;
    if (!evac_str_starts(arn, "arn:"))
        return EVAC_STR_NONE;
    for (int i = 0; i < at; i++)
        (void)evac_str_cut(rest, ':', &rest);
    return evac_str_cut(rest, ':', &rest);
}

struct evac_str evac_aws_arn_region(struct evac_str arn)
{
    return arn_part(arn, 3);
}

struct evac_str evac_aws_arn_account(struct evac_str arn)
{
    return arn_part(arn, 4);
}

bool evac_endpoint_is_region(struct evac_str region)
{
    if (region.n == 0 || region.n > 40)
        return false;
    for (size_t i = 0; i < region.n; i++)
        if (!(region.p[i] >= 'a' && region.p[i] <= 'z') &&
            !(region.p[i] >= '0' && region.p[i] <= '9') && region.p[i] != '-')
            return false;
    return true;
}

/* --- URLs --- */

static bool is_ipv4(struct evac_str host)
{
    size_t dots = 0;
    for (size_t i = 0; i < host.n; i++) {
        if (host.p[i] == '.')
            dots++;
        else if (host.p[i] < '0' || host.p[i] > '9')
            return false;
    }
    return dots == 3;
}

static bool read_host(struct evac_str authority, struct evac_url *url)
{
    if (!evac_str_starts(authority, "[")) {
        url->host = evac_str_cut(authority, ':', &url->port);
        url->ip = is_ipv4(url->host);
        return url->host.n > 0;
    }
    struct evac_str rest;
    url->host = evac_str_cut(authority, ']', &rest);
    url->host.p++, url->host.n--;
    url->ip = true;
    if (rest.n && rest.p[0] != ':')
        return false;
    url->port = rest.n ? (struct evac_str){ rest.p + 1, rest.n - 1 } : EVAC_STR_NONE;
    return url->host.n > 0;
}

static bool may_stand_in_url(char c)
{
    switch (c) {
    case '?':
    case '#':
    case '@':
    case '\\':
    case 0x7f:
        return false;
    default:
        return (unsigned char)c > ' ';
    }
}

bool evac_url_read(struct evac_str text, struct evac_url *ret_url)
{
    struct evac_url url = { 0 };
    int64_t port;
    struct evac_str rest;
    url.scheme = evac_str_cut(text, ':', &rest);
    if ((!evac_str_is(url.scheme, "http") && !evac_str_is(url.scheme, "https")) ||
        !evac_str_starts(rest, "//"))
        return false;
    rest.p += 2, rest.n -= 2;
    const char *slash = rest.n ? memchr(rest.p, '/', rest.n) : NULL;
    size_t n = slash ? (size_t)(slash - rest.p) : rest.n;
    struct evac_str authority = { rest.p, n };
    url.path = (struct evac_str){ rest.p + n, rest.n - n };
    for (size_t i = 0; i < text.n; i++)
        if (!may_stand_in_url(text.p[i]))
            return false;
    if (!read_host(authority, &url))
        return false;
    if (url.port.n && (!evac_str_i64(url.port, &port) || port < 1 || port > 65535))
        return false;
    *ret_url = url;
    return true;
}

/* --- overrides --- */

/* "Route 53" -> "ROUTE_53" or "route_53" */
static struct evac_str id_as(struct evac_arena *arena, const char *id, bool upper)
{
    char *text = evac_arena_dup(arena, id);
    for (char *c = text; *c; c++) {
        if (*c == ' ' || *c == '-')
            *c = '_';
        else
            *c = (char)(upper ? toupper((unsigned char)*c) : tolower((unsigned char)*c));
    }
    return evac_str(text);
}

static struct evac_str from_services_section(const struct evac_aws_config *config,
                                             const struct evac_aws_service *service,
                                             struct evac_arena *arena)
{
    struct evac_str name = evac_aws_config_of(config, config->profile, "services");
    if (name.n == 0)
        return EVAC_STR_NONE;
    struct evac_str section = evac_arena_printf(arena, "services %.*s", EVAC_STR_ARG(name));
    struct evac_str key =
        evac_arena_printf(arena, "%s.endpoint_url", id_as(arena, service->id, false).p);
    return evac_ini_get(config->config, section, key.p);
}

/* The first that says something, in AWS's order; "" when nobody does. */
static struct evac_str override_of(const struct evac_aws_config *config,
                                   const struct evac_aws_service *service, struct evac_arena *arena)
{
    struct evac_str own = evac_arena_printf(arena, "endpoint_url.%s", service->name);
    struct evac_str found = evac_args_get(&config->settings, own.p);
    if (found.n == 0)
        found = evac_args_get(&config->settings, "endpoint_url");
    if (found.n || evac_aws_config_true(config, NULL, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
                                        "ignore_configured_endpoint_urls"))
        return found;
    struct evac_str env =
        evac_arena_printf(arena, "AWS_ENDPOINT_URL_%s", id_as(arena, service->id, true).p);
    found = evac_aws_config_env(config, env.p);
    if (found.n == 0)
        found = evac_aws_config_env(config, "AWS_ENDPOINT_URL");
    if (found.n == 0)
        found = from_services_section(config, service, arena);
    return found.n ? found : evac_aws_config_of(config, config->profile, "endpoint_url");
}

static struct evac_str lower(struct evac_arena *arena, struct evac_str s)
{
    char *text = evac_arena_alloc(arena, s.n + 1);
    for (size_t i = 0; i < s.n; i++)
        text[i] = (char)tolower((unsigned char)s.p[i]);
    return (struct evac_str){ text, s.n };
}

static struct evac_str host_header(struct evac_arena *arena, const struct evac_url *url)
{
    bool six = url->ip && memchr(url->host.p, ':', url->host.n);
    bool usual = url->port.n == 0 ||
                 evac_str_is(url->port, evac_str_is(url->scheme, "https") ? "443" : "80");
    return evac_arena_printf(arena, "%s%.*s%s%s%.*s", six ? "[" : "",
                             EVAC_STR_ARG(lower(arena, url->host)), six ? "]" : "",
                             usual ? "" : ":", usual ? 0 : (int)url->port.n,
                             url->port.n ? url->port.p : "");
}

static bool is_this_machine(const struct evac_url *url)
{
    return evac_str_is(url->host, "localhost") || evac_str_is(url->host, "::1") ||
           (url->ip && evac_str_starts(url->host, "127."));
}

/* A session token goes with each request, and what comes back is believed. */
static enum evac_code use_url(const char *what, struct evac_str text, struct evac_arena *arena,
                              struct evac_url *ret_url, struct evac_endpoint *e,
                              struct evac_err *err)
{
    if (!evac_url_read(text, ret_url))
        return evac_fail(err, EVAC_E_BADCONF, "%s '%.*s' is not http[s]://host[:port][/path]", what,
                         EVAC_STR_ARG(text));
    if (evac_str_is(ret_url->scheme, "http") && !is_this_machine(ret_url))
        return evac_fail(err, EVAC_E_BADCONF, "%s '%.*s': without TLS only on this machine", what,
                         EVAC_STR_ARG(text));
    if (evac_str_ends(ret_url->path, "/"))
        ret_url->path.n--;
    e->host = host_header(arena, ret_url);
    e->origin = evac_arena_printf(arena, "%.*s://%.*s", EVAC_STR_ARG(ret_url->scheme),
                                  EVAC_STR_ARG(e->host));
    e->prefix = evac_arena_str(arena, ret_url->path);
    return EVAC_OK;
}

static enum evac_code use_url_for(struct evac_str bucket, struct evac_str text,
                                  struct evac_arena *arena, struct evac_endpoint *e,
                                  struct evac_err *err)
{
    struct evac_url url;
    enum evac_code code = use_url("endpoint_url", text, arena, &url, e, err);
    if (!code && bucket.n)
        e->prefix =
            evac_arena_printf(arena, "%.*s/%.*s", EVAC_STR_ARG(url.path), EVAC_STR_ARG(bucket));
    return code;
}

enum evac_code evac_endpoint_server(struct evac_str origin, struct evac_str region,
                                    struct evac_arena *arena, struct evac_endpoint *ret_endpoint,
                                    struct evac_err *err)
{
    struct evac_endpoint e = { 0 };
    struct evac_url url;
    enum evac_code code = use_url("endpoint", origin, arena, &url, &e, err);
    if (code)
        return code;
    if (!evac_endpoint_is_region(region))
        return evac_fail(err, EVAC_E_BADARG, "'%.*s' is not a region's name",
                         (int)(region.n < 60 ? region.n : 60), region.n ? region.p : "");
    e.region = e.signing_region = evac_arena_str(arena, region);
    *ret_endpoint = e;
    return EVAC_OK;
}

/* --- AWS's own --- */

static bool in_list(const char *const *list, const char *name)
{
    while (*list && strcmp(*list, name) != 0)
        list++;
    return *list != NULL;
}

/* Old buckets in us-east-1 may have capitals, underscores and 255 letters. */
static bool is_bucket(struct evac_str bucket)
{
    for (size_t i = 0; i < bucket.n; i++)
        if (!isalnum((unsigned char)bucket.p[i]) && !strchr("._-", bucket.p[i]))
            return false;
    return bucket.n >= 3 && bucket.n <= 255 && !evac_str_is(bucket, "...");
}

/* A bucket that can be the first label of a host that a *.s3 certificate covers. */
static bool is_label(struct evac_str bucket)
{
    if (bucket.n < 3 || bucket.n > 63)
        return false;
    for (size_t i = 0; i < bucket.n; i++) {
        char c = bucket.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!letter && (c != '-' || i == 0 || i == bucket.n - 1))
            return false;
    }
    return true;
}

struct variant {
    bool fips, dual;
};

/* S3 Control, whose "bucket" is an account: always in the host, and never in a path. */
static bool is_control(const struct evac_aws_service *service)
{
    return strcmp(service->name, "s3control") == 0;
}

static void s3_host(const struct partition *p, const struct evac_endpoint_wish *wish,
                    bool path_style, struct variant v, struct evac_arena *arena,
                    struct evac_endpoint *e)
{
    struct evac_str bucket = wish->bucket;
    bool in_host = bucket.n && is_label(bucket) && (!path_style || is_control(wish->service));
    e->host = evac_arena_printf(arena, "%.*s%s%s%s%s.%.*s.%s", in_host ? (int)bucket.n : 0,
                                bucket.n ? bucket.p : "", in_host ? "." : "",
                                wish->service->endpoint, v.fips ? "-fips" : "",
                                v.dual ? ".dualstack" : "", EVAC_STR_ARG(e->region), p->suffix);
    if (bucket.n && !in_host)
        e->prefix = evac_arena_printf(arena, "/%.*s", EVAC_STR_ARG(bucket));
}

static enum evac_code route53_host(const struct partition *p, struct variant v,
                                   struct evac_arena *arena, struct evac_endpoint *e,
                                   struct evac_err *err)
{
    const char *host = v.dual ? p->route53_dual : p->route53;
    bool commercial = strcmp(p->name, "aws") == 0;
    bool gov = strcmp(p->name, "aws-us-gov") == 0;
    if (!host || (v.fips && !commercial && !gov))
        return evac_fail(err, EVAC_E_UNSUPPORTED,
                         "Route 53 has no such endpoint (FIPS, dual-stack) in partition %s",
                         p->name);
    e->host = v.fips && commercial
                  ? evac_arena_printf(arena, "route53-fips%s", host + strlen("route53"))
                  : evac_str(host);
    return EVAC_OK;
}

/* One for the whole partition. False: its global services have regions in their names. */
static bool iam_host(const struct partition *p, struct variant v, struct evac_arena *arena,
                     struct evac_endpoint *e)
{
    bool commercial = strcmp(p->name, "aws") == 0;
    bool gov = strcmp(p->name, "aws-us-gov") == 0;
    if (gov)
        e->host = v.dual ? EVAC_STR("iam.us-gov.api.aws") : EVAC_STR("iam.us-gov.amazonaws.com");
    else if (commercial)
        e->host = evac_arena_printf(arena, "iam%s.%s", v.fips ? "-fips" : "",
                                    v.dual ? "global.api.aws" : "amazonaws.com");
    return commercial || gov;
}

static void regional_host(const struct partition *p, const struct evac_aws_service *s,
                          struct variant v, struct evac_arena *arena, struct evac_endpoint *e)
{
    /* Region switch exists under the dual-stack suffix only. */
    bool dual = v.dual || strcmp(s->endpoint, "arc-region-switch") == 0;
    const char *suffix = dual ? p->dual_suffix : p->suffix;
    const char *name = s->endpoint;
    bool gov = strcmp(p->name, "aws-us-gov") == 0;
    bool fips = v.fips && !(gov && !v.dual && in_list(gov_is_fips, s->endpoint));
    if (v.dual && strcmp(s->endpoint, "secretsmanager") == 0)
        suffix = p->suffix;
    if (v.dual && strcmp(name, "route53-recovery-control-config") == 0)
        name = "arc-recovery-control-config";
    if (v.dual && strcmp(name, "es") == 0)
        name = "aos";
    if (v.dual && strcmp(name, "api.ecr") == 0)
        name = "ecr";
    bool fips_first = fips && strcmp(s->endpoint, "eks") == 0 && strcmp(p->name, "aws") == 0;
    if (strcmp(s->endpoint, "cloudfront") == 0) /* one for the whole partition */
        e->host = evac_arena_printf(arena, "cloudfront%s.%s", fips ? "-fips" : "", suffix);
    else if (fips_first && !v.dual)
        e->host = evac_arena_printf(arena, "fips.eks.%.*s.%s", EVAC_STR_ARG(e->region), suffix);
    else
        e->host = evac_arena_printf(arena, "%s%s.%.*s.%s", name, fips ? "-fips" : "",
                                    EVAC_STR_ARG(e->region), suffix);
}

static bool wants_path_style(const struct evac_aws_config *config)
{
    return evac_str_is(evac_aws_config_of(config, config->profile, "s3.addressing_style"), "path");
}

static enum evac_code use_aws(const struct evac_aws_config *config,
                              const struct evac_endpoint_wish *wish, struct variant variant,
                              struct evac_arena *arena, struct evac_endpoint *e,
                              struct evac_err *err)
{
    const struct evac_aws_service *service = wish->service;
    const struct partition *p = partition_of(e->region);
    enum evac_code code = EVAC_OK;
    if (service->s3_rules)
        s3_host(p, wish, wants_path_style(config), variant, arena, e);
    else if (strcmp(service->name, "route53") == 0)
        code = route53_host(p, variant, arena, e, err);
    else if (strcmp(service->name, "iam") != 0 || !iam_host(p, variant, arena, e))
        regional_host(p, service, variant, arena, e);
    e->origin = evac_arena_printf(arena, "https://%.*s", EVAC_STR_ARG(e->host));
    return code;
}

/* us-east-1 in the table means: the home of its partition's global services. */
static struct evac_str home_of(const struct evac_aws_service *service, struct evac_str region)
{
    const struct partition *p = partition_of(region);
    if (!service->global_region)
        return region;
    if (strcmp(p->name, "aws-cn") == 0 && strcmp(service->name, "iam") == 0)
        return EVAC_STR("cn-north-1");
    return evac_str(strcmp(p->name, "aws") == 0 ? service->global_region : p->global_region);
}

/* What is signed for any region has none. */
static enum evac_code find_region(const struct evac_endpoint_wish *wish, struct evac_arena *arena,
                                  struct evac_endpoint *e, struct evac_err *err)
{
    struct evac_str region = home_of(wish->service, wish->region);
    e->region_set = evac_str(wish->region_set ? wish->region_set : wish->service->region_set);
    if (e->region_set.n)
        return EVAC_OK;
    if (!evac_endpoint_is_region(region))
        return evac_fail(err, EVAC_E_BADARG, "%s: '%.*s' is not a region's name",
                         wish->service->name, (int)(region.n < 60 ? region.n : 60),
                         region.n ? region.p : "");
    e->region = e->signing_region = evac_arena_str(arena, region);
    return EVAC_OK;
}

static enum evac_code check_wish(const struct evac_endpoint_wish *wish, struct variant variant,
                                 struct evac_str custom, struct evac_err *err)
{
    const struct evac_aws_service *service = wish->service;
    if (wish->bucket.n && !is_bucket(wish->bucket))
        return evac_fail(err, EVAC_E_BADARG,
                         "'%.*s' is not a bucket's name: 3 to 63 of a-z 0-9 . -",
                         (int)(wish->bucket.n < 80 ? wish->bucket.n : 80), wish->bucket.p);
    if (custom.n && (variant.fips || variant.dual))
        return evac_fail(err, EVAC_E_BADCONF,
                         "%s: an endpoint_url together with FIPS or dual-stack endpoints is "
                         "not possible",
                         service->name);
    if (wish->own.n && variant.fips)
        return evac_fail(err, EVAC_E_UNSUPPORTED, "%s: a resource's own endpoint is no FIPS one",
                         service->name);
    if (!custom.n && !wish->own.n && !service->endpoint)
        return evac_fail(err, EVAC_E_BADARG, "%s: each resource has its own endpoint, none is told",
                         service->name);
    return EVAC_OK;
}

static struct variant variant_of(const struct evac_aws_config *config)
{
    return (struct variant){
        .fips =
            evac_aws_config_true(config, "use_fips", "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"),
        .dual = evac_aws_config_true(config, "use_dualstack", "AWS_USE_DUALSTACK_ENDPOINT",
                                     "use_dualstack_endpoint"),
    };
}

enum evac_code evac_endpoint_own(const struct evac_aws_config *config,
                                 const struct evac_endpoint_wish *wish, struct evac_arena *arena,
                                 struct evac_endpoint *ret_endpoint, struct evac_err *err)
{
    const struct variant plain = { false, false };
    struct evac_endpoint e = { 0 };
    enum evac_code code = find_region(wish, arena, &e, err);
    if (code == EVAC_OK)
        code = use_aws(config, wish, plain, arena, &e, err);
    if (code == EVAC_OK)
        *ret_endpoint = e;
    return code;
}

enum evac_code evac_endpoint_find(const struct evac_aws_config *config,
                                  const struct evac_endpoint_wish *wish, struct evac_arena *arena,
                                  struct evac_endpoint *ret_endpoint, struct evac_err *err)
{
    struct evac_endpoint e = { 0 };
    struct variant variant = variant_of(config);
    struct evac_str custom = override_of(config, wish->service, arena);
    struct evac_str url = custom.n ? custom : wish->own;
    enum evac_code code = check_wish(wish, variant, custom, err);
    if (code == EVAC_OK)
        code = find_region(wish, arena, &e, err);
    if (code == EVAC_OK)
        code = url.n ? use_url_for(is_control(wish->service) ? EVAC_STR_NONE : wish->bucket, url,
                                   arena, &e, err)
                     : use_aws(config, wish, variant, arena, &e, err);
    if (code == EVAC_OK)
        *ret_endpoint = e;
    return code;
}

/*
 * IAM: who may do what, as its simulator says. Whom control gave policies is judged by them
 * (sandbox_iam.c); of all others a document says what they may not do, and the rest is allowed.
 *
 *     make iam us-east-1 {"kind":"role","name":"evac","path":"/ops/",
 *       "denied":["rds:FailoverGlobalCluster"],      a policy denies it
 *       "unlisted":["ecs:*"],                        no policy allows it
 *       "only_for":{"ecs:*":["arn:..."]},            allowed for these, and not for "*"
 *       "regions":["us-east-1"],                     what its policies' region condition allows
 *       "boundary":["sns:Publish"],"organization":["s3:PutObject"],   who does not allow it
 *       "needs":{"kms:DescribeKey":"aws:PrincipalTag/team"}}          a missing context key
 *
 *     make iam us-east-1 {"kind":"caller","name":"arn:aws:sts::123456789012:assumed-role/evac/i-1"}
 *
 * The last says who the sandbox's caller is, for STS; else its own user, kind "user", name "evac".
 */
#include "sandbox_docs.h"
#include "sandbox_rights.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#define NAMES_MAX    1000
#define PAGE_DEFAULT 100

static const struct sb_kind kinds[] = {
    { "role", "{\"path\":\"/\"}", true, NULL },
    { "user", "{\"path\":\"/\"}", true, NULL },
    { "caller", "{}", true, NULL },
    { 0 },
};

#define OWN_USER "arn:aws:iam::" SB_ACCOUNT ":user/evac"

const char *sb_iam_caller(const struct evac_sandbox *sb)
{
    const struct sb_doc *caller = sb_doc_next(sb, SB_IAM, SB_ANYWHERE, "caller", NULL);
    return caller ? caller->name : OWN_USER;
}

static struct evac_str arn_of(struct sb_call *c, const struct sb_doc *d)
{
    return evac_arena_printf(c->arena, "arn:aws:iam::" SB_ACCOUNT ":%s%.*s%s", d->kind,
                             EVAC_STR_ARG(sb_doc_text(d, "path")), d->name);
}

/* A role that control gave policies needs no document of its own. */
static struct sb_doc *known_by_policies(struct sb_call *c, struct evac_str arn)
{
    char name[128];
    struct evac_str role = sb_last_part(arn, '/');
    snprintf(name, sizeof name, "role/%.*s", EVAC_STR_ARG(role));
    if (sb_principal_named(c->sb, name))
        return sb_doc_of_kind(c->sb, c->id, kinds, "role", c->region, role);
    sb_error(c, 404, "NoSuchEntity", "%.*s cannot be found.", EVAC_STR_ARG(arn));
    return NULL;
}

static struct sb_doc *principal(struct sb_call *c)
{
    static const char *const whose[] = { "role", "user" };
    struct evac_str arn = sb_in(c, "PolicySourceArn");
    for (size_t i = 0; i < 2; i++)
        for (struct sb_doc *d = NULL;
             (d = sb_doc_next(c->sb, c->id, SB_ANYWHERE, whose[i], d)) != NULL;)
            if (evac_str_eq(arn, arn_of(c, d)))
                return d;
    if (evac_str_is(arn, OWN_USER))
        return sb_doc_of_kind(c->sb, c->id, kinds, "user", c->region, EVAC_STR("evac"));
    return known_by_policies(c, arn);
}

/* "ecs:*" stands for all that begins so. */
static bool matches(const char *pattern, struct evac_str name)
{
    size_t n = strlen(pattern);
    if (n && pattern[n - 1] == '*')
        return name.n >= n - 1 && strncmp(pattern, name.p, n - 1) == 0;
    return evac_str_is(name, pattern);
}

static bool lists(const cJSON *list, struct evac_str name)
{
    const cJSON *e;
    cJSON_ArrayForEach(e, list)
    {
        if (cJSON_IsString(e) && matches(e->valuestring, name))
            return true;
    }
    return false;
}

static bool in_list(const struct sb_doc *d, const char *member, struct evac_str name)
{
    return lists(cJSON_GetObjectItem(d->json, member), name);
}

/* The member of an object whose name matches. */
static const cJSON *entry(const struct sb_doc *d, const char *member, struct evac_str name)
{
    const cJSON *e;
    cJSON_ArrayForEach(e, cJSON_GetObjectItem(d->json, member))
    {
        if (matches(e->string, name))
            return e;
    }
    return NULL;
}

static struct evac_str context(const struct sb_call *c, const char *key)
{
    for (int i = 1; sb_has(c, "ContextEntries.%d.ContextKeyName", i); i++)
        if (evac_str_is(sb_in(c, "ContextEntries.%d.ContextKeyName", i), key))
            return sb_in(c, "ContextEntries.%d.ContextKeyValues.1", i);
    return EVAC_STR_NONE;
}

/* Who is asked about: the sandbox's own key, or a role's. */
static const struct sb_principal *judged(const struct sb_call *c, const struct sb_doc *d)
{
    char name[128];
    if (strcmp(d->kind, "user") == 0)
        return sb_principal_named(c->sb, c->sb->access_key_id);
    snprintf(name, sizeof name, "role/%.100s", d->name);
    return sb_principal_named(c->sb, name);
}

static const char *by_policies(const struct sb_call *c, const struct sb_principal *p,
                               struct evac_str name, struct evac_str resource)
{
    struct sb_ask ask = { .action = name, .resource = resource };
    for (int i = 1; i <= (int)SB_CONTEXT_MAX && sb_has(c, "ContextEntries.%d.ContextKeyName", i);
         i++)
        ask.context[ask.context_count++] =
            (struct sb_context){ sb_in(c, "ContextEntries.%d.ContextKeyName", i),
                                 sb_in(c, "ContextEntries.%d.ContextKeyValues.1", i) };
    return sb_decision_name(sb_policies_decide(p->policies, p->count, &ask));
}

static const char *decide(const struct sb_call *c, const struct sb_doc *d, struct evac_str name,
                          struct evac_str resource)
{
    const struct sb_principal *own = judged(c, d);
    if (own)
        return by_policies(c, own, name, resource);
    const cJSON *only = entry(d, "only_for", name), *needs = entry(d, "needs", name);
    const cJSON *regions = cJSON_GetObjectItem(d->json, "regions");
    bool wrong_region = regions && !lists(regions, context(c, "aws:RequestedRegion"));
    bool missing = needs && !context(c, needs->valuestring).n;
    if (in_list(d, "denied", name))
        return "explicitDeny";
    if (in_list(d, "unlisted", name) || in_list(d, "boundary", name) ||
        in_list(d, "organization", name) || (only && !lists(only, resource)) || wrong_region ||
        missing)
        return "implicitDeny";
    return "allowed";
}

static void put_resources(struct sb_call *c, const struct sb_doc *d, struct evac_str name)
{
    evac_buf_puts(&c->out, "<ResourceSpecificResults>");
    for (int i = 1; sb_has(c, "ResourceArns.%d", i); i++) {
        struct evac_str arn = sb_in(c, "ResourceArns.%d", i);
        evac_buf_puts(&c->out, "<member>");
        sb_tag(&c->out, "EvalResourceName", arn);
        sb_tag(&c->out, "EvalResourceDecision", evac_str(decide(c, d, name, arn)));
        evac_buf_puts(&c->out, "</member>");
    }
    evac_buf_puts(&c->out, "</ResourceSpecificResults>");
}

static void put_result(struct sb_call *c, const struct sb_doc *d, struct evac_str name)
{
    struct evac_buf *out = &c->out;
    const cJSON *needs = entry(d, "needs", name);
    bool many = sb_has(c, "ResourceArns.2");
    struct evac_str resource =
        sb_has(c, "ResourceArns.1") && !many ? sb_in(c, "ResourceArns.1") : EVAC_STR("*");
    evac_buf_puts(out, "<member>");
    sb_tag(out, "EvalActionName", name);
    sb_tag(out, "EvalResourceName", resource);
    sb_tag(out, "EvalDecision", evac_str(decide(c, d, name, resource)));
    if (needs && !context(c, needs->valuestring).n)
        evac_buf_putf(out, "<MissingContextValues><member>%s</member></MissingContextValues>",
                      needs->valuestring);
    if (in_list(d, "organization", name))
        evac_buf_puts(out, "<OrganizationsDecisionDetail><AllowedByOrganizations>false"
                           "</AllowedByOrganizations></OrganizationsDecisionDetail>");
    if (in_list(d, "boundary", name))
        evac_buf_puts(out, "<PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>false"
                           "</AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail>");
    if (many)
        put_resources(c, d, name);
    evac_buf_puts(out, "</member>");
}

static bool check_names(struct sb_call *c)
{
    int i = 1;
    for (; i <= NAMES_MAX && sb_has(c, "ActionNames.%d", i) && !c->failed; i++) {
        struct evac_str name = sb_in(c, "ActionNames.%d", i);
        if (name.n < 3 || name.n > 128 || !evac_str_has(name, ":"))
            sb_error(c, 400, "InvalidInput", "Invalid Action: %.*s", EVAC_STR_ARG(name));
    }
    if (i == 1)
        sb_error(c, 400, "ValidationError", "ActionNames must not be empty.");
    return !c->failed;
}

/* A page's marker is the number of results before it. */
static void simulate(struct sb_call *c)
{
    const struct sb_doc *d = check_names(c) ? principal(c) : NULL;
    int64_t page = sb_in_i64(c, "MaxItems", PAGE_DEFAULT), at = sb_in_i64(c, "Marker", 0);
    if (!d)
        return;
    if (page < 1 || page > 1000 || at < 0) {
        sb_error(c, 400, "ValidationError", "MaxItems: from 1 to 1000.");
        return;
    }
    int64_t small = sb_doc_num(d, "page", page), end = at + (small < page ? small : page);
    evac_buf_puts(&c->out, "<EvaluationResults>");
    for (int64_t i = at; i < end && sb_has(c, "ActionNames.%d", (int)i + 1); i++)
        put_result(c, d, sb_in(c, "ActionNames.%d", (int)i + 1));
    evac_buf_puts(&c->out, "</EvaluationResults>");
    bool more = sb_has(c, "ActionNames.%d", (int)end + 1);
    sb_tag(&c->out, "IsTruncated", more ? EVAC_STR("true") : EVAC_STR("false"));
    if (more)
        sb_tagf(&c->out, "Marker", "%lld", (long long)end);
}

static void get_role(struct sb_call *c)
{
    const struct sb_doc *d =
        sb_doc_named(c, SB_ANYWHERE, "role", sb_in(c, "RoleName"), 404, "NoSuchEntity");
    if (!d)
        return;
    evac_buf_puts(&c->out, "<Role>");
    sb_tag(&c->out, "Path", sb_doc_text(d, "path"));
    sb_tag(&c->out, "RoleName", evac_str(d->name));
    sb_tag(&c->out, "RoleId", EVAC_STR("AROAEVACSANDBOX000001"));
    sb_tag(&c->out, "Arn", arn_of(c, d));
    sb_tag(&c->out, "CreateDate", EVAC_STR("2026-01-01T00:00:00Z"));
    sb_tag(&c->out, "MaxSessionDuration", EVAC_STR("3600"));
    evac_buf_puts(&c->out, "</Role>");
}

static const struct sb_operation operations[] = {
    { "GetRole", get_role, .takes = "RoleName!" },
    { "SimulatePrincipalPolicy", simulate,
      .takes = "PolicySourceArn! ActionNames! ResourceArns ContextEntries CallerArn MaxItems "
               "Marker" },
    { 0 },
};

SB_DOCS(IAM, kinds)

const struct sb_service sb_service_iam = {
    .signing_name = "iam",
    .row = "iam",
    .xmlns = "https://iam.amazonaws.com/doc/2010-05-08/",
    .home = "us-east-1",
    .operations = operations,
    .make = make,
    .truth = truth,
};

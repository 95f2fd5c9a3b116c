/*
 * Whose rights are looked at, and what a request needs of them. A key that nobody said anything
 * about may do all; one that was named may do what its policies allow, and nothing else.
 */
#include "iam_facts.h"
#include "sandbox_rights.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PRINCIPALS_MAX 64u
#define RESOURCES_MAX  64u /* that one row of one request can name */
#define TAIL_BYTES     2048u
#define MEMBER_BYTES   200u

/* --- whose ----------------------------------------------------------------------------------- */

struct sb_principal *sb_principal_of_key(const struct evac_sandbox *sb, struct evac_str key)
{
    for (size_t i = 0; i < sb->principal_count; i++)
        if (evac_str_is(key, sb->principals[i].access_key_id))
            return &sb->principals[i];
    return NULL;
}

struct sb_principal *sb_principal_named(const struct evac_sandbox *sb, const char *name)
{
    for (size_t i = 0; i < sb->principal_count; i++)
        if (strcmp(sb->principals[i].name, name) == 0)
            return &sb->principals[i];
    return NULL;
}

/* A role's sessions sign with a key that its name gives. */
static void name_role(struct sb_principal *p, const char *role)
{
    snprintf(p->access_key_id, sizeof p->access_key_id, "ASIA%016llX",
             (unsigned long long)evac_str_hash(evac_str(p->name)));
    snprintf(p->arn, sizeof p->arn, "arn:aws:sts::" SB_ACCOUNT ":assumed-role/%s/evac", role);
}

static enum evac_code add(struct evac_sandbox *sb, const char *name, struct sb_principal **ret,
                          struct evac_err *err)
{
    bool role = strncmp(name, "role/", 5) == 0;
    if (sb->principal_count == PRINCIPALS_MAX)
        return evac_fail(err, EVAC_E_TOOBIG, "there are %u keys and roles with policies already",
                         PRINCIPALS_MAX);
    if (!sb->principals &&
        (sb->principals = calloc(PRINCIPALS_MAX, sizeof *sb->principals)) == NULL)
        abort();
    struct sb_principal *p = &sb->principals[sb->principal_count];
    if (!evac_str_copy(p->name, sizeof p->name, evac_str(name)) || name[0] == '\0' ||
        (!role && !evac_str_copy(p->access_key_id, sizeof p->access_key_id, evac_str(name))))
        return evac_fail(err, EVAC_E_BADARG,
                         "'%s': an access key's id, \"self\", or role/NAME is allowed", name);
    if (role)
        name_role(p, name + 5);
    else
        snprintf(p->arn, sizeof p->arn, "%s", sb_iam_caller(sb));
    sb->principal_count++;
    *ret = p;
    return EVAC_OK;
}

static void forget_policies(struct sb_principal *p)
{
    for (size_t i = 0; i < p->count; i++)
        sb_policy_free(p->policies[i]);
    sb_policy_free(p->trust);
    p->trust = NULL;
    p->count = 0;
}

void sb_principals_free(struct evac_sandbox *sb)
{
    for (size_t i = 0; i < sb->principal_count; i++)
        forget_policies(&sb->principals[i]);
    free(sb->principals);
}

static enum evac_code add_one(struct sb_principal *p, struct evac_str text, struct evac_err *err)
{
    if (p->count == SB_POLICIES_MAX)
        return evac_fail(err, EVAC_E_TOOBIG, "%s has %u policies already", p->name,
                         SB_POLICIES_MAX);
    enum evac_code code = sb_policy_parse(text, &p->policies[p->count], err);
    if (!code)
        p->count++;
    return code;
}

/* A policy; or what `evac iam APP` prints: then those of the acting role. */
static enum evac_code add_policy(struct sb_principal *p, struct evac_str text, struct evac_err *err)
{
    cJSON *root = cJSON_ParseWithLength(text.p, text.n);
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "policies"), *one;
    enum evac_code code = cJSON_IsArray(list) ? EVAC_OK : add_one(p, text, err);
    cJSON_ArrayForEach(one, list)
    {
        const cJSON *role = cJSON_GetObjectItemCaseSensitive(one, "role");
        char *document = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(one, "document"));
        if (!code && cJSON_IsString(role) && strcmp(role->valuestring, "act") == 0)
            code = add_one(p, evac_str(document), err);
        cJSON_free(document);
    }
    cJSON_Delete(root);
    return code;
}

static void add_context(struct sb_ask *ask, struct evac_str key, struct evac_str value)
{
    if (value.n && ask->context_count < SB_CONTEXT_MAX)
        ask->context[ask->context_count++] = (struct sb_context){ key, value };
}

/* --- who may assume a role -------------------------------------------------------------------- */

/* A trust policy says "Principal" where others say "Resource", and is evaluated as one of those. */
static bool turn(cJSON *statement)
{
    cJSON *principal = cJSON_DetachItemFromObjectCaseSensitive(statement, "Principal");
    cJSON *who = cJSON_DetachItemFromObjectCaseSensitive(principal, "AWS");
    bool good = cJSON_GetArraySize(principal) == 0 && (cJSON_IsString(who) || cJSON_IsArray(who)) &&
                !cJSON_HasObjectItem(statement, "Resource");
    if (good)
        cJSON_AddItemToObject(statement, "Resource", who);
    else
        cJSON_Delete(who);
    cJSON_Delete(principal);
    return good;
}

static enum evac_code set_trust(struct sb_principal *p, struct evac_str text, struct evac_err *err)
{
    cJSON *root = cJSON_ParseWithLength(text.p, text.n), *statement;
    enum evac_code code = EVAC_OK;
    cJSON_ArrayForEach(statement, cJSON_GetObjectItemCaseSensitive(root, "Statement"))
    {
        if (!code && !turn(statement))
            code =
                evac_fail(err, EVAC_E_BADARG,
                          "a trust policy's statement has a Principal, as {\"AWS\":\"arn:...\"}, "
                          "and no Resource");
    }
    char *turned = root ? cJSON_PrintUnformatted(root) : NULL;
    struct sb_policy *trust = NULL;
    if (!code)
        code = sb_policy_parse(turned ? evac_str(turned) : text, &trust, err);
    if (!code) {
        sb_policy_free(p->trust);
        p->trust = trust;
    }
    cJSON_free(turned);
    cJSON_Delete(root);
    return code;
}

bool sb_role_trusts(const struct sb_principal *role, struct evac_str caller_arn,
                    struct evac_str external_id)
{
    struct evac_str session = EVAC_STR("arn:aws:sts::" SB_ACCOUNT ":assumed-role/"), rest;
    char as_role[256];
    struct sb_ask ask = { .action = EVAC_STR("sts:AssumeRole"), .resource = caller_arn };
    if (!role->trust)
        return true;
    if (evac_str_starts(caller_arn, session.p)) { /* a session is its role's */
        struct evac_str name = evac_str_cut(
            (struct evac_str){ caller_arn.p + session.n, caller_arn.n - session.n }, '/', &rest);
        snprintf(as_role, sizeof as_role, "arn:aws:iam::" SB_ACCOUNT ":role/%.*s",
                 EVAC_STR_ARG(name));
        ask.resource = evac_str(as_role);
    }
    add_context(&ask, EVAC_STR("sts:ExternalId"), external_id);
    if (sb_policies_decide(&role->trust, 1, &ask) == SB_ALLOWED)
        return true;
    ask.resource =
        EVAC_STR("arn:aws:iam::" SB_ACCOUNT ":root"); /* the account stands for all of it */
    return sb_policies_decide(&role->trust, 1, &ask) == SB_ALLOWED;
}

static void remove_principal(struct evac_sandbox *sb, struct sb_principal *p)
{
    forget_policies(p);
    *p = sb->principals[--sb->principal_count];
    sb->principals[sb->principal_count] = (struct sb_principal){ .count = 0 };
}

enum evac_code sb_iam_control(struct evac_sandbox *sb, struct evac_str rest, struct evac_err *err)
{
    char name[128];
    struct evac_str key = evac_str_cut(evac_str_trim(rest), ' ', &rest);
    struct evac_str verb = evac_str_cut(evac_str_trim(rest), ' ', &rest);
    bool policy = evac_str_is(verb, "policy"), off = evac_str_is(verb, "off");
    bool trust = evac_str_is(verb, "trust") && evac_str_starts(key, "role/");
    if (evac_str_is(key, "self"))
        key = evac_str(sb->access_key_id);
    (void)evac_str_copy(name, sizeof name, key);
    if (!policy && !off && !trust && !evac_str_is(verb, "none"))
        return evac_fail(err, EVAC_E_BADARG,
                         "iam KEY policy {...}, iam KEY none (it may nothing), iam KEY off (it may "
                         "all) and iam role/NAME trust {...} are allowed, not '%.*s'",
                         EVAC_STR_ARG(verb));
    struct sb_principal *p = sb_principal_named(sb, name);
    if (off) {
        if (p)
            remove_principal(sb, p);
        return EVAC_OK;
    }
    enum evac_code code = p ? EVAC_OK : add(sb, name, &p, err);
    if (!code && trust)
        return set_trust(p, evac_str_trim(rest), err);
    if (!code && !policy)
        forget_policies(p);
    return !code && policy ? add_policy(p, evac_str_trim(rest), err) : code;
}

/* --- what a request names -------------------------------------------------------------------- */

/* "Names[].Id" and 2: "Names.2.Id". */
static struct evac_str indexed(struct sb_call *c, struct evac_str name, int index)
{
    for (size_t i = 0; i + 1 < name.n; i++)
        if (name.p[i] == '[' && name.p[i + 1] == ']')
            return evac_arena_printf(c->arena, "%.*s.%d%.*s", (int)i, name.p, index,
                                     (int)(name.n - i - 2), name.p + i + 2);
    return name;
}

static struct evac_str copied_from(struct sb_call *c, struct evac_str header)
{
    struct evac_str rest, path = evac_str_cut(header, '?', &rest);
    path = sb_unescape(c->arena, path);
    return path.n && path.p[0] == '/' ? (struct evac_str){ path.p + 1, path.n - 1 } : path;
}

static struct evac_str value_of(struct sb_call *c, struct evac_str name)
{
    if (name.n == 2 && name.p[0] == '#')
        return c->label[(size_t)(name.p[1] - '0') % SB_LABELS_MAX];
    if (name.n && name.p[0] == '<')
        return c->xml ? evac_xml_text(
                            c->xml,
                            evac_arena_str(c->arena, (struct evac_str){ name.p + 1, name.n - 1 }).p)
                      : EVAC_STR_NONE;
    if (name.n && name.p[0] == '^')
        return copied_from(
            c, sb_request_header(
                   c, evac_arena_str(c->arena, (struct evac_str){ name.p + 1, name.n - 1 }).p));
    return sb_in(c, "%.*s", EVAC_STR_ARG(name));
}

/* What stands for a hole: see sandbox_rights.c. */
static struct evac_str hole(struct sb_call *c, struct evac_str text, int index)
{
    struct evac_str fallback, name = evac_str_cut(text, '|', &fallback);
    char how = name.n ? name.p[name.n - 1] : '\0';
    if (how == '/' || how == '-')
        name.n--;
    struct evac_str value = value_of(c, indexed(c, name, index));
    if (how == '/')
        value = sb_last_part(value, '/');
    if (how == '-' && value.n && value.p[0] == '/')
        value = (struct evac_str){ value.p + 1, value.n - 1 };
    return value.n ? value : fallback.n ? fallback : EVAC_STR("*");
}

static struct evac_str fill(struct sb_call *c, struct evac_str tail, int index)
{
    struct evac_buf out;
    evac_buf_init(&out, TAIL_BYTES);
    while (tail.n) {
        struct evac_str plain = evac_str_cut(tail, '{', &tail);
        evac_buf_put(&out, plain.p, plain.n);
        if (tail.n == 0)
            break;
        struct evac_str value = hole(c, evac_str_cut(tail, '}', &tail), index);
        if (evac_str_starts(value, "arn:")) /* it says all */
            evac_buf_reset(&out);
        evac_buf_put(&out, value.p, value.n);
        if (evac_str_starts(value, "arn:"))
            break;
    }
    struct evac_str filled = evac_arena_str(c->arena, evac_buf_str(&out));
    evac_buf_done(&out);
    return filled;
}

/* The list that a tail goes through, up to its "[]"; "" none. */
static struct evac_str list_of(struct evac_str tail)
{
    struct evac_str rest = tail;
    while (rest.n) {
        (void)evac_str_cut(rest, '{', &rest);
        struct evac_str name = evac_str_cut(rest, '}', &rest);
        for (size_t i = 0; i + 1 < name.n; i++)
            if (name.p[i] == '[' && name.p[i + 1] == ']')
                return (struct evac_str){ name.p, i };
    }
    return EVAC_STR_NONE;
}

static bool is_asked(struct sb_call *c, const struct sb_right *r)
{
    const char *when = r->when;
    bool absent = when && when[0] == '!';
    return !when || sb_has(c, "%s", when + absent) != absent;
}

/* --- whether it may -------------------------------------------------------------------------- */

static void refuse(struct sb_call *c, const struct sb_ask *ask, bool explicit)
{
    bool json = c->protocol == EVAC_AWS_JSON_1_0 || c->protocol == EVAC_AWS_JSON_1_1;
    bool rest_json = c->protocol == EVAC_AWS_REST_JSON, ec2 = c->protocol == EVAC_AWS_EC2;
    c->sb->refused++;
    const char *quote = c->id == SB_S3 ? "\"" : "";
    sb_error(c, json ? 400 : 403,
             ec2                 ? "UnauthorizedOperation"
             : c->id == SB_SNS   ? "AuthorizationError"
             : json || rest_json ? "AccessDeniedException"
                                 : "AccessDenied",
             "%sUser: %s is not authorized to perform: %.*s on resource: %s%.*s%s %s %.*s action",
             ec2 ? "You are not authorized to perform this operation. " : "", c->principal->arn,
             EVAC_STR_ARG(ask->action), quote, EVAC_STR_ARG(ask->resource), quote,
             explicit ? "with an explicit deny in an identity-based policy for the"
                      : "because no identity-based policy allows the",
             EVAC_STR_ARG(ask->action));
}

static void ask_policies(struct sb_call *c, const struct sb_ask *ask)
{
    const struct sb_principal *p = c->principal;
    enum sb_decision decision = sb_policies_decide(p->policies, p->count, ask);
    if (decision != SB_ALLOWED)
        refuse(c, ask, decision == SB_EXPLICIT_DENY);
}

static struct evac_str here(const struct sb_call *c)
{
    return c->service->global || c->for_all ? EVAC_STR_NONE
                                            : evac_str(sb_region_name(c->sb, c->region));
}

static void ask_about(struct sb_call *c, struct sb_ask *ask, struct evac_str type,
                      struct evac_str tail)
{
    const struct evac_iam_type *t = evac_iam_type(type);
    const struct evac_iam_place place = { EVAC_STR("aws"),
                                          evac_str(sb_region_name(c->sb, c->region)),
                                          EVAC_STR(SB_ACCOUNT) };
    struct evac_str list = list_of(tail);
    for (int i = 1; i <= (int)RESOURCES_MAX && !c->failed; i++) {
        if (i > 1 && (list.n == 0 || !sb_has(c, "%.*s.%d", EVAC_STR_ARG(list), i)))
            break;
        ask->resource = t ? evac_iam_arn(c->arena, t, &place, fill(c, tail, i)) : EVAC_STR("*");
        ask_policies(c, ask);
    }
}

static void note_asked(struct evac_sandbox *sb, const char *action)
{
    for (size_t i = 0; i < sb->asked_count; i++)
        if (strcmp(sb->asked[i], action) == 0)
            return;
    if (sb->asked_count < SB_ASKED_MAX)
        sb->asked[sb->asked_count++] = action;
}

static void ask_row(struct sb_call *c, const struct sb_right *r)
{
    const struct evac_iam_action *action = evac_iam_action(evac_str(r->action));
    struct evac_str on = evac_str(r->on), value,
                    key = evac_str_cut(evac_str(r->context), '=', &value);
    struct sb_ask ask = { .action = evac_str(r->action), .resource = EVAC_STR("*") };
    note_asked(c->sb, r->action);
    add_context(&ask, EVAC_STR("aws:RequestedRegion"), here(c));
    add_context(&ask, key, value);
    if (!action || !on.n)
        ask_policies(c, &ask);
    while (action && on.n && !c->failed) {
        struct evac_str tail, type = evac_str_cut(evac_str_cut(on, ' ', &on), '=', &tail);
        ask_about(c, &ask, evac_iam_type_name(c->arena, action, type), tail);
    }
}

void sb_authorize(struct sb_call *c)
{
    const struct sb_right *r = sb_right_next(c->id, c->operation->name, NULL);
    if (!c->principal)
        return;
    if (!r) {
        struct sb_ask ask = { .action = evac_arena_printf(
                                  c->arena, "%s:%s", c->service->signing_name, c->operation->name),
                              .resource = EVAC_STR("* (the sandbox has no row for it)") };
        refuse(c, &ask, false);
    }
    for (; r && !c->failed; r = sb_right_next(c->id, c->operation->name, r))
        if (r->action[0] && is_asked(c, r))
            ask_row(c, r);
}

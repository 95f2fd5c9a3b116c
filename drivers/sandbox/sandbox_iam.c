/*
 * Policies, as IAM evaluates them for an identity: one statement that denies is enough to deny;
 * else one that allows is enough to allow; else it is denied. A policy that says something which is
 * not evaluated here is refused when it is given, because a rule that is passed over would allow,
 * or deny, what AWS does not.
 */
#include "sandbox_rights.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define X(name, text) text,
static const char *const decision_names[] = { SB_DECISIONS(X) };
#undef X

struct sb_policy {
    cJSON *root;
};

const char *sb_decision_name(enum sb_decision decision)
{
    return (unsigned)decision < SB_DECISION_COUNT ? decision_names[decision] : "?";
}

/* --- comparing ------------------------------------------------------------------------------- */

static bool same(char a, char b, bool fold)
{
    if (fold && a >= 'A' && a <= 'Z')
        a = (char)(a - 'A' + 'a');
    if (fold && b >= 'A' && b <= 'Z')
        b = (char)(b - 'A' + 'a');
    return a == b;
}

/* '*' is any text, '?' any one character. */
static bool like(struct evac_str pattern, struct evac_str text, bool fold)
{
    size_t p = 0, t = 0, star = SIZE_MAX, from = 0;
    while (t < text.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star = p++;
            from = t;
        } else if (p < pattern.n && (pattern.p[p] == '?' || same(pattern.p[p], text.p[t], fold))) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++from;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*')
        p++;
    return p == pattern.n;
}

bool sb_like(struct evac_str pattern, struct evac_str text)
{
    return like(pattern, text, false);
}

static bool equals(struct evac_str pattern, struct evac_str text)
{
    return evac_str_eq(pattern, text);
}

static bool equals_fold(struct evac_str pattern, struct evac_str text)
{
    return pattern.n == text.n && (text.n == 0 || strncasecmp(pattern.p, text.p, text.n) == 0);
}

static bool string_like(struct evac_str pattern, struct evac_str text)
{
    return like(pattern, text, false);
}

/* Part by part: a '*' does not reach over a colon, but in the last part. */
static bool arn_like(struct evac_str pattern, struct evac_str text)
{
    for (int i = 0; i < 5; i++)
        if (!like(evac_str_cut(pattern, ':', &pattern), evac_str_cut(text, ':', &text), false))
            return false;
    return like(pattern, text, false);
}

/* --- conditions ------------------------------------------------------------------------------ */

static const struct operator_row {
    const char *name;
    bool (*holds)(struct evac_str pattern, struct evac_str text);
    bool negated;
} operators[] = {
    { "StringEquals", equals, false },
    { "StringNotEquals", equals, true },
    { "StringEqualsIgnoreCase", equals_fold, false },
    { "StringNotEqualsIgnoreCase", equals_fold, true },
    { "StringLike", string_like, false },
    { "StringNotLike", string_like, true },
    { "ArnEquals", arn_like, false },
    { "ArnLike", arn_like, false },
    { "ArnNotEquals", arn_like, true },
    { "ArnNotLike", arn_like, true },
    { "Bool", equals_fold, false },
};
#define OPERATORS (sizeof operators / sizeof operators[0])

struct condition {
    const struct operator_row *op;
    bool all, if_exists; /* ForAllValues:, ...IfExists */
};

static bool read_condition(const char *text, struct condition *ret)
{
    struct evac_str rest, name = evac_str(text);
    *ret = (struct condition){ .all = evac_str_starts(name, "ForAllValues:") };
    if (ret->all || evac_str_starts(name, "ForAnyValue:")) {
        (void)evac_str_cut(name, ':', &rest);
        name = rest;
    }
    ret->if_exists = evac_str_ends(name, "IfExists");
    if (ret->if_exists)
        name.n -= strlen("IfExists");
    for (size_t i = 0; i < OPERATORS; i++)
        if (evac_str_is(name, operators[i].name))
            ret->op = &operators[i];
    return ret->op != NULL;
}

/* A text, or any of a list of them. */
static const cJSON *first_of(const cJSON *value)
{
    return cJSON_IsArray(value) ? value->child : value;
}
static const cJSON *next_of(const cJSON *list, const cJSON *at)
{
    return cJSON_IsArray(list) ? at->next : NULL;
}

static bool any_holds(const struct operator_row *op, const cJSON *values, struct evac_str text)
{
    for (const cJSON *v = first_of(values); v; v = next_of(values, v))
        if (op->holds(evac_str(v->valuestring), text))
            return true;
    return false;
}

static bool key_holds(const struct condition *c, const cJSON *values, const struct sb_ask *ask)
{
    for (size_t i = 0; i < ask->context_count; i++)
        if (equals_fold(evac_str(values->string), ask->context[i].key))
            return any_holds(c->op, values, ask->context[i].value) != c->op->negated;
    return c->op->negated || c->all || c->if_exists;
}

/* All operators, and all keys of each. */
static bool conditions_hold(const cJSON *conditions, const struct sb_ask *ask)
{
    for (const cJSON *op = conditions ? conditions->child : NULL; op; op = op->next) {
        struct condition c;
        if (!read_condition(op->string, &c))
            return false;
        for (const cJSON *key = op->child; key; key = key->next)
            if (!key_holds(&c, key, ask))
                return false;
    }
    return true;
}

/* --- statements ------------------------------------------------------------------------------ */

static bool names(const cJSON *statement, const char *member, struct evac_str what, bool fold)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(statement, member);
    for (const cJSON *v = list ? first_of(list) : NULL; v; v = next_of(list, v))
        if (like(evac_str(v->valuestring), what, fold))
            return true;
    return false;
}

static bool has(const cJSON *statement, const char *member)
{
    return cJSON_GetObjectItemCaseSensitive(statement, member) != NULL;
}

static bool applies(const cJSON *s, const struct sb_ask *ask)
{
    bool action = has(s, "Action") ? names(s, "Action", ask->action, true)
                                   : !names(s, "NotAction", ask->action, true);
    bool resource = has(s, "Resource") ? names(s, "Resource", ask->resource, false)
                                       : !names(s, "NotResource", ask->resource, false);
    return action && resource &&
           conditions_hold(cJSON_GetObjectItemCaseSensitive(s, "Condition"), ask);
}

static const cJSON *statements_of(const struct sb_policy *p)
{
    return cJSON_GetObjectItemCaseSensitive(p->root, "Statement");
}

enum sb_decision sb_policies_decide(struct sb_policy *const *policies, size_t count,
                                    const struct sb_ask *ask)
{
    enum sb_decision decision = SB_IMPLICIT_DENY;
    for (size_t i = 0; i < count; i++) {
        const cJSON *all = statements_of(policies[i]);
        for (const cJSON *s = first_of(all); s; s = next_of(all, s)) {
            if (!applies(s, ask))
                continue;
            const cJSON *effect = cJSON_GetObjectItemCaseSensitive(s, "Effect");
            if (strcmp(effect->valuestring, "Deny") == 0)
                return SB_EXPLICIT_DENY;
            decision = SB_ALLOWED;
        }
    }
    return decision;
}

/* --- reading --------------------------------------------------------------------------------- */

static enum evac_code check_texts(const cJSON *list, const char *where, struct evac_err *err)
{
    if (cJSON_IsArray(list) && !list->child)
        return evac_fail(err, EVAC_E_BADARG, "%s: an empty list", where);
    for (const cJSON *v = first_of(list); v; v = next_of(list, v)) {
        if (!cJSON_IsString(v))
            return evac_fail(err, EVAC_E_BADARG, "%s: texts are allowed, and lists of them", where);
        if (strstr(v->valuestring, "${"))
            return evac_fail(err, EVAC_E_BADARG, "%s: '%s': variables are not evaluated here",
                             where, v->valuestring);
    }
    return EVAC_OK;
}

static enum evac_code check_conditions(const cJSON *conditions, struct evac_err *err)
{
    for (const cJSON *op = conditions ? conditions->child : NULL; op; op = op->next) {
        struct condition c;
        if (!read_condition(op->string, &c))
            return evac_fail(err, EVAC_E_BADARG,
                             "Condition: '%s' is not evaluated here; StringEquals, StringLike, "
                             "ArnLike, Bool and their kin are",
                             op->string);
        for (const cJSON *key = op->child; key; key = key->next) {
            enum evac_code code = check_texts(key, key->string, err);
            if (code)
                return code;
        }
    }
    return EVAC_OK;
}

static enum evac_code check_members(const cJSON *s, struct evac_err *err)
{
    static const char *const allowed[] = { "Sid",      "Effect",      "Action",    "NotAction",
                                           "Resource", "NotResource", "Condition", NULL };
    for (const cJSON *m = s->child; m; m = m->next) {
        size_t i = 0;
        while (allowed[i] && strcmp(m->string, allowed[i]) != 0)
            i++;
        if (!allowed[i])
            return evac_fail(err, EVAC_E_BADARG, "a statement of an identity's policy has no '%s'",
                             m->string);
        bool list = i >= 2 && i <= 5;
        enum evac_code code = list ? check_texts(m, m->string, err) : EVAC_OK;
        if (code)
            return code;
    }
    return check_conditions(cJSON_GetObjectItemCaseSensitive(s, "Condition"), err);
}

static enum evac_code check_statement(const cJSON *s, struct evac_err *err)
{
    const cJSON *effect = cJSON_GetObjectItemCaseSensitive(s, "Effect");
    if (!cJSON_IsObject(s))
        return evac_fail(err, EVAC_E_BADARG, "a statement must be an object");
    if (!cJSON_IsString(effect) ||
        (strcmp(effect->valuestring, "Allow") != 0 && strcmp(effect->valuestring, "Deny") != 0))
        return evac_fail(err, EVAC_E_BADARG, "a statement's Effect must be Allow or Deny");
    if (has(s, "Action") == has(s, "NotAction"))
        return evac_fail(err, EVAC_E_BADARG, "a statement has Action or NotAction");
    if (has(s, "Resource") == has(s, "NotResource"))
        return evac_fail(err, EVAC_E_BADARG, "a statement has Resource or NotResource");
    return check_members(s, err);
}

static enum evac_code check_policy(const struct sb_policy *p, struct evac_err *err)
{
    const cJSON *all = statements_of(p);
    if (!cJSON_IsObject(p->root) || !(cJSON_IsArray(all) || cJSON_IsObject(all)))
        return evac_fail(err, EVAC_E_BADARG, "a policy is an object with a Statement");
    for (const cJSON *s = first_of(all); s; s = next_of(all, s)) {
        enum evac_code code = check_statement(s, err);
        if (code)
            return code;
    }
    return EVAC_OK;
}

enum evac_code sb_policy_parse(struct evac_str text, struct sb_policy **ret_policy,
                               struct evac_err *err)
{
    struct sb_policy *p = calloc(1, sizeof *p);
    if (!p)
        abort();
    p->root = cJSON_ParseWithLength(text.p, text.n);
    enum evac_code code =
        p->root ? check_policy(p, err) : evac_fail(err, EVAC_E_PARSE, "the policy is not JSON");
    if (code) {
        sb_policy_free(p);
        return code;
    }
    *ret_policy = p;
    return EVAC_OK;
}

void sb_policy_free(struct sb_policy *policy)
{
    if (policy)
        cJSON_Delete(policy->root);
    free(policy);
}

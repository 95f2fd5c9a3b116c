/* Which rights a request needs, and who has them: policies as IAM evaluates them. Inside the model.
 */
#ifndef EVAC_SANDBOX_RIGHTS_H
#define EVAC_SANDBOX_RIGHTS_H

#include "sandbox_internal.h"

/* --- what a request needs (sandbox_rights.c: the table, and how its rows are written) --- */

struct sb_right {
    enum sb_service_id id;
    const char *operation;
    const char *action; /* "" none: nobody can be refused it */
    const char *on, *when, *context;
};
/* The next row of an operation; NULL: there is no further one. */
const struct sb_right *sb_right_next(enum sb_service_id id, const char *operation,
                                     const struct sb_right *after);

/* --- who may (sandbox_iam.c) --- */

#define SB_POLICIES_MAX 16u
#define SB_CONTEXT_MAX  4u

/* One question, as IAM is asked it. */
struct sb_ask {
    struct evac_str action, resource;
    struct sb_context {
        struct evac_str key, value;
    } context[SB_CONTEXT_MAX];
    size_t context_count;
};

#define SB_DECISIONS(X)                                                                            \
    X(ALLOWED, "allowed")                                                                          \
    X(EXPLICIT_DENY, "explicitDeny")                                                               \
    X(IMPLICIT_DENY, "implicitDeny")
#define X(name, text) SB_##name,
enum sb_decision { SB_DECISIONS(X) SB_DECISION_COUNT };
#undef X
const char *sb_decision_name(enum sb_decision decision);

/* A policy document, read once. */
struct sb_policy;
/* Refuses what it could not evaluate, by name: an element, an operator, a variable. */
enum evac_code sb_policy_parse(struct evac_str text, struct sb_policy **ret_policy,
                               struct evac_err *err);
void sb_policy_free(struct sb_policy *policy);
/* Explicit deny, allow, default deny. */
enum sb_decision sb_policies_decide(struct sb_policy *const *policies, size_t count,
                                    const struct sb_ask *ask);

/* --- whose rights are looked at (sandbox_principals.c) --- */

struct sb_principal {
    char name[128];         /* an access key's id, or "role/NAME" */
    char access_key_id[32]; /* of a role: what its sessions sign with */
    char arn[256];          /* as it is named in refusals */
    struct sb_policy *policies[SB_POLICIES_MAX];
    size_t count;
    struct sb_policy
        *trust; /* of a role: who may assume it; NULL anybody whose policies allow it */
};

/* NULL: its rights are not looked at. */
struct sb_principal *sb_principal_of_key(const struct evac_sandbox *sb, struct evac_str key);
struct sb_principal *sb_principal_named(const struct evac_sandbox *sb, const char *name);
/* Does the role let that principal in, with that external id ("" none)? */
bool sb_role_trusts(const struct sb_principal *role, struct evac_str caller_arn,
                    struct evac_str external_id);
/* "KEY policy {...}", "KEY none", "KEY off": KEY an access key's id, "self" or "role/NAME"; and
 * "role/NAME trust {...}". */
enum evac_code sb_iam_control(struct evac_sandbox *sb, struct evac_str rest, struct evac_err *err);
void sb_principals_free(struct evac_sandbox *sb);
/* An error on the call unless who asks may. */
void sb_authorize(struct sb_call *c);

#endif

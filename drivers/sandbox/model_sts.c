/*
 * STS: who am I, and roles. A role's credentials are the sandbox's own, but for one that control
 * gave policies: its sessions have a key of their own, and may what those allow; one that control
 * gave a trust policy lets in whom that names, and nobody else.
 */
#include "sandbox_internal.h"
#include "sandbox_rights.h"

#include <stdio.h>
#include <string.h>

#define SESSION_MIN_S 900
#define SESSION_MAX_S 43200

static void caller_identity(struct sb_call *c)
{
    sb_tag(&c->out, "Arn", evac_str(c->principal ? c->principal->arn : sb_iam_caller(c->sb)));
    sb_tag(&c->out, "UserId", EVAC_STR("AIDAEVACSANDBOX000001"));
    sb_tag(&c->out, "Account", EVAC_STR(SB_ACCOUNT));
}

static bool check_role(struct sb_call *c, int64_t seconds)
{
    struct evac_str role = sb_in(c, "RoleArn"), name = sb_in(c, "RoleSessionName");
    if (!evac_str_starts(role, "arn:") || !evac_str_has(role, ":role/"))
        sb_error(c, 400, "ValidationError", "%.*s is invalid", EVAC_STR_ARG(role));
    else if (name.n < 2 || name.n > 64)
        sb_error(c, 400, "ValidationError", "roleSessionName: from 2 to 64 characters");
    else if (seconds < SESSION_MIN_S || seconds > SESSION_MAX_S)
        sb_error(c, 400, "ValidationError", "durationSeconds: from %d to %d", SESSION_MIN_S,
                 SESSION_MAX_S);
    return !c->failed;
}

/* AWS does not tell which of the two was missing: what the caller may, or whom the role lets in. */
static bool check_trust(struct sb_call *c, const struct sb_principal *role)
{
    const char *caller = c->principal ? c->principal->arn : sb_iam_caller(c->sb);
    if (!role || sb_role_trusts(role, evac_str(caller), sb_in(c, "ExternalId")))
        return true;
    c->sb->refused++;
    sb_error(c, 403, "AccessDenied",
             "User: %s is not authorized to perform: sts:AssumeRole on resource: %.*s", caller,
             EVAC_STR_ARG(sb_in(c, "RoleArn")));
    return false;
}

static struct sb_principal *role_of(const struct sb_call *c)
{
    char name[128];
    snprintf(name, sizeof name, "role/%.*s", EVAC_STR_ARG(sb_last_part(sb_in(c, "RoleArn"), '/')));
    return sb_principal_named(c->sb, name);
}

static void note_session(struct evac_sandbox *sb, const char *arn)
{
    for (size_t i = 0; i < sb->session_count; i++)
        if (strcmp(sb->sessions[i], arn) == 0)
            return;
    if (sb->session_count < SB_SESSIONS_MAX)
        (void)evac_str_copy(sb->sessions[sb->session_count++], sizeof sb->sessions[0],
                            evac_str(arn));
}

static void put_session(struct sb_call *c, int64_t seconds)
{
    struct evac_sandbox *sb = c->sb;
    struct sb_principal *role = role_of(c);
    if (role)
        snprintf(role->arn, sizeof role->arn, "arn:aws:sts::" SB_ACCOUNT ":assumed-%s/%.*s",
                 role->name, EVAC_STR_ARG(sb_in(c, "RoleSessionName")));
    if (role)
        note_session(sb, role->arn);
    evac_buf_puts(&c->out, "<Credentials>");
    sb_tag(&c->out, "AccessKeyId", evac_str(role ? role->access_key_id : sb->access_key_id));
    sb_tag(&c->out, "SecretAccessKey", evac_str(sb->secret_access_key));
    sb_tag(&c->out, "SessionToken",
           evac_str(sb->session_token[0] ? sb->session_token : "sandbox-session-token"));
    sb_tag(&c->out, "Expiration", sb_iso_s(c->arena, sb_wall_ms(sb) + 1000 * seconds));
    evac_buf_puts(&c->out, "</Credentials><AssumedRoleUser>");
    sb_tag(&c->out, "AssumedRoleId",
           evac_arena_printf(c->arena, "AROAEVACSANDBOX000001:%.*s",
                             EVAC_STR_ARG(sb_in(c, "RoleSessionName"))));
    sb_tag(&c->out, "Arn",
           evac_arena_printf(c->arena, "arn:aws:sts::" SB_ACCOUNT ":assumed-role/%.*s/%.*s",
                             EVAC_STR_ARG(sb_last_part(sb_in(c, "RoleArn"), '/')),
                             EVAC_STR_ARG(sb_in(c, "RoleSessionName"))));
    evac_buf_puts(&c->out, "</AssumedRoleUser>");
}

static void assume_role(struct sb_call *c)
{
    int64_t seconds = sb_in_i64(c, "DurationSeconds", 3600);
    if (check_role(c, seconds) && check_trust(c, role_of(c)))
        put_session(c, seconds);
}

static const struct sb_operation operations[] = {
    { .name = "GetCallerIdentity", .handle = caller_identity, .flags = SB_STRONG },
    { .name = "AssumeRole", .handle = assume_role, .flags = SB_STRONG },
    { 0 },
};

const struct sb_service sb_service_sts = {
    .signing_name = "sts",
    .row = "sts",
    .xmlns = "https://sts.amazonaws.com/doc/2011-06-15/",
    .operations = operations,
};

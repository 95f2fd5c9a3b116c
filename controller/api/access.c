#include "access.h"

#define VIEWER   EVAC_ROLE_BIT(EVAC_ROLE_VIEWER)
#define OPERATOR EVAC_ROLE_BIT(EVAC_ROLE_OPERATOR)
#define APPROVER EVAC_ROLE_BIT(EVAC_ROLE_APPROVER)
#define ADMIN    EVAC_ROLE_BIT(EVAC_ROLE_ADMIN)
/* Stopping is always one person's word, and anybody's who has one. */
#define ANYBODY (OPERATOR | APPROVER | ADMIN)

/* clang-format off */
const struct evac_access_row evac_access_rows[] = {
    { "look", VIEWER, "status, runs, reports, the journal, drivers" },
    { "plan", VIEWER, "what a move would do; nothing is called" },
    { "lint", VIEWER, "would it work with a region gone; nothing is called" },
    { "simulate", VIEWER, "an outage in virtual time; nothing is called" },
    { "replay", VIEWER, "what has happened, through today's policy" },
    { "rehearse", OPERATOR | APPROVER | ADMIN, "check, and drills that only look" },
    { "isolated", OPERATOR, "a drill that changes the standby and puts it back" },
    { "live", OPERATOR, "a drill that moves users" },
    { "game-day", OPERATOR, "a drill with faults" },
    { "call-off", ANYBODY, "end a drill: what it changed is put back" },
    { "failover", OPERATOR, "begin a run that moves the app" },
    { "evacuate", OPERATOR, "begin a run of each app that leaves a region; who may of each" },
    { "failback", OPERATOR, "begin a run that moves it home" },
    { "place", OPERATOR, "say where an app serves, where the journal does not know" },
    { "reconcile", APPROVER, "the data of the region that was left are reconciled, or given up" },
    { "approve", APPROVER, "say yes; an app's approvals may name others" },
    { "challenge", ANYBODY, "have an approver say yes by phone, and type in the answer" },
    { "decline", ANYBODY, "say no" },
    { "pause", ANYBODY, "begin nothing new" },
    { "resume", OPERATOR, "go on" },
    { "retry", OPERATOR, "try a failed step again" },
    { "skip", OPERATOR, "go on without a step; without a fence: an approver" },
    { "cancel", ANYBODY, "undo, until the point of no return" },
    { "rollback", ANYBODY, "the same" },
    { "stop", ANYBODY, "leave everything where it stands" },
    { "mode", OPERATOR, "graceful or ungraceful" },
    { "override", OPERATOR | APPROVER | ADMIN, "open a gate; each gate says which of these roles" },
    { "ack", ANYBODY, "the last run was seen" },
    { "hold", ANYBODY, "nothing automatic for an app" },
    { "release", OPERATOR, "end a hold" },
    { "fence", OPERATOR, "fence the region that was left once more" },
    { "freeze", ANYBODY, "nothing automatic, and what people begin needs a word" },
    { "unfreeze", ADMIN, "end a freeze" },
    { "waive", ADMIN, "do without a condition of the policy, for a time" },
    { "unwaive", ADMIN, "take that back" },
    { "receipt", VIEWER, "what a drill would touch; nothing is called" },
    { "stop-automation", ANYBODY, "nothing automatic for any app" },
    { "allow-automation", ADMIN, "end that" },
    { "evidence", VIEWER, "a signed bundle of what runs did" },
    { "verify", VIEWER, "check the journal, also against a checkpoint" },
    { "checkpoint", ANYBODY, "sign the journal as it is" },
    { "merge", ADMIN, "take another controller's journal into this one" },
    { "deficiencies", ANYBODY, "open, assign and close; to accept one is its owner's" },
    { "vantage", OPERATOR | ADMIN, "tell what is seen from another place" },
    { "tokens", ADMIN, "make an API token, with no more than one holds" },
    { "revoke", ANYBODY, "end an API token: one's own; any is for admins" },
    { "notify", OPERATOR | ADMIN, "send a test message to the channels" },
    { "reload", ADMIN, "load the configuration again" },
    { NULL, ADMIN, "whatever else changes something" },
};
/* clang-format on */

const struct evac_access_row *evac_access_row(struct evac_str what)
{
    const struct evac_access_row *row = evac_access_rows;
    while (row->what && !evac_str_is(what, row->what))
        row++;
    return row;
}

/* --- in words
 * --------------------------------------------------------------------------------- */

static const struct evac_holders *app_holders(const struct evac_app *app)
{
    return app ? app->roles : NULL;
}

static struct evac_str app_name(const struct evac_app *app)
{
    return app ? app->name : EVAC_STR_NONE;
}

static void put_holders(const struct evac_access *a, enum evac_role role, struct evac_buf *out)
{
    struct evac_holders holders =
        evac_holders_of(a->model->controller.roles, app_holders(a->app), role);
    for (size_t i = 0; i < holders.count; i++)
        evac_buf_putf(out, "%s%.*s", i ? ", " : "", EVAC_STR_ARG(holders.items[i]));
    if (!holders.count)
        evac_buf_puts(out, evac_role_default(role));
}

/* "operator (gid:oncall) or admin (uid:ann)" */
static void put_needed(const struct evac_access *a, uint32_t roles, struct evac_buf *out)
{
    bool first = true;
    for (unsigned i = 0; i < EVAC_ROLE_COUNT; i++) {
        if (!(roles & (1u << i)))
            continue;
        evac_buf_putf(out, "%s%s (", first ? "" : " or ", evac_role_name((enum evac_role)i));
        put_holders(a, (enum evac_role)i, out);
        evac_buf_putc(out, ')');
        first = false;
    }
}

static void put_roles(uint32_t roles, struct evac_buf *out)
{
    const char *before = "";
    for (unsigned i = 0; i < EVAC_ROLE_COUNT; i++) {
        if (!(roles & (1u << i)))
            continue;
        evac_buf_putf(out, "%s%s", before, evac_role_name((enum evac_role)i));
        before = ", ";
    }
    if (!roles)
        evac_buf_puts(out, "nothing");
}

static void put_scope(const struct evac_scope *scope, struct evac_buf *out)
{
    for (size_t i = 0; scope && i < scope->app_count; i++)
        evac_buf_putf(out, "%s%.*s", i ? ", " : ", since this credential is for ",
                      EVAC_STR_ARG(scope->apps[i]));
}

static enum evac_code refuse(const struct evac_access *a, uint32_t needed, uint32_t held,
                             struct evac_err *err)
{
    struct evac_buf text, have;
    evac_buf_init(&text, 8192);
    evac_buf_init(&have, 8192);
    put_needed(a, needed, &text);
    put_roles(held, &have);
    put_scope(a->caller->scope, &have);
    enum evac_code code = evac_fail(
        err, EVAC_E_REFUSED, "%.*s%s%.*s%s is for %s; you are %.*s: %s", EVAC_STR_ARG(a->what),
        a->app ? " of '" : "", EVAC_STR_ARG(a->app ? a->app->name : EVAC_STR_NONE),
        a->app ? "'" : "", text.p, EVAC_STR_ARG(a->caller->who), have.p);
    evac_buf_done(&text);
    evac_buf_done(&have);
    return code;
}

enum evac_code evac_access_need(const struct evac_access *a, uint32_t roles, struct evac_err *err)
{
    uint32_t held =
        evac_roles_of(a->model->controller.roles, app_holders(a->app), app_name(a->app), a->caller);
    return held & roles ? EVAC_OK : refuse(a, roles, held, err);
}

enum evac_code evac_access_check(const struct evac_access *a, struct evac_err *err)
{
    return evac_access_need(a, evac_access_row(a->what)->roles, err);
}

/* --- as JSON
 * ---------------------------------------------------------------------------------- */

static void roles_to_json(struct evac_jw *w, const char *key, uint32_t roles)
{
    evac_jw_open(w, key, '[');
    for (unsigned i = 0; i < EVAC_ROLE_COUNT; i++)
        if (roles & (1u << i))
            evac_jw_cstr(w, NULL, evac_role_name((enum evac_role)i));
    evac_jw_close(w, ']');
}

static void holders_to_json(const struct evac_access *a, struct evac_jw *w)
{
    struct evac_buf text;
    evac_jw_open(w, "holders", '[');
    for (unsigned i = 0; i < EVAC_ROLE_COUNT; i++) {
        evac_buf_init(&text, 8192);
        put_holders(a, (enum evac_role)i, &text);
        evac_jw_open(w, NULL, '{');
        evac_jw_cstr(w, "role", evac_role_name((enum evac_role)i));
        evac_jw_cstr(w, "doc", evac_role_doc((enum evac_role)i));
        evac_jw_str(w, "holders", evac_buf_str(&text));
        evac_jw_close(w, '}');
        evac_buf_done(&text);
    }
    evac_jw_close(w, ']');
}

static bool has_own(const struct evac_app *app)
{
    for (unsigned i = 0; i < EVAC_ROLE_COUNT; i++)
        if (app->roles[i].count)
            return true;
    return false;
}

/* Those with holders of their own: everywhere else the controller's stand. */
static void apps_to_json(const struct evac_model *model, struct evac_jw *w)
{
    evac_jw_open(w, "apps", '[');
    for (size_t i = 0; i < model->app_count; i++)
        if (has_own(&model->apps[i]))
            evac_jw_str(w, NULL, model->apps[i].name);
    evac_jw_close(w, ']');
}

void evac_access_to_json(const struct evac_model *model, const struct evac_app *app,
                         const struct evac_caller *caller, struct evac_jw *w)
{
    const struct evac_access a = { model, app, caller, EVAC_STR_NONE };
    uint32_t held = evac_roles_of(model->controller.roles, app_holders(app), app_name(app), caller);
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "app", app ? app->name : EVAC_STR_NONE);
    evac_jw_str(w, "who", caller->who);
    evac_jw_open(w, "groups", '[');
    for (size_t i = 0; i < caller->group_count; i++)
        evac_jw_str(w, NULL, caller->groups[i]);
    evac_jw_close(w, ']');
    roles_to_json(w, "roles", held);
    apps_to_json(model, w);
    holders_to_json(&a, w);
    evac_jw_open(w, "commands", '[');
    for (const struct evac_access_row *row = evac_access_rows; row->doc; row++) {
        evac_jw_open(w, NULL, '{');
        evac_jw_cstr(w, "what", row->what ? row->what : "anything else");
        roles_to_json(w, "roles", row->roles);
        evac_jw_bool(w, "may", (row->roles & held) != 0);
        evac_jw_cstr(w, "doc", row->doc);
        evac_jw_close(w, '}');
        if (!row->what)
            break;
    }
    evac_jw_close(w, ']');
    evac_jw_close(w, '}');
}

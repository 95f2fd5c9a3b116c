/*
 * Tokens, for programs and for people's other machines: made by an admin, never with more than the
 * admin holds or the configuration gives to the token's name; shown once; ended by whoever answers
 * for them, or by an admin.
 */
#include "api_routes.h"

#include <stdio.h>
#include <string.h>

#define TOKENS  "/v1/tokens"
#define DAY_MS  (INT64_C(24) * 3600 * 1000)
#define LIFE_MS (30 * DAY_MS) /* when it is not said */

static const struct evac_holders *holders_of(const struct evac_model *model, struct evac_str app)
{
    const struct evac_app *found = evac_model_app(model, app);
    return found ? found->roles : NULL;
}

static bool is_admin(struct evac_daemon *daemon, const struct evac_caller *caller)
{
    const struct evac_model *model = evac_daemon_model(daemon);
    return evac_roles_of(model->controller.roles, NULL, EVAC_STR_NONE, caller) &
           EVAC_ROLE_BIT(EVAC_ROLE_ADMIN);
}

/* --- shown
 * ------------------------------------------------------------------------------------ */

static void put_texts(struct evac_jw *w, const char *key, const struct evac_str *texts,
                      size_t count)
{
    evac_jw_open(w, key, '[');
    for (size_t i = 0; i < count; i++)
        evac_jw_str(w, NULL, texts[i]);
    evac_jw_close(w, ']');
}

static void put_roles(struct evac_jw *w, const char *key, uint32_t roles)
{
    evac_jw_open(w, key, '[');
    for (unsigned i = 0; i < EVAC_ROLE_COUNT; i++)
        if (roles & (1u << i))
            evac_jw_cstr(w, NULL, evac_role_name((enum evac_role)i));
    evac_jw_close(w, ']');
}

static const char *state_of(struct evac_daemon *daemon, const struct evac_pass *c)
{
    if (c->ended_ms)
        return "revoked";
    return evac_pass_is_live(evac_daemon_passes(daemon), c, evac_daemon_wall_ms(daemon))
               ? "live"
               : "expired";
}

/* It is revoked by a row that may be on its way still, and its answer waits for that row. */
static struct evac_pass as_revoked(const struct api_call *call, const struct evac_pass *c)
{
    struct evac_pass ended = *c;
    if (ended.ended_ms == 0) {
        ended.ended_ms = evac_daemon_wall_ms(call->daemon);
        ended.ended_by = call->q->caller.who;
    }
    return ended;
}

/* secret "" : it is not shown any more. */
static void put_token(struct evac_daemon *daemon, const struct evac_pass *c, struct evac_str secret,
                      struct evac_jw *w)
{
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "id", c->id);
    evac_jw_str(w, "name", c->name);
    evac_jw_cstr(w, "state", state_of(daemon, c));
    if (secret.n)
        evac_jw_str(w, "token", secret);
    put_roles(w, "roles", c->scope.roles);
    put_roles(w, "by_configuration", c->scope.roles & ~c->scope.granted);
    put_texts(w, "apps", c->scope.apps, c->scope.app_count);
    evac_jw_str(w, "owner", c->person);
    evac_jw_str(w, "made_by", c->made_by);
    evac_jw_i64(w, "made_ms", c->made_ms);
    evac_jw_i64(w, "ends_ms", c->ends_ms);
    evac_jw_known(w, "used_ms", c->used_ms != 0, c->used_ms);
    evac_jw_known(w, "revoked_ms", c->ended_ms != 0, c->ended_ms);
    evac_jw_str(w, "revoked_by", c->ended_by);
    evac_jw_str(w, "about", c->about);
    evac_jw_close(w, '}');
}

static bool answers_for(const struct evac_caller *caller, const struct evac_pass *c)
{
    char who[EVAC_WHO_MAX];
    return evac_pass_who(c, who) && evac_who_is_one(evac_str(who), caller->who);
}

void api_list_tokens(struct api_call *c)
{
    const struct evac_passes *all = evac_daemon_passes(c->daemon);
    bool admin = is_admin(c->daemon, &c->q->caller);
    struct evac_jw w = api_writer(c);
    evac_jw_open(&w, NULL, '{');
    evac_jw_open(&w, "tokens", '[');
    for (size_t i = 0; i < evac_passes_count(all); i++) {
        const struct evac_pass *p = evac_passes_at(all, i);
        if (p->kind == EVAC_PASS_TOKEN && (admin || answers_for(&c->q->caller, p)))
            put_token(c->daemon, p, EVAC_STR_NONE, &w);
    }
    evac_jw_close(&w, ']');
    evac_jw_close(&w, '}');
}

/* --- what is asked for
 * ------------------------------------------------------------------------ */

struct wish {
    struct evac_arena *arena;
    struct evac_pass c;
};

static enum evac_code read_roles(const cJSON *json, struct evac_pass *c, struct evac_err *err)
{
    const cJSON *item, *roles = cJSON_GetObjectItemCaseSensitive(json, "roles");
    cJSON_ArrayForEach(item, roles)
    {
        enum evac_role role;
        if (!cJSON_IsString(item) || !evac_role_parse(evac_str(item->valuestring), &role))
            return evac_fail(err, EVAC_E_BADARG,
                             "roles: one is not known; allowed: viewer, operator, approver, admin");
        c->scope.roles |= EVAC_ROLE_BIT(role);
    }
    if (!c->scope.roles)
        return evac_fail(err, EVAC_E_BADARG,
                         "roles: name at least one of viewer, operator, approver, admin");
    return EVAC_OK;
}

static enum evac_code read_apps(const struct evac_model *model, const cJSON *json,
                                struct wish *wish, struct evac_err *err)
{
    const cJSON *item, *apps = cJSON_GetObjectItemCaseSensitive(json, "apps");
    struct evac_str *names = evac_arena_array(wish->arena, EVAC_SCOPE_APPS_MAX, sizeof *names);
    size_t n = 0;
    cJSON_ArrayForEach(item, apps)
    {
        if (n == EVAC_SCOPE_APPS_MAX)
            return evac_fail(err, EVAC_E_TOOBIG, "apps: at most %u", EVAC_SCOPE_APPS_MAX);
        if (!cJSON_IsString(item) || !evac_model_app(model, evac_str(item->valuestring)))
            return evac_fail(err, EVAC_E_NOTFOUND, "apps: there is no app '%.64s'",
                             cJSON_IsString(item) ? item->valuestring : "?");
        names[n++] = evac_arena_str(wish->arena, evac_str(item->valuestring));
    }
    wish->c.scope.apps = names;
    wish->c.scope.app_count = n;
    return EVAC_OK;
}

static bool is_name(struct evac_str s)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    for (size_t i = 0; i < s.n; i++)
        if (!s.p[i] || !strchr(allowed, s.p[i]))
            return false;
    return s.n >= 1 && s.n <= 40;
}

static enum evac_code read_rest(const struct api_call *call, struct wish *wish,
                                struct evac_err *err)
{
    int64_t life = api_has(call, "ttl_ms") ? api_number(call, "ttl_ms") : LIFE_MS;
    struct evac_str name = api_text(call, "name");
    if (!is_name(name))
        return evac_fail(err, EVAC_E_BADARG,
                         "name: 1 to 40 letters, digits, '-', '_' and '.' are allowed");
    wish->c.name = name;
    wish->c.about = api_text(call, "about");
    wish->c.made_ms = evac_daemon_wall_ms(call->daemon);
    wish->c.ends_ms = wish->c.made_ms + life;
    wish->c.principal = evac_arena_printf(wish->arena, "token:%.*s", EVAC_STR_ARG(name));
    return EVAC_OK;
}

/* --- never more than its maker holds
 * ---------------------------------------------------------- */

/* What the caller, and the token by the configuration, hold on one app ("": none in particular). */
static void narrow(const struct evac_model *model, struct evac_str app,
                   const struct evac_caller *maker, const struct evac_caller *token, uint32_t *held,
                   uint32_t *named)
{
    const struct evac_holders *holders = holders_of(model, app);
    *held &= evac_roles_of(model->controller.roles, holders, app, maker);
    *named &= evac_roles_named(model->controller.roles, holders, token);
}

/* For all apps: everywhere, and where an app has holders of its own. */
static enum evac_code grant(const struct evac_model *model, const struct evac_caller *maker,
                            struct wish *wish, struct evac_err *err)
{
    struct evac_scope *scope = &wish->c.scope;
    const struct evac_caller token = { .who = wish->c.principal, .remote = true };
    uint32_t held = EVAC_ROLES_ALL, named = EVAC_ROLES_ALL;
    for (size_t i = 0; i < scope->app_count; i++)
        narrow(model, scope->apps[i], maker, &token, &held, &named);
    for (size_t i = 0; !scope->app_count && i < model->app_count; i++)
        narrow(model, model->apps[i].name, maker, &token, &held, &named);
    if (!scope->app_count)
        narrow(model, EVAC_STR_NONE, maker, &token, &held, &named);
    scope->granted = scope->roles & held;
    uint32_t missing = scope->roles & ~(held | named);
    for (unsigned i = 0; i < EVAC_ROLE_COUNT; i++)
        if (missing & (1u << i))
            return evac_fail(err, EVAC_E_REFUSED,
                             "you do not hold the role %s on all of its apps, nor does the "
                             "configuration give it to %.*s: nobody can give what they do not have",
                             evac_role_name((enum evac_role)i), EVAC_STR_ARG(wish->c.principal));
    return EVAC_OK;
}

/* --- made
 * ------------------------------------------------------------------------------------- */

static enum evac_code is_free(struct evac_daemon *daemon, const struct wish *wish,
                              struct evac_err *err)
{
    const struct evac_passes *all = evac_daemon_passes(daemon);
    const struct evac_pass *c =
        evac_passes_find(all, EVAC_PASS_TOKEN, wish->c.name, wish->c.made_ms);
    if (c && evac_pass_is_live(all, c, wish->c.made_ms))
        return evac_fail(err, EVAC_E_BUSY,
                         "there is a live token of the name '%.*s' (%.*s): revoke it, or take "
                         "another name",
                         EVAC_STR_ARG(c->name), EVAC_STR_ARG(c->id));
    if (evac_passes_live(all, EVAC_PASS_TOKEN, wish->c.made_ms) >= EVAC_TOKENS_MAX)
        return evac_fail(err, EVAC_E_TOOBIG, "there are %u live tokens: revoke some first",
                         EVAC_TOKENS_MAX);
    return EVAC_OK;
}

/* Whoever answers for the maker's credential answers for what was made with it. */
static struct evac_str owner_of(const struct evac_caller *maker)
{
    struct evac_who parts = evac_who_parts(maker->who);
    return parts.person.n ? parts.person : parts.principal;
}

static enum evac_code keep(struct evac_daemon *daemon, const struct evac_caller *maker,
                           const struct evac_pass *c, struct evac_err *err)
{
    struct evac_buf data;
    evac_buf_init(&data, 65536);
    evac_pass_data(c, &data);
    struct evac_record row = { .kind = EVAC_RECORD_TOKEN,
                               .step = EVAC_NO_STEP,
                               .name = c->name,
                               .to = EVAC_STR("created"),
                               .who = maker->who,
                               .text = c->about,
                               .number = c->ends_ms,
                               .data = evac_buf_str(&data) };
    enum evac_code code = evac_daemon_note(daemon, &row, 1, err);
    evac_buf_done(&data);
    return code;
}

static enum evac_code make(struct evac_daemon *daemon, const struct evac_caller *maker,
                           struct wish *wish, struct evac_api_response *r, struct evac_err *err)
{
    char who[EVAC_WHO_MAX];
    struct evac_minted minted;
    struct evac_pass *c = &wish->c;
    struct evac_jw w = { &r->body, false };
    evac_pass_mint(EVAC_PASS_TOKEN, &minted);
    c->kind = EVAC_PASS_TOKEN;
    c->id = evac_str(minted.id);
    c->person = owner_of(maker);
    c->made_by = maker->who;
    c->scoped = true;
    memcpy(c->digest, minted.digest, sizeof c->digest);
    enum evac_code code = evac_pass_who(c, who)
                              ? keep(daemon, maker, c, err)
                              : evac_fail(err, EVAC_E_TOOBIG, "its name and yours are too long");
    if (!code) {
        r->status = 201;
        snprintf(r->location, sizeof r->location, TOKENS "/%s", minted.id);
        put_token(daemon, c, evac_secret_reveal(&minted.text), &w);
    }
    evac_secret_done(&minted.text);
    return code;
}

void api_make_token(struct api_call *call)
{
    const struct evac_model *model = evac_daemon_model(call->daemon);
    const struct evac_caller *maker = &call->q->caller;
    struct evac_err err = { EVAC_OK, "" };
    struct wish wish = { .arena = evac_arena_new() };
    enum evac_code code = read_rest(call, &wish, &err);
    if (!code)
        code = read_roles(call->body, &wish.c, &err);
    if (!code)
        code = read_apps(model, call->body, &wish, &err);
    if (!code)
        code = is_free(call->daemon, &wish, &err);
    if (!code)
        code = grant(model, maker, &wish, &err);
    if (code == EVAC_E_REFUSED)
        evac_problem(call->r, EVAC_PROBLEM_FORBIDDEN, err.text);
    else if (code || make(call->daemon, maker, &wish, call->r, &err))
        api_fail(call, &err);
    evac_arena_free(wish.arena);
}

/* --- ended
 * ------------------------------------------------------------------------------------ */

static enum evac_code end(struct api_call *call, const struct evac_pass *c, struct evac_err *err)
{
    char data[64];
    snprintf(data, sizeof data, "{\"id\":\"%.*s\"}", EVAC_STR_ARG(c->id));
    struct evac_record row = { .kind = EVAC_RECORD_TOKEN,
                               .step = EVAC_NO_STEP,
                               .name = c->name,
                               .to = EVAC_STR("revoked"),
                               .who = call->q->caller.who,
                               .text = api_text(call, "reason"),
                               .number = c->ends_ms,
                               .data = evac_str(data) };
    return evac_daemon_note(call->daemon, &row, 1, err);
}

void api_end_token(struct api_call *call)
{
    const struct evac_caller *caller = &call->q->caller;
    const struct evac_pass *c = evac_passes_find(evac_daemon_passes(call->daemon), EVAC_PASS_TOKEN,
                                                 call->vars[0], evac_daemon_wall_ms(call->daemon));
    struct evac_err err = { EVAC_OK, "" };
    struct evac_jw w = api_writer(call);
    if (!c)
        evac_problem(call->r, EVAC_PROBLEM_NOT_FOUND,
                     "there is no such token: GET /v1/tokens lists them");
    else if (c->ended_ms)
        evac_problem(call->r, EVAC_PROBLEM_REFUSED, "it is revoked already");
    else if (!is_admin(call->daemon, caller) && !answers_for(caller, c))
        evac_problem(call->r, EVAC_PROBLEM_FORBIDDEN,
                     "it is another's token: who answers for it may revoke it, or an admin");
    else if (end(call, c, &err))
        api_fail(call, &err);
    else {
        const struct evac_pass ended = as_revoked(call, c);
        put_token(call->daemon, &ended, EVAC_STR_NONE, &w);
    }
}

/* Which one, the row of the journal says that the change was; its text is not told a second time.
 */
void api_tell_token(struct api_call *call, const struct evac_record *request)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_row row;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_jw w = api_writer(call);
    if (evac_store_row(evac_daemon_store(call->daemon), (uint64_t)request->number, arena, &row,
                       &err)) {
        api_fail(call, &err);
    } else {
        cJSON *data = cJSON_ParseWithLength(row.record.data.p, row.record.data.n);
        const cJSON *id = cJSON_GetObjectItemCaseSensitive(data, "id");
        const struct evac_pass *c = evac_passes_find(
            evac_daemon_passes(call->daemon), EVAC_PASS_TOKEN,
            evac_str(cJSON_IsString(id) ? id->valuestring : ""), evac_daemon_wall_ms(call->daemon));
        if (c)
            put_token(call->daemon, c, EVAC_STR_NONE, &w);
        else
            evac_problem(call->r, EVAC_PROBLEM_NOT_FOUND, "that token is gone");
        cJSON_Delete(data);
    }
    evac_arena_free(arena);
}

#include "session.h"

#include "access.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#define EACH_MAX 16u /* live sessions of one principal: the oldest makes way */

static int64_t wall_ms(const struct exchange *x)
{
    return evac_daemon_wall_ms(x->server->daemon);
}

static struct evac_passes *all_of(const struct exchange *x)
{
    return evac_daemon_passes(x->server->daemon);
}

static void set_cookie(struct exchange *x, struct evac_str text, int64_t seconds)
{
    snprintf(x->set_cookie, sizeof x->set_cookie,
             EVAC_SESSION_COOKIE "=%.*s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%lld%s",
             EVAC_STR_ARG(text), (long long)seconds, x->conn->listener->tls ? "; Secure" : "");
}

void session_forget(struct exchange *x)
{
    set_cookie(x, EVAC_STR_NONE, 0);
}

/* --- who one is
 * ------------------------------------------------------------------------------- */

static void put_self(struct exchange *x, const struct evac_identity *who,
                     struct evac_api_response *r)
{
    static const char *const proofs[] = {
        [EVAC_PROOF_SOCKET] = "socket",           [EVAC_PROOF_TOKEN] = "token",
        [EVAC_PROOF_SESSION] = "session",         [EVAC_PROOF_OIDC] = "oidc",
        [EVAC_PROOF_CERTIFICATE] = "certificate",
    };
    const struct evac_model *model = evac_daemon_model(x->server->daemon);
    const struct evac_scope *scope = who->caller.scope;
    struct evac_who parts = evac_who_parts(who->caller.who);
    struct evac_jw w = { &r->body, false };
    uint32_t roles = evac_roles_of(model->controller.roles, NULL, EVAC_STR_NONE, &who->caller);
    evac_jw_open(&w, NULL, '{');
    evac_jw_str(&w, "who", parts.principal);
    evac_jw_str(&w, "person", parts.person.n ? parts.person : parts.principal);
    evac_jw_cstr(&w, "by", proofs[who->proof]);
    evac_jw_str(&w, "credential", parts.credential);
    evac_jw_known(&w, "ends_ms", who->ends_ms != 0, who->ends_ms);
    evac_jw_open(&w, "roles", '[');
    for (unsigned i = 0; i < EVAC_ROLE_COUNT; i++)
        if (roles & (1u << i))
            evac_jw_cstr(&w, NULL, evac_role_name((enum evac_role)i));
    evac_jw_close(&w, ']');
    evac_jw_open(&w, "apps", '['); /* empty: all */
    for (size_t i = 0; scope && i < scope->app_count; i++)
        evac_jw_str(&w, NULL, scope->apps[i]);
    evac_jw_close(&w, ']');
    evac_jw_close(&w, '}');
}

/* --- its end
 * ---------------------------------------------------------------------------------- */

static void end_session(struct exchange *x, const struct evac_pass *c)
{
    struct evac_err err = { EVAC_OK, "" };
    struct evac_record row = { .kind = EVAC_RECORD_SESSION,
                               .step = EVAC_NO_STEP,
                               .t_wall_ms = wall_ms(x),
                               .name = c->id,
                               .to = EVAC_STR("ended"),
                               .who = x->who.caller.who };
    if (evac_daemon_note(x->server->daemon, &row, 1, &err)) /* it ends, journal or not */
        evac_passes_keep(all_of(x), &row);
}

static void close_own(struct exchange *x, struct evac_api_response *r)
{
    const struct evac_pass *c =
        x->who.proof == EVAC_PROOF_SESSION
            ? evac_passes_find(all_of(x), EVAC_PASS_SESSION, x->who.credential, wall_ms(x))
            : NULL;
    struct evac_jw w = { &r->body, false };
    if (!c) {
        evac_problem(r, EVAC_PROBLEM_REFUSED, "there is no session: it was not opened with one");
        return;
    }
    end_session(x, c);
    session_forget(x);
    evac_jw_open(&w, NULL, '{');
    evac_jw_cstr(&w, "answer", "the session has ended");
    evac_jw_close(&w, '}');
}

/* --- its beginning
 * ---------------------------------------------------------------------------- */

static void make_room(struct exchange *x, struct evac_str principal)
{
    struct evac_passes *all = all_of(x);
    const struct evac_pass *oldest = NULL;
    size_t live = 0;
    for (size_t i = 0; i < evac_passes_count(all); i++) {
        const struct evac_pass *c = evac_passes_at(all, i);
        if (c->kind != EVAC_PASS_SESSION || !evac_str_eq(c->principal, principal) ||
            !evac_pass_is_live(all, c, wall_ms(x)))
            continue;
        oldest = oldest ? oldest : c;
        live++;
    }
    if (live >= EACH_MAX)
        end_session(x, oldest);
}

static struct evac_pass session_of(struct exchange *x, const struct evac_minted *minted)
{
    const struct evac_identity *who = &x->who;
    struct evac_who parts = evac_who_parts(who->caller.who);
    int64_t life = evac_daemon_model(x->server->daemon)->controller.api_session_ms;
    struct evac_pass c = {
        .kind = EVAC_PASS_SESSION,
        .id = evac_str(minted->id),
        .principal = parts.principal,
        .person = parts.person,
        .token = who->proof == EVAC_PROOF_TOKEN ? who->credential : EVAC_STR_NONE,
        .groups = who->caller.groups,
        .group_count = who->caller.group_count,
        .scoped = who->caller.scope != NULL,
        .scope = who->scope,
        .ends_ms = wall_ms(x) + life,
    };
    if (who->ends_ms && who->proof != EVAC_PROOF_OIDC && who->ends_ms < c.ends_ms)
        c.ends_ms = who->ends_ms;
    memcpy(c.digest, minted->digest, sizeof c.digest);
    return c;
}

static void begin(struct exchange *x, struct evac_api_response *r)
{
    struct evac_minted minted;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_buf data;
    evac_pass_mint(EVAC_PASS_SESSION, &minted);
    const struct evac_pass c = session_of(x, &minted);
    make_room(x, c.principal);
    evac_buf_init(&data, 65536);
    evac_pass_data(&c, &data);
    struct evac_record row = { .kind = EVAC_RECORD_SESSION,
                               .step = EVAC_NO_STEP,
                               .t_wall_ms = wall_ms(x),
                               .name = c.id,
                               .to = EVAC_STR("begun"),
                               .who = x->who.caller.who,
                               .number = c.ends_ms,
                               .data = evac_buf_str(&data) };
    /* whoever may ask must be able to look when the journal can not be written, above all then */
    if (evac_daemon_note(x->server->daemon, &row, 1, &err))
        evac_passes_keep(all_of(x), &row);
    set_cookie(x, evac_secret_reveal(&minted.text), (c.ends_ms - wall_ms(x)) / 1000);
    x->who.ends_ms = c.ends_ms;
    r->status = 201;
    put_self(x, &x->who, r);
    evac_buf_done(&data);
    evac_secret_done(&minted.text);
}

static void open_one(struct exchange *x, struct evac_api_response *r)
{
    size_t live = evac_passes_live(all_of(x), EVAC_PASS_SESSION, wall_ms(x));
    if (!x->conn->listener->conf)
        evac_problem(r, EVAC_PROBLEM_REFUSED,
                     "over the unix socket nobody needs a session: the kernel says who you are");
    else if (x->who.proof == EVAC_PROOF_SESSION)
        evac_problem(r, EVAC_PROBLEM_REFUSED,
                     "a session is opened with a token or a certificate, not with a session");
    else if (live >= EVAC_SESSIONS_MAX)
        evac_problem(r, EVAC_PROBLEM_OVERLOADED, "too many sessions are open");
    else
        begin(x, r);
}

bool session_answer(struct exchange *x, struct evac_api_response *r)
{
    if (!evac_str_is(evac_buf_str(&x->path), "/v1/session"))
        return false;
    if (strcmp(x->method, "POST") == 0)
        open_one(x, r);
    else if (strcmp(x->method, "DELETE") == 0)
        close_own(x, r);
    else
        put_self(x, &x->who, r);
    return true;
}

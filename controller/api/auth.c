#include "auth.h"

#include "log.h"
#include "oidc.h"
#include "peer.h"
#include "people.h"
#include "principal.h"
#include "refusals.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ADDRESSES 4096u

struct evac_auth {
    struct evac_daemon *daemon;
    struct evac_throttle *throttle;
    struct evac_refusals *refusals;
    struct evac_oidc *oidc;
    bool oidc_well; /* when it was last looked at */
    struct evac_auth_counts counts;
    char socket[108];
};

struct evac_auth *evac_auth_new(struct evac_daemon *daemon, const char *socket)
{
    struct evac_auth *auth = calloc(1, sizeof *auth);
    if (!auth)
        abort();
    auth->daemon = daemon;
    auth->throttle = evac_throttle_new(ADDRESSES);
    auth->refusals = evac_refusals_new();
    auth->oidc_well = true;
    auth->oidc = evac_oidc_new(evac_daemon_host(daemon));
    (void)evac_str_copy(auth->socket, sizeof auth->socket, evac_str(socket));
    return auth;
}

void evac_auth_free(struct evac_auth *auth)
{
    if (!auth)
        return;
    evac_throttle_free(auth->throttle);
    evac_refusals_free(auth->refusals);
    evac_oidc_free(auth->oidc);
    free(auth);
}

const struct evac_auth_counts *evac_auth_counts(const struct evac_auth *auth)
{
    return &auth->counts;
}

void evac_identity_done(struct evac_identity *identity)
{
    evac_arena_free(identity->arena);
    *identity = (struct evac_identity){ .arena = NULL };
}

void evac_identity_nobody(struct evac_identity *ret)
{
    *ret = (struct evac_identity){ .caller = { .who = EVAC_STR("nobody"), .remote = true } };
}

static uint64_t now_ms(const struct evac_auth *auth)
{
    return evac_daemon_now_ms(auth->daemon);
}

static int64_t wall_ms(const struct evac_auth *auth)
{
    return evac_daemon_wall_ms(auth->daemon);
}

static const struct evac_oidc_conf *oidc_conf(const struct evac_auth *auth)
{
    return &evac_daemon_model(auth->daemon)->controller.oidc;
}

/* --- refused
 * ---------------------------------------------------------------------------------- */

#define ROWS_A_TICK 16u

static void note_refusal(struct evac_auth *auth, const struct evac_shown *shown,
                         enum evac_refusal_kind kind, struct evac_str who, const char *why)
{
    char from[64] = "socket", what[96];
    if (shown->address)
        evac_address_text(shown->address, from, sizeof from);
    snprintf(what, sizeof what, "%.*s %.*s", EVAC_STR_ARG(shown->method),
             EVAC_STR_ARG(shown->path));
    evac_refusals_add(
        auth->refusals,
        &(struct evac_refusal){ kind, evac_str(from), who, evac_str(what), evac_str(why) },
        wall_ms(auth));
}

void evac_auth_forbidden(struct evac_auth *auth, const struct evac_shown *shown,
                         struct evac_str who, const char *why)
{
    note_refusal(auth, shown, EVAC_REFUSAL_FORBIDDEN, who, why);
}

/* While the journal can not be written they are counted on. */
static void tell_refusals(struct evac_auth *auth)
{
    struct evac_err err = { EVAC_OK, "" };
    struct evac_record rows[ROWS_A_TICK];
    size_t n = evac_refusals_due(auth->refusals, now_ms(auth), rows, ROWS_A_TICK);
    if (n && evac_daemon_note(auth->daemon, rows, n, &err) == EVAC_OK)
        evac_refusals_written(auth->refusals, now_ms(auth));
}

void evac_auth_tick(struct evac_auth *auth)
{
    tell_refusals(auth);
    bool was_well = !evac_oidc_trouble(auth->oidc)[0];
    evac_oidc_tick(auth->oidc, oidc_conf(auth));
    if (auth->oidc_well && !was_well)
        evac_log(EVAC_LOG_WARN, "oidc_keys_not_fetched", "reason=\"%s\"",
                 evac_oidc_trouble(auth->oidc));
    auth->oidc_well = was_well;
}

bool evac_auth_is_busy(const struct evac_auth *auth)
{
    return evac_oidc_is_busy(auth->oidc);
}

/* --- how often
 * -------------------------------------------------------------------------------- */

uint32_t evac_auth_rate(struct evac_auth *auth, const struct evac_address *address)
{
    uint32_t rate = evac_daemon_model(auth->daemon)->controller.api_rate;
    uint32_t wait = evac_throttle_ask(auth->throttle, address, rate, now_ms(auth));
    auth->counts.limited += wait != 0;
    return wait;
}

uint32_t evac_auth_blocked_s(struct evac_auth *auth, const struct evac_address *address)
{
    return evac_throttle_blocked(auth->throttle, address, now_ms(auth));
}

/* For the log: whoever asks is not told why. */
static enum evac_known wrong(struct evac_auth *auth, const struct evac_shown *shown,
                             const char *what, const char *why)
{
    char from[64] = "socket";
    bool blocked = false;
    auth->counts.wrong++;
    if (shown->address) {
        evac_address_text(shown->address, from, sizeof from);
        blocked = evac_throttle_fail(auth->throttle, shown->address, now_ms(auth));
    }
    evac_log(EVAC_LOG_WARN, "auth_failed", "from=%s by=%s why=\"%s\" blocked_s=%u", from, what, why,
             blocked ? EVAC_BLOCK_MS / 1000 : 0);
    note_refusal(auth, shown, EVAC_REFUSAL_WRONG, EVAC_STR_NONE, why);
    return EVAC_KNOWN_WRONG;
}

/* --- tokens and sessions
 * ----------------------------------------------------------------------- */

/* Its use is in the journal once a day; when the journal can not be written the use is still one.
 */
static void note_use(struct evac_auth *auth, const struct evac_pass *c)
{
    char data[64];
    struct evac_err err = { EVAC_OK, "" };
    struct evac_buf text;
    if (c->kind != EVAC_PASS_TOKEN || c->used_ms - c->noted_ms < EVAC_USED_NOTE_MS)
        return;
    evac_buf_init(&text, sizeof data);
    evac_buf_putf(&text, "{\"id\":\"%.*s\"}", EVAC_STR_ARG(c->id));
    struct evac_record row = { .kind = EVAC_RECORD_TOKEN,
                               .step = EVAC_NO_STEP,
                               .name = c->name,
                               .to = EVAC_STR("used"),
                               .who = c->principal,
                               .number = c->ends_ms,
                               .data = evac_buf_str(&text) };
    (void)evac_daemon_note(auth->daemon, &row, 1, &err);
    evac_buf_done(&text);
}

static const struct evac_str *copy_texts(struct evac_arena *arena, const struct evac_str *from,
                                         size_t count)
{
    struct evac_str *to = evac_arena_array(arena, count, sizeof *to);
    for (size_t i = 0; i < count; i++)
        to[i] = evac_arena_str(arena, from[i]);
    return to;
}

/* A copy: the credential may be revoked while the request that came with it is answered. */
static bool identity_of(const struct evac_pass *c, struct evac_identity *ret)
{
    char who[EVAC_WHO_MAX];
    if (!evac_pass_who(c, who))
        return false;
    ret->arena = evac_arena_new();
    ret->proof = c->kind == EVAC_PASS_TOKEN ? EVAC_PROOF_TOKEN : EVAC_PROOF_SESSION;
    ret->credential = evac_arena_str(ret->arena, c->id);
    ret->ends_ms = c->ends_ms;
    ret->scope = c->scope;
    ret->scope.apps = copy_texts(ret->arena, c->scope.apps, c->scope.app_count);
    ret->caller = (struct evac_caller){
        .who = evac_arena_str(ret->arena, evac_str(who)),
        .groups = copy_texts(ret->arena, c->groups, c->group_count),
        .group_count = c->group_count,
        .remote = true,
        .scope = c->scoped ? &ret->scope : NULL,
    };
    return true;
}

static enum evac_known by_credential(struct evac_auth *auth, const struct evac_shown *shown,
                                     enum evac_pass_kind kind, struct evac_str text,
                                     struct evac_identity *ret)
{
    const char *what = kind == EVAC_PASS_TOKEN ? "token" : "session", *why = "";
    bool guessed = false;
    const struct evac_pass *c = evac_passes_check(evac_daemon_passes(auth->daemon), kind, text,
                                                  wall_ms(auth), &why, &guessed);
    if (!c && !guessed) { /* it was good once: no attack, but no use either */
        note_refusal(auth, shown, EVAC_REFUSAL_WRONG, EVAC_STR_NONE, why);
        return EVAC_KNOWN_WRONG;
    }
    if (!c)
        return wrong(auth, shown, what, why);
    if (!identity_of(c, ret))
        return wrong(auth, shown, what, "its names are too long");
    note_use(auth, c);
    return EVAC_KNOWN;
}

/* --- what is shown
 * ---------------------------------------------------------------------------- */

static bool is_bearer(struct evac_str header, struct evac_str *ret_text)
{
    if (header.n < 7 || strncasecmp(header.p, "bearer ", 7) != 0)
        return false;
    *ret_text = evac_str_trim((struct evac_str){ header.p + 7, header.n - 7 });
    return true;
}

static void take_said(const struct evac_jwt_said *said, struct evac_identity *ret)
{
    ret->proof = EVAC_PROOF_OIDC;
    ret->credential = said->mark;
    ret->ends_ms = said->ends_ms;
    ret->caller = (struct evac_caller){
        .who = evac_arena_printf(ret->arena, "%.*s by %.*s", EVAC_STR_ARG(said->principal),
                                 EVAC_STR_ARG(said->mark)),
        .groups = said->groups,
        .group_count = said->group_count,
        .remote = true,
    };
}

static enum evac_known by_provider(struct evac_auth *auth, const struct evac_shown *shown,
                                   struct evac_str text, struct evac_identity *ret)
{
    static const enum evac_known known[] = {
        [EVAC_OIDC_GOOD] = EVAC_KNOWN,          [EVAC_OIDC_BAD] = EVAC_KNOWN_WRONG,
        [EVAC_OIDC_EXPIRED] = EVAC_KNOWN_WRONG, [EVAC_OIDC_UNSURE] = EVAC_KNOWN_UNSURE,
        [EVAC_OIDC_LATER] = EVAC_KNOWN_LATER,
    };
    struct evac_jwt_said said;
    struct evac_err err = { EVAC_OK, "" };
    if (!oidc_conf(auth)->place.line)
        return wrong(auth, shown, "oidc", "no identity provider is configured");
    ret->arena = evac_arena_new();
    enum evac_oidc_answer answer =
        evac_oidc_check(auth->oidc, oidc_conf(auth), text, ret->arena, &said, &err);
    if (answer == EVAC_OIDC_GOOD)
        take_said(&said, ret);
    else
        evac_identity_done(ret);
    if (answer == EVAC_OIDC_BAD)
        return wrong(auth, shown, "oidc", err.text);
    return known[answer];
}

static enum evac_known by_bearer(struct evac_auth *auth, const struct evac_shown *shown,
                                 struct evac_identity *ret)
{
    struct evac_str text;
    if (!is_bearer(shown->authorization, &text))
        return wrong(auth, shown, "authorization", "it is no bearer token");
    if (evac_jwt_is(text))
        return by_provider(auth, shown, text, ret);
    return by_credential(auth, shown, EVAC_PASS_TOKEN, text, ret);
}

/* The value of our cookie; "" none. */
static struct evac_str cookie_of(struct evac_str header)
{
    while (header.n) {
        struct evac_str value, pair = evac_str_trim(evac_str_cut(header, ';', &header));
        struct evac_str name = evac_str_cut(pair, '=', &value);
        if (evac_str_is(name, EVAC_SESSION_COOKIE))
            return value;
    }
    return EVAC_STR_NONE;
}

/* "https://evac.example.com:8443" is of the host "evac.example.com:8443". */
static bool is_own_origin(const struct evac_shown *shown)
{
    const char *scheme = shown->ssl ? "https://" : "http://";
    size_t n = strlen(scheme);
    return evac_str_starts(shown->origin, scheme) &&
           evac_str_eq((struct evac_str){ shown->origin.p + n, shown->origin.n - n }, shown->host);
}

/* Another site's page made a browser send it. */
static bool is_foreign(const struct evac_shown *shown)
{
    return (shown->fetch_site.n && !evac_str_is(shown->fetch_site, "same-origin") &&
            !evac_str_is(shown->fetch_site, "none")) ||
           (shown->origin.n && !is_own_origin(shown));
}

static enum evac_known forged(struct evac_auth *auth, const struct evac_shown *shown)
{
    auth->counts.forged++;
    note_refusal(auth, shown, EVAC_REFUSAL_FORGED, EVAC_STR_NONE,
                 "another site's page made it, or nothing says that it did not");
    return EVAC_KNOWN_FORGED;
}

static enum evac_known by_cookie(struct evac_auth *auth, const struct evac_shown *shown,
                                 struct evac_str text, struct evac_identity *ret)
{
    if (shown->changes && (is_foreign(shown) || !shown->csrf.n))
        return forged(auth, shown);
    return by_credential(auth, shown, EVAC_PASS_SESSION, text, ret);
}

static enum evac_known by_certificate(struct evac_auth *auth, const struct evac_shown *shown,
                                      X509 *certificate, struct evac_identity *ret)
{
    struct evac_str principal, mark;
    ret->arena = evac_arena_new();
    if (!evac_principal_of_certificate(ret->arena, certificate, &principal, &mark)) {
        evac_identity_done(ret);
        return wrong(auth, shown, "certificate", "it names nobody, or too long a name");
    }
    ret->proof = EVAC_PROOF_CERTIFICATE;
    ret->credential = mark;
    ret->caller = (struct evac_caller){
        .who = evac_arena_printf(ret->arena, "%.*s by %.*s", EVAC_STR_ARG(principal),
                                 EVAC_STR_ARG(mark)),
        .remote = true,
    };
    return EVAC_KNOWN;
}

static void by_socket(struct evac_auth *auth, int fd, struct evac_identity *ret)
{
    struct evac_peer peer;
    evac_peer_of(fd, auth->socket, &peer);
    ret->arena = peer.arena;
    ret->caller = peer.caller;
    ret->proof = EVAC_PROOF_SOCKET;
}

static enum evac_known by_connection(struct evac_auth *auth, const struct evac_shown *shown,
                                     struct evac_identity *ret)
{
    if (!shown->address) {
        by_socket(auth, shown->fd, ret);
        return EVAC_KNOWN;
    }
    X509 *certificate =
        shown->ssl && shown->client_ca ? SSL_get1_peer_certificate(shown->ssl) : NULL;
    if (!certificate)
        return EVAC_KNOWN_NOT;
    enum evac_known known = shown->changes && is_foreign(shown)
                                ? forged(auth, shown)
                                : by_certificate(auth, shown, certificate, ret);
    X509_free(certificate);
    return known;
}

/* By the configuration's people; a word that grows too long is nobody's. */
static enum evac_known name_person(struct evac_auth *auth, const struct evac_shown *shown,
                                   struct evac_identity *identity)
{
    char who[EVAC_WHO_MAX];
    if (!evac_people_name(&evac_daemon_model(auth->daemon)->controller, identity->caller.who,
                          who)) {
        evac_identity_done(identity);
        return wrong(auth, shown, "people", "its names are too long");
    }
    identity->caller.who = evac_arena_str(identity->arena, evac_str(who));
    return EVAC_KNOWN;
}

enum evac_known evac_auth_who(struct evac_auth *auth, const struct evac_shown *shown,
                              struct evac_identity *ret)
{
    struct evac_str cookie = cookie_of(shown->cookie);
    enum evac_known known;
    *ret = (struct evac_identity){ .arena = NULL };
    if (shown->address && evac_auth_blocked_s(auth, shown->address)) {
        auth->counts.blocked++;
        note_refusal(auth, shown, EVAC_REFUSAL_BLOCKED, EVAC_STR_NONE,
                     "ten wrong credentials came from there within a minute");
        return EVAC_KNOWN_BLOCKED;
    }
    if (shown->authorization.n)
        known = by_bearer(auth, shown, ret);
    else if (cookie.n && shown->address)
        known = by_cookie(auth, shown, cookie, ret);
    else
        known = by_connection(auth, shown, ret);
    if (known == EVAC_KNOWN)
        known = name_person(auth, shown, ret);
    auth->counts.known += known == EVAC_KNOWN;
    return known;
}

bool evac_identity_stands(struct evac_auth *auth, const struct evac_identity *identity)
{
    const struct evac_passes *all = evac_daemon_passes(auth->daemon);
    enum evac_pass_kind kind =
        identity->proof == EVAC_PROOF_TOKEN ? EVAC_PASS_TOKEN : EVAC_PASS_SESSION;
    if (identity->ends_ms && wall_ms(auth) >= identity->ends_ms)
        return false;
    if (identity->proof != EVAC_PROOF_TOKEN && identity->proof != EVAC_PROOF_SESSION)
        return true;
    const struct evac_pass *c = evac_passes_find(all, kind, identity->credential, wall_ms(auth));
    return c && evac_pass_is_live(all, c, wall_ms(auth));
}

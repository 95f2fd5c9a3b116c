#include "api_request.h"

#include "api_routes.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHANGES (EVAC_ROUTE_MUTATES | EVAC_ROUTE_JOB)

/* --- what was asked ------------------------------------------------------------------------------
 */

static void add(EVP_MD_CTX *hash, struct evac_str part)
{
    unsigned char size[8];
    for (unsigned i = 0; i < sizeof size; i++)
        size[i] = (unsigned char)((uint64_t)part.n >> (8 * i));
    EVP_DigestUpdate(hash, size, sizeof size);
    if (part.n)
        EVP_DigestUpdate(hash, part.p, part.n);
}

/* SHA-256 over method, path, query and body, each with its length before it. */
static void fingerprint(const struct evac_api_request *q, char ret_print[65])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    if (!hash || !EVP_DigestInit_ex(hash, EVP_sha256(), NULL))
        abort();
    add(hash, evac_str(q->method));
    add(hash, q->path);
    add(hash, q->query);
    add(hash, q->body);
    EVP_DigestFinal_ex(hash, digest, &n);
    EVP_MD_CTX_free(hash);
    for (unsigned i = 0; i < n && i < 32; i++)
        snprintf(ret_print + 2 * (size_t)i, 3, "%02x", digest[i]);
}

/* A structured header's string has quotes (RFC 8941); most clients send none. */
static struct evac_str bare(struct evac_str key)
{
    key = evac_str_trim(key);
    if (key.n < 2 || key.p[0] != '"' || key.p[key.n - 1] != '"')
        return key;
    return (struct evac_str){ key.p + 1, key.n - 2 };
}

static bool is_good(struct evac_str key)
{
    bool visible = key.n > 0 && key.n <= API_KEY_MAX;
    for (size_t i = 0; visible && i < key.n; i++)
        visible = key.p[i] > ' ' && key.p[i] <= '~';
    return visible;
}

/* --- answered again ------------------------------------------------------------------------------
 */

static const struct {
    const char *operation;
    api_retell_fn *fn;
} tells[] = {
    { "beginRun", api_tell_run },        { "beginDrill", api_tell_drill },
    { "evacuate", api_tell_word },       { "say", api_tell_word },
    { "sayToRun", api_tell_word },       { "simulate", api_tell_job },
    { "replay", api_tell_job },          { "sayDeficiency", api_tell_data },
    { "reload", api_tell_data },         { "signJournal", api_tell_note },
    { "makeEvidence", api_tell_bundle }, { "makeToken", api_tell_token },
    { "revokeToken", api_tell_token },   { "testChannels", api_tell_test },
    { "makeChallenge", api_tell_data },
};
#define TELLS (sizeof tells / sizeof tells[0])

bool api_request_is_told(const struct evac_route *route)
{
    size_t i = 0;
    while (i < TELLS && strcmp(tells[i].operation, route->id) != 0)
        i++;
    return i < TELLS;
}

static void tell(struct api_call *c, const struct evac_record *request)
{
    c->again = true;
    c->r->replayed = true;
    c->r->status = (int)request->attempt;
    c->r->content_type = c->route->media;
    for (size_t i = 0; i < TELLS; i++)
        if (strcmp(tells[i].operation, c->route->id) == 0)
            tells[i].fn(c, request);
}

void api_tell_data(struct api_call *c, const struct evac_record *request)
{
    evac_buf_put_str(&c->r->body, request->data);
}

/* False: it was answered. */
static bool is_new(struct api_call *c, struct evac_shell *shell)
{
    const struct evac_record *request = evac_shell_asked(shell, c->asked.who, c->asked.key);
    if (!request)
        return true;
    if (evac_str_eq(request->from, c->asked.print))
        tell(c, request);
    else
        evac_problemf(c->r, EVAC_PROBLEM_KEY_REUSED,
                      "this key came with %.*s, and with other words, less than a day ago",
                      EVAC_STR_ARG(request->event));
    return false;
}

/* --- around a change -----------------------------------------------------------------------------
 */

bool api_request_begin(struct api_call *c, struct api_request_room *room)
{
    struct evac_str key = bare(c->q->idempotency_key);
    struct evac_shell *shell = evac_daemon_shell(c->daemon);
    if (!(c->route->flags & CHANGES) || c->q->idempotency_key.n == 0 || !shell)
        return true;
    if (!is_good(key)) {
        evac_problemf(c->r, EVAC_PROBLEM_BAD_REQUEST,
                      "Idempotency-Key: 1 to %u visible characters of ASCII", API_KEY_MAX);
        return false;
    }
    fingerprint(c->q, room->print);
    c->asked = (struct evac_asked){ .key = key,
                                    .who = c->q->caller.who,
                                    .operation = evac_str(c->route->id),
                                    .print = evac_str(room->print),
                                    .status = (uint32_t)c->route->status };
    if (!is_new(c, shell))
        return false;
    if (c->route->flags & EVAC_ROUTE_MUTATES)
        evac_shell_ask(shell, &c->asked);
    return true;
}

void api_request_answers(struct api_call *c, struct evac_str answer)
{
    c->asked.answer = answer;
}

void api_request_end(struct api_call *c)
{
    struct evac_shell *shell = evac_daemon_shell(c->daemon);
    if (!shell || c->asked.key.n == 0)
        return;
    evac_shell_ask(shell, NULL);
    if (!(c->route->flags & EVAC_ROUTE_JOB) || c->r->status >= 400)
        return;
    const struct evac_record job = { .kind = EVAC_RECORD_REQUEST,
                                     .name = c->asked.key,
                                     .who = c->asked.who,
                                     .event = c->asked.operation,
                                     .from = c->asked.print,
                                     .attempt = c->asked.status,
                                     .number =
                                         (int64_t)evac_jobs_newest(evac_daemon_jobs(c->daemon)) };
    evac_shell_remember(shell, &job);
}

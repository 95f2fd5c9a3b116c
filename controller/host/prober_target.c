/* What is asked: checked, and copied. */
#include "prober_internal.h"

#include <stdlib.h>
#include <string.h>

#define EVERY_MIN_MS   100u
#define URL_MAX_BYTES  2048u
#define TEXT_MAX_BYTES 255u

/* --- checks ---------------------------------------------------------------------------------- */

static bool is_long(struct evac_str text)
{
    return text.n > TEXT_MAX_BYTES;
}

static bool has_long(const struct evac_str *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_long(texts[i]))
            return true;
    return false;
}

static enum evac_code check_sizes(const struct evac_prober_target *target, struct evac_err *err)
{
    if (target->url.n > URL_MAX_BYTES)
        return evac_fail(err, EVAC_E_TOOBIG, "a probe's URL has %zu bytes, %u are allowed",
                         target->url.n, URL_MAX_BYTES);
    if (is_long(target->resolver) || is_long(target->expect_body) ||
        target->served_by.n > TEXT_MAX_BYTES - 1)
        return evac_fail(err, EVAC_E_TOOBIG,
                         "a probe's resolver, expected text or header is over %u bytes",
                         TEXT_MAX_BYTES);
    if (target->expected_count > EVAC_PROBER_VALUES_MAX ||
        target->resolver_count > EVAC_PROBER_ASKED_MAX ||
        target->arg_count > EVAC_PROBER_ARGS_MAX ||
        has_long(target->expected, target->expected_count) ||
        has_long(target->resolvers, target->resolver_count) || is_long(target->json.path) ||
        is_long(target->json.is))
        return evac_fail(err, EVAC_E_TOOBIG, "a probe expects or names more than is allowed");
    return EVAC_OK;
}

static enum evac_code check_means(const struct evac_prober *prober,
                                  const struct evac_prober_target *target, struct evac_err *err)
{
    if (target->kind == EVAC_PROBER_EXEC && (!prober->host || target->arg_count == 0))
        return evac_fail(err, EVAC_E_BADARG, "this prober can not run that program");
    if (target->kind == EVAC_PROBER_ASKED && !prober->ask_fn)
        return evac_fail(err, EVAC_E_BADARG, "this prober has nobody to ask");
    if (target->kind == EVAC_PROBER_DNS && target->url.n == 0)
        return evac_fail(err, EVAC_E_BADARG, "a DNS probe needs a name");
    return EVAC_OK;
}

/* "host:port" as the URL that has these parts. */
static struct evac_str as_url(const struct evac_prober_target *target, char *to, size_t room)
{
    const char *scheme = target->kind == EVAC_PROBER_TCP   ? "http://"
                         : target->kind == EVAC_PROBER_TLS ? "https://"
                                                           : "";
    int n = snprintf(to, room, "%s%.*s", scheme, EVAC_STR_ARG(target->url));
    return (struct evac_str){ to, n > 0 && (size_t)n < room ? (size_t)n : 0 };
}

enum evac_code prober_check_target(const struct evac_prober *prober,
                                   const struct evac_prober_target *target, struct evac_err *err)
{
    struct evac_url url;
    char text[URL_MAX_BYTES + 16];
    enum evac_code code = check_sizes(target, err);
    if (!code && (target->every_ms < EVERY_MIN_MS || !target->connect_ms || !target->reply_ms))
        code = evac_fail(err, EVAC_E_BADARG,
                         "a probe needs every_ms of at least %u, connect_ms and reply_ms above 0",
                         EVERY_MIN_MS);
    if (!code)
        code = check_means(prober, target, err);
    if (!code && prober_kinds[target->kind].connects)
        code = evac_url_split(as_url(target, text, sizeof text), &url, err);
    return code;
}

/* --- copies ---------------------------------------------------------------------------------- */

static struct evac_str keep(char **at, struct evac_str text)
{
    struct evac_str kept = { *at, text.n };
    if (text.n)
        memcpy(*at, text.p, text.n);
    (*at)[text.n] = '\0';
    *at += text.n + 1;
    return kept;
}

static void copy_texts(struct prober_target *t, const struct evac_prober_target *from)
{
    char text[URL_MAX_BYTES + 16];
    struct evac_str url = as_url(from, text, sizeof text);
    t->text = malloc(url.n + from->resolver.n + from->expect_body.n + from->served_by.n + 4);
    if (!t->text)
        abort();
    char *at = t->text;
    struct evac_str kept = keep(&at, url);
    if (t->kind->connects)
        (void)evac_url_split(kept, &t->url, NULL);
    t->resolver = keep(&at, from->resolver);
    t->expect_body = keep(&at, from->expect_body);
    t->served_by = keep(&at, from->served_by);
}

static const struct evac_str *copy_list(struct evac_arena *arena, const struct evac_str *list,
                                        size_t count)
{
    struct evac_str *copy = evac_arena_array(arena, count + 1, sizeof *copy);
    for (size_t i = 0; i < count; i++)
        copy[i] = evac_arena_str(arena, list[i]);
    return copy;
}

static const char **copy_args(struct evac_arena *arena, const struct evac_str *list, size_t count)
{
    const char **copy = evac_arena_array(arena, count + 1, sizeof *copy);
    for (size_t i = 0; i < count; i++)
        copy[i] = evac_arena_str(arena, list[i]).p;
    return copy;
}

static struct prober_more *copy_more(const struct evac_prober_target *from)
{
    if (from->json.path.n == 0 && prober_kinds[from->kind].connects)
        return NULL;
    struct evac_arena *arena = evac_arena_new();
    struct prober_more *more = evac_arena_alloc(arena, sizeof *more);
    more->arena = arena;
    more->json = from->json;
    more->json.path = evac_arena_str(arena, from->json.path);
    more->json.is = evac_arena_str(arena, from->json.is);
    more->name = evac_arena_str(arena, from->url);
    more->dns_type = evac_arena_str(arena, from->dns_type.n ? from->dns_type : EVAC_STR("A"));
    more->expected = copy_list(arena, from->expected, from->expected_count);
    more->expected_count = from->expected_count;
    more->resolvers = copy_list(arena, from->resolvers, from->resolver_count);
    more->resolver_count = from->resolver_count;
    more->argv = copy_args(arena, from->argv, from->arg_count);
    return more;
}

struct prober_target *prober_new_target(struct evac_prober *prober,
                                        const struct evac_prober_target *from)
{
    struct prober_target *t = calloc(1, sizeof *t);
    if (!t)
        abort();
    t->prober = prober;
    t->kind = &prober_kinds[from->kind];
    t->heap_at = PROBER_IN_NO_HEAP;
    t->every_ms = from->every_ms;
    t->connect_ms = from->connect_ms;
    t->reply_ms = from->reply_ms;
    t->latency_ms = from->latency_ms;
    t->expect_status = from->expect_status;
    t->wants_served_by = from->wants_served_by;
    t->keep_alive = from->keep_alive && from->kind == EVAC_PROBER_HTTP;
    t->insecure = from->insecure;
    t->certificate_ms = from->certificate_ms;
    t->certificate_fails = from->certificate_fails;
    t->user = from->user;
    copy_texts(t, from);
    t->more = copy_more(from);
    return t;
}

void prober_free_target(struct prober_target *t)
{
    if (t->more)
        evac_arena_free(t->more->arena);
    free(t->text);
    free(t);
}

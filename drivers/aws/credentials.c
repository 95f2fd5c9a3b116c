#include "credentials_internal.h"

#include <stdlib.h>
#include <string.h>

#define REGIONS           8u
#define REGION_BYTES      41u
#define TRIES             3u /* of a container's or an instance's endpoint in one attempt */
#define TRY_PAUSE_MS      1000u
#define FAIL_MIN_MS       1000u
#define FAIL_MAX_MS       30000u
#define RETRY_CALM_MS     60000u  /* the keys live for more than ten minutes */
#define RETRY_URGENT_MS   10000u  /* they do not */
#define REASK_EXPIRED_MS  900000u /* AWS gave expired keys: it wants us to go on with them */
#define REASK_JITTER_MS   480000u
#define REJECTED_PAUSE_MS 30000u
#define SESSION_BYTES     65u
#define KEEP_WITHIN_MS    5000u
#define SESSION_PAUSE_MS  60000u /* between two that are asked for because of their name */

struct waiter {
    struct waiter *next;
    evac_credentials_fn *ready;
    void *user;
};

/* One walk from the root of the chain to its end. */
struct refresh {
    struct evac_arena *arena;
    struct evac_aws_config config;
    struct evac_provider_chain chain;
    size_t at; /* the provider whose keys are being fetched */
    unsigned tries;
    size_t region_at; /* among the regions that STS can be asked in */
    struct evac_fetch fetch;
};

struct evac_credentials {
    const struct evac_host *host;
    struct evac_aws_io *io;
    struct evac_aws_skew *skew;
    struct evac_sigv4_cache *cache;
    struct evac_arena *arena;
    struct evac_args settings;
    struct evac_secret secret, token; /* explicit ones */
    struct evac_credentials *base;    /* of a role: with whose keys it is assumed; NULL: found */
    struct evac_aws_role role;
    char session[SESSION_BYTES], asked_session[SESSION_BYTES]; /* wanted, and last asked for */
    uint64_t asked_boot_ms;
    bool kept; /* tried again by itself until there are keys */

    struct evac_aws_keys keys;
    bool has_keys;
    int64_t got_ms;

    struct refresh *refresh; /* NULL: none runs */
    struct waiter *waiters, **waiters_end;
    size_t waiter_count;
    uint64_t timer_id;
    bool timer_set;
    uint64_t retry_boot_ms; /* not before */
    unsigned failures;
    struct evac_err last_err;
    uint64_t rejected_boot_ms;
    bool was_rejected;
    char regions[REGIONS][REGION_BYTES]; /* newest first */
    size_t region_count;
};

static void start(struct evac_credentials *c);
static void walk(struct evac_credentials *c);

static uint64_t now_ms(const struct evac_credentials *c)
{
    return c->host->now_ms(c->host->ctx);
}

static int64_t wall_ms(const struct evac_credentials *c)
{
    return c->host->wall_ms(c->host->ctx);
}

static uint64_t chance(const struct evac_credentials *c, uint64_t below)
{
    uint32_t random = 0;
    c->host->random(c->host->ctx, &random, sizeof random);
    return below ? random % below : 0;
}

struct evac_credentials *evac_credentials_new(const struct evac_host *host, struct evac_aws_io *io,
                                              const struct evac_args *settings,
                                              struct evac_aws_skew *skew,
                                              struct evac_sigv4_cache *cache)
{
    struct evac_credentials *c = calloc(1, sizeof *c);
    if (!c)
        abort();
    *c = (struct evac_credentials){ .host = host, .io = io, .skew = skew, .cache = cache };
    c->arena = evac_arena_new();
    c->waiters_end = &c->waiters;
    c->secret = evac_secret_new(evac_args_get(settings, "secret_access_key"));
    c->token = evac_secret_new(evac_args_get(settings, "session_token"));
    size_t count = settings ? settings->count : 0, kept = 0;
    struct evac_arg *items = evac_arena_array(c->arena, count + 1, sizeof *items);
    for (size_t i = 0; i < count; i++) {
        struct evac_arg arg = settings->items[i];
        if (evac_str_is(arg.name, "secret_access_key") || evac_str_is(arg.name, "session_token"))
            continue;
        items[kept].name = evac_arena_str(c->arena, arg.name);
        items[kept++].value = evac_arena_str(c->arena, arg.value);
    }
    c->settings = (struct evac_args){ items, kept };
    return c;
}

struct evac_credentials *
evac_credentials_of_role(const struct evac_host *host, struct evac_aws_io *io,
                         const struct evac_args *settings, struct evac_aws_skew *skew,
                         struct evac_sigv4_cache *cache, struct evac_credentials *base,
                         const struct evac_aws_role *role)
{
    struct evac_credentials *c = evac_credentials_new(host, io, settings, skew, cache);
    c->base = base;
    c->role = (struct evac_aws_role){ evac_arena_str(c->arena, role->app),
                                      evac_arena_str(c->arena, role->arn),
                                      evac_arena_str(c->arena, role->external_id) };
    return c;
}

static void stop_timer(struct evac_credentials *c)
{
    if (c->timer_set)
        c->host->timer_stop(c->host->ctx, c->timer_id);
    c->timer_set = false;
}

static void refresh_free(struct refresh *r)
{
    if (!r)
        return;
    evac_provider_chain_done(&r->chain);
    evac_arena_free(r->arena);
    free(r);
}

void evac_credentials_free(struct evac_credentials *c)
{
    if (!c)
        return;
    stop_timer(c);
    if (c->base)
        (void)evac_credentials_forget(c->base, c);
    refresh_free(c->refresh);
    while (c->waiters) {
        struct waiter *w = c->waiters;
        c->waiters = w->next;
        free(w);
    }
    evac_aws_keys_done(&c->keys);
    evac_secret_done(&c->secret);
    evac_secret_done(&c->token);
    evac_arena_free(c->arena);
    free(c);
}

/* --- when --- */

static void on_timer(void *user)
{
    struct evac_credentials *c = user;
    c->timer_set = false;
    if (c->refresh)
        walk(c); /* a pause between two tries is over */
    else
        start(c);
}

static void set_timer(struct evac_credentials *c, uint64_t delay_ms)
{
    stop_timer(c);
    c->timer_set =
        c->host->timer(c->host->ctx, delay_ms, on_timer, c, &c->timer_id, NULL) == EVAC_OK;
}

static bool is_expired(const struct evac_credentials *c)
{
    return c->keys.expires && wall_ms(c) >= c->keys.expires_ms;
}

/* How long before their end keys are renewed: a quarter hour, or a third of a shorter life. */
static int64_t advance_ms(const struct evac_credentials *c)
{
    int64_t third_ms = (c->keys.expires_ms - c->got_ms) / 3;
    if (third_ms < 0)
        return 0;
    return third_ms < EVAC_CREDENTIALS_ADVISORY_MS ? third_ms : EVAC_CREDENTIALS_ADVISORY_MS;
}

static void plan_renewal(struct evac_credentials *c)
{
    if (!c->keys.expires)
        return;
    int64_t left_ms = c->keys.expires_ms - wall_ms(c);
    uint64_t delay_ms = REASK_EXPIRED_MS + chance(c, REASK_JITTER_MS) + 120000u;
    if (left_ms > 0)
        delay_ms = (uint64_t)(left_ms - advance_ms(c));
    /* The wall clock may jump: keys that it calls old are renewed whatever the timer thinks. */
    c->retry_boot_ms = left_ms > 0 ? 0 : now_ms(c) + delay_ms;
    set_timer(c, delay_ms);
}

static void plan_retry(struct evac_credentials *c)
{
    uint64_t delay_ms = FAIL_MIN_MS << (c->failures < 6 ? c->failures : 5);
    if (delay_ms > FAIL_MAX_MS)
        delay_ms = FAIL_MAX_MS;
    if (c->has_keys) {
        bool calm = c->keys.expires_ms - wall_ms(c) > EVAC_CREDENTIALS_MANDATORY_MS;
        delay_ms = calm || !c->keys.expires ? RETRY_CALM_MS : RETRY_URGENT_MS;
    }
    delay_ms += chance(c, delay_ms / 2 + 1);
    c->failures++;
    c->retry_boot_ms = now_ms(c) + delay_ms;
    if (c->kept || (c->has_keys && c->keys.expires))
        set_timer(c, delay_ms);
}

/* --- who waits --- */

static enum evac_code wait(struct evac_credentials *c, evac_credentials_fn *ready, void *user,
                           struct evac_err *err)
{
    if (c->waiter_count == EVAC_CREDENTIALS_MAX_WAITERS)
        return evac_fail(err, EVAC_E_BUSY,
                         "%u requests wait for AWS credentials already, no more are taken",
                         EVAC_CREDENTIALS_MAX_WAITERS);
    struct waiter *w = calloc(1, sizeof *w);
    if (!w)
        abort();
    *w = (struct waiter){ NULL, ready, user };
    *c->waiters_end = w;
    c->waiters_end = &w->next;
    c->waiter_count++;
    return EVAC_OK;
}

static void unlink_waiter(struct evac_credentials *c, struct waiter **at)
{
    struct waiter *w = *at;
    *at = w->next;
    if (!*at)
        c->waiters_end = at;
    c->waiter_count--;
    free(w);
}

bool evac_credentials_forget(struct evac_credentials *c, void *user)
{
    for (struct waiter **at = &c->waiters; *at; at = &(*at)->next)
        if ((*at)->user == user) {
            unlink_waiter(c, at);
            return true;
        }
    return false;
}

/* Those who came while this one told the others are told as well: they get the same answer. */
static void tell(struct evac_credentials *c, const struct evac_err *why)
{
    struct evac_err err = why ? *why : (struct evac_err){ 0 };
    for (size_t left = c->waiter_count; left && c->waiters; left--) {
        struct waiter w = *c->waiters;
        unlink_waiter(c, &c->waiters);
        w.ready(w.user, c->has_keys ? &c->keys : NULL, &err);
    }
}

/* --- the refresher --- */

static void succeed(struct evac_credentials *c)
{
    struct refresh *r = c->refresh;
    struct evac_provider *last = &r->chain.items[r->chain.count - 1];
    evac_aws_keys_done(&c->keys);
    c->keys = last->keys;
    last->keys = (struct evac_aws_keys){ 0 };
    c->has_keys = true;
    c->got_ms = wall_ms(c);
    c->failures = 0;
    c->refresh = NULL;
    refresh_free(r);
    plan_renewal(c);
    tell(c, NULL);
}

static void fail(struct evac_credentials *c, const struct evac_err *err)
{
    c->last_err = *err;
    refresh_free(c->refresh);
    c->refresh = NULL;
    c->host->debug(c->host->ctx, "aws_credentials_failed %s", err->text);
    plan_retry(c);
    tell(c, &c->last_err);
}

static struct evac_str sts_region(const struct evac_credentials *c, const struct refresh *r)
{
    struct evac_str set = evac_args_get(&c->settings, "sts_region");
    if (set.n)
        return set;
    if (c->region_count)
        return evac_str(c->regions[r->region_at % c->region_count]);
    struct evac_str region = evac_aws_config_get(&r->config, "region", "AWS_REGION", NULL);
    return region.n ? region
                    : evac_aws_config_get(&r->config, NULL, "AWS_DEFAULT_REGION", "region");
}

static bool is_local(enum evac_provider_kind kind)
{
    return kind == EVAC_PROVIDER_CONTAINER || kind == EVAC_PROVIDER_IMDS;
}

/* True when the same provider is asked again: an STS elsewhere at once, a local endpoint after a
 * pause. */
static bool try_again(struct evac_credentials *c)
{
    struct refresh *r = c->refresh;
    bool one_region = evac_args_has(&c->settings, "sts_region") || c->region_count < 2;
    r->tries++;
    if (is_local(r->chain.items[r->at].kind)) {
        if (r->tries >= TRIES)
            return false;
        set_timer(c, TRY_PAUSE_MS);
        return c->timer_set;
    }
    if (!r->fetch.elsewhere || one_region || r->tries >= c->region_count)
        return false;
    r->region_at++;
    walk(c);
    return true;
}

static void fetched(void *user, struct evac_aws_keys *keys, const struct evac_err *err)
{
    struct evac_credentials *c = user;
    struct refresh *r = c->refresh;
    if (!keys) {
        struct evac_err why = *err;
        if (c->base && r->fetch.rejected)
            evac_credentials_rejected(c->base);
        if (!try_again(c))
            fail(c, &why);
        return;
    }
    r->chain.items[r->at].keys = *keys;
    r->chain.items[r->at].has_keys = true;
    r->tries = 0;
    walk(c);
}

/* Fetch what the chain does not have yet; when it has all, that is the result. */
static void walk(struct evac_credentials *c)
{
    struct refresh *r = c->refresh;
    struct evac_err err = { 0 };
    while (r->at < r->chain.count && r->chain.items[r->at].has_keys)
        r->at++;
    if (r->at == r->chain.count) {
        succeed(c);
        return;
    }
    r->fetch = (struct evac_fetch){
        .host = c->host,
        .io = c->io,
        .config = &r->config,
        .cache = c->cache,
        .skew = c->skew,
        .provider = &r->chain.items[r->at],
        .source = r->at ? &r->chain.items[r->at - 1].keys : NULL,
        .region = evac_arena_str(r->arena, sts_region(c, r)),
        .arena = r->arena,
        .done = fetched,
        .user = c,
    };
    if (evac_fetch_start(&r->fetch, &err) != EVAC_OK)
        fail(c, &err);
}

static enum evac_code find(struct evac_credentials *c, struct refresh *r, struct evac_err *err)
{
    struct evac_explicit_keys explicit_keys = { evac_args_get(&c->settings, "access_key_id"),
                                                evac_secret_reveal(&c->secret),
                                                evac_secret_reveal(&c->token) };
    enum evac_code code = evac_aws_config_load(c->host, &c->settings, r->arena, &r->config, err);
    if (code != EVAC_OK)
        return code;
    code = evac_providers_find(&r->config, &explicit_keys, &r->chain, err);
    evac_aws_config_wipe(&r->config);
    return code;
}

static enum evac_code stand(struct evac_credentials *c, struct refresh *r,
                            const struct evac_aws_keys *keys, struct evac_err *err)
{
    enum evac_code code = evac_aws_config_load(c->host, &c->settings, r->arena, &r->config, err);
    if (code != EVAC_OK)
        return code;
    evac_aws_config_wipe(&r->config);
    return evac_providers_of_role(&r->config, keys, &c->role, evac_str(c->asked_session), &r->chain,
                                  err);
}

static void on_base(void *user, const struct evac_aws_keys *keys, const struct evac_err *why)
{
    struct evac_credentials *c = user;
    struct evac_err err = { 0 };
    if (!keys)
        err = *why;
    if (keys && stand(c, c->refresh, keys, &err) == EVAC_OK)
        walk(c);
    else
        fail(c, &err);
}

static void start_on_base(struct evac_credentials *c)
{
    struct evac_err err = { 0 };
    const struct evac_aws_keys *keys = NULL;
    memcpy(c->asked_session, c->session, sizeof c->asked_session);
    c->asked_boot_ms = now_ms(c);
    enum evac_code code = evac_credentials_get(
        c->base, evac_str(c->region_count ? c->regions[0] : ""), on_base, c, &keys, &err);
    if (code != EVAC_OK || keys)
        on_base(c, keys, &err);
}

static void start(struct evac_credentials *c)
{
    struct evac_err err = { 0 };
    struct refresh *r = calloc(1, sizeof *r);
    if (!r)
        abort();
    stop_timer(c);
    r->arena = evac_arena_new();
    c->refresh = r;
    if (c->base)
        start_on_base(c);
    else if (find(c, r, &err) == EVAC_OK)
        walk(c);
    else
        fail(c, &err);
}

/* --- asked --- */

static void remember_region(struct evac_credentials *c, struct evac_str region)
{
    size_t i = 0;
    if (region.n == 0 || region.n >= REGION_BYTES)
        return;
    while (i < c->region_count && !evac_str_is(region, c->regions[i]))
        i++;
    if (i == c->region_count && c->region_count < REGIONS)
        c->region_count++;
    if (i == REGIONS)
        i--;
    memmove(c->regions[1], c->regions[0], i * REGION_BYTES);
    (void)evac_str_copy(c->regions[0], REGION_BYTES, region);
}

static bool is_due(const struct evac_credentials *c)
{
    if (c->refresh || now_ms(c) < c->retry_boot_ms)
        return false;
    return !c->has_keys || (c->keys.expires && wall_ms(c) >= c->keys.expires_ms - advance_ms(c));
}

enum evac_code evac_credentials_get(struct evac_credentials *c, struct evac_str region,
                                    evac_credentials_fn *ready, void *user,
                                    const struct evac_aws_keys **ret_keys, struct evac_err *err)
{
    *ret_keys = NULL;
    remember_region(c, region);
    if (is_due(c))
        start(c);
    if (c->has_keys && !(c->refresh && is_expired(c))) {
        *ret_keys = &c->keys;
        return EVAC_OK;
    }
    if (!c->refresh)
        return evac_fail(err, c->last_err.code ? c->last_err.code : EVAC_E_AUTH, "%s",
                         c->last_err.text);
    return wait(c, ready, user, err);
}

void evac_credentials_rejected(struct evac_credentials *c)
{
    uint64_t now = now_ms(c);
    if (c->refresh || (c->was_rejected && now < c->rejected_boot_ms + REJECTED_PAUSE_MS))
        return;
    c->was_rejected = true;
    c->rejected_boot_ms = now;
    start(c);
}

/* --- a role's --- */

void evac_credentials_session(struct evac_credentials *c, const char *name, bool urgent)
{
    bool renamed = strcmp(name, c->asked_session) != 0;
    bool held = urgent || !c->has_keys || is_due(c);
    if (held)
        (void)evac_str_copy(c->session, sizeof c->session, evac_str(name));
    if (urgent && renamed && c->has_keys && !c->refresh && now_ms(c) >= c->retry_boot_ms &&
        now_ms(c) - c->asked_boot_ms >= SESSION_PAUSE_MS)
        start(c);
}

void evac_credentials_keep(struct evac_credentials *c, struct evac_str region)
{
    evac_credentials_also(c, region);
    c->kept = true;
    if (!c->has_keys && !c->refresh && !c->timer_set)
        set_timer(c, chance(c, KEEP_WITHIN_MS));
}

void evac_credentials_also(struct evac_credentials *c, struct evac_str region)
{
    size_t i = 0;
    while (i < c->region_count && !evac_str_is(region, c->regions[i]))
        i++;
    if (i == c->region_count && i < REGIONS && region.n &&
        evac_str_copy(c->regions[i], REGION_BYTES, region))
        c->region_count++;
}

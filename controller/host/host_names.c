#include "host_names.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ASK_MS     10000u
#define KEY_BYTES  (253u + 1u + 64u)
#define BUCKETS    1024u
#define RECHECK_MS 5000u /* of a name that DNS failed to answer, while its old answer serves */
#define SILENT_MS  1000u /* a question that is open for so long: DNS is silent */

struct evac_name {
    struct evac_name *next;
    struct evac_names *names; /* NULL once they are freed */
    struct evac_names_waiter *waiters;
    bool asking, failed; /* failed: the newest question, though there is an older answer */
    uint64_t asked_ms, expires_ms, stale_until_ms;
    struct evac_addresses addresses;
    size_t name_bytes, server_bytes;
    char key[]; /* name, then server */
};

struct evac_names {
    struct evac_dns *dns;
    struct evac_name *buckets[BUCKETS];
    size_t count, max;
    size_t sweep; /* the bucket where the search for room goes on */
    uint32_t stale_ms;
    struct evac_addresses literal;
};

uint64_t evac_boot_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t evac_boot_ms(void)
{
    return evac_boot_us() / 1000;
}

struct evac_names *evac_names_new(struct evac_dns *dns, size_t max_names, uint32_t stale_ms)
{
    struct evac_names *names = calloc(1, sizeof *names);
    if (!names)
        abort();
    names->dns = dns;
    names->max = max_names;
    names->stale_ms = stale_ms;
    return names;
}

static struct evac_name **find_slot(struct evac_names *names, struct evac_str name,
                                    struct evac_str server)
{
    uint64_t hash = evac_str_hash(name) ^ (evac_str_hash(server) << 1);
    struct evac_name **at = &names->buckets[hash % BUCKETS];
    for (; *at; at = &(*at)->next)
        if ((*at)->name_bytes == name.n && (*at)->server_bytes == server.n &&
            memcmp((*at)->key, name.p, name.n) == 0 &&
            (server.n == 0 || memcmp((*at)->key + name.n, server.p, server.n) == 0))
            break;
    return at;
}

static enum evac_code ask(struct evac_name *n, struct evac_err *err);

/* What is held, with its age. */
static const struct evac_addresses *held(struct evac_name *n, uint64_t boot_ms)
{
    n->addresses.stale_ms = boot_ms > n->expires_ms ? (uint32_t)(boot_ms - n->expires_ms) : 0;
    return &n->addresses;
}

static bool may_serve(const struct evac_name *n, uint64_t boot_ms)
{
    return n && n->addresses.count && (boot_ms < n->expires_ms || boot_ms < n->stale_until_ms);
}

static const struct evac_addresses *literal(struct evac_names *names, struct evac_str name)
{
    if (!evac_address_parse(name, &names->literal.list[0]))
        return NULL;
    names->literal.count = 1;
    names->literal.ttl_ms = UINT32_MAX;
    return &names->literal;
}

const struct evac_addresses *evac_names_last(struct evac_names *names, struct evac_str name,
                                             struct evac_str server, uint64_t boot_ms)
{
    const struct evac_addresses *address = literal(names, name);
    if (address)
        return address;
    struct evac_name *found = *find_slot(names, name, server);
    return may_serve(found, boot_ms) ? held(found, boot_ms) : NULL;
}

static bool is_silent(const struct evac_name *n, uint64_t boot_ms)
{
    return n->failed || (n->asking && boot_ms >= n->asked_ms + SILENT_MS);
}

const struct evac_addresses *evac_names_find(struct evac_names *names, struct evac_str name,
                                             struct evac_str server, uint64_t boot_ms)
{
    const struct evac_addresses *address = literal(names, name);
    if (address)
        return address;
    struct evac_name *found = *find_slot(names, name, server);
    if (!may_serve(found, boot_ms))
        return NULL;
    if (boot_ms >= found->expires_ms) {
        if (!is_silent(found, boot_ms))
            return NULL;
        if (!found->asking && boot_ms >= found->asked_ms + RECHECK_MS)
            (void)ask(found, NULL); /* nobody waits: the old answer serves meanwhile */
    }
    return held(found, boot_ms);
}

static void wait_in(struct evac_name *name, struct evac_names_waiter *waiter)
{
    waiter->name = name;
    waiter->next = name->waiters;
    waiter->at = &name->waiters;
    if (waiter->next)
        waiter->next->at = &waiter->next;
    name->waiters = waiter;
}

void evac_names_drop(struct evac_names_waiter *waiter)
{
    if (!waiter->at)
        return;
    *waiter->at = waiter->next;
    if (waiter->next)
        waiter->next->at = waiter->at;
    waiter->at = NULL;
    waiter->next = NULL;
}

/* Not while a waiter's fn runs: what it does may free the name. So the waiters are taken off first.
 */
static void tell_waiters(struct evac_names_waiter *waiters, const struct evac_addresses *addresses)
{
    if (waiters)
        waiters->at = &waiters; /* so that dropping the head works on our list */
    while (waiters) {
        struct evac_names_waiter *w = waiters;
        evac_names_drop(w);
        w->fn(w->user, addresses);
    }
}

static void keep_answer(struct evac_name *name, const struct evac_addresses *addresses)
{
    uint64_t now = evac_boot_ms();
    name->failed = addresses->count == 0;
    if (addresses->count) {
        name->addresses = *addresses;
        name->expires_ms = now + addresses->ttl_ms;
        name->stale_until_ms = name->expires_ms + name->names->stale_ms;
    } else if (addresses->no_such_name || now >= name->stale_until_ms) {
        name->addresses = *addresses;
        name->expires_ms = name->stale_until_ms = 0;
    } else {
        (void)held(name, now);
    }
}

static void on_answer(void *user, const struct evac_addresses *addresses)
{
    struct evac_name *name = user;
    name->asking = false;
    if (!name->names) { /* they were freed meanwhile */
        free(name);
        return;
    }
    keep_answer(name, addresses);
    struct evac_addresses told = name->addresses;
    struct evac_names_waiter *waiters = name->waiters;
    name->waiters = NULL;
    tell_waiters(waiters, &told);
}

static enum evac_code ask(struct evac_name *n, struct evac_err *err)
{
    struct evac_str name = { n->key, n->name_bytes },
                    server = { n->key + n->name_bytes, n->server_bytes };
    n->asked_ms = evac_boot_ms();
    enum evac_code code =
        evac_dns_addresses(n->names->dns, name, server, ASK_MS, on_answer, n, err);
    n->asking = !code;
    return code;
}

static void remove_at(struct evac_names *names, struct evac_name **at)
{
    struct evac_name *name = *at;
    *at = name->next;
    names->count--;
    free(name);
}

/* From one bucket to the next, whoever is idle goes. */
static bool make_room(struct evac_names *names)
{
    for (size_t tried = 0; tried < BUCKETS; tried++) {
        struct evac_name **at = &names->buckets[names->sweep];
        names->sweep = (names->sweep + 1) % BUCKETS;
        for (; *at; at = &(*at)->next)
            if (!(*at)->asking && !(*at)->waiters) {
                remove_at(names, at);
                return true;
            }
    }
    return false;
}

static struct evac_name *add(struct evac_names *names, struct evac_str name, struct evac_str server)
{
    struct evac_name *n = calloc(1, sizeof *n + name.n + server.n);
    if (!n)
        abort();
    n->names = names;
    n->name_bytes = name.n;
    n->server_bytes = server.n;
    memcpy(n->key, name.p, name.n);
    if (server.n)
        memcpy(n->key + name.n, server.p, server.n);
    *find_slot(names, name, server) = n;
    names->count++;
    return n;
}

enum evac_code evac_names_ask(struct evac_names *names, struct evac_str name,
                              struct evac_str server, struct evac_names_waiter *waiter,
                              struct evac_err *err)
{
    if (name.n + server.n > KEY_BYTES || name.n == 0)
        return evac_fail(err, EVAC_E_BADARG, "'%.*s' is not a DNS name", EVAC_STR_ARG(name));
    struct evac_name *n = *find_slot(names, name, server);
    if (!n) {
        if (names->count >= names->max && !make_room(names))
            return evac_fail(err, EVAC_E_BUSY, "%zu names are being looked up", names->count);
        n = add(names, name, server);
    }
    enum evac_code code = n->asking ? EVAC_OK : ask(n, err);
    if (code)
        return code;
    wait_in(n, waiter);
    return EVAC_OK;
}

size_t evac_names_count(const struct evac_names *names)
{
    return names->count;
}

/* A name that DNS still holds is freed by its answer, which evac_dns_close() gives at the latest.
 */
void evac_names_free(struct evac_names *names)
{
    if (!names)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct evac_name *n = names->buckets[i], *next; n; n = next) {
            next = n->next;
            while (n->waiters)
                evac_names_drop(n->waiters);
            n->names = NULL;
            if (!n->asking)
                free(n);
        }
    free(names);
}

#include "throttle.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct asker {
    struct evac_address address;
    uint64_t asked_ms;   /* last; 0: the place is free */
    uint64_t drained_ms; /* when the bucket was last looked at */
    uint64_t used;       /* thousandths of a request in the bucket */
    uint64_t failing_ms; /* the first failure of those counted */
    uint64_t blocked_ms; /* until then */
    uint32_t failures;
};

struct evac_throttle {
    size_t count;
    struct asker askers[];
};

bool evac_address_of(const struct sockaddr *from, struct evac_address *ret)
{
    static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
    *ret = (struct evac_address){ { 0 } };
    if (from->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, from, sizeof in);
        memcpy(ret->bytes, mapped, sizeof mapped);
        memcpy(ret->bytes + 12, &in.sin_addr, 4);
        return true;
    }
    if (from->sa_family != AF_INET6)
        return false;
    struct sockaddr_in6 in6;
    memcpy(&in6, from, sizeof in6);
    bool is_v4 = memcmp(&in6.sin6_addr, mapped, sizeof mapped) == 0;
    memcpy(ret->bytes, &in6.sin6_addr, is_v4 ? 16 : 8);
    return true;
}

void evac_address_text(const struct evac_address *address, char *out, size_t bytes)
{
    char text[INET6_ADDRSTRLEN] = "?";
    bool is_v4 = address->bytes[10] == 0xff && address->bytes[11] == 0xff;
    (void)inet_ntop(is_v4 ? AF_INET : AF_INET6, address->bytes + (is_v4 ? 12 : 0), text,
                    sizeof text);
    snprintf(out, bytes, "%s%s", text, is_v4 ? "" : "/64");
}

struct evac_throttle *evac_throttle_new(size_t addresses)
{
    struct evac_throttle *t = calloc(1, sizeof *t + addresses * sizeof t->askers[0]);
    if (!t)
        abort();
    t->count = addresses;
    return t;
}

void evac_throttle_free(struct evac_throttle *t)
{
    free(t);
}

static const struct asker *find(const struct evac_throttle *t, const struct evac_address *address)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->askers[i].asked_ms && memcmp(&t->askers[i].address, address, sizeof *address) == 0)
            return &t->askers[i];
    return NULL;
}

/* Blocked ones are younger than all others: they make way last. */
static uint64_t worth(const struct asker *a, uint64_t now_ms)
{
    return a->blocked_ms > now_ms ? UINT64_MAX : a->asked_ms;
}

static struct asker *asker_of(struct evac_throttle *t, const struct evac_address *address,
                              uint64_t now_ms)
{
    const struct asker *known = find(t, address);
    struct asker *a = known ? &t->askers[known - t->askers] : &t->askers[0];
    for (size_t i = 0; !known && i < t->count; i++)
        if (worth(&t->askers[i], now_ms) < worth(a, now_ms))
            a = &t->askers[i];
    if (!known)
        *a = (struct asker){ .address = *address, .drained_ms = now_ms };
    a->asked_ms = now_ms ? now_ms : 1;
    return a;
}

uint32_t evac_throttle_ask(struct evac_throttle *t, const struct evac_address *address,
                           uint32_t per_second, uint64_t now_ms)
{
    struct asker *a = asker_of(t, address, now_ms);
    uint64_t drained = (now_ms - a->drained_ms) * per_second; /* thousandths a millisecond */
    a->used = a->used > drained ? a->used - drained : 0;
    a->drained_ms = now_ms;
    if (a->used + 1000 > (uint64_t)per_second * EVAC_BURST * 1000)
        return 1;
    a->used += 1000;
    return 0;
}

bool evac_throttle_fail(struct evac_throttle *t, const struct evac_address *address,
                        uint64_t now_ms)
{
    struct asker *a = asker_of(t, address, now_ms);
    if (a->failures == 0 || now_ms - a->failing_ms >= EVAC_FAILURES_MS) {
        a->failures = 0;
        a->failing_ms = now_ms;
    }
    if (++a->failures < EVAC_FAILURES_MAX)
        return false;
    a->failures = 0;
    a->blocked_ms = now_ms + EVAC_BLOCK_MS;
    return true;
}

uint32_t evac_throttle_blocked(const struct evac_throttle *t, const struct evac_address *address,
                               uint64_t now_ms)
{
    const struct asker *a = find(t, address);
    return a && a->blocked_ms > now_ms ? (uint32_t)((a->blocked_ms - now_ms + 999) / 1000) : 0;
}

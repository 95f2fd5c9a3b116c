/* S9: requests leave no faster than the sandbox's table of AWS's limits lets a controller's share
 * of them, each account, region and bucket for itself; and who was told "too many" has no call
 * left. Whoever begins anew begins with full buckets: each process, and each reload. */
#include "world_internal.h"

#include "sandbox_internal.h"
#include "sandbox_limits.h"

#include <string.h>

#define TINY 1e-6 /* of a call: what is rounded */

/* Which rows count an operation never changes: looked up once. */
#define KNOWN_MAX 256u
#define ROWS_MAX  4u
struct counted {
    uint64_t name;
    unsigned rows[ROWS_MAX], count;
};

static bool counts(const struct sb_limit *limit, struct evac_str service, struct evac_str operation)
{
    struct evac_str names = evac_str(limit->operations);
    if (!evac_str_is(service, limit->service))
        return false;
    while (names.n)
        if (sb_like(evac_str_cut(names, ' ', &names), operation))
            return true;
    return false;
}

static const struct counted *rows_of(struct evac_str called)
{
    static struct counted known[KNOWN_MAX];
    uint64_t name = evac_str_hash(called) | 1;
    struct counted *c = &known[(name >> 32) % KNOWN_MAX];
    struct evac_str operation, service = evac_str_cut(called, ':', &operation);
    if (c->name == name)
        return c;
    *c = (struct counted){ .name = name };
    for (unsigned row = 0; sb_limits[row].service; row++)
        if (c->count < ROWS_MAX && counts(&sb_limits[row], service, operation))
            c->rows[c->count++] = row;
    return c;
}

static double room_of(const struct seat *s, const struct sb_limit *limit)
{
    double room = limit->burst * s->w->o.limits_share / 100;
    return room > 1 ? room : 1;
}

/* As full as it is now, on the controller's own clock. NULL: there are too many. */
static struct tokens *tokens_of(struct seat *s, unsigned row, struct evac_str region)
{
    const struct sb_limit *limit = &sb_limits[row];
    struct evac_str where = limit->everywhere ? EVAC_STR_NONE : region;
    uint64_t now_ms = world_own_ms(s, s->w->v.now_ms);
    double room = room_of(s, limit);
    unsigned i = 0;
    while (i < s->tokens_count &&
           (s->tokens[i].row != row || !evac_str_is(where, s->tokens[i].region)))
        i++;
    if (i == TOKENS_MAX)
        return NULL;
    struct tokens *t = &s->tokens[i];
    if (i == s->tokens_count) {
        *t = (struct tokens){ .row = row, .holds = room };
        (void)evac_str_copy(t->region, sizeof t->region, where);
        s->tokens_count++;
    } else {
        t->holds +=
            limit->rate_per_s * s->w->o.limits_share / 100 * (double)(now_ms - t->at_ms) / 1000;
        t->holds = t->holds < room ? t->holds : room;
    }
    t->at_ms = now_ms;
    return t;
}

void judge_rates_begin(struct seat *s)
{
    s->tokens_count = 0;
}

void judge_rate(struct seat *s, const struct evac_http_request *request)
{
    if (s->w->o.limits_share == 0)
        return;
    const struct counted *counted = rows_of(request->operation);
    for (unsigned i = 0; i < counted->count; i++) {
        struct tokens *t = tokens_of(s, counted->rows[i], request->region);
        if (t && t->holds < 1 - TINY)
            broke(s->w, "S9: %.*s in %.*s is asked faster than %u%% of %g a second",
                  EVAC_STR_ARG(request->operation), EVAC_STR_ARG(request->region),
                  s->w->o.limits_share, sb_limits[t->row].rate_per_s);
        if (t)
            t->holds -= 1;
    }
}

static bool is_too_many(const struct evac_http_reply *reply)
{
    static const char *const words[] = { "Throttling", "TooManyRequests", "SlowDown",
                                         "RequestLimitExceeded" };
    bool any = false;
    for (size_t i = 0; reply->status >= 400 && i < sizeof words / sizeof words[0]; i++)
        any = any || evac_str_has(reply->body, words[i]);
    return any;
}

void judge_rate_told(struct seat *s, const struct evac_http_request *request,
                     const struct evac_http_reply *reply)
{
    if (s->w->o.limits_share == 0 || !is_too_many(reply))
        return;
    const struct counted *counted = rows_of(request->operation);
    for (unsigned i = 0; i < counted->count; i++) {
        struct tokens *t = tokens_of(s, counted->rows[i], request->region);
        if (t)
            t->holds = 0;
    }
}

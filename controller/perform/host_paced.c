#include "host_paced.h"

#include "evac/arena.h"
#include "host_wrap.h"

#include <stdlib.h>
#include <string.h>

/* Ids of ours, so that those of exchanges that passed are never taken for them. */
#define OURS (UINT64_C(1) << 63)

struct paced {
    struct paced *next, **back;
    struct evac_host_paced *of;
    struct evac_arena *arena; /* owns the request */
    struct evac_http_request request;
    evac_http_done_fn *done;
    void *user;
    struct evac_pace_key key;
    uint64_t id, inner_id;
    uint64_t asked_ms;
    uint64_t turn_ms; /* who has the lowest goes first */
    struct evac_turn turn;
    bool is_cancelled;
};

struct line {
    struct paced *first, **last;
    size_t count;
};

struct evac_host_paced {
    struct evac_host inner; /* first: what passes goes by it */
    struct evac_host host;
    struct evac_pace *pace;
    struct line waiting; /* in their turn */
    struct line sent;
    struct evac_turn turn; /* of what is asked now */
    uint64_t last_id, waited;
    uint64_t timer_id;                             /* 0: none runs */
    uint16_t looks[EVAC_PACE_BUCKETS_MAX];         /* that wait, by what counts them */
    uint8_t changes_in_row[EVAC_PACE_BUCKETS_MAX]; /* that went meanwhile */
};

/* --- a request's life ---------------------------------------------------------------------------
 */

static void copy(struct paced *p, const struct evac_http_request *from)
{
    struct evac_arena *a = p->arena;
    struct evac_http_header *headers = evac_arena_array(a, from->header_count + 1, sizeof *headers);
    for (size_t i = 0; i < from->header_count; i++)
        headers[i] = (struct evac_http_header){ evac_arena_str(a, from->headers[i].name),
                                                evac_arena_str(a, from->headers[i].value) };
    p->request = *from;
    p->request.headers = headers;
    struct evac_str *const texts[] = { &p->request.method, &p->request.url,       &p->request.body,
                                       &p->request.region, &p->request.operation, &p->request.ca,
                                       &p->request.cert,   &p->request.key };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        *texts[i] = evac_arena_str(a, *texts[i]);
}

/* --- turns
 * ------------------------------------------------------------------------------------------ */

#define TIER_LAST      6u
#define WAY_LONGEST_MS 600000u /* longer ones are all alike */

struct evac_turn evac_host_paced_turn(struct evac_host_paced *paced, struct evac_turn turn)
{
    struct evac_turn was = paced->turn;
    paced->turn = turn;
    return was;
}

/* An instant, so that waiting counts by itself: when it first asked, later by its tier, sooner by
 * its way (by less than one tier). */
static uint64_t turn_of(const struct evac_turn *turn, uint64_t asked_ms)
{
    uint64_t tier = turn->tier && turn->tier < TIER_LAST ? turn->tier : TIER_LAST;
    uint64_t way = turn->to_come_ms + turn->behind_ms;
    way = way < WAY_LONGEST_MS ? way : WAY_LONGEST_MS;
    uint64_t first_ms = asked_ms > turn->waited_ms ? asked_ms - turn->waited_ms : 0;
    return first_ms + tier * EVAC_PACED_TIER_MS - way * (EVAC_PACED_TIER_MS - 1) / WAY_LONGEST_MS;
}

/* A look begins to wait, or does so no more. */
static void count_look(struct evac_host_paced *of, const struct paced *p, int by)
{
    for (uint16_t i = 0; !p->request.mutates && i < p->key.count; i++)
        of->looks[p->key.buckets[i]] = (uint16_t)(of->looks[p->key.buckets[i]] + by);
}

static void count_gone(struct evac_host_paced *of, const struct paced *p)
{
    for (uint16_t i = 0; i < p->key.count; i++) {
        uint8_t *in_row = &of->changes_in_row[p->key.buckets[i]];
        bool looks_wait = p->request.mutates && of->looks[p->key.buckets[i]];
        *in_row = looks_wait && *in_row < EVAC_PACED_CHANGES ? (uint8_t)(*in_row + 1)
                  : looks_wait                               ? *in_row
                                                             : 0;
    }
}

/* So many changes went past it that it is its turn now. */
static bool is_owed(const struct evac_host_paced *of, const struct paced *p)
{
    for (uint16_t i = 0; !p->request.mutates && i < p->key.count; i++)
        if (of->changes_in_row[p->key.buckets[i]] >= EVAC_PACED_CHANGES)
            return true;
    return false;
}

static void join_in_turn(struct line *line, struct paced *p)
{
    struct paced **at = &line->first;
    while (*at && (*at)->turn_ms <= p->turn_ms)
        at = &(*at)->next;
    p->next = *at;
    p->back = at;
    if (*at)
        (*at)->back = &p->next;
    else
        line->last = &p->next;
    *at = p;
    line->count++;
}

static void join(struct line *line, struct paced *p)
{
    p->next = NULL;
    p->back = line->last;
    *line->last = p;
    line->last = &p->next;
    line->count++;
}

static void leave(struct line *line, struct paced *p)
{
    *p->back = p->next;
    if (p->next)
        p->next->back = p->back;
    else
        line->last = p->back;
    line->count--;
}

/* It stands in no line any more. done may ask for more: p is gone before. */
static void answer(struct paced *p, const struct evac_http_reply *reply)
{
    evac_http_done_fn *done = p->done;
    void *user = p->user;
    struct evac_host_paced *of = p->of;
    struct evac_turn was = evac_host_paced_turn(of, p->turn);
    evac_arena_free(p->arena);
    free(p);
    done(user, reply);
    of->turn = was;
}

static void leave_waiting(struct paced *p)
{
    leave(&p->of->waiting, p);
    count_look(p->of, p, -1);
}

static void answer_unsent(struct paced *p, const char *why)
{
    const struct evac_http_reply reply = { .fate = EVAC_HTTP_NOT_SENT, .error = why };
    leave_waiting(p);
    answer(p, &reply);
}

static void on_reply(void *user, const struct evac_http_reply *reply)
{
    struct paced *p = user;
    leave(&p->of->sent, p);
    answer(p, reply);
}

static void let_go(struct paced *p)
{
    struct evac_host_paced *of = p->of;
    struct evac_err err = { EVAC_OK, "" };
    if (of->inner.http(of->inner.ctx, &p->request, on_reply, p, &p->inner_id, &err)) {
        answer_unsent(p, err.text);
        return;
    }
    leave_waiting(p);
    count_gone(of, p);
    join(&of->sent, p);
}

/* --- turns --------------------------------------------------------------------------------------
 */

static void let(struct evac_host_paced *of);

static void on_due(void *user)
{
    struct evac_host_paced *of = user;
    of->timer_id = 0;
    let(of);
}

static void set_timer(struct evac_host_paced *of, uint64_t wait_ms)
{
    struct evac_err err = { EVAC_OK, "" };
    if (of->timer_id)
        of->inner.timer_stop(of->inner.ctx, of->timer_id);
    of->timer_id = 0;
    if (wait_ms != UINT64_MAX &&
        of->inner.timer(of->inner.ctx, wait_ms, on_due, of, &of->timer_id, &err))
        abort(); /* a host without timers can do nothing at all */
}

/* 0: it went, or was answered. Otherwise ms until it is worth asking again. */
static uint64_t let_one(struct paced *p, uint64_t now_ms)
{
    const struct evac_host_paced *of = p->of;
    uint64_t wait = 0, waited = now_ms - p->asked_ms;
    if (p->is_cancelled)
        answer_unsent(p, "cancelled before it was sent");
    else if (waited >= EVAC_PACED_WAIT_MS)
        answer_unsent(p, "not sent: others used up the service's limit of calls for too long");
    else if (of->pace && (wait = evac_pace_ask(of->pace, &p->key, now_ms)) > 0)
        wait = wait < EVAC_PACED_WAIT_MS - waited ? wait : EVAC_PACED_WAIT_MS - waited;
    else
        let_go(p);
    return wait;
}

/* Looks that are owed, changes, the other looks. */
static unsigned rank_of(const struct evac_host_paced *of, const struct paced *p)
{
    return p->request.mutates ? 1 : is_owed(of, p) ? 0 : 2;
}

/* Whoever is answered may ask for more, which finds its own place, or cancel, which takes nobody
 * out of the line at once. */
static void let(struct evac_host_paced *of)
{
    uint64_t soonest = UINT64_MAX, now = of->inner.now_ms(of->inner.ctx);
    for (unsigned rank = 0; rank < 3; rank++)
        for (struct paced *p = of->waiting.first, *next; p; p = next) {
            next = p->next;
            if (rank_of(of, p) == rank) {
                uint64_t wait = let_one(p, now);
                soonest = wait > 0 && wait < soonest ? wait : soonest;
            }
        }
    set_timer(of, of->waiting.count && soonest == UINT64_MAX ? 0 : soonest);
}

/* --- the host -----------------------------------------------------------------------------------
 */

static struct paced *make(struct evac_host_paced *of, evac_http_done_fn *done, void *user)
{
    struct paced *p = calloc(1, sizeof *p);
    if (!p)
        abort();
    p->of = of;
    p->done = done;
    p->user = user;
    p->turn = of->turn;
    p->id = ++of->last_id | OURS;
    return p;
}

static void enqueue(struct paced *p, const struct evac_http_request *request,
                    const struct evac_pace_key *key)
{
    struct evac_host_paced *of = p->of;
    p->key = *key;
    p->asked_ms = of->inner.now_ms(of->inner.ctx);
    p->turn_ms = turn_of(&p->turn, p->asked_ms);
    p->arena = evac_arena_new();
    copy(p, request);
    join_in_turn(&of->waiting, p);
    count_look(of, p, 1);
    of->waited++;
}

/* Nobody waits, so it goes at once; what is asked when it is answered has its turn all the same. */
static enum evac_code pass(struct evac_host_paced *of, const struct evac_http_request *request,
                           evac_http_done_fn *done, void *user, uint64_t *ret_id,
                           struct evac_err *err)
{
    if (!of->turn.tier)
        return of->inner.http(of->inner.ctx, request, done, user, ret_id, err);
    struct paced *p = make(of, done, user);
    uint64_t id = p->id;
    enum evac_code code = of->inner.http(of->inner.ctx, request, on_reply, p, &p->inner_id, err);
    if (code) {
        free(p);
        return code;
    }
    join(&of->sent, p);
    if (ret_id)
        *ret_id = id;
    return EVAC_OK;
}

/* Where nobody waits it goes as it is, and what the inner host refuses is refused here. */
static enum evac_code paced_http(void *ctx, const struct evac_http_request *request,
                                 evac_http_done_fn *done, void *user, uint64_t *ret_id,
                                 struct evac_err *err)
{
    struct evac_host_paced *of = ctx;
    struct evac_pace_key key;
    uint64_t now = of->inner.now_ms(of->inner.ctx);
    bool counted = of->pace && request->operation.n > 0;
    if (counted)
        key = evac_pace_find(of->pace, request->operation, request->region, now);
    if (!counted || key.count == 0 ||
        (of->waiting.count == 0 && evac_pace_ask(of->pace, &key, now) == 0))
        return pass(of, request, done, user, ret_id, err);
    if (of->waiting.count >= EVAC_PACED_MAX)
        return evac_fail(err, EVAC_E_BUSY, "%u calls wait for their turn already", EVAC_PACED_MAX);
    struct paced *p = make(of, done, user);
    enqueue(p, request, &key);
    if (ret_id)
        *ret_id = p->id;
    set_timer(of, 0); /* from the loop: nobody is answered before their call has returned */
    return EVAC_OK;
}

static struct paced *find(const struct line *line, uint64_t id)
{
    struct paced *p = line->first;
    while (p && p->id != id)
        p = p->next;
    return p;
}

static void paced_cancel(void *ctx, uint64_t id)
{
    struct evac_host_paced *of = ctx;
    struct paced *waits = find(&of->waiting, id), *sent = find(&of->sent, id);
    if (!(id & OURS)) {
        of->inner.http_cancel(of->inner.ctx, id);
    } else if (sent) {
        of->inner.http_cancel(of->inner.ctx, sent->inner_id);
    } else if (waits) {
        waits->is_cancelled = true;
        set_timer(of, 0);
    }
}

struct evac_host_paced *evac_host_paced_new(const struct evac_host *inner, struct evac_pace *pace)
{
    struct evac_host_paced *paced = calloc(1, sizeof *paced);
    if (!paced)
        abort();
    paced->inner = *inner;
    paced->pace = pace;
    paced->waiting.last = &paced->waiting.first;
    paced->sent.last = &paced->sent.first;
    paced->host = evac_host_passing(&paced->inner);
    paced->host.http = paced_http;
    paced->host.http_cancel = paced_cancel;
    return paced;
}

const struct evac_host *evac_host_paced_host(const struct evac_host_paced *paced)
{
    return &paced->host;
}

void evac_host_paced_set(struct evac_host_paced *paced, struct evac_pace *pace)
{
    paced->pace = pace;
    uint64_t now = paced->inner.now_ms(paced->inner.ctx);
    memset(paced->looks, 0, sizeof paced->looks);
    memset(paced->changes_in_row, 0, sizeof paced->changes_in_row);
    for (struct paced *p = paced->waiting.first; p; p = p->next) {
        p->key = pace ? evac_pace_find(pace, p->request.operation, p->request.region, now)
                      : (struct evac_pace_key){ .count = 0 };
        count_look(paced, p, 1);
    }
    if (paced->waiting.count)
        set_timer(paced, 0);
}

size_t evac_host_paced_waiting(const struct evac_host_paced *paced)
{
    return paced->waiting.count;
}

uint64_t evac_host_paced_waited(const struct evac_host_paced *paced)
{
    return paced->waited;
}

static void drop_all(struct line *line)
{
    while (line->first) {
        struct paced *p = line->first;
        leave(line, p);
        evac_arena_free(p->arena);
        free(p);
    }
}

void evac_host_paced_free(struct evac_host_paced *paced)
{
    if (!paced)
        return;
    drop_all(&paced->waiting);
    drop_all(&paced->sent);
    free(paced);
}

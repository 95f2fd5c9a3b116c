/* What becomes of a controller's requests: each travels, lands or not, and is answered or not. */
#include "world_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* One exchange: the request travels, lands (or not), and an answer travels back (or not). */
struct exchange {
    struct exchange *next;
    struct world *w;
    struct seat *seat; /* who asks */
    uint64_t id;
    struct evac_arena *arena;
    struct evac_http_request request;
    evac_http_done_fn *done; /* NULL: nobody waits any more */
    void *user;
    uint64_t sent_ms, life; /* life: of the process that asks */
    struct fate fate;
    bool answered, landed, lose_reply;
    struct evac_sandbox_reply reply;
    struct evac_http_header *headers;
};

static void forget(struct exchange *x)
{
    struct exchange **at = &x->w->exchanges;
    while (*at && *at != x)
        at = &(*at)->next;
    if (*at)
        *at = x->next;
    evac_buf_done(&x->reply.body);
    evac_arena_free(x->arena);
    free(x);
}

static void answer(struct exchange *x, enum evac_http_fate fate, const char *error)
{
    struct evac_http_reply reply = { .fate = fate,
                                     .error = error,
                                     .sent_boot_ms = world_own_ms(x->seat, x->sent_ms) };
    evac_http_done_fn *done = x->done;
    if (x->answered || !done)
        return;
    x->answered = true;
    x->done = NULL;
    if (fate == EVAC_HTTP_REPLIED) {
        reply.status = x->reply.status;
        reply.headers = x->headers;
        reply.header_count = x->reply.header_count;
        reply.body = evac_buf_str(&x->reply.body);
        if (x->fate.kind == FATE_CUT)
            reply.body.n /= 2;
        if (x->life == x->seat->life && x->fate.kind != FATE_CUT)
            judge_rate_told(x->seat, &x->request, &reply);
        if (!x->request.mutates)
            x->seat->lost_operation[0] = '\0';
        if (!x->request.mutates && x->w->many)
            many_saw_reply(x->seat, &x->request);
    } else if (fate == EVAC_HTTP_LOST && x->request.mutates) {
        judge_lost(x->seat, &x->request);
    }
    done(x->user, &reply);
}

static uint64_t chance(struct world *w, const struct exchange *x, unsigned question, uint64_t n)
{
    return w->o.apart ? fate_draw(w->o.seed, &x->fate, question, n) : below(w, n);
}

static void reply_arrives(void *owner, void *what)
{
    struct exchange *x = what;
    (void)owner;
    answer(x, EVAC_HTTP_REPLIED, "");
    forget(x);
}

static void copy_reply_headers(struct exchange *x)
{
    x->headers = evac_arena_array(x->arena, x->reply.header_count + 1, sizeof *x->headers);
    for (size_t i = 0; i < x->reply.header_count; i++) {
        x->headers[i].name = evac_arena_str(x->arena, x->reply.headers[i].name);
        x->headers[i].value = evac_arena_str(x->arena, x->reply.headers[i].value);
    }
}

/* The request reaches AWS: its effect is now, whoever still waits for an answer. */
static void lands(void *owner, void *what)
{
    struct world *w = owner;
    struct exchange *x = what;
    evac_sandbox_advance(w->sandbox, w->v.now_ms);
    evac_buf_init(&x->reply.body, 8u << 20);
    bool letter = evac_str_starts(x->request.url, PAGER);
    if (x->request.mutates && !letter)
        judge_promotion(w, &x->request);
    unsigned names = judge_names(w, &x->request);
    if (letter) {
        letters_take(w, &x->request);
        x->reply.status = 202;
    } else {
        evac_sandbox_http(w->sandbox, &x->request, &x->reply);
    }
    copy_reply_headers(x);
    judge_names_after(w, &x->request, names);
    if (x->request.mutates && !letter && x->reply.status < 300)
        judge_late(w, &x->request); /* a stale one that is refused does no harm */
    if (x->request.mutates)
        judge_effect(w);
    if (x->reply.fate == EVAC_SANDBOX_REFUSE) {
        answer(x, EVAC_HTTP_NOT_SENT, "connection refused");
        x->lose_reply = true;
    }
    if (x->lose_reply || x->reply.fate != EVAC_SANDBOX_REPLY) {
        if (x->answered || !x->done)
            forget(x);
        else
            x->landed = true; /* the client's own deadline will answer */
        return;
    }
    later(w, x->reply.delay_ms + 1 + chance(w, x, 4, 20), reply_arrives, x);
    x->landed = true;
}

/* The same bytes once more; nobody waits for their answer. */
static void lands_again(void *owner, void *what)
{
    struct exchange *x = what;
    x->done = NULL;
    x->lose_reply = true;
    lands(owner, what);
}

static void client_gives_up(void *owner, void *what)
{
    struct world *w = owner;
    uint64_t id = (uint64_t)(uintptr_t)what;
    for (struct exchange *x = w->exchanges; x; x = x->next)
        if (x->id == id) {
            bool dead = x->landed && (x->lose_reply || x->reply.fate != EVAC_SANDBOX_REPLY);
            answer(x, EVAC_HTTP_LOST, "no answer in time");
            if (dead)
                forget(x);
            return;
        }
}

static void never_sent(void *owner, void *what)
{
    (void)owner;
    answer(what, EVAC_HTTP_NOT_SENT, "could not connect");
    forget(what);
}

static void lost_on_the_way(void *owner, void *what)
{
    (void)owner;
    answer(what, EVAC_HTTP_LOST, "the connection broke");
    forget(what);
}

static void copy_request(struct exchange *x, const struct evac_http_request *from,
                         const char *local)
{
    struct evac_arena *a = x->arena;
    struct evac_http_header *h = evac_arena_array(a, from->header_count + 2, sizeof *h);
    size_t n = 0;
    bool host = false;
    x->request = *from;
    for (size_t i = 0; i < from->header_count; i++) {
        struct evac_str name = from->headers[i].name;
        host = host || (name.n == 4 && strncasecmp(name.p, "host", 4) == 0);
        h[n++] = (struct evac_http_header){ evac_arena_str(a, from->headers[i].name),
                                            evac_arena_str(a, from->headers[i].value) };
    }
    if (!host)
        h[n++] = (struct evac_http_header){ EVAC_STR("Host"),
                                            evac_arena_str(a, names_host_of(from->url)) };
    if (local[0])
        h[n++] = (struct evac_http_header){ EVAC_STR("x-evac-sandbox-local"),
                                            evac_arena_str(a, evac_str(local)) };
    x->request.headers = h;
    x->request.header_count = n;
    x->request.method = evac_arena_str(a, from->method);
    x->request.url = evac_arena_str(a, from->url);
    x->request.body = evac_arena_str(a, from->body);
    x->request.region = evac_arena_str(a, from->region);
    x->request.operation = evac_arena_str(a, from->operation);
}

/* As it was told, as it falls, or, in a world whose draws follow one another, as they come. */
static void choose_fate(struct world *w, struct exchange *x, const struct evac_http_request *r)
{
    struct fate *f = &x->fate;
    uint32_t total_ms = (uint32_t)r->total_ms;
    (void)evac_str_copy(f->operation, sizeof f->operation, r->operation);
    (void)evac_str_copy(f->region, sizeof f->region, r->region);
    f->nth = w->o.apart ? fate_nth(&w->asked, r->operation, r->region)
                        : (uint32_t)evac_virtual_draw(&w->v);
    fate_choose(f, w->o.seed, &w->o.faults, total_ms);
    for (size_t i = 0; i < w->o.fate_count; i++) {
        const struct fate *told = &w->o.fates[i];
        if (told->nth == f->nth && strcmp(told->operation, f->operation) == 0 &&
            strcmp(told->region, f->region) == 0)
            *f = *told;
    }
    if (w->o.fated && f->kind != FATE_PASSES)
        w->o.fated(w->o.user, f);
}

static void send_again(struct world *w, const struct exchange *x)
{
    struct exchange *copy = calloc(1, sizeof *copy);
    if (!copy)
        abort();
    *copy = *x;
    copy->arena = evac_arena_new();
    copy->id = evac_virtual_number(&w->v);
    copy_request(copy, &x->request, "");
    copy->next = w->exchanges;
    w->exchanges = copy;
    later(w, 50 + x->fate.ms, lands_again, copy);
}

static struct exchange *new_exchange(struct seat *s, evac_http_done_fn *done, void *user)
{
    struct world *w = s->w;
    struct exchange *x = calloc(1, sizeof *x);
    if (!x)
        abort();
    x->w = w;
    x->seat = s;
    x->arena = evac_arena_new();
    x->id = evac_virtual_number(&w->v);
    x->done = done;
    x->user = user;
    x->sent_ms = w->v.now_ms;
    x->life = s->life;
    return x;
}

/* By its fate: whether it arrives, when, and how often. */
static void depart(struct exchange *x, uint64_t travel, uint32_t total_ms, bool unresolved)
{
    struct world *w = x->w;
    if (unresolved || x->fate.kind == FATE_NOT_SENT) {
        later(w, travel, never_sent, x);
        return;
    }
    if (x->fate.kind == FATE_LOST_BEFORE) {
        later(w, x->fate.ms, lost_on_the_way, x);
        return;
    }
    x->lose_reply = x->fate.kind == FATE_LOST_AFTER;
    if (x->fate.kind == FATE_LATE)
        travel = x->fate.ms;
    if (x->fate.kind == FATE_SLOW)
        travel += x->fate.ms;
    if (x->fate.kind == FATE_TWICE)
        send_again(w, x);
    later(w, travel, lands, x);
    later(w, world_stretched_ms(x->seat, total_ms), client_gives_up, (void *)(uintptr_t)x->id);
}

enum evac_code net_http(void *ctx, const struct evac_http_request *request, evac_http_done_fn *done,
                        void *user, uint64_t *ret_id, struct evac_err *err)
{
    struct seat *s = ctx;
    struct world *w = s->w;
    struct exchange *x = new_exchange(s, done, user);
    struct evac_str port, name = evac_str_cut(names_host_of(request->url), ':', &port);
    char local[32] = "";
    (void)err;
    *ret_id = x->id;
    if (s->dead) { /* what the killed would have sent is not sent */
        x->next = w->exchanges;
        w->exchanges = x;
        later(w, 0, lost_on_the_way, x);
        return EVAC_OK;
    }
    w->requests++;
    bool letter = evac_str_starts(request->url, PAGER);
    bool unresolved = !letter && names_is_one(name) && !names_resolve(w, name, local, sizeof local);
    copy_request(x, request, local);
    judge_rate(s, request);
    if (request->mutates && !letter)
        judge_mutation(s, request);
    x->next = w->exchanges;
    w->exchanges = x;
    choose_fate(w, x, request);
    uint64_t travel = 1 + chance(w, x, 3, 30);
    if (s->alone)
        x->fate.kind = FATE_NOT_SENT;
    if (s->requests_to_live && --s->requests_to_live == 0)
        s->dead = true; /* this one is sent, and nothing after it */
    depart(x, travel, request->total_ms, unresolved);
    return EVAC_OK;
}

static void cancelled(void *owner, void *what)
{
    struct world *w = owner;
    client_gives_up(w, what);
}

void net_http_cancel(void *ctx, uint64_t id)
{
    later(((struct seat *)ctx)->w, 0, cancelled, (void *)(uintptr_t)id);
}

bool world_has_zombies(const struct world *w, uint64_t before_ms)
{
    for (const struct exchange *x = w->exchanges; x; x = x->next)
        if (x->sent_ms < before_ms + BOOT_MS && !x->landed)
            return true;
    return false;
}

static struct seat *asks(struct world *w, uint64_t id)
{
    for (const struct exchange *x = w->exchanges; x; x = x->next)
        if (x->id == id)
            return x->seat;
    return NULL;
}

struct seat *net_whose(struct world *w, const struct evac_due *due)
{
    if (due->fn == reply_arrives || due->fn == never_sent || due->fn == lost_on_the_way)
        return ((struct exchange *)due->what)->seat;
    bool asked = due->fn == client_gives_up || due->fn == cancelled;
    return asked ? asks(w, (uint64_t)(uintptr_t)due->what) : NULL;
}

void net_end_first(struct world *w)
{
    struct exchange *x = w->exchanges;
    if (!x)
        return;
    answer(x, EVAC_HTTP_LOST, "the world ends");
    forget(x);
}

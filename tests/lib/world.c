#include "world_internal.h"
#include "world_many.h"

#include "batch.h"

#include "builtin.h"
#include "builtin_runbooks.h"
#include "format.h"
#include "lints.h"
#include "slow_store.h"
#include "store_memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WALL_MS   1790000000000 /* 2026-09-21 */
#define UNTIL_DAY "2026-12-01"
#define PORT      "8080"
#define KEY_ID    "AKIAEVACSANDBOX00001"
#define SECRET    "evacsandboxsecret/evacsandboxsecret0000"

static uint64_t below(struct world *w, uint64_t n)
{
    return evac_virtual_below(&w->v, n);
}

static void later(struct world *w, uint64_t delay_ms, evac_due_fn *fn, void *what)
{
    evac_virtual_later(&w->v, delay_ms, fn, what);
}

/* --- a controller's own clock --- */

uint64_t world_own_ms(const struct seat *s, uint64_t world_ms)
{
    if (s->millionths == 1000000)
        return s->own_0_ms + (world_ms - s->world_0_ms);
    return s->own_0_ms + (world_ms - s->world_0_ms) * s->millionths / 1000000;
}

/* How long the world waits until so much has passed for the controller. */
uint64_t world_stretched_ms(const struct seat *s, uint64_t own_delay_ms)
{
    if (s->millionths == 1000000)
        return own_delay_ms;
    return (own_delay_ms * 1000000 + s->millionths - 1) / s->millionths;
}

uint64_t world_ms_of(const struct seat *s, uint64_t own)
{
    if (own == UINT64_MAX || own <= s->own_0_ms)
        return own == UINT64_MAX ? own : s->world_0_ms;
    return s->world_0_ms + world_stretched_ms(s, own - s->own_0_ms);
}

static uint64_t host_now_ms(void *ctx)
{
    const struct seat *s = ctx;
    return world_own_ms(s, s->w->v.now_ms);
}

static int64_t host_wall_ms(void *ctx)
{
    const struct seat *s = ctx;
    return s->wall_0_ms + (int64_t)(host_now_ms(ctx) - s->w->v.boot_0_ms);
}

static void host_random(void *ctx, void *p, size_t bytes)
{
    struct seat *s = ctx;
    s->w->random(&s->w->v, p, bytes);
}

static enum evac_code host_timer(void *ctx, uint64_t delay_ms, evac_timer_fn *fn, void *user,
                                 uint64_t *ret_id, struct evac_err *err)
{
    struct seat *s = ctx;
    if (s->w->many)
        return many_timer(s, delay_ms, fn, user, ret_id, err);
    return s->w->timer(&s->w->v, world_stretched_ms(s, delay_ms), fn, user, ret_id, err);
}

static void host_timer_stop(void *ctx, uint64_t id)
{
    struct seat *s = ctx;
    if (s->w->many)
        many_timer_stop(s, id);
    else
        s->w->timer_stop(&s->w->v, id);
}

static void set_rate(struct seat *s, uint32_t millionths)
{
    s->own_0_ms = world_own_ms(s, s->w->v.now_ms);
    s->world_0_ms = s->w->v.now_ms;
    s->millionths = millionths;
}

/* "The controller": of several the one that leads. */
static struct seat *front(struct world *w)
{
    struct seat *leader = w->many ? many_leader(w->many) : NULL;
    return leader ? leader : &w->seats[0];
}

void world_clock_rate(struct world *w, uint32_t millionths)
{
    set_rate(front(w), millionths);
}

static uint64_t pause_left_ms(struct world *w)
{
    uint64_t until = front(w)->paused_until_ms;
    return until > w->v.now_ms ? until - w->v.now_ms : 0;
}

/* Seen when it looks next: it may have been stopped again meanwhile. */
static void jump_seen(void *owner, void *what)
{
    struct world *w = owner;
    uint64_t left_ms = pause_left_ms(w);
    if (left_ms) {
        later(w, left_ms, jump_seen, what);
        return;
    }
    struct evac_event event = { .kind = EVAC_EVENT_CLOCK_JUMP,
                                .u.number = (int64_t)(intptr_t)what };
    if (w->shell)
        (void)evac_shell_event(w->shell, &event, NULL);
}

void world_clock_jump(struct world *w, int64_t ms)
{
    front(w)->wall_0_ms += ms;
    later(w, pause_left_ms(w), jump_seen, (void *)(intptr_t)ms);
}

void broke(struct world *w, const char *fmt, ...)
{
    va_list ap;
    if (w->broken[0])
        return;
    int n = snprintf(w->broken, sizeof w->broken,
                     "at %.3f s: ", (double)(w->v.now_ms - BOOT_MS) / 1000);
    va_start(ap, fmt);
    vsnprintf(w->broken + n, sizeof w->broken - (size_t)n, fmt, ap);
    va_end(ap);
    if (w->o.verbose)
        fprintf(stderr, "BROKEN %s\n", w->broken);
}

/* --- HTTP
 * ----------------------------------------------------------------------------------------------------------
 */

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
    uint64_t sent_ms;
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

/* Of a body that is about several things by their names, as a batch of record changes. */
static struct evac_str next_name(struct evac_str *body)
{
    static const char open[] = "<Name>";
    for (size_t i = 0; i + sizeof open - 1 < body->n; i++)
        if (memcmp(body->p + i, open, sizeof open - 1) == 0) {
            struct evac_str rest = { body->p + i + sizeof open - 1, body->n - i - sizeof open + 1 };
            return evac_str_cut(rest, '<', body);
        }
    return EVAC_STR_NONE;
}

static void keep_names(struct seat *s, struct evac_str body)
{
    struct evac_buf names;
    evac_buf_init(&names, sizeof s->lost_names - 1);
    for (struct evac_str name; (name = next_name(&body)).n;)
        evac_buf_putf(&names, "<%.*s>", EVAC_STR_ARG(name));
    bool whole =
        !names.failed && evac_str_copy(s->lost_names, sizeof s->lost_names, evac_buf_str(&names));
    if (!whole)
        s->lost_names[0] = '\0';
    evac_buf_done(&names);
}

/* A change of other records of the zone repeats nothing. */
static bool is_about_what_was_lost(const struct seat *s, struct evac_str body)
{
    bool about = s->lost_names[0] == '\0';
    char part[300];
    for (struct evac_str name; !about && (name = next_name(&body)).n;) {
        snprintf(part, sizeof part, "<%.*s>", EVAC_STR_ARG(name));
        about = strstr(s->lost_names, part) != NULL;
    }
    return about;
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
        if (!x->request.mutates)
            x->seat->lost_operation[0] = '\0';
        if (!x->request.mutates && x->w->many)
            many_saw_reply(x->seat, &x->request);
    } else if (fate == EVAC_HTTP_LOST && x->request.mutates) {
        (void)evac_str_copy(x->seat->lost_operation, sizeof x->seat->lost_operation,
                            x->request.operation);
        keep_names(x->seat, x->request.body);
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

static void check_effect(struct world *w);

/* S2: data is promoted only when nobody writes to the old side any more. */
static void check_promotion(struct world *w, const struct evac_http_request *request)
{
    char first[32];
    if (evac_str_is(request->operation, "rds:FailoverGlobalCluster") &&
        world_writers(w, first, sizeof first) && !evac_str_is(request->region, first))
        broke(w, "S2: %.*s is promoted while %s still writes", EVAC_STR_ARG(request->region),
              first);
}

static bool is_marker(const struct evac_http_request *request)
{
    return (evac_str_is(request->operation, "s3:PutObject") &&
            evac_str_has(request->url, "canary")) ||
           (evac_str_is(request->operation, "dynamodb:PutItem") &&
            evac_str_has(request->body, "evac_marker"));
}

/* A marker, or a message to people: no step of a run. */
static bool is_aside(const struct world *w, const struct evac_http_request *request)
{
    bool tells = evac_str_is(request->operation, "sns:Publish") ||
                 evac_str_is(request->operation, "events:PutEvents");
    return (w->o.notify && tells) || is_marker(request);
}

/* S7: a run that has ended has nothing on its way any more. */
static void check_late(struct world *w, const struct evac_http_request *request)
{
    bool over = w->shell && w->last_run && w->last_state != EVAC_RUN_NONE &&
                !evac_shell_engine(w->shell)->runs;
    if (over && !is_aside(w, request))
        broke(w, "S7: %.*s lands after the run has ended", EVAC_STR_ARG(request->operation));
}

/* --- people, who are told by webhook --- */

#define PAGER "https://pager.example.com/"

static void take_word(struct evac_str body, const char *name, char *to, size_t bytes)
{
    for (size_t i = 0; i + strlen(name) < body.n; i++)
        if (memcmp(body.p + i, name, strlen(name)) == 0) {
            struct evac_str rest = { body.p + i + strlen(name), body.n - i - strlen(name) };
            (void)evac_str_copy(to, bytes, evac_str_cut(rest, '"', &rest));
            return;
        }
}

static void take_letter(struct exchange *x)
{
    struct world *w = x->w;
    struct evac_http_reply head = { .headers = x->request.headers,
                                    .header_count = x->request.header_count };
    if (w->letter_count == w->letter_cap) {
        w->letter_cap = w->letter_cap ? 2 * w->letter_cap : 64;
        w->letters = realloc(w->letters, w->letter_cap * sizeof *w->letters);
        if (!w->letters)
            abort();
    }
    struct world_letter *l = &w->letters[w->letter_count++];
    *l = (struct world_letter){ .maybe =
                                    evac_str_is(evac_http_header(&head, "evac-repeat"), "maybe") };
    (void)evac_str_copy(l->id, sizeof l->id, evac_http_header(&head, "webhook-id"));
    take_word(x->request.body, "\"key\":\"", l->key, sizeof l->key);
    take_word(x->request.body, "\"state\":\"", l->state, sizeof l->state);
    x->reply.status = 202;
}

size_t world_letters(const struct world *w, const struct world_letter **ret_letters)
{
    *ret_letters = w->letters;
    return w->letter_count;
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
        check_promotion(w, &x->request);
    if (letter)
        take_letter(x);
    else
        evac_sandbox_http(w->sandbox, &x->request, &x->reply);
    copy_reply_headers(x);
    if (x->request.mutates && !letter && x->reply.status < 300)
        check_late(w, &x->request); /* a stale one that is refused does no harm */
    if (x->request.mutates)
        check_effect(w);
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

static struct evac_str host_of(struct evac_str url)
{
    struct evac_str rest = url, host;
    for (size_t i = 0; i + 3 <= url.n; i++)
        if (memcmp(url.p + i, "://", 3) == 0) {
            rest = (struct evac_str){ url.p + i + 3, url.n - i - 3 };
            break;
        }
    host = evac_str_cut(rest, '/', &rest);
    return host;
}

/* One A record, asked of the sandbox as a resolver would; 0.0.0.0 becomes "". */
static bool resolve(struct world *w, struct evac_str name, char *ret_address, size_t bytes)
{
    uint8_t q[300] = { 0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0 };
    size_t n = 12;
    struct evac_buf reply;
    bool found = false;
    while (name.n && n + name.n + 6 < sizeof q) {
        struct evac_str label = evac_str_cut(name, '.', &name);
        q[n++] = (uint8_t)label.n;
        memcpy(q + n, label.p, label.n);
        n += label.n;
    }
    q[n++] = 0;
    q[n++] = 0, q[n++] = 1, q[n++] = 0, q[n++] = 1;
    evac_buf_init(&reply, 65536);
    evac_sandbox_advance(w->sandbox, w->v.now_ms);
    if (evac_sandbox_dns(w->sandbox, q, n, true, &reply) && reply.n >= n + 16) {
        const uint8_t *p = (const uint8_t *)reply.p;
        /* the first answer stands right behind the question, its name compressed: 2 + 2 + 2 + 4 + 2
         * + 4 */
        if (p[7] > 0 && p[n + 2] == 0 && p[n + 3] == 1 && p[n + 11] == 4) {
            (void)evac_format(ret_address, bytes, "%u.%u.%u.%u", p[n + 12], p[n + 13], p[n + 14],
                              p[n + 15]);
            found = true;
        }
    }
    evac_buf_done(&reply);
    return found;
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
        struct evac_http_reply probe = { .headers = &from->headers[i], .header_count = 1 };
        host = host || evac_http_header(&probe, "host").n > 0;
        h[n++] = (struct evac_http_header){ evac_arena_str(a, from->headers[i].name),
                                            evac_arena_str(a, from->headers[i].value) };
    }
    if (!host)
        h[n++] =
            (struct evac_http_header){ EVAC_STR("Host"), evac_arena_str(a, host_of(from->url)) };
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

static bool is_name(struct evac_str host)
{
    return host.n && !(host.p[0] >= '0' && host.p[0] <= '9');
}

static struct evac_shell *shell_of(const struct seat *s)
{
    return s->w->many ? s->shell : s->w->shell;
}

/* R1: a mutation leaves only when its intent is durable; R5: not twice without a look between. */
static void check_mutation(struct seat *s, const struct evac_http_request *request)
{
    struct world *w = s->w;
    uint64_t durable = w->many ? w->seen_seq : w->store->vt->last_seq(w->store);
    const struct evac_shell *shell = shell_of(s);
    bool intended = false;
    if (!shell)
        return;
    for (const struct evac_run *r = evac_shell_engine(shell)->runs; r; r = r->next)
        for (uint16_t i = 0; i < r->plan->step_count; i++)
            intended = intended || (r->steps[i].state == EVAC_STEP_APPLYING &&
                                    r->steps[i].intent_seq <= durable);
    if (is_marker(request) && evac_shell_engine(shell)->apps[0].run && w->o.judged && !w->many)
        broke(w, "S2: a marker is written while a run goes on");
    if (is_aside(w, request))
        return; /* they are no step of a run */
    if (w->many)
        many_check_mutation(s, request);
    if (w->last_rehearses && w->last_state == EVAC_RUN_NONE)
        broke(w, "S14: a rehearsal sends %.*s", EVAC_STR_ARG(request->operation));
    if (!intended)
        broke(w, "R1: %.*s was sent without a durable intent", EVAC_STR_ARG(request->operation));
    if (s->lost_operation[0] && evac_str_is(request->operation, s->lost_operation) &&
        is_about_what_was_lost(s, request->body))
        broke(w, "R5: %.*s was lost and sent again without a look",
              EVAC_STR_ARG(request->operation));
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

static enum evac_code host_http(void *ctx, const struct evac_http_request *request,
                                evac_http_done_fn *done, void *user, uint64_t *ret_id,
                                struct evac_err *err)
{
    struct seat *s = ctx;
    struct world *w = s->w;
    struct exchange *x = calloc(1, sizeof *x);
    struct evac_str port, name = evac_str_cut(host_of(request->url), ':', &port);
    char local[32] = "";
    (void)err;
    if (!x)
        abort();
    x->w = w;
    x->seat = s;
    x->arena = evac_arena_new();
    x->id = evac_virtual_number(&w->v);
    x->done = done;
    x->user = user;
    x->sent_ms = w->v.now_ms;
    if (s->dead) { /* what the killed would have sent is not sent */
        x->next = w->exchanges;
        w->exchanges = x;
        *ret_id = x->id;
        later(w, 0, lost_on_the_way, x);
        return EVAC_OK;
    }
    w->requests++;
    bool letter = evac_str_starts(request->url, PAGER);
    bool unresolved = !letter && is_name(name) && !resolve(w, name, local, sizeof local);
    copy_request(x, request, local);
    if (request->mutates && !letter)
        check_mutation(s, request);
    x->next = w->exchanges;
    w->exchanges = x;
    *ret_id = x->id;

    choose_fate(w, x, request);
    uint64_t travel = 1 + chance(w, x, 3, 30);
    if (s->alone)
        x->fate.kind = FATE_NOT_SENT;
    if (s->requests_to_live && --s->requests_to_live == 0)
        s->dead = true; /* this one is sent, and nothing after it */
    if (unresolved || x->fate.kind == FATE_NOT_SENT) {
        later(w, travel, never_sent, x);
        return EVAC_OK;
    }
    if (x->fate.kind == FATE_LOST_BEFORE) {
        later(w, x->fate.ms, lost_on_the_way, x);
        return EVAC_OK;
    }
    x->lose_reply = x->fate.kind == FATE_LOST_AFTER;
    if (x->fate.kind == FATE_LATE)
        travel = x->fate.ms;
    if (x->fate.kind == FATE_SLOW)
        travel += x->fate.ms;
    if (x->fate.kind == FATE_TWICE)
        send_again(w, x);
    later(w, travel, lands, x);
    later(w, world_stretched_ms(s, request->total_ms), client_gives_up, (void *)(uintptr_t)x->id);
    return EVAC_OK;
}

static void cancelled(void *owner, void *what)
{
    struct world *w = owner;
    client_gives_up(w, what);
}

static void host_http_cancel(void *ctx, uint64_t id)
{
    later(((struct seat *)ctx)->w, 0, cancelled, (void *)(uintptr_t)id);
}

/* --- the rest of the host
 * ------------------------------------------------------------------------------------------ */

struct question {
    struct seat *seat;
    struct evac_dns_reply reply;
    struct evac_str value;
    char address[32];
    evac_dns_done_fn *done;
    void *user;
};

static void dns_due(void *owner, void *what)
{
    struct question *q = what;
    (void)owner;
    q->value = evac_str(q->address);
    q->reply.values = &q->value;
    q->done(q->user, &q->reply);
    free(q);
}

static enum evac_code host_dns(void *ctx, struct evac_str name, const char *type,
                               struct evac_str server, uint32_t total_ms, evac_dns_done_fn *done,
                               void *user, struct evac_err *err)
{
    struct seat *s = ctx;
    struct question *q = calloc(1, sizeof *q);
    (void)server;
    (void)total_ms;
    if (!q)
        abort();
    if (strcmp(type, "A") != 0) {
        free(q);
        return evac_fail(err, EVAC_E_UNSUPPORTED, "only A records here");
    }
    q->seat = s;
    q->done = done;
    q->user = user;
    q->reply.error = "";
    q->reply.answered = true;
    if (!s->alone && resolve(s->w, name, q->address, sizeof q->address))
        q->reply.value_count = 1;
    else
        q->reply.rcode = 3;
    later(s->w, 1, dns_due, q);
    return EVAC_OK;
}

static const char *host_getenv(void *ctx, const char *name)
{
    static const struct {
        const char *name, *value;
    } vars[] = {
        { "AWS_ACCESS_KEY_ID", KEY_ID },
        { "AWS_SECRET_ACCESS_KEY", SECRET },
        { "AWS_ENDPOINT_URL", "http://127.0.0.1:" PORT },
        { "AWS_EC2_METADATA_DISABLED", "true" },
    };
    (void)ctx;
    for (size_t i = 0; i < sizeof vars / sizeof vars[0]; i++)
        if (strcmp(vars[i].name, name) == 0)
            return vars[i].value;
    return NULL;
}

static enum evac_code no_mutation(void *ctx, const struct evac_http_request *request,
                                  evac_http_done_fn *done, void *user, uint64_t *ret_id,
                                  struct evac_err *err)
{
    if (request->mutates)
        return evac_fail(err, EVAC_E_REFUSED, "a rehearsal changes nothing");
    return host_http(ctx, request, done, user, ret_id, err);
}

/* The one file that there is: the key that signs. */
static enum evac_code host_read_file(void *ctx, const char *path, struct evac_buf *buf,
                                     struct evac_err *err)
{
    (void)ctx;
    if (strcmp(path, "/run/hook.key") != 0)
        return evac_fail(err, EVAC_E_NOTFOUND, "%s: no such file", path);
    evac_buf_puts(buf, "0123456789abcdef0123456789abcdef\n");
    return EVAC_OK;
}

static struct evac_host make_host(struct seat *s)
{
    struct evac_host host = evac_virtual_host(&s->w->v);
    s->w->timer = host.timer;
    s->w->timer_stop = host.timer_stop;
    s->w->random = host.random;
    host.ctx = s;
    host.now_ms = host_now_ms;
    host.wall_ms = host_wall_ms;
    host.random = host_random;
    host.timer = host_timer;
    host.timer_stop = host_timer_stop;
    host.http = host_http;
    host.http_cancel = host_http_cancel;
    host.dns = host_dns;
    host.getenv = host_getenv;
    if (s->w->o.notify)
        host.read_file = host_read_file;
    return host;
}

/* --- probes: one at a time, asked of the sandbox as a user would
 * ---------------------------------------------------- */

struct probe_loop {
    struct seat *seat; /* of the controllers whose it is; an agent's: the first's */
    uint16_t probe, region, vantage;
    uint32_t nth;
};

/* Where in its period a place looks: of its own, where draws are apart. */
static uint64_t phase(struct world *w, struct probe_loop *p, uint64_t n)
{
    struct fate of = { .operation = "probe", .nth = ++p->nth };
    if (!w->o.apart)
        return below(w, n);
    return fate_draw(w->o.seed, &of,
                     16u + p->probe * 64u + p->region * 8u + p->vantage + p->seat->number, n);
}

static void substitute(struct evac_str text, struct evac_str region, char *out, size_t bytes)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n && n + 1 < bytes; i++) {
        struct evac_str rest = { text.p + i, text.n - i };
        if (text.p[i] == '{' && evac_str_starts(rest, "{region}")) {
            n += (size_t)evac_format(out + n, bytes - n, "%.*s", EVAC_STR_ARG(region));
            i += 7;
        } else {
            out[n++] = text.p[i];
        }
    }
    out[n < bytes ? n : bytes - 1] = '\0';
}

static bool ask(struct world *w, const char *url, struct evac_sandbox_reply *reply)
{
    struct evac_str port, name = evac_str_cut(host_of(evac_str(url)), ':', &port);
    char local[32] = "";
    if (is_name(name) && !resolve(w, name, local, sizeof local))
        return false;
    struct evac_http_header headers[] = {
        { EVAC_STR("Host"), host_of(evac_str(url)) },
        { EVAC_STR("x-evac-sandbox-local"), evac_str(local) },
    };
    struct evac_http_request request = { .method = EVAC_STR("GET"),
                                         .url = evac_str(url),
                                         .headers = headers,
                                         .header_count = 2,
                                         .total_ms = 2000 };
    evac_sandbox_advance(w->sandbox, w->v.now_ms);
    evac_sandbox_http(w->sandbox, &request, reply);
    return reply->fate == EVAC_SANDBOX_REPLY;
}

/* Can the place reach that region? */
static bool sees(struct world *w, const struct probe_loop *p)
{
    const struct evac_app *app = &w->model->apps[0];
    const char *blind = w->places[p->vantage + p->seat->number].blind;
    if (p->seat->alone)
        return false;
    return !blind || (blind[0] && (!app->probes[p->probe].regional ||
                                   !evac_str_is(app->regions[p->region], blind)));
}

static void remember(struct world *w, const struct probe_loop *p, const struct evac_probe_result *r)
{
    const struct evac_app *app = &w->model->apps[0];
    struct place *place = &w->places[p->vantage];
    if (place->silent || place->count == SEEN_MAX)
        return;
    place->asked_ms[place->count] = r->sent_boot_ms;
    place->seen[place->count++] = (struct evac_batch_result){
        .app = app->name,
        .probe = app->probes[p->probe].name,
        .region = app->probes[p->probe].regional ? app->regions[p->region] : EVAC_STR(""),
        .ok = r->ok,
        .latency_ms = r->latency_ms,
        .reason = evac_arena_str(w->arena, r->reason),
    };
}

/* As the agent does it, once a second. */
static void report_due(void *owner, void *what)
{
    struct world *w = owner;
    struct place *place = what;
    size_t vantage = (size_t)(place - w->places);
    struct evac_buf json;
    char lease[32];
    later(w, 1000, report_due, place);
    if (place->silent || !w->shell)
        return;
    for (size_t i = 0; i < place->count; i++)
        place->seen[i].asked_ago_ms = (uint32_t)(w->v.now_ms - place->asked_ms[i]);
    (void)snprintf(lease, sizeof lease, "lease-%zu", vantage);
    const struct evac_batch batch = { .lease = evac_str(lease),
                                      .seq = ++place->seq,
                                      .config = evac_str(w->model->hash),
                                      .abstains = place->abstains,
                                      .results = place->seen,
                                      .count = place->count };
    evac_buf_init(&json, EVAC_BATCH_BYTES_MAX);
    evac_batch_to_json(&batch, &json);
    (void)evac_shell_vantage(w->shell, w->model->controller.vantages[vantage - 1].name,
                             evac_buf_str(&json), NULL, NULL);
    evac_buf_done(&json);
    place->count = 0;
}

void world_blind(struct world *w, size_t vantage, const char *region)
{
    w->places[vantage].blind = region;
}

void world_silence(struct world *w, size_t vantage, bool silent)
{
    w->places[vantage].silent = silent;
    w->places[vantage].count = 0;
}

void world_abstain(struct world *w, size_t vantage, bool cut_off)
{
    struct evac_event event = { .kind = EVAC_EVENT_ANCHORS, .u.abstains = cut_off };
    struct evac_shell *shell = vantage < w->seat_count ? shell_of(&w->seats[vantage]) : NULL;
    w->places[vantage].abstains = cut_off;
    if (shell)
        (void)evac_shell_event(shell, &event, NULL);
}

#define RISE 2u /* as the demonstration's probe has it */

static void note_truth(struct world *w, const struct probe_loop *p, bool good)
{
    struct health *h = &p->seat->truly[p->region];
    if (!w->model->apps[0].probes[p->probe].regional || p->vantage > 0)
        return;
    h->good = good ? h->good + 1 : 0;
    h->bad = good ? h->bad : h->bad + 1;
    h->row = good ? 0 : h->row + 1;
    h->longest = h->row > h->longest ? h->row : h->longest;
    if (!good && h->bad_since_ms == 0)
        h->bad_since_ms = w->v.now_ms;
    if (!good)
        h->last_bad_ms = w->v.now_ms;
    if (h->good >= RISE && h->bad_since_ms) {
        h->was_bad_since_ms = h->bad_since_ms;
        h->was_longest = h->longest;
        h->mended_ms = w->v.now_ms;
        h->bad_since_ms = h->bad = h->longest = 0;
    }
}

static void probe_due(void *owner, void *what)
{
    struct world *w = owner;
    struct probe_loop *p = what;
    const struct evac_app *app = &w->model->apps[0];
    const struct evac_probe *probe = &app->probes[p->probe];
    struct evac_sandbox_reply reply = { 0 };
    struct evac_event event = { .kind = EVAC_EVENT_PROBE };
    struct evac_probe_result *r = &event.u.probe.result;
    char url[512], served[32] = "";

    substitute(probe->target, app->regions[p->region], url, sizeof url);
    evac_buf_init(&reply.body, 8u << 20);
    bool answered = ask(w, url, &reply);
    r->ok =
        answered && reply.status >= 200 && reply.status < 400 &&
        evac_str_has(evac_buf_str(&reply.body), probe->expect_body.n ? probe->expect_body.p : "");
    for (size_t i = 0; answered && i < reply.header_count; i++) {
        struct evac_http_reply one = { .headers = &reply.headers[i], .header_count = 1 };
        if (probe->served_by.n && evac_http_header(&one, probe->served_by.p).n)
            (void)evac_str_copy(served, sizeof served, reply.headers[i].value);
    }
    note_truth(w, p, r->ok);
    if (!sees(w, p))
        answered = r->ok = false;
    r->probe = p->probe;
    r->region = p->region;
    r->latency_ms = 3;
    r->boot_ms = world_own_ms(p->seat, w->v.now_ms);
    r->sent_boot_ms = r->boot_ms - 3;
    r->wall_ms = host_wall_ms(p->seat);
    r->served_by = evac_str(served);
    r->reason = r->ok      ? EVAC_STR_NONE
                : answered ? EVAC_STR("not what was expected")
                           : EVAC_STR("connection refused");
    if (p->vantage > 0)
        remember(w, p, r);
    else if (w->many)
        many_saw(p->seat, r);
    if (p->vantage == 0 && shell_of(p->seat))
        (void)evac_shell_event(shell_of(p->seat), &event, NULL);
    evac_buf_done(&reply.body);
    later(w, probe->every_ms - probe->every_ms / 10 + phase(w, p, probe->every_ms / 5 + 1),
          probe_due, p);
}

static void begin_place(struct world *w, struct seat *seat, uint16_t vantage)
{
    const struct evac_app *app = &w->model->apps[0];
    for (uint16_t p = 0; p < app->probe_count; p++)
        for (uint16_t r = 0; r < (app->probes[p].regional ? app->region_count : 1); r++) {
            bool own = app->probes[p].role == EVAC_PROBE_ENDPOINT; /* the controller's to look at */
            if (app->probes[p].kind != EVAC_PROBE_KIND_HTTP || (own && vantage > 0))
                continue;
            struct probe_loop *loop = evac_arena_alloc(w->arena, sizeof *loop);
            *loop = (struct probe_loop){ seat, p, r, vantage, 0 };
            later(w, phase(w, loop, app->probes[p].every_ms), probe_due, loop);
        }
}

static void begin_probes(struct world *w)
{
    for (unsigned i = 1; i < w->seat_count; i++)
        begin_place(w, &w->seats[i], 0);
    for (uint16_t v = 0; v <= (w->many ? 0 : w->model->controller.vantage_count); v++) {
        begin_place(w, &w->seats[0], v);
        if (v > 0)
            later(w, below(w, 1000), report_due, &w->places[v]);
    }
}

/* --- invariants
 * ---------------------------------------------------------------------------------------------------------
 */

const char *world_truth(struct world *w)
{
    evac_buf_reset(&w->truth);
    evac_sandbox_advance(w->sandbox, w->v.now_ms);
    evac_sandbox_truth(w->sandbox, &w->truth);
    return w->truth.p ? w->truth.p : "";
}

unsigned world_writers(struct world *w, char *ret_name, size_t bytes)
{
    evac_sandbox_advance(w->sandbox, w->v.now_ms);
    return evac_sandbox_writers(w->sandbox, ret_name, bytes);
}

/* S2: traffic goes where the data take writes. */
static void check_route(struct world *w)
{
    char now[sizeof w->route];
    evac_sandbox_route(w->sandbox, now, sizeof now);
    if (strcmp(now, w->route) == 0)
        return;
    if (w->route[0] && !now[0])
        broke(w, "S2: traffic goes nowhere");
    else if (w->route[0] && !evac_sandbox_has_data(w->sandbox, now))
        broke(w, "S2: traffic goes to %s, whose data take no writes", now);
    else if (w->route[0] && w->last_drills && w->last_state == EVAC_RUN_NONE)
        broke(w, "S14: a drill moves traffic to %s", now);
    (void)evac_str_copy(w->route, sizeof w->route, evac_str(now));
}

static void check_effect(struct world *w)
{
    char first[32];
    check_route(w);
    bool everywhere = w->model->apps[0].strategy == EVAC_STRATEGY_ACTIVE_ACTIVE;
    if (!everywhere && world_writers(w, first, sizeof first) > 1)
        broke(w, "S1: two regions accept writes");
    if (everywhere && evac_sandbox_led_to(w->sandbox) == 0)
        broke(w, "S1: users are led nowhere");
    if (everywhere && w->shell && evac_engine_serving(world_app(w)) == 0)
        broke(w, "S1: no region serves");
}

/* --- what the shell calls back
 * --------------------------------------------------------------------------------------------- */

static void follow(struct world *w, const struct evac_record *r)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_err err = { EVAC_OK, "" };
    struct evac_row row;
    enum evac_code code = evac_store_row(w->store, r->seq, arena, &row, &err);
    code = code ? code : w->copy->vt->take(w->copy, &row, 1, &err);
    code = code ? code : evac_shell_follow(w->follower, r, &err);
    if (code)
        broke(w, "the follower does not follow: %s", err.text);
    evac_arena_free(arena);
}

/* S5: what the policy begins, it begins because users are not served, and were not for a while.
 * S8: not again so soon, and never back. */
#define WELL_AGAIN_MS 2500u

/* From the first bad answer to the last that it takes, and as long as the policy waits then; less
 * by what its clock may be off, and by how far a probe may come off its beat. */
static uint64_t bad_at_least_ms(const struct evac_app *app, const struct evac_probe *probe)
{
    uint64_t ms = (uint64_t)app->dwell_ms + (probe->fall - 1u) * (uint64_t)probe->every_ms;
    return ms - ms / 10;
}

static const struct evac_probe *regional_probe(const struct evac_app *app)
{
    size_t p = 0;
    while (p + 1 < app->probe_count && !app->probes[p].regional)
        p++;
    return &app->probes[p];
}

static uint32_t votes_way_ms(const struct world *w)
{
    const struct evac_controller_conf *conf = &w->model->controller;
    return conf->vantage_count ? conf->vantages[0].way_ms : 0;
}

static bool serves_now(struct world *w, size_t region)
{
    const struct evac_app *app = &w->model->apps[0];
    struct evac_sandbox_reply reply = { .fate = EVAC_SANDBOX_REFUSE };
    char url[512];
    substitute(regional_probe(app)->target, app->regions[region], url, sizeof url);
    evac_buf_init(&reply.body, 65536);
    bool good = ask(w, url, &reply) && reply.status == 200;
    evac_buf_done(&reply.body);
    return good;
}

/* Rows of a shared journal land some time after they were decided. */
static uint64_t decided_ms(const struct seat *s, const struct evac_record *r)
{
    if (!s->w->many)
        return s->w->v.now_ms;
    return r->t_boot_ms < s->own_0_ms ? s->world_0_ms - (s->own_0_ms - r->t_boot_ms)
                                      : world_ms_of(s, r->t_boot_ms);
}

static const struct seat *writer_of(const struct world *w, const struct evac_record *r)
{
    for (unsigned i = 0; i < w->seat_count; i++)
        if (w->seats[i].newest_epoch == r->epoch)
            return &w->seats[i];
    return &w->seats[0];
}

static void check_automatic(struct world *w, const struct evac_record *r)
{
    const struct evac_app *app = &w->model->apps[0];
    const struct seat *writer = writer_of(w, r);
    uint64_t now = decided_ms(writer, r);
    size_t from = 0;
    while (from + 1u < app->region_count && !evac_str_eq(app->regions[from], r->from))
        from++;
    const struct health *h = &writer->truly[from];
    const struct evac_probe *probe = regional_probe(app);
    /* since it was decided; or what the others saw may be as old as that */
    uint64_t late = w->many ? evac_health_fresh_ms(probe, votes_way_ms(w)) : 0;
    bool mended = h->bad_since_ms == 0 && now < h->mended_ms + late;
    uint64_t bad_since_ms = mended ? h->was_bad_since_ms : h->bad_since_ms;
    if (!evac_str_is(r->name, "failover"))
        broke(w, "S8: nobody asked for a %.*s", EVAC_STR_ARG(r->name));
    else if (w->stopped || w->held_until_ms > r->t_wall_ms)
        broke(w, "S8: it moves, and somebody %s", w->stopped ? "stopped automation" : "holds it");
    else if (bad_since_ms == 0 || (mended ? h->was_longest : h->longest) < probe->fall ||
             now - bad_since_ms < bad_at_least_ms(app, probe) ||
             (now == w->v.now_ms && h->good == 0 && now - h->last_bad_ms > WELL_AGAIN_MS &&
              serves_now(w, from)))
        broke(w, "S5: it moves away from %.*s, which serves", EVAC_STR_ARG(r->from));
    else if (w->ended_ms && !w->acked &&
             now - w->ended_ms < (uint64_t)app->cooldown_ms - app->cooldown_ms / 10)
        broke(w, "S8: it moves again %llu s after the last run",
              (unsigned long long)(now - w->ended_ms) / 1000);
}

/* S8: what automation did, somebody has looked at before it does more; and it begins nothing while
 * there is a freeze. A proposal that somebody said yes to is theirs. */
static size_t region_of(const struct world *w, struct evac_str name)
{
    const struct evac_app *app = &w->model->apps[0];
    size_t r = 0;
    while (r < app->region_count && !evac_str_eq(app->regions[r], name))
        r++;
    return r;
}

/* S11: whoever said yes said it to the mode in which the run begins, and to what was thought of the
 * region then. */
static void check_yeses(struct world *w)
{
    size_t from = region_of(w, evac_str(w->last_from));
    const char *verdict = from < EVAC_REGIONS_MAX ? w->verdicts[from] : "";
    for (unsigned i = 0; i < w->yes_count; i++) {
        struct evac_str mode, seen = evac_str_cut(evac_str(w->yeses[i]), '/', &mode);
        if (!evac_str_is(mode, w->mode))
            broke(w, "S11: it begins %s, and a yes was given for %s", w->mode, w->yeses[i]);
        else if (verdict[0] && strcmp(verdict, "unknown") != 0 && !evac_str_is(seen, "unknown") &&
                 !evac_str_is(seen, verdict))
            broke(w, "S11: it begins while %s is %s, and a yes was given for %s", w->last_from,
                  verdict, w->yeses[i]);
    }
}

/* Who said yes, to what; and what voids it. */
static void note_yes(struct world *w, const struct evac_record *r)
{
    unsigned most = sizeof w->yeses / sizeof w->yeses[0];
    if (r->kind == EVAC_RECORD_APPROVE && r->step == EVAC_NO_STEP && w->yes_count < most)
        (void)evac_str_copy(w->yeses[w->yes_count++], sizeof w->yeses[0], r->event);
    if (r->kind == EVAC_RECORD_GATE_BLOCK && evac_str_is(r->name, "start") &&
        evac_str_is(r->to, "void"))
        w->yes_count = 0;
    if (r->kind == EVAC_RECORD_MODE)
        (void)evac_str_copy(w->mode, sizeof w->mode,
                            evac_str(evac_mode_name((enum evac_mode)r->number)));
}

static void check_start(struct world *w, const struct evac_record *r)
{
    w->started = true;
    if (w->o.judged)
        check_yeses(w);
    if (!w->by_policy || w->approved || !w->o.judged)
        return;
    if (w->unacked)
        broke(w, "S8: automation acts again, and nobody looked at what it did");
    if (w->frozen_until_ms > r->t_wall_ms)
        broke(w, "S8: automation acts in a freeze");
}

/* What people say about automation, and what it does. */
static void note_words(struct world *w, const struct evac_record *r)
{
    if (r->kind == EVAC_RECORD_HOLD && r->app.n == 0)
        w->stopped = r->number != 0;
    else if (r->kind == EVAC_RECORD_HOLD)
        w->held_until_ms = r->number;
    if (r->kind == EVAC_RECORD_FREEZE && evac_str_is(r->name, "word"))
        w->frozen_until_ms = r->number;
    if (r->kind == EVAC_RECORD_ACK)
        w->unacked = false;
    if (r->kind == EVAC_RECORD_VERDICT && region_of(w, r->name) < EVAC_REGIONS_MAX)
        (void)evac_str_copy(w->verdicts[region_of(w, r->name)], sizeof w->verdicts[0], r->to);
    if (r->run != w->last_run)
        return;
    note_yes(w, r);
    if (r->kind == EVAC_RECORD_APPROVE && r->step == EVAC_NO_STEP)
        w->approved = true;
    if (r->kind == EVAC_RECORD_INSTANT && evac_str_is(r->name, "started"))
        check_start(w, r);
    if (r->kind == EVAC_RECORD_TERMINAL && w->by_policy && w->started && !w->approved)
        w->unacked = true;
}

/* S11: whoever opens a gate or switches the mode has a name. */
static void check_word(struct world *w, const struct evac_record *r)
{
    if ((r->kind == EVAC_RECORD_OVERRIDE || r->kind == EVAC_RECORD_MODE) && r->who.n == 0)
        broke(w, "S11: %s, and nobody said it", evac_record_kind_name(r->kind));
    if (r->kind == EVAC_RECORD_OVERRIDE)
        w->overridden = true;
}

static void on_row(void *user, const struct evac_record *r)
{
    world_see_row(user, r);
}

void world_see_row(struct world *w, const struct evac_record *r)
{
    char line[512];
    if (w->follower)
        follow(w, r);
    char at[32];
    unsigned long long ms = w->v.now_ms - BOOT_MS;
    (void)snprintf(at, sizeof at, "%4llu.%03llu", ms / 1000, ms % 1000);
    int n = evac_format(line, sizeof line, "%s %s %.*s %.*s%s%.*s%s%.*s%s%.*s\n", at,
                        evac_record_kind_name(r->kind), EVAC_STR_ARG(r->name),
                        EVAC_STR_ARG(r->from), r->from.n ? " -> " : "", EVAC_STR_ARG(r->to),
                        r->event.n ? " on " : "", EVAC_STR_ARG(r->event), r->text.n ? ": " : "",
                        (int)(r->text.n < 160 ? r->text.n : 160), r->text.n ? r->text.p : "");
    size_t len = n < 0 ? 0 : (size_t)n < sizeof line ? (size_t)n : sizeof line - 1;
    w->seen_seq = r->seq;
    check_word(w, r);
    if (r->kind == EVAC_RECORD_ADMIT) {
        if (w->o.judged && !w->catches_up && evac_str_is(r->who, "policy"))
            check_automatic(w, r);
        w->stood =
            w->last_state == EVAC_RUN_HELD || (w->stood && w->last_state == EVAC_RUN_ROLLED_BACK);
        w->acked = w->overridden = w->approved = w->started = false;
        w->yes_count = 0;
        (void)evac_str_copy(w->mode, sizeof w->mode, r->event);
        w->by_policy = evac_str_is(r->who, "policy");
        (void)evac_str_copy(w->last_from, sizeof w->last_from, r->from);
        (void)evac_str_copy(w->last_to, sizeof w->last_to, r->to);
        w->last_back = evac_str_is(r->name, "failback");
        w->last_rehearses = evac_str_has(r->data, "\"rehearse\":true");
        w->last_run = r->run;
        w->last_state = EVAC_RUN_NONE;
        w->last_drills = evac_str_is(r->name, "drill");
    }
    note_words(w, r);
    if (r->kind == EVAC_RECORD_TERMINAL && r->run == w->last_run) {
        (void)evac_run_state_parse(r->to, &w->last_state);
        w->ended_ms = w->last_drills ? w->ended_ms : w->v.now_ms;
    }
    if (w->trace_n + len + 1 > w->trace_cap) {
        w->trace_cap = 2 * w->trace_cap + 65536;
        w->trace = realloc(w->trace, w->trace_cap);
        if (!w->trace)
            abort();
    }
    memcpy(w->trace + w->trace_n, line, len);
    w->trace_n += len;
    w->trace[w->trace_n] = '\0';
    if (w->o.verbose)
        fputs(line, stderr);
}

/* --- life
 * --------------------------------------------------------------------------------------------------------------------
 */

/* What the daemon lints with; read once, it never changes. */
static const struct evac_facts *builtin_facts(void)
{
    static struct evac_diag diag;
    static const struct evac_facts *facts;
    if (!diag.arena) {
        diag.arena = evac_arena_new();
        if (evac_builtin_load_facts(EVAC_STR_NONE, EVAC_STR_NONE, EVAC_STR_NONE, &diag, &facts,
                                    NULL))
            abort();
    }
    return facts;
}

/* Of these facts: each shell of each world may know what the ones before it found out. */
static struct evac_lints *lints(void)
{
    static struct evac_lints *lints;
    if (!lints)
        lints = evac_lints_new();
    return lints;
}

/* The machine's time zones, whose files no world changes: each quarter of an hour, within which no
 * zone ever changed its offset, is looked up once. */
#define QUARTER_MS     900000
#define QUARTERS_KNOWN 512u

static bool remembered_offset(void *ctx, struct evac_str zone, int64_t wall_ms, int32_t *ret_s)
{
    static struct {
        uint64_t name;
        int32_t s;
    } known[QUARTERS_KNOWN];
    int64_t quarter = wall_ms / QUARTER_MS;
    uint64_t name = (evac_str_hash(zone) ^ (uint64_t)quarter * 0x9e3779b97f4a7c15u) | 1;
    size_t at = (name >> 32) % QUARTERS_KNOWN;
    (void)ctx;
    if (known[at].name != name) {
        if (!evac_zones_libc.offset(evac_zones_libc.ctx, zone, wall_ms, &known[at].s))
            return false;
        known[at].name = name;
    }
    *ret_s = known[at].s;
    return true;
}

static const struct evac_zones zones = { NULL, remembered_offset };

struct evac_shell_options world_shell_options(struct seat *seat)
{
    struct world *w = seat->w;
    return (struct evac_shell_options){ .host = &seat->host,
                                        .look_host = &seat->look,
                                        .catalog = evac_builtin_catalog(),
                                        .facts = builtin_facts(),
                                        .store = w->store,
                                        .lints = lints(),
                                        .zones = w->o.zones ? w->o.zones : &zones,
                                        .user = w,
                                        .row = w->many ? NULL : on_row };
}

static enum evac_code start(struct world *w, struct evac_err *err)
{
    struct evac_shell_options options = world_shell_options(&w->seats[0]);
    w->started_ms = world_now(w);
    return evac_shell_new(&options, w->model, &w->shell, err);
}

static bool copy_row(void *user, const struct evac_row *row)
{
    struct world *w = user;
    if (w->copy->vt->take(w->copy, row, 1, NULL))
        abort();
    return true;
}

static void begin_to_follow(struct world *w)
{
    const struct evac_store_filter all = { 0 };
    struct evac_err err = { EVAC_OK, "" };
    w->copy = evac_store_new_memory("other", "its-boot");
    if (w->store->vt->read(w->store, &all, copy_row, w, &err))
        abort();
    struct evac_shell_options options = world_shell_options(&w->seats[0]);
    options.store = w->copy;
    options.follows = true;
    if (evac_shell_new(&options, w->model, &w->follower, &err))
        broke(w, "nobody can follow: %s", err.text);
}

static void lead_now(void *owner, void *what)
{
    struct world *w = owner;
    struct evac_err err = { EVAC_OK, "" };
    (void)what;
    struct evac_shell *follower = w->follower;
    w->follower = NULL;
    w->shell = follower;
    if (evac_shell_lead(follower, &err))
        broke(w, "it can not lead: %s", err.text);
    begin_to_follow(w);
}

void world_take_over(struct world *w, uint64_t after_ms)
{
    uint64_t epoch;
    if (!w->shell || !w->follower)
        return;
    evac_shell_free(w->shell);
    w->shell = NULL;
    w->store->vt->lead(w->store, &epoch);
    evac_store_close(w->store);
    w->store = w->copy;
    evac_store_memory_lead(w->store, epoch + 1);
    w->seats[0].lost_operation[0] = '\0';
    later(w, after_ms, lead_now, NULL);
}

struct evac_shell *world_follower(struct world *w)
{
    return w->follower;
}

#define RESTART_MS 2000u /* as a supervisor starts what does not stay up */

static bool see_row(void *user, const struct evac_row *row)
{
    on_row(user, &row->record);
    return true;
}

/* Rows that became durable when their writer died. */
static void see_kept(struct world *w)
{
    const struct evac_store_filter newer = { .after_seq = w->seen_seq };
    w->catches_up = true;
    (void)w->store->vt->read(w->store, &newer, see_row, w, NULL);
    w->catches_up = false;
}

static void start_again(void *owner, void *what)
{
    struct world *w = owner;
    struct evac_err err = { EVAC_OK, "" };
    (void)what;
    if (w->shell)
        return;
    if (w->o.commit_ms == 0) { /* it is the memory store itself */
        evac_store_memory_reopen(w->store);
        see_kept(w);
    }
    if (w->v.now_ms < w->full_until_ms)
        evac_store_memory_fail_after(w->store, 1);
    if (!start(w, &err)) {
        if (w->places[0].abstains)
            world_abstain(w, 0, true); /* its anchors are asked at once */
        return;
    }
    if (w->v.now_ms < w->full_until_ms)
        later(w, RESTART_MS, start_again, NULL);
    else
        broke(w, "it does not start again: %s", err.text);
}

void world_crash_at_commit(struct world *w, uint32_t n, bool kept, uint64_t down_ms)
{
    w->seats[0].down_ms = down_ms;
    evac_store_memory_fail(w->store, n, kept);
}

void world_crash_at_request(struct world *w, uint32_t n, uint64_t down_ms)
{
    front(w)->down_ms = down_ms;
    front(w)->requests_to_live = n;
}

void world_disk_full(struct world *w, uint64_t ms)
{
    w->full_until_ms = w->v.now_ms + ms;
    world_crash_at_commit(w, 1, false, RESTART_MS);
}

void world_pause(struct world *w, uint64_t ms)
{
    uint64_t until = w->v.now_ms + ms;
    if (w->many)
        world_node_pause(w, front(w)->number, ms);
    else if (until > w->seats[0].paused_until_ms) /* one that began before is not shorter for it */
        w->seats[0].paused_until_ms = until;
}

bool world_has_zombies(const struct world *w, uint64_t before_ms)
{
    for (const struct exchange *x = w->exchanges; x; x = x->next)
        if (x->sent_ms < before_ms + BOOT_MS && !x->landed)
            return true;
    return false;
}

void world_crash(struct world *w, uint64_t down_ms)
{
    if (w->many) {
        world_node_crash(w, front(w)->number, down_ms);
        return;
    }
    w->seats[0].dead = false;
    w->seats[0].requests_to_live = 0;
    if (!w->shell)
        return;
    /* nobody waits for what is in flight; it lands all the same */
    evac_shell_free(w->shell);
    w->shell = NULL;
    if (w->o.commit_ms)
        slow_store_crash(w->store, (size_t)below(w, slow_store_waiting(w->store) + 1));
    w->seats[0].lost_operation[0] =
        '\0'; /* resumed steps observe first: checked by the journal's own order */
    later(w, down_ms, start_again, NULL);
}

static struct evac_str read_demo(struct world *w, const char *name)
{
    char path[1024];
    struct evac_buf text;
    snprintf(path, sizeof path, "%s/contrib/demo/%s", EVAC_SOURCE_DIR, name);
    FILE *f = fopen(path, "r");
    if (!f)
        abort();
    evac_buf_init(&text, 1u << 20);
    for (int c; (c = fgetc(f)) != EOF;)
        evac_buf_putc(&text, (char)c);
    fclose(f);
    struct evac_str kept = evac_arena_str(w->arena, evac_buf_str(&text));
    evac_buf_done(&text);
    return kept;
}

static struct evac_str replace(struct world *w, struct evac_str text, struct evac_str from,
                               struct evac_str to)
{
    struct evac_buf out;
    evac_buf_init(&out, 1u << 20);
    for (size_t i = 0; i < text.n;) {
        if (from.n && i + from.n <= text.n && memcmp(text.p + i, from.p, from.n) == 0) {
            evac_buf_put_str(&out, to);
            i += from.n;
        } else {
            evac_buf_putc(&out, text.p[i++]);
        }
    }
    struct evac_str kept = evac_arena_str(w->arena, evac_buf_str(&out));
    evac_buf_done(&out);
    return kept;
}

static struct evac_str fill(struct world *w, struct evac_str text)
{
    static const char *const names[][2] = { { "@DIR@", "/nowhere" },
                                            { "@PORT@", PORT },
                                            { "@DNS_PORT@", "5353" },
                                            { "@UNTIL@", UNTIL_DAY },
                                            { "@SPEED@", "1" } };
    struct evac_str extra = evac_str(w->o.app_extra ? w->o.app_extra : "");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        text = replace(w, text, evac_str(names[i][0]), evac_str(names[i][1]));
    while (extra.n) {
        struct evac_str line = evac_str_cut(extra, '\n', &extra), to;
        for (size_t i = 0; i + 2 <= line.n; i++)
            if (line.p[i] == '=' && line.p[i + 1] == '>') {
                to = (struct evac_str){ line.p + i + 2, line.n - i - 2 };
                text = replace(w, text, (struct evac_str){ line.p, i }, to);
                break;
            }
    }
    return text;
}

/* Models are read-only: worlds of the same configuration share one, and only the first world of
 * thousands reads it. The last few are kept. */
#define KEPT_MODELS 64u
static struct kept_model {
    uint64_t name;
    struct evac_model *model;
} kept_models[KEPT_MODELS];

static uint64_t name_of(const struct world_options *o, unsigned node)
{
    const char *const texts[] = { o->app_file, o->app_extra, o->vantages, o->notify };
    const size_t count = sizeof texts / sizeof texts[0];
    uint64_t name = o->controllers > 1 ? 1 + node + (o->share ? 8ull * o->share->poll_ms : 0) : 0;
    for (size_t i = 0; i < count + WORLD_MORE_MAX; i++) {
        const char *text = i < count ? texts[i] : o->more[i - count];
        name = name * 0x100000001b3u + (text ? evac_str_hash(evac_str(text)) : i);
    }
    return name ? name : 1;
}

static void let_go(struct evac_model *model)
{
    for (size_t i = 0; i < KEPT_MODELS; i++)
        if (kept_models[i].model == model)
            return;
    evac_model_free(model);
}

static struct evac_model *read_model(struct world *w, unsigned node)
{
    struct evac_conf_text files[64];
    struct evac_diag diag = { .arena = evac_arena_new() };
    struct evac_err err = { EVAC_OK, "" };
    struct evac_model *model = NULL;
    size_t n = 0;
    const char *app = w->o.app_file ? w->o.app_file : "apps/shop.cfg";
    struct evac_str controller = fill(w, read_demo(w, "evac.cfg"));
    if (w->o.vantages)
        controller = evac_arena_printf(w->arena, "%.*s\nvantages = ( %s );\n",
                                       EVAC_STR_ARG(controller), w->o.vantages);
    if (w->o.notify)
        controller = evac_arena_printf(w->arena, "%.*s\nnotify = { %s };\n",
                                       EVAC_STR_ARG(controller), w->o.notify);
    if (w->seat_count > 1)
        controller = many_controllers(w, controller);
    files[n++] = (struct evac_conf_text){ "evac.cfg", controller };
    files[n++] = (struct evac_conf_text){ "apps/shop.cfg", fill(w, read_demo(w, app)) };
    for (size_t i = 0; i < WORLD_MORE_MAX && w->o.more[i]; i++) {
        const char *name = evac_arena_printf(w->arena, "apps/%c.cfg", (char)('a' + i)).p;
        files[n++] = (struct evac_conf_text){ name, evac_str(w->o.more[i]) };
    }
    for (size_t i = 0; i < evac_builtin_runbook_count && n < 64; i++)
        files[n++] = evac_builtin_runbooks[i];
    const struct evac_oneself oneself = { .node = w->seat_count > 1 ? w->seats[node].name : NULL };
    if (evac_conf_parse(files, n, &diag, &model, &err) ||
        evac_model_oneself(model, &oneself, &err)) {
        struct evac_buf text;
        evac_buf_init(&text, 1u << 20);
        evac_diag_print(&diag, &text);
        fprintf(stderr, "%s\n%s", err.text, text.p ? text.p : "");
        abort();
    }
    evac_arena_free(diag.arena);
    return model;
}

static struct evac_model *model_of(struct world *w, unsigned node)
{
    uint64_t name = name_of(&w->o, node);
    struct kept_model *kept = NULL;
    for (size_t i = 0; i < KEPT_MODELS && !kept; i++)
        if (!kept_models[i].model || kept_models[i].name == name)
            kept = &kept_models[i];
    struct evac_model *model = kept && kept->model ? kept->model : read_model(w, node);
    if (kept)
        *kept = (struct kept_model){ name, model };
    return model;
}

/* Controllers that share a journal have the same files, and each its place in them. */
static void load(struct world *w)
{
    for (unsigned i = 0; i < w->seat_count; i++)
        w->seats[i].model = model_of(w, i);
    w->model = w->seats[0].model;
}

enum evac_code world_reload(struct world *w, const char *app_extra)
{
    struct evac_model *was = w->model;
    enum evac_code code = EVAC_OK;
    if (w->old_count == sizeof w->old_models / sizeof w->old_models[0])
        abort();
    w->o.app_extra = app_extra;
    load(w);
    w->said = (struct evac_err){ EVAC_OK, "" };
    if (w->shell)
        code = evac_shell_reload(w->shell, w->model, &w->said);
    w->old_models[w->old_count++] = code ? w->model : was;
    if (code)
        w->model = w->seats[0].model = was;
    return code;
}

/* "x.cfg" has its resources in "x.world": control's commands, a line each. */
static void make_resources(struct world *w)
{
    char name[256];
    if (!w->o.app_file)
        return;
    snprintf(name, sizeof name, "%.*s.world", (int)strlen(w->o.app_file) - 4, w->o.app_file);
    struct evac_str rest = read_demo(w, name);
    while (rest.n) {
        struct evac_str line = evac_str_trim(evac_str_cut(rest, '\n', &rest));
        if (line.n && line.p[0] != '#')
            world_control(w, "%.*s", EVAC_STR_ARG(line));
    }
}

static uint32_t commit_ms_asked(void)
{
    const char *text = getenv("EVAC_COMMIT_MS");
    int64_t ms = 0;
    return text && evac_str_i64(evac_str(text), &ms) && ms > 0 ? (uint32_t)ms : 0;
}

static void sit(struct world *w, struct seat *s)
{
    *s = (struct seat){ .w = w,
                        .number = (unsigned)(s - w->seats),
                        .own_0_ms = BOOT_MS,
                        .world_0_ms = BOOT_MS,
                        .millionths = 1000000,
                        .wall_0_ms = WALL_MS };
    memcpy(s->name, (char[]){ 'n', (char)('0' + s->number), '\0' }, 3);
    s->host = make_host(s);
    s->look = s->host;
    s->look.http = no_mutation;
}

static void begin_alone(struct world *w)
{
    struct evac_err err = { EVAC_OK, "" };
    w->store = evac_store_new_memory("sim", "boot");
    if (w->o.commit_ms)
        w->store = slow_store_new(w->store, &w->seats[0].host, w->o.commit_ms);
    if (start(w, &err)) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
}

struct world *world_new(const struct world_options *options)
{
    static const char *const regions[] = { "us-east-1", "us-west-2", "eu-west-1", NULL };
    struct world *w = calloc(1, sizeof *w);
    if (!w)
        abort();
    w->o = *options;
    w->o.commit_ms = options->commit_ms ? options->commit_ms : commit_ms_asked();
    evac_virtual_init(&w->v, w, BOOT_MS, WALL_MS, options->seed);
    w->seat_count = options->controllers > 1 ? options->controllers : 1;
    for (unsigned i = 0; i < w->seat_count; i++)
        sit(w, &w->seats[i]);
    w->arena = evac_arena_new();
    evac_buf_init(&w->truth, 8u << 20);
    struct evac_sandbox_options sandbox = { .seed = options->seed,
                                            .regions = regions,
                                            .speed = options->speed,
                                            .wall_ms = WALL_MS - (int64_t)BOOT_MS,
                                            .access_key_id = KEY_ID,
                                            .secret_access_key = SECRET };
    w->sandbox = evac_sandbox_new(&sandbox);
    evac_sandbox_advance(w->sandbox, w->v.now_ms);
    evac_sandbox_shop(w->sandbox, (uint16_t)atol(PORT));
    make_resources(w);
    load(w);
    if (w->seat_count > 1)
        w->many = many_new(w);
    else
        begin_alone(w);
    if (w->o.followed)
        begin_to_follow(w);
    begin_probes(w);
    return w;
}

/* Every question, timer and exchange comes to its end, so that nobody's memory is forgotten. */
static void answer_everybody(struct world *w)
{
    while (w->exchanges || w->v.count) {
        struct exchange *x = w->exchanges;
        struct evac_due due = { 0 };
        if (evac_virtual_take(&w->v, &due) && (evac_virtual_is_timer(&due) || due.fn == dns_due))
            due.fn(w, due.what);
        if (x) {
            answer(x, EVAC_HTTP_LOST, "the world ends");
            forget(x);
        }
    }
}

void world_free(struct world *w)
{
    if (w->many)
        many_leave(w->many);
    else
        evac_shell_free(w->shell);
    evac_shell_free(w->follower);
    w->shell = w->follower = NULL;
    if (w->o.commit_ms && !w->many)
        slow_store_crash(w->store, 0);
    answer_everybody(w);
    if (w->copy != w->store)
        evac_store_close(w->copy);
    if (w->many)
        many_free(w->many);
    else
        evac_store_close(w->store);
    evac_sandbox_free(w->sandbox);
    for (unsigned i = 0; i < w->seat_count; i++)
        let_go(w->seats[i].model);
    for (size_t i = 0; i < w->old_count; i++)
        let_go(w->old_models[i]);
    evac_arena_free(w->arena);
    evac_buf_done(&w->truth);
    evac_virtual_done(&w->v);
    free(w->letters);
    free(w->trace);
    free(w);
}

int64_t world_wall(struct world *w)
{
    return host_wall_ms(&w->seats[0]);
}

uint64_t world_boot(struct world *w)
{
    return host_now_ms(&w->seats[0]);
}

/* --- running
 * --------------------------------------------------------------------------------------------------------------
 */

static struct seat *asks(struct world *w, uint64_t id)
{
    for (const struct exchange *x = w->exchanges; x; x = x->next)
        if (x->id == id)
            return x->seat;
    return NULL;
}

/* In whose process it happens, or to whom alone; NULL: in the world. Timers of several controllers
 * know themselves. */
static struct seat *whose(struct world *w, const struct evac_due *due)
{
    if (due->fn == reply_arrives || due->fn == never_sent || due->fn == lost_on_the_way)
        return ((struct exchange *)due->what)->seat;
    if (due->fn == client_gives_up || due->fn == cancelled)
        return asks(w, (uint64_t)(uintptr_t)due->what);
    if (due->fn == dns_due)
        return ((struct question *)due->what)->seat;
    if (due->fn == probe_due)
        return ((struct probe_loop *)due->what)->seat;
    bool own = due->fn == report_due || evac_virtual_is_timer(due);
    return own && !w->many ? &w->seats[0] : NULL;
}

static bool somebody_stands_still(const struct world *w)
{
    for (unsigned i = 0; i < w->seat_count; i++)
        if (w->v.now_ms < w->seats[i].paused_until_ms && shell_of(&w->seats[i]))
            return true;
    return false;
}

static void run_next(struct world *w)
{
    struct evac_due due = { 0 };
    if (!somebody_stands_still(w)) {
        evac_virtual_run_next(&w->v);
        return;
    }
    bool any = evac_virtual_take(&w->v, &due);
    const struct seat *s = any ? whose(w, &due) : NULL;
    uint64_t waits = s && w->v.now_ms < s->paused_until_ms ? s->paused_until_ms - w->v.now_ms : 0;
    if (due.fn == probe_due && waits > 1000)
        waits = 1000; /* it may be killed, and start anew, before it goes on */
    if (waits)
        later(w, waits, due.fn, due.what);
    else
        due.fn(w, due.what);
}

static uint64_t shell_wake_ms(const struct world *w, struct evac_shell **ret_shell)
{
    uint64_t first = UINT64_MAX;
    *ret_shell = NULL;
    for (unsigned i = 0; i < w->seat_count; i++) {
        const struct seat *s = &w->seats[i];
        struct evac_shell *shell = shell_of(s);
        uint64_t wake = shell ? world_ms_of(s, evac_shell_wake_ms(shell)) : UINT64_MAX;
        wake = wake > s->paused_until_ms ? wake : s->paused_until_ms;
        if (shell && wake < first) {
            first = wake;
            *ret_shell = shell;
        }
    }
    return first;
}

/* A process that is gone, or that must not go on. */
static void see_death(struct world *w)
{
    if (w->many) {
        many_see(w->many);
        return;
    }
    bool failed = w->shell && evac_shell_failed(w->shell);
    const struct seat *s = &w->seats[0];
    if (failed && !w->o.disk_fails && !s->down_ms)
        broke(w, "the journal failed");
    else if (w->shell && (failed || s->dead))
        world_crash(w, s->down_ms ? s->down_ms : RESTART_MS);
}

static bool step(struct world *w, uint64_t until_ms)
{
    struct evac_shell *shell;
    uint64_t wake = shell_wake_ms(w, &shell);
    uint64_t due = evac_virtual_next_ms(&w->v);
    uint64_t sandbox = evac_sandbox_wake_ms(w->sandbox);
    uint64_t next = wake < due ? wake : due;
    uint64_t shared = w->many ? many_due_ms(w->many) : UINT64_MAX;
    if (sandbox < next)
        next = sandbox;
    if (shared < next)
        next = shared;
    if (next > until_ms)
        return false;
    if (next > w->v.now_ms)
        w->v.now_ms = next;
    w->events++;
    if (w->many)
        many_step(w->many);
    if (shared <= w->v.now_ms) {
        /* that was it */
    } else if (due <= w->v.now_ms && due <= wake) {
        run_next(w);
    } else if (wake <= w->v.now_ms) {
        (void)evac_shell_tick(shell, NULL);
    } else {
        evac_sandbox_advance(w->sandbox, w->v.now_ms);
    }
    see_death(w);
    return true;
}

void world_until(struct world *w, uint64_t at_ms)
{
    at_ms += BOOT_MS;
    while (step(w, at_ms))
        ;
    if (w->v.now_ms < at_ms)
        w->v.now_ms = at_ms;
    if (w->many)
        many_step(w->many); /* its clock */
}

void world_run(struct world *w, uint64_t ms)
{
    world_until(w, w->v.now_ms - BOOT_MS + ms);
}

bool world_run_to_end(struct world *w, uint64_t ms)
{
    uint64_t until = w->v.now_ms + ms;
    while (w->last_state == EVAC_RUN_NONE && step(w, until))
        ;
    return w->last_state != EVAC_RUN_NONE;
}

uint64_t world_now(const struct world *w)
{
    return w->v.now_ms - BOOT_MS;
}

/* --- people
 * -------------------------------------------------------------------------------------------------------------------
 */

/* People hear the answer when what it says is durable. */
static enum evac_code settled(struct world *w, enum evac_code code)
{
    if (w->many)
        return many_settled(w->many, many_leader(w->many), code);
    while (w->shell && !evac_shell_failed(w->shell) &&
           evac_shell_durable(w->shell) < evac_shell_accepted(w->shell))
        (void)step(w, UINT64_MAX);
    return code;
}

static enum evac_code wish(struct world *w, const char *app, enum evac_workflow workflow,
                           enum evac_mode mode, bool rehearse)
{
    struct evac_wish wish = { .app = evac_str(app),
                              .workflow = workflow,
                              .mode = mode,
                              .rehearse = rehearse,
                              .drill = rehearse ? EVAC_DRILL_REHEARSE : EVAC_DRILL_ISOLATED,
                              .isolate = evac_str(w->isolate ? w->isolate : ""),
                              .who = EVAC_STR("ann"),
                              .why = EVAC_STR("a story") };
    struct evac_err err = { EVAC_OK, "" };
    uint64_t run;
    if (!w->shell)
        return EVAC_E_UNREACHABLE;
    enum evac_run_state before = w->last_state;
    w->last_state = EVAC_RUN_NONE;
    enum evac_code code = settled(w, evac_shell_begin(w->shell, &wish, &run, &err));
    if (code)
        w->last_state = before;
    if (code && w->o.verbose)
        fprintf(stderr, "refused: %s\n", err.text);
    return code;
}

enum evac_code world_begin(struct world *w, enum evac_workflow workflow, enum evac_mode mode)
{
    return wish(w, "shop", workflow, mode, false);
}

enum evac_code world_begin_app(struct world *w, const char *app, enum evac_workflow workflow,
                               enum evac_mode mode)
{
    return wish(w, app, workflow, mode, false);
}

void world_isolate(struct world *w, const char *region)
{
    w->isolate = region;
}

enum evac_code world_rehearse(struct world *w)
{
    return wish(w, "shop", EVAC_WORKFLOW_DRILL, EVAC_MODE_GRACEFUL, true);
}

enum evac_code world_hear(struct world *w, const struct evac_command *word)
{
    struct evac_event event = { .kind = EVAC_EVENT_COMMAND };
    w->acked = w->acked || word->verb == EVAC_CMD_ACK;
    event.u.command = *word;
    if (!word->run && word->verb < EVAC_CMD_ACK)
        event.u.command.run = w->last_run;
    if (!word->app.n)
        event.u.command.app = EVAC_STR("shop");
    w->said = (struct evac_err){ EVAC_OK, "" };
    return w->shell ? settled(w, evac_shell_event(w->shell, &event, &w->said)) : EVAC_E_UNREACHABLE;
}

enum evac_code world_begin_as(struct world *w, const struct evac_caller *caller,
                              enum evac_mode mode, const char *reason, uint16_t overrides)
{
    uint64_t run;
    const struct evac_wish wish = { .app = EVAC_STR("shop"),
                                    .workflow = EVAC_WORKFLOW_FAILOVER,
                                    .mode = mode,
                                    .who = caller->who,
                                    .why = evac_str(reason),
                                    .overrides = overrides,
                                    .caller = caller };
    w->last_state = EVAC_RUN_NONE;
    w->said = (struct evac_err){ EVAC_OK, "" };
    enum evac_code code = w->shell ? settled(w, evac_shell_begin(w->shell, &wish, &run, &w->said))
                                   : EVAC_E_UNREACHABLE;
    return code;
}

const char *world_said(const struct world *w)
{
    return w->said.text;
}

enum evac_code world_say(struct world *w, enum evac_command_verb verb, const char *step_id,
                         const char *reason, int64_t value)
{
    struct evac_event event = { .kind = EVAC_EVENT_COMMAND };
    event.u.command = (struct evac_command){ .verb = verb,
                                             .run = w->last_run,
                                             .app = EVAC_STR("shop"),
                                             .step = evac_str(step_id),
                                             .region = evac_str(step_id), /* of PLACE */
                                             .reason = evac_str(reason),
                                             .who = EVAC_STR("ann"),
                                             .value = value };
    if (verb >= EVAC_CMD_ACK)
        event.u.command.run = 0;
    w->acked = w->acked || verb == EVAC_CMD_ACK;
    return w->shell ? settled(w, evac_shell_event(w->shell, &event, NULL)) : EVAC_E_UNREACHABLE;
}

void world_control(struct world *w, const char *fmt, ...)
{
    char command[4096];
    va_list ap;
    struct evac_err err = { EVAC_OK, "" };
    va_start(ap, fmt);
    vsnprintf(command, sizeof command, fmt, ap);
    va_end(ap);
    evac_sandbox_advance(w->sandbox, w->v.now_ms);
    if (evac_sandbox_control(w->sandbox, evac_str(command), &err)) {
        fprintf(stderr, "control '%s': %s\n", command, err.text);
        abort();
    }
}

void world_set_faults(struct world *w, const struct world_faults *faults)
{
    w->o.faults = *faults;
}

/* --- looking
 * ------------------------------------------------------------------------------------------------------------------
 */

struct evac_shell *world_shell(struct world *w)
{
    return w->shell;
}

struct evac_store *world_store(struct world *w)
{
    return w->store;
}

struct evac_sandbox *world_sandbox(struct world *w)
{
    return w->sandbox;
}

const struct evac_engine_app *world_app(struct world *w)
{
    return w->shell ? &evac_shell_engine(w->shell)->apps[0] : NULL;
}

uint64_t world_last_run(struct world *w)
{
    return w->last_run;
}

enum evac_run_state world_run_state(struct world *w)
{
    const struct evac_run *run =
        w->shell ? evac_engine_run(evac_shell_engine(w->shell), w->last_run) : NULL;
    return run ? run->state : w->last_state;
}

const char *world_trace(const struct world *w)
{
    return w->trace ? w->trace : "";
}

bool world_run_drills(const struct world *w)
{
    return w->last_drills;
}

bool world_traced(const struct world *w, const char *part)
{
    return strstr(world_trace(w), part) != NULL;
}

const char *world_run_from(const struct world *w)
{
    return w->last_from;
}

bool world_run_goes_back(const struct world *w)
{
    return w->last_back;
}

const char *world_run_to(const struct world *w)
{
    return w->last_to;
}

bool world_hindered(const struct world *w)
{
    for (unsigned i = 0; i < w->seat_count; i++)
        if (w->v.now_ms < w->seats[i].paused_until_ms)
            return true;
    return w->v.now_ms < w->full_until_ms;
}

uint64_t world_started_ms(const struct world *w)
{
    return w->started_ms;
}

bool world_overridden(const struct world *w)
{
    return w->overridden;
}

const char *world_broken(const struct world *w)
{
    return w->broken;
}

bool world_stood(const struct world *w)
{
    return w->stood;
}

const struct evac_engine *world_engine(const struct world *w)
{
    return w->shell ? evac_shell_engine(w->shell) : NULL;
}

uint64_t world_events(const struct world *w)
{
    return w->events;
}

uint64_t world_requests(const struct world *w)
{
    return w->requests;
}

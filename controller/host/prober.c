#include "prober_internal.h"
#include "redact.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define TARGETS_MAX  65536u
#define OPEN_DEFAULT 1024u
#define NAMES_MAX    65536u
#define DNS_SILENT_MS                                                                              \
    300000u /* for so long the last good address stands in for DNS, and each result says so */
#define EVENTS       256
#define EVENT_ROUNDS 8   /* then the rest of the loop has its turn */
#define ROOM_MS      50u /* until a round that found no room tries again */
/* Rounds that are due at about the same time begin together, about so many: a process that is
 * woken for each alone spends as much on waking as on probing. Few enough that one's answer does
 * not wait for the others' connections (who makes one counts four times: more than eight cost more
 * than they save); and none is moved by more than a tenth of its period to either side. */
#define TOGETHER      32u
#define OF_CONNECTING 4u
#define RASTER_MAX_MS 32u

/* splitmix64: spreads a seed well, and is no secret. */
uint64_t prober_chance(struct evac_prober *prober)
{
    uint64_t z = (prober->chance += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* --- the heap: who is next ------------------------------------------------------------------- */

/* The keys stand in the heap itself: what is compared lies together. */
static void put_at(struct evac_prober *prober, uint32_t i, struct prober_due due)
{
    prober->heap[i] = due;
    due.t->heap_at = i;
}

static void sift_up(struct evac_prober *prober, uint32_t i)
{
    struct prober_due due = prober->heap[i];
    for (uint32_t up; i > 0 && prober->heap[up = (i - 1) / 2].at_ms > due.at_ms; i = up)
        put_at(prober, i, prober->heap[up]);
    put_at(prober, i, due);
}

static void sift_down(struct evac_prober *prober, uint32_t i)
{
    struct prober_due due = prober->heap[i];
    for (;;) {
        uint32_t down = 2 * i + 1;
        if (down >= prober->heap_count)
            break;
        if (down + 1 < prober->heap_count &&
            prober->heap[down + 1].at_ms < prober->heap[down].at_ms)
            down++;
        if (prober->heap[down].at_ms >= due.at_ms)
            break;
        put_at(prober, i, prober->heap[down]);
        i = down;
    }
    put_at(prober, i, due);
}

static void heap_add(struct evac_prober *prober, struct prober_target *t)
{
    if (prober->heap_count == prober->heap_cap) {
        uint32_t cap = prober->heap_cap ? prober->heap_cap * 2 : 64;
        struct prober_due *heap = realloc(prober->heap, cap * sizeof *heap);
        if (!heap)
            abort();
        prober->heap = heap;
        prober->heap_cap = cap;
    }
    put_at(prober, prober->heap_count++, (struct prober_due){ t->at_ms, t });
    sift_up(prober, t->heap_at);
}

static void heap_remove(struct evac_prober *prober, struct prober_target *t)
{
    uint32_t i = t->heap_at;
    if (i == PROBER_IN_NO_HEAP)
        return;
    t->heap_at = PROBER_IN_NO_HEAP;
    struct prober_due last = prober->heap[--prober->heap_count];
    if (last.t == t)
        return;
    put_at(prober, i, last);
    sift_up(prober, i);
    sift_down(prober, last.t->heap_at);
}

void prober_set_deadline(struct prober_target *t, uint64_t at_ms)
{
    t->at_ms = at_ms;
    if (t->heap_at == PROBER_IN_NO_HEAP) {
        heap_add(t->prober, t);
        return;
    }
    t->prober->heap[t->heap_at].at_ms = at_ms;
    sift_up(t->prober, t->heap_at);
    sift_down(t->prober, t->heap_at);
}

/* --- rounds ---------------------------------------------------------------------------------- */

static bool is_in_round(const struct prober_target *t)
{
    return t->stage > PROBER_QUEUED;
}

/* How far apart the instants are at which rounds begin: as many milliseconds as bring TOGETHER. */
static uint32_t raster_ms(const struct evac_prober *prober)
{
    uint64_t ms = prober->rate_micro ? TOGETHER * 1000000000ull / prober->rate_micro : 0;
    return ms < 1 ? 1 : ms < RASTER_MAX_MS ? (uint32_t)ms : RASTER_MAX_MS;
}

static uint64_t rate_micro(const struct prober_target *t)
{
    return (t->keep_alive ? 1u : OF_CONNECTING) * 1000000000ull / t->every_ms;
}

/* Rounds stand on a raster, each moved by up to a tenth; a raster that fell behind begins anew. */
static void plan_next(struct prober_target *t, uint64_t now)
{
    uint32_t tenth = t->every_ms / 10, raster = raster_ms(t->prober);
    if (raster > 2 * tenth)
        raster = 2 * tenth;
    t->base_ms += t->every_ms;
    if (t->base_ms < now)
        t->base_ms = now;
    uint64_t at = t->base_ms + prober_chance(t->prober) % (2 * tenth + 1) - tenth;
    at -= at % raster;
    if (at + tenth < t->base_ms) /* a tenth is a tenth */
        at += raster;
    prober_set_deadline(t, at > now ? at : now);
}

static void leave_round(struct prober_target *t, uint64_t now_ms)
{
    struct prober_conn *c = t->conn;
    if (c && !(t->keep_alive && c->complete && c->keepable))
        prober_conn_close(t);
    t->prober->in_flight--;
    t->prober->ended++;
    t->stage = PROBER_WAITING;
    plan_next(t, now_ms);
}

void prober_end_untold(struct prober_target *t, const char *why)
{
    struct evac_prober *prober = t->prober;
    prober->untold++;
    leave_round(t, evac_boot_ms());
    if (prober->untold_fn)
        prober->untold_fn(prober->user, t->user, why);
}

/* What else may be wrong with an answer that is good. */
static const char *look_again(struct prober_target *t, uint64_t took_us)
{
    if (t->latency_ms && took_us > (uint64_t)t->latency_ms * 1000) {
        (void)snprintf(t->prober->reason, sizeof t->prober->reason,
                       "it took %llu ms, more than %u ms", (unsigned long long)took_us / 1000,
                       t->latency_ms);
        return t->prober->reason;
    }
    return t->certificate_ms && t->certificate_until_ms ? prober_tls_judge(t) : NULL;
}

/* An address that DNS gave before it fell silent: whoever reads the result must know. */
static const char *say_stale(const struct prober_target *t, const char *text, char *to, size_t room)
{
    (void)snprintf(to, room,
                   "%s%sDNS does not answer: asked at the address of its last answer, "
                   "%llu s out of date",
                   text, text[0] ? "; " : "", (unsigned long long)t->stale_ms / 1000);
    return to;
}

/* A program's or a server's own words are shown to people. */
static const char *without_secrets(const char *reason, char *to, size_t bytes)
{
    struct evac_buf text;
    evac_buf_init(&text, strlen(reason) * 11 + 1);
    evac_redact(evac_str(reason), &text);
    (void)evac_str_copy(to, bytes, evac_buf_str(&text));
    evac_buf_done(&text);
    return to;
}

void prober_end(struct prober_target *t, const char *reason)
{
    struct evac_prober *prober = t->prober;
    struct prober_conn *c = t->conn;
    uint64_t now_us = evac_boot_us();
    char served_by[PROBER_SERVED_BY_BYTES], clean[sizeof prober->reason], aged[400];
    prober->warning[0] = '\0';
    if (!reason && (t->latency_ms || t->certificate_ms))
        reason = look_again(t, now_us - t->started_us);
    if (reason)
        reason = without_secrets(reason, clean, sizeof clean);
    explicit_bzero(prober->reason, sizeof prober->reason);
    const char *warning = prober->warning;
    if (t->stale_ms && reason)
        reason = say_stale(t, reason, aged, sizeof aged);
    else if (t->stale_ms)
        warning = say_stale(t, warning, aged, sizeof aged);
    struct evac_prober_result result = {
        .ok = reason == NULL,
        .latency_us = (uint32_t)(now_us - t->started_us),
        .status = c ? c->status : 0,
        .served_by = { served_by, c ? c->served_by_n : 0 },
        .reason = reason ? reason : "",
        .warning = warning,
        .certificate_until_ms = t->certificate_until_ms,
        .sent_boot_ms = t->started_us / 1000,
        .boot_ms = now_us / 1000,
    };
    if (result.served_by.n)
        memcpy(served_by, c->served_by, result.served_by.n);
    leave_round(t, result.boot_ms);
    prober->fn(prober->user, t->user, &result); /* t may be gone now */
}

static void begin(struct prober_target *t, uint64_t now)
{
    struct evac_prober *prober = t->prober;
    prober->in_flight++;
    prober->started++;
    prober->late_ms = now - t->at_ms;
    t->round++;
    t->kind->start(t);
}

void prober_start_queued(struct evac_prober *prober)
{
    struct prober_target *t;
    while (prober->in_flight < prober->max_open && (t = TAILQ_FIRST(&prober->queued)) != NULL) {
        TAILQ_REMOVE(&prober->queued, t, queue);
        prober->queued_count--;
        t->stage = PROBER_WAITING;
        if (prober_has_room(t))
            begin(t, evac_boot_ms());
        else
            prober_set_deadline(t, evac_boot_ms() + ROOM_MS);
    }
}

static void on_due(struct prober_target *t, uint64_t now)
{
    struct evac_prober *prober = t->prober;
    if (is_in_round(t)) {
        prober_round_late(t);
    } else if (!prober_has_room(t)) {
        prober_set_deadline(t, now + ROOM_MS);
    } else if (prober->in_flight < prober->max_open && TAILQ_EMPTY(&prober->queued)) {
        begin(t, now);
    } else {
        heap_remove(prober, t);
        t->stage = PROBER_QUEUED;
        TAILQ_INSERT_TAIL(&prober->queued, t, queue);
        prober->queued_count++;
    }
}

static void on_event(struct evac_prober *prober, const struct epoll_event *event)
{
    size_t slot = event->data.u64 >> 32;
    uint32_t serial = event->data.u64 & UINT32_MAX;
    struct prober_target *t = slot < prober->ids.count ? prober->ids.slots[slot].thing : NULL;
    if (t && t->conn && t->conn->serial == serial)
        prober_round_event(t, event->events);
}

static void take_events(struct evac_prober *prober)
{
    for (int round = 0; round < EVENT_ROUNDS; round++) {
        struct epoll_event events[EVENTS];
        int n = epoll_wait(prober->epoll, events, EVENTS, 0);
        for (int i = 0; i < n; i++)
            on_event(prober, &events[i]);
        if (n < EVENTS)
            break;
    }
}

/* An answer that came in time must not be told as late because this process was: before anybody is,
 * what lies there is taken. */
static void on_timer(uv_timer_t *timer)
{
    struct evac_prober *prober = timer->data;
    uint64_t now = evac_boot_ms();
    bool looked = false;
    while (prober->heap_count && prober->heap[0].at_ms <= now) {
        if (!looked && is_in_round(prober->heap[0].t)) {
            take_events(prober);
            looked = true;
            continue;
        }
        on_due(prober->heap[0].t, now);
    }
    prober_start_queued(prober);
    prober_arm(prober);
}

void prober_arm(struct evac_prober *prober)
{
    if (prober->closing)
        return;
    if (prober->heap_count == 0) {
        uv_timer_stop(&prober->timer);
        return;
    }
    uint64_t now = evac_boot_ms();
    uint64_t at = prober->heap[0].at_ms;
    uv_update_time(prober->loop);
    /* never at once: under overload the loop would run this timer alone, and nothing else */
    uv_timer_start(&prober->timer, on_timer, at > now ? at - now : 1, 0);
}

static void on_events(uv_poll_t *poll, int status, int what)
{
    struct evac_prober *prober = poll->data;
    (void)status;
    (void)what;
    take_events(prober);
    prober_start_queued(prober);
    prober_arm(prober);
}

/* --- targets --------------------------------------------------------------------------------- */

enum evac_code evac_prober_add(struct evac_prober *prober, const struct evac_prober_target *target,
                               uint64_t *ret_id, struct evac_err *err)
{
    enum evac_code code = prober_check_target(prober, target, err);
    if (!code && prober->ids.used >= TARGETS_MAX)
        code = evac_fail(err, EVAC_E_BUSY, "%u targets are probed already", TARGETS_MAX);
    if (code)
        return code;
    struct prober_target *t = prober_new_target(prober, target);
    if (t->kind->connects && t->url.tls)
        code = prober_tls_need(prober, err);
    t->id = code ? 0 : evac_ids_add(&prober->ids, t);
    if (code) {
        prober_free_target(t);
        return code;
    }
    prober->rate_micro += rate_micro(t);
    t->base_ms = evac_boot_ms() + (target->at_once ? 0 : prober_chance(prober) % t->every_ms);
    prober_set_deadline(t, t->base_ms);
    if (prober->heap[0].t == t)
        prober_arm(prober);
    if (ret_id)
        *ret_id = t->id;
    return EVAC_OK;
}

static void free_target(struct prober_target *t)
{
    struct evac_prober *prober = t->prober;
    prober->rate_micro -= rate_micro(t);
    evac_ids_remove(&prober->ids, t->id);
    heap_remove(prober, t);
    evac_names_drop(&t->waiter);
    prober_conn_close(t);
    if (t->stage == PROBER_QUEUED) {
        TAILQ_REMOVE(&prober->queued, t, queue);
        prober->queued_count--;
    }
    if (is_in_round(t))
        prober->in_flight--;
    prober_ask_drop(t);
    SSL_SESSION_free(t->session);
    prober_free_target(t);
}

void evac_prober_remove(struct evac_prober *prober, uint64_t id)
{
    struct prober_target *t = evac_ids_find(&prober->ids, id);
    if (!t)
        return;
    free_target(t);
    if (prober->queued_count && prober->in_flight < prober->max_open)
        uv_timer_start(&prober->timer, on_timer, 0, 0); /* its place is free */
}

struct evac_prober_stats evac_prober_stats(const struct evac_prober *prober)
{
    return (struct evac_prober_stats){
        .targets = (uint32_t)prober->ids.used,
        .in_flight = prober->in_flight,
        .queued = prober->queued_count,
        .started = prober->started,
        .ended = prober->ended,
        .untold = prober->untold,
        .late_ms = prober->late_ms,
    };
}

/* --- life ------------------------------------------------------------------------------------ */

static int64_t wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct evac_prober *make(uv_loop_t *loop, struct evac_dns *dns,
                                const struct evac_prober_options *options)
{
    struct evac_prober *prober = calloc(1, sizeof *prober);
    if (!prober)
        abort();
    prober->loop = loop;
    prober->dns = dns;
    prober->fn = options->fn;
    prober->untold_fn = options->untold;
    prober->ask_fn = options->ask;
    prober->host = options->host;
    prober->wall_ms = options->wall_ms ? options->wall_ms : wall_ms;
    prober->user = options->user;
    prober->chance = options->seed;
    prober->max_open = options->max_open ? options->max_open : OPEN_DEFAULT;
    prober->ids.max = TARGETS_MAX;
    prober->ca_file = strdup(options->ca_file ? options->ca_file : "");
    if (!prober->ca_file)
        abort();
    TAILQ_INIT(&prober->queued);
    return prober;
}

enum evac_code evac_prober_new(uv_loop_t *loop, struct evac_dns *dns,
                               const struct evac_prober_options *options,
                               struct evac_prober **ret_prober, struct evac_err *err)
{
    struct evac_prober *prober = make(loop, dns, options);
    prober->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (prober->epoll < 0 || uv_poll_init(loop, &prober->poll, prober->epoll)) {
        if (prober->epoll >= 0)
            close(prober->epoll);
        free(prober->ca_file);
        free(prober);
        return evac_fail(err, EVAC_E_IO, "the prober can not wait for sockets: %s",
                         strerror(errno));
    }
    prober->names = evac_names_new(dns, NAMES_MAX, DNS_SILENT_MS);
    LIST_INIT(&prober->questions);
    uv_timer_init(loop, &prober->timer);
    prober->poll.data = prober->timer.data = prober;
    prober->open_handles = 2;
    uv_poll_start(&prober->poll, UV_READABLE, on_events);
    *ret_prober = prober;
    return EVAC_OK;
}

static void on_closed(uv_handle_t *handle)
{
    struct evac_prober *prober = handle->data;
    if (--prober->open_handles > 0)
        return;
    free(prober->ids.slots);
    free(prober->heap);
    free(prober->ca_file);
    free(prober);
}

void evac_prober_free(struct evac_prober *prober)
{
    if (!prober)
        return;
    prober->closing = true;
    for (size_t i = 0; i < prober->ids.count; i++)
        if (prober->ids.slots[i].thing)
            free_target(prober->ids.slots[i].thing);
    for (struct prober_question *q; (q = LIST_FIRST(&prober->questions)) != NULL;) {
        LIST_REMOVE(q, others);
        q->prober = NULL;
    }
    while (prober->free_conns) {
        struct prober_conn *c = prober->free_conns;
        prober->free_conns = c->next_free;
        free(c);
    }
    evac_names_free(prober->names);
    SSL_CTX_free(prober->tls);
    uv_poll_stop(&prober->poll);
    close(prober->epoll);
    uv_close((uv_handle_t *)&prober->poll, on_closed);
    uv_close((uv_handle_t *)&prober->timer, on_closed);
}

#include "host_dns.h"

#include "evac/arena.h"
#include "host_answer.h"
#include "host_channel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SERVERS_MAX   16u
#define QUESTIONS_MAX 4096u
#define SERVER_BYTES  64u
#define TTL_MAX_MS    3600000u
#define TTL_HOSTS_MS  1000u /* a line of /etc/hosts has none */
#define RESOLV_CONF   "/etc/resolv.conf"

struct server {
    char name[SERVER_BYTES];
    struct evac_channel *channel;
    struct timespec configured; /* RESOLV_CONF's time of change, for name "" */
    size_t open;                /* questions that c-ares still holds */
};

/* Lives until c-ares has let go of it and its timer is closed. */
struct question {
    struct evac_dns *dns;
    struct server *server;
    struct question *next, **at;
    uv_timer_t timer; /* the deadline; then, at once, the delivery */
    bool held_by_ares, told, timer_closed;
    int type;
    struct evac_arena *arena;
    struct evac_dns_reply reply;
    struct evac_addresses addresses;
    char error[120];
    evac_dns_done_fn *done;
    evac_dns_addresses_fn *addresses_done;
    void *user;
};

struct evac_dns {
    uv_loop_t *loop;
    char default_server[SERVER_BYTES];
    struct server *servers[SERVERS_MAX];
    struct question *questions;
    size_t question_count;
    size_t held; /* channels and questions whose handles are not yet closed */
    bool closing;
};

static void let_go(struct evac_dns *dns)
{
    if (--dns->held == 0 && dns->closing)
        free(dns);
}

static void on_channel_gone(void *user)
{
    let_go(user);
}

static void close_server(struct evac_dns *dns, size_t i)
{
    evac_channel_close(dns->servers[i]->channel, on_channel_gone, dns);
    free(dns->servers[i]);
    dns->servers[i] = NULL;
}

/* --- servers --------------------------------------------------------------------------------- */

static struct timespec resolv_conf_time(void)
{
    struct stat info = { 0 };
    (void)stat(RESOLV_CONF, &info); /* none is a state as well */
    return info.st_mtim;
}

/* The system's servers may have changed since the channel read them: such a channel gets no new
 * questions, and goes when it holds none. */
static bool is_current(const struct server *s)
{
    if (s->name[0])
        return true;
    struct timespec now = resolv_conf_time();
    return now.tv_sec == s->configured.tv_sec && now.tv_nsec == s->configured.tv_nsec;
}

static enum evac_code open_server(struct evac_dns *dns, const char *name, size_t slot,
                                  struct server **ret_server, struct evac_err *err)
{
    struct server *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    (void)evac_str_copy(s->name, sizeof s->name, evac_str(name));
    s->configured = resolv_conf_time();
    enum evac_code code = evac_channel_new(dns->loop, name, &s->channel, err);
    if (code) {
        free(s);
        return code;
    }
    dns->held++;
    dns->servers[slot] = *ret_server = s;
    return EVAC_OK;
}

static enum evac_code find_server(struct evac_dns *dns, struct evac_str wanted,
                                  struct server **ret_server, struct evac_err *err)
{
    char name[SERVER_BYTES];
    size_t slot = SERVERS_MAX;
    if (!evac_str_copy(name, sizeof name, wanted.n ? wanted : evac_str(dns->default_server)))
        return evac_fail(err, EVAC_E_BADARG, "DNS server '%.*s' is not an address with a port",
                         EVAC_STR_ARG(wanted));

    for (size_t i = 0; i < SERVERS_MAX; i++) {
        struct server *s = dns->servers[i];
        if (s && strcmp(s->name, name) == 0 && is_current(s)) {
            *ret_server = s;
            return EVAC_OK;
        }
        if (s && s->open == 0 && !is_current(s))
            close_server(dns, i);
        if (!dns->servers[i] && slot == SERVERS_MAX)
            slot = i;
    }
    /* All in use: the first that holds no question makes room. */
    for (size_t i = 0; i < SERVERS_MAX && slot == SERVERS_MAX; i++)
        if (dns->servers[i]->open == 0) {
            close_server(dns, i);
            slot = i;
        }
    if (slot == SERVERS_MAX)
        return evac_fail(err, EVAC_E_BUSY, "more than %u DNS servers at once", SERVERS_MAX);
    return open_server(dns, name, slot, ret_server, err);
}

enum evac_code evac_dns_new(uv_loop_t *loop, const char *default_server, struct evac_dns **ret_dns,
                            struct evac_err *err)
{
    struct server *first;
    struct evac_dns *dns = calloc(1, sizeof *dns);
    if (!dns)
        abort();
    dns->loop = loop;
    dns->held = 1; /* the owner, until close */
    ares_library_init(ARES_LIB_INIT_ALL);
    bool fits =
        evac_str_copy(dns->default_server, sizeof dns->default_server, evac_str(default_server));
    /* Now, so that an address that is none is told at the start. */
    enum evac_code code = find_server(dns, evac_str(default_server), &first, err);
    if (code || !fits) {
        evac_dns_close(dns);
        return code;
    }
    *ret_dns = dns;
    return EVAC_OK;
}

/* --- questions ------------------------------------------------------------------------------- */

static void free_when_let_go(struct question *q)
{
    if (q->held_by_ares || !q->timer_closed)
        return;
    struct evac_dns *dns = q->dns;
    evac_arena_free(q->arena);
    free(q);
    let_go(dns);
}

static void on_question_closed(uv_handle_t *handle)
{
    struct question *q = handle->data;
    q->timer_closed = true;
    free_when_let_go(q);
}

static void tell(struct question *q)
{
    q->told = true;
    if (q->next)
        q->next->at = q->at;
    *q->at = q->next;
    q->dns->question_count--;

    if (q->done) {
        q->reply.error = q->error;
        q->done(q->user, &q->reply);
    } else {
        if (q->addresses.count == 0)
            (void)evac_str_copy(q->addresses.error, sizeof q->addresses.error, evac_str(q->error));
        q->addresses_done(q->user, &q->addresses);
    }
    uv_close((uv_handle_t *)&q->timer, on_question_closed);
}

static void on_question_timer(uv_timer_t *timer)
{
    struct question *q = timer->data;
    if (q->held_by_ares)
        (void)snprintf(q->error, sizeof q->error, "no answer from DNS in time");
    tell(q);
}

/* c-ares is done with the question, perhaps from inside our own call to it: the owner hears of it
 * from the loop. */
static void released(struct question *q)
{
    q->held_by_ares = false;
    if (q->server)
        q->server->open--;
    if (q->told)
        free_when_let_go(q);
    else
        uv_timer_start(&q->timer, on_question_timer, 0, 0);
}

static int rcode_of(int status)
{
    static const struct {
        int status, rcode;
    } rcodes[] = { { ARES_EFORMERR, 1 },
                   { ARES_ESERVFAIL, 2 },
                   { ARES_ENOTFOUND, 3 },
                   { ARES_ENOTIMP, 4 },
                   { ARES_EREFUSED, 5 } };
    for (size_t i = 0; i < sizeof rcodes / sizeof rcodes[0]; i++)
        if (rcodes[i].status == status)
            return rcodes[i].rcode;
    return -1;
}

static void on_records(void *arg, int status, int timeouts, unsigned char *bytes, int n)
{
    struct question *q = arg;
    struct evac_err err = { EVAC_OK, "" };
    (void)timeouts;
    if (q->told) {
        released(q);
        return;
    }
    if (n > 0 && !evac_answer_read(q->arena, bytes, (size_t)n, q->type, &q->reply, &err)) {
        if (q->reply.rcode)
            (void)snprintf(q->error, sizeof q->error, "%s", ares_strerror(status));
    } else {
        q->reply = (struct evac_dns_reply){ .answered = n <= 0 && rcode_of(status) >= 0,
                                            .rcode = rcode_of(status) > 0 ? rcode_of(status) : 0 };
        (void)evac_str_copy(q->error, sizeof q->error,
                            evac_str(n > 0 ? err.text : ares_strerror(status)));
    }
    released(q);
}

static uint32_t lowest_ttl_ms(const struct ares_addrinfo *info)
{
    int seconds = INT32_MAX;
    for (const struct ares_addrinfo_node *node = info->nodes; node; node = node->ai_next)
        if (node->ai_ttl < seconds)
            seconds = node->ai_ttl;
    for (const struct ares_addrinfo_cname *name = info->cnames; name; name = name->next)
        if (name->ttl < seconds)
            seconds = name->ttl;
    if (seconds < 0)
        return 0;
    return (uint32_t)seconds > TTL_MAX_MS / 1000 ? TTL_MAX_MS : (uint32_t)seconds * 1000;
}

static void keep_addresses(struct evac_addresses *to, const struct ares_addrinfo *info)
{
    for (const struct ares_addrinfo_node *node = info->nodes;
         node && to->count < EVAC_ADDRESSES_MAX; node = node->ai_next) {
        union evac_address *address = &to->list[to->count];
        memset(address, 0, sizeof *address);
        if (node->ai_addrlen > sizeof *address)
            continue;
        memcpy(address, node->ai_addr, node->ai_addrlen);
        to->count++;
    }
    to->ttl_ms = lowest_ttl_ms(info);
}

static void on_addresses(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
    struct question *q = arg;
    (void)timeouts;
    if (info && !q->told) {
        keep_addresses(&q->addresses, info);
        if (q->server->name[0] == '\0' && q->addresses.ttl_ms < TTL_HOSTS_MS)
            q->addresses.ttl_ms = TTL_HOSTS_MS;
    }
    if (info)
        ares_freeaddrinfo(info);
    q->addresses.no_such_name = status == ARES_ENOTFOUND || status == ARES_ENODATA;
    if (status)
        (void)snprintf(q->error, sizeof q->error, "DNS: %s", ares_strerror(status));
    else if (q->addresses.count == 0)
        (void)snprintf(q->error, sizeof q->error, "DNS: the name has no address");
    released(q);
}

static enum evac_code check_name(const struct evac_dns *dns, struct evac_str name,
                                 struct evac_err *err)
{
    if (dns->closing)
        return evac_fail(err, EVAC_E_REFUSED, "the host is closing");
    if (name.n == 0 || name.n > 253 || memchr(name.p, '\0', name.n))
        return evac_fail(err, EVAC_E_BADARG, "'%.*s' is not a DNS name", EVAC_STR_ARG(name));
    if (dns->question_count >= QUESTIONS_MAX)
        return evac_fail(err, EVAC_E_BUSY, "%u DNS questions are open", QUESTIONS_MAX);
    return EVAC_OK;
}

static enum evac_code new_question(struct evac_dns *dns, struct evac_str name,
                                   struct evac_str server, uint32_t total_ms,
                                   struct question **ret_question, struct evac_err *err)
{
    struct server *s = NULL;
    enum evac_code code = check_name(dns, name, err);
    if (!code)
        code = find_server(dns, server, &s, err);
    if (code)
        return code;

    struct question *q = calloc(1, sizeof *q);
    if (!q)
        abort();
    q->dns = dns;
    q->server = s;
    q->arena = evac_arena_new();
    q->at = &dns->questions;
    q->next = dns->questions;
    if (q->next)
        q->next->at = &q->next;
    dns->questions = q;
    dns->question_count++;
    dns->held++;
    q->held_by_ares = true;
    s->open++;
    uv_timer_init(dns->loop, &q->timer);
    q->timer.data = q;
    uv_update_time(dns->loop);
    uv_timer_start(&q->timer, on_question_timer, total_ms, 0);
    *ret_question = q;
    return EVAC_OK;
}

enum evac_code evac_dns_ask(struct evac_dns *dns, struct evac_str name, const char *type,
                            struct evac_str server, uint32_t total_ms, evac_dns_done_fn *done,
                            void *user, struct evac_err *err)
{
    struct question *q;
    int number = evac_answer_type(type);
    if (!number)
        return evac_fail(err, EVAC_E_BADARG, "DNS type '%s': it must be A, AAAA, CNAME or TXT",
                         type);
    enum evac_code code = new_question(dns, name, server, total_ms, &q, err);
    if (code)
        return code;
    struct evac_channel *channel = q->server->channel;
    q->type = number;
    q->done = done;
    q->user = user;
    ares_query(evac_channel_ares(channel), evac_arena_str(q->arena, name).p, 1, number, on_records,
               q);
    evac_channel_rearm(channel);
    return EVAC_OK;
}

enum evac_code evac_dns_addresses(struct evac_dns *dns, struct evac_str name,
                                  struct evac_str server, uint32_t total_ms,
                                  evac_dns_addresses_fn *done, void *user, struct evac_err *err)
{
    static const struct ares_addrinfo_hints hints = { .ai_family = AF_UNSPEC,
                                                      .ai_socktype = SOCK_STREAM };
    struct question *q;
    enum evac_code code = new_question(dns, name, server, total_ms, &q, err);
    if (code)
        return code;
    struct evac_channel *channel = q->server->channel;
    q->addresses_done = done;
    q->user = user;
    ares_getaddrinfo(evac_channel_ares(channel), evac_arena_str(q->arena, name).p, NULL, &hints,
                     on_addresses, q);
    evac_channel_rearm(channel);
    return EVAC_OK;
}

void evac_dns_close(struct evac_dns *dns)
{
    if (!dns)
        return;
    dns->closing = true;
    while (dns->questions) {
        (void)snprintf(dns->questions->error, sizeof dns->questions->error, "the host is closing");
        tell(dns->questions);
    }
    for (size_t i = 0; i < SERVERS_MAX; i++)
        if (dns->servers[i])
            close_server(dns, i);
    ares_library_cleanup();
    let_go(dns);
}

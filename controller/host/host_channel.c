#include "host_channel.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#define TRY_MS 700 /* doubles with each try */
#define TRIES  3

struct watch {
    uv_poll_t poll;
    struct evac_channel *channel;
    ares_socket_t fd;
    struct watch *next;
};

struct evac_channel {
    uv_loop_t *loop;
    ares_channel ares;
    uv_timer_t timer;
    struct watch *watches;
    size_t open_handles;
    evac_channel_gone_fn *gone;
    void *gone_user;
};

static void handle_gone(struct evac_channel *c)
{
    if (--c->open_handles > 0)
        return;
    evac_channel_gone_fn *gone = c->gone;
    void *user = c->gone_user;
    free(c);
    if (gone)
        gone(user);
}

static void on_watch_closed(uv_handle_t *handle)
{
    struct watch *w = handle->data;
    struct evac_channel *c = w->channel;
    free(w);
    handle_gone(c);
}

static void on_timer_closed(uv_handle_t *handle)
{
    handle_gone(handle->data);
}

static void on_timer(uv_timer_t *timer)
{
    struct evac_channel *c = timer->data;
    ares_process_fd(c->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    evac_channel_rearm(c);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct watch *w = poll->data;
    struct evac_channel *c = w->channel;
    bool read = status < 0 || (events & UV_READABLE);
    bool write = status < 0 || (events & UV_WRITABLE);
    ares_process_fd(c->ares, read ? w->fd : ARES_SOCKET_BAD, write ? w->fd : ARES_SOCKET_BAD);
    evac_channel_rearm(c);
}

static struct watch **find_watch(struct evac_channel *c, ares_socket_t fd)
{
    struct watch **at = &c->watches;
    while (*at && (*at)->fd != fd)
        at = &(*at)->next;
    return at;
}

static struct watch *add_watch(struct evac_channel *c, ares_socket_t fd)
{
    struct watch *w = calloc(1, sizeof *w);
    if (!w)
        abort();
    w->channel = c;
    w->fd = fd;
    w->poll.data = w;
    if (uv_poll_init_socket(c->loop, &w->poll, fd)) {
        free(w); /* the question then ends by its timeout */
        return NULL;
    }
    w->next = c->watches;
    c->watches = w;
    c->open_handles++;
    return w;
}

static void drop_watch(struct watch **at)
{
    struct watch *w = *at;
    *at = w->next;
    uv_poll_stop(&w->poll); /* now: c-ares closes the descriptor next */
    uv_close((uv_handle_t *)&w->poll, on_watch_closed);
}

static void on_socket_state(void *data, ares_socket_t fd, int readable, int writable)
{
    struct evac_channel *c = data;
    struct watch **at = find_watch(c, fd);
    if (!readable && !writable) {
        if (*at)
            drop_watch(at);
        return;
    }
    struct watch *w = *at ? *at : add_watch(c, fd);
    if (w)
        uv_poll_start(&w->poll, (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0),
                      on_ready);
}

static enum evac_code open_ares(struct evac_channel *c, const char *server, struct evac_err *err)
{
    char dns_only[] = "b", files_first[] = "fb";
    bool system = server[0] == '\0';
    struct ares_options options = {
        .flags = ARES_FLAG_NOSEARCH,
        .timeout = TRY_MS,
        .tries = TRIES,
        .lookups = system ? files_first : dns_only,
        .sock_state_cb = on_socket_state,
        .sock_state_cb_data = c,
    };
    int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB;
    int code = ares_init_options(&c->ares, &options, system ? mask : mask | ARES_OPT_FLAGS);
    if (code)
        return evac_fail(err, EVAC_E_IO, "DNS client: %s", ares_strerror(code));
    if (system)
        return EVAC_OK;

    code = ares_set_servers_ports_csv(c->ares, server);
    if (code) {
        ares_destroy(c->ares);
        return evac_fail(err, EVAC_E_BADARG, "DNS server '%s' is not an address with a port: %s",
                         server, ares_strerror(code));
    }
    return EVAC_OK;
}

enum evac_code evac_channel_new(uv_loop_t *loop, const char *server,
                                struct evac_channel **ret_channel, struct evac_err *err)
{
    struct evac_channel *c = calloc(1, sizeof *c);
    if (!c)
        abort();
    c->loop = loop;
    enum evac_code code = open_ares(c, server, err);
    if (code) {
        free(c);
        return code;
    }
    uv_timer_init(loop, &c->timer);
    c->timer.data = c;
    c->open_handles = 1;
    *ret_channel = c;
    return EVAC_OK;
}

void evac_channel_close(struct evac_channel *channel, evac_channel_gone_fn *gone, void *user)
{
    channel->gone = gone;
    channel->gone_user = user;
    ares_destroy(channel->ares);
    channel->ares = NULL;
    while (channel->watches)
        drop_watch(&channel->watches);
    uv_close((uv_handle_t *)&channel->timer, on_timer_closed);
}

ares_channel evac_channel_ares(struct evac_channel *channel)
{
    return channel->ares;
}

void evac_channel_rearm(struct evac_channel *channel)
{
    struct timeval wait;
    if (!ares_timeout(channel->ares, NULL, &wait)) {
        uv_timer_stop(&channel->timer);
        return;
    }
    uint64_t ms = (uint64_t)wait.tv_sec * 1000 + (uint64_t)wait.tv_usec / 1000 + 1;
    uv_timer_start(&channel->timer, on_timer, ms, 0);
}

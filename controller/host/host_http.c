/* libcurl's multi interface on uv_poll and uv_timer. */
#include "host_http.h"

#include <stdlib.h>
#include <unistd.h>

#define CONNECTIONS_MAX      512L
#define HOST_CONNECTIONS_MAX 128L /* one endpoint may stand for all regions, some of them mute */
#define CONNECTIONS_KEPT     64L

/* Instance metadata and container credentials are never asked through a proxy: what answers there
 * must be this machine itself. */
#define NEVER_BY_PROXY                                                                             \
    "169.254.169.254,fd00:ec2::254,169.254.170.2,169.254.170.23,fd00:ec2::23,localhost,127.0.0.1," \
    "::1"

/* One of a socket, as long as libcurl has it: between two requests over a kept connection it is
 * still. Outlives its evac_host_http by a turn of the loop, but never the host. */
struct watch {
    struct watch *next;
    uv_poll_t poll;
    struct evac_host_uv *host;
    struct evac_host_http *http;
    curl_socket_t fd;
};

/* --- libcurl's events ------------------------------------------------------------------------ */

static void drain(struct evac_host_http *http)
{
    int left;
    CURLMsg *message;
    while (!http->closing && (message = curl_multi_info_read(http->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode result = message->data.result; /* the message dies with the handle's removal */
        char *user = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &user);
        host_exchange_end((struct exchange *)(void *)user, result);
    }
}

static void on_multi_timer(uv_timer_t *timer)
{
    struct evac_host_http *http = timer->data;
    int running;
    curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    drain(http);
}

static int set_multi_timer(CURLM *multi, long timeout_ms, void *user)
{
    struct evac_host_http *http = user;
    (void)multi;
    if (timeout_ms < 0)
        uv_timer_stop(&http->timer);
    else if (!http->closing)
        uv_timer_start(&http->timer, on_multi_timer, (uint64_t)timeout_ms, 0);
    return 0;
}

static void on_watch_closed(uv_handle_t *handle)
{
    struct watch *w = handle->data;
    struct evac_host_uv *host = w->host;
    free(w);
    evac_host_uv_let_go(host);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct watch *w = poll->data;
    struct evac_host_http *http = w->http;
    int running, what = status < 0 ? CURL_CSELECT_ERR : 0;
    what |= (events & UV_READABLE ? CURL_CSELECT_IN : 0);
    what |= (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0);
    curl_multi_socket_action(http->multi, w->fd, what, &running);
    drain(http);
}

static struct watch *add_watch(struct evac_host_http *http, curl_socket_t fd)
{
    struct watch *w = calloc(1, sizeof *w);
    if (!w)
        abort();
    w->host = http->host;
    w->http = http;
    w->fd = fd;
    w->poll.data = w;
    if (uv_poll_init_socket(http->host->loop, &w->poll, fd)) {
        free(w); /* the transfer then ends by its deadline */
        return NULL;
    }
    evac_host_uv_hold(http->host);
    w->next = http->watches;
    http->watches = w;
    return w;
}

static struct watch **find_watch(struct evac_host_http *http, curl_socket_t fd)
{
    struct watch **at = &http->watches;
    while (*at && (*at)->fd != fd)
        at = &(*at)->next;
    return at;
}

static struct watch *watch_of(struct evac_host_http *http, curl_socket_t fd)
{
    struct watch *w = *find_watch(http, fd);
    w = w ? w : add_watch(http, fd);
    if (w)
        curl_multi_assign(http->multi, fd, w);
    return w;
}

static void end_watch(struct watch **at)
{
    struct watch *w = *at;
    *at = w->next;
    uv_close((uv_handle_t *)&w->poll, on_watch_closed);
}

int host_http_close_socket(void *user, curl_socket_t fd)
{
    struct watch **at = find_watch(user, fd);
    if (*at)
        end_watch(at);
    return close(fd);
}

static int set_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *socket_user)
{
    struct evac_host_http *http = user;
    struct watch *w = socket_user;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (w) {
            uv_poll_stop(&w->poll);
            curl_multi_assign(http->multi, fd, NULL);
        }
        return 0;
    }
    if (!w)
        w = watch_of(http, fd);
    if (w)
        uv_poll_start(&w->poll,
                      (what & CURL_POLL_IN ? UV_READABLE : 0) |
                          (what & CURL_POLL_OUT ? UV_WRITABLE : 0),
                      on_ready);
    return 0;
}

/* --- life ------------------------------------------------------------------------------------ */

static char *make_no_proxy(void)
{
    struct evac_buf text;
    const char *more = getenv("no_proxy") ? getenv("no_proxy") : getenv("NO_PROXY");
    evac_buf_init(&text, 65536);
    evac_buf_puts(&text, NEVER_BY_PROXY);
    if (more && more[0])
        evac_buf_putf(&text, ",%s", more);
    return text.p; /* ours to free */
}

static void set_multi(struct evac_host_http *http)
{
    CURLM *m = http->multi;
    curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, set_socket);
    curl_multi_setopt(m, CURLMOPT_SOCKETDATA, http);
    curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, set_multi_timer);
    curl_multi_setopt(m, CURLMOPT_TIMERDATA, http);
    curl_multi_setopt(m, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    curl_multi_setopt(m, CURLMOPT_MAX_TOTAL_CONNECTIONS, CONNECTIONS_MAX);
    curl_multi_setopt(m, CURLMOPT_MAX_HOST_CONNECTIONS, HOST_CONNECTIONS_MAX);
    curl_multi_setopt(m, CURLMOPT_MAXCONNECTS, CONNECTIONS_KEPT);
}

enum evac_code evac_host_http_new(struct evac_host_uv *host, struct evac_host_http **ret_http,
                                  struct evac_err *err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT))
        return evac_fail(err, EVAC_E_IO, "libcurl can not be initialised");
    struct evac_host_http *http = calloc(1, sizeof *http);
    if (!http)
        abort();
    http->host = host;
    http->ids.max = HOST_EXCHANGES_MAX;
    http->no_proxy = make_no_proxy();
    http->multi = curl_multi_init();
    http->share = curl_share_init();
    if (!http->multi || !http->share || !http->no_proxy)
        abort();
    curl_share_setopt(http->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    curl_share_setopt(http->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
    uv_timer_init(host->loop, &http->timer);
    http->timer.data = http;
    evac_host_uv_hold(host);
    set_multi(http);
    *ret_http = http;
    return EVAC_OK;
}

static void on_http_closed(uv_handle_t *handle)
{
    struct evac_host_http *http = handle->data;
    struct evac_host_uv *host = http->host;
    free(http->ids.slots);
    free(http->no_proxy);
    free(http);
    curl_global_cleanup();
    evac_host_uv_let_go(host);
}

void evac_host_http_close(struct evac_host_http *http)
{
    http->closing = true;
    for (size_t i = 0; i < http->ids.count; i++) {
        if (http->ids.slots[i].thing)
            host_exchange_abort(http->ids.slots[i].thing);
    }
    curl_multi_cleanup(http->multi);
    while (http->watches)
        end_watch(&http->watches);
    curl_share_cleanup(http->share);
    uv_close((uv_handle_t *)&http->timer, on_http_closed);
}

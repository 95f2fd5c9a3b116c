/* What host_http.c (libcurl on the loop) and host_exchange.c (one request and its fate) share. */
#ifndef EVAC_HOST_HTTP_H
#define EVAC_HOST_HTTP_H

#include "evac/arena.h"
#include "evac/secret.h"
#include "host_internal.h"
#include "host_url.h"

#include <curl/curl.h>

#define HOST_EXCHANGES_MAX 4096u
#define HOST_HEADERS_MAX   256u
#define HOST_HEARD         64u
#define HOST_LINE_MAX      4096u /* of a mail server's answer */

/* When a server last answered; who: a hash of what it is called, and whether by TLS. */
struct heard {
    uint64_t who, boot_ms;
};

struct watch;
struct evac_host_http {
    struct evac_host_uv *host;
    CURLM *multi;
    CURLSH *share; /* TLS sessions and the DNS entries that we give to libcurl */
    uv_timer_t timer;
    struct evac_ids ids;
    struct watch *watches;
    struct heard heard[HOST_HEARD]; /* by who; one that another one's took is not known */
    char *no_proxy;
    bool closing;
};

enum exchange_stage { EXCHANGE_RESOLVING, EXCHANGE_RUNNING, EXCHANGE_ENDING };

/* Outlives its evac_host_http by a turn of the loop, but never the host. */
struct exchange {
    struct evac_host_uv *host;
    struct evac_host_http *http;
    uint64_t id;
    enum exchange_stage stage;
    CURL *easy;
    struct evac_arena *arena;
    struct curl_slist *headers, *addresses;
    struct evac_url url;
    const char *host_name, *method;
    struct evac_str body, ca, cert;
    struct evac_secret key;
    uint32_t connect_ms, total_ms;
    bool mutates, by_proxy, is_mail;
    size_t body_at; /* mail: so much of it was read */
    bool answered;  /* mail: the server has said what it makes of the letter */
    bool fresh;

    uv_timer_t timer; /* while RESOLVING the deadline, ENDING the delivery */
    struct evac_names_waiter waiter;
    unsigned handed_over; /* how often libcurl began to send the request */
    bool too_big;
    struct evac_buf head, reply_body;
    struct evac_http_header reply_headers[HOST_HEADERS_MAX];
    uint64_t sent_boot_ms;
    char curl_error[CURL_ERROR_SIZE];
    char error[400];
    evac_http_done_fn *done;
    void *user;
};

/* Is it one that can be sent at all? */
enum evac_code host_exchange_check(const struct evac_host_http *http,
                                   const struct evac_http_request *request, struct evac_err *err);
/* Not begun: its url and what libcurl is told of the protocol are its maker's; then go or drop. */
struct exchange *host_exchange_new(struct evac_host_http *http,
                                   const struct evac_http_request *request, evac_http_done_fn *done,
                                   void *user);
enum evac_code host_exchange_go(struct exchange *x, uint64_t *ret_id, struct evac_err *err);
void host_exchange_drop(struct exchange *x);

/* libcurl's way to close a socket; user: the evac_host_http. */
int host_http_close_socket(void *user, curl_socket_t fd);

/* libcurl is through with it. */
void host_exchange_end(struct exchange *x, CURLcode result);
/* The host is closing: tells at once. */
void host_exchange_abort(struct exchange *x);

#endif

/*
 * One HTTP exchange: what libcurl is told, and what is told of it.
 *
 * NOT_SENT must be certain. libcurl calls our PREREQ function when a connection stands (after TLS,
 * and after a proxy's CONNECT) and before it hands over the first byte of a request: an exchange
 * for which it never ran has sent nothing, and one for which it ran may have, whatever libcurl's
 * result code says.
 *
 * libcurl silently repeats a request of any method when a kept connection turns out to be dead
 * (Curl_retry_request in its transfer.c). PREREQ stops it when a mutating request would be handed
 * over a second time: the fate is LOST, never a double send. So that this stays rare, such a
 * request rides on a kept connection only right after its server has answered (HEARD_MS), as one
 * does that follows from a look; otherwise it gets its own (CURLOPT_FRESH_CONNECT), kept for what
 * comes next.
 */
#include "host_http.h"
#include "host_tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define KEPT_IDLE_S    50L  /* cloud APIs close idle connections after about a minute */
#define KEPT_LIFE_S    300L /* so that a change of DNS is followed */
#define HEAD_MAX_BYTES 65536u
#define DNS_CACHE_S    60L
#define HEARD_MS       2000u /* a server that answered so lately still has the connection */

/* --- the end of an exchange ------------------------------------------------------------------ */

static void on_exchange_closed(uv_handle_t *handle)
{
    struct exchange *x = handle->data;
    struct evac_host_uv *host = x->host;
    evac_arena_free(x->arena);
    free(x);
    evac_host_uv_let_go(host);
}

static void release(struct exchange *x)
{
    evac_names_drop(&x->waiter);
    evac_ids_remove(&x->http->ids, x->id);
    curl_easy_cleanup(x->easy); /* never kept: it remembers its URL, which may be a secret */
    curl_slist_free_all(x->headers);
    curl_slist_free_all(x->addresses);
    evac_buf_done(&x->head);
    evac_buf_done(&x->reply_body);
    evac_secret_done(&x->key);
    uv_close((uv_handle_t *)&x->timer, on_exchange_closed);
}

static size_t split_head(struct exchange *x)
{
    size_t count = 0;
    struct evac_str rest = evac_buf_str(&x->head);
    while (rest.n && count < HOST_HEADERS_MAX) {
        struct evac_str line = evac_str_cut(rest, '\n', &rest), value;
        struct evac_str name = evac_str_cut(line, ':', &value);
        if (name.n < line.n)
            x->reply_headers[count++] =
                (struct evac_http_header){ evac_str_trim(name), evac_str_trim(value) };
    }
    return count;
}

/* A body that ends with its connection may have been cut by whoever is in between: libcurl takes
 * the end of TCP for the end of TLS. The head was whole; of such a body nothing is believed. */
static bool ends_for_sure(const struct exchange *x, const struct evac_http_reply *reply)
{
    return !x->url.tls || evac_http_header(reply, "content-length").n > 0 ||
           evac_http_header(reply, "transfer-encoding").n > 0;
}

static struct heard *heard_of(const struct exchange *x, uint64_t *ret_who)
{
    *ret_who = evac_str_hash(x->url.authority) * 2 + (x->url.tls ? 1 : 0);
    return &x->http->heard[*ret_who % HOST_HEARD];
}

static void hear(const struct exchange *x, enum evac_http_fate fate)
{
    uint64_t who;
    struct heard *heard = heard_of(x, &who);
    if (fate == EVAC_HTTP_REPLIED)
        *heard = (struct heard){ who, evac_boot_ms() };
    else if (heard->who == who)
        heard->who = 0;
}

static bool was_just_heard(const struct exchange *x)
{
    uint64_t who;
    const struct heard *heard = heard_of(x, &who);
    return heard->who == who && evac_boot_ms() - heard->boot_ms < HEARD_MS;
}

/* Tells the owner, then lets everything go. Only from the loop or from close. */
static void tell(struct exchange *x, enum evac_http_fate fate)
{
    struct evac_http_reply reply = { .fate = fate,
                                     .error = fate == EVAC_HTTP_REPLIED ? "" : x->error,
                                     .sent_boot_ms = x->sent_boot_ms };
    long status = 0;
    if (fate == EVAC_HTTP_REPLIED) {
        curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
        reply.status = (int)status;
        reply.headers = x->reply_headers;
        reply.header_count = split_head(x);
        reply.body = ends_for_sure(x, &reply) ? evac_buf_str(&x->reply_body) : EVAC_STR_NONE;
    }
    hear(x, fate);
    /* done may cancel or close everything: by then libcurl and the ids know nothing of x */
    evac_ids_remove(&x->http->ids, x->id);
    curl_easy_cleanup(x->easy);
    x->easy = NULL;
    x->done(x->user, &reply);
    release(x);
}

static enum evac_http_fate fate_of_failure(const struct exchange *x)
{
    long sent = 0;
    if (x->is_mail) /* until the final dot a server takes nothing */
        return x->handed_over ? EVAC_HTTP_LOST : EVAC_HTTP_NOT_SENT;
    curl_easy_getinfo(x->easy, CURLINFO_REQUEST_SIZE, &sent);
    /* A CONNECT to a proxy counts in REQUEST_SIZE, so it can only make us more careful. */
    return x->handed_over == 0 && (sent == 0 || x->by_proxy) ? EVAC_HTTP_NOT_SENT : EVAC_HTTP_LOST;
}

static void say(struct exchange *x, const char *what)
{
    (void)snprintf(x->error, sizeof x->error, "%s (%.*s%s)", what, EVAC_STR_ARG(x->url.authority),
                   x->handed_over ? ", after the request was sent" : ", nothing was sent");
}

static void on_exchange_timer(uv_timer_t *timer)
{
    struct exchange *x = timer->data;
    if (x->stage == EXCHANGE_RESOLVING)
        say(x, "DNS did not answer in time");
    tell(x, fate_of_failure(x));
}

/* From inside any call: done runs later, by the loop. */
static void end_later(struct exchange *x, const char *what)
{
    if (x->stage == EXCHANGE_RUNNING)
        curl_multi_remove_handle(x->http->multi, x->easy);
    evac_names_drop(&x->waiter);
    x->stage = EXCHANGE_ENDING;
    say(x, what);
    uv_timer_start(&x->timer, on_exchange_timer, 0, 0);
}

/* A mail server's last word is a refusal (RFC 5321 4.2.1). */
static bool was_refused(const struct exchange *x)
{
    long status = 0;
    curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
    return status >= 400;
}

void host_exchange_end(struct exchange *x, CURLcode result)
{
    curl_multi_remove_handle(x->http->multi, x->easy);
    x->stage = EXCHANGE_ENDING;
    if (result == CURLE_OK || (x->is_mail && was_refused(x))) {
        tell(x, EVAC_HTTP_REPLIED);
        return;
    }
    char text[CURL_ERROR_SIZE + 64];
    if (x->too_big)
        (void)snprintf(text, sizeof text, "the reply is larger than the %zu bytes allowed",
                       x->reply_body.max_bytes);
    else
        (void)snprintf(text, sizeof text, "%s",
                       x->curl_error[0] ? x->curl_error : curl_easy_strerror(result));
    say(x, text);
    tell(x, fate_of_failure(x));
}

void host_exchange_abort(struct exchange *x)
{
    if (x->stage == EXCHANGE_RUNNING)
        curl_multi_remove_handle(x->http->multi, x->easy);
    if (x->stage != EXCHANGE_ENDING)
        say(x, "the host is closing");
    x->stage = EXCHANGE_ENDING;
    tell(x, fate_of_failure(x));
}

/* --- libcurl's calls -----------------------------------------------------------------------------
 */

/* libcurl 7.88 does not set close-on-exec itself: children must not inherit connections. */
static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)user;
    (void)purpose;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static int on_hand_over(void *user, char *remote, char *local, int remote_port, int local_port)
{
    struct exchange *x = user;
    (void)remote, (void)local, (void)remote_port, (void)local_port;
    if (x->handed_over > 0 && x->mutates)
        return CURL_PREREQFUNC_ABORT;
    x->handed_over++;
    return CURL_PREREQFUNC_OK;
}

static size_t on_head(char *p, size_t size, size_t n, void *user)
{
    struct exchange *x = user;
    struct evac_str line = { p, size * n };
    if (evac_str_starts(line, "HTTP/")) /* a 1xx reply's head is not the reply's */
        evac_buf_reset(&x->head);
    else
        evac_buf_put_str(&x->head, line);
    x->too_big |= x->head.failed;
    return x->head.failed ? 0 : line.n;
}

static size_t on_body(char *p, size_t size, size_t n, void *user)
{
    struct exchange *x = user;
    evac_buf_put(&x->reply_body, p, size * n);
    x->too_big |= x->reply_body.failed;
    return x->reply_body.failed ? 0 : size * n;
}

/* --- the beginning of an exchange ------------------------------------------------------------ */

static bool has_header(const struct evac_http_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (request->headers[i].name.n == strlen(name) &&
            strncasecmp(request->headers[i].name.p, name, strlen(name)) == 0)
            return true;
    return false;
}

static void add_header(struct exchange *x, const char *line)
{
    struct curl_slist *longer = curl_slist_append(x->headers, line);
    if (!longer)
        abort();
    x->headers = longer;
}

/* As they are, and none that libcurl would add by itself: "Name:" takes its own out, "Name;" sends
 * one without a value. */
static void make_headers(struct exchange *x, const struct evac_http_request *request)
{
    static const char *const unwanted[] = { "Expect", "Accept", "Content-Type" };
    for (size_t i = 0; i < request->header_count; i++) {
        const struct evac_http_header *h = &request->headers[i];
        add_header(x, evac_arena_printf(x->arena, h->value.n ? "%.*s: %.*s" : "%.*s;%.*s",
                                        EVAC_STR_ARG(h->name), EVAC_STR_ARG(h->value))
                          .p);
    }
    for (size_t i = 0; i < sizeof unwanted / sizeof unwanted[0]; i++)
        if (!has_header(request, unwanted[i]))
            add_header(x, evac_arena_printf(x->arena, "%s:", unwanted[i]).p);
}

static enum evac_code check_headers(const struct evac_http_request *request, struct evac_err *err)
{
    for (size_t i = 0; i < request->header_count; i++) {
        const struct evac_http_header *h = &request->headers[i];
        bool broken = h->name.n == 0;
        for (size_t k = 0; k < h->name.n; k++)
            broken |= (unsigned char)h->name.p[k] <= ' ' || h->name.p[k] == ':';
        for (size_t k = 0; k < h->value.n; k++)
            broken |= h->value.p[k] == '\r' || h->value.p[k] == '\n' || h->value.p[k] == '\0';
        if (broken)
            return evac_fail(err, EVAC_E_BADARG, "header %zu ('%.*s') can not be sent", i,
                             EVAC_STR_ARG(h->name));
    }
    return EVAC_OK;
}

static void set_method(struct exchange *x)
{
    bool has_body = x->body.n > 0;
    if (strcmp(x->method, "HEAD") == 0) {
        curl_easy_setopt(x->easy, CURLOPT_NOBODY, 1L);
        return;
    }
    if (has_body || strcmp(x->method, "POST") == 0 || strcmp(x->method, "PUT") == 0) {
        curl_easy_setopt(x->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->body.n);
        curl_easy_setopt(x->easy, CURLOPT_POSTFIELDS, has_body ? x->body.p : "");
    } else {
        curl_easy_setopt(x->easy, CURLOPT_HTTPGET, 1L);
    }
    curl_easy_setopt(x->easy, CURLOPT_CUSTOMREQUEST, x->method);
}

/* libcurl compares the blob when it looks for a kept connection or a TLS session: what one CA
 * vouched for is never used by an exchange that wants another. */
static void set_trust(struct exchange *x)
{
    const char *file = x->http->host->ca_file;
    struct curl_blob own = { (void *)(uintptr_t)x->ca.p, x->ca.n, CURL_BLOB_COPY };
    curl_easy_setopt(x->easy, CURLOPT_CAPATH, NULL); /* else the bundle is loaded each time */
    if (x->ca.n)
        curl_easy_setopt(x->easy, CURLOPT_CAINFO_BLOB, &own); /* in place of CAINFO, not beside */
    else if (file[0])
        curl_easy_setopt(x->easy, CURLOPT_CAINFO, file);
}

/* libcurl compares the certificate as it does the CA's: a connection or session that was made with
 * it serves no exchange without it, nor the other way round. The blobs live as long as we do. */
static void set_own_certificate(struct exchange *x)
{
    struct evac_str key = evac_secret_reveal(&x->key);
    struct curl_blob cert_blob = { (void *)(uintptr_t)x->cert.p, x->cert.n, CURL_BLOB_COPY };
    struct curl_blob key_blob = { (void *)(uintptr_t)key.p, key.n, CURL_BLOB_NOCOPY };
    if (x->cert.n == 0)
        return;
    curl_easy_setopt(x->easy, CURLOPT_SSLCERTTYPE, "PEM");
    curl_easy_setopt(x->easy, CURLOPT_SSLCERT_BLOB, &cert_blob);
    curl_easy_setopt(x->easy, CURLOPT_SSLKEYTYPE, "PEM");
    curl_easy_setopt(x->easy, CURLOPT_SSLKEY_BLOB, &key_blob);
}

static void set_transport(struct exchange *x)
{
    struct evac_host_http *http = x->http;
    CURL *e = x->easy;
    curl_easy_setopt(e, CURLOPT_SHARE, http->share);
    curl_easy_setopt(e, CURLOPT_NOPROXY, http->no_proxy);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, host_http_close_socket);
    curl_easy_setopt(e, CURLOPT_CLOSESOCKETDATA, http);
    curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(e, CURLOPT_SSL_CIPHER_LIST, EVAC_TLS_CIPHERS);
    curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(e, CURLOPT_DNS_CACHE_TIMEOUT, DNS_CACHE_S);
    curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L); /* never wait for a proxy name's resolver thread */
    curl_easy_setopt(e, CURLOPT_MAXAGE_CONN, KEPT_IDLE_S);
    curl_easy_setopt(e, CURLOPT_MAXLIFETIME_CONN, KEPT_LIFE_S);
    curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
    bool own = x->fresh || x->is_mail || (x->mutates && !was_just_heard(x));
    curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, own ? 1L : 0L);
    curl_easy_setopt(e, CURLOPT_FORBID_REUSE, x->fresh ? 1L : 0L);
}

static void set_behaviour(struct exchange *x, const char *url)
{
    CURL *e = x->easy;
    curl_easy_setopt(e, CURLOPT_PRIVATE, x);
    curl_easy_setopt(e, CURLOPT_URL, url);
    curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(e, CURLOPT_HTTPHEADER, x->headers);
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, x->curl_error);
    curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_hand_over);
    curl_easy_setopt(e, CURLOPT_PREREQDATA, x);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_head);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, x);
}

/* Give libcurl the addresses, so that it asks no one. An address is written in the form
 * "+name:port:a,b": the plus lets the entry die with DNS_CACHE_TIMEOUT. */
static void set_addresses(struct exchange *x, const struct evac_addresses *addresses)
{
    struct evac_buf line;
    evac_buf_init(&line, 2048);
    evac_buf_putf(&line, "+%s:%u:", x->host_name, x->url.port);
    for (size_t i = 0; i < addresses->count; i++) {
        char text[INET6_ADDRSTRLEN];
        bool v6 = addresses->list[i].any.sa_family == AF_INET6;
        evac_address_print(&addresses->list[i], text, sizeof text);
        evac_buf_putf(&line, v6 ? "%s[%s]" : "%s%s", i ? "," : "", text);
    }
    x->addresses = curl_slist_append(NULL, line.p);
    evac_buf_done(&line);
    curl_easy_setopt(x->easy, CURLOPT_RESOLVE, x->addresses);
}

static void start_transfer(struct exchange *x)
{
    uint64_t waited = evac_boot_ms() - x->sent_boot_ms;
    long connect = x->connect_ms > waited ? (long)(x->connect_ms - waited) : 1L;
    long total = x->total_ms > waited ? (long)(x->total_ms - waited) : 1L;
    curl_easy_setopt(x->easy, CURLOPT_CONNECTTIMEOUT_MS, connect);
    curl_easy_setopt(x->easy, CURLOPT_TIMEOUT_MS, total);
    x->stage = EXCHANGE_RUNNING;
    /* This only arms libcurl's timer: the transfer itself begins from the loop. */
    if (curl_multi_add_handle(x->http->multi, x->easy)) {
        x->stage = EXCHANGE_ENDING;
        end_later(x, "libcurl did not take the request");
    }
}

static void on_addresses(void *user, const struct evac_addresses *addresses)
{
    struct exchange *x = user;
    uv_timer_stop(&x->timer);
    if (addresses->count == 0) {
        end_later(x, addresses->error);
        return;
    }
    set_addresses(x, addresses);
    start_transfer(x);
}

static enum evac_code resolve(struct exchange *x, struct evac_err *err)
{
    struct evac_host_uv *host = x->http->host;
    uint32_t limit_ms = x->connect_ms < x->total_ms ? x->connect_ms : x->total_ms;
    struct evac_str name = evac_str(x->host_name);
    const struct evac_addresses *known =
        evac_names_find(host->names, name, EVAC_STR_NONE, x->sent_boot_ms);
    union evac_address literal;
    if (known && !evac_address_parse(name, &literal))
        set_addresses(x, known);
    if (known || x->by_proxy) {
        start_transfer(x);
        return EVAC_OK;
    }
    x->waiter.fn = on_addresses;
    x->waiter.user = x;
    enum evac_code code = evac_names_ask(host->names, name, EVAC_STR_NONE, &x->waiter, err);
    if (code)
        return code;
    uv_update_time(host->loop);
    uv_timer_start(&x->timer, on_exchange_timer, limit_ms, 0);
    return EVAC_OK;
}

/* With a proxy for the scheme, names are the proxy's business. */
static bool goes_by_proxy(const struct evac_url *url)
{
    static const char *const names[2][3] = { { "http_proxy", "all_proxy", "ALL_PROXY" },
                                             { "https_proxy", "HTTPS_PROXY", "ALL_PROXY" } };
    for (size_t i = 0; i < 3; i++) {
        const char *value = getenv(names[url->tls ? 1 : 0][i]);
        if (value && value[0])
            return true;
    }
    return false;
}

struct exchange *host_exchange_new(struct evac_host_http *http,
                                   const struct evac_http_request *request, evac_http_done_fn *done,
                                   void *user)
{
    struct exchange *x = calloc(1, sizeof *x);
    if (!x)
        abort();
    x->host = http->host;
    x->http = http;
    x->arena = evac_arena_new();
    x->method = request->method.n ? evac_arena_str(x->arena, request->method).p : "GET";
    x->body = evac_arena_str(x->arena, request->body);
    x->ca = evac_arena_str(x->arena, request->ca);
    x->cert = evac_arena_str(x->arena, request->cert);
    x->key = evac_secret_new(request->key);
    x->connect_ms = request->connect_ms;
    x->total_ms = request->total_ms;
    x->mutates = request->mutates;
    x->fresh = request->fresh;
    x->done = done;
    x->user = user;
    x->sent_boot_ms = evac_boot_ms();
    evac_buf_init(&x->head, HEAD_MAX_BYTES);
    evac_buf_init(&x->reply_body, request->max_reply_bytes);
    x->easy = curl_easy_init();
    if (!x->easy)
        abort();
    uv_timer_init(http->host->loop, &x->timer);
    x->timer.data = x;
    evac_host_uv_hold(http->host);
    return x;
}

enum evac_code host_exchange_check(const struct evac_host_http *http,
                                   const struct evac_http_request *request, struct evac_err *err)
{
    if (http->ids.used >= HOST_EXCHANGES_MAX)
        return evac_fail(err, EVAC_E_BUSY, "%u requests are in flight", HOST_EXCHANGES_MAX);
    if (request->total_ms == 0 || request->connect_ms == 0 || request->max_reply_bytes == 0)
        return evac_fail(err, EVAC_E_BADARG,
                         "a request needs connect_ms, total_ms and max_reply_bytes above 0");
    if ((request->cert.n == 0) != (request->key.n == 0))
        return evac_fail(err, EVAC_E_BADARG,
                         "a client's certificate goes with its key: one of them is missing");
    for (size_t i = 0; i < request->method.n; i++)
        if (request->method.p[i] < 'A' || request->method.p[i] > 'Z')
            return evac_fail(err, EVAC_E_BADARG, "'%.*s' is not an HTTP method",
                             EVAC_STR_ARG(request->method));
    return check_headers(request, err);
}

void host_exchange_drop(struct exchange *x)
{
    release(x);
}

enum evac_code host_exchange_go(struct exchange *x, uint64_t *ret_id, struct evac_err *err)
{
    x->host_name = evac_arena_str(x->arena, x->url.host).p;
    set_transport(x);
    set_trust(x);
    set_own_certificate(x);
    x->id = evac_ids_add(&x->http->ids, x);
    enum evac_code code = resolve(x, err);
    if (code) {
        release(x);
        return code;
    }
    if (ret_id)
        *ret_id = x->id;
    return EVAC_OK;
}

enum evac_code evac_host_http_send(void *ctx, const struct evac_http_request *request,
                                   evac_http_done_fn *done, void *user, uint64_t *ret_id,
                                   struct evac_err *err)
{
    struct evac_host_uv *host = ctx;
    struct evac_url url;
    if (evac_host_uv_is_closing(host))
        return evac_fail(err, EVAC_E_REFUSED, "the host is closing");
    enum evac_code code = host_exchange_check(host->http, request, err);
    if (!code)
        code = evac_url_split(request->url, &url, err);
    if (code)
        return code;

    struct exchange *x = host_exchange_new(host->http, request, done, user);
    struct evac_str text = evac_arena_str(x->arena, request->url);
    (void)evac_url_split(text, &x->url, NULL); /* again, borrowed from our copy */
    x->by_proxy = goes_by_proxy(&x->url);
    make_headers(x, request);
    set_behaviour(x, text.p);
    set_method(x);
    return host_exchange_go(x, ret_id, err);
}

void evac_host_http_cancel(void *ctx, uint64_t id)
{
    struct evac_host_uv *host = ctx;
    struct exchange *x = evac_host_uv_is_closing(host) ? NULL : evac_ids_find(&host->http->ids, id);
    if (x && x->stage != EXCHANGE_ENDING)
        end_later(x, "cancelled");
}

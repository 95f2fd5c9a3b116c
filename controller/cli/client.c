#include "client.h"

#include "host_tls.h"
#include "progress.h"

#include "remote.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>

#define RESPONSE_MAX (64u << 20)

struct evac_client {
    CURL *curl;
    char *socket;
    const struct evac_remote *remote; /* NULL: the socket */
    bool takes_long;
    long limit_ms;
};

void evac_client_takes_long(struct evac_client *client)
{
    client->takes_long = true;
}

struct evac_client *evac_client_new(const char *socket)
{
    struct evac_client *client = calloc(1, sizeof *client);
    size_t n = evac_str(socket).n + 1;
    if (!client || !(client->socket = malloc(n)))
        abort();
    (void)evac_str_copy(client->socket, n, evac_str(socket));
    client->limit_ms = 60000;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    client->curl = curl_easy_init();
    return client;
}

void evac_client_remote(struct evac_client *client, const struct evac_remote *remote)
{
    client->remote = remote->server[0] ? remote : NULL;
}

void evac_client_limit(struct evac_client *client, long ms)
{
    client->limit_ms = ms;
}

void evac_client_free(struct evac_client *client)
{
    if (!client)
        return;
    curl_easy_cleanup(client->curl);
    curl_global_cleanup();
    free(client->socket);
    free(client);
}

static size_t take(char *p, size_t size, size_t n, void *user)
{
    struct evac_buf *buf = user;
    evac_buf_put(buf, p, size * n);
    return buf->failed ? 0 : size * n;
}

/* RFC 9457: the detail is for people. */
static void read_problem(const struct evac_buf *raw, long status, struct evac_err *err)
{
    cJSON *json = cJSON_ParseWithLength(raw->p ? raw->p : "", raw->n);
    const char *detail = evac_json_cstr(json, "detail"), *title = evac_json_cstr(json, "title");
    const char *text = detail[0] ? detail : title;
    if (text[0])
        (void)evac_fail(err, EVAC_E_REFUSED, "%s", text);
    else
        (void)evac_fail(err, EVAC_E_REFUSED, "the controller answered with status %ld", status);
    cJSON_Delete(json);
}

/* A key of its own for each change: when the answer is lost, asking again under the same key gets
 * it, and does nothing twice. ret_keyed: it has one. */
static struct curl_slist *headers_for(const char *body, bool *ret_keyed)
{
    unsigned char random[16];
    char key[64] = "Idempotency-Key: ";
    size_t n = evac_str(key).n;
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Expect:");
    *ret_keyed = body && getrandom(random, sizeof random, 0) == (ssize_t)sizeof random;
    if (!*ret_keyed)
        return headers;
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(key + n + 2 * i, 3, "%02x", random[i]);
    return curl_slist_append(headers, key);
}

/* The other end was there and is gone: it may have done what was asked. */
static bool was_lost(CURLcode code)
{
    return code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR ||
           code == CURLE_PARTIAL_FILE;
}

#define AGAIN_FOR_MS 20000 /* a controller that died is back by then, or people must look */
#define AGAIN_MS     250

/* What only looks is not repeated: whoever asked sees best whether it is still worth it. */
static CURLcode perform(struct evac_client *client, bool keyed, struct evac_buf *raw)
{
    CURLcode code = curl_easy_perform(client->curl);
    if (!keyed || !was_lost(code))
        return code;
    fputs("evac: the connection was lost: asking again\n", stderr);
    for (int left = AGAIN_FOR_MS; left > 0; left -= AGAIN_MS) {
        struct timespec pause = { 0, AGAIN_MS * 1000000L };
        nanosleep(&pause, NULL);
        evac_buf_reset(raw);
        code = curl_easy_perform(client->curl);
        if (!was_lost(code) && code != CURLE_COULDNT_CONNECT)
            break;
    }
    return code;
}

/* An answer that ends with its connection may have been cut: ours say where they end. */
static size_t note_end(char *p, size_t size, size_t n, void *user)
{
    static const char *const tells[] = { "content-length:", "transfer-encoding:" };
    bool *ends = user;
    for (size_t i = 0; i < sizeof tells / sizeof tells[0]; i++)
        *ends = *ends ||
                (size * n > strlen(tells[i]) && strncasecmp(p, tells[i], strlen(tells[i])) == 0);
    return size * n;
}

/* A server's name is checked, whatever the environment says; credentials follow no redirection. */
static void set_remote(CURL *curl, const struct evac_remote *r)
{
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_SSL_CIPHER_LIST, EVAC_TLS_CIPHERS);
    if (r->ca[0])
        curl_easy_setopt(curl, CURLOPT_CAINFO, r->ca);
    if (r->cert[0])
        curl_easy_setopt(curl, CURLOPT_SSLCERT, r->cert);
    if (r->cert[0])
        curl_easy_setopt(curl, CURLOPT_SSLKEY, r->cert_key[0] ? r->cert_key : r->cert);
    if (!evac_secret_is_set(&r->token))
        return;
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
    curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, evac_secret_reveal(&r->token).p);
}

/* What takes long is seen to go on; a live view draws for itself, and asks only what is quick. */
static int show_waiting(void *user, curl_off_t all, curl_off_t got, curl_off_t to_send,
                        curl_off_t sent)
{
    const struct evac_client *client = user;
    curl_off_t us = 0;
    (void)all;
    (void)to_send;
    (void)sent;
    (void)curl_easy_getinfo(client->curl, CURLINFO_TOTAL_TIME_T, &us);
    evac_cli_waiting((uint64_t)got, (uint64_t)us / 1000);
    return 0;
}

static const char *place_of(const struct evac_client *client)
{
    return client->remote ? client->remote->server : client->socket;
}

enum evac_exit evac_client_raw(struct evac_client *client, const char *path, const char *body,
                               struct evac_buf *raw, struct evac_err *err)
{
    char url[2048] = "http://evac";
    long status = 0;
    if (client->remote)
        (void)evac_str_copy(url, sizeof url, evac_str(client->remote->server));
    size_t n = evac_str(url).n;
    if (!evac_str_copy(url + n, sizeof url - n, evac_str(path))) {
        (void)evac_fail(err, EVAC_E_TOOBIG, "the request's path is too long");
        return EVAC_EXIT_USAGE;
    }
    bool keyed, ends = false;
    struct curl_slist *headers = headers_for(body, &keyed);
    curl_easy_reset(client->curl);
    if (client->remote)
        set_remote(client->curl, client->remote);
    else
        curl_easy_setopt(client->curl, CURLOPT_UNIX_SOCKET_PATH, client->socket);
    curl_easy_setopt(client->curl, CURLOPT_URL, url);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, raw);
    curl_easy_setopt(client->curl, CURLOPT_CONNECTTIMEOUT_MS, 3000L);
    curl_easy_setopt(client->curl, CURLOPT_TIMEOUT_MS, client->limit_ms);
    curl_easy_setopt(client->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(client->curl, CURLOPT_HEADERFUNCTION, note_end);
    curl_easy_setopt(client->curl, CURLOPT_HEADERDATA, &ends);
    if (body)
        curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS, body);
    if (client->takes_long) {
        curl_easy_setopt(client->curl, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(client->curl, CURLOPT_XFERINFOFUNCTION, show_waiting);
        curl_easy_setopt(client->curl, CURLOPT_XFERINFODATA, client);
    }
    CURLcode code = perform(client, keyed, raw);
    if (client->takes_long)
        evac_cli_waiting(0, 0);
    if (code == CURLE_OK && raw->n && !ends)
        code = CURLE_PARTIAL_FILE;
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    if (code != CURLE_OK) {
        (void)evac_fail(err, EVAC_E_UNREACHABLE, "no controller answers on %s: %s",
                        place_of(client), curl_easy_strerror(code));
        return EVAC_EXIT_UNREACHABLE;
    }
    if (status >= 200 && status < 300)
        return EVAC_EXIT_DONE;
    read_problem(raw, status, err);
    return status < 500 ? EVAC_EXIT_REFUSED : EVAC_EXIT_FAILED;
}

enum evac_exit evac_client_json(struct evac_client *client, const char *path, const char *body,
                                cJSON **ret_json, struct evac_err *err)
{
    struct evac_buf raw;
    evac_buf_init(&raw, RESPONSE_MAX);
    *ret_json = NULL;
    enum evac_exit code = evac_client_raw(client, path, body, &raw, err);
    if (code == EVAC_EXIT_DONE) {
        *ret_json = cJSON_ParseWithLength(raw.p ? raw.p : "", raw.n);
        if (!*ret_json) {
            (void)evac_fail(err, EVAC_E_PARSE, "the controller's answer is not JSON");
            code = EVAC_EXIT_FAILED;
        }
    }
    evac_buf_done(&raw);
    return code;
}

const char *evac_json_cstr(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsString(item) ? item->valuestring : "";
}

double evac_json_number(const cJSON *object, const char *key, double fallback)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(item) ? item->valuedouble : fallback;
}

const cJSON *evac_json_part(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

bool evac_json_true(const cJSON *object, const char *key)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, key));
}

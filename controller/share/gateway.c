/*
 * A question is an object of its own, which the host's answer frees: so the gateway may go, and a
 * line may be dropped, while it is on its way.
 *
 * No request is marked as mutating: libcurl may repeat it on another connection. Everything that
 * is asked here is a compare-and-set, a lease's keepalive or revocation, or a read, and may land
 * twice; and a new TLS connection for each append would cost three round trips between regions.
 */
#include "gateway.h"

#include "etcd_json.h"
#include "evac/secret.h"
#include "host_url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENDPOINTS_MAX   9u
#define REPLY_MAX_BYTES (24u << 20)
#define TOKEN_MAX       4096u
#define WORDS_MAX       400u

struct question {
    struct evac_gateway *gateway; /* NULL: of no use to anybody any more */
    enum evac_gateway_line line;
    char path[48];
    struct evac_buf body;
    evac_gateway_fn *fn;
    void *user;
    size_t endpoint;
    uint64_t http_id, timer_id, sent_ms;
    uint64_t serial;
    bool waits; /* for a token */
    bool asked_anew;
};

enum token_state { TOKEN_NONE, TOKEN_ASKED, TOKEN_HAVE };

struct evac_gateway {
    const struct evac_host *host;
    struct evac_arena *arena;
    struct evac_str endpoints[ENDPOINTS_MAX];
    size_t endpoint_count, current;
    struct evac_str user, ca, cert;
    struct evac_secret password, key, token;
    enum token_state token_state;
    uint32_t request_ms;
    unsigned failures;
    uint64_t serial;
    char cluster_id[32];
    struct question *lines[EVAC_GATEWAY_LINE_COUNT];
    struct question *auth;
};

static const struct evac_gateway_answer unknown = { .fate = EVAC_GATEWAY_UNKNOWN };

/* --- what an answer is ------------------------------------------------------------------------ */

/* After these etcd has done nothing. What is not here, such as 14 (no leader, or it took too long),
 * says nothing of what was done. */
static bool is_certain(int code)
{
    return code == EVAC_GATEWAY_BAD_ARGUMENT || code == EVAC_GATEWAY_NOT_FOUND ||
           code == EVAC_GATEWAY_FORBIDDEN || code == EVAC_GATEWAY_NO_SPACE ||
           code == EVAC_GATEWAY_PRECONDITION || code == EVAC_GATEWAY_OUT_OF_RANGE ||
           code == EVAC_GATEWAY_BAD_TOKEN;
}

static void say(char words[WORDS_MAX], struct evac_str endpoint, const char *what)
{
    (void)snprintf(words, WORDS_MAX, "%.*s: %s", EVAC_STR_ARG(endpoint), what);
}

/* {"error":"...","code":5}, or within a stream {"error":{"message":"...","grpc_code":5}}. */
static void read_error(const cJSON *json, struct evac_str endpoint,
                       struct evac_gateway_answer *answer, char words[WORDS_MAX])
{
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(json, "error");
    const cJSON *from = cJSON_IsObject(error) ? error : json;
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(from, "message");
    int64_t code, in_stream;
    if (!text)
        text = error;
    if (!evac_etcd_int(from, "code", &code) || !evac_etcd_int(from, "grpc_code", &in_stream))
        return;
    answer->code = (int)(code ? code : in_stream);
    answer->fate = is_certain(answer->code) ? EVAC_GATEWAY_REFUSED : EVAC_GATEWAY_UNKNOWN;
    say(words, endpoint, cJSON_IsString(text) ? text->valuestring : "an error without words");
}

/* Endpoints of two clusters would be two journals. */
static bool same_cluster(struct evac_gateway *g, const cJSON *header)
{
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(header, "cluster_id");
    if (!cJSON_IsString(id) || strlen(id->valuestring) >= sizeof g->cluster_id)
        return false;
    if (!g->cluster_id[0])
        (void)evac_str_copy(g->cluster_id, sizeof g->cluster_id, evac_str(id->valuestring));
    return strcmp(id->valuestring, g->cluster_id) == 0;
}

static void read_answer(struct evac_gateway *g, struct evac_str endpoint, const cJSON *json,
                        struct evac_gateway_answer *answer, char words[WORDS_MAX])
{
    const cJSON *result = cJSON_GetObjectItemCaseSensitive(json, "result");
    const cJSON *body = result ? result : json;
    const cJSON *header = cJSON_GetObjectItemCaseSensitive(body, "header");
    if (!cJSON_IsObject(header) || !evac_etcd_int(header, "revision", &answer->revision) ||
        answer->revision <= 0) {
        say(words, endpoint, "an answer that does not say of what revision it is");
    } else if (!same_cluster(g, header)) {
        say(words, endpoint,
            "it belongs to another etcd cluster than the endpoint that answered first: mend the "
            "list of endpoints, or, if etcd was restored, restart the controller");
    } else {
        answer->fate = EVAC_GATEWAY_ANSWERED;
        answer->json = body;
        words[0] = '\0';
    }
}

/* What the JSON in an answer's text lives in is the caller's to delete. */
static cJSON *judge(struct evac_gateway *g, const struct question *q,
                    const struct evac_http_reply *reply, struct evac_gateway_answer *answer,
                    char words[WORDS_MAX])
{
    struct evac_str endpoint = g->endpoints[q->endpoint], rest;
    const char *end = NULL;
    *answer = unknown;
    if (reply->fate != EVAC_HTTP_REPLIED) {
        if (reply->fate == EVAC_HTTP_NOT_SENT)
            answer->fate = EVAC_GATEWAY_NOT_SENT;
        say(words, endpoint, reply->error);
        return NULL;
    }
    say(words, endpoint, "an answer that is not etcd's");
    cJSON *json =
        reply->body.n ? cJSON_ParseWithLengthOpts(reply->body.p, reply->body.n, &end, false) : NULL;
    if (!json || !end)
        return json;
    rest = (struct evac_str){ end, reply->body.n - (size_t)(end - reply->body.p) };
    if (!cJSON_IsObject(json) || evac_str_trim(rest).n)
        return json;
    if (cJSON_GetObjectItemCaseSensitive(json, "error"))
        read_error(json, endpoint, answer, words);
    else if (reply->status == 200)
        read_answer(g, endpoint, json, answer, words);
    return json;
}

/* --- sending -----------------------------------------------------------------------------------
 */

static void send_question(struct question *q);
static void ask_token(struct evac_gateway *g);

static void question_free(struct question *q)
{
    if (q->body.p)
        explicit_bzero(q->body.p, q->body.n); /* it may hold a password */
    evac_buf_done(&q->body);
    free(q);
}

static void drop(struct question *q)
{
    struct evac_gateway *g = q->gateway;
    q->gateway = NULL;
    if (q->timer_id)
        g->host->timer_stop(g->host->ctx, q->timer_id);
    if (q->http_id)
        g->host->http_cancel(g->host->ctx, q->http_id); /* its answer frees it */
    else
        question_free(q);
}

static void take_off(struct question *q)
{
    struct evac_gateway *g = q->gateway;
    if (g->auth == q)
        g->auth = NULL;
    else
        g->lines[q->line] = NULL;
    q->gateway = NULL;
}

/* The question's end. The gateway may be gone after. */
static void tell(struct question *q, struct evac_gateway_answer *answer, const char *words)
{
    struct evac_gateway *g = q->gateway;
    answer->words = words;
    answer->sent_ms = q->sent_ms;
    answer->took_ms = g->host->now_ms(g->host->ctx) - q->sent_ms;
    take_off(q);
    q->fn(q->user, answer);
    question_free(q);
}

static void count_failure(struct evac_gateway *g, const struct question *q,
                          enum evac_gateway_fate fate)
{
    if (fate == EVAC_GATEWAY_ANSWERED || fate == EVAC_GATEWAY_REFUSED) {
        g->failures = 0;
        return;
    }
    if (q->endpoint == g->current) { /* else another question has turned it already */
        g->current = (g->current + 1) % g->endpoint_count;
        g->failures++;
    }
}

static void on_reply(void *user, const struct evac_http_reply *reply)
{
    struct question *q = user;
    struct evac_gateway *g = q->gateway;
    struct evac_gateway_answer answer;
    char words[WORDS_MAX];
    if (!g) {
        question_free(q);
        return;
    }
    q->http_id = 0;
    cJSON *json = judge(g, q, reply, &answer, words);
    count_failure(g, q, answer.fate);
    if (answer.fate == EVAC_GATEWAY_REFUSED && answer.code == EVAC_GATEWAY_BAD_TOKEN &&
        q != g->auth && g->user.n && !q->asked_anew) {
        q->asked_anew = q->waits = true;
        if (g->token_state == TOKEN_HAVE)
            g->token_state = TOKEN_NONE;
        ask_token(g);
    } else {
        tell(q, &answer, words);
    }
    cJSON_Delete(json);
}

static void on_refused(void *user)
{
    struct question *q = user;
    struct evac_gateway_answer answer = { .fate = EVAC_GATEWAY_NOT_SENT };
    q->timer_id = 0;
    count_failure(q->gateway, q, answer.fate);
    tell(q, &answer, "the host does not send now");
}

static size_t make_headers(const struct evac_gateway *g, const struct question *q,
                           struct evac_http_header headers[2])
{
    headers[0] =
        (struct evac_http_header){ EVAC_STR("Content-Type"), EVAC_STR("application/json") };
    if (q == g->auth || g->token_state != TOKEN_HAVE)
        return 1;
    headers[1] =
        (struct evac_http_header){ EVAC_STR("Authorization"), evac_secret_reveal(&g->token) };
    return 2;
}

static void send_question(struct question *q)
{
    struct evac_gateway *g = q->gateway;
    struct evac_http_header headers[2];
    char url[512];
    q->waits = false;
    q->endpoint = g->current;
    q->sent_ms = g->host->now_ms(g->host->ctx);
    (void)snprintf(url, sizeof url, "%.*s%s", EVAC_STR_ARG(g->endpoints[q->endpoint]), q->path);
    struct evac_http_request request = {
        .method = EVAC_STR("POST"),
        .url = evac_str(url),
        .headers = headers,
        .header_count = make_headers(g, q, headers),
        .body = evac_buf_str(&q->body),
        .connect_ms = g->request_ms,
        .total_ms = g->request_ms,
        .max_reply_bytes = REPLY_MAX_BYTES,
        .operation = evac_str(q->path + 1),
        .ca = g->ca,
        .cert = g->cert,
        .key = evac_secret_reveal(&g->key),
    };
    if (g->host->http(g->host->ctx, &request, on_reply, q, &q->http_id, NULL) != EVAC_OK) {
        q->http_id = 0;
        (void)g->host->timer(g->host->ctx, g->request_ms, on_refused, q, &q->timer_id, NULL);
    }
}

static struct question *question_new(struct evac_gateway *g, const char *path, struct evac_str body,
                                     evac_gateway_fn *fn, void *user)
{
    struct question *q = calloc(1, sizeof *q);
    if (!q)
        abort();
    q->gateway = g;
    q->serial = ++g->serial;
    (void)evac_str_copy(q->path, sizeof q->path, evac_str(path));
    evac_buf_init(&q->body, body.n + 1);
    evac_buf_put_str(&q->body, body);
    q->fn = fn;
    q->user = user;
    return q;
}

/* --- the token ---------------------------------------------------------------------------------
 */

static bool keep_token(struct evac_gateway *g, const struct evac_gateway_answer *answer)
{
    const cJSON *token = cJSON_GetObjectItemCaseSensitive(answer->json, "token");
    if (answer->fate != EVAC_GATEWAY_ANSWERED || !cJSON_IsString(token) || !token->valuestring[0] ||
        strlen(token->valuestring) > TOKEN_MAX)
        return false;
    evac_secret_done(&g->token);
    g->token = evac_secret_new(evac_str(token->valuestring));
    g->token_state = TOKEN_HAVE;
    return true;
}

static void on_token(void *user, const struct evac_gateway_answer *answer)
{
    struct evac_gateway *g = user;
    struct evac_gateway_answer failed = { .fate = answer->fate, .code = answer->code };
    g->token_state = TOKEN_NONE;
    bool have = keep_token(g, answer);
    if (failed.fate != EVAC_GATEWAY_REFUSED) /* whatever was asked has not left */
        failed.fate = EVAC_GATEWAY_NOT_SENT;
    uint64_t newest = g->serial; /* what is asked from within an answer waits for the next token */
    for (size_t i = 0; i < EVAC_GATEWAY_LINE_COUNT; i++) {
        struct question *q = g->lines[i];
        if (!q || !q->waits || q->serial > newest)
            continue;
        if (have)
            send_question(q);
        else
            tell(q, &failed, answer->words);
    }
}

static void ask_token(struct evac_gateway *g)
{
    struct evac_buf body;
    if (g->token_state == TOKEN_ASKED)
        return;
    evac_buf_init(&body, 16384);
    evac_buf_puts(&body, "{\"name\":");
    evac_buf_json(&body, g->user);
    evac_buf_puts(&body, ",\"password\":");
    evac_buf_json(&body, evac_secret_reveal(&g->password));
    evac_buf_puts(&body, "}");
    g->token_state = TOKEN_ASKED;
    g->auth = question_new(g, "/v3/auth/authenticate", evac_buf_str(&body), on_token, g);
    if (body.p)
        explicit_bzero(body.p, body.n);
    evac_buf_done(&body);
    send_question(g->auth);
}

/* --- lines -------------------------------------------------------------------------------------
 */

void evac_gateway_ask(struct evac_gateway *g, enum evac_gateway_line line, const char *path,
                      struct evac_str body, evac_gateway_fn *fn, void *user)
{
    struct question *q = question_new(g, path, body, fn, user);
    q->line = line;
    g->lines[line] = q;
    if (!g->user.n || g->token_state == TOKEN_HAVE) {
        send_question(q);
        return;
    }
    q->waits = true;
    q->sent_ms = g->host->now_ms(g->host->ctx);
    ask_token(g);
}

bool evac_gateway_is_busy(const struct evac_gateway *g, enum evac_gateway_line line)
{
    return g->lines[line] != NULL;
}

void evac_gateway_drop(struct evac_gateway *g, enum evac_gateway_line line)
{
    struct question *q = g->lines[line];
    if (!q)
        return;
    g->lines[line] = NULL;
    drop(q);
}

unsigned evac_gateway_failures(const struct evac_gateway *g)
{
    return g->failures;
}

size_t evac_gateway_endpoints(const struct evac_gateway *g)
{
    return g->endpoint_count;
}

/* --- life --------------------------------------------------------------------------------------
 */

static enum evac_code check_endpoint(const struct evac_gateway_options *o, const char *endpoint,
                                     struct evac_err *err)
{
    struct evac_url url;
    enum evac_code code = evac_url_split(evac_str(endpoint), &url, err);
    if (code)
        return evac_err_prefix(err, "endpoint '%s'", endpoint);
    if ((url.target.n && !evac_str_is(url.target, "/")) || strlen(endpoint) > 255)
        return evac_fail(err, EVAC_E_BADARG,
                         "endpoint '%s' has a path: it is scheme, host and port alone", endpoint);
    if (!url.tls && !evac_url_is_local(&url) && o->password[0])
        return evac_fail(err, EVAC_E_BADARG,
                         "endpoint '%s' would get the password over plain HTTP: it must be https, "
                         "or on this machine",
                         endpoint);
    if (!url.tls && o->cert[0])
        return evac_fail(err, EVAC_E_BADARG,
                         "endpoint '%s' is plain HTTP, which takes no client certificate",
                         endpoint);
    return EVAC_OK;
}

static enum evac_code check(const struct evac_gateway_options *o, struct evac_err *err)
{
    enum evac_code code = EVAC_OK;
    if (o->endpoint_count < 1 || o->endpoint_count > ENDPOINTS_MAX)
        return evac_fail(err, EVAC_E_BADARG, "there are %zu endpoints: 1 to %u are allowed",
                         o->endpoint_count, ENDPOINTS_MAX);
    if (!o->user[0] != !o->password[0])
        return evac_fail(err, EVAC_E_BADARG, "%s is given without %s",
                         o->user[0] ? "etcd's user" : "etcd's password",
                         o->user[0] ? "a password" : "a user");
    if (!o->cert[0] != !o->key[0])
        return evac_fail(err, EVAC_E_BADARG, "%s is given without %s",
                         o->cert[0] ? "the client's certificate" : "the client's key",
                         o->cert[0] ? "its key" : "a certificate");
    if (o->request_ms == 0)
        return evac_fail(err, EVAC_E_BADARG, "request_ms must be above 0");
    for (size_t i = 0; !code && i < o->endpoint_count; i++)
        code = check_endpoint(o, o->endpoints[i], err);
    return code;
}

enum evac_code evac_gateway_new(const struct evac_gateway_options *o,
                                struct evac_gateway **ret_gateway, struct evac_err *err)
{
    enum evac_code code = check(o, err);
    if (code)
        return code;
    struct evac_gateway *g = calloc(1, sizeof *g);
    if (!g)
        abort();
    g->host = o->host;
    g->arena = evac_arena_new();
    g->endpoint_count = o->endpoint_count;
    for (size_t i = 0; i < o->endpoint_count; i++) {
        struct evac_str endpoint = evac_str(o->endpoints[i]);
        if (evac_str_ends(endpoint, "/"))
            endpoint.n--;
        g->endpoints[i] = evac_arena_str(g->arena, endpoint);
    }
    g->user = evac_arena_str(g->arena, evac_str(o->user));
    g->ca = evac_arena_str(g->arena, evac_str(o->ca));
    g->cert = evac_arena_str(g->arena, evac_str(o->cert));
    g->password = evac_secret_new(evac_str(o->password));
    g->key = evac_secret_new(evac_str(o->key));
    g->request_ms = o->request_ms;
    *ret_gateway = g;
    return EVAC_OK;
}

void evac_gateway_free(struct evac_gateway *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < EVAC_GATEWAY_LINE_COUNT; i++)
        evac_gateway_drop(g, (enum evac_gateway_line)i);
    if (g->auth)
        drop(g->auth);
    evac_secret_done(&g->password);
    evac_secret_done(&g->key);
    evac_secret_done(&g->token);
    evac_arena_free(g->arena);
    free(g);
}

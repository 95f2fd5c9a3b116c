#include "aws_wire.h"

#include "version.h"

#include <openssl/evp.h>
#include <string.h>

#define MAX_HEADERS 64u
#define URL_BYTES   (64u << 10)

struct draft {
    const struct evac_aws_wire *wire;
    struct evac_arena *arena;
    struct evac_http_header headers[MAX_HEADERS];
    size_t header_count;
    struct evac_str path, query, body;
    struct evac_str body_hash; /* empty: not told in a header */
};

static bool is_rest(const struct evac_aws_service *service)
{
    return service->protocol == EVAC_AWS_REST_XML || service->protocol == EVAC_AWS_REST_JSON;
}

static bool is_json(const struct evac_aws_service *service)
{
    return service->protocol == EVAC_AWS_JSON_1_0 || service->protocol == EVAC_AWS_JSON_1_1;
}

static void put_header(struct draft *d, const char *name, struct evac_str value)
{
    if (d->header_count < MAX_HEADERS)
        d->headers[d->header_count++] = (struct evac_http_header){ evac_str(name), value };
}

static struct evac_str two(const struct draft *d, struct evac_str a, const char *between,
                           struct evac_str b)
{
    const size_t n = strlen(between);
    char *text = evac_arena_alloc(d->arena, a.n + n + b.n + 1);
    if (a.n)
        memcpy(text, a.p, a.n);
    memcpy(text + a.n, between, n);
    if (b.n)
        memcpy(text + a.n + n, b.p, b.n);
    return (struct evac_str){ text, a.n + n + b.n };
}

/* --- body and query --- */

static void put_params(struct evac_buf *buf, const struct evac_aws_request *request)
{
    for (size_t i = 0; i < request->param_count; i++) {
        if (buf->n)
            evac_buf_putc(buf, '&');
        evac_buf_uri(buf, request->params[i].name, false);
        if (request->params[i].value.n || !request->bucket.n)
            evac_buf_putc(buf, '=');
        evac_buf_uri(buf, request->params[i].value, false);
    }
}

static enum evac_code make_form(struct draft *d, struct evac_err *err)
{
    const struct evac_aws_wire *w = d->wire;
    struct evac_buf buf;
    evac_buf_init(&buf, EVAC_AWS_MAX_BODY_BYTES);
    evac_buf_putf(&buf, "Action=%s&Version=%s", w->request->operation, w->service->api_version);
    put_params(&buf, w->request);
    d->body = evac_arena_str(d->arena, evac_buf_str(&buf));
    enum evac_code code = evac_buf_check(&buf, "the request's body", err);
    evac_buf_done(&buf);
    return code;
}

/* What stands in a URL's path, percent-encoded by who made it. */
static bool is_path(struct evac_str path)
{
    for (size_t i = 0; i < path.n; i++)
        if ((unsigned char)path.p[i] <= ' ' || (unsigned char)path.p[i] >= 0x7f ||
            path.p[i] == '?' || path.p[i] == '#')
            return false;
    return path.n > 0 && path.p[0] == '/';
}

static enum evac_code make_rest(struct draft *d, struct evac_err *err)
{
    const struct evac_aws_request *r = d->wire->request;
    struct evac_str path = r->path.n ? r->path : EVAC_STR("/");
    struct evac_buf query;
    if (!is_path(path))
        return evac_fail(err, EVAC_E_BADARG, "the path '%.*s' is not percent-encoded",
                         (int)(path.n < 120 ? path.n : 120), path.p);
    d->path = two(d, d->wire->endpoint->prefix, "", path);
    evac_buf_init(&query, URL_BYTES);
    put_params(&query, r);
    d->query = evac_arena_str(d->arena, evac_buf_str(&query));
    d->body = r->body;
    enum evac_code code = evac_buf_check(&query, "the request's query", err);
    evac_buf_done(&query);
    return code;
}

static enum evac_code make_body(struct draft *d, struct evac_err *err)
{
    const struct evac_aws_wire *w = d->wire;
    if (is_rest(w->service))
        return make_rest(d, err);
    d->path = two(d, w->endpoint->prefix, "/", EVAC_STR_NONE);
    if (!is_json(w->service))
        return make_form(d, err);
    d->body = w->request->body.n ? w->request->body : EVAC_STR("{}");
    return EVAC_OK;
}

/* --- headers --- */

static struct evac_str content_type(const struct draft *d)
{
    static const char *const usual[EVAC_AWS_PROTOCOL_COUNT] = {
        [EVAC_AWS_QUERY] = "application/x-www-form-urlencoded; charset=utf-8",
        [EVAC_AWS_EC2] = "application/x-www-form-urlencoded; charset=utf-8",
        [EVAC_AWS_REST_XML] = "application/xml",
        [EVAC_AWS_REST_JSON] = "application/json",
        [EVAC_AWS_JSON_1_0] = "application/x-amz-json-1.0",
        [EVAC_AWS_JSON_1_1] = "application/x-amz-json-1.1",
    };
    const struct evac_aws_wire *w = d->wire;
    if (is_rest(w->service) && d->body.n == 0)
        return EVAC_STR_NONE;
    return evac_str(w->request->content_type ? w->request->content_type
                                             : usual[w->service->protocol]);
}

void evac_aws_crc32(struct evac_str data, char ret_base64[9])
{
    /* four bits at a time */
    static const uint32_t of[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < data.n; i++) {
        crc ^= (unsigned char)data.p[i];
        crc = (crc >> 4) ^ of[crc & 15];
        crc = (crc >> 4) ^ of[crc & 15];
    }
    crc = ~crc;
    const unsigned char bytes[4] = { (unsigned char)(crc >> 24), (unsigned char)(crc >> 16),
                                     (unsigned char)(crc >> 8), (unsigned char)crc };
    (void)EVP_EncodeBlock((unsigned char *)ret_base64, bytes, sizeof bytes);
}

static void put_protocol_headers(struct draft *d)
{
    const struct evac_aws_wire *w = d->wire;
    struct evac_str type = content_type(d);
    if (type.n)
        put_header(d, "Content-Type", type);
    if (w->service->target_prefix)
        put_header(
            d, "X-Amz-Target",
            two(d, evac_str(w->service->target_prefix), ".", evac_str(w->request->operation)));
    if (w->service->query_compatible)
        put_header(d, "x-amzn-query-mode", EVAC_STR("true"));
    if (w->request->checksum) {
        char *crc = evac_arena_alloc(d->arena, 9);
        evac_aws_crc32(d->body, crc);
        put_header(d, "x-amz-checksum-crc32", evac_str(crc));
        put_header(d, "x-amz-sdk-checksum-algorithm", EVAC_STR("CRC32"));
    }
    if (strcmp(w->service->name, "s3control") == 0 && w->request->bucket.n)
        put_header(d, "x-amz-account-id", w->request->bucket);
    if (w->service->s3_rules) {
        char *hash = evac_arena_alloc(d->arena, EVAC_SIGV4_HEX_BYTES);
        evac_sigv4_hash(d->body, hash);
        d->body_hash = evac_str(hash);
        put_header(d, "x-amz-content-sha256", d->body_hash);
    }
    put_header(d, "amz-sdk-invocation-id", evac_arena_str(d->arena, evac_str(w->invocation_id)));
    put_header(d, "amz-sdk-request", evac_arena_printf(d->arena, "attempt=%u; max=2", w->attempt));
    put_header(d, "User-Agent", EVAC_STR("evac/" EVAC_VERSION));
}

static enum evac_code put_own_headers(struct draft *d, struct evac_err *err)
{
    const struct evac_aws_request *r = d->wire->request;
    if (r->header_count > MAX_HEADERS / 2)
        return evac_fail(err, EVAC_E_TOOBIG, "%s: %zu headers, %u are allowed", r->operation,
                         r->header_count, MAX_HEADERS / 2);
    for (size_t i = 0; i < r->header_count; i++) {
        struct evac_http_header h = r->headers[i];
        if ((h.name.n && memchr(h.name.p, '\n', h.name.n)) ||
            (h.value.n &&
             (memchr(h.value.p, '\n', h.value.n) || memchr(h.value.p, '\r', h.value.n))))
            return evac_fail(err, EVAC_E_BADARG, "%s: a header with a line break", r->operation);
        d->headers[d->header_count++] = h;
    }
    return EVAC_OK;
}

/* --- signature --- */

static enum evac_code sign(struct draft *d, struct evac_str method, struct evac_err *err)
{
    const struct evac_aws_wire *w = d->wire;
    struct evac_buf authorization;
    char *timestamp = evac_arena_alloc(d->arena, EVAC_SIGV4_DATE_BYTES);
    evac_sigv4_timestamp(w->wall_ms, timestamp);
    put_header(d, "X-Amz-Date", evac_str(timestamp));
    if (w->identity->session_token.n)
        put_header(d, "X-Amz-Security-Token", evac_arena_str(d->arena, w->identity->session_token));
    if (w->endpoint->region_set.n)
        put_header(d, "X-Amz-Region-Set", w->endpoint->region_set);

    size_t count = d->header_count;
    put_header(d, "Host", w->endpoint->host); /* signed here, written by the transport */
    struct evac_sigv4_request request = {
        method, d->path, d->query, d->headers, d->header_count, d->body, w->service->s3_rules
    };
    struct evac_sigv4_scope scope = { evac_str(timestamp), w->endpoint->signing_region,
                                      evac_str(w->service->signing_name), w->endpoint->region_set };
    evac_buf_init(&authorization, URL_BYTES);
    enum evac_code code =
        evac_sigv4_sign(w->cache, &request, &scope, w->identity, d->body_hash, &authorization, err);
    d->header_count = count;
    put_header(d, "Authorization", evac_arena_str(d->arena, evac_buf_str(&authorization)));
    evac_buf_done(&authorization);
    return code;
}

static uint32_t total_ms(const struct evac_aws_request *request)
{
    if (request->total_ms)
        return request->total_ms;
    return request->mutates ? EVAC_AWS_MUTATION_MS : EVAC_AWS_READ_MS;
}

static void fill(const struct draft *d, struct evac_str method, struct evac_http_request *ret_http)
{
    const struct evac_aws_wire *w = d->wire;
    struct evac_http_header *headers = evac_arena_array(d->arena, d->header_count, sizeof *headers);
    memcpy(headers, d->headers, d->header_count * sizeof *headers);
    *ret_http = (struct evac_http_request){
        .method = method,
        .url = two(d, two(d, w->endpoint->origin, "", d->path), d->query.n ? "?" : "", d->query),
        .headers = headers,
        .header_count = d->header_count,
        .body = d->body,
        .connect_ms = EVAC_AWS_CONNECT_MS,
        .total_ms = total_ms(w->request),
        .max_reply_bytes = EVAC_AWS_MAX_REPLY_BYTES,
        .region = w->endpoint->region,
        .operation = two(d, evac_str(w->service->name), ":", evac_str(w->request->operation)),
        .mutates = w->request->mutates,
        .ca = w->request->server ? w->request->server->ca : EVAC_STR_NONE,
    };
}

enum evac_code evac_aws_wire_build(const struct evac_aws_wire *wire, struct evac_arena *arena,
                                   struct evac_http_request *ret_http, struct evac_err *err)
{
    struct draft d = { .wire = wire, .arena = arena };
    struct evac_str method = evac_str(wire->request->method ? wire->request->method : "POST");
    enum evac_code code = make_body(&d, err);
    if (code == EVAC_OK)
        code = put_own_headers(&d, err);
    if (code != EVAC_OK)
        return code;
    put_protocol_headers(&d);
    if (wire->bearer.n)
        put_header(&d, "Authorization",
                   evac_arena_printf(arena, "Bearer %.*s", EVAC_STR_ARG(wire->bearer)));
    else if (wire->identity)
        code = sign(&d, method, err);
    if (code == EVAC_OK)
        fill(&d, method, ret_http);
    return code;
}

/*
 * The model of AWS before strangers. Requests are signed well here, so that what the fuzzer invents
 * reaches every service's own reading: the first line chooses service and path, the rest is the
 * body.
 */
#include "fuzz.h"
#include "sandbox.h"
#include "sigv4.h"

#include <string.h>

#define KEY_ID  "AKIAEVACSANDBOX00001"
#define SECRET  "secret"
#define WALL_MS 1767323045000

#define ARC "make route53-recovery-control-config us-west-2 "
static const char *const made[] = {
    ARC "{\"kind\":\"cluster\",\"name\":\"c\"}",
    ARC "{\"kind\":\"panel\",\"name\":\"p\",\"cluster\":\"c\"}",
    ARC "{\"kind\":\"control\",\"name\":\"p/a\"}",
    ARC "{\"kind\":\"rule\",\"name\":\"p/r\",\"controls\":[\"p/a\",7]}",
    ("make cloudfront-keyvaluestore us-east-1 "
     "{\"kind\":\"store\",\"name\":\"k\",\"keys\":{\"a\":\"b\",\"c\":7}}"),
    "make events us-east-1 {\"kind\":\"endpoint\",\"name\":\"e.v\",\"secondary\":\"us-west-2\"}",
};

static struct evac_sandbox *make(void)
{
    static const char *const regions[] = { "us-east-1", "us-west-2", "eu-west-1", NULL };
    const struct evac_sandbox_options options = { .seed = 1,
                                                  .regions = regions,
                                                  .speed = 10,
                                                  .wall_ms = WALL_MS,
                                                  .access_key_id = KEY_ID,
                                                  .secret_access_key = SECRET };
    struct evac_sandbox *sb = evac_sandbox_new(&options);
    evac_sandbox_shop(sb, 8080);
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++)
        MUST(evac_sandbox_control(sb, evac_str(made[i]), NULL) == EVAC_OK);
    return sb;
}

static const struct service {
    const char *name, *type, *prefix, *region_set;
    bool rest;
} services[] = {
    { "rds", "application/x-www-form-urlencoded", NULL },
    { "autoscaling", "application/x-www-form-urlencoded", NULL },
    { "monitoring", "application/x-www-form-urlencoded", NULL },
    { "sts", "application/x-www-form-urlencoded", NULL },
    { "ecs", "application/x-amz-json-1.1", "AmazonEC2ContainerServiceV20141113." },
    { "monitoring", "application/x-amz-json-1.0", "GraniteServiceVersion20100801." },
    { "s3", "application/xml", NULL, NULL, true },
    { "route53", "application/xml", NULL, NULL, true },
    /* with the highest bit of the choice */
    { "route53-recovery-cluster", "application/x-amz-json-1.0", "ToggleCustomerAPI." },
    { "route53-recovery-control-config", "application/json", NULL, NULL, true },
    { "cloudfront-keyvaluestore", "application/json", NULL, "*", true },
    { "events", "application/x-amz-json-1.1", "AWSEvents." },
    { "events", "application/x-amz-json-1.1", "AWSEvents.", "*" },
    { "dynamodb", "application/x-amz-json-1.0", "DynamoDB_20120810." },
    { "lambda", "application/json", NULL, NULL, true },
    { "backup", "application/json", NULL, NULL, true },
};

#define HEADERS_MAX 8u

/* target: the operation's name, or of a service with paths the path and query. */
static size_t make_headers(const struct service *s, struct evac_str target, struct evac_buf *name,
                           struct evac_http_header headers[HEADERS_MAX])
{
    size_t n = 0;
    headers[n++] = (struct evac_http_header){ EVAC_STR("host"), EVAC_STR("127.0.0.1:8080") };
    headers[n++] =
        (struct evac_http_header){ EVAC_STR("x-amz-date"), EVAC_STR("20260102T030405Z") };
    headers[n++] = (struct evac_http_header){ EVAC_STR("content-type"), evac_str(s->type) };
    evac_buf_puts(name, s->prefix ? s->prefix : "");
    if (!s->rest)
        evac_buf_put_str(name, target);
    if (s->prefix)
        headers[n++] = (struct evac_http_header){ EVAC_STR("x-amz-target"), evac_buf_str(name) };
    if (s->region_set) {
        headers[n++] =
            (struct evac_http_header){ EVAC_STR("x-amz-region-set"), evac_str(s->region_set) };
        headers[n++] = (struct evac_http_header){ EVAC_STR("if-match"), EVAC_STR("KV1") };
    }
    return n;
}

/* headers: those that were signed, with room for one more. */
static void send(struct evac_sandbox *sb, const struct evac_sigv4_request *signed_one,
                 struct evac_http_header *headers, struct evac_str authorization)
{
    struct evac_sandbox_reply reply = { .fate = EVAC_SANDBOX_REPLY };
    struct evac_buf url;
    evac_buf_init(&url, 1u << 20);
    evac_buf_init(&reply.body, 8u << 20);
    evac_buf_putf(&url, "%.*s%s%.*s", EVAC_STR_ARG(signed_one->path),
                  signed_one->query.n ? "?" : "", EVAC_STR_ARG(signed_one->query));
    headers[signed_one->header_count] =
        (struct evac_http_header){ EVAC_STR("authorization"), authorization };
    const struct evac_http_request http = { .method = signed_one->method,
                                            .url = evac_buf_str(&url),
                                            .headers = headers,
                                            .header_count = signed_one->header_count + 1,
                                            .body = signed_one->body };
    evac_sandbox_http(sb, &http, &reply);
    MUST(reply.fate != EVAC_SANDBOX_REPLY || (reply.status >= 200 && reply.status < 600));
    evac_buf_done(&reply.body);
    evac_buf_done(&url);
}

static void send_signed(struct evac_sandbox *sb, unsigned which, struct evac_str target,
                        struct evac_str body)
{
    static const char *const methods[] = { "GET", "PUT", "POST", "DELETE", "HEAD" };
    const struct service *s = &services[(which & 7) + (which & 128 ? 8 : 0)];
    struct evac_http_header headers[HEADERS_MAX];
    struct evac_str query, path = evac_str_cut(target, '?', &query);
    struct evac_buf name, authorization;
    evac_buf_init(&name, 1u << 20);
    evac_buf_init(&authorization, 1u << 20);
    const struct evac_sigv4_request request = {
        .method = evac_str(s->rest ? methods[(which >> 3) % 5] : "POST"),
        .path = s->rest && path.n && path.p[0] == '/' ? path : EVAC_STR("/"),
        .query = s->rest ? query : EVAC_STR_NONE,
        .headers = headers,
        .header_count = make_headers(s, target, &name, headers),
        .body = body,
        .s3_rules = strcmp(s->name, "s3") == 0,
    };
    const struct evac_sigv4_scope scope = { EVAC_STR("20260102T030405Z"),
                                            which & 64 ? EVAC_STR("us-west-2")
                                                       : EVAC_STR("us-east-1"),
                                            evac_str(s->name), evac_str(s->region_set) };
    const struct evac_sigv4_identity identity = { EVAC_STR(KEY_ID), EVAC_STR(SECRET),
                                                  EVAC_STR_NONE };
    if (!evac_sigv4_sign(NULL, &request, &scope, &identity, EVAC_STR_NONE, &authorization, NULL))
        send(sb, &request, headers, evac_buf_str(&authorization));
    evac_buf_done(&name);
    evac_buf_done(&authorization);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct evac_str rest = { (const char *)data + 1, size - 1 };
    struct evac_buf truth;
    if (size < 1)
        return 0;
    struct evac_sandbox *sb = make();
    struct evac_str target = evac_str_cut(rest, '\n', &rest);
    send_signed(sb, data[0], target, rest);
    evac_sandbox_advance(sb, 20000);
    send_signed(sb, data[0], target, rest); /* again, in whatever state that led to */
    evac_buf_init(&truth, 8u << 20);
    evac_sandbox_truth(sb, &truth);
    MUST(!truth.failed);
    evac_buf_done(&truth);
    evac_sandbox_free(sb);
    return 0;
}

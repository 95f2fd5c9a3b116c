/* The AWS client against a scripted host: what it sends, what it makes of replies, what it does by
 * itself. */
#include "aws.h"
#include "aws_bearer.h"
#include "aws_classify.h"
#include "aws_time.h"
#include "aws_wire.h"
#include "credentials.h"
#include "endpoints.h"
#include "fake_http_host.h"
#include "sigv4.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define SECRET   "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

static struct evac_arena *arena;
static struct fake_host *fake;
static struct evac_aws *aws;

static struct {
    size_t count;
    enum evac_outcome outcome;
    int status;
    char code[80], message[400], request_id[80], text[80];
    uint32_t retry_after_ms;
    bool has_xml, has_json;
} got;

static void on_done(void *user, const struct evac_aws_reply *reply)
{
    (void)user;
    got.count++;
    got.outcome = reply->outcome;
    got.status = reply->status;
    got.retry_after_ms = reply->retry_after_ms;
    got.has_xml = reply->xml != NULL;
    got.has_json = reply->json != NULL;
    (void)evac_str_copy(got.code, sizeof got.code, reply->code);
    (void)evac_str_copy(got.message, sizeof got.message, reply->message);
    (void)evac_str_copy(got.request_id, sizeof got.request_id, reply->request_id);
    (void)evac_str_copy(got.text, sizeof got.text, evac_xml_text(reply->xml, "R/V"));
}

static void open_with(const struct evac_args *settings)
{
    struct evac_err err = { 0 };
    enum evac_code code = evac_aws_open(fake_host_table(fake), settings, &aws, &err);
    ck_assert_msg(code == EVAC_OK, "%s", err.text);
}

static void setup(void)
{
    memset(&got, 0, sizeof got);
    arena = evac_arena_new();
    fake = fake_host_new();
    fake_host_env(fake, "AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
    fake_host_env(fake, "AWS_SECRET_ACCESS_KEY", SECRET);
    aws = NULL;
}

static void teardown(void)
{
    evac_aws_close(aws);
    fake_host_run(fake, 100000); /* what the host still owes is called back, and drops dead */
    ck_assert_uint_eq(fake_host_open(fake), 0);
    fake_host_free(fake);
    evac_arena_free(arena);
}

static void setup_open(void)
{
    setup();
    open_with(NULL);
}

static uint64_t send_ok(const struct evac_aws_request *request)
{
    uint64_t id = 0;
    struct evac_err err = { 0 };
    size_t before = got.count;
    enum evac_code code = evac_aws_send(aws, request, on_done, NULL, &id, &err);
    ck_assert_msg(code == EVAC_OK, "%s", err.text);
    ck_assert_msg(got.count == before, "called back from inside the call");
    return id;
}

static struct evac_aws_request op_of(const char *service, const char *operation, bool mutates)
{
    return (struct evac_aws_request){ .service = service,
                                      .operation = operation,
                                      .region = EVAC_STR("us-west-2"),
                                      .mutates = mutates,
                                      .method = "GET" };
}

static const struct evac_aws_server cluster = { .origin = { "https://api.example.com:6443/k8s",
                                                            32 },
                                                .ca = { "PEM", 3 },
                                                .cluster = { "shop", 4 } };

static void exchange(const char *service, const char *operation, bool mutates,
                     struct fake_reply reply)
{
    struct evac_aws_request request = op_of(service, operation, mutates);
    size_t before = got.count;
    request.server = &cluster; /* of use only to those without an endpoint */
    fake_host_reply(fake, "", reply);
    (void)send_ok(&request);
    fake_host_run(fake, 30000);
    ck_assert_uint_eq(got.count, before + 1);
}

/* --- what goes out --- */

/* What the request that the host was given signs, verified as a server would. */
static enum evac_code verify(const struct fake_request *r, const char *secret)
{
    struct evac_http_header headers[40];
    size_t count = 0;
    struct evac_url url;
    struct evac_sigv4_claim claim;
    struct evac_err err = { 0 };
    struct evac_str rest = evac_str(r->headers), value;
    struct evac_str query, base = evac_str_cut(evac_str(r->url), '?', &query);
    ck_assert(evac_url_read(base, &url));
    while (rest.n && count < COUNT(headers) - 1) {
        struct evac_str line = evac_str_cut(rest, '\n', &rest);
        headers[count].name = evac_str_cut(line, ':', &value);
        headers[count++].value = evac_str_trim(value);
    }
    headers[count++] = (struct evac_http_header){
        EVAC_STR("Host"), url.port.n ? evac_arena_printf(arena, "%.*s:%.*s", EVAC_STR_ARG(url.host),
                                                         EVAC_STR_ARG(url.port))
                                     : url.host
    };
    struct evac_sigv4_request request = {
        .method = evac_str(r->method),
        .path = url.path,
        .query = query,
        .headers = headers,
        .header_count = count,
        .body = { r->body, r->body_bytes },
    };
    enum evac_code code = evac_sigv4_claim(&request, arena, &claim, &err);
    if (code != EVAC_OK)
        return code;
    request.s3_rules = evac_str_is(claim.scope.service, "s3");
    return evac_sigv4_verify(NULL, &request, &claim, evac_str(secret),
                             1767323045000 + (int64_t)r->at_ms, 1000, &err);
}

static struct evac_str decode(struct evac_str s)
{
    char *to = evac_arena_alloc(arena, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned byte = 0;
        if (s.p[i] == '%' && sscanf(s.p + i + 1, "%2x", &byte) == 1)
            i += 2;
        to[n++] = byte ? (char)byte : s.p[i] == '+' ? ' ' : s.p[i];
    }
    return (struct evac_str){ to, n };
}

/* "a=b&c" to pairs; those whose name is in skip are left out. */
static size_t split_pairs(struct evac_str text, struct evac_arg *to, const char *skip)
{
    size_t count = 0;
    struct evac_str value;
    while (text.n) {
        struct evac_str pair = evac_str_cut(text, '&', &text);
        struct evac_str name = decode(evac_str_cut(pair, '=', &value));
        if (skip &&
            evac_str_has(evac_str(skip), evac_arena_printf(arena, "|%.*s|", EVAC_STR_ARG(name)).p))
            continue;
        to[count++] = (struct evac_arg){ name, decode(value) };
    }
    return count;
}

struct golden {
    struct evac_aws_request request;
    struct evac_arg params[40];
    const struct evac_json *json;
};

static void golden_rest(struct golden *g, struct evac_str url)
{
    struct evac_str query, rest = { url.p + 8, url.n - 8 };
    struct evac_str host = evac_str_cut(rest, '/', &rest);
    g->request.method = evac_json_str(g->json, "method").p;
    g->request.body = evac_json_str(g->json, "body");
    g->request.path = evac_str_cut(rest, '?', &query);
    g->request.path = evac_arena_printf(arena, "/%.*s", EVAC_STR_ARG(g->request.path));
    if (strcmp(g->request.service, "s3") == 0 || strcmp(g->request.service, "s3control") == 0)
        g->request.bucket = evac_str_cut(host, '.', &rest);
    g->request.param_count = split_pairs(query, g->params, NULL);
}

/* The request that botocore was asked for, as a driver of ours would ask. */
static void golden_request(struct golden *g, const struct evac_aws_service *service)
{
    const struct evac_json *headers = evac_json_get(g->json, "headers");
    struct evac_str operation = evac_json_str(headers, "X-Amz-Target"), value;
    g->request = (struct evac_aws_request){
        .service = service->name,
        .operation = "Operation",
        .region = evac_json_str(g->json, "region"),
        .endpoint = service->endpoint ? EVAC_STR_NONE : evac_json_str(g->json, "url"),
        .params = g->params,
        .checksum = evac_json_get(headers, "x-amz-checksum-crc32") != NULL,
    };
    struct evac_str body = evac_json_str(g->json, "body");
    if (service->protocol == EVAC_AWS_REST_XML || service->protocol == EVAC_AWS_REST_JSON) {
        golden_rest(g, evac_json_str(g->json, "url"));
    } else if (operation.n) {
        (void)evac_str_cut(operation, '.', &value);
        g->request.operation = value.p;
        g->request.body = body;
    } else {
        struct evac_str pair = evac_str_cut(body, '&', &body);
        (void)evac_str_cut(pair, '=', &value);
        g->request.operation = evac_arena_str(arena, value).p;
        g->request.param_count = split_pairs(body, g->params, "|Version|");
    }
}

static void golden_compare(const struct golden *g, const struct fake_request *r)
{
    const char *what = evac_json_str(g->json, "operation").p;
    const struct evac_json *h = evac_json_first(evac_json_get(g->json, "headers"));
    ck_assert_str_eq(r->method, evac_json_str(g->json, "method").p);
    ck_assert_str_eq(r->url, evac_json_str(g->json, "url").p);
    ck_assert_msg(strcmp(r->body, evac_json_str(g->json, "body").p) == 0, "%s: %s", what, r->body);
    for (; h; h = evac_json_next(h)) {
        if (evac_str_is(evac_json_key(h), "Content-Length")) /* the transport's */
            continue;
        ck_assert_msg(evac_str_is(evac_json_text(h), fake_request_header(r, evac_json_key(h).p)),
                      "%s: %s is '%s', not '%s'", what, evac_json_key(h).p,
                      fake_request_header(r, evac_json_key(h).p), evac_json_text(h).p);
    }
}

static struct evac_str slurp(const char *path)
{
    struct evac_buf buf;
    char chunk[4096];
    size_t n;
    FILE *f = fopen(path, "rb");
    ck_assert_msg(f != NULL, "%s", path);
    evac_buf_init(&buf, 1u << 20);
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
        evac_buf_put(&buf, chunk, n);
    (void)fclose(f);
    struct evac_str text = evac_arena_str(arena, evac_buf_str(&buf));
    evac_buf_done(&buf);
    return text;
}

START_TEST(requests_are_those_of_botocore_byte_for_byte)
{
    struct evac_json *all;
    size_t ours = 0;
    struct evac_str text = slurp(EVAC_SOURCE_DIR "/tests/wire/sigv4/extra/golden-requests.json");
    ck_assert_int_eq(evac_json_parse(text, &all, NULL), EVAC_OK);
    const struct evac_json *c = evac_json_first(evac_json_get(all, "requests"));
    for (; c; c = evac_json_next(c)) {
        struct golden g = { .json = c };
        const struct evac_aws_service *service = evac_aws_service(evac_json_str(c, "service").p);
        if (!service)
            continue;
        golden_request(&g, service);
        (void)send_ok(&g.request);
        golden_compare(&g, fake_host_request(fake, ours));
        ck_assert_int_eq(verify(fake_host_request(fake, ours), SECRET), EVAC_OK);
        ours++;
        fake_host_run(fake, 1000);
    }
    ck_assert_uint_ge(ours, 38);
    evac_json_free(all);
}
END_TEST

START_TEST(every_protocol_signs_what_it_sends)
{
    static const char *const services[] = { "rds",      "ec2", "route53",    "s3",
                                            "dynamodb", "ecs", "cloudwatch", "lambda" };
    for (size_t i = 0; i < COUNT(services); i++) {
        struct evac_arg params[] = { { EVAC_STR("a b"), EVAC_STR("c=d&e\xc3\xa9") },
                                     { EVAC_STR("x"), EVAC_STR("~") } };
        struct evac_aws_request request = op_of(services[i], "Op", true);
        request.method = "PUT";
        request.path = EVAC_STR("/k/a%20b");
        request.params = params;
        request.param_count = 2;
        request.body = EVAC_STR("{\"a\":1}");
        request.checksum = true;
        (void)send_ok(&request);
        const struct fake_request *r = fake_host_request(fake, i);
        ck_assert_int_eq(verify(r, SECRET), EVAC_OK);
        ck_assert_int_eq(verify(r, "another"), EVAC_E_AUTH);
        ck_assert(r->mutates);
        ck_assert_uint_eq(r->total_ms, 20000);
        ck_assert_uint_eq(strlen(fake_request_header(r, "amz-sdk-invocation-id")), 36);
    }
    fake_host_run(fake, 1000);
}
END_TEST

START_TEST(a_resources_own_endpoint_is_asked_with_its_path_and_signed_for_its_region)
{
    struct evac_aws_request request =
        op_of("route53-recovery-cluster", "ListRoutingControls", false);
    request.endpoint = EVAC_STR("https://a1.route53-recovery-cluster.us-west-2.amazonaws.com/v1");
    (void)send_ok(&request);
    const struct fake_request *r = fake_host_request(fake, 0);
    ck_assert_str_eq(r->url, "https://a1.route53-recovery-cluster.us-west-2.amazonaws.com/v1/");
    ck_assert_str_eq(r->region, "us-west-2");
    ck_assert(strstr(r->headers, "/us-west-2/route53-recovery-cluster/aws4_request"));
    ck_assert_int_eq(verify(r, SECRET), EVAC_OK);
    fake_host_run(fake, 1000);
}
END_TEST

/* --- servers of the account's own --- */

START_TEST(a_cluster_is_asked_with_a_token_made_for_it_and_its_own_ca)
{
    struct evac_aws_request request = op_of("kubernetes", "ReadDeployment", false);
    struct evac_str token;
    request.path = EVAC_STR("/apis");
    request.server = &cluster;
    fake_host_env(fake, "AWS_ENDPOINT_URL", "http://127.0.0.1:5000"); /* that is AWS's, not ours */
    (void)send_ok(&request);
    const struct fake_request *r = fake_host_request(fake, 0);
    ck_assert_str_eq(r->url, "https://api.example.com:6443/k8s/apis");
    ck_assert_str_eq(r->ca, "PEM");
    ck_assert_str_eq(r->region, "us-west-2");
    struct evac_endpoint sts = { .origin = EVAC_STR("https://sts.us-west-2.amazonaws.com"),
                                 .host = EVAC_STR("sts.us-west-2.amazonaws.com"),
                                 .signing_region = EVAC_STR("us-west-2") };
    struct evac_sigv4_identity identity = { EVAC_STR("AKIDEXAMPLE"), EVAC_STR(SECRET),
                                            EVAC_STR_NONE };
    ck_assert_int_eq(evac_aws_cluster_token(&sts, EVAC_STR("shop"), &identity, NULL, 1767323045000,
                                            arena, &token, NULL),
                     EVAC_OK);
    ck_assert_str_eq(fake_request_header(r, "authorization"),
                     evac_arena_printf(arena, "Bearer %.*s", EVAC_STR_ARG(token)).p);
    ck_assert_str_eq(fake_request_header(r, "x-amz-date"), "");
    fake_host_run(fake, 1000);
}
END_TEST

START_TEST(a_token_in_a_file_is_read_for_each_request_and_needs_no_credentials)
{
    struct evac_aws_server other = { .origin = EVAC_STR("https://api"),
                                     .token_file = EVAC_STR("/run/token") };
    struct evac_aws_request request = op_of("kubernetes", "ReadDeployment", false);
    request.server = &other;
    fake_host_env(fake, "AWS_ACCESS_KEY_ID", NULL);
    fake_host_file(fake, "/run/token", " first\n");
    (void)send_ok(&request);
    fake_host_file(fake, "/run/token", "second");
    (void)send_ok(&request);
    ck_assert_str_eq(fake_request_header(fake_host_request(fake, 0), "authorization"),
                     "Bearer first");
    ck_assert_str_eq(fake_request_header(fake_host_request(fake, 1), "authorization"),
                     "Bearer second");
    fake_host_run(fake, 1000);
}
END_TEST

START_TEST(what_is_no_token_is_not_sent)
{
    static const char *const texts[] = { "", "two words", "a\nb: c", NULL };
    struct evac_aws_server other = { .origin = EVAC_STR("https://api"),
                                     .token_file = EVAC_STR("/run/token") };
    struct evac_aws_request request = op_of("kubernetes", "ReadDeployment", false);
    request.server = &other;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct evac_err err = { 0 };
        fake_host_file(fake, "/run/token", texts[i]);
        ck_assert(evac_aws_send(aws, &request, on_done, NULL, NULL, &err));
        ck_assert_msg(strstr(err.text, "/run/token"), "%s", err.text);
    }
    ck_assert_uint_eq(fake_host_requests(fake), 0);
}
END_TEST

START_TEST(a_domain_is_asked_with_a_signature_for_its_region)
{
    struct evac_aws_server domain = { .origin = EVAC_STR(
                                          "https://search-logs.us-west-2.es.amazonaws.com") };
    struct evac_aws_request request = op_of("opensearch-domain", "ClusterHealth", false);
    request.server = &domain;
    request.path = EVAC_STR("/_cluster/state/metadata%2Cblocks/a");
    (void)send_ok(&request);
    const struct fake_request *r = fake_host_request(fake, 0);
    ck_assert(strstr(r->headers, "/us-west-2/es/aws4_request"));
    ck_assert_str_eq(r->ca, "");
    ck_assert_int_eq(verify(r, SECRET), EVAC_OK);
    fake_host_run(fake, 1000);
}
END_TEST

START_TEST(without_tls_a_server_must_be_on_this_machine)
{
    static const struct {
        const char *origin;
        bool good;
    } cases[] = {
        { "http://127.0.0.1:8080/x", true },
        { "http://[::1]:80", true },
        { "http://localhost", true },
        { "http://127.evil.example.com", false },
        { "http://10.0.0.1", false },
        { "https://10.0.0.1", true },
        { "ftp://127.0.0.1", false },
        { "https://user@host", false },
        { "", false },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct evac_endpoint e;
        ck_assert_msg(!evac_endpoint_server(evac_str(cases[i].origin), EVAC_STR("us-west-2"), arena,
                                            &e, NULL) == cases[i].good,
                      "%s", cases[i].origin);
    }
}
END_TEST

START_TEST(what_is_of_no_one_region_is_signed_for_all)
{
    struct evac_aws_request request = op_of("cloudfront-keyvaluestore", "GetKey", false);
    request.endpoint = EVAC_STR("https://1.cloudfront-kvs.global.api.aws");
    request.path = EVAC_STR("/key-value-stores/arn%3Aaws%3Acloudfront%3A%3A1%3Ax%2Fy/keys/k");
    (void)send_ok(&request);
    const struct fake_request *r = fake_host_request(fake, 0);
    ck_assert_str_eq(r->region, "");
    ck_assert_str_eq(fake_request_header(r, "x-amz-region-set"), "*");
    ck_assert(strstr(r->headers, "AWS4-ECDSA-P256-SHA256 Credential="));
    ck_assert(strstr(r->headers, "/cloudfront-keyvaluestore/aws4_request"));
    ck_assert(!strstr(r->headers, "us-west-2"));
    ck_assert_int_eq(verify(r, SECRET), EVAC_OK);
    ck_assert_int_eq(verify(r, "another"), EVAC_E_AUTH);
    fake_host_run(fake, 1000);
}
END_TEST

START_TEST(a_pinned_service_goes_to_its_home_and_says_so)
{
    struct evac_aws_request request = op_of("route53", "GetChange", false);
    request.path = EVAC_STR("/2013-04-01/change/C1");
    (void)send_ok(&request);
    const struct fake_request *r = fake_host_request(fake, 0);
    ck_assert_str_eq(r->url, "https://route53.amazonaws.com/2013-04-01/change/C1");
    ck_assert_str_eq(r->region, "us-east-1");
    ck_assert_str_eq(r->operation, "route53:GetChange");
    ck_assert_uint_eq(r->total_ms, 10000);
    ck_assert(strstr(r->headers, "/us-east-1/route53/aws4_request"));
    fake_host_run(fake, 1000);
}
END_TEST

START_TEST(a_session_token_is_sent_and_signed)
{
    fake_host_env(fake, "AWS_SESSION_TOKEN", "tok+en/==");
    open_with(NULL);
    struct evac_aws_request request = op_of("ecs", "ListServices", false);
    (void)send_ok(&request);
    const struct fake_request *r = fake_host_request(fake, 0);
    ck_assert_str_eq(fake_request_header(r, "x-amz-security-token"), "tok+en/==");
    ck_assert(strstr(r->headers, "x-amz-security-token,") ||
              strstr(r->headers, "x-amz-security-token;"));
    ck_assert_int_eq(verify(r, SECRET), EVAC_OK);
    fake_host_run(fake, 1000);
}
END_TEST

START_TEST(an_anonymous_request_needs_no_credentials_and_carries_none)
{
    fake_host_env(fake, "AWS_ACCESS_KEY_ID", NULL);
    open_with(NULL);
    struct evac_aws_request request = op_of("sts", "AssumeRoleWithWebIdentity", false);
    request.anonymous = true;
    (void)send_ok(&request);
    ck_assert_str_eq(fake_request_header(fake_host_request(fake, 0), "authorization"), "");
    ck_assert_str_eq(fake_request_header(fake_host_request(fake, 0), "x-amz-date"), "");
    fake_host_run(fake, 1000);
}
END_TEST

static const struct {
    const char *what;
    struct evac_aws_request request;
} refused[] = {
    { "service", { .service = "nope", .operation = "X", .region = { "r", 1 } } },
    { "no service", { .operation = "X", .region = { "r", 1 } } },
    { "operation", { .service = "rds", .region = { "r", 1 } } },
    { "no region", { .service = "rds", .operation = "X" } },
    { "region", { .service = "rds", .operation = "X", .region = { "a.b/c", 5 } } },
    { "bucket",
      { .service = "s3", .operation = "X", .region = { "r", 1 }, .bucket = { "../x", 4 } } },
    { "path", { .service = "s3", .operation = "X", .region = { "r", 1 }, .path = { "/a b", 4 } } },
    { "path", { .service = "s3", .operation = "X", .region = { "r", 1 }, .path = { "a", 1 } } },
};

START_TEST(a_request_that_makes_no_sense_is_refused_at_once)
{
    struct evac_err err = { 0 };
    uint64_t id;
    ck_assert_int_ne(evac_aws_send(aws, &refused[_i].request, on_done, NULL, &id, &err), EVAC_OK);
    ck_assert_msg(strlen(err.text) > 10, "%s: %s", refused[_i].what, err.text);
    fake_host_run(fake, 1000);
    ck_assert_uint_eq(got.count, 0);
    ck_assert_uint_eq(fake_host_requests(fake), 0);
}
END_TEST

START_TEST(a_header_can_not_smuggle_another)
{
    struct evac_http_header header = { EVAC_STR("If-Match"), EVAC_STR("x\r\nX-Evil: 1") };
    struct evac_aws_request request = op_of("s3", "PutObject", true);
    request.headers = &header;
    request.header_count = 1;
    ck_assert_int_eq(evac_aws_send(aws, &request, on_done, NULL, NULL, NULL), EVAC_E_BADARG);
}
END_TEST

START_TEST(a_host_that_refuses_makes_the_send_refuse)
{
    struct evac_aws_request request = op_of("ecs", "UpdateService", true);
    fake_host_refuse(fake, EVAC_E_REFUSED);
    ck_assert_int_eq(evac_aws_send(aws, &request, on_done, NULL, NULL, NULL), EVAC_E_REFUSED);
    fake_host_run(fake, 1000);
    ck_assert_uint_eq(got.count, 0);
}
END_TEST

/* --- what comes back --- */

#define ERR_QUERY(code)                                                                            \
    "<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type><Code>" code "</Code>"                   \
    "<Message>words</Message></Error><RequestId>rid</RequestId></ErrorResponse>"
#define ERR_EC2(code)                                                                              \
    "<Response><Errors><Error><Code>" code "</Code><Message>words</Message></Error></Errors>"      \
    "<RequestID>rid</RequestID></Response>"
#define ERR_S3(code)                                                                               \
    "<?xml version=\"1.0\"?><Error><Code>" code "</Code><Message>words</Message>"                  \
    "<RequestId>rid</RequestId></Error>"

/* clang-format off */
static const struct {
    const char *service, *operation;
    bool mutates;
    int status;
    const char *headers, *body;
    const char *outcome, *code, *message;
} replies[] = {
    /* accepted */
    { "rds", "Op", true, 200, NULL, "<OpResponse><OpResult/><ResponseMetadata><RequestId>rid</RequestId></ResponseMetadata></OpResponse>", "accepted", "", "" },
    { "ec2", "Op", false, 200, NULL, "<OpResponse><requestId>rid</requestId></OpResponse>", "accepted", "", "" },
    { "route53", "Op", true, 200, "x-amzn-RequestId: rid", "<Any/>", "accepted", "", "" },
    { "s3", "PutObject", true, 200, "x-amz-request-id: rid", "", "accepted", "", "" },
    { "s3", "DeleteBucketReplication", true, 204, "x-amz-request-id: rid", "", "accepted", "", "" },
    { "s3", "GetObject", false, 200, "x-amz-request-id: rid", "<Error>an object may say that", "accepted", "", "" },
    { "s3", "GetObject", false, 206, "x-amz-request-id: rid", "\x01\x02", "accepted", "", "" },
    { "ecs", "Op", true, 200, "x-amzn-RequestId: rid", "{\"a\":1}", "accepted", "", "" },
    { "dynamodb", "Op", true, 200, "x-amzn-RequestId: rid", "", "accepted", "", "" },
    { "lambda", "Op", true, 202, "x-amzn-RequestId: rid", "", "accepted", "", "" },
    /* a success that can not be understood */
    { "rds", "Op", true, 200, NULL, "<html>Sign in to the hotel</html>", "unknown", "", "not an answer" },
    { "rds", "Op", true, 200, NULL, "<OtherResponse/>", "unknown", "", "not an answer" },
    { "rds", "Op", true, 200, NULL, "", "unknown", "", "empty" },
    { "ec2", "Op", false, 200, NULL, "<OpResponse>", "unknown", "", "XML" },
    { "route53", "Op", true, 200, NULL, "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "unknown", "", "document type" },
    { "ecs", "Op", true, 200, NULL, "{\"a\":", "unknown", "", "JSON" },
    { "ecs", "Op", false, 200, NULL, "", "unknown", "", "empty" },
    { "ecs", "Op", true, 200, NULL, "<html/>", "unknown", "", "JSON" },
    { "s3", "CopyObject", true, 200, NULL, ERR_S3("InternalError"), "unknown", "InternalError", "words" },
    { "s3", "CopyObject", true, 200, NULL, ERR_S3("AccessDenied"), "rejected", "AccessDenied", "words" },
    { "s3", "CopyObject", true, 200, NULL, ERR_S3("SlowDown"), "throttled", "SlowDown", "words" },
    /* refusals, by envelope */
    { "rds", "Op", true, 400, NULL, ERR_QUERY("InvalidGlobalClusterStateFault"), "rejected", "InvalidGlobalClusterStateFault", "words" },
    { "ec2", "Op", true, 400, NULL, ERR_EC2("InvalidInstanceID.NotFound"), "rejected", "InvalidInstanceID.NotFound", "words" },
    { "route53", "Op", true, 400, NULL, ERR_QUERY("InvalidInput"), "rejected", "InvalidInput", "words" },
    { "route53", "Op", true, 400, NULL, "<InvalidChangeBatch><Messages><Message>one</Message><Message>two</Message></Messages><RequestId>rid</RequestId></InvalidChangeBatch>", "rejected", "InvalidChangeBatch", "one; two" },
    { "s3", "Op", true, 412, NULL, ERR_S3("PreconditionFailed"), "rejected", "PreconditionFailed", "words" },
    { "s3", "HeadObject", false, 404, "x-amz-request-id: rid", "", "rejected", "", "status 404" },
    { "ecs", "Op", true, 400, NULL, "{\"__type\":\"com.amazonaws.ecs#ServiceNotFoundException:http://x\",\"message\":\"words\"}", "rejected", "ServiceNotFoundException", "words" },
    { "dynamodb", "Op", true, 400, NULL, "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException\",\"Message\":\"words\"}", "rejected", "ConditionalCheckFailedException", "words" },
    { "lambda", "Op", true, 409, "x-amzn-ErrorType: ResourceConflictException:http://y", "{\"Message\":\"words\"}", "rejected", "ResourceConflictException", "words" },
    { "lambda", "Op", true, 403, NULL, "{\"message\":\"words\",\"code\":\"AccessDenied\"}", "rejected", "AccessDenied", "words" },
    { "cloudwatch", "Op", true, 400, "x-amzn-query-error: ResourceNotFound;Sender", "{\"__type\":\"x#ResourceNotFoundException\",\"message\":\"words\"}", "rejected", "ResourceNotFound", "words" },
    { "ecs", "Op", true, 403, NULL, "not json at all", "rejected", "", "status 403" },
    { "rds", "Op", true, 403, NULL, "<html>proxy</html>", "rejected", "", "status 403" },
    { "s3", "Op", true, 302, NULL, "", "rejected", "", "status 302" },
    { "ec2", "RunInstances", true, 500, NULL, ERR_EC2("InsufficientInstanceCapacity"), "rejected", "InsufficientInstanceCapacity", "words" },
    { "kubernetes", "Op", true, 409, "Audit-Id: rid", "{\"kind\":\"Status\",\"reason\":\"Conflict\",\"message\":\"words\",\"code\":409}", "rejected", "Conflict", "words" },
    { "kubernetes", "Op", true, 401, NULL, "{\"kind\":\"Status\",\"reason\":\"Unauthorized\",\"message\":\"words\",\"code\":401}", "rejected", "Unauthorized", "words" },
    { "kubernetes", "Op", true, 422, NULL, "{\"kind\":\"Status\",\"reason\":\"Invalid\",\"message\":\"words\"}", "rejected", "Invalid", "words" },
    { "kubernetes", "Op", true, 429, NULL, "{\"kind\":\"Status\",\"reason\":\"TooManyRequests\",\"message\":\"words\"}", "throttled", "TooManyRequests", "words" },
    { "kubernetes", "Op", true, 504, NULL, "{\"kind\":\"Status\",\"reason\":\"Timeout\",\"message\":\"words\"}", "unknown", "Timeout", "words" },
    { "opensearch-domain", "Op", true, 400, NULL, "{\"error\":{\"type\":\"illegal_argument_exception\",\"reason\":\"words\"},\"status\":400}", "rejected", "illegal_argument_exception", "words" },
    { "opensearch-domain", "Op", true, 403, NULL, "{\"Message\":\"words\"}", "rejected", "", "words" },
    { "opensearch-domain", "Op", true, 500, NULL, "{\"error\":{\"type\":\"replication_exception\",\"reason\":\"words\"},\"status\":500}", "unknown", "replication_exception", "words" },
    /* throttles */
    { "rds", "Op", true, 400, NULL, ERR_QUERY("Throttling"), "throttled", "Throttling", "words" },
    { "route53", "Op", true, 400, NULL, ERR_QUERY("PriorRequestNotComplete"), "throttled", "PriorRequestNotComplete", "words" },
    { "ec2", "Op", true, 503, NULL, ERR_EC2("RequestLimitExceeded"), "throttled", "RequestLimitExceeded", "words" },
    { "s3", "Op", true, 503, NULL, ERR_S3("SlowDown"), "throttled", "SlowDown", "words" },
    { "ecs", "Op", true, 400, NULL, "{\"__type\":\"ThrottlingException\",\"message\":\"words\"}", "throttled", "ThrottlingException", "words" },
    { "lambda", "Op", true, 429, NULL, "", "throttled", "", "status 429" },
    { "application-autoscaling", "Op", true, 400, NULL, "{\"__type\":\"LimitExceededException\",\"message\":\"words\"}", "rejected", "LimitExceededException", "words" },
    /* nobody knows */
    { "rds", "Op", true, 500, NULL, ERR_QUERY("InternalFailure"), "unknown", "InternalFailure", "words" },
    { "rds", "Op", true, 503, NULL, "<html>gateway</html>", "unknown", "", "status 503" },
    { "ecs", "Op", true, 502, NULL, "", "unknown", "", "status 502" },
    { "ecs", "Op", true, 408, NULL, "", "unknown", "", "status 408" },
    { "s3", "Op", true, 400, NULL, ERR_S3("RequestTimeout"), "unknown", "RequestTimeout", "words" },
};
/* clang-format on */

START_TEST(a_reply_means_what_the_table_says)
{
    exchange(replies[_i].service, replies[_i].operation, replies[_i].mutates,
             (struct fake_reply){ .status = replies[_i].status,
                                  .headers = replies[_i].headers,
                                  .body = replies[_i].body });
    ck_assert_str_eq(evac_outcome_name(got.outcome), replies[_i].outcome);
    ck_assert_str_eq(got.code, replies[_i].code);
    ck_assert_msg(strstr(got.message, replies[_i].message), "%s", got.message);
    ck_assert_int_eq(got.status, replies[_i].status);
    bool named = (replies[_i].headers && strstr(replies[_i].headers, "rid")) ||
                 strstr(replies[_i].body, "rid<");
    ck_assert_str_eq(got.request_id, named ? "rid" : "");
    ck_assert_uint_eq(fake_host_requests(fake), 1);
}
END_TEST

/* Runs once for each status: whatever the body says, a 4xx is no maybe and a 5xx no certainty. */
START_TEST(a_status_alone_decides_between_refused_and_nobody_knows)
{
    enum evac_outcome outcome = evac_aws_outcome(_i, EVAC_STR("SomeFault"));
    if (_i == 429)
        ck_assert_int_eq(outcome, EVAC_OUTCOME_THROTTLED);
    else if (_i == 408 || _i >= 500)
        ck_assert_int_eq(outcome, EVAC_OUTCOME_UNKNOWN);
    else
        ck_assert_int_eq(outcome, EVAC_OUTCOME_REJECTED);
    ck_assert_int_eq(evac_aws_outcome(_i, EVAC_STR("Throttling")), EVAC_OUTCOME_THROTTLED);
}
END_TEST

START_TEST(what_was_not_sent_and_what_was_lost_stay_apart)
{
    exchange("rds", "Op", true,
             (struct fake_reply){ .fate = EVAC_HTTP_NOT_SENT, .error = "no such name" });
    ck_assert_int_eq(got.outcome, EVAC_OUTCOME_NOT_SENT);
    ck_assert_str_eq(got.message, "no such name");
    exchange("rds", "Op", true, (struct fake_reply){ .fate = EVAC_HTTP_LOST, .error = "reset" });
    ck_assert_int_eq(got.outcome, EVAC_OUTCOME_UNKNOWN);
    exchange("rds", "Op", true, (struct fake_reply){ .delay_ms = 20001 });
    ck_assert_int_eq(got.outcome, EVAC_OUTCOME_UNKNOWN);
    ck_assert_int_eq(got.status, 0);
}
END_TEST

START_TEST(a_body_cut_anywhere_is_never_taken_for_an_answer)
{
    static const char xml[] = "<OpResponse><R><V>value &amp; more</V></R></OpResponse>";
    static const char json[] = "{\"R\":{\"V\":[1,2,{\"x\":\"\\u00e9\"}]},\"y\":true}";
    for (size_t n = 1; n < sizeof xml - 1; n++) {
        exchange("rds", "Op", true, (struct fake_reply){ .body = xml, .body_bytes = n });
        ck_assert_msg(got.outcome == EVAC_OUTCOME_UNKNOWN && !got.has_xml, "%.*s", (int)n, xml);
    }
    for (size_t n = 1; n < sizeof json - 1; n++) {
        exchange("ecs", "Op", true, (struct fake_reply){ .body = json, .body_bytes = n });
        ck_assert_msg(got.outcome == EVAC_OUTCOME_UNKNOWN && !got.has_json, "%.*s", (int)n, json);
    }
    exchange("rds", "Op", true, (struct fake_reply){ .body = xml });
    ck_assert_int_eq(got.outcome, EVAC_OUTCOME_ACCEPTED);
    ck_assert_str_eq(got.text, "value & more");
    exchange("ecs", "Op", true, (struct fake_reply){ .body = json });
    ck_assert_int_eq(got.outcome, EVAC_OUTCOME_ACCEPTED);
}
END_TEST

static const struct {
    const char *headers;
    uint32_t ms;
} waits[] = {
    { "Retry-After: 7", 7000 },
    { "x-amz-retry-after: 250", 250 },
    { "Retry-After: 7\nx-amz-retry-after: 250", 250 },
    { "Retry-After: Fri, 02 Jan 2026 03:04:05 GMT", 0 },
    { "Retry-After: -1", 0 },
    { "Retry-After: 9223372036854775807", 3600000 },
    { "X-Other: 1", 0 },
};

START_TEST(a_service_may_say_how_long_to_wait)
{
    exchange("ecs", "Op", true, (struct fake_reply){ .status = 429, .headers = waits[_i].headers });
    ck_assert_uint_eq(got.retry_after_ms, waits[_i].ms);
}
END_TEST

/* --- once more --- */

static const char *const clock_codes[] = { "RequestTimeTooSkewed", "RequestExpired",
                                           "InvalidSignatureException", "SignatureDoesNotMatch",
                                           "AuthFailure" };

static const char *clock_error(const char *code)
{
    return evac_arena_printf(arena,
                             "<ErrorResponse><Error><Code>%s</Code><Message>m</Message></Error>"
                             "</ErrorResponse>",
                             code)
        .p;
}

START_TEST(a_wrong_clock_is_learned_from_the_server_and_signed_for_once)
{
    const char *late = "Date: Fri, 02 Jan 2026 03:14:05 GMT"; /* ten minutes ahead of us */
    const char *error = clock_error(clock_codes[_i]);
    fake_host_reply(fake, "", (struct fake_reply){ .status = 403, .headers = late, .body = error });
    exchange("rds", "Op", true, (struct fake_reply){ .body = "<OpResponse/>" });
    ck_assert_int_eq(got.outcome, EVAC_OUTCOME_ACCEPTED);
    ck_assert_uint_eq(fake_host_requests(fake), 2);
    const struct fake_request *first = fake_host_request(fake, 0);
    const struct fake_request *second = fake_host_request(fake, 1);
    ck_assert_str_eq(fake_request_header(first, "x-amz-date"), "20260102T030405Z");
    ck_assert_str_eq(fake_request_header(second, "x-amz-date"), "20260102T031405Z");
    ck_assert_str_eq(fake_request_header(second, "amz-sdk-request"), "attempt=2; max=2");
    ck_assert(strstr(second->headers,
                     evac_arena_dup(arena, fake_request_header(first, "amz-sdk-invocation-id"))));

    /* and it is kept for that host, not for others */
    exchange("rds", "Op", true, (struct fake_reply){ .body = "<OpResponse/>" });
    ck_assert_str_eq(fake_request_header(fake_host_request(fake, 2), "x-amz-date"),
                     "20260102T031435Z");
    exchange("ecs", "Op", true, (struct fake_reply){ .body = "{}" });
    ck_assert_str_eq(fake_request_header(fake_host_request(fake, 3), "x-amz-date"),
                     "20260102T030505Z");
}
END_TEST

static const struct {
    int status;
    const char *date, *code;
    const char *outcome;
} not_again[] = {
    { 403, "Date: Fri, 02 Jan 2026 03:06:05 GMT", "SignatureDoesNotMatch", "rejected" }, /* 2 min */
    { 403, "Date: yesterday", "SignatureDoesNotMatch", "rejected" },
    { 403, NULL, "SignatureDoesNotMatch", "rejected" },
    { 403, "Date: Fri, 02 Jan 2026 03:14:05 GMT", "AccessDenied", "rejected" },
    { 500, "Date: Fri, 02 Jan 2026 03:14:05 GMT", "SignatureDoesNotMatch", "unknown" },
    { 408, "Date: Fri, 02 Jan 2026 03:14:05 GMT", "RequestExpired", "unknown" },
    { 429, "Date: Fri, 02 Jan 2026 03:14:05 GMT", "RequestExpired", "throttled" },
};

START_TEST(nothing_else_is_ever_sent_twice)
{
    exchange("rds", "Op", true,
             (struct fake_reply){ .status = not_again[_i].status,
                                  .headers = not_again[_i].date,
                                  .body = clock_error(not_again[_i].code) });
    ck_assert_str_eq(evac_outcome_name(got.outcome), not_again[_i].outcome);
    ck_assert_uint_eq(fake_host_requests(fake), 1);
}
END_TEST

START_TEST(a_clock_that_stays_wrong_is_told_after_one_more_try)
{
    const char *error = clock_error("RequestExpired");
    fake_host_reply(fake, "",
                    (struct fake_reply){ .status = 403,
                                         .headers = "Date: Fri, 02 Jan 2026 03:14:05 GMT",
                                         .body = error });
    exchange("rds", "Op", true,
             (struct fake_reply){
                 .status = 403, .headers = "Date: Fri, 02 Jan 2026 05:14:05 GMT", .body = error });
    ck_assert_int_eq(got.outcome, EVAC_OUTCOME_REJECTED);
    ck_assert_str_eq(got.code, "RequestExpired");
    ck_assert_uint_eq(fake_host_requests(fake), 2);
}
END_TEST

static const struct {
    int status;
    const char *headers, *body;
    bool again;
} moved[] = {
    { 301, "x-amz-bucket-region: eu-west-1", "", true },
    { 301, NULL, "<Error><Code>PermanentRedirect</Code><Region>eu-west-1</Region></Error>", true },
    { 400, "x-amz-bucket-region: eu-west-1", ERR_S3("AuthorizationHeaderMalformed"), true },
    { 400, NULL,
      "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region></Error>", true },
    { 400, "x-amz-bucket-region: eu-west-1", "", true },
    { 301, "x-amz-bucket-region: evil.example/x", "", false },
    { 301, "x-amz-bucket-region: us-west-2", "", false },
    { 403, "x-amz-bucket-region: eu-west-1", ERR_S3("AccessDenied"), false },
    { 301, "Location: https://evil.example/", "", false },
};

START_TEST(a_bucket_in_another_region_is_asked_there_once)
{
    struct evac_aws_request request = op_of("s3", "PutObject", true);
    request.bucket = EVAC_STR("my-bucket");
    request.path = EVAC_STR("/k");
    fake_host_reply(fake, "",
                    (struct fake_reply){ .status = moved[_i].status,
                                         .headers = moved[_i].headers,
                                         .body = moved[_i].body,
                                         .always = true });
    (void)send_ok(&request);
    fake_host_run(fake, 1000);
    ck_assert_int_eq(got.outcome, EVAC_OUTCOME_REJECTED);
    ck_assert_uint_eq(fake_host_requests(fake), moved[_i].again ? 2 : 1);
    if (!moved[_i].again)
        return;
    const struct fake_request *r = fake_host_request(fake, 1);
    ck_assert_str_eq(r->url, "https://my-bucket.s3.eu-west-1.amazonaws.com/k");
    ck_assert_str_eq(r->region, "eu-west-1");
    ck_assert(strstr(r->headers, "/eu-west-1/s3/aws4_request"));
    ck_assert_int_eq(verify(r, SECRET), EVAC_OK);
}
END_TEST

/* --- cancelled, closed, without credentials --- */

START_TEST(a_cancelled_request_still_calls_back_exactly_once)
{
    struct evac_aws_request request = op_of("rds", "Op", true);
    fake_host_reply(fake, "", (struct fake_reply){ .delay_ms = 5000, .body = "<OpResponse/>" });
    uint64_t id = send_ok(&request);
    evac_aws_cancel(aws, id);
    ck_assert_uint_eq(got.count, 0);
    evac_aws_cancel(aws, id);
    fake_host_run(fake, 10000);
    ck_assert_uint_eq(got.count, 1);
    ck_assert_int_eq(got.outcome, EVAC_OUTCOME_UNKNOWN);
    evac_aws_cancel(aws, id);
    evac_aws_cancel(aws, 4711);
    fake_host_run(fake, 10000);
    ck_assert_uint_eq(got.count, 1);
}
END_TEST

START_TEST(a_cancelled_request_is_not_signed_again)
{
    struct evac_aws_request request = op_of("rds", "Op", true);
    uint64_t id = 0;
    fake_host_reply(fake, "",
                    (struct fake_reply){ .status = 403,
                                         .headers = "Date: Fri, 02 Jan 2026 03:14:05 GMT",
                                         .body = clock_error("RequestExpired") });
    id = send_ok(&request);
    evac_aws_cancel(aws, id);
    fake_host_run(fake, 10000);
    ck_assert_uint_eq(fake_host_requests(fake), 1);
    ck_assert_uint_eq(got.count, 1);
}
END_TEST

START_TEST(a_request_that_waits_for_credentials_can_be_cancelled)
{
    fake_host_env(fake, "AWS_ACCESS_KEY_ID", NULL);
    fake_host_reply(fake, "169.254", (struct fake_reply){ .delay_ms = 500, .always = true });
    open_with(NULL);
    struct evac_aws_request request = op_of("rds", "Op", true);
    uint64_t id = send_ok(&request);
    evac_aws_cancel(aws, id);
    ck_assert_uint_eq(got.count, 0);
    fake_host_run(fake, 1);
    ck_assert_uint_eq(got.count, 1);
    ck_assert_int_eq(got.outcome, EVAC_OUTCOME_NOT_SENT);
    fake_host_run(fake, 60000);
    ck_assert_uint_eq(got.count, 1);
}
END_TEST

START_TEST(a_closed_client_calls_nobody)
{
    struct evac_aws_request request = op_of("rds", "Op", true);
    fake_host_reply(fake, "", (struct fake_reply){ .delay_ms = 5000, .body = "<OpResponse/>" });
    (void)send_ok(&request);
    evac_aws_close(aws);
    aws = NULL;
    fake_host_run(fake, 10000);
    ck_assert_uint_eq(got.count, 0);
}
END_TEST

START_TEST(without_credentials_nothing_is_sent_and_it_says_where_it_looked)
{
    fake_host_env(fake, "AWS_ACCESS_KEY_ID", NULL);
    fake_host_env(fake, "AWS_EC2_METADATA_DISABLED", "true");
    fake_host_env(fake, "HOME", "/home/x");
    open_with(NULL);
    struct evac_aws_request request = op_of("rds", "Op", true);
    (void)send_ok(&request);
    fake_host_run(fake, 1000);
    ck_assert_uint_eq(got.count, 1);
    ck_assert_int_eq(got.outcome, EVAC_OUTCOME_NOT_SENT);
    ck_assert(strstr(got.message, "/home/x/.aws/credentials"));
    ck_assert(strstr(got.message, "environment"));
    ck_assert_uint_eq(fake_host_requests(fake), 0);
}
END_TEST

/* --- endpoints --- */

/* clang-format off */
static const struct {
    const char *service, *region, *bucket;
    const char *env; /* "A=b C=d" */
    const char *url; /* NULL: refused */
    const char *signing_region;
    const char *own; /* a resource's own */
} endpoints[] = {
    { "rds", "us-west-2", "", "", "https://rds.us-west-2.amazonaws.com", "us-west-2" },
    { "rds", "cn-north-1", "", "", "https://rds.cn-north-1.amazonaws.com.cn", "cn-north-1" },
    { "rds", "us-gov-west-1", "", "AWS_USE_FIPS_ENDPOINT=true", "https://rds.us-gov-west-1.amazonaws.com", "us-gov-west-1" },
    { "rds", "us-east-1", "", "AWS_USE_FIPS_ENDPOINT=true", "https://rds-fips.us-east-1.amazonaws.com", "us-east-1" },
    { "rds", "us-east-1", "", "AWS_USE_DUALSTACK_ENDPOINT=True", "https://rds.us-east-1.api.aws", "us-east-1" },
    { "ecs", "us-iso-east-1", "", "", "https://ecs.us-iso-east-1.c2s.ic.gov", "us-iso-east-1" },
    { "ecs", "eusc-de-east-1", "", "", "https://ecs.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1" },
    { "sts", "eu-west-1", "", "", "https://sts.eu-west-1.amazonaws.com", "eu-west-1" },
    { "cloudwatch", "eu-west-1", "", "", "https://monitoring.eu-west-1.amazonaws.com", "eu-west-1" },
    { "elbv2", "eu-west-1", "", "", "https://elasticloadbalancing.eu-west-1.amazonaws.com", "eu-west-1" },
    { "secretsmanager", "eu-west-1", "", "AWS_USE_DUALSTACK_ENDPOINT=true", "https://secretsmanager.eu-west-1.amazonaws.com", "eu-west-1" },
    { "eks", "us-east-1", "", "AWS_USE_FIPS_ENDPOINT=true", "https://fips.eks.us-east-1.amazonaws.com", "us-east-1" },
    { "route53", "eu-west-1", "", "", "https://route53.amazonaws.com", "us-east-1" },
    { "route53", "", "", "", "https://route53.amazonaws.com", "us-east-1" },
    { "route53", "cn-north-1", "", "", "https://route53.amazonaws.com.cn", "cn-northwest-1" },
    { "route53", "us-gov-east-1", "", "", "https://route53.us-gov.amazonaws.com", "us-gov-west-1" },
    { "route53", "us-east-1", "", "AWS_USE_FIPS_ENDPOINT=true", "https://route53-fips.amazonaws.com", "us-east-1" },
    { "route53", "us-east-1", "", "AWS_USE_DUALSTACK_ENDPOINT=true", "https://route53.global.api.aws", "us-east-1" },
    { "route53", "cn-north-1", "", "AWS_USE_FIPS_ENDPOINT=true", NULL, NULL },
    { "iam", "eu-west-1", "", "", "https://iam.amazonaws.com", "us-east-1" },
    { "iam", "eu-west-1", "", "AWS_USE_FIPS_ENDPOINT=true", "https://iam-fips.amazonaws.com", "us-east-1" },
    { "iam", "eu-west-1", "", "AWS_USE_DUALSTACK_ENDPOINT=true", "https://iam.global.api.aws", "us-east-1" },
    { "iam", "us-gov-east-1", "", "", "https://iam.us-gov.amazonaws.com", "us-gov-west-1" },
    { "iam", "us-gov-east-1", "", "AWS_USE_DUALSTACK_ENDPOINT=true", "https://iam.us-gov.api.aws", "us-gov-west-1" },
    { "iam", "cn-northwest-1", "", "", "https://iam.cn-north-1.amazonaws.com.cn", "cn-north-1" },
    { "iam", "us-iso-west-1", "", "", "https://iam.us-iso-east-1.c2s.ic.gov", "us-iso-east-1" },
    { "ecr", "us-west-2", "", "", "https://api.ecr.us-west-2.amazonaws.com", "us-west-2" },
    { "ecr", "us-west-2", "", "AWS_USE_FIPS_ENDPOINT=true", "https://api.ecr-fips.us-west-2.amazonaws.com", "us-west-2" },
    { "ecr", "us-west-2", "", "AWS_USE_DUALSTACK_ENDPOINT=true", "https://ecr.us-west-2.api.aws", "us-west-2" },
    { "acm", "us-west-2", "", "", "https://acm.us-west-2.amazonaws.com", "us-west-2" },
    { "globalaccelerator", "eu-west-1", "", "", "https://globalaccelerator.us-west-2.amazonaws.com", "us-west-2" },
    { "s3", "us-west-2", "my-bucket", "", "https://my-bucket.s3.us-west-2.amazonaws.com", "us-west-2" },
    { "s3", "us-west-2", "", "", "https://s3.us-west-2.amazonaws.com", "us-west-2" },
    { "s3", "us-west-2", "my.bucket", "", "https://s3.us-west-2.amazonaws.com/my.bucket", "us-west-2" },
    { "s3", "us-west-2", "Old_Bucket", "", "https://s3.us-west-2.amazonaws.com/Old_Bucket", "us-west-2" },
    { "s3", "us-west-2", "my-bucket", "AWS_USE_DUALSTACK_ENDPOINT=true", "https://my-bucket.s3.dualstack.us-west-2.amazonaws.com", "us-west-2" },
    { "s3", "us-west-2", "my-bucket", "AWS_USE_FIPS_ENDPOINT=true AWS_USE_DUALSTACK_ENDPOINT=true", "https://my-bucket.s3-fips.dualstack.us-west-2.amazonaws.com", "us-west-2" },
    { "s3", "us-west-2", "my-bucket", "AWS_ENDPOINT_URL=http://127.0.0.1:5000", "http://127.0.0.1:5000/my-bucket", "us-west-2" },
    /* an account stands before the host, but not before someone's own */
    { "s3control", "us-west-2", "123456789012", "", "https://123456789012.s3-control.us-west-2.amazonaws.com", "us-west-2" },
    { "s3control", "us-west-2", "123456789012", "AWS_USE_DUALSTACK_ENDPOINT=true", "https://123456789012.s3-control.dualstack.us-west-2.amazonaws.com", "us-west-2" },
    { "s3control", "us-west-2", "123456789012", "AWS_USE_FIPS_ENDPOINT=true", "https://123456789012.s3-control-fips.us-west-2.amazonaws.com", "us-west-2" },
    { "s3control", "eu-west-1", "123456789012", "AWS_PROFILE=q", "https://123456789012.s3-control.eu-west-1.amazonaws.com", "eu-west-1" },
    { "s3control", "us-west-2", "123456789012", "AWS_ENDPOINT_URL_S3_CONTROL=http://127.0.0.1:5000", "http://127.0.0.1:5000", "us-west-2" },
    /* overrides, by rank */
    { "route53", "eu-west-1", "", "AWS_ENDPOINT_URL=https://a AWS_ENDPOINT_URL_ROUTE_53=https://b", "https://b", "us-east-1" },
    { "elbv2", "eu-west-1", "", "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2=https://b", "https://b", "eu-west-1" },
    { "rds", "eu-west-1", "", "AWS_ENDPOINT_URL=https://a", "https://a", "eu-west-1" },
    { "rds", "eu-west-1", "", "AWS_ENDPOINT_URL=https://a AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true", "https://rds.eu-west-1.amazonaws.com", "eu-west-1" },
    { "rds", "eu-west-1", "", "AWS_PROFILE=p", "https://of-services", "eu-west-1" },
    { "route53", "eu-west-1", "", "AWS_PROFILE=p", "https://of-route53", "us-east-1" },
    { "ecs", "eu-west-1", "", "AWS_PROFILE=p", "https://of-profile", "eu-west-1" },
    { "rds", "eu-west-1", "", "AWS_PROFILE=p AWS_ENDPOINT_URL=https://a", "https://a", "eu-west-1" },
    { "rds", "eu-west-1", "", "AWS_PROFILE=q", "https://rds.eu-west-1.amazonaws.com", "eu-west-1" },
    { "s3", "eu-west-1", "my-bucket", "AWS_PROFILE=q", "https://s3.eu-west-1.amazonaws.com/my-bucket", "eu-west-1" },
    { "rds", "eu-west-1", "", "AWS_ENDPOINT_URL=https://A.Example:443/base/", "https://a.example/base", "eu-west-1" },
    { "rds", "eu-west-1", "", "AWS_ENDPOINT_URL=http://[::1]:5000", "http://[::1]:5000", "eu-west-1" },
    { "rds", "eu-west-1", "", "AWS_ENDPOINT_URL=https://a AWS_USE_FIPS_ENDPOINT=true", NULL, NULL },
    { "rds", "eu-west-1", "", "AWS_ENDPOINT_URL=ftp://a", NULL, NULL },
    { "rds", "eu-west-1", "", "AWS_ENDPOINT_URL=http://a", NULL, NULL }, /* in the clear, elsewhere */
    { "rds", "eu-west-1", "", "AWS_ENDPOINT_URL=http://10.0.0.1:5000", NULL, NULL },
    { "rds", "eu-west-1", "", "AWS_ENDPOINT_URL=http://127.evil.example.com", NULL, NULL },
    { "rds", "eu-west-1", "", "AWS_ENDPOINT_URL=http://localhost.example.com", NULL, NULL },
    { "rds", "eu-west-1", "", "AWS_ENDPOINT_URL=http://user:pass@a", NULL, NULL },
    { "rds", "eu-west-1", "", "AWS_ENDPOINT_URL=https://a:99999", NULL, NULL },
    { "rds", "eu-west-1", "", "AWS_ENDPOINT_URL=https://a?b=c", NULL, NULL },
    /* what has its own */
    { "route53-recovery-cluster", "eu-west-1", "", "", "https://a1.route53-recovery-cluster.eu-west-1.amazonaws.com/v1", "eu-west-1",
      "https://a1.route53-recovery-cluster.eu-west-1.amazonaws.com/v1" },
    { "route53-recovery-cluster", "eu-west-1", "", "AWS_ENDPOINT_URL=https://a", "https://a", "eu-west-1", "https://b" },
    { "route53-recovery-cluster", "eu-west-1", "", "AWS_USE_FIPS_ENDPOINT=true", NULL, NULL, "https://b" },
    { "route53-recovery-cluster", "eu-west-1", "", "", NULL, NULL, "b.example.com" },
    { "route53-recovery-cluster", "eu-west-1", "", "", NULL, NULL },
    { "cloudfront-keyvaluestore", "eu-west-1", "", "", "https://123456789012.cloudfront-kvs.global.api.aws", "",
      "https://123456789012.cloudfront-kvs.global.api.aws" },
    { "route53-recovery-control-config", "eu-west-1", "", "", "https://route53-recovery-control-config.us-west-2.amazonaws.com", "us-west-2" },
    { "route53-recovery-control-config", "eu-west-1", "", "AWS_USE_DUALSTACK_ENDPOINT=true", "https://arc-recovery-control-config.us-west-2.api.aws", "us-west-2" },
};
/* clang-format on */

static void set_env(const char *pairs)
{
    struct evac_str value, rest = evac_str(pairs);
    while (rest.n) {
        struct evac_str name = evac_str_cut(evac_str_cut(rest, ' ', &rest), '=', &value);
        name = evac_arena_str(arena, name);
        fake_host_env(fake, name.p, evac_arena_str(arena, value).p);
    }
}

START_TEST(an_endpoint_is_where_aws_or_its_owner_says)
{
    struct evac_aws_config config;
    struct evac_endpoint e;
    struct evac_err err = { 0 };
    fake_host_env(fake, "HOME", "/h");
    fake_host_file(fake, "/h/.aws/config",
                   "[profile p]\nservices = mine\nendpoint_url = https://of-profile\n"
                   "[services mine]\nrds =\n  endpoint_url = https://of-services\n"
                   "route_53 =\n  endpoint_url = https://of-route53\n"
                   "[profile q]\ns3 =\n  addressing_style = path\n");
    set_env(endpoints[_i].env);
    ck_assert_int_eq(evac_aws_config_load(fake_host_table(fake), NULL, arena, &config, &err),
                     EVAC_OK);
    const struct evac_endpoint_wish wish = { evac_aws_service(endpoints[_i].service),
                                             evac_str(endpoints[_i].region),
                                             evac_str(endpoints[_i].bucket),
                                             evac_str(endpoints[_i].own ? endpoints[_i].own : "") };
    enum evac_code code = evac_endpoint_find(&config, &wish, arena, &e, &err);
    if (!endpoints[_i].url) {
        ck_assert_int_ne(code, EVAC_OK);
        return;
    }
    ck_assert_msg(code == EVAC_OK, "%s", err.text);
    ck_assert_str_eq(
        evac_arena_printf(arena, "%.*s%.*s", EVAC_STR_ARG(e.origin), EVAC_STR_ARG(e.prefix)).p,
        endpoints[_i].url);
    ck_assert(evac_str_is(e.signing_region, endpoints[_i].signing_region));
}
END_TEST

START_TEST(the_controllers_own_endpoint_comes_before_all_others)
{
    struct evac_arg items[] = {
        { EVAC_STR("endpoint_url"), EVAC_STR("https://all") },
        { EVAC_STR("endpoint_url.rds"), EVAC_STR("http://127.0.0.1:5000") },
    };
    struct evac_args settings = { items, 2 };
    struct evac_aws_request request = op_of("rds", "Op", false);
    fake_host_env(fake, "AWS_ENDPOINT_URL_RDS", "http://env");
    fake_host_env(fake, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");
    open_with(&settings);
    (void)send_ok(&request);
    request.service = "ecs";
    (void)send_ok(&request);
    ck_assert_str_eq(fake_host_request(fake, 0)->url, "http://127.0.0.1:5000/");
    ck_assert_str_eq(fake_host_request(fake, 1)->url, "https://all/");
    ck_assert_int_eq(verify(fake_host_request(fake, 0), SECRET), EVAC_OK);
    fake_host_run(fake, 1000);
}
END_TEST

static const struct {
    const char *name, *value, *says;
} bad_settings[] = {
    { "endpoint_url", "127.0.0.1:5000", "endpoint_url" },
    { "region", "US East", "region" },
    { "sts_region", "a/b", "sts_region" },
    { "profile", "missing", "missing" },
    { "ca_bundle", "/x.pem", "AWS_CA_BUNDLE" },
};

START_TEST(a_setting_that_can_not_work_is_told_at_the_start)
{
    struct evac_arg item = { evac_str(bad_settings[_i].name), evac_str(bad_settings[_i].value) };
    struct evac_args settings = { &item, 1 };
    struct evac_err err = { 0 };
    ck_assert_int_ne(evac_aws_open(fake_host_table(fake), &settings, &aws, &err), EVAC_OK);
    ck_assert_msg(strstr(err.text, bad_settings[_i].says), "%s", err.text);
    ck_assert_ptr_null(aws);
}
END_TEST

START_TEST(partitions_and_arns_are_told_apart)
{
    ck_assert_str_eq(evac_aws_partition(EVAC_STR("us-east-1")), "aws");
    ck_assert_str_eq(evac_aws_partition(EVAC_STR("cn-north-1")), "aws-cn");
    ck_assert_str_eq(evac_aws_partition(EVAC_STR("us-gov-west-1")), "aws-us-gov");
    ck_assert_str_eq(evac_aws_partition(EVAC_STR("us-isob-east-1")), "aws-iso-b");
    ck_assert_str_eq(evac_aws_partition(EVAC_STR("mars-1")), "aws");
    ck_assert_str_eq(evac_aws_partition(EVAC_STR_NONE), "aws");
    ck_assert(evac_str_is(evac_aws_arn_region(EVAC_STR("arn:aws:rds:us-west-2:1:cluster:x")),
                          "us-west-2"));
    ck_assert_uint_eq(evac_aws_arn_region(EVAC_STR("arn:aws:s3:::bucket")).n, 0);
    ck_assert_uint_eq(evac_aws_arn_region(EVAC_STR("arn:aws")).n, 0);
    ck_assert_uint_eq(evac_aws_arn_region(EVAC_STR("shop-db")).n, 0);
}
END_TEST

START_TEST(every_service_of_the_table_is_whole)
{
    static const char *const names[] = {
        "sts",         "route53",
        "rds",         "s3",
        "ecs",         "application-autoscaling",
        "autoscaling", "ec2",
        "cloudwatch",  "dynamodb",
        "sns",         "elbv2",
        "lambda",      "secretsmanager",
        "kms",         "ssm",
    };
    for (size_t i = 0; i < COUNT(names); i++) {
        const struct evac_aws_service *s = evac_aws_service(names[i]);
        ck_assert_msg(s != NULL, "%s", names[i]);
        ck_assert(s->id && s->endpoint && s->signing_name && s->api_version);
        ck_assert((s->protocol == EVAC_AWS_JSON_1_0 || s->protocol == EVAC_AWS_JSON_1_1) ==
                  (s->target_prefix != NULL));
    }
    ck_assert_ptr_null(evac_aws_service(NULL));
}
END_TEST

START_TEST(crc32_is_that_of_the_standard)
{
    char base64[9];
    evac_aws_crc32(EVAC_STR("123456789"), base64); /* cbf43926 */
    ck_assert_str_eq(base64, "y/Q5Jg==");
    evac_aws_crc32(EVAC_STR_NONE, base64);
    ck_assert_str_eq(base64, "AAAAAA==");
}
END_TEST

static void add_loops(TCase *tc)
{
    tcase_add_loop_test(tc, a_request_that_makes_no_sense_is_refused_at_once, 0, COUNT(refused));
    tcase_add_loop_test(tc, a_reply_means_what_the_table_says, 0, COUNT(replies));
    tcase_add_loop_test(tc, a_status_alone_decides_between_refused_and_nobody_knows, 300, 600);
    tcase_add_loop_test(tc, a_service_may_say_how_long_to_wait, 0, COUNT(waits));
    tcase_add_loop_test(tc, a_wrong_clock_is_learned_from_the_server_and_signed_for_once, 0,
                        COUNT(clock_codes));
    tcase_add_loop_test(tc, nothing_else_is_ever_sent_twice, 0, COUNT(not_again));
    tcase_add_loop_test(tc, a_bucket_in_another_region_is_asked_there_once, 0, COUNT(moved));
}

static void make_cases(Suite *suite)
{
    TCase *tc = tcase_create("open");
    tcase_add_checked_fixture(tc, setup_open, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, requests_are_those_of_botocore_byte_for_byte);
    tcase_add_test(tc, every_protocol_signs_what_it_sends);
    tcase_add_test(tc, a_resources_own_endpoint_is_asked_with_its_path_and_signed_for_its_region);
    tcase_add_test(tc, a_cluster_is_asked_with_a_token_made_for_it_and_its_own_ca);
    tcase_add_test(tc, a_token_in_a_file_is_read_for_each_request_and_needs_no_credentials);
    tcase_add_test(tc, what_is_no_token_is_not_sent);
    tcase_add_test(tc, a_domain_is_asked_with_a_signature_for_its_region);
    tcase_add_test(tc, without_tls_a_server_must_be_on_this_machine);
    tcase_add_test(tc, what_is_of_no_one_region_is_signed_for_all);
    tcase_add_test(tc, a_pinned_service_goes_to_its_home_and_says_so);
    tcase_add_test(tc, a_header_can_not_smuggle_another);
    tcase_add_test(tc, a_host_that_refuses_makes_the_send_refuse);
    tcase_add_test(tc, what_was_not_sent_and_what_was_lost_stay_apart);
    tcase_add_test(tc, a_body_cut_anywhere_is_never_taken_for_an_answer);
    tcase_add_test(tc, a_clock_that_stays_wrong_is_told_after_one_more_try);
    tcase_add_test(tc, a_cancelled_request_still_calls_back_exactly_once);
    tcase_add_test(tc, a_cancelled_request_is_not_signed_again);
    tcase_add_test(tc, a_closed_client_calls_nobody);
    add_loops(tc);
    suite_add_tcase(suite, tc);

    tc = tcase_create("unopened");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_session_token_is_sent_and_signed);
    tcase_add_test(tc, an_anonymous_request_needs_no_credentials_and_carries_none);
    tcase_add_test(tc, a_request_that_waits_for_credentials_can_be_cancelled);
    tcase_add_test(tc, without_credentials_nothing_is_sent_and_it_says_where_it_looked);
    tcase_add_loop_test(tc, an_endpoint_is_where_aws_or_its_owner_says, 0, COUNT(endpoints));
    tcase_add_test(tc, the_controllers_own_endpoint_comes_before_all_others);
    tcase_add_loop_test(tc, a_setting_that_can_not_work_is_told_at_the_start, 0,
                        COUNT(bad_settings));
    tcase_add_test(tc, partitions_and_arns_are_told_apart);
    tcase_add_test(tc, every_service_of_the_table_is_whole);
    tcase_add_test(tc, crc32_is_that_of_the_standard);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("aws_client", make_cases)

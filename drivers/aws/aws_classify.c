#include "aws_classify.h"

#include "aws_time.h"
#include "endpoints.h"

#include <string.h>

#define RETRY_AFTER_MAX_MS 3600000

/* AWS.md 1.7. LimitExceededException is not among them: for most services it is a quota, not a
 * rate. */
static const char *const throttled[] = {
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottledException",
    "RequestThrottled",
    "TooManyRequestsException",
    "TooManyRequests",
    "ProvisionedThroughputExceededException",
    "TransactionInProgressException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "SlowDown",
    "PriorRequestNotComplete",
    "EC2ThrottledException",
    NULL,
};

/* Statuses of 400 that say nothing about the effect. */
static const char *const doubtful[] = {
    "RequestTimeout",        "RequestTimeoutException",
    "InternalError",         "InternalFailure",
    "InternalServerError",   "InternalServerException",
    "ServiceUnavailable",    "ServiceUnavailableException",
    "IDPCommunicationError", NULL,
};

/* Refusals that EC2 gives with status 500: certain all the same, nothing was made. */
static const char *const refused[] = {
    "InsufficientInstanceCapacity",
    "InsufficientHostCapacity",
    "InsufficientCapacity",
    "InsufficientReservedInstanceCapacity",
    "InsufficientAddressCapacity",
    "InsufficientVolumeCapacity",
    NULL,
};

/* AWS.md 1.6 */
static const char *const skewed[] = {
    "RequestTimeTooSkewed",
    "RequestExpired",
    "RequestInTheFuture",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "AuthFailure",
    "Unauthorized", /* a cluster's: its token is a signature too */
    NULL,
};

static const char *const stale_keys[] = {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "TokenRefreshRequired",
    NULL,
};

static bool listed(const char *const *list, struct evac_str code)
{
    while (*list && !evac_str_is(code, *list))
        list++;
    return *list != NULL;
}

enum evac_outcome evac_aws_outcome(int status, struct evac_str code)
{
    if (status == 429 || listed(throttled, code))
        return EVAC_OUTCOME_THROTTLED;
    if (listed(refused, code))
        return EVAC_OUTCOME_REJECTED;
    if (status == 408 || status >= 500 || listed(doubtful, code))
        return EVAC_OUTCOME_UNKNOWN;
    if (status >= 300)
        return EVAC_OUTCOME_REJECTED;
    return EVAC_OUTCOME_UNKNOWN;
}

#define CODE_WITHIN 2048u /* of an error's body */

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool has_word(struct evac_str text, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= text.n; i++)
        if (text.p[i] == word[0] && memcmp(text.p + i, word, n) == 0 &&
            (i == 0 || !is_word_char(text.p[i - 1])) &&
            (i + n == text.n || !is_word_char(text.p[i + n])))
            return true;
    return false;
}

bool evac_aws_is_throttle(const struct evac_http_reply *http)
{
    struct evac_str header = evac_http_header(http, "x-amzn-errortype"), body = http->body;
    if (http->fate != EVAC_HTTP_REPLIED || http->status < 400)
        return false;
    body.n = body.n < CODE_WITHIN ? body.n : CODE_WITHIN;
    for (size_t i = 0; throttled[i]; i++)
        if (has_word(header, throttled[i]) || has_word(body, throttled[i]))
            return true;
    return http->status == 429;
}

/* --- what the body says --- */

struct reading {
    const struct evac_aws_service *service;
    const struct evac_aws_request *request;
    const struct evac_http_reply *http;
    struct evac_arena *arena;
    struct evac_aws_verdict *verdict;
    bool parsed; /* the body is well formed, or empty where it may be */
    struct evac_err err;
};

static bool speaks_json(const struct reading *r)
{
    return r->service->protocol == EVAC_AWS_JSON_1_0 || r->service->protocol == EVAC_AWS_JSON_1_1 ||
           r->service->protocol == EVAC_AWS_REST_JSON;
}

static bool is_rest(const struct reading *r)
{
    return r->service->protocol == EVAC_AWS_REST_XML || r->service->protocol == EVAC_AWS_REST_JSON;
}

static void parse_json(struct reading *r)
{
    struct evac_aws_verdict *v = r->verdict;
    if (evac_json_parse(r->http->body, &v->json, &r->err) != EVAC_OK)
        return;
    v->reply.json = v->json;
    r->parsed = true;
}

static void parse_xml(struct reading *r)
{
    struct evac_aws_verdict *v = r->verdict;
    r->parsed = evac_xml_parse(r->http->body, r->arena, &v->reply.xml, &r->err) == EVAC_OK;
}

/* Objects come as they are: only a listing or an answer to a change is XML for certain. */
static bool is_object(const struct reading *r)
{
    bool ok = r->http->status >= 200 && r->http->status < 300;
    return ok && r->service->s3_rules && !r->request->mutates &&
           evac_str_is(evac_str(r->request->operation), "GetObject");
}

static void parse(struct reading *r)
{
    if (is_object(r)) {
        r->parsed = true;
    } else if (r->http->body.n == 0) {
        /* AWS answers a change without output with nothing; a read always has something to say. */
        r->parsed = is_rest(r) || (speaks_json(r) && r->request->mutates);
        (void)evac_fail(&r->err, EVAC_E_PARSE, "the reply is empty");
    } else if (speaks_json(r)) {
        parse_json(r);
    } else {
        parse_xml(r);
    }
}

static struct evac_str between(struct evac_str code)
{
    struct evac_str rest;
    const char *hash = code.n ? memchr(code.p, '#', code.n) : NULL;
    if (hash)
        code = (struct evac_str){ hash + 1, code.n - (size_t)(hash - code.p) - 1 };
    return evac_str_trim(evac_str_cut(code, ':', &rest));
}

static struct evac_str first_of(struct evac_str a, struct evac_str b)
{
    return a.n ? a : b;
}

/* A cluster's: {"kind":"Status","reason":"Conflict","message":"..."} */
static bool read_cluster_error(struct evac_aws_reply *reply)
{
    if (!evac_str_is(evac_json_str(reply->json, "kind"), "Status"))
        return false;
    reply->code = evac_json_str(reply->json, "reason");
    reply->message = evac_json_str(reply->json, "message");
    return true;
}

/* A search domain's: {"error":{"type":"...","reason":"..."},"status":400} */
static bool read_domain_error(struct evac_aws_reply *reply)
{
    const struct evac_json *error = evac_json_get(reply->json, "error");
    reply->code = evac_json_str(error, "type");
    reply->message = evac_json_str(error, "reason");
    return reply->code.n > 0;
}

static void read_json_error(struct reading *r)
{
    struct evac_aws_reply *reply = &r->verdict->reply;
    struct evac_str rest;
    if (!r->service->endpoint && (read_cluster_error(reply) || read_domain_error(reply)))
        return;
    struct evac_str code =
        evac_str_cut(evac_http_header(r->http, "x-amzn-query-error"), ';', &rest);
    code = first_of(code, evac_http_header(r->http, "x-amzn-errortype"));
    code = first_of(code, evac_json_str(reply->json, "__type"));
    code = first_of(code, evac_json_str(reply->json, "code"));
    reply->code = between(code);
    reply->message = first_of(evac_json_str(reply->json, "message"),
                              first_of(evac_json_str(reply->json, "Message"),
                                       evac_json_str(reply->json, "errorMessage")));
}

/* The element that holds Code and Message, of each protocol's envelope. */
static const struct evac_xml *error_element(const struct evac_xml *root)
{
    if (root && evac_str_is(root->name, "Error"))
        return root;
    if (root && evac_str_is(root->name, "ErrorResponse"))
        return evac_xml_child(root, "Error");
    if (root && evac_str_is(root->name, "Response"))
        return evac_xml_path(root, "Errors/Error");
    return NULL;
}

static struct evac_str join_messages(struct evac_arena *arena, const struct evac_xml *root)
{
    struct evac_str all = EVAC_STR_NONE;
    const struct evac_xml *m = evac_xml_path(root, "Messages/Message");
    for (int n = 0; m && n < 20; m = evac_xml_again(m), n++)
        all = all.n
                  ? evac_arena_printf(arena, "%.*s; %.*s", EVAC_STR_ARG(all), EVAC_STR_ARG(m->text))
                  : m->text;
    return all;
}

static void read_xml_error(struct reading *r)
{
    struct evac_aws_reply *reply = &r->verdict->reply;
    const struct evac_xml *error = error_element(reply->xml);
    if (error) {
        reply->code = evac_str_trim(evac_xml_text(error, "Code"));
        reply->message = evac_str_trim(evac_xml_text(error, "Message"));
    } else if (reply->xml && evac_str_is(reply->xml->name, "InvalidChangeBatch")) {
        reply->code = reply->xml->name;
        reply->message = join_messages(r->arena, reply->xml);
    }
}

static void read_request_id(struct reading *r)
{
    struct evac_aws_reply *reply = &r->verdict->reply;
    struct evac_str id = evac_http_header(r->http, "x-amzn-requestid");
    id = first_of(id, evac_http_header(r->http, "x-amz-request-id"));
    id = first_of(id, evac_http_header(r->http, "audit-id"));
    id = first_of(id, evac_xml_text(reply->xml, "ResponseMetadata/RequestId"));
    id = first_of(id, evac_xml_text(reply->xml, "RequestId"));
    id = first_of(id, evac_xml_text(reply->xml, "RequestID"));
    reply->request_id = first_of(id, evac_xml_text(reply->xml, "requestId"));
}

/* x-amz-retry-after is in milliseconds, Retry-After (RFC 9110 10.2.3) in seconds. */
static uint32_t retry_after(const struct evac_http_reply *http)
{
    int64_t ms = 0;
    if (!evac_str_i64(evac_http_header(http, "x-amz-retry-after"), &ms)) {
        if (!evac_str_i64(evac_http_header(http, "retry-after"), &ms))
            return 0;
        ms = ms > RETRY_AFTER_MAX_MS ? RETRY_AFTER_MAX_MS : ms * 1000;
    }
    return (uint32_t)(ms < 0 ? 0 : ms > RETRY_AFTER_MAX_MS ? RETRY_AFTER_MAX_MS : ms);
}

/* --- success --- */

static bool is_own_answer(const struct reading *r)
{
    const struct evac_xml *xml = r->verdict->reply.xml;
    enum evac_aws_protocol protocol = r->service->protocol;
    if (protocol != EVAC_AWS_QUERY && protocol != EVAC_AWS_EC2)
        return true;
    size_t n = strlen(r->request->operation);
    return xml && evac_str_starts(xml->name, r->request->operation) &&
           evac_str_is((struct evac_str){ xml->name.p + n, xml->name.n - n }, "Response");
}

/* S3 may find out only after it has sent 200 that a copy failed. */
static bool is_late_error(const struct reading *r)
{
    const struct evac_xml *xml = r->verdict->reply.xml;
    return xml && (evac_str_is(xml->name, "ErrorResponse") ||
                   (evac_str_is(xml->name, "Error") && r->service->s3_rules));
}

static void read_success(struct reading *r)
{
    struct evac_aws_reply *reply = &r->verdict->reply;
    if (is_late_error(r)) {
        read_xml_error(r);
        reply->outcome = evac_aws_outcome(400, reply->code);
        return;
    }
    if (r->parsed && is_own_answer(r)) {
        reply->outcome = EVAC_OUTCOME_ACCEPTED;
        return;
    }
    reply->outcome = EVAC_OUTCOME_UNKNOWN;
    reply->message = evac_arena_printf(
        r->arena, "the reply with status %d is not an answer to %s: %s", reply->status,
        r->request->operation, r->parsed ? "another element" : r->err.text);
}

/* --- refusal --- */

static void find_region(struct reading *r)
{
    struct evac_aws_verdict *v = r->verdict;
    struct evac_str region = evac_http_header(r->http, "x-amz-bucket-region");
    bool moved = v->reply.status == 301 || v->reply.status == 307 ||
                 evac_str_is(v->reply.code, "AuthorizationHeaderMalformed") ||
                 evac_str_is(v->reply.code, "PermanentRedirect");
    /* HEAD has no body that could name the reason. */
    moved = moved || (v->reply.status == 400 && v->reply.code.n == 0 && region.n);
    if (!r->service->s3_rules || !moved)
        return;
    region = first_of(region, evac_xml_text(v->reply.xml, "Region"));
    if (!evac_endpoint_is_region(region))
        return;
    v->region = region;
    v->cure = EVAC_AWS_CURE_REGION;
}

static void find_cure(struct reading *r)
{
    struct evac_aws_verdict *v = r->verdict;
    v->dated = evac_aws_time_http(evac_http_header(r->http, "date"), &v->date_ms);
    if (v->reply.outcome != EVAC_OUTCOME_REJECTED)
        return;
    if (listed(stale_keys, v->reply.code))
        v->cure = EVAC_AWS_CURE_KEYS;
    else if (v->dated && listed(skewed, v->reply.code))
        v->cure = EVAC_AWS_CURE_CLOCK;
    else
        find_region(r);
}

static void read_refusal(struct reading *r)
{
    struct evac_aws_reply *reply = &r->verdict->reply;
    if (speaks_json(r))
        read_json_error(r);
    else
        read_xml_error(r);
    reply->outcome = evac_aws_outcome(reply->status, reply->code);
    if (reply->message.n == 0)
        reply->message = evac_arena_printf(r->arena, "status %d%s", reply->status,
                                           reply->code.n ? "" : " without an error code");
    find_cure(r);
}

void evac_aws_classify(const struct evac_aws_service *service,
                       const struct evac_aws_request *request, const struct evac_http_reply *http,
                       struct evac_arena *arena, struct evac_aws_verdict *ret_verdict)
{
    struct reading r = { service, request, http, arena, ret_verdict, false, { 0 } };
    *ret_verdict = (struct evac_aws_verdict){ 0 };
    struct evac_aws_reply *reply = &ret_verdict->reply;
    if (http->fate != EVAC_HTTP_REPLIED) {
        reply->outcome =
            http->fate == EVAC_HTTP_NOT_SENT ? EVAC_OUTCOME_NOT_SENT : EVAC_OUTCOME_UNKNOWN;
        reply->message = evac_arena_str(arena, evac_str(http->error));
        return;
    }
    reply->status = http->status;
    reply->http = http;
    reply->retry_after_ms = retry_after(http);
    parse(&r);
    if (http->status >= 200 && http->status < 300)
        read_success(&r);
    else
        read_refusal(&r);
    read_request_id(&r);
}

void evac_aws_verdict_done(struct evac_aws_verdict *verdict)
{
    evac_json_free(verdict->json);
    verdict->json = NULL;
    verdict->reply.json = NULL;
}

/* One AWS request: who asks, what, where; whether it is let in; what became of it. */
#include "sandbox_internal.h"
#include "sandbox_rights.h"
#include "sigv4.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define OUT_MAX      (6u << 20)
#define SKEW_MS      300000 /* AWS.md 1.6 */
#define SKEW_S3_MS   900000
#define LATENCY_MS   25u
#define LATENCY_SPAN 40u

/* --- what is asked --------------------------------------------------------------------------- */

static bool is_json(enum evac_aws_protocol p)
{
    return p == EVAC_AWS_JSON_1_0 || p == EVAC_AWS_JSON_1_1;
}

/* Its signatures, throttles and refusals; not its buckets. */
static bool speaks_s3(const struct sb_call *c)
{
    return evac_aws_service(c->service->row)->s3_rules;
}

/* CloudWatch speaks two: a target says JSON. */
static enum evac_aws_protocol protocol_of(const struct sb_call *c)
{
    enum evac_aws_protocol own = evac_aws_service(c->service->row)->protocol;
    bool target = sb_request_header(c, "x-amz-target").n > 0;
    return is_json(own) && !target ? EVAC_AWS_QUERY : own;
}

struct evac_str sb_last_part(struct evac_str s, char at)
{
    for (size_t i = s.n; i > 0; i--)
        if (s.p[i - 1] == at)
            return (struct evac_str){ s.p + i, s.n - i };
    return s;
}

static const struct sb_operation *by_name(const struct sb_service *service, struct evac_str name)
{
    for (const struct sb_operation *op = service->operations; op && op->name; op++)
        if (evac_str_is(name, op->name))
            return op;
    return NULL;
}

static struct evac_str strip_slash(struct evac_str path)
{
    while (path.n > 1 && path.p[path.n - 1] == '/')
        path.n--;
    return path;
}

struct evac_str sb_unescape(struct evac_arena *arena, struct evac_str s)
{
    char *out = evac_arena_alloc(arena, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        char pair[3] = { 0 };
        if (s.p[i] == '%' && i + 2 < s.n) {
            memcpy(pair, s.p + i + 1, 2);
            char *end;
            long value = strtol(pair, &end, 16);
            if (*end == '\0' && pair[0] != '-' && pair[0] != '+' && pair[0] != ' ') {
                out[n++] = (char)value;
                i += 2;
                continue;
            }
        }
        out[n++] = s.p[i];
    }
    return (struct evac_str){ out, n };
}

/* "a/b/routes" without "routes" and its slash; false: it does not end so. */
static bool cut_end(struct evac_str *path, struct evac_str end)
{
    if (end.n == 0)
        return true;
    if (path->n <= end.n || path->p[path->n - end.n - 1] != '/' ||
        memcmp(path->p + path->n - end.n, end.p, end.n) != 0)
        return false;
    path->n -= end.n + 1;
    return true;
}

/* Segment by segment; "{X}" takes one, "{X+}" all that is left. */
static bool match_path(struct sb_call *c, const char *pattern)
{
    struct evac_str want = evac_str(pattern + 1), have = c->path;
    size_t labels = 0;
    bool greedy = strchr(pattern, '+') != NULL;
    if (have.n == 0 || have.p[0] != '/')
        return false;
    if (!greedy)
        have = strip_slash(have);
    have = (struct evac_str){ have.p + 1, have.n - 1 };
    while (want.n) {
        struct evac_str segment = evac_str_cut(want, '/', &want);
        bool label = segment.p[0] == '{';
        if (label && segment.p[segment.n - 2] == '+') {
            bool fits = cut_end(&have, want);
            c->label[labels] = sb_unescape(c->arena, have);
            return fits && have.n > 0;
        }
        struct evac_str found = evac_str_cut(have, '/', &have);
        if (label ? found.n == 0 : !evac_str_eq(found, segment))
            return false;
        if (label && labels < SB_LABELS_MAX)
            c->label[labels++] = sb_unescape(c->arena, found);
    }
    return have.n == 0;
}

static bool has_query_key(const struct sb_call *c, const char *key)
{
    struct evac_str query = c->query, value;
    while (query.n) {
        struct evac_str pair = evac_str_cut(query, '&', &query);
        if (evac_str_is(evac_str_cut(pair, '=', &value), key))
            return true;
    }
    return false;
}

static const struct sb_operation *by_path(struct sb_call *c)
{
    for (int plain = 0; plain < 2; plain++)
        for (const struct sb_operation *op = c->service->operations; op->name; op++)
            if ((op->query_key == NULL) == plain && op->method && op->path &&
                evac_str_is(c->request->method, op->method) &&
                (plain || has_query_key(c, op->query_key)) &&
                (!op->header_key || sb_request_header(c, op->header_key).n) &&
                match_path(c, op->path))
                return op;
    return NULL;
}

/* "assets.s3.us-east-1.amazonaws.com" and "/key" are "/assets/key" at an address. */
static void use_host_bucket(struct sb_call *c)
{
    struct evac_str rest, host = sb_request_header(c, "host");
    host = evac_str_cut(host, ':', &rest);
    for (size_t i = 1; i + 4 < host.n; i++)
        if (memcmp(host.p + i, ".s3.", 4) == 0 || memcmp(host.p + i, ".s3-", 4) == 0) {
            c->path =
                evac_arena_printf(c->arena, "/%.*s%.*s", (int)i, host.p, EVAC_STR_ARG(c->path));
            return;
        }
}

static void find_operation(struct sb_call *c)
{
    if (c->protocol == EVAC_AWS_REST_XML || c->protocol == EVAC_AWS_REST_JSON) {
        if (c->id == SB_S3)
            use_host_bucket(c);
        c->operation = by_path(c);
        if (c->id == SB_S3) {
            c->bucket = c->label[0];
            c->key = c->label[1];
        }
        return;
    }
    struct evac_str name = is_json(c->protocol)
                               ? sb_last_part(sb_request_header(c, "x-amz-target"), '.')
                               : sb_in(c, "Action");
    c->operation = by_name(c->service, name);
}

/* --- who asks -------------------------------------------------------------------------------- */

static void refuse_signature(struct sb_call *c, const struct evac_err *err)
{
    bool json = is_json(c->protocol), s3 = speaks_s3(c), ec2 = c->protocol == EVAC_AWS_EC2;
    if (ec2 && err->code == EVAC_E_STALE)
        sb_error(c, 400, "RequestExpired", "Request has expired.");
    else if (ec2)
        sb_error(c, 401, "AuthFailure",
                 "AWS was not able to validate the provided access credentials");
    else if (err->code == EVAC_E_STALE)
        sb_error(c, 403,
                 s3     ? "RequestTimeTooSkewed"
                 : json ? "InvalidSignatureException"
                        : "SignatureDoesNotMatch",
                 "Signature expired or not yet current: %s", err->text);
    else if (err->code == EVAC_E_PARSE)
        sb_error(c, s3 ? 400 : 403, s3 ? "AuthorizationHeaderMalformed" : "IncompleteSignature",
                 "%s", err->text);
    else
        sb_error(c, 403, json ? "InvalidSignatureException" : "SignatureDoesNotMatch",
                 "The request signature we calculated does not match the signature you provided.");
}

static enum evac_code prove(struct sb_call *c, const struct evac_sigv4_request *signed_request,
                            const struct evac_sigv4_claim *claim, struct evac_err *err)
{
    struct evac_sandbox *sb = c->sb;
    unsigned each = sb->options.signatures_each ? sb->options.signatures_each : 1;
    int64_t wall_ms = sb_wall_ms(sb), skew_ms = speaks_s3(c) ? SKEW_S3_MS : SKEW_MS;
    if (sb->signatures++ % each)
        return evac_sigv4_in_time(claim, wall_ms, skew_ms, err);
    return evac_sigv4_verify(&sb->keys, signed_request, claim, evac_str(sb->secret_access_key),
                             wall_ms, skew_ms, err);
}

static void check_signature(struct sb_call *c, const struct evac_sigv4_request *signed_request,
                            const struct evac_sigv4_claim *claim)
{
    struct evac_sandbox *sb = c->sb;
    struct evac_err err = { EVAC_OK, "" };
    c->principal = sb_principal_of_key(sb, claim->access_key_id);
    if (!c->principal && !evac_str_is(claim->access_key_id, sb->access_key_id)) {
        bool ec2 = c->protocol == EVAC_AWS_EC2;
        sb_error(c, ec2 ? 401 : 403,
                 ec2                    ? "AuthFailure"
                 : speaks_s3(c)         ? "InvalidAccessKeyId"
                 : is_json(c->protocol) ? "UnrecognizedClientException"
                                        : "InvalidClientTokenId",
                 "The security token included in the request is invalid.");
        return;
    }
    if (prove(c, signed_request, claim, &err))
        refuse_signature(c, &err);
    else if (sb->session_token[0] && !evac_str_is(claim->session_token, sb->session_token))
        sb_error(c, 403, speaks_s3(c) ? "InvalidToken" : "InvalidClientTokenId",
                 "The security token included in the request is invalid.");
}

/* --- answering ------------------------------------------------------------------------------- */

static uint64_t hash_of(const struct sb_call *c)
{
    struct evac_str line =
        evac_arena_printf(c->arena, "%zu %d %s %.*s?%.*s ", c->region, (int)c->id,
                          c->operation->name, EVAC_STR_ARG(c->path), EVAC_STR_ARG(c->query));
    return evac_str_hash(line) * 31 + evac_str_hash(c->request->body);
}

/* As each service words it; those that are not here, as their protocol does. */
static void throttle(struct sb_call *c)
{
    static const struct {
        enum sb_service_id id;
        int status;
        const char *code, *message;
    } own[] = {
        { SB_KUBERNETES, 429, "TooManyRequests", "too many requests, please try again later" },
        { SB_S3, 503, "SlowDown", "Please reduce your request rate." },
        { SB_S3CONTROL, 503, "SlowDown", "Please reduce your request rate." },
        { SB_EC2, 503, "RequestLimitExceeded", "Request limit exceeded." },
        { SB_LAMBDA, 429, "TooManyRequestsException", "Rate Exceeded." },
        { SB_APIGATEWAY, 429, "TooManyRequestsException", "Too Many Requests" },
    };
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (own[i].id == c->id) {
            sb_error(c, own[i].status, own[i].code, "%s", own[i].message);
            return;
        }
    sb_error(c, c->protocol == EVAC_AWS_REST_JSON ? 429 : 400,
             is_json(c->protocol) ? "ThrottlingException" : "Throttling", "Rate exceeded");
}

/* The one who counts also notices a mutation that is repeated without a look between. */
static void count(struct sb_call *c, struct sb_counter *counter)
{
    counter->received++;
    if (!(c->operation->flags & SB_MUTATES)) {
        c->sb->reads[c->id]++;
        return;
    }
    uint64_t hash = hash_of(c);
    if (counter->received > 1 && counter->last_hash == hash &&
        counter->reads_then == c->sb->reads[c->id])
        counter->repeated++;
    counter->last_hash = hash;
    counter->reads_then = c->sb->reads[c->id];
}

void sb_effect(struct sb_call *c)
{
    if (!c->operation)
        return;
    sb_counter_of(c->sb, c->region, c->service, c->operation)->effects++;
    c->sb->changed++;
}

static void handle(struct sb_call *c)
{
    bool may_be_stale = c->sb->stale_ms && !(c->operation->flags & (SB_MUTATES | SB_STRONG));
    uint64_t hash = may_be_stale ? hash_of(c) : 0;
    if (may_be_stale && sb_stale_again(c, hash))
        return;
    c->operation->handle(c);
    if (may_be_stale && !c->failed)
        sb_stale_keep(c, hash);
}

static void serve(struct sb_call *c)
{
    struct sb_fault *fault = &c->sb->regions[c->region].faults[c->id];
    struct sb_counter *counter = sb_counter_of(c->sb, c->region, c->service, c->operation);
    if (fault->down) {
        sb_error(c, 503,
                 speaks_s3(c) || c->id == SB_KUBERNETES ? "ServiceUnavailable"
                 : c->protocol == EVAC_AWS_EC2          ? "Unavailable"
                                                        : "ServiceUnavailableException",
                 "The service is unavailable.");
        return;
    }
    if (fault->throttled || !sb_allowed(c->sb, counter)) {
        counter->throttled++;
        c->sb->throttled++;
        throttle(c);
        return;
    }
    count(c, counter);
    if (fault->denied)
        sb_error(c, 403,
                 c->id == SB_KUBERNETES        ? "Forbidden"
                 : is_json(c->protocol)        ? "AccessDeniedException"
                 : c->protocol == EVAC_AWS_EC2 ? "UnauthorizedOperation"
                                               : "AccessDenied",
                 "User: arn:aws:iam::" SB_ACCOUNT ":user/evac is not authorized to perform: %s:%s",
                 c->service->signing_name, c->operation->name);
    else
        sb_authorize(c);
    if (!c->failed)
        sb_check_members(c);
    if (!c->failed)
        handle(c);
}

/* What the faults do to an answer that is ready. */
static void spoil(struct sb_call *c)
{
    struct sb_fault *fault = &c->sb->regions[c->region].faults[c->id];
    struct evac_sandbox_reply *reply = c->reply;
    bool mutated = c->operation && (c->operation->flags & SB_MUTATES) && !c->failed;
    reply->delay_ms =
        (uint32_t)sb_scaled(c->sb, LATENCY_MS + sb_random(c->sb, LATENCY_SPAN)) + fault->slow_ms;
    if (fault->lost) {
        fault->lost--;
        reply->fate = EVAC_SANDBOX_LOSE;
    } else if (mutated && fault->lost_mutations) {
        fault->lost_mutations--;
        reply->fate = EVAC_SANDBOX_LOSE;
    }
}

/* --- the whole ------------------------------------------------------------------------------- */

static bool is_its_path(const struct sb_call *c, const struct sb_service *service)
{
    return service->path_prefix && evac_str_starts(c->path, service->path_prefix);
}

static bool find_service(struct sb_call *c, struct evac_str signing_name)
{
    for (size_t i = 0; i < SB_SERVICE_COUNT; i++) {
        const struct sb_service *service = sb_service((enum sb_service_id)i);
        if (!evac_str_is(signing_name, service->signing_name) ||
            (service->path_prefix ? !is_its_path(c, service) : c->service != NULL))
            continue;
        c->id = (enum sb_service_id)i;
        c->service = service;
    }
    return c->service != NULL;
}

static bool is_served(struct sb_call *c)
{
    const char *home = c->service->home;
    if (c->region < SB_REGIONS_MAX)
        return true;
    c->region = 0;
    sb_error(c, c->id == SB_S3 ? 400 : 403,
             c->id == SB_S3 ? "AuthorizationHeaderMalformed" : "SignatureDoesNotMatch",
             "Credential should be scoped to a valid region%s%s.", home ? ": " : "",
             home ? home : "");
    return false;
}

/* What is of no one region must be signed for all of them. */
static bool find_anywhere(struct sb_call *c)
{
    c->region = c->service->global ? 0 : c->service->anywhere(c);
    if (c->for_all)
        return is_served(c);
    sb_error(c, 403, "SignatureDoesNotMatch",
             "It must be signed by " EVAC_SIGV4A_ALGORITHM " for the region set '*'.");
    return false;
}

/* Where it is served: the scope's region; for a global control plane its home, and nowhere else. */
static bool find_region(struct sb_call *c, const struct evac_sigv4_scope *scope)
{
    const struct sb_service *service = c->service;
    c->for_all = evac_str_is(scope->region_set, "*");
    if (service->global || (service->anywhere && c->for_all))
        return find_anywhere(c);
    c->region = sb_region_find(c->sb, scope->region);
    if (service->home && !evac_str_is(scope->region, service->home))
        c->region = SB_REGIONS_MAX;
    return is_served(c);
}

static void plain(struct evac_sandbox_reply *reply, int status, const char *text)
{
    reply->fate = EVAC_SANDBOX_REPLY;
    reply->status = status;
    reply->content_type = EVAC_STR("text/plain");
    evac_buf_puts(&reply->body, text);
}

static void split_target(struct sb_call *c)
{
    struct evac_str url = c->request->url;
    for (size_t i = 0; i + 2 < url.n && url.p[0] != '/'; i++)
        if (memcmp(url.p + i, "://", 3) == 0) {
            struct evac_str rest = { url.p + i + 3, url.n - i - 3 };
            const char *slash = memchr(rest.p, '/', rest.n);
            url = slash ? (struct evac_str){ slash, rest.n - (size_t)(slash - rest.p) }
                        : EVAC_STR("/");
            break;
        }
    c->path = evac_str_cut(url, '?', &c->query);
}

/* An object for the world to see: no signature. The region is the bucket's. */
static bool is_public_object(struct sb_call *c)
{
    c->id = SB_S3;
    c->service = sb_service(SB_S3);
    c->protocol = EVAC_AWS_REST_XML;
    c->anonymous = true;
    find_operation(c);
    if (!c->operation || c->bucket.n == 0)
        return false;
    c->region = sb_s3_region(c->sb, c->bucket);
    return c->region < SB_REGIONS_MAX;
}

static void answer(struct sb_call *c, const struct evac_sigv4_request *signed_request,
                   const struct evac_sigv4_claim *claim)
{
    c->protocol = protocol_of(c);
    sb_read_input(c);
    if (c->failed || !find_region(c, &claim->scope))
        return;
    if (!c->service->global && !sb_reachable(c->sb, c->region)) {
        c->reply->fate = EVAC_SANDBOX_REFUSE;
        return;
    }
    check_signature(c, signed_request, claim);
    if (c->failed)
        return;
    find_operation(c);
    if (!c->operation)
        sb_error(c, c->id == SB_S3 ? 501 : 400,
                 c->id == SB_S3         ? "NotImplemented"
                 : is_json(c->protocol) ? "UnknownOperationException"
                                        : "InvalidAction",
                 "The sandbox does not serve this operation.");
    else
        serve(c);
}

static void answer_anonymous(struct sb_call *c)
{
    if (!is_public_object(c)) {
        plain(c->reply, 403, "{\"message\":\"Missing Authentication Token\"}\n");
        return;
    }
    sb_read_input(c);
    if (!sb_reachable(c->sb, c->region)) {
        c->reply->fate = EVAC_SANDBOX_REFUSE;
        return;
    }
    serve(c);
    sb_write_answer(c);
    spoil(c);
}

/* A cluster's own API: the path says where it is, a token who asks. */
static void answer_cluster(struct sb_call *c)
{
    struct evac_str cluster,
        rest = { c->path.p + strlen(SB_KUBERNETES_PATH), c->path.n - strlen(SB_KUBERNETES_PATH) };
    c->id = SB_KUBERNETES;
    c->service = sb_service(SB_KUBERNETES);
    c->protocol = EVAC_AWS_REST_JSON;
    c->region = sb_region_find(c->sb, evac_str_cut(rest, '/', &rest));
    cluster = evac_str_cut(rest, '/', &rest);
    if (!sb_reachable(c->sb, c->region) || !sb_kubernetes_has(c->sb, c->region, cluster)) {
        c->reply->fate = EVAC_SANDBOX_REFUSE;
        return;
    }
    sb_kubernetes_admit(c, cluster);
    if (!c->failed)
        sb_read_input(c);
    if (!c->failed)
        find_operation(c);
    if (!c->failed && !c->operation)
        sb_error(c, 404, "NotFound", "the server could not find the requested resource");
    if (!c->failed)
        serve(c);
    sb_write_answer(c);
    spoil(c);
}

static void begin(struct sb_call *c)
{
    struct evac_sandbox *sb = c->sb;
    char id[33];
    evac_arena_free(sb->reply_arena);
    sb->reply_arena = evac_arena_new();
    c->headers = evac_arena_array(sb->reply_arena, SB_HEADERS_MAX, sizeof *c->headers);
    evac_buf_init(&c->out, OUT_MAX);
    c->status = 200;
    sb_random_id(sb, id, 24);
    (void)evac_str_copy(c->request_id, sizeof c->request_id, evac_str(id));
    sb->requests++;
}

void sb_aws(struct evac_sandbox *sb, const struct evac_http_request *request,
            struct evac_sandbox_reply *reply)
{
    struct sb_call c = { .sb = sb, .request = request, .reply = reply, .arena = evac_arena_new() };
    struct evac_sigv4_claim claim;
    struct evac_err err = { EVAC_OK, "" };
    begin(&c);
    split_target(&c);
    struct evac_sigv4_request signed_request = { .method = request->method,
                                                 .path = c.path,
                                                 .query = c.query,
                                                 .headers = request->headers,
                                                 .header_count = request->header_count,
                                                 .body = request->body };
    reply->fate = EVAC_SANDBOX_REPLY;
    bool cluster = evac_str_starts(c.path, SB_KUBERNETES_PATH);
    enum evac_code code =
        cluster ? EVAC_OK : evac_sigv4_claim(&signed_request, c.arena, &claim, &err);
    if (cluster) {
        answer_cluster(&c);
    } else if (code == EVAC_E_NOTFOUND) {
        answer_anonymous(&c);
    } else if (code || !find_service(&c, claim.scope.service)) {
        plain(reply, 403, code ? err.text : "The sandbox does not know this service.\n");
    } else {
        signed_request.s3_rules = speaks_s3(&c);
        answer(&c, &signed_request, &claim);
        if (reply->fate == EVAC_SANDBOX_REPLY) {
            sb_write_answer(&c);
            spoil(&c);
        }
    }
    evac_json_free((struct evac_json *)(uintptr_t)c.json);
    evac_buf_done(&c.out);
    evac_arena_free(c.arena);
}

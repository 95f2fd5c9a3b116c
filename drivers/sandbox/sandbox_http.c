/* The front door: the sandbox's own address, the sample app's, AWS's. */
#include "format.h"
#include "sandbox_internal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define CONTROL_PREFIX "/_sandbox/"

static struct evac_str header(const struct evac_http_request *request, const char *name)
{
    struct evac_http_reply view = { .headers = request->headers,
                                    .header_count = request->header_count };
    return evac_http_header(&view, name);
}

static struct evac_str path_of(struct evac_str url)
{
    const char *at = NULL;
    for (size_t i = 0; i + 2 < url.n && !at && url.p[0] != '/'; i++)
        if (memcmp(url.p + i, "://", 3) == 0)
            at = url.p + i + 3;
    if (!at)
        return url;
    size_t left = url.n - (size_t)(at - url.p);
    const char *slash = left ? memchr(at, '/', left) : NULL;
    return slash ? (struct evac_str){ slash, left - (size_t)(slash - at) } : EVAC_STR("/");
}

static void say(struct evac_sandbox_reply *reply, int status, const char *type)
{
    reply->fate = EVAC_SANDBOX_REPLY;
    reply->status = status;
    reply->content_type = evac_str(type);
}

static void list_operations(struct evac_buf *out)
{
    for (size_t i = 0; i < SB_SERVICE_COUNT; i++)
        for (const struct sb_operation *op = sb_service((enum sb_service_id)i)->operations;
             op && op->name; op++)
            evac_buf_putf(out, "%s %s\n", sb_service((enum sb_service_id)i)->row, op->name);
}

/* For people and tests, beside AWS: no signature, since only this machine reaches it. */
static void control(struct evac_sandbox *sb, struct evac_str what, struct evac_str body,
                    struct evac_sandbox_reply *reply)
{
    struct evac_err err = { EVAC_OK, "" };
    if (evac_str_is(what, "truth")) {
        say(reply, 200, "application/json");
        evac_sandbox_truth(sb, &reply->body);
    } else if (evac_str_is(what, "operations")) {
        say(reply, 200, "text/plain");
        list_operations(&reply->body);
    } else if (evac_str_is(what, "faults")) {
        say(reply, 200, "text/plain");
        sb_faults_list(sb, &reply->body);
    } else if (evac_str_is(what, "fault-kinds")) {
        say(reply, 200, "text/plain");
        sb_faults_kinds(&reply->body);
    } else if (!evac_str_is(what, "control")) {
        say(reply, 404, "text/plain");
        evac_buf_puts(&reply->body,
                      "control, truth, operations, faults and fault-kinds are here\n");
    } else if (evac_sandbox_control(sb, evac_str_trim(body), &err)) {
        say(reply, err.code == EVAC_E_STALE ? 409 : 400, "text/plain");
        evac_buf_putf(&reply->body, "%s\n", err.text);
    } else {
        say(reply, 200, "text/plain");
        evac_buf_puts(&reply->body, "ok\n");
    }
}

#define REGION_ADDRESSES "127.0.10."

/* The region whose address a connection came in on; SB_REGIONS_MAX: AWS's. */
static size_t local_region(const struct evac_sandbox *sb, struct evac_str address)
{
    static const char of_regions[] = REGION_ADDRESSES;
    int64_t number;
    if (!evac_str_starts(address, of_regions))
        return SB_REGIONS_MAX;
    struct evac_str last = { address.p + sizeof of_regions - 1, address.n - sizeof of_regions + 1 };
    bool known = evac_str_i64(last, &number) && number > 0 && (uint64_t)number <= sb->region_count;
    return known ? (size_t)number - 1 : SB_REGIONS_MAX;
}

void sb_region_address(size_t region, char *ret_text, size_t bytes)
{
    (void)evac_format(ret_text, bytes, REGION_ADDRESSES "%zu", region + 1);
}

void evac_sandbox_http(struct evac_sandbox *sb, const struct evac_http_request *request,
                       struct evac_sandbox_reply *reply)
{
    struct evac_str rest, path = evac_str_cut(path_of(request->url), '?', &rest);
    struct evac_str host = evac_str_cut(header(request, "host"), ':', &rest);
    size_t local = local_region(sb, header(request, "x-evac-sandbox-local"));
    reply->delay_ms = 0;
    reply->headers = NULL;
    reply->header_count = 0;
    reply->content_type = EVAC_STR_NONE;
    bool ours = evac_str_starts(path, CONTROL_PREFIX);
    if (!ours && sb->shop && sb_shop_http(sb, host, local, path, reply))
        return; /* which moves nothing */
    sb->wake_known = false;
    if (ours) {
        size_t n = strlen(CONTROL_PREFIX);
        control(sb, (struct evac_str){ path.p + n, path.n - n }, request->body, reply);
        return;
    }
    sb_aws(sb, request, reply);
}

/* --- as from the internet -------------------------------------------------------------------- */

/* "bucket.s3.region.amazonaws.com", also the older "bucket.s3.amazonaws.com" */
static bool is_bucket_host(struct evac_str host, struct evac_str *ret_bucket)
{
    for (size_t i = 1; i + 4 < host.n; i++)
        if (memcmp(host.p + i, ".s3.", 4) == 0 && evac_str_ends(host, ".amazonaws.com")) {
            *ret_bucket = (struct evac_str){ host.p, i };
            return true;
        }
    return false;
}

int sb_look(struct evac_sandbox *sb, struct evac_str host, struct evac_str path,
            struct evac_buf *ret_body)
{
    struct evac_str bucket;
    char name[256], address[64];
    if (is_bucket_host(host, &bucket)) {
        size_t region = sb_s3_region(sb, bucket);
        if (!sb_reachable(sb, region) || sb_fault(sb, SB_S3, region)->down)
            return 0;
        if (path.n && path.p[0] == '/')
            path = (struct evac_str){ path.p + 1, path.n - 1 };
        return sb_s3_anonymous(sb, bucket, path, ret_body);
    }
    if (!sb->shop || !evac_str_copy(name, sizeof name, host) ||
        !sb_route53_answer(sb, name, address, sizeof address))
        return 0;
    struct evac_sandbox_reply reply = { .fate = EVAC_SANDBOX_REFUSE };
    evac_buf_init(&reply.body, ret_body->max_bytes);
    bool ours = sb_shop_http(sb, host, local_region(sb, evac_str(address)), path, &reply);
    bool answered = ours && reply.fate == EVAC_SANDBOX_REPLY;
    if (answered)
        evac_buf_put(ret_body, reply.body.p, reply.body.n);
    evac_buf_done(&reply.body);
    return answered ? reply.status : 0;
}

/*
 * S3 Control: the routes of Multi-Region Access Points (AWS.md 2.4); jobs are in
 * model_s3control_jobs.c. Five regions serve them, each
 * change takes two minutes, one at a time.
 *
 *     make s3control us-east-1 {"kind":"mrap","name":"mfzwi23gnjvgw.mrap","Routes":
 *         [{"Bucket":"a","Region":"us-east-1","TrafficDialPercentage":100}, ...]}
 *
 * Until a change is in effect the routes are shown as they were; documentation does not say.
 */
#include "s3_internal.h"
#include "sandbox_docs.h"

#include <cjson/cJSON.h>
#include <string.h>

#define NS       "http://awss3control.amazonaws.com/doc/2018-08-20/"
#define ROUTE_MS 120000u

static const struct sb_kind kinds[] = {
    { "mrap", "{\"Routes\":[]}", true, NULL },
    { 0 },
};
SB_DOCS(S3CONTROL, kinds)

bool s3_is_own_account(struct sb_call *c)
{
    struct evac_str account = sb_request_header(c, "x-amz-account-id");
    if (evac_str_is(account, SB_ACCOUNT))
        return true;
    if (account.n == 0)
        sb_error(c, 400, "InvalidRequest", "Missing required header x-amz-account-id");
    else
        sb_error(c, 403, "AccessDenied", "Access Denied");
    return false;
}

/* --- routes ---------------------------------------------------------------------------------- */

static bool serves_routes(struct sb_call *c)
{
    static const char *const five[] = { "us-east-1", "us-west-2", "ap-southeast-2",
                                        "ap-northeast-1", "eu-west-1" };
    for (size_t i = 0; i < sizeof five / sizeof five[0]; i++)
        if (strcmp(sb_region_name(c->sb, c->region), five[i]) == 0)
            return true;
    sb_error(c, 400, "InvalidRequest", "Routes are not served in this Region.");
    return false;
}

/* NULL: answered already. */
static struct sb_doc *access_point(struct sb_call *c)
{
    static const char prefix[] = "arn:aws:s3::" SB_ACCOUNT ":accesspoint/";
    struct evac_str arn = c->label[0];
    if (!serves_routes(c) || !s3_is_own_account(c) || !s3_has_checksum(c))
        return NULL;
    if (!evac_str_starts(arn, prefix) || !evac_str_ends(arn, ".mrap")) {
        sb_error(c, 400, "InvalidRequest", "The Multi-Region Access Point ARN is invalid.");
        return NULL;
    }
    size_t n = sizeof prefix - 1;
    return sb_doc_named(c, SB_ANYWHERE, "mrap", (struct evac_str){ arn.p + n, arn.n - n }, 404,
                        "NoSuchMultiRegionAccessPoint");
}

static void get_routes(struct sb_call *c)
{
    static const char *const names[][2] = { { "Routes", "Route" }, { NULL, NULL } };
    const struct sb_doc *mrap = access_point(c);
    if (!mrap)
        return;
    evac_buf_puts(&c->out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                           "<GetMultiRegionAccessPointRoutesResult xmlns=\"" NS "\">");
    sb_tag(&c->out, "Mrap", c->label[0]);
    sb_doc_xml(&c->out, mrap, names);
    evac_buf_puts(&c->out, "</GetMultiRegionAccessPointRoutesResult>");
}

static const char *member(const cJSON *route, const char *name)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(route, name);
    return cJSON_IsString(value) ? value->valuestring : "";
}

static cJSON *route_of(cJSON *routes, const struct evac_xml *update)
{
    struct evac_str region = evac_xml_text(update, "Region");
    struct evac_str bucket = evac_xml_text(update, "Bucket");
    cJSON *route;
    cJSON_ArrayForEach(route, routes)
    {
        if ((region.n || bucket.n) && (!region.n || evac_str_is(region, member(route, "Region"))) &&
            (!bucket.n || evac_str_is(bucket, member(route, "Bucket"))))
            return route;
    }
    return NULL;
}

static bool is_any_active(const cJSON *routes)
{
    const cJSON *route;
    cJSON_ArrayForEach(route, routes)
    {
        if (cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(route, "TrafficDialPercentage")) >
            0)
            return true;
    }
    return false;
}

static void update_routes(struct sb_call *c, cJSON *routes)
{
    for (const struct evac_xml *x = evac_xml_path(c->xml, "RouteUpdates/Route"); x;
         x = evac_xml_again(x)) {
        cJSON *route = route_of(routes, x);
        int64_t dial = -1;
        (void)evac_str_i64(evac_xml_text(x, "TrafficDialPercentage"), &dial);
        if (!route || (dial != 0 && dial != 100)) {
            sb_error(c, 400, "InvalidRequest",
                     route ? "TrafficDialPercentage is 0 or 100."
                           : "No such bucket or Region in this Multi-Region Access Point.");
            return;
        }
        cJSON_ReplaceItemInObjectCaseSensitive(route, "TrafficDialPercentage",
                                               cJSON_CreateNumber((double)dial));
    }
    if (!is_any_active(routes))
        sb_error(c, 400, "InvalidRequest", "At least one Region must be active.");
}

static bool is_another_on_its_way(const struct sb_doc *mrap, const cJSON *routes)
{
    return mrap->due_count > 0 && !cJSON_Compare(mrap->due[0].value, routes, true);
}

static void submit_routes(struct sb_call *c)
{
    struct sb_doc *mrap = access_point(c);
    if (!mrap)
        return;
    cJSON *routes = cJSON_Duplicate(cJSON_GetObjectItemCaseSensitive(mrap->json, "Routes"), true);
    if (cJSON_GetArraySize(routes) < 2)
        sb_error(c, 405, "MethodNotAllowed",
                 "A Multi-Region Access Point of one Region can not fail over.");
    else
        update_routes(c, routes);
    if (!c->failed && is_another_on_its_way(mrap, routes))
        sb_error(c, 409, "OperationAborted",
                 "A conflicting route configuration update is in progress. Try again.");
    if (!c->failed) {
        char *text = cJSON_PrintUnformatted(routes);
        sb_doc_later(c->sb, mrap, ROUTE_MS, "Routes", text);
        cJSON_free(text);
        sb_effect(c);
        evac_buf_puts(&c->out, "<SubmitMultiRegionAccessPointRoutesResult xmlns=\"" NS "\"/>");
    }
    cJSON_Delete(routes);
}

/* --- the service ----------------------------------------------------------------------------- */

#define JOBS   "/v20180820/jobs"
#define ROUTES "/v20180820/mrap/instances/{Mrap+}/routes"
/* clang-format off */
static const struct sb_operation operations[] = {
    { .name = "GetMultiRegionAccessPointRoutes",    .handle = get_routes,    .flags = SB_STRONG,  .method = "GET",   .path = ROUTES },
    { .name = "SubmitMultiRegionAccessPointRoutes", .handle = submit_routes, .flags = SB_MUTATES, .method = "PATCH", .path = ROUTES },
    { .name = "CreateJob",       .handle = s3_create_job,   .flags = SB_MUTATES, .method = "POST", .path = JOBS },
    { .name = "DescribeJob",     .handle = s3_describe_job, .flags = SB_STRONG,  .method = "GET",  .path = JOBS "/{JobId}" },
    { .name = "ListJobs",        .handle = s3_list_jobs,    .flags = 0,          .method = "GET",  .path = JOBS },
    { .name = "UpdateJobStatus", .handle = s3_update_job,   .flags = SB_MUTATES, .method = "POST", .path = JOBS "/{JobId}/status" },
    { 0 },
};
/* clang-format on */

const struct sb_service sb_service_s3control = {
    .signing_name = "s3",
    .path_prefix = "/v20180820/",
    .row = "s3control",
    .operations = operations,
    .create = s3_jobs_create,
    .destroy = s3_jobs_destroy,
    .advance = s3_jobs_advance,
    .wake = s3_jobs_wake,
    .make = make,
    .truth = truth,
};

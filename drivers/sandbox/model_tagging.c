/*
 * The Resource Groups Tagging API: what carries which tags, a region at a time. A resource is a
 * document, as the service shows it; it is listed in the region of its ARN, and what is global
 * where its only API lives. Groups of EC2 Auto Scaling are kept here and not shown, as AWS does it:
 * their own service tells of their tags.
 *
 *     make tagging us-east-1 {"arn":"arn:aws:sqs:us-east-1:123456789012:orders",
 *                             "tags":{"app":"shop"}}
 */
#include "sandbox_docs.h"

#include <cjson/cJSON.h>

#define RESOURCE     "resource"
#define PER_PAGE     50
#define PER_PAGE_MAX 100
#define FILTERS_MAX  50
#define NOT_HERE     "arn:aws:autoscaling:"
#define TOKEN_PREFIX "page-"

/* --- what services ask ----------------------------------------------------------------------- */

static cJSON *tags_of(const struct sb_doc *resource)
{
    return cJSON_GetObjectItemCaseSensitive(resource->json, "Tags");
}

static cJSON *find_tag(const struct sb_doc *resource, struct evac_str key)
{
    cJSON *tag;
    cJSON_ArrayForEach(tag, tags_of(resource))
    {
        if (evac_str_is(key, cJSON_GetStringValue(cJSON_GetObjectItem(tag, "Key"))))
            return tag;
    }
    return NULL;
}

static struct evac_str value_of(const cJSON *tag)
{
    return evac_str(cJSON_GetStringValue(cJSON_GetObjectItem(tag, "Value")));
}

bool sb_tag_resource(struct evac_sandbox *sb, size_t region, const char *arn, const char *key,
                     const char *value)
{
    struct sb_doc *r = sb_doc_find(sb, SB_TAGGING, region, RESOURCE, evac_str(arn));
    if (!r) {
        r = sb_doc_new(sb, SB_TAGGING, region, RESOURCE, evac_str(arn));
        if (!r)
            return false;
        sb_doc_set_text(r, "ResourceARN", evac_str(arn));
        sb_doc_set(r, "Tags", "[]");
    }
    cJSON *tag = find_tag(r, evac_str(key));
    if (!tag) {
        tag = cJSON_CreateObject();
        cJSON_AddStringToObject(tag, "Key", key);
        cJSON_AddItemToArray(tags_of(r), tag);
    }
    cJSON_DeleteItemFromObject(tag, "Value");
    cJSON_AddStringToObject(tag, "Value", value);
    return true;
}

bool sb_resource_tag(const struct evac_sandbox *sb, size_t region, struct evac_str arn,
                     struct evac_str key, struct evac_str *ret_value)
{
    const struct sb_doc *r = sb_doc_find(sb, SB_TAGGING, region, RESOURCE, arn);
    const cJSON *tag = r ? find_tag(r, key) : NULL;
    if (tag)
        *ret_value = value_of(tag);
    return tag != NULL;
}

/* --- control --------------------------------------------------------------------------------- */

static enum evac_code make(struct evac_sandbox *sb, size_t region, const struct evac_json *json,
                           struct evac_err *err)
{
    struct evac_str arn = evac_json_str(json, "arn");
    const struct evac_json *tag = evac_json_first(evac_json_get(json, "tags"));
    if (!evac_str_starts(arn, "arn:") || arn.n >= sizeof((struct sb_doc *)0)->name || !tag)
        return evac_fail(err, EVAC_E_BADARG, "an arn of at most %zu bytes and its tags are needed",
                         sizeof((struct sb_doc *)0)->name - 1);
    for (; tag; tag = evac_json_next(tag))
        if (!sb_tag_resource(sb, region, arn.p, evac_json_key(tag).p, evac_json_text(tag).p))
            return evac_fail(err, EVAC_E_TOOBIG, "the sandbox keeps no more documents");
    return EVAC_OK;
}

/* --- operations ------------------------------------------------------------------------------ */

static bool one_of(const struct sb_call *c, int filter, struct evac_str value)
{
    if (!sb_has(c, "TagFilters.%d.Values.1", filter))
        return true;
    for (int v = 1; sb_has(c, "TagFilters.%d.Values.%d", filter, v); v++)
        if (evac_str_eq(sb_in(c, "TagFilters.%d.Values.%d", filter, v), value))
            return true;
    return false;
}

static bool has_tags(const struct sb_call *c, const struct sb_doc *r)
{
    for (int f = 1; sb_has(c, "TagFilters.%d.Key", f); f++) {
        const cJSON *tag = find_tag(r, sb_in(c, "TagFilters.%d.Key", f));
        if (!tag || !one_of(c, f, value_of(tag)))
            return false;
    }
    return true;
}

/* "ecs" takes all of ECS, "ecs:service" what stands behind the account as "service/..." or
 * "service:...". */
static bool is_type(const char *arn, struct evac_str type)
{
    struct evac_str rest = evac_str(arn), kind, service = evac_str_cut(type, ':', &kind), part[5];
    for (size_t i = 0; i < 5; i++)
        part[i] = evac_str_cut(rest, ':', &rest);
    if (!evac_str_eq(part[2], service) || kind.n == 0)
        return kind.n == 0 && evac_str_eq(part[2], service);
    return rest.n > kind.n && evac_str_starts(rest, kind.p) &&
           (rest.p[kind.n] == '/' || rest.p[kind.n] == ':');
}

static bool has_type(const struct sb_call *c, const struct sb_doc *r)
{
    if (!sb_has(c, "ResourceTypeFilters.1"))
        return true;
    for (int i = 1; sb_has(c, "ResourceTypeFilters.%d", i); i++)
        if (is_type(r->name, evac_arena_str(c->arena, sb_in(c, "ResourceTypeFilters.%d", i))))
            return true;
    return false;
}

static bool is_asked_for(const struct sb_call *c, const struct sb_doc *r)
{
    return !evac_str_starts(evac_str(r->name), NOT_HERE) && has_tags(c, r) && has_type(c, r);
}

static void refuse(struct sb_call *c, const char *what)
{
    sb_error(c, 400, "InvalidParameterException", "%s", what);
}

/* How many matching resources stand before the page. */
static int64_t page_begin(struct sb_call *c)
{
    struct evac_str token = sb_in(c, "PaginationToken");
    size_t prefix = sizeof TOKEN_PREFIX - 1;
    int64_t n = 0;
    if (token.n && (!evac_str_starts(token, TOKEN_PREFIX) ||
                    !evac_str_i64((struct evac_str){ token.p + prefix, token.n - prefix }, &n)))
        sb_error(c, 400, "PaginationTokenExpiredException", "The pagination token has expired.");
    return n;
}

static void get_resources(struct sb_call *c)
{
    int64_t most = sb_in_i64(c, "ResourcesPerPage", PER_PAGE), begin = page_begin(c), n = 0;
    struct sb_doc *r = NULL;
    if (most < 1 || most > PER_PAGE_MAX)
        refuse(c, "ResourcesPerPage must be from 1 to 100.");
    if (sb_has(c, "TagFilters.%d", FILTERS_MAX + 1))
        refuse(c, "There can be 50 filters.");
    if (c->failed)
        return;
    evac_buf_puts(&c->out, "{\"ResourceTagMappingList\":[");
    while ((r = sb_doc_next(c->sb, c->id, c->region, RESOURCE, r))) {
        if (!is_asked_for(c, r) || n++ < begin)
            continue;
        if (n > begin + most)
            break;
        evac_buf_puts(&c->out, n > begin + 1 ? "," : "");
        sb_doc_put(&c->out, r, "");
    }
    evac_buf_puts(&c->out, "],\"PaginationToken\":\"");
    if (r)
        evac_buf_putf(&c->out, TOKEN_PREFIX "%lld", (long long)(begin + most));
    evac_buf_puts(&c->out, "\"}");
}

static const struct sb_operation operations[] = {
    { "GetResources", get_resources,
      .takes = "PaginationToken TagFilters ResourcesPerPage ResourceTypeFilters" },
    { 0 },
};

const struct sb_service sb_service_tagging = {
    .signing_name = "tagging", .row = "tagging", .operations = operations, .make = make
};

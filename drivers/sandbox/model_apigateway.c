/*
 * API Gateway: which API a custom domain's path leads to, in both of its versions (AWS.md 2.6).
 *
 *     make apigateway us-west-2 {"kind":"domain","name":"api.example.com"}
 *     make apigateway us-west-2
 * {"kind":"base-path","name":"api.example.com/v1","restApiId":"abc","stage":"prod"} make apigateway
 * us-west-2 {"kind":"mapping","name":"api.example.com/m1","apiId":"abc","stage":"prod"}
 */
#include "sandbox_docs.h"

static const struct sb_kind kinds[] = {
    { "domain",
      "{\"domainName\":\"{name}\",\"regionalDomainName\":\"d-1.execute-api.{region}.amazonaws."
      "com\","
      "\"regionalHostedZoneId\":\"Z2OJLYMUO9EFXC\",\"domainNameStatus\":\"AVAILABLE\","
      "\"endpointConfiguration\":{\"types\":[\"REGIONAL\"]}}",
      false, NULL },
    { "base-path", "{\"restApiId\":\"\",\"stage\":\"prod\"}", false, NULL },
    { "mapping", "{\"apiId\":\"\",\"stage\":\"$default\"}", false, NULL },
    { 0 },
};

static struct evac_str both(struct sb_call *c)
{
    return evac_arena_printf(c->arena, "%.*s/%.*s", EVAC_STR_ARG(c->label[0]),
                             EVAC_STR_ARG(c->label[1]));
}

static void get_domain(struct sb_call *c)
{
    const struct sb_doc *d =
        sb_doc_named(c, c->region, "domain", c->label[0], 404, "NotFoundException");
    if (d)
        sb_doc_put(&c->out, d, "");
}

static struct sb_doc *base_path(struct sb_call *c)
{
    return sb_doc_named(c, c->region, "base-path", both(c), 404, "NotFoundException");
}

static void put_base_path(struct sb_call *c, struct sb_doc *m)
{
    sb_doc_set_text(m, "basePath", c->label[1]);
    sb_doc_put(&c->out, m, "");
}

static void get_base_path(struct sb_call *c)
{
    struct sb_doc *m = base_path(c);
    if (m)
        put_base_path(c, m);
}

static void update_base_path(struct sb_call *c)
{
    struct sb_doc *m = base_path(c);
    for (int i = 1; m && sb_has(c, "patchOperations.%d", i); i++) {
        struct evac_str path = sb_in(c, "patchOperations.%d.path", i);
        bool api = evac_str_is(path, "/restapiId"), stage = evac_str_is(path, "/stage");
        if (!evac_str_is(sb_in(c, "patchOperations.%d.op", i), "replace") || (!api && !stage)) {
            sb_error(c, 400, "BadRequestException", "Invalid patch path or operation.");
            return;
        }
        sb_doc_set_text(m, api ? "restApiId" : "stage", sb_in(c, "patchOperations.%d.value", i));
    }
    if (!m)
        return;
    sb_effect(c);
    put_base_path(c, m);
}

static struct sb_doc *mapping(struct sb_call *c)
{
    return sb_doc_named(c, c->region, "mapping", both(c), 404, "NotFoundException");
}

static void put_mapping(struct sb_call *c, struct sb_doc *m)
{
    sb_doc_set_text(m, "apiMappingId", c->label[1]);
    sb_doc_put(&c->out, m, "");
}

static void get_mapping(struct sb_call *c)
{
    struct sb_doc *m = mapping(c);
    if (m)
        put_mapping(c, m);
}

static void update_mapping(struct sb_call *c)
{
    struct sb_doc *m = mapping(c);
    if (!m)
        return;
    sb_doc_take(c, m, "apiId", "apiId");
    sb_doc_take(c, m, "stage", "stage");
    sb_doc_take(c, m, "apiMappingKey", "apiMappingKey");
    sb_effect(c);
    put_mapping(c, m);
}

/* clang-format off */
#define V1 "/domainnames/{domain_name}"
#define V2 "/v2/domainnames/{domainName}/apimappings/{apiMappingId}"
static const struct sb_operation operations[] = {
    { "GetDomainName", get_domain, 0, "GET", V1, .takes = "domainNameId" },
    { "GetBasePathMapping", get_base_path, 0, "GET", V1 "/basepathmappings/{base_path}", .takes = "domainNameId" },
    { "UpdateBasePathMapping", update_base_path, SB_MUTATES, "PATCH", V1 "/basepathmappings/{base_path}", .takes = "patchOperations!" },
    { "GetApiMapping", get_mapping, 0, "GET", V2, .takes = "" },
    { "UpdateApiMapping", update_mapping, SB_MUTATES, "PATCH", V2, .takes = "apiId! apiMappingKey stage" },
    { 0 },
};
/* clang-format on */

SB_DOCS(APIGATEWAY, kinds)

const struct sb_service sb_service_apigateway = { .signing_name = "apigateway",
                                                  .row = "apigateway",
                                                  .operations = operations,
                                                  .make = make,
                                                  .truth = truth };

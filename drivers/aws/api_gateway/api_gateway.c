/* API Gateway: which API a custom domain's path leads to within a region. Moving users between
 * regions is DNS's work: each region has the same domain name (AWS.md 2.6). */
#include "aws_lever.h"

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "domain", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL, "the custom domain name" },
    { "path", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, "(none)", NULL, "REST APIs: the base path; (none) is the root" },
    { "mapping", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL, "HTTP APIs: id of the API mapping" },
    { 0 },
};
static const struct evac_param map_params[] = {
    { "api", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "id of the API" },
    { 0 },
};
#define OP(op, verb, writes) { "apigateway", op, "apigateway:" verb, EVAC_HOME_STEP, NULL, true, writes }
static const struct evac_op ready_ops[] = { OP("GetDomainName", "GET", false), { 0 } };
static const struct evac_op rest_ops[] = { OP("GetBasePathMapping", "GET", false), OP("UpdateBasePathMapping", "PATCH", true), { 0 } };
static const struct evac_op http_ops[] = {
    { "apigatewayv2", "GetApiMapping", "apigateway:GET", EVAC_HOME_STEP, NULL, true, false },
    { "apigatewayv2", "UpdateApiMapping", "apigateway:PATCH", EVAC_HOME_STEP, NULL, true, true }, { 0 } };
static const struct evac_action actions[] = {
    { "ready", "the region's custom domain is available", 0, EVAC_FENCING_NONE, 500, 120000, NULL, ready_ops },
    { "map", "the domain's base path leads to this REST API", EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE, EVAC_FENCING_NONE, 2000, 120000, map_params, rest_ops,
      "aws apigateway update-base-path-mapping --region <region> --domain-name <domain> --base-path <path> "
      "--patch-operations op=replace,path=/restapiId,value=<was.value>" },
    { "map-http", "the domain's mapping leads to this HTTP API", EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE, EVAC_FENCING_NONE, 2000, 120000, map_params, http_ops,
      "aws apigatewayv2 update-api-mapping --region <region> --domain-name <domain> --api-mapping-id <mapping> --api-id <was.value>" },
    { 0 },
};
static const struct aws_lever ready = {
    .what = "the custom domain", .look = { "apigateway", "GetDomainName", "GET", .path = "/domainnames/<domain>" }, .at = "domainNameStatus",
    .want = "AVAILABLE", .moving = "UPDATING|PENDING|PENDING_CERTIFICATE_REIMPORT|PENDING_OWNERSHIP_VERIFICATION", .broken = "FAILED",
    .missing_codes = "NotFoundException" };
static const struct aws_lever map = {
    .what = "the API behind the base path", .look = { "apigateway", "GetBasePathMapping", "GET", .path = "/domainnames/<domain>/basepathmappings/<path>" },
    .at = "restApiId", .want = "<want.api>", .missing_codes = "NotFoundException",
    .act = { "apigateway", "UpdateBasePathMapping", "PATCH", "/domainnames/<domain>/basepathmappings/<path>", .body =
             "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/restapiId\",\"value\":\"<value>\"}]}" } };
static const struct aws_lever map_http = {
    .what = "the API behind the mapping", .look = { "apigatewayv2", "GetApiMapping", "GET", .path = "/v2/domainnames/<domain>/apimappings/<mapping>" },
    .at = "apiId", .want = "<want.api>", .missing_codes = "NotFoundException",
    .act = { "apigatewayv2", "UpdateApiMapping", "PATCH", "/v2/domainnames/<domain>/apimappings/<mapping>", .body = "{\"apiId\":\"<value>\"}" } };
static const struct aws_handlers handlers[] = {
    { .action = "ready", .lever = &ready }, { .action = "map", .lever = &map }, { .action = "map-http", .lever = &map_http }, { 0 },
};
/* clang-format on */

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_api_gateway = {
    "api-gateway", "a custom domain of API Gateway", resource_params, actions, 0, NULL, call,
    aws_cancel
};

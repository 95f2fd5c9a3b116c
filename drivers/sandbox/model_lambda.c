/*
 * Lambda: reserved and provisioned concurrency, event source mappings, invocations (AWS.md 2.6).
 *
 *     make lambda us-west-2 {"kind":"function","name":"worker"}          "fails":true: its
 * invocations fail make lambda us-west-2
 * {"kind":"mapping","name":"<uuid>","FunctionArn":"...","State":"Disabled"}
 */
#include "sandbox_docs.h"

#define ACCOUNT_CONCURRENCY 1000
#define UNRESERVED_MINIMUM  100

/* AWS's durations, in real time (AWS.md 4.8). */
#define PROVISION_MS 120000u
#define SWITCH_MS    20000u

static const struct sb_kind kinds[] = {
    { "function",
      "{\"FunctionName\":\"{name}\",\"FunctionArn\":\"arn:aws:lambda:{region}:{account}:function:{"
      "name}\","
      "\"Runtime\":\"provided.al2023\",\"Version\":\"$LATEST\",\"State\":\"Active\","
      "\"LastUpdateStatus\":\"Successful\",\"Handler\":\"bootstrap\",\"MemorySize\":256,"
      "\"Timeout\":30,"
      "\"CodeSha256\":\"b8E4vV0gQ1cUuV0cC5n5nq1sTqK3uPcYb8E4vV0gQ1c=\",\"CodeSize\":1024,"
      "\"Architectures\":[\"arm64\"],"
      "\"EphemeralStorage\":{\"Size\":512},\"Environment\":{\"Variables\":{\"MODE\":\"live\"}},"
      "\"Layers\":[],\"PackageType\":\"Zip\"}",
      false, NULL },
    { "mapping",
      "{\"UUID\":\"{name}\",\"BatchSize\":10,\"State\":\"Enabled\",\"StateTransitionReason\":"
      "\"USER_INITIATED\","
      "\"EventSourceArn\":\"arn:aws:sqs:{region}:{account}:orders\","
      "\"FunctionArn\":\"arn:aws:lambda:{region}:{account}:function:worker\"}",
      false, NULL },
    { "concurrency", "{}", false, NULL }, /* a function's reservation, when it has one */
    { "provisioned", "{}", false, NULL }, /* "function:qualifier" */
    { 0 },
};

static struct sb_doc *function(struct sb_call *c)
{
    return sb_doc_named(c, c->region, "function", sb_short_name(c->label[0]), 404,
                        "ResourceNotFoundException");
}

static struct sb_doc *mapping(struct sb_call *c)
{
    return sb_doc_named(c, c->region, "mapping", c->label[0], 404, "ResourceNotFoundException");
}

static struct sb_doc *of_function(struct sb_call *c, const char *kind, const struct sb_doc *f)
{
    return sb_doc_find(c->sb, c->id, c->region, kind, evac_str(f->name));
}

static void get_configuration(struct sb_call *c)
{
    const struct sb_doc *f = function(c);
    if (f)
        sb_doc_put(&c->out, f, "");
}

/* --- reserved -------------------------------------------------------------------------------- */

static void get_concurrency(struct sb_call *c)
{
    const struct sb_doc *f = function(c), *r = f ? of_function(c, "concurrency", f) : NULL;
    if (r)
        sb_doc_put(&c->out, r, "");
    else if (f)
        evac_buf_puts(&c->out, "{}");
}

static int64_t reserved_by_others(struct sb_call *c, const struct sb_doc *f)
{
    int64_t sum = 0;
    struct sb_doc *d = NULL;
    while ((d = sb_doc_next(c->sb, c->id, c->region, "concurrency", d)))
        sum += evac_str_is(evac_str(d->name), f->name)
                   ? 0
                   : sb_doc_num(d, "ReservedConcurrentExecutions", 0);
    return sum;
}

static void put_concurrency(struct sb_call *c)
{
    const struct sb_doc *f = function(c);
    int64_t n = sb_in_i64(c, "ReservedConcurrentExecutions", -1);
    if (!f)
        return;
    if (n < 0 || reserved_by_others(c, f) + n > ACCOUNT_CONCURRENCY - UNRESERVED_MINIMUM) {
        sb_error(c, 400, "InvalidParameterValueException",
                 "Specified ReservedConcurrentExecutions for function decreases account's "
                 "UnreservedConcurrentExecution below its minimum value of [100].");
        return;
    }
    struct sb_doc *r = sb_doc_new(c->sb, c->id, c->region, "concurrency", evac_str(f->name));
    sb_doc_set_num(r, "ReservedConcurrentExecutions", (double)n);
    sb_effect(c);
    sb_doc_put(&c->out, r, "");
}

static void delete_concurrency(struct sb_call *c)
{
    const struct sb_doc *f = function(c);
    struct sb_doc *r = f ? of_function(c, "concurrency", f) : NULL;
    if (!f)
        return;
    if (r)
        sb_doc_drop(c->sb, r);
    sb_effect(c);
    c->status = 204;
}

/* --- provisioned ----------------------------------------------------------------------------- */

static struct evac_str qualified(struct sb_call *c, const struct sb_doc *f)
{
    return evac_arena_printf(c->arena, "%s:%.*s", f->name, EVAC_STR_ARG(sb_in(c, "Qualifier")));
}

static struct sb_doc *provisioned(struct sb_call *c)
{
    const struct sb_doc *f = function(c);
    struct sb_doc *p =
        f ? sb_doc_find(c->sb, c->id, c->region, "provisioned", qualified(c, f)) : NULL;
    if (f && !p)
        sb_error(c, 404, "ProvisionedConcurrencyConfigNotFoundException",
                 "No Provisioned Concurrency Config found for this function");
    return p;
}

static void get_provisioned(struct sb_call *c)
{
    const struct sb_doc *p = provisioned(c);
    if (p)
        sb_doc_put(&c->out, p, "");
}

static void put_provisioned(struct sb_call *c)
{
    const struct sb_doc *f = function(c);
    int64_t n = sb_in_i64(c, "ProvisionedConcurrentExecutions", 0);
    if (!f)
        return;
    if (n < 1 || evac_str_is(sb_in(c, "Qualifier"), "$LATEST")) {
        sb_error(c, 400, "InvalidParameterValueException",
                 n < 1 ? "ProvisionedConcurrentExecutions must be at least 1"
                       : "Provisioned Concurrency Configs cannot be applied to unpublished "
                         "function versions.");
        return;
    }
    struct sb_doc *p = sb_doc_new(c->sb, c->id, c->region, "provisioned", qualified(c, f));
    bool refused = sb_fault(c->sb, c->id, c->region)->capacity_refused;
    const char *count = evac_arena_printf(c->arena, "%lld", (long long)n).p;
    sb_doc_set(p, "RequestedProvisionedConcurrentExecutions", count);
    sb_doc_set(p, "AllocatedProvisionedConcurrentExecutions", "0");
    sb_doc_set(p, "AvailableProvisionedConcurrentExecutions", "0");
    sb_doc_set(p, "Status", "\"IN_PROGRESS\"");
    sb_doc_set_text(p, "LastModified", sb_iso(c->arena, sb_wall_ms(c->sb)));
    sb_doc_later(c->sb, p, PROVISION_MS, "AllocatedProvisionedConcurrentExecutions",
                 refused ? "0" : count);
    sb_doc_later(c->sb, p, PROVISION_MS, "AvailableProvisionedConcurrentExecutions",
                 refused ? "0" : count);
    sb_doc_later(c->sb, p, PROVISION_MS, "Status", refused ? "\"FAILED\"" : "\"READY\"");
    sb_effect(c);
    c->status = 202;
    sb_doc_put(&c->out, p, "");
}

static void delete_provisioned(struct sb_call *c)
{
    struct sb_doc *p = provisioned(c);
    if (!p)
        return;
    sb_doc_drop(c->sb, p);
    sb_effect(c);
    c->status = 204;
}

/* --- event source mappings ------------------------------------------------------------------- */

static void get_mapping(struct sb_call *c)
{
    const struct sb_doc *m = mapping(c);
    if (m)
        sb_doc_put(&c->out, m, "");
}

static void list_mappings(struct sb_call *c)
{
    struct sb_doc *m = NULL;
    bool first = true;
    evac_buf_puts(&c->out, "{\"EventSourceMappings\":[");
    while ((m = sb_doc_next(c->sb, c->id, c->region, "mapping", m))) {
        struct evac_str name = sb_in(c, "FunctionName");
        if (name.n &&
            !evac_str_eq(sb_short_name(sb_doc_text(m, "FunctionArn")), sb_short_name(name)))
            continue;
        evac_buf_puts(&c->out, first ? "" : ",");
        sb_doc_put(&c->out, m, "");
        first = false;
    }
    evac_buf_puts(&c->out, "]}");
}

static void update_mapping(struct sb_call *c)
{
    struct sb_doc *m = mapping(c);
    if (!m)
        return;
    bool settled = sb_doc_is(m, "State", "Enabled") || sb_doc_is(m, "State", "Disabled");
    if (!settled) {
        sb_error(c, 400, "ResourceInUseException",
                 "Cannot update the event source mapping because it is in use.");
        return;
    }
    sb_doc_take(c, m, "BatchSize", "BatchSize");
    bool enabled = sb_in_bool(c, "Enabled", sb_doc_is(m, "State", "Enabled"));
    if (enabled != sb_doc_is(m, "State", "Enabled")) {
        sb_doc_set(m, "State", enabled ? "\"Enabling\"" : "\"Disabling\"");
        sb_doc_later(c->sb, m, SWITCH_MS, "State", enabled ? "\"Enabled\"" : "\"Disabled\"");
    }
    sb_effect(c);
    c->status = 202;
    sb_doc_put(&c->out, m, "");
}

/* --- invocations ----------------------------------------------------------------------------- */

static void invoke(struct sb_call *c)
{
    struct sb_doc *f = function(c);
    const struct sb_doc *r = f ? of_function(c, "concurrency", f) : NULL;
    struct evac_str type = sb_request_header(c, "x-amz-invocation-type");
    if (!f)
        return;
    if (r && sb_doc_num(r, "ReservedConcurrentExecutions", 1) == 0) {
        sb_error(c, 429, "TooManyRequestsException", "Rate Exceeded.");
        return;
    }
    if (evac_str_is(type, "DryRun")) {
        c->status = 204;
        return;
    }
    struct sb_doc *calls = sb_doc_find(c->sb, c->id, c->region, "calls", evac_str(f->name));
    if (!calls)
        calls = sb_doc_new(c->sb, c->id, c->region, "calls", evac_str(f->name));
    sb_doc_set_num(calls, "count", (double)sb_doc_num(calls, "count", 0) + 1);
    sb_doc_set_text(calls, "last", c->request->body);
    sb_effect(c);
    c->raw = true;
    c->status = evac_str_is(type, "Event") ? 202 : 200;
    if (c->status == 202)
        return;
    sb_header(c, "x-amz-executed-version", EVAC_STR("$LATEST"));
    if (sb_doc_is(f, "fails", "true")) {
        sb_header(c, "x-amz-function-error", EVAC_STR("Unhandled"));
        evac_buf_puts(&c->out, "{\"errorMessage\":\"it broke\",\"errorType\":\"Runtime.Exit\"}");
    } else {
        evac_buf_puts(&c->out, "{\"done\":true}");
    }
}

/* clang-format off */
#define F "/2015-03-31/functions/{FunctionName}"
#define R "/2017-10-31/functions/{FunctionName}/concurrency"
#define P "/2019-09-30/functions/{FunctionName}/provisioned-concurrency"
#define M "/2015-03-31/event-source-mappings"
static const struct sb_operation operations[] = {
    { "Invoke", invoke, SB_MUTATES, "POST", F "/invocations", .takes = NULL },
    { "GetFunctionConfiguration", get_configuration, 0, "GET", F "/configuration", .takes = "Qualifier" },
    { "GetFunctionConcurrency", get_concurrency, 0, "GET", "/2019-09-30/functions/{FunctionName}/concurrency", .takes = "" },
    { "PutFunctionConcurrency", put_concurrency, SB_MUTATES, "PUT", R, .takes = "ReservedConcurrentExecutions!" },
    { "DeleteFunctionConcurrency", delete_concurrency, SB_MUTATES, "DELETE", R, .takes = "" },
    { "GetProvisionedConcurrencyConfig", get_provisioned, 0, "GET", P, .takes = "Qualifier!" },
    { "PutProvisionedConcurrencyConfig", put_provisioned, SB_MUTATES, "PUT", P, .takes = "Qualifier! ProvisionedConcurrentExecutions!" },
    { "DeleteProvisionedConcurrencyConfig", delete_provisioned, SB_MUTATES, "DELETE", P, .takes = "Qualifier!" },
    { "GetEventSourceMapping", get_mapping, 0, "GET", M "/{UUID}", .takes = "" },
    { "ListEventSourceMappings", list_mappings, 0, "GET", M, .takes = "EventSourceArn FunctionName Marker MaxItems" },
    { "UpdateEventSourceMapping", update_mapping, SB_MUTATES, "PUT", M "/{UUID}", .takes = "FunctionName Enabled BatchSize" },
    { 0 },
};
/* clang-format on */

SB_DOCS(LAMBDA, kinds)

const struct sb_service sb_service_lambda = { .signing_name = "lambda",
                                              .row = "lambda",
                                              .operations = operations,
                                              .make = make,
                                              .truth = truth };

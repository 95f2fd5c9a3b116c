/*
 * Systems Manager: automations, commands, parameters (AWS.md 2.11).
 *
 *     make ssm us-west-2 {"kind":"document","name":"Warm-Cache"}       "result":"Failed": its runs
 * end so make ssm us-west-2 {"kind":"parameter","name":"/shop/mode","Value":"passive"}
 */
#include "sandbox_docs.h"

#include <cjson/cJSON.h>

#define RUN_MS 30000u

static const struct sb_kind kinds[] = {
    { "document", "{\"result\":\"Success\"}", false, NULL },
    { "parameter",
      "{\"Name\":\"{name}\",\"Type\":\"String\",\"Value\":\"\",\"Version\":1,\"DataType\":\"text\","
      "\"ARN\":\"arn:aws:ssm:{region}:{account}:parameter{name}\"}",
      false, NULL },
    { "earlier", "{}", false, NULL }, /* "NAME:VERSION" of a parameter, as it was */
    { "automation", "{}", false, NULL },
    { "command", "{}", false, NULL },
    { 0 },
};

static const char *new_id(struct sb_call *c)
{
    return evac_arena_printf(c->arena, "%08llx-%04llx-4000-8000-%012llx",
                             (unsigned long long)sb_random(c->sb, 1ull << 32),
                             (unsigned long long)sb_random(c->sb, 65536),
                             (unsigned long long)sb_random(c->sb, 1ull << 48))
        .p;
}

static const char *result_of(struct sb_call *c, const char *code)
{
    const struct sb_doc *d =
        sb_doc_named(c, c->region, "document", sb_in(c, "DocumentName"), 400, code);
    return d ? evac_arena_printf(c->arena, "\"%.*s\"", EVAC_STR_ARG(sb_doc_text(d, "result"))).p
             : NULL;
}

/* --- automation ------------------------------------------------------------------------------ */

static struct sb_doc *by_token(struct sb_call *c, struct evac_str token)
{
    struct sb_doc *a = NULL;
    while (token.n && (a = sb_doc_next(c->sb, c->id, c->region, "automation", a)))
        if (evac_str_eq(sb_doc_text(a, "token"), token))
            return a;
    return NULL;
}

static void start_automation(struct sb_call *c)
{
    struct evac_str token = sb_in(c, "ClientToken");
    const char *result = result_of(c, "AutomationDefinitionNotFoundException");
    if (!result)
        return;
    if (token.n && token.n != 36) {
        sb_error(c, 400, "ValidationException", "ClientToken: a UUID of 36 characters.");
        return;
    }
    struct sb_doc *a = by_token(c, token);
    if (!a) {
        a = sb_doc_new(c->sb, c->id, c->region, "automation", evac_str(new_id(c)));
        sb_doc_set_text(a, "token", token);
        sb_doc_set_text(a, "is.AutomationExecutionId", evac_str(a->name));
        sb_doc_take(c, a, "is.DocumentName", "DocumentName");
        sb_doc_take(c, a, "tags", "Tags");
        sb_doc_set(a, "is.AutomationExecutionStatus", "\"InProgress\"");
        sb_doc_set_num(a, "is.ExecutionStartTime", (double)sb_wall_ms(c->sb) / 1000);
        sb_doc_later(c->sb, a, RUN_MS, "is.AutomationExecutionStatus", result);
        sb_effect(c);
    }
    evac_buf_putf(&c->out, "{\"AutomationExecutionId\":\"%s\"}", a->name);
}

static bool has_tag(const struct sb_doc *a, struct evac_str key)
{
    const cJSON *tag;
    cJSON_ArrayForEach(tag, cJSON_GetObjectItem(a->json, "tags"))
    {
        if (evac_str_eq(evac_str(cJSON_GetStringValue(cJSON_GetObjectItem(tag, "Key"))), key))
            return true;
    }
    return false;
}

static bool passes(struct sb_call *c, const struct sb_doc *a)
{
    for (int i = 1; sb_has(c, "Filters.%d", i); i++) {
        struct evac_str key = sb_in(c, "Filters.%d.Key", i);
        struct evac_str value = sb_in(c, "Filters.%d.Values.1", i);
        if (evac_str_is(key, "TagKey") && !has_tag(a, value))
            return false;
        if (evac_str_is(key, "ExecutionId") && !evac_str_is(value, a->name))
            return false;
        if (evac_str_is(key, "ExecutionStatus") &&
            !evac_str_eq(value, sb_doc_text(a, "is.AutomationExecutionStatus")))
            return false;
        if (!evac_str_is(key, "TagKey") && !evac_str_is(key, "ExecutionId") &&
            !evac_str_is(key, "ExecutionStatus")) {
            sb_error(c, 400, "InvalidFilterKey", "This sandbox does not filter by %.*s.",
                     EVAC_STR_ARG(key));
            return false;
        }
    }
    return true;
}

static void describe_automations(struct sb_call *c)
{
    struct sb_doc *a = NULL;
    struct evac_buf list;
    evac_buf_init(&list, 1u << 20);
    while ((a = sb_doc_next(c->sb, c->id, c->region, "automation", a))) {
        if (!passes(c, a))
            continue;
        evac_buf_puts(&list, list.n ? "," : "");
        sb_doc_put(&list, a, "is");
    }
    if (!c->failed)
        evac_buf_putf(&c->out, "{\"AutomationExecutionMetadataList\":[%s]}", list.n ? list.p : "");
    evac_buf_done(&list);
}

static void get_automation(struct sb_call *c)
{
    const struct sb_doc *a =
        sb_doc_named(c, c->region, "automation", sb_in(c, "AutomationExecutionId"), 400,
                     "AutomationExecutionNotFoundException");
    if (!a)
        return;
    evac_buf_puts(&c->out, "{\"AutomationExecution\":");
    sb_doc_put(&c->out, a, "is");
    evac_buf_putc(&c->out, '}');
}

/* --- commands -------------------------------------------------------------------------------- */

static void send_command(struct sb_call *c)
{
    const char *result = result_of(c, "InvalidDocument");
    if (!result)
        return;
    struct sb_doc *d = sb_doc_new(c->sb, c->id, c->region, "command", evac_str(new_id(c)));
    sb_doc_set_text(d, "CommandId", evac_str(d->name));
    sb_doc_take(c, d, "DocumentName", "DocumentName");
    sb_doc_take(c, d, "Comment", "Comment");
    sb_doc_take(c, d, "InstanceIds", "InstanceIds");
    sb_doc_take(c, d, "Targets", "Targets");
    sb_doc_take(c, d, "Parameters", "Parameters");
    sb_doc_set_num(d, "RequestedDateTime", (double)sb_wall_ms(c->sb) / 1000);
    sb_doc_set(d, "Status", "\"InProgress\"");
    sb_doc_later(c->sb, d, RUN_MS, "Status", result);
    sb_effect(c);
    evac_buf_puts(&c->out, "{\"Command\":");
    sb_doc_put(&c->out, d, "");
    evac_buf_putc(&c->out, '}');
}

static void list_commands(struct sb_call *c)
{
    struct sb_doc *d = NULL;
    struct evac_str id = sb_in(c, "CommandId");
    struct evac_buf list;
    evac_buf_init(&list, 1u << 20);
    while ((d = sb_doc_next(c->sb, c->id, c->region, "command", d))) {
        if (id.n && !evac_str_is(id, d->name))
            continue;
        evac_buf_puts(&list, list.n ? "," : "");
        sb_doc_put(&list, d, "");
    }
    evac_buf_putf(&c->out, "{\"Commands\":[%s]}", list.n ? list.p : "");
    evac_buf_done(&list);
}

/* --- parameters ------------------------------------------------------------------------------ */

static void get_parameter(struct sb_call *c)
{
    struct evac_str selector, name = evac_str_cut(sb_in(c, "Name"), ':', &selector);
    const struct sb_doc *p =
        sb_doc_named(c, c->region, "parameter", name, 400, "ParameterNotFound");
    int64_t version = 0;
    if (!p)
        return;
    bool now = selector.n == 0 ||
               (evac_str_i64(selector, &version) && version == sb_doc_num(p, "Version", 1));
    if (!now)
        p = sb_doc_find(c->sb, c->id, c->region, "earlier", sb_in(c, "Name"));
    if (!p) {
        sb_error(c, 400, "ParameterVersionNotFound", "The parameter has no such version.");
        return;
    }
    evac_buf_puts(&c->out, "{\"Parameter\":");
    sb_doc_put(&c->out, p, now ? "" : "is");
    evac_buf_putc(&c->out, '}');
}

static void keep_version(struct sb_call *c, const struct sb_doc *p, int64_t version)
{
    struct evac_str name = evac_arena_printf(c->arena, "%s:%lld", p->name, (long long)version);
    struct sb_doc *earlier = sb_doc_new(c->sb, c->id, c->region, "earlier", name);
    struct evac_buf json;
    if (!earlier)
        return;
    evac_buf_init(&json, 65536);
    sb_doc_put(&json, p, "");
    sb_doc_set(earlier, "is", json.p);
    evac_buf_done(&json);
}

static void put_parameter(struct sb_call *c)
{
    struct sb_doc *p = sb_doc_find(c->sb, c->id, c->region, "parameter", sb_in(c, "Name"));
    if (p && !sb_in_bool(c, "Overwrite", false)) {
        sb_error(c, 400, "ParameterAlreadyExists", "The parameter already exists.");
        return;
    }
    int64_t version = p ? sb_doc_num(p, "Version", 1) + 1 : 1;
    if (p)
        keep_version(c, p, version - 1);
    else
        p = sb_doc_of_kind(c->sb, c->id, kinds, "parameter", c->region, sb_in(c, "Name"));
    sb_doc_take(c, p, "Value", "Value");
    sb_doc_take(c, p, "Type", "Type");
    sb_doc_set_num(p, "Version", (double)version);
    sb_effect(c);
    evac_buf_putf(&c->out, "{\"Version\":%lld,\"Tier\":\"Standard\"}", (long long)version);
}

/* clang-format off */
static const struct sb_operation operations[] = {
    { "StartAutomationExecution", start_automation, SB_MUTATES, .takes = "DocumentName! DocumentVersion Parameters ClientToken Tags" },
    { "DescribeAutomationExecutions", describe_automations, .takes = "Filters MaxResults NextToken" },
    { "GetAutomationExecution", get_automation, .takes = "AutomationExecutionId!" },
    { "SendCommand", send_command, SB_MUTATES, .takes = "DocumentName! InstanceIds Targets TimeoutSeconds Comment Parameters" },
    { "ListCommands", list_commands, .takes = "CommandId InstanceId MaxResults NextToken Filters" },
    { "GetParameter", get_parameter, .takes = "Name! WithDecryption" },
    { "PutParameter", put_parameter, SB_MUTATES, .takes = "Name! Description Value! Type KeyId Overwrite" },
    { 0 },
};
/* clang-format on */

SB_DOCS(SSM, kinds)

const struct sb_service sb_service_ssm = {
    .signing_name = "ssm", .row = "ssm", .operations = operations, .make = make, .truth = truth
};

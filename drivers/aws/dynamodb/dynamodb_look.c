#include "dynamodb.h"

#include <string.h>

#define YOUNG_MS 60000 /* tags are shown within seconds */

/* --- asking ---------------------------------------------------------------------------------- */

static struct evac_aws_request describing(struct aws_call *c, struct evac_str region,
                                          struct evac_str name)
{
    const struct aws_hole holes[] = { { "name", name } };
    const struct aws_ask ask = { "dynamodb", "DescribeTable",
                                 .body = "{\"TableName\":\"<name>\"}" };
    struct evac_aws_request request = aws_ask(c, &ask, false, holes, 1);
    request.region = region;
    return request;
}

enum evac_code dynamodb_describe_first(struct aws_call *c, struct evac_str region,
                                       struct evac_str name, aws_reply_fn *then,
                                       struct evac_err *err)
{
    struct evac_aws_request request = describing(c, region, name);
    return aws_send(c, &request, then, err);
}

void dynamodb_describe(struct aws_call *c, struct evac_str region, struct evac_str name,
                       aws_reply_fn *then)
{
    struct evac_aws_request request = describing(c, region, name);
    aws_next(c, &request, then);
}

void dynamodb_ask(struct aws_call *c, const char *operation, struct evac_str region, bool mutates,
                  const char *body, const struct aws_hole *holes, size_t hole_count,
                  aws_reply_fn *then)
{
    const struct aws_ask ask = { "dynamodb", operation, .body = body };
    struct evac_aws_request request = aws_ask(c, &ask, mutates, holes, hole_count);
    request.region = region;
    aws_next(c, &request, then);
}

/* --- whose ----------------------------------------------------------------------------------- */

struct evac_str dynamodb_here(const struct aws_call *c)
{
    return c->verb == EVAC_VERB_MEASURE ? c->to : c->region;
}

struct evac_str dynamodb_other(const struct aws_call *c)
{
    return evac_str_eq(dynamodb_here(c), c->from) ? c->to : c->from;
}

bool dynamodb_by_backups(const struct aws_call *c)
{
    return evac_str_is(evac_args_get(&c->args, "protected_by"), "backups");
}

bool dynamodb_is_strong(const struct aws_call *c)
{
    return evac_str_is(evac_args_get(&c->args, "consistency"), "strong");
}

struct evac_str dynamodb_keep(struct aws_call *c, struct evac_str text)
{
    return evac_arena_str(c->arena, text);
}

/* --- reading --------------------------------------------------------------------------------- */

int64_t dynamodb_ms(const struct evac_json *object, const char *member)
{
    double seconds = evac_json_num(object, member, -1);
    return seconds < 0 ? -1 : (int64_t)(seconds * 1000 + 0.5);
}

static void read_capacity(const struct evac_json *t, struct dynamodb_view *v)
{
    const struct evac_json *units = evac_json_get(t, "ProvisionedThroughput");
    const struct evac_json *warm = evac_json_get(t, "WarmThroughput");
    struct evac_str status = evac_json_str(warm, "Status");
    v->on_demand = evac_str_is(evac_json_str(evac_json_get(t, "BillingModeSummary"), "BillingMode"),
                               "PAY_PER_REQUEST");
    v->read = evac_json_i64(units, "ReadCapacityUnits", 0);
    v->write = evac_json_i64(units, "WriteCapacityUnits", 0);
    v->warm_read = evac_json_i64(warm, "ReadUnitsPerSecond", 0);
    v->warm_write = evac_json_i64(warm, "WriteUnitsPerSecond", 0);
    v->warming = status.n && !evac_str_is(status, "ACTIVE");
}

static void read_global(const struct evac_json *t, struct dynamodb_view *v)
{
    struct evac_str version = evac_json_str(t, "GlobalTableVersion");
    v->global = version.n || evac_json_count(evac_json_get(t, "Replicas")) > 0;
    v->legacy = evac_str_is(version, "2017.11.29");
    v->strong = evac_str_is(evac_json_str(t, "MultiRegionConsistency"), "STRONG");
}

bool dynamodb_look(struct aws_call *c, const struct evac_aws_reply *r, struct dynamodb_view *v)
{
    *v = (struct dynamodb_view){ .restored_to_ms = -1 };
    if (evac_str_is(r->code, "ResourceNotFoundException"))
        return true;
    if (!aws_looked(c, r))
        return false;
    const struct evac_json *t = evac_json_get(r->json, "Table");
    const struct evac_json *restore = evac_json_get(t, "RestoreSummary");
    v->found = t != NULL;
    v->table = t;
    v->name = dynamodb_keep(c, evac_json_str(t, "TableName"));
    v->arn = dynamodb_keep(c, evac_json_str(t, "TableArn"));
    v->status = dynamodb_keep(c, evac_json_str(t, "TableStatus"));
    v->stream =
        dynamodb_keep(c, evac_json_str(evac_json_get(t, "StreamSpecification"), "StreamViewType"));
    v->source_table = dynamodb_keep(c, evac_json_str(restore, "SourceTableArn"));
    v->source_backup = dynamodb_keep(c, evac_json_str(restore, "SourceBackupArn"));
    v->restored_to_ms = dynamodb_ms(restore, "RestoreDateTime");
    v->young = aws_server_ms(c, r) - dynamodb_ms(t, "CreationDateTime") < YOUNG_MS;
    v->items = evac_json_i64(t, "ItemCount", 0);
    v->lsi = evac_json_get(t, "LocalSecondaryIndexes") != NULL;
    read_capacity(t, v);
    read_global(t, v);
    return true;
}

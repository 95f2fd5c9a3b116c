/*
 * What has arrived in the other region: markers in a row of the table, and the sending region's
 * metric.
 */
#include "cw_lag.h"
#include "dynamodb.h"

/* --- markers --------------------------------------------------------------------------------- */

/* The marker's partition key: "canary/us-east-1", or a number that each region has of its own. */
static enum evac_code marker_key(struct aws_call *c, struct evac_str source,
                                 struct evac_str *ret_key, struct evac_err *err)
{
    struct evac_str canary = evac_args_regional(&c->args, "canary", source);
    int64_t number;
    bool is_number = evac_str_is(evac_args_get(&c->args, "partition_key_type"), "N");
    if (!is_number) {
        *ret_key = aws_printf(c, "%.*s/%.*s", EVAC_STR_ARG(canary), EVAC_STR_ARG(source));
        return EVAC_OK;
    }
    *ret_key = canary;
    if (evac_args_has(&c->args, "canary") || !evac_str_i64(canary, &number))
        return evac_fail(err, EVAC_E_BADARG,
                         "the partition key is a number: canary must be a group with a number for "
                         "each region");
    return EVAC_OK;
}

static void no_canary(struct aws_call *c)
{
    struct aws_sight unseen = { .seen = EVAC_SEEN_UNSEEN, .progress = -1 };
    if (c->verb == EVAC_VERB_MARK)
        aws_answer_rejected(c, "", "no canary is declared: no markers are written");
    else
        aws_answer_seen(c, &unseen, "no canary is declared: no markers are written");
}

#define KEY_TEXT  "\"<pk>\":{\"<pk_type>\":\"<key>\"}"
#define SORT_TEXT ",\"<sk>\":{\"<sk_type>\":\"<sort>\"}"

static enum evac_code ask_marker(struct aws_call *c, const char *operation, const char *plain,
                                 const char *sorted, struct evac_str source, aws_reply_fn *then,
                                 struct evac_err *err)
{
    struct evac_str key, sort = evac_args_get(&c->args, "sort_key");
    struct evac_str sort_type = evac_args_get(&c->args, "sort_key_type");
    struct evac_str type = evac_args_get(&c->args, "partition_key_type");
    struct evac_str name = evac_args_get(&c->args, "partition_key");
    const struct evac_host *host = c->link->host;
    enum evac_code code = marker_key(c, source, &key, err);
    if (code)
        return code;
    const struct aws_hole holes[] = {
        { "pk", name.n ? name : EVAC_STR("pk") },
        { "pk_type", type.n ? type : EVAC_STR("S") },
        { "key", key },
        { "sk", sort },
        { "sk_type", sort_type.n ? sort_type : EVAC_STR("S") },
        { "sort", evac_str_is(sort_type, "N") ? EVAC_STR("0") : EVAC_STR("evac") },
        { "marker", aws_printf(c, "%lld", (long long)c->marker) },
        { "wall", aws_printf(c, "%lld", (long long)host->wall_ms(host->ctx)) },
    };
    const struct aws_ask ask = { "dynamodb", operation, .body = sort.n ? sorted : plain };
    struct evac_aws_request request =
        aws_ask(c, &ask, c->verb == EVAC_VERB_MARK, holes, sizeof holes / sizeof holes[0]);
    return aws_send(c, &request, then, err);
}

/* A newer marker stays, and so does what is no marker at all. One that is there already is a lost
 * reply's. */
static void on_marked(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct evac_aws_reply reply = *r;
    int64_t there;
    const struct evac_json *item = evac_json_get(evac_json_get(r->json, "Item"), "evac_marker");
    bool same = evac_str_is(r->code, "ConditionalCheckFailedException") &&
                evac_str_i64(evac_json_str(item, "N"), &there) && there == c->marker;
    if (same)
        reply.outcome = EVAC_OUTCOME_ACCEPTED;
    aws_answer_outcome(c, &reply);
}

#define MARK_BODY(sort)                                                                            \
    "{\"TableName\":\"<table>\",\"Item\":{" KEY_TEXT sort                                          \
    ",\"evac_marker\":{\"N\":\"<marker>\"},\"evac_wall_ms\":{\"N\":\"<wall>\"}},"                  \
    "\"ConditionExpression\":\"attribute_not_exists(#pk) OR :marker > evac_marker\","              \
    "\"ExpressionAttributeNames\":{\"#pk\":\"<pk>\"},"                                             \
    "\"ExpressionAttributeValues\":{\":marker\":{\"N\":\"<marker>\"}},"                            \
    "\"ReturnValuesOnConditionCheckFailure\":\"ALL_OLD\"}"
#define SEEK_BODY(sort)                                                                            \
    "{\"TableName\":\"<table>\",\"Key\":{" KEY_TEXT sort "},\"ConsistentRead\":true}"

static bool has_canary(const struct aws_call *c)
{
    return evac_args_regional(&c->args, "canary", c->region).n > 0;
}

enum evac_code dynamodb_mark(struct aws_call *c, struct evac_err *err)
{
    if (!has_canary(c))
        return aws_answer_later(c, no_canary, err);
    return ask_marker(c, "PutItem", MARK_BODY(""), MARK_BODY(SORT_TEXT), c->region, on_marked, err);
}

static void on_sought(struct aws_call *c, const struct evac_aws_reply *r)
{
    int64_t marker;
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return;
    }
    const struct evac_json *item = evac_json_get(evac_json_get(r->json, "Item"), "evac_marker");
    if (!evac_str_i64(evac_json_str(item, "N"), &marker))
        marker = -1;
    struct evac_fact facts[] = { { "marker", marker }, { "as_of_wall_ms", aws_server_ms(c, r) } };
    struct aws_sight sight = {
        .seen = EVAC_SEEN_SATISFIED, .progress = -1, .facts = facts, .fact_count = 2
    };
    aws_answer_seen(c, &sight, "%s", "");
}

enum evac_code dynamodb_seek(struct aws_call *c, struct evac_err *err)
{
    if (!has_canary(c))
        return aws_answer_later(c, no_canary, err);
    return ask_marker(c, "GetItem", SEEK_BODY(""), SEEK_BODY(SORT_TEXT), c->from, on_sought, err);
}

/* --- lag ------------------------------------------------------------------------------------- */

static void no_lag(struct aws_call *c)
{
    struct aws_sight unseen = { .seen = EVAC_SEEN_UNSEEN, .progress = -1 };
    aws_answer_seen(c, &unseen,
                    "with strong consistency no lag is published: only a canary shows that nothing "
                    "is lost");
}

/* Emitted in the region that sends, and only while it writes. */
enum evac_code dynamodb_measure(struct aws_call *c, struct evac_err *err)
{
    int64_t period_ms = 60000;
    if (dynamodb_by_backups(c))
        return dynamodb_measure_point(c, err);
    if (dynamodb_is_strong(c))
        return aws_answer_later(c, no_lag, err);
    (void)evac_duration_ms(evac_args_get(&c->args, "metric_period"), &period_ms);
    struct cw_dimension dimensions[] = {
        { EVAC_STR("TableName"), evac_args_regional(&c->args, "table", c->from) },
        { EVAC_STR("ReceivingRegion"), c->to },
    };
    struct cw_metric metric = { .region = c->from,
                                .name_space = EVAC_STR("AWS/DynamoDB"),
                                .metric = EVAC_STR("ReplicationLatency"),
                                .dimensions = dimensions,
                                .dimension_count = 2,
                                .stat = EVAC_STR("Maximum"),
                                .period_s = (uint32_t)(period_ms / 1000),
                                .unit_ms = 1 };
    return cw_lag_send(c, &metric, cw_lag_answer, err);
}

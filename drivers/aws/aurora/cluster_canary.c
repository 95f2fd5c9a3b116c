/*
 * An Aurora cluster's canary: a row a source region, written and read over the RDS Data API, so
 * that no network of the database's has to be reached. The table is the user's to create (README).
 * The statements are the same for MySQL and PostgreSQL; a row is only ever raised, so a late
 * request changes nothing.
 */
#include "cluster_canary.h"

/* clang-format off */
#define MARKER "{\"name\":\"marker\",\"value\":{\"longValue\":<marker>}}"
#define SOURCE "{\"name\":\"source\",\"value\":{\"stringValue\":\"<source>\"}}"
#define CALL(sql, parameters) \
    "{\"resourceArn\":\"<cluster>\",\"secretArn\":\"<secret>\",\"database\":\"<database>\",\"sql\":\"" sql "\",\"parameters\":[" parameters "]}"
#define RAISE  CALL("UPDATE <table> SET marker = :marker WHERE source = :source AND :marker > marker", MARKER "," SOURCE)
#define INSERT CALL("INSERT INTO <table> (source, marker) VALUES (:source, :marker)", MARKER "," SOURCE)
#define SELECT CALL("SELECT marker FROM <table> WHERE source = :source", SOURCE)
/* clang-format on */

static struct evac_str secret_of(const struct aws_call *c, struct evac_str region)
{
    return evac_args_regional(&c->args, "canary", region);
}

/* The Data API wants the cluster's ARN; its account stands in the secret's. */
static struct evac_str cluster_arn(struct aws_call *c, struct evac_str region)
{
    struct evac_str secret = secret_of(c, region), partition;
    (void)evac_str_cut(secret, ':', &partition);
    partition = evac_str_cut(partition, ':', &(struct evac_str){ 0 });
    return aws_printf(c, "arn:%.*s:rds:%.*s:%.*s:cluster:%.*s", EVAC_STR_ARG(partition),
                      EVAC_STR_ARG(region), EVAC_STR_ARG(evac_aws_arn_account(secret)),
                      EVAC_STR_ARG(evac_args_regional(&c->args, "clusters", region)));
}

static struct evac_aws_request statement(struct aws_call *c, const char *body,
                                         struct evac_str source)
{
    const struct aws_hole holes[] = {
        { "cluster", cluster_arn(c, c->region) },
        { "secret", secret_of(c, c->region) },
        { "database", evac_args_get(&c->args, "canary_database") },
        { "table", evac_args_get(&c->args, "canary_table") },
        { "source", source },
        { "marker", aws_printf(c, "%lld", (long long)c->marker) },
    };
    const struct aws_ask ask = { "rds-data", "ExecuteStatement", .method = "POST",
                                 .path = "/Execute", .body = body };
    return aws_ask(c, &ask, c->verb == EVAC_VERB_MARK, holes, sizeof holes / sizeof holes[0]);
}

static bool is_declared(const struct aws_call *c)
{
    return secret_of(c, c->region).n && evac_args_get(&c->args, "canary_database").n;
}

static enum evac_code refuse(struct evac_err *err)
{
    return evac_fail(err, EVAC_E_BADARG,
                     "a canary needs canary, the ARN of each region's secret, and canary_database");
}

/* --- writing --------------------------------------------------------------------------------- */

static void inserted(struct aws_call *c, const struct evac_aws_reply *r)
{
    aws_answer_outcome(c, r);
}

/* Nothing was raised: there is no row yet; or a newer marker, and then the insert is refused. */
static void raised(struct aws_call *c, const struct evac_aws_reply *r)
{
    bool none = r->outcome == EVAC_OUTCOME_ACCEPTED &&
                evac_json_i64(r->json, "numberOfRecordsUpdated", 0) == 0;
    struct evac_aws_request request;
    if (!none) {
        aws_answer_outcome(c, r);
        return;
    }
    request = statement(c, INSERT, c->region);
    aws_next(c, &request, inserted);
}

enum evac_code cluster_mark(struct aws_call *c, struct evac_err *err)
{
    if (!is_declared(c))
        return refuse(err);
    struct evac_aws_request request = statement(c, RAISE, c->region);
    return aws_send(c, &request, raised, err);
}

/* --- reading --------------------------------------------------------------------------------- */

static void sought(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return;
    }
    const struct evac_json *row = evac_json_first(evac_json_get(r->json, "records"));
    struct evac_fact facts[] = {
        { "marker", row ? evac_json_i64(evac_json_first(row), "longValue", -1) : -1 },
        { "as_of_wall_ms", aws_server_ms(c, r) },
    };
    struct aws_sight sight = {
        .seen = EVAC_SEEN_SATISFIED, .progress = -1, .facts = facts, .fact_count = 2
    };
    aws_answer_seen(c, &sight, "%s", "");
}

enum evac_code cluster_seek(struct aws_call *c, struct evac_err *err)
{
    if (!is_declared(c))
        return refuse(err);
    struct evac_aws_request request = statement(c, SELECT, c->from);
    return aws_send(c, &request, sought, err);
}

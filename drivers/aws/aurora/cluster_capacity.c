/*
 * A cluster's instances and its Serverless v2 capacity. A secondary without instances ("headless")
 * keeps the data and can take over nothing: its instances are created before the promotion.
 */
#include "global_cluster.h"

#include "rds_look.h"

#include <string.h>

#define INSTANCES_MAX 15

const struct evac_param cluster_capacity_params[] = {
    { "class", EVAC_PARAM_TEXT, EVAC_PARAM_OF_RESOURCE, NULL, NULL, "" },
    { "count", EVAC_PARAM_INT, 0, "1", NULL, "how many instances, at least" },
    { 0 },
};
const struct evac_param cluster_serverless_params[] = {
    { "acu_min", EVAC_PARAM_TEXT, 0, NULL, NULL, "least capacity in ACUs, as 0.5" },
    { "acu_max", EVAC_PARAM_TEXT, 0, NULL, NULL, "most capacity in ACUs, as 64" },
    { 0 },
};

static enum evac_code describe_cluster(struct aws_call *c, aws_reply_fn *then, struct evac_err *err)
{
    struct db_fields fields = { .count = 0 };
    db_field(&fields, "DBClusterIdentifier", aws_regional(c, "clusters"));
    return db_ask_first(c, "DescribeDBClusters", c->region, &fields, then, err);
}

static const struct evac_xml *cluster_in(const struct evac_aws_reply *r)
{
    return evac_xml_path(r->xml, "DescribeDBClustersResult/DBClusters/DBCluster");
}

/* --- instances ------------------------------------------------------------------------------- */

struct wish {
    int64_t count, missing;
    struct evac_str class, engine, taken; /* taken: ids of the cluster's instances, " a b " */
    int number;                           /* of the id that was tried last */
    bool began;                           /* one was created in this attempt */
};

static enum evac_code wanted(struct aws_call *c, struct evac_err *err)
{
    struct wish *w = evac_arena_alloc(c->arena, sizeof *w);
    *w = (struct wish){ .count = evac_args_i64(&c->args, "want.count", 1),
                        .class = aws_regional(c, "class") };
    c->state = w;
    if (w->count < 1 || w->count > INSTANCES_MAX)
        return evac_fail(err, EVAC_E_BADARG, "want.count is %lld: a cluster has from 1 to %d",
                         (long long)w->count, INSTANCES_MAX);
    if (!evac_str_starts(w->class, "db."))
        return evac_fail(err, EVAC_E_BADARG,
                         "capacity needs 'class' for the region, as db.r6g.large or db.serverless");
    return EVAC_OK;
}

static void on_capacity(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct wish *w = c->state;
    int64_t all = 0, up = 0;
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return;
    }
    for (const struct evac_xml *i =
             evac_xml_path(r->xml, "DescribeDBInstancesResult/DBInstances/DBInstance");
         i; i = evac_xml_again(i)) {
        struct evac_str status = evac_xml_text(i, "DBInstanceStatus");
        all += !evac_str_is(status, "deleting");
        up += evac_str_is(status, "available");
    }
    struct evac_fact facts[] = { { "instances", all }, { "available", up } };
    struct aws_sight sight = {
        .seen = all < w->count  ? EVAC_SEEN_UNSATISFIED
                : up < w->count ? EVAC_SEEN_MOVING
                                : EVAC_SEEN_SATISFIED,
        .progress = up < w->count ? (int)(up * 100 / w->count) : 100,
        .facts = facts,
        .fact_count = 2,
        .snapshot =
            aws_printf(c, "{\"instances\":%lld,\"available\":%lld}", (long long)all, (long long)up),
    };
    aws_answer_seen(c, &sight, "%lld of %lld instances are available", (long long)up,
                    (long long)w->count);
}

enum evac_code cluster_observe_capacity(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = wanted(c, err);
    struct db_fields fields = { .count = 0 };
    db_field(&fields, "Filters.Filter.1.Name", EVAC_STR("db-cluster-id"));
    db_field(&fields, "Filters.Filter.1.Values.Value.1", aws_regional(c, "clusters"));
    return code ? code
                : db_ask_first(c, "DescribeDBInstances", c->region, &fields, on_capacity, err);
}

static void created(struct aws_call *c, const struct evac_aws_reply *r);

/* "<cluster>-1" and so on, the first that is free: a repeated request meets the service's guard of
 * names. */
static void create_next(struct aws_call *c)
{
    struct wish *w = c->state;
    struct db_fields fields = { .count = 0 };
    struct evac_str id, cluster = aws_regional(c, "clusters");
    do
        id = aws_printf(c, "%.*s-%d", EVAC_STR_ARG(cluster), ++w->number);
    while (evac_str_has(w->taken, aws_printf(c, " %.*s ", EVAC_STR_ARG(id)).p));
    db_field(&fields, "DBInstanceIdentifier", id);
    db_field(&fields, "DBInstanceClass", w->class);
    db_field(&fields, "Engine", w->engine);
    db_field(&fields, "DBClusterIdentifier", cluster);
    db_field(&fields, "PromotionTier", EVAC_STR("0"));
    db_change(c, "CreateDBInstance", &fields, created);
}

static void created(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct wish *w = c->state;
    bool first = !w->began;
    w->began = true;
    if (r->outcome == EVAC_OUTCOME_ACCEPTED && --w->missing > 0)
        create_next(c);
    else
        (first ? aws_answer_outcome : aws_answer_partly)(c, r);
}

static void create_missing(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct wish *w = c->state;
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_not_sent(c, r);
        return;
    }
    const struct evac_xml *x = cluster_in(r);
    w->missing = w->count;
    w->engine = evac_arena_str(c->arena, evac_xml_text(x, "Engine"));
    w->taken = EVAC_STR(" ");
    for (const struct evac_xml *m = evac_xml_path(x, "DBClusterMembers/DBClusterMember"); m;
         m = evac_xml_again(m)) {
        struct evac_str id = evac_xml_text(m, "DBInstanceIdentifier");
        w->taken = aws_printf(c, "%.*s%.*s ", EVAC_STR_ARG(w->taken), EVAC_STR_ARG(id));
        w->missing--;
    }
    if (w->missing > 0)
        create_next(c);
    else
        aws_answer_rejected(c, "", "the cluster has so many instances already");
}

enum evac_code cluster_create_instances(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = wanted(c, err);
    return code ? code : describe_cluster(c, create_missing, err);
}

/* --- Serverless v2 --------------------------------------------------------------------------- */

/* In half ACUs, as the service counts; -1: as it is. */
struct acu {
    int64_t min, max;
};

/* "0.5", "8", "8.0" */
static bool half_acus(struct evac_str text, int64_t *ret_halves)
{
    struct evac_str fraction, whole = evac_str_cut(text, '.', &fraction);
    bool half = evac_str_is(fraction, "5");
    if (!evac_str_i64(whole, ret_halves) || *ret_halves < 0 || *ret_halves > 256 ||
        !(fraction.n == 0 || half || evac_str_is(fraction, "0")))
        return false;
    *ret_halves = 2 * *ret_halves + half;
    return true;
}

static struct evac_str acu_text(struct aws_call *c, int64_t halves)
{
    return aws_printf(c, "%lld%s", (long long)(halves / 2), halves % 2 ? ".5" : "");
}

static enum evac_code wanted_acu(struct aws_call *c, struct evac_err *err)
{
    struct evac_str min = evac_args_get(&c->args, "want.acu_min");
    struct evac_str max = evac_args_get(&c->args, "want.acu_max");
    struct acu *acu = evac_arena_alloc(c->arena, sizeof *acu);
    *acu = (struct acu){ -1, -1 };
    c->state = acu;
    if (c->goal.n) {
        acu->min = aws_goal_i64(c, "half_acu_min", -1);
        acu->max = aws_goal_i64(c, "half_acu_max", -1);
        return EVAC_OK;
    }
    if ((min.n && !half_acus(min, &acu->min)) || (max.n && !half_acus(max, &acu->max)))
        return evac_fail(err, EVAC_E_BADARG,
                         "acu_min and acu_max are from 0 to 256 in steps of 0.5");
    if (min.n + max.n == 0)
        return evac_fail(err, EVAC_E_BADARG, "serverless wants acu_min, acu_max or both");
    if (min.n && max.n && acu->min > acu->max)
        return evac_fail(err, EVAC_E_BADARG, "acu_min is more than acu_max");
    return EVAC_OK;
}

/* False: the cluster is not serverless. */
static bool read_acu(const struct evac_xml *x, struct acu *acu)
{
    const struct evac_xml *s = evac_xml_child(x, "ServerlessV2ScalingConfiguration");
    return half_acus(evac_xml_text(s, "MinCapacity"), &acu->min) &&
           half_acus(evac_xml_text(s, "MaxCapacity"), &acu->max);
}

static bool is_wanted(const struct acu *want, const struct acu *is)
{
    return (want->min < 0 || want->min == is->min) && (want->max < 0 || want->max == is->max);
}

static void on_serverless(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct aws_sight sight = { .seen = EVAC_SEEN_BLOCKED, .progress = -1 };
    struct acu is;
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return;
    }
    struct evac_str status = evac_xml_text(cluster_in(r), "Status");
    if (!read_acu(cluster_in(r), &is)) {
        aws_answer_seen(c, &sight, "the cluster has no Serverless v2 capacity");
        return;
    }
    sight.snapshot = aws_printf(
        c,
        "{\"half_acu_min\":%lld,\"half_acu_max\":%lld,\"acu_min\":\"%.*s\",\"acu_max\":\"%.*s\"}",
        (long long)is.min, (long long)is.max, EVAC_STR_ARG(acu_text(c, is.min)),
        EVAC_STR_ARG(acu_text(c, is.max)));
    sight.seen = !evac_str_is(status, "available") ? EVAC_SEEN_MOVING
                 : is_wanted(c->state, &is)        ? EVAC_SEEN_SATISFIED
                                                   : EVAC_SEEN_UNSATISFIED;
    aws_answer_seen(c, &sight, "the cluster is %.*s, with %.*s to %.*s ACUs", EVAC_STR_ARG(status),
                    EVAC_STR_ARG(acu_text(c, is.min)), EVAC_STR_ARG(acu_text(c, is.max)));
}

enum evac_code cluster_observe_serverless(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = wanted_acu(c, err);
    return code ? code : describe_cluster(c, on_serverless, err);
}

/* Both bounds are sent: the one that stays as it is too. */
static void modify(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct acu *want = c->state;
    struct db_fields fields = { .count = 0 };
    struct acu is;
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_not_sent(c, r);
        return;
    }
    if (!read_acu(cluster_in(r), &is)) {
        aws_answer_rejected(c, "", "the cluster has no Serverless v2 capacity");
        return;
    }
    db_field(&fields, "DBClusterIdentifier", aws_regional(c, "clusters"));
    db_field(&fields, "ServerlessV2ScalingConfiguration.MinCapacity",
             acu_text(c, want->min < 0 ? is.min : want->min));
    db_field(&fields, "ServerlessV2ScalingConfiguration.MaxCapacity",
             acu_text(c, want->max < 0 ? is.max : want->max));
    db_field(&fields, "ApplyImmediately", EVAC_STR("true"));
    db_change(c, "ModifyDBCluster", &fields, aws_answer_outcome);
}

enum evac_code cluster_set_serverless(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = wanted_acu(c, err);
    return code ? code : describe_cluster(c, modify, err);
}

/* --- parity ---------------------------------------------------------------------------------- */

/* clang-format off */
#define CLUSTER "DescribeDBClustersResult/DBClusters/DBCluster"
static const struct aws_compared of_cluster[] = {
    { "engine version", CLUSTER "/EngineVersion" },
    { "storage type", CLUSTER "/StorageType" },
    { "parameter group", CLUSTER "/DBClusterParameterGroup" },
    { "deletion protection", CLUSTER "/DeletionProtection" },
    { "backup retention", CLUSTER "/BackupRetentionPeriod" },
    { "least capacity", CLUSTER "/ServerlessV2ScalingConfiguration/MinCapacity" },
    { "largest capacity", CLUSTER "/ServerlessV2ScalingConfiguration/MaxCapacity" },
    { 0 },
};
#define INSTANCE "DescribeDBInstancesResult/DBInstances/DBInstance[*]"
static const struct aws_compared of_instances[] = {
    { "instance class", INSTANCE "/DBInstanceClass" },
    { "instance parameter group", INSTANCE "/DBParameterGroups/DBParameterGroup/DBParameterGroupName" },
    { 0 },
};
const struct aws_parity global_parity = { .rows = {
    { "the cluster", { "rds", "DescribeDBClusters", .params = "DBClusterIdentifier=<clusters>" },
      .missing_codes = "DBClusterNotFoundFault", .compared = of_cluster },
    { "its instances", { "rds", "DescribeDBInstances", .params = "Filters.Filter.1.Name=db-cluster-id&Filters.Filter.1.Values.Value.1=<clusters>" },
      .unless = "headless=true", .compared = of_instances } } };
/* clang-format on */

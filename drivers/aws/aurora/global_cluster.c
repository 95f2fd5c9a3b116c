/*
 * What is so is asked in the region that takes over, never in the one being left; only a switchover
 * is told to the old primary's region, because AWS takes it nowhere else (AWS.md 2.3). All moves
 * are guarded by the service's state: a late request meets a cluster that is already moved, and is
 * refused.
 */
#include "global_cluster.h"

#include "cw_lag.h"

#include <string.h>

/* --- what DescribeGlobalClusters says -------------------------------------------------------- */

struct view {
    bool found;   /* the region's member is there */
    bool writer;  /* and it is the writer */
    bool in_step; /* and connected */
    struct evac_str status, moving, moving_to,
        arn; /* of the global cluster; moving: FailoverState */
    struct evac_str writer_arn, engine, endpoint;
    size_t members, behind; /* behind: those that are not the writer and not connected */
};

static bool is_cluster(struct evac_str arn, struct evac_str region, struct evac_str cluster)
{
    return evac_str_eq(evac_aws_arn_region(arn), region) && arn.n > cluster.n &&
           arn.p[arn.n - cluster.n - 1] == ':' &&
           memcmp(arn.p + arn.n - cluster.n, cluster.p, cluster.n) == 0;
}

/* GlobalClusters/GlobalClusterMember is a global cluster; GlobalClusterMembers/GlobalClusterMember
 * in it is a member: equal names, so always by path. */
static struct view read_view(const struct aws_call *c, const struct evac_xml *root)
{
    struct view v = { 0 };
    const struct evac_xml *g =
        evac_xml_path(root, "DescribeGlobalClustersResult/GlobalClusters/GlobalClusterMember");
    struct evac_str cluster = aws_regional(c, "clusters");
    v.status = evac_xml_text(g, "Status");
    v.moving = evac_xml_text(g, "FailoverState/Status");
    v.moving_to = evac_xml_text(g, "FailoverState/ToDbClusterArn");
    v.engine = evac_xml_text(g, "Engine");
    v.endpoint = evac_xml_text(g, "Endpoint");
    for (const struct evac_xml *m = evac_xml_path(g, "GlobalClusterMembers/GlobalClusterMember"); m;
         m = evac_xml_again(m)) {
        struct evac_str arn = evac_xml_text(m, "DBClusterArn");
        bool writer = evac_str_is(evac_xml_text(m, "IsWriter"), "true");
        struct evac_str synchronized = evac_xml_text(m, "SynchronizationStatus");
        /* Neptune does not say */
        bool in_step = writer || synchronized.n == 0 || evac_str_is(synchronized, "connected");
        v.members++;
        v.behind += !in_step;
        if (writer)
            v.writer_arn = arn;
        if (is_cluster(arn, c->region, cluster)) {
            v.found = true;
            v.writer = writer;
            v.in_step = in_step;
            v.arn = arn;
        }
    }
    return v;
}

static struct evac_str snapshot(struct aws_call *c, const struct view *v)
{
    return aws_printf(c,
                      "{\"status\":\"%.*s\",\"writer\":\"%.*s\",\"members\":%zu,\"behind\":%zu,"
                      "\"endpoint\":\"%.*s\"}",
                      EVAC_STR_ARG(v->status), EVAC_STR_ARG(v->writer_arn), v->members, v->behind,
                      EVAC_STR_ARG(v->endpoint));
}

static void seen(struct aws_call *c, const struct view *v, enum evac_seen seen, const char *why)
{
    struct aws_sight sight = { .seen = seen, .progress = -1, .snapshot = snapshot(c, v) };
    aws_answer_seen(c, &sight, "%s", why);
}

static enum evac_code describe_global(struct aws_call *c, aws_reply_fn *on_reply,
                                      struct evac_err *err)
{
    struct evac_arg params[] = { AWS_PARAM("GlobalClusterIdentifier",
                                           evac_args_get(&c->args, "global_cluster")) };
    struct evac_aws_request request = { .service = "rds",
                                        .operation = "DescribeGlobalClusters",
                                        .region = c->region,
                                        .params = params,
                                        .param_count = 1 };
    return aws_send(c, &request, on_reply, err);
}

/* --- the region's own cluster ---------------------------------------------------------------- */

/* c->state is the view by now. */
static void describe_cluster(struct aws_call *c, const struct view *v, aws_reply_fn *on_reply)
{
    struct view *kept = evac_arena_alloc(c->arena, sizeof *kept);
    *kept = *v;
    kept->status = evac_arena_str(c->arena, v->status);
    kept->moving = evac_arena_str(c->arena, v->moving);
    kept->moving_to = evac_arena_str(c->arena, v->moving_to);
    kept->arn = evac_arena_str(c->arena, v->arn);
    kept->writer_arn = evac_arena_str(c->arena, v->writer_arn);
    kept->endpoint = evac_arena_str(c->arena, v->endpoint);
    c->state = kept;
    struct evac_arg params[] = { AWS_PARAM("DBClusterIdentifier", aws_regional(c, "clusters")) };
    struct evac_aws_request request = { .service = "rds",
                                        .operation = "DescribeDBClusters",
                                        .region = c->region,
                                        .params = params,
                                        .param_count = 1 };
    aws_next(c, &request, on_reply);
}

struct cluster {
    struct evac_str status;
    size_t instances;
    bool has_writer;
};

static struct cluster read_cluster(const struct evac_xml *root)
{
    struct cluster cluster = { 0 };
    const struct evac_xml *x = evac_xml_path(root, "DescribeDBClustersResult/DBClusters/DBCluster");
    cluster.status = evac_xml_text(x, "Status");
    for (const struct evac_xml *m = evac_xml_path(x, "DBClusterMembers/DBClusterMember"); m;
         m = evac_xml_again(m)) {
        cluster.instances++;
        cluster.has_writer |= evac_str_is(evac_xml_text(m, "IsClusterWriter"), "true");
    }
    return cluster;
}

static bool is_busy(struct evac_str status)
{
    return status.n && !evac_str_is(status, "available");
}

/* --- ready ----------------------------------------------------------------------------------- */

static void ready_cluster(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct view *v = c->state;
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return;
    }
    struct cluster cluster = read_cluster(r->xml);
    bool headless = evac_args_bool(&c->args, "headless", false);
    if (cluster.instances == 0 && !headless)
        seen(c, v, EVAC_SEEN_BLOCKED, "the cluster runs no instance: nothing could be promoted");
    else if (is_busy(cluster.status))
        seen(c, v, EVAC_SEEN_MOVING,
             aws_printf(c, "the cluster is %.*s", EVAC_STR_ARG(cluster.status)).p);
    else
        seen(c, v, EVAC_SEEN_SATISFIED,
             cluster.instances ? ""
                               : "the cluster runs no instance yet: capacity has to create it");
}

struct question {
    const struct global_kind *kind;
};

/* Why the global cluster is not the one that is meant; NULL: it is. */
static const char *mistaken(struct aws_call *c, const struct view *v)
{
    const struct question *asked = c->state;
    struct evac_str endpoint = evac_args_get(&c->args, "endpoint");
    if (!evac_str_starts(v->engine, asked->kind->engine))
        return aws_printf(c, "the global cluster's engine is %.*s", EVAC_STR_ARG(v->engine)).p;
    if (endpoint.n && !evac_str_eq(endpoint, v->endpoint))
        return aws_printf(c,
                          "the global cluster's endpoint is '%.*s', and not the one that is "
                          "configured",
                          EVAC_STR_ARG(v->endpoint))
            .p;
    return NULL;
}

static void ready_global(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return;
    }
    struct view v = read_view(c, r->xml);
    bool graceful = evac_str_is(c->mode, "graceful");
    const char *mistake = mistaken(c, &v);
    if (!v.found)
        seen(c, &v, EVAC_SEEN_BLOCKED, "the region has no member in the global cluster");
    else if (mistake)
        seen(c, &v, EVAC_SEEN_BLOCKED, mistake);
    else if (v.moving.n || is_busy(v.status))
        seen(c, &v, EVAC_SEEN_MOVING, "the global cluster is being moved already");
    else if (graceful && !v.in_step)
        seen(c, &v, EVAC_SEEN_BLOCKED, "the region's cluster is not in step with the writer");
    else
        describe_cluster(c, &v, ready_cluster);
}

enum evac_code global_ready(struct aws_call *c, const struct global_kind *kind,
                            struct evac_err *err)
{
    struct question *asked = evac_arena_alloc(c->arena, sizeof *asked);
    asked->kind = kind;
    c->state = asked;
    return describe_global(c, ready_global, err);
}

/* --- being the writer ------------------------------------------------------------------------ */

/* The service says writer first; it is done when the cluster itself is there. */
static void writer_cluster(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct view *v = c->state;
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return;
    }
    struct cluster cluster = read_cluster(r->xml);
    if (is_busy(cluster.status) || !cluster.has_writer)
        seen(c, v, EVAC_SEEN_MOVING,
             aws_printf(c, "the new writer's cluster is %.*s", EVAC_STR_ARG(cluster.status)).p);
    else
        seen(c, v, EVAC_SEEN_SATISFIED, "");
}

static void writer_global(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return;
    }
    struct view v = read_view(c, r->xml);
    if (!v.found)
        seen(c, &v, EVAC_SEEN_BLOCKED, "the region has no member in the global cluster");
    else if (v.moving.n && !evac_str_eq(v.moving_to, v.arn))
        seen(c, &v, EVAC_SEEN_BLOCKED,
             aws_printf(c, "it is being moved to %.*s", EVAC_STR_ARG(v.moving_to)).p);
    else if (v.moving.n)
        seen(c, &v, EVAC_SEEN_MOVING,
             aws_printf(c, "the global cluster is %.*s", EVAC_STR_ARG(v.moving)).p);
    else if (is_busy(v.status))
        seen(c, &v, EVAC_SEEN_MOVING,
             aws_printf(c, "the global cluster is %.*s", EVAC_STR_ARG(v.status)).p);
    else if (!v.writer)
        seen(c, &v, EVAC_SEEN_UNSATISFIED,
             aws_printf(c, "the writer is %.*s", EVAC_STR_ARG(v.writer_arn)).p);
    else
        describe_cluster(c, &v, writer_cluster);
}

enum evac_code global_observe_writer(struct aws_call *c, struct evac_err *err)
{
    return describe_global(c, writer_global, err);
}

static void moved(struct aws_call *c, const struct evac_aws_reply *r)
{
    aws_answer_outcome(c, r);
}

static void send_move(struct aws_call *c, const struct view *v, bool lossy)
{
    struct evac_arg params[] = {
        AWS_PARAM("GlobalClusterIdentifier", evac_args_get(&c->args, "global_cluster")),
        AWS_PARAM("TargetDbClusterIdentifier", v->arn),
        AWS_PARAM("AllowDataLoss", EVAC_STR("true")),
    };
    struct evac_aws_request request = {
        .service = "rds",
        .operation = lossy ? "FailoverGlobalCluster" : "SwitchoverGlobalCluster",
        .region = lossy ? c->region : evac_aws_arn_region(v->writer_arn),
        .mutates = true,
        .params = params,
        .param_count = lossy ? 3 : 2,
    };
    aws_next(c, &request, moved);
}

/* The target must be named by its ARN, and only the service knows the account in it. */
static void move_when_seen(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_not_sent(c, r);
        return;
    }
    struct view v = read_view(c, r->xml);
    if (!v.found)
        aws_answer_rejected(c, "", "the region has no member in the global cluster");
    else if (v.writer || v.moving.n)
        aws_answer_rejected(c, "InvalidGlobalClusterStateFault", "%s",
                            v.writer ? "it is the writer already" : "it is being moved already");
    else
        send_move(c, &v, strcmp(c->action, "failover") == 0);
}

enum evac_code global_move(struct aws_call *c, struct evac_err *err)
{
    return describe_global(c, move_when_seen, err);
}

/* --- protected ------------------------------------------------------------------------------- */

static void protected_global(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return;
    }
    struct view v = read_view(c, r->xml);
    if (!v.found || !v.writer)
        seen(c, &v, EVAC_SEEN_UNSATISFIED, "the region's cluster is not the writer yet");
    else if (v.members < 2)
        seen(c, &v, EVAC_SEEN_BLOCKED, "the global cluster has no other member left");
    else if (v.behind)
        seen(c, &v, EVAC_SEEN_MOVING,
             aws_printf(c, "%zu of %zu other members are not in step yet", v.behind, v.members - 1)
                 .p);
    else
        seen(c, &v, EVAC_SEEN_SATISFIED, "");
}

enum evac_code global_observe_protected(struct aws_call *c, struct evac_err *err)
{
    return describe_global(c, protected_global, err);
}

/* --- still ----------------------------------------------------------------------------------- */

/* A cluster that is no member of the global one any more stands alone, and takes writes. */
static void still_cluster(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct view *v = c->state;
    if (evac_str_is(r->code, "DBClusterNotFoundFault")) {
        seen(c, v, EVAC_SEEN_SATISFIED, "");
        return;
    }
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return;
    }
    struct cluster cluster = read_cluster(r->xml);
    bool writes = cluster.has_writer && (v->writer || !v->found);
    const char *why = v->writer ? "it is the global cluster's writer"
                                : "it stands alone, out of the global cluster, and accepts writes";
    aws_still_answer(c, snapshot(c, v), writes, writes ? why : "");
}

/* The old region's own word: what it believes of itself is what its clients meet. */
static void still_global(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct view none = { 0 };
    bool gone = evac_str_is(r->code, "GlobalClusterNotFoundFault");
    if (r->outcome != EVAC_OUTCOME_ACCEPTED && !gone) {
        aws_answer_unseen(c, r);
        return;
    }
    struct view v = gone ? none : read_view(c, r->xml);
    describe_cluster(c, &v, still_cluster);
}

enum evac_code global_observe_still(struct aws_call *c, struct evac_err *err)
{
    return describe_global(c, still_global, err);
}

/* --- lag ------------------------------------------------------------------------------------- */

/* Published in the region of the secondary, which is the one that would take over. */
enum evac_code global_measure(struct aws_call *c, const struct global_kind *kind,
                              struct evac_err *err)
{
    int64_t period_ms = 60000;
    struct evac_str metric = evac_args_get(&c->args, "metric");
    (void)evac_duration_ms(evac_args_get(&c->args, "metric_period"), &period_ms);
    struct cw_dimension dimensions[] = {
        { EVAC_STR("DBClusterIdentifier"), evac_args_regional(&c->args, "clusters", c->to) },
    };
    struct cw_metric asked = { .region = c->to,
                               .name_space = evac_str(kind->name_space),
                               .metric = metric.n ? metric : evac_str(kind->metric),
                               .dimensions = dimensions,
                               .dimension_count = 1,
                               .stat = EVAC_STR("Maximum"),
                               .period_s = (uint32_t)(period_ms / 1000),
                               .unit_ms = 1 };
    return cw_lag_send(c, &asked, cw_lag_answer, err);
}

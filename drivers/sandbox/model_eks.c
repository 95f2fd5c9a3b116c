/*
 * EKS: clusters and node groups. What a cluster runs is behind its own endpoint:
 * model_kubernetes.c.
 *
 *     make eks us-west-2 {"kind":"cluster","name":"shop"}
 *     make eks us-west-2
 * {"kind":"nodegroup","name":"shop/workers","scalingConfig":{"minSize":1,"maxSize":4,"desiredSize":1}}
 */
#include "sandbox_docs.h"

#define NODES_MS 180000u

/* A certificate in PEM, in base64. Nobody checks this one: on loopback there is no TLS. */
#define CA "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCnNhbmRib3gKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo="

static const struct sb_kind kinds[] = {
    { "cluster",
      "{\"name\":\"{name}\",\"arn\":\"arn:aws:eks:{region}:{account}:cluster/"
      "{name}\",\"status\":\"ACTIVE\","
      "\"version\":\"1.31\",\"certificateAuthority\":{\"data\":\"" CA "\"}}",
      false, NULL },
    { "nodegroup",
      "{\"status\":\"ACTIVE\",\"version\":\"1.31\",\"capacityType\":\"ON_DEMAND\","
      "\"instanceTypes\":[\"m6i.large\"],\"amiType\":\"AL2023_x86_64_STANDARD\",\"diskSize\":20,"
      "\"scalingConfig\":{\"minSize\":1,"
      "\"maxSize\":4,\"desiredSize\":1},"
      "\"health\":{\"issues\":[]}}",
      false, NULL },
    { "update", "{}", false, NULL },
    { 0 },
};

static void describe_cluster(struct sb_call *c)
{
    struct sb_doc *d =
        sb_doc_named(c, c->region, "cluster", c->label[0], 404, "ResourceNotFoundException");
    if (!d)
        return;
    if (!sb_doc_has(d, "endpoint")) /* where the door is, only who asks knows */
        sb_doc_set_text(d, "endpoint",
                        evac_arena_printf(c->arena, "http://%.*s" SB_KUBERNETES_PATH "%s/%s",
                                          EVAC_STR_ARG(sb_request_header(c, "host")),
                                          sb_region_name(c->sb, c->region), d->name));
    evac_buf_puts(&c->out, "{\"cluster\":");
    sb_doc_put(&c->out, d, "");
    evac_buf_putc(&c->out, '}');
}

static struct sb_doc *nodegroup(struct sb_call *c)
{
    struct evac_str name = evac_arena_printf(c->arena, "%.*s/%.*s", EVAC_STR_ARG(c->label[0]),
                                             EVAC_STR_ARG(c->label[1]));
    struct sb_doc *g =
        sb_doc_named(c, c->region, "nodegroup", name, 404, "ResourceNotFoundException");
    if (g) {
        sb_doc_set_text(g, "clusterName", c->label[0]);
        sb_doc_set_text(g, "nodegroupName", c->label[1]);
    }
    return g;
}

static void describe_nodegroup(struct sb_call *c)
{
    const struct sb_doc *g = nodegroup(c);
    if (!g)
        return;
    evac_buf_puts(&c->out, "{\"nodegroup\":");
    sb_doc_put(&c->out, g, "");
    evac_buf_putc(&c->out, '}');
}

static void put_update(struct sb_call *c, const struct sb_doc *u)
{
    evac_buf_puts(&c->out, "{\"update\":");
    sb_doc_put(&c->out, u, "");
    evac_buf_putc(&c->out, '}');
}

static struct sb_doc *by_token(struct sb_call *c)
{
    struct evac_str token = sb_in(c, "clientRequestToken");
    struct sb_doc *u = NULL;
    while (token.n && (u = sb_doc_next(c->sb, c->id, c->region, "update", u)))
        if (evac_str_eq(sb_doc_text(u, "token"), token))
            return u;
    return NULL;
}

static void update_nodegroup(struct sb_call *c)
{
    struct sb_doc *g = nodegroup(c), *u = by_token(c);
    char id[33];
    if (!g)
        return;
    if (u) {
        put_update(c, u);
        return;
    }
    int64_t min = sb_in_i64(c, "scalingConfig.minSize", sb_doc_num(g, "scalingConfig.minSize", 0));
    int64_t max = sb_in_i64(c, "scalingConfig.maxSize", sb_doc_num(g, "scalingConfig.maxSize", 0));
    int64_t desired =
        sb_in_i64(c, "scalingConfig.desiredSize", sb_doc_num(g, "scalingConfig.desiredSize", 0));
    if (!sb_doc_is(g, "status", "ACTIVE"))
        sb_error(c, 409, "ResourceInUseException", "Nodegroup has an update in progress.");
    else if (min < 0 || max < 1 || desired < min || desired > max)
        sb_error(c, 400, "InvalidParameterException",
                 "desiredSize must be between minSize and maxSize.");
    if (c->failed)
        return;
    bool refused = sb_fault(c->sb, c->id, c->region)->capacity_refused;
    sb_doc_set_num(g, "scalingConfig.minSize", (double)min);
    sb_doc_set_num(g, "scalingConfig.maxSize", (double)max);
    sb_doc_set_num(g, "scalingConfig.desiredSize", (double)desired);
    sb_doc_set(g, "status", "\"UPDATING\"");
    sb_doc_later(c->sb, g, NODES_MS, "status", refused ? "\"DEGRADED\"" : "\"ACTIVE\"");
    sb_random_id(c->sb, id, 32);
    u = sb_doc_new(c->sb, c->id, c->region, "update", evac_str(id));
    sb_doc_set_text(u, "id", evac_str(id));
    sb_doc_set_text(u, "token", sb_in(c, "clientRequestToken"));
    sb_doc_set(u, "status", "\"InProgress\"");
    sb_doc_set(u, "type", "\"ConfigUpdate\"");
    sb_doc_set(u, "errors", "[]");
    sb_doc_later(c->sb, u, NODES_MS, "status", refused ? "\"Failed\"" : "\"Successful\"");
    sb_effect(c);
    put_update(c, u);
}

static void describe_update(struct sb_call *c)
{
    const struct sb_doc *u =
        sb_doc_named(c, c->region, "update", c->label[1], 404, "ResourceNotFoundException");
    if (u)
        put_update(c, u);
}

/* clang-format off */
#define G "/clusters/{name}/node-groups/{nodegroupName}"
static const struct sb_operation operations[] = {
    { "DescribeCluster", describe_cluster, 0, "GET", "/clusters/{name}", .takes = "" },
    { "DescribeNodegroup", describe_nodegroup, 0, "GET", G, .takes = "" },
    { "UpdateNodegroupConfig", update_nodegroup, SB_MUTATES, "POST", G "/update-config",
      .takes = "labels taints scalingConfig updateConfig clientRequestToken" },
    { "DescribeUpdate", describe_update, 0, "GET", "/clusters/{name}/updates/{updateId}", .takes = "nodegroupName addonName" },
    { 0 },
};
/* clang-format on */

SB_DOCS(EKS, kinds)

const struct sb_service sb_service_eks = {
    .signing_name = "eks", .row = "eks", .operations = operations, .make = make, .truth = truth
};

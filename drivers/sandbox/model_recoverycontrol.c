/*
 * ARC's control plane for routing controls, in us-west-2 (AWS.md 2.2): which clusters, endpoints,
 * panels, controls and safety rules there are. States are the cluster's (model_recoverycluster.c).
 *
 *     make route53-recovery-control-config us-west-2 {"kind":"cluster","name":"shop"}
 *     make ... {"kind":"panel","name":"p1","cluster":"shop"}
 *     make ... {"kind":"control","name":"p1/use1","state":"On"}
 *     make ... {"kind":"rule","name":"p1/one","controls":["p1/use1","p1/usw2"],"Threshold":1}
 *
 * A cluster has endpoints in its "regions", else in the sandbox's first five. A rule is an
 * assertion; with "gates" it is a gate before its controls. "Type" is ATLEAST, AND or OR.
 */
#include "recovery_internal.h"

#include <cjson/cJSON.h>
#include <string.h>

static void made_cluster(struct evac_sandbox *sb, struct sb_doc *d);
static void made_control(struct evac_sandbox *sb, struct sb_doc *d);

static const struct sb_kind kinds[] = {
    { "cluster", "{\"Status\":\"DEPLOYED\"}", true, made_cluster },
    { "panel", "{\"Status\":\"DEPLOYED\"}", true, NULL },
    { "control", "{\"Status\":\"DEPLOYED\",\"state\":\"Off\",\"version\":1,\"copies\":{}}", true,
      made_control },
    { "rule",
      "{\"Status\":\"DEPLOYED\",\"Type\":\"ATLEAST\",\"Threshold\":1,\"Inverted\":false,"
      "\"WaitPeriodMs\":0,\"controls\":[]}",
      true, NULL },
    { 0 },
};

/* --- what there is --------------------------------------------------------------------------- */

struct evac_str arc_arn(struct evac_arena *arena, const struct sb_doc *doc)
{
    struct evac_str own, panel = evac_str_cut(evac_str(doc->name), '/', &own);
    if (strcmp(doc->kind, "cluster") == 0)
        return evac_arena_printf(arena, ARC_ARN "cluster/%s", doc->name);
    if (strcmp(doc->kind, "panel") == 0)
        return evac_arena_printf(arena, ARC_ARN "controlpanel/%s", doc->name);
    return evac_arena_printf(arena, ARC_ARN "controlpanel/%.*s/%s/%.*s", EVAC_STR_ARG(panel),
                             strcmp(doc->kind, "control") == 0 ? "routingcontrol" : "safetyrule",
                             EVAC_STR_ARG(own));
}

struct sb_doc *arc_next(const struct evac_sandbox *sb, const char *kind, const struct sb_doc *after)
{
    return sb_doc_next(sb, SB_RECOVERYCONTROL, SB_ANYWHERE, kind, after);
}

struct sb_doc *arc_find(const struct evac_sandbox *sb, const char *kind, struct evac_str arn)
{
    struct evac_arena *arena = evac_arena_new();
    struct sb_doc *d = NULL;
    while ((d = arc_next(sb, kind, d)) && !evac_str_eq(arc_arn(arena, d), arn))
        ;
    evac_arena_free(arena);
    return d;
}

struct sb_doc *arc_above(const struct evac_sandbox *sb, const struct sb_doc *doc)
{
    struct evac_str rest;
    if (strcmp(doc->kind, "panel") == 0)
        return sb_doc_find(sb, SB_RECOVERYCONTROL, SB_ANYWHERE, "cluster",
                           sb_doc_text(doc, "cluster"));
    return sb_doc_find(sb, SB_RECOVERYCONTROL, SB_ANYWHERE, "panel",
                       evac_str_cut(evac_str(doc->name), '/', &rest));
}

size_t arc_regions(const struct evac_sandbox *sb, const struct sb_doc *cluster, size_t *ret_regions)
{
    const cJSON *e, *regions = cJSON_GetObjectItem(cluster->json, "regions");
    size_t n = 0;
    cJSON_ArrayForEach(e, regions)
    {
        size_t region = sb_region_find(sb, evac_str(e->valuestring));
        if (region < SB_REGIONS_MAX && n < SB_REGIONS_MAX)
            ret_regions[n++] = region;
    }
    return n;
}

static void made_cluster(struct evac_sandbox *sb, struct sb_doc *d)
{
    if (sb_doc_has(d, "regions"))
        return;
    sb_doc_set(d, "regions", "[]");
    for (size_t i = 0; i < sb->region_count && i < 5; i++)
        cJSON_AddItemToArray(cJSON_GetObjectItem(d->json, "regions"),
                             cJSON_CreateString(sb_region_name(sb, i)));
}

/* It has been so for long: every endpoint knows. */
static void made_control(struct evac_sandbox *sb, struct sb_doc *d)
{
    const struct sb_doc *panel = arc_above(sb, d), *cluster = panel ? arc_above(sb, panel) : NULL;
    size_t regions[SB_REGIONS_MAX], n = cluster ? arc_regions(sb, cluster, regions) : 0;
    for (size_t i = 0; i < n; i++) {
        cJSON *copy = cJSON_AddObjectToObject(cJSON_GetObjectItem(d->json, "copies"),
                                              sb_region_name(sb, regions[i]));
        cJSON_AddStringToObject(copy, "state", sb_doc_text(d, "state").p);
        cJSON_AddNumberToObject(copy, "version", 1);
    }
}

/* --- operations ------------------------------------------------------------------------------ */

static struct sb_doc *named(struct sb_call *c, const char *kind)
{
    struct sb_doc *d = arc_find(c->sb, kind, c->label[0]);
    if (!d)
        sb_error(c, 404, "ResourceNotFoundException", "There is no %s %.*s.", kind,
                 EVAC_STR_ARG(c->label[0]));
    return d;
}

static void put_text(struct evac_buf *out, const char *name, struct evac_str value)
{
    evac_buf_putf(out, "\"%s\":", name);
    evac_buf_json(out, value);
    evac_buf_putc(out, ',');
}

static void put_end(struct sb_call *c, const struct sb_doc *d)
{
    put_text(&c->out, "Owner", EVAC_STR(SB_ACCOUNT));
    evac_buf_puts(&c->out, "\"Status\":");
    sb_doc_put(&c->out, d, "Status");
    evac_buf_putc(&c->out, '}');
}

static void put_cluster(struct sb_call *c, const struct sb_doc *d)
{
    size_t regions[SB_REGIONS_MAX], n = arc_regions(c->sb, d, regions);
    evac_buf_putc(&c->out, '{');
    put_text(&c->out, "ClusterArn", arc_arn(c->arena, d));
    put_text(&c->out, "Name", evac_str(d->name));
    put_text(&c->out, "NetworkType", EVAC_STR("IPV4"));
    evac_buf_puts(&c->out, "\"ClusterEndpoints\":[");
    for (size_t i = 0; i < n; i++) {
        const char *region = sb_region_name(c->sb, regions[i]);
        evac_buf_putf(&c->out,
                      "%s{\"Region\":\"%s\",\"Endpoint\":"
                      "\"https://%s.route53-recovery-cluster.%s.amazonaws.com/v1\"}",
                      i ? "," : "", region, d->name, region);
    }
    evac_buf_puts(&c->out, "],");
    put_end(c, d);
}

static void put_panel(struct sb_call *c, const struct sb_doc *d)
{
    const struct sb_doc *cluster = arc_above(c->sb, d), *control = NULL;
    int count = 0;
    while ((control = arc_next(c->sb, "control", control)))
        count += arc_above(c->sb, control) == d;
    evac_buf_putc(&c->out, '{');
    if (cluster)
        put_text(&c->out, "ClusterArn", arc_arn(c->arena, cluster));
    put_text(&c->out, "ControlPanelArn", arc_arn(c->arena, d));
    put_text(&c->out, "Name", evac_str(d->name));
    evac_buf_putf(&c->out, "\"DefaultControlPanel\":false,\"RoutingControlCount\":%d,", count);
    put_end(c, d);
}

static void put_head(struct sb_call *c, const struct sb_doc *d, const char *arn_name)
{
    const struct sb_doc *panel = arc_above(c->sb, d);
    evac_buf_putc(&c->out, '{');
    if (panel)
        put_text(&c->out, "ControlPanelArn", arc_arn(c->arena, panel));
    put_text(&c->out, arn_name, arc_arn(c->arena, d));
    put_text(&c->out, "Name", sb_short_name(evac_str(d->name)));
}

static void put_control(struct sb_call *c, const struct sb_doc *d)
{
    put_head(c, d, "RoutingControlArn");
    put_end(c, d);
}

static void put_controls(struct sb_call *c, const char *name, const struct sb_doc *rule,
                         const char *member)
{
    const cJSON *e;
    bool first = true;
    evac_buf_putf(&c->out, "\"%s\":[", name);
    cJSON_ArrayForEach(e, cJSON_GetObjectItem(rule->json, member))
    {
        const struct sb_doc *control = sb_doc_find(c->sb, SB_RECOVERYCONTROL, SB_ANYWHERE,
                                                   "control", evac_str(e->valuestring));
        if (!control)
            continue;
        evac_buf_puts(&c->out, first ? "" : ",");
        evac_buf_json(&c->out, arc_arn(c->arena, control));
        first = false;
    }
    evac_buf_puts(&c->out, "],");
}

static void put_rule(struct sb_call *c, const struct sb_doc *d)
{
    bool gate = sb_doc_has(d, "gates");
    put_head(c, d, "SafetyRuleArn");
    put_controls(c, gate ? "TargetControls" : "AssertedControls", d, "controls");
    if (gate)
        put_controls(c, "GatingControls", d, "gates");
    evac_buf_putf(&c->out,
                  "\"RuleConfig\":{\"Type\":\"%s\",\"Threshold\":%lld,\"Inverted\":%s},"
                  "\"WaitPeriodMs\":%lld,",
                  sb_doc_text(d, "Type").p, (long long)sb_doc_num(d, "Threshold", 0),
                  sb_doc_is(d, "Inverted", "true") ? "true" : "false",
                  (long long)sb_doc_num(d, "WaitPeriodMs", 0));
    put_end(c, d);
}

typedef void put_fn(struct sb_call *c, const struct sb_doc *d);

static void describe(struct sb_call *c, const char *kind, const char *member, put_fn *put)
{
    const struct sb_doc *d = named(c, kind);
    if (!d)
        return;
    evac_buf_putf(&c->out, "{\"%s\":", member);
    put(c, d);
    evac_buf_putc(&c->out, '}');
}

static void describe_cluster(struct sb_call *c)
{
    describe(c, "cluster", "Cluster", put_cluster);
}

static void describe_panel(struct sb_call *c)
{
    describe(c, "panel", "ControlPanel", put_panel);
}

static void describe_control(struct sb_call *c)
{
    describe(c, "control", "RoutingControl", put_control);
}

static void describe_rule(struct sb_call *c)
{
    const struct sb_doc *d = arc_find(c->sb, "rule", c->label[0]);
    describe(c, "rule", d && sb_doc_has(d, "gates") ? "GatingRule" : "AssertionRule", put_rule);
}

/* above: only what belongs to it; NULL all. */
static void list(struct sb_call *c, const char *kind, const char *member,
                 const struct sb_doc *above, put_fn *put)
{
    const struct sb_doc *d = NULL;
    bool first = true;
    evac_buf_putf(&c->out, "{\"%s\":[", member);
    while ((d = arc_next(c->sb, kind, d))) {
        if (above && arc_above(c->sb, d) != above)
            continue;
        evac_buf_puts(&c->out, first ? "" : ",");
        put(c, d);
        first = false;
    }
    evac_buf_puts(&c->out, "]}");
}

static void list_clusters(struct sb_call *c)
{
    list(c, "cluster", "Clusters", NULL, put_cluster);
}

static void list_panels(struct sb_call *c)
{
    struct evac_str arn = sb_in(c, "ClusterArn");
    const struct sb_doc *cluster = arn.n ? arc_find(c->sb, "cluster", arn) : NULL;
    if (arn.n && !cluster)
        sb_error(c, 404, "ResourceNotFoundException", "There is no such cluster.");
    else
        list(c, "panel", "ControlPanels", cluster, put_panel);
}

static void list_controls(struct sb_call *c)
{
    const struct sb_doc *panel = named(c, "panel");
    if (panel)
        list(c, "control", "RoutingControls", panel, put_control);
}

static void put_listed_rule(struct sb_call *c, const struct sb_doc *d)
{
    evac_buf_puts(&c->out, sb_doc_has(d, "gates") ? "{\"GATING\":" : "{\"ASSERTION\":");
    put_rule(c, d);
    evac_buf_putc(&c->out, '}');
}

static void list_rules(struct sb_call *c)
{
    const struct sb_doc *panel = named(c, "panel");
    if (panel)
        list(c, "rule", "SafetyRules", panel, put_listed_rule);
}

/* clang-format off */
#define PAGED "MaxResults NextToken"
static const struct sb_operation operations[] = {
    { "ListClusters", list_clusters, 0, "GET", "/cluster", .takes = PAGED },
    { "DescribeCluster", describe_cluster, 0, "GET", "/cluster/{ClusterArn}", .takes = "" },
    { "ListControlPanels", list_panels, 0, "GET", "/controlpanels", .takes = "ClusterArn " PAGED },
    { "DescribeControlPanel", describe_panel, 0, "GET", "/controlpanel/{ControlPanelArn}", .takes = "" },
    { "ListRoutingControls", list_controls, 0, "GET", "/controlpanel/{ControlPanelArn}/routingcontrols", .takes = PAGED },
    { "ListSafetyRules", list_rules, 0, "GET", "/controlpanel/{ControlPanelArn}/safetyrules", .takes = PAGED },
    { "DescribeRoutingControl", describe_control, 0, "GET", "/routingcontrol/{RoutingControlArn}", .takes = "" },
    { "DescribeSafetyRule", describe_rule, 0, "GET", "/safetyrule/{SafetyRuleArn}", .takes = "" },
    { 0 },
};
/* clang-format on */

SB_DOCS(RECOVERYCONTROL, kinds)

const struct sb_service sb_service_recoverycontrol = { .signing_name =
                                                           "route53-recovery-control-config",
                                                       .row = "route53-recovery-control-config",
                                                       .home = "us-west-2",
                                                       .operations = operations,
                                                       .make = make,
                                                       .truth = truth };

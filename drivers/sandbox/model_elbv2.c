/*
 * Elastic Load Balancing, version 2 (AWS.md 2.6): target groups and the health of what is
 * registered in them. A new target is `initial` until its first check, a healthy one that stops
 * answering becomes unhealthy after some failures, one that is taken out drains first, and one
 * whose instance does not run, or that no load balancer uses, is unused.
 *
 * Control's `make elbv2 REGION {...}`; the first member says of what kind:
 *   {"load_balancer":"shop","state":"active"}
 *   {"target_group":"web","load_balancer":"shop","type":"ip","targets":["10.0.0.1"]}: the targets
 * are healthy; type "instance" (the default) takes ids of instances
 *   {"target":"10.0.0.1","target_group":"web","answers":false}: what its app answers to checks
 */
#include "sandbox_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS_MAX    32u
#define TARGETS_MAX   128u
#define BALANCERS_MAX 16u
#define ID_BYTES      64u
#define TARGET_BYTES  48u

/* AWS's, in real time. */
#define DRAIN_MS 300000u

enum health { INITIAL, HEALTHY, UNHEALTHY, DRAINING, UNUSED };
static const char *const health_names[] = { "initial", "healthy", "unhealthy", "draining",
                                            "unused" };

struct target {
    char id[TARGET_BYTES];
    int64_t port;
    enum health health;
    bool answers;
    uint64_t due_ms; /* its health changes then; SB_NEVER */
};

struct balancer {
    size_t region;
    char name[ID_BYTES];
    const char *state;
    int64_t made_ms;
};

struct target_group {
    size_t region;
    char name[ID_BYTES], path[256], balancer[ID_BYTES];
    bool of_instances;
    int64_t interval_s, timeout_s, healthy_after, unhealthy_after;
    struct target targets[TARGETS_MAX];
    size_t count;
};

struct elbv2 {
    struct target_group *groups[GROUPS_MAX];
    size_t group_count;
    struct balancer balancers[BALANCERS_MAX];
    size_t balancer_count;
};

static struct elbv2 *state(const struct evac_sandbox *sb)
{
    return sb->state[SB_ELBV2];
}

static void *create(struct evac_sandbox *sb)
{
    struct elbv2 *elb = calloc(1, sizeof *elb);
    (void)sb;
    if (!elb)
        abort();
    return elb;
}

static void destroy(void *p)
{
    struct elbv2 *elb = p;
    for (size_t i = 0; i < elb->group_count; i++)
        free(elb->groups[i]);
    free(elb);
}

/* --- health ----------------------------------------------------------------------------------- */

static bool runs(const struct evac_sandbox *sb, const struct target_group *g,
                 const struct target *t)
{
    return !g->of_instances || sb_ec2_runs(sb, g->region, evac_str(t->id)) ||
           sb_asg_runs(sb, g->region, evac_str(t->id));
}

static uint64_t after(const struct evac_sandbox *sb, uint64_t real_ms)
{
    return sb->now_ms + sb_scaled(sb, real_ms);
}

static void set(struct target *t, enum health health)
{
    t->health = health;
    t->due_ms = SB_NEVER;
}

/* Where the checks take it, and after how many. */
static void check(struct evac_sandbox *sb, const struct target_group *g, struct target *t)
{
    enum health goal = t->answers ? HEALTHY : UNHEALTHY;
    int64_t checks = t->health == INITIAL ? 1 : t->answers ? g->healthy_after : g->unhealthy_after;
    if (t->health == goal)
        t->due_ms = SB_NEVER;
    else if (t->due_ms == SB_NEVER)
        t->due_ms = after(sb, (uint64_t)(checks * g->interval_s) * 1000);
    if (t->due_ms <= sb->now_ms)
        set(t, goal);
}

/* False: it has drained, and is gone. */
static bool move(struct evac_sandbox *sb, const struct target_group *g, struct target *t)
{
    bool used = g->balancer[0] && runs(sb, g, t);
    if (t->health == DRAINING)
        return t->due_ms > sb->now_ms && used;
    if (!used)
        set(t, UNUSED);
    else if (t->health == UNUSED)
        set(t, INITIAL);
    if (used)
        check(sb, g, t);
    return true;
}

static void advance(struct evac_sandbox *sb)
{
    struct elbv2 *elb = state(sb);
    for (size_t i = 0; i < elb->group_count; i++) {
        struct target_group *g = elb->groups[i];
        for (size_t k = 0; !sb->regions[g->region].down && k < g->count;)
            if (move(sb, g, &g->targets[k]))
                k++;
            else
                g->targets[k] = g->targets[--g->count];
    }
}

static uint64_t wake(const struct evac_sandbox *sb)
{
    const struct elbv2 *elb = state(sb);
    uint64_t next = SB_NEVER;
    for (size_t i = 0; i < elb->group_count; i++)
        for (size_t k = 0; k < elb->groups[i]->count; k++)
            if (elb->groups[i]->targets[k].due_ms < next &&
                !sb->regions[elb->groups[i]->region].down)
                next = elb->groups[i]->targets[k].due_ms;
    return next;
}

/* --- who is there ------------------------------------------------------------------------------
 */

static struct target_group *find_group(const struct evac_sandbox *sb, size_t region,
                                       struct evac_str name)
{
    const struct elbv2 *elb = state(sb);
    for (size_t i = 0; i < elb->group_count; i++)
        if (elb->groups[i]->region == region && evac_str_is(name, elb->groups[i]->name))
            return elb->groups[i];
    return NULL;
}

static struct balancer *find_balancer(const struct evac_sandbox *sb, size_t region,
                                      struct evac_str name)
{
    struct elbv2 *elb = state(sb);
    for (size_t i = 0; i < elb->balancer_count; i++)
        if (elb->balancers[i].region == region && evac_str_is(name, elb->balancers[i].name))
            return &elb->balancers[i];
    return NULL;
}

static struct target *find_target(struct target_group *g, struct evac_str id)
{
    for (size_t i = 0; g && i < g->count; i++)
        if (evac_str_is(id, g->targets[i].id))
            return &g->targets[i];
    return NULL;
}

static struct target *put_in(struct target_group *g, struct evac_str id, int64_t port,
                             enum health health)
{
    struct target *t = find_target(g, id);
    if (!g || (!t && g->count == TARGETS_MAX))
        return NULL;
    if (!t) {
        t = &g->targets[g->count++];
        *t = (struct target){ .health = health, .answers = true, .due_ms = SB_NEVER };
        (void)evac_str_copy(t->id, sizeof t->id, id);
    } else if (t->health == DRAINING) {
        set(t, health);
    }
    t->port = port;
    return t;
}

static void drain(const struct evac_sandbox *sb, struct target *t)
{
    if (!t || t->health == DRAINING)
        return;
    t->health = DRAINING;
    t->due_ms = after(sb, DRAIN_MS);
}

void sb_elbv2_register(struct evac_sandbox *sb, size_t region, const char *group, const char *id,
                       bool healthy)
{
    struct target_group *g = find_group(sb, region, evac_str(group));
    if (g)
        (void)put_in(g, evac_str(id), 80, healthy ? HEALTHY : INITIAL);
}

void sb_elbv2_deregister(struct evac_sandbox *sb, size_t region, const char *group, const char *id)
{
    struct target *t = find_target(find_group(sb, region, evac_str(group)), evac_str(id));
    if (t)
        drain(sb, t);
}

/* Names of a group or a load balancer within its ARN: ".../targetgroup/NAME/0123456789abcdef". */
static struct evac_str arn_of(struct sb_call *c, size_t region, const char *kind, const char *name)
{
    struct evac_str text = evac_arena_printf(c->arena, "%s %zu %s", kind, region, name);
    return evac_arena_printf(
        c->arena, "arn:aws:elasticloadbalancing:%s:" SB_ACCOUNT ":%s/%s/%016llx",
        sb_region_name(c->sb, region), kind, name, (unsigned long long)evac_str_hash(text));
}

static struct evac_str group_arn(struct sb_call *c, const struct target_group *g)
{
    return arn_of(c, g->region, "targetgroup", g->name);
}

static struct evac_str balancer_arn(struct sb_call *c, size_t region, const char *name)
{
    return arn_of(c, region, "loadbalancer/app", name);
}

struct evac_str sb_elbv2_group_arn(struct sb_call *c, const char *group)
{
    const struct target_group *g = find_group(c->sb, c->region, evac_str(group));
    return g ? group_arn(c, g) : EVAC_STR_NONE;
}

static struct target_group *group_by_arn(struct sb_call *c, struct evac_str arn)
{
    const struct elbv2 *elb = state(c->sb);
    for (size_t i = 0; i < elb->group_count; i++)
        if (elb->groups[i]->region == c->region && evac_str_eq(arn, group_arn(c, elb->groups[i])))
            return elb->groups[i];
    return NULL;
}

const char *sb_elbv2_group_name(struct sb_call *c, struct evac_str arn)
{
    const struct target_group *g = group_by_arn(c, arn);
    return g ? g->name : NULL;
}

static struct target_group *meant(struct sb_call *c)
{
    struct evac_str arn = sb_in(c, "TargetGroupArn");
    struct target_group *g = group_by_arn(c, arn);
    if (!g && (!evac_str_starts(arn, "arn:") || !evac_str_has(arn, ":targetgroup/")))
        sb_error(c, 400, "ValidationError", "'%.*s' is not a valid target group ARN",
                 EVAC_STR_ARG(arn));
    else if (!g)
        sb_error(c, 400, "TargetGroupNotFound", "One or more target groups not found");
    return g;
}

/* --- describing --------------------------------------------------------------------------------
 */

static void put_group(struct sb_call *c, const struct target_group *g)
{
    struct evac_buf *out = &c->out;
    evac_buf_puts(out, "<member>");
    sb_tag(out, "TargetGroupArn", group_arn(c, g));
    sb_tag(out, "TargetGroupName", evac_str(g->name));
    evac_buf_puts(out, "<Protocol>HTTP</Protocol><Port>80</Port><VpcId>vpc-0a1b2c3d</VpcId>"
                       "<HealthCheckProtocol>HTTP</HealthCheckProtocol><HealthCheckPort>"
                       "traffic-port</HealthCheckPort><HealthCheckEnabled>true"
                       "</HealthCheckEnabled>");
    sb_tagf(out, "HealthCheckIntervalSeconds", "%lld", (long long)g->interval_s);
    sb_tagf(out, "HealthCheckTimeoutSeconds", "%lld", (long long)g->timeout_s);
    sb_tagf(out, "HealthyThresholdCount", "%lld", (long long)g->healthy_after);
    sb_tagf(out, "UnhealthyThresholdCount", "%lld", (long long)g->unhealthy_after);
    sb_tag(out, "HealthCheckPath", evac_str(g->path));
    evac_buf_puts(out, "<Matcher><HttpCode>200</HttpCode></Matcher><LoadBalancerArns>");
    if (g->balancer[0])
        sb_tag(out, "member", balancer_arn(c, g->region, g->balancer));
    evac_buf_puts(out, "</LoadBalancerArns>");
    sb_tag(out, "TargetType", evac_str(g->of_instances ? "instance" : "ip"));
    evac_buf_puts(out, "<ProtocolVersion>HTTP1</ProtocolVersion></member>");
}

static bool is_in(struct sb_call *c, const char *list, struct evac_str value)
{
    for (int i = 1; sb_has(c, "%s.%d", list, i); i++)
        if (evac_str_eq(sb_in(c, "%s.%d", list, i), value))
            return true;
    return false;
}

static int count_of(struct sb_call *c, const char *list)
{
    int n = 0;
    while (sb_has(c, "%s.%d", list, n + 1))
        n++;
    return n;
}

/* What a list of names or ARNs leaves; all when there is none. */
static bool is_asked(struct sb_call *c, const char *arns, struct evac_str arn, const char *name)
{
    int names = count_of(c, "Names");
    return (names == 0 && count_of(c, arns) == 0) || is_in(c, arns, arn) ||
           is_in(c, "Names", evac_str(name));
}

static bool check_page(struct sb_call *c)
{
    int64_t size = sb_in_i64(c, "PageSize", 400);
    if (size < 1 || size > 400)
        sb_error(c, 400, "ValidationError", "PageSize: from 1 to 400.");
    return !c->failed;
}

/* A marker is the number of the first one of the next page. */
static void describe_groups(struct sb_call *c)
{
    const struct elbv2 *elb = state(c->sb);
    struct evac_str of = sb_in(c, "LoadBalancerArn");
    int64_t from = sb_in_i64(c, "Marker", 0), size = sb_in_i64(c, "PageSize", 400);
    int found = 0;
    size_t next = 0;
    if (!check_page(c))
        return;
    evac_buf_puts(&c->out, "<TargetGroups>");
    for (size_t i = from > 0 ? (size_t)from : 0; i < elb->group_count; i++) {
        const struct target_group *g = elb->groups[i];
        if (g->region != c->region || !is_asked(c, "TargetGroupArns", group_arn(c, g), g->name) ||
            (of.n && !(g->balancer[0] && evac_str_eq(of, balancer_arn(c, g->region, g->balancer)))))
            continue;
        if (found == size) {
            next = i;
            break;
        }
        put_group(c, g);
        found++;
    }
    evac_buf_puts(&c->out, "</TargetGroups>");
    if (found < count_of(c, "Names") + count_of(c, "TargetGroupArns"))
        sb_error(c, 400, "TargetGroupNotFound", "One or more target groups not found");
    else if (next)
        sb_tagf(&c->out, "NextMarker", "%zu", next);
}

static void put_balancer(struct sb_call *c, const struct balancer *b)
{
    struct evac_buf *out = &c->out;
    evac_buf_puts(out, "<member>");
    sb_tag(out, "LoadBalancerArn", balancer_arn(c, b->region, b->name));
    sb_tagf(out, "DNSName", "%s-1234567890.%s.elb.amazonaws.com", b->name,
            sb_region_name(c->sb, b->region));
    evac_buf_puts(out, "<CanonicalHostedZoneId>Z35SXDOTRQ7X7K</CanonicalHostedZoneId>");
    sb_tag(out, "CreatedTime", sb_iso(c->arena, b->made_ms));
    sb_tag(out, "LoadBalancerName", evac_str(b->name));
    evac_buf_puts(out, "<Scheme>internet-facing</Scheme><VpcId>vpc-0a1b2c3d</VpcId><State>");
    sb_tag(out, "Code", evac_str(b->state));
    evac_buf_puts(out, "</State><Type>application</Type><AvailabilityZones><member>");
    sb_tagf(out, "ZoneName", "%sa", sb_region_name(c->sb, b->region));
    evac_buf_puts(out, "<LoadBalancerAddresses/></member></AvailabilityZones><SecurityGroups/>"
                       "<IpAddressType>ipv4</IpAddressType></member>");
}

static void describe_balancers(struct sb_call *c)
{
    const struct elbv2 *elb = state(c->sb);
    int found = 0;
    if (!check_page(c))
        return;
    evac_buf_puts(&c->out, "<LoadBalancers>");
    for (size_t i = 0; i < elb->balancer_count; i++) {
        const struct balancer *b = &elb->balancers[i];
        if (b->region != c->region ||
            !is_asked(c, "LoadBalancerArns", balancer_arn(c, b->region, b->name), b->name))
            continue;
        put_balancer(c, b);
        found++;
    }
    evac_buf_puts(&c->out, "</LoadBalancers>");
    if (found < count_of(c, "Names") + count_of(c, "LoadBalancerArns"))
        sb_error(c, 400, "LoadBalancerNotFound", "One or more load balancers not found");
}

/* Why a target is as it is: AWS's reason, and its words. */
static void put_health(struct sb_call *c, const struct target_group *g, const struct target *t)
{
    static const char *const why[][2] = {
        [INITIAL] = { "Elb.InitialHealthChecking", "Initial health checks in progress" },
        [HEALTHY] = { NULL, NULL },
        [UNHEALTHY] = { "Target.ResponseCodeMismatch",
                        "Health checks failed with these codes: [503]" },
        [DRAINING] = { "Target.DeregistrationInProgress", "Target deregistration is in progress" },
        [UNUSED] = { "Target.InvalidState", "Target is in the stopped state" },
    };
    const char *reason = why[t->health][0], *words = why[t->health][1];
    if (t->health == UNUSED && !g->balancer[0]) {
        reason = "Target.NotInUse";
        words = "Target group is not configured to receive traffic from the load balancer";
    }
    struct evac_buf *out = &c->out;
    evac_buf_puts(out, "<member><Target>");
    sb_tag(out, "Id", evac_str(t->id));
    sb_tagf(out, "Port", "%lld", (long long)t->port);
    evac_buf_puts(out, "</Target><HealthCheckPort>80</HealthCheckPort><TargetHealth>");
    sb_tag(out, "State", evac_str(health_names[t->health]));
    if (reason) {
        sb_tag(out, "Reason", evac_str(reason));
        sb_tag(out, "Description", evac_str(words));
    }
    evac_buf_puts(out, "</TargetHealth></member>");
}

static void put_unknown(struct sb_call *c, struct evac_str id)
{
    evac_buf_puts(&c->out, "<member><Target>");
    sb_tag(&c->out, "Id", id);
    evac_buf_puts(&c->out, "</Target><TargetHealth><State>unused</State><Reason>"
                           "Target.NotRegistered</Reason><Description>Target is not registered to "
                           "the target group</Description></TargetHealth></member>");
}

static void describe_health(struct sb_call *c)
{
    struct target_group *g = meant(c);
    if (!g)
        return;
    advance(c->sb); /* an instance may have been stopped at this very instant */
    evac_buf_puts(&c->out, "<TargetHealthDescriptions>");
    for (size_t i = 0; i < g->count && !sb_has(c, "Targets"); i++)
        put_health(c, g, &g->targets[i]);
    for (int i = 1; sb_has(c, "Targets.%d", i); i++) {
        struct evac_str id = sb_in(c, "Targets.%d.Id", i);
        const struct target *t = find_target(g, id);
        if (t)
            put_health(c, g, t);
        else
            put_unknown(c, id);
    }
    evac_buf_puts(&c->out, "</TargetHealthDescriptions>");
}

/* --- changing ----------------------------------------------------------------------------------
 */

static bool has_targets(struct sb_call *c)
{
    if (!sb_has(c, "Targets.1.Id"))
        sb_error(c, 400, "ValidationError", "Targets: at least one is needed");
    return !c->failed;
}

static void check_target(struct sb_call *c, const struct target_group *g, struct evac_str id)
{
    struct target t = { 0 };
    if (!evac_str_copy(t.id, sizeof t.id, id) || id.n == 0)
        sb_error(c, 400, "ValidationError", "'%.*s' is not a valid target id", EVAC_STR_ARG(id));
    else if (!runs(c->sb, g, &t))
        sb_error(c, 400, "InvalidTarget",
                 "The following targets are not in a running state and cannot be registered: "
                 "'%.*s'",
                 EVAC_STR_ARG(id));
}

/* All or nothing. What is registered already stays as it is. */
static void register_targets(struct sb_call *c)
{
    struct target_group *g = meant(c);
    if (!g || !has_targets(c))
        return;
    size_t n = 0;
    for (int i = 1; sb_has(c, "Targets.%d", i); i++) {
        check_target(c, g, sb_in(c, "Targets.%d.Id", i));
        n += !find_target(g, sb_in(c, "Targets.%d.Id", i));
    }
    if (g->count + n > TARGETS_MAX)
        sb_error(c, 400, "TooManyTargets", "You've reached the limit on the number of targets.");
    for (int i = 1; !c->failed && sb_has(c, "Targets.%d", i); i++) {
        struct evac_str port = sb_in(c, "Targets.%d.Port", i);
        int64_t number = 80;
        (void)evac_str_i64(port, &number);
        (void)put_in(g, sb_in(c, "Targets.%d.Id", i), number, INITIAL);
    }
    if (!c->failed)
        sb_effect(c);
    sb_move(c->sb);
}

static void deregister_targets(struct sb_call *c)
{
    struct target_group *g = meant(c);
    if (!g || !has_targets(c))
        return;
    for (int i = 1; sb_has(c, "Targets.%d", i); i++)
        if (!find_target(g, sb_in(c, "Targets.%d.Id", i)))
            sb_error(c, 400, "InvalidTarget", "The following targets are not registered: '%.*s'",
                     EVAC_STR_ARG(sb_in(c, "Targets.%d.Id", i)));
    for (int i = 1; !c->failed && sb_has(c, "Targets.%d", i); i++)
        drain(c->sb, find_target(g, sb_in(c, "Targets.%d.Id", i)));
    if (!c->failed)
        sb_effect(c);
}

static void take(struct sb_call *c, const char *name, int64_t least, int64_t most, int64_t *value)
{
    int64_t given = sb_in_i64(c, name, *value);
    if (given < least || given > most)
        sb_error(c, 400, "ValidationError", "%s '%lld' must be from %lld to %lld", name,
                 (long long)given, (long long)least, (long long)most);
    else
        *value = given;
}

static void modify_group(struct sb_call *c)
{
    struct target_group *g = meant(c);
    if (!g)
        return;
    struct target_group changed = { .interval_s = g->interval_s,
                                    .timeout_s = g->timeout_s,
                                    .healthy_after = g->healthy_after,
                                    .unhealthy_after = g->unhealthy_after };
    struct evac_str path = sb_in(c, "HealthCheckPath");
    take(c, "HealthCheckIntervalSeconds", 5, 300, &changed.interval_s);
    take(c, "HealthCheckTimeoutSeconds", 2, 120, &changed.timeout_s);
    take(c, "HealthyThresholdCount", 2, 10, &changed.healthy_after);
    take(c, "UnhealthyThresholdCount", 2, 10, &changed.unhealthy_after);
    if (changed.timeout_s >= changed.interval_s)
        sb_error(c, 400, "ValidationError",
                 "Health check timeout must be smaller than the interval");
    if (path.n && path.p[0] != '/')
        sb_error(c, 400, "ValidationError", "Health check path must begin with '/'");
    if (c->failed)
        return;
    g->interval_s = changed.interval_s;
    g->timeout_s = changed.timeout_s;
    g->healthy_after = changed.healthy_after;
    g->unhealthy_after = changed.unhealthy_after;
    if (path.n)
        (void)evac_str_copy(g->path, sizeof g->path, path);
    sb_effect(c);
    evac_buf_puts(&c->out, "<TargetGroups>");
    put_group(c, g);
    evac_buf_puts(&c->out, "</TargetGroups>");
}

/* --- made by control ---------------------------------------------------------------------------
 */

static enum evac_code make_balancer(struct evac_sandbox *sb, size_t region,
                                    const struct evac_json *json, struct evac_err *err)
{
    static const char *const states[] = { "active", "provisioning", "active_impaired", "failed" };
    struct elbv2 *elb = state(sb);
    struct evac_str name = evac_json_str(json, "load_balancer"),
                    wish = evac_json_str(json, "state");
    struct balancer *b = find_balancer(sb, region, name);
    size_t s = 0;
    while (wish.n && s < 4 && !evac_str_is(wish, states[s]))
        s++;
    if (s == 4 || name.n == 0 || name.n > 32 || (!b && elb->balancer_count == BALANCERS_MAX))
        return evac_fail(err, EVAC_E_BADARG,
                         "a name of at most 32 and a state of AWS's, %u at most", BALANCERS_MAX);
    if (!b) {
        b = &elb->balancers[elb->balancer_count++];
        *b = (struct balancer){ .region = region, .made_ms = sb_wall_ms(sb) };
        (void)evac_str_copy(b->name, sizeof b->name, name);
    }
    b->state = states[s];
    return EVAC_OK;
}

static struct target_group *add_group(struct evac_sandbox *sb, size_t region, struct evac_str name)
{
    struct elbv2 *elb = state(sb);
    if (elb->group_count == GROUPS_MAX || name.n == 0 || name.n > 32)
        return NULL;
    struct target_group *g = calloc(1, sizeof *g);
    if (!g)
        abort();
    elb->groups[elb->group_count++] = g;
    g->region = region;
    g->interval_s = 30;
    g->timeout_s = 5;
    g->healthy_after = 5;
    g->unhealthy_after = 2;
    (void)evac_str_copy(g->name, sizeof g->name, name);
    (void)evac_str_copy(g->path, sizeof g->path, EVAC_STR("/"));
    return g;
}

static enum evac_code make_group(struct evac_sandbox *sb, size_t region,
                                 const struct evac_json *json, struct evac_err *err)
{
    struct evac_str name = evac_json_str(json, "target_group");
    struct evac_str balancer = evac_json_str(json, "load_balancer");
    struct target_group *g = find_group(sb, region, name);
    if (balancer.n && !find_balancer(sb, region, balancer))
        return evac_fail(err, EVAC_E_BADARG, "there is no load balancer '%.*s'",
                         EVAC_STR_ARG(balancer));
    if (!g && (g = add_group(sb, region, name)) == NULL)
        return evac_fail(err, EVAC_E_BADARG, "a name of at most 32 is needed; %u groups at most",
                         GROUPS_MAX);
    g->of_instances = !evac_str_is(evac_json_str(json, "type"), "ip");
    (void)evac_str_copy(g->balancer, sizeof g->balancer, balancer);
    for (const struct evac_json *t = evac_json_first(evac_json_get(json, "targets")); t;
         t = evac_json_next(t))
        (void)put_in(g, evac_json_text(t), 80, HEALTHY);
    return EVAC_OK;
}

static enum evac_code make(struct evac_sandbox *sb, size_t region, const struct evac_json *json,
                           struct evac_err *err)
{
    struct evac_str kind = evac_json_key(evac_json_first(json));
    if (evac_str_is(kind, "load_balancer"))
        return make_balancer(sb, region, json, err);
    if (evac_str_is(kind, "target_group"))
        return make_group(sb, region, json, err);
    struct target *t = find_target(find_group(sb, region, evac_json_str(json, "target_group")),
                                   evac_json_str(json, "target"));
    if (!t)
        return evac_fail(err, EVAC_E_BADARG,
                         "the first member must be load_balancer or target_group, or the target of "
                         "a target_group");
    t->answers = evac_json_bool(json, "answers", true);
    if (t->health == INITIAL)
        return EVAC_OK; /* its first check is due all the same */
    if (t->health != DRAINING)
        t->due_ms = SB_NEVER;
    return EVAC_OK;
}

static void truth(const struct evac_sandbox *sb, struct evac_buf *json)
{
    const struct elbv2 *elb = state(sb);
    evac_buf_puts(json, ",\"elbv2\":[");
    for (size_t i = 0; i < elb->group_count; i++) {
        const struct target_group *g = elb->groups[i];
        size_t in[5] = { 0 };
        for (size_t k = 0; k < g->count; k++)
            in[g->targets[k].health]++;
        evac_buf_putf(
            json,
            "%s{\"region\":\"%s\",\"target_group\":\"%s\",\"healthy\":%zu,\"initial\":%zu,"
            "\"unhealthy\":%zu,\"draining\":%zu,\"unused\":%zu}",
            i ? "," : "", sb_region_name(sb, g->region), g->name, in[HEALTHY], in[INITIAL],
            in[UNHEALTHY], in[DRAINING], in[UNUSED]);
    }
    evac_buf_putc(json, ']');
}

static const struct sb_operation operations[] = {
    { .name = "DescribeTargetGroups", .handle = describe_groups },
    { .name = "DescribeTargetHealth", .handle = describe_health },
    { .name = "DescribeLoadBalancers", .handle = describe_balancers },
    { .name = "RegisterTargets", .handle = register_targets, .flags = SB_MUTATES },
    { .name = "DeregisterTargets", .handle = deregister_targets, .flags = SB_MUTATES },
    { .name = "ModifyTargetGroup", .handle = modify_group, .flags = SB_MUTATES },
    { 0 },
};

/* AWS's own bucket of its registration calls is larger; this is AWS.md 1.11's advice. */
const struct sb_service sb_service_elbv2 = {
    .signing_name = "elasticloadbalancing",
    .row = "elbv2",
    .xmlns = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
    .operations = operations,
    .create = create,
    .destroy = destroy,
    .advance = advance,
    .wake = wake,
    .always = true,
    .make = make,
    .truth = truth,
};

/*
 * RDS: Aurora global databases (AWS.md 2.3). Replication is asynchronous; a switchover waits for
 * it, a failover with data loss does not. A primary that was cut off goes on believing in itself
 * until its region can be reached again: that is why an app must be fenced before its database is
 * promoted.
 */
#include "sandbox_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GLOBALS_MAX 32u
#define MEMBERS_MAX 6u
#define EVENTS_MAX  64u

/* Durations of AWS's, in real time (AWS.md 4.8 and 7.3). */
#define OWN_LAG_MS      180u
#define VALIDATE_MS     5000u
#define SWITCHOVER_MS   30000u
#define PROMOTE_MS      40000u
#define PROMOTE_SPAN_MS 20000u
#define ABANDON_MS      60000u
#define DEMOTE_MS       3000u /* after a lost region returns */
#define RESYNC_MS       120000u
#define METRIC_MS       60000u

struct member {
    size_t region;
    char cluster[64], instance[72];
    bool believes; /* accepts writes, for all it knows */
    bool resyncing;
    uint64_t demote_at_ms, synced_at_ms; /* SB_NEVER: not on the way */
    uint64_t cut_off_ms; /* when the link from the writer broke; SB_NEVER: it holds */
};

enum move { MOVE_NONE, MOVE_SWITCHOVER, MOVE_FAILOVER };

struct global {
    char id[64], resource_id[40];
    struct member members[MEMBERS_MAX];
    size_t count, writer; /* as the service sees it */
    enum move move;
    size_t target;
    bool quiet; /* the old writer has stopped for a switchover */
    uint64_t quiet_at_ms, done_at_ms, abandon_at_ms;
    bool lossy;
    size_t lossy_region;
    uint64_t lossy_cut_ms;
};

struct event {
    size_t region;
    int64_t wall_ms;
    char source[64], message[200];
};

struct rds {
    struct global globals[GLOBALS_MAX];
    size_t count;
    struct event events[EVENTS_MAX];
    size_t event_count;
    uint64_t metric_at_ms;
};

static struct rds *state(const struct evac_sandbox *sb)
{
    return sb->state[SB_RDS];
}

static void *create(struct evac_sandbox *sb)
{
    struct rds *rds = calloc(1, sizeof *rds);
    (void)sb;
    if (!rds)
        abort();
    return rds;
}

static void note_event(struct evac_sandbox *sb, size_t region, const char *source,
                       const char *message)
{
    struct rds *rds = state(sb);
    struct event *e = &rds->events[rds->event_count++ % EVENTS_MAX];
    *e = (struct event){ .region = region, .wall_ms = sb_wall_ms(sb) };
    (void)evac_str_copy(e->source, sizeof e->source, evac_str(source));
    (void)evac_str_copy(e->message, sizeof e->message, evac_str(message));
}

/* --- what others ask ------------------------------------------------------------------------- */

void sb_rds_global(struct evac_sandbox *sb, const char *id, const struct sb_rds_member *members,
                   size_t count)
{
    struct rds *rds = state(sb);
    if (rds->count == GLOBALS_MAX || count > MEMBERS_MAX)
        return;
    struct global *g = &rds->globals[rds->count++];
    (void)evac_str_copy(g->id, sizeof g->id, evac_str(id));
    (void)evac_str_copy(g->resource_id, sizeof g->resource_id, EVAC_STR("cluster-"));
    sb_random_id(sb, g->resource_id + strlen(g->resource_id), 16);
    for (size_t i = 0; i < count; i++) {
        struct member *m = &g->members[g->count];
        m->region = sb_region_find(sb, evac_str(members[i].region));
        if (m->region >= SB_REGIONS_MAX)
            continue;
        (void)evac_str_copy(m->cluster, sizeof m->cluster, evac_str(members[i].cluster));
        (void)snprintf(m->instance, sizeof m->instance, "%s-1", members[i].cluster);
        m->demote_at_ms = m->synced_at_ms = m->cut_off_ms = SB_NEVER;
        m->believes = g->count == 0;
        g->count++;
    }
}

static const struct member *find_cluster(const struct evac_sandbox *sb, size_t region,
                                         struct evac_str id, const struct global **ret_global)
{
    const struct rds *rds = state(sb);
    for (size_t i = 0; i < rds->count; i++)
        for (size_t k = 0; k < rds->globals[i].count; k++) {
            const struct member *m = &rds->globals[i].members[k];
            if (m->region == region && evac_str_is(id, m->cluster)) {
                *ret_global = &rds->globals[i];
                return m;
            }
        }
    return NULL;
}

bool sb_rds_accepts_writes(const struct evac_sandbox *sb, size_t region, const char *cluster)
{
    const struct global *g;
    const struct member *m = find_cluster(sb, region, evac_str(cluster), &g);
    return m && m->believes && !sb->regions[region].down &&
           !(g->quiet && m == &g->members[g->writer]);
}

bool sb_rds_answers(const struct evac_sandbox *sb, size_t region, const char *cluster)
{
    const struct global *g;
    const struct member *m = find_cluster(sb, region, evac_str(cluster), &g);
    return m && !sb->regions[region].down && !sb_fault(sb, SB_RDS, region)->capacity_refused;
}

bool sb_rds_lossy(const struct evac_sandbox *sb, size_t *ret_old_region, uint64_t *ret_cut_ms)
{
    const struct rds *rds = state(sb);
    for (size_t i = 0; i < rds->count; i++)
        if (rds->globals[i].lossy) {
            *ret_old_region = rds->globals[i].lossy_region;
            *ret_cut_ms = rds->globals[i].lossy_cut_ms;
            return true;
        }
    return false;
}

/* --- moving ---------------------------------------------------------------------------------- */

static bool linked(const struct evac_sandbox *sb, const struct global *g, const struct member *m)
{
    return sb_reaches(sb, g->members[g->writer].region, m->region) && !m->resyncing;
}

static void note_links(struct evac_sandbox *sb, struct global *g)
{
    for (size_t i = 0; i < g->count; i++) {
        struct member *m = &g->members[i];
        bool holds = i == g->writer || linked(sb, g, m);
        if (holds)
            m->cut_off_ms = SB_NEVER;
        else if (m->cut_off_ms == SB_NEVER)
            m->cut_off_ms = sb->now_ms;
    }
}

/* Up to when the member has the writer's commits. */
static uint64_t has_until(const struct evac_sandbox *sb, const struct member *m)
{
    uint64_t at = m->cut_off_ms < sb->now_ms ? m->cut_off_ms : sb->now_ms;
    uint64_t lag = sb_lag_ms(sb, m->region, OWN_LAG_MS);
    return at > lag ? at - lag : 0;
}

static void make_reader(struct evac_sandbox *sb, struct member *m)
{
    m->believes = false;
    m->resyncing = true;
    m->demote_at_ms = SB_NEVER;
    m->synced_at_ms = sb->now_ms + sb_scaled(sb, RESYNC_MS);
    note_event(sb, m->region, m->cluster, "Global cluster resynchronization started.");
}

static void end_move(struct global *g)
{
    g->move = MOVE_NONE;
    g->quiet = false;
    g->quiet_at_ms = g->done_at_ms = g->abandon_at_ms = SB_NEVER;
}

static void promote(struct evac_sandbox *sb, struct global *g)
{
    struct member *old = &g->members[g->writer], *new = &g->members[g->target];
    bool lossy = g->move == MOVE_FAILOVER;
    if (lossy) {
        g->lossy = true;
        g->lossy_region = old->region;
        g->lossy_cut_ms = has_until(sb, new);
        if (sb_reaches(sb, old->region, new->region))
            make_reader(sb, old);
        else
            old->resyncing = true; /* and believes in itself until it is told */
    } else {
        old->believes = false;
    }
    new->believes = true;
    new->resyncing = false;
    g->writer = g->target;
    end_move(g);
    note_event(sb, new->region, new->cluster,
               lossy ? "Global failover to DB cluster completed."
                     : "Global switchover to DB cluster finished.");
    for (size_t i = 0; i < g->count; i++)
        g->members[i].cut_off_ms = SB_NEVER;
    sb->changed++;
}

/* A switchover needs both regions; a failover only its target's. */
static bool can_go_on(const struct evac_sandbox *sb, const struct global *g)
{
    size_t target = g->members[g->target].region;
    return g->move == MOVE_FAILOVER ? sb_reachable(sb, target)
                                    : sb_reaches(sb, g->members[g->writer].region, target);
}

static void go_on(struct evac_sandbox *sb, struct global *g)
{
    if (g->move == MOVE_NONE)
        return;
    if (!can_go_on(sb, g)) {
        if (g->abandon_at_ms == SB_NEVER)
            g->abandon_at_ms = sb->now_ms + sb_scaled(sb, ABANDON_MS);
        if (g->abandon_at_ms <= sb->now_ms) {
            note_event(sb, g->members[g->writer].region, g->members[g->writer].cluster,
                       "Global switchover to DB cluster was cancelled.");
            end_move(g);
            sb->changed++;
        }
        return;
    }
    g->abandon_at_ms = SB_NEVER;
    if (g->move == MOVE_SWITCHOVER && !g->quiet && g->quiet_at_ms <= sb->now_ms) {
        g->quiet = true;
        sb->changed++;
    }
    if (g->done_at_ms <= sb->now_ms)
        promote(sb, g);
}

/* Old primaries that come back are told, and made readers of the new one. */
static void settle(struct evac_sandbox *sb, struct global *g)
{
    for (size_t i = 0; i < g->count; i++) {
        struct member *m = &g->members[i];
        bool heard = sb_reaches(sb, g->members[g->writer].region, m->region);
        if (i == g->writer)
            continue;
        if (m->believes && heard && m->demote_at_ms == SB_NEVER)
            m->demote_at_ms = sb->now_ms + sb_scaled(sb, DEMOTE_MS);
        if (!heard)
            m->demote_at_ms = m->synced_at_ms = SB_NEVER;
        if (m->demote_at_ms <= sb->now_ms)
            make_reader(sb, m);
        if (m->resyncing && !m->believes && heard && m->synced_at_ms == SB_NEVER)
            m->synced_at_ms = sb->now_ms + sb_scaled(sb, RESYNC_MS);
        if (m->synced_at_ms <= sb->now_ms) {
            m->synced_at_ms = SB_NEVER;
            m->resyncing = false;
            sb->changed++;
            note_event(sb, m->region, m->cluster, "Global cluster resynchronization finished.");
        }
    }
}

static void publish(struct evac_sandbox *sb, const struct global *g)
{
    static const char *const metrics[] = { "AuroraGlobalDBRPOLag", "AuroraGlobalDBReplicationLag",
                                           "AuroraGlobalDBProgressLag" };
    for (size_t i = 0; i < g->count; i++) {
        const struct member *m = &g->members[i];
        char dimensions[100];
        if (i == g->writer || !linked(sb, g, m))
            continue;
        (void)snprintf(dimensions, sizeof dimensions, "DBClusterIdentifier=%s", m->cluster);
        for (size_t k = 0; k < sizeof metrics / sizeof metrics[0]; k++)
            sb_cloudwatch_put(sb, m->region, "AWS/RDS", metrics[k], dimensions,
                              (double)sb_lag_ms(sb, m->region, OWN_LAG_MS), sb_wall_ms(sb));
    }
}

static void advance(struct evac_sandbox *sb)
{
    struct rds *rds = state(sb);
    for (size_t i = 0; i < rds->count; i++) {
        note_links(sb, &rds->globals[i]);
        go_on(sb, &rds->globals[i]);
        settle(sb, &rds->globals[i]);
    }
    if (rds->count == 0 || sb->now_ms < rds->metric_at_ms)
        return;
    uint64_t every = sb_scaled(sb, METRIC_MS);
    rds->metric_at_ms = sb->now_ms + (every > 1000 ? every : 1000);
    for (size_t i = 0; i < rds->count; i++)
        publish(sb, &rds->globals[i]);
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t wake(const struct evac_sandbox *sb)
{
    const struct rds *rds = state(sb);
    uint64_t next = rds->count ? rds->metric_at_ms : SB_NEVER;
    for (size_t i = 0; i < rds->count; i++) {
        const struct global *g = &rds->globals[i];
        if (g->move != MOVE_NONE && can_go_on(sb, g)) {
            next = sooner(next, g->quiet ? SB_NEVER : g->quiet_at_ms);
            next = sooner(next, g->done_at_ms);
        } else if (g->move != MOVE_NONE) {
            next = sooner(next, g->abandon_at_ms);
        }
        for (size_t k = 0; k < g->count; k++)
            next = sooner(next, sooner(g->members[k].demote_at_ms, g->members[k].synced_at_ms));
    }
    return next;
}

/* --- what is written of them ----------------------------------------------------------------- */

static struct evac_str cluster_arn(struct sb_call *c, const struct member *m)
{
    return evac_arena_printf(c->arena, "arn:aws:rds:%s:" SB_ACCOUNT ":cluster:%s",
                             sb_region_name(c->sb, m->region), m->cluster);
}

static const char *global_status(const struct global *g)
{
    return g->move == MOVE_SWITCHOVER ? "switching-over"
           : g->move == MOVE_FAILOVER ? "failing-over"
                                      : "available";
}

static void put_global(struct sb_call *c, const struct global *g)
{
    struct evac_buf *out = &c->out;
    const struct member *writer = &g->members[g->writer];
    sb_tag(out, "GlobalClusterIdentifier", evac_str(g->id));
    sb_tag(out, "GlobalClusterResourceId", evac_str(g->resource_id));
    sb_tagf(out, "GlobalClusterArn", "arn:aws:rds::" SB_ACCOUNT ":global-cluster:%s", g->id);
    sb_tag(out, "Status", evac_str(global_status(g)));
    sb_tag(out, "Engine", EVAC_STR("aurora-postgresql"));
    sb_tag(out, "EngineVersion", EVAC_STR("16.4"));
    sb_tag(out, "StorageEncrypted", EVAC_STR("true"));
    sb_tag(out, "DeletionProtection", EVAC_STR("true"));
    sb_tagf(out, "Endpoint", "%s.global-%s.global.rds.amazonaws.com", g->id, "c1a2b3d4e5f6");
    evac_buf_puts(out, "<GlobalClusterMembers>");
    for (size_t i = 0; i < g->count; i++) {
        const struct member *m = &g->members[i];
        evac_buf_puts(out, "<GlobalClusterMember>");
        sb_tag(out, "DBClusterArn", cluster_arn(c, m));
        evac_buf_puts(out, "<Readers>");
        for (size_t k = 0; i == g->writer && k < g->count; k++)
            if (k != g->writer)
                sb_tag(out, "member", cluster_arn(c, &g->members[k]));
        evac_buf_puts(out, "</Readers>");
        sb_tag(out, "IsWriter", i == g->writer ? EVAC_STR("true") : EVAC_STR("false"));
        sb_tag(out, "GlobalWriteForwardingStatus", EVAC_STR("disabled"));
        sb_tag(out, "SynchronizationStatus",
               i == g->writer || (!m->resyncing && sb_reaches(c->sb, writer->region, m->region))
                   ? EVAC_STR("connected")
                   : EVAC_STR("pending-resync"));
        evac_buf_puts(out, "</GlobalClusterMember>");
    }
    evac_buf_puts(out, "</GlobalClusterMembers>");
    if (g->move == MOVE_NONE)
        return;
    evac_buf_puts(out, "<FailoverState>");
    sb_tag(out, "Status",
           evac_str(g->move == MOVE_SWITCHOVER && !g->quiet ? "pending" : global_status(g)));
    sb_tag(out, "FromDbClusterArn", cluster_arn(c, writer));
    sb_tag(out, "ToDbClusterArn", cluster_arn(c, &g->members[g->target]));
    sb_tag(out, "IsDataLossAllowed",
           g->move == MOVE_FAILOVER ? EVAC_STR("true") : EVAC_STR("false"));
    evac_buf_puts(out, "</FailoverState>");
}

static const char *cluster_status(const struct global *g, const struct member *m)
{
    size_t i = (size_t)(m - g->members);
    if (g->move == MOVE_FAILOVER && i == g->target)
        return "failing-over";
    if (g->move == MOVE_SWITCHOVER && (i == g->target || i == g->writer))
        return "modifying";
    return "available";
}

static void put_cluster(struct sb_call *c, const struct global *g, const struct member *m)
{
    struct evac_buf *out = &c->out;
    const char *region = sb_region_name(c->sb, m->region);
    sb_tag(out, "DBClusterIdentifier", evac_str(m->cluster));
    sb_tag(out, "DBClusterArn", cluster_arn(c, m));
    sb_tag(out, "Status", evac_str(cluster_status(g, m)));
    sb_tag(out, "Engine", EVAC_STR("aurora-postgresql"));
    sb_tag(out, "EngineVersion", EVAC_STR("16.4"));
    sb_tag(out, "EngineMode", EVAC_STR("provisioned"));
    sb_tagf(out, "Endpoint", "%s.cluster-c1a2b3d4e5f6.%s.rds.amazonaws.com", m->cluster, region);
    sb_tagf(out, "ReaderEndpoint", "%s.cluster-ro-c1a2b3d4e5f6.%s.rds.amazonaws.com", m->cluster,
            region);
    sb_tag(out, "Port", EVAC_STR("5432"));
    sb_tag(out, "MultiAZ", EVAC_STR("false"));
    sb_tag(out, "StorageEncrypted", EVAC_STR("true"));
    sb_tag(out, "GlobalClusterIdentifier", evac_str(g->id));
    if (m != &g->members[g->writer])
        sb_tag(out, "ReplicationSourceIdentifier", cluster_arn(c, &g->members[g->writer]));
    evac_buf_puts(out, "<DBClusterMembers><DBClusterMember>");
    sb_tag(out, "DBInstanceIdentifier", evac_str(m->instance));
    sb_tag(out, "IsClusterWriter", m->believes ? EVAC_STR("true") : EVAC_STR("false"));
    sb_tag(out, "DBClusterParameterGroupStatus", EVAC_STR("in-sync"));
    sb_tag(out, "PromotionTier", EVAC_STR("1"));
    evac_buf_puts(out, "</DBClusterMember></DBClusterMembers>");
}

static void put_instance(struct sb_call *c, const struct member *m)
{
    struct evac_buf *out = &c->out;
    sb_tag(out, "DBInstanceIdentifier", evac_str(m->instance));
    sb_tag(out, "DBInstanceClass", EVAC_STR("db.r6g.large"));
    sb_tag(out, "Engine", EVAC_STR("aurora-postgresql"));
    sb_tag(out, "DBInstanceStatus", EVAC_STR("available"));
    sb_tag(out, "DBClusterIdentifier", evac_str(m->cluster));
    sb_tag(out, "PromotionTier", EVAC_STR("1"));
    sb_tagf(out, "DBInstanceArn", "arn:aws:rds:%s:" SB_ACCOUNT ":db:%s",
            sb_region_name(c->sb, m->region), m->instance);
    evac_buf_puts(out, "<Endpoint>");
    sb_tagf(out, "Address", "%s.c1a2b3d4e5f6.%s.rds.amazonaws.com", m->instance,
            sb_region_name(c->sb, m->region));
    evac_buf_puts(out, "<Port>5432</Port></Endpoint>");
}

/* --- operations ------------------------------------------------------------------------------ */

static struct global *find_global(struct sb_call *c)
{
    struct rds *rds = state(c->sb);
    struct evac_str id = sb_in(c, "GlobalClusterIdentifier");
    for (size_t i = 0; i < rds->count; i++)
        if (evac_str_is(id, rds->globals[i].id))
            return &rds->globals[i];
    if (id.n)
        sb_error(c, 404, "GlobalClusterNotFoundFault", "Global cluster %.*s not found",
                 EVAC_STR_ARG(id));
    else
        sb_error(c, 400, "InvalidParameterValue",
                 "The parameter GlobalClusterIdentifier must be provided");
    return NULL;
}

/* It has a member in the region that is asked: only there it is known. */
static bool is_here(const struct sb_call *c, const struct global *g)
{
    for (size_t i = 0; i < g->count; i++)
        if (g->members[i].region == c->region)
            return true;
    return false;
}

static void describe_globals(struct sb_call *c)
{
    struct rds *rds = state(c->sb);
    struct evac_str id = sb_in(c, "GlobalClusterIdentifier");
    bool found = false;
    evac_buf_puts(&c->out, "<GlobalClusters>");
    for (size_t i = 0; i < rds->count; i++) {
        if ((id.n && !evac_str_is(id, rds->globals[i].id)) || !is_here(c, &rds->globals[i]))
            continue;
        found = true;
        evac_buf_puts(&c->out, "<GlobalClusterMember>");
        put_global(c, &rds->globals[i]);
        evac_buf_puts(&c->out, "</GlobalClusterMember>");
    }
    evac_buf_puts(&c->out, "</GlobalClusters>");
    if (id.n && !found)
        sb_error(c, 404, "GlobalClusterNotFoundFault", "Global cluster %.*s not found",
                 EVAC_STR_ARG(id));
}

/* An id or an ARN of this region. */
static bool is_named(struct sb_call *c, struct evac_str wanted, const struct member *m,
                     const char *id, const char *kind)
{
    if (wanted.n == 0 || evac_str_is(wanted, id))
        return true;
    return evac_str_eq(wanted, evac_arena_printf(c->arena, "arn:aws:rds:%s:" SB_ACCOUNT ":%s:%s",
                                                 sb_region_name(c->sb, m->region), kind, id));
}

/* A filter's values; no such filter: everything passes. */
static bool passes(struct sb_call *c, const char *name, const char *value)
{
    for (int i = 1; sb_has(c, "Filters.%d.Name", i); i++) {
        if (!evac_str_is(sb_in(c, "Filters.%d.Name", i), name))
            continue;
        for (int k = 1; sb_has(c, "Filters.%d.Values.%d", i, k); k++)
            if (evac_str_is(sb_in(c, "Filters.%d.Values.%d", i, k), value))
                return true;
        return false;
    }
    return true;
}

static void describe_clusters(struct sb_call *c)
{
    struct rds *rds = state(c->sb);
    struct evac_str id = sb_in(c, "DBClusterIdentifier");
    bool found = false;
    evac_buf_puts(&c->out, "<DBClusters>");
    for (size_t i = 0; i < rds->count; i++)
        for (size_t k = 0; k < rds->globals[i].count; k++) {
            const struct member *m = &rds->globals[i].members[k];
            if (m->region != c->region || !is_named(c, id, m, m->cluster, "cluster") ||
                !passes(c, "db-cluster-id", m->cluster) ||
                !passes(c, "engine", "aurora-postgresql"))
                continue;
            found = true;
            evac_buf_puts(&c->out, "<DBCluster>");
            put_cluster(c, &rds->globals[i], m);
            evac_buf_puts(&c->out, "</DBCluster>");
        }
    evac_buf_puts(&c->out, "</DBClusters>");
    if (id.n && !found)
        sb_error(c, 404, "DBClusterNotFoundFault", "DBCluster %.*s not found.", EVAC_STR_ARG(id));
}

static void describe_instances(struct sb_call *c)
{
    struct rds *rds = state(c->sb);
    struct evac_str id = sb_in(c, "DBInstanceIdentifier");
    bool found = false;
    evac_buf_puts(&c->out, "<DBInstances>");
    for (size_t i = 0; i < rds->count; i++)
        for (size_t k = 0; k < rds->globals[i].count; k++) {
            const struct member *m = &rds->globals[i].members[k];
            if (m->region != c->region || !is_named(c, id, m, m->instance, "db") ||
                !passes(c, "db-cluster-id", m->cluster))
                continue;
            found = true;
            evac_buf_puts(&c->out, "<DBInstance>");
            put_instance(c, m);
            evac_buf_puts(&c->out, "</DBInstance>");
        }
    evac_buf_puts(&c->out, "</DBInstances>");
    if (id.n && !found)
        sb_error(c, 404, "DBInstanceNotFound", "DBInstance %.*s not found.", EVAC_STR_ARG(id));
}

static void describe_events(struct sb_call *c)
{
    struct rds *rds = state(c->sb);
    struct evac_str source = sb_in(c, "SourceIdentifier");
    size_t n = rds->event_count < EVENTS_MAX ? rds->event_count : EVENTS_MAX;
    int64_t since = sb_wall_ms(c->sb) - 60000 * sb_in_i64(c, "Duration", 60);
    evac_buf_puts(&c->out, "<Events>");
    for (size_t i = 0; i < n; i++) {
        const struct event *e = &rds->events[(rds->event_count - n + i) % EVENTS_MAX];
        if (e->region != c->region || e->wall_ms < since ||
            (source.n && !evac_str_is(source, e->source)))
            continue;
        evac_buf_puts(&c->out, "<Event>");
        sb_tag(&c->out, "SourceIdentifier", evac_str(e->source));
        sb_tag(&c->out, "SourceType", EVAC_STR("db-cluster"));
        sb_tag(&c->out, "Message", evac_str(e->message));
        evac_buf_puts(&c->out, "<EventCategories><EventCategory>global-failover</EventCategory>"
                               "</EventCategories>");
        sb_tag(&c->out, "Date", sb_iso(c->arena, e->wall_ms));
        evac_buf_puts(&c->out, "</Event>");
    }
    evac_buf_puts(&c->out, "</Events>");
}

/* The member that the target's ARN names; g->count when none. */
static size_t find_target(struct sb_call *c, const struct global *g)
{
    struct evac_str arn = sb_in(c, "TargetDbClusterIdentifier");
    for (size_t i = 0; i < g->count; i++)
        if (evac_str_eq(arn, cluster_arn(c, &g->members[i])))
            return i;
    if (arn.n)
        sb_error(c, 404, "DBClusterNotFoundFault", "DBCluster %.*s not found.", EVAC_STR_ARG(arn));
    else
        sb_error(c, 400, "InvalidParameterValue",
                 "The parameter TargetDbClusterIdentifier must be provided");
    return g->count;
}

/* Where it must be called: a switchover in the primary's region, a failover in the target's. */
static bool may_move(struct sb_call *c, const struct global *g, size_t target, bool lossy)
{
    size_t where = g->members[lossy ? target : g->writer].region;
    if (g->move != MOVE_NONE)
        sb_error(c, 400, "InvalidGlobalClusterStateFault",
                 "Global cluster %s is in %s state; another operation is in progress", g->id,
                 global_status(g));
    else if (target == g->writer)
        sb_error(c, 400, "InvalidDBClusterStateFault",
                 "Cluster %s is already the writer of the global cluster",
                 g->members[target].cluster);
    else if (where != c->region)
        sb_error(c, 400, "InvalidGlobalClusterStateFault",
                 "This operation must be called in %s, the Region of the %s",
                 sb_region_name(c->sb, where), lossy ? "target cluster" : "primary cluster");
    else if (!lossy && !linked(c->sb, g, &g->members[target]))
        sb_error(c, 400, "InvalidGlobalClusterStateFault",
                 "Cluster %s is not synchronized with the primary cluster",
                 g->members[target].cluster);
    return !c->failed;
}

static void start_move(struct sb_call *c, struct global *g, bool lossy)
{
    struct evac_sandbox *sb = c->sb;
    size_t target = find_target(c, g);
    if (c->failed || !may_move(c, g, target, lossy))
        return;
    uint64_t lag = sb_lag_ms(sb, g->members[target].region, OWN_LAG_MS);
    g->target = target;
    g->move = lossy ? MOVE_FAILOVER : MOVE_SWITCHOVER;
    g->quiet = false;
    g->abandon_at_ms = SB_NEVER;
    g->quiet_at_ms = lossy ? SB_NEVER : sb->now_ms + sb_scaled(sb, VALIDATE_MS);
    g->done_at_ms = lossy ? sb->now_ms + sb_scaled(sb, PROMOTE_MS + sb_random(sb, PROMOTE_SPAN_MS))
                          : g->quiet_at_ms + lag + sb_scaled(sb, SWITCHOVER_MS);
    note_event(sb, g->members[target].region, g->members[target].cluster,
               lossy ? "Global failover to DB cluster started."
                     : "Global switchover to DB cluster started.");
    sb_effect(c);
    evac_buf_puts(&c->out, "<GlobalCluster>");
    put_global(c, g);
    evac_buf_puts(&c->out, "</GlobalCluster>");
}

static void switchover(struct sb_call *c)
{
    struct global *g = find_global(c);
    if (g)
        start_move(c, g, false);
}

static void failover(struct sb_call *c)
{
    struct global *g = find_global(c);
    bool lossy = sb_in_bool(c, "AllowDataLoss", false);
    if (!g)
        return;
    if (lossy && sb_in_bool(c, "Switchover", false))
        sb_error(c, 400, "InvalidParameterCombination",
                 "AllowDataLoss and Switchover can't be specified together");
    else
        start_move(c, g, lossy);
}

/* A detached secondary stands alone, writable, and is never a member again. */
static void detach(struct sb_call *c)
{
    struct global *g = find_global(c);
    struct evac_str arn = sb_in(c, "DbClusterIdentifier");
    if (!g)
        return;
    for (size_t i = 0; i < g->count; i++) {
        if (!evac_str_eq(arn, cluster_arn(c, &g->members[i])))
            continue;
        if (g->move != MOVE_NONE || i == g->writer) {
            sb_error(c, 400, "InvalidGlobalClusterStateFault",
                     "Cluster %s can't be removed from the global cluster now",
                     g->members[i].cluster);
            return;
        }
        memmove(&g->members[i], &g->members[i + 1], (g->count - i - 1) * sizeof g->members[0]);
        g->count--;
        g->writer -= g->writer > i;
        sb_effect(c);
        evac_buf_puts(&c->out, "<GlobalCluster>");
        put_global(c, g);
        evac_buf_puts(&c->out, "</GlobalCluster>");
        return;
    }
    sb_error(c, 404, "DBClusterNotFoundFault", "DBCluster %.*s not found.", EVAC_STR_ARG(arn));
}

static void truth(const struct evac_sandbox *sb, struct evac_buf *json)
{
    const struct rds *rds = state(sb);
    evac_buf_puts(json, ",\"global_clusters\":[");
    for (size_t i = 0; i < rds->count; i++) {
        const struct global *g = &rds->globals[i];
        evac_buf_putf(json, "%s{\"id\":\"%s\",\"status\":\"%s\",\"writer\":\"%s\",\"believers\":[",
                      i ? "," : "", g->id, global_status(g),
                      sb_region_name(sb, g->members[g->writer].region));
        bool first = true;
        for (size_t k = 0; k < g->count; k++)
            if (g->members[k].believes) {
                evac_buf_putf(json, "%s\"%s\"", first ? "" : ",",
                              sb_region_name(sb, g->members[k].region));
                first = false;
            }
        evac_buf_puts(json, "]}");
    }
    evac_buf_putc(json, ']');
}

static const struct sb_operation operations[] = {
    { .name = "DescribeGlobalClusters", .handle = describe_globals },
    { .name = "DescribeDBClusters", .handle = describe_clusters },
    { .name = "DescribeDBInstances", .handle = describe_instances },
    { .name = "DescribeEvents", .handle = describe_events },
    { .name = "SwitchoverGlobalCluster", .handle = switchover, .flags = SB_MUTATES },
    { .name = "FailoverGlobalCluster", .handle = failover, .flags = SB_MUTATES },
    { .name = "RemoveFromGlobalCluster", .handle = detach, .flags = SB_MUTATES },
    { 0 },
};

const struct sb_service sb_service_rds = {
    .signing_name = "rds",
    .row = "rds",
    .xmlns = "http://rds.amazonaws.com/doc/2014-10-31/",
    .rate_per_s = 10,
    .burst = 40,
    .operations = operations,
    .create = create,
    .destroy = free,
    .advance = advance,
    .wake = wake,
    .truth = truth,
};

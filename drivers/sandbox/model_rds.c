/*
 * RDS: global databases of Aurora, DocumentDB and Neptune (AWS.md 2.3); its other resources are in
 * model_rds_*.c, all served by the operations at the end. Replication is asynchronous; a switchover
 * waits for it, a failover with data loss does not. A primary that was cut off goes on believing in
 * itself until its region can be reached again: that is why an app must be fenced before its
 * database is promoted.
 */
#include "rds_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GLOBALS_MAX 32u
#define MEMBERS_MAX 11u /* a primary region and ten secondary ones */

/* Durations of AWS's, in real time (AWS.md 4.8 and 7.3). */
#define VALIDATE_MS     5000u
#define SWITCHOVER_MS   30000u
#define PROMOTE_MS      40000u
#define PROMOTE_SPAN_MS 20000u
#define ABANDON_MS      60000u
#define DEMOTE_MS       3000u /* after a lost region returns */
#define RESYNC_MS       120000u

struct member {
    struct rds_cluster *of;
    bool believes; /* accepts writes, for all it knows */
    bool resyncing;
    uint64_t demote_at_ms, synced_at_ms; /* SB_NEVER: not on the way */
    uint64_t cut_off_ms; /* when the link from the writer broke; SB_NEVER: it holds */
};

enum move { MOVE_NONE, MOVE_SWITCHOVER, MOVE_FAILOVER };

struct rds_global {
    char id[64], resource_id[40], engine[32];
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

static void *create(struct evac_sandbox *sb)
{
    struct rds *rds = sb_table_new(sizeof *rds);
    (void)sb;
    rds->globals = sb_table_new(GLOBALS_MAX * sizeof *rds->globals);
    return rds;
}

static void destroy(void *p)
{
    struct rds *rds = p;
    sb_table_free(rds->globals);
    sb_table_free(rds);
}

static void note_event(struct evac_sandbox *sb, const struct member *m, const char *message)
{
    rds_event(sb, m->of->region, "db-cluster", m->of->id, "global-failover", message);
}

/* --- what others ask ------------------------------------------------------------------------- */

static void add_member(struct evac_sandbox *sb, struct rds_global *g,
                       const struct sb_rds_member *asked)
{
    char instance[72];
    size_t region = sb_region_find(sb, evac_str(asked->region));
    if (region >= SB_REGIONS_MAX || g->count == MEMBERS_MAX)
        return;
    struct rds_cluster *k = rds_cluster_new(sb, region, asked->cluster, g->engine);
    if (!k)
        return;
    k->member = true;
    g->members[g->count] = (struct member){ .of = k,
                                            .believes = g->count == 0,
                                            .demote_at_ms = SB_NEVER,
                                            .synced_at_ms = SB_NEVER,
                                            .cut_off_ms = SB_NEVER };
    g->count++;
    if (asked->headless)
        return;
    (void)snprintf(instance, sizeof instance, "%s-1", asked->cluster);
    struct rds_instance *i = rds_instance_new(sb, region, instance, "db.r6g.large", g->engine);
    if (i)
        (void)evac_str_copy(i->cluster, sizeof i->cluster, evac_str(asked->cluster));
}

void sb_rds_global(struct evac_sandbox *sb, const char *id, const char *engine,
                   const struct sb_rds_member *members, size_t count)
{
    struct rds *rds = rds_state(sb);
    if (rds->global_count == GLOBALS_MAX || count > MEMBERS_MAX)
        return;
    struct rds_global *g = &rds->globals[rds->global_count++];
    (void)evac_str_copy(g->id, sizeof g->id, evac_str(id));
    (void)evac_str_copy(g->engine, sizeof g->engine, evac_str(engine));
    (void)evac_str_copy(g->resource_id, sizeof g->resource_id, EVAC_STR("cluster-"));
    sb_random_id(sb, g->resource_id + strlen(g->resource_id), 16);
    for (size_t i = 0; i < count; i++)
        add_member(sb, g, &members[i]);
}

/* The membership of a cluster; NULL: it stands alone. */
static const struct member *member_of(const struct evac_sandbox *sb, const struct rds_cluster *k,
                                      const struct rds_global **ret_global)
{
    const struct rds *rds = rds_state(sb);
    for (size_t i = 0; k && i < rds->global_count; i++)
        for (size_t n = 0; n < rds->globals[i].count; n++)
            if (rds->globals[i].members[n].of == k) {
                *ret_global = &rds->globals[i];
                return &rds->globals[i].members[n];
            }
    return NULL;
}

/* What its instances do, if it has one. */
bool rds_cluster_writes(const struct evac_sandbox *sb, const struct rds_cluster *k)
{
    const struct rds_global *g;
    const struct member *m = member_of(sb, k, &g);
    return !m || m->believes;
}

bool sb_rds_accepts_writes(const struct evac_sandbox *sb, size_t region, const char *cluster)
{
    const struct rds_global *g;
    const struct rds_cluster *k = rds_cluster_find(sb, region, evac_str(cluster));
    const struct member *m = member_of(sb, k, &g);
    if (!k)
        return rds_instance_writes(sb, region, evac_str(cluster));
    return m && m->believes && rds_cluster_runs(sb, k) &&
           !(g->quiet && m == &g->members[g->writer]);
}

bool sb_rds_answers(const struct evac_sandbox *sb, size_t region, const char *cluster)
{
    const struct rds_cluster *k = rds_cluster_find(sb, region, evac_str(cluster));
    if (!k)
        return rds_instance_writes(sb, region, evac_str(cluster));
    return k && rds_cluster_runs(sb, k) && !sb_fault(sb, SB_RDS, region)->capacity_refused;
}

bool sb_rds_lossy(const struct evac_sandbox *sb, size_t *ret_old_region, uint64_t *ret_cut_ms)
{
    const struct rds *rds = rds_state(sb);
    for (size_t i = 0; i < rds->global_count; i++)
        if (rds->globals[i].lossy) {
            *ret_old_region = rds->globals[i].lossy_region;
            *ret_cut_ms = rds->globals[i].lossy_cut_ms;
            return true;
        }
    return false;
}

/* --- moving ---------------------------------------------------------------------------------- */

static bool linked(const struct evac_sandbox *sb, const struct rds_global *g,
                   const struct member *m)
{
    return sb_reaches(sb, g->members[g->writer].of->region, m->of->region) && !m->resyncing;
}

static void note_links(struct evac_sandbox *sb, struct rds_global *g)
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
    uint64_t lag = sb_lag_ms(sb, m->of->region, RDS_OWN_LAG_MS);
    return at > lag ? at - lag : 0;
}

static void make_reader(struct evac_sandbox *sb, struct member *m)
{
    m->believes = false;
    m->resyncing = true;
    m->demote_at_ms = SB_NEVER;
    m->synced_at_ms = sb->now_ms + sb_scaled(sb, RESYNC_MS);
    note_event(sb, m, "Global cluster resynchronization started.");
}

static void end_move(struct rds_global *g)
{
    g->move = MOVE_NONE;
    g->quiet = false;
    g->quiet_at_ms = g->done_at_ms = g->abandon_at_ms = SB_NEVER;
}

bool sb_rds_store(const struct evac_sandbox *sb, size_t region, struct evac_str cluster,
                  struct sb_rds_store *ret_store)
{
    const struct rds_global *g = NULL;
    const struct rds_cluster *k = rds_cluster_find(sb, region, cluster);
    const struct member *m = member_of(sb, k, &g);
    if (!k || strncmp(m ? g->engine : k->engine, "aurora", 6) != 0)
        return false;
    bool writer = !m || m == &g->members[g->writer];
    *ret_store = (struct sb_rds_store){ .runs = rds_cluster_runs(sb, k),
                                        .writes = m ? m->believes : true,
                                        .until_ms = writer ? sb->now_ms : has_until(sb, m) };
    (void)snprintf(ret_store->name, sizeof ret_store->name, "%s", m ? g->id : k->id);
    return true;
}

static void promote(struct evac_sandbox *sb, struct rds_global *g)
{
    struct member *old = &g->members[g->writer], *new = &g->members[g->target];
    bool lossy = g->move == MOVE_FAILOVER;
    if (lossy)
        sb_rdsdata_cut(sb, g->id, has_until(sb, new));
    if (lossy) {
        g->lossy = true;
        g->lossy_region = old->of->region;
        g->lossy_cut_ms = has_until(sb, new);
        if (sb_reaches(sb, old->of->region, new->of->region))
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
    note_event(sb, new,
               lossy ? "Global failover to DB cluster completed."
                     : "Global switchover to DB cluster finished.");
    for (size_t i = 0; i < g->count; i++)
        g->members[i].cut_off_ms = SB_NEVER;
    sb->changed++;
}

/* A switchover needs both regions; a failover only its target's. */
static bool can_go_on(const struct evac_sandbox *sb, const struct rds_global *g)
{
    size_t target = g->members[g->target].of->region;
    return g->move == MOVE_FAILOVER ? sb_reachable(sb, target)
                                    : sb_reaches(sb, g->members[g->writer].of->region, target);
}

static void go_on(struct evac_sandbox *sb, struct rds_global *g)
{
    if (g->move == MOVE_NONE)
        return;
    if (!can_go_on(sb, g)) {
        if (g->abandon_at_ms == SB_NEVER)
            g->abandon_at_ms = sb->now_ms + sb_scaled(sb, ABANDON_MS);
        if (g->abandon_at_ms <= sb->now_ms) {
            note_event(sb, &g->members[g->writer],
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
static void settle(struct evac_sandbox *sb, struct rds_global *g)
{
    for (size_t i = 0; i < g->count; i++) {
        struct member *m = &g->members[i];
        bool heard = sb_reaches(sb, g->members[g->writer].of->region, m->of->region);
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
            note_event(sb, m, "Global cluster resynchronization finished.");
        }
    }
}

/* What each engine has: aurora-mysql and aurora-postgresql the first row. */
static const struct kind {
    const char *engine, *name_space, *metrics[3];
    bool endpoint, synchronization, forwarding;
} kinds[] = {
    { "aurora",
      "AWS/RDS",
      { "AuroraGlobalDBRPOLag", "AuroraGlobalDBReplicationLag", "AuroraGlobalDBProgressLag" },
      true,
      true,
      true },
    { "docdb", "AWS/DocDB", { "GlobalClusterReplicationLag" }, false, true, false },
    { "neptune", "AWS/Neptune", { "GlobalDbProgressLag" }, false, false, false },
};

static const struct kind *kind_of(const struct rds_global *g)
{
    for (size_t i = 1; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].engine, g->engine) == 0)
            return &kinds[i];
    return &kinds[0];
}

static void publish(struct evac_sandbox *sb, const struct rds_global *g)
{
    const struct kind *kind = kind_of(g);
    for (size_t i = 0; i < g->count; i++) {
        const struct member *m = &g->members[i];
        char dimensions[100];
        if (i == g->writer || !linked(sb, g, m))
            continue;
        (void)snprintf(dimensions, sizeof dimensions, "DBClusterIdentifier=%s", m->of->id);
        for (size_t k = 0; k < 3 && kind->metrics[k]; k++)
            sb_cloudwatch_put(sb, m->of->region, kind->name_space, kind->metrics[k], dimensions,
                              (double)sb_lag_ms(sb, m->of->region, RDS_OWN_LAG_MS), sb_wall_ms(sb));
    }
}

/* Whatever was on its way in a region that was down comes so much later. */
static void hold_back(struct evac_sandbox *sb)
{
    struct rds *rds = rds_state(sb);
    uint64_t passed = sb->now_ms - rds->moved_ms;
    for (size_t n = 0; n < rds->instance_end; n++)
        if (rds->instances[n].at && rds->was_down[rds->instances[n].region])
            rds->instances[n].due_ms += passed;
    for (size_t n = 0; n < rds->cluster_end; n++)
        if (rds->clusters[n].due_ms != SB_NEVER && rds->was_down[rds->clusters[n].region])
            rds->clusters[n].due_ms += passed;
    for (size_t n = 0; n < rds->snapshot_end; n++)
        if (rds->snapshots[n].due_ms != SB_NEVER &&
            (rds->was_down[rds->snapshots[n].region] ||
             rds->was_down[rds->snapshots[n].source_region]))
            rds->snapshots[n].due_ms += passed;
    rds->moved_ms = sb->now_ms;
    for (size_t r = 0; r < sb->region_count; r++)
        rds->was_down[r] = sb->regions[r].down;
}

static bool has_any(const struct rds *rds)
{
    bool any = rds->global_count > 0;
    for (size_t n = 0; n < rds->instance_end && !any; n++)
        any = rds->instances[n].used;
    return any;
}

static void advance(struct evac_sandbox *sb)
{
    struct rds *rds = rds_state(sb);
    hold_back(sb);
    for (size_t i = 0; i < rds->global_count; i++) {
        note_links(sb, &rds->globals[i]);
        go_on(sb, &rds->globals[i]);
        settle(sb, &rds->globals[i]);
    }
    rds_advance_instances(sb);
    rds_advance_clusters(sb);
    rds_advance_backups(sb);
    if (!has_any(rds) || sb->now_ms < rds->metric_at_ms)
        return;
    uint64_t every = sb_scaled(sb, RDS_METRIC_MS);
    rds->metric_at_ms = sb->now_ms + (every > 1000 ? every : 1000);
    for (size_t i = 0; i < rds->global_count; i++)
        publish(sb, &rds->globals[i]);
    rds_publish_instances(sb);
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t wake_global(const struct evac_sandbox *sb, const struct rds_global *g)
{
    uint64_t next = SB_NEVER;
    if (g->move != MOVE_NONE && can_go_on(sb, g)) {
        next = sooner(next, g->quiet ? SB_NEVER : g->quiet_at_ms);
        next = sooner(next, g->done_at_ms);
    } else if (g->move != MOVE_NONE) {
        next = sooner(next, g->abandon_at_ms);
    }
    for (size_t k = 0; k < g->count; k++)
        next = sooner(next, sooner(g->members[k].demote_at_ms, g->members[k].synced_at_ms));
    return next;
}

static uint64_t wake(const struct evac_sandbox *sb)
{
    const struct rds *rds = rds_state(sb);
    uint64_t next = has_any(rds) ? rds->metric_at_ms : SB_NEVER;
    for (size_t i = 0; i < rds->global_count; i++)
        next = sooner(next, wake_global(sb, &rds->globals[i]));
    for (size_t n = 0; n < rds->instance_end; n++)
        if (rds->instances[n].used && !sb->regions[rds->instances[n].region].down)
            next = sooner(next, rds->instances[n].due_ms);
    /* one that waits for its instances to go is not due: its instances are */
    for (size_t n = 0; n < rds->cluster_end; n++)
        if (rds->clusters[n].used && rds->clusters[n].due_ms > sb->now_ms &&
            !sb->regions[rds->clusters[n].region].down)
            next = sooner(next, rds->clusters[n].due_ms);
    return sooner(next, rds_wake_backups(sb));
}

/* --- what is written of them ----------------------------------------------------------------- */

static struct evac_str cluster_arn(struct sb_call *c, const struct member *m)
{
    return rds_arn(c, m->of->region, "cluster", m->of->id);
}

static const char *global_status(const struct rds_global *g)
{
    return g->move == MOVE_SWITCHOVER ? "switching-over"
           : g->move == MOVE_FAILOVER ? "failing-over"
                                      : "available";
}

static void put_global(struct sb_call *c, const struct rds_global *g)
{
    struct evac_buf *out = &c->out;
    const struct member *writer = &g->members[g->writer];
    const struct kind *kind = kind_of(g);
    sb_tag(out, "GlobalClusterIdentifier", evac_str(g->id));
    sb_tag(out, "GlobalClusterResourceId", evac_str(g->resource_id));
    sb_tagf(out, "GlobalClusterArn", "arn:aws:rds::" SB_ACCOUNT ":global-cluster:%s", g->id);
    sb_tag(out, "Status", evac_str(global_status(g)));
    sb_tag(out, "Engine", evac_str(g->engine));
    sb_tag(out, "EngineVersion", evac_str(writer->of->version));
    sb_tag(out, "StorageEncrypted", EVAC_STR("true"));
    sb_tag(out, "DeletionProtection", EVAC_STR("true"));
    if (kind->endpoint)
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
        if (kind->forwarding)
            sb_tag(out, "GlobalWriteForwardingStatus", EVAC_STR("disabled"));
        if (kind->synchronization)
            sb_tag(out, "SynchronizationStatus",
                   i == g->writer || linked(c->sb, g, m) ? EVAC_STR("connected")
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

const char *rds_cluster_status(const struct evac_sandbox *sb, const struct rds_cluster *k)
{
    const struct rds_global *g = NULL;
    const struct member *m = member_of(sb, k, &g);
    size_t i = m ? (size_t)(m - g->members) : 0;
    if (m && g->move == MOVE_FAILOVER && i == g->target)
        return "failing-over";
    if (m && g->move == MOVE_SWITCHOVER && (i == g->target || i == g->writer))
        return "modifying";
    return k->status ? k->status : "available";
}

void rds_put_membership(struct sb_call *c, const struct rds_cluster *k)
{
    const struct rds_global *g;
    const struct member *m = member_of(c->sb, k, &g);
    if (!m)
        return;
    sb_tag(&c->out, "GlobalClusterIdentifier", evac_str(g->id));
    if (m != &g->members[g->writer])
        sb_tag(&c->out, "ReplicationSourceIdentifier", cluster_arn(c, &g->members[g->writer]));
}

/* --- operations ------------------------------------------------------------------------------ */

static struct rds_global *find_global(struct sb_call *c)
{
    struct rds *rds = rds_state(c->sb);
    struct evac_str id = sb_in(c, "GlobalClusterIdentifier");
    for (size_t i = 0; i < rds->global_count; i++)
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
static bool is_here(const struct sb_call *c, const struct rds_global *g)
{
    for (size_t i = 0; i < g->count; i++)
        if (g->members[i].of->region == c->region)
            return true;
    return false;
}

static void describe_globals(struct sb_call *c)
{
    struct rds *rds = rds_state(c->sb);
    struct evac_str id = sb_in(c, "GlobalClusterIdentifier");
    bool found = false;
    evac_buf_puts(&c->out, "<GlobalClusters>");
    for (size_t i = 0; i < rds->global_count; i++) {
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

static void describe_events(struct sb_call *c)
{
    struct rds *rds = rds_state(c->sb);
    struct evac_str source = sb_in(c, "SourceIdentifier"), type = sb_in(c, "SourceType");
    size_t n = rds->event_count < RDS_EVENTS_MAX ? rds->event_count : RDS_EVENTS_MAX;
    int64_t since = sb_wall_ms(c->sb) - 60000 * sb_in_i64(c, "Duration", 60);
    evac_buf_puts(&c->out, "<Events>");
    for (size_t i = 0; i < n; i++) {
        const struct rds_event *e = &rds->events[(rds->event_count - n + i) % RDS_EVENTS_MAX];
        if (e->region != c->region || e->wall_ms < since ||
            (source.n && !evac_str_is(source, e->source)) ||
            (type.n && !evac_str_is(type, e->type)))
            continue;
        evac_buf_puts(&c->out, "<Event>");
        sb_tag(&c->out, "SourceIdentifier", evac_str(e->source));
        sb_tag(&c->out, "SourceType", evac_str(e->type));
        sb_tag(&c->out, "Message", evac_str(e->message));
        evac_buf_puts(&c->out, "<EventCategories>");
        sb_tag(&c->out, "EventCategory", evac_str(e->category));
        evac_buf_puts(&c->out, "</EventCategories>");
        sb_tag(&c->out, "Date", sb_iso(c->arena, e->wall_ms));
        evac_buf_puts(&c->out, "</Event>");
    }
    evac_buf_puts(&c->out, "</Events>");
}

/* The member that the target's ARN names; g->count when none. */
static size_t find_target(struct sb_call *c, const struct rds_global *g)
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
static bool may_move(struct sb_call *c, const struct rds_global *g, size_t target, bool lossy)
{
    size_t where = g->members[lossy ? target : g->writer].of->region;
    if (g->move != MOVE_NONE)
        sb_error(c, 400, "InvalidGlobalClusterStateFault",
                 "Global cluster %s is in %s state; another operation is in progress", g->id,
                 global_status(g));
    else if (target == g->writer)
        sb_error(c, 400, "InvalidDBClusterStateFault",
                 "Cluster %s is already the writer of the global cluster",
                 g->members[target].of->id);
    else if (where != c->region)
        sb_error(c, 400, "InvalidGlobalClusterStateFault",
                 "This operation must be called in %s, the Region of the %s",
                 sb_region_name(c->sb, where), lossy ? "target cluster" : "primary cluster");
    else if (!lossy && !linked(c->sb, g, &g->members[target]))
        sb_error(c, 400, "InvalidGlobalClusterStateFault",
                 "Cluster %s is not synchronized with the primary cluster",
                 g->members[target].of->id);
    return !c->failed;
}

static void start_move(struct sb_call *c, struct rds_global *g, bool lossy)
{
    struct evac_sandbox *sb = c->sb;
    size_t target = find_target(c, g);
    if (c->failed || !may_move(c, g, target, lossy))
        return;
    uint64_t lag = sb_lag_ms(sb, g->members[target].of->region, RDS_OWN_LAG_MS);
    g->target = target;
    g->move = lossy ? MOVE_FAILOVER : MOVE_SWITCHOVER;
    g->quiet = false;
    g->abandon_at_ms = SB_NEVER;
    g->quiet_at_ms = lossy ? SB_NEVER : sb->now_ms + sb_scaled(sb, VALIDATE_MS);
    g->done_at_ms = lossy ? sb->now_ms + sb_scaled(sb, PROMOTE_MS + sb_random(sb, PROMOTE_SPAN_MS))
                          : g->quiet_at_ms + lag + sb_scaled(sb, SWITCHOVER_MS);
    note_event(sb, &g->members[target],
               lossy ? "Global failover to DB cluster started."
                     : "Global switchover to DB cluster started.");
    sb_effect(c);
    evac_buf_puts(&c->out, "<GlobalCluster>");
    put_global(c, g);
    evac_buf_puts(&c->out, "</GlobalCluster>");
}

static void switchover(struct sb_call *c)
{
    struct rds_global *g = find_global(c);
    if (g)
        start_move(c, g, false);
}

static void failover(struct sb_call *c)
{
    struct rds_global *g = find_global(c);
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
    struct rds_global *g = find_global(c);
    struct evac_str arn = sb_in(c, "DbClusterIdentifier");
    if (!g)
        return;
    for (size_t i = 0; i < g->count; i++) {
        if (!evac_str_eq(arn, cluster_arn(c, &g->members[i])))
            continue;
        if (g->move != MOVE_NONE || i == g->writer) {
            sb_error(c, 400, "InvalidGlobalClusterStateFault",
                     "Cluster %s can't be removed from the global cluster now",
                     g->members[i].of->id);
            return;
        }
        g->members[i].of->member = false;
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
    const struct rds *rds = rds_state(sb);
    evac_buf_puts(json, ",\"global_clusters\":[");
    for (size_t i = 0; i < rds->global_count; i++) {
        const struct rds_global *g = &rds->globals[i];
        evac_buf_putf(json, "%s{\"id\":\"%s\",\"status\":\"%s\",\"writer\":\"%s\",\"believers\":[",
                      i ? "," : "", g->id, global_status(g),
                      sb_region_name(sb, g->members[g->writer].of->region));
        bool first = true;
        for (size_t k = 0; k < g->count; k++)
            if (g->members[k].believes) {
                evac_buf_putf(json, "%s\"%s\"", first ? "" : ",",
                              sb_region_name(sb, g->members[k].of->region));
                first = false;
            }
        evac_buf_puts(json, "]}");
    }
    evac_buf_putc(json, ']');
    rds_truth(sb, json);
}

/* clang-format off */
#define PAGE    "Filters MaxRecords Marker"
#define PLACE   "DBInstanceClass MultiAZ DBSubnetGroupName DBParameterGroupName VpcSecurityGroupIds DeletionProtection Tags"
#define CLUSTER "DBSubnetGroupName DBClusterParameterGroupName VpcSecurityGroupIds ServerlessV2ScalingConfiguration KmsKeyId DeletionProtection Tags"
static const struct sb_operation operations[] = {
    { .name = "DescribeGlobalClusters", .handle = describe_globals, .takes = "GlobalClusterIdentifier Filters MaxRecords Marker" },
    { .name = "DescribeDBClusters", .handle = rds_describe_clusters, .takes = "DBClusterIdentifier " PAGE },
    { .name = "DescribeDBInstances", .handle = rds_describe_instances, .takes = "DBInstanceIdentifier " PAGE },
    { .name = "DescribeDBSnapshots", .handle = rds_describe_snapshots, .takes = "DBInstanceIdentifier DBSnapshotIdentifier SnapshotType " PAGE },
    { .name = "DescribeDBClusterSnapshots", .handle = rds_describe_snapshots, .takes = "DBClusterIdentifier DBClusterSnapshotIdentifier SnapshotType " PAGE },
    { .name = "DescribeDBInstanceAutomatedBackups", .handle = rds_describe_backups, .takes = "DBInstanceIdentifier DbiResourceId DBInstanceAutomatedBackupsArn " PAGE },
    { .name = "DescribeEvents", .handle = describe_events, .takes = "SourceIdentifier SourceType Duration " PAGE },
    { .name = "ListTagsForResource", .handle = rds_list_tags, .takes = "ResourceName" },
    { .name = "AddTagsToResource", .handle = rds_add_tags, .flags = SB_MUTATES, .takes = "ResourceName Tags" },
    { .name = "RemoveTagsFromResource", .handle = rds_remove_tags, .flags = SB_MUTATES, .takes = "ResourceName TagKeys" },
    { .name = "SwitchoverGlobalCluster", .handle = switchover, .flags = SB_MUTATES, .takes = "GlobalClusterIdentifier TargetDbClusterIdentifier" },
    { .name = "FailoverGlobalCluster", .handle = failover, .flags = SB_MUTATES, .takes = "GlobalClusterIdentifier TargetDbClusterIdentifier AllowDataLoss Switchover" },
    { .name = "RemoveFromGlobalCluster", .handle = detach, .flags = SB_MUTATES, .takes = "GlobalClusterIdentifier DbClusterIdentifier" },
    { .name = "CreateDBInstance", .handle = rds_create_instance, .flags = SB_MUTATES, .takes = "DBInstanceIdentifier DBClusterIdentifier Engine EngineVersion MasterUsername MasterUserPassword AllocatedStorage StorageEncrypted KmsKeyId BackupRetentionPeriod PromotionTier PubliclyAccessible " PLACE },
    { .name = "CreateDBInstanceReadReplica", .handle = rds_create_replica, .flags = SB_MUTATES, .takes = "DBInstanceIdentifier SourceDBInstanceIdentifier KmsKeyId PubliclyAccessible " PLACE },
    { .name = "PromoteReadReplica", .handle = rds_promote_replica, .flags = SB_MUTATES, .takes = "DBInstanceIdentifier BackupRetentionPeriod PreferredBackupWindow" },
    { .name = "ModifyDBInstance", .handle = rds_modify_instance, .flags = SB_MUTATES, .takes = "DBInstanceIdentifier DBInstanceClass MultiAZ BackupRetentionPeriod DeletionProtection ApplyImmediately" },
    { .name = "DeleteDBInstance", .handle = rds_delete_instance, .flags = SB_MUTATES, .takes = "DBInstanceIdentifier SkipFinalSnapshot FinalDBSnapshotIdentifier DeleteAutomatedBackups" },
    { .name = "ModifyDBCluster", .handle = rds_modify_cluster, .flags = SB_MUTATES, .takes = "DBClusterIdentifier ServerlessV2ScalingConfiguration DeletionProtection ApplyImmediately" },
    { .name = "DeleteDBCluster", .handle = rds_delete_cluster, .flags = SB_MUTATES, .takes = "DBClusterIdentifier SkipFinalSnapshot FinalDBSnapshotIdentifier DeleteAutomatedBackups" },
    { .name = "RestoreDBClusterFromSnapshot", .handle = rds_restore_cluster, .flags = SB_MUTATES, .takes = "DBClusterIdentifier SnapshotIdentifier Engine EngineVersion " CLUSTER },
    { .name = "RestoreDBClusterToPointInTime", .handle = rds_restore_cluster_to_time, .flags = SB_MUTATES, .takes = "DBClusterIdentifier SourceDBClusterIdentifier RestoreToTime UseLatestRestorableTime " CLUSTER },
    { .name = "CreateDBSnapshot", .handle = rds_create_snapshot, .flags = SB_MUTATES, .takes = "DBInstanceIdentifier DBSnapshotIdentifier Tags" },
    { .name = "CreateDBClusterSnapshot", .handle = rds_create_snapshot, .flags = SB_MUTATES, .takes = "DBClusterIdentifier DBClusterSnapshotIdentifier Tags" },
    { .name = "CopyDBSnapshot", .handle = rds_copy_snapshot, .flags = SB_MUTATES, .takes = "SourceDBSnapshotIdentifier TargetDBSnapshotIdentifier KmsKeyId CopyTags Tags" },
    { .name = "CopyDBClusterSnapshot", .handle = rds_copy_snapshot, .flags = SB_MUTATES, .takes = "SourceDBClusterSnapshotIdentifier TargetDBClusterSnapshotIdentifier KmsKeyId CopyTags Tags" },
    { .name = "DeleteDBSnapshot", .handle = rds_delete_snapshot, .flags = SB_MUTATES, .takes = "DBSnapshotIdentifier" },
    { .name = "DeleteDBClusterSnapshot", .handle = rds_delete_snapshot, .flags = SB_MUTATES, .takes = "DBClusterSnapshotIdentifier" },
    { .name = "StartDBInstanceAutomatedBackupsReplication", .handle = rds_start_backups, .flags = SB_MUTATES, .takes = "SourceDBInstanceArn BackupRetentionPeriod KmsKeyId" },
    { .name = "StopDBInstanceAutomatedBackupsReplication", .handle = rds_stop_backups, .flags = SB_MUTATES, .takes = "SourceDBInstanceArn" },
    { .name = "RestoreDBInstanceFromDBSnapshot", .handle = rds_restore_instance, .flags = SB_MUTATES, .takes = "DBInstanceIdentifier DBSnapshotIdentifier BackupRetentionPeriod " PLACE },
    { .name = "RestoreDBInstanceToPointInTime", .handle = rds_restore_instance_to_time, .flags = SB_MUTATES, .takes = "TargetDBInstanceIdentifier SourceDBInstanceIdentifier SourceDbiResourceId SourceDBInstanceAutomatedBackupsArn RestoreTime UseLatestRestorableTime BackupRetentionPeriod " PLACE },
    { 0 },
};
/* clang-format on */

const struct sb_service sb_service_rds = {
    .signing_name = "rds",
    .row = "rds",
    .xmlns = "http://rds.amazonaws.com/doc/2014-10-31/",
    .operations = operations,
    .create = create,
    .destroy = destroy,
    .advance = advance,
    .wake = wake,
    .always = true,
    .make = rds_make,
    .truth = truth,
};

/*
 * RDS: what control can put into a region, and what is really there. `make rds REGION {...}`:
 *
 *   {"kind":"instance","id":"orders","engine":"postgres","class":"db.m6g.large","retention":7,
 *    "encrypted":true,"multi_az":true,"deletion_protection":true}
 *       also "version", "storage_type" and "parameters" (a parameter group's name), of clusters too
 *   {"kind":"replica","id":"orders-west","source":"orders","source_region":"us-east-1"}
 *   {"kind":"snapshot","id":"rds:orders-1","db":"orders","type":"automated","age_ms":3600000}
 *   {"kind":"cluster-snapshot","id":"books-1","db":"books","engine":"aurora-postgresql",...}
 *       snapshots: "source_region" makes it a copy from there, "copied_age_ms" ago
 *   {"kind":"automated-backups","source":"orders","source_region":"us-east-1"}   replicated here
 *   {"kind":"cluster","id":"books","engine":"aurora-postgresql","acu_min":0.5,"acu_max":8}
 *   {"kind":"global","id":"docs","engine":"docdb","members":[
 *       {"region":"us-east-1","cluster":"docs-use1"},{"region":"us-west-2","cluster":"docs-usw2",
 *        "headless":true}]}                                   the first one is the writer
 *   {"kind":"subnet-group","id":"private"}, also "parameter-group" and "cluster-parameter-group"
 */
#include "rds_internal.h"

#include <stdio.h>
#include <string.h>

struct making {
    struct evac_sandbox *sb;
    size_t region;
    const struct evac_json *json;
    struct evac_err *err;
};

static enum evac_code text(const struct making *m, const char *member, const char *fallback,
                           char *ret_text, size_t bytes)
{
    struct evac_str value = evac_json_str(m->json, member);
    if (value.n == 0 && !fallback)
        return evac_fail(m->err, EVAC_E_BADARG, "'%s' is missing", member);
    if (!evac_str_copy(ret_text, bytes, value.n ? value : evac_str(fallback)))
        return evac_fail(m->err, EVAC_E_BADARG, "'%s' is too long", member);
    return EVAC_OK;
}

static enum evac_code full(const struct making *m)
{
    return evac_fail(m->err, EVAC_E_TOOBIG, "there is no room for more of these");
}

/* What stays as it is unless it is given; the texts have room for 16, 16 and 64 bytes. */
static enum evac_code settings(const struct making *m, char *version, char *storage, char *group)
{
    char kept[64];
    (void)evac_str_copy(kept, sizeof kept, evac_str(version));
    enum evac_code code = text(m, "version", kept, version, 16);
    (void)evac_str_copy(kept, sizeof kept, evac_str(storage));
    if (!code)
        code = text(m, "storage_type", kept, storage, 16);
    (void)evac_str_copy(kept, sizeof kept, evac_str(group));
    return code ? code : text(m, "parameters", kept, group, 64);
}

static enum evac_code make_instance(const struct making *m)
{
    char id[64], class[32], engine[32];
    enum evac_code code = text(m, "id", NULL, id, sizeof id);
    if (!code)
        code = text(m, "class", "db.m6g.large", class, sizeof class);
    if (!code)
        code = text(m, "engine", "postgres", engine, sizeof engine);
    if (code)
        return code;
    if (rds_instance_find(m->sb, m->region, evac_str(id)))
        return evac_fail(m->err, EVAC_E_BADARG, "'%s' is there already", id);
    struct rds_instance *i = rds_instance_new(m->sb, m->region, id, class, engine);
    if (!i)
        return full(m);
    i->retention = (int)evac_json_i64(m->json, "retention", 7);
    i->encrypted = evac_json_bool(m->json, "encrypted", false);
    i->multi_az = i->multi_az_pending = evac_json_bool(m->json, "multi_az", false);
    i->deletion_protection = evac_json_bool(m->json, "deletion_protection", false);
    return settings(m, i->version, i->storage, i->place.parameter_group);
}

/* The instance that "source" and "source_region" name. */
static enum evac_code source(const struct making *m, const struct rds_instance **ret_source)
{
    size_t region = sb_region_find(m->sb, evac_json_str(m->json, "source_region"));
    struct evac_str id = evac_json_str(m->json, "source");
    *ret_source = region < SB_REGIONS_MAX ? rds_instance_find(m->sb, region, id) : NULL;
    if (!*ret_source)
        return evac_fail(m->err, EVAC_E_BADARG, "no instance is the 'source' in 'source_region'");
    return EVAC_OK;
}

static enum evac_code make_replica(const struct making *m)
{
    const struct rds_instance *from;
    enum evac_code code = source(m, &from);
    if (!code)
        code = make_instance(m);
    if (code)
        return code;
    struct rds_instance *i = rds_instance_find(m->sb, m->region, evac_json_str(m->json, "id"));
    memcpy(i->source, from->id, sizeof i->source);
    memcpy(i->engine, from->engine, sizeof i->engine);
    i->source_region = from->region;
    i->encrypted = from->encrypted;
    i->retention = (int)evac_json_i64(m->json, "retention", 0);
    return EVAC_OK;
}

static enum evac_code make_snapshot(const struct making *m)
{
    bool of_cluster = evac_str_is(evac_json_str(m->json, "kind"), "cluster-snapshot");
    struct evac_str from = evac_json_str(m->json, "source_region");
    char id[256], db[64];
    enum evac_code code = text(m, "id", NULL, id, sizeof id);
    if (!code)
        code = text(m, "db", NULL, db, sizeof db);
    size_t source_region = from.n ? sb_region_find(m->sb, from) : m->region;
    if (!code && source_region >= SB_REGIONS_MAX)
        code = evac_fail(m->err, EVAC_E_BADARG, "there is no such source_region");
    if (code)
        return code;
    struct rds_snapshot *s = rds_snapshot_new(m->sb, m->region, of_cluster, id, db);
    if (!s)
        return full(m);
    int64_t age = evac_json_i64(m->json, "age_ms", 0);
    s->due_ms = evac_json_bool(m->json, "creating", false) ? s->due_ms : SB_NEVER;
    s->taken_ms -= age;
    s->created_ms -= from.n ? evac_json_i64(m->json, "copied_age_ms", 0) : age;
    s->encrypted = evac_json_bool(m->json, "encrypted", s->encrypted);
    s->source_region = source_region;
    if (from.n)
        (void)snprintf(s->copied_from, sizeof s->copied_from, "arn:aws:rds:%s:" SB_ACCOUNT ":%s:%s",
                       sb_region_name(m->sb, source_region),
                       of_cluster ? "cluster-snapshot" : "snapshot", id);
    if (evac_json_str(m->json, "engine").n)
        code = text(m, "engine", NULL, s->engine, sizeof s->engine);
    return code ? code : text(m, "type", "manual", s->type, sizeof s->type);
}

static enum evac_code make_backups(const struct making *m)
{
    const struct rds_instance *from;
    enum evac_code code = source(m, &from);
    if (code)
        return code;
    struct rds_backup *b = rds_backup_new(m->sb, m->region, from, 7);
    if (!b)
        return full(m);
    b->ready_ms = SB_NEVER;
    b->next_ms = m->sb->now_ms + sb_scaled(m->sb, RDS_LOG_SHIP_MS);
    b->latest_ms = sb_wall_ms(m->sb);
    b->earliest_ms = b->latest_ms - 86400000;
    return EVAC_OK;
}

static enum evac_code make_cluster(const struct making *m)
{
    char id[64], engine[32];
    enum evac_code code = text(m, "id", NULL, id, sizeof id);
    if (!code)
        code = text(m, "engine", "aurora-postgresql", engine, sizeof engine);
    if (code)
        return code;
    struct rds_cluster *k = rds_cluster_find(m->sb, m->region, evac_str(id));
    if (!k)
        k = rds_cluster_new(m->sb, m->region, id, engine);
    if (!k)
        return full(m);
    k->acu_min = evac_json_num(m->json, "acu_min", 0);
    k->acu_max = evac_json_num(m->json, "acu_max", 0);
    k->protected = evac_json_bool(m->json, "deletion_protection", k->protected);
    return settings(m, k->version, k->storage, k->place.parameter_group);
}

static enum evac_code make_global(const struct making *m)
{
    struct sb_rds_member members[6];
    char id[64], engine[32], clusters[6][64], regions[6][32];
    size_t count = 0;
    enum evac_code code = text(m, "id", NULL, id, sizeof id);
    if (!code)
        code = text(m, "engine", "aurora-postgresql", engine, sizeof engine);
    for (const struct evac_json *x = evac_json_first(evac_json_get(m->json, "members"));
         x && !code && count < 6; x = evac_json_next(x), count++) {
        const struct making member = { m->sb, m->region, x, m->err };
        code = text(&member, "cluster", NULL, clusters[count], sizeof clusters[count]);
        if (!code)
            code = text(&member, "region", NULL, regions[count], sizeof regions[count]);
        members[count] = (struct sb_rds_member){ regions[count], clusters[count],
                                                 evac_json_bool(x, "headless", false) };
    }
    if (!code && count == 0)
        code = evac_fail(m->err, EVAC_E_BADARG, "'members' is missing");
    if (!code)
        sb_rds_global(m->sb, id, engine, members, count);
    return code;
}

static enum evac_code make_group(const struct making *m)
{
    struct rds *rds = rds_state(m->sb);
    if (rds->group_count == RDS_GROUPS_MAX)
        return full(m);
    struct rds_group *g = &rds->groups[rds->group_count];
    g->region = m->region;
    enum evac_code code = text(m, "id", NULL, g->id, sizeof g->id);
    if (!code)
        code = text(m, "kind", NULL, g->kind, sizeof g->kind);
    rds->group_count += !code;
    return code;
}

enum evac_code rds_make(struct evac_sandbox *sb, size_t region, const struct evac_json *json,
                        struct evac_err *err)
{
    static const struct {
        const char *kind;
        enum evac_code (*make)(const struct making *m);
    } kinds[] = {
        { "instance", make_instance },
        { "replica", make_replica },
        { "snapshot", make_snapshot },
        { "cluster-snapshot", make_snapshot },
        { "automated-backups", make_backups },
        { "cluster", make_cluster },
        { "global", make_global },
        { "subnet-group", make_group },
        { "parameter-group", make_group },
        { "cluster-parameter-group", make_group },
    };
    const struct making m = { sb, region, json, err };
    struct evac_str kind = evac_json_str(json, "kind");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (evac_str_is(kind, kinds[i].kind))
            return kinds[i].make(&m);
    return evac_fail(err, EVAC_E_BADARG, "rds has no kind '%.*s'; see model_rds_make.c",
                     EVAC_STR_ARG(kind));
}

/* --- what is really so -------------------------------------------------------------------------
 */

unsigned evac_sandbox_db_instances(const struct evac_sandbox *sb, const char *region)
{
    const struct rds *rds = rds_state(sb);
    unsigned count = 0;
    for (size_t n = 0; n < rds->instance_end; n++) {
        const struct rds_instance *i = &rds->instances[n];
        count += i->used && strcmp(sb_region_name(sb, i->region), region) == 0;
    }
    return count;
}

/* data_ms: of one that was promoted or restored, up to when it has the source's data. */
void rds_truth(const struct evac_sandbox *sb, struct evac_buf *json)
{
    const struct rds *rds = rds_state(sb);
    bool first = true;
    evac_buf_puts(json, ",\"db_instances\":[");
    for (size_t n = 0; n < rds->instance_end; n++) {
        const struct rds_instance *i = &rds->instances[n];
        if (!i->used)
            continue;
        evac_buf_putf(json,
                      "%s{\"id\":\"%s\",\"region\":\"%s\",\"status\":\"%s\",\"class\":\"%s\","
                      "\"source\":\"%s\",\"data_ms\":%lld}",
                      first ? "" : ",", i->id, sb_region_name(sb, i->region),
                      i->at ? i->at->status : "available", i->class, i->source,
                      (long long)i->data_ms);
        first = false;
    }
    first = true;
    evac_buf_puts(json, "],\"db_clusters\":[");
    for (size_t n = 0; n < rds->cluster_end; n++) {
        const struct rds_cluster *k = &rds->clusters[n];
        if (!k->used || k->member)
            continue;
        evac_buf_putf(json,
                      "%s{\"id\":\"%s\",\"region\":\"%s\",\"status\":\"%s\",\"data_ms\":%lld}",
                      first ? "" : ",", k->id, sb_region_name(sb, k->region),
                      k->status ? k->status : "available", (long long)k->data_ms);
        first = false;
    }
    evac_buf_putc(json, ']');
}

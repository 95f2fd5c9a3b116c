/* Looks that need code: what a reply says of several things at once. */
#include "walk.h"

#include <string.h>

/* --- ties ------------------------------------------------------------------------------------ */

static void add_tie(struct walk *w, const struct tie *tie)
{
    struct tie *kept = evac_arena_alloc(w->arena, sizeof *kept);
    *kept = *tie;
    kept->arn = walk_keep(w, tie->arn);
    kept->relation = walk_keep(w, tie->relation);
    kept->group = walk_keep(w, tie->group);
    kept->next = w->ties;
    w->ties = kept;
}

static void apply(struct thing *t, struct tie *tie)
{
    tie->done = true;
    if (!t->relation.n)
        t->relation = tie->relation;
    t->writes |= tie->writes;
    if (tie->group.n)
        t->name = tie->group;
    if (tie->setting)
        thing_set(t, tie->setting, tie->group);
}

/* One of those that it ties is the app's. */
static bool is_ours(const struct walk *w, const struct tie *tie)
{
    for (const struct thing *t = w->things; t; t = t->next)
        if (evac_str_eq(t->relation, tie->relation))
            return true;
    for (const struct tie *other = w->ties; other; other = other->next)
        if (evac_str_eq(other->relation, tie->relation) && walk_thing(w, other->arn))
            return true;
    return false;
}

/* A member that does not carry the tag. True: it is looked at now. */
static bool bring_in(struct walk *w, struct tie *tie)
{
    struct evac_str region = arn_part(tie->arn, 3);
    tie->done = true;
    if (!region.n) { /* a bucket: its name does not say where it is */
        walk_doubt(w,
                   "%.*s is what one of the app's buckets replicates to, and was not found by "
                   "the tag.",
                   EVAC_STR_ARG(arn_part(tie->arn, 5)));
        return false;
    }
    if (!walk_wants(w, region)) {
        walk_doubt(w, "%.*s is also in %.*s, which is none of the regions that were asked for.",
                   EVAC_STR_ARG(tie->group), EVAC_STR_ARG(region));
        return false;
    }
    struct thing *t = walk_found(w, tie->arn, region);
    if (!t)
        return false;
    apply(t, tie);
    const struct area *area = walk_area(w, region);
    thing_doubt(t, "In %.*s it was found by what it belongs to: %s.", EVAC_STR_ARG(region),
                area && area->answered ? "it does not carry the tag there"
                                       : "whether it carries the tag there was not told");
    return true;
}

bool walk_settle(struct walk *w)
{
    bool more = false;
    for (struct tie *tie = w->ties; tie; tie = tie->next) {
        struct thing *t = tie->done ? NULL : walk_thing(w, tie->arn);
        if (t)
            apply(t, tie);
        else if (!tie->done && is_ours(w, tie))
            more |= bring_in(w, tie);
    }
    return more;
}

/* The ARN of something of the same service and account. */
static struct evac_str arn_elsewhere(const struct thing *t, struct evac_str region,
                                     struct evac_str what)
{
    return walk_printf(t->walk, "arn:%.*s:%.*s:%.*s:%.*s:%.*s", EVAC_STR_ARG(arn_part(t->arn, 1)),
                       EVAC_STR_ARG(arn_part(t->arn, 2)), EVAC_STR_ARG(region),
                       EVAC_STR_ARG(arn_part(t->arn, 4)), EVAC_STR_ARG(what));
}

/* --- RDS: clusters and instances ------------------------------------------------------------- */

static walk_read_fn read_globals;

static void ask_globals(struct thing *t, struct evac_str next)
{
    static const struct aws_ask ask = { "rds", "DescribeGlobalClusters",
                                        .params = "MaxRecords=100&Marker=<next>" };
    walk_ask(t->walk, t, NULL, &ask, next, read_globals);
}

static void read_globals(struct job *job, const struct evac_aws_reply *r)
{
    struct walk *w = job->walk;
    if (!walk_answered(job, r))
        return;
    const struct evac_xml *result = evac_xml_child(r->xml, "DescribeGlobalClustersResult");
    for (const struct evac_xml *g = evac_xml_path(result, "GlobalClusters/GlobalClusterMember"); g;
         g = evac_xml_again(g)) {
        struct tie tie = { .group = evac_xml_text(g, "GlobalClusterIdentifier"),
                           .setting = "global_cluster" };
        tie.relation = walk_printf(w, "global:%.*s", EVAC_STR_ARG(tie.group));
        for (const struct evac_xml *m =
                 evac_xml_path(g, "GlobalClusterMembers/GlobalClusterMember");
             m; m = evac_xml_again(m)) {
            tie.arn = evac_xml_text(m, "DBClusterArn");
            tie.writes = evac_str_is(evac_xml_text(m, "IsWriter"), "true");
            add_tie(w, &tie);
        }
    }
    struct evac_str marker = evac_xml_text(result, "Marker");
    if (marker.n)
        ask_globals(job->thing, marker);
}

/* Which driver a cluster's engine has. */
static const char *type_of_engine(struct evac_str engine)
{
    if (evac_str_starts(engine, "aurora"))
        return "aurora";
    if (evac_str_is(engine, "docdb") || evac_str_is(engine, "neptune"))
        return evac_str_is(engine, "docdb") ? "docdb" : "neptune";
    return NULL;
}

void look_cluster(struct job *job, const struct evac_aws_reply *r)
{
    struct thing *t = job->thing;
    struct area *area = walk_area(job->walk, t->region);
    if (!walk_answered(job, r))
        return;
    struct evac_str engine =
        evac_xml_text(r->xml, "DescribeDBClustersResult/DBClusters/DBCluster/Engine");
    const char *type = type_of_engine(engine);
    if (type)
        t->type = evac_str(type);
    else
        thing_tear(t, "No driver serves a cluster of the engine %.*s.", EVAC_STR_ARG(engine));
    if (area && !area->asked_clusters)
        ask_globals(t, EVAC_STR_NONE);
    if (area)
        area->asked_clusters = true;
}

static void tie_instance(struct thing *t, struct evac_str arn, struct evac_str source, bool writes)
{
    add_tie(t->walk,
            &(struct tie){ .arn = arn,
                           .relation = walk_printf(t->walk, "replica:%.*s", EVAC_STR_ARG(source)),
                           .writes = writes });
}

/* Of what is replicated to another region, RDS names the other by ARN; within the region by id. */
void look_instance(struct job *job, const struct evac_aws_reply *r)
{
    struct thing *t = job->thing;
    if (!walk_answered(job, r))
        return;
    const struct evac_xml *i =
        evac_xml_path(r->xml, "DescribeDBInstancesResult/DBInstances/DBInstance");
    struct evac_str source = evac_xml_text(i, "ReadReplicaSourceDBInstanceIdentifier");
    t->aside = evac_xml_text(i, "DBClusterIdentifier").n > 0;
    if (t->aside)
        return;
    if (source.n && !evac_str_starts(source, "arn:")) {
        thing_tear(t, "It is a read replica within %.*s, of %.*s.", EVAC_STR_ARG(t->region),
                   EVAC_STR_ARG(source));
        return;
    }
    if (source.n) {
        tie_instance(t, t->arn, source, false);
        tie_instance(t, source, source, true);
    }
    const struct evac_xml *replica =
        evac_xml_path(i, "ReadReplicaDBInstanceIdentifiers/ReadReplicaDBInstanceIdentifier");
    for (; replica; replica = evac_xml_again(replica))
        if (evac_str_starts(replica->text, "arn:")) {
            tie_instance(t, t->arn, t->arn, true);
            tie_instance(t, replica->text, t->arn, false);
        }
}

/* --- ElastiCache ----------------------------------------------------------------------------- */

static walk_read_fn read_datastores;

static void ask_datastores(struct thing *t, struct evac_str next)
{
    static const struct aws_ask ask = { "elasticache", "DescribeGlobalReplicationGroups",
                                        .params =
                                            "ShowMemberInfo=true&MaxRecords=100&Marker=<next>" };
    walk_ask(t->walk, t, NULL, &ask, next, read_datastores);
}

static void tie_member(struct thing *t, const struct evac_xml *m, struct evac_str group)
{
    struct evac_str region = evac_xml_text(m, "ReplicationGroupRegion");
    struct evac_str id = evac_xml_text(m, "ReplicationGroupId");
    add_tie(t->walk,
            &(struct tie){
                .arn = arn_elsewhere(
                    t, region, walk_printf(t->walk, "replicationgroup:%.*s", EVAC_STR_ARG(id))),
                .relation = walk_printf(t->walk, "datastore:%.*s", EVAC_STR_ARG(group)),
                .group = group,
                .setting = "global_group",
                .writes = evac_str_is(evac_xml_text(m, "Role"), "PRIMARY") });
}

static void read_datastores(struct job *job, const struct evac_aws_reply *r)
{
    if (!walk_answered(job, r))
        return;
    const struct evac_xml *result = evac_xml_child(r->xml, "DescribeGlobalReplicationGroupsResult");
    for (const struct evac_xml *g =
             evac_xml_path(result, "GlobalReplicationGroups/GlobalReplicationGroup");
         g; g = evac_xml_again(g))
        for (const struct evac_xml *m = evac_xml_path(g, "Members/GlobalReplicationGroupMember"); m;
             m = evac_xml_again(m))
            tie_member(job->thing, m, evac_xml_text(g, "GlobalReplicationGroupId"));
    struct evac_str marker = evac_xml_text(result, "Marker");
    if (marker.n)
        ask_datastores(job->thing, marker);
}

void look_datastore(struct thing *t)
{
    struct area *area = walk_area(t->walk, t->region);
    if (area && !area->asked_groups)
        ask_datastores(t, EVAC_STR_NONE);
    if (area)
        area->asked_groups = true;
}

/* --- tables and file systems ----------------------------------------------------------------- */

/* A replica is a table of the same name; whether a region tells of itself among them differs. */
void look_table(struct job *job, const struct evac_aws_reply *r)
{
    struct thing *t = job->thing;
    if (!walk_answered(job, r))
        return;
    const struct evac_json *table = evac_json_get(r->json, "Table");
    const struct evac_json *replica = evac_json_first(evac_json_get(table, "Replicas"));
    struct tie tie = { .group = t->name,
                       .relation = walk_printf(t->walk, "table:%.*s", EVAC_STR_ARG(t->name)) };
    if (evac_str_is(evac_json_str(table, "MultiRegionConsistency"), "STRONG"))
        thing_set(t, "consistency", EVAC_STR("strong"));
    if (replica)
        t->relation = tie.relation;
    for (; replica; replica = evac_json_next(replica)) {
        tie.arn = arn_elsewhere(t, evac_json_str(replica, "RegionName"), arn_part(t->arn, 5));
        add_tie(t->walk, &tie);
    }
}

/* Both regions tell of both ends. */
void look_file_system(struct job *job, const struct evac_aws_reply *r)
{
    struct thing *t = job->thing;
    if (evac_str_is(r->code, "ReplicationNotFound") || !walk_answered(job, r))
        return;
    const struct evac_json *it = evac_json_first(evac_json_get(r->json, "Replications"));
    const struct evac_json *to = evac_json_first(evac_json_get(it, "Destinations"));
    struct evac_str source = evac_json_str(it, "SourceFileSystemId");
    struct tie tie = { .arn = evac_json_str(it, "SourceFileSystemArn"),
                       .group = source,
                       .relation = walk_printf(t->walk, "files:%.*s", EVAC_STR_ARG(source)),
                       .writes = true };
    if (!to)
        return;
    add_tie(t->walk, &tie);
    tie.writes = false;
    tie.arn = arn_elsewhere(
        t, evac_json_str(to, "Region"),
        walk_printf(t->walk, "file-system/%.*s", EVAC_STR_ARG(evac_json_str(to, "FileSystemId"))));
    add_tie(t->walk, &tie);
}

/* --- S3 -------------------------------------------------------------------------------------- */

static bool before(struct evac_str a, struct evac_str b)
{
    int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
    return order ? order < 0 : a.n < b.n;
}

/* All buckets of a mesh know the same first one. */
static void read_replication(struct job *job, const struct evac_aws_reply *r)
{
    struct thing *t = job->thing;
    struct evac_str first = t->name;
    bool none = evac_str_is(r->code, "ReplicationConfigurationNotFoundError");
    if (!none && !walk_answered(job, r))
        return;
    for (const struct evac_xml *rule = evac_xml_child(none ? NULL : r->xml, "Rule"); rule;
         rule = evac_xml_again(rule)) {
        struct evac_str bucket = arn_part(evac_xml_text(rule, "Destination/Bucket"), 5);
        if (bucket.n && before(bucket, first))
            first = bucket;
        t->sends = true;
    }
    struct tie tie = { .relation = walk_printf(t->walk, "mesh:%.*s", EVAC_STR_ARG(first)) };
    if (t->sends && !t->relation.n)
        t->relation = tie.relation;
    for (const struct evac_xml *rule = evac_xml_child(t->sends ? r->xml : NULL, "Rule"); rule;
         rule = evac_xml_again(rule)) {
        tie.arn = evac_xml_text(rule, "Destination/Bucket");
        add_tie(t->walk, &tie);
    }
}

/* The GO object's rules are drivers/aws/s3_go/README.md: a copy says for how long an app may go on
 * writing, and in which region. */
static void read_go(struct job *job, const struct evac_aws_reply *r)
{
    struct thing *t = job->thing;
    struct evac_json *go = NULL;
    if (r->outcome != EVAC_OUTCOME_ACCEPTED || !r->http ||
        evac_json_parse(r->http->body, &go, NULL))
        return; /* most buckets hold none, and some do not let us look */
    int64_t renew = evac_json_i64(go, "renew_ms", 0);
    if (evac_str_eq(evac_json_str(go, "app"), t->walk->query.app) && renew > 0 &&
        evac_json_get(go, "writer")) {
        t->type = EVAC_STR("s3-go");
        t->writes = evac_str_eq(evac_json_str(go, "writer"), t->region);
        t->relation = EVAC_STR("go");
        thing_set(t, "key", walk_printf(t->walk, "go/%.*s.json", EVAC_STR_ARG(t->walk->query.app)));
        thing_set(t, "renew",
                  renew % 1000 ? walk_printf(t->walk, "%lldms", (long long)renew)
                               : walk_printf(t->walk, "%llds", (long long)renew / 1000));
    }
    evac_json_free(go);
}

void look_bucket(struct thing *t)
{
    struct walk *w = t->walk;
    walk_ask_bucket(t, "GetBucketReplication", EVAC_STR("/"), "replication", read_replication);
    walk_ask_bucket(t, "GetObject", walk_printf(w, "/go/%.*s.json", EVAC_STR_ARG(w->query.app)),
                    NULL, read_go);
}

/* --- lists ----------------------------------------------------------------------------------- */

/* A JSON array of one member of each element; false: there is none. */
static bool set_list(struct thing *t, const char *setting, const struct evac_json *list,
                     const char *member)
{
    struct evac_buf out;
    size_t n = 0;
    evac_buf_init(&out, 262144);
    evac_buf_putc(&out, '[');
    for (const struct evac_json *e = evac_json_first(list); e; e = evac_json_next(e)) {
        evac_buf_puts(&out, n++ ? "," : "");
        evac_buf_json(&out, evac_json_str(e, member));
    }
    evac_buf_putc(&out, ']');
    if (n)
        thing_set(t, setting, evac_buf_str(&out));
    evac_buf_done(&out);
    return n > 0;
}

void look_mappings(struct job *job, const struct evac_aws_reply *r)
{
    struct thing *t = job->thing;
    if (!walk_answered(job, r))
        return;
    (void)set_list(t, "mappings", evac_json_get(r->json, "EventSourceMappings"), "UUID");
    if (evac_json_str(r->json, "NextMarker").n)
        thing_doubt(t, "In %.*s it has more event source mappings than one page tells.",
                    EVAC_STR_ARG(t->region));
}

void look_schedules(struct job *job, const struct evac_aws_reply *r)
{
    struct thing *t = job->thing;
    if (!walk_answered(job, r))
        return;
    if (!set_list(t, "schedules", evac_json_get(r->json, "Schedules"), "Name"))
        thing_tear(t, "In %.*s the group holds no schedule.", EVAC_STR_ARG(t->region));
    if (evac_json_str(r->json, "NextToken").n)
        thing_doubt(t, "In %.*s it holds more than 100 schedules: the rest is not here.",
                    EVAC_STR_ARG(t->region));
}

/* --- one at a time --------------------------------------------------------------------------- */

/* A region's own key stays there; one of several regions is one thing. */
void look_key(struct job *job, const struct evac_aws_reply *r)
{
    struct thing *t = job->thing;
    if (!walk_answered(job, r))
        return;
    const struct evac_json *key = evac_json_get(r->json, "KeyMetadata");
    const struct evac_json *many = evac_json_get(key, "MultiRegionConfiguration");
    struct tie tie = { .arn = evac_json_str(evac_json_get(many, "PrimaryKey"), "Arn"),
                       .group = t->name,
                       .relation = walk_printf(t->walk, "key:%.*s", EVAC_STR_ARG(t->name)) };
    t->aside = !evac_json_bool(key, "MultiRegion", false);
    if (t->aside)
        return;
    add_tie(t->walk, &tie);
    const struct evac_json *replica = evac_json_first(evac_json_get(many, "ReplicaKeys"));
    for (; replica; replica = evac_json_next(replica)) {
        tie.arn = evac_json_str(replica, "Arn");
        add_tie(t->walk, &tie);
    }
}

/* The tagging API does not know groups of EC2 Auto Scaling: their own service does. */
void ask_scaling_groups(struct walk *w, struct area *area, struct evac_str next)
{
    static const struct aws_ask ask = {
        "autoscaling", "DescribeAutoScalingGroups",
        .params = "Filters.member.1.Name=tag:<tag>&Filters.member.1.Values.member.1=<value>&"
                  "MaxRecords=100&NextToken=<next>"
    };
    walk_ask(w, NULL, area, &ask, next, look_scaling_groups);
}

void look_scaling_groups(struct job *job, const struct evac_aws_reply *r)
{
    struct walk *w = job->walk;
    if (!walk_answered(job, r))
        return;
    const struct evac_xml *result = evac_xml_child(r->xml, "DescribeAutoScalingGroupsResult");
    for (const struct evac_xml *g = evac_xml_path(result, "AutoScalingGroups/member"); g;
         g = evac_xml_again(g)) {
        struct thing *t = walk_found(w, evac_xml_text(g, "AutoScalingGroupARN"), job->area->region);
        const struct evac_xml *target = evac_xml_path(g, "TargetGroupARNs/member");
        if (!t)
            continue;
        (void)evac_str_i64(evac_xml_text(g, "DesiredCapacity"), &t->runs);
        if (target && !evac_xml_again(target))
            thing_set(t, "target_group", target->text);
    }
    struct evac_str next = evac_xml_text(result, "NextToken");
    if (next.n)
        ask_scaling_groups(w, job->area, next);
}

/* An origin is a region's when its name has the region's in it. */
void look_origins(struct job *job, const struct evac_aws_reply *r)
{
    struct thing *t = job->thing;
    struct walk *w = t->walk;
    size_t found = 0;
    if (!walk_answered(job, r))
        return;
    for (const struct evac_xml *o =
             evac_xml_path(r->xml, "DistributionConfig/Origins/Items/Origin");
         o; o = evac_xml_again(o))
        for (size_t i = 0; i < w->query.region_count; i++) {
            struct evac_str region = w->query.regions[i];
            if (!evac_str_has(evac_xml_text(o, "DomainName"), region.p) &&
                !evac_str_has(evac_xml_text(o, "Id"), region.p))
                continue;
            thing_set(t, walk_printf(w, "origins.%.*s", EVAC_STR_ARG(region)).p,
                      evac_xml_text(o, "Id"));
            found++;
        }
    if (found < 2)
        thing_tear(t, "Which of its origins is which region's can not be told from their names.");
}

static void read_endpoint_groups(struct job *job, const struct evac_aws_reply *r)
{
    struct thing *t = job->thing;
    if (!walk_answered(job, r))
        return;
    const struct evac_json *list = evac_json_get(r->json, "EndpointGroups");
    for (const struct evac_json *g = evac_json_first(list); g; g = evac_json_next(g)) {
        struct evac_str region = evac_json_str(g, "EndpointGroupRegion");
        const char *name = walk_printf(t->walk, "endpoint_group.%.*s", EVAC_STR_ARG(region)).p;
        if (!walk_wants(t->walk, region))
            continue;
        if (thing_get(t, name).n)
            thing_tear(t,
                       "It has several listeners: which of them leads the users is yours to say.");
        else
            thing_set(t, name, evac_json_str(g, "EndpointGroupArn"));
    }
}

void look_listeners(struct job *job, const struct evac_aws_reply *r)
{
    static const struct aws_ask ask = { "globalaccelerator", "ListEndpointGroups",
                                        .body = "{\"ListenerArn\":\"<next>\"}" };
    struct thing *t = job->thing;
    if (!walk_answered(job, r))
        return;
    const struct evac_json *list = evac_json_get(r->json, "Listeners");
    for (const struct evac_json *l = evac_json_first(list); l; l = evac_json_next(l))
        walk_ask(t->walk, t, NULL, &ask, evac_json_str(l, "ListenerArn"), read_endpoint_groups);
}

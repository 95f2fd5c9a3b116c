/*
 * OpenSearch: domains, connections between them, and behind each domain's address (DescribeDomain
 * gives it) as much of its own API as replication between clusters needs. An index is
 * "domain/index"; of a leader, `rate` is how many operations a second it takes and `checkpoint`
 * where it begins:
 *
 *     make opensearch WEST {"kind":"domain","name":"logs"}
 *     make opensearch WEST {"kind":"connection","name":"to-east","local":"logs",
 *                           "remote":"logs","region":"us-east-1"}
 *     make opensearch EAST {"kind":"index","name":"logs/orders","rate":100}
 *     make opensearch WEST {"kind":"index","name":"logs/orders","follows":"to-east"}
 *
 * A follower is behind by the replication's lag into its region, stands still while the leader can
 * not be reached, and its status can then not be asked: that asks the leader. Once stopped (it is
 * closed for a moment) it takes writes, and never follows again; `lost` is what the leader had more
 * by then, if it went on writing until then.
 */
#include "sandbox_docs.h"

#include <string.h>

#define LAG_MS       700u
#define TICK_MS      500u
#define BOOTSTRAP_MS 60000u
#define REOPEN_MS    2000u
#define SHARDS       2

static void made(struct evac_sandbox *sb, struct sb_doc *doc);

static const struct sb_kind kinds[] = {
    { "domain",
      "{\"DomainId\":\"{account}/{name}\",\"DomainName\":\"{name}\",\"ARN\":\"arn:aws:es:{region}:"
      "{account}:domain/{name}\",\"Created\":true,\"Deleted\":false,\"Processing\":false,"
      "\"EngineVersion\":\"OpenSearch_2.17\",\"ClusterConfig\":{\"InstanceCount\":2},"
      "\"DomainProcessingStatus\":\"Active\",\"health\":\"green\"}",
      false, NULL },
    { "connection", "{\"status\":\"ACTIVE\"}", false, NULL },
    { "index",
      "{\"rate\":0,\"checkpoint\":0,\"arrived\":0,\"status\":\"SYNCING\",\"state\":\"open\"}",
      false, made },
    { 0 },
};

/* --- replication ----------------------------------------------------------------------------- */

static struct evac_str domain_of(const struct sb_doc *index)
{
    struct evac_str rest;
    return evac_str_cut(evac_str(index->name), '/', &rest);
}

static struct evac_str name_of(const struct sb_doc *index)
{
    struct evac_str rest;
    (void)evac_str_cut(evac_str(index->name), '/', &rest);
    return rest;
}

static bool follows(const struct sb_doc *index)
{
    return sb_doc_text(index, "follows").n > 0;
}

static struct sb_doc *index_of(const struct evac_sandbox *sb, size_t region, struct evac_str domain,
                               struct evac_str name)
{
    for (struct sb_doc *d = NULL; (d = sb_doc_next(sb, SB_OPENSEARCH, region, "index", d));)
        if (evac_str_eq(domain_of(d), domain) && evac_str_eq(name_of(d), name))
            return d;
    return NULL;
}

/* NULL: nobody can be followed. */
static struct sb_doc *leader_of(const struct evac_sandbox *sb, const struct sb_doc *index)
{
    const struct sb_doc *c =
        sb_doc_find(sb, SB_OPENSEARCH, index->region, "connection", sb_doc_text(index, "follows"));
    if (!c || !sb_doc_is(c, "status", "ACTIVE"))
        return NULL;
    return index_of(sb, sb_region_find(sb, sb_doc_text(c, "region")), sb_doc_text(c, "remote"),
                    name_of(index));
}

/* What a leader's index has taken by then. */
static int64_t taken(const struct sb_doc *index, uint64_t at_ms)
{
    int64_t since = sb_doc_num(index, "since_ms", 0), ms = (int64_t)at_ms - since;
    return sb_doc_num(index, "checkpoint", 0) +
           (ms > 0 ? sb_doc_num(index, "rate", 0) * ms / 1000 : 0);
}

static void made(struct evac_sandbox *sb, struct sb_doc *d)
{
    const struct sb_doc *leader = follows(d) ? leader_of(sb, d) : NULL;
    sb_doc_set_num(d, "since_ms", (double)sb->now_ms);
    if (leader)
        sb_doc_set_num(d, "arrived", (double)taken(leader, sb->now_ms));
}

/* A leader that was made anew (another rate) still has to send what it had: the lag is over it too.
 */
static void advance(struct evac_sandbox *sb)
{
    for (struct sb_doc *d = sb->docs; d; d = d->next) {
        if (d->id != SB_OPENSEARCH || strcmp(d->kind, "index") != 0 || !follows(d))
            continue;
        const struct sb_doc *leader = leader_of(sb, d);
        uint64_t lag_ms = sb_scaled(sb, sb_lag_ms(sb, d->region, LAG_MS));
        if (!leader || !sb_reaches(sb, d->region, leader->region) ||
            sb_doc_is(d, "status", "PAUSED") ||
            sb->now_ms < (uint64_t)sb_doc_num(leader, "since_ms", 0) + lag_ms)
            continue;
        int64_t arrived = taken(leader, sb->now_ms - lag_ms);
        if (arrived > sb_doc_num(d, "arrived", 0))
            sb_doc_set_num(d, "arrived", (double)arrived);
    }
}

/* While something follows, now and then: what has arrived when a region goes away is known. */
static uint64_t wake(const struct evac_sandbox *sb)
{
    for (const struct sb_doc *d = sb->docs; d; d = d->next)
        if (d->id == SB_OPENSEARCH && strcmp(d->kind, "index") == 0 && follows(d))
            return (sb->now_ms / TICK_MS + 1) * TICK_MS;
    return SB_NEVER;
}

/* --- AWS's own operations -------------------------------------------------------------------- */

static struct sb_doc *find_domain(struct sb_call *c, struct evac_str name)
{
    return sb_doc_named(c, c->region, "domain", name, 409, "ResourceNotFoundException");
}

static void describe_domain(struct sb_call *c)
{
    struct sb_doc *d = find_domain(c, c->label[0]);
    if (!d)
        return;
    if (!sb_doc_has(d,
                    "Endpoint")) /* where the door is, only who asks knows; AWS's has no scheme */
        sb_doc_set_text(d, "Endpoint",
                        evac_arena_printf(c->arena, "http://%.*s" SB_OPENSEARCH_PATH "%s/%s",
                                          EVAC_STR_ARG(sb_request_header(c, "host")),
                                          sb_region_name(c->sb, c->region), d->name));
    evac_buf_puts(&c->out, "{\"DomainStatus\":");
    sb_doc_put(&c->out, d, "");
    evac_buf_putc(&c->out, '}');
}

static void put_domain_info(struct sb_call *c, const char *name, struct evac_str domain,
                            struct evac_str region)
{
    evac_buf_putf(&c->out,
                  "\"%s\":{\"AWSDomainInformation\":{\"OwnerId\":\"" SB_ACCOUNT
                  "\",\"DomainName\":\"%.*s\",\"Region\":\"%.*s\"}},",
                  name, EVAC_STR_ARG(domain), EVAC_STR_ARG(region));
}

static void describe_connections(struct sb_call *c)
{
    struct evac_str filter = sb_in(c, "Filters.1.Name"), wanted = sb_in(c, "Filters.1.Values.1");
    const char *comma = "";
    if (filter.n && !evac_str_is(filter, "local-domain-info.domain-name")) {
        sb_error(c, 400, "ValidationException", "The sandbox does not know this filter.");
        return;
    }
    evac_buf_puts(&c->out, "{\"Connections\":[");
    for (struct sb_doc *d = NULL; (d = sb_doc_next(c->sb, c->id, c->region, "connection", d));) {
        struct evac_str local = sb_doc_text(d, "local");
        if (wanted.n && !evac_str_eq(local, wanted))
            continue;
        evac_buf_putf(&c->out, "%s{", comma);
        put_domain_info(c, "LocalDomainInfo", local, evac_str(sb_region_name(c->sb, c->region)));
        put_domain_info(c, "RemoteDomainInfo", sb_doc_text(d, "remote"), sb_doc_text(d, "region"));
        evac_buf_putf(&c->out,
                      "\"ConnectionId\":\"%s\",\"ConnectionAlias\":\"%s\",\"ConnectionStatus\":"
                      "{\"StatusCode\":\"%.*s\"},\"ConnectionMode\":\"DIRECT\"}",
                      d->name, d->name, EVAC_STR_ARG(sb_doc_text(d, "status")));
        comma = ",";
    }
    evac_buf_puts(&c->out, "]}");
}

/* --- a domain's own API: "/_opensearch/{region}/{domain}/..." ----------------------------------
 */

/* Another region's domain is not there: the host would not be found. */
static struct sb_doc *own_domain(struct sb_call *c)
{
    struct sb_doc *d = sb_doc_find(c->sb, c->id, c->region, "domain", c->label[1]);
    if (!evac_str_is(c->label[0], sb_region_name(c->sb, c->region)))
        d = NULL;
    if (!d)
        sb_error(c, 403, "security_exception", "no such domain, or not yours");
    return d;
}

static void cluster_health(struct sb_call *c)
{
    const struct sb_doc *d = own_domain(c);
    if (d)
        evac_buf_putf(&c->out, "{\"cluster_name\":\"" SB_ACCOUNT ":%s\",\"status\":\"%.*s\"}",
                      d->name, EVAC_STR_ARG(sb_doc_text(d, "health")));
}

/* As much as filter_path=blocks.indices,metadata.indices.*.state leaves of it. */
static void cluster_state(struct sb_call *c)
{
    struct evac_str names = c->label[3];
    struct evac_buf blocks;
    const char *comma = "";
    if (!own_domain(c))
        return;
    evac_buf_init(&blocks, 65536);
    evac_buf_puts(&c->out, "{\"metadata\":{\"indices\":{");
    while (names.n) {
        struct evac_str name = evac_str_cut(names, ',', &names);
        const struct sb_doc *d = index_of(c->sb, c->region, c->label[1], name);
        if (!d)
            continue;
        evac_buf_putf(&c->out, "%s\"%.*s\":{\"state\":\"%.*s\"}", comma, EVAC_STR_ARG(name),
                      EVAC_STR_ARG(sb_doc_text(d, "state")));
        if (follows(d))
            evac_buf_putf(&blocks,
                          "%s\"%.*s\":{\"1000\":{\"description\":\"index read-only"
                          "(cross-cluster-replication)\",\"retryable\":false,\"levels\":"
                          "[\"write\",\"metadata_write\"]}}",
                          blocks.n ? "," : "", EVAC_STR_ARG(name));
        comma = ",";
    }
    evac_buf_puts(&c->out, "}},\"blocks\":{\"indices\":{");
    evac_buf_put_str(&c->out, evac_buf_str(&blocks));
    evac_buf_puts(&c->out, "}}}");
    evac_buf_done(&blocks);
}

static struct sb_doc *own_index(struct sb_call *c)
{
    return own_domain(c) ? index_of(c->sb, c->region, c->label[1], c->label[2]) : NULL;
}

static void put_checkpoints(struct sb_call *c, int64_t leader, int64_t follower, int shards)
{
    evac_buf_putf(&c->out,
                  "{\"leader_checkpoint\":%lld,\"follower_checkpoint\":%lld,\"seq_no\":%lld}",
                  (long long)leader - shards, (long long)follower - shards, (long long)follower);
}

/* The first shard has all but one operation of ten. */
static void put_shards(struct sb_call *c, const struct sb_doc *d, int64_t leader, int64_t follower)
{
    evac_buf_puts(&c->out, ",\"shard_replication_details\":[");
    for (int i = 0; i < SHARDS; i++) {
        evac_buf_putf(&c->out,
                      "%s{\"shard_id\":\"[%.*s][%d]\",\"syncing_task_details\":", i ? "," : "",
                      EVAC_STR_ARG(name_of(d)), i);
        if (i == 0)
            put_checkpoints(c, leader - leader / 10, follower - follower / 10, 1);
        else
            put_checkpoints(c, leader / 10, follower / 10, 1);
        evac_buf_putc(&c->out, '}');
    }
    evac_buf_putc(&c->out, ']');
}

static void replication_status(struct sb_call *c)
{
    const struct sb_doc *d = own_index(c), *leader = d && follows(d) ? leader_of(c->sb, d) : NULL;
    if (c->failed)
        return;
    if (!d || !follows(d)) {
        evac_buf_puts(&c->out, "{\"status\":\"REPLICATION NOT IN PROGRESS\"}");
        return;
    }
    bool running = sb_doc_is(d, "status", "SYNCING") || sb_doc_is(d, "status", "BOOTSTRAPPING");
    if (running && (!leader || !sb_reaches(c->sb, c->region, leader->region))) {
        sb_error(c, 500, "replication_exception", "failed to fetch replication status");
        return;
    }
    evac_buf_putf(&c->out,
                  "{\"status\":\"%.*s\",\"reason\":\"User initiated\",\"leader_alias\":\"%.*s\","
                  "\"leader_index\":\"%.*s\",\"follower_index\":\"%.*s\"",
                  EVAC_STR_ARG(sb_doc_text(d, "status")), EVAC_STR_ARG(sb_doc_text(d, "follows")),
                  EVAC_STR_ARG(name_of(d)), EVAC_STR_ARG(name_of(d)));
    if (sb_doc_is(d, "status", "SYNCING")) {
        int64_t has = taken(leader, c->sb->now_ms), arrived = sb_doc_num(d, "arrived", 0);
        evac_buf_puts(&c->out, ",\"syncing_details\":");
        put_checkpoints(c, has, arrived, SHARDS);
        if (sb_in_bool(c, "verbose", false))
            put_shards(c, d, has, arrived);
    }
    evac_buf_putc(&c->out, '}');
}

static void acknowledge(struct sb_call *c)
{
    sb_effect(c);
    evac_buf_puts(&c->out, "{\"acknowledged\":true}");
}

static void stop_replication(struct sb_call *c)
{
    struct sb_doc *d = own_index(c);
    if (c->failed)
        return;
    if (!d || !follows(d)) {
        sb_error(c, 400, "illegal_argument_exception", "No replication in progress for index:%.*s",
                 EVAC_STR_ARG(c->label[2]));
        return;
    }
    const struct sb_doc *leader = leader_of(c->sb, d);
    int64_t arrived = sb_doc_num(d, "arrived", 0);
    sb_doc_set_num(d, "lost", leader ? (double)(taken(leader, c->sb->now_ms) - arrived) : 0);
    sb_doc_unset(d, "follows");
    sb_doc_set(d, "state", "\"close\"");
    sb_doc_later(c->sb, d, REOPEN_MS, "state", "\"open\"");
    sb_doc_set_num(d, "checkpoint", (double)arrived);
    sb_doc_set_num(d, "since_ms", (double)c->sb->now_ms);
    acknowledge(c);
}

static void start_replication(struct sb_call *c)
{
    struct evac_str alias = sb_in(c, "leader_alias");
    struct sb_doc *d = own_index(c);
    if (c->failed)
        return;
    const struct sb_doc *link = sb_doc_find(c->sb, c->id, c->region, "connection", alias);
    if (d)
        sb_error(c, 400, "illegal_argument_exception",
                 "Cant use same index again for replication. Delete the index:%.*s",
                 EVAC_STR_ARG(c->label[2]));
    else if (!link || !sb_doc_is(link, "status", "ACTIVE"))
        sb_error(c, 404, "no_such_remote_cluster_exception", "no such remote cluster: [%.*s]",
                 EVAC_STR_ARG(alias));
    else if (!sb_in(c, "use_roles.leader_cluster_role").n ||
             !sb_in(c, "use_roles.follower_cluster_role").n)
        sb_error(c, 400, "action_request_validation_exception",
                 "Need roles parameters for start replication API");
    else if (!evac_str_eq(sb_in(c, "leader_index"), c->label[2]))
        sb_error(c, 400, "illegal_argument_exception",
                 "The sandbox keeps one name for both sides.");
    if (c->failed)
        return;
    struct evac_str name = evac_arena_printf(c->arena, "%.*s/%.*s", EVAC_STR_ARG(c->label[1]),
                                             EVAC_STR_ARG(c->label[2]));
    d = sb_doc_of_kind(c->sb, c->id, kinds, "index", c->region, name);
    sb_doc_set_text(d, "follows", alias);
    sb_doc_set(d, "status", "\"BOOTSTRAPPING\"");
    sb_doc_later(c->sb, d, BOOTSTRAP_MS, "status", "\"SYNCING\"");
    acknowledge(c);
}

/* clang-format off */
#define CONTROL "/2021-01-01/opensearch"
#define DOMAIN  SB_OPENSEARCH_PATH "{region}/{domain}"
#define REPLICATION DOMAIN "/_plugins/_replication/{index}"
static const struct sb_operation operations[] = {
    { "DescribeDomain", describe_domain, 0, "GET", CONTROL "/domain/{DomainName}", .takes = "" },
    { "DescribeOutboundConnections", describe_connections, 0, "POST", CONTROL "/cc/outboundConnection/search", .takes = "Filters MaxResults NextToken" },
    { "ClusterHealth", cluster_health, SB_STRONG, "GET", DOMAIN "/_cluster/health", .takes = "" },
    { "ClusterState", cluster_state, SB_STRONG, "GET", DOMAIN "/_cluster/state/{metrics}/{indices}", .takes = "ignore_unavailable filter_path" },
    { "ReplicationStatus", replication_status, SB_STRONG, "GET", REPLICATION "/_status", .takes = "verbose" },
    { "StopReplication", stop_replication, SB_MUTATES, "POST", REPLICATION "/_stop", .takes = "" },
    { "StartReplication", start_replication, SB_MUTATES, "PUT", REPLICATION "/_start", .takes = "leader_alias! leader_index! use_roles" },
    { 0 },
};
/* clang-format on */

SB_DOCS(OPENSEARCH, kinds)

const struct sb_service sb_service_opensearch = { .signing_name = "es",
                                                  .row = "opensearch",
                                                  .operations = operations,
                                                  .advance = advance,
                                                  .wake = wake,
                                                  .make = make,
                                                  .truth = truth };

/*
 * Elastic Disaster Recovery (AWS.md 2.9): source servers that replicate into a region, the jobs
 * that launch them there, and what was launched. A server whose origin does not answer keeps what
 * has arrived, and is DISCONNECTED.
 *
 *     make drs us-west-2 {"kind":"server","name":"s-0000000000000001a","origin":"us-east-1",
 *       "tags":{"app":"shop"}}      also "dataReplicationInfo":{"dataReplicationState":"STOPPED"},
 *       "launch":false: it has no launch configuration
 */
#include "sandbox_docs.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#define OWN_LAG_MS   2000u
#define BEGIN_MS     15000u
#define LAUNCH_MS    600000u
#define START_MS     30000u
#define TERMINATE_MS 60000u
#define SYNC_MS      900000u

static void made_server(struct evac_sandbox *sb, struct sb_doc *s);

static const struct sb_kind kinds[] = {
    { "server",
      "{\"sourceServerID\":\"{name}\",\"arn\":\"arn:aws:drs:{region}:{account}:source-server/"
      "{name}\",\"tags\":{},\"lastLaunchResult\":\"NOT_STARTED\",\"replicationDirection\":"
      "\"FAILOVER\",\"dataReplicationInfo\":{\"dataReplicationState\":\"CONTINUOUS\"},"
      "\"lifeCycle\":{},\"launch\":true}",
      false, made_server },
    { "job", "{\"jobID\":\"{name}\",\"arn\":\"arn:aws:drs:{region}:{account}:job/{name}\"}", false,
      NULL },
    { "instance",
      "{\"recoveryInstanceID\":\"{name}\",\"ec2InstanceID\":\"{name}\",\"arn\":"
      "\"arn:aws:drs:{region}:{account}:recovery-instance/"
      "{name}\",\"ec2InstanceState\":\"RUNNING\","
      "\"originEnvironment\":\"AWS\",\"tags\":{}}",
      false, NULL },
    { 0 },
};

#define STATE "dataReplicationInfo.dataReplicationState"

/* --- replication -------------------------------------------------------------------------------
 */

static void set_time(const struct evac_sandbox *sb, struct sb_doc *d, const char *path, int64_t ms)
{
    struct evac_arena *arena = evac_arena_new();
    (void)sb;
    sb_doc_set_text(d, path, sb_iso(arena, ms));
    evac_arena_free(arena);
}

static bool reaches_origin(const struct evac_sandbox *sb, const struct sb_doc *s)
{
    size_t from = sb_region_find(sb, sb_doc_text(s, "origin"));
    return from < SB_REGIONS_MAX && sb_reaches(sb, from, s->region);
}

/* What the origin has sent, as far as it can be reached. */
static void receive(struct evac_sandbox *sb, struct sb_doc *s)
{
    char lag[32];
    bool reached = reaches_origin(sb, s);
    if (sb_doc_is(s, STATE, "DISCONNECTED") && reached)
        sb_doc_set(s, STATE, "\"CONTINUOUS\"");
    if (sb_doc_is(s, STATE, "CONTINUOUS") && !reached)
        sb_doc_set(s, STATE, "\"DISCONNECTED\"");
    if (!sb_doc_is(s, STATE, "CONTINUOUS"))
        return;
    int64_t lag_ms = (int64_t)sb_lag_ms(sb, s->region, sb_scaled(sb, OWN_LAG_MS));
    (void)snprintf(lag, sizeof lag, "\"PT%lld.%03lldS\"", (long long)lag_ms / 1000,
                   (long long)lag_ms % 1000);
    sb_doc_set(s, "dataReplicationInfo.lagDuration", lag);
    sb_doc_set_num(s, "arrived_ms", (double)(sb_wall_ms(sb) - lag_ms));
    set_time(sb, s, "lifeCycle.lastSeenByServiceDateTime", sb_wall_ms(sb));
}

static void made_server(struct evac_sandbox *sb, struct sb_doc *s)
{
    sb_doc_set_text(s, "sourceCloudProperties.originRegion", sb_doc_text(s, "origin"));
    receive(sb, s);
}

/* --- looking -----------------------------------------------------------------------------------
 */

/* A document without what only the model knows of it. */
static void put(struct evac_buf *out, const struct sb_doc *d)
{
    static const char *const own[] = { "launch", "origin", "arrived_ms", "ends", "refused" };
    cJSON *shown = cJSON_Duplicate(d->json, true);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        cJSON_DeleteItemFromObject(shown, own[i]);
    char *text = cJSON_PrintUnformatted(shown);
    evac_buf_puts(out, text);
    cJSON_free(text);
    cJSON_Delete(shown);
}

/* The list at that member of the request has it, or is not there. */
static bool fits(const struct sb_call *c, const char *list, struct evac_str value)
{
    for (int i = 1; sb_has(c, "%s.%d", list, i); i++)
        if (evac_str_eq(sb_in(c, "%s.%d", list, i), value))
            return true;
    return !sb_has(c, "%s.1", list);
}

/* Two a page: so that whoever reads only the first page is found out. */
static void put_items(struct sb_call *c, const char *kind, const char *filter, const char *member,
                      const char *filter2, const char *member2)
{
    const int64_t page = 2;
    int64_t n = 0, skip = sb_in_i64(c, "nextToken", 0);
    struct sb_doc *d = NULL;
    evac_buf_puts(&c->out, "{\"items\":[");
    while ((d = sb_doc_next(c->sb, c->id, c->region, kind, d))) {
        if (!fits(c, filter, sb_doc_text(d, member)) || !fits(c, filter2, sb_doc_text(d, member2)))
            continue;
        n++;
        if (n <= skip || n > skip + page)
            continue;
        evac_buf_puts(&c->out, n > skip + 1 ? "," : "");
        put(&c->out, d);
    }
    evac_buf_putc(&c->out, ']');
    if (n > skip + page)
        evac_buf_putf(&c->out, ",\"nextToken\":\"%lld\"", (long long)(skip + page));
    evac_buf_putc(&c->out, '}');
}

static void describe_servers(struct sb_call *c)
{
    put_items(c, "server", "filters.sourceServerIDs", "sourceServerID", "", "");
}

static void describe_jobs(struct sb_call *c)
{
    put_items(c, "job", "filters.jobIDs", "jobID", "", "");
}

static void describe_instances(struct sb_call *c)
{
    put_items(c, "instance", "filters.sourceServerIDs", "sourceServerID",
              "filters.recoveryInstanceIDs", "recoveryInstanceID");
}

static struct sb_doc *server(struct sb_call *c, struct evac_str id)
{
    return sb_doc_named(c, c->region, "server", id, 404, "ResourceNotFoundException");
}

static void launch_configuration(struct sb_call *c)
{
    const struct sb_doc *s = server(c, sb_in(c, "sourceServerID"));
    if (!s)
        return;
    if (!cJSON_IsTrue(cJSON_GetObjectItem(s->json, "launch"))) {
        sb_error(c, 404, "ResourceNotFoundException", "It has no launch configuration.");
        return;
    }
    evac_buf_putf(&c->out,
                  "{\"sourceServerID\":\"%s\",\"name\":\"%s\",\"ec2LaunchTemplateID\":"
                  "\"lt-0123456789abcdef0\",\"launchDisposition\":\"STARTED\"}",
                  s->name, s->name);
}

static void tag_resource(struct sb_call *c)
{
    struct sb_doc *s = server(c, sb_short_name(c->label[0]));
    const struct evac_json *e = evac_json_first(evac_json_get(c->json, "tags"));
    if (!s)
        return;
    for (; e; e = evac_json_next(e)) {
        cJSON *tags = cJSON_GetObjectItem(s->json, "tags");
        cJSON_DeleteItemFromObjectCaseSensitive(tags, evac_json_key(e).p);
        cJSON_AddStringToObject(tags, evac_json_key(e).p, evac_json_text(e).p);
    }
    sb_effect(c);
    c->raw = true;
}

/* --- jobs --------------------------------------------------------------------------------------
 */

static struct sb_doc *new_job(struct sb_call *c, const char *type, const char *by)
{
    char id[40];
    (void)snprintf(id, sizeof id, "drsjob-%017llx",
                   (unsigned long long)sb_random(c->sb, UINT64_MAX));
    struct sb_doc *j = sb_doc_of_kind(c->sb, c->id, kinds, "job", c->region, evac_str(id));
    sb_doc_set_text(j, "type", evac_str(type));
    sb_doc_set_text(j, "initiatedBy", evac_str(by));
    sb_doc_set(j, "status", "\"PENDING\"");
    sb_doc_set(j, "participatingServers", "[]");
    sb_doc_set(j, "tags", "{}");
    sb_doc_take(c, j, "tags", "tags");
    set_time(c->sb, j, "creationDateTime", sb_wall_ms(c->sb));
    return j;
}

static void put_job(struct sb_call *c, const struct sb_doc *j)
{
    evac_buf_puts(&c->out, "{\"job\":");
    put(&c->out, j);
    evac_buf_putc(&c->out, '}');
}

static cJSON *participants(const struct sb_doc *j)
{
    return cJSON_GetObjectItem(j->json, "participatingServers");
}

static void join(struct sb_doc *j, struct evac_str id, const char *status)
{
    cJSON *p = cJSON_CreateObject();
    cJSON_AddStringToObject(p, "sourceServerID", id.p);
    cJSON_AddStringToObject(p, "launchStatus", status);
    cJSON_AddItemToArray(participants(j), p);
}

static bool is_busy(const struct evac_sandbox *sb, size_t region, struct evac_str id)
{
    struct sb_doc *j = NULL;
    const cJSON *p;
    while ((j = sb_doc_next(sb, SB_DRS, region, "job", j))) {
        if (sb_doc_is(j, "status", "COMPLETED"))
            continue;
        cJSON_ArrayForEach(p, participants(j))
        {
            if (evac_str_is(id, cJSON_GetStringValue(cJSON_GetObjectItem(p, "sourceServerID"))))
                return true;
        }
    }
    return false;
}

static bool could_be_launched(struct sb_call *c, struct evac_str id)
{
    const struct sb_doc *s = server(c, id);
    if (!s)
        return false;
    if (is_busy(c->sb, c->region, id))
        sb_error(c, 409, "ConflictException", "A job of %.*s is running.", EVAC_STR_ARG(id));
    else if (!sb_doc_has(s, "arrived_ms"))
        sb_error(c, 409, "ConflictException", "%.*s has nothing to be launched from.",
                 EVAC_STR_ARG(id));
    return !c->failed;
}

static void start_recovery(struct sb_call *c)
{
    bool drill = sb_in_bool(c, "isDrill", false);
    int n = 0;
    while (sb_has(c, "sourceServers.%d.sourceServerID", n + 1)) {
        n++;
        if (!could_be_launched(
                c, evac_arena_str(c->arena, sb_in(c, "sourceServers.%d.sourceServerID", n))))
            return;
    }
    if (n == 0) {
        sb_error(c, 400, "ValidationException", "sourceServers is empty.");
        return;
    }
    struct sb_doc *j = new_job(c, "LAUNCH", drill ? "START_DRILL" : "START_RECOVERY");
    for (int i = 1; i <= n; i++) {
        struct evac_str id =
            evac_arena_str(c->arena, sb_in(c, "sourceServers.%d.sourceServerID", i));
        join(j, id, "PENDING");
        sb_doc_set(sb_doc_find(c->sb, c->id, c->region, "server", id), "lastLaunchResult",
                   "\"PENDING\"");
    }
    sb_doc_later(c->sb, j, BEGIN_MS, "status", "\"STARTED\"");
    sb_doc_later(c->sb, j, LAUNCH_MS, "ends", "true");
    sb_effect(c);
    c->status = 202;
    put_job(c, j);
}

static void launch(struct evac_sandbox *sb, const struct sb_doc *j, cJSON *p, struct sb_doc *s)
{
    char id[24];
    bool refused = sb_fault(sb, SB_DRS, j->region)->capacity_refused;
    cJSON_ReplaceItemInObject(p, "launchStatus",
                              cJSON_CreateString(refused ? "FAILED" : "LAUNCHED"));
    sb_doc_set(s, "lastLaunchResult", refused ? "\"FAILED\"" : "\"SUCCEEDED\"");
    if (refused)
        return;
    (void)snprintf(id, sizeof id, "i-%016llx0", (unsigned long long)sb_random(sb, UINT64_MAX) >> 4);
    struct sb_doc *i = sb_doc_of_kind(sb, SB_DRS, kinds, "instance", j->region, evac_str(id));
    cJSON_AddStringToObject(p, "recoveryInstanceID", id);
    sb_doc_set_text(i, "sourceServerID", evac_str(s->name));
    sb_doc_set_text(i, "jobID", evac_str(j->name));
    sb_doc_set(i, "isDrill", sb_doc_is(j, "initiatedBy", "START_DRILL") ? "true" : "false");
    set_time(sb, i, "pointInTimeSnapshotDateTime", sb_doc_num(s, "arrived_ms", 0));
    sb_doc_set(i, "ec2InstanceState", "\"PENDING\"");
    sb_doc_later(sb, i, START_MS, "ec2InstanceState", "\"RUNNING\"");
    sb_doc_set_text(s, "recoveryInstanceId", evac_str(id));
}

static void end_job(struct evac_sandbox *sb, struct sb_doc *j)
{
    cJSON *p;
    bool launches = sb_doc_is(j, "type", "LAUNCH");
    sb_doc_unset(j, "ends");
    sb_doc_set(j, "status", "\"COMPLETED\"");
    set_time(sb, j, "endDateTime", sb_wall_ms(sb));
    cJSON_ArrayForEach(p, participants(j))
    {
        struct evac_str id =
            evac_str(cJSON_GetStringValue(cJSON_GetObjectItem(p, "sourceServerID")));
        struct sb_doc *s = sb_doc_find(sb, SB_DRS, j->region, "server", id);
        if (launches && s)
            launch(sb, j, p, s);
    }
}

static struct sb_doc *instance(struct sb_call *c, struct evac_str id)
{
    return sb_doc_named(c, c->region, "instance", id, 404, "ResourceNotFoundException");
}

static void terminate(struct sb_call *c)
{
    struct sb_doc *j = NULL;
    for (int i = 1; sb_has(c, "recoveryInstanceIDs.%d", i); i++)
        if (!instance(c, sb_in(c, "recoveryInstanceIDs.%d", i)))
            return;
    j = new_job(c, "TERMINATE", "TERMINATE_RECOVERY_INSTANCES");
    for (int i = 1; sb_has(c, "recoveryInstanceIDs.%d", i); i++) {
        struct sb_doc *d = instance(c, sb_in(c, "recoveryInstanceIDs.%d", i));
        sb_doc_set(d, "ec2InstanceState", "\"SHUTTING-DOWN\"");
        sb_doc_later(c->sb, d, TERMINATE_MS, "ec2InstanceState", "\"TERMINATED\"");
        sb_doc_later(c->sb, d, TERMINATE_MS, "ends", "true");
    }
    sb_doc_later(c->sb, j, TERMINATE_MS, "ends", "true");
    sb_effect(c);
    put_job(c, j);
}

/* --- the other way -----------------------------------------------------------------------------
 */

static void begin_sync(struct evac_sandbox *sb, struct sb_doc *s)
{
    sb_doc_set(s, STATE, "\"INITIATING\"");
    sb_doc_later(sb, s, BEGIN_MS, STATE, "\"INITIAL_SYNC\"");
    sb_doc_later(sb, s, SYNC_MS, STATE, "\"CONTINUOUS\"");
}

static void reverse(struct sb_call *c)
{
    const struct sb_doc *i = instance(c, sb_in(c, "recoveryInstanceID"));
    struct sb_doc *s =
        i ? sb_doc_find(c->sb, c->id, c->region, "server", sb_doc_text(i, "sourceServerID")) : NULL;
    char id[24];
    if (!i)
        return;
    size_t origin = s ? sb_region_find(c->sb, sb_doc_text(s, "origin")) : SB_REGIONS_MAX;
    if (origin >= SB_REGIONS_MAX || cJSON_IsTrue(cJSON_GetObjectItem(i->json, "isDrill")))
        sb_error(c, 409, "ConflictException", "Its replication can not be reversed.");
    else if (sb_doc_has(s, "reversedDirectionSourceServerArn"))
        sb_error(c, 409, "ConflictException", "Its replication is reversed already.");
    else if (!sb_reaches(c->sb, c->region, origin))
        sb_error(c, 500, "InternalServerException", "The origin does not answer.");
    if (c->failed)
        return;
    (void)snprintf(id, sizeof id, "s-%017llx", (unsigned long long)sb_random(c->sb, UINT64_MAX));
    struct sb_doc *back = sb_doc_of_kind(c->sb, c->id, kinds, "server", origin, evac_str(id));
    sb_doc_set_text(back, "origin", evac_str(sb_region_name(c->sb, c->region)));
    sb_doc_set(back, "replicationDirection", "\"FAILBACK\"");
    sb_doc_set_text(back, "reversedDirectionSourceServerArn", sb_doc_text(s, "arn"));
    sb_doc_set_text(s, "reversedDirectionSourceServerArn", sb_doc_text(back, "arn"));
    begin_sync(c->sb, back);
    sb_effect(c);
    evac_buf_puts(&c->out, "{\"reversedDirectionSourceServerArn\":");
    sb_doc_put(&c->out, back, "arn");
    evac_buf_putc(&c->out, '}');
}

static void start_replication(struct sb_call *c)
{
    struct sb_doc *s = server(c, sb_in(c, "sourceServerID"));
    if (!s)
        return;
    if (!sb_doc_is(s, STATE, "STOPPED")) {
        sb_error(c, 409, "ConflictException", "Its replication is not stopped.");
        return;
    }
    begin_sync(c->sb, s);
    sb_effect(c);
    evac_buf_puts(&c->out, "{\"sourceServer\":");
    put(&c->out, s);
    evac_buf_putc(&c->out, '}');
}

/* --- time --------------------------------------------------------------------------------------
 */

static void drop_terminated(struct evac_sandbox *sb, size_t region)
{
    struct sb_doc *d = sb_doc_next(sb, SB_DRS, region, "instance", NULL);
    while (d) {
        struct sb_doc *next = sb_doc_next(sb, SB_DRS, region, "instance", d);
        if (sb_doc_has(d, "ends"))
            sb_doc_drop(sb, d);
        d = next;
    }
}

static void advance(struct evac_sandbox *sb)
{
    for (size_t region = 0; region < sb->region_count; region++) {
        struct sb_doc *d = NULL;
        drop_terminated(sb, region);
        while ((d = sb_doc_next(sb, SB_DRS, region, "server", d)))
            receive(sb, d);
        while ((d = sb_doc_next(sb, SB_DRS, region, "job", d)))
            if (sb_doc_has(d, "ends"))
                end_job(sb, d);
    }
}

/* clang-format off */
static const struct sb_operation operations[] = {
    { "DescribeSourceServers", describe_servers, 0, "POST", "/DescribeSourceServers", .takes = "filters maxResults nextToken" },
    { "GetLaunchConfiguration", launch_configuration, 0, "POST", "/GetLaunchConfiguration", .takes = "sourceServerID!" },
    { "StartRecovery", start_recovery, SB_MUTATES, "POST", "/StartRecovery", .takes = "sourceServers! isDrill tags" },
    { "DescribeJobs", describe_jobs, 0, "POST", "/DescribeJobs", .takes = "filters maxResults nextToken" },
    { "DescribeRecoveryInstances", describe_instances, 0, "POST", "/DescribeRecoveryInstances", .takes = "filters maxResults nextToken" },
    { "TerminateRecoveryInstances", terminate, SB_MUTATES, "POST", "/TerminateRecoveryInstances", .takes = "recoveryInstanceIDs!" },
    { "ReverseReplication", reverse, SB_MUTATES, "POST", "/ReverseReplication", .takes = "recoveryInstanceID!" },
    { "StartReplication", start_replication, SB_MUTATES, "POST", "/StartReplication", .takes = "sourceServerID!" },
    { "TagResource", tag_resource, SB_MUTATES, "POST", "/tags/{resourceArn}", .takes = "tags!" },
    { 0 },
};
/* clang-format on */

SB_DOCS(DRS, kinds)

const struct sb_service sb_service_drs = { .signing_name = "drs",
                                           .row = "drs",
                                           .operations = operations,
                                           .advance = advance,
                                           .make = make,
                                           .truth = truth };

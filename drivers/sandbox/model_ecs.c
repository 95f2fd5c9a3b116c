/*
 * ECS: services that keep so many tasks running (AWS.md 2.6). A changed count starts no deployment;
 * tasks take their time to start, or do not start at all when there is no capacity. Clusters exist
 * by their services, and so do task definitions; what else a service says is a document.
 *
 *     make ecs us-west-2 {"cluster":"shop","service":"web","count":0}
 *     make ecs us-west-2
 * {"kind":"task-definition","name":"web:1","cpu":"1024","containerDefinitions":[...]} make ecs
 * us-west-2 {"kind":"service","name":"shop/web","platformVersion":"1.3.0"}
 */
#include "sandbox_docs.h"

#include <cjson/cJSON.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVICES_MAX 2048u
#define TASKS_MAX    200u
#define EVENTS_MAX   20u
#define NAME_BYTES   64u

/* AWS's durations, in real time (AWS.md 4.8): an image's pull dominates. */
#define START_MS      20000u
#define START_SPAN_MS 40000u
#define STOP_MS       2000u
#define STOP_SPAN_MS  3000u
#define COMPLAIN_MS   60000u

struct task {
    char id[33];
    bool running;
    uint64_t due_ms; /* starts, or is gone, then; SB_NEVER: neither */
    bool stopping;
};

struct event {
    int64_t wall_ms;
    char message[200];
};

struct service {
    size_t region;
    char cluster[NAME_BYTES], name[NAME_BYTES], task_definition[NAME_BYTES];
    int desired;
    struct task tasks[TASKS_MAX];
    size_t task_count;
    struct event events[EVENTS_MAX];
    size_t event_count;
    int64_t created_ms;
    uint64_t complain_ms;
    bool was_down, steady;
};

struct ecs {
    struct service *services;
    size_t count, cap;
};

/* clang-format off */
static const struct sb_kind kinds[] = {
    { "service",
      "{\"launchType\":\"FARGATE\",\"platformVersion\":\"1.4.0\",\"platformFamily\":\"Linux\","
      "\"deploymentConfiguration\":{\"maximumPercent\":200,\"minimumHealthyPercent\":100,"
      "\"deploymentCircuitBreaker\":{\"enable\":true,\"rollback\":true}},"
      "\"loadBalancers\":[],\"serviceRegistries\":[],\"schedulingStrategy\":\"REPLICA\"}", false, NULL },
    { "task-definition",
      "{\"taskDefinitionArn\":\"arn:aws:ecs:{region}:{account}:task-definition/{name}\",\"status\":\"ACTIVE\","
      "\"cpu\":\"512\",\"memory\":\"1024\",\"networkMode\":\"awsvpc\",\"requiresCompatibilities\":[\"FARGATE\"],"
      "\"runtimePlatform\":{\"cpuArchitecture\":\"X86_64\",\"operatingSystemFamily\":\"LINUX\"},"
      "\"containerDefinitions\":[{\"name\":\"app\",\"image\":\"{account}.dkr.ecr.{region}.amazonaws.com/{name}\","
      "\"essential\":true,\"environment\":[],\"secrets\":[]}]}", false, NULL },
    { 0 },
};
/* clang-format on */

static struct ecs *state(const struct evac_sandbox *sb)
{
    return sb->state[SB_ECS];
}

static void *create(struct evac_sandbox *sb)
{
    struct ecs *ecs = sb_table_new(sizeof *ecs);
    (void)sb;
    return ecs;
}

static void destroy(void *table)
{
    struct ecs *ecs = table;
    if (ecs)
        free(ecs->services);
    sb_table_free(ecs);
}

/* --- tasks ----------------------------------------------------------------------------------- */

static void note(struct evac_sandbox *sb, struct service *s, const char *message)
{
    struct event *e = &s->events[s->event_count++ % EVENTS_MAX];
    e->wall_ms = sb_wall_ms(sb);
    (void)snprintf(e->message, sizeof e->message, "(service %s) %s", s->name, message);
}

static int count_running(const struct service *s)
{
    int n = 0;
    for (size_t i = 0; i < s->task_count; i++)
        n += s->tasks[i].running;
    return n;
}

static int count_wanted(const struct service *s)
{
    int n = 0;
    for (size_t i = 0; i < s->task_count; i++)
        n += !s->tasks[i].stopping;
    return n;
}

static uint64_t start_after(struct evac_sandbox *sb)
{
    return sb->now_ms + sb_scaled(sb, START_MS + sb_random(sb, START_SPAN_MS));
}

static void add_task(struct evac_sandbox *sb, struct service *s, bool running)
{
    if (s->task_count == TASKS_MAX)
        return;
    struct task *t = &s->tasks[s->task_count++];
    *t = (struct task){ .running = running, .due_ms = running ? SB_NEVER : start_after(sb) };
    sb_random_id(sb, t->id, 32);
}

/* The ones that do not run yet go first. */
static void stop_one(struct evac_sandbox *sb, struct service *s)
{
    struct task *last = NULL;
    for (size_t i = 0; i < s->task_count; i++) {
        struct task *t = &s->tasks[i];
        if (!t->stopping && (!last || !t->running || last->running))
            last = t;
    }
    if (!last)
        return;
    last->stopping = true;
    last->due_ms = sb->now_ms + sb_scaled(sb, STOP_MS + sb_random(sb, STOP_SPAN_MS));
}

static void reconcile(struct evac_sandbox *sb, struct service *s)
{
    for (int n = count_wanted(s); n < s->desired && s->task_count < TASKS_MAX; n++)
        add_task(sb, s, false);
    for (int n = count_wanted(s); n > s->desired; n--)
        stop_one(sb, s);
}

/* Without capacity nothing starts, and the service says so again and again. */
static void wait_for_capacity(struct evac_sandbox *sb, struct service *s, struct task *t)
{
    t->due_ms = start_after(sb);
    if (t->due_ms <= sb->now_ms)
        t->due_ms = sb->now_ms + 1000;
    if (s->complain_ms > sb->now_ms)
        return;
    s->complain_ms = sb->now_ms + sb_scaled(sb, COMPLAIN_MS) + 1;
    note(sb, s,
         "was unable to place a task because no container instance met all of its "
         "requirements. Reason: Capacity is unavailable at this time.");
}

static void move_tasks(struct evac_sandbox *sb, struct service *s)
{
    bool refused = sb_fault(sb, SB_ECS, s->region)->capacity_refused;
    for (size_t i = 0; i < s->task_count;) {
        struct task *t = &s->tasks[i];
        if (t->due_ms > sb->now_ms) {
            i++;
        } else if (t->stopping) {
            s->tasks[i] = s->tasks[--s->task_count];
        } else if (refused) {
            wait_for_capacity(sb, s, t);
            i++;
        } else {
            t->running = true;
            t->due_ms = SB_NEVER;
            i++;
        }
    }
}

/* A region's loss takes every task; its return starts them anew. */
static void lose(struct service *s)
{
    s->task_count = 0;
    s->was_down = true;
    s->steady = false;
}

static void advance(struct evac_sandbox *sb)
{
    struct ecs *ecs = state(sb);
    for (size_t i = 0; i < ecs->count; i++) {
        struct service *s = &ecs->services[i];
        if (sb->regions[s->region].down) {
            lose(s);
            continue;
        }
        if (s->was_down)
            reconcile(sb, s);
        s->was_down = false;
        move_tasks(sb, s);
        bool steady = count_running(s) == s->desired && count_wanted(s) == s->desired;
        if (steady && !s->steady)
            note(sb, s, "has reached a steady state.");
        s->steady = steady;
    }
}

static uint64_t wake(const struct evac_sandbox *sb)
{
    const struct ecs *ecs = state(sb);
    uint64_t next = SB_NEVER;
    for (size_t i = 0; i < ecs->count; i++) {
        const struct service *s = &ecs->services[i];
        for (size_t k = 0; k < s->task_count; k++)
            if (s->tasks[k].due_ms < next)
                next = s->tasks[k].due_ms;
    }
    return next;
}

/* --- what others ask ------------------------------------------------------------------------- */

static struct service *find(const struct evac_sandbox *sb, size_t region, struct evac_str cluster,
                            struct evac_str name)
{
    struct ecs *ecs = state(sb);
    for (size_t i = 0; i < ecs->count; i++)
        if (ecs->services[i].region == region && evac_str_is(cluster, ecs->services[i].cluster) &&
            evac_str_is(name, ecs->services[i].name))
            return &ecs->services[i];
    return NULL;
}

/* As it is, or with the kind's defaults. */
static struct sb_doc *document(struct evac_sandbox *sb, const char *kind, size_t region,
                               const char *name)
{
    struct sb_doc *d = sb_doc_find(sb, SB_ECS, region, kind, evac_str(name));
    return d ? d : sb_doc_of_kind(sb, SB_ECS, kinds, kind, region, evac_str(name));
}

static struct service *add_service(struct evac_sandbox *sb, size_t region, struct evac_str cluster,
                                   struct evac_str name)
{
    struct ecs *ecs = state(sb);
    if (ecs->count == SERVICES_MAX)
        return NULL;
    if (ecs->count == ecs->cap) {
        ecs->cap = ecs->cap ? 2 * ecs->cap : 16;
        ecs->services = realloc(ecs->services, ecs->cap * sizeof *ecs->services);
        if (!ecs->services)
            abort();
    }
    struct service *s = &ecs->services[ecs->count++];
    *s = (struct service){ .region = region, .created_ms = sb_wall_ms(sb) };
    (void)evac_str_copy(s->cluster, sizeof s->cluster, cluster);
    (void)evac_str_copy(s->name, sizeof s->name, name);
    (void)snprintf(s->task_definition, sizeof s->task_definition, "%.*s:1", EVAC_STR_ARG(name));
    return s;
}

void sb_ecs_service(struct evac_sandbox *sb, const char *region, const char *cluster,
                    const char *service, int count)
{
    struct service *s =
        add_service(sb, sb_region_find(sb, evac_str(region)), evac_str(cluster), evac_str(service));
    if (!s)
        return;
    s->desired = count;
    s->steady = true;
    for (int i = 0; i < count; i++)
        add_task(sb, s, true);
    note(sb, s, "has reached a steady state.");
}

int sb_ecs_running(const struct evac_sandbox *sb, size_t region, const char *cluster,
                   const char *service)
{
    const struct service *s = find(sb, region, evac_str(cluster), evac_str(service));
    return s && !sb->regions[region].down ? count_running(s) : 0;
}

/* --- what is written of them ----------------------------------------------------------------- */

static struct evac_str arn(struct sb_call *c, const char *kind, const char *name)
{
    return evac_arena_printf(c->arena, "arn:aws:ecs:%s:" SB_ACCOUNT ":%s/%s",
                             sb_region_name(c->sb, c->region), kind, name);
}

static void put_text(struct evac_buf *json, const char *name, struct evac_str value)
{
    evac_buf_putc(json, '"');
    evac_buf_puts(json, name);
    evac_buf_puts(json, "\":");
    evac_buf_json(json, value);
    evac_buf_putc(json, ',');
}

static void put_time(struct evac_buf *json, const char *name, int64_t wall_ms)
{
    evac_buf_putf(json, "\"%s\":%lld.%03lld,", name, (long long)(wall_ms / 1000),
                  (long long)(wall_ms % 1000));
}

static struct evac_str service_arn(struct sb_call *c, const struct service *s)
{
    return evac_arena_printf(c->arena, "arn:aws:ecs:%s:" SB_ACCOUNT ":service/%s/%s",
                             sb_region_name(c->sb, s->region), s->cluster, s->name);
}

static struct evac_str definition_arn(struct sb_call *c, const struct service *s)
{
    return arn(c, "task-definition", s->task_definition);
}

static void put_counts(struct evac_buf *json, const struct service *s)
{
    int running = count_running(s), pending = count_wanted(s) - running;
    evac_buf_putf(json, "\"desiredCount\":%d,\"runningCount\":%d,\"pendingCount\":%d,", s->desired,
                  running, pending > 0 ? pending : 0);
}

static void put_deployment(struct sb_call *c, const struct service *s)
{
    struct evac_buf *out = &c->out;
    evac_buf_putf(out, "\"deployments\":[{\"id\":\"ecs-svc/%lld\",\"status\":\"PRIMARY\",",
                  (long long)s->created_ms);
    put_text(out, "taskDefinition", definition_arn(c, s));
    put_counts(out, s);
    put_time(out, "createdAt", s->created_ms);
    put_time(out, "updatedAt", s->created_ms);
    evac_buf_puts(out,
                  "\"failedTasks\":0,\"launchType\":\"FARGATE\",\"rolloutState\":\"COMPLETED\","
                  "\"rolloutStateReason\":\"ECS deployment completed.\"}],");
}

static void put_events(struct evac_buf *out, const struct service *s)
{
    size_t n = s->event_count < EVENTS_MAX ? s->event_count : EVENTS_MAX;
    evac_buf_puts(out, "\"events\":[");
    for (size_t i = 0; i < n; i++) { /* newest first */
        const struct event *e = &s->events[(s->event_count - 1 - i) % EVENTS_MAX];
        evac_buf_putf(out, "%s{\"id\":\"%zu\",", i ? "," : "", s->event_count - i);
        put_time(out, "createdAt", e->wall_ms);
        evac_buf_puts(out, "\"message\":");
        evac_buf_json(out, evac_str(e->message));
        evac_buf_putc(out, '}');
    }
    evac_buf_puts(out, "],");
}

/* What its document says, without its braces. */
static void put_settings(struct sb_call *c, const struct service *s)
{
    const char *name = evac_arena_printf(c->arena, "%s/%s", s->cluster, s->name).p;
    const struct sb_doc *d = document(c->sb, "service", s->region, name);
    const cJSON *e;
    cJSON_ArrayForEach(e, d->json)
    {
        evac_buf_putf(&c->out, "\"%s\":", e->string);
        sb_doc_put(&c->out, d, e->string);
        evac_buf_putc(&c->out, ',');
    }
}

static void put_service(struct sb_call *c, const struct service *s)
{
    struct evac_buf *out = &c->out;
    evac_buf_putc(out, '{');
    put_text(out, "serviceArn", service_arn(c, s));
    put_text(out, "serviceName", evac_str(s->name));
    put_text(out, "clusterArn", arn(c, "cluster", s->cluster));
    put_text(out, "taskDefinition", definition_arn(c, s));
    put_counts(out, s);
    put_deployment(c, s);
    put_events(out, s);
    put_time(out, "createdAt", s->created_ms);
    put_settings(c, s);
    evac_buf_puts(out, "\"status\":\"ACTIVE\"}");
}

/* --- operations ------------------------------------------------------------------------------ */

/* A name, or the last part of an ARN. */
static struct evac_str short_name(struct evac_str name)
{
    for (size_t i = name.n; i > 0; i--)
        if (name.p[i - 1] == '/')
            return (struct evac_str){ name.p + i, name.n - i };
    return name;
}

static struct evac_str cluster_of(const struct sb_call *c)
{
    struct evac_str name = short_name(sb_in(c, "cluster"));
    return name.n ? name : EVAC_STR("default");
}

static bool has_cluster(const struct sb_call *c, struct evac_str cluster)
{
    const struct ecs *ecs = state(c->sb);
    for (size_t i = 0; i < ecs->count; i++)
        if (ecs->services[i].region == c->region && evac_str_is(cluster, ecs->services[i].cluster))
            return true;
    return false;
}

static bool check_cluster(struct sb_call *c)
{
    if (!has_cluster(c, cluster_of(c)))
        sb_error(c, 400, "ClusterNotFoundException", "Cluster not found.");
    return !c->failed;
}

static struct service *named(struct sb_call *c)
{
    if (!check_cluster(c))
        return NULL;
    struct service *s = find(c->sb, c->region, cluster_of(c), short_name(sb_in(c, "service")));
    if (!s)
        sb_error(c, 400, "ServiceNotFoundException", "Service not found.");
    return s;
}

static void describe_services(struct sb_call *c)
{
    struct evac_buf failures;
    bool first = true;
    if (!check_cluster(c))
        return;
    if (sb_has(c, "services.11") || !sb_has(c, "services.1")) {
        sb_error(c, 400, "InvalidParameterException", "services: from 1 to 10 names.");
        return;
    }
    evac_buf_init(&failures, 65536);
    evac_buf_puts(&c->out, "{\"services\":[");
    for (int i = 1; sb_has(c, "services.%d", i); i++) {
        struct evac_str name = short_name(sb_in(c, "services.%d", i));
        const struct service *s = find(c->sb, c->region, cluster_of(c), name);
        if (s) {
            evac_buf_puts(&c->out, first ? "" : ",");
            put_service(c, s);
            first = false;
        } else {
            evac_buf_puts(&failures, failures.n ? ",{\"arn\":" : "{\"arn\":");
            evac_buf_json(&failures, sb_in(c, "services.%d", i));
            evac_buf_puts(&failures, ",\"reason\":\"MISSING\"}");
        }
    }
    evac_buf_putf(&c->out, "],\"failures\":[%s]}", failures.n ? failures.p : "");
    evac_buf_done(&failures);
}

static void answer_service(struct sb_call *c, const struct service *s)
{
    evac_buf_puts(&c->out, "{\"service\":");
    put_service(c, s);
    evac_buf_putc(&c->out, '}');
}

static bool read_count(struct sb_call *c, int *ret_count)
{
    int64_t count = sb_in_i64(c, "desiredCount", *ret_count);
    if (count < 0 || count > (int64_t)TASKS_MAX) {
        sb_error(c, 400, "InvalidParameterException", "desiredCount: from 0 to %u in this sandbox.",
                 TASKS_MAX);
        return false;
    }
    *ret_count = (int)count;
    return true;
}

static void update_service(struct sb_call *c)
{
    struct service *s = named(c);
    int count = s ? s->desired : 0;
    if (!s || !read_count(c, &count))
        return;
    if (count != s->desired)
        sb_effect(c);
    s->desired = count;
    s->steady = false;
    reconcile(c->sb, s);
    answer_service(c, s);
}

static void create_service(struct sb_call *c)
{
    struct evac_str name = sb_in(c, "serviceName");
    int count = 0;
    if (name.n == 0 || name.n >= NAME_BYTES)
        sb_error(c, 400, "InvalidParameterException", "serviceName: from 1 to 63 characters.");
    else if (find(c->sb, c->region, cluster_of(c), name))
        sb_error(c, 400, "InvalidParameterException", "Creation of service was not idempotent.");
    if (c->failed || !read_count(c, &count))
        return;
    struct service *s = add_service(c->sb, c->region, cluster_of(c), name);
    if (!s) {
        sb_error(c, 400, "LimitExceededException", "The sandbox keeps 64 services.");
        return;
    }
    struct evac_str definition = short_name(sb_in(c, "taskDefinition"));
    if (definition.n)
        (void)evac_str_copy(s->task_definition, sizeof s->task_definition, definition);
    s->desired = count;
    reconcile(c->sb, s);
    sb_effect(c);
    answer_service(c, s);
}

static void delete_service(struct sb_call *c)
{
    struct ecs *ecs = state(c->sb);
    struct service *s = named(c);
    if (!s)
        return;
    if (s->desired > 0 && !sb_in_bool(c, "force", false)) {
        sb_error(c, 400, "InvalidParameterException",
                 "The service cannot be stopped while it is scaled above 0.");
        return;
    }
    answer_service(c, s);
    size_t at = (size_t)(s - ecs->services);
    memmove(s, s + 1, (ecs->count - at - 1) * sizeof *s);
    ecs->count--;
    sb_effect(c);
}

static void list_services(struct sb_call *c)
{
    const struct ecs *ecs = state(c->sb);
    bool first = true;
    if (!check_cluster(c))
        return;
    evac_buf_puts(&c->out, "{\"serviceArns\":[");
    for (size_t i = 0; i < ecs->count; i++) {
        const struct service *s = &ecs->services[i];
        if (s->region != c->region || !evac_str_is(cluster_of(c), s->cluster))
            continue;
        evac_buf_puts(&c->out, first ? "" : ",");
        evac_buf_json(&c->out, service_arn(c, s));
        first = false;
    }
    evac_buf_puts(&c->out, "]}");
}

static void put_cluster(struct sb_call *c, struct evac_str name)
{
    const struct ecs *ecs = state(c->sb);
    int services = 0, running = 0, pending = 0;
    for (size_t i = 0; i < ecs->count; i++) {
        const struct service *s = &ecs->services[i];
        if (s->region != c->region || !evac_str_is(name, s->cluster))
            continue;
        services++;
        running += count_running(s);
        pending += count_wanted(s) - count_running(s);
    }
    evac_buf_putc(&c->out, '{');
    put_text(&c->out, "clusterName", name);
    put_text(&c->out, "clusterArn", arn(c, "cluster", evac_arena_str(c->arena, name).p));
    evac_buf_putf(&c->out,
                  "\"status\":\"ACTIVE\",\"registeredContainerInstancesCount\":0,"
                  "\"runningTasksCount\":%d,\"pendingTasksCount\":%d,\"activeServicesCount\":%d}",
                  running, pending, services);
}

static void describe_clusters(struct sb_call *c)
{
    struct evac_buf failures;
    bool first = true;
    evac_buf_init(&failures, 65536);
    evac_buf_puts(&c->out, "{\"clusters\":[");
    for (int i = 1; i == 1 || sb_has(c, "clusters.%d", i); i++) {
        struct evac_str name = short_name(sb_in(c, "clusters.%d", i));
        if (name.n == 0)
            name = EVAC_STR("default");
        if (has_cluster(c, name)) {
            evac_buf_puts(&c->out, first ? "" : ",");
            put_cluster(c, name);
            first = false;
        } else {
            evac_buf_puts(&failures, failures.n ? ",{\"arn\":" : "{\"arn\":");
            evac_buf_json(&failures, arn(c, "cluster", evac_arena_str(c->arena, name).p));
            evac_buf_puts(&failures, ",\"reason\":\"MISSING\"}");
        }
    }
    evac_buf_putf(&c->out, "],\"failures\":[%s]}", failures.n ? failures.p : "");
    evac_buf_done(&failures);
}

static void list_clusters(struct sb_call *c)
{
    const struct ecs *ecs = state(c->sb);
    const char *seen[SERVICES_MAX];
    size_t n = 0;
    evac_buf_puts(&c->out, "{\"clusterArns\":[");
    for (size_t i = 0; i < ecs->count; i++) {
        size_t k = 0;
        while (k < n && strcmp(seen[k], ecs->services[i].cluster) != 0)
            k++;
        if (k < n || ecs->services[i].region != c->region)
            continue;
        evac_buf_puts(&c->out, n ? "," : "");
        evac_buf_json(&c->out, arn(c, "cluster", ecs->services[i].cluster));
        seen[n++] = ecs->services[i].cluster;
    }
    evac_buf_puts(&c->out, "]}");
}

static struct evac_str task_arn(struct sb_call *c, const struct service *s, const struct task *t)
{
    return arn(c, "task", evac_arena_printf(c->arena, "%s/%s", s->cluster, t->id).p);
}

static void list_tasks(struct sb_call *c)
{
    const struct ecs *ecs = state(c->sb);
    struct evac_str only = short_name(sb_in(c, "serviceName"));
    bool stopped = evac_str_is(sb_in(c, "desiredStatus"), "STOPPED"), first = true;
    if (!check_cluster(c))
        return;
    evac_buf_puts(&c->out, "{\"taskArns\":[");
    for (size_t i = 0; i < ecs->count; i++) {
        const struct service *s = &ecs->services[i];
        if (s->region != c->region || !evac_str_is(cluster_of(c), s->cluster) ||
            (only.n && !evac_str_is(only, s->name)))
            continue;
        for (size_t k = 0; k < s->task_count; k++) {
            if (s->tasks[k].stopping != stopped)
                continue;
            evac_buf_puts(&c->out, first ? "" : ",");
            evac_buf_json(&c->out, task_arn(c, s, &s->tasks[k]));
            first = false;
        }
    }
    evac_buf_puts(&c->out, "]}");
}

static void put_task(struct sb_call *c, const struct service *s, const struct task *t)
{
    struct evac_buf *out = &c->out;
    evac_buf_putc(out, '{');
    put_text(out, "taskArn", task_arn(c, s, t));
    put_text(out, "clusterArn", arn(c, "cluster", s->cluster));
    put_text(out, "taskDefinitionArn", definition_arn(c, s));
    put_text(out, "group", evac_arena_printf(c->arena, "service:%s", s->name));
    put_text(out, "lastStatus", t->running ? EVAC_STR("RUNNING") : EVAC_STR("PENDING"));
    evac_buf_putf(out, "\"desiredStatus\":\"%s\",\"launchType\":\"FARGATE\"}",
                  t->stopping ? "STOPPED" : "RUNNING");
}

static const struct task *find_task(const struct sb_call *c, struct evac_str id,
                                    const struct service **ret_service)
{
    const struct ecs *ecs = state(c->sb);
    for (size_t i = 0; i < ecs->count; i++)
        for (size_t k = 0; k < ecs->services[i].task_count; k++)
            if (ecs->services[i].region == c->region &&
                evac_str_is(id, ecs->services[i].tasks[k].id)) {
                *ret_service = &ecs->services[i];
                return &ecs->services[i].tasks[k];
            }
    return NULL;
}

static void describe_tasks(struct sb_call *c)
{
    struct evac_buf failures;
    bool first = true;
    if (!check_cluster(c))
        return;
    evac_buf_init(&failures, 65536);
    evac_buf_puts(&c->out, "{\"tasks\":[");
    for (int i = 1; i <= 100 && sb_has(c, "tasks.%d", i); i++) {
        const struct service *s;
        const struct task *t = find_task(c, short_name(sb_in(c, "tasks.%d", i)), &s);
        if (t) {
            evac_buf_puts(&c->out, first ? "" : ",");
            put_task(c, s, t);
            first = false;
        } else {
            evac_buf_puts(&failures, failures.n ? ",{\"arn\":" : "{\"arn\":");
            evac_buf_json(&failures, sb_in(c, "tasks.%d", i));
            evac_buf_puts(&failures, ",\"reason\":\"MISSING\"}");
        }
    }
    evac_buf_putf(&c->out, "],\"failures\":[%s]}", failures.n ? failures.p : "");
    evac_buf_done(&failures);
}

/* Task definitions that services name exist; others are those that were made. */
static bool is_in_use(const struct sb_call *c, struct evac_str name)
{
    const struct ecs *ecs = state(c->sb);
    for (size_t i = 0; i < ecs->count; i++)
        if (ecs->services[i].region == c->region &&
            evac_str_is(name, ecs->services[i].task_definition))
            return true;
    return false;
}

static void describe_task_definition(struct sb_call *c)
{
    struct evac_str name = short_name(sb_in(c, "taskDefinition")), revision;
    const char *text = evac_arena_str(c->arena, name).p;
    struct sb_doc *d = is_in_use(c, name)
                           ? document(c->sb, "task-definition", c->region, text)
                           : sb_doc_find(c->sb, c->id, c->region, "task-definition", name);
    if (!d) {
        sb_error(c, 400, "ClientException", "Unable to describe task definition.");
        return;
    }
    sb_doc_set_text(d, "family", evac_str_cut(name, ':', &revision));
    evac_buf_puts(&c->out, "{\"taskDefinition\":");
    sb_doc_put(&c->out, d, "");
    evac_buf_puts(&c->out, ",\"tags\":[]}");
}

static void truth(const struct evac_sandbox *sb, struct evac_buf *json)
{
    const struct ecs *ecs = state(sb);
    evac_buf_puts(json, ",\"ecs\":[");
    for (size_t i = 0; i < ecs->count; i++) {
        const struct service *s = &ecs->services[i];
        evac_buf_putf(json,
                      "%s{\"region\":\"%s\",\"cluster\":\"%s\",\"service\":\"%s\",\"desired\":%d,"
                      "\"running\":%d}",
                      i ? "," : "", sb_region_name(sb, s->region), s->cluster, s->name, s->desired,
                      sb_ecs_running(sb, s->region, s->cluster, s->name));
    }
    evac_buf_putc(json, ']');
}

/* Rates: AWS.md 1.11. */
static const struct sb_operation operations[] = {
    { .name = "DescribeServices", .handle = describe_services },
    { .name = "UpdateService", .handle = update_service, .flags = SB_MUTATES },
    { .name = "CreateService", .handle = create_service, .flags = SB_MUTATES },
    { .name = "DeleteService", .handle = delete_service, .flags = SB_MUTATES },
    { .name = "ListServices", .handle = list_services },
    { .name = "DescribeClusters", .handle = describe_clusters },
    { .name = "ListClusters", .handle = list_clusters },
    { .name = "ListTasks", .handle = list_tasks },
    { .name = "DescribeTasks", .handle = describe_tasks },
    { .name = "DescribeTaskDefinition",
      .handle = describe_task_definition,
      .takes = "taskDefinition! include" },
    { 0 },
};

static enum evac_code make(struct evac_sandbox *sb, size_t region, const struct evac_json *json,
                           struct evac_err *err)
{
    struct evac_str cluster = evac_json_str(json, "cluster"), name = evac_json_str(json, "service");
    int64_t count = evac_json_i64(json, "count", -1);
    if (evac_json_str(json, "kind").n)
        return sb_docs_make(sb, SB_ECS, kinds, region, json, err);
    if (!cluster.n || !name.n || count < 0 || count > (int64_t)TASKS_MAX)
        return evac_fail(err, EVAC_E_BADARG,
                         "ecs needs a \"cluster\", a \"service\" and a \"count\" from 0 to %u",
                         TASKS_MAX);
    struct service *s = find(sb, region, cluster, name);
    if (!s)
        s = add_service(sb, region, cluster, name);
    if (!s)
        return evac_fail(err, EVAC_E_TOOBIG, "there are %u services already", SERVICES_MAX);
    s->desired = (int)count;
    s->task_count = 0;
    s->steady = true;
    for (int i = 0; i < s->desired; i++)
        add_task(sb, s, true);
    return EVAC_OK;
}

const struct sb_service sb_service_ecs = {
    .signing_name = "ecs",
    .row = "ecs",
    .operations = operations,
    .create = create,
    .destroy = destroy,
    .advance = advance,
    .wake = wake,
    .make = make,
    .truth = truth,
};

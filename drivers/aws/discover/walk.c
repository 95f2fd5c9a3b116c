#include "walk.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define OPEN_MAX   8u
#define PAGES_MAX  50u /* a region: 5,000 resources */
#define TRIES_MAX  4u
#define LOST_MAX   2u /* of what did not answer at all */
#define RETRY_MS   500u
#define REQUEST_MS 10000u

/* Where what is global is listed, in AWS's own partition. */
static const char *const global_areas[] = { "us-east-1", "us-west-2" };

/* --- texts ----------------------------------------------------------------------------------- */

struct evac_str walk_keep(struct walk *w, struct evac_str text)
{
    return evac_arena_str(w->arena, text);
}

struct evac_str walk_printf(struct walk *w, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct evac_str s = evac_arena_vprintf(w->arena, fmt, ap);
    va_end(ap);
    return s;
}

static void keep_line(struct walk *w, struct evac_str **list, size_t *count, size_t *room,
                      struct evac_str line)
{
    if (*count == *room) {
        size_t more = *room ? *room * 2 : 16;
        struct evac_str *grown = evac_arena_array(w->arena, more, sizeof *grown);
        if (*count)
            memcpy(grown, *list, *count * sizeof *grown);
        *list = grown;
        *room = more;
    }
    (*list)[(*count)++] = line;
}

void walk_doubt(struct walk *w, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    keep_line(w, &w->doubts, &w->doubt_count, &w->doubt_room,
              evac_arena_vprintf(w->arena, fmt, ap));
    va_end(ap);
}

void walk_silent(struct walk *w, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    keep_line(w, &w->silent, &w->silent_count, &w->silent_room,
              evac_arena_vprintf(w->arena, fmt, ap));
    va_end(ap);
}

static void say(struct walk *w, struct evac_str line)
{
    if (w->said)
        w->said(w->user, line);
}

struct area *walk_area(struct walk *w, struct evac_str region)
{
    for (size_t i = 0; i < w->area_count; i++)
        if (evac_str_eq(w->areas[i].region, region))
            return &w->areas[i];
    return NULL;
}

bool walk_wants(const struct walk *w, struct evac_str region)
{
    for (size_t i = 0; i < w->query.region_count; i++)
        if (evac_str_eq(w->query.regions[i], region))
            return true;
    return false;
}

/* --- requests -------------------------------------------------------------------------------- */

static uint64_t now(const struct walk *w)
{
    return w->link->host->now_ms(w->link->host->ctx);
}

static void enqueue(struct job *job)
{
    struct walk *w = job->walk;
    job->next = NULL;
    *w->last_job = job;
    w->last_job = &job->next;
}

/* All that looking may ask. */
/* clang-format off */
#define LOOK(service, operation, iam) { service, operation, iam, EVAC_HOME_STEP, NULL, true, false }
static const struct evac_op ops[] = {
    LOOK("tagging", "GetResources", "tag:GetResources"),
    LOOK("autoscaling", "DescribeAutoScalingGroups", "autoscaling:DescribeAutoScalingGroups"),
    LOOK("cloudfront", "GetDistribution", "cloudfront:GetDistribution"),
    LOOK("dynamodb", "DescribeTable", "dynamodb:DescribeTable"),
    LOOK("ecs", "DescribeServices", "ecs:DescribeServices"),
    LOOK("efs", "DescribeReplicationConfigurations", "elasticfilesystem:DescribeReplicationConfigurations"),
    LOOK("eks", "DescribeNodegroup", "eks:DescribeNodegroup"),
    LOOK("elasticache", "DescribeGlobalReplicationGroups", "elasticache:DescribeGlobalReplicationGroups"),
    LOOK("elbv2", "DescribeLoadBalancers", "elasticloadbalancing:DescribeLoadBalancers"),
    LOOK("globalaccelerator", "ListEndpointGroups", "globalaccelerator:ListEndpointGroups"),
    LOOK("globalaccelerator", "ListListeners", "globalaccelerator:ListListeners"),
    LOOK("kms", "DescribeKey", "kms:DescribeKey"),
    LOOK("lambda", "ListEventSourceMappings", "lambda:ListEventSourceMappings"),
    LOOK("rds", "DescribeDBClusters", "rds:DescribeDBClusters"),
    LOOK("rds", "DescribeDBInstances", "rds:DescribeDBInstances"),
    LOOK("rds", "DescribeGlobalClusters", "rds:DescribeGlobalClusters"),
    LOOK("route53", "GetHealthCheck", "route53:GetHealthCheck"),
    LOOK("route53", "ListResourceRecordSets", "route53:ListResourceRecordSets"),
    LOOK("s3", "GetBucketReplication", "s3:GetReplicationConfiguration"),
    LOOK("s3", "GetObject", "s3:GetObject"),
    LOOK("scheduler", "ListSchedules", "scheduler:ListSchedules"),
    LOOK("secretsmanager", "DescribeSecret", "secretsmanager:DescribeSecret"),
    LOOK("sqs", "GetQueueUrl", "sqs:GetQueueUrl"),
    { 0 },
};
/* clang-format on */

static struct job *job_new(struct walk *w, struct thing *thing, struct area *area,
                           walk_read_fn *read)
{
    struct job *job = evac_arena_alloc(w->arena, sizeof *job);
    *job = (struct job){ .walk = w, .thing = thing, .area = area, .read = read };
    job->call = (struct aws_call){ .link = w->link,
                                   .arena = w->arena,
                                   .action = "discover",
                                   .token = "",
                                   .ops = ops,
                                   .state = job };
    job->call.region = thing ? thing->listed : area->region;
    if (thing)
        job->call.args = thing->holes;
    return job;
}

void walk_ask(struct walk *w, struct thing *thing, struct area *area, const struct aws_ask *ask,
              struct evac_str next, walk_read_fn *read)
{
    struct job *job = job_new(w, thing, area, read);
    const struct aws_hole holes[] = { { "app", w->query.app },
                                      { "tag", w->query.tag },
                                      { "value", w->query.value },
                                      { "region", job->call.region },
                                      { "next", next } };
    job->request = aws_ask(&job->call, ask, false, holes, sizeof holes / sizeof holes[0]);
    job->request.total_ms = REQUEST_MS;
    enqueue(job);
}

void walk_ask_bucket(struct thing *thing, const char *operation, struct evac_str path,
                     const char *flag, walk_read_fn *read)
{
    struct job *job = job_new(thing->walk, thing, NULL, read);
    struct evac_arg *params = evac_arena_alloc(thing->walk->arena, sizeof *params);
    params[0] = (struct evac_arg){ evac_str(flag), EVAC_STR_NONE };
    job->request = (struct evac_aws_request){ .service = "s3",
                                              .operation = operation,
                                              .region = thing->listed,
                                              .method = "GET",
                                              .bucket = thing->name,
                                              .path = walk_keep(thing->walk, path),
                                              .params = params,
                                              .param_count = flag ? 1 : 0,
                                              .total_ms = REQUEST_MS };
    enqueue(job);
}

static const char *subject(const struct job *job)
{
    const struct thing *t = job->thing;
    struct walk *w = job->walk;
    struct evac_str region = job->request.region;
    if (!t)
        return walk_printf(w, "%.*s", EVAC_STR_ARG(region)).p;
    return walk_printf(w, "%.*s%s%.*s", EVAC_STR_ARG(t->name), t->region.n ? " in " : "",
                       EVAC_STR_ARG(t->region))
        .p;
}

bool walk_answered(struct job *job, const struct evac_aws_reply *r)
{
    if (r->outcome == EVAC_OUTCOME_ACCEPTED)
        return true;
    walk_silent(job->walk, "%s: %s %s: %.*s%s%.*s", subject(job), job->request.service,
                job->request.operation, EVAC_STR_ARG(r->code), r->code.n ? ": " : "",
                EVAC_STR_ARG(r->message));
    return false;
}

static void pump(struct walk *w);

static void again(void *user)
{
    struct job *job = user;
    job->walk->open--;
    enqueue(job);
    pump(job->walk);
}

/* Reads can be repeated at will; what was refused is refused again. */
static bool try_again(struct job *job, const struct evac_aws_reply *r)
{
    struct walk *w = job->walk;
    bool throttled = r->outcome == EVAC_OUTCOME_THROTTLED;
    uint64_t id, delay = r->retry_after_ms ? r->retry_after_ms : (uint64_t)RETRY_MS << job->tries;
    struct evac_err err = { EVAC_OK, "" };
    if (r->outcome == EVAC_OUTCOME_ACCEPTED || r->outcome == EVAC_OUTCOME_REJECTED ||
        job->tries + 1 >= (throttled ? TRIES_MAX : LOST_MAX) ||
        now(w) + delay >= w->query.deadline_ms)
        return false;
    job->tries++;
    return w->link->host->timer(w->link->host->ctx, delay, again, job, &id, &err) == EVAC_OK;
}

static void replied(struct aws_call *c, const struct evac_aws_reply *reply)
{
    struct job *job = c->state;
    struct walk *w = job->walk;
    if (try_again(job, reply))
        return; /* still open */
    w->open--;
    job->read(job, reply);
    pump(w);
}

static void not_asked(struct job *job, const char *why)
{
    struct evac_aws_reply reply = { .outcome = EVAC_OUTCOME_NOT_SENT, .message = evac_str(why) };
    job->read(job, &reply);
}

static void start(struct job *job)
{
    struct walk *w = job->walk;
    struct evac_err err = { EVAC_OK, "" };
    if (now(w) >= w->query.deadline_ms)
        not_asked(job, "not asked: the time was up");
    else if (aws_send(&job->call, &job->request, replied, &err))
        not_asked(job, err.text);
    else
        w->open++;
}

static void quiet(struct walk *w)
{
    if (walk_settle(w) || walk_dns_checks(w)) {
        pump(w);
        return;
    }
    walk_tell(w);
    evac_arena_free(w->arena);
}

/* Mind that the walk may be gone afterwards. */
static void pump(struct walk *w)
{
    if (w->pumping)
        return;
    w->pumping = true;
    while (w->queue && w->open < OPEN_MAX) {
        struct job *job = w->queue;
        w->queue = job->next;
        if (!w->queue)
            w->last_job = &w->queue;
        start(job);
    }
    w->pumping = false;
    if (!w->queue && !w->open)
        quiet(w);
}

/* --- what carries the tag -------------------------------------------------------------------- */

static walk_read_fn read_page;

static void ask_page(struct walk *w, struct area *area, struct evac_str token)
{
    struct job *job = job_new(w, NULL, area, read_page);
    struct evac_buf body;
    evac_buf_init(&body, 8192);
    evac_buf_puts(&body, "{\"TagFilters\":[{\"Key\":");
    evac_buf_json(&body, w->query.tag);
    evac_buf_puts(&body, ",\"Values\":[");
    evac_buf_json(&body, w->query.value);
    evac_buf_puts(&body, "]}],\"ResourcesPerPage\":100");
    if (token.n) {
        evac_buf_puts(&body, ",\"PaginationToken\":");
        evac_buf_json(&body, token);
    }
    evac_buf_putc(&body, '}');
    job->request = (struct evac_aws_request){ .service = "tagging",
                                              .operation = "GetResources",
                                              .region = area->region,
                                              .body = walk_keep(w, evac_buf_str(&body)),
                                              .total_ms = REQUEST_MS };
    evac_buf_done(&body);
    enqueue(job);
}

static void read_page(struct job *job, const struct evac_aws_reply *r)
{
    struct walk *w = job->walk;
    struct area *area = job->area;
    if (!walk_answered(job, r)) {
        say(w,
            walk_printf(w, "%.*s does not tell what carries the tag", EVAC_STR_ARG(area->region)));
        return;
    }
    area->answered = true;
    const struct evac_json *list = evac_json_get(r->json, "ResourceTagMappingList");
    for (const struct evac_json *m = evac_json_first(list); m; m = evac_json_next(m)) {
        struct evac_str arn = evac_json_str(m, "ResourceARN");
        if (!area->wanted && !arn_is_global(arn))
            continue; /* in a region that nobody asked for */
        area->found++;
        (void)walk_found(w, arn, area->region);
    }
    struct evac_str token = evac_json_str(r->json, "PaginationToken");
    if (token.n && ++area->pages < PAGES_MAX) {
        ask_page(w, area, token);
        return;
    }
    if (token.n)
        walk_silent(w, "%.*s has more than %zu resources with the tag: the rest was not looked at",
                    EVAC_STR_ARG(area->region), area->found);
    if (area->wanted)
        say(w, walk_printf(w, "%.*s: %zu resources carry the tag", EVAC_STR_ARG(area->region),
                           area->found));
}

/* --- life ------------------------------------------------------------------------------------ */

static struct evac_query copy_query(struct evac_arena *arena, const struct evac_query *q)
{
    struct evac_query copy = *q;
    struct evac_str *regions = evac_arena_array(arena, q->region_count, sizeof *regions);
    for (size_t i = 0; i < q->region_count; i++)
        regions[i] = evac_arena_str(arena, q->regions[i]);
    copy.regions = regions;
    copy.app = evac_arena_str(arena, q->app);
    copy.tag = evac_arena_str(arena, q->tag);
    copy.value = evac_arena_str(arena, q->value);
    return copy;
}

static void make_areas(struct walk *w)
{
    const struct evac_query *q = &w->query;
    size_t more = sizeof global_areas / sizeof global_areas[0];
    w->areas = evac_arena_array(w->arena, q->region_count + more, sizeof *w->areas);
    for (size_t i = 0; i < q->region_count; i++)
        w->areas[w->area_count++] = (struct area){ .region = q->regions[i], .wanted = true };
    if (strcmp(evac_aws_partition(q->regions[0]), "aws") != 0) {
        walk_doubt(w,
                   "What belongs to no region (DNS, distributions) is looked for in the partition "
                   "\"aws\" only.");
        return;
    }
    for (size_t i = 0; i < more; i++)
        if (!walk_wants(w, evac_str(global_areas[i])))
            w->areas[w->area_count++] = (struct area){ .region = evac_str(global_areas[i]) };
}

static void begin(void *user)
{
    pump(user);
}

enum evac_code aws_discover(struct evac_link *link, const struct evac_query *query,
                            evac_said_fn *said, evac_findings_fn *done, void *user,
                            struct evac_err *err)
{
    struct evac_arena *arena;
    uint64_t id;
    if (query->region_count == 0)
        return evac_fail(err, EVAC_E_BADARG, "no region to look in");
    arena = evac_arena_new();
    struct walk *w = evac_arena_alloc(arena, sizeof *w);
    *w = (struct walk){ .link = link, .arena = arena, .said = said, .done = done, .user = user };
    w->last_thing = &w->things;
    w->last_record = &w->records;
    w->last_job = &w->queue;
    w->query = copy_query(arena, query);
    make_areas(w);
    for (size_t i = 0; i < w->area_count; i++) {
        ask_page(w, &w->areas[i], EVAC_STR_NONE);
        if (w->areas[i].wanted)
            ask_scaling_groups(w, &w->areas[i], EVAC_STR_NONE);
    }
    enum evac_code code = link->host->timer(link->host->ctx, 0, begin, w, &id, err);
    if (code)
        evac_arena_free(arena);
    return code;
}

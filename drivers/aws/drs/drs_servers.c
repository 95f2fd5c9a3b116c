/* Source servers: which they are, how far behind, whether they could be launched. */
#include "aws_fence.h"
#include "aws_time.h"
#include "drs_parts.h"

#include <string.h>

/* clang-format off */
#define LIST(operation) { "drs", operation, "POST", "/" operation, .body = "{\"filters\":<=filters>,\"maxResults\":100,\"nextToken\":<\"next>}" }
const struct aws_ask drs_describe_servers = LIST("DescribeSourceServers");
const struct aws_ask drs_describe_jobs = LIST("DescribeJobs");
const struct aws_ask drs_describe_instances = LIST("DescribeRecoveryInstances");
static const struct aws_ask launch_configuration = { "drs", "GetLaunchConfiguration", "POST", "/GetLaunchConfiguration",
    .body = "{\"sourceServerID\":\"<server>\"}" };
/* clang-format on */

struct drs_work *drs_work(struct aws_call *c)
{
    return c->state;
}

/* --- lists --------------------------------------------------------------------------------------
 */

static void on_page(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct drs_work *w = drs_work(c);
    struct evac_str next = evac_arena_str(c->arena, evac_json_str(r->json, "nextToken"));
    if (!aws_looked(c, r))
        return;
    w->now_ms = aws_server_ms(c, r);
    for (const struct evac_json *x = evac_json_first(evac_json_get(r->json, "items")); x;
         x = evac_json_next(x))
        w->each(c, x);
    aws_set_arg(c, "next", next);
    if (next.n)
        aws_ask_next(c, w->page, false, on_page);
    else
        w->then(c);
}

static void begin_list(struct aws_call *c, const struct aws_ask *ask, struct evac_str filters,
                       void (*each)(struct aws_call *c, const struct evac_json *item),
                       aws_then_fn *then)
{
    struct drs_work *w = drs_work(c);
    w->page = ask;
    w->each = each;
    w->then = then;
    aws_set_arg(c, "filters", filters);
    aws_set_arg(c, "next", EVAC_STR_NONE);
}

void drs_list(struct aws_call *c, const struct aws_ask *ask, struct evac_str filters,
              void (*each)(struct aws_call *c, const struct evac_json *item), aws_then_fn *then)
{
    begin_list(c, ask, filters, each, then);
    aws_ask_next(c, ask, false, on_page);
}

struct evac_str drs_filter(struct aws_call *c, const char *member,
                           struct evac_str (*pick)(const struct drs_server *s))
{
    const struct drs_work *w = drs_work(c);
    struct evac_str list = EVAC_STR_NONE;
    for (size_t i = 0; i < w->count; i++) {
        struct evac_str text = pick(&w->servers[i]);
        if (text.n)
            list = aws_printf(c, "%.*s%s\"%.*s\"", EVAC_STR_ARG(list), list.n ? "," : "",
                              EVAC_STR_ARG(text));
    }
    return aws_printf(c, "{\"%s\":[%.*s]}", member, EVAC_STR_ARG(list));
}

/* --- source servers -----------------------------------------------------------------------------
 */

/* "P1DT2H3M4.5S" in milliseconds, -1 for anything else. */
static int64_t duration_ms(struct evac_str text)
{
    static const char units[] = "DHMS";
    static const double unit_ms[] = { 86400000, 3600000, 60000, 1000 };
    double number = 0, fraction = 0, sum = 0;
    bool digits = false;
    if (text.n < 3 || text.p[0] != 'P')
        return -1;
    for (size_t i = 1; i < text.n; i++) {
        char ch = text.p[i];
        const char *unit = ch ? strchr(units, ch) : NULL;
        if (ch == 'T' && !digits)
            continue;
        if (ch >= '0' && ch <= '9') {
            number = fraction > 0 ? number + (ch - '0') * fraction : number * 10 + (ch - '0');
            fraction /= fraction > 0 ? 10 : 1;
            digits = true;
        } else if (ch == '.' && digits) {
            fraction = 0.1;
        } else if (unit && digits) {
            sum += number * unit_ms[unit - units];
            number = fraction = 0;
            digits = false;
        } else {
            return -1;
        }
    }
    return digits || sum > 1e15 ? -1 : (int64_t)(sum + 0.5);
}

bool drs_is_tagged(struct aws_call *c, const struct evac_json *item)
{
    struct evac_str value, key = evac_str_cut(evac_args_get(&c->args, "tag"), '=', &value);
    if (key.n == 0)
        return true;
    struct evac_str has =
        evac_json_str(evac_json_get(item, "tags"), evac_arena_str(c->arena, key).p);
    return evac_str_eq(has, value);
}

bool drs_read_server(struct aws_call *c, const struct evac_json *item,
                     struct drs_server *ret_server)
{
    const struct evac_json *data = evac_json_get(item, "dataReplicationInfo");
    struct drs_server s = {
        .id = evac_arena_str(c->arena, evac_json_str(item, "sourceServerID")),
        .arn = evac_arena_str(c->arena, evac_json_str(item, "arn")),
        .state = evac_arena_str(c->arena, evac_json_str(data, "dataReplicationState")),
        .last_launch = evac_arena_str(c->arena, evac_json_str(item, "lastLaunchResult")),
        .instance = evac_arena_str(c->arena, evac_json_str(item, "recoveryInstanceId")),
        .reversed =
            evac_arena_str(c->arena, evac_json_str(item, "reversedDirectionSourceServerArn")),
        .lag_ms = duration_ms(evac_json_str(data, "lagDuration")),
        .seen_ms = -1,
    };
    (void)evac_aws_time_iso(
        evac_json_str(evac_json_get(item, "lifeCycle"), "lastSeenByServiceDateTime"), &s.seen_ms);
    *ret_server = s;
    return s.id.n > 0;
}

static void take_server(struct aws_call *c, const struct evac_json *item)
{
    struct drs_work *w = drs_work(c);
    struct drs_server s;
    if (w->count < DRS_SERVERS_MAX && drs_is_tagged(c, item) && drs_read_server(c, item, &s))
        w->servers[w->count++] = s;
}

enum evac_code drs_begin(struct aws_call *c, struct evac_err *err)
{
    struct drs_work *w = evac_arena_alloc(c->arena, sizeof *w);
    struct evac_str servers = aws_regional(c, "servers"), tag = evac_args_get(&c->args, "tag"),
                    value;
    (void)evac_str_cut(tag, '=', &value);
    *w = (struct drs_work){ .point_ms = -1 };
    w->servers = evac_arena_array(c->arena, DRS_SERVERS_MAX, sizeof *w->servers);
    /* the same from both regions: a failover's job is not to be taken for the failback's */
    w->of = aws_printf(c, "%.*s:%016llx", EVAC_STR_ARG(c->app),
                       (unsigned long long)evac_str_hash(tag.n ? tag : servers));
    c->state = w;
    if ((servers.n > 0) == (tag.n > 0))
        return evac_fail(err, EVAC_E_BADARG, "either servers or tag must say which source servers");
    if (tag.n && value.n == 0)
        return evac_fail(err, EVAC_E_BADARG, "tag is '%.*s': it must be as \"app=shop\"",
                         EVAC_STR_ARG(tag));
    return EVAC_OK;
}

/* A list of ids is a filter; a tag is looked for in all of them. */
static enum evac_code server_filter(struct aws_call *c, struct evac_str *ret_filter,
                                    struct evac_err *err)
{
    struct evac_str servers = aws_regional(c, "servers");
    struct evac_json *list = NULL;
    *ret_filter = EVAC_STR("{}");
    if (servers.n == 0)
        return EVAC_OK;
    enum evac_code code = evac_json_parse(servers, &list, err);
    if (code)
        return code;
    size_t n = evac_json_count(list);
    drs_work(c)->wanted = n;
    evac_json_free(list);
    if (n == 0 || n > DRS_SERVERS_MAX)
        return evac_fail(err, EVAC_E_BADARG, "servers has %zu ids: it must have 1 to %u", n,
                         DRS_SERVERS_MAX);
    *ret_filter = aws_printf(c, "{\"sourceServerIDs\":%.*s}", EVAC_STR_ARG(servers));
    return EVAC_OK;
}

enum evac_code drs_servers_first(struct aws_call *c, aws_then_fn *then, struct evac_err *err)
{
    struct evac_str filter;
    enum evac_code code = server_filter(c, &filter, err);
    if (code)
        return code;
    begin_list(c, &drs_describe_servers, filter, take_server, then);
    return aws_ask_first(c, &drs_describe_servers, false, on_page, err);
}

const char *drs_missing(struct aws_call *c)
{
    const struct drs_work *w = drs_work(c);
    if (w->count == 0)
        return "the region has no such source server";
    if (w->count < w->wanted)
        return aws_printf(c, "the region has %zu of %zu source servers", w->count, w->wanted).p;
    return "";
}

/* --- how far behind -----------------------------------------------------------------------------
 */

/* What is connected is as far behind as it says, now; the rest was, when it was heard of last. */
bool drs_lag(const struct drs_work *w, int64_t *ret_lag_ms, int64_t *ret_as_of_ms)
{
    int64_t until_ms = w->now_ms, as_of = w->now_ms;
    for (size_t i = 0; i < w->count; i++) {
        const struct drs_server *s = &w->servers[i];
        int64_t at = evac_str_is(s->state, "CONTINUOUS") ? w->now_ms : s->seen_ms;
        if (s->lag_ms < 0 || at < 0)
            return false;
        as_of = at < as_of ? at : as_of;
        until_ms = at - s->lag_ms < until_ms ? at - s->lag_ms : until_ms;
    }
    *ret_as_of_ms = as_of;
    *ret_lag_ms = as_of > until_ms ? as_of - until_ms : 0;
    return w->count > 0;
}

void drs_seen(struct aws_call *c, enum evac_seen seen, const char *fmt, ...)
{
    const struct drs_work *w = drs_work(c);
    int64_t lag, as_of, at = w->point_ms;
    va_list ap;
    va_start(ap, fmt);
    struct evac_str why = evac_arena_vprintf(c->arena, fmt, ap);
    va_end(ap);
    if (at < 0 && drs_lag(w, &lag, &as_of))
        at = as_of - lag;
    struct evac_fact facts[] = { { "as_of_wall_ms", aws_point_ms(c, at) },
                                 { "age_ms", w->now_ms > at ? w->now_ms - at : 0 } };
    struct aws_sight sight = {
        .seen = seen, .progress = -1, .facts = facts, .fact_count = at >= 0 ? 2 : 0
    };
    size_t launched = 0;
    for (size_t i = 0; i < w->count; i++)
        launched += w->servers[i].launched;
    sight.snapshot =
        aws_printf(c, "{\"found\":%s,\"servers\":%zu,\"launched\":%zu,\"job\":\"%.*s\"}",
                   w->jobs.n ? "true" : "false", w->count, launched, EVAC_STR_ARG(w->job));
    aws_answer_seen(c, &sight, "%.*s", EVAC_STR_ARG(why));
}

static void measured(struct aws_call *c)
{
    struct drs_work *w = drs_work(c);
    const char *missing = drs_missing(c);
    int64_t lag = -1, as_of = -1;
    bool known = !missing[0] && drs_lag(w, &lag, &as_of);
    aws_answer_lag(c, known, lag, as_of,
                   known        ? ""
                   : missing[0] ? missing
                                : "a source server does not say how far behind it is");
}

enum evac_code drs_measure(struct aws_call *c, struct evac_err *err)
{
    c->region = c->to;
    enum evac_code code = drs_begin(c, err);
    return code ? code : drs_servers_first(c, measured, err);
}

/* --- ready --------------------------------------------------------------------------------------
 */

/* Without a first complete copy there is nothing to launch. Planned, all must be in step; when the
 * origin is gone, nothing is, and what has arrived is launched. */
static const char *unfit(struct aws_call *c, const struct drs_server *s)
{
    bool graceful = evac_str_is(c->mode, "graceful");
    bool in_step = evac_str_is(s->state, "CONTINUOUS");
    bool empty = s->state.n == 0 || evac_str_is(s->state, "STOPPED") ||
                 evac_str_starts(s->state, "INITIA"); /* INITIATING, INITIAL_SYNC */
    if (empty || (graceful && !in_step))
        return aws_printf(c, "source server %.*s is %.*s", EVAC_STR_ARG(s->id),
                          EVAC_STR_ARG(s->state))
            .p;
    if (graceful && evac_str_is(s->last_launch, "FAILED"))
        return aws_printf(c, "the last launch of source server %.*s failed", EVAC_STR_ARG(s->id)).p;
    return "";
}

static void check_launch(struct aws_call *c);

static void on_configuration(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct drs_work *w = drs_work(c);
    if (evac_str_is(r->code, "ResourceNotFoundException"))
        drs_seen(c, EVAC_SEEN_BLOCKED, "source server %.*s has no launch configuration",
                 EVAC_STR_ARG(evac_args_get(&c->args, "server")));
    else if (!aws_looked(c, r))
        return;
    else {
        w->lacking--;
        check_launch(c);
    }
}

/* One after the other; lacking counts those that are not looked at yet. */
static void check_launch(struct aws_call *c)
{
    const struct drs_work *w = drs_work(c);
    if (w->lacking == 0) {
        drs_seen(c, EVAC_SEEN_SATISFIED, "%zu source servers can be launched", w->count);
        return;
    }
    aws_set_arg(c, "server", w->servers[w->lacking - 1].id);
    aws_ask_next(c, &launch_configuration, false, on_configuration);
}

static void ready(struct aws_call *c)
{
    struct drs_work *w = drs_work(c);
    const char *why = drs_missing(c);
    int64_t max_ms, lag, as_of;
    for (size_t i = 0; i < w->count && !why[0]; i++)
        why = unfit(c, &w->servers[i]);
    bool limited = evac_duration_ms(evac_args_get(&c->args, "want.max_lag"), &max_ms);
    if (!why[0] && limited && (!drs_lag(w, &lag, &as_of) || w->now_ms - as_of + lag > max_ms))
        why = "a source server is further behind than want.max_lag, or may be";
    w->lacking = w->count;
    if (why[0])
        drs_seen(c, EVAC_SEEN_BLOCKED, "%s", why);
    else
        check_launch(c);
}

enum evac_code drs_ready(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = drs_begin(c, err);
    return code ? code : drs_servers_first(c, ready, err);
}

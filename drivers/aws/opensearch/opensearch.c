/*
 * OpenSearch domains whose indices follow those of another region (cross-cluster replication). A
 * follower becomes writable by stopping its replication, for good: an index that was stopped never
 * follows again, the way back is a new follower (AWS.md 2.7). Everything but the addresses is asked
 * of the region's own domain.
 */
#include "aws_parity.h"
#include "search.h"

#include <string.h>

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "domain", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL, "each region's domain, by name" },
    { "indices", EVAC_PARAM_LIST, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL, "the indices, of the same name in both regions" },
    { "endpoint", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL, "each domain's address, as https://...; without it, the control plane is asked" },
    { "alias", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL, "alias of the connection by which the region's domain follows the other's: for protect" },
    { "leader_role", EVAC_PARAM_TEXT, 0, "cross_cluster_replication_leader_full_access", NULL, "whose rights replication has at the leader" },
    { "follower_role", EVAC_PARAM_TEXT, 0, "cross_cluster_replication_follower_full_access", NULL, "and at the follower" },
    AWS_PARITY_PARAM,
    { 0 },
};
static const struct evac_param ready_params[] = {
    { "behind", EVAC_PARAM_INT, 0, "10000", NULL, "as many operations behind is ready still" },
    { 0 },
};
static const struct evac_param protect_params[] = { { "alias", EVAC_PARAM_TEXT, EVAC_PARAM_OF_RESOURCE, NULL, NULL, "" }, { 0 } };

#define FIND(home) { "opensearch", "DescribeDomain", "es:DescribeDomain", home, NULL, true, false, "endpoint=" }
#define READ(operation, home) { "opensearch-domain", operation, "es:ESHttpGet", home, NULL, false, false }
#define STOP { "opensearch-domain", "StopReplication", "es:ESHttpPost", EVAC_HOME_TO, NULL, false, true }
static const struct evac_op ready_ops[] = {
    FIND(EVAC_HOME_STEP), READ("ClusterState", EVAC_HOME_STEP), READ("ReplicationStatus", EVAC_HOME_STEP), READ("ClusterHealth", EVAC_HOME_STEP), { 0 },
};
static const struct evac_op failover_ops[] = { FIND(EVAC_HOME_TO), READ("ClusterState", EVAC_HOME_TO), STOP, { 0 } };
static const struct evac_op switchover_ops[] = {
    FIND(EVAC_HOME_TO), READ("ClusterState", EVAC_HOME_TO), READ("ReplicationStatus", EVAC_HOME_TO), STOP, { 0 },
};
static const struct evac_op protected_ops[] = { FIND(EVAC_HOME_FROM), READ("ClusterState", EVAC_HOME_FROM), READ("ReplicationStatus", EVAC_HOME_FROM), { 0 } };
static const struct evac_op protect_ops[] = {
    FIND(EVAC_HOME_STEP), READ("ClusterState", EVAC_HOME_STEP), READ("ReplicationStatus", EVAC_HOME_STEP),
    { "opensearch", "DescribeOutboundConnections", "es:DescribeOutboundConnections", EVAC_HOME_STEP, NULL, true, false },
    { "opensearch-domain", "StartReplication", "es:ESHttpPut", EVAC_HOME_STEP, NULL, false, true },
    { 0 },
};
static const struct evac_op parity_ops[] = { AWS_PARITY_OP("opensearch", "DescribeDomain", "es:DescribeDomain"), { 0 } };
static const struct evac_op measure_ops[] = { FIND(EVAC_HOME_TO), READ("ClusterState", EVAC_HOME_TO), READ("ReplicationStatus", EVAC_HOME_TO), { 0 } };

/* The first that fails ends it: an index that does not follow is never deleted. */
#define CURL "curl --fail --aws-sigv4 aws:amz:<region>:es --user \"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY\" "
#define DOMAIN \
    "https://$(aws opensearch describe-domain --region <region> --domain-name <domain> --output text " \
    "--query \"DomainStatus.Endpoint || DomainStatus.Endpoints.vpc\")"
static const struct evac_action actions[] = {
    { "ready", "the region's domain is sound, its indices follow the other's and are not far behind", 0, EVAC_FENCING_NONE, 1000, 120000, ready_params, ready_ops },
    { "switchover", "the region's indices take writes, and have all that the other's had: waits until none is behind",
      EVAC_ACTION_MUTATES | EVAC_ACTION_PROMOTES, EVAC_FENCING_STATE, 30000, 900000, NULL, switchover_ops },
    { "failover", "the region's indices take writes; what had not arrived is lost",
      EVAC_ACTION_MUTATES | EVAC_ACTION_PROMOTES | EVAC_ACTION_LOSSY, EVAC_FENCING_STATE, 30000, 600000, NULL, failover_ops },
    { "protected", "the other region's indices follow this one's", 0, EVAC_FENCING_NONE, 1000, 120000, NULL, protected_ops },
    { "protect", "the region's indices follow the other's again", EVAC_ACTION_MUTATES, EVAC_FENCING_STATE, 600000, 14400000, protect_params, protect_ops,
      CURL "-X POST -H 'Content-Type: application/json' -d '{}' " DOMAIN "/_plugins/_replication/<each.follows:false>/_stop && "
      CURL "-X DELETE " DOMAIN "/<each.follows:false>" },
    AWS_PARITY_ACTION(parity_ops),
    { 0 },
};

static const struct aws_compared of_domain[] = {
    { "engine", "DomainStatus/EngineVersion" },
    { "instance type", "DomainStatus/ClusterConfig/InstanceType" },
    { "instances", "DomainStatus/ClusterConfig/InstanceCount" },
    { "zones", "DomainStatus/ClusterConfig/ZoneAwarenessConfig/AvailabilityZoneCount" },
    { "manager type", "DomainStatus/ClusterConfig/DedicatedMasterType" },
    { "volume size", "DomainStatus/EBSOptions/VolumeSize" },
    { 0 },
};
static const struct aws_parity parity = { .rows = {
    { "the domain", { "opensearch", "DescribeDomain", "GET", "/2021-01-01/opensearch/domain/<domain>" },
      .missing_codes = "ResourceNotFoundException", .compared = of_domain },
} };
/* clang-format on */

struct work {
    struct search_view view;
    size_t at;    /* apply: the index whose turn it is */
    bool changed; /* apply: part of it is done */
};

/* --- answering ------------------------------------------------------------------------------- */

static int64_t behind(const struct search_view *v)
{
    int64_t sum = 0;
    for (size_t i = 0; i < v->count; i++) {
        const struct search_index *x = &v->indices[i];
        if (x->follows && x->behind < 0)
            return -1;
        sum += x->follows ? x->behind : 0;
    }
    return sum;
}

static struct evac_str snapshot(struct aws_call *c, const struct search_view *v)
{
    struct evac_buf json;
    evac_buf_init(&json, 65536);
    evac_buf_puts(&json, "{\"follows\":{");
    for (size_t i = 0; i < v->count; i++) {
        evac_buf_puts(&json, i ? "," : "");
        evac_buf_json(&json, v->indices[i].name);
        evac_buf_puts(&json, v->indices[i].follows ? ":true" : ":false");
    }
    evac_buf_puts(&json, "}}");
    struct evac_str text = evac_arena_str(c->arena, evac_buf_str(&json));
    evac_buf_done(&json);
    return text;
}

static void answer(struct aws_call *c, enum evac_seen seen, const char *words)
{
    const struct work *w = c->state;
    struct evac_fact fact = { "lag_operations", behind(&w->view) };
    struct aws_sight sight = { .seen = seen,
                               .strong = true,
                               .progress = -1,
                               .snapshot = snapshot(c, &w->view),
                               .facts = &fact,
                               .fact_count = w->view.with_status && fact.value >= 0 };
    aws_answer_seen(c, &sight, "%s", words);
}

static const char *about(struct aws_call *c, const struct search_index *x, const char *words)
{
    return aws_printf(c, "%.*s %s%s%.*s", EVAC_STR_ARG(x->name), words, x->why.n ? ": " : "",
                      EVAC_STR_ARG(x->why))
        .p;
}

static const struct search_index *missing(const struct search_view *v)
{
    for (size_t i = 0; i < v->count; i++)
        if (!v->indices[i].exists)
            return &v->indices[i];
    return NULL;
}

static const struct search_index *closed(const struct search_view *v)
{
    for (size_t i = 0; i < v->count; i++)
        if (!v->indices[i].open)
            return &v->indices[i];
    return NULL;
}

static const struct search_index *follower(const struct search_view *v)
{
    for (size_t i = 0; i < v->count; i++)
        if (v->indices[i].follows)
            return &v->indices[i];
    return NULL;
}

/* How the following of one index is going. */
static enum evac_seen course(const struct search_index *x)
{
    if (!x->told)
        return EVAC_SEEN_UNSEEN;
    if (evac_str_is(x->status, "SYNCING"))
        return EVAC_SEEN_SATISFIED;
    return evac_str_is(x->status, "BOOTSTRAPPING") ? EVAC_SEEN_MOVING : EVAC_SEEN_BLOCKED;
}

static const char *course_words(struct aws_call *c, const struct search_index *x)
{
    if (!x->told)
        return about(c, x, "follows; how far it is behind could not be asked");
    return about(c, x, aws_printf(c, "is %.*s", EVAC_STR_ARG(x->status)).p);
}

static struct work *begin(struct aws_call *c, bool with_status)
{
    struct work *w = evac_arena_alloc(c->arena, sizeof *w);
    w->view.with_status = with_status;
    c->state = w;
    return w;
}

/* What each action does with a view: its call begins with it. */
static enum evac_code look(struct aws_call *c, struct evac_str region, bool with_status,
                           aws_start_fn *read, struct evac_err *err)
{
    struct work *w = begin(c, with_status);
    enum evac_code code = search_names(c, region, &w->view, err);
    return code ? code : search_with_server(c, region, read, err);
}

/* --- ready ----------------------------------------------------------------------------------- */

static bool is_silent(const struct aws_call *c, const struct search_index *x)
{
    return !x->told && x->silent && evac_str_is(c->mode, "ungraceful");
}

static void on_ready(struct aws_call *c)
{
    const struct work *w = c->state;
    int64_t allowed = evac_args_i64(&c->args, "want.behind", 10000);
    const struct search_index *gone = missing(&w->view);
    if (gone) {
        answer(c, EVAC_SEEN_BLOCKED, about(c, gone, "is not there"));
        return;
    }
    for (size_t i = 0; i < w->view.count; i++) {
        const struct search_index *x = &w->view.indices[i];
        if (!x->follows) {
            answer(c, EVAC_SEEN_BLOCKED, about(c, x, "does not follow"));
            return;
        }
        /* Nobody asks a dead leader: its followers can take over. What is lost the measure says. */
        if (course(x) != EVAC_SEEN_SATISFIED && !is_silent(c, x)) {
            answer(c, course(x), course_words(c, x));
            return;
        }
        if (x->told && (x->behind < 0 || x->behind > allowed)) {
            answer(c, EVAC_SEEN_MOVING, about(c, x, "is far behind"));
            return;
        }
    }
    answer(c, EVAC_SEEN_SATISFIED, course_words(c, &w->view.indices[0]));
}

static enum evac_code read_ready(struct aws_call *c, struct evac_err *err)
{
    struct work *w = c->state;
    return search_read(c, &w->view, on_ready, err);
}

static void on_health(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct evac_str status = evac_json_str(r->json, "status");
    struct aws_sight red = { .seen = EVAC_SEEN_BLOCKED, .progress = -1 };
    if (r->outcome != EVAC_OUTCOME_ACCEPTED)
        aws_answer_unseen(c, r);
    else if (!evac_str_is(status, "green") && !evac_str_is(status, "yellow"))
        aws_answer_seen(c, &red, "the domain's health is %.*s", EVAC_STR_ARG(status));
    else
        aws_start(c, read_ready);
}

static enum evac_code ask_health(struct aws_call *c, struct evac_err *err)
{
    static const struct aws_ask health = { "opensearch-domain", "ClusterHealth", "GET",
                                           "/_cluster/health" };
    struct evac_aws_request r = search_ask(c, &health, false, c->region, EVAC_STR_NONE);
    return aws_send(c, &r, on_health, err);
}

static enum evac_code observe_ready(struct aws_call *c, struct evac_err *err)
{
    return look(c, c->region, true, ask_health, err);
}

/* --- one by one ------------------------------------------------------------------------------ */

static void go_on(struct aws_call *c);

static void answer_done(struct aws_call *c, struct evac_str why)
{
    struct evac_reply reply = { .outcome = EVAC_OUTCOME_ACCEPTED, .progress = -1, .reason = why };
    aws_answer(c, &reply);
}

/* Somebody else was faster: that is what was wanted. */
static bool is_done_already(const struct evac_aws_reply *r)
{
    return r->outcome == EVAC_OUTCOME_REJECTED &&
           evac_str_has(r->message, "No replication in progress");
}

/* After a change that took in part, what became of the rest is seen, not told. */
static void on_changed(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    w->changed |= r->outcome == EVAC_OUTCOME_ACCEPTED;
    if (r->outcome == EVAC_OUTCOME_ACCEPTED || is_done_already(r)) {
        w->at++;
        go_on(c);
    } else if (w->changed && r->outcome != EVAC_OUTCOME_UNKNOWN) {
        answer_done(c, r->message);
    } else {
        aws_answer_outcome(c, r);
    }
}

/* The next index that follows is stopped; for protect the next that is not there is begun. */
static void go_on(struct aws_call *c)
{
    static const struct aws_ask stop = { "opensearch-domain", "StopReplication", "POST",
                                         "/_plugins/_replication/<item>/_stop", .body = "{}" };
    static const struct aws_ask start = {
        "opensearch-domain", "StartReplication", "PUT", "/_plugins/_replication/<item>/_start",
        .body = "{\"leader_alias\":\"<alias>\",\"leader_index\":\"<item>\",\"use_roles\":"
                "{\"leader_cluster_role\":\"<leader_role>\",\"follower_cluster_role\":"
                "\"<follower_role>\"}}"
    };
    struct work *w = c->state;
    bool starting = strcmp(c->action, "protect") == 0;
    while (w->at < w->view.count &&
           (starting ? w->view.indices[w->at].exists : !w->view.indices[w->at].follows))
        w->at++;
    if (w->at == w->view.count || (w->changed && c->cancelled)) {
        answer_done(c, EVAC_STR_NONE);
        return;
    }
    struct evac_aws_request r =
        search_ask(c, starting ? &start : &stop, true, w->view.region, w->view.indices[w->at].name);
    aws_next(c, &r, on_changed);
}

/* --- failover, switchover -------------------------------------------------------------------- */

static void on_failover(struct aws_call *c)
{
    const struct work *w = c->state;
    const struct search_index *gone = missing(&w->view), *follows = follower(&w->view);
    const struct search_index *shut = closed(&w->view); /* a stop closes it, and opens it again */
    if (gone)
        answer(c, EVAC_SEEN_BLOCKED, about(c, gone, "is not there"));
    else if (follows)
        answer(c, EVAC_SEEN_UNSATISFIED, about(c, follows, "follows: it takes no writes"));
    else if (shut)
        answer(c, EVAC_SEEN_MOVING, about(c, shut, "is closed"));
    else
        answer(c, EVAC_SEEN_SATISFIED, "all take writes");
}

static void on_switchover(struct aws_call *c)
{
    const struct work *w = c->state;
    for (size_t i = 0; i < w->view.count && !missing(&w->view); i++) {
        const struct search_index *x = &w->view.indices[i];
        if (!x->follows || search_is_level(x))
            continue;
        if (course(x) != EVAC_SEEN_SATISFIED)
            answer(c, course(x), course_words(c, x));
        else
            answer(c, EVAC_SEEN_MOVING,
                   aws_printf(c, "%.*s is %lld operations behind", EVAC_STR_ARG(x->name),
                              (long long)x->behind)
                       .p);
        return;
    }
    on_failover(c);
}

static bool is_graceful(const struct aws_call *c)
{
    return strcmp(c->action, "switchover") == 0;
}

static enum evac_code read_writable(struct aws_call *c, struct evac_err *err)
{
    struct work *w = c->state;
    return search_read(c, &w->view, is_graceful(c) ? on_switchover : on_failover, err);
}

static enum evac_code observe_writable(struct aws_call *c, struct evac_err *err)
{
    return look(c, c->region, is_graceful(c), read_writable, err);
}

static void stop_when_seen(struct aws_call *c)
{
    const struct work *w = c->state;
    const struct search_index *gone = missing(&w->view);
    for (size_t i = 0; i < w->view.count && is_graceful(c) && !gone; i++) {
        const struct search_index *x = &w->view.indices[i];
        if (x->follows && !search_is_level(x)) {
            aws_answer_rejected(c, "", "%s", about(c, x, "is not level: nothing was stopped"));
            return;
        }
    }
    if (gone)
        aws_answer_rejected(c, "", "%s", about(c, gone, "is not there"));
    else
        go_on(c);
}

static enum evac_code read_to_stop(struct aws_call *c, struct evac_err *err)
{
    struct work *w = c->state;
    return search_read(c, &w->view, stop_when_seen, err);
}

static enum evac_code apply_writable(struct aws_call *c, struct evac_err *err)
{
    return look(c, c->region, is_graceful(c), read_to_stop, err);
}

/* --- protected, protect ---------------------------------------------------------------------- */

static struct evac_str other_region(const struct aws_call *c)
{
    return evac_str_eq(c->region, c->from) ? c->to : c->from;
}

/* The first that is not following as it should; NULL: all are. */
static const struct search_index *astray(const struct search_view *v)
{
    for (size_t i = 0; i < v->count; i++)
        if (!v->indices[i].follows || course(&v->indices[i]) != EVAC_SEEN_SATISFIED)
            return &v->indices[i];
    return NULL;
}

/* What an index of the old side holds may never have been replicated: whether it can go is for
 * people. */
static const char *in_the_way(struct aws_call *c, const struct search_index *x)
{
    return aws_printf(
               c,
               "%.*s is still there, and may hold what never arrived elsewhere; when that is "
               "settled, delete it (DELETE /%.*s): only then can it follow",
               EVAC_STR_ARG(x->name), EVAC_STR_ARG(x->name))
        .p;
}

static void on_protected(struct aws_call *c)
{
    const struct work *w = c->state;
    const struct search_index *x = astray(&w->view);
    if (!x)
        answer(c, EVAC_SEEN_SATISFIED, "all follow");
    else if (!x->follows)
        answer(c, EVAC_SEEN_UNSATISFIED,
               x->exists ? in_the_way(c, x) : about(c, x, "is not there"));
    else
        answer(c, course(x), course_words(c, x));
}

static enum evac_code read_protected(struct aws_call *c, struct evac_err *err)
{
    struct work *w = c->state;
    return search_read(c, &w->view, on_protected, err);
}

static enum evac_code observe_protected(struct aws_call *c, struct evac_err *err)
{
    return look(c, other_region(c), true, read_protected, err);
}

static void on_connections(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct evac_str alias = aws_regional(c, "alias"), status = EVAC_STR_NONE;
    const struct evac_json *all = evac_json_get(r->json, "Connections");
    for (const struct evac_json *e = evac_json_first(all); e; e = evac_json_next(e))
        if (evac_str_eq(evac_json_str(e, "ConnectionAlias"), alias))
            status = evac_json_str(evac_json_get(e, "ConnectionStatus"), "StatusCode");
    if (r->outcome != EVAC_OUTCOME_ACCEPTED)
        aws_answer_unseen(c, r);
    else if (evac_str_is(status, "ACTIVE"))
        answer(c, EVAC_SEEN_UNSATISFIED, "nothing follows yet");
    else
        answer(c, EVAC_SEEN_BLOCKED,
               aws_printf(c, "the connection %.*s is %.*s", EVAC_STR_ARG(alias),
                          EVAC_STR_ARG(status.n ? status : EVAC_STR("not there")))
                   .p);
}

static void on_protect(struct aws_call *c)
{
    static const struct aws_ask connections = {
        "opensearch", "DescribeOutboundConnections", "POST",
        "/2021-01-01/opensearch/cc/outboundConnection/search",
        .body =
            "{\"Filters\":[{\"Name\":\"local-domain-info.domain-name\",\"Values\":[\"<domain>\"]}]}"
    };
    const struct work *w = c->state;
    const struct search_index *x = astray(&w->view);
    if (x && !x->follows && !x->exists) {
        struct evac_aws_request r = search_ask(c, &connections, false, c->region, EVAC_STR_NONE);
        aws_next(c, &r, on_connections);
    } else if (x && !x->follows) {
        answer(c, EVAC_SEEN_BLOCKED, in_the_way(c, x));
    } else {
        on_protected(c);
    }
}

static enum evac_code read_protect(struct aws_call *c, struct evac_err *err)
{
    struct work *w = c->state;
    return search_read(c, &w->view, on_protect, err);
}

static enum evac_code observe_protect(struct aws_call *c, struct evac_err *err)
{
    return look(c, c->region, true, read_protect, err);
}

static void start_when_seen(struct aws_call *c)
{
    const struct work *w = c->state;
    for (size_t i = 0; i < w->view.count; i++) {
        const struct search_index *x = &w->view.indices[i];
        if (x->exists && !x->follows) {
            aws_answer_rejected(c, "", "%s", in_the_way(c, x));
            return;
        }
    }
    go_on(c);
}

static enum evac_code read_to_start(struct aws_call *c, struct evac_err *err)
{
    struct work *w = c->state;
    return search_read(c, &w->view, start_when_seen, err);
}

static enum evac_code apply_protect(struct aws_call *c, struct evac_err *err)
{
    return look(c, c->region, false, read_to_start, err);
}

static const struct aws_handlers handlers[] = {
    { .action = "ready", .observe = observe_ready },
    { .action = "switchover", .observe = observe_writable, .apply = apply_writable },
    { .action = "failover", .observe = observe_writable, .apply = apply_writable },
    { .action = "protected", .observe = observe_protected },
    { .action = "protect", .observe = observe_protect, .apply = apply_protect },
    { .action = "parity", .parity = &parity },
    { .action = "", .measure = search_measure },
    { 0 },
};

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_opensearch = {
    "opensearch",
    "indices of OpenSearch domains that follow each other",
    resource_params,
    actions,
    1u << EVAC_VERB_MEASURE,
    measure_ops,
    call,
    aws_cancel
};

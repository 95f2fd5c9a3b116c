/*
 * What a domain says. Whether an index follows is read from the domain's own cluster state: while
 * it follows, a block of the replication plugin lies on it. The plugin's own status asks the leader
 * as well, and fails when that is gone: just when it matters.
 */
#include "search.h"

#include <string.h>

#define REPLICATION_BLOCK "1000" /* the plugin's block: no writes but its own */

/* --- which domain ---------------------------------------------------------------------------- */

static struct evac_str first_of(struct evac_str a, struct evac_str b)
{
    return a.n ? a : b;
}

static void read_domain(const struct evac_aws_reply *r, struct aws_call *c,
                        struct evac_str *ret_endpoint, struct evac_str *ret_ca)
{
    const struct evac_json *status = evac_json_get(r->json, "DomainStatus");
    struct evac_str vpc = evac_json_str(evac_json_get(status, "Endpoints"), "vpc");
    struct evac_str host = first_of(evac_json_str(status, "Endpoint"), vpc);
    (void)ret_ca;
    if (host.n)
        *ret_endpoint =
            evac_str_has(host, "://") ? host : aws_printf(c, "https://%.*s", EVAC_STR_ARG(host));
}

static const struct aws_server_kind kind = {
    .param = "domain",
    .ask = { "opensearch", "DescribeDomain", "GET", "/2021-01-01/opensearch/domain/<name>" },
    .read = read_domain,
};

enum evac_code search_with_server(struct aws_call *c, struct evac_str region, aws_start_fn *then,
                                  struct evac_err *err)
{
    return aws_with_server(c, &kind, region, then, err);
}

struct evac_aws_request search_ask(struct aws_call *c, const struct aws_ask *ask, bool mutates,
                                   struct evac_str region, struct evac_str item)
{
    struct aws_hole hole = { "item", item };
    struct evac_aws_request r = aws_ask(c, ask, mutates, &hole, 1);
    r.region = region;
    return r;
}

enum evac_code search_names(struct aws_call *c, struct evac_str region, struct search_view *view,
                            struct evac_err *err)
{
    struct evac_str names[SEARCH_MAX] = { { 0 } };
    view->region = region;
    enum evac_code code = aws_list(c, evac_args_regional(&c->args, "indices", region), names,
                                   SEARCH_MAX, &view->count, err);
    for (size_t i = 0; i < view->count && !code; i++) {
        view->indices[i] = (struct search_index){ .name = names[i], .behind = -1 };
        if (names[i].n == 0 || strpbrk(names[i].p, "*,?/ "))
            code =
                evac_fail(err, EVAC_E_BADARG, "'%.*s' is no index's name: patterns are not taken",
                          EVAC_STR_ARG(names[i]));
    }
    if (!code && view->count == 0)
        code = evac_fail(err, EVAC_E_BADARG, "indices is empty for %.*s", EVAC_STR_ARG(region));
    return code;
}

/* --- status ---------------------------------------------------------------------------------- */

bool search_is_level(const struct search_index *x)
{
    return x->told && evac_str_is(x->status, "SYNCING") && x->behind == 0;
}

static void read_shards(struct aws_call *c, struct search_index *x, const struct evac_json *list)
{
    struct search_shard *shards =
        evac_arena_array(c->arena, evac_json_count(list) + 1, sizeof *shards);
    int64_t behind = 0;
    bool whole = evac_json_count(list) > 0;
    for (const struct evac_json *e = evac_json_first(list); e; e = evac_json_next(e)) {
        const struct evac_json *task = evac_json_get(e, "syncing_task_details");
        struct search_shard *s = &shards[x->shard_count++];
        s->leader = evac_json_i64(task, "leader_checkpoint", INT64_MAX);
        s->follower = evac_json_i64(task, "follower_checkpoint", INT64_MIN);
        whole = whole && task && s->leader != INT64_MAX && s->follower != INT64_MIN;
        behind += whole && s->leader > s->follower ? s->leader - s->follower : 0;
    }
    x->shards = shards;
    x->behind = whole ? behind : -1;
}

static void go_on(struct aws_call *c);

static void on_status(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct search_view *view = c->helper;
    struct search_index *x = &view->indices[view->at++];
    x->told = r->outcome == EVAC_OUTCOME_ACCEPTED;
    x->silent = r->outcome == EVAC_OUTCOME_UNKNOWN || r->outcome == EVAC_OUTCOME_NOT_SENT;
    x->why = evac_arena_str(c->arena, x->told ? evac_json_str(r->json, "reason") : r->message);
    if (x->told) {
        x->status = evac_arena_str(c->arena, evac_json_str(r->json, "status"));
        read_shards(c, x, evac_json_get(r->json, "shard_replication_details"));
    }
    go_on(c);
}

static void go_on(struct aws_call *c)
{
    static const struct aws_ask status = { "opensearch-domain", "ReplicationStatus", "GET",
                                           "/_plugins/_replication/<item>/_status",
                                           .params = "verbose=true" };
    struct search_view *view = c->helper;
    const struct evac_host *host = c->link->host;
    while (view->at < view->count && !(view->with_status && view->indices[view->at].follows))
        view->at++;
    if (view->at == view->count) {
        view->then(c);
        return;
    }
    struct search_index *x = &view->indices[view->at];
    struct evac_aws_request r = search_ask(c, &status, false, view->region, x->name);
    x->asked_ms = host->wall_ms(host->ctx);
    aws_next(c, &r, on_status);
}

/* --- cluster state --------------------------------------------------------------------------- */

static void on_state(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct search_view *view = c->helper;
    const struct evac_json *blocks = evac_json_get(evac_json_get(r->json, "blocks"), "indices");
    const struct evac_json *known = evac_json_get(evac_json_get(r->json, "metadata"), "indices");
    if (r->outcome == EVAC_OUTCOME_NOT_SENT)
        aws_forget_server(c, &kind, view->region);
    if (!aws_looked(c, r))
        return;
    for (size_t i = 0; i < view->count; i++) {
        struct search_index *x = &view->indices[i];
        const struct evac_json *own = evac_json_get(known, x->name.p);
        x->exists = own != NULL;
        x->open = evac_str_is(evac_json_str(own, "state"), "open");
        x->follows = evac_json_get(evac_json_get(blocks, x->name.p), REPLICATION_BLOCK) != NULL;
    }
    go_on(c);
}

enum evac_code search_read(struct aws_call *c, struct search_view *view, aws_then_fn *then,
                           struct evac_err *err)
{
    static const struct aws_ask state = {
        "opensearch-domain", "ClusterState", "GET", "/_cluster/state/metadata%2Cblocks/<item>",
        .params = "ignore_unavailable=true&filter_path=blocks.indices,metadata.indices.*.state"
    };
    struct evac_str names = EVAC_STR_NONE;
    for (size_t i = 0; i < view->count; i++)
        names = aws_printf(c, "%.*s%s%.*s", EVAC_STR_ARG(names), i ? "," : "",
                           EVAC_STR_ARG(view->indices[i].name));
    struct evac_aws_request r = search_ask(c, &state, false, view->region, names);
    c->helper = view;
    view->then = then;
    view->at = 0;
    return aws_send(c, &r, on_state, err);
}

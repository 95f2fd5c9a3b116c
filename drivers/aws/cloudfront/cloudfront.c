/*
 * CloudFront: which origin the default behaviour's requests go to. A change sends the whole
 * configuration, so it is edited in the text that AWS sent and goes back otherwise untouched,
 * guarded by its ETag. The only API is in us-east-1 and a change takes minutes: origin groups,
 * which need no API at all, are the better way (AWS.md 2.8).
 */
#include "aws_template.h"

#include <string.h>

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "distribution", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "the distribution's id" },
    { "origins", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL, "id of each region's origin" },
    { 0 },
};
#define READ(op) { "cloudfront", op, "cloudfront:" op, EVAC_HOME_FIXED, "us-east-1", true, false }
static const struct evac_op look_ops[] = { READ("GetDistributionConfig"), { 0 } };
static const struct evac_op route_ops[] = {
    READ("GetDistributionConfig"), READ("GetDistribution"),
    { "cloudfront", "UpdateDistribution", "cloudfront:UpdateDistribution", EVAC_HOME_FIXED, "us-east-1", true, true }, { 0 } };
#define CONFIG "aws cloudfront get-distribution-config --id <distribution> "
static const char clear_route[] =
    "aws cloudfront update-distribution --id <distribution> --if-match $(" CONFIG "--query ETag --output text) "
    "--distribution-config \"$(" CONFIG "--query DistributionConfig --output json | "
    "jq --arg origin <was.origin> '.DefaultCacheBehavior.TargetOriginId = $origin')\"";
static const struct evac_action actions[] = {
    { "ready", "the distribution knows the region's origin", 0, EVAC_FENCING_NONE, 1000, 60000, NULL, look_ops },
    { "route", "requests go to the region's origin, everywhere", EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE | EVAC_ACTION_TRAFFIC,
      EVAC_FENCING_VERSION, 240000, 900000, NULL, route_ops, clear_route },
    { 0 },
};
static const struct aws_ask get_config = { "cloudfront", "GetDistributionConfig", "GET", .path = "/2020-05-31/distribution/<distribution>/config" };
static const struct aws_ask get_status = { "cloudfront", "GetDistribution", "GET", .path = "/2020-05-31/distribution/<distribution>" };
/* clang-format on */

#define TARGET "DefaultCacheBehavior/TargetOriginId"

struct work {
    struct evac_str origin, version; /* what is wanted; what was seen */
};

static enum evac_code begin(struct aws_call *c, aws_reply_fn *then, struct evac_err *err)
{
    struct work *w = evac_arena_alloc(c->arena, sizeof *w);
    w->origin = aws_regional(c, "origins");
    c->goal_root = aws_goal(c);
    if (c->goal_root)
        w->origin = evac_json_str(c->goal_root, "origin");
    c->state = w;
    return aws_ask_first(c, &get_config, false, then, err);
}

static bool has_origin(const struct evac_aws_reply *r, struct evac_str id)
{
    for (const struct evac_xml *o = evac_xml_path(r->xml, "Origins/Items/Origin"); o;
         o = evac_xml_again(o))
        if (evac_str_eq(evac_xml_text(o, "Id"), id))
            return true;
    return false;
}

static void seen(struct aws_call *c, enum evac_seen seen, struct evac_str now, const char *why)
{
    const struct work *w = c->state;
    struct aws_sight sight = {
        .seen = seen, .strong = true, .progress = -1, .version = w->version
    };
    if (now.n)
        sight.snapshot = aws_printf(c, "{\"origin\":\"%.*s\"}", EVAC_STR_ARG(now));
    aws_answer_seen(c, &sight, "%s", why);
}

/* True: it has been answered, since there is nothing to look at. */
static bool not_seen(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (r->outcome == EVAC_OUTCOME_ACCEPTED)
        return false;
    if (r->outcome == EVAC_OUTCOME_REJECTED && evac_str_is(r->code, "NoSuchDistribution"))
        seen(c, EVAC_SEEN_BLOCKED, EVAC_STR_NONE, "there is no such distribution");
    else
        aws_answer_unseen(c, r);
    return true;
}

/* --- ready ----------------------------------------------------------------------------------- */

static void on_ready(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct work *w = c->state;
    if (not_seen(c, r))
        return;
    if (has_origin(r, w->origin))
        seen(c, EVAC_SEEN_SATISFIED, EVAC_STR_NONE, "the origin is there");
    else
        seen(c, EVAC_SEEN_BLOCKED, EVAC_STR_NONE,
             aws_printf(c, "there is no origin %.*s in the distribution", EVAC_STR_ARG(w->origin))
                 .p);
}

static enum evac_code observe_ready(struct aws_call *c, struct evac_err *err)
{
    return begin(c, on_ready, err);
}

/* --- route ----------------------------------------------------------------------------------- */

static void on_status(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct work *w = c->state;
    bool deployed = evac_str_is(evac_xml_text(r->xml, "Status"), "Deployed");
    if (!not_seen(c, r))
        seen(c, deployed ? EVAC_SEEN_SATISFIED : EVAC_SEEN_MOVING, w->origin,
             deployed ? "the change is at every edge" : "the change is on its way to the edges");
}

static void on_route(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    if (not_seen(c, r))
        return;
    struct evac_str now = evac_arena_str(c->arena, evac_xml_text(r->xml, TARGET));
    w->version = evac_arena_str(c->arena, evac_http_header(r->http, "etag"));
    if (!has_origin(r, w->origin)) {
        seen(c, EVAC_SEEN_BLOCKED, now, "there is no such origin in the distribution");
    } else if (!evac_str_eq(now, w->origin)) {
        seen(c, EVAC_SEEN_UNSATISFIED, now,
             aws_printf(c, "requests go to %.*s", EVAC_STR_ARG(now)).p);
    } else {
        aws_ask_next(c, &get_status, false, on_status);
    }
}

static enum evac_code observe_route(struct aws_call *c, struct evac_err *err)
{
    return begin(c, on_route, err);
}

/* Where the text of the first `tag` after `from` stands; false: nowhere. */
static bool find_text(struct evac_str xml, const char *from, const char *tag, size_t *ret_begin,
                      size_t *ret_end)
{
    const char *section = memmem(xml.p, xml.n, from, strlen(from));
    size_t left = section ? xml.n - (size_t)(section - xml.p) : 0;
    const char *open = section ? memmem(section, left, tag, strlen(tag)) : NULL;
    if (!open)
        return false;
    const char *text = open + strlen(tag);
    const char *end = memchr(text, '<', xml.n - (size_t)(text - xml.p));
    *ret_begin = (size_t)(text - xml.p);
    *ret_end = end ? (size_t)(end - xml.p) : 0;
    return end != NULL;
}

static void on_update(struct aws_call *c, const struct evac_aws_reply *r)
{
    aws_answer_outcome(c, r);
}

static void update(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct work *w = c->state;
    size_t begin_at, end_at;
    if (r->outcome == EVAC_OUTCOME_REJECTED && evac_str_is(r->code, "NoSuchDistribution")) {
        aws_answer_rejected(c, "NoSuchDistribution", "there is no such distribution");
        return;
    }
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_not_sent(c, r);
        return;
    }
    struct evac_str body = r->http->body, etag = evac_http_header(r->http, "etag");
    if (c->version.n && !evac_str_eq(c->version, etag)) {
        aws_answer_rejected(c, "PreconditionFailed", "somebody changed the distribution meanwhile");
        return;
    }
    if (!has_origin(r, w->origin) ||
        !find_text(body, "<DefaultCacheBehavior>", "<TargetOriginId>", &begin_at, &end_at)) {
        aws_answer_rejected(c, "NoSuchOrigin", "there is no origin %.*s in the distribution",
                            EVAC_STR_ARG(w->origin));
        return;
    }
    struct evac_str etag_kept = evac_arena_str(c->arena, etag);
    struct evac_http_header match = { EVAC_STR("If-Match"), etag_kept };
    struct evac_aws_request request = aws_ask(c, &get_config, true, NULL, 0);
    request.operation = "UpdateDistribution";
    request.method = "PUT";
    request.headers = &match;
    request.header_count = 1;
    request.body = aws_printf(c, "%.*s%.*s%.*s", (int)begin_at, body.p, EVAC_STR_ARG(w->origin),
                              (int)(body.n - end_at), body.p + end_at);
    aws_next(c, &request, on_update);
}

static enum evac_code apply_route(struct aws_call *c, struct evac_err *err)
{
    return begin(c, update, err);
}

static const struct aws_handlers handlers[] = {
    { .action = "ready", .observe = observe_ready },
    { .action = "route", .observe = observe_route, .apply = apply_route },
    { 0 },
};

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_cloudfront = {
    "cloudfront", "a CloudFront distribution", resource_params, actions, 0, NULL, call, aws_cancel
};

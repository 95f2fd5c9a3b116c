/*
 * The routes of an S3 Multi-Region Access Point: which of its regions take requests. Dials are 0 or
 * 100, at least one must be 100, a change takes up to two minutes, and five regions take it: asked
 * in turn, so that it needs neither the region that is being left nor any other one (AWS.md 2.4,
 * 7.2). What is under way in the old region is finished there. Replication is not touched.
 */
#include "aws_turn.h"

#include <string.h>

#define ROUTES_MAX 32u
#define SETTLE_MS  180000u /* two minutes, and a margin */
#define XMLNS      "http://awss3control.amazonaws.com/doc/2018-08-20/"

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "mrap", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL,
      "ARN with the alias, as arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap" },
    { 0 },
};

#define LOOK   { "s3control", "GetMultiRegionAccessPointRoutes", "s3:GetMultiRegionAccessPointRoutes", EVAC_HOME_GLOBAL, NULL, false, false }
#define CHANGE { "s3control", "SubmitMultiRegionAccessPointRoutes", "s3:SubmitMultiRegionAccessPointRoutes", EVAC_HOME_GLOBAL, NULL, false, true }
static const struct evac_op look_ops[] = { LOOK, { 0 } };
static const struct evac_op change_ops[] = { LOOK, CHANGE, { 0 } };
#define SUBMIT "aws s3control submit-multi-region-access-point-routes --region us-west-2 --account-id <was.account> --mrap <mrap> --route-updates "
#define BACK(region, was) "Region=" region ",TrafficDialPercentage=" was
static const char clear_own[] = SUBMIT BACK("<region>", "<was.own>");
static const char clear_both[] = SUBMIT BACK("<region>", "<was.own>") " " BACK("<from>", "<was.left>");
#define MOVES EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE | EVAC_ACTION_TRAFFIC

static const struct evac_action actions[] = {
    { "ready", "requests could be routed to the region", 0, EVAC_FENCING_NONE, 500, 60000, NULL, look_ops },
    { "route", "the region takes requests and the one being left does not, in one change", MOVES,
      EVAC_FENCING_NONE, 60000, 300000, NULL, change_ops, clear_both },
    { "withdraw", "the region takes no requests", MOVES, EVAC_FENCING_NONE, 60000, 300000, NULL, change_ops, clear_own },
    { "join", "the region takes requests", MOVES, EVAC_FENCING_NONE, 60000, 300000, NULL, change_ops, clear_own },
    { 0 },
};

#define PLACE(name) { { name, sizeof name - 1 }, { NULL, 0 } }
static const struct aws_place places[] = {
    PLACE("us-west-2"),
    PLACE("eu-west-1"),
    PLACE("ap-northeast-1"),
    PLACE("ap-southeast-2"),
    PLACE("us-east-1"),
};
/* clang-format on */

/* One region's. */
struct route {
    struct evac_str region, bucket;
    int64_t dial, wanted;
};

struct work {
    struct evac_str mrap, account;
    struct route routes[ROUTES_MAX];
    size_t count;
    bool found; /* the step's region is one of them */
};

/* --- the access point ------------------------------------------------------------------------ */

/* "arn:aws:s3::123456789012:accesspoint/alias.mrap" */
static struct evac_str account_of(struct evac_str arn)
{
    struct evac_str account = evac_aws_arn_account(arn);
    bool good =
        account.n == 12 && evac_str_has(arn, ":accesspoint/") && evac_str_ends(arn, ".mrap");
    return good ? account : EVAC_STR_NONE;
}

static enum evac_code begin(struct aws_call *c, struct evac_err *err)
{
    struct work *w = evac_arena_alloc(c->arena, sizeof *w);
    w->mrap = evac_args_get(&c->args, "mrap");
    w->account = account_of(w->mrap);
    c->state = w;
    if (w->account.n)
        return EVAC_OK;
    return evac_fail(err, EVAC_E_BADARG,
                     "mrap is '%.*s': it is the ARN with the alias, as "
                     "arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap",
                     EVAC_STR_ARG(w->mrap));
}

/* --- what is wanted -------------------------------------------------------------------------- */

/* Whether the action moves that region's route at all. */
static bool is_moved(const struct aws_call *c, const struct route *route)
{
    if (evac_str_eq(route->region, c->region))
        return strcmp(c->action, "ready") != 0;
    return strcmp(c->action, "route") == 0 && evac_str_eq(route->region, c->from);
}

static int64_t aim(struct aws_call *c, const struct route *route)
{
    if (!is_moved(c, route))
        return route->dial;
    if (c->goal_root)
        return evac_json_i64(evac_json_get(c->goal_root, "routes"),
                             evac_arena_str(c->arena, route->region).p, route->dial);
    bool own = evac_str_eq(route->region, c->region);
    return own && strcmp(c->action, "withdraw") != 0 ? 100 : 0;
}

static void read_routes(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    w->count = 0;
    w->found = false;
    for (const struct evac_xml *x = evac_xml_path(r->xml, "Routes/Route");
         x && w->count < ROUTES_MAX; x = evac_xml_again(x)) {
        struct route *route = &w->routes[w->count++];
        *route = (struct route){ .region = evac_arena_str(c->arena, evac_xml_text(x, "Region")),
                                 .bucket = evac_arena_str(c->arena, evac_xml_text(x, "Bucket")),
                                 .dial = -1 };
        (void)evac_str_i64(evac_xml_text(x, "TrafficDialPercentage"), &route->dial);
        route->wanted = aim(c, route);
        w->found |= evac_str_eq(route->region, c->region);
    }
}

static bool is_reached(const struct work *w)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->routes[i].dial != w->routes[i].wanted)
            return false;
    return true;
}

/* NULL: it may be. */
static const char *why_not(struct aws_call *c)
{
    const struct work *w = c->state;
    if (!w->found)
        return aws_printf(c, "the access point has no route to %.*s", EVAC_STR_ARG(c->region)).p;
    if (w->count < 2)
        return "the access point has one region only: there is nothing to route";
    for (size_t i = 0; i < w->count; i++)
        if (w->routes[i].wanted > 0)
            return NULL;
    return "no region would take requests any more";
}

/* --- what was asked for lately --------------------------------------------------------------- */

static struct evac_str note_key(struct aws_call *c)
{
    const struct work *w = c->state;
    return aws_printf(c, "mrap %.*s", EVAC_STR_ARG(w->mrap));
}

static struct evac_str wanted_text(struct aws_call *c)
{
    const struct work *w = c->state;
    struct evac_str text = EVAC_STR_NONE;
    for (size_t i = 0; i < w->count; i++)
        text = aws_printf(c, "%.*s%s%.*s=%lld", EVAC_STR_ARG(text), i ? "," : "",
                          EVAC_STR_ARG(w->routes[i].region), (long long)w->routes[i].wanted);
    return text;
}

/* A change that was taken is not to be seen at once: it must not be taken for one that got lost,
 * nor the routes as they still are for what a rollback wants. */
enum under_way { NOTHING, OURS, ANOTHER };

static enum under_way under_way(struct aws_call *c)
{
    const struct evac_host *host = c->link->host;
    int64_t at_ms;
    struct evac_str text, note = aws_note_get(c->link, note_key(c));
    if (strcmp(c->action, "ready") == 0 || !evac_str_i64(evac_str_cut(note, ' ', &text), &at_ms) ||
        (int64_t)host->now_ms(host->ctx) - at_ms >= SETTLE_MS)
        return NOTHING;
    return evac_str_eq(text, wanted_text(c)) ? OURS : ANOTHER;
}

static void changed(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct evac_host *host = c->link->host;
    if (r->outcome == EVAC_OUTCOME_ACCEPTED)
        aws_note_set(c->link, note_key(c),
                     aws_printf(c, "%lld %.*s", (long long)host->now_ms(host->ctx),
                                EVAC_STR_ARG(wanted_text(c))));
}

/* --- asking ---------------------------------------------------------------------------------- */

static struct evac_str path_of(struct aws_call *c)
{
    const struct work *w = c->state;
    struct evac_buf path;
    evac_buf_init(&path, 4096);
    evac_buf_puts(&path, "/v20180820/mrap/instances/");
    evac_buf_uri(&path, w->mrap, true);
    evac_buf_puts(&path, "/routes");
    struct evac_str kept = evac_arena_str(c->arena, evac_buf_str(&path));
    evac_buf_done(&path);
    return kept;
}

static struct evac_str body_of(struct aws_call *c)
{
    const struct work *w = c->state;
    struct evac_buf xml;
    evac_buf_init(&xml, 65536);
    evac_buf_puts(&xml,
                  "<SubmitMultiRegionAccessPointRoutesRequest xmlns=\"" XMLNS "\"><RouteUpdates>");
    for (size_t i = 0; i < w->count; i++) {
        const struct route *route = &w->routes[i];
        if (!is_moved(c, route)) /* said even where it is so: another change may be under way */
            continue;
        evac_buf_puts(&xml, "<Route><Bucket>");
        evac_buf_xml(&xml, route->bucket);
        evac_buf_puts(&xml, "</Bucket><Region>");
        evac_buf_xml(&xml, route->region);
        evac_buf_putf(&xml, "</Region><TrafficDialPercentage>%lld</TrafficDialPercentage></Route>",
                      (long long)route->wanted);
    }
    evac_buf_puts(&xml, "</RouteUpdates></SubmitMultiRegionAccessPointRoutesRequest>");
    struct evac_str kept = evac_arena_str(c->arena, evac_buf_str(&xml));
    evac_buf_done(&xml);
    return kept;
}

static struct evac_aws_request ask(struct aws_call *c, const struct aws_place *place, bool change)
{
    const struct work *w = c->state;
    return (struct evac_aws_request){
        .service = "s3control",
        .operation =
            change ? "SubmitMultiRegionAccessPointRoutes" : "GetMultiRegionAccessPointRoutes",
        .region = place->region,
        .method = change ? "PATCH" : "GET",
        .bucket = w->account,
        .path = path_of(c),
        .body = change ? body_of(c) : EVAC_STR_NONE,
        .checksum = true,
    };
}

/* --- answering ------------------------------------------------------------------------------- */

static int64_t dial_of(const struct work *w, struct evac_str region)
{
    for (size_t i = 0; i < w->count; i++)
        if (evac_str_eq(w->routes[i].region, region))
            return w->routes[i].dial;
    return 0;
}

static struct evac_str snapshot(struct aws_call *c)
{
    const struct work *w = c->state;
    struct evac_buf json;
    evac_buf_init(&json, 65536);
    evac_buf_putf(&json, "{\"account\":\"%.*s\",\"own\":%lld,\"left\":%lld,\"routes\":{",
                  EVAC_STR_ARG(w->account), (long long)dial_of(w, c->region),
                  (long long)dial_of(w, c->from));
    for (size_t i = 0; i < w->count; i++) {
        evac_buf_puts(&json, i ? "," : "");
        evac_buf_json(&json, w->routes[i].region);
        evac_buf_putf(&json, ":%lld", (long long)w->routes[i].dial);
    }
    evac_buf_puts(&json, "}}");
    struct evac_str kept = evac_arena_str(c->arena, evac_buf_str(&json));
    evac_buf_done(&json);
    return kept;
}

static const char *in_words(struct aws_call *c)
{
    const struct work *w = c->state;
    struct evac_str text = EVAC_STR_NONE;
    for (size_t i = 0; i < w->count; i++)
        if (w->routes[i].dial > 0)
            text = aws_printf(c, "%.*s%s%.*s", EVAC_STR_ARG(text), text.n ? ", " : "",
                              EVAC_STR_ARG(w->routes[i].region));
    return aws_printf(c, "requests go to %.*s", EVAC_STR_ARG(text)).p;
}

static void seen(struct aws_call *c)
{
    struct aws_sight sight = { .progress = -1, .snapshot = snapshot(c) };
    const struct work *w = c->state;
    const char *refused = why_not(c);
    enum under_way change = under_way(c);
    sight.seen = refused                              ? EVAC_SEEN_BLOCKED
                 : is_reached(w) && change != ANOTHER ? EVAC_SEEN_SATISFIED
                 : change == OURS                     ? EVAC_SEEN_MOVING
                                                      : EVAC_SEEN_UNSATISFIED;
    aws_answer_seen(c, &sight, "%s%s", refused ? refused : in_words(c),
                    change == ANOTHER ? "; another change is under way"
                    : sight.seen == EVAC_SEEN_MOVING
                        ? "; the change was taken, and takes up to two minutes"
                        : "");
}

static void looked(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        if (c->verb == EVAC_VERB_OBSERVE)
            aws_answer_unseen(c, r);
        else
            aws_turn_refuse(c, r->code, "%.*s", EVAC_STR_ARG(r->message));
        return;
    }
    read_routes(c, r);
    if (c->verb == EVAC_VERB_OBSERVE)
        seen(c);
    else if (why_not(c))
        aws_turn_refuse(c, EVAC_STR_NONE, "%s", why_not(c));
    else if (under_way(c) == OURS || (is_reached(c->state) && under_way(c) == NOTHING))
        aws_turn_done(c);
    else
        aws_turn_act(c);
}

static const struct aws_turn turn = { .places = places,
                                      .count = sizeof places / sizeof places[0],
                                      .ask = ask,
                                      .looked = looked,
                                      .changed = changed };

static enum evac_code start(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = begin(c, err);
    if (code)
        return code;
    c->goal_root = aws_goal(c);
    return aws_turn_first(c, &turn, err);
}

static const struct aws_handlers handlers[] = {
    { .action = "ready", .observe = start },
    { .action = "route", .observe = start, .apply = start },
    { .action = "withdraw", .observe = start, .apply = start },
    { .action = "join", .observe = start, .apply = start },
    { 0 },
};

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_mrap = { "mrap",
                                              "the routes of an S3 Multi-Region Access Point",
                                              resource_params,
                                              actions,
                                              0,
                                              NULL,
                                              call,
                                              aws_cancel };

/*
 * ARC's routing controls: On and Off, one a region, at the five regional endpoints of a cluster
 * (AWS.md 2.2). No region, no control plane and no DNS change is needed to move traffic, as long as
 * the endpoints' addresses are in the configuration.
 *
 * A change is taken by a majority of a cluster's regions; each endpoint answers a look from a copy
 * of its own. So what one endpoint says may be old, and what three of the five say is the newest
 * there is. Looks go on until three agree; when fewer can be asked, what most of them say counts,
 * and is not called strong.
 *
 * A change is asked for in turn (aws_turn.h). It says how it should be, so it does no harm twice;
 * but one that arrives late is taken too (last writer wins), and only a safety rule could refuse
 * it.
 */
#include "aws_template.h"
#include "aws_turn.h"

#include <string.h>

#define LOOK_MS      3000u
#define CHANGE_MS    5000u
#define AGREE        3u /* a majority of the five that a cluster has */
#define CONTROLS_MAX 10u
#define CLUSTER      "route53-recovery-cluster"
#define CONFIG       "route53-recovery-control-config"

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "endpoints", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL | EVAC_PARAM_GROUP, NULL, NULL,
      "the cluster's five endpoints, as endpoints = { us-east-1 = \"https://...\"; ... }, as DescribeCluster lists them" },
    { "controls", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL, "ARN of each region's routing control" },
    { "cluster", EVAC_PARAM_TEXT, 0, NULL, NULL, "the cluster's ARN: ready then says whether the endpoints are still its" },
    { 0 },
};
static const struct evac_param ready_params[] = {
    { "compare", EVAC_PARAM_BOOL, 0, "true", NULL, "ask the control plane for the cluster's endpoints; it is not waited for, and may be away" },
    { 0 },
};
static const struct evac_param move_params[] = {
    { "override", EVAC_PARAM_LIST, 0, NULL, NULL, "ARNs of safety rules that are passed over; such a step should have approval = true" },
    { 0 },
};
#define READ_OP { CLUSTER, "GetRoutingControlState", CLUSTER ":GetRoutingControlState", EVAC_HOME_GLOBAL, NULL, false, false }
static const struct evac_op ready_ops[] = {
    READ_OP, { CONFIG, "DescribeCluster", CONFIG ":DescribeCluster", EVAC_HOME_FIXED, "us-west-2", true, false, "want.compare=true" }, { 0 } };
static const struct evac_op one_ops[] = {
    READ_OP, { CLUSTER, "UpdateRoutingControlState", CLUSTER ":UpdateRoutingControlState", EVAC_HOME_GLOBAL, NULL, false, true }, { 0 } };
static const struct evac_op all_ops[] = {
    READ_OP, { CLUSTER, "UpdateRoutingControlStates", CLUSTER ":UpdateRoutingControlStates", EVAC_HOME_GLOBAL, NULL, false, true }, { 0 } };
#define UPDATE "aws route53-recovery-cluster update-routing-control-state"
#define AT     " --region <region> --endpoint-url <endpoints> "
#define WAS(i) "RoutingControlArn=<was.controls." #i ".arn>,RoutingControlState=<was.controls." #i ".state>"
static const char clear_one[] = UPDATE AT "--routing-control-arn <controls> --routing-control-state <was.controls.0.state>";
static const char clear_all[] = UPDATE "s" AT "--update-routing-control-state-entries " WAS(0) " " WAS(1);
#define MOVES EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE | EVAC_ACTION_TRAFFIC
static const struct evac_action actions[] = {
    { "ready", "the cluster's endpoints answer and know the region's control", 0, EVAC_FENCING_NONE, 2000, 60000, ready_params, ready_ops },
    { "route", "users are led to this region and not to the one that is left: On and Off in one change", MOVES, EVAC_FENCING_NONE, 3000, 120000, move_params, all_ops, clear_all },
    { "withdraw", "no users are led to this region: its control is Off", MOVES, EVAC_FENCING_NONE, 3000, 120000, move_params, one_ops, clear_one },
    { "join", "users are led to this region: its control is On", MOVES, EVAC_FENCING_NONE, 3000, 120000, move_params, one_ops, clear_one },
    { 0 },
};
/* clang-format on */

struct control {
    struct evac_str region, arn;
    bool on; /* what is wanted */
};

/* What one endpoint says of all controls. */
struct answer {
    bool whole;          /* it told all of them */
    uint32_t on;         /* bit i: control i is On */
    struct evac_str why; /* not whole: in words */
};

struct work {
    struct control controls[CONTROLS_MAX];
    size_t control_count;
    struct aws_place places[AWS_PLACES_MAX]; /* in the order in which they are asked */
    struct answer answers[AWS_PLACES_MAX];
    size_t place_count, place, control; /* the latter two: what is looked at */
    const struct aws_place *here;       /* of an apply's look */
    struct evac_aws_reply failed;       /* the last that was no answer */
    bool nowhere;                       /* an endpoint answered that there is no such control */
    bool asked;                         /* this call has sent a change */
    aws_then_fn *looked;                /* after the last look */
    struct aws_turn turn;
    struct evac_buf *words; /* of ready */
};

/* --- what is configured ---------------------------------------------------------------------- */

/* The taking-over region's endpoint first, the left one's last. */
static enum evac_code find_places(struct aws_call *c, struct work *w, struct evac_err *err)
{
    static const char prefix[] = "endpoints.";
    for (int rank = 0; rank < 3; rank++)
        for (size_t i = 0; i < c->args.count; i++) {
            const struct evac_arg *arg = &c->args.items[i];
            if (!evac_str_starts(arg->name, prefix))
                continue;
            struct evac_str region = { arg->name.p + strlen(prefix), arg->name.n - strlen(prefix) };
            int own = evac_str_eq(region, c->to) ? 0 : evac_str_eq(region, c->from) ? 2 : 1;
            if (own != rank)
                continue;
            if (w->place_count == AWS_PLACES_MAX)
                return evac_fail(err, EVAC_E_TOOBIG, "more than %u endpoints; a cluster has five",
                                 AWS_PLACES_MAX);
            w->places[w->place_count++] = (struct aws_place){ region, arg->value };
        }
    return w->place_count ? EVAC_OK : evac_fail(err, EVAC_E_BADARG, "there are no endpoints");
}

/* Of a rollback: what the control was. */
static bool find_goal(const struct aws_call *c, struct evac_str arn, bool *ret_on)
{
    const struct evac_json *e = evac_json_first(evac_json_get(c->goal_root, "controls"));
    while (e && !evac_str_eq(evac_json_str(e, "arn"), arn))
        e = evac_json_next(e);
    struct evac_str state = evac_json_str(e, "state");
    *ret_on = evac_str_is(state, "On");
    return *ret_on || evac_str_is(state, "Off");
}

static enum evac_code add_control(struct aws_call *c, struct evac_str region, bool on,
                                  struct evac_err *err)
{
    struct work *w = c->state;
    struct evac_str arn = evac_args_regional(&c->args, "controls", region);
    if (arn.n == 0)
        return evac_fail(err, EVAC_E_BADARG, "there is no routing control for %.*s",
                         EVAC_STR_ARG(region));
    if (w->control_count == CONTROLS_MAX)
        return evac_fail(err, EVAC_E_TOOBIG, "more than %u routing controls", CONTROLS_MAX);
    if (c->goal_root && !find_goal(c, arn, &on))
        return evac_fail(err, EVAC_E_BADARG,
                         "the snapshot does not say what the control for %.*s was",
                         EVAC_STR_ARG(region));
    w->controls[w->control_count++] = (struct control){ region, arn, on };
    return EVAC_OK;
}

static enum evac_code add_all(struct aws_call *c, struct evac_err *err)
{
    static const char prefix[] = "controls.";
    enum evac_code code = add_control(c, c->region, true, err);
    for (size_t i = 0; i < c->args.count && code == EVAC_OK; i++) {
        struct evac_str name = c->args.items[i].name;
        if (!evac_str_starts(name, prefix))
            continue;
        struct evac_str region = { name.p + strlen(prefix), name.n - strlen(prefix) };
        if (!evac_str_eq(region, c->region))
            code = add_control(c, region, true, err);
    }
    return code;
}

static bool is_action(const struct aws_call *c, const char *name)
{
    return strcmp(c->action, name) == 0;
}

static enum evac_code setup(struct aws_call *c, struct evac_err *err)
{
    struct work *w = evac_arena_alloc(c->arena, sizeof *w);
    c->state = w;
    c->goal_root = aws_goal(c);
    enum evac_code code = find_places(c, w, err);
    if (code != EVAC_OK)
        return code;
    if (is_action(c, "ready"))
        return add_all(c, err);
    code = add_control(c, c->region, !is_action(c, "withdraw"), err);
    if (code == EVAC_OK && is_action(c, "route") && c->from.n && !evac_str_eq(c->from, c->region))
        code = add_control(c, c->from, false, err);
    return code;
}

/* --- requests -------------------------------------------------------------------------------- */

static struct evac_aws_request request_at(const struct aws_place *place, const char *operation,
                                          uint32_t total_ms, struct evac_str body)
{
    return (struct evac_aws_request){ .service = CLUSTER,
                                      .operation = operation,
                                      .region = place->region,
                                      .endpoint = place->endpoint,
                                      .total_ms = total_ms,
                                      .body = body };
}

static struct evac_str keep(struct aws_call *c, struct evac_buf *text)
{
    struct evac_str kept = evac_arena_str(c->arena, evac_buf_str(text));
    evac_buf_done(text);
    return kept;
}

static struct evac_aws_request look_at(struct aws_call *c, const struct aws_place *place,
                                       size_t control)
{
    const struct work *w = c->state;
    struct evac_buf body;
    evac_buf_init(&body, 4096);
    evac_buf_puts(&body, "{\"RoutingControlArn\":");
    evac_buf_json(&body, w->controls[control].arn);
    evac_buf_putc(&body, '}');
    return request_at(place, "GetRoutingControlState", LOOK_MS, keep(c, &body));
}

static void put_entry(struct evac_buf *body, const struct control *control)
{
    evac_buf_puts(body, "\"RoutingControlArn\":");
    evac_buf_json(body, control->arn);
    evac_buf_puts(body, ",\"RoutingControlState\":");
    evac_buf_puts(body, control->on ? "\"On\"" : "\"Off\"");
}

/* A rollback passes no rule over: the word was given for the way there. */
static void put_override(struct aws_call *c, struct evac_buf *body)
{
    struct evac_str rules = evac_args_get(&c->args, "want.override");
    if (rules.n == 0 || c->goal_root || evac_str_is(rules, "[]"))
        return;
    evac_buf_puts(body, ",\"SafetyRulesToOverride\":");
    evac_buf_put_str(body, rules);
}

static struct evac_aws_request change_at(struct aws_call *c, const struct aws_place *place)
{
    const struct work *w = c->state;
    bool several = is_action(c, "route");
    struct evac_buf body;
    evac_buf_init(&body, 16384);
    evac_buf_puts(&body, several ? "{\"UpdateRoutingControlStateEntries\":[" : "{");
    for (size_t i = 0; i < w->control_count; i++) {
        evac_buf_puts(&body, several ? (i ? ",{" : "{") : "");
        put_entry(&body, &w->controls[i]);
        evac_buf_puts(&body, several ? "}" : "");
    }
    evac_buf_puts(&body, several ? "]" : "");
    put_override(c, &body);
    evac_buf_putc(&body, '}');
    return request_at(place, several ? "UpdateRoutingControlStates" : "UpdateRoutingControlState",
                      CHANGE_MS, keep(c, &body));
}

/* --- looking at the endpoints ---------------------------------------------------------------- */

static size_t agreeing(const struct work *w, uint32_t on)
{
    size_t n = 0;
    for (size_t i = 0; i < w->place_count; i++)
        n += w->answers[i].whole && w->answers[i].on == on;
    return n;
}

static bool is_agreed(const struct work *w)
{
    for (size_t i = 0; i < w->place_count; i++)
        if (w->answers[i].whole && agreeing(w, w->answers[i].on) >= AGREE)
            return true;
    return false;
}

static void on_state(struct aws_call *c, const struct evac_aws_reply *r);

static bool is_over(const struct aws_call *c)
{
    const struct evac_host *host = c->link->host;
    return c->cancelled || (c->deadline_ms && host->now_ms(host->ctx) >= c->deadline_ms);
}

static void note_failed(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    struct answer *a = &w->answers[w->place++];
    w->control = 0;
    w->failed = (struct evac_aws_reply){ .outcome = r->outcome,
                                         .code = evac_arena_str(c->arena, r->code),
                                         .message = evac_arena_str(c->arena, r->message),
                                         .retry_after_ms = r->retry_after_ms };
    *a = (struct answer){ .why = w->failed.code.n ? w->failed.code : w->failed.message };
    if (evac_str_is(r->code, "ResourceNotFoundException"))
        w->nowhere = true;
}

/* The next endpoint that can be asked; false: there is none, or no time. */
static bool look_on(struct aws_call *c)
{
    struct work *w = c->state;
    while (w->place < w->place_count && !is_over(c)) {
        struct evac_err err = { EVAC_OK, "" };
        struct evac_aws_request request = look_at(c, &w->places[w->place], w->control);
        if (aws_send(c, &request, on_state, &err) == EVAC_OK)
            return true;
        const struct evac_aws_reply unsent = { .outcome = EVAC_OUTCOME_NOT_SENT,
                                               .message = evac_str(err.text) };
        note_failed(c, &unsent);
    }
    return false;
}

static bool reads_on(const struct evac_aws_reply *r)
{
    return evac_str_is(evac_json_str(r->json, "RoutingControlState"), "On");
}

static void on_state(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        note_failed(c, r);
    } else {
        struct answer *a = &w->answers[w->place];
        a->on |= (uint32_t)reads_on(r) << w->control;
        if (++w->control == w->control_count) {
            a->whole = true;
            w->place++;
            w->control = 0;
        }
    }
    if ((!is_action(c, "ready") && is_agreed(w)) || !look_on(c))
        w->looked(c);
}

static enum evac_code observe(struct aws_call *c, aws_then_fn *looked, struct evac_err *err)
{
    enum evac_code code = setup(c, err);
    struct work *w = c->state;
    if (code != EVAC_OK)
        return code;
    w->looked = looked;
    return look_on(c) ? EVAC_OK : aws_answer_later(c, looked, err);
}

/* Answered, since no endpoint told all of the controls. */
static bool nobody_told(struct aws_call *c)
{
    const struct work *w = c->state;
    for (size_t i = 0; i < w->place_count; i++)
        if (w->answers[i].whole)
            return false;
    if (w->nowhere)
        aws_answer_seen(c, &(struct aws_sight){ .seen = EVAC_SEEN_BLOCKED, .progress = -1 },
                        "the cluster has no such routing control: %.*s",
                        EVAC_STR_ARG(w->failed.message));
    else
        aws_answer_unseen(c, &w->failed);
    return true;
}

/* --- ready ----------------------------------------------------------------------------------- */

static struct evac_str without_slash(struct evac_str url)
{
    if (evac_str_ends(url, "/"))
        url.n--;
    return url;
}

static const struct aws_place *place_in(const struct work *w, struct evac_str region)
{
    for (size_t i = 0; i < w->place_count; i++)
        if (evac_str_eq(w->places[i].region, region))
            return &w->places[i];
    return NULL;
}

/* How many of the cluster's endpoints are not as they are configured; in words as well. */
static int64_t compare(struct work *w, const struct evac_json *endpoints)
{
    int64_t differ = 0;
    for (const struct evac_json *e = evac_json_first(endpoints); e; e = evac_json_next(e)) {
        struct evac_str region = evac_json_str(e, "Region");
        struct evac_str url = without_slash(evac_json_str(e, "Endpoint"));
        const struct aws_place *place = place_in(w, region);
        if (place && evac_str_eq(without_slash(place->endpoint), url))
            continue;
        evac_buf_putf(w->words, "; the cluster's endpoint in %.*s is %.*s, %s",
                      EVAC_STR_ARG(region), EVAC_STR_ARG(url),
                      place ? "not the configured one" : "which is not configured");
        differ++;
    }
    return differ;
}

/* differ -1: nobody said. */
static void answer_ready(struct aws_call *c, int64_t differ)
{
    struct work *w = c->state;
    int64_t told = 0;
    for (size_t i = 0; i < w->place_count; i++)
        told += w->answers[i].whole;
    struct evac_fact facts[] = { { "endpoints", told }, { "differ", differ } };
    struct evac_str words = keep(c, w->words);
    aws_answer_seen(c,
                    &(struct aws_sight){ .seen = EVAC_SEEN_SATISFIED,
                                         .strong = told >= (int64_t)AGREE,
                                         .progress = -1,
                                         .facts = facts,
                                         .fact_count = differ < 0 ? 1 : 2 },
                    "%.*s", EVAC_STR_ARG(words));
}

static void on_cluster(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    const struct evac_json *cluster = evac_json_get(r->json, "Cluster");
    if (r->outcome == EVAC_OUTCOME_ACCEPTED) {
        answer_ready(c, compare(w, evac_json_get(cluster, "ClusterEndpoints")));
        return;
    }
    struct evac_str why = r->code.n ? r->code : r->message;
    evac_buf_putf(w->words,
                  "; the control plane did not say whether they are still the cluster's: %.*s",
                  EVAC_STR_ARG(why));
    answer_ready(c, -1);
}

static void put_endpoints(struct work *w)
{
    size_t told = 0;
    for (size_t i = 0; i < w->place_count; i++)
        told += w->answers[i].whole;
    evac_buf_putf(w->words, "%zu of %zu endpoints answer", told, w->place_count);
    for (size_t i = 0; i < w->place_count; i++)
        if (!w->answers[i].whole)
            evac_buf_putf(w->words, "; %.*s: %.*s", EVAC_STR_ARG(w->places[i].region),
                          EVAC_STR_ARG(w->answers[i].why));
}

static void looked_ready(struct aws_call *c)
{
    static const struct aws_ask describe = { CONFIG, "DescribeCluster", "GET",
                                             "/cluster/<cluster>" };
    struct work *w = c->state;
    if (nobody_told(c))
        return;
    w->words = evac_arena_alloc(c->arena, sizeof *w->words);
    evac_buf_init(w->words, 16384);
    put_endpoints(w);
    bool ask = evac_args_has(&c->args, "cluster") && evac_args_bool(&c->args, "want.compare", true);
    struct evac_aws_request request = aws_ask(c, &describe, false, NULL, 0);
    request.total_ms = LOOK_MS;
    if (!ask || is_over(c) || aws_send(c, &request, on_cluster, NULL) != EVAC_OK)
        answer_ready(c, -1);
}

static enum evac_code observe_ready(struct aws_call *c, struct evac_err *err)
{
    return observe(c, looked_ready, err);
}

/* --- states ---------------------------------------------------------------------------------- */

static uint32_t wanted(const struct work *w)
{
    uint32_t on = 0;
    for (size_t i = 0; i < w->control_count; i++)
        on |= (uint32_t)w->controls[i].on << i;
    return on;
}

/* What most say. Where as many say what is wanted as say something else, it counts as not so:
 * asking once more does no harm. */
static uint32_t newest(const struct work *w)
{
    size_t most = 0;
    uint32_t on = 0;
    for (size_t i = 0; i < w->place_count; i++) {
        const struct answer *a = &w->answers[i];
        size_t n = a->whole ? agreeing(w, a->on) : 0;
        if (n > most || (n && n == most && on == wanted(w))) {
            most = n;
            on = a->on;
        }
    }
    return on;
}

static struct evac_str snapshot(struct aws_call *c, uint32_t on)
{
    const struct work *w = c->state;
    struct evac_buf text;
    evac_buf_init(&text, 16384);
    evac_buf_puts(&text, "{\"controls\":[");
    for (size_t i = 0; i < w->control_count; i++) {
        evac_buf_puts(&text, i ? ",{\"arn\":" : "{\"arn\":");
        evac_buf_json(&text, w->controls[i].arn);
        evac_buf_puts(&text, on >> i & 1 ? ",\"state\":\"On\"}" : ",\"state\":\"Off\"}");
    }
    evac_buf_puts(&text, "]}");
    return keep(c, &text);
}

static struct evac_str sentence(struct aws_call *c, uint32_t on)
{
    const struct work *w = c->state;
    struct evac_buf text;
    evac_buf_init(&text, 16384);
    for (size_t i = 0; i < w->control_count; i++)
        evac_buf_putf(&text, "%s%.*s is %s", i ? ", " : "", EVAC_STR_ARG(w->controls[i].region),
                      on >> i & 1 ? "On" : "Off");
    return keep(c, &text);
}

static void looked_state(struct aws_call *c)
{
    const struct work *w = c->state;
    if (nobody_told(c))
        return;
    uint32_t on = newest(w);
    size_t agree = agreeing(w, on);
    struct aws_sight sight = { .seen =
                                   on == wanted(w) ? EVAC_SEEN_SATISFIED : EVAC_SEEN_UNSATISFIED,
                               .strong = agree >= AGREE,
                               .progress = -1,
                               .snapshot = snapshot(c, on) };
    aws_answer_seen(c, &sight, "%.*s: so %s %zu of %zu endpoints", EVAC_STR_ARG(sentence(c, on)),
                    agree == 1 ? "says" : "say", agree, w->place_count);
}

static enum evac_code observe_state(struct aws_call *c, struct evac_err *err)
{
    return observe(c, looked_state, err);
}

/* --- changing -------------------------------------------------------------------------------- */

static struct evac_aws_request ask(struct aws_call *c, const struct aws_place *place, bool change)
{
    struct work *w = c->state;
    w->here = place;
    w->control = 0;
    w->asked = w->asked || change;
    return change ? change_at(c, place) : look_at(c, place, 0);
}

static void looked_for_change(struct aws_call *c, const struct evac_aws_reply *r);

static void on_rest(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (r->outcome == EVAC_OUTCOME_ACCEPTED)
        looked_for_change(c, r);
    else
        aws_turn_act(c);
}

/* The first look only tells that the endpoint is there: since its copy may be old, it is no reason
 * not to ask. After a lost reply what another endpoint says may be what became of it. */
static void looked_for_change(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_turn_refuse(c, r->code, "%.*s", EVAC_STR_ARG(r->message));
        return;
    }
    if (!w->asked || reads_on(r) != w->controls[w->control].on) {
        aws_turn_act(c);
        return;
    }
    if (++w->control == w->control_count) {
        aws_turn_done(c);
        return;
    }
    struct evac_aws_request request = look_at(c, w->here, w->control);
    if (aws_send(c, &request, on_rest, NULL) != EVAC_OK)
        aws_turn_act(c);
}

static enum evac_code apply(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = setup(c, err);
    struct work *w = c->state;
    if (code != EVAC_OK)
        return code;
    w->turn = (struct aws_turn){ w->places, w->place_count, ask, looked_for_change };
    return aws_turn_first(c, &w->turn, err);
}

static const struct aws_handlers handlers[] = {
    { .action = "ready", .observe = observe_ready },
    { .action = "route", .observe = observe_state, .apply = apply },
    { .action = "withdraw", .observe = observe_state, .apply = apply },
    { .action = "join", .observe = observe_state, .apply = apply },
    { 0 },
};

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_routing_control = { "routing-control",
                                                         "routing controls of an ARC cluster",
                                                         resource_params,
                                                         actions,
                                                         0,
                                                         NULL,
                                                         call,
                                                         aws_cancel };

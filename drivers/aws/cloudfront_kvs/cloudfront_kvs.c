/*
 * CloudFront KeyValueStore: one key that an edge function reads, such as which region is active
 * (AWS.md 2.8). Its data plane is of no one region, so the requests are signed for all of them
 * (Version 4A). The store as a whole has a version, which each change must name: a change by anyone
 * else in between is noticed, and so is a request that arrives late.
 */
#include "aws_template.h"

#define SERVICE "cloudfront-keyvaluestore"

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "store", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "ARN of the key value store" },
    { "key", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "the key that the function reads" },
    { "values", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL, "what it is for each region; not given: the region's name" },
    { 0 },
};
#define READ(op) { SERVICE, op, SERVICE ":" op, EVAC_HOME_GLOBAL, NULL, false, false }
#define WRITE(op) { SERVICE, op, SERVICE ":" op, EVAC_HOME_GLOBAL, NULL, false, true }
static const struct evac_op ready_ops[] = { READ("DescribeKeyValueStore"), READ("GetKey"), { 0 } };
static const struct evac_op route_ops[] = { READ("DescribeKeyValueStore"), READ("GetKey"), WRITE("PutKey"), WRITE("DeleteKey"), { 0 } };
static const struct evac_action actions[] = {
    { "ready", "the store is ready and has the key", 0, EVAC_FENCING_NONE, 1000, 60000, NULL, ready_ops },
    { "route", "the key has the region's value: the function leads users there", EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE | EVAC_ACTION_TRAFFIC,
      EVAC_FENCING_VERSION, 10000, 120000, NULL, route_ops,
      "aws cloudfront-keyvaluestore put-key --kvs-arn <store> --key <key> --value <was.value> --if-match "
      "$(aws cloudfront-keyvaluestore describe-key-value-store --kvs-arn <store> --query ETag --output text)" },
    { 0 },
};
#define STORE "/key-value-stores/<store>"
#define ASK(op, method, path, body) { SERVICE, op, method, path, NULL, body, .endpoint = "https://<account>.cloudfront-kvs.global.api.aws" }
static const struct aws_ask describe = ASK("DescribeKeyValueStore", "GET", STORE, NULL);
static const struct aws_ask get_key = ASK("GetKey", "GET", STORE "/keys/<key>", NULL);
static const struct aws_ask put_key = ASK("PutKey", "PUT", STORE "/keys/<key>", "{\"Value\":\"<value>\"}");
static const struct aws_ask delete_key = ASK("DeleteKey", "DELETE", STORE "/keys/<key>", NULL);
/* clang-format on */

struct work {
    struct evac_str value, version;
    bool remove;          /* a rollback to where there was no such key */
    aws_reply_fn *on_key; /* of a look */
};

/* --- requests -------------------------------------------------------------------------------- */

/* "arn:aws:cloudfront::123456789012:key-value-store/5c6d": the endpoint is the account's. */
static enum evac_code find_account(struct aws_call *c, struct evac_err *err)
{
    struct evac_str arn = evac_args_get(&c->args, "store"), rest = arn, account = EVAC_STR_NONE;
    for (int i = 0; i < 5; i++)
        account = evac_str_cut(rest, ':', &rest);
    if (!evac_str_starts(arn, "arn:aws:cloudfront::") || account.n != 12 ||
        !evac_str_starts(rest, "key-value-store/"))
        return evac_fail(err, EVAC_E_BADARG,
                         "store '%.*s' is not arn:aws:cloudfront::ACCOUNT:key-value-store/ID",
                         EVAC_STR_ARG(arn));
    aws_set_arg(c, "account", account);
    return EVAC_OK;
}

static enum evac_code setup(struct aws_call *c, struct evac_err *err)
{
    struct work *w = evac_arena_alloc(c->arena, sizeof *w);
    c->state = w;
    c->goal_root = aws_goal(c);
    w->value = aws_regional(c, "values");
    if (w->value.n == 0)
        w->value = c->region;
    if (c->goal_root) {
        w->remove = !evac_json_get(c->goal_root, "value");
        w->value = evac_json_str(c->goal_root, "value");
    }
    w->version = c->version;
    return find_account(c, err);
}

static struct evac_aws_request request(struct aws_call *c, const struct aws_ask *ask, bool mutates)
{
    const struct work *w = c->state;
    const struct aws_hole value = { "value", w->value };
    return aws_ask(c, ask, mutates, &value, 1);
}

/* --- looking --------------------------------------------------------------------------------- */

static void seen(struct aws_call *c, enum evac_seen seen, struct evac_str snapshot,
                 struct evac_str why)
{
    const struct work *w = c->state;
    aws_answer_seen(c,
                    &(struct aws_sight){
                        .seen = seen, .progress = -1, .snapshot = snapshot, .version = w->version },
                    "%.*s", EVAC_STR_ARG(why));
}

static bool is_missing(const struct evac_aws_reply *r)
{
    return r->outcome == EVAC_OUTCOME_REJECTED && evac_str_is(r->code, "ResourceNotFoundException");
}

static void on_ready(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (is_missing(r))
        seen(c, EVAC_SEEN_BLOCKED, EVAC_STR_NONE, EVAC_STR("the store has no such key"));
    else if (r->outcome != EVAC_OUTCOME_ACCEPTED)
        aws_answer_unseen(c, r);
    else
        seen(c, EVAC_SEEN_SATISFIED, EVAC_STR_NONE,
             aws_printf(c, "the key is %.*s", EVAC_STR_ARG(evac_json_str(r->json, "Value"))));
}

static struct evac_str snapshot_of(struct aws_call *c, struct evac_str value)
{
    struct evac_buf text;
    evac_buf_init(&text, 16384);
    evac_buf_puts(&text, "{\"value\":");
    evac_buf_json(&text, value);
    evac_buf_putc(&text, '}');
    struct evac_str kept = evac_arena_str(c->arena, evac_buf_str(&text));
    evac_buf_done(&text);
    return kept;
}

static void on_value(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct work *w = c->state;
    bool absent = is_missing(r);
    struct evac_str now = evac_json_str(r->json, "Value");
    if (!absent && r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return;
    }
    bool so = absent ? w->remove : !w->remove && evac_str_eq(now, w->value);
    seen(c, so ? EVAC_SEEN_SATISFIED : EVAC_SEEN_UNSATISFIED,
         absent ? EVAC_STR("{}") : snapshot_of(c, now),
         absent ? EVAC_STR("there is no such key")
                : aws_printf(c, "the key is %.*s", EVAC_STR_ARG(now)));
}

/* The version first: what is read afterwards is not older than it. */
static void on_store(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    struct evac_str status = evac_json_str(r->json, "Status");
    if (is_missing(r)) {
        seen(c, EVAC_SEEN_BLOCKED, EVAC_STR_NONE, EVAC_STR("there is no such key value store"));
    } else if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
    } else if (status.n && !evac_str_is(status, "READY")) {
        seen(c, EVAC_SEEN_BLOCKED, EVAC_STR_NONE,
             aws_printf(c, "the key value store is %.*s", EVAC_STR_ARG(status)));
    } else {
        w->version = evac_arena_str(c->arena, evac_http_header(r->http, "etag"));
        struct evac_aws_request next = request(c, &get_key, false);
        aws_next(c, &next, w->on_key);
    }
}

static enum evac_code look(struct aws_call *c, aws_reply_fn *on_key, struct evac_err *err)
{
    enum evac_code code = setup(c, err);
    struct work *w = c->state;
    if (code != EVAC_OK)
        return code;
    w->on_key = on_key;
    struct evac_aws_request first = request(c, &describe, false);
    return aws_send(c, &first, on_store, err);
}

static enum evac_code observe_ready(struct aws_call *c, struct evac_err *err)
{
    return look(c, on_ready, err);
}

static enum evac_code observe_route(struct aws_call *c, struct evac_err *err)
{
    return look(c, on_value, err);
}

/* --- changing -------------------------------------------------------------------------------- */

/* A conflict says that the version is another by now: certain that nothing was changed. A key that
 * was to go and is not there is refused too, and seen to be so. */
static void on_changed(struct aws_call *c, const struct evac_aws_reply *r)
{
    aws_answer_outcome(c, r);
}

static enum evac_code change(struct aws_call *c, struct evac_err *err)
{
    const struct work *w = c->state;
    const struct evac_http_header match = { EVAC_STR("If-Match"), w->version };
    struct evac_aws_request r = request(c, w->remove ? &delete_key : &put_key, true);
    r.headers = &match;
    r.header_count = 1;
    return aws_send(c, &r, on_changed, err);
}

static void on_version(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    struct evac_err err = { EVAC_OK, "" };
    if (r->outcome == EVAC_OUTCOME_REJECTED) {
        aws_answer_outcome(c, r);
    } else if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_not_sent(c, r);
    } else {
        w->version = evac_arena_str(c->arena, evac_http_header(r->http, "etag"));
        if (c->cancelled || change(c, &err) != EVAC_OK)
            aws_answer(c, &(struct evac_reply){ .outcome = EVAC_OUTCOME_NOT_SENT,
                                                .progress = -1,
                                                .reason = evac_str(err.text) });
    }
}

/* Of the version that was looked at, when it is known. */
static enum evac_code apply(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = setup(c, err);
    const struct work *w = c->state;
    if (code != EVAC_OK)
        return code;
    if (w->version.n)
        return change(c, err);
    struct evac_aws_request first = request(c, &describe, false);
    return aws_send(c, &first, on_version, err);
}

static const struct aws_handlers handlers[] = {
    { .action = "ready", .observe = observe_ready },
    { .action = "route", .observe = observe_route, .apply = apply },
    { 0 },
};

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_cloudfront_kvs = { "cloudfront-kvs",
                                                        "a key of a CloudFront KeyValueStore",
                                                        resource_params,
                                                        actions,
                                                        0,
                                                        NULL,
                                                        call,
                                                        aws_cancel };

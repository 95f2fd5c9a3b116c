/*
 * The GO object: one small JSON object per app, a copy in each region's bucket, that says which
 * region may write and where traffic goes. It is the app's dead-man switch and Route 53's signal in
 * one (README.md here is the contract for apps). Every change is a compare-and-set on the copy's
 * ETag, so a late request of an older decision is refused by S3 itself.
 *
 * Where all regions serve, it also says which of them are out: the copy that a region's health
 * check reads lies in another region, so putting a region out needs nothing of that region.
 */
#include "aws_pack.h"
#include "aws_time.h"
#include "rule.h"

#include <string.h>

#define NAME_BYTES   64u
#define OUT_MAX      16u
#define ASIDE_MS     3000 /* for a copy that is only asked whether it knows better */
#define MARGIN_MS    5000
#define WHOLE_SECOND 1000 /* Last-Modified and Date have no fractions */

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "key", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "the object's key, such as go/shop.json" },
    { "buckets", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL,
      "the bucket of each region's copy; versioned" },
    { "renew", EVAC_PARAM_DURATION, EVAC_PARAM_REQUIRED, NULL, NULL,
      "how long the app may go on writing after it last read that it may" },
    { "margin", EVAC_PARAM_DURATION, 0, "5s", NULL,
      "added to that, for the app's own delays" },
    { "reads", EVAC_PARAM_TEXT, EVAC_PARAM_GROUP, NULL, NULL,
      "where all regions serve: for each of them, the other region whose copy its health check reads" },
    { 0 },
};
static const struct evac_param share_params[] = {
    { "reads", EVAC_PARAM_TEXT, EVAC_PARAM_OF_RESOURCE, NULL, NULL, "" },
    { 0 },
};

#define READ  { "s3", "GetObject", "s3:GetObject", EVAC_HOME_STEP, NULL, false, false }
#define WRITE { "s3", "PutObject", "s3:PutObject", EVAC_HOME_STEP, NULL, false, true }
static const struct evac_op look_ops[] = { READ, { 0 } };
static const struct evac_op change_ops[] = { READ, WRITE, { 0 } };
/* The copy is in another region than the one that the step is about: of two, in the other one. */
#define SHARE(home) { "s3", "GetObject", "s3:GetObject", home, NULL, false, false }, \
                    { "s3", "PutObject", "s3:PutObject", home, NULL, false, true }
static const struct evac_op withdraw_ops[] = { SHARE(EVAC_HOME_TO), { 0 } };
static const struct evac_op join_ops[] = { SHARE(EVAC_HOME_FROM), { 0 } };

static const struct evac_action actions[] = {
    { "ready", "the copy can be read, and says that the active region may write and is served", 0,
      EVAC_FENCING_VERSION, 500, 60000, NULL, look_ops },
    { "fence", "the copy says that nobody may write, or the new region already",
      EVAC_ACTION_MUTATES | EVAC_ACTION_UNBILLED | EVAC_ACTION_REVERSIBLE | EVAC_ACTION_FENCES, EVAC_FENCING_VERSION, 500,
      120000, NULL, change_ops },
    { "expire", "the last permission that the copy gave the old region has run out",
      EVAC_ACTION_FENCES, EVAC_FENCING_VERSION, 36000, 600000, NULL, look_ops },
    { "grant", "the copy says that the new region may write", EVAC_ACTION_MUTATES | EVAC_ACTION_UNBILLED,
      EVAC_FENCING_VERSION, 500, 120000, NULL, change_ops },
    { "route", "the copy says that traffic goes to the new region",
      EVAC_ACTION_MUTATES | EVAC_ACTION_UNBILLED | EVAC_ACTION_REVERSIBLE | EVAC_ACTION_TRAFFIC, EVAC_FENCING_VERSION,
      500, 120000, NULL, change_ops },
    AWS_STILL_ACTION("the region's own copy does not say that it may write, or is served", NULL, look_ops),
    { "withdraw", "the copy that the region's health check reads says that it is out",
      EVAC_ACTION_MUTATES | EVAC_ACTION_UNBILLED | EVAC_ACTION_REVERSIBLE | EVAC_ACTION_TRAFFIC, EVAC_FENCING_VERSION,
      500, 120000, share_params, withdraw_ops },
    { "join", "the copy that the region's health check reads does not say that it is out",
      EVAC_ACTION_MUTATES | EVAC_ACTION_UNBILLED | EVAC_ACTION_REVERSIBLE | EVAC_ACTION_TRAFFIC, EVAC_FENCING_VERSION,
      500, 120000, share_params, join_ops },
    { 0 },
};
/* clang-format on */

/* --- the object ------------------------------------------------------------------------------ */

struct go {
    bool there;
    int64_t epoch, renew_ms;
    char writer[NAME_BYTES], route[NAME_BYTES];
    char out[OUT_MAX][NAME_BYTES]; /* regions that are led no users */
    size_t out_count;
    struct evac_str etag;
    int64_t age_ms; /* since the copy was last changed, by S3's own clock */
};

static bool is_text(const struct evac_json *json, const char *name, char *to)
{
    return evac_json_get(json, name) && evac_str_copy(to, NAME_BYTES, evac_json_str(json, name));
}

static bool is_out(const struct go *go, struct evac_str region)
{
    for (size_t i = 0; i < go->out_count; i++)
        if (evac_str_is(region, go->out[i]))
            return true;
    return false;
}

/* False: there is no room for one more. */
static bool put_out(struct go *go, struct evac_str region)
{
    if (is_out(go, region))
        return true;
    return go->out_count < OUT_MAX && evac_str_copy(go->out[go->out_count++], NAME_BYTES, region);
}

static void take_in(struct go *go, struct evac_str region)
{
    for (size_t i = 0; i < go->out_count; i++)
        if (evac_str_is(region, go->out[i])) {
            memmove(go->out[i], go->out[i + 1], (go->out_count - i - 1) * NAME_BYTES);
            go->out_count--;
            return;
        }
}

/* {"us-east-1":"out"} */
static bool read_out(const struct evac_json *traffic, struct go *go)
{
    for (const struct evac_json *x = evac_json_first(traffic); x; x = evac_json_next(x))
        if (evac_str_is(evac_json_text(x), "out") && !put_out(go, evac_json_key(x)))
            return false;
    return true;
}

/* False: there is something else under that key. */
static bool read_body(struct evac_str body, struct go *go)
{
    struct evac_json *json = NULL;
    if (evac_json_parse(body, &json, NULL))
        return false;
    go->epoch = evac_json_i64(json, "epoch", -1);
    go->renew_ms = evac_json_i64(json, "renew_ms", -1);
    bool good = go->epoch >= 0 && go->renew_ms >= 0 && is_text(json, "writer", go->writer) &&
                is_text(json, "route", go->route) && read_out(evac_json_get(json, "traffic"), go);
    evac_json_free(json);
    return good;
}

static bool read_go(struct aws_call *c, const struct evac_aws_reply *r, struct go *go)
{
    int64_t changed_ms = 0;
    *go = (struct go){ .there = true };
    if (!read_body(r->http->body, go))
        return false;
    go->etag = evac_arena_str(c->arena, evac_http_header(r->http, "etag"));
    if (!evac_aws_time_http(evac_http_header(r->http, "last-modified"), &changed_ms))
        return false;
    go->age_ms = aws_server_ms(c, r) - changed_ms;
    return go->etag.n > 0;
}

static int64_t duration(const struct aws_call *c, const char *name, int64_t fallback)
{
    int64_t ms = fallback;
    (void)evac_duration_ms(evac_args_get(&c->args, name), &ms);
    return ms;
}

/* The longer of what was promised and what is configured: an app may still go by either. */
static int64_t renew_ms(const struct aws_call *c, const struct go *go)
{
    int64_t own = duration(c, "renew", 0);
    return own > go->renew_ms ? own : go->renew_ms;
}

/* How long after the copy was fenced somebody may still go by it. */
static int64_t permission_ms(const struct aws_call *c, const struct go *go)
{
    return renew_ms(c, go) + duration(c, "margin", MARGIN_MS) + WHOLE_SECOND;
}

/* What a change promises. A configuration that was shortened counts from a grant on that comes when
 * all that was promised before has run out; until then a fence must wait for the longer one. */
static int64_t promised_ms(const struct aws_call *c, const struct go *go)
{
    int64_t own = duration(c, "renew", 0);
    bool grants = strcmp(c->action, "grant") == 0 && c->goal.n == 0;
    bool run_out = go->there && !go->writer[0] && go->age_ms >= permission_ms(c, go);
    return grants && run_out && own > 0 ? own : renew_ms(c, go);
}

/* --- what is wanted -------------------------------------------------------------------------- */

/* An action about which regions serve, not about who writes. */
static bool is_share(const struct aws_call *c)
{
    return strcmp(c->action, "withdraw") == 0 || strcmp(c->action, "join") == 0;
}

static void set(char *to, struct evac_str value)
{
    (void)evac_str_copy(to, NAME_BYTES, value);
}

/* go becomes what this action wants it to be; a goal restores what it was. */
static void aim(const struct aws_call *c, struct go *go)
{
    struct evac_json *goal = aws_goal(c);
    if (is_share(c)) {
        struct go was = { .there = true };
        (void)read_out(evac_json_get(goal, "traffic"), &was);
        if (goal ? is_out(&was, c->region) : strcmp(c->action, "withdraw") == 0)
            (void)put_out(go, c->region);
        else
            take_in(go, c->region);
    } else if (goal) {
        set(go->writer, evac_json_str(goal, "writer"));
        set(go->route, evac_json_str(goal, "route"));
    } else if (strcmp(c->action, "fence") == 0) {
        /* a grant that is there already is not taken back by fencing again */
        if (!evac_str_is(c->to, go->writer))
            go->writer[0] = '\0';
    } else if (strcmp(c->action, "grant") == 0) {
        set(go->writer, c->to);
    } else if (strcmp(c->action, "route") == 0) {
        set(go->route, c->to);
    }
    evac_json_free(goal);
}

static bool same(const struct go *a, const struct go *b)
{
    for (size_t i = 0; i < a->out_count; i++)
        if (!is_out(b, evac_str(a->out[i])))
            return false;
    return a->out_count == b->out_count && strcmp(a->writer, b->writer) == 0 &&
           strcmp(a->route, b->route) == 0;
}

static const char *who_writes(const struct go *go)
{
    return go->writer[0] ? go->writer : "nobody";
}

/* --- looking --------------------------------------------------------------------------------- */

static struct evac_str read_by(struct aws_call *c, struct evac_str region)
{
    return evac_args_get(&c->args, aws_printf(c, "reads.%.*s", EVAC_STR_ARG(region)).p);
}

/* The region whose copy this is about: for who serves, the one that the health check reads. Ready
 * is about the copy that will be needed, where all serve. */
static struct evac_str copy_of(struct aws_call *c)
{
    if (is_share(c))
        return read_by(c, c->region);
    struct evac_str needed = strcmp(c->action, "ready") == 0 ? read_by(c, c->from) : EVAC_STR_NONE;
    return needed.n ? needed : c->region;
}

/* A key that is too long for a path is no key of S3's. */
static struct evac_aws_request request_of(struct aws_call *c, struct evac_str copy)
{
    struct evac_buf path;
    evac_buf_init(&path, 4096);
    evac_buf_putc(&path, '/');
    evac_buf_uri(&path, evac_args_get(&c->args, "key"), true);
    struct evac_aws_request request = { .service = "s3",
                                        .operation = "GetObject",
                                        .region = copy,
                                        .method = "GET",
                                        .bucket = evac_args_regional(&c->args, "buckets", copy),
                                        .path = evac_arena_str(c->arena, evac_buf_str(&path)) };
    evac_buf_done(&path);
    return request;
}

static enum evac_code get(struct aws_call *c, aws_reply_fn *on_reply, struct evac_err *err)
{
    struct evac_str copy = copy_of(c);
    if (evac_args_get(&c->args, "key").n > 1024)
        return evac_fail(err, EVAC_E_TOOBIG, "the key is longer than S3's 1,024 bytes");
    if (is_share(c) && (copy.n == 0 || evac_str_eq(copy, c->region)))
        return evac_fail(err, EVAC_E_BADARG,
                         "reads needs another region's copy for %.*s: what a region says of "
                         "itself counts for nothing when it is gone",
                         EVAC_STR_ARG(c->region));
    struct evac_aws_request request = request_of(c, copy);
    if (request.bucket.n == 0)
        return evac_fail(err, EVAC_E_BADARG, "buckets has none for %.*s", EVAC_STR_ARG(copy));
    return aws_send(c, &request, on_reply, err);
}

/* `,"traffic":{"us-east-1":"out"}`, as health checks look for it; nothing when all are in. */
static struct evac_str out_member(struct aws_call *c, const struct go *go)
{
    struct evac_buf json;
    evac_buf_init(&json, 8192);
    for (size_t i = 0; i < go->out_count; i++) {
        evac_buf_puts(&json, i ? "," : ",\"traffic\":{");
        evac_buf_json(&json, evac_str(go->out[i]));
        evac_buf_puts(&json, ":\"out\"");
    }
    if (go->out_count)
        evac_buf_putc(&json, '}');
    struct evac_str member = evac_arena_str(c->arena, evac_buf_str(&json));
    evac_buf_done(&json);
    return member;
}

static struct aws_sight sight_of(struct aws_call *c, const struct go *go, enum evac_seen seen)
{
    struct aws_sight sight = { .seen = seen,
                               .strong = true,
                               .progress = -1,
                               .version = go->there ? go->etag : EVAC_STR("*") };
    if (go->there)
        sight.snapshot = aws_printf(
            c, "{\"epoch\":%lld,\"writer\":\"%s\",\"route\":\"%s\",\"renew_ms\":%lld%.*s}",
            (long long)go->epoch, go->writer, go->route, (long long)go->renew_ms,
            EVAC_STR_ARG(out_member(c, go)));
    return sight;
}

static void seen(struct aws_call *c, const struct go *go, enum evac_seen seen, int progress,
                 const char *why)
{
    struct aws_sight sight = sight_of(c, go, seen);
    sight.progress = progress;
    aws_answer_seen(c, &sight, "%s", why);
}

/* The object, nothing (a missing one is nobody's word), or an answer that says why not: false. */
static bool look(struct aws_call *c, const struct evac_aws_reply *r, struct go *go)
{
    if (r->status == 404 && evac_str_is(r->code, "NoSuchKey")) {
        *go = (struct go){ .there = false };
        return true;
    }
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return false;
    }
    if (read_go(c, r, go))
        return true;
    *go = (struct go){ .there = false };
    struct aws_sight sight = { .seen = EVAC_SEEN_BLOCKED, .strong = true, .progress = -1 };
    aws_answer_seen(c, &sight, "%.*s in %.*s is not a GO object",
                    EVAC_STR_ARG(evac_args_get(&c->args, "key")),
                    EVAC_STR_ARG(evac_args_regional(&c->args, "buckets", copy_of(c))));
    return false;
}

/* The n-th of the regions that serve: of reads.us-east-1 the last part. */
static bool serving(const struct aws_call *c, size_t n, struct evac_str *ret_region,
                    struct evac_str *ret_copy)
{
    for (size_t i = 0; i < c->args.count; i++) {
        struct evac_str head = evac_str_cut(c->args.items[i].name, '.', ret_region);
        *ret_copy = c->args.items[i].value;
        if (evac_str_is(head, "reads") && n-- == 0)
            return true;
    }
    return false;
}

static bool all_serve(const struct aws_call *c)
{
    struct evac_str region, copy;
    return serving(c, 0, &region, &copy);
}

/* Of all who serve, none would be left: Route 53 would then answer with everybody. */
static bool leaves_nobody(const struct aws_call *c, const struct go *wanted)
{
    struct evac_str region, copy;
    for (size_t i = 0; serving(c, i, &region, &copy); i++)
        if (!is_out(wanted, region))
            return false;
    return wanted->out_count > 0;
}

static struct evac_str says(struct aws_call *c, const struct go *go)
{
    struct evac_str out = out_member(c, go);
    return aws_printf(c, "%s may write, traffic goes to %s%s%.*s", who_writes(go),
                      go->route[0] ? go->route : "nowhere", out.n ? "; " : "",
                      (int)(out.n ? out.n - 1 : 0), out.n ? out.p + 1 : "");
}

#define LAST_REGION "it is the last region that users are led to"
#define NO_OBJECT   "there is no GO object yet"

static void on_aim(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct go go;
    if (!look(c, r, &go))
        return;
    struct go wanted = go;
    aim(c, &wanted);
    if (go.there && same(&go, &wanted))
        seen(c, &go, EVAC_SEEN_SATISFIED, -1, says(c, &go).p);
    else if (!go.there)
        seen(c, &go, is_share(c) ? EVAC_SEEN_BLOCKED : EVAC_SEEN_UNSATISFIED, -1, NO_OBJECT);
    else if (is_share(c) && leaves_nobody(c, &wanted))
        seen(c, &go, EVAC_SEEN_BLOCKED, -1, LAST_REGION);
    else
        seen(c, &go, EVAC_SEEN_UNSATISFIED, -1, says(c, &go).p);
}

static enum evac_code observe_aim(struct aws_call *c, struct evac_err *err)
{
    return get(c, on_aim, err);
}

/* A copy that was out of reach when the others were changed. */
static void on_still(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct go go;
    if (!look(c, r, &go))
        return;
    bool named = evac_str_is(c->region, go.writer) || evac_str_is(c->region, go.route);
    seen(c, &go, named ? EVAC_SEEN_UNSATISFIED : EVAC_SEEN_SATISFIED, -1,
         named
             ? aws_printf(c, "its copy of the GO object says that %.*s", EVAC_STR_ARG(says(c, &go)))
                   .p
             : "");
}

static enum evac_code observe_still(struct aws_call *c, struct evac_err *err)
{
    return get(c, on_still, err);
}

static void on_expire(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct go go;
    if (!look(c, r, &go))
        return;
    int64_t all = permission_ms(c, &go);
    int64_t left = all - go.age_ms;
    if (evac_str_is(c->to, go.writer)) {
        seen(c, &go, EVAC_SEEN_SATISFIED, 100, "the new region may write already");
    } else if (!go.there || go.writer[0]) {
        seen(c, &go, EVAC_SEEN_UNSATISFIED, 0,
             aws_printf(c, "%s may still write", go.there ? go.writer : "the app").p);
    } else if (left > 0) {
        int64_t done = all > 0 && go.age_ms > 0 ? go.age_ms * 100 / all : 0;
        struct aws_sight sight = sight_of(c, &go, EVAC_SEEN_MOVING);
        sight.progress = (int)(done < 99 ? done : 99);
        sight.over_in_ms = left < UINT32_MAX ? (uint32_t)left : UINT32_MAX;
        aws_answer_seen(c, &sight, "the old region's last permission runs out in %lld s",
                        (long long)((left + 999) / 1000));
    } else {
        seen(c, &go, EVAC_SEEN_SATISFIED, 100, "");
    }
}

static enum evac_code observe_expire(struct aws_call *c, struct evac_err *err)
{
    return get(c, on_expire, err);
}

/* Health checkers have no credentials. An object that they may not read says nobody is out, for
 * ever: putting a region out would be done and have no effect. */
static void on_public(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct go *go = c->state;
    if (r->status == 403)
        seen(c, go, EVAC_SEEN_BLOCKED, -1,
             "health checkers can not read the copy: it is not public");
    else if (r->outcome != EVAC_OUTCOME_ACCEPTED)
        aws_answer_unseen(c, r);
    else
        seen(c, go, EVAC_SEEN_SATISFIED, -1, says(c, go).p);
}

static void ask_as_checkers_do(struct aws_call *c, const struct go *go)
{
    struct evac_aws_request request = request_of(c, copy_of(c));
    struct go *kept = evac_arena_alloc(c->arena, sizeof *kept);
    *kept = *go;
    c->state = kept;
    request.anonymous = true;
    aws_next(c, &request, on_public);
}

/* A copy that was out of reach when users were moved leads them to where they were, once a step has
 * written to it and made it the newest. */
static bool is_of_now(const struct aws_call *c, const struct go *go)
{
    return evac_str_is(c->from, go->writer) && !evac_str_is(c->to, go->route);
}

/* Where all serve, it does not matter here who writes, nor who is out: that is what join is for. */
static void on_ready(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct go go;
    if (!look(c, r, &go))
        return;
    if (!go.there)
        seen(c, &go, EVAC_SEEN_BLOCKED, -1, NO_OBJECT);
    else if (all_serve(c))
        ask_as_checkers_do(c, &go);
    else
        seen(c, &go, is_of_now(c, &go) ? EVAC_SEEN_SATISFIED : EVAC_SEEN_BLOCKED, -1,
             says(c, &go).p);
}

static enum evac_code observe_ready(struct aws_call *c, struct evac_err *err)
{
    return get(c, on_ready, err);
}

/* --- changing -------------------------------------------------------------------------------- */

static void changed(struct aws_call *c, const struct evac_aws_reply *r)
{
    aws_answer_outcome(c, r);
}

static void put(struct aws_call *c, const struct go *go, const struct go *wanted)
{
    struct evac_http_header guard = { go->there ? EVAC_STR("If-Match") : EVAC_STR("If-None-Match"),
                                      go->there ? go->etag : EVAC_STR("*") };
    struct evac_aws_request request = request_of(c, copy_of(c));
    request.operation = "PutObject";
    request.mutates = true;
    request.method = "PUT";
    request.headers = &guard;
    request.header_count = EVAC_RULE(CAS);
    request.checksum = true;
    request.content_type = "application/json";
    request.body =
        aws_printf(c,
                   "{\"app\":\"%.*s\",\"epoch\":%lld,\"writer\":\"%s\",\"route\":\"%s\","
                   "\"renew_ms\":%lld,\"run\":\"%.*s\"%.*s}",
                   EVAC_STR_ARG(c->app), (long long)go->epoch + 1, wanted->writer, wanted->route,
                   (long long)promised_ms(c, go), EVAC_STR_ARG(evac_args_get(&c->args, "run")),
                   EVAC_STR_ARG(out_member(c, wanted)));
    aws_next(c, &request, changed);
}

/* --- the last region ------------------------------------------------------------------------- */

/* Whether somebody is left can stand in other copies than the one that is changed. */
struct survey {
    struct go go, wanted;
    size_t next;
    struct evac_str region; /* who is asked about */
};

static void find_survivor(struct aws_call *c);

/* A copy that can not be read puts nobody out: the checkers can not read it either. */
static void on_survivor(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct survey *s = c->state;
    struct go other = { .there = true };
    bool read = r->outcome == EVAC_OUTCOME_ACCEPTED && read_body(r->http->body, &other);
    if (read && is_out(&other, s->region))
        find_survivor(c);
    else
        put(c, &s->go, &s->wanted);
}

/* In an emergency the copy of the region that is being left is not asked. */
static bool is_asked(struct aws_call *c, struct evac_str copy)
{
    bool left = evac_str_eq(copy, c->region) && !evac_str_is(c->mode, "graceful");
    return !left && !evac_str_eq(copy, copy_of(c));
}

static void find_survivor(struct aws_call *c)
{
    struct survey *s = c->state;
    struct evac_str copy;
    while (serving(c, s->next++, &s->region, &copy)) {
        if (is_out(&s->wanted, s->region))
            continue;
        struct evac_aws_request request = request_of(c, copy);
        request.total_ms = ASIDE_MS;
        if (is_asked(c, copy))
            aws_next(c, &request, on_survivor);
        else
            put(c, &s->go, &s->wanted);
        return;
    }
    aws_answer_rejected(c, "", LAST_REGION);
}

static void put_share(struct aws_call *c, const struct go *go, const struct go *wanted)
{
    struct survey *s = evac_arena_alloc(c->arena, sizeof *s);
    *s = (struct survey){ .go = *go, .wanted = *wanted };
    c->state = s;
    if (!go->there)
        aws_answer_rejected(c, "", NO_OBJECT);
    else if (is_out(wanted, c->region))
        find_survivor(c);
    else
        put(c, go, wanted);
}

/* The version that the decision was made on, or none was there. */
static bool is_version(const struct aws_call *c, const struct go *go)
{
    return c->version.n == 0 ||
           (go->there ? evac_str_eq(c->version, go->etag) : evac_str_is(c->version, "*"));
}

static void change(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct go go;
    bool missing = r->status == 404 && evac_str_is(r->code, "NoSuchKey");
    if (!missing && r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_not_sent(c, r);
        return;
    }
    go = (struct go){ .there = false };
    if (!missing && !read_go(c, r, &go)) {
        aws_answer_rejected(c, "", "what is there is not a GO object: nothing was changed");
        return;
    }
    struct go wanted = go;
    aim(c, &wanted);
    if (!is_version(c, &go))
        aws_answer_rejected(c, "PreconditionFailed", "it was changed since it was looked at");
    else if (strcmp(c->action, "grant") == 0 && c->goal.n == 0 && go.writer[0] &&
             !evac_str_is(c->to, go.writer))
        aws_answer_rejected(c, "", "%s may still write: it must be fenced first", go.writer);
    else if (is_share(c))
        put_share(c, &go, &wanted);
    else
        put(c, &go, &wanted);
}

static enum evac_code apply_change(struct aws_call *c, struct evac_err *err)
{
    return get(c, change, err);
}

static const struct aws_handlers handlers[] = {
    { .action = "ready", .observe = observe_ready },
    { .action = "fence", .observe = observe_aim, .apply = apply_change },
    { .action = "expire", .observe = observe_expire },
    { .action = "grant", .observe = observe_aim, .apply = apply_change },
    { .action = "route", .observe = observe_aim, .apply = apply_change },
    { .action = "withdraw", .observe = observe_aim, .apply = apply_change },
    { .action = "join", .observe = observe_aim, .apply = apply_change },
    { .action = EVAC_ACTION_STILL, .observe = observe_still },
    { 0 },
};

static enum evac_code call_s3_go(struct evac_link *link, const struct evac_call *call,
                                 evac_done_fn *done, void *user, uint64_t *ret_id,
                                 struct evac_err *err)
{
    return aws_run(link, handlers, call_s3_go, call, done, user, ret_id, err);
}

const struct evac_driver evac_driver_s3_go = { "s3-go",
                                               "the GO object: who may write, where traffic goes",
                                               resource_params,
                                               actions,
                                               0,
                                               NULL,
                                               call_s3_go,
                                               aws_cancel };

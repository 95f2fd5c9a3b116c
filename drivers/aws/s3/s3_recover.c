/*
 * A bucket brought back to a time, by its versions: what was current then is copied over what is
 * current now, delete markers are taken off. Nothing is ever deleted for good: all versions stay,
 * so that it can be undone by recovering to the time before.
 *
 * A marker object says when the run's recovery began. Whatever was written after that is not
 * touched again: it is our own copy (whose ETag may differ, when it is encrypted or was written in
 * parts) or the work of whoever writes now. So a recovery is resumed by looking.
 */
#include "s3_versions.h"

#include "aws_time.h"

#include <string.h>

#define DEFAULT_MOST   1000
#define DEFAULT_AGE_MS 3600000 /* of a rehearsal without a time */
#define WORK_MS        24000   /* of one apply: then it is looked at, and goes on */

struct work {
    struct s3_aim aim;
    struct s3_plan plan;
    size_t at, done; /* of the plan's items: the next one; how many were dealt with */
    uint64_t until_ms;
    bool drill;
};

static void plan_ready(struct aws_call *c, struct s3_plan *plan);

/* --- what is wanted -------------------------------------------------------------------------- */

static enum evac_code begin(struct aws_call *c, struct evac_err *err)
{
    struct work *w = evac_arena_alloc(c->arena, sizeof *w);
    const struct evac_host *host = c->link->host;
    struct evac_str time = evac_args_get(&c->args, "want.time");
    struct evac_str prefix = evac_args_get(&c->args, "recover_prefix");
    int64_t now_ms = host->wall_ms(host->ctx);
    c->state = w;
    w->drill = strcmp(c->action, "rehearse") == 0;
    w->aim.prefix = evac_str_is(prefix, "*") ? EVAC_STR_NONE : prefix;
    w->aim.skip = evac_args_get(&c->args, "canary");
    w->aim.hide = evac_str_is(evac_args_get(&c->args, "want.newer"), "hide");
    w->until_ms = host->now_ms(host->ctx) + WORK_MS;
    if (time.n == 0) {
        w->aim.time_ms = w->drill ? now_ms - DEFAULT_AGE_MS : 0;
        return EVAC_OK;
    }
    if (!evac_aws_time_iso(time, &w->aim.time_ms) || w->aim.time_ms <= 0)
        return evac_fail(err, EVAC_E_BADARG,
                         "want.time is '%.*s': it is written as 2026-01-02T03:04:05Z",
                         EVAC_STR_ARG(time));
    if (w->aim.time_ms > now_ms)
        return evac_fail(err, EVAC_E_BADARG, "want.time is '%.*s', which is still to come",
                         EVAC_STR_ARG(time));
    return EVAC_OK;
}

static int64_t most(const struct aws_call *c)
{
    int64_t n = DEFAULT_MOST;
    (void)evac_str_i64(evac_args_get(&c->args, "recover_most"), &n);
    return n;
}

#define BATCH                                                                                      \
    "S3 Batch Operations can (a job with S3PutObjectCopy and a list of versions), or a narrower "  \
    "recover_prefix"

/* NULL: it can be done from here. */
static const char *why_not(struct aws_call *c)
{
    const struct work *w = c->state;
    const struct s3_plan *p = &w->plan;
    if (p->cut)
        return aws_printf(c, "there are more than %u versions: not from here; " BATCH,
                          S3_VERSIONS_MAX)
            .p;
    if (p->counts[S3_TOO_BIG])
        return aws_printf(c, "%zu objects are larger than a copy may be (5 GiB); " BATCH,
                          p->counts[S3_TOO_BIG])
            .p;
    if (p->counts[S3_ARCHIVED])
        return aws_printf(c, "%zu objects are archived, and must be restored from there first",
                          p->counts[S3_ARCHIVED])
            .p;
    if ((int64_t)s3_plan_todo(p) > most(c))
        return aws_printf(c,
                          "%zu objects would be changed, at most %lld are (recover_most); " BATCH,
                          s3_plan_todo(p), (long long)most(c))
            .p;
    return NULL;
}

/* --- when it began --------------------------------------------------------------------------- */

static struct evac_str marker_path(struct aws_call *c)
{
    return s3_key_path(c, aws_printf(c, "%.*s/recover-%.*s",
                                     EVAC_STR_ARG(evac_args_get(&c->args, "canary")),
                                     EVAC_STR_ARG(evac_args_get(&c->args, "run"))));
}

static struct evac_str marker_body(struct aws_call *c)
{
    const struct work *w = c->state;
    struct evac_buf json;
    evac_buf_init(&json, 8192);
    evac_buf_puts(&json, "{\"app\":");
    evac_buf_json(&json, c->app);
    evac_buf_putf(&json, ",\"time_ms\":%lld,\"hide\":%s,\"prefix\":", (long long)w->aim.time_ms,
                  w->aim.hide ? "true" : "false");
    evac_buf_json(&json, w->aim.prefix);
    evac_buf_putc(&json, '}');
    struct evac_str kept = evac_arena_str(c->arena, evac_buf_str(&json));
    evac_buf_done(&json);
    return kept;
}

static void on_marker(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    bool none = r->status == 404 && evac_str_is(r->code, "NoSuchKey");
    if (!none && r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_no_look(c, r);
        return;
    }
    if (!none && !evac_str_eq(r->http->body, marker_body(c))) {
        static const char why[] = "a recovery of a run of this number, to another time, has left "
                                  "its marker: delete it when it is an old one";
        struct aws_sight sight = { .seen = EVAC_SEEN_BLOCKED, .progress = -1 };
        if (c->verb == EVAC_VERB_OBSERVE)
            aws_answer_seen(c, &sight, "%s", why);
        else
            aws_answer_rejected(c, "", "%s", why);
        return;
    }
    if (!none)
        (void)evac_aws_time_http(evac_http_header(r->http, "last-modified"), &w->aim.since_ms);
    s3_versions_next(c, &w->aim, plan_ready);
}

/* --- what was seen --------------------------------------------------------------------------- */

static const char *in_words(struct aws_call *c)
{
    const struct work *w = c->state;
    const struct s3_plan *p = &w->plan;
    struct evac_aws_date d = evac_aws_date_of(w->aim.time_ms);
    return aws_printf(
               c,
               "to be as at %04lld-%02u-%02uT%02u:%02u:%02uZ: %zu of %zu objects to copy, "
               "%zu delete markers to take off, %zu newer to hide; %zu newer stay%s",
               (long long)d.year, d.month, d.day, d.hour, d.minute, d.second, p->counts[S3_COPY],
               p->count, p->counts[S3_UNMARK], p->counts[S3_HIDE], p->counts[S3_NEWER],
               p->counts[S3_SINCE]
                   ? aws_printf(c, "; %zu were written since it began", p->counts[S3_SINCE]).p
                   : "")
        .p;
}

static void answer(struct aws_call *c)
{
    const struct work *w = c->state;
    const struct s3_plan *p = &w->plan;
    const struct evac_host *host = c->link->host;
    size_t todo = s3_plan_todo(p);
    const char *why = why_not(c);
    const struct evac_fact facts[] = {
        { "as_of_wall_ms", w->aim.time_ms },
        { "age_ms", host->wall_ms(host->ctx) - w->aim.time_ms },
        { "objects", (int64_t)p->count },
        { "to_copy", (int64_t)p->counts[S3_COPY] },
        { "to_unmark", (int64_t)p->counts[S3_UNMARK] },
        { "to_hide", (int64_t)p->counts[S3_HIDE] },
        { "newer", (int64_t)p->counts[S3_NEWER] },
        { "bytes", p->bytes },
    };
    struct aws_sight sight = { .seen = why                     ? EVAC_SEEN_BLOCKED
                                       : w->drill || todo == 0 ? EVAC_SEEN_SATISFIED
                                                               : EVAC_SEEN_UNSATISFIED,
                               .strong = true,
                               .progress = todo == 0 ? 100 : -1,
                               .facts = facts,
                               .fact_count = sizeof facts / sizeof facts[0] };
    aws_answer_seen(c, &sight, "%s", why ? why : in_words(c));
}

/* --- doing it -------------------------------------------------------------------------------- */

static void go_on(struct aws_call *c);

static bool is_todo(enum s3_deed deed)
{
    return deed == S3_COPY || deed == S3_UNMARK || deed == S3_HIDE;
}

static void stop(struct aws_call *c, const char *why)
{
    const struct work *w = c->state;
    struct evac_reply reply = { .outcome = EVAC_OUTCOME_ACCEPTED,
                                .progress = -1,
                                .reason =
                                    aws_printf(c, "%zu of %zu so far%s%s", w->done,
                                               s3_plan_todo(&w->plan), why[0] ? ": " : "", why) };
    aws_answer(c, &reply);
}

/* What was done before is certain; so a refusal is the whole call's only when it is the first. */
static void on_deed(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    if (r->outcome == EVAC_OUTCOME_ACCEPTED) {
        w->done++;
        w->at++;
        go_on(c);
    } else if (r->outcome == EVAC_OUTCOME_UNKNOWN || w->done == 0) {
        aws_answer_outcome(c, r);
    } else {
        stop(c, r->code.n ? evac_arena_str(c->arena, r->code).p
                          : evac_arena_str(c->arena, r->message).p);
    }
}

static struct evac_str copy_source(struct aws_call *c, const struct s3_item *item)
{
    return aws_printf(c, "/%.*s%.*s?versionId=%.*s", EVAC_STR_ARG(s3_bucket_in(c, c->region)),
                      EVAC_STR_ARG(s3_key_path(c, item->key)), EVAC_STR_ARG(item->version));
}

static struct evac_aws_request deed(struct aws_call *c, const struct s3_item *item)
{
    bool copy = item->deed == S3_COPY;
    struct evac_http_header *headers = evac_arena_array(c->arena, 2, sizeof *headers);
    struct evac_arg *param = evac_arena_alloc(c->arena, sizeof *param);
    struct evac_aws_request r = s3_ask(c, c->region, copy ? "CopyObject" : "DeleteObject",
                                       copy ? "PUT" : "DELETE", s3_key_path(c, item->key));
    r.mutates = true;
    r.headers = headers;
    r.params = param;
    if (copy) {
        headers[r.header_count++] =
            (struct evac_http_header){ EVAC_STR("x-amz-copy-source"), copy_source(c, item) };
        if (item->storage.n && !evac_str_is(item->storage, "STANDARD"))
            headers[r.header_count++] =
                (struct evac_http_header){ EVAC_STR("x-amz-storage-class"), item->storage };
    } else if (item->deed == S3_UNMARK) {
        *param = (struct evac_arg)AWS_PARAM("versionId", item->version);
        r.param_count = 1;
    }
    return r;
}

static void go_on(struct aws_call *c)
{
    struct work *w = c->state;
    const struct evac_host *host = c->link->host;
    while (w->at < w->plan.count && !is_todo(w->plan.items[w->at].deed))
        w->at++;
    if (w->at == w->plan.count) {
        stop(c, "");
    } else if (c->cancelled || host->now_ms(host->ctx) >= w->until_ms) {
        stop(c, "looked at before it goes on");
    } else {
        struct evac_aws_request request = deed(c, &w->plan.items[w->at]);
        aws_next(c, &request, on_deed);
    }
}

static void on_begun(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (r->outcome == EVAC_OUTCOME_ACCEPTED)
        go_on(c);
    else
        aws_answer_outcome(c, r);
}

static void put_marker(struct aws_call *c)
{
    static const struct evac_http_header guard = { { "If-None-Match", 13 }, { "*", 1 } };
    struct evac_aws_request r = s3_ask(c, c->region, "PutObject", "PUT", marker_path(c));
    r.mutates = true;
    r.checksum = true;
    r.headers = &guard;
    r.header_count = 1;
    r.content_type = "application/json";
    r.body = marker_body(c);
    aws_next(c, &r, on_begun);
}

static void plan_ready(struct aws_call *c, struct s3_plan *plan)
{
    struct work *w = c->state;
    w->plan = *plan;
    if (plan->failed)
        aws_answer_no_look(c, plan->failed);
    else if (c->verb == EVAC_VERB_OBSERVE)
        answer(c);
    else if (why_not(c))
        aws_answer_rejected(c, "", "%s", why_not(c));
    else if (s3_plan_todo(plan) == 0 || w->aim.since_ms)
        go_on(c);
    else
        put_marker(c);
}

/* --- the door -------------------------------------------------------------------------------- */

static void nothing_wanted(struct aws_call *c)
{
    struct aws_sight sight = { .seen = EVAC_SEEN_SATISFIED, .strong = true, .progress = 100 };
    if (c->verb == EVAC_VERB_OBSERVE)
        aws_answer_seen(c, &sight, "no time is wanted: the bucket stays as it is");
    else
        aws_answer_already(c);
}

static enum evac_code start(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = begin(c, err);
    const struct work *w = c->state;
    if (code)
        return code;
    if (w->aim.time_ms == 0)
        return aws_answer_later(c, nothing_wanted, err);
    if (w->drill)
        return s3_versions_first(c, &w->aim, plan_ready, err);
    if (evac_args_get(&c->args, "run").n == 0)
        return evac_fail(err, EVAC_E_BADARG,
                         "recovering needs a run: when it began is noted under its number");
    struct evac_aws_request request = s3_ask(c, c->region, "GetObject", "GET", marker_path(c));
    return aws_send(c, &request, on_marker, err);
}

enum evac_code s3_observe_recover(struct aws_call *c, struct evac_err *err)
{
    return start(c, err);
}

enum evac_code s3_apply_recover(struct aws_call *c, struct evac_err *err)
{
    return start(c, err);
}

/*
 * The way back: a rule on the bucket that is active now, towards the one that was left. A
 * configuration of replication is written whole, so what else is in it goes back as it was; and
 * undone, exactly our rule is taken out again. S3 needs us-east-1 for this (AWS.md 7.2.2): never on
 * the way out of a region.
 */
#include "s3_parts.h"

#include <string.h>

#define SNAPSHOT_MAX 60000u

struct work {
    struct evac_str was; /* the configuration's text, "" none */
    struct evac_str role, id;
    bool replicates; /* some enabled rule goes to the other bucket */
    bool ours;       /* a rule of our ID is there */
    bool old_kind;   /* rules without a filter, with which ours can not be mixed */
    bool other_role;
    size_t rules;
    int64_t priority; /* the highest there is */
};

/* --- looking --------------------------------------------------------------------------------- */

static void read_rule(struct work *w, const struct evac_xml *rule, struct evac_str bucket)
{
    struct evac_str to = evac_xml_text(rule, "Destination/Bucket");
    int64_t priority = 0;
    bool there = evac_str_ends(to, bucket.p) && to.n > bucket.n && to.p[to.n - bucket.n - 1] == ':';
    (void)evac_str_i64(evac_xml_text(rule, "Priority"), &priority);
    w->rules++;
    w->ours |= evac_str_eq(evac_xml_text(rule, "ID"), w->id);
    w->replicates |= there && evac_str_is(evac_xml_text(rule, "Status"), "Enabled");
    w->old_kind |= !evac_xml_child(rule, "Filter");
    if (priority > w->priority)
        w->priority = priority;
}

/* False: answered, it could not be looked at. */
static bool look(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    if (evac_str_is(r->code, "ReplicationConfigurationNotFoundError"))
        return true;
    if (!aws_looked(c, r))
        return false;
    struct evac_str bucket = evac_arena_str(c->arena, s3_bucket_in(c, c->from));
    w->was = evac_arena_str(c->arena, r->http->body);
    w->other_role = !evac_str_eq(evac_xml_text(r->xml, "Role"), w->role);
    for (const struct evac_xml *rule = evac_xml_child(r->xml, "Rule"); rule;
         rule = evac_xml_again(rule))
        read_rule(w, rule, bucket);
    return true;
}

/* A rollback restores that ours was not there; one that was there before is not touched. */
static bool is_done(struct aws_call *c)
{
    const struct work *w = c->state;
    struct evac_json *goal = aws_goal(c);
    struct evac_str was = evac_json_str(goal, "replication");
    bool had = was.n && evac_str_has(was, aws_printf(c, "<ID>%.*s</ID>", EVAC_STR_ARG(w->id)).p);
    evac_json_free(goal);
    return c->goal.n == 0 ? w->replicates : had || !w->ours;
}

/* NULL: our rule may be added. */
static const char *why_not(const struct work *w)
{
    return w->ours       ? "our rule is there, but it is disabled or goes elsewhere: somebody "
                           "changed it"
           : w->old_kind ? "the bucket has rules of the older kind, without a filter: ours can "
                           "not stand beside them"
           : w->rules && w->other_role
               ? "the bucket's rules use another role, which all rules share"
           : w->was.n > SNAPSHOT_MAX ? "the bucket's rules are too many to be put back exactly"
                                     : NULL;
}

static void answer(struct aws_call *c)
{
    const struct work *w = c->state;
    struct evac_buf json;
    evac_buf_init(&json, 4 * SNAPSHOT_MAX);
    evac_buf_puts(&json, "{\"replication\":");
    evac_buf_json(&json, w->was);
    evac_buf_putc(&json, '}');
    bool undo = c->goal.n > 0, done = is_done(c);
    const char *why = undo || w->replicates ? NULL : why_not(w);
    struct aws_sight sight = { .seen = done  ? EVAC_SEEN_SATISFIED
                                       : why ? EVAC_SEEN_BLOCKED
                                             : EVAC_SEEN_UNSATISFIED,
                               .progress = -1 };
    if (!json.failed && w->was.n <= SNAPSHOT_MAX)
        sight.snapshot = evac_arena_str(c->arena, evac_buf_str(&json));
    evac_buf_done(&json);
    aws_answer_seen(c, &sight, "%s",
                    why    ? why
                    : done ? ""
                    : undo ? "our rule is still there"
                           : aws_printf(c, "nothing replicates to %.*s yet",
                                        EVAC_STR_ARG(s3_bucket_in(c, c->from)))
                                 .p);
}

/* --- changing -------------------------------------------------------------------------------- */

static void changed(struct aws_call *c, const struct evac_aws_reply *r)
{
    aws_answer_outcome(c, r);
}

static void put(struct aws_call *c, struct evac_str text)
{
    struct evac_aws_request request =
        s3_ask_bucket(c, c->to, "PutBucketReplication", "PUT", "replication");
    request.mutates = true;
    request.checksum = true;
    request.content_type = "application/xml";
    request.body = text;
    aws_next(c, &request, changed);
}

static void put_tag(struct evac_buf *xml, const char *name, struct evac_str value)
{
    evac_buf_putf(xml, "<%s>", name);
    evac_buf_xml(xml, value);
    evac_buf_putf(xml, "</%s>", name);
}

#define MINUTES "<Minutes>15</Minutes>"

static void put_rule(struct aws_call *c, struct evac_buf *xml)
{
    const struct work *w = c->state;
    bool rtc = evac_str_is(evac_args_get(&c->args, "rtc"), "true");
    evac_buf_puts(xml, "<Rule>");
    put_tag(xml, "ID", w->id);
    evac_buf_putf(xml, "<Priority>%lld</Priority><Filter>", (long long)w->priority + 1);
    put_tag(xml, "Prefix", evac_args_get(&c->args, "prefix"));
    evac_buf_puts(xml, "</Filter><Status>Enabled</Status><SourceSelectionCriteria>"
                       "<ReplicaModifications><Status>Enabled</Status></ReplicaModifications>"
                       "</SourceSelectionCriteria><Destination><Bucket>arn:aws:s3:::");
    evac_buf_xml(xml, s3_bucket_in(c, c->from));
    evac_buf_puts(xml, "</Bucket>");
    if (rtc)
        evac_buf_puts(xml, "<ReplicationTime><Status>Enabled</Status><Time>" MINUTES
                           "</Time></ReplicationTime><Metrics><Status>Enabled</Status>"
                           "<EventThreshold>" MINUTES "</EventThreshold></Metrics>");
    evac_buf_puts(xml, "</Destination><DeleteMarkerReplication><Status>Disabled</Status>"
                       "</DeleteMarkerReplication></Rule>");
}

static const char *find(const char *from, const char *end, const char *what)
{
    size_t n = strlen(what);
    for (; from + n <= end; from++)
        if (memcmp(from, what, n) == 0)
            return from;
    return NULL;
}

#define ROOT_END "</ReplicationConfiguration>"

static void add(struct aws_call *c)
{
    const struct work *w = c->state;
    const char *end = w->was.p ? find(w->was.p, w->was.p + w->was.n, ROOT_END) : NULL;
    struct evac_buf xml;
    evac_buf_init(&xml, 4 * SNAPSHOT_MAX);
    if (end && w->rules) {
        evac_buf_put(&xml, w->was.p, (size_t)(end - w->was.p));
    } else {
        evac_buf_puts(&xml, "<ReplicationConfiguration "
                            "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
        put_tag(&xml, "Role", w->role);
    }
    put_rule(c, &xml);
    evac_buf_puts(&xml, ROOT_END);
    struct evac_str text = evac_arena_str(c->arena, evac_buf_str(&xml));
    evac_buf_done(&xml);
    put(c, text);
}

/* "<Rule>...</Rule>" with our ID. False: the text is not as we read it. */
static bool find_ours(struct aws_call *c, const char **ret_begin, const char **ret_end)
{
    const struct work *w = c->state;
    const char *end = w->was.p + w->was.n, *at = w->was.p;
    struct evac_buf id;
    evac_buf_init(&id, 4096);
    put_tag(&id, "ID", w->id);
    bool found = false;
    while (!found && (at = find(at, end, "<Rule>"))) {
        const char *close = find(at, end, "</Rule>");
        if (!close)
            break;
        found = find(at, close, id.p) != NULL;
        *ret_begin = at;
        *ret_end = at = close + strlen("</Rule>");
    }
    evac_buf_done(&id);
    return found;
}

static void take_out(struct aws_call *c)
{
    const struct work *w = c->state;
    const char *begin, *end;
    if (w->rules == 1) {
        struct evac_aws_request request =
            s3_ask_bucket(c, c->to, "DeleteBucketReplication", "DELETE", "replication");
        request.mutates = true;
        aws_next(c, &request, changed);
    } else if (!find_ours(c, &begin, &end)) {
        aws_answer_rejected(c, "", "our rule can not be told from the others: take it out by hand");
    } else {
        put(c, aws_printf(c, "%.*s%.*s", (int)(begin - w->was.p), w->was.p,
                          (int)(w->was.p + w->was.n - end), end));
    }
}

/* --- the door -------------------------------------------------------------------------------- */

static void looked(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct work *w = c->state;
    if (!look(c, r))
        return;
    if (c->verb == EVAC_VERB_OBSERVE)
        answer(c);
    else if (is_done(c))
        aws_answer_already(c);
    else if (c->goal.n > 0)
        take_out(c);
    else if (why_not(w))
        aws_answer_rejected(c, "", "%s", why_not(w));
    else
        add(c);
}

/* Whichever region the step names: the rule belongs where the data is written now. */
static enum evac_code start(struct aws_call *c, struct evac_err *err)
{
    struct work *w = evac_arena_alloc(c->arena, sizeof *w);
    w->role = evac_args_get(&c->args, "role");
    w->id = evac_args_get(&c->args, "rule_id");
    c->state = w;
    struct evac_aws_request request =
        s3_ask_bucket(c, c->to, "GetBucketReplication", "GET", "replication");
    return aws_send(c, &request, looked, err);
}

enum evac_code s3_observe_protect(struct aws_call *c, struct evac_err *err)
{
    return start(c, err);
}

enum evac_code s3_apply_protect(struct aws_call *c, struct evac_err *err)
{
    return start(c, err);
}

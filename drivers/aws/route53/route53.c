/*
 * Route 53 record sets. Two ways to move traffic: by health check (a failover pair whose primary
 * follows the GO object; nothing is called, DNS is only watched: this works with us-east-1 dead)
 * and by record (a change of the set through Route 53's control plane in us-east-1, as
 * compare-and-set: one batch deletes exactly what was seen and creates what is wanted, so it is
 * refused when anybody was faster, and the name is never empty; AWS.md 2.1).
 */
#include "aws_pack.h"

#include <stdio.h>
#include <string.h>

#define TTL_MAX_S 60     /* a longer one delays every client by so much */
#define SETS_MAX  65536u /* bytes of one name's record sets, as XML */
#define NS        "https://route53.amazonaws.com/doc/2013-04-01/"

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "zone", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "the hosted zone's id" },
    { "name", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "the record's name" },
    { "switch", EVAC_PARAM_CHOICE, 0, "record", "health-check|record",
      "what moves the traffic: a health check that follows the GO object, or a changed record" },
    { "target", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, "", NULL,
      "what the record answers for a region; without it, the address of {region}.<name>" },
    { "type", EVAC_PARAM_CHOICE, 0, "A", "A|CNAME", "the record's type, for switch = \"record\"" },
    { "ttl", EVAC_PARAM_INT, 0, "60", NULL, "seconds, for switch = \"record\"" },
    { "resolver", EVAC_PARAM_TEXT, 0, "", NULL,
      "\"address:port\" to ask for the name; without it, the controller's own resolver" },
    { 0 },
};

/* Where a health check moves the traffic, point only asks DNS. */
#define LIST(when) { "route53", "ListResourceRecordSets", "route53:ListResourceRecordSets", EVAC_HOME_FIXED, "us-east-1", true, false, when }
#define BY_RECORD "switch=record"
static const struct evac_op look_ops[] = {
    LIST(NULL),
    { "route53", "GetHealthCheck", "route53:GetHealthCheck", EVAC_HOME_FIXED, "us-east-1", true, false, "switch=health-check" },
    { 0 },
};
static const struct evac_op point_ops[] = {
    LIST(BY_RECORD),
    { "route53", "GetChange", "route53:GetChange", EVAC_HOME_FIXED, "us-east-1", true, false, BY_RECORD },
    { "route53", "ChangeResourceRecordSets", "route53:ChangeResourceRecordSets", EVAC_HOME_FIXED, "us-east-1", true, true, BY_RECORD },
    { 0 },
};

static const struct evac_action actions[] = {
    { "ready", "the record set can be switched", 0, EVAC_FENCING_VERSION, 1000, 120000, NULL, look_ops },
    { "point", "the name answers with the region",
      EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE | EVAC_ACTION_TRAFFIC, EVAC_FENCING_VERSION, 60000,
      900000, NULL, point_ops },
    { 0 },
};
/* clang-format on */

static bool by_health_check(const struct aws_call *c)
{
    return evac_str_is(evac_args_get(&c->args, "switch"), "health-check");
}

static bool same_name(struct evac_str a, struct evac_str b)
{
    while (a.n && a.p[a.n - 1] == '.')
        a.n--;
    while (b.n && b.p[b.n - 1] == '.')
        b.n--;
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++) {
        char x = a.p[i], y = b.p[i];
        if ((x >= 'A' && x <= 'Z' ? x + 32 : x) != (y >= 'A' && y <= 'Z' ? y + 32 : y))
            return false;
    }
    return true;
}

static void seen(struct aws_call *c, enum evac_seen seen, const char *why)
{
    struct aws_sight sight = { .seen = seen, .progress = -1 };
    aws_answer_seen(c, &sight, "%s", why);
}

/* --- listing --------------------------------------------------------------------------------- */

static const struct evac_xml *first_set(const struct evac_aws_reply *r)
{
    return evac_xml_path(r->xml, "ResourceRecordSets/ResourceRecordSet");
}

/* As Route 53 writes it: lower case, "\052" for "*", with the last dot. */
static struct evac_str wire_name(struct aws_call *c)
{
    struct evac_str name = evac_args_get(&c->args, "name");
    while (name.n && name.p[name.n - 1] == '.')
        name.n--;
    char *text = evac_arena_dup(c->arena, aws_printf(c, "%.*s.", EVAC_STR_ARG(name)).p);
    for (char *p = text; *p; p++)
        *p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
    return text[0] == '*' ? aws_printf(c, "\\052%s", text + 1) : evac_str(text);
}

static bool is_ours(struct aws_call *c, const struct evac_xml *set)
{
    struct evac_str type = evac_xml_text(set, "Type");
    bool kind = by_health_check(c) ? !evac_str_is(type, "TXT")
                                   : evac_str_eq(type, evac_args_get(&c->args, "type"));
    return kind && same_name(evac_xml_text(set, "Name"), wire_name(c));
}

/* The listing starts at the name, so the first page holds all of one name's records. */
static struct evac_aws_request list_request(struct aws_call *c, struct evac_arg params[3])
{
    params[0] = (struct evac_arg)AWS_PARAM("maxitems", EVAC_STR("100"));
    params[1] = (struct evac_arg)AWS_PARAM("name", wire_name(c));
    params[2] = (struct evac_arg)AWS_PARAM("type", evac_args_get(&c->args, "type"));
    return (struct evac_aws_request){
        .service = "route53",
        .operation = "ListResourceRecordSets",
        .region = c->region,
        .method = "GET",
        .path = aws_printf(c, "/2013-04-01/hostedzone/%.*s/rrset",
                           EVAC_STR_ARG(evac_args_get(&c->args, "zone"))),
        .params = params,
        .param_count = 3,
    };
}

static enum evac_code list(struct aws_call *c, aws_reply_fn *then, struct evac_err *err)
{
    struct evac_arg params[3];
    struct evac_aws_request request = list_request(c, params);
    return aws_send(c, &request, then, err);
}

/* --- ready ----------------------------------------------------------------------------------- */

static int64_t ttl_of(const struct evac_xml *set)
{
    int64_t ttl;
    return evac_str_i64(evac_xml_text(set, "TTL"), &ttl) ? ttl
                                                         : 60; /* aliases have their target's */
}

static void on_health_check(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct evac_xml *config = evac_xml_path(r->xml, "HealthCheck/HealthCheckConfig");
    if (r->outcome != EVAC_OUTCOME_ACCEPTED)
        aws_answer_unseen(c, r);
    else if (evac_str_is(evac_xml_text(config, "Disabled"), "true"))
        seen(c, EVAC_SEEN_BLOCKED, "the primary's health check is disabled: it would never switch");
    else if (!evac_str_is(evac_xml_text(config, "Inverted"), "true"))
        seen(c, EVAC_SEEN_BLOCKED,
             "the primary's health check is not inverted: it does not follow the GO object");
    else
        seen(c, EVAC_SEEN_SATISFIED, "");
}

static void ask_health_check(struct aws_call *c, struct evac_str id)
{
    struct evac_aws_request request = {
        .service = "route53",
        .operation = "GetHealthCheck",
        .region = c->region,
        .method = "GET",
        .path = aws_printf(c, "/2013-04-01/healthcheck/%.*s", EVAC_STR_ARG(id)),
    };
    aws_next(c, &request, on_health_check);
}

static void on_ready(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct evac_str check = EVAC_STR_NONE;
    size_t sets = 0;
    bool secondary = false;
    int64_t ttl = 0;
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return;
    }
    for (const struct evac_xml *s = first_set(r); s; s = evac_xml_again(s)) {
        if (!is_ours(c, s))
            continue;
        sets++;
        ttl = ttl_of(s) > ttl ? ttl_of(s) : ttl;
        if (evac_str_is(evac_xml_text(s, "Failover"), "PRIMARY"))
            check = evac_xml_text(s, "HealthCheckId");
        secondary |= evac_str_is(evac_xml_text(s, "Failover"), "SECONDARY");
    }
    if (sets == 0)
        seen(c, EVAC_SEEN_BLOCKED, "there is no such record set");
    else if (ttl > TTL_MAX_S)
        seen(c, EVAC_SEEN_BLOCKED,
             aws_printf(c, "its TTL is %lld s: clients would stay as long; at most %d",
                        (long long)ttl, TTL_MAX_S)
                 .p);
    else if (!by_health_check(c))
        seen(c, EVAC_SEEN_SATISFIED, "");
    else if (!secondary || check.n == 0)
        seen(c, EVAC_SEEN_BLOCKED, "it is not a failover pair whose primary has a health check");
    else
        ask_health_check(c, check);
}

static enum evac_code observe_ready(struct aws_call *c, struct evac_err *err)
{
    return list(c, on_ready, err);
}

/* --- what the name answers ------------------------------------------------------------------- */

struct pointing {
    struct evac_str *targets; /* addresses: any of them will do */
    size_t target_count;
    struct evac_str snapshot, version;
};

static bool is_address(struct evac_str text)
{
    size_t digits = 0;
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] >= '0' && text.p[i] <= '9')
            digits++;
        else if (text.p[i] != '.')
            return false;
    return digits > 0;
}

static struct evac_str resolver(const struct aws_call *c)
{
    return evac_args_get(&c->args, "resolver");
}

static bool is_target(const struct pointing *p, struct evac_str address)
{
    for (size_t i = 0; i < p->target_count; i++)
        if (evac_str_eq(address, p->targets[i]))
            return true;
    return false;
}

static void keep_targets(struct aws_call *c, const struct evac_str *values, size_t count)
{
    struct pointing *p = c->state;
    p->targets = evac_arena_array(c->arena, count + 1, sizeof *p->targets);
    for (p->target_count = 0; p->target_count < count; p->target_count++)
        p->targets[p->target_count] = evac_arena_str(c->arena, values[p->target_count]);
}

static void compare_answer(struct aws_call *c)
{
    const struct pointing *p = c->state;
    struct aws_sight sight = { .seen = EVAC_SEEN_MOVING,
                               .progress = -1,
                               .strong = true, /* the answer itself, uncached as far as we asked */
                               .snapshot = p->snapshot,
                               .version = p->version };
    if (!c->dns->answered) {
        sight.seen = EVAC_SEEN_UNSEEN;
        aws_answer_seen(c, &sight, "DNS does not answer: %s", c->dns->error ? c->dns->error : "");
        return;
    }
    for (size_t i = 0; i < c->dns->value_count; i++)
        if (is_target(p, c->dns->values[i]))
            sight.seen = EVAC_SEEN_SATISFIED;
    if (sight.seen == EVAC_SEEN_SATISFIED)
        aws_answer_seen(c, &sight, "%s", "");
    else
        aws_answer_seen(c, &sight, "the name still answers %.*s, not %.*s",
                        EVAC_STR_ARG(c->dns->value_count ? c->dns->values[0] : EVAC_STR("nothing")),
                        EVAC_STR_ARG(p->targets[0]));
}

static void ask_name(struct aws_call *c)
{
    aws_resolve(c, evac_args_get(&c->args, "name"), resolver(c), compare_answer);
}

static void take_targets(struct aws_call *c)
{
    if (!c->dns->answered || c->dns->value_count == 0) {
        seen(c, EVAC_SEEN_UNSEEN, "the name that it is to point at has no address");
        return;
    }
    keep_targets(c, c->dns->values, c->dns->value_count);
    ask_name(c);
}

static struct evac_str regional_name(struct aws_call *c)
{
    struct evac_str target = aws_regional(c, "target");
    return target.n ? target
                    : aws_printf(c, "%.*s.%.*s", EVAC_STR_ARG(c->region),
                                 EVAC_STR_ARG(evac_args_get(&c->args, "name")));
}

/* By health check nobody applies anything here: the GO object's `route` did, and this waits until
 * the world is told so. So it is never unsatisfied, only moving. */
static enum evac_code observe_answer(struct aws_call *c, struct evac_err *err)
{
    struct pointing *p = evac_arena_alloc(c->arena, sizeof *p);
    struct evac_str name = regional_name(c);
    p->snapshot = EVAC_STR("{}");
    c->state = p;
    if (!is_address(name))
        return aws_resolve_first(c, name, resolver(c), take_targets, err);
    keep_targets(c, &name, 1);
    return aws_resolve_first(c, evac_args_get(&c->args, "name"), resolver(c), compare_answer, err);
}

/* --- by record ------------------------------------------------------------------------------- */

static void put_tag(struct evac_buf *xml, const char *name, struct evac_str text)
{
    evac_buf_putf(xml, "<%s>", name);
    evac_buf_xml(xml, text);
    evac_buf_putf(xml, "</%s>", name);
}

static void copy_element(struct evac_buf *xml, const struct evac_xml *x)
{
    evac_buf_putf(xml, "<%.*s>", EVAC_STR_ARG(x->name));
    if (!x->first)
        evac_buf_xml(xml, x->text);
    for (const struct evac_xml *child = x->first; child; child = child->next)
        copy_element(xml, child);
    evac_buf_putf(xml, "</%.*s>", EVAC_STR_ARG(x->name));
}

#define TOO_LARGE "the name has more record sets than are handled here"

/* Our record sets as they are, element by element: what a DELETE must repeat exactly. False when
 * they are more than that: half of them would be worse than none. */
static bool sets_of(struct aws_call *c, const struct evac_aws_reply *r, struct evac_str *ret_sets)
{
    struct evac_buf xml;
    evac_buf_init(&xml, SETS_MAX);
    for (const struct evac_xml *s = first_set(r); s; s = evac_xml_again(s))
        if (is_ours(c, s))
            copy_element(&xml, s);
    bool whole = !xml.failed;
    *ret_sets = evac_arena_str(c->arena, evac_buf_str(&xml));
    evac_buf_done(&xml);
    return whole;
}

static struct evac_str version_of(struct aws_call *c, struct evac_str sets)
{
    return aws_printf(c, "%016llx", (unsigned long long)evac_str_hash(sets));
}

static struct evac_str snapshot_of(struct aws_call *c, struct evac_str sets)
{
    struct evac_buf json;
    evac_buf_init(&json, 6 * SETS_MAX + 32); /* a character is six at most */
    evac_buf_puts(&json, "{\"sets\":");
    evac_buf_json(&json, sets);
    evac_buf_putc(&json, '}');
    struct evac_str kept = evac_arena_str(c->arena, evac_buf_str(&json));
    evac_buf_done(&json);
    return kept;
}

/* The one simple set that answers with the target; a goal's are as they were. */
static struct evac_str wanted_sets(struct aws_call *c)
{
    struct evac_json *goal = aws_goal(c);
    if (goal) {
        struct evac_str kept = evac_arena_str(c->arena, evac_json_str(goal, "sets"));
        evac_json_free(goal);
        return kept;
    }
    struct evac_buf xml;
    evac_buf_init(&xml, SETS_MAX);
    evac_buf_puts(&xml, "<ResourceRecordSet>");
    put_tag(&xml, "Name", wire_name(c));
    put_tag(&xml, "Type", evac_args_get(&c->args, "type"));
    put_tag(&xml, "TTL", evac_args_get(&c->args, "ttl"));
    evac_buf_puts(&xml, "<ResourceRecords><ResourceRecord>");
    put_tag(&xml, "Value", aws_regional(c, "target"));
    evac_buf_puts(&xml, "</ResourceRecord></ResourceRecords></ResourceRecordSet>");
    struct evac_str kept = evac_arena_str(c->arena, evac_buf_str(&xml));
    evac_buf_done(&xml);
    return kept;
}

static struct evac_str note_key(struct aws_call *c)
{
    return aws_printf(c, "route53 %.*s %.*s", EVAC_STR_ARG(evac_args_get(&c->args, "zone")),
                      EVAC_STR_ARG(evac_args_get(&c->args, "name")));
}

static void seen_set(struct aws_call *c, enum evac_seen seen, const char *why)
{
    const struct pointing *p = c->state;
    struct aws_sight sight = {
        .seen = seen, .strong = true, .progress = -1, .snapshot = p->snapshot, .version = p->version
    };
    aws_answer_seen(c, &sight, "%s", why);
}

/* The value of sets that have only one: a simple record's. Empty otherwise. */
static struct evac_str only_value(struct evac_str sets)
{
    static const char open[] = "<Value>";
    struct evac_str found = EVAC_STR_NONE, rest;
    for (size_t i = 0, n = sizeof open - 1; i + n <= sets.n; i++)
        if (memcmp(sets.p + i, open, n) == 0) {
            if (found.n)
                return EVAC_STR_NONE;
            found = evac_str_cut((struct evac_str){ sets.p + i + n, sets.n - i - n }, '<', &rest);
        }
    return found;
}

/* Whether users are told can be asked of DNS, when it is plain what they should be told. Of groups
 * and aliases it is not: then Route 53's word that the set is so has to do. */
static void ask_dns(struct aws_call *c)
{
    struct evac_str value = only_value(wanted_sets(c));
    if (value.n == 0) {
        seen_set(c, EVAC_SEEN_SATISFIED, "");
    } else if (is_address(value)) {
        keep_targets(c, &value, 1);
        ask_name(c);
    } else {
        aws_resolve(c, value, resolver(c), take_targets);
    }
}

/* A change that Route 53 does not know any more was stranded or is long done: DNS tells which. */
static void on_change_status(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (evac_str_is(r->code, "NoSuchChange"))
        ask_dns(c);
    else if (r->outcome != EVAC_OUTCOME_ACCEPTED)
        aws_answer_unseen(c, r);
    else if (evac_str_is(evac_xml_text(r->xml, "ChangeInfo/Status"), "INSYNC"))
        seen_set(c, EVAC_SEEN_SATISFIED, "");
    else
        seen_set(c, EVAC_SEEN_MOVING, "the change is not on all of Route 53's servers yet");
}

/* The list says so at once; users are told when the change is everywhere. Without its id (after a
 * restart, or when somebody else has made it so) DNS itself is asked. */
static void wait_for_users(struct aws_call *c)
{
    const struct pointing *p = c->state;
    struct evac_str made, change = evac_str_cut(aws_note_get(c->link, note_key(c)), ' ', &made);
    struct evac_aws_request request = {
        .service = "route53", .operation = "GetChange", .region = c->region, .method = "GET"
    };
    if (change.n == 0 || !evac_str_eq(made, p->version)) {
        ask_dns(c);
    } else {
        request.path = aws_printf(c, "/2013-04-01/change/%.*s", EVAC_STR_ARG(change));
        aws_next(c, &request, on_change_status);
    }
}

static void on_list(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct pointing *p = evac_arena_alloc(c->arena, sizeof *p);
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return;
    }
    struct evac_str sets;
    if (!sets_of(c, r, &sets)) {
        seen(c, EVAC_SEEN_BLOCKED, TOO_LARGE);
        return;
    }
    p->snapshot = snapshot_of(c, sets);
    p->version = version_of(c, sets);
    c->state = p;
    if (evac_str_eq(sets, wanted_sets(c)))
        wait_for_users(c);
    else
        seen_set(c, EVAC_SEEN_UNSATISFIED, "the record is another one");
}

static enum evac_code observe_point(struct aws_call *c, struct evac_err *err)
{
    if (by_health_check(c))
        return observe_answer(c, err);
    if (aws_regional(c, "target").n == 0)
        return evac_fail(err, EVAC_E_BADARG, "switch = \"record\" needs a 'target' for %.*s",
                         EVAC_STR_ARG(c->region));
    return list(c, on_list, err);
}

/* The id is kept with what it made: it says nothing about any later change. */
static void changed(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct evac_str id = aws_tail(evac_xml_text(r->xml, "ChangeInfo/Id"));
    if (r->outcome == EVAC_OUTCOME_ACCEPTED)
        aws_note_set(c->link, note_key(c),
                     aws_printf(c, "%.*s %.*s", EVAC_STR_ARG(id),
                                EVAC_STR_ARG(version_of(c, wanted_sets(c)))));
    aws_answer_outcome(c, r);
}

static void put_changes(struct evac_buf *xml, const char *action, struct evac_str sets)
{
    static const char end[] = "</ResourceRecordSet>";
    while (sets.n) {
        size_t n = 0;
        while (n + sizeof end - 1 < sets.n && memcmp(sets.p + n, end, sizeof end - 1) != 0)
            n++;
        n += sizeof end - 1;
        if (n > sets.n)
            n = sets.n;
        evac_buf_putf(xml, "<Change><Action>%s</Action>", action);
        evac_buf_put(xml, sets.p, n);
        evac_buf_puts(xml, "</Change>");
        sets = (struct evac_str){ sets.p + n, sets.n - n };
    }
}

static void submit(struct aws_call *c, struct evac_str old, struct evac_str new)
{
    struct evac_buf xml;
    evac_buf_init(&xml, 262144);
    evac_buf_puts(&xml, "<ChangeResourceRecordSetsRequest xmlns=\"" NS "\"><ChangeBatch><Comment>");
    evac_buf_putf(&xml, "evac %s</Comment><Changes>", c->token);
    put_changes(&xml, "DELETE", old);
    put_changes(&xml, "CREATE", new);
    evac_buf_puts(&xml, "</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>");
    struct evac_aws_request request = {
        .service = "route53",
        .operation = "ChangeResourceRecordSets",
        .region = c->region,
        .mutates = true,
        .method = "POST",
        .path = aws_printf(c, "/2013-04-01/hostedzone/%.*s/rrset/",
                           EVAC_STR_ARG(evac_args_get(&c->args, "zone"))),
        .body = evac_arena_str(c->arena, evac_buf_str(&xml)),
    };
    bool whole = !xml.failed;
    evac_buf_done(&xml);
    if (whole)
        aws_next(c, &request, changed);
    else
        aws_answer_rejected(c, "", TOO_LARGE);
}

static void change(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_not_sent(c, r);
        return;
    }
    struct evac_str old, new = wanted_sets(c);
    if (!sets_of(c, r, &old))
        aws_answer_rejected(c, "", TOO_LARGE);
    else if (c->version.n && !evac_str_eq(c->version, version_of(c, old)))
        aws_answer_rejected(c, "InvalidChangeBatch", "it was changed since it was looked at");
    else if (evac_str_eq(old, new))
        aws_answer_rejected(c, "", "it is so already");
    else if (new.n == 0)
        aws_answer_rejected(c, "", "the name would be left empty");
    else
        submit(c, old, new);
}

static enum evac_code apply_point(struct aws_call *c, struct evac_err *err)
{
    if (by_health_check(c))
        return evac_fail(err, EVAC_E_UNSUPPORTED,
                         "switched by health check: the GO object's route moves it");
    return list(c, change, err);
}

static const struct aws_handlers handlers[] = {
    { .action = "ready", .observe = observe_ready },
    { .action = "point", .observe = observe_point, .apply = apply_point },
    { 0 },
};

static enum evac_code call_route53(struct evac_link *link, const struct evac_call *call,
                                   evac_done_fn *done, void *user, uint64_t *ret_id,
                                   struct evac_err *err)
{
    return aws_run(link, handlers, call, done, user, ret_id, err);
}

const struct evac_driver evac_driver_route53 = {
    "route53", "a Route 53 record set", resource_params, actions, 0, NULL, call_route53, aws_cancel
};

/*
 * A name's record sets: listed, and changed as compare-and-set. One batch deletes exactly what was
 * seen and creates what is wanted, so it is refused when anybody was faster, and the name is never
 * empty (AWS.md 2.1).
 */
#include "route53.h"
#include "rule.h"

#include <string.h>

#define VALUES_MAX 64u   /* of a region; more are not needed to see it answered */
#define ZONE_MS    1000u /* a zone that is busy with a change is asked again after this */

bool dns_by_health_check(const struct aws_call *c)
{
    return evac_str_is(evac_args_get(&c->args, "switch"), "health-check");
}

bool dns_is_pair(const struct aws_call *c)
{
    return dns_by_health_check(c) && evac_args_get(&c->args, "withdraw").n == 0;
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

/* --- listing --------------------------------------------------------------------------------- */

struct evac_str dns_wire_name(struct aws_call *c, struct evac_str name)
{
    while (name.n && name.p[name.n - 1] == '.')
        name.n--;
    char *text = evac_arena_dup(c->arena, aws_printf(c, "%.*s.", EVAC_STR_ARG(name)).p);
    for (char *p = text; *p; p++)
        *p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
    return text[0] == '*' ? aws_printf(c, "\\052%s", text + 1) : evac_str(text);
}

static struct evac_str record_type(const struct aws_call *c)
{
    return evac_args_get(&c->args, "record_type");
}

static bool is_ours(struct aws_call *c, const struct evac_xml *set)
{
    struct evac_str type = evac_xml_text(set, "Type");
    bool kind = dns_is_pair(c) ? !evac_str_is(type, "TXT") : evac_str_eq(type, record_type(c));
    return kind &&
           same_name(evac_xml_text(set, "Name"), dns_wire_name(c, evac_args_get(&c->args, "name")));
}

const struct evac_xml *dns_set(struct aws_call *c, const struct evac_aws_reply *r,
                               const struct evac_xml *after)
{
    const struct evac_xml *s = after
                                   ? evac_xml_again(after)
                                   : evac_xml_path(r->xml, "ResourceRecordSets/ResourceRecordSet");
    while (s && !is_ours(c, s))
        s = evac_xml_again(s);
    return s;
}

/* The listing starts at the name, so the first page holds all of one name's records. */
struct evac_aws_request dns_list_request(struct aws_call *c)
{
    struct evac_arg *params = evac_arena_array(c->arena, 3, sizeof *params);
    params[0] = (struct evac_arg)AWS_PARAM("maxitems", EVAC_STR("100"));
    params[1] =
        (struct evac_arg)AWS_PARAM("name", dns_wire_name(c, evac_args_get(&c->args, "name")));
    params[2] = (struct evac_arg)AWS_PARAM("type", record_type(c));
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

enum evac_code dns_list(struct aws_call *c, aws_reply_fn *then, struct evac_err *err)
{
    struct evac_aws_request request = dns_list_request(c);
    return aws_send(c, &request, then, err);
}

bool dns_is_of(struct aws_call *c, const struct evac_xml *set, struct evac_str region)
{
    struct evac_str id = evac_xml_text(set, "SetIdentifier"), names;
    names = evac_args_get(&c->args, aws_printf(c, "record.%.*s", EVAC_STR_ARG(region)).p);
    if (names.n == 0)
        return evac_str_eq(id, region) || evac_str_eq(evac_xml_text(set, "Region"), region);
    while (names.n)
        if (evac_str_eq(evac_str_cut(names, '|', &names), id))
            return true;
    return false;
}

const struct evac_str *dns_values(struct aws_call *c, const struct evac_aws_reply *r,
                                  struct evac_str region, size_t *ret_count)
{
    struct evac_str *values = evac_arena_array(c->arena, VALUES_MAX, sizeof *values);
    size_t n = 0;
    for (const struct evac_xml *s = dns_set(c, r, NULL); s; s = dns_set(c, r, s)) {
        struct evac_str alias = evac_xml_text(s, "AliasTarget/DNSName");
        const struct evac_xml *v = evac_xml_path(s, "ResourceRecords/ResourceRecord");
        if (!dns_is_of(c, s, region))
            continue;
        if (alias.n && n < VALUES_MAX)
            values[n++] = evac_arena_str(c->arena, alias);
        for (; v && n < VALUES_MAX; v = evac_xml_again(v))
            values[n++] = evac_arena_str(c->arena, evac_xml_text(v, "Value"));
    }
    *ret_count = n;
    return values;
}

/* --- as text --------------------------------------------------------------------------------- */

void dns_put_tag(struct evac_buf *xml, const char *name, struct evac_str text)
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

/* weight -1: as it is. */
static void copy_set(struct evac_buf *xml, const struct evac_xml *set, int64_t weight)
{
    evac_buf_puts(xml, "<ResourceRecordSet>");
    for (const struct evac_xml *child = set->first; child; child = child->next)
        if (weight >= 0 && evac_str_is(child->name, "Weight"))
            evac_buf_putf(xml, "<Weight>%lld</Weight>", (long long)weight);
        else
            copy_element(xml, child);
    evac_buf_puts(xml, "</ResourceRecordSet>");
}

static bool copy_sets(struct aws_call *c, const struct evac_aws_reply *r, dns_weight_fn *weight_of,
                      struct evac_str *ret_sets)
{
    struct evac_buf xml;
    evac_buf_init(&xml, DNS_SETS_MAX);
    for (const struct evac_xml *s = dns_set(c, r, NULL); s; s = dns_set(c, r, s))
        copy_set(&xml, s, weight_of ? weight_of(c, s) : -1);
    bool whole = !xml.failed;
    *ret_sets = evac_arena_str(c->arena, evac_buf_str(&xml));
    evac_buf_done(&xml);
    return whole;
}

bool dns_sets(struct aws_call *c, const struct evac_aws_reply *r, struct evac_str *ret_sets)
{
    return copy_sets(c, r, NULL, ret_sets);
}

/* A weight is three digits at most: what fitted before fits. */
struct evac_str dns_reweighed(struct aws_call *c, const struct evac_aws_reply *r,
                              dns_weight_fn *weight_of)
{
    struct evac_str sets;
    return copy_sets(c, r, weight_of, &sets) ? sets : EVAC_STR_NONE;
}

/* What stands between the tags, when there is exactly one such element. */
static struct evac_str only_text(struct evac_str sets, const char *open)
{
    struct evac_str found = EVAC_STR_NONE, rest;
    for (size_t i = 0, n = strlen(open); i + n <= sets.n; i++)
        if (memcmp(sets.p + i, open, n) == 0) {
            if (found.n)
                return EVAC_STR_NONE;
            found = evac_str_cut((struct evac_str){ sets.p + i + n, sets.n - i - n }, '<', &rest);
        }
    return found;
}

struct evac_str dns_only_value(struct evac_str sets)
{
    struct evac_str value = only_text(sets, "<Value>"), alias = only_text(sets, "<DNSName>");
    return alias.n && evac_str_has(sets, "<Value>") ? EVAC_STR_NONE : value.n ? value : alias;
}

struct evac_str dns_version(struct aws_call *c, struct evac_str sets)
{
    return aws_printf(c, "%016llx", (unsigned long long)evac_str_hash(sets));
}

/* --- changing -------------------------------------------------------------------------------- */

struct batch {
    struct evac_str made; /* version of what the batch leaves */
};

static struct evac_str note_key(struct aws_call *c)
{
    return aws_printf(c, "route53 %.*s %.*s", EVAC_STR_ARG(evac_args_get(&c->args, "zone")),
                      EVAC_STR_ARG(evac_args_get(&c->args, "name")));
}

/* The id is kept with what it made: it says nothing about any later change. */
static void changed(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct batch *batch = c->helper;
    struct evac_str id = aws_tail(evac_xml_text(r->xml, "ChangeInfo/Id"));
    if (r->outcome == EVAC_OUTCOME_ACCEPTED)
        aws_note_set(c->link, note_key(c),
                     aws_printf(c, "%.*s %.*s", EVAC_STR_ARG(id), EVAC_STR_ARG(batch->made)));
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

static bool write_batch(struct aws_call *c, struct evac_str seen, struct evac_str wanted,
                        struct evac_str *ret_body)
{
    struct evac_buf xml;
    evac_buf_init(&xml, 4 * DNS_SETS_MAX);
    evac_buf_puts(&xml, "<ChangeResourceRecordSetsRequest xmlns=\"" ROUTE53_NS
                        "\"><ChangeBatch><Comment>");
    evac_buf_putf(&xml, "evac %s</Comment><Changes>", c->token);
    if (EVAC_RULE(CAS))
        put_changes(&xml, "DELETE", seen); /* exactly what was seen, or all of it is refused */
    put_changes(&xml, EVAC_RULE(CAS) ? "CREATE" : "UPSERT", wanted);
    evac_buf_puts(&xml, "</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>");
    bool whole = !xml.failed;
    *ret_body = evac_arena_str(c->arena, evac_buf_str(&xml));
    evac_buf_done(&xml);
    return whole;
}

/* Another call's change of the same zone is on its way. */
static bool is_busy(const struct aws_call *c)
{
    struct evac_str zone = evac_args_get(&c->args, "zone");
    for (const struct aws_call *o = c->link->calls; o; o = o->next)
        if (o->on_reply == changed && o->sent_id && o != c &&
            evac_str_eq(zone, evac_args_get(&o->args, "zone")))
            return true;
    return false;
}

/* Route 53 says PriorRequestNotComplete to a second change of a zone; we need not even ask. */
static void answer_busy(struct aws_call *c)
{
    struct evac_reply reply = { .outcome = EVAC_OUTCOME_THROTTLED,
                                .progress = -1,
                                .code = EVAC_STR("PriorRequestNotComplete"),
                                .reason = EVAC_STR("another change of the zone is on its way"),
                                .retry_after_ms = ZONE_MS };
    aws_answer(c, &reply);
}

void dns_change(struct aws_call *c, struct evac_str seen, struct evac_str wanted)
{
    struct evac_aws_request request = {
        .service = "route53",
        .operation = "ChangeResourceRecordSets",
        .region = c->region,
        .mutates = true,
        .method = "POST",
        .path = aws_printf(c, "/2013-04-01/hostedzone/%.*s/rrset/",
                           EVAC_STR_ARG(evac_args_get(&c->args, "zone"))),
    };
    struct batch *batch = evac_arena_alloc(c->arena, sizeof *batch);
    batch->made = dns_version(c, wanted);
    c->helper = batch;
    if (c->version.n && !evac_str_eq(c->version, dns_version(c, seen))) {
        aws_answer_rejected(c, "InvalidChangeBatch", "it was changed since it was looked at");
    } else if (evac_str_eq(seen, wanted)) {
        aws_answer_rejected(c, "", "it is so already");
    } else if (wanted.n == 0) {
        aws_answer_rejected(c, "", "the name would be left empty");
    } else if (!write_batch(c, seen, wanted, &request.body)) {
        aws_answer_rejected(c, "", DNS_TOO_LARGE);
    } else if (is_busy(c)) {
        answer_busy(c);
    } else {
        aws_next(c, &request, changed);
    }
}

/* --- waiting --------------------------------------------------------------------------------- */

/* A change that Route 53 does not know any more was stranded or is long done: unknown. */
static void on_change_status(struct aws_call *c, const struct evac_aws_reply *r)
{
    if (evac_str_is(r->code, "NoSuchChange"))
        c->then(c);
    else if (r->outcome != EVAC_OUTCOME_ACCEPTED)
        aws_answer_unseen(c, r);
    else if (evac_str_is(evac_xml_text(r->xml, "ChangeInfo/Status"), "INSYNC"))
        dns_seen(c, EVAC_SEEN_SATISFIED, "");
    else
        dns_seen(c, EVAC_SEEN_MOVING, "the change is not on all of Route 53's servers yet");
}

/* The list says so at once; users are told when the change is everywhere. */
void dns_wait(struct aws_call *c, aws_then_fn *unknown)
{
    const struct dns_aim *aim = c->state;
    struct evac_str made, change = evac_str_cut(aws_note_get(c->link, note_key(c)), ' ', &made);
    struct evac_aws_request request = {
        .service = "route53", .operation = "GetChange", .region = c->region, .method = "GET"
    };
    c->then = unknown;
    if (change.n == 0 || !evac_str_eq(made, aim->version)) {
        unknown(c);
    } else {
        request.path = aws_printf(c, "/2013-04-01/change/%.*s", EVAC_STR_ARG(change));
        aws_next(c, &request, on_change_status);
    }
}

/*
 * Changes as compare-and-set, those of one zone together. For each name one set of changes deletes
 * exactly what was seen and creates what is wanted: Route 53 refuses it when anybody was faster,
 * and the name is never empty (AWS.md 2.1). Route 53 takes one batch of a zone at a time, all of it
 * or nothing, and an account a few requests a second; so what was asked for while a batch was on
 * its way goes with the next one.
 *
 * A batch that is refused for what is in it would stop all of its members for one of them. So they
 * are suspects, and are sent again in parts until whoever is at fault stands alone and is told
 * what Route 53 says of it. Nothing of a refused batch has happened, so this repeats nothing. The
 * first part is all but those that the refusal names; where that does not part them, a half: one of
 * 500 costs two more batches, or ten where the refusal names nobody.
 *
 * PriorRequestNotComplete is no refusal of what was asked, only not our turn: the batch waits and
 * goes again, some times, and then is told to its members. Everything else is told to all of them
 * as it was said: throttled, denied to no one name, lost on the way (nobody knows, each looks).
 */
#include "aws_allow.h"
#include "aws_gather.h"
#include "route53.h"
#include "rule.h"

#include <string.h>

#define RECORDS_MAX    1000u  /* ResourceRecord elements of a batch; UPSERT counts twice */
#define CHANGES_MAX    1000u  /* Change elements */
#define CHARACTERS_MAX 32000u /* of all values; UPSERT counts twice */
#define BODY_MAX       (2u << 20)
#define COMMENT_MAX    256u /* Route 53's */
#define TURN_MS        500u /* a zone that is busy with a change is asked again after this */
#define TURNS_MAX      4u   /* in succession: then whoever waits is told */

struct change {
    struct aws_member member;
    struct evac_str name, type, body; /* whose it is; its Change elements */
    struct evac_str made;             /* version of what it leaves */
    size_t records, changes, characters;
    bool suspect; /* of a batch that was refused, and not cleared since */
    bool named;   /* the refusal names it */
};

static struct change *change_of(struct aws_member *m)
{
    return (struct change *)(void *)m;
}

/* --- one name's ---------------------------------------------------------------------------------
 */

static const char set_end[] = "</ResourceRecordSet>";
static const char value_open[] = "<Value>", value_end[] = "</Value>";

/* How many bytes there are up to the end of the first `what`; all when there is none. */
static size_t to_end_of(struct evac_str text, const char *what)
{
    size_t n = strlen(what);
    for (size_t i = 0; i + n <= text.n; i++)
        if (memcmp(text.p + i, what, n) == 0)
            return i + n;
    return text.n;
}

static struct evac_str from(struct evac_str text, size_t at)
{
    return (struct evac_str){ text.p + at, text.n - at };
}

/* times: how often the action counts them. */
static void count_values(struct change *change, struct evac_str sets, size_t times)
{
    while (sets = from(sets, to_end_of(sets, value_open)), sets.n) {
        size_t n = to_end_of(sets, value_end);
        change->records += times;
        change->characters += times * (n - (sizeof value_end - 1));
        sets = from(sets, n);
    }
}

static void put_changes(struct change *change, struct evac_buf *xml, const char *action,
                        struct evac_str sets)
{
    count_values(change, sets, strcmp(action, "UPSERT") == 0 ? 2 : 1);
    while (sets.n) {
        size_t n = to_end_of(sets, set_end);
        evac_buf_putf(xml, "<Change><Action>%s</Action>", action);
        evac_buf_put(xml, sets.p, n);
        evac_buf_puts(xml, "</Change>");
        change->changes++;
        sets = from(sets, n);
    }
}

static bool write_change(struct aws_call *c, struct evac_str seen, struct evac_str wanted,
                         struct change *change)
{
    struct evac_buf xml;
    evac_buf_init(&xml, 4 * DNS_SETS_MAX);
    if (EVAC_RULE(CAS))
        put_changes(change, &xml, "DELETE", seen); /* exactly what was seen, or all is refused */
    put_changes(change, &xml, EVAC_RULE(CAS) ? "CREATE" : "UPSERT", wanted);
    bool whole = !xml.failed;
    change->body = evac_arena_str(c->arena, evac_buf_str(&xml));
    evac_buf_done(&xml);
    return whole;
}

/* --- which go together ---------------------------------------------------------------------------
 */

struct suspects {
    size_t all, named;
};

static struct suspects count_suspects(const struct aws_gathering *g)
{
    struct suspects n = { 0, 0 };
    for (struct aws_member *m = g->first; m; m = m->next) {
        n.all += change_of(m)->suspect;
        n.named += change_of(m)->suspect && change_of(m)->named;
    }
    return n;
}

/* All of them were in one batch, so they fit into one. */
static void board_suspects(struct aws_flight *f, struct suspects n)
{
    bool by_name = n.named > 0 && n.named < n.all;
    size_t room = by_name ? n.all - n.named : (n.all + 1) / 2;
    for (struct aws_member *m = f->of->first; m && room; m = m->next)
        if (change_of(m)->suspect && !(by_name && change_of(m)->named)) {
            aws_board(f, m);
            room--;
        }
}

static bool same_sets(struct aws_member *a, struct aws_member *b)
{
    return evac_str_eq(change_of(a)->name, change_of(b)->name) &&
           evac_str_eq(change_of(a)->type, change_of(b)->type);
}

/* Somebody before it changes the same: it waits for the next batch, whether they go or not. */
static bool is_second(struct aws_member *m)
{
    struct aws_member *o = m->before;
    while (o && !same_sets(o, m))
        o = o->before;
    return o != NULL;
}

struct load {
    size_t records, changes, characters, bytes;
};

static bool fits(struct load *load, const struct change *change)
{
    struct load more = { load->records + change->records, load->changes + change->changes,
                         load->characters + change->characters, load->bytes + change->body.n };
    bool fits = more.records <= RECORDS_MAX && more.changes <= CHANGES_MAX &&
                more.characters <= CHARACTERS_MAX && more.bytes <= BODY_MAX;
    if (!fits && load->changes > 0)
        return false;
    *load = more; /* one that is too large alone is Route 53's to refuse */
    return true;
}

static void board_in_order(struct aws_flight *f)
{
    struct load load = { 0 };
    for (struct aws_member *m = f->of->first; m; m = m->next) {
        if (is_second(m))
            continue;
        if (!fits(&load, change_of(m)))
            return;
        aws_board(f, m);
    }
}

/* --- the batch -----------------------------------------------------------------------------------
 */

/* Who asked: as many of the attempts' tokens as there is room for. */
static void put_comment(struct aws_flight *f, struct evac_buf *xml)
{
    struct evac_buf text;
    evac_buf_init(&text, COMMENT_MAX);
    if (f->count > 1)
        evac_buf_putf(&text, "evac %zu together:", f->count);
    else
        evac_buf_puts(&text, "evac");
    for (struct aws_member *m = f->of->first; m; m = m->next)
        if (m->flight == f && text.n + 1 + strlen(m->c->token) < COMMENT_MAX)
            evac_buf_putf(&text, " %s", m->c->token);
    dns_put_tag(xml, "Comment", evac_buf_str(&text));
    evac_buf_done(&text);
}

static void describe(struct aws_call *c, struct evac_aws_request *ret_request)
{
    *ret_request = (struct evac_aws_request){
        .service = "route53",
        .operation = "ChangeResourceRecordSets",
        .region = c->region,
        .mutates = true,
        .method = "POST",
        .path = aws_printf(c, "/2013-04-01/hostedzone/%.*s/rrset/",
                           EVAC_STR_ARG(evac_args_get(&c->args, "zone"))),
    };
}

static bool load_batch(struct aws_flight *f, struct evac_aws_request *ret_request)
{
    struct suspects suspects = count_suspects(f->of);
    struct aws_call *first = NULL;
    struct evac_buf xml;
    if (suspects.all)
        board_suspects(f, suspects);
    else
        board_in_order(f);
    evac_buf_init(&xml, BODY_MAX + 4 * DNS_SETS_MAX + 4096);
    evac_buf_puts(&xml, "<ChangeResourceRecordSetsRequest xmlns=\"" ROUTE53_NS "\"><ChangeBatch>");
    put_comment(f, &xml);
    evac_buf_puts(&xml, "<Changes>");
    for (struct aws_member *m = f->of->first; m; m = m->next)
        if (m->flight == f) {
            first = first ? first : m->c;
            evac_buf_put_str(&xml, change_of(m)->body);
        }
    evac_buf_puts(&xml, "</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>");
    if (first)
        describe(first, ret_request);
    ret_request->body = evac_arena_str(f->arena, evac_buf_str(&xml));
    evac_buf_done(&xml);
    return first != NULL;
}

/* --- its reply -----------------------------------------------------------------------------------
 */

/* Refused for what one of them asks, or for a right that not all of them may have. */
static bool is_somebodys(const struct evac_aws_reply *r)
{
    return r->outcome == EVAC_OUTCOME_REJECTED &&
           (evac_str_is(r->code, "InvalidChangeBatch") || evac_str_is(r->code, "InvalidInput") ||
            aws_is_denied(r));
}

static bool is_of_name(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '-' || ch == '_' ||
           ch == '.' || ch == '*';
}

/* As a whole word: "a.example.com" is not in "aa.example.com". */
static bool mentions(struct evac_str text, struct evac_str name)
{
    while (name.n && name.p[name.n - 1] == '.')
        name.n--;
    for (size_t i = 0; name.n && i + name.n <= text.n; i++)
        if (memcmp(text.p + i, name.p, name.n) == 0 && (i == 0 || !is_of_name(text.p[i - 1])) &&
            (i + name.n == text.n || text.p[i + name.n] == '.' || !is_of_name(text.p[i + name.n])))
            return true;
    return false;
}

/* Who was not in this batch is no suspect any more: what is known is about these alone. */
static void suspect(struct aws_flight *f, const struct evac_aws_reply *r)
{
    for (struct aws_member *m = f->of->first; m; m = m->next) {
        struct change *change = change_of(m);
        change->suspect = m->flight == f;
        change->named = change->suspect && mentions(r->message, change->name);
        if (change->suspect)
            aws_wait_again(m);
    }
}

static void wait_for_turn(struct aws_flight *f)
{
    for (struct aws_member *m = f->of->first; m; m = m->next)
        if (m->flight == f)
            aws_wait_again(m);
    aws_hold(f->of, TURN_MS);
    f->of->holds++;
}

static void note_sent(const struct aws_flight *f, const struct evac_aws_reply *r)
{
    const struct aws_member *m = f->of->first;
    while (m && m->flight != f)
        m = m->next;
    if (!m)
        return;
    dns_tempo_note(m->c, aws_tail(evac_xml_text(r->xml, "ChangeInfo/Id")));
    aws_hold(f->of, dns_tempo_wait_ms(m->c)); /* whoever came meanwhile waits for company, too */
}

static void batch_landed(struct aws_flight *f, const struct evac_aws_reply *r)
{
    bool early = evac_str_is(r->code, "PriorRequestNotComplete") && f->of->holds < TURNS_MAX;
    if (early) {
        wait_for_turn(f);
        return;
    }
    f->of->holds = 0;
    if (r->outcome == EVAC_OUTCOME_ACCEPTED)
        note_sent(f, r);
    if (f->count > 1 && is_somebodys(r)) {
        suspect(f, r);
        return;
    }
    for (struct aws_member *m = f->of->first, *next; m; m = next) {
        next = m->next;
        if (m->flight == f)
            aws_tell(m, r);
    }
}

static const struct aws_gather batches = { "a change", 1, load_batch, batch_landed };

/* --- one call's part
 * ------------------------------------------------------------------------------ */

static void changed(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct change *change = c->helper;
    struct evac_str id = aws_tail(evac_xml_text(r->xml, "ChangeInfo/Id"));
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_outcome(c, r);
        return;
    }
    dns_keep_change(c, id, change->made);
    struct evac_reply reply = { .outcome = EVAC_OUTCOME_ACCEPTED,
                                .progress = -1,
                                .reason = aws_printf(c, "change %.*s", EVAC_STR_ARG(id)) };
    aws_answer(c, &reply);
}

/* Who came first does not wait longer because others come. */
static void wait_for_company(struct aws_call *c, struct aws_gathering *g)
{
    uint64_t wait_ms = dns_tempo_wait_ms(c);
    if (wait_ms && g->held_until_ms <= dns_now_ms(c))
        aws_hold(g, wait_ms);
}

static enum evac_code join(struct aws_call *c, struct change *change, struct evac_err *err)
{
    struct evac_aws_request request;
    describe(c, &request);
    if (c->cancelled)
        return evac_fail(err, EVAC_E_REFUSED, "cancelled");
    enum evac_code code = aws_gather(c, &batches, evac_args_get(&c->args, "zone"), &request,
                                     &change->member, changed, err);
    if (!code)
        wait_for_company(c, change->member.of);
    return code;
}

static const char *why_not(struct aws_call *c, struct evac_str seen, struct evac_str wanted)
{
    if (c->version.n && !evac_str_eq(c->version, dns_version(c, seen)))
        return "it was changed since it was looked at";
    if (evac_str_eq(seen, wanted))
        return "it is so already";
    return wanted.n ? NULL : "the name would be left empty";
}

static struct change *make_change(struct aws_call *c, struct evac_str seen, struct evac_str wanted)
{
    struct change *change = evac_arena_alloc(c->arena, sizeof *change);
    *change = (struct change){ .name = dns_wire_name(c, evac_args_get(&c->args, "name")),
                               .type = evac_args_get(&c->args, "record_type"),
                               .made = dns_version(c, wanted) };
    c->helper = change;
    return write_change(c, seen, wanted, change) ? change : NULL;
}

void dns_change(struct aws_call *c, struct evac_str seen, struct evac_str wanted)
{
    struct evac_err err = { EVAC_OK, "" };
    const char *why = why_not(c, seen, wanted);
    struct change *change = why ? NULL : make_change(c, seen, wanted);
    bool stale = why && c->version.n && !evac_str_eq(c->version, dns_version(c, seen));
    if (why)
        aws_answer_rejected(c, stale ? "InvalidChangeBatch" : "", "%s", why);
    else if (!change)
        aws_answer_rejected(c, "", DNS_TOO_LARGE);
    else if (join(c, change, &err))
        aws_start_failed(c, &err);
}

enum evac_code dns_change_first(struct aws_call *c, struct evac_str seen, struct evac_str wanted,
                                bool *ret_goes, struct evac_err *err)
{
    bool known = c->version.n && seen.n && !why_not(c, seen, wanted);
    struct change *change = known ? make_change(c, seen, wanted) : NULL;
    *ret_goes = change != NULL;
    return change ? join(c, change, err) : EVAC_OK;
}

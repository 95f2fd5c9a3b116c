/* The model of Route 53: its API over the real client, its DNS on the wire, its health checks. */
#include "aws_pack.h"
#include "route53_internal.h"
#include "sandbox_bench.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

#define SPEED    10
#define SYNC_MS  3000u /* 30 s at that speed */
#define TAKEN_MS 60u   /* more than the zone is busy with one change */

/* --- the API --------------------------------------------------------------------------------- */

struct said {
    bool answered;
    int status;
    char code[64], message[1024], body[16384];
};

static void keep(void *user, const struct evac_aws_reply *r)
{
    struct said *s = user;
    s->answered = true;
    s->status = r->status;
    (void)evac_str_copy(s->code, sizeof s->code, r->code);
    (void)evac_str_copy(s->message, sizeof s->message, r->message);
    if (r->http)
        (void)evac_str_copy(s->body, sizeof s->body, r->http->body);
}

/* query: "name=value" pairs with &. */
static const struct said *ask(struct bench *b, const char *method, const char *path,
                              const char *query, const char *body)
{
    static struct said s;
    struct evac_arg params[8];
    struct evac_str rest = evac_str(query);
    struct evac_err err = { EVAC_OK, "" };
    size_t n = 0;
    uint64_t id;
    while (rest.n && n < 8) {
        struct evac_str value, pair = evac_str_cut(rest, '&', &rest);
        struct evac_str name = evac_str_cut(pair, '=', &value);
        params[n++] = (struct evac_arg){ name, value };
    }
    struct evac_aws_request request = { .service = "route53",
                                        .operation = "Test",
                                        .region = EVAC_STR("us-east-1"),
                                        .mutates = body[0] != '\0',
                                        .method = method,
                                        .path = evac_str(path),
                                        .params = params,
                                        .param_count = n,
                                        .body = evac_str(body) };
    memset(&s, 0, sizeof s);
    ck_assert_msg(evac_aws_send(bench_link(b)->aws, &request, keep, &s, &id, &err) == EVAC_OK, "%s",
                  err.text);
    for (int i = 0; i < 1000 && !s.answered; i++)
        bench_run(b, 1);
    ck_assert(s.answered);
    return &s;
}

static const struct said *get(struct bench *b, const char *path, const char *query)
{
    return ask(b, "GET", path, query, "");
}

#define ZONE "/2013-04-01/hostedzone/Z0SHOP/rrset"

static const struct said *batch(struct bench *b, const char *changes)
{
    static char body[8192];
    (void)snprintf(body, sizeof body,
                   "<ChangeResourceRecordSetsRequest "
                   "xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><ChangeBatch><Changes>"
                   "%s</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>",
                   changes);
    return ask(b, "POST", ZONE "/", "", body);
}

#define SET(action, name, type, more)                                                              \
    "<Change><Action>" action "</Action><ResourceRecordSet><Name>" name "</Name><Type>" type       \
    "</Type>" more "</ResourceRecordSet></Change>"
#define VALUE(value)                                                                               \
    "<TTL>60</TTL><ResourceRecords><ResourceRecord><Value>" value                                  \
    "</Value></ResourceRecord></ResourceRecords>"

static void change(struct bench *b, const char *changes)
{
    bench_run(b, TAKEN_MS);
    const struct said *s = batch(b, changes);
    ck_assert_msg(s->status == 200, "%d %s: %s", s->status, s->code, s->message);
}

static void refuse(struct bench *b, const char *changes, const char *words)
{
    bench_run(b, TAKEN_MS);
    const struct said *s = batch(b, changes);
    ck_assert_int_eq(s->status, 400);
    ck_assert_str_eq(s->code, "InvalidChangeBatch");
    ck_assert_msg(strstr(s->message, words) != NULL, "'%s' is not in '%s'", words, s->message);
}

/* --- DNS ------------------------------------------------------------------------------------- */

struct wire {
    bool given;
    uint8_t p[65536];
    size_t n, question;
};

static size_t put_name(uint8_t *p, const char *name)
{
    size_t n = 0;
    struct evac_str rest = evac_str(name);
    while (rest.n) {
        struct evac_str label = evac_str_cut(rest, '.', &rest);
        p[n++] = (uint8_t)label.n;
        memcpy(p + n, label.p, label.n);
        n += label.n;
    }
    p[n++] = 0;
    return n;
}

/* edns 0: without. */
static const struct wire *dns(struct bench *b, const char *name, unsigned type, unsigned edns,
                              bool tcp)
{
    static struct wire w;
    uint8_t q[512] = { 0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, (uint8_t)(edns ? 1 : 0) };
    size_t n = 12 + put_name(q + 12, name);
    struct evac_buf out;
    q[n + 1] = (uint8_t)type;
    q[n + 3] = 1;
    w.question = n += 4;
    if (edns) {
        q[n + 2] = 41;
        q[n + 3] = (uint8_t)(edns >> 8);
        q[n + 4] = (uint8_t)edns;
        n += 11;
    }
    evac_buf_init(&out, sizeof w.p);
    evac_sandbox_advance(bench_sandbox(b), bench_now(b));
    w.given = evac_sandbox_dns(bench_sandbox(b), q, n, tcp, &out);
    w.n = out.n;
    if (out.n)
        memcpy(w.p, out.p, out.n);
    evac_buf_done(&out);
    ck_assert(w.given && w.n >= 12 && w.p[0] == 0x12 && w.p[1] == 0x34 && (w.p[2] & 0x84) == 0x84);
    return &w;
}

static unsigned rcode(const struct wire *w)
{
    return w->p[3] & 15u;
}

static unsigned count(const struct wire *w, unsigned section)
{
    return (unsigned)(w->p[6 + 2 * section] << 8 | w->p[7 + 2 * section]);
}

/* The first answer's address, "" none. */
static const char *address(struct bench *b, const char *name)
{
    static char text[32];
    const struct wire *w = dns(b, name, 1, 0, false);
    const uint8_t *a = w->p + w->question;
    text[0] = '\0';
    if (count(w, 0) > 0 && a[3] == 1)
        (void)snprintf(text, sizeof text, "%u.%u.%u.%u", a[12], a[13], a[14], a[15]);
    return text;
}

/* --- changes --------------------------------------------------------------------------------- */

START_TEST(dns_follows_when_a_change_is_in_sync_and_not_before)
{
    struct bench *b = bench_new(SPEED);
    char path[128];
    const struct said *s = batch(b, SET("CREATE", "new.example.com", "A", VALUE("192.0.2.1")));
    const char *id = strstr(s->body, "/change/");
    ck_assert_ptr_nonnull(id);
    ck_assert_ptr_nonnull(strstr(s->body, "<Status>PENDING</Status>"));
    (void)snprintf(path, sizeof path, "/2013-04-01%.*s", (int)strcspn(id, "<"), id);
    ck_assert_ptr_nonnull(strstr(get(b, ZONE, "")->body, "192.0.2.1"));
    bench_run(b, SYNC_MS - 300);
    ck_assert_ptr_nonnull(strstr(get(b, path, "")->body, "<Status>PENDING</Status>"));
    ck_assert_int_eq((int)rcode(dns(b, "new.example.com", 1, 0, false)), 3);
    bench_run(b, 400);
    ck_assert_ptr_nonnull(strstr(get(b, path, "")->body, "<Status>INSYNC</Status>"));
    ck_assert_str_eq(address(b, "new.example.com"), "192.0.2.1");
    bench_free(b);
}
END_TEST

START_TEST(a_later_change_does_not_hold_up_an_earlier_one)
{
    struct bench *b = bench_new(SPEED);
    change(b, SET("CREATE", "one.example.com", "A", VALUE("192.0.2.1")));
    bench_run(b, 2000);
    change(b, SET("CREATE", "two.example.com", "A", VALUE("192.0.2.2")));
    bench_run(b, 1000);
    ck_assert_str_eq(address(b, "one.example.com"), "192.0.2.1");
    ck_assert_str_eq(address(b, "two.example.com"), "");
    bench_run(b, 2200);
    ck_assert_str_eq(address(b, "two.example.com"), "192.0.2.2");
    bench_free(b);
}
END_TEST

START_TEST(a_zone_takes_one_change_at_a_time)
{
    struct bench *b = bench_new(1);
    ck_assert_int_eq(batch(b, SET("CREATE", "a.example.com", "A", VALUE("192.0.2.1")))->status,
                     200);
    const struct said *s = batch(b, SET("CREATE", "b.example.com", "A", VALUE("192.0.2.1")));
    ck_assert_int_eq(s->status, 400);
    ck_assert_str_eq(s->code, "PriorRequestNotComplete");
    bench_run(b, 1000);
    ck_assert_int_eq(batch(b, SET("CREATE", "b.example.com", "A", VALUE("192.0.2.1")))->status,
                     200);
    bench_free(b);
}
END_TEST

START_TEST(more_changes_than_are_remembered_lose_nothing)
{
    struct bench *b = bench_new(SPEED);
    char set[512];
    for (int i = 0; i < 150; i++) {
        (void)snprintf(set, sizeof set,
                       "<Change><Action>UPSERT</Action><ResourceRecordSet><Name>many.example.com"
                       "</Name><Type>A</Type><TTL>1</TTL><ResourceRecords><ResourceRecord><Value>"
                       "192.0.2.%d</Value></ResourceRecord></ResourceRecords></ResourceRecordSet>"
                       "</Change>",
                       i);
        change(b, set);
    }
    bench_run(b, SYNC_MS + 100);
    ck_assert_str_eq(address(b, "many.example.com"), "192.0.2.149");
    bench_free(b);
}
END_TEST

START_TEST(a_batch_is_done_wholly_or_not_at_all)
{
    struct bench *b = bench_new(SPEED);
    change(b, SET("CREATE", "here.example.com", "A", VALUE("192.0.2.1")));
    refuse(b,
           SET("CREATE", "other.example.com", "A", VALUE("192.0.2.1"))
               SET("CREATE", "here.example.com", "A", VALUE("192.0.2.2")),
           "Tried to create resource record set [name='here.example.com.', type='A'] but it "
           "already exists");
    ck_assert_ptr_null(strstr(get(b, ZONE, "")->body, "other.example.com."));
    refuse(b, SET("DELETE", "here.example.com", "A", VALUE("192.0.2.9")),
           "but the values provided do not match the current values");
    refuse(b, SET("DELETE", "gone.example.com", "A", VALUE("192.0.2.9")), "but it was not found");
    change(b, SET("DELETE", "here.example.com", "A", VALUE("192.0.2.1"))
                  SET("CREATE", "here.example.com", "A", VALUE("192.0.2.2")));
    change(b, SET("UPSERT", "here.example.com", "A", VALUE("192.0.2.3")));
    bench_free(b);
}
END_TEST

START_TEST(what_route_53_would_not_store_is_refused)
{
    struct bench *b = bench_new(SPEED);
    sb_route53_zone(bench_sandbox(b), "Z0SUB", "hop.example.com");
    refuse(b, SET("CREATE", "www.example.org", "A", VALUE("192.0.2.1")),
           "is not permitted in zone");
    refuse(b, SET("CREATE", "x.example.com", "A", VALUE("host.example.com")), "IPv4");
    refuse(b, SET("CREATE", "x.example.com", "AAAA", VALUE("192.0.2.1")), "IPv6");
    refuse(b, SET("CREATE", "example.com", "CNAME", VALUE("www.example.org")), "apex");
    refuse(b, SET("CREATE", "shop.example.com", "CNAME", VALUE("www.example.org")), "conflicts");
    refuse(b,
           SET("CREATE", "x.example.com", "A",
               "<ResourceRecords><ResourceRecord><Value>192.0.2.1</Value></ResourceRecord>"
               "</ResourceRecords>"),
           "TTL");
    refuse(
        b,
        SET("DELETE", "shop.example.com", "A",
            "<SetIdentifier>nobody</SetIdentifier><Failover>PRIMARY</Failover>" VALUE("192.0.2.1")),
        "set-identifier='nobody'");
    /* a zone's name is the end of a name only where a label begins */
    const struct said *s =
        ask(b, "POST", "/2013-04-01/hostedzone/Z0SUB/rrset/", "",
            "<R><ChangeBatch><Changes>" SET("CREATE", "chop.example.com", "A",
                                            VALUE("192.0.2.1")) "</Changes></ChangeBatch></R>");
    ck_assert_int_eq(s->status, 400);
    refuse(b, "", "from 1 to");
    bench_free(b);
}
END_TEST

#define GROUP(id, policy) "<SetIdentifier>" id "</SetIdentifier>" policy

static void invalid(struct bench *b, const char *changes, const char *words)
{
    bench_run(b, TAKEN_MS);
    const struct said *s = batch(b, changes);
    ck_assert_msg(s->status == 400 && strcmp(s->code, "InvalidInput") == 0, "%d %s: %s", s->status,
                  s->code, s->message);
    ck_assert_msg(strstr(s->message, words) != NULL, "'%s' is not in '%s'", words, s->message);
}

START_TEST(a_record_of_a_group_has_exactly_one_policy)
{
    struct bench *b = bench_new(SPEED);
    invalid(b,
            SET("CREATE", "w.example.com", "A",
                "<SetIdentifier>a</SetIdentifier><Weight>256</Weight>" VALUE("192.0.2.1")),
            "Weight");
    invalid(b, SET("CREATE", "x.example.com", "A", GROUP("a", "") VALUE("192.0.2.1")), "none");
    invalid(b, SET("CREATE", "x.example.com", "A", "<Weight>1</Weight>" VALUE("192.0.2.1")),
            "no SetIdentifier");
    invalid(b,
            SET("CREATE", "x.example.com", "A",
                GROUP("a", "<Weight>1</Weight><Region>us-east-1</Region>") VALUE("192.0.2.1")),
            "more than one");
    invalid(b,
            SET("CREATE", "x.example.com", "A",
                GROUP("a", "<GeoLocation><ContinentCode>XX</ContinentCode></GeoLocation>")
                    VALUE("192.0.2.1")),
            "GeoLocation");
    invalid(b,
            SET("CREATE", "x.example.com", "A",
                GROUP("a", "<GeoLocation><ContinentCode>EU</ContinentCode><CountryCode>DE"
                           "</CountryCode></GeoLocation>") VALUE("192.0.2.1")),
            "GeoLocation");
    invalid(b,
            SET("CREATE", "x.example.com", "A",
                GROUP("a", "<CidrRoutingConfig><CollectionId>c</CollectionId></CidrRoutingConfig>")
                    VALUE("192.0.2.1")),
            "not modelled");
    bench_free(b);
}
END_TEST

START_TEST(what_is_no_element_of_the_request_is_refused)
{
    struct bench *b = bench_new(SPEED);
    invalid(b, SET("CREATE", "x.example.com", "A", "<Wieght>1</Wieght>" VALUE("192.0.2.1")),
            "element 'Wieght'");
    invalid(b,
            SET("CREATE", "x.example.com", "A",
                "<AliasTarget><Zone>Z</Zone></AliasTarget>" VALUE("192.0.2.1")),
            "element 'Zone'");
    ck_assert_int_eq(get(b, ZONE, "nmae=x")->status, 400);
    bench_free(b);
}
END_TEST

START_TEST(a_group_follows_one_policy_and_has_no_twins)
{
    struct bench *b = bench_new(SPEED);
    change(b, SET("CREATE", "l.example.com", "A",
                  GROUP("east", "<Region>us-east-1</Region>") VALUE("192.0.2.1")));
    refuse(b,
           SET("CREATE", "l.example.com", "A", GROUP("w", "<Weight>1</Weight>") VALUE("192.0.2.2")),
           "as other RRSets exist with the same name and type");
    refuse(b, SET("CREATE", "l.example.com", "A", VALUE("192.0.2.2")), "as other RRSets exist");
    refuse(b,
           SET("CREATE", "l.example.com", "A",
               GROUP("again", "<Region>us-east-1</Region>") VALUE("192.0.2.2")),
           "a latency RRSet with the same name, type and region already exists");
    refuse(b,
           SET("CREATE", "l.example.com", "A",
               GROUP("east", "<Region>us-west-2</Region>") VALUE("192.0.2.2")),
           "it already exists");
    refuse(b,
           SET("CREATE", "l.example.com", "A",
               GROUP("mars", "<Region>mars-1</Region>") VALUE("192.0.2.2")),
           "Cannot find region 'mars-1'");
    refuse(b,
           SET("CREATE", "shop.example.com", "A",
               GROUP("3", "<Failover>SECONDARY</Failover>") VALUE("192.0.2.2")),
           "a failover RRSet");
    refuse(b,
           SET("CREATE", "g.example.com", "A",
               GROUP("1", "<GeoLocation><CountryCode>*</CountryCode></GeoLocation>")
                   VALUE("192.0.2.1"))
               SET("CREATE", "g.example.com", "A",
                   GROUP("2", "<GeoLocation><CountryCode>*</CountryCode></GeoLocation>")
                       VALUE("192.0.2.2")),
           "a geolocation RRSet");
    bench_free(b);
}
END_TEST

START_TEST(a_batch_has_so_many_values_and_an_upsert_counts_twice)
{
    struct bench *b = bench_new(SPEED);
    static char many[400000];
    size_t n = 0;
    for (int i = 0; i < 501 && n < sizeof many - 300; i++)
        n += (size_t)snprintf(many + n, sizeof many - n,
                              "<Change><Action>UPSERT</Action><ResourceRecordSet><Name>"
                              "n%d.example.com</Name><Type>A</Type><TTL>60</TTL><ResourceRecords>"
                              "<ResourceRecord><Value>192.0.2.1</Value></ResourceRecord>"
                              "</ResourceRecords></ResourceRecordSet></Change>",
                              i);
    static char body[410000];
    (void)snprintf(body, sizeof body, "<R><ChangeBatch><Changes>%s</Changes></ChangeBatch></R>",
                   many);
    const struct said *s = ask(b, "POST", ZONE "/", "", body);
    ck_assert_int_eq(s->status, 400);
    ck_assert_ptr_nonnull(strstr(s->message, "Number of records limit of 1000"));
    bench_free(b);
}
END_TEST

START_TEST(a_zone_keeps_its_soa_and_name_servers)
{
    struct bench *b = bench_new(SPEED);
    char all[4096];
    refuse(b,
           SET("DELETE", "example.com", "SOA",
               "<TTL>900</TTL><ResourceRecords><ResourceRecord><Value>ns-1.awsdns-00.example. "
               "awsdns-hostmaster.amazon.com. 1 7200 900 1209600 60</Value></ResourceRecord>"
               "</ResourceRecords>"),
           "SOA");
    (void)snprintf(all, sizeof all, "%s",
                   SET("DELETE", "example.com", "NS",
                       "<TTL>172800</TTL><ResourceRecords>"
                       "<ResourceRecord><Value>ns-1.awsdns-00.example.</Value></ResourceRecord>"
                       "<ResourceRecord><Value>ns-513.awsdns-16.example.</Value></ResourceRecord>"
                       "<ResourceRecord><Value>ns-1025.awsdns-32.example.</Value></ResourceRecord>"
                       "<ResourceRecord><Value>ns-1537.awsdns-48.example.</Value></ResourceRecord>"
                       "</ResourceRecords>"));
    refuse(b, all, "NS");
    bench_free(b);
}
END_TEST

START_TEST(a_listing_is_by_reversed_labels_and_in_pages)
{
    struct bench *b = bench_new(SPEED);
    change(b, SET("CREATE", "b.example.com", "A", VALUE("192.0.2.1"))
                  SET("CREATE", "a.b.example.com", "A", VALUE("192.0.2.1"))
                      SET("CREATE", "*.example.com", "A", VALUE("192.0.2.1"))
                          SET("CREATE", "a.example.com", "TXT", VALUE("\"t\"")));
    const struct said *s = get(b, ZONE, "name=a.example.com&maxitems=3");
    const char *first = strstr(s->body, "<Name>a.example.com."),
               *second = strstr(s->body, "<Name>b.example.com."),
               *third = strstr(s->body, "<Name>a.b.example.com.");
    ck_assert(first && second && third && first < second && second < third);
    ck_assert_ptr_nonnull(strstr(s->body, "<IsTruncated>true</IsTruncated>"));
    s = get(b, ZONE, "maxitems=2");
    ck_assert_ptr_nonnull(strstr(s->body, "<NextRecordName>\\052.example.com.</NextRecordName>"));
    s = get(b, ZONE, "name=\\052.example.com&type=A&maxitems=1");
    ck_assert_ptr_nonnull(strstr(s->body, "<Name>\\052.example.com.</Name>"));
    ck_assert_str_eq(get(b, ZONE, "type=A")->code, "InvalidInput");
    ck_assert_str_eq(get(b, "/2013-04-01/hostedzone/Z0NOBODY/rrset", "")->code, "NoSuchHostedZone");
    bench_free(b);
}
END_TEST

/* --- DNS on the wire ------------------------------------------------------------------------- */

START_TEST(an_answer_echoes_the_question_and_points_at_it)
{
    struct bench *b = bench_new(SPEED);
    const struct wire *w = dns(b, "ShOp.Example.COM", 1, 0, false);
    ck_assert_int_eq((int)rcode(w), 0);
    ck_assert_mem_eq(w->p + 13, "ShOp", 4);
    ck_assert(w->p[w->question] == 0xc0 && w->p[w->question + 1] == 0x0c);
    ck_assert_str_eq(address(b, "shop.example.com"), "127.0.10.1");
    bench_free(b);
}
END_TEST

START_TEST(nothing_there_is_told_apart_from_nothing_of_that_type)
{
    struct bench *b = bench_new(SPEED);
    const struct wire *w = dns(b, "nobody.example.com", 1, 0, false);
    ck_assert(rcode(w) == 3 && count(w, 0) == 0 && count(w, 1) == 1);
    w = dns(b, "shop.example.com", 28, 0, false);
    ck_assert(rcode(w) == 0 && count(w, 0) == 0 && count(w, 1) == 1);
    w = dns(b, "example.org", 1, 0, false);
    ck_assert(rcode(w) == 5 && count(w, 0) == 0 && count(w, 1) == 0);
    w = dns(b, "example.com", 6, 0, false);
    ck_assert(rcode(w) == 0 && count(w, 0) == 1);
    w = dns(b, "example.com", 2, 0, false);
    ck_assert(rcode(w) == 0 && count(w, 0) == 4);
    w = dns(b, "shop.example.com", 255, 0, false);
    ck_assert(rcode(w) == 0 && count(w, 0) >= 1);
    bench_free(b);
}
END_TEST

START_TEST(a_name_above_others_is_there_although_it_is_empty)
{
    struct bench *b = bench_new(SPEED);
    change(b, SET("CREATE", "deep.in.example.com", "A", VALUE("192.0.2.1")));
    bench_run(b, SYNC_MS + 100);
    const struct wire *w = dns(b, "in.example.com", 1, 0, false);
    ck_assert(rcode(w) == 0 && count(w, 0) == 0 && count(w, 1) == 1);
    w = dns(b, "n.example.com", 1, 0, false);
    ck_assert_int_eq((int)rcode(w), 3);
    bench_free(b);
}
END_TEST

START_TEST(a_large_answer_is_cut_over_udp_and_whole_over_tcp)
{
    struct bench *b = bench_new(SPEED);
    char text[256];
    struct sb_record record = { "big.example.com", "TXT", NULL, NULL, -1, 60, text, NULL };
    struct r53 *r53 = r53_state(bench_sandbox(b));
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    sb_route53_record(bench_sandbox(b), "Z0SHOP", &record);
    for (size_t i = 0; i < r53->zones[0].served.count; i++) {
        struct r53_record *r = &r53->zones[0].served.items[i];
        if (strcmp(r->name, "big.example.com") != 0)
            continue;
        for (r->value_count = 1; r->value_count < 4; r->value_count++)
            memcpy(r->values[r->value_count], r->values[0], R53_VALUE_BYTES);
    }
    const struct wire *w = dns(b, "big.example.com", 16, 0, false);
    ck_assert(w->n <= 512 && (w->p[2] & 2) && count(w, 0) == 0);
    w = dns(b, "big.example.com", 16, 0, true);
    ck_assert(w->n > 512 && !(w->p[2] & 2) && count(w, 0) == 4);
    w = dns(b, "big.example.com", 16, 4096, false);
    ck_assert(w->n > 512 && !(w->p[2] & 2) && count(w, 0) == 4 && count(w, 2) == 1);
    w = dns(b, "big.example.com", 16, 600, false);
    ck_assert(w->n <= 600 && (w->p[2] & 2));
    bench_free(b);
}
END_TEST

START_TEST(a_broken_question_is_refused_and_a_broken_header_dropped)
{
    struct bench *b = bench_new(SPEED);
    const uint8_t pointer[] = { 0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 0x0c, 0, 1, 0, 1 };
    const uint8_t two[] = { 0, 7, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1 };
    struct evac_buf out;
    evac_buf_init(&out, 4096);
    ck_assert(evac_sandbox_dns(bench_sandbox(b), pointer, sizeof pointer, false, &out));
    ck_assert(out.n == 12 && (out.p[3] & 15) == 1 && out.p[1] == 7);
    evac_buf_reset(&out);
    ck_assert(evac_sandbox_dns(bench_sandbox(b), two, sizeof two, false, &out));
    ck_assert_int_eq(out.p[3] & 15, 1);
    for (size_t n = 0; n < 12; n++)
        ck_assert(!evac_sandbox_dns(bench_sandbox(b), pointer, n, false, &out));
    for (size_t n = 12; n < sizeof two; n++) {
        evac_buf_reset(&out);
        ck_assert(evac_sandbox_dns(bench_sandbox(b), two, n, true, &out));
    }
    evac_buf_done(&out);
    bench_free(b);
}
END_TEST

/* --- routing and health ---------------------------------------------------------------------- */

/* A check that nobody looks at again: healthy or not, as it is told. */
static struct r53_check *fixed_check(struct bench *b, const char *id)
{
    struct sb_health_check check = { .id = id,
                                     .type = "CLOUDWATCH_METRIC",
                                     .host = "",
                                     .path = "",
                                     .search = "",
                                     .interval_s = 10,
                                     .threshold = 1 };
    sb_route53_health_check(bench_sandbox(b), &check);
    return r53_check_find(bench_sandbox(b), evac_str(id));
}

static void add(struct bench *b, const char *name, const char *id, const char *failover, int weight,
                const char *value, const char *check)
{
    struct sb_record record = { name, "A", id, failover, weight, 60, value, check };
    sb_route53_record(bench_sandbox(b), "Z0SHOP", &record);
}

/* How many of 200 answers are that one. */
static int share(struct bench *b, const char *name, const char *value)
{
    int n = 0;
    for (int i = 0; i < 200; i++)
        n += strcmp(address(b, name), value) == 0;
    return n;
}

START_TEST(weights_share_and_nobody_healthy_is_everybody)
{
    struct bench *b = bench_new(SPEED);
    add(b, "w.example.com", "a", NULL, 3, "192.0.2.1", "ca");
    add(b, "w.example.com", "b", NULL, 1, "192.0.2.2", "cb");
    add(b, "w.example.com", "c", NULL, 0, "192.0.2.3", "cc");
    (void)fixed_check(b, "ca");
    (void)fixed_check(b, "cb");
    (void)fixed_check(b, "cc");
    struct r53 *r53 = r53_state(bench_sandbox(b));
    struct r53_check *a = &r53->checks[r53->check_count - 3], *k = a + 1, *z = a + 2;
    ck_assert_int_eq(share(b, "w.example.com", "192.0.2.1"), 150);
    ck_assert_int_eq(share(b, "w.example.com", "192.0.2.3"), 0);
    a->raw = false;
    ck_assert_int_eq(share(b, "w.example.com", "192.0.2.2"), 200);
    k->raw = false; /* weight 0 only now */
    ck_assert_int_eq(share(b, "w.example.com", "192.0.2.3"), 200);
    z->raw = false;
    ck_assert_int_eq(share(b, "w.example.com", "192.0.2.1"), 150);
    bench_free(b);
}
END_TEST

START_TEST(with_neither_healthy_the_primary_answers)
{
    struct bench *b = bench_new(SPEED);
    add(b, "f.example.com", "1", "PRIMARY", -1, "192.0.2.1", "p");
    add(b, "f.example.com", "2", "SECONDARY", -1, "192.0.2.2", "s");
    (void)fixed_check(b, "p");
    (void)fixed_check(b, "s");
    struct r53_check *p = r53_check_find(bench_sandbox(b), EVAC_STR("p")),
                     *s = r53_check_find(bench_sandbox(b), EVAC_STR("s"));
    ck_assert_str_eq(address(b, "f.example.com"), "192.0.2.1");
    p->raw = false;
    ck_assert_str_eq(address(b, "f.example.com"), "192.0.2.2");
    s->raw = false;
    ck_assert_str_eq(address(b, "f.example.com"), "192.0.2.1");
    p->disabled = true; /* healthy, whatever is seen */
    s->raw = true;
    ck_assert_str_eq(address(b, "f.example.com"), "192.0.2.1");
    p->inverted = true; /* and inverted: always unhealthy */
    ck_assert_str_eq(address(b, "f.example.com"), "192.0.2.2");
    bench_free(b);
}
END_TEST

#define ALIAS(target)                                                                              \
    "<AliasTarget><HostedZoneId>Z0SHOP</HostedZoneId><DNSName>" target                             \
    "</DNSName><EvaluateTargetHealth>true</EvaluateTargetHealth></AliasTarget>"

START_TEST(an_alias_answers_as_its_target_and_is_as_healthy)
{
    struct bench *b = bench_new(SPEED);
    add(b, "east.example.com", NULL, NULL, -1, "192.0.2.1", "e");
    add(b, "west.example.com", NULL, NULL, -1, "192.0.2.2", NULL);
    (void)fixed_check(b, "e");
    change(b, SET("CREATE", "al.example.com", "A",
                  "<SetIdentifier>1</SetIdentifier><Failover>PRIMARY</Failover>" ALIAS(
                      "east.example.com"))
                  SET("CREATE", "al.example.com", "A",
                      "<SetIdentifier>2</SetIdentifier><Failover>SECONDARY</Failover>" ALIAS(
                          "west.example.com"))
                      SET("CREATE", "loop.example.com", "A", ALIAS("loop.example.com")));
    bench_run(b, SYNC_MS + 100);
    ck_assert_str_eq(address(b, "al.example.com"), "192.0.2.1");
    r53_check_find(bench_sandbox(b), EVAC_STR("e"))->raw = false;
    ck_assert_str_eq(address(b, "al.example.com"), "192.0.2.2");
    ck_assert_str_eq(address(b, "loop.example.com"), "");
    bench_free(b);
}
END_TEST

START_TEST(many_values_are_given_without_the_unhealthy_ones)
{
    struct bench *b = bench_new(SPEED);
    add(b, "m.example.com", "1", NULL, -1, "192.0.2.1", "m1");
    add(b, "m.example.com", "2", NULL, -1, "192.0.2.2", NULL);
    (void)fixed_check(b, "m1");
    struct r53_records *served = &r53_state(bench_sandbox(b))->zones[0].served;
    for (size_t i = 0; i < served->count; i++)
        if (strcmp(served->items[i].name, "m.example.com") == 0)
            served->items[i].multivalue = true;
    ck_assert_int_eq((int)count(dns(b, "m.example.com", 1, 0, false), 0), 2);
    r53_check_find(bench_sandbox(b), EVAC_STR("m1"))->raw = false;
    ck_assert_int_eq((int)count(dns(b, "m.example.com", 1, 0, false), 0), 1);
    ck_assert_str_eq(address(b, "m.example.com"), "192.0.2.2");
    bench_free(b);
}
END_TEST

START_TEST(an_alias_names_what_is_there)
{
    struct bench *b = bench_new(SPEED);
    refuse(b, SET("CREATE", "al.example.com", "A", ALIAS("gone.example.com")), "was not found");
    refuse(b, SET("CREATE", "al.example.com", "A", ALIAS("www.example.org")),
           "does not lie within the target zone");
    sb_route53_zone(bench_sandbox(b), "Z0ELB", "elb.example.net");
    struct sb_record target = {
        "lb-1.elb.example.net", "A", NULL, NULL, -1, 60, "192.0.2.9", NULL
    };
    sb_route53_record(bench_sandbox(b), "Z0ELB", &target);
    change(b, SET("CREATE", "al.example.com", "A",
                  "<AliasTarget><HostedZoneId>Z0ELB</HostedZoneId><DNSName>lb-1.elb.example.net"
                  "</DNSName><EvaluateTargetHealth>false</EvaluateTargetHealth></AliasTarget>"));
    bench_run(b, SYNC_MS + 100);
    ck_assert_str_eq(address(b, "al.example.com"), "192.0.2.9"); /* in another zone */
    bench_free(b);
}
END_TEST

static void regional(struct bench *b, const char *region, const char *value)
{
    struct sb_record record = { .name = "l.example.com",
                                .type = "A",
                                .set_identifier = region,
                                .weight = -1,
                                .ttl_s = 60,
                                .value = value,
                                .latency = region,
                                .health_check = region };
    (void)fixed_check(b, region);
    sb_route53_record(bench_sandbox(b), "Z0SHOP", &record);
}

static void set_health(struct bench *b, const char *check, bool healthy)
{
    r53_check_find(bench_sandbox(b), evac_str(check))->raw = healthy;
}

static void ask_from(struct bench *b, const char *region)
{
    bench_control(b, "make route53 %s {\"kind\":\"asker\"}", region);
}

START_TEST(latency_answers_the_nearest_that_is_healthy)
{
    struct bench *b = bench_new(SPEED);
    regional(b, "us-east-1", "192.0.2.1");
    regional(b, "us-west-2", "192.0.2.2");
    regional(b, "ap-northeast-1", "192.0.2.3");
    ask_from(b, "us-east-1");
    ck_assert_str_eq(address(b, "l.example.com"), "192.0.2.1");
    ask_from(b, "us-west-2");
    ck_assert_str_eq(address(b, "l.example.com"), "192.0.2.2");
    ask_from(b, "eu-west-1"); /* over the Atlantic, not over the Pole */
    ck_assert_str_eq(address(b, "l.example.com"), "192.0.2.1");
    set_health(b, "us-east-1", false);
    ck_assert_str_eq(address(b, "l.example.com"), "192.0.2.2");
    set_health(b, "us-west-2", false);
    set_health(b, "ap-northeast-1", false);
    ck_assert_str_eq(address(b, "l.example.com"), "192.0.2.1"); /* nobody is everybody */
    bench_free(b);
}
END_TEST

static void place(struct bench *b, const char *id, const char *continent, const char *country,
                  const char *subdivision, const char *value)
{
    struct sb_record record = { .name = "g.example.com",
                                .type = "A",
                                .set_identifier = id,
                                .weight = -1,
                                .ttl_s = 60,
                                .value = value,
                                .health_check = id,
                                .continent = continent,
                                .country = country,
                                .subdivision = subdivision };
    (void)fixed_check(b, id);
    sb_route53_record(bench_sandbox(b), "Z0SHOP", &record);
}

START_TEST(geolocation_answers_the_smallest_place_that_fits_and_is_healthy)
{
    struct bench *b = bench_new(SPEED);
    place(b, "na", "NA", NULL, NULL, "192.0.2.1");
    place(b, "us", NULL, "US", NULL, "192.0.2.2");
    place(b, "va", NULL, "US", "VA", "192.0.2.3");
    ask_from(b, "us-east-1");
    ck_assert_str_eq(address(b, "g.example.com"), "192.0.2.3");
    ask_from(b, "us-west-2");
    ck_assert_str_eq(address(b, "g.example.com"), "192.0.2.2");
    ask_from(b, "eu-west-1");
    const struct wire *w = dns(b, "g.example.com", 1, 0, false);
    ck_assert(rcode(w) == 0 && count(w, 0) == 0); /* no default: nothing */
    place(b, "all", NULL, "*", NULL, "192.0.2.4");
    ck_assert_str_eq(address(b, "g.example.com"), "192.0.2.4");
    ask_from(b, "us-east-1");
    set_health(b, "va", false);
    set_health(b, "us", false);
    ck_assert_str_eq(address(b, "g.example.com"), "192.0.2.1"); /* the next larger one */
    set_health(b, "na", false);
    ck_assert_str_eq(address(b, "g.example.com"), "192.0.2.4");
    set_health(b, "all", false);
    ck_assert_str_eq(address(b, "g.example.com"), "192.0.2.3"); /* none: the smallest */
    bench_free(b);
}
END_TEST

START_TEST(every_policy_is_listed_as_it_must_be_deleted)
{
    struct bench *b = bench_new(SPEED);
    const char *rows[] = {
        GROUP("1", "<Region>us-east-1</Region>") VALUE("192.0.2.1"),
        GROUP("1", "<GeoLocation><CountryCode>US</CountryCode><SubdivisionCode>VA</SubdivisionCode>"
                   "</GeoLocation>") VALUE("192.0.2.1"),
        GROUP("1", "<MultiValueAnswer>true</MultiValueAnswer>") VALUE("192.0.2.1"),
        GROUP("1", "<Weight>0</Weight>") VALUE("192.0.2.1"),
        ALIAS("shop.example.com"),
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[2048];
        for (int remove = 0; remove < 2; remove++) {
            (void)snprintf(text, sizeof text,
                           "<Change><Action>%s</Action><ResourceRecordSet><Name>p.example.com."
                           "</Name><Type>A</Type>%s</ResourceRecordSet></Change>",
                           remove ? "DELETE" : "CREATE", rows[i]);
            change(b, text);
            const char *there = strstr(get(b, ZONE, "name=p.example.com&maxitems=1")->body,
                                       "<Name>p.example.com.</Name>");
            ck_assert((there != NULL) == !remove);
            /* an alias' name gets its last dot */
            ck_assert(!there || strncmp(there + 27, "<Type>A</Type>", 14) == 0);
            ck_assert(!there || i == 4 || strncmp(there + 41, rows[i], strlen(rows[i])) == 0);
        }
    }
    bench_free(b);
}
END_TEST

START_TEST(a_test_answer_is_as_if_asked_from_there)
{
    struct bench *b = bench_new(SPEED);
    regional(b, "us-east-1", "192.0.2.1");
    regional(b, "us-west-2", "192.0.2.2");
    const char *query = "hostedzoneid=Z0SHOP&recordname=l.example.com&recordtype=A&"
                        "edns0clientsubnetip=127.0.10.";
    char text[256];
    for (int i = 1; i <= 2; i++) {
        (void)snprintf(text, sizeof text, "%s%d", query, i);
        const char *body = get(b, "/2013-04-01/testdnsanswer", text)->body;
        ck_assert_ptr_nonnull(strstr(body, i == 1 ? ">192.0.2.1<" : ">192.0.2.2<"));
    }
    bench_free(b);
}
END_TEST

START_TEST(what_is_made_from_outside_is_checked)
{
    struct bench *b = bench_new(SPEED);
    struct evac_err err;
    ck_assert_int_ne(evac_sandbox_control(bench_sandbox(b),
                                          EVAC_STR("make route53 us-east-1 {\"kind\":\"x\"}"),
                                          &err),
                     EVAC_OK);
    ck_assert_ptr_nonnull(strstr(err.text, "asker, zone"));
    ck_assert_int_ne(evac_sandbox_control(bench_sandbox(b),
                                          EVAC_STR("make route53 us-east-1 {\"kind\":\"zone\"}"),
                                          &err),
                     EVAC_OK);
    ck_assert_ptr_nonnull(strstr(err.text, "\"id\""));
    bench_control(b, "make route53 us-east-1 {\"kind\":\"zone\",\"id\":\"Z0SHOP\",\"name\":"
                     "\"example.com\",\"accelerated\":\"ENABLED\",\"dnssec\":\"SIGNING\"}");
    bench_control(b, "make route53 us-east-1 {\"kind\":\"record\",\"zone\":\"Z0SHOP\",\"name\":"
                     "\"made.example.com\",\"value\":\"192.0.2.7\",\"id\":\"a\",\"weight\":5}");
    ck_assert_str_eq(address(b, "made.example.com"), "192.0.2.7");
    ck_assert_ptr_nonnull(strstr(get(b, "/2013-04-01/hostedzone/Z0SHOP", "")->body,
                                 "<AcceleratedRecoveryStatus>ENABLED<"));
    ck_assert_ptr_nonnull(strstr(get(b, "/2013-04-01/hostedzone/Z0SHOP/dnssec", "")->body,
                                 "<ServeSignature>SIGNING<"));
    bench_free(b);
}
END_TEST

#define CHECK(caller, config)                                                                      \
    "<CreateHealthCheckRequest><CallerReference>" caller                                           \
    "</CallerReference><HealthCheckConfig>" config                                                 \
    "</HealthCheckConfig></CreateHealthCheckRequest>"
#define CHECKS "/2013-04-01/healthcheck"

START_TEST(a_health_check_turns_after_threshold_times_interval_at_most)
{
    struct bench *b = bench_new(SPEED);
    char id[64], want[160];
    const struct said *s =
        ask(b, "POST", CHECKS, "",
            CHECK("c1", "<Type>HTTP</Type><FullyQualifiedDomainName>us-east-1.shop.example.com"
                        "</FullyQualifiedDomainName><ResourcePath>/health</ResourcePath><Port>8080"
                        "</Port><RequestInterval>10</RequestInterval><FailureThreshold>3"
                        "</FailureThreshold>"));
    ck_assert_int_eq(s->status, 201);
    (void)snprintf(id, sizeof id, "%.36s", strstr(s->body, "<Id>") + 4);
    bench_run(b, 5000);
    (void)snprintf(want, sizeof want, "{\"id\":\"%s\",\"healthy\":true,\"inverted\":false}", id);
    ck_assert(bench_true(b, want));
    bench_control(b, "region us-east-1 down"); /* and Route 53's API with it */
    bench_run(b, 1500);
    ck_assert(bench_true(b, want));
    bench_run(b, 1600);
    ck_assert(!bench_true(b, want));
    bench_free(b);
}
END_TEST

START_TEST(a_new_check_is_healthy_until_there_is_data)
{
    struct bench *b = bench_new(1);
    const struct said *s =
        ask(b, "POST", CHECKS, "",
            CHECK("c1", "<Type>TCP</Type><IPAddress>192.0.2.1</IPAddress><Port>9</Port>"
                        "<Inverted>true</Inverted>"));
    ck_assert_int_eq(s->status, 201);
    ck_assert(bench_true(b, "\"healthy\":false,\"inverted\":true}"));
    bench_free(b);
}
END_TEST

START_TEST(a_health_check_is_updated_only_in_the_version_that_was_read)
{
    struct bench *b = bench_new(SPEED);
    char path[128];
    const char *config = CHECK("c1", "<Type>HTTP</Type><FullyQualifiedDomainName>a.example.com"
                                     "</FullyQualifiedDomainName>");
    const struct said *s = ask(b, "POST", CHECKS, "", config);
    (void)snprintf(path, sizeof path, CHECKS "/%.36s", strstr(s->body, "<Id>") + 4);
    s = ask(b, "POST", path, "",
            "<U><HealthCheckVersion>1</HealthCheckVersion><Inverted>true</Inverted></U>");
    ck_assert_int_eq(s->status, 200);
    ck_assert_ptr_nonnull(strstr(s->body, "<HealthCheckVersion>2</HealthCheckVersion>"));
    s = ask(b, "POST", path, "",
            "<U><HealthCheckVersion>1</HealthCheckVersion><Inverted>false</Inverted></U>");
    ck_assert_int_eq(s->status, 409);
    ck_assert_str_eq(s->code, "HealthCheckVersionMismatch");
    s = ask(b, "POST", path, "", "<U><FailureThreshold>11</FailureThreshold></U>");
    ck_assert_str_eq(s->code, "InvalidInput");
    ck_assert_ptr_nonnull(
        strstr(get(b, path, "")->body, "<HealthCheckVersion>2</HealthCheckVersion>"));
    ck_assert_int_eq(ask(b, "DELETE", path, "", "")->status, 200);
    ck_assert_str_eq(get(b, path, "")->code, "NoSuchHealthCheck");
    ck_assert_str_eq(ask(b, "POST", CHECKS, "", CHECK("c2", "<Type>HTTP_STR_MATCH</Type>"))->code,
                     "InvalidInput");
    ck_assert_str_eq(ask(b, "POST", CHECKS, "", "<x/>")->code, "InvalidInput");
    s = ask(b, "POST", CHECKS, "", CHECK("c3", "<Type>TCP</Type><Prot>9</Prot>"));
    ck_assert(strcmp(s->code, "InvalidInput") == 0 && strstr(s->message, "'Prot'"));
    bench_free(b);
}
END_TEST

START_TEST(the_truth_says_what_dns_answers_and_takes_no_turn)
{
    struct bench *b = bench_new(SPEED);
    add(b, "w.example.com", "a", NULL, 1, "192.0.2.1", NULL);
    add(b, "w.example.com", "b", NULL, 1, "192.0.2.2", NULL);
    char first[32];
    (void)snprintf(first, sizeof first, "%s", address(b, "w.example.com"));
    ck_assert(bench_true(b, "\"dns\":{"));
    ck_assert(bench_true(b, "\"shop.example.com\":\"127.0.10.1\""));
    ck_assert_str_ne(address(b, "w.example.com"), first);
    bench_free(b);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("route53");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, dns_follows_when_a_change_is_in_sync_and_not_before);
    tcase_add_test(tc, a_later_change_does_not_hold_up_an_earlier_one);
    tcase_add_test(tc, a_zone_takes_one_change_at_a_time);
    tcase_add_test(tc, more_changes_than_are_remembered_lose_nothing);
    tcase_add_test(tc, a_batch_is_done_wholly_or_not_at_all);
    tcase_add_test(tc, what_route_53_would_not_store_is_refused);
    tcase_add_test(tc, a_record_of_a_group_has_exactly_one_policy);
    tcase_add_test(tc, what_is_no_element_of_the_request_is_refused);
    tcase_add_test(tc, a_group_follows_one_policy_and_has_no_twins);
    tcase_add_test(tc, a_batch_has_so_many_values_and_an_upsert_counts_twice);
    tcase_add_test(tc, an_alias_names_what_is_there);
    tcase_add_test(tc, latency_answers_the_nearest_that_is_healthy);
    tcase_add_test(tc, geolocation_answers_the_smallest_place_that_fits_and_is_healthy);
    tcase_add_test(tc, every_policy_is_listed_as_it_must_be_deleted);
    tcase_add_test(tc, a_test_answer_is_as_if_asked_from_there);
    tcase_add_test(tc, what_is_made_from_outside_is_checked);
    tcase_add_test(tc, a_zone_keeps_its_soa_and_name_servers);
    tcase_add_test(tc, a_listing_is_by_reversed_labels_and_in_pages);
    tcase_add_test(tc, an_answer_echoes_the_question_and_points_at_it);
    tcase_add_test(tc, nothing_there_is_told_apart_from_nothing_of_that_type);
    tcase_add_test(tc, a_name_above_others_is_there_although_it_is_empty);
    tcase_add_test(tc, a_large_answer_is_cut_over_udp_and_whole_over_tcp);
    tcase_add_test(tc, a_broken_question_is_refused_and_a_broken_header_dropped);
    tcase_add_test(tc, weights_share_and_nobody_healthy_is_everybody);
    tcase_add_test(tc, with_neither_healthy_the_primary_answers);
    tcase_add_test(tc, an_alias_answers_as_its_target_and_is_as_healthy);
    tcase_add_test(tc, many_values_are_given_without_the_unhealthy_ones);
    tcase_add_test(tc, a_health_check_turns_after_threshold_times_interval_at_most);
    tcase_add_test(tc, a_new_check_is_healthy_until_there_is_data);
    tcase_add_test(tc, a_health_check_is_updated_only_in_the_version_that_was_read);
    tcase_add_test(tc, the_truth_says_what_dns_answers_and_takes_no_turn);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("the model of Route 53", cases)

/* The model's core: what it lets in, what it keeps from whom, and what outages do to it. */
#include "sandbox_bench.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

#define TO "region=us-west-2\nfrom=us-east-1\nto=us-west-2\nmode=ungraceful\napp=shop\n"
#define DNS                                                                                        \
    "zone=Z0SHOP\nname=shop.example.com\nswitch=record\nrecord_type=A\nttl=60\ntarget=192.0.2.1\n"
#define WEB "cluster=shop\nservice=web\nwant.minimum_percent=100\n"

/* --- requests by hand ------------------------------------------------------------------------ */

struct answer {
    struct evac_sandbox_reply reply;
    char body[4096];
};

static struct answer *ask(struct bench *b, const char *method, const char *url, const char *host,
                          const char *local, const char *body)
{
    static struct answer a;
    struct evac_http_header headers[] = { { EVAC_STR("host"), evac_str(host) },
                                          { EVAC_STR("x-evac-sandbox-local"), evac_str(local) } };
    struct evac_http_request request = { .method = evac_str(method),
                                         .url = evac_str(url),
                                         .headers = headers,
                                         .header_count = 2,
                                         .body = evac_str(body) };
    memset(&a, 0, sizeof a);
    evac_buf_init(&a.reply.body, 1u << 20);
    evac_sandbox_advance(bench_sandbox(b), bench_now(b));
    evac_sandbox_http(bench_sandbox(b), &request, &a.reply);
    (void)evac_str_copy(a.body, sizeof a.body, evac_buf_str(&a.reply.body));
    evac_buf_done(&a.reply.body);
    return &a;
}

START_TEST(without_a_signature_only_public_objects_are_given)
{
    struct bench *b = bench_new(10);
    ck_assert_int_eq(
        ask(b, "GET", "/shop-go-usw2/go/shop.json", "127.0.0.1:8080", "", "")->reply.status, 200);
    ck_assert_int_eq(
        ask(b, "GET", "/go/shop.json", "shop-go-usw2.s3.us-west-2.amazonaws.com", "", "")
            ->reply.status,
        200);
    ck_assert_int_eq(ask(b, "GET", "/shop-assets-usw2/a", "127.0.0.1:8080", "", "")->reply.status,
                     403);
    ck_assert_int_eq(ask(b, "GET", "/nobody/a", "127.0.0.1:8080", "", "")->reply.status, 403);
    ck_assert_int_eq(
        ask(b, "POST", "/", "127.0.0.1:8080", "", "Action=DescribeGlobalClusters")->reply.status,
        403);
    bench_free(b);
}
END_TEST

START_TEST(the_shop_answers_where_it_lives)
{
    struct bench *b = bench_new(10);
    struct answer *a = ask(b, "GET", "/health", "shop.example.com", "127.0.10.1", "");
    ck_assert_int_eq(a->reply.status, 200);
    ck_assert(strstr(a->body, "\"region\":\"us-east-1\",\"writable\":true") != NULL);
    a = ask(b, "GET", "/health", "shop.example.com", "127.0.10.2", "");
    ck_assert_int_eq(a->reply.status, 503); /* the standby does not serve the public */
    a = ask(b, "GET", "/health", "us-west-2.shop.example.com:8080", "127.0.10.2", "");
    ck_assert_int_eq(a->reply.status, 200);
    ck_assert(strstr(a->body, "\"writable\":false") != NULL);
    bench_control(b, "region us-east-1 down");
    ck_assert_int_eq(ask(b, "GET", "/health", "shop.example.com", "127.0.10.1", "")->reply.fate,
                     EVAC_SANDBOX_REFUSE);
    bench_free(b);
}
END_TEST

START_TEST(a_region_that_is_cut_off_stops_writing_when_its_permission_runs_out)
{
    struct bench *b = bench_new(10);
    bench_run(b, 4000);
    ck_assert(bench_true(b, "\"writers\":[\"us-east-1\"]"));
    bench_control(b, "region us-east-1 isolated");
    bench_run(b, 3000);
    ck_assert(bench_true(b, "\"writers\":[\"us-east-1\"]"));
    bench_run(b, 2100); /* 5 s after its last read, at the latest */
    ck_assert(bench_true(b, "\"writers\":[]"));
    bench_control(b, "region us-east-1 up");
    bench_run(b, 2000);
    ck_assert(bench_true(b, "\"writers\":[\"us-east-1\"]"));
    bench_free(b);
}
END_TEST

START_TEST(request_rates_are_aws_own)
{
    struct bench *b = bench_new(0);
    unsigned throttled = 0;
    bench_control(b, "limits on");
    for (int i = 0; i < 80; i++) { /* a burst is 50 */
        const struct evac_reply *r = bench_call(b, "route53", EVAC_VERB_OBSERVE, "point", DNS TO);
        throttled += evac_str_is(r->code, "Throttling") || evac_str_has(r->reason, "Rate exceeded");
    }
    ck_assert_uint_gt(throttled, 0);
    bench_run(b, 2000);
    ck_assert_int_eq(bench_call(b, "route53", EVAC_VERB_OBSERVE, "point", DNS TO)->seen,
                     EVAC_SEEN_UNSATISFIED);
    bench_free(b);
}
END_TEST

START_TEST(stale_reads_show_what_was)
{
    struct bench *b = bench_new(10);
    unsigned old = 0, new = 0;
    bench_control(b, "stale 3000");
    (void)bench_call(b, "ecs", EVAC_VERB_OBSERVE, "scale", WEB TO "want.count=3\n");
    (void)bench_call(b, "ecs", EVAC_VERB_APPLY, "scale", WEB TO "want.count=3\n");
    for (int i = 0; i < 20; i++) {
        const struct evac_reply *r =
            bench_call(b, "ecs", EVAC_VERB_OBSERVE, "scale", WEB TO "want.count=3\n");
        old += bench_fact(r, "desired") == 1;
        new += bench_fact(r, "desired") == 3;
        ck_assert(!r->strong);
    }
    ck_assert_uint_gt(old, 0);
    ck_assert_uint_gt(new, 0);
    bench_run(b, 3100);
    ck_assert_int_eq(
        bench_fact(bench_call(b, "ecs", EVAC_VERB_OBSERVE, "scale", WEB TO "want.count=3\n"),
                   "desired"),
        3);
    bench_free(b);
}
END_TEST

START_TEST(a_lost_answer_is_unknown_and_its_effect_stays)
{
    struct bench *b = bench_new(10);
    bench_control(b, "service ecs us-west-2 lost-mutation 1");
    ck_assert_int_eq(
        bench_call(b, "ecs", EVAC_VERB_APPLY, "scale", WEB TO "want.count=4\n")->outcome,
        EVAC_OUTCOME_UNKNOWN);
    ck_assert(bench_true(b, "\"service\":\"web\",\"desired\":4"));
    bench_control(b, "service ecs us-west-2 denied");
    ck_assert_int_eq(
        bench_call(b, "ecs", EVAC_VERB_APPLY, "scale", WEB TO "want.count=5\n")->outcome,
        EVAC_OUTCOME_REJECTED);
    bench_control(b, "region us-west-2 down");
    ck_assert_int_eq(
        bench_call(b, "ecs", EVAC_VERB_APPLY, "scale", WEB TO "want.count=5\n")->outcome,
        EVAC_OUTCOME_NOT_SENT);
    bench_free(b);
}
END_TEST

START_TEST(controls_say_what_they_do_not_know)
{
    static const struct {
        const char *command, *says;
    } rows[] = {
        { "", "is not a command" },
        { "region mars-1 down", "there is no region 'mars-1'; there are us-east-1" },
        { "region us-east-1 sleepy", "down, isolated or up, not 'sleepy'" },
        { "service mail us-east-1 down", "there is no service 'mail'" },
        { "make sts us-east-1 {}", "nothing that could be made" },
        { "make ecs us-east-1 {}", "needs a" },
        { "make lambda us-east-1 {\"kind\":\"x\",\"name\":\"y\"}", "which can be function" },
        { "make lambda mars-1 {}", "no region" },
        { "service ecs us-east-1 tired", "not 'tired'" },
        { "service ecs us-east-1 slow often", "a whole number" },
        { "lag us-east-1 -1", "a whole number" },
        { "region us-east-1 down now", "is too much here" },
        { "app shop renew 1", "from 100" },
        { "limits maybe", "on or off" },
    };
    struct bench *b = bench_new(10);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct evac_err err = { EVAC_OK, "" };
        ck_assert_int_eq(evac_sandbox_control(bench_sandbox(b), evac_str(rows[i].command), &err),
                         EVAC_E_BADARG);
        ck_assert_msg(strstr(err.text, rows[i].says) != NULL, "'%s': %s", rows[i].command,
                      err.text);
    }
    bench_free(b);
}
END_TEST

/* --- DNS ------------------------------------------------------------------------------------- */

static size_t question(const char *name, unsigned type, bool edns, uint8_t *q)
{
    static const uint8_t head[12] = { 0xab, 0xcd, 1, 0, 0, 1 };
    struct evac_str rest = evac_str(name);
    size_t n = sizeof head;
    memcpy(q, head, sizeof head);
    q[11] = edns;
    while (rest.n) {
        struct evac_str label = evac_str_cut(rest, '.', &rest);
        q[n++] = (uint8_t)label.n;
        memcpy(q + n, label.p, label.n);
        n += label.n;
    }
    const uint8_t tail[16] = { 0, 0, (uint8_t)type, 0, 1, 0, 0, 41, 4, 0xd0 };
    memcpy(q + n, tail, sizeof tail);
    return n + (edns ? 16 : 5);
}

struct dns {
    unsigned rcode, answers, authorities, flags;
    size_t bytes;
    uint8_t wire[70000];
};

static struct dns *resolve(struct bench *b, const char *name, unsigned type, bool tcp)
{
    static struct dns d;
    uint8_t q[600];
    struct evac_buf out;
    size_t n = question(name, type, false, q);
    memset(&d, 0, sizeof d);
    evac_buf_init(&out, 66000);
    ck_assert(evac_sandbox_dns(bench_sandbox(b), q, n, tcp, &out));
    d.bytes = out.n;
    memcpy(d.wire, out.p, out.n);
    evac_buf_done(&out);
    ck_assert_uint_ge(d.bytes, 12);
    ck_assert_uint_eq(d.wire[0], 0xab);
    d.flags = d.wire[2] * 256u + d.wire[3];
    d.rcode = d.wire[3] & 15;
    d.answers = d.wire[6] * 256u + d.wire[7];
    d.authorities = d.wire[8] * 256u + d.wire[9];
    return &d;
}

START_TEST(dns_says_what_is_there_what_is_not_and_what_is_not_its_own)
{
    struct bench *b = bench_new(10);
    struct dns *d = resolve(b, "SHOP.example.com", 1, false);
    ck_assert_uint_eq(d->rcode, 0);
    ck_assert_uint_eq(d->answers, 1);
    ck_assert_uint_ne(d->flags & 0x8400u, 0);        /* an answer, with authority */
    ck_assert(memcmp(d->wire + 13, "SHOP", 4) == 0); /* the question as it was asked */
    ck_assert_uint_eq(d->wire[d->bytes - 1], 1);     /* 127.0.10.1 */
    d = resolve(b, "shop.example.com", 28, false);   /* AAAA: the name is there, the type is not */
    ck_assert_uint_eq(d->rcode, 0);
    ck_assert_uint_eq(d->answers, 0);
    ck_assert_uint_eq(d->authorities, 1);
    d = resolve(b, "nobody.example.com", 1, false);
    ck_assert_uint_eq(d->rcode, 3);
    ck_assert_uint_eq(d->authorities, 1);
    ck_assert_uint_eq(resolve(b, "example.org", 1, false)->rcode, 5);
    ck_assert_uint_eq(resolve(b, "example.com", 2, false)->answers, 4);
    ck_assert_uint_eq(resolve(b, "example.com", 6, false)->answers, 1);
    bench_control(b, "region us-east-1 down"); /* DNS is no region's */
    ck_assert_uint_eq(resolve(b, "shop.example.com", 1, false)->answers, 1);
    bench_free(b);
}
END_TEST

START_TEST(damaged_questions_get_what_they_deserve)
{
    struct bench *b = bench_new(10);
    uint8_t q[600];
    struct evac_buf out;
    size_t n = question("shop.example.com", 1, true, q);
    evac_buf_init(&out, 66000);
    ck_assert(!evac_sandbox_dns(bench_sandbox(b), q, 11, false, &out)); /* not even a header */
    q[2] |= 0x80;                                                       /* itself an answer */
    ck_assert(!evac_sandbox_dns(bench_sandbox(b), q, n, false, &out));
    q[2] = 1;
    for (size_t cut = 12; cut < n; cut++) { /* cut anywhere: an answer, never more than asked */
        evac_buf_reset(&out);
        ck_assert(evac_sandbox_dns(bench_sandbox(b), q, cut, false, &out));
        ck_assert_uint_ge(out.n, 12);
    }
    q[12] = 0xc0; /* a pointer in a question */
    evac_buf_reset(&out);
    ck_assert(evac_sandbox_dns(bench_sandbox(b), q, n, false, &out));
    ck_assert_int_eq(out.p[3] & 15, 1);
    evac_buf_done(&out);
    bench_free(b);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("core");
    tcase_add_test(tc, without_a_signature_only_public_objects_are_given);
    tcase_add_test(tc, the_shop_answers_where_it_lives);
    tcase_add_test(tc, a_region_that_is_cut_off_stops_writing_when_its_permission_runs_out);
    tcase_add_test(tc, request_rates_are_aws_own);
    tcase_add_test(tc, stale_reads_show_what_was);
    tcase_add_test(tc, a_lost_answer_is_unknown_and_its_effect_stays);
    tcase_add_test(tc, controls_say_what_they_do_not_know);
    tcase_add_test(tc, dns_says_what_is_there_what_is_not_and_what_is_not_its_own);
    tcase_add_test(tc, damaged_questions_get_what_they_deserve);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("the sandbox's core", cases)

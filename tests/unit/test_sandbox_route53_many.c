/* Many apps of one zone: what they ask of Route 53 goes together, and none pays for another. */
#include "aws_pack.h"
#include "route53_internal.h"
#include "sandbox_bench.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANY    1000u
#define SYNC_MS 31000u
#define WAIT_MS 60000u

/* --- a crowd -----------------------------------------------------------------------------------
 */

struct caller {
    char name[64], type[8], target[256], app[32];
    uint64_t id;
    bool done;
    size_t sets; /* in its snapshot */
    enum evac_outcome outcome;
    enum evac_seen seen;
    char code[64], reason[300], request_id[64], version[96];
    bool based; /* its change is based on what it saw */
};

struct crowd {
    struct bench *b;
    struct evac_link *link;
    struct caller *callers;
    size_t count;
};

static struct r53_zone *zone_of(struct bench *b)
{
    return &r53_state(bench_sandbox(b))->zones[0];
}

static void put(struct bench *b, const char *name, const char *type, const char *value)
{
    struct r53_record r = { .weight = -1, .ttl_s = 60, .value_count = 1 };
    (void)snprintf(r.name, sizeof r.name, "%s", name);
    (void)snprintf(r.type, sizeof r.type, "%s", type);
    (void)snprintf(r.values[0], sizeof r.values[0], "%s", value);
    ck_assert(r53_replace_record(&zone_of(b)->records, &r));
}

/* Each with a record that leads to the first region, and a wish for the second. */
static struct crowd gather(double speed, size_t count)
{
    struct crowd c = { .b = bench_new(speed), .count = count };
    c.link = bench_link(c.b);
    c.callers = calloc(count, sizeof *c.callers);
    ck_assert_ptr_nonnull(c.callers);
    for (size_t i = 0; i < count; i++) {
        struct caller *k = &c.callers[i];
        (void)snprintf(k->name, sizeof k->name, "a%04zu.example.com", i);
        (void)snprintf(k->type, sizeof k->type, "A");
        (void)snprintf(k->target, sizeof k->target, "192.0.2.2");
        (void)snprintf(k->app, sizeof k->app, "a%zu", i);
        put(c.b, k->name, "A", "192.0.2.1");
    }
    r53_copy_records(&zone_of(c.b)->served, &zone_of(c.b)->records);
    return c;
}

static void part(struct crowd *c)
{
    bench_free(c->b);
    free(c->callers);
}

static size_t count_sets(struct evac_str snapshot)
{
    static const char end[] = "/ResourceRecordSet>";
    size_t n = 0;
    for (size_t i = 0; i + sizeof end - 1 <= snapshot.n; i++)
        n += memcmp(snapshot.p + i, end, sizeof end - 1) == 0;
    return n;
}

static void keep(void *user, const struct evac_reply *r)
{
    struct caller *k = user;
    ck_assert(!k->done);
    k->sets = count_sets(r->snapshot);
    k->done = true;
    k->outcome = r->outcome;
    k->seen = r->seen;
    if (r->version.n)
        (void)evac_str_copy(k->version, sizeof k->version, r->version);
    (void)evac_str_copy(k->code, sizeof k->code, r->code);
    (void)evac_str_copy(k->reason, sizeof k->reason, r->reason);
    (void)evac_str_copy(k->request_id, sizeof k->request_id, r->request_id);
}

static void start(struct crowd *c, size_t i, enum evac_verb verb)
{
    struct caller *k = &c->callers[i];
    const struct evac_arg items[] = {
        { EVAC_STR("app"), evac_str(k->app) },
        { EVAC_STR("name"), evac_str(k->name) },
        { EVAC_STR("record_type"), evac_str(k->type) },
        { EVAC_STR("region"), EVAC_STR("us-west-2") },
        { EVAC_STR("switch"), EVAC_STR("record") },
        { EVAC_STR("target"), evac_str(k->target) },
        { EVAC_STR("ttl"), EVAC_STR("60") },
        { EVAC_STR("zone"), EVAC_STR("Z0SHOP") },
    };
    const struct evac_args args = { items, sizeof items / sizeof items[0] };
    const struct evac_call call = { .verb = verb,
                                    .action = "point",
                                    .args = &args,
                                    .token = "abcdefghijklmnopqrstuvwxy",
                                    .version = evac_str(k->based ? k->version : "") };
    struct evac_err err = { EVAC_OK, "" };
    k->done = false;
    ck_assert_msg(!evac_driver_route53.call(c->link, &call, keep, k, &k->id, &err), "%s", err.text);
}

static size_t answered(const struct crowd *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->count; i++)
        n += c->callers[i].done;
    return n;
}

static void finish(struct crowd *c)
{
    for (unsigned ms = 0; ms < WAIT_MS && answered(c) < c->count; ms += 10)
        bench_run(c->b, 10);
    ck_assert_uint_eq(answered(c), c->count);
}

static void ask_all(struct crowd *c, enum evac_verb verb)
{
    for (size_t i = 0; i < c->count; i++)
        start(c, i, verb);
    finish(c);
}

static size_t told(const struct crowd *c, enum evac_outcome outcome)
{
    size_t n = 0;
    for (size_t i = 0; i < c->count; i++)
        n += c->callers[i].outcome == outcome;
    return n;
}

static size_t saw(const struct crowd *c, enum evac_seen seen)
{
    size_t n = 0;
    for (size_t i = 0; i < c->count; i++)
        n += c->callers[i].seen == seen;
    return n;
}

/* As the sandbox counted. */
static long requests(struct bench *b, const char *operation)
{
    char part[120];
    struct evac_buf truth;
    long n = 0;
    evac_buf_init(&truth, 16u << 20);
    evac_sandbox_truth(bench_sandbox(b), &truth);
    (void)snprintf(part, sizeof part,
                   "\"operation\":\"%s\",\"region\":\"us-east-1\",\"received\":", operation);
    const char *at = strstr(truth.p, part);
    if (at)
        n = strtol(at + strlen(part), NULL, 10);
    evac_buf_done(&truth);
    return n;
}

#define CHANGES "ChangeResourceRecordSets"
#define LISTS   "ListResourceRecordSets"
#define POLLS   "GetChange"

/* --- one after the other
 * ---------------------------------------------------------------------------
 */

/* Ten a second, as apps arrive that were scaled one after the other: they share changes, and a
 * change is not asked about more often for being shared. */
START_TEST(who_comes_one_after_the_other_shares_changes_too)
{
    struct crowd c = gather(1, 300);
    for (size_t i = 0; i < c.count; i++) {
        start(&c, i, EVAC_VERB_APPLY);
        bench_run(c.b, 100);
    }
    finish(&c);
    ck_assert_uint_eq(told(&c, EVAC_OUTCOME_ACCEPTED), c.count);
    ck_assert_int_le(requests(c.b, CHANGES), 24); /* k / 8 seconds apart while k are on their way */
    part(&c);
}
END_TEST

/* --- together -----------------------------------------------------------------------------------
 */

START_TEST(a_thousand_names_of_a_zone_are_moved_by_few_batches)
{
    struct crowd c = gather(0, MANY);
    ask_all(&c, EVAC_VERB_APPLY);
    ck_assert_uint_eq(told(&c, EVAC_OUTCOME_ACCEPTED), MANY);
    ck_assert_int_le(requests(c.b, CHANGES), 4); /* what each page has shown goes together */
    ck_assert_int_le(requests(c.b, LISTS), 5);   /* pages of 300 */
    for (size_t i = 0; i < c.count; i++) {       /* the journal's evidence is each one's own */
        ck_assert_int_eq(strncmp(c.callers[i].reason, "change C", 8), 0);
        ck_assert_uint_gt(strlen(c.callers[i].request_id), 0);
    }
    ck_assert_str_eq(c.callers[0].request_id, c.callers[1].request_id);
    ck_assert_str_ne(c.callers[0].request_id, c.callers[MANY - 1].request_id);
    ask_all(&c, EVAC_VERB_OBSERVE);
    ck_assert_uint_eq(saw(&c, EVAC_SEEN_SATISFIED), MANY);
    ck_assert_int_le(requests(c.b, LISTS), 10);
    ck_assert_int_le(requests(c.b, POLLS), 4);
    part(&c);
}
END_TEST

/* At AWS's own durations and rates: what an account may ask in a burst is enough for all. */
START_TEST(a_thousand_names_keep_within_an_accounts_requests)
{
    struct crowd c = gather(1, MANY);
    uint64_t began = bench_now(c.b);
    bench_control(c.b, "limits on");
    ask_all(&c, EVAC_VERB_APPLY);
    ck_assert_uint_eq(told(&c, EVAC_OUTCOME_ACCEPTED), MANY);
    ck_assert_uint_le(bench_now(c.b) - began, 5000);
    bench_run(c.b, SYNC_MS);
    ask_all(&c, EVAC_VERB_OBSERVE);
    ck_assert_uint_eq(saw(&c, EVAC_SEEN_SATISFIED), MANY);
    ck_assert_int_le(requests(c.b, CHANGES) + requests(c.b, LISTS) + requests(c.b, POLLS), 25);
    ck_assert(bench_true(c.b, "\"throttled\":0,\"asked\""));
    part(&c);
}
END_TEST

START_TEST(how_far_a_change_is_is_asked_once_for_all_and_no_more_when_it_is_everywhere)
{
    struct crowd c = gather(1, 40);
    ask_all(&c, EVAC_VERB_APPLY);
    ck_assert_int_eq(requests(c.b, CHANGES), 1);
    ask_all(&c, EVAC_VERB_OBSERVE);
    ck_assert_uint_eq(saw(&c, EVAC_SEEN_MOVING), 40);
    ck_assert_int_eq(requests(c.b, POLLS), 1);
    bench_run(c.b, SYNC_MS);
    ask_all(&c, EVAC_VERB_OBSERVE);
    ck_assert_uint_eq(saw(&c, EVAC_SEEN_SATISFIED), 40);
    ck_assert_int_eq(requests(c.b, POLLS), 2);
    ask_all(&c, EVAC_VERB_OBSERVE);
    ck_assert_uint_eq(saw(&c, EVAC_SEEN_SATISFIED), 40);
    ck_assert_int_eq(requests(c.b, POLLS), 2);
    part(&c);
}
END_TEST

/* Seconds until it is seen everywhere, by one who looks again and again. */
static uint64_t seen_after_s(struct crowd *c)
{
    uint64_t began = bench_now(c->b);
    ask_all(c, EVAC_VERB_APPLY);
    ck_assert_uint_eq(told(c, EVAC_OUTCOME_ACCEPTED), c->count);
    do {
        bench_run(c->b, 1000);
        ask_all(c, EVAC_VERB_OBSERVE);
    } while (saw(c, EVAC_SEEN_MOVING) > 0);
    ck_assert_uint_eq(saw(c, EVAC_SEEN_SATISFIED), c->count);
    return (bench_now(c->b) - began) / 1000;
}

START_TEST(a_change_is_asked_about_when_those_before_it_had_arrived)
{
    struct crowd c = gather(1, 1);
    long asked = 0;
    for (unsigned i = 0; i < 4; i++) {
        asked = requests(c.b, POLLS);
        (void)snprintf(c.callers[0].target, sizeof c.callers[0].target, "192.0.2.%u", 100 + i);
        ck_assert_uint_le(seen_after_s(&c), 33); /* they take 30 */
    }
    ck_assert_int_le(requests(c.b, POLLS) - asked, 3);
    part(&c);
}
END_TEST

START_TEST(what_was_looked_at_is_changed_without_another_look)
{
    struct crowd c = gather(1, 20);
    ask_all(&c, EVAC_VERB_OBSERVE);
    long listed = requests(c.b, LISTS);
    for (size_t i = 0; i < c.count; i++)
        c.callers[i].based = true;
    put(c.b, c.callers[3].name, "A", "192.0.2.77"); /* somebody was faster */
    ask_all(&c, EVAC_VERB_APPLY);
    ck_assert_int_eq(requests(c.b, LISTS), listed);
    ck_assert_uint_eq(told(&c, EVAC_OUTCOME_ACCEPTED), c.count - 1);
    ck_assert_int_eq(c.callers[3].outcome, EVAC_OUTCOME_REJECTED);
    ck_assert_str_eq(c.callers[3].code, "InvalidChangeBatch");
    part(&c);
}
END_TEST

START_TEST(a_batch_keeps_to_the_characters_that_route_53_takes)
{
    struct crowd c = gather(0, 200);
    char longest[200];
    memset(longest, 'x', sizeof longest - 1);
    for (size_t i = 60; i < sizeof longest - 1; i += 60)
        longest[i] = '.';
    longest[sizeof longest - 1] = '\0';
    for (size_t i = 0; i < c.count; i++) {
        struct caller *k = &c.callers[i];
        (void)snprintf(k->name, sizeof k->name, "c%04zu.example.com", i);
        (void)snprintf(k->type, sizeof k->type, "CNAME");
        (void)snprintf(k->target, sizeof k->target, "new.%s.example", longest);
        char old[256];
        (void)snprintf(old, sizeof old, "old.%s.example", longest);
        put(c.b, k->name, "CNAME", old);
    }
    ask_all(&c, EVAC_VERB_APPLY);
    ck_assert_uint_eq(told(&c, EVAC_OUTCOME_ACCEPTED), 200);
    ck_assert_int_eq(requests(c.b, CHANGES), 3); /* 200 times 2 times 211 characters */
    part(&c);
}
END_TEST

/* --- one is at fault -----------------------------------------------------------------------------
 */

#define BAD 337u

static void expect_one_refused(struct crowd *c)
{
    ask_all(c, EVAC_VERB_APPLY);
    ck_assert_uint_eq(told(c, EVAC_OUTCOME_ACCEPTED), MANY - 1);
    ck_assert_int_eq(c->callers[BAD].outcome, EVAC_OUTCOME_REJECTED);
    ck_assert_str_eq(c->callers[BAD].code, "InvalidChangeBatch");
}

START_TEST(one_that_the_refusal_names_costs_two_batches_more)
{
    struct crowd c = gather(0, MANY);
    put(c.b, c.callers[BAD].name, "TXT", "\"in the way\"");
    for (size_t i = 0; i < zone_of(c.b)->records.count; i++) { /* a CNAME can not stand beside it */
        struct r53_record *r = &zone_of(c.b)->records.items[i];
        if (strcmp(r->name, c.callers[BAD].name) == 0 && strcmp(r->type, "A") == 0)
            (void)snprintf(r->type, sizeof r->type, "AAAA");
    }
    (void)snprintf(c.callers[BAD].type, sizeof c.callers[BAD].type, "CNAME");
    (void)snprintf(c.callers[BAD].target, sizeof c.callers[BAD].target, "elsewhere.example");
    expect_one_refused(&c);
    ck_assert_int_le(requests(c.b, CHANGES), 4 + 2);
    part(&c);
}
END_TEST

START_TEST(one_that_nobody_names_is_found_by_halves)
{
    struct crowd c = gather(0, MANY);
    (void)snprintf(c.callers[BAD].target, sizeof c.callers[BAD].target, "no-address");
    expect_one_refused(&c);
    ck_assert(!strstr(c.callers[BAD].reason, c.callers[BAD].name));
    ck_assert_int_le(requests(c.b, CHANGES), 4 + 10); /* log2 of a batch, and itself */
    part(&c);
}
END_TEST

START_TEST(several_are_found_and_each_is_told)
{
    struct crowd c = gather(0, 100);
    static const size_t bad[] = { 0, 1, 50, 98, 99 };
    for (size_t i = 0; i < 5; i++)
        (void)snprintf(c.callers[bad[i]].target, sizeof c.callers[0].target, "no-address");
    ask_all(&c, EVAC_VERB_APPLY);
    ck_assert_uint_eq(told(&c, EVAC_OUTCOME_ACCEPTED), 95);
    for (size_t i = 0; i < 5; i++)
        ck_assert_int_eq(c.callers[bad[i]].outcome, EVAC_OUTCOME_REJECTED);
    ck_assert_int_le(requests(c.b, CHANGES), 1 + 5 * 2 * 7);
    part(&c);
}
END_TEST

START_TEST(of_two_that_change_the_same_the_second_comes_second)
{
    struct crowd c = gather(0, 5);
    memcpy(c.callers[3].name, c.callers[1].name, sizeof c.callers[1].name);
    (void)snprintf(c.callers[3].target, sizeof c.callers[3].target, "192.0.2.3");
    ask_all(&c, EVAC_VERB_APPLY);
    ck_assert_uint_eq(told(&c, EVAC_OUTCOME_ACCEPTED), 4);
    ck_assert_int_eq(c.callers[3].outcome, EVAC_OUTCOME_REJECTED);
    ck_assert_str_eq(c.callers[3].code, "InvalidChangeBatch"); /* what it saw is not there */
    ck_assert_int_eq(requests(c.b, CHANGES), 2);
    part(&c);
}
END_TEST

/* --- nobody knows, or not yet --------------------------------------------------------------------
 */

START_TEST(a_lost_answer_is_nobodys_success_and_nobodys_failure)
{
    struct crowd c = gather(0, 6);
    bench_control(c.b, "service route53 us-east-1 lost-mutation 1");
    ask_all(&c, EVAC_VERB_APPLY);
    ck_assert_uint_eq(told(&c, EVAC_OUTCOME_UNKNOWN), 6);
    ck_assert_int_eq(requests(c.b, CHANGES), 1); /* what may have happened is not sent again */
    ask_all(&c, EVAC_VERB_OBSERVE);
    ck_assert_uint_eq(saw(&c, EVAC_SEEN_UNSATISFIED), 0);
    part(&c);
}
END_TEST

START_TEST(all_are_throttled_together)
{
    struct crowd c = gather(0, 6);
    for (size_t i = 0; i < c.count; i++)
        start(&c, i, EVAC_VERB_APPLY);
    bench_run(c.b, 1); /* they list, and are answered 5 ms later */
    bench_control(c.b, "service route53 us-east-1 throttled");
    finish(&c);
    ck_assert_uint_eq(told(&c, EVAC_OUTCOME_THROTTLED), 6);
    part(&c);
}
END_TEST

START_TEST(what_comes_while_a_batch_is_on_its_way_goes_with_the_next)
{
    struct crowd c = gather(1, 30);
    start(&c, 0, EVAC_VERB_APPLY);
    for (int i = 0; i < 1000 && requests(c.b, CHANGES) == 0; i++)
        bench_run(c.b, 1);
    for (size_t i = 1; i < c.count; i++) {
        bench_run(c.b, 1);
        start(&c, i, EVAC_VERB_APPLY);
    }
    finish(&c);
    ck_assert_uint_eq(told(&c, EVAC_OUTCOME_ACCEPTED), 30);
    ck_assert_int_le(requests(c.b, CHANGES), 4); /* of which some came too early */
    part(&c);
}
END_TEST

START_TEST(who_is_called_off_takes_nobody_along)
{
    struct crowd c = gather(1, 6);
    for (size_t i = 0; i < c.count; i++)
        start(&c, i, EVAC_VERB_APPLY);
    bench_run(c.b, 1);
    evac_driver_route53.cancel(c.link, c.callers[2].id); /* before it is sent */
    for (int i = 0; i < 1000 && requests(c.b, CHANGES) == 0; i++)
        bench_run(c.b, 1);
    evac_driver_route53.cancel(c.link, c.callers[4].id); /* on its way: with whatever is true */
    finish(&c);
    ck_assert_uint_eq(told(&c, EVAC_OUTCOME_ACCEPTED), 5);
    ck_assert_int_eq(c.callers[2].outcome, EVAC_OUTCOME_NOT_SENT);
    ck_assert_int_eq(c.callers[4].outcome, EVAC_OUTCOME_ACCEPTED);
    ck_assert_int_eq(requests(c.b, CHANGES), 1);
    part(&c);
}
END_TEST

START_TEST(who_is_called_off_while_they_wait_is_told_at_once)
{
    struct crowd c = gather(1, 2);
    start(&c, 0, EVAC_VERB_APPLY);
    for (int i = 0; i < 1000 && requests(c.b, LISTS) == 0; i++)
        bench_run(c.b, 1);
    bench_control(c.b, "service route53 us-east-1 slow 3000");
    for (int i = 0; i < 1000 && requests(c.b, CHANGES) == 0; i++)
        bench_run(c.b, 1);
    bench_control(c.b, "service route53 us-east-1 up");
    start(&c, 1, EVAC_VERB_APPLY);
    bench_run(c.b, 1000); /* it has listed, and waits for the batch that is on its way */
    evac_driver_route53.cancel(c.link, c.callers[1].id);
    bench_run(c.b, 10);
    ck_assert(c.callers[1].done && !c.callers[0].done);
    ck_assert_int_eq(c.callers[1].outcome, EVAC_OUTCOME_NOT_SENT);
    finish(&c);
    ck_assert_int_eq(c.callers[0].outcome, EVAC_OUTCOME_ACCEPTED);
    ck_assert_int_eq(requests(c.b, CHANGES), 1);
    part(&c);
}
END_TEST

/* --- never across roles
 * --------------------------------------------------------------------------- */

static long batches_under(const char *role)
{
    struct crowd c = gather(0, 4);
    const struct evac_arg items[] = { { EVAC_STR("app_role_arn"), evac_str(role) } };
    const struct evac_args settings = { items, 1 };
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_msg(!evac_pack_aws.open(bench_host(c.b), &settings, &c.link, &err), "%s", err.text);
    ask_all(&c, EVAC_VERB_APPLY);
    ck_assert_uint_eq(told(&c, EVAC_OUTCOME_ACCEPTED), 4);
    long n = requests(c.b, CHANGES);
    evac_pack_aws.close(c.link);
    part(&c);
    return n;
}

START_TEST(under_different_roles_nothing_is_shared)
{
    ck_assert_int_eq(batches_under("arn:aws:iam::123456789012:role/evac-act"), 1);
    ck_assert_int_eq(batches_under("arn:aws:iam::123456789012:role/evac-act-{app}"), 4);
}
END_TEST

/* --- listings
 * ------------------------------------------------------------------------------------- */

START_TEST(nobody_is_shown_what_was_before_they_asked)
{
    struct crowd c = gather(1, 20);
    for (size_t i = 0; i < 10; i++) /* more than ask for themselves */
        start(&c, i, EVAC_VERB_OBSERVE);
    bench_run(c.b, 1); /* a page with all of them is on its way */
    ck_assert_int_eq(requests(c.b, LISTS), 1);
    for (size_t i = 0; i < c.count; i++)
        put(c.b, c.callers[i].name, "A", "192.0.2.2");
    r53_copy_records(&zone_of(c.b)->served, &zone_of(c.b)->records);
    for (size_t i = 10; i < 20; i++)
        start(&c, i, EVAC_VERB_OBSERVE);
    finish(&c);
    for (size_t i = 0; i < 10; i++)
        ck_assert_int_eq(c.callers[i].seen, EVAC_SEEN_UNSATISFIED);
    for (size_t i = 10; i < 20; i++)
        ck_assert_int_ne(c.callers[i].seen, EVAC_SEEN_UNSATISFIED);
    ck_assert_int_le(requests(c.b, LISTS), 3);
    part(&c);
}
END_TEST

START_TEST(behind_the_last_name_a_page_begins_at_the_first_that_is_waited_for)
{
    struct crowd c = gather(1, 30);
    for (size_t i = 10; i < 20; i++)
        start(&c, i, EVAC_VERB_OBSERVE);
    bench_run(c.b, 1); /* a page with the zone's end is on its way */
    for (size_t i = 0; i < c.count; i++)
        if (i < 10 || i >= 20)
            start(&c, i, EVAC_VERB_OBSERVE);
    finish(&c);
    ck_assert_uint_eq(saw(&c, EVAC_SEEN_UNSATISFIED), c.count);
    ck_assert_int_eq(requests(c.b, LISTS), 2);
    part(&c);
}
END_TEST

START_TEST(a_name_at_a_pages_end_is_seen_whole)
{
    struct crowd c = gather(0, 299);
    for (int i = 0; i < 4; i++) { /* of which the page from a0001 on shows two */
        struct r53_record r = { .weight = 10, .ttl_s = 60, .value_count = 1 };
        (void)snprintf(r.name, sizeof r.name, "b.example.com");
        (void)snprintf(r.type, sizeof r.type, "A");
        (void)snprintf(r.set_identifier, sizeof r.set_identifier, "part%d", i);
        (void)snprintf(r.values[0], sizeof r.values[0], "192.0.2.%d", i);
        ck_assert(r53_replace_record(&zone_of(c.b)->records, &r));
    }
    (void)snprintf(c.callers[0].name, sizeof c.callers[0].name, "b.example.com");
    ask_all(&c, EVAC_VERB_OBSERVE);
    ck_assert_uint_eq(c.callers[0].sets, 4);
    ck_assert_uint_eq(c.callers[1].sets, 1);
    ck_assert_int_eq(requests(c.b, LISTS), 2);
    part(&c);
}
END_TEST

START_TEST(names_that_are_nowhere_are_answered_too)
{
    struct crowd c = gather(0, 20);
    for (size_t i = 0; i < 20; i += 4)
        (void)snprintf(c.callers[i].name, sizeof c.callers[i].name, "nowhere%zu.example.com", i);
    (void)snprintf(c.callers[1].name, sizeof c.callers[1].name, "*.a0001.example.com");
    put(c.b, "*.a0001.example.com", "A", "192.0.2.2");
    ask_all(&c, EVAC_VERB_OBSERVE);
    ck_assert_uint_eq(saw(&c, EVAC_SEEN_UNSATISFIED), 19);
    ck_assert_int_ne(c.callers[1].seen, EVAC_SEEN_UNSATISFIED);
    ck_assert_int_le(requests(c.b, LISTS), 1 + 6); /* one for the others, one for each of these */
    part(&c);
}
END_TEST

START_TEST(a_zone_that_is_gone_tells_all_who_wait_at_once)
{
    struct crowd c = gather(0, 100);
    bench_control(c.b, "region us-east-1 down");
    ask_all(&c, EVAC_VERB_OBSERVE);
    ck_assert_uint_eq(saw(&c, EVAC_SEEN_UNSEEN), 100);
    part(&c);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("many");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, who_comes_one_after_the_other_shares_changes_too);
    tcase_add_test(tc, a_thousand_names_of_a_zone_are_moved_by_few_batches);
    tcase_add_test(tc, a_thousand_names_keep_within_an_accounts_requests);
    tcase_add_test(tc, how_far_a_change_is_is_asked_once_for_all_and_no_more_when_it_is_everywhere);
    tcase_add_test(tc, a_change_is_asked_about_when_those_before_it_had_arrived);
    tcase_add_test(tc, what_was_looked_at_is_changed_without_another_look);
    tcase_add_test(tc, behind_the_last_name_a_page_begins_at_the_first_that_is_waited_for);
    tcase_add_test(tc, a_batch_keeps_to_the_characters_that_route_53_takes);
    tcase_add_test(tc, one_that_the_refusal_names_costs_two_batches_more);
    tcase_add_test(tc, one_that_nobody_names_is_found_by_halves);
    tcase_add_test(tc, several_are_found_and_each_is_told);
    tcase_add_test(tc, of_two_that_change_the_same_the_second_comes_second);
    tcase_add_test(tc, a_lost_answer_is_nobodys_success_and_nobodys_failure);
    tcase_add_test(tc, all_are_throttled_together);
    tcase_add_test(tc, what_comes_while_a_batch_is_on_its_way_goes_with_the_next);
    tcase_add_test(tc, who_is_called_off_takes_nobody_along);
    tcase_add_test(tc, who_is_called_off_while_they_wait_is_told_at_once);
    tcase_add_test(tc, under_different_roles_nothing_is_shared);
    tcase_add_test(tc, nobody_is_shown_what_was_before_they_asked);
    tcase_add_test(tc, a_name_at_a_pages_end_is_seen_whole);
    tcase_add_test(tc, names_that_are_nowhere_are_answered_too);
    tcase_add_test(tc, a_zone_that_is_gone_tells_all_who_wait_at_once);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("many apps of a zone", cases)

/* etcd's traps, and what a shared journal does about each: against a model of it, in virtual time.
 */
#include "row_batch.h"
#include "share_copy.h"
#include "share_fixture.h"

/* --- the lease ---------------------------------------------------------------------------------
 */

START_TEST(a_keepalive_without_a_time_to_live_is_the_end_of_the_lead)
{
    lead(0);
    run(100);
    etcd_model_next(m, KEEPALIVE, ETCD_SAYS, 200,
                    "{\"result\":{\"header\":{\"cluster_id\":\"1484\",\"revision\":\"9\"},"
                    "\"ID\":\"7587899217035811001\"}}");
    run(TTL_MS / 3 + 200);
    ck_assert_uint_eq(nodes[0].losses, 1);
    ck_assert_uint_eq(view(0).lead_until_ms, 0);
}
END_TEST

START_TEST(an_etcd_that_is_alone_and_lies_of_leases_does_not_keep_the_lead)
{
    uint64_t cut_ms, until_ms;
    size_t asked;
    lead(0);
    run(7000);
    etcd_model_headless(m);
    for (unsigned i = 0; i < ETCD_ENDPOINTS_MAX; i++)
        etcd_model_isolate(m, i, true, 600000);
    cut_ms = etcd_model_now(m);
    asked = etcd_model_asked(m, KEEPALIVE);
    run(TTL_MS / 3);
    until_ms = view(0).lead_until_ms;
    ck_assert_uint_le(until_ms, cut_ms + TTL_MS * 9 / 10 - 500);
    run(TTL_MS);
    ck_assert_uint_gt(etcd_model_asked(m, KEEPALIVE), asked);
    ck_assert_uint_eq(nodes[0].losses, 1);
    ck_assert_uint_eq(view(0).lead_until_ms, 0);
}
END_TEST

/* What it writes before it hears of that does not land; it hears with its next question, at the
 * latest when the lease is to be renewed. */
START_TEST(a_lease_that_etcds_old_leader_ends_is_no_lead_though_it_was_kept)
{
    lead(0);
    append(0, 1);
    run(100);
    etcd_model_old_leader_wakes(m);
    if (_i)
        append(0, 2);
    run(_i ? 1000 : TTL_MS / 3 + 500);
    ck_assert_uint_eq(nodes[0].losses, 1);
    ck_assert_uint_eq(view(0).lead_until_ms, 0);
    ck_assert_uint_eq(nodes[0].durable, 1);
    ck_assert_uint_eq(etcd_model_count(m, "/evac/prod/journal/"), 1);
    evac_share_drop(nodes[0].share);
    run(2 * POLL_MS + 2000);
    ck_assert_int_eq(view(0).role, EVAC_SHARE_CAUGHT); /* anew */
}
END_TEST

START_TEST(who_was_stopped_knows_before_it_does_anything)
{
    lead(0);
    begin(1);
    append(0, 3);
    run(POLL_MS + 500);
    append(0, 1); /* accepted, not yet sent */
    etcd_model_pause(m, 0, 60000);
    run(59000);
    ck_assert_int_eq(view(1).role, EVAC_SHARE_CAUGHT);
    ck_assert_uint_lt(view(0).lead_until_ms, etcd_model_now(m)); /* though nothing has run */
    listen_to(1);
    append(1, 2);
    run(3000);
    ck_assert_uint_eq(nodes[0].losses, 1);
    ck_assert_uint_eq(nodes[0].durable, 3);
    evac_share_drop(nodes[0].share);
    nodes[0].came = 3;
    run(2 * POLL_MS);
    ck_assert_uint_eq(rows_of(0), 5);
    ck_assert_uint_eq(rows_of(1), 5);
}
END_TEST

static uint64_t sleeps_ms;

static void sleep_at_row(void *user, const struct etcd_value *value)
{
    (void)user;
    if (!sleeps_ms || !evac_str_starts(value->key, "/evac/prod/journal/"))
        return;
    etcd_model_pause(m, 0, sleeps_ms);
    sleeps_ms = 0;
}

/* It stops when etcd has the row, and before it hears so. What follows from a row begins at once:
 * after a nap it does, and after a sleep that outlasts the lead it is another's to begin. */
START_TEST(who_slept_longer_than_its_lead_hears_of_no_durable_row)
{
    static const uint64_t naps_ms[] = { 2000, 14000, 60000 };
    bool nap = _i % 3 == 0;
    for (int i = 0; i < _i; i++)
        (void)etcd_model_random(m, 2);
    etcd_model_watch(m, sleep_at_row, NULL);
    lead(0);
    run(100);
    sleeps_ms = naps_ms[_i % 3];
    append(0, 1);
    run(naps_ms[_i % 3] + 3000);
    ck_assert_uint_eq(etcd_model_count(m, "/evac/prod/journal/"), 1);
    ck_assert_uint_eq(nodes[0].durable, nap ? 1 : 0);
    ck_assert_uint_eq(nodes[0].losses, nap ? 0 : 1);
}
END_TEST

START_TEST(the_lead_counts_from_when_the_question_left)
{
    etcd_model_chances(m, (struct etcd_chances){ .trip_ms = 4000 });
    lead(0);
    for (unsigned i = 0; i < 400; i++) {
        run(100);
        struct evac_share_view v = view(0);
        ck_assert(v.role != EVAC_SHARE_LEADS ||
                  v.lead_until_ms <= etcd_model_now(m) + TTL_MS * 9 / 10 - 500);
        const struct etcd_value *leader = etcd_model_get(m, "/evac/prod/leader");
        ck_assert(v.lead_until_ms <= etcd_model_now(m) || leader);
    }
}
END_TEST

/* etcd counts the lease from when it got the question; its answer takes as long as it may. What
 * shows the lead later than that question left makes the lease no younger, and who then stands
 * still does not think that it leads while another one may. */
START_TEST(a_slow_answer_makes_the_lease_no_younger)
{
    lead(0);
    size_t asked = etcd_model_asked(m, KEEPALIVE);
    etcd_model_next(m, KEEPALIVE, ETCD_DOES_LATE, REQUEST_MS - 100, "");
    for (unsigned i = 0; i < TTL_MS && etcd_model_asked(m, KEEPALIVE) == asked; i++)
        run(1);
    uint64_t left_ms = etcd_model_now(m);
    run(REQUEST_MS - 200);
    append(0, 1);
    run(500);
    ck_assert_uint_eq(nodes[0].durable, 1);
    ck_assert_uint_gt(view(0).lead_until_ms, left_ms);
    ck_assert_uint_le(view(0).lead_until_ms, left_ms + TTL_MS * 9 / 10 - 500);
    etcd_model_pause(m, 0, 60000);
    for (unsigned i = 0; i < 200; i++) {
        run(100);
        ck_assert(view(0).lead_until_ms <= etcd_model_now(m) ||
                  etcd_model_get(m, "/evac/prod/leader"));
    }
}
END_TEST

START_TEST(a_lost_keepalive_asks_the_next_endpoint)
{
    lead(0);
    run(1000);
    etcd_model_cut(m, 0, 0, true);
    etcd_model_cut(m, 0, 1, true);
    append(0, 1);
    run(3 * TTL_MS);
    ck_assert_uint_eq(nodes[0].losses, 0);
    ck_assert_uint_eq(nodes[0].durable, 1);
    ck_assert_uint_gt(view(0).lead_until_ms, etcd_model_now(m));
}
END_TEST

/* Its leader's key is still there while the lease is being given back. */
START_TEST(a_lease_that_is_given_back_gives_no_lead)
{
    lead(0);
    uint64_t epoch = view(0).epoch;
    etcd_model_next(m, REVOKE, ETCD_LOSES, 0, "");
    evac_share_drop(nodes[0].share);
    for (unsigned i = 0; i < REQUEST_MS / 100; i++) {
        run(100);
        ck_assert_int_eq(view(0).role, EVAC_SHARE_FOLLOWS);
        ck_assert_uint_eq(view(0).lead_until_ms, 0);
    }
    run(30000);
    ck_assert_int_eq(view(0).role, EVAC_SHARE_CAUGHT);
    ck_assert_uint_gt(view(0).epoch, epoch);
}
END_TEST

/* It lets others have the lead for a while, and claims it by what it saw last: until then somebody
 * else led, wrote and left. */
START_TEST(nobody_leads_with_fewer_rows_than_the_journal_has)
{
    lead(0);
    append(0, 1);
    run(100);
    evac_share_drop(nodes[0].share);
    nodes[0].came = 1;
    run(2 * POLL_MS + REQUEST_MS / 3); /* its last look is over, its claim is not due */
    lead(1);
    append(1, 1);
    run(100);
    evac_share_leave(nodes[1].share, on_left, &nodes[1]);
    for (unsigned i = 0; i < 3 * POLL_MS && view(0).role != EVAC_SHARE_CAUGHT; i++)
        run(1);
    ck_assert_int_eq(view(0).role, EVAC_SHARE_CAUGHT);
    ck_assert_uint_eq(rows_of(0), 2);
    run(TTL_MS);
    ck_assert_int_eq(view(0).role, EVAC_SHARE_CAUGHT);
}
END_TEST

START_TEST(an_election_of_etcds_costs_nobody_the_lead)
{
    lead(0);
    for (unsigned i = 0; i < 10; i++) {
        etcd_model_headless(m);
        run(1900);
        etcd_model_elect(m);
        append(0, 1);
        run(8000);
    }
    ck_assert_uint_eq(nodes[0].losses, 0);
    ck_assert_uint_eq(nodes[0].durable, 10);
}
END_TEST

START_TEST(without_an_answer_nothing_is_known_of_a_leader)
{
    lead(0);
    begin(1);
    run(6000);
    ck_assert_str_eq(view(1).leader, "n0");
    etcd_model_cut_all(m, 1, true);
    run(POLL_MS + 2 * REQUEST_MS + 200);
    ck_assert_int_eq(view(1).role, EVAC_SHARE_APART);
    ck_assert_str_eq(view(1).leader, "");
    ck_assert_uint_eq(view(1).epoch, 0);
    ck_assert_ptr_nonnull(strstr(view(1).trouble, "etcd gives no answer: http://127.0.0.1:"));
    etcd_model_cut_all(m, 1, false);
    run(POLL_MS + 2 * REQUEST_MS);
    ck_assert_int_eq(view(1).role, EVAC_SHARE_FOLLOWS);
    ck_assert_str_eq(view(1).trouble, "");
}
END_TEST

/* --- who one is --------------------------------------------------------------------------------
 */

START_TEST(two_controllers_of_one_name_are_refused)
{
    lead(0);
    (void)snprintf(nodes[1].name, sizeof nodes[1].name, "n0");
    begin(1);
    run(TTL_MS);
    ck_assert_int_eq(view(1).role, EVAC_SHARE_FOLLOWS); /* it may have been its predecessor */
    run(2 * TTL_MS);
    ck_assert_int_eq(view(1).role, EVAC_SHARE_STUCK);
    ck_assert_str_eq(view(1).trouble, "another controller has the name 'n0' "
                                      "(https://a.example.com): each needs a name of its own");
    ck_assert_int_eq(view(0).role, EVAC_SHARE_LEADS);
    evac_share_free(nodes[0].share);
    nodes[0].share = NULL;
    run(2 * TTL_MS);
    ck_assert_int_eq(view(1).role, EVAC_SHARE_CAUGHT); /* it was mended */
}
END_TEST

START_TEST(a_controller_that_comes_back_waits_only_for_its_old_lease)
{
    lead(0);
    append(0, 2);
    run(1000);
    evac_share_free(nodes[0].share);
    begin(0);
    run(TTL_MS + POLL_MS);
    ck_assert_int_eq(view(0).role, EVAC_SHARE_CAUGHT);
}
END_TEST

START_TEST(a_token_is_fetched_and_renewed)
{
    etcd_model_auth(m, "evac", "s\"cret");
    extra.user = "evac";
    extra.password = "s\"cret";
    lead(0);
    ck_assert_uint_eq(etcd_model_asked(m, AUTH), 1);
    ck_assert_ptr_null(strstr(etcd_model_newest_request(m), "cret"));
    ck_assert_ptr_nonnull(strstr(etcd_model_newest_request(m), "Authorization: token.1"));
    etcd_model_forget_tokens(m);
    append(0, 1);
    run(500);
    ck_assert_uint_eq(nodes[0].durable, 1);
    run(TTL_MS);
    ck_assert_uint_eq(etcd_model_asked(m, AUTH), 2);
    ck_assert_uint_eq(nodes[0].losses, 0);
    ck_assert_str_eq(view(0).trouble, "");
}
END_TEST

static const struct {
    const char *user, *has_user, *words;
} wrong_users[] = {
    { "evac", "somebody", "authentication failed, invalid user ID or password" },
    { "evac", "", "authentication is not enabled" },
    { "", "evac", "user name is empty" },
};

START_TEST(who_etcd_does_not_know_is_told_so)
{
    etcd_model_auth(m, wrong_users[_i].has_user, "x");
    extra.user = wrong_users[_i].user;
    extra.password = wrong_users[_i].user[0] ? "y" : "";
    begin(0);
    run(10000);
    ck_assert_int_eq(view(0).role, EVAC_SHARE_APART);
    ck_assert_ptr_nonnull(strstr(view(0).trouble, "etcd refuses this controller: "));
    ck_assert_ptr_nonnull(strstr(view(0).trouble, wrong_users[_i].words));
}
END_TEST

static const char *const far[] = { "http://etcd.example.com:2379" };
static const char *const path[] = { "https://etcd.example.com:2379/v3" };
static const char *const ftp[] = { "ftp://etcd.example.com" };
static const struct {
    struct evac_share_options with;
    const char *words;
} wrong_options[] = {
    { { .endpoints = far, .user = "u", .password = "p" },
      "endpoint 'http://etcd.example.com:2379' would get the password over plain HTTP: it must be "
      "https, or on this machine" },
    { { .user = "u" }, "etcd's user is given without a password" },
    { { .password = "p" }, "etcd's password is given without a user" },
    { { .cert = "C" }, "the client's certificate is given without its key" },
    { { .key = "K" }, "the client's key is given without a certificate" },
    { { .cert = "C", .key = "K" },
      "endpoint 'http://127.0.0.1:1' is plain HTTP, which takes no client certificate" },
    { { .endpoints = path },
      "endpoint 'https://etcd.example.com:2379/v3' has a path: it is scheme, host and port alone" },
    { { .endpoints = ftp }, "endpoint 'ftp://etcd.example.com'" },
    { { .cluster = "a/b" },
      "the cluster's name 'a/b': 1 to 64 printable characters, no blank and no slash" },
    { { .node = "a b" },
      "the controller's name 'a b': 1 to 128 printable characters, no blank and no slash" },
    { { .ttl_ms = 999 },
      "ttl_ms (999) must be 1000 or more, request_ms (3000) and poll_ms (5000) above 0" },
};

START_TEST(an_option_that_can_not_be_is_named)
{
    struct evac_share *share = NULL;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_share_options with = wrong_options[_i].with, o;
    extra = with;
    o = options_of(&nodes[0]);
    o.node = with.node ? with.node : o.node;
    o.cluster = with.cluster ? with.cluster : o.cluster;
    if (with.endpoints) {
        o.endpoints = with.endpoints;
        o.endpoint_count = 1;
    }
    ck_assert_int_ne(evac_share_new(&o, &share, &err), EVAC_OK);
    ck_assert_ptr_null(share);
    ck_assert_msg(strncmp(err.text, wrong_options[_i].words, strlen(wrong_options[_i].words)) == 0,
                  "%s", err.text);
}
END_TEST

START_TEST(there_must_be_an_endpoint_and_not_too_many)
{
    struct evac_share *share = NULL;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_share_options o = options_of(&nodes[0]);
    o.endpoint_count = 0;
    ck_assert_int_eq(evac_share_new(&o, &share, &err), EVAC_E_BADARG);
    ck_assert_str_eq(err.text, "there are 0 endpoints: 1 to 9 are allowed");
}
END_TEST

/* --- a replica that does not fit ---------------------------------------------------------------
 */

/* Rows that this controller has from elsewhere. */
static void fill(unsigned i, unsigned count, const char *data)
{
    for (unsigned k = 0; k < count; k++) {
        struct evac_record row = record(k + 1, data);
        ck_assert(nodes[i].replica->vt->append(nodes[i].replica, &row, 1, NULL) == EVAC_OK);
    }
    nodes[i].came = count;
}

static void expect_stuck(unsigned i, const char *words)
{
    ck_assert_str_eq(evac_share_role_name(view(i).role), "stuck");
    ck_assert_msg(strstr(view(i).trouble, words) != NULL, "%s", view(i).trouble);
    ck_assert_ptr_nonnull(strstr(view(i).trouble, "'evac store copy'"));
}

START_TEST(an_empty_etcd_gets_no_second_history_from_who_has_rows)
{
    fill(0, 4, "{}");
    begin(0);
    run(2 * TTL_MS);
    expect_stuck(0, "etcd has no journal of the cluster 'prod', and the one here has 4 rows");
    ck_assert_ptr_null(etcd_model_get(m, "/evac/prod/leader"));
}
END_TEST

START_TEST(nor_from_a_fresh_one_while_another_has_rows)
{
    fill(0, 4, "{}");
    begin(0);
    run(3000);
    begin(1);
    run(2 * TTL_MS);
    expect_stuck(1, "but the controller 'n0' has one");
    ck_assert_uint_eq(etcd_model_count(m, "/evac/prod/journal/"), 0);
}
END_TEST

START_TEST(other_rows_than_etcds_are_another_history)
{
    lead(0);
    append(0, 3);
    run(500);
    fill(1, 3, "{\"other\":1}");
    begin(1);
    fill(2, 2, "{\"other\":1}");
    begin(2);
    run(3000);
    expect_stuck(1, "row 3 is not the same here and in etcd: these are two histories");
    expect_stuck(2, "etcd's journal does not continue the one here, which ends at row 2");
    ck_assert_uint_eq(rows_of(2), 2);
}
END_TEST

START_TEST(more_rows_than_etcd_has_are_too_many)
{
    lead(0);
    append(0, 3);
    run(500);
    fill(1, 5, "{}");
    begin(1);
    run(3000);
    expect_stuck(1, "the journal here has 5 rows, etcd's ends at row 3");
}
END_TEST

START_TEST(an_etcd_that_lost_its_journal_stops_the_leader)
{
    lead(0);
    append(0, 3);
    run(500);
    etcd_model_wipe(m);
    run(2 * POLL_MS);
    ck_assert_uint_eq(nodes[0].losses, 1);
    evac_share_drop(nodes[0].share);
    run(2 * TTL_MS);
    expect_stuck(0, "etcd has no journal of the cluster 'prod', and the one here has 3 rows");
}
END_TEST

START_TEST(a_value_that_was_tampered_with_is_not_taken)
{
    lead(0);
    append(0, 3);
    run(500);
    const struct etcd_value *kv = etcd_model_get(m, "/evac/prod/journal/00000000000000000003");
    char bytes[4096];
    size_t n = kv->value.n;
    memcpy(bytes, kv->value.p, n);
    bytes[n - 200] ^= 1;
    etcd_model_put(m, "/evac/prod/journal/00000000000000000003", (struct evac_str){ bytes, n });
    begin(1);
    run(3000);
    expect_stuck(1, "etcd's journal does not continue the one here");
    ck_assert_uint_eq(rows_of(1), 0);
}
END_TEST

START_TEST(old_rows_leave_etcd_and_a_fresh_copy_says_what_helps)
{
    extra.keep_rows = 60;
    lead(0);
    begin(1);
    for (unsigned i = 0; i < 100; i++) {
        append(0, 2);
        run(300);
    }
    run(POLL_MS);
    ck_assert_uint_eq(rows_of(0), 200);
    ck_assert_uint_eq(rows_of(1), 200);
    ck_assert_uint_le(etcd_model_count(m, "/evac/prod/journal/"), 60 * 5 / 4 / 2 + 2);
    ck_assert_uint_ge(etcd_model_count(m, "/evac/prod/journal/"), 60 / 2);
    begin(2);
    run(3000);
    expect_stuck(2, "the journal here ends at row 0, and etcd has only rows from ");
}
END_TEST

START_TEST(a_replica_that_can_not_be_written_gives_the_lead_away)
{
    lead(0);
    begin(1);
    run(4000);
    evac_store_memory_fail_after(nodes[0].replica, 1);
    (void)nodes[0].replica->vt->append(nodes[0].replica, NULL, 0, NULL);
    append(0, 1);
    run(1000);
    ck_assert_uint_eq(nodes[0].losses, 1);
    ck_assert_int_eq(view(0).role, EVAC_SHARE_STUCK);
    ck_assert_ptr_nonnull(strstr(view(0).trouble, "copy of the journal can not be written"));
    run(2 * POLL_MS);
    ck_assert_int_eq(view(1).role, EVAC_SHARE_CAUGHT); /* etcd has the row */
    ck_assert_uint_eq(rows_of(1), 1);
}
END_TEST

/* --- what the others tell ----------------------------------------------------------------------
 */

static void tell(unsigned i, const char *text)
{
    ck_assert(evac_share_tell(nodes[i].share, evac_str(text), NULL) == EVAC_OK);
}

START_TEST(the_leader_hears_the_newest_of_each_once)
{
    lead(0);
    begin(1);
    run(4000);
    tell(1, "one");
    tell(1, "two");
    run(TTL_MS);
    ck_assert_str_eq(nodes[0].told, "two");
    ck_assert_str_eq(nodes[0].told_by, "n1");
    ck_assert_uint_eq(nodes[0].tellings, 1);
    tell(1, "three");
    run(TTL_MS);
    ck_assert_str_eq(nodes[0].told, "three");
    ck_assert_uint_eq(nodes[0].tellings, 2);
    ck_assert_uint_eq(nodes[1].tellings, 0);
}
END_TEST

START_TEST(those_who_follow_hear_the_leader_and_each_other)
{
    lead(0);
    begin(1);
    begin(2);
    run(4000);
    tell(0, "seen from n0");
    run(TTL_MS);
    ck_assert_str_eq(nodes[1].told, "seen from n0");
    ck_assert_str_eq(nodes[2].told_by, "n0");
    tell(1, "seen from n1");
    run(TTL_MS);
    ck_assert_str_eq(nodes[0].told, "seen from n1");
    ck_assert_str_eq(nodes[2].told, "seen from n1");
    ck_assert_uint_eq(nodes[2].tellings, 2);
}
END_TEST

START_TEST(a_new_leader_hears_what_was_told_before)
{
    lead(0);
    begin(1);
    begin(2);
    run(4000);
    tell(2, "seen from n2");
    run(TTL_MS);
    etcd_model_cut_all(m, 0, true);
    run(2 * TTL_MS);
    unsigned now = view(1).role == EVAC_SHARE_CAUGHT ? 1 : 2;
    if (now == 2)
        tell(1, "seen from n1");
    listen_to(now);
    run(TTL_MS);
    ck_assert_uint_ge(nodes[now].tellings, 1);
}
END_TEST

START_TEST(a_text_for_the_leader_has_a_ceiling)
{
    static char big[EVAC_SHARE_TEXT_MAX + 2];
    struct evac_err err = { EVAC_OK, "" };
    begin(0);
    memset(big, 'x', sizeof big - 1);
    ck_assert_int_eq(evac_share_tell(nodes[0].share, evac_str(big), &err), EVAC_E_TOOBIG);
    big[EVAC_SHARE_TEXT_MAX] = '\0';
    ck_assert_int_eq(evac_share_tell(nodes[0].share, evac_str(big), &err), EVAC_OK);
}
END_TEST

/* --- etcd's disk -------------------------------------------------------------------------------
 */

START_TEST(a_full_etcd_is_said_and_goes_on_when_it_is_mended)
{
    lead(0);
    run(100);
    etcd_model_no_space(m, true);
    append(0, 1);
    run(1000);
    ck_assert_uint_eq(nodes[0].losses, 1);
    ck_assert_ptr_nonnull(strstr(nodes[0].lost, "etcd takes no rows"));
    ck_assert_ptr_nonnull(strstr(view(0).trouble, "etcd has used up its space"));
    evac_share_drop(nodes[0].share);
    etcd_model_no_space(m, false);
    run(3 * TTL_MS);
    ck_assert_int_eq(view(0).role, EVAC_SHARE_CAUGHT);
    ck_assert_str_eq(view(0).trouble, "");
}
END_TEST

START_TEST(old_revisions_are_let_go_now_and_then)
{
    lead(0);
    for (unsigned i = 0; i < 1200; i++) {
        append(0, 1);
        run(100);
    }
    ck_assert_uint_ge(etcd_model_asked(m, "/v3/kv/compaction"), 1);
    ck_assert_uint_le(etcd_model_asked(m, "/v3/kv/compaction"), 3);
}
END_TEST

START_TEST(an_etcd_that_is_nearly_full_is_said)
{
    lead(0);
    etcd_model_next(m, "/v3/maintenance/status", ETCD_SAYS, 200,
                    "{\"header\":{\"cluster_id\":\"1484\",\"revision\":\"9\"},"
                    "\"dbSize\":\"1600000000\",\"dbSizeQuota\":\"2147483648\"}");
    run(61000);
    ck_assert_str_eq(view(0).trouble, "etcd has used 1600000000 of 2147483648 bytes: defragment "
                                      "it, or raise its quota");
    run(61000);
    ck_assert_str_eq(view(0).trouble, "");
}
END_TEST

/* --- times -------------------------------------------------------------------------------------
 */

static const struct {
    uint32_t ttl, request, poll, election, within, takeover;
    const char *words;
} times[] = {
    { 15000, 3000, 5000, 1000, 30000, 26000, "" },
    { 15000, 3000, 5000, 1000, 26000, 26000, "" },
    { 15000, 3000, 5000, 1000, 25999, 0,
      "another controller would lead after up to 26000 ms (2 x election 1000 + lease 15000 + 1000 "
      "+ poll 5000 + request 3000), and 25999 ms are allowed" },
    { 5000, 3000, 5000, 1000, 60000, 0,
      "a lease of 5000 ms does not outlive two elections of etcd and a lost question (2 x 1000 + "
      "3000 = 5000 ms): an election would take the lead from a leader that is well" },
    { 6000, 3000, 5000, 1000, 60000, 17000, "" },
    { 1500, 100, 100, 100, 60000, 0, "a lease of 1500 ms: etcd counts whole seconds, at least 2" },
    { 15000, 0, 5000, 1000, 60000, 0,
      "request (0 ms), poll (5000 ms) and election (1000 ms) must be above 0" },
    { UINT32_MAX / 1000 * 1000, UINT32_MAX, UINT32_MAX, 1, UINT32_MAX, 0, "a lease of" },
};

START_TEST(times_that_can_not_hold_together_are_refused_with_the_sum)
{
    uint32_t takeover = 0;
    struct evac_err err = { EVAC_OK, "" };
    enum evac_code code = evac_share_times(times[_i].ttl, times[_i].request, times[_i].poll,
                                           times[_i].election, times[_i].within, &takeover, &err);
    ck_assert_int_eq(code, times[_i].words[0] ? EVAC_E_BADARG : EVAC_OK);
    ck_assert_uint_eq(takeover, times[_i].takeover);
    ck_assert_msg(strncmp(err.text, times[_i].words, strlen(times[_i].words)) == 0, "%s", err.text);
}
END_TEST

/* --- rows in etcd ------------------------------------------------------------------------------
 */

static void make_value(struct evac_buf *value, unsigned count)
{
    evac_buf_init(value, EVAC_ROW_BATCH_BYTES_MAX);
    fill(0, count, "{\"a\":\"b\"}");
    for (unsigned i = 0; i < count; i++) {
        struct evac_arena *arena = evac_arena_new();
        struct evac_row row;
        ck_assert(evac_store_row(nodes[0].replica, i + 1, arena, &row, NULL) == EVAC_OK);
        ck_assert(evac_row_batch_put(value, &row));
        evac_arena_free(arena);
    }
}

START_TEST(rows_come_back_from_etcd_as_they_went)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_buf value;
    struct evac_row *rows;
    size_t count;
    make_value(&value, 5);
    ck_assert_uint_eq(evac_row_batch_count(&value), 5);
    ck_assert(evac_row_batch_read(evac_buf_str(&value), arena, &rows, &count, NULL) == EVAC_OK);
    ck_assert_uint_eq(count, 5);
    ck_assert(nodes[1].replica->vt->take(nodes[1].replica, rows, count, NULL) == EVAC_OK);
    ck_assert_uint_eq(rows_of(1), 5);
    ck_assert(evac_str_eq(rows[4].record.data, EVAC_STR("{\"a\":\"b\"}")));
    evac_buf_done(&value);
    evac_arena_free(arena);
}
END_TEST

START_TEST(rows_that_were_cut_anywhere_are_no_rows)
{
    struct evac_buf value;
    make_value(&value, 3);
    for (size_t n = 0; n < value.n; n++) {
        struct evac_arena *arena = evac_arena_new();
        struct evac_row *rows;
        size_t count;
        struct evac_err err = { EVAC_OK, "" };
        ck_assert_int_eq(
            evac_row_batch_read((struct evac_str){ value.p, n }, arena, &rows, &count, &err),
            EVAC_E_CORRUPT);
        ck_assert(err.text[0]);
        evac_arena_free(arena);
    }
    evac_buf_done(&value);
}
END_TEST

START_TEST(a_byte_that_was_changed_anywhere_breaks_rows_or_their_chain)
{
    struct evac_buf value;
    make_value(&value, 2);
    for (size_t i = 0; i < value.n; i++) {
        struct evac_arena *arena = evac_arena_new();
        struct evac_row *rows;
        size_t count;
        value.p[i] ^= 0x40;
        ck_assert(evac_row_batch_read(evac_buf_str(&value), arena, &rows, &count, NULL) ||
                  nodes[1].replica->vt->take(nodes[1].replica, rows, count, NULL));
        value.p[i] ^= 0x40;
        evac_arena_free(arena);
    }
    evac_buf_done(&value);
}
END_TEST

START_TEST(a_row_that_does_not_fit_leaves_the_others)
{
    static char big[EVAC_ROW_BATCH_BYTES_MAX];
    struct evac_buf value;
    struct evac_row row = { .record = record(3, NULL) };
    make_value(&value, 2);
    size_t n = value.n;
    row.record.data = (struct evac_str){ big, sizeof big };
    ck_assert(!evac_row_batch_put(&value, &row));
    ck_assert_uint_eq(value.n, n);
    ck_assert_uint_eq(evac_row_batch_count(&value), 2);
    ck_assert(!value.failed);
    evac_buf_done(&value);
}
END_TEST

/* --- moving a journal --------------------------------------------------------------------------
 */

static struct {
    bool over;
    enum evac_code code;
    uint64_t rows, copied;
    char words[500];
    unsigned progress;
} moved;

static void on_moved(void *user, enum evac_code code, uint64_t rows, uint64_t copied,
                     const char *words)
{
    (void)user;
    moved.over = true;
    moved.code = code;
    moved.rows = rows;
    moved.copied = copied;
    (void)snprintf(moved.words, sizeof moved.words, "%s", words);
}

static void on_progress(void *user, uint64_t rows, uint64_t all)
{
    (void)user;
    ck_assert_uint_le(rows, all);
    moved.progress++;
}

static void copy(unsigned i, bool to_etcd)
{
    struct evac_share_copy *c = NULL;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_share_copy_options o = {
        .host = etcd_model_host(m, 7),
        .store = nodes[i].replica,
        .to_etcd = to_etcd,
        .cluster = "prod",
        .endpoints = etcd_model_endpoints,
        .endpoint_count = ETCD_ENDPOINTS_MAX,
        .user = "",
        .password = "",
        .ca = "",
        .cert = "",
        .key = "",
        .request_ms = REQUEST_MS,
        .done = on_moved,
        .progress = on_progress,
    };
    memset(&moved, 0, sizeof moved);
    ck_assert_msg(evac_share_copy_new(&o, &c, &err) == EVAC_OK, "%s", err.text);
    ck_assert(!moved.over);
    for (unsigned k = 0; k < 1000 && !moved.over; k++)
        run(100);
    ck_assert(moved.over);
    evac_share_copy_free(c);
}

START_TEST(a_journal_moves_to_etcd_and_controllers_begin_with_it)
{
    fill(0, 2500, "{\"plan\":\"...\"}");
    copy(0, true);
    ck_assert_msg(moved.code == EVAC_OK, "%s", moved.words);
    ck_assert_uint_eq(moved.rows, 2500);
    ck_assert_uint_eq(moved.copied, 2500);
    ck_assert_uint_ge(moved.progress, 3);
    copy(0, true);
    ck_assert_uint_eq(moved.copied, 0);
    lead(0);
    append(0, 1);
    begin(1);
    run(2 * POLL_MS);
    ck_assert_uint_eq(rows_of(1), 2501);
}
END_TEST

START_TEST(a_journal_comes_back_from_etcd)
{
    lead(0);
    append(0, 40);
    run(500);
    copy(1, false);
    ck_assert_msg(moved.code == EVAC_OK, "%s", moved.words);
    ck_assert_uint_eq(moved.copied, 40);
    ck_assert_uint_eq(rows_of(1), 40);
    append(0, 2);
    run(500);
    copy(1, false); /* the rest */
    ck_assert_uint_eq(moved.copied, 2);
    ck_assert_uint_eq(rows_of(1), 42);
}
END_TEST

START_TEST(a_journal_that_is_under_way_goes_on_where_it_was)
{
    fill(0, 2500, "{}");
    etcd_model_next(m, TXN, ETCD_LOSES, 0, "");
    etcd_model_next(m, TXN, ETCD_DOES_LOSES, 0, "");
    etcd_model_next(m, TXN, ETCD_DOES_LOSES, 0, "");
    etcd_model_next(m, TXN, ETCD_DOES_SAYS, 503, "");
    copy(0, true);
    ck_assert_msg(moved.code == EVAC_OK, "%s", moved.words);
    ck_assert_uint_eq(moved.rows, 2500);
    copy(1, false);
    ck_assert_uint_eq(rows_of(1), 2500);
}
END_TEST

START_TEST(nothing_is_copied_to_where_somebody_leads)
{
    lead(0);
    fill(1, 3, "{}");
    copy(1, true);
    ck_assert_int_eq(moved.code, EVAC_E_BUSY);
    ck_assert_str_eq(moved.words, "the controller 'n0' (https://a.example.com) leads the cluster: "
                                  "end all its controllers first");
}
END_TEST

START_TEST(nothing_is_copied_over_another_history)
{
    struct evac_err err = { EVAC_OK, "" };
    uint64_t copied;
    fill(0, 5, "{}");
    fill(1, 7, "{\"other\":1}");
    copy(0, true);
    copy(1, true);
    ck_assert_int_eq(moved.code, EVAC_E_EXISTS);
    copy(1, false);
    ck_assert_int_eq(moved.code, EVAC_E_EXISTS);
    ck_assert_int_eq(evac_store_copy(nodes[0].replica, nodes[1].replica, &copied, &err),
                     EVAC_E_EXISTS);
    ck_assert_int_eq(evac_store_copy(nodes[0].replica, nodes[2].replica, &copied, &err), EVAC_OK);
    ck_assert_uint_eq(copied, 5);
    ck_assert_uint_eq(rows_of(2), 5);
    ck_assert_int_eq(evac_store_copy(nodes[0].replica, nodes[2].replica, &copied, &err), EVAC_OK);
    ck_assert_uint_eq(copied, 0);
}
END_TEST

START_TEST(an_etcd_that_does_not_answer_ends_the_copy)
{
    fill(0, 5, "{}");
    etcd_model_cut_all(m, 7, true);
    copy(0, true);
    ck_assert_int_eq(moved.code, EVAC_E_UNREACHABLE);
    ck_assert_uint_eq(moved.copied, 0);
}
END_TEST

#define COUNT(table) (int)(sizeof(table) / sizeof(table)[0])

static TCase *tcase(Suite *suite, const char *name)
{
    TCase *tc = tcase_create(name);
    tcase_add_checked_fixture(tc, setup, teardown);
    suite_add_tcase(suite, tc);
    return tc;
}

static void cases(Suite *suite)
{
    TCase *tc = tcase(suite, "lease");
    tcase_add_test(tc, a_keepalive_without_a_time_to_live_is_the_end_of_the_lead);
    tcase_add_test(tc, an_etcd_that_is_alone_and_lies_of_leases_does_not_keep_the_lead);
    tcase_add_loop_test(tc, a_lease_that_etcds_old_leader_ends_is_no_lead_though_it_was_kept, 0, 2);
    tcase_add_test(tc, who_was_stopped_knows_before_it_does_anything);
    tcase_add_loop_test(tc, who_slept_longer_than_its_lead_hears_of_no_durable_row, 0, 12);
    tcase_add_test(tc, the_lead_counts_from_when_the_question_left);
    tcase_add_test(tc, a_slow_answer_makes_the_lease_no_younger);
    tcase_add_test(tc, a_lost_keepalive_asks_the_next_endpoint);
    tcase_add_test(tc, a_lease_that_is_given_back_gives_no_lead);
    tcase_add_test(tc, nobody_leads_with_fewer_rows_than_the_journal_has);
    tcase_add_test(tc, an_election_of_etcds_costs_nobody_the_lead);
    tcase_add_test(tc, without_an_answer_nothing_is_known_of_a_leader);
    tc = tcase(suite, "names");
    tcase_add_test(tc, two_controllers_of_one_name_are_refused);
    tcase_add_test(tc, a_controller_that_comes_back_waits_only_for_its_old_lease);
    tcase_add_test(tc, a_token_is_fetched_and_renewed);
    tcase_add_loop_test(tc, who_etcd_does_not_know_is_told_so, 0, COUNT(wrong_users));
    tcase_add_loop_test(tc, an_option_that_can_not_be_is_named, 0, COUNT(wrong_options));
    tcase_add_test(tc, there_must_be_an_endpoint_and_not_too_many);
    tc = tcase(suite, "replica");
    tcase_add_test(tc, an_empty_etcd_gets_no_second_history_from_who_has_rows);
    tcase_add_test(tc, nor_from_a_fresh_one_while_another_has_rows);
    tcase_add_test(tc, other_rows_than_etcds_are_another_history);
    tcase_add_test(tc, more_rows_than_etcd_has_are_too_many);
    tcase_add_test(tc, an_etcd_that_lost_its_journal_stops_the_leader);
    tcase_add_test(tc, a_value_that_was_tampered_with_is_not_taken);
    tcase_add_test(tc, old_rows_leave_etcd_and_a_fresh_copy_says_what_helps);
    tcase_add_test(tc, a_replica_that_can_not_be_written_gives_the_lead_away);
    tc = tcase(suite, "told");
    tcase_add_test(tc, the_leader_hears_the_newest_of_each_once);
    tcase_add_test(tc, those_who_follow_hear_the_leader_and_each_other);
    tcase_add_test(tc, a_new_leader_hears_what_was_told_before);
    tcase_add_test(tc, a_text_for_the_leader_has_a_ceiling);
    tc = tcase(suite, "disk");
    tcase_add_test(tc, a_full_etcd_is_said_and_goes_on_when_it_is_mended);
    tcase_add_test(tc, old_revisions_are_let_go_now_and_then);
    tcase_add_test(tc, an_etcd_that_is_nearly_full_is_said);
    tc = tcase(suite, "times");
    tcase_add_loop_test(tc, times_that_can_not_hold_together_are_refused_with_the_sum, 0,
                        COUNT(times));
    tc = tcase(suite, "batch");
    tcase_add_test(tc, rows_come_back_from_etcd_as_they_went);
    tcase_add_test(tc, rows_that_were_cut_anywhere_are_no_rows);
    tcase_add_test(tc, a_byte_that_was_changed_anywhere_breaks_rows_or_their_chain);
    tcase_add_test(tc, a_row_that_does_not_fit_leaves_the_others);
    tc = tcase(suite, "copy");
    tcase_add_test(tc, a_journal_moves_to_etcd_and_controllers_begin_with_it);
    tcase_add_test(tc, a_journal_comes_back_from_etcd);
    tcase_add_test(tc, a_journal_that_is_under_way_goes_on_where_it_was);
    tcase_add_test(tc, nothing_is_copied_to_where_somebody_leads);
    tcase_add_test(tc, nothing_is_copied_over_another_history);
    tcase_add_test(tc, an_etcd_that_does_not_answer_ends_the_copy);
}

EVAC_TEST_MAIN("share_traps", cases)

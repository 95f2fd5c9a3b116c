/* A journal that several controllers share, against a model of etcd, in virtual time. */
#include "share_fixture.h"

/* --- the lead ----------------------------------------------------------------------------------
 */

START_TEST(one_of_three_leads_and_the_others_know_who)
{
    unsigned leaders = 0;
    for (unsigned i = 0; i < NODES; i++)
        begin(i);
    ck_assert_int_eq(view(0).role, EVAC_SHARE_APART);
    run(8000);
    for (unsigned i = 0; i < NODES; i++) {
        leaders += view(i).role == EVAC_SHARE_CAUGHT;
        ck_assert_uint_gt(view(i).epoch, 0);
        ck_assert_uint_eq(view(i).epoch, view(0).epoch);
        ck_assert_str_eq(view(i).leader, view(0).leader);
        ck_assert_str_eq(view(i).leader_address, "https://a.example.com");
        ck_assert_str_eq(view(i).trouble, "");
        ck_assert(view(i).role == EVAC_SHARE_CAUGHT || view(i).role == EVAC_SHARE_FOLLOWS);
        ck_assert((view(i).lead_until_ms > 0) == (view(i).role == EVAC_SHARE_CAUGHT));
    }
    ck_assert_uint_eq(leaders, 1);
}
END_TEST

START_TEST(who_may_not_lead_follows_for_ever)
{
    extra.may_lead = false;
    begin(0);
    run(120000);
    ck_assert_int_eq(view(0).role, EVAC_SHARE_FOLLOWS);
    ck_assert_str_eq(view(0).leader, "");
    ck_assert_ptr_null(etcd_model_get(m, "/evac/prod/leader"));
}
END_TEST

START_TEST(a_dead_leader_is_followed_by_another_within_the_lease)
{
    lead(0);
    begin(1);
    append(0, 5);
    run(6000);
    evac_share_free(nodes[0].share);
    nodes[0].share = NULL;
    run(TTL_MS + POLL_MS + 1000);
    ck_assert_int_eq(view(1).role, EVAC_SHARE_CAUGHT);
    ck_assert_uint_eq(rows_of(1), 5);
}
END_TEST

START_TEST(an_orderly_end_gives_the_lead_away_at_once)
{
    lead(0);
    begin(1);
    append(0, 1);
    run(4000);
    evac_share_leave(nodes[0].share, on_left, &nodes[0]);
    ck_assert(!nodes[0].left);
    run(100);
    ck_assert(nodes[0].left);
    ck_assert_ptr_null(etcd_model_get(m, "/evac/prod/leader"));
    run(POLL_MS + 500);
    ck_assert_int_eq(view(1).role, EVAC_SHARE_CAUGHT);
}
END_TEST

START_TEST(leaving_ends_in_time_though_etcd_is_gone)
{
    lead(0);
    etcd_model_cut_all(m, 0, true);
    evac_share_leave(nodes[0].share, on_left, &nodes[0]);
    run(REQUEST_MS - 100);
    ck_assert(!nodes[0].left);
    run(200);
    ck_assert(nodes[0].left);
}
END_TEST

START_TEST(a_dropped_shell_gives_the_lead_back)
{
    lead(0);
    begin(1);
    run(4000);
    evac_share_drop(nodes[0].share);
    ck_assert_int_eq(view(0).role, EVAC_SHARE_FOLLOWS);
    run(POLL_MS + 1000);
    ck_assert_int_eq(view(1).role, EVAC_SHARE_CAUGHT);
    ck_assert_int_eq(view(0).role, EVAC_SHARE_FOLLOWS);
    ck_assert_uint_eq(nodes[0].losses, 0);
}
END_TEST

START_TEST(alone_it_takes_the_lead_up_again_after_a_drop)
{
    lead(0);
    append(0, 2);
    run(1000);
    uint64_t epoch = view(0).epoch;
    evac_share_drop(nodes[0].share);
    run(30000);
    ck_assert_int_eq(view(0).role, EVAC_SHARE_CAUGHT);
    ck_assert_uint_gt(view(0).epoch, epoch);
}
END_TEST

/* On a slow network a look may show the lead before the claim's own answer comes: rows that were
 * accepted in between are among those that are written. */
START_TEST(an_answer_that_comes_after_what_it_says_was_seen_loses_no_rows)
{
    struct evac_store *store;
    for (int i = 0; i < 7 * _i; i++)
        (void)etcd_model_random(m, 2);
    etcd_model_chances(m, (struct etcd_chances){ .trip_ms = REQUEST_MS - 100 });
    begin(0);
    for (unsigned k = 0; k < 3000 && view(0).role != EVAC_SHARE_CAUGHT; k++)
        run(10);
    listen_to(0);
    append(0, 2);
    run(2 * TTL_MS);
    store = evac_share_store(nodes[0].share);
    ck_assert_str_eq(nodes[0].lost, "");
    ck_assert_uint_eq(nodes[0].durable, 2);
    ck_assert_uint_eq(store->vt->last_seq(store), 2);
}
END_TEST

/* --- rows --------------------------------------------------------------------------------------
 */

START_TEST(rows_are_durable_when_etcd_and_the_replica_have_them)
{
    lead(0);
    append(0, 3);
    ck_assert_uint_eq(nodes[0].durable, 0); /* never from inside append */
    ck_assert_uint_eq(rows_of(0), 0);
    run(200);
    ck_assert_uint_eq(nodes[0].durable, 3);
    ck_assert_uint_eq(rows_of(0), 3);
    ck_assert_ptr_nonnull(etcd_model_get(m, "/evac/prod/journal/00000000000000000003"));
    ck_assert_uint_eq(etcd_model_count(m, "/evac/prod/journal/"), 1);
    ck_assert_uint_eq(view(0).etcd_rows, 3);
}
END_TEST

START_TEST(rows_that_come_while_others_are_on_their_way_go_together)
{
    lead(0);
    append(0, 1);
    run(0); /* it leaves */
    for (unsigned i = 0; i < 20; i++)
        append(0, 1);
    run(500);
    ck_assert_uint_eq(nodes[0].durable, 21);
    ck_assert_uint_eq(etcd_model_count(m, "/evac/prod/journal/"), 2);
}
END_TEST

START_TEST(a_follower_takes_the_rows_as_they_are)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_row a, b;
    lead(0);
    begin(1);
    append(0, 5);
    run(POLL_MS + 500);
    append(0, 2);
    run(POLL_MS + 500);
    ck_assert_uint_eq(nodes[1].came, 7);
    ck_assert_uint_eq(rows_of(1), 7);
    ck_assert(evac_store_row(nodes[0].replica, 7, arena, &a, NULL) == EVAC_OK);
    ck_assert(evac_store_row(nodes[1].replica, 7, arena, &b, NULL) == EVAC_OK);
    ck_assert_mem_eq(a.hash, b.hash, 32);
    ck_assert(evac_str_is(b.node, "n0")); /* who wrote it, not who copied it */
    ck_assert(evac_str_eq(b.record.text, EVAC_STR("\xff not text \x01")));
    evac_arena_free(arena);
}
END_TEST

START_TEST(a_fresh_controller_catches_up_with_a_long_journal)
{
    lead(0);
    for (unsigned i = 0; i < 300; i++) {
        append(0, 3);
        run(60);
    }
    begin(1);
    run(20000);
    ck_assert_uint_eq(nodes[1].came, 900);
    ck_assert_uint_eq(rows_of(1), 900);
}
END_TEST

START_TEST(a_row_that_etcd_would_not_take_is_refused_with_words)
{
    static char big[EVAC_SHARE_FLIGHT_ROWS * 300];
    struct evac_err err = { EVAC_OK, "" };
    memset(big, 'x', sizeof big - 1);
    lead(0);
    ck_assert_int_eq(try_append(0, 1, big, &err), EVAC_E_TOOBIG);
    ck_assert_ptr_nonnull(strstr(err.text, "row 1 ('step')"));
    ck_assert_ptr_nonnull(strstr(err.text, "1048576"));
    append(0, 1); /* and the journal goes on */
    run(200);
    ck_assert_uint_eq(nodes[0].durable, 1);
}
END_TEST

START_TEST(a_row_that_does_not_continue_the_journal_is_stale)
{
    struct evac_err err = { EVAC_OK, "" };
    lead(0);
    append(0, 2);
    nodes[0].appended = 5;
    ck_assert_int_eq(try_append(0, 1, "{}", &err), EVAC_E_STALE);
    ck_assert_str_eq(err.text, "row 6 does not continue the journal, which ends at 2");
}
END_TEST

START_TEST(who_does_not_lead_can_not_append)
{
    struct evac_err err = { EVAC_OK, "" };
    struct evac_store *store;
    uint64_t epoch = 99;
    lead(0);
    begin(1);
    run(6000);
    store = evac_share_store(nodes[1].share);
    ck_assert_int_eq(try_append(1, 1, "{}", &err), EVAC_E_STORE);
    ck_assert_ptr_nonnull(strstr(err.text, "n0"));
    ck_assert(!store->vt->lead(store, &epoch));
    store = evac_share_store(nodes[0].share);
    ck_assert(store->vt->lead(store, &epoch));
    ck_assert_uint_eq(epoch, view(0).epoch);
    ck_assert_uint_eq(epoch, (uint64_t)etcd_model_get(m, "/evac/prod/leader")->create_revision);
}
END_TEST

START_TEST(more_rows_than_may_wait_cost_the_lead)
{
    struct evac_err err = { EVAC_OK, "" };
    enum evac_code code = EVAC_OK;
    lead(0);
    etcd_model_cut_all(m, 0, true);
    for (unsigned i = 0; !code && i < 200; i++)
        code = try_append(0, 64, "{}", &err);
    ck_assert_int_eq(code, EVAC_E_STORE);
    ck_assert_uint_eq(nodes[0].appended, EVAC_SHARE_FLIGHT_ROWS);
    ck_assert_uint_eq(nodes[0].losses, 0); /* never from inside append */
    run(10);
    ck_assert_uint_eq(nodes[0].losses, 1);
}
END_TEST

START_TEST(so_do_more_bytes)
{
    static char big[900000];
    struct evac_err err = { EVAC_OK, "" };
    enum evac_code code = EVAC_OK;
    unsigned accepted = 0;
    memset(big, 'x', sizeof big - 1);
    lead(0);
    etcd_model_cut_all(m, 0, true);
    for (; !code && accepted < 100; accepted += !code)
        code = try_append(0, 1, big, &err);
    ck_assert_int_eq(code, EVAC_E_STORE);
    ck_assert_uint_eq(accepted, EVAC_SHARE_FLIGHT_BYTES / 900000 + 1);
    run(10);
    ck_assert_uint_eq(nodes[0].losses, 1);
}
END_TEST

/* --- whose fate is unknown ---------------------------------------------------------------------
 */

START_TEST(rows_whose_answer_was_lost_are_looked_for_before_anything_else)
{
    lead(0);
    run(100);
    etcd_model_next(m, TXN, ETCD_DOES_LOSES, 0, "");
    append(0, 2);
    run(REQUEST_MS + 500);
    ck_assert_uint_eq(nodes[0].durable, 2);
    ck_assert_uint_eq(etcd_model_count(m, "/evac/prod/journal/"), 1);
    ck_assert_uint_eq(nodes[0].losses, 0);
}
END_TEST

START_TEST(rows_that_never_arrived_are_sent_again)
{
    lead(0);
    run(100);
    etcd_model_next(m, TXN, ETCD_LOSES, 0, "");
    append(0, 2);
    run(REQUEST_MS + 500);
    ck_assert_uint_eq(nodes[0].durable, 2);
    ck_assert_uint_eq(rows_of(0), 2);
}
END_TEST

/* What etcd says though it has done it, in ways that say nothing. */
static const struct {
    int status;
    const char *body;
} hollow[] = {
    { 200, "" },
    { 200, "{}" },
    { 200, "null" },
    { 200, "{\"succeeded\":true}" },
    { 200, "{\"header\":{\"cluster_id\":\"1484\",\"revision\":\"9\"},\"succeeded\":\"true\"}" },
    { 200, "{\"header\":{\"cluster_id\":\"1484\",\"revision\":\"9\"}}" },
    { 200, "{\"header\":{\"cluster_id\":\"1484\",\"revision\":\"9\"},\"succeeded\":true}}" },
    { 200, "{\"header\":{\"cluster_id\":\"77\",\"revision\":\"9\"},\"succeeded\":true}" },
    { 200, "<html>a proxy</html>" },
    { 500, "{}" },
    { 503, "{\"error\":\"etcdserver: request timed out\",\"code\":14}" },
    { 502, "Bad Gateway" },
    { 302, "" },
};

START_TEST(an_answer_that_says_nothing_is_no_answer)
{
    lead(0);
    run(100);
    etcd_model_next(m, TXN, _i % 2 ? ETCD_DOES_SAYS : ETCD_SAYS, hollow[_i / 2].status,
                    hollow[_i / 2].body);
    append(0, 1);
    run(2000);
    ck_assert_uint_eq(nodes[0].losses, 0);
    ck_assert_uint_eq(nodes[0].durable, 1);
    ck_assert_uint_eq(etcd_model_count(m, "/evac/prod/journal/"), 1);
}
END_TEST

START_TEST(a_fate_that_stays_unknown_costs_the_lead_in_time)
{
    lead(0);
    run(100);
    append(0, 1);
    run(0);
    etcd_model_cut_all(m, 0, true);
    run(TTL_MS * 2 / 3 + 100);
    ck_assert_uint_eq(nodes[0].losses, 1);
    ck_assert_uint_eq(view(0).lead_until_ms, 0);
    ck_assert_int_ne(view(0).role, EVAC_SHARE_LEADS);
}
END_TEST

/* etcd's disks hang: the lease is kept, and each look shows the lead; only the rows wait. Whoever
 * waits for them would wait for ever, and nobody else could take over. */
START_TEST(rows_that_etcd_does_not_take_cost_the_lead_though_all_else_goes_on)
{
    lead(0);
    run(100);
    etcd_model_stall(m, true);
    append(0, 1);
    run(TTL_MS * 2 / 3 - 100);
    ck_assert_uint_eq(nodes[0].losses, 0);
    ck_assert_int_eq(view(0).role, EVAC_SHARE_LEADS);
    run(200);
    ck_assert_uint_eq(nodes[0].losses, 1);
    ck_assert_ptr_nonnull(strstr(nodes[0].lost, "did not take the rows in time"));
    ck_assert_int_ne(view(0).role, EVAC_SHARE_LEADS);
    ck_assert_uint_eq(nodes[0].durable, 0);
    etcd_model_stall(m, false);
    evac_share_drop(nodes[0].share);
    run(2 * TTL_MS);
    ck_assert_int_eq(view(0).role, EVAC_SHARE_CAUGHT);
}
END_TEST

START_TEST(a_failed_compare_costs_the_lead)
{
    lead(0);
    run(100);
    etcd_model_delete(m, "/evac/prod/leader");
    append(0, 1);
    run(200);
    ck_assert_uint_eq(nodes[0].losses, 1);
    ck_assert_uint_eq(nodes[0].durable, 0);
    ck_assert_uint_eq(etcd_model_count(m, "/evac/prod/journal/"), 0);
}
END_TEST

START_TEST(after_a_loss_nothing_is_taken_until_the_shell_is_dropped)
{
    lead(0);
    begin(1);
    append(0, 1);
    run(POLL_MS + 500);
    etcd_model_delete(m, "/evac/prod/leader");
    run(3 * POLL_MS);
    ck_assert_uint_eq(nodes[0].losses, 1);
    lead(1);
    append(1, 4);
    run(2 * POLL_MS);
    ck_assert_uint_eq(rows_of(0), 1);
    evac_share_drop(nodes[0].share);
    nodes[0].came = 1;
    run(POLL_MS);
    ck_assert_uint_eq(rows_of(0), 5);
}
END_TEST

static Suite *cases(Suite *suite)
{
    TCase *tc = tcase_create("lead");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, one_of_three_leads_and_the_others_know_who);
    tcase_add_test(tc, who_may_not_lead_follows_for_ever);
    tcase_add_test(tc, a_dead_leader_is_followed_by_another_within_the_lease);
    tcase_add_test(tc, an_orderly_end_gives_the_lead_away_at_once);
    tcase_add_test(tc, leaving_ends_in_time_though_etcd_is_gone);
    tcase_add_test(tc, a_dropped_shell_gives_the_lead_back);
    tcase_add_test(tc, alone_it_takes_the_lead_up_again_after_a_drop);
    tcase_add_loop_test(tc, an_answer_that_comes_after_what_it_says_was_seen_loses_no_rows, 0, 60);
    suite_add_tcase(suite, tc);
    tc = tcase_create("rows");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, rows_are_durable_when_etcd_and_the_replica_have_them);
    tcase_add_test(tc, rows_that_come_while_others_are_on_their_way_go_together);
    tcase_add_test(tc, a_follower_takes_the_rows_as_they_are);
    tcase_add_test(tc, a_fresh_controller_catches_up_with_a_long_journal);
    tcase_add_test(tc, a_row_that_etcd_would_not_take_is_refused_with_words);
    tcase_add_test(tc, a_row_that_does_not_continue_the_journal_is_stale);
    tcase_add_test(tc, who_does_not_lead_can_not_append);
    tcase_add_test(tc, more_rows_than_may_wait_cost_the_lead);
    tcase_add_test(tc, so_do_more_bytes);
    suite_add_tcase(suite, tc);
    tc = tcase_create("fate");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, rows_whose_answer_was_lost_are_looked_for_before_anything_else);
    tcase_add_test(tc, rows_that_never_arrived_are_sent_again);
    tcase_add_loop_test(tc, an_answer_that_says_nothing_is_no_answer, 0,
                        2 * (int)(sizeof hollow / sizeof hollow[0]));
    tcase_add_test(tc, a_fate_that_stays_unknown_costs_the_lead_in_time);
    tcase_add_test(tc, rows_that_etcd_does_not_take_cost_the_lead_though_all_else_goes_on);
    tcase_add_test(tc, a_failed_compare_costs_the_lead);
    tcase_add_test(tc, after_a_loss_nothing_is_taken_until_the_shell_is_dropped);
    suite_add_tcase(suite, tc);
    return suite;
}

EVAC_TEST_MAIN("share", cases)

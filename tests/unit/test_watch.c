/* Replication, watched: what is not known is unknown, and no number flatters. */
#include "run.h"
#include "suite.h"
#include "watch.h"

static struct evac_reply seen(const struct evac_fact *facts, size_t n)
{
    return (struct evac_reply){ .seen = EVAC_SEEN_SATISFIED, .facts = facts, .fact_count = n };
}

static struct evac_watch fresh(uint32_t verbs)
{
    struct evac_watch w = { .verbs = verbs };
    evac_watch_turn(&w);
    return w;
}

#define LAG    (1u << EVAC_VERB_MEASURE)
#define CANARY (1u << EVAC_VERB_MARK | 1u << EVAC_VERB_SEEK)

START_TEST(before_the_first_sample_the_loss_is_unknown)
{
    struct evac_watch lag = fresh(LAG), canary = fresh(CANARY), none = fresh(0);
    ck_assert(evac_watch_loss(&lag, 1000000) == EVAC_LOSS_UNKNOWN);
    ck_assert(evac_watch_loss(&canary, 1000000) == EVAC_LOSS_UNKNOWN);
    ck_assert_int_eq(evac_watch_loss(&none, 1000000), -1);
}
END_TEST

START_TEST(lag_counts_from_the_sample_not_from_now)
{
    struct evac_watch w = fresh(LAG);
    struct evac_fact facts[] = { { "lag_ms", 800 }, { "as_of_wall_ms", 100000 } };
    struct evac_reply r = seen(facts, 2);
    evac_watch_measured(&w, &r, INT64_MAX);
    /* everything until 99.2 s is there; an outage at 103 s loses at most 3.8 s */
    ck_assert_int_eq(evac_watch_loss(&w, 103000), 3800);
    ck_assert_int_eq(evac_watch_loss(&w, 99000), 0);
}
END_TEST

START_TEST(an_older_sample_does_not_replace_a_newer_one)
{
    struct evac_watch w = fresh(LAG);
    struct evac_fact new_facts[] = { { "lag_ms", 100 }, { "as_of_wall_ms", 200000 } };
    struct evac_fact old_facts[] = { { "lag_ms", 9000 }, { "as_of_wall_ms", 150000 } };
    struct evac_reply r = seen(new_facts, 2), old = seen(old_facts, 2);
    evac_watch_measured(&w, &r, INT64_MAX);
    evac_watch_measured(&w, &old, INT64_MAX);
    ck_assert_int_eq(w.lag_ms, 100);
    ck_assert_int_eq(evac_watch_loss(&w, 200000), 100);
}
END_TEST

START_TEST(a_sample_without_its_time_is_no_sample)
{
    struct evac_watch w = fresh(LAG);
    struct evac_fact facts[] = { { "lag_ms", 100 } };
    struct evac_reply r = seen(facts, 1);
    evac_watch_measured(&w, &r, INT64_MAX);
    ck_assert(evac_watch_loss(&w, 1) == EVAC_LOSS_UNKNOWN);
}
END_TEST

START_TEST(a_marker_that_was_not_acknowledged_is_not_lost)
{
    struct evac_watch w = fresh(CANARY);
    struct evac_reply yes = { .outcome = EVAC_OUTCOME_ACCEPTED },
                      unknown = { .outcome = EVAC_OUTCOME_UNKNOWN };
    struct evac_fact facts[] = { { "marker", 2000 } };
    struct evac_reply found = seen(facts, 1);
    int64_t lost[4];
    evac_watch_marked(&w, 1000, &yes);
    evac_watch_marked(&w, 2000, &yes);
    evac_watch_marked(&w, 3000, &yes);
    evac_watch_marked(&w, 4000, &unknown);
    evac_watch_found(&w, &found);
    ck_assert_uint_eq(evac_watch_lost(&w, lost, 4), 1);
    ck_assert_int_eq(lost[0], 3000);
    ck_assert_int_eq(evac_watch_loss(&w, 5000), 3000);
}
END_TEST

START_TEST(of_two_measures_the_worse_counts)
{
    struct evac_watch w = fresh(LAG | CANARY);
    struct evac_fact lag[] = { { "lag_ms", 0 }, { "as_of_wall_ms", 10000 } },
                     marker[] = { { "marker", 4000 } };
    struct evac_reply r = seen(lag, 2), m = seen(marker, 1);
    evac_watch_measured(&w, &r, INT64_MAX);
    evac_watch_found(&w, &m);
    ck_assert_int_eq(evac_watch_loss(&w, 10000),
                     6000); /* a lag of zero lies when replication is broken */
}
END_TEST

START_TEST(only_the_newest_markers_are_kept)
{
    struct evac_watch w = fresh(CANARY);
    struct evac_reply yes = { .outcome = EVAC_OUTCOME_ACCEPTED };
    int64_t lost[2];
    for (int64_t i = 1; i <= 1000; i++)
        evac_watch_marked(&w, i, &yes);
    ck_assert_uint_eq(evac_watch_lost(&w, lost, 2), EVAC_MARKS);
    ck_assert_int_eq(lost[0], 1000 - EVAC_MARKS + 1);
}
END_TEST

START_TEST(an_hour_of_samples_is_kept_and_the_journal_is_told_what_is_new)
{
    struct evac_watch w = fresh(LAG);
    for (int64_t i = 1; i <= 61; i++)
        evac_watch_note_lag(&w, i * 60000, i);
    ck_assert_uint_eq(w.lag_count, EVAC_LAGS);
    ck_assert_int_eq(evac_watch_lag(&w, 0)->loss_ms, 2);
    ck_assert_int_eq(evac_watch_lag(&w, 59)->loss_ms, 61);

    ck_assert(evac_watch_lag_is_news(&w, 60000, 4000)); /* nothing was told yet */
    w.lag_told = (struct evac_lag_sample){ 60000, 4000 };
    ck_assert(!evac_watch_lag_is_news(&w, 120000, 4900));
    ck_assert(evac_watch_lag_is_news(&w, 120000, 5100));
    ck_assert(evac_watch_lag_is_news(&w, 120000, -1));
    ck_assert(!evac_watch_lag_is_news(&w, 659999, 4000));
    ck_assert(evac_watch_lag_is_news(&w, 660000, 4000));
    w.lag_told.loss_ms = 100;
    ck_assert(!evac_watch_lag_is_news(&w, 120000, 500)); /* less than anybody cares for */
}
END_TEST

/* Two measures agree within 5 s and the age of the sample by lag; the reference is 100 s. */
static const struct {
    uint32_t verbs;
    int64_t as_of_ms, lag_ms, found_ms; /* 0: no sample */
    uint16_t wanted;
    bool agrees;
} words[] = {
    { 0, 0, 0, 0, 0, true },
    { 0, 0, 0, 0, 2, true },
    { LAG, 99000, 500, 0, 0, true },
    { LAG, 99000, 500, 0, 1, true },
    { LAG, 99000, 500, 0, 2, false }, /* there is only one */
    { LAG, 0, 0, 0, 0, false },       /* and that is silent */
    { CANARY, 0, 0, 98000, 0, true },
    { CANARY, 0, 0, 98000, 2, false },
    { LAG | CANARY, 99000, 500, 98000, 0, true },
    { LAG | CANARY, 99000, 500, 98000, 1, true },
    { LAG | CANARY, 99000, 500, 98000, 2, true },
    { LAG | CANARY, 99000, 500, 0, 0, false }, /* the markers are silent */
    { LAG | CANARY, 99000, 500, 0, 1, true },
    { LAG | CANARY, 0, 0, 98000, 0, false },
    { LAG | CANARY, 99000, 0, 50000, 0, false }, /* a lag of zero that lies: 1 s, and 50 s */
    { LAG | CANARY, 99000, 0, 50000, 1, true },
    { LAG | CANARY, 60000, 200, 97000, 0, true },    /* one sample a minute: 40 s, and 3 s */
    { LAG | CANARY, 99000, 60000, 97000, 0, false }, /* markers that lie: 61 s, and 3 s */
};

START_TEST(measures_agree_or_one_of_them_lies)
{
    struct evac_watch w = fresh(words[_i].verbs);
    struct evac_fact lag[] = { { "lag_ms", words[_i].lag_ms },
                               { "as_of_wall_ms", words[_i].as_of_ms } };
    struct evac_fact found[] = { { "marker", words[_i].found_ms } };
    struct evac_reply measured = seen(lag, 2), marked = seen(found, 1);
    if (words[_i].as_of_ms)
        evac_watch_measured(&w, &measured, INT64_MAX);
    if (words[_i].found_ms)
        evac_watch_found(&w, &marked);
    ck_assert_int_eq(evac_watch_agrees(&w, 100000, words[_i].wanted), words[_i].agrees);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("watch");
    tcase_add_test(tc, before_the_first_sample_the_loss_is_unknown);
    tcase_add_test(tc, lag_counts_from_the_sample_not_from_now);
    tcase_add_test(tc, an_older_sample_does_not_replace_a_newer_one);
    tcase_add_test(tc, a_sample_without_its_time_is_no_sample);
    tcase_add_test(tc, a_marker_that_was_not_acknowledged_is_not_lost);
    tcase_add_test(tc, of_two_measures_the_worse_counts);
    tcase_add_test(tc, only_the_newest_markers_are_kept);
    tcase_add_test(tc, an_hour_of_samples_is_kept_and_the_journal_is_told_what_is_new);
    tcase_add_loop_test(tc, measures_agree_or_one_of_them_lies, 0, sizeof words / sizeof words[0]);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("watch", cases)

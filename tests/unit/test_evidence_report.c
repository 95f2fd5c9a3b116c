/* What a report proves: criteria that were fixed before the start, what it did not show, the runs
 * before it, and deficiencies that stay until they are mended. */
#include "deficiency.h"
#include "evac/arena.h"
#include "report.h"
#include "store_memory.h"
#include "suite.h"
#include "tale_fixture.h"

#include <stdlib.h>
#include <string.h>

static struct evac_report *make(uint64_t n)
{
    struct evac_report *report = NULL;
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_msg(evac_report_make(store, n, &report, &err) == EVAC_OK, "%s", err.text);
    return report;
}

static const struct evac_report_criterion *judged(const struct evac_report *r, const char *name)
{
    for (size_t i = 0; i < r->criterion_count; i++)
        if (evac_str_is(r->criteria[i].plan->name, name))
            return &r->criteria[i];
    ck_abort_msg("no criterion %s", name);
}

static bool has_limit(const struct evac_report *r, const char *part)
{
    for (size_t i = 0; i < r->limit_count; i++)
        if (evac_str_has(r->limits[i], part))
            return true;
    return false;
}

/* As the controller does after a run. */
static size_t note(uint64_t n)
{
    struct evac_record rows[EVAC_FINDINGS_MAX];
    struct evac_report *r = make(n);
    size_t count;
    ck_assert_int_eq(evac_deficiency_note(store, r, EVAC_STR("bob"), rows, &count, NULL), EVAC_OK);
    for (size_t i = 0; i < count; i++)
        put(rows[i]);
    evac_report_free(r);
    return count;
}

static const struct evac_deficiency *deficiency(const char *id)
{
    struct evac_deficiencies *list;
    ck_assert_int_eq(evac_deficiencies_read(store, EVAC_STR("shop"), arena, &list, NULL), EVAC_OK);
    return evac_deficiency_find(list, evac_str(id));
}

/* --- criteria --------------------------------------------------------------------------------- */

START_TEST(each_criterion_is_judged_by_its_number)
{
    static const struct tale bad = {
        .recovered = 90000, .promote = 20000, .lost = 3000, .overrides = true
    };
    struct evac_report *r = make(tell(&good));
    for (size_t i = 0; i < r->criterion_count; i++)
        ck_assert_int_eq(r->criteria[i].verdict, EVAC_JUDGED_MET);
    ck_assert_int_eq(judged(r, "quick-promote")->value, 5000);
    evac_report_free(r);
    r = make(tell(&bad));
    ck_assert_int_eq(judged(r, "rto")->verdict, EVAC_JUDGED_MISSED);
    ck_assert_int_eq(judged(r, "rto")->value, 90000);
    ck_assert_int_eq(judged(r, "rpo")->verdict, EVAC_JUDGED_MET);
    ck_assert_int_eq(judged(r, "db-loss")->verdict, EVAC_JUDGED_MISSED);
    ck_assert_int_eq(judged(r, "quick-promote")->verdict, EVAC_JUDGED_MISSED);
    ck_assert_int_eq(judged(r, "overrides")->value, 1);
    evac_report_free(r);
}
END_TEST

START_TEST(what_was_not_measured_is_neither_met_nor_missed)
{
    static const struct tale blind = { .promote = 5000, .lost = -1, .result = "held" };
    struct evac_report *r = make(tell(&blind));
    ck_assert_int_eq(judged(r, "rto")->verdict, EVAC_JUDGED_UNMEASURED);
    ck_assert_int_eq(judged(r, "rpo")->verdict, EVAC_JUDGED_UNMEASURED);
    ck_assert_int_eq(judged(r, "served")->verdict, EVAC_JUDGED_UNMEASURED);
    ck_assert_uint_gt(judged(r, "rpo")->why.n, 0);
    evac_report_free(r);
}
END_TEST

START_TEST(a_rehearsal_says_that_it_changed_nothing_and_a_move_does_not)
{
    static const struct tale look = {
        .workflow = EVAC_WORKFLOW_DRILL, .rehearse = true, .recovered = 50000, .promote = 5000
    };
    static const struct tale isolated = { .workflow = EVAC_WORKFLOW_DRILL,
                                          .drill = EVAC_DRILL_ISOLATED,
                                          .recovered = 50000,
                                          .promote = 5000 };
    static const struct tale fault = { .workflow = EVAC_WORKFLOW_DRILL,
                                       .drill = EVAC_DRILL_GAME_DAY,
                                       .promote = 5000 };
    static const struct tale blind = { .recovered = 50000, .promote = 5000, .lost = -1 };
    struct evac_report *r = make(tell(&look));
    ck_assert(has_limit(r, "Nothing was changed: the 1 steps"));
    evac_report_free(r);
    r = make(tell(&isolated));
    ck_assert(has_limit(r, "No users were moved") && has_limit(r, "The fence was not exercised"));
    evac_report_free(r);
    r = make(tell(&fault));
    ck_assert(has_limit(r, "put in on purpose") && !has_limit(r, "No users were moved"));
    evac_report_free(r);
    put((struct evac_record){ .kind = EVAC_RECORD_DRILL,
                              .name = EVAC_STR("game-day"),
                              .event = EVAC_STR("run-good"),
                              .to = EVAC_STR("watching") });
    r = make(tell(&blind)); /* what the policy does in a game day */
    ck_assert(has_limit(r, "put in on purpose") && has_limit(r, "What db lost could not be"));
    evac_report_free(r);
    put((struct evac_record){ .kind = EVAC_RECORD_DRILL,
                              .name = EVAC_STR("game-day"),
                              .event = EVAC_STR("run-good"),
                              .to = EVAC_STR("succeeded") });
    r = make(tell(&blind));
    ck_assert(!has_limit(r, "put in on purpose"));
    ck_assert(!has_limit(r, "Nothing was changed") && !has_limit(r, "No users were moved"));
    evac_report_free(r);
}
END_TEST

START_TEST(the_last_runs_of_the_same_kind_stand_beside_it)
{
    static const struct tale back = { .workflow = EVAC_WORKFLOW_FAILBACK,
                                      .recovered = 40000,
                                      .promote = 1 };
    static const struct tale looked = {
        .recovered = 50000, .promote = 5000, .rehearse = true, .who = "readiness"
    };
    tell(&slow), tell(&back), tell(&looked), tell(&good);
    struct evac_report *r = make(tell(&good));
    ck_assert_uint_eq(r->past_count, 2);
    ck_assert_uint_eq(r->past[0].run, 4);
    ck_assert_uint_eq(r->past[1].run, 1);
    ck_assert_int_eq(r->past[1].rto_ms, 90000);
    evac_report_free(r);
}
END_TEST

/* --- deficiencies ----------------------------------------------------------------------------- */

START_TEST(a_finding_is_opened_once_and_then_counted)
{
    ck_assert_uint_eq(note(tell(&slow)), 1);
    const struct evac_deficiency *d = deficiency("D-shop-1");
    ck_assert(d && evac_str_is(d->finding, "criterion:rto") && evac_str_is(d->owner, "bob"));
    ck_assert_int_eq(d->severity, EVAC_GRADE_HIGH);
    note(tell(&slow)), note(tell(&good)), note(tell(&slow));
    d = deficiency("D-shop-1");
    ck_assert_uint_eq(d->seen, 3);
    ck_assert_uint_eq(d->seen_run, 4);
    ck_assert_ptr_null(deficiency("D-shop-2"));
    struct evac_report *r = make(3); /* a good run shows it all the same, until it is closed */
    ck_assert_uint_eq(evac_deficiencies_open(r->deficiencies), 1);
    evac_report_free(r);
}
END_TEST

START_TEST(what_fails_is_skipped_or_overridden_is_found_one_by_one)
{
    static const struct tale bad = { .recovered = 50000,
                                     .promote = 5000,
                                     .lost = -1,
                                     .fails = true,
                                     .overrides = true,
                                     .result = "succeeded_with_exceptions" };
    struct evac_finding found[EVAC_FINDINGS_MAX];
    struct evac_report *r = make(tell(&bad));
    size_t n = evac_report_findings(r, found, EVAC_FINDINGS_MAX);
    static const char *const keys[] = { "unmeasured:rpo:db", "step:promote", "override:promote" };
    for (size_t k = 0; k < 3; k++) {
        bool seen = false;
        for (size_t i = 0; i < n; i++)
            seen = seen || evac_str_is(found[i].key, keys[k]);
        ck_assert_msg(seen, "%s", keys[k]);
    }
    ck_assert_uint_eq(n, 3);
    evac_report_free(r);
}
END_TEST

static struct evac_err err;

static enum evac_code say(struct evac_deficiency_word w)
{
    struct evac_record row;
    w.app = EVAC_STR("shop");
    err = (struct evac_err){ EVAC_OK, "" };
    enum evac_code code = evac_deficiency_say(store, &w, clock_ms, arena, &row, &err);
    if (!code)
        put(row);
    return code;
}

static enum evac_code close_with(uint64_t retest)
{
    return say((struct evac_deficiency_word){ .verb = EVAC_DEFICIENCY_CLOSE,
                                              .id = EVAC_STR("D-shop-1"),
                                              .who = EVAC_STR("uid:7(ann)"),
                                              .reason = EVAC_STR("bigger machines"),
                                              .retest = retest });
}

START_TEST(only_a_later_run_that_met_it_closes_it)
{
    uint64_t early = tell(&good), seen = tell(&slow);
    note(seen);
    ck_assert_int_eq(close_with(0), EVAC_E_BADARG);
    ck_assert_int_eq(close_with(early), EVAC_E_REFUSED);
    ck_assert_ptr_nonnull(strstr(err.text, "not later"));
    ck_assert_int_eq(close_with(tell(&slow)), EVAC_E_REFUSED);
    ck_assert_ptr_nonnull(strstr(err.text, "shows it again"));
    static const struct tale held = { .promote = 1, .result = "held" };
    ck_assert_int_eq(close_with(tell(&held)), EVAC_E_REFUSED);
    ck_assert_int_eq(close_with(99), EVAC_E_NOTFOUND);
    ck_assert_int_eq(deficiency("D-shop-1")->state, EVAC_DEFICIENCY_IS_OPEN);
    ck_assert_msg(close_with(tell(&good)) == EVAC_OK, "%s", err.text);
    ck_assert_int_eq(deficiency("D-shop-1")->state, EVAC_DEFICIENCY_IS_CLOSED);
    ck_assert_int_eq(close_with(run), EVAC_E_REFUSED); /* twice */
}
END_TEST

START_TEST(what_comes_back_is_opened_again_under_its_number)
{
    note(tell(&slow));
    ck_assert_int_eq(close_with(tell(&good)), EVAC_OK);
    note(tell(&slow));
    const struct evac_deficiency *d = deficiency("D-shop-1");
    ck_assert_int_eq(d->state, EVAC_DEFICIENCY_IS_OPEN);
    ck_assert_uint_eq(d->reopened, 1);
    ck_assert_uint_eq(d->seen, 2);
    ck_assert_ptr_null(deficiency("D-shop-2"));
}
END_TEST

START_TEST(only_its_owner_takes_the_risk)
{
    struct evac_deficiency_word w = { .verb = EVAC_DEFICIENCY_ACCEPT,
                                      .id = EVAC_STR("D-shop-1"),
                                      .who = EVAC_STR("uid:7(ann)"),
                                      .reason = EVAC_STR("cheaper") };
    note(tell(&slow));
    ck_assert_int_eq(say(w), EVAC_E_REFUSED);
    ck_assert_ptr_nonnull(strstr(err.text, "only bob"));
    w.who = EVAC_STR("uid:8(bob)");
    w.reason = EVAC_STR_NONE;
    ck_assert_int_eq(say(w), EVAC_E_BADARG);
    w.reason = EVAC_STR("cheaper");
    ck_assert_int_eq(say(w), EVAC_OK);
    note(tell(&slow)); /* an accepted risk is counted, and stays accepted */
    ck_assert_int_eq(deficiency("D-shop-1")->state, EVAC_DEFICIENCY_IS_ACCEPTED);
    ck_assert_uint_eq(deficiency("D-shop-1")->seen, 2);
}
END_TEST

START_TEST(a_person_opens_one_and_it_grows_late)
{
    const enum evac_grade high = EVAC_GRADE_HIGH;
    ck_assert_int_eq(say((struct evac_deficiency_word){ .who = EVAC_STR("ann") }), EVAC_E_BADARG);
    ck_assert_int_eq(say((struct evac_deficiency_word){ .who = EVAC_STR("ann"),
                                                        .title = EVAC_STR("the phone list is old"),
                                                        .severity = &high,
                                                        .due_ms = T0 + 1000 }),
                     EVAC_OK);
    const struct evac_deficiency *d = deficiency("D-shop-1");
    ck_assert(d && evac_str_is(d->opened_by, "ann") && d->due_ms == T0 + 1000);
    ck_assert(!evac_deficiency_is_overdue(d, T0 + 999));
    ck_assert(evac_deficiency_is_overdue(d, T0 + 1001));
    struct evac_report *r = make(tell(&good));
    struct evac_buf out;
    evac_buf_init(&out, 1u << 20);
    evac_report_text(r, &out);
    ck_assert_ptr_nonnull(strstr(out.p, "the phone list is old"));
    ck_assert_ptr_nonnull(strstr(out.p, "OVERDUE"));
    evac_buf_done(&out);
    evac_report_free(r);
}
END_TEST

/* --- one report from its rows ----------------------------------------------------------------- */

struct copy {
    struct evac_store *to;
    const struct evac_report *report;
};

static bool copy_needed(void *user, const struct evac_row *row)
{
    struct copy *c = user;
    struct evac_record r = row->record;
    if (!evac_report_needs(c->report, &r)) {
        /* what stands between keeps its number, and says nothing */
        r = (struct evac_record){ .kind = EVAC_RECORD_LAG, .seq = r.seq };
    }
    ck_assert_int_eq(c->to->vt->append(c->to, &r, 1, NULL), EVAC_OK);
    return true;
}

START_TEST(the_rows_that_it_needs_make_the_same_report)
{
    static const struct tale back = { .workflow = EVAC_WORKFLOW_FAILBACK, .recovered = 4000 };
    for (int i = 0; i < 9; i++)
        note(tell(i % 2 ? &slow : &back)), note(tell(&good));
    struct evac_report *r = make(17), *again = NULL;
    struct copy c = { evac_store_new_memory("n", "b"), r };
    struct evac_buf a, b;
    ck_assert_int_eq(
        store->vt->read(store, &(struct evac_store_filter){ 0 }, copy_needed, &c, NULL), EVAC_OK);
    ck_assert_int_eq(evac_report_make(c.to, 17, &again, NULL), EVAC_OK);
    memcpy(again->last_hash, r->last_hash, sizeof r->last_hash); /* other rows, other chain */
    evac_buf_init(&a, 4u << 20), evac_buf_init(&b, 4u << 20);
    evac_report_json(r, &a), evac_report_json(again, &b);
    ck_assert_str_eq(a.p, b.p);
    evac_buf_done(&a), evac_buf_done(&b);
    evac_report_free(r), evac_report_free(again);
    evac_store_close(c.to);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("evidence in reports");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, each_criterion_is_judged_by_its_number);
    tcase_add_test(tc, what_was_not_measured_is_neither_met_nor_missed);
    tcase_add_test(tc, a_rehearsal_says_that_it_changed_nothing_and_a_move_does_not);
    tcase_add_test(tc, the_last_runs_of_the_same_kind_stand_beside_it);
    tcase_add_test(tc, a_finding_is_opened_once_and_then_counted);
    tcase_add_test(tc, what_fails_is_skipped_or_overridden_is_found_one_by_one);
    tcase_add_test(tc, only_a_later_run_that_met_it_closes_it);
    tcase_add_test(tc, what_comes_back_is_opened_again_under_its_number);
    tcase_add_test(tc, only_its_owner_takes_the_risk);
    tcase_add_test(tc, a_person_opens_one_and_it_grows_late);
    tcase_add_test(tc, the_rows_that_it_needs_make_the_same_report);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("evidence in reports", cases)

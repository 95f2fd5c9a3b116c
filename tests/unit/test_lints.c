#include "lints.h"
#include "suite.h"

#include <stdio.h>

static struct evac_lint_key key(uint16_t app)
{
    return (
        struct evac_lint_key){ .model = "0123", .app = app, .to = 1, .serving = 1, .day = 20717 };
}

START_TEST(what_a_lint_said_is_found_again_by_all_that_it_follows_from)
{
    struct evac_lints *lints = evac_lints_new();
    const struct evac_lint_said said = { true, 2, "dns: it leans on us-east-1" };
    struct evac_lint_key k = key(0), others[] = { k, k, k, k, k, k };
    evac_lints_keep(lints, &k, &said);
    ck_assert_int_eq(evac_lints_find(lints, &k)->errors, 2);
    ck_assert_str_eq(evac_lints_find(lints, &k)->text, "dns: it leans on us-east-1");
    (void)snprintf(others[0].model, sizeof others[0].model, "0124");
    others[1].app = 1;
    others[2].from = 1;
    others[3].to = 2;
    others[4].serving = 2;
    others[5].day++;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert_ptr_null(evac_lints_find(lints, &others[i]));
    evac_lints_free(lints);
}
END_TEST

START_TEST(with_other_facts_nothing_is_remembered)
{
    struct evac_lints *lints = evac_lints_new();
    const struct evac_lint_said said = { .known = true };
    struct evac_lint_key k = key(0);
    evac_lints_keep(lints, &k, &said);
    evac_lints_forget(lints);
    ck_assert_ptr_null(evac_lints_find(lints, &k));
    evac_lints_free(lints);
}
END_TEST

START_TEST(of_very_many_the_newest_are_kept)
{
    struct evac_lints *lints = evac_lints_new();
    for (uint16_t app = 0; app < EVAC_LINTS_MAX + 10; app++) {
        struct evac_lint_key k = key(app);
        const struct evac_lint_said said = { .known = true, .errors = app };
        evac_lints_keep(lints, &k, &said);
    }
    for (uint16_t app = 0; app < EVAC_LINTS_MAX + 10; app++) {
        struct evac_lint_key k = key(app);
        const struct evac_lint_said *said = evac_lints_find(lints, &k);
        ck_assert(app < 10 ? !said : said && said->errors == app);
    }
    evac_lints_free(lints);
}
END_TEST

START_TEST(without_a_memory_nothing_is_known_and_nothing_breaks)
{
    const struct evac_lint_said said = { .known = true };
    struct evac_lint_key k = key(0);
    evac_lints_keep(NULL, &k, &said);
    evac_lints_forget(NULL);
    ck_assert_ptr_null(evac_lints_find(NULL, &k));
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("lints");
    tcase_add_test(tc, what_a_lint_said_is_found_again_by_all_that_it_follows_from);
    tcase_add_test(tc, with_other_facts_nothing_is_remembered);
    tcase_add_test(tc, of_very_many_the_newest_are_kept);
    tcase_add_test(tc, without_a_memory_nothing_is_known_and_nothing_breaks);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("what lints said", cases)

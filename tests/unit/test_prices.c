/* Prices: how they are written, whose counts, what is refused. */
#include "builtin.h"
#include "plan_lint.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

#define PRICES(rows)                                                                               \
    "date = \"2026-03-01\"; currency = \"USD\"; priced_in = \"us-east-1\";\n"                      \
    "sources = { page = \"https://example.com/\"; };\nprices = (\n" rows ");\n"

static struct evac_diag diag;
static const struct evac_facts *facts, *of;

static void setup(void)
{
    diag = (struct evac_diag){ .arena = evac_arena_new() };
    facts = of = NULL;
}

static void teardown(void)
{
    evac_arena_free(diag.arena);
}

static enum evac_code parse(const char *first, const char *second)
{
    const struct evac_conf_text texts[] = { { "first.cfg", evac_str(first) },
                                            { "second.cfg", evac_str(second) } };
    struct evac_err err = { EVAC_OK, "" };
    return evac_facts_parse(texts, second ? 2 : 1, &diag, &facts, &err);
}

START_TEST(a_price_is_millionths_and_the_last_file_counts)
{
    ck_assert_int_eq(parse(PRICES("{ unit = \"a\"; price = \"0.04048\"; source = \"page\"; },"
                                  "{ unit = \"b\"; price = \"12\"; source = \"page\"; }"),
                           PRICES("{ unit = \"b\"; price = \"0.000001\"; source = \"page\"; }")),
                     EVAC_OK);
    ck_assert_int_eq(evac_facts_price(facts, "a", &of)->micros, 40480);
    ck_assert_ptr_eq(of, facts);
    const struct evac_fact_price *b = evac_facts_price(facts, "b", &of);
    ck_assert_int_eq(b->micros, 1);
    ck_assert_str_eq(b->source.p, "https://example.com/");
    ck_assert_ptr_eq(of, facts->next);
    ck_assert_ptr_null(evac_facts_price(facts, "c", &of));
    ck_assert_ptr_null(evac_facts_price(NULL, "a", &of));
}
END_TEST

static const struct {
    const char *text, *said;
} slips[] = {
    { PRICES("{ unit = \"a\"; price = \"-1\"; source = \"page\"; }"), "found \"-1\"" },
    { PRICES("{ unit = \"a\"; price = \"0.1234567\"; source = \"page\"; }"), "six decimals" },
    { PRICES("{ unit = \"a\"; price = \"1.-5\"; source = \"page\"; }"), "found \"1.-5\"" },
    { PRICES("{ unit = \"a\"; price = \"cheap\"; source = \"page\"; }"), "found \"cheap\"" },
    { PRICES("{ unit = \"a\"; price = \"1\"; source = \"nowhere\"; }"), "no source \"nowhere\"" },
    { "date = \"2026-03-01\"; sources = { page = \"x\"; }; prices = ( { unit = \"a\"; price = "
      "\"1\"; source = \"page\"; } );",
      "need a currency" },
};

START_TEST(a_slip_is_told_with_its_line)
{
    struct evac_buf out;
    ck_assert_int_eq(parse(slips[_i].text, NULL), EVAC_E_BADCONF);
    evac_buf_init(&out, 65536);
    evac_diag_print(&diag, &out);
    ck_assert_msg(strncmp(out.p, "first.cfg:", 10) == 0 && strstr(out.p, slips[_i].said), "%s",
                  out.p);
    evac_buf_done(&out);
}
END_TEST

START_TEST(ones_own_prices_go_before_the_built_in_ones)
{
    char path[] = "/tmp/evac-prices-XXXXXX";
    const char *own = PRICES("{ unit = \"fargate/vcpu\"; price = \"0.02\"; source = \"page\"; }");
    struct evac_err err = { EVAC_OK, "" };
    int fd = mkstemp(path);
    FILE *f = fdopen(fd, "w");
    ck_assert(f && fputs(own, f) >= 0 && fclose(f) == 0);
    enum evac_code code =
        evac_builtin_load_facts(EVAC_STR_NONE, evac_str(path), EVAC_STR_NONE, &diag, &facts, &err);
    remove(path);
    ck_assert_msg(code == EVAC_OK, "%s", err.text);
    ck_assert_int_eq(evac_facts_price(facts, "fargate/vcpu", &of)->micros, 20000);
    ck_assert_int_eq(evac_facts_price(facts, "fargate/gb", &of)->micros, 4445);
    ck_assert_ptr_nonnull(evac_facts_find(facts, "route53", "ChangeResourceRecordSets"));
}
END_TEST

START_TEST(a_file_of_prices_that_is_not_there_is_named)
{
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_int_ne(evac_builtin_load_facts(EVAC_STR_NONE, EVAC_STR("/nowhere/p.cfg"),
                                             EVAC_STR_NONE, &diag, &facts, &err),
                     EVAC_OK);
    ck_assert_msg(strstr(err.text, "/nowhere/p.cfg") != NULL, "%s", err.text);
}
END_TEST

/* What the lint says of its facts' age is about where things live. */
START_TEST(prices_do_not_age_the_lints_facts)
{
    struct evac_lint lint;
    struct evac_plan plan = { .from = EVAC_STR("us-east-1"), .to = EVAC_STR("us-west-2") };
    struct evac_model model = { .app_count = 0 };
    ck_assert_int_eq(parse(PRICES("{ unit = \"a\"; price = \"1\"; source = \"page\"; }"), NULL),
                     EVAC_OK);
    evac_lint_plan(&(struct evac_lint_request){ .plan = &plan,
                                                .catalog = evac_builtin_catalog(),
                                                .facts = facts,
                                                .model = &model,
                                                .today = 40000 },
                   diag.arena, &lint);
    ck_assert_uint_eq(lint.facts_date.n, 0);
    for (size_t i = 0; i < lint.row_count; i++)
        ck_assert_str_ne(lint.rows[i].rule, "old-facts");
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("prices");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_price_is_millionths_and_the_last_file_counts);
    tcase_add_loop_test(tc, a_slip_is_told_with_its_line, 0, sizeof slips / sizeof slips[0]);
    tcase_add_test(tc, ones_own_prices_go_before_the_built_in_ones);
    tcase_add_test(tc, a_file_of_prices_that_is_not_there_is_named);
    tcase_add_test(tc, prices_do_not_age_the_lints_facts);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("prices", cases)

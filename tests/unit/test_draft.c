/* Findings to a configuration: what is decided, what is asked, and that the text is always one that
 * can be read. */
#include "builtin.h"
#include "builtin_runbooks.h"
#include "draft.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

#define EAST "us-east-1"
#define WEST "us-west-2"
#define TEXT(literal)                                                                              \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }
#define ARG(name, value)                                                                           \
    {                                                                                              \
        TEXT(name), TEXT(value)                                                                    \
    }

static const struct evac_str regions[] = { TEXT(EAST), TEXT(WEST), TEXT("eu-west-1") };

static const struct evac_arg db_settings[] = { ARG("clusters." EAST, "db-use1"),
                                               ARG("clusters." WEST, "db-usw2"),
                                               ARG("global_cluster", "db") };
static const struct evac_arg web_settings[] = { ARG("cluster", "c"), ARG("service", "web") };
static const struct evac_arg go_settings[] = { ARG("buckets." EAST, "go-e"),
                                               ARG("buckets." WEST, "go-w"),
                                               ARG("key", "go/x.json"), ARG("renew", "5s") };

/* A draft of some findings, in one place. */
struct bench {
    struct evac_arena *arena;
    struct evac_found found[40];
    struct evac_found_side sides[40][3];
    size_t count;
    struct evac_query query;
    struct evac_findings findings;
    struct evac_draft_request request;
    struct evac_draft draft;
};

static struct bench *bench_new(void)
{
    struct evac_arena *arena = evac_arena_new();
    struct bench *b = evac_arena_alloc(arena, sizeof *b);
    b->arena = arena;
    b->query = (struct evac_query){ .app = EVAC_STR("x"),
                                    .tag = EVAC_STR("app"),
                                    .value = EVAC_STR("x"),
                                    .regions = regions,
                                    .region_count = 2 };
    b->findings.regions_answered = 2;
    b->request = (struct evac_draft_request){ .query = &b->query,
                                              .findings = &b->findings,
                                              .catalog = evac_builtin_catalog(),
                                              .runbooks = evac_builtin_runbooks,
                                              .runbook_count = evac_builtin_runbook_count };
    return b;
}

static void bench_free(struct bench *b)
{
    evac_arena_free(b->arena);
}

/* writer: the region's number, -1 none. */
static struct evac_found *add(struct bench *b, const char *type, const char *name,
                              const struct evac_arg *settings, size_t setting_count, int64_t east,
                              int64_t west, int writer)
{
    struct evac_found *f = &b->found[b->count];
    struct evac_found_side *sides = b->sides[b->count++];
    sides[0] = (struct evac_found_side){ regions[0], east, writer == 0 };
    sides[1] = (struct evac_found_side){ regions[1], west, writer == 1 };
    *f = (struct evac_found){ .name = evac_str(name),
                              .type = evac_str(type),
                              .settings = settings,
                              .setting_count = setting_count,
                              .sides = sides,
                              .side_count = 2,
                              .whole = true };
    return f;
}

#define DB(b, writer)      add(b, "aurora", "x-db", db_settings, 3, -1, -1, writer)
#define WEB(b, east, west) add(b, "ecs", "c/web", web_settings, 2, east, west, -1)
#define GO(b, writer)      add(b, "s3-go", "x-go", go_settings, 4, -1, -1, writer)

static const struct evac_draft *make(struct bench *b)
{
    b->findings.found = b->found;
    b->findings.found_count = b->count;
    evac_draft_make(&b->request, b->arena, &b->draft);
    return &b->draft;
}

static bool says(const struct evac_draft *d, const char *part)
{
    return evac_str_has(d->text, part);
}

static bool asks(const struct evac_draft *d, const char *part)
{
    for (size_t i = 0; i < d->ask_count; i++)
        if (evac_str_has(d->asks[i], part))
            return true;
    return false;
}

#define GOOD(d) ck_assert_msg((d)->good, "%.*s", EVAC_STR_ARG((d)->problems))

/* --- decisions ------------------------------------------------------------------------------- */

START_TEST(where_the_writer_is_is_active)
{
    struct bench *b = bench_new();
    (void)DB(b, 1);
    (void)WEB(b, 6, 1); /* more runs in the other */
    const struct evac_draft *d = make(b);
    GOOD(d);
    ck_assert(evac_str_is(d->active, WEST) && d->active_known);
    ck_assert(says(d, "regions = ( \"" WEST "\", \"" EAST "\" );"));
    ck_assert(says(d, "count = { active = 1; standby = 6; };"));
    ck_assert(!asks(d, "regions:"));
    bench_free(b);
}
END_TEST

START_TEST(writers_that_differ_are_asked_about)
{
    struct bench *b = bench_new();
    (void)DB(b, 0);
    (void)GO(b, 1);
    const struct evac_draft *d = make(b);
    ck_assert(!d->active_known);
    ck_assert(asks(d, "what takes writes differs: db in us-east-1, go in us-west-2"));
    bench_free(b);
}
END_TEST

START_TEST(where_more_runs_is_active_when_every_region_told)
{
    struct bench *b = bench_new();
    (void)WEB(b, 1, 4);
    ck_assert(evac_str_is(make(b)->active, WEST));
    ck_assert(b->draft.active_known);
    b->findings.regions_answered = 1;
    ck_assert(!make(b)->active_known);
    ck_assert(asks(&b->draft, "more runs there than elsewhere"));
    bench_free(b);
}
END_TEST

START_TEST(the_strategy_is_a_guess_and_said_to_be_one)
{
    static const struct {
        int64_t east, west;
        bool db, go;
        const char *strategy;
    } rows[] = { { 6, 1, true, true, "warm-standby" },    { 6, 0, true, true, "pilot-light" },
                 { 6, 0, false, true, "backup-restore" }, { 3, 3, true, false, "warm-standby" },
                 { 3, 3, false, false, "active-active" }, { -1, -1, true, false, "pilot-light" },
                 { 6, -1, true, true, "pilot-light" } };
    struct bench *b = bench_new();
    if (rows[_i].db)
        (void)DB(b, 0);
    if (rows[_i].go)
        (void)GO(b, 0);
    (void)WEB(b, rows[_i].east, rows[_i].west);
    const struct evac_draft *d = make(b);
    GOOD(d);
    ck_assert_msg(evac_str_is(d->strategy, rows[_i].strategy), "%d: %.*s", _i,
                  EVAC_STR_ARG(d->strategy));
    ck_assert(asks(d, "is a guess"));
    b->request.strategy = EVAC_STR("warm-standby");
    ck_assert(evac_str_is(make(b)->strategy, "warm-standby") && !asks(&b->draft, "is a guess"));
    bench_free(b);
}
END_TEST

/* What was not seen is left out: it is not zero. */
START_TEST(counts_that_are_not_known_are_not_written)
{
    struct bench *b = bench_new();
    (void)WEB(b, 6, -1);
    ck_assert(!says(make(b), "count ="));
    b->found[0].side_count = 1;
    b->found[0].whole = false;
    ck_assert(says(make(b), "// web = {") && says(&b->draft, "count = { active = 6; };"));
    bench_free(b);
}
END_TEST

START_TEST(a_third_region_with_only_a_copy_is_the_witness)
{
    struct bench *b = bench_new();
    (void)WEB(b, 6, 1);
    struct evac_found *go = GO(b, 0);
    b->sides[1][2] = (struct evac_found_side){ regions[2], -1, false };
    go->side_count = 3;
    b->query.region_count = 3;
    b->findings.regions_answered = 3;
    const struct evac_draft *d = make(b);
    ck_assert(evac_str_is(d->witness, "eu-west-1"));
    ck_assert_uint_eq(d->region_count, 2);
    ck_assert(says(d, "witness = \"eu-west-1\";"));
    bench_free(b);
}
END_TEST

/* --- the check ------------------------------------------------------------------------------- */

START_TEST(data_without_a_fence_waits_for_a_person)
{
    struct bench *b = bench_new();
    (void)DB(b, 0);
    GOOD(make(b));
    ck_assert(b->draft.person && says(&b->draft, "    person = { type = \"manual\";"));
    (void)GO(b, 0);
    GOOD(make(b));
    ck_assert(!b->draft.person && !says(&b->draft, "manual"));
    bench_free(b);
}
END_TEST

START_TEST(what_the_check_refuses_becomes_a_comment_with_the_reason)
{
    static const struct evac_arg odd[] = { ARG("cluster", "c"), ARG("colour", "red"),
                                           ARG("service", "odd") };
    struct bench *b = bench_new();
    (void)WEB(b, 6, 1);
    (void)add(b, "ecs", "c/odd", odd, 3, 6, 1, -1);
    const struct evac_draft *d = make(b);
    GOOD(d);
    ck_assert_uint_eq(d->whole_count, 1);
    ck_assert(says(d, "    // odd = {") && says(d, "\n    web = {"));
    ck_assert(asks(d, "odd: left out, because") && asks(d, "unknown parameter 'colour'"));
    bench_free(b);
}
END_TEST

/* --- the text -------------------------------------------------------------------------------- */

/* Whatever an account's owner called something, the file says it and is not ended by it. */
START_TEST(no_text_breaks_out_of_its_place)
{
    static const struct evac_arg hostile[] = { ARG("cluster", "a\"; }; }; evil = { x = \"\\"),
                                               ARG("service", "line\nbreak\ttab\x7f") };
    static const struct evac_str doubts[] = { TEXT(
        "a line\n};\napp = { name = \"evil\"; };\r\n*/ // \" and more") };
    struct bench *b = bench_new();
    struct evac_found *f = add(b, "ecs", "no\"thing\n/..", hostile, 2, 2, 2, -1);
    f->doubts = doubts;
    f->doubt_count = 1;
    b->findings.doubts = b->findings.silent = doubts;
    b->findings.doubt_count = b->findings.silent_count = 1;
    const struct evac_draft *d = make(b);
    GOOD(d);
    ck_assert_uint_eq(d->whole_count, 1);
    for (size_t i = 0; i < d->ask_count; i++) /* they are printed to a terminal too */
        for (size_t k = 0; k < d->asks[i].n; k++)
            ck_assert((unsigned char)d->asks[i].p[k] >= 0x20);
    struct evac_diag diag = { .arena = b->arena };
    struct evac_model *model = NULL;
    struct evac_err err = { EVAC_OK, "" };
    const struct evac_conf_text file = { "x.cfg", d->text };
    ck_assert_int_eq(evac_conf_parse(&file, 1, &diag, &model, &err), EVAC_OK);
    ck_assert_uint_eq(model->app_count, 1);
    const struct evac_resource *r = evac_app_resource(&model->apps[0], d->items[0].name);
    ck_assert_ptr_nonnull(r);
    ck_assert(evac_str_eq(evac_args_get(&r->props, "cluster"), hostile[0].value));
    ck_assert(evac_str_eq(evac_args_get(&r->props, "service"), hostile[1].value));
    evac_model_free(model);
    bench_free(b);
}
END_TEST

START_TEST(every_resource_has_a_name_of_its_own)
{
    static const char *const names[] = { "x-web",  "c/web", "web", "endpoint",        "person",
                                         "9lives", "x",     "",    "a.b.example.com", "\xc3\xa4" };
    struct bench *b = bench_new();
    char longest[200];
    memset(longest, 'n', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        (void)add(b, "ecs", names[i], web_settings, 2, 1, 1, -1);
    (void)add(b, "ecs", longest, web_settings, 2, 1, 1, -1);
    (void)add(b, "ecs", longest, web_settings, 2, 1, 1, -1);
    const struct evac_draft *d = make(b);
    GOOD(d);
    ck_assert_uint_eq(d->whole_count, b->count);
    for (size_t i = 0; i < d->item_count; i++)
        for (size_t k = 0; k < i; k++)
            ck_assert(!evac_str_eq(d->items[i].name, d->items[k].name));
    ck_assert(evac_str_is(d->items[0].name, "web") && evac_str_is(d->items[1].name, "web-2"));
    bench_free(b);
}
END_TEST

START_TEST(lists_numbers_and_flags_are_written_as_their_driver_takes_them)
{
    static const struct evac_arg settings[] = { ARG("function", "f"),
                                                ARG("mappings." EAST, "[\"m-1\",\"m-2\"]"),
                                                ARG("mappings." WEST, "[\"m-3\"]") };
    static const struct evac_arg dns[] = { ARG("name", "x.org"), ARG("ttl", "30"),
                                           ARG("zone", "Z1") };
    struct bench *b = bench_new();
    (void)add(b, "lambda", "f", settings, 3, -1, -1, -1);
    add(b, "route53", "x.org", dns, 3, -1, -1, -1)->side_count = 0;
    const struct evac_draft *d = make(b);
    GOOD(d);
    ck_assert(says(d, "mappings = { " EAST " = ( \"m-1\", \"m-2\" ); " WEST " = ( \"m-3\" ); };"));
    ck_assert(says(d, "ttl = 30;"));
    bench_free(b);
}
END_TEST

START_TEST(each_question_stands_in_the_file_and_in_the_list)
{
    struct bench *b = bench_new();
    size_t n = 0;
    (void)DB(b, 0);
    (void)WEB(b, 6, 1);
    const struct evac_draft *d = make(b);
    for (const char *p = d->text.p; (p = strstr(p, "// ASK ")); p++)
        n++;
    ck_assert_uint_eq(n, d->ask_count);
    ck_assert(asks(d, "objectives:") && asks(d, "endpoint:") && asks(d, "probes:"));
    ck_assert(says(d, "policy = { automatic = \"never\"; };"));
    bench_free(b);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("draft");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, where_the_writer_is_is_active);
    tcase_add_test(tc, writers_that_differ_are_asked_about);
    tcase_add_test(tc, where_more_runs_is_active_when_every_region_told);
    tcase_add_loop_test(tc, the_strategy_is_a_guess_and_said_to_be_one, 0, 7);
    tcase_add_test(tc, counts_that_are_not_known_are_not_written);
    tcase_add_test(tc, a_third_region_with_only_a_copy_is_the_witness);
    tcase_add_test(tc, data_without_a_fence_waits_for_a_person);
    tcase_add_test(tc, what_the_check_refuses_becomes_a_comment_with_the_reason);
    tcase_add_test(tc, no_text_breaks_out_of_its_place);
    tcase_add_test(tc, every_resource_has_a_name_of_its_own);
    tcase_add_test(tc, lists_numbers_and_flags_are_written_as_their_driver_takes_them);
    tcase_add_test(tc, each_question_stands_in_the_file_and_in_the_list);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("drafts of configurations", cases)

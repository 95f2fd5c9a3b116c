/* A year of quarterly drills, by the calendar, in virtual time: what was planned, what was in the
 * way, what went wrong and was mended, and the trend that tells it. With EVAC_KEEP=DIR its trend is
 * written there, as text, JSON and page. */
#include "calendar.h"
#include "model_world.h"
#include "suite.h"
#include "trend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEC_MS    INT64_C(1000)
#define MINUTE_MS (60 * SEC_MS)
#define HOUR_MS   (60 * MINUTE_MS)
#define SOON_MS   (5 * MINUTE_MS)
#define BEGIN_MS  INT64_C(1790000000000) /* 2026-09-21 14:13:20 UTC */
#define ZONE      EVAC_STR("Europe/Berlin")

static const char app[] =
    "app = {\n"
    "  name = \"shop\"; strategy = \"warm-standby\";\n"
    "  regions = ( \"us-east-1\", \"us-west-2\" ); witness = \"eu-west-1\";\n"
    "  objectives = { rto = \"10m\"; rpo = \"30s\"; };\n"
    "  endpoint = { url = \"https://shop.example.com/health\"; expect = \"ok\";\n"
    "               regional = \"https://{region}.shop.example.com/health\";\n"
    "               served_by = \"x-region\"; every = \"@EVERY@\"; };\n"
    "  resources = {\n"
    "    db = { type = \"aurora\"; global_cluster = \"shop-db\";\n"
    "           clusters = { us-east-1 = \"shop-db-use1\"; us-west-2 = \"shop-db-usw2\"; }; };\n"
    "    web = { type = \"ecs\"; cluster = \"shop\"; service = \"web\";\n"
    "            count = { active = 6; standby = 1; }; };\n"
    "    batch = { type = \"asg\"; group = \"shop-batch\"; count = { active = 3; standby = 1; }; "
    "};\n"
    "    go = { type = \"s3-go\"; key = \"go/shop.json\"; renew = \"20s\";\n"
    "           buckets = { us-east-1 = \"go-use1\"; us-west-2 = \"go-usw2\";\n"
    "                       eu-west-1 = \"go-euw1\"; }; };\n"
    "    dns = { type = \"route53\"; zone = \"Z0SHOP\"; name = \"shop.example.com\";\n"
    "            switch = \"health-check\"; };\n"
    "  };\n"
    "  probes = ( { name = \"web\"; http = \"https://{region}.shop.example.com/health\";\n"
    "               expect = \"ok\"; every = \"@EVERY@\"; timeout = \"2s\"; fall = 3; } );\n"
    "  policy = { automatic = \"propose\"; canary = \"0s\"; measure = \"@MEASURE@\"; };\n"
    "  blackouts = ( { from = \"2026-11-23\"; to = \"2026-11-30\"; reason = \"the autumn sale\"; } "
    ");\n"
    "  drills = (\n"
    "    { name = \"there-and-back\"; kind = \"live\"; cron = \"0 9 * 1,4,7,10 tue#2\";\n"
    "      timezone = \"Europe/Berlin\"; soak = \"1h\"; skip_if_moved_within = \"45d\"; },\n"
    "    { name = \"standby\"; kind = \"isolated\"; cron = \"30 22 * 2,5,8,11 thu#4\";\n"
    "      timezone = \"Europe/Berlin\"; grace = \"1h\"; skip_if_moved_within = \"45d\"; }\n"
    "  );\n"
    "};\n";

static struct model_world *w;
static struct evac_trend *trend;
static struct evac_buf out;

/* --- the calendar's days ---------------------------------------------------------------------- */

static int64_t at(struct evac_str zone, const char *day)
{
    struct evac_civil c;
    bool timed;
    ck_assert_int_eq(evac_civil_parse(evac_str(day), &c, &timed, NULL), EVAC_OK);
    return evac_zone_instant(&evac_zones_libc, zone, &c);
}

static int64_t utc(const char *day)
{
    return at(EVAC_STR_NONE, day);
}

static const struct evac_drill *drill(void)
{
    return &model_world_app(w)->drill;
}

static int64_t debt(void)
{
    return evac_shell_debt(model_world_shell(w), 0, 1).points;
}

/* Quietly until a little before, then closely. */
static void come_to(int64_t at_ms)
{
    model_world_until(w, at_ms - SOON_MS);
    model_world_watch(w, true);
    model_world_until(w, at_ms);
}

static void rest(void)
{
    model_world_run(w, SOON_MS);
    model_world_watch(w, false);
}

/* The side that was left is watched until somebody says that it follows again. */
static void reconcile(void)
{
    if (model_world_app(w)->old_side.watched)
        ck_assert_int_eq(model_world_say(w, EVAC_CMD_RECONCILE, "ann", "the standby follows again"),
                         EVAC_OK);
}

/* People: they read the receipt, say yes, and wait. */
static void run_to_end(enum evac_drill_state end)
{
    for (int i = 0; i < 24 * 60 && drill()->state != EVAC_DRILL_IS_IDLE; i++) {
        const struct evac_engine_app *a = model_world_app(w);
        model_world_run(w, MINUTE_MS);
        if (a->run && a->run->state == EVAC_RUN_PROPOSED && i == 2)
            ck_assert_int_eq(model_world_say(w, EVAC_CMD_APPROVE, "ann", "go"), EVAC_OK);
        if (a->run && a->run->state == EVAC_RUN_ASKING)
            ck_assert_int_eq(model_world_say(w, EVAC_CMD_ROLLBACK, "ann", "not today"), EVAC_OK);
    }
    ck_assert_str_eq(evac_drill_state_name(drill()->last), evac_drill_state_name(end));
    ck_assert(evac_str_is(model_world_users(w), "us-east-1"));
    rest();
    reconcile();
}

static void drill_on(int64_t at_ms, enum evac_drill_state end)
{
    come_to(at_ms - SEC_MS);
    ck_assert_int_eq(drill()->state, EVAC_DRILL_IS_IDLE);
    model_world_run(w, 2 * SEC_MS);
    ck_assert_int_ne(drill()->state, EVAC_DRILL_IS_IDLE);
    run_to_end(end);
}

static void nothing_on(int64_t at_ms)
{
    uint64_t run;
    come_to(at_ms - SEC_MS);
    run = model_world_last_run(w);
    model_world_run(w, 2 * HOUR_MS);
    ck_assert_uint_eq(model_world_last_run(w), run);
    ck_assert_int_eq(drill()->state, EVAC_DRILL_IS_IDLE);
    rest();
}

static void close_deficiency(const char *id, const char *reason, uint64_t retest)
{
    struct evac_record row;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_arena *arena = evac_arena_new();
    const struct evac_deficiency_word word = { .verb = EVAC_DEFICIENCY_CLOSE,
                                               .app = EVAC_STR("shop"),
                                               .id = evac_str(id),
                                               .who = EVAC_STR("ann"),
                                               .reason = evac_str(reason),
                                               .retest = retest };
    enum evac_code code =
        evac_deficiency_say(model_world_store(w), &word, model_world_wall(w), arena, &row, &err);
    ck_assert_msg(code == EVAC_OK, "%s: %s", id, err.text);
    ck_assert_int_eq(model_world_note(w, &row), EVAC_OK);
    evac_arena_free(arena);
}

/* --- the year --------------------------------------------------------------------------------- */

static void an_outage(int64_t at_ms)
{
    come_to(at_ms);
    model_world_down(w, "us-east-1");
    model_world_run(w, 5 * MINUTE_MS);
    ck_assert_int_eq(model_world_say(w, EVAC_CMD_APPROVE, "bob", "it is really gone"), EVAC_OK);
    for (int i = 0; i < 60 && !evac_str_is(model_world_users(w), "us-west-2"); i++)
        model_world_run(w, MINUTE_MS);
    ck_assert(evac_str_is(model_world_users(w), "us-west-2"));
    model_world_run(w, HOUR_MS);
    model_world_down(w, NULL);
    ck_assert_int_eq(model_world_say(w, EVAC_CMD_ACK, "bob", "seen"), EVAC_OK);
    model_world_run(w, HOUR_MS);
    reconcile();
    ck_assert_int_eq(model_world_home(w, "bob", "us-east-1 is well again"), EVAC_OK);
    for (int i = 0; i < 60 && !evac_str_is(model_world_users(w), "us-east-1"); i++)
        model_world_run(w, MINUTE_MS);
    model_world_run(w, HOUR_MS);
    ck_assert(evac_str_is(model_world_users(w), "us-east-1"));
    ck_assert_int_eq(model_world_say(w, EVAC_CMD_ACK, "bob", "seen"), EVAC_OK);
    rest();
    reconcile();
}

static void teardown(void)
{
    evac_trend_free(trend);
    evac_buf_done(&out);
    model_world_free(w);
}
/* What was owed the moment before each drill, and the moment after. */
static struct {
    int64_t before, after;
} debts[8];
static size_t debt_count;

static void quarter(const char *day, enum evac_drill_state end)
{
    struct evac_civil civil = evac_zone_civil(&evac_zones_libc, ZONE, utc(day));
    ck_assert_msg(civil.hour == 9 || civil.hour == 22, "%s is %u o'clock there", day, civil.hour);
    come_to(utc(day) - SEC_MS);
    debts[debt_count].before = debt();
    drill_on(utc(day), end);
    debts[debt_count++].after = debt();
}

/* A good first quarter; a sale in the autumn; a drill that fails in January, because somebody took
 * a permission away; slower in spring, also in the outage of May; mended in summer. */
static void a_year(void)
{
    w = model_world_new(&(struct model_world_options){ BEGIN_MS, app });
    evac_buf_init(&out, 8u << 20);
    model_world_lag(w, 900);
    quarter("2026-10-13 07:00", EVAC_DRILL_IS_SUCCEEDED); /* summer time */
    nothing_on(utc("2026-11-26 21:30"));

    model_world_refuse(w, "fence-source", "access denied by a new bucket policy");
    quarter("2027-01-12 08:00", EVAC_DRILL_IS_FAILED); /* winter time */
    model_world_refuse(w, NULL, NULL);
    quarter("2027-02-25 21:30", EVAC_DRILL_IS_SUCCEEDED);

    model_world_pace(w, EVAC_PHASE_CAPACITY, 2.5);
    quarter("2027-04-13 07:00", EVAC_DRILL_IS_SUCCEEDED);
    close_deficiency("D-shop-1", "the policy names the controller's role again", 5);
    model_world_lag(w, 2600);
    an_outage(utc("2027-05-12 03:17"));
    nothing_on(utc("2027-05-27 20:30"));

    model_world_pace(w, EVAC_PHASE_CAPACITY, 0.8);
    quarter("2027-07-13 07:00", EVAC_DRILL_IS_SUCCEEDED);
    close_deficiency("D-shop-2", "a warm pool, and images in both regions", 9);
    quarter("2027-08-26 20:30", EVAC_DRILL_IS_SUCCEEDED);
    model_world_until(w, BEGIN_MS + INT64_C(365) * 86400000);
    ck_assert_int_eq(evac_trend_make(model_world_store(w), EVAC_STR("shop"), BEGIN_MS,
                                     model_world_wall(w), &trend, NULL),
                     EVAC_OK);
}

/* --- its facts -------------------------------------------------------------------------------- */

static const struct {
    const char *kind, *result;
    int64_t rto_s; /* -1: not known, or nobody was moved */
    bool met;
} told[] = {
    { "live", "succeeded", 300, true },      { "live", "succeeded", 300, true },
    { "live", "rolled_back", -1, false },    { "isolated", "succeeded", -1, false },
    { "live", "succeeded", 660, false },     { "live", "succeeded", 660, false },
    { "failover", "succeeded", 965, false }, { "failback", "succeeded", 660, false },
    { "live", "succeeded", 252, true },      { "live", "succeeded", 252, true },
    { "isolated", "succeeded", -1, false },
};
#define TOLD (sizeof told / sizeof told[0])

static void check_runs(void)
{
    ck_assert_uint_eq(trend->run_count, TOLD);
    for (size_t i = 0; i < TOLD; i++) {
        const struct evac_trend_run *r = &trend->runs[i];
        ck_assert_msg(evac_str_is(r->kind, told[i].kind), "run %zu", i + 1);
        ck_assert_msg(evac_str_is(r->result, told[i].result), "run %zu", i + 1);
        ck_assert_int_eq(r->moves && r->rto_known, told[i].rto_s >= 0);
        ck_assert_int_le(told[i].rto_s < 0 ? 0 : llabs(r->rto_ms - told[i].rto_s * 1000), 1000);
        ck_assert_msg(told[i].rto_s < 0 || (r->rto_ms <= r->rto_objective_ms) == told[i].met,
                      "run %zu", i + 1);
    }
    ck_assert_int_eq(trend->runs[0].rpo_ms, 0); /* planned: nothing is lost */
    ck_assert_int_gt(trend->runs[6].rpo_ms, 2600);
    ck_assert_int_lt(trend->runs[6].rpo_ms, trend->runs[6].rpo_objective_ms);
}

static void expect_told(size_t i, const char *day, const char *what, const char *why)
{
    const struct evac_trend_drill *d = NULL;
    for (size_t k = 0; k < trend->drill_count; k++)
        if (evac_str_is(trend->drills[k].what, what) && i-- == 0) {
            d = &trend->drills[k];
            break;
        }
    ck_assert_ptr_nonnull(d);
    ck_assert_int_eq(d->at_ms / 86400000, utc(day) / 86400000);
    ck_assert_msg(evac_str_has(d->why, why), "%.*s", EVAC_STR_ARG(d->why));
}

static void check_calendar(void)
{
    ck_assert_uint_eq(evac_trend_count(trend, "planned"), 10); /* two are next year's */
    ck_assert_uint_eq(evac_trend_count(trend, "succeeded"), 5);
    ck_assert_uint_eq(evac_trend_count(trend, "failed"), 1);
    ck_assert_uint_eq(evac_trend_count(trend, "skipped"), 2);
    ck_assert_uint_eq(evac_trend_count(trend, "missed"), 0);
    expect_told(0, "2026-11-26", "skipped",
                "a blackout until 2026-12-01 00:00 UTC: the autumn sale");
    expect_told(1, "2027-05-27", "skipped", "run 8 moved the app well 15 d");
    expect_told(0, "2027-01-12", "failed", "run 3 was rolled back");
}

/* 100 a quarter; a drill that fails pays nothing. */
static void check_debts(void)
{
    static const int64_t before[] = { EVAC_DEBT_NEVER, 99, 148, 50, 68, 48 };
    ck_assert_uint_eq(debt_count, sizeof before / sizeof before[0]);
    for (size_t i = 0; i < debt_count; i++) {
        ck_assert_msg(debts[i].before == before[i], "%zu: %lld", i, (long long)debts[i].before);
        ck_assert_int_eq(debts[i].after, i == 1 ? before[i] : 0);
    }
}

static void check_deficiencies(void)
{
    const struct evac_deficiencies *d = trend->deficiencies;
    ck_assert_uint_eq(d->count, 2);
    ck_assert_uint_eq(evac_deficiencies_open(d), 0);
    ck_assert_uint_eq(d->items[0].opened_run, 3);
    ck_assert_uint_eq(d->items[0].retest_run, 5);
    ck_assert_uint_eq(d->items[1].opened_run, 5);
    ck_assert_uint_eq(d->items[1].seen, 4);
    ck_assert_uint_eq(d->items[1].retest_run, 9);
    ck_assert_int_eq(d->items[1].ended_ms / 86400000, utc("2027-07-13") / 86400000);
}

START_TEST(a_year_of_drills_has_its_facts)
{
    check_runs();
    check_calendar();
    check_debts();
    check_deficiencies();
}
END_TEST

static void keep(const char *name)
{
    char path[600];
    const char *dir = getenv("EVAC_KEEP");
    if (!dir)
        return;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(out.p, 1, out.n, f), out.n);
    ck_assert_int_eq(fclose(f), 0);
}

START_TEST(its_trend_is_text_and_json_and_a_page)
{
    static const char *const words[] = { "D-shop-2", "the autumn sale", "2027-05-12",
                                         "rolled_back" };
    static void (*const writers[])(const struct evac_trend *,
                                   struct evac_buf *) = { evac_trend_text, evac_trend_json,
                                                          evac_trend_html };
    static const char *const names[] = { "trend.txt", "trend.json", "trend.html" };
    for (size_t i = 0; i < 3; i++) {
        evac_buf_reset(&out);
        writers[i](trend, &out);
        for (size_t k = 0; k < sizeof words / sizeof words[0]; k++)
            ck_assert_msg(strstr(out.p, words[k]) || (i == 1 && k == 2), "%s: %s", names[i],
                          words[k]);
        keep(names[i]);
    }
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("a year");
    tcase_add_unchecked_fixture(tc, a_year, teardown); /* once for all */
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, a_year_of_drills_has_its_facts);
    tcase_add_test(tc, its_trend_is_text_and_json_and_a_page);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("a year", cases)

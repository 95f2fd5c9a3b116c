/* The plan's lint: each rule with a plan that breaks it and one that does not. Drivers are tables
 * only, facts are a text; at the end the built-in facts and drivers. */
#include "builtin.h"
#include "builtin_runbooks.h"
#include "conf.h"
#include "driver_print.h"
#include "plan_lint.h"
#include "rights.h"
#include "suite.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

/* --- drivers that are only their tables
 * ---------------------------------------------------------------------------- */

static enum evac_code no_call(struct evac_link *link, const struct evac_call *call,
                              evac_done_fn *done, void *user, uint64_t *ret_id,
                              struct evac_err *err)
{
    (void)link, (void)call, (void)done, (void)user, (void)ret_id;
    return evac_fail(err, EVAC_E_UNSUPPORTED, "only a table");
}

/* clang-format off */
static const struct evac_param params[] = {
    { "place", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, "", NULL, "where it stands" },
    { "key", EVAC_PARAM_TEXT, 0, "", NULL, "something that it reads" },
    { "read_in", EVAC_PARAM_CHOICE, 0, "to", "to|from", "where it looks" },
    { "way", EVAC_PARAM_CHOICE, 0, "plain", "plain|record", "how" },
    { "ttl", EVAC_PARAM_INT, 0, "60", NULL, "seconds" },
    { 0 },
};
static const struct evac_op look[] = { { "box", "Look", "box:Look", EVAC_HOME_STEP, NULL, true, false }, { 0 } };
static const struct evac_op put[] = { { "box", "PutItem", "box:PutItem", EVAC_HOME_STEP, NULL, false, true }, { 0 } };
static const struct evac_op change[] = { { "box", "Change", "box:Change", EVAC_HOME_STEP, NULL, true, true }, { 0 } };
static const struct evac_op old[] = { { "box", "Change", "box:Change", EVAC_HOME_FROM, NULL, true, true }, { 0 } };
static const struct evac_op make[] = { { "box", "MakeOne", "box:MakeOne", EVAC_HOME_STEP, NULL, true, true }, { 0 } };
static const struct evac_op bind[] = { { "box", "BindName", "box:BindName", EVAC_HOME_STEP, NULL, true, true }, { 0 } };
static const struct evac_op edge[] = { { "edge", "Set", "edge:Set", EVAC_HOME_GLOBAL, NULL, true, true }, { 0 } };
static const struct evac_op post[] = { { "page", "Post", "page:Post", EVAC_HOME_NONE, NULL, false, true }, { 0 } };
static const struct evac_op lone[] = { { "lone", "Set", "lone:Set", EVAC_HOME_FIXED, "lone-east", true, true }, { 0 } };
static const struct evac_op names[] = {
    { "names", "List", "names:List", EVAC_HOME_FIXED, "home-east", true, false },
    { "names", "Set", "names:Set", EVAC_HOME_FIXED, "home-east", true, true, "way=record" },
    { 0 },
};
static const struct evac_param may_params[] = {
    { "permissions", EVAC_PARAM_TEXT, 0, "{iam}", NULL, "of the plan" },
    { 0 },
};
static const struct evac_action actions[] = {
    { "look", "looks", 0, EVAC_FENCING_NONE, 100, 1000, NULL, look },
    { "fence", "stops the writer", EVAC_ACTION_MUTATES | EVAC_ACTION_FENCES, EVAC_FENCING_VERSION, 100, 9000, NULL, put },
    { "change", "changes", EVAC_ACTION_MUTATES, EVAC_FENCING_NONE, 100, 9000, NULL, change },
    { "old", "asks the old side", EVAC_ACTION_MUTATES, EVAC_FENCING_NONE, 100, 9000, NULL, old },
    { "make", "makes", EVAC_ACTION_MUTATES, EVAC_FENCING_NONE, 100, 9000, NULL, make },
    { "bind", "binds", EVAC_ACTION_MUTATES, EVAC_FENCING_NONE, 100, 9000, NULL, bind },
    { "name", "names", EVAC_ACTION_MUTATES, EVAC_FENCING_NONE, 100, 9000, NULL, names },
    { "edge", "sets it everywhere", EVAC_ACTION_MUTATES, EVAC_FENCING_NONE, 100, 9000, NULL, edge },
    { "page", "tells somebody", EVAC_ACTION_MUTATES, EVAC_FENCING_NONE, 100, 9000, NULL, post },
    { "lone", "sets it at its home", EVAC_ACTION_MUTATES, EVAC_FENCING_NONE, 100, 9000, NULL, lone },
    { "may", "asks what it may", 0, EVAC_FENCING_NONE, 100, 9000, may_params, NULL },
    { "prove", "proves", EVAC_ACTION_VERIFIES, EVAC_FENCING_NONE, 100, 9000, NULL, NULL },
    { "route", "routes", EVAC_ACTION_MUTATES | EVAC_ACTION_TRAFFIC, EVAC_FENCING_NONE, 100, 9000, NULL, put },
    { 0 },
};
/* clang-format on */
/* clang-format off */
static const struct evac_op measures[] = {
    { "meter", "Lag", "meter:Lag", EVAC_HOME_FROM, NULL, false, false, "key=measured" },
    { "meter", "Found", "meter:Found", EVAC_HOME_TO, NULL, false, false, "key=measured" },
    { 0 },
};
static const struct evac_driver box = { "box", "a box", params, actions, 1u << EVAC_VERB_MEASURE, measures, no_call, NULL };
/* clang-format on */
static const struct evac_driver *const drivers[] = { &box, NULL };
static const struct evac_pack pack = { EVAC_DRIVER_ABI, "fake", drivers, NULL, NULL };
static const struct evac_pack *const packs[] = { &pack };
static const struct evac_catalog catalog = { packs, 1 };

#define FACTS                                                                                      \
    "date = \"2026-11-21\"; sources = { page = \"https://example.com/page\"; };\n"                 \
    "partitions = ( { name = \"far\"; prefix = \"cn-\"; }, { name = \"main\"; prefix = \"\"; } )"  \
    ";\n"                                                                                          \
    "planes = (\n"                                                                                 \
    "{ service = \"names\"; operations = ( \"*\" ); home = { main = \"home-east\"; far = "         \
    "\"far-home\"; }; works = \"answers\"; alternative = \"a check\"; source = \"page\"; },\n"     \
    "{ service = \"box\"; operations = ( \"Make*\" ); provisions = true; alternative = \"made "    \
    "before\"; source = \"page\"; },\n"                                                            \
    "{ service = \"box\"; operations = ( \"*Name\" ); needs = { main = \"home-east\"; }; because " \
    "= \"names\"; alternative = \"bound before\"; source = \"page\"; } );\n"                       \
    "endpoints = ( { host = \"global.example.com\"; home = { main = \"home-east\"; }; "            \
    "alternative = \"a region's\"; source = \"page\"; } );\n"                                      \
    "settings = ( { name = \"fake.sts\"; verdict = \"warn\"; problem = \"slow\"; alternative = "   \
    "\"none\"; source = \"page\"; } );\n"

/* --- a plan, linted
 * ---------------------------------------------------------------------------------------------- */

static struct evac_diag diag;
static struct evac_model *model;
static struct evac_plan *plan;
static const struct evac_facts *facts;
static struct evac_lint lint;

struct world {
    const char *controller;     /* evac.cfg */
    const char *app, *resource; /* settings of the resource */
    const char *steps;
    const char *facts; /* NULL: FACTS */
    enum evac_mode mode;
    const char *down; /* NULL: what follows from the mode */
    const char *today;
    const char *from, *to; /* NULL: us-east-1, us-west-2 */
};

static void setup(void)
{
    diag = (struct evac_diag){ .arena = evac_arena_new() };
    model = NULL;
    plan = NULL;
}

static void teardown(void)
{
    evac_plan_free(plan);
    evac_model_free(model);
    evac_arena_free(diag.arena);
}

static void must(enum evac_code code, const struct evac_err *err)
{
    struct evac_buf text;
    evac_buf_init(&text, 65536);
    evac_diag_print(&diag, &text);
    ck_assert_msg(!code, "%s\n%s", err->text, text.n ? text.p : "");
    evac_buf_done(&text);
}

static void look_at(const struct world *w)
{
    char app[4096], book[8192];
    struct evac_err err = { EVAC_OK, "" };
    int64_t today = 0;
    snprintf(app, sizeof app,
             "app = { name = \"a\"; strategy = \"warm-standby\"; witness = \"eu-west-1\";\n"
             "regions = ( \"us-east-1\", \"us-west-2\", \"cn-north-1\", \"cn-west-2\" );\n"
             "objectives = { rto = \"5m\"; rpo = \"5s\"; };\n"
             "resources = { db = { type = \"box\"; %s }; }; policy = { automatic = \"never\"; }; "
             "%s };",
             w->resource ? w->resource : "", w->app ? w->app : "");
    snprintf(book, sizeof book,
             "runbook = { name = \"warm-standby\"; failover = { steps = (\n%s\n); }; };", w->steps);
    const struct evac_conf_text files[] = {
        { "evac.cfg",
          evac_str(w->controller
                       ? w->controller
                       : "region = \"eu-north-1\"; anchors = ( \"http://a.example/\" );") },
        { "app.cfg", evac_str(app) },
        { "book.cfg", evac_str(book) },
    };
    must(evac_conf_parse(files, 3, &diag, &model, &err), &err);
    struct evac_plan_request q = { .model = model,
                                   .app = &model->apps[0],
                                   .catalog = &catalog,
                                   .mode = w->mode,
                                   .from = evac_str(w->from ? w->from : "us-east-1"),
                                   .to = evac_str(w->to ? w->to : "us-west-2") };
    must(evac_plan_compile(&q, &diag, &plan, &err), &err);
    const struct evac_conf_text text = { "facts.cfg", evac_str(w->facts ? w->facts : FACTS) };
    must(evac_facts_parse(&text, 1, &diag, &facts, &err), &err);
    ck_assert(!w->today || evac_facts_day(evac_str(w->today), &today));
    evac_lint_plan(&(struct evac_lint_request){ plan, &catalog, facts, model,
                                                w->down ? evac_str(w->down) : evac_lint_down(plan),
                                                today },
                   diag.arena, &lint);
}

static const struct evac_lint_row *row_of(const char *rule)
{
    const struct evac_lint_row *found = NULL;
    for (size_t i = 0; i < lint.row_count; i++)
        if (strcmp(lint.rows[i].rule, rule) == 0 &&
            (!found || lint.rows[i].verdict > found->verdict))
            found = &lint.rows[i];
    return found;
}

static void says(const char *rule, enum evac_lint_verdict verdict)
{
    const struct evac_lint_row *row = row_of(rule);
    ck_assert_msg(row != NULL, "nothing said by %s", rule);
    ck_assert_msg(row->verdict == verdict, "%s is %s: %.*s", rule,
                  evac_lint_verdict_name(row->verdict), EVAC_STR_ARG(row->problem));
    ck_assert_uint_gt(row->problem.n, 0);
    ck_assert_uint_gt(row->alternative.n, 0);
}

static void is_clean(void)
{
    for (size_t i = 0; i < lint.row_count; i++)
        ck_assert_msg(lint.rows[i].verdict <= EVAC_LINT_INFO, "%s: %.*s", lint.rows[i].rule,
                      EVAC_STR_ARG(lint.rows[i].problem));
    ck_assert_int_le(lint.worst, EVAC_LINT_INFO);
}

#define STEP(action, region, phase, more)                                                          \
    "{ name = \"" action "-" region "\"; action = \"box." action "\"; region = \"" region          \
    "\"; phase = \"" phase "\"; " more " }"
#define LINT(...) look_at(&(const struct world){ __VA_ARGS__ })
#define GONE      .mode = EVAC_MODE_UNGRACEFUL
#define ALIVE     .mode = EVAC_MODE_GRACEFUL

START_TEST(every_operation_is_a_row_with_its_plane_and_home)
{
    LINT(GONE, .resource = "way = \"record\";",
         .steps = STEP("look", "to", "check", "") "," STEP("fence", "to", "fence",
                                                           "") "," STEP("name", "to", "data", ""),
         .down = "nowhere-1");
    ck_assert_uint_eq(lint.operations, 4);
    ck_assert_str_eq(lint.rows[0].operation, "Look");
    ck_assert_str_eq(lint.rows[0].plane, "control");
    ck_assert(evac_str_is(lint.rows[0].home, "us-west-2"));
    ck_assert_str_eq(lint.rows[1].plane, "data");
    ck_assert_uint_eq(lint.rows[1].home.n, 0);
    ck_assert(evac_str_is(lint.rows[3].home, "home-east"));
    ck_assert(evac_str_is(lint.rows[3].region, "home-east"));
    ck_assert(lint.rows[3].mutates);
}
END_TEST

/* Once a resource, however many steps it has; and nothing waits for it. */
START_TEST(what_is_measured_is_a_row_too_and_holds_nothing_up)
{
    LINT(GONE, .resource = "key = \"measured\";",
         .steps = STEP("look", "to", "check", "") "," STEP("fence", "to", "fence", ""));
    ck_assert_uint_eq(lint.operations, 4);
    says("failed-region", EVAC_LINT_INFO);
    ck_assert_str_eq(row_of("failed-region")->operation, "Lag");
    ck_assert(evac_str_is(row_of("failed-region")->step, "(measure)"));
    is_clean();
}
END_TEST

START_TEST(a_call_of_no_region_is_a_row_that_no_region_takes_down)
{
    LINT(GONE, .steps = STEP("edge", "to", "data", "") "," STEP("page", "to", "cleanup", ""));
    ck_assert_uint_eq(lint.operations, 2);
    ck_assert(evac_str_is(lint.rows[0].region, "global"));
    ck_assert_uint_eq(lint.rows[1].region.n, 0);
    is_clean();
}
END_TEST

START_TEST(a_home_that_only_the_drivers_table_knows_is_one)
{
    LINT(GONE, .down = "lone-east", .steps = STEP("lone", "to", "data", ""));
    says("failed-home", EVAC_LINT_ERROR);
    teardown();
    setup();
    LINT(GONE, .steps = STEP("lone", "to", "data", ""));
    ck_assert(evac_str_is(lint.rows[0].home, "lone-east"));
}
END_TEST

START_TEST(an_operation_that_the_settings_rule_out_is_no_row)
{
    LINT(GONE, .resource = "way = \"plain\";", .steps = STEP("name", "to", "data", ""));
    ck_assert_uint_eq(lint.operations, 1);
    ck_assert_str_eq(lint.rows[0].operation, "List");
}
END_TEST

START_TEST(a_call_in_the_failed_region_is_an_error)
{
    LINT(GONE, .steps = STEP("look", "from", "check", ""));
    says("failed-region", EVAC_LINT_ERROR);
    ck_assert_uint_eq(lint.counts[EVAC_LINT_ERROR], 1);
    ck_assert_int_eq(lint.worst, EVAC_LINT_ERROR);
}
END_TEST

START_TEST(a_call_that_the_service_takes_in_the_old_region_is_one_too)
{
    LINT(GONE, .steps = STEP("old", "to", "data", ""));
    says("failed-region", EVAC_LINT_ERROR);
}
END_TEST

START_TEST(a_call_in_the_region_taking_over_is_none)
{
    LINT(GONE, .steps = STEP("look", "to", "check", ""));
    is_clean();
    ck_assert_ptr_null(row_of("failed-region"));
}
END_TEST

START_TEST(what_only_graceful_moves_do_is_not_looked_at_in_an_ungraceful_one)
{
    LINT(GONE, .steps = STEP("look", "to", "check", "") "," STEP(
                   "change", "from", "cleanup", "when = { mode = \"graceful\"; };"));
    is_clean();
    ck_assert_uint_eq(lint.operations, 1);
}
END_TEST

START_TEST(a_graceful_move_assumes_nothing_down)
{
    LINT(ALIVE, .steps = STEP("old", "to", "data", "") "," STEP("look", "from", "check", ""));
    is_clean();
    ck_assert_uint_eq(lint.down.n, 0);
}
END_TEST

START_TEST(a_graceful_move_can_be_looked_at_with_a_region_down)
{
    LINT(ALIVE, .down = "us-east-1", .steps = STEP("look", "from", "check", ""));
    says("failed-region", EVAC_LINT_ERROR);
}
END_TEST

START_TEST(best_effort_may_fail)
{
    LINT(GONE, .steps = STEP("look", "from", "check", "on_failure = \"go-on\";"));
    says("failed-region", EVAC_LINT_INFO);
}
END_TEST

START_TEST(what_comes_after_the_recovery_is_a_warning)
{
    LINT(GONE, .steps = STEP("change", "from", "cleanup", ""));
    says("failed-region", EVAC_LINT_WARN);
}
END_TEST

START_TEST(a_step_without_calls_in_the_failed_region_is_a_warning)
{
    LINT(GONE, .steps = STEP("prove", "from", "verify", ""));
    says("failed-region", EVAC_LINT_WARN);
    teardown();
    setup();
    LINT(GONE, .steps = STEP("prove", "to", "verify", ""));
    is_clean();
}
END_TEST

START_TEST(a_control_plane_whose_home_failed_is_an_error_wherever_it_is_called)
{
    LINT(GONE, .down = "home-east", .resource = "way = \"record\";",
         .steps = STEP("name", "to", "traffic", ""));
    says("failed-home", EVAC_LINT_ERROR);
    const struct evac_lint_row *row = row_of("failed-home");
    ck_assert(evac_str_is(row->alternative, "a check"));
    ck_assert(evac_str_is(row->works, "answers"));
    ck_assert(evac_str_is(row->source, "https://example.com/page"));
}
END_TEST

#define HOMELESS                                                                                   \
    "date = \"2026-11-21\"; sources = { page = \"https://example.com/page\"; };\n"                 \
    "partitions = ( { name = \"main\"; prefix = \"\"; } );\n"                                      \
    "planes = ( { service = \"box\"; operations = ( \"Change\" ); home = { main = "                \
    "\"home-east\"; }; alternative = \"x\"; source = \"page\"; } );\n"

START_TEST(the_facts_know_homes_that_the_drivers_table_does_not)
{
    LINT(GONE, .facts = HOMELESS, .down = "home-east", .steps = STEP("change", "to", "data", ""));
    says("failed-home", EVAC_LINT_ERROR);
    ck_assert(evac_str_is(row_of("failed-home")->region, "us-west-2"));
    teardown();
    setup();
    LINT(GONE, .facts = HOMELESS, .down = "home-east", .steps = STEP("fence", "to", "fence", ""));
    is_clean();
}
END_TEST

START_TEST(each_partition_has_its_own_home)
{
    LINT(GONE, .from = "cn-north-1", .to = "cn-west-2", .down = "far-home",
         .resource = "way = \"record\";", .steps = STEP("name", "to", "traffic", ""));
    says("failed-home", EVAC_LINT_ERROR);
    teardown();
    setup();
    LINT(GONE, .from = "cn-north-1", .to = "cn-west-2", .down = "home-east",
         .steps = STEP("bind", "to", "data", ""));
    ck_assert_ptr_null(row_of("hidden-dependency"));
}
END_TEST

START_TEST(a_hidden_dependency_is_an_error_when_it_is_gone_and_a_warning_otherwise)
{
    LINT(GONE, .down = "home-east", .steps = STEP("bind", "to", "data", ""));
    says("hidden-dependency", EVAC_LINT_ERROR);
    ck_assert(evac_str_has(row_of("hidden-dependency")->problem, "names"));
    teardown();
    setup();
    LINT(GONE, .steps = STEP("bind", "to", "data", ""));
    says("dependent", EVAC_LINT_WARN);
    teardown();
    setup();
    LINT(GONE, .steps = STEP("change", "to", "data", ""));
    ck_assert_ptr_null(row_of("dependent"));
}
END_TEST

START_TEST(making_something_is_a_warning_changing_it_is_told)
{
    LINT(GONE, .steps = STEP("make", "to", "capacity", ""));
    says("provisions", EVAC_LINT_WARN);
    teardown();
    setup();
    LINT(GONE, .steps = STEP("change", "to", "capacity", ""));
    says("control-plane", EVAC_LINT_INFO);
    ck_assert_ptr_null(row_of("provisions"));
    teardown();
    setup();
    LINT(GONE, .steps = STEP("fence", "to", "fence", ""));
    ck_assert_ptr_null(row_of("control-plane"));
}
END_TEST

START_TEST(a_home_that_is_well_but_elsewhere_is_a_warning)
{
    LINT(GONE, .resource = "way = \"record\";", .steps = STEP("name", "to", "traffic", ""));
    says("remote-home", EVAC_LINT_WARN);
    teardown();
    setup();
    LINT(GONE, .steps = STEP("name", "to", "traffic", ""));
    says("remote-home", EVAC_LINT_INFO);
}
END_TEST

START_TEST(a_setting_that_names_the_failed_region_is_an_error)
{
    static const char *const values[] = {
        "key = \"us-east-1\";",
        "key = \"id:cloud:keys:us-east-1:123:key/9\";",
        "key = \"https://box.us-east-1.example.com/x\";",
        "key = \"us-east-1a\";",
        "key = \"x,us-east-1b,y\";",
        "key = \"https://{from}.example.com/\";",
        "place = { us-east-1 = \"x\"; us-west-2 = \"us-east-1\"; };",
    };
    LINT(GONE, .resource = values[_i],
         .steps = STEP("look", "to", "check", "") "," STEP("fence", "to", "fence", ""));
    says("reads-failed-region", EVAC_LINT_ERROR);
    ck_assert_uint_eq(lint.counts[EVAC_LINT_ERROR], 1); /* once, however many steps use it */
}
END_TEST

START_TEST(one_that_does_not_is_none)
{
    static const char *const values[] = {
        "key = \"us-west-2\";",
        "key = \"us-east-11\";",
        "key = \"aus-east-1\";",
        "key = \"us-east-1zone\";",
        "key = \"us-east-1a2\";",
        "key = \"us-east-1Z\";",
        "key = \"Zus-east-1\";",
        "key = \"7us-east-1\";",
        "key = \"https://{to}.example.com/\";",
        "place = { us-east-1 = \"us-east-1\"; us-west-2 = \"x\"; };",
    };
    LINT(GONE, .resource = values[_i],
         .steps = STEP("look", "to", "check", "") "," STEP("fence", "to", "fence", ""));
    is_clean();
}
END_TEST

START_TEST(a_name_after_the_failed_region_is_a_warning)
{
    LINT(GONE, .resource = "key = \"shop-us-east-1\";", .steps = STEP("look", "to", "check", ""));
    says("reads-failed-region", EVAC_LINT_WARN);
}
END_TEST

START_TEST(a_choice_that_means_the_old_region_is_an_error)
{
    LINT(GONE, .resource = "read_in = \"from\";", .steps = STEP("look", "to", "check", ""));
    says("reads-failed-region", EVAC_LINT_ERROR);
    teardown();
    setup();
    LINT(GONE, .resource = "read_in = \"to\"; key = \"from\";",
         .steps = STEP("look", "to", "check", ""));
    is_clean();
}
END_TEST

START_TEST(a_global_endpoint_has_a_home)
{
    LINT(GONE, .resource = "key = \"https://global.example.com/x\";",
         .steps = STEP("look", "to", "check", ""));
    says("global-endpoint", EVAC_LINT_WARN);
    teardown();
    setup();
    LINT(GONE, .down = "home-east", .steps = STEP("look", "to", "check", ""),
         .controller = "region = \"eu-north-1\"; anchors = ( \"http://a.example/\" ); packs = { "
                       "fake = { url = "
                       "\"https://global.example.com\"; }; };");
    says("global-endpoint", EVAC_LINT_ERROR);
    teardown();
    setup();
    LINT(GONE, .resource = "key = \"https://not.global.example.com/\";",
         .steps = STEP("look", "to", "check", ""));
    is_clean();
}
END_TEST

START_TEST(a_host_that_only_sounds_like_it_is_none)
{
    static const char *const values[] = { "key = \"xglobal.example.com\";",
                                          "key = \"my-global.example.com\";",
                                          "key = \"global.example.company\";",
                                          "key = \"global.example.com.au\";",
                                          "key = \"global.example.com-2\";" };
    LINT(GONE, .resource = values[_i], .steps = STEP("look", "to", "check", ""));
    is_clean();
}
END_TEST

#define PACKS(text)                                                                                \
    "region = \"eu-north-1\"; anchors = ( \"http://a.example/\" ); packs = { fake = { " text "}; " \
    "};"

START_TEST(a_setting_of_the_controller_that_names_the_failed_region_is_told_without_its_value)
{
    LINT(GONE, .controller = PACKS("url = \"https://secret:us-east-1@x\";"),
         .steps = STEP("look", "to", "check", ""));
    says("setting", EVAC_LINT_ERROR);
    ck_assert(evac_str_is(row_of("setting")->setting, "packs.fake.url"));
    ck_assert(!evac_str_has(row_of("setting")->problem, "secret"));
    teardown();
    setup();
    LINT(GONE, .controller = PACKS("sts = \"us-east-1\";"),
         .steps = STEP("look", "to", "check", ""));
    says("setting", EVAC_LINT_WARN); /* the facts know better */
    teardown();
    setup();
    LINT(GONE, .controller = PACKS("sts = \"us-west-2\";"),
         .steps = STEP("look", "to", "check", ""));
    is_clean();
}
END_TEST

START_TEST(a_controller_in_the_failed_region_is_an_error)
{
    LINT(GONE, .controller = "region = \"us-east-1\";", .steps = STEP("look", "to", "check", ""));
    says("controller-region", EVAC_LINT_ERROR);
    teardown();
    setup();
    LINT(GONE, .controller = "region = \"us-west-2\";", .steps = STEP("look", "to", "check", ""));
    says("controller-region", EVAC_LINT_WARN);
    teardown();
    setup();
    LINT(GONE, .controller = "node = \"n\";", .steps = STEP("look", "to", "check", ""));
    says("controller-region", EVAC_LINT_INFO);
    teardown();
    setup();
    LINT(GONE, .steps = STEP("look", "to", "check", ""));
    ck_assert_ptr_null(row_of("controller-region"));
}
END_TEST

#define PEERS(other)                                                                               \
    "node = \"evac-a\"; region = \"us-east-1\"; shared = { cluster = \"c\"; endpoints = ( "        \
    "\"http://127.0.0.1:2379\" ); controllers = ( { name = \"evac-a\"; region = \"us-east-1\"; "   \
    "}, "                                                                                          \
    "{ name = \"evac-b\"; region = \"" other "\"; } ); };"

/* Of several controllers another one can take over, if it is not gone too. */
START_TEST(a_controller_in_the_failed_region_with_another_elsewhere_is_a_warning)
{
    LINT(GONE, .controller = PEERS("eu-west-1"), .steps = STEP("look", "to", "check", ""));
    says("controller-region", EVAC_LINT_WARN);
    teardown();
    setup();
    LINT(GONE, .controller = PEERS("us-east-1"), .steps = STEP("look", "to", "check", ""));
    says("controller-region", EVAC_LINT_ERROR);
}
END_TEST

START_TEST(anchors_that_all_fail_with_the_region_are_a_warning)
{
    LINT(GONE, .controller = "anchors = ( \"http://x.us-east-1.example/\" );",
         .steps = STEP("look", "to", "check", ""));
    says("one-vantage", EVAC_LINT_WARN);
    teardown();
    setup();
    LINT(GONE,
         .controller = "anchors = ( \"http://x.us-east-1.example/\", \"http://y.example/\" );",
         .steps = STEP("look", "to", "check", ""));
    ck_assert_ptr_null(row_of("one-vantage"));
    teardown();
    setup();
    LINT(GONE, .controller = "node = \"n\";", .steps = STEP("look", "to", "check", ""));
    says("one-vantage", EVAC_LINT_INFO);
}
END_TEST

START_TEST(an_app_that_one_person_alone_may_move_is_told_as_such)
{
    LINT(GONE, .controller = "node = \"n\";", .steps = STEP("look", "to", "check", ""));
    says("asks-nobody", EVAC_LINT_INFO);
    teardown();
    setup();
    LINT(GONE, .controller = "node = \"n\";", .app = "approvals = { need = 1; };",
         .steps = STEP("look", "to", "check", ""));
    ck_assert_ptr_null(row_of("asks-nobody"));
}
END_TEST

#define ROUTED                                                                                     \
    STEP("prove", "to", "verify", "")                                                              \
    "," STEP("route", "to", "traffic", "after = ( \"prove-to\" );")

START_TEST(a_long_ttl_of_what_moves_the_traffic_is_a_warning)
{
    LINT(GONE, .resource = "ttl = 300;", .steps = ROUTED);
    says("long-ttl", EVAC_LINT_WARN);
    teardown();
    setup();
    LINT(GONE, .resource = "ttl = 120;", .steps = ROUTED);
    is_clean();
    teardown();
    setup();
    LINT(GONE, .resource = "ttl = 300;", .steps = STEP("look", "to", "check", ""));
    is_clean();
}
END_TEST

START_TEST(facts_older_than_a_year_are_a_warning)
{
    LINT(GONE, .today = "2027-11-21", .steps = STEP("look", "to", "check", ""));
    is_clean();
    teardown();
    setup();
    LINT(GONE, .today = "2027-11-22", .steps = STEP("look", "to", "check", ""));
    says("old-facts", EVAC_LINT_WARN);
}
END_TEST

START_TEST(a_region_that_nothing_names_is_a_slip)
{
    LINT(GONE, .down = "us-esat-1", .steps = STEP("look", "to", "check", ""));
    says("unknown-region", EVAC_LINT_WARN);
    teardown();
    setup();
    LINT(GONE, .down = "home-east", .steps = STEP("look", "to", "check", ""));
    is_clean();
}
END_TEST

START_TEST(no_facts_are_a_warning)
{
    LINT(GONE, .steps = STEP("bind", "to", "data", ""));
    evac_lint_plan(&(struct evac_lint_request){ plan, &catalog, NULL, model, plan->from, 0 },
                   diag.arena, &lint);
    says("no-facts", EVAC_LINT_WARN);
    ck_assert_ptr_null(row_of("dependent"));
}
END_TEST

/* --- the facts' own text
 * ---------------------------------------------------------------------------------------- */

START_TEST(facts_with_a_slip_are_refused_with_their_line)
{
    static const struct {
        const char *from, *to, *said;
    } slips[] = {
        { "2026-11-21", "yesterday", "allowed: a day" },
        { "works", "wroks", "did you mean \"works\"" },
        { "main = \"home-east\"; far", "mian = \"home-east\"; far", "no partition \"mian\"" },
        { "source = \"page\"", "source = \"pgae\"", "no source \"pgae\"" },
        { "verdict = \"warn\"", "verdict = \"wran\"", "did you mean \"warn\"" },
    };
    char text[8192];
    struct evac_err err = { EVAC_OK, "" };
    struct evac_buf out;
    const char *at = strstr(FACTS, slips[_i].from);
    ck_assert_ptr_nonnull(at);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - FACTS), FACTS, slips[_i].to,
             at + strlen(slips[_i].from));
    ck_assert_int_eq(evac_facts_parse(&(struct evac_conf_text){ "f.cfg", evac_str(text) }, 1, &diag,
                                      &facts, &err),
                     EVAC_E_BADCONF);
    ck_assert_ptr_null(facts);
    evac_buf_init(&out, 65536);
    evac_diag_print(&diag, &out);
    ck_assert_msg(strstr(out.p, slips[_i].said) != NULL, "%s", out.p);
    ck_assert(strncmp(out.p, "f.cfg:", 6) == 0);
    evac_buf_done(&out);
}
END_TEST

START_TEST(a_star_stands_for_anything)
{
    ck_assert(evac_facts_fits(EVAC_STR("*"), EVAC_STR("")));
    ck_assert(evac_facts_fits(EVAC_STR("Put*"), EVAC_STR("PutItem")));
    ck_assert(evac_facts_fits(EVAC_STR("*Url*"), EVAC_STR("PutUrlItem")));
    ck_assert(evac_facts_fits(EVAC_STR("*ab"), EVAC_STR("aab")));
    ck_assert(!evac_facts_fits(EVAC_STR("Put*"), EVAC_STR("Get")));
    ck_assert(!evac_facts_fits(EVAC_STR("Put"), EVAC_STR("PutItem")));
    ck_assert(!evac_facts_fits(EVAC_STR("*Url"), EVAC_STR("Urls")));
}
END_TEST

START_TEST(days_are_counted)
{
    int64_t day = 0;
    ck_assert(evac_facts_day(EVAC_STR("1970-01-01"), &day) && day == 0);
    ck_assert(evac_facts_day(EVAC_STR("2000-03-01"), &day) && day == 11017);
    ck_assert(evac_facts_day(EVAC_STR("2024-02-29"), &day) && day == 19782);
    ck_assert(!evac_facts_day(EVAC_STR("2024-2-29"), &day));
    ck_assert(!evac_facts_day(EVAC_STR("2024-13-01"), &day));
    ck_assert(!evac_facts_day(EVAC_STR(""), &day));
}
END_TEST

/* --- the built-in ones
 * ------------------------------------------------------------------------------------------ */

static void load_builtin(void)
{
    struct evac_err err = { EVAC_OK, "" };
    must(evac_builtin_load_facts(EVAC_STR_NONE, EVAC_STR_NONE, EVAC_STR_NONE, &diag, &facts, &err),
         &err);
    ck_assert_ptr_nonnull(facts);
}

START_TEST(the_built_in_facts_know_what_is_famous)
{
    static const struct {
        const char *service, *operation, *region, *home, *needs;
    } known[] = {
        { "route53", "ChangeResourceRecordSets", "eu-west-1", "us-east-1", "" },
        { "route53", "ChangeResourceRecordSets", "cn-north-1", "cn-northwest-1", "" },
        { "iam", "CreateRole", "us-gov-east-1", "us-gov-west-1", "" },
        { "globalaccelerator", "UpdateEndpointGroup", "us-east-1", "us-west-2", "" },
        { "s3", "PutBucketReplication", "eu-west-1", "", "us-east-1" },
        { "rds", "RestoreDBClusterFromSnapshot", "eu-west-1", "", "us-east-1" },
        { "rds", "FailoverGlobalCluster", "eu-west-1", "", "" },
        { "elbv2", "CreateLoadBalancer", "eu-west-1", "", "us-east-1" },
        { "s3control", "SubmitMultiRegionAccessPointRoutes", "us-west-2", "", "" },
        { "s3control", "CreateMultiRegionAccessPoint", "eu-west-1", "us-west-2", "us-east-1" },
        { "arc-region-switch", "CreatePlan", "eu-west-1", "us-east-1", "" },
    };
    load_builtin();
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const struct evac_fact_plane *fact =
            evac_facts_find(facts, known[i].service, known[i].operation);
        ck_assert_msg(fact != NULL, "%s", known[i].operation);
        struct evac_str region = evac_str(known[i].region);
        ck_assert_msg(evac_str_is(evac_facts_region(facts, &fact->home, region), known[i].home),
                      "%s", known[i].operation);
        ck_assert_msg(evac_str_is(evac_facts_region(facts, &fact->needs, region), known[i].needs),
                      "%s", known[i].operation);
    }
    ck_assert_ptr_null(evac_facts_find(facts, "s3", "PutObject"));
}
END_TEST

/* The two tables must not contradict each other. */
START_TEST(drivers_and_facts_agree_on_homes)
{
    const struct evac_catalog *all = evac_builtin_catalog();
    load_builtin();
    for (size_t p = 0; p < all->pack_count; p++)
        for (const struct evac_driver *const *d = all->packs[p]->drivers; *d; d++)
            for (const struct evac_action *a = (*d)->actions; a->name; a++)
                for (const struct evac_op *op = a->ops; op && op->service; op++) {
                    const struct evac_fact_plane *fact =
                        evac_facts_find(facts, op->service, op->operation);
                    struct evac_str home =
                        fact ? evac_facts_region(facts, &fact->home, EVAC_STR("us-east-1"))
                             : EVAC_STR_NONE;
                    if (op->home == EVAC_HOME_FIXED && op->control_plane)
                        ck_assert_msg(evac_str_is(home, op->home_region), "%s.%s: %s", (*d)->name,
                                      a->name, op->operation);
                    else
                        ck_assert_msg(home.n == 0, "%s.%s: %s lives in %.*s", (*d)->name, a->name,
                                      op->operation, EVAC_STR_ARG(home));
                }
}
END_TEST

/* --- a whole app with the built-in runbook, drivers and facts
 * ---------------------------------------------------------- */

#define SHOP                                                                                       \
    "app = { name = \"shop\"; strategy = \"warm-standby\"; regions = ( \"%s\", \"%s\" );\n"        \
    "objectives = { rto = \"2m\"; rpo = \"30s\"; }; policy = { automatic = \"never\"; };\n"        \
    "endpoint = { url = \"http://shop.example.com/\"; regional = "                                 \
    "\"http://{region}.shop.example.com/\"; };\n"                                                  \
    "resources = {\n"                                                                              \
    "db = { type = \"aurora\"; global_cluster = \"shop-db\"; clusters = \"shop-{region}\"; };\n"   \
    "web = { type = \"ecs\"; cluster = \"shop\"; service = \"web\"; count = { active = 6; "        \
    "standby = "                                                                                   \
    "1; }; };\n"                                                                                   \
    "go = { type = \"s3-go\"; key = \"go.json\"; renew = \"5s\"; buckets = \"go-{region}\"; };\n"  \
    "dns = { type = \"route53\"; zone = \"Z1\"; name = \"shop.example.com\"; switch = \"%s\"; "    \
    "target = \"{region}.shop.example.com\"; };\n"                                                 \
    "}; };\n"

static void load_shop(const char *home, const char *standby, const char *by)
{
    char app[4096];
    struct evac_err err = { EVAC_OK, "" };
    snprintf(app, sizeof app, SHOP, home, standby, by);
    struct evac_conf_text files[8] = { { "app.cfg", evac_str(app) } };
    ck_assert_uint_lt(evac_builtin_runbook_count, 8);
    memcpy(&files[1], evac_builtin_runbooks, evac_builtin_runbook_count * sizeof files[0]);
    must(evac_conf_parse(files, 1 + evac_builtin_runbook_count, &diag, &model, &err), &err);
    load_builtin();
}

/* The lint with that region down; every region is. */
static cJSON *shop_all(void)
{
    struct evac_buf text;
    evac_buf_init(&text, 4u << 20);
    struct evac_jw w = { &text, false };
    evac_lint_all_to_json(&(struct evac_lint_all){ model, &model->apps[0], evac_builtin_catalog(),
                                                   facts, EVAC_MODE_UNGRACEFUL, 0 },
                          &w);
    cJSON *all = cJSON_ParseWithLength(text.p, text.n);
    ck_assert(cJSON_IsObject(all));
    evac_buf_done(&text);
    return all;
}

static const cJSON *one_of(const cJSON *all, const char *down)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(all, "regions"))
    {
        if (strcmp(cJSON_GetObjectItemCaseSensitive(one, "assume_down")->valuestring, down) == 0)
            return one;
    }
    ck_abort_msg("%s was not assumed down", down);
    return NULL;
}

static bool has_error(const cJSON *lint_json, const char *operation)
{
    const cJSON *row;
    cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(lint_json, "rows"))
    {
        if (strcmp(cJSON_GetObjectItemCaseSensitive(row, "operation")->valuestring, operation) ==
                0 &&
            strcmp(cJSON_GetObjectItemCaseSensitive(row, "verdict")->valuestring, "error") == 0)
            return true;
    }
    return false;
}

static int errors_in(const cJSON *lint_json)
{
    return cJSON_GetObjectItemCaseSensitive(lint_json, "errors")->valueint;
}

START_TEST(the_built_in_way_needs_nothing_of_the_failed_region)
{
    load_shop("us-east-1", "us-west-2", "health-check");
    cJSON *all = shop_all();
    ck_assert_int_eq(errors_in(one_of(all, "us-east-1")), 0);
    ck_assert_int_eq(errors_in(one_of(all, "us-west-2")), 0);
    cJSON_Delete(all);
}
END_TEST

START_TEST(a_changed_record_can_not_leave_the_region_that_it_is_changed_in)
{
    load_shop("us-east-1", "us-west-2", "record");
    cJSON *all = shop_all();
    ck_assert(has_error(one_of(all, "us-east-1"), "ChangeResourceRecordSets"));
    ck_assert_int_eq(errors_in(one_of(all, "us-west-2")), 0); /* taken over by the home itself */
    cJSON_Delete(all);
}
END_TEST

START_TEST(homes_that_are_no_region_of_the_app_are_assumed_down_too)
{
    load_shop("eu-west-1", "eu-central-1", "record");
    cJSON *all = shop_all();
    ck_assert(has_error(one_of(all, "us-east-1"), "ChangeResourceRecordSets"));
    ck_assert_int_eq(errors_in(one_of(all, "us-west-2")), 0);
    ck_assert_int_eq(errors_in(one_of(all, "eu-west-1")), 0);
    cJSON_Delete(all);
}
END_TEST

/* --- what drivers need
 * ------------------------------------------------------------------------------------------ */

static cJSON *rights_of(const char *workflow, const char *account)
{
    struct evac_buf json;
    struct evac_err err = { EVAC_OK, "" };
    const struct evac_rights_request request = { .model = model,
                                                 .app = &model->apps[0],
                                                 .catalog = evac_builtin_catalog(),
                                                 .workflow = evac_str(workflow),
                                                 .account = evac_str(account) };
    evac_buf_init(&json, 1u << 20);
    must(evac_rights_of_app(&request, &json, &err), &err);
    cJSON *all = cJSON_Parse(json.p);
    ck_assert_ptr_nonnull(all);
    evac_buf_done(&json);
    return all;
}

/* All policies of a role as one text. */
static const char *role_text(const cJSON *all, const char *role)
{
    static char text[1u << 16];
    size_t n = 0;
    const cJSON *p;
    cJSON_ArrayForEach(p, cJSON_GetObjectItem(all, "policies"))
    {
        char *json = cJSON_PrintUnformatted(cJSON_GetObjectItem(p, "document"));
        if (strcmp(cJSON_GetObjectItem(p, "role")->valuestring, role) == 0)
            n += (size_t)snprintf(text + n, sizeof text - n, "%s", json);
        ck_assert_uint_eq(strlen(json), (size_t)cJSON_GetObjectItem(p, "characters")->valuedouble);
        ck_assert_uint_le(strlen(json), 6144u);
        cJSON_free(json);
    }
    return text;
}

static bool grants(const cJSON *all, const char *role, const char *part)
{
    return strstr(role_text(all, role), part) != NULL;
}

START_TEST(an_apps_rights_are_what_its_plans_call)
{
    load_shop("us-east-1", "us-west-2", "health-check");
    cJSON *all = rights_of("", "123456789012");
    ck_assert(!grants(all, "act", "route53:ChangeResourceRecordSets"));
    ck_assert(grants(all, "act", "rds:FailoverGlobalCluster"));
    ck_assert(grants(all, "observe", "cloudwatch:GetMetricData")); /* measured */
    ck_assert(!grants(all, "act", "autoscaling:"));                /* has none */
    ck_assert(!grants(all, "observe", "rds:FailoverGlobalCluster"));
    ck_assert(!grants(all, "observe", "ecs:UpdateService"));
    cJSON_Delete(all);
    evac_model_free(model);
    load_shop("us-east-1", "us-west-2", "record");
    all = rights_of("", "123456789012");
    ck_assert(grants(all, "act", "route53:ChangeResourceRecordSets"));
    cJSON_Delete(all);
}
END_TEST

START_TEST(rights_are_for_what_the_app_has_and_where_it_is)
{
    load_shop("us-east-1", "us-west-2", "record");
    cJSON *all = rights_of("", "123456789012");
    ck_assert(grants(all, "act", "arn:aws:ecs:us-west-2:123456789012:service/shop/"));
    ck_assert(grants(all, "act", "\"arn:aws:route53:::hostedzone/Z1\""));
    ck_assert(grants(all, "act", "\"aws:RequestedRegion\":[\"us-east-1\"]")); /* Route 53's home */
    ck_assert(!grants(all, "act", "us-west-1"));
    cJSON_Delete(all);
    all = rights_of("", "");
    ck_assert(grants(all, "act", "arn:aws:ecs:us-west-2:*:service/shop/")); /* nobody said which */
    ck_assert(cJSON_IsNull(cJSON_GetObjectItem(all, "account")));
    ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItem(all, "notes")), 1);
    cJSON_Delete(all);
}
END_TEST

/* A pack from elsewhere that says nothing of what an operation is on. */
START_TEST(a_pack_that_grants_nothing_itself_is_granted_its_operations_on_anything)
{
    LINT(GONE, .steps = STEP("change", "to", "data", "") "," STEP("look", "to", "check", ""));
    const struct evac_rights_request request = { .model = model,
                                                 .app = &model->apps[0],
                                                 .catalog = &catalog };
    struct evac_buf json;
    struct evac_err err = { EVAC_OK, "" };
    evac_buf_init(&json, 1u << 20);
    must(evac_rights_of_app(&request, &json, &err), &err);
    cJSON *all = cJSON_Parse(json.p);
    ck_assert(grants(all, "act", "box:Change") && grants(all, "observe", "box:Look"));
    ck_assert(!grants(all, "observe", "box:Change") && grants(all, "act", "\"*\""));
    cJSON_Delete(all);
    evac_buf_done(&json);
}
END_TEST

START_TEST(a_workflow_alone_needs_less)
{
    struct evac_buf out;
    struct evac_err err = { EVAC_OK, "" };
    load_shop("us-east-1", "us-west-2", "record");
    cJSON *all = rights_of("drill", "");
    ck_assert(grants(all, "act", "ecs:UpdateService"));
    ck_assert(!grants(all, "act", "rds:FailoverGlobalCluster"));
    cJSON_Delete(all);
    evac_buf_init(&out, 4096);
    struct evac_rights_request wrong = { .model = model,
                                         .app = &model->apps[0],
                                         .catalog = evac_builtin_catalog(),
                                         .workflow = EVAC_STR("drills") };
    ck_assert_int_eq(evac_rights_of_app(&wrong, &out, &err), EVAC_E_BADARG);
    ck_assert_ptr_nonnull(strstr(err.text, "failover, failback, drill and fence are allowed"));
    wrong.workflow = EVAC_STR_NONE;
    wrong.account = EVAC_STR("1234");
    ck_assert_int_eq(evac_rights_of_app(&wrong, &out, &err), EVAC_E_BADARG);
    ck_assert_ptr_nonnull(strstr(err.text, "a number of 12 digits"));
    evac_buf_done(&out);
}
END_TEST

/* Of steps of the other mode too, and of no operation that the arguments rule out. */
START_TEST(a_step_can_ask_for_the_permissions_of_its_plan)
{
    const struct evac_plan_step *step;
    LINT(GONE,
         .steps = STEP("may", "to", "check", "") "," STEP("name", "to", "traffic", "") "," STEP(
             "make", "to", "capacity", "when = { mode = \"graceful\"; };"));
    step = evac_plan_step(plan, EVAC_STR("may-to"));
    ck_assert_str_eq(evac_args_get(&step->args, "want.permissions").p,
                     "box:MakeOne meter:Found meter:Lag names:List");
    teardown();
    setup();
    LINT(GONE, .resource = "way = \"record\";",
         .steps = STEP("may", "to", "check", "want = { permissions = \"{iam}\"; };") "," STEP(
             "name", "to", "traffic", ""));
    step = evac_plan_step(plan, EVAC_STR("may-to"));
    ck_assert_str_eq(evac_args_get(&step->args, "want.permissions").p,
                     "meter:Found meter:Lag names:List names:Set");
}
END_TEST

START_TEST(looks_and_changes_are_statements_of_their_own)
{
    struct evac_buf out;
    evac_buf_init(&out, 65536);
    evac_permissions_of_driver(evac_catalog_driver(evac_builtin_catalog(), EVAC_STR("ecs")), &out);
    cJSON *policy = cJSON_Parse(out.p);
    const cJSON *statements = cJSON_GetObjectItemCaseSensitive(policy, "Statement");
    ck_assert_int_eq(cJSON_GetArraySize(statements), 2);
    ck_assert_str_eq(
        cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(statements, 0), "Sid")->valuestring,
        "EcsLook");
    ck_assert_str_eq(
        cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(statements, 1), "Sid")->valuestring,
        "EcsChange");
    cJSON_Delete(policy);
    evac_buf_done(&out);
}
END_TEST

START_TEST(every_driver_is_a_row_and_every_action_a_line)
{
    const struct evac_catalog *all = evac_builtin_catalog();
    struct evac_buf text, page;
    char name[200];
    evac_buf_init(&text, 1u << 20);
    evac_buf_init(&page, 1u << 20);
    evac_drivers_print(all, EVAC_DRIVERS_TEXT, &text);
    evac_drivers_print(all, EVAC_DRIVERS_MARKDOWN, &page);
    for (size_t p = 0; p < all->pack_count; p++)
        for (const struct evac_driver *const *d = all->packs[p]->drivers; *d; d++) {
            snprintf(name, sizeof name, "\n| `%s` | ", (*d)->name);
            ck_assert_msg(strstr(page.p, name) != NULL, "%s", name);
            for (const struct evac_action *a = (*d)->actions; a->name; a++) {
                snprintf(name, sizeof name, "\n%s.%s ", (*d)->name, a->name);
                ck_assert_msg(strstr(text.p, name) != NULL, "%s", name);
            }
        }
    evac_buf_done(&text);
    evac_buf_done(&page);
}
END_TEST

static void make_cases(Suite *suite)
{
    TCase *tc = tcase_create("lint");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, every_operation_is_a_row_with_its_plane_and_home);
    tcase_add_test(tc, what_is_measured_is_a_row_too_and_holds_nothing_up);
    tcase_add_test(tc, an_operation_that_the_settings_rule_out_is_no_row);
    tcase_add_test(tc, a_call_in_the_failed_region_is_an_error);
    tcase_add_test(tc, a_call_that_the_service_takes_in_the_old_region_is_one_too);
    tcase_add_test(tc, a_call_in_the_region_taking_over_is_none);
    tcase_add_test(tc, what_only_graceful_moves_do_is_not_looked_at_in_an_ungraceful_one);
    tcase_add_test(tc, a_graceful_move_assumes_nothing_down);
    tcase_add_test(tc, a_graceful_move_can_be_looked_at_with_a_region_down);
    tcase_add_test(tc, best_effort_may_fail);
    tcase_add_test(tc, what_comes_after_the_recovery_is_a_warning);
    tcase_add_test(tc, a_step_without_calls_in_the_failed_region_is_a_warning);
    tcase_add_test(tc, a_control_plane_whose_home_failed_is_an_error_wherever_it_is_called);
    tcase_add_test(tc, the_facts_know_homes_that_the_drivers_table_does_not);
    tcase_add_test(tc, each_partition_has_its_own_home);
    tcase_add_test(tc, a_hidden_dependency_is_an_error_when_it_is_gone_and_a_warning_otherwise);
    tcase_add_test(tc, making_something_is_a_warning_changing_it_is_told);
    tcase_add_test(tc, a_home_that_is_well_but_elsewhere_is_a_warning);
    tcase_add_loop_test(tc, a_setting_that_names_the_failed_region_is_an_error, 0, 7);
    tcase_add_loop_test(tc, one_that_does_not_is_none, 0, 10);
    tcase_add_test(tc, a_name_after_the_failed_region_is_a_warning);
    tcase_add_test(tc, a_choice_that_means_the_old_region_is_an_error);
    tcase_add_test(tc, a_global_endpoint_has_a_home);
    tcase_add_test(
        tc, a_setting_of_the_controller_that_names_the_failed_region_is_told_without_its_value);
    tcase_add_test(tc, a_controller_in_the_failed_region_is_an_error);
    tcase_add_test(tc, an_app_that_one_person_alone_may_move_is_told_as_such);
    tcase_add_test(tc, anchors_that_all_fail_with_the_region_are_a_warning);
    tcase_add_test(tc, a_long_ttl_of_what_moves_the_traffic_is_a_warning);
    tcase_add_test(tc, facts_older_than_a_year_are_a_warning);
    tcase_add_test(tc, a_region_that_nothing_names_is_a_slip);
    tcase_add_test(tc, no_facts_are_a_warning);
    tcase_add_loop_test(tc, facts_with_a_slip_are_refused_with_their_line, 0, 5);
    tcase_add_test(tc, a_star_stands_for_anything);
    tcase_add_test(tc, days_are_counted);
    tcase_add_test(tc, the_built_in_facts_know_what_is_famous);
    tcase_add_test(tc, drivers_and_facts_agree_on_homes);
    tcase_add_test(tc, the_built_in_way_needs_nothing_of_the_failed_region);
    tcase_add_test(tc, a_changed_record_can_not_leave_the_region_that_it_is_changed_in);
    tcase_add_test(tc, homes_that_are_no_region_of_the_app_are_assumed_down_too);
    tcase_add_test(tc, an_apps_rights_are_what_its_plans_call);
    tcase_add_test(tc, rights_are_for_what_the_app_has_and_where_it_is);
    tcase_add_test(tc, a_pack_that_grants_nothing_itself_is_granted_its_operations_on_anything);
    tcase_add_test(tc, a_call_of_no_region_is_a_row_that_no_region_takes_down);
    tcase_add_test(tc, a_home_that_only_the_drivers_table_knows_is_one);
    tcase_add_test(tc, a_controller_in_the_failed_region_with_another_elsewhere_is_a_warning);
    tcase_add_loop_test(tc, a_host_that_only_sounds_like_it_is_none, 0, 5);
    tcase_add_test(tc, a_workflow_alone_needs_less);
    tcase_add_test(tc, a_step_can_ask_for_the_permissions_of_its_plan);
    tcase_add_test(tc, looks_and_changes_are_statements_of_their_own);
    tcase_add_test(tc, every_driver_is_a_row_and_every_action_a_line);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("lint", make_cases)

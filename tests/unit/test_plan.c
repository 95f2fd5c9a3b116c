/* The plan compiler: what it builds, what it refuses and where it points, and the plan's own text.
 * Drivers are tables only. */
#include "conf.h"
#include "plan.h"
#include "suite.h"

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

static const struct evac_param gate_params[] = {
    { "place", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL,
      "where it stands" },
    { "count", EVAC_PARAM_INT, EVAC_PARAM_GROUP, NULL, NULL, "sizes" },
    { "colour", EVAC_PARAM_CHOICE, 0, "red", "red|green", "colour" },
    { 0 },
};
static const struct evac_param set_params[] = {
    { "level", EVAC_PARAM_INT, 0, "1", NULL, "how far" }, { 0 }
};
static const struct evac_action gate_actions[] = {
    { "look", "looks", 0, EVAC_FENCING_NONE, 100, 1000, NULL, NULL },
    { "fence", "stops the writer",
      EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE | EVAC_ACTION_FENCES, EVAC_FENCING_VERSION, 1000,
      10000, NULL, NULL },
    { "set", "sets a level", EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE, EVAC_FENCING_NONE, 5000,
      60000, set_params, NULL },
    { "promote", "promotes", EVAC_ACTION_MUTATES | EVAC_ACTION_PROMOTES, EVAC_FENCING_STATE, 60000,
      600000, NULL, NULL },
    { "lose", "promotes with loss", EVAC_ACTION_MUTATES | EVAC_ACTION_PROMOTES | EVAC_ACTION_LOSSY,
      EVAC_FENCING_STATE, 60000, 600000, NULL, NULL },
    { "prove", "proves a write", EVAC_ACTION_VERIFIES, EVAC_FENCING_NONE, 500, 5000, NULL, NULL },
    { "route", "moves users", EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE | EVAC_ACTION_TRAFFIC,
      EVAC_FENCING_VERSION, 2000, 20000, NULL, NULL },
    { 0 },
};
static const struct evac_driver gate = { "gate", "a gate", gate_params, gate_actions,
                                         0,      NULL,     no_call,     NULL };
static const struct evac_driver *const drivers[] = { &gate, NULL };
static const struct evac_pack pack = { EVAC_DRIVER_ABI, "fake", drivers, NULL, NULL };
static const struct evac_pack *const packs[] = { &pack };
static const struct evac_catalog catalog = { packs, 1 };

/* --- compiling a text
 * -------------------------------------------------------------------------------------------------
 */

static struct evac_model *model;
static struct evac_diag diag;

static void setup(void)
{
    diag = (struct evac_diag){ .arena = evac_arena_new() };
    model = NULL;
}

static void teardown(void)
{
    evac_model_free(model);
    evac_arena_free(diag.arena);
}

#define APP(resources)                                                                             \
    "app = { name = \"a\"; strategy = \"warm-standby\"; regions = ( \"us-east-1\", \"us-west-2\" " \
    ");\n"                                                                                         \
    "objectives = { rto = \"5m\"; rpo = \"5s\"; };\n"                                              \
    "resources = {\n" resources "\n}; policy = { automatic = \"never\"; }; };\n"
#define GATE "db = { type = \"gate\"; place = \"x\"; };"
#define BOOK(steps)                                                                                \
    "runbook = { name = \"warm-standby\"; failover = { steps = (\n" steps "\n); }; };\n"

static void load(const char *app, const char *book)
{
    struct evac_conf_text files[] = { { "app.cfg", evac_str(app) },
                                      { "book.cfg", evac_str(book) } };
    struct evac_err err = { EVAC_OK, "" };
    struct evac_buf text;
    evac_buf_init(&text, 65536);
    enum evac_code code = evac_conf_parse(files, 2, &diag, &model, &err);
    evac_diag_print(&diag, &text);
    ck_assert_msg(!code, "%s\n%s", err.text, text.p ? text.p : "");
    evac_buf_done(&text);
}

static struct evac_plan *compile(enum evac_mode mode)
{
    struct evac_plan *plan = NULL;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_plan_request q = { .model = model,
                                   .app = &model->apps[0],
                                   .catalog = &catalog,
                                   .mode = mode,
                                   .from = EVAC_STR("us-east-1"),
                                   .to = EVAC_STR("us-west-2") };
    (void)evac_plan_compile(&q, &diag, &plan, &err);
    return plan;
}

static struct evac_plan *good(const char *app, const char *book, enum evac_mode mode)
{
    struct evac_buf text;
    load(app, book);
    struct evac_plan *plan = compile(mode);
    evac_buf_init(&text, 65536);
    evac_diag_print(&diag, &text);
    ck_assert_msg(plan != NULL, "%s", text.p ? text.p : "");
    evac_buf_done(&text);
    return plan;
}

#define FENCE                                                                                      \
    "{ name = \"fence\"; action = \"gate.fence\"; region = \"to\"; phase = \"fence\"; },\n"
#define PROMOTE                                                                                    \
    "{ name = \"promote\"; action = \"gate.promote\"; region = \"to\"; phase = \"data\"; pivot = " \
    "true; after = ( \"fence\" ); }"
#define PROVE                                                                                      \
    "{ name = \"prove\"; action = \"gate.prove\"; region = \"to\"; phase = \"verify\"; after = ( " \
    "\"promote\" ); },\n"
#define ROUTE                                                                                      \
    "{ name = \"route\"; action = \"gate.route\"; region = \"to\"; phase = \"traffic\"; after = "  \
    "( \"prove\" ); }"
#define ALL FENCE PROMOTE ",\n" PROVE ROUTE

START_TEST(steps_and_their_way_back_are_linked)
{
    struct evac_plan *p = good(APP(GATE), BOOK(ALL), EVAC_MODE_GRACEFUL);
    ck_assert_uint_eq(p->forward_count, 4);
    ck_assert_uint_eq(p->step_count, 8);
    const struct evac_plan_step *undo = evac_plan_step(p, EVAC_STR("undo:fence"));
    ck_assert_ptr_nonnull(undo);
    ck_assert_uint_eq(undo->after_count, 1);
    ck_assert(evac_str_is(p->steps[undo->after[0]].id, "undo:promote"));
    const struct evac_plan_step *promote = evac_plan_step(p, EVAC_STR("promote"));
    ck_assert(evac_str_is(promote->target, "db")); /* one thing over all regions */
    ck_assert(evac_str_is(evac_plan_step(p, EVAC_STR("fence"))->target, "db@us-west-2"));
    ck_assert(evac_str_is(evac_args_get(&promote->args, "colour"), "red"));
    ck_assert_uint_eq(evac_plan_critical_path(p, NULL, NULL), 1000 + 60000 + 500 + 2000);
    evac_plan_free(p);
}
END_TEST

static const struct {
    uint64_t moving_ms, poll_ms, poll_max_ms, next_ms;
} polls[] = {
    { 0, 1000, 15000, 1000 },        { 15999, 1000, 15000, 1000 },
    { 16016, 1000, 15000, 1001 },    { 60000, 1000, 15000, 3750 },
    { 239999, 1000, 15000, 14999 },  { 240000, 1000, 15000, 15000 },
    { 7200000, 1000, 15000, 15000 }, { 60000, 5000, 15000, 5000 },
    { 60000, 500, 500, 500 },        { UINT64_MAX, 1000, 1800000, 1800000 },
};

START_TEST(what_moves_is_looked_at_again_after_a_sixteenth_of_its_time)
{
    const struct evac_plan p = { .poll_ms = (uint32_t)polls[_i].poll_ms,
                                 .poll_max_ms = (uint32_t)polls[_i].poll_max_ms };
    ck_assert_uint_eq(evac_plan_poll_ms(&p, polls[_i].moving_ms), polls[_i].next_ms);
}
END_TEST

START_TEST(a_step_without_a_resource_is_for_each_of_its_type)
{
    struct evac_plan *p = good(
        APP(GATE "two = { type = \"gate\"; place = { us-east-1 = \"e\"; us-west-2 = \"w\"; }; };"),
        BOOK(ALL), EVAC_MODE_GRACEFUL);
    ck_assert_uint_eq(p->forward_count, 8);
    const struct evac_plan_step *s = evac_plan_step(p, EVAC_STR("promote:two"));
    ck_assert_ptr_nonnull(s);
    ck_assert_uint_eq(s->after_count, 2); /* both fences */
    ck_assert(evac_str_is(evac_args_regional(&s->args, "place", EVAC_STR("us-west-2")), "w"));
    evac_plan_free(p);
}
END_TEST

#define EVERYWHERE(resources)                                                                      \
    "app = { name = \"a\"; strategy = \"active-active\"; regions = ( \"us-east-1\", "              \
    "\"us-west-2\", \"eu-west-1\" );\n"                                                            \
    "objectives = { rto = \"5m\"; rpo = \"5s\"; };\n"                                              \
    "resources = {\n" resources "\n}; policy = { automatic = \"never\"; }; };\n"
#define REST                                                                                       \
    "runbook = { name = \"active-active\"; failover = { steps = (\n"                               \
    "{ name = \"grow\"; action = \"gate.set\"; region = \"rest\"; phase = \"capacity\"; },\n"      \
    "{ name = \"look\"; action = \"gate.look\"; region = \"to\"; phase = \"verify\"; "             \
    "after = ( \"grow\" ); }\n); }; failback = { same_as = \"failover\"; }; };\n"

/* Whom users are led to before and after: of three regions one leaves, or one comes back. */
START_TEST(the_rest_are_the_regions_that_serve_before_and_after)
{
    static const struct {
        enum evac_workflow workflow;
        const char *from, *to;
        uint32_t out;
        const char *there[3];
    } rows[] = {
        { EVAC_WORKFLOW_FAILOVER, "us-east-1", "us-west-2", 0, { "us-west-2", "eu-west-1" } },
        { EVAC_WORKFLOW_FAILOVER, "eu-west-1", "us-east-1", 0, { "us-east-1", "us-west-2" } },
        { EVAC_WORKFLOW_FAILOVER, "us-east-1", "us-west-2", 4, { "us-west-2" } },
        { EVAC_WORKFLOW_FAILBACK, "us-west-2", "us-east-1", 1, { "us-west-2", "eu-west-1" } },
    };
    load(EVERYWHERE(GATE), REST);
    struct evac_plan_request q = { .model = model,
                                   .app = &model->apps[0],
                                   .catalog = &catalog,
                                   .workflow = rows[_i].workflow,
                                   .from = evac_str(rows[_i].from),
                                   .to = evac_str(rows[_i].to),
                                   .out = rows[_i].out };
    struct evac_plan *p = NULL;
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_msg(!evac_plan_compile(&q, &diag, &p, &err), "%s", err.text);
    size_t n = rows[_i].there[1] ? 2 : 1;
    ck_assert_uint_eq(p->forward_count, n + 1);
    for (size_t k = 0; k < n; k++) {
        char id[64];
        snprintf(id, sizeof id, n > 1 ? "grow@%s" : "grow", rows[_i].there[k]);
        const struct evac_plan_step *s = evac_plan_step(p, evac_str(id));
        ck_assert_msg(s && evac_str_is(s->region, rows[_i].there[k]), "%s", id);
    }
    ck_assert_uint_eq(evac_plan_step(p, EVAC_STR("look"))->after_count, n);
    evac_plan_free(p);
}
END_TEST

/* home: only on the way to the app's first region. with: only beside what it is for, which may
 * stand behind it in the text. */
START_TEST(a_step_can_be_for_the_way_home_or_for_company_only)
{
    static const char book[] =
        "runbook = { name = \"active-active\"; failover = { steps = (\n"
        "{ name = \"fence\"; action = \"gate.fence\"; region = \"to\"; phase = \"fence\"; "
        "with = ( \"home\", \"none\" ); },\n"
        "{ name = \"home\"; action = \"gate.set\"; region = \"to\"; phase = \"data\"; home = true; "
        "after = ( \"fence\" ); },\n"
        "{ name = \"none\"; action = \"gate.look\"; region = \"witness\"; phase = \"check\"; "
        "optional = true; },\n"
        "{ name = \"look\"; action = \"gate.look\"; region = \"to\"; phase = \"verify\"; "
        "after = ( \"home\" ); }\n); }; };\n";
    load(EVERYWHERE(GATE), book);
    struct evac_plan *p = compile(EVAC_MODE_GRACEFUL); /* to us-west-2 */
    ck_assert_ptr_nonnull(p);
    ck_assert_uint_eq(p->forward_count, 1);
    ck_assert_uint_eq(p->steps[0].after_count, 0);
    evac_plan_free(p);
    struct evac_plan_request q = { .model = model,
                                   .app = &model->apps[0],
                                   .catalog = &catalog,
                                   .from = EVAC_STR("eu-west-1"),
                                   .to = EVAC_STR("us-east-1") };
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_msg(!evac_plan_compile(&q, &diag, &p, &err), "%s", err.text);
    ck_assert_uint_eq(p->forward_count, 3);
    ck_assert(evac_str_is(p->steps[0].id, "fence"));
    evac_plan_free(p);
}
END_TEST

START_TEST(what_vanishes_is_bridged)
{
    struct evac_plan *p =
        good(APP(GATE),
             BOOK(FENCE "{ name = \"w\"; action = \"gate.look\"; region = \"witness\"; phase = "
                        "\"fence\"; optional = true; after = ( \"fence\" ); },\n"
                        "{ name = \"last\"; action = \"gate.set\"; region = \"to\"; phase = "
                        "\"capacity\"; after = ( \"w\" ); want = { level = 7; }; }"),
             EVAC_MODE_GRACEFUL);
    const struct evac_plan_step *last = evac_plan_step(p, EVAC_STR("last"));
    ck_assert_uint_eq(p->forward_count, 2);
    ck_assert_uint_eq(last->after_count, 1);
    ck_assert(evac_str_is(p->steps[last->after[0]].id, "fence"));
    ck_assert_int_eq(evac_args_i64(&last->args, "want.level", 0), 7);
    evac_plan_free(p);
}
END_TEST

static const struct {
    const char *app, *book, *says;
} refused[] = {
    { APP(GATE),
      BOOK("{ name = \"x\"; action = \"gate.fense\"; region = \"to\"; phase = \"fence\"; }"),
      "did you mean 'gate.fence'" },
    { APP(GATE),
      BOOK("{ name = \"x\"; action = \"bucket.fill\"; region = \"to\"; phase = \"fence\"; }"),
      "no action 'bucket.fill'" },
    { APP(GATE),
      BOOK("{ name = \"x\"; action = \"gate.set\"; resource = \"dbx\"; region = \"to\"; phase = "
           "\"data\"; }"),
      "did you mean 'db'" },
    { APP(GATE),
      BOOK("{ name = \"x\"; action = \"gate.set\"; region = \"eu-west-9\"; phase = \"data\"; }"),
      "no region of app 'a'" },
    { APP(GATE),
      BOOK("{ name = \"x\"; action = \"gate.set\"; region = \"to\"; phase = \"data\"; want = { "
           "levle = 3; }; }"),
      "did you mean 'level'" },
    { APP(GATE),
      BOOK("{ name = \"x\"; action = \"gate.set\"; region = \"to\"; phase = \"data\"; want = { "
           "level = \"high\"; }; }"),
      "a whole number" },
    { APP("db = { type = \"gate\"; };"), BOOK(ALL), "resource 'db' needs 'place'" },
    { APP("db = { type = \"gate\"; place = \"x\"; colour = \"blue\"; };"), BOOK(ALL), "red|green" },
    { APP("db = { type = \"gate\"; place = \"x\"; colur = \"red\"; };"), BOOK(ALL),
      "app.cfg:4: error: resource 'db': unknown parameter 'colur'; did you mean 'colour'" },
    { APP("db = { type = \"gate\"; place = { us-east-1 = \"e\"; }; };"), BOOK(ALL),
      "has no entry for us-west-2" },
    { APP(GATE),
      BOOK(PROMOTE
           ",\n{ name = \"fence\"; action = \"gate.look\"; region = \"to\"; phase = \"check\"; }"),
      "no fence certainly before it" },
    { APP(GATE),
      BOOK("{ name = \"fence\"; action = \"gate.fence\"; region = \"to\"; phase = \"fence\"; when "
           "= { mode = \"graceful\"; }; },\n" PROMOTE),
      "in ungraceful mode: two regions could write" },
    { APP(GATE),
      BOOK("{ name = \"route\"; action = \"gate.route\"; region = \"to\"; phase = \"traffic\"; }"),
      "no verification certainly before it" },
    { APP(GATE),
      BOOK(FENCE "{ name = \"l\"; action = \"gate.lose\"; region = \"to\"; phase = \"data\"; after "
                 "= ( \"fence\" ); }"),
      "pivot = true" },
    { APP(GATE),
      BOOK(FENCE PROMOTE ",\n{ name = \"again\"; action = \"gate.set\"; region = \"to\"; phase = "
                         "\"data\"; pivot = true; }"),
      "second point of no return" },
    { APP(GATE),
      BOOK("{ name = \"x\"; action = \"gate.look\"; region = \"to\"; phase = \"check\"; after = ( "
           "\"z\" ); },\n"
           "{ name = \"y\"; action = \"gate.look\"; region = \"to\"; phase = \"check\"; after = ( "
           "\"x\" ); },\n"
           "{ name = \"z\"; action = \"gate.look\"; region = \"to\"; phase = \"check\"; after = ( "
           "\"y\" ); }"),
      "wait on each other" },
};

START_TEST(what_is_unsafe_or_wrong_is_refused_with_its_place)
{
    struct evac_buf text;
    load(refused[_i].app, refused[_i].book);
    ck_assert_ptr_null(compile(EVAC_MODE_GRACEFUL));
    evac_buf_init(&text, 65536);
    evac_diag_print(&diag, &text);
    ck_assert_msg(strstr(text.p, refused[_i].says) != NULL, "wanted '%s':\n%s", refused[_i].says,
                  text.p);
    ck_assert_msg(strstr(text.p, ".cfg:") != NULL, "%s", text.p);
    evac_buf_done(&text);
}
END_TEST

START_TEST(two_points_of_no_return_in_different_modes_are_one)
{
    struct evac_plan *p = good(
        APP(GATE),
        BOOK(FENCE "{ name = \"s\"; action = \"gate.promote\"; region = \"to\"; phase = \"data\"; "
                   "pivot = true; after = ( \"fence\" ); when = { mode = \"graceful\"; }; },\n"
                   "{ name = \"l\"; action = \"gate.lose\"; region = \"to\"; phase = \"data\"; "
                   "pivot = true; after = ( \"fence\" ); when = { mode = \"ungraceful\"; }; }"),
        EVAC_MODE_UNGRACEFUL);
    const struct evac_plan_step *s = evac_plan_step(p, EVAC_STR("s"));
    ck_assert_uint_ge(s->rival_count, 1); /* both are on the same database */
    evac_plan_free(p);
}
END_TEST

START_TEST(a_plan_is_its_text_and_the_text_is_the_plan)
{
    struct evac_plan *p = good(APP(GATE), BOOK(ALL), EVAC_MODE_GRACEFUL), *again = NULL;
    struct evac_buf one, two;
    struct evac_err err = { EVAC_OK, "" };
    evac_buf_init(&one, 1u << 20), evac_buf_init(&two, 1u << 20);
    evac_plan_to_json(p, &one);
    ck_assert_msg(!evac_plan_from_json(evac_buf_str(&one), &again, &err), "%s", err.text);
    evac_plan_to_json(again, &two);
    ck_assert(evac_str_eq(evac_buf_str(&one), evac_buf_str(&two)));
    ck_assert_str_eq(p->hash, again->hash);
    evac_plan_free(again);
    evac_plan_free(p);
    evac_buf_done(&one), evac_buf_done(&two);
}
END_TEST

START_TEST(a_damaged_text_is_no_plan)
{
    struct evac_plan *p = good(APP(GATE), BOOK(ALL), EVAC_MODE_GRACEFUL), *again = NULL;
    struct evac_buf json, written;
    struct evac_err err;
    evac_buf_init(&json, 1u << 20), evac_buf_init(&written, 1u << 20);
    evac_plan_to_json(p, &json);
    for (size_t n = 0; n < json.n; n += 7) /* cut anywhere */
        ck_assert_int_eq(evac_plan_from_json((struct evac_str){ json.p, n }, &again, &err),
                         EVAC_E_CORRUPT);
    for (size_t at = 0; at < json.n;
         at += 5) { /* or changed anywhere: refused, or another plan with another hash */
        char was = json.p[at];
        json.p[at] = was == '7' ? '8' : '7';
        if (evac_plan_from_json(evac_buf_str(&json), &again, &err) == EVAC_OK) {
            ck_assert_str_ne(again->hash, p->hash);
            evac_buf_reset(&written); /* nothing is taken that would be written otherwise */
            evac_plan_to_json(again, &written);
            ck_assert(evac_str_eq(evac_buf_str(&written), evac_buf_str(&json)));
            evac_plan_free(again);
        }
        json.p[at] = was;
    }
    evac_plan_free(p);
    evac_buf_done(&json), evac_buf_done(&written);
}
END_TEST

START_TEST(the_explanation_names_what_matters)
{
    struct evac_plan *p = good(APP(GATE), BOOK(ALL), EVAC_MODE_GRACEFUL);
    struct evac_buf text;
    static const char *const said[] = { "POINT OF NO RETURN",     "can not be undone",
                                        "critical path",          "fence > promote > prove > route",
                                        "us-east-1 -> us-west-2", "after fence" };
    evac_buf_init(&text, 1u << 20);
    evac_plan_explain(p, &text);
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++)
        ck_assert_msg(strstr(text.p, said[i]) != NULL, "'%s' is not in\n%s", said[i], text.p);
    evac_plan_free(p);
    evac_buf_done(&text);
}
END_TEST

START_TEST(a_condition_sees_each_regions_own_setting)
{
    struct evac_arg own[] = { { EVAC_STR("endpoint.us-west-2"), EVAC_STR("https://x") },
                              { EVAC_STR("from"), EVAC_STR("us-east-1") },
                              { EVAC_STR("to"), EVAC_STR("us-west-2") } };
    struct evac_plan_step step = { .region = EVAC_STR("us-west-2"), .args = { own, 3 } };
    struct evac_op asked = { .home = EVAC_HOME_STEP, .when = "endpoint=" };
    ck_assert(!evac_plan_calls(&step, &asked));
    asked.home = EVAC_HOME_FROM;
    ck_assert(evac_plan_calls(&step, &asked));
    step.region = EVAC_STR("us-east-1");
    asked.home = EVAC_HOME_STEP;
    ck_assert(evac_plan_calls(&step, &asked));
    asked.home = EVAC_HOME_TO;
    ck_assert(!evac_plan_calls(&step, &asked));
    asked.when = "endpoint=https://x to=us-west-2";
    ck_assert(evac_plan_calls(&step, &asked));
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("plan");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, steps_and_their_way_back_are_linked);
    tcase_add_loop_test(tc, what_moves_is_looked_at_again_after_a_sixteenth_of_its_time, 0,
                        sizeof polls / sizeof polls[0]);
    tcase_add_test(tc, a_step_without_a_resource_is_for_each_of_its_type);
    tcase_add_loop_test(tc, the_rest_are_the_regions_that_serve_before_and_after, 0, 4);
    tcase_add_test(tc, a_step_can_be_for_the_way_home_or_for_company_only);
    tcase_add_test(tc, what_vanishes_is_bridged);
    tcase_add_loop_test(tc, what_is_unsafe_or_wrong_is_refused_with_its_place, 0,
                        (int)(sizeof refused / sizeof refused[0]));
    tcase_add_test(tc, two_points_of_no_return_in_different_modes_are_one);
    tcase_add_test(tc, a_plan_is_its_text_and_the_text_is_the_plan);
    tcase_add_test(tc, a_damaged_text_is_no_plan);
    tcase_add_test(tc, the_explanation_names_what_matters);
    tcase_add_test(tc, a_condition_sees_each_regions_own_setting);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("plan", cases)

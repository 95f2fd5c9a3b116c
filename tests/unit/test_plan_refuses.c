/* What the plan compiler refuses of a configuration, by what it says: one change each to one that
 * is good, with the drivers that are built in. */
#include "builtin.h"
#include "builtin_runbooks.h"
#include "conf.h"
#include "plan.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */
static const char app[] =
    "app = { name = \"shop\"; strategy = \"warm-standby\"; runbook = \"book\"; regions = ( \"us-east-1\", \"us-west-2\" );\n"
    "  objectives = { rto = \"1m\"; rpo = \"5s\"; };\n"
    "  endpoint = { url = \"http://shop.example.com/health\"; regional = \"http://{region}.example.com/health\"; };\n"
    "  resources = {\n"
    "    fence = { type = \"exec\"; command = ( \"/bin/a\" ); check = ( \"/bin/b\" ); };\n"
    "    data  = { type = \"exec\"; command = ( \"/bin/a\", \"{to}\" ); check = ( \"/bin/b\" ); };\n"
    "    users = { type = \"exec\"; command = ( \"/bin/a\" ); check = ( \"/bin/b\" ); };\n"
    "    db    = { type = \"aurora\"; global_cluster = \"g\"; clusters = { us-east-1 = \"e\"; us-west-2 = \"w\"; }; };\n"
    "    web   = { type = \"ecs\"; cluster = \"c\"; service = \"s\"; count = { active = 6; standby = 1; }; };\n"
    "    lag   = { type = \"cloudwatch\"; namespace = \"AWS/RDS\"; metric = \"ReplicaLag\"; };\n"
    "  };\n"
    "  probes = ( { name = \"web\"; http = \"http://{region}.example.com/health\"; }/*probe*/ );\n"
    "  policy = { automatic = \"never\"; };/*more*/ };\n";
static const char book[] =
    "runbook = { name = \"book\"; failover = { steps = (\n"
    "  { name = \"look\"; action = \"http.public\"; resource = \"endpoint\"; region = \"from\"; phase = \"check\"; when = { mode = \"graceful\"; }; },\n"
    "  { name = \"ready\"; action = \"aurora.ready\"; region = \"to\"; phase = \"check\"; },\n"
    "  { name = \"fence\"; action = \"exec.ensure\"; resource = \"fence\"; region = \"to\"; phase = \"fence\"; after = ( \"look\" ); },\n"
    "  { name = \"grow\"; action = \"ecs.scale\"; region = \"to\"; phase = \"capacity\"; want = { count = \"active\"; }; },\n"
    "  { name = \"promote\"; action = \"exec.ensure\"; resource = \"data\"; region = \"to\"; phase = \"data\"; pivot = true; after = ( \"fence\" ); },\n"
    "  { name = \"verify\"; action = \"http.verify\"; resource = \"endpoint\"; region = \"to\"; phase = \"verify\"; after = ( \"promote\" ); want = { writable = true; }; },\n"
    "  { name = \"route\"; action = \"exec.ensure\"; resource = \"users\"; region = \"to\"; phase = \"traffic\"; after = ( \"verify\" ); }/*step*/\n"
    "); }; failback = { same_as = \"failover\"; }; };\n";
static const char controller[] = "exec = { allowed = true; };\n";

#define BANK(more) \
    "app = { name = \"bank\"; strategy = \"warm-standby\"; runbook = \"book\"; regions = ( \"us-east-1\", \"us-west-2\" );\n" \
    "  objectives = { rto = \"1m\"; rpo = \"5s\"; }; policy = { automatic = \"never\"; };\n" \
    "  endpoint = { url = \"http://bank.example.com/\"; regional = \"http://{region}.example.com/\"; };\n" \
    "  resources = { fence = { type = \"exec\"; command = ( \"/bin/a\" ); check = ( \"/bin/b\" ); };\n" \
    "    data = { type = \"exec\"; command = ( \"/bin/a\" ); check = ( \"/bin/b\" ); };\n" \
    "    users = { type = \"exec\"; command = ( \"/bin/a\" ); check = ( \"/bin/b\" ); };\n" \
    "    web = { type = \"ecs\"; cluster = \"c\"; service = \"s\"; count = { active = 6; standby = 1; }; }; }; " more " };\n"
#define GROUP(regions, members) \
    "app = { name = \"all\"; strategy = \"group\"; regions = ( " regions " ); objectives = { rto = \"9m\"; rpo = \"5s\"; };\n" \
    "  policy = { automatic = \"never\"; }; resources = { " members " }; };\n"
#define PROBE(text) "/*probe*/", ", { name = \"p\"; " text " }"
#define STEP(text)  "/*step*/", ", { name = \"more\"; phase = \"protect\"; region = \"to\"; " text " }"
#define MORE(text)  "/*more*/", " " text

static const struct {
    const char *old, *new, *says; /* says NULL: it is good */
    const char *also;             /* another file */
} changes[] = {
    { "", "", NULL, NULL },
    /* looks of probes */
    { PROBE("look = { resource = \"db\"; action = \"ready\"; };"), NULL, NULL },
    { PROBE("look = { resource = \"{region}\"; action = \"ready\"; };"), "resource", NULL },
    { PROBE("look = { resource = \"none\"; action = \"ready\"; };"), "probe 'p': app 'shop' has no resource 'none'", NULL },
    { PROBE("look = { resource = \"db\"; action = \"failover\"; };"), "'failover' is no action of aurora that only looks; allowed: ", NULL },
    { PROBE("look = { resource = \"db\"; action = \"nothing\"; };"), "'nothing' is no action of aurora that only looks", NULL },
    { PROBE("look = { resource = \"db\"; lag = \"30s\"; };"), NULL, NULL },
    { PROBE("look = { resource = \"web\"; lag = \"30s\"; };"), "probe 'p': ecs measures no lag", NULL },
    { PROBE("look = { resource = \"db\"; action = \"ready\"; want = { nonsense = 1; }; };"), "probe 'p': ready wants no 'nonsense'", NULL },
    { PROBE("look = { resource = \"web\"; action = \"enough\"; };"), "allowed: ready, parity, still", NULL },
    { PROBE("look = { resource = \"lag\"; action = \"below\"; want = { max = \"5s\"; }; };"), NULL, NULL },
    { PROBE("look = { resource = \"lag\"; action = \"below\"; };"), "probe 'p': below needs want = { max = ...; }: the value must not be more", NULL },
    { PROBE("look = { resource = \"lag\"; action = \"below\"; want = { max = \"soon\"; }; };"), "probe 'p': max is 'soon'; allowed is a duration", NULL },
    /* steps */
    { STEP("action = \"exec.ensuer\"; resource = \"users\";"), "there is no action 'exec.ensuer'; did you mean 'exec.ensure'?", NULL },
    { STEP("action = \"nobody.knows\";"), "there is no action 'nobody.knows'", NULL },
    { STEP("action = \"aurora|nobody.ready\";"), "there is no action 'nobody.ready'", NULL },
    { STEP("action = \"*.nonsense\";"), "no driver has an action 'nonsense'", NULL },
    { STEP("action = \"*.ready\";"), NULL, NULL },
    { STEP("action = \"aurora|ecs.ready\";"), NULL, NULL },
    { STEP("action = \"exec.ensure\"; resource = \"web\";"), "resource 'web' is of type 'ecs', the action is for 'exec'", NULL },
    { STEP("action = \"exec.ensure\"; resource = \"usres\";"), "has no resource 'usres'; did you mean 'users'?", NULL },
    { STEP("action = \"exec.ensure\"; resource = \"zzzzzzzz\";"), "has no resource 'zzzzzzzz'", NULL },
    { STEP("action = \"exec.ensure\"; resource = \"usres\"; optional = true;"), NULL, NULL },
    { STEP("action = \"asg.scale\"; want = { count = \"active\"; };"), NULL, NULL }, /* of none there are: it vanishes */
    { STEP("action = \"asg.scale\"; want = { count = \"active\"; }; optional = true;"), NULL, NULL },
    { STEP("action = \"ecs.scale\"; want = { nonsense = 1; };"), "unknown parameter 'nonsense'", NULL },
    { STEP("action = \"ecs.scale\"; want = { counts = 1; };"), "did you mean 'count'?", NULL },
    { STEP("action = \"http.verify\"; resource = \"endpoint\"; want = { writable = \"perhaps\"; };"), "writable is 'perhaps'; allowed is", NULL },
    { "region = \"from\"; phase = \"check\"", "region = \"witness\"; phase = \"check\"", "acts on the witness, and app 'shop' has none", NULL },
    { "region = \"from\"; phase = \"check\"", "region = \"witness\"; phase = \"check\"; optional = true", NULL, NULL },
    { "region = \"from\"; phase = \"check\"", "region = \"ap-south-1\"; phase = \"check\"", "'ap-south-1' is no region of app 'shop'; allowed is", NULL },
    { "region = \"from\"; phase = \"check\"", "region = \"us-east-1\"; phase = \"check\"", NULL, NULL },
    { "after = ( \"look\" )", "after = ( \"route\" )", "steps wait on each other", NULL },
    { "runbook = \"book\"", "runbook = \"books\"", "books", NULL },
    /* conditions over steps that are there, are not, or vanish */
    { STEP("action = \"exec.ensure\"; resource = \"users\"; when = { step = \"fence\"; is = \"done\"; };"), NULL, NULL },
    { STEP("action = \"exec.ensure\"; resource = \"users\"; when = { not = { step = \"fence\"; is = \"failed\"; }; };"), NULL, NULL },
    { STEP("action = \"exec.ensure\"; resource = \"users\"; when = { any = ( { mode = \"graceful\"; }, { not = { mode = \"graceful\"; }; } ); };"), NULL, NULL },
    { STEP("action = \"exec.ensure\"; resource = \"users\"; when = { all = ( { mode = \"graceful\"; }, { step = \"look\"; is = \"skipped\"; } ); };"), NULL, NULL },
    { STEP("action = \"exec.ensure\"; resource = \"users\"; when = { step = \"none\"; is = \"done\"; };"), "none", NULL },
    { STEP("action = \"exec.ensure\"; resource = \"users\"; when = { step = \"ready\"; fact = \"lag_ms\"; below = 1000; };"), NULL, NULL },
    { STEP("action = \"exec.ensure\"; resource = \"users\"; when = { any = ( { step = \"ready\"; fact = \"lag_ms\"; above = 5; }, { step = \"ready\"; fact = \"lag_ms\"; is = 0; } ); };"), NULL, NULL },
    { STEP("action = \"exec.ensure\"; resource = \"users\"; when = { all = ( { step = \"ready\"; fact = \"a\"; is = 1; }, { step = \"ready\"; fact = \"b\"; is = 1; }, { step = \"ready\"; fact = \"c\"; is = 1; }, { step = \"ready\"; fact = \"d\"; is = 1; } ); };"), NULL, NULL },
    { STEP("action = \"exec.ensure\"; resource = \"users\"; when = { any = ( { mode = \"ungraceful\"; }, { all = ( { mode = \"graceful\"; }, { mode = \"ungraceful\"; } ); } ); };"), NULL, NULL },
    { STEP("action = \"exec.ensure\"; resource = \"users\"; when = { all = ( { step = \"ready\"; fact = \"a\"; is = 1; }, { step = \"ready\"; fact = \"b\"; is = 1; },"
           " { step = \"ready\"; fact = \"c\"; is = 1; }, { step = \"ready\"; fact = \"d\"; is = 1; }, { step = \"ready\"; fact = \"e\"; is = 1; } ); };"), "conditions ask for more than 4 facts of step 'ready'", NULL },
    { "/*step*/", ", { name = \"gone\"; phase = \"protect\"; region = \"to\"; action = \"asg.scale\"; want = { count = \"active\"; }; },"
           " { name = \"then\"; phase = \"protect\"; region = \"to\"; action = \"exec.ensure\"; resource = \"users\"; when = { step = \"gone\"; is = \"skipped\"; }; },"
           " { name = \"not\"; phase = \"protect\"; region = \"to\"; action = \"exec.ensure\"; resource = \"users\"; after = ( \"gone\" ); when = { step = \"gone\"; is = \"done\"; }; },"
           " { name = \"nor\"; phase = \"protect\"; region = \"to\"; action = \"exec.ensure\"; resource = \"users\"; when = { step = \"gone\"; fact = \"n\"; is = 1; }; }", NULL, NULL },
    /* resources that wait */
    { "command = ( \"/bin/a\", \"{to}\" )", "waits_for = ( \"fence\" ); command = ( \"/bin/a\", \"{to}\" )", NULL, NULL },
    { "command = ( \"/bin/a\", \"{to}\" )", "waits_for = ( \"none\" ); command = ( \"/bin/a\", \"{to}\" )", "resource 'data' waits for 'none', which app 'shop' does not have", NULL },
    { "command = ( \"/bin/a\", \"{to}\" )", "waits_for = \"fence\"; command = ( \"/bin/a\", \"{to}\" )", "waits_for must be a list of resources", NULL },
    /* parameters of resources */
    { "clusters = { us-east-1 = \"e\"; us-west-2 = \"w\"; }", "clusters = { us-east-1 = \"e\"; }", "us-west-2", NULL },
    { "global_cluster = \"g\";", "", "global_cluster", NULL },
    { "service = \"s\";", "service = \"s\"; colour = \"red\";", "unknown parameter 'colour'", NULL },
    /* criteria */
    { MORE("criteria = ( { name = \"fast\"; measure = \"detect\"; at_most = \"10s\"; }, { name = \"few\"; measure = \"retries\"; most = 3; only = ( \"failover\", \"live\" ); },"
           " { name = \"quick\"; measure = \"step\"; of = \"promote\"; at_most = \"5s\"; severity = \"high\"; }, { name = \"hands\"; measure = \"hands\"; },"
           " { name = \"home\"; measure = \"duration\"; at_most = \"1h\"; only = ( \"failback\" ); }, { name = \"other\"; measure = \"step\"; of = \"nowhere\"; at_most = \"5s\"; } );"), NULL, NULL },
    /* drills' parts */
    { MORE("drills = ( { name = \"d\"; kind = \"rehearse\"; every = \"week\"; on = \"monday 06:00\"; unless = ( \"db\", \"web.ready\" ); } );"), NULL, NULL },
    { MORE("drills = ( { name = \"d\"; kind = \"rehearse\"; every = \"week\"; on = \"monday 06:00\"; unless = ( \"none\" ); } );"), "none", NULL },
    { MORE("drills = ( { name = \"d\"; kind = \"game-day\"; every = \"week\"; on = \"monday 06:00\"; faults = ( \"web\" ); } );"), "web", NULL },
    /* apps that wait for apps */
    { MORE("waits_for = ( \"bank\" );"), NULL, BANK("") },
    { MORE("waits_for = ( \"none\" );"), "app 'shop' waits for 'none', which there is not", NULL },
    { MORE("waits_for = ( \"bank\" );"), "waits for itself, by way of others or of a group", BANK("waits_for = ( \"shop\" );") },
    { "", "", NULL, GROUP("\"us-east-1\", \"us-west-2\"", "s = { type = \"app\"; member = \"shop\"; };") },
    { "", "", "there is no app 'none'", GROUP("\"us-east-1\", \"us-west-2\"", "s = { type = \"app\"; member = \"none\"; };") },
    { "", "", "app 'shop' has no region eu-west-1, which the group has", GROUP("\"us-east-1\", \"eu-west-1\"", "s = { type = \"app\"; member = \"shop\"; };") },
    { "", "", "waits for itself", GROUP("\"us-east-1\", \"us-west-2\"", "s = { type = \"app\"; member = \"all\"; };") },
    { MORE("waits_for = ( \"all\" );"), "waits for itself", GROUP("\"us-east-1\", \"us-west-2\"", "s = { type = \"app\"; member = \"shop\"; };") },
};
/* clang-format on */

static struct evac_diag diag;
static struct evac_model *model;

static struct evac_str put(const char *text, const char *old, const char *new)
{
    const char *at = *old ? strstr(text, old) : NULL;
    if (!at)
        return evac_str(text);
    return evac_arena_printf(diag.arena, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
}

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

static enum evac_code load(const char *old, const char *new, const char *also)
{
    struct evac_conf_text files[16] = { { "app.cfg", put(app, old, new) },
                                        { "book.cfg", put(book, old, new) },
                                        { "evac.cfg", evac_str(controller) } };
    struct evac_err err = { EVAC_OK, "" };
    size_t n = 3;
    if (also)
        files[n++] = (struct evac_conf_text){ "also.cfg", evac_str(also) };
    for (size_t i = 0; i < evac_builtin_runbook_count && n < 16; i++)
        files[n++] = evac_builtin_runbooks[i];
    enum evac_code code = evac_conf_parse(files, n, &diag, &model, &err);
    if (!code)
        code = evac_plan_check_model(model, evac_builtin_catalog(), &diag, &err);
    for (size_t i = 0; model && i < model->app_count; i++)
        evac_plan_check_looks(&model->apps[i], evac_builtin_catalog(), &diag);
    return diag.errors ? EVAC_E_BADCONF : code;
}

START_TEST(what_is_wrong_is_said_and_what_is_not_is_taken)
{
    struct evac_buf said;
    enum evac_code code = load(changes[_i].old, changes[_i].new, changes[_i].also);
    ck_assert(changes[_i].old[0] == '\0' || strstr(app, changes[_i].old) ||
              strstr(book, changes[_i].old));
    evac_buf_init(&said, 1u << 20);
    evac_diag_print(&diag, &said);
    if (changes[_i].says)
        ck_assert_msg(code == EVAC_E_BADCONF && said.p && strstr(said.p, changes[_i].says),
                      "%s\n=> %s", changes[_i].new, said.p ? said.p : "nothing");
    else
        ck_assert_msg(code == EVAC_OK, "%s\n=> %s", changes[_i].new, said.p ? said.p : "nothing");
    evac_buf_done(&said);
}
END_TEST

/* --- what is asked of a compiler ----------------------------------------------------------------
 */

static const struct {
    struct evac_plan_request q; /* what differs from a failover */
    const char *from, *to;
    enum evac_code code;
    const char *says;
} requests[] = {
    { { 0 }, "us-east-1", "us-west-2", EVAC_OK, "" },
    { { 0 }, "us-east-1", "us-east-1", EVAC_E_BADARG, "from and to are both us-east-1" },
    { { 0 }, "us-east-1", "mars", EVAC_E_BADARG, "not both are regions of app 'shop'" },
    { { 0 }, "mars", "us-east-1", EVAC_E_BADARG, "not both are regions of app 'shop'" },
    { { .isolate = { "mars", 4 }, .rehearse = true },
      "us-east-1",
      "us-west-2",
      EVAC_E_BADARG,
      "isolate: 'mars' is no region" },
    { { .isolate = { "us-east-1", 9 } },
      "us-east-1",
      "us-west-2",
      EVAC_E_BADARG,
      "isolate is for drills and rehearsals" },
    { { .isolate = { "us-east-1", 9 }, .rehearse = true }, "us-east-1", "us-west-2", EVAC_OK, "" },
    { { .workflow = EVAC_WORKFLOW_DRILL, .drill = EVAC_DRILL_ISOLATED },
      "us-east-1",
      "us-west-2",
      EVAC_E_UNSUPPORTED,
      "runbook 'book' has no drill" },
    { { .workflow = EVAC_WORKFLOW_DRILL, .drill = EVAC_DRILL_REHEARSE, .rehearse = true },
      "us-east-1",
      "us-west-2",
      EVAC_OK,
      "" },
};

START_TEST(a_request_that_can_not_be_meant_is_refused_before_anything_is_compiled)
{
    struct evac_plan_request q = requests[_i].q;
    struct evac_plan *plan = NULL;
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_int_eq(load("", "", NULL), EVAC_OK);
    q.model = model;
    q.app = &model->apps[0];
    q.catalog = evac_builtin_catalog();
    q.from = evac_str(requests[_i].from);
    q.to = evac_str(requests[_i].to);
    ck_assert_int_eq(evac_plan_compile(&q, &diag, &plan, &err), requests[_i].code);
    ck_assert_msg(strstr(err.text, requests[_i].says) != NULL, "%s", err.text);
    ck_assert((plan != NULL) == (requests[_i].code == EVAC_OK));
    evac_plan_free(plan);
}
END_TEST

/* Criteria of one's own hold for the kinds of runs in which they mean something. */
START_TEST(a_criterion_is_in_the_plans_that_it_can_be_measured_in)
{
    struct evac_plan *plan = NULL;
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_int_eq(
        load(MORE("criteria = ( { name = \"fast\"; measure = \"detect\"; at_most = \"10s\"; }, "
                  "{ name = \"home\"; measure = \"duration\"; at_most = \"1h\"; only = ( "
                  "\"failback\" ); }, { name = \"quick\"; measure = \"step\"; of = \"promote\"; "
                  "at_most = \"5s\"; }, { name = \"gone\"; measure = \"step\"; of = \"nowhere\"; "
                  "at_most = \"5s\"; }, { name = \"few\"; measure = \"retries\"; most = 3; } );"),
             NULL),
        EVAC_OK);
    static const struct {
        bool rehearse, failback, fast, home, quick, few;
    } kinds[] = {
        { false, false, true, false, true, true },
        { false, true, true, true, true, true },
        { true, false, false, false, true, false },
    };
    for (size_t k = 0; k < 3; k++) {
        bool fast = false, home = false, quick = false, few = false;
        const struct evac_plan_request q = { .model = model,
                                             .app = &model->apps[0],
                                             .catalog = evac_builtin_catalog(),
                                             .workflow = kinds[k].failback ? EVAC_WORKFLOW_FAILBACK
                                                                           : EVAC_WORKFLOW_FAILOVER,
                                             .rehearse = kinds[k].rehearse,
                                             .from = EVAC_STR("us-east-1"),
                                             .to = EVAC_STR("us-west-2") };
        ck_assert_int_eq(evac_plan_compile(&q, &diag, &plan, &err), EVAC_OK);
        for (uint16_t i = 0; i < plan->criterion_count; i++) {
            const struct evac_plan_criterion *c = &plan->criteria[i];
            fast |= evac_str_is(c->name, "fast") && c->at_most == 10000;
            home |= evac_str_is(c->name, "home") && c->at_most == 3600000;
            quick |= evac_str_is(c->name, "quick") && c->at_most == 5000;
            few |= evac_str_is(c->name, "few") && c->at_most == 3;
            ck_assert(!evac_str_is(c->name, "gone"));
        }
        ck_assert(fast == kinds[k].fast && home == kinds[k].home && quick == kinds[k].quick &&
                  few == kinds[k].few);
        evac_plan_free(plan);
    }
}
END_TEST

/* --- isolated drills
 * ------------------------------------------------------------------------------ */

#define DRILL(steps) "failback = { same_as = \"failover\"; }; drill = { " steps " };"

/* clang-format off */
static const struct {
    const char *drill, *says;
} drills[] = {
    { DRILL("same_as = \"failover\";"), "can not be undone: an isolated drill puts everything back" },
    { DRILL("steps = ( { name = \"d\"; action = \"aurora.failover\"; region = \"to\"; phase = \"data\"; } );"), "an isolated drill must not" },
    { DRILL("steps = ( { name = \"d\"; action = \"ecs.scale\"; region = \"from\"; phase = \"capacity\"; want = { count = \"active\"; }; } );"),
      "changes the active region: an isolated drill must not" },
    { DRILL("steps = ( { name = \"d\"; action = \"ecs.scale\"; region = \"to\"; phase = \"capacity\"; want = { count = \"active\"; }; } );"), NULL },
    { DRILL("steps = ( { name = \"d\"; action = \"aurora.ready\"; region = \"to\"; phase = \"check\"; } );"), NULL },
};
/* clang-format on */

START_TEST(an_isolated_drill_changes_nothing_that_users_are_on)
{
    struct evac_plan *plan = NULL;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_buf said;
    (void)load("failback = { same_as = \"failover\"; };", drills[_i].drill, NULL);
    ck_assert_ptr_nonnull(model);
    const struct evac_plan_request q = { .model = model,
                                         .app = &model->apps[0],
                                         .catalog = evac_builtin_catalog(),
                                         .workflow = EVAC_WORKFLOW_DRILL,
                                         .drill = EVAC_DRILL_ISOLATED,
                                         .mode = EVAC_MODE_GRACEFUL,
                                         .from = EVAC_STR("us-east-1"),
                                         .to = EVAC_STR("us-west-2") };
    enum evac_code code = evac_plan_compile(&q, &diag, &plan, &err);
    evac_buf_init(&said, 1u << 20);
    evac_diag_print(&diag, &said);
    ck_assert_msg((code != EVAC_OK) == (drills[_i].says != NULL), "%s", said.p ? said.p : "");
    ck_assert_msg(!code || strstr(said.p, drills[_i].says), "%s", said.p);
    evac_buf_done(&said);
    evac_plan_free(plan);
}
END_TEST

/* --- a plan's text, as a journal has it
 * ----------------------------------------------------------- */

/* clang-format off */
static const struct {
    const char *old, *new;
} damages[] = {
    { "{\"format\":1", "{\"format\":2" }, { "{\"format\":1", "[\"format\",1" }, { "\"app\":\"shop\"", "\"app\":7" },
    { "\"workflow\":\"failover\"", "\"workflow\":\"fail\"" }, { "\"mode\":\"graceful\"", "\"mode\":\"graceless\"" },
    { "\"criteria\":[", "\"criteria\":[7," }, { "\"criteria\":[{", "\"criteria\":[{\"x\":1," }, { "\"measure\":\"rto\"", "\"measure\":\"rtt\"" },
    { "\"rto_ms\":60000", "\"rto_ms\":-1" }, { "\"rto_ms\":60000", "\"rto_ms\":1e300" }, { "\"rto_ms\":60000", "\"rto_ms\":\"x\"" }, { "\"rto_ms\":60000", "\"rto_ms\":60000.5" },
    { "\"after\":[", "\"after\":[9999," }, { "\"after\":[", "\"after\":[-1," }, { "\"after\":[", "\"after\":[\"a\"," }, { "\"after\":[", "\"before\":[" },
    { "\"args\":{", "\"args\":{\"zz\":7," }, { "\"args\":{", "\"args\":[],\"args2\":{" }, { "\"phase\":\"check\"", "\"phase\":\"chuck\"" },
    { "\"when\":[[", "\"when\":[7,[" }, { "\"when\":[[", "\"when\":[[1,2],[" }, { "\"when\":[[3,0,0,0,0,0,0,\"\"]]", "\"when\":[[2,0,1,0,0,0,0,\"\"]]" },
    { "\"when\":[[3,0,0,0,0,0,0,\"\"]]", "\"when\":[[1,1,5,0,0,0,0,\"\"]]" }, { "\"when\":[[3,0,0,0,0,0,0,\"\"]]", "\"when\":[[3,0,0,0,1e300,0,0,\"\"]]" },
    { "\"when\":[[3,0,0,0,0,0,0,\"\"]]", "\"when\":[[99,0,0,0,0,0,0,\"\"]]" }, { "\"when\":[[3,0,0,0,0,0,0,\"\"]]", "\"when\":[[3,0,0,0,\"0\",0,0,\"\"]]" },
    { "\"facts\":[", "\"facts\":[7," }, { "\"criteria\":[", "\"isolate\":7,\"criteria\":[" }, { "\"criteria\":[", "\"isolate\":\"\",\"criteria\":[" },
    { "\"when\":[[3,0,0,0,0,0,0,\"\"]]", "\"when\":[[1,0,1,0,0,0,0,\"\"]]" }, { "\"when\":[[3,0,0,0,0,0,0,\"\"]]", "\"when\":[[3,0,0,0,-1e300,0,0,\"\"]]" },
    { "\"when\":[[3,0,0,0,0,0,0,\"\"]]", "\"when\":[[3,0,0,0,0,0,0,7]]" }, { "\"when\":[[3,0,0,0,0,0,0,\"\"]]", "\"when\":7" },
    { "\"steps\":[", "\"steps\":[],\"other\":[" }, { "\"after\":[", "\"after\":7,\"then\":[" },
    { "\"steps\":[", "\"steps\":7,\"s\":[" }, { "\"steps\":[{", "\"steps\":[7,{" },
};
/* clang-format on */

START_TEST(a_plan_s_text_that_was_changed_is_no_plan)
{
    struct evac_plan *plan = NULL, *again = NULL;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_buf text;
    ck_assert_int_eq(load("", "", NULL), EVAC_OK);
    const struct evac_plan_request q = { .model = model,
                                         .app = &model->apps[0],
                                         .catalog = evac_builtin_catalog(),
                                         .mode = EVAC_MODE_GRACEFUL,
                                         .from = EVAC_STR("us-east-1"),
                                         .to = EVAC_STR("us-west-2") };
    ck_assert_int_eq(evac_plan_compile(&q, &diag, &plan, &err), EVAC_OK);
    evac_buf_init(&text, 1u << 20);
    evac_plan_to_json(plan, &text);
    ck_assert_int_eq(evac_plan_from_json(evac_buf_str(&text), &again, &err), EVAC_OK);
    ck_assert_str_eq(plan->hash, again->hash);
    evac_plan_free(again);
    again = NULL;
    ck_assert_msg(strstr(text.p, damages[_i].old) != NULL, "%s is not in\n%s", damages[_i].old,
                  text.p);
    ck_assert_int_eq(
        evac_plan_from_json(put(text.p, damages[_i].old, damages[_i].new), &again, &err),
        EVAC_E_CORRUPT);
    ck_assert(!again && err.text[0]);
    evac_plan_free(plan);
    evac_buf_done(&text);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tc = tcase_create("plan refuses");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, what_is_wrong_is_said_and_what_is_not_is_taken, 0,
                        sizeof changes / sizeof changes[0]);
    tcase_add_loop_test(tc, a_request_that_can_not_be_meant_is_refused_before_anything_is_compiled,
                        0, sizeof requests / sizeof requests[0]);
    tcase_add_loop_test(tc, an_isolated_drill_changes_nothing_that_users_are_on, 0,
                        sizeof drills / sizeof drills[0]);
    tcase_add_loop_test(tc, a_plan_s_text_that_was_changed_is_no_plan, 0,
                        sizeof damages / sizeof damages[0]);
    tcase_add_test(tc, a_criterion_is_in_the_plans_that_it_can_be_measured_in);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("plan refuses", add_cases)

/* A good configuration becomes the model that it says. */
#include "conf.h"
#include "engine.h"
#include "plan.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(EVAC_APP_REGIONS_MAX <= EVAC_REGIONS_MAX,
               "the engine's table holds an app's regions");
_Static_assert(EVAC_APP_PROBES_MAX <= EVAC_PROBES_MAX, "the engine's table holds an app's probes");
_Static_assert(EVAC_APP_RESOURCES_MAX <= EVAC_RESOURCES_MAX,
               "the engine's table holds an app's resources");
_Static_assert(EVAC_WORKFLOW_STEPS_MAX <= EVAC_PLAN_STEPS_MAX, "a plan holds a workflow's steps");

struct loaded {
    struct evac_diag diag;
    struct evac_model *model;
    struct evac_err err;
    enum evac_code code;
    struct evac_buf told;
};

static void begin(struct loaded *l)
{
    *l = (struct loaded){ .diag = { .arena = evac_arena_new() } };
    evac_buf_init(&l->told, 1u << 20);
}

static void end(struct loaded *l)
{
    evac_model_free(l->model);
    evac_arena_free(l->diag.arena);
    evac_buf_done(&l->told);
}

static const char *told(struct loaded *l)
{
    evac_buf_reset(&l->told);
    evac_diag_print(&l->diag, &l->told);
    return l->told.n ? l->told.p : "";
}

static void parse(struct loaded *l, const struct evac_conf_text *files, size_t count)
{
    begin(l);
    l->code = evac_conf_parse(files, count, &l->diag, &l->model, &l->err);
    ck_assert_msg(l->code == EVAC_OK, "%s", told(l));
}

static void parse_one(struct loaded *l, const char *text)
{
    struct evac_conf_text file = { "test.cfg", evac_str(text) };
    parse(l, &file, 1);
}

static void assert_str(struct evac_str found, const char *expected)
{
    ck_assert_msg(evac_str_is(found, expected), "found '%.*s', expected '%s'", EVAC_STR_ARG(found),
                  expected);
}

static void assert_arg(const struct evac_args *args, size_t i, const char *name, const char *value)
{
    ck_assert_uint_lt(i, args->count);
    assert_str(args->items[i].name, name);
    assert_str(args->items[i].value, value);
}

/* --- defaults
 * ---------------------------------------------------------------------------------------- */

START_TEST(no_configuration_at_all_is_a_controller_with_its_defaults)
{
    struct loaded l;
    parse(&l, NULL, 0);
    const struct evac_controller_conf *c = &l.model->controller;
    assert_str(c->socket, "/run/evac/evac.sock");
    assert_str(c->store, "/var/lib/evac/journal.db");
    assert_str(c->log_level, "info");
    ck_assert_str_eq(c->reports.p, "");
    ck_assert_uint_eq(c->quarantine_ms, 330000);
    ck_assert_uint_eq(c->confirm_ms, 10000);
    ck_assert_uint_eq(c->poll_ms, 1000);
    ck_assert_uint_eq(c->poll_max_ms, 15000);
    ck_assert(!c->exec_allowed);
    assert_str(c->exec_user, "");
    ck_assert_uint_eq(c->exec_cpu_ms, 60000);
    ck_assert_uint_eq(c->exec_memory_mib, 512);
    ck_assert_uint_eq(c->exec_files, 64);
    ck_assert_uint_eq(c->exec_processes, 32);
    ck_assert_uint_eq(l.model->app_count + l.model->runbook_count, 0);
    ck_assert_uint_eq(strlen(l.model->hash), 64);
    end(&l);
}
END_TEST

static const char small_app[] =
    "app = { name = \"a\"; strategy = \"pilot-light\"; regions = [ \"eu-west-1\", \"eu-west-2\" "
    "];\n"
    "  objectives = { rto = 600; rpo = \"0\"; };\n"
    "  endpoint = { url = \"https://a.org/\"; };\n"
    "  probes = ( { name = \"p\"; http = \"https://{region}.a.org/\"; } ); };\n";

START_TEST(an_app_s_defaults_are_those_of_the_reliability_rules)
{
    struct loaded l;
    parse_one(&l, small_app);
    const struct evac_app *a = evac_model_app(l.model, EVAC_STR("a"));
    ck_assert_ptr_nonnull(a);
    ck_assert_int_eq(a->rto_ms, 600000);
    ck_assert_int_eq(a->rpo_ms, 0);
    ck_assert_int_eq(a->automatic, EVAC_POLICY_PROPOSE);
    ck_assert_uint_eq(a->dwell_ms, 60000);
    ck_assert_uint_eq(a->cooldown_ms, 3600000);
    ck_assert_uint_eq(a->approval_ms, 900000);
    ck_assert_uint_eq(a->run_deadline_ms, 4 * 600000);
    ck_assert_uint_eq(a->canary_ms, 5000);
    ck_assert_uint_eq(a->measure_ms, 10000);
    ck_assert_str_eq(a->runbook.p, "");
    ck_assert_str_eq(a->witness.p, "");
    const struct evac_probe *p = &a->probes[1];
    ck_assert_uint_eq(p->every_ms, 10000);
    ck_assert_uint_eq(p->connect_ms, 4000);
    ck_assert_uint_eq(p->reply_ms, 2000);
    ck_assert_uint_eq(p->fall, 3);
    ck_assert_uint_eq(p->rise, 2);
    ck_assert_int_eq(p->expect_status, 0);
    end(&l);
}
END_TEST

/* --- everything given, each with a value of its own
 * -------------------------------------------------- */

START_TEST(every_setting_of_the_controller_lands_where_it_belongs)
{
    struct loaded l;
    parse_one(&l, "socket = \"/s\"; store = \"/j\"; reports = \"/r\"; resolver = \"[::1]:54\";\n"
                  "node = \"n1\"; region = \"eu-west-1\"; runbook_dir = \"/b\";\n"
                  "log = { level = \"warn\"; format = \"json\"; }; exec = { allowed = true; };\n"
                  "anchors = ( \"https://one.org\", \"https://two.org\" );\n"
                  "engine = { quarantine = 11; confirm = \"12s\"; poll = \"13s\"; poll_max = "
                  "\"14s\"; auto_runs_max = 15; };\n"
                  "packs = { z = { k = \"v\"; deep = { x = 1.5; }; }; a = { l = ( 1, \"t\", true "
                  "); big = 5000000000L; }; };\n");
    const struct evac_controller_conf *c = &l.model->controller;
    assert_str(c->socket, "/s");
    assert_str(c->store, "/j");
    assert_str(c->reports, "/r");
    assert_str(c->resolver, "[::1]:54");
    assert_str(c->node, "n1");
    assert_str(c->region, "eu-west-1");
    assert_str(c->runbook_dir, "/b");
    assert_str(c->log_level, "warn");
    ck_assert(evac_str_is(c->log_format, "json") && c->exec_allowed);
    ck_assert_uint_eq(c->anchor_count, 2);
    assert_str(c->anchors[1], "https://two.org");
    ck_assert_uint_eq(c->quarantine_ms, 11000);
    ck_assert_uint_eq(c->confirm_ms, 12000);
    ck_assert_uint_eq(c->poll_ms, 13000);
    ck_assert_uint_eq(c->poll_max_ms, 14000);
    ck_assert_uint_eq(c->auto_runs_max, 15);
    ck_assert_uint_eq(c->packs.count, 4);
    assert_arg(&c->packs, 0, "a.big", "5000000000");
    assert_arg(&c->packs, 1, "a.l", "[\"1\",\"t\",\"true\"]");
    assert_arg(&c->packs, 2, "z.deep.x", "1.5");
    assert_arg(&c->packs, 3, "z.k", "v");
    end(&l);
}
END_TEST

static const char whole_app[] =
    "app = { name = \"a\"; strategy = \"active-active\"; runbook = \"own\";\n"
    "  regions = ( \"eu-west-1\", \"eu-west-2\", \"eu-west-3\" ); witness = \"us-east-1\";\n"
    "  objectives = { rto = \"1m\"; rpo = \"2s\"; };\n"
    "  endpoint = { url = \"https://a.org/\";\n"
    "    regional = \"https://{region}.a.org/\"; expect = \"ok\";\n"
    "    served_by = \"x-region\"; every = \"3s\"; timeout = \"2400ms\"; };\n"
    "  resources = {\n"
    "    web = { type = \"ecs\"; service = \"s\";\n"
    "      count = { standby = 1; active = 6; }; };\n"
    "    db = { type = \"aurora\"; }; };\n"
    "  probes = ( { name = \"p\"; http = \"https://{region}.a.org/\"; role = \"deep\"; expect = "
    "\"fine\";\n"
    "    status = 204; every = \"5s\"; timeout = \"4s\"; connect = \"1s\"; connection = \"keep\"; "
    "fall = 4; rise = 6; } "
    ");\n"
    "  policy = { automatic = \"act\"; dwell = 7; cooldown = 8; approval = 9; canary = 10;\n"
    "    measure = 11; run_deadline = 12; };\n"
    "  drills = ( { kind = \"game-day\"; faults = ( \"db\" ); cron = \"0 9 1 1,4,7,10 *\"; "
    "timezone = "
    "\"Europe/Berlin\"; },\n"
    "    { kind = \"isolated\"; cron = \"5 4 * * mon\"; } );\n"
    "  blackouts = ( \"2026-12-24\", { from = \"2026-11-26\"; to = \"2026-11-30\"; timezone = "
    "\"Europe/Berlin\"; reason = \"sale\"; } );\n"
    "  windows = ( { cron = \"0 22 * * sat\"; for = \"6h\"; } ); };\n";

START_TEST(every_setting_of_an_app_lands_where_it_belongs)
{
    struct loaded l;
    parse_one(&l, whole_app);
    const struct evac_app *a = &l.model->apps[0];
    ck_assert_int_eq(a->strategy, EVAC_STRATEGY_ACTIVE_ACTIVE);
    assert_str(a->runbook, "own");
    ck_assert_uint_eq(a->region_count, 3);
    assert_str(a->regions[0], "eu-west-1");
    assert_str(a->regions[2], "eu-west-3");
    assert_str(a->witness, "us-east-1");
    ck_assert_int_eq(a->rto_ms, 60000);
    ck_assert_int_eq(a->rpo_ms, 2000);
    ck_assert_int_eq(a->automatic, EVAC_POLICY_ACT);
    ck_assert_uint_eq(a->dwell_ms, 7000);
    ck_assert_uint_eq(a->cooldown_ms, 8000);
    ck_assert_uint_eq(a->approval_ms, 9000);
    ck_assert_uint_eq(a->canary_ms, 10000);
    ck_assert_uint_eq(a->measure_ms, 11000);
    ck_assert_uint_eq(a->run_deadline_ms, 12000);
    ck_assert_uint_eq(a->drill_count, 2);
    ck_assert_int_eq(a->drills[0].kind, EVAC_DRILL_GAME_DAY);
    assert_str(a->drills[0].cron, "0 9 1 1,4,7,10 *");
    assert_str(a->drills[0].timezone, "Europe/Berlin");
    assert_str(a->drills[1].timezone, "UTC");
    ck_assert_int_eq(a->drills[1].place.line, 16);
    end(&l);
}
END_TEST

START_TEST(stretches_of_the_calendar_land_where_they_belong)
{
    struct loaded l;
    parse_one(&l, whole_app);
    const struct evac_app *a = &l.model->apps[0];
    ck_assert_uint_eq(a->blackout_count, 2);
    ck_assert_int_eq(a->blackouts[0].from.day, 24);
    ck_assert_int_eq(a->blackouts[0].to.day, 25);
    assert_str(a->blackouts[0].timezone, "UTC");
    ck_assert_int_eq(a->blackouts[1].to.month, 12);
    assert_str(a->blackouts[1].timezone, "Europe/Berlin");
    assert_str(a->blackouts[1].reason, "sale");
    ck_assert_uint_eq(a->window_count, 1);
    ck_assert(a->windows[0].recurs);
    ck_assert_int_eq(a->windows[0].for_ms, 6 * 3600000);
    end(&l);
}
END_TEST

START_TEST(a_probe_s_settings_land_where_they_belong)
{
    struct loaded l;
    parse_one(&l, whole_app);
    const struct evac_probe *p = &l.model->apps[0].probes[1];
    assert_str(p->name, "p");
    ck_assert_int_eq(p->role, EVAC_PROBE_DEEP);
    ck_assert(p->regional);
    assert_str(p->expect_body, "fine");
    ck_assert_int_eq(p->expect_status, 204);
    ck_assert_uint_eq(p->every_ms, 5000);
    ck_assert_uint_eq(p->connect_ms, 1000);
    ck_assert(p->keeps_connection);
    ck_assert_uint_eq(p->reply_ms, 3000);
    ck_assert_uint_eq(p->fall, 4);
    ck_assert_uint_eq(p->rise, 6);
    ck_assert_int_eq(p->place.line, 11);
    end(&l);
}
END_TEST

START_TEST(the_endpoint_is_a_probe_that_measures_and_a_resource_that_steps_can_name)
{
    struct loaded l;
    parse_one(&l, whole_app);
    const struct evac_app *a = &l.model->apps[0];
    const struct evac_probe *p = &a->probes[0];
    ck_assert_uint_eq(a->probe_count, 2);
    assert_str(p->name, "endpoint");
    ck_assert_int_eq(p->role, EVAC_PROBE_ENDPOINT);
    ck_assert(!p->regional);
    assert_str(p->target, "https://a.org/");
    assert_str(p->expect_body, "ok");
    assert_str(p->served_by, "x-region");
    ck_assert_uint_eq(p->every_ms, 3000);
    ck_assert_uint_eq(p->connect_ms, 1600);
    ck_assert_uint_eq(p->reply_ms, 800);
    ck_assert_uint_ge(p->fall, 1);
    const struct evac_resource *e = evac_app_resource(a, EVAC_STR("endpoint"));
    ck_assert_ptr_nonnull(e);
    assert_str(e->type, "http");
    ck_assert_uint_eq(e->props.count, 4);
    assert_arg(&e->props, 0, "expect", "ok");
    assert_arg(&e->props, 1, "regional", "https://{region}.a.org/");
    assert_arg(&e->props, 2, "served_by", "x-region");
    assert_arg(&e->props, 3, "url", "https://a.org/");
    ck_assert_int_eq(e->prop_lines[0], 5);
    ck_assert_int_eq(e->prop_lines[2], 6);
    ck_assert_int_eq(e->prop_lines[3], 4);
    end(&l);
}
END_TEST

START_TEST(a_resource_s_nested_settings_are_sorted_dotted_names_with_their_lines)
{
    struct loaded l;
    parse_one(&l, whole_app);
    const struct evac_app *a = &l.model->apps[0];
    const struct evac_resource *web = evac_app_resource(a, EVAC_STR("web"));
    ck_assert_uint_eq(a->resource_count, 3);
    ck_assert_ptr_nonnull(web);
    assert_str(web->type, "ecs");
    ck_assert_int_eq(web->place.line, 8);
    ck_assert_uint_eq(web->props.count, 3);
    assert_arg(&web->props, 0, "count.active", "6");
    assert_arg(&web->props, 1, "count.standby", "1");
    assert_arg(&web->props, 2, "service", "s");
    ck_assert_int_eq(web->prop_lines[0], 9);
    ck_assert_int_eq(web->prop_lines[2], 8);
    ck_assert_uint_eq(evac_app_resource(a, EVAC_STR("db"))->props.count, 0);
    ck_assert_ptr_null(evac_app_resource(a, EVAC_STR("we")));
    end(&l);
}
END_TEST

static const char kinds_app[] =
    "app = { name = \"a\"; strategy = \"warm-standby\"; regions = ( \"eu-west-1\", \"eu-west-2\" "
    ");\n"
    "  objectives = { rto = 1; rpo = 1; }; resources = { db = { type = \"aurora\"; }; };\n"
    "  probes = (\n"
    "    { name = \"json\"; http = \"https://{region}.a.org/\"; certificate = \"14d\"; latency = "
    "\"800ms\";\n"
    "      json = { path = \"checks.db.status\"; is = \"ok\"; }; },\n"
    "    { name = \"depth\"; http = \"http://queue.a.org/\"; role = \"data\";\n"
    "      json = { path = \"depth\"; above = -1; below = 2.5; is = 2; }; },\n"
    "    { name = \"port\"; tcp = \"db.{region}.a.org:5432\"; role = \"deep\"; timeout = \"2s\"; "
    "},\n"
    "    { name = \"hands\"; tls = \"{region}.a.org:443\"; },\n"
    "    { name = \"world\"; dns = \"shop.a.org\"; type = \"CNAME\"; expect = \"{region}.a.org\";\n"
    "      resolvers = ( \"1.1.1.1:53\", \"[::1]:53\" ); },\n"
    "    { name = \"two\"; dns = \"{region}.a.org\"; expect = ( \"10.0.0.1\", \"10.0.0.2\" ); },\n"
    "    { name = \"own\"; exec = ( \"/bin/echo\", \"{region}\", \"{region}\" ); },\n"
    "    { name = \"seen\"; look = { resource = \"db\"; action = \"ready\"; want = { x = 1; }; }; "
    "} ); };";

START_TEST(each_kind_of_probe_lands_with_what_goes_with_it)
{
    struct loaded l;
    parse_one(&l, kinds_app);
    const struct evac_probe *p = l.model->apps[0].probes;
    static const enum evac_probe_kind kinds[] = { EVAC_PROBE_KIND_HTTP, EVAC_PROBE_KIND_HTTP,
                                                  EVAC_PROBE_KIND_TCP,  EVAC_PROBE_KIND_TLS,
                                                  EVAC_PROBE_KIND_DNS,  EVAC_PROBE_KIND_DNS,
                                                  EVAC_PROBE_KIND_EXEC, EVAC_PROBE_KIND_LOOK };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        ck_assert_int_eq(p[i].kind, kinds[i]);
        ck_assert_int_eq(p[i].regional, i != 1);
    }
    ck_assert_int_eq(p[0].certificate_ms, 14 * 86400000LL);
    ck_assert_uint_eq(p[0].latency_ms, 800);
    ck_assert(!p[0].keeps_connection);
    assert_str(p[0].json.path, "checks.db.status");
    assert_str(p[0].json.is, "ok");
    ck_assert(p[0].json.is_text && !p[0].json.has_above);
    ck_assert_int_eq(p[1].role, EVAC_PROBE_DATA);
    assert_str(p[1].json.is, "2");
    ck_assert(!p[1].json.is_text && p[1].json.has_above && p[1].json.has_below);
    ck_assert_double_eq(p[1].json.above, -1.0);
    ck_assert_double_eq(p[1].json.below, 2.5);
    assert_str(p[2].target, "db.{region}.a.org:5432");
    ck_assert_uint_eq(p[2].reply_ms, 2000);
    assert_str(p[4].dns_type, "CNAME");
    assert_str(p[4].expected[0], "{region}.a.org");
    ck_assert_uint_eq(p[4].resolver_count, 2);
    assert_str(p[5].dns_type, "A");
    ck_assert_uint_eq(p[5].expected_count, 2);
    ck_assert_uint_eq(p[6].arg_count, 3);
    assert_str(p[6].target, "/bin/echo");
    ck_assert_int_eq(p[7].role, EVAC_PROBE_CONTROL);
    ck_assert_uint_eq(p[7].every_ms, 60000);
    assert_str(p[7].look.action, "ready");
    assert_arg(&p[7].look.want, 0, "x", "1");
    end(&l);
}
END_TEST

START_TEST(who_is_told_lands_where_it_belongs)
{
    static const char text[] =
        "notify = { public_url = \"https://evac.example.com/\"; gather = \"3s\"; certificate = 0;\n"
        "  channels = ( { name = \"pager\"; type = \"pagerduty\"; secret = \"routing\"; backup = "
        "\"bus\"; },\n"
        "    { name = \"bus\"; type = \"events\"; regions = ( \"us-west-2\", \"eu-west-1\" ); with "
        "= { "
        "bus = \"ops\"; }; give_up = \"1h\"; queue = 10; } );\n"
        "  routes = ( { apps = ( \"shop\" ); kinds = ( \"proposal\", \"run\" ); severity = "
        "\"critical\"; except = ( { cron = \"0 9 * * 1-5\"; for = \"9h\"; timezone = "
        "\"Europe/Berlin\"; } ); to = ( \"pager\" ); } );\n};\n";
    struct evac_conf_text file = { "evac.cfg", evac_str(text) };
    struct loaded l;
    parse(&l, &file, 1);
    const struct evac_notify_conf *n = &l.model->controller.notify;
    assert_str(n->public_url, "https://evac.example.com/");
    ck_assert(n->gather_ms == 3000 && n->certificate_ms == 0);
    ck_assert(n->channel_count == 2 && n->route_count == 1);
    ck_assert(n->channels[0].give_up_ms == 86400000 && n->channels[0].queue_max == 200);
    ck_assert(n->channels[1].give_up_ms == 3600000 && n->channels[1].queue_max == 10);
    assert_str(n->channels[0].backup, "bus");
    assert_str(n->channels[1].regions[1], "eu-west-1");
    assert_str(n->channels[1].with.items[0].value, "ops");
    ck_assert(n->routes[0].severity == EVAC_URGENCY_CRITICAL && n->routes[0].kind_count == 2);
    ck_assert(n->routes[0].during_count == 0 && n->routes[0].except_count == 1);
    assert_str(n->routes[0].except[0].timezone, "Europe/Berlin");
    assert_str(n->routes[0].channels[0], "pager");
    end(&l);
}
END_TEST

START_TEST(vantages_have_names_that_differ_from_the_controller_s)
{
    struct loaded l;
    parse_one(&l,
              "node = \"one\"; vantages = ( { name = \"eu\"; region = \"eu-west-1\"; }, { name = "
              "\"us\"; } ); engine = { vantage_lease = \"12s\"; };");
    const struct evac_controller_conf *c = &l.model->controller;
    ck_assert_uint_eq(c->vantage_count, 2);
    assert_str(c->vantages[0].name, "eu");
    assert_str(c->vantages[0].region, "eu-west-1");
    assert_str(c->vantages[1].region, "");
    ck_assert_uint_eq(c->vantage_lease_ms, 12000);
    end(&l);
}
END_TEST

START_TEST(a_probe_faster_than_the_usual_timeout_gets_one_that_fits)
{
    struct loaded l;
    parse_one(&l, "app = { name = \"a\"; strategy = \"pilot-light\"; regions = ( \"eu-west-1\", "
                  "\"eu-west-2\" ); objectives = { rto = 1; rpo = 1; }; probes = ( { name = \"p\"; "
                  "every = \"900ms\"; http = \"http://{region}.a.org\"; } ); };");
    const struct evac_probe *p = &l.model->apps[0].probes[0];
    ck_assert_uint_eq(p->connect_ms, 400);
    ck_assert_uint_eq(p->reply_ms, 200);
    end(&l);
}
END_TEST

START_TEST(a_policy_that_nothing_can_set_off_is_warned_of)
{
    struct loaded l;
    parse_one(&l, "app = { name = \"a\"; strategy = \"pilot-light\"; regions = ( \"eu-west-1\", "
                  "\"eu-west-2\" ); objectives = { rto = 1; rpo = 1; }; };");
    ck_assert_uint_eq(l.diag.warnings, 1);
    ck_assert_ptr_nonnull(strstr(told(&l), "test.cfg:1: warning: app.policy.automatic"));
    end(&l);
}
END_TEST

/* --- runbooks
 * ------------------------------------------------------------------------------------------ */

static const char whole_book[] =
    "runbook = { name = \"b\"; doc = \"d\";\n"
    "  drill = { same_as = \"failback\"; }; failback = { same_as = \"failover\"; };\n"
    "  fence = { same_as = \"drill\"; };\n"
    "  failover = { steps = (\n"
    "    { name = \"one\"; action = \"db.ready\"; region = \"from\"; phase = \"check\"; },\n"
    "    { name = \"two\"; title = \"t\"; action = \"s3-go.fence\"; resource = \"go\";\n"
    "      region = \"eu-west-1\"; phase = \"cleanup\"; want = { a = { b = true; }; };\n"
    "      after = [ \"one\" ]; deadline = \"2m\"; tries = 7; on_failure = \"go-on\";\n"
    "      approval = true; pivot = true; optional = true; } ); }; };\n";

START_TEST(every_setting_of_a_step_lands_where_it_belongs)
{
    struct loaded l;
    parse_one(&l, whole_book);
    const struct evac_runbook *b = evac_model_runbook(l.model, EVAC_STR("b"));
    ck_assert_ptr_nonnull(b);
    assert_str(b->doc, "d");
    const struct evac_runbook_workflow *w = &b->workflows[EVAC_WORKFLOW_FAILOVER];
    ck_assert_uint_eq(w->step_count, 2);
    const struct evac_runbook_step *one = &w->steps[0], *two = &w->steps[1];
    ck_assert_int_eq(one->tries, -1);
    ck_assert_int_eq(one->deadline_ms, 0);
    ck_assert_int_eq(one->on_failure, EVAC_ON_FAILURE_ASK);
    ck_assert(!one->approval && !one->pivot && !one->optional && !one->when);
    ck_assert_str_eq(one->resource.p, "");
    ck_assert_str_eq(one->title.p, "");
    ck_assert_int_eq(two->place.line, 6);
    assert_str(two->title, "t");
    assert_str(two->action, "s3-go.fence");
    assert_str(two->resource, "go");
    assert_str(two->region, "eu-west-1");
    ck_assert_int_eq(two->phase, EVAC_PHASE_CLEANUP);
    assert_arg(&two->want, 0, "a.b", "true");
    ck_assert_uint_eq(two->after_count, 1);
    assert_str(two->after[0], "one");
    ck_assert_int_eq(two->deadline_ms, 120000);
    ck_assert_int_eq(two->tries, 7);
    ck_assert_int_eq(two->on_failure, EVAC_ON_FAILURE_GO_ON);
    ck_assert(two->approval && two->pivot && two->optional);
    end(&l);
}
END_TEST

START_TEST(a_workflow_that_is_the_same_as_another_has_its_steps_also_over_a_third)
{
    struct loaded l;
    parse_one(&l, whole_book);
    const struct evac_runbook *b = &l.model->runbooks[0];
    for (int i = 0; i < EVAC_WORKFLOW_COUNT; i++) {
        ck_assert(b->workflows[i].present);
        ck_assert_uint_eq(b->workflows[i].step_count, 2);
        ck_assert_ptr_eq(b->workflows[i].steps, b->workflows[EVAC_WORKFLOW_FAILOVER].steps);
    }
    end(&l);
}
END_TEST

/* A condition as text: what the nodes mean. */
static void put_cond(const struct evac_cond *nodes, size_t at, struct evac_buf *out)
{
    static const char *const cmps[] = { ">", "<", "=" };
    const struct evac_cond *c = &nodes[at];
    switch (c->op) {
    case EVAC_COND_MODE:
        evac_buf_puts(out, evac_mode_name((enum evac_mode)c->number));
        return;
    case EVAC_COND_STEP:
        evac_buf_putf(out, "%.*s:%.*s", EVAC_STR_ARG(c->name), EVAC_STR_ARG(c->word));
        return;
    case EVAC_COND_FACT:
        evac_buf_putf(out, "%.*s.%.*s%s%lld", EVAC_STR_ARG(c->name), EVAC_STR_ARG(c->word),
                      cmps[c->cmp], (long long)c->number);
        return;
    case EVAC_COND_PROBE:
        evac_buf_putf(out, "%.*s#%lld", EVAC_STR_ARG(c->name), (long long)c->number);
        return;
    case EVAC_COND_AT_LEAST:
        evac_buf_putf(out, "%lld-of(", (long long)c->number);
        break;
    case EVAC_COND_ALL:
        evac_buf_puts(out, "all(");
        break;
    case EVAC_COND_ANY:
        evac_buf_puts(out, "any(");
        break;
    case EVAC_COND_NOT:
        evac_buf_puts(out, "not(");
        break;
    }
    for (size_t i = 0; i < c->child_count; i++) {
        ck_assert_uint_gt(c->first_child, at); /* so that reading always ends */
        evac_buf_puts(out, i ? " " : "");
        put_cond(nodes, c->first_child + i, out);
    }
    evac_buf_puts(out, ")");
}

static const struct {
    const char *text, *meaning;
} whens[] = {
    { "mode = \"graceful\";", "graceful" },
    { "mode = \"ungraceful\";", "ungraceful" },
    { "step = \"x\"; is = \"done\";", "x:done" },
    { "step = \"x\"; is = \"skipped\";", "x:skipped" },
    { "step = \"x\"; is = \"failed\";", "x:failed" },
    { "step = \"x\"; fact = \"lag_ms\"; above = 5;", "x.lag_ms>5" },
    { "step = \"x\"; fact = \"lag_ms\"; below = -5;", "x.lag_ms<-5" },
    { "step = \"x\"; fact = \"lag_ms\"; is = 0;", "x.lag_ms=0" },
    { "step = \"x\"; fact = \"n\"; above = 1; below = 9;", "all(x.n>1 x.n<9)" },
    { "not = { mode = \"graceful\"; };", "not(graceful)" },
    { "not = { not = { mode = \"graceful\"; }; };", "not(not(graceful))" },
    { "all = ( { mode = \"graceful\"; }, { step = \"x\"; is = \"done\"; } );",
      "all(graceful x:done)" },
    { "any = ( { mode = \"graceful\"; } );", "any(graceful)" },
    { "mode = \"graceful\"; step = \"x\"; is = \"done\"; not = { mode = \"ungraceful\"; };",
      "all(graceful x:done not(ungraceful))" },
    { "any = ( { not = { step = \"x\"; is = \"done\"; mode = \"graceful\"; }; },\n"
      " { all = ( { mode = \"graceful\"; }, { any = ( { step = \"y\"; is = \"failed\"; } ); } ); } "
      ");",
      "any(not(all(graceful x:done)) all(graceful any(y:failed)))" },
};

START_TEST(a_condition_means_what_it_says)
{
    struct loaded l;
    struct evac_buf text;
    evac_buf_init(&text, 65536);
    evac_buf_putf(&text,
                  "runbook = { name = \"b\"; failover = { steps = (\n"
                  "{ name = \"x\"; action = \"a.b\"; region = \"to\"; phase = \"check\"; },\n"
                  "{ name = \"y\"; action = \"a.b\"; region = \"to\"; phase = \"check\"; },\n"
                  "{ name = \"z\"; action = \"a.b\"; region = \"to\"; phase = \"check\";\n"
                  "  when = { %s }; } ); }; };",
                  whens[_i].text);
    parse_one(&l, text.p);
    const struct evac_runbook_step *z = &l.model->runbooks[0].workflows[0].steps[2];
    ck_assert_uint_gt(z->when_count, 0);
    evac_buf_reset(&text);
    put_cond(z->when, 0, &text);
    ck_assert_str_eq(text.p, whens[_i].meaning);
    evac_buf_done(&text);
    end(&l);
}
END_TEST

/* --- folders
 * --------------------------------------------------------------------------------------------- */

struct folder {
    char path[64];
};

static void write_file(const struct folder *f, const char *name, const char *text)
{
    char path[200];
    (void)snprintf(path, sizeof path, "%s/%s", f->path, name);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

static void make_folder(struct folder *f)
{
    static const char *const parts[] = { "apps", "runbooks", "more" };
    char path[200];
    (void)snprintf(f->path, sizeof f->path, "/tmp/evac-conf-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(f->path));
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", f->path, parts[i]);
        ck_assert_int_eq(mkdir(path, 0700), 0);
    }
}

static void remove_folder(const struct folder *f)
{
    static const char *const names[] = {
        "apps/a.cfg",     "apps/b.cfg",     "apps/.c.cfg", "apps/pipe.cfg",
        "apps/notes.txt", "runbooks/b.cfg", "more/m.cfg",  "evac.cfg",
        "apps",           "runbooks",       "more",        "",
    };
    char path[200];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", f->path, names[i]);
        if (unlink(path) != 0)
            (void)rmdir(path);
    }
}

static void load(struct loaded *l, const struct folder *f, const struct evac_conf_text *builtin,
                 size_t count)
{
    begin(l);
    l->code = evac_conf_load(f->path, builtin, count, &l->diag, &l->model, &l->err);
}

static const char app_b[] =
    "app = { name = \"b\"; strategy = \"pilot-light\"; regions = ( \"eu-west-1\", \"eu-west-2\" "
    ");\n"
    "  objectives = { rto = 1; rpo = 1; }; policy = { automatic = \"never\"; }; };\n";
static const char own_book[] =
    "runbook = { name = \"b\"; doc = \"own\"; failover = { steps = ( { name = \"x\"; action = "
    "\"a.b\"; region = \"to\"; phase = \"check\"; } ); }; };\n";
static const struct evac_conf_text builtin_book = { "builtin:b.cfg",
                                                    { whole_book, sizeof whole_book - 1 } };

START_TEST(a_folder_is_read_whole_in_the_order_of_names)
{
    struct folder f;
    struct loaded l;
    char evac[200];
    make_folder(&f);
    (void)snprintf(evac, sizeof evac, "runbook_dir = \"%s/more\"; node = \"here\";", f.path);
    write_file(&f, "evac.cfg", evac);
    write_file(&f, "apps/b.cfg", app_b);
    write_file(&f, "apps/a.cfg", small_app);
    write_file(&f, "apps/.c.cfg", "an editor's own");
    write_file(&f, "apps/notes.txt", "not a configuration");
    write_file(&f, "more/m.cfg", own_book);
    load(&l, &f, NULL, 0);
    ck_assert_msg(l.code == EVAC_OK, "%s", told(&l));
    ck_assert_uint_eq(l.model->app_count, 2);
    assert_str(l.model->apps[0].name, "a");
    assert_str(l.model->apps[1].name, "b");
    assert_str(l.model->controller.node, "here");
    ck_assert_uint_eq(l.model->runbook_count, 1);
    ck_assert(evac_str_ends(evac_str(l.model->apps[1].place.file), "/apps/b.cfg"));
    end(&l);
    remove_folder(&f);
}
END_TEST

START_TEST(a_file_s_runbook_replaces_the_built_in_one_of_its_name)
{
    struct folder f;
    struct loaded l;
    make_folder(&f);
    load(&l, &f, &builtin_book, 1);
    ck_assert_int_eq(l.code, EVAC_OK);
    assert_str(l.model->runbooks[0].doc, "d");
    end(&l);
    write_file(&f, "runbooks/b.cfg", own_book);
    load(&l, &f, &builtin_book, 1);
    ck_assert_int_eq(l.code, EVAC_OK);
    ck_assert_uint_eq(l.model->runbook_count, 1);
    assert_str(l.model->runbooks[0].doc, "own");
    end(&l);
    remove_folder(&f);
}
END_TEST

static void hash_of(const struct folder *f, char to[65])
{
    struct loaded l;
    load(&l, f, &builtin_book, 1);
    ck_assert_msg(l.code == EVAC_OK, "%s", told(&l));
    memcpy(to, l.model->hash, 65);
    end(&l);
}

START_TEST(the_hash_is_of_names_and_contents_wherever_the_folder_lies)
{
    struct folder one, two;
    char a[65], b[65];
    make_folder(&one);
    make_folder(&two);
    hash_of(&one, a);
    hash_of(&two, b);
    ck_assert_str_eq(a, b);
    write_file(&one, "apps/a.cfg", app_b);
    hash_of(&one, a);
    ck_assert_str_ne(a, b);
    write_file(&two, "apps/b.cfg", app_b);
    hash_of(&two, b);
    ck_assert_str_ne(a, b);
    remove_folder(&one);
    remove_folder(&two);
}
END_TEST

START_TEST(what_can_not_be_read_is_told_and_the_other_files_go_on)
{
    struct folder f;
    struct loaded l;
    char pipe[200];
    make_folder(&f);
    (void)snprintf(pipe, sizeof pipe, "%s/apps/pipe.cfg", f.path);
    ck_assert_int_eq(mkfifo(pipe, 0600), 0);
    write_file(&f, "apps/a.cfg", "app = ");
    write_file(&f, "apps/b.cfg", own_book);
    write_file(&f, "runbooks/b.cfg", "runbook = { nme = 1; };");
    write_file(&f, "evac.cfg", "nod = \"x\"; runbook_dir = \"/nonexistent/evac\";");
    load(&l, &f, NULL, 0);
    ck_assert_int_eq(l.code, EVAC_E_BADCONF);
    ck_assert_ptr_null(l.model);
    static const char *const expected[] = {
        "/evac.cfg:1: error: unknown setting \"nod\"",
        "/apps/a.cfg:2: error: syntax error",
        "/apps/b.cfg: error: found no app",
        "/apps/pipe.cfg: error: is not a regular file",
        "/runbooks/b.cfg:1: error: unknown setting \"nme\"",
        "/nonexistent/evac: error: the folder can not be read: No such file or directory",
    };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        ck_assert_msg(strstr(told(&l), expected[i]) != NULL, "%s\nin\n%s", expected[i], told(&l));
    end(&l);
    remove_folder(&f);
}
END_TEST

START_TEST(a_file_over_the_ceiling_is_refused_unread)
{
    struct folder f;
    struct loaded l;
    make_folder(&f);
    char *big = malloc((1u << 20) + 2);
    memset(big, ' ', (1u << 20) + 1);
    big[(1u << 20) + 1] = '\0';
    write_file(&f, "evac.cfg", big);
    load(&l, &f, NULL, 0);
    ck_assert_ptr_nonnull(strstr(
        told(&l), "/evac.cfg: error: the file is too large; allowed: at most 1048576 bytes"));
    end(&l);
    big[1u << 20] = '\0';
    write_file(&f, "evac.cfg", big);
    load(&l, &f, NULL, 0);
    ck_assert_int_eq(l.code, EVAC_OK);
    end(&l);
    free(big);
    remove_folder(&f);
}
END_TEST

START_TEST(a_folder_that_is_none_is_an_error_that_says_so)
{
    static const char *const dirs[] = { "/nonexistent/evac", "/etc/passwd" };
    static const char *const why[] = { "No such file or directory", "Not a directory" };
    for (size_t i = 0; i < 2; i++) {
        struct loaded l;
        begin(&l);
        l.code = evac_conf_load(dirs[i], NULL, 0, &l.diag, &l.model, &l.err);
        ck_assert_int_eq(l.code, EVAC_E_BADCONF);
        ck_assert_ptr_nonnull(strstr(told(&l), why[i]));
        ck_assert_ptr_nonnull(strstr(l.err.text, dirs[i]));
        end(&l);
    }
}
END_TEST

/* --- the demonstration's files
 * ------------------------------------------------------------------------------ */

static void put_source(const char *name, struct evac_buf *to)
{
    static const char *const marks[][2] = { { "@DIR@", "/tmp" },
                                            { "@PORT@", "8080" },
                                            { "@DNS_PORT@", "5353" },
                                            { "@SPEED@", "10" },
                                            { "@UNTIL@", "2026-12-31" } };
    enum { MARKS = sizeof marks / sizeof marks[0] };
    char path[1000], line[1000];
    (void)snprintf(path, sizeof path, "%s/%s", EVAC_SOURCE_DIR, name);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s", path);
    while (fgets(line, sizeof line, file)) {
        struct evac_str rest = evac_str(line);
        while (rest.n) {
            size_t k = 0, n = 1;
            while (k < MARKS && !evac_str_starts(rest, marks[k][0]))
                k++;
            if (k < MARKS)
                n = strlen(marks[k][0]), evac_buf_puts(to, marks[k][1]);
            else
                evac_buf_putc(to, rest.p[0]);
            rest = (struct evac_str){ rest.p + n, rest.n - n };
        }
    }
    fclose(file);
}

START_TEST(the_demonstration_s_files_parse)
{
    static const char *const names[] = { "contrib/demo/evac.cfg", "contrib/demo/apps/shop.cfg",
                                         "runbooks/warm-standby.cfg" };
    struct evac_buf texts[3];
    struct evac_conf_text files[3];
    struct loaded l;
    for (size_t i = 0; i < 3; i++) {
        evac_buf_init(&texts[i], 1u << 20);
        put_source(names[i], &texts[i]);
        files[i] = (struct evac_conf_text){ names[i], evac_buf_str(&texts[i]) };
    }
    parse(&l, files, 3);
    ck_assert_uint_eq(l.diag.warnings, 0);
    const struct evac_app *shop = evac_model_app(l.model, EVAC_STR("shop"));
    const struct evac_runbook *warm = evac_model_runbook(l.model, EVAC_STR("warm-standby"));
    ck_assert(shop && warm);
    ck_assert_uint_eq(shop->resource_count, 8);
    assert_str(evac_args_regional(&evac_app_resource(shop, EVAC_STR("db"))->props, "clusters",
                                  EVAC_STR("us-west-2")),
               "shop-db-usw2");
    ck_assert_uint_gt(warm->workflows[EVAC_WORKFLOW_FAILOVER].step_count, 10);
    ck_assert(warm->workflows[EVAC_WORKFLOW_DRILL].present);
    assert_str(l.model->controller.resolver, "127.0.0.1:5353");
    ck_assert_uint_eq(l.model->controller.quarantine_ms, 33000);
    end(&l);
    for (size_t i = 0; i < 3; i++)
        evac_buf_done(&texts[i]);
}
END_TEST

/* --- names of enums
 * ------------------------------------------------------------------------------------------- */

START_TEST(every_phase_s_name_is_parsed_back_to_it)
{
    enum evac_phase phase = EVAC_PHASE_COUNT;
    ck_assert(evac_phase_parse(evac_str(evac_phase_name((enum evac_phase)_i)), &phase));
    ck_assert_int_eq(phase, _i);
    ck_assert(!evac_phase_parse(EVAC_STR("?"), &phase));
    ck_assert_str_eq(evac_phase_name(EVAC_PHASE_COUNT), "?");
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tc = tcase_create("good input");
    tcase_add_test(tc, no_configuration_at_all_is_a_controller_with_its_defaults);
    tcase_add_test(tc, an_app_s_defaults_are_those_of_the_reliability_rules);
    tcase_add_test(tc, every_setting_of_the_controller_lands_where_it_belongs);
    tcase_add_test(tc, every_setting_of_an_app_lands_where_it_belongs);
    tcase_add_test(tc, stretches_of_the_calendar_land_where_they_belong);
    tcase_add_test(tc, a_probe_s_settings_land_where_they_belong);
    tcase_add_test(tc, the_endpoint_is_a_probe_that_measures_and_a_resource_that_steps_can_name);
    tcase_add_test(tc, a_resource_s_nested_settings_are_sorted_dotted_names_with_their_lines);
    tcase_add_test(tc, each_kind_of_probe_lands_with_what_goes_with_it);
    tcase_add_test(tc, who_is_told_lands_where_it_belongs);
    tcase_add_test(tc, vantages_have_names_that_differ_from_the_controller_s);
    tcase_add_test(tc, a_probe_faster_than_the_usual_timeout_gets_one_that_fits);
    tcase_add_test(tc, a_policy_that_nothing_can_set_off_is_warned_of);
    tcase_add_test(tc, every_setting_of_a_step_lands_where_it_belongs);
    tcase_add_test(tc, a_workflow_that_is_the_same_as_another_has_its_steps_also_over_a_third);
    tcase_add_loop_test(tc, a_condition_means_what_it_says, 0, sizeof whens / sizeof whens[0]);
    tcase_add_test(tc, a_folder_is_read_whole_in_the_order_of_names);
    tcase_add_test(tc, a_file_s_runbook_replaces_the_built_in_one_of_its_name);
    tcase_add_test(tc, the_hash_is_of_names_and_contents_wherever_the_folder_lies);
    tcase_add_test(tc, what_can_not_be_read_is_told_and_the_other_files_go_on);
    tcase_add_test(tc, a_file_over_the_ceiling_is_refused_unread);
    tcase_add_test(tc, a_folder_that_is_none_is_an_error_that_says_so);
    tcase_add_test(tc, the_demonstration_s_files_parse);
    tcase_add_loop_test(tc, every_phase_s_name_is_parsed_back_to_it, 0, EVAC_PHASE_COUNT);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("conf", add_cases)

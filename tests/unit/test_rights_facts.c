/* The rights that an app needs, whatever of it is asked for; and facts about the cloud's services,
 * whatever a file says. */
#include "builtin.h"
#include "builtin_runbooks.h"
#include "conf.h"
#include "facts.h"
#include "plan.h"
#include "rights.h"
#include "suite.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

static struct evac_diag diag;
static struct evac_model *model;
static struct evac_err err;

static void setup(void)
{
    diag = (struct evac_diag){ .arena = evac_arena_new() };
    err = (struct evac_err){ EVAC_OK, "" };
    model = NULL;
}

static void teardown(void)
{
    evac_model_free(model);
    evac_arena_free(diag.arena);
}

/* clang-format off */
#define APP(strategy, resources, more) \
    "app = { name = \"shop\"; strategy = \"" strategy "\"; regions = ( \"us-east-1\", \"us-west-2\" ); objectives = { rto = \"9m\"; rpo = \"5s\"; };\n" \
    "  endpoint = { url = \"http://x.example.com/\"; regional = \"http://{region}.example.com/\"; };\n" \
    "  policy = { automatic = \"never\"; }; resources = { " GO resources " }; " more " };\n"
#define GO      "go = { type = \"s3-go\"; key = \"k\"; renew = \"5s\"; margin = \"1s\"; buckets = { us-east-1 = \"a\"; us-west-2 = \"b\"; }; };"
#define DB      "db = { type = \"aurora\"; global_cluster = \"g\"; clusters = { us-east-1 = \"e\"; us-west-2 = \"w\"; }; };"
#define WEB     "web = { type = \"ecs\"; cluster = \"c\"; service = \"s\"; count = { active = 6; standby = 1; }; };"
#define ALARMS  "alarms = { type = \"cloudwatch-alarm\"; alarms = ( \"a\", \"b\" ); };"
#define TOPIC(name, account) name " = { type = \"sns\"; topic = { us-east-1 = \"arn:aws:sns:us-east-1:" account ":t\"; us-west-2 = \"arn:aws:sns:us-west-2:" account ":t\"; }; };"
#define LOOKS   "probes = ( { name = \"near\"; look = { resource = \"db\"; lag = \"30s\"; }; every = \"1m\"; }, { name = \"well\"; look = { resource = \"db\"; action = \"ready\"; }; } );"
#define DRILLS  "drills = ( { name = \"d\"; kind = \"rehearse\"; every = \"week\"; on = \"monday 06:00\"; unless = ( \"alarms\", \"db\" ); } );"

static const struct {
    const char *app, *workflow, *account;
    enum evac_code code;
    const char *has, *not; /* in the text */
} rights[] = {
    { APP("warm-standby", DB WEB, ""), "", "", EVAC_OK, "rds:FailoverGlobalCluster", "cloudwatch:DescribeAlarms" },
    { APP("warm-standby", DB WEB, ""), "failover", "", EVAC_OK, "ecs:UpdateService", NULL },
    { APP("warm-standby", DB WEB, ""), "failback", "", EVAC_OK, "ecs:UpdateService", NULL },
    { APP("warm-standby", DB WEB, ""), "drill", "", EVAC_OK, "ecs:DescribeServices", NULL },
    { APP("warm-standby", DB WEB, ""), "fence", "", EVAC_OK, NULL, NULL },
    { APP("warm-standby", DB WEB, ""), "dance", "", EVAC_E_BADARG, "dance", NULL },
    { APP("warm-standby", DB WEB, ""), "", "123456789012", EVAC_OK, "123456789012", NULL },
    { APP("warm-standby", DB WEB, ""), "", "12345678901", EVAC_E_BADARG, "12345678901", NULL },
    { APP("warm-standby", DB WEB, ""), "", "12345678901x", EVAC_E_BADARG, "12345678901x", NULL },
    { APP("warm-standby", DB WEB ALARMS, LOOKS DRILLS), "", "", EVAC_OK, "cloudwatch:DescribeAlarms", NULL },
    { APP("warm-standby", DB WEB ALARMS, LOOKS DRILLS), "failover", "", EVAC_OK, "cloudwatch:", NULL },
    { APP("warm-standby", DB WEB ALARMS, LOOKS DRILLS), "drill", "", EVAC_OK, "cloudwatch:DescribeAlarms", NULL },
    { APP("warm-standby", DB TOPIC("a", "111111111111"), ""), "", "", EVAC_OK, "111111111111", NULL },
    { APP("warm-standby", DB TOPIC("a", "111111111111") TOPIC("b", "222222222222"), ""), "", "", EVAC_OK, "\"*\"", NULL },
    { APP("pilot-light", DB WEB, ""), "", "", EVAC_OK, "rds:", NULL },
    { APP("active-active", WEB, ""), "", "", EVAC_OK, "ecs:", NULL },
};
/* clang-format on */

START_TEST(what_an_app_needs_is_granted_and_no_more)
{
    struct evac_conf_text files[16] = { { "app.cfg", evac_str(rights[_i].app) } };
    struct evac_buf out, said;
    size_t n = 1;
    for (size_t i = 0; i < evac_builtin_runbook_count && n < 16; i++)
        files[n++] = evac_builtin_runbooks[i];
    evac_buf_init(&said, 1u << 16);
    enum evac_code code = evac_conf_parse(files, n, &diag, &model, &err);
    evac_diag_print(&diag, &said);
    ck_assert_msg(code == EVAC_OK, "%s", said.p ? said.p : err.text);
    const struct evac_rights_request q = { .model = model,
                                           .app = &model->apps[0],
                                           .catalog = evac_builtin_catalog(),
                                           .workflow = evac_str(rights[_i].workflow),
                                           .account = evac_str(rights[_i].account) };
    evac_buf_init(&out, 4u << 20);
    code = evac_rights_of_app(&q, &out, &err);
    ck_assert_msg(code == rights[_i].code, "%s", err.text);
    const char *text = code ? err.text : out.p;
    ck_assert_msg(!rights[_i].has || strstr(text, rights[_i].has), "%s", text);
    ck_assert_msg(!rights[_i].not || !strstr(text, rights[_i].not ), "%s", text);
    cJSON *json = code ? NULL : cJSON_Parse(out.p);
    ck_assert(code || cJSON_IsArray(cJSON_GetObjectItem(json, "policies")));
    cJSON_Delete(json);
    evac_buf_done(&out);
    evac_buf_done(&said);
}
END_TEST

/* --- facts
 * ---------------------------------------------------------------------------------------- */

/* clang-format off */
#define FACTS \
    "date = \"2026-11-21\"; currency = \"USD\"; priced_in = \"us-east-1\";\n" \
    "partitions = ( { name = \"far\"; prefix = \"cn-\"; }, { name = \"main\"; prefix = \"\"; } );\n" \
    "sources = { page = \"https://example.com/\"; };\n" \
    "planes = ( { service = \"dns\"; operations = ( \"*\" ); home = { main = \"us-east-1\"; }; needs = { main = \"us-east-1\"; }; because = \"so\"; alternative = \"other\"; source = \"page\"; } );\n" \
    "prices = ( { unit = \"a/b\"; price = \"0.04048\"; source = \"page\"; } );\n"

static const struct {
    const char *old, *new, *says; /* says NULL: good */
} slips[] = {
    { "", "", NULL },
    { "\"0.04048\"", "\"0\"", NULL }, { "\"0.04048\"", "\"1000000\"", NULL }, { "\"0.04048\"", "\"0.000001\"", NULL },
    { "\"0.04048\"", "\"cheap\"", "price: found" }, { "\"0.04048\"", "\"-1\"", "price: found" }, { "\"0.04048\"", "\"1000001\"", "price: found" },
    { "\"0.04048\"", "\"0.1234567\"", "price: found" }, { "\"0.04048\"", "\"0.-1\"", "price: found" }, { "\"0.04048\"", "\"0.1x\"", "price: found" },
    { "currency = \"USD\"; ", "", "prices need a currency" }, { "priced_in = \"us-east-1\"", "// ", "prices need a currency" },
    { "source = \"page\"; } );\nprices", "source = \"paeg\"; } );\nprices", "no source \"paeg\"" },
    { "needs = { main", "needs = { mian", "no partition \"mian\"" }, { "home = { main", "home = { mian", "no partition \"mian\"" },
    { "2026-11-21", "2026-00-21", "allowed: a day" }, { "2026-11-21", "2026-11-00", "allowed: a day" }, { "2026-11-21", "2026-11-32", "allowed: a day" },
    { "2026-11-21", "1969-11-21", "allowed: a day" }, { "2026-11-21", "2026-11-2x", "allowed: a day" }, { "2026-11-21", "2026-x1-21", "allowed: a day" }, { "2026-11-21", "x026-11-21", "allowed: a day" },
    { "2026-11-21", "2026-11", "allowed: a day" }, { "2026-11-21", "26-11-21", "allowed: a day" }, { "2026-11-21", "2026-11-211", "allowed: a day" },
    { "planes = (", "planes = ( (", "is never closed" },
};
/* clang-format on */

START_TEST(a_file_of_facts_is_taken_or_its_slip_is_named)
{
    char text[4096];
    const struct evac_facts *facts = NULL;
    struct evac_buf said;
    const char *at = slips[_i].old[0] ? strstr(FACTS, slips[_i].old) : NULL;
    ck_assert(at || !slips[_i].old[0]);
    if (at)
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - FACTS), FACTS, slips[_i].new,
                 at + strlen(slips[_i].old));
    else
        snprintf(text, sizeof text, "%s", FACTS);
    const struct evac_conf_text file = { "f.cfg", evac_str(text) };
    enum evac_code code = evac_facts_parse(&file, 1, &diag, &facts, &err);
    evac_buf_init(&said, 1u << 16);
    evac_diag_print(&diag, &said);
    ck_assert_msg((code == EVAC_OK) == (slips[_i].says == NULL), "%s\n%s", text,
                  said.p ? said.p : "");
    ck_assert_msg(!slips[_i].says || strstr(said.p, slips[_i].says), "%s", said.p ? said.p : "");
    evac_buf_done(&said);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tc = tcase_create("rights");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, what_an_app_needs_is_granted_and_no_more, 0,
                        sizeof rights / sizeof rights[0]);
    tcase_add_loop_test(tc, a_file_of_facts_is_taken_or_its_slip_is_named, 0,
                        sizeof slips / sizeof slips[0]);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("rights and facts", add_cases)

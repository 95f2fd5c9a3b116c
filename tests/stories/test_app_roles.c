/*
 * Each app under a role of its own: what the controller itself may is to assume exactly these
 * roles, and what a role may is what `evac iam` prints for its app. In virtual time; the sandbox
 * enforces the policies, the trust and the external id.
 */
#include "builtin.h"
#include "rights.h"
#include "suite.h"
#include "world.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_MS 60000u
#define EAST      "us-east-1"
#define ROLE      "evac-act-shop"

#define NOT_BY_ITSELF                                                                              \
    "automatic = \"act\"=>automatic = \"never\"\nautomatic = \"propose\"=>automatic = \"never\"\n"
#define ROLES(more)                                                                                \
    NOT_BY_ITSELF "packs = { aws = {=>packs = { aws = { "                                          \
                  "app_role_arn = \"arn:aws:iam::123456789012:role/evac-act-{app}\"; " more

static const char as_it_should[] = ROLES("app_external_id = \"7f3a-{app}\";");

static void control(struct world *w, const char *whom, const char *verb, const char *text)
{
    struct evac_err err = { EVAC_OK, "" };
    struct evac_buf command;
    evac_buf_init(&command, 1u << 20);
    evac_buf_putf(&command, "iam %s %s %s", whom, verb, text);
    ck_assert_msg(!evac_sandbox_control(world_sandbox(w), evac_buf_str(&command), &err),
                  "%.300s: %s", command.p, err.text);
    evac_buf_done(&command);
}

/* What evac iam prints. */
static char *printed(struct world *w)
{
    struct evac_err err = { EVAC_OK, "" };
    struct evac_buf json;
    evac_buf_init(&json, 1u << 20);
    const struct evac_rights_request request = {
        .model = evac_shell_engine(world_shell(w))->model,
        .app = world_app(w)->app,
        .catalog = evac_builtin_catalog(),
        .account = EVAC_STR("123456789012"),
    };
    ck_assert_msg(!evac_rights_of_app(&request, &json, &err), "%s", err.text);
    char *text = strdup(json.p);
    evac_buf_done(&json);
    return text;
}

static void control_json(struct world *w, const char *whom, const char *verb, const cJSON *json)
{
    char *text = cJSON_PrintUnformatted(json);
    ck_assert_ptr_nonnull(text);
    control(w, whom, verb, text);
    cJSON_free(text);
}

/* The controller may assume the roles, and nothing else; the role may what it was printed for. */
static void enforce(struct world *w, const char *text)
{
    cJSON *root = cJSON_Parse(text);
    const cJSON *identity = cJSON_GetObjectItem(root, "identity");
    const cJSON *role = cJSON_GetArrayItem(cJSON_GetObjectItem(identity, "roles"), 0);
    ck_assert_str_eq(cJSON_GetObjectItem(role, "role_arn")->valuestring,
                     "arn:aws:iam::123456789012:role/" ROLE);
    ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItem(role, "regions")), 3);
    control(w, "self", "none", "");
    control_json(w, "self", "policy",
                 cJSON_GetObjectItem(cJSON_GetObjectItem(identity, "controller"), "document"));
    control(w, "role/" ROLE, "policy", text);
    control_json(w, "role/" ROLE, "trust", cJSON_GetObjectItem(role, "trust"));
    cJSON_Delete(root);
}

static struct world *world_with(const char *extra)
{
    const struct world_options options = {
        .seed = 11, .speed = 10, .app_extra = extra, .verbose = getenv("EVAC_VERBOSE") != NULL
    };
    return world_new(&options);
}

static unsigned long refused(struct world *w)
{
    const char *p = strstr(world_truth(w), "\"refused\":");
    return p ? strtoul(p + strlen("\"refused\":"), NULL, 10) : 0;
}

static const char *tail(struct world *w)
{
    const char *trace = world_trace(w);
    size_t n = strlen(trace), most = 3000;
    return n > most ? trace + n - most : trace;
}

START_TEST(an_app_is_called_for_under_its_own_role_and_its_run_is_named)
{
    struct world *w = world_with(as_it_should);
    char *text = printed(w);
    enforce(w, text);
    world_run(w, 2 * MINUTE_MS);
    ck_assert_ptr_nonnull(strstr(world_truth(w), "assumed-role/" ROLE "/evac-shop\""));
    ck_assert(!world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_GRACEFUL));
    ck_assert_msg(world_run_to_end(w, 40 * MINUTE_MS), "it does not end:\n%s", tail(w));
    ck_assert_msg(world_run_state(w) == EVAC_RUN_SUCCEEDED, "%s", tail(w));
    ck_assert_msg(refused(w) == 0, "%s", tail(w));
    ck_assert_ptr_nonnull(strstr(world_truth(w), "assumed-role/" ROLE "/evac-shop-1\""));
    free(text);
    world_free(w);
}
END_TEST

/* Every STS is silent: what is held goes on. */
START_TEST(a_failover_needs_no_sts)
{
    struct world *w = world_with(as_it_should);
    char *text = printed(w);
    enforce(w, text);
    world_run(w, 2 * MINUTE_MS);
    world_control(w, "service sts us-east-1 down");
    world_control(w, "service sts us-west-2 down");
    world_control(w, "service sts eu-west-1 down");
    world_control(w, "region " EAST " down");
    world_run(w, 3000);
    ck_assert(!world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_UNGRACEFUL));
    ck_assert_msg(world_run_to_end(w, 60 * MINUTE_MS), "it does not end:\n%s", tail(w));
    ck_assert_msg(world_run_state(w) == EVAC_RUN_SUCCEEDED, "%s", tail(w));
    ck_assert_uint_eq(refused(w), 0);
    free(text);
    world_free(w);
}
END_TEST

/* The policy of an app that is the same in all but its name. */
START_TEST(one_app_s_role_can_not_touch_what_is_another_s)
{
    struct world *w = world_with(as_it_should);
    char *text = printed(w);
    enforce(w, text);
    for (char *p = text; (p = strstr(p, "shop")) != NULL;)
        memcpy(p, "book", 4);
    control(w, "role/" ROLE, "none", "");
    control(w, "role/" ROLE, "policy", text);
    world_run(w, 2 * MINUTE_MS);
    unsigned long before = refused(w);
    bool began = !world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_GRACEFUL);
    if (began)
        (void)world_run_to_end(w, 40 * MINUTE_MS);
    ck_assert(!began || world_run_state(w) != EVAC_RUN_SUCCEEDED);
    ck_assert_uint_gt(refused(w), before);
    ck_assert_msg(strstr(world_trace(w), "not allowed: "), "%s", tail(w));
    free(text);
    world_free(w);
}
END_TEST

START_TEST(without_its_external_id_a_role_lets_nobody_in)
{
    struct world *w = world_with(ROLES("app_external_id = \"7f3a\";"));
    char *text = printed(w);
    enforce(w, text);
    control(w, "role/" ROLE, "trust",
            "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":"
            "\"sts:AssumeRole\",\"Principal\":{\"AWS\":\"arn:aws:iam::123456789012:root\"},"
            "\"Condition\":{\"StringEquals\":{\"sts:ExternalId\":\"another\"}}}]}");
    world_run(w, MINUTE_MS);
    (void)world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_GRACEFUL);
    ck_assert(!world_run_to_end(w, 5 * MINUTE_MS) || world_run_state(w) != EVAC_RUN_SUCCEEDED);
    ck_assert_uint_gt(refused(w), 0);
    ck_assert_msg(strstr(world_trace(w), "AccessDenied"), "%s", tail(w));
    free(text);
    world_free(w);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("app roles");
    tcase_set_timeout(tc, 300);
    tcase_add_test(tc, an_app_is_called_for_under_its_own_role_and_its_run_is_named);
    tcase_add_test(tc, a_failover_needs_no_sts);
    tcase_add_test(tc, one_app_s_role_can_not_touch_what_is_another_s);
    tcase_add_test(tc, without_its_external_id_a_role_lets_nobody_in);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("roles of apps", cases)

/*
 * Least privilege, enforced: the sandbox evaluates the policies that `evac iam` prints, for every
 * request. With exactly its own policy each strategy's failover, failback and drill passes; with
 * any one action taken away the run stops, or goes on without what is best effort, and says what is
 * not allowed. In virtual time; each taking away is a process of its own, from where the world
 * stands.
 */
#include "builtin.h"
#include "report.h"
#include "rights.h"
#include "suite.h"
#include "world.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_MS 60000u
#define EAST      "us-east-1"
#define WEST      "us-west-2"

static const struct strategy {
    const char *name, *app; /* app: below contrib/demo */
} strategies[] = {
    { "warm-standby", NULL },
    { "pilot-light", "strategies/pilot-light.cfg" },
    { "backup-restore", "strategies/backup-restore.cfg" },
    { "active-active", "strategies/active-active.cfg" },
};
#define STRATEGIES ((int)(sizeof strategies / sizeof strategies[0]))

/* --- policies --------------------------------------------------------------------------------- */

static cJSON *policies_of(struct world *w)
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
    cJSON *all = cJSON_Parse(json.p);
    evac_buf_done(&json);
    return all;
}

static void control(struct world *w, const char *text)
{
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_msg(!evac_sandbox_control(world_sandbox(w), evac_str(text), &err), "%.200s: %s", text,
                  err.text);
}

/* The controller may what the role's policies say, and nothing else. */
static void enforce(struct world *w, const cJSON *policies, const char *role)
{
    const cJSON *p;
    control(w, "iam self none");
    cJSON_ArrayForEach(p, cJSON_GetObjectItem(policies, "policies"))
    {
        char *text = cJSON_PrintUnformatted(cJSON_GetObjectItem(p, "document"));
        struct evac_buf command;
        evac_buf_init(&command, 1u << 20);
        evac_buf_putf(&command, "iam self policy %s", text);
        if (strcmp(cJSON_GetObjectItem(p, "role")->valuestring, role) == 0)
            control(w, command.p);
        evac_buf_done(&command);
        cJSON_free(text);
    }
}

/* --- the stories ------------------------------------------------------------------------------ */

static struct world *world_of(const struct strategy *s)
{
    struct world_options options = { .seed = 11,
                                     .speed = 10,
                                     .app_file = s->app,
                                     .app_extra = "automatic = \"act\"=>automatic = \"never\"\n"
                                                  "automatic = \"propose\"=>automatic = \"never\"",
                                     .verbose = getenv("EVAC_VERBOSE") != NULL };
    struct world *w = world_new(&options);
    cJSON *policies = policies_of(w);
    enforce(w, policies, "act");
    cJSON_Delete(policies);
    world_run(w, 30000);
    return w;
}

static const char *tail(struct world *w)
{
    const char *trace = world_trace(w);
    size_t n = strlen(trace), most = 3500;
    return n > most ? trace + n - most : trace;
}

static void move(struct world *w, enum evac_workflow workflow, enum evac_mode mode)
{
    ck_assert(!world_begin(w, workflow, mode));
    ck_assert_msg(world_run_to_end(w, 60 * MINUTE_MS), "it does not end:\n%s", tail(w));
    enum evac_run_state end = world_run_state(w);
    ck_assert_msg(end == EVAC_RUN_SUCCEEDED, "%s:\n%s", evac_run_state_name(end), tail(w));
    ck_assert_msg(!world_traced(w, "not authorized"), "%s",
                  strstr(world_trace(w), "not authorized") - 300);
}

START_TEST(there_and_back_and_a_drill_need_no_more_than_the_policy)
{
    struct world *w = world_of(&strategies[_i]);
    move(w, EVAC_WORKFLOW_DRILL, EVAC_MODE_GRACEFUL);
    move(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_GRACEFUL);
    world_run(w, 5 * MINUTE_MS);
    if (world_app(w)->old_side.writes)
        ck_assert(!world_say(w, EVAC_CMD_RECONCILE, "", "fenced before it was restored", 0));
    move(w, EVAC_WORKFLOW_FAILBACK, EVAC_MODE_GRACEFUL);
    world_free(w);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("rights");
    tcase_set_timeout(tc, 300);
    tcase_add_loop_test(tc, there_and_back_and_a_drill_need_no_more_than_the_policy, 0, STRATEGIES);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("least privilege", cases)

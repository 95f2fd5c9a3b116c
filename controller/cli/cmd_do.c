/* Commands that change something: failover, failback, drill, check, and the words to a run. */
#include "cli.h"
#include "run_gates.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- what will be done
 * ------------------------------------------------------------------------------------ */

bool evac_cli_app_path(char *path, size_t bytes, const char *app, const char *rest)
{
    struct evac_buf name;
    evac_buf_init(&name, 1024);
    evac_buf_uri(&name, evac_str(app), false);
    int n = snprintf(path, bytes, "/v1/apps/%s/%s", name.p ? name.p : "", rest);
    evac_buf_done(&name);
    return n > 0 && (size_t)n < bytes;
}

static const cJSON *find_app(const cJSON *status, const char *name)
{
    const cJSON *a;
    cJSON_ArrayForEach(a, cJSON_GetObjectItemCaseSensitive(status, "apps"))
    {
        if (strcmp(evac_json_cstr(a, "app"), name) == 0)
            return a;
    }
    return NULL;
}

/* Without --mode: graceful needs the old side alive, so a dead one means ungraceful. */
static const char *choose_mode(struct evac_cli *cli, const char *app)
{
    cJSON *status;
    const cJSON *region;
    struct evac_err err = { EVAC_OK, "" };
    const char *mode = "graceful";
    if (cli->mode)
        return cli->mode;
    if (evac_client_json(cli->client, "/v1/status", NULL, &status, &err) != EVAC_EXIT_DONE)
        return mode;
    cJSON_ArrayForEach(region, cJSON_GetObjectItemCaseSensitive(find_app(status, app), "regions"))
    {
        const char *verdict = evac_json_cstr(region, "verdict");
        bool left = cli->from ? strcmp(evac_json_cstr(region, "name"), cli->from) == 0
                              : strcmp(evac_json_cstr(region, "role"), "active") == 0;
        if (left && (strcmp(verdict, "down") == 0 || strcmp(verdict, "isolated") == 0))
            mode = "ungraceful";
    }
    cJSON_Delete(status);
    return mode;
}

/* workflow: the command that would begin it. */
static void print_plan(struct evac_cli *cli, const cJSON *plan, const char *workflow)
{
    char path[32], loss[32], objective[32];
    evac_cli_duration(evac_json_number(plan, "critical_path_ms", 0), path, sizeof path);
    evac_cli_duration(evac_json_number(plan, "loss_now_ms", -1), loss, sizeof loss);
    evac_cli_duration(evac_json_number(plan, "rpo_objective_ms", 0), objective, sizeof objective);
    fputs(evac_json_cstr(plan, "text"), stdout);
    if (evac_json_cstr(plan, "warnings")[0])
        printf("\n%s", evac_json_cstr(plan, "warnings"));
    evac_cli_lint_short(cli, cJSON_GetObjectItemCaseSensitive(plan, "lint"));
    printf("\n");
    evac_cli_policy(cli, plan, "");
    evac_cli_start_gates(cli, cJSON_GetObjectItemCaseSensitive(plan, "start_gates"), cli->argv[0],
                         workflow);
    if (evac_json_true(plan, "asks_nobody"))
        printf("\nOne person is enough: %s has no approvals, so whoever begins it is asked by "
               "nobody (app.approvals).\n",
               cli->argv[0]);
    printf("\n%s -> %s, %s. It usually takes about %s.\n", evac_json_cstr(plan, "from"),
           evac_json_cstr(plan, "to"), evac_json_cstr(plan, "mode"), path);
    if (!evac_json_true(plan, "has_data") || strcmp(cli->command, "fence") == 0)
        return;
    bool all_wait = strstr(evac_json_cstr(plan, "text"), "[may lose data]") == NULL;
    if (strcmp(evac_json_cstr(plan, "mode"), "graceful") == 0)
        printf("Graceful: it waits until all that was written before the fence has arrived%s.\n",
               all_wait ? ", so nothing is lost"
                        : "; a step marked [may lose data] does not: what it has not got by "
                          "then is lost");
    else
        printf("Ungraceful: it would lose %s of data now (objective %s).\n", loss, objective);
}

static enum evac_exit get_plan(struct evac_cli *cli, const char *app, const char *workflow,
                               const char *mode, cJSON **ret_plan)
{
    char path[1200];
    struct evac_buf body;
    struct evac_err err = { EVAC_OK, "" };
    if (!evac_cli_app_path(path, sizeof path, app, "plan"))
        return evac_cli_fail(EVAC_EXIT_USAGE, "the app's name is too long");
    const char *text =
        evac_cli_body(&body, "workflow", workflow, "mode", mode, "from", cli->from, "to", cli->to,
                      "kind", cli->kind, "isolate", cli->isolate, (const char *)NULL);
    enum evac_exit code = evac_client_json(cli->client, path, text, ret_plan, &err);
    evac_buf_done(&body);
    return code == EVAC_EXIT_DONE ? code : evac_cli_fail(code, "%s", err.text);
}

enum evac_exit evac_cmd_plan(struct evac_cli *cli)
{
    cJSON *plan;
    if (cli->argc < 1)
        return evac_cli_fail(EVAC_EXIT_USAGE, "plan: name the app");
    const char *workflow = cli->argc > 1 ? cli->argv[1] : "failover";
    enum evac_exit code =
        get_plan(cli, cli->argv[0], workflow, choose_mode(cli, cli->argv[0]), &plan);
    if (code != EVAC_EXIT_DONE)
        return code;
    if (cli->json) {
        char *text = cJSON_Print(plan);
        puts(text);
        free(text);
    } else {
        print_plan(cli, plan, workflow);
    }
    cJSON_Delete(plan);
    return EVAC_EXIT_DONE;
}

/* --- failover and failback
 * -------------------------------------------------------------------------------- */

bool evac_cli_confirmed(const char *whose, const char *name)
{
    char line[256];
    if (!isatty(STDIN_FILENO)) {
        (void)evac_cli_fail(
            EVAC_EXIT_REFUSED,
            "not confirmed: standard input is no terminal; --yes does without the question");
        return false;
    }
    printf("\nType the %s name to go ahead (anything else stops): ", whose);
    fflush(stdout);
    if (!fgets(line, sizeof line, stdin))
        return false;
    line[strcspn(line, "\r\n")] = '\0';
    if (strcmp(line, name) == 0)
        return true;
    (void)evac_cli_fail(EVAC_EXIT_REFUSED, "not confirmed: nothing was changed");
    return false;
}

static enum evac_exit begin(struct evac_cli *cli, const char *app, const char *workflow,
                            const char *mode, const char *kind)
{
    char path[1200];
    struct evac_buf body;
    cJSON *answer;
    struct evac_err err = { EVAC_OK, "" };
    if (!evac_cli_app_path(path, sizeof path, app, "runs"))
        return evac_cli_fail(EVAC_EXIT_USAGE, "the app's name is too long");
    const char *text = evac_cli_body(&body, "workflow", workflow, "mode", mode, "from", cli->from,
                                     "to", cli->to, "kind", kind, "reason", cli->reason, "isolate",
                                     cli->isolate, "override", cli->override, (const char *)NULL);
    enum evac_exit code = evac_client_json(cli->client, path, text, &answer, &err);
    evac_buf_done(&body);
    if (code != EVAC_EXIT_DONE)
        return evac_cli_fail(code, "%s", err.text);
    unsigned long run = (unsigned long)evac_json_number(answer, "run", 0);
    bool waits = strcmp(evac_json_cstr(answer, "state"), "proposed") == 0;
    cJSON_Delete(answer);
    if (!cli->no_wait)
        return evac_cli_follow(cli, run);
    printf(cli->json ? "{\"run\":%lu}\n"
           : waits   ? "run %lu waits at a gate: 'evac gates %lu' says for what\n"
                     : "run %lu began: 'evac watch %lu' follows it\n",
           run, run);
    return EVAC_EXIT_DONE;
}

enum evac_exit evac_cmd_move(struct evac_cli *cli)
{
    cJSON *plan;
    if (cli->argc != 1)
        return evac_cli_fail(EVAC_EXIT_USAGE, "%s: name one app", cli->command);
    const char *app = cli->argv[0];
    const char *mode = choose_mode(cli, app);
    enum evac_exit code = get_plan(cli, app, cli->command, mode, &plan);
    if (code != EVAC_EXIT_DONE)
        return code;
    if (!cli->json)
        print_plan(cli, plan, cli->command);
    cJSON_Delete(plan);
    if (!cli->yes && !evac_cli_confirmed("app's", app))
        return EVAC_EXIT_REFUSED;
    return begin(cli, app, cli->command, mode, NULL);
}

/* What it will touch is shown before it begins. */
static enum evac_exit exercise(struct evac_cli *cli, const char *app, const char *kind)
{
    cJSON *plan;
    enum evac_exit code = get_plan(cli, app, "drill", cli->mode, &plan);
    if (code != EVAC_EXIT_DONE)
        return code;
    if (!cli->json) {
        fputs(evac_json_cstr(plan, "text"), stdout);
        printf(
            "\ndrill (%s): the steps marked as changing something change %s only; no user is sent "
            "there,\nand everything is put back as it was. It usually takes about twice what "
            "the plan says.\n",
            kind, evac_json_cstr(plan, "to"));
    }
    cJSON_Delete(plan);
    if (!cli->yes && !evac_cli_confirmed("app's", app))
        return EVAC_EXIT_REFUSED;
    return begin(cli, app, "drill", cli->mode, kind);
}

/* There and home again, or with faults: the receipt, then a yes. */
static enum evac_exit campaign(struct evac_cli *cli, const char *app, const char *kind)
{
    if (!cli->yes) {
        bool json = cli->json;
        cli->json = false;
        enum evac_exit code = evac_cli_receipt(cli, app, kind);
        cli->json = json;
        if (code != EVAC_EXIT_DONE)
            return code;
        if (!evac_cli_confirmed("app's", app))
            return EVAC_EXIT_REFUSED;
    }
    return evac_cli_campaign(cli, app, kind);
}

static enum evac_exit call_off(struct evac_cli *cli, const char *app);

enum evac_exit evac_cmd_drill(struct evac_cli *cli)
{
    const char *kind = cli->kind ? cli->kind : "rehearse", *app = cli->argv[0];
    if (cli->argc != 1)
        return evac_cli_fail(EVAC_EXIT_USAGE, "drill: name one app");
    if (cli->stop)
        return call_off(cli, app);
    if (cli->receipt)
        return evac_cli_receipt(cli, app, kind);
    if (strcmp(kind, "live") == 0 || strcmp(kind, "game-day") == 0)
        return campaign(cli, app, kind);
    if (strcmp(kind, "rehearse") != 0)
        return exercise(cli, app, kind);
    if (!cli->json)
        printf("drill (rehearse): every step is looked at, nothing is changed\n");
    return begin(cli, app, "drill", cli->mode, kind);
}

/* Is the app ready to be moved now? A rehearsal, and its findings by step. */
enum evac_exit evac_cmd_check(struct evac_cli *cli)
{
    if (cli->argc != 1)
        return evac_cli_fail(EVAC_EXIT_USAGE, "check: name one app");
    return begin(cli, cli->argv[0], "drill", cli->mode, "rehearse");
}

/* --- words to a run, an app, the controller
 * ---------------------------------------------------------------- */

static enum evac_exit say(struct evac_cli *cli, const char *path, const char *app)
{
    struct evac_buf body;
    cJSON *answer;
    struct evac_err err = { EVAC_OK, "" };
    bool mode = strcmp(cli->command, "mode") == 0;
    const char *text =
        evac_cli_body(&body, "verb", cli->command, "app", app, "step", cli->step, "reason",
                      cli->reason, "mode", mode ? cli->mode : NULL, "gate", cli->override, "owner",
                      cli->owner, "condition", cli->condition, "incident", cli->incident, "region",
                      cli->region, "as", cli->as, "response", cli->response, (const char *)NULL);
    if (cli->duration)
        text = evac_cli_body_number(&body, "value", cli->duration);
    if (cli->json) {
        enum evac_exit code = evac_cli_pass(cli, path, text);
        evac_buf_done(&body);
        return code;
    }
    enum evac_exit code = evac_client_json(cli->client, path, text, &answer, &err);
    evac_buf_done(&body);
    if (code != EVAC_EXIT_DONE)
        return evac_cli_fail(code, "%s", err.text);
    printf("%s\n", evac_json_cstr(answer, "answer"));
    cJSON_Delete(answer);
    return EVAC_EXIT_DONE;
}

/* The step, or the mode, or the gate. */
static void take_second(struct evac_cli *cli)
{
    enum evac_run_gate gate;
    if (cli->argc < 2)
        return;
    if (strcmp(cli->command, "override") == 0 &&
        evac_run_gate_parse(evac_str(cli->argv[1]), &gate)) {
        cli->override = cli->argv[1];
        cli->step = cli->argc > 2 ? cli->argv[2] : cli->step;
    } else {
        cli->step = cli->argv[1];
        cli->mode = cli->argv[1];
    }
}

/* "it would lose 3.2 s of data; ...": as the sentence says it. */
static bool loss_of(const char *reason, char *text, size_t bytes)
{
    static const char before[] = "would lose ", after[] = " of data";
    const char *from = strstr(reason, before);
    const char *to = from ? strstr(from, after) : NULL;
    if (!to)
        return false;
    from += sizeof before - 1;
    return evac_str_copy(text, bytes, (struct evac_str){ from, (size_t)(to - from) });
}

/* The data that is given up is named by whoever gives it up, as it is shown. */
static bool accepted(struct evac_cli *cli, const cJSON *run)
{
    static char ms[32];
    char shown[32], line[64];
    const cJSON *gate;
    cJSON_ArrayForEach(gate, cJSON_GetObjectItemCaseSensitive(run, "gates"))
    {
        double number = evac_json_number(gate, "number", -1);
        if (!evac_json_true(gate, "shut") || strcmp(evac_json_cstr(gate, "gate"), "rpo") != 0 ||
            number < 0)
            continue;
        if (!loss_of(evac_json_cstr(gate, "reason"), shown, sizeof shown))
            evac_cli_duration(number, shown, sizeof shown);
        printf("Type the loss that you accept, as it is shown (%s): ", shown);
        fflush(stdout);
        if (!fgets(line, sizeof line, stdin))
            return false;
        line[strcspn(line, "\r\n")] = '\0';
        snprintf(ms, sizeof ms, "%.0f", number + 1000); /* what is shown is rounded */
        cli->duration = ms;
        return strcmp(line, shown) == 0;
    }
    return true;
}

/* On a terminal; scripts, and --yes, are asked nothing. */
static bool knows_what(struct evac_cli *cli, unsigned long run)
{
    char path[64];
    cJSON *json;
    if (strcmp(cli->command, "override") != 0 || cli->json || cli->yes || !isatty(STDIN_FILENO))
        return true;
    snprintf(path, sizeof path, "/v1/runs/%lu", run);
    if (evac_client_json(cli->client, path, NULL, &json, NULL) != EVAC_EXIT_DONE)
        return true; /* the override will say why not */
    evac_cli_question(cli, json);
    evac_cli_gates(cli, json);
    bool knows = accepted(cli, json);
    cJSON_Delete(json);
    return knows;
}

static void show_question(struct evac_cli *cli, unsigned long run)
{
    char path[64];
    cJSON *json;
    snprintf(path, sizeof path, "/v1/runs/%lu", run);
    if (evac_client_json(cli->client, path, NULL, &json, NULL) != EVAC_EXIT_DONE)
        return;
    evac_cli_question(cli, json);
    cJSON_Delete(json);
}

enum evac_exit evac_cmd_say(struct evac_cli *cli)
{
    char path[64];
    if (cli->incident && cli->argc)
        return evac_cli_fail(EVAC_EXIT_USAGE, "%s: either a run, or --incident REGION",
                             cli->command);
    if (cli->incident)
        return evac_cli_say(cli, NULL);
    unsigned long run = evac_cli_run(cli, cli->argc ? cli->argv[0] : NULL);
    if (run == 0)
        return EVAC_EXIT_REFUSED;
    take_second(cli);
    if (strcmp(cli->command, "approve") == 0 && !cli->json)
        show_question(cli, run);
    if (!knows_what(cli, run))
        return evac_cli_fail(EVAC_EXIT_REFUSED, "not confirmed: nothing was changed");
    snprintf(path, sizeof path, "/v1/runs/%lu/commands", run);
    return say(cli, path, NULL);
}

enum evac_exit evac_cli_say(struct evac_cli *cli, const char *app)
{
    return say(cli, "/v1/commands", app);
}

enum evac_exit evac_cmd_place(struct evac_cli *cli)
{
    if (cli->argc != 2)
        return evac_cli_fail(EVAC_EXIT_USAGE, "place: name an app and the region that serves it");
    cli->region = cli->argv[1];
    return evac_cli_say(cli, cli->argv[0]);
}

enum evac_exit evac_cmd_say_app(struct evac_cli *cli)
{
    return evac_cli_say(cli, cli->argc ? cli->argv[0] : NULL);
}

static enum evac_exit call_off(struct evac_cli *cli, const char *app)
{
    cli->command = "call-off";
    return say(cli, "/v1/commands", app);
}

enum evac_exit evac_cmd_reload(struct evac_cli *cli)
{
    cJSON *answer;
    struct evac_err err = { EVAC_OK, "" };
    if (cli->json)
        return evac_cli_pass(cli, "/v1/reload", "{}");
    enum evac_exit code = evac_client_json(cli->client, "/v1/reload", "{}", &answer, &err);
    if (code != EVAC_EXIT_DONE)
        return evac_cli_fail(code, "nothing was changed:\n%s", err.text);
    printf("reloaded: %s\n%s", evac_json_cstr(answer, "config"),
           evac_json_cstr(answer, "warnings"));
    cJSON_Delete(answer);
    return EVAC_EXIT_DONE;
}

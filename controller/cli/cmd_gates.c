/* What a run waits for, and what somebody who says yes would say yes to. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

static void print_roles(const cJSON *gate)
{
    const cJSON *role;
    const char *before = "";
    cJSON_ArrayForEach(role, cJSON_GetObjectItemCaseSensitive(gate, "roles"))
    {
        printf("%s%s", before, cJSON_IsString(role) ? role->valuestring : "");
        before = " or ";
    }
}

/* The command that opens it: "evac override 7 rpo fail --reason "... unknown loss ..."". */
static void print_way(const cJSON *run, const cJSON *gate)
{
    const char *phrase = evac_json_cstr(gate, "phrase"), *place = evac_json_cstr(gate, "place");
    bool start = strcmp(place, "start") == 0;
    if (strcmp(evac_json_cstr(gate, "gate"), "approval") == 0)
        printf("      evac approve %.0f%s%s; or, as ", evac_json_number(run, "run", 0),
               start ? "" : " ", start ? "" : place);
    else
        printf("      as ");
    print_roles(gate);
    printf(": evac override %.0f %s%s%s --reason \"...%s%s\"\n", evac_json_number(run, "run", 0),
           evac_json_cstr(gate, "gate"), start ? "" : " ", start ? "" : place, phrase[0] ? " " : "",
           phrase);
}

/* Whoever is to say yes may be where no network is. */
static void print_phone(const cJSON *run, const cJSON *gate)
{
    const cJSON *name, *phone = cJSON_GetObjectItemCaseSensitive(run, "phone");
    const char *place = evac_json_cstr(gate, "place"), *before = "";
    bool start = strcmp(place, "start") == 0;
    if (strcmp(evac_json_cstr(gate, "gate"), "approval") != 0 || cJSON_GetArraySize(phone) == 0)
        return;
    printf("      by phone, with ");
    cJSON_ArrayForEach(name, phone)
    {
        printf("%s%s", before, cJSON_IsString(name) ? name->valuestring : "");
        before = " or ";
    }
    name = cJSON_GetArrayItem(phone, 0);
    printf(": evac challenge %.0f%s%s --as %s\n", evac_json_number(run, "run", 0), start ? "" : " ",
           start ? "" : place, cJSON_IsString(name) ? name->valuestring : "");
}

void evac_cli_gates(struct evac_cli *cli, const cJSON *run)
{
    const cJSON *gate;
    cJSON_ArrayForEach(gate, cJSON_GetObjectItemCaseSensitive(run, "gates"))
    {
        bool shut = evac_json_true(gate, "shut");
        printf("  %s%-5s%s %-10s before %s%s%s\n", evac_style(cli, shut ? EVAC_WARN : EVAC_GOOD),
               shut ? "shut" : "open", evac_style(cli, EVAC_PLAIN), evac_json_cstr(gate, "gate"),
               evac_json_cstr(gate, "place"), evac_json_cstr(gate, "reason")[0] ? ": " : "",
               evac_json_cstr(gate, "reason"));
        if (shut && cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(gate, "roles")) > 0)
            print_way(run, gate);
        if (shut)
            print_phone(run, gate);
    }
}

/* How somebody opens a gate of a run that nobody has begun: along with the beginning, or when it
 * gets there. */
static void print_way_ahead(const char *app, const char *command, const cJSON *gate)
{
    const char *name = evac_json_cstr(gate, "gate"), *place = evac_json_cstr(gate, "place"),
               *phrase = evac_json_cstr(gate, "phrase");
    bool start = strcmp(place, "start") == 0;
    if (cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(gate, "roles")) == 0) {
        printf("      nobody can override that\n");
        return;
    }
    if (strcmp(name, "approval") == 0)
        printf("      evac approve %s%s%s; or, as ", app, start ? "" : " ", start ? "" : place);
    else
        printf("      as ");
    print_roles(gate);
    if (start)
        printf(": evac %s %s --override %s", command, app, name);
    else
        printf(": evac override %s %s %s", app, name, place);
    printf(" --reason \"...%s%s\"\n", phrase[0] ? " " : "", phrase);
}

/* "open readiness: no fresh look says ...": it stops nobody, and somebody may want to look. */
static void print_open(struct evac_cli *cli, const cJSON *gate)
{
    const char *reason = evac_json_cstr(gate, "reason");
    printf("  %sopen%s %s%s%s\n", evac_style(cli, EVAC_GOOD), evac_style(cli, EVAC_PLAIN),
           evac_json_cstr(gate, "gate"), reason[0] ? ": " : "", reason);
}

static bool is_any_shut(const cJSON *gates)
{
    const cJSON *gate;
    cJSON_ArrayForEach(gate, gates)
    {
        if (evac_json_true(gate, "shut"))
            return true;
    }
    return false;
}

void evac_cli_start_gates(struct evac_cli *cli, const cJSON *gates, const char *app,
                          const char *command)
{
    const cJSON *gate;
    if (cJSON_GetArraySize(gates))
        printf("\nbegun by a person now, %s\n",
               is_any_shut(gates) ? "it would wait:" : "it would wait for nobody:");
    cJSON_ArrayForEach(gate, gates)
    {
        if (!evac_json_true(gate, "shut")) {
            print_open(cli, gate);
            continue;
        }
        printf("  %sshut%s %s, before %s: %s\n", evac_style(cli, EVAC_WARN),
               evac_style(cli, EVAC_PLAIN), evac_json_cstr(gate, "gate"),
               evac_json_cstr(gate, "place"), evac_json_cstr(gate, "reason"));
        print_way_ahead(app, command, gate);
    }
}

void evac_cli_question(struct evac_cli *cli, const cJSON *run)
{
    char loss[32], objective[32];
    evac_cli_duration(evac_json_number(run, "loss_ms", -1), loss, sizeof loss);
    evac_cli_duration(evac_json_number(run, "rpo_objective_ms", 0), objective, sizeof objective);
    printf("%srun %.0f%s  %s of %s, %s -> %s, %s; asked for by %s\n", evac_style(cli, EVAC_BOLD),
           evac_json_number(run, "run", 0), evac_style(cli, EVAC_PLAIN),
           evac_json_cstr(run, "workflow"), evac_json_cstr(run, "app"), evac_json_cstr(run, "from"),
           evac_json_cstr(run, "to"), evac_json_cstr(run, "mode"), evac_json_cstr(run, "who"));
    printf("  %s looks %s; %s would lose %s of data (objective %s); plan %.12s\n",
           evac_json_cstr(run, "from"), evac_json_cstr(run, "verdict"),
           strcmp(evac_json_cstr(run, "mode"), "graceful") == 0 ? "an ungraceful move" : "it", loss,
           objective, evac_json_cstr(run, "plan_hash"));
}

static enum evac_exit print_table(struct evac_cli *cli)
{
    cJSON *gates;
    const cJSON *gate, *place;
    struct evac_err err = { EVAC_OK, "" };
    enum evac_exit code = evac_client_json(cli->client, "/v1/gates", NULL, &gates, &err);
    if (code != EVAC_EXIT_DONE)
        return evac_cli_fail(code, "%s", err.text);
    cJSON_ArrayForEach(gate, gates)
    {
        const char *before = "", *phrase = evac_json_cstr(gate, "phrase");
        printf("%s%-10s%s %s\n           before ", evac_style(cli, EVAC_BOLD),
               evac_json_cstr(gate, "gate"), evac_style(cli, EVAC_PLAIN),
               evac_json_cstr(gate, "doc"));
        cJSON_ArrayForEach(place, cJSON_GetObjectItemCaseSensitive(gate, "before"))
        {
            printf("%s%s", before, place->valuestring);
            before = ", ";
        }
        printf("; overridden by ");
        print_roles(gate);
        printf(", with a reason%s%s%s\n", phrase[0] ? " (that says '" : "", phrase,
               phrase[0] ? "' when nobody can tell)" : "");
    }
    cJSON_Delete(gates);
    return EVAC_EXIT_DONE;
}

static void print_expiry(const cJSON *run)
{
    char left[32];
    double until = evac_json_number(run, "open_until_ms", 0);
    if (until <= 0)
        return;
    evac_cli_duration(until - evac_json_number(run, "now_ms", 0), left, sizeof left);
    printf("  it stays open for %s\n", left);
}

enum evac_exit evac_cmd_gates(struct evac_cli *cli)
{
    char path[64];
    cJSON *run;
    struct evac_err err = { EVAC_OK, "" };
    if (cli->argc == 0)
        return cli->json ? evac_cli_pass(cli, "/v1/gates", NULL) : print_table(cli);
    unsigned long id = evac_cli_run(cli, cli->argv[0]);
    if (id == 0)
        return EVAC_EXIT_REFUSED;
    snprintf(path, sizeof path, "/v1/runs/%lu", id);
    enum evac_exit code = evac_client_json(cli->client, path, NULL, &run, &err);
    if (code != EVAC_EXIT_DONE)
        return evac_cli_fail(code, "%s", err.text);
    const cJSON *gates = cJSON_GetObjectItemCaseSensitive(run, "gates");
    if (cli->json) {
        char *text = gates ? cJSON_Print(gates) : NULL;
        puts(text ? text : "[]");
        free(text);
    } else if (cJSON_GetArraySize(gates) == 0) {
        printf("run %lu waits at no gate\n", id);
    } else {
        evac_cli_question(cli, run);
        evac_cli_gates(cli, run);
        print_expiry(run);
    }
    cJSON_Delete(run);
    return EVAC_EXIT_DONE;
}

/* Who may do what, and the caller's own standing. */
#include "cli.h"

#include <string.h>

static void print_list(const cJSON *list, const char *none)
{
    const cJSON *item;
    const char *before = "";
    if (cJSON_GetArraySize(list) == 0)
        fputs(none, stdout);
    cJSON_ArrayForEach(item, list)
    {
        printf("%s%s", before, cJSON_IsString(item) ? item->valuestring : "");
        before = ", ";
    }
}

static void print_holders(const cJSON *of)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(of, "holders"))
    {
        printf("  %-9s %s\n            held by %s\n", evac_json_cstr(item, "role"),
               evac_json_cstr(item, "doc"), evac_json_cstr(item, "holders"));
    }
}

static void print_commands(struct evac_cli *cli, const cJSON *roles)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(roles, "commands"))
    {
        bool may = evac_json_true(item, "may");
        printf("  %s%-3s%s %-17s ", evac_style(cli, may ? EVAC_GOOD : EVAC_DIM), may ? "yes" : "no",
               evac_style(cli, EVAC_PLAIN), evac_json_cstr(item, "what"));
        print_list(cJSON_GetObjectItemCaseSensitive(item, "roles"), "");
        printf("  %s%s%s\n", evac_style(cli, EVAC_DIM), evac_json_cstr(item, "doc"),
               evac_style(cli, EVAC_PLAIN));
    }
}

static void print_apps(const cJSON *roles)
{
    const cJSON *app;
    cJSON_ArrayForEach(app, cJSON_GetObjectItemCaseSensitive(roles, "apps"))
    {
        printf("\nFor %s the holders are others. You: ", evac_json_cstr(app, "app"));
        print_list(cJSON_GetObjectItemCaseSensitive(app, "roles"), "nothing");
        printf("\n");
        print_holders(app);
    }
}

enum evac_exit evac_cmd_roles(struct evac_cli *cli)
{
    cJSON *roles;
    struct evac_err err = { EVAC_OK, "" };
    if (cli->json)
        return evac_cli_pass(cli, "/v1/roles", NULL);
    enum evac_exit code = evac_client_json(cli->client, "/v1/roles", NULL, &roles, &err);
    if (code != EVAC_EXIT_DONE)
        return evac_cli_fail(code, "%s", err.text);
    printf("You are %s%s%s, of ", evac_style(cli, EVAC_BOLD), evac_json_cstr(roles, "who"),
           evac_style(cli, EVAC_PLAIN));
    print_list(cJSON_GetObjectItemCaseSensitive(roles, "groups"), "no group");
    printf(": ");
    print_list(cJSON_GetObjectItemCaseSensitive(roles, "roles"), "no role");
    printf("\n\nRoles (none contains another, but each may look):\n");
    print_holders(roles);
    print_apps(roles);
    printf("\nWhat you may do, and which role, any one of them, it takes:\n");
    print_commands(cli, roles);
    cJSON_Delete(roles);
    return EVAC_EXIT_DONE;
}

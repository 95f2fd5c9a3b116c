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

static void print_padded(const cJSON *list, size_t width)
{
    const cJSON *item;
    size_t n = 0;
    print_list(list, "");
    cJSON_ArrayForEach(item, list) n += strlen(item->valuestring) + (n ? 2 : 0);
    printf("%*s", n < width ? (int)(width - n) : 0, "");
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
        print_padded(cJSON_GetObjectItemCaseSensitive(item, "roles"), 25);
        printf("  %s%s%s\n", evac_style(cli, EVAC_DIM), evac_json_cstr(item, "doc"),
               evac_style(cli, EVAC_PLAIN));
    }
}

static void print_apps(const cJSON *roles)
{
    const cJSON *apps = cJSON_GetObjectItemCaseSensitive(roles, "apps");
    if (cJSON_GetArraySize(apps) == 0 || evac_json_cstr(roles, "app")[0])
        return;
    printf("\nOthers hold them for ");
    print_list(apps, "");
    printf(": 'evac roles APP'\n");
}

static void print_standing(struct evac_cli *cli, const cJSON *roles)
{
    const char *app = evac_json_cstr(roles, "app");
    printf("You are %s%s%s, of ", evac_style(cli, EVAC_BOLD), evac_json_cstr(roles, "who"),
           evac_style(cli, EVAC_PLAIN));
    print_list(cJSON_GetObjectItemCaseSensitive(roles, "groups"), "no group");
    printf("%s%s: ", app[0] ? "; for " : "", app);
    print_list(cJSON_GetObjectItemCaseSensitive(roles, "roles"), "no role");
}

enum evac_exit evac_cmd_roles(struct evac_cli *cli)
{
    cJSON *roles;
    char path[300];
    struct evac_err err = { EVAC_OK, "" };
    snprintf(path, sizeof path, "/v1/roles%s%.200s", cli->argc ? "?app=" : "",
             cli->argc ? cli->argv[0] : "");
    if (cli->json)
        return evac_cli_pass(cli, path, NULL);
    enum evac_exit code = evac_client_json(cli->client, path, NULL, &roles, &err);
    if (code != EVAC_EXIT_DONE)
        return evac_cli_fail(code, "%s", err.text);
    print_standing(cli, roles);
    printf("\n\nRoles (none contains another, but each may look):\n");
    print_holders(roles);
    print_apps(roles);
    printf("\nWhat you may do, and the roles of which any one is enough:\n");
    print_commands(cli, roles);
    cJSON_Delete(roles);
    return EVAC_EXIT_DONE;
}

/* What automation may do: waivers and freezes, and how the policy is shown. */
#include "cli.h"

#include <string.h>
#include <time.h>

/* --- words
 * ---------------------------------------------------------------------------------------------- */

enum evac_exit evac_cmd_waive(struct evac_cli *cli)
{
    bool waives = strcmp(cli->command, "waive") == 0;
    if (cli->argc != 2)
        return evac_cli_fail(EVAC_EXIT_USAGE,
                             "%s: name the app, and what is waived: lint, readiness or drill",
                             cli->command);
    if (waives && (!cli->owner || !cli->reason || !cli->duration))
        return evac_cli_fail(EVAC_EXIT_USAGE, "waive: it needs --owner NAME, --reason TEXT, and "
                                              "--for TIME or --until DAY (90 days at most)");
    cli->condition = cli->argv[1];
    return evac_cli_say(cli, cli->argv[0]);
}

enum evac_exit evac_cmd_freeze(struct evac_cli *cli)
{
    bool freezes = strcmp(cli->command, "freeze") == 0;
    if (cli->argc > 1)
        return evac_cli_fail(EVAC_EXIT_USAGE, "%s: name one app, or none for all", cli->command);
    if (freezes && (!cli->reason || !cli->duration))
        return evac_cli_fail(EVAC_EXIT_USAGE,
                             "freeze: it needs --reason TEXT, and --for TIME or --until DAY");
    return evac_cli_say(cli, cli->argc ? cli->argv[0] : NULL);
}

/* --- the policy
 * ---------------------------------------------------------------------------------------------- */

/* "2026-12-31 23:59Z" */
static void print_day(double wall_ms)
{
    char text[32] = "?";
    time_t t = (time_t)(wall_ms / 1000);
    struct tm tm;
    if (gmtime_r(&t, &tm))
        strftime(text, sizeof text, "%Y-%m-%d %H:%MZ", &tm);
    fputs(text, stdout);
}

static void print_waiver(const cJSON *waiver, const char *indent)
{
    printf("%swaived: %s, by %s until ", indent, evac_json_cstr(waiver, "condition"),
           evac_json_cstr(waiver, "owner"));
    print_day(evac_json_number(waiver, "until_ms", 0));
    printf(" (%s)%s\n", evac_json_cstr(waiver, "reason"),
           evac_json_true(waiver, "holds") ? "" : "; not yet: it counts in its last 90 days only");
}

static void print_frozen(struct evac_cli *cli, const cJSON *frozen, const char *indent)
{
    if (!cJSON_IsObject(frozen))
        return;
    double until = evac_json_number(frozen, "until_ms", -1);
    printf("%s%sfrozen%s", indent, evac_style(cli, EVAC_WARN), evac_style(cli, EVAC_PLAIN));
    if (until > 0) {
        fputs(" until ", stdout);
        print_day(until);
    }
    printf(", by %s: %s\n", evac_json_cstr(frozen, "owner"), evac_json_cstr(frozen, "reason"));
}

void evac_cli_policy(struct evac_cli *cli, const cJSON *app, const char *indent)
{
    const cJSON *waiver, *decision = cJSON_GetObjectItemCaseSensitive(app, "decision");
    const char *policy = evac_json_cstr(decision, "policy"),
               *decide = evac_json_cstr(decision, "decide"),
               *reasons = evac_json_cstr(decision, "reasons");
    printf("%spolicy %s: %s%s%s\n", indent, policy, decide, reasons[0] ? "; " : "", reasons);
    if (strcmp(policy, "act") == 0 && strcmp(decide, "nothing") == 0 &&
        !evac_json_true(decision, "may_act"))
        printf("%sit would %sonly propose%s: %s\n", indent, evac_style(cli, EVAC_WARN),
               evac_style(cli, EVAC_PLAIN), evac_json_cstr(decision, "may_not_act_because"));
    cJSON_ArrayForEach(waiver, cJSON_GetObjectItemCaseSensitive(app, "waivers"))
        print_waiver(waiver, indent);
    print_frozen(cli, cJSON_GetObjectItemCaseSensitive(app, "frozen"), indent);
}

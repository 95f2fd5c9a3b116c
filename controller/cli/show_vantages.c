/* The vantages in evac status: how each stands, when it was heard, what it says of each region. */
#include "cli.h"

#include <string.h>

/* "us-east-1 down, us-west-2 up": what it knows of one app. */
static void print_says(const cJSON *app, const char *name)
{
    const cJSON *region, *opinion;
    const char *between = "";
    printf("  %s:", evac_json_cstr(app, "app"));
    cJSON_ArrayForEach(region, cJSON_GetObjectItemCaseSensitive(app, "regions"))
    {
        cJSON_ArrayForEach(opinion, cJSON_GetObjectItemCaseSensitive(region, "opinions"))
        {
            if (strcmp(evac_json_cstr(opinion, "vantage"), name) != 0)
                continue;
            printf("%s %s %s%s", between, evac_json_cstr(region, "name"),
                   evac_json_cstr(opinion, "says"),
                   evac_json_true(opinion, "inside") ? " (inside)" : "");
            between = ",";
        }
    }
}

static void print_vantage(struct evac_cli *cli, const cJSON *v, const cJSON *apps, bool follows)
{
    const cJSON *app;
    const char *name = evac_json_cstr(v, "name"), *state = evac_json_cstr(v, "state");
    double heard = evac_json_number(v, "heard_ms", -1), dropped = evac_json_number(v, "dropped", 0);
    bool speaks = strcmp(state, "speaks") == 0;
    char ago[32];
    evac_cli_duration(heard, ago, sizeof ago);
    printf("    %-14s %-14s %s%s%s", name, evac_json_cstr(v, "region"),
           evac_style(cli, speaks ? EVAC_GOOD : EVAC_WARN), state, evac_style(cli, EVAC_PLAIN));
    if (evac_json_true(v, "self"))
        printf(", this controller");
    else if (heard >= 0)
        printf(", heard %s ago", ago);
    else
        printf(follows ? ", not heard here: its agent may speak to the leader alone"
                       : ", not heard yet");
    if (dropped > 0)
        printf(", %.0f results not delivered", dropped);
    if (evac_json_cstr(v, "refusal")[0])
        printf("; refused: %s", evac_json_cstr(v, "refusal"));
    if (speaks)
        cJSON_ArrayForEach(app, apps) print_says(app, name);
    putchar('\n');
}

/* One controller that looks alone needs no line of its own. */
void evac_cli_vantages(struct evac_cli *cli, const cJSON *status)
{
    const cJSON *v, *vantages = cJSON_GetObjectItemCaseSensitive(status, "vantages");
    if (cJSON_GetArraySize(vantages) < 2)
        return;
    printf("vantages\n");
    cJSON_ArrayForEach(v, vantages) print_vantage(
        cli, v, cJSON_GetObjectItemCaseSensitive(status, "apps"), evac_cli_leader(status) != NULL);
}

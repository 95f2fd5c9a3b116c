/* evac incident: many apps that are down at once are one thing to look at. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

static const cJSON *member(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* "moving: 3; moved: 20" */
static void print_counts(const cJSON *incident)
{
    const cJSON *n;
    const char *before = "  ";
    cJSON_ArrayForEach(n, member(incident, "apps_by_state"))
    {
        if (n->valuedouble <= 0)
            continue;
        printf("%s%s: %.0f", before, n->string, n->valuedouble);
        before = "; ";
    }
    if (before[0] == ';')
        printf("\n");
}

/* "ordered by ann 22:05:31: tiers 1, 2, as-found; 12 of 20 apps away; about 2m30s left" */
static void print_order(const cJSON *incident)
{
    const cJSON *tier, *order = member(incident, "order"), *n = member(incident, "apps_by_state");
    char at[32], took[32], best[32];
    if (!cJSON_IsObject(order))
        return;
    evac_cli_clock(evac_json_number(order, "since_ms", 0), at, sizeof at);
    printf("  ordered by %s at %s: ", evac_json_cstr(order, "by"), at);
    printf(evac_json_true(order, "named") ? "the apps that were named, of tier" : "tier");
    cJSON_ArrayForEach(tier, member(order, "tiers")) printf(" %.0f", tier->valuedouble);
    printf(", %s; %.0f of %.0f apps away\n", evac_json_cstr(order, "mode"),
           evac_json_number(n, "moved", 0), evac_json_number(order, "apps", 0));
    evac_cli_duration(evac_json_number(order, "bound_ms", -1), best, sizeof best);
    if (evac_json_number(order, "took_ms", -1) >= 0) {
        evac_cli_duration(evac_json_number(order, "took_ms", 0), took, sizeof took);
        printf("  it took %s; at best, by limits and durations, %s", took, best);
        if (evac_json_number(order, "ratio_percent", -1) >= 0)
            printf(" (%.2f times that)", evac_json_number(order, "ratio_percent", 0) / 100);
        printf("\n");
    } else if (evac_json_true(incident, "on") && evac_json_number(order, "bound_ms", -1) >= 0) {
        evac_cli_duration(evac_json_number(order, "estimate_ms", -1), took, sizeof took);
        printf("  foreseen: about %s, at best %s\n", took, best);
    }
    if (evac_json_number(incident, "expected_left_ms", -1) >= 0) {
        evac_cli_duration(evac_json_number(incident, "expected_left_ms", 0), took, sizeof took);
        printf("  about %s left\n", took);
    }
}

static const char *what_next(const cJSON *incident)
{
    const char *state = evac_json_cstr(incident, "state");
    if (strcmp(state, "paused") == 0)
        return "resume";
    return evac_json_true(incident, "proposed") && !evac_json_true(incident, "approved") ? "approve"
                                                                                         : NULL;
}

/* "asked since ..., nobody has answered; told: ...; at ... it ..." */
static void print_question(const cJSON *incident)
{
    const cJSON *to;
    char at[32];
    const char *before = "  told: ", *next = evac_json_cstr(incident, "next_told");
    bool declines = strcmp(evac_json_cstr(incident, "at_expiry"), "decline") == 0;
    if (evac_json_true(incident, "expired"))
        printf("  nobody answered in time, so it counts as declined\n");
    if (!evac_json_true(incident, "asks"))
        return;
    evac_cli_clock(evac_json_number(incident, "asked_ms", 0), at, sizeof at);
    printf("  asked since %s, and nobody has answered\n", at);
    cJSON_ArrayForEach(to, member(incident, "escalated"))
    {
        printf("%s%s", before, cJSON_IsString(to) ? to->valuestring : "");
        before = ", ";
    }
    if (before[0] == ',')
        printf("\n");
    evac_cli_clock(evac_json_number(incident, "next_told_ms", 0), at, sizeof at);
    if (next[0])
        printf("  at %s %s is told\n", at, next);
    evac_cli_clock(evac_json_number(incident, "expires_ms", 0), at, sizeof at);
    printf("  at %s %s\n", at,
           declines ? "it counts as declined" : "it is asked again, and stays open");
}

static void print_incident(struct evac_cli *cli, const cJSON *region)
{
    const cJSON *incident = member(region, "incident");
    const char *name = evac_json_cstr(region, "region"), *next = what_next(incident);
    bool on = evac_json_true(incident, "on");
    char since[32];
    evac_cli_clock(evac_json_number(incident, "since_ms", 0), since, sizeof since);
    printf("%s%s%s %s is %s, since %s; %.0f of %.0f apps that serve there are down\n  %s\n",
           evac_style(cli, on ? EVAC_BAD : EVAC_PLAIN),
           !evac_json_true(incident, "found") ? (on ? "EVACUATION" : "evacuation")
           : on                               ? "INCIDENT"
                                              : "incident",
           evac_style(cli, EVAC_PLAIN), name, evac_json_cstr(incident, "state"), since,
           evac_json_number(region, "down", 0), evac_json_number(region, "serving", 0),
           evac_json_cstr(incident, "why"));
    print_counts(incident);
    print_order(incident);
    if (on)
        print_question(incident);
    if (on && evac_json_number(incident, "tier", 0) > 0)
        printf("  the wave that goes: tier %.0f\n", evac_json_number(incident, "tier", 0));
    if (on && next)
        printf("  'evac %s --incident %s'\n", next, name);
}

void evac_cli_incidents(struct evac_cli *cli, const cJSON *incidents)
{
    const cJSON *region;
    const char *global = evac_json_cstr(incidents, "global");
    if (global[0])
        printf("%s%s%s\n", evac_style(cli, EVAC_BAD), global, evac_style(cli, EVAC_PLAIN));
    cJSON_ArrayForEach(region, member(incidents, "regions"))
    {
        if (evac_json_true(member(region, "incident"), "on"))
            print_incident(cli, region);
    }
}

static bool is_stuck(const char *state)
{
    return strcmp(state, "blocked") == 0 || strcmp(state, "awaiting-approval") == 0 ||
           strcmp(state, "failed") == 0;
}

void evac_cli_incident_apps(struct evac_cli *cli, const cJSON *incident, bool stuck)
{
    const cJSON *app;
    (void)cli;
    cJSON_ArrayForEach(app, member(incident, "apps"))
    {
        const char *state = evac_json_cstr(app, "state"), *why = evac_json_cstr(app, "reasons");
        if (stuck && !is_stuck(state))
            continue;
        printf("  tier %.0f  %-24s %s", evac_json_number(app, "tier", 0),
               evac_json_cstr(app, "app"), state);
        if (evac_json_number(app, "run", 0) > 0)
            printf(", run %.0f", evac_json_number(app, "run", 0));
        if (is_stuck(state) && why[0])
            printf(": %s", why);
        printf("\n");
    }
}

/* Every region, or one with its apps. False: there is no such region. */
static bool print_all(struct evac_cli *cli, const cJSON *incidents, const char *only)
{
    const cJSON *region;
    bool found = !only;
    cJSON_ArrayForEach(region, member(incidents, "regions"))
    {
        const char *name = evac_json_cstr(region, "region");
        if (only && strcmp(only, name) != 0)
            continue;
        found = true;
        if (cJSON_IsObject(member(region, "incident")))
            print_incident(cli, region);
        else
            printf("%s: no incident; %.0f of %.0f apps that serve there are down\n", name,
                   evac_json_number(region, "down", 0), evac_json_number(region, "serving", 0));
        if (only)
            evac_cli_incident_apps(cli, member(region, "incident"), false);
    }
    return found;
}

/* As it is now, and then what changes. */
static enum evac_exit watch(struct evac_cli *cli)
{
    cli->watch = false;
    enum evac_exit code = evac_cmd_incident(cli);
    return code == EVAC_EXIT_DONE ? evac_cli_follow_incident(cli, cli->argv[0]) : code;
}

enum evac_exit evac_cmd_incident(struct evac_cli *cli)
{
    cJSON *incidents;
    struct evac_err err = { EVAC_OK, "" };
    if (cli->argc > 1)
        return evac_cli_fail(EVAC_EXIT_USAGE, "incident: name one region, or none for all");
    if (cli->watch && !cli->argc)
        return evac_cli_fail(EVAC_EXIT_USAGE, "incident: name the region to watch");
    if (cli->watch && !cli->json)
        return watch(cli);
    if (cli->json)
        return evac_cli_pass(cli, "/v1/incidents", NULL);
    enum evac_exit code = evac_client_json(cli->client, "/v1/incidents", NULL, &incidents, &err);
    if (code != EVAC_EXIT_DONE)
        return evac_cli_fail(code, "%s", err.text);
    if (evac_json_cstr(incidents, "global")[0])
        printf("%s\n", evac_json_cstr(incidents, "global"));
    if (!print_all(cli, incidents, cli->argc ? cli->argv[0] : NULL))
        code = evac_cli_fail(EVAC_EXIT_REFUSED, "no app has a region '%s'", cli->argv[0]);
    cJSON_Delete(incidents);
    return code;
}

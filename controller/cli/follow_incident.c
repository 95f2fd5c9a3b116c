/* An evacuation, followed: a line whenever its counts change, until it is over or only people can
 * make it go on. */
#include "cli.h"

#include <string.h>
#include <time.h>

#define LOST_MAX 60 /* seconds without an answer */

static const cJSON *member(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

const cJSON *evac_cli_incident_of(const cJSON *incidents, const char *name)
{
    const cJSON *region;
    cJSON_ArrayForEach(region, member(incidents, "regions"))
    {
        if (strcmp(evac_json_cstr(region, "region"), name) == 0)
            return member(region, "incident");
    }
    return NULL;
}

static double count(const cJSON *incident, const char *what)
{
    return evac_json_number(member(incident, "apps_by_state"), what, 0);
}

/* "12 moved, 3 moving, 20 to come, 1 blocked; about 2m30s left" */
static void say_progress(const cJSON *i, char *line, size_t bytes)
{
    char left[32];
    double to_come = count(i, "ready") + count(i, "ripening");
    double waiting = count(i, "awaiting-approval"), blocked = count(i, "blocked");
    int n = snprintf(line, bytes, "%s: %.0f moved, %.0f moving, %.0f to come",
                     evac_json_cstr(i, "state"), count(i, "moved"), count(i, "moving"), to_come);
    const struct {
        double apps;
        const char *words;
    } more[] = { { waiting, "waiting for people" },
                 { blocked, "blocked" },
                 { count(i, "failed"), "failed" } };
    for (size_t k = 0; k < 3 && n > 0 && (size_t)n < bytes; k++)
        if (more[k].apps > 0)
            n += snprintf(line + n, bytes - (size_t)n, ", %.0f %s", more[k].apps, more[k].words);
    if (n > 0 && (size_t)n < bytes && evac_json_number(i, "expected_left_ms", -1) >= 0) {
        evac_cli_duration(evac_json_number(i, "expected_left_ms", 0), left, sizeof left);
        snprintf(line + n, bytes - (size_t)n, "; about %s left", left);
    }
}

/* Nothing goes on, and nothing begins, unless somebody says something. */
static bool waits_for_people(const cJSON *i)
{
    bool stands = count(i, "moving") + count(i, "ripening") == 0;
    bool paused = strcmp(evac_json_cstr(i, "state"), "paused") == 0;
    return stands && (paused || count(i, "ready") == 0);
}

static enum evac_exit say_end(struct evac_cli *cli, const cJSON *i, const char *region)
{
    const cJSON *order = member(i, "order");
    double ratio = evac_json_number(order, "ratio_percent", -1);
    bool moved = evac_json_number(order, "took_ms", -1) >= 0;
    if (evac_json_true(i, "on")) {
        evac_cli_incident_apps(cli, i, true);
        return evac_cli_fail(EVAC_EXIT_FAILED, "it waits for people: 'evac incident %s'", region);
    }
    printf("%s: %s\n", region, evac_json_cstr(i, "why"));
    if (ratio >= 0)
        printf("that is %.2f times what was possible at best\n", ratio / 100);
    return moved ? EVAC_EXIT_DONE : EVAC_EXIT_FAILED;
}

enum evac_exit evac_cli_follow_incident(struct evac_cli *cli, const char *region)
{
    char last[200] = "", line[200];
    struct evac_err err = { EVAC_OK, "" };
    for (int lost = 0, still = 0; lost < LOST_MAX;) {
        cJSON *incidents;
        struct timespec second = { 1, 0 };
        enum evac_exit code =
            evac_client_json(cli->client, "/v1/incidents", NULL, &incidents, &err);
        lost = code == EVAC_EXIT_DONE ? 0 : lost + 1;
        if (code != EVAC_EXIT_DONE && code != EVAC_EXIT_UNREACHABLE)
            return evac_cli_fail(code, "%s", err.text);
        const cJSON *i = code == EVAC_EXIT_DONE ? evac_cli_incident_of(incidents, region) : NULL;
        if (i) {
            say_progress(i, line, sizeof line);
            still = waits_for_people(i) ? still + 1 : 0;
            if (strcmp(line, last) != 0 && !cli->json)
                printf("%s\n", line);
            (void)evac_str_copy(last, sizeof last, evac_str(line));
            fflush(stdout);
        }
        if (i && (!evac_json_true(i, "on") || still > 5)) {
            code = say_end(cli, i, region);
            cJSON_Delete(incidents);
            return code;
        }
        if (code == EVAC_EXIT_DONE)
            cJSON_Delete(incidents);
        nanosleep(&second, NULL);
    }
    return evac_cli_fail(EVAC_EXIT_UNREACHABLE, "%s", err.text);
}

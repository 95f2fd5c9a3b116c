/* `evac why APP`: the whole chain, answer -> probe state -> opinion -> verdict -> decision, in a
 * screenful. */
#include "why.h"

#include <stdlib.h>
#include <string.h>

static const char *plain(struct evac_cli *cli)
{
    return evac_style(cli, EVAC_PLAIN);
}

static const char *style_of(struct evac_cli *cli, const char *state)
{
    if (strcmp(state, "up") == 0 || strcmp(state, "pass") == 0 || strcmp(state, "waived") == 0)
        return evac_style(cli, EVAC_GOOD);
    return evac_style(cli, strcmp(state, "unknown") == 0 ? EVAC_DIM : EVAC_BAD);
}

static void spell(const cJSON *json, const char *key, char text[32])
{
    evac_cli_duration(evac_json_number(json, key, -1), text, 32);
}

/* --- answers and probe states
 * ----------------------------------------------------------------------------- */

/* "5 bad in a row, falls after 3", "in grace: 2 bad that do not count" */
static void print_row(const cJSON *p, double times)
{
    double bad = evac_json_number(p, "bad", 0), good = evac_json_number(p, "good", 0);
    double excused = evac_json_number(p, "excused", 0), fall = evac_json_number(p, "fall", 1);
    if (bad > 0 && excused > 0)
        printf("%.0f bad in a row, %.0f of them in grace; falls after %.0f that count", bad,
               excused, fall * times);
    else if (bad > 0)
        printf("%.0f bad in a row, falls after %.0f", bad, fall * times);
    else if (good > 0)
        printf("%.0f good in a row, rises after %.0f; %.0f ms", good,
               evac_json_number(p, "rise", 1), evac_json_number(p, "latency_ms", 0));
    else
        printf("no fresh answer");
}

static void print_probe(struct evac_cli *cli, const cJSON *p, double times)
{
    const char *state = evac_json_cstr(p, "state"), *by = evac_json_cstr(p, "suppressed_by");
    char age[32];
    spell(p, "age_ms", age);
    printf("      %-12s %s%-8s%s ", evac_json_cstr(p, "name"), style_of(cli, state), state,
           plain(cli));
    print_row(p, times);
    if (evac_json_number(p, "age_ms", -1) >= 0)
        printf("; last %s ago", age);
    if (evac_json_cstr(p, "reason")[0])
        printf(": %s", evac_json_cstr(p, "reason"));
    if (by[0])
        printf("; %ssuppressed by %s%s", evac_style(cli, EVAC_WARN), by, plain(cli));
    else if (!evac_json_true(p, "votes"))
        printf("; does not vote");
    putchar('\n');
}

/* --- opinions and the verdict
 * ------------------------------------------------------------------------------ */

static void print_vantage(struct evac_cli *cli, const cJSON *v, bool alone)
{
    const cJSON *probe;
    const char *opinion = evac_json_cstr(v, "opinion");
    double times = evac_json_number(v, "fall_times", 1);
    cJSON_ArrayForEach(probe, evac_json_part(v, "probes")) print_probe(cli, probe, times);
    printf("      %s%s%s says %s%s%s", alone ? "" : evac_json_cstr(v, "name"),
           alone ? "this controller" : "", evac_json_true(v, "inside") ? ", inside," : "",
           style_of(cli, opinion), opinion, plain(cli));
    if (evac_json_true(v, "abstains"))
        printf(" (it abstains)");
    printf("%s%s\n", evac_json_cstr(v, "condition")[0] ? "  " : "", evac_json_cstr(v, "condition"));
}

static void print_region(struct evac_cli *cli, const cJSON *region)
{
    const cJSON *ballot = evac_json_part(region, "ballot"),
                *vantages = evac_json_part(region, "vantages"), *v;
    const char *verdict = evac_json_cstr(region, "verdict");
    char for_ms[32];
    spell(region, "for_ms", for_ms);
    printf("  %s%s%s%s\n", evac_style(cli, EVAC_BOLD), evac_json_cstr(region, "name"), plain(cli),
           evac_json_true(region, "serves")    ? "  serves users"
           : evac_json_true(region, "dormant") ? "  standby, dormant"
                                               : "  standby");
    cJSON_ArrayForEach(v, vantages) print_vantage(cli, v, cJSON_GetArraySize(vantages) == 1);
    printf("      => %s%s%s for %s: outside %s (%.0f down, %.0f up of %.0f", style_of(cli, verdict),
           verdict, plain(cli), for_ms, evac_json_cstr(ballot, "outside"),
           evac_json_number(ballot, "down", 0), evac_json_number(ballot, "up", 0),
           evac_json_number(ballot, "configured", 0));
    if (evac_json_number(ballot, "abstaining", 0) > 0)
        printf(", %.0f abstaining", evac_json_number(ballot, "abstaining", 0));
    printf("), inside %s\n", evac_json_cstr(ballot, "inside"));
}

/* --- what is shared, and the controller itself
 * ----------------------------------------------------------- */

static void print_apps(const cJSON *apps)
{
    const cJSON *app;
    const char *before = ": needed by ";
    if (cJSON_GetArraySize(apps) == 0)
        printf(": no app needs it");
    cJSON_ArrayForEach(app, apps)
    {
        printf("%s%s", before, cJSON_GetStringValue(app));
        before = ", ";
    }
}

static void print_dependency(struct evac_cli *cli, const cJSON *d)
{
    const char *state = evac_json_cstr(d, "state");
    bool incident = evac_json_true(d, "incident");
    char for_ms[32], back[32], calm[32];
    spell(d, "for_ms", for_ms);
    spell(d, "back_for_ms", back);
    spell(d, "calm_ms", calm);
    printf("dependency %s%s%s is %s%s%s", evac_style(cli, EVAC_BOLD), evac_json_cstr(d, "name"),
           plain(cli), style_of(cli, state), state, plain(cli));
    if (incident && evac_json_number(d, "back_for_ms", -1) >= 0)
        printf(" again for %s; its incident of %s is over after %s", back, for_ms, calm);
    else if (incident)
        printf(", incident for %s", for_ms);
    print_apps(evac_json_part(d, "apps"));
    if (strcmp(state, "up") != 0 && evac_json_cstr(d, "reasons")[0])
        printf("; %s", evac_json_cstr(d, "reasons"));
    putchar('\n');
    if (incident)
        printf("    moving would not help: none of them is moved by itself\n");
}

void evac_cli_dependencies(struct evac_cli *cli, const cJSON *list)
{
    const cJSON *d;
    cJSON_ArrayForEach(d, list) print_dependency(cli, d);
}

void evac_cli_self(struct evac_cli *cli, const cJSON *self, bool always)
{
    const char *why = evac_json_cstr(self, "reasons");
    double score = evac_json_number(self, "score", 0);
    bool votes = strcmp(evac_json_cstr(self, "opinion"), "votes") == 0;
    if (!cJSON_IsObject(self) || (!always && votes && score == 0))
        return;
    printf("%sthis controller%s %s%s%s; ill health %.0f of 8%s%s\n", evac_style(cli, EVAC_BOLD),
           plain(cli), evac_style(cli, evac_json_true(self, "abstains") ? EVAC_BAD : EVAC_PLAIN),
           evac_json_cstr(self, "opinion"), plain(cli), score, why[0] ? ": " : "", why);
    if (evac_json_number(self, "fall_times", 1) > 1)
        printf("    it waits for %.0f times as many failures in a row\n",
               evac_json_number(self, "fall_times", 1));
    if (always)
        printf(
            "    anchors %s, resolver %s, other controllers %s; loop %.0f ms, timer %.0f ms late, "
            "descriptors %.0f of %.0f, probes waiting %.0f of %.0f\n",
            evac_json_cstr(self, "anchors"), evac_json_cstr(self, "resolver"),
            evac_json_cstr(self, "peers"), evac_json_number(self, "loop_lag_ms", 0),
            evac_json_number(self, "timer_slip_ms", 0), evac_json_number(self, "files", 0),
            evac_json_number(self, "files_max", 0), evac_json_number(self, "probes_waiting", 0),
            evac_json_number(self, "probes", 0));
}

/* --- the decision
 * ------------------------------------------------------------------------------------------ */

/* Those that pass share a line; nothing was asked of any while nothing is wrong. */
static void print_gates(struct evac_cli *cli, const cJSON *gates)
{
    const cJSON *gate;
    const char *before = "    pass: ";
    cJSON_ArrayForEach(gate, gates)
    {
        if (strcmp(evac_json_cstr(gate, "answer"), "pass") != 0)
            continue;
        printf("%s%s", before, evac_json_cstr(gate, "gate"));
        before = ", ";
    }
    if (before[0] == ',')
        putchar('\n');
    cJSON_ArrayForEach(gate, gates)
    {
        const char *answer = evac_json_cstr(gate, "answer");
        if (strcmp(answer, "pass") != 0)
            printf("    %s%-8s%s %-16s passes when %s\n", style_of(cli, answer), answer, plain(cli),
                   evac_json_cstr(gate, "gate"), evac_json_cstr(gate, "passes_when"));
    }
}

static void print_decision(struct evac_cli *cli, const cJSON *d)
{
    bool nothing = strcmp(evac_json_cstr(d, "decide"), "nothing") == 0;
    printf("  %sdecision%s, policy %s: %s%s%s", evac_style(cli, EVAC_BOLD), plain(cli),
           evac_json_cstr(d, "policy"), evac_style(cli, nothing ? EVAC_GOOD : EVAC_BAD),
           evac_json_cstr(d, "decide"), plain(cli));
    if (nothing) {
        printf(": no region that serves is down\n");
        return;
    }
    printf(", %s -> %s\n", evac_json_cstr(d, "from"), evac_json_cstr(d, "to"));
    if (evac_json_cstr(d, "reasons")[0])
        printf("    %s\n", evac_json_cstr(d, "reasons"));
    print_gates(cli, evac_json_part(d, "gates"));
}

static void print_head(struct evac_cli *cli, const cJSON *why)
{
    const cJSON *endpoint = evac_json_part(why, "endpoint");
    const char *state = evac_json_cstr(endpoint, "state"),
               *by = evac_json_cstr(endpoint, "served_by");
    printf("%s%s%s  situation: %s; endpoint %s%s%s%s%s%s%s\n", evac_style(cli, EVAC_BOLD),
           evac_json_cstr(why, "app"), plain(cli), evac_json_cstr(why, "situation"),
           style_of(cli, state), state, plain(cli), evac_cli_served(endpoint), by,
           evac_json_cstr(endpoint, "reason")[0] ? ": " : "", evac_json_cstr(endpoint, "reason"));
}

enum evac_exit evac_cmd_why(struct evac_cli *cli)
{
    char path[300];
    cJSON *why;
    const cJSON *region;
    struct evac_err err = { EVAC_OK, "" };
    if (cli->argc != 1 || !evac_cli_app_path(path, sizeof path, cli->argv[0], "why"))
        return evac_cli_fail(EVAC_EXIT_USAGE, "which app? 'evac why APP'");
    if (cli->json)
        return evac_cli_pass(cli, path, NULL);
    enum evac_exit code = evac_client_json(cli->client, path, NULL, &why, &err);
    if (code != EVAC_EXIT_DONE)
        return evac_cli_fail(code, "%s", err.text);
    print_head(cli, why);
    cJSON_ArrayForEach(region, evac_json_part(why, "regions")) print_region(cli, region);
    evac_cli_dependencies(cli, evac_json_part(why, "dependencies"));
    evac_cli_self(cli, evac_json_part(why, "self"), true);
    print_decision(cli, evac_json_part(why, "decision"));
    cJSON_Delete(why);
    return EVAC_EXIT_DONE;
}

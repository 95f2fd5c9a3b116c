/* Commands that look: status, runs, report, journal, version. */
#include "cli.h"
#include "version.h"
#include "why.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* --- status
 * -------------------------------------------------------------------------------------------- */

static enum evac_style style_of_verdict(const char *verdict)
{
    if (strcmp(verdict, "up") == 0)
        return EVAC_GOOD;
    return strcmp(verdict, "unknown") == 0 ? EVAC_DIM : EVAC_BAD;
}

/* What the last look at a standby found: ", ready (5m0s ago)". */
static void print_readiness(struct evac_cli *cli, const cJSON *region)
{
    const cJSON *r = cJSON_GetObjectItemCaseSensitive(region, "readiness");
    bool ready = evac_json_true(r, "ready");
    char ago[32];
    if (!cJSON_IsObject(r) || strcmp(evac_json_cstr(region, "role"), "active") == 0)
        return;
    evac_cli_duration((double)time(NULL) * 1000 - evac_json_number(r, "at_ms", 0), ago, sizeof ago);
    if (ready)
        printf(", %sready%s (%s ago)", evac_style(cli, EVAC_GOOD), evac_style(cli, EVAC_PLAIN),
               ago);
    else
        printf(", %snot ready%s (%s ago): 'evac report %.0f' says why", evac_style(cli, EVAC_WARN),
               evac_style(cli, EVAC_PLAIN), ago, evac_json_number(r, "run", 0));
}

/* What speaks for itself through the verdict is not said again: warnings, and what has no vote. */
static void print_probes(struct evac_cli *cli, const cJSON *probes, const char *where)
{
    const cJSON *p;
    cJSON_ArrayForEach(p, probes)
    {
        const char *reason = evac_json_cstr(p, "reason"), *state = evac_json_cstr(p, "state");
        bool down = strcmp(state, "down") == 0, up = strcmp(state, "up") == 0;
        if (down ? evac_json_true(p, "votes") : !up || !reason[0])
            continue;
        printf("    probe %s%s%s %s%s%s: %s%s\n", evac_json_cstr(p, "name"), where[0] ? "@" : "",
               where, evac_style(cli, EVAC_WARN), down ? "down" : "warns",
               evac_style(cli, EVAC_PLAIN), reason, down ? " (it has no vote)" : "");
    }
}

static void spell_days(double ms, char *text, size_t bytes)
{
    if (ms < 2 * 86400000.0)
        evac_cli_duration(ms, text, bytes);
    else
        snprintf(text, bytes, "%.0f days", floor(ms / 86400000));
}

/* One line: the first that ends, and how many more do. */
static void print_certificates(struct evac_cli *cli, const cJSON *certificates)
{
    const cJSON *c, *first = NULL;
    char left[32], at[40];
    cJSON_ArrayForEach(c, certificates)
    {
        if (!first || evac_json_number(c, "until_ms", 0) < evac_json_number(first, "until_ms", 0))
            first = c;
    }
    if (!first)
        return;
    double ms = evac_json_number(first, "left_ms", 0);
    spell_days(ms < 0 ? -ms : ms, left, sizeof left);
    evac_cli_day(evac_json_number(first, "until_ms", 0), at, sizeof at);
    printf("    %scertificate%s of %s%s%s %s%s%s (%s)", evac_style(cli, EVAC_WARN),
           evac_style(cli, EVAC_PLAIN), evac_json_cstr(first, "probe"),
           evac_json_cstr(first, "region")[0] ? "@" : "", evac_json_cstr(first, "region"),
           ms < 0 ? "expired " : "expires in ", left, ms < 0 ? " ago" : "", at);
    if (cJSON_GetArraySize(certificates) > 1)
        printf(", and %d more soon", cJSON_GetArraySize(certificates) - 1);
    putchar('\n');
}

static void print_region(struct evac_cli *cli, const cJSON *region)
{
    const char *verdict = evac_json_cstr(region, "verdict"),
               *why = evac_json_cstr(region, "reasons");
    char since[32];
    evac_cli_duration(evac_json_number(region, "for_ms", 0), since, sizeof since);
    printf("    %-14s %-8s %s%s%s for %s%s%s", evac_json_cstr(region, "name"),
           evac_json_cstr(region, "role"), evac_style(cli, style_of_verdict(verdict)), verdict,
           evac_style(cli, EVAC_PLAIN), since, why[0] ? "  " : "", why);
    print_readiness(cli, region);
    putchar('\n');
    print_probes(cli, cJSON_GetObjectItemCaseSensitive(region, "probes"),
                 evac_json_cstr(region, "name"));
    if (evac_json_true(region, "conditional") && !strstr(why, evac_json_cstr(region, "condition")))
        printf("      %s\n", evac_json_cstr(region, "condition"));
}

static void print_data(struct evac_cli *cli, const cJSON *app)
{
    const cJSON *data;
    cJSON_ArrayForEach(data, cJSON_GetObjectItemCaseSensitive(app, "data"))
    {
        char lag[32], age[32] = "";
        double marker = evac_json_number(data, "newest_marker_ms", 0);
        evac_cli_duration(evac_json_number(data, "lag_ms", -1), lag, sizeof lag);
        printf("    data %-10s lag %s", evac_json_cstr(data, "resource"), lag);
        if (marker > 0)
            printf(", %.0f canary markers on their way%s",
                   evac_json_number(data, "markers_missing", 0), age);
        printf("\n");
    }
    (void)cli;
}

/* Of an active-active app all regions that users are led to. */
static void print_active(const cJSON *app)
{
    const cJSON *region;
    bool any = false;
    cJSON_ArrayForEach(region, cJSON_GetObjectItemCaseSensitive(app, "regions"))
    {
        if (strcmp(evac_json_cstr(region, "role"), "active") != 0)
            continue;
        printf("%s%s", any ? " and " : "", evac_json_cstr(region, "name"));
        any = true;
    }
}

static void print_old_side(struct evac_cli *cli, const cJSON *app)
{
    const cJSON *side = cJSON_GetObjectItemCaseSensitive(app, "old_side");
    const char *state = evac_json_cstr(side, "state"), *reason = evac_json_cstr(side, "reason");
    bool alive = strcmp(state, "alive") == 0;
    if (!cJSON_IsObject(side))
        return;
    printf("    %s, left by run %.0f: %s%s%s%s%s\n", evac_json_cstr(side, "region"),
           evac_json_number(side, "left_by_run", 0), evac_style(cli, alive ? EVAC_BAD : EVAC_PLAIN),
           state, evac_style(cli, EVAC_PLAIN), reason[0] ? "; " : "", reason);
    if (evac_json_true(side, "writes"))
        printf("    %sTWO REGIONS MAY BE WRITING%s: 'evac fence %s'; a failback waits for 'evac "
               "reconcile %s'\n",
               evac_style(cli, EVAC_BAD), evac_style(cli, EVAC_PLAIN), evac_json_cstr(app, "app"),
               evac_json_cstr(app, "app"));
    else if (alive)
        printf("    'evac fence %s' makes it still again\n", evac_json_cstr(app, "app"));
}

/* One that is down is served by nobody: the place is of its last good answer. */
const char *evac_cli_served(const cJSON *endpoint)
{
    if (!evac_json_cstr(endpoint, "served_by")[0])
        return "";
    return strcmp(evac_json_cstr(endpoint, "state"), "up") == 0 ? ", served by "
                                                                : ", last served by ";
}

/* Who follows measures nothing: to the reader that is another thing than a measurement that fails.
 */
static void print_loss(const cJSON *app, const char *leader)
{
    char loss[32], rpo[32];
    double now_ms = evac_json_number(app, "loss_now_ms", -1);
    evac_cli_duration(evac_json_number(app, "rpo_objective_ms", 0), rpo, sizeof rpo);
    evac_cli_duration(now_ms, loss, sizeof loss);
    if (now_ms < 0 && leader)
        printf(
            "    how much an ungraceful move now would lose is measured by %s, not here (objective "
            "%s)\n",
            leader[0] ? leader : "whoever leads next", rpo);
    else if (now_ms < 0)
        printf("    how much an ungraceful move now would lose is not known (objective %s)\n", rpo);
    else
        printf("    an ungraceful move now would lose %s (objective %s)\n", loss, rpo);
}

/* leader: of a controller that follows, "" unknown; NULL it leads. */
static void print_app(struct evac_cli *cli, const cJSON *app, const char *leader)
{
    const cJSON *region;
    const cJSON *endpoint = cJSON_GetObjectItemCaseSensitive(app, "endpoint");
    const cJSON *last = cJSON_GetObjectItemCaseSensitive(app, "last_run");
    const char *state = evac_json_cstr(endpoint, "state");

    printf("%s%s%s  %s, active in ", evac_style(cli, EVAC_BOLD), evac_json_cstr(app, "app"),
           evac_style(cli, EVAC_PLAIN), evac_json_cstr(app, "strategy"));
    print_active(app);
    printf("; endpoint %s%s%s%s%s\n",
           evac_style(cli, strcmp(state, "up") == 0 ? EVAC_GOOD : EVAC_BAD), state,
           evac_style(cli, EVAC_PLAIN), evac_cli_served(endpoint),
           evac_json_cstr(endpoint, "served_by"));
    cJSON_ArrayForEach(region, cJSON_GetObjectItemCaseSensitive(app, "regions"))
        print_region(cli, region);
    print_probes(cli, cJSON_GetObjectItemCaseSensitive(app, "probes"), "");
    print_certificates(cli, cJSON_GetObjectItemCaseSensitive(app, "certificates"));
    print_data(cli, app);
    if (evac_json_true(app, "has_data"))
        print_loss(app, leader);
    evac_cli_policy(cli, app, "    ");
    evac_cli_drill_line(cli, app);
    print_old_side(cli, app);
    if (evac_json_cstr(app, "held")[0])
        printf("    %sheld%s: %s\n", evac_style(cli, EVAC_WARN), evac_style(cli, EVAC_PLAIN),
               evac_json_cstr(app, "held"));
    if (cJSON_IsObject(last))
        printf("    last run %.0f: %s%s\n", evac_json_number(last, "run", 0),
               evac_json_cstr(last, "result"),
               evac_json_true(last, "acknowledged")
                   ? ""
                   : " (not acknowledged: 'evac ack' lets the policy act again)");
}

static void print_runs(struct evac_cli *cli, const cJSON *runs)
{
    const cJSON *run;
    cJSON_ArrayForEach(run, runs) printf(
        "%srun %.0f%s  %s %s %s -> %s is %s: 'evac watch %.0f'\n", evac_style(cli, EVAC_BUSY),
        evac_json_number(run, "run", 0), evac_style(cli, EVAC_PLAIN),
        evac_json_cstr(run, "workflow"), evac_json_cstr(run, "app"), evac_json_cstr(run, "from"),
        evac_json_cstr(run, "to"), evac_json_cstr(run, "state"), evac_json_number(run, "run", 0));
}

/* Runs stand still while nobody leads; what they were at may go on by itself. */
static void print_watched(const struct evac_cli *cli, const cJSON *watched)
{
    const cJSON *w;
    cJSON_ArrayForEach(w, watched)
        printf("  run %.0f stands still; %s%s%s is %s now%s%s\n", evac_json_number(w, "run", 0),
               evac_style(cli, EVAC_BOLD), evac_json_cstr(w, "step"), evac_style(cli, EVAC_PLAIN),
               evac_json_cstr(w, "seen"), evac_json_cstr(w, "reason")[0] ? ": " : "",
               evac_json_cstr(w, "reason"));
}

const char *evac_cli_leader(const cJSON *status)
{
    const cJSON *shared = cJSON_GetObjectItemCaseSensitive(status, "shared");
    const char *role = evac_json_cstr(shared, "role");
    bool leads = !role[0] || strcmp(role, "leads") == 0 || strcmp(role, "caught") == 0;
    return leads ? NULL : evac_json_cstr(shared, "leader");
}

/* Whose word counts, where several controllers share a journal. */
static void print_shared(const struct evac_cli *cli, const cJSON *shared)
{
    const char *role = evac_json_cstr(shared, "role"), *leader = evac_json_cstr(shared, "leader");
    const char *address = evac_json_cstr(shared, "address");
    if (!role[0])
        return;
    if (strcmp(role, "leads") == 0 || strcmp(role, "caught") == 0)
        printf("it leads; the others follow it\n");
    else if (leader[0])
        printf("it follows %s%s%s%s, which leads%s%s. Health below is what all controllers see, a "
               "moment later; what is measured between runs, who leads knows\n",
               evac_style(cli, EVAC_BOLD), leader, evac_style(cli, EVAC_PLAIN),
               strcmp(role, "follows") == 0 ? "" : " as far as it knows", address[0] ? ": " : "",
               address);
    else
        printf("%snobody is known to lead%s\n", evac_style(cli, EVAC_WARN),
               evac_style(cli, EVAC_PLAIN));
}

enum evac_exit evac_cmd_status(struct evac_cli *cli)
{
    cJSON *status;
    const cJSON *app;
    const char *leader;
    struct evac_err err = { EVAC_OK, "" };
    char up[32];
    if (cli->json)
        return evac_cli_pass(cli, "/v1/status", NULL);
    enum evac_exit code = evac_client_json(cli->client, "/v1/status", NULL, &status, &err);
    if (code != EVAC_EXIT_DONE)
        return evac_cli_fail(code, "%s", err.text);

    evac_cli_duration(evac_json_number(status, "up_ms", 0), up, sizeof up);
    printf("evacd %s on %s, up %s, ill health %.0f of 8\n", evac_json_cstr(status, "version"),
           evac_json_cstr(status, "node"), up,
           evac_json_number(cJSON_GetObjectItemCaseSensitive(status, "self"), "score", 0));
    print_shared(cli, cJSON_GetObjectItemCaseSensitive(status, "shared"));
    if (evac_json_cstr(status, "trouble")[0])
        printf("%sTROUBLE%s: %s\n", evac_style(cli, EVAC_BAD), evac_style(cli, EVAC_PLAIN),
               evac_json_cstr(status, "trouble"));
    if (evac_json_true(status, "parked"))
        printf("%sit crashed five times in a short while and only looks now%s: 'systemctl restart "
               "evacd' "
               "lets it act again\n",
               evac_style(cli, EVAC_BAD), evac_style(cli, EVAC_PLAIN));
    evac_cli_self(cli, cJSON_GetObjectItemCaseSensitive(status, "self"), false);
    if (evac_json_true(status, "automation_stopped"))
        printf("%sautomation is stopped%s: 'evac allow-automation' ends that\n",
               evac_style(cli, EVAC_WARN), evac_style(cli, EVAC_PLAIN));
    evac_cli_channels(cli, status);
    evac_cli_incidents(cli, cJSON_GetObjectItemCaseSensitive(status, "incidents"));
    leader = evac_cli_leader(status);
    cJSON_ArrayForEach(app, cJSON_GetObjectItemCaseSensitive(status, "apps"))
    {
        if (cli->argc == 0 || strcmp(cli->argv[0], evac_json_cstr(app, "app")) == 0)
            print_app(cli, app, leader);
    }
    evac_cli_dependencies(cli, cJSON_GetObjectItemCaseSensitive(status, "dependencies"));
    evac_cli_vantages(cli, status);
    print_runs(cli, cJSON_GetObjectItemCaseSensitive(status, "runs"));
    print_watched(cli, cJSON_GetObjectItemCaseSensitive(status, "watched"));
    cJSON_Delete(status);
    return EVAC_EXIT_DONE;
}

/* --- runs
 * ------------------------------------------------------------------------------------------------
 */

static void print_run(struct evac_cli *cli, const cJSON *run)
{
    const char *state = evac_json_cstr(run, "state"), *left = evac_json_cstr(run, "left");
    bool good = strncmp(state, "succeeded", 9) == 0, over = evac_json_true(run, "over");
    char when[24] = "";
    time_t t = (time_t)(evac_json_number(run, "ended_ms", 0) / 1000);
    struct tm local;
    if (t > 0 && localtime_r(&t, &local))
        (void)strftime(when, sizeof when, "%Y-%m-%d %H:%M", &local);
    printf("%4.0f  %-16s  %-9s %s -> %s  %s%s%s%s%s", evac_json_number(run, "run", 0),
           evac_json_cstr(run, "app"), evac_json_cstr(run, "workflow"), evac_json_cstr(run, "from"),
           evac_json_cstr(run, "to"),
           evac_style(cli, !over  ? EVAC_BUSY
                           : good ? EVAC_GOOD
                                  : EVAC_BAD),
           state, evac_style(cli, EVAC_PLAIN), when[0] ? "  " : "", when);
    if (evac_json_cstr(run, "who")[0])
        printf(", by %s", evac_json_cstr(run, "who"));
    printf("%s%s\n", left[0] ? "; it left: " : "", left);
}

enum evac_exit evac_cmd_runs(struct evac_cli *cli)
{
    char path[300];
    cJSON *runs;
    const cJSON *run;
    struct evac_err err = { EVAC_OK, "" };
    snprintf(path, sizeof path, "/v1/runs?limit=%ld%s%.200s", cli->limit ? cli->limit : 20,
             cli->argc ? "&app=" : "", cli->argc ? cli->argv[0] : "");
    if (cli->json)
        return evac_cli_pass(cli, path, NULL);
    enum evac_exit code = evac_client_json(cli->client, path, NULL, &runs, &err);
    if (code != EVAC_EXIT_DONE)
        return evac_cli_fail(code, "%s", err.text);
    if (cJSON_GetArraySize(runs) == 0)
        printf("no run yet\n");
    cJSON_ArrayForEach(run, runs)
    {
        print_run(cli, run);
    }
    cJSON_Delete(runs);
    return EVAC_EXIT_DONE;
}

/* --- report
 * ---------------------------------------------------------------------------------------------- */

static enum evac_exit save(struct evac_cli *cli, unsigned long run, const char *format,
                           const char *name)
{
    char path[128], file[4096];
    struct evac_buf raw;
    struct evac_err err = { EVAC_OK, "" };
    evac_buf_init(&raw, 64u << 20);
    snprintf(path, sizeof path, "/v1/runs/%lu/report?format=%s", run, format);
    enum evac_exit code = evac_client_raw(cli->client, path, NULL, &raw, &err);
    if (code == EVAC_EXIT_DONE) {
        snprintf(file, sizeof file, "%s/%s", cli->report_dir, name);
        FILE *f = fopen(file, "w");
        if (!f || fwrite(raw.p, 1, raw.n, f) != raw.n || fclose(f) != 0)
            code = evac_cli_fail(EVAC_EXIT_FAILED, "%s: %s", file, strerror(errno));
        else
            printf("%s\n", file);
    } else {
        (void)evac_cli_fail(code, "%s", err.text);
    }
    evac_buf_done(&raw);
    return code;
}

enum evac_exit evac_cmd_report(struct evac_cli *cli)
{
    char path[128];
    unsigned long run = evac_cli_run(cli, cli->argc ? cli->argv[0] : NULL);
    if (run == 0)
        return EVAC_EXIT_REFUSED;
    if (cli->report_dir) {
        if (mkdir(cli->report_dir, 0755) != 0 && errno != EEXIST)
            return evac_cli_fail(EVAC_EXIT_FAILED, "%s: %s", cli->report_dir, strerror(errno));
        enum evac_exit code = save(cli, run, "text", "report.txt");
        if (code == EVAC_EXIT_DONE)
            code = save(cli, run, "json", "report.json");
        return code == EVAC_EXIT_DONE ? save(cli, run, "html", "report.html") : code;
    }
    snprintf(path, sizeof path, "/v1/runs/%lu/report?format=%.10s", run,
             cli->json     ? "json"
             : cli->format ? cli->format
                           : "text");
    return evac_cli_pass(cli, path, NULL);
}

/* --- journal
 * ---------------------------------------------------------------------------------------------- */

void evac_cli_print_row(const struct evac_cli *cli, const cJSON *row)
{
    char clock[24];
    if (cli->json) {
        char *text = cJSON_PrintUnformatted(row);
        printf("%s\n", text);
        free(text);
        return;
    }
    evac_cli_clock(evac_json_number(row, "t_wall_ms", 0), clock, sizeof clock);
    printf("%6.0f %s %-10s %4.0f %-24s %s%s%s%s%s%s%s%s\n", evac_json_number(row, "seq", 0), clock,
           evac_json_cstr(row, "kind"), evac_json_number(row, "run", 0),
           evac_json_cstr(row, "name"), evac_json_cstr(row, "from"),
           evac_json_cstr(row, "event")[0] ? " --" : "", evac_json_cstr(row, "event"),
           evac_json_cstr(row, "event")[0] ? "--> " : " ", evac_json_cstr(row, "to"),
           evac_json_cstr(row, "who")[0] ? " by " : "", evac_json_cstr(row, "who"),
           evac_json_cstr(row, "text")[0] ? "  " : "");
    if (evac_json_cstr(row, "text")[0])
        printf("       %s\n", evac_json_cstr(row, "text"));
}

/* The newest, of a run the first: in the order in which they were written. */
static enum evac_exit show_rows(struct evac_cli *cli, unsigned long run)
{
    char path[200];
    cJSON *rows;
    struct evac_err err = { EVAC_OK, "" };
    snprintf(path, sizeof path, "/v1/journal?run=%lu&newest=%d&kind=%s&limit=%ld", run, run == 0,
             cli->row_kind ? cli->row_kind : "", cli->limit ? cli->limit : 1000);
    enum evac_exit code = evac_client_json(cli->client, path, NULL, &rows, &err);
    if (code != EVAC_EXIT_DONE)
        return evac_cli_fail(code, "%s", err.text);
    int n = cJSON_GetArraySize(rows);
    for (const cJSON *row = run || n == 0 ? rows->child : cJSON_GetArrayItem(rows, n - 1);
         row && n > 0; row = run ? row->next : row->prev, n--)
        evac_cli_print_row(cli, row);
    cJSON_Delete(rows);
    return EVAC_EXIT_DONE;
}

static enum evac_exit list_rows(struct evac_cli *cli)
{
    unsigned long run = cli->argc ? evac_cli_run(cli, cli->argv[0]) : 0;
    if (cli->argc && run == 0)
        return EVAC_EXIT_REFUSED;
    return show_rows(cli, run);
}

enum evac_exit evac_cmd_journal(struct evac_cli *cli)
{
    static const struct {
        const char *name;
        enum evac_exit (*fn)(struct evac_cli *cli);
    } verbs[] = { { "verify", evac_cli_verify_journal },
                  { "checkpoint", evac_cli_checkpoint },
                  { "merge", evac_cli_merge },
                  { "salvage", evac_cli_journal_file } };
    if (cli->journal)
        return evac_cli_journal_file(cli);
    for (size_t i = 0; cli->argc && i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(cli->argv[0], verbs[i].name) == 0)
            return verbs[i].fn(cli);
    return list_rows(cli);
}

/* --- the rest
 * -----------------------------------------------------------------------------------------------
 */

enum evac_exit evac_cmd_version(struct evac_cli *cli)
{
    cJSON *answer;
    struct evac_err err = { EVAC_OK, "" };
    if (cli->json)
        return evac_cli_pass(cli, "/v1/version", NULL);
    printf("evac %s\n", EVAC_VERSION);
    if (evac_client_json(cli->client, "/v1/version", NULL, &answer, &err) == EVAC_EXIT_DONE)
        printf("evacd %s on %s\n", evac_json_cstr(answer, "version"),
               evac_json_cstr(answer, "node"));
    cJSON_Delete(answer);
    return EVAC_EXIT_DONE;
}

enum evac_exit evac_cmd_watch(struct evac_cli *cli)
{
    unsigned long run = evac_cli_run(cli, cli->argc ? cli->argv[0] : NULL);
    return run ? evac_cli_follow(cli, run) : EVAC_EXIT_REFUSED;
}

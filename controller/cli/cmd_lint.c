/* evac lint: would the plan still work with a region gone? By the controller, or, with --config,
 * without one. */
#include "builtin.h"
#include "cli.h"
#include "plan_lint.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --- printing
 * ---------------------------------------------------------------------------------------------- */

static enum evac_style style_of(const char *verdict)
{
    if (strcmp(verdict, "error") == 0)
        return EVAC_BAD;
    if (strcmp(verdict, "warn") == 0)
        return EVAC_WARN;
    return strcmp(verdict, "ok") == 0 ? EVAC_GOOD : EVAC_DIM;
}

static enum evac_lint_verdict verdict_of(const cJSON *object)
{
    for (unsigned v = 0; v < EVAC_LINT_VERDICT_COUNT; v++)
        if (strcmp(evac_json_cstr(object, "verdict"),
                   evac_lint_verdict_name((enum evac_lint_verdict)v)) == 0)
            return (enum evac_lint_verdict)v;
    return EVAC_LINT_OK;
}

static const char *or_dash(const char *text)
{
    return text[0] ? text : "-";
}

/* What a row is about: an operation, or a setting. */
static const char *subject(const cJSON *row, char *text, size_t bytes)
{
    const char *operation = evac_json_cstr(row, "operation");
    if (operation[0])
        snprintf(text, bytes, "%s %s", evac_json_cstr(row, "service"), operation);
    else
        snprintf(text, bytes, "%s", or_dash(evac_json_cstr(row, "setting")));
    return text;
}

static const char *whose(const cJSON *row)
{
    const char *step = evac_json_cstr(row, "step");
    return step[0] ? step : "(controller)";
}

static void print_advice(const cJSON *row, const char *indent)
{
    const char *works = evac_json_cstr(row, "goes_on"), *page = evac_json_cstr(row, "source");
    if (!evac_json_cstr(row, "problem")[0])
        return;
    printf("%s%s\n", indent, evac_json_cstr(row, "problem"));
    if (evac_json_cstr(row, "alternative")[0])
        printf("%sinstead: %s\n", indent, evac_json_cstr(row, "alternative"));
    if (works[0] && verdict_of(row) >= EVAC_LINT_WARN)
        printf("%sgoes on working: %s\n", indent, works);
    if (page[0] && verdict_of(row) >= EVAC_LINT_WARN)
        printf("%ssee %s\n", indent, page);
}

struct widths {
    int step, region, subject, home;
};

static void widen(int *width, const char *text)
{
    int n = (int)strlen(text);
    *width = n > *width ? n : *width;
}

static struct widths measure(const cJSON *rows)
{
    const cJSON *row;
    char text[200];
    struct widths w = { 4, 6, 9, 4 };
    cJSON_ArrayForEach(row, rows)
    {
        widen(&w.step, whose(row));
        widen(&w.region, evac_json_cstr(row, "region"));
        widen(&w.subject, subject(row, text, sizeof text));
        widen(&w.home, evac_json_cstr(row, "home"));
    }
    return w;
}

static void print_rows(struct evac_cli *cli, const cJSON *rows)
{
    const cJSON *row;
    char text[200];
    struct widths w = measure(rows);
    printf("\n%s%-7s %-*s %-*s %-*s %-7s %-*s %s%s\n", evac_style(cli, EVAC_BOLD), "verdict",
           w.step, "step", w.region, "region", w.subject, "operation", "plane", w.home, "home",
           "rule", evac_style(cli, EVAC_PLAIN));
    cJSON_ArrayForEach(row, rows)
    {
        const char *verdict = evac_json_cstr(row, "verdict");
        printf("%s%-7s%s %-*s %-*s %-*s %-7s %-*s %s\n", evac_style(cli, style_of(verdict)),
               verdict, evac_style(cli, EVAC_PLAIN), w.step, whose(row), w.region,
               or_dash(evac_json_cstr(row, "region")), w.subject, subject(row, text, sizeof text),
               or_dash(evac_json_cstr(row, "plane")), w.home, or_dash(evac_json_cstr(row, "home")),
               evac_json_cstr(row, "rule"));
        if (verdict_of(row) >= EVAC_LINT_INFO)
            print_advice(row, "        ");
    }
}

static void print_sum(const cJSON *lint)
{
    printf("%.0f operations: %.0f errors, %.0f warnings, %.0f infos\n",
           evac_json_number(lint, "operations", 0), evac_json_number(lint, "errors", 0),
           evac_json_number(lint, "warnings", 0), evac_json_number(lint, "infos", 0));
}

static void print_one(struct evac_cli *cli, const cJSON *lint)
{
    const char *down = evac_json_cstr(lint, "assume_down");
    printf("lint of %s: %s %s -> %s, %s; %s%s (facts of %s)\n", evac_json_cstr(lint, "app"),
           evac_json_cstr(lint, "workflow"), evac_json_cstr(lint, "from"),
           evac_json_cstr(lint, "to"), evac_json_cstr(lint, "mode"),
           down[0] ? "assumed down: " : "no region is assumed down", down,
           or_dash(evac_json_cstr(lint, "facts_date")));
    print_rows(cli, cJSON_GetObjectItemCaseSensitive(lint, "rows"));
    printf("\n");
    print_sum(lint);
}

void evac_cli_lint_short(struct evac_cli *cli, const cJSON *lint)
{
    const cJSON *row;
    char text[200];
    if (!cJSON_IsObject(lint))
        return;
    printf("\n");
    cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(lint, "rows"))
    {
        const char *verdict = evac_json_cstr(row, "verdict");
        printf("%s%-5s%s %s, %s: %s\n      instead: %s\n", evac_style(cli, style_of(verdict)),
               verdict, evac_style(cli, EVAC_PLAIN), whose(row), subject(row, text, sizeof text),
               evac_json_cstr(row, "problem"), evac_json_cstr(row, "alternative"));
    }
    printf("lint: %.0f operations, %.0f errors, %.0f warnings; 'evac lint %s' shows all\n",
           evac_json_number(lint, "operations", 0), evac_json_number(lint, "errors", 0),
           evac_json_number(lint, "warnings", 0), evac_json_cstr(lint, "app"));
}

/* --- every region in turn
 * ---------------------------------------------------------------------------------- */

#define STEPS_MAX 1024

/* The worst verdict of a step in one lint; -1: it is not in that plan. */
static int worst_of(const cJSON *lint, const char *step)
{
    const cJSON *row;
    int worst = -1;
    cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(lint, "rows"))
    {
        if (strcmp(whose(row), step) == 0 && (int)verdict_of(row) > worst)
            worst = (int)verdict_of(row);
    }
    return worst;
}

static size_t collect_steps(const cJSON *regions, const char **steps)
{
    const cJSON *lint, *row;
    size_t count = 0, k;
    cJSON_ArrayForEach(lint, regions)
    {
        cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(lint, "rows"))
        {
            for (k = 0; k < count && strcmp(steps[k], whose(row)) != 0; k++)
                ;
            if (k == count && count < STEPS_MAX)
                steps[count++] = whose(row);
        }
    }
    return count;
}

static void print_cell(struct evac_cli *cli, int verdict, int width)
{
    const char *name = verdict < 0 ? "" : evac_lint_verdict_name((enum evac_lint_verdict)verdict);
    printf(" %s%-*s%s", evac_style(cli, verdict < 0 ? EVAC_PLAIN : style_of(name)), width,
           verdict == EVAC_LINT_OK ? "." : name, evac_style(cli, EVAC_PLAIN));
}

static int region_width(const cJSON *lint)
{
    int width = 5;
    widen(&width, evac_json_cstr(lint, "assume_down"));
    return width;
}

static void print_matrix(struct evac_cli *cli, const cJSON *regions)
{
    const char *steps[STEPS_MAX];
    const cJSON *lint;
    size_t count = collect_steps(regions, steps);
    int width = 12;
    for (size_t i = 0; i < count; i++)
        widen(&width, steps[i]);
    printf("\n%s%-*s", evac_style(cli, EVAC_BOLD), width, "assumed down");
    cJSON_ArrayForEach(lint, regions)
        printf(" %-*s", region_width(lint), evac_json_cstr(lint, "assume_down"));
    printf("%s\n", evac_style(cli, EVAC_PLAIN));
    for (size_t i = 0; i < count; i++) {
        printf("%-*s", width, steps[i]);
        cJSON_ArrayForEach(lint, regions)
            print_cell(cli, worst_of(lint, steps[i]), region_width(lint));
        printf("\n");
    }
}

static void print_findings(struct evac_cli *cli, const cJSON *lint)
{
    const cJSON *row;
    char text[200];
    const char *region = evac_json_cstr(lint, "assume_down");
    if (evac_json_cstr(lint, "problem")[0]) {
        printf("\n%s: no plan can be made: %s\n", region, evac_json_cstr(lint, "problem"));
        return;
    }
    printf("\n%s%s down%s, %s -> %s: ", evac_style(cli, EVAC_BOLD), region,
           evac_style(cli, EVAC_PLAIN), evac_json_cstr(lint, "from"), evac_json_cstr(lint, "to"));
    print_sum(lint);
    cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(lint, "rows"))
    {
        const char *verdict = evac_json_cstr(row, "verdict");
        if (verdict_of(row) < EVAC_LINT_WARN)
            continue;
        printf("  %s%-5s%s %s, %s  [%s]\n", evac_style(cli, style_of(verdict)), verdict,
               evac_style(cli, EVAC_PLAIN), whose(row), subject(row, text, sizeof text),
               evac_json_cstr(row, "rule"));
        print_advice(row, "        ");
    }
}

static void print_all(struct evac_cli *cli, const cJSON *all)
{
    const cJSON *lint, *regions = cJSON_GetObjectItemCaseSensitive(all, "regions");
    printf("lint of %s, %s: each region assumed down in turn (facts of %s)\n",
           evac_json_cstr(all, "app"), evac_json_cstr(all, "mode"),
           or_dash(evac_json_cstr(all, "facts_date")));
    print_matrix(cli, regions);
    cJSON_ArrayForEach(lint, regions) print_findings(cli, lint);
}

/* --- without a controller
 * ---------------------------------------------------------------------------------- */

static bool parse_move(struct evac_cli *cli, struct evac_plan_request *q, struct evac_err *err)
{
    const struct evac_app *app = q->app;
    const char *workflow = cli->argc > 1 ? cli->argv[1] : "failover";
    q->mode = EVAC_MODE_UNGRACEFUL;
    if (!evac_workflow_parse(evac_str(workflow), &q->workflow) ||
        (cli->mode && !evac_mode_parse(evac_str(cli->mode), &q->mode))) {
        (void)evac_fail(err, EVAC_E_BADARG,
                        "allowed: failover, failback; --mode graceful, ungraceful");
        return false;
    }
    bool back = q->workflow == EVAC_WORKFLOW_FAILBACK;
    q->from = app->regions[back ? 1 : 0];
    q->to = app->regions[back ? 0 : 1];
    if (cli->from)
        q->from = evac_str(cli->from);
    if (cli->to)
        q->to = evac_str(cli->to);
    if (evac_str_eq(q->from, q->to))
        q->from = app->regions[back ? 0 : 1];
    return true;
}

static enum evac_code lint_model(struct evac_cli *cli, const struct evac_model *model,
                                 struct evac_diag *diag, struct evac_jw *w, struct evac_err *err)
{
    const struct evac_app *app = evac_model_app(model, evac_str(cli->argv[0]));
    const struct evac_facts *facts;
    struct evac_plan *plan = NULL;
    struct evac_lint lint;
    struct evac_plan_request move = { .model = model,
                                      .app = app,
                                      .catalog = evac_builtin_catalog() };
    int64_t today = (int64_t)time(NULL) / 86400;
    if (!app)
        return evac_fail(err, EVAC_E_NOTFOUND, "there is no app '%s' in %s", cli->argv[0],
                         cli->config);
    enum evac_code code = evac_builtin_load_facts(
        cli->facts ? evac_str(cli->facts) : model->controller.facts, model->controller.prices,
        model->controller.limits, diag, &facts, err);
    if (code || !parse_move(cli, &move, err))
        return err->code;
    if (cli->all_regions) {
        evac_lint_all_to_json(
            &(struct evac_lint_all){ model, app, move.catalog, facts, move.mode, today }, w);
        return EVAC_OK;
    }
    code = evac_plan_compile(&move, diag, &plan, err);
    if (code)
        return code;
    struct evac_str down = cli->assume_down ? evac_str(cli->assume_down) : evac_lint_down(plan);
    evac_lint_plan(&(struct evac_lint_request){ plan, move.catalog, facts, model, down, today },
                   diag->arena, &lint);
    evac_lint_to_json(&lint, EVAC_LINT_OK, w, NULL);
    evac_plan_free(plan);
    return EVAC_OK;
}

static enum evac_exit lint_here(struct evac_cli *cli, struct evac_buf *json)
{
    struct evac_diag diag = { .arena = evac_arena_new() };
    struct evac_model *model = NULL;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_buf text;
    struct evac_jw w = { json, false };
    enum evac_code code = evac_builtin_conf_load(cli->config, &diag, &model, &err);
    if (!code)
        code = lint_model(cli, model, &diag, &w, &err);
    evac_buf_init(&text, 1u << 20);
    evac_diag_print(&diag, &text);
    if (code && text.n)
        fputs(text.p, stderr);
    if (code)
        (void)evac_cli_fail(EVAC_EXIT_FAILED, "%s", err.text);
    evac_buf_done(&text);
    evac_model_free(model);
    evac_arena_free(diag.arena);
    return code ? EVAC_EXIT_FAILED : EVAC_EXIT_DONE;
}

/* --- with one
 * ---------------------------------------------------------------------------------------------- */

static enum evac_exit lint_there(struct evac_cli *cli, struct evac_buf *json)
{
    char path[1200];
    struct evac_buf body;
    struct evac_err err = { EVAC_OK, "" };
    if (cli->facts)
        return evac_cli_fail(EVAC_EXIT_USAGE, "--facts needs --config: a controller has its own "
                                              "setting, facts in evac.cfg");
    if (!evac_cli_app_path(path, sizeof path, cli->argv[0], "lint"))
        return evac_cli_fail(EVAC_EXIT_USAGE, "the app's name is too long");
    const char *text = evac_cli_body(
        &body, "workflow", cli->argc > 1 ? cli->argv[1] : "failover", "mode",
        cli->mode ? cli->mode : evac_mode_name(EVAC_MODE_UNGRACEFUL), "from", cli->from, "to",
        cli->to, "assume_down", cli->assume_down, (const char *)NULL);
    if (cli->all_regions) { /* no text */
        body.n--;
        evac_buf_puts(&body, ",\"all_regions\":true}");
        text = body.p;
    }
    enum evac_exit code = evac_client_raw(cli->client, path, text, json, &err);
    evac_buf_done(&body);
    return code == EVAC_EXIT_DONE ? code : evac_cli_fail(code, "%s", err.text);
}

static enum evac_exit exit_of(const struct evac_cli *cli, const cJSON *lint)
{
    enum evac_lint_verdict worst = verdict_of(lint);
    if (worst == EVAC_LINT_ERROR)
        return EVAC_EXIT_LINT_ERRORS;
    return cli->strict && worst == EVAC_LINT_WARN ? EVAC_EXIT_LINT_WARNINGS : EVAC_EXIT_DONE;
}

enum evac_exit evac_cmd_lint(struct evac_cli *cli)
{
    struct evac_buf json;
    if (cli->argc < 1)
        return evac_cli_fail(EVAC_EXIT_USAGE, "lint: name the app");
    evac_buf_init(&json, 64u << 20);
    enum evac_exit code = cli->config ? lint_here(cli, &json) : lint_there(cli, &json);
    cJSON *lint = code == EVAC_EXIT_DONE ? cJSON_ParseWithLength(json.p, json.n) : NULL;
    if (code == EVAC_EXIT_DONE && !cJSON_IsObject(lint))
        code = evac_cli_fail(EVAC_EXIT_FAILED, "the lint's answer is not understood");
    if (code == EVAC_EXIT_DONE) {
        if (cli->json)
            printf("%s\n", json.p);
        else if (cli->all_regions)
            print_all(cli, lint);
        else
            print_one(cli, lint);
        code = exit_of(cli, lint);
    }
    cJSON_Delete(lint);
    evac_buf_done(&json);
    return code;
}

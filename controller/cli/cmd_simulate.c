/* `evac simulate`: an outage that has not happened, many times over. By the controller, with its
 * journal's durations; or, with --config, by this command, with those of --journal. */
#include "builtin.h"
#include "jw.h"
#include "offline.h"
#include "progress.h"
#include "sim.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *plain(struct evac_cli *cli)
{
    return evac_style(cli, EVAC_PLAIN);
}

static void spell(const cJSON *json, const char *key, char text[32])
{
    evac_cli_duration(evac_json_number(json, key, -1), text, 32);
}

/* --- text
 * ------------------------------------------------------------------------------------------------
 */

#define BAR_CELLS 40

static void print_histogram(const cJSON *distribution)
{
    const cJSON *bin, *bins = evac_json_part(distribution, "histogram");
    double most = 1;
    cJSON_ArrayForEach(bin, bins)
    {
        double n = evac_json_number(bin, "runs", 0);
        most = n > most ? n : most;
    }
    cJSON_ArrayForEach(bin, bins)
    {
        char from[32], to[32];
        double n = evac_json_number(bin, "runs", 0);
        int cells = (int)(n / most * BAR_CELLS + 0.999);
        spell(bin, "from_ms", from);
        spell(bin, "to_ms", to);
        printf("    %9s - %-9s %.*s%s%.0f\n", from, to, cells,
               "########################################", cells ? " " : "", n);
    }
}

static void print_distribution(struct evac_cli *cli, const cJSON *s, const char *key,
                               const char *title, const char *objective_key, bool histogram)
{
    const cJSON *d = evac_json_part(s, key);
    char p5[32], p50[32], p95[32], max[32], objective[32];
    double runs = evac_json_number(s, "runs", 0), known = evac_json_number(d, "known", 0);
    bool bad = evac_json_number(d, "p95_ms", 0) > evac_json_number(s, objective_key, 0);
    spell(d, "p5_ms", p5);
    spell(d, "p50_ms", p50);
    spell(d, "p95_ms", p95);
    spell(d, "max_ms", max);
    spell(s, objective_key, objective);
    if (known == 0) {
        printf("  %s    nothing is measured\n", title);
        return;
    }
    printf("  %s    p5 %-8s p50 %-8s p95 %s%-8s%s max %-8s objective %s\n", title, p5, p50,
           evac_style(cli, bad ? EVAC_BAD : EVAC_GOOD), p95, plain(cli), max, objective);
    if (known < runs)
        printf("         not known in %.0f of %.0f runs\n", runs - known, runs);
    if (histogram)
        print_histogram(d);
}

static void print_miss(struct evac_cli *cli, const cJSON *s, const char *key, const char *what)
{
    const cJSON *miss = evac_json_part(s, key);
    double share = evac_json_number(miss, "share", 0);
    printf("  %s the %s objective in %s%.1f %%%s of runs (95 %% sure: between %.1f and %.1f)\n",
           "misses", what, evac_style(cli, share > 0.05 ? EVAC_BAD : EVAC_GOOD), 100 * share,
           plain(cli), 100 * evac_json_number(miss, "from", 0),
           100 * evac_json_number(miss, "to", 0));
}

static void print_asked(const cJSON *s, const char *indent)
{
    const cJSON *a;
    cJSON_ArrayForEach(a, evac_json_part(s, "asked"))
        printf("%sa person must %s: %.0f of %.0f runs\n", indent, evac_json_cstr(a, "what"),
               evac_json_number(a, "runs", 0), evac_json_number(s, "runs", 0));
}

static void print_broke(const cJSON *s, const char *indent)
{
    const cJSON *b;
    cJSON_ArrayForEach(b, evac_json_part(s, "broke"))
    {
        const char *step = evac_json_cstr(b, "step");
        printf("%s%s%s: users were not served again in %.0f of %.0f runs\n", indent,
               step[0] ? "breaks at " : "breaks", step, evac_json_number(b, "runs", 0),
               evac_json_number(s, "runs", 0));
    }
}

static void print_base(struct evac_cli *cli, const cJSON *s)
{
    const cJSON *mean = evac_json_part(s, "mean");
    char detect[32], decide[32], move[32];
    spell(mean, "detect_ms", detect);
    spell(mean, "decide_ms", decide);
    spell(mean, "move_ms", move);
    printf("%s%s%s goes down, %s moves to %s   %.0f runs, seed %.0f, policy %s\n\n",
           evac_style(cli, EVAC_BOLD), evac_json_cstr(s, "down"), plain(cli),
           evac_json_cstr(s, "app"), evac_json_cstr(s, "to"), evac_json_number(s, "runs", 0),
           evac_json_number(s, "seed", 0), evac_json_cstr(s, "policy"));
    print_distribution(cli, s, "rto", "RTO", "rto_objective_ms", true);
    print_distribution(cli, s, "rpo", "RPO", "rpo_objective_ms", false);
    print_miss(cli, s, "misses_rto", "RTO");
    if (evac_json_number(evac_json_part(s, "rpo"), "known", 0) > 0)
        print_miss(cli, s, "misses_rpo", "RPO");
    printf("  on average detection takes %s, decision %s, the move %s\n", detect, decide, move);
    print_asked(s, "  ");
    print_broke(s, "  ");
}

static void print_steps(struct evac_cli *cli, const cJSON *s)
{
    const cJSON *step;
    int shown = 0;
    if (!cJSON_GetArraySize(evac_json_part(s, "steps")))
        return;
    printf("\n%swhat decides the RTO%s      of runs  p50       p95       twice as fast\n",
           evac_style(cli, EVAC_BOLD), plain(cli));
    cJSON_ArrayForEach(step, evac_json_part(s, "steps"))
    {
        char p50[32], p95[32], saves[32] = "";
        const cJSON *fast = evac_json_part(step, "twice_as_fast");
        spell(step, "p50_ms", p50);
        spell(step, "p95_ms", p95);
        if (cJSON_IsObject(fast))
            evac_cli_duration(evac_json_number(fast, "saves_ms", 0), saves, sizeof saves);
        if (shown++ == 10)
            break;
        printf("  %-24.40s %4.0f %%  %-9s %-9s %s%-8s%s %s%s%s\n", evac_json_cstr(step, "step"),
               100 * evac_json_number(evac_json_part(step, "decides"), "share", 0), p50, p95,
               saves[0] ? "p95 -" : "", saves, saves[0] ? "" : "     ", evac_style(cli, EVAC_DIM),
               evac_json_cstr(step, "from"), plain(cli));
    }
}

static enum evac_style style_of(const char *verdict)
{
    if (strcmp(verdict, "meets") == 0)
        return EVAC_GOOD;
    return strcmp(verdict, "needs a person") == 0 ? EVAC_WARN : EVAC_BAD;
}

static void print_faults(struct evac_cli *cli, const cJSON *s)
{
    const cJSON *f;
    if (!cJSON_GetArraySize(evac_json_part(s, "faults")))
        return;
    printf("\n%swith a fault%s, each by itself    RTO p50    p95        misses\n",
           evac_style(cli, EVAC_BOLD), plain(cli));
    cJSON_ArrayForEach(f, evac_json_part(s, "faults"))
    {
        char p50[32], p95[32];
        const char *verdict = evac_json_cstr(f, "verdict");
        spell(evac_json_part(f, "rto"), "p50_ms", p50);
        spell(evac_json_part(f, "rto"), "p95_ms", p95);
        printf("  %-30.40s %-10s %-10s %4.0f %%   %s%s%s\n", evac_json_cstr(f, "fault"), p50, p95,
               100 * evac_json_number(evac_json_part(f, "misses_rto"), "share", 0),
               evac_style(cli, style_of(verdict)), verdict, plain(cli));
        if (strcmp(verdict, "needs a person") == 0 || strcmp(verdict, "breaks") == 0)
            print_asked(f, "      ");
        print_broke(f, "      ");
    }
}

static void print_assumed(const cJSON *s)
{
    const cJSON *h = evac_json_part(s, "history");
    char reaction[32];
    double without = evac_json_number(h, "steps_without", 0);
    double lag = evac_json_number(h, "stores_without_lag", 0);
    spell(h, "reaction_ms", reaction);
    printf("\n%.0f of %.0f steps have no history%s\n", without, evac_json_number(h, "steps", 0),
           without > 0 ? ": the driver's usual duration, log-normal around it (sigma 0.5)" : "");
    if (lag > 0)
        printf("%.0f data store%s without recorded lag: about 1 s is assumed\n", lag,
               lag > 1 ? "s" : "");
    printf("people answer after %s (%s)\n", reaction, evac_json_cstr(h, "reaction_from"));
    printf("assumed: the standby was found ready, the last drill went well; services are models\n");
}

static enum evac_exit show(struct evac_cli *cli, const struct evac_buf *json)
{
    if (cli->json) {
        printf("%s\n", json->p);
        return EVAC_EXIT_DONE;
    }
    cJSON *s = cJSON_ParseWithLength(json->p, json->n);
    if (!s)
        return evac_cli_fail(EVAC_EXIT_FAILED, "the answer is not JSON");
    print_base(cli, s);
    print_steps(cli, s);
    print_faults(cli, s);
    print_assumed(s);
    cJSON_Delete(s);
    return EVAC_EXIT_DONE;
}

/* --- here
 * ------------------------------------------------------------------------------------------------
 */

static enum evac_code parse_faults(struct evac_cli *cli, struct evac_sim_fault *faults,
                                   size_t *count, struct evac_err *err)
{
    enum evac_code code = EVAC_OK;
    for (size_t i = 0; !code && i < cli->fault_count; i++)
        code = evac_sim_fault_parse(evac_str(cli->faults[i]), faults, count, err);
    return code;
}

static void run_all(struct evac_sim *sim)
{
    uint32_t done, all;
    while (evac_sim_step(sim)) {
        evac_sim_progress(sim, &done, &all);
        evac_cli_progress(done, all);
    }
    evac_cli_progress(0, 0);
}

static enum evac_code simulate(struct evac_cli *cli, const struct evac_offline *o,
                               struct evac_jw *w, struct evac_err *err)
{
    struct evac_sim_fault faults[EVAC_SIM_FAULTS_MAX];
    struct evac_sim *sim = NULL;
    struct evac_sim_request q = { .model = o->model,
                                  .app = evac_model_app(o->model, evac_str(cli->argv[0])),
                                  .catalog = evac_builtin_catalog(),
                                  .facts = o->facts,
                                  .history = o->history,
                                  .down = evac_str(cli->down),
                                  .to = evac_str(cli->to ? cli->to : ""),
                                  .faults = faults,
                                  .runs = cli->runs ? cli->runs : EVAC_SIM_RUNS_DEFAULT,
                                  .seed = cli->seed,
                                  .wall_ms = (int64_t)time(NULL) * 1000,
                                  .reaction_ms = cli->reaction_ms };
    if (!q.app)
        return evac_fail(err, EVAC_E_NOTFOUND, "there is no app '%s' in %s", cli->argv[0],
                         cli->config);
    enum evac_code code = parse_faults(cli, faults, &q.fault_count, err);
    if (!code)
        code = evac_sim_new(&q, &sim, err);
    if (code)
        return code;
    run_all(sim);
    evac_sim_to_json(sim, w);
    evac_sim_free(sim);
    return EVAC_OK;
}

static enum evac_exit simulate_here(struct evac_cli *cli, struct evac_buf *json)
{
    struct evac_offline o;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_jw w = { json, false };
    enum evac_exit code = evac_offline_open(cli, true, &o);
    if (code == EVAC_EXIT_DONE && simulate(cli, &o, &w, &err))
        code = evac_cli_fail(err.code == EVAC_E_BADARG ? EVAC_EXIT_USAGE : EVAC_EXIT_FAILED, "%s",
                             err.text);
    evac_offline_close(&o);
    return code;
}

/* --- there
 * -----------------------------------------------------------------------------------------------
 */

static enum evac_exit simulate_there(struct evac_cli *cli, struct evac_buf *json)
{
    char path[512];
    struct evac_buf body;
    struct evac_jw w = { &body, false };
    if (!evac_cli_app_path(path, sizeof path, cli->argv[0], "simulate"))
        return evac_cli_fail(EVAC_EXIT_USAGE, "the app's name is too long");
    evac_buf_init(&body, 65536);
    evac_jw_open(&w, NULL, '{');
    evac_jw_cstr(&w, "down", cli->down);
    if (cli->to)
        evac_jw_cstr(&w, "to", cli->to);
    evac_jw_i64(&w, "runs", cli->runs ? cli->runs : EVAC_SIM_RUNS_DEFAULT);
    evac_jw_i64(&w, "seed", (int64_t)cli->seed);
    evac_jw_i64(&w, "reaction_ms", cli->reaction_ms);
    evac_jw_open(&w, "faults", '[');
    for (size_t i = 0; i < cli->fault_count; i++)
        evac_jw_cstr(&w, NULL, cli->faults[i]);
    evac_jw_close(&w, ']');
    evac_jw_close(&w, '}');
    enum evac_exit code = evac_cli_job(cli, path, body.p, json);
    evac_buf_done(&body);
    return code;
}

enum evac_exit evac_cmd_simulate(struct evac_cli *cli)
{
    struct evac_buf json;
    if (cli->argc != 1 || !cli->down)
        return evac_cli_fail(EVAC_EXIT_USAGE, "simulate: name the app, and the region that fails "
                                              "with --down REGION");
    if (cli->journal && !cli->config)
        return evac_cli_fail(EVAC_EXIT_USAGE, "--journal needs --config: a controller has its own");
    evac_buf_init(&json, 16u << 20);
    enum evac_exit code = cli->config ? simulate_here(cli, &json) : simulate_there(cli, &json);
    if (code == EVAC_EXIT_DONE)
        code = show(cli, &json);
    evac_buf_done(&json);
    return code;
}

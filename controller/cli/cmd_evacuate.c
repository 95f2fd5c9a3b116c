/* evac evacuate: all apps of a region at once, because a person says so; and what that would take.
 */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

#define APPS_SHOWN  24 /* more are summed up, unless --all */
#define CALLS_SHOWN 12

static const cJSON *member(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static const char *duration(const cJSON *object, const char *key, char text[32])
{
    evac_cli_duration(evac_json_number(object, key, -1), text, 32);
    return text;
}

/* --- apps
 * -------------------------------------------------------------------------------------------- */

static const char *loss_of(const cJSON *app, char text[32])
{
    if (!evac_json_true(app, "has_data"))
        return "-";
    return duration(app, "loss_now_ms", text);
}

static void print_app(struct evac_cli *cli, const cJSON *app)
{
    char p50[32], p95[32], loss[32], wave[16] = "-", way[160];
    bool goes = evac_json_true(app, "goes");
    const char *why = evac_json_cstr(app, "why");
    if (goes)
        snprintf(wave, sizeof wave, "%.0f", evac_json_number(app, "wave", 0));
    snprintf(way, sizeof way, "-> %s", evac_json_cstr(app, "to"));
    printf("  %4s  %4.0f  %-24s %-16s %-15s %-10s %8s %8s %9s%s%s%s%s\n", wave,
           evac_json_number(app, "tier", 0), evac_json_cstr(app, "app"),
           evac_json_cstr(app, "to")[0] ? way : "nowhere", evac_json_cstr(app, "strategy"),
           evac_json_cstr(app, "mode"), duration(app, "p50_ms", p50), duration(app, "p95_ms", p95),
           loss_of(app, loss), why[0] ? "  " : "",
           why[0] ? evac_style(cli, goes ? EVAC_WARN : EVAC_BAD) : "",
           evac_json_true(app, "begun") && !why[0] ? "  goes already" : why,
           why[0] ? evac_style(cli, EVAC_PLAIN) : "");
}

static void print_apps(struct evac_cli *cli, const cJSON *apps)
{
    const cJSON *app;
    printf("\n  %4s  %4s  %-24s %-16s %-15s %-10s %8s %8s %9s\n", "wave", "tier", "app", "to",
           "strategy", "mode", "takes", "at worst", "loses now");
    cJSON_ArrayForEach(app, apps) print_app(cli, app);
}

/* A line for each tier and strategy. */
struct sum {
    double tier, apps, kept, held, p50, p95;
    const char *strategy;
};

static double max_of(double a, double b)
{
    return a > b ? a : b;
}

static size_t sum_up(const cJSON *apps, struct sum *sums, size_t most)
{
    const cJSON *app;
    size_t count = 0;
    cJSON_ArrayForEach(app, apps)
    {
        double tier = evac_json_number(app, "tier", 0);
        const char *strategy = evac_json_cstr(app, "strategy");
        size_t i = 0;
        while (i < count && (sums[i].tier != tier || strcmp(sums[i].strategy, strategy) != 0))
            i++;
        if (i == most)
            continue;
        if (i == count)
            sums[count++] = (struct sum){ .tier = tier, .strategy = strategy };
        bool goes = evac_json_true(app, "goes");
        sums[i].apps++;
        sums[i].kept += !goes;
        sums[i].held += goes && evac_json_cstr(app, "why")[0];
        sums[i].p50 = max_of(sums[i].p50, evac_json_number(app, "p50_ms", 0));
        sums[i].p95 = max_of(sums[i].p95, evac_json_number(app, "p95_ms", 0));
    }
    return count;
}

static int by_tier(const void *left, const void *right)
{
    const struct sum *a = left, *b = right;
    return a->tier != b->tier ? (a->tier < b->tier ? -1 : 1) : strcmp(a->strategy, b->strategy);
}

static void print_sums(struct evac_cli *cli, const cJSON *apps)
{
    const cJSON *app;
    struct sum sums[64];
    char p50[32], p95[32];
    size_t count = sum_up(apps, sums, sizeof sums / sizeof sums[0]);
    qsort(sums, count, sizeof sums[0], by_tier);
    printf("\n  %4s  %-15s %6s %10s %10s %8s %8s\n", "tier", "strategy", "apps", "can not go",
           "will wait", "takes", "at worst");
    for (size_t i = 0; i < count; i++) {
        evac_cli_duration(sums[i].p50, p50, sizeof p50);
        evac_cli_duration(sums[i].p95, p95, sizeof p95);
        printf("  %4.0f  %-15s %6.0f %10.0f %10.0f %8s %8s\n", sums[i].tier, sums[i].strategy,
               sums[i].apps, sums[i].kept, sums[i].held, p50, p95);
    }
    int shown = 0;
    cJSON_ArrayForEach(app, apps)
    {
        if (evac_json_cstr(app, "why")[0] && shown++ < APPS_SHOWN)
            printf("  %s%s%s: %s\n",
                   evac_style(cli, evac_json_true(app, "goes") ? EVAC_WARN : EVAC_BAD),
                   evac_json_cstr(app, "app"), evac_style(cli, EVAC_PLAIN),
                   evac_json_cstr(app, "why"));
    }
    printf("  (--all lists every app%s)\n", shown > APPS_SHOWN ? ", and what keeps it" : "");
}

/* --- calls
 * ------------------------------------------------------------------------------------------- */

static int slowest_first(const void *left, const void *right)
{
    const cJSON *const *a = left, *const *b = right;
    double x = evac_json_number(*a, "alone_ms", -1), y = evac_json_number(*b, "alone_ms", -1);
    if (x != y)
        return x > y ? -1 : 1;
    double n = evac_json_number(*a, "expected", 0), m = evac_json_number(*b, "expected", 0);
    return n != m ? (n > m ? -1 : 1) : 0;
}

static void print_call(const cJSON *c)
{
    char limit[64] = "no limit known", alone[32];
    double rate = evac_json_number(c, "rate_milli", -1);
    if (rate >= 0)
        snprintf(limit, sizeof limit, "%.1f/s, %.0f at once%s", rate / 1000,
                 evac_json_number(c, "burst", 0), evac_json_true(c, "learned") ? " (learned)" : "");
    printf("  %7.0f  %-44.44s %-14s %-13s %-28s %s\n", evac_json_number(c, "expected", 0),
           evac_json_cstr(c, "operation"), evac_json_cstr(c, "region"),
           evac_json_cstr(c, "account"), limit, rate >= 0 ? duration(c, "alone_ms", alone) : "-");
}

static void print_calls(struct evac_cli *cli, const cJSON *plan)
{
    const cJSON *c, *calls = member(plan, "calls");
    size_t count = 0, most = (size_t)cJSON_GetArraySize(calls);
    const cJSON **sorted = calloc(most + 1, sizeof *sorted);
    if (!sorted)
        abort();
    cJSON_ArrayForEach(c, calls) sorted[count++] = c;
    qsort(sorted, count, sizeof *sorted, slowest_first);
    printf("\n  %7s  %-44s %-14s %-13s %-28s %s\n", "calls", "operation", "region", "account",
           "limit, as used", "alone");
    for (size_t i = 0; i < count && (cli->all || i < CALLS_SHOWN); i++)
        print_call(sorted[i]);
    if (!cli->all && count > CALLS_SHOWN)
        printf("  and %zu other operations (--all)\n", count - CALLS_SHOWN);
    free(sorted);
}

static void print_batches(const cJSON *plan)
{
    const cJSON *b;
    cJSON_ArrayForEach(b, member(plan, "batches"))
    {
        double calls = evac_json_number(b, "calls", 0), records = evac_json_number(b, "records", 0);
        printf("  %s %s: %.0f record%s (each counts %.0f times) in %.0f call%s\n",
               evac_json_cstr(b, "by"), evac_json_cstr(b, "of"), records, records == 1 ? "" : "s",
               evac_json_number(b, "counts", 1), calls, calls == 1 ? "" : "s");
    }
}

/* --- the plan
 * ---------------------------------------------------------------------------------------- */

static void print_head(const cJSON *plan)
{
    double going = evac_json_number(plan, "going", 0), waves = evac_json_number(plan, "waves", 0);
    double blocked = evac_json_number(plan, "blocked", 0);
    double left = evac_json_number(plan, "left_out", 0), away = evac_json_number(plan, "away", 0);
    printf("Evacuation of %s: %.0f app%s in %.0f wave%s", evac_json_cstr(plan, "region"), going,
           going == 1 ? "" : "s", waves, waves == 1 ? "" : "s");
    if (evac_json_number(plan, "begun", 0) > 0)
        printf(", %.0f of them on the way", evac_json_number(plan, "begun", 0));
    if (blocked > 0)
        printf("; %.0f can not go", blocked);
    if (left > 0)
        printf("; %.0f left out", left);
    if (away > 0)
        printf("; %.0f away already", away);
    printf("\n");
}

static void print_plan(struct evac_cli *cli, const cJSON *plan)
{
    char bound[32], estimate[32];
    const cJSON *apps = member(plan, "apps");
    print_head(plan);
    if (cli->all || cJSON_GetArraySize(apps) <= APPS_SHOWN)
        print_apps(cli, apps);
    else
        print_sums(cli, apps);
    if (evac_json_number(plan, "going", 0) == 0) {
        printf("\nNothing would be moved now.\n");
        return;
    }
    print_calls(cli, plan);
    print_batches(plan);
    printf("\n%.0f calls", evac_json_number(plan, "expected_calls", 0));
    if (evac_json_number(plan, "limits_share", 0) > 0)
        printf(", by %.0f %% of each limit (limits.share)",
               evac_json_number(plan, "limits_share", 0));
    printf(".\nAbout %s, as its waves go; at best, by limits and durations, %s: %s.\n",
           duration(plan, "estimate_ms", estimate), duration(plan, "bound_ms", bound),
           evac_json_cstr(plan, "bound_by"));
}

/* --- asked, and begun
 * -------------------------------------------------------------------------------- */

static void put_list(struct evac_buf *body, const char *key, const char *const *words, size_t count,
                     bool quoted)
{
    evac_buf_putf(body, "%s\"%s\":[", body->n > 1 ? "," : "", key);
    for (size_t i = 0; i < count; i++) {
        evac_buf_puts(body, i ? "," : "");
        if (quoted)
            evac_buf_json(body, evac_str(words[i]));
        else
            evac_buf_puts(body, words[i]);
    }
    evac_buf_putc(body, ']');
}

static const char *body_of(struct evac_cli *cli, struct evac_buf *body)
{
    const char *mode = cli->graceful ? "graceful" : cli->ungraceful ? "ungraceful" : NULL;
    const char *tiers[5];
    size_t count = 0;
    for (const char *t = cli->tiers; t && *t; t++)
        if (*t != ',' && count < 5)
            tiers[count++] = &"1\0002\0003\0004\0005"[2 * (*t - '1')];
    (void)evac_cli_body(body, "region", cli->argv[0], "mode", mode, "reason", cli->reason,
                        (const char *)NULL);
    body->n--; /* its closing brace */
    if (count)
        put_list(body, "tiers", tiers, count, false);
    if (cli->app_name_count)
        put_list(body, "apps", cli->app_names, cli->app_name_count, true);
    evac_buf_putc(body, '}');
    return body->p;
}

static enum evac_exit begin(struct evac_cli *cli, const char *text)
{
    cJSON *answer;
    struct evac_err err = { EVAC_OK, "" };
    enum evac_exit code = evac_client_json(cli->client, "/v1/evacuations", text, &answer, &err);
    if (code != EVAC_EXIT_DONE)
        return evac_cli_fail(code, "%s", err.text);
    if (cli->json)
        evac_cli_print_json(answer);
    else
        printf("%s\n", evac_json_cstr(answer, "answer"));
    cJSON_Delete(answer);
    if (cli->no_wait && !cli->json)
        printf("'evac incident %s --watch' follows it; 'evac pause', 'resume' and 'stop' take "
               "--incident %s\n",
               cli->argv[0], cli->argv[0]);
    return cli->no_wait ? EVAC_EXIT_DONE : evac_cli_follow_incident(cli, cli->argv[0]);
}

enum evac_exit evac_cmd_evacuate(struct evac_cli *cli)
{
    struct evac_buf body;
    cJSON *plan;
    struct evac_err err = { EVAC_OK, "" };
    if (cli->argc != 1)
        return evac_cli_fail(EVAC_EXIT_USAGE, "evacuate: name one region");
    if (cli->graceful && cli->ungraceful)
        return evac_cli_fail(EVAC_EXIT_USAGE, "evacuate: either --graceful or --ungraceful");
    if (!cli->plan && (!cli->reason || !cli->reason[0]))
        return evac_cli_fail(EVAC_EXIT_USAGE, "evacuate: an evacuation needs a --reason");
    const char *text = body_of(cli, &body);
    enum evac_exit code = evac_client_json(cli->client, "/v1/evacuations/plan", text, &plan, &err);
    if (code == EVAC_EXIT_DONE) {
        if (!cli->json)
            print_plan(cli, plan);
        else if (cli->plan)
            evac_cli_print_json(plan);
        cJSON_Delete(plan);
        code = cli->plan                                                  ? EVAC_EXIT_DONE
               : cli->yes || evac_cli_confirmed("region's", cli->argv[0]) ? begin(cli, text)
                                                                          : EVAC_EXIT_REFUSED;
    } else {
        (void)evac_cli_fail(code, "%s", err.text);
    }
    evac_buf_done(&body);
    return code;
}

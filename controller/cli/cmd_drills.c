/* Drills: the calendar, receipts, and the kinds that are more than one run. */
#include "cli.h"
#include "evac/str.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* "2026-12-01 09:00" local */
static const char *day(double wall_ms, char text[32])
{
    time_t t = (time_t)(wall_ms / 1000);
    struct tm local;
    if (!localtime_r(&t, &local) || !strftime(text, 32, "%Y-%m-%d %H:%M", &local))
        text[0] = '\0';
    return text;
}

/* --- one line of status ----------------------------------------------------------------------- */

#define NEVER 1000 /* EVAC_DEBT_NEVER: an app that nobody drills does not say so each time */

static bool say_debt(struct evac_cli *cli, const cJSON *debt, const char *before)
{
    double points = evac_json_number(debt, "points", 0), max = evac_json_number(debt, "max", -1);
    if (points >= NEVER)
        return false;
    printf("%sdebt %s%.0f%s of at most %.0f to %s", before,
           evac_style(cli, points > max ? EVAC_BAD : EVAC_PLAIN), points,
           evac_style(cli, EVAC_PLAIN), max, evac_json_cstr(debt, "to"));
    return true;
}

void evac_cli_drill_line(struct evac_cli *cli, const cJSON *app)
{
    const cJSON *next = evac_json_part(app, "next_drill"), *drills = evac_json_part(app, "drills");
    const cJSON *going = evac_json_part(drills, "going_on"), *debt;
    const char *before = "    drills: ";
    char when[32];
    if (cJSON_IsObject(going)) {
        printf("%s%s%.0f (%s) is %s%s", before, evac_style(cli, EVAC_BUSY),
               evac_json_number(going, "drill", 0), evac_json_cstr(going, "kind"),
               evac_json_cstr(going, "state"), evac_style(cli, EVAC_PLAIN));
        before = "; ";
    }
    cJSON_ArrayForEach(debt, evac_json_part(drills, "debt"))
    {
        if (say_debt(cli, debt, before))
            before = "; ";
    }
    if (cJSON_IsObject(next)) {
        printf("%sthe next (%s) %s", before, evac_json_cstr(next, "kind"),
               day(evac_json_number(next, "at_ms", 0), when));
        before = "; ";
    }
    if (before[0] == ';')
        putchar('\n');
}

/* --- the calendar ---------------------------------------------------------------------------- */

static void print_going(const cJSON *app)
{
    const cJSON *d = evac_json_part(app, "going_on");
    char when[32];
    if (!cJSON_IsObject(d))
        return;
    printf("  now   drill %.0f (%s), %s -> %s, is %s since %s", evac_json_number(d, "drill", 0),
           evac_json_cstr(d, "kind"), evac_json_cstr(d, "from"), evac_json_cstr(d, "to"),
           evac_json_cstr(d, "state"), day(evac_json_number(d, "began_ms", 0), when));
    if (cJSON_IsNumber(evac_json_part(d, "until_ms")))
        printf(", until %s", day(evac_json_number(d, "until_ms", 0), when));
    if (cJSON_IsNumber(evac_json_part(d, "run")))
        printf(", run %.0f", evac_json_number(d, "run", 0));
    printf("\n");
}

static void print_fault(struct evac_cli *cli, const cJSON *f)
{
    char in[32], out[32], ends[32];
    const char *state = evac_json_cstr(f, "state"), *reason = evac_json_cstr(f, "reason");
    bool known_in = cJSON_IsNumber(evac_json_part(f, "in_ms"));
    bool is_out = cJSON_IsNumber(evac_json_part(f, "out_ms"));
    evac_cli_clock(evac_json_number(f, "in_ms", 0), in, sizeof in);
    evac_cli_clock(evac_json_number(f, "out_ms", 0), out, sizeof out);
    evac_cli_clock(evac_json_number(f, "ends_ms", 0), ends, sizeof ends);
    printf("  fault %s (%s) in %s is %s%s%s", evac_json_cstr(f, "fault"), evac_json_cstr(f, "type"),
           evac_json_cstr(f, "region"), evac_style(cli, is_out ? EVAC_GOOD : EVAC_WARN), state,
           evac_style(cli, EVAC_PLAIN));
    if (known_in)
        printf(", in since %s", in);
    if (is_out)
        printf(", out since %s", out);
    else if (cJSON_IsNumber(evac_json_part(f, "ends_ms")))
        printf(", ends by itself at %s", ends);
    printf("%s%s\n", reason[0] ? ": " : "", reason);
}

/* What a game day that goes on has broken. */
static void print_faults(struct evac_cli *cli, const cJSON *app)
{
    char path[300];
    cJSON *all = NULL;
    const cJSON *f;
    struct evac_err err = { EVAC_OK, "" };
    const char *kind = evac_json_cstr(evac_json_part(app, "going_on"), "kind");
    if (strcmp(kind, "game-day") != 0 ||
        !evac_cli_app_path(path, sizeof path, evac_json_cstr(app, "app"), "faults") ||
        evac_client_json(cli->client, path, NULL, &all, &err) != EVAC_EXIT_DONE)
        return;
    cJSON_ArrayForEach(f, evac_json_part(all, "faults")) print_fault(cli, f);
    cJSON_Delete(all);
}

static void print_debts(struct evac_cli *cli, const cJSON *app)
{
    const cJSON *debt;
    cJSON_ArrayForEach(debt, evac_json_part(app, "debt"))
    {
        double points = evac_json_number(debt, "points", 0),
               max = evac_json_number(debt, "max", -1);
        bool bad = max >= 0 && points > max;
        printf("  debt  %s%4.0f%s  to %s: %s", evac_style(cli, bad ? EVAC_BAD : EVAC_PLAIN), points,
               evac_style(cli, EVAC_PLAIN), evac_json_cstr(debt, "to"),
               evac_json_cstr(debt, "words"));
        if (max >= 0)
            printf(" (at most %.0f%s)", max, bad ? ": nothing is done without a person" : "");
        printf("\n");
    }
}

static void print_coming(struct evac_cli *cli, const cJSON *all)
{
    const cJSON *c;
    char when[32];
    printf("\nTo come, until %s\n", day(evac_json_number(all, "until_ms", 0), when));
    if (cJSON_GetArraySize(evac_json_part(all, "coming")) == 0)
        printf("  nothing is on the calendar\n");
    cJSON_ArrayForEach(c, evac_json_part(all, "coming"))
    {
        const char *barred = evac_json_cstr(c, "barred"), *waits = evac_json_cstr(c, "waits");
        printf("  %s  %-12s %-9s %s", day(evac_json_number(c, "at_ms", 0), when),
               evac_json_cstr(c, "app"), evac_json_cstr(c, "kind"), evac_json_cstr(c, "name"));
        if (evac_json_true(c, "approval"))
            printf(", asks first");
        if (waits[0] || barred[0])
            printf("%s: %s%s%s", evac_style(cli, EVAC_WARN),
                   waits[0] ? "waits: " : "will be skipped: ", waits[0] ? waits : barred,
                   evac_style(cli, EVAC_PLAIN));
        printf("\n");
    }
}

static void print_past(struct evac_cli *cli, const cJSON *all)
{
    const cJSON *p;
    char when[32], took[32];
    bool any = false;
    cJSON_ArrayForEach(p, evac_json_part(all, "past"))
    {
        const char *result = evac_json_cstr(p, "result");
        double rto = evac_json_number(evac_json_part(p, "details"), "rto_ms", -1);
        bool good = strcmp(result, "succeeded") == 0, skipped = strcmp(result, "skipped") == 0;
        if (!any)
            printf("\nWas\n");
        any = true;
        printf("  %s  %-12s %-9s %s%s%s", day(evac_json_number(p, "at_ms", 0), when),
               evac_json_cstr(p, "app"), evac_json_cstr(p, "kind"),
               evac_style(cli, good      ? EVAC_GOOD
                               : skipped ? EVAC_DIM
                                         : EVAC_BAD),
               result, evac_style(cli, EVAC_PLAIN));
        printf(" (drill %.0f)", evac_json_number(p, "drill", 0));
        evac_cli_duration(rto, took, sizeof took);
        if (rto >= 0)
            printf(", %s", took);
        if (evac_json_cstr(p, "why")[0])
            printf(": %s", evac_json_cstr(p, "why"));
        printf("\n");
    }
}

/* --until DAY or --for TIME, both from now on; 0: a year. */
static double until_of(const struct evac_cli *cli)
{
    int64_t ms;
    if (!cli->duration || !evac_str_i64(evac_str(cli->duration), &ms))
        return 0;
    return (double)time(NULL) * 1000 + (double)ms;
}

enum evac_exit evac_cmd_drills(struct evac_cli *cli)
{
    char path[400];
    cJSON *all;
    const cJSON *app;
    struct evac_err err = { EVAC_OK, "" };
    if (cli->argc > 1)
        return evac_cli_fail(EVAC_EXIT_USAGE, "drills: name one app, or none for all");
    snprintf(path, sizeof path, "/v1/drills?app=%.100s&until=%.0f", cli->argc ? cli->argv[0] : "",
             until_of(cli));
    if (cli->json)
        return evac_cli_pass(cli, path, NULL);
    enum evac_exit code = evac_client_json(cli->client, path, NULL, &all, &err);
    if (code != EVAC_EXIT_DONE)
        return evac_cli_fail(code, "%s", err.text);
    cJSON_ArrayForEach(app, evac_json_part(all, "apps"))
    {
        printf("%s%s%s\n", evac_style(cli, EVAC_BOLD), evac_json_cstr(app, "app"),
               evac_style(cli, EVAC_PLAIN));
        print_going(app);
        print_faults(cli, app);
        print_debts(cli, app);
    }
    print_coming(cli, all);
    print_past(cli, all);
    cJSON_Delete(all);
    return EVAC_EXIT_DONE;
}

/* --- the receipt ----------------------------------------------------------------------------- */

static void print_sentences(const char *title, const cJSON *list)
{
    const cJSON *s;
    if (cJSON_GetArraySize(list) == 0)
        return;
    printf("\n%s\n", title);
    cJSON_ArrayForEach(s, list)
    {
        if (cJSON_IsString(s))
            printf("  - %s\n", s->valuestring);
    }
}

static void print_touches(const cJSON *receipt)
{
    const cJSON *t;
    double more = evac_json_number(receipt, "touches_more", 0);
    printf("\nWhat it touches\n");
    if (cJSON_GetArraySize(evac_json_part(receipt, "touches")) == 0)
        printf("  nothing: it only looks\n");
    cJSON_ArrayForEach(t, evac_json_part(receipt, "touches"))
    {
        printf("  %-22s %-12s %-12s %s%s%s\n", evac_json_cstr(t, "action"),
               evac_json_cstr(t, "resource"), evac_json_cstr(t, "region"),
               evac_json_cstr(t, "step"), evac_json_true(t, "put_back") ? ", put back" : "",
               evac_json_true(t, "by_policy") ? ", by the policy" : "");
    }
    if (more > 0)
        printf("  and %.0f more\n", more);
}

/* "USD 0.12"; less than half a cent is said to be so. */
static void print_money(const cJSON *cost, double millionths)
{
    const char *currency = evac_json_cstr(cost, "currency");
    if (millionths > 0 && millionths < 5000)
        printf("less than %s 0.01", currency);
    else
        printf("%s %.2f", currency, millionths / 1e6);
}

static void print_cost_line(const cJSON *cost, const cJSON *line)
{
    printf("    %-14s %-12s %8.2f %-18s an hour, %s %.6g each\n", evac_json_cstr(line, "step"),
           evac_json_cstr(line, "region"), evac_json_number(line, "an_hour", 0),
           evac_json_cstr(line, "unit"), evac_json_cstr(cost, "currency"),
           evac_json_number(line, "price_millionths", 0) / 1e6);
}

static void print_cost(const cJSON *receipt)
{
    const cJSON *cost = evac_json_part(receipt, "cost"), *lines = evac_json_part(cost, "lines"),
                *line;
    double more = evac_json_number(cost, "not_counted_more", 0);
    printf("\nWhat it costs, about\n");
    if (cJSON_GetArraySize(lines)) {
        printf("  ");
        print_money(cost, evac_json_number(cost, "estimate_millionths", 0));
        printf(", as if all that it adds stood from its beginning to its end, by list prices of %s "
               "as of %s\n",
               evac_json_cstr(cost, "priced_in"), evac_json_cstr(cost, "prices_of"));
    } else {
        printf("  nothing by the hour that is known\n");
    }
    cJSON_ArrayForEach(line, lines) print_cost_line(cost, line);
    printf("  not counted: requests, storage, transfer%s\n",
           cJSON_GetArraySize(evac_json_part(cost, "not_counted")) ? ", and" : "");
    cJSON_ArrayForEach(line, evac_json_part(cost, "not_counted"))
    {
        if (cJSON_IsString(line))
            printf("  - %s\n", line->valuestring);
    }
    if (more > 0)
        printf("  - and %.0f more\n", more);
}

static void print_receipt(const cJSON *receipt)
{
    char text[32];
    printf("drill of %s (%s), %s -> %s\n", evac_json_cstr(receipt, "app"),
           evac_json_cstr(receipt, "kind"), evac_json_cstr(receipt, "from"),
           evac_json_cstr(receipt, "to"));
    evac_cli_duration(evac_json_number(receipt, "takes_ms", -1), text, sizeof text);
    printf("It is expected to take %s", text);
    if (cJSON_IsNumber(evac_json_part(receipt, "soak_ms"))) {
        evac_cli_duration(evac_json_number(receipt, "soak_ms", 0), text, sizeof text);
        printf(", of which %s the other region serves", text);
    }
    printf(".\n");
    print_touches(receipt);
    print_sentences("While it goes on", evac_json_part(receipt, "meanwhile"));
    print_cost(receipt);
    print_sentences("What it does not test", evac_json_part(receipt, "not_tested"));
}

static bool receipt_path(struct evac_cli *cli, const char *app, const char *kind, char *path,
                         size_t bytes)
{
    char rest[300];
    snprintf(rest, sizeof rest, "receipt?kind=%.20s&name=%.70s&to=%.40s&soak_ms=%.20s", kind,
             cli->name ? cli->name : "", cli->to ? cli->to : "",
             cli->duration ? cli->duration : "");
    return evac_cli_app_path(path, bytes, app, rest);
}

enum evac_exit evac_cli_receipt(struct evac_cli *cli, const char *app, const char *kind)
{
    char path[600];
    cJSON *receipt;
    struct evac_err err = { EVAC_OK, "" };
    if (!receipt_path(cli, app, kind, path, sizeof path))
        return evac_cli_fail(EVAC_EXIT_USAGE, "that name is too long");
    if (cli->json)
        return evac_cli_pass(cli, path, NULL);
    enum evac_exit code = evac_client_json(cli->client, path, NULL, &receipt, &err);
    if (code != EVAC_EXIT_DONE)
        return evac_cli_fail(code, "%s", err.text);
    print_receipt(receipt);
    cJSON_Delete(receipt);
    return EVAC_EXIT_DONE;
}

/* --- a campaign ------------------------------------------------------------------------------ */

static enum evac_exit end_of(struct evac_cli *cli, const cJSON *all, double number)
{
    const cJSON *p;
    char took[32];
    cJSON_ArrayForEach(p, evac_json_part(all, "past"))
    {
        if (evac_json_number(p, "drill", 0) != number)
            continue;
        const char *result = evac_json_cstr(p, "result");
        if (cli->json) {
            char *text = cJSON_PrintUnformatted(p);
            printf("%s\n", text ? text : "{}");
            cJSON_free(text);
        } else {
            evac_cli_duration(evac_json_number(evac_json_part(p, "details"), "rto_ms", -1), took,
                              sizeof took);
            printf("drill %.0f %s%s%s\n", number, result, evac_json_cstr(p, "why")[0] ? ": " : "",
                   evac_json_cstr(p, "why"));
        }
        return strcmp(result, "succeeded") == 0 ? EVAC_EXIT_DONE : EVAC_EXIT_FAILED;
    }
    return evac_cli_fail(EVAC_EXIT_FAILED, "drill %.0f is over; 'evac drills' says how", number);
}

static void say_state(struct evac_cli *cli, const cJSON *going, char last[32])
{
    const char *state = evac_json_cstr(going, "state");
    char clock[24];
    if (cli->json || strcmp(last, state) == 0)
        return;
    snprintf(last, 32, "%.31s", state);
    evac_cli_clock((double)time(NULL) * 1000, clock, sizeof clock);
    printf("%.8s  drill %.0f is %s", clock, evac_json_number(going, "drill", 0), state);
    if (cJSON_IsNumber(evac_json_part(going, "run")))
        printf(": run %.0f", evac_json_number(going, "run", 0));
    printf("\n");
    fflush(stdout);
}

static enum evac_exit follow(struct evac_cli *cli, const char *app, double number)
{
    char path[200], last[32] = "";
    struct evac_err err = { EVAC_OK, "" };
    snprintf(path, sizeof path, "/v1/drills?app=%.100s&until=1", app);
    for (;;) {
        cJSON *all;
        enum evac_exit code = evac_client_json(cli->client, path, NULL, &all, &err);
        if (code != EVAC_EXIT_DONE)
            return evac_cli_fail(code, "%s", err.text);
        const cJSON *going =
            evac_json_part(cJSON_GetArrayItem(evac_json_part(all, "apps"), 0), "going_on");
        bool over = !cJSON_IsObject(going) || evac_json_number(going, "drill", 0) != number;
        if (over)
            code = end_of(cli, all, number);
        else
            say_state(cli, going, last);
        cJSON_Delete(all);
        if (over)
            return code;
        struct timespec second = { 1, 0 };
        nanosleep(&second, NULL);
    }
}

enum evac_exit evac_cli_campaign(struct evac_cli *cli, const char *app, const char *kind)
{
    char path[400];
    cJSON *answer;
    struct evac_buf body;
    struct evac_err err = { EVAC_OK, "" };
    if (!evac_cli_app_path(path, sizeof path, app, "drills"))
        return evac_cli_fail(EVAC_EXIT_USAGE, "that name is too long");
    const char *text = evac_cli_body(&body, "kind", kind, "name", cli->name, "to", cli->to,
                                     "reason", cli->reason, (const char *)NULL);
    if (cli->duration)
        text = evac_cli_body_number(&body, "soak_ms", cli->duration);
    enum evac_exit code = evac_client_json(cli->client, path, text, &answer, &err);
    evac_buf_done(&body);
    if (code != EVAC_EXIT_DONE)
        return evac_cli_fail(code, "%s", err.text);
    double number = evac_json_number(answer, "drill", 0);
    cJSON_Delete(answer);
    if (!cli->no_wait)
        return follow(cli, app, number);
    printf(cli->json ? "{\"drill\":%.0f}\n" : "drill %.0f began: 'evac drills' shows it\n", number);
    return EVAC_EXIT_DONE;
}

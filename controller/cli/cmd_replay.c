/* `evac replay`: what has happened, through today's policy. By the controller, or, with --config
 * and
 * --journal, by this command. */
#include "jw.h"
#include "offline.h"
#include "progress.h"
#include "replay.h"
#include "screen.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --- what is asked
 * --------------------------------------------------------------------------------------- */

/* "2026-11-28T08:00", with or without seconds and Z, in UTC; or "2h": so long ago. */
static bool parse_when(const char *text, int64_t *ret_ms)
{
    static const char *const forms[] = { "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S",
                                         "%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M", "%Y-%m-%d" };
    int64_t ago;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct tm t = { 0 };
        const char *end = strptime(text, forms[i], &t);
        if (end && *end == '\0') {
            *ret_ms = (int64_t)timegm(&t) * 1000;
            return true;
        }
    }
    if (!evac_duration_ms(evac_str(text), &ago) || ago < 0)
        return false;
    *ret_ms = (int64_t)time(NULL) * 1000 - ago;
    return true;
}

static enum evac_exit bad_when(const char *option, const char *text)
{
    return evac_cli_fail(EVAC_EXIT_USAGE,
                         "%s: '%s' is no time: 2026-11-28T08:00 (UTC), or 2h for two hours ago",
                         option, text);
}

/* INCIDENT is a run's number, or "FROM..TO", or not there: --from and --to say it. */
static enum evac_exit parse_incident(struct evac_cli *cli, struct evac_replay_request *q)
{
    static char from[64];
    const char *begin = cli->from, *end = cli->to;
    if (cli->argc) {
        const char *dots = strstr(cli->argv[0], ".."), *rest = NULL;
        char *number_end;
        unsigned long run = strtoul(cli->argv[0], &number_end, 10);
        if (!dots && *number_end == '\0' && run > 0) {
            q->run = run;
        } else if (dots && (size_t)(dots - cli->argv[0]) < sizeof from) {
            snprintf(from, sizeof from, "%.*s", (int)(dots - cli->argv[0]), cli->argv[0]);
            rest = dots + 2;
            begin = from;
            end = *rest ? rest : NULL;
        } else {
            return evac_cli_fail(EVAC_EXIT_USAGE,
                                 "'%s' is no incident: a run's number, or FROM..TO", cli->argv[0]);
        }
    }
    if (begin && !parse_when(begin, &q->from_ms))
        return bad_when("--from", begin);
    if (end && !parse_when(end, &q->to_ms))
        return bad_when("--to", end);
    return EVAC_EXIT_DONE;
}

static enum evac_exit parse_what_if(struct evac_cli *cli, struct evac_replay_request *q)
{
    q->policy_given = cli->policy != NULL;
    if (cli->policy && !evac_policy_parse(evac_str(cli->policy), &q->policy))
        return evac_cli_fail(EVAC_EXIT_USAGE, "--policy is never, propose or act");
    q->dwell_given = cli->dwell_given;
    q->dwell_ms = cli->dwell_ms;
    q->cooldown_given = cli->cooldown_given;
    q->cooldown_ms = cli->cooldown_ms;
    q->app = evac_str(cli->app ? cli->app : "");
    return EVAC_EXIT_DONE;
}

/* --- text
 * ------------------------------------------------------------------------------------------------
 */

static void print_when(const char *title, double wall_ms, double since_ms, const char *what)
{
    char clock[24], after[32];
    evac_cli_clock(wall_ms, clock, sizeof clock);
    evac_cli_duration(wall_ms - since_ms, after, sizeof after);
    printf("  %-14s %.12s  +%-9s %s\n", title, clock, after, what);
}

static void print_would(struct evac_cli *cli, const cJSON *o)
{
    const cJSON *would = evac_json_part(o, "would_have");
    const char *done = evac_json_cstr(would, "done"), *why = evac_json_cstr(would, "blocked_by");
    double seen = evac_json_number(o, "seen_ms", 0);
    char text[160], lasted[32];
    if (strcmp(done, "nothing") != 0) {
        snprintf(text, sizeof text, "%sit would have %s, to %s%s", evac_style(cli, EVAC_BOLD),
                 strcmp(done, "act") == 0 ? "acted" : "proposed", evac_json_cstr(would, "to"),
                 evac_style(cli, EVAC_PLAIN));
        print_when("today's policy", evac_json_number(would, "at_ms", 0), seen, text);
        return;
    }
    evac_cli_duration(evac_json_number(o, "lasted_ms", 0), lasted, sizeof lasted);
    printf("  today's policy it would have done nothing in the %s that it lasted%s%s\n", lasted,
           why[0] ? ": " : "", why);
}

static void print_really(const cJSON *o)
{
    const cJSON *r = evac_json_part(o, "really");
    double seen = evac_json_number(o, "seen_ms", 0), sooner = evac_json_number(r, "sooner_ms", 0);
    char text[256], by[32];
    if (!cJSON_IsObject(r)) {
        printf("  really         nothing was done\n");
        return;
    }
    snprintf(text, sizeof text, "run %.0f, by %s", evac_json_number(r, "run", 0),
             evac_json_cstr(r, "who"));
    print_when("really", evac_json_number(r, "admitted_ms", 0), seen, text);
    if (cJSON_IsNumber(evac_json_part(r, "approved_ms"))) {
        snprintf(text, sizeof text, "approved by %s", evac_json_cstr(r, "approved_by"));
        print_when("", evac_json_number(r, "approved_ms", 0), seen, text);
    }
    if (cJSON_IsNumber(evac_json_part(r, "recovered_ms")))
        print_when("", evac_json_number(r, "recovered_ms", 0), seen, "users were served again");
    else if (evac_json_cstr(r, "result")[0])
        printf("                 it ended as %s\n", evac_json_cstr(r, "result"));
    evac_cli_duration(sooner < 0 ? -sooner : sooner, by, sizeof by);
    if (cJSON_IsNumber(evac_json_part(r, "sooner_ms")))
        printf("                 the move would have begun %s %s\n", by,
               sooner < 0 ? "later" : "sooner");
}

static void print_outage(struct evac_cli *cli, const cJSON *o)
{
    char dwell[32];
    double seen = evac_json_number(o, "seen_ms", 0), impact = evac_json_number(o, "impact_ms", 0);
    evac_cli_duration(evac_json_number(o, "dwell_ms", 0), dwell, sizeof dwell);
    printf("\n%s%s%s  %s was %s   (policy %s, dwell %s)\n", evac_style(cli, EVAC_BOLD),
           evac_json_cstr(o, "app"), evac_style(cli, EVAC_PLAIN), evac_json_cstr(o, "region"),
           evac_json_cstr(o, "verdict"), evac_json_cstr(o, "policy"), dwell);
    if (impact < seen)
        print_when("impact", impact, impact, "at the earliest");
    print_when("seen", seen, seen, "");
    print_would(cli, o);
    print_really(o);
    if (cJSON_IsNumber(evac_json_part(o, "ended_ms")))
        print_when("up again", evac_json_number(o, "ended_ms", 0), seen, "");
}

static void print_limits(struct evac_cli *cli, const char *limits)
{
    struct evac_screen s;
    evac_screen_init(&s, true);
    evac_screen_begin(&s);
    evac_screen_line(&s, "");
    evac_screen_words(&s, 0, evac_style(cli, EVAC_DIM), limits, evac_style(cli, EVAC_PLAIN));
    evac_screen_end(&s);
    evac_screen_done(&s);
}

static enum evac_exit show(struct evac_cli *cli, const struct evac_buf *json)
{
    const cJSON *o;
    if (cli->json) {
        printf("%s\n", json->p);
        return EVAC_EXIT_DONE;
    }
    cJSON *r = cJSON_ParseWithLength(json->p, json->n);
    if (!r)
        return evac_cli_fail(EVAC_EXIT_FAILED, "the answer is not JSON");
    int n = cJSON_GetArraySize(evac_json_part(r, "outages"));
    printf("%d outage%s of a region that served users, in %.0f rows of the journal\n", n,
           n == 1 ? "" : "s", evac_json_number(r, "rows", 0));
    cJSON_ArrayForEach(o, evac_json_part(r, "outages")) print_outage(cli, o);
    if (evac_json_number(r, "left_out", 0) > 0)
        printf("\n%.0f more are left out: ask for less time\n", evac_json_number(r, "left_out", 0));
    print_limits(cli, evac_json_cstr(r, "limits"));
    cJSON_Delete(r);
    return EVAC_EXIT_DONE;
}

/* --- here, and there
 * ------------------------------------------------------------------------------------- */

static enum evac_code replay(struct evac_replay_request *q, struct evac_jw *w, struct evac_err *err)
{
    struct evac_replay *replay = NULL;
    uint64_t rows, all;
    enum evac_code code = evac_replay_new(q, &replay, err);
    if (code)
        return code;
    while (evac_replay_step(replay)) {
        evac_replay_progress(replay, &rows, &all);
        evac_cli_progress(rows, all);
    }
    evac_cli_progress(0, 0);
    code = evac_replay_failed(replay, err);
    if (!code)
        evac_replay_to_json(replay, w);
    evac_replay_free(replay);
    return code;
}

static enum evac_exit replay_here(struct evac_cli *cli, struct evac_replay_request *q,
                                  struct evac_buf *json)
{
    struct evac_offline o;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_jw w = { json, false };
    enum evac_exit code = evac_offline_open(cli, false, &o);
    q->model = o.model;
    q->store = o.store;
    if (code == EVAC_EXIT_DONE && replay(q, &w, &err))
        code = evac_cli_fail(EVAC_EXIT_FAILED, "%s", err.text);
    evac_offline_close(&o);
    return code;
}

static enum evac_exit replay_there(struct evac_cli *cli, const struct evac_replay_request *q,
                                   struct evac_buf *json)
{
    struct evac_buf body;
    struct evac_jw w = { &body, false };
    evac_buf_init(&body, 4096);
    evac_jw_open(&w, NULL, '{');
    if (q->app.n)
        evac_jw_str(&w, "app", q->app);
    if (q->run)
        evac_jw_i64(&w, "run", (int64_t)q->run);
    if (q->from_ms)
        evac_jw_i64(&w, "from_ms", q->from_ms);
    if (q->to_ms)
        evac_jw_i64(&w, "to_ms", q->to_ms);
    if (q->policy_given)
        evac_jw_cstr(&w, "policy", evac_policy_name(q->policy));
    if (q->dwell_given)
        evac_jw_i64(&w, "dwell_ms", q->dwell_ms);
    if (q->cooldown_given)
        evac_jw_i64(&w, "cooldown_ms", q->cooldown_ms);
    evac_jw_close(&w, '}');
    enum evac_exit code = evac_cli_job(cli, "/v1/replay", body.p, json);
    evac_buf_done(&body);
    return code;
}

enum evac_exit evac_cmd_replay(struct evac_cli *cli)
{
    struct evac_replay_request q = { .run = 0 };
    struct evac_buf json;
    if (cli->argc > 1 || (!cli->config) != (!cli->journal))
        return evac_cli_fail(EVAC_EXIT_USAGE, "replay [RUN | FROM..TO]; without a controller "
                                              "--config and --journal, both");
    enum evac_exit code = parse_incident(cli, &q);
    if (code == EVAC_EXIT_DONE)
        code = parse_what_if(cli, &q);
    if (code != EVAC_EXIT_DONE)
        return code;
    evac_buf_init(&json, 16u << 20);
    code = cli->config ? replay_here(cli, &q, &json) : replay_there(cli, &q, &json);
    if (code == EVAC_EXIT_DONE)
        code = show(cli, &json);
    evac_buf_done(&json);
    return code;
}

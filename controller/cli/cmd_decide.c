/* `evac decide`: the decision clock, for whoever was woken up. The advice stands first. */
#include "cli.h"
#include "screen.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BAR_CELLS 30u

static const char *plain(struct evac_cli *cli)
{
    return evac_style(cli, EVAC_PLAIN);
}

static void spell(const cJSON *json, const char *key, char text[32])
{
    evac_cli_duration(evac_json_number(json, key, -1), text, 32);
}

/* --- head: what is so, and what to do
 * -------------------------------------------------------------------- */

static void draw_head(struct evac_cli *cli, const cJSON *d, struct evac_screen *s)
{
    char clock[24];
    const char *verdict = evac_json_cstr(d, "verdict");
    bool up = strcmp(verdict, "up") == 0;
    evac_cli_clock(evac_json_number(d, "now_ms", 0), clock, sizeof clock);
    evac_screen_linef(s, "%s%s%s  %s -> %s   %s%s is %s%s   %.8s", evac_style(cli, EVAC_BOLD),
                      evac_json_cstr(d, "app"), plain(cli), evac_json_cstr(d, "from"),
                      evac_json_cstr(d, "to"), evac_style(cli, up ? EVAC_GOOD : EVAC_BAD),
                      evac_json_cstr(d, "from"), verdict, plain(cli), clock);
    if (evac_json_cstr(d, "reasons")[0])
        evac_screen_words(s, 2, evac_style(cli, EVAC_DIM), evac_json_cstr(d, "reasons"),
                          plain(cli));
}

static void draw_advice(struct evac_cli *cli, const cJSON *d, struct evac_screen *s)
{
    static const struct {
        const char *what;
        enum evac_style style;
    } styles[] = { { "nothing", EVAC_GOOD }, { "look", EVAC_WARN },  { "wait", EVAC_WARN },
                   { "start", EVAC_BAD },    { "answer", EVAC_BAD }, { "follow", EVAC_BUSY },
                   { "fix", EVAC_BAD } };
    const cJSON *advice = evac_json_part(d, "advice");
    enum evac_style style = EVAC_BOLD;
    for (size_t i = 0; i < sizeof styles / sizeof styles[0]; i++)
        if (strcmp(styles[i].what, evac_json_cstr(advice, "what")) == 0)
            style = styles[i].style;
    evac_screen_line(s, "");
    evac_screen_words(s, 2, evac_style(cli, style), evac_json_cstr(advice, "words"), plain(cli));
    evac_screen_line(s, "");
}

/* --- the clock
 * ------------------------------------------------------------------------------------------- */

static void draw_burnt(struct evac_cli *cli, const cJSON *d, struct evac_screen *s)
{
    const cJSON *outage = evac_json_part(d, "outage");
    double burnt = evac_json_number(outage, "burnt_ms", -1), now = evac_json_number(d, "now_ms", 0);
    double rto = evac_json_number(d, "rto_objective_ms", 0);
    double hi = evac_json_number(outage, "impact_hi_ms", 0);
    char at_most[32], at_least[32], objective[32];
    struct evac_buf bar;
    if (burnt < 0)
        return;
    evac_cli_duration(burnt, at_most, sizeof at_most);
    evac_cli_duration(now - hi, at_least, sizeof at_least);
    evac_cli_duration(rto, objective, sizeof objective);
    evac_buf_init(&bar, 256);
    evac_screen_bar(&bar, rto > 0 ? burnt / rto : 0, BAR_CELLS);
    evac_screen_linef(s, "  since impact   %s at most, %s at least", at_most, at_least);
    evac_screen_linef(s, "  RTO burnt      %s%s %.0f%%%s of %s",
                      evac_style(cli, burnt > rto ? EVAC_BAD : EVAC_WARN), bar.p,
                      rto > 0 ? 100 * burnt / rto : 0, plain(cli), objective);
    evac_buf_done(&bar);
}

static void draw_so_far(const cJSON *d, struct evac_screen *s)
{
    const cJSON *outage = evac_json_part(d, "outage");
    char detect[32], decide[32], asked[32];
    spell(outage, "detection_took_ms", detect);
    spell(outage, "decision_takes_ms", decide);
    spell(outage, "asked_for_ms", asked);
    if (evac_json_number(outage, "burnt_ms", -1) < 0)
        return;
    bool asks = evac_json_number(outage, "asked_for_ms", -1) >= 0;
    evac_screen_linef(s, "  so far         detection %s, decision %s%s%s%s", detect, decide,
                      asks ? " (proposed for " : "", asks ? asked : "", asks ? ")" : "");
}

static void draw_range(const cJSON *range, const char *title, const char *note,
                       struct evac_screen *s)
{
    char p50[32], p95[32];
    if (!cJSON_IsObject(range))
        return;
    spell(range, "p50_ms", p50);
    spell(range, "p95_ms", p95);
    evac_screen_linef(s, "  %-14s %-9s usually, %-9s if it is slow%s", title, p50, p95, note);
}

/* A run that was begun: a proposal is none yet. */
static bool goes_on(const cJSON *d)
{
    return cJSON_IsNumber(evac_json_part(d, "run")) &&
           strcmp(evac_json_cstr(d, "run_state"), "proposed") != 0;
}

static void draw_takes(const cJSON *d, struct evac_screen *s)
{
    const cJSON *f = evac_json_part(d, "failover");
    const cJSON *takes = evac_json_part(f, "takes"), *detect = evac_json_part(f, "detection");
    bool going = goes_on(d), outage = evac_json_true(d, "down") || going;
    double without = evac_json_number(f, "path_steps_without_history", 0);
    if (!outage) {
        draw_range(detect, "detection",
                   evac_json_true(detect, "from_history") ? "" : " (no history)", s);
        draw_range(evac_json_part(f, "decision"), "decision", "", s);
        if (!cJSON_IsObject(evac_json_part(f, "decision")))
            evac_screen_line(s, "  decision       however long people take: not in the sum below");
    }
    draw_range(takes, going ? "still takes" : "failover takes", "", s);
    if (cJSON_IsObject(takes) && without > 0)
        evac_screen_linef(s,
                          "                 no history: the driver's usual for %.0f of its %d "
                          "decisive steps",
                          without, cJSON_GetArraySize(evac_json_part(f, "path")));
    if (!cJSON_IsObject(takes) && evac_json_cstr(f, "no_plan")[0])
        evac_screen_words(s, 2, "", evac_json_cstr(f, "no_plan"), "");
}

static void draw_total(struct evac_cli *cli, const cJSON *d, struct evac_screen *s)
{
    const cJSON *rto = evac_json_part(evac_json_part(d, "failover"), "rto");
    double objective = evac_json_number(d, "rto_objective_ms", 0);
    double usual = evac_json_number(rto, "p50_ms", 0), slow = evac_json_number(rto, "p95_ms", 0);
    char p50[32], p95[32], limit[32];
    if (!cJSON_IsObject(rto))
        return;
    spell(rto, "p50_ms", p50);
    spell(rto, "p95_ms", p95);
    evac_cli_duration(objective, limit, sizeof limit);
    enum evac_style style = usual > objective ? EVAC_BAD : slow > objective ? EVAC_WARN : EVAC_GOOD;
    evac_screen_linef(s, "  RTO would be   %s%-9s usually, %-9s if it is slow%s   objective %s",
                      evac_style(cli, style), p50, p95, plain(cli), limit);
}

static void draw_deadline(struct evac_cli *cli, const cJSON *d, const char *key, const char *title,
                          const char *when, struct evac_screen *s)
{
    double at = evac_json_number(evac_json_part(d, "failover"), key, 0);
    double left = at - evac_json_number(d, "now_ms", 0);
    char clock[24], span[32];
    if (at <= 0 || goes_on(d))
        return;
    if (at < evac_json_number(evac_json_part(d, "outage"), "impact_hi_ms", 0)) {
        evac_screen_linef(s, "  %-14s no moment is early enough %s", title, when);
        return;
    }
    evac_cli_clock(at, clock, sizeof clock);
    evac_cli_duration(left < 0 ? -left : left, span, sizeof span);
    evac_screen_linef(
        s, "  %-14s %s%.8s  %s%s%s%s  %s", title, evac_style(cli, left < 0 ? EVAC_BAD : EVAC_WARN),
        clock, left < 0 ? "that was " : "in ", span, left < 0 ? " ago" : "", plain(cli), when);
}

static void draw_clock(struct evac_cli *cli, const cJSON *d, struct evac_screen *s)
{
    draw_burnt(cli, d, s);
    draw_so_far(d, s);
    draw_takes(d, s);
    draw_total(cli, d, s);
    draw_deadline(cli, d, "start_by_p95_ms", "start by", "to meet the objective even if slow", s);
    draw_deadline(cli, d, "start_by_p50_ms", "at the latest", "if all goes as usual", s);
}

/* --- what is lost, what blocks, what decides
 * ------------------------------------------------------------- */

#define SPARKS 24

/* The last hour as characters, the worst of it as '#'; '?' where it was not known. */
static void spark(const cJSON *samples, char text[SPARKS + 1])
{
    static const char levels[] = "_.-=+*#";
    double worst = 1;
    const cJSON *sample;
    int n = cJSON_GetArraySize(samples), from = n > SPARKS ? n - SPARKS : 0, at = 0;
    cJSON_ArrayForEach(sample, samples)
    {
        double loss = evac_json_number(sample, "loss_ms", 0);
        worst = loss > worst ? loss : worst;
    }
    for (int i = from; i < n; i++) {
        double loss = evac_json_number(cJSON_GetArrayItem(samples, i), "loss_ms", -1);
        text[at++] = loss < 0 ? '?' : levels[(size_t)(loss / worst * 6)];
    }
    text[at] = '\0';
}

static void draw_store(struct evac_cli *cli, const cJSON *store, double objective,
                       struct evac_screen *s)
{
    char loss[32], by[32], sparks[SPARKS + 1], trend[64];
    double ms = evac_json_number(store, "loss_ms", -1);
    double slope = evac_json_number(store, "by_ms_a_minute", 0);
    spell(store, "loss_ms", loss);
    spark(evac_json_part(store, "samples"), sparks);
    evac_cli_duration(slope < 0 ? -slope : slope, by, sizeof by);
    if (slope != 0)
        snprintf(trend, sizeof trend, "%s by %s a minute", evac_json_cstr(store, "trend"), by);
    else
        snprintf(trend, sizeof trend, "%s",
                 strcmp(evac_json_cstr(store, "trend"), "unknown") == 0
                     ? "too early for a trend"
                     : evac_json_cstr(store, "trend"));
    evac_screen_linef(s, "  %-14.30s %s%-9s%s %-26s %s", evac_json_cstr(store, "resource"),
                      evac_style(cli, ms < 0 || ms > objective ? EVAC_BAD : EVAC_GOOD), loss,
                      plain(cli), trend, sparks);
}

static void draw_data(struct evac_cli *cli, const cJSON *d, struct evac_screen *s)
{
    const cJSON *store;
    char objective[32];
    if (!evac_json_true(d, "has_data"))
        return;
    spell(d, "rpo_objective_ms", objective);
    evac_screen_linef(s, "%swould be lost now%s   objective %s", evac_style(cli, EVAC_BOLD),
                      plain(cli), objective);
    cJSON_ArrayForEach(store, evac_json_part(d, "data"))
        draw_store(cli, store, evac_json_number(d, "rpo_objective_ms", 0), s);
}

/* Each kind of block under a heading of its own: most stop one thing and not another. */
static const struct {
    const char *binds, *title;
} headings[] = { { "everything", "what blocks" },
                 { "delay", "what makes it wait" },
                 { "run", "what its run waits for" },
                 { "start", "what a run begun by a person would wait for" },
                 { "act", "why the policy would only propose" } };

static void draw_blocks_that(struct evac_cli *cli, const cJSON *d, const char *binds,
                             const char *title, struct evac_screen *s)
{
    const cJSON *b;
    char line[600];
    bool first = true;
    cJSON_ArrayForEach(b, evac_json_part(d, "blocks"))
    {
        if (strcmp(evac_json_cstr(b, "binds"), binds) != 0)
            continue;
        if (first)
            evac_screen_linef(s, "%s%s%s", evac_style(cli, EVAC_BOLD), title, plain(cli));
        first = false;
        snprintf(line, sizeof line, "%s: %s", evac_json_cstr(b, "gate"),
                 evac_json_cstr(b, "reason"));
        evac_screen_words(s, 2, "", line, "");
    }
}

static void draw_blocks(struct evac_cli *cli, const cJSON *d, struct evac_screen *s)
{
    const cJSON *policy = evac_json_part(d, "policy");
    char line[600];
    for (size_t i = 0; i < sizeof headings / sizeof headings[0]; i++)
        draw_blocks_that(cli, d, headings[i].binds, headings[i].title, s);
    snprintf(line, sizeof line, "policy %s: it %s", evac_json_cstr(policy, "automatic"),
             evac_json_cstr(policy, "words"));
    evac_screen_words(s, 0, "", line, "");
}

static void draw_path(struct evac_cli *cli, const cJSON *d, struct evac_screen *s)
{
    const cJSON *step, *path = evac_json_part(evac_json_part(d, "failover"), "path");
    if (!cJSON_GetArraySize(path))
        return;
    evac_screen_linef(s, "%swhat decides how long%s", evac_style(cli, EVAC_BOLD), plain(cli));
    cJSON_ArrayForEach(step, path)
    {
        char p50[32], p95[32], seen[32] = "";
        double count = evac_json_number(step, "count", 0);
        spell(step, "p50_ms", p50);
        spell(step, "p95_ms", p95);
        if (count > 0)
            snprintf(seen, sizeof seen, ", %.0f time%s", count, count > 1 ? "s" : "");
        evac_screen_linef(s, "  %-20.40s %-9s %-9s %s%s%s%s", evac_json_cstr(step, "step"), p50,
                          p95, evac_style(cli, EVAC_DIM), evac_json_cstr(step, "from"), seen,
                          plain(cli));
    }
}

static void draw(struct evac_cli *cli, const cJSON *d, struct evac_screen *s)
{
    draw_head(cli, d, s);
    draw_advice(cli, d, s);
    draw_clock(cli, d, s);
    draw_data(cli, d, s);
    draw_blocks(cli, d, s);
    draw_path(cli, d, s);
}

/* --- once, or again and again
 * ---------------------------------------------------------------------------- */

#define WATCH_S       1
#define WATCH_PLAIN_S 10 /* where it can not be drawn in place */

static enum evac_exit decide(struct evac_cli *cli, const char *path)
{
    cJSON *d = NULL;
    struct evac_screen s;
    struct evac_err err = { EVAC_OK, "" };
    enum evac_exit code = evac_client_json(cli->client, path, NULL, &d, &err);
    if (code != EVAC_EXIT_DONE)
        return evac_cli_fail(code, "%s", err.text);
    evac_screen_init(&s, true); /* nothing is drawn over it */
    evac_screen_begin(&s);
    draw(cli, d, &s);
    evac_screen_end(&s);
    evac_screen_done(&s);
    cJSON_Delete(d);
    return code;
}

/* A controller that starts again is waited for, the outage goes on without it: what it said last
 * stands below. */
static void draw_lost(struct evac_cli *cli, const cJSON *last, const char *why,
                      struct evac_screen *s)
{
    char clock[24], line[600];
    evac_cli_clock(evac_json_number(last, "now_ms", 0), clock, sizeof clock);
    snprintf(line, sizeof line, "no answer since %.8s, asking again: %s", clock, why);
    evac_screen_words(s, 0, evac_style(cli, EVAC_BAD), line, plain(cli));
    if (s->live)
        draw(cli, last, s);
}

static enum evac_exit watch(struct evac_cli *cli, const char *path)
{
    struct evac_screen s;
    cJSON *last = NULL, *d = NULL;
    struct evac_err err = { EVAC_OK, "" };
    enum evac_exit code = evac_client_json(cli->client, path, NULL, &d, &err);
    evac_screen_init(&s, false);
    evac_screen_full(&s);
    s.fits = true;
    while (code == EVAC_EXIT_DONE || (code == EVAC_EXIT_UNREACHABLE && last)) {
        evac_screen_begin(&s);
        if (code == EVAC_EXIT_DONE) {
            cJSON_Delete(last);
            last = d;
            draw(cli, last, &s);
        } else {
            draw_lost(cli, last, err.text, &s);
        }
        if (!s.live)
            evac_screen_line(&s, "");
        evac_screen_end(&s);
        if (evac_screen_wait(&s, (s.live ? WATCH_S : WATCH_PLAIN_S) * 1000) == 'q')
            break;
        code = evac_client_json(cli->client, path, NULL, &d, &err);
    }
    cJSON_Delete(last);
    evac_screen_done(&s);
    if (code == EVAC_EXIT_DONE)
        return code;
    return evac_cli_fail(code, "%s", err.text);
}

/* One object a line, a second apart. */
static enum evac_exit watch_json(struct evac_cli *cli, const char *path)
{
    enum evac_exit code = evac_cli_pass(cli, path, NULL);
    bool began = code == EVAC_EXIT_DONE;
    while (code == EVAC_EXIT_DONE || (code == EVAC_EXIT_UNREACHABLE && began)) {
        fflush(stdout);
        struct timespec t = { WATCH_S, 0 };
        nanosleep(&t, NULL);
        code = evac_cli_pass(cli, path, NULL);
    }
    return code;
}

enum evac_exit evac_cmd_decide(struct evac_cli *cli)
{
    char path[512];
    if (cli->argc != 1)
        return evac_cli_fail(EVAC_EXIT_USAGE, "decide: name the app");
    if (!evac_cli_app_path(path, sizeof path, cli->argv[0], "decide"))
        return evac_cli_fail(EVAC_EXIT_USAGE, "the app's name is too long");
    if (cli->json)
        return cli->watch ? watch_json(cli, path) : evac_cli_pass(cli, path, NULL);
    return cli->watch ? watch(cli, path) : decide(cli, path);
}

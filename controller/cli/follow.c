/* A run, watched: a tree of steps that is redrawn on a terminal, plain lines elsewhere. */
#include "cli.h"
#include "eta.h"
#include "screen.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_MS   300
#define SILENT_MS 30000

/* --- how a state looks
 * ------------------------------------------------------------------------------------ */

static const struct look {
    const char *state, *mark;
    enum evac_style style;
} looks[] = {
    { "waiting", ".", EVAC_DIM },      { "gated", "?", EVAC_WARN },
    { "observing", "o", EVAC_BUSY },   { "confirming", "o", EVAC_BUSY },
    { "quarantined", "q", EVAC_WARN }, { "intending", ">", EVAC_BUSY },
    { "applying", ">", EVAC_BUSY },    { "verifying", "~", EVAC_BUSY },
    { "unknown", "!", EVAC_WARN },     { "refused", "!", EVAC_WARN },
    { "cooling", "z", EVAC_BUSY },     { "done", "+", EVAC_GOOD },
    { "skipped", "-", EVAC_DIM },      { "failed", "x", EVAC_BAD },
    { "held", "x", EVAC_BAD },         { "halted", "x", EVAC_WARN },
    { "undone", "<", EVAC_GOOD },
};

static const struct look *look_of(const char *state)
{
    for (size_t i = 0; i < sizeof looks / sizeof looks[0]; i++)
        if (strcmp(looks[i].state, state) == 0)
            return &looks[i];
    return &looks[0];
}

static enum evac_style style_of_run(const char *state)
{
    if (strncmp(state, "succeeded", 9) == 0 || strcmp(state, "rolled_back") == 0)
        return EVAC_GOOD;
    if (strcmp(state, "failed") == 0 || strcmp(state, "held") == 0 || strcmp(state, "asking") == 0)
        return EVAC_BAD;
    return EVAC_BUSY;
}

/* --- the live view
 * ----------------------------------------------------------------------------------------- */

static double since_impact(const cJSON *run)
{
    const cJSON *instants = cJSON_GetObjectItemCaseSensitive(run, "instants");
    double end = evac_json_number(instants, "recovered", evac_json_number(run, "now_ms", 0));
    double from = evac_json_number(
        instants, "impact_lo",
        evac_json_number(instants, "impact_hi", evac_json_number(instants, "started", 0)));
    return from > 0 ? end - from : 0;
}

/* What the start waits for; a step's own line says what it waits for. */
static void draw_gates(struct evac_cli *cli, const cJSON *run, struct evac_screen *screen)
{
    const cJSON *gate;
    struct evac_buf line;
    evac_buf_init(&line, 4096);
    cJSON_ArrayForEach(gate, cJSON_GetObjectItemCaseSensitive(run, "gates"))
    {
        if (!evac_json_true(gate, "shut") || strcmp(evac_json_cstr(gate, "place"), "start") != 0)
            continue;
        evac_buf_reset(&line);
        evac_buf_putf(&line, "  %s? %s%s  %s", evac_style(cli, EVAC_WARN),
                      evac_json_cstr(gate, "gate"), evac_style(cli, EVAC_PLAIN),
                      evac_json_cstr(gate, "reason"));
        evac_screen_line(screen, line.p);
    }
    evac_buf_done(&line);
}

static void draw_progress(const cJSON *run, struct evac_screen *screen)
{
    struct evac_eta eta = evac_eta_of(run);
    struct evac_buf line;
    char left[32];
    evac_buf_init(&line, 1024);
    evac_cli_duration(eta.left_ms, left, sizeof left);
    evac_buf_puts(&line, "    ");
    evac_screen_bar(&line, eta.steps ? (double)eta.over / eta.steps : 0, 20);
    evac_buf_putf(&line, " %u of %u steps", eta.over, eta.steps);
    if (evac_json_true(run, "paused") || eta.left_ms < 0)
        evac_buf_puts(&line, "   it waits for somebody");
    else if (eta.decisive[0])
        evac_buf_putf(&line, "   about %s more, decided by %s", left, eta.decisive);
    evac_screen_line(screen, line.p);
    evac_buf_done(&line);
}

static void draw_head(struct evac_cli *cli, const cJSON *run, struct evac_screen *screen)
{
    struct evac_buf line;
    char spent[32], objective[32], loss[32];
    const char *state = evac_json_cstr(run, "state");
    double rto = evac_json_number(run, "rto_objective_ms", 0), burnt = since_impact(run);

    evac_buf_init(&line, 4096);
    evac_cli_duration(burnt, spent, sizeof spent);
    evac_cli_duration(rto, objective, sizeof objective);
    evac_cli_duration(evac_json_number(run, "loss_ms", -1), loss, sizeof loss);
    evac_buf_putf(&line, "%srun %.0f%s  %s %s  %s -> %s  %s  %s%s%s%s", evac_style(cli, EVAC_BOLD),
                  evac_json_number(run, "run", 0), evac_style(cli, EVAC_PLAIN),
                  evac_json_cstr(run, "workflow"), evac_json_cstr(run, "app"),
                  evac_json_cstr(run, "from"), evac_json_cstr(run, "to"),
                  evac_json_cstr(run, "mode"), evac_style(cli, style_of_run(state)), state,
                  evac_style(cli, EVAC_PLAIN), evac_json_true(run, "paused") ? "  PAUSED" : "");
    evac_screen_line(screen, line.p);
    evac_buf_reset(&line);
    evac_buf_puts(&line, "RTO ");
    evac_screen_bar(&line, rto > 0 ? burnt / rto : 0, 20);
    evac_buf_putf(&line, " %s%s%s of %s   data at risk: %s%s",
                  evac_style(cli, burnt > rto ? EVAC_BAD : EVAC_GOOD), spent,
                  evac_style(cli, EVAC_PLAIN), objective, loss,
                  evac_json_true(run, "pivoted") ? "   past the point of no return" : "");
    evac_screen_line(screen, line.p);
    evac_buf_done(&line);
    draw_progress(run, screen);
    draw_gates(cli, run, screen);
}

static void draw_step(struct evac_cli *cli, const cJSON *step, struct evac_screen *screen)
{
    struct evac_buf line;
    char elapsed[32] = "";
    const char *state = evac_json_cstr(step, "state"), *reason = evac_json_cstr(step, "reason");
    const struct look *look = look_of(state);
    bool quiet = strcmp(state, "waiting") == 0 || strcmp(state, "skipped") == 0;
    bool over = look->style == EVAC_GOOD || quiet;
    double progress = evac_json_number(step, "progress", -1);

    evac_buf_init(&line, 4096);
    if (!over)
        evac_cli_duration(evac_json_number(step, "elapsed_ms", 0), elapsed, sizeof elapsed);
    evac_buf_putf(&line, "  %s%s %-22s %-11s%s %-11s", evac_style(cli, look->style), look->mark,
                  evac_json_cstr(step, "id"), state, evac_style(cli, EVAC_PLAIN),
                  evac_json_cstr(step, "region"));
    if (!over && progress >= 0)
        evac_buf_putf(&line, " %3.0f%%", progress);
    evac_buf_putf(&line, " %s%s%s", elapsed, elapsed[0] && reason[0] ? "  " : "",
                  over ? "" : reason);
    evac_screen_line(screen, line.p);
    evac_buf_done(&line);
}

static void draw(struct evac_cli *cli, const cJSON *run, struct evac_screen *screen)
{
    const char *phase = "";
    const cJSON *step;

    evac_screen_begin(screen);
    draw_head(cli, run, screen);
    cJSON_ArrayForEach(step, cJSON_GetObjectItemCaseSensitive(run, "steps"))
    {
        if (evac_step_is_needless(step))
            continue; /* a window has few lines: the report names them */
        if (strcmp(phase, evac_json_cstr(step, "phase")) != 0) {
            phase = evac_json_cstr(step, "phase");
            evac_screen_linef(screen, "%s%s%s", evac_style(cli, EVAC_DIM), phase,
                              evac_style(cli, EVAC_PLAIN));
        }
        draw_step(cli, step, screen);
    }
    evac_screen_end(screen);
}

/* --- plain lines
 * ------------------------------------------------------------------------------------------- */

static bool is_news(const char *kind)
{
    static const char *const shown[] = { "admit",     "run",     "step",    "gate_block",
                                         "gate_pass", "approve", "decline", "override",
                                         "command",   "mode",    "loss",    "terminal",
                                         "alarm",     "resume",  "escalate" };
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++)
        if (strcmp(shown[i], kind) == 0)
            return true;
    return false;
}

/* A step that this run has no use for: its plan and its report name them. */
static bool is_needless(const cJSON *row)
{
    return strcmp(evac_json_cstr(row, "kind"), "step") == 0 &&
           strcmp(evac_json_cstr(row, "event"), "when-false") == 0;
}

static bool is_gate(const char *kind)
{
    return strncmp(kind, "gate_", 5) == 0 || strcmp(kind, "override") == 0;
}

static void print_row(const cJSON *row)
{
    char clock[24];
    const char *kind = evac_json_cstr(row, "kind"), *text = evac_json_cstr(row, "text");
    const char *from = evac_json_cstr(row, "from"), *to = evac_json_cstr(row, "to");
    const char *name = evac_json_cstr(row, "name");
    if (!is_news(kind) || is_needless(row))
        return;
    evac_cli_clock(evac_json_number(row, "t_wall_ms", evac_json_number(row, "wall_ms", 0)), clock,
                   sizeof clock);
    printf("%s %-10s %s%s", clock, kind, name, name[0] ? " " : "");
    if (is_gate(kind))
        printf("%s", evac_json_cstr(row, "event"));
    if (from[0] || to[0])
        printf("%s -> %s", from, to);
    if (strcmp(kind, "loss") == 0) {
        double ms = evac_json_number(row, "number", -1);
        char loss[32];
        evac_cli_duration(ms, loss, sizeof loss);
        printf("%s (%s)", loss, evac_json_cstr(row, "event"));
    }
    if (evac_json_cstr(row, "who")[0])
        printf(" by %s", evac_json_cstr(row, "who"));
    printf("%s%s\n", text[0] ? ": " : "", text);
    fflush(stdout);
}

/* New rows of the run; returns the newest number seen. */
static double print_news(struct evac_cli *cli, unsigned long run, double after)
{
    char path[128];
    cJSON *rows;
    const cJSON *row;
    struct evac_err err = { EVAC_OK, "" };
    snprintf(path, sizeof path, "/v1/journal?run=%lu&after=%.0f&limit=1000", run, after);
    if (evac_client_json(cli->client, path, NULL, &rows, &err) != EVAC_EXIT_DONE)
        return after;
    cJSON_ArrayForEach(row, rows)
    {
        if (!cli->json) {
            print_row(row);
        } else {
            char *text = cJSON_PrintUnformatted(row);
            printf("%s\n", text);
            free(text);
        }
        after = evac_json_number(row, "seq", after);
    }
    cJSON_Delete(rows);
    return after;
}

/* --- until it ends
 * ------------------------------------------------------------------------------------------ */

/* Others move nobody: there is no RTO to tell. */
static bool moves(const char *workflow)
{
    return strcmp(workflow, "failover") == 0 || strcmp(workflow, "failback") == 0;
}

static enum evac_exit tell_end(struct evac_cli *cli, unsigned long run, const cJSON *report)
{
    const char *result = evac_json_cstr(report, "result");
    bool good = strncmp(result, "succeeded", 9) == 0;
    char rto[32], rpo[32], measured[96] = "";
    if (!cli->json) {
        evac_cli_duration(evac_json_number(report, "rto_ms", -1), rto, sizeof rto);
        evac_cli_duration(evac_json_number(report, "rpo_ms", -1), rpo, sizeof rpo);
        if (moves(evac_json_cstr(report, "workflow")))
            snprintf(measured, sizeof measured, ": RTO %s, RPO %s", rto, rpo);
        printf("%srun %lu %s%s%s. 'evac report %lu' has the rest.\n",
               evac_style(cli, good ? EVAC_GOOD : EVAC_BAD), run, result,
               evac_style(cli, EVAC_PLAIN), measured, run);
    }
    return good ? EVAC_EXIT_DONE : EVAC_EXIT_FAILED;
}

/* A view of a run that goes on. */
struct view {
    struct evac_cli *cli;
    unsigned long run;
    struct evac_screen screen;
    cJSON *last;           /* as it was drawn last */
    double seen;           /* the journal's row that was printed last, where nothing is drawn */
    unsigned unsettled_ms; /* so long it has been over without an end in the journal */
};

/* The last picture stays on the terminal, above what is said next. */
static void end_view(struct view *v)
{
    bool full = v->screen.full;
    evac_screen_back(&v->screen);
    v->screen.fits = false;
    if (full && v->last)
        draw(v->cli, v->last, &v->screen);
}

static enum evac_exit leave(struct view *v)
{
    end_view(v);
    printf("run %lu goes on: 'evac watch %lu' follows it\n", v->run, v->run);
    return EVAC_EXIT_DONE;
}

/* The controller goes on with it no more, and its last rows are not durable yet: they will be in a
 * moment, or never are, where whoever led it is gone. */
static bool is_on_its_way(struct view *v, const cJSON *report)
{
    v->unsettled_ms += LOOK_MS;
    return !cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(report, "over")) &&
           v->unsettled_ms < SILENT_MS;
}

/* Once a look: what is new is shown; true when the run is over, and how it ended. Takes json. */
static bool look(struct view *v, cJSON *json, enum evac_exit *ret_code)
{
    bool over = cJSON_GetObjectItemCaseSensitive(json, "result") != NULL;
    if (!v->screen.live)
        v->seen = print_news(v->cli, v->run, v->seen);
    if (over && is_on_its_way(v, json)) {
        cJSON_Delete(json);
        return false;
    }
    if (over) {
        end_view(v);
        *ret_code = tell_end(v->cli, v->run, json);
        cJSON_Delete(json);
        return true;
    }
    if (v->screen.live)
        draw(v->cli, json, &v->screen);
    cJSON_Delete(v->last);
    v->last = json;
    return false;
}

static enum evac_exit follow(struct view *v)
{
    char path[64];
    unsigned silent_ms = 0;
    struct evac_err err = { EVAC_OK, "" };
    snprintf(path, sizeof path, "/v1/runs/%lu", v->run);
    for (;;) {
        cJSON *json;
        enum evac_exit code = evac_client_json(v->cli->client, path, NULL, &json, &err);
        if (code == EVAC_EXIT_DONE && look(v, json, &code))
            return code;
        /* One that does not answer may be starting again: the run goes on with it. */
        silent_ms = code == EVAC_EXIT_DONE ? 0 : silent_ms + LOOK_MS;
        if (code == EVAC_EXIT_REFUSED || silent_ms > SILENT_MS) {
            end_view(v);
            return evac_cli_fail(code, "%s", err.text);
        }
        if (evac_screen_wait(&v->screen, LOOK_MS) == 'q')
            return leave(v);
    }
}

enum evac_exit evac_cli_follow(struct evac_cli *cli, unsigned long run)
{
    struct view v = { .cli = cli, .run = run };
    evac_screen_init(&v.screen, cli->json);
    evac_screen_full(&v.screen);
    enum evac_exit code = follow(&v);
    evac_screen_done(&v.screen);
    cJSON_Delete(v.last);
    return code;
}

/* evac top: the whole fleet on one screen, the worst first. */
#include "top.h"
#include "screen.h"
#include "terminal.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_MS 1000

/* --- a row
 * -------------------------------------------------------------------------------------------------
 */

static const cJSON *run_of(const cJSON *status, double number)
{
    const cJSON *run;
    cJSON_ArrayForEach(run, evac_json_part(status, "runs"))
    {
        if (number > 0 && evac_json_number(run, "run", 0) == number)
            return run;
    }
    return NULL;
}

/* Points beyond what the policy allows. */
static const cJSON *debt_beyond(const cJSON *app)
{
    const cJSON *debt;
    cJSON_ArrayForEach(debt, evac_json_part(evac_json_part(app, "drills"), "debt"))
    {
        double max = evac_json_number(debt, "max", -1);
        if (max >= 0 && evac_json_number(debt, "points", 0) > max)
            return debt;
    }
    return NULL;
}

static double debt_of(const cJSON *app)
{
    const cJSON *debt;
    double most = 0;
    cJSON_ArrayForEach(debt, evac_json_part(evac_json_part(app, "drills"), "debt"))
    {
        double points = evac_json_number(debt, "points", 0);
        most = points > most ? points : most;
    }
    return most;
}

static bool loses_too_much(const cJSON *app)
{
    double rpo = evac_json_number(app, "rpo_objective_ms", 0);
    return evac_json_true(app, "has_data") && rpo > 0 &&
           evac_json_number(app, "loss_now_ms", rpo + 1) > rpo;
}

static bool is_fine(const cJSON *app)
{
    return strcmp(evac_json_cstr(app, "situation"), "fine") == 0;
}

/* What somebody should know of it first, and how bad that is. */
static void say_run(struct evac_top_row *row, const cJSON *run)
{
    bool proposed = strcmp(evac_json_cstr(run, "state"), "proposed") == 0;
    bool asking = strcmp(evac_json_cstr(run, "state"), "asking") == 0;
    row->worth = proposed || asking ? EVAC_TOP_BAD : EVAC_TOP_MOVES;
    row->run = (unsigned long)evac_json_number(run, "run", 0);
    snprintf(row->word, sizeof row->word, "run %lu %s%s%s", row->run, evac_json_cstr(run, "state"),
             proposed ? ": evac approve "
             : asking ? ": evac watch "
                      : " to ",
             proposed || asking ? row->name : evac_json_cstr(run, "to"));
}

static void say_app(struct evac_top_row *row, const cJSON *app)
{
    const cJSON *old = evac_json_part(app, "old_side"), *frozen = evac_json_part(app, "frozen");
    const cJSON *decision = evac_json_part(app, "decision");
    row->worth = EVAC_TOP_BAD;
    if (evac_json_true(old, "writes"))
        snprintf(row->word, sizeof row->word, "TWO REGIONS MAY BE WRITING: evac fence %.60s",
                 row->name);
    else if (!is_fine(app))
        snprintf(row->word, sizeof row->word, "%s", evac_json_cstr(decision, "reasons"));
    else if (strcmp(evac_json_cstr(old, "state"), "alive") == 0)
        snprintf(row->word, sizeof row->word, "%s is alive again", evac_json_cstr(old, "region"));
    else if (row->worth = EVAC_TOP_WARNS, evac_json_cstr(app, "held")[0])
        snprintf(row->word, sizeof row->word, "held: %s", evac_json_cstr(app, "held"));
    else if (cJSON_IsObject(frozen))
        snprintf(row->word, sizeof row->word, "frozen: %s", evac_json_cstr(frozen, "reason"));
    else if (loses_too_much(app))
        snprintf(row->word, sizeof row->word, "%s",
                 row->loss_ms < 0 ? "nobody can tell what a move now would lose"
                                  : "a move now would lose more than the objective");
    else if (debt_beyond(app))
        snprintf(row->word, sizeof row->word, "drill debt: %s",
                 evac_json_cstr(debt_beyond(app), "words"));
    else
        row->worth = EVAC_TOP_FINE;
}

void evac_top_row_make(const cJSON *status, const cJSON *app, struct evac_top_row *ret_row)
{
    struct evac_top_row row = { .loss_ms = evac_json_true(app, "has_data")
                                               ? evac_json_number(app, "loss_now_ms", -1)
                                               : 0,
                                .has_data = evac_json_true(app, "has_data"),
                                .rpo_ms = evac_json_number(app, "rpo_objective_ms", 0),
                                .debt = debt_of(app) };
    const cJSON *run = run_of(status, evac_json_number(app, "run", 0));
    snprintf(row.name, sizeof row.name, "%s", evac_json_cstr(app, "app"));
    snprintf(row.active, sizeof row.active, "%s", evac_json_cstr(app, "active"));
    snprintf(row.situation, sizeof row.situation, "%s", evac_json_cstr(app, "situation"));
    if (run)
        say_run(&row, run);
    else
        say_app(&row, app);
    *ret_row = row;
}

static int by_worth(const void *a, const void *b)
{
    const struct evac_top_row *x = a, *y = b;
    return x->worth != y->worth ? (int)x->worth - (int)y->worth : strcmp(x->name, y->name);
}

static int by_name(const void *a, const void *b)
{
    const struct evac_top_row *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static int by_debt(const void *a, const void *b)
{
    const struct evac_top_row *x = a, *y = b;
    return x->debt != y->debt ? (x->debt < y->debt ? 1 : -1) : strcmp(x->name, y->name);
}

static int by_loss(const void *a, const void *b)
{
    const struct evac_top_row *x = a, *y = b;
    double lx = x->loss_ms < 0 ? 1e18 : x->loss_ms, ly = y->loss_ms < 0 ? 1e18 : y->loss_ms;
    return lx != ly ? (lx < ly ? 1 : -1) : strcmp(x->name, y->name);
}

static const struct {
    const char *name;
    int (*compare)(const void *a, const void *b);
} sorts[] = {
    { "worst first", by_worth }, { "name", by_name }, { "drill debt", by_debt }, { "loss", by_loss }
};

#define SORTS (sizeof sorts / sizeof sorts[0])

/* --- the picture
 * --------------------------------------------------------------------------------------------- */

struct top {
    struct evac_cli *cli;
    struct evac_screen screen;
    cJSON *status; /* the last answer */
    bool lost;     /* nobody answers now */
    char why[200];
    struct evac_top_row *rows;
    size_t count, shown, at, first, sort;
    char filter[64], selected[EVAC_TOP_NAME];
    bool typing; /* of the filter */
};

static void take_rows(struct top *t)
{
    const cJSON *app, *apps = evac_json_part(t->status, "apps");
    size_t n = (size_t)cJSON_GetArraySize(apps);
    free(t->rows);
    t->rows = calloc(n ? n : 1, sizeof *t->rows);
    if (!t->rows)
        abort();
    t->count = t->shown = 0;
    cJSON_ArrayForEach(app, apps)
    {
        struct evac_top_row row;
        evac_top_row_make(t->status, app, &row);
        t->count++;
        if (!t->filter[0] || strstr(row.name, t->filter) || strstr(row.active, t->filter) ||
            strstr(row.situation, t->filter))
            t->rows[t->shown++] = row;
    }
    qsort(t->rows, t->shown, sizeof *t->rows, sorts[t->sort].compare);
    t->at = t->at < t->shown ? t->at : t->shown ? t->shown - 1 : 0;
    for (size_t i = 0; i < t->shown; i++) /* it stays on its app when the order changes */
        if (strcmp(t->rows[i].name, t->selected) == 0)
            t->at = i;
}

static const enum evac_style style_of_worth[] = { EVAC_BAD, EVAC_BUSY, EVAC_WARN, EVAC_PLAIN };
static const char mark_of_worth[] = { '!', '>', '~', ' ' };

static void draw_sums(struct top *t)
{
    size_t sums[EVAC_TOP_FINE + 1] = { 0 };
    char clock[24];
    for (size_t i = 0; i < t->shown; i++)
        sums[t->rows[i].worth]++;
    evac_cli_clock(evac_json_number(t->status, "now_ms", 0), clock, sizeof clock);
    evac_screen_linef(&t->screen,
                      "%sevac%s on %s  %.8s  %zu app%s: %s%zu bad%s, %s%zu moving%s, %s%zu warn%s, "
                      "%zu fine",
                      evac_style(t->cli, EVAC_BOLD), evac_style(t->cli, EVAC_PLAIN),
                      evac_json_cstr(t->status, "node"), clock, t->count, t->count == 1 ? "" : "s",
                      evac_style(t->cli, sums[0] ? EVAC_BAD : EVAC_PLAIN), sums[0],
                      evac_style(t->cli, EVAC_PLAIN),
                      evac_style(t->cli, sums[1] ? EVAC_BUSY : EVAC_PLAIN), sums[1],
                      evac_style(t->cli, EVAC_PLAIN),
                      evac_style(t->cli, sums[2] ? EVAC_WARN : EVAC_PLAIN), sums[2],
                      evac_style(t->cli, EVAC_PLAIN), sums[3]);
}

/* What is about all of them. */
static void draw_notes(struct top *t)
{
    const cJSON *region;
    const char *bad = evac_style(t->cli, EVAC_BAD), *plain = evac_style(t->cli, EVAC_PLAIN);
    if (t->lost)
        evac_screen_linef(&t->screen, "%sno answer, what stands here is old%s: %s", bad, plain,
                          t->why);
    if (evac_json_cstr(t->status, "trouble")[0])
        evac_screen_linef(&t->screen, "%sTROUBLE%s: %s", bad, plain,
                          evac_json_cstr(t->status, "trouble"));
    if (evac_json_true(t->status, "cut_off"))
        evac_screen_linef(&t->screen, "%sthis controller is cut off%s", bad, plain);
    if (evac_json_true(t->status, "automation_stopped"))
        evac_screen_linef(&t->screen,
                          "%sautomation is stopped%s: 'evac allow-automation' ends that",
                          evac_style(t->cli, EVAC_WARN), plain);
    cJSON_ArrayForEach(region, evac_json_part(evac_json_part(t->status, "incidents"), "regions"))
    {
        const cJSON *incident = evac_json_part(region, "incident");
        if (!evac_json_true(incident, "on"))
            continue;
        bool found = evac_json_true(incident, "found");
        evac_screen_linef(&t->screen,
                          "%s%s%s in %s: %.0f of %.0f apps that it serves are down, %s: "
                          "'evac incident %s'",
                          bad, found ? "INCIDENT" : "EVACUATION", plain,
                          evac_json_cstr(region, "region"), evac_json_number(region, "down", 0),
                          evac_json_number(region, "serving", 0), evac_json_cstr(incident, "state"),
                          evac_json_cstr(region, "region"));
    }
}

/* What is to be done matters more than the numbers: a narrow window has fewer columns. */
static bool is_narrow(const struct top *t)
{
    return t->screen.full && t->screen.width < 110;
}

static void put_loss(const struct top *t, const struct evac_top_row *row, struct evac_buf *line)
{
    char loss[32] = "-", rpo[32] = "";
    if (row->has_data) {
        evac_cli_duration(row->loss_ms, loss, sizeof loss);
        evac_cli_duration(row->rpo_ms, rpo, sizeof rpo);
    }
    evac_buf_putf(line, " %8s", loss);
    if (!is_narrow(t))
        evac_buf_putf(line, "%s%-8s %5.0f", rpo[0] ? " of " : "    ", rpo, row->debt);
}

static void draw_row(struct top *t, const struct evac_top_row *row, bool selected)
{
    struct evac_buf line;
    evac_buf_init(&line, 4096);
    evac_buf_putf(&line, "%c%s%c %-18.18s%s %-14.14s %-9.9s", selected ? '*' : ' ',
                  evac_style(t->cli, style_of_worth[row->worth]), mark_of_worth[row->worth],
                  row->name, evac_style(t->cli, EVAC_PLAIN), row->active, row->situation);
    put_loss(t, row, &line);
    evac_buf_putf(&line, "  %s", row->word);
    evac_screen_line(&t->screen, line.p ? line.p : "");
    evac_buf_done(&line);
}

static void draw_titles(struct top *t)
{
    bool narrow = is_narrow(t);
    evac_screen_linef(&t->screen, "%s   %-18s %-14s %-9s %8s%s  WHAT%s",
                      evac_style(t->cli, EVAC_BOLD), "APP", "ACTIVE IN", "SITUATION", "LOSS",
                      narrow ? "" : "    RPO       DEBT", evac_style(t->cli, EVAC_PLAIN));
}

static void draw_foot(struct top *t)
{
    if (!t->screen.full)
        return;
    if (t->typing)
        evac_screen_linef(&t->screen, "filter: %s_   (Enter keeps it, Escape drops it)", t->filter);
    else
        evac_screen_linef(
            &t->screen, "%sup down  Enter: look closer  s: sorted by %s  /: filter%s%s  q: leave%s",
            evac_style(t->cli, EVAC_DIM), sorts[t->sort].name, t->filter[0] ? " " : "", t->filter,
            evac_style(t->cli, EVAC_PLAIN));
}

static void draw(struct top *t)
{
    struct evac_screen *s = &t->screen;
    evac_screen_begin(s);
    draw_sums(t);
    draw_notes(t);
    draw_titles(t);
    unsigned height = evac_screen_height(), above = s->lines;
    size_t room = !s->full ? t->shown : height > above + 3 ? height - above - 2 : 1;
    t->first = t->at < t->first ? t->at : t->at >= t->first + room ? t->at - room + 1 : t->first;
    for (size_t i = t->first; i < t->shown && i < t->first + room; i++)
        draw_row(t, &t->rows[i], s->full && i == t->at);
    if (t->shown == 0)
        evac_screen_line(s, t->count ? "   no app fits the filter" : "   no app is configured");
    draw_foot(t);
    evac_screen_end(s);
}

/* --- keys
 * --------------------------------------------------------------------------------------------------
 */

static void move(struct top *t, int by)
{
    int64_t at = (int64_t)t->at + by, last = (int64_t)t->shown - 1;
    t->at = at < 0 || last < 0 ? 0 : (size_t)(at > last ? last : at);
    if (t->shown)
        (void)evac_str_copy(t->selected, sizeof t->selected, evac_str(t->rows[t->at].name));
}

static void type_filter(struct top *t, int key)
{
    size_t n = strlen(t->filter);
    if (key == EVAC_KEY_ENTER || key == EVAC_KEY_ESCAPE)
        t->typing = false;
    if (key == EVAC_KEY_ESCAPE)
        t->filter[0] = '\0';
    else if (key == EVAC_KEY_BACKSPACE && n)
        t->filter[n - 1] = '\0';
    else if (key > ' ' && key < 127 && n + 1 < sizeof t->filter)
        t->filter[n] = (char)key, t->filter[n + 1] = '\0';
    take_rows(t);
}

/* The run that goes on, or the decision clock; q comes back here. */
static void look_closer(struct top *t)
{
    struct evac_cli closer = *t->cli;
    char *argv[] = { t->selected, NULL };
    if (!t->shown)
        return;
    move(t, 0);
    unsigned long run = t->rows[t->at].run;
    closer.argc = 1;
    closer.argv = argv;
    closer.watch = true;
    evac_screen_back(&t->screen);
    if (run)
        (void)evac_cli_follow(&closer, run);
    else
        (void)evac_cmd_decide(&closer);
    evac_screen_full(&t->screen);
}

/* False: enough was seen. */
static bool obey(struct top *t, int key)
{
    int page = (int)evac_screen_height() - 6;
    if (t->typing && key != EVAC_KEY_RESIZED && key != EVAC_KEY_NONE) {
        type_filter(t, key);
        return true;
    }
    switch (key) {
    case 'q':
    case EVAC_KEY_ESCAPE:
        return false;
    case EVAC_KEY_UP:
    case 'k':
        move(t, -1);
        break;
    case EVAC_KEY_DOWN:
    case 'j':
        move(t, 1);
        break;
    case EVAC_KEY_PAGE_UP:
        move(t, page > 1 ? -page : -1);
        break;
    case EVAC_KEY_PAGE_DOWN:
        move(t, page > 1 ? page : 1);
        break;
    case EVAC_KEY_HOME:
        move(t, -(int)t->shown);
        break;
    case EVAC_KEY_END:
        move(t, (int)t->shown);
        break;
    case EVAC_KEY_ENTER:
        look_closer(t);
        break;
    case 's':
        t->sort = (t->sort + 1) % SORTS;
        take_rows(t);
        break;
    case '/':
        t->typing = true;
        break;
    default:
        break;
    }
    return true;
}

/* --- again and again
 * --------------------------------------------------------------------------------------------- */

static enum evac_exit look(struct top *t)
{
    cJSON *status;
    struct evac_err err = { EVAC_OK, "" };
    enum evac_exit code = evac_client_json(t->cli->client, "/v1/status", NULL, &status, &err);
    t->lost = code != EVAC_EXIT_DONE;
    (void)evac_str_copy(t->why, sizeof t->why, evac_str(err.text));
    if (t->lost)
        return code;
    cJSON_Delete(t->status);
    t->status = status;
    take_rows(t);
    return code;
}

static bool wait_for_keys(struct top *t)
{
    int key;
    int64_t left = LOOK_MS;
    do {
        key = evac_screen_wait(&t->screen, (int)left);
        if (!obey(t, key))
            return false;
        left = LOOK_MS / 4; /* the rest of a key's repeats, then a look */
        if (key)
            draw(t);
    } while (key);
    return true;
}

enum evac_exit evac_cmd_top(struct evac_cli *cli)
{
    struct top t = { .cli = cli };
    if (cli->json)
        return evac_cli_pass(cli, "/v1/status", NULL);
    enum evac_exit code = look(&t);
    if (code != EVAC_EXIT_DONE)
        return evac_cli_fail(code, "%s", t.why);
    evac_screen_init(&t.screen, false);
    evac_screen_full(&t.screen);
    if (!t.screen.full)
        t.screen.live = false; /* one picture, as it comes */
    do {
        draw(&t);
    } while (t.screen.full && wait_for_keys(&t) && (look(&t), true));
    evac_screen_done(&t.screen);
    cJSON_Delete(t.status);
    free(t.rows);
    return EVAC_EXIT_DONE;
}

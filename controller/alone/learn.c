/* What a controller knows that has just begun: nothing. Health is waited for, with a deadline, and
 * where the app serves is asked for when no journal tells. */
#include "alone.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS  200
#define LEARN_MS 60000 /* the slowest probe worth waiting for answers three times in that */

static cJSON *get_app(struct evac_cli *cli, const char *name)
{
    char path[300];
    cJSON *app = NULL;
    if (!evac_cli_app_path(path, sizeof path, name, ""))
        return NULL;
    path[strlen(path) - 1] = '\0'; /* the app itself, and nothing below it */
    (void)evac_client_json(cli->client, path, NULL, &app, NULL);
    return app;
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1000 + (double)t.tv_nsec / 1e6;
}

static void rest(void)
{
    struct timespec t = { 0, LOOK_MS * 1000000L };
    nanosleep(&t, NULL);
}

/* --- health ----------------------------------------------------------------------------------- */

static bool active_is_up(const cJSON *app)
{
    const cJSON *r;
    cJSON_ArrayForEach(r, cJSON_GetObjectItemCaseSensitive(app, "regions"))
    {
        if (strcmp(evac_json_cstr(r, "role"), "active") == 0)
            return strcmp(evac_json_cstr(r, "verdict"), "up") == 0;
    }
    return false;
}

static bool all_are_up(const cJSON *app)
{
    const cJSON *r;
    cJSON_ArrayForEach(r, cJSON_GetObjectItemCaseSensitive(app, "regions"))
    {
        if (strcmp(evac_json_cstr(r, "verdict"), "up") != 0)
            return false;
    }
    return true;
}

static bool is_known(const char *state)
{
    return strcmp(state, "unknown") != 0 && state[0];
}

static void add(char *text, size_t bytes, const char *what)
{
    size_t n = strlen(text);
    snprintf(text + n, bytes - n, "%s%.60s", n ? ", " : "", what);
}

/* What is not known yet, in words; "" all is. What would be lost is measured from both sides. */
static void missing(const cJSON *app, char *text, size_t bytes)
{
    const cJSON *r;
    const char *endpoint =
        evac_json_cstr(cJSON_GetObjectItemCaseSensitive(app, "endpoint"), "state");
    text[0] = '\0';
    cJSON_ArrayForEach(r, cJSON_GetObjectItemCaseSensitive(app, "regions"))
    {
        const char *verdict = evac_json_cstr(r, "verdict");
        if (!is_known(verdict))
            add(text, bytes, evac_json_cstr(r, "name"));
    }
    if (endpoint[0] && !is_known(endpoint))
        add(text, bytes, "the public endpoint");
    if (all_are_up(app) && evac_json_true(app, "has_data") &&
        cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(app, "loss_now_ms")))
        add(text, bytes, "what a move would lose");
}

static void tell_progress(const struct evac_cli *cli, const char *text, double spent_ms)
{
    static char last[400];
    bool live = isatty(STDERR_FILENO);
    if (cli->json || (!live && strcmp(text, last) == 0))
        return;
    (void)evac_str_copy(last, sizeof last, evac_str(text));
    fprintf(stderr,
            live ? "\r\033[Kstandalone: learning: %s (%.0f s of at most %d)%s"
                 : "standalone: learning: %s (%.0f s of at most %d)%s",
            text, spent_ms / 1000, LEARN_MS / 1000, live ? "" : "\n");
}

/* Ctrl-C ends the wait with the command; what began goes on, and the next command waits less. */
static enum evac_exit learn_health(struct evac_cli *cli, const char *name)
{
    char text[400] = "";
    double begun = now_ms();
    for (;;) {
        cJSON *app = get_app(cli, name);
        if (!app)
            return EVAC_EXIT_DONE; /* the command itself says what is wrong */
        missing(app, text, sizeof text);
        cJSON_Delete(app);
        if (!text[0] || now_ms() - begun > LEARN_MS)
            break;
        tell_progress(cli, text, now_ms() - begun);
        rest();
    }
    if (isatty(STDERR_FILENO) && !cli->json)
        fputs("\r\033[K", stderr);
    if (text[0])
        fprintf(stderr,
                "standalone: still unknown after %d s: %s. What that means is the gates' to say: "
                "they are asked as ever, and opened with a reason.\n",
                LEARN_MS / 1000, text);
    return EVAC_EXIT_DONE;
}

/* --- where it serves -------------------------------------------------------------------------- */

/* A journal that another controller began has watched the app from the start. */
static bool journal_is_own(struct evac_cli *cli)
{
    cJSON *rows = NULL;
    bool own = true;
    if (evac_client_json(cli->client, "/v1/journal?limit=1", NULL, &rows, NULL) == EVAC_EXIT_DONE)
        own = strncmp(evac_json_cstr(cJSON_GetArrayItem(rows, 0), "node"), "standalone:", 11) == 0;
    cJSON_Delete(rows);
    return own;
}

/* The drivers' own words about the data, from a rehearsal that has ended. */
static void print_seen(const cJSON *report)
{
    const cJSON *s;
    cJSON_ArrayForEach(s, cJSON_GetObjectItemCaseSensitive(report, "steps"))
    {
        const char *phase = evac_json_cstr(s, "phase"), *reason = evac_json_cstr(s, "reason");
        if (reason[0] && (strcmp(phase, "data") == 0 || strcmp(phase, "traffic") == 0))
            fprintf(stderr, "  %-16s %-12s %s\n", evac_json_cstr(s, "id"),
                    evac_json_cstr(s, "region"), reason);
    }
}

static cJSON *wait_for_run(struct evac_cli *cli, double run)
{
    char path[64];
    double begun = now_ms();
    snprintf(path, sizeof path, "/v1/runs/%.0f", run);
    while (now_ms() - begun < LEARN_MS) {
        cJSON *json = NULL;
        if (evac_client_json(cli->client, path, NULL, &json, NULL) != EVAC_EXIT_DONE)
            return NULL;
        if (cJSON_GetObjectItemCaseSensitive(json, "result"))
            return json;
        cJSON_Delete(json);
        rest();
    }
    return NULL;
}

/* Every step of a failover is looked at, nothing is changed: who writes is among what is seen. */
static void observe(struct evac_cli *cli, const char *name, bool graceful)
{
    char path[300], body[200];
    struct evac_err err = { EVAC_OK, "" };
    cJSON *answer = NULL;
    if (!evac_cli_app_path(path, sizeof path, name, "runs"))
        return;
    snprintf(body, sizeof body,
             "{\"workflow\":\"drill\",\"kind\":\"rehearse\",\"mode\":\"%s\","
             "\"reason\":\"who writes? the journal does not know\"}",
             graceful ? "graceful" : "ungraceful");
    if (evac_client_json(cli->client, path, body, &answer, &err) != EVAC_EXIT_DONE) {
        fprintf(stderr, "  the drivers could not be asked: %s\n", err.text);
        return;
    }
    cJSON *report = wait_for_run(cli, evac_json_number(answer, "run", 0));
    print_seen(report);
    cJSON_Delete(report);
    cJSON_Delete(answer);
}

static enum evac_exit say_place(struct evac_cli *cli, const char *name, const char *region)
{
    struct evac_buf body;
    struct evac_err err = { EVAC_OK, "" };
    cJSON *answer = NULL;
    const char *text = evac_cli_body(&body, "verb", "place", "app", name, "region", region,
                                     "reason", cli->reason, (const char *)NULL);
    enum evac_exit code = evac_client_json(cli->client, "/v1/commands", text, &answer, &err);
    evac_buf_done(&body);
    cJSON_Delete(answer);
    return code == EVAC_EXIT_DONE ? code : evac_cli_fail(code, "%s", err.text);
}

static enum evac_exit ask_place(struct evac_cli *cli, const cJSON *app, const char *name)
{
    static char line[80];
    const cJSON *endpoint = cJSON_GetObjectItemCaseSensitive(app, "endpoint");
    const char *served = evac_json_cstr(endpoint, "served_by");
    fprintf(stderr, "standalone: this journal does not know where %s serves. What is seen now:\n",
            name);
    fprintf(stderr, "  public endpoint %s%s%s\n", evac_json_cstr(endpoint, "state"),
            served[0] ? ", served by " : "", served);
    observe(cli, name, active_is_up(app));
    const char *region = cli->from;
    if (!region && !isatty(STDIN_FILENO))
        return evac_cli_fail(EVAC_EXIT_REFUSED,
                             "say with --from REGION where %s serves now (or give a copy of the "
                             "controller's journal with --journal)",
                             name);
    if (!region) {
        fprintf(stderr, "Type the region that %s serves from now (configured home: %s): ", name,
                evac_json_cstr(app, "active"));
        if (!fgets(line, sizeof line, stdin))
            return evac_cli_fail(EVAC_EXIT_REFUSED, "not said: nothing was changed");
        line[strcspn(line, "\r\n")] = '\0';
        region = line;
    }
    return say_place(cli, name, region);
}

static bool is_active_active(const cJSON *app)
{
    return strcmp(evac_json_cstr(app, "strategy"), "active-active") == 0;
}

static enum evac_exit learn_place(struct evac_cli *cli, const char *name)
{
    enum evac_exit code = EVAC_EXIT_DONE;
    cJSON *app = get_app(cli, name);
    if (app && !is_active_active(app) && !evac_json_true(app, "placed") && journal_is_own(cli)) {
        code = ask_place(cli, app, name);
        cli->from =
            NULL; /* it was the word about where the app serves: the plan takes it from there */
    }
    cJSON_Delete(app);
    return code;
}

enum evac_exit evac_alone_learn(struct evac_cli *cli, const struct evac_cli_command *command)
{
    static const char *const learns[] = { "status",   "why",      "decide", "check", "plan",
                                          "failover", "failback", "fence",  "drill" };
    static const char *const moves[] = {
        "failover", "failback", "fence", "drill", "plan", "check"
    };
    bool waits = false, places = false;
    for (size_t i = 0; i < sizeof learns / sizeof learns[0]; i++)
        waits = waits || strcmp(command->name, learns[i]) == 0;
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++)
        places = places || strcmp(command->name, moves[i]) == 0;
    if (!waits || cli->argc < 1)
        return EVAC_EXIT_DONE;
    (void)learn_health(cli, cli->argv[0]);
    return places && cli->reason ? learn_place(cli, cli->argv[0]) : EVAC_EXIT_DONE;
}

/* evac notify: who is told, how the channels are, and a message to try them. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TRY_MS  30000.0 /* so long is an answer waited for */
#define LOOK_MS 100

static const cJSON *member(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static bool is(const cJSON *object, const char *key, const char *text)
{
    return strcmp(evac_json_cstr(object, key), text) == 0;
}

/* --- the channels ----------------------------------------------------------------------------- */

static void print_channel(struct evac_cli *cli, const cJSON *c)
{
    bool fails = is(c, "is", "failing");
    char at[32] = "";
    if (cJSON_IsNumber(member(c, "last_answer_ms")))
        evac_cli_clock(evac_json_number(c, "last_answer_ms", 0), at, sizeof at);
    printf("  %-16s %-10s %s%-8s%s %4.0f waiting  %4.0f sent", evac_json_cstr(c, "name"),
           evac_json_cstr(c, "type"), evac_style(cli, fails ? EVAC_BAD : EVAC_GOOD),
           evac_json_cstr(c, "is"), evac_style(cli, EVAC_PLAIN), evac_json_number(c, "waiting", 0),
           evac_json_number(c, "sent", 0));
    if (evac_json_number(c, "given_up", 0) + evac_json_number(c, "dropped", 0) > 0)
        printf("  %.0f given up, %.0f dropped", evac_json_number(c, "given_up", 0),
               evac_json_number(c, "dropped", 0));
    if (at[0])
        printf("  %s %s", at, evac_json_cstr(c, "last_answer"));
    putchar('\n');
}

static void print_letter(struct evac_cli *cli, const cJSON *l)
{
    char wait[32];
    evac_cli_duration(evac_json_number(l, "due_in_ms", -1), wait, sizeof wait);
    printf("  to %s%s%s: %s (attempt %.0f", evac_style(cli, EVAC_BOLD),
           evac_json_cstr(l, "channel"), evac_style(cli, EVAC_PLAIN), evac_json_cstr(l, "title"),
           evac_json_number(l, "attempt", 0));
    if (is(l, "state", "trying"))
        printf(", on its way)\n");
    else
        printf(", %s, next in %s)\n", evac_json_cstr(l, "state"), wait);
}

static enum evac_exit list(struct evac_cli *cli)
{
    cJSON *all;
    const cJSON *item;
    struct evac_err err = { EVAC_OK, "" };
    if (cli->json)
        return evac_cli_pass(cli, "/v1/notify", NULL);
    enum evac_exit code = evac_client_json(cli->client, "/v1/notify", NULL, &all, &err);
    if (code != EVAC_EXIT_DONE)
        return evac_cli_fail(code, "%s", err.text);
    if (cJSON_GetArraySize(member(all, "channels")) == 0)
        printf("nobody is told: notify.channels in evac.cfg says who\n");
    cJSON_ArrayForEach(item, member(all, "channels")) print_channel(cli, item);
    if (cJSON_GetArraySize(member(all, "letters")))
        printf("waiting\n");
    cJSON_ArrayForEach(item, member(all, "letters")) print_letter(cli, item);
    cJSON_Delete(all);
    return EVAC_EXIT_DONE;
}

/* --- a test ----------------------------------------------------------------------------------- */

struct trial {
    int letters, sent, bad; /* bad: an attempt that did not succeed was the last */
};

/* "webhook  sent  HTTP 200: ok"; what is not over yet says how the last attempt went. */
static void print_row(struct evac_cli *cli, const cJSON *row)
{
    bool good = is(row, "to", "sent");
    printf("  %-16s %s%-9s%s attempt %.0f  %s\n", evac_json_cstr(row, "name"),
           evac_style(cli, good ? EVAC_GOOD : EVAC_BAD), evac_json_cstr(row, "to"),
           evac_style(cli, EVAC_PLAIN), evac_json_number(row, "attempt", 0),
           evac_json_cstr(row, "text"));
}

/* Of this test: what is told about a test's end afterwards is not waited for. */
static bool is_letter(const cJSON *row)
{
    return is(row, "kind", "notice") && is(row, "to", "queued") &&
           strstr(evac_json_cstr(row, "text"), "nothing is wrong") != NULL;
}

static bool is_of(const cJSON *rows, const cJSON *row)
{
    const cJSON *first;
    cJSON_ArrayForEach(first, rows)
    {
        if (is_letter(first) &&
            evac_json_number(first, "seq", 0) == evac_json_number(row, "number", -1))
            return true;
    }
    return false;
}

/* The first answer of each letter tells what is to be mended: further attempts are the outbox's. */
static struct trial read_rows(struct evac_cli *cli, const cJSON *rows, bool print)
{
    struct trial t = { 0, 0, 0 };
    const cJSON *row;
    cJSON_ArrayForEach(row, rows)
    {
        bool answer = is(row, "kind", "notice") && is(row, "from", "trying") && is_of(rows, row);
        t.letters += is_letter(row);
        if (!answer || evac_json_number(row, "attempt", 0) > 1)
            continue;
        t.sent += is(row, "to", "sent");
        t.bad += !is(row, "to", "sent");
        if (print && !cli->json)
            print_row(cli, row);
    }
    return t;
}

/* Letters that nobody has answered in time. */
static void print_silent(const cJSON *rows)
{
    const cJSON *first, *row;
    cJSON_ArrayForEach(first, rows)
    {
        bool answered = !is_letter(first);
        cJSON_ArrayForEach(row, rows)
        {
            answered = answered ||
                       (is(row, "from", "trying") &&
                        evac_json_number(row, "number", -1) == evac_json_number(first, "seq", 0));
        }
        if (!answered)
            printf("  %-16s no answer yet\n", evac_json_cstr(first, "name"));
    }
}

static enum evac_exit follow(struct evac_cli *cli, double after)
{
    struct evac_err err = { EVAC_OK, "" };
    const struct timespec pause = { 0, LOOK_MS * 1000000L };
    char path[96];
    (void)snprintf(path, sizeof path, "/v1/journal?after=%.0f&limit=1000", after);
    for (double waited = 0;; waited += LOOK_MS) {
        cJSON *rows;
        enum evac_exit code = evac_client_json(cli->client, path, NULL, &rows, &err);
        if (code != EVAC_EXIT_DONE)
            return evac_cli_fail(code, "%s", err.text);
        struct trial t = read_rows(cli, rows, false);
        bool over = t.sent + t.bad == t.letters || waited >= TRY_MS;
        if (over)
            (void)read_rows(cli, rows, true);
        if (over && !cli->json)
            print_silent(rows);
        if (over && cli->json) {
            char *text = cJSON_PrintUnformatted(rows);
            printf("%s\n", text);
            free(text);
        }
        cJSON_Delete(rows);
        if (over && t.sent < t.letters)
            return evac_cli_fail(EVAC_EXIT_FAILED,
                                 "%d of %d did not arrive; they are tried again: evac notify list",
                                 t.letters - t.sent, t.letters);
        if (over)
            return EVAC_EXIT_DONE;
        nanosleep(&pause, NULL);
    }
}

static enum evac_exit test(struct evac_cli *cli)
{
    struct evac_buf body;
    cJSON *answer;
    struct evac_err err = { EVAC_OK, "" };
    const char *text =
        evac_cli_body(&body, "channel", cli->argc > 1 ? cli->argv[1] : NULL, (const char *)NULL);
    enum evac_exit code = evac_client_json(cli->client, "/v1/notify/test", text, &answer, &err);
    evac_buf_done(&body);
    if (code != EVAC_EXIT_DONE)
        return evac_cli_fail(code, "%s", err.text);
    double after = evac_json_number(answer, "after", 0);
    cJSON_Delete(answer);
    return follow(cli, after);
}

enum evac_exit evac_cmd_notify(struct evac_cli *cli)
{
    const char *what = cli->argc ? cli->argv[0] : "list";
    if (strcmp(what, "list") == 0 && cli->argc <= 1)
        return list(cli);
    if (strcmp(what, "test") == 0 && cli->argc <= 2)
        return test(cli);
    return evac_cli_fail(EVAC_EXIT_USAGE, "notify: list, or test [CHANNEL]");
}

void evac_cli_channels(struct evac_cli *cli, const cJSON *status)
{
    const cJSON *c;
    cJSON_ArrayForEach(c, member(status, "channels_failing"))
    {
        printf("%schannel %s fails%s: %s ('evac notify list')\n", evac_style(cli, EVAC_WARN),
               evac_json_cstr(c, "name"), evac_style(cli, EVAC_PLAIN), evac_json_cstr(c, "answer"));
    }
}

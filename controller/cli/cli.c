#include "cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum evac_exit evac_cli_fail(enum evac_exit code, const char *fmt, ...)
{
    va_list ap;
    fputs("evac: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    return code;
}

enum evac_exit evac_cli_pass(struct evac_cli *cli, const char *path, const char *body)
{
    struct evac_buf raw;
    struct evac_err err = { EVAC_OK, "" };
    evac_buf_init(&raw, 64u << 20);
    enum evac_exit code = evac_client_raw(cli->client, path, body, &raw, &err);
    if (code == EVAC_EXIT_DONE || (cli->json && raw.n))
        printf("%s\n", raw.n ? raw.p : "");
    if (code != EVAC_EXIT_DONE)
        (void)evac_cli_fail(code, "%s", err.text);
    evac_buf_done(&raw);
    return code;
}

static unsigned long run_of_app(const cJSON *status, const char *app)
{
    const cJSON *a;
    cJSON_ArrayForEach(a, cJSON_GetObjectItemCaseSensitive(status, "apps"))
    {
        if (strcmp(evac_json_cstr(a, "app"), app) != 0)
            continue;
        double run = evac_json_number(a, "run", evac_json_number(a, "rehearsal", 0));
        if (run == 0)
            run = evac_json_number(cJSON_GetObjectItemCaseSensitive(a, "last_run"), "run", 0);
        return (unsigned long)run;
    }
    return 0;
}

/* The only one that goes on; when none does, the last one of the only app. */
static unsigned long only_run(const cJSON *status)
{
    const cJSON *runs = cJSON_GetObjectItemCaseSensitive(status, "runs");
    const cJSON *apps = cJSON_GetObjectItemCaseSensitive(status, "apps");
    int count = cJSON_GetArraySize(runs);
    if (count == 1)
        return (unsigned long)evac_json_number(cJSON_GetArrayItem(runs, 0), "run", 0);
    if (count > 1 || cJSON_GetArraySize(apps) != 1)
        return 0;
    return run_of_app(status, evac_json_cstr(cJSON_GetArrayItem(apps, 0), "app"));
}

/* Where nothing has been moved yet, the newest look or drill. */
static unsigned long newest_run(struct evac_cli *cli, const char *app)
{
    char path[300];
    cJSON *runs;
    struct evac_err err = { EVAC_OK, "" };
    snprintf(path, sizeof path, "/v1/runs?limit=1%s%.200s", app ? "&app=" : "", app ? app : "");
    if (evac_client_json(cli->client, path, NULL, &runs, &err) != EVAC_EXIT_DONE)
        return 0;
    unsigned long run = (unsigned long)evac_json_number(cJSON_GetArrayItem(runs, 0), "run", 0);
    cJSON_Delete(runs);
    return run;
}

unsigned long evac_cli_run(struct evac_cli *cli, const char *what)
{
    char *end;
    cJSON *status;
    struct evac_err err = { EVAC_OK, "" };
    unsigned long run = what ? strtoul(what, &end, 10) : 0;
    if (what && *end == '\0' && run > 0)
        return run;

    if (evac_client_json(cli->client, "/v1/status", NULL, &status, &err) != EVAC_EXIT_DONE) {
        (void)evac_cli_fail(EVAC_EXIT_UNREACHABLE, "%s", err.text);
        return 0;
    }
    run = what ? run_of_app(status, what) : only_run(status);
    bool one_app = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(status, "apps")) == 1 &&
                   cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(status, "runs")) == 0;
    cJSON_Delete(status);
    if (run == 0 && (what || one_app))
        run = newest_run(cli, what);
    if (run == 0 && what)
        (void)evac_cli_fail(EVAC_EXIT_REFUSED,
                            "'%s' is no run's number, and no app of that name has a run", what);
    else if (run == 0)
        (void)evac_cli_fail(EVAC_EXIT_USAGE, "say which run: 'evac runs' lists them");
    return run;
}

void evac_cli_print_json(const cJSON *json)
{
    char *text = cJSON_Print(json);
    puts(text ? text : "null");
    free(text);
}

const char *evac_cli_body(struct evac_buf *buf, ...)
{
    va_list ap;
    bool first = true;
    const char *key;
    evac_buf_init(buf, 65536);
    evac_buf_putc(buf, '{');
    va_start(ap, buf);
    while ((key = va_arg(ap, const char *)) != NULL) {
        const char *value = va_arg(ap, const char *);
        if (!value)
            continue;
        if (!first)
            evac_buf_putc(buf, ',');
        first = false;
        evac_buf_json(buf, evac_str(key));
        evac_buf_putc(buf, ':');
        evac_buf_json(buf, evac_str(value));
    }
    va_end(ap);
    evac_buf_putc(buf, '}');
    return buf->p;
}

const char *evac_cli_body_number(struct evac_buf *buf, const char *key, const char *digits)
{
    if (buf->n == 0)
        return buf->p;
    bool first = --buf->n == 1; /* the brace comes back */
    evac_buf_putf(buf, "%s\"%s\":%s}", first ? "" : ",", key, digits);
    return buf->p;
}

const char *evac_style(const struct evac_cli *cli, enum evac_style style)
{
    static const char *const codes[] = {
        [EVAC_PLAIN] = "\033[0m", [EVAC_BOLD] = "\033[1m", [EVAC_DIM] = "\033[2m",
        [EVAC_GOOD] = "\033[32m", [EVAC_BAD] = "\033[31m", [EVAC_WARN] = "\033[33m",
        [EVAC_BUSY] = "\033[36m",
    };
    return cli->color ? codes[style] : "";
}

void evac_cli_duration(double ms, char *text, size_t bytes)
{
    long seconds = (long)(ms / 1000);
    if (ms < 0)
        snprintf(text, bytes, "unknown");
    else if (ms < 1000)
        snprintf(text, bytes, "%.0f ms", ms);
    else if (ms < 60000)
        snprintf(text, bytes, "%.1f s", ms / 1000);
    else if (seconds < 3600)
        snprintf(text, bytes, "%ldm%02lds", seconds / 60, seconds % 60);
    else
        snprintf(text, bytes, "%ldh%02ldm", seconds / 3600, seconds % 3600 / 60);
}

void evac_cli_day(double wall_ms, char *text, size_t bytes)
{
    time_t t = (time_t)(wall_ms / 1000);
    struct tm utc;
    if (!gmtime_r(&t, &utc) || strftime(text, bytes, "%Y-%m-%d", &utc) == 0)
        snprintf(text, bytes, "?");
}

void evac_cli_clock(double wall_ms, char *text, size_t bytes)
{
    time_t t = (time_t)(wall_ms / 1000);
    struct tm local;
    char hms[16] = "--:--:--";
    if (localtime_r(&t, &local))
        strftime(hms, sizeof hms, "%H:%M:%S", &local);
    snprintf(text, bytes, "%s.%03d", hms, (int)((long long)wall_ms % 1000));
}

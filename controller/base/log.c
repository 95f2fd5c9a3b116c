#include "log.h"

#include "evac/buf.h"

#include <time.h>

static FILE *log_to;
static enum evac_log_level log_up_to = EVAC_LOG_INFO;
static bool log_json;

#define X(name, text) text,
static const char *const level_names[] = { EVAC_LOG_LEVELS(X) };
#undef X

void evac_log_setup(FILE *to, enum evac_log_level up_to, bool json)
{
    log_to = to;
    log_up_to = up_to;
    log_json = json;
}

static void put_time(struct evac_buf *line)
{
    struct timespec now;
    struct tm utc;
    char text[32] = "";
    clock_gettime(CLOCK_REALTIME, &now);
    if (gmtime_r(&now.tv_sec, &utc))
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    evac_buf_putf(line, "%s.%03ldZ", text, now.tv_nsec / 1000000);
}

/* One key=value or key="value" at a time; returns what follows. */
static struct evac_str next_field(struct evac_str rest, struct evac_str *key,
                                  struct evac_str *value)
{
    struct evac_str after;
    *key = evac_str_trim(evac_str_cut(rest, '=', &after));
    if (after.n && after.p[0] == '"') {
        after.p++, after.n--;
        *value = evac_str_cut(after, '"', &rest);
        return rest;
    }
    *value = evac_str_cut(after, ' ', &rest);
    return rest;
}

static void put_json_fields(struct evac_buf *line, struct evac_str fields)
{
    while (evac_str_trim(fields).n) {
        struct evac_str key, value;
        fields = next_field(fields, &key, &value);
        evac_buf_putc(line, ',');
        evac_buf_json(line, key);
        evac_buf_putc(line, ':');
        evac_buf_json(line, value);
    }
}

void evac_log(enum evac_log_level level, const char *event, const char *fields, ...)
{
    if (level > log_up_to)
        return;

    struct evac_buf body, line;
    evac_buf_init(&body, 8192);
    evac_buf_init(&line, 16384);
    va_list ap;
    va_start(ap, fields);
    evac_buf_putv(&body, fields, ap);
    va_end(ap);

    if (log_json) {
        evac_buf_puts(&line, "{\"ts\":\"");
        put_time(&line);
        evac_buf_putf(&line, "\",\"level\":\"%s\",\"event\":\"%s\"", level_names[level], event);
        put_json_fields(&line, evac_buf_str(&body));
        evac_buf_puts(&line, "}\n");
    } else {
        put_time(&line);
        evac_buf_putf(&line, " %-5s %s %.*s\n", level_names[level], event,
                      EVAC_STR_ARG(evac_buf_str(&body)));
    }
    FILE *to = log_to ? log_to : stderr;
    fwrite(line.p, 1, line.n, to);
    fflush(to);
    evac_buf_done(&body);
    evac_buf_done(&line);
}

#include "log.h"

#include "evac/buf.h"
#include "redact.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static FILE *log_to;
static enum evac_log_level log_up_to = EVAC_LOG_INFO;
static bool log_json, log_priority, log_together;
static struct evac_buf log_kept = { .max_bytes = 65536 };

#define X(name, text) text,
static const char *const level_names[] = { EVAC_LOG_LEVELS(X) };
#undef X
/* syslog(3)'s numbers */
static const int priorities[EVAC_LOG_LEVEL_COUNT] = {
    [EVAC_LOG_ERROR] = 3, [EVAC_LOG_WARN] = 4, [EVAC_LOG_INFO] = 6, [EVAC_LOG_DEBUG] = 7
};

/* systemd says so: JOURNAL_STREAM is device:inode of what it gave us. */
static bool is_journal(FILE *to)
{
    const char *said = getenv("JOURNAL_STREAM");
    struct stat st;
    char own[64];
    if (!said || fstat(fileno(to), &st) != 0)
        return false;
    snprintf(own, sizeof own, "%llu:%llu", (unsigned long long)st.st_dev,
             (unsigned long long)st.st_ino);
    return strcmp(said, own) == 0;
}

void evac_log_setup(FILE *to, enum evac_log_level up_to, bool json)
{
    log_to = to;
    log_up_to = up_to;
    log_json = json;
    log_priority = is_journal(to);
}

enum evac_log_level evac_log_level_parse(struct evac_str name)
{
    for (unsigned i = 0; i < EVAC_LOG_LEVEL_COUNT; i++)
        if (evac_str_is(name, level_names[i]))
            return (enum evac_log_level)i;
    return EVAC_LOG_INFO;
}

/* --- fields ----------------------------------------------------------------------------------- */

#define FIELDS_MAX 32u
#define BETWEEN    '\x1e' /* ASCII's own: between records ... */
#define BEHIND_KEY '\x1f' /* ... and between units */

/* The format, with what stands between fields made unmistakable. */
struct shape {
    char text[512];
    size_t n, count;
    uint32_t numbers; /* fields whose value is one whole number, a bit each */
};

static bool is_number(struct evac_str value)
{
    if (value.n < 2 || value.p[0] != '%')
        return false;
    for (size_t i = 1; i + 1 < value.n; i++)
        if (!strchr("lhz", value.p[i]))
            return false;
    return strchr("diu", value.p[value.n - 1]) != NULL;
}

static bool put_shape(struct shape *shape, const char *p, size_t n)
{
    if (n >= sizeof shape->text - shape->n)
        return false;
    memcpy(shape->text + shape->n, p, n);
    shape->n += n;
    shape->text[shape->n] = '\0';
    return true;
}

/* key=value or key="value"; *at moves behind it. */
static bool shape_field(struct shape *shape, const char **at)
{
    static const char between = BETWEEN, behind_key = BEHIND_KEY;
    const char *key = *at, *equals = strchr(key, '=');
    if (!equals || shape->count == FIELDS_MAX)
        return false;
    const char *value = equals + 1;
    char end = ' ';
    if (*value == '"')
        end = *value++;
    const char *stop = strchr(value, end);
    size_t n = stop ? (size_t)(stop - value) : strlen(value);
    *at = stop ? stop + 1 : value + n;
    if (is_number((struct evac_str){ value, n }))
        shape->numbers |= 1u << shape->count;
    return (shape->count++ == 0 || put_shape(shape, &between, 1)) &&
           put_shape(shape, key, (size_t)(equals - key)) && put_shape(shape, &behind_key, 1) &&
           put_shape(shape, value, n);
}

static bool shape_of(const char *fields, struct shape *ret_shape)
{
    *ret_shape = (struct shape){ .n = 0 };
    while (*fields) {
        if (*fields == ' ')
            fields++;
        else if (!shape_field(ret_shape, &fields))
            return false;
    }
    return true;
}

static bool is_plain(struct evac_str value)
{
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] <= ' ' || value.p[i] > '~' || strchr("\"=\\", value.p[i]))
            return false;
    return true;
}

static void put_field(struct evac_buf *line, struct evac_str key, struct evac_str value,
                      bool number)
{
    struct evac_buf clean;
    if (value.n == 0 || (number && evac_str_is(key, "run") && evac_str_is(value, "0")))
        return; /* there are no runs 0 */
    evac_buf_init(&clean, 65536);
    if (evac_redact_is_key(key))
        evac_buf_puts(&clean, EVAC_REDACTED);
    else
        evac_redact(value, &clean);
    struct evac_str text = evac_buf_str(&clean);
    evac_buf_putc(line, log_json ? ',' : ' ');
    if (log_json)
        evac_buf_json(line, key);
    else
        evac_buf_put_str(line, key);
    evac_buf_putc(line, log_json ? ':' : '=');
    if (log_json ? number : is_plain(text))
        evac_buf_put_str(line, text);
    else
        evac_buf_json(line, text);
    evac_buf_done(&clean);
}

static size_t count_of(struct evac_str text, char c)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == c;
    return n;
}

/* What does not fall into the format's own fields is told whole: somebody gave a value with the
 * separators in it. */
static void put_fields(struct evac_buf *line, const struct shape *shape, struct evac_str body)
{
    if (body.n == 0)
        return;
    if (count_of(body, BETWEEN) + 1 != shape->count || count_of(body, BEHIND_KEY) != shape->count) {
        put_field(line, EVAC_STR("text"), body, false);
        return;
    }
    for (size_t i = 0; i < shape->count; i++) {
        struct evac_str value, field = evac_str_cut(body, BETWEEN, &body);
        struct evac_str key = evac_str_cut(field, BEHIND_KEY, &value);
        put_field(line, key, value, shape->numbers & (1u << i));
    }
}

/* --- lines ------------------------------------------------------------------------------------ */

static void put_head(struct evac_buf *line, enum evac_log_level level, const char *event)
{
    struct timespec now;
    struct tm utc;
    char at[32] = "";
    clock_gettime(CLOCK_REALTIME, &now);
    if (gmtime_r(&now.tv_sec, &utc))
        strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%S", &utc);
    if (log_priority)
        evac_buf_putf(line, "<%d>", priorities[level]);
    evac_buf_putf(line,
                  log_json ? "{\"ts\":\"%s.%03ldZ\",\"level\":\"%s%s\",\"event\":\"%s\""
                           : "%s.%03ldZ %s%s %s",
                  at, now.tv_nsec / 1000000, level_names[level],
                  log_json ? "" : &"     "[strlen(level_names[level])], event);
}

static void write_out(struct evac_str lines)
{
    FILE *to = log_to ? log_to : stderr;
    fwrite(lines.p, 1, lines.n, to);
    fflush(to);
}

static void write_kept(void)
{
    if (log_kept.n)
        write_out(evac_buf_str(&log_kept));
    evac_buf_done(&log_kept);
}

static void put_line(enum evac_log_level level, struct evac_str line)
{
    bool keeps = log_together && level > EVAC_LOG_WARN;
    if (!keeps || line.n > log_kept.max_bytes - log_kept.n)
        write_kept();
    if (keeps)
        evac_buf_put_str(&log_kept, line);
    else
        write_out(line);
}

void evac_log_together(bool together)
{
    log_together = together;
    write_kept();
}

void evac_log(enum evac_log_level level, const char *event, const char *fields, ...)
{
    struct shape shape;
    struct evac_buf body, line;
    if (level > log_up_to)
        return;

    bool shaped = shape_of(fields, &shape);
    evac_buf_init(&body, 65536);
    evac_buf_init(&line, 65536);
    va_list ap;
    va_start(ap, fields);
    if (shaped && shape.n)
        evac_buf_putv(&body, shape.text, ap);
    va_end(ap);

    put_head(&line, level, event);
    put_fields(&line, &shape, evac_buf_str(&body));
    evac_buf_puts(&line, log_json ? "}\n" : "\n");
    if (!line.failed)
        put_line(level, evac_buf_str(&line));
    evac_buf_done(&body);
    evac_buf_done(&line);
}

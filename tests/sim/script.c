#include "script.h"

#include "format.h"

bool script_add(struct script *script, uint64_t at_ms, const char *fmt, ...)
{
    va_list ap;
    size_t i = script->line_count;
    if (i == SCRIPT_LINES_MAX)
        return false;
    for (; i > 0 && script->lines[i - 1].at_ms > at_ms; i--)
        script->lines[i] = script->lines[i - 1];
    script->lines[i].at_ms = at_ms;
    va_start(ap, fmt);
    (void)evac_vformat(script->lines[i].text, sizeof script->lines[i].text, fmt, ap);
    va_end(ap);
    script->line_count++;
    return true;
}

bool script_add_request(struct script *script, const struct fate *fate)
{
    if (script->request_count == SCRIPT_REQUESTS_MAX)
        return false;
    script->requests[script->request_count++] = *fate;
    return true;
}

/* --- as text --- */

struct rate {
    const char *name;
    unsigned *part;
};

#define RATES 7u
static void rates_of(struct world_faults *r, struct rate ret[RATES])
{
    const struct rate rows[RATES] = {
        { "not-sent", &r->not_sent },
        { "lost-before", &r->lost_before },
        { "lost-after", &r->lost_after },
        { "late", &r->late },
        { "slow", &r->slow },
        { "twice", &r->twice },
        { "cut", &r->cut },
    };
    memcpy(ret, rows, sizeof rows);
}

/* "lost-after 300 late 20 late-max 30000" */
static bool read_rates(struct evac_str rest, struct world_faults *ret)
{
    struct rate rows[RATES];
    int64_t value;
    rates_of(ret, rows);
    while (rest.n) {
        struct evac_str name = evac_str_cut(rest, ' ', &rest);
        unsigned *part = NULL;
        if (!evac_str_i64(evac_str_cut(rest, ' ', &rest), &value) || value < 0)
            return false;
        for (size_t i = 0; i < RATES; i++)
            if (evac_str_is(name, rows[i].name))
                part = rows[i].part;
        if (part)
            *part = (unsigned)value;
        else if (evac_str_is(name, "late-max"))
            ret->late_max_ms = (uint32_t)value;
        else
            return false;
    }
    return true;
}

#define SHARES 10u
static void share_of(struct world_share *s, struct rate ret[SHARES])
{
    const struct rate rows[SHARES] = {
        { "ttl", &s->ttl_ms },
        { "request", &s->request_ms },
        { "poll", &s->poll_ms },
        { "election", &s->election_ms },
        { "trip", &s->chances.trip_ms },
        { "lost-before", &s->chances.lost_before },
        { "lost-after", &s->chances.lost_after },
        { "delayed", &s->chances.delayed },
        { "refused", &s->chances.refused_connection },
        { "hollow", &s->chances.hollow },
    };
    memcpy(ret, rows, sizeof rows);
}

static bool read_share(struct evac_str rest, struct world_share *ret)
{
    struct rate rows[SHARES];
    int64_t value;
    share_of(ret, rows);
    while (rest.n) {
        struct evac_str name = evac_str_cut(rest, ' ', &rest);
        size_t i = 0;
        if (!evac_str_i64(evac_str_cut(rest, ' ', &rest), &value) || value < 0 ||
            value > UINT32_MAX)
            return false;
        while (i < SHARES && !evac_str_is(name, rows[i].name))
            i++;
        if (i < SHARES)
            *rows[i].part = (unsigned)value;
        else if (evac_str_is(name, "late-max"))
            ret->chances.late_ms = (uint32_t)value;
        else
            return false;
    }
    return true;
}

/* "12.340": seconds and milliseconds. */
static bool read_time(struct evac_str text, uint64_t *ret_ms)
{
    struct evac_str part;
    int64_t s, ms = 0;
    if (!evac_str_i64(evac_str_cut(text, '.', &part), &s) || s < 0 ||
        (part.n && (part.n != 3 || !evac_str_i64(part, &ms))))
        return false;
    *ret_ms = (uint64_t)s * 1000 + (uint64_t)ms;
    return true;
}

static bool read_number(struct evac_str text, uint64_t *ret)
{
    int64_t value;
    if (!evac_str_i64(text, &value))
        return false;
    *ret = (uint64_t)value;
    return true;
}

static bool read_controllers(struct evac_str rest, unsigned *ret)
{
    uint64_t n = 0;
    bool good = read_number(rest, &n) && n >= 1 && n <= 3;
    *ret = (unsigned)n;
    return good;
}

static bool read_timed(struct script *s, struct evac_str word, struct evac_str rest)
{
    uint64_t at_ms;
    if (!read_time(word, &at_ms) || rest.n == 0 || s->calm_ms)
        return false;
    if (evac_str_is(rest, "calm"))
        s->calm_ms = at_ms;
    return evac_str_is(rest, "calm") || script_add(s, at_ms, "%.*s", EVAC_STR_ARG(rest));
}

static bool read_line(struct script *s, struct evac_str line)
{
    struct evac_str rest, word = evac_str_cut(line, ' ', &rest);
    struct fate fate = { .nth = 0 };
    uint64_t number = 0;
    if (line.n == 0 || line.p[0] == '#')
        return true;
    if (evac_str_is(word, "app"))
        return evac_str_copy(s->app, sizeof s->app, rest);
    if (evac_str_is(word, "expect"))
        return evac_str_copy(s->expect, sizeof s->expect, rest);
    if (evac_str_is(word, "seed"))
        return read_number(rest, &s->seed);
    if (evac_str_is(word, "rates"))
        return read_rates(rest, &s->rates);
    if (evac_str_is(word, "share"))
        return read_share(rest, &s->share);
    if (evac_str_is(word, "controllers"))
        return read_controllers(rest, &s->controllers);
    if (evac_str_is(word, "request"))
        return fate_read(rest, &fate) && script_add_request(s, &fate);
    bool limits = evac_str_is(word, "limits");
    if (!limits && !evac_str_is(word, "settings"))
        return read_timed(s, word, rest);
    bool good = read_number(rest, &number) && (!limits || number <= 100);
    *(limits ? &s->limits : &s->settings) = (unsigned)number;
    return good;
}

bool script_read(struct evac_str text, struct script *ret_script, size_t *ret_line)
{
    *ret_script = (struct script){ .seed = 0 };
    for (*ret_line = 1; text.n; ++*ret_line)
        if (!read_line(ret_script, evac_str_trim(evac_str_cut(text, '\n', &text))))
            return false;
    return ret_script->calm_ms > 0;
}

static void write_rates(const struct script *s, struct evac_buf *out)
{
    struct world_faults copy = s->rates;
    struct rate rows[RATES];
    bool any = false;
    rates_of(&copy, rows);
    for (size_t i = 0; i < RATES; i++)
        if (*rows[i].part) {
            evac_buf_putf(out, "%s %s %u", any ? "" : "rates", rows[i].name, *rows[i].part);
            any = true;
        }
    if (any)
        evac_buf_putf(out, " late-max %u\n", (unsigned)copy.late_max_ms);
}

static void write_share(const struct script *s, struct evac_buf *out)
{
    struct world_share copy = s->share;
    struct rate rows[SHARES];
    bool any = false;
    if (s->controllers < 2)
        return;
    evac_buf_putf(out, "controllers %u\n", s->controllers);
    share_of(&copy, rows);
    for (size_t i = 0; i < SHARES; i++)
        if (*rows[i].part) {
            evac_buf_putf(out, "%s %s %u", any ? "" : "share", rows[i].name, *rows[i].part);
            any = true;
        }
    if (any)
        evac_buf_putf(out, " late-max %u\n", (unsigned)copy.chances.late_ms);
}

static void write_at(struct evac_buf *out, uint64_t ms, const char *text)
{
    evac_buf_putf(out, "%llu.%03llu %s\n", (unsigned long long)(ms / 1000),
                  (unsigned long long)(ms % 1000), text);
}

void script_write(const struct script *s, const char *title, struct evac_buf *out)
{
    char text[160];
    evac_buf_putf(out, "# %s\n", title);
    if (s->app[0])
        evac_buf_putf(out, "app %s\n", s->app);
    evac_buf_putf(out, "seed %llu\n", (unsigned long long)s->seed);
    if (s->settings)
        evac_buf_putf(out, "settings %u\n", s->settings);
    if (s->limits)
        evac_buf_putf(out, "limits %u\n", s->limits);
    write_rates(s, out);
    write_share(s, out);
    for (size_t i = 0; i < s->request_count; i++) {
        fate_write(&s->requests[i], text, sizeof text);
        evac_buf_putf(out, "request %s\n", text);
    }
    for (size_t i = 0; i < s->line_count; i++)
        write_at(out, s->lines[i].at_ms, s->lines[i].text);
    write_at(out, s->calm_ms, "calm");
    evac_buf_putf(out, "expect %s\n", s->expect);
}

size_t script_length(const struct script *s)
{
    return 4u + 2u * (s->controllers > 1) + (s->app[0] != '\0') + (s->settings > 0) +
           (s->limits > 0) + s->request_count + s->line_count;
}

#include "report_show.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

void show_duration(bool known, int64_t ms, char *text, size_t bytes)
{
    long long s = (long long)ms / 1000;
    if (!known)
        snprintf(text, bytes, "unknown");
    else if (ms < 1000)
        snprintf(text, bytes, "%lld ms", (long long)ms);
    else if (ms < 60000)
        snprintf(text, bytes, "%.1f s", (double)ms / 1000);
    else if (s < 3600)
        snprintf(text, bytes, "%lldm%02llds", s / 60, s % 60);
    else
        snprintf(text, bytes, "%lldh%02lldm", s / 3600, s % 3600 / 60);
}

void show_instant(const struct evac_when *when, char *text, size_t bytes)
{
    time_t t = (time_t)(when->wall_ms / 1000);
    struct tm utc;
    char date[32] = "";
    if (!when->known || !gmtime_r(&t, &utc)) {
        snprintf(text, bytes, "unknown");
        return;
    }
    strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &utc);
    snprintf(text, bytes, "%s.%03d UTC", date, (int)(when->wall_ms % 1000));
}

void show_measure(enum evac_measure measure, int64_t value, char *text, size_t bytes)
{
    if (evac_measure_is_time(measure))
        show_duration(true, value, text, bytes);
    else
        snprintf(text, bytes, "%lld", (long long)value);
}

/* Of each thing that is counted, "0 of", "1 of" and "2 of". */
static const struct {
    const char *one, *many;
} counted[EVAC_MEASURE_COUNT] = {
    [EVAC_MEASURE_FAILED] = { "failed step", "failed steps" },
    [EVAC_MEASURE_UNSERVED] = { "look not served by the target", "looks not served by the target" },
    [EVAC_MEASURE_LEFT] = { "change left behind", "changes left behind" },
    [EVAC_MEASURE_OVERRIDES] = { "gate overridden", "gates overridden" },
    [EVAC_MEASURE_HANDS] = { "command by people", "commands by people" },
    [EVAC_MEASURE_RETRIES] = { "apply tried again", "applies tried again" },
};

void show_measured(enum evac_measure measure, int64_t value, char *text, size_t bytes)
{
    show_measure(measure, value, text, bytes);
    size_t n = strlen(text);
    const char *what = value == 1 ? counted[measure].one : counted[measure].many;
    if (what)
        snprintf(text + n, bytes - n, " %s", what);
}

void show_allowed(enum evac_measure measure, int64_t at_most, char *text, size_t bytes)
{
    char limit[64];
    show_measure(measure, at_most, limit, sizeof limit);
    if (evac_measure_is_time(measure))
        snprintf(text, bytes, "at most %s", limit);
    else if (at_most == 0)
        snprintf(text, bytes, "none allowed");
    else
        snprintf(text, bytes, "at most %s allowed", limit);
}

void show_date(int64_t wall_ms, char *text, size_t bytes)
{
    time_t t = (time_t)(wall_ms / 1000);
    struct tm utc;
    if (!gmtime_r(&t, &utc) || strftime(text, bytes, "%Y-%m-%d", &utc) == 0)
        snprintf(text, bytes, "unknown");
}

const char *show_met(bool known, int64_t value, int64_t objective)
{
    if (!known)
        return "unknown";
    return value <= objective ? "met" : "missed";
}

const char *show_instant_title(enum evac_report_instant instant)
{
    static const char *const titles[EVAC_REPORT_INSTANT_COUNT] = {
        [EVAC_REPORT_IMPACT_LO] = "last good answer",
        [EVAC_REPORT_IMPACT_HI] = "first bad answer",
        [EVAC_REPORT_DETECTED] = "detected",
        [EVAC_REPORT_DECIDED] = "decided",
        [EVAC_REPORT_STARTED] = "started",
        [EVAC_REPORT_FENCED] = "old side fenced",
        [EVAC_REPORT_DATA_READY] = "data ready",
        [EVAC_REPORT_CAPACITY_READY] = "capacity ready",
        [EVAC_REPORT_VERIFIED] = "verified by a write",
        [EVAC_REPORT_TRAFFIC_MOVED] = "traffic moved",
        [EVAC_REPORT_RECOVERED] = "recovered for users",
        [EVAC_REPORT_ENDED] = "run over",
    };
    return titles[instant];
}

static void widen(struct show_span *span, const struct evac_when *when)
{
    if (!when->known)
        return;
    if (span->from_ms == 0 || when->wall_ms < span->from_ms)
        span->from_ms = when->wall_ms;
    if (when->wall_ms > span->to_ms)
        span->to_ms = when->wall_ms;
}

double show_part(const struct show_span *span, int64_t wall_ms)
{
    double from = (double)span->from_ms;
    return ((double)wall_ms - from) / ((double)span->to_ms - from);
}

struct show_span show_span(const struct evac_report *r)
{
    struct show_span span = { 0, 0 };
    for (unsigned i = 0; i < EVAC_REPORT_INSTANT_COUNT; i++)
        widen(&span, &r->instants[i]);
    for (size_t i = 0; i < r->step_count; i++) {
        widen(&span, &r->steps[i].began);
        widen(&span, &r->steps[i].ended);
    }
    if (span.to_ms <= span.from_ms)
        span.to_ms = span.from_ms + 1;
    return span;
}

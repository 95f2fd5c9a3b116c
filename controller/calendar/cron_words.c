/* "every quarter, on the first monday 09:00" as a cron. */
#include "cron_internal.h"

#include <string.h>

static const struct {
    const char *name;
    unsigned months; /* from one time to the next; 0: days or weeks */
} periods[] = {
    { "day", 0 },     { "week", 0 },      { "month", 1 },
    { "quarter", 3 }, { "half-year", 6 }, { "year", 12 },
};
#define PERIOD_COUNT (sizeof periods / sizeof periods[0])
enum { DAY, WEEK };

static const char *const counts[] = { "last", "first", "second", "third", "fourth" };
#define COUNT_COUNT (sizeof counts / sizeof counts[0])

static const char *const months[] = { "january",   "february", "march",    "april",
                                      "may",       "june",     "july",     "august",
                                      "september", "october",  "november", "december" };
static const char *const weekdays[] = { "sunday",   "monday", "tuesday", "wednesday",
                                        "thursday", "friday", "saturday" };

#define FORM                                                                                       \
    "'[first|second|third|fourth|last] [monday...sunday|day] [of january...december] [09:00]'"

struct words {
    int nth;         /* index in counts; -1 not said */
    int weekday;     /* -1 not said */
    bool day;        /* "day" */
    unsigned month;  /* 0 is January */
    bool month_said; /* "of february" */
    unsigned hour, minute;
};

/* In full, or its first three letters. */
static bool name_of(const char *const *names, size_t count, struct evac_str word, unsigned *ret)
{
    for (unsigned i = 0; i < count; i++)
        if (evac_str_is(word, names[i]) || (word.n == 3 && memcmp(names[i], word.p, 3) == 0)) {
            *ret = i;
            return true;
        }
    return false;
}

static bool time_of_day(struct evac_str word, struct words *w)
{
    struct evac_str minute_text, hour_text = evac_str_cut(word, ':', &minute_text);
    int64_t hour, minute;
    if (hour_text.n == word.n || hour_text.n > 2 || minute_text.n != 2 ||
        !evac_str_i64(hour_text, &hour) || !evac_str_i64(minute_text, &minute) || hour < 0 ||
        hour > 23 || minute < 0 || minute > 59)
        return false;
    w->hour = (unsigned)hour;
    w->minute = (unsigned)minute;
    return true;
}

static bool take(struct evac_str word, struct evac_str *rest, struct words *w)
{
    unsigned i;
    if (w->nth < 0 && name_of(counts, COUNT_COUNT, word, &i)) {
        w->nth = (int)i;
    } else if (!w->day && w->weekday < 0 && name_of(weekdays, 7, word, &i)) {
        w->weekday = (int)i;
    } else if (!w->day && w->weekday < 0 && evac_str_is(word, "day")) {
        w->day = true;
    } else if (!w->month_said && evac_str_is(word, "of")) {
        w->month_said = name_of(months, 12, cron_next_word(rest), &w->month);
        return w->month_said;
    } else {
        return rest->n == 0 && time_of_day(word, w); /* stands at the end */
    }
    return true;
}

static bool read_words(struct evac_str on, struct words *w)
{
    struct evac_str rest = evac_str_trim(on);
    *w = (struct words){ .nth = -1, .weekday = -1, .hour = 9 };
    while (rest.n) {
        struct evac_str word = cron_next_word(&rest);
        rest = evac_str_trim(rest);
        if (!take(word, &rest, w))
            return false;
    }
    return true;
}

static size_t period_of(struct evac_str every)
{
    size_t i = 0;
    while (i < PERIOD_COUNT && !evac_str_is(every, periods[i].name))
        i++;
    return i;
}

/* A day has no weekday, a week no count; a shorter period than a quarter begins with no month. */
static bool fits(size_t period, const struct words *w)
{
    if (period == DAY && (w->weekday >= 0 || w->day))
        return false;
    if (period <= WEEK && (w->nth >= 0 || w->month_said || (period == WEEK && w->day)))
        return false;
    return periods[period].months != 1 || !w->month_said;
}

static void set_day(struct evac_cron *cron, size_t period, const struct words *w)
{
    unsigned nth = w->nth < 0 ? 1 : (unsigned)w->nth; /* 0: the last */
    int weekday = period == WEEK && w->weekday < 0 ? 1 : w->weekday;
    cron->any_day = period == DAY || weekday >= 0;
    cron->any_weekday = !cron->any_day || period == DAY;
    cron->days = cron->any_day ? ~1u : 1u << nth;
    for (unsigned d = 0; d < 7; d++)
        if (weekday < 0 || (unsigned)weekday == d) {
            cron->weekdays |= (uint8_t)(1u << d);
            cron->nth[d] = (uint8_t)(weekday < 0 || period == WEEK ? 0x3fu : 1u << nth);
        }
}

static void set_months(struct evac_cron *cron, size_t period, const struct words *w)
{
    unsigned step = periods[period].months ? periods[period].months : 1;
    for (unsigned m = 0; m < 12; m += step)
        cron->months |= (uint16_t)(1u << ((w->month + m) % 12 + 1));
}

enum evac_code evac_cron_words(struct evac_str every, struct evac_str on,
                               struct evac_cron *ret_cron, struct evac_err *err)
{
    size_t period = period_of(every);
    struct evac_cron cron = { 0 };
    struct words w;
    if (period == PERIOD_COUNT)
        return evac_fail(err, EVAC_E_BADCONF,
                         "every: found '%.*s'; allowed: day, week, month, quarter, half-year, year",
                         (int)(every.n < 60 ? every.n : 60), every.p);
    if (!read_words(on, &w) || !fits(period, &w))
        return evac_fail(err, EVAC_E_BADCONF, "on: found '%.*s'; allowed for a %s: %s",
                         (int)(on.n < 80 ? on.n : 80), on.p, periods[period].name,
                         period == DAY    ? "a time, such as 09:00"
                         : period == WEEK ? "a weekday and a time, such as 'monday 09:00'"
                                          : FORM);
    cron.hours = 1u << w.hour;
    cron.minutes = (uint64_t)1 << w.minute;
    set_day(&cron, period, &w);
    set_months(&cron, period, &w);
    *ret_cron = cron;
    return EVAC_OK;
}

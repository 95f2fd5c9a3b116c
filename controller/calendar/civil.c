#include "civil.h"

#include <string.h>

/* Howard Hinnant's civil calendar arithmetic: years begin in March. */
int64_t evac_civil_days(int32_t year, uint8_t month, uint8_t day)
{
    int64_t y = year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

void evac_civil_from_days(int64_t days, struct evac_civil *ret_date)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    ret_date->day = (uint8_t)(doy - (153 * mp + 2) / 5 + 1);
    ret_date->month = (uint8_t)(mp < 10 ? mp + 3 : mp - 9);
    ret_date->year = (int32_t)(yoe + era * 400 + (ret_date->month <= 2));
}

uint8_t evac_civil_weekday(int64_t days)
{
    int64_t w = (days + 4) % 7; /* 1970-01-01 was a Thursday */
    return (uint8_t)(w < 0 ? w + 7 : w);
}

uint8_t evac_civil_month_days(int32_t year, uint8_t month)
{
    int32_t next_year = month == 12 ? year + 1 : year;
    uint8_t next = month == 12 ? 1 : (uint8_t)(month + 1);
    return (uint8_t)(evac_civil_days(next_year, next, 1) - evac_civil_days(year, month, 1));
}

int64_t evac_civil_minutes(const struct evac_civil *c)
{
    return evac_civil_days(c->year, c->month, c->day) * 1440 + c->hour * 60 + c->minute;
}

struct evac_civil evac_civil_from_minutes(int64_t minutes)
{
    struct evac_civil civil = { 0 };
    int64_t days = minutes / 1440, rest = minutes % 1440;
    if (rest < 0) {
        days--;
        rest += 1440;
    }
    evac_civil_from_days(days, &civil);
    civil.hour = (uint8_t)(rest / 60);
    civil.minute = (uint8_t)(rest % 60);
    return civil;
}

/* n digits, within limits. */
static bool digits(struct evac_str *text, size_t n, int64_t lo, int64_t hi, int64_t *ret)
{
    if (text->n < n || text->p[0] < '0' || text->p[0] > '9' ||
        !evac_str_i64((struct evac_str){ text->p, n }, ret) || *ret < lo || *ret > hi)
        return false;
    *text = (struct evac_str){ text->p + n, text->n - n };
    return true;
}

static bool mark(struct evac_str *text, char c)
{
    if (text->n == 0 || text->p[0] != c)
        return false;
    *text = (struct evac_str){ text->p + 1, text->n - 1 };
    return true;
}

static bool read_time(struct evac_str *text, struct evac_civil *ret)
{
    int64_t hour, minute;
    if (!digits(text, 2, 0, 23, &hour) || !mark(text, ':') || !digits(text, 2, 0, 59, &minute))
        return false;
    ret->hour = (uint8_t)hour;
    ret->minute = (uint8_t)minute;
    return true;
}

static bool read_date(struct evac_str *text, struct evac_civil *ret)
{
    int64_t year, month, day;
    if (!digits(text, 4, 1970, 9998, &year) || !mark(text, '-') ||
        !digits(text, 2, 1, 12, &month) || !mark(text, '-') || !digits(text, 2, 1, 31, &day) ||
        day > evac_civil_month_days((int32_t)year, (uint8_t)month))
        return false;
    *ret = (struct evac_civil){ (int32_t)year, (uint8_t)month, (uint8_t)day, 0, 0 };
    return true;
}

enum evac_code evac_civil_parse(struct evac_str text, struct evac_civil *ret_civil,
                                bool *ret_has_time, struct evac_err *err)
{
    struct evac_civil civil;
    struct evac_str rest = text;
    bool good = read_date(&rest, &civil), has_time = good && rest.n > 0;
    if (has_time)
        good = (mark(&rest, ' ') || mark(&rest, 'T')) && read_time(&rest, &civil) && rest.n == 0;
    if (!good)
        return evac_fail(err, EVAC_E_BADCONF,
                         "found '%.*s'; allowed: a day that there is, such as 2026-12-24, perhaps "
                         "with a time: 2026-12-24 18:00",
                         (int)(text.n < 60 ? text.n : 60), text.p);
    *ret_civil = civil;
    *ret_has_time = has_time;
    return EVAC_OK;
}

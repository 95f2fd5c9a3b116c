#include "aws_time.h"

#include <string.h>

/* Days since 1970-01-01 (H. Hinnant, "chrono-compatible low-level date algorithms"). */
static int64_t days_from_civil(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t shifted = month > 2 ? month - 3 : month + 9;
    int64_t day_of_year = (153 * shifted + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static unsigned days_of_month(int64_t year, unsigned month)
{
    static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

bool evac_aws_date_ms(const struct evac_aws_date *d, int64_t *ret_ms)
{
    if (d->year < 1970 || d->year > 9999 || d->month < 1 || d->month > 12)
        return false;
    if (d->day < 1 || d->day > days_of_month(d->year, d->month))
        return false;
    if (d->hour > 23 || d->minute > 59 || d->second > 60 || d->ms > 999)
        return false;
    int64_t seconds = days_from_civil(d->year, d->month, d->day) * 86400 + d->hour * 3600 +
                      d->minute * 60 + d->second;
    *ret_ms = seconds * 1000 + d->ms;
    return true;
}

struct evac_aws_date evac_aws_date_of(int64_t wall_ms)
{
    int64_t ms = wall_ms % 86400000;
    int64_t days = wall_ms / 86400000 - (ms < 0);
    unsigned in_day = (unsigned)(ms < 0 ? ms + 86400000 : ms);

    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t shifted = (5 * doy + 2) / 153;
    unsigned month = (unsigned)(shifted < 10 ? shifted + 3 : shifted - 9);
    return (struct evac_aws_date){
        .year = yoe + era * 400 + (month <= 2),
        .month = month,
        .day = (unsigned)(doy - (153 * shifted + 2) / 5 + 1),
        .hour = in_day / 3600000,
        .minute = in_day / 60000 % 60,
        .second = in_day / 1000 % 60,
        .ms = in_day % 1000,
    };
}

static bool digits(struct evac_str text, size_t at, size_t n, unsigned *ret)
{
    unsigned value = 0;
    if (at + n > text.n)
        return false;
    for (size_t i = at; i < at + n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
        value = value * 10 + (unsigned)(text.p[i] - '0');
    }
    *ret = value;
    return true;
}

/* Every character of pattern that is not a digit stands in text at the same place. */
static bool fits(struct evac_str text, const char *pattern)
{
    size_t n = strlen(pattern);
    if (text.n < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        bool digit = text.p[i] >= '0' && text.p[i] <= '9';
        if (pattern[i] == '0' ? !digit : pattern[i] != '?' && pattern[i] != text.p[i])
            return false;
    }
    return true;
}

static bool fields(struct evac_str text, const unsigned char at[6], struct evac_aws_date *ret)
{
    unsigned year = 0;
    struct evac_aws_date d = { 0 };
    if (!digits(text, at[0], 4, &year) || !digits(text, at[1], 2, &d.month) ||
        !digits(text, at[2], 2, &d.day) || !digits(text, at[3], 2, &d.hour) ||
        !digits(text, at[4], 2, &d.minute) || !digits(text, at[5], 2, &d.second))
        return false;
    d.year = year;
    *ret = d;
    return true;
}

bool evac_aws_time_basic(struct evac_str text, int64_t *ret_ms)
{
    static const unsigned char at[6] = { 0, 4, 6, 9, 11, 13 };
    struct evac_aws_date d;
    return text.n == 16 && fits(text, "00000000T000000Z") && fields(text, at, &d) &&
           evac_aws_date_ms(&d, ret_ms);
}

/* "Z", "+hh:mm", "-hhmm" or nothing: minutes east of UTC. */
static bool zone(struct evac_str text, int64_t *ret_minutes)
{
    unsigned hours = 0, minutes = 0;
    *ret_minutes = 0;
    if (text.n == 0 || evac_str_is(text, "Z"))
        return true;
    size_t colon = text.n == 6 && text.p[3] == ':' ? 1 : 0;
    if (text.n != 5 + colon || (text.p[0] != '+' && text.p[0] != '-'))
        return false;
    if (!digits(text, 1, 2, &hours) || !digits(text, 3 + colon, 2, &minutes))
        return false;
    *ret_minutes = (int64_t)hours * 60 + minutes;
    if (text.p[0] == '-')
        *ret_minutes = -*ret_minutes;
    return hours < 24 && minutes < 60;
}

bool evac_aws_time_iso(struct evac_str text, int64_t *ret_ms)
{
    static const unsigned char at[6] = { 0, 5, 8, 11, 14, 17 };
    struct evac_aws_date d;
    int64_t ms, east_minutes;
    if (!fits(text, "0000-00-00T00:00:00") || !fields(text, at, &d))
        return false;

    size_t i = 19;
    if (i < text.n && text.p[i] == '.') {
        unsigned scale = 100;
        for (i++; i < text.n && text.p[i] >= '0' && text.p[i] <= '9'; i++, scale /= 10)
            d.ms += (unsigned)(text.p[i] - '0') * scale;
    }
    struct evac_str rest = { text.p + i, text.n - i };
    if (!zone(rest, &east_minutes) || !evac_aws_date_ms(&d, &ms))
        return false;
    *ret_ms = ms - east_minutes * 60000;
    return true;
}

bool evac_aws_time_http(struct evac_str text, int64_t *ret_ms)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct evac_aws_date d = { 0 };
    unsigned year = 0;
    if (text.n != 29 || !fits(text, "???, 00 ??? 0000 00:00:00 GMT"))
        return false;
    for (unsigned m = 0; m < 12 && !d.month; m++)
        if (memcmp(text.p + 8, months + (size_t)m * 3, 3) == 0)
            d.month = m + 1;
    if (!digits(text, 5, 2, &d.day) || !digits(text, 12, 4, &year) ||
        !digits(text, 17, 2, &d.hour) || !digits(text, 20, 2, &d.minute) ||
        !digits(text, 23, 2, &d.second))
        return false;
    d.year = year;
    return evac_aws_date_ms(&d, ret_ms);
}

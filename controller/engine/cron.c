/* Cron's five fields, and civil time. Times have no zone here: the shell converts. */
#include "decision.h"

#include <string.h>

struct field {
    const char *name;
    unsigned lo, hi;
    const char *names; /* three letters each, from lo on; NULL none */
};

static const struct field fields[5] = {
    { "minute", 0, 59, NULL },
    { "hour", 0, 23, NULL },
    { "day of month", 1, 31, NULL },
    { "month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec" },
    { "day of week", 0, 7, "sunmontuewedthufrisat" },
};

static enum evac_code bad(struct evac_err *err, const struct field *f, const char *what)
{
    static const char head[] = "cron: ";
    if (!err)
        return EVAC_E_BADCONF;
    size_t n = sizeof head - 1, m = strlen(f->name);
    err->code = EVAC_E_BADCONF;
    memcpy(err->text, head, n);
    memcpy(err->text + n, f->name, m);
    (void)evac_str_copy(err->text + n + m, sizeof err->text - n - m, evac_str(what));
    return EVAC_E_BADCONF;
}

static bool by_name(const struct field *f, struct evac_str word, unsigned *ret)
{
    if (!f->names || word.n != 3)
        return false;
    for (unsigned i = 0; f->names[3 * i]; i++) {
        bool same = true;
        for (unsigned k = 0; k < 3; k++) {
            char c = word.p[k];
            same = same && (c >= 'A' && c <= 'Z' ? (char)(c + 32) : c) == f->names[3 * i + k];
        }
        if (same) {
            *ret = f->lo + i;
            return true;
        }
    }
    return false;
}

static bool number(const struct field *f, struct evac_str word, unsigned *ret)
{
    int64_t value;
    if (by_name(f, word, ret))
        return true;
    if (!evac_str_i64(word, &value) || value < (int64_t)f->lo || value > (int64_t)f->hi)
        return false;
    *ret = (unsigned)value;
    return true;
}

/* One part of a list: *, N, N-M, each with /STEP. */
static enum evac_code part(const struct field *f, struct evac_str text, uint64_t *bits,
                           struct evac_err *err)
{
    struct evac_str step_text, to_text;
    struct evac_str range = evac_str_cut(text, '/', &step_text);
    unsigned from = f->lo, to = f->hi;
    int64_t step = 1;
    bool has_step = range.n != text.n;
    if (has_step && (!evac_str_i64(step_text, &step) || step < 1 || step > 60))
        return bad(err, f, ": a step must be a number from 1 to 60");
    if (!evac_str_is(range, "*")) {
        struct evac_str from_text = evac_str_cut(range, '-', &to_text);
        if (!number(f, from_text, &from))
            return bad(err, f, ": not a value of this field");
        to = from_text.n == range.n ? (has_step ? f->hi : from) : 0;
        if (from_text.n != range.n && !number(f, to_text, &to))
            return bad(err, f, ": not a value of this field");
        if (to < from)
            return bad(err, f, ": a range must not go backwards");
    }
    for (unsigned v = from; v <= to; v += (unsigned)step)
        *bits |= (uint64_t)1 << v;
    return EVAC_OK;
}

static enum evac_code parse_field(const struct field *f, struct evac_str text, uint64_t *ret_bits,
                                  struct evac_err *err)
{
    *ret_bits = 0;
    if (text.n == 0)
        return bad(err, f, ": missing (five fields: minute, hour, day, month, weekday)");
    while (text.n) {
        struct evac_str rest, one = evac_str_cut(text, ',', &rest);
        bool comma = one.n != text.n;
        enum evac_code code = part(f, one, ret_bits, err);
        if (code)
            return code;
        if (comma && rest.n == 0)
            return bad(err, f, ": ends with a comma");
        text = rest;
    }
    return EVAC_OK;
}

static struct evac_str next_word(struct evac_str *text)
{
    *text = evac_str_trim(*text);
    size_t n = 0;
    while (n < text->n && text->p[n] != ' ' && text->p[n] != '\t')
        n++;
    struct evac_str word = { text->p, n };
    *text = (struct evac_str){ text->p + n, text->n - n };
    return word;
}

enum evac_code evac_cron_parse(struct evac_str text, struct evac_cron *ret_cron,
                               struct evac_err *err)
{
    uint64_t bits[5];
    struct evac_str words[5];
    for (size_t i = 0; i < 5; i++) {
        words[i] = next_word(&text);
        enum evac_code code = parse_field(&fields[i], words[i], &bits[i], err);
        if (code)
            return code;
    }
    if (evac_str_trim(text).n)
        return bad(err, &fields[4], ": something follows it; there are five fields");
    if (bits[4] & (1u << 7)) /* 7 is Sunday too */
        bits[4] |= 1;
    *ret_cron = (struct evac_cron){ .minutes = bits[0],
                                    .hours = (uint32_t)bits[1],
                                    .days = (uint32_t)bits[2],
                                    .months = (uint16_t)bits[3],
                                    .weekdays = (uint8_t)(bits[4] & 0x7f),
                                    .any_day = words[2].p[0] == '*',
                                    .any_weekday = words[4].p[0] == '*' };
    return EVAC_OK;
}

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

/* Both day fields restricted means either, as in Vixie cron. */
static bool day_matches(const struct evac_cron *c, const struct evac_civil *date, int64_t days)
{
    bool day = (c->days >> date->day) & 1u,
         weekday = (c->weekdays >> evac_civil_weekday(days)) & 1u;
    if (!((c->months >> date->month) & 1u))
        return false;
    if (c->any_day || c->any_weekday)
        return day && weekday;
    return day || weekday;
}

static bool minute_of_day(const struct evac_cron *c, unsigned from, struct evac_civil *ret)
{
    for (unsigned m = from; m < 1440; m++)
        if (((c->hours >> (m / 60)) & 1u) && ((c->minutes >> (m % 60)) & 1u)) {
            ret->hour = (uint8_t)(m / 60);
            ret->minute = (uint8_t)(m % 60);
            return true;
        }
    return false;
}

#define TEN_YEARS_DAYS 3653

bool evac_cron_next(const struct evac_cron *cron, struct evac_civil from,
                    struct evac_civil *ret_next)
{
    int64_t first = evac_civil_days(from.year, from.month, from.day);
    unsigned minute = from.hour * 60u + from.minute + 1u;
    for (int64_t d = first; d <= first + TEN_YEARS_DAYS; d++, minute = 0) {
        struct evac_civil date = { 0 };
        evac_civil_from_days(d, &date);
        if (day_matches(cron, &date, d) && minute_of_day(cron, minute, &date)) {
            *ret_next = date;
            return true;
        }
    }
    return false;
}

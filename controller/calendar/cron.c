#include "cron_internal.h"

#include <string.h>

struct field {
    const char *name;
    unsigned lo, hi;
    const char *names; /* three letters each, from lo on; NULL none */
    const char *allowed;
};

static const struct field fields[5] = {
    { "minute", 0, 59, NULL, "0 to 59" },
    { "hour", 0, 23, NULL, "0 to 23" },
    { "day of month", 1, 31, NULL, "1 to 31" },
    { "month", 1, 12, CRON_MONTHS, "1 to 12 or jan to dec" },
    { "day of week", 0, 7, CRON_WEEKDAYS, "0 to 7 or sun to sat (0 and 7 are Sunday)" },
};
#define DAY     (&fields[2])
#define WEEKDAY (&fields[4])

#define FORMS ", *, lists (1,2), ranges (1-5), steps (*/15)"

/* "cron: hour: found '24'; allowed: 0 to 23, ..." */
static enum evac_code bad(struct evac_err *err, const struct field *f, struct evac_str found,
                          const char *allowed, const char *more)
{
    int n = (int)(found.n < 60 ? found.n : 60);
    if (found.n == 0)
        return evac_fail(err, EVAC_E_BADCONF, "cron: %s: nothing found; allowed: %s%s", f->name,
                         allowed, more);
    return evac_fail(err, EVAC_E_BADCONF, "cron: %s: found '%.*s'; allowed: %s%s", f->name, n,
                     found.p, allowed, more);
}

static enum evac_code not_a_value(struct evac_err *err, const struct field *f,
                                  struct evac_str found)
{
    return bad(err, f, found, f->allowed,
               f == WEEKDAY ? FORMS ", mon#1 (the first), monL (the last)"
               : f == DAY   ? FORMS ", L (the last)"
                            : FORMS);
}

bool cron_three_letters(const char *names, struct evac_str word, unsigned *ret_index)
{
    if (!names || word.n != 3)
        return false;
    for (unsigned i = 0; names[3 * i]; i++) {
        bool same = true;
        for (unsigned k = 0; k < 3; k++) {
            char c = word.p[k];
            same = same && (c >= 'A' && c <= 'Z' ? (char)(c + 32) : c) == names[3 * i + k];
        }
        if (same) {
            *ret_index = i;
            return true;
        }
    }
    return false;
}

static bool number(const struct field *f, struct evac_str word, unsigned *ret)
{
    int64_t value;
    unsigned index;
    if (cron_three_letters(f->names, word, &index)) {
        *ret = f->lo + index;
        return true;
    }
    if (!evac_str_i64(word, &value) || value < (int64_t)f->lo || value > (int64_t)f->hi)
        return false;
    *ret = (unsigned)value;
    return true;
}

struct range {
    unsigned from, to;
};

/* Of what is open to the right: a week that began before it has its Sunday behind it. */
static unsigned last_of(const struct field *f, unsigned from)
{
    return f == WEEKDAY && from < 7 ? 6 : f->hi;
}

/* *, N or N-M. N with a step means from N on. */
static enum evac_code parse_range(const struct field *f, struct evac_str text, bool has_step,
                                  struct range *ret, struct evac_err *err)
{
    struct evac_str to_text, from_text = evac_str_cut(text, '-', &to_text);
    *ret = (struct range){ f->lo, last_of(f, f->lo) };
    if (evac_str_is(text, "*"))
        return EVAC_OK;
    if (!number(f, from_text, &ret->from))
        return not_a_value(err, f, text);
    if (from_text.n == text.n) {
        ret->to = has_step ? last_of(f, ret->from) : ret->from;
        return EVAC_OK;
    }
    if (!number(f, to_text, &ret->to))
        return not_a_value(err, f, text);
    if (f == WEEKDAY && ret->to == 0 && ret->from > 0) /* fri-sun */
        ret->to = 7;
    if (ret->to < ret->from)
        return bad(err, f, text, "a range that goes forwards", "");
    return EVAC_OK;
}

/* One part of a list: a range, perhaps with /STEP. */
static enum evac_code parse_part(const struct field *f, struct evac_str text, uint64_t *bits,
                                 struct evac_err *err)
{
    struct evac_str step_text, range_text = evac_str_cut(text, '/', &step_text);
    struct range range;
    bool has_step = range_text.n != text.n;
    int64_t step = 1;
    if (has_step && (!evac_str_i64(step_text, &step) || step < 1 || step > 60))
        return bad(err, f, text, "a step from 1 to 60", "");
    enum evac_code code = parse_range(f, range_text, has_step, &range, err);
    for (unsigned v = range.from; !code && v <= range.to; v += (unsigned)step)
        *bits |= (uint64_t)1 << v;
    return code;
}

#define EVERY_ONE 0x3fu

/* "mon#1", "friL": one of a month's. False: it is none of these. */
static bool parse_nth(struct evac_str text, struct evac_cron *cron)
{
    struct evac_str nth_text, day_text = evac_str_cut(text, '#', &nth_text);
    int64_t nth = 0;
    unsigned day;
    if (day_text.n == text.n) {
        if (text.n < 2 || text.p[text.n - 1] != 'L')
            return false;
        day_text = (struct evac_str){ text.p, text.n - 1 };
    } else if (!evac_str_i64(nth_text, &nth) || nth < 1 || nth > 5) {
        return false;
    }
    if (!number(WEEKDAY, day_text, &day))
        return false;
    cron->weekdays |= (uint8_t)(1u << day % 7);
    cron->nth[day % 7] |= (uint8_t)(1u << nth);
    return true;
}

/* What only one of the fields may hold. */
static bool parse_special(const struct field *f, struct evac_str text, struct evac_cron *cron)
{
    if (f == DAY && evac_str_is(text, "L")) {
        cron->days |= 1;
        return true;
    }
    return f == WEEKDAY && parse_nth(text, cron);
}

static enum evac_code parse_field(const struct field *f, struct evac_str text, uint64_t *ret_bits,
                                  struct evac_cron *cron, struct evac_err *err)
{
    struct evac_str rest = text, part;
    bool more;
    *ret_bits = 0;
    do {
        struct evac_str before = rest;
        part = evac_str_cut(before, ',', &rest);
        more = part.n != before.n;
        enum evac_code code = EVAC_OK;
        if (part.n == 0)
            code = not_a_value(err, f, text);
        else if (!parse_special(f, part, cron))
            code = parse_part(f, part, ret_bits, err);
        if (code)
            return code;
    } while (more);
    return EVAC_OK;
}

struct evac_str cron_next_word(struct evac_str *text)
{
    *text = evac_str_trim(*text);
    size_t n = 0;
    while (n < text->n && text->p[n] != ' ' && text->p[n] != '\t')
        n++;
    struct evac_str word = { text->p, n };
    *text = (struct evac_str){ text->p + n, text->n - n };
    return word;
}

static void take_weekdays(struct evac_cron *cron, uint64_t bits)
{
    for (unsigned day = 0; day <= 7; day++) /* 7 is Sunday too */
        if (bits & (1u << day)) {
            cron->weekdays |= (uint8_t)(1u << day % 7);
            cron->nth[day % 7] = EVERY_ONE;
        }
}

enum evac_code evac_cron_parse(struct evac_str text, struct evac_cron *ret_cron,
                               struct evac_err *err)
{
    uint64_t bits[5];
    struct evac_str words[5];
    struct evac_cron cron = { 0 };
    for (size_t i = 0; i < 5; i++) {
        words[i] = cron_next_word(&text);
        enum evac_code code = parse_field(&fields[i], words[i], &bits[i], &cron, err);
        if (code)
            return code;
    }
    if (evac_str_trim(text).n)
        return bad(err, WEEKDAY, evac_str_trim(text), "nothing after the fifth field", "");
    cron.minutes = bits[0];
    cron.hours = (uint32_t)bits[1];
    cron.days |= (uint32_t)bits[2];
    cron.months = (uint16_t)bits[3];
    take_weekdays(&cron, bits[4]);
    cron.any_day = words[2].p[0] == '*';
    cron.any_weekday = words[4].p[0] == '*';
    *ret_cron = cron;
    return EVAC_OK;
}

static bool day_of_month_matches(const struct evac_cron *c, const struct evac_civil *date,
                                 uint8_t month_days)
{
    return ((c->days >> date->day) & 1u) || ((c->days & 1u) && date->day == month_days);
}

static bool weekday_matches(const struct evac_cron *c, const struct evac_civil *date, int64_t days,
                            uint8_t month_days)
{
    uint8_t weekday = evac_civil_weekday(days);
    unsigned nth = c->nth[weekday];
    if (!((c->weekdays >> weekday) & 1u))
        return false;
    return ((nth >> ((date->day - 1) / 7 + 1)) & 1u) || ((nth & 1u) && date->day + 7 > month_days);
}

/* Both day fields restricted means either, as in Vixie cron. */
static bool day_matches(const struct evac_cron *c, const struct evac_civil *date, int64_t days)
{
    if (!((c->months >> date->month) & 1u))
        return false;
    uint8_t month_days = evac_civil_month_days(date->year, date->month);
    bool day = day_of_month_matches(c, date, month_days);
    bool weekday = weekday_matches(c, date, days, month_days);
    return c->any_day || c->any_weekday ? day && weekday : day || weekday;
}

/* The first minute of the day that matches, seen from `from` in that direction. */
static bool minute_of_day(const struct evac_cron *c, int from, int direction,
                          struct evac_civil *ret)
{
    for (int m = from; m >= 0 && m < 1440; m += direction)
        if (((c->hours >> (m / 60)) & 1u) && ((c->minutes >> (m % 60)) & 1u)) {
            ret->hour = (uint8_t)(m / 60);
            ret->minute = (uint8_t)(m % 60);
            return true;
        }
    return false;
}

#define TEN_YEARS_DAYS 3653

static bool search(const struct evac_cron *cron, int64_t first_minute, int direction,
                   struct evac_civil *ret)
{
    struct evac_civil from = evac_civil_from_minutes(first_minute);
    int64_t day = evac_civil_days(from.year, from.month, from.day);
    int minute = from.hour * 60 + from.minute;
    for (int i = 0; i <= TEN_YEARS_DAYS; i++, day += direction) {
        struct evac_civil date = { 0 };
        evac_civil_from_days(day, &date);
        if (day_matches(cron, &date, day) && minute_of_day(cron, minute, direction, &date)) {
            *ret = date;
            return true;
        }
        minute = direction > 0 ? 0 : 1439;
    }
    return false;
}

bool evac_cron_next(const struct evac_cron *cron, struct evac_civil from,
                    struct evac_civil *ret_next)
{
    return search(cron, evac_civil_minutes(&from) + 1, 1, ret_next);
}

bool evac_cron_last(const struct evac_cron *cron, struct evac_civil from,
                    struct evac_civil *ret_last)
{
    return search(cron, evac_civil_minutes(&from), -1, ret_last);
}

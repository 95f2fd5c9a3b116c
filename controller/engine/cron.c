/* Cron's five fields, and civil time. Times have no zone here: the shell converts. */
#include "decision.h"

#include "text.h"

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
    { "month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec", "1 to 12 or jan to dec" },
    { "day of week", 0, 7, "sunmontuewedthufrisat", "0 to 7 or sun to sat (0 and 7 are Sunday)" },
};
#define WEEKDAY (&fields[4])

#define FORMS ", *, lists (1,2), ranges (1-5), steps (*/15)"

/* "cron: hour: found '24'; allowed: 0 to 23, ..." */
static enum evac_code bad(struct evac_err *err, const struct field *f, struct evac_str found,
                          const char *allowed, const char *more)
{
    struct evac_text out;
    if (!err)
        return EVAC_E_BADCONF;
    err->code = EVAC_E_BADCONF;
    evac_text_init(&out, err->text, sizeof err->text);
    evac_text_puts(&out, "cron: ");
    evac_text_puts(&out, f->name);
    evac_text_puts(&out, found.n ? ": found '" : ": nothing found");
    evac_text_put(&out, (struct evac_str){ found.p, found.n < 60 ? found.n : 60 });
    evac_text_puts(&out, found.n ? "'; allowed: " : "; allowed: ");
    evac_text_puts(&out, allowed);
    evac_text_puts(&out, more);
    return EVAC_E_BADCONF;
}

static enum evac_code not_a_value(struct evac_err *err, const struct field *f,
                                  struct evac_str found)
{
    return bad(err, f, found, f->allowed, FORMS);
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

static enum evac_code parse_field(const struct field *f, struct evac_str text, uint64_t *ret_bits,
                                  struct evac_err *err)
{
    struct evac_str rest = text, part;
    bool more;
    *ret_bits = 0;
    do {
        struct evac_str before = rest;
        part = evac_str_cut(before, ',', &rest);
        more = part.n != before.n;
        enum evac_code code =
            part.n ? parse_part(f, part, ret_bits, err) : not_a_value(err, f, text);
        if (code)
            return code;
    } while (more);
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
        return bad(err, WEEKDAY, evac_str_trim(text), "nothing after the fifth field", "");
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

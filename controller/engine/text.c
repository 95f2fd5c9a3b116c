#include "text.h"

#include <string.h>

void evac_text_init(struct evac_text *text, char *p, size_t cap)
{
    *text = (struct evac_text){ p, 0, cap };
    p[0] = '\0';
}

void evac_text_put(struct evac_text *text, struct evac_str s)
{
    size_t room = text->cap - 1 - text->n;
    size_t n = s.n < room ? s.n : room;
    if (n)
        memcpy(text->p + text->n, s.p, n);
    text->n += n;
    text->p[text->n] = '\0';
}

void evac_text_puts(struct evac_text *text, const char *c_string)
{
    evac_text_put(text, evac_str(c_string));
}

void evac_text_u64(struct evac_text *text, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    evac_text_put(text, (struct evac_str){ digits + at, sizeof digits - at });
}

void evac_text_i64(struct evac_text *text, int64_t value)
{
    if (value < 0)
        evac_text_puts(text, "-");
    evac_text_u64(text, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

static void two_digits(struct evac_text *text, uint64_t value)
{
    if (value < 10)
        evac_text_puts(text, "0");
    evac_text_u64(text, value);
}

void evac_text_duration(struct evac_text *text, uint64_t ms)
{
    static const struct {
        uint64_t big, small;
        const char *big_unit, *small_unit;
    } spans[] = {
        { 86400, 3600, "d", "h" },
        { 3600, 60, "h", "m" },
        { 60, 1, "m", "s" },
    };
    if (ms < 1000) {
        evac_text_u64(text, ms);
        evac_text_puts(text, " ms");
        return;
    }
    uint64_t seconds = ms / 1000;
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        if (seconds < spans[i].big)
            continue;
        evac_text_u64(text, seconds / spans[i].big);
        evac_text_puts(text, spans[i].big_unit);
        two_digits(text, seconds % spans[i].big / spans[i].small);
        evac_text_puts(text, spans[i].small_unit);
        return;
    }
    evac_text_u64(text, seconds);
    evac_text_puts(text, ".");
    evac_text_u64(text, ms % 1000 / 100);
    evac_text_puts(text, " s");
}

struct evac_str evac_text_str(const struct evac_text *text)
{
    return (struct evac_str){ text->p, text->n };
}

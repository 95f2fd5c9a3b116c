#include "format.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define PAD_MAX 64 /* a wider number is vsnprintf()'s */

struct text {
    char *out;
    size_t room, n; /* n counts what has no room, too */
};

/* One conversion's flags and length; a va_list is an array on some machines, hence in a struct. */
struct spec {
    unsigned width;
    bool zeros, text_bytes; /* text_bytes: ".*" */
    unsigned longs;         /* 0 int, 1 long, 2 long long */
    bool size;
    char kind;
};

struct args {
    va_list ap;
};

static void put(struct text *t, const char *p, size_t n)
{
    if (t->n < t->room) {
        size_t fits = t->room - t->n < n ? t->room - t->n : n;
        memcpy(t->out + t->n, p, fits);
    }
    t->n += n;
}

/* False: a conversion that is left to vsnprintf(). */
static bool read_spec(const char **at, struct spec *s)
{
    const char *p = *at;
    *s = (struct spec){ 0 };
    if (*p == '0') {
        s->zeros = true;
        for (p++; *p >= '0' && *p <= '9' && s->width < PAD_MAX; p++)
            s->width = 10 * s->width + (unsigned)(*p - '0');
    }
    if (p[0] == '.' && p[1] == '*') {
        s->text_bytes = true;
        p += 2;
    }
    for (; *p == 'l' && s->longs < 2; p++)
        s->longs++;
    if (*p == 'z' && s->longs == 0) {
        s->size = true;
        p++;
    }
    s->kind = *p++;
    *at = p;
    bool plain = !s->zeros && s->longs == 0 && !s->size;
    switch (s->kind) {
    case 's':
        return plain;
    case 'c':
        return plain && !s->text_bytes;
    case 'd':
    case 'i':
    case 'u':
    case 'x':
    case 'X':
        return !s->text_bytes && s->width < PAD_MAX;
    default:
        return false;
    }
}

static void put_number(struct text *t, const struct spec *s, uint64_t value, bool negative)
{
    const char *digits = s->kind == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    bool hex = s->kind == 'x' || s->kind == 'X';
    char made[PAD_MAX + 24];
    size_t at = sizeof made, width = s->width > negative ? s->width - negative : 0;
    do {
        made[--at] = hex ? digits[value & 15] : (char)('0' + value % 10);
        value = hex ? value >> 4 : value / 10;
    } while (value);
    while (sizeof made - at < width)
        made[--at] = '0';
    if (negative)
        made[--at] = '-';
    put(t, made + at, sizeof made - at);
}

static void put_signed(struct text *t, const struct spec *s, struct args *args)
{
    int64_t value = s->size         ? va_arg(args->ap, ptrdiff_t)
                    : s->longs == 2 ? va_arg(args->ap, long long)
                    : s->longs == 1 ? va_arg(args->ap, long)
                                    : va_arg(args->ap, int);
    put_number(t, s, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, value < 0);
}

static void put_unsigned(struct text *t, const struct spec *s, struct args *args)
{
    uint64_t value = s->size         ? va_arg(args->ap, size_t)
                     : s->longs == 2 ? va_arg(args->ap, unsigned long long)
                     : s->longs == 1 ? va_arg(args->ap, unsigned long)
                                     : va_arg(args->ap, unsigned);
    put_number(t, s, value, false);
}

static bool put_text(struct text *t, const struct spec *s, struct args *args)
{
    int most = s->text_bytes ? va_arg(args->ap, int) : -1;
    const char *p = va_arg(args->ap, const char *);
    if (!p && most != 0)
        return false; /* a word of the library's */
    if (p)
        put(t, p, most < 0 ? strlen(p) : strnlen(p, (size_t)most));
    return true;
}

static bool put_one(struct text *t, const struct spec *s, struct args *args)
{
    char c;
    switch (s->kind) {
    case 's':
        return put_text(t, s, args);
    case 'c':
        c = (char)va_arg(args->ap, int);
        put(t, &c, 1);
        return true;
    case 'd':
    case 'i':
        put_signed(t, s, args);
        return true;
    default:
        put_unsigned(t, s, args);
        return true;
    }
}

/* Up to the next conversion: a few bytes, for which any function takes longer to begin. */
static const char *put_plain(struct text *t, const char *fmt)
{
    char *out = t->out;
    size_t n = t->n;
    for (; *fmt && *fmt != '%'; fmt++, n++)
        if (n < t->room)
            out[n] = *fmt;
    t->n = n;
    return fmt;
}

/* "%s" and "%.*s", nearly all that there are, are told at a glance. 0: another one. */
static size_t text_spec(const char *fmt, struct spec *ret_spec)
{
    if (fmt[0] == 's') {
        *ret_spec = (struct spec){ .kind = 's' };
        return 1;
    }
    if (fmt[0] == '.' && fmt[1] == '*' && fmt[2] == 's') {
        *ret_spec = (struct spec){ .kind = 's', .text_bytes = true };
        return 3;
    }
    return 0;
}

static bool put_conversion(struct text *t, const char **fmt, struct args *args)
{
    struct spec spec;
    size_t n = text_spec(*fmt, &spec);
    if (n) {
        *fmt += n;
        return put_text(t, &spec, args);
    }
    if (**fmt == '%') {
        put(t, (*fmt)++, 1);
        return true;
    }
    return read_spec(fmt, &spec) && put_one(t, &spec, args);
}

static bool put_all(struct text *t, const char *fmt, struct args *args)
{
    for (fmt = put_plain(t, fmt); *fmt; fmt = put_plain(t, fmt)) {
        fmt++;
        if (!put_conversion(t, &fmt, args))
            return false;
    }
    return true;
}

char *evac_digits(char *to, uint64_t number, unsigned digits)
{
    for (unsigned i = digits; i > 0; i--, number /= 10)
        to[i - 1] = (char)('0' + number % 10);
    return to + digits;
}

int evac_vformat(char *out, size_t room, const char *fmt, va_list ap)
{
    struct text text = { out, room, 0 };
    struct args args;
    va_copy(args.ap, ap);
    bool simple = put_all(&text, fmt, &args);
    va_end(args.ap);
    if (!simple || text.n > INT_MAX)
        return vsnprintf(out, room, fmt, ap);
    if (room)
        out[text.n < room ? text.n : room - 1] = '\0';
    return (int)text.n;
}

int evac_format(char *out, size_t room, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = evac_vformat(out, room, fmt, ap);
    va_end(ap);
    return n;
}

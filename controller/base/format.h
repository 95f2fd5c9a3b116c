/*
 * Text by a printf format: what vsnprintf() answers, for the same arguments, several times as fast
 * where the format has only what most of ours have (%s %.*s %d %i %u %c %x %X with a width padded
 * by zeros, and the lengths hh to ll and z). Every other format is vsnprintf()'s own.
 */
#ifndef EVAC_FORMAT_H
#define EVAC_FORMAT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* As vsnprintf(): how many bytes it takes without the zero, and of them what has room. */
int evac_vformat(char *out, size_t room, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));
/* The last so many digits of a number, with zeros before it, and no zero byte behind: "%02u" for
 * what is written thousands of times a second, such as the parts of a date. Returns their end. */
char *evac_digits(char *to, uint64_t number, unsigned digits);
/* As snprintf(). */
int evac_format(char *out, size_t room, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
#endif

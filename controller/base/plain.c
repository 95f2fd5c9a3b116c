#include "plain.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define EACH(byte) (UINT64_MAX / 255 * (byte))

static bool is_plain(unsigned char c)
{
    return (unsigned)c - 0x20u < 0x5fu && c != '"' && c != '\\';
}

/* A high bit where a byte is below `least`, which is at most 0x80, or is above 0x7f itself. The
 * bytes above the first one found may show falsely: only whether there is any counts. */
static uint64_t below(uint64_t bytes, uint64_t least)
{
    return (bytes - EACH(least)) | bytes;
}

static bool all_plain(uint64_t bytes)
{
    uint64_t found = below(bytes, 0x20) | below(bytes ^ EACH('"'), 1) |
                     below(bytes ^ EACH('\\'), 1) | below(bytes ^ EACH(0x7f), 1);
    return (found & EACH(0x80)) == 0;
}

static uint64_t eight(const char *p)
{
    uint64_t bytes;
    memcpy(&bytes, p, sizeof bytes);
    return bytes;
}

size_t evac_plain_bytes(const char *p, size_t n)
{
    size_t i = 0;
    while (i + 8 <= n && all_plain(eight(p + i)))
        i += 8;
    if (n >= 8 && i + 8 > n && all_plain(eight(p + n - 8)))
        return n; /* some of these were looked at before: it costs no more */
    while (i < n && is_plain((unsigned char)p[i]))
        i++;
    return i;
}

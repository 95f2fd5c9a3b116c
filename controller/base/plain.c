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

size_t evac_plain_bytes(const char *p, size_t n)
{
    size_t i = 0;
    for (uint64_t bytes; i + sizeof bytes <= n; i += sizeof bytes) {
        memcpy(&bytes, p + i, sizeof bytes);
        if (!all_plain(bytes))
            break;
    }
    while (i < n && is_plain((unsigned char)p[i]))
        i++;
    return i;
}

#include "format.h"
#include "hash.h"
#include "shell.h"

#include <stdio.h>

void evac_attempt_token(uint64_t run, struct evac_str step, uint32_t attempt, uint64_t epoch,
                        char ret_token[26])
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
    unsigned char digest[EVAC_SHA256_BYTES];
    char head[96];
    unsigned bits = 0;
    size_t at = 0;

    int n = evac_format(head, sizeof head, "%llu/%lu/%llu/", (unsigned long long)run,
                        (unsigned long)attempt, (unsigned long long)epoch);
    const struct evac_str parts[] = { { head, (size_t)n }, step };
    evac_sha256_parts(parts, 2, digest);

    for (unsigned i = 0; i < 25; i++) {
        unsigned value = 0;
        for (unsigned k = 0; k < 5; k++, bits++)
            value = value << 1 | (((unsigned)digest[bits / 8] >> (7 - bits % 8)) & 1u);
        ret_token[at++] = alphabet[value];
    }
    ret_token[at] = '\0';
}

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

    int n = evac_format(head, sizeof head, "%llu/%lu/%llu/", (unsigned long long)run,
                        (unsigned long)attempt, (unsigned long long)epoch);
    const struct evac_str parts[] = { { head, (size_t)n }, step };
    evac_sha256_parts(parts, 2, digest);

    for (unsigned i = 0, bit = 0; i < 25; i++, bit += 5) {
        unsigned two = (unsigned)digest[bit / 8] << 8 | digest[bit / 8 + 1];
        ret_token[i] = alphabet[two >> (11 - bit % 8) & 31];
    }
    ret_token[25] = '\0';
}

#include "shell.h"

#include <openssl/evp.h>
#include <stdio.h>

void evac_attempt_token(uint64_t run, struct evac_str step, uint32_t attempt, uint64_t epoch,
                        char ret_token[26])
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
    unsigned char digest[EVP_MAX_MD_SIZE] = { 0 };
    char head[96];
    unsigned bits = 0;
    size_t at = 0;

    int n = snprintf(head, sizeof head, "%llu/%lu/%llu/", (unsigned long long)run,
                     (unsigned long)attempt, (unsigned long long)epoch);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!ctx || !EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) ||
        !EVP_DigestUpdate(ctx, head, (size_t)n) || !EVP_DigestUpdate(ctx, step.p, step.n) ||
        !EVP_DigestFinal_ex(ctx, digest, NULL))
        __builtin_trap(); /* without SHA-256 nothing of ours can be trusted */
    EVP_MD_CTX_free(ctx);

    for (unsigned i = 0; i < 25; i++) {
        unsigned value = 0;
        for (unsigned k = 0; k < 5; k++, bits++)
            value = value << 1 | (((unsigned)digest[bits / 8] >> (7 - bits % 8)) & 1u);
        ret_token[at++] = alphabet[value];
    }
    ret_token[at] = '\0';
}

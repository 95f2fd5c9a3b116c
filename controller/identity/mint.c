/* Randomness to texts that people can copy: letters and digits, so that a double click takes all.
 */
#include "draw.h"
#include "passes.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
#define LETTERS (sizeof alphabet - 1)

#define X(name, text, prefix) prefix,
static const char *const prefixes[] = { EVAC_PASS_KINDS(X) };
#undef X

/* Each letter as likely as the others: bytes above the last whole multiple are drawn again. */
static void put_letters(char *out, size_t n)
{
    uint8_t bytes[64];
    for (size_t have = 0; have < n;) {
        evac_draw(bytes, sizeof bytes);
        for (size_t i = 0; i < sizeof bytes && have < n; i++)
            if (bytes[i] < 256 / LETTERS * LETTERS)
                out[have++] = alphabet[bytes[i] % LETTERS];
    }
    OPENSSL_cleanse(bytes, sizeof bytes);
}

void evac_pass_mint(enum evac_pass_kind kind, struct evac_minted *ret)
{
    char text[16 + EVAC_PASS_ID + 1 + EVAC_PASS_BITS];
    size_t prefix = strlen(prefixes[kind]), n = prefix;
    memset(ret, 0, sizeof *ret);
    put_letters(ret->id, EVAC_PASS_ID);
    memcpy(text, prefixes[kind], prefix);
    memcpy(text + n, ret->id, EVAC_PASS_ID);
    n += EVAC_PASS_ID;
    text[n++] = '_';
    put_letters(text + n, EVAC_PASS_BITS);
    n += EVAC_PASS_BITS;
    ret->text = evac_secret_new((struct evac_str){ text, n });
    if (!EVP_Digest(text, n, ret->digest, NULL, EVP_sha256(), NULL))
        abort();
    OPENSSL_cleanse(text, sizeof text);
}

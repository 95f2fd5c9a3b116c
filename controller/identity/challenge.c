#include "challenge.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS      5u
#define GROUP_DATA  4u
#define GROUP_CHARS (GROUP_DATA + 1)
#define DATA        (GROUPS * GROUP_DATA)
#define RESPONSE    8u
#define RESPONSE_AT 30u /* the constant of the answer's check, which no group of a code has */
#define NOTHING     0xFFu

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static const char *const words[] = {
    "zero",  "one",    "two",     "three",  "four",    "five",     "six",    "seven",
    "eight", "nine",   "alfa",    "bravo",  "charlie", "delta",    "echo",   "foxtrot",
    "golf",  "hotel",  "juliett", "kilo",   "mike",    "november", "papa",   "quebec",
    "romeo", "sierra", "tango",   "victor", "whiskey", "x-ray",    "yankee", "zulu",
};

static uint8_t value_of(char c)
{
    const char *at;
    if (c >= 'a' && c <= 'z')
        c = (char)(c - 'a' + 'A');
    if (c == 'O')
        c = '0';
    if (c == 'I' || c == 'L')
        c = '1';
    at = c ? strchr(alphabet, c) : NULL;
    return at ? (uint8_t)(at - alphabet) : NOTHING;
}

const char *evac_spoken(char c)
{
    uint8_t value = value_of(c);
    return value == NOTHING ? "" : words[value];
}

/* --- checks
 * ----------------------------------------------------------------------------------- */

/* Times x in GF(32), by x^5 + x^2 + 1, whose powers of x are all its 31 elements but zero. */
static uint8_t times_x(uint8_t a)
{
    return (uint8_t)((a << 1 ^ (a & 16 ? 0x25 : 0)) & 31);
}

/* Place i weighs x^(i+1), the check itself 1: all differ, so that no wrong character and no two
 * that changed places leave the sum as it was. The constant differs by group. */
static uint8_t check_of(const uint8_t *data, size_t n, unsigned group)
{
    uint8_t sum = (uint8_t)(group + 1);
    for (size_t i = 0; i < n; i++) {
        uint8_t part = data[i];
        for (size_t k = 0; k <= i; k++)
            part = times_x(part);
        sum ^= part;
    }
    return sum;
}

/* The characters of text that are no blanks and dashes; *ret_count may be beyond max. False: one is
 * not of the alphabet. */
static bool take(struct evac_str text, uint8_t *values, size_t max, size_t *ret_count,
                 char *ret_odd)
{
    *ret_count = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == ' ' || text.p[i] == '-' || text.p[i] == '\t')
            continue;
        uint8_t value = value_of(text.p[i]);
        *ret_odd = text.p[i];
        if (value == NOTHING)
            return false;
        if (*ret_count < max)
            values[*ret_count] = value;
        ++*ret_count;
    }
    return true;
}

static enum evac_code take_all(struct evac_str text, const char *what, uint8_t *values, size_t n,
                               struct evac_err *err)
{
    char odd = 0;
    size_t count;
    if (!take(text, values, n, &count, &odd))
        return evac_fail(err, EVAC_E_BADARG,
                         "%s: '%c' is no character of it; allowed: digits and letters but U", what,
                         odd > ' ' && odd <= '~' ? odd : '?');
    if (count != n)
        return evac_fail(err, EVAC_E_BADARG, "%s has %zu characters; it must have %zu", what, count,
                         n);
    return EVAC_OK;
}

/* --- digests
 * ---------------------------------------------------------------------------------- */

/* Each part with its length before it: no two lists of parts are one text. */
static void add(EVP_MD_CTX *hash, struct evac_str part)
{
    uint8_t size[4];
    for (unsigned i = 0; i < sizeof size; i++)
        size[i] = (uint8_t)((uint64_t)part.n >> (8 * i));
    if (!EVP_DigestUpdate(hash, size, sizeof size) ||
        (part.n && !EVP_DigestUpdate(hash, part.p, part.n)))
        abort();
}

static void digest(const struct evac_str *parts, size_t count, uint8_t ret[32])
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    if (!hash || !EVP_DigestInit_ex(hash, EVP_sha256(), NULL))
        abort(); /* without SHA-256 nothing of ours can be trusted */
    for (size_t i = 0; i < count; i++)
        add(hash, parts[i]);
    if (!EVP_DigestFinal_ex(hash, ret, NULL))
        abort();
    EVP_MD_CTX_free(hash);
}

uint64_t evac_challenge_nonce(const uint8_t seed[EVAC_CHALLENGE_SEED],
                              const struct evac_challenge_context *c)
{
    const struct evac_str parts[] = { EVAC_STR("evac challenge context 1"),
                                      { (const char *)seed, EVAC_CHALLENGE_SEED },
                                      c->node,
                                      c->plan_hash,
                                      c->place,
                                      c->workflow,
                                      c->approver };
    uint8_t hash[32];
    uint64_t nonce = 0;
    digest(parts, sizeof parts / sizeof parts[0], hash);
    for (unsigned i = 0; i < 5; i++)
        nonce = nonce << 8 | hash[i];
    return nonce;
}

uint32_t evac_challenge_digest(const struct evac_challenge_facts *f)
{
    const struct evac_str parts[] = { EVAC_STR("evac challenge facts 1"), f->app, f->from, f->to,
                                      f->mode };
    uint8_t hash[32];
    digest(parts, sizeof parts / sizeof parts[0], hash);
    return (uint32_t)hash[0] << 12 | (uint32_t)hash[1] << 4 | hash[2] >> 4;
}

void evac_challenge_id(uint64_t nonce, char ret_id[EVAC_CHALLENGE_ID])
{
    for (unsigned i = 0; i < EVAC_CHALLENGE_ID - 1; i++)
        ret_id[i] = alphabet[nonce >> (35 - 5 * i) & 31];
    ret_id[EVAC_CHALLENGE_ID - 1] = '\0';
}

/* --- losses
 * ----------------------------------------------------------------------------------- */

#define LOSS_MORE    30u
#define LOSS_UNKNOWN 31u

/* In order, from bucket 0 on; 29 stands for nothing. */
static const struct {
    uint32_t s;
    const char *words;
} losses[] = {
    { 0, "none" },
    { 1, "at most 1 s" },
    { 2, "at most 2 s" },
    { 3, "at most 3 s" },
    { 5, "at most 5 s" },
    { 10, "at most 10 s" },
    { 15, "at most 15 s" },
    { 20, "at most 20 s" },
    { 30, "at most 30 s" },
    { 45, "at most 45 s" },
    { 60, "at most 1 minute" },
    { 90, "at most 90 s" },
    { 120, "at most 2 minutes" },
    { 180, "at most 3 minutes" },
    { 300, "at most 5 minutes" },
    { 600, "at most 10 minutes" },
    { 900, "at most 15 minutes" },
    { 1200, "at most 20 minutes" },
    { 1800, "at most 30 minutes" },
    { 2700, "at most 45 minutes" },
    { 3600, "at most 1 hour" },
    { 5400, "at most 90 minutes" },
    { 7200, "at most 2 hours" },
    { 10800, "at most 3 hours" },
    { 21600, "at most 6 hours" },
    { 43200, "at most 12 hours" },
    { 86400, "at most 1 day" },
    { 172800, "at most 2 days" },
    { 604800, "at most 7 days" },
};
#define LOSSES (sizeof losses / sizeof losses[0])

uint8_t evac_loss_bucket(int64_t ms)
{
    uint8_t bucket = 0;
    if (ms < 0)
        return LOSS_UNKNOWN;
    while (bucket < LOSSES && ms > (int64_t)losses[bucket].s * 1000)
        bucket++;
    return bucket < LOSSES ? bucket : LOSS_MORE;
}

const char *evac_loss_words(uint8_t bucket)
{
    if (bucket == LOSS_UNKNOWN)
        return "an unknown amount";
    if (bucket == LOSS_MORE)
        return "more than 7 days";
    return bucket < LOSSES ? losses[bucket].words : NULL;
}

/* --- the code
 * --------------------------------------------------------------------------------- */

/* The bits of the code, the first character's first. */
struct bits {
    uint8_t data[DATA];
    size_t at;
};

static void put(struct bits *b, uint64_t value, unsigned count)
{
    for (unsigned i = count; i-- > 0; b->at++)
        b->data[b->at / 5] |= (uint8_t)((value >> i & 1u) << (4 - b->at % 5));
}

static uint64_t get(struct bits *b, unsigned count)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < count; i++, b->at++)
        value = value << 1 | (uint64_t)(b->data[b->at / 5] >> (4 - b->at % 5) & 1);
    return value;
}

static struct bits pack(const struct evac_challenge *c)
{
    struct bits b = { .at = 0 };
    put(&b, c->run, 22);
    put(&b, (uint64_t)(c->end_min % EVAC_CHALLENGE_LAPSE_MIN), 13);
    put(&b, c->nonce, 40);
    put(&b, c->loss, 5);
    put(&b, c->facts, 20);
    return b;
}

void evac_challenge_write(const struct evac_challenge *c, char ret_text[EVAC_CHALLENGE_TEXT])
{
    struct bits b = pack(c);
    size_t n = 0;
    for (unsigned g = 0; g < GROUPS; g++) {
        const uint8_t *data = b.data + (size_t)g * GROUP_DATA;
        if (g)
            ret_text[n++] = '-';
        for (size_t i = 0; i < GROUP_DATA; i++)
            ret_text[n++] = alphabet[data[i]];
        ret_text[n++] = alphabet[check_of(data, GROUP_DATA, g)];
    }
    ret_text[n] = '\0';
}

/* Of all minutes that leave that remainder, the one that is nearest to now. */
static int64_t nearest(int64_t rest, int64_t now_min)
{
    int64_t at = now_min - now_min % EVAC_CHALLENGE_LAPSE_MIN + rest;
    if (at - now_min > EVAC_CHALLENGE_LAPSE_MIN / 2)
        return at - EVAC_CHALLENGE_LAPSE_MIN;
    return now_min - at > EVAC_CHALLENGE_LAPSE_MIN / 2 ? at + EVAC_CHALLENGE_LAPSE_MIN : at;
}

enum evac_code evac_challenge_read(struct evac_str text, int64_t now_ms, struct evac_challenge *ret,
                                   struct evac_err *err)
{
    uint8_t chars[GROUPS * GROUP_CHARS] = { 0 };
    struct bits b = { .at = 0 };
    enum evac_code code = take_all(text, "the code", chars, sizeof chars, err);
    if (code)
        return code;
    for (unsigned g = 0; g < GROUPS; g++) {
        const uint8_t *group = chars + (size_t)g * GROUP_CHARS;
        if (check_of(group, GROUP_DATA, g) != group[GROUP_DATA])
            return evac_fail(err, EVAC_E_BADARG,
                             "the code's group %u of %u is not right: have it read out again",
                             g + 1, GROUPS);
        memcpy(b.data + (size_t)g * GROUP_DATA, group, GROUP_DATA);
    }
    ret->run = (uint32_t)get(&b, 22);
    ret->end_min = nearest((int64_t)get(&b, 13), now_ms / 60000);
    ret->nonce = get(&b, 40);
    ret->loss = (uint8_t)get(&b, 5);
    ret->facts = (uint32_t)get(&b, 20);
    return evac_loss_words(ret->loss)
               ? EVAC_OK
               : evac_fail(err, EVAC_E_BADARG, "the code is of a later version of evac");
}

/* --- the answer
 * ------------------------------------------------------------------------------- */

static void write_response(const uint8_t data[RESPONSE], char ret_text[EVAC_RESPONSE_TEXT])
{
    size_t n = 0;
    for (size_t i = 0; i < RESPONSE; i++) {
        if (i == RESPONSE / 2)
            ret_text[n++] = '-';
        ret_text[n++] = alphabet[data[i]];
    }
    ret_text[n++] = '-';
    ret_text[n++] = alphabet[check_of(data, RESPONSE, RESPONSE_AT)];
    ret_text[n] = '\0';
}

void evac_response_make(const uint8_t key[EVAC_APPROVER_KEY], const struct evac_challenge *c,
                        const struct evac_challenge_facts *f, char ret_text[EVAC_RESPONSE_TEXT])
{
    struct bits b = pack(c);
    const struct evac_str parts[] = { EVAC_STR("evac challenge answer 1"),
                                      { (const char *)b.data, sizeof b.data },
                                      f->app,
                                      f->from,
                                      f->to,
                                      f->mode };
    uint8_t hash[32], mac[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    struct bits said = { .at = 0 };
    digest(parts, sizeof parts / sizeof parts[0], hash);
    if (!HMAC(EVP_sha256(), key, (int)EVAC_APPROVER_KEY, hash, sizeof hash, mac, &n))
        abort();
    for (unsigned i = 0; i < 5; i++) /* the leftmost 40 bits */
        put(&said, mac[i], 8);
    write_response(said.data, ret_text);
    OPENSSL_cleanse(mac, sizeof mac);
    OPENSSL_cleanse(&said, sizeof said);
}

enum evac_code evac_response_read(struct evac_str text, char ret_text[EVAC_RESPONSE_TEXT],
                                  struct evac_err *err)
{
    uint8_t chars[RESPONSE + 1] = { 0 };
    enum evac_code code = take_all(text, "the answer", chars, sizeof chars, err);
    if (code)
        return code;
    if (check_of(chars, RESPONSE, RESPONSE_AT) != chars[RESPONSE])
        return evac_fail(err, EVAC_E_BADARG,
                         "the answer was misheard or mistyped: have it read out again");
    write_response(chars, ret_text);
    return EVAC_OK;
}

bool evac_response_is(const char text[EVAC_RESPONSE_TEXT], const char expected[EVAC_RESPONSE_TEXT])
{
    return CRYPTO_memcmp(text, expected, EVAC_RESPONSE_TEXT) == 0;
}

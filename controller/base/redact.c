#include "redact.h"

#include <string.h>

#define KEY_ID_TAIL  12u /* letters and digits behind AKIA; real ones have 16 */
#define BEARER_LEAST 8u
#define JWT_LEAST    20u

static bool is_upper_or_digit(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool is_letter_or_digit(char c)
{
    return is_upper_or_digit(c) || (c >= 'a' && c <= 'z');
}

/* As tokens are written: RFC 6750's b64token. */
static bool is_token(char c)
{
    return is_letter_or_digit(c) || (c && strchr("-._~+/=", c));
}

static bool begins(struct evac_str s, const char *word)
{
    if (s.n == 0 || lower(s.p[0]) != word[0])
        return false; /* nearly always */
    size_t n = strlen(word);
    if (s.n < n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (lower(s.p[i]) != word[i])
            return false;
    return true;
}

static size_t span(struct evac_str s, size_t from, bool (*is)(char))
{
    size_t n = from;
    while (n < s.n && is(s.p[n]))
        n++;
    return n - from;
}

static struct evac_str from(struct evac_str s, size_t at)
{
    return (struct evac_str){ s.p + at, s.n - at };
}

/* --- rules: how many bytes are a secret with what names it; how many of these stay (*ret_keep) ---
 */

/* "AKIAIOSFODNN7EXAMPLE": the first four letters say what it was. */
static size_t key_id(struct evac_str s, size_t *ret_keep)
{
    if (!begins(s, "akia") && !begins(s, "asia"))
        return 0;
    size_t tail = span(s, 4, is_upper_or_digit);
    *ret_keep = 4;
    return tail >= KEY_ID_TAIL ? 4 + tail : 0;
}

static size_t bearer(struct evac_str s, size_t *ret_keep)
{
    if (!begins(s, "bearer "))
        return 0;
    size_t n = span(s, 7, is_token);
    *ret_keep = 7;
    return n >= BEARER_LEAST ? 7 + n : 0;
}

static size_t json_web_token(struct evac_str s, size_t *ret_keep)
{
    if (s.n < 3 || memcmp(s.p, "eyJ", 3) != 0)
        return 0;
    size_t n = span(s, 0, is_token);
    *ret_keep = 0;
    return n >= JWT_LEAST && memchr(s.p, '.', n) ? n : 0;
}

/* The whole block, or the rest where its end is missing. */
static size_t pem(struct evac_str s, size_t *ret_keep)
{
    static const char end[] = "-----END ";
    if (!begins(s, "-----begin "))
        return 0;
    *ret_keep = 0;
    for (size_t i = 0; i + sizeof end - 1 <= s.n; i++)
        if (memcmp(s.p + i, end, sizeof end - 1) == 0) {
            i += sizeof end - 1;
            while (i + 5 <= s.n && memcmp(s.p + i, "-----", 5) != 0)
                i++;
            return i + 5 <= s.n ? i + 5 : s.n;
        }
    return s.n;
}

/* "://user:password@" */
static size_t url_password(struct evac_str s, size_t *ret_keep)
{
    size_t n = 3;
    if (!begins(s, "://"))
        return 0;
    while (n < s.n && s.p[n] != ':' && !strchr("/?#@ \"\n", s.p[n]))
        n++;
    if (n == s.n || s.p[n] != ':')
        return 0;
    *ret_keep = n + 1;
    while (n < s.n && !strchr("/?# \"\n@", s.p[n]))
        n++;
    return n < s.n && s.p[n] == '@' && n > *ret_keep ? n : 0;
}

/* What is called so is a secret; to the end of the line where a value has several words. */
static const struct {
    const char *name;
    bool line;
} names[] = {
    { "authorization", true }, { "cookie", true },   { "password", false },
    { "passwd", false },       { "secret", false },  { "secret_access_key", false },
    { "secret-key", false },   { "token", false },   { "signature", false },
    { "api_key", false },      { "api-key", false }, { "apikey", false },
    { "private_key", false },
};

static bool ends_value(char c, char quote, bool line)
{
    if (c == '\n' || c == '\r' || (quote && c == quote))
        return true;
    return !quote && !line && (!c || strchr(" \t\"'&,;)}]", c) != NULL);
}

/* Behind a name: ':' or '=', quotes and spaces around it. 0: nothing is given. */
static size_t before_value(struct evac_str s, size_t at, char *ret_quote)
{
    bool given = false;
    *ret_quote = 0;
    if (at < s.n && (s.p[at] == '"' || s.p[at] == '\''))
        at++;
    while (at < s.n && (s.p[at] == ' ' || (!given && (s.p[at] == ':' || s.p[at] == '=')))) {
        given = given || s.p[at] != ' ';
        at++;
    }
    if (!given)
        return 0;
    if (at < s.n && (s.p[at] == '"' || s.p[at] == '\''))
        *ret_quote = s.p[at++];
    return at;
}

static size_t named(struct evac_str s, size_t *ret_keep)
{
    char first = s.n ? lower(s.p[0]) : '\0';
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char quote;
        if (names[i].name[0] != first)
            continue; /* asked at each letter of every text */
        size_t at = begins(s, names[i].name) ? before_value(s, strlen(names[i].name), &quote) : 0;
        size_t n = at;
        if (at == 0)
            continue;
        while (n < s.n && !ends_value(s.p[n], quote, names[i].line))
            n++;
        *ret_keep = at;
        if (n > at)
            return n;
    }
    return 0;
}

/* A word's beginning only: what it stands within is another word. */
static const struct {
    size_t (*secret)(struct evac_str s, size_t *ret_keep);
    bool word;
} rules[] = {
    { key_id, true }, { bearer, true }, { json_web_token, true },
    { pem, false },   { named, false }, { url_password, false },
};

const char *evac_redact_name(size_t i)
{
    return i < sizeof names / sizeof names[0] ? names[i].name : NULL;
}

/* The two letters with which a secret, or the name of one, begins: nearly nowhere are more than
 * these looked at. Whoever adds a rule or a name adds its letters. */
static bool may_begin(char first, char second)
{
    char c = lower(second);
    switch (lower(first)) {
    case 'a': /* akia, asia, authorization, api */
        return c == 'k' || c == 's' || c == 'u' || c == 'p';
    case 'b':
        return c == 'e';
    case 'c':
    case 't':
        return c == 'o';
    case 'e':
        return c == 'y';
    case 'p': /* password, private */
        return c == 'a' || c == 'r';
    case 's': /* secret, signature */
        return c == 'e' || c == 'i';
    case '-':
        return c == '-';
    case ':':
        return c == '/';
    default:
        return false;
    }
}

void evac_redact(struct evac_str text, struct evac_buf *out)
{
    size_t plain = 0;
    for (size_t i = 0; i + 1 < text.n;) {
        size_t n = 0, keep = 0;
        if (!may_begin(text.p[i], text.p[i + 1])) {
            i++;
            continue;
        }
        bool within = i > 0 && is_letter_or_digit(text.p[i - 1]);
        for (size_t k = 0; n == 0 && k < sizeof rules / sizeof rules[0]; k++)
            if (!rules[k].word || !within)
                n = rules[k].secret(from(text, i), &keep);
        if (n == 0) {
            i++;
            continue;
        }
        evac_buf_put(out, text.p + plain, i + keep - plain);
        evac_buf_puts(out, EVAC_REDACTED);
        i += n;
        plain = i;
    }
    if (text.n > plain)
        evac_buf_put(out, text.p + plain, text.n - plain);
}

bool evac_redact_is_key(struct evac_str name)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t n = strlen(names[i].name);
        if (name.n >= n && begins(from(name, name.n - n), names[i].name))
            return true;
    }
    return false;
}

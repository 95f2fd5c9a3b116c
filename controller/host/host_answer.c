#include "host_answer.h"

#include "host_dns.h"

#include <ares.h>
#include <arpa/inet.h>
#include <string.h>

enum { HEADER_BYTES = 12, QUESTION_TAIL_BYTES = 4, RECORD_HEAD_BYTES = 10 };
enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_TXT = 16, TYPE_AAAA = 28 };

struct cursor {
    const uint8_t *bytes;
    size_t n, at;
};

int evac_answer_type(const char *type)
{
    static const struct {
        const char *name;
        int number;
    } types[] = {
        { "A", TYPE_A }, { "AAAA", TYPE_AAAA }, { "CNAME", TYPE_CNAME }, { "TXT", TYPE_TXT }
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i].name, type) == 0)
            return types[i].number;
    return 0;
}

static unsigned u16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

/* Skips a name; its text too when ret_text is given. */
static bool read_name(struct cursor *c, struct evac_arena *arena, struct evac_str *ret_text)
{
    char *text = NULL;
    long used = 0;
    if (c->at >= c->n || ares_expand_name(c->bytes + c->at, c->bytes, (int)c->n, &text, &used))
        return false;
    if (ret_text)
        *ret_text = evac_arena_str(arena, evac_str(text));
    ares_free_string(text);
    c->at += (size_t)used;
    return c->at <= c->n;
}

static bool read_address(struct evac_arena *arena, int family, const uint8_t *data, size_t n,
                         struct evac_str *ret_text)
{
    char text[INET6_ADDRSTRLEN];
    if (n != (family == AF_INET ? 4u : 16u) || !inet_ntop(family, data, text, sizeof text))
        return false;
    *ret_text = evac_arena_str(arena, evac_str(text));
    return true;
}

/* A TXT record's character strings are one text (RFC 7208 3.3 reads them so too). */
static bool read_text(struct evac_arena *arena, const uint8_t *data, size_t n,
                      struct evac_str *ret_text)
{
    char *joined = evac_arena_alloc(arena, n + 1);
    size_t length = 0;
    for (size_t at = 0; at < n;) {
        size_t part = data[at++];
        if (part > n - at)
            return false;
        memcpy(joined + length, data + at, part);
        length += part;
        at += part;
    }
    *ret_text = (struct evac_str){ joined, length };
    return true;
}

static bool read_value(struct cursor *c, struct evac_arena *arena, int type, size_t n,
                       struct evac_str *ret_text)
{
    struct cursor inside = *c;
    switch (type) {
    case TYPE_A:
        return read_address(arena, AF_INET, c->bytes + c->at, n, ret_text);
    case TYPE_AAAA:
        return read_address(arena, AF_INET6, c->bytes + c->at, n, ret_text);
    case TYPE_TXT:
        return read_text(arena, c->bytes + c->at, n, ret_text);
    default:
        return read_name(&inside, arena, ret_text);
    }
}

static bool read_record(struct cursor *c, struct evac_arena *arena, int type,
                        struct evac_str *values, size_t *count)
{
    if (!read_name(c, arena, NULL) || c->n - c->at < RECORD_HEAD_BYTES)
        return false;
    unsigned found = u16(c->bytes + c->at);
    size_t data_bytes = u16(c->bytes + c->at + 8);
    c->at += RECORD_HEAD_BYTES;
    if (data_bytes > c->n - c->at)
        return false;
    if (found == (unsigned)type && *count < EVAC_ANSWER_VALUES_MAX) {
        if (!read_value(c, arena, type, data_bytes, &values[*count]))
            return false;
        ++*count;
    }
    c->at += data_bytes;
    return true;
}

enum evac_code evac_answer_read(struct evac_arena *arena, const uint8_t *bytes, size_t n, int type,
                                struct evac_dns_reply *ret_reply, struct evac_err *err)
{
    struct cursor c = { bytes, n, HEADER_BYTES };
    if (n < HEADER_BYTES)
        return evac_fail(err, EVAC_E_PARSE, "DNS answer of %zu bytes is too short", n);

    struct evac_str *values =
        evac_arena_array(arena, EVAC_ANSWER_VALUES_MAX, sizeof(struct evac_str));
    size_t count = 0;
    for (unsigned i = u16(bytes + 4); i > 0; i--) {
        if (!read_name(&c, arena, NULL) || c.n - c.at < QUESTION_TAIL_BYTES)
            return evac_fail(err, EVAC_E_PARSE, "DNS answer: its question is cut short");
        c.at += QUESTION_TAIL_BYTES;
    }
    for (unsigned i = u16(bytes + 6); i > 0; i--)
        if (!read_record(&c, arena, type, values, &count))
            return evac_fail(err, EVAC_E_PARSE, "DNS answer: a record is cut short");
    *ret_reply = (struct evac_dns_reply){
        .answered = true,
        .rcode = bytes[3] & 0x0f,
        .values = values,
        .value_count = count,
        .error = "",
    };
    return EVAC_OK;
}

/*
 * Route 53's DNS servers: how an answer looks on the wire (RFC 1035, 6891). They go on when
 * us-east-1 and Route 53's API are gone.
 */
#include "route53_internal.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHAIN_MAX    8u /* aliases and CNAMEs */
#define HEADER_BYTES 12u
#define UDP_BYTES    512u
#define POINTER      0xc00cu /* to the question's name, which always stands at 12 */

enum {
    TYPE_A = 1,
    TYPE_NS = 2,
    TYPE_CNAME = 5,
    TYPE_SOA = 6,
    TYPE_PTR = 12,
    TYPE_MX = 15,
    TYPE_TXT = 16,
    TYPE_AAAA = 28,
    TYPE_OPT = 41,
    TYPE_ANY = 255
};
enum { RCODE_OK = 0, RCODE_FORMERR = 1, RCODE_NXDOMAIN = 3, RCODE_NOTIMP = 4, RCODE_REFUSED = 5 };

/* --- the question ---------------------------------------------------------------------------- */

struct question {
    uint16_t id, flags, type, class;
    char name[R53_NAME_BYTES]; /* lower case, for looking up */
    size_t end;                /* behind the question section, in the message */
    bool edns;
    uint16_t udp_bytes;
};

static uint16_t u16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

/* Behind the name, 0 when it is not well formed. Questions are not compressed. */
static size_t read_name(const uint8_t *p, size_t n, size_t at, char *name)
{
    size_t used = 0;
    while (at < n && p[at]) {
        size_t label = p[at];
        if (label > 63 || at + 1 + label >= n || used + label + 2 > R53_NAME_BYTES)
            return 0;
        if (used)
            name[used++] = '.';
        for (size_t i = 0; i < label; i++) {
            uint8_t ch = p[at + 1 + i];
            if (ch == '.' || ch == 0)
                return 0;
            name[used++] = (char)(ch >= 'A' && ch <= 'Z' ? ch + 32 : ch);
        }
        at += 1 + label;
    }
    name[used] = '\0';
    return at < n ? at + 1 : 0;
}

/* The OPT record, if it is where it should be: right behind the question. */
static void read_edns(const uint8_t *p, size_t n, struct question *q)
{
    q->udp_bytes = UDP_BYTES;
    if (u16(p + 10) == 0 || u16(p + 6) || u16(p + 8) || q->end + 11 > n || p[q->end] != 0 ||
        u16(p + q->end + 1) != TYPE_OPT)
        return;
    q->edns = true;
    uint16_t size = u16(p + q->end + 3);
    q->udp_bytes = size < UDP_BYTES ? UDP_BYTES : size > 4096 ? 4096 : size;
}

static int read_question(const uint8_t *p, size_t n, struct question *q)
{
    q->id = u16(p);
    q->flags = u16(p + 2);
    if ((q->flags & 0x7800) != 0)
        return RCODE_NOTIMP;
    if (u16(p + 4) != 1)
        return RCODE_FORMERR;
    size_t at = read_name(p, n, HEADER_BYTES, q->name);
    if (at == 0 || at + 4 > n)
        return RCODE_FORMERR;
    q->type = u16(p + at);
    q->class = u16(p + at + 2);
    q->end = at + 4;
    read_edns(p, n, q);
    return q->class == 1 || q->class == 255 ? RCODE_OK : RCODE_REFUSED;
}

/* --- the answer ------------------------------------------------------------------------------ */

struct message {
    const struct evac_sandbox *sb;
    struct evac_buf body; /* records only */
    uint16_t answers, authorities;
};

static void put16(struct evac_buf *b, unsigned value)
{
    const unsigned char bytes[] = { (unsigned char)(value >> 8), (unsigned char)value };
    evac_buf_put(b, bytes, sizeof bytes);
}

static void put32(struct evac_buf *b, uint32_t value)
{
    put16(b, value >> 16);
    put16(b, value & 0xffff);
}

static void put_dns_name(struct evac_buf *b, struct evac_str name)
{
    while (name.n) {
        struct evac_str label = evac_str_cut(name, '.', &name);
        if (label.n == 0 || label.n > 63)
            continue;
        evac_buf_putc(b, (char)label.n);
        evac_buf_put(b, label.p, label.n);
    }
    evac_buf_putc(b, 0);
}

static void put_txt(struct evac_buf *b, struct evac_str text)
{
    if (text.n >= 2 && text.p[0] == '"' && text.p[text.n - 1] == '"')
        text = (struct evac_str){ text.p + 1, text.n - 2 };
    do {
        size_t n = text.n < 255 ? text.n : 255;
        evac_buf_putc(b, (char)n);
        evac_buf_put(b, text.p, n);
        text = (struct evac_str){ text.p + n, text.n - n };
    } while (text.n);
}

static void put_soa(struct evac_buf *b, struct evac_str value)
{
    struct evac_str primary = evac_str_cut(value, ' ', &value);
    put_dns_name(b, primary);
    put_dns_name(b, evac_str_cut(value, ' ', &value));
    for (int i = 0; i < 5; i++) {
        int64_t number = 0;
        (void)evac_str_i64(evac_str_cut(value, ' ', &value), &number);
        put32(b, (uint32_t)number);
    }
}

/* False: a value that is not what its type should be. */
static bool put_data(struct evac_buf *b, unsigned type, const char *value)
{
    uint8_t address[16];
    struct evac_str rest, text = evac_str(value);
    int64_t preference;
    switch (type) {
    case TYPE_A:
    case TYPE_AAAA:
        if (inet_pton(type == TYPE_A ? AF_INET : AF_INET6, value, address) != 1)
            return false;
        evac_buf_put(b, address, type == TYPE_A ? 4 : 16);
        return true;
    case TYPE_CNAME:
    case TYPE_NS:
    case TYPE_PTR:
        put_dns_name(b, text);
        return true;
    case TYPE_TXT:
        put_txt(b, text);
        return true;
    case TYPE_SOA:
        put_soa(b, text);
        return true;
    case TYPE_MX:
        if (!evac_str_i64(evac_str_cut(text, ' ', &rest), &preference))
            return false;
        put16(b, (unsigned)preference);
        put_dns_name(b, rest);
        return true;
    default:
        return false;
    }
}

/* owner NULL: the question's own name. */
static bool put_rr(struct evac_buf *b, const char *owner, unsigned type, uint32_t ttl_s,
                   const char *value)
{
    struct evac_buf data;
    evac_buf_init(&data, 4096);
    bool good = put_data(&data, type, value);
    if (good) {
        if (owner)
            put_dns_name(b, evac_str(owner));
        else
            put16(b, POINTER);
        put16(b, type);
        put16(b, 1);
        put32(b, ttl_s);
        put16(b, (unsigned)data.n);
        evac_buf_put(b, data.p, data.n);
    }
    evac_buf_done(&data);
    return good;
}

static const struct {
    const char *name;
    unsigned type;
} types[] = {
    { "A", TYPE_A },     { "AAAA", TYPE_AAAA }, { "CNAME", TYPE_CNAME }, { "NS", TYPE_NS },
    { "SOA", TYPE_SOA }, { "TXT", TYPE_TXT },   { "MX", TYPE_MX },       { "PTR", TYPE_PTR },
};

static const char *type_name(unsigned type)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (types[i].type == type)
            return types[i].name;
    return NULL;
}

/* Whoever caches keeps it by the real clock, while this world's runs faster. */
static uint32_t served_ttl(const struct evac_sandbox *sb, uint32_t ttl_s)
{
    return (uint32_t)(sb_scaled(sb, (uint64_t)ttl_s * 1000) / 1000);
}

static void put_found(struct message *m, const struct r53_record *const *found, size_t n,
                      const char *owner, unsigned type)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < found[i]->value_count; k++)
            m->answers += put_rr(&m->body, owner, type, served_ttl(m->sb, found[i]->ttl_s),
                                 found[i]->values[k]);
}

/* ANY: one type that is there is answer enough (RFC 8482 4.1). */
static uint16_t any_type(const struct evac_sandbox *sb, const char *name)
{
    const struct r53_zone *zone = r53_zone_of(sb, name);
    for (size_t t = 0; zone && t < sizeof types / sizeof types[0]; t++)
        for (size_t i = 0; i < zone->served.count; i++)
            if (strcmp(zone->served.items[i].name, name) == 0 &&
                strcmp(zone->served.items[i].type, types[t].name) == 0)
                return (uint16_t)types[t].type;
    return TYPE_A;
}

/* Through CNAMEs of our own zones, at most so many. */
static bool answer_name(struct evac_sandbox *sb, struct message *m, const struct question *q)
{
    const struct r53_record *found[R53_ANSWERS_MAX];
    char name[R53_NAME_BYTES];
    uint16_t type = q->type == TYPE_ANY ? any_type(sb, q->name) : q->type;
    const char *owner = NULL, *wanted = type_name(type);
    bool known = false;
    (void)evac_str_copy(name, sizeof name, evac_str(q->name));
    for (unsigned hop = 0; hop < CHAIN_MAX; hop++) {
        const struct r53_zone *zone = r53_zone_of(sb, name);
        bool exists = false;
        if (!zone)
            return known;
        size_t n = wanted ? r53_select(sb, zone, name, wanted, found, R53_ANSWERS_MAX, &exists) : 0;
        if (!wanted)
            (void)r53_select(sb, zone, name, "A", found, R53_ANSWERS_MAX, &exists);
        known |= exists;
        if (n) {
            put_found(m, found, n, owner, type);
            return true;
        }
        n = exists ? r53_select(sb, zone, name, "CNAME", found, R53_ANSWERS_MAX, &exists) : 0;
        if (n == 0 || type == TYPE_CNAME || found[0]->value_count == 0)
            return known;
        put_found(m, found, 1, owner, TYPE_CNAME);
        if (!r53_name(evac_str(found[0]->values[0]), name))
            return known;
        owner = name;
    }
    return known;
}

/* Nothing to say is said with the zone's SOA (RFC 2308). */
static void put_authority(struct message *m, const struct r53_zone *zone)
{
    for (size_t i = 0; i < zone->served.count; i++) {
        const struct r53_record *r = &zone->served.items[i];
        if (strcmp(r->type, "SOA") == 0 && strcmp(r->name, zone->name) == 0)
            m->authorities +=
                put_rr(&m->body, zone->name, TYPE_SOA, served_ttl(m->sb, r->ttl_s), r->values[0]);
    }
}

static int answer(struct evac_sandbox *sb, struct message *m, const struct question *q)
{
    const struct r53_zone *zone = r53_zone_of(sb, q->name);
    if (!zone)
        return RCODE_REFUSED;
    bool known = answer_name(sb, m, q);
    if (m->answers == 0)
        put_authority(m, zone);
    return known ? RCODE_OK : RCODE_NXDOMAIN;
}

static void put_message(const struct question *q, const uint8_t *question, int rcode,
                        const struct message *m, bool truncated, struct evac_buf *out)
{
    unsigned flags = 0x8400u | (q->flags & 0x0100u) | (truncated ? 0x0200u : 0) | (unsigned)rcode;
    put16(out, q->id);
    put16(out, flags);
    put16(out, q->end ? 1 : 0);
    put16(out, truncated ? 0 : m->answers);
    put16(out, truncated ? 0 : m->authorities);
    put16(out, q->edns ? 1 : 0);
    if (q->end)
        evac_buf_put(out, question + HEADER_BYTES, q->end - HEADER_BYTES);
    if (!truncated)
        evac_buf_put(out, m->body.p, m->body.n);
    if (q->edns) {
        evac_buf_putc(out, 0);
        put16(out, TYPE_OPT);
        put16(out, 4096);
        put32(out, 0);
        put16(out, 0);
    }
}

bool evac_sandbox_dns(struct evac_sandbox *sb, const uint8_t *question, size_t question_bytes,
                      bool tcp, struct evac_buf *ret_answer)
{
    struct question q = { .udp_bytes = UDP_BYTES };
    struct message m = { .sb = sb };
    if (question_bytes < HEADER_BYTES || (question[2] & 0x80))
        return false; /* no header, or itself an answer */
    evac_buf_init(&m.body, 65000);
    int rcode = read_question(question, question_bytes, &q);
    if (rcode == RCODE_OK)
        rcode = answer(sb, &m, &q);
    else if (rcode == RCODE_FORMERR)
        q.end = 0;
    size_t whole = q.end + m.body.n + (q.edns ? 11 : 0);
    put_message(&q, question, rcode, &m, !tcp && whole > q.udp_bytes, ret_answer);
    evac_buf_done(&m.body);
    return true;
}

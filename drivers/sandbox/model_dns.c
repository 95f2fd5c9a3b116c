/*
 * Route 53's DNS servers: which records answer, and how that looks on the wire (RFC 1035, 6891).
 * They go on when us-east-1 and Route 53's API are gone.
 */
#include "route53_internal.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWERS_MAX  8u /* of a multivalue set */
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

/* --- which records --------------------------------------------------------------------------- */

typedef size_t pick_fn(struct evac_sandbox *sb, const struct r53_record *const *set, size_t count,
                       const struct r53_record **out, size_t max);

/* An alias that says so is as healthy as what it points at: any of it is enough. */
static bool healthy_at(const struct evac_sandbox *sb, const struct r53_record *r, unsigned hops)
{
    if (!r53_is_healthy(sb, r->health_check))
        return false;
    const struct r53_zone *zone =
        r->alias_health && hops ? r53_zone_of(sb, r->alias) : NULL; /* of AWS's: taken as healthy */
    bool any = false, there = false;
    for (size_t i = 0; zone && !any && i < zone->served.count; i++) {
        const struct r53_record *target = &zone->served.items[i];
        if (strcmp(target->name, r->alias) || strcmp(target->type, r->type))
            continue;
        there = true;
        any = healthy_at(sb, target, hops - 1);
    }
    return any || !there;
}

static bool healthy(const struct evac_sandbox *sb, const struct r53_record *r)
{
    return healthy_at(sb, r, 3);
}

/* Both unhealthy: the primary is answered (AWS.md 7.1.2). */
static size_t pick_failover(struct evac_sandbox *sb, const struct r53_record *const *set,
                            size_t count, const struct r53_record **out, size_t max)
{
    const struct r53_record *primary = NULL, *secondary = NULL;
    (void)max;
    for (size_t i = 0; i < count; i++)
        if (strcmp(set[i]->failover, "PRIMARY") == 0)
            primary = set[i];
        else
            secondary = set[i];
    if (primary && (healthy(sb, primary) || !secondary || !healthy(sb, secondary)))
        out[0] = primary;
    else
        out[0] = secondary ? secondary : primary;
    return out[0] ? 1 : 0;
}

/* Weight 0 only when nothing else is healthy; when nothing is, everything is taken as healthy. */
static size_t pick_weighted(struct evac_sandbox *sb, const struct r53_record *const *set,
                            size_t count, const struct r53_record **out, size_t max)
{
    (void)max;
    for (int pass = 0; pass < 3; pass++) {
        uint64_t sum = 0;
        for (size_t i = 0; i < count; i++)
            if (pass == 2 || healthy(sb, set[i]))
                sum += pass == 1 ? 1 : (uint64_t)set[i]->weight;
        uint64_t draw = sb_random(sb, sum ? sum : 1);
        for (size_t i = 0; i < count && sum; i++) {
            if (pass != 2 && !healthy(sb, set[i]))
                continue;
            uint64_t weight = pass == 1 ? 1 : (uint64_t)set[i]->weight;
            if (draw < weight) {
                out[0] = set[i];
                return 1;
            }
            draw -= weight;
        }
    }
    out[0] = set[0];
    return 1;
}

/* The one who asks is nowhere in particular: the first healthy region is the nearest. */
static size_t pick_nearest(struct evac_sandbox *sb, const struct r53_record *const *set,
                           size_t count, const struct r53_record **out, size_t max)
{
    (void)max;
    for (size_t i = 0; i < count; i++)
        if (healthy(sb, set[i])) {
            out[0] = set[i];
            return 1;
        }
    out[0] = set[0];
    return 1;
}

static size_t pick_multivalue(struct evac_sandbox *sb, const struct r53_record *const *set,
                              size_t count, const struct r53_record **out, size_t max)
{
    size_t n = 0;
    for (int pass = 0; pass < 2 && n == 0; pass++)
        for (size_t i = 0; i < count && n < max; i++)
            if (pass || healthy(sb, set[i]))
                out[n++] = set[i];
    return n;
}

static size_t pick_simple(struct evac_sandbox *sb, const struct r53_record *const *set,
                          size_t count, const struct r53_record **out, size_t max)
{
    (void)sb;
    (void)count;
    (void)max;
    out[0] = set[0];
    return 1;
}

static pick_fn *policy_of(const struct r53_record *r)
{
    return r->failover[0]   ? pick_failover
           : r->weight >= 0 ? pick_weighted
           : r->region[0]   ? pick_nearest
           : r->multivalue  ? pick_multivalue
                            : pick_simple;
}

static size_t find_set(const struct r53_zone *zone, const char *name, const char *type,
                       const struct r53_record **set, size_t max, bool *ret_exists)
{
    size_t n = 0;
    for (size_t i = 0; i < zone->served.count; i++) {
        const struct r53_record *r = &zone->served.items[i];
        if (strcmp(r->name, name) != 0)
            continue;
        *ret_exists = true;
        if (n < max && strcmp(r->type, type) == 0)
            set[n++] = r;
    }
    return n;
}

/* A name with records, or one below which there are some (RFC 4592 2.2.2). */
static bool is_there(const struct r53_zone *zone, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < zone->served.count; i++) {
        const char *other = zone->served.items[i].name;
        size_t m = strlen(other);
        if (m >= n && strcmp(other + m - n, name) == 0 && (m == n || other[m - n - 1] == '.'))
            return true;
    }
    return false;
}

/* "*.example.com" answers for what is not there itself, below the nearest name that is. */
static size_t find_wildcard(const struct r53_zone *zone, const char *name, const char *type,
                            const struct r53_record **set, size_t max, bool *ret_exists)
{
    char wild[R53_NAME_BYTES + 2];
    *ret_exists = is_there(zone, name);
    for (const char *dot = strchr(name, '.'); dot && !*ret_exists; dot = strchr(dot + 1, '.')) {
        (void)snprintf(wild, sizeof wild, "*%s", dot);
        size_t n = find_set(zone, wild, type, set, max, ret_exists);
        if (n || is_there(zone, dot + 1))
            return n;
    }
    return 0;
}

size_t r53_select(struct evac_sandbox *sb, const struct r53_zone *zone, const char *name,
                  const char *type, const struct r53_record **ret_records, size_t max,
                  bool *ret_exists)
{
    const struct r53_record *set[R53_VALUES_MAX * 4];
    size_t most = sizeof set / sizeof set[0], n = 0;
    *ret_exists = false;
    for (unsigned hop = 0; hop < CHAIN_MAX; hop++) {
        n = find_set(zone, name, type, set, most, ret_exists);
        if (n == 0 && !*ret_exists)
            n = find_wildcard(zone, name, type, set, most, ret_exists);
        if (n == 0)
            return 0;
        n = policy_of(set[0])(sb, set, n, ret_records, max);
        if (n == 0 || !ret_records[0]->alias[0])
            return n;
        name = ret_records[0]->alias; /* an alias answers with what its target has */
    }
    return 0;
}

bool sb_route53_answer(struct evac_sandbox *sb, const char *name, char *ret_address, size_t bytes)
{
    const struct r53_record *found[ANSWERS_MAX];
    char lower[R53_NAME_BYTES];
    bool exists;
    const struct r53_zone *zone = r53_name(evac_str(name), lower) ? r53_zone_of(sb, lower) : NULL;
    size_t n = zone ? r53_select(sb, zone, lower, "A", found, ANSWERS_MAX, &exists) : 0;
    return n > 0 && found[0]->value_count > 0 &&
           evac_str_copy(ret_address, bytes, evac_str(found[0]->values[0]));
}

/* Weights draw lots: a copy of the sandbox draws, so that looking changes nothing that comes. */
void r53_truth_dns(const struct evac_sandbox *sb, struct evac_buf *json)
{
    const struct r53 *r53 = r53_state(sb);
    struct evac_sandbox *copy = malloc(sizeof *copy);
    const char *comma = "", *last = "";
    char address[R53_VALUE_BYTES];
    if (!copy)
        abort();
    *copy = *sb;
    evac_buf_puts(json, ",\"dns\":{");
    for (size_t z = 0; z < r53->zone_count; z++)
        for (size_t i = 0; i < r53->zones[z].served.count; i++) {
            const struct r53_record *r = &r53->zones[z].served.items[i];
            if (strcmp(r->type, "A") || strcmp(r->name, last) == 0 ||
                !sb_route53_answer(copy, r->name, address, sizeof address))
                continue;
            last = r->name;
            evac_buf_puts(json, comma);
            evac_buf_json(json, evac_str(r->name));
            evac_buf_putc(json, ':');
            evac_buf_json(json, evac_str(address));
            comma = ",";
        }
    evac_buf_putc(json, '}');
    free(copy);
}

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
    struct evac_buf body; /* records only */
    uint16_t answers, authorities;
};

static void put16(struct evac_buf *b, unsigned value)
{
    evac_buf_putc(b, (char)(value >> 8 & 255));
    evac_buf_putc(b, (char)(value & 255));
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

static void put_found(struct message *m, const struct r53_record *const *found, size_t n,
                      const char *owner, unsigned type)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < found[i]->value_count; k++)
            m->answers += put_rr(&m->body, owner, type, found[i]->ttl_s, found[i]->values[k]);
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
    const struct r53_record *found[ANSWERS_MAX];
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
        size_t n = wanted ? r53_select(sb, zone, name, wanted, found, ANSWERS_MAX, &exists) : 0;
        if (!wanted)
            (void)r53_select(sb, zone, name, "A", found, ANSWERS_MAX, &exists);
        known |= exists;
        if (n) {
            put_found(m, found, n, owner, type);
            return true;
        }
        n = exists ? r53_select(sb, zone, name, "CNAME", found, ANSWERS_MAX, &exists) : 0;
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
            m->authorities += put_rr(&m->body, zone->name, TYPE_SOA, r->ttl_s, r->values[0]);
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
    struct message m = { .answers = 0 };
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

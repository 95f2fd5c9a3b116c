/*
 * Route 53's API: hosted zones and their record sets (AWS.md 2.1). It lives in us-east-1 and goes
 * with it; what it was told before goes on being answered (model_dns.c) and checked
 * (model_route53_checks.c).
 */
#include "route53_internal.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS           "https://route53.amazonaws.com/doc/2013-04-01/"
#define TAKE_IN_MS   500u   /* another change of the zone is refused so long */
#define PROPAGATE_MS 30000u /* "normally within 60 seconds" */
#define ACTIONS_MAX  1000u  /* of a batch */

struct r53 *r53_state(const struct evac_sandbox *sb)
{
    return sb->state[SB_ROUTE53];
}

static void *create(struct evac_sandbox *sb)
{
    struct r53 *r53 = calloc(1, sizeof *r53);
    (void)sb;
    if (!r53)
        abort();
    return r53;
}

static void destroy(void *p)
{
    struct r53 *r53 = p;
    for (size_t i = 0; i < r53->zone_count; i++) {
        free(r53->zones[i].records.items);
        free(r53->zones[i].served.items);
    }
    for (size_t i = 0; i < R53_CHANGES_MAX; i++)
        free(r53->changes[i].after.items);
    free(r53);
}

bool r53_name(struct evac_str text, char ret_name[R53_NAME_BYTES])
{
    size_t n = 0;
    while (text.n && text.p[text.n - 1] == '.')
        text.n--;
    for (size_t i = 0; i < text.n; i++) {
        char ch = text.p[i];
        if (i + 4 <= text.n && memcmp(text.p + i, "\\052", 4) == 0) {
            ch = '*';
            i += 3;
        }
        if (n + 1 >= R53_NAME_BYTES)
            return false;
        ret_name[n++] = ch >= 'A' && ch <= 'Z' ? (char)(ch + 32) : ch;
    }
    ret_name[n] = '\0';
    return n > 0;
}

/* --- records --------------------------------------------------------------------------------- */

static bool copy_records(struct r53_records *to, const struct r53_records *from)
{
    struct r53_record *items = calloc(from->count + 1, sizeof *items);
    if (!items)
        abort();
    if (from->count)
        memcpy(items, from->items, from->count * sizeof *items);
    free(to->items);
    *to = (struct r53_records){ items, from->count };
    return true;
}

static struct r53_record *find_record(struct r53_records *records, const struct r53_record *like)
{
    for (size_t i = 0; i < records->count; i++) {
        struct r53_record *r = &records->items[i];
        if (strcmp(r->name, like->name) == 0 && strcmp(r->type, like->type) == 0 &&
            strcmp(r->set_identifier, like->set_identifier) == 0)
            return r;
    }
    return NULL;
}

/* Records are made of zeroed memory, so equal fields are equal bytes; values are in any order. */
static bool same_record(const struct r53_record *a, const struct r53_record *b)
{
    if (strcmp(a->failover, b->failover) || strcmp(a->region, b->region) ||
        a->weight != b->weight || a->multivalue != b->multivalue || a->ttl_s != b->ttl_s ||
        strcmp(a->alias, b->alias) || strcmp(a->alias_zone, b->alias_zone) ||
        a->alias_health != b->alias_health || strcmp(a->health_check, b->health_check) ||
        a->value_count != b->value_count)
        return false;
    for (size_t i = 0; i < a->value_count; i++) {
        size_t k = 0;
        while (k < b->value_count && strcmp(a->values[i], b->values[k]) != 0)
            k++;
        if (k == b->value_count)
            return false;
    }
    return true;
}

/* Labels from the last to the first, as Route 53 sorts: "com.example.www". */
static int compare_names(const char *a, const char *b)
{
    const char *x = a + strlen(a), *y = b + strlen(b);
    while (x > a && y > b) {
        const char *p = x, *q = y;
        while (p > a && p[-1] != '.')
            p--;
        while (q > b && q[-1] != '.')
            q--;
        size_t n = (size_t)(x - p), m = (size_t)(y - q);
        int order = memcmp(p, q, n < m ? n : m);
        if (order || n != m)
            return order ? order : n < m ? -1 : 1;
        x = p > a ? p - 1 : a;
        y = q > b ? q - 1 : b;
    }
    return (x > a) - (y > b);
}

static int compare_records(const void *a, const void *b)
{
    const struct r53_record *x = a, *y = b;
    int order = compare_names(x->name, y->name);
    if (!order)
        order = strcmp(x->type, y->type);
    return order ? order : strcmp(x->set_identifier, y->set_identifier);
}

static bool add_record(struct r53_records *records, const struct r53_record *record)
{
    if (records->count == R53_RECORDS_MAX)
        return false;
    struct r53_record *items = realloc(records->items, (records->count + 1) * sizeof *items);
    if (!items)
        abort();
    items[records->count++] = *record;
    records->items = items;
    qsort(items, records->count, sizeof *items, compare_records);
    return true;
}

static void remove_record(struct r53_records *records, struct r53_record *record)
{
    size_t at = (size_t)(record - records->items);
    memmove(record, record + 1, (records->count - at - 1) * sizeof *record);
    records->count--;
}

/* --- what others ask ------------------------------------------------------------------------- */

static void put_apex(struct r53_zone *zone)
{
    struct r53_record ns = { .type = "NS", .weight = -1, .ttl_s = 172800, .value_count = 4 };
    struct r53_record soa = { .type = "SOA", .weight = -1, .ttl_s = 900, .value_count = 1 };
    (void)evac_str_copy(ns.name, sizeof ns.name, evac_str(zone->name));
    (void)evac_str_copy(soa.name, sizeof soa.name, evac_str(zone->name));
    for (int i = 0; i < 4; i++)
        (void)snprintf(ns.values[i], R53_VALUE_BYTES, "ns-%d.awsdns-%02d.example.", 512 * i + 1,
                       16 * i);
    (void)snprintf(soa.values[0], R53_VALUE_BYTES,
                   "ns-1.awsdns-00.example. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 60");
    (void)add_record(&zone->records, &ns);
    (void)add_record(&zone->records, &soa);
}

void sb_route53_zone(struct evac_sandbox *sb, const char *id, const char *name)
{
    struct r53 *r53 = r53_state(sb);
    if (r53->zone_count == R53_ZONES_MAX)
        return;
    struct r53_zone *zone = &r53->zones[r53->zone_count++];
    (void)evac_str_copy(zone->id, sizeof zone->id, evac_str(id));
    (void)evac_str_copy(zone->caller, sizeof zone->caller, evac_str(id));
    (void)r53_name(evac_str(name), zone->name);
    put_apex(zone);
    (void)copy_records(&zone->served, &zone->records);
}

static struct r53_zone *find_zone(const struct evac_sandbox *sb, struct evac_str id)
{
    struct r53 *r53 = r53_state(sb);
    for (size_t i = 0; i < r53->zone_count; i++)
        if (evac_str_is(id, r53->zones[i].id))
            return &r53->zones[i];
    return NULL;
}

void sb_route53_record(struct evac_sandbox *sb, const char *zone_id, const struct sb_record *record)
{
    struct r53_zone *zone = find_zone(sb, evac_str(zone_id));
    struct r53_record r = { .weight = record->weight, .ttl_s = record->ttl_s, .value_count = 1 };
    if (!zone)
        return;
    (void)r53_name(evac_str(record->name), r.name);
    (void)evac_str_copy(r.type, sizeof r.type, evac_str(record->type));
    (void)evac_str_copy(r.set_identifier, sizeof r.set_identifier,
                        evac_str(record->set_identifier));
    (void)evac_str_copy(r.failover, sizeof r.failover, evac_str(record->failover));
    (void)evac_str_copy(r.values[0], R53_VALUE_BYTES, evac_str(record->value));
    (void)evac_str_copy(r.health_check, sizeof r.health_check, evac_str(record->health_check));
    (void)add_record(&zone->records, &r);
    (void)copy_records(&zone->served, &zone->records);
}

const struct r53_zone *r53_zone_of(const struct evac_sandbox *sb, const char *name)
{
    const struct r53 *r53 = r53_state(sb);
    const struct r53_zone *best = NULL;
    size_t n = strlen(name);
    for (size_t i = 0; i < r53->zone_count; i++) {
        const struct r53_zone *zone = &r53->zones[i];
        size_t m = strlen(zone->name);
        bool inside =
            n >= m && strcmp(name + n - m, zone->name) == 0 && (n == m || name[n - m - 1] == '.');
        if (inside && (!best || m > strlen(best->name)))
            best = zone;
    }
    return best;
}

/* --- time ------------------------------------------------------------------------------------ */

static void serve(struct r53_change *change)
{
    free(change->zone->served.items);
    change->zone->served = change->after;
    change->after = (struct r53_records){ NULL, 0 };
    change->zone = NULL;
}

/* Oldest first: each change takes as long, so they arrive in the order in which they were made. */
static void advance(struct evac_sandbox *sb)
{
    struct r53 *r53 = r53_state(sb);
    for (size_t i = 0; i < R53_CHANGES_MAX; i++) {
        struct r53_change *change = &r53->changes[(r53->change_count + i) % R53_CHANGES_MAX];
        if (change->zone && change->in_sync_ms <= sb->now_ms)
            serve(change);
    }
    r53_look(sb);
}

static uint64_t wake(const struct evac_sandbox *sb)
{
    const struct r53 *r53 = r53_state(sb);
    uint64_t next = r53_look_wake(sb);
    for (size_t i = 0; i < R53_CHANGES_MAX; i++)
        if (r53->changes[i].zone && r53->changes[i].in_sync_ms < next)
            next = r53->changes[i].in_sync_ms;
    return next;
}

/* --- zones ----------------------------------------------------------------------------------- */

static void open_root(struct sb_call *c, const char *name)
{
    evac_buf_putf(&c->out, "<?xml version=\"1.0\"?>\n<%s xmlns=\"" NS "\">", name);
}

/* "/hostedzone/Z1" is "Z1" */
static struct evac_str bare_id(struct evac_str id)
{
    for (size_t i = id.n; i > 0; i--)
        if (id.p[i - 1] == '/')
            return (struct evac_str){ id.p + i, id.n - i };
    return id;
}

static void put_zone(struct evac_buf *out, const struct r53_zone *zone)
{
    evac_buf_puts(out, "<HostedZone>");
    sb_tagf(out, "Id", "/hostedzone/%s", zone->id);
    sb_tagf(out, "Name", "%s.", zone->name);
    sb_tag(out, "CallerReference", evac_str(zone->caller));
    evac_buf_puts(out, "<Config><PrivateZone>false</PrivateZone></Config>");
    sb_tagf(out, "ResourceRecordSetCount", "%zu", zone->records.count);
    evac_buf_puts(out, "</HostedZone>");
}

static void list_zones(struct sb_call *c)
{
    const struct r53 *r53 = r53_state(c->sb);
    open_root(c, "ListHostedZonesResponse");
    evac_buf_puts(&c->out, "<HostedZones>");
    for (size_t i = 0; i < r53->zone_count; i++)
        put_zone(&c->out, &r53->zones[i]);
    evac_buf_puts(&c->out, "</HostedZones><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems>"
                           "</ListHostedZonesResponse>");
}

/* Starts at the name; whoever asks compares for equality (AWS.md 2.1). */
static void list_zones_by_name(struct sb_call *c)
{
    const struct r53 *r53 = r53_state(c->sb);
    char from[R53_NAME_BYTES] = "";
    struct evac_str name = sb_in(c, "dnsname");
    (void)r53_name(name, from);
    open_root(c, "ListHostedZonesByNameResponse");
    evac_buf_puts(&c->out, "<HostedZones>");
    for (size_t i = 0; i < r53->zone_count; i++)
        if (!from[0] || compare_names(r53->zones[i].name, from) >= 0)
            put_zone(&c->out, &r53->zones[i]);
    evac_buf_puts(&c->out, "</HostedZones>");
    if (name.n)
        sb_tag(&c->out, "DNSName", name);
    evac_buf_puts(&c->out, "<IsTruncated>false</IsTruncated><MaxItems>100</MaxItems>"
                           "</ListHostedZonesByNameResponse>");
}

static struct r53_zone *named_zone(struct sb_call *c)
{
    struct r53_zone *zone = find_zone(c->sb, bare_id(c->label[0]));
    if (!zone)
        sb_error(c, 404, "NoSuchHostedZone", "No hosted zone found with ID: %.*s",
                 EVAC_STR_ARG(bare_id(c->label[0])));
    return zone;
}

static void get_zone(struct sb_call *c)
{
    const struct r53_zone *zone = named_zone(c);
    if (!zone)
        return;
    open_root(c, "GetHostedZoneResponse");
    put_zone(&c->out, zone);
    evac_buf_puts(&c->out, "<DelegationSet><NameServers>");
    for (int i = 0; i < 4; i++)
        sb_tagf(&c->out, "NameServer", "ns-%d.awsdns-%02d.example", 512 * i + 1, 16 * i);
    evac_buf_puts(&c->out, "</NameServers></DelegationSet></GetHostedZoneResponse>");
}

/* --- listing records ------------------------------------------------------------------------- */

static void put_name(struct evac_buf *out, const char *tag, const char *name)
{
    bool wild = name[0] == '*';
    sb_tagf(out, tag, "%s%s.", wild ? "\\052" : "", wild ? name + 1 : name);
}

static void put_record(struct evac_buf *out, const struct r53_record *r)
{
    evac_buf_puts(out, "<ResourceRecordSet>");
    put_name(out, "Name", r->name);
    sb_tag(out, "Type", evac_str(r->type));
    if (r->set_identifier[0])
        sb_tag(out, "SetIdentifier", evac_str(r->set_identifier));
    if (r->weight >= 0)
        sb_tagf(out, "Weight", "%d", r->weight);
    if (r->region[0])
        sb_tag(out, "Region", evac_str(r->region));
    if (r->failover[0])
        sb_tag(out, "Failover", evac_str(r->failover));
    if (r->multivalue)
        sb_tag(out, "MultiValueAnswer", EVAC_STR("true"));
    if (!r->alias[0]) {
        sb_tagf(out, "TTL", "%u", r->ttl_s);
        evac_buf_puts(out, "<ResourceRecords>");
        for (size_t i = 0; i < r->value_count; i++) {
            evac_buf_puts(out, "<ResourceRecord>");
            sb_tag(out, "Value", evac_str(r->values[i]));
            evac_buf_puts(out, "</ResourceRecord>");
        }
        evac_buf_puts(out, "</ResourceRecords>");
    } else {
        evac_buf_puts(out, "<AliasTarget>");
        sb_tag(out, "HostedZoneId", evac_str(r->alias_zone));
        sb_tagf(out, "DNSName", "%s.", r->alias);
        sb_tag(out, "EvaluateTargetHealth", r->alias_health ? EVAC_STR("true") : EVAC_STR("false"));
        evac_buf_puts(out, "</AliasTarget>");
    }
    if (r->health_check[0])
        sb_tag(out, "HealthCheckId", evac_str(r->health_check));
    evac_buf_puts(out, "</ResourceRecordSet>");
}

/* Whether a record stands before where the listing is to start. */
static bool is_before(const struct r53_record *r, const char *name, struct evac_str type,
                      struct evac_str identifier)
{
    int order = name[0] ? compare_names(r->name, name) : 1;
    if (order || type.n == 0)
        return order < 0;
    struct evac_str own = evac_str(r->type);
    size_t n = own.n < type.n ? own.n : type.n;
    order = memcmp(own.p, type.p, n);
    if (order || own.n != type.n)
        return order ? order < 0 : own.n < type.n;
    struct evac_str set = evac_str(r->set_identifier);
    n = set.n < identifier.n ? set.n : identifier.n;
    order = n ? memcmp(set.p, identifier.p, n) : 0;
    return order ? order < 0 : set.n < identifier.n;
}

static void list_records(struct sb_call *c)
{
    const struct r53_zone *zone = named_zone(c);
    int64_t most = sb_in_i64(c, "maxitems", 300), given = 0;
    struct evac_str type = sb_in(c, "type"), name = sb_in(c, "name");
    char from[R53_NAME_BYTES] = "";
    if (!zone)
        return;
    if (most < 1 || (type.n && !name.n)) {
        sb_error(c, 400, "InvalidInput", "maxitems must be at least 1, and type needs a name");
        return;
    }
    if (most > 300)
        most = 300;
    (void)r53_name(name, from);
    open_root(c, "ListResourceRecordSetsResponse");
    evac_buf_puts(&c->out, "<ResourceRecordSets>");
    size_t i = 0;
    for (; i < zone->records.count && given < most; i++) {
        if (is_before(&zone->records.items[i], from, type, sb_in(c, "identifier")))
            continue;
        put_record(&c->out, &zone->records.items[i]);
        given++;
    }
    evac_buf_puts(&c->out, "</ResourceRecordSets>");
    bool more = i < zone->records.count;
    sb_tag(&c->out, "IsTruncated", more ? EVAC_STR("true") : EVAC_STR("false"));
    if (more) {
        const struct r53_record *next = &zone->records.items[i];
        put_name(&c->out, "NextRecordName", next->name);
        sb_tag(&c->out, "NextRecordType", evac_str(next->type));
        if (next->set_identifier[0])
            sb_tag(&c->out, "NextRecordIdentifier", evac_str(next->set_identifier));
    }
    sb_tagf(&c->out, "MaxItems", "%lld", (long long)most);
    evac_buf_puts(&c->out, "</ListResourceRecordSetsResponse>");
}

/* --- changing records ------------------------------------------------------------------------ */

/* What is wrong with a batch: all of it, as AWS tells it. */
struct faults {
    struct sb_call *c;
    struct evac_buf text;
    size_t count;
};

static void fault(struct faults *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void fault(struct faults *f, const char *fmt, ...)
{
    va_list ap;
    if (f->count++ >= 20)
        return;
    evac_buf_puts(&f->text, f->count > 1 ? ", " : "[");
    va_start(ap, fmt);
    evac_buf_putv(&f->text, fmt, ap);
    va_end(ap);
}

static void copy(struct faults *f, char *to, size_t bytes, const struct evac_xml *set,
                 const char *path)
{
    struct evac_str text = evac_str_trim(evac_xml_text(set, path));
    if (!evac_str_copy(to, bytes, text))
        fault(f, "%s is longer than the %zu characters allowed", path, bytes - 1);
}

static bool is_type(const char *type)
{
    static const char *const types[] = { "SOA",   "A",    "TXT",   "NS",   "CNAME", "MX",
                                         "NAPTR", "PTR",  "SRV",   "SPF",  "AAAA",  "CAA",
                                         "DS",    "TLSA", "SSHFP", "SVCB", "HTTPS" };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(type, types[i]) == 0)
            return true;
    return false;
}

static void read_values(struct faults *f, const struct evac_xml *set, struct r53_record *r)
{
    for (const struct evac_xml *v = evac_xml_path(set, "ResourceRecords/ResourceRecord"); v;
         v = evac_xml_again(v)) {
        if (r->value_count == R53_VALUES_MAX) {
            fault(f, "the sandbox keeps %u values a record", R53_VALUES_MAX);
            return;
        }
        copy(f, r->values[r->value_count++], R53_VALUE_BYTES, v, "Value");
    }
}

/* A number that is there and in its range; fallback when it is not there. */
static int64_t number_of(struct faults *f, const struct evac_xml *set, const char *name,
                         int64_t most, int64_t fallback)
{
    int64_t number;
    if (!evac_xml_child(set, name))
        return fallback;
    if (evac_str_i64(evac_xml_text(set, name), &number) && number >= 0 && number <= most)
        return number;
    fault(f, "%s must be from 0 to %lld", name, (long long)most);
    return fallback;
}

static void read_record(struct faults *f, const struct evac_xml *set, struct r53_record *r)
{
    *r = (struct r53_record){ .weight = -1 };
    if (!r53_name(evac_str_trim(evac_xml_text(set, "Name")), r->name))
        fault(f, "the name of a record is missing or too long");
    copy(f, r->type, sizeof r->type, set, "Type");
    copy(f, r->set_identifier, sizeof r->set_identifier, set, "SetIdentifier");
    copy(f, r->failover, sizeof r->failover, set, "Failover");
    copy(f, r->region, sizeof r->region, set, "Region");
    copy(f, r->health_check, sizeof r->health_check, set, "HealthCheckId");
    r->weight = (int)number_of(f, set, "Weight", 255, -1);
    r->ttl_s = (uint32_t)number_of(f, set, "TTL", 2147483647, 0);
    r->multivalue = evac_str_is(evac_xml_text(set, "MultiValueAnswer"), "true");
    read_values(f, set, r);
    if (evac_xml_child(set, "AliasTarget")) {
        (void)r53_name(evac_xml_text(set, "AliasTarget/DNSName"), r->alias);
        copy(f, r->alias_zone, sizeof r->alias_zone, set, "AliasTarget/HostedZoneId");
        r->alias_health =
            evac_str_is(evac_xml_text(set, "AliasTarget/EvaluateTargetHealth"), "true");
    }
}

static bool has_policy(const struct r53_record *r)
{
    return r->weight >= 0 || r->failover[0] || r->region[0] || r->multivalue;
}

static void check_values(struct faults *f, const struct r53_record *r)
{
    unsigned char address[16];
    bool four = strcmp(r->type, "A") == 0, six = strcmp(r->type, "AAAA") == 0;
    for (size_t i = 0; (four || six) && i < r->value_count; i++)
        if (inet_pton(four ? AF_INET : AF_INET6, r->values[i], address) != 1)
            fault(f,
                  "Invalid Resource Record: 'FATAL problem: %s (Value is not a valid %s address) "
                  "encountered with '%s''",
                  four ? "ARRDATAIllegalIPv4Address" : "AAAARRDATAIllegalIPv6Address",
                  four ? "IPv4" : "IPv6", r->values[i]);
}

static bool is_inside(const char *name, const char *zone)
{
    size_t n = strlen(name), m = strlen(zone);
    return n >= m && strcmp(name + n - m, zone) == 0 && (n == m || name[n - m - 1] == '.');
}

static void check_record(struct faults *f, const struct evac_xml *set, const struct r53_zone *zone,
                         const struct r53_record *r)
{
    check_values(f, r);
    if (!r->alias[0] && !evac_xml_child(set, "TTL"))
        fault(f, "RRSet of type %s with DNS name %s. has no TTL", r->type, r->name);
    if (r->alias[0] && r->value_count)
        fault(f, "RRSet of type %s with DNS name %s. is an alias and has records", r->type,
              r->name);
    if (strcmp(r->type, "CNAME") == 0 && strcmp(r->name, zone->name) == 0)
        fault(f, "RRSet of type CNAME with DNS name %s. is not permitted at apex in zone %s.",
              r->name, zone->name);
    if (!is_inside(r->name, zone->name))
        fault(f, "RRSet with DNS name %s. is not permitted in zone %s.", r->name, zone->name);
    if (!is_type(r->type))
        fault(f, "the type '%s' is not one of Route 53's", r->type);
    if (!r->alias[0] && r->value_count == 0)
        fault(f, "RRSet of type %s with DNS name %s. has no resource records", r->type, r->name);
    if (r->set_identifier[0] && !has_policy(r))
        fault(f, "RRSet with a SetIdentifier needs a routing policy");
    if (!r->set_identifier[0] && has_policy(r))
        fault(f, "RRSet with a routing policy needs a SetIdentifier");
    if (r->failover[0] && strcmp(r->failover, "PRIMARY") && strcmp(r->failover, "SECONDARY"))
        fault(f, "Failover must be PRIMARY or SECONDARY, not '%s'", r->failover);
    if (r->health_check[0] && !r53_check_find(f->c->sb, evac_str(r->health_check)))
        sb_error(f->c, 404, "NoSuchHealthCheck", "A health check with id %s does not exist.",
                 r->health_check);
}

/* "[name='a.example.com.', type='A', set-identifier='x']", as AWS says it */
static struct evac_str named_set(const struct faults *f, const struct r53_record *r)
{
    const char *id = r->set_identifier;
    return evac_arena_printf(f->c->arena, "[name='%s.', type='%s'%s%s%s]", r->name, r->type,
                             id[0] ? ", set-identifier='" : "", id, id[0] ? "'" : "");
}

static void apply_one(struct faults *f, struct r53_zone *zone, struct r53_records *records,
                      const struct evac_xml *change)
{
    struct r53_record wanted;
    struct evac_str action = evac_xml_text(change, "Action");
    const struct evac_xml *set = evac_xml_child(change, "ResourceRecordSet");
    read_record(f, set, &wanted);
    struct r53_record *there = find_record(records, &wanted);
    bool create_it = evac_str_is(action, "CREATE"), upsert = evac_str_is(action, "UPSERT");
    if (!create_it && !upsert && !evac_str_is(action, "DELETE")) {
        fault(f, "the action '%.*s' is not CREATE, DELETE or UPSERT", EVAC_STR_ARG(action));
    } else if (!create_it && !upsert) {
        if (!there)
            fault(f, "Tried to delete resource record set %s but it was not found",
                  named_set(f, &wanted).p);
        else if (!same_record(there, &wanted))
            fault(f,
                  "Tried to delete resource record set %s but the values provided do not match "
                  "the current values",
                  named_set(f, &wanted).p);
        else
            remove_record(records, there);
    } else if (create_it && there) {
        fault(f, "Tried to create resource record set %s but it already exists",
              named_set(f, &wanted).p);
    } else {
        check_record(f, set, zone, &wanted);
        if (there)
            *there = wanted;
        else if (!add_record(records, &wanted))
            fault(f, "the sandbox keeps %u records a zone", R53_RECORDS_MAX);
    }
}

/* A CNAME stands alone; equal names are neighbours. */
static void check_cnames(struct faults *f, const struct r53_records *records)
{
    for (size_t i = 1; i < records->count; i++) {
        const struct r53_record *a = &records->items[i - 1], *b = &records->items[i];
        bool one = strcmp(a->type, "CNAME") == 0, other = strcmp(b->type, "CNAME") == 0;
        if (one != other && strcmp(a->name, b->name) == 0)
            fault(f,
                  "RRSet of type CNAME with DNS name %s. is not permitted as it conflicts with "
                  "other records with the same DNS name",
                  a->name);
    }
}

static size_t count_at(const struct r53_records *records, const char *name, const char *type)
{
    size_t n = 0;
    for (size_t i = 0; i < records->count; i++)
        n += strcmp(records->items[i].type, type) == 0 && strcmp(records->items[i].name, name) == 0;
    return n;
}

/* Without them a zone is none. */
static void check_apex(struct faults *f, const struct r53_zone *zone,
                       const struct r53_records *records)
{
    if (count_at(records, zone->name, "SOA") != 1)
        fault(f, "A HostedZone must contain exactly one SOA record.");
    if (count_at(records, zone->name, "NS") == 0)
        fault(f, "A HostedZone must contain at least one NS record for the zone itself.");
}

/* All records of one name and type follow one policy. */
static void check_policies(struct faults *f, const struct r53_records *records)
{
    for (size_t i = 1; i < records->count; i++) {
        const struct r53_record *a = &records->items[i - 1], *b = &records->items[i];
        if (strcmp(a->name, b->name) || strcmp(a->type, b->type))
            continue;
        bool same = (a->weight >= 0) == (b->weight >= 0) && !a->failover[0] == !b->failover[0] &&
                    !a->region[0] == !b->region[0] && a->multivalue == b->multivalue;
        if (!same || !a->set_identifier[0])
            fault(f, "RRSet with DNS name %s., type %s can not be beside one of another policy",
                  b->name, b->type);
    }
}

static void put_change(struct sb_call *c, const struct r53_change *change)
{
    evac_buf_puts(&c->out, "<ChangeInfo>");
    sb_tagf(&c->out, "Id", "/change/%s", change->id);
    sb_tag(&c->out, "Status",
           change->in_sync_ms <= c->sb->now_ms ? EVAC_STR("INSYNC") : EVAC_STR("PENDING"));
    sb_tag(&c->out, "SubmittedAt", sb_iso(c->arena, change->submitted_ms));
    evac_buf_puts(&c->out, "</ChangeInfo>");
}

static struct r53_change *next_change(struct r53 *r53)
{
    return &r53->changes[r53->change_count % R53_CHANGES_MAX];
}

static void commit(struct sb_call *c, struct r53_zone *zone, struct r53_records *records)
{
    struct evac_sandbox *sb = c->sb;
    struct r53 *r53 = r53_state(sb);
    struct r53_change *change = next_change(r53);
    r53->change_count++;
    free(zone->records.items);
    zone->records = *records;
    zone->busy_until_ms = sb->now_ms + sb_scaled(sb, TAKE_IN_MS);
    *change = (struct r53_change){ .submitted_ms = sb_wall_ms(sb),
                                   .in_sync_ms = sb->now_ms + sb_scaled(sb, PROPAGATE_MS),
                                   .zone = zone };
    (void)copy_records(&change->after, records);
    change->id[0] = 'C';
    sb_random_id(sb, change->id + 1, 20);
    sb_effect(c);
    open_root(c, "ChangeResourceRecordSetsResponse");
    put_change(c, change);
    evac_buf_puts(&c->out, "</ChangeResourceRecordSetsResponse>");
}

/* All of a batch or nothing of it. */
static void change_records(struct sb_call *c)
{
    struct r53_zone *zone = named_zone(c);
    struct r53_records records = { NULL, 0 };
    struct faults f = { .c = c };
    size_t n = 0;
    if (!zone)
        return;
    bool full = next_change(r53_state(c->sb))->zone != NULL;
    if (zone->busy_until_ms > c->sb->now_ms || full) {
        sb_error(c, 400, "PriorRequestNotComplete",
                 "The request was rejected because Route 53 was still processing a prior request.");
        return;
    }
    evac_buf_init(&f.text, 16384);
    (void)copy_records(&records, &zone->records);
    for (const struct evac_xml *x = evac_xml_path(c->xml, "ChangeBatch/Changes/Change");
         x && n <= ACTIONS_MAX; x = evac_xml_again(x), n++)
        apply_one(&f, zone, &records, x);
    if (n == 0 || n > ACTIONS_MAX)
        fault(&f, "a batch has from 1 to %u changes", ACTIONS_MAX);
    check_policies(&f, &records);
    check_cnames(&f, &records);
    check_apex(&f, zone, &records);
    if (f.count)
        sb_error(c, 400, "InvalidChangeBatch", "%s]", f.text.p);
    if (c->failed)
        free(records.items);
    else
        commit(c, zone, &records);
    evac_buf_done(&f.text);
}

static void get_change(struct sb_call *c)
{
    const struct r53 *r53 = r53_state(c->sb);
    struct evac_str id = bare_id(c->label[0]);
    size_t n = r53->change_count < R53_CHANGES_MAX ? r53->change_count : R53_CHANGES_MAX;
    for (size_t i = 0; i < n; i++)
        if (evac_str_is(id, r53->changes[i].id)) {
            open_root(c, "GetChangeResponse");
            put_change(c, &r53->changes[i]);
            evac_buf_puts(&c->out, "</GetChangeResponse>");
            return;
        }
    sb_error(c, 404, "NoSuchChange", "A change with the specified change ID does not exist: %.*s",
             EVAC_STR_ARG(id));
}

static void test_answer(struct sb_call *c)
{
    const struct r53_zone *zone = find_zone(c->sb, bare_id(sb_in(c, "hostedzoneid")));
    const struct r53_record *found[8];
    char name[R53_NAME_BYTES] = "";
    bool exists;
    if (!zone) {
        sb_error(c, 404, "NoSuchHostedZone", "No hosted zone found with ID: %.*s",
                 EVAC_STR_ARG(bare_id(sb_in(c, "hostedzoneid"))));
        return;
    }
    (void)r53_name(sb_in(c, "recordname"), name);
    struct evac_str type = evac_arena_str(c->arena, sb_in(c, "recordtype"));
    size_t n = r53_select(c->sb, zone, name, type.p, found, 8, &exists);
    open_root(c, "TestDNSAnswerResponse");
    evac_buf_puts(&c->out, "<Nameserver>ns-1.awsdns-00.example</Nameserver>");
    sb_tagf(&c->out, "RecordName", "%s.", name);
    sb_tag(&c->out, "RecordType", type);
    evac_buf_puts(&c->out, "<RecordData>");
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < found[i]->value_count; k++)
            sb_tag(&c->out, "RecordDataEntry", evac_str(found[i]->values[k]));
    evac_buf_puts(&c->out, "</RecordData>");
    sb_tag(&c->out, "ResponseCode", n || exists ? EVAC_STR("NOERROR") : EVAC_STR("NXDOMAIN"));
    evac_buf_puts(&c->out, "<Protocol>UDP</Protocol></TestDNSAnswerResponse>");
}

/* --- the service ----------------------------------------------------------------------------- */

static void truth(const struct evac_sandbox *sb, struct evac_buf *json)
{
    const struct r53 *r53 = r53_state(sb);
    evac_buf_puts(json, ",\"health_checks\":[");
    for (size_t i = 0; i < r53->check_count; i++)
        evac_buf_putf(json, "%s{\"id\":\"%s\",\"healthy\":%s,\"inverted\":%s}", i ? "," : "",
                      r53->checks[i].id, r53_is_healthy(sb, r53->checks[i].id) ? "true" : "false",
                      r53->checks[i].inverted ? "true" : "false");
    evac_buf_puts(json, "],\"zones\":[");
    for (size_t i = 0; i < r53->zone_count; i++)
        evac_buf_putf(json, "%s{\"id\":\"%s\",\"name\":\"%s\",\"records\":%zu}", i ? "," : "",
                      r53->zones[i].id, r53->zones[i].name, r53->zones[i].records.count);
    evac_buf_putc(json, ']');
    r53_truth_dns(sb, json);
}

#define V "/2013-04-01"
/* clang-format off */
static const struct sb_operation operations[] = {
    { .name = "ListHostedZones",          .handle = list_zones,         .method = "GET",    .path = V "/hostedzone" },
    { .name = "ListHostedZonesByName",    .handle = list_zones_by_name, .method = "GET",    .path = V "/hostedzonesbyname" },
    { .name = "GetHostedZone",            .handle = get_zone,           .method = "GET",    .path = V "/hostedzone/{Id}" },
    { .name = "ListResourceRecordSets",   .handle = list_records,       .flags = SB_STRONG, .method = "GET", .path = V "/hostedzone/{Id}/rrset" },
    { .name = "ChangeResourceRecordSets", .handle = change_records,     .flags = SB_MUTATES, .method = "POST", .path = V "/hostedzone/{Id}/rrset" },
    { .name = "GetChange",                .handle = get_change,         .flags = SB_STRONG, .method = "GET", .path = V "/change/{Id}" },
    { .name = "ListHealthChecks",         .handle = r53_list_checks,    .method = "GET",    .path = V "/healthcheck" },
    { .name = "CreateHealthCheck",        .handle = r53_create_check,   .flags = SB_MUTATES, .method = "POST", .path = V "/healthcheck" },
    { .name = "GetHealthCheck",           .handle = r53_get_check,      .flags = SB_STRONG, .method = "GET", .path = V "/healthcheck/{Id}" },
    { .name = "UpdateHealthCheck",        .handle = r53_update_check,   .flags = SB_MUTATES, .method = "POST", .path = V "/healthcheck/{Id}" },
    { .name = "DeleteHealthCheck",        .handle = r53_delete_check,   .flags = SB_MUTATES, .method = "DELETE", .path = V "/healthcheck/{Id}" },
    { .name = "GetHealthCheckStatus",     .handle = r53_check_status,   .method = "GET",    .path = V "/healthcheck/{Id}/status" },
    { .name = "TestDNSAnswer",            .handle = test_answer,        .method = "GET",    .path = V "/testdnsanswer" },
    { 0 },
};
/* clang-format on */

/* The older of the two published figures: an account's five requests a second (AWS.md 1.11). */
const struct sb_service sb_service_route53 = {
    .signing_name = "route53",
    .row = "route53",
    .xmlns = NS,
    .home = "us-east-1",
    .rate_per_s = 5,
    .burst = 5,
    .operations = operations,
    .create = create,
    .destroy = destroy,
    .advance = advance,
    .wake = wake,
    .truth = truth,
};

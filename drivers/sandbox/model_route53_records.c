/*
 * Route 53's record sets: how they are kept, written, and changed by a batch, with what AWS refuses
 * (AWS.md 2.1).
 */
#include "route53_internal.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACTIONS_MAX    1000u /* of a batch */
#define VALUES_MAX     1000u
#define CHARACTERS_MAX 32000u

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

void r53_copy_records(struct r53_records *to, const struct r53_records *from)
{
    struct r53_record *items = malloc((from->count + 1) * sizeof *items);
    if (!items)
        abort();
    if (from->count)
        memcpy(items, from->items, from->count * sizeof *items);
    free(to->items);
    *to = (struct r53_records){ items, from->count, from->count + 1 };
}

static struct r53_record *find_record(struct r53_records *records, const struct r53_record *like)
{
    for (size_t i = 0; i < records->count; i++) {
        struct r53_record *r = &records->items[i];
        if (!r->gone && strcmp(r->name, like->name) == 0 && strcmp(r->type, like->type) == 0 &&
            strcmp(r->set_identifier, like->set_identifier) == 0)
            return r;
    }
    return NULL;
}

/* Records are made of zeroed memory, so equal fields are equal bytes; values are in any order. */
static bool same_record(const struct r53_record *a, const struct r53_record *b)
{
    if (strcmp(a->failover, b->failover) || strcmp(a->region, b->region) ||
        strcmp(a->continent, b->continent) || strcmp(a->country, b->country) ||
        strcmp(a->subdivision, b->subdivision) || a->weight != b->weight ||
        a->multivalue != b->multivalue || a->ttl_s != b->ttl_s || strcmp(a->alias, b->alias) ||
        strcmp(a->alias_zone, b->alias_zone) || a->alias_health != b->alias_health ||
        strcmp(a->health_check, b->health_check) || a->value_count != b->value_count)
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
int r53_compare_names(const char *a, const char *b)
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
    int order = r53_compare_names(x->name, y->name);
    if (!order)
        order = strcmp(x->type, y->type);
    return order ? order : strcmp(x->set_identifier, y->set_identifier);
}

/* Where it belongs: the first that is not before it. */
static size_t place_of(const struct r53_records *records, const struct r53_record *record)
{
    size_t low = 0, high = records->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (compare_records(&records->items[middle], record) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void grow(struct r53_records *records)
{
    records->room = records->room ? 2 * records->room : 8;
    records->items = realloc(records->items, records->room * sizeof *records->items);
    if (!records->items)
        abort();
}

bool r53_add_record(struct r53_records *records, const struct r53_record *record)
{
    size_t place = place_of(records, record);
    if (place < records->count && records->items[place].gone &&
        compare_records(&records->items[place], record) == 0) {
        records->items[place] = *record;
        return true;
    }
    if (records->count == R53_RECORDS_MAX)
        return false;
    if (records->count == records->room)
        grow(records);
    struct r53_record *at = &records->items[place];
    memmove(at + 1, at, (size_t)(records->items + records->count - at) * sizeof *at);
    *at = *record;
    records->count++;
    return true;
}

static void remove_record(struct r53_records *records, struct r53_record *record)
{
    size_t at = (size_t)(record - records->items);
    memmove(record, record + 1, (records->count - at - 1) * sizeof *record);
    records->count--;
}

void r53_remove_name(struct r53_records *records, const char *name)
{
    for (size_t i = records->count; i-- > 0;)
        if (strcmp(records->items[i].name, name) == 0)
            remove_record(records, &records->items[i]);
}

bool r53_replace_record(struct r53_records *records, const struct r53_record *record)
{
    size_t at = place_of(records, record);
    if (at < records->count && compare_records(&records->items[at], record) == 0)
        remove_record(records, &records->items[at]);
    return r53_add_record(records, record);
}

/* --- as XML --- */

void r53_put_name(struct evac_buf *out, const char *tag, const char *name)
{
    bool wild = name[0] == '*';
    sb_tagf(out, tag, "%s%s.", wild ? "\\052" : "", wild ? name + 1 : name);
}

static void put_location(struct evac_buf *out, const struct r53_record *r)
{
    if (!r53_is_geo(r))
        return;
    evac_buf_puts(out, "<GeoLocation>");
    if (r->continent[0])
        sb_tag(out, "ContinentCode", evac_str(r->continent));
    if (r->country[0])
        sb_tag(out, "CountryCode", evac_str(r->country));
    if (r->subdivision[0])
        sb_tag(out, "SubdivisionCode", evac_str(r->subdivision));
    evac_buf_puts(out, "</GeoLocation>");
}

void r53_put_record(struct evac_buf *out, const struct r53_record *r)
{
    evac_buf_puts(out, "<ResourceRecordSet>");
    r53_put_name(out, "Name", r->name);
    sb_tag(out, "Type", evac_str(r->type));
    if (r->set_identifier[0])
        sb_tag(out, "SetIdentifier", evac_str(r->set_identifier));
    if (r->weight >= 0)
        sb_tagf(out, "Weight", "%d", r->weight);
    if (r->region[0])
        sb_tag(out, "Region", evac_str(r->region));
    put_location(out, r);
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
    sb_error(f->c, 400, "InvalidInput", "%s must be from 0 to %lld", name, (long long)most);
    return fallback;
}

void r53_check_elements(struct sb_call *c, const struct evac_xml *x, const char *names)
{
    for (const struct evac_xml *child = x ? x->first : NULL; child; child = child->next) {
        struct evac_str rest = evac_str(names);
        bool known = false;
        while (rest.n && !known)
            known = evac_str_eq(evac_str_cut(rest, ' ', &rest), child->name);
        if (!known)
            sb_error(c, 400, "InvalidInput",
                     "Invalid XML ; Invalid content was found starting with element '%.*s'. One of "
                     "'{%s}' is expected.",
                     EVAC_STR_ARG(child->name), names);
    }
}

static void read_record(struct faults *f, const struct evac_xml *set, struct r53_record *r)
{
    *r = (struct r53_record){ .weight = -1 };
    r53_check_elements(f->c, set,
                       "Name Type SetIdentifier Weight Region GeoLocation Failover "
                       "MultiValueAnswer TTL ResourceRecords AliasTarget HealthCheckId "
                       "TrafficPolicyInstanceId CidrRoutingConfig GeoProximityLocation");
    r53_check_elements(f->c, evac_xml_child(set, "GeoLocation"),
                       "ContinentCode CountryCode SubdivisionCode");
    r53_check_elements(f->c, evac_xml_child(set, "AliasTarget"),
                       "HostedZoneId DNSName EvaluateTargetHealth");
    if (!r53_name(evac_str_trim(evac_xml_text(set, "Name")), r->name))
        fault(f, "the name of a record is missing or too long");
    copy(f, r->type, sizeof r->type, set, "Type");
    copy(f, r->set_identifier, sizeof r->set_identifier, set, "SetIdentifier");
    copy(f, r->failover, sizeof r->failover, set, "Failover");
    copy(f, r->region, sizeof r->region, set, "Region");
    copy(f, r->continent, sizeof r->continent, set, "GeoLocation/ContinentCode");
    copy(f, r->country, sizeof r->country, set, "GeoLocation/CountryCode");
    copy(f, r->subdivision, sizeof r->subdivision, set, "GeoLocation/SubdivisionCode");
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

bool r53_is_geo(const struct r53_record *r)
{
    return r->continent[0] || r->country[0];
}

static int policies(const struct r53_record *r)
{
    return (r->weight >= 0) + (r->failover[0] != 0) + (r->region[0] != 0) + r->multivalue +
           r53_is_geo(r);
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

static size_t count_at(const struct r53_records *records, const char *name, const char *type)
{
    size_t n = 0;
    for (size_t i = 0; i < records->count; i++)
        n += strcmp(records->items[i].type, type) == 0 && strcmp(records->items[i].name, name) == 0;
    return n;
}

/* By id, name and type of what an alias names: of this account's zones it must be there. */
static void check_alias(struct faults *f, const struct r53_record *r,
                        const struct r53_records *records, const struct r53_zone *own)
{
    const struct r53_zone *zone = r53_zone_find(f->c->sb, evac_str(r->alias_zone));
    const struct r53_records *there = zone == own ? records : zone ? &zone->records : NULL;
    if (r->multivalue)
        fault(f, "RRSet of type %s with DNS name %s. is an alias, which multivalue can not be",
              r->type, r->name);
    if (zone && !is_inside(r->alias, zone->name))
        fault(f,
              "Tried to create an alias that targets %s., type %s in zone %s, but the alias target "
              "name does not lie within the target zone",
              r->alias, r->type, r->alias_zone);
    else if (there && count_at(there, r->alias, r->type) == 0)
        fault(f,
              "Tried to create an alias that targets %s., type %s in zone %s, but that target was "
              "not found",
              r->alias, r->type, r->alias_zone);
}

static void check_location(struct faults *f, const struct r53_record *r)
{
    static const char *const continents[] = { "AF", "AN", "AS", "EU", "OC", "NA", "SA" };
    bool known = !r->continent[0];
    for (size_t i = 0; i < sizeof continents / sizeof continents[0]; i++)
        known |= strcmp(r->continent, continents[i]) == 0;
    bool star = strcmp(r->country, "*") == 0;
    if (!known || (r->continent[0] && (r->country[0] || r->subdivision[0])) ||
        (!star && r->country[0] && strlen(r->country) != 2) ||
        (r->subdivision[0] && (star || !r->country[0])))
        sb_error(f->c, 400, "InvalidInput",
                 "a GeoLocation is a ContinentCode, a CountryCode, or a CountryCode and a "
                 "SubdivisionCode");
}

/* What AWS says before it looks at the batch as a whole. */
static void check_policy(struct faults *f, const struct evac_xml *set, struct evac_str action,
                         const struct r53_record *r)
{
    int n = policies(r);
    if (evac_xml_child(set, "CidrRoutingConfig") || evac_xml_child(set, "GeoProximityLocation") ||
        evac_xml_child(set, "TrafficPolicyInstanceId"))
        sb_error(f->c, 400, "InvalidInput",
                 "CIDR, geoproximity and traffic policies are not modelled here");
    else if ((r->set_identifier[0] != 0) != (n > 0) || n > 1)
        sb_error(f->c, 400, "InvalidInput",
                 "Invalid request: Expected exactly one of [Weight, Region, Failover, GeoLocation, "
                 "or MultiValueAnswer], but found %s in Change with [Action=%.*s, Name=%s., "
                 "Type=%s, SetIdentifier=%s]",
                 n == 0   ? "none"
                 : n == 1 ? "no SetIdentifier"
                          : "more than one",
                 EVAC_STR_ARG(action), r->name, r->type,
                 r->set_identifier[0] ? r->set_identifier : "null");
    check_location(f, r);
}

static void check_record(struct faults *f, const struct evac_xml *set, const struct r53_zone *zone,
                         const struct r53_record *r)
{
    struct evac_str region = evac_str(r->region);
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
    if (region.n && !r53_place(region) && sb_region_find(f->c->sb, region) == SB_REGIONS_MAX)
        fault(f, "Cannot find region '%s'. No changes made.", r->region);
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
    check_policy(f, set, action, &wanted);
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
            there->gone = true;
    } else if (create_it && there) {
        fault(f, "Tried to create resource record set %s but it already exists",
              named_set(f, &wanted).p);
    } else {
        check_record(f, set, zone, &wanted);
        if (there)
            *there = wanted;
        else if (!r53_add_record(records, &wanted))
            fault(f, "the sandbox keeps %u records a zone", R53_RECORDS_MAX);
    }
}

/* What is deleted keeps its place until here: mostly the same set is made again. */
static void sweep(struct r53_records *records)
{
    size_t kept = 0;
    for (size_t i = 0; i < records->count; i++)
        if (!records->items[i].gone) {
            if (kept != i)
                records->items[kept] = records->items[i];
            kept++;
        }
    records->count = kept;
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

/* Without them a zone is none. */
static void check_apex(struct faults *f, const struct r53_zone *zone,
                       const struct r53_records *records)
{
    if (count_at(records, zone->name, "SOA") != 1)
        fault(f, "A HostedZone must contain exactly one SOA record.");
    if (count_at(records, zone->name, "NS") == 0)
        fault(f, "A HostedZone must contain at least one NS record for the zone itself.");
}

/* Two of one set, neighbours: whether both can be there. */
static void check_pair(struct faults *f, const struct r53_record *a, const struct r53_record *b)
{
    bool same = (a->weight >= 0) == (b->weight >= 0) && !a->failover[0] == !b->failover[0] &&
                !a->region[0] == !b->region[0] && a->multivalue == b->multivalue &&
                r53_is_geo(a) == r53_is_geo(b);
    if (!same || !a->set_identifier[0])
        fault(f,
              "RRSet with DNS name %s., type %s cannot be created as other RRSets exist with the "
              "same name and type.",
              b->name, b->type);
}

/* One record a region, a location, a role. */
static void check_twins(struct faults *f, const struct r53_record *a, const struct r53_record *b)
{
    bool region = a->region[0] && strcmp(a->region, b->region) == 0,
         role = a->failover[0] && strcmp(a->failover, b->failover) == 0,
         place = r53_is_geo(a) && strcmp(a->continent, b->continent) == 0 &&
                 strcmp(a->country, b->country) == 0 && strcmp(a->subdivision, b->subdivision) == 0;
    if (region)
        fault(f,
              "RRSet with DNS name %s., type %s, SetIdentifier %s, and Region Name=%s cannot be "
              "created because a latency RRSet with the same name, type and region already exists.",
              b->name, b->type, b->set_identifier, b->region);
    else if (role || place)
        fault(f,
              "RRSet with DNS name %s., type %s, SetIdentifier %s cannot be created because a %s "
              "RRSet with the same name, type and %s already exists.",
              b->name, b->type, b->set_identifier, role ? "failover" : "geolocation",
              role ? b->failover : "location");
}

static void check_sets(struct faults *f, const struct r53_records *records)
{
    for (size_t i = 0; i < records->count; i++)
        for (size_t k = i + 1; k < records->count; k++) {
            const struct r53_record *a = &records->items[i], *b = &records->items[k];
            if (strcmp(a->name, b->name) || strcmp(a->type, b->type))
                break;
            if (k == i + 1)
                check_pair(f, a, b);
            check_twins(f, a, b);
        }
}

/* New ones; they may name what the same batch makes. */
static void check_aliases(struct faults *f, struct r53_zone *zone,
                          const struct r53_records *records)
{
    for (size_t i = 0; i < records->count; i++) {
        const struct r53_record *r = &records->items[i], *before = find_record(&zone->records, r);
        if (r->alias[0] && !(before && same_record(before, r)))
            check_alias(f, r, records, zone);
    }
}

/* An UPSERT counts twice. */
static void check_size(struct faults *f, const struct evac_xml *changes)
{
    size_t values = 0, bytes = 0, n = 0;
    for (const struct evac_xml *x = changes; x; x = evac_xml_again(x), n++) {
        size_t times = evac_str_is(evac_xml_text(x, "Action"), "UPSERT") ? 2 : 1;
        for (const struct evac_xml *v =
                 evac_xml_path(x, "ResourceRecordSet/ResourceRecords/ResourceRecord");
             v; v = evac_xml_again(v)) {
            values += times;
            bytes += times * evac_xml_text(v, "Value").n;
        }
    }
    if (n == 0 || n > ACTIONS_MAX)
        fault(f, "a batch has from 1 to %u changes", ACTIONS_MAX);
    if (values > VALUES_MAX)
        fault(f, "Number of records limit of %u exceeded.", VALUES_MAX);
    if (bytes > CHARACTERS_MAX)
        fault(f, "Number of characters limit of %u exceeded.", CHARACTERS_MAX);
}

void r53_apply_batch(struct sb_call *c, struct r53_zone *zone, struct r53_records *records)
{
    struct faults f = { .c = c };
    size_t n = 0;
    const struct evac_xml *changes = evac_xml_path(c->xml, "ChangeBatch/Changes/Change");
    evac_buf_init(&f.text, 16384);
    check_size(&f, changes);
    for (const struct evac_xml *x = changes; x && n <= ACTIONS_MAX; x = evac_xml_again(x), n++)
        apply_one(&f, zone, records, x);
    sweep(records);
    check_sets(&f, records);
    check_aliases(&f, zone, records);
    check_cnames(&f, records);
    check_apex(&f, zone, records);
    if (f.count && !c->failed)
        sb_error(c, 400, "InvalidChangeBatch", "%s]", f.text.p);
    evac_buf_done(&f.text);
}

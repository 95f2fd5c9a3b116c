/*
 * Route 53's API: hosted zones and their record sets (AWS.md 2.1). It lives in us-east-1 and goes
 * with it; what it was told before goes on being answered (model_route53_routing.c, model_dns.c)
 * and checked (model_route53_checks.c).
 *
 * make route53 R {"kind":...} is one of
 *   asker         those who ask DNS are near the region R
 *   zone          id, name; accelerated, dnssec: statuses, such as "ENABLED" and "SIGNING"
 *   health-check  id, type; host, path, search, port, inverted, interval, threshold
 *   record        zone, name, value; type, ttl, id, check, and one of weight, failover, latency,
 *                 multivalue, continent, country with subdivision
 *   no-record     zone, name: whatever has that name is gone, as another automation would do it
 */
#include "route53_internal.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS           "https://route53.amazonaws.com/doc/2013-04-01/"
#define TAKE_IN_MS   500u   /* another change of the zone is refused so long */
#define PROPAGATE_MS 30000u /* "normally within 60 seconds" */

struct r53 *r53_state(const struct evac_sandbox *sb)
{
    return sb->state[SB_ROUTE53];
}

static void *create(struct evac_sandbox *sb)
{
    struct r53 *r53 = malloc(sizeof *r53);
    (void)sb;
    if (!r53)
        abort();
    memset(r53, 0, offsetof(struct r53, zones));
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
    (void)r53_add_record(&zone->records, &ns);
    (void)r53_add_record(&zone->records, &soa);
}

void sb_route53_zone(struct evac_sandbox *sb, const char *id, const char *name)
{
    struct r53 *r53 = r53_state(sb);
    if (r53->zone_count == R53_ZONES_MAX)
        return;
    struct r53_zone *zone = &r53->zones[r53->zone_count++];
    memset(zone, 0, sizeof *zone);
    (void)evac_str_copy(zone->id, sizeof zone->id, evac_str(id));
    (void)evac_str_copy(zone->caller, sizeof zone->caller, evac_str(id));
    (void)r53_name(evac_str(name), zone->name);
    put_apex(zone);
    r53_copy_records(&zone->served, &zone->records);
}

struct r53_zone *r53_zone_find(const struct evac_sandbox *sb, struct evac_str id)
{
    struct r53 *r53 = r53_state(sb);
    for (size_t i = 0; i < r53->zone_count; i++)
        if (evac_str_is(id, r53->zones[i].id))
            return &r53->zones[i];
    return NULL;
}

void sb_route53_record(struct evac_sandbox *sb, const char *zone_id, const struct sb_record *record)
{
    struct r53_zone *zone = r53_zone_find(sb, evac_str(zone_id));
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
    (void)evac_str_copy(r.region, sizeof r.region, evac_str(record->latency));
    (void)evac_str_copy(r.continent, sizeof r.continent, evac_str(record->continent));
    (void)evac_str_copy(r.country, sizeof r.country, evac_str(record->country));
    (void)evac_str_copy(r.subdivision, sizeof r.subdivision, evac_str(record->subdivision));
    r.multivalue = record->multivalue;
    (void)r53_replace_record(&zone->records, &r);
    r53_copy_records(&zone->served, &zone->records);
}

void sb_route53_no_record(struct evac_sandbox *sb, const char *zone_id, const char *name)
{
    struct r53_zone *zone = r53_zone_find(sb, evac_str(zone_id));
    char wire[R53_NAME_BYTES];
    if (!zone || !r53_name(evac_str(name), wire))
        return;
    r53_remove_name(&zone->records, wire);
    r53_copy_records(&zone->served, &zone->records);
}

bool sb_route53_has(const struct evac_sandbox *sb, const char *zone_id, const char *name)
{
    const struct r53_zone *zone = r53_zone_find(sb, evac_str(zone_id));
    char wire[R53_NAME_BYTES];
    bool has = false;
    if (!zone || !r53_name(evac_str(name), wire))
        return false;
    for (size_t i = 0; i < zone->records.count && !has; i++)
        has = strcmp(zone->records.items[i].name, wire) == 0;
    return has;
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
    change->after = (struct r53_records){ NULL, 0, 0 };
    change->zone = NULL;
}

static size_t kept_changes(const struct r53 *r53)
{
    return r53->change_count < R53_CHANGES_MAX ? r53->change_count : R53_CHANGES_MAX;
}

/* Oldest first: each change takes as long, so they arrive in the order in which they were made. */
static void advance(struct evac_sandbox *sb)
{
    struct r53 *r53 = r53_state(sb);
    for (size_t n = kept_changes(r53), i = 0; i < n; i++) {
        struct r53_change *change = &r53->changes[(r53->change_count - n + i) % R53_CHANGES_MAX];
        if (change->zone && change->in_sync_ms <= sb->now_ms)
            serve(change);
    }
    r53_look(sb);
}

static uint64_t wake(const struct evac_sandbox *sb)
{
    const struct r53 *r53 = r53_state(sb);
    uint64_t next = r53_look_wake(sb);
    for (size_t n = kept_changes(r53), i = 0; i < n; i++)
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
    if (zone->accelerated[0]) {
        evac_buf_puts(out, "<Features>");
        sb_tag(out, "AcceleratedRecoveryStatus", evac_str(zone->accelerated));
        evac_buf_puts(out, "</Features>");
    }
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
        if (!from[0] || r53_compare_names(r53->zones[i].name, from) >= 0)
            put_zone(&c->out, &r53->zones[i]);
    evac_buf_puts(&c->out, "</HostedZones>");
    if (name.n)
        sb_tag(&c->out, "DNSName", name);
    evac_buf_puts(&c->out, "<IsTruncated>false</IsTruncated><MaxItems>100</MaxItems>"
                           "</ListHostedZonesByNameResponse>");
}

static struct r53_zone *named_zone(struct sb_call *c)
{
    struct r53_zone *zone = r53_zone_find(c->sb, bare_id(c->label[0]));
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

static void get_dnssec(struct sb_call *c)
{
    const struct r53_zone *zone = named_zone(c);
    if (!zone)
        return;
    open_root(c, "GetDNSSECResponse");
    evac_buf_puts(&c->out, "<Status>");
    sb_tag(&c->out, "ServeSignature",
           zone->dnssec[0] ? evac_str(zone->dnssec) : EVAC_STR("NOT_SIGNING"));
    evac_buf_puts(&c->out, "</Status><KeySigningKeys></KeySigningKeys></GetDNSSECResponse>");
}

/* --- listing records ------------------------------------------------------------------------- */

/* Whether a record stands before where the listing is to start. */
static bool is_before(const struct r53_record *r, const char *name, struct evac_str type,
                      struct evac_str identifier)
{
    int order = name[0] ? r53_compare_names(r->name, name) : 1;
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
        r53_put_record(&c->out, &zone->records.items[i]);
        given++;
    }
    evac_buf_puts(&c->out, "</ResourceRecordSets>");
    bool more = i < zone->records.count;
    sb_tag(&c->out, "IsTruncated", more ? EVAC_STR("true") : EVAC_STR("false"));
    if (more) {
        const struct r53_record *next = &zone->records.items[i];
        r53_put_name(&c->out, "NextRecordName", next->name);
        sb_tag(&c->out, "NextRecordType", evac_str(next->type));
        if (next->set_identifier[0])
            sb_tag(&c->out, "NextRecordIdentifier", evac_str(next->set_identifier));
    }
    sb_tagf(&c->out, "MaxItems", "%lld", (long long)most);
    evac_buf_puts(&c->out, "</ListResourceRecordSetsResponse>");
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
    r53_copy_records(&change->after, records);
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
    struct r53_records records = { NULL, 0, 0 };
    if (!zone)
        return;
    bool full = next_change(r53_state(c->sb))->zone != NULL;
    if (zone->busy_until_ms > c->sb->now_ms || full) {
        sb_error(c, 400, "PriorRequestNotComplete",
                 "The request was rejected because Route 53 was still processing a prior request.");
        return;
    }
    r53_copy_records(&records, &zone->records);
    r53_apply_batch(c, zone, &records);
    if (c->failed)
        free(records.items);
    else
        commit(c, zone, &records);
}

static void get_change(struct sb_call *c)
{
    const struct r53 *r53 = r53_state(c->sb);
    struct evac_str id = bare_id(c->label[0]);
    size_t n = kept_changes(r53);
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

/* The region whose askers come from that address; "" none. */
static const char *near_of(const struct evac_sandbox *sb, struct evac_str address)
{
    char own[32];
    for (size_t i = 0; i < sb->region_count; i++) {
        sb_region_address(i, own, sizeof own);
        if (evac_str_is(address, own))
            return sb_region_name(sb, i);
    }
    return "";
}

static void put_test_answer(struct sb_call *c, const struct r53_zone *zone)
{
    const struct r53_record *found[R53_ANSWERS_MAX];
    char name[R53_NAME_BYTES] = "";
    bool exists;
    (void)r53_name(sb_in(c, "recordname"), name);
    struct evac_str type = evac_arena_str(c->arena, sb_in(c, "recordtype"));
    size_t n = r53_select(c->sb, zone, name, type.p, found, R53_ANSWERS_MAX, &exists);
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

/* As if asked from somewhere: the client's subnet goes before the resolver. */
static void test_answer(struct sb_call *c)
{
    struct r53 *r53 = r53_state(c->sb);
    const struct r53_zone *zone = r53_zone_find(c->sb, bare_id(sb_in(c, "hostedzoneid")));
    struct evac_str client = sb_in(c, "edns0clientsubnetip");
    char kept[sizeof r53->asker];
    if (!zone) {
        sb_error(c, 404, "NoSuchHostedZone", "No hosted zone found with ID: %.*s",
                 EVAC_STR_ARG(bare_id(sb_in(c, "hostedzoneid"))));
        return;
    }
    memcpy(kept, r53->asker, sizeof kept);
    if (client.n || sb_in(c, "resolverip").n)
        (void)evac_str_copy(r53->asker, sizeof r53->asker,
                            evac_str(near_of(c->sb, client.n ? client : sb_in(c, "resolverip"))));
    put_test_answer(c, zone);
    memcpy(r53->asker, kept, sizeof kept);
}

/* --- what is made from outside ---------------------------------------------------------------- */

static const char *member(struct evac_arena *arena, const struct evac_json *json, const char *name)
{
    struct evac_str text = evac_json_str(json, name);
    return text.n ? evac_arena_str(arena, text).p : NULL;
}

static void make_asker(struct evac_sandbox *sb, size_t region)
{
    struct r53 *r53 = r53_state(sb);
    (void)evac_str_copy(r53->asker, sizeof r53->asker, evac_str(sb_region_name(sb, region)));
}

static void make_zone(struct evac_sandbox *sb, struct evac_arena *arena,
                      const struct evac_json *json)
{
    const char *id = member(arena, json, "id");
    struct r53_zone *zone = r53_zone_find(sb, evac_str(id));
    if (!zone)
        sb_route53_zone(sb, id, member(arena, json, "name"));
    zone = r53_zone_find(sb, evac_str(id));
    if (!zone)
        return;
    (void)evac_str_copy(zone->accelerated, sizeof zone->accelerated,
                        evac_json_str(json, "accelerated"));
    (void)evac_str_copy(zone->dnssec, sizeof zone->dnssec, evac_json_str(json, "dnssec"));
}

static void make_check(struct evac_sandbox *sb, struct evac_arena *arena,
                       const struct evac_json *json)
{
    const struct sb_health_check check = {
        .id = member(arena, json, "id"),
        .type = member(arena, json, "type"),
        .host = member(arena, json, "host"),
        .path = member(arena, json, "path"),
        .search = member(arena, json, "search"),
        .port = (uint16_t)evac_json_i64(json, "port", 0),
        .inverted = evac_json_bool(json, "inverted", false),
        .interval_s = (uint32_t)evac_json_i64(json, "interval", 10),
        .threshold = (uint32_t)evac_json_i64(json, "threshold", 3),
    };
    sb_route53_health_check(sb, &check);
}

static void make_record(struct evac_sandbox *sb, struct evac_arena *arena,
                        const struct evac_json *json)
{
    const struct sb_record record = {
        .name = member(arena, json, "name"),
        .type = member(arena, json, "type") ? member(arena, json, "type") : "A",
        .set_identifier = member(arena, json, "id"),
        .failover = member(arena, json, "failover"),
        .weight = (int)evac_json_i64(json, "weight", -1),
        .ttl_s = (uint32_t)evac_json_i64(json, "ttl", 60),
        .value = member(arena, json, "value"),
        .health_check = member(arena, json, "check"),
        .latency = member(arena, json, "latency"),
        .continent = member(arena, json, "continent"),
        .country = member(arena, json, "country"),
        .subdivision = member(arena, json, "subdivision"),
        .multivalue = evac_json_bool(json, "multivalue", false),
    };
    sb_route53_record(sb, member(arena, json, "zone"), &record);
}

static void unmake_record(struct evac_sandbox *sb, struct evac_arena *arena,
                          const struct evac_json *json)
{
    sb_route53_no_record(sb, member(arena, json, "zone"), member(arena, json, "name"));
}

static enum evac_code make(struct evac_sandbox *sb, size_t region, const struct evac_json *json,
                           struct evac_err *err)
{
    static const struct {
        const char *kind, *needs[3];
    } kinds[] = { { "asker", { NULL } },
                  { "zone", { "id", "name", NULL } },
                  { "health-check", { "id", "type", NULL } },
                  { "record", { "zone", "name", "value" } },
                  { "no-record", { "zone", "name", NULL } } };
    static void (*const makers[])(struct evac_sandbox * sb, struct evac_arena * arena,
                                  const struct evac_json *json) = { NULL, make_zone, make_check,
                                                                    make_record, unmake_record };
    struct evac_str kind = evac_json_str(json, "kind");
    size_t k = 0;
    while (k < sizeof kinds / sizeof kinds[0] && !evac_str_is(kind, kinds[k].kind))
        k++;
    if (k == sizeof kinds / sizeof kinds[0])
        return evac_fail(
            err, EVAC_E_BADARG,
            "route53 needs a \"kind\", which can be asker, zone, health-check, record, no-record");
    for (size_t i = 0; i < 3 && kinds[k].needs[i]; i++)
        if (evac_json_str(json, kinds[k].needs[i]).n == 0)
            return evac_fail(err, EVAC_E_BADARG, "a %s needs a \"%s\"", kinds[k].kind,
                             kinds[k].needs[i]);
    struct evac_arena *arena = evac_arena_new();
    if (k == 0)
        make_asker(sb, region);
    else
        makers[k](sb, arena, json);
    evac_arena_free(arena);
    return EVAC_OK;
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
    { .name = "ListHostedZones",          .handle = list_zones,         .method = "GET",    .path = V "/hostedzone", .takes = "marker maxitems delegationsetid hostedzonetype" },
    { .name = "ListHostedZonesByName",    .handle = list_zones_by_name, .method = "GET",    .path = V "/hostedzonesbyname", .takes = "dnsname hostedzoneid maxitems" },
    { .name = "GetHostedZone",            .handle = get_zone,           .method = "GET",    .path = V "/hostedzone/{Id}", .takes = "" },
    { .name = "GetDNSSEC",                .handle = get_dnssec,         .flags = SB_STRONG, .method = "GET", .path = V "/hostedzone/{Id}/dnssec", .takes = "" },
    { .name = "ListResourceRecordSets",   .handle = list_records,       .flags = SB_STRONG, .method = "GET", .path = V "/hostedzone/{Id}/rrset", .takes = "name type identifier maxitems" },
    { .name = "ChangeResourceRecordSets", .handle = change_records,     .flags = SB_MUTATES, .method = "POST", .path = V "/hostedzone/{Id}/rrset" },
    { .name = "GetChange",                .handle = get_change,         .flags = SB_STRONG, .method = "GET", .path = V "/change/{Id}", .takes = "" },
    { .name = "ListHealthChecks",         .handle = r53_list_checks,    .method = "GET",    .path = V "/healthcheck", .takes = "marker maxitems" },
    { .name = "CreateHealthCheck",        .handle = r53_create_check,   .flags = SB_MUTATES, .method = "POST", .path = V "/healthcheck" },
    { .name = "GetHealthCheck",           .handle = r53_get_check,      .flags = SB_STRONG, .method = "GET", .path = V "/healthcheck/{Id}", .takes = "" },
    { .name = "UpdateHealthCheck",        .handle = r53_update_check,   .flags = SB_MUTATES, .method = "POST", .path = V "/healthcheck/{Id}" },
    { .name = "DeleteHealthCheck",        .handle = r53_delete_check,   .flags = SB_MUTATES, .method = "DELETE", .path = V "/healthcheck/{Id}", .takes = "" },
    { .name = "GetHealthCheckStatus",     .handle = r53_check_status,   .method = "GET",    .path = V "/healthcheck/{Id}/status", .takes = "" },
    { .name = "TestDNSAnswer",            .handle = test_answer,        .method = "GET",    .path = V "/testdnsanswer", .takes = "hostedzoneid! recordname! recordtype! resolverip edns0clientsubnetip edns0clientsubnetmask" },
    { 0 },
};
/* clang-format on */

/* The older of the two published figures: an account's five requests a second (AWS.md 1.11). */
const struct sb_service sb_service_route53 = {
    .signing_name = "route53",
    .row = "route53",
    .xmlns = NS,
    .home = "us-east-1",
    .operations = operations,
    .create = create,
    .destroy = destroy,
    .advance = advance,
    .wake = wake,
    .make = make,
    .truth = truth,
};

/* Which records of the tagged zones lead users to a region: those of a routing policy, and those
 * that point at a load balancer that was found. */
#include "walk.h"

#include <string.h>

static struct evac_str without_dot(struct evac_str name)
{
    return name.n && name.p[name.n - 1] == '.' ? (struct evac_str){ name.p, name.n - 1 } : name;
}

static struct evac_str without_stack(struct evac_str name)
{
    size_t n = sizeof "dualstack." - 1;
    return evac_str_starts(name, "dualstack.") ? (struct evac_str){ name.p + n, name.n - n } : name;
}

static bool is_address_type(struct evac_str type)
{
    return evac_str_is(type, "A") || evac_str_is(type, "AAAA") || evac_str_is(type, "CNAME");
}

void look_records(struct job *job, const struct evac_aws_reply *r)
{
    struct walk *w = job->walk;
    if (!walk_answered(job, r))
        return;
    for (const struct evac_xml *x = evac_xml_path(r->xml, "ResourceRecordSets/ResourceRecordSet");
         x; x = evac_xml_again(x)) {
        struct record *record = evac_arena_alloc(w->arena, sizeof *record);
        if (!is_address_type(evac_xml_text(x, "Type")))
            continue;
        *record = (struct record){ .zone = job->thing, .weight = -1 };
        record->name = walk_keep(w, without_dot(evac_xml_text(x, "Name")));
        record->type = walk_keep(w, evac_xml_text(x, "Type"));
        record->set = walk_keep(w, evac_xml_text(x, "SetIdentifier"));
        record->region = walk_keep(w, evac_xml_text(x, "Region"));
        record->alias =
            walk_keep(w, without_stack(without_dot(evac_xml_text(x, "AliasTarget/DNSName"))));
        record->value =
            walk_keep(w, without_dot(evac_xml_text(x, "ResourceRecords/ResourceRecord/Value")));
        record->alias_zone = walk_keep(w, evac_xml_text(x, "AliasTarget/HostedZoneId"));
        record->failover = evac_xml_text(x, "Failover").n > 0;
        (void)evac_str_i64(evac_xml_text(x, "Weight"), &record->weight);
        record->check = walk_keep(w, evac_xml_text(x, "HealthCheckId"));
        *w->last_record = record;
        w->last_record = &record->next;
    }
    if (evac_str_is(evac_xml_text(r->xml, "IsTruncated"), "true"))
        walk_silent(w, "zone %.*s has more than 300 records: the rest was not looked at",
                    EVAC_STR_ARG(job->thing->name));
}

/* --- health checks --------------------------------------------------------------------------- */

/* drivers/aws/s3_go/README.md: the check on the standby's copy is inverted, and searches it. */
static void read_check(struct job *job, const struct evac_aws_reply *r)
{
    struct evac_str search, id;
    if (!walk_answered(job, r))
        return;
    const struct evac_xml *check = evac_xml_child(r->xml, "HealthCheck");
    id = evac_xml_text(check, "Id");
    search = evac_xml_text(check, "HealthCheckConfig/SearchString");
    if (!evac_str_is(evac_xml_text(check, "HealthCheckConfig/Inverted"), "true") ||
        !evac_str_starts(search, "\"route\":"))
        return;
    for (struct record *x = job->walk->records; x; x = x->next)
        x->follows_go |= evac_str_eq(x->check, id);
}

static bool asked_before(const struct walk *w, const struct record *until)
{
    for (const struct record *x = w->records; x != until; x = x->next)
        if (evac_str_eq(x->check, until->check))
            return true;
    return false;
}

bool walk_dns_checks(struct walk *w)
{
    static const struct aws_ask ask = { "route53", "GetHealthCheck", "GET",
                                        "/2013-04-01/healthcheck/<next>" };
    bool asked = false;
    if (w->asked_checks)
        return false;
    w->asked_checks = true;
    for (struct record *x = w->records; x; x = x->next)
        if (x->check.n && !asked_before(w, x)) {
            walk_ask(w, x->zone, NULL, &ask, x->check, read_check);
            asked = true;
        }
    return asked;
}

/* --- what leads users ------------------------------------------------------------------------ */

static const struct thing *balancer(const struct walk *w, struct evac_str name)
{
    for (const struct thing *t = w->things; name.n && t; t = t->next) {
        struct evac_str dns = thing_get(t, "dns");
        if (dns.n == name.n && strncasecmp(dns.p, name.p, dns.n) == 0)
            return t;
    }
    return NULL;
}

/* Which region it answers with, "" when that can not be told. */
static struct evac_str region_of(const struct walk *w, const struct record *x)
{
    const struct thing *t = balancer(w, x->alias.n ? x->alias : x->value);
    if (t)
        return t->region;
    for (size_t i = 0; i < w->query.region_count; i++) {
        struct evac_str region = w->query.regions[i];
        if (evac_str_eq(x->region, region) || evac_str_has(x->set, region.p) ||
            evac_str_has(x->alias, region.p) || evac_str_has(x->value, region.p))
            return region;
    }
    return EVAC_STR_NONE;
}

/* A region's own endpoint: "us-east-1.shop.example.com" gives "{region}.shop.example.com". */
static struct evac_str regional_form(struct walk *w, struct evac_str name)
{
    for (size_t i = 0; i < w->query.region_count; i++) {
        struct evac_str region = w->query.regions[i];
        for (size_t at = 0; at + region.n <= name.n; at++)
            if (memcmp(name.p + at, region.p, region.n) == 0)
                return walk_printf(w, "%.*s{region}%.*s", (int)at, name.p,
                                   (int)(name.n - at - region.n), name.p + at + region.n);
    }
    return EVAC_STR_NONE;
}

static bool is_same(const struct record *a, const struct record *b)
{
    return a->zone == b->zone && evac_str_eq(a->name, b->name) && evac_str_eq(a->type, b->type);
}

static void set_regional(struct thing *t, const char *name, struct evac_str region,
                         struct evac_str value)
{
    if (value.n)
        thing_set(t, walk_printf(t->walk, "%s.%.*s", name, EVAC_STR_ARG(region)).p, value);
}

/* What the records of one name have in common. */
struct set {
    bool follows, failover, weighted, policy, alias;
    size_t regions, unplaced;
};

static struct set sum_up(const struct walk *w, const struct record *first)
{
    struct set set = { .weighted = true };
    for (const struct record *x = first; x; x = x->next) {
        if (!is_same(first, x))
            continue;
        set.follows |= x->follows_go;
        set.failover |= x->failover;
        set.weighted = set.weighted && x->weight >= 0;
        set.policy |= x->set.n > 0;
        set.alias |= x->alias.n > 0;
        set.regions += region_of(w, x).n > 0;
        set.unplaced += region_of(w, x).n == 0;
    }
    return set;
}

/* A region that gets nothing now has no share to read. */
static void set_weight(struct thing *t, const struct record *x, struct evac_str region)
{
    set_regional(t, "weights", region,
                 walk_printf(t->walk, "%lld", (long long)(x->weight > 0 ? x->weight : 1)));
    if (!evac_str_eq(x->set, region))
        set_regional(t, "record", region, x->set);
    if (x->weight == 0)
        thing_doubt(t,
                    "%.*s gets no users now: what its share is once it does (weights) is yours "
                    "to say.",
                    EVAC_STR_ARG(region));
}

static void set_answers(struct thing *t, const struct record *first, const struct set *set)
{
    for (const struct record *x = first; x; x = x->next) {
        struct evac_str region = is_same(first, x) ? region_of(t->walk, x) : EVAC_STR_NONE;
        if (!region.n)
            continue;
        if (set->weighted) {
            set_weight(t, x, region);
        } else if (!set->follows) {
            set_regional(t, "target", region, x->alias.n ? EVAC_STR_NONE : x->value);
            set_regional(t, "alias", region, x->alias);
            set_regional(t, "alias_zone", region, x->alias_zone);
        }
    }
}

/* The records of one name are one thing. */
static void tell_name(struct walk *w, struct record *first)
{
    struct thing *t = walk_made(w, "route53", first->name);
    struct set set = sum_up(w, first);
    for (struct record *x = first; x; x = x->next)
        x->told |= is_same(first, x);
    set_answers(t, first, &set);
    thing_set(t, "zone", first->zone->name);
    thing_set(t, "name", first->name);
    if (!evac_str_is(first->type, "A"))
        thing_set(t, "record_type", first->type);
    if (set.follows && set.failover)
        thing_set(t, "switch", EVAC_STR("health-check"));
    else if (set.follows)
        thing_set(t, "withdraw", EVAC_STR("go-object"));
    else if (set.weighted)
        thing_set(t, "withdraw", EVAC_STR("weight"));
    else if (set.policy)
        thing_doubt(t, "It has a routing policy: a move puts one simple record in the place of the "
                       "whole set.");
    if (!set.follows && (set.unplaced || set.regions < 2))
        thing_tear(t, "What it answers for each region can not be told from its records.");
}

void walk_dns(struct walk *w)
{
    bool zone = false;
    for (const struct thing *t = w->things; t; t = t->next)
        zone |= strcmp(t->kind->service, "route53") == 0;
    if (!zone)
        walk_doubt(w,
                   "No hosted zone carries the tag: which record leads users to a region can not "
                   "be told.");
    for (struct record *x = w->records; x; x = x->next) {
        struct evac_str regional = regional_form(w, x->name);
        if (regional.n && !x->set.n) {
            w->regional_name = regional;
            continue;
        }
        if (x->told || (!x->set.n && !balancer(w, x->alias.n ? x->alias : x->value)))
            continue;
        tell_name(w, x);
        if (w->public_name.n && !evac_str_eq(w->public_name, x->name))
            walk_doubt(w,
                       "Users are led by %.*s and by %.*s: which of them is the app's endpoint "
                       "can not be told.",
                       EVAC_STR_ARG(w->public_name), EVAC_STR_ARG(x->name));
        else
            w->public_name = x->name;
    }
    if (zone && !w->public_name.n)
        walk_doubt(w, "No record of the tagged zones has a routing policy or points at a load "
                      "balancer that was found: which one leads users can not be told.");
}

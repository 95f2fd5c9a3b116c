/* A name's record sets: which of a listing are ours, and as the text that a change repeats. */
#include "route53.h"

#include <string.h>

#define VALUES_MAX 64u /* of a region; more are not needed to see it answered */

bool dns_by_health_check(const struct aws_call *c)
{
    return evac_str_is(evac_args_get(&c->args, "switch"), "health-check");
}

bool dns_is_pair(const struct aws_call *c)
{
    return dns_by_health_check(c) && evac_args_get(&c->args, "withdraw").n == 0;
}

/* As Route 53 writes a "*". */
static bool cut_star(struct evac_str *name)
{
    size_t n = evac_str_starts(*name, "*") ? 1 : evac_str_starts(*name, "\\052") ? 4 : 0;
    *name = (struct evac_str){ name->p + n, name->n - n };
    return n > 0;
}

bool dns_same_name(struct evac_str a, struct evac_str b)
{
    while (a.n && a.p[a.n - 1] == '.')
        a.n--;
    while (b.n && b.p[b.n - 1] == '.')
        b.n--;
    if (cut_star(&a) != cut_star(&b) || a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++) {
        char x = a.p[i], y = b.p[i];
        if ((x >= 'A' && x <= 'Z' ? x + 32 : x) != (y >= 'A' && y <= 'Z' ? y + 32 : y))
            return false;
    }
    return true;
}

/* --- which are ours --------------------------------------------------------------------------- */

struct evac_str dns_wire_name(struct aws_call *c, struct evac_str name)
{
    while (name.n && name.p[name.n - 1] == '.')
        name.n--;
    char *text = evac_arena_dup(c->arena, aws_printf(c, "%.*s.", EVAC_STR_ARG(name)).p);
    for (char *p = text; *p; p++)
        *p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
    return text[0] == '*' ? aws_printf(c, "\\052%s", text + 1) : evac_str(text);
}

static struct evac_str record_type(const struct aws_call *c)
{
    return evac_args_get(&c->args, "record_type");
}

static bool is_ours(struct aws_call *c, const struct evac_xml *set)
{
    struct evac_str type = evac_xml_text(set, "Type");
    bool kind = dns_is_pair(c) ? !evac_str_is(type, "TXT") : evac_str_eq(type, record_type(c));
    return kind && dns_same_name(evac_xml_text(set, "Name"), evac_args_get(&c->args, "name"));
}

const struct evac_xml *dns_set(struct aws_call *c, const struct evac_aws_reply *r,
                               const struct evac_xml *after)
{
    const struct evac_xml *s = after
                                   ? evac_xml_again(after)
                                   : evac_xml_path(r->xml, "ResourceRecordSets/ResourceRecordSet");
    while (s && !is_ours(c, s))
        s = evac_xml_again(s);
    return s;
}

bool dns_is_of(struct aws_call *c, const struct evac_xml *set, struct evac_str region)
{
    struct evac_str id = evac_xml_text(set, "SetIdentifier"), names;
    names = evac_args_get(&c->args, aws_printf(c, "record.%.*s", EVAC_STR_ARG(region)).p);
    if (names.n == 0)
        return evac_str_eq(id, region) || evac_str_eq(evac_xml_text(set, "Region"), region);
    while (names.n)
        if (evac_str_eq(evac_str_cut(names, '|', &names), id))
            return true;
    return false;
}

const struct evac_str *dns_values(struct aws_call *c, const struct evac_aws_reply *r,
                                  struct evac_str region, size_t *ret_count)
{
    struct evac_str *values = evac_arena_array(c->arena, VALUES_MAX, sizeof *values);
    size_t n = 0;
    for (const struct evac_xml *s = dns_set(c, r, NULL); s; s = dns_set(c, r, s)) {
        struct evac_str alias = evac_xml_text(s, "AliasTarget/DNSName");
        const struct evac_xml *v = evac_xml_path(s, "ResourceRecords/ResourceRecord");
        if (!dns_is_of(c, s, region))
            continue;
        if (alias.n && n < VALUES_MAX)
            values[n++] = evac_arena_str(c->arena, alias);
        for (; v && n < VALUES_MAX; v = evac_xml_again(v))
            values[n++] = evac_arena_str(c->arena, evac_xml_text(v, "Value"));
    }
    *ret_count = n;
    return values;
}

/* --- as text --------------------------------------------------------------------------------- */

void dns_put_tag(struct evac_buf *xml, const char *name, struct evac_str text)
{
    evac_buf_putf(xml, "<%s>", name);
    evac_buf_xml(xml, text);
    evac_buf_putf(xml, "</%s>", name);
}

static void copy_element(struct evac_buf *xml, const struct evac_xml *x)
{
    evac_buf_putf(xml, "<%.*s>", EVAC_STR_ARG(x->name));
    if (!x->first)
        evac_buf_xml(xml, x->text);
    for (const struct evac_xml *child = x->first; child; child = child->next)
        copy_element(xml, child);
    evac_buf_putf(xml, "</%.*s>", EVAC_STR_ARG(x->name));
}

/* weight -1: as it is. */
static void copy_set(struct evac_buf *xml, const struct evac_xml *set, int64_t weight)
{
    evac_buf_puts(xml, "<ResourceRecordSet>");
    for (const struct evac_xml *child = set->first; child; child = child->next)
        if (weight >= 0 && evac_str_is(child->name, "Weight"))
            evac_buf_putf(xml, "<Weight>%lld</Weight>", (long long)weight);
        else
            copy_element(xml, child);
    evac_buf_puts(xml, "</ResourceRecordSet>");
}

static bool copy_sets(struct aws_call *c, const struct evac_aws_reply *r, dns_weight_fn *weight_of,
                      struct evac_str *ret_sets)
{
    struct evac_buf xml;
    evac_buf_init(&xml, DNS_SETS_MAX);
    for (const struct evac_xml *s = dns_set(c, r, NULL); s; s = dns_set(c, r, s))
        copy_set(&xml, s, weight_of ? weight_of(c, s) : -1);
    bool whole = !xml.failed;
    *ret_sets = evac_arena_str(c->arena, evac_buf_str(&xml));
    evac_buf_done(&xml);
    return whole;
}

bool dns_sets(struct aws_call *c, const struct evac_aws_reply *r, struct evac_str *ret_sets)
{
    return copy_sets(c, r, NULL, ret_sets);
}

/* A weight is three digits at most: what fitted before fits. */
struct evac_str dns_reweighed(struct aws_call *c, const struct evac_aws_reply *r,
                              dns_weight_fn *weight_of)
{
    struct evac_str sets;
    return copy_sets(c, r, weight_of, &sets) ? sets : EVAC_STR_NONE;
}

/* What stands between the tags, when there is exactly one such element. */
static struct evac_str only_text(struct evac_str sets, const char *open)
{
    struct evac_str found = EVAC_STR_NONE, rest;
    for (size_t i = 0, n = strlen(open); i + n <= sets.n; i++)
        if (memcmp(sets.p + i, open, n) == 0) {
            if (found.n)
                return EVAC_STR_NONE;
            found = evac_str_cut((struct evac_str){ sets.p + i + n, sets.n - i - n }, '<', &rest);
        }
    return found;
}

struct evac_str dns_only_value(struct evac_str sets)
{
    struct evac_str value = only_text(sets, "<Value>"), alias = only_text(sets, "<DNSName>");
    return alias.n && evac_str_has(sets, "<Value>") ? EVAC_STR_NONE : value.n ? value : alias;
}

struct evac_str dns_version(struct aws_call *c, struct evac_str sets)
{
    return aws_printf(c, "%016llx", (unsigned long long)evac_str_hash(sets));
}

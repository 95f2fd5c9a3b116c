/* RDS: names, filters, pages, tags and the other things that all its resources have. */
#include "rds_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define PAGE_MIN 20
#define PAGE_MAX 100

void rds_event(struct evac_sandbox *sb, size_t region, const char *type, const char *source,
               const char *category, const char *message)
{
    struct rds *rds = rds_state(sb);
    struct rds_event *e = &rds->events[rds->event_count++ % RDS_EVENTS_MAX];
    *e = (struct rds_event){ .region = region, .wall_ms = sb_wall_ms(sb) };
    (void)evac_str_copy(e->source, sizeof e->source, evac_str(source));
    (void)evac_str_copy(e->type, sizeof e->type, evac_str(type));
    (void)evac_str_copy(e->category, sizeof e->category, evac_str(category));
    (void)evac_str_copy(e->message, sizeof e->message, evac_str(message));
}

struct evac_str rds_arn(struct sb_call *c, size_t region, const char *kind, const char *id)
{
    return evac_arena_printf(c->arena, "arn:aws:rds:%s:" SB_ACCOUNT ":%s:%s",
                             sb_region_name(c->sb, region), kind, id);
}

static bool same_name(struct evac_str a, const char *b)
{
    if (a.n != strlen(b))
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (tolower((unsigned char)a.p[i]) != tolower((unsigned char)b[i]))
            return false;
    return true;
}

bool rds_is(struct sb_call *c, struct evac_str wanted, size_t region, const char *kind,
            const char *id)
{
    return wanted.n == 0 || same_name(wanted, id) ||
           evac_str_eq(wanted, rds_arn(c, region, kind, id));
}

/* --- what a request says -----------------------------------------------------------------------
 */

bool rds_passes(struct sb_call *c, const char *name, const char *value)
{
    for (int i = 1; sb_has(c, "Filters.%d.Name", i); i++) {
        if (!evac_str_is(sb_in(c, "Filters.%d.Name", i), name))
            continue;
        for (int k = 1; sb_has(c, "Filters.%d.Values.%d", i, k); k++)
            if (evac_str_is(sb_in(c, "Filters.%d.Values.%d", i, k), value))
                return true;
        return false;
    }
    return true;
}

bool rds_filters(struct sb_call *c, const char *const *known)
{
    for (int i = 1; sb_has(c, "Filters.%d.Name", i); i++) {
        const char *const *name = known;
        while (*name && !evac_str_is(sb_in(c, "Filters.%d.Name", i), *name))
            name++;
        if (!*name)
            sb_error(c, 400, "InvalidParameterValue", "Unrecognized filter name: %.*s",
                     EVAC_STR_ARG(sb_in(c, "Filters.%d.Name", i)));
    }
    return !c->failed;
}

bool rds_needs(struct sb_call *c, const char *name)
{
    if (sb_in(c, "%s", name).n == 0 && !c->failed)
        sb_error(c, 400, "MissingParameter", "The request must contain the parameter %s.", name);
    return !c->failed;
}

static bool is_id(struct evac_str id, size_t max)
{
    if (id.n == 0 || id.n > max || !isalpha((unsigned char)id.p[0]) || id.p[id.n - 1] == '-')
        return false;
    for (size_t i = 0; i < id.n; i++)
        if (!isalnum((unsigned char)id.p[i]) && (id.p[i] != '-' || id.p[i - 1] == '-'))
            return false;
    return true;
}

bool rds_new_id(struct sb_call *c, const char *name, char *ret_id, size_t bytes)
{
    struct evac_str id = sb_in(c, "%s", name);
    if (!rds_needs(c, name))
        return false;
    if (!is_id(id, bytes - 1)) {
        sb_error(
            c, 400, "InvalidParameterValue",
            "The parameter %s is not a valid identifier. Identifiers must begin with a letter; "
            "must contain only ASCII letters, digits, and hyphens; and must not end with a "
            "hyphen or contain two consecutive hyphens.",
            name);
        return false;
    }
    for (size_t i = 0; i < id.n; i++)
        ret_id[i] = (char)tolower((unsigned char)id.p[i]);
    ret_id[id.n] = '\0';
    return true;
}

bool rds_is_class(struct sb_call *c, const char *name)
{
    struct evac_str class = sb_in(c, "%s", name);
    if (class.n && (!evac_str_starts(class, "db.") || class.n > 30))
        sb_error(c, 400, "InvalidParameterValue", "Invalid DB Instance class: %.*s",
                 EVAC_STR_ARG(class));
    return !c->failed;
}

bool rds_is_engine(struct sb_call *c, const char *engine)
{
    static const char *const engines[] = {
        "aurora-mysql", "aurora-postgresql", "docdb",    "mariadb",      "mysql",
        "neptune",      "oracle-ee",         "postgres", "sqlserver-se", NULL
    };
    const char *const *e = engines;
    while (*e && strcmp(*e, engine) != 0)
        e++;
    if (!*e)
        sb_error(c, 400, "InvalidParameterValue", "Invalid DB engine: %s", engine);
    return !c->failed;
}

static bool has_group(const struct sb_call *c, const char *kind, struct evac_str id)
{
    const struct rds *rds = rds_state(c->sb);
    if (evac_str_is(id, "default") || evac_str_starts(id, "default."))
        return true;
    for (size_t i = 0; i < rds->group_count; i++)
        if (rds->groups[i].region == c->region && strcmp(rds->groups[i].kind, kind) == 0 &&
            evac_str_is(id, rds->groups[i].id))
            return true;
    return false;
}

bool rds_read_place(struct sb_call *c, const char *parameter_group, struct rds_place *place)
{
    bool of_cluster = strcmp(parameter_group, "DBClusterParameterGroupName") == 0;
    struct evac_str subnets = sb_in(c, "DBSubnetGroupName");
    struct evac_str parameters = sb_in(c, "%s", parameter_group);
    if (subnets.n && !has_group(c, "subnet-group", subnets))
        sb_error(c, 404, "DBSubnetGroupNotFoundFault", "DB subnet group '%.*s' does not exist.",
                 EVAC_STR_ARG(subnets));
    else if (parameters.n &&
             !has_group(c, of_cluster ? "cluster-parameter-group" : "parameter-group", parameters))
        sb_error(c, 404,
                 of_cluster ? "DBClusterParameterGroupNotFound" : "DBParameterGroupNotFound",
                 "DB parameter group not found: %.*s", EVAC_STR_ARG(parameters));
    if (c->failed)
        return false;
    (void)evac_str_copy(place->subnet_group, sizeof place->subnet_group,
                        subnets.n ? subnets : EVAC_STR("default"));
    (void)evac_str_copy(place->parameter_group, sizeof place->parameter_group,
                        parameters.n ? parameters : EVAC_STR("default"));
    place->security_count = 0;
    for (int i = 1; i <= (int)RDS_SECURITY_MAX && sb_has(c, "VpcSecurityGroupIds.%d", i); i++) {
        struct evac_str id = sb_in(c, "VpcSecurityGroupIds.%d", i);
        if (!evac_str_starts(id, "sg-")) {
            sb_error(c, 400, "InvalidParameterValue", "Invalid security group , groupId= %.*s",
                     EVAC_STR_ARG(id));
            return false;
        }
        (void)evac_str_copy(place->security[place->security_count],
                            sizeof place->security[place->security_count], id);
        place->security_count++;
    }
    return true;
}

int rds_retention(struct sb_call *c, int fallback)
{
    int64_t days = sb_in_i64(c, "BackupRetentionPeriod", fallback);
    if (days >= 0 && days <= RDS_RETAIN_MAX)
        return (int)days;
    sb_error(c, 400, "InvalidParameterValue", "Invalid backup retention period: %lld",
             (long long)days);
    return -1;
}

/* --- pages -------------------------------------------------------------------------------------
 */

bool rds_page_begin(struct sb_call *c, struct rds_page *page)
{
    struct evac_str marker = sb_in(c, "Marker");
    *page = (struct rds_page){ .max = sb_in_i64(c, "MaxRecords", PAGE_MAX) };
    if (page->max < PAGE_MIN || page->max > PAGE_MAX)
        sb_error(c, 400, "InvalidParameterValue",
                 "Invalid value %lld for MaxRecords. Must be between "
                 "%d and %d",
                 (long long)page->max, PAGE_MIN, PAGE_MAX);
    else if (marker.n && !evac_str_i64(marker, &page->from))
        sb_error(c, 400, "InvalidParameterValue", "The marker is invalid: %.*s",
                 EVAC_STR_ARG(marker));
    return !c->failed;
}

bool rds_page_row(struct rds_page *page)
{
    int64_t at = page->at++;
    page->more |= at >= page->from + page->max;
    return at >= page->from && at < page->from + page->max;
}

void rds_page_end(struct sb_call *c, const struct rds_page *page)
{
    if (page->more)
        sb_tagf(&c->out, "Marker", "%lld", (long long)(page->from + page->max));
}

/* --- tags --------------------------------------------------------------------------------------
 */

static void set_tag(struct rds_tags *tags, struct evac_str key, struct evac_str value)
{
    size_t i = 0;
    while (i < tags->count && !evac_str_is(key, tags->items[i].key))
        i++;
    if (i == RDS_TAGS_MAX)
        return;
    tags->count += i == tags->count;
    (void)evac_str_copy(tags->items[i].key, sizeof tags->items[i].key, key);
    (void)evac_str_copy(tags->items[i].value, sizeof tags->items[i].value, value);
}

void rds_read_tags(struct sb_call *c, struct rds_tags *tags)
{
    for (int i = 1; sb_has(c, "Tags.%d.Key", i); i++) {
        struct evac_str key = sb_in(c, "Tags.%d.Key", i);
        if (evac_str_starts(key, "aws:") || evac_str_starts(key, "rds:"))
            sb_error(c, 400, "InvalidParameterValue", "The tag key '%.*s' uses a reserved prefix",
                     EVAC_STR_ARG(key));
        else
            set_tag(tags, key, sb_in(c, "Tags.%d.Value", i));
    }
}

void rds_put_tags(struct evac_buf *out, const struct rds_tags *tags)
{
    evac_buf_puts(out, "<TagList>");
    for (size_t i = 0; i < tags->count; i++) {
        evac_buf_puts(out, "<Tag>");
        sb_tag(out, "Key", evac_str(tags->items[i].key));
        sb_tag(out, "Value", evac_str(tags->items[i].value));
        evac_buf_puts(out, "</Tag>");
    }
    evac_buf_puts(out, "</TagList>");
}

/* The tags of what the ARN names; NULL and an error. */
static struct rds_tags *tagged(struct sb_call *c)
{
    struct evac_str rest = sb_in(c, "ResourceName"), id = EVAC_STR_NONE, kind = EVAC_STR_NONE;
    struct evac_str arn = rest;
    if (!rds_needs(c, "ResourceName"))
        return NULL;
    for (int i = 0; i < 6; i++)
        kind = evac_str_cut(rest, ':', &rest);
    id = rest;
    struct rds_instance *i = rds_instance_find(c->sb, c->region, id);
    struct rds_cluster *k = rds_cluster_find(c->sb, c->region, id);
    if (!evac_str_starts(arn, "arn:aws:rds:"))
        sb_error(c, 400, "InvalidParameterValue", "Invalid resource name: %.*s", EVAC_STR_ARG(arn));
    else if (evac_str_is(kind, "db") && i)
        return &i->tags;
    else if (evac_str_is(kind, "cluster") && k)
        return &k->tags;
    else if (evac_str_is(kind, "db") || evac_str_is(kind, "cluster"))
        sb_error(c, 404, evac_str_is(kind, "db") ? "DBInstanceNotFound" : "DBClusterNotFoundFault",
                 "%.*s not found", EVAC_STR_ARG(arn));
    else {
        struct rds_snapshot *s = rds_snapshot_find(c, arn, evac_str_is(kind, "cluster-snapshot"));
        if (s)
            return &s->tags;
        sb_error(c, 404, "DBSnapshotNotFound", "%.*s not found", EVAC_STR_ARG(arn));
    }
    return NULL;
}

void rds_list_tags(struct sb_call *c)
{
    const struct rds_tags *tags = tagged(c);
    if (tags)
        rds_put_tags(&c->out, tags);
}

void rds_add_tags(struct sb_call *c)
{
    struct rds_tags *tags = tagged(c);
    if (!tags)
        return;
    rds_read_tags(c, tags);
    if (!c->failed)
        sb_effect(c);
}

void rds_remove_tags(struct sb_call *c)
{
    struct rds_tags *tags = tagged(c);
    for (int i = 1; tags && sb_has(c, "TagKeys.%d", i); i++)
        for (size_t k = tags->count; k > 0; k--)
            if (evac_str_is(sb_in(c, "TagKeys.%d", i), tags->items[k - 1].key))
                memmove(&tags->items[k - 1], &tags->items[k],
                        (tags->count-- - k) * sizeof tags->items[0]);
    if (tags)
        sb_effect(c);
}

/*
 * EC2 (AWS.md 2.6): instances, images, snapshots, volumes, launch templates and capacity
 * reservations, as far as recovery needs them. This file keeps items of every kind, describes,
 * filters and tags them; what is particular to a kind stands in model_ec2_instances.c,
 * model_ec2_storage.c and model_ec2_capacity.c.
 *
 * Control's `make ec2 REGION {...}`; the first member says of what kind, its value is the id ("" a
 * new one). All others are optional, tags = {"key":"value"} in each:
 *   {"instance":"i-0123456789abcdef0","state":"stopped","type":"m6i.large","image":"ami-..",
 *    "zone":"a","protected":false}
 *   {"image":"ami-..","name":"web-2026-01","state":"available","age_s":3600}
 *   {"snapshot":"snap-..","volume":"vol-..","size":8,"state":"completed","age_s":3600}
 *   {"launch_template":"lt-..","name":"web","image":"ami-..","type":"m6i.large"}: the next version
 *    of the template of that name, and its default
 *   {"capacity_reservation":"cr-..","type":"m6i.large","zone":"a","count":4}
 */
#include "ec2_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ec2 {
    struct ec2_item *items[EC2_KIND_COUNT][EC2_ITEMS_MAX];
    size_t counts[EC2_KIND_COUNT];
};

static const struct ec2_row *const rows[EC2_KIND_COUNT] = {
    [EC2_INSTANCE] = &ec2_instance_row, [EC2_IMAGE] = &ec2_image_row,
    [EC2_SNAPSHOT] = &ec2_snapshot_row, [EC2_VOLUME] = &ec2_volume_row,
    [EC2_TEMPLATE] = &ec2_template_row, [EC2_CAPACITY] = &ec2_capacity_row,
};

static const char *const state_names[EC2_KIND_COUNT][7] = {
    [EC2_INSTANCE] = { "pending", "running", "shutting-down", "terminated", "stopping", "stopped" },
    [EC2_IMAGE] = { "pending", "available", "failed" },
    [EC2_SNAPSHOT] = { "pending", "completed", "error" },
    [EC2_VOLUME] = { "creating", "available", "error" },
    [EC2_TEMPLATE] = { "" },
    [EC2_CAPACITY] = { "pending", "active", "cancelled" },
};

const char *ec2_state_name(enum ec2_kind kind, int state)
{
    return state_names[kind][state];
}

static struct ec2 *state(const struct evac_sandbox *sb)
{
    return sb->state[SB_EC2];
}

static void *create(struct evac_sandbox *sb)
{
    struct ec2 *ec2 = calloc(1, sizeof *ec2);
    (void)sb;
    if (!ec2)
        abort();
    return ec2;
}

static void destroy(void *p)
{
    struct ec2 *ec2 = p;
    for (size_t k = 0; k < EC2_KIND_COUNT; k++)
        for (size_t i = 0; i < ec2->counts[k]; i++)
            free(ec2->items[k][i]);
    free(ec2);
}

/* --- items ----------------------------------------------------------------------------------- */

struct ec2_item *ec2_nth(const struct evac_sandbox *sb, enum ec2_kind kind, size_t n)
{
    const struct ec2 *ec2 = state(sb);
    return n < ec2->counts[kind] ? ec2->items[kind][n] : NULL;
}

void ec2_new_id(struct evac_sandbox *sb, const char *prefix, char *ret_id)
{
    char digits[18];
    for (size_t i = 0; i < 17; i++)
        digits[i] = "0123456789abcdef"[sb_random(sb, 16)];
    digits[17] = '\0';
    (void)snprintf(ret_id, EC2_ID_BYTES, "%s-%s", prefix, digits);
}

struct ec2_item *ec2_add(struct evac_sandbox *sb, enum ec2_kind kind, size_t region,
                         struct evac_str id)
{
    struct ec2 *ec2 = state(sb);
    if (ec2->counts[kind] == EC2_ITEMS_MAX)
        return NULL;
    struct ec2_item *item = calloc(1, rows[kind]->bytes);
    if (!item)
        abort();
    ec2->items[kind][ec2->counts[kind]++] = item;
    item->region = region;
    item->made_ms = sb_wall_ms(sb);
    item->since_ms = sb->now_ms;
    item->due_ms = SB_NEVER;
    if (id.n)
        (void)evac_str_copy(item->id, sizeof item->id, id);
    else
        ec2_new_id(sb, rows[kind]->prefix, item->id);
    return item;
}

struct ec2_item *ec2_find(const struct evac_sandbox *sb, enum ec2_kind kind, size_t region,
                          struct evac_str id)
{
    struct ec2_item *item;
    for (size_t i = 0; (item = ec2_nth(sb, kind, i)) != NULL; i++)
        if (item->region == region && evac_str_is(id, item->id))
            return item;
    return NULL;
}

void ec2_due(struct evac_sandbox *sb, struct ec2_item *item, uint64_t real_ms)
{
    item->since_ms = sb->now_ms;
    item->due_ms = sb->now_ms + sb_scaled(sb, real_ms);
}

void ec2_tag(struct ec2_item *item, struct evac_str key, struct evac_str value)
{
    size_t i = 0;
    while (i < item->tag_count && !evac_str_is(key, item->tags[i].key))
        i++;
    if (i == EC2_TAGS_MAX)
        return;
    item->tag_count += i == item->tag_count;
    (void)evac_str_copy(item->tags[i].key, sizeof item->tags[i].key, key);
    (void)evac_str_copy(item->tags[i].value, sizeof item->tags[i].value, value);
}

static void drop(struct ec2 *ec2, size_t kind, size_t i)
{
    free(ec2->items[kind][i]);
    memmove(&ec2->items[kind][i], &ec2->items[kind][i + 1],
            (--ec2->counts[kind] - i) * sizeof ec2->items[kind][0]);
}

/* In a region that is down nothing moves; what was due happens at its return. */
static void advance(struct evac_sandbox *sb)
{
    struct ec2 *ec2 = state(sb);
    for (size_t k = 0; k < EC2_KIND_COUNT; k++)
        for (size_t i = 0; i < ec2->counts[k];) {
            struct ec2_item *item = ec2->items[k][i];
            bool due = item->due_ms <= sb->now_ms && !sb->regions[item->region].down;
            if (due && !rows[k]->move(sb, item))
                drop(ec2, k, i);
            else
                i++;
        }
}

static uint64_t wake(const struct evac_sandbox *sb)
{
    const struct ec2 *ec2 = state(sb);
    uint64_t next = SB_NEVER;
    for (size_t k = 0; k < EC2_KIND_COUNT; k++)
        for (size_t i = 0; i < ec2->counts[k]; i++) {
            const struct ec2_item *item = ec2->items[k][i];
            if (item->due_ms < next && !sb->regions[item->region].down)
                next = item->due_ms;
        }
    return next;
}

/* --- what a request says ---------------------------------------------------------------------- */

/* "ami-" and 8 or 17 hexadecimal digits. */
static bool is_id(struct evac_str id, const char *prefix)
{
    size_t n = strlen(prefix) + 1, digits = id.n > n ? id.n - n : 0;
    if (!evac_str_starts(id, prefix) || (digits != 8 && digits != 17) || id.p[n - 1] != '-')
        return false;
    for (size_t i = n; i < id.n; i++)
        if (!strchr("0123456789abcdef", id.p[i]))
            return false;
    return true;
}

void *ec2_named(struct sb_call *c, enum ec2_kind kind, size_t region, struct evac_str id)
{
    struct ec2_item *item = ec2_find(c->sb, kind, region, id);
    if (!item && !is_id(id, rows[kind]->prefix))
        sb_error(c, 400, rows[kind]->malformed, "Invalid id: \"%.*s\" (expecting \"%s-...\")",
                 EVAC_STR_ARG(id), rows[kind]->prefix);
    else if (!item)
        sb_error(c, 400, rows[kind]->not_found, "The %s '%.*s' does not exist", rows[kind]->type,
                 EVAC_STR_ARG(id));
    return item;
}

struct ec2_item *ec2_new(struct sb_call *c, enum ec2_kind kind)
{
    struct ec2_item *item = ec2_add(c->sb, kind, c->region, EVAC_STR_NONE);
    if (!item)
        sb_error(c, 400, "ResourceLimitExceeded", "The sandbox keeps %u of each kind.",
                 EC2_ITEMS_MAX);
    return item;
}

bool ec2_is_dry(struct sb_call *c)
{
    if (!c->failed && sb_in_bool(c, "DryRun", false))
        sb_error(c, 412, "DryRunOperation",
                 "Request would have succeeded, but DryRun flag is set.");
    return c->failed;
}

bool ec2_require(struct sb_call *c, const char *const *names)
{
    for (; *names && !c->failed; names++)
        if (!sb_has(c, "%s", *names))
            sb_error(c, 400, "MissingParameter", "The request must contain the parameter %s",
                     *names);
    return !c->failed;
}

struct evac_str ec2_zone(struct sb_call *c, const char *param)
{
    const char *region = sb_region_name(c->sb, c->region);
    struct evac_str zone = sb_in(c, "%s", param);
    if (zone.n == 0)
        return evac_arena_printf(c->arena, "%sa", region);
    if (evac_str_starts(zone, region) && zone.n == strlen(region) + 1 &&
        zone.p[zone.n - 1] >= 'a' && zone.p[zone.n - 1] <= 'c')
        return zone;
    sb_error(c, 400, "InvalidParameterValue", "Invalid availability zone: [%.*s]",
             EVAC_STR_ARG(zone));
    return EVAC_STR_NONE;
}

struct ec2_item *ec2_again(struct sb_call *c, enum ec2_kind kind)
{
    struct evac_str token = sb_in(c, "ClientToken");
    struct ec2_item *item;
    for (size_t i = 0; token.n && (item = ec2_nth(c->sb, kind, i)) != NULL; i++) {
        if (item->region != c->region || !evac_str_is(token, item->token))
            continue;
        if (item->request == evac_str_hash(c->request->body))
            return item;
        sb_error(c, 400, "IdempotentParameterMismatch",
                 "The client token you have provided is associated with a resource that was made "
                 "with other parameters.");
        break;
    }
    if (token.n > 64)
        sb_error(c, 400, "InvalidParameterValue", "ClientToken: at most 64 characters");
    return NULL;
}

/* --- tags ------------------------------------------------------------------------------------- */

static void check_tag(struct sb_call *c, struct evac_str key, struct evac_str value)
{
    if (key.n == 0 || key.n > 128 || value.n > 256)
        sb_error(c, 400, "InvalidParameterValue",
                 "Tag keys have from 1 to 128 characters, values at most 256.");
    else if (evac_str_starts(key, "aws:"))
        sb_error(c, 400, "InvalidParameterValue",
                 "Tag keys starting with 'aws:' are reserved for internal use");
}

bool ec2_check_tags(struct sb_call *c, const char *list, const char *const *types)
{
    for (int i = 1; !c->failed && sb_has(c, "%s.%d", list, i); i++) {
        struct evac_str type = sb_in(c, "%s.%d.ResourceType", list, i);
        size_t t = 0;
        while (types[t] && !evac_str_is(type, types[t]))
            t++;
        if (!types[t])
            sb_error(c, 400, "InvalidParameterValue",
                     "'%.*s' is not a valid taggable resource type for this operation.",
                     EVAC_STR_ARG(type));
        for (int k = 1; sb_has(c, "%s.%d.Tag.%d", list, i, k); k++)
            check_tag(c, sb_in(c, "%s.%d.Tag.%d.Key", list, i, k),
                      sb_in(c, "%s.%d.Tag.%d.Value", list, i, k));
    }
    return !c->failed;
}

void ec2_mark(struct sb_call *c, enum ec2_kind kind, struct ec2_item *item, const char *list)
{
    (void)evac_str_copy(item->token, sizeof item->token, sb_in(c, "ClientToken"));
    item->request = evac_str_hash(c->request->body);
    for (int i = 1; sb_has(c, "%s.%d", list, i); i++)
        for (int k = 1; evac_str_is(sb_in(c, "%s.%d.ResourceType", list, i), rows[kind]->type) &&
                        sb_has(c, "%s.%d.Tag.%d", list, i, k);
             k++)
            ec2_tag(item, sb_in(c, "%s.%d.Tag.%d.Key", list, i, k),
                    sb_in(c, "%s.%d.Tag.%d.Value", list, i, k));
}

void ec2_put_tags(struct sb_call *c, const struct ec2_item *item)
{
    evac_buf_puts(&c->out, "<tagSet>");
    for (size_t i = 0; i < item->tag_count; i++) {
        evac_buf_puts(&c->out, "<item>");
        sb_tag(&c->out, "key", evac_str(item->tags[i].key));
        sb_tag(&c->out, "value", evac_str(item->tags[i].value));
        evac_buf_puts(&c->out, "</item>");
    }
    evac_buf_puts(&c->out, "</tagSet>");
}

static enum ec2_kind kind_of(struct evac_str id)
{
    enum ec2_kind kind = EC2_INSTANCE;
    while (kind < EC2_KIND_COUNT && !is_id(id, rows[kind]->prefix))
        kind++;
    return kind;
}

static struct ec2_item *tagged(struct sb_call *c, struct evac_str id)
{
    enum ec2_kind kind = kind_of(id);
    if (kind < EC2_KIND_COUNT)
        return ec2_named(c, kind, c->region, id);
    sb_error(c, 400, "InvalidID", "The ID '%.*s' is not valid", EVAC_STR_ARG(id));
    return NULL;
}

/* All or nothing. */
static void create_tags(struct sb_call *c)
{
    if (!ec2_require(c, (const char *const[]){ "ResourceId", "Tag", NULL }))
        return;
    for (int k = 1; sb_has(c, "Tag.%d", k); k++)
        check_tag(c, sb_in(c, "Tag.%d.Key", k), sb_in(c, "Tag.%d.Value", k));
    for (int i = 1; !c->failed && sb_has(c, "ResourceId.%d", i); i++) {
        const struct ec2_item *item = tagged(c, sb_in(c, "ResourceId.%d", i));
        if (item && item->tag_count == EC2_TAGS_MAX)
            sb_error(c, 400, "TagLimitExceeded", "A resource has at most %u tags.", EC2_TAGS_MAX);
    }
    if (ec2_is_dry(c))
        return;
    for (int i = 1; sb_has(c, "ResourceId.%d", i); i++)
        for (int k = 1; sb_has(c, "Tag.%d", k); k++)
            ec2_tag(tagged(c, sb_in(c, "ResourceId.%d", i)), sb_in(c, "Tag.%d.Key", k),
                    sb_in(c, "Tag.%d.Value", k));
    evac_buf_puts(&c->out, "<return>true</return>");
    sb_effect(c);
}

/* --- filters ---------------------------------------------------------------------------------- */

static bool has_value(struct sb_call *c, int filter, struct evac_str text)
{
    for (int i = 1; sb_has(c, "Filter.%d.Value.%d", filter, i); i++)
        if (sb_like(sb_in(c, "Filter.%d.Value.%d", filter, i), text))
            return true;
    return false;
}

static const struct ec2_filter *find_filter(const struct ec2_filter *filters, struct evac_str name)
{
    while (filters->name && !evac_str_is(name, filters->name))
        filters++;
    return filters->name ? filters : NULL;
}

static bool is_tag_filter(struct evac_str name)
{
    return evac_str_starts(name, "tag:") || evac_str_is(name, "tag-key");
}

static bool passes_tags(struct sb_call *c, int filter, struct evac_str name,
                        const struct ec2_item *item)
{
    bool by_key = evac_str_is(name, "tag-key");
    for (size_t i = 0; i < item->tag_count; i++) {
        const struct ec2_tag *tag = &item->tags[i];
        if (by_key ? has_value(c, filter, evac_str(tag->key))
                   : evac_str_is((struct evac_str){ name.p + 4, name.n - 4 }, tag->key) &&
                         has_value(c, filter, evac_str(tag->value)))
            return true;
    }
    return false;
}

static bool passes(struct sb_call *c, enum ec2_kind kind, const struct ec2_item *item)
{
    for (int i = 1; sb_has(c, "Filter.%d", i); i++) {
        struct evac_str name = sb_in(c, "Filter.%d.Name", i);
        const struct ec2_filter *filter = find_filter(rows[kind]->filters, name);
        if (is_tag_filter(name) ? !passes_tags(c, i, name, item)
                                : !filter || !has_value(c, i, filter->get(c, item)))
            return false;
    }
    return true;
}

static void check_filters(struct sb_call *c, const struct ec2_filter *filters)
{
    for (int i = 1; sb_has(c, "Filter.%d", i); i++) {
        struct evac_str name = sb_in(c, "Filter.%d.Name", i);
        if (!is_tag_filter(name) && !find_filter(filters, name))
            sb_error(c, 400, "InvalidParameterValue", "The filter '%.*s' is invalid",
                     EVAC_STR_ARG(name));
        else if (!sb_has(c, "Filter.%d.Value", i))
            sb_error(c, 400, "InvalidParameterValue", "The filter '%.*s' has no value",
                     EVAC_STR_ARG(name));
    }
}

struct evac_str ec2_get_id(struct sb_call *c, const struct ec2_item *item)
{
    (void)c;
    return evac_str(item->id);
}

/* --- describing ------------------------------------------------------------------------------- */

static bool is_listed(struct sb_call *c, const char *param, const struct ec2_item *item)
{
    if (!sb_has(c, "%s.1", param))
        return true;
    for (int i = 1; sb_has(c, "%s.%d", param, i); i++)
        if (evac_str_is(sb_in(c, "%s.%d", param, i), item->id))
            return true;
    return false;
}

static void check_page(struct sb_call *c, enum ec2_kind kind)
{
    int64_t most = sb_in_i64(c, "MaxResults", 1000), lowest = kind == EC2_INSTANCE ? 5 : 1;
    if (sb_has(c, "MaxResults") && sb_has(c, "%s.1", rows[kind]->id_param))
        sb_error(c, 400, "InvalidParameterCombination",
                 "The parameter %s cannot be used with the parameter maxResults",
                 rows[kind]->id_param);
    else if (most < lowest || most > 1000)
        sb_error(c, 400, "InvalidParameterValue",
                 "Value ( %lld ) for parameter maxResults is invalid. Expecting a value from %lld "
                 "to 1000.",
                 (long long)most, (long long)lowest);
}

static void put_plainly(struct sb_call *c, enum ec2_kind kind, const struct ec2_item *const *items,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        evac_buf_puts(&c->out, "<item>");
        rows[kind]->put(c, items[i]);
        evac_buf_puts(&c->out, "</item>");
    }
}

/* A token is the number of the first item of the next page. */
void ec2_describe(struct sb_call *c, enum ec2_kind kind)
{
    const struct ec2_row *row = rows[kind];
    const struct ec2_item *found[EC2_ITEMS_MAX], *item;
    int64_t from = sb_in_i64(c, "NextToken", 0), most = sb_in_i64(c, "MaxResults", 1000);
    size_t n = 0, next = 0;
    check_page(c, kind);
    check_filters(c, row->filters);
    for (int i = 1; !c->failed && sb_has(c, "%s.%d", row->id_param, i); i++)
        (void)ec2_named(c, kind, c->region, sb_in(c, "%s.%d", row->id_param, i));
    if (ec2_is_dry(c))
        return;
    for (size_t i = from > 0 ? (size_t)from : 0; (item = ec2_nth(c->sb, kind, i)) != NULL; i++) {
        if (item->region != c->region || !is_listed(c, row->id_param, item) ||
            !passes(c, kind, item))
            continue;
        if ((int64_t)n == most) {
            next = i;
            break;
        }
        found[n++] = item;
    }
    evac_buf_putf(&c->out, "<%s>", row->set);
    if (row->put_all)
        row->put_all(c, found, n);
    else
        put_plainly(c, kind, found, n);
    evac_buf_putf(&c->out, "</%s>", row->set);
    if (next)
        sb_tagf(&c->out, "nextToken", "%zu", next);
}

/* A tag's filters look at a tag and its resource, not at a resource and its tags. */
static bool tag_passes(struct sb_call *c, enum ec2_kind kind, const struct ec2_item *item,
                       const struct ec2_tag *tag)
{
    for (int i = 1; sb_has(c, "Filter.%d", i); i++) {
        struct evac_str name = sb_in(c, "Filter.%d.Name", i), value = EVAC_STR_NONE;
        if (evac_str_is(name, "resource-id"))
            value = evac_str(item->id);
        else if (evac_str_is(name, "resource-type"))
            value = evac_str(rows[kind]->type);
        else if (evac_str_is(name, "key"))
            value = evac_str(tag->key);
        else if (evac_str_is(name, "value"))
            value = evac_str(tag->value);
        else
            sb_error(c, 400, "InvalidParameterValue", "The filter '%.*s' is invalid",
                     EVAC_STR_ARG(name));
        if (c->failed || !has_value(c, i, value))
            return false;
    }
    return true;
}

static void put_tag(struct sb_call *c, enum ec2_kind kind, const struct ec2_item *item,
                    const struct ec2_tag *tag)
{
    evac_buf_puts(&c->out, "<item>");
    sb_tag(&c->out, "resourceId", evac_str(item->id));
    sb_tag(&c->out, "resourceType", evac_str(rows[kind]->type));
    sb_tag(&c->out, "key", evac_str(tag->key));
    sb_tag(&c->out, "value", evac_str(tag->value));
    evac_buf_puts(&c->out, "</item>");
}

static void describe_tags(struct sb_call *c)
{
    const struct ec2_item *item;
    evac_buf_puts(&c->out, "<tagSet>");
    for (enum ec2_kind k = EC2_INSTANCE; k < EC2_KIND_COUNT; k++)
        for (size_t i = 0; (item = ec2_nth(c->sb, k, i)) != NULL; i++)
            for (size_t t = 0; item->region == c->region && !c->failed && t < item->tag_count; t++)
                if (tag_passes(c, k, item, &item->tags[t]))
                    put_tag(c, k, item, &item->tags[t]);
    if (!c->failed)
        evac_buf_puts(&c->out, "</tagSet>");
}

#define DESCRIBE(name, kind)                                                                       \
    static void name(struct sb_call *c)                                                            \
    {                                                                                              \
        ec2_describe(c, kind);                                                                     \
    }
DESCRIBE(describe_instances, EC2_INSTANCE)
DESCRIBE(describe_images, EC2_IMAGE)
DESCRIBE(describe_snapshots, EC2_SNAPSHOT)
DESCRIBE(describe_volumes, EC2_VOLUME)
DESCRIBE(describe_capacity, EC2_CAPACITY)
#undef DESCRIBE

/* --- made by control -------------------------------------------------------------------------- */

static enum evac_code state_of(const struct evac_json *json, enum ec2_kind kind, int fallback,
                               int *ret_state, struct evac_err *err)
{
    struct evac_str name = evac_json_str(json, "state");
    *ret_state = fallback;
    if (name.n == 0)
        return EVAC_OK;
    for (int i = 0; i < 7 && state_names[kind][i]; i++)
        if (evac_str_is(name, state_names[kind][i])) {
            *ret_state = i;
            return EVAC_OK;
        }
    return evac_fail(err, EVAC_E_BADARG, "'%.*s' is no state of %s", EVAC_STR_ARG(name),
                     rows[kind]->type);
}

/* Text of the JSON, or a fallback, into an array of the item's. */
#define TAKE(to, member, otherwise)                                                                \
    (void)evac_str_copy((to), sizeof(to),                                                          \
                        evac_json_str(json, (member)).n ? evac_json_str(json, (member))            \
                                                        : (otherwise))

static void take_zone(const struct evac_sandbox *sb, size_t region, const struct evac_json *json,
                      char *zone)
{
    struct evac_str letter = evac_json_str(json, "zone");
    (void)snprintf(zone, EC2_ID_BYTES, "%s%c", sb_region_name(sb, region),
                   letter.n ? letter.p[letter.n - 1] : 'a');
}

static void fill_instance(struct evac_sandbox *sb, struct ec2_item *item,
                          const struct evac_json *json)
{
    struct ec2_instance *i = (struct ec2_instance *)item;
    TAKE(i->type, "type", EVAC_STR("m6i.large"));
    TAKE(i->image, "image", EVAC_STR("ami-00000000"));
    take_zone(sb, item->region, json, i->zone);
    ec2_new_id(sb, "r", i->batch);
    i->is_protected = evac_json_bool(json, "protected", false);
}

static void fill_stored(struct evac_sandbox *sb, struct ec2_item *item,
                        const struct evac_json *json)
{
    struct ec2_stored *s = (struct ec2_stored *)item;
    TAKE(s->name, "name", evac_str(item->id));
    TAKE(s->volume, "volume", EVAC_STR("vol-ffffffff"));
    TAKE(s->snapshot, "of", EVAC_STR_NONE);
    take_zone(sb, item->region, json, s->zone);
    s->gib = evac_json_i64(json, "size", 8);
    item->made_ms -= evac_json_i64(json, "age_s", 0) * 1000;
}

static void fill_template(struct evac_sandbox *sb, struct ec2_item *item,
                          const struct evac_json *json)
{
    struct ec2_template *t = (struct ec2_template *)item;
    TAKE(t->name, "name", evac_str(item->id));
    if (t->count == EC2_VERSIONS_MAX)
        return;
    struct ec2_version *v = &t->versions[t->count++];
    TAKE(v->image, "image", EVAC_STR_NONE);
    TAKE(v->type, "type", EVAC_STR("m6i.large"));
    v->made_ms = sb_wall_ms(sb);
    t->standard = t->count;
}

static void fill_capacity(struct evac_sandbox *sb, struct ec2_item *item,
                          const struct evac_json *json)
{
    struct ec2_capacity *r = (struct ec2_capacity *)item;
    TAKE(r->type, "type", EVAC_STR("m6i.large"));
    TAKE(r->platform, "platform", EVAC_STR("Linux/UNIX"));
    take_zone(sb, item->region, json, r->zone);
    r->count = evac_json_i64(json, "count", 1);
}

static const struct {
    const char *member;
    enum ec2_kind kind;
    int usual; /* state */
    void (*fill)(struct evac_sandbox *sb, struct ec2_item *item, const struct evac_json *json);
} makers[] = {
    { "instance", EC2_INSTANCE, EC2_RUNNING, fill_instance },
    { "image", EC2_IMAGE, EC2_MADE, fill_stored },
    { "snapshot", EC2_SNAPSHOT, EC2_MADE, fill_stored },
    { "launch_template", EC2_TEMPLATE, 0, fill_template },
    { "capacity_reservation", EC2_CAPACITY, EC2_CAPACITY_ACTIVE, fill_capacity },
};

static enum evac_code make_one(struct evac_sandbox *sb, size_t region, size_t m,
                               const struct evac_json *json, struct evac_err *err)
{
    enum ec2_kind kind = makers[m].kind;
    struct evac_str id = evac_json_str(json, makers[m].member);
    int state = 0;
    if (id.n && !is_id(id, rows[kind]->prefix))
        return evac_fail(err, EVAC_E_BADARG, "'%.*s' is no id: %s- and 8 or 17 hexadecimal digits",
                         EVAC_STR_ARG(id), rows[kind]->prefix);
    enum evac_code code = state_of(json, kind, makers[m].usual, &state, err);
    if (code)
        return code;
    struct ec2_item *item = id.n ? ec2_find(sb, kind, region, id) : NULL;
    if (!item)
        item = ec2_add(sb, kind, region, id);
    if (!item)
        return evac_fail(err, EVAC_E_TOOBIG, "the sandbox keeps %u of each kind", EC2_ITEMS_MAX);
    item->state = state;
    item->due_ms = SB_NEVER;
    makers[m].fill(sb, item, json);
    for (const struct evac_json *t = evac_json_first(evac_json_get(json, "tags")); t;
         t = evac_json_next(t))
        ec2_tag(item, evac_json_key(t), evac_json_text(t));
    return EVAC_OK;
}

static enum evac_code make(struct evac_sandbox *sb, size_t region, const struct evac_json *json,
                           struct evac_err *err)
{
    struct evac_str kind = evac_json_key(evac_json_first(json));
    if (evac_str_is(kind, "not_offered"))
        return ec2_make_not_offered(sb, region, json, err);
    for (size_t m = 0; m < sizeof makers / sizeof makers[0]; m++)
        if (evac_str_is(kind, makers[m].member))
            return make_one(sb, region, m, json, err);
    return evac_fail(err, EVAC_E_BADARG,
                     "the first member must be instance, image, snapshot, launch_template, "
                     "capacity_reservation or not_offered, not '%.*s'",
                     EVAC_STR_ARG(kind));
}

static void truth(const struct evac_sandbox *sb, struct evac_buf *json)
{
    const struct ec2 *ec2 = state(sb);
    bool first = true;
    evac_buf_puts(json, ",\"ec2\":[");
    for (enum ec2_kind k = EC2_INSTANCE; k < EC2_KIND_COUNT; k++)
        for (size_t i = 0; i < ec2->counts[k]; i++) {
            const struct ec2_item *item = ec2->items[k][i];
            evac_buf_putf(json,
                          "%s{\"region\":\"%s\",\"kind\":\"%s\",\"id\":\"%s\",\"state\":\"%s\"}",
                          first ? "" : ",", sb_region_name(sb, item->region), rows[k]->type,
                          item->id, state_names[k][item->state]);
            first = false;
        }
    evac_buf_putc(json, ']');
}

/* Rates: AWS.md 1.11, and EC2's own table of buckets. */
static const struct sb_operation operations[] = {
    { .name = "DescribeInstances", .handle = describe_instances },
    { .name = "RunInstances", .handle = ec2_run_instances, .flags = SB_MUTATES },
    { .name = "StartInstances", .handle = ec2_start_instances, .flags = SB_MUTATES },
    { .name = "StopInstances", .handle = ec2_stop_instances, .flags = SB_MUTATES },
    { .name = "TerminateInstances", .handle = ec2_terminate_instances, .flags = SB_MUTATES },
    { .name = "DescribeImages", .handle = describe_images },
    { .name = "CopyImage", .handle = ec2_copy_image, .flags = SB_MUTATES },
    { .name = "DescribeSnapshots", .handle = describe_snapshots },
    { .name = "CopySnapshot", .handle = ec2_copy_snapshot, .flags = SB_MUTATES },
    { .name = "CreateVolume", .handle = ec2_create_volume, .flags = SB_MUTATES },
    { .name = "DescribeVolumes", .handle = describe_volumes },
    { .name = "DescribeLaunchTemplates", .handle = ec2_describe_templates },
    { .name = "DescribeLaunchTemplateVersions", .handle = ec2_describe_versions },
    { .name = "DescribeInstanceTypeOfferings", .handle = ec2_describe_offerings },
    { .name = "CreateTags", .handle = create_tags, .flags = SB_MUTATES },
    { .name = "DescribeTags", .handle = describe_tags },
    { .name = "DescribeCapacityReservations", .handle = describe_capacity },
    { .name = "CreateCapacityReservation", .handle = ec2_create_capacity, .flags = SB_MUTATES },
    { .name = "ModifyCapacityReservation", .handle = ec2_modify_capacity, .flags = SB_MUTATES },
    { .name = "CancelCapacityReservation", .handle = ec2_cancel_capacity, .flags = SB_MUTATES },
    { 0 },
};

const struct sb_service sb_service_ec2 = {
    .signing_name = "ec2",
    .row = "ec2",
    .xmlns = "http://ec2.amazonaws.com/doc/2016-11-15/",
    .operations = operations,
    .create = create,
    .destroy = destroy,
    .advance = advance,
    .wake = wake,
    .make = make,
    .truth = truth,
};

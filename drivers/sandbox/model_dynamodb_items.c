/*
 * DynamoDB's items: what each region has of them, and how writes travel. Of a table with eventual
 * consistency every region takes writes, conditions are looked at where the write arrives, and the
 * later write wins everywhere. With strong consistency a write is in two of three regions before it
 * is answered, and conditions see the newest version wherever it was written. What can not reach a
 * region waits until it can: a region that is lost for good takes what it had not sent with it.
 */
#include "dynamodb_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ITEM_MAX_BYTES 409600u
#define PAGE_MAX       1000

static const cJSON *input(const struct sb_call *c)
{
    return (const cJSON *)(const void *)c->json;
}

/* --- storing --------------------------------------------------------------------------------- */

static struct ddb_item *find(const struct ddb_table *t, const char *key)
{
    for (struct ddb_item *i = t->items; i; i = i->next)
        if (strcmp(i->key, key) == 0)
            return i;
    return NULL;
}

const cJSON *ddb_current(const struct ddb_table *t, const char *key)
{
    const struct ddb_item *i = find(t, key);
    return i && i->versions ? i->versions->item : NULL;
}

size_t ddb_item_count(const struct ddb_table *t)
{
    size_t n = 0;
    for (const struct ddb_item *i = t->items; i; i = i->next)
        n += i->versions && i->versions->item;
    return n;
}

static void free_versions(struct ddb_version *v)
{
    for (struct ddb_version *older; v; v = older) {
        older = v->older;
        cJSON_Delete(v->item);
        free(v);
    }
}

void ddb_free_items(struct ddb_table *t)
{
    for (struct ddb_item *i = t->items, *next; i; i = next) {
        next = i->next;
        free_versions(i->versions);
        free(i->key);
        free(i);
    }
    t->items = NULL;
}

static void *must(void *p)
{
    if (!p)
        abort();
    return p;
}

static struct ddb_item *item_of(struct ddb_table *t, const char *key)
{
    struct ddb_item *i = find(t, key), **end = &t->items;
    if (i)
        return i;
    i = must(calloc(1, sizeof *i));
    i->key = must(strdup(key));
    while (*end)
        end = &(*end)->next;
    *end = i;
    return i;
}

static void forget_old(struct ddb_item *i)
{
    struct ddb_version *v = i->versions;
    for (size_t n = 1; v && n < DDB_VERSIONS_MAX / 2; n++)
        v = v->older;
    if (v) {
        free_versions(v->older);
        v->older = NULL;
        i->count = DDB_VERSIONS_MAX / 2;
    }
}

/* The later write wins, whenever it arrives. */
static void store(struct ddb_table *t, const char *key, const cJSON *item, int64_t stamp,
                  size_t origin, int64_t here_ms)
{
    struct ddb_item *i = item_of(t, key);
    if (i->versions && i->versions->stamp >= stamp)
        return;
    struct ddb_version *v = must(calloc(1, sizeof *v));
    *v = (struct ddb_version){ .older = i->versions,
                               .stamp = stamp,
                               .here_ms = here_ms,
                               .origin = origin,
                               .item = item ? cJSON_Duplicate(item, true) : NULL };
    i->versions = v;
    if (++i->count > DDB_VERSIONS_MAX)
        forget_old(i);
}

void ddb_copy_items(struct evac_sandbox *sb, struct ddb_table *t, const struct ddb_table *from,
                    int64_t at_wall_ms)
{
    for (const struct ddb_item *i = from->items; i; i = i->next) {
        const struct ddb_version *v = i->versions;
        while (v && v->here_ms > at_wall_ms)
            v = v->older;
        if (v && v->item)
            store(t, i->key, v->item, v->stamp, v->origin, sb_wall_ms(sb));
    }
}

/* --- travelling ------------------------------------------------------------------------------ */

static uint64_t lag(struct evac_sandbox *sb, size_t to)
{
    return sb_lag_ms(sb, to, sb_scaled(sb, 200 + sb_random(sb, 600)));
}

/* What waits for a region that can not be reached is the newest of each item: older ones would lose
 * there anyway. */
static bool replaces(struct ddb_send *s, const struct ddb_table *t, size_t to, const char *key,
                     const cJSON *item, int64_t stamp)
{
    if (s->due_ms != SB_NEVER || s->group != t->group || s->from != t->region || s->to != to ||
        strcmp(s->key, key) != 0)
        return false;
    cJSON_Delete(s->item);
    s->item = item ? cJSON_Duplicate(item, true) : NULL;
    s->stamp = stamp;
    return true;
}

static void send(struct evac_sandbox *sb, const struct ddb_table *t, size_t to, const char *key,
                 const cJSON *item, int64_t stamp)
{
    struct ddb_send **end = &ddb_state(sb)->sends;
    for (struct ddb_send *s = *end; s; s = s->next)
        if (replaces(s, t, to, key, item, stamp))
            return;
    struct ddb_send *s = must(calloc(1, sizeof *s));
    *s = (struct ddb_send){ .group = t->group,
                            .from = t->region,
                            .to = to,
                            .key = must(strdup(key)),
                            .stamp = stamp,
                            .written_ms = sb_wall_ms(sb),
                            .item = item ? cJSON_Duplicate(item, true) : NULL,
                            .due_ms = sb->now_ms + lag(sb, to) };
    while (*end)
        end = &(*end)->next;
    *end = s;
}

static void free_send(struct ddb_send *s)
{
    cJSON_Delete(s->item);
    free(s->key);
    free(s);
}

void ddb_forget_sends(struct evac_sandbox *sb, size_t group, size_t region)
{
    for (struct ddb_send **at = &ddb_state(sb)->sends; *at;) {
        struct ddb_send *s = *at;
        if (s->group == group &&
            (region == SB_REGIONS_MAX || s->from == region || s->to == region)) {
            *at = s->next;
            free_send(s);
        } else {
            at = &s->next;
        }
    }
}

static void arrive(struct evac_sandbox *sb, const struct ddb_send *s)
{
    struct ddb_table *to = ddb_member(sb, s->group, s->to);
    struct ddb_table *from = ddb_member(sb, s->group, s->from);
    int64_t took = sb_wall_ms(sb) - s->written_ms;
    if (to)
        store(to, s->key, s->item, s->stamp, s->from, sb_wall_ms(sb));
    if (from && took > from->latency_ms[s->to])
        from->latency_ms[s->to] = took;
}

/* What is due, if the two regions can reach each other; else it waits until they can. */
void ddb_deliver(struct evac_sandbox *sb)
{
    for (struct ddb_send **at = &ddb_state(sb)->sends; *at;) {
        struct ddb_send *s = *at;
        bool reaches = sb_reaches(sb, s->from, s->to);
        if (!reaches)
            s->due_ms = SB_NEVER;
        else if (s->due_ms == SB_NEVER)
            s->due_ms = sb->now_ms + lag(sb, s->to);
        if (s->due_ms > sb->now_ms) {
            at = &s->next;
            continue;
        }
        arrive(sb, s);
        *at = s->next;
        free_send(s);
    }
}

static bool is_strong(const struct evac_sandbox *sb, const struct ddb_table *t)
{
    return t->group && ddb_state(sb)->groups[t->group].strong;
}

bool ddb_has_quorum(const struct evac_sandbox *sb, const struct ddb_table *t)
{
    size_t witness = ddb_state(sb)->groups[t->group].witness, heard = 0;
    if (!is_strong(sb, t))
        return true;
    for (size_t r = 0; r < sb->region_count; r++)
        heard += (r == witness || ddb_member(sb, t->group, r)) && sb_reaches(sb, t->region, r);
    return heard >= 2;
}

void ddb_write(struct evac_sandbox *sb, struct ddb_table *t, const char *key, const cJSON *item)
{
    struct ddb *ddb = ddb_state(sb);
    int64_t stamp = sb_wall_ms(sb) * 1024;
    stamp = stamp > ddb->stamp ? stamp : ddb->stamp + 1;
    ddb->stamp = stamp;
    store(t, key, item, stamp, t->region, sb_wall_ms(sb));
    for (size_t r = 0; t->group && r < sb->region_count; r++) {
        struct ddb_table *other = ddb_member(sb, t->group, r);
        if (!other || other == t)
            continue;
        if (is_strong(sb, t) && sb_reaches(sb, t->region, r))
            store(other, key, item, stamp, t->region, sb_wall_ms(sb));
        else
            send(sb, t, r, key, item, stamp);
    }
}

/* The newest version that the table's region can hear of. */
static const struct ddb_version *newest(const struct evac_sandbox *sb, const struct ddb_table *t,
                                        const char *key)
{
    const struct ddb_item *own = find(t, key);
    const struct ddb_version *best = own ? own->versions : NULL;
    for (size_t r = 0; is_strong(sb, t) && r < sb->region_count; r++) {
        const struct ddb_table *other = ddb_member(sb, t->group, r);
        const struct ddb_item *i = other && sb_reaches(sb, t->region, r) ? find(other, key) : NULL;
        if (i && i->versions && (!best || i->versions->stamp > best->stamp))
            best = i->versions;
    }
    return best;
}

/* --- keys ------------------------------------------------------------------------------------ */

static bool key_part(struct sb_call *c, const struct ddb_attribute *a, const cJSON *from,
                     struct evac_buf *key)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(from, a->name);
    const cJSON *typed = cJSON_GetObjectItemCaseSensitive(value, a->type);
    if (!value) {
        sb_error(c, 400, "ValidationException",
                 "One or more parameter values were invalid: Missing the key %s in the item",
                 a->name);
        return false;
    }
    if (!cJSON_IsString(typed) || !typed->valuestring[0]) {
        sb_error(c, 400, "ValidationException",
                 "One or more parameter values were invalid: Type mismatch for key %s expected: %s",
                 a->name, a->type);
        return false;
    }
    evac_buf_putf(key, "%s:%zu:", a->type, strlen(typed->valuestring));
    evac_buf_puts(key, typed->valuestring);
    return true;
}

/* NULL: it has been answered. exact: there may be nothing else. */
static const char *key_of(struct sb_call *c, const struct ddb_table *t, const cJSON *from,
                          bool exact)
{
    struct evac_buf key;
    const char *text = NULL;
    evac_buf_init(&key, 8192);
    bool good = key_part(c, &t->hash, from, &key) &&
                (!t->range.name[0] || key_part(c, &t->range, from, &key));
    if (good && exact && cJSON_GetArraySize(from) != (t->range.name[0] ? 2 : 1))
        sb_error(c, 400, "ValidationException",
                 "The provided key element does not match the schema");
    else if (good)
        text = evac_arena_str(c->arena, evac_buf_str(&key)).p;
    evac_buf_done(&key);
    return text;
}

/* Not while it is made; and of strong ones not without a second region. */
static struct ddb_table *usable(struct sb_call *c, bool strong)
{
    struct ddb_table *t = ddb_named(c, "TableName", "ResourceNotFoundException");
    if (!t)
        return NULL;
    if (t->status && strcmp(t->status, "CREATING") == 0) {
        sb_error(c, 400, "ResourceNotFoundException", "Requested resource not found");
        return NULL;
    }
    if (strong && !ddb_has_quorum(c->sb, t)) {
        sb_error(c, 500, "InternalServerError", "Two of the table's three regions are needed.");
        return NULL;
    }
    return t;
}

/* --- answers --------------------------------------------------------------------------------- */

static void put_json(struct evac_buf *out, const cJSON *value)
{
    char *text = cJSON_PrintUnformatted(value);
    evac_buf_puts(out, text ? text : "null");
    cJSON_free(text);
}

static void put_attributes(struct sb_call *c, const char *member, const cJSON *item)
{
    if (!item) {
        evac_buf_puts(&c->out, "{}");
        return;
    }
    evac_buf_putf(&c->out, "{\"%s\":", member);
    put_json(&c->out, item);
    evac_buf_putc(&c->out, '}');
}

/* The refusal carries the item as it is, when it was asked for. */
static void refuse_condition(struct sb_call *c, const cJSON *item)
{
    sb_error(c, 400, "ConditionalCheckFailedException", "The conditional request failed");
    if (!item || !evac_str_is(sb_in(c, "ReturnValuesOnConditionCheckFailure"), "ALL_OLD"))
        return;
    c->out.n--;
    evac_buf_puts(&c->out, ",\"Item\":");
    put_json(&c->out, item);
    evac_buf_putc(&c->out, '}');
}

static bool check_return(struct sb_call *c, bool update)
{
    struct evac_str what = sb_in(c, "ReturnValues");
    if (what.n == 0 || evac_str_is(what, "NONE") || evac_str_is(what, "ALL_OLD") ||
        (update && (evac_str_is(what, "ALL_NEW"))))
        return true;
    sb_error(c, 400, "ValidationException", "Return values set to invalid value");
    return false;
}

/* --- writes ---------------------------------------------------------------------------------- */

/* Where the newest version is of another region and of this very moment, the two race. */
static bool races(struct sb_call *c, const struct ddb_table *t, const struct ddb_version *v)
{
    int64_t age = v ? sb_wall_ms(c->sb) - v->stamp / 1024 : 0;
    if (!v || !is_strong(c->sb, t) || v->origin == t->region ||
        age >= (int64_t)sb_scaled(c->sb, DDB_RACE_MS))
        return false;
    sb_error(
        c, 400, "ReplicatedWriteConflictException",
        "One or more items in this request are being modified by a request in another Region.");
    return true;
}

/* What is there now, if the request may go on. */
static bool may_write(struct sb_call *c, const struct ddb_table *t, const char *key,
                      const cJSON **ret_old)
{
    static const char *const members[] = { "ConditionExpression", "UpdateExpression", NULL };
    const struct ddb_version *v = newest(c->sb, t, key);
    *ret_old = v ? v->item : NULL;
    if (!ddb_all_used(c, members) || races(c, t, v))
        return false;
    if (ddb_holds(c, "ConditionExpression", *ret_old))
        return !c->failed;
    if (!c->failed)
        refuse_condition(c, *ret_old);
    return false;
}

/* old dies with the write where it is the oldest that is kept: what is shown of it is copied. */
static void finish(struct sb_call *c, struct ddb_table *t, const char *key, const cJSON *old,
                   const cJSON *new)
{
    struct evac_str what = sb_in(c, "ReturnValues");
    const cJSON *shown = evac_str_is(what, "ALL_OLD")   ? old
                         : evac_str_is(what, "ALL_NEW") ? new
                                                        : NULL;
    put_attributes(c, "Attributes", shown);
    sb_effect(c);
    ddb_write(c->sb, t, key, new);
}

void ddb_put_item(struct sb_call *c)
{
    const cJSON *old, *item = cJSON_GetObjectItemCaseSensitive(input(c), "Item");
    struct ddb_table *t = usable(c, true);
    const char *key = t && check_return(c, false) ? key_of(c, t, item, false) : NULL;
    if (key && c->request->body.n > ITEM_MAX_BYTES)
        sb_error(c, 400, "ValidationException", "Item size has exceeded the maximum allowed size");
    else if (key && may_write(c, t, key, &old))
        finish(c, t, key, old, item);
}

void ddb_delete_item(struct sb_call *c)
{
    const cJSON *old;
    struct ddb_table *t = usable(c, true);
    const char *key = t && check_return(c, false)
                          ? key_of(c, t, cJSON_GetObjectItemCaseSensitive(input(c), "Key"), true)
                          : NULL;
    if (key && may_write(c, t, key, &old))
        finish(c, t, key, old, NULL);
}

static bool changes_key(const struct ddb_table *t, const cJSON *old, const cJSON *new)
{
    const char *names[] = { t->hash.name, t->range.name };
    for (size_t i = 0; i < 2; i++)
        if (names[i][0] && ddb_compare(cJSON_GetObjectItemCaseSensitive(old, names[i]),
                                       cJSON_GetObjectItemCaseSensitive(new, names[i])) != 0)
            return true;
    return false;
}

void ddb_update_item(struct sb_call *c)
{
    const cJSON *old, *given = cJSON_GetObjectItemCaseSensitive(input(c), "Key");
    struct ddb_table *t = usable(c, true);
    const char *key = t && check_return(c, true) ? key_of(c, t, given, true) : NULL;
    if (!key || !may_write(c, t, key, &old))
        return;
    const cJSON *base = old ? old : given;
    cJSON *new = ddb_updated(c, base);
    if (new &&changes_key(t, base, new))
        sb_error(c, 400, "ValidationException",
                 "One or more parameter values were invalid: Cannot update a key attribute");
    else if (new)
        finish(c, t, key, old, new);
    cJSON_Delete(new);
}

/* --- reads ----------------------------------------------------------------------------------- */

void ddb_get_item(struct sb_call *c)
{
    bool strong = sb_in_bool(c, "ConsistentRead", false);
    struct ddb_table *t = usable(c, strong);
    const char *key =
        t ? key_of(c, t, cJSON_GetObjectItemCaseSensitive(input(c), "Key"), true) : NULL;
    if (!key)
        return;
    const struct ddb_version *v = strong ? newest(c->sb, t, key) : NULL;
    put_attributes(c, "Item", strong ? (v ? v->item : NULL) : ddb_current(t, key));
}

struct found {
    const cJSON *item, *range;
};

static int by_range(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    return x->range && y->range ? ddb_compare(x->range, y->range) : 0;
}

static size_t collect(struct sb_call *c, const struct ddb_table *t, bool strong,
                      struct found *ret_found)
{
    size_t n = 0;
    for (const struct ddb_item *i = t->items; i && n < PAGE_MAX && !c->failed; i = i->next) {
        const struct ddb_version *v = strong ? newest(c->sb, t, i->key) : i->versions;
        if (v && v->item && ddb_key_holds(c, v->item, t->hash.name))
            ret_found[n++] =
                (struct found){ v->item, cJSON_GetObjectItemCaseSensitive(v->item, t->range.name) };
    }
    return n;
}

static void put_found(struct sb_call *c, const struct found *found, size_t n)
{
    int64_t limit = sb_in_i64(c, "Limit", PAGE_MAX), shown = 0, looked = 0;
    bool forward = sb_in_bool(c, "ScanIndexForward", true);
    struct evac_buf items;
    evac_buf_init(&items, 4u << 20);
    for (size_t i = 0; i < n && looked < limit && !c->failed; i++, looked++) {
        const struct found *f = &found[forward ? i : n - 1 - i];
        if (!ddb_holds(c, "FilterExpression", f->item))
            continue;
        evac_buf_puts(&items, shown++ ? "," : "");
        put_json(&items, f->item);
    }
    if (!c->failed)
        evac_buf_putf(&c->out, "{\"Items\":[%s],\"Count\":%lld,\"ScannedCount\":%lld}",
                      items.n ? items.p : "", (long long)shown, (long long)looked);
    evac_buf_done(&items);
}

void ddb_query(struct sb_call *c)
{
    static const char *const members[] = { "KeyConditionExpression", "FilterExpression", NULL };
    bool strong = sb_in_bool(c, "ConsistentRead", false);
    struct ddb_table *t = usable(c, strong);
    if (!t || !ddb_all_used(c, members))
        return;
    struct found *found = evac_arena_array(c->arena, PAGE_MAX, sizeof *found);
    size_t n = collect(c, t, strong, found);
    qsort(found, n, sizeof *found, by_range);
    put_found(c, found, n);
}

/*
 * CloudFront KeyValueStore's data plane: values that edge functions read (AWS.md 2.8). The store as
 * a whole has a version, and each change must name it. It is served by no one region.
 *
 *     make cloudfront-keyvaluestore us-east-1
 * {"kind":"store","name":"5c6d","keys":{"active-region":"us-east-1"}}    "Status":"PROVISIONING"
 */
#include "sandbox_docs.h"

#include <cjson/cJSON.h>
#include <string.h>

#define KEY_BYTES   512u
#define VALUE_BYTES 1024u
#define STORE_BYTES (5u << 20)
#define CHANGES_MAX 50u

static const struct sb_kind kinds[] = {
    { "store", "{\"Status\":\"READY\",\"changes\":1,\"keys\":{}}", true, NULL },
    { 0 },
};

static struct sb_doc *store(struct sb_call *c)
{
    return sb_doc_named(c, SB_ANYWHERE, "store", sb_short_name(c->label[0]), 404,
                        "ResourceNotFoundException");
}

static cJSON *keys_of(const struct sb_doc *d)
{
    return cJSON_GetObjectItem(d->json, "keys");
}

static struct evac_str etag(struct sb_call *c, const struct sb_doc *d)
{
    return evac_arena_printf(c->arena, "KV%lld", (long long)sb_doc_num(d, "changes", 1));
}

static size_t bytes_of(const cJSON *keys)
{
    const cJSON *e;
    size_t n = 0;
    cJSON_ArrayForEach(e, keys) n += strlen(e->string) + evac_str(e->valuestring).n;
    return n;
}

static void put_sizes(struct sb_call *c, const struct sb_doc *d)
{
    evac_buf_putf(&c->out, "\"ItemCount\":%d,\"TotalSizeInBytes\":%zu",
                  cJSON_GetArraySize(keys_of(d)), bytes_of(keys_of(d)));
}

/* --- looking --------------------------------------------------------------------------------- */

static void describe(struct sb_call *c)
{
    const struct sb_doc *d = store(c);
    if (!d)
        return;
    sb_header(c, "ETag", etag(c, d));
    evac_buf_putf(&c->out, "{\"KvsARN\":\"arn:aws:cloudfront::" SB_ACCOUNT ":key-value-store/%s\",",
                  d->name);
    evac_buf_putf(&c->out, "\"Created\":%lld,\"Status\":\"%s\",",
                  (long long)(sb_wall_ms(c->sb) / 1000), sb_doc_text(d, "Status").p);
    put_sizes(c, d);
    evac_buf_putc(&c->out, '}');
}

static void put_pair(struct sb_call *c, const cJSON *pair)
{
    evac_buf_puts(&c->out, "{\"Key\":");
    evac_buf_json(&c->out, evac_str(pair->string));
    evac_buf_puts(&c->out, ",\"Value\":");
    evac_buf_json(&c->out, evac_str(pair->valuestring));
}

static const cJSON *pair_named(struct sb_call *c, const struct sb_doc *d)
{
    const cJSON *pair =
        cJSON_GetObjectItemCaseSensitive(keys_of(d), evac_arena_str(c->arena, c->label[1]).p);
    if (!pair)
        sb_error(c, 404, "ResourceNotFoundException", "The key does not exist.");
    return pair;
}

static void get_key(struct sb_call *c)
{
    const struct sb_doc *d = store(c);
    const cJSON *pair = d ? pair_named(c, d) : NULL;
    if (!pair)
        return;
    put_pair(c, pair);
    evac_buf_putc(&c->out, ',');
    put_sizes(c, d);
    evac_buf_putc(&c->out, '}');
}

static void list_keys(struct sb_call *c)
{
    const struct sb_doc *d = store(c);
    const cJSON *pair;
    bool first = true;
    if (!d)
        return;
    evac_buf_puts(&c->out, "{\"Items\":[");
    cJSON_ArrayForEach(pair, keys_of(d))
    {
        evac_buf_puts(&c->out, first ? "" : ",");
        put_pair(c, pair);
        evac_buf_putc(&c->out, '}');
        first = false;
    }
    evac_buf_puts(&c->out, "]}");
}

/* --- changing -------------------------------------------------------------------------------- */

static struct sb_doc *store_to_change(struct sb_call *c)
{
    struct sb_doc *d = store(c);
    struct evac_str match = sb_request_header(c, "if-match");
    if (!d)
        return NULL;
    if (match.n == 0)
        sb_error(c, 400, "ValidationException", "If-Match is missing.");
    else if (!evac_str_eq(match, etag(c, d)))
        sb_error(c, 409, "ConflictException", "The version is not that of the key value store.");
    else if (!sb_doc_is(d, "Status", "READY"))
        sb_error(c, 409, "ConflictException", "The key value store is not ready.");
    return c->failed ? NULL : d;
}

static void put(struct sb_call *c, cJSON *keys, struct evac_str key, struct evac_str value)
{
    if (key.n == 0 || key.n > KEY_BYTES || value.n > VALUE_BYTES) {
        sb_error(c, 400, "ValidationException", "A key has 1 to %u bytes, a value at most %u.",
                 KEY_BYTES, VALUE_BYTES);
        return;
    }
    const char *name = evac_arena_str(c->arena, key).p;
    cJSON_DeleteItemFromObjectCaseSensitive(keys, name);
    cJSON_AddStringToObject(keys, name, evac_arena_str(c->arena, value).p);
    if (bytes_of(keys) > STORE_BYTES)
        sb_error(c, 402, "ServiceQuotaExceededException", "The key value store is full.");
}

static void drop(struct sb_call *c, cJSON *keys, struct evac_str key)
{
    const char *name = evac_arena_str(c->arena, key).p;
    if (!cJSON_GetObjectItemCaseSensitive(keys, name))
        sb_error(c, 404, "ResourceNotFoundException", "The key does not exist.");
    cJSON_DeleteItemFromObjectCaseSensitive(keys, name);
}

/* keys take the place of what was, unless something was refused: all of it or nothing. */
static void settle(struct sb_call *c, struct sb_doc *d, cJSON *keys)
{
    if (c->failed) {
        cJSON_Delete(keys);
        return;
    }
    (void)cJSON_ReplaceItemInObjectCaseSensitive(d->json, "keys", keys);
    sb_doc_set_num(d, "changes", (double)(sb_doc_num(d, "changes", 1) + 1));
    sb_effect(c);
    sb_header(c, "ETag", etag(c, d));
    evac_buf_putc(&c->out, '{');
    put_sizes(c, d);
    evac_buf_putc(&c->out, '}');
}

static void put_key(struct sb_call *c)
{
    struct sb_doc *d = store_to_change(c);
    if (!d)
        return;
    cJSON *keys = cJSON_Duplicate(keys_of(d), true);
    put(c, keys, c->label[1], sb_in(c, "Value"));
    settle(c, d, keys);
}

static void delete_key(struct sb_call *c)
{
    struct sb_doc *d = store_to_change(c);
    if (!d)
        return;
    cJSON *keys = cJSON_Duplicate(keys_of(d), true);
    drop(c, keys, c->label[1]);
    settle(c, d, keys);
}

static void update_keys(struct sb_call *c)
{
    struct sb_doc *d = store_to_change(c);
    size_t n = 0;
    if (!d)
        return;
    cJSON *keys = cJSON_Duplicate(keys_of(d), true);
    for (size_t i = 1; !c->failed && sb_has(c, "Puts.%zu", i); i++, n++)
        put(c, keys, sb_in(c, "Puts.%zu.Key", i), sb_in(c, "Puts.%zu.Value", i));
    for (size_t i = 1; !c->failed && sb_has(c, "Deletes.%zu", i); i++, n++)
        drop(c, keys, sb_in(c, "Deletes.%zu.Key", i));
    if (!c->failed && (n == 0 || n > CHANGES_MAX))
        sb_error(c, 400, "ValidationException", "A request changes from 1 to %u keys.",
                 CHANGES_MAX);
    settle(c, d, keys);
}

/* clang-format off */
#define STORE "/key-value-stores/{KvsARN}"
static const struct sb_operation operations[] = {
    { "DescribeKeyValueStore", describe, 0, "GET", STORE, .takes = "" },
    { "GetKey", get_key, 0, "GET", STORE "/keys/{Key}", .takes = "" },
    { "ListKeys", list_keys, 0, "GET", STORE "/keys", .takes = "NextToken MaxResults" },
    { "PutKey", put_key, SB_MUTATES, "PUT", STORE "/keys/{Key}", .takes = "Value!" },
    { "DeleteKey", delete_key, SB_MUTATES, "DELETE", STORE "/keys/{Key}", .takes = "" },
    { "UpdateKeys", update_keys, SB_MUTATES, "POST", STORE "/keys", .takes = "Puts Deletes" },
    { 0 },
};
/* clang-format on */

SB_DOCS(KEYVALUESTORE, kinds)

const struct sb_service sb_service_keyvaluestore = { .signing_name = "cloudfront-keyvaluestore",
                                                     .row = "cloudfront-keyvaluestore",
                                                     .global = true,
                                                     .operations = operations,
                                                     .make = make,
                                                     .truth = truth };

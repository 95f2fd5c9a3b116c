#include "etcd_json.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define BASE64_CHUNK 3072u /* a multiple of 3: only the last chunk is padded */
#define KVS_MAX      4096

/* --- base64 ----------------------------------------------------------------------------------- */

void evac_base64_put(struct evac_buf *out, struct evac_str bytes)
{
    char text[BASE64_CHUNK / 3 * 4 + 1];
    for (size_t at = 0; at < bytes.n; at += BASE64_CHUNK) {
        size_t n = bytes.n - at < BASE64_CHUNK ? bytes.n - at : BASE64_CHUNK;
        int length =
            EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)bytes.p + at, (int)n);
        evac_buf_put(out, text, (size_t)length);
    }
}

static bool is_base64(struct evac_str text, size_t padding)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char zeroed[257] = { 0 }; /* which bytes are digits */
    for (const char *p = alphabet; *p; p++)
        zeroed[(unsigned char)*p] = 1;
    for (size_t i = 0; i < text.n - padding; i++)
        if (!zeroed[(unsigned char)text.p[i]])
            return false;
    return true;
}

bool evac_base64_read(struct evac_str text, struct evac_arena *arena, struct evac_str *ret_bytes)
{
    size_t padding = 0;
    *ret_bytes = EVAC_STR_NONE;
    if (text.n == 0)
        return true;
    if (text.n % 4 || text.n > INT32_MAX)
        return false;
    while (padding < 2 && text.p[text.n - 1 - padding] == '=')
        padding++;
    if (!is_base64(text, padding))
        return false;
    char *bytes = evac_arena_alloc(arena, text.n / 4 * 3 + 1);
    int n = EVP_DecodeBlock((unsigned char *)bytes, (const unsigned char *)text.p, (int)text.n);
    if (n < 0)
        return false;
    *ret_bytes = (struct evac_str){ bytes, (size_t)n - padding };
    return true;
}

/* --- transactions ------------------------------------------------------------------------------
 */

void evac_etcd_txn_begin(struct evac_etcd_txn *txn, size_t max_bytes)
{
    *txn = (struct evac_etcd_txn){ .part = 0 };
    evac_buf_init(&txn->text, max_bytes);
    evac_buf_puts(&txn->text, "{\"compare\":[");
}

void evac_etcd_txn_done(struct evac_etcd_txn *txn)
{
    evac_buf_done(&txn->text);
}

static void go_to(struct evac_etcd_txn *txn, unsigned part)
{
    static const char *const next[] = { "", "],\"success\":[", "],\"failure\":[" };
    while (txn->part < part) {
        evac_buf_puts(&txn->text, next[++txn->part]);
        txn->comma = false;
    }
}

void evac_etcd_then(struct evac_etcd_txn *txn)
{
    go_to(txn, 1);
}

void evac_etcd_else(struct evac_etcd_txn *txn)
{
    go_to(txn, 2);
}

static void begin_item(struct evac_etcd_txn *txn, const char *text)
{
    evac_buf_puts(&txn->text, txn->comma ? "," : "");
    evac_buf_puts(&txn->text, text);
    txn->comma = true;
}

static void put_bytes(struct evac_etcd_txn *txn, const char *name, struct evac_str bytes)
{
    evac_buf_puts(&txn->text, name);
    evac_buf_putc(&txn->text, '"');
    evac_base64_put(&txn->text, bytes);
    evac_buf_putc(&txn->text, '"');
}

static void put_number(struct evac_etcd_txn *txn, const char *name, int64_t value)
{
    if (value)
        evac_buf_putf(&txn->text, "%s\"%lld\"", name, (long long)value);
}

void evac_etcd_if_created(struct evac_etcd_txn *txn, struct evac_str key, int64_t revision)
{
    begin_item(txn, "{\"target\":\"CREATE\",\"result\":\"EQUAL\"");
    put_bytes(txn, ",\"key\":", key);
    evac_buf_putf(&txn->text, ",\"createRevision\":\"%lld\"}", (long long)revision);
}

void evac_etcd_if_modified(struct evac_etcd_txn *txn, struct evac_str key, int64_t revision)
{
    begin_item(txn, "{\"target\":\"MOD\",\"result\":\"EQUAL\"");
    put_bytes(txn, ",\"key\":", key);
    evac_buf_putf(&txn->text, ",\"modRevision\":\"%lld\"}", (long long)revision);
}

void evac_etcd_put(struct evac_etcd_txn *txn, struct evac_str key, struct evac_str value,
                   int64_t lease)
{
    begin_item(txn, "{\"requestPut\":{");
    put_bytes(txn, "\"key\":", key);
    put_bytes(txn, ",\"value\":", value);
    put_number(txn, ",\"lease\":", lease);
    evac_buf_puts(&txn->text, "}}");
}

void evac_etcd_get(struct evac_etcd_txn *txn, const struct evac_etcd_question *q)
{
    begin_item(txn, "{\"requestRange\":{");
    put_bytes(txn, "\"key\":", q->key);
    if (q->end.n)
        put_bytes(txn, ",\"rangeEnd\":", q->end);
    put_number(txn, ",\"limit\":", q->limit);
    put_number(txn, ",\"minModRevision\":", q->min_modified);
    if (q->newest_first)
        evac_buf_puts(&txn->text, ",\"sortOrder\":\"DESCEND\",\"sortTarget\":\"KEY\"");
    evac_buf_puts(&txn->text, "}}");
}

void evac_etcd_delete(struct evac_etcd_txn *txn, struct evac_str key, struct evac_str end)
{
    begin_item(txn, "{\"requestDeleteRange\":{");
    put_bytes(txn, "\"key\":", key);
    if (end.n)
        put_bytes(txn, ",\"rangeEnd\":", end);
    evac_buf_puts(&txn->text, "}}");
}

struct evac_str evac_etcd_txn_text(struct evac_etcd_txn *txn)
{
    if (txn->part < 3) {
        go_to(txn, 2);
        evac_buf_puts(&txn->text, "]}");
        txn->part = 3;
    }
    return evac_buf_str(&txn->text);
}

/* --- answers -----------------------------------------------------------------------------------
 */

bool evac_etcd_int(const cJSON *object, const char *name, int64_t *ret_value)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    *ret_value = 0;
    if (!item)
        return true;
    if (cJSON_IsString(item))
        return evac_str_i64(evac_str(item->valuestring), ret_value);
    if (!cJSON_IsNumber(item) || item->valuedouble != (double)item->valueint)
        return false; /* 64-bit numbers come as text: others are small */
    *ret_value = item->valueint;
    return true;
}

bool evac_etcd_bool(const cJSON *object, const char *name, bool *ret_value)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    *ret_value = item && cJSON_IsTrue(item);
    return !item || cJSON_IsBool(item);
}

/* Field names come as the protocol has them, or in camel case: both are JSON of it. */
static const cJSON *field(const cJSON *object, const char *name, const char *camel)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return item ? item : cJSON_GetObjectItemCaseSensitive(object, camel);
}

static bool read_bytes(const cJSON *object, const char *name, struct evac_arena *arena,
                       struct evac_str *ret_bytes)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    *ret_bytes = EVAC_STR_NONE;
    return !item || (cJSON_IsString(item) &&
                     evac_base64_read(evac_str(item->valuestring), arena, ret_bytes));
}

bool evac_etcd_read_txn(const cJSON *json, struct evac_etcd_result *ret_result)
{
    const cJSON *answers = cJSON_GetObjectItemCaseSensitive(json, "responses");
    *ret_result = (struct evac_etcd_result){ .answers = answers };
    if (!evac_etcd_bool(json, "succeeded", &ret_result->succeeded))
        return false;
    if (!answers)
        return true;
    ret_result->count = (size_t)cJSON_GetArraySize(answers);
    return cJSON_IsArray(answers);
}

static bool read_kv(const cJSON *json, struct evac_arena *arena, struct evac_etcd_kv *kv)
{
    int64_t camel_create, camel_mod;
    bool good = cJSON_IsObject(json) && read_bytes(json, "key", arena, &kv->key) &&
                read_bytes(json, "value", arena, &kv->value) &&
                evac_etcd_int(json, "create_revision", &kv->create_revision) &&
                evac_etcd_int(json, "createRevision", &camel_create) &&
                evac_etcd_int(json, "mod_revision", &kv->mod_revision) &&
                evac_etcd_int(json, "modRevision", &camel_mod) &&
                evac_etcd_int(json, "lease", &kv->lease);
    if (!good)
        return false;
    kv->create_revision += camel_create;
    kv->mod_revision += camel_mod;
    /* a key that is there was made at some revision: without it this is no key */
    return kv->key.n && kv->create_revision > 0 && kv->mod_revision >= kv->create_revision;
}

static bool read_kvs(const cJSON *list, struct evac_arena *arena, struct evac_etcd_range *range)
{
    int n = list ? cJSON_GetArraySize(list) : 0;
    if (n == 0)
        return !list || cJSON_IsArray(list);
    if (!cJSON_IsArray(list) || n > KVS_MAX)
        return false;
    range->kvs = evac_arena_array(arena, (size_t)n, sizeof *range->kvs);
    for (const cJSON *kv = list->child; kv; kv = kv->next)
        if (!read_kv(kv, arena, &range->kvs[range->count++]))
            return false;
    return true;
}

bool evac_etcd_read_range(const struct evac_etcd_result *result, size_t nth,
                          struct evac_arena *arena, struct evac_etcd_range *ret_range)
{
    *ret_range = (struct evac_etcd_range){ .count = 0 };
    const cJSON *answer =
        nth < result->count ? cJSON_GetArrayItem(result->answers, (int)nth) : NULL;
    const cJSON *range = answer ? field(answer, "response_range", "responseRange") : NULL;
    return cJSON_IsObject(range) && evac_etcd_bool(range, "more", &ret_range->more) &&
           read_kvs(cJSON_GetObjectItemCaseSensitive(range, "kvs"), arena, ret_range);
}

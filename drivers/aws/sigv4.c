#include "sigv4_internal.h"

#include "aws_time.h"
#include "format.h"
#include "hash.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void evac_sigv4_sha256(struct evac_str data, unsigned char ret_hash[32])
{
    evac_sha256(data, ret_hash);
}

void evac_sigv4_hmac(const void *key, size_t key_bytes, struct evac_str data,
                     unsigned char ret_mac[32])
{
    evac_hmac_sha256(key, key_bytes, data, ret_mac);
}

/* Written for each request: digit by digit. */
void evac_sigv4_timestamp(int64_t wall_ms, char ret_text[EVAC_SIGV4_DATE_BYTES])
{
    struct evac_aws_date d = evac_aws_date_of(wall_ms);
    unsigned year = d.year < 0 ? 0 : d.year > 9999 ? 9999 : (unsigned)d.year;
    char *to = evac_digits(ret_text, year, 4);
    to = evac_digits(evac_digits(to, d.month, 2), d.day, 2);
    *to++ = 'T';
    to = evac_digits(evac_digits(evac_digits(to, d.hour, 2), d.minute, 2), d.second, 2);
    *to++ = 'Z';
    *to = '\0';
}

void evac_sigv4_hash(struct evac_str data, char ret_hex[EVAC_SIGV4_HEX_BYTES])
{
    unsigned char hash[32];
    evac_sigv4_sha256(data, hash);
    evac_hex(hash, sizeof hash, ret_hex);
}

static struct evac_str scope_date(const struct evac_sigv4_scope *scope)
{
    return (struct evac_str){ scope->timestamp.p, scope->timestamp.n < 8 ? scope->timestamp.n : 8 };
}

static void put_scope(struct evac_buf *out, const struct evac_sigv4_scope *scope)
{
    evac_buf_put_str(out, scope_date(scope));
    evac_buf_putc(out, '/');
    if (scope->region_set.n == 0) {
        evac_buf_put_str(out, scope->region);
        evac_buf_putc(out, '/');
    }
    evac_buf_put_str(out, scope->service);
    evac_buf_puts(out, "/aws4_request");
}

static const char *algorithm(const struct evac_sigv4_scope *scope)
{
    return scope->region_set.n ? EVAC_SIGV4A_ALGORITHM : EVAC_SIGV4_ALGORITHM;
}

void evac_sigv4_to_sign(const struct evac_sigv4_scope *scope, struct evac_str canonical,
                        struct evac_buf *ret_text)
{
    char hash[EVAC_SIGV4_HEX_BYTES];
    evac_sigv4_hash(canonical, hash);
    evac_buf_puts(ret_text, algorithm(scope));
    evac_buf_putc(ret_text, '\n');
    evac_buf_put_str(ret_text, scope->timestamp);
    evac_buf_putc(ret_text, '\n');
    put_scope(ret_text, scope);
    evac_buf_putc(ret_text, '\n');
    evac_buf_put(ret_text, hash, EVAC_SIGV4_HEX_BYTES - 1);
}

/* --- the key and its cache --- */

void evac_sigv4_cache_done(struct evac_sigv4_cache *cache)
{
    OPENSSL_cleanse(cache, sizeof *cache);
}

void evac_sigv4_wipe(struct evac_buf *secret)
{
    OPENSSL_cleanse(secret->p, secret->cap);
    evac_buf_done(secret);
}

/* A name that gives nothing away and that no other secret, day, region and service has: no secret
 * has a line's end, so where it ends is plain. */
static void key_name(struct evac_str secret, const struct evac_sigv4_scope *scope,
                     unsigned char ret_name[32])
{
    const struct evac_str slash = EVAC_STR("/");
    const struct evac_str parts[] = {
        EVAC_STR("AWS4"), secret, EVAC_STR("\n"), scope_date(scope),        slash,
        scope->region,    slash,  scope->service, EVAC_STR("/aws4_request")
    };
    evac_sha256_parts(parts, sizeof parts / sizeof parts[0], ret_name);
}

static void derive(struct evac_str secret, const struct evac_sigv4_scope *scope,
                   unsigned char ret_key[32])
{
    struct evac_buf prefixed;
    evac_buf_init(&prefixed, SIGV4_MAX_TEXT);
    evac_buf_puts(&prefixed, "AWS4");
    evac_buf_put_str(&prefixed, secret);
    evac_hmac_sha256(prefixed.p, prefixed.n, scope_date(scope), ret_key);
    evac_hmac_sha256(ret_key, 32, scope->region, ret_key);
    evac_hmac_sha256(ret_key, 32, scope->service, ret_key);
    evac_hmac_sha256(ret_key, 32, EVAC_STR("aws4_request"), ret_key);
    evac_sigv4_wipe(&prefixed);
}

/* Of names, which are hashes, nothing can be learnt from how long it takes to compare them. */
bool evac_sigv4_cache_get(const struct evac_sigv4_cache *cache, const unsigned char name[32],
                          unsigned char ret_key[32])
{
    for (size_t i = 0; i < EVAC_SIGV4_CACHE; i++)
        if (cache->rows[i].used && memcmp(cache->rows[i].name, name, 32) == 0) {
            memcpy(ret_key, cache->rows[i].key, 32);
            return true;
        }
    return false;
}

void evac_sigv4_cache_put(struct evac_sigv4_cache *cache, const unsigned char name[32],
                          const unsigned char key[32])
{
    size_t i = cache->next++ % EVAC_SIGV4_CACHE;
    memcpy(cache->rows[i].name, name, 32);
    memcpy(cache->rows[i].key, key, 32);
    cache->rows[i].used = true;
}

void evac_sigv4_key(struct evac_sigv4_cache *cache, struct evac_str secret,
                    const struct evac_sigv4_scope *scope, unsigned char ret_key[32])
{
    unsigned char name[32];
    if (cache)
        key_name(secret, scope, name);
    if (cache && evac_sigv4_cache_get(cache, name, ret_key))
        return;
    derive(secret, scope, ret_key);
    if (cache)
        evac_sigv4_cache_put(cache, name, ret_key);
}

/* --- signature --- */

void evac_sigv4_signature(const unsigned char key[32], struct evac_str to_sign,
                          char ret_hex[EVAC_SIGV4_HEX_BYTES])
{
    unsigned char mac[32];
    evac_sigv4_hmac(key, 32, to_sign, mac);
    evac_hex(mac, sizeof mac, ret_hex);
}

void evac_sigv4_authorization(const struct evac_sigv4_scope *scope, struct evac_str access_key_id,
                              struct evac_str signed_names, const char *signature,
                              struct evac_buf *ret_text)
{
    evac_buf_puts(ret_text, algorithm(scope));
    evac_buf_puts(ret_text, " Credential=");
    evac_buf_put_str(ret_text, access_key_id);
    evac_buf_putc(ret_text, '/');
    put_scope(ret_text, scope);
    evac_buf_puts(ret_text, ", SignedHeaders=");
    evac_buf_put_str(ret_text, signed_names);
    evac_buf_puts(ret_text, ", Signature=");
    evac_buf_puts(ret_text, signature);
}

enum evac_code evac_sigv4_text(const struct evac_sigv4_request *request,
                               const struct evac_sigv4_scope *scope, struct evac_str signed_names,
                               struct evac_str payload_hash, struct evac_buf *ret_to_sign,
                               struct evac_err *err)
{
    struct evac_buf canonical;
    evac_buf_init(&canonical, SIGV4_MAX_CANONICAL);
    enum evac_code code =
        evac_sigv4_canonical(request, signed_names, payload_hash, &canonical, err);
    if (code == EVAC_OK) {
        evac_sigv4_to_sign(scope, evac_buf_str(&canonical), ret_to_sign);
        code = evac_buf_check(ret_to_sign, "the string to sign", err);
    }
    evac_buf_done(&canonical);
    return code;
}

static void sign_text(struct evac_sigv4_cache *cache, const struct evac_sigv4_scope *scope,
                      const struct evac_sigv4_identity *identity, struct evac_str to_sign,
                      char ret_hex[EVAC_SIGV4_SIGNATURE_BYTES])
{
    unsigned char key[32];
    if (scope->region_set.n) {
        evac_sigv4a_key(cache, identity, key);
        evac_sigv4a_signature(key, to_sign, ret_hex);
    } else {
        evac_sigv4_key(cache, identity->secret, scope, key);
        evac_sigv4_signature(key, to_sign, ret_hex);
    }
    OPENSSL_cleanse(key, sizeof key);
}

static enum evac_code compute(struct evac_sigv4_cache *cache,
                              const struct evac_sigv4_request *request,
                              const struct evac_sigv4_scope *scope,
                              const struct evac_sigv4_identity *identity,
                              struct evac_str signed_names, struct evac_str payload_hash,
                              char ret_hex[EVAC_SIGV4_SIGNATURE_BYTES], struct evac_err *err)
{
    struct evac_buf to_sign;
    evac_buf_init(&to_sign, SIGV4_MAX_TEXT);
    enum evac_code code =
        evac_sigv4_text(request, scope, signed_names, payload_hash, &to_sign, err);
    if (code == EVAC_OK)
        sign_text(cache, scope, identity, evac_buf_str(&to_sign), ret_hex);
    evac_buf_done(&to_sign);
    return code;
}

enum evac_code evac_sigv4_sign(struct evac_sigv4_cache *cache,
                               const struct evac_sigv4_request *request,
                               const struct evac_sigv4_scope *scope,
                               const struct evac_sigv4_identity *identity,
                               struct evac_str payload_hash, struct evac_buf *ret_authorization,
                               struct evac_err *err)
{
    char hash[EVAC_SIGV4_HEX_BYTES], signature[EVAC_SIGV4_SIGNATURE_BYTES];
    struct evac_buf names;
    if (payload_hash.n == 0) {
        evac_sigv4_hash(request->body, hash);
        payload_hash = evac_str(hash);
    }
    evac_buf_init(&names, SIGV4_MAX_TEXT * 4);
    evac_sigv4_signed_names(request->headers, request->header_count, &names);
    enum evac_code code = evac_buf_check(&names, "the list of signed headers", err);
    if (code == EVAC_OK)
        code = compute(cache, request, scope, identity, evac_buf_str(&names), payload_hash,
                       signature, err);
    if (code == EVAC_OK)
        evac_sigv4_authorization(scope, identity->access_key_id, evac_buf_str(&names), signature,
                                 ret_authorization);
    evac_buf_done(&names);
    return code == EVAC_OK ? evac_buf_check(ret_authorization, "Authorization", err) : code;
}

/* --- presigning --- */

static void put_presign_fields(const struct evac_sigv4_scope *scope,
                               const struct evac_sigv4_identity *identity,
                               const struct evac_sigv4_presign *options, struct evac_str names,
                               struct evac_buf *query)
{
    struct evac_buf credential;
    evac_buf_init(&credential, SIGV4_MAX_TEXT);
    evac_buf_putf(&credential, "%.*s/", EVAC_STR_ARG(identity->access_key_id));
    put_scope(&credential, scope);

    evac_buf_putf(query, "%sX-Amz-Algorithm=%s&X-Amz-Credential=", query->n ? "&" : "",
                  algorithm(scope));
    evac_buf_uri(query, evac_buf_str(&credential), false);
    evac_buf_putf(query, "&X-Amz-Date=%.*s&X-Amz-SignedHeaders=", EVAC_STR_ARG(scope->timestamp));
    evac_buf_uri(query, names, false);
    evac_buf_putf(query, "&X-Amz-Expires=%u", options->expires_s);
    if (scope->region_set.n) {
        evac_buf_puts(query, "&X-Amz-Region-Set=");
        evac_buf_uri(query, scope->region_set, false);
    }
    evac_buf_done(&credential);
}

static void put_token(const struct evac_sigv4_identity *identity, struct evac_buf *query)
{
    if (identity->session_token.n == 0)
        return;
    evac_buf_puts(query, "&X-Amz-Security-Token=");
    evac_buf_uri(query, identity->session_token, false);
}

static enum evac_code
presign_signature(struct evac_sigv4_cache *cache, const struct evac_sigv4_request *request,
                  const struct evac_sigv4_scope *scope, const struct evac_sigv4_identity *identity,
                  const struct evac_sigv4_presign *options, struct evac_str names,
                  struct evac_buf *query, struct evac_err *err)
{
    char hash[EVAC_SIGV4_HEX_BYTES], signature[EVAC_SIGV4_SIGNATURE_BYTES];
    struct evac_sigv4_request whole = *request;
    struct evac_str payload_hash = options->payload_hash;
    if (payload_hash.n == 0) {
        evac_sigv4_hash(request->body, hash);
        payload_hash = evac_str(hash);
    }
    whole.query = evac_buf_str(query);
    enum evac_code code =
        compute(cache, &whole, scope, identity, names, payload_hash, signature, err);
    if (code != EVAC_OK)
        return code;
    if (options->token_after)
        put_token(identity, query);
    evac_buf_putf(query, "&X-Amz-Signature=%s", signature);
    return evac_buf_check(query, "the presigned query", err);
}

enum evac_code evac_sigv4_presign(struct evac_sigv4_cache *cache,
                                  const struct evac_sigv4_request *request,
                                  const struct evac_sigv4_scope *scope,
                                  const struct evac_sigv4_identity *identity,
                                  const struct evac_sigv4_presign *options,
                                  struct evac_buf *ret_query, struct evac_err *err)
{
    struct evac_buf names;
    evac_buf_init(&names, SIGV4_MAX_TEXT * 4);
    evac_sigv4_signed_names(request->headers, request->header_count, &names);
    evac_buf_put_str(ret_query, request->query);
    put_presign_fields(scope, identity, options, evac_buf_str(&names), ret_query);
    if (!options->token_after)
        put_token(identity, ret_query);
    enum evac_code code = presign_signature(cache, request, scope, identity, options,
                                            evac_buf_str(&names), ret_query, err);
    evac_buf_done(&names);
    return code;
}

/* What the two halves of sigv4.h share. */
#ifndef EVAC_SIGV4_INTERNAL_H
#define EVAC_SIGV4_INTERNAL_H

#include "sigv4.h"

#define SIGV4_MAX_FIELDS    256u
#define SIGV4_MAX_CANONICAL (1u << 20)
#define SIGV4_MAX_TEXT      4096u

/* Next "name=value" of a raw query; false at the end. Both keep their encoding. */
bool evac_sigv4_next_field(struct evac_str *query, struct evac_str *ret_name,
                           struct evac_str *ret_value);

/* %XX becomes its byte; what is no such triple stays. */
struct evac_str evac_sigv4_decode(struct evac_arena *arena, struct evac_str s);

bool evac_sigv4_same_name(struct evac_str a, struct evac_str b); /* of headers: any case */

/* The first header of that name; NULL if there is none. */
const struct evac_http_header *evac_sigv4_header(const struct evac_sigv4_request *request,
                                                 const char *name);

/* Request to string to sign, into an empty buffer. */
enum evac_code evac_sigv4_text(const struct evac_sigv4_request *request,
                               const struct evac_sigv4_scope *scope, struct evac_str signed_names,
                               struct evac_str payload_hash, struct evac_buf *ret_to_sign,
                               struct evac_err *err);

void evac_sigv4_sha256(struct evac_str data, unsigned char ret_hash[32]);
void evac_sigv4_hmac(const void *key, size_t key_bytes, struct evac_str data,
                     unsigned char ret_mac[32]);

bool evac_sigv4_cache_get(const struct evac_sigv4_cache *cache, const unsigned char name[32],
                          unsigned char ret_key[32]);
void evac_sigv4_cache_put(struct evac_sigv4_cache *cache, const unsigned char name[32],
                          const unsigned char key[32]);
/* Overwrites what it held, then frees it. */
void evac_sigv4_wipe(struct evac_buf *secret);
#endif

/*
 * SHA-256 and its HMAC by OpenSSL, which looks an algorithm up by name in its providers each time
 * that it is asked: here that is done once a thread. What signs each request and chains each row
 * spends more on the looking up than on the hashing.
 */
#ifndef EVAC_HASH_H
#define EVAC_HASH_H

#include "evac/str.h"

#define EVAC_SHA256_BYTES 32u

/* Aborts when OpenSSL has no SHA-256: nothing could be signed, nor any journal trusted. */
void evac_sha256(struct evac_str text, unsigned char ret_hash[EVAC_SHA256_BYTES]);
/* 2n lower-case hexadecimal digits and a zero. */
void evac_hex(const uint8_t *bytes, size_t n, char *ret_hex);
/* The same as 64 lower-case digits and a zero. */
#define EVAC_SHA256_HEX_BYTES 65u
void evac_sha256_hex(struct evac_str text, char ret_hex[EVAC_SHA256_HEX_BYTES]);
/* Of a text that was hashed a moment ago, or will be: a plan's, by who compiles it, who sees its
 * row and who reads it back. The last few are kept as long as the thread lives: nothing secret. */
void evac_sha256_hex_again(struct evac_str text, char ret_hex[EVAC_SHA256_HEX_BYTES]);
/* Of all of them, one after the other. */
void evac_sha256_parts(const struct evac_str *parts, size_t count,
                       unsigned char ret_hash[EVAC_SHA256_BYTES]);

/* ret_mac may be the key. */
void evac_hmac_sha256(const void *key, size_t key_bytes, struct evac_str text,
                      unsigned char ret_mac[EVAC_SHA256_BYTES]);
#endif

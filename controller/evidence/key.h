/* The key that signs evidence: Ed25519 (RFC 8032), PKCS#8 in PEM, for its owner's eyes only. */
#ifndef EVAC_KEY_H
#define EVAC_KEY_H

#include "evac/buf.h"
#include "evac/err.h"
#include "hash.h"

struct evac_key;

#define EVAC_SIGNATURE_BYTES 64

/* A new one in a new file of mode 0600; BUSY when there is a file already. */
enum evac_code evac_key_make(const char *path, struct evac_key **ret_key, struct evac_err *err);

/* The private key. REFUSED when others may read the file. */
enum evac_code evac_key_read(const char *path, struct evac_key **ret_key, struct evac_err *err);

/* A public key: PEM, or the 64 hexadecimal digits of its bytes. */
enum evac_code evac_key_public(struct evac_str text, struct evac_key **ret_key,
                               struct evac_err *err);
void evac_key_free(struct evac_key *key); /* NULL is fine */

void evac_key_sign(const struct evac_key *key, struct evac_str text,
                   uint8_t ret_signature[EVAC_SIGNATURE_BYTES]);
bool evac_key_signed(const struct evac_key *key, struct evac_str text,
                     const uint8_t signature[EVAC_SIGNATURE_BYTES]);

/* The public half, as PEM (SubjectPublicKeyInfo). */
void evac_key_pem(const struct evac_key *key, struct evac_buf *out);
const uint8_t *evac_key_bytes(const struct evac_key *key); /* 32 */
/* What people compare: hex SHA-256 of the public key's 32 bytes. */
void evac_key_fingerprint(const struct evac_key *key, char ret_hex[65]);

/* false: not 2n hexadecimal digits, in lower case as evac_hex makes them. */
bool evac_unhex(struct evac_str hex, uint8_t *ret_bytes, size_t n);
#endif

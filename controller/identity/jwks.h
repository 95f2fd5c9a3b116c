/* An identity provider's public keys (RFC 7517). Only what can sign here is kept: RSA of 2048 bits
 * and more, EC on P-256, Ed25519. Symmetric keys are not keys: whoever could check with one could
 * sign with it. */
#ifndef EVAC_JWKS_H
#define EVAC_JWKS_H

#include "evac/err.h"
#include "evac/str.h"

#define EVAC_JWKS_BYTES_MAX 262144u
#define EVAC_JWKS_KEYS_MAX  64u

/* X(NAME, "alg" of RFC 7518 and 8037, the kind of key that it takes). Nothing else is accepted. */
#define EVAC_JWS_ALGORITHMS(X)                                                                     \
    X(RS256, "RS256", "RSA")                                                                       \
    X(PS256, "PS256", "RSA")                                                                       \
    X(ES256, "ES256", "EC")                                                                        \
    X(EDDSA, "EdDSA", "OKP")
#define X(name, text, kind) EVAC_JWS_##name,
enum evac_jws_algorithm { EVAC_JWS_ALGORITHMS(X) EVAC_JWS_ALGORITHM_COUNT };
#undef X
bool evac_jws_algorithm_parse(struct evac_str text, enum evac_jws_algorithm *ret_algorithm);

struct evac_jwks;

/* Keys that can not be used are left out; none at all is an error. */
enum evac_code evac_jwks_parse(struct evac_str json, struct evac_jwks **ret_keys,
                               struct evac_err *err);
void evac_jwks_free(struct evac_jwks *keys); /* NULL is fine */
size_t evac_jwks_count(const struct evac_jwks *keys);

/* A key of that id for the algorithm; kid "" : the only one for it. NULL when there is none. */
struct evac_jwk;
const struct evac_jwk *evac_jwks_find(const struct evac_jwks *keys, struct evac_str kid,
                                      enum evac_jws_algorithm algorithm);
/* Is the signature (raw, as in the token) one of signed by the key? */
bool evac_jwk_signed(const struct evac_jwk *key, enum evac_jws_algorithm algorithm,
                     struct evac_str signed_text, struct evac_str signature);

/* RFC 4648 5 without padding, strictly: no other letter, no bits left over. *ret_n at most bytes.
 */
bool evac_base64url(struct evac_str text, uint8_t *out, size_t bytes, size_t *ret_n);
#endif
